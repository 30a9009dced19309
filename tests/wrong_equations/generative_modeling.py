"""Wrong versions of the equations of the chapter on generative modeling."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch

from lecture_utils.worlds.bedrooms import SHADOW_PROBS, Bedrooms
from wrong_equations import wrong

N = 100  # random worlds


def random() -> np.random.Generator:
    """A generator of its own for every entry."""
    return np.random.default_rng(3)


def worlds() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """p(x) [N, 6], p(y | x) [N, 6, 3] and their product p(x, y)."""
    rng = random()
    px, py_x = rng.dirichlet(np.ones(6), size=N), rng.dirichlet(np.ones(3), size=(N, 6))
    return px, py_x, px[..., None] * py_x


def rooms(n: int = 200) -> tuple:
    """The inn, and rooms of it."""
    inn = Bedrooms(dtype=torch.float64)
    return inn, inn.sample_joint(n, generator=torch.Generator().manual_seed(3))


# --- What a painter knows, and a judge does not ---------------------------------------------------


@wrong("room-judge", "the sum runs over the pictures instead of the labels")
def _(mistake):
    _, py_x, pxy = worlds()
    return py_x, pxy / pxy.sum(axis=1 if mistake else 2, keepdims=True)


@wrong("draw-given-label", "the judge's p(y | x) is not divided by p(y)")
def _(mistake):
    rng = random()
    py = rng.dirichlet(np.ones(3), size=(N, 1))
    px_y = rng.dirichlet(np.ones(6), size=(N, 3)).swapaxes(1, 2)
    both = px_y * py[:, None, 0]
    judge = torch.tensor(np.log(both)).softmax(-1).numpy()
    by_judge = both.sum(axis=2, keepdims=True) * judge / (1 if mistake else py[:, None, 0])
    return px_y, both / both.sum(axis=1, keepdims=True), by_judge


def other_world(py_x: np.ndarray) -> np.ndarray:
    """The same judge, other pictures: p~(x, y)."""
    other = np.random.default_rng(4).dirichlet(np.ones(6), size=N)
    return np.einsum("nx,nxy->nxy", other, py_x)


@wrong("same-judge-1", "the denominator sums over the pictures, too")
def _(mistake):
    _, py_x, _ = worlds()
    strange = other_world(py_x)
    return strange / strange.sum(axis=(1, 2) if mistake else 2, keepdims=True), py_x


@wrong("same-judge-2", "the pictures cancel above the line only")
def _(mistake):
    _, py_x, _ = worlds()
    strange = other_world(py_x)
    below = (strange if mistake else py_x).sum(axis=2, keepdims=True)
    return strange / strange.sum(axis=2, keepdims=True), py_x / below


@wrong("same-judge-3", "the joint of the other world instead of its judge")
def _(mistake):
    _, py_x, _ = worlds()
    strange = other_world(py_x)
    judge = strange / strange.sum(axis=2, keepdims=True)
    return strange if mistake else judge, py_x


# --- The best judge -------------------------------------------------------------------------------


def accuracies(mistake: str = "") -> tuple[np.ndarray, np.ndarray]:
    """The accuracy of random judges, by both lines."""
    px, py_x, pxy = worlds()
    says = random().integers(3, size=(N, 6))
    hit = says[..., None] == np.arange(3)
    if mistake == "miss":
        hit = ~hit
    named = np.take_along_axis(py_x, says[..., None], 2)[..., 0]
    weights = np.full_like(px, 1 / 6) if mistake == "equal" else px
    return np.where(hit, pxy, 0).sum(axis=(1, 2)), (weights * named).sum(axis=1)


@wrong("accuracy-1", "the pairs on which the judge is wrong are added up")
def _(mistake):
    return accuracies("miss" if mistake else "")


@wrong("accuracy-2", "all pictures count the same, however rare")
def _(mistake):
    return accuracies("equal" if mistake else "")


@wrong("accuracy-best", "the label that is likeliest over all pictures is named every time")
def _(mistake):
    px, py_x, pxy = worlds()
    best = (px * py_x.max(axis=2)).sum(axis=1)
    return accuracies()[0], "<=", pxy.sum(axis=1).max(axis=1) if mistake else best


@wrong("label-floor", "the sides are turned around")
def _(mistake):
    _, py_x, pxy = worlds()
    q = random().dirichlet(np.ones(3), size=(N, 6))
    paid = -(pxy * np.log(q)).sum(axis=(1, 2))
    return paid, "<=" if mistake else ">=", -(pxy * np.log(py_x)).sum(axis=(1, 2))


@wrong("told-judge", "whoever is told the attributes does worse")
def _(mistake):
    rng = random()
    pay = rng.dirichlet(np.ones(8), size=N).reshape(N, 4, 2)
    px_a = rng.dirichlet(np.ones(5), size=(N, 4))
    seen = np.einsum("nay,nax->nxy", pay, px_a)
    told = pay.max(axis=2).sum(axis=1)
    return seen.max(axis=2).sum(axis=1), ">=" if mistake else "<=", told


# --- The twins ------------------------------------------------------------------------------------


@wrong("naive-odds", "b forgets the pixels that are off")
def _(mistake):
    _, box = rooms()
    coins = torch.stack([(box.x[box.y == k].sum(0) + 1) / ((box.y == k).sum() + 2) for k in (0, 1)])
    pi = box.y.double().mean()
    on, off = coins.log(), (-coins).log1p()
    scores = torch.stack([1 - pi, pi]).log() + box.x @ on.T + (1 - box.x) @ off.T
    quiet = 0 if mistake else (off[1] - off[0]).sum()
    odds = coins.logit()
    return scores[:, 1] - scores[:, 0], pi.logit() + quiet + box.x @ (odds[1] - odds[0])


@wrong("gauss-twin", "b has a whole (mu1 + mu0) . w instead of half of it")
def _(mistake):
    dice = torch.Generator().manual_seed(3)
    x, m, root = (
        torch.randn(*size, dtype=torch.float64, generator=dice)
        for size in ((50, 3), (2, 3), (3, 3))
    )
    cov = root @ root.T + torch.eye(3, dtype=torch.float64)
    prior = math.log(0.3 / 0.7)
    gauss = [torch.distributions.MultivariateNormal(one, cov).log_prob(x) for one in m]
    quad = [((x - one) @ torch.linalg.inv(cov) * (x - one)).sum(-1) / 2 for one in m]
    w = torch.linalg.solve(cov, m[1] - m[0])
    half = 1.0 if mistake else 0.5
    line = prior - half * (m.sum(0) @ w) + x @ w
    return prior + gauss[1] - gauss[0], prior - quad[1] + quad[0], line


# --- Bills ----------------------------------------------------------------------------------------


@wrong("two-bills", "the label's bill is p(x | y) instead of p(y | x)")
def _(mistake):
    inn, box = rooms()
    log_pxy = inn.log_joint(box.x)
    given = log_pxy - inn.label_probs.log() if mistake else inn.posterior(box.x).log()
    return -log_pxy, -inn.log_prob(box.x)[:, None] - given


@wrong("three-parts", "what the picture leaves open is added instead of subtracted")
def _(mistake):
    inn, box = rooms()
    ink = inn.drawing(inn.layouts.repeat_interleave(3, 0), torch.arange(3).repeat(64))
    log_pc = torch.outer(inn.code_probs, torch.tensor(SHADOW_PROBS, dtype=torch.float64))
    log_pc = log_pc.flatten().log()
    log_px_c = box.x @ ink.log().T + (1 - box.x) @ (1 - ink).log().T
    log_pc_x = (log_pc + log_px_c).log_softmax(-1)
    drawn = 3 * (box.attributes * 2 ** torch.arange(5, -1, -1)).sum(1) + box.shadow

    def at(table):
        return table.gather(1, drawn[:, None])[:, 0]

    sign = -1 if mistake else 1
    return -inn.log_prob(box.x), -log_pc[drawn] - at(log_px_c) + sign * at(log_pc_x)


# --- Hidden pixels --------------------------------------------------------------------------------


@wrong("hidden-sum", "hidden pixels are filled with paper instead of summed out")
def _(mistake):
    rng = random()
    coins, bits = rng.random((N, 10)), rng.integers(2, size=(N, 10))
    under = np.array(list(itertools.product([0, 1], repeat=6)))
    whole = np.repeat(bits[:, None], 64, axis=1)
    whole[..., 4:] = under
    chance = np.where(whole, coins[:, None], 1 - coins[:, None]).prod(axis=2)
    summed = chance[:, 0] if mistake else chance.sum(axis=1)
    return summed, np.where(bits, coins, 1 - coins)[:, :4].prod(axis=1)


# --- The three questions --------------------------------------------------------------------------


@wrong("noise-bound", "the share is taken for odds: log 99")
def _(mistake):
    rng = random()
    p, r = rng.dirichlet(np.ones(50), size=(2, 200))
    r[:, :10] = 0
    r /= r.sum(axis=1, keepdims=True)
    return np.log(0.01 * p + 0.99 * r), ">=", np.log(p) - math.log(99 if mistake else 100)


def sheets() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Sheets of noise, their log-densities, and that of the blank sheet."""
    dice = torch.Generator().manual_seed(3)
    x = torch.randn(1000, 784, dtype=torch.float64, generator=dice)
    normal = torch.distributions.Normal(torch.zeros_like(x[0]), 1.0)
    return x, normal.log_prob(x).sum(1), normal.log_prob(torch.zeros_like(x[0])).sum()


@wrong("blank-gap", "the squared length is not halved")
def _(mistake):
    x, log_px, blank = sheets()
    return blank - log_px, x.norm(dim=1).square() / (1 if mistake else 2)


@wrong("norm-squared", "the square of the mean length instead of the mean square")
def _(mistake):
    x, _, _ = sheets()
    squares = x.square().cumsum(1)[:, [0, 1, 3, 783]]
    dims = torch.tensor([1.0, 2.0, 4.0, 784.0], dtype=torch.float64)
    mean_length = math.sqrt(2) * ((dims / 2 + 0.5).lgamma() - (dims / 2).lgamma()).exp()
    return mean_length.square() if mistake else dims, {"samples": squares}


@wrong("looks-real", "the claim put right: a sample is less dense than the blank sheet")
def _(mistake):
    _, log_px, blank = sheets()
    return log_px, "<=" if mistake else ">=", blank
