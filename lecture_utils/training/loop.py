"""The training loop: one loop for every model of the book, on plain PyTorch.

Read `Trainer.train_step`, `Trainer.minimize` and `Trainer._loop`: they are the loop.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from ..device import as_device, best_device
from . import checkpoint, checks, extras, graphs, processes, streams
from .batches import Batch, Loaded, Rows, shuffled, source
from .history import History
from .stop_button import StopButton

CHECK_EVERY = 50  # steps between two looks at the losses: a look has to wait for the device
Chore = tuple[int, bool, Callable[[], None]]  # every so many steps; when stopped, too; what


class Trainer:
    """Minimizes a loss over shuffled mini-batches, and looks after everything around it.

    Args:
        model: A module, or several by name: ``{"G": generator, "D": critic}``.
        loss: ``loss(model, *batch)`` returns a scalar, or ``(scalar, {name: term})`` to note parts
            of it too. This function is all that a student writes.
        step: Instead, a step of your own: ``step(trainer, *batch)`` calls
            ``trainer.minimize(loss, name)`` as often as it likes and returns ``{name: scalar}``.
        lr: Learning rate, or one for each model: ``{"G": 1e-3, "D": 2e-3}``.
        weight_decay: Pull of the weights towards zero (AdamW; with 0 it is Adam).
        optimizer: ``optimizer(parameters)`` returns another optimizer; or a dict of these.
        schedule: ``"cosine"``, or a function of the progress (0 to 1) that multiplies `lr`.
        ema: Decay, such as 0.999, of a moving average of the weights; see `trained`. It warms up,
            so that a short run is not stuck at its start.
        clip: Largest norm of a gradient.
        amp: ``"bf16"`` or ``"fp16"`` computes in mixed precision.
        compile: Compile the loss with ``torch.compile``: True or a backend. Pays in long runs only.
        graph: On CUDA, record a step once and replay it, for small models. The loss must not look
            at values of tensors, and what it computes in Python is computed once.
        device: Where to train; `best_device()` when None.
        seed: Of the order of the batches and of the noise that losses draw. Weights are drawn when
            the model is made: seed there, with ``torch.manual_seed``.

    Raises:
        TypeError, ValueError: If an option is impossible; the message says what to do.
    """

    def __init__(
        self,
        model: nn.Module | dict[str, nn.Module],
        loss: Callable | None = None,
        *,
        step: Callable | None = None,
        lr: float | dict[str, float] = 1e-3,
        weight_decay: float = 0.0,
        optimizer: Callable | dict[str, Callable] | None = None,
        schedule: str | Callable[[float], float] | None = None,
        ema: float | None = None,
        clip: float | None = None,
        amp: str | None = None,
        compile: bool | str = False,
        graph: bool = False,
        device: str | torch.device | None = None,
        seed: int = 0,
    ) -> None:
        self.models = checks.models(model)
        self.device = best_device() if device is None else as_device(device)
        checks.options(loss, step, weight_decay, schedule, ema, clip, seed)
        checks.precision(amp, compile, graph, step, self.device)
        self.rank, self.world = processes.join(self.device)
        self.graph = graph and graphs.can_record(self.device) and self.world == 1
        for part in self.models.values():
            processes.same_start(part.to(self.device), self.world)
        self.loss, self.own_step, self.seed = extras.compiled(loss, compile), step, seed
        self.ema, self.clip, self.schedule = ema, clip, extras.SCHEDULES.get(schedule, schedule)
        self.optimizers = extras.optimizers(self.models, optimizer, lr, weight_decay, self.graph)
        self.averages = extras.averages(self.models) if ema else {}
        self._autocast = extras.autocast(amp, self.device, self.graph)
        self._scaler = torch.amp.GradScaler(self.device.type, enabled=amp == "fp16")
        self.step, self.history = 0, History()
        self.progress = torch.zeros((), device=self.device) if self.graph else 0.0  # up to 1
        self._pending: list[dict[str, torch.Tensor]] = []  # losses still on the device
        self._checked: set[str] = set()  # models whose gradients have been looked at
        self._streams = streams.fresh(seed, "noise", self.device, self.rank)

    @property
    def trained(self) -> Any:
        """What to use: the moving average with `ema`, else the model (a dict if given a dict)."""
        models = self.averages or self.models
        return models["model"] if list(models) == ["model"] else models

    # -- The loop ------------------------------------------------------------------------------

    def train_step(self, *batch: torch.Tensor) -> dict[str, torch.Tensor]:
        """One step: the loss of a batch, then one update. Returns what the history notes."""
        if self.own_step:
            return checks.terms(self.own_step(self, *batch))
        terms = checks.terms(self.loss(self.models["model"], *batch))
        self.minimize(terms["loss"])
        return terms

    def minimize(self, loss: torch.Tensor, name: str = "model") -> None:
        """One update of ``models[name]`` down the gradient of `loss`."""
        checks.loss(loss, name, self.models)
        model, optimizer = self.models[name], self.optimizers[name]
        optimizer.zero_grad()
        extras.backward(self._scaler.scale(loss), model, alone=len(self.models) == 1)
        checks.gradients(model, name, self._checked)
        processes.average_gradients(model, self.world)
        extras.clip_gradients(model, self.clip, optimizer, self._scaler)
        self._scaler.step(optimizer)
        self._scaler.update()
        torch.clear_autocast_cache()  # it holds the weights as they were before this update

    def _loop(self, batches: Iterable[Batch], steps: int, chores: list[Chore]) -> None:
        """Step after step; each of the `chores` now and then, and at the end."""
        step = graphs.Replayed(self.train_step, self.device) if self.graph else self.train_step
        with StopButton() as button:
            for batch in batches:
                extras.set_progress(self, self.step / steps)
                with self._autocast():
                    terms = step(*batch)
                extras.update_averages(self.averages, self.models, self.ema, self.step)
                self._pending.append({name: term.detach() for name, term in terms.items()})
                self.step += 1
                stop = processes.any_process(button.pressed, self.world)
                for every, at_stop, chore in chores:
                    if self.step % every == 0 or self.step == steps or (stop and at_stop):
                        chore()
                if stop:
                    break

    # -- Around it -----------------------------------------------------------------------------

    def fit(
        self,
        data: torch.Tensor | Batch | DataLoader,
        *,
        steps: int,
        batch_size: int | None = None,
        validation: torch.Tensor | Batch | DataLoader | None = None,
        validate_every: int = 100,
        save: str | os.PathLike | None = None,
        save_every: int = 1000,
        resume: bool = False,
        bar: bool | None = None,
    ) -> History:
        """Train until `steps` steps have been made in all; the stop button is safe.

        Args:
            data: A tensor of examples [n, ...], or several with equally many rows; or a
                ``DataLoader``, for data that do not fit into memory.
            steps: The total: a second call with the same number has nothing left to do.
            batch_size: Examples a step, over all processes together; 128 if not given, and with a
                loader its own.
            validation: Held-out data like `data`; their loss is noted every `validate_every` steps.
            save: A checkpoint file, written every `save_every` steps and at the end.
            resume: Go on from the file `save`, if there is one, to the same end as in one run.
            bar: Show a progress bar; when None, unless the book is being built.

        Returns:
            The history of all steps so far. The models are in evaluation mode.

        Raises:
            TrainingDiverged: If a loss or a weight becomes NaN or infinite. As after any other
                error, everything is then as it was when the losses were last looked at.
            TypeError, ValueError: If data or an option are impossible.
        """
        checks.fit_options(steps, validate_every, save, save_every, resume)
        data = source(data, self.device, self.models, "data")
        batch_size = checks.batch_size(data.batch_size(batch_size), len(data), self.world)
        if validation is not None:
            checks.can_validate(self.loss)
            validation = source(validation, self.device, self.models, "validation")
        if resume and self.step == 0 and checkpoint.exists(save, self.world):
            self.load(save)
        if self.step >= steps:
            print(f"Nothing to do: {self.step} steps are made, and steps={steps} is the total.")
            return self.history
        to_do = range(self.step, steps)
        batches = shuffled(data, batch_size, self.seed, to_do, self.rank, self.world)
        with self._undisturbed(), extras.bar(bar, self.step, steps, self.rank) as progress:
            chores: list[Chore] = [(CHECK_EVERY, True, lambda: self._check(progress))]
            if validation is not None:
                chores += [(validate_every, False, lambda: self._validate(validation, batch_size))]
            if save is not None:
                chores.append((save_every, True, lambda: self.save(save)))
            self._loop(batches, steps, chores)
        if self.step < steps:
            print(f"Stopped by you after step {self.step} of {steps}; fit again goes on.")
        return self.history

    def save(self, path: str | os.PathLike) -> None:
        """Write everything that `load` needs to go on as if nothing had happened."""
        self._check()
        checkpoint.save_from(self, path)

    def load(self, path: str | os.PathLike) -> Trainer:
        """Take over weights, optimizers, averages, history and random streams from a file."""
        checkpoint.load_into(self, path)
        return self

    @contextlib.contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Training mode and the trainer's own random streams; an error undoes what was done."""
        with streams.kept(self.device):
            streams.set_states(self._streams, self.device)
            self._keep()
            extras.set_mode(self.models, training=True)
            try:
                yield
                self._streams = streams.get_states(self.device)
            except BaseException:
                checkpoint.set_state(self, self._clean)
                raise
            finally:
                extras.set_mode(self.models, training=False)

    def _keep(self) -> None:
        """Remember a clean copy of everything, on the device."""
        self._streams = streams.get_states(self.device)
        self._clean = checkpoint.copied(checkpoint.state_of(self))

    def _check(self, progress: Any = None) -> None:
        """Move the losses kept on the device to the history: the only place that waits for it."""
        if not self._pending:
            return
        names, values = checks.stacked(self._pending, self.device)
        rows = processes.mean_over_processes(values, self.world).tolist()
        checks.finite(names, rows, self.models, self.step, self._clean["step"])
        self.history.add(names, rows)
        self._pending = []
        self._keep()
        if progress is not None:
            progress(self.step, dict(zip(names, rows[-1], strict=True)))

    def _validate(self, data: Rows | Loaded, batch_size: int) -> None:
        """Note the average loss on held-out data, with the same noise every time."""
        model = self.averages.get("model", self.models["model"])
        with streams.kept(self.device), self._autocast():
            streams.set_states(streams.fresh(self.seed, "validation", self.device), self.device)
            scores = extras.average_terms(self.loss, model, data.in_order(batch_size))
        self.history.add_validation(self.step, scores)
