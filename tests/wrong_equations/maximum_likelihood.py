"""Wrong versions of the equations of the chapter on maximum likelihood."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch.distributions import Bernoulli, Normal, Poisson

from lecture_utils.worlds.mixtures import GaussianMixture
from wrong_equations import wrong

MORNINGS = torch.tensor([-2.4, -2.0, -1.8, -1.7, 0.4, 1.5, 3.0], dtype=torch.float64)
GRID = np.linspace(0.01, 0.99, 99)[:, None]


def random() -> np.random.Generator:
    """A generator of its own for every entry."""
    return np.random.default_rng(4)


def dice() -> torch.Generator:
    return torch.Generator().manual_seed(4)


def normal(*size: int, generator: torch.Generator) -> torch.Tensor:
    return torch.randn(*size, generator=generator).double()


def coins() -> tuple[np.ndarray, np.ndarray]:
    """50 coins, and 20 flips for each, never all alike."""
    rng = random()
    flips = rng.random((50, 20)) < rng.uniform(0.3, 0.7, (50, 1))
    flips[:, :2] = [True, False]
    return rng.uniform(0.05, 0.95, size=50), flips


def flip_by_flip(theta: np.ndarray, flips: np.ndarray) -> np.ndarray:
    return np.where(flips, theta[:, None], 1 - theta[:, None])


def top(log_px: Callable, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    """Where log_px stops climbing, by halving."""
    for _ in range(60):
        middle = ((low + high) / 2).requires_grad_()
        (slope,) = torch.autograd.grad(log_px(middle).sum(), middle)
        middle = middle.detach()
        low = torch.where(slope > 0, middle, low)
        high = torch.where(slope > 0, high, middle)
    return (low + high) / 2


# --- The likelihood -------------------------------------------------------------------------------


@wrong("coin-likelihood", "the exponents change places")
def _(mistake):
    theta, flips = coins()
    ones = flips.sum(axis=1)
    zeros = 20 - ones
    if mistake:
        ones, zeros = zeros, ones
    product = flip_by_flip(theta, flips).prod(axis=1)
    return np.log(product), np.log(theta**ones * (1 - theta) ** zeros)


@wrong("sum-over-data", "only data sets with different numbers of ones are counted")
def _(mistake):
    theta, _ = coins()
    data = np.array(list(itertools.product([0, 1], repeat=6)))
    if mistake:
        data = data[[0, 1, 3, 7, 15, 31, 63]]
    return [np.where(data, t, 1 - t).prod(axis=1).sum() for t in theta], 1


@wrong("likelihood-area", "the + 1 in the denominator is forgotten")
def _(mistake):
    node, weight = np.polynomial.legendre.leggauss(30)
    node, weight = (node + 1) / 2, weight / 2
    pairs = list(itertools.product(range(1, 8), repeat=2))
    fact = math.factorial
    area = [math.log((weight * node**a * (1 - node) ** b).sum()) for a, b in pairs]
    return area, [
        math.log(fact(a) * fact(b) / fact(a + b + (0 if mistake else 1))) for a, b in pairs
    ]


def _by_logit(extra: int) -> torch.Tensor:
    n1 = torch.arange(1.0, 40, dtype=torch.float64)
    far = torch.full((39,), 9.0, dtype=torch.float64)
    return top(
        lambda psi: (n1 + extra) * F.logsigmoid(psi) + (40 - n1 + extra) * F.logsigmoid(-psi),
        -far,
        far,
    )


@wrong("renaming", "the likelihood is treated like a density and gets the factor of the axis")
def _(mistake):
    n1 = torch.arange(1.0, 40, dtype=torch.float64)
    return _by_logit(int(mistake)), (n1 / 40).logit()


@wrong("map-moves", "the peak stays at the frequency")
def _(mistake):
    n1 = torch.arange(1.0, 40, dtype=torch.float64)
    return _by_logit(1).sigmoid(), n1 / 40 if mistake else (n1 + 1) / 42


@wrong("log-likelihood", "the log of the sum")
def _(mistake):
    p = flip_by_flip(*coins())
    return np.log(p.prod(axis=1)), np.log(p.sum(axis=1)) if mistake else np.log(p).sum(axis=1)


def _heights(flips: np.ndarray) -> np.ndarray:
    """[50, 99, 20] probabilities of the flips under 99 coins."""
    return np.where(flips[:, None], GRID, 1 - GRID)


@wrong("same-argmax", "minus the log: the worst coin")
def _(mistake):
    p = _heights(coins()[1])
    logs = np.log(p).sum(-1) * (-1 if mistake else 1)
    return GRID[p.prod(-1).argmax(1), 0], GRID[logs.argmax(1), 0]


# --- The coin -------------------------------------------------------------------------------------


def _coin() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """theta, the share of ones, the mean log-likelihood and its slope."""
    theta, flips = coins()
    x = torch.tensor(flips).double()
    t = torch.tensor(theta).requires_grad_()
    mean = Bernoulli(t[:, None]).log_prob(x).mean(dim=1)
    (slope,) = torch.autograd.grad(mean.sum(), t)
    return t.detach(), x.mean(dim=1), mean, slope


@wrong("coin-average", "the clear days are forgotten")
def _(mistake):
    t, f, mean, _ = _coin()
    clear = 0 if mistake else (1 - f) * (1 - t).log()
    return mean, f * t.log() + clear


@wrong("coin-slope-1", "plus: the inside of log(1 - theta) is not differentiated")
def _(mistake):
    t, f, _, slope = _coin()
    return slope, f / t + (1 if mistake else -1) * (1 - f) / (1 - t)


@wrong("coin-slope-2", "expected minus observed")
def _(mistake):
    t, f, _, slope = _coin()
    return slope, (t - f if mistake else f - t) / (t * (1 - t))


@wrong("coin-mle", "one imagined day of each kind is added")
def _(mistake):
    x = torch.tensor(coins()[1]).double()
    zero = torch.zeros(50, dtype=torch.float64)
    best = top(lambda t: Bernoulli(t[:, None]).log_prob(x).sum(1), zero, zero + 1)
    return best, (x.sum(1) + 1) / 22 if mistake else x.mean(1)


# --- The slide's sum ------------------------------------------------------------------------------


@wrong("slide-sum", "put right: a log in front of every probability")
def _(mistake):
    flips = coins()[1]
    flips = flips[(flips.sum(1) != 10)]
    p = _heights(flips)
    total = (np.log(p) if mistake else p).sum(-1)
    return GRID[total.argmax(1), 0], GRID[p.prod(-1).argmax(1), 0]


@wrong("sum-coin", "a curve instead of a line: the product")
def _(mistake):
    theta, flips = coins()
    ones = flips.sum(1)
    line = ones * theta + (20 - ones) * (1 - theta)
    return flip_by_flip(theta, flips).sum(1), theta**ones if mistake else line


@wrong("sum-kde", "bells of twice the width")
def _(mistake):
    mu = torch.linspace(-4, 4, 101, dtype=torch.float64)
    bells = GaussianMixture([1 / 7] * 7, MORNINGS, 1.2 if mistake else 0.6)
    sums = Normal(mu, 0.6).log_prob(MORNINGS[:, None]).exp().mean(dim=0)
    return sums, bells.log_prob(mu).exp()


@wrong("sum-spike", "the root of 2 pi is forgotten")
def _(mistake):
    sd = torch.logspace(0, -6, 20, dtype=torch.float64)
    total = Normal(MORNINGS[0], sd).log_prob(MORNINGS[:, None]).exp().sum(dim=0)
    return total, ">=", 1 / (sd * (1 if mistake else math.sqrt(2 * math.pi)))


# --- Gaussian and Poisson -------------------------------------------------------------------------


def _bells() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, Callable]:
    g = dice()
    x = normal(50, 12, generator=g)
    x = 3 * x + 5 * x[:, 1:2]
    mu, v = normal(50, generator=g), torch.rand(50, generator=g).double() + 0.1

    def log_bell(mu: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return Normal(mu[:, None], v.sqrt()[:, None]).log_prob(x).mean(1)

    return x, mu, v, log_bell


@wrong("gauss-1", "the half before the square is forgotten")
def _(mistake):
    x, mu, v, log_bell = _bells()
    squares = ((x - mu[:, None]) ** 2).mean(1)
    return log_bell(mu, v), -(2 * math.pi * v).log() / 2 - squares / (1 if mistake else 2) / v


@wrong("gauss-2", "the distance of the means is not squared")
def _(mistake):
    x, mu, v, log_bell = _bells()
    off = (x.mean(1) - mu).abs() ** (1 if mistake else 2)
    return log_bell(mu, v), -(2 * math.pi * v).log() / 2 - (x.var(1, correction=0) + off) / (2 * v)


@wrong("gauss-mle", "N - 1 instead of N")
def _(mistake):
    x, _, v, log_bell = _bells()
    mean, var = x.mean(1), x.var(1, correction=0)
    m = top(lambda mu: log_bell(mu, v), mean - 50, mean + 51)
    s = top(lambda v: log_bell(mean, v), 0 * var, 4 * var + 1)
    return torch.stack([m, s]), torch.stack([mean, x.var(1, correction=int(mistake))])


@wrong("units", "the log with the wrong sign")
def _(mistake):
    def best(x: torch.Tensor) -> torch.Tensor:
        return (
            -Normal(x.mean(1, keepdim=True), x.std(1, correction=0, keepdim=True))
            .log_prob(x)
            .mean(1)
        )

    x = _bells()[0]
    return best(1.8 * x + 32), best(x) + (-1 if mistake else 1) * math.log(1.8)


@wrong("bias", "right on average")
def _(mistake):
    rng, left, right = random(), [], []
    for N in (2, 3, 4):
        values, p = rng.normal(size=3), rng.dirichlet(np.ones(3))
        left.append(
            sum(
                np.prod(p[list(i)]) * values[list(i)].var()
                for i in itertools.product(range(3), repeat=N)
            )
        )
        variance = (p * (values - (p * values).sum()) ** 2).sum()
        right.append(variance * (1 if mistake else (N - 1) / N))
    return left, right


def _counts() -> tuple[torch.Tensor, torch.Tensor]:
    g = dice()
    rate = 5 * torch.rand(50, dtype=torch.float64, generator=g) + 0.1
    x = torch.poisson(rate[:, None].expand(50, 15), generator=g)
    x[:, 0] += 1
    return x, rate


@wrong("poisson-average", "the factorials are forgotten")
def _(mistake):
    x, rate = _counts()
    factorials = 0 if mistake else (x + 1).lgamma().mean(1)
    mean = Poisson(rate[:, None]).log_prob(x).mean(1)
    return mean, x.mean(1) * rate.log() - rate - factorials


@wrong("poisson-mle", "the rate of a waiting time: one over the mean")
def _(mistake):
    x, rate = _counts()
    best = top(lambda r: Poisson(r[:, None]).log_prob(x).mean(1), 0 * rate, 0 * rate + 40)
    return best, 1 / x.mean(1) if mistake else x.mean(1)


# --- Families and networks ------------------------------------------------------------------------


def _family(slip: str = "") -> tuple[torch.Tensor, ...]:
    """Gradient and Hessian of the mean log-likelihood, by autograd and by the formulas."""
    g, rows = dice(), [[], [], [], []]
    for _ in range(10):
        T, theta = normal(6, 3, generator=g), normal(3, generator=g)
        h = torch.rand(6, generator=g).double() + 0.1
        seen = torch.randint(6, (20,), generator=g)

        def log_p(theta, T=T, h=h):
            return (h.log() + T @ theta).log_softmax(0)

        def mean_log(theta, log_p=log_p, seen=seen):
            return log_p(theta)[seen].mean()

        p = log_p(theta).exp()
        if slip == "flat":
            p = torch.full((6,), 1 / 6, dtype=torch.float64)
        rows[0].append(torch.func.grad(mean_log)(theta))
        rows[1].append(T[seen].mean(0) - p @ T)
        rows[2].append(torch.func.hessian(mean_log)(theta))
        sign = 1 if slip == "sign" else -1
        rows[3].append(sign * torch.cov(T.T, aweights=p, correction=0))
    return tuple(map(torch.stack, rows))


@wrong("moment-match", "expected under a flat distribution, not under the model")
def _(mistake):
    return _family("flat" if mistake else "")[:2]


@wrong("one-hill", "plus the covariance: a valley")
def _(mistake):
    return _family("sign" if mistake else "")[2:]


@wrong("squares", "log sigma counted once instead of N times")
def _(mistake):
    g = dice()
    y, mu = torch.randn(2, 20, 30, generator=g).double()
    sd = torch.rand(20, 1, generator=g).double() + 0.1
    squares = ((y - mu) ** 2).sum(1) / (2 * sd[:, 0] ** 2)
    logs = (1 if mistake else 30) * sd[:, 0].log() + 15 * math.log(2 * math.pi)
    return -Normal(mu, sd).log_prob(y).sum(1), squares + logs


@wrong("logits", "the largest logit in the place of the log of the sum")
def _(mistake):
    g = dice()
    z = 3 * normal(50, 7, generator=g)
    y = torch.randint(7, (50,), generator=g)
    log_sum = z.amax(1) if mistake else z.exp().sum(1).log()
    return F.cross_entropy(z, y, reduction="none"), log_sum - z[range(50), y]


# --- The divergence -------------------------------------------------------------------------------


def _shares() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Models [50, 5], their average log-likelihood of 8 data, the shares, and the logs of these."""
    rng = random()
    q = rng.dirichlet(np.ones(5), size=50)
    seen = rng.integers(5, size=(50, 8))
    f = np.stack([(seen == v).mean(axis=1) for v in range(5)], axis=1)
    average = np.log(np.take_along_axis(q, seen, axis=1)).mean(axis=1)
    return q, average, f, np.log(np.where(f > 0, f, 1))


