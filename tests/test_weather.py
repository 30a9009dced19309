"""The weather diary: everything about it is exact."""

from __future__ import annotations

import copy
import math

import pytest
import torch

from lecture_utils.worlds import weather
from lecture_utils.worlds.weather import STATES, WeatherDiary


def test_the_integers_of_the_tables_balance():
    """The three facts of the docstring, in whole numbers: the chain is stationary."""
    pairs, after = torch.tensor(weather._PAIRS), torch.tensor(weather._NEXT)
    assert pairs.sum(0).tolist() == pairs.sum(1).tolist() == [8, 12, 20]
    assert (after.sum(-1) == 20).all() and (after > 0).all()
    assert torch.equal((pairs[..., None] * after).sum(0), 20 * pairs)


@pytest.mark.parametrize("length", [1, 2, 3, 6])
def test_probabilities_sum_to_one_and_snow_is_half_of_every_day(length):
    diary = WeatherDiary(length)
    x = diary.enumerate()
    assert x.shape == (3**length, length) and len(x.unique(dim=0)) == len(x)
    p = diary.log_prob(x).exp()
    assert abs(p.sum() - 1) < 1e-12
    marginals = torch.stack([(p[:, None] * (x == state)).sum(0) for state in range(3)])
    assert (
        marginals - torch.tensor([[0.2], [0.3], [0.5]], dtype=torch.float64)
    ).abs().max() < 1e-12


@pytest.mark.parametrize("length", [1, 2, 3, 6])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_entropy_by_enumeration_equals_the_chain_rule(length, order):
    model = WeatherDiary(length).best_model(order)
    log_p = model.log_prob(model.enumerate())
    assert abs(-(log_p.exp() * log_p).sum() - model.entropy()) < 1e-12


def test_log_prob_is_the_sum_of_the_logs_of_next_probs():
    diary = WeatherDiary(5)
    x = diary.sample(20, generator=torch.Generator().manual_seed(0))
    by_hand = sum(
        diary.next_probs(x[:, :t]).gather(-1, x[:, t : t + 1]).log().squeeze(-1) for t in range(5)
    )
    assert torch.allclose(by_hand, diary.log_prob(x), rtol=0, atol=1e-12)


def test_floors():
    diary = WeatherDiary(7)
    floors = [diary.best_cross_entropy(order) for order in range(4)]
    assert floors == pytest.approx([1.0296530140, 0.9363065029, 0.7979863047, 0.7979863047])
    assert floors[0] == pytest.approx(-sum(p * math.log(p) for p in (0.2, 0.3, 0.5)))
    assert diary.entropy_rate() == floors[2]
    longer = WeatherDiary(8).entropy() - diary.entropy()
    assert longer == pytest.approx(floors[2], abs=1e-12)


@pytest.mark.parametrize("order", [0, 1, 2, 5])
def test_best_model_is_best(order):
    """Its cross-entropy is the sum of the floors; bending its tables only makes it worse."""
    diary = WeatherDiary(6)
    x = diary.enumerate()
    p = diary.log_prob(x).exp()
    steps = [diary.best_cross_entropy(min(order, t)) for t in range(6)]
    model = diary.best_model(order)
    floor = -(p * model.log_prob(x)).sum()
    assert floor == pytest.approx(sum(steps), abs=1e-12)
    for state in range(3):
        bent = copy.copy(model)
        bent.third = 0.99 * model.third + 0.01 * torch.eye(3, dtype=torch.float64)[state]
        assert -(p * bent.log_prob(x)).sum() > floor


def test_samples_are_seeded_and_follow_log_prob():
    diary = WeatherDiary(3)
    x = diary.sample(40_000, generator=torch.Generator().manual_seed(1))
    assert torch.equal(x, diary.sample(40_000, generator=torch.Generator().manual_seed(1)))
    assert x.dtype == torch.int64 and x.shape == (40_000, *diary.event_shape)
    p = diary.log_prob(diary.enumerate()).exp()
    share = torch.bincount(x @ torch.tensor([9, 3, 1]), minlength=27) / len(x)
    assert ((share - p).abs() <= 4 * (p * (1 - p) / len(x)).sqrt()).all()
    log_p = diary.log_prob(x)
    assert abs(-log_p.mean() - diary.entropy()) <= 4 * log_p.std() / math.sqrt(len(x))


def test_a_generator_leaves_the_global_stream_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    WeatherDiary(4).sample(10, generator=torch.Generator().manual_seed(3))
    assert torch.equal(torch.rand(3), expected)


def test_batch_shapes_names_and_integer_types():
    diary = WeatherDiary(4)
    x = diary.sample(6, generator=torch.Generator().manual_seed(0))
    assert torch.equal(diary.log_prob(x.view(2, 3, 4)).view(6), diary.log_prob(x))
    assert torch.equal(diary.log_prob(x.to(torch.uint8)), diary.log_prob(x))
    assert diary.log_prob(x[0]).shape == ()
    assert torch.equal(diary.encode(diary.decode(x[0])), x[0])
    assert diary.decode(x) == [diary.decode(row) for row in x]
    assert diary.next_probs(["snowy", "cloudy"]).tolist() == pytest.approx([0.15, 0.65, 0.2])
    assert diary.next_probs([]).tolist() == pytest.approx([0.2, 0.3, 0.5])
    assert diary.next_probs("snowy").tolist() == pytest.approx([0.2, 0.2, 0.6])
    assert tuple(STATES) == ("sunny", "cloudy", "snowy")


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda d: WeatherDiary(0), ValueError, "at least 1"),
        (lambda d: WeatherDiary("seven"), ValueError, "whole number of days"),
        (lambda d: d.log_prob([0, 1, 2]), TypeError, "encode"),
        (lambda d: d.log_prob(torch.zeros(2, 3)), TypeError, r"use x\.long\(\)"),
        (lambda d: d.log_prob(torch.zeros(2, 4).long()), ValueError, "has 3 days"),
        (lambda d: d.log_prob(torch.tensor([0, 1, 3])), ValueError, "numbers from 0 to 3"),
        (lambda d: d.encode(["rainy"]), ValueError, "'rainy' is not a state"),
        (lambda d: d.encode([3]), ValueError, "3 is not a state"),
        (lambda d: d.best_cross_entropy(-1), ValueError, "0 or more"),
        (lambda d: d.best_model(1.5), ValueError, "whole number"),
        (lambda d: d.sample(-1), ValueError, "whole number of diaries"),
        (lambda d: WeatherDiary(13).enumerate(), ValueError, "too many to list"),
    ],
)
def test_bad_input(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(WeatherDiary(3))
