"""Check one answer: attempted? runs? returns the right thing? right values? keeps the contract?"""

from __future__ import annotations

import ast
import contextlib
import inspect
import linecache
import math
import sysconfig
import textwrap
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .arithmetic import NotANumber, read_number
from .diagnosis import Diagnosis, Outcome, diagnose
from .model import (
    CLOSE,
    NEARLY,
    OWN_DICE,
    PERCENTAGE,
    Case,
    ChoiceExercise,
    CodeExercise,
    Exercise,
    NumberExercise,
    Result,
    Status,
    forecast_words,
)
from .running import (
    COPY_SECONDS,
    CopyDied,
    NoCopy,
    Printed,
    Stopwatch,
    TimeUp,
    accelerators_in_use,
    in_a_copy,
    isolated,
    seed_all,
)
from .values import (
    a,
    as_tensor,
    clone,
    describe,
    describe_difference,
    differs,
    map_tensors,
    nearly_same,
    number,
    returned,
    tensors_in,
)

_BLANK = (None, ..., "", "?")
_OURS = str(Path(__file__).parent)
_LIBRARIES = (
    _OURS,
    str(Path(torch.__file__).parent),
    sysconfig.get_paths()["stdlib"],
)


def check_answer(
    exercise: Exercise, answer: Any, seed: int | None = None, *, patience: float = 1.0
) -> Result:
    """The verdict on an answer: a function, a letter or a number.

    Args:
        exercise: The exercise.
        answer: What the student gave.
        seed: Seed of the random test inputs; by default the exercise's own.
        patience: Stretches the time limits, for code that runs far away.
    """
    if isinstance(exercise, CodeExercise):
        seed = exercise.seed if seed is None else seed
        return _check_code(exercise, answer, seed, patience)
    if _is_blank(answer):
        words = "the letter of your choice" if isinstance(exercise, ChoiceExercise) else "a number"
        return Result(
            exercise.id,
            Status.NOT_ATTEMPTED,
            f"Put {words} in place of the `?`. A guess is fine: you will see why.",
        )
    if isinstance(exercise, ChoiceExercise):
        return _check_choice(exercise, answer)
    return _check_number(exercise, answer)


def check_in_a_copy(exercise: Exercise, answer: Any) -> Result:
    """As `check_answer`, and it ends in time whatever a student's function does.

    The function runs in a copy of the process where the system can make one. A copy cannot use an
    accelerator that is in use already, so an error there says nothing: it is tried again here.
    """
    from .contract import get_ready

    if not isinstance(exercise, CodeExercise) or not_attempted(exercise, answer):
        return check_answer(exercise, answer)
    start = time.monotonic()
    if exercise.check_device:
        get_ready()  # what a copy loads is gone with it
    seconds = max(COPY_SECONDS - (time.monotonic() - start), COPY_SECONDS / 2)
    try:
        result = in_a_copy(lambda: check_answer(exercise, answer), seconds)
    except NoCopy:
        return check_answer(exercise, answer)
    except TimeUp:
        return Result(
            exercise.id,
            Status.ERROR,
            f"Stopped after {seconds:.1f} s. Is there a loop, a sum or a sort over something huge?",
            misconception="timeout",
        )
    except CopyDied:
        return Result(
            exercise.id,
            Status.ERROR,
            "Your code ended Python itself, or used up the memory. Your notebook goes on: the "
            "check ran your code in a copy.",
            misconception="exit",
        )
    if result.status is Status.ERROR and accelerators_in_use():
        return check_answer(exercise, answer)
    return result


def _is_blank(answer: Any) -> bool:
    return answer is None or answer is ... or (isinstance(answer, str) and answer.strip() in _BLANK)


