"""Exercises that answer: ``check``, ``hint``, ``solution``, ``quiz``, ``use``, ``progress``.

    check(sequence_logprob)             # the verdict on your function; never raises
    check("ordering", answer="c")       # the verdict on your answer
    hint("sequence_logprob")            # the next hint each time
    solution("sequence_logprob")        # after a try
    quiz("ordering")                    # a question that works without a kernel, too
    f = use(sequence_logprob)           # yours if it is right, else the book's
    progress("autoregressive")          # by chapter name or number

With ``LECTURE_STRICT=1`` everything but a correct answer raises, and so does a misspelled name.
"""

from __future__ import annotations

import difflib
import html
import inspect
from collections.abc import Callable
from typing import Any

from .. import environment
from .._display import plain, show
from . import render
from .bank import CHAPTERS, load
from .checking import check_in_a_copy
from .model import CodeExercise, Exercise, Result, Status
from .running import TimeUp
from .state import State
from .values import a

__all__ = [
    "REGISTRY",
    "ExerciseFailed",
    "UnknownExercise",
    "check",
    "get",
    "hint",
    "progress",
    "quiz",
    "solution",
    "use",
    "verdict",
]

REGISTRY: dict[str, Exercise] = load()
_state = State()
_last_checked: dict[str, tuple[Any, Result]] = {}
_NOTHING = inspect.Parameter.empty


class UnknownExercise(LookupError):
    """No exercise has this name."""


class ExerciseFailed(AssertionError):
    """In strict mode: the answer is not correct."""


def get(what: str | Callable) -> Exercise:
    """The exercise of a name, or of a function's name.

    Raises:
        UnknownExercise: With the nearest name, if there is one.
    """
    if what is _NOTHING:
        raise UnknownExercise('Which exercise? Give its name, as in hint("ordering").')
    name = what if isinstance(what, str) else getattr(what, "__name__", None)
    if name in REGISTRY:
        return REGISTRY[name]
    if name is None or name == "<lambda>":
        raise UnknownExercise(
            f"I cannot tell which exercise is meant by {_short(what)}. Give its name and the "
            'answer, as in check("ordering", answer="a") or check(my_function).'
        )
    near = difflib.get_close_matches(name, REGISTRY, 1, 0.5)
    advice = f" Did you mean {near[0]!r}?" if near else ""
    raise UnknownExercise(f"There is no exercise called {name!r}.{advice}")


def check(what: str | Callable = _NOTHING, answer: Any = _NOTHING) -> None:
    """Show the verdict on an answer.

    Args:
        what: Your function, or the name of an exercise.
        answer: A letter or a number, where `what` is a name; a function is fine as well.

    Raises:
        ExerciseFailed: Only with ``LECTURE_STRICT=1``, if the answer is not correct.
        UnknownExercise: Only with ``LECTURE_STRICT=1``, if there is no such exercise.
    """
    exercise = _find(what)
    if exercise is None:
        return
    if answer is _NOTHING:
        answer = None if isinstance(what, str) else what
    try:
        result = _misplaced(exercise, what, answer) or check_in_a_copy(exercise, answer)
    except (Exception, TimeUp) as error:
        if environment.strict():
            raise
        result = Result(
            exercise.id,
            Status.ERROR,
            f"The checker itself failed ({type(error).__name__}: {error}). This is not your "
            "fault; please report it.",
            misconception="checker",
        )
    record = _state.record(exercise.id)
    record.add(result.status, result.nats)
    _state.save(exercise.id)
    _last_checked[exercise.id] = answer, result
    footer = _next_step(exercise, result, record.hints)
    _show(
        render.result_text(result, footer),
        render.result_html(result, footer),
        "check",
        {
            "id": exercise.id,
            "status": str(result.status),
            "misconception": result.misconception,
            "tries": record.tries,
        },
    )
    if environment.strict() and result.status is not Status.CORRECT:
        raise ExerciseFailed(render.result_text(result))


def hint(what: str | Callable = _NOTHING) -> None:
    """Show the hints so far and one more."""
    exercise = _find(what)
    if exercise is None:
        return
    record = _state.record(exercise.id)
    total = len(exercise.hints)
    all_seen = record.hints == total
    record.hints = min(record.hints + 1, total)
    _state.save(exercise.id)
    lines = [
        f"Hint {i} of {total}: {text}"
        for i, text in enumerate(exercise.hints[: record.hints], start=1)
    ]
    if all_seen:
        lines.append(
            f'These are all. `solution("{exercise.id}")` shows the book\'s answer, after a try.'
        )
    _say(lines, "hint", {"id": exercise.id, "hints": record.hints})


def solution(what: str | Callable = _NOTHING) -> None:
    """Show the book's solution, once an answer has been tried."""
    exercise = _find(what)
    if exercise is None:
        return
    if not _state.record(exercise.id).tries:
        _say([f"Try `{exercise.id}` once first: then this shows the solution."], "solution")
        return
    source = exercise.solution_source()
    if isinstance(exercise, CodeExercise):
        _show(source, f"<pre><code>{html.escape(source)}</code></pre>", "solution")
    else:
        _say([source], "solution")


def quiz(what: str = _NOTHING) -> None:
    """Show a question that can be answered in the page, with or without a kernel."""
    exercise = _find(what)
    if exercise is None:
        return
    try:
        text, page = render.quiz_text(exercise), render.quiz_html(exercise)
    except TypeError as error:
        if _must_raise():
            raise
        _say([str(error)], "quiz")
        return
    _show(text, page, "quiz", {"id": exercise.id})


