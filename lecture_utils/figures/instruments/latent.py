"""A map of codes: move over it, and a small decoder draws what it sees there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lecture_utils.figures.instruments._instrument import slider
from lecture_utils.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REACH = 3.0  # of the map, in standard deviations of the prior
STEP = 0.05
NEIGHBORS = 5
_TABLE = (-1.5, 0.0, 1.5)


def twin(z: Sequence[float], layers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What a decoder says about every pixel at one code.

    Args:
        z: The two numbers of the code.
        layers: Of the decoder, each with a "weight" [out, in] and a "bias" [out]; between two of
            them stands a SiLU, x * sigmoid(x), and behind the last a sigmoid.

    Returns:
        "pixels", the probability of each to be on.
    """
    values = np.asarray(z, dtype=float)
    for number, layer in enumerate(layers):
        if number:
            values = values * _sigmoid(values)
        values = np.asarray(layer["weight"], dtype=float) @ values + np.asarray(layer["bias"])
    return {"pixels": _sigmoid(values).tolist()}


def prepare(
    *,
    layers: Sequence[tuple[Any, Any]],
    codes: Any,
    labels: Sequence[Any],
    side: int,
    start: Sequence[float] = (0.0, 0.0),
) -> dict[str, Any]:
    """Check what the chapter gave, and round it to four digits.

    Args:
        layers: (weight [out, in], bias [out]) of each layer of the decoder; see `twin`.
        codes: [n, 2], the codes of some pictures.
        labels: [n], what is written on the map for each of them.
        side: Pixels a side of a picture.
        start: The code shown first.

    Raises:
        ValueError: The sizes do not fit, or the start lies outside the map.
    """
    rounded = []
    width = 2
    for weight, bias in layers:
        weight, bias = np.asarray(weight, dtype=float), np.asarray(bias, dtype=float)
        if weight.ndim != 2 or bias.shape != weight.shape[:1] or weight.shape[1] != width:
            raise ValueError(
                f"A layer has weights {list(weight.shape)} and biases {list(bias.shape)}; "
                f"its input has {width} numbers."
            )
        width = len(bias)
        rounded.append({"weight": _rounded(weight), "bias": _rounded(bias)})
    if width != side * side:
        raise ValueError(f"The decoder gives {width} pixels, but the side is {side}.")
    codes = np.asarray(codes, dtype=float)
    if codes.shape != (len(labels), 2) or not len(labels):
        raise ValueError(f"There are {len(labels)} labels, and codes {list(codes.shape)}.")
    if len(start) != 2 or max(abs(float(v)) for v in start) > REACH:
        raise ValueError(f"start={start!r} is not a point of the map, two numbers up to {REACH:g}.")
    return {
        "layers": rounded,
        "codes": np.round(codes, 2).tolist(),
        "labels": [str(label) for label in labels],
        "side": side,
        "start": [float(v) for v in start],
        "reach": REACH,
        "step": STEP,
        "neighbors": NEIGHBORS,
    }


def table(prepared: dict[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    """What lies around nine codes, and how much ink the decoder expects there."""
    rows = []
    for second in _TABLE:
        for first in _TABLE:
            ink = sum(twin((first, second), prepared["layers"])["pixels"])
            around = nearby(prepared, (first, second))
            rows.append([f"({first:g}, {second:g})", around, f"{ink:.1f}"])
    return "Places on the map of codes", ["Code", "Codes nearby", "Pixels on, expected"], rows


def nearby(prepared: dict[str, Any], z: Sequence[float]) -> str:
    """The labels of the nearest codes, the most frequent first: "3 (4), 8 (1)"."""
    codes = np.asarray(prepared["codes"])
    order = np.argsort(((codes - np.asarray(z)) ** 2).sum(1), kind="stable")
    counts = Counter(prepared["labels"][i] for i in order[: prepared["neighbors"]])
    return ", ".join(f"{label} ({count})" for label, count in counts.most_common())


def controls(prepared: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Start values, and a function that makes the ipywidgets."""
    start = dict(zip(("first", "second"), prepared["start"], strict=True))

    def widgets() -> dict[str, Any]:
        return {
            name: slider(f"{name} number", value, (-REACH, REACH), STEP)
            for name, value in start.items()
        }

    return start, widgets


def draw(prepared: dict[str, Any], first: float, second: float) -> Figure:
    """The map with the code on it, and the picture."""
    import matplotlib.pyplot as plt

    fig, (places, picture) = plt.subplots(1, 2, figsize=(6, 3), width_ratios=[1.2, 1])
    for (x, y), label in zip(prepared["codes"], prepared["labels"], strict=True):
        places.text(x, y, label, ha="center", va="center", color=COLORS["latent"], clip_on=True)
    places.axhline(second, color=COLORS["edge"], lw=1)
    places.axvline(first, color=COLORS["edge"], lw=1)
    places.plot(first, second, "o", color=COLORS["adversarial"])
    places.set(
        xlim=(-REACH, REACH), ylim=(-REACH, REACH), xlabel="first number", ylabel="second number"
    )
    side = prepared["side"]
    pixels = np.reshape(twin((first, second), prepared["layers"])["pixels"], (side, side))
    picture.imshow(pixels, cmap="gray_r", vmin=0, vmax=1)
    picture.set(title=f"nearby: {nearby(prepared, (first, second))}")
    picture.axis("off")
    return fig


def _rounded(values: np.ndarray) -> list[Any]:
    """To four significant digits: short in the page, and far finer than the eye."""
    flat = [float(f"{v:.4g}") for v in values.ravel()]
    return np.reshape(flat, values.shape).tolist()


def _sigmoid(x: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(x))  # at most 1: nothing overflows, and nothing cancels
    return np.where(x >= 0, 1.0, small) / (1 + small)
