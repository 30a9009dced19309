"""What an exercise is: its kinds, its test inputs, its known wrong answers, and a verdict."""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import torch


class Status(StrEnum):
    """The five things a check can say."""

    NOT_ATTEMPTED = "not attempted"
    ERROR = "error"
    WRONG = "wrong"
    ALMOST = "almost"
    CORRECT = "correct"


OWN_DICE = "own-dice"


@dataclass(frozen=True)
class Wrong:
    """A wrong solution that people really write, and what to tell them.

    Attributes:
        key: Short name of the misconception; several solutions may share one.
        solve: The wrong solution itself. A check that meets the same outputs knows the mistake,
            and the audit proves that the solution is rejected under this name. The key
            `OWN_DICE` stands for everything that draws random numbers of its own.
        feedback: Names the misconception and the next thought, never the answer.
    """

    key: str
    solve: Callable
    feedback: str


@dataclass(frozen=True)
class Case:
    """One test input.

    Attributes:
        args: The arguments; tensors are float64 on the CPU.
        note: Why this input is interesting, in words the student sees.
        smooth: False where the gradient is not defined or not asked for.
    """

    args: tuple
    note: str = ""
    smooth: bool = True


@dataclass
class Result:
    """The verdict on one attempt."""

    id: str
    status: Status
    headline: str
    details: list[str] = field(default_factory=list)
    misconception: str | None = None
    checks: list[str] = field(default_factory=list)
    nats: float | None = None  # what a forecast loses each time


FORECAST = (
    "As a forecast it loses {} nats each time, compared with the best one (the fine is −log q)."
)
SURE = (
    "As a forecast it loses without limit (the fine is −log q): only what is certain may be called "
    "so."
)
WORTH_SAYING = 0.01  # nats; a smaller loss would make a mistake look right
PERCENTAGE = "Is that a percentage? A probability lies between 0 and 1."
CLOSE = "Close, but not close enough. Was a number rounded too early?"
NEARLY = 0.03  # how close, relative to the larger of the two numbers


def forecast_words(nats: float) -> list[str]:
    """What a forecast loses, in a sentence; none if that is hardly anything."""
    if not math.isfinite(nats):
        return [SURE]
    return [FORECAST.format(f"{float(f'{nats:.2g}'):g}")] if nats >= WORTH_SAYING else []


@dataclass(kw_only=True)
class Exercise:
    """What all kinds of exercises share.

    Attributes:
        id: The name used in ``check``; for code it is the name of the function to write.
        title: A few words.
        statement: What to do, with `code` and **bold** marks and no TeX.
        hints: From gentle to specific; none gives the answer away.
        level: 1 one line from the formula; 2 an axis, sign or weighting matters; 3 two ideas.
        kind: ``"code"``, ``"bug"``, ``"choice"`` or ``"predict"``.
        chapter: Slug of the chapter, filled in when the bank is loaded.
    """

    id: str
    title: str
    statement: str
    hints: Sequence[str]
    level: int = 1
    kind: str = "code"
    chapter: str = ""

    @property
    def seed(self) -> int:
        """The same test inputs, and so the same feedback, every time."""
        return zlib.crc32(self.id.encode())

    @property
    def starter(self) -> str:
        """The code a student starts from; empty for questions."""
        return ""

    @property
    def answer(self) -> str:
        """The right answer as ``check(..., answer=)`` takes it; empty for code."""
        return ""


