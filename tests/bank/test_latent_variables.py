"""Latent variables: right answers written differently, wrong answers that the bank does not list,
and the mathematics behind the references."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch.distributions import Bernoulli, Categorical, Independent, MixtureSameFamily, Normal

from lecture_utils.exercises import get


def _joint(x, w, m, s):
    return w.log() + Normal(m, s[:, None]).log_prob(x[:, None]).sum(-1)


def _shares(x, w, p):
    return (w.log() + _pixels(x, p)).softmax(-1)


def _pixels(x, p):
    return torch.where(x[:, None] == 1, p, 1 - p).log().sum(-1)


def _em(r, x):
    return r.mean(0), (r.T @ x) / r.sum(0)[:, None]


def _picked(k, noise, m, s):
    k = k.clamp(0, len(m) - 1)
    return m[k] + s[k, None] * noise


def _which(u, w):
    return (u[:, None] >= w.cumsum(0)).sum(-1)


# ------------------------------------------------------------------ right, written differently
def _marginal_loop(log_prior, log_lik):
    rows = []
    for b in range(log_lik.shape[0]):
        total = log_prior[0] + log_lik[b, 0]
        for k in range(1, log_lik.shape[1]):
            total = torch.logaddexp(total, log_prior[k] + log_lik[b, k])
        rows.append(total)
    return torch.stack(rows)


def _shifted(log_prior, log_lik):
    joint = log_prior + log_lik
    top = joint.max(-1, keepdim=True).values
    top = torch.where(top.isfinite(), top, 0.0)
    return top.squeeze(-1) + (joint - top).exp().sum(-1).log()


def _responsibility_loop(x, weights, means, std):
    columns = []
    for k in range(len(weights)):
        distance = (x - means[k]).pow(2).sum(1)
        density = -distance / (2 * std[k] ** 2) - x.shape[1] / 2 * torch.log(
            2 * math.pi * std[k] ** 2
        )
        columns.append(torch.log(weights[k]) + density)
    scores = torch.stack(columns, 1)
    return torch.exp(scores - torch.logsumexp(scores, 1, keepdim=True))


def _expanded_square(x, weights, means, std):
    distance = ((x / 1)[:, :, None] - means.T).pow(2).sum(1)
    return F.softmax(torch.log(weights) - distance / (2 * std**2) - x.size(1) * std.log(), dim=1)


def _bayes_by_distribution(x, weights, means, std):
    component = Independent(Normal(means, std[:, None]), 1)
    return Categorical(logits=component.log_prob(x[:, None]) + weights.log()).probs


def _sample_loop(u, noise, weights, means, std):
    rows = []
    for b in range(len(u)):
        k, border = 0, weights[0]
        while u[b] >= border:
            k += 1
            border = border + weights[k]
        rows.append(means[k] + std[k] * noise[b])
    return torch.stack(rows)


def _sample_where(u, noise, weights, means, std):
    x = means[-1] + std[-1] * noise
    borders = torch.cumsum(weights, 0)
    for k in reversed(range(len(weights) - 1)):
        x = torch.where((u < borders[k])[:, None], means[k] + std[k] * noise, x)
    return x


def _bucketized(u, noise, weights, means, std):
    k = torch.bucketize(u, weights.cumsum(0), right=True)
    return torch.addcmul(means.index_select(0, k), std[k].unsqueeze(1), noise)


def _running_average(log_lik):
    total = log_lik[0]
    for row in log_lik[1:]:
        total = torch.logaddexp(total, row)
    return total - math.log(len(log_lik))


def _gradient_loop(log_joint, grads):
    posterior = torch.exp(log_joint - torch.logsumexp(log_joint, 1, keepdim=True))
    total = torch.zeros_like(grads[:, 0])
    for k in range(grads.shape[1]):
        total = total + posterior[:, k, None] * grads[:, k]
    return total


def _gradient_by_autograd(log_joint, grads):
    """theta is 0 and the log-joint linear in it: the definition itself."""

    def total(theta):
        return (log_joint + torch.einsum("bkp,bp->bk", grads, theta)).logsumexp(-1).sum()

    return torch.func.grad(total)(torch.zeros_like(grads[:, 0]))


def _em_loop(x, weights, probs):
    K = len(weights)
    score = x.new_zeros(len(x), K)
    for k in range(K):
        for b in range(len(x)):
            score[b, k] = (
                weights[k].log() + torch.where(x[b] > 0, probs[k], 1 - probs[k]).log().sum()
            )
    r = torch.softmax(score, 1)
    new_probs = torch.stack([(r[:, k : k + 1] * x).sum(0) / r[:, k].sum() for k in range(K)])
    return r.sum(0) / len(x), new_probs


def _em_by_distribution(x, weights, probs):
    log_lik = Independent(Bernoulli(probs, validate_args=False), 1)
    soft = torch.where(x[:, None] == 1, log_lik.base_dist.probs, 1 - probs).log().sum(-1)
    r = Categorical(logits=soft + weights.log()).probs
    return r.mean(0), torch.einsum("bk,bd->kd", r, x) / torch.einsum("bk->k", r).unsqueeze(1)


def _em_normalized_columns(x, weights, probs):
    r = _shares(x, weights, probs)
    return r.sum(0).div(r.sum()), F.normalize(r, p=1, dim=0).T @ x


RIGHT = [
    ("log_marginal", _marginal_loop),
    ("log_marginal", _shifted),
    ("log_marginal", lambda p, y: torch.logsumexp(p[None, :] + y, dim=1)),
    ("log_marginal", lambda p, y: torch.logsumexp(torch.log_softmax(p, 0) + y, 1)),
    ("responsibilities", _responsibility_loop),
    ("responsibilities", _expanded_square),
    ("responsibilities", _bayes_by_distribution),
    ("responsibilities", lambda x, w, m, s: F.softmax(_joint(x, w, m, s), dim=1)),
    ("sample_mixture", _sample_loop),
    ("sample_mixture", _sample_where),
    ("sample_mixture", _bucketized),
    (
        "sample_mixture",
        lambda u, e, w, m, s: (
            m[(~(u[:, None] < w.cumsum(0))).sum(1)] + s[_which(u, w)].unsqueeze(-1) * e
        ),
    ),
    ("log_mean_lik", _running_average),
    ("log_mean_lik", lambda y: torch.logsumexp(y, 0) - torch.log(y.new_tensor(y.shape[0]))),
    ("log_mean_lik", lambda y: (y - math.log(y.size(0))).logsumexp(dim=0)),
    ("log_mean_lik", lambda y: y.T.logsumexp(1) + math.log(1 / len(y))),
    ("log_marginal_grad", _gradient_loop),
    ("log_marginal_grad", _gradient_by_autograd),
    ("log_marginal_grad", lambda j, g: torch.bmm(j.softmax(1).unsqueeze(1), g).squeeze(1)),
    ("log_marginal_grad", lambda j, g: (F.softmax(j, 1).unsqueeze(-1) * g).sum(dim=-2)),
    ("em_step", _em_loop),
    ("em_step", _em_by_distribution),
    ("em_step", _em_normalized_columns),
]


# ------------------------------------------------------------------ wrong, and not in the bank
UNSEEN = [
    ("log_marginal", lambda p, y: (p + y).logsumexp(-1, keepdim=True), "shape"),
    ("log_marginal", lambda p, y: (p + y).logsumexp(-1).mean(), "batch-mean"),
    ("log_marginal", lambda p, y: (p + y).logsumexp(-1).sum(), "batch-sum"),
    ("log_marginal", lambda p, y: -(p + y).logsumexp(-1), "sign"),
    ("log_marginal", lambda p, y: (p + y).logsumexp(-1) / math.log(2), "bits"),
    ("log_marginal", lambda p, y: p.logsumexp(-1) + y.logsumexp(-1), "no-prior"),
    ("log_marginal", lambda p, y: y[:, p.argmax()], "commonest-state"),
    ("log_marginal", lambda p, y: (p + y).logsumexp(-1).clamp(min=-100), None),
    ("log_marginal", lambda p, y: (p - y).logsumexp(-1), None),
    ("log_marginal", lambda p, y: (p + y).logsumexp(-1).detach(), "no-grad"),
    ("log_marginal", lambda p, y: (p + y).logsumexp(-1).nan_to_num(), "no-impossible"),
    ("log_marginal", lambda p, y: torch.log2((p + y).exp().sum(-1)), None),
    ("log_marginal", lambda p, y: (p + y).mean(-1), "mean-of-log-joint"),
    ("log_marginal", lambda p, y: (y.exp() @ p.exp() + 1e-15).log(), None),
    ("responsibilities", lambda x, w, m, s: _joint(x, w, m, s).softmax(-1).T, "transposed"),
    ("responsibilities", lambda x, w, m, s: _joint(x, w, m, s).sigmoid(), None),
    ("responsibilities", lambda x, w, m, s: _joint(x, w**2, m, s).softmax(-1), None),
    ("responsibilities", lambda x, w, m, s: _joint(x, w, m, s**0.5).softmax(-1), None),
    ("responsibilities", lambda x, w, m, s: _joint(x, w, m, s).softmax(-1).round(), "hard"),
    ("responsibilities", lambda x, w, m, s: (-_joint(x, w, m, s)).softmax(-1), None),
    ("responsibilities", lambda x, w, m, s: _joint(x, w, m, s).clamp(-50).softmax(-1), None),
    ("responsibilities", lambda x, w, m, s: _joint(x, w + 1e-6, m, s).softmax(-1), None),
    ("responsibilities", lambda x, w, m, s: _joint(x[:, :1], w, m[:, :1], s).softmax(-1), None),
    ("responsibilities", lambda x, w, m, s: _joint(x, w, m, s[:1].expand_as(s)).softmax(-1), None),
    (
        "responsibilities",
        lambda x, w, m, s: (w.log() - torch.cdist(x, m) / s).softmax(-1),
        None,
    ),
    (
        "responsibilities",
        lambda x, w, m, s: _joint(x, w, m, s).softmax(-1).cumsum(-1),
        None,
    ),
    (
        "sample_mixture",
        lambda u, e, w, m, s: _picked(_which(u, w), e.T.reshape(e.shape), m, s),
        None,
    ),
    ("sample_mixture", lambda u, e, w, m, s: _picked(_which(u, w), e.abs(), m, s), None),
    ("sample_mixture", lambda u, e, w, m, s: _picked(_which(u, w), -e, m, s), "noise-subtracted"),
    ("sample_mixture", lambda u, e, w, m, s: _picked(_which(u, w.flip(0)), e, m, s), None),
    ("sample_mixture", lambda u, e, w, m, s: _picked(_which(u, w), u[:, None] * e, m, s), None),
    ("sample_mixture", lambda u, e, w, m, s: _picked(_which(u.round(), w), e, m, s), None),
    ("sample_mixture", lambda u, e, w, m, s: _picked((u * len(w)).round().long(), e, m, s), None),
    (
        "sample_mixture",
        lambda u, e, w, m, s: _picked(_which(u, w.softmax(0)), e, m, s),
        "weights-as-scores",
    ),
    ("sample_mixture", lambda u, e, w, m, s: _picked(_which(u, w), e, m, s + 1e-3), None),
    (
        "sample_mixture",
        lambda u, e, w, m, s: _picked(Categorical(w).sample((len(u),)), e, m, s),
        "own-dice",
    ),
    (
        "sample_mixture",
        lambda u, e, w, m, s: _picked(_which(u, w), torch.randn_like(e), m, s),
        "own-dice",
    ),
    ("sample_mixture", lambda u, e, w, m, s: w @ m + e * (w @ s), "blend"),
    ("log_mean_lik", lambda y: y.logsumexp(0) - math.log(len(y) + 1), "one-draw-too-few"),
    ("log_mean_lik", lambda y: y.logsumexp(0, keepdim=True) - math.log(len(y)), "shape"),
    ("log_mean_lik", lambda y: (y.logsumexp(0) - math.log(len(y))).mean(), "batch-mean"),
    ("log_mean_lik", lambda y: -(y.logsumexp(0) - math.log(len(y))), "sign"),
    ("log_mean_lik", lambda y: y.logsumexp(0) - math.log10(len(y)), None),
    ("log_mean_lik", lambda y: y.exp().log().mean(0), None),
    ("log_mean_lik", lambda y: (y.mean(0) + y.max(0).values) / 2, None),
    ("log_mean_lik", lambda y: y.logsumexp(0).log() - math.log(len(y)), None),
    ("log_mean_lik", lambda y: y.mean(), None),
    ("log_mean_lik", lambda y: y.detach().logsumexp(0) - math.log(len(y)), "no-grad"),
    ("log_mean_lik", lambda y: y.mean(0) + y.var(0, correction=0) / 2, "half-corrected"),
    ("log_marginal_grad", lambda j, g: (j.softmax(-1)[..., None] * g).sum(-1), None),
    ("log_marginal_grad", lambda j, g: (j.softmax(-1)[..., None] * g).sum(1).mean(0), None),
    ("log_marginal_grad", lambda j, g: (j.sigmoid()[..., None] * g).sum(1), "sigmoid"),
    ("log_marginal_grad", lambda j, g: ((j / 2).softmax(-1)[..., None] * g).sum(1), None),
    ("log_marginal_grad", lambda j, g: (j.softmax(-1)[..., None] * g.abs()).sum(1), None),
    ("log_marginal_grad", lambda j, g: (j.clamp(-50, 50).softmax(-1)[..., None] * g).sum(1), None),
    (
        "log_marginal_grad",
        lambda j, g: (j.softmax(-1).square()[..., None] * g).sum(1),
        "squared-weights",
    ),
    ("log_marginal_grad", lambda j, g: (j.softmax(-1)[..., None] + g).mean(1), None),
    ("log_marginal_grad", lambda j, g: g[:, 0], "first-state"),
    ("em_step", lambda x, w, p: _em((w.log() + _pixels(x, p)).sigmoid(), x), "sigmoid"),
    (
        "em_step",
        lambda x, w, p: _em((w.log() + _pixels(1 - x, p)).softmax(-1), x),
        "inverted-image",
    ),
    ("em_step", lambda x, w, p: _em(_shares(x, w, p), 1 - x), "white-pixels"),
    ("em_step", lambda x, w, p: _em(_shares(x, w, p).square(), x), None),
    (
        "em_step",
        lambda x, w, p: (_em(_shares(x, w, p), x)[0], _shares(x, w, p).T @ x / x.sum()),
        None,
    ),
    ("em_step", lambda x, w, p: _em(_shares(x, w, p), x)[0], "arity"),
    ("em_step", lambda x, w, p: tuple(v.log() for v in _em(_shares(x, w, p), x)), None),
    (
        "em_step",
        lambda x, w, p: (w, _em(_shares(x, w, p), x)[1]),
        "weights-kept",
    ),
    (
        "em_step",
        lambda x, w, p: (lambda r: (r.mean(0), (r.T @ x + 1) / (r.sum(0)[:, None] + 2)))(
            _shares(x, w, p)
        ),
        "smoothed",
    ),
    (
        "em_step",
        lambda x, w, p: _em(_shares(x, *_em(_shares(x, w, p), x)), x),
        "two-steps",
    ),
    (
        "em_step",
        lambda x, w, p: (lambda q: _em(q / q.sum(-1, keepdim=True), x))(
            (w.log() + _pixels(x, p)).exp()
        ),
        "unstable",
    ),
    ("em_step", lambda x, w, p: _em(_shares(x, w, p).cumsum(-1), x), None),
    ("em_step", lambda x, w, p: _em((w.log() + _pixels(x, p).abs()).softmax(-1), x), None),
    ("em_step", lambda x, w, p: _em((w.log() + _pixels(x, p) / 2).softmax(-1), x), None),
    ("em_step", lambda x, w, p: _em(_shares(x, w, p), x.mean(1, keepdim=True).expand_as(x)), None),
    (
        "em_step",
        lambda x, w, p: ((w + _em(_shares(x, w, p), x)[0]) / 2, _em(_shares(x, w, p), x)[1]),
        None,
    ),
    (
        "em_step",
        lambda x, w, p: (
            _em(_shares(x, w, p), x)[0],
            _em(_shares(x, w, p), x)[1].clamp(0.01, 0.99),
        ),
        None,
    ),
    (
        "em_step",
        lambda x, w, p: (_em(_shares(x, w, p), x)[0][:, None], _em(_shares(x, w, p), x)[1]),
        "shape",
    ),
]


# ------------------------------------------------------------------ first tries of students
def _one_hot(best, count, like):
    return F.one_hot(best, count).to(like.dtype)


def _distance(x, m):
    return torch.cdist(x, m)


def _finite_only(log_lik):
    fine = log_lik > -math.inf
    return log_lik.masked_fill(~fine, 0).sum(0) / fine.sum(0)


def _rows(p):
    return p / p.sum(1, keepdim=True)


def _safe_top(log_lik):
    return torch.where(log_lik.max().isfinite(), log_lik.max(), 0.0)


def _gradient_one_shift(log_joint, grads):
    p = torch.exp(log_joint - log_joint.max())
    return (_rows(p)[:, :, None] * grads).sum(1)


def _coordinate_by_coordinate(x, weights, means, std):
    p = weights[:, None] * Normal(means, std[:, None]).log_prob(x[:, None]).exp()
    return (p / p.sum(1, keepdim=True)).prod(-1)


def _scores(x, w, p, log=None):
    if log is None:
        return w.log() + _pixels(x, p)
    return w.log() + x @ log(p).T + (1 - x) @ log(1 - p).T


def _believed_twice(x, weights, probs):
    new = _shares(x, weights, probs).mean(0)
    return new, _em(_shares(x, new, probs), x)[1]


FIRST_TRIES = [
    ("em_step", lambda x, w, p: _em(_one_hot(_shares(x, w, p).argmax(-1), len(w), x), x), "hard"),
    (
        "em_step",
        lambda x, w, p: (
            _shares(x, w, p).mean(0),
            F.normalize(_em(_shares(x, w, p), x)[1], p=1, dim=1),
        ),
        "normalized-over-pixels",
    ),
    (
        "em_step",
        lambda x, w, p: (_shares(x, w, p), _em(_shares(x, w, p), x)[1]),
        "shares-as-weights",
    ),
    (
        "responsibilities",
        lambda x, w, m, s: _one_hot(_distance(x, m).argmin(1), len(w), x),
        "nearest",
    ),
    ("responsibilities", lambda x, w, m, s: (-_distance(x, m)).softmax(1), "distance-shares"),
    (
        "responsibilities",
        lambda x, w, m, s: (-(_distance(x, m) ** 2)).softmax(1),
        "distance-shares",
    ),
    (
        "responsibilities",
        lambda x, w, m, s: 1 / _distance(x, m) / (1 / _distance(x, m)).sum(1, keepdim=True),
        "distance-shares",
    ),
    (
        "sample_mixture",
        lambda u, e, w, m, s: _picked((w > u[:, None]).int().argmax(1), e, m, s),
        "not-cumulative",
    ),
    (
        "sample_mixture",
        lambda u, e, w, m, s: (lambda k: m[k] + s[k, None] * e)((u[:, None] >= w).sum(1)),
        "not-cumulative",
    ),
    ("sample_mixture", lambda u, e, w, m, s: _picked(_which(u, w), -e, m, s), "noise-subtracted"),
    ("log_mean_lik", lambda log: log.masked_fill(log == -math.inf, 0).mean(0), "mean-of-logs"),
    ("log_mean_lik", lambda log: log.clamp(min=-1e6).mean(0), "mean-of-logs"),
    ("log_mean_lik", _finite_only, "mean-of-logs"),
    ("log_mean_lik", lambda log: log.mean(0).exp(), "geometric-mean"),
    ("log_mean_lik", lambda log: log.logsumexp(1) - math.log(len(log)), "wrong-axis"),
    (
        "log_mean_lik",
        lambda log: _safe_top(log) + (log - _safe_top(log)).exp().mean(0).log(),
        "one-shift",
    ),
    (
        "log_marginal",
        lambda p, y: (p + y).max() + (p + y - (p + y).max()).exp().sum(1).log(),
        "one-shift",
    ),
    ("log_marginal_grad", _gradient_one_shift, "one-shift"),
    (
        "log_marginal_grad",
        lambda j, g: torch.log((j.softmax(1)[..., None] * g.exp()).sum(1)),
        "gradients-as-logs",
    ),
    (
        "responsibilities",
        lambda x, w, m, s: _rows(w * torch.exp(-(_distance(x, m) ** 2) / (2 * s**2))),
        "no-normalizer",
    ),
    (
        "responsibilities",
        lambda x, w, m, s: _rows(
            w * torch.exp(-(_distance(x, m) ** 2) / (2 * s**2)) / (math.sqrt(2 * math.pi) * s)
        ),
        "one-dimension",
    ),
    ("responsibilities", _coordinate_by_coordinate, "each-coordinate"),
    ("responsibilities", _joint, "log-joint"),
    (
        "responsibilities",
        lambda x, w, m, s: (w * _joint(x, torch.ones_like(w), m, s)).softmax(1),
        "weights-times-logs",
    ),
    ("responsibilities", lambda x, w, m, s: _joint(x, w + 1e-7, m, s).softmax(1), "epsilon-weight"),
    (
        "em_step",
        lambda x, w, p: _em(_rows((_scores(x, w, p) - _scores(x, w, p).max()).exp()), x),
        "one-shift",
    ),
    (
        "em_step",
        lambda x, w, p: _em(_scores(x, w, p, lambda q: q.log().nan_to_num(neginf=0)).softmax(1), x),
        "impossible-forgotten",
    ),
    (
        "em_step",
        lambda x, w, p: _em(_scores(x, w, p, lambda q: (q + 1e-8).log()).softmax(1), x),
        "epsilon",
    ),
    (
        "em_step",
        lambda x, w, p: (
            _shares(x, w, p).mean(0),
            _em(_shares(x, w, p), x)[1].clip(1e-6, 1 - 1e-6),
        ),
        "new-clamped",
    ),
    ("em_step", _believed_twice, "believed-again"),
    (
        "em_step",
        lambda x, w, p: (_shares(x, w, p).mean(0), _shares(x, w, p).T @ x / x.sum(0)),
        "divided-by-ink",
    ),
    (
        "em_step",
        lambda x, w, p: (_shares(x, w, p).mean(0), _em(_shares(x, w, p), x)[1].round()),
        "rounded",
    ),
    (
        "em_step",
        lambda x, w, p: (w * _shares(x, w, p).mean(0), _em(_shares(x, w, p), x)[1]),
        "weights-twice",
    ),
]


NUMBERS = [
    ("mixture_variance", "4**2", "distance-of-means"),
    ("how_many_genotypes", 23, "sizes-added"),
    ("how_many_genotypes", 40, "switches-added"),
    ("how_many_genotypes", "20*20", "pairs"),
    ("how_many_genotypes", "3**8", "eight-genes"),
    ("how_many_genotypes", 256, "eight-switches"),
    ("how_many_genotypes", "20*19*18", "choose-in-order"),
    ("two_genes", "3/8", "half-of-evidence"),
    ("naive_miss", 0.32, "hit"),
    ("mixture_variance", 8, "between-summed"),
    ("mixture_variance", 2.5, "parts-averaged"),
    ("naive_miss", 1, "never"),
    ("naive_miss", "255/256", "never"),
    ("naive_miss", 0, "unbiased"),
    ("how_many_genotypes", 3.49e9, "about"),
    ("how_many_genotypes", 3.5e9, "about"),
    ("how_many_genotypes", "3.487e9", "about"),
    ("how_many_genotypes", 3.4868e9, "about"),
    ("how_many_genotypes", "20**3", "base-and-exponent"),
    ("how_many_genotypes", "3^20", None),
    ("how_many_genotypes", "3,486,784,401", None),
    ("how_many_genotypes", 3486784402, "close"),
    ("how_many_genotypes", "3**20 - 1", "minus-one"),
    ("two_genes", "⅓", None),
    ("two_genes", 0.333, None),
    ("two_genes", "33%", "unreadable"),
    ("two_genes", 0.25, "prior"),
    ("mixture_variance", "1 + 2**2", None),
    ("mixture_variance", "sqrt(5)", "standard-deviation"),
    ("naive_miss", "(1 - 1/256)**100", None),
    ("naive_miss", "exp(-100/256)", None),
    ("naive_miss", 0.68, None),
    ("naive_miss", 67.6, "percent"),
    ("naive_miss", 1, "never"),
    ("why_intractable", "C)", None),
    ("naive_bias", " b ", None),
    ("sampling_needs", "(a)", None),
    ("autoencoder_sampling", "D", None),
    ("true_genes", "c", None),
]


# ------------------------------------------------------------------ the mathematics
def test_two_genes_by_counting():
    genotypes = torch.cartesian_prod(torch.tensor([0, 1]), torch.tensor([0, 1]))
    freckles = genotypes.any(1)
    assert genotypes.all(1).sum() / freckles.sum() == pytest.approx(get("two_genes").truth)


def test_the_variance_of_the_mixture_by_quadrature():
    x = torch.linspace(-12, 12, 20001, dtype=torch.float64)
    parts = Normal(torch.tensor([-2.0, 2.0]).double(), 1.0).log_prob(x[:, None]).exp()
    variance = torch.trapezoid(x.square() * parts.mean(1), x).item()
    assert variance == pytest.approx(get("mixture_variance").truth, rel=1e-9)


def test_blind_guessing_by_simulation():
    g = torch.Generator().manual_seed(0)
    hits = (torch.randint(0, 256, (20000, 100), generator=g) == 7).any(1)
    miss = 1 - hits.double().mean().item()
    assert abs(miss - get("naive_miss").truth) < 4 * math.sqrt(0.25 / 20000)


def test_samples_follow_the_mixture():
    g = torch.Generator().manual_seed(0)
    weights, means = torch.tensor([0.2, 0.5, 0.3]), torch.tensor([[-4.0], [0.0], [3.0]])
    std = torch.tensor([0.5, 1.0, 2.0])
    u, noise = torch.rand(50000, generator=g), torch.randn(50000, 1, generator=g)
    x = get("sample_mixture").reference(u, noise, weights, means, std)
    mixture = MixtureSameFamily(Categorical(weights), Independent(Normal(means, std[:, None]), 1))
    assert x.mean().item() == pytest.approx(mixture.mean.item(), abs=0.06)
    assert x.var().item() == pytest.approx(mixture.variance.item(), rel=0.03)


def test_em_never_lowers_the_likelihood_and_gradients_of_it_are_posterior_means():
    g = torch.Generator().manual_seed(0)
    x = torch.randint(0, 2, (30, 6), generator=g).double()
    weights = torch.tensor([0.3, 0.7]).double()
    probs = torch.rand(2, 6, generator=g, dtype=torch.float64)
    marginal, step = get("log_marginal").reference, get("em_step").reference
    scores = []
    for _ in range(20):
        scores.append(marginal(weights.log(), _pixels(x, probs)).sum().item())
        weights, probs = step(x, weights, probs)
        assert weights.sum().item() == pytest.approx(1)
    assert all(a <= b + 1e-9 for a, b in zip(scores, scores[1:], strict=False))
    assert scores[-1] > scores[0] + 1
