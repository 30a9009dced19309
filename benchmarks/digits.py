"""Six kinds of models on 8x8 digits, in nats an image of the test set: the scoreboard.

Pixels are binary once and for all (static binarization), and settings were chosen on the
validation set. Goals: a VAE with K = 8 at most 17.2 nats by the importance-weighted bound with 1000
samples, in 15 s of CPU time; MADE at most 17.0 nats in 10 s. The score of a row and its standard
error are those of seed 0; `seeds` has the scores of three, and the seconds are of the quickest.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

from lecture_utils.datasets import digits
from lecture_utils.estimates import Estimate
from lecture_utils.training import AutoregressiveTrainer
from lecture_utils.training.autoregressive import MADE
from lecture_utils.training.diffusion import Diffusion
from lecture_utils.training.flow import Flow
from lecture_utils.training.likelihood import LikelihoodTrainer
from lecture_utils.training.vae import VAE, VAETrainer, exact_log_prob
from lecture_utils.worlds.bernoulli import BernoulliMixture

from . import digit_flows
from .common import arguments, report

COMMON = {"schedule": "cosine", "device": "cpu"}
DENOISING = {"lr": 1e-3, "weight_decay": 0.03, "ema": 0.998}  # of the diffusion and the flow
SAMPLES = 1000  # of the bound of a VAE
SEEDS = (0, 1, 2)
DRAWINGS = (10, 20, 50, 100, 200, 400)  # of the mixture; the validation set chooses


def vae(latent_size: int, seed: int) -> LikelihoodTrainer:
    """One hidden layer on either side, trained by the bound with 10 samples."""
    options = {"importance_samples": 10, "lr": 2e-3, "weight_decay": 0.03, "ema": 0.998}
    return VAETrainer(VAE(64, latent_size, (128,)), **options, **COMMON, seed=seed)


def made(seed: int) -> LikelihoodTrainer:
    """One hidden layer; a tenth of the pixels and hidden units is left out in training."""
    options = {"lr": 1e-2, "weight_decay": 0.1, "ema": 0.998}
    return AutoregressiveTrainer(MADE(64, 512, dropout=0.1), **options, **COMMON, seed=seed)


def diffusion(seed: int) -> LikelihoodTrainer:
    """Two hidden layers, trained by the steps' part of the bound."""
    return digit_flows.diffusion_trainer((512, 512), **DENOISING, **COMMON, seed=seed)


def flow(seed: int) -> LikelihoodTrainer:
    """Two hidden layers, trained by flow matching."""
    return digit_flows.flow_trainer((512, 512), **DENOISING, **COMMON, seed=seed)


RUNS: dict[str, tuple[Callable[[int], LikelihoodTrainer], int]] = {
    "VAE, K = 8": (lambda seed: vae(8, seed), 4000),
    "VAE, K = 2": (lambda seed: vae(2, seed), 4000),
    "MADE": (made, 3000),
    "diffusion": (diffusion, 4000),
    "flow": (flow, 4000),
}


def independent(train: torch.Tensor) -> BernoulliMixture:
    """Every pixel for itself; one imagined 1 and one imagined 0 keep its frequency off 0 and 1."""
    return BernoulliMixture([1.0], ((train.double().sum(0) + 1) / (len(train) + 2))[None])


def mixture(train: torch.Tensor, components: int, seed: int, rounds: int = 60) -> BernoulliMixture:
    """A mixture of drawings by EM, with the same two imagined pixels in every drawing."""
    generator = torch.Generator().manual_seed(seed)
    x = train.double()
    start = torch.rand(components, x.shape[1], generator=generator, dtype=torch.float64)
    model = BernoulliMixture(torch.full((components,), 1 / components), 0.25 + 0.5 * start)
    for _ in range(rounds):
        shares = model.posterior(x)  # [n, components]
        counts = shares.sum(0)
        means = (shares.T @ x + 1) / (counts[:, None] + 2)
        model = BernoulliMixture((counts + 1) / (counts + 1).sum(), means)
    return model


