"""Wrong versions of the equations of the chapter on divergences."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch

from wrong_equations import wrong


def random() -> np.random.Generator:
    """A generator of its own for every entry."""
    return np.random.default_rng(7)


def tables(n: int = 50, outcomes: int = 6, sets: int = 2) -> np.ndarray:
    return random().dirichlet(np.ones(outcomes), size=(sets, n))


def entropy(p: np.ndarray) -> np.ndarray:
    return -np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0).sum(-1)


def kl(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    ok = (p > 0) & (q > 0)
    return (p * np.log(np.where(ok, p, 1) / np.where(ok, q, 1))).sum(-1)


def paid(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The cross-entropy, outcome by outcome."""
    return np.array([sum(-a * math.log(b) for a, b in zip(*pair, strict=True) if a > 0)
                     for pair in zip(p, q, strict=True)])


def with_zeros() -> tuple[np.ndarray, np.ndarray]:
    """Pairs of tables; the first has impossible outcomes."""
    p, q = tables()
    p = p * (random().random(p.shape) < 0.6)
    keep = p.sum(1) > 0
    return p[keep] / p[keep].sum(1, keepdims=True), q[keep]


def log_bell(x, mu, var):
    return -((x - mu) ** 2 / var + np.log(2 * np.pi * var)) / 2


def integral(f, low: float, high: float, n: int = 20_001) -> float:
    x, dx = np.linspace(low, high, n, retstep=True)
    return f(x).sum() * dx


def kl_on_a_grid(m: float, s: float, n: float, t: float) -> float:
    def f(x):
        log_p = log_bell(x, m, s * s)
        return np.exp(log_p) * (log_p - log_bell(x, n, t * t))

    return integral(f, m - 10 * s, m + 10 * s)


def kl_bells(m, s, n, t):
    return np.log(t / s) - 0.5 + (s**2 + (m - n) ** 2) / (2 * t**2)


def bells(n: int = 20) -> np.ndarray:
    """Pairs of bells: mean and standard deviation of each, [n, 4]."""
    return random().uniform([-3, 0.3, -3, 0.3], [3, 3, 3, 3], (n, 4))


# --- Surprise and distance ------------------------------------------------------------------------


@wrong("bill", "the entropy of the app instead of the world's")
def _(mistake):
    p, q = tables()
    return paid(p, q), entropy(q if mistake else p) + kl(p, q)


@wrong("shift", "the variance without its factor 2")
def _(mistake):
    cases = random().uniform([0.1, 0.5], [3, 3], size=(20, 2))
    return (
        [kl_on_a_grid(0, sd, s, sd) for sd, s in cases],
        [s**2 / ((1 if mistake else 2) * sd**2) for sd, s in cases],
    )


# --- Two proofs -----------------------------------------------------------------------------------


@wrong("jensen", "the two sides exchanged")
def _(mistake):
    r = random().gamma(1.5, size=(50, 50)) + 0.01
    sides = [np.log(r).mean(1), np.log(r.mean(1))]
    if mistake:
        sides.reverse()
    return sides[0], "<=", sides[1]


@wrong("never-1", "the log of p/q instead of q/p")
def _(mistake):
    p, q = with_zeros()
    return entropy(p) - paid(p, q), kl(p, q) * (1 if mistake else -1)


def jensen_sides() -> tuple[np.ndarray, np.ndarray]:
    p, q = with_zeros()
    return entropy(p) - paid(p, q), np.log((p * (q / np.where(p > 0, p, 1))).sum(1))


@wrong("never-2", "minus the divergence at least the log of the mean")
def _(mistake):
    left, right = jensen_sides()
    return left, ">=" if mistake else "<=", right


@wrong("never-3", "the q of impossible outcomes counted, too")
def _(mistake):
    p, q = with_zeros()
    return jensen_sides()[1], np.log(np.where((p > 0) | mistake, q, 0).sum(1))


