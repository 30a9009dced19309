"""Soldiers of the Prussian army killed by the kick of a horse: the classic Poisson data.

Every number is the deaths in one of 14 army corps in one of the 20 years 1875 to 1894. Source:
Ladislaus von Bortkiewicz, *Das Gesetz der kleinen Zahlen*, Teubner, Leipzig, 1898. Many books
print only 200 of these corps-years (109, 65, 22, 3, 1): Bortkiewicz himself set four corps aside,
because they were organized differently.
"""

from __future__ import annotations

import torch

# Deaths in a corps in a year: how many of the 280 corps-years had that many.
COUNTS = {0: 144, 1: 91, 2: 32, 3: 11, 4: 2}


def load() -> torch.Tensor:
    """The deaths of all 280 corps-years, [280] int64, in rising order: 196 in all, 0.7 on average.

    Which corps and year a number belongs to is not part of the data.
    """
    return torch.tensor(list(COUNTS)).repeat_interleave(torch.tensor(list(COUNTS.values())))
