"""Prove that an exercise tells right from wrong.

``python -m lecture_utils.exercises.audit [NAME ...]`` checks the exercises of these names, or those
of these chapters, or all, and prints a table. An exercise passes when its reference and its
alternatives are accepted, every wrong answer is rejected under its own name with several seeds,
nothing given or left open is accepted, and every small change to the reference is rejected unless
it is on the exercise's reviewed list of equivalents.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import checking
from .model import ChoiceExercise, CodeExercise, Exercise, NumberExercise, Result, Status
from .mutants import mutants

SEEDS = (None, 1, 2, 3)
PATIENCE = 5.0  # a busy machine must not make a right solution look slow


@dataclass
class Report:
    """What an audit counted, and the faults it found."""

    id: str
    right: int = 0
    wrong: int = 0
    checks: int = 0
    mutants: int = 0
    equivalent: int = 0
    faults: list[str] = field(default_factory=list)


def check_answer(exercise: Exercise, answer: Any, seed: int | None = None) -> Result:
    """As `checking.check_answer`, with more patience."""
    return checking.check_answer(exercise, answer, seed, patience=PATIENCE)


def audit(exercise: Exercise, seeds: tuple[int | None, ...] = SEEDS) -> Report:
    """Audit one exercise, all but its mutants."""
    report = Report(exercise.id)
    if len(exercise.hints) < 2:
        report.faults.append("fewer than two hints")
    if isinstance(exercise, CodeExercise):
        _audit_code(exercise, report, seeds)
    elif isinstance(exercise, ChoiceExercise):
        _audit_choice(exercise, report)
    elif isinstance(exercise, NumberExercise):
        _audit_number(exercise, report)
    return report


def _audit_code(exercise: CodeExercise, report: Report, seeds: tuple[int | None, ...]) -> None:
    for name, solve in [
        ("the reference", exercise.reference),
        *((f"alternative {i}", solve) for i, solve in enumerate(exercise.alternatives)),
    ]:
        report.right += 1
        for seed in seeds:
            result = check_answer(exercise, solve, seed)
            if result.status is not Status.CORRECT:
                report.faults.append(f"{name} is rejected: {result.headline} {result.details}")
    if not exercise.alternatives:
        report.faults.append("there is no alternative right solution")
    for wrong in exercise.wrong:
        report.wrong += 1
        for seed in seeds:
            report.checks += 1
            result = check_answer(exercise, wrong.solve, seed)
            if result.misconception != wrong.key:
                report.faults.append(
                    f"{wrong.key!r} (seed {seed}) is {result.status}, "
                    f"named {result.misconception!r}: {result.headline}"
                )
    starter = check_answer(exercise, compiled(exercise, exercise.starter))
    if exercise.given and starter.misconception not in {wrong.key for wrong in exercise.wrong}:
        report.faults.append(f"the given code is not in the bank: {starter.headline}")
    if not exercise.given and starter.status is not Status.NOT_ATTEMPTED:
        report.faults.append(f"the stub counts as {starter.status}: {starter.headline}")


def _audit_choice(exercise: ChoiceExercise, report: Report) -> None:
    if sum(option.right for option in exercise.options) != 1:
        report.faults.append("not exactly one option is right")
    for letter, option in exercise.lettered.items():
        report.right += option.right
        report.wrong += not option.right
        status = check_answer(exercise, letter).status
        if status is not (Status.CORRECT if option.right else Status.WRONG):
            report.faults.append(f"option {letter} is {status}")


def _audit_number(exercise: NumberExercise, report: Report) -> None:
    report.right += 1
    for answer in (exercise.truth, exercise.written):
        if check_answer(exercise, answer).status is not Status.CORRECT:
            report.faults.append(f"the right answer {answer!r} is rejected")
    for wrong in exercise.wrong:
        report.wrong += 1
        result = check_answer(exercise, wrong.value)
        if result.misconception != wrong.key:
            report.faults.append(f"{wrong.value} is named {result.misconception!r}")


def audit_mutants(exercise: CodeExercise, report: Report) -> None:
    """Add to a report which mutants of the reference are accepted without being reviewed."""
    used = set()
    for mutant in mutants(exercise.solution_source(imports=False)):
        report.mutants += 1
        if check_answer(exercise, compiled(exercise, mutant.source)).status is not Status.CORRECT:
            continue
        if mutant.change in exercise.equivalents:
            report.equivalent += 1
            used.add(mutant.change)
        else:
            report.faults.append(f"accepted, not reviewed ({mutant.name}): {mutant.change}")
    for change in exercise.equivalents.keys() - used:
        report.faults.append(f"reviewed as equivalent, but no longer accepted: {change}")


def compiled(exercise: CodeExercise, source: str) -> Callable:
    """The function that `source` defines, in the namespace of the exercise's reference."""
    namespace = dict(exercise.reference.__globals__)
    exec(compile(source, f"<{exercise.id}>", "exec"), namespace)
    return namespace[exercise.reference.__name__]


