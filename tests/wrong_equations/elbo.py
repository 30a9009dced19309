"""Wrong versions of the equations of the chapter on the evidence lower bound."""

from __future__ import annotations

import math

import numpy as np
import torch

from lecture_utils.figures.instruments import twin
from lecture_utils.worlds.linear_gaussian import LinearGaussian
from wrong_equations import wrong

X = 1.5  # the two people of the EM example stand at 1.5 and -1.5


def dice() -> torch.Generator:
    """A generator of its own for every entry."""
    return torch.Generator().manual_seed(8)


def simplex(g: torch.Generator, *shape: int) -> torch.Tensor:
    x = torch.rand(shape, dtype=torch.float64, generator=g).log()
    return x / x.sum(-1, keepdim=True)


class Tables:
    """Random models of one x with five states of z, and a guess for each."""

    def __init__(self, zeros: bool = False) -> None:
        g = dice()
        self.prior = simplex(g, 50, 5)
        self.likelihood = torch.rand(50, 5, dtype=torch.float64, generator=g)
        self.q = simplex(g, 50, 5)
        if zeros:
            self.q[:, 0] = 0
            self.q = self.q / self.q.sum(-1, keepdim=True)
        self.joint = self.prior * self.likelihood
        self.log_px = self.joint.sum(-1).log()
        self.posterior = self.joint / self.joint.sum(-1, keepdim=True)
        self.elbo = self.mean((self.joint / self.q).log())
        self.rec = self.mean(self.likelihood.log())
        self.rate = kl(self.q, self.prior)
        self.gap = kl(self.q, self.posterior)

    def mean(self, values: torch.Tensor) -> torch.Tensor:
        return torch.where(self.q > 0, self.q * values, 0.0).sum(-1)

    @property
    def jensen(self) -> torch.Tensor:
        """log E_q[w] - E_q[log w]."""
        seen = torch.where(self.q > 0, self.joint, 0.0).sum(-1)
        return seen.log() - self.elbo


