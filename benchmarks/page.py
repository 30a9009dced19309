"""The pages of the book that show the results, written from the JSON files: ``book/benchmarks.md``,
and ``book/scoreboard.md`` with all models side by side, and its picture.

python -m benchmarks.page     write them anew from benchmarks/results/
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from lecture_utils.datasets import runs

from . import BENCHMARKS
from .common import ROOT
from .goals import GOALS

RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "book" / "benchmarks.md"
SCOREBOARD = ROOT / "book" / "scoreboard.md"
PICTURE = ROOT / "book" / "static" / "attempts.svg"
DRAWINGS = RESULTS / "drawings.npz"  # by `benchmarks.drawings`

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
    "attempts": "All attempts on worlds with a known truth",
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
    "attempts": (
        "*Gap* is the mean of log p(x) − log p_model(x) on the test points, in nats, and ± its "
        "standard error; for the diffusion, and the VAE of faces, an upper bound. A GAN has none. "
        "Seed 0; {doc}`scoreboard` shows three seeds, costs, and what to make of it."
    ),
}
SCOREBOARD_HEAD = """---
myst:
  html_meta:
    description: "All models of this book, scored in one way: on worlds of known truth, and digits."
---

<!-- Written by `python -m benchmarks attempts digits`; change benchmarks/page.py, not this. -->

# Scoreboard

Which attempt is the best? Here they all meet: the same data, the same test, three seeds each. First
on two worlds whose probability is known, so that we can say how far each model is from the truth.
Then on handwritten digits, whose truth nobody knows.

@ATTEMPTS@
## Digits

One set of digits, one split, one evaluation. Every chapter that trains a model of images adds a
row. The images are the 1797 digits of 8×8 pixels, black or white: 1350 to learn from, 150 to
choose settings with, and 297 that are scored, at the end.

```{figure} static/digits.svg
:name: fig-digits-drawn
:width: 100%
:alt: "@ALT_DIGITS@"

Twelve digits of each model, seed 0, the first that were drawn; above them twelve of the test set.
```

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

**The GAN** of {doc}`10-gan` has a time and a price of drawing, and no nats, because it cannot say
how probable a digit is. It drew gray digits, not black and white ones.

What to see: what the pixels know about each other is worth at least eight nats. A code of two
numbers says less about a digit than a long list of drawings does, a code of eight says more.
The model that takes the pixels one by one, with no description at all, is ahead of both, and
needs 64 passes to draw where they need one. Diffusion and flow take many steps too, but all pixels
at once in each. With 64 pixels that buys nothing. With a million it is hundreds of passes against
a million.
"""
ATTEMPTS = """## The ring

Eight Gaussians on a circle, each with a standard deviation of 0.15. Here $p(x)$ is known, and so is
its entropy: @ENTROPY@ nats, which no model can beat on average. All models learned from the same
20,000 points. Settings were chosen on 2,000 others, and 2,000 more are scored. Each model got a
handful of trials, the GANs none: one is the recipe with a penalty, the other a plain non-saturating
GAN, both as in the {doc}`benchmarks`.

```{figure} static/attempts.svg
:name: fig-attempts
:width: 100%
:alt: "@ALT@"

The attempts of the lecture, 700 samples each. Below them, what a model loses to the truth, in nats
a point (≤: at most). A GAN cannot say.
```

@LIKELIHOODS@
**nats** is the mean of $-\\log p_\\theta(x)$ over the test points: lower is better. The truth
scores @TRUTH@ on them, a little above its entropy. That is the luck of these 2,000 points, and
every row shares it. So look at the **gap** instead, the mean of
$\\log p(x) - \\log p_\\theta(x)$. It estimates the KL divergence from the truth to the model, and
the luck cancels. After ± stands its standard error. **Three seeds** shows the lowest and the
highest gap of three runs; the numbers in front are those of the first. A gap below twice its ± is
a tie with the truth, and two gaps that differ by less are a tie with each other. **Bits a
dimension** are the nats, divided by $2 \\log 2$.

