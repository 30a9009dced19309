"""Small results of long runs: what a chapter shows and a reader need not wait for.

``benchmarks/gans.py`` and ``benchmarks/attempts.py`` (`keep`) trained them from three seeds and
wrote the files.
"""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

from ._files import read_shipped


def gans() -> dict[str, Any]:
    """The GANs of the chapter on GANs.

    Returns:
        "results": by recipe ("ring, dial 10:1", ..., "digits") a list of one dictionary a seed.
        "dial_RATIO_SEED_points" [5, 250, 2] (RATIO is "10-1", "1-1" or "1-5"): samples at 10, 30,
        50, 80 and 100 % of a run; "..._held" and "..._quality" [5] what a report said then.
        "digits_SEED" [40, 64] uint8: drawings. "grid_penalty" and "grid_plain" [1000, 2]: samples
        of GANs trained on the grid of 25 with a penalty and without, seed 0.
    """
    return _kept("gan-runs.npz")


def attempts() -> dict[str, Any]:
    """Every attempt of the lecture on the ring of eight Gaussians with deviation 0.15.

    Returns:
        "truth", "Gaussian", "autoregressive", "VAE", "GAN", "GAN, plain", "diffusion", "flow":
        [1000, 2] float16, samples of seed 0; those of "truth" are data. "results": "ring" and
        "faces", each a list of one dictionary a model, the truth first. In it "gap" is the mean of
        log p(x) - log p_model(x) on test points in nats, "gap_error" its standard error, "bound"
        marks gaps that are bounds, and "seeds" has what three seeds gave. A GAN has no gap.
    """
    return _kept("attempts.npz")


def _kept(file: str) -> dict[str, Any]:
    with np.load(io.BytesIO(read_shipped(file))) as stored:
        kept: dict[str, Any] = {name: stored[name] for name in stored.files}
    kept["results"] = json.loads(str(kept["results"]))
    return kept
