"""Bedrooms: an image x, six attributes behind it, and a label y, luxurious or not.

The lecture's example of generative and discriminative modeling. A luxurious room is likelier to
have a chandelier, but many have none, and some plain rooms do: that, and the shadow that the
evening throws over one side of the room, is why even the best possible judge errs.

The label speaks only through the attributes: p(x, y) = p(y) sum_a p(a | y) p(x | a). Six attributes
make 64 rooms, so p(x), p(x, y) and p(y | x) are sums that take no time.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from ..device import categorical
from ..estimates import Estimate
from ..pictures import bedrooms, ink
from ._images import ImageWorld, combinations, independent, number
from ._shared import like

ATTRIBUTES = bedrooms.ATTRIBUTES
LABELS = ("plain", "luxurious")
LUXURIOUS = 0.3  # p(y = 1)
# p(attribute = 1 | y): king, chandelier, curtains, rug, lamps, painting
ATTRIBUTE_PROBS = (
    (0.25, 0.05, 0.20, 0.30, 0.45, 0.40),
    (0.75, 0.70, 0.50, 0.70, 0.75, 0.70),
)
SHADOWS = ("none", "left", "right")
SHADOW_PROBS = (0.6, 0.2, 0.2)


class Rooms(NamedTuple):
    """Rooms, and what made them.

    Attributes:
        x: [n, D] pixels.
        y: [n] labels, 1 for luxurious, int64.
        attributes: [n, 6], 0 or 1, int64.
        shadow: [n] 0 none, 1 left, 2 right, int64.
    """

    x: torch.Tensor
    y: torch.Tensor
    attributes: torch.Tensor
    shadow: torch.Tensor


class Bedrooms(ImageWorld):
    """The distribution of bedrooms of 28 by 28 pixels, D = 784.

    Args:
        dtype: Of the samples; torch's default when None.
        device: Of the samples; the CPU when None.

    Attributes:
        layouts: [64, 6] int64, all combinations of attributes, in the order of counting.
        label_given_layout: [64, 2] float64, p(y | attributes).

    Example:
        >>> world = Bedrooms()
        >>> x, y, attributes, shadow = world.sample_joint(4)
        >>> world.posterior(x).shape
        torch.Size([4, 2])
    """

    attributes = ATTRIBUTES
    labels = LABELS

    def __init__(
        self, *, dtype: torch.dtype | None = None, device: torch.device | str | None = None
    ) -> None:
        self.layouts = combinations(len(ATTRIBUTES))
        prior = torch.tensor([1 - LUXURIOUS, LUXURIOUS], dtype=torch.float64)
        given = torch.stack([independent(self.layouts, row) for row in ATTRIBUTE_PROBS], dim=-1)
        both = prior * given  # [64, 2] p(attributes, y)
        self.label_given_layout = both / both.sum(-1, keepdim=True)
        shadows = torch.arange(len(SHADOWS))
        drawings = ink.bedrooms(
            self.layouts.repeat_interleave(len(shadows), 0), shadows.repeat(len(self.layouts))
        )
        super().__init__(
            self.layouts,
            drawings,
            both.sum(-1),
            torch.tensor(SHADOW_PROBS, dtype=torch.float64),
            dtype=dtype,
            device=device,
        )

    def __repr__(self) -> str:
        return f"Bedrooms({self.side}x{self.side} pixels, {len(ATTRIBUTES)} attributes)"

    @property
    def label_probs(self) -> torch.Tensor:
        """p(y), [2] float64: plain, luxurious."""
        return self.code_probs @ self.label_given_layout.to(self.code_probs)

    def sample_joint(self, n: int, *, generator: torch.Generator | None = None) -> Rooms:
        """`n` rooms with labels, attributes and shadows; the rooms are those `sample` gives.

        Returns:
            x [n, D], y [n], attributes [n, 6] and shadow [n]; all but x int64.
        """
        x, layout, shadow = self._draw(n, generator)
        chances = self.label_given_layout.to(self.code_probs)
        y = categorical(chances[layout], generator=generator)
        return Rooms(x, y, self.layouts.to(x.device)[layout], shadow)

    def drawing(self, attributes: torch.Tensor, shadow: torch.Tensor | int = 0) -> torch.Tensor:
        """p(x_d = 1 | attributes, shadow), the drawing behind the ink.

        Args:
            attributes: [..., 6] zeros and ones.
            shadow: [...] 0 none, 1 left, 2 right.

        Returns:
            [..., D] float64.

        Raises:
            TypeError, ValueError: If they are other numbers, or have another shape.
        """
        shadow = torch.as_tensor(shadow)
        if not torch.isin(shadow, torch.arange(len(SHADOWS), device=shadow.device)).all():
            raise ValueError(f"shadow must be 0 (none), 1 (left) or 2 (right), not {shadow}.")
        return self._drawing(number(attributes, len(ATTRIBUTES), "attributes"), shadow.long())

    def log_joint(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """log p(x, y) in nats for both labels: plain, luxurious.

        Args:
            x: [..., D] zeros and ones.
            seen: [D] or [..., D] bool, True where the pixel is known; all when None.

        Returns:
            [..., 2].
        """
        return like(x, self._log_labels(x, seen))

    def posterior(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """p(y | x) for both labels, [..., 2]: what the best possible judge believes."""
        return like(x, self._log_labels(x, seen).softmax(-1))

    def attribute_posterior(
        self, x: torch.Tensor, seen: torch.Tensor | None = None
    ) -> torch.Tensor:
        """p(attribute = 1 | x) for each attribute, [..., 6]."""
        return self._marginals(x, seen)

    def bayes_accuracy(self) -> Estimate:
        """E[max_y p(y | x)]: how often the best possible judge is right."""
        return self.pictures.average(lambda x: self.posterior(x).amax(-1))

    def _log_labels(self, x: torch.Tensor, seen: torch.Tensor | None) -> torch.Tensor:
        """log p(x, y) = log sum_a p(x, a) p(y | a), [..., 2] in the working dtype."""
        codes = self._log_codes(x, seen)
        return (codes[..., None] + self.label_given_layout.log().to(codes)).logsumexp(-2)
