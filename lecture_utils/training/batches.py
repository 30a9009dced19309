"""Mini-batches whose order depends on (seed, epoch) only, from data that live on the device."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from .streams import derive_seed

Batch = tuple[torch.Tensor, ...]


def as_batch(data: object, device: torch.device, models: dict[str, nn.Module], what: str) -> Batch:
    """`data` as a tuple of tensors on `device`, all with one row an example.

    Raises:
        TypeError: If something is not a tensor, or has another float dtype than the model.
        ValueError: If there are no examples, the lengths differ, or a value is NaN or infinite.
    """
    tensors = tuple(data) if isinstance(data, (tuple, list)) else (data,)
    if not tensors:
        raise ValueError(f"{what} is empty: give one tensor, or a tuple of tensors.")
    weights = {p.dtype for m in models.values() for p in m.parameters()}
    for tensor in tensors:
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(
                f"{what} must be a tensor or a tuple of tensors, not {type(tensor).__name__}. "
                "torch.as_tensor(...) makes one of a NumPy array or a list."
            )
        if tensor.ndim == 0 or len(tensor) == 0:
            raise ValueError(f"{what} has shape {list(tensor.shape)}: there is no example in it.")
        if tensor.is_floating_point() and tensor.dtype not in weights:
            names = ", ".join(sorted(str(dtype) for dtype in weights))
            raise TypeError(
                f"{what} holds {tensor.dtype}, but the model's weights are {names}. "
                "Convert one of them, for instance with x.float()."
            )
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise ValueError(f"{what} holds NaN or infinite values; remove or replace them first.")
    if len({len(tensor) for tensor in tensors}) > 1:
        lengths = ", ".join(str(len(tensor)) for tensor in tensors)
        raise ValueError(f"The tensors of {what} have {lengths} rows; they must be equally long.")
    return tuple(tensor.to(device) for tensor in tensors)


def shuffled(
    data: Batch, batch_size: int, seed: int, steps: range, rank: int = 0, world: int = 1
) -> Iterator[Batch]:
    """The mini-batches of the given steps, epoch after epoch.

    Every epoch is a new permutation of the rows, drawn from (seed, epoch); the rows that do not
    fill a batch at its end are left out. Each of `world` processes gets its own part of a batch.
    """
    examples, part = len(data[0]), batch_size // world
    per_epoch = examples // batch_size
    step = steps.start
    while step < steps.stop:
        epoch, first = divmod(step, per_epoch)
        generator = torch.Generator().manual_seed(derive_seed(seed, "batches", epoch))
        order = torch.randperm(examples, generator=generator).to(data[0].device)
        for number in range(first, min(per_epoch, first + steps.stop - step)):
            begin = number * batch_size + rank * part
            rows = order[begin : begin + part]
            yield tuple(tensor[rows] for tensor in data)
            step += 1
