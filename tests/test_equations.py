"""verify, refute and checked: a form passes when it is true, fails when it is not, and says why."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from lecture_utils import equations
from lecture_utils.equations import EquationFailed, checked, equation_numbers, refute, verify


@pytest.fixture
def shown(monkeypatch):
    """What was displayed, as (text, page, kind, data); the kernel remembers nothing before."""
    results = []
    monkeypatch.setattr(equations, "show", lambda *what: results.append(what))
    monkeypatch.setattr(equations, "_records", {})
    monkeypatch.setattr(equations, "_numbers", {})
    monkeypatch.delenv("LECTURE_STATIC", raising=False)
    return results


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# --- each form, true and false --------------------------------------------------------------------


def test_exact_compares_every_case(shown, rng):
    a = rng.normal(size=(20, 5))
    verify("log-exp", a, np.log(np.exp(a)), words="log of *exp*")
    text, page, kind, data = shown[0]
    assert re.fullmatch(r"✓ log-exp: log of exp   100 cases, largest difference \de-1\d", text)
    assert kind == "verify" and data["cases"] == 100 and data["form"] == "exact"
    assert 0 < data["error"] < 1e-14
    b = np.log(np.exp(a))
    b[7, 3] += 1e-5
    with pytest.raises(EquationFailed, match=r"does not hold in 1 of 100 cases\n.*index \[7, 3\]"):
        verify("log-exp", a, b)


@pytest.mark.parametrize(
    "a, b",
    [
        (1e9, 1e9 + 0.5),  # relative
        (1e-12, 2e-12),  # absolute
        ([1, 2], (1.0, 2.0)),
        (torch.tensor([1.5], dtype=torch.float64, requires_grad=True), 1.5),
        (torch.tensor([3]), 3.0),
        ([np.inf, -np.inf, 0.0], np.array([np.inf, -np.inf, -0.0])),
        (True, 1),
    ],
)
def test_equal_sides(shown, a, b):
    verify("same", a, b)


@pytest.mark.parametrize(
    "a, b, reason",
    [
        (1.0, 1.0 + 1e-8, "allowed 2e-09"),
        ([1.0, np.nan], [1.0, np.nan], "side 1 is NaN there"),
        (np.inf, 2.0, "infinite"),
        (np.inf, -np.inf, "infinite"),
        ([1.0, 2.0], [-1.0, -2.0], "sign only"),
        ([1.0, 2.0], [2.0, 4.0], "is 0.5 times side 2 in every case"),
        ([1.0, 2.0], [2.0, 3.0], "is -1 in every case"),
        (np.arange(6.0).reshape(3, 2), [[1.0], [5.0], [7.0]], "broadcast"),
        ([1.0, 2.0], [1.0, 2.00001], "rounding"),
    ],
)
def test_failures_name_the_likely_reason(shown, a, b, reason):
    with pytest.raises(EquationFailed) as failure:
        verify("different", a, b)
    assert reason in str(failure.value)
    assert not shown


def test_a_looser_tolerance_must_be_asked_for(shown):
    with pytest.raises(EquationFailed):
        verify("coarse", 1.0, 1.00001)
    verify("coarse", 1.0, 1.00001, tol=1e-4)


def test_chain(shown, rng):
    a = rng.uniform(size=8)
    verify("chain", a, np.sqrt(a) ** 2, np.exp(np.log(a)))
    assert shown[0][3]["form"] == "chain"
    with pytest.raises(EquationFailed, match="line 3"):
        verify("chain", a, np.sqrt(a) ** 2, a + 0.1)


def test_lines_of_a_derivation_have_records_of_their_own(shown, rng):
    a = rng.uniform(size=8)
    verify(["step-1", "step-2", "step-3"], a, np.sqrt(a) ** 2, np.exp(np.log(a)), words="powers")
    text, page, _, data = shown[0]
    assert text.startswith("✓ step-1 to step-3: powers   8 cases")
    assert data["labels"] == ["step-1", "step-2", "step-3"]
    assert re.findall(r'id="check-([\w-]+)"', page) == data["labels"]
    assert "line 1 of 3: powers" in page and "line 3 of 3" in page
    with pytest.raises(EquationFailed, match="first line that differs from line 1 is step-2"):
        verify(["step-1", "step-2", "step-3"], a, a + 1, np.exp(np.log(a)))
    checked()
    assert shown[-1][0] == "No equation has been checked yet."  # the failed lines lost their ticks


@pytest.mark.parametrize("operator, a, b", [(">=", [1.0, 2.0], [1.0, 1.5]), ("<=", 1, [1, 3])])
def test_inequality(shown, operator, a, b):
    verify("bound", a, operator, b)
    assert shown[0][3]["form"] == "inequality"
    assert shown[0][0].endswith("2 cases, smallest margin 0")
    with pytest.raises(EquationFailed, match=f"short of {operator} by"):
        verify("bound", b, operator, np.add(a, 0.01) if operator == ">=" else np.subtract(a, 0.01))


def test_inequality_with_infinities(shown):
    verify("bound", [np.inf, np.inf, 1.0], ">=", [np.inf, 3.0, -np.inf])
    with pytest.raises(EquationFailed):
        verify("bound", -np.inf, ">=", 3.0)


def test_monte_carlo(shown, rng):
    samples = rng.normal(2.0, 1.0, size=10_000)
    verify("mean", 2.0, samples=samples)
    text, _, _, data = shown[0]
    assert data["form"] == "monte-carlo" and data["cases"] == 10_000
    assert "standard errors" in text
    with pytest.raises(EquationFailed, match="4 standard errors of 0.01"):
        verify("mean", 2.1, samples=samples)


def test_monte_carlo_elementwise(shown, rng):
    samples = rng.normal([0.0, 1.0, 2.0], 1.0, size=(5_000, 3))
    verify("means", [0, 1, 2], samples=samples)
    with pytest.raises(EquationFailed, match=r"in 1 of 3 cases\n.*index \[2\]"):
        verify("means", [0, 1, 2.2], samples=samples)


def test_monte_carlo_inequality(shown, rng):
    samples = rng.normal(size=1_000)
    verify("bound", 0.5, ">=", samples=samples)
    verify("bound", 0.0, ">=", samples=samples + 0.001)  # within the error of the mean
    with pytest.raises(EquationFailed):
        verify("bound", -0.5, ">=", samples=samples)


def test_constant_samples_are_compared_exactly(shown):
    verify("sure", 0.3, samples=np.full(50, 0.3))
    with pytest.raises(EquationFailed):
        verify("sure", 0.3 + 1e-6, samples=np.full(50, 0.3))


def test_refute(shown, rng):
    a = rng.uniform(1, 2, size=30)
    refute("slide", a, a + 0.5, words="one half too much")
    text, page, kind, data = shown[0]
    assert text == "≠ slide: one half too much   wrong in all 30 cases, by at least 0.5"
    assert kind == "refute" and data["form"] == "refuted" and 'class="vf vf-refuted"' in page
    wrong = a + 0.5
    wrong[4] = a[4]
    with pytest.raises(EquationFailed, match=r"holds in 1 of 30 cases, for example index \[4\]"):
        refute("slide", a, wrong)
    with pytest.raises(EquationFailed, match="NaN"):
        refute("slide", a, a * np.nan)
    refute("slide-bound", 1.0, ">=", [2.0, 3.0])
    with pytest.raises(EquationFailed):
        refute("slide-bound", 1.0, ">=", [2.0, 0.5])


# --- questions that make no sense -----------------------------------------------------------------

ONE = np.ones(3)
WRONG_QUESTIONS = {
    "same array": (("x", ONE, ONE), {}, "same object"),
    "view of the same memory": (("x", ONE, ONE[:]), {}, "same object"),
    "same tensor memory": (("x", t := torch.ones(2).double(), t.detach()), {}, "same object"),
    "array seen as tensor": (("x", ONE, torch.from_numpy(ONE)), {}, "same object"),
    "float32": (("x", torch.ones(3), ONE), {}, "side 1 is float32"),
    "float32 samples": (("x", 1.0), {"samples": torch.ones(99)}, "samples is float32"),
    "complex": (("x", 1j, 1.0), {}, "complex"),
    "text": (("x", ["a"], 1.0), {}, "not made of numbers"),
    "nothing": (("x", 1.0, None), {}, "side 2 is None"),
    "ragged": (("x", [[1], [1, 2]], 1.0), {}, "different lengths"),
    "empty": (("x", [], []), {}, "empty"),
    "shapes": (("x", [1, 2], [1, 2, 3]), {}, r"side 1 \[2\], side 2 \[3\]"),
    "one side": (("x", 1.0), {}, "at least two sides"),
    "no side": (("x",), {}, "at least two sides"),
    "operator": (("x", 1, ">", 2), {}, "'>' is not a comparison"),
    "operator first": (("x", ">=", 1, 2), {}, "between its two sides"),
    "long inequality": (("x", 1, "<=", 2, 3), {}, "two sides"),
    "words among the sides": (("x", "a sum", 1, 2), {}, "words="),
    "label": (("Chain rule", 1, 2), {}, "not a label"),
    "no label": ((1.0, 2.0), {}, "first argument"),
    "no labels": (([], 1.0, 2.0), {}, "empty"),
    "label twice": ((["x", "x"], 1, 2), {}, "'x' stands twice"),
    "labels and sides": ((["x", "y"], 1, 2, 3), {}, "2 labels but 3 sides"),
    "lines of an inequality": ((["x", "y"], 1, "<=", 2), {}, "one label of its own"),
    "tolerance": (("x", 1, 2), {"tol": -1e-9}, "small positive number"),
    "few samples": (("x", 1), {"samples": np.arange(29.0)}, "29 samples"),
    "one sample": (("x", 1), {"samples": 1.0}, "1 sample "),
    "NaN sample": (("x", 1), {"samples": np.r_[np.ones(40), np.nan]}, r"index \[40\]"),
    "infinite sample": (("x", 1), {"samples": np.r_[np.ones(40), np.inf]}, r"index \[40\]"),
    "sample shape": (("x", [1, 2]), {"samples": np.arange(40.0)}, "does not fit"),
    "two sides and samples": (("x", 1, 2), {"samples": np.arange(40.0)}, "one side beside"),
}


@pytest.mark.parametrize("name", WRONG_QUESTIONS)
def test_wrong_questions_are_answered(shown, name):
    arguments, options, reason = WRONG_QUESTIONS[name]
    with pytest.raises((TypeError, ValueError), match=reason):
        verify(*arguments, **options)
    assert not shown


def test_refute_answers_wrong_questions(shown):
    with pytest.raises(ValueError, match="line by line"):
        refute(["a", "b"], 1.0, 2.0)
    with pytest.raises(ValueError, match="step"):
        refute("a", 1.0, 2.0, 3.0)


def test_a_matrix_may_be_compared_with_its_transpose(shown):
    verify("symmetric", p := np.array([[1.0, 2.0], [2.0, 3.0]]), p.T)


# --- what is remembered and shown -----------------------------------------------------------------


def test_the_last_check_of_a_label_wins(shown):
    verify("twice", 1.0, 1.0 + 1e-10)
    verify("other", 2.0, 2)
    verify("twice", [1.0, 3.0], [1, 3])
    checked()
    text, page, kind, data = shown[-1]
    assert kind == "checked" and data["labels"] == ["other", "twice"]
    assert "twice   2 cases, largest difference 0" in text
    assert page.startswith('<table class="table eq-list">') and page.count("<tr>") == 3


def test_numbers_stand_in_front(shown):
    equation_numbers({"chain-rule": "5.1"})
    verify("chain-rule", 1.0, 1, words="the product")
    verify("other", 1.0, 1)
    assert shown[0][0].startswith("✓ (5.1) the product   1 case")
    assert '<b class="vf-eq">(5.1)</b>' in shown[0][1]
    assert shown[1][0].startswith("✓ other   1 case")
    with pytest.raises(EquationFailed, match=r"^\(5\.1\) the product does not hold\n"):
        verify("chain-rule", 1.0, 2, words="the product")


def test_the_page_gets_a_link_and_facts(shown, monkeypatch):
    monkeypatch.setenv("LECTURE_STATIC", "1")
    verify("chain-rule", [1.0, 2.0], [1.0, 2.0 + 4e-10], words="`a` < b")
    page = shown[0][1]
    assert page.startswith(
        '<div class="vf" id="check-chain-rule" data-eq="chain-rule" data-n="2" data-err="4e−10" '
    )
    link = '<a href="#equation-chain-rule" class="vf-eq" data-eqno="chain-rule">chain-rule</a>'
    assert link in page
    assert "<code>a</code> &lt; b" in page
    # Without a style sheet it still reads as a sentence.
    assert re.sub(r"<[^>]+>", "", page) == (
        "✓ chain-rule a &lt; b 2 cases, largest difference 4e−10"
    )


def test_numbers_are_told_in_few_digits():
    short = equations._short
    assert [short(x) for x in (0.0, 3.14e-15, 0.0042, 1.25, 1234.0)] == [
        "0", "3e-15", "0.0042", "1.2", "1234",
    ]  # fmt: skip
