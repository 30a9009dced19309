"""The joint table of two yes-or-no variables: its margins and both conditionals follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lecture_utils.figures.instruments._instrument import percent, slider
from lecture_utils.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOWEST, HIGHEST = 0.01, 0.99  # of the first variable, so that both its columns can be seen
_TABLE = (0.1, 0.3, 0.5, 0.7, 0.9)


def twin(px: float, py_x: Sequence[float]) -> dict[str, Any]:
    """The joint table made of a marginal and the conditionals, and what follows from it.

    Args:
        px: The probability that x holds.
        py_x: The probabilities that y holds: if x holds, and if x does not.

    Returns:
        "joint" [2][2] with p(x, y), row 0 where x holds and column 0 where y holds; the marginals
        "px" [2] and "py" [2]; "px_y" [2][2] with p(x | y) in column y, None where p(y) is 0.

    Raises:
        ValueError: A number is no probability.
    """
    for p in (px, *py_x):
        if not 0 <= p <= 1:
            raise ValueError(f"{p!r} is not a probability.")
    joint = [[px * py_x[0], px * (1 - py_x[0])], [(1 - px) * py_x[1], (1 - px) * (1 - py_x[1])]]
    py = [joint[0][y] + joint[1][y] for y in (0, 1)]
    return {
        "joint": joint,
        "px": [px, 1 - px],
        "py": py,
        "px_y": [[row[y] / py[y] if py[y] > 0 else None for y in (0, 1)] for row in joint],
    }


def prepare(
    *, x: Sequence[str], y: Sequence[str], px: float, py_x: Sequence[float]
) -> dict[str, Any]:
    """Check what the chapter gave.

    Args:
        x: What the first variable is called where it holds and where it does not: "snow", "dry".
        y: The same for the second variable.
        px: The probability of `x[0]` shown first, 0.01 to 0.99.
        py_x: The probabilities of `y[0]` shown first, given `x[0]` and given `x[1]`.

    Raises:
        ValueError: There are not two names for a variable, or a number lies outside.
    """
    if len(x) != 2 or len(y) != 2 or len(py_x) != 2:
        raise ValueError("x, y and py_x have two entries each: it holds, or it does not.")
    if not LOWEST <= px <= HIGHEST:
        raise ValueError(f"px={px!r} lies outside {LOWEST} to {HIGHEST}.")
    twin(px, py_x)
    return {
        "x": [str(name) for name in x],
        "y": [str(name) for name in y],
        "px": float(px),
        "py_x": [float(p) for p in py_x],
        "range": [LOWEST, HIGHEST],
    }


def table(prepared: dict[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    """What y says about x, for five marginals of x."""
    (x, _), (y, not_y) = prepared["x"], prepared["y"]
    rows = []
    for px in _TABLE:
        now = twin(px, prepared["py_x"])
        values = [now["joint"][0][0], now["py"][0], *now["px_y"][0]]
        rows.append([_percent(px), *(_percent(p) for p in values)])
    first, second = (_percent(p) for p in prepared["py_x"])
    caption = (
        f"p({y} | {x}) = {first}, p({y} | {prepared['x'][1]}) = {second}, and five values of p({x})"
    )
    return (
        caption,
        [f"p({x})", f"p({x}, {y})", f"p({y})", f"p({x} | {y})", f"p({x} | {not_y})"],
        rows,
    )


def controls(prepared: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Start values, and a function that makes the ipywidgets."""
    start = {"px": prepared["px"], "first": prepared["py_x"][0], "second": prepared["py_x"][1]}
    (x, not_x), y = prepared["x"], prepared["y"][0]
    labels = {"px": f"p({x})", "first": f"p({y} | {x})", "second": f"p({y} | {not_x})"}

    def widgets() -> dict[str, Any]:
        ends = {"px": (LOWEST, HIGHEST), "first": (0.0, 1.0), "second": (0.0, 1.0)}
        return {name: slider(labels[name], start[name], ends[name], 0.01) for name in start}

    return start, widgets


def draw(prepared: dict[str, Any], px: float, first: float, second: float) -> Figure:
    """The table as areas, and the slice y, rescaled to 1."""
    import matplotlib.pyplot as plt

    now = twin(px, [first, second])
    (x, not_x), (y, not_y) = prepared["x"], prepared["y"]
    fig, (ax, cut) = plt.subplots(1, 2, width_ratios=[3, 1])
    colors = (COLORS["likelihood"], COLORS["slate"])
    for left, width, height, color in ((0, px, first, colors[0]), (px, 1 - px, second, colors[1])):
        at, width = left + 0.004, max(width - 0.008, 0.001)
        ax.bar(at, height, width, align="edge", color=color)
        ax.bar(at, 1 - height, width, bottom=height, align="edge", color=COLORS["line"])
    ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[0, 0.5, 1])
    ax.set_xlabel(f"{x} {_percent(px)}, {not_x} {_percent(1 - px)}; dark: {y}, light: {not_y}")
    ax.set_title(f"p({x}, {y}) = {_percent(now['joint'][0][0])}, p({y}) = {_percent(now['py'][0])}")
    share = now["px_y"][0][0]
    if share is not None:
        cut.bar(0, share, color=colors[0])
        cut.bar(0, 1 - share, bottom=share, color=colors[1])
    cut.set(xlim=(-0.4, 0.4), ylim=(0, 1), xticks=[], yticks=[0, 0.5, 1], xlabel=f"given {y}")
    cut.set_title(f"p({x} | {y}) = {_percent(share)}")
    return fig


def _percent(p: float | None) -> str:
    return "undefined" if p is None else percent(p)
