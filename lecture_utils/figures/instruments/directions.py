"""Forward and reverse divergence of one bell from two bumps.

p is an even mixture of N(-a, 1) and N(a, 1); q = N(mean, sd^2).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from lecture_utils.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEPARATIONS = (0.0, 5.0)
MEANS = (-6.0, 6.0)
WIDTHS = (0.4, 6.0)
# Nodes of the two integrals, in standard deviations: the trapezoid rule is exact to many digits
# for smooth functions that die out before the ends.
_STEP = 18 / 360
_NODES = -9 + _STEP * np.arange(361)
_WEIGHTS = np.exp(-0.5 * _NODES**2) / math.sqrt(2 * math.pi) * _STEP
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def _log_p(x: np.ndarray, a: float) -> np.ndarray:
    return np.logaddexp(-0.5 * (x - a) ** 2, -0.5 * (x + a) ** 2) - math.log(2) - _HALF_LOG_2PI


def twin(a: float, mean: float, sd: float) -> dict[str, float]:
    """Both divergences, and the best bell of the forward one.

    Args:
        a: Half the distance between the two bumps, in their standard deviations.
        mean: Of the bell q.
        sd: Standard deviation of q.

    Returns:
        In nats "forward" = KL(p || q) and "reverse" = KL(q || p); "forward_sd", the width of the
        bell with the smallest forward divergence (its mean is 0), and that "least_forward".

    Raises:
        ValueError: A number is not finite, `a` is negative, or `sd` is not positive.
    """
    if not all(map(math.isfinite, (a, mean, sd))) or a < 0 or sd <= 0:
        raise ValueError(
            f"a, mean and sd must be finite, a >= 0 and sd > 0; got {a!r}, {mean!r}, {sd!r}."
        )
    # By symmetry of p one bump is enough for its entropy.
    negative_entropy = float(_WEIGHTS @ _log_p(a + _NODES, a))
    variance = 1 + a**2
    q_of_p = -_HALF_LOG_2PI - math.log(sd) - (variance + mean**2) / (2 * sd**2)
    p_of_q = float(_WEIGHTS @ _log_p(mean + sd * _NODES, a))
    best = -_HALF_LOG_2PI - 0.5 * math.log(variance) - 0.5
    return {
        "forward": negative_entropy - q_of_p,
        "reverse": -_HALF_LOG_2PI - math.log(sd) - 0.5 - p_of_q,
        "forward_sd": math.sqrt(variance),
        "least_forward": negative_entropy - best,
    }


def prepare(*, a: float, mean: float = 0.0, sd: float = 1.0) -> dict[str, Any]:
    """Check what the chapter gave.

    Args:
        a: Half the distance of the bumps at first, 0 to 5.
        mean: The bell's mean at first, -6 to 6.
        sd: Its standard deviation at first, 0.4 to 6.

    Raises:
        ValueError: One of them lies outside the instrument.
    """
    given = {"a": a, "mean": mean, "sd": sd}
    for (name, value), (low, high) in zip(
        given.items(), (SEPARATIONS, MEANS, WIDTHS), strict=True
    ):
        if not low <= value <= high:
            raise ValueError(f"{name}={value!r} lies outside {low:g} to {high:g}.")
    return {
        **{name: float(value) for name, value in given.items()},
        "separations": list(SEPARATIONS), "means": list(MEANS), "widths": list(WIDTHS),
    }


def table(prepared: dict[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    """Four bells against the two bumps."""
    a = prepared["a"]
    wide = twin(a, 0.0, 1.0)["forward_sd"]
    rows = []
    for name, mean, sd in (
        ("over both", 0.0, wide), ("on one", a, 1.0), ("between", 0.0, 1.0), ("far off", 6.0, 1.0)
    ):
        now = twin(a, mean, sd)
        rows.append([f"{name}: {_short(mean)}, {sd:.2f}", _short(now["forward"]),
                     _short(now["reverse"])])
    caption = f"Two bumps at ±{a:g}, and four bells q; both divergences in nats"
    return caption, ["Mean, width of q", "KL(p‖q)", "KL(q‖p)"], rows


def _short(value: float) -> str:
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00").replace("-", "\N{MINUS SIGN}")


def controls(prepared: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Start values, and a function that makes the ipywidgets."""
    start = {name: prepared[name] for name in ("a", "mean", "sd")}
    rows = zip(
        start.items(),
        ("bumps at ±", "mean of q", "width of q"),
        (SEPARATIONS, MEANS, WIDTHS),
        strict=True,
    )

    def widgets() -> dict[str, Any]:
        import ipywidgets

        return {
            name: ipywidgets.FloatSlider(
                value=value, min=low, max=high, step=0.05, description=words,
                style={"description_width": "initial"}, continuous_update=False,
            )
            for (name, value), words, (low, high) in rows
        }

    return start, widgets


def draw(prepared: dict[str, Any], a: float, mean: float, sd: float) -> Figure:
    """p and q above; below, the two divergences as bars."""
    import matplotlib.pyplot as plt

    now = twin(a, mean, sd)
    x = np.linspace(-9, 9, 500)
    fig, (top, low) = plt.subplots(2, 1, figsize=(5.6, 3.8), height_ratios=[3, 2])
    top.fill_between(x, np.exp(_log_p(x, a)), color=COLORS["line"], lw=0, label="p")
    bell = np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * math.sqrt(2 * math.pi))
    top.plot(x, bell, color=COLORS["latent"], label="q")
    top.set(ylim=(0, 0.6), yticks=[], xlabel="$x$")
    top.legend()
    values = now["forward"], now["reverse"]
    low.barh([0, 1], values, height=0.6, color=[COLORS["likelihood"], COLORS["adversarial"]])
    low.axvline(now["least_forward"], 0.55, 0.95, ls="--", color=COLORS["likelihood"])
    low.set(
        xlim=(0, 4), ylim=(1.6, -0.6), yticks=[0, 1], xlabel="nats",
        yticklabels=[
            rf"KL$(p\,\|\,q)$ {_short(values[0])}", rf"KL$(q\,\|\,p)$ {_short(values[1])}",
        ],
    )
    return fig
