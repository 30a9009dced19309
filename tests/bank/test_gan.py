"""The bank on GANs: right solutions written differently, and wrong ones it has never seen."""

from __future__ import annotations

import math
import warnings

import pytest
import torch
import torch.nn.functional as F

from lecture_utils.exercises import get
from lecture_utils.exercises.bank import gan
from lecture_utils.exercises.checking import check_answer


# ------------------------------------------------------------------ right, written differently
def _d_loss_loop(real_logits, fake_logits):
    total = 0.0
    for a in real_logits.flatten():
        total = total + F.softplus(-a) / real_logits.numel()
    for a in fake_logits.flatten():
        total = total + F.softplus(a) / fake_logits.numel()
    return total


def _d_loss_bernoulli(real_logits, fake_logits):
    one = torch.distributions.Bernoulli(logits=real_logits)
    two = torch.distributions.Bernoulli(logits=fake_logits)
    real, fake = torch.ones_like(real_logits), torch.zeros_like(fake_logits)
    return -(one.log_prob(real).mean() + two.log_prob(fake).mean())


def _d_loss_logaddexp(real_logits, fake_logits):
    zero = torch.zeros((), dtype=real_logits.dtype, device=real_logits.device)
    return torch.logaddexp(zero, -real_logits).mean() + torch.logaddexp(zero, fake_logits).mean()


def _judge_loop(samples, centers, sd):
    n, K = len(samples), len(centers)
    counts, good = [0] * K, 0
    for x in samples:
        distances = [(x - c).square().sum().sqrt().item() for c in centers]
        k = distances.index(min(distances))
        if distances[k] <= 3 * sd:
            counts[k] += 1
            good += 1
    held = sum(count >= n / K / 5 for count in counts)
    kl = sum(c / good * math.log(c / good * K) for c in counts if c)
    return held, good / n, kl


def _judge_one_hot(samples, centers, sd):
    squares = ((samples[:, None, :] - centers[None, :, :]) / sd).square().sum(-1)
    nearest, mode = squares.min(dim=1)
    inside = nearest <= 9
    counts = (F.one_hot(mode, len(centers)) * inside[:, None]).sum(0).to(samples.dtype)
    held = (5 * len(centers) * counts >= len(samples)).sum()
    p = counts / counts.sum()
    kl = torch.where(p > 0, p * torch.log(p * len(centers)), torch.zeros_like(p)).sum()
    return held, inside.float().mean(), kl


def _judge_by_distribution(samples, centers, sd):
    d = torch.cdist(samples, centers, compute_mode="donot_use_mm_for_euclid_dist")
    good = d.amin(1) <= 3 * sd
    counts = torch.stack([((d.argmin(1) == k) & good).sum() for k in range(len(centers))])
    share = torch.distributions.Categorical(probs=counts / counts.sum())
    held = sum(int(c) >= 0.2 * len(samples) / len(centers) for c in counts)
    return held, good.sum() / len(good), math.log(len(centers)) - share.entropy()


def _d_step_no_grad(D, G, x, z):
    with torch.no_grad():
        fake = G(z)
    real_logits, fake_logits = D(x), D(fake)
    return F.binary_cross_entropy_with_logits(
        real_logits, torch.ones_like(real_logits)
    ) + F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))


def _d_step_together(D, G, x, z):
    a = D(torch.cat([x, G(z).detach()]))
    return F.softplus(-a[: len(x)]).mean() + F.softplus(a[len(x) :]).mean()


def _d_step_functional(D, G, x, z):
    fake = torch.func.functional_call(G, {n: p.detach() for n, p in G.named_parameters()}, (z,))
    return F.softplus(-D(x)).mean() + F.softplus(D(fake)).mean()


def _losses_plain(D, G, x, z, gamma):
    x.requires_grad_(True)
    real_logits = D(x)
    bce = F.binary_cross_entropy_with_logits
    slopes = torch.autograd.grad(
        real_logits, x, grad_outputs=torch.ones_like(real_logits), create_graph=True
    )[0]
    penalty = (slopes**2).sum(dim=1).mean()
    fake = G(z)
    fake_logits = D(fake.detach())
    loss_d = bce(real_logits, torch.ones_like(real_logits))
    loss_d = loss_d + bce(fake_logits, torch.zeros_like(fake_logits)) + 0.5 * gamma * penalty
    trick = D(fake)
    return loss_d, bce(trick, torch.ones_like(trick))


