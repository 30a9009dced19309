"""Answers that students give, chapter by chapter; here stands how each kind is judged.

The file ``test_<chapter>.py`` of a chapter holds, as far as it has them,

- ``RIGHT``: (exercise, solution), written differently from the book's;
- ``UNSEEN``: (exercise, solution), wrong and not in the bank; perhaps with its key as a third;
- ``FIRST_TRIES``: (exercise, solution, key), mistakes that must be named (or None: only rejected);
- ``NUMBERS``: (exercise, answer, key) for questions; the key is None where the answer is right.
"""

from __future__ import annotations

from importlib import import_module

import pytest

from lecture_utils.exercises import bank, get
from lecture_utils.exercises.checking import check_answer
from lecture_utils.exercises.model import Status

# Wrong solutions may do what torch warns of.
pytestmark = [
    pytest.mark.filterwarnings("ignore:reduction. 'mean'"),
    pytest.mark.filterwarnings("ignore:.*degrees of freedom"),
    pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated"),
]
CHAPTERS = {slug: import_module(f".test_{slug}", __package__) for slug in bank.CHAPTERS.values()}


def each(*kinds: str):
    """One test for each entry of these kinds; its id is the exercise's."""
    entries = [
        entry
        for kind in kinds
        for module in CHAPTERS.values()
        for entry in vars(module).get(kind, ())
    ]
    entries = [(*entry, None)[:3] for entry in entries]
    return pytest.mark.parametrize(
        ("name", "answer", "key"), entries, ids=[entry[0] for entry in entries]
    )


@each("RIGHT")
def test_right_solutions_written_differently_are_accepted(name, answer, key):
    result = check_answer(get(name), answer)
    assert result.status is Status.CORRECT, result


@each("UNSEEN")
def test_wrong_solutions_that_are_not_in_the_bank_are_rejected(name, answer, key):
    result = check_answer(get(name), answer)
    assert result.status in (Status.WRONG, Status.ALMOST, Status.ERROR), result
    assert result.misconception not in ("checker", None)
    assert key in (None, result.misconception), result
    assert result.headline


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_most_unseen_wrong_answers_get_more_than_a_count(chapter):
    """The plain "values differ" is the last resort."""
    keys = [
        check_answer(get(entry[0]), entry[1]).misconception for entry in CHAPTERS[chapter].UNSEEN
    ]
    assert keys and keys.count("value") <= len(keys) / 2, keys


@each("FIRST_TRIES")
def test_first_tries_of_students_are_named(name, answer, key):
    result = check_answer(get(name), answer)
    stops = result.status is Status.ERROR
    assert stops == (key == "exception") and result.status is not Status.CORRECT, result
    assert result.status is not Status.NOT_ATTEMPTED
    assert key in (None, result.misconception), result


@each("UNSEEN", "FIRST_TRIES")
def test_who_hears_of_nan_sees_it(name, answer, key):
    result = check_answer(get(name), answer)
    if result.misconception in ("nan", "inf"):
        assert result.misconception in result.details[1].partition("got")[2]


@each("NUMBERS")
def test_answers_to_questions_are_judged(name, answer, key):
    result = check_answer(get(name), answer)
    assert result.misconception == key, result
    expected = Status.CORRECT if key is None else Status.WRONG
    assert result.status is (Status.NOT_ATTEMPTED if key == "unreadable" else expected), result
