"""Wrong versions of the equations of the chapter on autoregressive models."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from lecture_utils.training.autoregressive import MADE
from lecture_utils.worlds.weather import WeatherDiary
from wrong_equations import wrong

DAYS = list(itertools.product(range(3), repeat=4))
ORDERS = list(itertools.permutations(range(4)))


def random() -> np.random.Generator:
    """A generator of its own for every entry."""
    return np.random.default_rng(5)


def worlds(n: int = 5, zeros: bool = False) -> np.ndarray:
    """`n` random tables of four days with three words, [n, 3, 3, 3, 3]."""
    rng = random()
    p = rng.dirichlet(np.ones(81), size=n)
    if zeros:
        p = p * (rng.random((n, 81)) < 0.3)
    return (p / p.sum(axis=1, keepdims=True)).reshape(n, 3, 3, 3, 3)


def conditional(table: np.ndarray, context: tuple) -> np.ndarray:
    """p(next | context); uniform after a context that never happens."""
    weight = table[context].reshape(len(table), -1).sum(axis=1)
    total = weight.sum()
    return weight / total if total else np.full_like(weight, 1 / len(table))


def chain(table: np.ndarray, x: tuple, forget: int = 0) -> float:
    """The product of the factors; each forgets the `forget` oldest days of its context."""
    factors = []
    for t in range(len(x)):
        gone = min(forget, t)
        short = table.sum(axis=tuple(range(gone)))
        factors.append(conditional(short, x[gone:t])[x[t]])
    return math.prod(factors)


def entropy(p: np.ndarray) -> float:
    return -(p * np.log(p)).sum()


def kl(p: np.ndarray, q: np.ndarray) -> float:
    return (p * np.log(p / q)).sum()


def margin(p: np.ndarray, keep: Sequence[int]) -> np.ndarray:
    return p.sum(axis=tuple(i for i in range(p.ndim) if i not in keep), keepdims=True)


def all_weeks() -> tuple[WeatherDiary, torch.Tensor, np.ndarray]:
    """The diary of a week, all its weeks, and their probabilities [3, ..., 3]."""
    diary = WeatherDiary(length=7)
    weeks = diary.enumerate()
    return diary, weeks, diary.log_prob(weeks).exp().numpy().reshape([3] * 7)


# --- The chain rule -------------------------------------------------------------------------------


@wrong("chain-rule", "the oldest day of every context is forgotten")
def _(mistake):
    tables = worlds(zeros=True)
    product = [[chain(p, x, forget=int(mistake)) for x in DAYS] for p in tables]
    return tables.reshape(5, 81), product


def _peel(p: np.ndarray, x: tuple, factors: int) -> float:
    """A beginning from the list, and the last `factors` factors cut out."""
    start = 4 - factors
    return p[x[:start]].sum() * math.prod(conditional(p, x[:t])[x[t]] for t in range(start, 4))


@wrong("chain-1", "the last factor is given only the day before")
def _(mistake):
    tables = worlds()
    last = [
        [
            p[x[:3]].sum() * conditional(p.sum(axis=(0, 1)), x[2:3])[x[3]]
            if mistake
            else _peel(p, x, 1)
            for x in DAYS
        ]
        for p in tables
    ]
    return tables.reshape(5, 81), last


@wrong("chain-2", "the factor peeled off first is lost")
def _(mistake):
    tables = worlds()
    peeled = [
        [p[x[:2]].sum() * conditional(p, x[:2])[x[2]] if mistake else _peel(p, x, 2) for x in DAYS]
        for p in tables
    ]
    return tables.reshape(5, 81), peeled


@wrong("chain-3", "the product is of the margins, as if the days were independent")
def _(mistake):
    tables = worlds()
    product = [[chain(p, x, forget=4 * mistake) for x in DAYS] for p in tables]
    return tables.reshape(5, 81), product


@wrong("log-chain", "the first day has no context, so its factor is left out")
def _(mistake):
    diary, weeks, table = all_weeks()
    by_day = [
        sum(math.log(conditional(table, x[:t])[x[t]]) for t in range(int(mistake), 7))
        for x in map(tuple, weeks.tolist())
    ]
    return diary.log_prob(weeks), by_day


@wrong("slide-log", "put right: both sides speak of the same example")
def _(mistake):
    tables = worlds()
    left = tables.reshape(5, 81)
    right = [[math.log(chain(p, x)) for x in DAYS] for p in tables]
    return np.log(left if mistake else np.roll(left, 1, axis=1)), right


# --- Counting -------------------------------------------------------------------------------------


def _one_by_one(V: int, T: int, free: int) -> int:
    return sum(free for t in range(T) for _ in itertools.product(range(V), repeat=t))


@wrong("count-table", "every conditional counts V free numbers, not V - 1")
def _(mistake):
    sizes = [(V, T) for V in (2, 3, 4) for T in range(1, 6)]
    return [_one_by_one(V, T, V - 1 + mistake) for V, T in sizes], [V**T - 1 for V, T in sizes]


@wrong("count-binary", "2^D, without the one that normalization takes away")
def _(mistake):
    sizes = range(1, 11)
    return [_one_by_one(2, D, 1) for D in sizes], [2**D - 1 + mistake for D in sizes]


def _fvsbn(D: int, leak: bool) -> tuple[np.ndarray, int]:
    """log p of all images under a random net, and its parameters; `leak`: pixels see themselves."""
    rng = random()
    W, b = np.tril(rng.normal(size=(D, D)), 0 if leak else -1), rng.normal(size=D)
    x = np.array(list(itertools.product([0, 1], repeat=D)))
    a = x @ W.T + b
    return (x * a - np.logaddexp(0, a)).sum(axis=1), np.count_nonzero(W) + D


@wrong("sums-to-one", "every pixel also sees itself")
def _(mistake):
    return [np.exp(_fvsbn(D, mistake)[0]).sum() for D in range(1, 8)], 1


@wrong("count-fvsbn", "the biases are forgotten: D (D - 1) / 2")
def _(mistake):
    sizes = np.arange(1, 8)
    return [_fvsbn(D, False)[1] for D in sizes], sizes * (sizes + (-1 if mistake else 1)) / 2


# --- The loss -------------------------------------------------------------------------------------


def _losses() -> tuple[np.ndarray, torch.Tensor, torch.Tensor]:
    """-log p of 200 diaries from the joint table, their logits [200, 4, 3], and the diaries."""
    rng = random()
    logits = {
        c: rng.normal(size=3) * 2 for t in range(4) for c in itertools.product(range(3), repeat=t)
    }
    q = {c: np.exp(z) / np.exp(z).sum() for c, z in logits.items()}
    data = [DAYS[i] for i in rng.integers(81, size=200)]
    joint = np.array([-math.log(math.prod(q[x[:t]][x[t]] for t in range(4))) for x in data])
    z = torch.tensor(np.array([[logits[x[:t]] for t in range(4)] for x in data]))
    return joint, z, torch.tensor(data)


@wrong("nll-1", "plus instead of minus")
def _(mistake):
    joint, z, x = _losses()
    nll = -z.log_softmax(-1).gather(-1, x[..., None]).sum(dim=(1, 2))
    return (-joint if mistake else joint), nll


@wrong("nll-2", "averaged over the days instead of added up")
def _(mistake):
    joint, z, x = _losses()
    nll = -z.log_softmax(-1).gather(-1, x[..., None]).squeeze(-1)
    return joint, nll.mean(1) if mistake else nll.sum(1)


@wrong("nll-3", "labels and probabilities change places within the log")
def _(mistake):
    joint, z, x = _losses()
    y, p = F.one_hot(x, 3).double(), z.softmax(-1)
    terms = p * (y + 1e-6).log() if mistake else y * p.log()
    return joint, -terms.sum(dim=(1, 2))


@wrong("ce-gradient", "the sign: label minus belief")
def _(mistake):
    z = torch.randn(50, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    z.requires_grad_()
    word = torch.arange(50) % 5
    F.cross_entropy(z, word, reduction="sum").backward()
    right = z.detach().softmax(-1) - F.one_hot(word, 5)
    return z.grad, -right if mistake else right


@wrong("slide-one-hot", "the other words count with weight 1 instead of 0")
def _(mistake):
    joint, z, x = _losses()
    p = z.softmax(-1)
    own = p.gather(-1, x[..., None]).squeeze(-1)
    others = p.sum(-1) - own
    return joint, -(own.log() * 1 + others * int(mistake)).sum(1)


@wrong("no-log", "put right: a log in every term")
def _(mistake):
    rng = random()
    y, q = rng.dirichlet(np.ones(3), size=(2, 200))
    terms = y * (np.log(q) if mistake else q)
    terms[:, 0] = y[:, 0] * np.log(q[:, 0])
    return -(y * np.log(q)).sum(1), -terms.sum(1)


# --- The floor ------------------------------------------------------------------------------------


def _floor(line: int, mistake: str = "") -> np.ndarray:
    """One line of the derivation for each of four days in five pairs of worlds."""
    tables = worlds()
    values = []
    for p, model in zip(tables, np.roll(tables, 1, axis=0), strict=True):
        if mistake == "swapped":
            p, model = model, p
        for t in range(4):
            value = 0.0
            for x in DAYS:
                a, b = conditional(p, x[:t])[x[t]], conditional(model, x[:t])[x[t]]
                if line == 1:
                    value -= p[x] * np.log(b)
                elif line == 2:
                    gap = np.log(b / a) if mistake == "sign" else np.log(a / b)
                    value += p[x] * (gap - np.log(a))
            if line == 3:
                head = p.reshape(3**t, 3, -1).sum(2)
                value = entropy(head) - entropy(head.sum(1))
                for c in itertools.product(range(3), repeat=t):
                    weight = 1.0 if mistake == "unweighted" else p[c].sum()
                    value += weight * kl(conditional(p, c), conditional(model, c))
            values.append(value)
    return np.array(values)


@wrong("floor-1", "the world and the model change places")
def _(mistake):
    return _floor(1, "swapped" if mistake else ""), _floor(2)


@wrong("floor-2", "the ratio upside down")
def _(mistake):
    return _floor(1), _floor(2, "sign" if mistake else "")


@wrong("floor-3", "the divergences added over contexts without their probabilities")
def _(mistake):
    return _floor(1), _floor(3, "unweighted" if mistake else "")


@wrong("gibbs", "the ratio upside down")
def _(mistake):
    p, q = random().dirichlet(np.ones(5), size=(2, 200))
    terms = p * np.log(q / p if mistake else p / q)
    return terms.sum(1), ">=", 0.0


@wrong("nll-floor", "the divergence the other way round")
def _(mistake):
    tables = worlds()
    pairs = list(zip(tables, np.roll(tables, 1, axis=0), strict=True))
    gap = [kl(m, p) if mistake else kl(p, m) for p, m in pairs]
    return [-(p * np.log(m)).sum() for p, m in pairs], [
        entropy(p) + g for (p, _), g in zip(pairs, gap, strict=True)
    ]


def _given(table: np.ndarray, days: int) -> float:
    """H(x_7 | the `days` days before it)."""
    tail = table.sum(axis=tuple(range(6 - days))).reshape(-1, 3)
    return entropy(tail) - entropy(tail.sum(axis=1))


@wrong("context-floor", "one day of memory too many on the right")
def _(mistake):
    diary, weeks, table = all_weeks()
    loss = []
    for k in range(3):
        q = diary.best_model(k).next_probs(weeks[:, :6]).gather(1, weeks[:, 6:])
        loss.append(-(table.ravel() * q.log().squeeze(1).numpy()).sum())
    return loss, [_given(table, k + mistake) for k in range(3)]


@wrong("memory-helps", "the longer memory on the wrong side")
def _(mistake):
    table = all_weeks()[2]
    nats = np.array([_given(table, k) for k in range(3)])
    short, long = nats[:-1], nats[1:]
    return (short, "<=", long) if mistake else (long, "<=", short)


# --- Units ----------------------------------------------------------------------------------------


@wrong("perplexity", "an arithmetic mean of 1/p instead of a geometric one")
def _(mistake):
    diary, weeks, table = all_weeks()
    one_in = [
        [1 / conditional(table, x[:t])[x[t]] for t in range(7)]
        for x in map(tuple, weeks.tolist())
    ]
    mean = np.mean(one_in, axis=1) if mistake else np.prod(one_in, axis=1) ** (1 / 7)
    return (-diary.log_prob(weeks) / 7).exp(), mean


@wrong("perplexity-uniform", "the root is forgotten: perplexity of the whole sequence")
def _(mistake):
    V, T = np.arange(2, 60)[:, None], np.arange(1, 31)
    return ((1 / V) ** T) ** (-1.0 if mistake else -1 / T), V


@wrong("bits-per-dim", "times log 2 instead of divided by it")
def _(mistake):
    rng = random()
    p, D = rng.random(200), rng.integers(1, 4000, size=200)
    unit = 1 / math.log(2) if mistake else math.log(2)
    return -np.log2(p) / D, -np.log(p) / (D * unit)


@wrong("junk", "the price is divided by T once too often")
def _(mistake):
    diary, weeks, _ = all_weeks()
    log_p = diary.log_prob(weeks)
    junk = (weeks == 0).all(dim=1).double()
    log_q = (0.01 * log_p.exp() + 0.99 * junk).log()
    price = math.log(100) / (49 if mistake else 7)
    return -log_q / 7, "<=", -log_p / 7 + price


# --- Order ----------------------------------------------------------------------------------------


@wrong("any-order", "factors of the natural order at the places of another one")
def _(mistake):
    joints = random().dirichlet(np.ones(16), size=3).reshape(3, 2, 2, 2, 2)
    bits = list(itertools.product([0, 1], repeat=4))
    product = [
        [
            [chain(p if mistake else p.transpose(o), tuple(x[i] for i in o)) for o in ORDERS]
            for x in bits
        ]
        for p in joints
    ]
    return joints.reshape(3, 16, 1), product


def _one_step(p: np.ndarray, order: Sequence[int]) -> np.ndarray:
    q = margin(p, order[:1])
    for a, b in itertools.pairwise(order):
        q = q * margin(p, (a, b)) / margin(p, (a,))
    return q


def _order_cost(p: np.ndarray, order: Sequence[int], first: bool = True) -> float:
    cost = entropy(margin(p, order[:1])) * first - entropy(p)
    return cost + sum(
        entropy(margin(p, (a, b))) - entropy(margin(p, (a,))) for a, b in itertools.pairwise(order)
    )


@wrong("order-cost", "the entropy of the first place is left out")
def _(mistake):
    joints = random().dirichlet(np.ones(16), size=3).reshape(3, 2, 2, 2, 2)
    return [[kl(p, _one_step(p, o)) for o in ORDERS] for p in joints], [
        [_order_cost(p, o, first=not mistake) for o in ORDERS] for p in joints
    ]


def _bell(x: np.ndarray, mean: float, variance: float) -> np.ndarray:
    return np.exp(-((x - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)


@wrong("two-humps", "log 2 for the whole price, as if the width did not matter")
def _(mistake):
    sides = []
    for a, s in random().uniform([0.1, 0.2], [2, 1.5], size=(20, 2)):
        x = np.linspace(-a - 14 * s, a + 14 * s, 20_001)
        p = (_bell(x, a, s * s) + _bell(x, -a, s * s)) / 2
        right = 1 / (1 + np.exp(-2 * a * x / s**2))
        width = x[1] - x[0]
        h = (-2 * p * right * np.log(right)).sum() * width
        price = math.log(2) - h if mistake else np.log(1 + a * a / s**2) / 2 - math.log(2) + h
        sides.append(((p * np.log(p / _bell(x, 0, a * a + s * s))).sum() * width, price))
    return tuple(zip(*sides, strict=True))


def _logistic_cost(p: np.ndarray, bits: int, order: Sequence[int]) -> float:
    """KL of p to the best sigmoid belief net in that order, fitted by Newton's method."""
    x = np.array(list(itertools.product([0, 1], repeat=bits)))
    q = np.ones(len(x))
    for i, target in enumerate(order):
        A = np.column_stack([np.ones(len(x)), x[:, list(order[:i])]])
        w = np.zeros(A.shape[1])
        for _ in range(25):
            s = 1 / (1 + np.exp(-A @ w))
            step = (A.T * (p * s * (1 - s))) @ A
            w -= np.linalg.solve(step, A.T @ (p * (s - x[:, target])))
        q *= np.where(x[:, target], s, 1 - s)
    return kl(p, q)


