"""Fakes slid across the data: the best detective, the divergence, and both slopes of the forger.

The data p are N(0, 1), the fakes q are N(shift, sd²). Averages over either bell are sums over a
fixed grid, exact to rounding; points at -t and t are taken together, so that what is even cancels.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from lecture_utils.figures.instruments._instrument import require_within, slider
from lecture_utils.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHIFT = (-8.0, 8.0)
SD = (0.3, 2.0)
_T = np.arange(0, 901) / 100
_WEIGHTS = np.exp(-_T * _T / 2 - 0.5 * math.log(2 * math.pi)) / 100
_EVEN = np.where(_T > 0, _WEIGHTS, _WEIGHTS / 2)  # 0 is its own partner
_TABLE = (0.0, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0)


def twin(shift: float, sd: float) -> dict[str, float]:
    """The best discriminator's logit at the fakes, the divergence, and the slopes of both losses.

    Args:
        shift: Mean of the fakes; the data are N(0, 1).
        sd: Of the fakes, positive.

    Returns:
        "fake": D* at the center of the fakes. "jsd": JSD in nats. "minmax": the slope of
        E_q[log(1 - D*)] in the shift, with D* held; "other": that of E_q[-log D*].

    Raises:
        ValueError: The standard deviation is not positive, or the shift is not finite.
    """
    if not (math.isfinite(shift) and 0 < sd < math.inf):
        raise ValueError(f"sd must be positive and shift finite; got {sd!r} and {shift!r}.")

    def log_d(x: np.ndarray) -> np.ndarray:
        return -np.logaddexp(0, -_logit(x, shift, sd))

    def log_not_d(x: np.ndarray) -> np.ndarray:
        return -np.logaddexp(0, _logit(x, shift, sd))

    def mean(f: Any, at: float, wide: float) -> float:
        both = f(at + wide * _T) + f(at - wide * _T) + 2 * math.log(2)
        return math.fsum(_EVEN * both)

    def slope(f: Any) -> float:
        both = f(shift + sd * _T) - f(shift - sd * _T)
        return math.fsum(_EVEN * _T * both) / sd

    at_center = -(shift**2) / 2 + math.log(sd)
    return {
        "fake": 1 / (1 + math.exp(-at_center)),
        "jsd": (mean(log_d, 0.0, 1.0) + mean(log_not_d, shift, sd)) / 2,
        "minmax": slope(log_not_d),
        "other": -slope(log_d),
    }


def _logit(x: np.ndarray, shift: float, sd: float) -> np.ndarray:
    """log p(x) - log q(x)."""
    return ((x - shift) / sd) ** 2 / 2 - x * x / 2 + math.log(sd)


def prepare(*, shift: float = 3.0, sd: float = 1.0) -> dict[str, Any]:
    """Check what the chapter gave.

    Args:
        shift: Mean of the fakes at first, -8 to 8.
        sd: Of the fakes at first, 0.3 to 2.

    Raises:
        ValueError: One of them lies outside the instrument.
    """
    ranges = {"shift": SHIFT, "sd": SD}
    require_within({"shift": shift, "sd": sd}, ranges)
    return {"shift": float(shift), "sd": float(sd), "ranges": ranges}


def table(prepared: dict[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    """Shifts, with the width that the chapter gave."""
    rows = []
    for shift in _TABLE:
        now = twin(shift, prepared["sd"])
        rows.append(
            [
                f"{shift:g}",
                f"{now['fake']:.4f}",
                f"{now['jsd']:.4f}",
                f"{now['minmax']:.5f}",
                f"{now['other']:.3f}",
            ]
        )
    caption = (
        f"Data N(0, 1), fakes of standard deviation {prepared['sd']:g} at a shift: the best D at "
        "their center, JSD in nats, and the slopes of both losses in the shift"
    )
    header = ["shift", "D*", "JSD", "slope of log(1 − D*)", "slope of −log D*"]
    return caption, header, rows


def controls(prepared: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Start values, and a function that makes the ipywidgets."""
    start = {name: prepared[name] for name in ("shift", "sd")}

    def widgets() -> dict[str, Any]:
        words = {"shift": "fakes at", "sd": "width of q"}
        return {
            name: slider(words[name], start[name], ends, 0.05)
            for name, ends in prepared["ranges"].items()
        }

    return start, widgets


def draw(prepared: dict[str, Any], shift: float, sd: float) -> Figure:
    """Both bells and D*; below, the slopes of the two losses."""
    import matplotlib.pyplot as plt

    now = twin(shift, sd)
    x = np.linspace(-10, 10, 600)
    fig, (ax, bars) = plt.subplots(2, 1, figsize=(5.6, 4.2), height_ratios=[3, 1])
    for mean, wide, role, name in ((0, 1, "likelihood", "data"), (shift, sd, "adversarial", "q")):
        bell = np.exp(-(((x - mean) / wide) ** 2) / 2) / (wide * math.sqrt(2 * math.pi))
        ax.fill_between(x, bell, color=COLORS[role], alpha=0.3, lw=0, label=name)
    ax.plot(x, np.exp(-np.logaddexp(0, -_logit(x, shift, sd))), color=COLORS["ink"], label="D*")
    ax.set(ylim=(0, 1.4), title=f"JSD {now['jsd']:.4f} of at most 0.6931 nats")
    ax.legend(ncols=3)
    for row, name in enumerate(("minmax", "other")):
        bars.barh(row, now[name], color=COLORS["adversarial" if row else "slate"])
        bars.text(10, row, f"{now[name]:.4f}", va="center", ha="right")
    bars.set(xlim=(-10, 10), yticks=[0, 1], yticklabels=["log(1 − D*)", "−log D*"])
    bars.set_xlabel("slope in the shift")
    bars.invert_yaxis()
    return fig