def _losses_one_by_one(D, G, x, z, gamma):
    penalty = 0.0
    for point in x:
        point = point.clone().requires_grad_()
        (slope,) = torch.autograd.grad(D(point[None]).squeeze(), point, create_graph=True)
        penalty = penalty + slope.norm().square() / len(x)
    loss_d = -F.logsigmoid(D(x)).mean() - F.logsigmoid(-D(G(z).detach())).mean()
    return [loss_d + gamma * penalty / 2, -F.logsigmoid(D(G(z))).mean()]


def _losses_jacobian(D, G, x, z, gamma):
    slopes = torch.autograd.functional.jacobian(lambda v: D(v).sum(), x, create_graph=True)
    with torch.no_grad():
        fake = G(z)
    loss_d = F.softplus(-D(x)).mean() + F.softplus(D(fake)).mean()
    return loss_d + gamma / 2 * slopes.pow(2).sum() / len(x), F.softplus(-D(G(z))).mean()


RIGHT = [
    ("d_loss", _d_loss_loop),
    ("d_loss", _d_loss_bernoulli),
    ("d_loss", _d_loss_logaddexp),
    ("d_loss", lambda r, f: -F.logsigmoid(r).sum() / r.numel() + (f - F.logsigmoid(f)).mean()),
    ("g_loss", lambda f: torch.logaddexp(torch.zeros_like(f), -f).mean()),
    ("g_loss", lambda f: sum(F.softplus(-a) for a in f.flatten()) / f.numel()),
    (
        "g_loss",
        lambda f: -torch.distributions.Bernoulli(logits=f).log_prob(torch.ones_like(f)).mean(),
    ),
    ("optimal_discriminator", lambda p, q: 1 / (1 + q / p)),
    ("optimal_discriminator", lambda p, q: 1 - q / (p + q)),
    ("optimal_discriminator", lambda p, q: torch.stack([p, q]).div((p + q)[None])[0]),
    (
        "optimal_discriminator",
        lambda p, q: F.normalize(torch.stack([p, q], -1), p=1, dim=-1, eps=0.0)[..., 0],
    ),
    (
        "gan_value_at_optimum",
        lambda p, q: (
            -(torch.special.entr(p) + torch.special.entr(q)).sum(-1)
            + torch.special.entr(p + q).sum(-1)
        ),
    ),
    (
        "gan_value_at_optimum",
        lambda p, q: (
            torch.where(p > 0, p * (p / (p + q)).log(), torch.zeros_like(p))
            + torch.where(q > 0, q * (q / (p + q)).log(), torch.zeros_like(q))
        ).sum(-1),
    ),
    (
        "gan_value_at_optimum",
        lambda p, q: (
            (
                F.kl_div(((p + q) / 2).log(), p, reduction="none").nan_to_num(0.0)
                + F.kl_div(((p + q) / 2).log(), q, reduction="none").nan_to_num(0.0)
            ).sum(-1)
            - 2 * math.log(2)
        ),
    ),
    (
        "gan_value_at_optimum",
        lambda p, q: (
            torch.einsum("...k->...", torch.xlogy(p, p) + torch.xlogy(q, q))
            - torch.einsum("...k->...", torch.xlogy(p + q, p + q))
        ),
    ),
    ("d_step", _d_step_no_grad),
    ("d_step", _d_step_together),
    ("d_step", _d_step_functional),
    ("judge_modes", _judge_loop),
    ("judge_modes", _judge_one_hot),
    ("judge_modes", _judge_by_distribution),
    ("gan_losses", _losses_plain),
    ("gan_losses", _losses_one_by_one),
    ("gan_losses", _losses_jacobian),
]


# ------------------------------------------------------------------ wrong, and not in the bank
def _judged(**steps):
    return lambda samples, centers, sd: gan._judge(samples, centers, sd, **steps)


def _game(**parts):
    return lambda D, G, x, z, gamma: gan._losses(D, G, x, z, gamma, **parts)


def _penalty(penalty):
    return _game(penalty=lambda D, G, x, z, gamma: penalty(D, x, gamma))


