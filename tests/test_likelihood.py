"""Maximum likelihood: by gradient and in closed form, side by side."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import distributions as D
from torch import nn

from lecture_utils.training.likelihood import (
    CLOSED_FORMS,
    LikelihoodTrainer,
    Parametric,
    closed_form,
    fit_mle,
)


@pytest.fixture(autouse=True)
def one_thread_no_bar(monkeypatch):
    monkeypatch.setenv("LECTURE_STATIC", "1")
    torch.set_num_threads(1)


def drawn(distribution: D.Distribution, n: int = 1000) -> torch.Tensor:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return distribution.sample((n,))


COVARIANCE = torch.tensor([[2.0, 0.6], [0.6, 0.5]])
CASES = {
    "Bernoulli": (D.Bernoulli(torch.tensor(0.3)), {"probs": 0.5}),
    "Geometric": (D.Geometric(torch.tensor(0.3)), {"probs": 0.5}),
    "Poisson": (D.Poisson(torch.tensor(2.5)), {"rate": 1.0}),
    "Exponential": (D.Exponential(torch.tensor(3.0)), {"rate": 1.0}),
    "Normal": (D.Normal(3.0, 2.0), {"loc": 0.0, "scale": 1.0}),
    "LogNormal": (D.LogNormal(0.5, 0.7), {"loc": 0.0, "scale": 1.0}),
    "Laplace": (D.Laplace(1.0, 2.0), {"loc": 0.0, "scale": 1.0}),
    "MultivariateNormal": (
        D.MultivariateNormal(torch.tensor([1.0, -1.0]), COVARIANCE),
        {"loc": torch.zeros(2), "scale_tril": torch.eye(2)},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_gradient_finds_the_closed_form(name):
    truth, start = CASES[name]
    x = drawn(truth)
    fit = fit_mle(Parametric(type(truth), **start), x, steps=600, device="cpu")
    assert -1e-6 < fit.gap < 1e-4
    assert fit.log_likelihood == pytest.approx(fit.best.log_prob(x).mean().item(), abs=1e-4)
    # The truth has more to explain on these very data than what was fitted to them.
    assert fit.best.log_prob(x).mean() > truth.log_prob(x).mean()
    assert (
        type(truth) in CLOSED_FORMS and name in repr(fit) and "below the closed form" in repr(fit)
    )


@pytest.mark.parametrize("name", CASES)
def test_the_closed_form_is_a_maximum(name):
    truth, _ = CASES[name]
    x = drawn(truth)
    formula = CLOSED_FORMS[type(truth)](x)
    best = closed_form(type(truth), x).log_prob(x).mean()
    for key, value in formula.items():
        for factor in (0.97, 1.03):
            moved = type(truth)(**{**formula, key: value * factor})
            assert moved.log_prob(x).mean() < best


@pytest.mark.parametrize(
    ("truth", "start"),
    [
        (D.Gamma(torch.tensor(2.0), torch.tensor(1.5)), {"concentration": 1.0, "rate": 1.0}),
        (
            D.Beta(torch.tensor(2.0), torch.tensor(5.0)),
            {"concentration1": 1.0, "concentration0": 1.0},
        ),
    ],
    ids=["Gamma", "Beta"],
)
def test_without_a_closed_form_the_gradient_vanishes(truth, start):
    x = drawn(truth)
    fit = fit_mle(Parametric(type(truth), **start), x, steps=1000, device="cpu")
    assert fit.best is None and fit.gap is None and "closed form" not in repr(fit)
    fit.model.log_prob(x).mean().backward()
    assert all(p.grad.abs() < 1e-3 for p in fit.model.parameters())
    assert fit.log_likelihood >= truth.log_prob(x).mean()
    for name, value in fit.parameters.items():
        assert value.item() == pytest.approx(getattr(truth, name).item(), rel=0.25)


def test_a_network_is_fitted_by_the_same_function():
    class Line(nn.Module):
        """p(y | x) with a mean on a line."""

        def __init__(self):
            super().__init__()
            self.line, self.log_scale = nn.Linear(1, 1), nn.Parameter(torch.zeros(1))

        def log_prob(self, xy):
            mean = self.line(xy[:, :1])
            return D.Normal(mean, self.log_scale.exp()).log_prob(xy[:, 1:]).squeeze(1)

    x = torch.linspace(-1, 1, 300)[:, None]
    y = 2 * x + 1 + 0.3 * drawn(D.Normal(0.0, 1.0), 300)[:, None]
    torch.manual_seed(0)
    fit = fit_mle(Line(), torch.cat([x, y], 1), steps=600, device="cpu")
    solution = torch.linalg.lstsq(torch.cat([x, torch.ones_like(x)], 1), y).solution.flatten()
    assert fit.model.line.weight.item() == pytest.approx(solution[0].item(), abs=1e-3)
    assert fit.model.line.bias.item() == pytest.approx(solution[1].item(), abs=1e-3)
    assert fit.gap is None and "nats an example" in repr(fit)


def test_counts_may_be_whole_numbers():
    x = drawn(D.Poisson(torch.tensor(2.5))).long()
    fit = fit_mle(Parametric(D.Poisson, rate=1.0), x, steps=300, device="cpu")
    assert fit.parameters["rate"].item() == pytest.approx(x.double().mean().item(), rel=1e-3)
    assert closed_form(D.Poisson, x).rate == x.float().mean()


def test_parameters_that_columns_share_have_no_gap_to_those_that_they_do_not():
    x = drawn(D.Normal(torch.tensor([0.0, 10.0]), 1.0))
    shared = fit_mle(Parametric(D.Normal, loc=5.0, scale=3.0), x, steps=50, device="cpu")
    assert shared.gap is None and shared.best is None
    start = {"loc": torch.tensor([0.0, 9.0]), "scale": torch.ones(2)}
    own = fit_mle(Parametric(D.Normal, **start), x, steps=1000, device="cpu", lr=0.1)
    assert own.gap < 1e-3


def test_a_climb_that_ends_far_below_the_top_says_so():
    x = drawn(D.Normal(100.0, 5.0))
    start = {"loc": 0.0, "scale": 1.0}
    with pytest.warns(RuntimeWarning, match=r"ended \d+ nats .* below the best Normal: .*now 50"):
        short = fit_mle(Parametric(D.Normal, **start), x, steps=50, device="cpu")
    assert short.gap > 100
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        near = {"loc": 95.0, "scale": 4.0}
        assert fit_mle(Parametric(D.Normal, **near), x, steps=1000, device="cpu").gap < 1e-3
        shared = Parametric(D.Normal, **start)  # no closed form, so nobody knows how far the top is
        assert fit_mle(shared, x[:, None].expand(-1, 2), steps=5, device="cpu").gap is None


@pytest.mark.parametrize("name", CASES)
def test_a_fit_fits_into_a_notebook_cell(name):
    truth, start = CASES[name]
    fit = fit_mle(Parametric(type(truth), **start), drawn(truth), steps=600, device="cpu")
    assert all(len(line) <= 68 for line in repr(fit).splitlines()), fit


def test_of_many_parameters_a_fit_tells_the_shape():
    x = drawn(D.Normal(torch.arange(8.0), 1.0))
    model = Parametric(D.MultivariateNormal, loc=torch.arange(8.0), scale_tril=torch.eye(8))
    fit = fit_mle(model, x, device="cpu")
    assert "loc=<8 numbers>, scale_tril=<8 x 8 numbers>" in " ".join(repr(fit).split())
    assert all(len(line) <= 68 for line in repr(fit).splitlines())
    own = Parametric(D.Normal, loc=torch.arange(4.0), scale=torch.ones(4))
    few = repr(fit_mle(own, x[:, :4], steps=300, device="cpu"))
    assert "loc=[" in few and "numbers" not in few


def test_scoring_is_done_in_evaluation_mode_and_leaves_the_modes():
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop, self.loc = nn.Dropout(0.5), nn.Parameter(torch.ones(1))

        def log_prob(self, x):
            return self.drop(x) + self.loc

    trainer = LikelihoodTrainer(Noisy(), device="cpu")
    x = torch.ones(50)
    assert torch.equal(trainer.evaluate(x[:, None]).log_px, 2 * torch.ones(50, 1).double())
    assert trainer.trained.training


def test_a_hopeless_model_has_an_infinite_perplexity():
    model = Parametric(D.Normal, loc=0.0, scale=1e-3)
    score = LikelihoodTrainer(model, device="cpu").evaluate(torch.full((3, 1), 50.0))
    assert score.perplexity == float("inf") and "perplexity inf" in repr(score)


def test_rows_of_several_numbers_are_one_example():
    model = Parametric(D.Normal, loc=torch.zeros(3), scale=torch.ones(3))
    assert model.log_prob(torch.zeros(5, 3)).shape == (5,)
    assert model.sample(7).shape == (7, 3)
    score = LikelihoodTrainer(model, device="cpu").evaluate(torch.zeros(5, 3))
    assert score.tokens.tolist() == [3.0] * 5


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: Parametric("Normal"), TypeError, "a class such as torch.distributions.Normal"),
        (lambda: Parametric(D.Normal, mean=0.0), ValueError, "no parameter 'mean'; it has loc"),
        (lambda: Parametric(D.Normal, loc=0.0, scale=-1.0), ValueError, "scale=-1.0 does not"),
        (
            lambda: Parametric(D.Uniform, low=0.0, high=1.0),
            ValueError,
            "depends on its other parameters",
        ),
        (lambda: Parametric(D.Poisson, rate=0.0), ValueError, "on the edge .* Start inside"),
        (
            lambda: Parametric(D.Binomial, total_count=10.0, probs=0.5),
            ValueError,
            "'total_count' of Binomial cannot be trained",
        ),
        (lambda: closed_form(D.Normal, torch.ones(1)), ValueError, "no maximum on these 1 data"),
        (lambda: closed_form(D.Normal, torch.ones(0)), ValueError, "no maximum"),
        (lambda: closed_form(D.Normal(0.0, 1.0), torch.ones(3)), ValueError, "the classes"),
        (
            lambda: closed_form(D.MultivariateNormal, torch.ones(2, 3)),
            ValueError,
            "no maximum on these 2 data",
        ),
        (lambda: closed_form(D.Gamma, torch.ones(3)), ValueError, "No closed form .* for Gamma"),
        (
            lambda: closed_form(D.Poisson, torch.tensor([1.0, -2.0])),
            ValueError,
            r"x\[1\] is -2.0, which a Poisson cannot give",
        ),
        (
            lambda: fit_mle(Parametric(D.Bernoulli, probs=0.5), torch.tensor([0.0, 0.5])),
            ValueError,
            r"x\[1\] is 0.5, which a Bernoulli",
        ),
    ],
)
def test_errors(act, error, message):
    with pytest.raises(error, match=message):
        act()
