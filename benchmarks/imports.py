"""What an import costs: CPU time and memory on top of PyTorch, each in a fresh interpreter.

Goal: ``import lecture_utils`` at most 0.1 s and 10 MB on top of ``import torch``.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
from typing import Any

from .common import arguments, report

PACKAGES = {
    "lecture_utils": "import lecture_utils",
    "lecture_utils.training": "import lecture_utils.training",
    "ignite": "import ignite.engine",
    "accelerate": "import accelerate",
    "lightning.fabric": "import lightning.fabric",
    "lightning": "import lightning",
}
CODE = """
import json, time, sys
import numpy, torch

def memory():  # bytes held in memory, where the system says so
    try:
        import resource
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak * (1 if sys.platform == "darwin" else 1024)
    except ImportError:
        return 0

before, start = memory(), time.process_time()
{code}
print(json.dumps([time.process_time() - start, memory() - before]))
"""


def measure(rounds: int = 9) -> list[dict[str, Any]]:
    """A row for each package: the medians over fresh interpreters."""
    found = {
        name: code
        for name, code in PACKAGES.items()
        if importlib.util.find_spec(name.partition(".")[0])
    }
    costs: dict[str, list[list[float]]] = {name: [] for name in found}
    for _ in range(rounds):
        for name, code in found.items():
            run = [sys.executable, "-W", "ignore", "-c", CODE.replace("{code}", code)]
            done = subprocess.run(run, capture_output=True, text=True, check=True)
            costs[name].append(json.loads(done.stdout.splitlines()[-1]))
    rows = []
    for name, values in costs.items():
        seconds, size = (statistics.median(column) for column in zip(*values, strict=True))
        rows.append({"name": name, "seconds": seconds, "megabytes": size / 1e6})
    return rows


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Measure, print a table, and return the numbers."""
    options = arguments(__doc__, argv)
    rows = measure(1 if options.smoke else options.rounds)
    print("On top of PyTorch and NumPy: CPU seconds, and megabytes")
    for row in rows:
        print(f"  {row['name']:24s} {row['seconds']:8.3f} {row['megabytes']:8.1f}")
    return report({"imports": {"on top of PyTorch": rows}}, options.json)


if __name__ == "__main__":
    main()
