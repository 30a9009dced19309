"""Figures with sliders: ready-made frames in the book, live drawing in a notebook."""

from __future__ import annotations

import json
import re
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from lecture_utils.figures import sliders
from lecture_utils.figures.sliders import explore, format_values, share_lines


@pytest.fixture
def pages(monkeypatch):
    """HTML of each figure shown; we are building the book, and the page is still empty."""
    shown = []
    monkeypatch.setenv("LECTURE_STATIC", "1")
    monkeypatch.setattr(sliders, "show", lambda text, page, kind, data: shown.append(page))
    monkeypatch.setattr(sliders, "_taken_ids", {})
    yield shown
    assert not plt.get_fignums()


def line(k=1, end=1.0):
    fig, ax = plt.subplots(figsize=(2, 1))
    ax.plot([0, end], [0, k])
    ax.set_ylim(0, 10)
    return fig


def payload(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])


def frames(page: str) -> list[str]:
    """The frames as the page's script puts them together."""
    data = payload(page)
    return [
        "\n".join(
            line
            for first, count in zip(runs[::2], runs[1::2], strict=True)
            for line in data["lines"][first : first + count]
        )
        for runs in data["frames"]
    ]


# --- the page -------------------------------------------------------------------------------------


def test_every_frame_is_in_the_page(pages):
    assert explore(alt="A line.", k=[1, 2, 3])(line) is line
    drawn = frames(pages[0])
    assert len(drawn) == len(set(drawn)) == 3
    assert all(frame.startswith("<svg") and frame.endswith("</svg>") for frame in drawn)
    # The start frame needs no script.
    assert f'role="img" aria-label="A line.">{drawn[1]}</div>' in pages[0]
    assert "<noscript>" in pages[0] and "One of 3 frames" in pages[0]


def test_controls_are_native_and_named(pages):
    explore(alt="A line.", label="slope <k>", start=3, k=[1, 2, 3])(line)
    page = pages[0]
    assert '<label for="xp-line-k">slope &lt;k&gt;</label>' in page
    assert 'type="range" id="xp-line-k" min="0" max="2" step="1" value="2"' in page
    assert 'aria-valuetext="3"' in page and '<output for="xp-line-k">3</output>' in page
    assert '<div class="xp-controls" hidden>' in page  # shown by the script


def test_several_sliders(pages):
    explore(
        alt=lambda k, end: f"to {end} at {k}",
        k=np.array([1, 2]),
        end=torch.tensor([0.25, 0.5, 1.0]),
        start={"k": 2, "end": 0.25},
        label={"k": "slope"},
    )(line)
    data = payload(pages[0])
    assert len(data["frames"]) == 6 and len(set(frames(pages[0]))) == 6
    assert data["values"] == [["1", "2"], ["0.25", "0.50", "1.00"]]
    assert data["alt"][3] == "to 0.25 at 2"  # the last slider moves fastest
    assert 'aria-label="to 0.25 at 2"' in pages[0]
    assert 'aria-label="Figure with sliders: slope, end"' in pages[0]


def test_ids_are_unique_and_the_same_in_every_build(pages, monkeypatch):
    for _ in range(2):
        explore(alt="A line.", k=[1, 2])(line)
    explore(alt="A line.", k=[1, 2], id="my-line")(line)
    found = [re.findall(r'\bid="([^"]+)"', page.split("<script")[0]) for page in pages]
    everything = [id for ids in found for id in ids]
    assert len(everything) == len(set(everything))
    assert [ids[0] for ids in found] == ["xp-line", "xp-line-2", "xp-my-line"]
    monkeypatch.setattr(sliders, "_taken_ids", {})
    for _ in range(2):
        explore(alt="A line.", k=[1, 2])(line)
    assert pages[3:] == pages[:2]


def test_references_inside_a_frame_resolve(pages):
    explore(alt="A line.", k=[1, 2])(line)
    for frame in frames(pages[0]):
        ids = re.findall(r' id="([^"]+)"', frame)
        used = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', frame)
        assert {name for pair in used for name in pair if name} == set(ids)


def test_webp(pages):
    explore(alt="A line.", fmt="webp", k=[1, 2, 3])(line)
    data = payload(pages[0])
    assert data["frames"][1] is None  # the start frame is in the page itself
    start = re.search(r'<img alt="A line." width="220" height="110" .*src="([^"]+)"', pages[0])[1]
    sources = [start, data["frames"][0], data["frames"][2]]
    assert len(set(sources)) == 3
    assert all(source.startswith("data:image/webp;base64,") for source in sources)


def test_a_page_cannot_be_broken_by_texts(pages):
    explore(alt='</script><b> "quoted"', k=["</script>", "b"])(lambda k: line())
    assert pages[0].count("</script>") == 2
    assert payload(pages[0])["values"] == [["</script>", "b"]]


def test_frames_share_lines():
    texts = ["a\nb\nc", "a\nx\nc", "a\nb\nc\nc"]
    lines, runs = share_lines(texts)
    assert lines == ["a", "b", "c", "x"]
    assert runs == [[0, 3], [0, 1, 3, 1, 2, 1], [0, 3, 2, 1]]


