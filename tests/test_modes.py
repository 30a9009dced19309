"""The report of modes, on samples made by hand and on those of the truth."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError

import pytest
import torch

from lecture_utils.worlds.mixtures import GaussianMixture, grid, ring
from lecture_utils.worlds.modes import mode_report


@pytest.fixture(autouse=True)
def one_thread_no_bar(monkeypatch):
    monkeypatch.setenv("LECTURE_STATIC", "1")
    torch.set_num_threads(1)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def uneven() -> GaussianMixture:
    """Modes of different weights and scales; the last one is never drawn."""
    means = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [50.0, 50.0]]
    scales = [[1.0, 0.1], [0.1, 1.0], [0.5, 0.5], [1.0, 1.0]]
    return GaussianMixture([0.5, 0.3, 0.2, 0.0], means, scales)


def test_counts_and_shares_by_hand():
    world = ring()
    points = world.means.repeat_interleave(torch.tensor([40, 20, 10, 2, 1, 0, 0, 0]), 0)
    far = torch.full((27, 2), 9.0, dtype=torch.float64)
    found = mode_report(world, torch.cat([points, far]))
    assert found.counts.tolist() == [40, 20, 10, 2, 1, 0, 0, 0]
    assert (found.num_modes, found.captured, found.n) == (8, 5, 100)
    assert found.held == 3  # the due of a mode is 12.5, and a fifth of it 2.5
    assert found.quality == pytest.approx(0.73)
    assert found.quality.error == pytest.approx(math.sqrt(0.73 * 0.27 / 99))
    shares = [40 / 73, 20 / 73, 10 / 73, 2 / 73, 1 / 73]
    assert found.reverse_kl == pytest.approx(sum(p * math.log(8 * p) for p in shares))


def test_held_uses_the_share_that_is_asked_for():
    points = ring().means.repeat_interleave(torch.tensor([100, 50, 25, 25, 0, 0, 0, 0]), 0)
    assert mode_report(ring(), points, share=1.0).held == 4  # each due 25
    assert mode_report(ring(), points[:175], share=1.0).held == 3  # three of them above 21.9
    assert mode_report(ring(), points[:152], share=0.2).held == 2
    assert mode_report(ring(), points[:152], share=0.1).held == 3


def test_distance_is_measured_in_the_deviations_of_each_mode_and_coordinate():
    inside = torch.tensor([[2.9, 0.0], [0.0, 0.29], [10.0, 2.9], [10.29, 0.0], [1.0, 10.0]])
    outside = torch.tensor([[3.1, 0.0], [0.0, 0.31], [10.0, 3.1], [10.31, 0.0], [2.0, 10.0]])
    # Both coordinates together: sqrt(2.2^2 + 2.2^2) is above 3.
    outside = torch.cat([outside, torch.tensor([[2.2, 0.22]])])
    found = mode_report(uneven(), inside)
    assert found.quality == 1 and found.counts.tolist() == [2, 2, 1, 0]
    assert mode_report(uneven(), outside).quality == 0
    assert mode_report(uneven(), outside, within=10.0).quality == 1
    # Nearer to one mean, but fewer deviations from the other one, which is wide.
    both = GaussianMixture([0.5, 0.5], [0.0, 10.0], [4.0, 0.5], dtype=torch.float64)
    assert mode_report(both, torch.tensor([8.0])).counts.tolist() == [1, 0]


def test_weights_are_the_due_and_modes_of_weight_zero_do_not_count():
    world = uneven()
    points = world.means.repeat_interleave(torch.tensor([50, 30, 20, 0]), 0)
    found = mode_report(world, points)
    assert found.reverse_kl == pytest.approx(0, abs=1e-12)
    assert (found.num_modes, found.captured, found.held) == (3, 3, 3)
    points = world.means.repeat_interleave(torch.tensor([40, 32, 28, 0]), 0)
    assert mode_report(world, points, share=1.0).held == 2  # the due is 50, 30 and 20
    found = mode_report(world, world.means[3:].repeat(5, 1))
    assert found.quality == 0 and found.captured == 0 and found.held == 0


@pytest.mark.parametrize("make", [ring, grid, lambda: ring(scale=0.02)])
def test_what_the_truth_scores(make):
    world, n = make(), 100_000
    found = mode_report(world, world.sample(n, generator=seeded()))
    assert found.captured == found.held == found.num_modes == len(world.weights)
    assert abs(found.quality - (1 - math.exp(-4.5))) < 4 * found.quality.error
    # 2 n KL is about chi-square with K - 1 degrees of freedom.
    degrees = found.num_modes - 1
    assert 2 * n * found.reverse_kl == pytest.approx(degrees, abs=4 * math.sqrt(2 * degrees))


def test_reverse_kl_of_true_samples_is_that_of_chance():
    world = grid()
    kls = [
        mode_report(world, world.sample(2500, generator=seeded(s))).reverse_kl for s in range(100)
    ]
    assert sum(kls) / 100 == pytest.approx(24 / 5000, rel=0.12)


def test_standard_errors_are_the_spread_over_repetitions():
    world = ring()
    skewed = GaussianMixture([0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.04, 0.01], world.means, 0.12)
    found = [mode_report(world, skewed.sample(1000, generator=seeded(s))) for s in range(200)]
    for name in ("quality", "reverse_kl"):
        values = torch.tensor([float(getattr(f, name)) for f in found])
        said = torch.tensor([getattr(f, name).error for f in found]).mean().item()
        assert said == pytest.approx(values.std().item(), rel=0.2)


def test_each_number_alone_can_be_cheated():
    world = grid()
    cloud = 10 * torch.rand(25_000, 2, generator=seeded()) - 5
    found = mode_report(world, cloud)
    assert found.captured == 25 and found.quality < 0.1 and found.held == 0
    one = mode_report(world, world.means[:1].repeat(2500, 1))
    assert one.quality == 1 and one.captured == 1
    assert one.reverse_kl == pytest.approx(math.log(25))
    assert one.reverse_kl.error == pytest.approx(0, abs=1e-12)


def test_samples_that_hit_nothing_or_are_not_finite():
    bad = torch.tensor([[math.nan, 0.0], [math.inf, 0.0], [-math.inf, math.nan], [99.0, 99.0]])
    found = mode_report(ring(), bad)
    assert found.quality == 0 and found.captured == 0 and found.held == 0
    assert math.isnan(found.reverse_kl) and not found.reverse_kl <= 0.03
    assert "no mode is hit" in repr(found)
    assert mode_report(ring(), torch.cat([bad, ring().means.float()])).captured == 8


def test_numbers_precision_and_one_sample():
    world = GaussianMixture([0.5, 0.5], [-1.0, 1.0], 0.1)
    x = world.sample(500, generator=seeded())
    assert x.shape == (500,)
    found = mode_report(world, x)
    assert found.held == 2 and found.quality > 0.98
    assert torch.equal(mode_report(world, x.double()).counts, found.counts)
    single = mode_report(world, x[:1])
    assert single.captured == 1 and math.isnan(single.quality.error)
    assert repr(single).endswith("(n = 1)") and "nan" not in repr(single)


def test_gradients_are_not_tracked():
    assert not mode_report(ring(), ring().means.clone().requires_grad_()).counts.requires_grad


def test_it_reads_as_one_line_and_cannot_be_changed():
    points = ring().means.repeat_interleave(torch.tensor([96, 1, 1, 1, 1, 0, 0, 0]), 0)
    found = mode_report(ring(), points)
    assert repr(found).startswith("1 of 8 modes held (5 captured), 100.0 ± 0.0 % of high quality, ")
    assert "reverse KL 1.8" in repr(found) and repr(found).endswith(" nats (n = 100)")
    with pytest.raises(FrozenInstanceError):
        found.held = 8


@pytest.mark.parametrize(
    ("x", "options", "error", "message"),
    [
        ([[0.0, 0.0]], {}, TypeError, "must be a tensor"),
        (torch.zeros(3, 2, dtype=torch.int64), {}, TypeError, "floating-point"),
        (torch.zeros(3, 3), {}, ValueError, "last axis must be 2"),
        (torch.zeros(2), {}, ValueError, r"expected \[n, 2\]"),
        (torch.zeros(0, 2), {}, ValueError, "at least one sample"),
        (torch.zeros(1, 3, 2), {}, ValueError, r"expected \[n, 2\]"),
        (torch.zeros(3, 2), {"within": 0}, ValueError, "within must be a positive"),
        (torch.zeros(3, 2), {"within": "3"}, ValueError, "within must be a positive"),
        (torch.zeros(3, 2), {"share": 0}, ValueError, "share must be above 0"),
        (torch.zeros(3, 2), {"share": 20}, ValueError, "share must be above 0"),
    ],
)
def test_errors_are_for_people(x, options, error, message):
    with pytest.raises(error, match=message):
        mode_report(ring(), x, **options)
