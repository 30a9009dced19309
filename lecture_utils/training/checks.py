"""Everything a trainer asks before it believes its input, with answers for people."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from . import checkpoint


class TrainingDiverged(FloatingPointError):
    """A loss or a weight became NaN or infinite."""


def models(model: Any) -> dict[str, nn.Module]:
    """The models by name; a single one is called "model".

    Raises:
        TypeError: If something is not a module.
        ValueError: If there is none, or one has nothing to train.
    """
    named = dict(model) if isinstance(model, dict) else {"model": model}
    if not named:
        raise ValueError("The dict of models is empty.")
    for name, module in named.items():
        if not isinstance(module, nn.Module):
            hint = " Did you pass the class? Make one: Model()." if isinstance(module, type) else ""
            raise TypeError(
                f"{name!r} must be a torch.nn.Module, not {type(module).__name__}.{hint}"
            )
        if not any(p.requires_grad for p in module.parameters()):
            raise ValueError(f"{name!r} has no parameters that can be trained.")
    return named


def options(
    loss: Callable | None,
    step: Callable | None,
    weight_decay: float,
    schedule: Any,
    ema: float | None,
    clip: float | None,
    seed: int,
) -> None:
    """Check the options of a trainer."""
    if (loss is None) == (step is None):
        raise ValueError("Give the trainer either loss=... or step=..., exactly one of them.")
    if not callable(loss or step):
        raise TypeError(f"loss and step are functions, not {type(loss or step).__name__}.")
    if not (isinstance(weight_decay, (int, float)) and 0 <= weight_decay < math.inf):
        raise ValueError(f"weight_decay must be 0 or more, not {weight_decay!r}.")
    if not (schedule is None or schedule == "cosine" or callable(schedule)):
        raise ValueError(f"schedule must be None, 'cosine' or a function, not {schedule!r}.")
    if ema is not None and not 0 < ema < 1:
        raise ValueError(f"ema is a decay between 0 and 1, such as 0.999, not {ema!r}.")
    if clip is not None and not 0 < clip < math.inf:
        raise ValueError(f"clip must be a positive number, such as 1.0, not {clip!r}.")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed must be a whole number, 0 or more, not {seed!r}.")


def precision(
    amp: str | None, compile: bool | str, graph: bool, step: Callable | None, device: torch.device
) -> None:
    """Check the options that say how a step is computed."""
    if amp not in (None, "bf16", "fp16"):
        raise ValueError(f"amp must be None, 'bf16' or 'fp16', not {amp!r}.")
    if (
        amp == "bf16"
        and device.type == "cuda"
        and not torch.cuda.is_bf16_supported(including_emulation=False)
    ):
        raise ValueError("This GPU does not compute in bf16; use amp='fp16' or amp=None.")
    if compile not in (False, True) and compile not in torch.compiler.list_backends(()):
        known = ", ".join(map(repr, torch.compiler.list_backends()))
        raise ValueError(f"compile must be True, False or a backend ({known}), not {compile!r}.")
    if compile and step:
        raise ValueError(
            "compile=True compiles a loss function. With a step of your own, compile the modules: "
            "module.compile()."
        )
    if graph and amp == "fp16":
        raise ValueError(
            "graph=True cannot hold the scaler of fp16, which has to look at the gradients. Use "
            "amp='bf16' or amp=None."
        )


def entry(value: Any, name: str, what: str) -> Any:
    """The entry of model `name` when `value` is a dict, else `value`."""
    if not isinstance(value, dict):
        return value
    if name not in value:
        raise ValueError(f"{what} has no entry for the model {name!r}, only {sorted(value)}.")
    return value[name]


def fit_options(
    steps: int, validate_every: int, save: str | os.PathLike | None, save_every: int, resume: bool
) -> None:
    """Check what `fit` was asked for, except the data."""
    for name, value in [
        ("steps", steps),
        ("validate_every", validate_every),
        ("save_every", save_every),
    ]:
        whole(name, value)
    if save is not None:
        checkpoint.check_folder(save)
    elif resume:
        raise ValueError("resume=True goes on from a file: name it with save='model.pt'.")


def batch_size(size: int, examples: int, world: int) -> int:
    """`size`, if batches of this size can be made."""
    whole("batch_size", size)
    if size > examples:
        raise ValueError(
            f"batch_size={size}, but there are only {examples} examples; use {examples} or less."
        )
    if size % world:
        raise ValueError(f"batch_size={size} cannot be shared equally by {world} processes.")
    return size


def whole(name: str, value: Any) -> None:
    """Raise unless `value` is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}.")


