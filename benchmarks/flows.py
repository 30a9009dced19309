"""Flow matching on two-dimensional mixtures: modes, quality, and nats against the truth.

Goals on the grid of 25, from every seed: all modes held, at least 90 % of high quality, a reverse
KL of at most 0.02 nats, in 60 s of CPU time.
"""

from __future__ import annotations

import time
from typing import Any

import torch

from lecture_utils.training.flow import Flow, FlowMatchingTrainer, TimeNetwork
from lecture_utils.worlds.mixtures import grid, ring
from lecture_utils.worlds.modes import mode_report

from .common import arguments, report

SAMPLES = 2500  # a report
EXAMPLES = 100_000  # of data
SCORED = 1000  # points, for the nats
STEPS = 50  # of a sample, two passes each
WORLDS = {"flow matching, grid": (grid(), 16_000), "flow matching, ring": (ring(), 3000)}


def measure(
    seeds: tuple[int, ...] = (0, 1, 2), steps: int | None = None, scored: int = SCORED
) -> dict[str, list[dict[str, Any]]]:
    """A row for each world and seed; `steps` instead of its own."""
    results: dict[str, list[dict[str, Any]]] = {}
    for name, (world, own) in WORLDS.items():
        results[name] = []
        for seed in seeds:
            x = world.sample(EXAMPLES, generator=torch.Generator().manual_seed(100 + seed))
            torch.manual_seed(seed)
            flow = Flow(TimeNetwork(2, octaves=3), 2, scale=x.std(0).mean().item())
            start = time.process_time()
            options = {"lr": 2e-3, "schedule": "cosine", "ema": 0.999, "seed": seed}
            trainer = FlowMatchingTrainer(flow, device="cpu", **options)
            trainer.fit(x, steps=steps or own, batch_size=512, bar=False)
            seconds = time.process_time() - start
            dice = torch.Generator().manual_seed(seed)
            found = mode_report(world, trainer.sample(SAMPLES, steps=STEPS, generator=dice))
            score = trainer.evaluate(world.sample(scored, generator=dice))
            row = {"name": name, "seed": seed, "seconds": seconds, "steps": trainer.step}
            row |= {"held": found.held, "captured": found.captured}
            row |= {"quality": float(found.quality), "reverse_kl": float(found.reverse_kl)}
            row |= {"nats": -float(score.nats), "error": score.nats.error}
            row |= {"truth": -world.entropy(), "passes": 2 * STEPS}
            results[name].append(row)
            print(
                f"  {name:20s} {seed:4d} {seconds:8.1f} {found.held:5d} "
                f"{100 * found.quality:8.1f} % {found.reverse_kl:10.3f} {row['nats']:10.3f} "
                f"({row['truth']:.3f})",
                flush=True,
            )
    return results


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Measure, print a table, and return the numbers."""
    options = arguments(__doc__, argv)
    torch.set_num_threads(1)
    print("Flow matching: CPU seconds, modes held, quality, reverse KL, mean log p(x) (the best)")
    sizes = {"seeds": (0,), "steps": 2, "scored": 5} if options.smoke else {}
    return report({"flows": measure(**sizes)}, options.json)


if __name__ == "__main__":
    main()