@wrong("never-4", "a probability is at least 1")
def _(mistake):
    p, q = with_zeros()
    return np.log(np.where(p > 0, q, 0).sum(1)), ">=" if mistake else "<=", 0.0


@wrong("tangent-sum", "what q wastes on the impossible is left out")
def _(mistake):
    p, q = with_zeros()
    r = q / np.where(p > 0, p, 1)
    terms = np.where(p > 0, p * (r - 1 - np.log(r)), 0).sum(1)
    return paid(p, q) - entropy(p), terms + (not mistake) * np.where(p > 0, 0, q).sum(1)


@wrong("news", "the surprise of what did not happen")
def _(mistake):
    p = tables()[0]
    event = random().random(p.shape) < 0.5
    event[:, 0], event[:, 1] = True, False
    mass = (p * event).sum(1, keepdims=True)
    return kl(p * event / mass, p), -np.log(1 - mass[:, 0] if mistake else mass[:, 0])


# --- Bells ----------------------------------------------------------------------------------------


@wrong("kl-bells", "the log of the widths upside down")
def _(mistake):
    pairs = bells()
    m, s, n, t = pairs.T
    right = kl_bells(m, s, n, t) + (2 * np.log(s / t) if mistake else 0)
    return [kl_on_a_grid(*pair) for pair in pairs], right


@wrong("detour-wrong", "put right: the detour is the cheaper one")
def _(mistake):
    m, s = random().uniform(0.5, 3, (2, 50))
    half = kl_bells(0, s, m / 2, s)
    return kl_bells(0, s, m, s), ">=" if mistake else "<=", 2 * half


def matrices(mistake: str = "") -> tuple[list, list]:
    """KL of Gaussians in 3 dimensions: by a quadrature exact for quadratics, and by the formula."""
    rng = random()
    node, weight = np.array([-1, 0, 1]) * 3**0.5, [1 / 6, 2 / 3, 1 / 6]
    grid = np.array(list(itertools.product(node, repeat=3)))
    share = np.prod(list(itertools.product(weight, repeat=3)), axis=1)
    left, right = [], []
    for _ in range(20):
        (mp, mq), F = rng.normal(size=(2, 3)), rng.normal(size=(2, 3, 3))
        Sp, Sq = F @ F.transpose(0, 2, 1) + 0.3 * np.eye(3)
        if mistake.startswith("standard"):
            Sp, mq, Sq = np.diag(np.diag(Sp)), np.zeros(3), np.eye(3)
        x = mp + grid @ np.linalg.cholesky(Sp).T

        def log_density(x, m, S):
            form = ((x - m) @ np.linalg.inv(S) * (x - m)).sum(1)
            return -(form + np.linalg.slogdet(2 * np.pi * S)[1]) / 2

        left.append(share @ (log_density(x, mp, Sp) - log_density(x, mq, Sq)))
        d, inv = mp - mq, np.linalg.inv(Sp if mistake == "precision" else Sq)
        if mistake.startswith("standard"):
            v = np.diag(Sp)
            logs = np.log(v) / (2 if mistake == "standard-sd" else 1)
            right.append((mp**2 + v - 1 - logs).sum() / 2)
        else:
            dets = np.log(np.linalg.det(Sq) / np.linalg.det(Sp))
            right.append((np.trace(np.linalg.inv(Sq) @ Sp) + d @ inv @ d - 3 + dets) / 2)
    return left, right


@wrong("kl-matrix", "the shift measured with the covariance of p")
def _(mistake):
    return matrices("precision" if mistake else "")


@wrong("kl-standard", "the log of the standard deviation instead of the variance")
def _(mistake):
    return matrices("standard-sd" if mistake else "standard")


# --- Two directions -------------------------------------------------------------------------------


def log_bumps(x, a, s):
    return np.logaddexp(log_bell(x, -a, s * s), log_bell(x, a, s * s)) - math.log(2)