Gaussian and autoregressive model are exact by construction. For the VAE the integral over its two
numbers was done on a lattice. Its ELBO alone would have said @ELBO@ nats, the importance-weighted
bound with 1000 samples @WEIGHTED@. For the flow a differential equation is solved, in 50 steps; the
mean would change by @NUMERICAL@ nats with 25. For the diffusion there is only a bound, an average
over noise; ± has its luck in it, too.

@SAMPLES@
**Samples** are 4,000 for each seed; a range goes from the lowest of three seeds to the highest. A
mode is *held* if a fifth of its share of samples lies within three standard deviations; *quality*
is the share of samples that lie so close to some mode; the *reverse KL* compares their shares of
the modes with the truth. The *energy distance* is
$2\\,\\mathbb{E}|x-y| - \\mathbb{E}|x-x'| - \\mathbb{E}|y-y'|$, with samples $x$, fresh data $y$,
and no point paired with itself. It is 0 on average when both come from one distribution, so a
single value may fall below. In the first row data stand for samples. In 100 such comparisons of
data with other data it went from @LUCK@: a single value of that size says nothing.

@COSTS@
**Seconds** are CPU time of one thread: for training, between 10 and 19 for all but the Gaussian,
the quickest of three runs; and for drawing 4,000 points. **To score one** and **to draw one** count
passes of a network. The diffusion's 800 are four draws of 200 steps. The flow also needs slopes
when it scores, about twice the work of a pass. The autoregressive model draws $x_1$ first and then
$x_2$: two turns, one a coordinate. A GAN's training is a game of two; in all other rows one loss
falls, and can be watched.

@SEE@

## Faces

The faces of {doc}`worlds` have 784 pixels, black or white, and $p(x)$ is a sum over genes and
garments. Their entropy is @FACES_ENTROPY@ nats. Learned from 10,000 faces; settings chosen on 500,
scored on 1,000 others.

```{figure} static/faces.svg
:name: fig-faces-drawn
:width: 100%
:alt: "@ALT_FACES@"

Seven faces of each model, seed 0, the first that were drawn; above them seven of the test set.
```

@FACES@
@SEE_FACES@

@MEASURED@
"""
ALT = (
    "Eight clouds of points. The data: eight round spots on a circle. A Gaussian: one wide cloud "
    "without spots. The autoregressive model, the diffusion and the flow: eight spots, hard to "
    "tell from the data. The VAE: eight spots, joined by bridges of points. The plain GAN: narrow "
    "spots, with threads between them. The GAN with a penalty: narrow spots, fewer threads."
)
ALT_DIGITS = (
    "Nine rows of twelve small digits. Data: digits in black and white, coarse but most of "
    "them legible. Pixels alone: speckles. Mixture: digits with stray pixels. The two VAEs: "
    "some digits, some blots; more blots with K = 2. MADE, diffusion and flow: strokes of one "
    "piece, many of them digits. GAN: soft gray digits."
)
ALT_FACES = (
    "Five rows of seven small faces in black and white. Data: clear faces with hair, caps, "
    "sunglasses, scarves. Pixels alone: heads made of speckles. Mixture: clear faces. "
    "Autoregressive and VAE: faces, most of them clear, some with smudged hair or stripes."
)
SEE = """**What to see.** In the plane, the autoregressive model wins: its gap is a few
thousandths of a nat, and its samples are as good as data, by every count here. That says that the
chain rule is exact, and that two conditional densities of one number each are easy to learn. It
does not say that it wins elsewhere. It draws one number after another, two turns here, 784 for the
faces below, a million for a photograph. Diffusion and flow may take as many passes for a million
numbers as for two. Here that is no advantage, and with 15 seconds of training they are behind.

The diffusion has the larger number of these two, and the better samples. There is no contradiction:
0.12 nats is only a bound, and how much of it is the fault of the model we cannot say.

The VAE loses half a nat. Its codes fill the plane without a hole, and a smooth decoder cannot jump
from one mode to the next, so it builds bridges: a third of its samples are farther than three
standard deviations from every mode.

