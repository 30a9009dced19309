"""Drawing a new x beside scoring a known one, for autoregressive models.

Scoring takes one pass, because all the contexts are known. Sampling takes one pass for each token.
"""

from __future__ import annotations

from typing import Any

import torch

from lecture_utils.training.autoregressive import MADE, CausalGRU, CausalTransformer

from .common import alternate, arguments, compared, report


def measure(rounds: int = 9, n: int = 1000, lengths: tuple[int, ...] = (8, 16, 32, 64)) -> dict:
    """CPU seconds to score and to draw `n` sequences, for each model and length."""
    results: dict[str, Any] = {}
    for length in lengths:
        models = {
            "MADE": MADE(length, 256),
            "GRU": CausalGRU(3, 24),
            "transformer": CausalTransformer(3, 24, length),
        }
        for name, model in models.items():
            model.eval()
            binary = name == "MADE"
            x = torch.zeros(n, length, dtype=torch.float32 if binary else torch.int64)
            draw = (n,) if binary else (n, length)
            runs = {
                "score": lambda model=model, x=x: _score(model, x),
                "sample": lambda model=model, draw=draw: model.sample(*draw),
            }
            results[f"{name}, T = {length}"] = compared(alternate(runs, rounds), to="score")
    return results


@torch.no_grad()
def _score(model: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    return model.log_prob(x)


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Measure, print a table, and return the numbers."""
    options = arguments(__doc__, argv)
    torch.set_num_threads(1)
    sizes = {"rounds": 1, "n": 10, "lengths": (4,)} if options.smoke else {}
    results = measure(**{"rounds": options.rounds, **sizes})
    print("milliseconds to score and to draw, and the ratio")
    for name, (score, sample) in results.items():
        times = f"{1e3 * score['seconds']:8.1f} {1e3 * sample['seconds']:8.1f}"
        print(f"  {name:22s} {times}   {sample['ratio']:6.1f}")
    return report({"sampling": results}, options.json)


if __name__ == "__main__":
    main()