def positive(name: str, value: Any) -> None:
    """Raise unless `value` is a finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise ValueError(f"{name} must be a positive number, not {value!r}.")


def points(name: str, x: Any, size: int) -> None:
    """Raise unless `x` is a tensor of points, [B, size]."""
    if not isinstance(x, torch.Tensor) or x.ndim != 2 or x.shape[1] != size:
        shape = list(x.shape) if isinstance(x, torch.Tensor) else type(x).__name__
        raise ValueError(f"{name} has shape {shape}; expected [B, {size}], one point a row.")


def some(x: torch.Tensor) -> None:
    """Raise unless there is an example to evaluate."""
    if not len(x):
        raise ValueError("There is no example in x to evaluate.")


def can_validate(loss: Callable | None) -> None:
    """Only a trainer with a loss function knows what to compute on held-out data."""
    if loss is None:
        raise ValueError(
            "validation needs a loss function; with step=... score the model yourself."
        )


def terms(result: Any) -> dict[str, torch.Tensor]:
    """What a loss or a step returned, as named scalars; the loss itself is called "loss".

    Raises:
        TypeError: If it is neither a scalar, nor ``(scalar, dict)``, nor a dict of scalars.
        ValueError: If a tensor in it has more than one element.
    """
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], dict):
        if "loss" in result[1]:
            raise ValueError('A term may not be called "loss": so is the loss itself.')
        result = {"loss": result[0], **result[1]}
    else:
        result = dict(result) if isinstance(result, dict) else {"loss": result}
    for name, value in result.items():
        if isinstance(value, (int, float)):
            result[name] = value = torch.tensor(float(value))
        if not isinstance(value, torch.Tensor):
            raise TypeError(
                f"{name!r} is {type(value).__name__}, not a scalar tensor. A loss returns a scalar "
                "or (scalar, {name: term}); a step returns {name: scalar}. Is a return missing?"
            )
        if value.numel() != 1:
            raise ValueError(
                f"{name!r} has shape {list(value.shape)}, not one number: average over the batch "
                "with .mean()."
            )
    return result


def loss(value: Any, name: str, models: dict[str, nn.Module]) -> None:
    """Check what `minimize` was given."""
    if name not in models:
        known = ", ".join(map(repr, models))
        raise ValueError(f"There is no model {name!r} to minimize for; there is {known}.")
    if not isinstance(value, torch.Tensor) or value.numel() != 1:
        shape = list(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
        raise ValueError(f"minimize needs a loss that is one number in a tensor, not {shape}.")
    if not value.requires_grad:
        raise ValueError(
            "The loss does not depend on any parameter: was it computed under no_grad, with "
            ".detach() or .item(), or without the model?"
        )


def gradients(model: nn.Module, name: str, checked: set[str]) -> None:
    """Complain, the first time, about parameters that the loss does not reach."""
    if name in checked:
        return
    checked.add(name)
    missing = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
    if missing:
        shown = ", ".join(missing[:4]) + (", ..." if len(missing) > 4 else "")
        raise ValueError(
            f"The loss gives no gradient to {len(missing)} parameter(s) of {name!r}: {shown}. "
            "Is there a .detach(), a no_grad or an unused layer? If it is on purpose, freeze them "
            "with parameter.requires_grad_(False)."
        )


def stacked(
    pending: list[dict[str, torch.Tensor]], device: torch.device
) -> tuple[list[str], torch.Tensor]:
    """The names and the values [steps, names] of the losses of some steps."""
    names = list(pending[0])
    for row in pending:
        if list(row) != names:
            raise ValueError(
                f"The loss named its terms {names} at first and {list(row)} later; every step must "
                "return the same names."
            )
    flat = [row[name] for row in pending for name in names]
    try:
        values = torch.stack(flat)
    except RuntimeError:  # some are on another device, or have an axis too many
        values = torch.stack([_scalar(term, device) for term in flat])
    return names, values.detach().to(device).float().view(len(pending), len(names))


def _scalar(term: torch.Tensor, device: torch.device) -> torch.Tensor:
    if term.device.type != device.type:  # a number that Python made: reading it waits for nothing
        return torch.full((), float(term), device=device)
    return term.detach().float().reshape(())


def finite(
    names: list[str], rows: list[list[float]], models: dict[str, nn.Module], step: int, clean: int
) -> None:
    """Complain about the first loss, or else about weights, that are NaN or infinite.

    Args:
        names: The names of the losses.
        rows: Their values in the last steps.
        models: The models after these steps.
        step: The number of the last step.
        clean: The step to which the trainer will return.

    Raises:
        TrainingDiverged: With the first bad step, the name and the usual causes.
    """
    what = None
    for number, row in enumerate(rows, start=step - len(rows) + 1):
        if not all(map(math.isfinite, row)):
            named = zip(names, row, strict=True)
            bad = [f"{name} became {value}" for name, value in named if not math.isfinite(value)]
            what = f"{' and '.join(bad)} at step {number}"
            break
    else:
        weights = [p for model in models.values() for p in model.parameters()]
        if not torch.stack([p.isfinite().all() for p in weights]).all():
            what = f"Weights became NaN or infinite by the update of step {step}"
    if what:
        raise TrainingDiverged(
            f"{what}. Usual causes: too large a learning rate (try a tenth), log(0) or exp(large) "
            "in the loss (use logits and logsumexp), no limit on gradients (try clip=1.0). "
            f"The trainer is back at step {clean}, where everything was finite."
        )
