"""The checks of the chapters can fail: each rejects a wrong version of its equation."""

from __future__ import annotations

from pathlib import Path

import equations
import pytest
from wrong_equations import entries_of

from lecture_utils.equations import EquationFailed, refute, verify

ROOT = Path(__file__).resolve().parent.parent

FUNCTIONS = {"verify": verify, "refute": refute}
COVERAGE = equations.cover(ROOT)


def slug(path: str) -> str:
    """The chapter's short name."""
    return Path(path).stem.lstrip("0123456789").lstrip("-")


CHECKED = {
    (slug(equation.path), equation.label): COVERAGE.of(equation)[0].function
    for equation in COVERAGE.equations
    if COVERAGE.of(equation) and not equation.is_definition
}


@pytest.mark.parametrize(("chapter", "label"), CHECKED)
def test_check_tells_a_wrong_version_from_the_right_one(chapter: str, label: str) -> None:
    entry = entries_of(chapter).get(label)
    assert entry, (
        f"tests/wrong_equations/{chapter.replace('-', '_')}.py has no entry for {label!r}: "
        "add one plausible wrong version that the check must reject"
    )
    function = FUNCTIONS[CHECKED[chapter, label]]
    entry.check(function, mistake=False)
    with pytest.raises(EquationFailed):
        entry.check(function, mistake=True)


@pytest.mark.parametrize("chapter", sorted({chapter for chapter, _ in CHECKED}))
def test_every_entry_belongs_to_a_checked_equation(chapter: str) -> None:
    known = {label for slug, label in CHECKED if slug == chapter}
    assert set(entries_of(chapter)) <= known
