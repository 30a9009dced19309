"""Grade a folder of submitted notebooks.

``python -m lecture_utils.exercises.grade SUBMISSIONS --out graded`` reads every notebook in the
folder (nothing in it is run), calls each exercise's function in a sandbox of its own, and judges
what it returns with the checks that students know, on inputs that nobody has seen. It writes
``results.csv``, one page of feedback for each student, and, if asked, Gradescope's files.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import csv
import functools
import html
import inspect
import json
import linecache
import re
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import REGISTRY, UnknownExercise, get, render
from .checking import check_answer, not_attempted
from .grading import sandbox, submission
from .grading.remote import Ended, Unsendable
from .model import CodeExercise, Exercise, Result, Status
from .running import TimeUp

MANUAL = "manual"  # the key of what this program cannot judge
_PATIENCE = 4.0  # times the limits that students have
_OTTER = '''OK_FORMAT = False
name = "{id}"
points = {points}


def test_{id}(env):
    from lecture_utils.exercises import verdict

    result = verdict("{id}", env.get("{id}"))
    assert result.status == "correct", f"{{result.headline}} {{' '.join(result.details)}}"


from otter.test_files import test_case  # noqa: E402

test_{id} = test_case(points=points)(test_{id})
'''


@dataclass
class Graded:
    """One student's results, in the order of the exercises."""

    student: str
    results: dict[str, Result] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def points(self) -> int:
        """How many exercises are correct."""
        return sum(result.status is Status.CORRECT for result in self.results.values())


@dataclass(frozen=True)
class Settings:
    """How to grade.

    Attributes:
        seed: Of the test inputs; keep it from the students.
        isolated: Whether functions run in a sandbox.
        limits: What a function may use.
    """

    seed: int
    isolated: bool = True
    limits: sandbox.Limits = sandbox.Limits()


# ------------------------------------------------------------------ one submission
def grade(path: Path, student: str, names: list[str], settings: Settings) -> Graded:
    """Grade one notebook. Whatever is in it, this returns.

    Args:
        path: The notebook.
        student: Whose it is.
        names: Of the exercises.
        settings: How.
    """
    graded, start = Graded(student), time.monotonic()
    exercises = [REGISTRY[name] for name in names]
    try:
        found = submission.read(path, names)
    except submission.Unreadable as error:
        graded.results = {
            e.id: Result(e.id, Status.ERROR, str(error), misconception="unreadable-file")
            for e in exercises
        }
        return graded
    for exercise in exercises:
        try:
            result = _judge(exercise, found, settings)
        except Exception as error:  # ours, not the student's: the others are still graded
            result = Result(
                exercise.id,
                Status.ERROR,
                "This could not be graded by the program; your instructor has to look at it.",
                [f"The grader failed: {type(error).__name__}: {error}"],
                misconception=MANUAL,
            )
        graded.results[exercise.id] = result
    graded.tries = found.tries
    graded.seconds = time.monotonic() - start
    return graded


def _judge(exercise: Exercise, found: submission.Submission, settings: Settings) -> Result:
    if not isinstance(exercise, CodeExercise):
        return check_answer(exercise, found.answers.get(exercise.id))
    if exercise.id in found.broken:
        return Result(
            exercise.id,
            Status.ERROR,
            f"Python cannot read this cell: {found.broken[exercise.id]}.",
            misconception="syntax",
        )
    if exercise.id not in found.functions:
        return Result(
            exercise.id,
            Status.NOT_ATTEMPTED,
            f"There is no function `{exercise.id}` in the notebook.",
        )
    source = found.functions[exercise.id]
    with _readable(exercise.id, source) as shadow:
        unwritten = not_attempted(exercise, shadow)
        return unwritten or _judge_code(exercise, source, found.around, shadow, settings)


