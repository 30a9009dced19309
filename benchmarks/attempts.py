"""Every attempt of the lecture on data whose probability is known: how many nats each one loses.

On a ring of eight Gaussians: one Gaussian, an autoregressive model, a VAE, two GANs, a diffusion
and a flow. All learn from the same 20,000 points; settings were chosen on 2,000 others, the
validation points; and all are scored on the same 2,000 test points. log p of the truth is known for
each of them, so that the *gap*, the mean of log p(x) - log p_model(x), is a paired difference: an
estimate of the KL divergence from the truth to the model, with its standard error. Then the same
for images of faces, whose probability is known as well, without GAN, diffusion and flow.

The numbers of a row are those of seed 0, and `seeds` has what each of three seeds gave; seconds
are CPU time of one thread, of the quickest seed. "bound" marks an upper bound on the nats, and so
on the gap. A GAN has no log p(x): its row has neither.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from lecture_utils.device import categorical, normal
from lecture_utils.estimates import Estimate
from lecture_utils.training import (
    AutoregressiveTrainer,
    DiffusionTrainer,
    FlowMatchingTrainer,
    LikelihoodTrainer,
)
from lecture_utils.training.autoregressive import MADE
from lecture_utils.training.diffusion import Diffusion
from lecture_utils.training.flow import Flow, TimeNetwork
from lecture_utils.training.gan import Critic, GANTrainer, Generator
from lecture_utils.training.networks import FourierFeatures, evaluating, mlp
from lecture_utils.training.vae import VAE, VAETrainer
from lecture_utils.worlds.genes import GeneFaces
from lecture_utils.worlds.mixtures import ring
from lecture_utils.worlds.modes import mode_report

from . import gans
from .common import arguments, report
from .digits import independent, mixture

SEEDS = (0, 1, 2)
WORLD = ring(scale=0.15)
EXAMPLES, VALIDATION, SCORED = 20_000, 2000, 2000
SAMPLES = 4000  # of every model, and as many fresh points of the data beside them
SHOWN = 1000  # of them are kept for the book
COMMON = {"schedule": "cosine", "ema": 0.998, "device": "cpu"}
KEPT = Path(__file__).parent.parent / "lecture_utils/datasets/files/attempts.npz"


@dataclass
class Trained:
    """What an attempt has become.

    Attributes:
        draw: n and a seeded generator to samples [n, D].
        log_px: x [n, D] to log p(x) [n] or a lower bound; None where there is none.
        bound: Whether it is a bound.
        notes: What else there is to say about the scores of x.
    """

    draw: Callable[[int, torch.Generator], torch.Tensor]
    log_px: Callable[[torch.Tensor], torch.Tensor] | None = None
    bound: bool = False
    notes: Callable[[torch.Tensor], dict[str, Any]] = field(default=lambda x: {})


# -- On the ring -----------------------------------------------------------------------------------


class Chain(nn.Module):
    """p(x_1) p(x_2 | x_1), each a mixture of Gaussians.

    Those of x_1 are parameters. A network tells those of x_2 from x_1 (a mixture density network).

    Args:
        modes: Gaussians of each mixture.
        hidden: The hidden layers of the network.
        octaves: Frequencies at which it sees x_1.
        scale: About the standard deviation of the data; all is computed for x / scale.
    """

    def __init__(
        self, modes: int, hidden: tuple[int, ...], *, octaves: int = 3, scale: float = 1.0
    ) -> None:
        super().__init__()
        start = torch.stack([torch.zeros(modes), torch.randn(modes), torch.full((modes,), -1.0)])
        self.first = nn.Parameter(start)  # [3, modes]: scores, means, log-deviations
        features = FourierFeatures(1, octaves)
        self.second = nn.Sequential(
            features, mlp(features.features, *hidden, 3 * modes, activation=nn.SiLU)
        )
        self.modes, self.scale = modes, scale

    def log_prob(self, x: torch.Tensor) -> torch.Tensor:
        """log p(x) of x [B, 2] in nats: [B]."""
        x = x / self.scale
        terms = [self._of_first(len(x)), self._of_second(x[:, :1])]
        logs = [_log_mixture(x[:, d], terms[d]) for d in (0, 1)]
        return logs[0] + logs[1] - 2 * math.log(self.scale)

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> torch.Tensor:
        """`n` points [n, 2]: x_1, and then x_2."""
        with evaluating(self):
            first = _draw_mixture(self._of_first(n), generator)
            second = _draw_mixture(self._of_second(first[:, None]), generator)
        return self.scale * torch.stack([first, second], 1)

    def _of_first(self, n: int) -> torch.Tensor:
        return self.first.expand(n, -1, -1)

    def _of_second(self, first: torch.Tensor) -> torch.Tensor:
        return self.second(first).view(-1, 3, self.modes)


def _log_mixture(x: torch.Tensor, terms: torch.Tensor) -> torch.Tensor:
    """log p(x) of numbers [B] under mixtures [B, 3, modes]: [B]."""
    scores, means, log_scales = terms.unbind(1)
    squares = ((x[:, None] - means) * (-log_scales).exp()).square()
    logs = scores.log_softmax(-1) - log_scales - 0.5 * (squares + math.log(2 * math.pi))
    return logs.logsumexp(-1)


def _draw_mixture(terms: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
    """A number of each mixture [B, 3, modes]: [B]."""
    scores, means, log_scales = terms.unbind(1)
    mode = categorical(scores.softmax(-1), generator=generator)[:, None]
    mean, log_scale = means.gather(1, mode)[:, 0], log_scales.gather(1, mode)[:, 0]
    return mean + log_scale.exp() * normal(mean.shape, mean, generator)


def gaussian(x: torch.Tensor, seed: int, steps: int | None = None) -> Trained:
    """One Gaussian, by its closed form."""
    fit = torch.distributions.MultivariateNormal(x.mean(0), torch.cov(x.T, correction=0))

    def draw(n: int, generator: torch.Generator) -> torch.Tensor:
        return fit.loc + normal((n, 2), x, generator) @ fit.scale_tril.T

    return Trained(draw, fit.log_prob)


def autoregressive(
    x: torch.Tensor,
    seed: int,
    steps: int | None = None,
    modes: int = 8,
    hidden: tuple[int, ...] = (128, 128),
    octaves: int = 3,
    lr: float = 5e-3,
) -> Trained:
    """x_1, and x_2 given x_1."""
    model = Chain(modes, hidden, octaves=octaves, scale=x.std(0).mean().item())
    trainer = LikelihoodTrainer(model, lr=lr, seed=seed, **COMMON)
    trainer.fit(x, steps=steps or 4000, batch_size=512, bar=False)
    return Trained(
        lambda n, dice: trainer.sample(n, generator=dice), lambda x: trainer.evaluate(x).log_px
    )


def vae(
    x: torch.Tensor,
    seed: int,
    steps: int | None = None,
    hidden: tuple[int, ...] = (128, 128),
    lr: float = 5e-3,
    samples: int = 1,
    batch: int = 512,
) -> Trained:
    """A code of two numbers, and a Gaussian around what the decoder makes of it."""
    model = VAE(2, 2, hidden, likelihood="gaussian", noise=0.3)
    options = {"importance_samples": samples, "lr": lr, "seed": seed, **COMMON}
    trainer = VAETrainer(model, **options)
    trainer.fit(x, steps=steps or 4000, batch_size=batch, bar=False)

    def notes(x: torch.Tensor) -> dict[str, Any]:
        torch.manual_seed(0)  # of the samples of z
        score = trainer.evaluate(x, num_samples=1000)
        found = {"elbo_nats": -float(score.elbo), "weighted_nats": float(score.nats)}
        return found | {"numerical_error": integrated(trainer.trained, x[:200])[1]}

    return Trained(
        lambda n, dice: trainer.sample(n, generator=dice),
        lambda x: integrated(trainer.trained, x)[0],
        notes=notes,
    )


@torch.no_grad()
def integrated(
    model: VAE, x: torch.Tensor, points: int = 501, reach: float = 7.0
) -> tuple[torch.Tensor, float]:
    """log p(x) [n] by the trapezoidal rule over codes; the change by half the points.

    As `exact_log_prob`, but in float32 and without the logarithms in between, which is good enough
    wherever p(x) is not tiny, and many times as fast.
    """
    axis = torch.linspace(-reach, reach, points)
    mass = (-0.5 * axis.double().square()).exp()
    mass = (mass / mass.sum()).float()  # the prior; its density times the spacing
    half = torch.zeros(points)
    half[::2] = 2 * mass[::2]
    noise = model.noise.item()
    totals = torch.zeros(len(x), 2, dtype=torch.float64)
    torch.set_flush_denormal(True)  # what is next to nothing takes a processor most of its time
    for row in range(points):  # of the lattice
        z = torch.stack([axis[row].expand(points), axis], 1)
        y = model.decode(z)
        squares = (x.square().sum(1)[:, None] - 2 * x @ y.T + y.square().sum(1)).clamp(min=0)
        weights = torch.stack([mass[row] * mass, half[row] * half], 1)  # [points, 2]
        totals += ((squares / (-2 * noise**2)).exp_() @ weights).double()
    torch.set_flush_denormal(False)
    fine, coarse = (totals.log() - model.num_pixels * math.log(noise * math.sqrt(2 * math.pi))).T
    return fine, (fine - coarse).mean().abs().item()


def gan(options: dict[str, Any], octaves: int, own: int) -> Callable[..., Trained]:
    """Two players with these options of `GANTrainer`."""

    def train(x: torch.Tensor, seed: int, steps: int | None = None) -> Trained:
        scale = x.std(0).mean().item()
        players = Generator(2, 2, scale=scale), Critic(2, (128, 128), scale=scale, octaves=octaves)
        trainer = GANTrainer(*players, device="cpu", seed=seed, **options)
        gans.play(trainer, x, steps or own)
        return Trained(lambda n, dice: trainer.sample(n, generator=dice))

    return train


def diffusion(
    x: torch.Tensor,
    seed: int,
    steps: int | None = None,
    num_steps: int = 200,
    schedule: str = "geometric",
    variance: str = "forward",
    lr: float = 1e-2,
    draws: int = 4,
) -> Trained:
    """Noise is taken away in many steps; the bound is averaged over `draws` draws of the noise."""
    model = Diffusion(
        TimeNetwork(2),
        2,
        num_steps=num_steps,
        schedule=schedule,
        variance=variance,
        scale=x.std(0).mean().item(),
    )
    trainer = DiffusionTrainer(model, lr=lr, seed=seed, **COMMON)
    trainer.fit(x, steps=steps or 5000, batch_size=512, bar=False)

    def log_px(x: torch.Tensor) -> torch.Tensor:
        dice = torch.Generator().manual_seed(0)
        return trainer.evaluate(x, num_samples=draws, generator=dice).log_px

    return Trained(lambda n, dice: trainer.sample(n, generator=dice), log_px, bound=True)


def flow(
    x: torch.Tensor,
    seed: int,
    steps: int | None = None,
    lr: float = 1e-2,
    turns: int = 20,
) -> Trained:
    """Noise is carried to data along a velocity, in `turns` steps of two looks each."""
    model = Flow(TimeNetwork(2), 2, scale=x.std(0).mean().item())
    trainer = FlowMatchingTrainer(model, lr=lr, seed=seed, **COMMON)
    trainer.fit(x, steps=steps or 5000, batch_size=512, bar=False)

    def notes(x: torch.Tensor) -> dict[str, Any]:
        trained = trainer.trained
        half = trained.log_prob(x, steps=FLOW_STEPS // 2).double()
        change = (trained.log_prob(x, steps=FLOW_STEPS).double() - half).mean().abs()
        return {"numerical_error": change.item()}

    return Trained(
        lambda n, dice: trainer.sample(n, generator=dice, steps=turns),
        lambda x: trainer.trained.log_prob(x, steps=FLOW_STEPS).double(),
        notes=notes,
    )


FLOW_STEPS = 50  # of Runge and Kutta, four looks each, for log p of the flow
RING: dict[str, Callable[..., Trained]] = {
    "Gaussian": gaussian,
    "autoregressive": autoregressive,
    "VAE": vae,
    "GAN": gan(gans.FASTER, 3, 3000),
    "GAN, plain": gan(gans.PLAIN, 0, 3000),
    "diffusion": diffusion,
    "flow": flow,
}


def points(n: int, seed: int) -> torch.Tensor:
    """`n` points of the ring: 100 for examples, 101 for validation, 102 for the test."""
    return WORLD.sample(n, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def energy_distance(x: torch.Tensor, y: torch.Tensor) -> float:
    """2 E|x - y| - E|x - x'| - E|y - y'| without bias: no point is paired with itself.

    It is 0 for samples of one distribution, on average; a single value may be a little below.
    """
    x, y = x.double(), y.double()
    inside = sum(torch.pdist(z).mean().item() for z in (x, y))
    return 2 * torch.cdist(x, y).mean().item() - inside


def scored(trained: Trained, x: torch.Tensor, truth: torch.Tensor) -> dict[str, Any]:
    """Nats and gap on the points x [n], whose true log p(x) is `truth` [n]."""
    if trained.log_px is None:
        return {}
    log_px = trained.log_px(x).double()
    nats, gap = Estimate.mean(-log_px), Estimate.mean(truth - log_px)
    found = {"nats": float(nats), "error": nats.error, "gap": float(gap), "gap_error": gap.error}
    return found | ({"bound": True} if trained.bound else {}) | trained.notes(x)


def sampled(draw: Callable[[int, torch.Generator], torch.Tensor], seed: int, n: int) -> tuple:
    """What samples say: a dictionary; and the samples."""
    start = time.process_time()
    x = draw(n, torch.Generator().manual_seed(seed))
    seconds = time.process_time() - start
    found = mode_report(WORLD, x)
    kl = None if math.isnan(found.reverse_kl) else float(found.reverse_kl)
    return {
        "draw_seconds": seconds,
        "held": found.held,
        "quality": float(found.quality),
        "reverse_kl": kl,
        "energy": energy_distance(x, points(n, 200 + seed)),
    }, x


def luck(n: int, times: int) -> list[float]:
    """The energy distances of data from other data, in order: what a perfect model would show."""
    pairs = [(points(n, 300 + i), points(n, 400 + i)) for i in range(times)]
    return sorted(energy_distance(x, y) for x, y in pairs)


def on_the_ring(
    steps: int | None = None,
    scores: int = SCORED,
    n: int = SAMPLES,
    seeds: tuple[int, ...] = SEEDS,
) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """A row for each attempt, the truth first; and samples of seed 0."""
    x, test = points(EXAMPLES, 100), points(scores, 102)
    truth = WORLD.log_prob(test.double())
    score = scored(Trained(WORLD.sample, lambda _: truth), test, truth)
    results = [sampled(lambda n, dice: WORLD.sample(n, generator=dice), s, n) for s in seeds]
    row = {"name": "truth", "seconds": 0.0, "entropy": WORLD.entropy(), **score, **results[0][0]}
    chance = luck(n, 2 if steps else 100)
    rows = [row | {"seeds": [found for found, _ in results], "luck": chance}]
    kept = {"truth": results[0][1]}
    print(_line(rows[0]))
    for name, train in RING.items():
        found = []
        for seed, trained, seconds in _from(seeds, train, x, steps):
            seen, samples = sampled(trained.draw, seed, n)
            found.append({"seconds": seconds, **scored(trained, test, truth), **seen})
            kept.setdefault(name, samples)
        rows.append(_row(name, found))
        print(_line(rows[-1]), flush=True)
    return rows, {name: x[:SHOWN].half().numpy() for name, x in kept.items()}


# -- Faces -----------------------------------------------------------------------------------------

FACES, FACES_VALIDATION, FACES_SCORED = 10_000, 500, 1000


def faces(n: int, seed: int) -> torch.Tensor:
    """`n` faces [n, 784], the seeds as for `points`."""
    return GeneFaces().sample(n, generator=torch.Generator().manual_seed(seed))


def pixels_alone(x: torch.Tensor, seed: int, steps: int | None = None) -> Trained:
    """Every pixel for itself."""
    model = independent(x)
    return Trained(lambda n, dice: model.sample(n, generator=dice), model.log_prob)


def drawings(
    x: torch.Tensor, seed: int, steps: int | None = None, number: int = 100, rounds: int = 20
) -> Trained:
    """A mixture of drawings, by EM."""
    model = mixture(x, number, seed, 1 if steps else rounds)
    return Trained(
        lambda n, dice: model.sample(n, generator=dice),
        lambda x: model.log_prob(x.double()),
        notes=lambda x: {"drawings": model.num_modes},
    )


def made(
    x: torch.Tensor,
    seed: int,
    steps: int | None = None,
    hidden: int = 256,
    lr: float = 5e-3,
    weight_decay: float = 0.01,
) -> Trained:
    """One pixel after another."""
    options = {"lr": lr, "weight_decay": weight_decay, "seed": seed, **COMMON}
    trainer = AutoregressiveTrainer(MADE(784, hidden), **options)
    trainer.fit(x, steps=steps or 1500, batch_size=128, bar=False)
    return Trained(
        lambda n, dice: trainer.sample(n, generator=dice), lambda x: trainer.evaluate(x).log_px
    )


def vae_of_faces(
    x: torch.Tensor,
    seed: int,
    steps: int | None = None,
    latent: int = 12,
    hidden: tuple[int, ...] = (256,),
    lr: float = 5e-3,
) -> Trained:
    """A code of twelve numbers; scored by the importance-weighted bound with 1000 samples."""
    trainer = VAETrainer(VAE(784, latent, hidden), lr=lr, seed=seed, **COMMON)
    trainer.fit(x, steps=steps or 2500, batch_size=128, bar=False)

    def score(x: torch.Tensor) -> Any:
        torch.manual_seed(0)  # of the samples of z
        return trainer.evaluate(x, num_samples=1000)

    return Trained(
        lambda n, dice: trainer.sample(n, generator=dice),
        lambda x: score(x).log_px,
        bound=True,
        notes=lambda x: {"elbo_nats": -float(score(x[:200]).elbo)},
    )


OF_FACES: dict[str, Callable[..., Trained]] = {
    "pixels alone": pixels_alone,
    "mixture": drawings,
    "autoregressive": made,
    "VAE": vae_of_faces,
}


def of_faces(steps: int | None = None, scores: int = FACES_SCORED) -> list[dict[str, Any]]:
    """A row for each attempt, the truth first."""
    x, test, world = faces(FACES, 100), faces(scores, 102), GeneFaces()
    truth = world.log_prob(test.double())
    score = scored(Trained(world.sample, lambda _: truth), test, truth)
    rows = [{"name": "truth", "seconds": 0.0, "entropy": float(world.entropy()), **score}]
    rows[0]["seeds"] = [score]
    print(_line(rows[0]))
    for name, train in OF_FACES.items():
        seeds = [
            {"seconds": seconds, **scored(trained, test, truth)}
            for _, trained, seconds in _from(SEEDS, train, x, steps)
        ]
        rows.append(_row(name, seeds))
        print(_line(rows[-1]), flush=True)
    return rows


# -- Both ------------------------------------------------------------------------------------------


def _from(
    seeds: tuple[int, ...], train: Callable[..., Trained], x: torch.Tensor, steps: int | None
) -> Iterator[tuple[int, Trained, float]]:
    """Each seed, what was trained from it, and the CPU seconds that took."""
    for seed in seeds:
        torch.manual_seed(seed)
        start = time.process_time()
        trained = train(x, seed, steps)
        yield seed, trained, time.process_time() - start


def _row(name: str, seeds: list[dict[str, Any]]) -> dict[str, Any]:
    """Those of seed 0, the times of the quickest (a busy machine slows the others), and all."""
    quickest = {
        key: min(found[key] for found in seeds) for key in seeds[0] if key.endswith("seconds")
    }
    return {"name": name, **seeds[0], **quickest, "seeds": seeds}


def _line(row: dict[str, Any]) -> str:
    nats = f"{row['nats']:8.3f} {row['gap']:8.3f} ± {row['gap_error']:.3f}" if "nats" in row else ""
    modes = ""
    if "held" in row:
        modes = f"{row['held']} {100 * row['quality']:5.1f} % {row['energy']:8.4f}"
    return f"  {row['name']:16s} {row['seconds']:8.1f} {nats:28s} {modes}"


def keep(path: Path = KEPT) -> None:
    """Draw again what seed 0 learned, and write it, beside the committed results, for the book.

    A new file has a new checksum: enter it in `lecture_utils/datasets/_files.py`.
    """
    known = json.loads((Path(__file__).parent / "results/attempts.json").read_text())["attempts"]
    _, samples = on_the_ring(scores=2, seeds=(0,))
    np.savez_compressed(path, **samples, results=np.array(json.dumps(known)))


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Measure, print a table, and return the numbers."""
    options = arguments(__doc__, argv)
    torch.set_num_threads(1)
    print("Attempts: CPU seconds, nats, gap to the truth, modes held, quality, energy distance")
    sizes = {"steps": 2, "scores": 5, "n": 50} if options.smoke else {}
    rows = {"ring": on_the_ring(**sizes)[0]}
    sizes.pop("n", None)
    rows["faces"] = of_faces(**sizes)
    return report({"attempts": rows}, options.json)


if __name__ == "__main__":
    main()