def _freed_graph(D, G, x, z, gamma):
    x.requires_grad_()
    real = D(x)
    (slope,) = torch.autograd.grad(real.sum(), x)
    loss_d = F.softplus(-real).mean() + F.softplus(D(G(z).detach())).mean()
    return loss_d + gamma / 2 * slope.square().sum(1).mean(), F.softplus(-D(G(z))).mean()


def _frozen(D, G, x, z):
    for p in G.parameters():
        p.requires_grad_(False)
    return F.softplus(-D(x)).mean() + F.softplus(D(G(z))).mean()


def _eval_mode(D, G, x, z):
    G.eval()
    return F.softplus(-D(x)).mean() + F.softplus(D(G(z).detach())).mean()


def _steps_itself(D, G, x, z):
    loss = F.softplus(-D(x)).mean() + F.softplus(D(G(z).detach())).mean()
    for p, slope in zip(D.parameters(), torch.autograd.grad(loss, D.parameters()), strict=True):
        p.data -= 0.1 * slope
    return loss


def _reversed(fake):
    """Gradient reversal: the fakes' gradient comes back with the other sign."""
    return 2 * fake.detach() - fake


def _from_numbers(real_logits, fake_logits):
    return torch.tensor(gan.d_loss(real_logits, fake_logits).item(), dtype=real_logits.dtype)


