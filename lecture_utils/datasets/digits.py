"""Handwritten digits: 1797 images of 8x8 pixels, and 10,000 of 28x28.

By default a threshold makes the pixels binary once and for all (*static* binarization). Scores on
pixels that are drawn anew in every epoch (*dynamic* binarization) are not comparable with these.

Sources: ``small`` is the test part of "Optical Recognition of Handwritten Digits" (Alpaydin and
Kaynak, 1998) as scikit-learn's ``load_digits`` gives it; ``large`` is the first 10,000 images of
the MNIST training set (LeCun, Cortes and Burges), shuffled once.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import torch

from ._files import read_shipped


@dataclass(frozen=True)
class Digits:
    """Images as rows of pixels, in a fixed split.

    Attributes:
        train: [n, D] float32 pixels; binary ones are 0 or 1, gray ones between 0 and 1.
        validation: [n, D], for choosing settings and when to stop.
        test: [n, D], for the number that is reported.
        train_labels: [n] int64, 0 to 9; so are ``validation_labels`` and ``test_labels``.
        side: Pixels a side; D = side * side.
    """

    train: torch.Tensor
    validation: torch.Tensor
    test: torch.Tensor
    train_labels: torch.Tensor
    validation_labels: torch.Tensor
    test_labels: torch.Tensor
    side: int

    @property
    def num_pixels(self) -> int:
        """D, the number of pixels of an image."""
        return self.side * self.side

    def images(self, x: torch.Tensor) -> torch.Tensor:
        """Rows of pixels [..., D] as images [..., side, side].

        Raises:
            ValueError: If the last axis of `x` is not D.
        """
        if x.ndim == 0 or x.shape[-1] != self.num_pixels:
            raise ValueError(
                f"x has shape {list(x.shape)}; its last axis must be the {self.num_pixels} pixels "
                f"of a {self.side}x{self.side} image."
            )
        return x.reshape(*x.shape[:-1], self.side, self.side)

    def __repr__(self) -> str:
        sizes = f"{len(self.train)} train, {len(self.validation)} validation, {len(self.test)} test"
        return f"Digits({self.side}x{self.side}: {sizes})"


def small(*, binary: bool = True) -> Digits:
    """1797 digits of 8x8 pixels: 1350 for training, 150 for validation, 297 for the test.

    The split is ``torch.randperm(1797)`` with seed 0, cut in this order.

    Args:
        binary: Pixels above 8 (of 0 to 16) become 1, the others 0. When False, pixel / 16.

    Raises:
        DataFileError: If the shipped file is missing or damaged.
    """
    images, labels = _read("digits-8x8.npz")
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    return _split(images[order], labels[order], (1350, 150, 297), 16, binary)


def large(*, binary: bool = True) -> Digits:
    """10,000 digits of 28x28 pixels: 8000 for training, 1000 for validation, 1000 for the test.

    The file is already shuffled; the split cuts it in its order.

    Args:
        binary: Pixels above 127 (of 0 to 255) become 1, the others 0. When False, pixel / 255.

    Raises:
        DataFileError: If the shipped file is missing or damaged.
    """
    return _split(*_read("digits-28x28.npz"), (8000, 1000, 1000), 255, binary)


def _read(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    with np.load(io.BytesIO(read_shipped(name))) as file:
        return torch.from_numpy(file["images"]), torch.from_numpy(file["labels"]).long()


def _split(
    images: torch.Tensor, labels: torch.Tensor, sizes: tuple[int, ...], white: int, binary: bool
) -> Digits:
    side = images.shape[-1]
    x = images.reshape(len(images), -1)
    x = (x > white // 2).float() if binary else x.float() / white
    return Digits(*x.split(sizes), *labels.split(sizes), side)
