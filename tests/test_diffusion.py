"""Diffusion: schedules, steps, samplers and the bound against Gaussians whose answer is known."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.distributions import Normal

from lecture_utils.training.diffusion import (
    Diffusion,
    DiffusionTrainer,
    betas,
    bound_terms,
    noise_prediction_loss,
)
from lecture_utils.training.flow import TimeNetwork
from lecture_utils.worlds.mixtures import GaussianMixture, ring
from lecture_utils.worlds.modes import mode_report


@pytest.fixture(autouse=True)
def one_thread_no_bar(monkeypatch):
    monkeypatch.setenv("LECTURE_STATIC", "1")
    torch.set_num_threads(1)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def diffused(world: GaussianMixture, alpha_bar: torch.Tensor) -> GaussianMixture:
    """The distribution of x_t: every mode moves to the origin and gets as wide as the noise."""
    variances = alpha_bar * world.scales**2 + 1 - alpha_bar
    means = alpha_bar.sqrt() * world.means
    return GaussianMixture(world.weights, means, variances.sqrt(), dtype=torch.float64)


class ExactNoise(nn.Module):
    """E[noise | x_t] from the gradient of log q(x_t), by autograd: -sqrt(1 - alpha_bar) score."""

    def __init__(self, world: GaussianMixture, alpha_bar: torch.Tensor | None = None) -> None:
        super().__init__()
        self.world, self.alpha_bar = world, alpha_bar
        self.unused = nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        steps = len(self.alpha_bar) - 1
        number = (t * steps).round().long()
        noise = torch.empty_like(x)
        for s in number.unique().tolist():
            rows, share = number == s, self.alpha_bar[s]
            with torch.enable_grad():
                points = x[rows].detach().requires_grad_()
                log_q = diffused(self.world, share).log_prob(points).sum()
                (score,) = torch.autograd.grad(log_q, points)
            noise[rows] = -(1 - share).sqrt() * score
        return noise


GAUSSIAN = GaussianMixture([1.0], [[0.7, -1.0]], [[0.5, 1.5]], dtype=torch.float64)


def exact(world: GaussianMixture, **options) -> Diffusion:
    network = ExactNoise(world)
    model = Diffusion(network, 2, **options)
    network.alpha_bar = model.alpha_bar
    return model


def small(**options) -> Diffusion:
    torch.manual_seed(5)
    return Diffusion(TimeNetwork(2, (16, 16), octaves=1), 2, **{"num_steps": 30, **options})


def at(number: int, rows: int) -> torch.Tensor:
    return torch.full((rows,), number)


# -- Schedules and steps ---------------------------------------------------------------------------


def test_the_linear_schedule_with_1000_steps_is_that_of_the_paper():
    beta = betas(1000)
    assert beta[0].item() == pytest.approx(1e-4) and beta[-1].item() == pytest.approx(0.02)
    assert (beta[1:] - beta[:-1]).std() < 1e-12
    assert 3.9e-5 < (1 - beta).prod() < 4.2e-5


@pytest.mark.parametrize("num_steps", [50, 100, 400])
@pytest.mark.parametrize("schedule", ["linear", "cosine", "geometric"])
def test_a_schedule_ends_in_noise(schedule, num_steps):
    beta = betas(num_steps, schedule)
    assert beta.shape == (num_steps,) and beta.dtype == torch.float64
    assert ((beta > 0) & (beta < 1)).all()
    assert (1 - beta).prod() < 1.001e-4


def test_alpha_bar_of_the_cosine_schedule_is_a_squared_cosine():
    alpha_bar = (1 - betas(200, "cosine")).cumprod(0)
    angle = (torch.arange(1, 201) / 200 + 0.008) / 1.008 * math.pi / 2
    expected = (angle.cos() / math.cos(0.008 / 1.008 * math.pi / 2)) ** 2
    torch.testing.assert_close(alpha_bar[:-1].float(), expected[:-1], atol=1e-5, rtol=0)


def test_the_geometric_schedule_multiplies_the_odds_of_noise():
    alpha_bar = (1 - betas(41, "geometric")).cumprod(0)
    odds = (1 - alpha_bar) / alpha_bar
    torch.testing.assert_close(odds[1:] / odds[:-1], torch.full_like(odds[1:], 10**0.2))
    assert odds[0].item() == pytest.approx(1e-4) and odds[-1].item() == pytest.approx(1e4)


def test_many_steps_are_one():
    """The variance and the mean that the small steps make are those of `diffuse`."""
    model = exact(GAUSSIAN, num_steps=40)
    mean, variance = 1.0, 0.0  # of x_t, given data = 1
    for number in range(1, 41):
        beta = model.beta[number].item()
        mean, variance = math.sqrt(1 - beta) * mean, (1 - beta) * variance + beta
        one, zero = torch.ones(1, 2), torch.zeros(1, 2)
        t = at(number, 1)
        torch.testing.assert_close(model.diffuse(one, zero, t), mean * one.double())
        torch.testing.assert_close(model.diffuse(zero, one, t) ** 2, variance * one.double())


@pytest.mark.parametrize("number", [2, 7, 30])
def test_the_step_back_is_bayes_rule(number):
    """Prior times likelihood on a lattice of x_{t-1}, without the formula for Gaussians."""
    model = exact(GAUSSIAN, num_steps=30)
    data, x = 0.8, -0.4
    before = torch.linspace(-8, 8, 200_001, dtype=torch.float64)
    share = model.alpha_bar[number - 1]
    log_p = Normal(share.sqrt() * data, (1 - share).sqrt()).log_prob(before)
    beta = model.beta[number]
    log_p += Normal((1 - beta).sqrt() * before, beta.sqrt()).log_prob(torch.tensor(x))
    p = (log_p - log_p.logsumexp(0)).exp()
    mean = (p * before).sum()
    variance = (p * (before - mean) ** 2).sum()
    ones = torch.ones(1, 2, dtype=torch.float64)
    found = model.step_back(x * ones, data * ones, at(number, 1))
    torch.testing.assert_close(found, mean * ones, atol=1e-6, rtol=0)
    torch.testing.assert_close(model.posterior_variance[number], variance, atol=1e-7, rtol=0)


def test_the_first_step_back_is_the_data():
    model = small()
    x, data = torch.randn(2, 6, 2, generator=seeded())
    torch.testing.assert_close(model.step_back(x, data, at(1, 6)), data)
    assert model.posterior_variance[1] == 0 and model.model_variance[1] == model.beta[1]


def test_score_and_predicted_data_are_those_of_the_world():
    """Tweedie's formula against the posterior mean, from the mode's own linear regression."""
    model = exact(GAUSSIAN, num_steps=50)
    x, t = torch.randn(9, 2, generator=seeded()).double(), at(20, 9)
    share, m, s = model.alpha_bar[20], GAUSSIAN.means[0], GAUSSIAN.scales[0]
    gain = share.sqrt() * s**2 / (share * s**2 + 1 - share)
    torch.testing.assert_close(model.predict_data(x, t), m + gain * (x - share.sqrt() * m))
    points = x.clone().requires_grad_()
    (score,) = torch.autograd.grad(diffused(GAUSSIAN, share).log_prob(points).sum(), points)
    torch.testing.assert_close(model.score(x, t), score)


# -- Samples ---------------------------------------------------------------------------------------


def chain(model: Diffusion, world: GaussianMixture) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance of the exact model's x_0 [2], step after step: all of it is linear."""
    mean, variance = torch.zeros(2).double(), torch.ones(2).double()
    m, s = world.means[0], world.scales[0]
    for number in range(model.num_steps, 0, -1):
        share, before = model.alpha_bar[number], model.alpha_bar[number - 1]
        beta = 1 - share / before
        gain = share.sqrt() * s**2 / (share * s**2 + 1 - share)
        to_data = before.sqrt() * beta / (1 - share)
        to_x = (1 - beta).sqrt() * (1 - before) / (1 - share)
        slope = to_data * gain + to_x
        mean = slope * mean + to_data * (m - gain * share.sqrt() * m)
        smaller = number > 1 and model.variance == "posterior"
        added = beta * (1 - before) / (1 - share) if smaller else beta
        variance = slope**2 * variance + added
    return mean, variance