UNSEEN = [
    ("d_loss", _from_numbers),
    ("d_loss", lambda r, f: F.softplus(-r).mean() * F.softplus(f).mean()),
    ("d_loss", lambda r, f: torch.maximum(F.softplus(-r).mean(), F.softplus(f).mean())),
    ("d_loss", lambda r, f: F.softplus(-r.clamp(-50, 50)).mean() + F.softplus(f).mean()),
    ("d_loss", lambda r, f: F.softplus(-r.detach()).mean() + F.softplus(f).mean()),
    ("d_loss", lambda r, f: F.softplus(f.mean() - r.mean())),
    ("d_loss", lambda r, f: F.softplus(-r.mean()) + F.softplus(f.mean())),
    ("d_loss", lambda r, f: F.softplus(-r).median() + F.softplus(f).median()),
    ("d_loss", lambda r, f: (F.softplus(-r).mean() + F.softplus(f).mean()) / math.log(2)),
    ("d_loss", lambda r, f: (F.softplus(-r).mean() + F.softplus(f).mean())[None]),
    ("d_loss", lambda r, f: F.softplus(-r, threshold=5).mean() + F.softplus(f, threshold=5).mean()),
    ("d_loss", lambda r, f: F.softplus(-r).sum() / len(f) + F.softplus(f).sum() / len(r)),
    ("d_loss", lambda r, f: F.softplus(-r).mean() + F.softplus(f).mean() - 2 * math.log(2)),
    ("d_loss", lambda r, f: F.softplus(-r).mean() + 0.1 * F.softplus(f).mean()),
    ("d_loss", lambda r, f: (F.softplus(-r).mean(), F.softplus(f).mean())),
    ("g_loss", lambda f: F.softplus(-f.mean())),
    ("g_loss", lambda f: F.softplus(-f).max()),
    ("g_loss", lambda f: F.softplus(-f.clamp(min=-50)).mean()),
    ("g_loss", lambda f: F.softplus(-f).mean().exp()),
    ("g_loss", lambda f: F.softplus(-f).mean() / math.log(2)),
    ("g_loss", lambda f: F.softplus(-f.detach()).mean()),
    ("g_loss", lambda f: -(f.sigmoid().clamp(1e-6, 1)).log().mean()),
    ("g_loss", lambda f: F.softplus(-f).mean() - F.softplus(f).mean()),
    ("optimal_discriminator", lambda p, q: p / (p + q).clamp(min=1e-6)),
    ("optimal_discriminator", lambda p, q: p / torch.maximum(p, q)),
    ("optimal_discriminator", lambda p, q: p / (p + q).sqrt()),
    ("optimal_discriminator", lambda p, q: p / (p + q).square()),
    ("optimal_discriminator", lambda p, q: (p / (p + q)).log()),
    ("optimal_discriminator", lambda p, q: (p / (p + q)).detach()),
    ("optimal_discriminator", lambda p, q: (p / (p + q)).round()),
    ("optimal_discriminator", lambda p, q: p.sqrt() / (p.sqrt() + q.sqrt())),
    ("gan_value_at_optimum", lambda p, q: -(p - q).abs().sum(-1) / 2),
    ("gan_value_at_optimum", lambda p, q: gan.gan_value_at_optimum(p, q) / math.log(2)),
    ("gan_value_at_optimum", lambda p, q: gan.gan_value_at_optimum(p, q).exp()),
    ("gan_value_at_optimum", lambda p, q: gan.gan_value_at_optimum(p, q).detach()),
    ("gan_value_at_optimum", lambda p, q: gan.gan_value_at_optimum(p, q).sum(-1, keepdim=True)),
    ("gan_value_at_optimum", lambda p, q: gan.gan_value_at_optimum(p.clamp(1e-6), q.clamp(1e-6))),
    (
        "gan_value_at_optimum",
        lambda p, q: (torch.xlogy(p, (p + q) / 2) + torch.xlogy(q, (p + q) / 2)).sum(-1),
    ),
    (
        "gan_value_at_optimum",
        lambda p, q: torch.where(p >= q, torch.zeros_like(p), -(p + q) * math.log(2)).sum(-1),
    ),
    ("d_step", _frozen),
    ("d_step", _eval_mode),
    ("d_step", _steps_itself),
    ("d_step", lambda D, G, x, z: gan.d_loss(D(x), D(_reversed(G(z))))),
    ("d_step", lambda D, G, x, z: gan.d_loss(D(x), D(G(z).detach().round()))),
    ("d_step", lambda D, G, x, z: gan.d_loss(D(x), D(G(torch.ones_like(z)).detach()))),
    ("d_step", lambda D, G, x, z: gan.d_loss(D(x), D(G(z[:1]).detach()))),
    ("d_step", lambda D, G, x, z: gan.d_loss(D(x), D(G(z).detach())).item()),
    ("d_step", lambda D, G, x, z: gan.d_loss(D(x[:1]), D(G(z).detach()))),
    ("judge_modes", _judged(held=lambda counts, n, K: (counts >= counts.max() / 5).sum())),
    ("judge_modes", _judged(near=lambda d, sd: d <= 2 * sd)),
    ("judge_modes", _judged(near=lambda d, sd: d.square() <= 9 * sd)),
    ("judge_modes", _judged(distances=lambda s, c: (s[:, None] - c)[..., 0].abs())),
    ("judge_modes", _judged(kl=lambda s, K: torch.xlogy(s, s).sum() / math.log(K))),
    ("judge_modes", _judged(kl=lambda s, K: torch.xlogy(s, K * s).max())),
    ("judge_modes", _judged(kl=lambda s, K: (s - 1 / K).abs().sum())),
    ("judge_modes", lambda s, c, sd: gan.judge_modes(s, c, sd)[:2]),
    ("judge_modes", lambda s, c, sd: gan.judge_modes(s.round(), c.round(), sd)),
    ("gan_losses", _freed_graph),
    ("gan_losses", lambda D, G, x, z, gamma: sum(gan.gan_losses(D, G, x, z, gamma))),
    ("gan_losses", lambda D, G, x, z, gamma: gan.gan_losses(D, G, x, z, 2.0)),
    ("gan_losses", lambda D, G, x, z, gamma: gan.gan_losses(D, G, x, z.flip(0) * 0, gamma)),
    ("gan_losses", _penalty(lambda D, x, gamma: gamma**2 / 2 * gan._steepness(D, x))),
    ("gan_losses", _penalty(lambda D, x, gamma: gamma / 2 * gan._steepness(D, x).clamp(max=1))),
    (
        "gan_losses",
        _penalty(
            lambda D, x, gamma: gamma / 2 * gan._steepness(D, x, norm=lambda s: s.sum(1).square())
        ),
    ),
    ("gan_losses", _game(of_g=lambda D, fake: gan.g_loss(D(fake).detach()))),
    ("gan_losses", _game(guilt=lambda D, x, fake: gan.d_loss(D(x), D(fake.detach())) * 2)),
]


# ------------------------------------------------------------------ first tries of students
def _signed(D, G, x, z, gamma):
    return gan.gan_losses(D, G, x, z, -gamma)


