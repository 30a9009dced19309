"""The benchmarks run; what they measure is not a test."""

from __future__ import annotations

import json

import pytest

from benchmarks import common, pictures, sampling, step_time


@pytest.fixture(autouse=True)
def no_bar(monkeypatch):
    monkeypatch.setenv("LECTURE_STATIC", "1")


@pytest.mark.parametrize(
    ("module", "key"),
    [(step_time, "step_time"), (sampling, "sampling"), (pictures, "pictures")],
)
def test_smoke(module, key, tmp_path, capsys):
    file = tmp_path / "results.json"
    module.main(["--smoke", "--json", str(file)])
    results = json.loads(file.read_text())
    assert results[key] and results["machine"]["torch"]
    for rows in results[key].values():
        assert all(row["seconds"] > 0 and row["ratio"] > 0 for row in rows)
    assert "ratio" in capsys.readouterr().out


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
