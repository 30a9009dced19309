"""Short names for making test inputs: float64 on the CPU, from a seeded generator."""

from __future__ import annotations

import torch
from torch import Generator, Tensor


def vector(*values: float) -> Tensor:
    """A float64 vector of the given numbers."""
    return torch.tensor(values, dtype=torch.float64)


def matrix(*rows: list[float]) -> Tensor:
    """A float64 tensor of the given rows."""
    return torch.tensor(rows, dtype=torch.float64)


def normal(generator: Generator, *shape: int, scale: float = 1.0) -> Tensor:
    """Normal numbers of standard deviation `scale`."""
    return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)


def uniform(generator: Generator, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Uniform numbers in [low, high)."""
    return low + (high - low) * torch.rand(*shape, generator=generator, dtype=torch.float64)


def bits(generator: Generator, *shape: int) -> Tensor:
    """Fair bits as float64."""
    return torch.randint(0, 2, shape, generator=generator).double()


def tokens(generator: Generator, vocabulary: int, *shape: int) -> Tensor:
    """Uniform token numbers in 0..vocabulary-1 as int64."""
    return torch.randint(0, vocabulary, shape, generator=generator)


def simplex(generator: Generator, *shape: int) -> Tensor:
    """Positive rows that sum to one."""
    return torch.softmax(normal(generator, *shape), -1)
