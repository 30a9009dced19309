"""Run the benchmarks and write the page: ``python -m benchmarks``, or ``make benchmark``."""

from __future__ import annotations

import argparse
import importlib

from . import BENCHMARKS, page


def main(argv: list[str] | None = None) -> None:
    """Run the benchmarks that are named, or all."""
    known = "\n".join(f"  {name:10s} {what}" for name, what in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"Measure, and write the results and the page of the book.\n\n{known}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these; all if none is given")
    names = parser.parse_args(argv).names or list(BENCHMARKS)
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"There is no benchmark {', '.join(sorted(unknown))}. There are:\n{known}")
    page.RESULTS.mkdir(exist_ok=True)
    for name in names:
        benchmark = importlib.import_module(f"benchmarks.{name}")
        benchmark.main(["--json", str(page.RESULTS / f"{name}.json")])
        print()
    print(f"The page: {page.write()}")


if __name__ == "__main__":
    main()
