"""Wrong versions of the equations of the page on the worlds."""

from __future__ import annotations

import math

import torch

from lecture_utils.worlds.bedrooms import Bedrooms
from lecture_utils.worlds.bernoulli import BernoulliMixture
from lecture_utils.worlds.linear_gaussian import LinearGaussian
from lecture_utils.worlds.mixtures import ring
from wrong_equations import wrong


def dice() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def small() -> tuple[BernoulliMixture, torch.Tensor, torch.Tensor]:
    """Four codes with two nuisances each, six pixels: the mixture, p(c, e) and the ink."""
    ink = torch.rand(4, 2, 6, generator=dice(), dtype=torch.float64) * 0.9 + 0.05
    p_c = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    p_e = torch.tensor([0.7, 0.3], dtype=torch.float64)
    joint = torch.outer(p_c, p_e)
    return BernoulliMixture(joint.flatten(), ink.reshape(8, 6)), joint, ink


@wrong("face-probability", "the garments are averaged inside the product instead of outside it")
def _(mistake):
    mixture, joint, ink = small()
    x = mixture.enumerate()
    if mistake:
        p_c = joint.sum(-1, keepdim=True)
        ink = (ink * (joint / p_c)[..., None]).sum(1, keepdim=True)
        joint = p_c
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
    x = world.sample(5, generator=dice()).double()
    chances = world.label_given_layout * world.code_probs[:, None]  # p(a, y)
    if mistake:
        chances = chances.sum(-1, keepdim=True) * chances.sum(0)
    of_layouts = world._log_codes(x, None) - world.code_probs.log()  # log p(x | a)
    return world.log_joint(x), (of_layouts[..., None] + chances.log()).logsumexp(-2)


@wrong("best-judge", "the larger of the two mean beliefs instead of the mean of the larger belief")
def _(mistake):
    world = Bedrooms()
    x, y, *_ = world.sample_joint(5000, generator=dice())
    right = (world.posterior(x.double()).argmax(-1) == y).double()
    expected = world.label_probs.max().item() if mistake else float(world.bayes_accuracy())
    return expected, {"samples": right}


@wrong("mixture-entropy", "H(z | x) is left out, as if modes never overlapped")
def _(mistake):
    mixture, step = ring(2, radius=1.0, scale=0.8), 0.05
    ticks = torch.arange(-8, 8, step, dtype=torch.float64)
    log_px = mixture.log_prob(torch.cartesian_prod(ticks, ticks))
    entropy = mixture.entropy() + mistake * mixture.posterior_entropy()
    return entropy, -(log_px.exp() @ log_px) * step**2


@wrong("line-entropy", "half the log of 2 pi e det C: the constant only once instead of D times")
def _(mistake):
    line = LinearGaussian([[1.6], [0.9]], [0.0, 0.0], 0.3)
    constant = math.log(2 * math.pi * math.e)
    size = 1 if mistake else 2
    return 0.5 * (size * constant + torch.logdet(line.covariance)), line.entropy()
