"""What every trainer promises, for every trainer: the same end, whatever happens on the way."""

from __future__ import annotations

import signal

import pytest
import torch
from torch import distributions as D

from lecture_utils.training import (
    AutoregressiveTrainer,
    DiffusionTrainer,
    FlowMatchingTrainer,
    GANTrainer,
    LikelihoodTrainer,
    VAETrainer,
    checkpoint,
)
from lecture_utils.training.autoregressive import MADE
from lecture_utils.training.diffusion import Diffusion
from lecture_utils.training.flow import Flow, TimeNetwork
from lecture_utils.training.gan import Critic, Generator
from lecture_utils.training.likelihood import Parametric
from lecture_utils.training.vae import VAE

POINTS = torch.randn(120, 2, generator=torch.Generator().manual_seed(0))
PIXELS = (torch.rand(120, 6, generator=torch.Generator().manual_seed(1)) < 0.4).float()
TRAINERS = {
    "likelihood": lambda **o: LikelihoodTrainer(
        Parametric(D.Normal, loc=torch.zeros(2), scale=torch.ones(2)), **o
    ),
    "autoregressive": lambda **o: AutoregressiveTrainer(MADE(6, 8), **o),
    "VAE": lambda **o: VAETrainer(VAE(6, 2, (8,)), **o),
    "VAE, 3 samples": lambda **o: VAETrainer(VAE(6, 2, (8,)), importance_samples=3, **o),
    "GAN": lambda **o: GANTrainer(Generator(2, 2, (8,)), Critic(2, (8,), octaves=1), **o),
    "diffusion": lambda **o: DiffusionTrainer(
        Diffusion(TimeNetwork(2, (8,)), 2, num_steps=30), **o
    ),
    "flow": lambda **o: FlowMatchingTrainer(Flow(TimeNetwork(2, (8,)), 2), **o),
}
OPTIONS = {
    "plain": {},
    "all": {"ema": 0.9, "clip": 0.5, "weight_decay": 0.1, "schedule": "cosine"},
    "bf16": {"amp": "bf16", "ema": 0.9},
    "SGD": {"optimizer": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.5)},
}


@pytest.fixture(autouse=True)
def one_thread_no_bar(monkeypatch):
    monkeypatch.setenv("LECTURE_STATIC", "1")
    torch.set_num_threads(1)


def made(name: str, **options):
    torch.manual_seed(5)
    return TRAINERS[name](**{"device": "cpu", "seed": 3, **options})


def run(trainer, steps: int = 70, **fit):
    pixels = isinstance(trainer, (AutoregressiveTrainer, VAETrainer))
    trainer.fit(PIXELS if pixels else POINTS, steps=steps, batch_size=20, **fit)
    return trainer


def same(a, b) -> bool:
    """Weights, optimizers, averages, random streams and history: bit for bit."""

    def equal(p, q):
        if isinstance(p, torch.Tensor):
            return torch.equal(p, q)
        if isinstance(p, dict):
            return p.keys() == q.keys() and all(equal(p[k], q[k]) for k in p)
        if isinstance(p, (list, tuple)):
            return len(p) == len(q) and all(map(equal, p, q))
        return p == q

    return equal(checkpoint.state_of(a), checkpoint.state_of(b)) and equal(
        a.history.state_dict(), b.history.state_dict()
    )


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("name", TRAINERS)
def test_resumed_from_a_file_it_ends_where_an_undisturbed_run_ends(name, options, tmp_path):
    straight = run(made(name, **options))
    seen = {}
    first = made(name, **options)
    first.fit = _stopping(first, at=33, seen=seen)
    run(first, save=tmp_path / "m.pt", save_every=20)
    torch.rand(3)
    second = run(made(name, **options), save=tmp_path / "m.pt", resume=True)
    assert seen == {"stopped": 33} and same(straight, second)
    run(first)  # and the one that was stopped goes on
    assert same(straight, first)


def _stopping(trainer, at: int, seen: dict):
    """Its `fit`, with the stop button pressed in the middle of a step, once."""
    fit, step = trainer.fit, trainer.train_step

    def pressed(*batch):
        if trainer.step == at - 1 and not seen:
            seen["stopped"] = at
            signal.raise_signal(signal.SIGINT)
        return step(*batch)

    trainer.train_step = pressed
    return fit


@pytest.mark.parametrize("name", TRAINERS)
def test_the_bar_and_a_validation_change_nothing(name, monkeypatch, capsys):
    quiet = run(made(name, ema=0.9))
    monkeypatch.delenv("LECTURE_STATIC")
    watched = made(name, ema=0.9)
    held_out = {"validation": PIXELS if "VAE" in name or name == "autoregressive" else POINTS}
    run(watched, bar=True, **({} if name == "GAN" else {**held_out, "validate_every": 10}))
    assert quiet.history.losses == watched.history.losses
    watched.history.validation.clear()
    assert same(quiet, watched)
    assert "70/70" in capsys.readouterr().err


@pytest.mark.parametrize("name", TRAINERS)
def test_the_stream_of_the_notebook_is_left_alone(name):
    torch.manual_seed(1)
    expected = torch.rand(3)
    trainer = made(name)
    torch.manual_seed(1)
    run(trainer, steps=3)
    assert torch.equal(torch.rand(3), expected)
