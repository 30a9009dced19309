"""Where to compute: the device, its guards for machines that have only a CPU, and random numbers.

``torch.accelerator`` knows every kind of accelerator (CUDA, MPS, XPU, ...), but most of its
functions raise on a machine without one. The functions here can be called everywhere.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence

import torch

from .environment import device_name, static

_said: set[str] = set()


def best_device(*, quiet: bool = False) -> torch.device:
    """The device to compute on, and, once per session, a line that says which and why.

    Args:
        quiet: Say nothing; nor is anything said while the book is built.

    Returns:
        What the environment variable ``LECTURE_DEVICE`` names, else the accelerator that PyTorch
        finds, else the CPU. Under ``torchrun`` each process gets an accelerator of its own.

    Raises:
        ValueError: If ``LECTURE_DEVICE`` names a device that PyTorch or this machine does not have.
    """
    if name := device_name():
        device = as_device(name, source="LECTURE_DEVICE")
        reason = f"LECTURE_DEVICE asks for {name}"
    elif (found := _accelerator()) is not None:
        device, reason = _own(found), "the accelerator PyTorch found"
    else:
        device, reason = torch.device("cpu"), "PyTorch found no accelerator"
    line = f"Computing on {device} ({reason})."
    if device.type == "cpu" and device_name() is None and _in_colab():
        line += " In Colab: Runtime > Change runtime type > T4 GPU, then run the notebook again."
    if not (quiet or static() or line in _said):
        _said.add(line)
        print(line)
    return device


def as_device(device: str | torch.device, *, source: str = "device") -> torch.device:
    """`device` as a ``torch.device`` that this machine really has.

    Under ``torchrun`` a name without a number means another accelerator in each process.

    Args:
        device: A name such as ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``, or a device.
        source: Where the name comes from, for the error message.

    Raises:
        ValueError: If PyTorch does not know the name or the machine has no such device.
    """
    try:
        device = torch.device(device)
    except (RuntimeError, TypeError):
        raise ValueError(
            f"{source} is {device!r}, which is not the name of a device. "
            "Use 'cpu', 'cuda', 'cuda:1', 'mps' or 'xpu'."
        ) from None
    found = _accelerator()
    if device.type == "cpu":
        return device
    if found is None or found.type != device.type:
        here = "only a CPU" if found is None else f"cpu and {found.type}"
        raise ValueError(
            f"{source} asks for {str(device)!r}, but PyTorch finds {here} on this machine. "
            "Choose one of these, or install a PyTorch that supports the device."
        )
    if device.index is not None and device.index >= torch.accelerator.device_count():
        raise ValueError(
            f"{source} asks for {str(device)!r}, but there are only "
            f"{torch.accelerator.device_count()} devices of that kind (they count from 0)."
        )
    return _own(device)


def synchronize(device: torch.device) -> None:
    """Wait until `device` has finished its work; on the CPU there is nothing to wait for."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def peak_memory(device: torch.device) -> int | None:
    """The most bytes PyTorch has held on `device`, or None where that is not measured."""
    if device.type == "cpu" or not hasattr(torch.accelerator, "max_memory_allocated"):
        return None
    try:
        return torch.accelerator.max_memory_allocated(device)
    except RuntimeError:  # a device without memory statistics
        return None


def free_memory(device: torch.device) -> int | None:
    """The bytes that are free on `device`, or None where that is not measured (as on the CPU)."""
    ask = getattr(torch.get_device_module(device), "mem_get_info", None)
    if device.type == "cpu" or ask is None:
        return None
    try:
        return ask(device)[0]
    except RuntimeError:  # a device without memory statistics
        return None


def uniform(
    shape: Sequence[int],
    *,
    generator: torch.Generator | None = None,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
) -> torch.Tensor:
    """Uniform random numbers in [0, 1) on `device`, drawn where `generator` lives.

    A generator on the CPU therefore gives the same numbers whatever the device.
    """
    source = generator.device if generator is not None else device
    return torch.rand(shape, generator=generator, device=source, dtype=dtype).to(device)


def normal(
    shape: Sequence[int], like: torch.Tensor, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Standard normal random numbers with the device and dtype of `like`.

    They are drawn where `generator` lives, as those of `uniform`; on the device itself, from the
    global stream, when it is None.
    """
    source = generator.device if generator is not None else like.device
    draws = torch.randn(shape, generator=generator, device=source, dtype=like.dtype)
    return draws.to(like.device)


def categorical(
    probs: torch.Tensor, n: int | None = None, *, generator: torch.Generator | None = None
) -> torch.Tensor:
    """One category for each row of `probs`, by inverting the cumulative distribution.

    Args:
        probs: [..., V] probabilities; each row sums to one.
        n: Draw this many times from the one distribution `probs` [V].
        generator: Where the random numbers come from; the global stream when None.

    Returns:
        [...] or [n] int64 categories. A category of probability zero is never drawn.
    """
    cumulative = probs.cumsum(-1)
    total = cumulative[..., -1:]
    shape = (*probs.shape[:-1], 1) if n is None else (n,)
    draw = uniform(shape, generator=generator, device=probs.device, dtype=probs.dtype)
    # The product can round up to the total itself; stay below it.
    draw = torch.minimum(draw * total, torch.nextafter(total, torch.zeros_like(total)))
    found = torch.searchsorted(cumulative, draw, right=True)
    return found.squeeze(-1) if n is None else found


def _accelerator() -> torch.device | None:
    return torch.accelerator.current_accelerator(check_available=True)


def _own(device: torch.device) -> torch.device:
    """The accelerator of this process: `device`, with a number if there are several of its kind."""
    count = torch.accelerator.device_count()
    if device.index is not None or count < 2:
        return device
    return torch.device(device.type, int(os.environ.get("LOCAL_RANK", 0)) % count)


def _in_colab() -> bool:
    return importlib.util.find_spec("google") is not None and "COLAB_RELEASE_TAG" in os.environ
