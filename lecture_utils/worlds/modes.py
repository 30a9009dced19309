"""How well samples cover the modes of a mixture: modes, quality and balance, always together.

Each number alone can be cheated. A cloud of samples all over the plane "captures" every mode with
a lucky sample or two; a generator that repeats one perfect point has perfect quality; and one that
hits every mode may still visit most of them too rarely.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch

from ..estimates import Estimate
from ._shared import vectors
from .mixtures import GaussianMixture


@dataclass(frozen=True, eq=False, repr=False)
class ModeReport:
    """What `mode_report` found.

    Attributes:
        num_modes: How many modes there are to find: those with a positive weight.
        captured: Modes with at least one high-quality sample. Luck is enough.
        held: Modes with at least a fifth (`share`) of the samples that they should have.
        quality: The share of samples that are of high quality, with its standard error.
        reverse_kl: KL, in nats, from the high-quality samples' shares of the modes to the weights;
            NaN when there are none. Its standard error is that of the delta method, which is too
            small when the KL itself is almost 0.
        counts: [K] int64, the high-quality samples of each mode.
        n: How many samples there were.
    """

    num_modes: int
    captured: int
    held: int
    quality: Estimate
    reverse_kl: Estimate
    counts: torch.Tensor
    n: int

    def __repr__(self) -> str:
        quality, kl = 100 * self.quality, self.reverse_kl
        balance = "no mode is hit"
        if not math.isnan(kl):
            error = f" ± {kl.error:.3f}" if math.isfinite(kl.error) else ""
            balance = f"reverse KL {kl:.3f}{error} nats"
        error = f" ± {100 * self.quality.error:.1f}" if math.isfinite(self.quality.error) else ""
        return (
            f"{self.held} of {self.num_modes} modes held ({self.captured} captured), "
            f"{quality:.1f}{error} % of high quality, {balance} (n = {self.n})"
        )


@torch.no_grad()
def mode_report(
    mixture: GaussianMixture, x: torch.Tensor, *, within: float = 3.0, share: float = 0.2
) -> ModeReport:
    """Which modes of `mixture` the samples `x` hit, how closely, and how evenly.

    A sample belongs to the mode whose mean is nearest, measured in that mode's own standard
    deviations (the Mahalanobis distance), and is of high quality if it is at most `within` of them
    away. Modes of weight 0 do not count: a sample there is a bad one.

    The truth itself does not score 100 %. In two dimensions 1 - exp(-4.5) = 98.9 % of the samples
    of a Gaussian lie within 3 standard deviations; in one, 99.7 %; in more, fewer. And the shares
    of n true samples are off by chance: their reverse KL is about (K - 1) / (2 n), such as 0.005
    for 25 modes and 2,500 samples.

    Args:
        mixture: The truth, with K modes.
        x: [n, *event_shape] samples of a model, on any device. A sample that is NaN or infinite is
            a bad one.
        within: Standard deviations from a mean up to which a sample is of high quality.
        share: A mode is held if it has at least this share of the samples that are its due,
            its weight times n.

    Returns:
        A `ModeReport`, which prints as one line.

    Raises:
        TypeError: If `x` is not a tensor of floating-point numbers.
        ValueError: If its shape does not fit, it is empty, or an option is out of its range.

    Example:
        >>> from lecture_utils.worlds.mixtures import ring
        >>> x = ring().means[:1].repeat(100, 1)  # a collapsed model: one point, again and again
        >>> mode_report(ring(), x)
        1 of 8 modes held (1 captured), 100.0 ± 0.0 % of high quality, \
reverse KL 2.079 ± 0.000 nats (n = 100)
    """
    _check(within, share)
    points = vectors(x, mixture.event_shape)
    if points.ndim != 1 + len(mixture.event_shape) or len(points) == 0:
        expected = ", ".join(["n", *map(str, mixture.event_shape)])
        raise ValueError(
            f"x has shape {list(x.shape)}; expected [{expected}], at least one sample, one a row."
        )
    points = points.reshape(len(points), -1)  # numbers as [n, 1]
    weights, means, scales = (
        t.to(points).reshape(mixture.num_modes, -1)
        for t in (mixture.weights, mixture.means, mixture.scales)
    )
    squares = torch.zeros(len(points), mixture.num_modes).to(points)  # of the distances, [n, K]
    for d in range(points.shape[1]):  # coordinate after coordinate: no array [n, K, D]
        squares += ((points[:, d, None] - means[:, d]) / scales[:, d]) ** 2
    weights, n = weights[:, 0], len(points)
    squares[:, weights == 0] = math.inf
    distance, mode = squares.min(1)
    good = distance <= within**2  # False for NaN
    counts = torch.bincount(mode[good], minlength=mixture.num_modes)
    exists = weights > 0
    shares = counts.to(points) / counts.sum()  # not in float32
    surprise = (shares / weights).log()[mode[good]]  # [high-quality samples]; their mean is the KL
    return ModeReport(
        num_modes=int(exists.sum()),
        captured=int((counts > 0).sum()),
        held=int((exists & (counts >= share * n * weights)).sum()),
        quality=Estimate.mean(good),
        reverse_kl=Estimate.mean(surprise) if len(surprise) else Estimate(math.nan, math.nan),
        counts=counts,
        n=n,
    )


def _check(within: Any, share: Any) -> None:
    if not (isinstance(within, (int, float)) and 0 < within < math.inf):
        raise ValueError(f"within must be a positive number of deviations, not {within!r}.")
    if not (isinstance(share, (int, float)) and 0 < share <= 1):
        raise ValueError(f"share must be above 0 and at most 1, such as 0.2, not {share!r}.")