def _judge_code(
    exercise: CodeExercise, source: str, around: list[str], shadow: Callable, settings: Settings
) -> Result:
    seed = settings.seed ^ exercise.seed

    def failed(headline: str, *details: str, key: str) -> Result:
        return Result(exercise.id, Status.ERROR, headline, [d for d in details if d], key)

    ended = failed(
        "Your code ended its process: it called `exit`, or took more memory or time than a "
        "solution needs.",
        key="ended",
    )
    options = {"seed": seed, "limits": settings.limits, "isolated": settings.isolated}
    try:
        with sandbox.guest(exercise.id, source, around, **options) as guest:
            call = functools.wraps(shadow)(lambda *args: guest(*args))
            result = check_answer(exercise, call, seed, patience=_PATIENCE)
            fault = guest.fault
    except Ended:
        return ended
    except TimeoutError as error:
        return failed(f"Stopped: {error}.", key="timeout")
    except sandbox.DefinitionFailed as error:
        place = f"In line {error.line} of the definition." if error.line else ""
        return failed(f"The definition stops with `{error.kind}`: {error.text}", place, key="error")
    if fault is None or isinstance(fault, TimeUp):
        return result
    if isinstance(fault, Ended):
        return ended
    if isinstance(fault, Unsendable):
        return failed(f"This cannot be graded by the program: {fault}.", key=MANUAL)
    return failed(
        "Your code wrote where only results belong. Return the result, and leave files that are "
        "already open alone.",
        key="disturbed",
    )


@contextlib.contextmanager
def _readable(name: str, source: str) -> Iterator[Callable]:
    """A function with the student's signature and source, but with nothing in it that could run."""
    definition = ast.parse(source).body[0]
    hollow = ast.FunctionDef(
        name=name,
        args=_without_defaults(definition.args),
        body=[ast.Pass()],
        decorator_list=[],
        lineno=1,
        col_offset=0,
    )
    file = f"<submission {name}>"
    space: dict[str, Any] = {}
    tree = ast.fix_missing_locations(ast.Module([hollow], []))
    exec(compile(tree, file, "exec"), space)  # an empty function: nothing of the student's runs
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    try:
        yield space[name]
    finally:
        del linecache.cache[file]


def _without_defaults(arguments: ast.arguments) -> ast.arguments:
    """The same parameters; every default is None."""
    plain = ast.parse(ast.unparse(ast.Lambda(arguments, ast.Constant(0))), mode="eval").body.args
    nothing = ast.Constant(None)
    plain.defaults = [nothing] * len(plain.defaults)
    plain.kw_defaults = [nothing if default else None for default in plain.kw_defaults]
    return plain


