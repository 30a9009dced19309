"""What the worlds of binary images share: a code, something that hides it, and the ink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import torch

from ..device import categorical
from ..estimates import Estimate
from ..pictures.canvas import binary
from ._shared import count, like
from .bernoulli import BernoulliMixture

_LEAST = 0.005  # no pixel is surer than this: ink runs, paper has specks


def combinations(size: int) -> torch.Tensor:
    """All rows of `size` zeros and ones, [2**size, size] int64, in the order of counting."""
    return torch.cartesian_prod(*[torch.arange(2)] * size)


def number(rows: torch.Tensor, size: int, name: str) -> torch.Tensor:
    """Where rows [..., size] of zeros and ones stand in `combinations`, [...] int64.

    Raises:
        TypeError, ValueError: If they are something else.
    """
    rows = binary(rows, size, name)
    places = 2 ** torch.arange(size - 1, -1, -1, device=rows.device)
    return (rows * places).sum(-1)


def independent(codes: torch.Tensor, probs: Sequence[float]) -> torch.Tensor:
    """The probabilities of rows [C, F] of independent zeros and ones, p(1) = probs: [C] float64."""
    on = torch.tensor(probs, dtype=torch.float64)
    return torch.where(codes == 1, on, 1 - on).prod(-1)


class ImageWorld:
    """Binary images of a code c, partly hidden by a nuisance u; both are summed over exactly.

    p(x) = sum_c p(c) sum_u p(u) prod_d p(x_d | c, u). The C codes and U nuisances are all listed.

    Args:
        codes: [C, F] zeros and ones.
        drawings: [C * U, S, S] ink, code by code: the probability that a pixel is on, between 0 and
            1; it is cut to [0.005, 0.995].
        code_probs: [C] p(c).
        nuisance_probs: [U] p(u).
        dtype: Of the samples; torch's default when None.
        device: Of the samples; the CPU when None.

    Attributes:
        pictures: The mixture of all drawings that differ. What is hidden makes no difference, so
            there are fewer of them than C * U.
    """

    def __init__(
        self,
        codes: torch.Tensor,
        drawings: torch.Tensor,
        code_probs: torch.Tensor,
        nuisance_probs: torch.Tensor,
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        self.side = drawings.shape[-1]
        self._codes, self._nuisances = codes, len(nuisance_probs)
        ink = drawings.double().clamp(_LEAST, 1 - _LEAST).reshape(-1, self.side**2)
        distinct, self._which = ink.unique(dim=0, return_inverse=True)  # [C * U] drawing of each
        self._probs = torch.outer(code_probs, nuisance_probs).flatten()  # [C * U] p(c) p(u)
        self.pictures = BernoulliMixture(
            self._probs.new_zeros(len(distinct)).index_add_(0, self._which, self._probs),
            distinct,
            dtype=dtype or torch.get_default_dtype(),
            device=device or "cpu",
        )

    @property
    def dtype(self) -> torch.dtype:
        """Of the samples."""
        return self.pictures.dtype

    @property
    def device(self) -> torch.device:
        """Of the samples."""
        return self.pictures.device

    @property
    def event_shape(self) -> torch.Size:
        """The shape of one image, as a row of pixels: [D], with D = side * side."""
        return self.pictures.event_shape

    @property
    def code_probs(self) -> torch.Tensor:
        """p(c), [C] float64."""
        return self._by_code(self._probs).sum(-1).to(self.pictures.weights)

    def images(self, x: torch.Tensor) -> torch.Tensor:
        """Rows of pixels [..., D] as images [..., side, side]."""
        return x.unflatten(-1, (self.side, self.side))

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> torch.Tensor:
        """`n` images as rows of pixels.

        Args:
            n: How many.
            generator: A seeded ``torch.Generator``; the global stream when None.

        Returns:
            [n, D] zeros and ones, in the dtype and on the device of the world.
        """
        return self._draw(n, generator)[0]

    def log_prob(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """log p(x) in nats, or log p of the seen pixels.

        Args:
            x: [..., D] zeros and ones of any dtype, on any device.
            seen: [D] or [..., D] bool, True where the pixel is known; the others are summed out.
                None: all are known.

        Returns:
            [...], in the dtype of `x` if that is floating-point, else float64.

        Raises:
            TypeError: If `x` is not a tensor.
            ValueError: If its last axis is not D, or a seen pixel is neither 0 nor 1.
        """
        return self.pictures.log_prob(x, seen)

    def pixel_probs(self, x: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """p(x_d = 1 | seen pixels) for every pixel d, as if it were drawn anew, [..., D]."""
        return self.pictures.pixel_probs(x, seen)

    def conditional(self, x: torch.Tensor, missing: Any) -> BernoulliMixture:
        """p(missing pixels | the others) of one image `x` [D]; `missing` is [D] bool."""
        return self.pictures.conditional(x, missing)

    def entropy(self) -> Estimate:
        """H(x) in nats.

        All but the posterior entropy is a sum; that is a mean over 20,000 samples, always the
        same. The answer knows its standard error: ``entropy().error``.
        """
        return self.pictures.entropy()

    def posterior(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """What `x` says about what is asked for: a subclass says what that is."""
        raise NotImplementedError("A subclass of ImageWorld defines posterior(x, seen).")

    def posterior_entropy(self) -> Estimate:
        """What an image leaves open in nats, on average: the mean entropy of `posterior`."""
        return self.pictures.average(lambda x: torch.special.entr(self.posterior(x)).sum(-1))

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> Self:
        """The same world with samples on another device or in another dtype."""
        world = object.__new__(type(self))
        world.__dict__.update(self.__dict__, pictures=self.pictures.to(device, dtype))
        return world

    def _draw(
        self, n: int, generator: torch.Generator | None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Images x [n, D], the numbers of their codes [n] and of their nuisances [n]."""
        probs = self._probs.to(self.pictures.weights)
        both = categorical(probs, count(n), generator=generator)
        x = self.pictures.sample_given(self._which.to(both.device)[both], generator=generator)
        return x, both // self._nuisances, both % self._nuisances

    def _log_codes(self, x: torch.Tensor, seen: torch.Tensor | None) -> torch.Tensor:
        """log p(x, c) with the nuisance summed out, [..., C] in the working dtype."""
        likelihood = self.pictures._log_likelihood(x, seen)
        which, probs = self._which.to(x.device), self._probs.to(likelihood)
        return self._by_code(likelihood[..., which] + probs.log()).logsumexp(-1)

    def _marginals(self, x: torch.Tensor, seen: torch.Tensor | None) -> torch.Tensor:
        """p(c_f = 1 | x) for each of the F zeros and ones of a code, [..., F]."""
        share = self._log_codes(x, seen).softmax(-1)
        return like(x, (share @ self._codes.to(share)).clamp(max=1))  # rounding

    def _drawing(self, code: torch.Tensor, nuisance: torch.Tensor | int) -> torch.Tensor:
        """p(x_d = 1 | c, u), [..., D], of the numbers of codes and nuisances [...]."""
        if isinstance(nuisance, torch.Tensor):
            nuisance = nuisance.cpu()
        row = self._which[code.cpu() * self._nuisances + nuisance]
        return self.pictures.means[row.to(self.device)]

    def _by_code(self, values: torch.Tensor) -> torch.Tensor:
        """[..., C * U] as [..., C, U]."""
        return values.unflatten(-1, (-1, self._nuisances))