def _bce(logits, label):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def _paired(r, f):
    return (F.softplus(-r) + F.softplus(f)).mean()


def _clamped_logs(r, f):
    return -(r.sigmoid().clamp(min=1e-8).log().mean() + _log_1m_clamped(f))


def _log_1m_clamped(f):
    return (1 - f.sigmoid()).clamp(min=1e-8).log().mean()


def _js(p, q):
    m = (p + q) / 2
    return (
        (torch.xlogy(p, p) - torch.xlogy(p, m)).sum(-1)
        + (torch.xlogy(q, q) - torch.xlogy(q, m)).sum(-1)
    ) / 2


def _value(p, q, D, not_D):
    return (p * D.log() + q * not_D.log()).sum(-1)


def _box_of_the_nearest(samples, centers, sd):
    n, K = len(samples), len(centers)
    nearest = torch.cdist(samples, centers).argmin(1)
    good = ((samples - centers[nearest]).abs() <= 3 * sd).all(1)
    counts = F.one_hot(nearest[good], K).sum(0).double()
    shares = counts / counts.sum()
    return (counts >= n / K / 5).sum(), good.double().mean(), torch.xlogy(shares, shares * K).sum()


def _real_forgotten(D, G, x, z, gamma):
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    fake = G(z)
    penalty = gamma / 2 * slope.square().sum(1).mean()
    return F.softplus(D(fake.detach())).mean() + penalty, F.softplus(-D(fake)).mean()


def _own_backward(D, G, x, z):
    fake = G(z).detach()
    loss = F.softplus(-D(x)).mean() + F.softplus(D(fake)).mean()
    loss.backward(retain_graph=True)
    return loss


def _slope_from_x_grad(D, G, x, z, gamma):
    x = x.detach().requires_grad_()
    a = D(x)
    with warnings.catch_warnings(action="ignore"):  # PyTorch's, of a cycle
        a.sum().backward(create_graph=True)
    fake = G(z)
    loss = F.softplus(-a).mean() + F.softplus(D(fake.detach())).mean()
    return loss + gamma / 2 * x.grad.square().sum(1).mean(), F.softplus(-D(fake)).mean()


def _penalty_of_both(D, G, x, z, gamma):
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    penalty = gamma / 2 * (slope**2).sum(1).mean()
    fake = G(z)
    loss = _bce(D(x), 1.0) + _bce(D(fake.detach()), 0.0)
    return loss + penalty, _bce(D(fake), 1.0) + penalty


def _judge_first(held=None, quality=None, near=3.0):
    """A first draft: counts of all samples beside those of the good ones."""

    def judge(samples, centers, sd):
        n, K = len(samples), len(centers)
        distance, mode = torch.cdist(samples, centers).min(1)
        good = distance <= near * sd * (sd if near == 3 and held == "sd" else 1)
        counts = torch.bincount(mode[good], minlength=K)
        full = torch.bincount(mode, minlength=K) >= n / K / 5
        enough = counts >= n / K / 5
        s = counts / counts.sum()
        found = {"junk": full.sum(), "all": enough.sum() >= K}.get(held, enough.sum())
        share = good.double().mean() if quality is None else quality(enough.sum(), K)
        return found, share, torch.xlogy(s, K * s).sum()

    return judge


