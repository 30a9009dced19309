"""Exercises on VAEs: unseen right answers are accepted, unseen wrong ones are rejected."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch.distributions import (
    Bernoulli,
    Independent,
    LowRankMultivariateNormal,
    MultivariateNormal,
    Normal,
    kl_divergence,
)

from lecture_utils.exercises import get

LOG_2PI = math.log(2 * math.pi)
BCE = F.binary_cross_entropy_with_logits


def _per_latent(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)


def _kl(mu, logvar):
    return _per_latent(mu, logvar).sum(-1)


def _sse(x, y):
    return ((x - y) ** 2).sum(-1)


# ------------------------------------------------------------------ right, written differently
def _affine(mu, logvar, eps):
    rows = [mu + torch.exp(logvar * 0.5).mul(noise) for noise in eps]
    return torch.stack(rows) if eps.dim() > mu.dim() else mu + eps * (logvar / 2).exp()


def _kl_by_prior(mu, logvar):
    q = Independent(Normal(mu, (logvar / 2).exp()), 1)
    p = Independent(Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1)
    return kl_divergence(q, p)


def _kl_by_entropy(mu, logvar):
    cross = 0.5 * (LOG_2PI + mu.square() + logvar.exp()).sum(-1)
    return cross - 0.5 * (LOG_2PI + 1 + logvar).sum(-1)


def _kl_einsum(mu, logvar):
    return 0.5 * (torch.einsum("bk,bk->b", mu, mu) + (torch.expm1(logvar) - logvar).sum(dim=1))


def _nll_loop(x, x_hat, sigma2):
    total = 0.0
    for d in range(x.shape[1]):
        total = total + (x[:, d] - x_hat[:, d]) ** 2 / (2 * sigma2)
        total = total + 0.5 * torch.log(sigma2) + 0.5 * LOG_2PI
    return total


def _loss_loop(logits, x, mu, logvar):
    total = 0.0
    for b in range(len(x)):
        recon = (F.softplus(logits[b]) - x[b] * logits[b]).sum()
        total = total + recon + _kl(mu[b], logvar[b])
    return total / len(x)


def _free_loop(mu, logvar, least):
    total = 0.0
    for k in range(mu.shape[1]):
        kl = _per_latent(mu[:, k], logvar[:, k]).sum() / len(mu)
        total = total + (kl if kl > least else kl.detach() * 0 + least)
    return total


def _by_example(x, mu, logvar, eps, decode):
    bounds = []
    for b in range(len(x)):
        q = Independent(Normal(mu[b], (0.5 * logvar[b]).exp()), 1)
        p = Independent(Normal(torch.zeros_like(mu[b]), torch.ones_like(mu[b])), 1)
        z = mu[b] + (0.5 * logvar[b]).exp() * eps[:, b]
        log_px = -BCE(decode(z), x[b].expand(len(z), -1), reduction="none").sum(-1)
        log_w = log_px + p.log_prob(z) - q.log_prob(z)
        bounds.append(log_w.logsumexp(0) - math.log(len(z)))
    return torch.stack(bounds)


def _by_logsigmoid(x, mu, logvar, eps, decode):
    z = torch.addcmul(mu, (0.5 * logvar).exp(), eps)
    logits = decode(z)
    on, off = x * F.logsigmoid(logits), (1 - x) * F.logsigmoid(-logits)
    log_w = (on + off).sum(-1) + 0.5 * (eps.square() + logvar - z.square()).sum(-1)
    top = log_w.max(0).values.detach()
    return top + (log_w - top).exp().mean(0).log()


def _by_distributions(x, mu, logvar, eps, decode):
    q = Normal(mu, (0.5 * logvar).exp())
    z = q.mean + q.stddev * eps
    log_w = Independent(Bernoulli(logits=decode(z)), 1).log_prob(x)
    log_w = log_w - 0.5 * (z * z + LOG_2PI).sum(2) - q.log_prob(z).sum(2)
    return torch.stack([w.logsumexp(0) for w in log_w.unbind(1)]) - math.log(eps.size(0))


def _iwae_loop(log_w):
    rows = []
    for row in log_w:
        top = row.max().detach()
        rows.append(((row - top).exp().sum() / len(row)).log() + top)
    return torch.stack(rows)


def _iwae_pairs(log_w):
    total = log_w[:, 0]
    for s in range(1, log_w.shape[1]):
        total = torch.logaddexp(total, log_w[:, s])
    return total - math.log(log_w.shape[1])


def _in_place_weights(w):
    w -= math.log(w.shape[1])
    return w.logsumexp(1)


RIGHT = [
    ("reparameterize", _affine),
    ("reparameterize", lambda m, v, e: m + e * v.mul(0.5).exp()),
    ("reparameterize", lambda m, v, e: m + e * torch.pow(math.e, v / 2)),
    ("reparameterize", lambda m, v, e: torch.lerp(m.expand_as(e), m + e, (v / 2).exp())),
    ("kl_gaussian", _kl_by_prior),
    ("kl_gaussian", _kl_by_entropy),
    ("kl_gaussian", _kl_einsum),
    ("kl_gaussian", lambda m, v: -0.5 * (1 + v - m.pow(2) - v.exp()).sum(1)),
    ("kl_gaussian", lambda m, v: torch.func.vmap(_kl)(m, v)),
    ("gaussian_recon_nll", _nll_loop),
    (
        "gaussian_recon_nll",
        lambda x, y, s: (
            -MultivariateNormal(
                y, s * torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)
            ).log_prob(x)
        ),
    ),
    (
        "gaussian_recon_nll",
        lambda x, y, s: _sse(x, y) / (2 * s) + x.shape[1] * (s.sqrt().log() + 0.5 * LOG_2PI),
    ),
    ("gaussian_recon_nll", lambda x, y, s: -Normal(y, s**0.5).log_prob(x).sum(dim=1)),
    ("neg_elbo", _loss_loop),
    ("neg_elbo", lambda a, x, m, v: BCE(a, x, reduction="sum") / len(x) + _kl(m, v).mean()),
    ("neg_elbo", lambda a, x, m, v: BCE(a, x) * x[0].numel() + _kl(m, v).mean()),
    (
        "neg_elbo",
        lambda a, x, m, v: (F.softplus((1 - 2 * x) * a).sum(1) + _kl_by_prior(m, v)).mean(),
    ),
    ("free_bits", _free_loop),
    (
        "free_bits",
        lambda m, v, c: torch.maximum(_per_latent(m, v).mean(0), torch.full_like(m[0], c)).sum(),
    ),
    (
        "free_bits",
        lambda m, v, c: (lambda kl: torch.where(kl < c, torch.full_like(kl, c), kl).sum())(
            _per_latent(m, v).mean(0)
        ),
    ),
    ("vae_bound", _by_example),
    ("vae_bound", _by_logsigmoid),
    ("vae_bound", _by_distributions),
    ("iwae_bound", _iwae_loop),
    ("iwae_bound", _iwae_pairs),
    ("iwae_bound", lambda w: w.logsumexp(1) - torch.zeros_like(w).logsumexp(1)),
    (
        "iwae_bound",
        lambda w: (w + torch.full_like(w, 1 / w.shape[1]).log()).logsumexp(dim=1),
    ),
    ("iwae_bound", lambda w: w.logsumexp(-1) - torch.log(torch.tensor(w.shape[-1]))),
    ("iwae_bound", lambda w: w.logsumexp(-1) - torch.tensor(float(w.shape[-1])).log()),
]


# ------------------------------------------------------------------ wrong, and not in the bank
def _draw_in_place(mu, logvar, eps):
    eps *= (0.5 * logvar).exp()
    return mu + eps


def _nll(x, y, s):
    return 0.5 * (_sse(x, y) / s + x.shape[-1] * (LOG_2PI + s.log()))


def _loss(a, x, m, v, recon=1.0, kl=1.0):
    return (recon * BCE(a, x, reduction="none").sum(-1) + kl * _kl(m, v)).mean()


def _weights(x, mu, logvar, eps, decode):
    z = mu + (0.5 * logvar).exp() * eps
    recon = -BCE(decode(z), x.expand(len(eps), *x.shape), reduction="none").sum(-1)
    return recon - 0.5 * (z**2 - eps**2 - logvar).sum(-1)


def _bound(x, mu, logvar, eps, decode):
    return _weights(x, mu, logvar, eps, decode).logsumexp(0) - math.log(len(eps))


def _stopped(x, mu, logvar, eps, decode):
    """The density of q with its parameters held fixed: right values, another gradient."""
    z = mu + (0.5 * logvar).exp() * eps
    recon = -BCE(decode(z), x.expand(len(eps), *x.shape), reduction="none").sum(-1)
    q = Normal(mu.detach(), (0.5 * logvar).exp().detach())
    log_w = recon - 0.5 * (z**2 + LOG_2PI).sum(-1) - q.log_prob(z).sum(-1)
    return log_w.logsumexp(0) - math.log(len(eps))


def _first_sample(x, mu, logvar, eps, decode):
    return _bound(x, mu, logvar, eps[:1], decode)


def _same_noise(x, mu, logvar, eps, decode):
    return _bound(x, mu, logvar, eps[:, :1].expand_as(eps), decode)


def _decodes_noise(x, mu, logvar, eps, decode):
    return _bound(x, mu, logvar, eps, lambda z: decode(eps))


def _rounds(x, mu, logvar, eps, decode):
    return _bound(x, mu, logvar, eps, lambda z: decode(z).round())


def _clamps(x, mu, logvar, eps, decode):
    return _bound(x, mu, logvar, eps, lambda z: decode(z).clamp(-20, 20))


def _laplace(x, mu, logvar, eps, decode):
    z = mu + (0.5 * logvar).exp() * eps
    return _bound(x, mu, logvar, eps, decode) + (0.5 * z**2 - z.abs()).sum(-1).mean(0)


UNSEEN = [
    ("reparameterize", _draw_in_place),
    ("reparameterize", lambda m, v, e: m + (0.5 * v).exp().detach() * e),
    ("reparameterize", lambda m, v, e: (m + (0.5 * v).exp() * e).detach()),
    ("reparameterize", lambda m, v, e: m + (0.5 * v).exp() * e / math.sqrt(e.shape[-1])),
    ("reparameterize", lambda m, v, e: m + (0.5 * v).exp() * e.clamp(-1, 1)),
    ("reparameterize", lambda m, v, e: m + (0.5 * v).exp2() * e),
    ("reparameterize", lambda m, v, e: m + (1 + 0.5 * v) * e),
    ("reparameterize", lambda m, v, e: (m + (0.5 * v).exp() * e).reshape(-1, m.shape[-1])),
    ("reparameterize", lambda m, v, e: m + (0.5 * v).exp().mean() * e),
    ("kl_gaussian", lambda m, v: _kl(m, v.clamp(-10, 10))),
    ("kl_gaussian", lambda m, v: _kl(m, v).detach()),
    ("kl_gaussian", lambda m, v: _kl(m, v).clamp(min=0.1)),
    ("kl_gaussian", lambda m, v: _kl(m, v)[:, None]),
    ("kl_gaussian", lambda m, v: 0.5 * (m**2 + v.exp2() - 1 - v).sum(-1)),
    ("kl_gaussian", lambda m, v: 0.5 * (m**2 + v.exp() - 1 - v).norm(dim=-1)),
    ("kl_gaussian", lambda m, v: _kl(m, v) / m.shape[0]),
    ("kl_gaussian", lambda m, v: _per_latent(m, v).max(-1).values),
    ("kl_gaussian", lambda m, v: _kl(m - m.mean(0), v)),
    ("kl_gaussian", lambda m, v: 0.5 * (_kl(m, v) + 0.5 * ((1 + m**2) / v.exp() - 1 + v).sum(-1))),
    ("gaussian_recon_nll", lambda x, y, s: _nll(x, y, s).clamp(min=0)),
    ("gaussian_recon_nll", lambda x, y, s: _nll(x, y, s.detach())),
    ("gaussian_recon_nll", lambda x, y, s: _nll(x, y, s + 1e-3)),
    ("gaussian_recon_nll", lambda x, y, s: _nll(x, y.clamp(0, 1), s)),
    ("gaussian_recon_nll", lambda x, y, s: _nll(x, y, s) / x.shape[-1]),
    ("gaussian_recon_nll", lambda x, y, s: _nll(x, y, s) / math.log(2)),
    ("gaussian_recon_nll", lambda x, y, s: _nll(x, y, torch.ones_like(s))),
    ("gaussian_recon_nll", lambda x, y, s: _nll(x, y, _sse(x, y).mean() / x.shape[-1])),
    (
        "gaussian_recon_nll",
        lambda x, y, s: (
            -LowRankMultivariateNormal(
                y, torch.zeros_like(y)[..., None], s.expand_as(y) ** 2
            ).log_prob(x)
        ),
    ),
    ("neg_elbo", lambda a, x, m, v: _loss(a, x, m, v, kl=0.5)),
    ("neg_elbo", lambda a, x, m, v: _loss(a, x, m, v, kl=4.0)),
    ("neg_elbo", lambda a, x, m, v: _loss(a, x, m, v.detach())),
    ("neg_elbo", lambda a, x, m, v: _loss(a.clamp(-30, 30), x, m, v)),
    ("neg_elbo", lambda a, x, m, v: _loss(a, x, m, v, recon=x.shape[-1])),
    ("neg_elbo", lambda a, x, m, v: _loss(a, x, m, v) / math.log(2)),
    ("neg_elbo", lambda a, x, m, v: _loss(-a, x, m, v)),
    ("neg_elbo", lambda a, x, m, v: _loss(a, x, m, v, kl=1 / m.shape[-1])),
    ("neg_elbo", lambda a, x, m, v: _loss(a, x, 0 * m, v)),
    ("neg_elbo", lambda a, x, m, v: _loss(a, x, m, v, kl=x.shape[-1] / m.shape[-1])),
    ("free_bits", lambda m, v, c: _per_latent(m, v).mean(0).clamp(min=c).sum().detach()),
    ("free_bits", lambda m, v, c: _per_latent(m, v).median(0).values.clamp(min=c).sum()),
    ("free_bits", lambda m, v, c: F.softplus(_per_latent(m, v).mean(0) - c).sum() + c),
    ("free_bits", lambda m, v, c: _per_latent(m, v).mean(0).clamp(min=c).prod()),
    ("free_bits", lambda m, v, c: _per_latent(m, v).mean(0).clamp(min=c / m.shape[1]).sum()),
    ("free_bits", lambda m, v, c: _per_latent(m, v).max(0).values.clamp(min=c).sum()),
    ("free_bits", lambda m, v, c: _per_latent(m, v).mean(0).clamp(min=c / math.log(2)).sum()),
    ("free_bits", lambda m, v, c: (_per_latent(m, v).mean(0) > c).to(m.dtype).sum()),
    ("vae_bound", _stopped),
    ("vae_bound", _first_sample),
    ("vae_bound", _same_noise),
    ("vae_bound", _decodes_noise),
    ("vae_bound", _rounds),
    ("vae_bound", _clamps),
    ("vae_bound", _laplace),
    ("vae_bound", lambda *a: _bound(*a).detach()),
    ("vae_bound", lambda *a: _bound(*a)[:, None]),
    ("vae_bound", lambda *a: _bound(*a) / a[0].shape[-1]),
    ("vae_bound", lambda *a: _weights(*a).clamp(min=-700).exp().mean(0).log()),
    ("vae_bound", lambda *a: _weights(*a).median(0).values),
    ("vae_bound", lambda *a: _bound(a[0], a[1], a[2].detach(), *a[3:])),
    ("vae_bound", lambda *a: _bound(1 - a[0], *a[1:])),
    ("vae_bound", lambda *a: 0.5 * (_bound(*a) + _weights(*a).mean(0))),
    ("iwae_bound", lambda w: w.clamp(-500, 500).logsumexp(1) - math.log(w.shape[1])),
    ("iwae_bound", lambda w: w.logsumexp(1) - math.log2(w.shape[1])),
    ("iwae_bound", lambda w: w.logsumexp(1) - math.log(w.shape[1] + 1)),
    ("iwae_bound", lambda w: w.logsumexp(1) - math.log(max(w.shape[1] - 1, 1))),
    ("iwae_bound", lambda w: (w.logsumexp(1) - math.log(w.shape[1])).detach()),
    ("iwae_bound", lambda w: w.logsumexp(1, True) - math.log(w.shape[1])),
    ("iwae_bound", lambda w: w.median(1).values),
    ("iwae_bound", _in_place_weights),
    ("iwae_bound", lambda w: w.nan_to_num(neginf=-10.0).logsumexp(1) - math.log(w.shape[1])),
    ("iwae_bound", lambda w: 0.5 * (w.mean(1) + w.logsumexp(1) - math.log(w.shape[1]))),
]


FIRST_TRIES = [
    ("reparameterize", lambda m, v, e: torch.addcmul(m, v.exp(), e), "variance"),
    ("reparameterize", lambda m, v, e: m + v.exp() / 2 * e, "half-outside"),
    ("reparameterize", lambda m, v, e: Normal(m, (v / 2).exp()).rsample(), "own-dice"),
    ("reparameterize", lambda m, v, e: m + v.sqrt() * e, "root-of-log"),
    ("reparameterize", lambda m, v, e: (m + (v / 2).exp() * e).detach(), "no-grad"),
    ("reparameterize", _draw_in_place, "in-place"),
    ("kl_gaussian", lambda m, v: 0.5 * (1 + v - m.pow(2) - v.exp()).sum(1), "negated"),
    ("kl_gaussian", lambda m, v: -0.5 * torch.sum(1 + v - m.pow(2) - v.exp()), "batch-sum"),
    ("kl_gaussian", lambda m, v: -0.5 * torch.mean(1 + v - m.pow(2) - v.exp()), "mean-of-all"),
    ("kl_gaussian", lambda m, v: _kl(m, 2 * v), "logvar-as-logstd"),
    (
        "kl_gaussian",
        lambda m, v: kl_divergence(Normal(torch.zeros_like(m), 1.0), Normal(m, (v / 2).exp())).sum(
            1
        ),
        "reversed",
    ),
    ("kl_gaussian", lambda m, v: _kl(m, v) / math.log(2), "bits"),
    ("kl_gaussian", lambda m, v: _kl(m, v).sum(), "batch-sum"),
    ("gaussian_recon_nll", lambda x, y, s: F.mse_loss(y, x, reduction="none").mean(1), "mse"),
    (
        "gaussian_recon_nll",
        lambda x, y, s: Normal(y, s.sqrt()).log_prob(x).sum(1),
        "log-likelihood",
    ),
    ("gaussian_recon_nll", lambda x, y, s: -Normal(y, s).log_prob(x).sum(1), "std-as-var"),
    ("gaussian_recon_nll", lambda x, y, s: -Normal(y, s.sqrt()).log_prob(x), "per-pixel"),
    (
        "gaussian_recon_nll",
        lambda x, y, s: F.gaussian_nll_loss(y, x, s.expand_as(x), reduction="none", eps=0).sum(1),
        "no-2pi",
    ),
    ("gaussian_recon_nll", lambda x, y, s: _nll(x, y, s).mean(), "batch-mean"),
    ("neg_elbo", lambda a, x, m, v: BCE(a, x, reduction="mean") + _kl(m, v).mean(), "recon-mean"),
    (
        "neg_elbo",
        lambda a, x, m, v: BCE(a, x, reduction="sum") + _kl(m, v).mean(),
        "recon-over-everything",
    ),
    ("neg_elbo", lambda a, x, m, v: BCE(a, x, reduction="sum") + _kl(m, v).sum(), "batch-sum"),
    ("neg_elbo", lambda a, x, m, v: BCE(a, x) + _per_latent(m, v).mean(), "both-means"),
    ("neg_elbo", lambda a, x, m, v: -_loss(a, x, m, v), "elbo"),
    ("neg_elbo", lambda a, x, m, v: _loss(a, x, m, v, kl=0.0), "no-kl"),
    ("free_bits", lambda m, v, c: _kl(m, v).mean().clamp(min=c), "after-sum"),
    ("free_bits", lambda m, v, c: _per_latent(m, v).clamp(min=c).sum(1).mean(), "before-average"),
    ("free_bits", lambda m, v, c: _kl(m, v).mean(), "no-floor"),
    ("vae_bound", lambda *a: _weights(*a).mean(0), "elbo"),
    ("vae_bound", lambda *a: _weights(*a).logsumexp(0), "no-log-s"),
    ("vae_bound", lambda *a: _weights(*a).exp().mean(0).log(), "unstable"),
    ("vae_bound", lambda *a: -_bound(*a), "negated"),
    ("vae_bound", lambda *a: _bound(*a).mean(), "batch-mean"),
    ("vae_bound", lambda *a: _bound(*a) / math.log(2), "bits"),
    ("vae_bound", lambda *a: _bound(*a[:3], torch.randn_like(a[3]), a[4]), "own-dice"),
    ("vae_bound", lambda *a: _bound(*a).detach(), "no-grad"),
    ("vae_bound", _stopped, "grad"),
    (
        "kl_gaussian",
        lambda m, v: (0.5 * (m**2 + v.exp() - v)).sum(-1) - 1,
        "minus-one-once",
    ),
    (
        "neg_elbo",
        lambda z, x, m, v: (
            F.binary_cross_entropy_with_logits(z, x, reduction="none").sum(1)
            + 0.5 * (m**2 + (2 * v).exp() - 1 - 2 * v).sum(1)
        ).mean(),
        "logvar-as-logstd",
    ),
    (
        "neg_elbo",
        lambda z, x, m, v: (
            F.binary_cross_entropy_with_logits(x, z, reduction="none").sum(1)
            + 0.5 * (m**2 + v.exp() - 1 - v).sum(1)
        ).mean(),
        "swapped",
    ),
    ("iwae_bound", lambda w: w.exp().sum(1).div(w.shape[1]).log(), "unstable"),
    ("iwae_bound", lambda w: w.logsumexp(dim=1), "no-log-s"),
    ("iwae_bound", lambda w: torch.mean(w, dim=1), "elbo"),
    ("iwae_bound", lambda w: (w.logsumexp(1) - math.log(w.shape[1])) / math.log(2), "bits"),
    ("iwae_bound", lambda w: w.exp().mean(1), "no-log"),
    (
        "iwae_bound",
        lambda w: w.logsumexp(1) - (w > -math.inf).sum(1).log(),
        "zeros-not-counted",
    ),
    ("reparameterize", lambda m, v, e: (m + e) * torch.sqrt(v.exp()), "stretched-mean"),
    (
        "gaussian_recon_nll",
        lambda x, y, s: _sse(x, y) / (2 * s) + torch.log(x.shape[-1] / 2 * 2 * math.pi * s),
        "count-in-log",
    ),
    (
        "gaussian_recon_nll",
        lambda x, y, s: -torch.log(torch.exp(Normal(y, torch.sqrt(s)).log_prob(x)).prod(1)),
        "density-first",
    ),
    (
        "neg_elbo",
        lambda a, x, m, v: torch.mean(BCE(a, x, reduction="none") + _kl(m, v)),
        "recon-mean",
    ),
    (
        "free_bits",
        lambda m, v, c: torch.clamp(_per_latent(m, v).mean(0), min=c * math.log(2)).sum(),
        "least-in-bits",
    ),
    (
        "kl_gaussian",
        lambda m, v: 0.5 * (m**2 + v.exp() - 1 - torch.log2(v.exp())).sum(-1),
        "bits",
    ),
    ("kl_gaussian", lambda m, v: _kl(m, v) / math.log(2), "bits"),
    (
        "kl_gaussian",
        lambda m, v: torch.sum((m**2 + v.exp() - 1 - torch.log(v)) / 2, dim=1),
        "log-of-log",
    ),
    (
        "gaussian_recon_nll",
        lambda x, y, s: torch.sum(
            (x - y) ** 2 / s / 2 + x.shape[1] / 2 * torch.log(2 * math.pi * s), dim=1
        ),
        "normalizer-too-often",
    ),
    (
        "gaussian_recon_nll",
        lambda x, y, s: _sse(x, y) / (2 * s) + x.shape[1] // 2 * torch.log(2 * math.pi * s),
        "whole-half",
    ),
    ("reparameterize", lambda m, v, e: (e - m) / v.exp().sqrt(), "standardized"),
    (
        "free_bits",
        lambda m, v, c: sum(k.clamp(min=c / len(m[0])) for k in _per_latent(m, v).mean(0)),
        "least-shared",
    ),
]


# ------------------------------------------------------------------ numbers, and what texts say
NUMBERS = [
    ("kl_at_prior_plus_one", "16/2", None),
    ("kl_at_prior_plus_one", -8, "negated"),
    ("kl_at_prior_plus_one", 7, "too-small"),
    ("latent_by_hand", 0, None),
    ("latent_by_hand", "3 - 2*1.5", None),
    ("latent_by_hand", 0.1, "too-large"),
    ("latent_by_hand", "2 * -1.5", "variance"),
    ("latent_by_hand", "3 + 1.5*4", "sign-variance"),
    ("latent_by_hand", "-1.5*4", "variance-no-mean"),
    ("kl_at_prior_plus_one", "16*(1 + 1)", "no-half-no-minus"),
    ("mse_variance", "784/4", "two-halves"),
    ("mse_variance", "784/2", None),
    ("mse_variance", 400, "close"),
    ("collapsed_pixel", 0.3, None),
    ("collapsed_pixel", 30, "percent"),
    ("collapsed_pixel", 0.31, "too-large"),
]


def test_the_numbers_of_the_predictions():
    ones, zeros = torch.ones(1, 16), torch.zeros(1, 16)
    assert get("kl_gaussian").reference(ones, zeros).item() == get("kl_at_prior_plus_one").truth
    x, y = torch.rand(2, 784, dtype=torch.float64), torch.rand(2, 784, dtype=torch.float64)
    sigma2 = torch.tensor(float(get("mse_variance").truth), dtype=torch.float64)
    constant = get("gaussian_recon_nll").reference(x, x, sigma2)
    loss = get("gaussian_recon_nll").reference(x, y, sigma2) - constant
    assert torch.allclose(loss, ((x - y) ** 2).mean(-1))


def _toy(samples, seed=0):
    g = torch.Generator().manual_seed(seed)
    x = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    mu, logvar = torch.zeros(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
    weight = torch.tensor([3.0, -2.0], dtype=torch.float64)
    eps = torch.randn(samples, 1, 1, generator=g, dtype=torch.float64)
    return x, mu, logvar, eps, lambda z: z * weight


def test_the_capstone_approaches_the_exact_likelihood():
    x, mu, logvar, eps, decode = _toy(400_000)
    z = torch.linspace(-12, 12, 40_001, dtype=torch.float64)[:, None]
    log_lik = -BCE(decode(z), x.expand(len(z), 2), reduction="none").sum(1)
    prior = Normal(0.0, 1.0).log_prob(z[:, 0])
    exact = torch.trapezoid((log_lik + prior).exp(), z[:, 0]).log()
    bound = get("vae_bound").reference(x, mu, logvar, eps, decode)
    assert bound.item() == pytest.approx(exact.item(), abs=5e-3)
    elbo = get("vae_bound").reference(x, mu, logvar, eps.view(1, -1, 1), decode).mean()
    assert elbo < exact - 0.1


def test_likelihood_minus_closed_kl_is_no_bound():
    """Why the bank calls log E_q[p(x | z)] - KL no bound: a q between them may lie above."""
    mu = torch.tensor([[0.5]], dtype=torch.float64)
    logvar = torch.tensor([[0.0]], dtype=torch.float64)
    x, _, _, eps, decode = _toy(400_000)
    z = torch.linspace(-12, 12, 40_001, dtype=torch.float64)[:, None]
    log_lik = -BCE(decode(z), x.expand(len(z), 2), reduction="none").sum(1)
    exact = torch.trapezoid((log_lik + Normal(0.0, 1.0).log_prob(z[:, 0])).exp(), z[:, 0]).log()
    wrong = next(w for w in get("vae_bound").wrong if w.key == "closed-kl")
    assert wrong.solve(x, mu, logvar, eps, decode).item() > exact + 0.01