@pytest.mark.parametrize(
    "values, texts",
    [
        ([1, -2], ["1", "−2"]),
        ([0.5, 1.0], ["0.5", "1.0"]),
        ([0.1 + 0.2, 1], ["0.3", "1"]),
        ([1e-4, 0.1, 10.0], ["0.0001", "0.1", "10"]),
        ([1 / 3, 2 / 3], ["0.333", "0.667"]),
        ([1.00001, 1.00002], ["1.00001", "1.00002"]),
        (["a-b", "c"], ["a-b", "c"]),
    ],
)
def test_values_are_written_well(values, texts):
    assert format_values(values) == texts


# --- what makes no sense --------------------------------------------------------------------------


def nothing(k):
    line(k)


def broken(k):
    raise RuntimeError("out of ink")


MISTAKES = {
    "no parameter": ({}, line, ValueError, "no parameter"),
    "one value": ({"k": [1]}, line, ValueError, "at least two"),
    "not a list": ({"k": 3}, line, ValueError, "needs a list"),
    "a word": ({"k": "abc"}, line, ValueError, "needs a list"),
    "objects": ({"k": [line, line]}, line, ValueError, "numbers and words"),
    "value twice": ({"k": [1, 2, 1]}, line, ValueError, "twice"),
    "long slider": ({"k": range(60)}, line, ValueError, "60 values.*is 25"),
    "many frames": (
        {"k": range(10), "end": range(1, 10)}, line, ValueError, r"90 frames \(10 k × 9 end\)",
    ),
    "start": ({"k": [1, 2], "start": 5}, line, ValueError, "start=5 is not among.*1, 2"),
    "whose start": ({"k": [1, 2], "end": [1, 2], "start": 1}, line, ValueError, "which of k, end"),
    "unknown start": ({"k": [1, 2], "start": {"q": 1}}, line, ValueError, "names 'q'"),
    "unknown label": ({"k": [1, 2], "label": {"q": "x"}}, line, ValueError, "names 'q'"),
    "no alt": ({"k": [1, 2], "alt": " "}, line, ValueError, "alt= is empty"),
    "empty alt": ({"k": [1, 2], "alt": lambda k: ""}, line, ValueError, "alt gives no text"),
    "format": ({"k": [1, 2], "fmt": "png"}, line, ValueError, "got 'png'"),
    "id": ({"k": [1, 2], "id": "A b"}, line, ValueError, "lower-case"),
    "parameter name": ({"q": [1, 2]}, line, TypeError, "cannot be called with the sliders q"),
    "no figure": ({"k": [1, 2]}, nothing, TypeError, "returned NoneType.*return fig"),
    "failing function": ({"k": [1, 2]}, broken, RuntimeError, "out of ink"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named(pages, name):
    options, draw, kind, reason = MISTAKES[name]
    with pytest.raises(kind, match=reason) as error:
        explore(**{"alt": "A line.", **options})(draw)
    if name == "failing function":
        assert "broken drew the frame {'k': 1}" in error.value.__notes__[0]
    plt.close("all")
    assert not pages


def test_an_id_belongs_to_one_figure(pages):
    explore(alt="A line.", k=[1, 2], id="mine")(line)
    with pytest.raises(ValueError, match="another figure, line"):
        explore(alt="A line.", k=[1, 2], id="mine")(lambda k: line(k))


def test_alt_is_required():
    with pytest.raises(TypeError, match="alt"):
        explore(k=[1, 2])


# --- live -----------------------------------------------------------------------------------------


@pytest.fixture
def displayed(monkeypatch):
    import IPython.display

    things = []
    monkeypatch.delenv("LECTURE_STATIC", raising=False)
    monkeypatch.setattr(IPython.display, "display", lambda *what, **_: things.extend(what))
    return things


def test_live_slider_draws_every_value(displayed):
    import ipywidgets

    drawn = []

    def draw(k, end):
        drawn.append((k, end))
        return line(k, end)

    explore(alt="A line.", k=[1, 2, 3], end=[0.5, 1.0], start={"k": 1}, label={"k": "slope"})(draw)
    box = next(thing for thing in displayed if isinstance(thing, ipywidgets.VBox))
    slope, end = box.children[:2]
    assert (slope.description, slope.value, end.value) == ("slope", 1, 1.0)
    assert drawn == [(1, 1.0)]
    for k in (2, 3, 1):
        slope.value = k
        end.value = 0.5 if end.value == 1.0 else 1.0
    assert drawn[1:] == [(2, 1.0), (2, 0.5), (3, 0.5), (3, 1.0), (1, 1.0), (1, 0.5)]
    assert not plt.get_fignums()


def test_without_ipywidgets_the_first_frame_is_drawn(displayed, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    explore(alt="A line.", k=[1, 2], start=2)(line)
    assert "pip install ipywidgets" in capsys.readouterr().out
    assert [type(thing).__name__ for thing in displayed] == ["Figure"]
