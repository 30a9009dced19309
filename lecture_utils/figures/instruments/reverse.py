"""One step of a diffusion taken back: the true way, the best Gaussian, and what all steps lose.

The data are two humps, an even mixture of N(-1.5, 0.3²) and N(1.5, 0.3²), or one Gaussian with the
same mean 0 and variance 2.34. Step t mixes in noise, x_t = sqrt(1 - beta) x_{t-1} + sqrt(beta) e,
and x_0 is data. There is one schedule for every number of steps: after all of them 0.0004 of the
data's variance is left, alpha_bar_t = 0.0004 ** (t / num_steps), so beta = 1 - 0.0004 **
(1 / num_steps) in every step.

The way back, q(x_{t-1} | x_t), is known: by Bayes each hump gives one Gaussian, both of the same
width, weighted by what x_t says about the humps. A model whose step back is one Gaussian can at
best have the mean and the variance of that, both free at every x_t. What such a model loses, with
N(0, 1) for its x_{num_steps}, is

    gap = -H(p_data) - E[ELBO] = KL(q(x_{num_steps}) || N(0, 1))
          + sum over t of E_{q(x_t)} KL(q(x_{t-1} | x_t) || its best Gaussian).

The idea to learn the steps back one Gaussian at a time, and that small steps make it a good one, is
from Sohl-Dickstein, Weiss, Maheswaranathan and Ganguli, "Deep Unsupervised Learning using
Nonequilibrium Thermodynamics", 2015. All divergences are in nats. Averages over a bell are sums
over a fixed grid, exact to rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from lecture_utils.figures.instruments._instrument import NAMED, require_within, slider
from lecture_utils.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

LEFT = 4e-4  # of the data's variance, after all steps
DATA = {"humps": (1.5, 0.3), "gaussian": (0.0, math.sqrt(1.5**2 + 0.3**2))}  # ±center, width
NAMES = {"humps": "two humps", "gaussian": "one Gaussian"}
STEPS = (1, 50)
PLACES = (-3.5, 3.5)
_TAU = np.arange(-90, 91) / 10  # standard deviations; what lies beyond 9 weighs 2e-19
_WEIGHTS = np.exp(-_TAU * _TAU / 2 - 0.5 * math.log(2 * math.pi)) / 10
_TABLE = (1, 2, 3, 5, 10, 20, 50)


@dataclass(frozen=True)
class Kernel:
    """The true way back from x_t, q(x_{t-1} | x_t): a mixture of two Gaussians of one width.

    Attributes:
        weights: [..., 2], what x_t says about the left and the right hump; their sum is 1.
        means: [..., 2], of the two Gaussians.
        variance: Of each of them; it does not depend on x_t.
        best_mean: [...], of the mixture, and so of the Gaussian nearest to it.
        best_variance: [...], of the mixture, and so of the Gaussian nearest to it.
    """

    weights: np.ndarray
    means: np.ndarray
    variance: float
    best_mean: np.ndarray
    best_variance: np.ndarray

    def density(self, x: ArrayLike) -> np.ndarray:
        """Of the true way back, at x; its shape is that of x and [...] together."""
        x = np.asarray(x, dtype=float)[..., None]
        return (self.weights * _bell(x, self.means, self.variance)).sum(-1)

    def best_density(self, x: ArrayLike) -> np.ndarray:
        """Of the best Gaussian, at x; its shape is that of x and [...] together."""
        return _bell(np.asarray(x, dtype=float), self.best_mean, self.best_variance)


def noisy(t: int, num_steps: int, data: str = "humps") -> tuple[float, float]:
    """The distribution of x_t: an even mixture of N(-center, variance) and N(center, variance).

    Args:
        t: How many steps were taken, 0 (data) to num_steps.
        num_steps: How many there are.
        data: "humps" or "gaussian"; the center of the latter is 0.

    Returns:
        (center, variance).

    Raises:
        ValueError: There are no such data, or no such step.
    """
    center, width = _find(data)
    _check_step(t, num_steps, first=0)
    share = math.log(LEFT) * t / num_steps
    return math.exp(share / 2) * center, math.exp(share) * width * width - math.expm1(share)


def reverse_kernel(x_t: ArrayLike, t: int, num_steps: int, data: str = "humps") -> Kernel:
    """The true way back, q(x_{t-1} | x_t), and the mean and variance of the best Gaussian.

    Args:
        x_t: [...], where the point is after t steps.
        t: The step that is taken back, 1 to num_steps.
        num_steps: How many steps lead from data to noise.
        data: "humps" or "gaussian".

    Returns:
        A `Kernel` whose shapes [...] are those of x_t.

    Raises:
        ValueError: There are no such data, no such step, or a place is not finite.
    """
    x = np.asarray(x_t, dtype=float)
    if not np.isfinite(x).all():
        raise ValueError(f"x_t must be finite; got {x_t!r}.")
    _check_step(t, num_steps)
    center, before = noisy(t - 1, num_steps, data)
    now_center, now = noisy(t, num_steps, data)
    beta = _beta(num_steps)
    variance = before * beta / now
    signs = np.array([-1.0, 1.0])
    with np.errstate(over="ignore"):  # far out a weight is 0
        weights = 1 / (1 + np.exp(-2 * signs * now_center * x[..., None] / now))
    pull = math.sqrt(1 - beta) * before / now
    means = signs * (center * beta / now) + pull * x[..., None]
    apart = 2 * center * beta / now
    return Kernel(
        weights,
        means,
        variance,
        pull * x + (weights[..., 1] - weights[..., 0]) * apart / 2,
        variance + weights[..., 0] * weights[..., 1] * apart**2,
    )


def kernel_gap(
    x_t: ArrayLike, t: int, num_steps: int, data: str = "humps"
) -> float | np.ndarray:
    """What the best Gaussian loses at one place: KL(q(x_{t-1} | x_t) || best Gaussian).

    Args:
        x_t: [...], where the point is after t steps.
        t: The step that is taken back, 1 to num_steps.
        num_steps: How many steps lead from data to noise.
        data: "humps" or "gaussian".

    Returns:
        [...] nats, rounded to ten digits after the point; a float for a single place.

    Raises:
        ValueError: There are no such data, no such step, or a place is not finite.
    """
    kernel = reverse_kernel(x_t, t, num_steps, data)
    # In units of the Gaussians' width only their distance counts, and their weights.
    apart = float(2 * noisy(t - 1, num_steps, data)[0] * _beta(num_steps))
    apart /= noisy(t, num_steps, data)[1] * math.sqrt(kernel.variance)
    left, right = kernel.weights[..., 0], kernel.weights[..., 1]
    if apart == 0:
        nats = np.zeros_like(left)
    else:
        ratio = np.exp(-apart * apart / 2 - apart * _TAU)  # of both densities
        told = -sum(
            one * _average(np.log(one[..., None] + other[..., None] * ratio))
            for one, other in ((left, right), (right, left))
        )  # what x_{t-1} says about the hump
        nats = np.log1p(left * right * apart * apart) / 2 - told
    nats = np.floor(nats * 1e10 + 0.5) / 1e10
    return nats if nats.ndim else float(nats)


def step_gap(t: int, num_steps: int, data: str = "humps") -> float:
    """What the best Gaussians of one step lose on average: E_{q(x_t)} of `kernel_gap`.

    Args:
        t: The step that is taken back, 1 to num_steps.
        num_steps: How many steps lead from data to noise.
        data: "humps" or "gaussian".

    Returns:
        Nats, rounded to ten digits after the point.

    Raises:
        ValueError: There are no such data, or no such step.
    """
    _check_step(t, num_steps)
    forgotten = _told(t - 1, num_steps, data) - _told(t, num_steps, data)
    nats = _spread(t, num_steps, data) - forgotten
    return math.floor(nats * 1e10 + 0.5) / 1e10


def total_gap(num_steps: int, data: str = "humps") -> float:
    """What num_steps best Gaussian steps lose: -H(p_data) - E[ELBO], in nats.

    It is the sum of `step_gap` over all steps, and KL(q(x_{num_steps}) || N(0, 1)). No model with
    Gaussian steps back on this schedule can have a smaller one.

    Args:
        num_steps: How many steps lead from data to noise.
        data: "humps" or "gaussian".

    Raises:
        ValueError: There are no such data, or not at least one step.
    """
    center, width = _find(data)
    _check_step(1, num_steps)
    # The last KL is 1/2 (E[x²] - 1 - log variance) less what x tells of the hump, which telescopes.
    excess = LEFT * (width * width - 1)
    end = (_bend(excess) + LEFT * center * center) / 2
    parts = [_spread(t, num_steps, data) for t in range(1, num_steps + 1)]
    return math.fsum([*parts, end, -_told(0, num_steps, data)])


def _spread(t: int, num_steps: int, data: str) -> float:
    """E_{q(x_t)} of half the log by which the two humps widen the way back."""
    before_center, before = noisy(t - 1, num_steps, data)
    center, now = noisy(t, num_steps, data)
    wider = before_center * before_center * _beta(num_steps) / (before * now)
    r = center / math.sqrt(now)
    # The right hump is enough: at -x everything is the same.
    return math.fsum(_WEIGHTS * np.log1p(wider / np.cosh(r * (r + _TAU)) ** 2)) / 2


def _told(t: int, num_steps: int, data: str) -> float:
    """How many nats x_t tells on average about the hump that it came from."""
    center, variance = noisy(t, num_steps, data)
    if center == 0:
        return 0.0
    r = center / math.sqrt(variance)
    return math.log(2) - math.fsum(_WEIGHTS * np.log1p(np.exp(-2 * r * (r + _TAU))))


def _bend(d: float) -> float:
    """d - log(1 + d) for a small d, without losing the digits that cancel."""
    y = d / (2 + d)
    return d * d / (2 + d) - 2 * (y**3 / 3 + y**5 / 5 + y**7 / 7)


def _average(f: np.ndarray) -> np.ndarray:
    """Over the last axis, in which a standard bell's grid runs."""
    rows = (_WEIGHTS * f).reshape(-1, len(_TAU))
    return np.array([math.fsum(row) for row in rows]).reshape(f.shape[:-1])


