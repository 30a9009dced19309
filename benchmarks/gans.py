"""GANs on two-dimensional mixtures: how many modes they hold, how closely, and how evenly.

Every recipe is trained from three seeds, and the moving average of its generator is scored with
2,500 samples. Goals: the grid of 25 with 25 of 25 modes held, at least 90 % of high quality and a
reverse KL of at most 0.03 nats in 10,000 steps, from every seed; the ring of 8 narrow modes with
8 of 8 held and at least 75 % of high quality in 3,000 steps. The other recipes leave parts of the
first one out, and have no goal, or that of a collapse: read modes, quality and reverse KL together.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from lecture_utils.datasets import digits
from lecture_utils.training.gan import Critic, GANTrainer, Generator
from lecture_utils.training.networks import mlp
from lecture_utils.worlds.mixtures import GaussianMixture, grid, ring
from lecture_utils.worlds.modes import ModeReport, mode_report

from .common import arguments, report

SAMPLES = 2500  # a report
EXAMPLES = 100_000  # of data
KEPT = Path(__file__).parent.parent / "lecture_utils/datasets/files/gan-runs.npz"


@dataclass(frozen=True)
class Recipe:
    """A world, a game, and what should come out.

    Attributes:
        world: What the data come from.
        steps: Of training.
        goal: In words; empty if there is none.
        reached: Whether a report meets the goal.
        options: Of `GANTrainer`.
        octaves: Of the critic.
        hidden: The hidden layers of the critic.
    """

    world: GaussianMixture
    steps: int
    goal: str = ""
    reached: Callable[[ModeReport], bool] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    octaves: int = 3
    hidden: tuple[int, ...] = (128, 128)


def balanced(found: ModeReport) -> bool:
    """All modes held, 90 % of high quality, and in nearly the right shares."""
    return found.held == found.num_modes and found.quality >= 0.9 and found.reverse_kl <= 0.03


def narrow(found: ModeReport) -> bool:
    """All modes held, and 75 % of high quality."""
    return found.held == found.num_modes and found.quality >= 0.75


def collapsed(found: ModeReport) -> bool:
    """Few modes, but those well."""
    return found.held <= 10 and found.quality >= 0.9


NON_SATURATING = {"loss": "non-saturating", "penalty": 0.0}
PLAIN = {  # no pairing, no penalty, no features (see below), and the usual momentum
    **NON_SATURATING,
    "lr": 1e-3,
    "optimizer": lambda p: torch.optim.Adam(p, lr=1e-3, betas=(0.5, 0.99), fused=True),
}

# A third of the steps: with the rates of the grid the samples are still too wide at the end.
FASTER = {"lr": {"G": 2e-3, "D": 4e-3}}


def dial(generator_steps: int, critic_steps: int, steps: int) -> Recipe:
    """A weak critic, with one hidden layer, and n_G : n_D; nothing else differs.

    Each generator makes 3000 updates in all. There is no average over the run and no falling
    learning rate, for these would hide what the game does.
    """
    plain = {**PLAIN, "ema": None, "schedule": None}
    numbers = {"generator_steps": generator_steps, "critic_steps": critic_steps}
    return Recipe(ring(scale=0.05), steps, options={**plain, **numbers}, octaves=0, hidden=(128,))


DIAL = {  # n_G : n_D
    "ring, dial 10:1": dial(10, 1, 300),
    "ring, dial 1:1": dial(1, 1, 3000),
    "ring, dial 1:5": dial(1, 5, 3000),
}

RECIPES = {
    "grid": Recipe(grid(), 10_000, "25 held, quality >= 90 %, reverse KL <= 0.03", balanced),
    "grid, no penalty": Recipe(
        grid(), 10_000, "<= 10 held, quality >= 90 %", collapsed, {"penalty": 0.0}
    ),
    "grid, no penalty, non-saturating": Recipe(grid(), 10_000, options=NON_SATURATING),
    "grid, plain": Recipe(grid(), 10_000, options=PLAIN, octaves=0),
    "ring, std 0.02": Recipe(ring(scale=0.02), 3000, "8 held, quality >= 75 %", narrow, FASTER),
    "ring, std 0.1": Recipe(ring(), 3000, "8 held, quality >= 75 %", narrow, FASTER),
    **DIAL,
}


def players(recipe: Recipe, seed: int) -> tuple[GANTrainer, torch.Tensor]:
    """A pair of players that has not played yet, and its data."""
    x = recipe.world.sample(EXAMPLES, generator=torch.Generator().manual_seed(100 + seed))
    scale = x.std(0).mean().item()
    torch.manual_seed(seed)
    generator = Generator(2, 2, scale=scale)
    critic = Critic(2, recipe.hidden, scale=scale, octaves=recipe.octaves)
    return GANTrainer(generator, critic, device="cpu", seed=seed, **recipe.options), x


def play(trainer: GANTrainer, x: torch.Tensor, steps: int, **fit: Any) -> None:
    """Train until there were `steps` steps in all."""
    trainer.fit(x, steps=steps, batch_size=256 * trainer._parts, bar=False, **fit)


def train(recipe: Recipe, seed: int, steps: int, **fit: Any) -> GANTrainer:
    """A trained pair of players."""
    trainer, x = players(recipe, seed)
    play(trainer, x, steps, **fit)
    return trainer


def report_of(trainer: GANTrainer, recipe: Recipe, seed: int) -> ModeReport:
    """What 2,500 samples say."""
    x = trainer.sample(SAMPLES, generator=torch.Generator().manual_seed(seed))
    return mode_report(recipe.world, x)


def measure(
    recipes: dict[str, Recipe] = RECIPES,
    seeds: tuple[int, ...] = (0, 1, 2),
    steps: int | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """A row for each recipe and seed; `steps` instead of those of the recipes."""
    results: dict[str, list[dict[str, Any]]] = {}
    for name, recipe in recipes.items():
        results[name] = []
        for seed in seeds:
            start = time.process_time()
            trainer = train(recipe, seed, steps or recipe.steps)
            seconds = time.process_time() - start
            found = report_of(trainer, recipe, seed)
            row = {
                "name": name,
                "seed": seed,
                "seconds": seconds,
                "steps": trainer.step,
                "held": found.held,
                "captured": found.captured,
                "quality": float(found.quality),
                "reverse_kl": None if math.isnan(found.reverse_kl) else float(found.reverse_kl),
                "goal": recipe.goal,
                "reached": recipe.reached(found) if recipe.reached else None,
            }
            results[name].append(row)
            print(_line(row), flush=True)
    return results


# -- What the chapter shows: the film strip of the dial, the grid, and digits ----------------------

MOMENTS = (0.1, 0.3, 0.5, 0.8, 1.0)  # shares of a run
SHOWN = 250  # points of a picture
PIXELS, NOISE = 64, 16


def film(recipe: Recipe, seed: int) -> dict[str, np.ndarray]:
    """A run looked at five times: its points, the modes it holds, and their quality."""
    trainer, x = players(recipe, seed)
    points, held, quality = [], [], []
    for moment in MOMENTS:
        play(trainer, x, round(moment * recipe.steps))
        found = report_of(trainer, recipe, seed)
        points.append(trainer.sample(SHOWN, generator=torch.Generator().manual_seed(7)))
        held.append(found.held)
        quality.append(float(found.quality))
    return {
        "points": torch.stack(points).half().numpy(),
        "held": np.array(held),
        "quality": np.array(quality),
    }


class Drawer(nn.Module):
    """A generator of gray digits: noise [B, 16] to pixels [B, 64] between 0 and 1."""

    def __init__(self) -> None:
        super().__init__()
        self.latent_size = NOISE
        self.network = mlp(NOISE, 256, 256, PIXELS)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.network(z).sigmoid()


def classifier(data: digits.Digits) -> nn.Module:
    """A judge of real digits, trained with their labels; the GAN never sees a label."""
    torch.manual_seed(0)
    judge = mlp(PIXELS, 128, 10)
    adam = torch.optim.Adam(judge.parameters(), lr=2e-3)
    for _ in range(600):
        rows = torch.randint(len(data.train), (128,))
        loss = nn.functional.cross_entropy(judge(data.train[rows]), data.train_labels[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
    return judge.eval()


@torch.no_grad()
def judged(judge: nn.Module, x: torch.Tensor, data: digits.Digits) -> dict[str, Any]:
    """What can be said about pictures without a density."""
    belief = judge(x).softmax(-1)
    shares = torch.bincount(belief.argmax(-1), minlength=10) / len(x)
    return {
        "shares": [round(float(v), 4) for v in shares],
        "sure": float((belief.max(-1).values > 0.9).float().mean()),
        "nearest": float(torch.cdist(x, data.train).min(1).values.mean()),
    }


def digit_gan(seed: int, steps: int = 4000) -> tuple[dict[str, Any], np.ndarray]:
    """A GAN on gray digits of 8x8 pixels: a row, and 40 of its drawings."""
    data = digits.small(binary=False)
    torch.manual_seed(seed)
    trainer = GANTrainer(
        Drawer(),
        Critic(PIXELS, (256, 256)),
        loss="non-saturating",
        penalty=0.3,
        penalize="real",
        lr=5e-4,
        device="cpu",
        seed=seed,
    )
    start = time.process_time()
    trainer.fit(data.train, steps=steps, batch_size=128, bar=False)
    seconds = time.process_time() - start
    x = trainer.sample(2000, generator=torch.Generator().manual_seed(seed))
    judge = classifier(data)
    right = judge(data.test).argmax(-1) == data.test_labels
    row = {
        "name": "digits",
        "seed": seed,
        "seconds": seconds,
        "steps": trainer.step,
        **judged(judge, x, data),
        "accuracy": float(right.float().mean()),
        "test": judged(judge, data.test, data),
    }
    return row, (x[:40] * 255).round().to(torch.uint8).numpy()


def keep(path: Path = KEPT, seeds: tuple[int, ...] = (0, 1, 2)) -> dict[str, Any]:
    """Train what the chapter shows and write the small arrays that it loads.

    The rows of the dial and of the grid are those of the committed results. A new file has a new
    checksum: enter it in `lecture_utils/datasets/_files.py`.
    """
    known = json.loads((Path(__file__).parent / "results/gans.json").read_text())["gans"]
    rows = (*DIAL, "grid", "grid, no penalty", "grid, plain")
    results: dict[str, list[dict[str, Any]]] = {name: known[name] for name in rows}
    arrays: dict[str, np.ndarray] = {}
    for name, recipe in DIAL.items():
        for seed in seeds:
            seen = film(recipe, seed)
            ratio = name.split()[-1].replace(":", "-")
            arrays |= {f"dial_{ratio}_{seed}_{key}": value for key, value in seen.items()}
            print(name, seed, seen["held"], seen["quality"].round(2), flush=True)
    results["digits"] = []
    for seed in seeds:
        row, pictures = digit_gan(seed)
        results["digits"].append(row)
        arrays[f"digits_{seed}"] = pictures
        print(row, flush=True)
    arrays["results"] = np.array(json.dumps(results))
    for label, name in (("penalty", "grid"), ("plain", "grid, no penalty")):
        trainer = train(RECIPES[name], 0, RECIPES[name].steps)
        x = trainer.sample(SAMPLES, generator=torch.Generator().manual_seed(0))
        print(name, mode_report(RECIPES[name].world, x), flush=True)
        arrays[f"grid_{label}"] = x[:1000].half().numpy()
    np.savez_compressed(path, **arrays)
    return results


def _line(row: dict[str, Any]) -> str:
    kl = "-" if row["reverse_kl"] is None else f"{row['reverse_kl']:.3f}"
    outcome = {None: "", True: "reached: ", False: "MISSED: "}[row["reached"]]
    return (
        f"  {row['name']:32s} {row['seed']:4d} {row['seconds']:8.1f} {row['held']:5d} "
        f"{row['captured']:9d} {100 * row['quality']:8.1f} % {kl:>10s}   "
        f"{outcome}{row['goal']}"
    )


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Measure, print a table, and return the numbers."""
    options = arguments(__doc__, argv)
    torch.set_num_threads(1)
    print("GANs: CPU seconds, modes held and captured, quality, reverse KL in nats, and the goal")
    print("  recipe                           seed  seconds  held  captured    quality reverse KL")
    sizes = {"seeds": (0,), "steps": 2} if options.smoke else {}
    return report({"gans": measure(**sizes)}, options.json)


if __name__ == "__main__":
    main()
