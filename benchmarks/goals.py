"""What we promised, and what was measured.

A goal reads the results of the benchmarks, ``{benchmark: what its main returned}``, and says what
was measured and whether that is good enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Results = dict[str, dict[str, Any]]
Measured = tuple[str, bool]


@dataclass(frozen=True)
class Goal:
    """A promise.

    Attributes:
        what: What is measured.
        goal: What was promised.
        benchmark: Where it is measured.
        measure: From the results of that benchmark: the measured value in words, and whether it is
            reached.
    """

    what: str
    goal: str
    benchmark: str
    measure: Callable[[dict[str, Any]], Measured]


def _ratio(limits: dict[tuple[str, str], float]) -> Callable[[dict[str, Any]], Measured]:
    """The trainer's step time as a ratio to others': {(workload, other): largest ratio}."""

    def measure(results: dict[str, Any]) -> Measured:
        found = {key: _row(results["step_time"][key[0]], key[1])["trainer_ratio"] for key in limits}
        words = " / ".join(f"{value:.2f}" for value in found.values())
        return words, all(found[key] <= limit for key, limit in limits.items())

    return measure


def _with_bar(results: dict[str, Any]) -> Measured:
    limits = {"no-op model": 1.10, "VAE 784-400-20": 1.05}
    found = {work: _row(results["step_time"][work], "trainer, bar")["ratio"] for work in limits}
    words = " / ".join(f"{value:.2f}" for value in found.values())
    return words, all(found[work] <= limit for work, limit in limits.items())


def _imports(results: dict[str, Any]) -> Measured:
    row = _row(results["imports"]["on top of PyTorch"], "lecture_utils.training")
    words = f"{row['seconds']:.2f} s, {row['megabytes']:.1f} MB"
    return words, row["seconds"] <= 0.1 and row["megabytes"] <= 10


def _modes(
    benchmark: str, recipe: str, good: Callable[[dict[str, Any]], bool]
) -> Callable[[dict[str, Any]], Measured]:
    """The modes that a recipe holds, over its seeds."""

    def measure(results: dict[str, Any]) -> Measured:
        rows = results[benchmark][recipe]
        seconds = max(row["seconds"] for row in rows)
        words = (
            f"{sum(map(good, rows))} of {len(rows)} seeds: held {_span(rows, 'held')}, quality "
            f"{_span(rows, 'quality', 100, '.1f')} %, reverse KL "
            f"{_span(rows, 'reverse_kl', 1, '.3f')}, at most {seconds:.0f} s"
        )
        return words, all(map(good, rows))

    return measure


def _digits(name: str, most: float, seconds: float) -> Callable[[dict[str, Any]], Measured]:
    def measure(results: dict[str, Any]) -> Measured:
        row = next(
            row for rows in results["digits"].values() for row in rows if row["name"] == name
        )
        words = f"{row['nats']:.2f} ± {row['error']:.2f} nats, {row['seconds']:.1f} s"
        return words, row["nats"] <= most and row["seconds"] <= seconds

    return measure


def _names(results: dict[str, Any]) -> Measured:
    rows = results["names"]["transformers"]
    scores = {
        name: [row["nats_per_token"] for row in rows if row["name"] == name]
        for name in dict.fromkeys(row["name"] for row in rows)
    }
    (_, ours), (_, theirs) = scores.items()
    words = f"{max(ours):.4f} nats a token at worst; the reference {min(theirs):.4f} at best"
    return words, max(ours) <= min(theirs)


def _pictures(results: dict[str, Any]) -> Measured:
    rate = {
        name: results["images"] / _row(results["pictures"]["drawing"], name)["seconds"]
        for name in ("faces, 32 px, color", "bedrooms, 32 px, color")
    }
    faces, rooms = rate.values()
    return f"{faces:,.0f} / {rooms:,.0f} a second", faces >= 3000 and rooms >= 1000


GOALS = (
    Goal(
        "A training step with bar, history and NaN check, beside the best hand-written loop: "
        "no-op model / VAE",
        "≤ 1.10 / ≤ 1.05",
        "step_time",
        _with_bar,
    ),
    Goal(
        "Beside a DataLoader loop: 2-D GAN / VAE",
        "≤ 0.80 / ≤ 0.90",
        "step_time",
        _ratio({("2-D GAN", "DataLoader loop"): 0.8, ("VAE 784-400-20", "DataLoader loop"): 0.9}),
    ),
    Goal(
        "Beside Lightning with its defaults: 2-D GAN / VAE",
        "≤ 0.60 / ≤ 0.75",
        "step_time",
        _ratio({("2-D GAN", "Lightning"): 0.6, ("VAE 784-400-20", "Lightning"): 0.75}),
    ),
    Goal(
        "A step of the VAE beside its matrix products alone",
        "≤ 2.2",
        "step_time",
        _ratio({("VAE 784-400-20", "matrix products"): 2.2}),
    ),
    Goal("Importing the trainers, on top of PyTorch", "≤ 0.1 s, ≤ 10 MB", "imports", _imports),
    Goal(
        "GAN on a ring of 8 narrow modes (std 0.02), 3,000 steps",
        "8 held, quality ≥ 75 %",
        "gans",
        _modes("gans", "ring, std 0.02", lambda r: r["held"] == 8 and r["quality"] >= 0.75),
    ),
    Goal(
        "GAN on the grid of 25 modes, 10,000 steps",
        "3 of 3 seeds: 25 held, quality ≥ 90 %, reverse KL ≤ 0.03",
        "gans",
        _modes(
            "gans",
            "grid",
            lambda r: r["held"] == 25 and r["quality"] >= 0.9 and r["reverse_kl"] <= 0.03,
        ),
    ),
    Goal(
        "The same without the penalty: collapse",
        "≤ 10 modes held, at high quality",
        "gans",
        _modes("gans", "grid, no penalty", lambda r: r["held"] <= 10 and r["quality"] >= 0.9),
    ),
    Goal(
        "Flow matching on the grid",
        "25 held, quality ≥ 90 %, KL ≤ 0.02, ≤ 60 s",
        "flows",
        _modes(
            "flows",
            "flow matching, grid",
            lambda r: (
                r["held"] == 25
                and r["quality"] >= 0.9
                and r["reverse_kl"] <= 0.02
                and r["seconds"] <= 60
            ),
        ),
    ),
    Goal(
        "VAE on 8×8 digits, static binarization, K = 8: importance-weighted bound, S = 1000",
        "≤ 17.2 nats, ≤ 15 s",
        "digits",
        _digits("VAE, K = 8", 17.2, 15),
    ),
    Goal("MADE on the same", "≤ 17.0 nats, ≤ 10 s", "digits", _digits("MADE", 17.0, 10)),
    Goal(
        "Names: transformer at equal steps and batch, beside makemore's settings",
        "no worse, in every seed",
        "names",
        _names,
    ),
    Goal(
        "Pictures of 32×32 pixels in color: faces / bedrooms",
        "≥ 3,000 / ≥ 1,000 a second",
        "pictures",
        _pictures,
    ),
)


def _row(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(row for row in rows if row["name"] == name)


def _span(rows: list[dict[str, Any]], key: str, factor: float = 1, style: str = "") -> str:
    known = [row[key] for row in rows if row[key] is not None]
    values = sorted({format(factor * value, style) for value in known}, key=float)
    if not values:  # no sample hit a mode
        return "–"
    return values[0] if len(values) == 1 else f"{values[0]}–{values[-1]}"
