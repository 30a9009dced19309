"""The state of a trainer, and checkpoint files of it.

A file is written whole or not at all, and read without running code from it.
"""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from . import processes
from .stop_button import StopButton

if TYPE_CHECKING:
    from .loop import Trainer

FORMAT = 1
PARTS = ("models", "optimizers", "averages")
PLACES = ("capturable", "fused", "foreach")  # options that say how to compute, not what


def state_of(trainer: Trainer) -> dict[str, Any]:
    """Everything that changes while training, except the history (which only grows)."""
    state = {
        part: {name: value.state_dict() for name, value in getattr(trainer, part).items()}
        for part in PARTS
    }
    state["scaler"] = trainer._scaler.state_dict()
    return {**state, "step": trainer.step, "seed": trainer.seed, "streams": trainer._streams}


def copied(state: Any) -> Any:
    """A copy of the tensors in nested dicts and lists; the rest is never changed in place."""
    if isinstance(state, torch.Tensor):
        return state.clone()
    if isinstance(state, dict):
        return {key: copied(value) for key, value in state.items()}
    if isinstance(state, list):
        return [copied(value) for value in state]
    return state


def set_state(trainer: Trainer, state: dict[str, Any]) -> None:
    """Put back what `state_of` returned, and cut the history to it."""
    with StopButton():  # an impatient interrupt must not leave half of it
        for part in ("models", "averages"):
            for name, value in getattr(trainer, part).items():
                value.load_state_dict(state[part][name])
        for name, optimizer in trainer.optimizers.items():
            optimizer.load_state_dict(_placed(state["optimizers"][name], optimizer))
        # A new scaler: an error in the middle of a step leaves marks that its state does not hold.
        enabled = trainer._scaler.is_enabled()
        trainer._scaler = torch.amp.GradScaler(trainer.device.type, enabled=enabled)
        trainer._scaler.load_state_dict(state["scaler"])
        trainer.step, trainer._streams, trainer._pending = state["step"], state["streams"], []
        trainer.history.cut(trainer.step)


def _placed(state: dict[str, Any], optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """An optimizer's state with what depends on where it computes as `optimizer` has it."""
    groups = []
    for saved, own in zip(state["param_groups"], optimizer.param_groups, strict=True):
        group = {**saved, **{key: own[key] for key in PLACES if key in own}}
        if isinstance(own.get("lr"), torch.Tensor):  # a recorded step reads it on the device
            group["lr"] = torch.tensor(float(saved["lr"]), device=own["lr"].device)
        else:
            group["lr"] = float(saved["lr"])
        groups.append(group)
    return {**state, "param_groups": groups}


def _check_options(path: str, trainer: Trainer, state: dict[str, Any]) -> None:
    """Raise if the file's optimizers have other options than the trainer's."""
    for name, optimizer in trainer.optimizers.items():
        saved = state["optimizers"][name]["param_groups"]
        if len(saved) != len(optimizer.param_groups):
            raise ValueError(f"{path!r} was written with another optimizer of {name!r}.")
        for old, new in zip(saved, optimizer.param_groups, strict=True):
            keys = sorted((old.keys() | new.keys()) - {"params", "lr", *PLACES})
            other = [key for key in keys if _plain(old.get(key)) != _plain(new.get(key))]
            if other:
                was = ", ".join(f"{key}={_plain(old.get(key))}" for key in other)
                now = ", ".join(f"{key}={_plain(new.get(key))}" for key in other)
                raise ValueError(
                    f"{path!r} was written by an optimizer of {name!r} with {was}, but this "
                    f"trainer has {now}. Make the trainer as it was, or delete the file to start "
                    "anew."
                )


def _plain(value: Any) -> Any:
    """Tuples become lists in a file."""
    return list(value) if isinstance(value, tuple) else value


def save_from(trainer: Trainer, path: str | os.PathLike) -> None:
    """Write the state of `trainer` to a file; all its processes take part.

    Raises:
        ValueError: If `path` cannot be written.
    """
    check_folder(path)
    state = {**state_of(trainer), "history": trainer.history.state_dict()}
    state["streams"] = processes.gather(state["streams"], trainer.world)
    if trainer.rank == 0:
        write(path, state)
    processes.wait(trainer.world)


def load_into(trainer: Trainer, path: str | os.PathLike) -> None:
    """Give `trainer` the state in a file, or leave it as it is and say what does not fit.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no checkpoint, or one of another model or with other options.
    """
    state = read(path)
    if state["seed"] != trainer.seed or len(state["streams"]) != trainer.world:
        raise ValueError(
            f"{os.fspath(path)!r} was written with seed={state['seed']} by "
            f"{len(state['streams'])} process(es), but this trainer has seed={trainer.seed} and "
            f"{trainer.world}. Make the trainer as it was, or delete the file to start anew."
        )
    if any(set(state[part]) != set(getattr(trainer, part)) for part in PARTS):
        raise ValueError(
            f"{os.fspath(path)!r} holds the models {sorted(state['models'])} "
            f"{'with' if state['averages'] else 'without'} ema, but this trainer has "
            f"{sorted(trainer.models)} {'with' if trainer.averages else 'without'} it."
        )
    _check_options(os.fspath(path), trainer, state)
    before = copied(state_of(trainer))
    state["streams"] = state["streams"][trainer.rank]
    try:
        set_state(trainer, state)
    except (RuntimeError, ValueError, KeyError) as error:
        set_state(trainer, before)
        raise ValueError(
            f"{os.fspath(path)!r} is a checkpoint of another model: {error}. "
            "Make the model as it was, or delete the file to start anew."
        ) from None
    trainer.history.load_state_dict(state["history"])


def exists(path: str | os.PathLike, world: int) -> bool:
    """Whether there is a file to go on from: for all processes, or for none.

    Raises:
        ValueError: If only some of them see it.
    """
    seen = processes.gather(os.path.exists(path), world)
    if len(set(seen)) > 1:
        raise ValueError(
            f"Only {sum(seen)} of {world} processes see the file {os.fspath(path)!r}: put it where "
            "all of them can read it."
        )
    return seen[0]


def check_folder(path: str | os.PathLike) -> None:
    """Complain now, not after an hour of training, when `path` cannot be written.

    Raises:
        ValueError: If its folder does not exist or `path` is a folder.
    """
    path = Path(path)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise ValueError(
            f"save={str(path)!r}: give the name of a file in a folder that exists, "
            "for instance save='model.pt'."
        )


def write(path: str | os.PathLike, state: dict[str, Any]) -> None:
    """Write `state` to `path`; a crash leaves the old file or the new one, nothing between."""
    path = os.path.realpath(path)  # what a link points to is replaced, not the link
    temporary = Path(f"{path}.tmp")  # one name: what a killed run left is overwritten
    try:
        with open(temporary, "wb") as file:
            torch.save({"format": FORMAT, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: str | os.PathLike) -> dict[str, Any]:
    """The state that `write` wrote.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not a checkpoint of this trainer.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no checkpoint {os.fspath(path)!r}.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "weights_only" in str(error) and "GLOBAL" in str(error):
            first = str(error).partition("Unsupported global: GLOBAL ")[2].partition(" was not")[0]
            raise ValueError(
                f"{os.fspath(path)!r} holds an object of a kind that is not read from files, for "
                f"safety: {first or 'an unknown one'}. Options and states must be plain numbers "
                "and tensors."
            ) from None
        state = None
    except (RuntimeError, EOFError, ValueError, KeyError):
        state = None
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ValueError(
            f"{os.fspath(path)!r} is damaged or not a checkpoint of this trainer. "
            "Delete it to start anew, or give the right file."
        )
    return state