FIRST_TRIES = [
    ("d_loss", lambda r, f: -F.logsigmoid(r.mean()) - F.logsigmoid(-f.mean()), "mean-logit"),
    ("d_loss", lambda r, f: F.softplus(-r).mean() + F.softplus(f - 1).mean(), "one-minus-logit"),
    ("d_loss", lambda r, f: -F.logsigmoid(r).mean() + F.logsigmoid(f).mean(), "real-sign"),
    ("d_loss", lambda r, f: gan.d_loss(r.clamp(-30, 30), f.clamp(-30, 30)), "logits-cut-off"),
    ("g_loss", lambda f: -F.logsigmoid(f.mean()), "mean-logit"),
    ("g_loss", lambda f: _bce(1 - f, 1.0), "one-minus-logit"),
    ("g_loss", lambda f: -torch.log(f.sigmoid().clamp(min=1e-7)).mean(), "epsilon"),
    ("g_loss", lambda f: gan.g_loss(f.clamp(-50, 50)), "logits-cut-off"),
    ("optimal_discriminator", lambda p, q: p / p.sum(), "data-alone"),
    ("optimal_discriminator", lambda p, q: (p - q) / p, "one-minus-ratio"),
    ("optimal_discriminator", lambda p, q: p * torch.log(p / (p + q)), "earned"),
    ("optimal_discriminator", lambda p, q: 1 / (1 + q.exp() / p.exp()), "densities-as-logits"),
    (
        "optimal_discriminator",
        lambda p, q: torch.nan_to_num((p / q) / (1 + p / q)),
        "nan-to-zero",
    ),
    ("gan_value_at_optimum", lambda p, q: torch.sum(p * torch.log(p / q), -1), "kl"),
    (
        "gan_value_at_optimum",
        lambda p, q: (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1) - math.log(4),
        "kl",
    ),
    (
        "gan_value_at_optimum",
        lambda p, q: (torch.xlogy(p, 2 * p) - torch.xlogy(p, p + q)).sum(-1) - math.log(4),
        "one-divergence",
    ),
    (
        "gan_value_at_optimum",
        lambda p, q: (
            (
                2 * torch.xlogy((p + q) / 2, (p + q) / 2)
                - torch.xlogy((p + q) / 2, p)
                - torch.xlogy((p + q) / 2, q)
            ).sum(-1)
            - 2 * math.log(2)
        ),
        "kl-turned",
    ),
    (
        "gan_value_at_optimum",
        lambda p, q: torch.xlogy(p, p / (p + q)).sum(-1) + torch.xlogy(q, 1 - p / (p + q)).sum(-1),
        "zero-over-zero",
    ),
    ("optimal_discriminator", lambda p, q: p / p + q, "parentheses"),
    ("d_step", _own_backward, "backward-twice"),
    ("judge_modes", _judge_first(held="junk"), "held-by-junk"),
    ("judge_modes", _judge_first(held="all"), "held-all"),
    ("judge_modes", _judge_first(held="sd"), "sd-squared"),
    ("judge_modes", _judge_first(quality=lambda held, K: held / K), "quality-of-modes"),
    (
        "judge_modes",
        _judged(kl=lambda s, K: (torch.xlogy(s, s) + s * math.log2(K)).sum()),
        "kl-half-bits",
    ),
    ("gan_losses", _slope_from_x_grad, "slope-by-backward"),
    ("gan_losses", _penalty_of_both, "penalty-for-both"),
    ("gan_losses", _penalty(lambda D, x, gamma: gamma / 2 * (D(x) ** 2).mean()), "logit-itself"),
    ("d_loss", _paired, "exception"),
    ("d_loss", _clamped_logs, "epsilon"),
    ("d_loss", lambda r, f: -(_log_1m_clamped(-r) + _log_1m_clamped(f)), "epsilon"),
    ("gan_value_at_optimum", lambda p, q: _js(p, q) - math.log(4), "divergence-once"),
    ("gan_value_at_optimum", lambda p, q: _js(p, q) + math.log(4), "constant-sign"),
    ("gan_value_at_optimum", lambda p, q: 2 * _js(p, q) + math.log(4), "constant-sign"),
    *(
        ("gan_value_at_optimum", lambda p, q, f=f: f(p, q, 1e-8), "epsilon")
        for f in (
            lambda p, q, e: _value(p, q, p / (p + q + e) + e, 1 - p / (p + q + e) + e),
            lambda p, q, e: _value(p, q, p / (p + q) + e, 1 - p / (p + q) + e),
            lambda p, q, e: _value(p, q, (p + e) / (p + q + 2 * e), (q + e) / (p + q + 2 * e)),
        )
    ),
    (
        "gan_value_at_optimum",
        lambda p, q: (p * (p / (p + q)).log() + q * (1 - p / (p + q)).log()).nan_to_num().sum(-1),
        "one-minus-d",
    ),
    (
        "gan_value_at_optimum",
        lambda p, q: _value(p, q, p / (p + q), q / (p + q)).nan_to_num(),
        "nan-to-zero",
    ),
    (
        "gan_value_at_optimum",
        lambda p, q: (p / (p + q)).log().mean(-1) + (1 - p / (p + q)).log().mean(-1),
        "unweighted",
    ),
    (
        "d_step",
        lambda D, G, x, z: F.softplus(-D(x)).mean() - F.softplus(D(G(z).detach())).mean(),
        "difference",
    ),
    (
        "d_step",
        lambda D, G, x, z: F.softplus(-D(x)).mean() - F.softplus(D(G(z))).mean(),
        "difference-no-detach",
    ),
    (
        "d_step",
        lambda D, G, x, z: F.softplus(-D(x)).mean() + F.softplus(-D(G(z))).mean(),
        "fooled-no-detach",
    ),
    ("judge_modes", _box_of_the_nearest, "box"),
    ("gan_losses", _real_forgotten, "fake-only"),
    ("d_loss", lambda r, f: _bce(r, 0.0) + _bce(f, 1.0), "labels-swapped"),
    ("d_loss", lambda r, f: (_bce(r, 1.0) + _bce(f, 0.0)) / 2, "half"),
    ("d_loss", lambda r, f: _bce(r, 1.0) + _bce(f, 1.0), "all-real"),
    ("d_loss", lambda r, f: _bce(r.sigmoid(), 1.0) + _bce(f.sigmoid(), 0.0), "sigmoid-twice"),
    ("d_loss", lambda r, f: F.logsigmoid(r).mean() + F.logsigmoid(-f).mean(), "sign"),
    (
        "d_loss",
        lambda r, f: F.binary_cross_entropy_with_logits(
            torch.cat([r.flatten(), f.flatten()]),
            torch.cat([torch.ones_like(r).flatten(), torch.zeros_like(f).flatten()]),
        ),
        "pooled",
    ),
    ("d_loss", lambda r, f: -torch.log(torch.sigmoid(r)).mean() - _log_1m(f), "unstable"),
    ("d_loss", lambda r, f: gan.d_loss(r, f) / math.log(2), "bits"),
    ("d_loss", lambda r, f: gan.d_loss(r, f).item(), "type"),
    ("g_loss", lambda f: _bce(f, 0.0), "label-0"),
    ("g_loss", lambda f: torch.log(1 - f.sigmoid()).mean(), "saturating"),
    ("g_loss", lambda f: F.soft_margin_loss(f, torch.ones_like(f)), "unstable"),
    ("g_loss", lambda f: F.logsigmoid(f).mean(), "sign"),
    ("g_loss", lambda f: -_bce(f, 0.0), "saturating"),
    ("g_loss", lambda f: -torch.log(torch.sigmoid(f)).mean(), "unstable"),
    ("optimal_discriminator", lambda p, q: q / (q + p), "fake-probability"),
    ("optimal_discriminator", lambda p, q: p / ((p + q) / 2), "twice"),
    ("optimal_discriminator", lambda p, q: p / (p + q + 1e-8), "epsilon"),
    ("optimal_discriminator", lambda p, q: (p / q).log(), "logit"),
    ("optimal_discriminator", lambda p, q: (p / q > 1).to(p.dtype), "threshold"),
    (
        "gan_value_at_optimum",
        lambda p, q: (
            (torch.xlogy(p, p / ((p + q) / 2)) + torch.xlogy(q, q / ((p + q) / 2))).sum(-1)
            - math.log(4)
        ),
        "zero-over-zero",
    ),
    (
        "gan_value_at_optimum",
        lambda p, q: (p * (p / (p + q)).log()).sum(-1) + (q * (1 - p / (p + q)).log()).sum(-1),
        "zero-times-log-zero",
    ),
    (
        "gan_value_at_optimum",
        lambda p, q: -(gan.gan_value_at_optimum(p, q)),
        "negated",
    ),
    ("d_step", lambda D, G, x, z: gan.d_loss(D(x), D(G(z.detach()))), "no-detach"),
    ("d_step", lambda D, G, x, z: gan.d_loss(D(x.detach()), D(G(z))), "no-detach"),
    ("d_step", lambda D, G, x, z: gan.d_loss(D(x), D(G(z)).data), "detach-logits"),
    ("d_step", lambda D, G, x, z: gan.d_loss(D(x), D(G(z))).detach(), "detach-all-logits"),
    ("d_step", _frozen, "frozen"),
    ("judge_modes", _judged(near=lambda d, sd: d**2 <= 3 * sd), "squared-distance"),
    ("judge_modes", _judged(kl=lambda s, K: (s * (s * K).log()).sum()), "zero-times-log-zero"),
    ("judge_modes", _judged(held=lambda counts, n, K: counts.count_nonzero()), "lucky-hits"),
    ("gan_losses", _freed_graph, "exception"),
    ("gan_losses", lambda *args: gan.gan_losses(*args)[::-1], "order"),
    ("gan_losses", lambda *args: gan.gan_losses(*args)[0], "arity"),
    (
        "gan_losses",
        lambda D, G, x, z, gamma: gan.gan_losses(D, G, x, z, 2 * gamma),
        "gamma-not-halved",
    ),
    ("gan_losses", lambda D, G, x, z, gamma: gan.gan_losses(D, G, x, z, 0 * gamma), "no-penalty"),
    ("gan_losses", _signed, "penalty-subtracted"),
]