def measure(steps: int | None = None, samples: int = SAMPLES) -> list[dict[str, Any]]:
    """A row for each model; `steps` instead of its own."""
    data = digits.small()
    rows = [_counted(data, 1 if steps else 60)]
    rows.insert(0, _row("pixels alone", lambda seed: _exact(independent, data)))
    rows += [
        _row(name, lambda seed, make=make, own=own: _trained(make(seed), data, steps, own, samples))
        for name, (make, own) in RUNS.items()
    ]
    return rows


def _row(name: str, run: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
    """The row of a model, from `run(seed)`."""
    results = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        results.append(run(seed))
    row = {"name": name, **results[0], "seeds": [r.get("exact", r["nats"]) for r in results]}
    row["seconds"] = min(result["seconds"] for result in results)  # a busy machine slows the others
    print(f"  {name:12s} {row['seconds']:8.1f} {row['nats']:8.2f} ± {row['error']:.2f}")
    return row


def _exact(
    fit: Callable[[torch.Tensor], BernoulliMixture], data: digits.Digits
) -> dict[str, Any]:
    """The seconds of a fit, and the exact score."""
    start = time.process_time()
    model = fit(data.train)
    seconds = time.process_time() - start
    nats = Estimate.mean(-model.log_prob(data.test))
    return {"seconds": seconds, "nats": float(nats), "error": nats.error}


def _counted(data: digits.Digits, rounds: int) -> dict[str, Any]:
    """The row of the mixture, with the number of drawings that the validation set prefers."""
    best = max(
        DRAWINGS,
        key=lambda n: mixture(data.train, n, 0, rounds).log_prob(data.validation).mean().item(),
    )
    row = _row(
        "mixture", lambda seed: _exact(lambda x: mixture(x, best, seed, rounds), data)
    )
    return row | {"drawings": best}


def _trained(
    trainer: LikelihoodTrainer, data: digits.Digits, steps: int | None, own: int, samples: int
) -> dict[str, Any]:
    """Train, and score on the test set."""
    start = time.process_time()
    trainer.fit(data.train, steps=steps or own, batch_size=128, bar=False)
    result: dict[str, Any] = {"seconds": time.process_time() - start}
    if isinstance(trainer, VAETrainer):
        torch.manual_seed(0)  # of the samples of z
        score = trainer.evaluate(data.test, num_samples=samples)
        result |= {"elbo": float(score.elbo), "active_units": score.active_units}
        if trainer.trained.latent_size == 2 and steps is None:
            result["exact"] = -exact_log_prob(trainer.trained, data.test).mean().item()
    elif isinstance(trainer.trained, Diffusion | Flow):
        nats = _bound(trainer.trained, data.test[:10] if steps else data.test)
        return result | {
            "steps": trainer.step, "nats": float(nats), "error": nats.error, "bound": True
        }
    else:
        score = trainer.evaluate(data.test)
    return result | {"steps": trainer.step, "nats": float(score.nats), "error": score.nats.error}


def _bound(model: Diffusion | Flow, x: torch.Tensor) -> Estimate:
    """The bound on the nats an image, from one draw of the noise each: its luck is in the error."""
    generator = torch.Generator().manual_seed(0)
    if isinstance(model, Diffusion):
        return Estimate.mean(digit_flows.diffusion_nats(model, x, generator).double())
    return Estimate.mean(digit_flows.flow_nats(model, x, generator=generator).double())


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Measure, print a table, and return the numbers."""
    options = arguments(__doc__, argv)
    torch.set_num_threads(1)
    print("Digits of 8x8 pixels: CPU seconds, and nats an image of the test set")
    sizes = {"steps": 2, "samples": 2} if options.smoke else {}
    return report({"digits": {"static binarization": measure(**sizes)}}, options.json)


if __name__ == "__main__":
    main()
