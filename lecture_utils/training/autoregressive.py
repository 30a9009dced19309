"""Autoregressive models, which predict each token from those before it, and their trainer.

By the chain rule log p(x) is the sum of log p(x_t | x_1 ... x_{t-1}). A model here computes all T
terms of a known x in *one* pass (`logits`, teacher forcing: the context is the data, never what the
model would have said). Drawing a new x takes T passes, because each token needs the one before.

Every model has ``logits(x)``, ``log_prob(x)`` in nats, ``num_tokens(x)`` and ``sample(n, ...)``.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..device import categorical, uniform
from .checks import whole
from .likelihood import LikelihoodTrainer
from .networks import evaluating


class TokenModel(nn.Module):
    """What models of token sequences share; a subclass only defines `logits`.

    Args:
        vocabulary: The number of different tokens V; tokens are 0 to V - 1.
        end: The token that ends a sequence, or None when all have the same length. What follows
            the first `end` is padding: it is neither predicted nor counted.
    """

    def __init__(self, vocabulary: int, end: int | None = None) -> None:
        super().__init__()
        whole("vocabulary", vocabulary)
        if end is not None and not 0 <= end < vocabulary:
            raise ValueError(f"end must be a token, 0 to {vocabulary - 1}, or None, not {end!r}.")
        self.vocabulary, self.end = vocabulary, end

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of every possible token at every place, from the tokens before it.

        Args:
            x: [B, T] int64.

        Returns:
            [B, T, V]; ``[:, t]`` depends on ``x[:, :t]`` only.
        """
        raise NotImplementedError("A subclass of TokenModel defines logits(x).")

    def log_prob(self, x: torch.Tensor) -> torch.Tensor:
        """log p(x) in nats: the log-probabilities of the tokens, added up.

        Args:
            x: [B, T] int64.

        Returns:
            [B].
        """
        self._check(x)
        counts = self._counts(x)
        longest = int(counts.any(0).sum()) if self.end is not None else x.shape[1]
        x, counts = x[:, :longest], counts[:, :longest]  # columns of padding only cost time
        log_probs = self.logits(x).log_softmax(-1)  # [B, T, V]
        of_tokens = log_probs.gather(-1, x[..., None]).squeeze(-1)  # [B, T]
        return (of_tokens * counts).sum(-1)

    def num_tokens(self, x: torch.Tensor) -> torch.Tensor:
        """How many tokens of each sequence are predicted, its `end` included: [B]."""
        return self._counts(x).sum(-1)

    def sample(
        self,
        n: int,
        length: int,
        *,
        generator: torch.Generator | None = None,
        temperature: float = 1.0,
        prefix: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """`n` new sequences, token after token (ancestral sampling): one pass a token.

        Args:
            n: How many.
            length: The number of tokens T; shorter sequences are filled up with `end`.
            generator: A seeded ``torch.Generator``; the global stream when None.
            temperature: Divides the logits: below 1 tamer, above 1 wilder, 0 always the likeliest.
            prefix: [t] or [n, t] int64 tokens to go on from; they count into `length`.

        Returns:
            [n, T] int64.

        Raises:
            ValueError: If a number is out of its range or the prefix does not fit.
        """
        whole("n", n)
        whole("length", length)
        if not (isinstance(temperature, (int, float)) and 0 <= temperature < math.inf):
            raise ValueError(f"temperature must be 0 or more, not {temperature!r}.")
        x = self._start(n, length, prefix)
        with evaluating(self):
            while x.shape[1] < length:
                unknown = x.new_zeros(n, 1)  # what stands in the place to predict does not matter
                scores = self.logits(torch.cat([x, unknown], 1))[:, -1]  # [n, V]
                if temperature == 0:
                    token = scores.argmax(-1)
                else:
                    token = categorical((scores / temperature).softmax(-1), generator=generator)
                if self.end is not None:
                    token[(x == self.end).any(1)] = self.end
                x = torch.cat([x, token[:, None]], 1)
        return x

    def _counts(self, x: torch.Tensor) -> torch.Tensor:
        """[B, T] True up to and including the first `end`."""
        if self.end is None:
            return torch.ones_like(x, dtype=torch.bool)
        ended = (x == self.end).cumsum(1)
        return (ended - (x == self.end).long()) == 0

    def _start(self, n: int, length: int, prefix: torch.Tensor | None) -> torch.Tensor:
        device = next((t.device for t in [*self.parameters(), *self.buffers()]), "cpu")
        if prefix is None:
            return torch.empty(n, 0, dtype=torch.int64, device=device)
        self._check(prefix.expand(n, -1))
        if prefix.shape[-1] > length:
            raise ValueError(
                f"The prefix has {prefix.shape[-1]} tokens, more than length={length}."
            )
        return prefix.expand(n, -1).to(device)

    def _check(self, x: torch.Tensor) -> None:
        if not isinstance(x, torch.Tensor) or x.dtype != torch.int64:
            found = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
            raise TypeError(f"Tokens are a tensor of torch.int64, not {found}; try x.long().")
        if x.ndim != 2:
            raise ValueError(f"x has shape {list(x.shape)}; expected [B, T], one sequence a row.")
        # On an accelerator a look at the values has to wait for it: not in every training step.
        if (x.device.type == "cpu" or not self.training) and x.numel():
            low, high = int(x.min()), int(x.max())
            if low < 0 or high >= self.vocabulary:
                raise ValueError(
                    f"Tokens must be 0 to {self.vocabulary - 1}, but x holds {low} to {high}."
                )


class CausalGRU(TokenModel):
    """A recurrent network: its state of `width` numbers is all it remembers of the past.

    Args:
        vocabulary: The number of different tokens V.
        width: Size of the state and of the embedding of a token.
        end: See `TokenModel`.
    """

    def __init__(self, vocabulary: int, width: int, end: int | None = None) -> None:
        super().__init__(vocabulary, end)
        whole("width", width)
        self.embed = nn.Embedding(vocabulary + 1, width)  # one more: "nothing yet"
        self.gru = nn.GRU(width, width, batch_first=True)
        self.readout = nn.Linear(width, vocabulary)

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """See `TokenModel.logits`: [B, T] tokens to [B, T, V] scores."""
        states, _ = self.gru(self.embed(_shifted(x, self.vocabulary)))  # [B, T, width]
        return self.readout(states)


class CausalTransformer(TokenModel):
    """A small transformer: each place looks back at all places before it.

    Args:
        vocabulary: The number of different tokens V.
        width: Numbers that describe a place; a multiple of `heads`.
        max_length: The longest sequence.
        heads: Looks that a layer takes in parallel.
        layers: How many layers.
        end: See `TokenModel`.
    """

    def __init__(
        self,
        vocabulary: int,
        width: int,
        max_length: int,
        *,
        heads: int = 4,
        layers: int = 2,
        end: int | None = None,
    ) -> None:
        super().__init__(vocabulary, end)
        sizes = {"width": width, "max_length": max_length, "heads": heads, "layers": layers}
        for name, value in sizes.items():
            whole(name, value)
        if width % heads:
            raise ValueError(f"width={width} must be a multiple of heads={heads}.")
        self.max_length = max_length
        self.embed = nn.Embedding(vocabulary + 1, width)  # one more: "nothing yet"
        self.place = nn.Embedding(max_length, width)
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(layers))
        self.readout = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, vocabulary))

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """See `TokenModel.logits`: [B, T] tokens to [B, T, V] scores."""
        if x.shape[1] > self.max_length:
            raise ValueError(
                f"x has {x.shape[1]} tokens a sequence, but this model was made for "
                f"max_length={self.max_length}."
            )
        places = torch.arange(x.shape[1], device=x.device)
        h = self.embed(_shifted(x, self.vocabulary)) + self.place(places)  # [B, T, width]
        for block in self.blocks:
            h = block(h)
        return self.readout(h)