def _log_1m(f):
    return torch.log(1 - torch.sigmoid(f)).mean()


def test_batches_of_two_sizes_are_explained():
    result = check_answer(get("d_loss"), _paired)
    assert "[4, 1] and [6, 1]" in result.headline and "pairs" in result.headline
    assert any("softplus(-r) + F.softplus(f)" in line for line in result.details)


def test_a_graph_that_is_used_up_is_explained():
    result = check_answer(get("gan_losses"), _freed_graph)
    assert "already used up" in result.headline


# ------------------------------------------------------------------ the mathematics
def test_the_best_discriminator_is_the_best():
    """No other D does better, at a few points and in value."""
    g = torch.Generator().manual_seed(0)
    p, q = torch.rand(2, 50, generator=g, dtype=torch.float64)
    best = gan.optimal_discriminator(p, q)

    def value(D):
        return p * D.log() + q * (1 - D).log()

    for D in torch.rand(200, 50, generator=g, dtype=torch.float64):
        assert (value(D) <= value(best) + 1e-12).all()


def test_value_at_the_optimum_and_the_divergence():
    g = torch.Generator().manual_seed(1)
    p, q = torch.randn(2, 7, generator=g, dtype=torch.float64).softmax(-1)
    m = (p + q) / 2
    js = ((p * (p / m).log()).sum() + (q * (q / m).log()).sum()) / 2
    assert gan.gan_value_at_optimum(p, q).item() == pytest.approx(2 * js.item() - math.log(4))
    best = gan.optimal_discriminator(p, q)
    value = (p * best.log() + q * (1 - best).log()).sum()
    assert gan.gan_value_at_optimum(p, q).item() == pytest.approx(value.item())


