"""The pages of the book that show the results, written from the JSON files: ``book/benchmarks.md``,
and ``book/scoreboard.md`` with the models of digits side by side.

python -m benchmarks.page     write them anew from benchmarks/results/
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

from . import BENCHMARKS
from .common import ROOT
from .goals import GOALS

RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "book" / "benchmarks.md"
SCOREBOARD = ROOT / "book" / "scoreboard.md"

HEAD = """---
myst:
  html_meta:
    description: "How fast the trainers of this book are, and how good the models they train."
---

<!-- Written by `python -m benchmarks`; change benchmarks/page.py, not this file. -->

# Benchmarks

How fast are the trainers of this book, and how good are the models that they train? This page is
written by `python -m benchmarks`, which measures everything anew, on your machine too. Times are
CPU time of one thread. A ratio compares two runs of the same round, so that a busy machine disturbs
both alike; it is the median over the rounds. Seeds are 0, 1 and 2. Quality is measured on data that
the model has not seen, or against a distribution that is known exactly.

That training is exact is not measured here but tested, with every change: a run that is resumed,
interrupted or killed ends bit for bit where an undisturbed one ends, for every trainer; a progress
bar and a validation change no number; two processes agree with one to 1e-6.
"""

TITLES = {
    "step_time": "Time of a training step",
    "imports": "Cost of an import",
    "devices": "Precision, compiling, recording",
    "sampling": "Drawing beside scoring",
    "pictures": "Pictures and exact probabilities",
    "digits": "Models of digits",
    "names": "Names",
    "gans": "GANs on mixtures",
    "flows": "Flow matching and diffusion on mixtures",
}
NOTES = {
    "step_time": (
        "The loop by hand keeps its data in memory and shuffles by index; the DataLoader loop is "
        "the one of most tutorials. *Ratio* compares with the loop by hand, *ours* is the "
        "trainer's time over this one's: below 1, the trainer is faster."
    ),
    "imports": "In a fresh interpreter that has imported PyTorch and NumPy; medians.",
    "devices": (
        "On the best device of the machine, wall time. The last column is the mean of the last "
        "losses: the ways to compute should agree on it."
    ),
    "sampling": (
        "Autoregressive models score all T tokens in one pass, and draw them in T. Seconds for "
        "1,000 sequences."
    ),
    "pictures": (
        "Seconds for 1,024 pictures, and for the exact probabilities of as many images beside the "
        "matrix product that they are made of."
    ),
    "digits": (
        "8×8 digits, binarized once and for all (static binarization); tuned on the validation set "
        "only. Nats an image on the test set, with the standard error over its 297 images; for a "
        "VAE, a diffusion and a flow an upper bound. {doc}`scoreboard` compares them."
    ),
    "names": "Nats a token on 3,000 names that were held out, with the standard error.",
    "gans": (
        "2,500 samples a report. A mode is *held* with a fifth of its share of samples within "
        "three standard deviations, *captured* with one; *quality* is the share of such samples, "
        "and the reverse KL compares their shares of the modes with the truth, in nats. A plain "
        "GAN captures nearly all modes by luck: the three numbers belong together."
    ),
    "flows": (
        "As above; *nats* is the mean of log p(x) on fresh data, exact for a flow and a lower "
        "bound for a diffusion; *truth* is the best possible value, minus the entropy. A sample of "
        "*midpoint* takes 100 passes of the network, of *ancestral* and *ode* 200, of *ode, 50* 50."
    ),
}
SCOREBOARD_HEAD = """---
myst:
  html_meta:
    description: "All models of this book on one set of handwritten digits, scored in one way."
---

<!-- Written by `python -m benchmarks digits`; change benchmarks/page.py, not this file. -->

# Scoreboard

One set of digits, one split, one evaluation. Every chapter that trains a model of images adds a
row. The images are the 1797 digits of 8×8 pixels, black or white: 1350 to learn from, 150 to
choose settings with, and 297 that are scored, at the end.

