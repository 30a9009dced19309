"""The capstone on autoregressive models: what the bank has not seen, right and wrong."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from lecture_utils.exercises import check_answer, get
from lecture_utils.exercises.model import Status

NAME = "score_and_enumerate"


def _factor(one, bit):
    return torch.where(bit == 1, one, 1 - one)


def _score(cond_prob, x):
    return sum(_factor(cond_prob(x[:, :t]), x[:, t]).log() for t in range(x.shape[1]))


def _every(x):
    strings = itertools.product([0.0, 1.0], repeat=x.shape[1])
    return x.new_tensor(list(strings))


# ------------------------------------------------------------------ right, written differently
def _by_product(cond_prob, x):
    return _score(cond_prob, x), _score(cond_prob, _every(x)).exp()


def _row_by_row(cond_prob, x):
    def probability(row):
        p = row.new_ones(())
        for t in range(len(row)):
            one = cond_prob(row[None, :t])[0]
            p = p * (one if row[t] == 1 else 1 - one)
        return p

    scores = []
    for row in x:
        total = row.new_zeros(())
        for t in range(len(row)):
            one = cond_prob(row[None, :t])[0]
            total = total + (one.log() if row[t] == 1 else (1 - one).log())
        scores.append(total)
    return torch.stack(scores), torch.stack([probability(row) for row in _every(x)])


def _recursive(cond_prob, x):
    def below(prefix, p):
        if prefix.shape[1] == x.shape[1]:
            return [p]
        one = cond_prob(prefix)
        zero, bit = prefix.new_zeros(1, 1), prefix.new_ones(1, 1)
        return [
            *below(torch.cat([prefix, zero], 1), p * (1 - one)),
            *below(torch.cat([prefix, bit], 1), p * one),
        ]

    return _score(cond_prob, x), torch.cat(below(x[:1, :0], x.new_ones(1)))


def _by_grid(cond_prob, x):
    axes = torch.meshgrid([x.new_tensor([0.0, 1.0])] * x.shape[1], indexing="ij")
    strings = torch.stack([axis.flatten() for axis in axes], 1)
    both = _score(cond_prob, torch.cat([x, strings]))
    return both[: len(x)], both[len(x) :].softmax(0)


def _by_format(cond_prob, x):
    T = x.shape[1]
    rows = [[float(digit) for digit in f"{n:0{T}b}"] for n in range(2**T)]
    return [_score(cond_prob, x), _score(cond_prob, x.new_tensor(rows)).exp()]


@pytest.mark.parametrize("solve", [_by_product, _row_by_row, _recursive, _by_grid, _by_format])
def test_right_solutions_written_differently_are_accepted(solve):
    result = check_answer(get(NAME), solve)
    assert result.status is Status.CORRECT, result


# ------------------------------------------------------------------ wrong, and not in the bank
def _first_row_prefix(c, x):
    return sum(_factor(c(x[:1, :t]), x[:, t]).log() for t in range(x.shape[1]))


def _reversed_prefix(c, x):
    return sum(_factor(c(x[:, :t].flip(1)), x[:, t]).log() for t in range(x.shape[1]))


def _without_last(c, x):
    return sum(_factor(c(x[:, :t]), x[:, t]).log() for t in range(max(x.shape[1] - 1, 1)))


UNSEEN = [
    lambda c, x: (_first_row_prefix(c, x), _score(c, _every(x)).exp()),
    lambda c, x: (_reversed_prefix(c, x), _reversed_prefix(c, _every(x)).exp()),
    lambda c, x: (_without_last(c, x), _without_last(c, _every(x)).exp()),
    lambda c, x: (_score(c, x).clamp(min=-100), _score(c, _every(x)).exp()),
    lambda c, x: (_score(c, x), _score(c, _every(x)).exp().flip(0)),
    lambda c, x: (_score(c, x), _score(c, _every(x)).exp().sort(descending=True).values),
    lambda c, x: (_score(c, x), _score(c, _every(x)[1:]).exp()),
    lambda c, x: (_score(c, x), _score(c, _every(x)).exp().cumsum(0)),
    lambda c, x: (_score(c, x), _score(c, _every(x)).exp().sum()),
    lambda c, x: (_score(c, x), _score(c, _every(x)).exp().round(decimals=3)),
    lambda c, x: (_score(c, x).nan_to_num(), _score(c, _every(x)).exp()),
    lambda c, x: (_score(c, x)[:, None], _score(c, _every(x)).exp()),
    lambda c, x: (_score(c, x), _score(c, _every(x)), _every(x)),
    lambda c, x: _score(c, x),
]


@pytest.mark.parametrize("solve", UNSEEN)
def test_wrong_solutions_that_are_not_in_the_bank_are_rejected(solve):
    result = check_answer(get(NAME), solve)
    assert result.status in (Status.WRONG, Status.ALMOST, Status.ERROR), result
    assert result.misconception not in ("checker", None)
    assert result.headline


def test_most_unseen_wrong_answers_get_more_than_a_count():
    keys = [check_answer(get(NAME), solve).misconception for solve in UNSEEN]
    assert keys.count("value") <= len(keys) / 2, keys


# ------------------------------------------------------------------ first tries of students
def _chosen(c, x, start=0, see=lambda x, t: x[:, :t]):
    return sum(_factor(c(see(x, t)), x[:, t]).log() for t in range(start, x.shape[1]))


def _both(score):
    return lambda c, x: (score(c, x), score(c, _every(x)).exp())


FIRST_TRIES = [
    (lambda c, x: (_score(c, x), _score(c, _every(x).flip(1)).exp()), "last-bit-first"),
    (lambda c, x: (_score(c, x), _score(c, _every(x))), "table-of-logs"),
    (lambda c, x: (_score(c, x), _score(c, x).exp()), "table-of-data"),
    (lambda c, x: (_score(c, x).exp(), _score(c, _every(x)).exp()), "probability"),
    (lambda c, x: (_score(c, x).sum(), _score(c, _every(x)).exp()), "batch-sum"),
    (lambda c, x: (_score(c, x) / x.shape[1], _score(c, _every(x)).exp()), "mean-over-bits"),
    (lambda c, x: (_score(c, x) / math.log(2), _score(c, _every(x)).exp()), "in-bits"),
    (_both(lambda c, x: _chosen(c, x, see=lambda x, t: x[:, : t + 1])), "sees-itself"),
    (_both(lambda c, x: _chosen(c, x, see=lambda x, t: x)), "whole-string"),
    (_both(lambda c, x: _chosen(c, x, see=lambda x, t: x[:, : t - 1])), "prefix-too-short"),
    (_both(lambda c, x: sum(c(x[:, :t]).log() for t in range(x.shape[1]))), "zeros-ignored"),
    (
        _both(
            lambda c, x: sum(
                x[:, t] * c(x[:, :t]).log() + (1 - x[:, t]) * (1 - c(x[:, :t])).log()
                for t in range(x.shape[1])
            )
        ),
        "zero-times-log-zero",
    ),
    (
        _both(
            lambda c, x: math.prod(
                (_factor(c(x[:, :t]), x[:, t]) for t in range(x.shape[1])), start=1
            ).log()
        ),
        "log-of-product",
    ),
]


@pytest.mark.parametrize(("solve", "key"), FIRST_TRIES)
def test_first_tries_of_students_are_named(solve, key):
    result = check_answer(get(NAME), solve)
    assert result.status in (Status.WRONG, Status.ALMOST)
    assert result.misconception == key, result


def test_the_table_is_a_distribution_over_strings():
    x = torch.tensor([[0.0, 1.0], [1.0, 1.0]])

    def sticky(prefix):
        if prefix.shape[1] == 0:
            return torch.full((len(prefix),), 0.3)
        return 0.2 + 0.6 * prefix[:, -1]

    scores, table = get(NAME).reference(sticky, x)
    assert table.tolist() == pytest.approx([0.7 * 0.8, 0.7 * 0.2, 0.3 * 0.2, 0.3 * 0.8])
    assert scores.exp().tolist() == pytest.approx([table[1].item(), table[3].item()])
