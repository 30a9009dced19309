"""What the worlds share: precision, random numbers, and checks of input.

Probabilities are computed in float64, whatever the dtype of the point (in float32 on devices that
have no float64), and handed back in the dtype of the point.
"""

from __future__ import annotations

import numbers
from typing import Any

import torch

from ..device import normal as normal_like


def working_dtype(device: torch.device) -> torch.dtype:
    """float64, or float32 on a device that has no float64."""
    return torch.float32 if device.type == "mps" else torch.float64


def parameter(value: Any, name: str, device: torch.device) -> torch.Tensor:
    """Numbers, a nested list or a tensor as a tensor in the working dtype; gradients flow through.

    Raises:
        TypeError: If `value` cannot be read as real numbers.
        ValueError: If one of the numbers is not finite.
    """
    try:
        tensor = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(
            f"{name} must be numbers (a number, a list of numbers or a tensor), not {value!r}."
        ) from None
    if tensor.is_complex() or tensor.dtype == torch.bool:
        raise TypeError(f"{name} must be real numbers, not {tensor.dtype}.")
    if not isinstance(value, torch.Tensor):  # no rounding of Python numbers to float32
        tensor = torch.as_tensor(value, dtype=torch.float64)
    tensor = tensor.to(device, working_dtype(device), copy=True)
    if not tensor.isfinite().all():
        raise ValueError(f"{name} holds a number that is not finite: {tensor.tolist()}.")
    return tensor


def home(*values: Any, device: Any, dtype: torch.dtype | None) -> tuple[torch.device, torch.dtype]:
    """Device and dtype of a world: as asked for, else those of its first floating tensor.

    Raises:
        TypeError: If `dtype` is not a floating-point dtype.
    """
    tensors = [v for v in values if isinstance(v, torch.Tensor) and v.is_floating_point()]
    if device is None:
        device = tensors[0].device if tensors else "cpu"
    if dtype is None:
        dtype = tensors[0].dtype if tensors else torch.get_default_dtype()
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(f"dtype must be a floating-point dtype such as torch.float32, not {dtype}.")
    return torch.device(device), dtype


def distribution(value: Any, name: str, device: torch.device) -> torch.Tensor:
    """One probability for each of K things, [K], made to sum to one to the last digit.

    Raises:
        TypeError: If they are no real numbers.
        ValueError: If there is none, one is negative or they do not sum to one.
    """
    probs = parameter(value, name, device)
    if probs.ndim != 1 or len(probs) == 0:
        raise ValueError(f"{name} must be one number for each mode, [K], not {list(probs.shape)}.")
    if (probs < 0).any() or abs(probs.sum() - 1) > 1e-5:
        shown = probs.tolist() if len(probs) <= 32 else f"{len(probs)} numbers"
        raise ValueError(
            f"{name} must be 0 or more and sum to 1; these are {shown}, with sum "
            f"{probs.sum():.6g}. Divide positive numbers w by w.sum()."
        )
    # A sum that is off by the rounding of float32 would cost the exactness of everything.
    return probs / probs.sum()


def normal(
    shape: tuple[int, ...], generator: torch.Generator | None, device: torch.device
) -> torch.Tensor:
    """Standard normal numbers on `device` in its working dtype, drawn where `generator` lives."""
    source = generator.device if generator is not None else device
    like = torch.empty(0, device=source, dtype=working_dtype(source))
    return normal_like(shape, like, generator).to(device, working_dtype(device))


def count(n: Any) -> int:
    """`n` as a number of examples.

    Raises:
        ValueError: If it is not a whole number of at least 0.
    """
    if isinstance(n, bool) or not isinstance(n, numbers.Integral) or n < 0:
        raise ValueError(f"n must be a whole number of examples, 0 or more, not {n!r}.")
    return int(n)


def vectors(x: Any, event_shape: torch.Size, name: str = "x") -> torch.Tensor:
    """`x` in the working dtype, after a check that it holds real points of the given shape.

    Raises:
        TypeError: If `x` is not a tensor of real floating-point numbers.
        ValueError: If its last axes are not `event_shape`.
    """
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"{name} must be a tensor, not {type(x).__name__}; use torch.tensor(...).")
    if not x.is_floating_point():
        raise TypeError(
            f"{name} must hold floating-point numbers, but it holds {x.dtype}; use {name}.float()."
        )
    size = len(event_shape)
    if size and x.shape[-size:] != event_shape:
        raise ValueError(
            f"{name} has shape {list(x.shape)}, but its last axis must be {event_shape[-1]}: "
            f"[n, {event_shape[-1]}] for n points."
        )
    return x.to(working_dtype(x.device))


def pixels(x: Any, event_shape: torch.Size, seen: torch.Tensor | None = None) -> torch.Tensor:
    """Binary images in the working dtype, after a check of every pixel that is seen.

    Args:
        x: [..., D] zeros and ones, of any dtype.
        event_shape: [D].
        seen: [..., D] bool; what stands at the other pixels is not looked at. All when None.

    Raises:
        TypeError: If `x` is not a tensor.
        ValueError: If its last axis is not D, or a seen pixel is neither 0 nor 1.
    """
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"x must be a tensor, not {type(x).__name__}; use torch.tensor(...).")
    size = event_shape[0]
    if x.ndim == 0 or x.shape[-1] != size:
        raise ValueError(
            f"x has shape {list(x.shape)}, but its last axis must be the {size} pixels of an "
            f"image: [n, {size}] for n images. images.flatten(-2) makes rows of pixels."
        )
    known = x if seen is None else torch.where(seen, x, torch.zeros_like(x))
    if not ((known == 0) | (known == 1)).all():
        low, high = known.min().item(), known.max().item()
        raise ValueError(
            f"The pixels of this world are 0 or 1, but x holds other numbers, between {low} and "
            f"{high}. (x > 0.5) makes gray pixels binary; it is then another image."
        )
    return known.to(working_dtype(x.device))


def like(x: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """`value` in the dtype of `x`, or as it is where `x` holds whole numbers or booleans."""
    return value.to(x.dtype) if x.is_floating_point() else value


def whole(value: Any, name: str) -> int:
    """`value` as a whole number of at least 1.

    Raises:
        ValueError: If it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}.")
    return value


def mask(values: Any, shape: torch.Size, name: str, device: torch.device) -> torch.Tensor:
    """True or False for each coordinate, [D].

    Raises:
        ValueError: If it is something else, or if nothing is True.
    """
    chosen = torch.as_tensor(values, device=device)
    if chosen.dtype != torch.bool or chosen.shape != shape or not chosen.any():
        raise ValueError(
            f"{name} must say True or False for each coordinate, with shape {list(shape)}, and "
            f"True at least once; this is {chosen.tolist()}."
        )
    return chosen
