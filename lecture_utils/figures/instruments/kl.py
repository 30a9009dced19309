"""One bell against two bumps: the divergence in both directions, and the best bell in each.

The world p is an even mixture of N(-a, 1) and N(a, 1); the belief q is one Gaussian. What has no
closed form, E_p[log p] and E_q[log p], is a sum over a fixed grid, exact to rounding.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from lecture_utils.figures.instruments._instrument import require_within, slider
from lecture_utils.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEPARATION = (1.0, 4.0)  # half the way from bump to bump, in standard deviations of a bump
MEAN = (-5.0, 5.0)
SD = (0.3, 5.0)
STEP = 0.05  # of the separation: for each of its values the best bells are prepared
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
_T = np.arange(-900, 901) / 100  # standard deviations; what lies beyond 9 weighs 2e-19
_WEIGHTS = np.exp(-_T * _T / 2 - _HALF_LOG_2PI) / 100
_TABLE = (1.0, 2.0, 2.4, 2.8, 3.0, 4.0)


def twin(separation: float, mean: float, sd: float) -> dict[str, Any]:
    """Both divergences between two bumps p and one bell q, and the best forward bell.

    Args:
        separation: a > 0: the bumps, of standard deviation 1, stand at -a and a.
        mean: Of the bell.
        sd: Of the bell, positive.

    Returns:
        "forward" KL(p||q) and "reverse" KL(q||p) in nats, and "best_forward_sd" and "best_forward",
        standard deviation and divergence of the bell (at 0) that has the smallest KL(p||q).

    Raises:
        ValueError: The separation or the standard deviation is not positive.
    """
    if not (0 < separation < math.inf and 0 < sd < math.inf):
        raise ValueError(f"separation and sd must be positive; got {separation!r} and {sd!r}.")
    a = separation
    # log p is even: its mean under the right bump is its mean under both.
    surprise = -math.fsum(_WEIGHTS * _log_p(a + _T, a))  # the entropy of p
    variance = 1 + a * a
    best_sd = math.sqrt(variance)
    forward = _HALF_LOG_2PI + math.log(sd) + (variance + mean * mean) / (2 * sd * sd) - surprise
    reverse = -math.fsum(_WEIGHTS * _log_p(mean + sd * _T, a)) - _HALF_LOG_2PI - 0.5 - math.log(sd)
    return {
        "forward": forward,
        "reverse": reverse,
        "best_forward_sd": best_sd,
        "best_forward": _HALF_LOG_2PI + math.log(best_sd) + 0.5 - surprise,
    }


def _log_p(x: np.ndarray, a: float) -> np.ndarray:
    near = np.abs(x)
    top = -((near - a) ** 2) / 2 - _HALF_LOG_2PI - math.log(2)
    return top + np.log1p(np.exp(-2 * a * near))


def best_reverse(separation: float) -> tuple[dict[str, float], dict[str, float] | None]:
    """The bells with the smallest KL(q||p): the wide one at 0, and the one on the right bump.

    Args:
        separation: a, from 1 to 4.

    Returns:
        Two dictionaries with "mean", "sd" and "kl". The second is None where no bell beside the
        middle is a local optimum, which is so up to a = 2.41.
    """
    wide = _newton(separation, 0.0, 0.9 * separation + 0.3 if separation > 1.5 else 1.4)
    side = _newton(separation, separation, 1.0) if separation > 2.415 else None
    return wide, side


def _newton(a: float, mean: float, sd: float) -> dict[str, float]:
    """Both derivatives of KL(q||p) set to zero, E_q[(log p)'] = 0 and E_q[(log p)''] = -1/sd²."""

    def slopes(m: float, s: float) -> np.ndarray:
        u = a * (m + s * _T)
        bend = a * a * (_WEIGHTS / np.cosh(np.minimum(np.abs(u), 300)) ** 2).sum()
        return np.array([m - a * (_WEIGHTS * np.tanh(u)).sum(), 1 / (s * s) - 1 + bend])

    at, h = np.array([mean, sd]), 1e-6
    for _ in range(60):
        columns = [(slopes(*(at + d)) - slopes(*(at - d))) / (2 * h) for d in h * np.eye(2)]
        step = np.linalg.solve(np.transpose(columns), slopes(*at))
        at = at - np.clip(step, -0.2, 0.2)
        if np.abs(step).max() < 1e-12:
            break
    m, s = (float(v) for v in at)
    return {"mean": abs(m) if abs(m) > 1e-9 else 0.0, "sd": s, "kl": twin(a, m, s)["reverse"]}


@cache
def _all_best() -> tuple[tuple[dict[str, float], dict[str, float] | None], ...]:
    """For each step of the separation, its best bells."""
    steps = round((SEPARATION[1] - SEPARATION[0]) / STEP)
    return tuple(best_reverse(round(SEPARATION[0] + i * STEP, 2)) for i in range(steps + 1))


def prepare(*, separation: float = 2.5, mean: float = 1.0, sd: float = 1.5) -> dict[str, Any]:
    """Check what the chapter gave.

    Args:
        separation: a, shown first: 1 to 4 in steps of 0.05.
        mean: Of the bell at first, -5 to 5.
        sd: Of the bell at first, 0.3 to 5.

    Raises:
        ValueError: One of them lies outside the instrument.
    """
    given = {"separation": separation, "mean": mean, "sd": sd}
    ranges = {"separation": SEPARATION, "mean": MEAN, "sd": SD}
    require_within(given, ranges)
    if abs(separation / STEP - round(separation / STEP)) > 1e-9:
        raise ValueError(f"separation={separation!r} is no multiple of {STEP}.")
    return {
        **{name: float(value) for name, value in given.items()},
        "ranges": ranges,
        "step": STEP,
        "best_reverse": [list(pair) for pair in _all_best()],
    }


def _best_at(prepared: dict[str, Any], separation: float) -> list[dict[str, float] | None]:
    return prepared["best_reverse"][round((separation - SEPARATION[0]) / STEP)]


def table(prepared: dict[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    """The best bell of both directions at some separations."""
    rows = []
    for a in _TABLE:
        now = twin(a, 0.0, 1.0)
        best = min((b for b in _best_at(prepared, a) if b), key=lambda b: b["kl"])
        where = "0" if best["mean"] == 0 else f"±{best['mean']:.2f}"
        rows.append(
            [
                f"{a:g}",
                f"{now['best_forward_sd']:.2f}",
                f"{now['best_forward']:.3f}",
                where,
                f"{best['sd']:.2f}",
                f"{best['kl']:.3f}",
            ]
        )
    caption = (
        "One bell fitted to two bumps of width 1 at ±a: the best forward bell, which stands at 0, "
        "and the best reverse bell; divergences in nats"
    )
    header = ["a", "Forward sd", "KL(p‖q)", "Reverse mean", "Reverse sd", "KL(q‖p)"]
    return caption, header, rows


def controls(prepared: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Start values, and a function that makes the ipywidgets."""
    start = {name: prepared[name] for name in ("separation", "mean", "sd")}

    def widgets() -> dict[str, Any]:
        words = {"separation": "bumps at ±", "mean": "mean of q", "sd": "width of q"}
        return {
            name: slider(words[name], start[name], ends, STEP)
            for name, ends in prepared["ranges"].items()
        }

    return start, widgets


def draw(prepared: dict[str, Any], separation: float, mean: float, sd: float) -> Figure:
    """The bumps, your bell and the best ones; below, both divergences and their smallest values."""
    import matplotlib.pyplot as plt

    a = round(separation / STEP) * STEP
    now = twin(a, mean, sd)
    wide, side = _best_at(prepared, a)
    best, other = (side, wide) if side and side["kl"] < wide["kl"] else (wide, side)
    x = np.linspace(-8, 8, 500)
    sign = -1 if mean < 0 else 1

    def bell(m: float, s: float) -> np.ndarray:
        return np.exp(-(((x - m) / s) ** 2) / 2 - _HALF_LOG_2PI) / s

    fig, (ax, bars) = plt.subplots(2, 1, figsize=(5.6, 4.6), height_ratios=[3, 1])
    ax.fill_between(x, np.exp(_log_p(x, a)), color=COLORS["line"], lw=0, label="p")
    ax.plot(x, bell(mean, sd), color=COLORS["ink"], label="your q")
    ax.plot(
        x, bell(0, now["best_forward_sd"]), "--", color=COLORS["likelihood"], label="best forward"
    )
    ax.plot(
        x, bell(sign * best["mean"], best["sd"]), "--", color=COLORS["latent"], label="best reverse"
    )
    if other:
        ax.plot(
            x, bell(sign * other["mean"], other["sd"]), ":", color=COLORS["latent"], label="local"
        )
    ax.set(ylim=(0, 0.72), yticks=[])
    ax.legend(ncols=3)
    rows = (
        (now["forward"], now["best_forward"], "likelihood"),
        (now["reverse"], best["kl"], "latent"),
    )
    for row, (value, least, role) in enumerate(rows):
        bars.barh(row, min(value, 3), height=0.6, color=COLORS[role])
        bars.plot([least, least], [row - 0.42, row + 0.42], color=COLORS["ink"])
        bars.text(min(value, 3) + 0.05, row, f"{value:.3f} (best {least:.3f})", va="center")
    bars.set(xlim=(0, 4.4), yticks=[0, 1], yticklabels=["forward", "reverse"], xlabel="nats")
    bars.invert_yaxis()
    return fig
