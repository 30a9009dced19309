"""Wrong versions of the equations of the chapter on probability."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import torch

from wrong_equations import wrong

NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)


def random() -> np.random.Generator:
    """A generator of its own for every entry."""
    return np.random.default_rng(1)


def event(p: np.ndarray, members: np.ndarray) -> float:
    return sum(px for px, inside in zip(p, members, strict=True) if inside)


def integral(f: Callable, a: float, b: float, parts: int = 16) -> float:
    half = (b - a) / parts / 2
    middle = a + half * (2 * np.arange(parts) + 1)
    return half * (f(middle[:, None] + half * NODES) @ WEIGHTS).sum()


def bell(x: np.ndarray, mu: float, var: float) -> np.ndarray:
    return np.exp(-((x - mu) ** 2) / (2 * var)) / np.sqrt(2 * np.pi * var)


def below(x: float, mu: float, sd: float) -> float:
    return (1 + math.erf((x - mu) / (sd * math.sqrt(2)))) / 2


# --- One variable ---------------------------------------------------------------------------------


@wrong("either-or", "what both events share is counted twice")
def _(mistake):
    rng = random()
    p = rng.dirichlet(np.ones(8), size=50)
    A, B = rng.random((2, 50, 8)) < 0.5
    both = [0 if mistake else event(*row) for row in zip(p, A & B, strict=True)]
    return (
        [event(*row) for row in zip(p, A | B, strict=True)],
        [event(q, a) + event(q, b) - c for q, a, b, c in zip(p, A, B, both, strict=True)],
    )


# --- Two variables --------------------------------------------------------------------------------


def towns() -> tuple[list, np.ndarray]:
    """Ten diaries of 1000 days (x, y), and their tables p(x, y) [10, 4, 3]."""
    rng = random()
    days = [divmod(rng.choice(12, 1000, p=rng.dirichlet([2.0] * 12)), 3) for _ in range(10)]
    tables = [[[np.mean((x == i) & (y == j)) for j in range(3)] for i in range(4)] for x, y in days]
    return days, np.array(tables)


def given_y(days: list) -> np.ndarray:
    """p(x | y), counted among the days with that y, [10, 4, 3]."""
    return np.array(
        [[[np.mean(x[y == j] == i) for j in range(3)] for i in range(4)] for x, y in days]
    )


def given_x(days: list) -> np.ndarray:
    return np.array(
        [[[np.mean(y[x == i] == j) for j in range(3)] for i in range(4)] for x, y in days]
    )


@wrong("margin-1", "the event of another x: the next row")
def _(mistake):
    days, tables = towns()
    counted = [[np.mean(x == i) for i in range(4)] for x, _ in days]
    rows = np.repeat(np.arange(4), 3)
    sums = [[event(p.ravel(), rows == (k + mistake) % 4) for k in range(4)] for p in tables]
    return counted, sums


@wrong("margin-2", "averaged over y instead of added up")
def _(mistake):
    days, tables = towns()
    counted = [[np.mean(x == i) for i in range(4)] for x, _ in days]
    return counted, tables.mean(axis=2) if mistake else tables.sum(axis=2)


@wrong("given-sums", "summed over y, what stands behind the bar")
def _(mistake):
    return given_y(towns()[0]).sum(axis=2 if mistake else 1), 1


@wrong("product-rule", "the conditional times the marginal of the variable before the bar")
def _(mistake):
    days, tables = towns()
    py = tables.sum(1)[:, None]
    px = tables.sum(2)[:, :, None]
    return tables, given_y(days) * (px if mistake else py), given_x(days) * px


@wrong("swapped", "put right: the factor p(x) / p(y) between the two conditionals")
def _(mistake):
    days, tables = towns()
    factor = tables.sum(2)[:, :, None] / tables.sum(1)[:, None]
    unequal = abs(factor - 1) > 1e-6
    right = given_x(days) * (factor if mistake else 1)
    return given_y(days)[unequal], right[unequal]


@wrong("sum-rule", "the cases averaged without their probabilities")
def _(mistake):
    days, tables = towns()
    px = 0.25 if mistake else tables.sum(axis=2)[:, :, None]
    return [[np.mean(y == j) for j in range(3)] for _, y in days], (given_x(days) * px).sum(axis=1)


# --- Means ----------------------------------------------------------------------------------------


def bags() -> tuple[np.ndarray, ...]:
    """Bags of numbers x, their p(x), and f(x) and g(x), as tables and for each number."""
    rng = random()
    x = rng.integers(0, 6, size=(30, 200))
    F, G = rng.normal(size=(2, 30, 6))
    p = np.array([[np.mean(bag == v) for v in range(6)] for bag in x])
    return x, p, F, G, np.take_along_axis(F, x, axis=1), np.take_along_axis(G, x, axis=1)


@wrong("linear-mean", "the constants stay behind")
def _(mistake):
    _, p, F, G, f, g = bags()
    a, b = (1, 1) if mistake else (2, -3)
    return (2 * f - 3 * g).mean(axis=1), a * (p * F).sum(axis=1) + b * (p * G).sum(axis=1)


@wrong("indicator-mean", "the event with one value too many")
def _(mistake):
    x, p, *_ = bags()
    return (x < 2).mean(axis=1), [event(q, np.arange(6) < 2 + mistake) for q in p]


@wrong("variance-short", "the mean is not squared")
def _(mistake):
    _, p, F, _, f, _ = bags()
    return f.var(axis=1), (p * F**2).sum(axis=1) - (p * F).sum(axis=1) ** (1 if mistake else 2)


def cases() -> tuple[np.ndarray, ...]:
    """Random tables p(x, y) and f(x, y) [40, 4, 3]; p(y), mean and variance in each case."""
    rng = random()
    P = rng.dirichlet(np.ones(12), size=40).reshape(40, 4, 3)
    V = rng.normal(size=P.shape)
    w = P.sum(axis=1)
    m = (P * V).sum(axis=1) / w
    v = (P * (V - m[:, None]) ** 2).sum(axis=1) / w
    return P, V, w, m, v


def central(P: np.ndarray, V: np.ndarray) -> np.ndarray:
    mean = (P * V).sum(axis=(1, 2))
    return (P * (V - mean[:, None, None]) ** 2).sum(axis=(1, 2))


@wrong("total-1", "an average over all cells, without their probabilities")
def _(mistake):
    P, V, w, m, _ = cases()
    return (P * V).sum(axis=(1, 2)) if not mistake else V.mean(axis=(1, 2)), (w * m).sum(axis=1)


@wrong("total-2", "the joint in the inner sum instead of the conditional")
def _(mistake):
    P, V, w, _, _ = cases()
    inner = P if mistake else P / w[:, None]
    return (P * V).reshape(40, -1).sum(axis=1), (w * (inner * V).sum(axis=1)).sum(axis=1)


@wrong("total-3", "the means of the cases averaged as if all cases were equally likely")
def _(mistake):
    P, V, w, m, _ = cases()
    return (P * V).reshape(40, -1).sum(axis=1), ((1 / 3 if mistake else w) * m).sum(axis=1)


@wrong("spread-1", "plus instead of minus")
def _(mistake):
    P, V, *_ = cases()
    mean = (P * V).sum(axis=(1, 2))
    return central(P, V), (P * V**2).sum(axis=(1, 2)) - (-1 if mistake else 1) * mean**2


@wrong("spread-2", "the mean of the squared means is subtracted, not the squared mean")
def _(mistake):
    P, V, w, m, _ = cases()
    square = (w * ((P * V**2).sum(axis=1) / w)).sum(axis=1)
    off = (w * m**2).sum(axis=1) if mistake else (w * m).sum(axis=1) ** 2
    return central(P, V), square - off


@wrong("spread-3", "the squared means of the cases are left out")
def _(mistake):
    P, V, w, m, v = cases()
    inner = v if mistake else v + m**2
    return central(P, V), (w * inner).sum(axis=1) - (w * m).sum(axis=1) ** 2


@wrong("spread-4", "the variance within the cases alone")
def _(mistake):
    P, V, w, m, v = cases()
    mean = (w * m).sum(axis=1)
    between = (w * (m - mean[:, None]) ** 2).sum(axis=1)
    return central(P, V), (w * v).sum(axis=1) + between * (not mistake)


# --- Densities ------------------------------------------------------------------------------------


def bells() -> np.ndarray:
    return random().uniform([-3, 0.1], [3, 2], size=(30, 2))


@wrong("area", "the density at the middle instead of the area")
def _(mistake):
    sides = []
    for m, s in bells():
        a, b = m - s / 2, m + s
        area = integral(lambda x, m=m, s=s: bell(x, m, s * s), a, b)
        if mistake:
            area = bell((a + b) / 2, m, s * s)
        sides.append((below(b, m, s) - below(a, m, s), area))
    return tuple(zip(*sides, strict=True))


@wrong("bell-area", "the variance instead of the standard deviation")
def _(mistake):
    sides = [
        (
            integral(
                lambda x, m=m, s=s: np.exp(-((x - m) ** 2) / (2 * s * s)), m - 9 * s, m + 9 * s
            ),
            (s * s if mistake else s) * math.sqrt(2 * math.pi),
        )
        for m, s in bells()
    ]
    return tuple(zip(*sides, strict=True))


@wrong("dequantize", "the bound turned round")
def _(mistake):
    sides = []
    for m, s in bells():
        mean_log = integral(lambda u, m=m, s=s: np.log(bell(u, m, s * s)), 0, 1)
        sides.append((mean_log, math.log(integral(lambda u, m=m, s=s: bell(u, m, s * s), 0, 1))))
    left, right = zip(*sides, strict=True)
    return left, ">=" if mistake else "<=", right


@wrong("below-one", "put right: it does hold for wide Gaussians")
def _(mistake):
    sd = random().uniform(0.01, 0.39, size=50) + (1 if mistake else 0)
    return bell(0, 0, sd**2), "<=", 1.0


def exponential(line: str, mistake: bool = False) -> tuple[list, list]:
    """The law of Y = -log(1 - X) with X uniform, and one line of the derivation."""
    law, other = [], []
    for a, b in np.sort(random().uniform(0.1, 3, size=(30, 2))):
        ends = [1 - math.exp(-y) for y in (a, b)]
        law.append(math.exp(-a) - math.exp(-b))
        if line == "ends":
            other.append(b - a if mistake else ends[1] - ends[0])
        elif line == "x":
            other.append(integral(np.ones_like, *((a, b) if mistake else ends)))
        else:
            other.append(integral(lambda y: np.ones_like(y) if mistake else np.exp(-y), a, b))
    return law, other


@wrong("change-1", "the ends are not carried over")
def _(mistake):
    return exponential("ends", mistake)


@wrong("change-2", "the integral keeps the old ends")
def _(mistake):
    return exponential("x", mistake)


@wrong("change-3", "the derivative is forgotten")
def _(mistake):
    return exponential("y", mistake)


@wrong("change-of-variables", "no absolute value")
def _(mistake):
    a, b, y = random().normal(size=(3, 50))
    return bell(y, b, a * a), bell((y - b) / a, 0, 1) * (1 / a if mistake else abs(1 / a))


@wrong("marginal-density", "the conditional is integrated instead of the joint")
def _(mistake):
    sides = []
    for s, r, y in random().uniform([0.5, 0.3, -2], [2, 1, 2], size=(30, 3)):
        own = (lambda x, s=s: np.ones_like(x)) if mistake else lambda x, s=s: bell(x, 0, s * s)
        joint = integral(lambda x, own=own, r=r, y=y: own(x) * bell(y, x, r * r), -9 * s, 9 * s)
        sides.append((bell(y, 0, s * s + r * r), joint))
    return tuple(zip(*sides, strict=True))


# --- Monte Carlo ----------------------------------------------------------------------------------


def draws(N: int = 3) -> tuple[np.ndarray, ...]:
    """Random p and f of four values; means, variances; all lists of N draws, with weights."""
    rng = random()
    p, f = rng.dirichlet(np.ones(4), size=20), rng.normal(size=(20, 4))
    lists = np.array(list(itertools.product(range(4), repeat=N)))
    weight, average = p[:, lists].prod(axis=2), f[:, lists].mean(axis=2)
    mean = (p * f).sum(axis=1)
    var = (p * (f - mean[:, None]) ** 2).sum(axis=1)
    return p, f, mean, var, weight, average


def off(mistake: bool = False) -> np.ndarray:
    _, _, mean, _, weight, average = draws()
    return (weight * (average - (0 if mistake else mean[:, None])) ** 2).sum(axis=1)


@wrong("unbiased", "every list of draws counts as much as any other")
def _(mistake):
    _, _, mean, _, weight, average = draws()
    return (average.mean(axis=1) if mistake else (weight * average).sum(axis=1)), mean


@wrong("mc-1", "the distance from 0 instead of that from the mean")
def _(mistake):
    return off(mistake), draws()[3] / 3


@wrong("mc-2", "one division by N is forgotten")
def _(mistake):
    p, f, mean, var, _, _ = draws()
    cross = 6 * (p * (f - mean[:, None])).sum(axis=1) ** 2
    return off(), (3 * var + cross) / (3 if mistake else 9)


@wrong("mc-3", "divided by the root of N")
def _(mistake):
    return off(), draws()[3] / (math.sqrt(3) if mistake else 3)


# --- The forecaster -------------------------------------------------------------------------------


def forecasts() -> tuple[torch.Tensor, torch.Tensor]:
    p, q = torch.rand(2, 50, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return p, q.requires_grad_()


def fine(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    return -p * q.log() - (1 - p) * (1 - q).log()


@wrong("wage-slope", "the slope of a fair coin: it does not matter what she says")
def _(mistake):
    p, q = forecasts()
    (slope,) = torch.autograd.grad((p * q + (1 - p) * (1 - q)).sum(), q)
    return slope, 0 if mistake else 2 * p - 1


@wrong("fine-slope", "the sign")
def _(mistake):
    p, q = forecasts()
    (slope,) = torch.autograd.grad(fine(p, q).sum(), q)
    q = q.detach()
    return slope, (p - q if mistake else q - p) / (q * (1 - q))


@wrong("fine-extra", "the roles of the truth and the forecast change places")
def _(mistake):
    p, q = forecasts()
    q = q.detach()
    a, b = (q, p) if mistake else (p, q)
    extra = a * (a / b).log() + (1 - a) * ((1 - a) / (1 - b)).log()
    return fine(p, q) - fine(p, p), extra
