"""Time of a training step: our trainer beside the loop written by hand, and beside others.

The hand-written loop is the best one we know: data on the device, shuffled by index, fused Adam,
losses fetched every 50 steps. The trainer adds history, NaN checks, clean copies and its own random
streams. The DataLoader loop is the one of most tutorials: a loader, plain Adam, ``loss.item()``
every step. The engines are run the way their guides show; Lightning with its defaults (a progress
bar, a log, a checkpoint at the end) and without them. All compute the same losses on batches of the
same size.

A step's time is the CPU time from the start of step 11 to the start of the last step, divided by
their number: setting up is left out, what a loop does now and then is in. Goals: at most 1.10 of
the hand loop on a model that does nothing and 1.05 on a VAE; 0.80 (GAN) and 0.90 (VAE) of the
DataLoader loop; 0.60 (GAN) and 0.75 (VAE) of Lightning's defaults; 2.2 of the bare matrix products
of the VAE.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lecture_utils.training import Trainer

from .common import alternate, arguments, compared, report
from .workloads import LR, Workload, workloads

SKIP = 10  # steps at the beginning that are not timed
Run = Callable[[Workload, Callable[[], None]], None]


def by_hand(work: Workload, tick: Callable[[], None]) -> None:
    """The loop as one would write it in a notebook, at its best."""
    model = work.make()
    optimizers = _adams(model, work, fused=True)
    data, history, pending, step = work.data, [], [], 0
    while step < work.steps:
        order = torch.randperm(len(data))
        for begin in range(0, len(data) - work.batch_size + 1, work.batch_size):
            tick()
            x = data[order[begin : begin + work.batch_size]]
            for name, loss in work.losses.items():
                value = loss(model, x)
                optimizers[name].zero_grad()
                value.backward()
                optimizers[name].step()
                pending.append(value.detach())
            step += 1
            if step % 50 == 0 or step == work.steps:
                history += torch.stack(pending).tolist()
                pending = []
            if step == work.steps:
                return


def data_loader(work: Workload, tick: Callable[[], None]) -> None:
    """The loop of most tutorials."""
    model = work.make()
    optimizers = _adams(model, work)
    history = []
    for (x,) in _batches(work):
        tick()
        for name, loss in work.losses.items():
            value = loss(model, x)
            optimizers[name].zero_grad()
            value.backward()
            optimizers[name].step()
            history.append(value.item())


def trainer(work: Workload, tick: Callable[[], None], *, bar: bool = False) -> None:
    """Ours."""
    model = work.make()

    def step(t: Trainer, x: torch.Tensor) -> dict[str, torch.Tensor]:
        tick()
        terms = {}
        for name, loss in work.losses.items():
            terms[name] = loss(model, x)
            t.minimize(terms[name], name)
        return terms

    def loss(whole: nn.Module, x: torch.Tensor) -> torch.Tensor:
        tick()
        return work.losses[""](whole, x)

    if "" in work.losses:
        ours = Trainer(model, loss, lr=LR, device="cpu")
    else:
        parts = {name: work.part(model, name) for name in work.losses}
        ours = Trainer(parts, step=step, lr=LR, device="cpu")
    with contextlib.redirect_stderr(io.StringIO()):  # the bar, if there is one
        ours.fit(work.data, steps=work.steps, batch_size=work.batch_size, bar=bar)


def ignite(work: Workload, tick: Callable[[], None]) -> None:
    """PyTorch-Ignite's Engine."""
    from ignite.engine import Engine

    model = work.make()
    optimizers = _adams(model, work)

    def update(_: Engine, batch: list[torch.Tensor]) -> float:
        tick()
        for name, loss in work.losses.items():
            value = loss(model, *batch)
            optimizers[name].zero_grad()
            value.backward()
            optimizers[name].step()
        return value.item()

    Engine(update).run(_loader(work), max_epochs=1, epoch_length=work.steps)


