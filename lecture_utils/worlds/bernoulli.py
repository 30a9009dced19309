"""Mixtures of binary images: pick one of K prototypes, then flip a coin for every pixel.

The truth behind the faces and the bedrooms. Which prototype an image came from is the latent
variable z: p(x) is a sum over all K of them, and so p(x), p(z | x) and what is behind hidden pixels
are exact, computed for many images at once as one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch

from ..device import categorical, uniform
from ..estimates import Estimate
from ._shared import (
    count,
    distribution,
    home,
    like,
    mask,
    parameter,
    pixels,
)

_ROWS = 2000  # images at a time, so that [images, prototypes] fits into memory
_MOST_PIXELS = 14  # of images that are listed one by one: 2**14 of them
_DRAWS = 20_000  # images behind an estimate


@dataclass(frozen=True, eq=False, repr=False)
class BernoulliMixture:
    """p(x) = sum_k w_k prod_d m_kd^x_d (1 - m_kd)^(1 - x_d), over K prototypes m_k.

    Args:
        weights: [K] probabilities of the prototypes. They sum to one; zeros are allowed.
        means: [K, D] probabilities that a pixel is on, strictly between 0 and 1.
        dtype: Of the samples; by default that of the means if they are a floating-point tensor,
            else torch's default.
        device: Of the samples; by default that of the means.

    Attributes:
        weights: [K] float64.
        means: [K, D] float64.

    Raises:
        TypeError: If a parameter does not hold real numbers.
        ValueError: If the shapes do not fit, the weights are no distribution, or a mean is not
            between 0 and 1.

    Example:
        >>> mixture = BernoulliMixture([0.5, 0.5], [[0.9, 0.9, 0.1], [0.1, 0.9, 0.9]])
        >>> mixture.posterior(torch.tensor([[1.0, 1.0, 0.0]])).shape
        torch.Size([1, 2])
    """

    weights: torch.Tensor
    means: torch.Tensor
    dtype: torch.dtype | None = field(default=None, kw_only=True)
    device: torch.device | str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        device, dtype = home(self.means, self.weights, device=self.device, dtype=self.dtype)
        weights = distribution(self.weights, "weights", device)
        means = parameter(self.means, "means", device)
        if means.ndim != 2 or len(means) != len(weights) or means.shape[1] == 0:
            raise ValueError(
                f"There are {len(weights)} weights, so means must be [{len(weights)}, D], a row of "
                f"pixels for each prototype, not {list(means.shape)}."
            )
        if not ((means > 0) & (means < 1)).all():
            raise ValueError(
                "means are probabilities strictly between 0 and 1; these go from "
                f"{means.min():.6g} to {means.max():.6g}. A pixel that can never be on makes some "
                "images impossible, with log p = -inf: use means.clamp(0.001, 0.999)."
            )
        for name, value in zip(
            self.__dataclass_fields__, (weights, means, dtype, device), strict=True
        ):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"BernoulliMixture({self.num_modes} prototypes, {len(self.means[0])} pixels)"

    @property
    def event_shape(self) -> torch.Size:
        """The shape of one image, as a row of pixels: [D]."""
        return self.means.shape[1:]

    @property
    def num_modes(self) -> int:
        """K, the number of prototypes."""
        return len(self.weights)

    @property
    def mean(self) -> torch.Tensor:
        """E[x]: how often each pixel is on, [D] float64."""
        return self.weights @ self.means

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> torch.Tensor:
        """`n` images.

        Args:
            n: How many.
            generator: A seeded ``torch.Generator``; the global stream when None.

        Returns:
            [n, D] zeros and ones, in the dtype and on the device of the mixture.
        """
        return self.sample_joint(n, generator=generator)[0]

    def sample_joint(
        self, n: int, *, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """`n` images and the prototypes they came from; the images are those `sample` gives.

        Returns:
            x [n, D] and z [n] int64.
        """
        z = categorical(self.weights, count(n), generator=generator)
        return self.sample_given(z, generator=generator), z

    def sample_given(
        self, z: torch.Tensor, *, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """One image x [n, D] of each of the prototypes z [n]."""
        dice = uniform(
            (len(z), *self.event_shape),
            generator=generator,
            device=self.device,
            dtype=torch.float32,  # steps of 6e-8: finer than any frequency that can be seen
        )
        return (dice < self.means[z]).to(self.dtype)

    def log_likelihood(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """log p(x | z) in nats for every prototype z.

        Args:
            x: [..., D] zeros and ones of any dtype, on any device.
            seen: [D], or a mask for each image [..., D], bool: True where the pixel is known. The
                others are summed out: their factors are left out, and what stands there is
                ignored. None: all are known.

        Returns:
            [..., K], in the dtype of `x` if that is floating-point, else float64.

        Raises:
            TypeError: If `x` is not a tensor.
            ValueError: If its last axis is not D, a seen pixel is neither 0 nor 1, or `seen` is no
                mask.
        """
        return like(x, self._log_likelihood(x, seen))

    def log_joint(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """log p(x, z) in nats for every prototype z; arguments as `log_likelihood`.

        Returns:
            [..., K].
        """
        return like(x, self._log_joint(x, seen))

    def log_prob(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """log p(x) in nats, or log p of the seen pixels; arguments as `log_likelihood`.

        Returns:
            [...].
        """
        return like(x, self._log_joint(x, seen).logsumexp(-1))

    def posterior(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """p(z | x), or p(z | seen pixels); arguments as `log_likelihood`.

        Returns:
            [..., K]; the last axis sums to one.
        """
        return like(x, self._log_joint(x, seen).softmax(-1))

    def pixel_probs(self, x: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """p(x_d = 1 | seen pixels) for every pixel d, as if it were drawn anew.

        The posterior mean of the prototypes: what an observer imagines behind the hidden pixels.

        Returns:
            [..., D].
        """
        share = self._log_joint(x, seen).softmax(-1)
        return like(x, share @ self.means.to(share))

    def marginal(self, keep: Any) -> BernoulliMixture:
        """The distribution of some of the pixels: a mixture of the same prototypes.

        Args:
            keep: [D] of bool, True for the pixels that stay.
        """
        keep = mask(keep, self.event_shape, "keep", self.means.device)
        return BernoulliMixture(
            self.weights, self.means[:, keep], dtype=self.dtype, device=self.device
        )

    def conditional(self, x: torch.Tensor, missing: Any) -> BernoulliMixture:
        """p(missing pixels | the others): the prototypes, weighted by what the seen ones say.

        Args:
            x: [D], one image; what stands at the missing pixels is ignored.
            missing: [D] of bool, True for the pixels to be told from the others.

        Returns:
            The mixture of the M missing pixels, ``event_shape`` [M].

        Raises:
            ValueError: If `x` is not one image, or all pixels are missing or none is.
        """
        missing = mask(missing, self.event_shape, "missing", self.means.device)
        if not isinstance(x, torch.Tensor) or x.shape != self.event_shape:
            shape = list(getattr(x, "shape", ()))
            raise ValueError(f"x must be one image {list(self.event_shape)}, not {shape}.")
        if missing.all():
            raise ValueError("All pixels are missing; their distribution is that of x itself.")
        weights = self.posterior(x.to(self.means), ~missing)
        return BernoulliMixture(
            weights, self.means[:, missing], dtype=self.dtype, device=self.device
        )

    def entropy(self) -> Estimate:
        """H(x) in nats: H(z) + H(x | z) - H(z | x).

        The first two terms are sums. So is H(z | x) for images of at most 14 pixels; for larger
        ones it is a mean over samples, always the same, and the answer knows its standard error:
        ``entropy().error``.
        """
        of_pixels = torch.special.entr(self.means) + torch.special.entr(1 - self.means)
        known = torch.special.entr(self.weights).sum() + self.weights @ of_pixels.sum(-1)
        rest = self.posterior_entropy()
        return Estimate(known.item() - rest, rest.error)

    def posterior_entropy(self) -> Estimate:
        """H(z | x) in nats: how unclear it is, on average, which prototype an image came from."""
        return self._posterior_entropy

    @cached_property
    def _posterior_entropy(self) -> Estimate:
        return self.average(lambda x: torch.special.entr(self.posterior(x)).sum(-1))

    def average(
        self, function: Callable[[torch.Tensor], torch.Tensor], n: int = _DRAWS
    ) -> Estimate:
        """E[function(x)]: a sum over all images if they have at most 14 pixels, else a mean.

        Args:
            function: Takes images x [m, D] in float64 (float32 on MPS), gives numbers [m].
            n: The mean is over this many images; they are the same in every call (seed 0).

        Returns:
            The number, with its standard error.
        """
        if self.event_shape[0] <= _MOST_PIXELS:
            x = self.enumerate()
            return Estimate((self.log_prob(x).exp() @ function(x).to(x)).item())
        dice = torch.Generator().manual_seed(0)
        double = self.to(dtype=self.means.dtype)
        sizes = [_ROWS] * (n // _ROWS) + [n % _ROWS] * (n % _ROWS > 0)
        values = [function(double.sample(size, generator=dice)) for size in sizes]
        return Estimate.mean(torch.cat(values))

    def enumerate(self) -> torch.Tensor:
        """All 2**D images, [2**D, D] float64, in the order of counting.

        Raises:
            ValueError: If an image has more than 14 pixels.
        """
        size = self.event_shape[0]
        if size > _MOST_PIXELS:
            raise ValueError(
                f"There are 2**{size} images of {size} pixels: too many to list. Use marginal() "
                f"for {_MOST_PIXELS} pixels or fewer, or sample()."
            )
        codes = torch.arange(2**size, device=self.means.device)[:, None]
        places = torch.arange(size - 1, -1, -1, device=self.means.device)
        return (codes >> places & 1).to(self.means)

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> BernoulliMixture:
        """The same mixture with samples on another device or in another dtype."""
        device, dtype = device or self.device, dtype or self.dtype
        return BernoulliMixture(self.weights, self.means, dtype=dtype, device=device)

    @cached_property
    def _kept_tables(self) -> tuple[torch.Tensor, torch.Tensor]:
        return _tables(self.means)

    def _seen(self, x: torch.Tensor, seen: Any) -> torch.Tensor:
        """A mask that broadcasts with `x`, on its device."""
        device = x.device if isinstance(x, torch.Tensor) else None
        chosen = torch.as_tensor(seen, device=device)
        if chosen.dtype != torch.bool or chosen.shape[-1:] != self.event_shape:
            raise ValueError(
                f"seen must say True or False for each of the {self.event_shape[0]} pixels, [D] "
                f"or [..., D]; this is {chosen.dtype} with shape {list(chosen.shape)}."
            )
        return chosen

    def _log_likelihood(self, x: torch.Tensor, seen: Any) -> torch.Tensor:
        """[..., K] in the working dtype."""
        if seen is not None:
            seen = self._seen(x, seen)
        known = pixels(x, self.event_shape, seen)
        # Means that are being learned change: their tables are made anew, and gradients flow.
        tables = _tables(self.means) if self.means.requires_grad else self._kept_tables
        logits, log_off = (t.to(known) for t in tables)
        # sum_d x log m + (1 - x) log(1 - m) = x . logit(m) + sum_d log(1 - m)
        off = log_off.sum(-1) if seen is None else seen.to(known) @ log_off.T
        return known @ logits.T + off

    def _log_joint(self, x: torch.Tensor, seen: Any) -> torch.Tensor:
        likelihood = self._log_likelihood(x, seen)
        return likelihood + self.weights.log().to(likelihood)


def _tables(means: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """logit(m) and log(1 - m), [K, D]."""
    return means.logit(), (-means).log1p()
