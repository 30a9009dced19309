"""Steps recorded once as a CUDA graph and replayed: for models so small that launching their
kernels takes longer than computing them.

A replay repeats the kernels on the same memory. So a batch is copied to where the recording read
its batch, and the losses are copied away before the next replay overwrites them. Python does not
run again: what a step computes from Python numbers that change stays as it was recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from . import checks

WARM_UP = 3  # real steps before the recording: optimizers and libraries set themselves up in them
Step = Callable[..., dict[str, torch.Tensor]]


def can_record(device: torch.device) -> bool:
    """Whether steps on `device` can be recorded; elsewhere they simply run."""
    return device.type == "cuda"


class Replayed:
    """Does what `step` does: three times by running it, then by replaying a recording of it.

    Args:
        step: ``step(*batch)`` returns named losses. All batches have the same shapes.
        device: Where it computes.
    """

    def __init__(self, step: Step, device: torch.device) -> None:
        self.step, self.device = step, device
        self.calls, self.graph = 0, None
        self.stream = _new_stream(device)

    def __call__(self, *batch: torch.Tensor) -> dict[str, torch.Tensor]:
        """One step on `batch`."""
        self.calls += 1
        if self.calls <= WARM_UP:
            return _run(self.step, batch, self.stream)
        if self.graph is None:
            self.inputs = tuple(tensor.clone() for tensor in batch)
            self.graph, self.names, self.losses = record(self.step, self.inputs, self.stream)
        for place, tensor in zip(self.inputs, batch, strict=True):
            if place.shape != tensor.shape:
                raise ValueError(
                    f"graph=True repeats a step on batches of shape {list(place.shape)}, and this "
                    f"one is {list(tensor.shape)}. Make them equal, or leave graph=True out."
                )
            place.copy_(tensor, non_blocking=True)
        self.graph.replay()
        return dict(zip(self.names, self.losses.clone().unbind(), strict=True))


def record(step: Step, inputs: tuple[torch.Tensor, ...], stream: Any) -> tuple:
    """A graph of ``step(*inputs)``, and the names and the place [names] of its losses.

    Recording computes nothing.

    Raises:
        RuntimeError: If the step does what a recording cannot hold.
    """
    graph = torch.cuda.CUDAGraph()
    try:
        # Other threads, such as one that pins memory, may use the GPU meanwhile.
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            names, losses = checks.stacked([step(*inputs)], inputs[0].device)
    except RuntimeError as error:
        raise RuntimeError(
            f"This step cannot be recorded as a CUDA graph: {error}\nA step with .item(), print, "
            "an if on a tensor, or data moved from the CPU has to wait for the GPU. Move that out "
            "of the loss, or leave graph=True out."
        ) from error
    return graph, names, losses[0]


def _new_stream(device: torch.device) -> Any:
    return torch.cuda.Stream(device)


def _run(step: Step, batch: tuple[torch.Tensor, ...], stream: Any) -> dict[str, torch.Tensor]:
    """A real step beside the main stream: warm-up and recording share their stream."""
    main = torch.cuda.current_stream(stream.device)
    stream.wait_stream(main)
    with torch.cuda.stream(stream):
        terms = step(*batch)
    main.wait_stream(stream)
    return terms
