"""Several processes on one model, as ``torchrun`` starts them; with one process nothing happens."""

from __future__ import annotations

import atexit
import os

import torch
import torch.distributed as dist
from torch import nn

_voters: list[dist.ProcessGroup] = []  # on the CPU: a vote must not wait for the device


def join(device: torch.device) -> tuple[int, int]:
    """The rank of this process and their number; joins the others the first time."""
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if world > 1 and device.index is not None:
        torch.accelerator.set_device_index(device.index)
    if world > 1 and not dist.is_initialized():
        dist.init_process_group(dist.get_default_backend_for_device(device))
        atexit.register(dist.destroy_process_group)
    if world > 1 and not _voters:
        gloo = dist.get_backend() == "gloo"
        _voters.append(dist.group.WORLD if gloo else dist.new_group(backend="gloo"))
    return rank, world


def same_start(model: nn.Module, world: int) -> None:
    """Give every process the weights and buffers of the first."""
    if world > 1:
        for tensor in model.state_dict().values():
            dist.broadcast(tensor, 0)


def average_gradients(model: nn.Module, world: int) -> None:
    """Average the gradients of all parameters over the processes; buffers become the first's.

    Called after every backward pass, whatever function of the model the loss used: a wrapper around
    ``forward`` would miss losses that call ``model.encode``. Buffers, such as the statistics of a
    batch normalization, follow the examples that a process has seen.
    """
    if world > 1:
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(flat)
        flat /= world
        parts = flat.split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))
        for buffer in model.buffers():
            dist.broadcast(buffer, 0)


def mean_over_processes(values: torch.Tensor, world: int) -> torch.Tensor:
    """The average of `values` over the processes, the same on each."""
    if world > 1:
        dist.all_reduce(values)
        values /= world
    return values


def any_process(flag: bool, world: int) -> bool:
    """Whether `flag` is set in any process: they stop together."""
    if world == 1:
        return flag
    votes = torch.tensor(float(flag))
    dist.all_reduce(votes, dist.ReduceOp.MAX, group=_voters[0])
    return bool(votes)


def gather(value: object, world: int) -> list:
    """The `value` of every process, in the order of their ranks."""
    if world == 1:
        return [value]
    values: list = [None] * world
    dist.all_gather_object(values, value)
    return values


def wait(world: int) -> None:
    """Wait until every process is here."""
    if world > 1:
        dist.barrier()
