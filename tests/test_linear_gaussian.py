"""The linear-Gaussian world against torch.distributions, quadrature and autograd."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from lecture_utils.worlds.linear_gaussian import LinearGaussian


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def draws(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


def ppca() -> LinearGaussian:
    return LinearGaussian(draws(5, 2), draws(5, seed=1), 0.5)


def factors() -> LinearGaussian:
    return LinearGaussian(draws(5, 3), draws(5, seed=1), [0.1, 0.3, 0.5, 1.0, 2.0])


def wide() -> LinearGaussian:
    """More latent coordinates than observed ones."""
    return LinearGaussian(draws(2, 4), [0.0, 1.0], 0.7, dtype=torch.float64)


ALL = [ppca, factors, wide]


def dense(world: LinearGaussian) -> MultivariateNormal:
    return MultivariateNormal(world.mean, world.covariance)


@pytest.mark.parametrize("make", ALL)
def test_log_prob_and_entropy_are_those_of_the_dense_normal(make):
    world = make()
    x = 3 * draws(50, len(world.mean), seed=2)
    assert torch.allclose(world.log_prob(x), dense(world).log_prob(x), rtol=1e-11, atol=1e-11)
    assert world.entropy() == pytest.approx(dense(world).entropy().item(), abs=1e-11)
    by_hand = world.weight @ world.weight.T + torch.diag(world.noise**2)
    assert torch.allclose(world.covariance, by_hand)


def test_density_integrates_to_one_and_its_entropy_is_the_integral():
    world = LinearGaussian([[1.0], [0.5]], [0.5, -1.0], [0.4, 0.6])
    ticks = torch.arange(-12, 12, 0.08, dtype=torch.float64)
    log_p = world.log_prob(torch.cartesian_prod(ticks, ticks))
    mass = log_p.exp() * 0.08**2
    assert abs(mass.sum() - 1) < 1e-11
    assert -(mass * log_p).sum().item() == pytest.approx(world.entropy(), abs=1e-10)


def test_marginal_likelihood_is_the_integral_over_the_latent_variable():
    world = ppca()
    x = world.sample(5, generator=seeded(3))
    ticks = torch.arange(-7, 7, 0.05, dtype=torch.float64)
    z = torch.cartesian_prod(ticks, ticks)
    joint = world.log_joint(x[:, None], z)
    assert joint.shape == (5, len(z))
    integral = joint.logsumexp(-1) + 2 * math.log(0.05)
    assert torch.allclose(integral, world.log_prob(x), atol=1e-10)
    # and the posterior has the moments of joint / marginal
    p = (joint - world.log_prob(x)[:, None]).exp() * 0.05**2
    mean, covariance = world.posterior(x)
    assert torch.allclose(p @ z, mean, atol=1e-9)
    spread = z - mean[:, None]
    assert torch.allclose(torch.einsum("xn,xni,xnj->xij", p, spread, spread)[0], covariance)


@pytest.mark.parametrize("make", ALL)
def test_posterior_is_joint_over_marginal(make):
    world = make()
    x, z = world.sample_joint(50, generator=seeded(4))
    posterior = world.posterior(x)
    assert posterior.mean.shape == z.shape
    assert posterior.covariance.shape == (world.latent_size, world.latent_size)
    log_posterior = MultivariateNormal(*posterior).log_prob(z)
    expected = world.log_joint(x, z) - world.log_prob(x)
    assert torch.allclose(log_posterior, expected, rtol=1e-10, atol=1e-10)


def test_posterior_is_calibrated():
    """z - E[z | x], in units of the posterior, is standard normal."""
    world = factors()
    x, z = world.sample_joint(20_000, generator=seeded(5))
    mean, covariance = world.posterior(x)
    factor = torch.linalg.cholesky(covariance)
    unit = torch.linalg.solve_triangular(factor, (z - mean).T, upper=False)
    second = unit @ unit.T / len(z)
    assert unit.mean(1).abs().max() <= 4 / math.sqrt(len(z))
    assert (second - torch.eye(3)).abs().max() <= 4 * math.sqrt(2 / len(z))


@pytest.mark.parametrize("make", ALL)
def test_samples_follow_the_density(make):
    world, n = make(), 20_000
    x, z = world.sample_joint(n, generator=seeded(6))
    assert torch.equal(x, world.sample(n, generator=seeded(6)))
    assert x.shape == (n, *world.event_shape) and z.shape == (n, world.latent_size)
    c = world.covariance
    assert ((x.mean(0) - world.mean).abs() <= 4 * (c.diagonal() / n).sqrt()).all()
    spread = x - world.mean
    error = ((c.diagonal()[:, None] * c.diagonal() + c**2) / n).sqrt()
    assert ((spread.T @ spread / n - c).abs() <= 4 * error).all()
    nats = -world.log_prob(x)
    assert abs(nats.mean() - world.entropy()) <= 4 * nats.std() / math.sqrt(n)


@pytest.mark.parametrize("make", ALL)
def test_elbo_is_tight_at_the_posterior_and_else_short_by_the_divergence(make):
    world = make()
    k = world.latent_size
    x = world.sample(20, generator=seeded(7))
    mean, covariance = world.posterior(x)
    assert torch.allclose(world.elbo(x, mean, covariance), world.log_prob(x), atol=1e-11)
    q_mean = mean + draws(20, k, seed=8)
    root = draws(20, k, k, seed=9)
    q_covariance = root @ root.mT + 0.1 * torch.eye(k)
    elbo = world.elbo(x, q_mean, q_covariance)
    gap = kl_divergence(
        MultivariateNormal(q_mean, q_covariance), MultivariateNormal(mean, covariance)
    )
    assert (gap > 0).all()
    assert torch.allclose(world.log_prob(x) - elbo, gap, rtol=1e-9, atol=1e-9)


def test_elbo_equals_monte_carlo():
    world = ppca()
    x = world.sample(1, generator=seeded(10))
    mean, variance = torch.tensor([[0.3, -0.2]]).double(), torch.tensor([0.5, 1.5]).double()
    q = MultivariateNormal(mean[0], variance.diag())
    z = mean + variance.sqrt() * draws(20_000, 2, seed=11)
    log_ratio = world.log_joint(x, z) - q.log_prob(z)
    error = log_ratio.std() / math.sqrt(len(z))
    assert abs(log_ratio.mean() - world.elbo(x, mean, variance.diag_embed())) <= 4 * error


def test_gradient_of_the_elbo_vanishes_at_the_posterior():
    world = ppca()
    x = world.sample(3, generator=seeded(12))
    mean, covariance = world.posterior(x)
    mean, covariance = mean.requires_grad_(), covariance.clone().requires_grad_()
    for gradient in torch.autograd.grad(world.elbo(x, mean, covariance).sum(), (mean, covariance)):
        assert gradient.abs().max() < 1e-10


def test_score_by_autograd():
    world = factors()
    x = world.sample(10, generator=seeded(13)).requires_grad_()
    (gradient,) = torch.autograd.grad(world.log_prob(x).sum(), x)
    expected = -torch.linalg.solve(world.covariance, (x - world.mean).T).T
    assert torch.allclose(gradient, expected, rtol=1e-9, atol=1e-9)


def test_tiny_noise_keeps_its_digits():
    """Where the usual inverse of W W^T + noise^2 loses digits, the sums of squares do not."""
    world = LinearGaussian([[1.0], [1.0]], [0.0, 0.0], 1e-5)
    x = torch.tensor([[0.3, 0.3 + 2e-5]], dtype=torch.float64)
    # Rotated by 45 degrees the coordinates are independent, with variances 2 + s^2 and s^2.
    far, near = x.sum() / math.sqrt(2), (x[0, 1] - x[0, 0]) / math.sqrt(2)
    variances = torch.tensor([2 + 1e-10, 1e-10], dtype=torch.float64)
    parts = torch.distributions.Normal(torch.zeros(2).double(), variances.sqrt())
    expected = parts.log_prob(torch.stack([far, near])).sum()
    assert world.log_prob(x).item() == pytest.approx(expected.item(), abs=1e-5)
    assert world.entropy() == pytest.approx(parts.entropy().sum().item(), abs=1e-9)


@pytest.mark.parametrize("make", [ppca, factors])
def test_conditional_of_missing_coordinates(make):
    world = make()
    missing = torch.tensor([True, False, False, True, False])
    x = world.sample(30, generator=seeded(14))
    c = world.covariance
    gain = c[missing][:, ~missing] @ torch.linalg.inv(c[~missing][:, ~missing])
    mean = world.mean[missing] + (x - world.mean)[:, ~missing] @ gain.T
    covariance = c[missing][:, missing] - gain @ c[~missing][:, missing]
    hidden = x.masked_fill(missing, math.nan)
    told = world.conditional(hidden, missing)
    assert torch.allclose(told.mean, mean, atol=1e-10)
    assert torch.allclose(told.covariance, covariance, atol=1e-10)
    chain = world.marginal(~missing).log_prob(x[:, ~missing])
    chain = chain + MultivariateNormal(*told).log_prob(x[:, missing])
    assert torch.allclose(chain, world.log_prob(x), atol=1e-10)
    assert torch.equal(world.conditional(x, missing.tolist()).mean, told.mean)


def test_fit_reaches_the_maximum():
    truth = LinearGaussian(draws(6, 2), draws(6, seed=1), 0.4)
    x = truth.sample(500, generator=seeded(15))
    fitted = LinearGaussian.fit(x, 2)
    parameters = [t.clone().requires_grad_() for t in (fitted.weight, fitted.mean)]
    sigma = fitted.noise[0].clone().requires_grad_()
    average = LinearGaussian(*parameters, sigma).log_prob(x).mean()
    for gradient in torch.autograd.grad(average, [*parameters, sigma]):
        assert gradient.abs().max() < 1e-10
    for scale in (0.05, 0.5):  # and no other point nearby is higher
        for seed in range(5):
            weight = fitted.weight + scale * draws(6, 2, seed=20 + seed)
            noise = fitted.noise[0] * math.exp(scale * draws(1, seed=30 + seed).item())
            assert LinearGaussian(weight, fitted.mean, noise).log_prob(x).mean() < average
    assert truth.log_prob(x).mean() < average
    values = torch.linalg.eigvalsh(torch.cov(x.T, correction=0))
    assert fitted.noise.pow(2).allclose(values[:4].mean())
    # The value of the maximum in terms of the eigenvalues (Tipping and Bishop, appendix A).
    log_det = values[4:].log().sum() + 4 * values[:4].mean().log()
    expected = -0.5 * (6 * math.log(2 * math.pi) + log_det + 6)
    assert average.item() == pytest.approx(expected.item(), abs=1e-11)


def test_fit_finds_the_truth_in_much_data_and_is_told_in_one_way_only():
    truth = LinearGaussian([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, -2.0]], [0.0] * 4, 0.5)
    x = truth.sample(40_000, generator=seeded(16))
    fitted = LinearGaussian.fit(x, 2)
    assert x.dtype == fitted.dtype == torch.float32
    assert (fitted.covariance - truth.covariance).abs().max() < 0.2
    assert fitted.noise[0].item() == pytest.approx(0.5, abs=0.01)
    gram = fitted.weight.T @ fitted.weight
    assert abs(gram[0, 1]) < 1e-10 and gram[0, 0] > gram[1, 1]
    assert (fitted.weight.gather(0, fitted.weight.abs().argmax(0, keepdim=True)) > 0).all()
    flipped = LinearGaussian.fit(x.flip(0), 2)
    assert torch.allclose(flipped.weight, fitted.weight, atol=1e-6)


def test_same_seed_same_data_whatever_the_dtype():
    x = ppca().sample(20, generator=seeded())
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        assert torch.equal(ppca().to(dtype=dtype).sample(20, generator=seeded()), x.to(dtype))
    assert LinearGaussian([[1.0]], [0.0], 1.0).sample(2, generator=seeded()).dtype == torch.float32
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    ppca().sample(10, generator=seeded())
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_answers_have_the_dtype_of_the_point(dtype):
    world = ppca()
    x, z = (t.to(dtype) for t in world.sample_joint(4, generator=seeded()))
    mean, covariance = world.posterior(x)
    missing = [True, False, False, False, True]
    answers = [world.log_prob(x), world.log_joint(x, z), world.elbo(x, mean, covariance)]
    answers += [mean, covariance, *world.conditional(x, missing)]
    assert {a.dtype for a in answers} == {dtype} and all(a.isfinite().all() for a in answers)
    assert torch.equal(world.log_prob(x), world.log_prob(x.double()).to(dtype))


def test_devices():
    """The meta device stands for an accelerator: everything has to move there."""
    world = ppca()
    x, z = torch.empty(4, 5, device="meta"), torch.empty(4, 2, device="meta")
    answers = [world.log_prob(x), world.log_joint(x, z), *world.posterior(x)]
    assert {a.device.type for a in answers} == {"meta"}
    if torch.accelerator.is_available():
        there = world.to(torch.accelerator.current_accelerator(), torch.float32)
        x = there.sample(20, generator=seeded())
        assert torch.allclose(x.cpu(), world.sample(20, generator=seeded()).float(), atol=1e-5)
        for answer in (there.log_prob(x), world.log_prob(x)):
            assert answer.device == x.device
            assert torch.allclose(answer.cpu(), world.log_prob(x.cpu()), rtol=1e-4)
        mean, covariance = there.posterior(x)
        assert torch.allclose(there.elbo(x, mean, covariance), there.log_prob(x), rtol=1e-3)
        assert there.conditional(x, [True] + [False] * 4).mean.device == x.device
        assert torch.allclose(
            LinearGaussian.fit(x, 2).weight.cpu(), LinearGaussian.fit(x.cpu(), 2).weight, atol=1e-3
        )


def test_batch_shapes():
    world = ppca()
    x = world.sample(6, generator=seeded())
    assert world.log_prob(x[0]).shape == () and world.posterior(x[0]).mean.shape == (2,)
    assert torch.allclose(world.log_prob(x.view(2, 3, 5)).view(6), world.log_prob(x))
    assert world.sample(0).shape == (0, 5) and world.log_prob(torch.zeros(0, 5)).shape == (0,)
    assert world.elbo(x[:, None], torch.zeros(7, 2), torch.eye(2)).shape == (6, 7)
    assert repr(world) == "LinearGaussian(5 coordinates, 2 latent)"


NONE, EVERY = [False] * 5, [True] * 5


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda w: LinearGaussian([1.0], [0.0], 1.0), ValueError, r"matrix \[D, K\]"),
        (lambda w: LinearGaussian([[1.0]], [0.0, 1.0], 1.0), ValueError, r"mean must be \[1\]"),
        (lambda w: LinearGaussian([[1.0]], [0.0], [1.0, 1.0]), ValueError, "noise must be a num"),
        (lambda w: LinearGaussian([[1.0]], [0.0], 0.0), ValueError, "must be positive"),
        (lambda w: LinearGaussian([[math.inf]], [0.0], 1.0), ValueError, "not finite"),
        (lambda w: w.sample(1.5), ValueError, "whole number of examples"),
        (lambda w: w.log_prob(torch.zeros(2, 3)), ValueError, "last axis must be 5"),
        (lambda w: w.log_prob(torch.zeros(5).long()), TypeError, r"use x\.float\(\)"),
        (lambda w: w.log_joint(torch.zeros(5), torch.zeros(3)), ValueError, "z has shape"),
        (lambda w: w.elbo(torch.zeros(5), torch.zeros(2), torch.ones(2)), ValueError, "diag_embed"),
        (
            lambda w: w.elbo(torch.zeros(5), torch.zeros(2), -torch.eye(2)),
            ValueError,
            "positive definite",
        ),
        (
            lambda w: w.elbo(torch.zeros(5), torch.zeros(2), torch.tensor([[1.0, 0.5], [0, 1]])),
            ValueError,
            "symmetric",
        ),
        (lambda w: w.conditional(torch.zeros(5), NONE), ValueError, "True at least once"),
        (lambda w: w.conditional(torch.zeros(5), EVERY), ValueError, "All coordinates"),
        (lambda w: w.conditional(torch.zeros(5), [0, 3]), ValueError, "True or False for each"),
        (lambda w: LinearGaussian.fit(draws(9, 3), 3), ValueError, "from 1 to 2"),
        (lambda w: LinearGaussian.fit(draws(9), 1), ValueError, r"\[n, D\]"),
        (lambda w: LinearGaussian.fit(draws(2, 3), 2), ValueError, "smaller latent_size"),
        (lambda w: LinearGaussian.fit(torch.ones(9, 3), 1), ValueError, "smaller latent_size"),
        (lambda w: LinearGaussian.fit(draws(9, 3).log(), 1), ValueError, "not finite"),
    ],
)
def test_bad_input(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(ppca())
