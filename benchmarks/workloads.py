"""What is trained to measure the time of a step: a model that does nothing, a VAE and a GAN.

Each workload has a loss as a student would write it, and batches of tensors in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from lecture_utils.datasets import digits
from lecture_utils.training.networks import mlp
from lecture_utils.worlds.mixtures import grid

LR = 1e-3


class VAE(nn.Module):
    """The usual first VAE: one hidden layer on either side."""

    def __init__(self, pixels: int = 784, hidden: int = 400, latent: int = 20) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.decoder = mlp(latent, hidden, pixels)


def vae_loss(model: VAE, x: torch.Tensor) -> torch.Tensor:
    """The negative ELBO, nats an image."""
    h = model.encoder(x)
    mean, log_variance = model.mean(h), model.log_variance(h)
    z = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
    reconstruction = F.binary_cross_entropy_with_logits(model.decoder(z), x, reduction="sum")
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
    return (reconstruction + kl) / len(x)


def noop_loss(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Next to nothing to compute: what remains is the cost of the loop."""
    return model(x).square().mean()


class Pair(nn.Module):
    """A generator and a critic in the plane."""

    def __init__(self) -> None:
        super().__init__()
        self.G, self.D = mlp(2, 128, 128, 2), mlp(2, 128, 128, 1)


def critic_loss(pair: Pair, x: torch.Tensor) -> torch.Tensor:
    """The critic's part of the classic game."""
    fake = pair.G(torch.randn_like(x)).detach()
    return F.softplus(-pair.D(x)).mean() + F.softplus(pair.D(fake)).mean()


def generator_loss(pair: Pair, x: torch.Tensor) -> torch.Tensor:
    """The generator's part, non-saturating."""
    return F.softplus(-pair.D(pair.G(torch.randn_like(x)))).mean()


@dataclass(frozen=True)
class Workload:
    """A model, how it is trained, and on what.

    Attributes:
        make: Makes the model.
        losses: {part: loss}: the updates of a step, one after the other. ``""`` is the whole model.
        data: [n, ...].
        batch_size: Examples a step.
        steps: How many are timed.
    """

    make: Callable[[], nn.Module]
    losses: dict[str, Callable]
    data: torch.Tensor
    batch_size: int
    steps: int

    def part(self, model: nn.Module, name: str) -> nn.Module:
        """The part of `model` that has this name."""
        return getattr(model, name) if name else model


def workloads(smoke: bool = False) -> dict[str, Workload]:
    """All of them, by name; with `smoke` for a moment only."""
    points = torch.randn(20_000, 2, generator=torch.Generator().manual_seed(0))
    plane = grid().sample(60_000, generator=torch.Generator().manual_seed(1))
    game = {"D": critic_loss, "G": generator_loss}
    made = {
        "no-op model": Workload(lambda: nn.Linear(2, 1), {"": noop_loss}, points, 4, 1000),
        "2-D GAN": Workload(Pair, game, plane, 256, 150),
        "VAE 784-400-20": Workload(VAE, {"": vae_loss}, digits.large().train, 128, 60),
    }
    if smoke:
        made = {name: Workload(w.make, w.losses, w.data[:80], 4, 14) for name, w in made.items()}
    return made