def accelerate(work: Workload, tick: Callable[[], None]) -> None:
    """Hugging Face Accelerate: modules, optimizers and loader are prepared."""
    from accelerate import Accelerator

    engine = Accelerator(cpu=True)
    model = work.make()
    optimizers = _adams(model, work)
    prepared = engine.prepare(_WithLosses(model, work), *optimizers.values(), _loader(work))
    _engine_loop(engine, work, tick, prepared[0], prepared[1:-1], prepared[-1])


def fabric(work: Workload, tick: Callable[[], None]) -> None:
    """Lightning Fabric: the same, with its own set-up."""
    from lightning.fabric import Fabric

    engine = Fabric(accelerator="cpu", devices=1)
    engine.launch()
    model = work.make()
    optimizers = _adams(model, work)
    module, *prepared = engine.setup(_WithLosses(model, work), *optimizers.values())
    loader = engine.setup_dataloaders(_loader(work))
    _engine_loop(engine, work, tick, module, prepared, loader)


def lightning(work: Workload, tick: Callable[[], None], *, bare: bool = False) -> None:
    """Lightning's Trainer, with its defaults or with everything switched off."""
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = work.make()
            self.automatic_optimization = "" in work.losses

        def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
            tick()
            if "" in work.losses:
                value = work.losses[""](self.model, *batch)
            else:
                for optimizer, loss in zip(self.optimizers(), work.losses.values(), strict=True):
                    value = loss(self.model, *batch)
                    optimizer.zero_grad()
                    self.manual_backward(value)
                    optimizer.step()
            if not bare:
                self.log("loss", value, prog_bar=True)
            return value

        def configure_optimizers(self) -> list[torch.optim.Optimizer]:
            return list(_adams(self.model, work).values())

    off = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    options = dict.fromkeys(off, False) if bare else {}
    with tempfile.TemporaryDirectory() as folder:
        engine = lightning.Trainer(
            max_steps=work.steps * len(work.losses),  # it counts the updates
            accelerator="cpu",
            devices=1,
            default_root_dir=folder,
            **options,
        )
        engine.fit(Module(), _loader(work))


RUNS: dict[str, Run] = {
    "by hand": by_hand,
    "trainer": trainer,
    "trainer, bar": lambda *given: trainer(*given, bar=True),
    "DataLoader loop": data_loader,
    "Ignite": ignite,
    "Accelerate": accelerate,
    "Fabric": fabric,
    "Lightning, bare": lambda *given: lightning(*given, bare=True),
    "Lightning": lightning,
}
NEEDS = {
    "Ignite": "ignite",
    "Accelerate": "accelerate",
    "Fabric": "lightning",
    "Lightning, bare": "lightning",
    "Lightning": "lightning",
}


def matrix_products(work: Workload, tick: Callable[[], None]) -> None:
    """The multiplications of a step of the VAE, forward and backward, and nothing else."""
    B = work.batch_size
    pixels, hidden, latent = 784, 400, 20
    shapes = [(pixels, hidden), (hidden, 2 * latent), (latent, hidden), (hidden, pixels)]
    products = []
    for number, (before, after) in enumerate(shapes):
        x, w, g = torch.randn(B, before), torch.randn(before, after), torch.randn(B, after)
        products += [(x, w), (x.T, g)]  # the layer, and the gradient of its weights
        if number:
            products.append((g, w.T))  # the gradient of its input; nobody asks for the image's
    out = [torch.empty(a.shape[0], b.shape[1]) for a, b in products]
    for _ in range(work.steps):
        tick()
        for (a, b), place in zip(products, out, strict=True):
            torch.mm(a, b, out=place)


def seconds_a_step(run: Run, work: Workload) -> float:
    """CPU seconds of a step, without the first ones."""
    times: list[float] = []
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        run(work, lambda: times.append(time.process_time()))
    if len(times) != work.steps:
        raise RuntimeError(f"Expected {work.steps} steps, but there were {len(times)}.")
    return (times[-1] - times[SKIP]) / (len(times) - 1 - SKIP)


