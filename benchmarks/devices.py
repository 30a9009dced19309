"""Ways to compute a step, on the best device of this machine: precision, compiling, recording.

Each is timed beside the plain trainer, and its final loss is compared with that of the plain
trainer. On a machine without an accelerator all of it runs on the CPU, and steps cannot be
recorded. Times are wall time, because an accelerator works beside the CPU; each run is timed from
step 11 on, and waits for the device at the end.
"""

from __future__ import annotations

import time
from typing import Any

import torch

from lecture_utils.device import best_device, peak_memory, synchronize
from lecture_utils.training import Trainer

from .common import alternate, arguments, compared, report
from .workloads import LR, Workload, workloads

WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "bf16": {"amp": "bf16"},
    "compiled": {"compile": True},
    "recorded": {"graph": True},
    "recorded, bf16": {"graph": True, "amp": "bf16"},
}
SKIP = 10


def timed(work: Workload, device: torch.device, losses: dict[str, float], name: str) -> float:
    """Wall seconds of a step after the first ones; notes the mean of the last losses."""
    torch.manual_seed(0)
    trainer = Trainer(work.make(), work.losses[""], lr=LR, device=device, **WAYS[name])
    trainer.fit(work.data, steps=SKIP, batch_size=work.batch_size, bar=False)
    steps = work.steps if device.type == "cpu" else 20 * work.steps  # a recording takes a moment
    synchronize(device)
    start = time.perf_counter()
    history = trainer.fit(work.data, steps=steps, batch_size=work.batch_size, bar=False)
    synchronize(device)
    last = history["loss"][-20:]
    losses[name] = sum(last) / len(last)
    return (time.perf_counter() - start) / (steps - SKIP)


def measure(rounds: int = 5, smoke: bool = False) -> dict[str, list[dict[str, Any]]]:
    """Rows of `compared` for each workload, with seconds a step and the last loss."""
    device = best_device(quiet=True)
    results = {}
    for title, work in workloads(smoke).items():
        if "" not in work.losses:  # a step of one's own is not compiled
            continue
        names = [
            name
            for name, way in WAYS.items()
            if (device.type == "cuda" or "graph" not in way) and not (smoke and "compile" in way)
        ]
        losses: dict[str, float] = {}
        runs = {name: name for name in names}
        seconds = alternate(
            runs, rounds, lambda name, work=work, seen=losses: timed(work, device, seen, name)
        )
        results[f"{title}, {device}"] = compared(seconds, to="plain")
        for row in results[f"{title}, {device}"]:
            row["last_loss"] = losses[row["name"]]
            row["megabytes"] = None if (peak := peak_memory(device)) is None else peak / 1e6
    return results


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Measure, print a table, and return the numbers."""
    options = arguments(__doc__, argv)
    torch.set_num_threads(1)
    results = measure(1 if options.smoke else min(options.rounds, 5), options.smoke)
    for title, rows in results.items():
        print(f"{title}: microseconds a step, ratio to the plain trainer, mean of the last losses")
        for row in rows:
            print(
                f"  {row['name']:16s} {1e6 * row['seconds']:8.0f}   {row['ratio']:.3f}"
                f"   {row['last_loss']:.5g}"
            )
    return report({"devices": results}, options.json)


if __name__ == "__main__":
    main()