@wrong("three-bits", "the same claim about four bits")
def _(mistake):
    bits = 4 if mistake else 3
    tables = random().dirichlet(2 * np.ones(2**bits), size=5)
    orders = list(itertools.permutations(range(bits)))
    cost = np.array([[_logistic_cost(p, bits, o) for o in orders] for p in tables])
    return cost[:, :1], cost[:, 1:]


# --- Masks ----------------------------------------------------------------------------------------


@wrong("mask-jacobian", "the outputs moved one place, so that each sees its own pixel")
def _(mistake):
    torch.manual_seed(5)
    net = MADE(12, hidden=64).double()
    x = torch.rand(12, dtype=torch.float64)
    J = torch.func.jacrev(lambda v: net.logits(v[None])[0])(x)
    return (J.roll(-1, dims=0) if mistake else J).triu(), 0


@wrong("mask-paths", "a unit may be heard by the output of its own number")
def _(mistake):
    D, rng = 12, random()
    m, place = rng.integers(1, D, size=40), np.arange(1, D + 1)
    sees = (place[None, :] <= m[:, None]).astype(int)
    heard = (m[None, :] <= place[:, None]) if mistake else (m[None, :] < place[:, None])
    paths = [[sum(s <= k < t for k in m) for s in place] for t in place]
    return heard.astype(int) @ sees, paths