@pytest.mark.parametrize("choice", ["forward", "posterior"])
def test_ancestral_samples_are_those_of_the_chain(choice):
    model = exact(GAUSSIAN, num_steps=25, variance=choice)
    mean, variance = chain(model, GAUSSIAN)
    x = model.sample(20_000, generator=seeded())
    torch.testing.assert_close(x.mean(0), mean, atol=0.04, rtol=0)
    torch.testing.assert_close(x.var(0), variance, atol=0, rtol=0.04)
    # With few steps it is not yet the world's; with many it is.
    assert (variance / GAUSSIAN.scales[0] ** 2 - 1).abs().max() > 0.05
    mean, variance = chain(exact(GAUSSIAN, num_steps=2000, variance=choice), GAUSSIAN)
    torch.testing.assert_close(mean, GAUSSIAN.means[0], atol=1e-3, rtol=0)
    torch.testing.assert_close(variance, GAUSSIAN.scales[0] ** 2, atol=0, rtol=0.01)


def test_the_ode_takes_noise_where_it_belongs_and_halves_its_error_with_the_steps():
    """For one Gaussian, the equation keeps the number of standard deviations from the mean."""
    errors = []
    for num_steps in (200, 400):
        model = exact(GAUSSIAN, num_steps=num_steps)
        path = model.trajectory(50, sampler="ode", generator=seeded())
        end = diffused(GAUSSIAN, model.alpha_bar[-1])
        expected = GAUSSIAN.means + GAUSSIAN.scales * (path[0] - end.means) / end.scales
        errors.append((path[-1] - expected).abs().max().item())
    assert errors[1] < 0.05 and errors[0] / errors[1] == pytest.approx(2, rel=0.15)