@wrong("kl-1", "added up, not averaged")
def _(mistake):
    q, average, f, _ = _shares()
    return average * (8 if mistake else 1), (f * np.log(q)).sum(1)


@wrong("kl-2", "the roles change: the model averages the logs of the shares")
def _(mistake):
    q, average, f, log_f = _shares()
    return average, (q * log_f if mistake else f * np.log(q)).sum(1)


@wrong("kl-3", "plus the entropy")
def _(mistake):
    q, average, f, log_f = _shares()
    minus_entropy = (f * log_f).sum(1)
    kl = (f * (log_f - np.log(q))).sum(1)
    return average, (-minus_entropy if mistake else minus_entropy) - kl


@wrong("kl-positive", "the ratio upside down")
def _(mistake):
    q, _, f, log_f = _shares()
    kl = (f * (log_f - np.log(q))).sum(1)
    return -kl if mistake else kl, ">=", np.abs(f - q).sum(axis=1) ** 2 / 2


def _bell_gaps(swap: bool = False) -> tuple[list, list, list, list]:
    """Direct divergence, the detour, cross term, entropy; for mixtures and a bell."""
    u = torch.linspace(-40, 40, 8001, dtype=torch.float64)
    du = (u[1] - u[0]).item()

    def gap(log_p, log_q):
        return (log_p.exp() * (log_p - log_q)).sum().item() * du

    g, left, right, cross, entropy = dice(), [], [], [], []
    for _ in range(10):
        a, b, mu = torch.randn(3, generator=g).double()
        s1, s2, sd = torch.rand(3, generator=g).double() + 0.6
        p = GaussianMixture([0.4, 0.6], [2 * a, 2 * b], [s1, s2])
        log_p, log_q = p.log_prob(u), Normal(mu, sd).log_prob(u)
        mid = Normal(p.mean, p.covariance.sqrt()).log_prob(u)
        left.append(gap(log_p, log_q))
        right.append(gap(log_p, mid) + (gap(log_q, mid) if swap else gap(mid, log_q)))
        cross.append((log_p.exp() * log_q).sum().item() * du)
        entropy.append(p.entropy())
    return left, right, cross, entropy


