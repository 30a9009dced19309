"""How lines of feedback become HTML and plain text, and where results are shown."""

from __future__ import annotations

import pytest

from lecture_utils._display import inline_markup, plain, show


@pytest.mark.parametrize(
    ("given", "html"),
    [
        ("`x < y` and **bold**, *it*", "<code>x &lt; y</code> and <b>bold</b>, <em>it</em>"),
        ("Σ_t q_φ, p_data", "Σ<sub>t</sub> <i>q</i><sub>φ</sub>, <i>p</i><sub>data</sub>"),
        ("log_px, x_data_2", "log_px, x_data_2"),
        ("p(x_t | x_<t)", "p(<i>x</i><sub>t</sub> | <i>x</i><sub>&lt;t</sub>)"),
        ("x_{t−1}, Σ_{j<i} ᾱ_t", "<i>x</i><sub>t−1</sub>, Σ<sub>j&lt;i</sub> <i>ᾱ</i><sub>t</sub>"),
        ("p^(1/τ)", "p<sup>1/τ</sup>"),
        ("x₁x₂ = x₁²", "<i>x</i>₁<i>x</i>₂ = <i>x</i>₁²"),
        ("`x_t` and log_px and 2 * 3 * 4", "<code>x_t</code> and log_px and 2 * 3 * 4"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ],
)
def test_inline_markup(given: str, html: str) -> None:
    assert inline_markup(given) == html


def test_plain_keeps_code_and_drops_emphasis() -> None:
    assert plain("**Never** `a*b*c`, *really*: x_t") == "Never `a*b*c`, really: x_t"


def test_show_prints_the_text_where_there_is_no_notebook(capsys: pytest.CaptureFixture) -> None:
    show("words", "<p>words</p>", "note")
    assert capsys.readouterr().out == "words\n"