| model | nats a digit | ± | three seeds | bits a pixel | seconds | to score one | to draw one |
|:--|--:|--:|--:|--:|--:|--:|--:|
"""
SCOREBOARD_FOOT = """
**nats a digit** is the mean of $-\\log p_\\theta(x)$ over the test digits: lower is better. "≤"
stands where only a bound is known. The VAE with eight numbers is scored by the
importance-weighted bound with 1000 samples, so its true score is at most that, up to the luck
of the samples. For the one with two numbers the integral over codes was done on a lattice: the
score is exact. Diffusion and flow are models of real numbers. They get a probability of black and
white pixels by a last step that reads off signs, and it is known by a bound, an average over the
noise that was added. The other rows are exact by construction.

**±** is the standard error of that mean: how far it would typically move with 297 *other* test
digits. It says nothing about training again. That is what **three seeds** shows, the lowest and
the highest score of three runs that differ in their random numbers; the nats in front are those
of the first. All rows are scored on the *same* digits, so the difference of two rows is usually
surer than their ± suggest.

**The rows** come from these chapters: a mixture of drawings from {doc}`04-maximum-likelihood`, MADE
from {doc}`05-autoregressive`, and the VAE, with a code of $K$ numbers, from {doc}`09-vae`. "Pixels
alone" gives every pixel a probability of its own and lets it look at no other.

**Settings** (the number of drawings, learning rates, widths, steps) were chosen on the 150
validation digits, never on the test digits. Nobody searched equally long for every row. Read a
difference of a few tenths of a nat as a tie.

**seconds** are for training, CPU time of one thread, the quickest of the three runs. **To score
one** and **to draw one** count passes of a network (for the mixture, looks at the list of its
drawings); passes that can be done side by side are counted all the same.

For the flow, scoring also takes the slopes of every output, 64 times the work of a pass.

