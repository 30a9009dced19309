"""Numbers that know how sure they are."""

from __future__ import annotations

import copy
import math

import pytest
import torch

from lecture_utils.estimates import Estimate


def test_a_mean_is_a_number_with_a_standard_error():
    estimate = Estimate.mean(torch.tensor([1.0, 2.0, 3.0]))
    assert isinstance(estimate, float) and estimate == 2 and estimate + 1 == 3.0
    assert estimate.error == pytest.approx(1 / math.sqrt(3))
    assert copy.copy(estimate).error == copy.deepcopy(estimate).error == estimate.error
    assert math.isnan(Estimate.mean(torch.tensor([1.0])).error)


def test_a_ratio_of_means():
    totals, sizes = torch.tensor([2.0, 4.0, 9.0]), torch.tensor([1.0, 2.0, 2.0])
    ratio = Estimate.ratio(totals, sizes)
    residuals = totals - 3 * sizes
    assert ratio == pytest.approx(3)
    assert ratio.error == pytest.approx(residuals.std().item() / math.sqrt(3) / (5 / 3))


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (2.0, 0.58, "2.00 ± 0.58"),
        (123.456, 0.0123, "123.456 ± 0.012"),
        (123.4, 20.0, "123 ± 20"),
        (1.5, 1e-16, "1.5"),  # nothing but rounding
        (0.25, 0.0, "0.25"),
        (0.25, math.nan, "0.25 ± ?"),
        (0.25, math.inf, "0.25 ± ?"),
    ],
)
def test_it_prints_as_many_digits_as_it_knows(value, error, text):
    assert str(Estimate(value, error)) == repr(Estimate(value, error)) == text
    assert f"{Estimate(value, error):.1f}" == f"{value:.1f}"
