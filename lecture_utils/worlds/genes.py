"""Faces from genes: 8 hidden switches make a face, and what somebody wears hides some of them.

The lecture's example of a latent variable. A *genotype* z is eight binary genes, so there are 256
of them, and p(x), p(z | x) and every bound on log p(x) are sums that a laptop can do. A face x is a
small ink drawing: pixels are black with the probability that the drawing says, independently given
the genes and the garments.

What makes a face ambiguous is for the larger part not noise in the ink. A hat covers the hairline,
a scarf the dimples, sunglasses eyes and brows. Freckles and dimples leave faint marks on the same
spots, so that one explains the other away.

In this world a trait is one gene. In ours hardly any is.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from ..pictures import faces, ink
from ._images import ImageWorld, combinations, independent, number
from ._shared import like

GENES = faces.GENES
GARMENTS = faces.GARMENTS
GENE_PROBS = (0.5, 0.4, 0.6, 0.4, 0.6, 0.5, 0.35, 0.4)  # p(gene = 1), in the order of GENES
GARMENT_PROBS = (0.3, 0.3, 0.2)  # hat, scarf, sunglasses


class Faces(NamedTuple):
    """Faces, and what made them.

    Attributes:
        x: [n, D] pixels.
        z: [n, 8] genes, 0 or 1, int64.
        garments: [n, 3] hat, scarf, sunglasses: 0 or 1, int64.
    """

    x: torch.Tensor
    z: torch.Tensor
    garments: torch.Tensor


class GeneFaces(ImageWorld):
    """The distribution of faces of 28 by 28 pixels, D = 784.

    Args:
        dtype: Of the samples; torch's default when None.
        device: Of the samples; the CPU when None.

    Attributes:
        genotypes: [256, 8] int64, all of them, in the order of counting; the last axis of
            `log_joint` and `posterior` follows it.
        outfits: [8, 3] int64, all combinations of garments.

    Example:
        >>> world = GeneFaces()
        >>> x, z, garments = world.sample_joint(2, generator=torch.Generator().manual_seed(0))
        >>> world.posterior(x).shape
        torch.Size([2, 256])
    """

    genes = GENES
    garments = GARMENTS

    def __init__(
        self, *, dtype: torch.dtype | None = None, device: torch.device | str | None = None
    ) -> None:
        self.genotypes = combinations(len(GENES))
        self.outfits = combinations(len(GARMENTS))
        drawings = ink.faces(
            self.genotypes.repeat_interleave(len(self.outfits), 0),
            self.outfits.repeat(len(self.genotypes), 1),
        )
        super().__init__(
            self.genotypes,
            drawings,
            independent(self.genotypes, GENE_PROBS),
            independent(self.outfits, GARMENT_PROBS),
            dtype=dtype,
            device=device,
        )

    def __repr__(self) -> str:
        return f"GeneFaces({self.side}x{self.side} pixels, {len(GENES)} genes)"

    def sample_joint(self, n: int, *, generator: torch.Generator | None = None) -> Faces:
        """`n` faces with their genes and garments; the faces are those that `sample` gives.

        Returns:
            x [n, D], z [n, 8] int64 and garments [n, 3] int64.
        """
        x, genotype, outfit = self._draw(n, generator)
        return Faces(x, self.genotypes.to(x.device)[genotype], self.outfits.to(x.device)[outfit])

    def index(self, z: torch.Tensor) -> torch.Tensor:
        """The numbers of genotypes z [..., 8] in the list `genotypes`, [...] int64.

        Raises:
            TypeError, ValueError: If it is not a tensor of zeros and ones, eight in its last axis.
        """
        return number(z, len(GENES), "z")

    def drawing(self, z: torch.Tensor, garments: torch.Tensor | None = None) -> torch.Tensor:
        """p(x_d = 1 | z, garments), the drawing behind the ink.

        Args:
            z: [..., 8] genes.
            garments: [..., 3]; nothing is worn when None.

        Returns:
            [..., D] float64.
        """
        outfit = 0 if garments is None else number(garments, len(GARMENTS), "garments")
        return self._drawing(self.index(z), outfit)

    def log_joint(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """log p(x, z) in nats for every genotype z, the garments summed out.

        Args:
            x: [..., D] zeros and ones.
            seen: [D] or [..., D] bool, True where the pixel is known; all when None.

        Returns:
            [..., 256], in the order of `genotypes`.
        """
        return like(x, self._log_codes(x, seen))

    def log_likelihood(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """log p(x | z) in nats for every genotype z, the garments summed out, [..., 256]."""
        joint = self._log_codes(x, seen)
        return like(x, joint - self.code_probs.log().to(joint))

    def posterior(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """p(z | x) over all genotypes, [..., 256]; the last axis sums to one."""
        return like(x, self._log_codes(x, seen).softmax(-1))

    def gene_posterior(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """p(gene = 1 | x) for each gene: the marginals of the posterior, [..., 8]."""
        return self._marginals(x, seen)
