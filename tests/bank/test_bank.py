"""The bank: right is accepted, wrong is rejected by name, and nothing unforeseen slips through."""

from __future__ import annotations

import re

import pytest

from lecture_utils.exercises import REGISTRY
from lecture_utils.exercises.audit import audit
from lecture_utils.exercises.bank import CHAPTERS
from lecture_utils.exercises.checking import check_answer
from lecture_utils.exercises.model import ChoiceExercise, CodeExercise, Status

EVERY = pytest.mark.parametrize("exercise", REGISTRY.values(), ids=lambda e: e.id)
CODE = [exercise for exercise in REGISTRY.values() if isinstance(exercise, CodeExercise)]
EVERY_CODE = pytest.mark.parametrize("exercise", CODE, ids=lambda e: e.id)


@EVERY
def test_audit(exercise):
    assert audit(exercise).faults == []


@EVERY
def test_texts_are_complete_and_readable(exercise):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", exercise.id)
    assert exercise.level in (1, 2, 3) and exercise.kind in ("code", "bug", "choice", "predict")
    assert exercise.chapter in CHAPTERS.values()
    assert (exercise.kind == "bug") == bool(getattr(exercise, "given", ""))
    feedback = [option.feedback for option in getattr(exercise, "options", ())]
    feedback += [wrong.feedback for wrong in getattr(exercise, "wrong", ())]
    for text in [exercise.title, exercise.statement, *exercise.hints, *feedback]:
        assert text and text == text.strip() and "  " not in text
        assert "$" not in text and "\\" not in text, "no TeX: it is shown in HTML outputs"
        assert text.count("`") % 2 == 0 and text.count("**") % 2 == 0, text
    assert all(len(text) <= 260 for text in feedback), max(feedback, key=len)
    # An answer must not be given away by its place: right letters are spread over the bank.
    if isinstance(exercise, ChoiceExercise):
        assert len(exercise.options) >= 3


@EVERY_CODE
def test_the_feedback_does_not_contain_the_solution(exercise):
    """A right-hand side of the reference, as code, stands in no feedback and no hint."""
    lines = exercise.solution_source(imports=False).splitlines()
    sides = [line.split(" = ")[-1].removeprefix("return ").strip() for line in lines[2:]]
    texts = [*exercise.hints, *(wrong.feedback for wrong in exercise.wrong)]
    for side in sides:
        assert len(side) < 12 or not any(side in text for text in texts), side


@EVERY_CODE
def test_solution_and_stub_stand_alone(exercise):
    for source, status in [
        (exercise.solution_source(), Status.CORRECT),
        ("\n".join(["import torch", *exercise.imports, exercise.starter]), None),
    ]:
        namespace = {}
        exec(compile(source, exercise.id, "exec"), namespace)
        result = check_answer(exercise, namespace[exercise.id])
        assert status in (None, result.status), result
        assert status or result.status in (Status.NOT_ATTEMPTED, Status.WRONG)
    width = max(map(len, exercise.solution_source(imports=False).splitlines()))
    assert width <= 100


@EVERY_CODE
def test_a_check_says_the_same_every_time(exercise):
    solve = exercise.wrong[0].solve
    assert check_answer(exercise, solve) == check_answer(exercise, solve)