# ------------------------------------------------------------------ questions
def _check_choice(exercise: ChoiceExercise, answer: Any) -> Result:
    letter = str(answer).strip().lower().strip("().") if isinstance(answer, str) else ""
    option = exercise.lettered.get(letter)
    if option is None:
        letters = ", ".join(exercise.lettered)
        return _unreadable(
            exercise,
            f"`{describe(answer)}` is not one of the options. Please answer with one of {letters}.",
        )
    if option.right:
        return Result(exercise.id, Status.CORRECT, option.feedback)
    return Result(exercise.id, Status.WRONG, option.feedback, misconception=letter)


def _unreadable(exercise: Exercise, headline: str) -> Result:
    """What cannot be read is no attempt."""
    return Result(
        exercise.id,
        Status.NOT_ATTEMPTED,
        headline,
        ["This did not count as a try."],
        misconception="unreadable",
    )


def same_number(x: float, y: float, rtol: float) -> bool:
    """Whether two numbers are the same up to rounding; infinities only equal themselves."""
    return x == y or (math.isfinite(x) and math.isclose(x, y, rel_tol=rtol, abs_tol=1e-9))


def _check_number(exercise: NumberExercise, answer: Any) -> Result:
    try:
        value = read_number(answer)
    except NotANumber as problem:
        return _unreadable(exercise, str(problem))
    nats = exercise.forecast_cost(value)

    def result(status: Status, headline: str, key: str | None = None) -> Result:
        said = []
        if nats is not None and status is not Status.CORRECT:
            said = forecast_words(nats)
        return Result(exercise.id, status, headline, said, key, nats=nats)

    if same_number(value, exercise.truth, exercise.rtol):
        return result(Status.CORRECT, f"It is {exercise.written}. {exercise.because}")
    for wrong in exercise.wrong:
        if same_number(value, wrong.value, exercise.rtol):
            return result(Status.WRONG, wrong.feedback, wrong.key)
    if exercise.probability and same_number(value, 100 * exercise.truth, exercise.rtol):
        return result(
            Status.WRONG,
            "The right number, but as a percentage: give a probability between 0 and 1.",
            "percent",
        )
    if exercise.probability and 1 < value <= 100:
        return result(Status.WRONG, PERCENTAGE, "percentage")
    if same_number(value, exercise.truth, NEARLY):
        return result(Status.WRONG, CLOSE, "close")
    word = "large" if value > exercise.truth else "small"
    return result(Status.WRONG, f"Not yet: {number(value)} is too {word}.", f"too-{word}")


# ------------------------------------------------------------------ code
class Stop(Exception):
    """Ends a check early with its verdict."""

    def __init__(self, result: Result):
        super().__init__(result.headline)
        self.result = result


def _check_code(exercise: CodeExercise, function: Any, seed: int, patience: float) -> Result:
    if (blank := not_attempted(exercise, function)) is not None:
        return blank
    with isolated(), Stopwatch(patience) as watch:
        attempt = Attempt(exercise, function, seed, watch)
        try:
            result = attempt.check()
        except Stop as stop:
            result = stop.result
    if attempt.printed.text.strip() and result.status is not Status.CORRECT:
        lines = attempt.printed.text.strip().splitlines()
        shown = " | ".join(line.replace("`", "'") for line in lines[:3])
        result.details.append(f"Your code printed: `{shown}`" + (" …" if len(lines) > 3 else ""))
    return result


