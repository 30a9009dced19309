"""Random numbers of a training run: its own streams, beside those of the notebook.

A loss may draw noise with ``torch.randn``, NumPy or ``random``. So that results do not depend on
what ran before, and later cells not on the training, a run puts its own states in place while it
works and the notebook's states back afterwards.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch


def derive_seed(seed: int, purpose: str, index: int = 0) -> int:
    """A seed for one purpose, unrelated to that of any other purpose, index or seed."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{index}".encode()).digest()
    return int.from_bytes(digest[:7])


def get_states(device: torch.device) -> dict[str, Any]:
    """The states of the random streams of torch, NumPy, Python and `device`, as plain values."""
    name, keys, *rest = np.random.get_state()
    states = {
        "torch": torch.get_rng_state(),
        "numpy": [name, torch.from_numpy(keys.astype(np.int64)), *rest],
        "python": random.getstate(),
    }
    if device.type != "cpu":
        states["device"] = torch.get_device_module(device).get_rng_state(*_which(device))
    return states


def set_states(states: dict[str, Any], device: torch.device) -> None:
    """Put back what `get_states` returned."""
    torch.set_rng_state(states["torch"])
    name, keys, *rest = states["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))
    version, internal, gauss = states["python"]
    random.setstate((version, tuple(internal), gauss))
    if device.type != "cpu" and "device" in states:
        torch.get_device_module(device).set_rng_state(states["device"], *_which(device))


def fresh(seed: int, purpose: str, device: torch.device, index: int = 0) -> dict[str, Any]:
    """States newly seeded for one purpose; the current streams stay as they are."""
    seed = derive_seed(seed, purpose, index)
    with kept(device):
        torch.default_generator.manual_seed(seed)
        np.random.seed(seed % 2**32)
        random.seed(seed)
        states = get_states(device)
    if device.type != "cpu":  # seeding the module would seed the current device, maybe another
        states["device"] = torch.Generator(device).manual_seed(seed).get_state()
    return states


@contextlib.contextmanager
def kept(device: torch.device) -> Iterator[None]:
    """Whatever is drawn inside, the streams are afterwards as they were before."""
    before = get_states(device)
    try:
        yield
    finally:
        set_states(before, device)


def _which(device: torch.device) -> tuple[torch.device, ...]:
    return () if device.type == "mps" else (device,)
