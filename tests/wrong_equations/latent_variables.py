"""Wrong versions of the equations of the chapter on latent variables."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch.distributions import MultivariateNormal

from lecture_utils.worlds.linear_gaussian import LinearGaussian
from wrong_equations import wrong

FACES = np.array(list(itertools.product([0, 1], repeat=9)))  # of nine pixels
CODES = np.array(list(itertools.product([0, 1], repeat=3)))  # of three genes


def random() -> np.random.Generator:
    """A generator of its own for every entry."""
    return np.random.default_rng(6)


def small_worlds(n: int = 10) -> list[tuple[np.ndarray, np.ndarray]]:
    """Three genes, nine pixels: p(z) [8] and p(x | z) [8, 512]."""
    rng = random()
    worlds = []
    for _ in range(n):
        ink = rng.uniform(0.02, 0.98, size=(8, 1, 9))
        worlds.append((rng.dirichlet(np.ones(8)), np.where(FACES, ink, 1 - ink).prod(-1)))
    return worlds


def posterior(prior: np.ndarray, px_z: np.ndarray) -> np.ndarray:
    """p(z | x), [8, 512]."""
    joint = prior[:, None] * px_z
    return joint / joint.sum(0)


def kl(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Over the first axis."""
    return (p * np.log(p / q)).sum(0)


def entropy(p: np.ndarray) -> np.ndarray:
    return -(p * np.log(p)).sum(0)


def bars(post: np.ndarray) -> np.ndarray:
    """The posterior of each single gene, off and on, [3, 2, 512]."""
    return np.stack([[post[CODES[:, g] == v].sum(0) for v in (0, 1)] for g in range(3)])


def product(single: np.ndarray) -> np.ndarray:
    """The product of single genes, [8, 512]."""
    return np.stack([math.prod(single[g, v] for g, v in enumerate(code)) for code in CODES])


# --- The model and its posterior ------------------------------------------------------------------


@wrong("latent-sums", "the prior is left out of the sum")
def _(mistake):
    worlds = small_worlds()
    whole = [(np.ones(8) if mistake else p) @ px_z for p, px_z in worlds]
    return [w.sum() for w in whole], [
        sum(w * row.sum() for w, row in zip(p, px_z, strict=True)) for p, px_z in worlds
    ]


@wrong("genes-apart", "the difference has the other sign")
def _(mistake):
    left, right = [], []
    for world in small_worlds():
        post = posterior(*world)
        single = bars(post)
        left.append(kl(post, product(single)))
        together = sum(entropy(single[g]) for g in range(3))
        right.append((together - entropy(post)) * (-1 if mistake else 1))
    return left, right


@wrong("evidence-anywhere", "the prior of z in place of its posterior")
def _(mistake):
    left, right = [], []
    for prior, px_z in small_worlds():
        post = posterior(prior, px_z)
        joint = prior[:, None] * px_z
        left.append(np.repeat(np.log(prior @ px_z)[None], 8, 0))
        right.append(np.log(joint) - np.log(prior[:, None] if mistake else post))
    return left, right


# --- Learning -------------------------------------------------------------------------------------


def slopes() -> list[tuple[torch.Tensor, ...]]:
    """Scores [K], logits [K, D] and bits [D] of random mixtures."""
    dice = torch.Generator().manual_seed(6)
    return [
        (
            torch.randn(4, generator=dice).double(),
            torch.randn(4, 5, generator=dice).double().requires_grad_(),
            torch.randint(2, (5,), generator=dice).double(),
        )
        for _ in range(20)
    ]


def log_joint(scores: torch.Tensor, logits: torch.Tensor, bits: torch.Tensor) -> torch.Tensor:
    return scores.log_softmax(0) + (bits * logits - F.softplus(logits)).sum(-1)


