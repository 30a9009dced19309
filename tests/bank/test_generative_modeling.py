"""The bank on generative modeling: right solutions written differently, and unseen wrong ones."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from lecture_utils.exercises import get
from lecture_utils.exercises.bank import generative_modeling as bank


# ------------------------------------------------------------------ right, written differently
def _split_rows(log_joint):
    images = torch.stack([torch.logsumexp(row, 0) for row in log_joint])
    return images, torch.stack([row - row.logsumexp(0) for row in log_joint])


def _split_categorical(log_joint):
    return torch.logsumexp(log_joint, 1), torch.log_softmax(log_joint, 1)


def _split_logaddexp(log_joint):
    total = log_joint[:, 0]
    for column in log_joint.unbind(1)[1:]:
        total = torch.logaddexp(total, column)
    return [total, log_joint - total.unsqueeze(1)]


def _sample_loop(joint, y, u):
    result = []
    for label, v in zip(y.tolist(), u.tolist(), strict=True):
        column = joint[:, label] / joint[:, label].sum()
        total = 0.0
        outcomes = iter(column.tolist())
        x = -1
        while total <= v:
            total, x = total + next(outcomes), x + 1
        result.append(x)
    return torch.tensor(result)


def _sample_scaled(joint, y, u):
    columns = joint.T[y]
    edges = columns.cumsum(1)
    return (edges <= (u * columns.sum(1))[:, None]).sum(1)


def _sample_search(joint, y, u):
    p = (joint / joint.sum(0, keepdim=True)).T[y]
    return torch.searchsorted(p.cumsum(-1), u[:, None], right=True).squeeze(-1)


def _visible_loop(x, visible, prior, theta):
    rows = []
    for b in range(len(x)):
        score = prior.log()
        seen = visible[b]
        for c in range(len(prior)):
            bits, p = x[b, seen], theta[c, seen]
            term = (bits * p.log() + (1 - bits) * (1 - p).log()).sum()
            score = score + F.one_hot(torch.tensor(c), len(prior)) * term
        rows.append(score.softmax(0))
    return torch.stack(rows)


def _visible_times(x, visible, prior, theta):
    x = torch.where(visible, x, 0.0)
    scores = prior.log() + x @ theta.log().T + ((1 - x) * visible) @ (1 - theta).log().T
    return torch.softmax(scores, -1)


def _visible_odds(x, visible, prior, theta):
    """The given code, less what it says of hidden pixels."""
    x = torch.where(visible, x, 0.0)
    scores = prior.log() + x @ theta.log().T + (1 - x) @ (1 - theta).log().T
    scores = scores - (~visible).to(x.dtype) @ (1 - theta).log().T
    return (scores - scores.logsumexp(-1, keepdim=True)).exp()


def _visible_distribution(x, visible, prior, theta):
    x = x.masked_fill(~visible, 0.0)
    log_p = torch.distributions.Bernoulli(probs=theta).log_prob(x[:, None])
    log_p = log_p.masked_fill(~visible[:, None], 0.0).sum(-1)
    return torch.distributions.Categorical(logits=prior.log() + log_p).probs


def _twin_by_density(mu0, mu1, cov, pi):
    """b is the log odds at 0, w their slope."""
    zero = torch.distributions.MultivariateNormal(mu0, cov)
    one = torch.distributions.MultivariateNormal(mu1, cov)

    def odds(x):
        return one.log_prob(x) - zero.log_prob(x) + torch.log(pi) - torch.log(1 - pi)

    origin = torch.zeros_like(mu0)
    return torch.func.grad(odds)(origin), odds(origin)


def _twin_einsum(mu0, mu1, cov, pi):
    inverse = torch.linalg.inv(cov)
    w = torch.einsum("ij,j->i", inverse, mu1 - mu0)
    squares = torch.einsum("i,ij,j->", mu1, inverse, mu1) - torch.einsum(
        "i,ij,j->", mu0, inverse, mu0
    )
    return w, -squares / 2 + torch.logit(pi)


def _twin_cholesky(mu0, mu1, cov, pi):
    root = torch.linalg.cholesky(cov)
    w = torch.cholesky_solve((mu1 - mu0)[:, None], root).squeeze(1)
    return w, (pi / (1 - pi)).log() - torch.dot(w, mu0 + mu1) * 0.5


def _lost_loop(log_true, log_model):
    gaps = [t - m for t, m in zip(log_true, log_model, strict=True)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / (len(gaps) - 1)
    return mean, torch.sqrt(variance / len(gaps))


def _closer_loop(samples, train, held_out):
    count = 0
    for x in samples:
        near = min((x - t).norm().item() for t in train)
        count += near < min((x - t).norm().item() for t in held_out)
    return count / len(samples)


def _closer_one_table(samples, train, held_out):
    both = torch.cat([held_out, train])  # of equal distances argmin takes the first
    nearest = (samples[:, None] - both).square().sum(-1).argmin(1)
    return (nearest >= len(held_out)).float().mean()


def _closer_einsum(samples, train, held_out):
    def nearest(points):
        gap = samples.unsqueeze(1) - points.unsqueeze(0)
        return torch.einsum("nmd,nmd->nm", gap, gap).sqrt().min(dim=1)[0]

    return (nearest(held_out) > nearest(train)).sum() / len(samples)


RIGHT = [
    ("split_joint", _split_rows),
    ("split_joint", _split_categorical),
    ("split_joint", _split_logaddexp),
    ("sample_given_label", _sample_loop),
    ("sample_given_label", _sample_scaled),
    ("sample_given_label", _sample_search),
    ("label_from_visible", _visible_loop),
    ("label_from_visible", _visible_times),
    ("label_from_visible", _visible_odds),
    ("label_from_visible", _visible_distribution),
    ("logistic_twin", _twin_by_density),
    ("logistic_twin", _twin_einsum),
    ("logistic_twin", _twin_cholesky),
    ("nats_lost", _lost_loop),
    ("nats_lost", lambda t, m: (torch.mean(t - m), torch.std(t - m, correction=1) / len(t) ** 0.5)),
    ("nats_lost", lambda t, m: ((t - m).mean(), torch.cov(t - m).div(t.numel()).sqrt())),
    ("nats_lost", lambda t, m: (-(m - t).mean(), ((m - t).var() / len(m)).sqrt())),
    ("closer_to_train", _closer_loop),
    ("closer_to_train", _closer_one_table),
    ("closer_to_train", _closer_einsum),
]


# ------------------------------------------------------------------ wrong, and not in the bank
def _sample(**steps):
    return lambda joint, y, u: bank._draw(joint, y, u, **steps)


def _seen(**steps):
    return lambda x, visible, prior, theta: bank._judged(x, visible, prior, theta, **steps)


def _closer(**steps):
    return lambda samples, train, held_out: bank._closer(samples, train, held_out, **steps)


def _any_seen(x, visible, prior, theta):
    return bank.label_from_visible(x, visible.any(0).expand_as(visible), prior, theta)


def _in_place(x, visible, prior, theta):
    x[~visible] = 0.0
    return bank.label_from_visible(x, visible, prior, theta)


def _twin(w=None, b=None):
    def solve(mu0, mu1, cov, pi):
        weights, offset = bank.logistic_twin(mu0, mu1, cov, pi)
        return (
            weights if w is None else w(mu0, mu1, cov, pi),
            offset if b is None else b(mu0, mu1, cov, pi, weights),
        )

    return solve


UNSEEN = [
    ("split_joint", lambda z: (z.logsumexp(-1, keepdim=True), z.log_softmax(-1))),
    ("split_joint", lambda z: (z.logsumexp(-1).mean(), z.log_softmax(-1))),
    ("split_joint", lambda z: (z.logsumexp(-1), z.log_softmax(-1).exp().clamp(1e-12).log())),
    ("split_joint", lambda z: (z.logsumexp(-1), z.log_softmax(-1).max(-1).values)),
    ("split_joint", lambda z: (z.exp().sum(-1).clamp(1e-30).log(), z.log_softmax(-1))),
    ("split_joint", lambda z: (z.log().sum(-1), z.log_softmax(-1))),
    ("split_joint", lambda z: z.log_softmax(-1)),
    ("split_joint", lambda z: (z.logsumexp(-1), z - z.logsumexp(-1).mean())),
    ("split_joint", lambda z: (z.logsumexp(-1).detach(), z.log_softmax(-1))),
    ("split_joint", lambda z: (z.clamp(min=-100).logsumexp(-1), z.clamp(min=-100).log_softmax(-1))),
    ("sample_given_label", lambda joint, y, u: y),
    ("sample_given_label", _sample(pick=lambda p, u: (p.cumsum(1) <= u).sum(0))),
    ("sample_given_label", _sample(columns=lambda j, y: j[:, y.flip(0)])),
    ("sample_given_label", _sample(columns=lambda j, y: j[y % len(j)].T)),
    ("sample_given_label", _sample(normal=lambda c: c / c.max(0).values)),
    ("sample_given_label", _sample(normal=lambda c: c / (c.sum(0) + 1e-8))),
    ("sample_given_label", _sample(pick=lambda p, u: (p.cumsum(0) <= u).double())),
    ("label_from_visible", _any_seen),
    ("label_from_visible", _in_place),
    ("label_from_visible", _seen(before=lambda prior: 2 * prior.log())),
    ("label_from_visible", _seen(after=lambda s: (s / 2).softmax(-1))),
    ("label_from_visible", _seen(after=lambda s: s.softmax(-1).clamp(1e-3, 0.999))),
    ("label_from_visible", _seen(after=lambda s: s.softmax(-1).detach())),
    ("logistic_twin", _twin(w=lambda m0, m1, cov, pi: F.normalize(m1 - m0, dim=0))),
    ("logistic_twin", _twin(w=lambda m0, m1, cov, pi: torch.linalg.solve(cov, m0 + m1))),
    ("logistic_twin", _twin(w=lambda m0, m1, cov, pi: (m1 - m0) / cov.det())),
    ("logistic_twin", _twin(b=lambda m0, m1, cov, pi, w: -(m0 + m1) * w / 2 + pi.logit())),
    (
        "logistic_twin",
        _twin(b=lambda m0, m1, cov, pi, w: pi.logit() - (m0 + m1) @ w / 2 - cov.logdet()),
    ),
    ("logistic_twin", lambda m0, m1, cov, pi: bank.logistic_twin(m0, m1, cov, pi)[0]),
    ("nats_lost", lambda t, m: (t - m).mean()),
    ("nats_lost", lambda t, m: (t.exp().mean().log() - m.exp().mean().log(), (t - m).std())),
    ("nats_lost", lambda t, m: ((t.exp() - m.exp()).mean(), (t - m).std() / len(t) ** 0.5)),
    ("nats_lost", lambda t, m: (t.mean() / m.mean(), (t - m).std() / len(t) ** 0.5)),
    ("nats_lost", lambda t, m: ((t - m).mean(), (t - m).abs().mean() / len(t) ** 0.5)),
    ("nats_lost", lambda t, m: ((t - m), (t - m).std() / len(t) ** 0.5)),
    ("nats_lost", lambda t, m: ((t - m).sum() / (len(t) - 1), (t - m).std() / len(t) ** 0.5)),
    ("closer_to_train", lambda s, t, h: torch.ones(())),
    ("closer_to_train", _closer(nearest=lambda d: d.median(1).values)),
    ("closer_to_train", _closer(nearest=lambda d: d.min(0).values[:1].expand(len(d)))),
    ("closer_to_train", _closer(finish=lambda c: c.double().std(correction=0))),
    ("closer_to_train", _closer(finish=lambda c: c.any().double())),
    ("closer_to_train", _closer(finish=lambda c: 2 * c.double().mean() - 1)),
    ("closer_to_train", lambda s, t, h: bank.closer_to_train(t, s, h)),
    ("closer_to_train", lambda s, t, h: bank.closer_to_train(s.round(), t.round(), h.round())),
]


# ------------------------------------------------------------------ first tries of students
def _white(x, visible, prior, theta):
    x = x.masked_fill(~visible, 1.0)
    return (prior.log() + x @ theta.log().T + (1 - x) @ (1 - theta).log().T).softmax(-1)


def _product(x, visible, prior, theta):
    likelihood = torch.where(x[:, None] == 1, theta, 1 - theta)
    likelihood = likelihood.masked_fill(~visible[:, None], 1.0).prod(-1)
    return prior * likelihood / (prior * likelihood).sum(1, keepdim=True)


def _first_above(p, u):
    return (p.cumsum(dim=0) > u).int().argmax(dim=0)


def _row_of_label(joint, y, u):
    p = joint[y]
    p = p / p.sum(1, keepdim=True)
    return (p.cumsum(1) > u[:, None]).int().argmax(1)


def _average_per_pixel(x, visible, prior, theta):
    x = x.masked_fill(~visible, 0.0)[:, None]
    log_p = (x * theta.log() + (1 - x) * (1 - theta).log()) * visible[:, None]
    return (prior.log() + log_p.sum(-1) / visible.sum(-1, keepdim=True)).softmax(-1)


def _without_ties(s, t, h):
    near = [torch.cdist(s, points).amin(1) for points in (t, h)]
    sure = near[0] != near[1]
    return (near[0] < near[1])[sure].double().mean()


def _half_for_a_tie(s, t, h):
    a, b = torch.cdist(s, t).amin(1), torch.cdist(s, h).amin(1)
    return ((a < b).double() + 0.5 * (a == b)).mean()


def _page_distance(s, t, h):
    a, b = [(s.sum(1)[:, None] + p.sum(1) - 2 * s @ p.T).amin(1) for p in (t, h)]
    return (a < b).double().mean()


def _only_if_all_hidden(x, visible, prior, theta):
    if not visible.any():
        return prior.expand(len(x), -1)
    x = torch.where(visible, x, 0.0)
    return (prior.log() + x @ theta.log().T + (1 - x) @ (1 - theta).log().T).softmax(-1)


def _likelier_value(x, visible, prior, theta):
    x = torch.where(visible, x, (prior @ theta > 0.5).double())
    return (prior.log() + x @ theta.log().T + (1 - x) @ (1 - theta).log().T).softmax(-1)


def _first_mask(x, visible, prior, theta):
    seen = visible[0]
    x, theta = torch.where(visible, x, 0.0)[:, seen], theta[:, seen]
    return (prior.log() + x @ theta.log().T + (1 - x) @ (1 - theta).log().T).softmax(-1)


def _flipped_twin(m0, m1, cov, pi):
    w = torch.linalg.inv(cov) @ (m0 - m1)
    return w, (pi / (1 - pi)).log() - (m1 + m0) @ w / 2


def _cumulative(j, y, u):
    c = (j[:, y] / j[:, y].sum(0)).cumsum(0)
    return c[(c <= u).sum(0), torch.arange(len(y))]


def _bits_too_early(z):
    z = z / math.log(2)
    total = z.logsumexp(-1)
    return total, z - total[:, None]


def _out_of_the_logs(t, m):
    gaps = (t.exp() / m.exp()).log()
    return gaps.mean(), gaps.std() / len(gaps) ** 0.5


def _error(values):
    return values.std() / len(values) ** 0.5


FIRST_TRIES = [
    ("split_joint", _bits_too_early, "bits-before-the-sum"),
    ("sample_given_label", _cumulative, "cumulative-probability"),
    (
        "sample_given_label",
        lambda j, y, u: ((j[:, y] / j[:, y].sum(0)) > u).int().argmax(0),
        "no-cumulative",
    ),
    ("label_from_visible", _only_if_all_hidden, "all-hidden-alone"),
    (
        "label_from_visible",
        lambda *args: _only_if_all_hidden(*args) if args[1].any() else args[2],
        "all-hidden-alone",
    ),
    ("label_from_visible", _likelier_value, "likeliest-pixel"),
    ("label_from_visible", _first_mask, "mask-of-the-first"),
    ("logistic_twin", _flipped_twin, "direction"),
    ("nats_lost", _out_of_the_logs, "logs-left"),
    ("closer_to_train", _without_ties, "ties-left-out"),
    ("closer_to_train", _half_for_a_tie, "ties-half"),
    ("closer_to_train", _page_distance, "differing-pixels"),
    (
        "closer_to_train",
        lambda s, t, h: (torch.cdist(s, t) < torch.cdist(s, h)).double().mean(),
        "no-minimum",
    ),
    (
        "closer_to_train",
        lambda s, t, h: (torch.cdist(s, t).min() < torch.cdist(s, h).min()).double(),
        "one-minimum",
    ),
    (
        "closer_to_train",
        lambda s, t, h: 100 * bank.closer_to_train(s, t, h),
        "percent",
    ),
    ("sample_given_label", lambda j, y, u: _first_above(j[:, y], u), "not-normalized"),
    (
        "sample_given_label",
        lambda j, y, u: _first_above((j / j.sum(1, keepdim=True))[:, y], u),
        "other-conditional",
    ),
    ("sample_given_label", _row_of_label, "rows"),
    (
        "sample_given_label",
        lambda j, y, u: (j[y].cumsum(1) <= u[:, None]).sum(1),
        "rows",
    ),
    (
        "sample_given_label",
        lambda j, y, u: ((j / j.sum(0))[:, y].cumsum(-1) > u).int().argmax(0),
        "cumulative-over-draws",
    ),
    ("label_from_visible", _average_per_pixel, "mean-over-pixels"),
    (
        "nats_lost",
        lambda t, m: ((t.exp() * (t - m)).sum(), _error(t.exp() * (t - m))),
        "weighted-sum",
    ),
    (
        "nats_lost",
        lambda t, m: (F.kl_div(m, t, log_target=True, reduction="batchmean"), _error(t - m)),
        "weighted-sum",
    ),
    (
        "nats_lost",
        lambda t, m: (F.kl_div(m, t.exp(), reduction="sum"), _error(t - m)),
        "kl-div",
    ),
    (
        "nats_lost",
        lambda t, m: (
            F.kl_div(m, t, reduction="batchmean"),
            _error(F.kl_div(m, t, reduction="none")),
        ),
        "kl-div",
    ),
    (
        "nats_lost",
        lambda t, m: (F.kl_div(t, m, log_target=True, reduction="sum"), _error(t - m)),
        "kl-div",
    ),
    ("nats_lost", lambda t, m: (t.mean() / m.mean(), _error(t - m)), "ratio-of-logs"),
    ("nats_lost", lambda t, m: (torch.mean(t / m), _error(t / m)), "ratio-of-logs"),
    (
        "closer_to_train",
        lambda s, t, h: (torch.cdist(s, t).min(0)[0] < torch.cdist(s, h).min(0)[0]).float().mean(),
        "seen-from-train",
    ),
    ("split_joint", lambda z: (z.exp().sum(1).log(), F.log_softmax(z, 1)), "unstable"),
    ("split_joint", lambda z: (z.logsumexp(1), F.softmax(z, 1)), "conditional-not-in-logs"),
    ("split_joint", lambda z: (z.logsumexp(0), z - z.logsumexp(0)), "over-pictures-both"),
    ("split_joint", lambda z: (z.sum(1), z - z.sum(1)[:, None]), "sum-of-logs"),
    ("split_joint", lambda z: (z.logsumexp(1), z), "joint-as-conditional"),
    ("sample_given_label", lambda j, y, u: (j[:, y].cumsum(0) <= u).sum(0), "not-normalized"),
    ("sample_given_label", lambda j, y, u: j[:, y].max(0).indices, "most-likely"),
    (
        "sample_given_label",
        lambda j, y, u: torch.distributions.Categorical(j[:, y].T).sample(),
        "own-dice",
    ),
    ("sample_given_label", lambda j, y, u: _sample_search(j, y, u) + 1, "one-too-far"),
    (
        "sample_given_label",
        lambda j, y, u: torch.searchsorted((j / j.sum(0)).T[y].cumsum(1), u[:, None])[:, 0],
        "border",
    ),
    ("label_from_visible", _white, "hidden-is-white"),
    ("label_from_visible", _product, "underflow"),
    ("label_from_visible", _in_place, "in-place"),
    ("label_from_visible", lambda *args: _visible_times(*args).log(), "log-probabilities"),
    (
        "logistic_twin",
        lambda m0, m1, cov, pi: (
            cov.inverse() @ (m0 - m1),
            0.5 * (m1 @ cov.inverse() @ m1 - m0 @ cov.inverse() @ m0) - torch.logit(pi),
        ),
        "labels-swapped",
    ),
    (
        "logistic_twin",
        lambda m0, m1, cov, pi: (
            (m1 - m0) @ cov,
            torch.logit(pi) - (m0 + m1) @ cov @ (m1 - m0) / 2,
        ),
        "covariance-not-inverted",
    ),
    ("nats_lost", lambda t, m: ((t - m).mean(), (t - m).std()), "spread"),
    ("nats_lost", lambda t, m: ((t - m).mean(), (t - m).std() / len(t)), "over-n"),
    ("nats_lost", lambda t, m: ((m - t).mean(), (m - t).std() / len(t) ** 0.5), "sign"),
    (
        "nats_lost",
        lambda t, m: ((t - m).mean(), (t - m).std(unbiased=False) / len(t) ** 0.5),
        "biased",
    ),
    (
        "closer_to_train",
        lambda s, t, h: (torch.cdist(s, t).min(1)[0] <= torch.cdist(s, h).min(1)[0]).float().mean(),
        "ties-count",
    ),
    (
        "closer_to_train",
        lambda s, t, h: (torch.cdist(s, t).mean(1) < torch.cdist(s, h).mean(1)).float().mean(),
        "mean-distance",
    ),
    (
        "closer_to_train",
        lambda s, t, h: (torch.cdist(s, t).amin(1) < torch.cdist(s, h).amin(1)).sum(),
        "count",
    ),
]


# ------------------------------------------------------------------ the mathematics
def test_twin_gives_the_posterior_of_the_gaussians():
    g = torch.Generator().manual_seed(0)
    root = torch.randn(3, 3, generator=g, dtype=torch.float64)
    cov = root @ root.T + torch.eye(3, dtype=torch.float64)
    mu0, mu1, x = torch.randn(3, 3, generator=g, dtype=torch.float64)
    pi = torch.tensor(0.3, dtype=torch.float64)
    p0, p1 = (torch.distributions.MultivariateNormal(m, cov).log_prob(x).exp() for m in (mu0, mu1))
    w, b = bank.logistic_twin(mu0, mu1, cov, pi)
    assert torch.sigmoid(w @ x + b).item() == pytest.approx(
        (pi * p1 / (pi * p1 + (1 - pi) * p0)).item()
    )


def test_hidden_pixels_are_summed_out():
    """p(y | seen) is p(y, x) summed over all values of the hidden pixels."""
    g = torch.Generator().manual_seed(1)
    theta = torch.rand(2, 3, generator=g, dtype=torch.float64)
    prior = torch.tensor([0.3, 0.7], dtype=torch.float64)
    visible = torch.tensor([[True, False, False]])
    joint = torch.zeros(2, dtype=torch.float64)
    for a in (0.0, 1.0):
        for b in (0.0, 1.0):
            x = torch.tensor([1.0, a, b], dtype=torch.float64)
            joint += prior * torch.where(x == 1, theta, 1 - theta).prod(1)
    x = torch.tensor([[1.0, 9.0, 9.0]], dtype=torch.float64)
    found = bank.label_from_visible(x, visible, prior, theta)[0]
    assert torch.allclose(found, joint / joint.sum())


def test_samples_given_a_label_have_the_right_shares():
    joint = torch.tensor([[0.1, 0.2], [0.3, 0.05], [0.0, 0.35]], dtype=torch.float64)
    u = (torch.arange(10000, dtype=torch.float64) + 0.5) / 10000
    for label in (0, 1):
        x = bank.sample_given_label(joint, torch.full((10000,), label), u)
        shares = torch.bincount(x, minlength=3) / 10000
        wanted = joint[:, label] / joint[:, label].sum()
        assert torch.allclose(shares.double(), wanted, atol=2e-4)


def test_numbers_of_the_questions():
    assert get("chandelier").truth == pytest.approx(0.25 * 0.6 / (0.25 * 0.6 + 0.75 * 0.1))
    assert get("mostly_noise").truth == pytest.approx(-math.log(0.01))
    joint = torch.tensor([[0.4, 0.1], [0.15, 0.35]], dtype=torch.float64)
    assert get("best_judge").truth == pytest.approx(joint.amax(1).sum().item())
    by_lot = (joint.square().sum(1) / joint.sum(1)).sum().item()
    assert by_lot == pytest.approx(0.63)  # drawn from p(y | x)
    x = torch.randn(4000, 784, generator=torch.Generator().manual_seed(2))
    assert x.norm(dim=1).mean().item() == pytest.approx(28, abs=0.1)  # "about 28 away"
    assert (x.square().sum(1) / 2).mean().item() == pytest.approx(392, abs=2)  # "some 392 nats"


NUMBERS = [
    ("chandelier", "2/3", None),
    ("chandelier", "⅔", None),
    ("chandelier", "0.667", None),
    ("chandelier", "66.7", "percent"),
    ("chandelier", "0.6", "likelihood"),
    ("chandelier", "6/7", "no-prior"),
    ("chandelier", "0.7", "too-large"),
    ("chandelier", "0.1", "plain-likelihood"),
    ("best_judge", "0.75", None),
    ("best_judge", "3/4", None),
    ("best_judge", "0.55", "never-looks"),
    ("best_judge", "0.8", "first-picture"),
    ("best_judge", "0.63", "by-lot"),
    ("best_judge", "0.25", "bayes-error"),
    ("mostly_noise", "784", "a-whole-sheet"),
    ("mostly_noise", "784*log(2)", "a-whole-sheet"),
    ("mostly_noise", "ln(100)", None),
    ("mostly_noise", "4.6", None),
    ("mostly_noise", "4.61", None),
    ("mostly_noise", "log(99)", "odds"),
    ("mostly_noise", "log2(100)", "bits"),
    ("mostly_noise", "-log(0.99)", "wrong-share"),
    ("classify_or_imagine", "B.", None),
    ("memorizer", "(a)", None),
    ("densest_image", "b", "b"),
]