@wrong("bump-moments", "the width of one bump only")
def _(mistake):
    cases = random().uniform([0.1, 0.3], [5, 2], size=(20, 2))

    def moment(k, a, s):
        return integral(lambda x: np.exp(log_bumps(x, a, s)) * x**k, -a - 10 * s, a + 10 * s)

    left = [[moment(1, *case), moment(2, *case)] for case in cases]
    return left, [[0, s * s + (0 if mistake else a * a)] for a, s in cases]


@wrong("one-bump", "the weight instead of the surprise of the weight")
def _(mistake):
    rng = random()
    w = rng.dirichlet(np.ones(3), size=100)
    parts = rng.dirichlet(np.ones(6) / 5, size=(100, 3)) + 1e-9
    parts /= parts.sum(-1, keepdims=True)
    whole = np.einsum("nk,nkv->nv", w, parts)
    return kl(parts, whole[:, None]), "<=", w if mistake else -np.log(w)


@wrong("up-to-constant", "the log of the constant with the wrong sign")
def _(mistake):
    p, q = tables()
    Z = random().uniform(0.01, 0.9, size=len(p))
    mean = (q * (np.log(q) - np.log(p * Z[:, None]))).sum(1)
    return kl(q, p), mean + np.log(Z) * (-1 if mistake else 1)


# --- Estimators -----------------------------------------------------------------------------------


def narrow() -> np.ndarray:
    """Means and standard deviations of bells q for p = N(0, 1)."""
    return random().uniform([-1, 0.4], [1, 1.3], size=(20, 2))


def chi2(d, sq, sp=1.0):
    gap = 2 * sp**2 - sq**2
    return sp**2 / (sq * np.sqrt(gap)) * np.exp(d**2 / gap) - 1


@wrong("k3-variance", "one divergence instead of the sum of both directions")
def _(mistake):
    d, sq = narrow().T

    def variance(d, sq):
        x, dx = np.linspace(-30, 30, 30_001, retstep=True)
        log_r = log_bell(x, d, sq**2) - log_bell(x, 0, 1)
        px = np.exp(log_bell(x, 0, 1)) * dx
        term = np.exp(log_r) - 1 - log_r
        return ((term - (px * term).sum()) ** 2 * px).sum()

    k1 = 2 * ((1 / sq**2 - 1) / 2) ** 2 + (d / sq**2) ** 2
    there, back = kl_bells(0, 1, d, sq), kl_bells(d, sq, 0, 1)
    both = 2 * there if mistake else there + back
    return [variance(*case) for case in zip(d, sq, strict=True)], k1 + chi2(d, sq) - 2 * both


@wrong("chi-bells", "the standard deviation of p instead of its variance")
def _(mistake):
    cases, scale = narrow(), random().uniform(0.5, 2, size=20)
    left = [
        integral(
            lambda x: np.exp(2 * log_bell(x, d, (s * w) ** 2) - log_bell(x, 0, w * w)),  # noqa: B023
            -30 * w, 30 * w,
        )
        for (d, s), w in zip(cases, scale, strict=True)
    ]
    right = chi2(cases[:, 0], cases[:, 1] * scale, scale) + 1
    return left, right / scale if mistake else right


# --- Looking at less ------------------------------------------------------------------------------


def joints() -> tuple[np.ndarray, np.ndarray]:
    rng = random()
    return tuple(rng.dirichlet(np.ones(12), 50).reshape(50, 3, 4) for _ in range(2))


@wrong("kl-chain", "the rows averaged with the weights of q")
def _(mistake):
    p, q = joints()
    px, qx = p.sum(2), q.sum(2)
    rows = kl(p / px[..., None], q / qx[..., None])
    weights = qx if mistake else px
    return kl(p.reshape(50, 12), q.reshape(50, 12)), kl(px, qx) + (weights * rows).sum(1)


