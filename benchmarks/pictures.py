"""Pictures a second, and exact probabilities beside the matrix product they are made of.

Goals, at 32x32 pixels in color on one core: 3,000 faces and 1,000 bedrooms a second.
"""

from __future__ import annotations

from typing import Any

import torch

from lecture_utils.pictures import bedrooms, faces
from lecture_utils.worlds.bedrooms import Bedrooms
from lecture_utils.worlds.genes import GeneFaces

from .common import alternate, arguments, compared, report


def measure(rounds: int = 9, n: int = 1024) -> dict[str, Any]:
    """CPU seconds to draw `n` pictures, and to score `n` images of the exact worlds."""
    dice = torch.Generator().manual_seed(0)
    face = faces.looks(torch.randint(2, (n, len(faces.GENES)), generator=dice), generator=dice)
    attributes = torch.randint(2, (n, len(bedrooms.ATTRIBUTES)), generator=dice)
    room = bedrooms.looks(attributes, generator=dice)
    runs = {
        f"{name}, {size} px, {'gray' if gray else 'color'}": (
            lambda draw=draw, looks=looks, size=size, gray=gray: draw(looks, size, gray=gray)
        )
        for name, draw, looks in (("faces", faces.draw, face), ("bedrooms", bedrooms.draw, room))
        for size in (32, 64)
        for gray in (False, True)
    }
    results = {"drawing": compared(alternate(runs, rounds), to="faces, 32 px, color")}
    for name, world in (("GeneFaces", GeneFaces()), ("Bedrooms", Bedrooms())):
        x = world.sample(n, generator=dice).double()
        table = world.pictures.means.logit().T.contiguous()
        runs = {
            "matrix product": lambda x=x, table=table: x @ table,
            "log_prob": lambda world=world, x=x: world.log_prob(x),
            "posterior": lambda world=world, x=x: world.posterior(x),
            "sample": lambda world=world: world.sample(n),
        }
        results[name] = compared(alternate(runs, rounds), to="matrix product")
    return results


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Measure, print a table, and return the numbers."""
    options = arguments(__doc__, argv)
    torch.set_num_threads(1)
    n = 16 if options.smoke else 1024
    results = measure(1 if options.smoke else options.rounds, n)
    for workload, rows in results.items():
        print(f"{workload}: images a second, and the time as a ratio to the first row's")
        for row in rows:
            print(f"  {row['name']:24s} {n / row['seconds']:10,.0f}   {row['ratio']:6.2f}")
    return report({"images": n, "pictures": results}, options.json)


if __name__ == "__main__":
    main()
