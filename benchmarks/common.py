"""What the benchmarks share: alternating rounds, paired ratios, and the report."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parent.parent


def cpu_seconds(run: Callable[[], Any]) -> float:
    """The CPU time of this process for `run`."""
    start = time.process_time()
    run()
    return time.process_time() - start


def alternate(
    runs: dict[str, Callable[[], Any]],
    rounds: int,
    timed: Callable[[Callable[[], Any]], float] = cpu_seconds,
) -> dict[str, list[float]]:
    """Seconds of every run in every round; the order turns from round to round.

    One more round comes first, to warm up, and is not counted. `timed` runs one of them and says
    how long that took.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    names = list(runs)
    for number in range(rounds + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            took = timed(runs[name])
            if number:
                seconds[name].append(took)
    return seconds


def compared(seconds: dict[str, list[float]], to: str) -> list[dict[str, Any]]:
    """A row for each run: its best time, and its ratio to the run `to`.

    ``ratio`` is the median of the ratios within a round, ``best_ratio`` compares the best times.
    """
    rows = []
    for name, times in seconds.items():
        ratios = [time / base for time, base in zip(times, seconds[to], strict=True)]
        rows.append(
            {
                "name": name,
                "seconds": min(times),
                "best_ratio": min(times) / min(seconds[to]),
                "ratio": statistics.median(ratios),
                "ratio_range": [min(ratios), max(ratios)],
            }
        )
    return rows


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "revision": _revision(),
    }


def arguments(description: str, argv: list[str] | None) -> argparse.Namespace:
    """The options that every benchmark has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    parser.add_argument("--rounds", type=int, default=9, help="rounds to measure (9)")
    parser.add_argument("--smoke", action="store_true", help="only see whether it runs")
    return parser.parse_args(argv)


def report(results: dict[str, Any], file: Path | None) -> dict[str, Any]:
    """Add the machine to the results, and write them to `file` if there is one."""
    results = {"machine": machine(), **results}
    if file is not None:
        file.write_text(json.dumps(results, indent=2) + "\n")
    return results


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _revision() -> str:
    """The commit that was measured; a plus sign after it if files differ from it."""
    try:
        ask = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
        return subprocess.run(
            ask, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
