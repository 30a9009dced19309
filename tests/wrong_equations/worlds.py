"""Wrong versions of the equations of the page on the worlds."""

from __future__ import annotations

import math

import torch

from lecture_utils.worlds.bedrooms import (
    ATTRIBUTE_PROBS,
    LUXURIOUS,
    SHADOW_PROBS,
    Bedrooms,
)
from lecture_utils.worlds.bernoulli import BernoulliMixture
from lecture_utils.worlds.linear_gaussian import LinearGaussian
from lecture_utils.worlds.mixtures import ring
from wrong_equations import wrong


def dice() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def small() -> tuple[BernoulliMixture, torch.Tensor, torch.Tensor]:
    """Four codes with two nuisances each, six pixels: the mixture, p(z, u) and the ink."""
    ink = torch.rand(4, 2, 6, generator=dice(), dtype=torch.float64) * 0.9 + 0.05
    p_z = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    p_u = torch.tensor([0.7, 0.3], dtype=torch.float64)
    joint = torch.outer(p_z, p_u)
    return BernoulliMixture(joint.flatten(), ink.reshape(8, 6)), joint, ink


@wrong("face-probability", "the garments are averaged inside the product instead of outside it")
def _(mistake):
    mixture, joint, ink = small()
    x = mixture.enumerate()
    if mistake:
        p_z = joint.sum(-1, keepdim=True)
        ink = (ink * (joint / p_z)[..., None]).sum(1, keepdim=True)
        joint = p_z
    pixels = torch.where(x[:, None, None] == 1, ink, 1 - ink)
    return mixture.log_prob(x), (joint * pixels.prod(-1)).sum((1, 2)).log()


@wrong("gene-posterior", "the likelihood is normalized, and the prior forgotten")
def _(mistake):
    mixture, _, _ = small()
    x = mixture.enumerate()
    top = mixture.log_likelihood(x) if mistake else mixture.log_joint(x)
    return mixture.posterior(x), top.exp() / top.exp().sum(-1, keepdim=True)


@wrong("room-joint", "p(a) instead of p(a | y): the label is independent of the image")
def _(mistake):
    world = Bedrooms()
    x = world.sample(3, generator=dice()).double()
    rows = torch.tensor(ATTRIBUTE_PROBS, dtype=torch.float64)[:, None]  # [2, 1, 6]
    p_a = torch.where(world.layouts == 1, rows, 1 - rows).prod(-1)  # [2, 64]
    p_y = torch.tensor([1 - LUXURIOUS, LUXURIOUS], dtype=torch.float64)
    if mistake:
        p_a = (p_y @ p_a).expand(2, -1)
    ink = torch.stack([world.drawing(world.layouts, u) for u in range(3)])  # [3, 64, D]
    pixels = torch.where(x[:, None, None] == 1, ink, 1 - ink).prod(-1)  # [n, 3, 64]
    p_u = torch.tensor(SHADOW_PROBS, dtype=torch.float64)
    given = torch.einsum("u,nua,ya->ny", p_u, pixels, p_a)
    return world.log_joint(x), (p_y * given).log()


@wrong("best-judge", "the larger of the two mean beliefs instead of the mean of the larger belief")
def _(mistake):
    world = Bedrooms()
    x, y, *_ = world.sample_joint(5000, generator=dice())
    right = (world.posterior(x.double()).argmax(-1) == y).double()
    expected = world.label_probs.max().item() if mistake else float(world.bayes_accuracy())
    return expected, {"samples": right}


def integral(world) -> torch.Tensor:
    """-p log p over a fine grid of the plane."""
    step = 0.05
    ticks = torch.arange(-16, 16, step, dtype=torch.float64)
    log_px = world.log_prob(torch.cartesian_prod(ticks, ticks))
    return -(log_px.exp() @ log_px) * step**2


@wrong("mixture-entropy", "H(z | x) is left out, as if modes never overlapped")
def _(mistake):
    mixture = ring(2, radius=1.0, scale=0.8)
    p, s = mixture.weights, mixture.scales
    first = torch.special.entr(p).sum()
    second = p @ ((2 * math.pi * s**2).log() + 1).sum(-1) / 2
    third = 0 if mistake else mixture.posterior_entropy()
    return integral(mixture), first + second - third


@wrong("line-entropy", "half a nat once instead of once for each of the D coordinates")
def _(mistake):
    line = LinearGaussian([[1.6], [0.9]], [0.0, 0.0], 0.3)
    size = 1 if mistake else 2
    return integral(line), (torch.logdet(2 * math.pi * line.covariance) + size) / 2