@wrong("kl-limit", "the entropy is left out")
def _(mistake):
    kl, _, cross, entropy = _bell_gaps()
    return cross, [-(0 if mistake else h) - k for h, k in zip(entropy, kl, strict=True)]


@wrong("detour", "the second divergence the other way round")
def _(mistake):
    return _bell_gaps(swap=mistake)[:2]


# --- How sure -------------------------------------------------------------------------------------


def _scores() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """p, score and curvature of 20 families over six values."""
    g = dice()
    W, B = torch.randn(2, 20, 6, generator=g).double()
    at = normal(20, generator=g)

    def log_p(t):
        return (W * t[:, None] + B * t[:, None] ** 2).log_softmax(1)

    def slope(fn, t):
        return torch.func.jvp(fn, (t,), (torch.ones_like(t),))[1]

    return log_p(at).exp(), slope(log_p, at), slope(lambda t: slope(log_p, t), at)


@wrong("score-zero", "a plain average over the values, not under the model")
def _(mistake):
    p, score, _ = _scores()
    return (score.mean(1) if mistake else (p * score).sum(1)), 0


@wrong("fisher", "the minus before the curvature is lost")
def _(mistake):
    p, score, curve = _scores()
    return (p * score**2).sum(1), (1 if mistake else -1) * (p * curve).sum(1)


@wrong("coin-spread", "the information itself instead of one over it")
def _(mistake):
    t = np.linspace(0.1, 0.45, 8)
    N = 7
    k = np.arange(N + 1)[:, None]
    chance = np.array([math.comb(N, i) for i in range(N + 1)])[:, None] * t**k * (1 - t) ** (N - k)
    spread = N * (chance * (k / N - t) ** 2).sum(0)
    info = 1 / t + 1 / (1 - t)
    return spread, info if mistake else 1 / info


@wrong("spike", "the halves of the mixture are forgotten")
def _(mistake):
    left, right = [], []
    for sd in np.logspace(-3, -8, 10):
        pair = GaussianMixture([0.5, 0.5], [MORNINGS[0].item(), 0.0], [sd, 1.0])
        left.append(pair.log_prob(MORNINGS).sum().item())
        half = 0 if mistake else math.log(2)
        wide = Normal(0.0, 1.0).log_prob(MORNINGS[1:]) - half
        right.append(-math.log(sd * math.sqrt(2 * math.pi)) - half + wide.sum().item())
    return left, ">=", right