def _beta(num_steps: int) -> float:
    return -math.expm1(math.log(LEFT) / num_steps)


def _bell(x: Any, mean: Any, variance: Any) -> np.ndarray:
    return np.exp(-((x - mean) ** 2) / (2 * variance)) / np.sqrt(2 * math.pi * variance)


def _find(data: str) -> tuple[float, float]:
    if data not in DATA:
        raise ValueError(f"data must be one of {', '.join(DATA)}; got {data!r}.")
    return DATA[data]


def _check_step(t: int, num_steps: int, first: int = 1) -> None:
    for name, value in (("num_steps", num_steps), ("t", t)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            raise ValueError(f"{name} must be a whole number; got {value!r}.")
    if num_steps < 1:
        raise ValueError(f"num_steps must be at least 1; got {num_steps!r}.")
    if not first <= t <= num_steps:
        raise ValueError(f"t={t!r} lies outside {first} to {num_steps}.")


def twin(x: float, t: int, num_steps: int, data: str = "humps") -> dict[str, Any]:
    """The true way back from one place, the best Gaussian, and what is lost.

    Args:
        x: Where the point is after t steps.
        t: The step that is taken back, 1 to num_steps.
        num_steps: How many steps lead from data to noise.
        data: "humps" or "gaussian".

    Returns:
        "weights", "means" and "sd" of the two Gaussians of the true way back, "best_mean" and
        "best_sd" of the best one; in nats what that one loses "here", in this "step" on average,
        and in "total": `kernel_gap`, `step_gap` and `total_gap`.

    Raises:
        ValueError: There are no such data, no such step, or x is not finite.
    """
    kernel = reverse_kernel(x, t, num_steps, data)
    return {
        "weights": kernel.weights.tolist(),
        "means": kernel.means.tolist(),
        "sd": math.sqrt(kernel.variance),
        "best_mean": float(kernel.best_mean),
        "best_sd": math.sqrt(kernel.best_variance),
        "here": kernel_gap(x, t, num_steps, data),
        "step": step_gap(t, num_steps, data),
        "total": total_gap(num_steps, data),
    }


def prepare(
    *, data: str = "humps", num_steps: int = 5, t: int = 1, x: float = 0.4
) -> dict[str, Any]:
    """Check what the chapter gave.

    Args:
        data: "humps" or "gaussian", shown first.
        num_steps: At first, 1 to 50.
        t: The step at first, 1 to num_steps.
        x: The place after that step at first, -3.5 to 3.5.

    Raises:
        ValueError: One of them lies outside the instrument.
    """
    _find(data)
    _check_step(t, num_steps)
    require_within({"num_steps": num_steps, "x": x}, {"num_steps": STEPS, "x": PLACES})
    return {
        "data": data,
        "num_steps": int(num_steps),
        "t": int(t),
        "x": float(x),
        "names": NAMES,
        "ranges": {"num_steps": STEPS, "x": PLACES},
    }


def table(prepared: dict[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    """The total for some numbers of steps, and both data."""
    rows = [[str(n), *(f"{total_gap(n, data):.3f}" for data in DATA)] for n in _TABLE]
    caption = "What the best Gaussian steps back lose in all, in nats, by the number of steps"
    return caption, ["steps", *NAMES.values()], rows


def controls(prepared: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Start values, and a function that makes the ipywidgets."""
    start = {name: prepared[name] for name in ("data", "num_steps", "t", "x")}

    def widgets() -> dict[str, Any]:
        import ipywidgets

        made = {
            "data": ipywidgets.Dropdown(
                options=[(words, name) for name, words in NAMES.items()],
                value=start["data"],
                description="data",
                **NAMED,
            ),
            "num_steps": _whole_slider("steps in all", start["num_steps"], STEPS[1]),
            "t": _whole_slider("take back step", start["t"], start["num_steps"]),
            "x": slider("x after this step", start["x"], PLACES, 0.05),
        }

        def stretch(change: Any) -> None:
            made["t"].max = change["new"]  # a larger t is moved to it

        made["num_steps"].observe(stretch, names="value")
        return made

    return start, widgets


def _whole_slider(words: str, value: int, most: int) -> Any:
    import ipywidgets

    return ipywidgets.IntSlider(
        value=value, min=1, max=most, description=words, continuous_update=False, **NAMED
    )


@cache
def _curve(data: str) -> list[float]:
    return [total_gap(n, data) for n in range(STEPS[0], STEPS[1] + 1)]


def draw(prepared: dict[str, Any], data: str, num_steps: int, t: int, x: float) -> Figure:
    """Where x may be after the step, where it came from, and the total over the number of steps."""
    import matplotlib.pyplot as plt

    t = min(t, num_steps)  # for a moment the sliders may not agree
    now = twin(x, t, num_steps, data)
    kernel = reverse_kernel(x, t, num_steps, data)
    center, variance = noisy(t, num_steps, data)
    grid = np.linspace(-4, 4, 801)
    fig, (ax, back, curve) = plt.subplots(3, 1, figsize=(5.6, 5.6), height_ratios=[1, 3, 2])
    there = (_bell(grid, -center, variance) + _bell(grid, center, variance)) / 2
    ax.fill_between(grid, there, color=COLORS["line"], lw=0)
    ax.plot([x], [0], "v", color=COLORS["ink"], clip_on=False)
    ax.set(ylim=(0, None), title=f"after {t} of {num_steps} steps: x = {x:.2f}")
    back.fill_between(grid, kernel.density(grid), color=COLORS["line"], lw=0, label="true way back")
    back.plot(grid, kernel.best_density(grid), color=COLORS["latent"], label="best Gaussian")
    words = f"one step back: KL {now['here']:.3f} nats here, {now['step']:.3f} on average"
    back.set(ylim=(0, None), title=words)
    back.legend()
    for each in (ax, back):
        each.set(xlim=(-4, 4), yticks=[])
    counts = range(STEPS[0], STEPS[1] + 1)
    for name, role in (("humps", "gap"), ("gaussian", "likelihood")):
        totals = _curve(name)
        curve.plot(counts, totals, color=COLORS[role], label=NAMES[name])
        curve.plot([num_steps], [totals[num_steps - 1]], "o", color=COLORS[role])
    curve.set(
        xscale="log", xticks=_TABLE, xticklabels=_TABLE, ylim=(-0.05, 1.05), xlabel="steps in all",
        title=f"all steps together lose {now['total']:.3f} nats",
    )
    curve.minorticks_off()
    curve.legend()
    return fig