def test_islands():
    """The divergence of two densities without overlap, on a grid."""
    x = (torch.arange(70000, dtype=torch.float64) + 0.5) / 10000
    p, q = ((x < 1).double() / 10000, (x > 5).double() * (x < 6) / 10000)
    js = gan.gan_value_at_optimum(p, q) / 2 + math.log(2)
    assert js.item() == pytest.approx(get("disjoint_divergence").truth)


def test_slopes_of_both_generator_losses():
    a = torch.tensor(math.log(0.001 / 0.999), dtype=torch.float64, requires_grad=True)
    (saturating,) = torch.autograd.grad(-F.softplus(a), a)
    (other,) = torch.autograd.grad(F.softplus(-a), a)
    assert saturating.item() == pytest.approx(-0.001)
    assert other.item() == pytest.approx(-0.999)


NUMBERS = [
    ("gan_equilibrium", "2 ln(2)", "unreadable"),
    ("gan_equilibrium", "2*ln(2)", None),
    ("gan_equilibrium", "1.386", None),
    ("gan_equilibrium", "1.4", None),
    ("gan_equilibrium", "-log(4)", "value"),
    ("gan_equilibrium", math.log(2), "one-term"),
    ("disjoint_divergence", "ln(2)", None),
    ("disjoint_divergence", "0.7", None),
    ("disjoint_divergence", "inf", "infinite"),
    ("disjoint_divergence", "∞", "infinite"),
    ("disjoint_divergence", "log(4)", "sum"),
    ("saturating", "(C)", None),
    ("frozen_discriminator", " b) ", None),
    ("undecided", "A", "a"),
]
