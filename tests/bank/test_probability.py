"""Exercises on probability: unseen right answers are accepted, unseen wrong ones rejected."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.distributions import (
    AffineTransform,
    Bernoulli,
    Categorical,
    MultivariateNormal,
    Normal,
    TransformedDistribution,
)

from lecture_utils.exercises import get
from lecture_utils.exercises.checking import check_answer

LOG_2PI = math.log(2 * math.pi)


# ------------------------------------------------------------------ right, written differently
def _loop_table(joint):
    px = torch.stack([sum(joint[x, y] for y in range(joint.shape[1])) for x in range(len(joint))])
    return px, torch.stack([joint[x] / px[x] for x in range(len(joint))])


def _in_logs(joint):
    log_px = joint.log().logsumexp(1)
    return log_px.exp(), (joint.log() - log_px.unsqueeze(1)).exp()


def _loop_sum_rule(px, py_x):
    total = torch.zeros_like(py_x[0])
    for weight, row in zip(px, py_x, strict=True):
        total = total + weight * row
    return total


def _welford(values):
    mean, squares = values[0], torch.zeros_like(values[0])
    for i, value in enumerate(values[1:], start=2):
        step = value - mean
        mean = mean + step / i
        squares = squares + step * (value - mean)
    return mean, (squares / (len(values) - 1) / len(values)).sqrt()


def _all_pairs(values):
    n = len(values)
    variance = (values[:, None] - values[None, :]).square().sum() / (2 * n * (n - 1))
    return values.mean(), (variance / n).sqrt()


def _mixture_loop(weights, means, variances):
    mean = sum(weights[..., k] * means[..., k] for k in range(weights.shape[-1]))
    variance = torch.zeros_like(mean)
    for k in range(weights.shape[-1]):
        distance = means[..., k] - mean
        variance = variance + weights[..., k] * (variances[..., k] + distance * distance)
    return mean, variance


def _mixture_distribution(weights, means, variances):
    mix = torch.distributions.MixtureSameFamily(
        Categorical(weights), Normal(means, variances.sqrt(), validate_args=False)
    )
    return mix.mean, mix.variance


def _pairs_of_parts(weights, means, variances):
    apart = (means.unsqueeze(-1) - means.unsqueeze(-2)) ** 2
    between = 0.5 * torch.einsum("...i,...j,...ij->...", weights, weights, apart)
    return torch.linalg.vecdot(weights, means), torch.linalg.vecdot(weights, variances) + between


def _by_gradient(y, a, b):
    """The volume factor by automatic differentiation of the inverse map."""
    slope = torch.func.vmap(torch.func.grad(lambda v, s, t: (v - t) / s))
    shape = torch.broadcast_shapes(y.shape, a.shape, b.shape)
    flat = [v.expand(shape).reshape(-1) for v in (y, a, b)]
    volume = slope(*flat).abs().log()
    x = (flat[0] - flat[2]) / flat[1]
    return (-0.5 * x * x - 0.5 * LOG_2PI + volume).reshape(shape)


def _flow(y, a, b):
    base = Normal(torch.zeros_like(y + a + b), torch.ones_like(y + a + b))
    return TransformedDistribution(base, [AffineTransform(b, a)]).log_prob(y)


RIGHT = [
    ("marginal_conditional", _loop_table),
    ("marginal_conditional", _in_logs),
    ("marginal_conditional", lambda j: [j.sum(-1), F.normalize(j, p=1, dim=1, eps=0)]),
    (
        "marginal_conditional",
        lambda j: (torch.einsum("xy->x", j), torch.diag(1 / j.sum(1)) @ j),
    ),
    ("marginal_y", _loop_sum_rule),
    ("marginal_y", lambda px, py_x: py_x.mT @ px),
    ("marginal_y", lambda px, py_x: torch.diag(px).mm(py_x).sum(dim=0)),
    ("marginal_y", lambda px, py_x: (px.unsqueeze(0) @ py_x).squeeze(0)),
    ("marginal_y", lambda px, py_x: torch.tensordot(px, py_x, dims=1)),
    ("gaussian_logpdf", lambda x, mu, var: Normal(mu, var**0.5).log_prob(x)),
    (
        "gaussian_logpdf",
        lambda x, mu, var: (
            -F.gaussian_nll_loss(
                *torch.broadcast_tensors(x, mu, var), full=True, reduction="none", eps=0
            )
        ),
    ),
    (
        "gaussian_logpdf",
        lambda x, mu, var: -((x - mu).square() + var * (var.log() + LOG_2PI)) / (2 * var),
    ),
    (
        "gaussian_logpdf",
        lambda x, mu, var: (
            Normal(0 * mu, 0 * var + 1).log_prob((x - mu) / var.sqrt()) - torch.log(var) / 2
        ),
    ),
    ("mc_mean", _welford),
    ("mc_mean", _all_pairs),
    ("mc_mean", lambda v: [v.mean(), torch.std(v) * v.shape[0] ** -0.5]),
    ("mc_mean", lambda v: (torch.mean(v), torch.sqrt(torch.var(v, correction=1) / len(v)))),
    (
        "mc_mean",
        lambda v: (v.mean(), torch.linalg.norm(v - v.mean()) / np.sqrt(len(v) ** 2 - len(v))),
    ),
    ("mixture_moments", _mixture_loop),
    ("mixture_moments", _mixture_distribution),
    ("mixture_moments", _pairs_of_parts),
    (
        "mixture_moments",
        lambda w, m, v: (
            (w * m).sum(-1),
            (w * (v + (m - (w * m).sum(-1, keepdim=True)) ** 2)).sum(-1),
        ),
    ),
    ("pushforward_logpdf", _by_gradient),
    ("pushforward_logpdf", _flow),
    ("pushforward_logpdf", lambda y, a, b: Normal(b, (a * a).sqrt()).log_prob(y)),
    (
        "pushforward_logpdf",
        lambda y, a, b: -0.5 * ((b - y) / a) ** 2 + (1 / a).abs().log() - math.log(math.tau) / 2,
    ),
    (
        "pushforward_logpdf",
        lambda y, a, b: -((y - b).square() / a.square() + LOG_2PI) / 2 - torch.log(a * a) / 2,
    ),
]


# ------------------------------------------------------------------ wrong, and not in the bank
def _in_place(joint):
    px = joint.sum(1)
    joint /= px[:, None]
    return px, joint


def _resampled(values):
    half = values[torch.randperm(len(values))[: len(values) // 2 + 1]]
    return values.mean(), half.std() / len(half) ** 0.5


UNSEEN = [
    ("marginal_conditional", lambda j: (j.sum(1, keepdim=True), j / j.sum(1, keepdim=True))),
    ("marginal_conditional", lambda j: j.sum(1)),
    ("marginal_conditional", lambda j: (j.sum(), j / j.sum(1, keepdim=True))),
    ("marginal_conditional", lambda j: (j.sum(1), (j / j.sum(1, keepdim=True)).cumsum(1))),
    ("marginal_conditional", lambda j: (j.sum(1), (j / j.sum(1, keepdim=True)).round(decimals=3))),
    ("marginal_conditional", lambda j: (j.sum(1), j / j.sum(1, keepdim=True).detach())),
    ("marginal_conditional", lambda j: (j.sum(1), j / j.sum(1, keepdim=True) ** 2)),
    ("marginal_conditional", lambda j: (j.sum(1), j / (1 - j.sum(1, keepdim=True)))),
    ("marginal_conditional", _in_place),
    ("marginal_conditional", lambda j: (j.sum(1), j / j.sum(1, keepdim=True).clamp(min=1e-8))),
    ("marginal_y", lambda px, py_x: (px @ py_x).round(decimals=2)),
    ("marginal_y", lambda px, py_x: (px @ py_x).max()),
    ("marginal_y", lambda px, py_x: px.sort().values @ py_x),
    ("marginal_y", lambda px, py_x: (px**2) @ py_x / (px**2).sum()),
    ("marginal_y", lambda px, py_x: (1 - px) @ py_x),
    ("marginal_y", lambda px, py_x: torch.softmax(px @ py_x, 0)),
    ("marginal_y", lambda px, py_x: (px @ py_x).cumsum(0)),
    ("marginal_y", lambda px, py_x: (px @ py_x).log()),
    ("marginal_y", lambda px, py_x: (px @ py_x)[None]),
    ("marginal_y", lambda px, py_x: py_x[Categorical(px).sample()].clone()),
    ("gaussian_logpdf", lambda x, mu, var: Normal(mu, var).log_prob(x)),
    ("gaussian_logpdf", lambda x, mu, var: -0.5 * ((x - mu) ** 2 / var + (LOG_2PI + var).log())),
    (
        "gaussian_logpdf",
        lambda x, mu, var: (-0.5 * ((x - mu) ** 2 / var + (2 * math.pi * var).log())).sum(),
    ),
    (
        "gaussian_logpdf",
        lambda x, mu, var: (-0.5 * ((x - mu) ** 2 / var + (2 * math.pi * var).log())).clamp(
            min=-99
        ),
    ),
    (
        "gaussian_logpdf",
        lambda x, mu, var: (-0.5 * ((x - mu) ** 2 / var + (2 * math.pi * var).log())).clamp(max=0),
    ),
    (
        "gaussian_logpdf",
        lambda x, mu, var: -0.5 * ((x - mu) ** 2 / (var + 1e-4) + (2 * math.pi * var).log()),
    ),
    (
        "gaussian_logpdf",
        lambda x, mu, var: -0.5 * ((x - mu) ** 2 / var + (2 * math.pi * var.detach()).log()),
    ),
    ("gaussian_logpdf", lambda x, mu, var: -0.5 * ((x - mu) ** 2 / var + (6.28 * var).log())),
    ("mc_mean", lambda v: (v.mean(), torch.tensor(0.0).to(v))),
    ("mc_mean", lambda v: v.mean()),
    ("mc_mean", lambda v: (v.mean(), (v.max() - v.min()) / len(v) ** 0.5)),
    ("mc_mean", lambda v: (v.abs().mean(), v.std() / len(v) ** 0.5)),
    ("mc_mean", lambda v: (v.mean().item(), v.std().item() / len(v) ** 0.5)),
    ("mc_mean", lambda v: (v.mean(), v.std() / (len(v) + 1) ** 0.5)),
    ("mc_mean", lambda v: (v.mean(), v.std() / len(v) ** (1 / 3))),
    ("mc_mean", lambda v: (v[:-1].mean(), v.std() / len(v) ** 0.5)),
    ("mc_mean", lambda v: (v.mean(), ((v**2).mean() - v.mean() ** 2).sqrt() / len(v) ** 0.5)),
    (
        "mc_mean",
        lambda v: (v.mean(), (((v**2).mean() - v.mean() ** 2) / (len(v) - 1)).sqrt()),
    ),
    ("mc_mean", _resampled),
    ("mixture_moments", lambda w, m, v: (w * m).sum(-1)),
    ("mixture_moments", lambda w, m, v: (m.sum(-1), v.sum(-1))),
    (
        "mixture_moments",
        lambda w, m, v: (
            (w * m).sum(-1),
            (w**2 * (v + (m - (w * m).sum(-1, True)) ** 2)).sum(-1),
        ),
    ),
    (
        "mixture_moments",
        lambda w, m, v: ((w * m).sum(-1), (w * (v + (m - m[..., :1]) ** 2)).sum(-1)),
    ),
    (
        "mixture_moments",
        lambda w, m, v: ((w * m).sum(-1), (w * v).sum(-1) + m.var(-1, correction=0) ** 0.5),
    ),
    (
        "mixture_moments",
        lambda w, m, v: ((w * m).sum(0), (w * (v + (m - (w * m).sum(0)) ** 2)).sum(0)),
    ),
    (
        "mixture_moments",
        lambda w, m, v: (
            (w * m).sum(-1, True),
            (w * (v + (m - (w * m).sum(-1, True)) ** 2)).sum(-1, True),
        ),
    ),
    ("mixture_moments", lambda w, m, v: ((w * m).sum(-1), (w * (v.sqrt() + m.abs()) ** 2).sum(-1))),
    (
        "mixture_moments",
        lambda w, m, v: (
            (w / v * m).sum(-1) / (w / v).sum(-1),
            (w * (v + (m - (w * m).sum(-1, True)) ** 2)).sum(-1),
        ),
    ),
    ("pushforward_logpdf", lambda y, a, b: Normal(b, a * a).log_prob(y)),
    ("pushforward_logpdf", lambda y, a, b: Normal(a, b.abs() + 1e-9).log_prob(y)),
    ("pushforward_logpdf", lambda y, a, b: Normal(b, a.abs().sqrt()).log_prob(y)),
    (
        "pushforward_logpdf",
        lambda y, a, b: -0.5 * ((y - b) / a) ** 2 - 0.5 * LOG_2PI - (a.abs() + 1e-4).log(),
    ),
    (
        "pushforward_logpdf",
        lambda y, a, b: -0.5 * ((y - b) / a) ** 2 - 0.5 * LOG_2PI - a.detach().abs().log(),
    ),
    (
        "pushforward_logpdf",
        lambda y, a, b: -0.5 * ((y - b) / a) ** 2 - 0.5 * LOG_2PI - torch.log1p(a.abs()),
    ),
    (
        "pushforward_logpdf",
        lambda y, a, b: (-0.5 * ((y - b) / a) ** 2 - 0.5 * LOG_2PI - a.abs().log()).mean(),
    ),
    (
        "pushforward_logpdf",
        lambda y, a, b: -0.5 * ((y - b) / a) ** 2 - 0.5 * LOG_2PI - a.abs().log2(),
    ),
    (
        "pushforward_logpdf",
        lambda y, a, b: -0.5 * ((y - b) / a) ** 2 - 0.5 * LOG_2PI - y.abs().log(),
    ),
    (
        "pushforward_logpdf",
        lambda y, a, b: (-0.5 * ((y - b) / a) ** 2 - 0.5 * LOG_2PI - a.abs().log()).clamp(min=-100),
    ),
]


# ------------------------------------------------------------------ first tries of students
def _volume_of_the_inverse(y, a, b):
    x = (y - b) / a
    return Normal(0.0, 1.0).log_prob(x) + torch.log(abs(a))


def _average_over_rows(px, py_x):
    total = 0
    for row in py_x:
        total = total + row
    return total / len(py_x)


def _standard(x):
    return Normal(0.0, 1.0).log_prob(x)


FIRST_TRIES = [
    (
        "gaussian_logpdf",
        lambda x, mu, var: -((x - mu) ** 2) / (2 * var) - var**0.5 - 0.5 * LOG_2PI,
        "sigma-not-log",
    ),
    (
        "gaussian_logpdf",
        lambda x, mu, var: -((x - mu) ** 2) / (2 * var) - 0.5 * torch.log(var) - 0.9189,
        "constant-rounded",
    ),
    (
        "gaussian_logpdf",
        lambda x, mu, var: -0.5 * ((x - mu) ** 2 / var + torch.log(2 * 3.14 * var)),
        "constant-rounded",
    ),
    (
        "gaussian_logpdf",
        lambda x, mu, var: torch.log_softmax(-((x - mu) ** 2) / (2 * var), 0),
        "normalized-over-x",
    ),
    (
        "gaussian_logpdf",
        lambda x, mu, var: (lambda z: z - torch.exp(z).sum().log())(
            -0.5 * (x - mu) ** 2 / var - 0.5 * LOG_2PI
        ),
        "normalized-over-x",
    ),
    (
        "pushforward_logpdf",
        lambda y, a, b: _standard(y * a + b) + torch.log(a.abs()),
        "other-direction",
    ),
    ("pushforward_logpdf", lambda y, a, b: Normal(b, a).log_prob(y), "exception"),
    (
        "pushforward_logpdf",
        lambda y, a, b: Normal(b, a, validate_args=False).log_prob(y),
        "no-absolute",
    ),
    (
        "gaussian_logpdf",
        lambda x, mu, var: -0.5 * ((x + mu) ** 2 / var + (2 * math.pi * var).log()),
        "plus-mean",
    ),
    (
        "gaussian_logpdf",
        lambda x, mu, var: -0.5 * ((x - mu) ** 2 / var + (2 * math.pi * var).log2()),
        "log-base",
    ),
    (
        "gaussian_logpdf",
        lambda x, mu, var: -0.5 * ((x - mu) ** 2 / var + (2 * math.pi * var).log10()),
        "log-base",
    ),
    ("marginal_conditional", lambda j: (j.sum(1), F.normalize(j, dim=1)), "unit-length"),
    ("marginal_conditional", lambda j: (j.sum(0), j / j.sum(0, keepdim=True)), "wrong-axis"),
    ("marginal_conditional", lambda j: (j.sum(axis=1), j / j.sum(axis=1)), "broadcast"),
    ("marginal_conditional", lambda j: (j.sum(1), j / torch.sum(j)), "joint-as-conditional"),
    ("marginal_conditional", lambda j: (j.sum(1), j.softmax(dim=-1)), "softmax"),
    (
        "marginal_conditional",
        lambda j: (j.sum(1), torch.outer(j.sum(1), j.sum(0))),
        "product-of-marginals",
    ),
    ("marginal_conditional", lambda j: (j.sum(1, True), j / j.sum(1, True)), "shape"),
    ("marginal_conditional", _in_place, "in-place"),
    ("marginal_y", _average_over_rows, "unweighted-mean"),
    ("marginal_y", lambda px, py_x: (py_x * px).sum(dim=0), "broadcast"),
    ("marginal_y", lambda px, py_x: torch.matmul(py_x, px), "sums-over-y"),
    ("marginal_y", lambda px, py_x: (py_x * px[:, None]).sum(dim=1), "gives-back-px"),
    ("marginal_y", lambda px, py_x: torch.outer(px, py_x.sum(0)), None),
    ("gaussian_logpdf", lambda x, m, v: Normal(m, v).log_prob(x), "variance-as-deviation"),
    ("gaussian_logpdf", lambda x, m, v: Normal(m, v.sqrt()).log_prob(x).exp(), "density"),
    ("gaussian_logpdf", lambda x, m, v: -Normal(m, v.sqrt()).log_prob(x), "negative"),
    (
        "gaussian_logpdf",
        lambda x, m, v: torch.log(torch.exp(-((x - m) ** 2) / (2 * v)) / (2 * math.pi * v) ** 0.5),
        "underflow",
    ),
    (
        "gaussian_logpdf",
        lambda x, m, v: -0.5 * ((x - m) ** 2 / v + math.log(2 * math.pi)) - v.log(),
        "whole-log-var",
    ),
    (
        "gaussian_logpdf",
        lambda x, m, v: -0.5 * (x - m) ** 2 / v - 0.5 * v.log() - LOG_2PI,
        "constant",
    ),
    ("mc_mean", lambda v: (v.mean(), v.std() / v.shape[0]), "over-n"),
    ("mc_mean", lambda v: (v.mean(), torch.std(v)), "spread-of-samples"),
    ("mc_mean", lambda v: (v.mean(), torch.var(v) / len(v)), "variance-of-mean"),
    ("mc_mean", lambda v: (v.mean(), v.std(correction=0) / math.sqrt(len(v))), "biased"),
    ("mc_mean", lambda v: (v.mean(), v.std() / math.sqrt(len(v) - 1)), "one-less-twice"),
    (
        "mc_mean",
        lambda v: (v.mean(), (((v**2).mean() - v.mean() ** 2) / (len(v) - 1)).sqrt()),
        None,
    ),
    ("mc_mean", lambda v: (v.mean().item(), v.std().item() / len(v) ** 0.5), "type"),
    ("mixture_moments", lambda w, m, v: ((w * m).sum(-1), (w * v).sum(-1)), "within-only"),
    (
        "mixture_moments",
        lambda w, m, v: ((w * m).sum(-1), (w * (v + m**2)).sum(-1)),
        "second-moment",
    ),
    (
        "mixture_moments",
        lambda w, m, v: ((w * m).sum(-1), (w**2 * v).sum(-1)),
        "weighted-sum",
    ),
    ("mixture_moments", lambda w, m, v: (m.mean(-1), v.mean(-1)), "unweighted"),
    ("pushforward_logpdf", lambda y, a, b: Normal(b, a**2).log_prob(y), "variance-as-deviation"),
    (
        "pushforward_logpdf",
        lambda y, a, b: -0.5 * ((y - b) / a) ** 2 - 0.5 * LOG_2PI,
        "no-volume",
    ),
    ("pushforward_logpdf", _volume_of_the_inverse, "volume-sign"),
    (
        "pushforward_logpdf",
        lambda y, a, b: -0.5 * ((y - b) / a) ** 2 - 0.5 * LOG_2PI - torch.log(a),
        "no-absolute",
    ),
    ("pushforward_logpdf", lambda y, a, b: -0.5 * y**2 - 0.5 * LOG_2PI, "unchanged"),
]


def test_who_takes_a_for_a_scale_reads_that_a_may_be_negative():
    result = check_answer(get("pushforward_logpdf"), lambda y, a, b: Normal(b, a).log_prob(y))
    assert any("a is negative" in line for line in result.details), result


# ------------------------------------------------------------------ numbers
NUMBERS = [
    ("snow_given_coat", "8/11", None),
    ("snow_given_coat", "0.27", "complement"),
    ("snow_given_coat", "0.95", "added"),
    ("snow_given_coat", "0.15", "dry-joint"),
    ("snow_given_coat", "3/8", "no-snow-to-snow"),
    ("snow_given_coat", "0.7", "rounded-too-far"),
    ("height_units", "0.0057", "by-1000"),
    ("height_units", "100", "the-factor"),
    ("density_peak", "inf", "infinite"),
    ("more_samples", "10", "factor-of-error"),
    ("more_samples", "100000", "factor-1000"),
    ("lying_fine", "0.7*log(7/9) + 0.3*log(3)", None),
    ("lying_fine", "0.154", None),
    ("lying_fine", "0.2", "forecast-distance"),
    ("lying_fine", "0.764", "whole-fine"),
    ("lying_fine", "0.116", "other-weights"),
    ("lying_fine", "-0.154", "sign"),
    ("lying_fine", "0.222", "bits"),
    ("lying_fine", "-log(0.9)", "snowy-fine"),
    ("lying_fine", "0.105", "snowy-fine"),
    ("snow_given_coat", "0.4 / 0.55", None),
    ("snow_given_coat", "0.73", None),
    ("snow_given_coat", "72.7", "percent"),
    ("snow_given_coat", "3/11", "complement"),
    ("snow_given_coat", "0.75", "too-large"),
    ("density_peak", "3.989", None),
    ("density_peak", "10 / sqrt(2*pi)", None),
    ("density_peak", "4", None),
    ("density_peak", "3.9", "close"),
    ("density_peak", "0.4", "sigma-forgotten"),
    ("density_peak", "0.1", "width"),
    ("density_peak", "log(10 / sqrt(2*pi))", "log"),
    ("height_units", "5.7e-2", None),
    ("height_units", "5.7/100", None),
    ("height_units", "5.7*100", "times-100"),
    ("more_samples", "10000", None),
    ("more_samples", "10**4", None),
    ("more_samples", "1e4", None),
    ("more_samples", "1,000", "inverse-n"),
    ("more_samples", "300", "tripled"),
    ("more_samples", "100 * sqrt(10)", "wrong-root"),
]


def test_numbers_follow_from_the_distributions():
    table = torch.tensor([[0.40, 0.10], [0.15, 0.35]], dtype=torch.float64)
    assert get("snow_given_coat").truth == pytest.approx((table[0, 0] / table[:, 0].sum()).item())
    peak = Normal(0.0, torch.tensor(0.1, dtype=torch.float64)).log_prob(torch.tensor(0.0)).exp()
    assert get("density_peak").truth == pytest.approx(peak.item())
    meters = Normal(torch.tensor(1.7).double(), 0.07)
    scaled = TransformedDistribution(meters, [AffineTransform(0.0, 100.0)])
    ratio = (scaled.log_prob(meters.mean * 100) - meters.log_prob(meters.mean)).exp()
    assert get("height_units").truth == pytest.approx(5.7 * ratio.item())
    assert get("more_samples").truth == 100 * (0.3 / 0.03) ** 2


def test_densities_integrate_to_1():
    grid = torch.linspace(-60, 60, 200_001, dtype=torch.float64)
    wide = get("gaussian_logpdf").reference(grid, torch.tensor(1.0), torch.tensor(9.0).double())
    flow = get("pushforward_logpdf").reference(
        grid, torch.tensor(-3.0).double(), torch.tensor(2.0).double()
    )
    for log_density in (wide, flow):
        assert torch.trapezoid(log_density.exp(), grid) == pytest.approx(1.0, abs=1e-9)


def test_a_mixture_and_its_samples():
    weights, means, variances = (
        torch.tensor(v, dtype=torch.float64) for v in ([0.3, 0.7], [-2.0, 1.0], [0.5, 2.0])
    )
    mean, variance = get("mixture_moments").reference(weights, means, variances)
    torch.manual_seed(0)
    k = Bernoulli(weights[1]).sample((400_000,)).long()
    x = MultivariateNormal(torch.zeros(1), torch.eye(1)).sample((400_000,))[:, 0]
    x = means[k] + variances[k].sqrt() * x
    assert x.mean().item() == pytest.approx(mean.item(), abs=0.02)
    assert x.var().item() == pytest.approx(variance.item(), abs=0.03)