def table(reports: list[Report]) -> str:
    """The counts of several reports, with their sum."""
    columns = ("right", "wrong", "checks", "mutants", "equivalent")
    lines = [f"{'exercise':24}" + "".join(f"{name:>12}" for name in (*columns, "faults"))]
    for report in reports:
        counts = [getattr(report, name) for name in columns]
        lines.append(f"{report.id:24}" + "".join(f"{n:12}" for n in [*counts, len(report.faults)]))
    sums = [sum(getattr(report, name) for report in reports) for name in columns]
    faults = sum(len(report.faults) for report in reports)
    lines.append(f"{'all':24}" + "".join(f"{n:12}" for n in [*sums, faults]))
    return "\n".join(lines)


def details(exercise: Exercise, report: Report) -> list[str]:
    """What was accepted and what was rejected, for the author of one exercise."""
    if isinstance(exercise, CodeExercise):
        others = len(exercise.alternatives)
        lines = [f"accepted: the reference and {others} other right solution{'s'[: others != 1]}"]
        keys = Counter(wrong.key for wrong in exercise.wrong)
    elif isinstance(exercise, ChoiceExercise):
        lines = [f"accepted: ({exercise.answer})"]
        keys = Counter(f"({k})" for k, option in exercise.lettered.items() if not option.right)
    elif isinstance(exercise, NumberExercise):
        lines = [f"accepted: {exercise.written}"]
        keys = Counter(f"{wrong.key} ({wrong.value:g})" for wrong in exercise.wrong)
    else:
        return []
    named = [key if n == 1 else f"{key} ({n} ways)" for key, n in keys.items()]
    lines.append(f"rejected by name: {', '.join(named)}")
    if isinstance(exercise, CodeExercise):
        lines.append(f"mutants: {report.mutants - report.equivalent} rejected")
        lines += [f"  reviewed, {why}: {change}" for change, why in exercise.equivalents.items()]
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Audit from the command line; 1 if a fault was found."""
    from . import REGISTRY, UnknownExercise, get

    parser = argparse.ArgumentParser(prog="python -m lecture_utils.exercises.audit")
    parser.add_argument("names", nargs="*", help="exercises or chapters; by default all")
    names = parser.parse_args(arguments).names
    chosen = [e for e in REGISTRY.values() if e.chapter in names or e.id in names or not names]
    known = {name for exercise in chosen for name in (exercise.id, exercise.chapter)}
    for name in names:
        if name not in known:
            try:
                get(name)
            except UnknownExercise as error:
                parser.error(str(error))
    reports = []
    for exercise in chosen:
        report = audit(exercise)
        if isinstance(exercise, CodeExercise):
            audit_mutants(exercise, report)
        reports.append(report)
    print(table(reports))
    if len(chosen) == 1:
        print("\n".join(details(chosen[0], reports[0])))
    for report in reports:
        for fault in report.faults:
            print(f"{report.id}: {fault}")
    return int(any(report.faults for report in reports))


if __name__ == "__main__":
    sys.exit(main())