class Attempt:
    """One check of one function: runs it on the test inputs and judges what comes back."""

    def __init__(self, exercise: CodeExercise, function: Callable, seed: int, watch: Stopwatch):
        self.exercise = exercise
        self.function = function
        self.watch = watch
        self.seed = seed
        self.printed = Printed()
        seed_all(seed)
        self.cases = exercise.cases(torch.Generator().manual_seed(seed))

    def check(self) -> Result:
        """The verdict.

        Raises:
            Stop: With the verdict, where nothing more can be checked.
        """
        from .contract import check_contract

        self._fits_signature()
        outcomes: list[Outcome] = []
        remark: Diagnosis | None = None
        later = ""
        for case in self.cases:
            try:
                outcome, detail = self._outcome(case)
            except Stop as stop:
                if not self._wrong(outcomes):
                    raise
                later = f"On a later input ({case.note}): {stop.result.headline}"
                break
            outcomes.append(outcome)
            remark = remark or detail
        bad = self._wrong(outcomes)
        if bad and not (remark and all(self._nearly_right(outcome) for outcome in bad)):
            found = self._own_dice(outcomes) or diagnose(self.exercise, outcomes, self._run_wrong)
            self.stop(
                Status.ALMOST if found.almost and not later else Status.WRONG,
                found.message,
                *self._counterexample(found.outcome or bad[0]),
                later,
                key=found.key,
            )
        if remark:
            self.stop(Status.ALMOST, remark.message, key=remark.key)
        done = [f"right on all {len(outcomes)} test inputs, and it leaves them unchanged"]
        done += check_contract(self)
        return Result(self.exercise.id, Status.CORRECT, "Well done.", checks=done)

    # -------------------------------------------------------------- running
    def stop(self, status: Status, headline: str, *details: str, key: str | None = None) -> None:
        """End the check.

        Raises:
            Stop: Always.
        """
        details = [detail for detail in details if detail]
        raise Stop(Result(self.exercise.id, status, headline, details, key))

    def reference(self, args: tuple, seed: int | None = None) -> tuple[Tensor, ...]:
        """What the book's solution gives for these arguments, as a tuple of tensors."""
        seed_all(self.seed if seed is None else seed)
        return _as_tuple(self.exercise.call(self.exercise.reference, clone(args)))

    def student(self, call: Callable[[], Any], case: Case, when: str = "") -> Any:
        """Run the student's code.

        Args:
            call: Calls the student's function.
            case: The test input, for the message.
            when: What is special about this run, such as "for float32 inputs".

        Raises:
            Stop: The code raised, took too long, or is a stub.
        """
        status = Status.ALMOST if when else Status.ERROR
        seed_all(self.seed)
        try:
            with contextlib.redirect_stdout(self.printed):
                return self.watch.run(call)
        except KeyboardInterrupt:
            raise
        except NotImplementedError as error:
            if _raised_by_stub(error, self.function):
                self.stop(
                    Status.NOT_ATTEMPTED,
                    "Still a stub: put your code in place of `raise NotImplementedError`.",
                )
            self._crashed(error, case, status, when)
        except TimeUp:
            self._too_slow(case, status)
        except BaseException as error:  # whatever a student's code can raise is the student's
            self._crashed(error, case, status, when)

    def _too_slow(self, case: Case, status: Status) -> None:
        input_line = f"Input ({case.note}): `{describe(case.args)}`"
        if self.watch.seconds_left > 0:
            self.stop(
                status,
                f"Stopped after {self.watch.call_seconds:g} s. Is there a loop that never ends?",
                input_line,
                key="timeout",
            )
        self.stop(
            status,
            f"Too slow: all test inputs together took more than {self.watch.total_seconds:g} s. "
            "Can one tensor operation replace a loop over single numbers?",
            input_line,
            key="slow",
        )

    def _crashed(self, error: BaseException, case: Case, status: Status, when: str) -> None:
        if (line := _left_open(self.function)) is not None:
            self.stop(
                Status.NOT_ATTEMPTED,
                f"There is still a `...` to fill in (line {line} of your function).",
            )
        first = _first_line(error)
        name = type(error).__name__
        headline = f"Your code stopped with `{name}`" + (f": {first}" if first else ".")
        if when:
            headline = f"The values are right, but {when} your code stops with `{name}`: {first}"
        self.stop(
            status,
            headline,
            _where(error),
            f"Input ({case.note}): `{describe(case.args)}`",
            _advice(error),
            key="exception" if not when else "exception-later",
        )

    def _run_wrong(self, solve: Callable, case: Case) -> tuple[Tensor, ...] | None:
        seed_all(self.seed)
        try:
            return _as_tuple(self.exercise.call(solve, clone(case.args)))
        except Exception:  # a wrong solution may fail on some inputs
            return None

    def _own_dice(self, outcomes: list[Outcome]) -> Diagnosis | None:
        """Whether other random numbers change the result, where the reference needs none."""
        largest = max(outcomes, key=lambda outcome: sum(x.numel() for x in outcome.got))
        args = largest.case.args
        if not _equal(largest.expected, self.reference(args, self.seed + 1)):
            return None
        seed_all(self.seed + 1)
        try:
            with contextlib.redirect_stdout(self.printed):
                value = self.watch.run(lambda: self.exercise.call(self.function, clone(args)))
            again = tuple(map(as_tensor, returned(value, len(largest.expected))))
        except KeyboardInterrupt:
            raise
        except BaseException:  # it ran before: what goes wrong now is a matter of chance, too
            again = ()
        if _equal(largest.got, again):
            return None
        known = [wrong.feedback for wrong in self.exercise.wrong if wrong.key == OWN_DICE]
        general = (
            "Your code rolls its own dice: the same input twice gives two results. The result "
            "must follow from the arguments alone."
        )
        return Diagnosis(OWN_DICE, known[0] if known else general)

    def _fits_signature(self) -> None:
        try:
            signature = inspect.signature(self.function)
        except (TypeError, ValueError):
            return
        wanted = self.exercise.parameters
        try:
            signature.bind(*wanted)
        except TypeError:
            self.stop(
                Status.ERROR,
                f"Your function takes {signature}, but it is called as "
                f"`{self.exercise.id}({', '.join(wanted)})`.",
                key="signature",
            )

    # -------------------------------------------------------------- judging
    def _wrong(self, outcomes: list[Outcome]) -> list[Outcome]:
        return [outcome for outcome in outcomes if not outcome.right(self.exercise)]

    @staticmethod
    def _nearly_right(outcome: Outcome) -> bool:
        """Right but for the rounding of a lower precision."""
        return all(map(nearly_same, outcome.got, outcome.expected))

    def _outcome(self, case: Case) -> tuple[Outcome, Diagnosis | None]:
        """What the student's function gives for a case, and a remark on its type."""
        args, before = clone(case.args), clone(case.args)
        modules = _module_states(args)
        value = self.student(lambda: self.exercise.call(self.function, args), case)
        if value is None or value is ... or value is NotImplemented:
            self._nothing_returned()
        self._inputs_kept(case, before, args)
        self._modules_kept(modules, _module_states(args))
        expected = self.reference(case.args)
        values = returned(value, len(expected))
        if len(values) != len(expected):
            self.stop(
                Status.WRONG,
                f"Your function returns {_count(len(values))}; expected {self.exercise.returns}.",
                key="arity",
            )
        tensors, remark = [], None
        for item, wanted in zip(values, expected, strict=True):
            tensor = as_tensor(item)
            if tensor is None or isinstance(item, str):
                self.stop(
                    Status.WRONG,
                    f"Your function returns {a(type(item).__name__)}; "
                    f"expected {self.exercise.returns}.",
                    key="type",
                )
            remark = remark or self._type_remark(item, tensor, wanted)
            tensors.append(tensor)
        plain = any(
            _is_python_number(item) and wanted.dim()
            for item, wanted in zip(values, expected, strict=True)
        )
        return Outcome(case, expected, tuple(tensors), plain), remark

    def _nothing_returned(self) -> None:
        left_open = _left_open(self.function) is not None
        if left_open or (_is_empty(self.function) and not self.exercise.given):
            self.stop(
                Status.NOT_ATTEMPTED,
                "Put your code in place of the `...`, then run this cell again.",
            )
        self.stop(
            Status.WRONG,
            "Your function returns nothing (`None`). Did you forget `return`?",
            key="no-return",
        )

    def _type_remark(self, item: Any, tensor: Tensor, wanted: Tensor) -> Diagnosis | None:
        if not isinstance(item, Tensor):
            if isinstance(item, (np.ndarray, np.generic)):
                return Diagnosis(
                    "type",
                    "The values are right, but they are in NumPy; expected a torch tensor: stay "
                    "with torch functions.",
                    almost=True,
                )
            if wanted.dim() == 0 and isinstance(item, (int, float)):
                return (
                    None
                    if not self.exercise.grad_args
                    else Diagnosis(
                        "type",
                        "The values are right, but you return a Python number: no gradient can "
                        "flow through it. Return a tensor.",
                        almost=True,
                    )
                )
            return Diagnosis(
                "type",
                f"The values are right, but you return {a(type(item).__name__)}; "
                f"expected {self.exercise.returns}.",
                almost=True,
            )
        if tensor.dtype != wanted.dtype and not self.exercise.any_dtype:
            like = self._float_argument()
            why = (
                "Is a precision written into your code, as in `.float()`, or left out where a "
                f"tensor is made? `torch.zeros(…, dtype={like}.dtype)` takes that of the input."
                if tensor.is_floating_point()
                else f"`.to({like}.dtype)` changes it."
            )
            return Diagnosis(
                "dtype",
                f"The values are right, but their type is `{tensor.dtype}` instead of "
                f"`{wanted.dtype}`. {why}",
                almost=True,
            )
        return None

    def _float_argument(self) -> str:
        """Name of the first argument with numbers of a precision."""
        names = zip(self.exercise.parameters, self.cases[0].args, strict=False)
        return next(
            (name for name, x in names if any(t.is_floating_point() for t in tensors_in(x))), "x"
        )

    def _inputs_kept(self, case: Case, before: tuple, after: tuple) -> None:
        for name, old, new in zip(self.exercise.parameters, before, after, strict=False):
            if _same(old, new):
                continue
            if _same(*(map_tensors(Tensor.detach, x) for x in (old, new))):
                self.stop(
                    Status.WRONG,
                    f"Your function leaves a mark on its input `{name}`: whether gradients are "
                    "recorded for it (`requires_grad`). Whoever calls it pays for that.",
                    "Work on a copy, such as `x = x.detach().clone()`, before `requires_grad_()`.",
                    key="in-place",
                )
            else:
                self.stop(
                    Status.WRONG,
                    f"Your function changes its input `{name}` in place: whoever calls it finds "
                    "other numbers afterwards.",
                    "Avoid `x += …`, `x[…] = …` and methods ending in `_` on arguments; "
                    "make a new tensor.",
                    key="in-place",
                )

    def _modules_kept(self, before: list[_ModuleState], after: list[_ModuleState]) -> None:
        for old, new in zip(before, after, strict=True):
            if old.modes != new.modes:
                message = "Your function leaves the network in another mode (train or eval)."
                key = "mode-switched"
            elif old.frozen != new.frozen:
                message = (
                    "Your function leaves parameters frozen (`requires_grad`): the next training "
                    "step would not change them."
                )
                key = "frozen"
            elif self.exercise.keeps_weights and not _same(old.weights, new.weights):
                message = "Your function changes the weights of the network."
                key = "weights-changed"
            else:
                continue
            self.stop(Status.WRONG, message, "Put back what you change.", key=key)

    def _counterexample(self, outcome: Outcome) -> list[str]:
        """The smallest failing input with the expected and the given result."""
        case = outcome.case
        lines = [f"Input ({case.note}): `{describe(case.args)}`"]
        names = self.exercise.observed or [""] * len(outcome.got)
        for name, got, expected in zip(names, outcome.got, outcome.expected, strict=True):
            what = f"{name[0].upper()}{name[1:]}: " if name else ""
            if got.shape != expected.shape:
                lines.append(
                    f"{what}Expected shape `{list(expected.shape)}`: `{describe(expected)}`, "
                    f"got shape `{list(got.shape)}`: `{describe(got)}`"
                )
                break
            bad = differs(got, expected, self.exercise.rtol, self.exercise.atol)
            if bad.any():
                lines.append(what + describe_difference(expected, got, bad))
                break
        return lines