def test_the_ode_may_leave_out_steps():
    model = exact(GAUSSIAN, num_steps=100)
    path = model.trajectory(7, sampler="ode", steps=10, generator=seeded())
    assert path.shape == (11, 7, 2)
    torch.testing.assert_close(
        path[0], torch.randn(7, 2, generator=seeded()).double(), atol=3, rtol=0
    )
    one = model.sample(7, sampler="ode", steps=1, generator=seeded())
    torch.testing.assert_close(one, model.predict_data(path[0], at(100, 7)))


@pytest.mark.parametrize("sampler", ["ancestral", "ode"])
def test_samples_of_a_ring(sampler):
    world = ring(5, scale=0.2, dtype=torch.float64)
    x = exact(world, num_steps=200).sample(500, sampler=sampler, generator=seeded())
    report = mode_report(world, x)
    assert report.held == 5 and report.quality > 0.95 and report.reverse_kl < 0.03


# -- The bound -------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", ["forward", "posterior"])
def test_the_terms_add_up_to_the_bound_of_whole_paths(choice):
    """log q(x_1 ... x_T | data) - log p(data, x_1 ... x_T) along simulated paths, in one piece."""
    model = exact(GAUSSIAN, num_steps=22, variance=choice, schedule="geometric")
    data = torch.tensor([[0.3, -2.0]], dtype=torch.float64).expand(4000, 2)
    x, log_ratio = data, torch.zeros(4000).double()
    torch.manual_seed(0)
    for number in range(1, 23):
        beta = model.beta[number]
        step = Normal((1 - beta).sqrt() * x, beta.sqrt())
        before, x = x, step.sample()
        t = at(number, 4000)
        mean = model.step_back(x, model.predict_data(x, t), t)
        smaller = number > 1 and choice == "posterior"
        back = Normal(mean, (model.posterior_variance[number] if smaller else beta).sqrt())
        log_ratio += (step.log_prob(x) - back.log_prob(before)).sum(-1)
    log_ratio -= Normal(0.0, 1.0).log_prob(x).sum(-1)
    terms = bound_terms(model, data, generator=seeded())
    bound = terms.sum(0)
    error = math.hypot(log_ratio.std().item(), bound.std().item()) / math.sqrt(4000)
    assert terms.shape == (23, 4000) and error < 0.3
    assert bound.mean().item() == pytest.approx(log_ratio.mean().item(), abs=4 * error)
    # And it is a bound on log p(data) of the model itself.
    mean, variance = chain(model, GAUSSIAN)
    log_px = Normal(mean, variance.sqrt()).log_prob(data[0]).sum()
    assert bound.mean() > -log_px


def test_more_steps_bring_the_bound_to_the_truth():
    x = GAUSSIAN.sample(20_000, generator=seeded())
    gaps = []
    for num_steps in (12, 48):
        model = exact(GAUSSIAN, num_steps=num_steps, schedule="geometric")
        nats = bound_terms(model, x, generator=seeded()).sum(0)
        gaps.append((nats + GAUSSIAN.log_prob(x)).mean())  # standard error 0.01
    assert 0 < gaps[1] < 0.35 * gaps[0]