@dataclass(kw_only=True)
class CodeExercise(Exercise):
    """A function to write, or to repair when `given` holds code with a bug.

    Attributes:
        reference: The book's solution, as a student would write it.
        cases: Makes the test inputs from a seeded generator, smallest and hand-made first.
        wrong: Known wrong solutions.
        alternatives: Other right solutions; the audit proves that they are accepted.
        given: The code of a bug hunt.
        returns: The expected return value in words.
        grad_args: Positions of the arguments that gradients must reach.
        check_float32: Also demand that float32 in gives float32 out, and still the right value.
        check_device: Also look for a hard-coded device.
        any_dtype: Compare values only, so that a mask may be boolean or made of 0 and 1.
        rtol, atol: Tolerances in float64.
        kinds: Pairs (words, test of the arguments) used to say on which inputs a function fails.
        observe: ``observe(function, args)`` gives what to compare instead of
            ``function(*args)``: for samplers, networks and training steps.
        observed: What each value that `observe` gives is, in words: "the gradient in D".
        keeps_weights: Whether changing the weights of a network among the arguments is a fault.
        unit: ``"nats"`` or ``"bits"`` where the answer has one of these units.
        equivalents: Changed lines of `reference` that mean the same, each with the reason.
    """

    reference: Callable
    cases: Callable[[torch.Generator], list[Case]]
    wrong: Sequence[Wrong] = ()
    alternatives: Sequence[Callable] = ()
    given: str = ""
    returns: str = "a tensor"
    grad_args: tuple[int, ...] = ()
    check_float32: bool = True
    check_device: bool = True
    any_dtype: bool = False
    rtol: float = 1e-6
    atol: float = 1e-9
    kinds: Sequence[tuple[str, Callable[..., bool]]] = ()
    observe: Callable[[Callable, tuple], Any] | None = None
    observed: Sequence[str] = ()
    keeps_weights: bool = True
    unit: str = ""
    equivalents: Mapping[str, str] = field(default_factory=dict)

    def call(self, function: Callable, args: tuple) -> Any:
        """What is compared: the function's value, or what `observe` makes of it."""
        return self.observe(function, args) if self.observe else function(*args)

    @property
    def parameters(self) -> list[str]:
        """Names of the function's parameters."""
        return list(inspect.signature(self.reference).parameters)

    @property
    def imports(self) -> list[str]:
        """The import lines that the reference needs."""
        tree = ast.parse(self.solution_source(imports=False))
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        known = {
            "math": "import math",
            "np": "import numpy as np",
            "torch": "import torch",
            "F": "import torch.nn.functional as F",
            "nn": "from torch import nn",
        }
        return [line for name, line in known.items() if name in used]

    def solution_source(self, imports: bool = True) -> str:
        """Source of the reference, ready to stand in place of the stub.

        Args:
            imports: Whether the needed import lines stand in front.
        """
        source = textwrap.dedent(inspect.getsource(self.reference)).strip() + "\n"
        if imports and (lines := self.imports):
            source = "\n".join(lines) + "\n\n\n" + source
        return source

    @property
    def starter(self) -> str:
        if self.given:
            return textwrap.dedent(self.given).strip() + "\n"
        function = ast.parse(self.solution_source(imports=False)).body[0]
        documented = ast.get_docstring(function) is not None
        function.body = [*function.body[:documented], ast.Expr(ast.Constant(...))]
        return ast.unparse(function) + "\n"


@dataclass(frozen=True)
class Option:
    """One answer of a choice: its text, what to say to who picks it, and whether it is right."""

    text: str
    feedback: str
    right: bool = False


@dataclass(kw_only=True)
class ChoiceExercise(Exercise):
    """One right answer among several; lettered a, b, c, ... in the order given."""

    options: Sequence[Option]
    kind: str = "choice"

    @property
    def lettered(self) -> dict[str, Option]:
        """The options by letter."""
        return dict(zip("abcdefgh", self.options, strict=False))

    @property
    def answer(self) -> str:
        return next(letter for letter, option in self.lettered.items() if option.right)

    def solution_source(self) -> str:
        """The right option and why."""
        option = self.lettered[self.answer]
        return f"({self.answer}) {option.text}. {option.feedback}"


@dataclass(frozen=True)
class WrongNumber:
    """A number that people really give, and what to tell them."""

    value: float
    key: str
    feedback: str


@dataclass(kw_only=True)
class NumberExercise(Exercise):
    """A number to predict or to compute by hand.

    Attributes:
        truth: The right number; may be infinite.
        written: The right answer as a person would type it.
        because: Why, shown with the right answer.
        wrong: Numbers of known misconceptions.
        rtol: How close, relative to the larger of the two numbers, counts as the same.
        probability: Whether the number is a probability: then a percentage is recognized, and the
            answer is scored as a forecast.
        forecast: False for a probability that does not forecast anything, such as a parameter.
    """

    truth: float
    written: str
    because: str
    wrong: Sequence[WrongNumber] = ()
    rtol: float = 0.02
    probability: bool = False
    forecast: bool = True
    kind: str = "predict"

    @property
    def answer(self) -> str:
        return self.written

    def forecast_cost(self, value: float) -> float | None:
        """What `value` loses as a forecast, in nats each time; None where it is no forecast.

        Who says q of what happens with probability p loses log q or log (1 - q); on average that
        is KL(p || q) more than the best forecast, p itself, loses (the logarithmic score: Good,
        "Rational Decisions", 1952).
        """
        if not (self.probability and self.forecast and 0 <= value <= 1):
            return None
        p, q = self.truth, value
        pairs = [(a, b) for a, b in ((p, q), (1 - p, 1 - q)) if a > 0]
        return sum(a * math.log(a / b) if b > 0 else math.inf for a, b in pairs)

    def solution_source(self) -> str:
        """The right number and why."""
        return f"{self.written}. {self.because}"
