"""Figures with sliders: drawn live in a notebook, ready-made frames in the built book.

    @explore(alt="A bell curve; its width grows with sigma.", sigma=[0.5, 1.0, 2.0])
    def bell(sigma):
        fig, ax = plt.subplots()
        ...
        return fig

In a running kernel a slider calls the function. In the built book nobody is there to call it: every
frame is drawn once while the book is built, and a native range input picks one, with no kernel and
no network. A figure whose values must be continuous is an instrument instead.
"""

from __future__ import annotations

import base64
import html
import inspect
import io
import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lecture_utils._display import show
from lecture_utils.environment import static
from lecture_utils.figures.style import svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_VALUES = 25  # on one slider
MOST_FRAMES = 80  # in one figure
WEBP_DPI = 200
PAGE_DPI = 110  # how many CSS pixels an inch of a figure takes on the page

_taken_ids: dict[str, tuple[str, str]] = {}  # id → the drawing function's module and name


def explore(
    *,
    alt: str | Callable[..., str],
    label: str | Mapping[str, str] | None = None,
    start: Any = None,
    fmt: str = "svg",
    id: str | None = None,
    **params: Iterable[Any],
) -> Callable[[Callable[..., Figure]], Callable[..., Figure]]:
    """Decorate a drawing function with a slider for each of its parameters.

    Args:
        alt: What one should see, for readers who cannot see it. A function of the parameters gives
            each frame its own text, which is read out when the slider comes to rest: use it where
            the message changes with the slider.
        label: The slider's label; with several parameters, parameter → label. Names otherwise.
        start: The value shown first; with several parameters, parameter → value. The middle
            otherwise.
        fmt: "svg" for lines and bars: sharp, and light and dark follow the page. "webp" for dense
            scatter plots, contours and images: a picture on a white card. (A few dense artists in
            an "svg" figure are better drawn with ``rasterized=True``.)
        id: Identifier of the figure in the page; the function's name otherwise.
        **params: Parameter → the values of its slider: numbers or words, 2 to 25 of them.

    Returns:
        A decorator that shows the figure and returns the drawing function unchanged.

    Raises:
        ValueError: No parameters, too many values or frames, a start value that is not among the
            values, no alternative text.
        TypeError: The function's parameters are not those of the sliders, or it does not return a
            Matplotlib figure.
    """
    if callable(alt) is False and (not isinstance(alt, str) or not alt.strip()):
        raise ValueError("alt= is empty: say in a sentence what one should see in the figure.")
    if fmt not in ("svg", "webp"):
        raise ValueError(f"fmt is 'svg' (lines) or 'webp' (dense pictures); got {fmt!r}.")
    sliders = _sliders(params, label, start)

    def decorate(draw: Callable[..., Figure]) -> Callable[..., Figure]:
        _check_signature(draw, list(params))
        if static():
            _show_frames(draw, sliders, alt, fmt, _unique_id(id, draw))
        else:
            _show_live(draw, sliders)
        return draw

    return decorate


# --- what was asked -------------------------------------------------------------------------------


class _Slider:
    """One parameter: its name, label, values, their text, and the position of the first value."""

    def __init__(self, name: str, label: str, values: list[Any], start: int) -> None:
        self.name, self.label, self.values, self.start = name, label, values, start
        self.texts = format_values(values)


def _sliders(params: Mapping[str, Any], label: Any, start: Any) -> list[_Slider]:
    if not params:
        raise ValueError(
            "explore() got no parameter to slide: name one with its values, as in "
            "explore(alt=..., sigma=[0.5, 1.0, 2.0])."
        )
    values = {name: _values(name, given) for name, given in params.items()}
    frames = int(np.prod([len(v) for v in values.values()]))
    if frames > MOST_FRAMES:
        counts = " × ".join(f"{len(v)} {name}" for name, v in values.items())
        raise ValueError(
            f"{frames} frames ({counts}) are too many for one page; the most is {MOST_FRAMES}. "
            "Give fewer values, split the figure in two, or make it an instrument."
        )
    labels = _by_name(label, list(params), "label")
    starts = _by_name(start, list(params), "start")
    return [
        _Slider(
            name,
            str(labels.get(name, name)),
            choices,
            _position(name, choices, starts[name]) if name in starts else len(choices) // 2,
        )
        for name, choices in values.items()
    ]


def _values(name: str, given: Any) -> list[Any]:
    if hasattr(given, "tolist"):  # arrays and tensors: plain Python numbers for the function
        given = given.tolist()
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ValueError(f"{name}={given!r} is one value; a slider needs a list of values.")
    values = [v.item() if isinstance(v, np.generic) else v for v in given]
    for value in values:
        if not isinstance(value, (int, float, str)):
            raise ValueError(
                f"{name} holds {value!r}; a slider shows numbers and words. Slide over names and "
                "look the object up inside the function."
            )
    if len(values) < 2:
        raise ValueError(f"{name} has {len(values)} value(s); a slider needs at least two.")
    if len(values) > MOST_VALUES:
        raise ValueError(
            f"{name} has {len(values)} values; the most for one slider is {MOST_VALUES}. Give "
            "fewer, or make the figure an instrument."
        )
    if len(set(values)) < len(values):
        raise ValueError(f"{name} holds a value twice: {values}.")
    return values


