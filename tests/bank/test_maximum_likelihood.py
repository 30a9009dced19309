"""Maximum likelihood: what the bank has not seen, right and wrong."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

LN2 = math.log(2)


# ------------------------------------------------------------------ right, written differently
def _flip_by_flip(theta, x):
    total = 0.0
    for flip in x:
        total = total - (theta.log() if flip == 1 else torch.log(1 - theta))
    return total / len(x)


def _by_share(theta, x):
    share = x.mean()
    return -(share * theta.log() + (1 - share) * torch.log1p(-theta))


def _column_by_column(x):
    means, variances = [], []
    for d in range(x.shape[1]):
        mean = x[:, d].sum() / x.shape[0]
        means.append(mean)
        variances.append(((x[:, d] - mean) ** 2).sum() / x.shape[0])
    return torch.stack(means), torch.stack(variances)


def _by_covariance(x):
    mean = torch.einsum("nd->d", x) / x.shape[0]
    d = x - mean
    return mean, torch.einsum("nd,nd->d", d, d) / x.shape[0]


def _diagonal(x):
    mean = x.mean(dim=0)
    return mean, ((x - mean).T @ (x - mean)).diagonal() / len(x)


def _example_by_example(mu, log_sigma, y):
    total = 0.0
    for b in range(len(y)):
        sigma = log_sigma[b, 0].exp()
        total = total + 0.5 * ((y[b] - mu[b, 0]) / sigma) ** 2 + log_sigma[b, 0]
    return total / len(y) + 0.5 * math.log(2 * math.pi)


def _precision(mu, log_sigma, y):
    error = (y.unsqueeze(1) - mu).square()
    return (0.5 * error * (-2 * log_sigma).exp() + log_sigma).mean() + 0.9189385332046727


def _independent(mu, log_sigma, y):
    p = torch.distributions.Independent(torch.distributions.Normal(mu, log_sigma.exp()), 1)
    return -p.log_prob(y.view(-1, 1)).mean()


def _nll_loop(logits, y):
    return sum(torch.logsumexp(z, 0) - z[k] for z, k in zip(logits, y, strict=True)) / len(y)


def _nll_shifted(logits, y):
    z = logits - logits.max(-1, keepdim=True).values
    log_p = z - z.exp().sum(-1, keepdim=True).log()
    return -(F.one_hot(y, z.shape[1]) * log_p).sum(1).mean()


def _gradient_loop(logits, y):
    rows = []
    for z, k in zip(logits, y, strict=True):
        row = z.softmax(0).clone()
        row[k] -= 1
        rows.append(row / len(y))
    return torch.stack(rows)


def _gradient_backward(logits, y):
    leaf = logits.clone().requires_grad_(True)
    F.cross_entropy(leaf, y).backward()
    return leaf.grad


def _pixels_loop(train, test):
    results = []
    for image in test:
        total = torch.zeros((), dtype=train.dtype)
        for d in range(0, train.shape[1]):
            share = train[:, d].mean()
            total = total - (share if image[d] == 1 else 1 - share).log()
        results.append(total)
    return torch.stack(results)


def _pixels_masked(train, test):
    theta = (train.sum(0) / train.shape[0]).expand(test.shape)
    cost = torch.zeros_like(test)
    cost = torch.where(test > 0.5, -theta.log(), cost)
    cost = torch.where(test < 0.5, -(1 - theta).log(), cost)
    return cost.sum(dim=1)


def _pixels_counts(train, test):
    ones, n = train.sum(0), len(train)
    terms = torch.special.xlogy(test, ones) + torch.special.xlogy(1 - test, n - ones)
    return test.shape[1] * math.log(n) - terms.sum(1)


RIGHT = [
    ("bernoulli_nll", _flip_by_flip),
    ("bernoulli_nll", _by_share),
    ("bernoulli_nll", lambda t, x: -torch.log(t**x * (1 - t) ** (1 - x)).mean()),
    ("bernoulli_nll", lambda t, x: -(1 - x - t).abs().log().mean()),
    ("bernoulli_nll", lambda t, x: -torch.distributions.Bernoulli(probs=t).log_prob(x).mean()),
    (
        "bernoulli_nll",
        lambda t, x: F.binary_cross_entropy_with_logits(torch.logit(t).expand_as(x), x),
    ),
    ("gaussian_mle", _column_by_column),
    ("gaussian_mle", _by_covariance),
    ("gaussian_mle", _diagonal),
    ("gaussian_mle", lambda x: (x.mean(0), torch.var(x, dim=0, correction=0))),
    ("gaussian_mle", lambda x: (x.mean(0), (x - x.mean(0, keepdim=True)).pow(2).mean(0))),
    ("gaussian_mle", lambda x: [x.mean(0), (x * (x - x.mean(0))).mean(0)][:1] + [x.var(0, False)]),
    ("regression_nll", _example_by_example),
    ("regression_nll", _precision),
    ("regression_nll", _independent),
    (
        "regression_nll",
        lambda m, s, y: (
            -torch.distributions.Normal(m.flatten(), s.flatten().exp()).log_prob(y).mean()
        ),
    ),
    (
        "regression_nll",
        lambda m, s, y: torch.mean(
            0.5 * torch.log(2 * math.pi * torch.exp(2 * s[:, 0]))
            + (y - m[:, 0]) ** 2 / (2 * torch.exp(2 * s[:, 0]))
        ),
    ),
    ("nll_from_logits", _nll_loop),
    ("nll_from_logits", _nll_shifted),
    ("nll_from_logits", lambda z, y: -torch.distributions.Categorical(logits=z).log_prob(y).mean()),
    ("nll_from_logits", lambda z, y: -z.log_softmax(1)[torch.arange(len(y)), y].mean()),
    ("nll_from_logits", lambda z, y: F.cross_entropy(z, F.one_hot(y, z.shape[1]).to(z.dtype))),
    ("nll_gradient", _gradient_loop),
    ("nll_gradient", _gradient_backward),
    ("nll_gradient", lambda z, y: torch.func.grad(F.cross_entropy)(z, y)),
    (
        "nll_gradient",
        lambda z, y: (
            (torch.einsum("bv->bv", z.softmax(-1)) - torch.eye(z.shape[1]).to(z)[y]) / len(z)
        ),
    ),
    ("pixel_test_nll", _pixels_loop),
    ("pixel_test_nll", _pixels_masked),
    ("pixel_test_nll", _pixels_counts),
]


# ------------------------------------------------------------------ wrong, and not in the bank
def _two_pi(mu, s, y):
    return (((y - mu) / s.exp()) ** 2 / 2 + s).mean()


def _pick(scores, y):
    return scores.gather(1, y[:, None]).squeeze(1)


def _cost(theta, test):
    return -(torch.xlogy(test, theta) + torch.xlogy(1 - test, 1 - theta))


UNSEEN = [
    ("bernoulli_nll", lambda t, x: -(x * t.log() + (1 - x) * (1 - t).log()).median()),
    ("bernoulli_nll", lambda t, x: -(x * t.log() + (1 + x) * (1 - t).log()).mean()),
    ("bernoulli_nll", lambda t, x: -(x * t.log() + (1 - x) * (1 - t).log()).sum() / (len(x) + 1)),
    ("bernoulli_nll", lambda t, x: -(x * t.log() + (1 - x) * (1 - t).log()).mean() / 2),
    ("bernoulli_nll", lambda t, x: -(x * t.log10() + (1 - x) * (1 - t).log10()).mean()),
    ("bernoulli_nll", lambda t, x: -(x * t.log() + (1 - x) * (1 - t).log()).mean().clamp(min=-3)),
    ("bernoulli_nll", lambda t, x: -(x * (t / (1 - t)).log()).mean()),
    ("bernoulli_nll", lambda t, x: -(x * t.log() + (1 - x) * (1 - t).log()).mean().detach()),
    ("bernoulli_nll", lambda t, x: -(x * t.log1p() + (1 - x) * (-t).log1p()).mean()),
    ("bernoulli_nll", lambda t, x: F.binary_cross_entropy(x, t.expand_as(x))),
    ("gaussian_mle", lambda x: (x.mean(0), x.var(0, False) + 1e-5)),
    ("gaussian_mle", lambda x: (x.mean(0), (x - x.mean(0)).pow(2).median(0).values)),
    ("gaussian_mle", lambda x: (x.mean(0), ((x - x.mean(0)) ** 2).sum(0) / (len(x) + 1))),
    ("gaussian_mle", lambda x: (x.mean(0), (x - x[0]).pow(2).mean(0))),
    ("gaussian_mle", lambda x: (x.mean(0), x.var(0, False) / 2)),
    ("gaussian_mle", lambda x: (x.mean(0, keepdim=True), x.var(0, False, keepdim=True))),
    ("gaussian_mle", lambda x: (x.mean(0), (x.max(0).values - x.min(0).values) ** 2 / 4)),
    ("gaussian_mle", lambda x: x.mean(0)),
    ("gaussian_mle", lambda x: (x.mean(0).detach(), x.var(0, False).detach())),
    ("regression_nll", lambda m, s, y: _two_pi(m[:, 0], s[:, 0], y) + math.log(2 * math.pi)),
    ("regression_nll", lambda m, s, y: _two_pi(m[0], s[0], y) + 0.9189385332046727),
    ("regression_nll", lambda m, s, y: F.gaussian_nll_loss(m[:, 0], y, (2 * s[:, 0]).exp())),
    (
        "regression_nll",
        lambda m, s, y: F.gaussian_nll_loss(m[:, 0], y, s[:, 0].exp(), full=True),
    ),
    (
        "regression_nll",
        lambda m, s, y: _two_pi(m[:, 0], s[:, 0].clamp(-5, 5), y) + 0.9189385332046727,
    ),
    ("regression_nll", lambda m, s, y: _two_pi(m[:, 0], s[:, 0], y) + 0.92),
    ("regression_nll", lambda m, s, y: _two_pi(m[:, 0].detach(), s[:, 0], y) + 0.9189385332046727),
    ("regression_nll", lambda m, s, y: _two_pi(m.squeeze(), s.squeeze(), y).abs() + 0.91893853),
    ("regression_nll", lambda m, s, y: F.mse_loss(m[:, 0], y)),
    ("regression_nll", lambda m, s, y: F.l1_loss(m[:, 0], y)),
    ("nll_from_logits", lambda z, y: F.cross_entropy(z, y, label_smoothing=0.1)),
    ("nll_from_logits", lambda z, y: F.cross_entropy(z.clamp(-50, 50), y)),
    ("nll_from_logits", lambda z, y: F.cross_entropy(2 * z, y)),
    ("nll_from_logits", lambda z, y: F.cross_entropy(z.sigmoid(), y)),
    ("nll_from_logits", lambda z, y: F.cross_entropy(-z, y)),
    ("nll_from_logits", lambda z, y: F.multi_margin_loss(z, y)),
    ("nll_from_logits", lambda z, y: F.cross_entropy(z, y) / z.shape[1]),
    ("nll_from_logits", lambda z, y: F.cross_entropy(z.softmax(-1).log(), y)),
    ("nll_from_logits", lambda z, y: F.cross_entropy(z, y).detach()),
    ("nll_from_logits", lambda z, y: F.cross_entropy(z, y).exp()),
    ("nll_gradient", lambda z, y: (z.softmax(1) - F.one_hot(y, z.shape[1])) / (len(z) + 1)),
    ("nll_gradient", lambda z, y: (z.softmax(1) + F.one_hot(y, z.shape[1])) / len(z)),
    ("nll_gradient", lambda z, y: (z.softmax(1) - F.one_hot(y, z.shape[1])).abs() / len(z)),
    ("nll_gradient", lambda z, y: (z.softmax(1) - F.one_hot(y, z.shape[1])) / len(z) ** 0.5),
    ("nll_gradient", lambda z, y: (z.softmax(1) - 1) / len(z)),
    ("nll_gradient", lambda z, y: ((z.softmax(1) - F.one_hot(y, z.shape[1])) / len(z)).T),
    ("nll_gradient", lambda z, y: (z.softmax(1) - F.one_hot(y, z.shape[1])).sum(1) / len(z)),
    (
        "nll_gradient",
        lambda z, y: (z.clamp(-9, 9).softmax(1) - F.one_hot(y, z.shape[1])) / len(z),
    ),
    ("pixel_test_nll", lambda a, b: _cost(a.mean(0), b).max(1).values),
    ("pixel_test_nll", lambda a, b: _cost(a.mean(0), b).nansum(1) + 1),
    ("pixel_test_nll", lambda a, b: _cost(a.mean(0), b).sum()),
    ("pixel_test_nll", lambda a, b: _cost(a.mean(0), b).sum(1).clamp(max=1e4)),
    ("pixel_test_nll", lambda a, b: _cost(a.median(0).values, b).sum(1)),
    ("pixel_test_nll", lambda a, b: _cost(a[0], b).sum(1)),
    ("pixel_test_nll", lambda a, b: _cost(a.sum(0) / (len(a) - 1 or 1), b).sum(1)),
    ("pixel_test_nll", lambda a, b: _cost(a.mean(0).sigmoid(), b).sum(1)),
    ("pixel_test_nll", lambda a, b: _cost(a.mean(0), b).sum(1) / len(b)),
    ("pixel_test_nll", lambda a, b: _cost(a.mean(0), b)[:, 1:].sum(1)),
    ("pixel_test_nll", lambda a, b: F.binary_cross_entropy(a.mean(0).expand_as(b), b)),
]


# ------------------------------------------------------------------ first tries of students
def _bce_sum(t, x):
    return F.binary_cross_entropy(t.expand(len(x)), x, reduction="sum")


FIRST_TRIES = [
    ("bernoulli_nll", lambda t, x: (x * t.log() + (1 - x) * (1 - t).log()).mean(), "sign"),
    ("bernoulli_nll", _bce_sum, "sum"),
    ("bernoulli_nll", lambda t, x: -(x * t.log()).sum() / len(x), "ones-only"),
    ("bernoulli_nll", lambda t, x: -(x * t.log() + (1 - x) * (1 - t).log()), "per-flip"),
    (
        "bernoulli_nll",
        lambda t, x: -(t**x * (1 - t) ** (1 - x)).prod().log() / len(x),
        "log-of-product",
    ),
    ("bernoulli_nll", lambda t, x: -(t**x * (1 - t) ** (1 - x)).mean(), "mean-probability"),
    ("bernoulli_nll", lambda t, x: F.mse_loss(t.expand_as(x), x), "squared-error"),
    (
        "bernoulli_nll",
        lambda t, x: -(x * t.log() + (1 - x) * (1 - t).log()).sum() / LN2,
        "sum+bits",
    ),
    ("bernoulli_nll", lambda t, x: _bce_sum(t, x) / len(x) / 0.6931, "bits"),
    ("gaussian_mle", lambda x: (x.mean(0), torch.var(x, 0)), "unbiased"),
    ("gaussian_mle", lambda x: (x.mean(0), x.std(0)), "unbiased-std"),
    ("gaussian_mle", lambda x: (x.mean(1), x.var(1)), "wrong-axis"),
    ("gaussian_mle", lambda x: (x.mean(), x.var()), "pooled"),
    ("gaussian_mle", lambda x: (x.mean(0), torch.cov(x.T)), "covariance"),
    ("gaussian_mle", lambda x: (x.mean(0), (x * x).mean(0)), "second-moment"),
    ("regression_nll", lambda m, s, y: ((y - m) ** 2).mean(), "broadcast"),
    (
        "regression_nll",
        lambda m, s, y: -torch.distributions.Normal(m, s.exp()).log_prob(y).mean(),
        "broadcast",
    ),
    ("regression_nll", lambda m, s, y: ((y - m[:, 0]) ** 2).mean(), "squared-error"),
    ("regression_nll", lambda m, s, y: _two_pi(m[:, 0], s[:, 0], y), "no-constant"),
    ("regression_nll", lambda m, s, y: _two_pi(m, s, y), "broadcast"),
    (
        "regression_nll",
        lambda m, s, y: F.gaussian_nll_loss(m[:, 0], y, s[:, 0].exp(), full=True),
        "log-variance",
    ),
    (
        "regression_nll",
        lambda m, s, y: (
            -torch.distributions.Normal(m[:, 0], s[:, 0].exp()).log_prob(y).exp().log().mean()
        ),
        "log-of-density",
    ),
    ("nll_from_logits", lambda z, y: F.nll_loss(z.softmax(1), y), "no-log"),
    ("nll_from_logits", lambda z, y: F.nll_loss(z, y), "raw-scores"),
    ("nll_from_logits", lambda z, y: -_pick(z.softmax(1), y).log().mean(), "log-of-softmax"),
    ("nll_from_logits", lambda z, y: F.cross_entropy(z.log_softmax(0), y), "over-batch"),
    ("nll_from_logits", lambda z, y: F.cross_entropy(F.softmax(z, 1), y), "double-softmax"),
    ("nll_gradient", lambda z, y: z.softmax(1) - F.one_hot(y, z.shape[1]), "sum"),
    ("nll_gradient", lambda z, y: (F.one_hot(y, z.shape[1]) - z.softmax(1)) / len(y), "sign"),
    ("nll_gradient", lambda z, y: z.softmax(1) / len(y), "labels-ignored"),
    ("nll_gradient", lambda z, y: F.cross_entropy(z, y), "loss"),
    ("pixel_test_nll", lambda a, b: _cost(b.mean(0), b).sum(1), "fits-on-test"),
    ("pixel_test_nll", lambda a, b: _cost(a.mean(), b).sum(1), "one-coin"),
    (
        "pixel_test_nll",
        lambda a, b: -(b * a.mean(0).log() + (1 - b) * (1 - a.mean(0)).log()).sum(1),
        "zero-times-log-zero",
    ),
    ("pixel_test_nll", lambda a, b: _cost(a.mean(0), b).mean(1), "mean-over-pixels"),
    ("pixel_test_nll", lambda a, b: _cost(a.mean(0), b).sum(0), "over-images"),
    ("pixel_test_nll", lambda a, b: -_cost(a.mean(0), b).sum(1), "sign"),
    ("pixel_test_nll", lambda a, b: _cost(a.mean(0).clamp(1e-6, 1 - 1e-6), b).sum(1), "epsilon"),
    (
        "pixel_test_nll",
        lambda a, b: -torch.distributions.Bernoulli(a.mean(0)).log_prob(b).sum(1),
        "bounded-probability",
    ),
    ("gaussian_mle", lambda x: (x.mean(0), x.var(0) * (len(x) - 1) / len(x)), "zero-over-zero"),
    (
        "gaussian_mle",
        lambda x: (x.mean(0), x.var(0) if len(x) > 1 else torch.zeros_like(x[0])),
        "unbiased",
    ),
    (
        "regression_nll",
        lambda m, s, y: F.gaussian_nll_loss(m[:, 0], y, s[:, 0].exp() ** 2, full=True),
        "clamped-variance",
    ),
    (
        "regression_nll",
        lambda m, s, y: F.gaussian_nll_loss(m[:, 0], y, s[:, 0].exp() ** 2),
        "clamped-no-constant",
    ),
    ("nll_gradient", lambda z, y: (z.softmax(1) - y) / len(y), "labels-as-numbers"),
    ("nll_gradient", lambda z, y: (z.softmax(1) - y[:, None]) / len(y), "labels-as-numbers"),
    ("nll_gradient", lambda z, y: (z.softmax(1) - F.one_hot(y)) / len(y), "classes-guessed"),
    ("nll_gradient", lambda z, y: (z.softmax(1) - 1) / len(y), "one-everywhere"),
    (
        "nll_gradient",
        lambda z, y: (
            (F.one_hot(z.argmax(1), z.shape[1]) - F.one_hot(y, z.shape[1])).to(z.dtype) / len(y)
        ),
        "perceptron",
    ),
]


# ------------------------------------------------------------------ more first tries
def _all_labels_minus_one(z, y):
    p = z.softmax(-1).clone()
    p[:, y] -= 1
    return p / len(y)


def _shifted_by_the_largest_of_all(z, y):
    z = z - z.max()
    return (z.exp().sum(-1).log() - z[torch.arange(len(y)), y]).mean()


def _chosen_pixels(p, bits):
    return torch.where(bits == 1, p, 1 - p)


_Normal, _Bernoulli = torch.distributions.Normal, torch.distributions.Bernoulli
FIRST_TRIES += [
    ("bernoulli_nll", lambda t, x: -(t**x * (1 - t) ** (1 - x)).prod().log(), "summed-product"),
    (
        "bernoulli_nll",
        lambda t, x: -_chosen_pixels(t.clamp(1e-2, 0.99), x).log().mean(),
        "epsilon",
    ),
    (
        "gaussian_mle",
        lambda x: (x.mean(0), ((x - x.mean(0)) ** 2).sum(0) / x.shape[1]),
        "by-columns",
    ),
    (
        "regression_nll",
        lambda m, s, y: -_Normal(m[:, 0], s[:, 0].exp() ** 2).log_prob(y).mean(),
        "variance-as-scale",
    ),
    (
        "regression_nll",
        lambda m, s, y: (
            ((y - m[:, 0]) ** 2 / (2 * torch.exp(s[:, 0] ** 2)) + s[:, 0]).mean()
            + 0.5 * math.log(2 * math.pi)
        ),
        "log-squared",
    ),
    (
        "regression_nll",
        lambda m, s, y: -_Normal(m[:, 0], 10 ** s[:, 0]).log_prob(y).mean(),
        "ten-to-the",
    ),
    (
        "regression_nll",
        lambda m, s, y: (
            ((y - m[:, 0]) * (-2 * s[:, 0]).exp() / 2 + s[:, 0]).mean()
            + 0.5 * math.log(2 * math.pi)
        ),
        "not-squared",
    ),
    (
        "regression_nll",
        lambda m, s, y: (
            ((y - m[:, 0]) ** 2 * (-2 * s[:, 0]).exp() / 2 + s[:, 0].log()).mean()
            + 0.5 * math.log(2 * math.pi)
        ),
        "log-twice",
    ),
    (
        "nll_from_logits",
        lambda z, y: -(F.one_hot(y, z.shape[1]) * z.softmax(-1).log()).sum(-1).mean(),
        "zero-times-log-zero",
    ),
    (
        "nll_from_logits",
        lambda z, y: -((z.exp() / z.exp().sum(-1, keepdim=True))[range(len(y)), y]).log().mean(),
        "naive-exp",
    ),
    ("nll_from_logits", lambda z, y: -z.log_softmax(-1)[:, y].mean(), "all-labels"),
    ("nll_from_logits", lambda z, y: (1 - z.softmax(-1)[range(len(y)), y]).mean(), "one-minus"),
    (
        "nll_from_logits",
        lambda z, y: F.cross_entropy(z.softmax(-1), y) - 0.5514,
        "minus-a-constant",
    ),
    ("nll_from_logits", lambda z, y: F.cross_entropy(z.log(), y), "log-of-scores"),
    ("nll_from_logits", _shifted_by_the_largest_of_all, "one-shift"),
    ("nll_from_logits", lambda z, y: -z[torch.arange(len(y)), y].mean(), "raw-scores"),
    ("nll_gradient", _all_labels_minus_one, "all-labels"),
    ("nll_gradient", lambda z, y: z.softmax(-1) * (1 - z.softmax(-1)), "sigmoid-slope"),
    ("pixel_test_nll", lambda a, b: -_chosen_pixels(a.mean(1), b).log().sum(1), "coin-per-image"),
    (
        "pixel_test_nll",
        lambda a, b: -_chosen_pixels(a.mean(1, keepdim=True), b).log().sum(1),
        "coin-per-image",
    ),
    ("pixel_test_nll", lambda a, b: -_Bernoulli(a.mean(0)).log_prob(b).mean(1), "bounded-mean"),
    (
        "pixel_test_nll",
        lambda a, b: -_chosen_pixels(a.sum(0) / len(b), b).log().sum(1),
        "by-test-size",
    ),
]


# ------------------------------------------------------------------ numbers and letters
NUMBERS = [
    ("uniform_mle", "6.1", "a-little-more"),
    ("uniform_mle", "7", "a-little-more"),
    ("uniform_mle", 6.01, "a-little-more"),
    ("uniform_mle", "100", "a-little-more"),
    ("variance_bias", 0.9, "guess"),
    ("variance_bias", "1/2", "guess"),
    ("variance_bias", 5, "sum"),
    ("uniform_mle", "6", None),
    ("uniform_mle", 6.0, None),
    ("uniform_mle", "22/3", "moment-matching"),
    ("uniform_mle", "7.33", "moment-matching"),
    ("uniform_mle", "inf", "unbounded"),
    ("sum_of_likelihoods", "1.0", None),
    ("sum_of_likelihoods", "0.7", "likelihood"),
    ("sum_of_likelihoods", "7/10", "likelihood"),
    ("sum_of_likelihoods", 100, "percent"),
    ("sum_of_likelihoods", "0.99", "close"),
    ("variance_bias", "4/5", None),
    ("variance_bias", 0.8, None),
    ("variance_bias", "0.79", "close"),
    ("variance_bias", "5/4", "inverse"),
    ("likelihood_area", "(A)", None),
    ("mle_is_kl", "b", "b"),
    ("infinite_likelihood", "C", None),
    ("uniform_mle", 5, "cannot-occur"),
    ("uniform_mle", 5.5, "cannot-occur"),
]


def test_the_numbers_are_right():
    theta = torch.linspace(0.01, 20, 20000, dtype=torch.float64)
    likelihood = torch.where(theta >= 6, theta**-3, 0.0)
    assert theta[likelihood.argmax()].item() == pytest.approx(6, abs=2e-3)
    theta = torch.linspace(0, 1, 1001, dtype=torch.float64)
    assert theta[(7 * theta + 3 * (1 - theta)).argmax()] == 1
    area = torch.trapezoid(theta**7 * (1 - theta) ** 3, theta).item()
    assert area == pytest.approx(1 / 1320, rel=1e-4)
    x = torch.randn(200000, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert x.var(1, unbiased=False).mean().item() == pytest.approx(0.8, abs=0.006)
    sure = torch.tensor([[1.0, 0.0, 0.0]])
    assert F.cross_entropy(sure, torch.tensor([0])).item() == pytest.approx(0.5514, abs=1e-4)
