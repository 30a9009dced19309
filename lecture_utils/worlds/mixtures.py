"""Mixtures of Gaussians in any dimension, and the two that every two-dimensional model meets.

``ring()`` has 8 modes on a circle, ``grid()`` has 25 modes on a square lattice. Which mode a point
came from is the latent variable z: p(x) is the sum over z of p(z) p(x | z), and p(z | x) is exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from ..device import categorical
from ._shared import count, distribution, home, mask, normal, parameter, vectors, whole

_LOG_HEIGHT = -0.5 * math.log(2 * math.pi)  # of a standard normal number at its mean
_REACH = 9  # standard deviations: beyond them lies a mass of 2e-19
_FINENESS = 8  # grid points in the smallest standard deviation; even, for the check on half of them
_MOST_POINTS = 4_000_000
_CHUNK = 100_000


@dataclass(frozen=True, eq=False, repr=False)
class GaussianMixture:
    """p(x) = sum_k w_k N(x; m_k, diag(s_k^2)), a mixture of K Gaussians.

    Densities follow ``torch.distributions``: leading axes of `x` are a batch. They are computed in
    float64 and handed back in the dtype and on the device of `x`.

    Args:
        weights: [K] probabilities of the modes. They sum to one; zeros are allowed.
        means: [K, D] for points in D dimensions (``event_shape`` [D]), or [K] for a mixture of
            numbers (``event_shape`` []).
        scales: Standard deviations: a number, [K] (one for each mode), or [K, D] (one for each
            mode and coordinate).
        dtype: Of the samples; by default that of the means if they are a floating-point tensor,
            else torch's default.
        device: Of the samples; by default that of the means.

    Attributes:
        weights: [K] float64.
        means: [K, *event_shape] float64.
        scales: [K, *event_shape] float64.

    Raises:
        TypeError: If a parameter does not hold real numbers.
        ValueError: If the shapes do not fit, the weights are no distribution or a scale is not
            positive.

    Example:
        >>> mixture = GaussianMixture([0.3, 0.7], [-1.0, 1.0], 0.5)
        >>> mixture.posterior(torch.tensor([0.0, 1.0])).shape
        torch.Size([2, 2])
    """

    weights: torch.Tensor
    means: torch.Tensor
    scales: torch.Tensor
    dtype: torch.dtype | None = field(default=None, kw_only=True)
    device: torch.device | str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        device, dtype = home(
            self.means, self.weights, self.scales, device=self.device, dtype=self.dtype
        )
        weights = distribution(self.weights, "weights", device)
        means = parameter(self.means, "means", device)
        scales = parameter(self.scales, "scales", device)
        if means.ndim not in (1, 2) or len(means) != len(weights) or 0 in means.shape:
            raise ValueError(
                f"There are {len(weights)} weights, so means must be [{len(weights)}, D] (or "
                f"[{len(weights)}] for a mixture of numbers), not {list(means.shape)}."
            )
        if not (scales > 0).all():
            raise ValueError(
                f"scales are standard deviations and must be positive; these are {scales.tolist()}."
            )
        if scales.ndim == 1 and means.ndim == 2:
            scales = scales[:, None]
        try:
            scales = scales.expand(means.shape)
        except RuntimeError:
            raise ValueError(
                f"scales must be a number, [{len(means)}] (one for each mode) or "
                f"{list(means.shape)} as the means, not {list(scales.shape)}."
            ) from None
        values = (weights, means, scales.clone(), dtype, device)
        for name, value in zip(self.__dataclass_fields__, values, strict=True):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"GaussianMixture({self.num_modes} modes, event_shape={list(self.event_shape)})"

    @property
    def event_shape(self) -> torch.Size:
        """The shape of one point: [D], or [] for a mixture of numbers."""
        return self.means.shape[1:]

    @property
    def num_modes(self) -> int:
        """K, the number of Gaussians."""
        return len(self.weights)

    @property
    def mean(self) -> torch.Tensor:
        """E[x], [*event_shape] float64."""
        return torch.tensordot(self.weights, self.means, dims=1)

    @property
    def covariance(self) -> torch.Tensor:
        """The covariance matrix of x, [D, D] float64; for a mixture of numbers the variance, []."""
        spread = self.means - self.mean
        inside = torch.tensordot(self.weights, self.scales**2, dims=1)
        if not self.event_shape:
            return inside + self.weights @ spread**2
        return inside.diag() + spread.T @ (self.weights[:, None] * spread)

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> torch.Tensor:
        """`n` points.

        Args:
            n: How many.
            generator: A seeded ``torch.Generator``; the global stream when None.

        Returns:
            [n, *event_shape] in the dtype and on the device of the mixture.
        """
        return self.sample_joint(n, generator=generator)[0]

    def sample_joint(
        self, n: int, *, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """`n` points and the modes they came from; the points are those that `sample` gives.

        Returns:
            x [n, *event_shape] and z [n] int64.
        """
        z = categorical(self.weights, count(n), generator=generator)
        noise = normal((len(z), *self.event_shape), generator, self.device)
        return (self.means[z] + self.scales[z] * noise).to(self.dtype), z

    def log_joint(self, x: torch.Tensor) -> torch.Tensor:
        """log p(x, z) in nats for every mode z.

        Args:
            x: [..., *event_shape] floating-point numbers, on any device.

        Returns:
            [..., K].

        Raises:
            TypeError: If `x` is not a tensor of floating-point numbers.
            ValueError: If its last axis is not D.
        """
        return self._log_joint(vectors(x, self.event_shape)).to(x.dtype)

    def log_prob(self, x: torch.Tensor) -> torch.Tensor:
        """log p(x) in nats, finite even where p(x) itself is too small for a float.

        Args:
            x: [..., *event_shape] floating-point numbers, on any device.

        Returns:
            [...].
        """
        return self._log_joint(vectors(x, self.event_shape)).logsumexp(-1).to(x.dtype)

    def posterior(self, x: torch.Tensor) -> torch.Tensor:
        """p(z | x), the probability that `x` came from each mode.

        Returns:
            [..., K]; the last axis sums to one.
        """
        return self._log_joint(vectors(x, self.event_shape)).softmax(-1).to(x.dtype)

    def score(self, x: torch.Tensor) -> torch.Tensor:
        """The gradient of log p(x) in x: the pulls of the modes, weighted by the posterior.

        Returns:
            [..., *event_shape].
        """
        points = vectors(x, self.event_shape)
        share = self._log_joint(points).softmax(-1)
        means, scales = self._columns(points)
        pulls = (means - self._rows(points)[..., None, :]) / scales**2  # [..., K, D]
        return (share[..., None] * pulls).sum(-2).reshape(x.shape).to(x.dtype)

    def entropy(self) -> float:
        """H(x) in nats: H(z) + H(x | z) - H(z | x).

        The first two terms are closed forms. H(z | x) is 0 for a single mode; else it is a
        numerical integral, and the answer is good to 1e-9 nats (`entropy_error` says how good).
        Only modes that never overlap have H(z | x) = 0, so ``log K`` plus the entropy of one mode
        is an upper bound for equal modes, however close.

        Raises:
            ValueError: If there are several modes in more than two dimensions, where there is no
                such integral; or if the scales of the modes differ too much for a grid.
        """
        entropy_of_modes = (self._columns(self.scales)[1].log() + 0.5 - _LOG_HEIGHT).sum(-1)
        mixing = torch.special.entr(self.weights).sum()
        return (mixing + self.weights @ entropy_of_modes).item() - self.posterior_entropy()

    def posterior_entropy(self) -> float:
        """H(z | x) in nats: how unclear it is, on average, which mode a point came from.

        Raises:
            ValueError: As `entropy`.
        """
        return self._integral()[0]

    def entropy_error(self) -> float:
        """An estimate, from above, of the error of `entropy` in nats, rounding aside.

        It is the change when every other grid point is left out in each coordinate. As the
        trapezoidal rule converges very fast here, what remains on the full grid is far smaller.
        A single mode has 0: its entropy is a closed form.
        """
        return self._integral()[1]

    def marginal(self, keep: Any) -> GaussianMixture:
        """The distribution of some of the coordinates: a mixture of the same modes.

        Args:
            keep: [D] of bool, True for the coordinates that stay.
        """
        keep = mask(keep, self.event_shape, "keep", self.device)
        return GaussianMixture(
            self.weights,
            self.means[:, keep],
            self.scales[:, keep],
            dtype=self.dtype,
            device=self.device,
        )

    def conditional(self, x: torch.Tensor, missing: Any) -> GaussianMixture:
        """p(missing coordinates | the others): the modes, weighted by what the seen ones say.

        Args:
            x: [D], one point; what stands at the missing coordinates is ignored, and may be NaN.
            missing: [D] of bool, True for the coordinates to be told from the others.

        Returns:
            The mixture of the M missing coordinates, ``event_shape`` [M].

        Raises:
            ValueError: If `x` is not one point, or all coordinates are missing or none is.
        """
        points = vectors(x, self.event_shape)
        missing = mask(missing, self.event_shape, "missing", self.device)
        if points.ndim != 1:
            raise ValueError(f"x must be one point {list(self.event_shape)}, not {list(x.shape)}.")
        if missing.all():
            raise ValueError("All coordinates are missing; their distribution is that of x itself.")
        rest = self.marginal(missing)
        weights = self.marginal(~missing).posterior(points[~missing.to(points.device)])
        return GaussianMixture(
            weights, rest.means, rest.scales, dtype=self.dtype, device=self.device
        )

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> GaussianMixture:
        """The same mixture with samples on another device or in another dtype."""
        device, dtype = device or self.device, dtype or self.dtype
        return GaussianMixture(self.weights, self.means, self.scales, dtype=dtype, device=device)

    def _rows(self, x: torch.Tensor) -> torch.Tensor:
        """Points as [..., D], numbers as [..., 1]."""
        return x if self.event_shape else x[..., None]

    def _columns(self, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Means and scales as [K, D] beside the tensor `like`."""
        return tuple(t.to(like).reshape(self.num_modes, -1) for t in (self.means, self.scales))

    def _log_joint(self, x: torch.Tensor) -> torch.Tensor:
        """[..., K] of checked points in the working dtype."""
        means, scales = self._columns(x)
        x = self._rows(x)
        size = means.shape[1]
        squares = sum(  # coordinate after coordinate: no array [..., K, D]
            ((x[..., d, None] - means[:, d]) / scales[:, d]) ** 2 for d in range(size)
        )
        constants = self.weights.to(x).log() - scales.log().sum(-1) + size * _LOG_HEIGHT
        return constants - 0.5 * squares

    @torch.no_grad()
    def _integral(self) -> tuple[float, float]:
        """H(z | x) = sum_k w_k E[-log p(k | x)], x ~ mode k, by the trapezoidal rule; its error.

        Every mode is integrated on a grid of its own, as fine as the smallest scale demands. On a
        smooth function that dies out at both ends the rule converges faster than any power of the
        spacing (Trefethen and Weideman, SIAM Review 56(3), 2014).
        """
        if self.num_modes == 1:
            return 0.0, 0.0
        size = math.prod(self.event_shape)
        if size > 2:
            raise ValueError(
                f"The entropy of {self.num_modes} overlapping modes has no closed form, and in "
                f"{size} dimensions a grid is too large. Estimate it: -log_prob(sample(n)).mean()."
            )
        fine, coarse = 0.0, 0.0
        for k in self.weights.nonzero().flatten().tolist():
            for x, mass, half in zip(*(t.split(_CHUNK) for t in self._grid(k)), strict=True):
                surprise = -self._log_joint(x.reshape(-1, *self.event_shape)).log_softmax(-1)[:, k]
                part = self.weights[k] * mass * surprise
                fine += part.sum().item()
                coarse += (part * half).sum().item()
        return fine, abs(fine - coarse)

    def _grid(self, k: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Points [N, D] around mode k, their masses [N], and [N] what turns the sum into that over
        every other point of each axis: 2**D there, 0 elsewhere."""
        means, scales = self._columns(self.means)
        smallest = scales[self.weights > 0].amin(0)
        # Even, so that the ends of an axis and its center are among every other point.
        steps = (2 * (_REACH * _FINENESS / 2 * scales[k] / smallest).ceil().long()).tolist()
        if math.prod(2 * s + 1 for s in steps) > _MOST_POINTS:
            raise ValueError(
                f"The scales differ too much for a grid: mode {k} is "
                f"{(scales[k] / smallest).max():.0f} times as wide as the narrowest one. "
                "Estimate the entropy: -log_prob(sample(n)).mean()."
            )
        axes, masses, halves = [], [], []
        for s, mean, scale in zip(steps, means[k], scales[k], strict=True):
            ticks = torch.arange(-s, s + 1, device=means.device)
            z = ticks.to(means) * (_REACH / s)
            axes.append(mean + scale * z)
            masses.append((_LOG_HEIGHT - 0.5 * z**2).exp() * (_REACH / s))
            halves.append(2.0 * (ticks % 2 == 0).to(means))
        points, mass, half = (
            torch.cartesian_prod(*t).reshape(-1, len(steps)) for t in (axes, masses, halves)
        )
        return points, mass.prod(-1), half.prod(-1)


def ring(
    modes: int = 8,
    *,
    radius: float = 2.0,
    scale: float = 0.1,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> GaussianMixture:
    """Equally likely modes on a circle, the first one on the right.

    Args:
        modes: How many.
        radius: Of the circle.
        scale: The standard deviation of every mode, in both coordinates.
        dtype: Of the samples; torch's default when None.
        device: Of the samples; the CPU when None.
    """
    whole(modes, "modes")
    angles = 2 * math.pi * torch.arange(modes, dtype=torch.float64) / modes
    means = radius * torch.stack([angles.cos(), angles.sin()], dim=-1)
    return _equal(means.tolist(), scale, dtype, device)


def grid(
    side: int = 5,
    *,
    extent: float = 4.0,
    scale: float = 0.05,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> GaussianMixture:
    """Equally likely modes on a square lattice, from ``(-extent, -extent)`` column by column.

    Args:
        side: Modes a side; there are side * side of them.
        extent: The coordinates go from -extent to extent.
        scale: The standard deviation of every mode, in both coordinates.
        dtype: Of the samples; torch's default when None.
        device: Of the samples; the CPU when None.
    """
    whole(side, "side")
    ticks = torch.linspace(-extent, extent, side, dtype=torch.float64)
    return _equal(torch.cartesian_prod(ticks, ticks).tolist(), scale, dtype, device)


def _equal(
    means: Sequence[Sequence[float]],
    scale: float,
    dtype: torch.dtype | None,
    device: torch.device | str | None,
) -> GaussianMixture:
    return GaussianMixture([1 / len(means)] * len(means), means, scale, dtype=dtype, device=device)