@wrong("split-twice", "what is left averaged with the weights of q")
def _(mistake):
    px, qx = (table.sum(2) for table in joints())
    machine = random().dirichlet(np.ones(5) / 2, size=(50, 3))
    pxy, qxy = px[..., None] * machine, qx[..., None] * machine
    py, qy = pxy.sum(1), qxy.sum(1)
    told = kl((pxy / py[:, None]).swapaxes(1, 2), (qxy / qy[:, None]).swapaxes(1, 2))
    return kl(px, qx), kl(py, qy) + ((qy if mistake else py) * told).sum(1)


@wrong("processing", "each of the two through a machine of its own")
def _(mistake):
    p, q = (table.sum(2) for table in joints())
    one, two = random().dirichlet(np.ones(5) / 2, size=(2, 50, 3))
    py = np.einsum("nx,nxy->ny", p, one)
    qy = np.einsum("nx,nxy->ny", q, two if mistake else one)
    return kl(py, qy), "<=", kl(p, q)


@wrong("one-to-one", "the density of y without the slope of the map, in the average")
def _(mistake):
    def of_y(m, s, n, t):
        def f(y):
            c = 3**0.5
            x = 2 / c * np.sinh(np.arcsinh(1.5 * c * y) / 3)
            slope = 1 if mistake else 3 * x**2 + 1
            log_p, log_q = log_bell(x, m, s * s), log_bell(x, n, t * t)
            return np.exp(log_p) / slope * (log_p - log_q)

        far = abs(m) + 9 * s
        return integral(f, -(far**3) - far, far**3 + far, 400_001)

    pairs = random().uniform([-1, 0.4, -1, 0.7], [1, 0.8, 1, 1.5], (5, 4))
    return [of_y(*pair) for pair in pairs], kl_bells(*pairs.T)


# --- The others -----------------------------------------------------------------------------------


@wrong("total-variation", "without the factor ½")
def _(mistake):
    p, q = tables()
    events = np.array(list(itertools.product([0, 1], repeat=6)))
    return abs(p - q).sum(1) / (1 if mistake else 2), ((p - q) @ events.T).max(1)


@wrong("pinsker", "a quarter instead of a half")
def _(mistake):
    # Two coins that are nearly alike: there the inequality is nearly an equality.
    a = np.linspace(0.45, 0.55, 21)
    p, q = np.stack([a, 1 - a], 1), np.stack([a + 0.01, 0.99 - a], 1)
    return abs(p - q).sum(1) / 2, "<=", np.sqrt(kl(p, q) / (4 if mistake else 2))


def jsd(p, q):
    return (kl(p, (p + q) / 2) + kl(q, (p + q) / 2)) / 2


@wrong("jsd-entropy", "both entropies taken off in full")
def _(mistake):
    p, q = tables()
    off = (entropy(p) + entropy(q)) / (1 if mistake else 2)
    return jsd(p, q), entropy((p + q) / 2) - off


@wrong("jsd-ceiling", "the ceiling ½ instead of log 2")
def _(mistake):
    p = np.eye(6)[:3]
    q = np.eye(6)[3:]
    return jsd(p, q), "<=", 0.5 if mistake else math.log(2)


@wrong("root-jsd", "without the roots")
def _(mistake):
    p, r = tables()
    q = (p + r) / 2
    three = np.array([jsd(p, r), jsd(p, q), jsd(q, r)])
    three = three if mistake else np.sqrt(three)
    return three[0], "<=", three[1] + three[2]


@wrong("fisher-curve", "half the information")
def _(mistake):
    theta = torch.linspace(0.02, 0.98, 25, dtype=torch.float64)
    eta = theta.clone().requires_grad_()
    kl_ = theta * (theta / eta).log() + (1 - theta) * ((1 - theta) / (1 - eta)).log()
    (slope,) = torch.autograd.grad(kl_.sum(), eta, create_graph=True)
    (curve,) = torch.autograd.grad(slope.sum(), eta)
    info = theta * theta**-2 + (1 - theta) * (1 - theta) ** -2
    return curve, info / 2 if mistake else info
