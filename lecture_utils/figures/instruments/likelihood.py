"""A coin's likelihood beside its log-likelihood: the same top, but only one survives many days."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from lecture_utils.figures.instruments._instrument import LIVE, slider
from lecture_utils.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DAYS = [10, 20, 50, 100, 200, 500, 1000, 2000]
LOWEST, HIGHEST = 0.01, 0.99  # of theta
DEPTH = 3.0  # nats a day that the axis of the log-likelihood reaches down


def twin(snowy: int, clear: int, theta: float) -> dict[str, Any]:
    """The likelihood of a coin with probability `theta` of snow.

    Args:
        snowy: How many days had snow.
        clear: How many had none.
        theta: Between 0 and 1.

    Returns:
        "log_likelihood" in nats, the "likelihood" as far as a float64 holds it (0 where it does
        not), the "best" theta, and "best_log_likelihood" and "best_likelihood" there.

    Raises:
        ValueError: There is no day, or theta is not strictly between 0 and 1.
    """
    if min(snowy, clear) < 0 or snowy + clear < 1:
        raise ValueError(f"snowy and clear must count at least one day; got {snowy} and {clear}.")
    if not 0 < theta < 1:
        raise ValueError(f"theta must lie strictly between 0 and 1; got {theta!r}.")
    best = snowy / (snowy + clear)
    here, there = _log_likelihood(snowy, clear, theta), _log_likelihood(snowy, clear, best)
    return {
        "log_likelihood": here,
        "likelihood": math.exp(here),
        "best": best,
        "best_log_likelihood": there,
        "best_likelihood": math.exp(there),
    }


def _log_likelihood(snowy: int, clear: int, theta: float) -> float:
    """0 log 0 is 0: what never happened costs nothing."""
    snow = snowy * math.log(theta) if snowy else 0.0
    return snow + (clear * math.log1p(-theta) if clear else 0.0)


def prepare(*, days: int = 10, snowy: int = 7, theta: float = 0.5) -> dict[str, Any]:
    """Check what the chapter gave.

    Args:
        days: How many days are shown first, one of `DAYS`.
        snowy: How many of ten days had snow, at first.
        theta: The coin shown first, 0.01 to 0.99.

    Raises:
        ValueError: One of them lies outside the instrument.
    """
    if days not in DAYS:
        raise ValueError(f"days={days!r} is none of {', '.join(map(str, DAYS))}.")
    if snowy not in range(11):
        raise ValueError(f"snowy={snowy!r} is not a whole number from 0 to 10.")
    if not LOWEST <= theta <= HIGHEST:
        raise ValueError(f"theta={theta!r} lies outside {LOWEST} to {HIGHEST}.")
    return {
        "choices": DAYS,
        "days": days,
        "snowy": snowy,
        "theta": float(theta),
        "range": [LOWEST, HIGHEST],
        "depth": DEPTH,
    }


def table(prepared: dict[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    """The best coin and the one that is shown first, for every number of days."""
    rows = []
    for days in DAYS:
        snowy = days * prepared["snowy"] // 10
        now = twin(snowy, days - snowy, prepared["theta"])
        rows.append(
            [
                str(days),
                _number(now["likelihood"]),
                f"{now['log_likelihood']:.1f}",
                _number(now["best_likelihood"]),
                f"{now['best_log_likelihood']:.1f}",
            ]
        )
    share = prepared["snowy"]
    caption = f"{share} of ten days with snow: likelihood and log-likelihood in nats of two coins"
    here, best = f"θ = {prepared['theta']:g}", f"θ = {share / 10:g}"
    header = ["Days", f"Likelihood, {here}", f"Log, {here}", f"Likelihood, {best}", f"Log, {best}"]
    return caption, header, rows


def _number(x: float) -> str:
    """2.2e−3, as the page's script writes it."""
    if x == 0 or 1e-3 <= x:
        return f"{x:.2g}"
    digits, power = f"{x:.1e}".split("e")
    return f"{digits}e\N{MINUS SIGN}{-int(power)}"


def controls(prepared: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Start values, and a function that makes the ipywidgets."""
    start = {name: prepared[name] for name in ("days", "snowy", "theta")}

    def widgets() -> dict[str, Any]:
        import ipywidgets

        return {
            "days": ipywidgets.SelectionSlider(
                options=DAYS, value=start["days"], description="days", **LIVE
            ),
            "snowy": ipywidgets.IntSlider(
                value=start["snowy"], min=0, max=10, description="snowy of ten", **LIVE
            ),
            "theta": slider("θ", start["theta"], (LOWEST, HIGHEST), 0.01),
        }

    return start, widgets


def draw(prepared: dict[str, Any], days: int, snowy: int, theta: float) -> Figure:
    """The likelihood, on an axis that ends at its top, beside the log-likelihood."""
    import matplotlib.pyplot as plt

    snow = days * snowy // 10
    now = twin(snow, days - snow, theta)
    grid = np.linspace(0.0025, 0.9975, 400)
    curve = np.array([_log_likelihood(snow, days - snow, t) for t in grid])
    fig, (a, b) = plt.subplots(1, 2)
    a.plot(grid, np.exp(curve), color=COLORS["likelihood"])
    a.plot(theta, now["likelihood"], "o", color=COLORS["adversarial"])
    a.set(
        ylim=(0, 1.1 * now["best_likelihood"] or 1),
        xlabel=r"$\theta$",
        title=f"likelihood {_number(now['likelihood'])}",
    )
    b.plot(grid, curve, color=COLORS["likelihood"])
    b.plot(theta, now["log_likelihood"], "o", color=COLORS["adversarial"])
    b.set(
        ylim=(-DEPTH * days, 0.05 * days),
        xlabel=r"$\theta$",
        title=f"log-likelihood {now['log_likelihood']:.1f} nats",
    )
    for ax in (a, b):
        ax.axvline(now["best"], color=COLORS["edge"], linestyle=":")
    return fig
