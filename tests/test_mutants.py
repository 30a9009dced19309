"""Small changes to the references: a check notices all but a reviewed list of equivalents."""

from __future__ import annotations

import pytest

from lecture_utils.exercises import REGISTRY
from lecture_utils.exercises.audit import Report, audit_mutants, main
from lecture_utils.exercises.model import CodeExercise
from lecture_utils.exercises.mutants import mutants

CODE = [exercise for exercise in REGISTRY.values() if isinstance(exercise, CodeExercise)]


def changes(source: str) -> set[str]:
    return {mutant.change for mutant in mutants(source)}


def test_each_kind_of_change_is_made_once():
    source = "def f(x, y):\n    '''Doc.'''\n    return (x - 2 * y).sum(-1)\n"
    made = changes(source)
    for line in (
        "return (x + 2 * y).sum(-1)",
        "return (2 * y - x).sum(-1)",
        "return (x - 2 / y).sum(-1)",
        "return x.sum(-1)",
        "return (x - y).sum(-1)",
        "return (x - 3 * y).sum(-1)",
        "return (x - 0 * y).sum(-1)",
        "return (x - 2 * y).mean(-1)",
        "return (x - 2 * y).sum(1)",
        "return (x - 2 * y).sum(0)",
        "return (x - 2 * y).sum()",
        "return -(x - 2 * y).sum(-1)",
    ):
        assert line in made, line
    assert len(made) == len(list(mutants(source)))


def test_changes_of_calls_comparisons_and_results():
    made = changes(
        "def f(x, y):\n    z = torch.xlogy(x, y).sum(dim=-1)\n    return (x < y, z.exp())\n"
    )
    for line in (
        "z = torch.xlogy(y, x).sum(dim=-1)",
        "z = torch.xlogy(x, y).sum()",
        "return (x <= y, z.exp())",
        "return (x > y, z.exp())",
        "return (x < y, z)",
        "return (z.exp(), x < y)",
    ):
        assert line in made, line


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("exercise", CODE, ids=lambda e: e.id)
def test_mutants_are_rejected_unless_reviewed(exercise):
    report = Report(exercise.id)
    audit_mutants(exercise, report)
    assert report.faults == []
    assert report.mutants >= 5


def test_the_audit_as_a_command(capsys):
    assert main(["bits_per_dim", "ordering"]) == 0
    table = capsys.readouterr().out
    assert [line.split()[0] for line in table.splitlines()] == [
        "exercise",
        "ordering",
        "bits_per_dim",
        "all",
    ]
    with pytest.raises(SystemExit):
        main(["bits_per_dimm"])
    assert "Did you mean 'bits_per_dim'?" in capsys.readouterr().err


def test_the_audit_of_one_exercise_tells_what_it_accepted_and_rejected(capsys):
    assert main(["temperature_probs"]) == 0
    said = capsys.readouterr().out
    assert "accepted: the reference and 3 other right solutions" in said
    assert "rejected by name: multiplies, no-temperature" in said and "(2 ways)" in said
    assert "mutants:" in said and "rejected" in said
    assert main(["ordering"]) == 0
    assert "accepted: (" in capsys.readouterr().out


def test_the_audit_finds_faults(capsys, monkeypatch):
    exercise = next(e for e in CODE if e.id == "ancestral_sample")
    wrong = exercise.wrong[0]
    monkeypatch.setattr(exercise, "wrong", [type(wrong)("other-name", wrong.solve, "…")])
    monkeypatch.setattr(exercise, "alternatives", [wrong.solve])
    monkeypatch.setattr(exercise, "equivalents", {"return 7": "no such change"})
    assert main(["ancestral_sample"]) == 1
    out = capsys.readouterr().out
    for words in ("alternative 0 is rejected", "not reviewed", "no longer accepted: return 7"):
        assert words in out
