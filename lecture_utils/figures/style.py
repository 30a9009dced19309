"""The course's colors, type and Matplotlib style, and figures that follow the page's theme.

In a notebook a figure is ink on an opaque white card, readable on any background. In the built book
it is SVG without a background, in which every color of the palette is a CSS variable: light and
dark follow the page.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from lecture_utils.environment import static

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HERE = Path(__file__).resolve().parent
_FONTS = ("lecture-sans-regular.ttf", "lecture-sans-semibold.ttf")

# Role: the color on a light page (and in Matplotlib), on a dark page.
# The page's style sheet defines the same values as --paper, --ink, ...
_THEMES = {
    "paper": ("#ffffff", "#15181d"),
    "ink": ("#1c2128", "#e3e5e9"),
    "soft": ("#525a66", "#a5adba"),
    "edge": ("#828997", "#7d8694"),
    "line": ("#dfe2e8", "#333a45"),
    "slate": ("#3a4a66", "#a9bbdb"),
    "likelihood": ("#1f62c8", "#6fa0fa"),
    "latent": ("#5a2f6b", "#efc6fb"),
    "adversarial": ("#a8502a", "#f08f74"),
    "rec": ("#1b7293", "#62d5f2"),
    "rate": ("#9a5c03", "#f0c14f"),
    "gap": ("#761c38", "#ff7f9c"),
    "ok": ("#1a6b3c", "#74d39a"),
    "bad": ("#b3261e", "#ff8f84"),
}

COLORS: dict[str, str] = {role: light for role, (light, _) in _THEMES.items()}
"""Color by role: always ``COLORS["gap"]``, never a color of your own, so that dark mode follows."""

HATCHES: dict[str, str] = {"rec": "", "rate": "////", "gap": "...."}
"""Hatch by role, beside the color: full, striped, dotted, like the underlines in the text."""


def use_style() -> None:
    """Draw all following figures in the course's style; call it once, in a chapter's first cell.

    While the book is built, figures also become SVG that follows the page's theme. The alternative
    text is the cell's (``mystnb: image: alt``), as for any figure.
    """
    import matplotlib.pyplot as plt
    from matplotlib import font_manager

    for font in _FONTS:
        font_manager.fontManager.addfont(_HERE / font)
    plt.style.use(_HERE / "course.mplstyle")
    if static():
        _show_figures_as_svg()


def svg(fig: Figure, inline: bool = False) -> str:
    """A figure as SVG text whose colors are CSS variables.

    Args:
        fig: The figure. It stays open.
        inline: True for SVG that stands in the page itself and takes the page's variables. False
            for a file: it brings both palettes along and follows the ``color-scheme`` of the
            ``<img>`` that shows it.

    Returns:
        The ``<svg>`` element. The same figure gives the same text in every run.
    """
    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "course", "svg.fonttype": "path"}):
        fig.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    text = buffer.getvalue()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # A hundredth of a point is finer than any screen, and half the size.
    text = re.sub(r' d="[^"]+"', lambda m: re.sub(r"(\.\d\d)\d+", r"\1", m[0]), text)
    for role, (light, _) in _THEMES.items():
        text = text.replace(light, f"var(--{role},{light})")
    # Matplotlib leaves out black, which is the default fill: plain black follows the theme, too.
    ink = f"var(--ink,{COLORS['ink']})"
    text = text.replace("#000000", ink)
    # In a page, Matplotlib's style element would reach every other picture: set it on this one.
    text = re.sub(r"\s*<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", text, flags=re.DOTALL)
    root = f"fill:{ink};stroke-linejoin:round;stroke-linecap:butt"
    text = text.replace("<svg ", f'<svg style="{root}" ', 1)
    return text if inline else _with_palettes(text)


def _with_palettes(text: str) -> str:
    light = "".join(f"--{role}:{colors[0]};" for role, colors in _THEMES.items())
    dark = "".join(f"--{role}:{colors[1]};" for role, colors in _THEMES.items())
    sheet = f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"
    end = text.index(">") + 1
    return f"{text[:end]}<style>{sheet}</style>{text[end:]}"


def _show_figures_as_svg() -> None:
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return
    from matplotlib.figure import Figure
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    set_matplotlib_formats("svg")
    shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, svg)