Both GANs hold all eight modes in all runs, which is no feat on this ring; {doc}`10-gan` has a
harder one. With a penalty it draws about as well as the flow, in one pass instead of 40. But nobody
can say how probable a point is under it. All that we have are counts and the energy distance, and
neither would notice a model that repeats its examples. Nor do the counts notice that its spots are
too narrow, a deviation of 0.11 where data have 0.15: anywhere within them is high quality.

One Gaussian holds no mode, and its reverse KL is almost 0: the few of its points that fall on modes
are well spread. Read the numbers together."""
SEE_FACES = """What the pixels of a face know about each other is worth 178 nats. The truth is
itself a mixture, of 720 drawings, so a mixture could be exact. Ours has 100. It climbs from a
random start, every run ends on another hill, and 200 or 400 drawings did no better on the
validation faces. The autoregressive model comes within five nats, and needs 784 passes to draw
where the VAE, with a code of twelve numbers, needs one. The VAE is scored by the importance-
weighted bound with 1000 samples: it may be better than its row says, so that we cannot be sure that
it is behind. (A GAN, a diffusion and a flow of faces were not trained.)

Look at the pictures, too. Pixels alone make no face, only speckles where most faces have ink. The
others make faces, with a smudge here and there where a model did not decide between two of them."""
RING_COSTS = {  # passes to score one, to draw one; the code; the encoder
    "Gaussian": ("1", "1", "none", "–"),
    "autoregressive": ("1", "2", "none", "–"),
    "VAE": ("501²", "1", "2 numbers", "learned"),
    "GAN": ("none", "1", "2 numbers", "none"),
    "GAN, plain": ("none", "1", "2 numbers", "none"),
    "diffusion": ("800", "200", "noise", "fixed"),
    "flow": ("200", "40", "noise", "its way back"),
}
FACES_COSTS = {
    "pixels alone": ("1", "1"),
    "mixture": ("1", "1"),
    "autoregressive": ("1", "784"),
    "VAE": ("1 + 1000", "1"),
}
SHOWN = {  # in the picture, and the color
    "truth": "ink",
    "Gaussian": "likelihood",
    "autoregressive": "likelihood",
    "VAE": "latent",
    "GAN, plain": "adversarial",
    "GAN": "adversarial",
    "diffusion": "slate",
    "flow": "slate",
}
POINTS, REACH = 700, 2.75  # of a picture
HEADINGS = {
    "name": "",
    "gap": "gap",
    "gap_error": "±",
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


def scoreboard(results: dict[str, dict[str, Any]]) -> str:
    """The page with all models, from what the benchmarks `attempts` and `digits` found."""
    known = attempts(results["attempts"])
    page = SCOREBOARD_HEAD.replace("@ATTEMPTS@\n", known) + digits(results["digits"])
    return page.replace("@ALT_DIGITS@", ALT_DIGITS).replace("@ALT_FACES@", ALT_FACES)


def digits(result: dict[str, Any]) -> str:
    """The rows with the models of digits, and what to make of them."""
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
    took = min(row["seconds"] for row in runs.gans()["results"]["digits"])
    lines.append(f"| GAN | none | – | – | none | {took:.1f} | none | 1 |")
    measured = f"\nMeasured on {_machine(result['machine'])}.\n"
    return "\n".join(lines) + "\n" + SCOREBOARD_FOOT + measured


def attempts(result: dict[str, Any]) -> str:
    """The tables of the worlds whose truth is known, and what to make of them."""
    rows = result["attempts"]["ring"]
    by_name = {row["name"]: row for row in rows}
    tables = {
        "LIKELIHOODS": _likelihoods(rows, 2),
        "SAMPLES": _samples(rows),
        "COSTS": _costs(rows, RING_COSTS),
        "FACES": _likelihoods(result["attempts"]["faces"], 784, FACES_COSTS),
        "MEASURED": f"Measured on {_machine(result['machine'])}.\n",
        "ENTROPY": f"{rows[0]['entropy']:.4f}",
        "TRUTH": f"{rows[0]['nats']:.3f}",
        "LUCK": _range(rows[0]["luck"], ".4f").replace("-", "−"),
        "ELBO": f"{by_name['VAE']['elbo_nats']:.2f}",
        "WEIGHTED": f"{by_name['VAE']['weighted_nats']:.2f}",
        "NUMERICAL": f"{by_name['flow']['numerical_error']:.4f}",
        "ALT": ALT,
        "SEE": SEE,
        "SEE_FACES": SEE_FACES,
        "FACES_ENTROPY": f"{result['attempts']['faces'][0]['entropy']:.1f}",
    }
    page = ATTEMPTS
    for name, table in tables.items():
        page = page.replace(f"@{name}@", table)
    return page


def _likelihoods(
    rows: list[dict[str, Any]], size: int, costs: dict[str, tuple[str, ...]] | None = None
) -> str:
    more = " seconds | to score one | to draw one |" if costs else ""
    lines = [
        f"| model | nats | gap to the truth | three seeds | bits a dimension |{more}",
        "|:--|--:|--:|--:|--:|" + "--:|" * (3 if costs else 0),
    ]
    digits = 3 if size == 2 else 2
    for row in rows:
        name = f"mixture of {row['drawings']} drawings" if "drawings" in row else row["name"]
        if "nats" not in row:
            lines.append(f"| {name} | none | none | – | none |")
            continue
        most = "≤\N{NO-BREAK SPACE}" if row.get("bound") else ""
        bits = f"{row['nats'] / (size * math.log(2)):.3f}"
        cells = [name, f"{most}{row['nats']:.{digits}f}"]
        if row["name"] == "truth":
            cells += ["0", "–", bits, *(["–", "1", "1"] if costs else [])]
        else:
            error = f"{row['gap_error']:.{digits}f}"
            gaps = [seed["gap"] for seed in row["seeds"]]
            spread = _range(gaps, f".{digits}f") if len(set(gaps)) > 1 else "no luck in it"
            cells += [f"{most}{row['gap']:.{digits}f} ± {error}", spread, most + bits]
            cells += [f"{row['seconds']:.1f}", *costs[row["name"]]] if costs else []
        lines.append(f"| {' | '.join(cells)} |".replace("-", "−"))
    return "\n".join(lines) + "\n"


def _samples(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| model | modes held | quality | reverse KL | energy distance |",
        "|:--|--:|--:|--:|--:|",
    ]
    for row in rows:
        seeds = row["seeds"]
        cells = [
            row["name"],
            _range([seed["held"] for seed in seeds], "d"),
            _range([100 * seed["quality"] for seed in seeds], ".1f") + "\N{NO-BREAK SPACE}%",
            _range([seed["reverse_kl"] for seed in seeds], ".3f"),
            _range([seed["energy"] for seed in seeds], ".4f"),
        ]
        lines.append(f"| {' | '.join(cells)} |".replace("-", "−"))
    return "\n".join(lines) + "\n"


def _costs(rows: list[dict[str, Any]], costs: dict[str, tuple[str, ...]]) -> str:
    lines = [
        "| model | seconds | to score one | to draw one | seconds for 4,000 | code | encoder |",
        "|:--|--:|--:|--:|--:|:--|:--|",
    ]
    for row in rows:
        if row["name"] in costs:
            score, draw, code, encoder = costs[row["name"]]
            took = (f"{row['seconds']:.1f}", score, draw, f"{row['draw_seconds']:.3f}")
            lines.append(f"| {row['name']} | {' | '.join(took)} | {code} | {encoder} |")
    return "\n".join(lines) + "\n"


def _range(values: list[float], style: str) -> str:
    low, high = format(min(values), style), format(max(values), style)
    return low if low == high else f"{low} to {high}"


def picture(result: dict[str, Any]) -> str:
    """Samples of all attempts on the ring, as SVG that follows the page's theme."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Curve

    from lecture_utils.figures.style import COLORS, svg, use_style

    rows = {row["name"]: row for row in result["attempts"]["ring"]}
    samples = runs.attempts()
    use_style()
    fig, axes = plt.subplots(2, 4, figsize=(5.6, 3.9), layout="none")
    fig.subplots_adjust(0, 0.075, 1, 0.94, wspace=0, hspace=0.33)
    for ax, (name, color) in zip(axes.flat, SHOWN.items(), strict=True):
        row, x = rows[name], samples[name].astype(float)
        x = x[(abs(x) < REACH).all(1)][:POINTS]
        ends = [pair for point in x for pair in (point, point)]  # lines of no length: round dots
        curve = Curve(ends, [Curve.MOVETO, Curve.LINETO] * len(x))
        dots = {"linewidth": 1.5, "capstyle": "round", "alpha": 0.75}
        ax.add_patch(PathPatch(curve, facecolor="none", edgecolor=COLORS[color], **dots))
        ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
        ax.axis("off")
        most = r"$\leq$ " if row.get("bound") else ""  # the course's font has no such sign
        below = "the truth" if name == "truth" else "none"
        if name != "truth" and "gap" in row:
            below = f"{most}{row['gap']:.{2 if row['gap'] > 0.1 else 3}f} nats"
        ax.set_title("data" if name == "truth" else name, loc="center", weight=600, pad=2)
        of_text = {"ha": "center", "va": "top", "color": COLORS["soft"]}
        ax.text(0.5, -0.02, below, transform=ax.transAxes, **of_text)
    text = svg(fig)
    plt.close(fig)
    return re.sub(r'd="((?:M \S+ \S+ \n){9,})L[^"]*"', lambda m: f'd="{_dots(m[1])}"', text)


