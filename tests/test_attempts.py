"""The benchmark that scores every attempt against the truth, and what the book keeps of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from benchmarks import attempts, drawings, page
from lecture_utils.datasets import runs
from lecture_utils.training.vae import VAE, exact_log_prob
from lecture_utils.worlds.modes import mode_report


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


# -- What measures ---------------------------------------------------------------------------------


def test_the_chain_is_a_density_and_draws_from_it():
    torch.manual_seed(0)
    model = attempts.Chain(3, (16,), scale=1.5).double()
    axis = torch.linspace(-14, 14, 1401, dtype=torch.float64)
    area = (axis[1] - axis[0]).item() ** 2
    x = torch.cartesian_prod(axis, axis)
    with torch.no_grad():
        log_px = model.log_prob(x)
        mass = log_px.exp() * area
        assert mass.sum().item() == pytest.approx(1, abs=1e-4)
        drawn = model.sample(20_000, generator=dice())
        found = -model.log_prob(drawn)
    assert abs(found.mean() + (mass * log_px).sum()) < 5 * found.std() / math.sqrt(len(found))
    assert torch.allclose(drawn.mean(0), mass @ x, atol=0.05)


def test_the_second_coordinate_listens_to_the_first_and_not_to_itself():
    torch.manual_seed(0)
    model = attempts.Chain(3, (16,))
    x = torch.tensor([[0.3, 0.1], [0.3, 5.0], [0.4, 0.1]])
    terms = model._of_second(x[:, :1])
    assert torch.allclose(terms[0], terms[1], atol=1e-6)
    assert not torch.allclose(terms[0], terms[2], atol=1e-3)


def test_the_energy_distance_has_no_bias():
    x, y = torch.randn(6, 2, generator=dice()), torch.randn(5, 2, generator=dice(1)) + 1

    def mean(a, b, same):
        pairs = [(i, j) for i in range(len(a)) for j in range(len(b)) if not (same and i == j)]
        return sum((a[i] - b[j]).norm().item() for i, j in pairs) / len(pairs)

    by_hand = 2 * mean(x, y, False) - mean(x, x, True) - mean(y, y, True)
    assert attempts.energy_distance(x, y) == pytest.approx(by_hand, abs=1e-6)
    values = []
    for seed in range(200):
        both = torch.randn(40, 2, generator=dice(seed))
        values.append(attempts.energy_distance(both[:20], both[20:]))
    values = torch.tensor(values)
    assert abs(values.mean()) < 4 * values.std() / math.sqrt(len(values))
    assert (values < 0).any()


def test_the_fast_integral_over_codes_is_the_exact_one():
    torch.manual_seed(0)
    model = VAE(2, 2, (8,), likelihood="gaussian", noise=0.3)
    x = torch.randn(20, 2, generator=dice())
    found, error = attempts.integrated(model, x)
    assert torch.allclose(found, exact_log_prob(model, x, points=201), atol=1e-4)
    assert error < 1e-4
    tiny = torch.tensor([1e-40])
    assert (tiny * 0.5).item() > 0  # small numbers are themselves again


def test_a_gap_is_the_divergence_from_the_truth():
    """Of a Gaussian from the ring in closed form: cross-entropy minus entropy."""
    x = attempts.points(20_000, 100)
    model = attempts.gaussian(x, 0)
    test = attempts.points(20_000, 102)
    found = attempts.scored(model, test, attempts.WORLD.log_prob(test.double()))
    covariance = attempts.WORLD.covariance
    cross = math.log(2 * math.pi) + 0.5 * torch.logdet(covariance).item() + 1
    assert abs(found["gap"] - (cross - attempts.WORLD.entropy())) < 4 * found["gap_error"] + 1e-3
    assert found["gap_error"] < 0.02 and "bound" not in found
    drawn = model.draw(20_000, dice())
    assert torch.allclose(torch.cov(drawn.T).double(), covariance, atol=0.1)


def test_the_entropy_of_the_ring_is_that_of_eight_modes_far_apart():
    apart = math.log(8) + math.log(2 * math.pi * math.e * 0.15**2)
    assert attempts.WORLD.entropy() == pytest.approx(apart, abs=1e-4)
    assert f"{apart:.4f}" == "1.1231"


# -- What was measured -----------------------------------------------------------------------------


def test_the_kept_samples_are_those_of_the_results():
    kept, results = runs.attempts(), page.load()["attempts"]["attempts"]
    assert kept["results"] == results, "benchmarks.attempts.keep() writes the samples anew."
    for row in results["ring"]:
        x = torch.from_numpy(kept[row["name"]]).float()
        assert x.shape == (1000, 2) and x.isfinite().all()
        found = mode_report(attempts.WORLD, x)
        assert abs(found.quality - row["quality"]) < 0.06
        assert len(row["seeds"]) == 3
    assert set(kept) == {"results", *(row["name"] for row in results["ring"])}


def test_no_model_is_better_than_the_truth():
    for rows in page.load()["attempts"]["attempts"].values():
        assert rows[0]["name"] == "truth" and rows[0]["gap"] == 0
        for row in rows[1:]:
            for seed in row["seeds"]:
                assert ("gap" in seed) == ("GAN" not in row["name"])
                assert seed.get("gap", 1) > -3 * seed.get("gap_error", 0)
                if "elbo_nats" in seed:
                    assert seed["elbo_nats"] > seed["nats"]
                assert seed.get("numerical_error", 0) < seed.get("gap_error", 1) / 10


def test_the_picture_shows_every_attempt():
    results = page.load()["attempts"]
    drawn = page.picture(results)
    assert drawn.count("h0") > 0.8 * page.POINTS * len(page.SHOWN)
    assert len(drawn) < 250_000 and "prefers-color-scheme:dark" in drawn
    assert set(page.SHOWN) == {row["name"] for row in results["attempts"]["ring"]}
    assert len(page.PICTURE.read_text(encoding="utf8")) == pytest.approx(len(drawn), rel=0.05)


# -- Pictures --------------------------------------------------------------------------------------


def test_every_model_of_the_scoreboard_has_its_drawings():
    results = page.load()
    digits = {row["name"] for row in results["digits"]["digits"]["static binarization"]}
    faces = {row["name"] for row in results["attempts"]["attempts"]["faces"]} - {"truth"}
    with np.load(page.DRAWINGS) as kept:
        names = {kind: {k.split(": ")[1] for k in kept if k.startswith(kind)}
                 for kind in ("digits", "faces")}
        assert names == {"digits": digits | {"data", "GAN"}, "faces": faces | {"data"}}
        for key in kept:
            assert kept[key].dtype == np.uint8 and kept[key].max() > 0
            assert key == "digits: GAN" or set(np.unique(kept[key])) == {0, 255}
    for kind in names:
        drawn = page.drawings(kind)
        assert drawn.count("<image") == len(names[kind])
        written = page.PICTURE.with_name(f"{kind}.svg").read_text(encoding="utf8")
        assert len(written) == pytest.approx(len(drawn), rel=0.05)


def test_drawings_are_made(tmp_path, monkeypatch):
    monkeypatch.setattr(attempts, "OF_FACES", {"pixels alone": attempts.pixels_alone})
    drawings.keep(tmp_path / "drawings.npz", steps=2)
    with np.load(tmp_path / "drawings.npz") as made, np.load(page.DRAWINGS) as kept:
        assert set(made) <= set(kept)
        for key in made:
            assert made[key].shape == kept[key].shape
        for key in ("digits: data", "digits: pixels alone", "faces: data"):
            assert (made[key] == kept[key]).all()
