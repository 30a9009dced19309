"""Flow matching and diffusion on two-dimensional mixtures: modes, quality, and nats.

Goals of the flow on the grid of 25, from every seed: all modes held, at least 90 % of high quality,
a reverse KL of at most 0.02 nats, in 60 s of CPU time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

from lecture_utils.training import DiffusionTrainer, FlowMatchingTrainer
from lecture_utils.training.diffusion import Diffusion
from lecture_utils.training.flow import Flow, TimeNetwork
from lecture_utils.training.likelihood import LikelihoodTrainer
from lecture_utils.worlds.mixtures import grid, ring
from lecture_utils.worlds.modes import mode_report

from .common import arguments, report

SAMPLES = 2500  # a report
EXAMPLES = 100_000  # of data
SCORED = 1000  # points, for the nats
OPTIONS = {"lr": 2e-3, "schedule": "cosine", "ema": 0.999, "device": "cpu"}
# Ways to sample: what to tell `sample`.
MIDPOINT = {"midpoint": {"steps": 50}}
STEPS_BACK = {
    "ancestral": {"sampler": "ancestral"},
    "ode": {"sampler": "ode"},
    "ode, 50": {"sampler": "ode", "steps": 50},
}


def flow(scale: float, seed: int) -> LikelihoodTrainer:
    """Flow matching with a small network."""
    return FlowMatchingTrainer(Flow(TimeNetwork(2), 2, scale=scale), seed=seed, **OPTIONS)


def diffusion(schedule: str) -> Callable[[float, int], LikelihoodTrainer]:
    """The same network as a predictor of noise, in 200 steps."""

    def make(scale: float, seed: int) -> LikelihoodTrainer:
        model = Diffusion(TimeNetwork(2), 2, num_steps=200, schedule=schedule, scale=scale)
        return DiffusionTrainer(model, seed=seed, **OPTIONS)

    return make


RUNS: dict[str, tuple[Any, Callable[[float, int], LikelihoodTrainer], int, dict]] = {
    "flow matching, grid": (grid(), flow, 16_000, MIDPOINT),
    "flow matching, ring": (ring(), flow, 3000, MIDPOINT),
    "diffusion, grid": (grid(), diffusion("geometric"), 8000, STEPS_BACK),
    "diffusion, ring": (ring(), diffusion("geometric"), 3000, STEPS_BACK),
    "diffusion with the linear schedule, grid": (grid(), diffusion("linear"), 8000, STEPS_BACK),
}


def measure(
    seeds: tuple[int, ...] = (0, 1, 2), steps: int | None = None, scored: int = SCORED
) -> dict[str, list[dict[str, Any]]]:
    """A row for each run, way to sample, and seed; `steps` instead of its own."""
    results: dict[str, list[dict[str, Any]]] = {}
    for title, (world, make, own, ways) in RUNS.items():
        print(f"{title}, the best: {-world.entropy():.3f}")
        results[title] = []
        for seed in seeds:
            x = world.sample(EXAMPLES, generator=torch.Generator().manual_seed(100 + seed))
            torch.manual_seed(seed)
            start = time.process_time()
            trainer = make(x.std(0).mean().item(), seed)
            trainer.fit(x, steps=steps or own, batch_size=512, bar=False)
            row = {"seed": seed, "seconds": time.process_time() - start, "steps": trainer.step}
            dice = torch.Generator().manual_seed(seed)
            score = trainer.evaluate(world.sample(scored, generator=dice))
            row |= {"nats": -float(score.nats), "error": score.nats.error}
            for name, options in ways.items():
                dice = torch.Generator().manual_seed(seed)
                found = mode_report(world, trainer.sample(SAMPLES, generator=dice, **options))
                seen = {"held": found.held, "quality": float(found.quality)}
                seen |= {"reverse_kl": float(found.reverse_kl)}
                results[title].append({"name": name, **row, **seen, "truth": -world.entropy()})
                print(
                    f"  {name:14s} {seed:4d} {row['seconds']:8.1f} {found.held:5d} "
                    f"{100 * found.quality:8.1f} % {found.reverse_kl:10.3f} {row['nats']:10.3f}",
                    flush=True,
                )
    return results


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Measure, print a table, and return the numbers."""
    options = arguments(__doc__, argv)
    torch.set_num_threads(1)
    print("Flows: seed, CPU seconds, modes held, quality, reverse KL, mean log p(x) or its bound")
    sizes = {"seeds": (0,), "steps": 2, "scored": 5} if options.smoke else {}
    return report({"flows": measure(**sizes)}, options.json)


if __name__ == "__main__":
    main()
