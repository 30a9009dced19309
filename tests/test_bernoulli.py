"""Mixtures of binary images: everything against plain enumeration of all images and prototypes."""

from __future__ import annotations

import math

import pytest
import torch

from lecture_utils.estimates import Estimate
from lecture_utils.worlds.bernoulli import BernoulliMixture

WEIGHTS = [0.2, 0.5, 0.3]
MEANS = [[0.9, 0.8, 0.1, 0.05], [0.2, 0.7, 0.6, 0.5], [0.01, 0.3, 0.99, 0.4]]
mixture = BernoulliMixture(WEIGHTS, MEANS)


def dice(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def by_hand(row: list[float], k: int, places=range(4)) -> float:
    """p(x, z = k) of one image, pixel by pixel."""
    probability = WEIGHTS[k]
    for d in places:
        probability *= MEANS[k][d] if row[d] == 1 else 1 - MEANS[k][d]
    return probability


def test_joint_is_the_product_of_its_factors():
    x = mixture.enumerate()
    assert x.shape == (16, 4) and x[5].tolist() == [0, 1, 0, 1]
    table = [[by_hand(row, k) for k in range(3)] for row in x.tolist()]
    expected = torch.tensor(table, dtype=torch.float64)
    assert torch.allclose(mixture.log_joint(x).exp(), expected, rtol=1e-12, atol=0)
    likelihood = mixture.log_joint(x) - torch.tensor(WEIGHTS, dtype=torch.float64).log()
    assert torch.allclose(mixture.log_likelihood(x), likelihood, atol=1e-12)


def test_probabilities_sum_to_one():
    x = mixture.enumerate()
    assert mixture.log_prob(x).exp().sum().item() == pytest.approx(1, abs=1e-12)
    assert torch.allclose(mixture.posterior(x).sum(-1), torch.ones(16).double(), atol=1e-12)


def test_posterior_is_joint_over_marginal():
    x = mixture.enumerate()
    ratio = (mixture.log_joint(x) - mixture.log_prob(x)[:, None]).exp()
    assert torch.allclose(mixture.posterior(x), ratio, atol=1e-12)


@pytest.mark.parametrize("seen", [(True, False, True, False), (False,) * 4, (True,) * 4])
def test_hidden_pixels_are_summed_out(seen):
    x, seen = mixture.enumerate(), torch.tensor(seen)
    table = mixture.log_prob(x).exp()
    same = (x[:, None, seen] == x[None, :, seen]).all(-1)  # which images agree where it is seen
    assert torch.allclose(mixture.log_prob(x, seen).exp(), same.double() @ table, atol=1e-12)
    imagined = (same * table) @ x / (same * table).sum(-1, keepdim=True)
    hidden = ~seen
    assert torch.allclose(mixture.pixel_probs(x, seen)[:, hidden], imagined[:, hidden], atol=1e-12)


def test_a_mask_for_each_image():
    x = mixture.enumerate()
    seen = torch.rand(16, 4, generator=dice()) < 0.5
    rows = [mixture.log_joint(row, mask) for row, mask in zip(x, seen, strict=True)]
    assert torch.allclose(mixture.log_joint(x, seen), torch.stack(rows), atol=1e-12)
    spoiled = torch.where(seen, x, torch.full_like(x, math.nan))  # nobody looks there
    assert torch.equal(mixture.log_joint(spoiled, seen), mixture.log_joint(x, seen))


def test_conditional_and_marginal():
    x, missing = mixture.enumerate()[11], torch.tensor([False, True, False, True])
    rest = mixture.conditional(x, missing)
    both = torch.stack([x] * 4)
    both[:, missing] = rest.enumerate()
    expected = mixture.log_prob(both) - mixture.log_prob(x, ~missing)
    assert torch.allclose(rest.log_prob(rest.enumerate()), expected, atol=1e-12)
    part = mixture.marginal(~missing)
    assert torch.allclose(part.log_prob(x[~missing]), mixture.log_prob(x, ~missing), atol=1e-12)


def test_entropy_by_enumeration_equals_the_definition_and_monte_carlo():
    log_px = mixture.log_prob(mixture.enumerate())
    exact = mixture.entropy()
    assert exact == pytest.approx(-(log_px.exp() @ log_px).item(), abs=1e-12)
    assert exact.error == 0
    sampled = Estimate.mean(-mixture.log_prob(mixture.sample(50_000, generator=dice())))
    assert abs(sampled - exact) < 4 * sampled.error


def test_entropy_of_large_images_knows_its_error():
    wide = BernoulliMixture(WEIGHTS, torch.tensor(MEANS).repeat(1, 4))  # 16 pixels: not listed
    estimate = wide.entropy()
    again = BernoulliMixture(wide.weights, wide.means)
    assert 0 < estimate.error < 0.01 and again.entropy() == estimate  # the same samples each time
    codes = torch.arange(2**16)[:, None] >> torch.arange(16) & 1
    log_px = wide.log_prob(codes)
    assert abs(estimate + (log_px.exp() @ log_px).item()) < 4 * estimate.error
    with pytest.raises(ValueError, match="2\\*\\*16 images"):
        wide.enumerate()


def test_sampled_frequencies():
    n = 20_000
    x, z = mixture.sample_joint(n, generator=dice(1))
    for k in range(3):
        assert abs((z == k).double().mean() - WEIGHTS[k]) < 4 * math.sqrt(WEIGHTS[k] / n)
    for row, probability in zip(
        mixture.enumerate(), mixture.log_prob(mixture.enumerate()).exp(), strict=True
    ):
        share = (x == row).all(-1).double().mean()
        assert abs(share - probability) < 4 * (probability * (1 - probability) / n).sqrt()
    assert (x.double().mean(0) - mixture.mean).abs().max() < 4 * 0.5 / math.sqrt(n)


def test_same_seed_same_images():
    x, z = mixture.sample_joint(50, generator=dice(3))
    again = mixture.sample(50, generator=dice(3))
    assert torch.equal(x, again)
    before = torch.get_rng_state()
    mixture.sample(5, generator=dice())
    mixture.average(lambda x: x[:, 0], n=10)
    assert torch.equal(before, torch.get_rng_state())
    assert x.dtype == torch.float32 and z.dtype == torch.int64 and x.shape == (50, 4)
    assert mixture.sample(0).shape == (0, 4)


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.bfloat16, torch.uint8, torch.bool, torch.int64]
)
def test_any_dtype(dtype):
    x = mixture.enumerate().to(dtype)
    result = mixture.log_prob(x)
    floating = dtype if dtype.is_floating_point else torch.float64
    assert result.dtype == floating
    exact = mixture.log_prob(mixture.enumerate())
    assert torch.equal(result, exact.to(floating))  # computed in float64 all the same


