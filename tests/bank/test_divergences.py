"""Divergences: what the bank has not seen, right and wrong."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from lecture_utils.exercises import get
from lecture_utils.exercises.bank.divergences import _SMALL
from lecture_utils.exercises.checking import check_answer

LN2 = math.log(2)


def _kl(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)


# ------------------------------------------------------------------ right, written differently
def _kl_loop(p, q):
    rows = []
    for a, b in zip(p.reshape(-1, p.shape[-1]), q.reshape(-1, p.shape[-1]), strict=True):
        total = torch.zeros_like(a[0])
        for i in range(len(a)):
            if a[i] > 0:
                total = total + a[i] * torch.log(a[i] / b[i])
        rows.append(total)
    return torch.stack(rows).reshape(p.shape[:-1])


def _kl_masked(p, q):
    terms = p * (torch.log(p) - torch.log(q))
    return terms.masked_fill(p == 0, 0).sum(dim=-1)


def _kl_einsum(p, q):
    ratio = torch.where(p > 0, p / q, torch.ones_like(p))
    return torch.einsum("...v,...v->...", p, ratio.log())


def _cross_minus_entropy(p, q):
    return -torch.special.xlogy(p, q).sum(-1) - torch.special.entr(p).sum(-1)


def _gaussians_loop(mp, sp, mq, sq):
    results = []
    for b in range(len(mp)):
        total = 0.0
        for d in range(mp.shape[1]):
            total = total + torch.log(sq[b, d]) - torch.log(sp[b, d]) - 0.5
            total = total + (sp[b, d] ** 2 + (mp[b, d] - mq[b, d]) ** 2) / (2 * sq[b, d] ** 2)
        results.append(total)
    return torch.stack(results)


def _gaussians_independent(mp, sp, mq, sq):
    p, q = (
        torch.distributions.Independent(torch.distributions.Normal(m, s), 1)
        for m, s in ((mp, sp), (mq, sq))
    )
    return torch.distributions.kl_divergence(p, q)


def _gaussians_einsum(mp, sp, mq, sq):
    precision = sq**-2
    square = torch.einsum("bd,bd->b", sp**2 + (mp - mq) ** 2, precision)
    return 0.5 * (square - mp.shape[1]) + torch.log(sq).sum(1) - torch.log(sp).sum(1)


def _estimate_loop(log_p, log_q, x):
    total, n = 0.0, len(x)
    for a, b in zip(log_p(x), log_q(x), strict=True):
        total = total + (a - b) / n
    return total


def _js_loop(p, q):
    m = 0.5 * p + 0.5 * q
    return 0.5 * (_kl_loop(p, m) + _kl_loop(q, m))


def _js_masked(p, q):
    m = (p + q) / 2
    ratio_p = torch.where(p > 0, p / m, torch.ones_like(p))
    ratio_q = torch.where(q > 0, q / m, torch.ones_like(q))
    return ((p * ratio_p.log()).sum(-1) + (q * ratio_q.log()).sum(-1)) / 2


def _js_torch(p, q):
    log_m = torch.where(p + q > 0, (p + q) / 2, torch.ones_like(p)).log()
    both = F.kl_div(log_m, p, reduction="none") + F.kl_div(log_m, q, reduction="none")
    return both.sum(dim=-1) / 2


def _third_estimator(log_p, log_q, x):
    r = (log_q(x) - log_p(x)).exp()
    return (r - 1 - r.log()).mean()


def _chain_loop(p, q):
    first = torch.zeros((), dtype=p.dtype)
    second = torch.zeros((), dtype=p.dtype)
    for a, b in zip(p, q, strict=True):
        if a.sum() > 0:
            first = first + a.sum() * (a.sum() / b.sum()).log()
            second = second + a.sum() * _kl(a / a.sum(), b / b.sum())
    return first, second


def _chain_rest(p, q):
    whole = torch.where(p > 0, p * (p / q).log(), 0.0).sum()
    x, y = p.sum(-1), q.sum(-1)
    first = (x * (x / y).log()).nansum()
    return first, whole - first


def _chain_conditional_entropies(p, q):
    def surprise(a, b):
        return -torch.xlogy(a, b).sum()

    x, y = torch.einsum("xy->x", p), torch.einsum("xy->x", q)
    marginal = surprise(x, y) - surprise(x, x)
    return marginal, surprise(p, q) - surprise(p, p) - marginal


RIGHT = [
    ("kl_categorical", _kl_loop),
    ("kl_categorical", _kl_masked),
    ("kl_categorical", _kl_einsum),
    ("kl_categorical", _cross_minus_entropy),
    ("kl_categorical", lambda p, q: torch.xlogy(p, p / q).nansum(-1)),
    ("kl_two_gaussians", _gaussians_loop),
    ("kl_two_gaussians", _gaussians_independent),
    ("kl_two_gaussians", _gaussians_einsum),
    (
        "kl_two_gaussians",
        lambda mp, sp, mq, sq: (
            0.5 * ((sp / sq).square() + ((mq - mp) / sq).square() - 1 + 2 * (sq / sp).log()).sum(1)
        ),
    ),
    ("kl_monte_carlo", _estimate_loop),
    ("kl_monte_carlo", lambda a, b, x: torch.stack([a(x), -b(x)]).sum(0).mean()),
    ("kl_monte_carlo", lambda a, b, x: (a(x) - b(x)).sum() / len(x)),
    ("kl_monte_carlo", lambda a, b, x: -torch.mean(b(x).sub(a(x)), dim=0)),
    ("kl_from_torch", lambda p, q: _kl_loop(p, q).mean()),
    ("kl_from_torch", lambda p, q: F.kl_div(q.log(), p, reduction="none").sum(1).mean()),
    ("kl_from_torch", lambda p, q: F.kl_div(q.log(), p, reduction="mean") * p.shape[1]),
    ("kl_from_torch", lambda p, q: torch.einsum("bv,bv->", p, (p / q).log()) / len(p)),
    ("jensen_shannon", _js_loop),
    ("jensen_shannon", _js_masked),
    ("jensen_shannon", _js_torch),
    (
        "jensen_shannon",
        lambda p, q: (
            torch.special.entr((p + q) / 2) - torch.special.entr(p) / 2 - torch.special.entr(q) / 2
        ).sum(-1),
    ),
    ("kl_chain_rule", _chain_loop),
    ("kl_chain_rule", _chain_rest),
    ("kl_chain_rule", _chain_conditional_entropies),
    ("kl_chain_rule", lambda p, q: list(_chain_loop(p, q))),
]


# ------------------------------------------------------------------ wrong, and not in the bank
def _gaussian_kl(mp, sp, mq, sq):
    return (((sp / sq) ** 2 + ((mp - mq) / sq) ** 2 - 1) / 2 - (sp / sq).log()).sum(-1)


def _marginal(p, q):
    return _kl(p.sum(1), q.sum(1))


def _chain(p, q):
    return _marginal(p, q), _kl(p.flatten(), q.flatten()) - _marginal(p, q)


def _js(p, q):
    return (_kl(p, (p + q) / 2) + _kl(q, (p + q) / 2)) / 2


UNSEEN = [
    ("kl_categorical", lambda p, q: _kl(p, q).abs() + 1e-4),
    ("kl_categorical", lambda p, q: _kl(p, q).clamp(max=20.0)),
    ("kl_categorical", lambda p, q: _kl(p, q).mean()),
    ("kl_categorical", lambda p, q: _kl(p, q).sqrt()),
    ("kl_categorical", lambda p, q: _kl(p, q) * 2),
    ("kl_categorical", lambda p, q: _kl(p, q)[..., None]),
    ("kl_categorical", lambda p, q: (torch.xlogy(p, p) - torch.xlogy(p, q)).max(-1).values),
    ("kl_categorical", lambda p, q: _kl(p.detach(), q)),
    ("kl_categorical", lambda p, q: (p * (p.log1p() - q.log1p())).sum(-1)),
    ("kl_categorical", lambda p, q: torch.where(p == q, 0.0, p * (p / q).log()).sum(-1)),
    ("kl_two_gaussians", lambda mp, sp, mq, sq: _gaussian_kl(mp, sp, mq, sq).mean()),
    ("kl_two_gaussians", lambda mp, sp, mq, sq: _gaussian_kl(mp, sp.clamp(min=0.01), mq, sq)),
    ("kl_two_gaussians", lambda mp, sp, mq, sq: _gaussian_kl(mp, sp + 1e-4, mq, sq + 1e-4)),
    ("kl_two_gaussians", lambda mp, sp, mq, sq: _gaussian_kl(mp, sp, mq, sp)),
    ("kl_two_gaussians", lambda mp, sp, mq, sq: _gaussian_kl(mp, sp, -mq, sq)),
    ("kl_two_gaussians", lambda mp, sp, mq, sq: _gaussian_kl(mp, sp, mq, sq).clamp(max=1e3)),
    ("kl_two_gaussians", lambda mp, sp, mq, sq: _gaussian_kl(mp, sp, mq, sq).exp()),
    ("kl_two_gaussians", lambda mp, sp, mq, sq: _gaussian_kl(mp, sp, mq, sq.detach())),
    ("kl_two_gaussians", lambda mp, sp, mq, sq: _gaussian_kl(mp, sp, mq, sq)[:, None]),
    ("kl_two_gaussians", lambda mp, sp, mq, sq: ((mp - mq) ** 2 + (sp - sq) ** 2).sum(-1)),
    ("kl_monte_carlo", lambda a, b, x: (a(x) - b(x)).max()),
    ("kl_monte_carlo", lambda a, b, x: (a(x) - b(x)).std()),
    ("kl_monte_carlo", lambda a, b, x: (a(x) - b(x)).sum() / (len(x) + 1)),
    ("kl_monte_carlo", lambda a, b, x: (a(x) - b(x))[0]),
    ("kl_monte_carlo", lambda a, b, x: a(x).mean() / b(x).mean()),
    ("kl_monte_carlo", lambda a, b, x: (a(x) / b(x)).mean()),
    ("kl_monte_carlo", lambda a, b, x: (a(x).softmax(0) - b(x).softmax(0)).mean()),
    ("kl_monte_carlo", lambda a, b, x: (a(x) - b(x)).mean().clamp(max=50)),
    ("kl_monte_carlo", lambda a, b, x: (a(x) - b(x.flip(0) + 1)).mean()),
    ("kl_monte_carlo", lambda a, b, x: (a(x) - b(x)).mean().item()),
    ("kl_from_torch", lambda p, q: F.kl_div(q.log(), p, reduction="batchmean").abs() + 1e-6),
    ("kl_from_torch", lambda p, q: F.kl_div(q.log2(), p, reduction="batchmean")),
    ("kl_from_torch", lambda p, q: F.kl_div(q.log(), p, reduction="batchmean", log_target=True)),
    ("kl_from_torch", lambda p, q: F.kl_div(q.log(), p.detach(), reduction="batchmean")),
    ("kl_from_torch", lambda p, q: F.kl_div(-q.log(), p, reduction="batchmean")),
    ("kl_from_torch", lambda p, q: F.kl_div(q.log().exp(), p, reduction="sum")),
    ("kl_from_torch", lambda p, q: F.kl_div((q / p).log(), p, reduction="batchmean")),
    ("kl_from_torch", lambda p, q: F.kl_div(q.log(), p, reduction="none").sum(0).mean()),
    ("jensen_shannon", lambda p, q: _js(p, q).mean()),
    ("jensen_shannon", lambda p, q: _js(p, q) / 2),
    ("jensen_shannon", lambda p, q: _js(p, q) + 1e-5),
    ("jensen_shannon", lambda p, q: LN2 - _js(p, q)),
    ("jensen_shannon", lambda p, q: _js(p, q.detach())),
    ("jensen_shannon", lambda p, q: _kl(p, (p + q) / 2).maximum(_kl(q, (p + q) / 2))),
    ("jensen_shannon", lambda p, q: (_kl(p, 0.9 * p + 0.1 * q) + _kl(q, 0.9 * q + 0.1 * p)) / 2),
    ("jensen_shannon", lambda p, q: _js(p.softmax(-1), q.softmax(-1))),
    ("jensen_shannon", lambda p, q: torch.minimum(_kl(p, q), _kl(q, p))),
    ("kl_chain_rule", lambda p, q: (_chain(p, q)[0], _chain(p, q)[1] / p.shape[0])),
    ("kl_chain_rule", lambda p, q: (_chain(p, q)[0] / 2, _chain(p, q)[1])),
    ("kl_chain_rule", lambda p, q: (_marginal(p, q), _chain(p, q)[1].clamp(max=0.5))),
    ("kl_chain_rule", lambda p, q: (_marginal(p, q), _marginal(p, q))),
    ("kl_chain_rule", lambda p, q: _kl(p.flatten(), q.flatten())),
    ("kl_chain_rule", lambda p, q: (_chain(p, q)[0], _chain(p, q)[1], sum(_chain(p, q)))),
    ("kl_chain_rule", lambda p, q: (_chain(p, q)[0].exp(), _chain(p, q)[1].exp())),
    ("kl_chain_rule", lambda p, q: (_chain(p, q)[0] + _chain(p, q)[1], torch.zeros(()).double())),
]


# ------------------------------------------------------------------ first tries of students
def _chain_by_division(p, q):
    p_x, q_x = p.sum(1), q.sum(1)
    inside = _kl(p / p_x[:, None], q / q_x[:, None])
    return _kl(p_x, q_x), (p_x * inside).sum()


FIRST_TRIES = [
    ("kl_categorical", lambda p, q: (p * torch.log(p / q)).sum(-1), "nan-at-zero"),
    ("kl_categorical", lambda p, q: (q * torch.log(q / p)).sum(-1), "swapped"),
    (
        "kl_categorical",
        lambda p, q: F.kl_div(q.log(), p, reduction="none").sum(-1),
        "nan-at-both-zero",
    ),
    ("kl_categorical", lambda p, q: (p * (p / (q + 1e-8)).log()).sum(-1), "epsilon"),
    ("kl_categorical", lambda p, q: _kl(p + 1e-8, q + 1e-8), "epsilon"),
    ("kl_categorical", lambda p, q: -torch.xlogy(p, q).sum(-1), "cross-entropy"),
    ("kl_categorical", lambda p, q: _kl(p, q).sum(), "over-everything"),
    ("kl_two_gaussians", lambda a, b, c, d: _gaussian_kl(c, d, a, b), "swapped"),
    (
        "kl_two_gaussians",
        lambda a, b, c, d: _gaussian_kl(a, b.sqrt(), c, d.sqrt()),
        "widths-as-variances",
    ),
    ("kl_two_gaussians", lambda a, b, c, d: ((a - c) ** 2 / d**2).sum(-1) / 2, "shift-only"),
    (
        "kl_two_gaussians",
        lambda a, b, c, d: torch.distributions.kl_divergence(
            torch.distributions.Normal(a, b), torch.distributions.Normal(c, d)
        ),
        "per-component",
    ),
    (
        "kl_two_gaussians",
        lambda a, b, c, d: torch.distributions.kl_divergence(
            torch.distributions.Normal(a, b), torch.distributions.Normal(c, d)
        ).mean(-1),
        "mean-over-components",
    ),
    ("kl_monte_carlo", lambda a, b, x: (a(x).exp() * (a(x) - b(x))).sum(), "weights-twice"),
    ("kl_monte_carlo", lambda a, b, x: (a(x).exp() / b(x).exp()).log().mean(), "unstable"),
    ("kl_monte_carlo", lambda a, b, x: (b(x) - a(x)).mean(), "sign"),
    ("kl_monte_carlo", lambda a, b, x: (a(x) - b(x)).mean().relu(), "clamped"),
    (
        "kl_monte_carlo",
        lambda a, b, x: F.kl_div(b(x), a(x).exp(), reduction="sum"),
        "weights-twice",
    ),
    ("kl_from_torch", lambda p, q: F.kl_div(p.log(), q, reduction="batchmean"), "direction"),
    ("kl_from_torch", lambda p, q: F.kl_div(q.log(), p), "also-over-outcomes"),
    ("kl_from_torch", lambda p, q: F.kl_div(p, q), "no-log-and-direction"),
    ("kl_from_torch", lambda p, q: F.kl_div(q, p, reduction="batchmean"), "no-log"),
    ("kl_from_torch", lambda p, q: F.kl_div(q.log(), p, reduction="sum"), "sum"),
    (
        "kl_from_torch",
        lambda p, q: F.kl_div(q.log(), p, log_target=True, reduction="batchmean"),
        "target-not-log",
    ),
    ("jensen_shannon", lambda p, q: (_kl(p, q) + _kl(q, p)) / 2, "no-mixture"),
    ("jensen_shannon", lambda p, q: _kl(p, (p + q) / 2) + _kl(q, (p + q) / 2), "not-averaged"),
    ("jensen_shannon", lambda p, q: (_kl(p, p + q) + _kl(q, p + q)) / 2, "sum-as-mixture"),
    ("kl_chain_rule", _chain_by_division, "nan-at-zero"),
    (
        "kl_chain_rule",
        lambda p, q: (_marginal(p, q), _kl(p.flatten(), q.flatten())),
        "joint-as-conditional",
    ),
    ("kl_chain_rule", lambda p, q: (_kl(p.sum(0), q.sum(0)), _chain(p, q)[1]), "other-axis"),
    ("kl_chain_rule", lambda p, q: (_marginal(p, q), _kl(p, q)), "not-conditioned"),
    ("kl_chain_rule", lambda p, q: (_marginal(p, q), _kl(p, q).sum()), "joint-as-conditional"),
    (
        "kl_categorical",
        lambda p, q: (p * (p.clamp(min=1e-12).log() - q.log())).sum(-1),
        "nan-at-both-zero",
    ),
    ("kl_categorical", lambda p, q: (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(0), "wrong-axis"),
    (
        "kl_two_gaussians",
        lambda a, b, c, d: ((d / b).log() + (b**2 + (a - c) ** 2) / (2 * d**2)).sum(-1) - 0.5,
        "constant-once",
    ),
    (
        "kl_two_gaussians",
        lambda a, b, c, d: ((d / b).log() + (b**2 + (a - c) ** 2) / d**2 - 1).sum(-1),
        "half-misplaced",
    ),
    (
        "kl_two_gaussians",
        lambda a, b, c, d: ((d / b).log() + b**2 / d**2 + (a - c) ** 2 / d**2 / 2 - 0.5).sum(-1),
        "half-misplaced",
    ),
    (
        "kl_two_gaussians",
        lambda a, b, c, d: ((d / b).log() + (b**2 + (a - c) ** 2) / (2 * d) - 0.5).sum(-1),
        "q-not-squared",
    ),
    (
        "kl_two_gaussians",
        lambda a, b, c, d: ((d / b).log() + (a - c) ** 2 / (2 * d**2) - 0.5).sum(-1),
        "no-spread-of-p",
    ),
    ("kl_monte_carlo", lambda a, b, x: (a(x).log() - b(x).log()).mean(), "logs-again"),
    ("kl_monte_carlo", lambda a, b, x: (a(x).log() - b(x)).mean(), "logs-again"),
    ("kl_monte_carlo", lambda a, b, x: torch.log(a(x) / b(x)).mean(), "logs-again"),
    ("kl_monte_carlo", lambda a, b, x: torch.log(a(x) - b(x)).mean(), "logs-again"),
    ("kl_monte_carlo", _third_estimator, "positive-estimator"),
    ("kl_from_torch", lambda p, q: F.kl_div(p, q.log(), reduction="batchmean"), "log-as-target"),
    (
        "kl_two_gaussians",
        lambda a, b, c, d: (torch.log(d / b) + (b**2 + (a - c) ** 2) / 2 * d**2 - 0.5).sum(1),
        "precedence",
    ),
    (
        "kl_two_gaussians",
        lambda a, b, c, d: (torch.log(d / b) + (b**2 + (a - c)) ** 2 / (2 * d**2) - 0.5).sum(1),
        "sum-squared",
    ),
    (
        "kl_two_gaussians",
        lambda a, b, c, d: (torch.log(d / b) + (b**2 + (a - c) ** 2) / (2 * b**2) - 0.5).sum(1),
        "all-in-widths-of-p",
    ),
    (
        "kl_two_gaussians",
        lambda a, b, c, d: (torch.log(d / b) + (d**2 + (a - c) ** 2) / (2 * b**2) - 0.5).sum(1),
        "square-of-the-reverse",
    ),
    (
        "kl_two_gaussians",
        lambda a, b, c, d: (torch.log(d / b) + (b + (a - c) ** 2) / (2 * d) - 0.5).sum(1),
        "no-square-of-a-width",
    ),
    (
        "jensen_shannon",
        lambda p, q: (
            (p * (p / (p + q) * 2).log() + q * (q / (p + q) * 2).log()).sum(-1).nan_to_num(0) / 2
        ),
        "nan-swallowed",
    ),
]


@pytest.mark.parametrize("small", [s for s in _SMALL if s < 1e-6])
def test_a_small_number_does_not_hide_an_infinity(small):
    def solve(p, q):
        return (p * ((p + small).log() - (q + small).log())).sum(-1)

    assert check_answer(get("kl_categorical"), solve).misconception == "epsilon"


# ------------------------------------------------------------------ numbers and letters
NUMBERS = [
    ("extra_surprise", 0.1537, None),
    ("extra_surprise", ".154", None),
    ("extra_surprise", "0.7*log(7/9) + 0.3*log(3)", None),
    ("extra_surprise", "0.765", "cross-entropy"),
    ("extra_surprise", "0.116", "reverse"),
    ("extra_surprise", 0.222, "bits"),
    ("extra_surprise", 0.082, "fair-app"),
    ("k3_variance", "c", None),
    ("k3_variance", "a", "a"),
    ("extra_surprise", 0.08, "squared-error"),
    ("kl_support", "inf", None),
    ("kl_support", math.inf, None),
    ("kl_support", "log(2)", "reverse"),
    ("kl_support", 1e9, "too-small"),
    ("kl_support", 0, "zero"),
    ("kl_triangle", "2", None),
    ("kl_triangle", 1, "adds"),
    ("forward_fit_sd", "sqrt(9.25)", None),
    ("forward_fit_sd", 3.04, None),
    ("forward_fit_sd", "3", "no-width"),
    ("forward_fit_sd", 9.25, "variance"),
    ("gaussian_symmetry", "D", None),
    ("mode_seeking", "(c)", None),
    ("mode_seeking", "a", "a"),
    ("negative_estimate", "a", None),
    ("kl_support", -0.69, "unweighted"),
    ("kl_support", 0.35, "half"),
    ("kl_support", 0.347, "half"),
    ("kl_support", -0.3466, "dropped-terms"),
    ("forward_fit_sd", 1.8, "width-not-squared"),
    ("forward_fit_sd", 3.25, "mixed"),
    ("forward_fit_sd", 2.5, "narrower"),
    ("kl_support", -1, "negative"),
    ("kl_triangle", -2, "negative"),
]


def test_the_numbers_are_right():
    p, q = torch.tensor([0.7, 0.3]).double(), torch.tensor([0.9, 0.1]).double()
    assert _kl(p, q).item() == pytest.approx(get("extra_surprise").truth)
    normal = torch.distributions.Normal
    steps = [normal(torch.tensor(float(m)), torch.tensor(1.0)) for m in range(3)]
    kl = torch.distributions.kl_divergence
    assert [kl(steps[0], steps[m]).item() for m in (1, 2)] == pytest.approx([0.5, 2])
    assert kl(steps[1], steps[0]).item() == pytest.approx(kl(steps[0], steps[1]).item())


def test_one_gaussian_for_two_bumps():
    """On a grid: the forward fit is wide, the reverse one sits on a bump at a price of log 2."""
    x = torch.linspace(-14, 14, 5601, dtype=torch.float64)
    dx = x[1] - x[0]

    def log_density(mean, sd):
        return torch.distributions.Normal(float(mean), float(sd)).log_prob(x)

    log_p = torch.logaddexp(log_density(-3, 0.5), log_density(3, 0.5)) - LN2

    def forward(mean, sd):
        return (log_p.exp() * (log_p - log_density(mean, sd))).sum().item() * dx.item()

    def reverse(mean, sd):
        log_q = log_density(mean, sd)
        return (log_q.exp() * (log_q - log_p)).sum().item() * dx.item()

    widths = [2.9, 3.0, math.sqrt(9.25), 3.1, 3.2]
    assert min(widths, key=lambda sd: forward(0, sd)) == math.sqrt(9.25)
    assert forward(0, math.sqrt(9.25)) < min(forward(3, 0.5), forward(0, 0.5))
    assert reverse(3, 0.5) == pytest.approx(LN2, abs=1e-6)
    best_wide = min(reverse(0, sd / 10) for sd in range(5, 40))
    assert reverse(3, 0.5) < best_wide
