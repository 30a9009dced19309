"""Figures: the course's style, figures with sliders, and instruments computed in the page.

Importing this package does not import Matplotlib; drawing does.
"""

from __future__ import annotations

from lecture_utils.figures.instruments import instrument
from lecture_utils.figures.sliders import explore
from lecture_utils.figures.style import COLORS, HATCHES, svg, use_style

__all__ = ["COLORS", "HATCHES", "explore", "instrument", "svg", "use_style"]