class _Block(nn.Module):
    """One layer: mix the places before (attention), then each place by itself (an MLP)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        B, T, C = h.shape
        qkv = self.query_key_value(self.norm_1(h)).view(B, T, 3, self.heads, C // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each [B, heads, T, C / heads]
        looked = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        h = h + self.mix(looked.transpose(1, 2).reshape(B, T, C))
        return h + self.mlp(self.norm_2(h))


class NGram(TokenModel):
    """Counting: the next token given the last `order` tokens, smoothed by shorter contexts.

    p_k(token | context) = (count + s * p_{k-1}(token | shorter context)) / (total + s), down to the
    uniform distribution. Contexts that were never seen fall back to shorter ones.

    Args:
        vocabulary: The number of different tokens V.
        order: How many tokens back it looks.
        end: See `TokenModel`.
    """

    def __init__(self, vocabulary: int, order: int, end: int | None = None) -> None:
        super().__init__(vocabulary, end)
        if isinstance(order, bool) or not isinstance(order, int) or order < 0:
            raise ValueError(f"order must be a whole number, 0 or more, not {order!r}.")
        if (size := (vocabulary + 1) ** order * vocabulary) > 50_000_000:
            raise ValueError(
                f"order={order} with {vocabulary} tokens is a table of {size:,} numbers, too many."
            )
        self.order = order
        self.register_buffer("table", torch.full((1, vocabulary), 1 / vocabulary))

    def fit(self, x: torch.Tensor, *, smoothing: float = 1.0) -> NGram:
        """Count the tokens of `x` [n, T]; `smoothing` is s above, in tokens. Returns the model."""
        self._check(x)
        if not 0 < smoothing < math.inf:
            raise ValueError(f"smoothing must be a positive number, not {smoothing!r}.")
        V, counted = self.vocabulary, self._counts(x)
        table = x.new_full((1, V), 1 / V, dtype=torch.float32)
        for order in range(self.order + 1):
            contexts = self._contexts(x, order)
            pairs = (contexts * V + x)[counted]
            rows = (V + 1) ** order
            counts = torch.bincount(pairs, minlength=rows * V).view(rows, V).float()
            shorter = table.repeat(rows // len(table), 1)  # drop the oldest token of the context
            table = (counts + smoothing * shorter) / (counts.sum(1, keepdim=True) + smoothing)
        self.table = table
        return self

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """See `TokenModel.logits`; here they are log-probabilities."""
        contexts = self._contexts(x, self.order) % len(self.table)
        return self.table[contexts].log()

    def _contexts(self, x: torch.Tensor, order: int) -> torch.Tensor:
        """[B, T]: the last `order` tokens before each place, as one number in base V + 1."""
        number = torch.zeros_like(x)
        for back in range(order, 0, -1):
            number = number * (self.vocabulary + 1) + _shifted(x, self.vocabulary, back)
        return number


class MADE(nn.Module):
    """A masked network for binary vectors: pixel d is predicted from the pixels before it.

    Each hidden unit gets a degree m and sees pixels 1 ... m only; pixel d is computed from hidden
    units of a degree below d and, directly, from the pixels before it. So no path leads from a
    pixel to itself or to an earlier one, and one pass gives all D conditionals (Germain, Gregor,
    Murray and Larochelle, ICML 2015).

    Args:
        num_pixels: D.
        hidden: The number of hidden units.
        order: [D] a permutation: the pixels in the order in which they are predicted; as they are
            stored when None.
        dropout: The share of pixels, and of hidden units, that a prediction has to do without in
            training; it keeps a large network from learning a small data set by heart.
    """

    def __init__(
        self,
        num_pixels: int,
        hidden: int,
        *,
        order: torch.Tensor | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        whole("num_pixels", num_pixels)
        whole("hidden", hidden)
        if not (isinstance(dropout, (int, float)) and 0 <= dropout < 1):
            raise ValueError(f"dropout is a share, 0 or more and below 1, not {dropout!r}.")
        order = torch.arange(num_pixels) if order is None else torch.as_tensor(order)
        if not torch.equal(order.sort().values, torch.arange(num_pixels)):
            raise ValueError(f"order must hold each of 0 to {num_pixels - 1} once.")
        pixel = order.argsort() + 1  # the degree of a pixel is its place in the order
        unit = torch.arange(hidden) % max(num_pixels - 1, 1) + 1
        self.to_hidden = nn.Linear(num_pixels, hidden)
        self.to_pixels = nn.Linear(hidden, num_pixels)
        self.direct = nn.Linear(num_pixels, num_pixels, bias=False)
        self.num_pixels, self.dropout = num_pixels, nn.Dropout(dropout)
        self.register_buffer("order", order)
        self.register_buffer("sees", (unit[:, None] >= pixel).float())  # [hidden, D]
        self.register_buffer("heard", (pixel[:, None] > unit).float())  # [D, hidden]
        self.register_buffer("before", (pixel[:, None] > pixel).float())  # [D, D]

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """The logit of each pixel being 1, from the pixels before it.

        Args:
            x: [B, D] of 0 and 1.

        Returns:
            [B, D].
        """
        x = self.dropout(x)
        h = F.relu(F.linear(x, self.to_hidden.weight * self.sees, self.to_hidden.bias))
        h = self.dropout(h)
        y = F.linear(h, self.to_pixels.weight * self.heard, self.to_pixels.bias)
        return y + F.linear(x, self.direct.weight * self.before)

    def log_prob(self, x: torch.Tensor) -> torch.Tensor:
        """log p(x) in nats of binary vectors [B, D]: [B]."""
        self._check(x)
        losses = F.binary_cross_entropy_with_logits(self.logits(x), x, reduction="none")
        return -losses.sum(-1)

    def num_tokens(self, x: torch.Tensor) -> torch.Tensor:
        """D for every row of `x`: [B]."""
        return torch.full((len(x),), self.num_pixels, device=x.device)

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> torch.Tensor:
        """`n` new vectors, pixel after pixel: D passes. Returns [n, D] of 0.0 and 1.0."""
        whole("n", n)
        weight = self.direct.weight
        x = torch.zeros(n, self.num_pixels, device=weight.device, dtype=weight.dtype)
        with evaluating(self):
            for d in self.order.tolist():
                p = self.logits(x)[:, d].sigmoid()
                draws = uniform((n,), generator=generator, device=x.device, dtype=x.dtype)
                x[:, d] = (draws < p).to(x.dtype)
        return x

    def _check(self, x: torch.Tensor) -> None:
        if not isinstance(x, torch.Tensor) or not x.is_floating_point():
            found = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
            raise TypeError(f"Pixels are a float tensor of 0 and 1, not {found}; try x.float().")
        if x.ndim != 2 or x.shape[1] != self.num_pixels:
            raise ValueError(
                f"x has shape {list(x.shape)}; expected [B, {self.num_pixels}], one image a row."
            )
        # On an accelerator a look at the values has to wait for it: not in every training step.
        if (x.device.type == "cpu" or not self.training) and ((x != 0) & (x != 1)).any():
            raise ValueError(
                "Pixels must be exactly 0 or 1; binarize them, e.g. (x > 0.5).float()."
            )


class AutoregressiveTrainer(LikelihoodTrainer):
    """Trains a model by maximum likelihood with teacher forcing, and scores it.

    Beside the loss, nats an example, the history notes the nats per token.

    Args:
        model: Any model of this module, or one with the same methods.
        **options: Those of `Trainer`: lr, ema, clip, seed, ...
    """

    def __init__(self, model: nn.Module, **options: Any) -> None:
        super().__init__(model, loss=negative_log_likelihood, **options)


def negative_log_likelihood(
    model: nn.Module, x: torch.Tensor
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """-log p(x), averaged over the batch, and the same for each token: nats."""
    nats = -model.log_prob(x)  # [B]
    return nats.mean(), {"nats_per_token": nats.sum() / model.num_tokens(x).sum()}


def _shifted(x: torch.Tensor, start: int, by: int = 1) -> torch.Tensor:
    """What stands `by` places before: [B, T], filled up with `start` at the beginning."""
    return F.pad(x, (by, 0), value=start)[:, : x.shape[1]]
