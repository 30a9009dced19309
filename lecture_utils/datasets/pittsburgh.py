"""How often it rains or snows in Pittsburgh: days with at least 0.01 inch (0.25 mm) of it.

Source: US National Weather Service, Pittsburgh International Airport; climate normals 1991-2020
and the yearly counts, National Oceanic and Atmospheric Administration (US government data, in the
public domain in the United States).
"""

from __future__ import annotations

NORMAL_WET_DAYS = 153.7  # days a year, the average of 1991 to 2020
NORMAL_PROBABILITY = NORMAL_WET_DAYS / 365  # 0.421: of a wet day

# Year: (wet days, days).
WET_DAYS = {2020: (157, 366), 2021: (147, 365)}
