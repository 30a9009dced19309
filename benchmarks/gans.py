"""GANs on two-dimensional mixtures: how many modes they hold, how closely, and how evenly.

Every recipe is trained from three seeds, and the moving average of its generator is scored with
2,500 samples. Goals: the grid of 25 with 25 of 25 modes held, at least 90 % of high quality and a
reverse KL of at most 0.03 nats in 10,000 steps, from every seed; the ring of 8 narrow modes with
8 of 8 held and at least 75 % of high quality in 3,000 steps. The other recipes leave parts of the
first one out, and have no goal, or that of a collapse: read modes, quality and reverse KL together.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from lecture_utils.training.gan import Critic, GANTrainer, Generator
from lecture_utils.worlds.mixtures import GaussianMixture, grid, ring
from lecture_utils.worlds.modes import ModeReport, mode_report

from .common import arguments, report

SAMPLES = 2500  # a report
EXAMPLES = 100_000  # of data


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
    """

    world: GaussianMixture
    steps: int
    goal: str = ""
    reached: Callable[[ModeReport], bool] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    octaves: int = 3


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

RECIPES = {
    "grid": Recipe(grid(), 10_000, "25 held, quality >= 90 %, reverse KL <= 0.03", balanced),
    "grid, no penalty": Recipe(
        grid(), 10_000, "<= 10 held, quality >= 90 %", collapsed, {"penalty": 0.0}
    ),
    "grid, no penalty, non-saturating": Recipe(grid(), 10_000, options=NON_SATURATING),
    "grid, plain": Recipe(grid(), 10_000, options=PLAIN, octaves=0),
    "ring, std 0.02": Recipe(ring(scale=0.02), 3000, "8 held, quality >= 75 %", narrow, FASTER),
    "ring, std 0.1": Recipe(ring(), 3000, "8 held, quality >= 75 %", narrow, FASTER),
}


def train(recipe: Recipe, seed: int, steps: int, **fit: Any) -> GANTrainer:
    """A trained pair of players."""
    x = recipe.world.sample(EXAMPLES, generator=torch.Generator().manual_seed(100 + seed))
    scale = x.std(0).mean().item()
    torch.manual_seed(seed)
    players = Generator(2, 2, scale=scale), Critic(2, scale=scale, octaves=recipe.octaves)
    trainer = GANTrainer(*players, device="cpu", seed=seed, **recipe.options)
    trainer.fit(x, steps=steps, batch_size=256 * trainer._parts, bar=False, **fit)
    return trainer


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
            x = trainer.sample(SAMPLES, generator=torch.Generator().manual_seed(seed))
            found = mode_report(recipe.world, x)
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
