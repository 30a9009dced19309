"""Wrong versions of the equations of the chapter on training a VAE."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from lecture_utils.worlds.linear_gaussian import LinearGaussian
from wrong_equations import wrong

EPS = np.linspace(-9, 9, 6001)
BELL = np.exp(-(EPS**2) / 2) / math.sqrt(2 * math.pi) * 18 / 6000


def random() -> np.random.Generator:
    """A generator of its own for every entry."""
    return np.random.default_rng(9)


def dice() -> torch.Generator:
    return torch.Generator().manual_seed(9)


def normal(*shape: int, seed: torch.Generator) -> torch.Tensor:
    return torch.randn(*shape, generator=seed, dtype=torch.float64)


def mean(values: np.ndarray) -> np.ndarray:
    """The mean of f(eps) [..., grid] for a standard normal eps."""
    return (values * BELL).sum(-1)


# --- The bound and its terms ----------------------------------------------------------------------


@wrong("vae-identity", "the gap is taken in the other direction")
def _(mistake):
    seed, sides = dice(), []
    for _ in range(20):
        W, b, x = normal(5, 3, seed=seed), normal(5, seed=seed), normal(5, seed=seed)
        L = normal(3, 3, seed=seed)
        eye = torch.eye(3).double()
        q = MultivariateNormal(normal(3, seed=seed), L @ L.T + 0.125 * eye)
        posterior = MultivariateNormal(*LinearGaussian(W, b, 0.75).posterior(x))
        spread = (W.T @ W * q.covariance_matrix).sum() / (2 * 0.75**2)
        rec = Normal(W @ q.mean + b, 0.75).log_prob(x).sum() - spread
        rate = kl_divergence(q, MultivariateNormal(0 * q.mean, eye))
        gap = kl_divergence(posterior, q) if mistake else kl_divergence(q, posterior)
        log_px = MultivariateNormal(b, W @ W.T + 0.75**2 * torch.eye(5).double()).log_prob(x)
        sides.append((log_px.item(), (rec - rate + gap).item()))
    return tuple(zip(*sides, strict=True))


@wrong("vae-kl", "the standard deviation stands where the variance belongs")
def _(mistake):
    rng, sides = random(), []
    for _ in range(20):
        mu, sigma = rng.normal(size=4), rng.uniform(0.1, 2, size=4)
        z = mu[:, None] + sigma[:, None] * EPS
        exact = mean(z**2 / 2 - EPS**2 / 2 - np.log(sigma)[:, None]).sum()
        spread = sigma if mistake else sigma**2
        sides.append((exact, (mu**2 + spread - 1 - np.log(sigma**2)).sum() / 2))
    return tuple(zip(*sides, strict=True))


@wrong("vae-bernoulli", "only the pixels that are on count")
def _(mistake):
    rng = random()
    a, bit = rng.normal(size=(50, 6)) * 3, rng.integers(0, 2, (50, 6))
    on = 1 / (1 + np.exp(-a))
    normalizer = np.log1p(np.exp(a)) * (bit if mistake else 1)
    return np.log(np.where(bit == 1, on, 1 - on)).sum(1), (bit * a - normalizer).sum(1)


@wrong("vae-gaussian", "the normalizer is counted once, not once for every pixel")
def _(mistake):
    rng = random()
    x, x_hat = rng.normal(size=(2, 50, 6))
    var = rng.uniform(0.1, 4, size=50)
    bell = np.exp(-((x - x_hat).T ** 2) / (2 * var)) / np.sqrt(2 * np.pi * var)
    pixels = 1 if mistake else 6
    formula = ((x - x_hat) ** 2).sum(1) / (2 * var) + pixels / 2 * np.log(2 * np.pi * var)
    return -np.log(bell.prod(0)), formula


def _linear_losses(variances: np.ndarray) -> np.ndarray:
    """The ELBO, the expected squares and the KL of linear decoders with D = 6: [3, n]."""
    rng, rows = random(), []
    for var in variances:
        W, b, x, m, v = (
            torch.tensor(rng.normal(size=size)) for size in ((6, 2), (6,), (6,), (2,), (2,))
        )
        v = v.exp()
        bound = LinearGaussian(W, b, var**0.5).elbo(x, m, v.diag())
        squares = ((x - W @ m - b) ** 2).sum() + (W**2 @ v).sum()
        rows.append([bound, squares, (m**2 + v - 1 - v.log()).sum() / 2])
    return np.array(rows).T


@wrong("sse-weight", "the weight of the KL is the standard deviation, twice")
def _(mistake):
    var = np.linspace(0.05, 3, 50)
    bound, squares, rate = _linear_losses(var)
    weight = np.sqrt(var) if mistake else var
    return -2 * var * bound, squares + 2 * weight * rate + 6 * var * np.log(2 * np.pi * var)


@wrong("mean-squares", "the sum of squares stands where the mean stood")
def _(mistake):
    bound, squares, rate = _linear_losses(np.full(50, 0.5))
    return -bound, squares / (1 if mistake else 6) + rate + 3 * np.log(np.pi)


# --- Gradients ------------------------------------------------------------------------------------


@wrong("reparam", "the noise does not multiply the slope in the derivative by sigma")
def _(mistake):
    rng, sides = random(), []
    for mu, s, b, k in rng.uniform([-2, 0.2, -1, 0], [2, 2, 1, 4], (30, 4)):
        known = 2 * b * s - k * k * s * math.cos(k * mu) * math.exp(-((k * s) ** 2) / 2)
        z = mu + s * EPS
        slope = 2 * b * z - k * np.sin(k * z)
        sides.append((known, mean(slope * (1 if mistake else EPS))))
    return tuple(zip(*sides, strict=True))


def _softmax(mistake: str = "") -> list[np.ndarray]:
    """The three lines of the score-function estimator for six codes."""
    rng = random()
    phi, f = rng.normal(size=(2, 30, 6))
    q = np.exp(phi) / np.exp(phi).sum(1, keepdims=True)
    free = torch.tensor(phi, requires_grad=True)
    (free.softmax(1) * torch.tensor(f)).sum().backward()
    score = np.eye(6) - q[:, None, :]
    slope = q[:, :, None] * score
    lines = {
        "score-1": free.grad.numpy(),
        "score-2": (f[:, :, None] * slope).sum(1),
        "score-3": ((q * f)[:, :, None] * score).sum(1),
    }
    if mistake == "score-1":
        lines[mistake] = lines[mistake] * q  # of log q, not of q
    if mistake == "score-2":
        lines[mistake] = (f[:, :, None] * q[:, :, None] * np.eye(6)).sum(1)
    if mistake == "score-3":
        lines[mistake] = (f[:, :, None] * score).mean(1)
    return list(lines.values())


@wrong("score-1", "the parameters of a softmax are taken for probabilities")
def _(mistake):
    return tuple(_softmax("score-1" if mistake else ""))


@wrong("score-2", "the normalizer of the softmax is not differentiated")
def _(mistake):
    return tuple(_softmax("score-2" if mistake else ""))


@wrong("score-3", "the mean is over all codes alike, not over q")
def _(mistake):
    return tuple(_softmax("score-3" if mistake else ""))


@wrong("baseline", "the mean is over all codes alike, not over q")
def _(mistake):
    phi = random().normal(size=(30, 6))
    q = np.exp(phi) / np.exp(phi).sum(1, keepdims=True)
    score = np.eye(6) - q[:, None, :]
    weight = np.full_like(q, 1 / 6) if mistake else q
    return (weight[:, :, None] * score).sum(1), 0


SIZES = np.arange(1, 5)


def _variances() -> np.ndarray:
    """Exact variances of the three estimators for K = 1 to 4, [3, 4]."""
    rows = []
    for K in SIZES:
        node, weight = np.polynomial.hermite_e.hermegauss(6)
        e = np.array(list(itertools.product(node, repeat=K)))
        w = np.array(
            [math.prod(c) for c in itertools.product(weight / weight.sum(), repeat=K)]
        )
        f = ((1 + e) ** 2).sum(1) / 2
        draws = 1 + e[:, 0], f * e[:, 0], (f - K) * e[:, 0]
        rows.append([w @ g**2 - (w @ g) ** 2 for g in draws])
    return np.array(rows).T


@wrong("var-reparam", "every coordinate adds to it")
def _(mistake):
    return _variances()[0], SIZES if mistake else 1


@wrong("var-score", "the square of the mean is not taken off")
def _(mistake):
    return _variances()[1], SIZES**2 + 3.5 * SIZES + (4 if mistake else 3)


@wrong("var-baseline", "half a K too few for every dimension")
def _(mistake):
    return _variances()[2], (1 if mistake else 1.5) * SIZES + 3


@wrong("sine-reparam", "the square is forgotten")
def _(mistake):
    k = random().uniform(0.1, 20, size=(30, 1))
    slope = k * np.cos(k * EPS)
    k = k[:, 0]
    power = 1 if mistake else 2
    return mean(slope**2) - mean(slope) ** 2, k**2 / 2 * (1 - np.exp(-(k**2))) ** power


@wrong("sine-score", "only the limit of large k is kept")
def _(mistake):
    k = random().uniform(0.1, 20, size=(30, 1))
    value = np.sin(k * EPS) * EPS
    k = k[:, 0]
    rest = (1 - 4 * k**2) / 2 * np.exp(-2 * k**2) + k**2 * np.exp(-(k**2))
    return mean(value**2) - mean(value) ** 2, 0.5 - (0 if mistake else rest)


@wrong("poincare", "sigma stands where its square belongs")
def _(mistake):
    b, s = random().uniform([0.5, 2], [1, 3], (30, 2)).T[:, :, None]
    z = s * EPS
    first, second = 2 * b * z, 2 * b + 0 * z
    scale = s[:, 0] if mistake else s[:, 0] ** 2
    slack = 1e-9 * mean(first**2)  # for a quadratic f both sides are equal
    return mean(first**2) - mean(first) ** 2 - slack, "<=", scale * mean(second**2)


@wrong("landing", "the guess is twice as wide as the posterior")
def _(mistake):
    seed = dice()
    toy = LinearGaussian(normal(5, 3, seed=seed), torch.zeros(5).double(), 0.75)
    x = toy.sample(20, generator=seed)
    m, C = toy.posterior(x)
    q = MultivariateNormal(m, (4 if mistake else 1) * C)
    z = normal(20, 3, seed=seed).requires_grad_()
    (toy.log_joint(x, z) - q.log_prob(z)).sum().backward()
    return z.grad, 0


# --- Gaps and bounds ------------------------------------------------------------------------------


@wrong("factorized-gap", "the guess has the variances of the posterior, not of its inverse")
def _(mistake):
    seed, sides = dice(), []
    for _ in range(20):
        W = normal(5, 3, seed=seed)
        m, C = LinearGaussian(W, torch.zeros(5).double(), 0.5).posterior(torch.zeros(5).double())
        inverse = torch.eye(3).double() + W.T @ W / 0.25
        variance = C.diagonal() if mistake else 1 / inverse.diagonal()
        q = MultivariateNormal(m, variance.diag())
        least = kl_divergence(q, MultivariateNormal(m, C)).item()
        sides.append((least, (inverse.diagonal().log().sum() - inverse.logdet()).item() / 2))
    return tuple(zip(*sides, strict=True))


@wrong("gap-split", "the part of the family is taken in the other direction")
def _(mistake):
    seed, sides = dice(), []
    for _ in range(20):
        W = normal(5, 3, seed=seed)
        world = LinearGaussian(W, torch.zeros(5).double(), 0.75)
        x = world.sample(1, generator=seed)[0]
        m, C = world.posterior(x)
        mine = m + normal(3, seed=seed), torch.rand(3, generator=seed).double() + 0.1
        best = m, 1 / torch.linalg.inv(C).diagonal()
        L, L_best = (world.elbo(x, a, v.diag()) for a, v in (mine, best))
        q, posterior = MultivariateNormal(m, best[1].diag()), MultivariateNormal(m, C)
        least = kl_divergence(posterior, q) if mistake else kl_divergence(q, posterior)
        C_x = W @ W.T + 0.75**2 * torch.eye(5).double()
        log_px = MultivariateNormal(0 * x, C_x).log_prob(x)
        sides.append(((log_px - L).item(), (least + L_best - L).item()))
    return tuple(zip(*sides, strict=True))


@wrong("iw-order", "the log of the sum of weights, not of their mean")
def _(mistake):
    rng, ladders = random(), []
    for _ in range(5):
        log_p, q = rng.normal(size=3) * 2, rng.dirichlet(np.ones(3))
        w, ladder = np.exp(log_p) / q, []
        for S in range(1, 6):
            total = 0.0
            for n in itertools.product(range(S + 1), repeat=3):
                if sum(n) == S:
                    ways = math.factorial(S) / math.prod(math.factorial(i) for i in n)
                    sum_ = np.dot(n, w) / (1 if mistake else S)
                    total += ways * np.prod(q ** np.array(n)) * np.log(sum_)
            ladder.append(total)
        ladders.append([*ladder, np.log(np.exp(log_p).sum())])
    ladders = np.array(ladders)
    return ladders[:, :-1], "<=", ladders[:, 1:]


@wrong("iw-law", "the half is forgotten")
def _(mistake):
    def scaled(r, q, S):
        n = np.arange(S + 1)
        lf = np.cumsum(np.log(np.maximum(n, 1)))
        P = np.exp(lf[-1] - lf - lf[::-1] + n * np.log(q) + (S - n) * np.log(1 - q))
        return -S * (P * np.log((n * r[0] + (S - n) * r[1]) / S)).sum()

    sides = []
    for post, q in random().uniform(0.3, 0.7, size=(10, 2)):
        g = [scaled((post / q, (1 - post) / (1 - q)), q, 1000 * 2**i) for i in range(4)]
        for i in (2, 4, 8):
            g = [(i * b - a) / (i - 1) for a, b in itertools.pairwise(g)]
        sides.append((g[0], (post - q) ** 2 / q / (1 - q) / (1 if mistake else 2)))
    return *zip(*sides, strict=True), {"tol": 1e-8}


@wrong("chi-gauss", "the variance is taken for the standard deviation under the root")
def _(mistake):
    m, s = random().uniform([-1, 0.8], [1, 2], (30, 2)).T
    z = np.linspace(-60, 60, 60_001)[:, None]
    chi = np.exp(-(z**2) + ((z - m) / s) ** 2 / 2).sum(0) * 0.002 * s / math.sqrt(2 * math.pi)
    front = s if mistake else s**2
    formula = front / np.sqrt(2 * s**2 - 1) * np.exp(m**2 / (2 * s**2 - 1)) - 1
    return chi - 1, formula


# --- Collapse and blur ----------------------------------------------------------------------------


@wrong("tempered", "the beta in front of the log is forgotten")
def _(mistake):
    rng, sides = random(), []
    for beta in rng.uniform(0.2, 8, 30):
        prior, log_l = rng.dirichlet(np.ones(40)), rng.normal(size=40) * 3
        q = prior * np.exp(log_l / beta)
        q /= q.sum()
        value = q @ log_l - beta * (q @ np.log(q / prior))
        front = 1 if mistake else beta
        sides.append((value, front * np.log(prior @ np.exp(log_l / beta))))
    return tuple(zip(*sides, strict=True))


@wrong("silent", "the decoder is not deaf")
def _(mistake):
    rng = random()
    prior, r = rng.dirichlet(np.ones(6), 30), rng.random((30, 6 if mistake else 1))
    joint = prior * r
    return joint / joint.sum(1, keepdims=True), prior


@wrong("waterline", "the eigenvalues themselves, with no water taken off")
def _(mistake):
    seed, sides = dice(), []
    for beta in (0.2, 0.5, 1.0):
        A = normal(5, 40, seed=seed)
        S = A @ A.T / 40
        W = normal(5, 3, seed=seed).requires_grad_()
        climb = torch.optim.LBFGS(
            [W], max_iter=2000, tolerance_grad=1e-12, tolerance_change=0, history_size=30,
            line_search_fn="strong_wolfe",
        )

        def loss(W=W, S=S, climb=climb, beta=beta):
            climb.zero_grad()
            C = W @ W.T + beta * 0.5 * torch.eye(5)
            value = C.logdet() + torch.linalg.solve(C, S).trace()
            value.backward()
            return value

        climb.step(loss)
        lam = torch.linalg.eigvalsh(S).flip(0)[:3]
        water = 0 if mistake else beta * 0.5
        sides.append((torch.linalg.svdvals(W.detach()) ** 2, (lam - water).clamp(min=0)))
    found, formula = zip(*sides, strict=True)
    return torch.stack(found), torch.stack(formula), {"tol": 1e-4}


@wrong("blur", "every picture counts alike")
def _(mistake):
    rng, sides = random(), []
    for _ in range(20):
        x, mu = torch.tensor(rng.normal(size=(12, 6))), torch.tensor(rng.normal(size=12))
        weight = Normal(mu, 0.5).log_prob(torch.tensor(rng.normal())).exp()
        A = weight.sqrt()[:, None]
        fit = torch.linalg.lstsq(A, A * x).solution[0]
        weight = torch.ones_like(weight) if mistake else weight
        sides.append((fit, (weight[:, None] * x).sum(0) / weight.sum()))
    fits, averages = zip(*sides, strict=True)
    return torch.stack(fits), torch.stack(averages)


@wrong("rotation", "the codes are turned and stretched")
def _(mistake):
    rng, sides = random(), []
    axis = np.linspace(-8, 8, 161)
    z = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    prior = np.exp(-(z**2).sum(1) / 2) / (2 * np.pi) * (16 / 160) ** 2
    for _ in range(5):
        A, b, bit = rng.normal(size=(4, 2)), rng.normal(size=4), rng.integers(0, 2, 4)
        t = rng.uniform(0, 6.28)
        R = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
        values = []
        for codes in (z @ R * (1.1 if mistake else 1), z):
            on = 1 / (1 + np.exp(-(codes @ A.T + b)))
            values.append((prior * np.where(bit, on, 1 - on).prod(1)).sum())
        sides.append(values)
    return tuple(zip(*sides, strict=True))
