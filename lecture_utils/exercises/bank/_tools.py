"""What several chapters need: test inputs, float64 on the CPU, and a few formulas."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor


def scalar(value: float) -> Tensor:
    """A float64 tensor without axes."""
    return torch.tensor(value, dtype=torch.float64)


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


def table(generator: Generator, *shape: int) -> Tensor:
    """Positive numbers of the given shape that sum to one, all together."""
    return simplex(generator, math.prod(shape)).reshape(shape)


# ------------------------------------------------------------------ formulas of several chapters
def kl(p: Tensor, q: Tensor) -> Tensor:
    """KL(p‖q) of tables over the last axis, with 0 · log 0 = 0."""
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)


def entropy(p: Tensor) -> Tensor:
    """The entropy of tables over the last axis, with 0 · log 0 = 0."""
    return -torch.xlogy(p, p).sum(-1)


def on_simplex(function: Callable, args: tuple) -> Any:
    """``function(*args)``, with gradients along the simplex only: off it, right answers differ."""
    return function(*(p / p.sum(-1, keepdim=True) if p.requires_grad else p for p in args))