# ------------------------------------------------------------------ was anything written?
def not_attempted(exercise: CodeExercise, function: Any) -> Result | None:
    """The verdict on what is no attempt, from looking at it alone; else None."""

    def result(headline: str, status: Status = Status.NOT_ATTEMPTED) -> Result:
        return Result(exercise.id, status, headline)

    if _is_blank(function):
        return result("Write the function first, then run this cell again.")
    if not callable(function):
        return Result(
            exercise.id,
            Status.WRONG,
            f"`{exercise.id}` should be a function, but it is {a(type(function).__name__)}. "
            f"Write it and run `check({exercise.id})`, without `answer=`.",
            misconception="not-a-function",
        )
    if _is_empty(function):
        if exercise.given:
            return result(
                "Your function returns nothing (`None`). Begin with the code as it was given; one "
                "change repairs it."
            )
        return result("Put your code in place of the `...`, then run this cell again.")
    body = _body(function)
    if exercise.given and body is not None:
        given = ast.parse(exercise.starter).body[-1]
        if _dump(body) == _dump(_without_docstring(given)):
            return result("The code is as it was given. Find the bug, change it, run this again.")
    return None


def _body(function: Callable) -> list[ast.stmt] | None:
    """The statements of a function without its docstring; None where the source is not known."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == getattr(function, "__name__", None):
            return _without_docstring(node)
    return None


def _without_docstring(function: Any) -> list[ast.stmt]:
    return function.body[ast.get_docstring(function) is not None :]


def _dump(statements: list[ast.stmt]) -> list[str]:
    return [ast.dump(statement) for statement in statements]


def _is_ellipsis(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _is_empty(function: Callable) -> bool:
    """Whether nothing but ``...``, ``pass`` or ``return None`` was written."""
    body = _body(function)
    if body is None:
        code = getattr(function, "__code__", None)
        return code is not None and code.co_code in _EMPTY_CODE and code.co_consts[-1] is None
    return all(
        isinstance(statement, ast.Pass)
        or (
            isinstance(statement, (ast.Expr, ast.Return))
            and (
                statement.value is None
                or _is_ellipsis(statement.value)
                or (isinstance(statement.value, ast.Constant) and statement.value.value is None)
            )
        )
        for statement in body
    )


def _stub() -> None: ...


def _documented_stub() -> None:
    """What an unwritten function looks like where its source is not known."""


_EMPTY_CODE = (_stub.__code__.co_code, _documented_stub.__code__.co_code)


def _left_open(function: Callable) -> int | None:
    """The line (in the function) of a ``...`` that still waits for code; ``x[..., 0]`` is none."""
    for statement in _body(function) or []:
        for node in ast.walk(statement):
            if isinstance(
                node, (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return)
            ) and _is_ellipsis(node.value):
                return node.lineno
    return None


def _raised_by_stub(error: BaseException, function: Callable) -> bool:
    if hasattr(error, "elsewhere"):
        return error.elsewhere[1] == getattr(function, "__name__", None)
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].name == getattr(function, "__name__", None)


# ------------------------------------------------------------------ words for errors
def _where(error: BaseException) -> str:
    """The student's own line: the innermost one outside of libraries and of this package."""
    if hasattr(error, "elsewhere"):  # it was raised in another process, and comes with its place
        line, name, code = error.elsewhere
        return f"In line {line} of `{name}`" + (f": `{code}`" if code else "") if line else ""
    own = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        if not name.startswith(_LIBRARIES) and "site-packages" not in name:
            own.append((frame, line))
    if not own:
        return ""
    frame, line = own[-1]
    function = frame.f_code
    while len(own) > 1 and function.co_name.startswith("<"):  # a generator inside a function
        own.pop()
        function = own[-1][0].f_code
    code = linecache.getline(frame.f_code.co_filename, line, frame.f_globals).strip()
    where = f"line {line - function.co_firstlineno + 1} of `{function.co_name}`"
    return f"In {where}: `{code}`" if code else f"In {where}"


