"""Run every benchmark, one after the other: ``python -m benchmarks``, or ``make benchmark``."""

from __future__ import annotations

import sys

from . import pictures, sampling, step_time

if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit("For options run one benchmark: python -m benchmarks.step_time --help")
    for benchmark in (step_time, sampling, pictures):
        benchmark.main([])
        print()