What to see: what the pixels know about each other is worth at least eight nats. A code of two
numbers says less about a digit than a long list of drawings does, a code of eight says more.
The model that takes the pixels one by one, with no description at all, is ahead of both, and
needs 64 passes to draw where they need one. Diffusion and flow take many steps too, but all pixels
at once in each. With 64 pixels that buys nothing. With a million it is hundreds of passes against
a million.
"""
HEADINGS = {
    "name": "",
    "seconds": "seconds",
    "ratio": "ratio",
    "ratio_range": "in a round",
    "trainer_ratio": "ours",
    "last_loss": "last loss",
    "megabytes": "MB",
    "seed": "seed",
    "steps": "steps",
    "held": "held",
    "captured": "captured",
    "quality": "quality",
    "reverse_kl": "reverse KL",
    "nats": "nats",
    "truth": "truth",
    "elbo": "ELBO",
    "exact": "exact",
    "active_units": "active units",
    "error": "±",
    "nats_per_token": "nats a token",
}
MICROSECONDS = {"step_time", "devices"}


def load() -> dict[str, dict[str, Any]]:
    """The results that there are, by benchmark."""
    files = {name: RESULTS / f"{name}.json" for name in BENCHMARKS}
    return {
        name: json.loads(file.read_text(encoding="utf8"))
        for name, file in files.items()
        if file.exists()
    }


def text(results: dict[str, dict[str, Any]]) -> str:
    """The page."""
    parts = [HEAD, "## Goals\n", _goals(results)]
    for name, result in results.items():
        parts += [f"## {TITLES[name]}\n", f"{NOTES[name]}\n"]
        for title, rows in result[name].items():
            parts += [f"**{title[0].upper()}{title[1:]}**\n", _table(rows, name)]
        parts.append(f"Measured on {_machine(result['machine'])}.\n")
    return "\n".join(parts)


def scoreboard(result: dict[str, Any]) -> str:
    """The page with the models of digits, from what the benchmark `digits` found."""
    by_name = {row["name"]: row for row in result["digits"]["static binarization"]}
    lines = []
    for name, passes in (
        ("pixels alone", "1 | 1"),
        ("mixture", "1 | 1"),
        ("VAE, K = 2", "401² | 1"),
        ("VAE, K = 8", "1 + 1000 | 1"),
        ("MADE", "1 | 64"),
        ("diffusion", "400 | 400"),
        ("flow", "96 | 100"),
    ):
        row = by_name[name]
        exact = row.get("exact")
        nats = row["nats"] if exact is None else exact
        bound = "bound" in row or (exact is None and "elbo" in row)
        most = "≤\N{NO-BREAK SPACE}" if bound else ""
        label = f"mixture of {row['drawings']} drawings" if "drawings" in row else name
        low, high = (f"{value:.2f}" for value in (min(row["seeds"]), max(row["seeds"])))
        spread = "no luck in it" if low == high else f"{low} to {high}"
        took = f"{row['seconds']:.1f}"
        lines.append(
            f"| {label} | {most}{nats:.2f} | {row['error']:.2f} | {spread} | "
            f"{most}{nats / (64 * math.log(2)):.3f} | {took} | {passes} |"
        )
    measured = f"\nMeasured on {_machine(result['machine'])}.\n"
    return SCOREBOARD_HEAD + "\n".join(lines) + "\n" + SCOREBOARD_FOOT + measured


def write() -> Path:
    """Write the pages from the files of results."""
    results = load()
    PAGE.write_text(text(results), encoding="utf8")
    if "digits" in results:
        SCOREBOARD.write_text(scoreboard(results["digits"]), encoding="utf8")
    return PAGE


def _goals(results: dict[str, dict[str, Any]]) -> str:
    lines = ["| what | goal | measured | |", "|:--|:--|:--|:--|"]
    for goal in GOALS:
        words, outcome = "not measured here", ""
        if goal.benchmark in results:
            words, reached = goal.measure(results[goal.benchmark])
            outcome = "reached" if reached else "**missed**"
        limit = re.sub("([≤≥]) ", "\\1\N{NO-BREAK SPACE}", goal.goal)  # stays with its number
        lines.append(f"| {goal.what} | {limit} | {words} | {outcome} |")
    return "\n".join(lines) + "\n"


def _table(rows: list[dict[str, Any]], benchmark: str) -> str:
    columns = [key for key in HEADINGS if any(row.get(key) is not None for row in rows)]
    names = [HEADINGS[key] for key in columns]
    if benchmark in MICROSECONDS:
        names[columns.index("seconds")] = "µs a step"
    lines = [f"| {' | '.join(names)} |", "|:--" + "|--:" * (len(columns) - 1) + "|"]
    for row in rows:
        cells = [_cell(key, row.get(key), benchmark) for key in columns]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(key: str, value: Any, benchmark: str) -> str:
    if value is None:
        return "–"
    if key == "seconds" and benchmark in MICROSECONDS:
        return f"{1e6 * value:,.0f}"
    if key == "ratio_range":
        return f"{value[0]:.2f}–{value[1]:.2f}"
    if key == "quality":
        return f"{100 * value:.1f} %"
    if key in ("ratio", "trainer_ratio", "error", "nats", "elbo", "exact", "truth"):
        digits = 3 if key == "error" and abs(value) < 0.1 else 2
        return f"{value:.{digits}f}".replace("-", "−")
    if key == "nats_per_token":
        return f"{value:.4f}"
    if key == "last_loss":
        return f"{value:.4g}"
    if key == "megabytes":
        return f"{value:.1f}"
    if key == "seconds":
        return f"{value:.3f}" if value < 1 else f"{value:.1f}"
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _machine(machine: dict[str, Any]) -> str:
    threads = "one thread" if machine["threads"] == 1 else f"{machine['threads']} threads"
    return (
        f"{machine['processor']}, {machine['cores']} cores, {threads}; {machine['system']}, Python "
        f"{machine['python']}, PyTorch {machine['torch']}; revision {machine['revision']}"
    )


if __name__ == "__main__":
    print(write())
