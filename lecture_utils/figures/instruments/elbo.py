"""The split of a bound: reconstruction, rate and gap of a Gaussian guess, whose sum never moves.

z ~ N(0, 1) is hidden, x = z + noise is seen, and q = N(mean, sd^2) is the guess about z.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from lecture_utils.figures.instruments._instrument import require_within, slider
from lecture_utils.figures.style import COLORS, HATCHES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEANS = (-1.0, 3.0)
WIDTHS = (0.1, 2.0)
_TABLE = ((0.0, 1.0), (1.5, 0.1), (-1.0, 0.5), (1.0, 1.0))


def twin(x: float, noise: float, mean: float, sd: float) -> dict[str, float]:
    """The three terms of log p(x) = rec - rate + gap, each computed on its own.

    Args:
        x: What was seen.
        noise: Standard deviation of x around z.
        mean: Of the guess.
        sd: Standard deviation of the guess.

    Returns:
        In nats "rec" = E_q[log p(x | z)], "rate" = KL(q || p(z)), "gap" = KL(q || p(z | x)), the
        "elbo" = rec - rate and "log_px" from its own formula; "posterior_mean" and "posterior_sd".

    Raises:
        ValueError: A number is not finite, or a standard deviation is not positive.
    """
    if not all(map(math.isfinite, (x, noise, mean, sd))) or noise <= 0 or sd <= 0:
        raise ValueError(
            "x, noise, mean and sd must be finite, and noise and sd positive; "
            f"got {x!r}, {noise!r}, {mean!r}, {sd!r}."
        )
    total = 1 + noise**2  # the variance of x
    center, width = x / total, noise / math.sqrt(total)
    rec = -0.5 * math.log(2 * math.pi * noise**2) - ((x - mean) ** 2 + sd**2) / (2 * noise**2)
    rate = _divergence(mean, sd, 0.0, 1.0)
    return {
        "rec": rec,
        "rate": rate,
        "gap": _divergence(mean, sd, center, width),
        "elbo": rec - rate,
        "log_px": -0.5 * math.log(2 * math.pi * total) - x**2 / (2 * total),
        "posterior_mean": center,
        "posterior_sd": width,
    }


def _divergence(mean: float, sd: float, center: float, width: float) -> float:
    """KL(N(mean, sd^2) || N(center, width^2)) in nats."""
    ratio = (sd / width) ** 2
    return 0.5 * (((mean - center) / width) ** 2 + ratio - 1 - math.log(ratio))


def prepare(*, x: float, noise: float, mean: float = 0.0, sd: float = 1.0) -> dict[str, Any]:
    """Check what the chapter gave.

    Args:
        x: What was seen, -3 to 3.
        noise: Standard deviation of x around z, 0.4 to 3: so that no density exceeds 1.
        mean: The guess's mean at first, -1 to 3.
        sd: Its standard deviation at first, 0.1 to 2.

    Raises:
        ValueError: One of them lies outside the instrument.
    """
    ranges = {"x": (-3.0, 3.0), "noise": (0.4, 3.0), "mean": MEANS, "sd": WIDTHS}
    given = {"x": x, "noise": noise, "mean": mean, "sd": sd}
    require_within(given, ranges)
    # A guess's bound is concave in its mean and in its width: the least stands in a corner.
    least = min(twin(x, noise, m, s)["elbo"] for m in MEANS for s in WIDTHS)
    return {
        **{name: float(value) for name, value in given.items()},
        "means": list(MEANS),
        "widths": list(WIDTHS),
        "least": math.floor(least),
    }


def table(prepared: dict[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    """Five guesses, the last one exact."""
    x, noise = prepared["x"], prepared["noise"]
    exact = twin(x, noise, 0.0, 1.0)
    rows = []
    for mean, sd in (*_TABLE, (exact["posterior_mean"], exact["posterior_sd"])):
        now = twin(x, noise, mean, sd)
        terms = [now["rec"], -now["rate"], now["gap"], now["log_px"]]
        rows.append([f"{_nats(mean)}, {sd:.2f}", *map(_nats, terms)])
    caption = f"Seen: x = {x:g}. Five guesses about z, and the three terms of log p(x) in nats"
    header = ["Mean, width of q", "Reconstruction", "−rate", "Gap", "log p(x), their sum"]
    return caption, header, rows


def _nats(value: float) -> str:
    """Two digits, with a true minus sign and without a negative zero."""
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00").replace("-", "\N{MINUS SIGN}")


def controls(prepared: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Start values, and a function that makes the ipywidgets."""
    start = {"mean": prepared["mean"], "sd": prepared["sd"]}

    def widgets() -> dict[str, Any]:
        return {
            "mean": slider("mean of q", start["mean"], MEANS, 0.01),
            "sd": slider("width of q", start["sd"], WIDTHS, 0.01),
        }

    return start, widgets


def draw(prepared: dict[str, Any], mean: float, sd: float) -> Figure:
    """Prior, posterior and guess above; below, the three terms from 0 down to log p(x)."""
    import matplotlib.pyplot as plt

    now = twin(prepared["x"], prepared["noise"], mean, sd)
    z = np.linspace(-3.5, 5.0, 500)
    fig, (a, b) = plt.subplots(2, 1, figsize=(5.6, 4.2))
    for center, width, role, style, name in (
        (0.0, 1.0, "rate", "--", "prior"),
        (now["posterior_mean"], now["posterior_sd"], "gap", ":", "posterior"),
        (mean, sd, "latent", "-", "q"),
    ):
        density = np.exp(-0.5 * ((z - center) / width) ** 2) / (width * math.sqrt(2 * math.pi))
        a.plot(z, density, style, color=COLORS[role], label=name)
    a.set(ylim=(0, 1.5), yticks=[], xlabel="$z$")
    a.legend()
    bars = [
        ("rec", 0.0, now["rec"], f"reconstruction {_nats(now['rec'])}"),
        ("rate", now["rec"], -now["rate"], f"rate: {_nats(now['rate'])} down"),
        ("gap", now["elbo"], now["gap"], f"gap: {_nats(now['gap'])} up"),
    ]
    for row, (role, left, size, _) in enumerate(bars):
        b.barh(
            row, size, left=left, height=0.6, facecolor=COLORS[role],
            edgecolor=COLORS["paper"], hatch=HATCHES[role],
        )
    b.axvline(now["log_px"], color=COLORS["ink"])
    b.set(
        xlim=(prepared["least"], 0.5),
        ylim=(2.6, -0.6),
        yticks=range(3),
        yticklabels=[words for *_, words in bars],
        xlabel="nats",
        title=f"log p(x) = {_nats(now['log_px'])} nats",
    )
    return fig