# --- Temperature and END --------------------------------------------------------------------------


def _tempered(p: np.ndarray, tau: float) -> np.ndarray:
    """log of: the product token by token, the formula, the whole table sharpened."""
    first, whole = p.sum(axis=1), p ** (1 / tau)
    rows, sharp = (p / first[:, None]) ** (1 / tau), first ** (1 / tau)
    tokens = (sharp / sharp.sum())[:, None] * rows / rows.sum(axis=1, keepdims=True)
    Z = sharp.sum() * rows.sum(axis=1, keepdims=True)
    return np.log([tokens, whole / Z, whole / whole.sum()])


def _pairs_of_words() -> np.ndarray:
    tables = random().dirichlet(np.ones(9), size=50).reshape(50, 3, 3)
    return np.array([[_tempered(p, tau) for p in tables] for tau in (0.5, 2)])


@wrong("temper", "one normalizer for all contexts")
def _(mistake):
    sides = _pairs_of_words()
    return sides[:, :, 0], sides[:, :, 2 if mistake else 1]


@wrong("temper-wrong", "put right: one normalizer for each context")
def _(mistake):
    sides = _pairs_of_words()
    return sides[:, :, 0], sides[:, :, 1 if mistake else 2]


@wrong("stopping", "END cannot come first: one factor 1 - eta too many")
def _(mistake):
    eta, T = random().uniform(0.02, 0.9, size=(50, 1)), np.arange(60)
    so_far = np.cumsum((1 - eta) ** (T + mistake) * eta, axis=1)
    return so_far, 1 - (1 - eta) ** (T + 1)
