"""Mixtures of Gaussians: densities, latent modes, scores and entropies against independent ways."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from lecture_utils.worlds.mixtures import GaussianMixture, grid, ring


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbers() -> GaussianMixture:
    return GaussianMixture([0.3, 0.7], [-1.0, 1.0], [0.5, 0.2], dtype=torch.float64)


def plane() -> GaussianMixture:
    means = [[0.0, 0.0], [1.0, -0.5], [-1.0, 2.0]]
    scales = [[0.5, 0.3], [0.2, 0.4], [0.6, 0.6]]
    return GaussianMixture([0.2, 0.5, 0.3], means, scales, dtype=torch.float64)


def space() -> GaussianMixture:
    means = torch.randn(4, 3, generator=seeded(), dtype=torch.float64)
    return GaussianMixture([0.1, 0.2, 0.3, 0.4], means, [0.5, 0.6, 0.7, 0.8])


def reference(mixture: GaussianMixture) -> MixtureSameFamily:
    parts = Normal(mixture.means, mixture.scales)
    parts = Independent(parts, 1) if mixture.event_shape else parts
    return MixtureSameFamily(Categorical(mixture.weights), parts)


def lattice(mixture: GaussianMixture, step: float) -> torch.Tensor:
    """Points of a square lattice that covers all modes: [N] or [N, 2]."""
    ends = (mixture.means.abs() + 9 * mixture.scales).max().item()
    ticks = torch.arange(-ends, ends, step, dtype=torch.float64)
    return torch.cartesian_prod(ticks, ticks) if mixture.event_shape else ticks


ALL = [ring, grid, numbers, plane, space]


@pytest.mark.parametrize("make", ALL)
def test_log_prob_mean_and_covariance_are_those_of_torch(make):
    mixture = make()
    x = 2 * torch.randn(50, *mixture.event_shape, generator=seeded(1), dtype=torch.float64)
    expected = reference(mixture)
    assert torch.allclose(mixture.log_prob(x), expected.log_prob(x), rtol=1e-12, atol=1e-12)
    assert torch.allclose(mixture.mean, expected.mean, atol=1e-12)
    covariance = mixture.covariance
    assert covariance.shape == (*mixture.event_shape, *mixture.event_shape)
    variance = covariance.diagonal() if mixture.event_shape else covariance
    assert torch.allclose(variance, expected.variance, atol=1e-12)


@pytest.mark.parametrize(("make", "step"), [(numbers, 0.02), (plane, 0.05), (ring, 0.025)])
def test_density_integrates_to_one_with_the_stated_moments(make, step):
    mixture = make()
    x = lattice(mixture, step)
    size = max(len(mixture.event_shape) and 2, 1)
    mass = mixture.log_prob(x).exp() * step**size
    assert abs(mass.sum() - 1) < 1e-12
    assert torch.allclose(mass @ x, mixture.mean, atol=1e-12)
    spread = x - mixture.mean
    second = spread.T @ (mass[:, None] * spread) if mixture.event_shape else mass @ spread**2
    assert torch.allclose(second, mixture.covariance, atol=1e-11)


def test_the_ring_and_the_grid_of_the_book():
    eight, many = ring(), grid()
    assert (eight.num_modes, many.num_modes) == (8, 25)
    assert eight.event_shape == many.event_shape == (2,)
    assert torch.allclose(eight.means.norm(dim=1), torch.tensor(2.0).double())
    assert eight.means[0].tolist() == [2.0, 0.0]
    assert sorted(set(many.means.flatten().tolist())) == [-4.0, -2.0, 0.0, 2.0, 4.0]
    assert (eight.scales == 0.1).all() and (many.scales == 0.05).all()
    assert len(many.means.unique(dim=0)) == 25
    assert repr(eight) == "GaussianMixture(8 modes, event_shape=[2])"


@pytest.mark.parametrize("make", ALL)
def test_posterior_is_joint_over_marginal(make):
    mixture = make()
    x = mixture.sample(200, generator=seeded()).double()
    joint, marginal = mixture.log_joint(x), mixture.log_prob(x)
    posterior = mixture.posterior(x)
    assert posterior.shape == (200, mixture.num_modes)
    assert torch.allclose(posterior, (joint - marginal[:, None]).exp(), atol=1e-12)
    assert torch.allclose(posterior.sum(-1), torch.ones(200).double(), atol=1e-12)
    z = torch.arange(mixture.num_modes)
    by_hand = mixture.weights[z].log() + reference(mixture).component_distribution.log_prob(
        x[:, None]
    )
    assert torch.allclose(joint, by_hand, rtol=1e-12, atol=1e-12)


def test_posterior_is_calibrated():
    """Of the points said to be of mode 0 with probability about p, a share p is of mode 0."""
    mixture = GaussianMixture([0.4, 0.6], [[0.0, 0.0], [1.0, 0.5]], 0.7)
    x, z = mixture.sample_joint(40_000, generator=seeded(2))
    p = mixture.posterior(x)[:, 0]
    for low in (0.1, 0.3, 0.5, 0.7):
        inside = (p > low) & (p < low + 0.2)
        hits, said = (z[inside] == 0).double(), p[inside].double()
        error = (said * (1 - said)).sum().sqrt() / inside.sum()
        assert inside.sum() > 500 and abs(hits.mean() - said.mean()) <= 4 * error


@pytest.mark.parametrize("make", ALL)
def test_samples_follow_the_density(make):
    mixture, n = make(), 20_000
    x, z = mixture.sample_joint(n, generator=seeded(3))
    assert torch.equal(x, mixture.sample(n, generator=seeded(3)))
    assert x.shape == (n, *mixture.event_shape) and z.dtype == torch.int64
    w = mixture.weights
    share = torch.bincount(z, minlength=mixture.num_modes) / n
    assert ((share - w).abs() <= 4 * (w * (1 - w) / n).sqrt()).all()
    x = x.double()
    standard = (x - mixture.means[z]) / mixture.scales[z]
    assert standard.mean(0).abs().max() <= 4 / math.sqrt(n)
    assert ((standard**2).mean(0) - 1).abs().max() <= 4 * math.sqrt(2 / n)
    variance = mixture.covariance.diagonal() if mixture.event_shape else mixture.covariance
    assert ((x.mean(0) - mixture.mean).abs() <= 4 * (variance / n).sqrt()).all()


@pytest.mark.parametrize("make", ALL)
def test_score_is_the_gradient(make):
    mixture = make()
    x = mixture.sample(100, generator=seeded(4)).double() * 1.3
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(mixture.log_prob(x).sum(), x)
    score = mixture.score(x)
    assert score.shape == x.shape
    assert torch.allclose(score, gradient, rtol=1e-10, atol=1e-10)


def test_gradients_reach_the_parameters():
    means = torch.tensor([-1.0, 1.0], dtype=torch.float64, requires_grad=True)
    GaussianMixture([0.5, 0.5], means, 1.0).log_prob(torch.tensor([0.3]).double()).sum().backward()
    assert means.grad.abs().min() > 0


@pytest.mark.parametrize("make", [ring, grid, numbers, plane])
def test_far_out_everything_stays_finite(make):
    mixture = make()
    for far in (50.0, 1e4, 1e15):
        x = torch.full((1, *mixture.event_shape), far, dtype=torch.float64)
        assert mixture.log_prob(x).isfinite().all() and mixture.log_prob(x) < -100
        assert abs(mixture.posterior(x).sum() - 1) < 1e-12
        assert (mixture.score(x) < 0).all() and mixture.score(x).isfinite().all()
    # One standard deviation further out along the axis of a single Gaussian, in closed form.
    single = GaussianMixture([1.0], [0.0], 2.0)
    x = torch.tensor([1e6, 1e6 + 2], dtype=torch.float64)
    assert single.log_prob(x).diff().item() == pytest.approx(-(1e6 / 2) - 0.5, rel=1e-9)


def brute_force(mixture: GaussianMixture, step: float) -> float:
    log_p = mixture.log_prob(lattice(mixture, step))
    size = 2 if mixture.event_shape else 1
    return -(log_p.exp() * log_p).sum().item() * step**size


PAIRS = [
    GaussianMixture([0.5, 0.5], [-distance / 2, distance / 2], 1.0)
    for distance in (0.0, 0.5, 2.0, 4.0, 6.0, 8.0, 10.0)
]
UNEQUAL = [
    GaussianMixture([0.3, 0.7], [-1.0, 1.0], [0.2, 2.0]),
    GaussianMixture([0.5, 0.5], [0.0, 0.0], [0.05, 3.0]),
    GaussianMixture([0.98, 0.02], [0.0, 1.0], [0.1, 0.5]),
    GaussianMixture([0.5, 0.0, 0.5], [0.0, 2.0, 1.0], [1.0, 1e-6, 1.0]),
]


@pytest.mark.parametrize("mixture", [*PAIRS, *UNEQUAL])
def test_entropy_of_numbers_is_good_to_1e9(mixture):
    """Against the plain integral of -p log p over a much finer lattice."""
    assert mixture.entropy() == pytest.approx(brute_force(mixture, 5e-4), abs=1e-11)
    assert mixture.entropy_error() < 1e-9


@pytest.mark.parametrize(
    ("mixture", "step"),
    [(plane(), 0.02), (ring(scale=0.5), 0.04), (ring(scale=0.3), 0.03), (ring(), 0.01)],
)
def test_entropy_in_the_plane_is_good_to_1e9(mixture, step):
    assert mixture.entropy() == pytest.approx(brute_force(mixture, step), abs=1e-10)
    assert mixture.entropy_error() < 1e-9


@pytest.mark.parametrize("make", [ring, grid, numbers, plane])
def test_entropy_equals_monte_carlo(make):
    mixture = make()
    nats = -mixture.log_prob(mixture.sample(20_000, generator=seeded(5)).double())
    assert abs(nats.mean() - mixture.entropy()) <= 4 * nats.std() / math.sqrt(len(nats))


def test_the_log_of_the_modes_is_only_an_upper_bound():
    def bound(mixture):
        one = GaussianMixture([1.0], mixture.means[:1], mixture.scales[:1])
        return math.log(mixture.num_modes) + one.entropy()

    one = 1 + math.log(2 * math.pi)  # two coordinates with scale 1
    assert ring().entropy() == pytest.approx(math.log(8) + one + 2 * math.log(0.1), abs=1e-12)
    assert grid().entropy() == pytest.approx(math.log(25) + one + 2 * math.log(0.05), abs=1e-12)
    assert ring().entropy() == pytest.approx(0.3121484221, abs=1e-9)
    assert grid().entropy() == pytest.approx(0.0652883442, abs=1e-9)
    gap = bound(ring(scale=0.5)) - ring(scale=0.5).entropy()
    assert gap > 0.3 and gap == pytest.approx(ring(scale=0.5).posterior_entropy(), abs=1e-12)
    assert PAIRS[0].posterior_entropy() == pytest.approx(math.log(2), abs=1e-12)


def test_posterior_entropy_equals_monte_carlo():
    mixture = ring(scale=0.5)
    p = mixture.posterior(mixture.sample(20_000, generator=seeded(6)).double())
    nats = torch.special.entr(p).sum(-1)
    assert abs(nats.mean() - mixture.posterior_entropy()) <= 4 * nats.std() / math.sqrt(len(nats))


def test_entropy_of_a_single_mode_is_exact_in_any_dimension():
    scales = torch.tensor([[0.1, 1.0, 2.0, 3.0]], dtype=torch.float64)
    mixture = GaussianMixture([1.0], torch.zeros(1, 4), scales)
    expected = Independent(Normal(torch.zeros(4).double(), scales[0]), 1).entropy().item()
    assert mixture.entropy() == pytest.approx(expected, abs=1e-12)
    assert mixture.entropy_error() == 0


def test_marginal_is_the_integral_of_the_joint():
    mixture = plane()
    first = mixture.marginal([True, False])
    y = torch.arange(-9, 9, 0.02, dtype=torch.float64)
    for value in (-1.0, 0.3, 1.1):
        x = torch.stack([torch.full_like(y, value), y], dim=-1)
        integral = mixture.log_prob(x).exp().sum() * 0.02
        density = first.log_prob(x[0, :1]).exp()
        assert integral.item() == pytest.approx(density.item(), abs=1e-12)


def test_conditional_is_joint_over_marginal():
    mixture = space()
    missing = torch.tensor([False, True, False])
    for x in mixture.sample(5, generator=seeded(7)).double():
        told = mixture.conditional(x.masked_fill(missing, math.nan), missing)
        seen = mixture.marginal(~missing).log_prob(x[~missing])
        assert told.event_shape == (1,)
        expected = (mixture.log_prob(x) - seen).item()
        assert told.log_prob(x[missing]).item() == pytest.approx(expected, abs=1e-12)
    # At the top of the ring only the mode there is left.
    top = ring().conditional(torch.tensor([math.nan, 2.0]), [True, False])
    assert top.weights.argmax() == 2 and top.entropy() == pytest.approx(
        0.5 * math.log(2 * math.pi * math.e) + math.log(0.1), abs=1e-5
    )


def test_same_seed_same_data_whatever_the_dtype():
    x = ring(dtype=torch.float64).sample(50, generator=seeded())
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        assert torch.equal(ring(dtype=dtype).sample(50, generator=seeded()), x.to(dtype))
    assert not torch.equal(x, ring(dtype=torch.float64).sample(50, generator=seeded(1)))
    assert ring().sample(3, generator=seeded()).dtype == torch.float32
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    ring().sample(10, generator=seeded())
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_answers_have_the_dtype_of_the_point(dtype):
    mixture = ring(scale=0.5)
    x = mixture.sample(6, generator=seeded()).to(dtype)
    for answer in (mixture.log_prob, mixture.log_joint, mixture.posterior, mixture.score):
        assert answer(x).dtype == dtype and answer(x).device == x.device
        assert torch.equal(answer(x), answer(x.double()).to(dtype))  # rounded once, at the end


def test_devices():
    """The meta device stands for an accelerator: everything has to move there."""
    mixture = ring()
    x = torch.empty(5, 2, device="meta")
    for answer in (mixture.log_prob, mixture.log_joint, mixture.posterior, mixture.score):
        assert answer(x).device.type == "meta"
    moved = mixture.to(dtype=torch.float64)
    assert moved.dtype == torch.float64 and moved.device.type == "cpu"
    assert torch.equal(moved.means, mixture.means)
    if torch.accelerator.is_available():
        there = mixture.to(torch.accelerator.current_accelerator())
        x = there.sample(50, generator=seeded())
        assert x.device.type == there.device.type
        assert torch.allclose(x.cpu(), mixture.sample(50, generator=seeded()))
        assert torch.allclose(there.log_prob(x).cpu(), mixture.log_prob(x.cpu()), rtol=1e-4)
        assert there.entropy() == pytest.approx(mixture.entropy(), abs=1e-4)


def test_batch_shapes():
    mixture = plane()
    x = mixture.sample(6, generator=seeded())
    assert mixture.log_prob(x[0]).shape == () and mixture.posterior(x[0]).shape == (3,)
    assert torch.equal(mixture.log_prob(x.view(2, 3, 2)).view(6), mixture.log_prob(x))
    assert torch.equal(mixture.score(x.view(2, 3, 2)).view(6, 2), mixture.score(x))
    assert numbers().log_prob(torch.tensor(0.5)).shape == ()
    assert numbers().log_joint(torch.zeros(2, 3)).shape == (2, 3, 2)
    assert mixture.sample(0).shape == (0, 2) and mixture.log_prob(torch.zeros(0, 2)).shape == (0,)


def test_it_cannot_be_changed_by_accident():
    means = torch.zeros(2, 2)
    mixture = GaussianMixture([0.5, 0.5], means, 1.0)
    means += 1
    assert (mixture.means == 0).all()
    with pytest.raises(FrozenInstanceError):
        mixture.means = means


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: GaussianMixture([0.5, 0.6], [0.0, 1.0], 1.0), ValueError, r"w by w\.sum\(\)"),
        (lambda: GaussianMixture([1.5, -0.5], [0.0, 1.0], 1.0), ValueError, "0 or more"),
        (lambda: GaussianMixture([0.5, 0.5], [0.0], 1.0), ValueError, r"means must be \[2, D\]"),
        (lambda: GaussianMixture(1.0, [0.0], 1.0), ValueError, r"\[K\]"),
        (lambda: GaussianMixture([1.0], [0.0], 0.0), ValueError, "must be positive"),
        (lambda: GaussianMixture([1.0], [0.0], [1.0, 2.0]), ValueError, "scales must be a number"),
        (lambda: GaussianMixture([1.0], [math.nan], 1.0), ValueError, "not finite"),
        (lambda: GaussianMixture([1.0], ["zero"], 1.0), TypeError, "means must be numbers"),
        (lambda: ring(dtype=torch.int64), TypeError, "floating-point dtype"),
        (lambda: ring(0), ValueError, "modes must be a whole number"),
        (lambda: grid(2.5), ValueError, "side must be a whole number"),
        (lambda: ring().sample(-1), ValueError, "whole number of examples"),
        (lambda: ring().log_prob([0.0, 1.0]), TypeError, "must be a tensor, not list"),
        (lambda: ring().log_prob(torch.tensor([1, 2])), TypeError, r"use x\.float\(\)"),
        (lambda: ring().score(torch.zeros(4, 3)), ValueError, r"\[4, 3\].*last axis must be 2"),
        (lambda: ring().marginal([0, 1]), ValueError, r"each coordinate, with shape \[2\]"),
        (lambda: numbers().marginal([True]), ValueError, r"with shape \[\]"),
        (lambda: ring().conditional(torch.zeros(1, 2), [True, False]), ValueError, "one point"),
        (lambda: ring().conditional(torch.zeros(2), [True, True]), ValueError, "All coordinates"),
        (lambda: space().entropy(), ValueError, r"-log_prob\(sample\(n\)\)\.mean\(\)"),
        (
            lambda: GaussianMixture([0.5, 0.5], [[0.0, 0.0]] * 2, [1.0, 1e-3]).entropy(),
            ValueError,
            "1000 times as wide",
        ),
    ],
)
def test_bad_input(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong()
