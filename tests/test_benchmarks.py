"""The benchmarks run; what they measure is not a test."""

from __future__ import annotations

import importlib
import json
import math

import pytest
import torch

from benchmarks import BENCHMARKS, __main__, common, digit_flows, gans, goals, page
from lecture_utils.datasets import runs
from lecture_utils.estimates import Estimate
from lecture_utils.worlds import mixtures
from lecture_utils.worlds.genes import GeneFaces


@pytest.fixture(autouse=True)
def no_bar(monkeypatch):
    monkeypatch.setenv("LECTURE_STATIC", "1")


@pytest.mark.parametrize("name", BENCHMARKS)
def test_smoke(name, tmp_path, capsys):
    file = tmp_path / "results.json"
    importlib.import_module(f"benchmarks.{name}").main(["--smoke", "--json", str(file)])
    results = json.loads(file.read_text())
    assert results[name] and results["machine"]["torch"]
    for rows in results[name].values():
        assert rows and all(row["seconds"] >= 0 for row in rows)
        assert all(row["ratio"] > 0 for row in rows if "ratio" in row)
    assert len(capsys.readouterr().out.splitlines()) > 2
    assert f"## {page.TITLES[name]}" in page.text({name: results})


def test_ratios_are_paired():
    rows = common.compared({"a": [1.0, 4.0, 2.0], "b": [2.0, 8.0, 8.0]}, to="a")
    assert rows[0]["ratio"] == 1
    assert rows[1] == {
        "name": "b",
        "seconds": 2.0,
        "best_ratio": 2.0,
        "ratio": 2.0,
        "ratio_range": [2.0, 4.0],
    }


def test_every_run_is_measured_in_every_round():
    calls = []
    runs = {name: lambda name=name: calls.append(name) for name in "ab"}
    seconds = common.alternate(runs, rounds=3)
    assert [len(times) for times in seconds.values()] == [3, 3]
    assert "".join(calls) == "abbaabba"  # one round to warm up; the order turns
    assert common.alternate({"a": 7.0}, 2, timed=lambda run: run / 2) == {"a": [3.5, 3.5]}


# -- The page --------------------------------------------------------------------------------------


def test_the_page_shows_the_results_that_are_there():
    assert page.PAGE.read_text(encoding="utf8") == page.text(page.load()), (
        "book/benchmarks.md is not what the results say: python -m benchmarks.page writes it."
    )


def test_the_scoreboard_shows_the_results_that_are_there():
    results = page.load()
    digits = results["digits"]
    assert page.SCOREBOARD.read_text(encoding="utf8") == page.scoreboard(results), (
        "book/scoreboard.md is not what the results say: python -m benchmarks.page writes it."
    )
    rows = {row["name"]: row for row in digits["digits"]["static binarization"]}
    assert rows["VAE, K = 2"]["exact"] <= rows["VAE, K = 2"]["nats"] + 0.01
    assert all(len(row["seeds"]) == 3 and 0 < row["error"] < 1 for row in rows.values())
    # What the page says in words.
    low, high = rows["MADE"]["seeds"], rows["VAE, K = 8"]["seeds"]
    assert max(low) < min(high) < max(high) < min(rows["mixture"]["seeds"])
    assert max(rows["mixture"]["seeds"]) < min(rows["VAE, K = 2"]["seeds"])
    assert rows["pixels alone"]["nats"] - max(rows["MADE"]["seeds"]) > 8
    assert "| GAN | none |" in page.scoreboard(results)


