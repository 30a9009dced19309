"""Numbers that come from samples, and say how sure they are."""

from __future__ import annotations

import math

import torch


class Estimate(float):
    """A mean over samples, with its standard error: a float that knows how sure it is.

    Attributes:
        error: The standard error; 0.0 where the number is exact.

    Example:
        >>> Estimate(0.25, 0.01)
        0.250 ± 0.010
    """

    error: float

    def __new__(cls, value: float, error: float = 0.0) -> Estimate:
        number = super().__new__(cls, value)
        number.error = float(error)
        return number

    def __getnewargs__(self) -> tuple[float, float]:  # copies and pickles keep the error
        return float(self), self.error

    @classmethod
    def mean(cls, values: torch.Tensor) -> Estimate:
        """The mean of independent values [n]; the error of a single one is NaN."""
        values, n = values.cpu().double(), len(values)
        error = values.std().item() / math.sqrt(n) if n > 1 else math.nan
        return cls(values.mean().item(), error)

    @classmethod
    def ratio(cls, totals: torch.Tensor, sizes: torch.Tensor) -> Estimate:
        """sum(totals) / sum(sizes) of independent pairs, both [n]: a ratio of means."""
        totals, sizes = totals.cpu().double(), sizes.cpu().double()
        value = (totals.sum() / sizes.sum()).item()
        return cls(value, cls.mean((totals - value * sizes) / sizes.mean()).error)

    def __repr__(self) -> str:
        if self.error <= 1e-12 * abs(self):  # exact up to rounding
            return float.__repr__(self)
        if not 0 < self.error < math.inf:  # not known
            return f"{float(self):.6g} ± ?"
        digits = max(0, 1 - math.floor(math.log10(self.error)))  # two of the error
        return f"{float(self):.{digits}f} ± {self.error:.{digits}f}"

    __str__ = __repr__