def _by_name(given: Any, names: list[str], what: str) -> dict[str, Any]:
    """`given` as parameter → value; a single thing belongs to a single parameter."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        if len(names) > 1:
            raise ValueError(
                f"{what}={given!r} does not say which of {', '.join(names)} it is for: write "
                f"{what}={{{names[0]!r}: ...}}."
            )
        given = {names[0]: given}
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise ValueError(f"{what} names {unknown[0]!r}; the parameters are {', '.join(names)}.")
    return dict(given)


def _position(name: str, values: list[Any], start: Any) -> int:
    for i, value in enumerate(values):
        close = not isinstance(value, str) and not isinstance(start, str)
        if value == start or (close and np.isclose(value, start, rtol=1e-9, atol=0)):
            return i
    raise ValueError(
        f"start={start!r} is not among the values of {name}: {', '.join(format_values(values))}."
    )


def _check_signature(draw: Callable[..., Any], names: list[str]) -> None:
    try:
        inspect.signature(draw).bind(**dict.fromkeys(names))
    except TypeError as error:
        raise TypeError(
            f"{draw.__name__}{inspect.signature(draw)} cannot be called with the sliders "
            f"{', '.join(names)}: {error}."
        ) from None


def _unique_id(id: str | None, draw: Callable[..., Any]) -> str:
    """An identifier no other figure of the page has, the same in every build."""
    owner = (draw.__module__, draw.__qualname__)
    if id is not None:
        if not re.fullmatch(r"[a-z][a-z0-9-]*", id):
            raise ValueError(f"id={id!r}: use lower-case letters, digits and hyphens.")
        if _taken_ids.get(id, owner) != owner:
            raise ValueError(f"id={id!r} already belongs to another figure, {_taken_ids[id][1]}.")
        _taken_ids[id] = owner
        return id
    name = re.sub(r"[^a-z0-9]+", "-", draw.__name__.lower()).strip("-") or "figure"
    unique, count = name, 1
    while unique in _taken_ids:
        count += 1
        unique = f"{name}-{count}"
    _taken_ids[unique] = owner
    return unique


def format_values(values: list[Any]) -> list[str]:
    """Texts of a slider's values: all different, with as many decimals as they need."""
    numbers = [v for v in values if isinstance(v, float)]
    decimals = next(
        (d for d in range(5) if all(np.isclose(round(v, d), v, rtol=1e-9) for v in numbers)), None
    )
    sizes = [abs(v) for v in numbers if v]
    wide = bool(sizes) and max(sizes) / min(sizes) > 1000
    if decimals is not None and not wide:
        texts = [f"{v:.{decimals}f}" if isinstance(v, float) else str(v) for v in values]
    else:
        for digits in range(3, 18):
            texts = [f"{v:.{digits}g}" if isinstance(v, float) else str(v) for v in values]
            if len(set(texts)) == len(texts):
                break
    return [
        text if isinstance(value, str) else text.replace("-", "−")
        for text, value in zip(texts, values, strict=True)
    ]


def _draw(draw: Callable[..., Any], values: dict[str, Any]) -> Figure:
    from matplotlib.figure import Figure

    try:
        fig = draw(**values)
    except Exception as error:
        error.add_note(f"This happened while {draw.__name__} drew the frame {values}.")
        raise
    if not isinstance(fig, Figure):
        raise TypeError(
            f"{draw.__name__} returned {type(fig).__name__}, not a Matplotlib figure: end it with "
            "`return fig`."
        )
    return fig


# --- live: a kernel draws -------------------------------------------------------------------------


def _show_live(draw: Callable[..., Figure], sliders: list[_Slider]) -> None:
    import matplotlib.pyplot as plt
    from IPython.display import display

    def frame(**values: Any) -> None:
        fig = _draw(draw, values)
        display(fig)
        plt.close(fig)  # or the notebook shows it a second time

    try:
        import ipywidgets
    except ImportError:
        print("Sliders need ipywidgets (pip install ipywidgets); this is the first frame.")
        frame(**{s.name: s.values[s.start] for s in sliders})
        return
    controls = {
        s.name: ipywidgets.SelectionSlider(
            options=list(zip(s.texts, s.values, strict=True)),
            index=s.start,
            description=s.label,
            continuous_update=False,  # a frame takes longer than the mouse moves
            style={"description_width": "initial"},
        )
        for s in sliders
    }
    picture = ipywidgets.interactive_output(frame, controls)
    display(ipywidgets.VBox([*controls.values(), picture]))