def use(function: Callable) -> Callable:
    """Your function if it is right, else the book's, so that the rest of the page runs.

    Raises:
        ExerciseFailed: Only with ``LECTURE_STRICT=1``, if the function is not right.
    """
    exercise = _find(function)
    if not isinstance(exercise, CodeExercise):
        return function
    checked, result = _last_checked.get(exercise.id, (None, None))
    if checked is function:
        status = result.status
    else:
        try:
            status = check_in_a_copy(exercise, function).status
        except Exception:
            if environment.strict():
                raise
            status = Status.ERROR
    if status is Status.CORRECT:
        return function
    why = {
        Status.NOT_ATTEMPTED: "is not written yet",
        Status.ERROR: "does not run",
        Status.WRONG: "is not right yet",
        Status.ALMOST: "is not quite right yet",
    }[status]
    if environment.strict():
        raise ExerciseFailed(f"{exercise.id}: yours {why}.")
    if not environment.static():
        _say([f"From here on the book's `{exercise.id}` is used, because yours {why}."], "use")
    return exercise.reference


def verdict(what: str | Callable, answer: Any = None) -> Result:
    """The verdict on an answer, for other programs: nothing is shown, counted or raised.

    Args:
        what: Your function, or the name of an exercise.
        answer: A function, a letter or a number; when None, what was last given to `check`.

    Raises:
        UnknownExercise: If there is no such exercise.
    """
    exercise = get(what)
    if answer is None and isinstance(what, str):
        if exercise.id in _last_checked:
            return _last_checked[exercise.id][1]
    elif answer is None:
        answer = what
    return check_in_a_copy(exercise, answer)


def progress(chapter: str | int | None = None) -> None:
    """Show what has been solved, in one chapter (by name or number) or in all."""
    slug = CHAPTERS.get(chapter, chapter) if isinstance(chapter, int) else chapter
    chosen = [e for e in REGISTRY.values() if slug in (None, e.chapter)]
    if not chosen:
        names = ", ".join(f"{name!r} ({n})" for n, name in CHAPTERS.items())
        message = f"There are no exercises of chapter {chapter!r}. There are: {names}."
        if environment.strict():
            raise UnknownExercise(message)
        _say([message], "progress")
        return
    rows = [(exercise, _state.record(exercise.id)) for exercise in chosen]
    solved = sum(record.solved for _, record in rows)
    head = f"{solved} of {len(rows)} exercises solved"
    predictions = [record for exercise, record in rows if exercise.kind == "predict"]
    made = [record for record in predictions if record.tries]
    if made:
        hits = sum(record.first == Status.CORRECT for record in made)
        head += f"; {hits} of {len(made)} predictions right at the first try"
    lost = [record.nats for record in made if record.nats >= 0]
    if lost:
        head += f"; forecasts lost {sum(lost) / len(lost):.2g} nats each time on average"
    lines = [f"{head}."]
    body = ""
    for exercise, record in rows:
        status = Status.CORRECT if record.solved else Status(record.status)
        word = f"{render.SYMBOLS[status]} {render.WORDS[status]}"
        used = f"tries {record.tries}, hints {record.hints}"
        lines.append(f"  {word:16} {exercise.id:22} {used}")
        body += (
            f'<tr><th scope="row">{html.escape(exercise.title)} <code>{exercise.id}</code></th>'
            f"<td>{word}</td><td>{record.tries}</td><td>{record.hints}</td></tr>"
        )
    heads = "".join(
        f'<th scope="col">{name}</th>' for name in ("Exercise", "State", "Tries", "Hints")
    )
    page = (
        f"<p><b>{head}.</b></p>"
        f'<table class="ck-progress"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
    )
    _show("\n".join(lines), page, "progress", {"solved": solved, "exercises": len(rows)})


# ------------------------------------------------------------------ helpers
def _find(what: str | Callable) -> Exercise | None:
    """The exercise; or a message (strict runs and builds: an error) and None."""
    try:
        return get(what)
    except UnknownExercise as error:
        if _must_raise():
            raise
        _say([str(error)], "unknown")
        return None


def _misplaced(exercise: Exercise, what: str | Callable, answer: Any) -> Result | None:
    """An `answer` beside a function."""
    if isinstance(what, str) or answer is what or not isinstance(exercise, CodeExercise):
        return None
    return Result(
        exercise.id,
        Status.NOT_ATTEMPTED,
        f"To check your function leave out `answer=`: `check({exercise.id})`.",
        misconception="unreadable",
    )


def _must_raise() -> bool:
    return environment.strict() or environment.static()


def _next_step(exercise: Exercise, result: Result, hints: int) -> str:
    if result.status in (Status.NOT_ATTEMPTED, Status.CORRECT) or hints >= len(exercise.hints):
        return ""
    left = len(exercise.hints) - hints
    return f'Stuck? `hint("{exercise.id}")` shows a hint ({left} left).'


def _say(lines: list[str], kind: str, data: dict[str, Any] | None = None) -> None:
    text = "\n".join(plain(line) for line in lines)
    _show(text, "".join(render.note_html(line) for line in lines), kind, data)


def _show(text: str, page: str, kind: str, data: dict[str, Any] | None = None) -> None:
    # The book has its own style sheet; a notebook gets a modest one with each output.
    show(text, page if environment.static() else render.STYLE + page, kind, data)


def _short(value: Any) -> str:
    return a(type(value).__name__) if not callable(value) else "a function without a name"
