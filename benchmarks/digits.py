"""VAEs and MADE on 8x8 digits, in nats an image of the test set.

Pixels are binary once and for all (static binarization), and settings were chosen on the
validation set. Goals: a VAE with K = 8 at most 17.2 nats by the importance-weighted bound with 1000
samples, in 15 s of CPU time; MADE at most 17.0 nats in 10 s.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

from lecture_utils.datasets import digits
from lecture_utils.training import AutoregressiveTrainer
from lecture_utils.training.autoregressive import MADE
from lecture_utils.training.likelihood import LikelihoodTrainer
from lecture_utils.training.vae import VAE, VAETrainer, exact_log_prob

from .common import arguments, report

COMMON = {"schedule": "cosine", "device": "cpu", "seed": 0}
SAMPLES = 1000  # of the bound


def vae(latent_size: int) -> LikelihoodTrainer:
    """One hidden layer on either side, trained by the bound with 10 samples."""
    options = {"importance_samples": 10, "lr": 2e-3, "weight_decay": 0.03, "ema": 0.998}
    return VAETrainer(VAE(64, latent_size, (128,)), **options, **COMMON)


def made() -> LikelihoodTrainer:
    """One hidden layer; a tenth of the pixels and hidden units is left out in training."""
    options = {"lr": 1e-2, "weight_decay": 0.1, "ema": 0.998}
    return AutoregressiveTrainer(MADE(64, 512, dropout=0.1), **options, **COMMON)


RUNS: dict[str, tuple[Callable[[], LikelihoodTrainer], int]] = {
    "VAE, K = 8": (lambda: vae(8), 4000),
    "VAE, K = 2": (lambda: vae(2), 4000),
    "MADE": (made, 3000),
}


def measure(steps: int | None = None, samples: int = SAMPLES) -> list[dict[str, Any]]:
    """A row for each model; `steps` instead of its own."""
    data = digits.small()
    rows = []
    for name, (make, own) in RUNS.items():
        torch.manual_seed(0)
        start = time.process_time()
        trainer = make()
        trainer.fit(data.train, steps=steps or own, batch_size=128, bar=False)
        row: dict[str, Any] = {"name": name, "seconds": time.process_time() - start}
        if isinstance(trainer, VAETrainer):
            torch.manual_seed(0)  # of the samples of z
            score = trainer.evaluate(data.test, num_samples=samples)
            row |= {"elbo": float(score.elbo), "active_units": score.active_units}
            if trainer.trained.latent_size == 2 and steps is None:
                row["exact"] = -exact_log_prob(trainer.trained, data.test).mean().item()
        else:
            score = trainer.evaluate(data.test)
        row |= {"steps": trainer.step, "nats": float(score.nats), "error": score.nats.error}
        rows.append(row)
        print(f"  {name:12s} {row['seconds']:8.1f} {row['nats']:8.2f} ± {row['error']:.2f}")
    return rows


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Measure, print a table, and return the numbers."""
    options = arguments(__doc__, argv)
    torch.set_num_threads(1)
    print("Digits of 8x8 pixels: CPU seconds, and nats an image of the test set")
    sizes = {"steps": 2, "samples": 2} if options.smoke else {}
    return report({"digits": {"static binarization": measure(**sizes)}}, options.json)


if __name__ == "__main__":
    main()
