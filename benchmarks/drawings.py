"""What the models of the scoreboard draw, beside data: a row of digits or faces for each model.

python -m benchmarks.drawings     train each once more, seed 0, and keep what the page shows

Scores compare models; pictures show what a score means. They are the first ones drawn, not chosen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from lecture_utils.datasets import digits as data_of_digits
from lecture_utils.datasets import runs
from lecture_utils.training.diffusion import Diffusion
from lecture_utils.training.flow import Flow

from . import attempts, digits
from .page import DRAWINGS

DIGITS, FACES = 12, 7  # pictures of each model
COMPONENTS = 200  # of the mixture of digits, as the validation set chose them


def of_digits(steps: int | None = None) -> dict[str, np.ndarray]:
    """By model, its first digits [12, 8, 8] between 0 and 1; those of "data" are test digits."""
    data = data_of_digits.small()
    drawn: dict[str, Any] = {"data": data.test[:DIGITS]}
    torch.manual_seed(0)
    mixtures = {
        "pixels alone": digits.independent(data.train),
        "mixture": digits.mixture(data.train, COMPONENTS, 0, 1 if steps else 60),
    }
    for name, model in mixtures.items():
        drawn[name] = model.sample(DIGITS, generator=_dice())
    for name, (make, own) in digits.RUNS.items():
        torch.manual_seed(0)
        trainer = make(0)
        trainer.fit(data.train, steps=steps or own, batch_size=128, bar=False)
        x = trainer.sample(DIGITS, generator=_dice())
        # These two draw real numbers, whose signs are the pixels.
        drawn[name] = x > 0 if isinstance(trainer.trained, Diffusion | Flow) else x
    drawn["GAN"] = runs.gans()["digits_0"][:DIGITS] / 255  # gray
    return {name: np.asarray(x, dtype=np.float32).reshape(-1, 8, 8) for name, x in drawn.items()}


def of_faces(steps: int | None = None) -> dict[str, np.ndarray]:
    """By model, its first faces [7, 28, 28] of 0 and 1; those of "data" are test faces."""
    x = attempts.faces(200 if steps else attempts.FACES, 100)
    drawn = {"data": attempts.faces(FACES, 102)}
    for name, train in attempts.OF_FACES.items():
        torch.manual_seed(0)
        drawn[name] = train(x, 0, steps).draw(FACES, _dice())
    return {name: np.asarray(x, dtype=np.float32).reshape(-1, 28, 28) for name, x in drawn.items()}


def keep(path: Path = DRAWINGS, steps: int | None = None) -> None:
    """Draw, and write the file; `steps` instead of those of each model."""
    drawn = {"digits": of_digits(steps), "faces": of_faces(steps)}
    arrays = {
        f"{kind}: {name}": (255 * x).round().astype(np.uint8)
        for kind, models in drawn.items()
        for name, x in models.items()
    }
    np.savez_compressed(path, **arrays)


def _dice() -> torch.Generator:
    return torch.Generator().manual_seed(0)


if __name__ == "__main__":
    torch.set_num_threads(1)
    keep()
