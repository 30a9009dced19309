"""Several processes on one model, as ``torchrun`` starts them; with one process nothing happens."""

from __future__ import annotations

import atexit
import os

import torch
import torch.distributed as dist
from torch import nn


def join(device: torch.device) -> tuple[int, int]:
    """The rank of this process and their number; joins the others the first time."""
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if world > 1 and not dist.is_initialized():
        if device.type == "cuda":
            torch.cuda.set_device(device)
        dist.init_process_group(dist.get_default_backend_for_device(device))
        atexit.register(dist.destroy_process_group)
    return rank, world


def same_start(model: nn.Module, world: int) -> None:
    """Give every process the weights and buffers of the first."""
    if world > 1:
        for tensor in model.state_dict().values():
            dist.broadcast(tensor, 0)


def average_gradients(model: nn.Module, world: int) -> None:
    """Average the gradients of all parameters over the processes.

    Called after every backward pass, whatever function of the model the loss used: a wrapper around
    ``forward`` would miss losses that call ``model.encode``.
    """
    if world > 1:
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(flat)
        flat /= world
        parts = flat.split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))


def mean_over_processes(values: torch.Tensor, world: int) -> torch.Tensor:
    """The average of `values` over the processes, the same on each."""
    if world > 1:
        dist.all_reduce(values)
        values /= world
    return values


def any_process(flag: bool, device: torch.device, world: int) -> bool:
    """Whether `flag` is set in any process: they stop together."""
    if world == 1:
        return flag
    votes = torch.tensor(float(flag), device=device)
    dist.all_reduce(votes, dist.ReduceOp.MAX)
    return bool(votes.item())


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
