"""Wrong versions of the equations of the chapter on divergences."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from wrong_equations import wrong

NODES = np.linspace(-10, 10, 4001)


def tables(*shape: int) -> tuple[np.ndarray, np.ndarray]:
    """Two lists of 50 random distributions, the same for every entry."""
    rng = np.random.default_rng(7)
    p, q = rng.dirichlet(np.ones(math.prod(shape)), size=(2, 50))
    return p.reshape(50, *shape), q.reshape(50, *shape)


def kl(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    return (p * np.log(p / q)).sum(-1)


def bells() -> np.ndarray:
    """Means and widths of 50 pairs of Gaussians [50, 4]: m0, s0, m1, s1."""
    return np.random.default_rng(7).uniform([-2, 0.3, -2, 0.3], [2, 2, 2, 2], size=(50, 4))


def by_torch(rows: np.ndarray) -> torch.Tensor:
    m0, s0, m1, s1 = torch.tensor(rows).T
    return kl_divergence(Normal(m0, s0), Normal(m1, s1))


# --- Surprise -------------------------------------------------------------------------------------


@wrong("surprise-adds", "surprises multiply")
def _(mistake):
    p, q = tables(4)
    both = -np.log(p[:, :, None] * q[:, None, :])
    one, two = -np.log(p)[:, :, None], -np.log(q)[:, None, :]
    return both, one * two if mistake else one + two


@wrong("books", "the divergence in the other direction")
def _(mistake):
    p, q = tables(5)
    entropy = -(p * np.log(p)).sum(1)
    return -(p * np.log(q)).sum(1), entropy + (kl(q, p) if mistake else kl(p, q))


# --- Units ----------------------------------------------------------------------------------------


@wrong("kl-invariant", "the stretching of one density only")
def _(mistake):
    x = np.linspace(-12, 12, 800_001)
    y, left, right = x**3 + x, [], []
    for s, r in bells()[:5, [1, 3]].clip(0.5, 1.5):
        p = np.exp(-(x**2) / (2 * s * s)) / (s * math.sqrt(2 * math.pi)) / (3 * x**2 + 1)
        ratio = math.log(r / s) + x**2 / (2 * r * r) - x**2 / (2 * s * s)
        if mistake:
            ratio = ratio - np.log(3 * x**2 + 1)
        left.append(np.trapezoid(p * ratio, y))
        right.append(math.log(r / s) + s * s / (2 * r * r) - 0.5)
    return left, right


# --- Never negative -------------------------------------------------------------------------------


@wrong("gibbs-1", "the fraction is not turned over")
def _(mistake):
    p, q = tables(6)
    return -kl(p, q), (p * np.log(p / q if mistake else q / p)).sum(1)


@wrong("gibbs-2", "Jensen in the wrong direction")
def _(mistake):
    p, q = tables(6)
    sides = (p * np.log(q / p)).sum(1), "<=", np.log((p * (q / p)).sum(1))
    return sides[::-1] if mistake else sides


@wrong("gibbs-3", "p does not cancel")
def _(mistake):
    p, q = tables(6)
    return np.log((p * (q / p)).sum(1)), np.log(((p * q) if mistake else q).sum(1))


@wrong("gibbs-tangent", "plus the log")
def _(mistake):
    p, q = tables(6)
    r = q / p
    return kl(p, q), (p * (r - 1 + (1 if mistake else -1) * np.log(r))).sum(1)


# --- Gaussians ------------------------------------------------------------------------------------


@wrong("kl-bells", "the two widths change places")
def _(mistake):
    m0, s0, m1, s1 = bells().T
    a, b = (s1, s0) if mistake else (s0, s1)
    return by_torch(bells()), np.log(s1 / s0) + (a**2 + (m0 - m1) ** 2) / (2 * b**2) - 0.5


@wrong("kl-gauss", "the inverse of the first covariance in the trace")
def _(mistake):
    g = torch.Generator().manual_seed(7)
    left, right = [], []
    for _ in range(20):
        m0, m1 = torch.randn(2, 3, generator=g).double()
        A, B = torch.randn(2, 3, 3, generator=g).double()
        S0, S1 = A @ A.T + torch.eye(3), B @ B.T + torch.eye(3)
        left.append(kl_divergence(MultivariateNormal(m0, S0), MultivariateNormal(m1, S1)))
        ratio = torch.linalg.solve(S0, S1) if mistake else torch.linalg.solve(S1, S0)
        shift = (m0 - m1) @ torch.linalg.solve(S1, m0 - m1)
        right.append(0.5 * (S1.logdet() - S0.logdet() + ratio.trace() + shift - 3))
    return torch.stack(left), torch.stack(right)


@wrong("kl-standard", "the log of the width in the place of that of the variance")
def _(mistake):
    m, s = bells()[:, :2].T
    log = np.log(s if mistake else s**2)
    return by_torch(np.stack([m, s, 0 * m, 0 * m + 1], 1)), (m**2 + s**2 - 1 - log) / 2


# --- Directions and samples -----------------------------------------------------------------------


@wrong("reverse-books", "plus the entropy")
def _(mistake):
    rows = bells()
    m0, s0, m1, s1 = rows.T
    entropy = np.log(s0 * math.sqrt(2 * math.pi * math.e))
    cross = -np.log(s1 * math.sqrt(2 * math.pi)) - (s0**2 + (m0 - m1) ** 2) / (2 * s1**2)
    return by_torch(rows), (1 if mistake else -1) * entropy - cross


@wrong("ratio-squared", "the condition's root is forgotten")
def _(mistake):
    sp = bells()[:, 1]
    sq = sp * np.linspace(0.3, 1.3, len(sp))
    left = []
    for p, q in zip(sp, sq, strict=True):
        x = np.linspace(-40, 40, 80_001) * p
        log = 2 * (-(x**2) / (2 * q * q) - math.log(q)) + x**2 / (2 * p * p) + math.log(p)
        left.append((np.exp(log) / math.sqrt(2 * math.pi)).sum() * (x[1] - x[0]))
    rest = 2 * sp**2 - sq**2
    return left, sp**2 / (sq * (rest if mistake else np.sqrt(rest)))


# --- Parts, and other divergences -----------------------------------------------------------------


def _parts() -> tuple[np.ndarray, ...]:
    p, q = tables(4, 3)
    px, qx = p.sum(2), q.sum(2)
    within = kl(p / px[:, :, None], q / qx[:, :, None])
    return kl(p.reshape(50, -1), q.reshape(50, -1)), kl(px, qx), within, px, qx


@wrong("kl-chain", "the parts are weighted by q")
def _(mistake):
    whole, outer, within, px, qx = _parts()
    return whole, outer + ((qx if mistake else px) * within).sum(1)


@wrong("data-processing", "forgetting makes worlds easier to tell apart")
def _(mistake):
    whole, outer, *_ = _parts()
    return (whole, "<=", outer) if mistake else (outer, "<=", whole)


def _js(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    m = (p + q) / 2
    return (kl(p, m) + kl(q, m)) / 2


@wrong("js-bounds", "without the halves")
def _(mistake):
    rng = np.random.default_rng(7)
    p, q = rng.dirichlet(np.full(5, 0.1), size=(2, 50)).clip(1e-12)
    return _js(p, q) * (2 if mistake else 1), "<=", math.log(2)


@wrong("pinsker", "without the square")
def _(mistake):
    p, q = tables(5)
    tv = np.abs(p - q).sum(1) / 2
    return tv if mistake else tv**2, "<=", kl(p, q) / 2


@wrong("kl-fisher", "without the half")
def _(mistake):
    theta, d = np.linspace(0.2, 0.8, 20), 1e-3
    info = 1 / (theta * (1 - theta))

    def grown(step: float) -> np.ndarray:
        there = np.stack([theta + step, 1 - theta - step], 1)
        return kl(np.stack([theta, 1 - theta], 1), there) / step**2

    return (grown(d) + grown(-d)) / 2, info * (1 if mistake else 0.5), {"tol": 1e-4}
