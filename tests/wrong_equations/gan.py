"""Wrong versions of the equations of the chapter on generative adversarial networks."""

from __future__ import annotations

import math

import numpy as np

from wrong_equations import wrong


def random() -> np.random.Generator:
    """A generator of its own for every entry."""
    return np.random.default_rng(10)


def tables(n: int = 50, outcomes: int = 6) -> np.ndarray:
    return random().dirichlet(np.ones(outcomes), size=(2, n))


def value(D, p, q):
    return (p * np.log(D) + q * np.log(1 - D)).sum(-1)


def kl(p, q):
    return (p * np.log(p / q)).sum(-1)


def entropy(p):
    return -(p * np.log(p)).sum(-1)


def jsd(p, q):
    m = (p + q) / 2
    return (kl(p, m) + kl(q, m)) / 2


def answers(n: int = 50) -> np.ndarray:
    return random().uniform(0.05, 0.95, size=(n, 6))


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def players() -> tuple[np.ndarray, np.ndarray]:
    return random().normal(size=(2, 100)) * 2


# --- The game -------------------------------------------------------------------------------------


@wrong("pushforward", "every picture counts once, however many noises end there")
def _(mistake):
    rng, left, right = random(), [], []
    for _ in range(50):
        pz, G, f = rng.dirichlet(np.ones(12)), rng.integers(0, 5, 12), rng.normal(size=5)
        q = np.bincount(G, weights=pz, minlength=5)
        left.append(pz @ f[G])
        right.append(f.mean() if mistake else q @ f)
    return left, right


@wrong("value-bce", "the factor 2 of the fair coin is lost")
def _(mistake):
    (p, q), D = tables(), answers()
    paid = np.stack([q, p], -1) / 2 * np.stack([np.log(1 - D), np.log(D)], -1)
    return value(D, p, q), (1 if mistake else 2) * paid.sum((1, 2))


# --- The best discriminator -----------------------------------------------------------------------


@wrong("best-1", "the inner derivative of log(1 - d) is forgotten")
def _(mistake):
    a, b, d = random().uniform(0.1, 0.9, size=(3, 60))
    h = 1e-5

    def wage(d):
        return a * np.log(d) + b * np.log(1 - d)

    sign = 1 if mistake else -1
    return (wage(d + h) - wage(d - h)) / (2 * h), a / d + sign * b / (1 - d), {"tol": 1e-6}


@wrong("best-2", "p - q d in the numerator")
def _(mistake):
    a, b, d = random().uniform(0.1, 0.9, size=(3, 60))
    top = a - (b if mistake else a + b) * d
    return a / d - b / (1 - d), top / (d * (1 - d))


@wrong("d-star", "q over the sum: the probability of a fake")
def _(mistake):
    a, b = random().uniform(0.1, 2, size=(2, 60))
    d = np.linspace(0, 1, 100_002)[1:-1]
    found = [d[np.argmax(x * np.log(d) + y * np.log(1 - d))] for x, y in zip(a, b, strict=True)]
    return found, (b if mistake else a) / (a + b), {"tol": 1e-5}


@wrong("log-ratio", "the ratio of p to the mixture")
def _(mistake):
    p, q = tables()
    post = p / (p + q)
    return np.log(post) - np.log1p(-post), np.log(p) - np.log((p + q) / 2 if mistake else q)


@wrong("star-1", "the best D in both terms")
def _(mistake):
    p, q = tables()
    right = kl(p, p + q) + (q * np.log((p if mistake else q) / (p + q))).sum(-1)
    return value(p / (p + q), p, q), right


@wrong("star-2", "log 2 once")
def _(mistake):
    p, q = tables()
    m = (p + q) / 2
    right = kl(p, m) + kl(q, m) - (1 if mistake else 2) * math.log(2)
    return value(p / (p + q), p, q), right


@wrong("star-3", "one JSD instead of two")
def _(mistake):
    p, q = tables()
    by_entropy = entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2
    right = (1 if mistake else 2) * by_entropy - math.log(4)
    return value(p / (p + q), p, q), right


@wrong("value-range", "the floor is -log 2")
def _(mistake):
    p, q = tables()
    return value(p / (p + q), p, q), ">=", -math.log(2 if mistake else 4)


@wrong("regret", "the divergence the other way around")
def _(mistake):
    (p, q), D = tables(), answers()
    star = p / (p + q)
    pair = [np.stack([d, 1 - d], -1) for d in (star, D)]
    cost = kl(*(pair[::-1] if mistake else pair))
    return value(star, p, q) - value(D, p, q), ((p + q) * cost).sum(-1)


@wrong("coin-information", "information in bits")
def _(mistake):
    p, q = tables()
    coin = np.stack([q, p], -1) / 2
    apart = coin.sum(-1, keepdims=True) / 2 * np.ones(2)
    info = kl(coin.reshape(50, -1), apart.reshape(50, -1))
    return jsd(p, q), info / (math.log(2) if mistake else 1)