def _first_line(error: BaseException) -> str:
    try:
        return (str(error).strip().splitlines() or [""])[0][:200]
    except Exception:  # an exception of the student's own may not even have a text
        return ""


def _advice(error: BaseException) -> str:
    text = _first_line(error).lower()
    if isinstance(error, NameError):
        return "Is the name spelled right, and did you run the cell that defines or imports it?"
    if "torch.return_types" in text:
        return (
            "Over an axis `max`, `min`, `sort` and `median` return values *and* places: take "
            "`.values`."
        )
    if "ambiguous" in text:
        return (
            "Several truth values are not one truth value. Do you mean `.any()`, `.all()`, or a "
            "choice for each place, `torch.where(…)`?"
        )
    if "bool tensor" in text and "is not supported" in text:
        return "Make the truth values numbers first, `mask.to(x.dtype)`, or use `torch.where(…)`."
    if "unexpected keyword argument 'axis'" in text:
        return "The inputs are torch tensors: use `x.sum(-1)` or `torch.…` in place of `np.…`."
    if isinstance(error, AttributeError):
        return "Is it the kind of object you expect? `print(type(…))` shows it."
    if isinstance(error, RecursionError):
        return "The function calls itself without an end."
    if isinstance(error, SystemExit):
        return "`exit()` has no place in a function that others call."
    if "must be tensor, not" in text:
        return (
            "Functions of torch take tensors. For a plain number there is `math`, as in "
            "`math.log(2)`."
        )
    if isinstance(error, OverflowError) or "math range error" in text:
        return "A number is too large for floating point, as exp(1000) is. Stay with the logs."
    if "converted to scalar" in text or "converted to python scalar" in text:
        return (
            "`.item()`, `float()` and the functions of `math` take a single number; those of "
            "torch take a whole tensor."
        )
    if "to satisfy the constraint" in text:
        return (
            "A parameter of the distribution has a value that it cannot have. Which values are "
            "allowed, and what is it for this input?"
        )
    if "does not require grad" in text or "do not require grad" in text:
        return (
            "A gradient is asked for, but none was recorded on the way. Which tensor has to say, "
            "beforehand, that its gradient is wanted?"
        )
    if "only for scalar outputs" in text:
        return "A gradient starts from a single number. What single number do you mean here?"
    if "in-place operation" in text:
        return "Make a new tensor, as in `x = x + …`, instead of changing one: `x += …`."
    if "out of bounds" in text or "out of range" in text:
        return "An index points past the end. Does your counting begin at 0 or at 1?"
    if "must match" in text or "size" in text or "shape" in text or isinstance(error, IndexError):
        return "Print the shapes at this line: which axis do you mean?"
    if "dtype" in text or "scalar type" in text or "int64" in text:
        return "Print the `dtype` of both sides at this line."
    return ""


