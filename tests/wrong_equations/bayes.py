"""Wrong versions of the equations of the chapter on Bayes' rule."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch

from lecture_utils.worlds.bedrooms import ATTRIBUTE_PROBS, SHADOW_PROBS, Bedrooms
from wrong_equations import wrong


def random() -> np.random.Generator:
    """A generator of its own for every entry."""
    return np.random.default_rng(2)


# --- Bayes' rule ----------------------------------------------------------------------------------


def _towns() -> np.ndarray:
    """Rooms of three kinds with four looks, counted: [n, h, x]."""
    return random().integers(0, 40, size=(50, 3, 4))


def _counted(towns: np.ndarray) -> np.ndarray:
    """p(h | x), room by room."""
    return np.array([[[t[h, x] / sum(t[:, x]) for x in range(4)] for h in range(3)] for t in towns])


def _parts(towns: np.ndarray) -> tuple[np.ndarray, ...]:
    """p(h, x), p(h), p(x | h) and p(x), with axes to broadcast."""
    joint = towns / towns.sum(axis=(1, 2), keepdims=True)
    prior = towns.sum(2, keepdims=True) / towns.sum((1, 2))[:, None, None]
    likelihood = towns / towns.sum(axis=2, keepdims=True)
    return joint, prior, likelihood, joint.sum(axis=1, keepdims=True)


@wrong("bayes-1", "divided by p(h) instead of p(x)")
def _(mistake):
    joint, prior, _, evidence = _parts(_towns())
    return _counted(_towns()), joint / (prior if mistake else evidence)


@wrong("bayes-2", "the prior forgotten")
def _(mistake):
    _, prior, likelihood, evidence = _parts(_towns())
    return _counted(_towns()), likelihood * (1 if mistake else prior) / evidence


@wrong("bayes-3", "the sum below the line runs over x")
def _(mistake):
    _, prior, likelihood, _ = _parts(_towns())
    joint = likelihood * prior
    return _counted(_towns()), joint / joint.sum(axis=2 if mistake else 1, keepdims=True)


@wrong("evidence", "the likelihoods averaged without the prior")
def _(mistake):
    towns = _towns()
    _, prior, likelihood, _ = _parts(towns)
    looks = [[t[:, x].sum() / t.sum() for x in range(4)] for t in towns]
    return looks, likelihood.mean(1) if mistake else np.einsum(
        "nhx,nh->nx", likelihood, prior[..., 0]
    )


@wrong("posterior-sums", "summed over x instead of h")
def _(mistake):
    towns = _towns()
    _, prior, likelihood, _ = _parts(towns)
    looks = np.array([[t[:, x].sum() / t.sum() for x in range(4)] for t in towns])
    return (likelihood * prior / looks[:, None]).sum(axis=2 if mistake else 1), 1


@wrong("slide-bayes", "p(X) below the line")
def _(mistake):
    towns = _towns()
    joint, prior, likelihood, evidence = _parts(towns)
    below = prior if mistake else evidence
    return _counted(towns), joint / evidence, likelihood * prior / below


def _clues() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """p(x | h) of a clue, a prior, and the posterior, [n, 2] each."""
    rng = random()
    clue = rng.uniform(0.05, 0.95, size=(100, 2))
    start = rng.uniform(0.01, 0.45, size=100)
    start = np.stack([start, 1 - start], axis=1)
    joint = clue * start
    return clue, start, joint / joint.sum(axis=1, keepdims=True)


@wrong("inverse-wrong", "put right: times the prior, over the evidence")
def _(mistake):
    clue, start, true = _clues()
    evidence = (clue * start).sum(axis=1, keepdims=True)
    return true, clue * start / evidence if mistake else clue


@wrong("base-rate-wrong", "put right: with the prior")
def _(mistake):
    clue, start, true = _clues()
    weight = clue * (start if mistake else 1)
    return true, weight / weight.sum(axis=1, keepdims=True)


# --- Odds -----------------------------------------------------------------------------------------


@wrong("odds-1", "the evidence of another x below")
def _(mistake):
    towns = _towns() + 1
    joint, _, _, evidence = _parts(towns)
    below = np.roll(evidence, 1, axis=2) if mistake else evidence
    line = (joint / evidence)[:, 0] / (joint / below)[:, 1]
    return towns[:, 0] / towns[:, 1], line


@wrong("odds-2", "the likelihood ratio upside down")
def _(mistake):
    towns = _towns() + 1
    _, prior, likelihood, _ = _parts(towns)
    ratio = likelihood[:, 0] / likelihood[:, 1]
    return towns[:, 0] / towns[:, 1], (1 / ratio if mistake else ratio) * prior[:, 0] / prior[:, 1]


@wrong("log-odds", "log-probabilities instead of log-odds before the clue")
def _(mistake):
    clue, start, true = _clues()
    before = np.log(start[:, 0]) - (0 if mistake else np.log(start[:, 1]))
    return np.log(true[:, 0] / true[:, 1]), np.log(clue[:, 0] / clue[:, 1]) + before


@wrong("sigmoid", "the sign of the log-odds")
def _(mistake):
    clue, start, true = _clues()
    a = np.log(clue[:, 0] / clue[:, 1]) + np.log(start[:, 0] / start[:, 1])
    return true[:, 0], 1 / (1 + np.exp(a if mistake else -a))


@wrong("no-drift", "a plain average over x, not weighted by p(x)")
def _(mistake):
    towns = _towns()
    _, prior, _, evidence = _parts(towns)
    weight = np.full_like(evidence, 1 / 4) if mistake else evidence
    return prior[..., 0], (weight * _counted(towns)).sum(axis=2)


# --- Clue after clue ------------------------------------------------------------------------------


def _pairs() -> np.ndarray:
    """p(h, x1, x2), dependent clues, [n, 3, 2, 2]."""
    return random().dirichlet(np.ones(12), size=50).reshape(50, 3, 2, 2)


def _batch(p: np.ndarray) -> np.ndarray:
    return p / p.sum(axis=1, keepdims=True)


@wrong("seq-1", "the evidence of the first clue only")
def _(mistake):
    p = _pairs()
    kinds = p.sum(axis=(2, 3), keepdims=True)
    both = p.sum(axis=(1, 3) if mistake else 1, keepdims=True)
    return _batch(p), p / kinds * kinds / both


def _second_clue(p: np.ndarray, forget: bool) -> np.ndarray:
    """p(x2 | h, x1), or p(x2 | h)."""
    if forget:
        return p.sum(axis=2, keepdims=True) / p.sum(axis=(2, 3), keepdims=True)
    return p / p.sum(axis=3, keepdims=True)


@wrong("seq-2", "p(x2 | h) where the first clue is known")
def _(mistake):
    p = _pairs()
    first, kinds = p.sum(axis=3, keepdims=True), p.sum(axis=(2, 3), keepdims=True)
    seen = first.sum(axis=1, keepdims=True)
    after = p.sum(axis=1, keepdims=True) / seen
    return _batch(p), _second_clue(p, mistake) / after * (first / kinds * kinds / seen)


@wrong("seq-3", "the old prior in place of the first posterior")
def _(mistake):
    p = _pairs()
    first = p.sum(axis=3, keepdims=True)
    seen = first.sum(axis=1, keepdims=True)
    belief = p.sum(axis=(2, 3), keepdims=True) if mistake else first / seen
    return _batch(p), _second_clue(p, False) * belief / (p.sum(axis=1, keepdims=True) / seen)


@wrong("double-count", "put right: the second likelihood knows the first clue")
def _(mistake):
    p = _pairs()
    first = p.sum(axis=3, keepdims=True)
    short = first * _second_clue(p, forget=not mistake)
    return _batch(p), short / short.sum(axis=1, keepdims=True)


@wrong("many-clues", "the prior once for every clue")
def _(mistake):
    rng = random()
    clues = rng.dirichlet(np.ones(3), size=(50, 5, 2))
    prior = rng.dirichlet(np.ones(2), size=50)
    cells = np.einsum("nh,nha,nhb,nhc,nhd,nhe->nhabcde", prior, *clues.transpose(1, 0, 2, 3))
    table = (cells / cells.sum(axis=1, keepdims=True)).reshape(50, 2, -1)
    kinds = cells.sum(axis=(2, 3, 4, 5, 6))
    one = [
        cells.sum(axis=tuple({2, 3, 4, 5, 6} - {i + 2})) / kinds[:, :, None] for i in range(5)
    ]
    product = np.stack(
        [
            kinds ** (5 if mistake else 1)
            * np.prod([one[i][:, :, x] for i, x in enumerate(five)], axis=0)
            for five in itertools.product(range(3), repeat=5)
        ],
        axis=-1,
    )
    return table, product / product.sum(axis=1, keepdims=True)


@wrong("log-bayes", "the log of the largest term, not of the sum")
def _(mistake):
    clue, start, true = _clues()
    joint = np.log(clue) + np.log(start)
    total = joint.max(axis=1) if mistake else np.logaddexp(*joint.T)
    return np.log(true), joint - total[:, None]


@wrong("logsumexp", "the largest term not added back")
def _(mistake):
    a = random().normal(size=(100, 6)) * 20
    m = a.max(axis=1)
    rest = np.log(np.exp(a - m[:, None]).sum(axis=1))
    return np.log(np.exp(a).sum(axis=1)), rest if mistake else m + rest


# --- Bedrooms -------------------------------------------------------------------------------------


@wrong("pixels", "the shadow always absent")
def _(mistake):
    world = Bedrooms(dtype=torch.float64)
    x = world.sample(2, generator=torch.Generator().manual_seed(3))

    def by_hand(image, label):
        total = 0.0
        for a in itertools.product([0, 1], repeat=6):
            chance = math.prod(
                p if one else 1 - p for one, p in zip(a, ATTRIBUTE_PROBS[label], strict=True)
            )
            for u, p_u in enumerate((1.0,) if mistake else SHADOW_PROBS):
                black = world.drawing(torch.tensor(a), u)
                total += chance * p_u * torch.where(image == 1, black, 1 - black).prod().item()
        return math.log(total)

    exact = world.log_joint(x) - world.label_probs.log()
    return exact, [[by_hand(image, label) for label in (0, 1)] for image in x]


@wrong("prior-shift", "the old prior not taken off")
def _(mistake):
    clue, start, true = _clues()
    moved = random().uniform(0.01, 0.99, size=len(clue))
    moved = np.stack([moved, 1 - moved], axis=1)
    joint = clue * moved
    old, new, before = (np.log(p[:, 0] / p[:, 1]) for p in (start, moved, true))
    return np.log(joint[:, 0] / joint[:, 1]), before + new - (0 if mistake else old)


@wrong("calibration", "said with the prior ignored")
def _(mistake):
    rooms = random().integers(1, 4, size=(10, 2, 30))
    shown = rooms / rooms.sum(axis=2, keepdims=True) if mistake else rooms
    said = shown[:, 1] / shown.sum(axis=1)
    group = [[rooms[t][:, said[t] == r].sum(axis=1) for r in said[t]] for t in range(10)]
    return [[g[1] / g.sum() for g in town] for town in group], said


# --- Independence ---------------------------------------------------------------------------------


def _margins() -> tuple[np.ndarray, np.ndarray]:
    rng = random()
    return rng.dirichlet(np.ones(4), size=50), rng.dirichlet(np.ones(3), size=50)


def _information(p: np.ndarray, swap: bool = False) -> float:
    x, y = p.sum(axis=1, keepdims=True), p.sum(axis=0, keepdims=True)
    weight = x * y if swap else p
    return (weight * np.log(p / (x * y))).sum()


@wrong("no-news", "the other margin")
def _(mistake):
    x, y = _margins()
    p = np.einsum("nx,ny->nxy", x, y)
    return p / p.sum(axis=2 if mistake else 1, keepdims=True), x[:, :, None]


@wrong("info-positive", "averaged over the product of the margins instead of the joint")
def _(mistake):
    tables = random().dirichlet(np.ones(12), size=100).reshape(-1, 4, 3)
    return [_information(p, swap=mistake) for p in tables], ">=", 0.0


@wrong("pairs-wrong", "put right: three independent coins")
def _(mistake):
    xor = np.zeros((2, 2, 2))
    for a, b in itertools.product([0, 1], repeat=2):
        xor[a, b, a ^ b] = 1 / 4
    joint = np.full((2, 2, 2), 1 / 8) if mistake else xor
    return joint, np.full((2, 2, 2), 1 / 2 * 1 / 2 * 1 / 2)


@wrong("common-cause", "averaged over the prior, as if the first clue had not been seen")
def _(mistake):
    rng = random()
    prior = rng.dirichlet(np.ones(2), size=50)
    one, two = rng.dirichlet(np.ones(3), size=(2, 50, 2))
    p = np.einsum("nh,nha,nhb->nhab", prior, one, two)
    seen = p.sum(axis=(1, 3))
    belief = p.sum(3) / seen[:, None]
    if mistake:
        belief = np.broadcast_to(prior[:, :, None], belief.shape)
    return p.sum(1) / seen[:, :, None], np.einsum("nhb,nha->nab", two, belief)


@wrong("explaining-away", "p(wet) as the sum of both, days with both counted twice")
def _(mistake):
    rates = random().uniform(0.01, 0.99, size=(50, 2))
    left, right = [], []
    for rain, cleaning in rates:
        days = {
            (r, c): (rain if r else 1 - rain) * (cleaning if c else 1 - cleaning)
            for r in (0, 1)
            for c in (0, 1)
        }
        wet = {day: p for day, p in days.items() if any(day)}
        left.append(
            [(wet[1, 0] + wet[1, 1]) / sum(wet.values()), wet[1, 1] / (wet[0, 1] + wet[1, 1])]
        )
        p_wet = rain + cleaning if mistake else 1 - (1 - rain) * (1 - cleaning)
        right.append([rain / p_wet, rain])
    return left, right


@wrong("no-coupling", "the same claim about z = 0")
def _(mistake):
    rng, (x, y) = random(), _margins()
    fg = rng.uniform(0.1, 0.9, size=(50, 4, 1)) * rng.uniform(0.1, 0.9, size=(50, 1, 3))
    p = np.einsum("nx,ny->nxy", x, y) * (1 - fg if mistake else fg)
    p /= p.sum(axis=(1, 2), keepdims=True)
    return p, p.sum(axis=2, keepdims=True) * p.sum(axis=1, keepdims=True)


# --- A belief about a number ----------------------------------------------------------------------

_POINT, _MASS = np.polynomial.legendre.leggauss(40)
_THETA, _MASS = (_POINT + 1) / 2, _MASS / 2


def _B(a: float, b: float) -> float:
    return math.gamma(a) * math.gamma(b) / math.gamma(a + b)


def _days() -> list[list[int]]:
    """a, b, n and k."""
    rng = random()
    return [
        [int(v) for v in (*rng.integers(1, 9, size=2), n, rng.integers(0, n + 1))]
        for n in rng.integers(1, 25, size=40)
    ]


def _snow(a: int, b: int, n: int, k: int) -> tuple[float, np.ndarray]:
    """The evidence by quadrature, and likelihood times prior over it."""
    prior = _THETA ** (a - 1) * (1 - _THETA) ** (b - 1)
    prior = prior / (_MASS @ prior)
    seen = math.comb(n, k) * _THETA**k * (1 - _THETA) ** (n - k)
    evidence = _MASS @ (seen * prior)
    return evidence, seen * prior / evidence


def _beta(a: float, b: float) -> np.ndarray:
    return _THETA ** (a - 1) * (1 - _THETA) ** (b - 1) / _B(a, b)


@wrong("beta-1", "the evidence forgotten")
def _(mistake):
    lines = []
    for a, b, n, k in _days():
        evidence, line = _snow(a, b, n, k)
        lines.append(line * evidence if mistake else line)
    return lines, [_beta(a + k, b + n - k) for a, b, n, k in _days()]


@wrong("beta-2", "one day too many in the exponents")
def _(mistake):
    lines = [_snow(*day)[1] for day in _days()]
    return lines, [_beta(a + k + mistake, b + n - k) for a, b, n, k in _days()]


@wrong("beta-evidence", "without the number of orders")
def _(mistake):
    ways = [1 if mistake else math.comb(n, k) for _, _, n, k in _days()]
    closed = [_B(a + k, b + n - k) / _B(a, b) for a, b, n, k in _days()]
    return [_snow(*day)[0] for day in _days()], np.array(ways) * closed


@wrong("beta-mean", "the highest point instead of the mean")
def _(mistake):
    means = [_MASS @ (_THETA * _snow(*day)[1]) for day in _days()]
    off = 1 if mistake else 0
    return means, [(a + k - off) / (a + b + n - 2 * off) for a, b, n, k in _days()]


@wrong("beta-compromise", "the weights the wrong way around")
def _(mistake):
    mixed = []
    for a, b, n, k in _days():
        w = (n if mistake else a + b) / (a + b + n)
        mixed.append(w * a / (a + b) + (1 - w) * k / n)
    return [(a + k) / (a + b + n) for a, b, n, k in _days()], mixed


@wrong("binomial", "one order of the days instead of all")
def _(mistake):
    left, right = [], []
    for t in (0.1, 0.5, 0.7):
        total = np.zeros(9)
        for diary in itertools.product([0, 1], repeat=8):
            total[sum(diary)] += math.prod(t if day else 1 - t for day in diary)
        left.append(total)
        right.append(
            [(1 if mistake else math.comb(8, k)) * t**k * (1 - t) ** (8 - k) for k in range(9)]
        )
    return left, right


@wrong("gauss-posterior", "the readings count once, however many there are")
def _(mistake):
    rng, grid, left, right = random(), np.linspace(-40, 40, 8001), [], []
    for N in range(30):
        mu0, tau, sigma = rng.uniform([-5, 0.8, 0.8], [5, 3, 3])
        x = rng.normal(mu0, 3, size=N)
        log_p = -0.5 * ((grid - mu0) / tau) ** 2
        log_p = log_p - 0.5 * (((x[:, None] - grid) / sigma) ** 2).sum(axis=0)
        p = np.exp(log_p - log_p.max())
        p /= p.sum()
        center = p @ grid
        left.append((center, p @ (grid - center) ** 2))
        precision = 1 / tau**2 + (min(N, 1) if mistake else N) / sigma**2
        right.append(((mu0 / tau**2 + x.sum() / sigma**2) / precision, 1 / precision))
    return left, right
