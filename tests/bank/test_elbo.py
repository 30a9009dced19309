"""Exercises on the ELBO: unseen right answers are accepted, unseen wrong ones are rejected."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Categorical, Normal, kl_divergence

from lecture_utils.exercises import get


def _elbo_loop(log_joint, q):
    rows = []
    for joint, weights in zip(log_joint, q, strict=True):
        total = joint.new_zeros(())
        for a, w in zip(joint, weights, strict=True):
            if w > 0:
                total = total + w * (a - torch.log(w))
        rows.append(total)
    return torch.stack(rows)


def _gap_loop(log_joint, q):
    return torch.stack(
        [torch.logsumexp(a, 0) for a in log_joint],
    ) - _elbo_loop(log_joint, q)


def _terms_loop(log_lik, prior, q):
    recon, kl = [], []
    for b in range(len(q)):
        recon.append(torch.dot(q[b], log_lik[b]))
        seen = q[b] > 0
        kl.append((q[b][seen] * (q[b][seen] / prior[seen]).log()).sum())
    return torch.stack(recon), torch.stack(kl)


def _closed_form(x, noise_var, mu, var):
    """log p(x) minus the divergence to the exact posterior."""
    q = Normal(mu, var.sqrt())
    posterior = Normal(x / (1 + noise_var), (noise_var / (1 + noise_var)).sqrt())
    return Normal(0.0, (1 + noise_var).sqrt()).log_prob(x) - kl_divergence(q, posterior)


def _cross_terms(x, noise_var, mu, var):
    entropy = Normal(mu, var.sqrt()).entropy()
    log_prior = -0.5 * (math.log(2 * math.pi) + mu.square() + var)
    error = x.square() - 2 * x * mu + mu.square() + var
    return entropy + log_prior - 0.5 * (2 * math.pi * noise_var).log() - 0.5 * error / noise_var


def _two_points(x, noise_var, mu, var):
    """Quadratics are averaged exactly by two points, one standard deviation from the mean."""
    q, sd = Normal(mu, var.sqrt()), var.sqrt()
    parts = [
        Normal(z, noise_var.sqrt()).log_prob(x) - 0.5 * (math.log(2 * math.pi) + z**2)
        for z in (mu + sd, mu - sd)
    ]
    return 0.5 * (parts[0] + parts[1]) + q.entropy()


RIGHT = [
    ("discrete_elbo", _elbo_loop),
    ("discrete_elbo", lambda a, q: torch.einsum("bk,bk->b", q, a) - torch.xlogy(q, q).sum(1)),
    ("discrete_elbo", lambda a, q: (q * a).sum(1) + Categorical(probs=q).entropy()),
    ("discrete_elbo", lambda a, q: (q * (a - q.masked_fill(q == 0, 1).log())).sum(-1)),
    ("discrete_elbo", lambda a, q: (q * (a - q.log())).nan_to_num(0.0, 0.0, 0.0).sum(-1)),
    ("posterior_gap", _gap_loop),
    ("posterior_gap", lambda a, q: a.logsumexp(1) - (q * a).sum(1) + torch.xlogy(q, q).sum(1)),
    ("posterior_gap", lambda a, q: -(q * a.log_softmax(1)).sum(1) - torch.special.entr(q).sum(1)),
    (
        "posterior_gap",
        lambda a, q: torch.where(q > 0, q * (q.log() - a + a.logsumexp(1, True)), 0.0).sum(1),
    ),
    ("elbo_terms", _terms_loop),
    (
        "elbo_terms",
        lambda a, p, q: ((q * a).sum(1), (torch.xlogy(q, q) - q * p.log()).sum(1)),
    ),
    (
        "elbo_terms",
        lambda a, p, q: (
            torch.bmm(q[:, None], a[:, :, None])[:, 0, 0],
            -torch.special.entr(q).sum(1) - (q @ p.log()[:, None])[:, 0],
        ),
    ),
    ("elbo_one_sample", lambda a, p, q: (a + p).sub(q)),
    ("elbo_one_sample", lambda a, p, q: p - q + a),
    ("elbo_one_sample", lambda a, p, q: -(q - p - a)),
    ("gaussian_elbo", _closed_form),
    ("gaussian_elbo", _cross_terms),
    ("gaussian_elbo", _two_points),
]


def _elbo(a, q):
    return (q * a - torch.xlogy(q, q)).sum(-1)


def _kl(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)


def _good_terms(a, p, q):
    return (q * a).sum(-1), (torch.xlogy(q, q) - torch.xlogy(q, p)).sum(-1)


def _in_place(a, q):
    a -= a.logsumexp(-1, keepdim=True)
    return (torch.xlogy(q, q) - q * a).sum(-1)


def _jensen_in_numbers(a, q):
    weights = torch.where(q > 0, a.exp() / q, 1.0)
    return (q * weights).sum(1).log() - (q * weights.log()).sum(1)


def _gaussian(x, s, mu, var, spread=1.0, kl=1.0, constant=1.0):
    log_lik = -0.5 * (constant * (2 * math.pi * s).log() + ((x - mu) ** 2 + spread * var) / s)
    return log_lik - kl * 0.5 * (mu**2 + var - 1 - var.log())


UNSEEN = [
    ("discrete_elbo", lambda a, q: _elbo(a, q).clamp(max=0)),
    ("discrete_elbo", lambda a, q: _elbo(a, q).clamp(min=-100)),
    ("discrete_elbo", lambda a, q: torch.minimum(_elbo(a, q), a.max(-1).values - 1)),
    ("discrete_elbo", lambda a, q: (q * a - q * q.clamp(min=0.01).log()).sum(-1)),
    ("discrete_elbo", lambda a, q: _elbo(a, q).detach()),
    ("discrete_elbo", lambda a, q: _elbo(a, q)[:, None]),
    ("discrete_elbo", lambda a, q: _elbo(a, q) / a.shape[0]),
    ("discrete_elbo", lambda a, q: (q.softmax(-1) * (a - q.log_softmax(-1))).sum(-1)),
    ("discrete_elbo", lambda a, q: _elbo(a, q.round())),
    ("posterior_gap", lambda a, q: _kl(q, a.softmax(-1).clamp(min=1e-6))),
    ("posterior_gap", lambda a, q: _kl(q, 0.5 * (q + a.softmax(-1)))),
    ("posterior_gap", lambda a, q: _kl(q, a.softmax(-1)) / math.log(2)),
    ("posterior_gap", lambda a, q: a.max(-1).values - _elbo(a, q)),
    ("posterior_gap", lambda a, q: _kl(q, a.softmax(-1)) + _kl(a.softmax(-1), q)),
    ("posterior_gap", _in_place),
    ("posterior_gap", lambda a, q: -_elbo(a, q) + a.logsumexp(-1).mean()),
    ("posterior_gap", lambda a, q: (a.logsumexp(-1) - _elbo(a, q)).detach()),
    ("elbo_terms", lambda a, p, q: (_good_terms(a, p, q)[0], _good_terms(a, q, q)[1])),
    (
        "elbo_terms",
        lambda a, p, q: (_good_terms(a, p, q)[0], _good_terms(a, p, q)[1].clamp(max=1)),
    ),
    (
        "elbo_terms",
        lambda a, p, q: (_good_terms(a, p, q)[0] - _good_terms(a, p, q)[1],) * 2,
    ),
    ("elbo_terms", lambda a, p, q: torch.stack(_good_terms(a, p, q))),
    ("elbo_terms", lambda a, p, q: tuple(t[:, None] for t in _good_terms(a, p, q))),
    ("elbo_terms", lambda a, p, q: tuple(t / math.log(2) for t in _good_terms(a, p, q))),
    ("elbo_terms", lambda a, p, q: tuple(t.detach() for t in _good_terms(a, p, q))),
    ("elbo_terms", lambda a, p, q: (a.max(-1).values, _good_terms(a, p, q)[1])),
    ("elbo_one_sample", lambda a, p, q: a - (p - q)),
    ("elbo_one_sample", lambda a, p, q: (a + p - q).clamp(max=0)),
    ("elbo_one_sample", lambda a, p, q: 0.5 * (a + p - q)),
    ("elbo_one_sample", lambda a, p, q: torch.minimum(a, a + p - q)),
    ("elbo_one_sample", lambda a, p, q: a + p - q.detach()),
    ("elbo_one_sample", lambda a, p, q: a + (p.exp() - q.exp())),
    ("elbo_one_sample", lambda a, p, q: a + p.exp() * (p - q)),
    ("elbo_one_sample", lambda a, p, q: a + (p - q).mean()),
    ("gaussian_elbo", lambda x, s, m, v: _gaussian(x, s, m, v, kl=0.1)),
    ("gaussian_elbo", lambda x, s, m, v: _gaussian(x, s, m, v, spread=0.5)),
    ("gaussian_elbo", lambda x, s, m, v: _gaussian(x, s, m, v, constant=2.0)),
    ("gaussian_elbo", lambda x, s, m, v: _gaussian(x, s, m, v.clamp(min=1e-4))),
    ("gaussian_elbo", lambda x, s, m, v: _gaussian(x, s, m, v).mean()),
    ("gaussian_elbo", lambda x, s, m, v: _gaussian(x, s, m, v) / math.log(2)),
    ("gaussian_elbo", lambda x, s, m, v: _gaussian(x, s, m, v, spread=2.0)),
    ("gaussian_elbo", lambda x, s, m, v: _gaussian(x, s, m, v.detach())),
    ("gaussian_elbo", lambda x, s, m, v: _gaussian(x, s.item(), m, v)),
    ("gaussian_elbo", lambda x, s, m, v: _gaussian(0 * x, s, m, v)),
]


FIRST_TRIES = [
    ("discrete_elbo", lambda a, q: torch.einsum("bk,bk->b", q, a), "no-entropy"),
    ("discrete_elbo", lambda a, q: (q * a).sum(1) - torch.special.entr(q).sum(1), "entropy-sign"),
    ("discrete_elbo", lambda a, q: torch.log(a.exp().sum(1)), "evidence"),
    ("discrete_elbo", lambda a, q: (a + q.log()).logsumexp(1), "log-of-mean"),
    ("discrete_elbo", lambda a, q: ((a - q.log()) * q).sum(1), "nan"),
    ("discrete_elbo", lambda a, q: -(q * a).sum(1) - torch.special.entr(q).sum(1), "negated"),
    ("discrete_elbo", lambda a, q: _elbo(a, q) / math.log(2), "bits"),
    ("discrete_elbo", lambda a, q: _elbo(a, q).mean(), "batch-mean"),
    ("posterior_gap", lambda a, q: _kl(a.softmax(1), q), "reversed"),
    ("posterior_gap", lambda a, q: -_elbo(a, q), "not-normalized"),
    ("posterior_gap", lambda a, q: _elbo(a, q) - a.logsumexp(1), "negated"),
    ("posterior_gap", lambda a, q: a.exp().sum(1).log() - _elbo(a, q), "unstable"),
    ("posterior_gap", lambda a, q: _kl(q, a.softmax(1)).mean(), "batch-mean"),
    ("elbo_terms", lambda a, p, q: _good_terms(a, p, q)[::-1], "swapped"),
    ("elbo_terms", lambda a, p, q: ((q * a).sum(1), _kl(p.expand_as(q), q)), "reversed"),
    ("elbo_terms", lambda a, p, q: ((q * a).sum(1), -(q * p.log()).sum(1)), "cross-entropy"),
    ("elbo_terms", lambda a, p, q: ((p * a).sum(1), _kl(q, p)), "under-prior"),
    ("elbo_terms", lambda a, p, q: _good_terms(a, p, q)[0] - _good_terms(a, p, q)[1], "arity"),
    ("elbo_one_sample", lambda a, p, q: a + p + q, "all-plus"),
    ("elbo_one_sample", lambda a, p, q: a - torch.relu(q - p), "clamped"),
    ("elbo_one_sample", lambda a, p, q: torch.exp(a + p - q), "exp"),
    ("elbo_one_sample", lambda a, p, q: a + q - p, "kl-sign"),
    (
        "gaussian_elbo",
        lambda x, s, m, v: (
            Normal(m, s.sqrt()).log_prob(x) - kl_divergence(Normal(m, v.sqrt()), Normal(0.0, 1.0))
        ),
        "plug-in-mean",
    ),
    ("gaussian_elbo", lambda x, s, m, v: -_gaussian(x, s, m, v), "negated"),
    ("gaussian_elbo", lambda x, s, m, v: _gaussian(x, s, m, v, kl=-1), "kl-sign"),
    ("gaussian_elbo", lambda x, s, m, v: _gaussian(x, s, m, v, kl=0), "no-kl"),
    (
        "gaussian_elbo",
        lambda x, s, m, v: Normal(0.0, (1 + s).sqrt()).log_prob(x),
        "evidence",
    ),
    (
        "posterior_gap",
        lambda a, q: a.logsumexp(1) - (q * a).sum(1) - torch.xlogy(q, q).sum(1),
        "entropy-sign",
    ),
    ("posterior_gap", lambda a, q: a.exp().sum(1) - _elbo(a, q), "no-log"),
    ("posterior_gap", lambda a, q: a.sum(1) - _elbo(a, q), "adds-logs"),
    ("posterior_gap", lambda a, q: a.mean(1) - _elbo(a, q), "adds-logs"),
    ("posterior_gap", lambda a, q: (a + q.log()).logsumexp(1) - _elbo(a, q), "weighted-evidence"),
    ("posterior_gap", lambda a, q: torch.special.entr(q).sum(1), "entropy"),
    (
        "posterior_gap",
        lambda a, q: a.logsumexp(1) - (q * a).sum(1) + (q * q.log()).sum(1),
        "nan",
    ),
    ("posterior_gap", lambda a, q: (q * (q / a.softmax(1)).log()).sum(1), "nan"),
    (
        "elbo_terms",
        lambda a, p, q: ((q * a).sum(1), (torch.xlogy(q, q) - q * p).sum(1)),
        "prior-as-log",
    ),
    ("elbo_terms", lambda a, p, q: ((q * a).sum(1), (q * (q.log() - p)).sum(1)), "prior-as-log"),
    (
        "elbo_terms",
        lambda a, p, q: ((q * a).sum(1), (q * ((q + 1e-8).log() - p.log())).sum(1)),
        "epsilon",
    ),
    (
        "gaussian_elbo",
        lambda x, s, m, v: (
            -torch.log(s)
            - 0.5 * (math.log(2 * math.pi) + ((x - m) ** 2 + v**2) / s**2)
            - kl_divergence(Normal(m, v), Normal(0.0, 1.0))
        ),
        "both-as-std",
    ),
    (
        "gaussian_elbo",
        lambda x, s, m, v: _gaussian(x, s, m, v, kl=0) - 0.5 * (m**2 + v - 1 - 0.5 * torch.log(v)),
        "kl-half-log",
    ),
    ("discrete_elbo", lambda a, q: (q * (a - q * q.clamp(min=1e-300).log())).sum(1), "q-twice"),
    (
        "discrete_elbo",
        lambda a, q: (q * torch.log(a.softmax(1) / q)).nansum(1),
        "minus-gap",
    ),
    ("discrete_elbo", lambda a, q: ((a - q.log()) * q).nanmean(1), "mean"),
    (
        "discrete_elbo",
        lambda a, q: (a - q.masked_fill(q == 0, 1).log()).mul(q > 0).mean(1),
        "unweighted",
    ),
    (
        "elbo_terms",
        lambda a, p, q: (
            (q * a).sum(1),
            torch.special.entr(q).sum(1) - (q * p.log()).sum(1),
        ),
        "cross-entropy-sign",
    ),
    (
        "elbo_terms",
        lambda a, p, q: ((q * a).sum(1), _kl(q, (a + p.log()).softmax(1))),
        "to-posterior",
    ),
    (
        "elbo_terms",
        lambda a, p, q: (a[torch.arange(len(q)), q.argmax(1)], _kl(q, p)),
        "one-state",
    ),
    ("posterior_gap", lambda a, q: torch.xlogy(q, q / a.exp()).sum(1), "not-normalized"),
    (
        "posterior_gap",
        lambda a, q: torch.xlogy(q, q / (a / a.sum(1, True))).sum(1),
        "normalizes-logs",
    ),
    ("posterior_gap", lambda a, q: a.amax(1) - _elbo(a, q), "best-state"),
    ("posterior_gap", lambda a, q: torch.xlogy(q, q / a.softmax(0)).sum(1), "over-batch"),
    (
        "posterior_gap",
        lambda a, q: a.logsumexp(1) - (a - q.masked_fill(q == 0, 1).log()).mul(q > 0).sum(1),
        "unweighted",
    ),
    ("posterior_gap", lambda a, q: (q - a.softmax(1)).abs().sum(1), "total-variation"),
    ("posterior_gap", _jensen_in_numbers, "jensen-gap"),
    (
        "gaussian_elbo",
        lambda x, s, m, v: (
            _gaussian(x, s, m, v, kl=0)
            - kl_divergence(Normal(m, v.sqrt()), Normal(x / (1 + s), (s / (1 + s)).sqrt()))
        ),
        "kl-to-posterior",
    ),
    (
        "gaussian_elbo",
        lambda x, s, m, v: _gaussian(x, s, m, v, kl=0) - 0.5 * (m**2 + v - 1 + torch.log(v)),
        "kl-log-sign",
    ),
    (
        "gaussian_elbo",
        lambda x, s, m, v: _gaussian(x, s, m, v, kl=0) - 0.5 * (m + v - 1 - torch.log(v)),
        "kl-mean-not-squared",
    ),
    (
        "gaussian_elbo",
        lambda x, s, m, v: (
            Normal(0.0, s.sqrt()).log_prob(x) - kl_divergence(Normal(m, v.sqrt()), Normal(0.0, 1.0))
        ),
        "no-mean",
    ),
    ("gaussian_elbo", lambda x, s, m, v: _gaussian(x, s, m, v, constant=2.0), "constant-no-half"),
    (
        "gaussian_elbo",
        lambda x, s, m, v: (
            Normal(m, s).log_prob(x) - kl_divergence(Normal(m, v.sqrt()), Normal(0.0, 1.0))
        ),
        "noise-as-std-plug-in",
    ),
    (
        "gaussian_elbo",
        lambda x, s, m, v: (
            -0.5 * (2 * math.pi * s).log()
            - ((x - m) ** 2 + v) / (2 * s**2)
            - kl_divergence(Normal(m, v.sqrt()), Normal(0.0, 1.0))
        ),
        "noise-as-std",
    ),
]


NUMBERS = [
    ("elbo_tight", "log(0.2)", None),
    ("elbo_tight", -1.6094, None),
    ("elbo_tight", -1.64, "close"),
    ("elbo_tight", 0, "gap"),
    ("elbo_by_hand", -1.06, None),
    ("elbo_by_hand", -0.916, "evidence"),
    ("elbo_by_hand", -1.1, "close"),
    ("elbo_best_q", "4/5", None),
    ("elbo_best_q", 80, "percent"),
    ("elbo_best_q", 0.79, "close"),
    ("elbo_tight", 0.3, "positive"),
    ("elbo_tight", -1.6, "close"),
    ("elbo_by_hand", 0.2, "positive"),
    ("elbo_by_hand", 0.12, "positive"),
    ("elbo_by_hand", -0.46, "base-10"),
    ("elbo_by_hand", -0.144, "minus-gap"),
    ("elbo_by_hand", 0.144, "gap"),
    ("elbo_by_hand", -1.204, "one-state"),
    ("elbo_by_hand", -0.693, "entropy"),
    ("elbo_best_q", "3/4", "of-the-hint"),
    ("elbo_best_q", 0.875, "the-coat"),
    ("elbo_best_q", 0.06, "joint-other"),
]


def test_the_numbers_of_the_predictions():
    joint = torch.tensor([[0.1, 0.3]], dtype=torch.float64)
    half = torch.full_like(joint, 0.5)
    bound = get("discrete_elbo").reference(joint.log(), half)
    assert bound.item() == pytest.approx(get("elbo_by_hand").truth, abs=1e-12)
    joint = torch.tensor([0.06, 0.24], dtype=torch.float64)
    q1 = torch.linspace(0, 1, 1001, dtype=torch.float64)
    bounds = get("discrete_elbo").reference(joint.log(), torch.stack([1 - q1, q1], 1))
    assert q1[bounds.argmax()].item() == pytest.approx(get("elbo_best_q").truth)


def test_what_the_option_on_missing_states_says():
    joint = torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64)
    for q, weights_equal in (([0.5, 0.5, 0.0], False), ([1 / 3, 2 / 3, 0.0], True)):
        q = torch.tensor(q, dtype=torch.float64)
        bound = _elbo(joint.log(), q)
        jensen = (joint / q)[:2].mul(q[:2]).sum().log() - bound
        assert bound < joint.sum().log() - 0.5
        assert (jensen.abs() < 1e-12).item() == weights_equal
    assert _kl(q, joint / joint.sum()).item() == pytest.approx(math.log(2))


def test_gaussian_elbo_against_a_grid():
    z = torch.linspace(-40, 40, 200_001, dtype=torch.float64)
    x, s, mu, var = (torch.tensor(v, dtype=torch.float64) for v in (1.5, 0.3, 0.7, 1.9))
    q = Normal(mu, var.sqrt()).log_prob(z)
    log_joint = Normal(z, s.sqrt()).log_prob(x) + Normal(0.0, 1.0).log_prob(z)
    exact = torch.trapezoid(q.exp() * (log_joint - q), z)
    bound = get("gaussian_elbo").reference(x[None], s, mu[None], var[None])
    assert bound.item() == pytest.approx(exact.item(), abs=1e-9)
