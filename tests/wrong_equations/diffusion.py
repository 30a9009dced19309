"""Wrong versions of the equations of the chapter on diffusion and flow matching."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from wrong_equations import wrong

HUMPS, WIDTH, STEPS = np.array([-1.5, 1.5]), 0.3, 4


def random() -> np.random.Generator:
    """A generator of its own for every entry."""
    return np.random.default_rng(11)


def bell(x, mean, variance):
    return np.exp(-((x - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)


def humps(x, share):
    """The density of x_t for two humps of which `share` of the variance is left."""
    x = np.asarray(x)[..., None]
    return bell(x, np.sqrt(share) * HUMPS, share * WIDTH**2 + 1 - share).mean(-1)


# --- The ruin -------------------------------------------------------------------------------------


@wrong("one-shot", "the data keep the share, not its root")
def _(mistake):
    rng, walked, shot = random(), [], []
    for _ in range(50):
        mean, variance, share = 1.0, 0.0, 1.0
        for beta in rng.uniform(0.01, 0.6, 7):
            mean, variance = math.sqrt(1 - beta) * mean, (1 - beta) * variance + beta
            share *= 1 - beta
        walked.append([mean, variance])
        shot.append([share if mistake else math.sqrt(share), 1 - share])
    return np.array(walked), np.array(shot)


# --- The bound ------------------------------------------------------------------------------------


class Chain:
    """Random tables for x_0 ... x_4 with three values each, in 10 worlds, and all 243 paths."""

    def __init__(self) -> None:
        rng, n = random(), 10
        self.forth, self.back = rng.dirichlet(np.ones(3), size=(2, STEPS, n, 3))
        self.last, self.start = rng.dirichlet(np.ones(3), size=(2, n))
        self.paths = np.stack(np.meshgrid(*[range(3)] * 5, indexing="ij"), -1).reshape(-1, 5)
        self.given = [np.tile(np.eye(3), (n, 1, 1))]
        for table in self.forth:
            self.given.append(self.given[-1] @ table)
        self.f = [self.along(self.forth[t], t, t + 1) for t in range(STEPS)]
        self.b = [self.along(self.back[t], t + 1, t) for t in range(STEPS)]
        self.jump = [self.along(table, 0, t) for t, table in enumerate(self.given)]
        self.log_last = np.log(self.last[:, self.paths[:, -1]])
        self.weight = np.exp(sum(self.f))
        joint = self.weight.reshape(n, 3, 3, 3, 3, 3)
        self.turn = []
        for t in (2, 3, 4):
            pair = joint.sum(tuple(a + 1 for a in range(1, 5) if a not in (t - 1, t)))
            self.turn.append(pair / pair.sum(2, keepdims=True))

    def along(self, table, here, there):
        with np.errstate(divide="ignore"):  # x_0 given x_0 is certain
            return np.log(table[:, self.paths[:, here], self.paths[:, there]])

    def turned(self, t):
        paths = self.paths
        return np.log(self.turn[t - 2][:, paths[:, 0], paths[:, t - 1], paths[:, t]])

    def mean(self, value):
        return (self.weight * value).reshape(len(self.last), 3, -1).sum(-1)

    @property
    def elbo(self):
        return self.mean(self.log_last + sum(self.b) - sum(self.f))


@cache
def chain() -> Chain:
    return Chain()


@wrong("turned", "Bayes without the evidence")
def _(mistake):
    c, right = chain(), []
    for t in (2, 3, 4):
        product = c.forth[t - 1][:, None] * c.given[t - 1][..., None]
        right.append(product if mistake else product / c.given[t][:, :, None])
    return np.stack(c.turn), np.stack(right)


@wrong("chain-bound", "log q is added")
def _(mistake):
    c = chain()  # its model: the true way back, for which the bound is met
    marginal = [np.einsum("ni,nij->nj", c.start, table) for table in c.given]
    log_p = np.log(marginal[-1][:, c.paths[:, -1]])
    for t in range(1, STEPS + 1):
        pair = marginal[t - 1][..., None] * c.forth[t - 1]
        true = pair / marginal[t][:, None]
        log_p = log_p + c.along(true.transpose(0, 2, 1), t, t - 1)
    log_q = sum(c.f)
    return c.mean(log_p + log_q if mistake else log_p - log_q), np.log(c.start)


@wrong("tele-1", "the prior of x_T is forgotten")
def _(mistake):
    c = chain()
    prior = 0 if mistake else c.log_last
    ratios = [b - f for b, f in zip(c.b, c.f, strict=True)]
    return c.mean(c.log_last + sum(c.b)) - c.mean(sum(c.f)), c.mean(prior + sum(ratios))


@wrong("tele-2", "the last factor upside down")
def _(mistake):
    c, sign = chain(), -1 if mistake else 1
    rest = sum(
        c.b[t - 1] - c.turned(t) + sign * (c.jump[t - 1] - c.jump[t]) for t in (2, 3, 4)
    )
    return c.elbo, c.mean(c.log_last + c.b[0] - c.jump[1] + rest)


@wrong("tele-3", "q(x_1 | x_0) stays behind")
def _(mistake):
    c = chain()
    rest = sum(c.b[t - 1] - c.turned(t) for t in (2, 3, 4))
    left = c.jump[1] if mistake else 0
    return c.elbo, c.mean(c.log_last - c.jump[4] + c.b[0] - left + rest)


@wrong("tele-4", "the divergences of the steps with their arguments exchanged")
def _(mistake):
    c, total = chain(), 0
    for t in (2, 3, 4):
        true, model = c.turn[t - 2], c.back[t - 1].transpose(0, 2, 1)[:, None]
        if mistake:
            true, model = model, true
        each = (true * (np.log(true) - np.log(model))).sum(2)
        total = total + (c.given[t] * each).sum(-1)
    rec = np.einsum("nij,nji->ni", c.given[1], np.log(c.back[0]))
    prior = (c.given[4] * np.log(c.given[4] / c.last[:, None])).sum(-1)
    return c.elbo, rec - total - prior


@wrong("averaged", "the step back still knows x_0")
def _(mistake):
    c = chain()
    path = c.start[:, c.paths[:, 0]] * c.weight
    bound = (path * (c.log_last + sum(c.b) - sum(c.f))).sum(1)
    entropy = -(c.start * np.log(c.start)).sum(1)
    marginal = [np.einsum("ni,nij->nj", c.start, table) for table in c.given]
    spent = (marginal[-1] * np.log(marginal[-1] / c.last)).sum(1)
    for t in range(1, STEPS + 1):
        pair = marginal[t - 1][..., None] * c.forth[t - 1]
        log_true = np.log(pair / marginal[t][:, None])
        log_model = np.log(c.back[t - 1].transpose(0, 2, 1))
        if mistake and t > 1:
            known = c.start[:, :, None, None] * c.given[t][:, :, None] * c.turn[t - 2]
            spent = spent + (known * (np.log(c.turn[t - 2]) - log_model[:, None])).sum((1, 2, 3))
        else:
            spent = spent + (pair * (log_true - log_model)).sum((1, 2))
    return bound, -entropy - spent


# --- Gaussians ------------------------------------------------------------------------------------


def _steps():
    """Random shares before and after a step, a start, a place and a guess of the noise."""
    rng = random()
    for _ in range(30):
        before, beta = rng.uniform(0.05, 0.9), rng.uniform(0.05, 0.8)
        yield before, before * (1 - beta), beta, *rng.normal(size=3)


def _posterior(before, beta, x0, xt):
    u = np.linspace(-12, 12, 6001)
    post = bell(xt, np.sqrt(1 - beta) * u, beta) * bell(u, np.sqrt(before) * x0, 1 - before)
    return u, post / np.trapezoid(post, u)


@wrong("step-back", "the variance of the step forth")
def _(mistake):
    found, formula = [], []
    for before, now, beta, x0, xt, _ in _steps():
        u, post = _posterior(before, beta, x0, xt)
        mean = np.trapezoid(u * post, u)
        found.append([mean, np.trapezoid((u - mean) ** 2 * post, u)])
        of_x = np.sqrt(1 - beta) * (1 - before)
        mean = (np.sqrt(before) * beta * x0 + of_x * xt) / (1 - now)
        formula.append([mean, beta if mistake else (1 - before) / (1 - now) * beta])
    return np.array(found), np.array(formula)


@wrong("noise-weight", "the weights are all the same")
def _(mistake):
    found, formula = [], []
    for before, now, beta, x0, xt, wrong_noise in _steps():
        u, post = _posterior(before, beta, x0, xt)
        tilde = (1 - before) / (1 - now) * beta
        guess = (xt - np.sqrt(1 - now) * wrong_noise) / np.sqrt(now)
        of_x = np.sqrt(1 - beta) * (1 - before)
        mean = (np.sqrt(before) * beta * guess + of_x * xt) / (1 - now)
        log_model = -((u - mean) ** 2) / (2 * tilde) - np.log(2 * np.pi * tilde) / 2
        inside = post > 1e-200
        log_true = np.log(np.where(inside, post, 1))
        found.append(np.trapezoid(np.where(inside, post * (log_true - log_model), 0), u))
        noise = (xt - np.sqrt(now) * x0) / np.sqrt(1 - now)
        weight = 1 if mistake else beta**2 / (2 * tilde * (1 - beta) * (1 - now))
        formula.append(weight * (noise - wrong_noise) ** 2)
    return np.array(found), np.array(formula), {"tol": 1e-7}


@wrong("true-back", "the likelihood alone: the prior q(x_{t-1}) is forgotten")
def _(mistake):
    found, formula = [], []
    u = np.linspace(-6, 6, 4001)
    for x in (-2.0, -0.3, 0.0, 1.1):
        before, v = 0.5, 0.3  # keeps 1 - v
        joint = humps(u, before) * bell(x, np.sqrt(1 - v) * u, v)
        if mistake:
            joint = bell(x, np.sqrt(1 - v) * u, v)
        found.append(joint[::50] / np.trapezoid(joint, u))
        formula.append(_mixture_back(u[::50], x, before, v))
    return np.array(found), np.array(formula)


def _mixture_back(u, x, before, beta):
    """q(x_{t-1} | x_t) of two humps, hump by hump: a mixture of two bells."""
    mean, variance = np.sqrt(before) * HUMPS, before * WIDTH**2 + 1 - before
    total = (1 - beta) * variance + beta
    share = bell(x, np.sqrt(1 - beta) * mean, total)
    gain = np.sqrt(1 - beta) * variance / total
    center = mean + gain * (x - np.sqrt(1 - beta) * mean)
    left = variance - gain * np.sqrt(1 - beta) * variance
    return (bell(u[:, None], center, left) * share / share.sum()).sum(1)


@wrong("small-step", "the price of a step with one half in front")
def _(mistake):
    limits, formula = [], []
    for x, before in ((-1.2, 0.2), (0.3, 0.5), (1.0, 0.8)):
        h, ratios = 1e-3, []
        low, mid, high = np.log(humps(x + np.array([-h, 0.0, h]), before))
        slope, bend = (high - low) / (2 * h), (high - 2 * mid + low) / h**2
        for v in (2e-4, 1e-4):
            u = np.linspace(x - 14 * v**0.5, x + 14 * v**0.5, 20001)
            true = humps(u, before) * bell(u, x, v)
            true /= np.trapezoid(true, u)
            log_bell = -((u - x - v * slope) ** 2) / (2 * v) - 0.5 * np.log(2 * np.pi * v)
            ratios.append(np.trapezoid(true * (np.log(true) - log_bell), u) / v**2)
        limits.append(2 * ratios[1] - ratios[0])
        formula.append(bend**2 / (2 if mistake else 4))
    return np.array(limits), np.array(formula), {"tol": 2e-3}


# --- Noise, data, score ---------------------------------------------------------------------------


@wrong("projection", "the second term is the whole variance of y")
def _(mistake):
    rng = random()
    joint = rng.dirichlet(np.ones(20), size=50).reshape(-1, 5, 4)
    y, guess = rng.normal(size=(50, 1, 4)), rng.normal(size=(50, 5, 1))
    known = (joint * y).sum(2, keepdims=True) / joint.sum(2, keepdims=True)
    mean = (joint * y).sum((1, 2))[:, None, None] if mistake else known
    loss, off, rest = ((joint * d**2).sum((1, 2)) for d in (guess - y, guess - known, y - mean))
    return loss, off + rest


DATA = np.linspace(-4, 4, 2001)
PLACES = [(x, s) for x in (-1.7, -0.4, 0.6, 1.9) for s in (0.1, 0.4, 0.8)]


def _given(x, share):
    """q(x_0 | x_t) on the grid, and the noise that belongs to each x_0."""
    post = humps(DATA, 1.0) * bell(x, np.sqrt(share) * DATA, 1 - share)
    return post / post.sum(), (x - np.sqrt(share) * DATA) / np.sqrt(1 - share)


def _slope(x, share):
    return (np.log(humps(x + 1e-4, share)) - np.log(humps(x - 1e-4, share))) / 2e-4


@wrong("score-mean", "averaged over the prior, not the posterior")
def _(mistake):
    slopes, means = [], []
    for x, share in PLACES:
        post, noise = _given(x, share)
        if mistake:
            post = humps(DATA, 1.0) / humps(DATA, 1.0).sum()
        slopes.append(_slope(x, share))
        means.append((post * -noise).sum() / np.sqrt(1 - share))
    return np.array(slopes), np.array(means), {"tol": 1e-6}


@wrong("tweedie", "downhill instead of uphill")
def _(mistake):
    left, right = [], []
    for x, share in PLACES:
        post, noise = _given(x, share)
        slope = _slope(x, share)
        left.append([slope, (post * DATA).sum()])
        uphill = -slope if mistake else slope
        right.append([
            -(post * noise).sum() / np.sqrt(1 - share),
            (x + (1 - share) * uphill) / np.sqrt(share),
        ])
    return np.array(left), np.array(right), {"tol": 1e-6}


@wrong("dsm", "no constant: the two losses are the same")
def _(mistake):
    left, right, x = [], [], np.linspace(-6, 6, 241)
    for share in (0.1, 0.4, 0.8):
        joint = bell(x[:, None], np.sqrt(share) * DATA, 1 - share) * humps(DATA, 1.0)
        joint /= joint.sum()
        known = -(x[:, None] - np.sqrt(share) * DATA) / (1 - share)
        score = (joint * known).sum(1) / joint.sum(1)
        constant = (joint * (known - score[:, None]) ** 2).sum()
        for a in (0.3, -1.0):
            guess = a * np.sin(x) - x
            left.append((joint * (guess[:, None] - known) ** 2).sum())
            wanted = (joint.sum(1) * (guess - score) ** 2).sum()
            right.append(wanted + (0 if mistake else constant))
    return np.array(left), np.array(right)


# --- Flows ----------------------------------------------------------------------------------------


def hill(x, t):
    """x_t on the lines from noise to two humps: density, mean velocity, its open rest."""
    x = np.asarray(x, float)[..., None]
    var = t**2 * WIDTH**2 + (1 - t) ** 2
    off = x - t * HUMPS
    share = bell(off, 0.0, var) / 2
    p = share.sum(-1)
    share = share / p[..., None]
    pull = (t * WIDTH**2 - (1 - t)) / var
    speed = HUMPS + pull * off
    v = (share * speed).sum(-1)
    rest = WIDTH**2 + 1 - pull**2 * var
    return p, v, rest + (share * speed**2).sum(-1) - v**2


@wrong("flow-floor", "a perfect network reaches 0")
def _(mistake):
    pairs = []
    noise, data = np.meshgrid(np.linspace(-7, 7, 1001), np.linspace(-4, 4, 1001), indexing="ij")
    weight = bell(noise, 0.0, 1.0) * humps(data, 1.0)
    weight /= weight.sum()
    for t in (0.1, 0.5, 0.9):
        at = (1 - t) * noise + t * data
        _, v, left = hill(at, t)
        said = np.sin(at)
        loss = (weight * (said - (data - noise)) ** 2).sum()
        pairs.append((loss, (weight * ((said - v) ** 2 + (0 if mistake else left))).sum()))
    return *np.transpose(pairs), {"tol": 1e-7}


TIMES, X, H = (0.1, 0.4, 0.7, 0.95), np.linspace(-3, 3, 31), 1e-4


@wrong("continuity", "the velocity outside the derivative: v times the slope of p")
def _(mistake):
    change, inflow = [], []
    for t in TIMES:
        change.append((hill(X, t + H)[0] - hill(X, t - H)[0]) / (2 * H))
        (low, v_low, _), (high, v_high, _) = hill(X - H, t), hill(X + H, t)
        if mistake:
            v_low = v_high = hill(X, t)[1]
        inflow.append((low * v_low - high * v_high) / (2 * H))
    return np.array(change), np.array(inflow), {"tol": 1e-6}


@wrong("velocity-score", "t in the place of 1 - t")
def _(mistake):
    left, right = [], []
    for t in TIMES:
        slope = (np.log(hill(X + H, t)[0]) - np.log(hill(X - H, t)[0])) / (2 * H)
        left.append(hill(X, t)[1])
        right.append((X + (t if mistake else 1 - t) * slope) / t)
    return np.array(left), np.array(right), {"tol": 1e-5}


@wrong("euler-mean", "the velocity of one line from x to the nearer hump")
def _(mistake):
    x = random().normal(size=50)
    velocity = np.sign(x) * 1.5 - x if mistake else hill(x, 0.0)[1]
    return x + velocity, HUMPS.mean()


@wrong("flow-likelihood", "the divergence is added")
def _(mistake):
    x, steps, h = np.linspace(-2.6, 2.6, 27), 300, 1e-5
    state = np.stack([x, np.zeros_like(x)])

    def rate(x, t):
        slope = (hill(x + h, t)[1] - hill(x - h, t)[1]) / (2 * h)
        return np.stack([hill(x, t)[1], slope])

    for i in range(steps):
        t, d = 1 - i / steps, -1 / steps
        k1 = rate(state[0], t)
        k2 = rate(state[0] + d / 2 * k1[0], t + d / 2)
        k3 = rate(state[0] + d / 2 * k2[0], t + d / 2)
        k4 = rate(state[0] + d * k3[0], t + d)
        state = state + d / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    sign = -1 if mistake else 1
    log_p1 = np.log(bell(state[0], 0.0, 1.0)) + sign * state[1]
    return log_p1, np.log(humps(x, 1.0)), {"tol": 1e-5}