def test_what_the_scoreboard_says_of_the_ring_and_the_faces():
    results = page.load()["attempts"]["attempts"]
    ring, faces = ({row["name"]: row for row in results[world]} for world in ("ring", "faces"))

    def all_of(row, key):
        return [seed[key] for seed in row["seeds"]]

    trained = [row for row in ring.values() if row["name"] not in ("truth", "Gaussian")]
    assert all(10 <= row["seconds"] < 19 for row in trained)
    gaps = {name: all_of(row, "gap") for name, row in ring.items() if "gap" in row["seeds"][0]}
    assert max(gaps["autoregressive"]) < 0.01 < 0.03 < min(gaps["flow"])
    assert max(gaps["flow"]) < min(gaps["diffusion"]) < max(gaps["diffusion"]) < 0.125
    assert 0.45 < min(gaps["VAE"]) < max(gaps["VAE"]) < 0.6
    low, high = ring["truth"]["luck"][0], ring["truth"]["luck"][-1]
    assert all(low < value < high for value in all_of(ring["autoregressive"], "energy"))
    assert min(all_of(ring["diffusion"], "quality")) > max(all_of(ring["flow"], "quality"))
    assert all(0.30 < 1 - value < 0.37 for value in all_of(ring["VAE"], "quality"))
    for name, held in (("GAN", 8), ("GAN, plain", 8), ("Gaussian", 0)):
        assert all_of(ring[name], "held") == [held] * 3
    assert max(abs(q - 0.97) for q in all_of(ring["GAN"], "quality")) < 0.01
    assert max(abs(q - 0.97) for q in all_of(ring["flow"], "quality")) < 0.01
    assert max(all_of(ring["Gaussian"], "reverse_kl")) < 0.01
    kept, means = runs.attempts(), mixtures.ring().means
    for name, deviation in (("GAN", 0.11), ("GAN, plain", 0.11), ("truth", 0.15)):
        far = torch.cdist(torch.from_numpy(kept[name]).double(), means).min(1).values
        near = far[far < 0.45].square().mean() / 2  # the variance of a coordinate
        assert abs(near.sqrt() - deviation) < 0.006
    assert f"{faces['pixels alone']['gap']:.0f}" == "178"
    assert len(GeneFaces().pictures.means) == 720 and faces["mixture"]["drawings"] == 100
    assert max(all_of(faces["autoregressive"], "gap")) < 5 < min(all_of(faces["VAE"], "gap"))


def test_every_goal_is_measured_and_every_benchmark_has_results():
    results = page.load()
    assert list(results) == list(BENCHMARKS)
    assert {goal.benchmark for goal in goals.GOALS} <= set(results)


def test_a_goal_that_is_missed_is_called_missed():
    results = {"imports": {"machine": page.load()["imports"]["machine"]}}
    row = {"name": "lecture_utils.training", "seconds": 0.05, "megabytes": 3.0}
    results["imports"]["imports"] = {"on top of PyTorch": [row]}
    assert "0.05 s, 3.0 MB | reached |" in page.text(results)
    row["megabytes"] = 11.0
    assert "0.05 s, 11.0 MB | **missed** |" in page.text(results)
    assert "| not measured here |" in page.text(results)


def test_the_command_runs_what_is_named_and_writes_the_page(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(page, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(page, "SCOREBOARD", tmp_path / "scoreboard.md")
    monkeypatch.setattr(page, "PICTURE", tmp_path / "attempts.svg")
    module = importlib.import_module("benchmarks.imports")
    monkeypatch.setattr(module, "PACKAGES", {"lecture_utils.training": "import lecture_utils"})
    monkeypatch.setattr(module, "measure", lambda rounds, found=module.measure: found(1))
    __main__.main(["imports"])
    assert (tmp_path / "results" / "imports.json").exists()
    assert "## Cost of an import" in (tmp_path / "page.md").read_text()
    with pytest.raises(SystemExit):
        __main__.main(["speed"])
    assert "There is no benchmark speed" in capsys.readouterr().err


class Silent(torch.nn.Module):
    """A network by which the other pixels say nothing: right for independent fair pixels."""

    def __init__(self):
        super().__init__()
        self.nothing = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x, t):
        return self.nothing.expand_as(x)


def test_digit_flows_bound_the_nats_of_fair_pixels():
    """The probability of every image is 2^-64. A flow loses the blur, a diffusion its steps."""
    generator = torch.Generator().manual_seed(0)
    x = (torch.rand(60, 64, generator=generator) < 0.5).float()
    truth = 64 * math.log(2)
    model = digit_flows.diffusion(Silent())
    nats = Estimate.mean(digit_flows.diffusion_nats(model, x, generator))
    assert truth - 4 * nats.error < float(nats) < truth + 1
    model = digit_flows.flow(Silent())
    nats = Estimate.mean(digit_flows.flow_nats(model, x[:4], generator=generator))
    assert abs(float(nats) - truth) < 0.02


def test_a_film_looks_at_one_run_five_times():
    """The last picture is that of an undisturbed run; a GAN on digits has a row and drawings."""
    recipe = gans.dial(2, 1, 10)
    seen = gans.film(recipe, 0)
    assert [seen[key].shape for key in ("points", "held", "quality")] == [(5, 250, 2), (5,), (5,)]
    trainer = gans.train(recipe, 0, 10)
    points = trainer.sample(gans.SHOWN, generator=torch.Generator().manual_seed(7))
    assert (seen["points"][-1] == points.half().numpy()).all()
    row, pictures = gans.digit_gan(0, steps=2)
    assert sum(row["shares"]) == pytest.approx(1, abs=1e-3) and row["accuracy"] > 0.9
    assert pictures.shape == (40, 64)