def _dots(path: str) -> str:
    """A path that moves from point to point, as one that leaves a round dot at each."""
    points = re.findall(r"M (\S+) (\S+)", path)
    return "".join(f"M{float(x):.1f} {float(y):.1f}h0" for x, y in points)


def drawings(kind: str) -> str:
    """What all models of "digits" or "faces" draw, a row for each, as SVG."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    from lecture_utils.figures.sheet import contact_sheet
    from lecture_utils.figures.style import svg, use_style

    with np.load(DRAWINGS) as kept:
        models = {key.split(": ")[1]: kept[key] / 255 for key in kept if key.startswith(kind)}
    use_style()
    sheets = {name: contact_sheet(x, len(x), ink=True) for name, x in models.items()}
    height, width = next(iter(sheets.values())).shape[:2]
    each = 4.3 * height / width + 0.06  # inches: the picture is 4.3 wide, the names 1.3
    fig, axes = plt.subplots(len(sheets), 1, figsize=(5.6, each * len(sheets)), layout="none")
    fig.subplots_adjust(1.3 / 5.6, 0, 1, 1, hspace=0.06 / each)
    for ax, (name, sheet) in zip(axes, sheets.items(), strict=True):
        ax.imshow(sheet.clip(0, 1), interpolation="nearest")
        ax.axis("off")
        ax.text(-0.03, 0.5, name, transform=ax.transAxes, ha="right", va="center")
    text = svg(fig)
    plt.close(fig)
    return text


def write() -> Path:
    """Write the pages from the files of results."""
    results = load()
    PAGE.write_text(text(results), encoding="utf8")
    if {"digits", "attempts"} <= set(results):
        SCOREBOARD.write_text(scoreboard(results), encoding="utf8")
        PICTURE.write_text(picture(results["attempts"]), encoding="utf8")
        for kind in ("digits", "faces"):
            PICTURE.with_name(f"{kind}.svg").write_text(drawings(kind), encoding="utf8")
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
    gaps = ("gap", "gap_error", "error")
    if key in ("ratio", "trainer_ratio", "nats", "elbo", "exact", "truth", *gaps):
        digits = 3 if key in gaps and abs(value) < 0.1 else 2
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