def _count(n: int) -> str:
    return "one value" if n == 1 else f"{n} values"


# ------------------------------------------------------------------ inputs before and after
class _ModuleState:
    """What a function must leave alone in a network."""

    def __init__(self, module: nn.Module):
        self.modes = [part.training for part in module.modules()]
        self.frozen = [parameter.requires_grad for parameter in module.parameters()]
        self.weights = clone({name: x.detach() for name, x in module.state_dict().items()})


def _module_states(args: tuple) -> list[_ModuleState]:
    return [_ModuleState(value) for value in args if isinstance(value, nn.Module)]


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, Tensor):
        return (
            isinstance(new, Tensor)
            and old.shape == new.shape
            and old.dtype == new.dtype
            and old.requires_grad == new.requires_grad
            and not differs(new.detach(), old.detach(), 0.0, 0.0).any()
        )
    if type(old) in (tuple, list):
        return len(old) == len(new) and all(map(_same, old, new))
    if type(old) is dict:
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    return True


def _as_tuple(value: Any) -> tuple[Tensor, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(torch.as_tensor(item).detach() for item in values)


def _is_python_number(item: Any) -> bool:
    return isinstance(item, (int, float, np.generic))


def _equal(these: tuple, those: tuple) -> bool:
    return len(these) == len(those) and all(map(_same, these, those))
