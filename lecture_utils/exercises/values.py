"""Copy, compare and print what goes into and comes out of a function."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def map_tensors(change: Callable[[Tensor], Tensor], value: Any) -> Any:
    """Apply `change` to every tensor in nested tuples, lists and dicts; copy networks."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, nn.Module):
        return copy.deepcopy(value)
    if isinstance(value, dict):
        return {key: map_tensors(change, item) for key, item in value.items()}
    if type(value) in (tuple, list):
        return type(value)(map_tensors(change, item) for item in value)
    return value


def clone(value: Any) -> Any:
    """A copy that shares nothing with `value`."""
    return map_tensors(lambda x: x.detach().clone().requires_grad_(x.requires_grad), value)


def cast(value: Any, dtype: torch.dtype) -> Any:
    """A copy with every floating-point tensor, and every network, in another precision."""
    if isinstance(value, nn.Module):
        return copy.deepcopy(value).to(dtype)
    return map_tensors(
        lambda x: x.detach().clone().to(dtype) if x.is_floating_point() else x.clone(), value
    )


def tensors_in(value: Any) -> Iterator[Tensor]:
    """All tensors in nested tuples, lists and dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))


def returned(value: Any, wanted: int) -> tuple:
    """What a function returned, as a tuple; where several values are wanted, a list will do."""
    if isinstance(value, tuple) or (wanted > 1 and isinstance(value, list)):
        return tuple(value)
    return (value,)


def as_tensor(value: Any) -> Tensor | None:
    """A detached CPU tensor of numbers, or None when `value` is not one."""
    try:
        tensor = value if isinstance(value, Tensor) else torch.as_tensor(value)
        if tensor.is_complex() or tensor.is_meta:
            return None
        return tensor.detach().to_dense().cpu()
    except Exception:
        return None


def differs(got: Tensor, expected: Tensor, rtol: float, atol: float | Tensor) -> Tensor:
    """Where two tensors of one shape are not the same number.

    nan equals nan, and an infinite number equals only itself.
    """
    got, expected = got.double(), expected.double()
    same = (got == expected) | (got.isnan() & expected.isnan())
    near = (got - expected).abs() <= atol + rtol * expected.abs()
    return ~(same | (near & expected.isfinite()))


def close(got: Tensor, expected: Tensor, rtol: float, atol: float) -> bool:
    """Whether shapes are equal and all numbers agree."""
    return got.shape == expected.shape and not differs(got, expected, rtol, atol).any()


def not_finite(got: Tensor, expected: Tensor) -> Tensor:
    """Where there is nan or inf in place of a number."""
    return ~got.double().isfinite() & expected.double().isfinite()


def nearly_same(got: Tensor, expected: Tensor) -> bool:
    """Whether two tensors differ by no more than float32 may explain."""
    return close(got, expected, 1e-5, 1e-5)


def a(noun: str) -> str:
    """The noun with its article."""
    return f"an {noun}" if noun[0].lower() in "aeiou" else f"a {noun}"


def number(value: float, digits: int = 5) -> str:
    """A number as people write it."""
    if isinstance(value, bool) or isinstance(value, int):
        return str(value)
    if math.isinf(value) or math.isnan(value):
        return str(value)
    return f"{value:.{digits}g}"


def describe(value: Any, digits: int = 5, most: int = 12) -> str:
    """A short text for an input or output; never raises."""
    try:
        if isinstance(value, Tensor):
            return _describe_tensor(value.detach(), digits, most)
        if isinstance(value, np.ndarray):
            return "array " + _describe_tensor(torch.as_tensor(value), digits, most)
        if isinstance(value, float):
            return number(value, digits)
        if isinstance(value, (tuple, list)):
            inner = ", ".join(describe(item, digits, most) for item in value)
            return f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
        if isinstance(value, nn.Module):
            return f"a {type(value).__name__}"
        if callable(value):
            return f"the function {getattr(value, '__name__', 'given')}"
        text = repr(value)
    except Exception:
        return f"a {type(value).__name__}"
    return text if len(text) <= 80 else text[:79] + "…"


def _describe_tensor(x: Tensor, digits: int, most: int) -> str:
    def nested(item: Any) -> str:
        if isinstance(item, list):
            return "[" + ", ".join(nested(inner) for inner in item) + "]"
        return number(item, digits)

    if x.numel() <= most:
        return nested(x.tolist())
    first = ", ".join(number(item, digits) for item in x.flatten()[:4].tolist())
    return f"shape {list(x.shape)}, first entries {first}, …"


def describe_difference(expected: Tensor, got: Tensor, bad: Tensor) -> str:
    """Both results where they are small, else the first entry that is marked in `bad`.

    An entry that is nan or inf for no reason comes before other ones.
    """
    if got.numel() <= 12:
        wanted, have = describe_pair(expected, got)
        return f"Expected `{wanted}`, got `{have}`"
    broken = bad & not_finite(got, expected)
    index = tuple((broken if broken.any() else bad).nonzero()[0].tolist())
    wanted, have = describe_pair(expected[index], got[index])
    return f"Entry [{', '.join(map(str, index))}]: expected `{wanted}`, got `{have}`"


def describe_pair(expected: Any, got: Any) -> tuple[str, str]:
    """Both as text, with as many digits as it takes to see a difference."""
    for digits in (5, 8, 12, 16):
        pair = describe(expected, digits), describe(got, digits)
        if pair[0] != pair[1]:
            break
    return pair
