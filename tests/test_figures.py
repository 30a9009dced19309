"""The style and the colors of figures, and SVG that follows the page's theme."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib import font_manager

from lecture_utils.figures import COLORS, HATCHES, style, svg, use_style

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def fig():
    with mpl.rc_context():
        use_style()
        figure, ax = plt.subplots()
        ax.plot([0, 1], [0, 1], color=COLORS["gap"])
        ax.text(0, 0, "plain black", color="black")
        yield figure
        plt.close(figure)


def test_importing_figures_leaves_matplotlib_alone():
    code = "import sys, lecture_utils.figures; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_style_brings_its_font():
    with mpl.rc_context():
        use_style()
        assert mpl.rcParams["font.sans-serif"][0] == "Lecture Sans"
        found = {
            weight: Path(font_manager.findfont(f"Lecture Sans:{weight}", fallback_to_default=False))
            for weight in ("normal", "bold")
        }
    assert {path.parent.name for path in found.values()} == {"figures"}
    assert found["normal"] != found["bold"]


def test_style_sheet_uses_the_palette_only():
    """Any other color would not follow the page."""
    sheet = (ROOT / "lecture_utils/figures/course.mplstyle").read_text()
    used = set(re.findall(r"\b[0-9a-f]{6}\b", sheet))
    assert used and {f"#{color}" for color in used} <= set(COLORS.values())


def test_palette_is_that_of_the_page():
    """The two themes of the style sheet hold the same values."""
    css = (ROOT / "book/static/book.css").read_text()
    for role, themes in style._THEMES.items():
        values = re.findall(rf"--{role}:\s*(#[0-9a-f]+)", css)
        short = {"#ffffff": "#fff"}
        for color in themes:
            assert color in values or short.get(color) in values, f"--{role} is not {color}"


def test_the_three_terms_differ_without_color():
    assert len({HATCHES[role] for role in ("rec", "rate", "gap")}) == 3


def test_svg_colors_are_variables(fig):
    text = svg(fig, inline=True)
    assert f"var(--gap,{COLORS['gap']})" in text
    for color in COLORS.values():
        assert not re.search(rf"(?<!,){color}", text)
    assert text.startswith('<svg style="fill:var(--ink,') and text.endswith("</svg>")
    # Nothing that would reach beyond the picture, and no date or software name.
    assert "<style" not in text and "<metadata" not in text and "#000000" not in text


def test_svg_file_brings_both_palettes(fig):
    text = svg(fig)
    assert "prefers-color-scheme:dark" in text
    assert f"--gap:{style._THEMES['gap'][1]};" in text


def test_svg_is_the_same_in_every_run(fig):
    assert svg(fig) == svg(fig)


def test_figures_become_svg_while_the_book_is_built(monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("LECTURE_STATIC", "1")
    try:
        shell = InteractiveShell.instance()
        with mpl.rc_context():
            use_style()
            figure, _ = plt.subplots()
            data, _ = shell.display_formatter.format(figure)
            plt.close(figure)
    finally:
        InteractiveShell.clear_instance()
    assert "image/png" not in data
    assert "prefers-color-scheme" in data["image/svg+xml"]