# --- the book: every frame drawn beforehand -------------------------------------------------------


def _show_frames(
    draw: Callable[..., Figure],
    sliders: list[_Slider],
    alt: str | Callable[..., str],
    fmt: str,
    id: str,
) -> None:
    import matplotlib.pyplot as plt

    names = [s.name for s in sliders]
    grid = [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*(s.values for s in sliders))
    ]
    alts = [_alt_text(alt, values) for values in grid] if callable(alt) else [alt]
    frames = []
    for values in grid:
        fig = _draw(draw, values)
        frames.append(_unique_svg(fig, id) if fmt == "svg" else _webp(fig))
        plt.close(fig)
    first = 0
    for s in sliders:
        first = first * len(s.values) + s.start

    first_alt = html.escape(alts[first % len(alts)])
    if fmt == "svg":
        lines, runs = share_lines(frames)
        data = {"lines": lines, "frames": runs}
        picture = frames[first]
        stage = f'<div class="xp-stage" role="img" aria-label="{first_alt}">{picture}</div>'
    else:
        data = {"frames": [None if i == first else frame for i, frame in enumerate(frames)]}
        width, height = (round(float(inches) * PAGE_DPI) for inches in fig.get_size_inches())
        stage = (
            f'<div class="xp-stage xp-card"><img alt="{first_alt}" width="{width}" '
            f'height="{height}" style="border-radius:8px" src="{frames[first]}"></div>'
        )
    data |= {"values": [s.texts for s in sliders], "alt": alts}
    payload = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    name = "Figure with sliders: " + ", ".join(s.label for s in sliders)
    page = (
        f'<div class="xp" id="xp-{id}" role="group" aria-label="{html.escape(name)}">{stage}'
        f'<div class="xp-controls" hidden>{"".join(_row(s, id) for s in sliders)}</div>'
        '<p class="sr" aria-live="polite"></p>'
        f'<noscript><p class="xp-note">One of {len(grid)} frames: the sliders need JavaScript.'
        "</p></noscript>"
        f'<script type="application/json">{payload}</script>'
        f"<script>{_script()}lectureSliders(document.getElementById('xp-{id}'))</script></div>"
    )
    text = f"[{name}; {len(grid)} frames. {alts[first % len(alts)]}]"
    show(text, page, "explore", {"id": id, "frames": len(grid)})


def _alt_text(alt: Callable[..., str], values: dict[str, Any]) -> str:
    text = alt(**values)
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"alt gives no text for {values}: return what one should see there.")
    return text


def _row(slider: _Slider, id: str) -> str:
    field, text = f"xp-{id}-{slider.name}", html.escape(slider.texts[slider.start])
    return (
        f'<div class="xp-row"><label for="{field}">{html.escape(slider.label)}</label>'
        f'<input type="range" id="{field}" min="0" max="{len(slider.values) - 1}" step="1" '
        f'value="{slider.start}" aria-valuetext="{text}" autocomplete="off">'
        f'<output for="{field}">{text}</output></div>'
    )


@cache
def _script() -> str:
    """The script of all sliders. It stands in every figure, so that each works by itself, and
    defines its function once a page."""
    lines = Path(__file__).with_suffix(".js").read_text(encoding="utf8").splitlines()
    return "\n".join(line for text in lines if (line := text.strip()) and line[:2] != "//") + "\n"


def _unique_svg(fig: Figure, id: str) -> str:
    """Inline SVG whose ids belong to this figure alone; ids nobody refers to are dropped."""
    text = svg(fig, inline=True).replace("xlink:href", "href")
    used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', text))
    names = {name for pair in used for name in pair if name}
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{id}-{m[1]}"' if m[1] in names else "", text)
    text = text.replace("url(#", f"url(#{id}-").replace('href="#', f'href="#{id}-')
    return "\n".join(line.strip() for line in text.splitlines())


def _webp(fig: Figure) -> str:
    """The figure on its white card, as a data URI."""
    from PIL import Image

    png, webp = io.BytesIO(), io.BytesIO()
    fig.savefig(png, format="png", dpi=WEBP_DPI)
    Image.open(png).convert("RGB").save(webp, "WEBP", lossless=True, quality=80, method=6)
    return "data:image/webp;base64," + base64.b64encode(webp.getvalue()).decode()


def share_lines(frames: list[str]) -> tuple[list[str], list[list[int]]]:
    """Send each distinct line of the frames once: axes, ticks and letters are the same in most.

    Args:
        frames: The frames as text.

    Returns:
        The distinct lines, and for each frame its runs [first line, number of lines, ...].
    """
    places: dict[str, int] = {}
    coded = []
    for frame in frames:
        runs: list[int] = []
        for line in frame.split("\n"):
            place = places.setdefault(line, len(places))
            if runs and place == runs[-2] + runs[-1]:
                runs[-1] += 1
            else:
                runs += [place, 1]
        coded.append(runs)
    return list(places), coded