def gradient(value: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    return torch.autograd.grad(value, logits)[0]


def _whole() -> torch.Tensor:
    return torch.stack([gradient(log_joint(*m).logsumexp(0), m[1]) for m in slopes()])


@wrong("learn-1", "not divided by p(x)")
def _(mistake):
    lines = []
    for mixture in slopes():
        p = log_joint(*mixture).exp().sum()
        lines.append(gradient(p, mixture[1]) / (1 if mistake else p.detach()))
    return _whole(), torch.stack(lines)


@wrong("learn-2", "the slopes are not weighted")
def _(mistake):
    lines = []
    for mixture in slopes():
        p = log_joint(*mixture).exp().detach()
        weights = torch.ones(4) / 4 if mistake else p / p.sum()
        lines.append(
            sum(w * gradient(log_joint(*mixture)[k], mixture[1]) for k, w in enumerate(weights))
        )
    return _whole(), torch.stack(lines)


@wrong("learn-3", "the mean is under the prior")
def _(mistake):
    lines = []
    for scores, logits, bits in slopes():
        share = (scores if mistake else log_joint(scores, logits, bits)).softmax(0)
        lines.append((share[:, None] * (bits - logits.sigmoid())).detach())
    return _whole(), torch.stack(lines)


def _shares() -> tuple[torch.Tensor, torch.Tensor]:
    """Bits [30, 5] and random shares [30, 3]."""
    dice = torch.Generator().manual_seed(6)
    bits = torch.randint(2, (30, 5), generator=dice).double()
    return bits, torch.randn(30, 3, generator=dice).double().softmax(1)


@wrong("em-update", "divided by the number of all images")
def _(mistake):
    bits, r = _shares()
    means = (r.T @ bits) / (len(r) if mistake else r.sum(0)[:, None])
    a, b = r.mean(0).log().requires_grad_(), means.logit().requires_grad_()
    ink = (bits[:, None] * b - F.softplus(b)).sum(-1)
    total = (r * (a.log_softmax(0) + ink)).sum()
    return torch.cat([g.flatten() for g in torch.autograd.grad(total, (a, b))]), 0.0


def em_pairs() -> list[tuple[torch.Tensor, ...]]:
    """log p(x, k) under old and new parameters, after one step of EM each."""
    dice = torch.Generator().manual_seed(6)
    pairs = []
    for _ in range(5):
        bits = torch.randint(2, (30, 5), generator=dice).double()
        w, m = torch.full((3,), 1 / 3).double(), torch.rand(3, 5, generator=dice).double()
        steps = []
        for _ in range(2):
            steps.append(
                w.log()
                + torch.xlogy(bits[:, None], m).sum(-1)
                + torch.xlogy(1 - bits[:, None], 1 - m).sum(-1)
            )
            r = steps[-1].softmax(1)
            w, m = r.mean(0), (r.T @ bits) / r.sum(0)[:, None]
        pairs.append(tuple(steps))
    return pairs


@wrong("em-gain", "without the divergence")
def _(mistake):
    left, right = [], []
    for old, new in em_pairs():
        r = old.softmax(1)
        left.append(new.logsumexp(1) - old.logsumexp(1))
        divergence = (r * (old.log_softmax(1) - new.log_softmax(1))).sum(1)
        right.append((r * (new - old)).sum(1) + (0 if mistake else divergence))
    return torch.stack(left), torch.stack(right)


@wrong("em-rise", "the other way around")
def _(mistake):
    totals = [(old.logsumexp(1).sum(), new.logsumexp(1).sum()) for old, new in em_pairs()]
    old, new = (torch.stack(side) for side in zip(*totals, strict=True))
    return (old, ">=", new) if mistake else (new, ">=", old)


# --- Blind guesses --------------------------------------------------------------------------------


def blind() -> list[tuple[np.ndarray, np.ndarray, int, np.ndarray, np.ndarray]]:
    """Prior, p(x | z) of one face, S, and all S-tuples of draws: chances and estimates."""
    rng = random()
    cases = []
    for prior, px_z in small_worlds():
        p = px_z[:, rng.integers(512)]
        for S in (1, 2, 3):
            tuples = [list(t) for t in itertools.product(range(8), repeat=S)]
            chance = np.array([prior[t].prod() for t in tuples])
            cases.append((prior, p, S, chance, np.array([p[t].mean() for t in tuples])))
    return cases


@wrong("naive-variance", "without the one that is subtracted")
def _(mistake):
    left, right = [], []
    for prior, p, S, chance, hat in blind():
        px = prior @ p
        post = prior * p / px
        left.append(chance @ (hat - px) ** 2 / px**2)
        right.append(((post**2 / prior).sum() - (not mistake)) / S)
    return left, right


@wrong("naive-log", "the log of the average is too high on average")
def _(mistake):
    sides = [(math.log(w @ p), chance @ np.log(hat)) for w, p, _, chance, hat in blind()]
    exact, mean = np.array(sides).T
    return (mean, ">=", exact) if mistake else (exact, ">=", mean)


@wrong("naive-one", "the divergence the other way around")
def _(mistake):
    left, right = [], []
    for prior, px_z in small_worlds():
        post = posterior(prior, px_z)
        flat = np.repeat(prior[:, None], 512, 1)
        left.append(np.log(prior @ px_z) - prior @ np.log(px_z))
        right.append(kl(post, flat) if mistake else kl(flat, post))
    return left, right


# --- The linear model -----------------------------------------------------------------------------


def linear() -> list[tuple]:
    """W, b, s, the model, and a point x with its z."""
    dice = torch.Generator().manual_seed(6)
    cases = []
    for _ in range(10):
        W, b = torch.randn(5, 2, generator=dice).double(), torch.randn(5, generator=dice).double()
        s = 0.3 + torch.rand(1, generator=dice).double().item()
        model = LinearGaussian(W, b, s, dtype=torch.float64)
        x, z = model.sample_joint(1, generator=dice)
        cases.append((W, b, s, model, x[0], z[0]))
    return cases


@wrong("linear-evidence", "the noise counts once, not squared")
def _(mistake):
    left, right = [], []
    for W, b, s, model, x, _ in linear():
        C = W @ W.T + (s if mistake else s**2) * torch.eye(5).double()
        left.append(model.log_prob(x).item())
        right.append(MultivariateNormal(b, C).log_prob(x).item())
    return left, right


def _square(line):
    """The left side of the derivation, and a line of it."""
    left, right = [], []
    for W, b, s, model, x, z in linear():
        left.append((-2 * s**2 * (model.log_joint(x, z) - model.log_joint(x, 0 * z))).item())
        M = W.T @ W + s**2 * torch.eye(2).double()
        right.append(line(W, s, M, x - b, z).item())
    return left, right


@wrong("square-1", "the prior is not multiplied by the variance of the noise")
def _(mistake):
    return _square(
        lambda W, s, M, a, z: (1 if mistake else s**2) * z @ z + (a - W @ z) @ (a - W @ z) - a @ a
    )


@wrong("square-2", "the mixed term appears once")
def _(mistake):
    return _square(lambda W, s, M, a, z: z @ M @ z - (2 - mistake) * z @ W.T @ a)


@wrong("square-3", "nothing is subtracted to complete the square")
def _(mistake):
    def line(W, s, M, a, z):
        m = torch.linalg.solve(M, W.T @ a)
        return (z - m) @ M @ (z - m) - (0 if mistake else m @ M @ m)

    return _square(line)


@wrong("linear-posterior", "the covariance has lost the variance of the noise")
def _(mistake):
    left, right = [], []
    for W, b, s, _, x, _ in linear():
        M = W.T @ W + s**2 * torch.eye(2).double()
        gain = W.T @ torch.linalg.inv(W @ W.T + s**2 * torch.eye(5).double())
        covariance = (1 if mistake else s**2) * torch.linalg.inv(M)
        mean = torch.linalg.solve(M, W.T @ (x - b))
        left.append(torch.cat([mean, covariance.flatten()]))
        right.append(torch.cat([gain @ (x - b), (torch.eye(2).double() - gain @ W).flatten()]))
    return torch.stack(left), torch.stack(right)


@wrong("ppca-top", "the noise is the smallest eigenvalue, not the mean of the discarded ones")
def _(mistake):
    left, right = [], []
    dice = torch.Generator().manual_seed(6)
    for _, _, _, model, _, _ in linear():
        points = model.sample(60, generator=dice)
        lam, U = torch.linalg.eigh(points.T.cov(correction=0))
        lam, U = lam.flip(0), U.flip(1)
        s2 = lam[2:].mean()
        wide = lam[-1] if mistake else s2
        left.append(
            -0.5 * (5 * math.log(2 * math.pi) + 5 + lam[:2].log().sum() + 3 * wide.log()).item()
        )
        best = LinearGaussian(U[:, :2] * (lam[:2] - s2).sqrt(), points.mean(0), s2.sqrt())
        right.append(best.log_prob(points).mean().item())
    return left, right


@wrong("rename", "the genes are renamed in the decoder only")
def _(mistake):
    order = random().permutation(8)
    worlds = small_worlds()
    left = [np.log((p if mistake else p[order]) @ px_z[order]) for p, px_z in worlds]
    return left, [np.log(p @ px_z) for p, px_z in worlds]


@wrong("rotate", "the matrix is any matrix, not a rotation")
def _(mistake):
    left, right = [], []
    dice = torch.Generator().manual_seed(7)
    for W, b, s, model, x, _ in linear():
        R = torch.randn(2, 2, generator=dice).double()
        R = R if mistake else torch.linalg.qr(R).Q
        left.append(LinearGaussian(W @ R.T, b, s).log_prob(x).item())
        right.append(model.log_prob(x).item())
    return left, right


# --- The encoder, and four couples ----------------------------------------------------------------


@wrong("encoder-parts", "what is lost by taking genes apart is forgotten")
def _(mistake):
    rng = random()
    left, right = [], []
    for world in small_worlds():
        post = posterior(*world)
        guess = rng.uniform(0.1, 0.9, size=(3, 512))
        q, single = product(np.stack([1 - guess, guess], axis=1)), bars(post)
        apart = product(single)
        left.append(-(post * np.log(q)).sum(0))
        parts = entropy(post) + kl(apart, q)
        right.append(parts + (0 if mistake else kl(post, apart)))
    return left, right


@wrong("lazy", "the decoder does look at z")
def _(mistake):
    left, right = [], []
    for prior, px_z in small_worlds():
        ignores = np.repeat((prior @ px_z)[None], 8, 0)
        left.append(posterior(prior, px_z if mistake else ignores))
        right.append(np.repeat(prior[:, None], 512, 1))
    return left, right


@wrong("sure", "the likelihood in place of the posterior")
def _(mistake):
    left, right = [], []
    for prior, px_z in small_worlds():
        post, star = posterior(prior, px_z), px_z.argmax(0)
        point = np.zeros((8, 512))
        point[star, np.arange(512)] = 1
        terms = np.log(np.where(point > 0, point, 1)) - np.log(post)
        left.append((point * terms).sum(0))
        right.append(-np.log((px_z if mistake else post)[star, np.arange(512)]))
    return left, right


@wrong("copier", "one bit is counted as one nat")
def _(mistake):
    sizes = range(1, 9)
    left = [math.log(sum(2.0**-D * (code == 1) for code in range(2**D))) for D in sizes]
    return left, [-D * (1 if mistake else math.log(2)) for D in sizes]


@wrong("told", "the entropy of the posterior in place of its divergence from the prior")
def _(mistake):
    left, right = [], []
    for prior, px_z in small_worlds():
        post = posterior(prior, px_z)
        left.append((post * np.log(px_z)).sum(0) - np.log(prior @ px_z))
        right.append(entropy(post) if mistake else kl(post, prior[:, None]))
    return left, right
