"""The page of the book that shows the results: ``book/benchmarks.md``, written from the JSON files.

python -m benchmarks.page     write it anew from benchmarks/results/
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from . import BENCHMARKS
from .common import ROOT
from .goals import GOALS

RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "book" / "benchmarks.md"

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
    "digits": "VAE and MADE on digits",
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
        "only. Nats an image on the test set, with the standard error over its 297 images."
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


def write() -> Path:
    """Write the page from the files of results."""
    PAGE.write_text(text(load()), encoding="utf8")
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
