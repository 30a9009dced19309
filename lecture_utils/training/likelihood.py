"""Maximum likelihood: the trainer of every model that can say log p(x)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from .loop import Trainer
from .score import Score


class LikelihoodTrainer(Trainer):
    """Trains a model with ``log_prob(x)`` [B] by maximum likelihood, and scores it.

    Args:
        model: A module with ``log_prob``; with ``sample``, if it is to draw; with ``num_tokens``,
            if the sizes of its examples differ.
        loss: ``loss(model, x)`` in nats, by default `negative_log_likelihood`.
        **options: Those of `Trainer`: lr, ema, clip, seed, ...
    """

    def __init__(self, model: nn.Module, *, loss: Callable | None = None, **options: Any) -> None:
        super().__init__(model, loss or negative_log_likelihood, **options)

    @torch.no_grad()
    def evaluate(self, x: torch.Tensor, batch_size: int = 1000) -> Score:
        """Score the trained model on examples [n, ...], for instance a test set."""
        model = self.trained
        was_training = model.training
        model.eval()
        parts = x.to(self.device).split(batch_size)
        log_px = torch.cat([model.log_prob(part).cpu() for part in parts]).double()
        tokens = torch.cat([_sizes(model, part).cpu() for part in parts]).double()
        model.train(was_training)
        return Score(log_px, tokens)

    def sample(self, *args: Any, **options: Any) -> torch.Tensor:
        """Draw from the trained model: see its `sample`."""
        return self.trained.sample(*args, **options)


def negative_log_likelihood(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """-log p(x), averaged over the batch: nats an example."""
    return -model.log_prob(x).mean()


def _sizes(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The numbers that each example consists of: [B]."""
    if hasattr(model, "num_tokens"):
        return model.num_tokens(x)
    return torch.full((len(x),), x[0].numel(), device=x.device)