def measure(rounds: int = 9, smoke: bool = False) -> dict[str, list[dict[str, Any]]]:
    """Rows of `compared` for each workload, with seconds a step."""
    found = {name for name in set(NEEDS.values()) if importlib.util.find_spec(name)}
    results = {}
    for name, work in workloads(smoke).items():
        runs = {key: run for key, run in RUNS.items() if NEEDS.get(key) in (None, *found)}
        if name.startswith("VAE"):
            runs["matrix products"] = matrix_products
        with _quiet():
            seconds = alternate(runs, rounds, lambda run, work=work: seconds_a_step(run, work))
        results[name] = compared(seconds, to="by hand")
        ours = dict(zip(seconds, results[name], strict=True))["trainer"]
        for row in results[name]:  # the goals compare the trainer with each of the others
            pairs = zip(seconds["trainer"], seconds[row["name"]], strict=True)
            ratios = sorted(a / b for a, b in pairs)
            row["trainer_ratio"] = ratios[len(ratios) // 2]
            row["trainer_best_ratio"] = ours["seconds"] / row["seconds"]
    return results


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Measure, print a table, and return the numbers."""
    options = arguments(__doc__, argv)
    torch.set_num_threads(1)
    results = measure(1 if options.smoke else options.rounds, options.smoke)
    for workload, rows in results.items():
        print(f"{workload}: microseconds a step, ratio to the loop by hand (smallest, largest in a")
        print("  round), and the trainer's ratio to it")
        for row in rows:
            low, high = row["ratio_range"]
            ratios = f"{row['ratio']:.3f} ({low:.3f}, {high:.3f})   {row['trainer_ratio']:.3f}"
            print(f"  {row['name']:16s} {1e6 * row['seconds']:8.0f}   {ratios}")
    if missing := {NEEDS[key] for key in NEEDS if not importlib.util.find_spec(NEEDS[key])}:
        print(
            f"Not installed: {', '.join(sorted(missing))}. pip install -e '.[benchmark]' has all."
        )
    return report({"step_time": results}, options.json)


class _WithLosses(nn.Module):
    """A module whose forward is a loss: what the bigger engines wrap."""

    def __init__(self, model: nn.Module, work: Workload) -> None:
        super().__init__()
        self.model, self.losses = model, work.losses

    def forward(self, name: str, *batch: torch.Tensor) -> torch.Tensor:
        return self.losses[name](self.model, *batch)


def _engine_loop(
    engine: Any,
    work: Workload,
    tick: Callable[[], None],
    module: nn.Module,
    optimizers: Sequence[Any],
    loader: Any,
) -> None:
    """The loop that the guides of Accelerate and of Fabric show."""
    history = []
    for batch in _until(work.steps, loader):
        tick()
        for name, optimizer in zip(work.losses, optimizers, strict=True):
            value = module(name, *batch)
            optimizer.zero_grad()
            engine.backward(value)
            optimizer.step()
            history.append(value.item())


def _adams(model: nn.Module, work: Workload, **options: Any) -> dict[str, torch.optim.Optimizer]:
    return {
        name: torch.optim.Adam(work.part(model, name).parameters(), lr=LR, **options)
        for name in work.losses
    }


def _loader(work: Workload) -> DataLoader:
    data = TensorDataset(work.data)
    return DataLoader(data, batch_size=work.batch_size, shuffle=True, drop_last=True)


def _until(steps: int, loader: DataLoader) -> Iterator[Any]:
    """Batches of as many epochs as it takes."""
    while True:
        for batch in loader:
            if steps == 0:
                return
            steps -= 1
            yield batch


def _batches(work: Workload) -> Iterator[list[torch.Tensor]]:
    return _until(work.steps, _loader(work))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the engines' advice."""
    os.environ.setdefault("ACCELERATE_USE_CPU", "1")
    names = ["lightning", "lightning.pytorch", "lightning.fabric", "accelerate", "ignite"]
    names += ["lightning.pytorch.utilities.rank_zero", "lightning.fabric.utilities.rank_zero"]
    levels = {name: logging.getLogger(name).level for name in names}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)


if __name__ == "__main__":
    main()