# --- Two losses -----------------------------------------------------------------------------------


@wrong("two-slopes", "the two slopes have changed places")
def _(mistake):
    a, h = np.linspace(-6, 6, 50), 1e-5

    def loss(a):
        return np.log(1 - sigmoid(a))

    right = -(1 - sigmoid(a)) if mistake else -sigmoid(a)
    return (loss(a + h) - loss(a - h)) / (2 * h), right, {"tol": 1e-7}


def softmax(t):
    return np.exp(t) / np.exp(t).sum()


def slopes(objective, frozen):
    """The gradient of an average of a frozen function, and differences of an objective."""
    left, right = [], []
    rng = random()
    for _ in range(20):
        t, p = rng.normal(size=5), rng.dirichlet(np.ones(5))
        q = softmax(t)
        f = frozen(p, q)
        left.append(q * (f - q @ f))
        steps = 1e-5 * np.eye(5)
        right.append(
            [(objective(p, softmax(t + h)) - objective(p, softmax(t - h))) / 2e-5 for h in steps]
        )
    return left, right, {"tol": 1e-7}


@wrong("minmax-gradient", "one JSD instead of two")
def _(mistake):
    return slopes(lambda p, q: (1 if mistake else 2) * jsd(p, q), lambda p, q: np.log(q / (p + q)))


@wrong("other-gradient", "plus 2 JSD")
def _(mistake):
    sign = 1 if mistake else -1
    return slopes(lambda p, q: kl(q, p) + sign * 2 * jsd(p, q), lambda p, q: -np.log(p / (p + q)))


@wrong("other-divergence", "4 JSD, as if each half counted twice")
def _(mistake):
    p, q = tables()
    return kl(q, p), ">=", (4 if mistake else 2) * jsd(p, q)


# --- Three ways to go wrong -----------------------------------------------------------------------


@wrong("frozen-bound", "the smallest D in place of the largest")
def _(mistake):
    q, D = tables()[0], answers()
    best = D.min(1) if mistake else D.max(1)
    return -(q * np.log(D)).sum(1), ">=", -np.log(best)


@wrong("apart-jsd", "log 4: both halves in full")
def _(mistake):
    p = random().dirichlet(np.ones(5), size=30)
    zero = np.zeros_like(p)
    left, right = np.hstack([p, zero]), np.hstack([zero, p[::-1]])
    m = (left + right) / 2
    both = [(a * np.log(np.where(a > 0, a / m, 1))).sum(1) for a in (left, right)]
    return sum(both) / 2, math.log(4 if mistake else 2)


@wrong("apart-w1", "the square of the shift")
def _(mistake):
    p, moved = random().dirichlet(np.ones(10)), []
    for s in range(1, 20):
        a, b = np.zeros((2, 40))
        a[:10], b[s : s + 10] = p, p
        moved.append(abs(np.cumsum(a - b)).sum())
    s = np.arange(1, 20)
    return moved, s**2 if mistake else s


def flow(a, h=1e-6):
    """The derivative of log(1 - sigmoid(a)), by differences."""
    return (np.log(sigmoid(-a - h)) - np.log(sigmoid(-a + h))) / (2 * h)


@wrong("dirac-flow", "both players climb")
def _(mistake):
    theta, psi = players()
    s, slope = sigmoid(psi * theta), flow(psi * theta)
    sign = -1 if mistake else 1
    return [-slope * psi, slope * theta], [sign * s * psi, -s * theta], {"tol": 1e-7}


@wrong("dirac-circle", "both walk at the speed of their own parameter")
def _(mistake):
    theta, psi = players()
    s = sigmoid(psi * theta)
    speed = (s * theta, -s * psi) if mistake else (s * psi, -s * theta)
    return 2 * (theta * speed[0] + psi * speed[1]), 0


@wrong("dirac-euler", "minus: the steps would shrink the circle")
def _(mistake):
    theta, psi = players()
    h, eta = sigmoid(psi * theta), 0.1
    now = (theta + eta * h * psi) ** 2 + (psi - eta * h * theta) ** 2
    sign = -1 if mistake else 1
    return now, (1 + sign * eta**2 * h**2) * (theta**2 + psi**2)


@wrong("dirac-other", "tanh(a) in place of tanh(a/2)")
def _(mistake):
    theta, psi = players()
    a = psi * theta
    left = 2 * (theta * psi * sigmoid(-a) - psi * theta * sigmoid(a))
    return left, -2 * a * np.tanh(a / (1 if mistake else 2))


@wrong("dirac-r1", "the penalty without its half")
def _(mistake):
    theta, psi = players()
    s, gamma = sigmoid(psi * theta), 0.7
    pull = (2 if mistake else 1) * gamma * psi  # the slope of gamma/2 psi^2, or of gamma psi^2
    left = 2 * (theta * s * psi + psi * (-s * theta - pull))
    return left, -2 * gamma * psi**2
