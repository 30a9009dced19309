"""A diffusion and a flow for images of black and white pixels, and their bounds in nats an image.

Both know of each pixel what it says about itself: a pixel is -1 or 1, blurred by Gaussian noise, so
its log-odds are a simple multiple of what is seen of it. The network adds what the *other* pixels
say. Without that a small network spends its life learning to round.

Neither has a probability of binary images to begin with, and both get one in the same way, by a
last step that reads off signs; what is computed is an upper bound on -log P(x), an expectation that
is estimated by drawing noise.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from lecture_utils.training.diffusion import Diffusion, betas, bound_terms
from lecture_utils.training.flow import Flow, TimeNetwork, flow_matching_loss
from lecture_utils.training.likelihood import LikelihoodTrainer

STEPS = 400  # of the diffusion
BLUR = 0.3  # the standard deviation of a pixel for the flow, around -1 or 1


def signs(x: torch.Tensor) -> torch.Tensor:
    """Pixels 0 and 1 as -1 and 1."""
    return 2 * x - 1


# ------------------------------------------------------------------ diffusion
class NoiseOfSigns(nn.Module):
    """noise(x_t, t) [B, D] by way of the mean of the pixels: x_t = sqrt(alpha_bar) mean + noise.

    Args:
        others: A `TimeNetwork`, what the other pixels add to the log-odds (halved) of each.
        beta: [num_steps], the schedule.
    """

    def __init__(self, others: nn.Module, beta: torch.Tensor) -> None:
        super().__init__()
        self.others, self.num_steps = others, len(beta)
        log_kept = torch.cat([torch.zeros(1, dtype=beta.dtype), (-beta).log1p().cumsum(0)])
        self.register_buffer("kept", (log_kept / 2).exp().float())  # of the data, [num_steps + 1]
        self.register_buffer("noise", (-log_kept.expm1()).sqrt().float())

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """x [B, D] and t [B], a share of the steps, to [B, D]."""
        step = (t * self.num_steps).round().long()
        kept, noise = self.kept[step, None], self.noise[step, None]
        mean = torch.tanh(kept * x / noise.square() + self.others(x, t))
        return (x - kept * mean) / noise


def denoising_bound(model: Diffusion, data: torch.Tensor) -> torch.Tensor:
    """The steps' part of the bound, estimated from one step an image.

    Args:
        model: A `Diffusion` with the variance ``"posterior"``.
        data: [B, D], of -1 and 1.
    """
    t = torch.randint(1, model.num_steps + 1, (len(data),), device=data.device)
    x = model.diffuse(data, torch.randn_like(data), t)
    odds = model.alpha_bar / model.noise_share.clamp(min=1e-12)  # of data to noise
    weight = (odds[t - 1].where(t > 1, 2 * odds[1]) - odds[t]) / 2
    off = (model.predict_data(x, t) - data).square().sum(-1)
    return model.num_steps * (weight * off).mean()


def diffusion(others: nn.Module) -> Diffusion:
    """A diffusion of 64 signs; `others` as for `NoiseOfSigns`."""
    beta = betas(STEPS, "cosine")
    network = NoiseOfSigns(others, beta)
    return Diffusion(network, 64, num_steps=STEPS, schedule=beta, variance="posterior")


def diffusion_trainer(hidden: tuple[int, ...], **options: Any) -> LikelihoodTrainer:
    """The trainer of a diffusion of signs, for pixels 0 and 1."""
    model = diffusion(TimeNetwork(64, hidden, octaves=0, time_octaves=4))
    return LikelihoodTrainer(model, loss=lambda m, x: denoising_bound(m, signs(x)), **options)


@torch.no_grad()
def diffusion_nats(
    model: Diffusion, x: torch.Tensor, generator: torch.Generator | None = None
) -> torch.Tensor:
    """A bound on -log P(x) for pixels 0 and 1, [B], from one draw of every term.

    The last step back draws a real number around the prediction. Its sign is the pixel.
    """
    model.eval()
    data = signs(x)
    terms = bound_terms(model, data, generator=generator)
    noise = torch.randn(x.shape, generator=generator)
    first = torch.ones(len(x), dtype=torch.long)
    mean = model.predict_data(model.diffuse(data, noise, first), first)
    spread = model.model_variance[1].sqrt()
    terms[0] = -torch.special.log_ndtr(data * mean / spread).sum(-1)
    return terms.sum(0)


# ------------------------------------------------------------------ flow
class VelocityOfSigns(nn.Module):
    """v(x_t, t) [B, D] by way of the mean of the pixels, each -1 or 1 and blurred by `BLUR`."""

    def __init__(self, others: nn.Module) -> None:
        super().__init__()
        self.others = others

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """x [B, D] and t [B] to [B, D]."""
        others, t = self.others(x, t), t[:, None]
        variance = (1 - t) ** 2 + (BLUR * t) ** 2  # of x_t, around t times the sign
        mean = torch.tanh(t * x / variance + others)
        # Given the sign, x_1 - x_0 and x_t are Gaussians together: the mean of one given the other.
        return mean + (BLUR**2 * t - (1 - t)) / variance * (x - t * mean)


def flow(others: nn.Module) -> Flow:
    """A flow of 64 blurred signs."""
    return Flow(VelocityOfSigns(others), 64)


def flow_trainer(hidden: tuple[int, ...], **options: Any) -> LikelihoodTrainer:
    """The trainer of a flow of blurred signs, for pixels 0 and 1."""
    model = flow(TimeNetwork(64, hidden, octaves=0, time_octaves=4))

    def loss(model: Flow, x: torch.Tensor) -> torch.Tensor:
        return flow_matching_loss(model, signs(x) + BLUR * torch.randn_like(x))

    return LikelihoodTrainer(model, loss=loss, **options)


def flow_nats(
    model: Flow, x: torch.Tensor, steps: int = 24, generator: torch.Generator | None = None
) -> torch.Tensor:
    """A bound on -log P(x) for pixels 0 and 1, [B], from one blurred image each.

    With y the blurred image, log P(x) >= E[log p(y) + log P(x | y) - log q(y | x)]: the ELBO, with
    the blur for an encoder and the odds of a pixel that was blurred so for a decoder.
    """
    data = signs(x)
    noise = torch.randn(x.shape, generator=generator)
    y = data + BLUR * noise
    log_q = -0.5 * (noise.square() + math.log(2 * math.pi * BLUR**2)).sum(-1)
    log_px_y = F.logsigmoid(2 * data * y / BLUR**2).sum(-1)
    return log_q - log_px_y - model.log_prob(y, steps=steps)
