"""How well a model predicts: nats an example, nats a dimension, bits and perplexity."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from ..estimates import Estimate


@dataclass(frozen=True, repr=False)
class Score:
    """How well a model predicts some examples.

    Attributes:
        log_px: [n] float64, log p(x) of each example in nats.
        tokens: [n] float64, the tokens (or pixels) of each example.
    """

    log_px: torch.Tensor
    tokens: torch.Tensor

    @property
    def nats(self) -> Estimate:
        """-log p(x), nats an example: the mean and its standard error."""
        return Estimate.mean(-self.log_px)

    @property
    def nats_per_token(self) -> Estimate:
        """Nats a token: all nats over all tokens."""
        return Estimate.ratio(-self.log_px, self.tokens)

    @property
    def bits_per_dimension(self) -> float:
        """Nats a token over log 2."""
        return self.nats_per_token / math.log(2)

    @property
    def perplexity(self) -> float:
        """exp(nats a token): as unsure as between that many equally likely tokens."""
        try:
            return math.exp(self.nats_per_token)
        except OverflowError:
            return math.inf

    def excess(self, log_px: torch.Tensor) -> Estimate:
        """Nats a token above another model, given its log p(x) [n] of the *same* examples.

        Both scores share the luck of the test set; most of it cancels in their paired difference.
        """
        if log_px.shape != self.log_px.shape:
            raise ValueError(
                f"Expected the log p(x) of the same {len(self.log_px)} examples, "
                f"got a tensor of shape {list(log_px.shape)}."
            )
        return Estimate.ratio(log_px.cpu().double() - self.log_px, self.tokens)

    def __repr__(self) -> str:
        nats, each = self.nats, self.nats_per_token
        return (
            f"{nats} nats an example ({each} a token, "
            f"{self.bits_per_dimension:.3f} bits per dimension, "
            f"perplexity {self.perplexity:.4g}; n = {len(self.log_px)})"
        )
