"""The optional parts of training: optimizers, averages of weights, precision, the progress bar."""

from __future__ import annotations

import contextlib
import copy
import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import torch
from torch import nn

from ..environment import static
from . import checks
from .batches import Batch
from .networks import evaluating

if TYPE_CHECKING:
    from .loop import Trainer

SCHEDULES = {"cosine": lambda progress: 0.5 + 0.5 * math.cos(math.pi * progress)}
_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
Show = Callable[[int, dict[str, float]], None]
_FUSED = ("cpu", "cuda", "mps", "xpu")  # where one kernel updates all weights


def optimizers(
    models: dict[str, nn.Module],
    make: Callable | dict[str, Callable] | None,
    lr: float | dict[str, float],
    weight_decay: float,
    recorded: bool = False,
) -> dict[str, torch.optim.Optimizer]:
    """One optimizer for each model: AdamW, or what `make` returns for its parameters.

    Args:
        models: The models by name.
        make: See `Trainer`, as for `lr` and `weight_decay`.
        recorded: Whether its steps are recorded: then all that changes must be on the device.

    Raises:
        TypeError: If `make` does not return an optimizer.
        ValueError: If a model has no entry in a dict, a learning rate is not positive, or an
            optimizer cannot be recorded.
    """
    made = {}
    for name, model in models.items():
        rate = checks.entry(lr, name, "lr")
        if not (isinstance(rate, (int, float)) and 0 < rate < math.inf):
            raise ValueError(f"lr must be a positive number such as 1e-3, not {rate!r}.")
        rate = float(rate)  # a checkpoint holds plain numbers, none of NumPy's
        parameters = [p for p in model.parameters() if p.requires_grad]
        if own := checks.entry(make, name, "optimizer"):
            made[name] = own(parameters)
            if not isinstance(made[name], torch.optim.Optimizer):
                raise TypeError(
                    "optimizer must be a function that makes an optimizer, such as "
                    "lambda parameters: torch.optim.SGD(parameters, lr=0.1)."
                )
            if recorded and not all(group.get("capturable") for group in made[name].param_groups):
                raise ValueError(
                    "graph=True needs an optimizer that can be recorded: make it with "
                    "capturable=True (Adam and AdamW have it), or leave graph=True out."
                )
        else:
            fused = all(p.device.type in _FUSED and p.is_floating_point() for p in parameters)
            options = {"lr": rate, "weight_decay": float(weight_decay), "fused": fused}
            made[name] = torch.optim.AdamW(parameters, capturable=recorded, **options)
        for group in made[name].param_groups:
            group["lr"] = group["initial_lr"] = float(group["lr"])
            if recorded:
                group["lr"] = torch.tensor(group["lr"], device=parameters[0].device)
    return made


def set_progress(trainer: Trainer, progress: float) -> None:
    """Tell the loss and the learning rates which share of the run, 0 to 1, is done."""
    trainer.progress = _renewed(trainer.progress, progress)
    if trainer.schedule:
        for optimizer in trainer.optimizers.values():
            for group in optimizer.param_groups:
                rate = group["initial_lr"] * float(trainer.schedule(progress))
                group["lr"] = _renewed(group["lr"], rate)


def _renewed(old: float | torch.Tensor, new: float) -> float | torch.Tensor:
    """`new`, in the place of `old` if that is a tensor which a recorded step reads."""
    return old.fill_(new) if isinstance(old, torch.Tensor) else new


def set_mode(models: dict[str, nn.Module], *, training: bool) -> None:
    """Training mode (dropout and the like are on) or evaluation mode, for all models."""
    for model in models.values():
        model.train(training)


def backward(loss: torch.Tensor, model: nn.Module, *, alone: bool) -> None:
    """Fill the gradients of `model`; those of other models are neither computed nor touched."""
    if alone:
        loss.backward()
    else:
        loss.backward(inputs=[p for p in model.parameters() if p.requires_grad])


def clip_gradients(
    model: nn.Module,
    largest: float | None,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
) -> None:
    """Shorten the gradient of `model` to the norm `largest`, if there is such a limit."""
    if largest:
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), largest)


def averages(models: dict[str, nn.Module]) -> dict[str, nn.Module]:
    """Copies of the models that will hold moving averages of their weights.

    Raises:
        TypeError: If a parameter is a whole number, which has no average.
    """
    for model in models.values():
        for name, parameter in model.named_parameters():
            if not (parameter.is_floating_point() or parameter.is_complex()):
                raise TypeError(
                    f"ema cannot average the parameter {name!r}, which is {parameter.dtype}: make "
                    "it a buffer, or leave ema out."
                )
    copies = copy.deepcopy(models)
    for model in copies.values():
        model.requires_grad_(False).eval()
    return copies


def update_averages(
    averages: dict[str, nn.Module], models: dict[str, nn.Module], decay: float | None, step: int
) -> None:
    """Move averages towards the models, quickly in the first steps: decay min(d, (1+n)/(10+n))."""
    for name, average in averages.items():
        kept = min(decay, (1 + step) / (10 + step))
        with torch.no_grad():
            pairs = list(average.parameters()), list(models[name].parameters())
            torch._foreach_lerp_(*pairs, 1 - kept)
            for old, new in zip(average.buffers(), models[name].buffers(), strict=True):
                old.copy_(new)


def autocast(
    amp: str | None, device: torch.device, recorded: bool = False
) -> Callable[[], contextlib.AbstractContextManager]:
    """What to open around a step: mixed precision, or nothing."""
    if amp is None:
        return contextlib.nullcontext
    # The cache of converted weights must not outlive a recording.
    return lambda: torch.autocast(device.type, _DTYPES[amp], cache_enabled=not recorded)


def compiled(loss: Callable | None, compile: bool | str) -> Callable | None:
    """`loss`, compiled if that is wanted."""
    if not compile:
        return loss
    return torch.compile(loss, backend="inductor" if compile is True else compile)


def average_terms(loss: Callable, model: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
    """The average of the loss and its terms over all examples, in evaluation mode."""
    totals: dict[str, float] = {}
    examples = 0
    with evaluating(model):
        for batch in batches:
            examples += len(batch[0])
            for name, term in checks.terms(loss(model, *batch)).items():
                totals[name] = totals.get(name, 0.0) + float(term) * len(batch[0])
    return {name: total / examples for name, total in totals.items()}


@contextlib.contextmanager
def bar(wanted: bool | None, start: int, steps: int, rank: int) -> Iterator[Show | None]:
    """A function (step, losses) that moves a progress bar; None when no bar is wanted.

    There is none in a build, and in all processes but the first.
    """
    if rank > 0 or not (wanted if wanted is not None else not static()):
        yield None
        return
    with warnings.catch_warnings():  # without ipywidgets the bar is text, which is good enough
        warnings.simplefilter("ignore")
        from tqdm.auto import tqdm

        progress = tqdm(total=steps, initial=start, unit="step")

    def show(step: int, losses: dict[str, float]) -> None:
        progress.set_postfix({name: f"{loss:.4g}" for name, loss in losses.items()}, refresh=False)
        progress.update(step - progress.n)

    with progress:
        yield show
