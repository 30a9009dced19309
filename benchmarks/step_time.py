"""Step time of the trainer beside the same loop written by hand.

The hand-written loop is the best one we know: data on the device, shuffled by index, fused Adam,
losses fetched every 50 steps. The trainer adds history, NaN checks, clean copies and its own random
streams. Goals: at most 1.10 of the hand loop on a model that does nothing, 1.05 on a VAE.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from lecture_utils.datasets import digits
from lecture_utils.training import Trainer

from .common import alternate, arguments, compared, report


class VAE(nn.Module):
    """The usual first VAE: one hidden layer on either side."""

    def __init__(self, pixels: int = 784, hidden: int = 400, latent: int = 20) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, pixels)
        )


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


def by_hand(
    model: nn.Module, loss: Callable, x: torch.Tensor, steps: int, batch_size: int
) -> list[float]:
    """The loop as one would write it in a notebook, at its best."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    history: list[float] = []
    pending: list[torch.Tensor] = []
    step = 0
    while step < steps:
        order = torch.randperm(len(x))
        for begin in range(0, len(x) - batch_size + 1, batch_size):
            value = loss(model, x[order[begin : begin + batch_size]])
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            pending.append(value.detach())
            step += 1
            if step % 50 == 0 or step == steps:
                history += torch.stack(pending).tolist()
                pending = []
            if step == steps:
                break
    return history


def with_trainer(
    model: nn.Module, loss: Callable, x: torch.Tensor, steps: int, batch_size: int, **fit: Any
) -> list[float]:
    """The same with the trainer."""
    trainer = Trainer(model, loss, lr=1e-3, device="cpu")
    with contextlib.redirect_stderr(io.StringIO()):  # the bar, if there is one
        return trainer.fit(x, steps=steps, batch_size=batch_size, **fit)["loss"]


def measure(rounds: int = 9, noop_steps: int = 1000, vae_steps: int = 100) -> dict[str, Any]:
    """Paired times of both workloads: rows of `compared`, with seconds a step."""
    images = digits.large().train
    points = torch.randn(6000, 2, generator=torch.Generator().manual_seed(0))
    workloads = {
        "no-op model": (lambda: nn.Linear(2, 1), noop_loss, points, noop_steps, 4),
        "VAE 784-400-20": (VAE, vae_loss, images, vae_steps, 128),
    }
    results = {}
    for name, (make, *rest) in workloads.items():
        runs = {
            "by hand": lambda make=make, rest=rest: by_hand(make(), *rest),
            "trainer": lambda make=make, rest=rest: with_trainer(make(), *rest, bar=False),
            "trainer, bar": lambda make=make, rest=rest: with_trainer(make(), *rest, bar=True),
        }
        steps = rest[2]
        rows = compared(alternate(runs, rounds), to="by hand")
        results[name] = [{**row, "seconds": row["seconds"] / steps} for row in rows]
    return results


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Measure, print a table, and return the numbers."""
    options = arguments(__doc__, argv)
    torch.set_num_threads(1)
    sizes = {"rounds": 1, "noop_steps": 5, "vae_steps": 2} if options.smoke else {}
    results = measure(**{"rounds": options.rounds, **sizes})
    for workload, rows in results.items():
        print(f"{workload}: microseconds a step, ratio of the best times to the loop by hand,")
        print("  median of the ratios within a round (smallest, largest)")
        for row in rows:
            low, high = row["ratio_range"]
            ratios = f"{row['best_ratio']:.3f}   {row['ratio']:.3f} ({low:.3f}, {high:.3f})"
            print(f"  {row['name']:14s} {1e6 * row['seconds']:8.0f}   {ratios}")
    return report({"step_time": results}, options.json)


if __name__ == "__main__":
    main()
