"""The small networks that several models are built from."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator

import torch
from torch import nn

from .checks import whole


def mlp(*sizes: int, activation: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    """Linear layers of these sizes, with an activation between any two.

    Example:
        >>> mlp(2, 128, 128, 1)(torch.zeros(5, 2)).shape
        torch.Size([5, 1])
    """
    for size in sizes:
        whole("The size of a layer", size)
    layers: list[nn.Module] = []
    for before, after in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(before, after), activation()]
    return nn.Sequential(*layers[:-1])


@contextlib.contextmanager
def evaluating(*models: nn.Module) -> Iterator[None]:
    """Models in evaluation mode and without gradients; afterwards each part as it was."""
    modes = [(part, part.training) for model in models for part in model.modules()]
    try:
        for model in models:
            model.eval()
        with torch.no_grad():
            yield
    finally:
        for part, training in modes:
            part.training = training


class FourierFeatures(nn.Module):
    """The input, and the sine and cosine of it at doubling frequencies: [B, D] to [B, features].

    A small network learns fine detail from these far faster than from the coordinates alone
    (Tancik et al., "Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional
    Domains", NeurIPS 2020).

    Args:
        size: D.
        octaves: How many frequencies: pi / 2, pi, 2 pi, ...; 0 leaves the input as it is.
        scale: The input is divided by this number first.

    Raises:
        ValueError: If `octaves` is no whole number of at least 0.

    Attributes:
        features: The size of the output, ``size * (1 + 2 * octaves)``.
    """

    def __init__(self, size: int, octaves: int = 3, *, scale: float = 1.0) -> None:
        super().__init__()
        if isinstance(octaves, bool) or not isinstance(octaves, int) or octaves < 0:
            raise ValueError(f"octaves must be a whole number, 0 or more, not {octaves!r}.")
        self.features = size * (1 + 2 * octaves)
        self.scale = scale
        self.register_buffer("frequencies", math.pi / 2 * 2.0 ** torch.arange(octaves))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features of the rows of `x`."""
        x = x / self.scale
        angles = (x[..., None] * self.frequencies).flatten(-2)  # [B, D * octaves]
        return torch.cat([x, angles.sin(), angles.cos()], -1)