# ------------------------------------------------------------------ a folder
def find(folder: Path) -> dict[str, Path]:
    """The notebooks of a folder and its subfolders, by the name of the student.

    Raises:
        FileNotFoundError: If there is none.
    """
    if folder.is_file():
        return {folder.stem: folder}
    files = [
        path
        for path in sorted(folder.rglob("*.ipynb"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if not files:
        raise FileNotFoundError(f"There is no notebook (*.ipynb) in {folder}.")
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}


def write(graded: list[Graded], names: list[str], out: Path, gradescope: bool = False) -> None:
    """Write ``results.csv``, the pages of feedback, and, if asked, Gradescope's files."""
    (out / "feedback").mkdir(parents=True, exist_ok=True)
    with open(out / "results.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["student", "points", "of", *names, "tries", "seconds"])
        for one in graded:
            cells = [_cell(one.results[name]) for name in names]
            tries = sum(one.tries.values())
            row = [one.student, one.points, len(names), *cells, tries, f"{one.seconds:.1f}"]
            table.writerow([_harmless(value) for value in row])
    for one, name in zip(graded, _file_names(graded), strict=True):
        page = out / "feedback" / f"{name}.html"
        page.write_text(_feedback(one, names), encoding="utf-8")
        if gradescope:
            file = out / "gradescope" / f"{name}.json"
            file.parent.mkdir(exist_ok=True)
            file.write_text(json.dumps(_gradescope(one, names), indent=1), encoding="utf-8")


def _cell(result: Result) -> str:
    return f"{result.status} ({result.misconception})" if result.misconception else result.status


def _harmless(value: Any) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _file_names(graded: list[Graded]) -> list[str]:
    """A file name for each student: no folders, no odd characters, none twice."""
    seen: Counter[str] = Counter()
    names = []
    for one in graded:
        name = re.sub(r"[^\w.-]+", "_", one.student).strip("._") or "student"
        seen[name.lower()] += 1
        again = seen[name.lower()]
        names.append(name if again == 1 else f"{name}_{again}")
    return names


def _feedback(one: Graded, names: list[str]) -> str:
    student = html.escape(one.student)
    boxes = []
    for name in names:
        title = html.escape(REGISTRY[name].title)
        boxes.append(f"<section><h2>{title}</h2>{render.result_html(one.results[name])}</section>")
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{student}</title>{render.STYLE}"
        "<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;"
        "max-width:44rem;margin:2rem auto;padding:0 1rem}h2{font-size:1.05rem;margin:1.6rem 0 0}"
        "code{overflow-wrap:anywhere}</style>"
        f"<h1>{student}</h1><p>{one.points} of {len(names)} exercises are correct.</p>"
        f"{''.join(boxes)}</html>\n"
    )


def _gradescope(one: Graded, names: list[str]) -> dict[str, Any]:
    tests = [
        {
            "name": f"{REGISTRY[name].title} ({name})",
            "score": float(one.results[name].status is Status.CORRECT),
            "max_score": 1.0,
            "output": render.result_text(one.results[name]),
            "visibility": "visible",
        }
        for name in names
    ]
    return {"tests": tests, "execution_time": round(one.seconds)}


def write_otter(names: list[str], folder: Path) -> None:
    """Test files for otter-grader: one for each exercise."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.py").write_text(_OTTER.format(id=name, points=1), encoding="utf-8")


# ------------------------------------------------------------------ the command
def choose(wanted: list[str]) -> list[str]:
    """The exercises of these names or chapters; all when none is given.

    Raises:
        UnknownExercise: If one of them is neither.
    """
    chosen = [e.id for e in REGISTRY.values() if not wanted or {e.id, e.chapter} & set(wanted)]
    chapters = {e.chapter for e in REGISTRY.values()}
    for name in wanted:
        if name not in chapters:
            get(name)
    return chosen


def main(arguments: list[str] | None = None) -> int:
    """Grade from the command line; 1 if nothing could be graded."""
    parser = argparse.ArgumentParser(
        prog="python -m lecture_utils.exercises.grade",
        description=inspect.getdoc(sys.modules[__name__]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("submissions", type=Path, nargs="?", help="a folder of notebooks, or one notebook")
    add("--out", type=Path, default=Path("graded"), help="where the results go (graded)")
    add("--only", nargs="+", default=[], metavar="NAME", help="exercises or chapters; else all")
    add("--seed", type=int, help="of the test inputs; by default a secret one, which is printed")
    add("--jobs", type=int, default=2, help="students at a time (2)")
    add("--memory", type=float, default=2.0, metavar="GB", help="for one function (2)")
    add("--gradescope", action="store_true", help="also write Gradescope's results")
    add("--otter", type=Path, metavar="FOLDER", help="write otter's test files there instead")
    add("--no-isolation", action="store_true", help="trust the notebooks, or the machine is a box")
    options = parser.parse_args(arguments)
    try:
        names = choose(options.only)
    except UnknownExercise as error:
        parser.error(str(error))
    if options.otter:
        write_otter(names, options.otter)
        print(f"{len(names)} test files are in {options.otter}.")
        return 0
    if options.submissions is None:
        parser.error("which submissions? Name a folder of notebooks.")
    try:
        files = find(options.submissions)
        if not options.no_isolation:
            sandbox.require_isolation()
    except (OSError, sandbox.NoIsolation) as error:
        print(error, file=sys.stderr)
        return 1
    seed = options.seed if options.seed is not None else secrets.randbelow(2**31)
    limits = sandbox.Limits(memory=int(options.memory * 1e9))
    settings = Settings(seed, not options.no_isolation, limits)
    walls = "no isolation" if options.no_isolation else "a sandbox for each function"
    print(f"{len(files)} notebooks, {len(names)} exercises; {walls}; seed {seed}")
    graded = list(_all(files, names, settings, max(1, options.jobs)))
    write(graded, names, options.out, options.gradescope)
    for name in names:
        counts = Counter(str(one.results[name].status) for one in graded)
        print(f"  {name:24} " + ", ".join(f"{n} {status}" for status, n in counts.most_common()))
    print(f"Results: {options.out / 'results.csv'}")
    return 0


def _all(
    files: dict[str, Path], names: list[str], settings: Settings, jobs: int
) -> Iterator[Graded]:
    """Everybody's results, in order; several at a time."""
    tasks = [(path, student, names, settings) for student, path in files.items()]
    if jobs == 1 or len(tasks) == 1:
        results: Any = (grade(*task) for task in tasks)
        yield from _shown(results)
        return
    import multiprocessing

    # A new Python for each: torch does not survive a fork.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        yield from _shown(pool.map(grade, *zip(*tasks, strict=True)))


def _shown(results: Iterator[Graded]) -> Iterator[Graded]:
    for one in results:
        print(f"  {one.student:32} {one.points:3}  {one.seconds:6.1f} s", flush=True)
        yield one


if __name__ == "__main__":
    sys.exit(main())
