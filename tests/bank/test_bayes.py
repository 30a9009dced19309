"""Exercises on Bayes' rule: unseen right answers are accepted, unseen wrong ones rejected."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from torch.distributions import Categorical, Normal

from lecture_utils.exercises import get


# ------------------------------------------------------------------ right, written differently
def _posterior_loop(prior, likelihood):
    rows = []
    for p, f in zip(
        prior.reshape(-1, prior.shape[-1]),
        likelihood.reshape(-1, prior.shape[-1]),
        strict=True,
    ):
        rows.append(p * f / sum(p[h] * f[h] for h in range(len(p))))
    return torch.stack(rows).reshape(prior.shape)


def _odds_to_first(prior, likelihood):
    """Ratios to the most probable hypothesis, rescaled."""
    joint = prior * likelihood
    ratio = joint / joint.max(-1, keepdim=True).values
    return ratio / ratio.sum(-1, keepdim=True)


def _log_bayes_loop(log_prior, log_lik):
    total = log_prior[..., 0] + log_lik[..., 0]
    for h in range(1, log_prior.shape[-1]):
        total = torch.logaddexp(total, log_prior[..., h] + log_lik[..., h])
    return log_prior + log_lik - total.unsqueeze(-1), total


def _log_bayes_categorical(log_prior, log_lik):
    both = log_prior + log_lik
    posterior = Categorical(logits=both).logits
    best = both.argmax(-1, keepdim=True)
    return posterior, (both - posterior).gather(-1, best).squeeze(-1)


def _rescaled_by_max(prior, lik, obs):
    weights = prior / prior.sum()
    for o in obs:
        weights = weights * lik[:, o]
        weights = weights / weights.max()
    return weights / weights.sum()


def _textbook_loop(prior, lik, obs):
    p = prior
    for o in obs:
        p = p * lik[:, o]
        p = p / p.sum()
    return p


def _log_steps(prior, lik, obs):
    log_p, log_lik = prior.log(), lik.log()
    for o in obs.tolist():
        log_p = torch.log_softmax(log_p + log_lik[:, o], 0)
    return log_p.softmax(0)


def _running_sum(prior, lik, obs):
    p = prior.log()
    for o in obs:
        p = p + lik[:, o].log()
    return torch.softmax(p, -1)


def _running_sum_rescaled_at_the_end(prior, lik, obs):
    p = torch.zeros_like(prior)
    for o in obs:
        p = p + lik[:, o].log()
    p = p + prior.log()
    return (p - p.logsumexp(0)).exp()


def _one_hot_counts(prior, lik, obs):
    counts = F.one_hot(obs, lik.shape[1]).sum(0).to(lik.dtype)
    log_p = prior.log() + torch.xlogy(counts, lik).sum(1)
    return (log_p - log_p.logsumexp(0)).exp()


def _explain_loop(px, py, pz):
    X, Y = pz.shape
    table = torch.stack(
        [
            torch.stack(
                [px[x] * pz[x, y] / sum(px[i] * pz[i, y] for i in range(X)) for y in range(Y)]
            )
            for x in range(X)
        ]
    )
    evidence = sum(px[x] * py[y] * pz[x, y] for x in range(X) for y in range(Y))
    first = torch.stack(
        [px[x] * sum(py[y] * pz[x, y] for y in range(Y)) / evidence for x in range(X)]
    )
    return first, table


def _explain_with_beliefs_about_y(px, py, pz):
    table = (pz.T * px).T / (px @ pz)
    py_z = py * (px @ pz) / (py * (px @ pz)).sum()
    return table @ py_z, table


def _one_at_a_time(x, sigma2, mu0, tau2):
    mean, variance = mu0 * 1, tau2 * 1
    for value in x:
        gain = variance / (variance + sigma2)
        mean, variance = mean + gain * (value - mean), (1 - gain) * variance
    return mean, variance


def _natural(x, sigma2, mu0, tau2):
    precisions = torch.cat([1 / tau2[None], (1 / sigma2).expand(len(x))])
    weights = precisions / precisions.sum()
    return (weights * torch.cat([mu0[None], x])).sum(), 1 / precisions.sum()


def _by_regression(x, sigma2, mu0, tau2):
    """Mean and curvature of the log posterior, by its derivatives at 0."""

    def log_joint(mu):
        return -0.5 * ((x - mu) ** 2).sum() / sigma2 - 0.5 * (mu - mu0) ** 2 / tau2

    zero = torch.zeros_like(mu0)
    slope = torch.func.grad(log_joint)(zero)
    curvature = torch.func.grad(torch.func.grad(log_joint))(zero)
    return -slope / curvature, -1 / curvature


RIGHT = [
    ("posterior", _posterior_loop),
    ("posterior", _odds_to_first),
    ("posterior", lambda p, f: F.normalize(p * f, p=1, dim=-1, eps=0)),
    ("posterior", lambda p, f: (p * f).div((p * f).sum(dim=p.dim() - 1).unsqueeze(p.dim() - 1))),
    ("posterior", lambda p, f: Categorical(logits=p.log() + f.log()).probs),
    ("log_bayes", _log_bayes_loop),
    ("log_bayes", _log_bayes_categorical),
    (
        "log_bayes",
        lambda p, f: [
            F.log_softmax(p + f, dim=p.dim() - 1),
            torch.logsumexp(p + f, dim=(p.dim() - 1,)),
        ],
    ),
    (
        "log_bayes",
        lambda p, f: (lambda z: (p + f - z, z.squeeze(-1)))((p + f).logsumexp(-1, keepdim=True)),
    ),
    ("sequential_posterior", _textbook_loop),
    ("sequential_posterior", _rescaled_by_max),
    ("sequential_posterior", _log_steps),
    ("sequential_posterior", _running_sum),
    ("sequential_posterior", _running_sum_rescaled_at_the_end),
    ("sequential_posterior", _one_hot_counts),
    (
        "sequential_posterior",
        lambda prior, lik, obs: F.softmax(
            torch.cat([prior.log()[:, None], lik[:, obs].log()], 1).sum(dim=1), dim=0
        ),
    ),
    ("explain_away", _explain_loop),
    ("explain_away", _explain_with_beliefs_about_y),
    (
        "explain_away",
        lambda px, py, pz: (lambda j: (j.sum(1), j / j.sum(0)))(
            torch.einsum("x,y,xy->xy", px, py, pz) / torch.einsum("x,y,xy->", px, py, pz)
        ),
    ),
    (
        "explain_away",
        lambda px, py, pz: (
            px * (pz @ py) / (px @ pz @ py),
            F.normalize(torch.diag(px) @ pz, p=1, dim=0, eps=0),
        ),
    ),
    ("gaussian_posterior", _one_at_a_time),
    ("gaussian_posterior", _natural),
    ("gaussian_posterior", _by_regression),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m * s + t * x.sum()) / (s + t * len(x)),
            s * t / (s + t * x.shape[0]),
        ),
    ),
]


# ------------------------------------------------------------------ wrong, and not in the bank
def _scaled(weights, axis=-1):
    return weights / weights.sum(axis, keepdim=True)


def _skips_first(prior, lik, obs):
    return torch.softmax(prior.log() + lik.log()[:, obs[1:]].sum(1), 0)


def _skips_last(prior, lik, obs):
    return torch.softmax(prior.log() + lik.log()[:, obs[:-1]].sum(1), 0)


def _clamped(prior, lik, obs):
    return torch.softmax(prior.log() + lik.clamp(min=1e-10).log()[:, obs].sum(1), 0)


def _changes_the_prior(prior, lik, obs):
    for o in obs:
        prior *= lik[:, o]
        prior /= prior.sum()
    return prior


def _averaged_with_prior(prior, lik, obs):
    p = prior
    for o in obs:
        p = 0.5 * p + 0.5 * _scaled(p * lik[:, o])
    return p


def _likelihood_scaled(prior, lik, obs):
    """Every step weighs with p(h | o) under a flat prior, and never rescales the whole."""
    p = prior
    for o in obs:
        p = p * lik[:, o] / lik[:, o].sum()
    return p


def _joint(px, py, pz):
    return px[:, None] * py * pz


UNSEEN = [
    ("posterior", lambda p, f: _scaled(p * f) * p),
    ("posterior", lambda p, f: _scaled(p * f).round(decimals=2)),
    ("posterior", lambda p, f: _scaled(p * f.clamp(max=1.0))),
    ("posterior", lambda p, f: _scaled(p.clamp(min=1e-3) * f)),
    ("posterior", lambda p, f: _scaled((p * f).sqrt())),
    ("posterior", lambda p, f: _scaled(p * f.log().abs())),
    ("posterior", lambda p, f: _scaled(p * f.detach())),
    ("posterior", lambda p, f: _scaled(p * f).squeeze()),
    ("posterior", lambda p, f: _scaled(p * f).sum(-1)),
    ("posterior", lambda p, f: p * f / (p + f)),
    ("posterior", lambda p, f: torch.sigmoid(p.log() + f.log())),
    ("log_bayes", lambda p, f: (p + f).log_softmax(-1)),
    ("log_bayes", lambda p, f: ((p + f).log_softmax(-1), (p + f).logsumexp(-1, True))),
    ("log_bayes", lambda p, f: ((p + f).log_softmax(-1), (p + f).logsumexp(-1).mean())),
    ("log_bayes", lambda p, f: ((p + f).log_softmax(-1), (p + f).logsumexp(-1) / math.log(2))),
    ("log_bayes", lambda p, f: ((p + f).log_softmax(-1), (p + f).logsumexp(-1).clamp(min=-700))),
    ("log_bayes", lambda p, f: ((p + f).log_softmax(-1).clamp(min=-100), (p + f).logsumexp(-1))),
    ("log_bayes", lambda p, f: ((p + f).log_softmax(-1), (p + f).logsumexp(-1).detach())),
    ("log_bayes", lambda p, f: ((p + f).log_softmax(-1), (p.softmax(-1) * f).sum(-1))),
    ("log_bayes", lambda p, f: ((p + f).log_softmax(-1), torch.logsumexp(p * f, -1))),
    ("log_bayes", lambda p, f: (torch.logaddexp(p, f), torch.logaddexp(p, f).logsumexp(-1))),
    ("sequential_posterior", _clamped),
    ("sequential_posterior", _changes_the_prior),
    ("sequential_posterior", _averaged_with_prior),
    ("sequential_posterior", _likelihood_scaled),
    (
        "sequential_posterior",
        lambda p, f, o: torch.softmax(p.log() + f.log()[:, o[:999]].sum(1), 0),
    ),
    ("sequential_posterior", lambda p, f, o: torch.softmax(p.log() - f.log()[:, o].sum(1), 0)),
    (
        "sequential_posterior",
        lambda p, f, o: torch.softmax(p.log() + f.log()[:, o].sum(1), 0).max(),
    ),
    ("explain_away", lambda x, y, z: _joint(x, y, z).sum(1) / _joint(x, y, z).sum()),
    ("explain_away", lambda x, y, z: (_scaled(x * z.sum(1), 0), _scaled(x[:, None] * z, 0))),
    ("explain_away", lambda x, y, z: (_scaled(x * (z @ y), 0), _scaled(_joint(x, y, z), 0) * y)),
    ("explain_away", lambda x, y, z: (_scaled(x * (z @ y), 0), _scaled(x[:, None] * z, 0)[:, 0])),
    ("explain_away", lambda x, y, z: (x * (z @ y), _scaled(x[:, None] * z, 0))),
    ("explain_away", lambda x, y, z: (_scaled(x * (z @ y), 0), _scaled(x[:, None] + z, 0))),
    (
        "explain_away",
        lambda x, y, z: (_scaled(x * (z @ y), 0), _scaled(x[:, None] * z.clamp(min=1e-3), 0)),
    ),
    (
        "explain_away",
        lambda x, y, z: (_scaled(x * (z @ y), 0)[:, None], _scaled(x[:, None] * z, 0)),
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m / t + x.sum() / s) / (1 / t + len(x) / s),
            1 / (1 / t + len(x) / s) / max(len(x), 1),
        ),
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m / t + x.sum() / s) / (1 / t + len(x) / s),
            1 / (1 / t + (len(x) - 1) / s),
        ),
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m / t + x.median() / s * len(x)) / (1 / t + len(x) / s) if len(x) else m,
            1 / (1 / t + len(x) / s),
        ),
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m / t - x.sum() / s) / (1 / t + len(x) / s),
            1 / (1 / t + len(x) / s),
        ),
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m / t + x.sum() / s) / (1 / t + len(x) / s),
            (t + s) / (t * s),
        ),
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m / t + x.sum() / s) / (1 / t + len(x) / s),
            1 / (1 / t + len(x) / (x.var() if len(x) > 1 else s)),
        ),
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m / t + x.sum() / s).detach() / (1 / t + len(x) / s),
            1 / (1 / t + len(x) / s),
        ),
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m / t + x / s) / (1 / t + len(x) / s),
            1 / (1 / t + len(x) / s),
        ),
    ),
]


# ------------------------------------------------------------------ first tries of students
def _loop_without_rescaling(prior, lik, obs):
    p = prior.clone()
    for o in obs:
        p = p * lik[:, o]
    return p / p.sum()


def _loop_from_the_prior(prior, lik, obs):
    p = prior
    for o in obs:
        p = prior * lik[:, o]
        p = p / p.sum()
    return p


def _still_the_bug(prior, lik, obs):
    p = prior
    for o in obs:
        p = _scaled(p * lik[:, o] * prior)
    return p


def _row_by_row(prior, likelihood):
    result = torch.zeros_like(prior)
    for b in range(len(prior)):
        joint = prior[b] * likelihood[b]
        result[b] = joint / joint.sum()
    return result


def _loop_without_prior(prior, lik, obs):
    p = torch.ones_like(prior)
    for o in obs:
        p = p * lik[:, o]
    return p / p.sum()


def _averaged_updates(prior, lik, obs):
    updated = lik[:, obs] * prior.unsqueeze(1)
    return (updated / updated.sum(0)).mean(1)


def _shifted(p, f):
    z = p + f
    z = z - z.max(-1, keepdim=True)[0]
    evidence = torch.log(z.exp().sum(-1))
    return z - evidence.unsqueeze(-1), evidence


def _gain(x, s, m, t):
    k = t / (t + s / len(x))
    return m + k * (x.mean() - m), (1 - k) * t


def _new_prior_beside_it(prior, lik, obs):
    p = prior
    for o in obs:
        p = p * lik[:, o] * prior
        p = p / p.sum()
        prior = p
    return p


def _places(prior, lik, obs):
    p = prior
    for o in range(len(obs)):
        p = p * lik[:, o]
        p = p / p.sum()
    return p


def _largest_is_one(prior, lik, obs):
    log_p = prior.log() + lik[:, obs].log().sum(1)
    return (log_p - log_p.max()).exp()


def _one_maximum(p, f):
    z = p + f
    m = z.max()
    evidence = m + (z - m).exp().sum(-1).log()
    return z - evidence[..., None], evidence


FIRST_TRIES = [
    ("posterior", lambda p, f: f / f.sum(), "base-rate-neglect"),
    ("posterior", lambda p, f: p * f / f.sum(), "likelihood-normalized-first"),
    ("sequential_posterior", _new_prior_beside_it, "posterior-squared"),
    ("sequential_posterior", _places, None),
    ("sequential_posterior", _largest_is_one, "largest-is-1"),
    ("log_bayes", _one_maximum, "largest-of-the-batch"),
    (
        "gaussian_posterior",
        lambda x, s, m, t: ((m + x.sum()) / (len(x) + 1), s / (len(x) + 1)),
        "forecast-as-observation",
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (lambda v: (v * (m / t + x.sum() / s), v))(1 / t + len(x) / s),
        "precision-as-variance",
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (lambda v: (v * (m * t + x.sum() * s), v))(1 / (1 / t + len(x) / s)),
        "weights-swapped",
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: ((m * t + x.sum() * s) / (len(x) * s + t), s / (len(x) + 1)),
        "weights-swapped",
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (lambda w: ((1 - w) * x.mean() + w * m, (1 - w) * t))(
            t / (t + s / len(x))
        ),
        "weights-swapped",
    ),
    ("gaussian_posterior", lambda x, s, m, t: ((x.mean() + m) / 2, (s + t) / 2), "plain-average"),
    ("posterior", _row_by_row, "loop-over-rows"),
    ("sequential_posterior", _loop_without_prior, "no-prior"),
    ("sequential_posterior", lambda p, f, o: _scaled(f[:, o].prod(1)), "no-prior"),
    (
        "sequential_posterior",
        lambda p, f, o: (p.log() + torch.log(f[:, o]).mean(dim=1)).softmax(0),
        "mean-of-logs",
    ),
    ("sequential_posterior", _averaged_updates, "averages-posteriors"),
    ("log_bayes", lambda p, f: (torch.log_softmax(p + f, -1), (p + f).sum(-1)), "sum-of-logs"),
    ("log_bayes", lambda p, f: ((p + f).log_softmax(-1), (p + f).amax(-1)), "largest-only"),
    ("log_bayes", _shifted, "shift-not-undone"),
    (
        "log_bayes",
        lambda p, f: (
            (p + f - (p + f).amax(-1, True)).log_softmax(-1),
            (p + f - (p + f).amax(-1, True)).logsumexp(-1),
        ),
        "shift-not-undone",
    ),
    (
        "log_bayes",
        lambda p, f: (
            (p.nan_to_num(neginf=-1e9) + f).log_softmax(-1),
            (p.nan_to_num(neginf=-1e9) + f).logsumexp(-1),
        ),
        "finite-for-impossible",
    ),
    (
        "explain_away",
        lambda x, y, z: (_scaled(x * (z @ y), 0), x.unsqueeze(1).repeat(1, len(y))),
        "still-independent",
    ),
    ("explain_away", lambda x, y, z: (x, _scaled(x[:, None] * z, 0)), "first-is-prior"),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m * s + t * x.mean()) / (s + t),
            s * t / (s + t),
        ),
        "one-observation",
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m / t + x.mean() / s) / (1 / t + len(x) / s),
            1 / (1 / t + len(x) / s),
        ),
        "mean-not-sum",
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (0.5 * m + 0.5 * x.mean(), 1 / (1 / t + len(x) / s)),
        "plain-average",
    ),
    ("gaussian_posterior", lambda x, s, m, t: (x.mean(), 1 / (1 / t + len(x) / s)), "no-prior"),
    (
        "gaussian_posterior",
        lambda x, s, m, t: ((m * s + t * x.sum()) / (s + t * len(x)), s / len(x)),
        "no-prior",
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: ((m * s + t * x.sum()) / (s + t * len(x)), t + s / len(x)),
        "variances-add",
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            m + s / (s + len(x) * t) * (x.mean() - m),
            1 / (1 / t + len(x) / s),
        ),
        "weights-swapped",
    ),
    ("gaussian_posterior", _gain, "mean-of-nothing"),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m * s + t * len(x) * x.mean()) / (s + t * len(x)),
            s * t / (s + t * len(x)),
        ),
        "mean-of-nothing",
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m * s / len(x) + t * x.mean()) / (s / len(x) + t),
            1 / (1 / t + 1 / (s / len(x))),
        ),
        "mean-of-nothing",
    ),
    ("gaussian_posterior", lambda x, s, m, t: (m, 1 / (1 / t + len(x) / s)), "prior-mean"),
    (
        "explain_away",
        lambda x, y, z: (_scaled(x * z.max(1).values, 0), _scaled(x[:, None] * z, 0)),
        "y-unweighted",
    ),
    (
        "explain_away",
        lambda x, y, z: (_scaled(x * (z @ y), 0), _scaled(x[:, None] * z, 1)),
        "other-cause",
    ),
    (
        "log_bayes",
        lambda p, f: (f.log_softmax(-1) + p, (p + f).logsumexp(-1)),
        "likelihood-normalized-first",
    ),
    ("posterior", lambda p, f: 0.5 * p + 0.5 * _scaled(f), "averages"),
    ("posterior", lambda p, f: _scaled(p * (1 - f)), "opposite-evidence"),
    (
        "sequential_posterior",
        lambda p, f, o: torch.softmax(p.log() + f.log()[o].sum(0), 0),
        "transposed",
    ),
    (
        "sequential_posterior",
        lambda p, f, o: torch.softmax(p.log() + f.log().sum(1), 0),
        "ignores-obs",
    ),
    (
        "sequential_posterior",
        lambda p, f, o: torch.softmax(p.log() + f[:, o].sum(1), 0),
        "likelihood-not-in-logs",
    ),
    ("sequential_posterior", lambda p, f, o: p.clone(), "no-evidence"),
    ("sequential_posterior", _skips_last, "last-missing"),
    ("sequential_posterior", _skips_first, "first-missing"),
    ("posterior", lambda p, f: torch.mul(p, f), "unnormalized"),
    ("posterior", lambda p, f: (p * f).softmax(-1), "softmax"),
    ("posterior", lambda p, f: f / f.sum(-1, keepdim=True), "ignores-prior"),
    ("posterior", lambda p, f: p * f / (p * f).sum(), "whole-batch"),
    ("posterior", lambda p, f: p * f / (p * f).sum(dim=-1), "broadcast"),
    ("posterior", lambda p, f: p * f / (p * f).sum(0), "wrong-axis"),
    ("posterior", lambda p, f: p * f / f.sum(-1, keepdim=True), "likelihood-normalized-first"),
    ("posterior", lambda p, f: f * p / (f.sum(-1, True) * p.sum(-1, True)), None),
    ("posterior", lambda p, f: F.normalize(p * f, dim=-1), "unit-length"),
    ("log_bayes", lambda p, f: (p + f, torch.logsumexp(p + f, -1)), "unnormalized"),
    (
        "log_bayes",
        lambda p, f: (torch.softmax(p + f, -1), torch.logsumexp(p + f, -1)),
        "probabilities",
    ),
    (
        "log_bayes",
        lambda p, f: (
            (p.exp() * f.exp() / (p.exp() * f.exp()).sum(-1, keepdim=True)).log(),
            (p.exp() * f.exp()).sum(-1).log(),
        ),
        "underflow",
    ),
    ("log_bayes", lambda p, f: (p + f - (p + f).sum(-1, True), (p + f).sum(-1)), "sum-of-logs"),
    (
        "log_bayes",
        lambda p, f: ((p + f) / torch.logsumexp(p + f, -1, True), torch.logsumexp(p + f, -1)),
        "divides-logs",
    ),
    ("sequential_posterior", _loop_without_rescaling, "underflow"),
    ("sequential_posterior", _loop_from_the_prior, "last-only"),
    ("sequential_posterior", _still_the_bug, "prior-every-step"),
    (
        "sequential_posterior",
        lambda p, f, o: torch.softmax(p.log() + f[:, o].log().sum(1) / max(len(o), 1), 0),
        "mean-of-logs",
    ),
    (
        "sequential_posterior",
        lambda p, f, o: torch.softmax(f[:, o].log().sum(1), 0),
        "no-prior",
    ),
    (
        "sequential_posterior",
        lambda p, f, o: torch.softmax(p.log() + (f[:, o] + 1e-12).log().sum(1), 0),
        "epsilon",
    ),
    ("explain_away", lambda x, y, z: (x, x[:, None].repeat(1, len(y))), "no-effect"),
    (
        "explain_away",
        lambda x, y, z: (_scaled(x * (z @ y), 0), _joint(x, y, z) / _joint(x, y, z).sum()),
        "joint-not-conditional",
    ),
    (
        "explain_away",
        lambda x, y, z: (_scaled(x * z.mean(1), 0), _scaled(x[:, None] * z, 0)),
        "y-unweighted",
    ),
    (
        "explain_away",
        lambda x, y, z: (
            _scaled(x * (z @ y), 0),
            _scaled(x * (z @ y), 0)[:, None].repeat(1, len(y)),
        ),
        "still-independent",
    ),
    (
        "explain_away",
        lambda x, y, z: (_scaled(_scaled(x[:, None] * z, 0) @ y, 0), _scaled(x[:, None] * z, 0)),
        "weighted-by-prior",
    ),
    ("gaussian_posterior", lambda x, s, m, t: (x.mean(), s / len(x)), "no-prior"),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m / t + x.sum() / s) / (1 / t + len(x) / s),
            1 / t + len(x) / s,
        ),
        "precision",
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m / t**2 + x.sum() / s**2) / (1 / t**2 + len(x) / s**2),
            1 / (1 / t**2 + len(x) / s**2),
        ),
        "variance-as-deviation",
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m * t + x.sum() * s) / (t + len(x) * s),
            1 / (1 / t + len(x) / s),
        ),
        "weights-swapped",
    ),
    (
        "gaussian_posterior",
        lambda x, s, m, t: (
            (m / t + x.sum() / s) / (1 / t + len(x) / s),
            t + s / max(len(x), 1),
        ),
        "variances-add",
    ),
]


# ------------------------------------------------------------------ numbers
NUMBERS = [
    ("positive_test", "8/107", None),
    ("positive_test", "0.0748", None),
    ("positive_test", ".008/(.008+.099)", None),
    ("positive_test", "7.5", "percent"),
    ("positive_test", "7.5%", "unreadable"),
    ("positive_test", "80/90", "base-rate-neglect"),
    ("positive_test", "8/99", "odds"),
    ("positive_test", "0.08", "no-true-positives"),
    ("positive_test", "0.07", "rounded"),
    ("positive_test", "0.074", "everybody-healthy"),
    ("two_clues", "0.7", "guess"),
    ("two_clues", "0.305", "posterior-times-likelihood"),
    ("two_clues", "0.39", "complement-of-first"),
    ("two_clues", "0.78", "arithmetic"),
    ("two_clues", "0.302", "prior-twice"),
    ("wet_street", "0.15", "below-prior"),
    ("wet_street", "0.4", "still-raised"),
    ("beta_tomorrow", "4/5", None),
    ("beta_tomorrow", "80", "percent"),
    ("beta_tomorrow", "1", "share"),
    ("beta_tomorrow", "0.667", "one-day"),
    ("beta_tomorrow", "3/4", "one-imaginary-day"),
    ("beta_tomorrow", "3/5", "snowy-day-missing"),
    ("beta_tomorrow", "1/8", "coin"),
    ("beta_tomorrow", "0.25", "evidence"),
    ("positive_test", "2/27", "everybody-healthy"),
    ("two_clues", "35/44", None),
    ("two_clues", "0.8", None),
    ("two_clues", "79.5", "percent"),
    ("two_clues", "35/36", "base-rate-neglect"),
    ("two_clues", "14/23", "chandelier-only"),
    ("two_clues", "35/9", "odds"),
    ("two_clues", "0.28", "either"),
    ("two_clues", "0.175", "even-joint"),
    ("two_clues", "0.385", "likelihood-plus-joint"),
    ("wet_street", ".3", None),
    ("wet_street", "3/10", None),
    ("wet_street", "30", "percent"),
    ("wet_street", "0.68", "truck-ignored"),
    ("wet_street", "0", "excluded"),
]


def test_numbers_follow_by_enumeration():
    ill, healthy = 0.01 * 0.8, 0.99 * 0.1
    assert get("positive_test").truth == pytest.approx(ill / (ill + healthy))
    luxury, plain = 0.1 * 0.7 * 0.5, 0.9 * 0.05 * 0.2
    assert get("two_clues").truth == pytest.approx(luxury / (luxury + plain))
    days = {
        (rain, truck): (0.3 if rain else 0.7) * (0.2 if truck else 0.8)
        for rain, truck in itertools.product((0, 1), repeat=2)
    }
    seen = {day: p for day, p in days.items() if (day[0] or day[1]) and day[1]}
    rain = sum(p for day, p in seen.items() if day[0]) / sum(seen.values())
    assert get("wet_street").truth == pytest.approx(rain)
    chance = torch.linspace(0, 1, 100_001, dtype=torch.float64)
    three_days = chance**3  # the flat prior drops out
    tomorrow = (chance * three_days).sum() / three_days.sum()
    assert get("beta_tomorrow").truth == pytest.approx(tomorrow.item(), rel=1e-4)


def test_the_table_of_the_wet_street():
    """The code exercise and the number agree: the truck brings rain back to its prior."""
    px, py, pz = (
        torch.tensor(v, dtype=torch.float64)
        for v in ([0.7, 0.3], [0.8, 0.2], [[0.0, 1.0], [1.0, 1.0]])
    )
    given_wet, given_both = get("explain_away").reference(px, py, pz)
    assert given_wet[1].item() == pytest.approx(0.3 / 0.44)
    assert given_both[1].tolist() == pytest.approx([1.0, get("wet_street").truth])


def test_claims_of_the_choices():
    # A common cause: dependent over all bedrooms, independent within a kind.
    luxury, chandelier, curtains = [0.9, 0.1], [0.05, 0.7], [0.2, 0.5]
    both = sum(p * c * v for p, c, v in zip(luxury, chandelier, curtains, strict=True))
    one = sum(p * c for p, c in zip(luxury, chandelier, strict=True))
    other = sum(p * v for p, v in zip(luxury, curtains, strict=True))
    assert both / one > other + 0.1
    # Exclusive or: every pair factorizes, the triple does not.
    triples = [(x, y, x ^ y) for x, y in itertools.product((0, 1), repeat=2)]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert {(t[i], t[j]) for t in triples} == set(itertools.product((0, 1), repeat=2))
    assert (1, 1, 1) not in triples
    # The order of the evidence: dependent evidence, in both orders.
    joint = torch.rand(3, 2, 4, generator=torch.Generator().manual_seed(0)).double()
    joint /= joint.sum()
    ph = joint.sum((1, 2))
    py1_h, py2_h = joint.sum(2) / ph[:, None], joint.sum(1) / ph[:, None]
    first = ph * py1_h[:, 1] * (joint[:, 1, 2] / joint[:, 1].sum(1))
    second = ph * py2_h[:, 2] * (joint[:, 1, 2] / joint[:, :, 2].sum(1))
    shortcut = ph * py1_h[:, 1] * py2_h[:, 2]
    assert torch.allclose(_scaled(first), _scaled(second))
    assert not torch.allclose(_scaled(first), _scaled(shortcut), atol=1e-3)


def test_the_posterior_of_a_mean_on_a_grid():
    x = torch.tensor([1.0, 3.0, 2.5], dtype=torch.float64)
    sigma2, mu0, tau2 = (torch.tensor(v, dtype=torch.float64) for v in (4.0, -1.0, 2.0))
    mean, variance = get("gaussian_posterior").reference(x, sigma2, mu0, tau2)
    mu = torch.linspace(-15, 15, 60_001, dtype=torch.float64)
    log_joint = Normal(mu0, tau2.sqrt()).log_prob(mu)
    log_joint = log_joint + Normal(mu[:, None], sigma2.sqrt()).log_prob(x).sum(1)
    p = log_joint.softmax(0)
    assert mean.item() == pytest.approx((p * mu).sum().item())
    assert variance.item() == pytest.approx((p * (mu - mean) ** 2).sum().item())
