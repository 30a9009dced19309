"""Names: our transformer beside the settings of a well-known teaching script, at equal cost.

Both have 4 layers, 4 heads and width 64, and see as many batches of 32 names. The reference is the
recipe of Andrej Karpathy's makemore (github.com/karpathy/makemore): small normal weights at first,
AdamW with a constant rate of 5e-4, weight decay 0.01 and betas (0.9, 0.99), the mean over tokens as
loss. It is rebuilt here from its settings, on our split. Goal: no worse on the test set.
"""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import nn

from lecture_utils.datasets import names
from lecture_utils.training import AutoregressiveTrainer
from lecture_utils.training.autoregressive import CausalTransformer
from lecture_utils.training.likelihood import LikelihoodTrainer

from .common import arguments, report

OURS = {"lr": 3e-3, "weight_decay": 0.1, "schedule": "cosine", "ema": 0.998, "clip": 1.0}
BATCH = 32


def transformer(data: names.Names, seed: int) -> CausalTransformer:
    """4 layers, 4 heads, width 64."""
    torch.manual_seed(seed)
    length = data.train.shape[1]
    return CausalTransformer(data.vocabulary, 64, length, layers=4, heads=4, end=data.end)


def ours(data: names.Names, seed: int) -> LikelihoodTrainer:
    """The trainer of chapter 5, with a schedule and an average."""
    return AutoregressiveTrainer(transformer(data, seed), seed=seed, device="cpu", **OURS)


def reference(data: names.Names, seed: int) -> LikelihoodTrainer:
    """The settings of makemore's transformer."""
    model = transformer(data, seed)
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)

    def adam(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.AdamW(parameters, lr=5e-4, betas=(0.9, 0.99), weight_decay=0.01)

    return LikelihoodTrainer(model, loss=per_token, optimizer=adam, seed=seed, device="cpu")


def per_token(model: CausalTransformer, x: torch.Tensor) -> torch.Tensor:
    """-log p(x), nats a token of the batch."""
    return -model.log_prob(x).sum() / model.num_tokens(x).sum()


def measure(
    steps: int = 4000, seeds: tuple[int, ...] = (0, 1, 2), examples: int | None = None
) -> list[dict[str, Any]]:
    """A row for each recipe and seed, with nats a token on the test set."""
    data = names.load()
    rows = []
    for seed in seeds:
        for name, make in (("ours", ours), ("makemore's settings", reference)):
            start = time.process_time()
            trainer = make(data, seed)
            trainer.fit(data.train[:examples], steps=steps, batch_size=BATCH, bar=False)
            seconds = time.process_time() - start
            score = trainer.evaluate(data.test[:examples])
            row = {"name": name, "seed": seed, "seconds": seconds, "steps": steps}
            row |= {"nats_per_token": float(score.nats_per_token)}
            row |= {"error": score.nats_per_token.error, "nats": float(score.nats)}
            rows.append(row)
            print(
                f"  {name:20s} {seed:4d} {seconds:8.1f} {row['nats_per_token']:8.4f} "
                f"± {row['error']:.4f}",
                flush=True,
            )
    return rows


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Measure, print a table, and return the numbers."""
    options = arguments(__doc__, argv)
    torch.set_num_threads(1)
    print("Names, transformers: CPU seconds, and nats a token on the test set")
    print("  recipe               seed  seconds   nats a token")
    sizes = {"steps": 2, "seeds": (0,), "examples": 40} if options.smoke else {}
    return report({"names": {"transformers": measure(**sizes)}}, options.json)


if __name__ == "__main__":
    main()