def test_gradients_reach_the_means():
    means = torch.tensor(MEANS, dtype=torch.float64, requires_grad=True)
    x = mixture.enumerate()[[3, 9]]
    BernoulliMixture(WEIGHTS, means).log_prob(x).sum().backward()
    share = mixture.posterior(x)
    m = means.detach()
    expected = torch.einsum("nk,nkd->kd", share, x[:, None] / m - (1 - x[:, None]) / (1 - m))
    assert torch.allclose(means.grad, expected, atol=1e-9)


def test_learned_means_keep_their_gradients():
    """Whatever was computed before, with or without gradients."""
    means = torch.tensor(MEANS, dtype=torch.float64, requires_grad=True)
    learned, x = BernoulliMixture(WEIGHTS, means), mixture.enumerate()
    with torch.no_grad():
        learned.log_prob(x)
    for _ in range(2):
        learned.log_prob(x).sum().backward()
    assert means.grad.isfinite().all() and (means.grad != 0).all()


def test_settings_move_along():
    other = mixture.to(dtype=torch.float64)
    assert other.sample(2).dtype == torch.float64
    assert torch.equal(
        other.sample(9, generator=dice()), mixture.sample(9, generator=dice()).double()
    )
    assert repr(mixture) == "BernoulliMixture(3 prototypes, 4 pixels)"
    assert mixture.event_shape == (4,) and mixture.num_modes == 3


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: BernoulliMixture([0.5, 0.6], [[0.1], [0.2]]), ValueError, "sum to 1"),
        (lambda: BernoulliMixture([1.0], [[0.1], [0.2]]), ValueError, "There are 1 weights"),
        (lambda: BernoulliMixture([1.0], [[0.0, 0.5]]), ValueError, "clamp"),
        (lambda: BernoulliMixture([1.0], [[1.0]]), ValueError, "strictly between 0 and 1"),
        (lambda: BernoulliMixture([1.0], ["a"]), TypeError, "must be numbers"),
        (lambda: mixture.log_prob([0, 1, 0, 1]), TypeError, "must be a tensor"),
        (lambda: mixture.log_prob(torch.zeros(2, 3)), ValueError, "the 4 pixels"),
        (lambda: mixture.log_prob(torch.full((4,), 0.5)), ValueError, "0 or 1"),
        (lambda: mixture.log_prob(torch.zeros(4), torch.ones(4)), ValueError, "True or False"),
        (lambda: mixture.log_prob(torch.zeros(4), torch.ones(3).bool()), ValueError, "4 pixels"),
        (lambda: mixture.conditional(torch.zeros(4), [True] * 4), ValueError, "All pixels"),
        (lambda: mixture.conditional(torch.zeros(4), [False] * 4), ValueError, "at least once"),
        (lambda: mixture.conditional(torch.zeros(2, 4), [True] * 3 + [False]), ValueError, "one"),
        (lambda: mixture.sample(-1), ValueError, "whole number"),
    ],
)
def test_errors_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()