def kl(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    return torch.special.xlogy(p, p / q).sum(-1)


def bell(z, mean, sd):
    return np.exp(-(((z - mean) / sd) ** 2) / 2) / (sd * math.sqrt(2 * math.pi))


@wrong("elbo-evidence", "every z counts the same, whatever the prior says")
def _(mistake):
    t = Tables()
    prior = torch.full_like(t.prior, 0.2) if mistake else t.prior
    total = [sum(a * b for a, b in zip(*rows, strict=True)) for rows in zip(
        prior.tolist(), t.likelihood.tolist(), strict=True)]
    return t.log_px, np.log(total)


# --- Way 1 ----------------------------------------------------------------------------------------


@wrong("way-one-1", "the guess is not normalized")
def _(mistake):
    t = Tables(zeros=True)
    return t.log_px, ((1 + mistake) * t.q * t.log_px[:, None]).sum(-1)


@wrong("way-one-2", "divided by the prior instead of the posterior")
def _(mistake):
    t = Tables(zeros=True)
    return t.log_px, t.mean((t.joint / (t.prior if mistake else t.posterior)).log())


@wrong("way-one-3", "the second factor upside down")
def _(mistake):
    t = Tables(zeros=True)
    second = t.posterior / t.q if mistake else t.q / t.posterior
    return t.log_px, t.mean((t.joint / t.q * second).log())


@wrong("way-one-4", "the divergence with its arguments exchanged")
def _(mistake):
    t = Tables()
    return t.log_px, t.elbo + (kl(t.posterior, t.q) if mistake else t.gap)


@wrong("elbo-bound", "the entropy of q counts twice: no bound")
def _(mistake):
    t = Tables()
    return t.elbo + mistake * torch.special.entr(t.q).sum(-1), "<=", t.log_px


@wrong("elbo-split-1", "log q is added")
def _(mistake):
    t = Tables()
    sign = 1 if mistake else -1
    return t.elbo, t.mean(t.joint.log() + sign * t.q.log())


@wrong("elbo-split-2", "the product rule without the prior")
def _(mistake):
    t = Tables()
    prior = 0 if mistake else t.prior.log()
    return t.elbo, t.mean(prior + t.likelihood.log() - t.q.log())


@wrong("elbo-split-3", "the minus before the bracket does not reach the prior")
def _(mistake):
    t = Tables()
    sign = 1 if mistake else -1
    return t.elbo, t.mean(t.likelihood.log()) - t.mean(t.q.log() + sign * t.prior.log())


@wrong("elbo-split-4", "the divergence is added")
def _(mistake):
    t = Tables()
    return t.elbo, t.rec + (t.rate if mistake else -t.rate)


@wrong("way-split", "the divergence from the posterior is taken off")
def _(mistake):
    t = Tables()
    return t.log_px, t.rec - t.rate + (-t.gap if mistake else t.gap)


@wrong("elbo-squares", "the weight of the divergence is s, not 2 s^2")
def _(mistake):
    g, sides = dice(), []
    for s in np.linspace(0.3, 3, 30):
        mu, x = torch.randn(2, 4, 3, generator=g).double()
        p_z, q = simplex(g, 4), simplex(g, 4)
        p_x_z = torch.from_numpy(bell(x[0].numpy(), mu.numpy(), s).prod(-1))
        elbo = (q * (p_z * p_x_z / q).log()).sum()
        error = (q * ((x[0] - mu) ** 2).sum(-1)).sum()
        weight = s if mistake else 2 * s**2
        constant = s**2 * 3 * math.log(2 * math.pi * s**2)
        sides.append((-2 * s**2 * elbo, error + weight * kl(q, p_z) + constant))
    return tuple(torch.tensor(sides).T.contiguous())


@wrong("gaussian-three", "the reconstruction at the mean of q: its spread is forgotten")
def _(mistake):
    closed, sums = [], []
    for m, sd in ((-1.0, 0.1), (0.0, 1.0), (0.9, 0.6), (3.0, 1.0)):
        now = twin("elbo")(1.5, 0.8, m, sd)
        rec = math.log(bell(1.5, m, 0.8)) if mistake else now["rec"]
        closed.append([rec, now["rate"], now["gap"]])
        z = np.linspace(m - 12 * sd, m + 12 * sd, 4001)
        q, joint = bell(z, m, sd), bell(z, 0, 1) * bell(1.5, z, 0.8)
        fine = np.linspace(-12, 12, 4001)
        total = np.trapezoid(bell(fine, 0, 1) * bell(1.5, fine, 0.8), fine)
        terms = (bell(1.5, z, 0.8), q / bell(z, 0, 1), q * total / joint)
        sums.append([np.trapezoid(q * np.log(f), z) for f in terms])
    return np.array(closed), np.array(sums)


# --- Way 2 ----------------------------------------------------------------------------------------


def _integrals() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grid of z, joint and guess there, for ten measured heights: x, noise and q differ."""
    rng = np.random.default_rng(8)
    seen, m = 2 * rng.normal(size=(2, 10))
    noise, sd = 0.5 + rng.random((2, 10))
    z = np.linspace(-12, 12, 6001)[:, None]
    return z, bell(z, 0, 1) * bell(seen, z, noise), bell(z, m, sd)


@wrong("way-two-1", "the conditional is integrated, not the joint")
def _(mistake):
    z, joint, q = _integrals()
    inside = joint / bell(z, 0, 1) if mistake else joint
    return np.log(np.trapezoid(inside, z, axis=0)), np.log(
        np.trapezoid(q * (joint / q), z, axis=0)
    )


@wrong("way-two-2", "divided by q and not multiplied by it")
def _(mistake):
    z, joint, q = _integrals()
    inside = joint / q if mistake else q * (joint / q)
    return np.log(np.trapezoid(joint, z, axis=0)), np.log(np.trapezoid(inside, z, axis=0))


@wrong("way-two-3", "the mean over the prior, but still divided by q")
def _(mistake):
    t = Tables()
    under = t.prior if mistake else t.q
    return t.log_px, (under * (t.joint / t.q)).sum(-1).log()


@wrong("way-two-4", "Jensen's inequality the wrong way round")
def _(mistake):
    t = Tables()
    inside = (t.q * (t.joint / t.q)).sum(-1).log()
    return (t.elbo, ">=", inside) if mistake else (inside, ">=", t.elbo)


@wrong("way-two-5", "the divergence from the posterior instead of the prior")
def _(mistake):
    t = Tables()
    return t.elbo, t.rec - (t.gap if mistake else t.rate)


@wrong("jensen-gap", "the divergence with its arguments exchanged")
def _(mistake):
    t = Tables()
    return t.jensen, kl(t.posterior, t.q) if mistake else t.gap


@wrong("gap-small", "the whole variance instead of half of it")
def _(mistake):
    t, eps = Tables(), 1e-4
    h = torch.rand(50, 5, dtype=torch.float64, generator=dice())
    h = h - (t.posterior * h).sum(-1, keepdim=True)
    near = t.posterior * (1 + eps * h)
    variance = (near * (t.posterior / near - 1) ** 2).sum(-1)
    half = 1 if mistake else 0.5
    return kl(near, t.posterior) / eps**2, half * variance / eps**2, {"tol": 1e-3}


@wrong("same-number", "way 1 with the divergence from the prior")
def _(mistake):
    t = Tables()
    return t.log_px - (t.rate if mistake else t.gap), t.elbo, t.rec - t.rate


# --- Simple guesses -------------------------------------------------------------------------------


@wrong("coin-update", "the log of the mean instead of the mean of the log")
def _(mistake):
    g, found, formula = dice(), [], []
    grid = (torch.arange(2000).double() + 0.5) / 2000
    for _ in range(20):
        joint = torch.rand(2, 2, dtype=torch.float64, generator=g)  # two coins
        other = simplex(g, 2)  # of the second coin
        f = (joint @ other).log() if mistake else joint.log() @ other
        formula.append(f.softmax(0)[1])
        q = torch.stack([1 - grid, grid], -1)[..., None] * other
        value = (q * (joint / q).log()).sum((-2, -1))
        found.append(grid[value.argmax()])
    return torch.stack(formula), torch.stack(found), {"tol": 6e-4}


@wrong("coins-gaussian", "the variances of the posterior, as if the guess kept them")
def _(mistake):
    g, sides = dice(), []
    for _ in range(20):
        W = torch.randn(4, 3, dtype=torch.float64, generator=g)
        model = LinearGaussian(W, torch.zeros(4), 0.7)
        x = torch.randn(4, dtype=torch.float64, generator=g)
        precision = torch.eye(3) + W.T @ W / 0.7**2
        v = 1 / precision.diagonal()
        loss = model.log_prob(x) - model.elbo(x, model.posterior(x).mean, torch.diag(v))
        if mistake:
            v = torch.linalg.inv(precision).diagonal()
        sides.append((loss, 0.5 * (-v.log().sum() - torch.logdet(precision))))
    return tuple(torch.tensor(sides).T.contiguous())


# --- What breaks ----------------------------------------------------------------------------------


@wrong("missed", "the states that q never draws are counted")
def _(mistake):
    t = Tables(zeros=True)
    hit = 1 - t.posterior[:, 0]
    return t.jensen + t.elbo, t.log_px + (0 if mistake else hit.log())


@wrong("missed-gap", "the missed probability makes Jensen lose more, not less")
def _(mistake):
    t = Tables(zeros=True)
    lost = (1 - t.posterior[:, 0]).log()
    return t.jensen, t.gap - lost if mistake else t.gap + lost


@wrong("missed-wrong", "put right: q misses nothing")
def _(mistake):
    t = Tables(zeros=not mistake)
    return t.jensen, t.gap


@wrong("cauchy-tail", "R and not R - arctan R")
def _(mistake):
    R = np.array([1.0, 10, 100, 1000])
    node, share = np.polynomial.legendre.leggauss(200)
    t = np.arcsinh(R) * node[:, None]
    z = np.sinh(t)
    value = share @ (z**2 / (np.pi * (1 + z**2)) * np.cosh(t)) * np.arcsinh(R)
    return value, 2 / np.pi * (R - (0 if mistake else np.arctan(R)))


# --- Two knobs ------------------------------------------------------------------------------------


@wrong("tangent", "at a q that is not the posterior")
def _(mistake):
    theta = torch.randn(20, 5, dtype=torch.float64, generator=dice()).requires_grad_()
    exact = theta.detach().softmax(-1)
    if mistake:
        exact = torch.full_like(exact, 0.2)
    (slope,) = torch.autograd.grad(theta.logsumexp(-1).sum(), theta)
    (other,) = torch.autograd.grad((exact * (theta - exact.log())).sum(), theta)
    return slope, other


def _two_people(theta):
    both = np.logaddexp(-((X - theta) ** 2) / 2, -((X + theta) ** 2) / 2)
    return both - math.log(2) - math.log(2 * math.pi) / 2


def _entropy(r):
    return -(r * np.log(r) + (1 - r) * np.log(1 - r))


def _parabola(theta, r, entropy=1):
    return (
        (2 * r - 1) * X * theta - theta**2 / 2 - X**2 / 2 - math.log(2 * math.pi) / 2
        + entropy * _entropy(r) - math.log(2)
    )


@wrong("em-ascent", "the M-step walks to the other side of the parabola")
def _(mistake):
    old = np.linspace(-3, 3, 100)
    r = 1 / (1 + np.exp(-2 * X * old))
    new = (2 * r - 1) * X * (-2 if mistake else 1)
    before = np.array([_parabola(new, r), _two_people(old)])
    return np.array([_two_people(new), _parabola(new, r)]), ">=", before


@wrong("parabola", "the entropy of the guess is left out")
def _(mistake):
    sides = []
    for theta in np.linspace(-2, 3, 11):
        for r in (0.05, 0.3, 0.5, 0.9):
            total = 0.0
            for x, up in ((X, r), (-X, 1 - r)):
                log_p = np.log(0.5 * bell(np.array([x, x]), np.array([theta, -theta]), 1))
                q = np.array([up, 1 - up])
                total += (q * (log_p - np.log(q))).sum() / 2
            sides.append((total, _parabola(theta, r, entropy=0 if mistake else 1)))
    return tuple(np.array(sides).T.copy())


@wrong("argmax-wrong", "put right: q is the exact posterior under the best theta")
def _(mistake):
    grid = np.linspace(0, 3, 30_001)
    mle = grid[_two_people(grid).argmax()]
    stuck = np.array([1 / (1 + np.exp(-2 * X * mle))] if mistake else [0.5, 0.75, 0.9])
    tops = np.array([grid[_parabola(grid, r).argmax()] for r in stuck])
    return tops, mle, {"tol": 1e-4}


# --- Two joints -----------------------------------------------------------------------------------


class Pairs:
    """Random worlds of six faces and four genotypes: how one looks, how a model draws."""

    def __init__(self) -> None:
        g = dice()
        self.data = simplex(g, 30, 6)
        self.guess = simplex(g, 30, 6, 4)
        self.look = self.data[..., None] * self.guess
        self.draw = simplex(g, 30, 24).reshape(30, 6, 4)
        self.apart = kl(self.look.flatten(1), self.draw.flatten(1))
        self.elbo = (self.guess * (self.draw / self.guess).log()).sum(-1)
        self.faces = kl(self.data, self.draw.sum(-1))
        self.gap = kl(self.guess, self.draw / self.draw.sum(-1, keepdim=True))

    def mean(self, values: torch.Tensor) -> torch.Tensor:
        return (self.data * values).sum(-1)


@wrong("two-joints-1", "every face counts the same")
def _(mistake):
    p = Pairs()
    log_ratio = (p.guess * (p.look / p.draw).log()).sum(-1)
    return p.apart, log_ratio.mean(-1) if mistake else p.mean(log_ratio)


@wrong("two-joints-2", "the entropy of the data is added")
def _(mistake):
    p = Pairs()
    entropy = torch.special.entr(p.data).sum(-1)
    return p.apart, (entropy if mistake else -entropy) - p.mean(p.elbo)


@wrong("two-joints-3", "the gap is not averaged over the data but summed")
def _(mistake):
    p = Pairs()
    return p.apart, p.faces + (p.gap.sum(-1) if mistake else p.mean(p.gap))


@wrong("two-joints-bound", "the other way round")
def _(mistake):
    p = Pairs()
    return p.apart, "<=" if mistake else ">=", p.faces


@wrong("surgery", "without the mutual information")
def _(mistake):
    p = Pairs()
    prior, crowd = p.draw.sum(1), p.look.sum(1)
    rec = (p.look * (p.draw / prior[:, None]).log()).sum((1, 2))
    info = 0 if mistake else p.mean(kl(p.guess, crowd[:, None].expand_as(p.guess)))
    return p.mean(p.elbo), rec - info - kl(crowd, prior)