def test_the_scale_is_part_of_the_density():
    wide = GaussianMixture([1.0], 3 * GAUSSIAN.means, 3 * GAUSSIAN.scales, dtype=torch.float64)
    x = GAUSSIAN.sample(5, generator=seeded())
    model, scaled = exact(GAUSSIAN, num_steps=30), exact(GAUSSIAN, num_steps=30, scale=3.0)
    bound = bound_terms(model, x, generator=seeded()).sum(0)
    of_scaled = bound_terms(scaled, 3 * x, generator=seeded()).sum(0)
    torch.testing.assert_close(of_scaled, bound + 2 * math.log(3))
    drawn = scaled.sample(4000, generator=seeded())
    torch.testing.assert_close(drawn.mean(0), wide.mean, atol=0.3, rtol=0)


# -- Training --------------------------------------------------------------------------------------


def test_the_exact_noise_is_the_best():
    model = exact(GAUSSIAN, num_steps=30)
    x = GAUSSIAN.sample(20_000, generator=seeded())
    losses = []
    for bias in (0.0, 0.2, -0.2):
        torch.manual_seed(1)
        model.predict_noise = lambda x, t, bias=bias: Diffusion.predict_noise(model, x, t) + bias
        losses.append(noise_prediction_loss(model, x).item())
    assert losses[0] + 0.02 < min(losses[1:])


def test_it_learns():
    world = ring(4, scale=0.3)
    x = world.sample(2000, generator=seeded())
    torch.manual_seed(0)
    model = Diffusion(
        TimeNetwork(2, (64, 64), octaves=2), 2, num_steps=50, schedule="geometric", scale=1.4
    )
    trainer = DiffusionTrainer(model, lr=6e-3, schedule="cosine", ema=0.99, device="cpu")
    test = world.sample(300, generator=seeded(1))
    best = world.log_prob(test).double()
    before = trainer.evaluate(test, generator=seeded()).excess(best)
    trainer.fit(x, steps=1200, batch_size=256)
    score = trainer.evaluate(test, generator=seeded())
    after = score.excess(best)  # nats a dimension
    assert 0 < after < 0.35 < 0.1 * before
    parts = score.reconstruction + score.denoising + score.prior
    assert parts == pytest.approx(score.nats) and score.terms.shape == (51,)
    assert 0 <= score.prior < 0.01 and repr(score).startswith("at most")
    report = mode_report(world, trainer.sample(500, generator=seeded()))
    assert report.held == 4 and report.quality > 0.85


def test_evaluation_averages_draws_and_leaves_the_model_as_it_was():
    trainer = DiffusionTrainer(small(), device="cpu")
    x = torch.randn(8, 2, generator=seeded())
    three = trainer.evaluate(x, num_samples=3, generator=seeded()).log_px
    dice = seeded()
    each = torch.stack([trainer.evaluate(x, generator=dice).log_px for _ in range(3)])
    torch.testing.assert_close(three, each.mean(0))
    assert trainer.trained.training


def test_a_generator_decides_and_precision_is_kept():
    model = small().double()
    x = model.sample(5, generator=seeded())
    assert x.dtype == torch.float64 and torch.equal(x, model.sample(5, generator=seeded()))
    assert not torch.equal(x, model.sample(5, generator=seeded(1)))
    data = torch.zeros(3, 2, dtype=torch.float64)
    assert bound_terms(model, data, generator=seeded()).dtype == torch.float64


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: betas(20), "at least 21 steps"),
        (lambda: betas(0, "cosine"), "num_steps must be"),
        (lambda: betas(50, "quadratic"), "linear, cosine, geometric"),
        (lambda: small(scale=0.0), "scale must be a positive"),
        (lambda: small(variance="learned"), "forward, posterior"),
        (lambda: small(schedule=torch.full((29,), 0.1)), "num_steps=30 numbers above 0"),
        (lambda: small(schedule=torch.full((30,), 1.0)), "below 1"),
        (lambda: small().sample(0), "n must be"),
        (lambda: small().sample(3, sampler="heun"), "ancestral, ode"),
        (lambda: small().sample(3, steps=10), "'ancestral' takes all"),
        (lambda: small().sample(3, sampler="ode", steps=31), "has 30 steps"),
        (lambda: bound_terms(small(), torch.zeros(3)), r"expected \[B, 2\]"),
    ],
)
def test_errors(act, message):
    with pytest.raises(ValueError, match=message):
        act()
