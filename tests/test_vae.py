"""The variational autoencoder: bounds in their order, against exact answers, and the trainer."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.distributions import Independent, Normal, kl_divergence

from lecture_utils.training import checkpoint
from lecture_utils.training.vae import (
    VAE,
    VAETrainer,
    active_units,
    draw,
    exact_log_prob,
    kl_to_prior,
    log_mean_exp,
    log_px_bound,
    log_weights,
    negative_elbo,
)
from lecture_utils.worlds.linear_gaussian import LinearGaussian


@pytest.fixture(autouse=True)
def one_thread_no_bar(monkeypatch):
    monkeypatch.setenv("LECTURE_STATIC", "1")
    torch.set_num_threads(1)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def binary(n: int = 60, d: int = 6) -> torch.Tensor:
    """Pixels that go together: the left half is on, or the right one."""
    side = torch.rand(n, 1, generator=seeded(1)) < 0.5
    p = torch.where(side, torch.tensor([0.9] * (d // 2) + [0.2] * (d - d // 2)), 0.5)
    return (torch.rand(n, d, generator=seeded(2)) < p).float()


X = binary()


def small(latent_size: int = 2, **options) -> VAE:
    torch.manual_seed(5)
    return VAE(6, latent_size, (8,), **options)


def linear(latent_size: int = 2) -> VAE:
    """Both sides linear: log p(x) is a closed form, and the posterior within reach."""
    torch.manual_seed(5)
    return VAE(4, latent_size, (), likelihood="gaussian", noise=0.6).double()


# -- Terms -----------------------------------------------------------------------------------------


def test_the_kl_is_that_of_torch():
    mean, log_variance = torch.randn(2, 7, 3, generator=seeded()).double()
    q = Independent(Normal(mean, (0.5 * log_variance).exp()), 1)
    p = Independent(Normal(torch.zeros_like(mean), 1.0), 1)
    torch.testing.assert_close(kl_to_prior(mean, log_variance), kl_divergence(q, p))


def test_log_densities_are_those_of_torch():
    model, z = small().double(), torch.randn(5, 60, 2, generator=seeded()).double()
    x = X.double()
    logits = model.decode(z)
    expected = torch.distributions.Bernoulli(logits=logits).log_prob(x.expand_as(logits)).sum(-1)
    torch.testing.assert_close(model.log_px_z(x, z), expected)
    mean, log_variance = model.encode(x)
    q = Independent(Normal(mean, (0.5 * log_variance).exp()), 1)
    torch.testing.assert_close(model.log_qz_x(z, mean, log_variance), q.log_prob(z))
    prior = Independent(Normal(torch.zeros(2).double(), 1.0), 1)
    torch.testing.assert_close(model.log_pz(z), prior.log_prob(z))
    gaussian, y = linear(), torch.randn(60, 4, generator=seeded(3)).double()
    expected = Normal(gaussian.decode(z), 0.6).log_prob(y).sum(-1)
    torch.testing.assert_close(gaussian.log_px_z(y, z), expected, rtol=1e-6, atol=1e-6)


def test_samples_of_q_have_its_mean_and_variance_and_carry_gradients():
    mean = torch.tensor([[1.0, -2.0]]).requires_grad_()
    log_variance = torch.tensor([[0.0, 2.0]]).requires_grad_()
    torch.manual_seed(0)
    z = draw(mean, log_variance, 40_000)
    assert z.shape == (40_000, 1, 2) and draw(mean, log_variance).shape == (1, 2)
    torch.testing.assert_close(z.mean(0), mean, atol=0.06, rtol=0)
    torch.testing.assert_close(z.var(0), log_variance.exp(), atol=0.0, rtol=0.03)
    z.square().sum(-1).mean().backward()  # E z^2 = mean^2 + variance
    torch.testing.assert_close(mean.grad, 2 * mean.detach(), atol=0.1, rtol=0)
    torch.testing.assert_close(log_variance.grad, log_variance.detach().exp(), atol=0.3, rtol=0)


def test_the_loss_is_its_terms():
    loss, terms = negative_elbo(small(), X, beta=3.0)
    assert loss.item() == pytest.approx((terms["reconstruction"] + 3 * terms["kl"]).item())
    assert loss.requires_grad and terms["kl"] >= 0


# -- Bounds and exact answers ----------------------------------------------------------------------


def test_quadrature_agrees_with_the_closed_form():
    model = linear()
    x = torch.randn(30, 4, generator=seeded()).double()
    exact = exact_log_prob(model, x)
    layer = model.decoder[0]
    world = LinearGaussian(
        layer.weight.detach(), layer.bias.detach(), torch.tensor(0.6, dtype=torch.float64)
    )
    torch.testing.assert_close(exact, world.log_prob(x), rtol=1e-6, atol=1e-6)
    model.decoder = nn.Sequential(*model.decoder, nn.Identity())  # no longer seen to be linear
    torch.testing.assert_close(exact_log_prob(model, x), exact, rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("latent_size", [1, 2])
def test_exact_probabilities_of_all_images_sum_to_one(latent_size):
    model = small(latent_size)
    every = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 6)
    assert exact_log_prob(model, every, points=101).logsumexp(0).item() == pytest.approx(
        0, abs=1e-6
    )


def test_the_bound_is_the_log_of_the_mean_weight_and_the_elbo_the_mean_of_the_log():
    model = small().double()
    torch.manual_seed(0)
    bound = log_px_bound(model, X.double(), 7)
    torch.manual_seed(0)
    weights = log_weights(model, X.double(), 7)
    torch.testing.assert_close(bound, weights.exp().mean(0).log())
    far = torch.tensor([[-2000.0, 3000.0], [-2000.0, 3000.0]])
    torch.testing.assert_close(log_mean_exp(far), far[0])


def test_the_parts_of_a_score_are_those_of_the_model():
    model = small()
    trainer = VAETrainer(model, device="cpu")
    score = trainer.evaluate(X, num_samples=4000)
    with torch.no_grad():
        mean, log_variance = model.encode(X)
        kl = kl_to_prior(mean, log_variance).mean()
        reconstruction = -model.log_px_z(X, draw(mean, log_variance, 4000)).mean()
    assert score.kl == pytest.approx(kl.item(), rel=1e-5)
    assert score.reconstruction == pytest.approx(reconstruction.item(), abs=0.02)


@pytest.mark.parametrize("log_variance", [-10.0, -40.0, -110.0])
def test_a_narrow_posterior_costs_no_digits(log_variance):
    """In float32, z - mean has no digits left where the deviation is far below the mean."""
    model = VAE(2, 1, encoder=nn.Linear(2, 2), decoder=nn.Linear(1, 2))
    with torch.no_grad():
        model.encoder.weight.zero_()
        model.encoder.bias.copy_(torch.tensor([2.0, log_variance]))
        x = torch.ones(1, 2)
        weights = log_weights(model, x, 20_000)
        z = torch.full((1, 1), 2.0)
        fixed = model.log_px_z(x, z) + model.log_pz(z)
    # -E[log q] is the entropy of q.
    entropy = 0.5 * (1 + math.log(2 * math.pi) + log_variance)
    assert weights.mean().item() - fixed.item() == pytest.approx(entropy, abs=0.03)


def test_bounds_grow_with_samples_towards_the_exact_answer():
    model = small()
    trainer = VAETrainer(model, lr=1e-2, device="cpu")
    trainer.fit(X, steps=300, batch_size=60)
    exact = exact_log_prob(model, X, points=101).mean().item()
    many = X.repeat(200, 1)  # the noise of a bound with few samples averages out
    scores = {S: trainer.evaluate(many if S < 100 else X, num_samples=S) for S in (1, 5, 50, 2000)}
    bounds = [-scores[S].nats for S in scores]
    assert bounds[0] < bounds[1] < bounds[2] < bounds[3] < exact + 0.005
    assert bounds[3] == pytest.approx(exact, abs=0.02)
    last = scores[2000]
    assert last.elbo < exact and last.elbo == pytest.approx(-(last.reconstruction + last.kl))


def test_with_the_true_posterior_one_sample_is_enough():
    """log p(x, z) - log q(z | x) is log p(x), whatever z."""
    world = LinearGaussian(torch.tensor([[2.0], [1.0]]), torch.zeros(2), torch.tensor(0.5))
    model = VAE(2, 1, (), likelihood="gaussian", noise=0.5).double()
    x = torch.randn(9, 2, generator=seeded()).double()
    posterior = world.posterior(x)
    with torch.no_grad():
        model.decoder[0].weight.copy_(world.weight)
        model.decoder[0].bias.zero_()
        slope = world.posterior(torch.eye(2).double()).mean.T  # [1, 2]
        model.encoder[0].weight.copy_(torch.cat([slope, torch.zeros(1, 2).double()]))
        model.encoder[0].bias.copy_(torch.tensor([0.0, posterior.covariance.log().item()]))
        weights = log_weights(model, x, 3)
    torch.testing.assert_close(weights, world.log_prob(x).expand(3, 9), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(exact_log_prob(model, x), world.log_prob(x), rtol=1e-6, atol=1e-6)


def test_a_lattice_that_is_too_coarse_is_refused():
    model = small(1)
    with torch.no_grad():
        model.decoder[0].weight.mul_(300)
        model.decoder[2].weight.mul_(30)
    with pytest.raises(ValueError, match="too coarse"):
        exact_log_prob(model, X, points=21)
    broken = X.clone()
    broken[0, 0] = math.nan
    for x, message in [(broken, "exactly 0 or 1"), (0.5 * X, "exactly 0 or 1"), (X[0], "x has")]:
        with pytest.raises(ValueError, match=message):
            exact_log_prob(model, x, points=21)
    with pytest.raises(ValueError, match="integral over 3 coordinates"):
        exact_log_prob(small(3), X)
    with pytest.raises(ValueError, match=r"4 k \+ 1"):
        exact_log_prob(small(1), X, points=400)


@pytest.mark.parametrize("points", [401, 20_001])
def test_a_lattice_that_ends_too_early_is_refused(points):
    """p(x | z) = N(z, 1): for x = 14 the posterior of z is N(7, 1/2), half of it beyond 7."""
    model = VAE(1, 1, (), likelihood="gaussian", noise=1.0).double()
    with torch.no_grad():
        model.decoder[0].weight.fill_(1.0)
        model.decoder[0].bias.zero_()
        model.decoder = nn.Sequential(*model.decoder, nn.Identity())  # not seen to be linear
    x = torch.tensor([[0.5], [14.0]]).double()
    with pytest.raises(ValueError, match="larger reach" if points > 1000 else "coarse|reach"):
        exact_log_prob(model, x, points=points)
    exact = exact_log_prob(model, x, points=4001, reach=15.0)
    truth = Normal(0.0, torch.tensor(2.0).double().sqrt()).log_prob(x[:, 0])
    torch.testing.assert_close(exact, truth, atol=1e-9, rtol=0)


def test_active_units_are_those_that_vary():
    model = VAE(6, 3, ())
    with torch.no_grad():
        model.encoder[0].weight.zero_()
        model.encoder[0].weight[1, 0] = 1.0  # the second mean follows the first pixel
    assert active_units(model, X) == 1
    # The pixel's variance is p (1 - p), about 0.2; its standard deviation would be above 0.4.
    assert active_units(model, X, threshold=0.3) == 0
    assert active_units(model, X[:1]) == 0


# -- Sampling --------------------------------------------------------------------------------------


def test_samples_follow_the_model():
    model = small(1)
    x = model.sample(20_000, generator=seeded())
    assert x.shape == (20_000, 6) and set(x.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(x, model.sample(20_000, generator=seeded()))
    every = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 6)
    p = exact_log_prob(model, every, points=101).exp()
    index = (x @ (2 ** torch.arange(5, -1, -1)).float()).long()
    share = torch.bincount(index, minlength=64) / len(x)
    assert ((share - p).abs() <= 4.5 * (p * (1 - p) / len(x)).sqrt()).all()
    gaussian = linear()
    y = gaussian.sample(20_000, generator=seeded())
    W = gaussian.decoder[0].weight
    covariance = W @ W.T + 0.36 * torch.eye(4).double()
    torch.testing.assert_close(y.T.cov(), covariance, atol=0.03, rtol=0, check_dtype=False)


def test_reconstructions_are_means():
    y = small().reconstruct(X)
    model = small()
    with torch.no_grad():
        torch.testing.assert_close(y, model.decode(model.encode(X)[0]).sigmoid())
        gaussian, x = linear(), torch.randn(3, 4, generator=seeded()).double()
        torch.testing.assert_close(gaussian.reconstruct(x), gaussian.decode(gaussian.encode(x)[0]))


# -- The trainer -----------------------------------------------------------------------------------


def test_training_on_the_tighter_bound_gives_the_better_model():
    scores = {}
    for samples in (1, 20):
        trainer = VAETrainer(small(1), importance_samples=samples, lr=1e-2, device="cpu")
        trainer.fit(X, steps=400, batch_size=60)
        scores[samples] = exact_log_prob(trainer.trained, X, points=201).mean()
    assert scores[20] > scores[1] + 0.005


def test_a_heavy_beta_collapses_the_latent():
    trainer = VAETrainer(small(), beta=50.0, lr=1e-2, device="cpu")
    trainer.fit(X, steps=300, batch_size=60)
    score = trainer.evaluate(X, num_samples=5)
    assert score.active_units == 0 and score.kl < 0.02
    independent = torch.distributions.Bernoulli(X.mean(0)).log_prob(X).sum(-1).mean()
    assert -score.nats == pytest.approx(independent.item(), abs=0.1)


def test_beta_may_follow_the_progress():
    seen = []
    trainer = VAETrainer(small(), beta=lambda progress: seen.append(progress) or 0.0, device="cpu")
    history = trainer.fit(X, steps=4, batch_size=60, validation=X)
    assert seen[:4] == [0.0, 0.25, 0.5, 0.75]
    assert history["loss"] == history["reconstruction"] and history.validation["kl"]


@pytest.mark.parametrize("options", [{"ema": 0.9, "clip": 1.0}, {"importance_samples": 4}], ids=str)
def test_resume_is_bit_equal(tmp_path, options):
    def made():
        return VAETrainer(small(), device="cpu", seed=3, **options)

    straight, first, second = made(), made(), made()
    straight.fit(X, steps=60, batch_size=20)
    first.fit(X, steps=30, batch_size=20, save=tmp_path / "v.pt")
    second.fit(X, steps=60, batch_size=20, save=tmp_path / "v.pt", resume=True)
    assert straight.history.losses == second.history.losses
    a, b = (checkpoint.state_of(t)["models"]["model"] for t in (straight, second))
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_the_score_reads_well():
    trainer = VAETrainer(small(), device="cpu")
    torch.manual_seed(0)
    text = repr(trainer.evaluate(X, num_samples=10))
    assert text.startswith("at most ") and "from 10 samples of z; ELBO -" in text
    assert "active units" in text
    assert trainer.evaluate(X, num_samples=10).bits_per_dimension > 0


def test_own_networks_and_noise():
    model = VAE(6, 2, encoder=nn.Linear(6, 4), decoder=nn.Linear(2, 6), likelihood="gaussian")
    assert model.noise.item() == 1.0 and model.log_noise.requires_grad
    fixed = VAE(6, 2, likelihood="gaussian", noise=0.1, learn_noise=False)
    assert "log_noise" not in dict(fixed.named_parameters())
    assert math.isclose(fixed.noise.item(), 0.1, rel_tol=1e-6)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: VAE(6, 0), ValueError, "latent_size must be a whole number"),
        (lambda: VAE(6, 2, likelihood="poisson"), ValueError, "'bernoulli' or 'gaussian'"),
        (lambda: VAE(6, 2, likelihood="gaussian", noise=0.0), ValueError, "noise must be"),
        (lambda: small().encode(X.long()), TypeError, r"x\.float\(\)"),
        (lambda: small().encode(X[:, :5]), ValueError, r"expected \[B, 6\]"),
        (lambda: small().encode(0.5 * X), ValueError, "exactly 0 or 1"),
        (
            lambda: negative_elbo(VAE(6, 2, decoder=nn.Linear(2, 1)), X),
            ValueError,
            "the decoder gives 1, but this model was made for num_pixels=6",
        ),
        (lambda: VAE(6, 2, encoder=nn.Linear(6, 6)).encode(X), ValueError, "it must give 4"),
        (lambda: VAETrainer(small(), device="cpu").evaluate(X[:0]), ValueError, "no example"),
        (lambda: VAETrainer(small(), beta=-1.0, device="cpu"), ValueError, "beta must be 0"),
        (
            lambda: VAETrainer(small(), beta=2.0, importance_samples=5, device="cpu"),
            ValueError,
            "has no beta",
        ),
    ],
)
def test_errors(act, error, message):
    with pytest.raises(error, match=message):
        act()
