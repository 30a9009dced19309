"""Say what is wrong with an answer: a known mistake, a systematic deviation, or when it fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .model import Case, CodeExercise
from .values import close, differs, not_finite, number, tensors_in

LN2 = math.log(2)
_LOOSE = 1e-4
_ROUNDED = 0.01


@dataclass(frozen=True)
class Outcome:
    """What a function gave for one test input, beside what was expected.

    Attributes:
        case: The test input.
        expected: What the reference gives.
        got: What the function gave, as tensors.
        python_number: Whether it gave a plain number instead of a tensor with axes.
    """

    case: Case
    expected: tuple[Tensor, ...]
    got: tuple[Tensor, ...]
    python_number: bool = False

    def right(self, exercise: CodeExercise) -> bool:
        """Whether every returned tensor has the right shape and values."""
        return all(
            close(g, e, exercise.rtol, exercise.atol)
            for g, e in zip(self.got, self.expected, strict=True)
        )


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong.

    Attributes:
        key: Short name of the misconception.
        message: What to tell the student.
        almost: Whether it is only a detail.
        outcome: The one that the message speaks of, where that is not the first wrong one.
    """

    key: str
    message: str
    almost: bool = False
    outcome: Outcome | None = None


RunWrong = Callable[[Callable, Case], tuple[Tensor, ...] | None]


def diagnose(exercise: CodeExercise, outcomes: list[Outcome], run_wrong: RunWrong) -> Diagnosis:
    """The best explanation of outcomes of which at least one is not right.

    Args:
        exercise: The exercise.
        outcomes: Of all inputs, or of the inputs up to the one where the code stopped.
        run_wrong: Runs a wrong solution of the bank on a case; None where it cannot.
    """
    return (
        known_mistake(exercise, outcomes, run_wrong)
        or python_number(outcomes)
        or in_one_result(exercise, outcomes)
        or _explained(exercise, outcomes)
        or wrong_somewhere(exercise, outcomes)
    )


def _explained(exercise: CodeExercise, outcomes: list[Outcome]) -> Diagnosis | None:
    """What can be said without knowing the mistake."""
    return (
        right_in_another_shape(exercise, outcomes)
        or systematic(exercise, outcomes)
        or wrong_shape(outcomes)
        or broken_number(exercise, outcomes)
        or no_bits(outcomes)
        or wrong_when(exercise, outcomes)
        or wrong_where(exercise, outcomes)
    )


_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def in_one_result(exercise: CodeExercise, outcomes: list[Outcome]) -> Diagnosis | None:
    """Of a function with several results: the first that is wrong, looked at alone."""
    count = len(outcomes[0].expected)
    if not 1 < count <= len(_ORDINALS):
        return None
    alone = [
        [Outcome(o.case, o.expected[i : i + 1], o.got[i : i + 1]) for o in outcomes]
        for i in range(count)
    ]
    wrong = [i for i in range(count) if not all(o.right(exercise) for o in alone[i])]
    place, others_right = wrong[0], len(wrong) == 1
    found = _explained(exercise, alone[place])
    named = exercise.observed[place] if exercise.observed else f"your {_ORDINALS[place]} result"
    if found is None:
        if not others_right:
            return None
        rest = "the other one is" if count == 2 else "the others are"
        message = f"{named[0].upper()}{named[1:]} is not right yet; {rest}."
        return Diagnosis("one-of-several", message)
    spoken_of = found.outcome or next(o for o in alone[place] if not o.right(exercise))
    at = next(i for i, one in enumerate(alone[place]) if one is spoken_of)
    return Diagnosis(
        found.key,
        f"In {named}: {found.message[0].lower()}{found.message[1:]}",
        almost=found.almost and others_right,
        outcome=outcomes[at],
    )


# ------------------------------------------------------------------ mistakes of the bank
_VARIANTS: list[tuple[str, str, Callable[[Tensor], Tensor]]] = [
    ("", "", lambda x: x),
    ("sign", "And the sign is turned around.", lambda x: -x),
    ("batch-mean", "And you averaged over the batch: return one value per example.", torch.mean),
    ("batch-sum", "And you summed over the batch: return one value per example.", torch.sum),
    ("bits", "And the result is in bits (log₂); we use nats.", lambda x: x / LN2),
]


def known_mistake(
    exercise: CodeExercise, outcomes: list[Outcome], run_wrong: RunWrong
) -> Diagnosis | None:
    """The wrong solution of the bank that gives the same outputs, perhaps with a second slip.

    Only one that the outputs single out: where the code stopped early, several mistakes may look
    alike, and a slip can only be seen on inputs where it changes something.
    """
    seen: dict[tuple[int, int], tuple[Tensor, ...] | None] = {}

    def output(number: int, place: int) -> tuple[Tensor, ...] | None:
        key = number, place
        if key not in seen:
            seen[key] = run_wrong(exercise.wrong[number].solve, outcomes[place].case)
        return seen[key]

    def explains(number: int, change: Callable[[Tensor], Tensor]) -> bool:
        return all(
            _same(exercise, outcome.got, output(number, place), change)
            for place, outcome in enumerate(outcomes)
        )

    for name, message, change in _VARIANTS:
        if name == "bits" and exercise.unit != "nats":
            continue
        if name.startswith("batch") and all(o.expected[0].numel() < 2 for o in outcomes):
            continue
        if all(_same(exercise, o.got, o.expected, change) for o in outcomes):
            continue
        found = [wrong for i, wrong in enumerate(exercise.wrong) if explains(i, change)]
        if len({wrong.key for wrong in found}) != 1:
            continue
        wrong = found[0]
        if not name:
            return Diagnosis(wrong.key, wrong.feedback)
        return Diagnosis(f"{wrong.key}+{name}", f"Two things. {wrong.feedback} {message}")
    return None


def _same(
    exercise: CodeExercise,
    got: tuple[Tensor, ...],
    output: tuple[Tensor, ...] | None,
    change: Callable[[Tensor], Tensor],
) -> bool:
    if output is None or len(output) != len(got):
        return False
    return all(
        close(g, change(o.double()), exercise.rtol, exercise.atol)
        for g, o in zip(got, output, strict=True)
    )


# ------------------------------------------------------------------ shapes
def python_number(outcomes: list[Outcome]) -> Diagnosis | None:
    """A plain number where a tensor with axes is expected."""
    for outcome in outcomes:
        if outcome.python_number:
            return Diagnosis(
                "python-number",
                "Your function returns a Python number; here a tensor of shape "
                f"{list(outcome.expected[0].shape)} is expected. `.item()` and `float()` leave "
                "the tensors, and fail where there is more than one entry.",
                outcome=outcome,
            )
    return None


def right_in_another_shape(exercise: CodeExercise, outcomes: list[Outcome]) -> Diagnosis | None:
    """All the numbers are there and in order; only axes of size one differ."""
    for outcome in outcomes:
        for got, expected in zip(outcome.got, outcome.expected, strict=True):
            if got.numel() != expected.numel() or not close(
                got.squeeze(), expected.squeeze(), exercise.rtol, exercise.atol
            ):
                return None
    got, expected = next(
        (g, e)
        for outcome in outcomes
        for g, e in zip(outcome.got, outcome.expected, strict=True)
        if g.shape != e.shape
    )
    if got.dim() > expected.dim():
        why = "That matters: `[B, 1]` beside `[B]` silently becomes `[B, B]`."
    else:
        why = "Does something, such as `squeeze()`, remove axes that happen to have size 1?"
    return Diagnosis(
        "shape",
        f"The values are right, but their shape is {list(got.shape)} instead of "
        f"{list(expected.shape)}. {why}",
        almost=True,
    )


def wrong_shape(outcomes: list[Outcome]) -> Diagnosis | None:
    """The first result whose shape is not the expected one."""
    squares = any(sum(e.shape) > 1 for outcome in outcomes for e in outcome.expected) and all(
        expected.dim() == 1 and list(got.shape) == 2 * list(expected.shape)
        for outcome in outcomes
        for got, expected in zip(outcome.got, outcome.expected, strict=True)
    )
    for outcome in outcomes:
        for got, expected in zip(outcome.got, outcome.expected, strict=True):
            if got.shape == expected.shape:
                continue
            message = f"The result has shape {list(got.shape)}; expected {list(expected.shape)}. "
            if squares:
                message += "Somewhere `[B, 1]` meets `[B]` and broadcasts to `[B, B]`."
            elif got.dim() < expected.dim():
                message += "Did you sum or average over one axis too many?"
            elif got.dim() > expected.dim():
                message += "Is there an axis you still have to sum over, index or squeeze?"
            else:
                message += "Which axis does each step of your code work on?"
            return Diagnosis("shape", message, outcome=outcome)
    return None


# ------------------------------------------------------------------ systematic deviations
def systematic(exercise: CodeExercise, outcomes: list[Outcome]) -> Diagnosis | None:
    """A deviation of one form on every input: a factor, an offset, an average, a logarithm."""
    if any(len(outcome.got) != 1 for outcome in outcomes):
        return None
    pairs = [(outcome.got[0].double(), outcome.expected[0].double()) for outcome in outcomes]
    if all(g.dim() == 0 for g, _ in pairs) and any(e.dim() > 0 for _, e in pairs):
        return _over_batch(pairs)
    if any(g.shape != e.shape for g, e in pairs):
        return _transposed(pairs)
    return (
        _constant(exercise, pairs)
        or _other_axis_size(exercise, outcomes)
        or _function_of(pairs)
        or _transposed(pairs)
    )


def _over_batch(pairs: list[tuple[Tensor, Tensor]]) -> Diagnosis | None:
    for key, word, reduce in (
        ("batch-mean", "averaged", torch.mean),
        ("batch-sum", "summed", torch.sum),
    ):
        some_batch = any(e.numel() > 1 for _, e in pairs)
        if some_batch and all(close(g, reduce(e), _LOOSE, 1e-9) for g, e in pairs):
            return Diagnosis(
                key,
                f"The numbers are right, but you {word} over the **batch** too. "
                "Return one value per example.",
                almost=True,
            )
    return None


def _constant(exercise: CodeExercise, pairs: list[tuple[Tensor, Tensor]]) -> Diagnosis | None:
    """Right up to one factor or one offset, the same everywhere."""
    got = torch.cat([g.flatten() for g, _ in pairs])
    expected = torch.cat([e.flatten() for _, e in pairs])
    usable = got.isfinite() & expected.isfinite()
    if usable.sum() < 4 or not torch.equal(got.isfinite(), expected.isfinite()):
        return None
    got, expected = got[usable], expected[usable]
    if (got == 0).all():
        return Diagnosis("zero", "Your result is 0 on every input.")
    if expected.max() - expected.min() < 1e-6:
        return None
    factor = ((got * expected).sum() / (expected * expected).sum()).item()
    scale = expected.abs().clamp(min=1e-9)
    error = (got - factor * expected).abs() / scale
    if abs(factor - 1) < _ROUNDED and (error < 0.01 * abs(factor - 1)).all():
        return Diagnosis(
            "rounded",
            f"Your result is the right answer times {factor:.7g} on every input: a constant in "
            "your code is rounded. Write it in full, as in `math.log(2)`.",
            almost=True,
        )
    if (error < _LOOSE).all() and abs(factor) > 1e-9:
        return _factor(factor, exercise.unit) if abs(factor - 1) > 1e-3 else None
    offset = (got - expected).median().item()
    scatter = (got - expected - offset).abs().max().item()
    if scatter < min(1e-6 * max(1.0, abs(offset)), 0.01 * abs(offset)):
        return Diagnosis(
            "offset",
            f"Your result is off by the same constant ({offset:+.4g}) on every input. "
            "Which constant term is missing, or too much?",
        )
    return None


def _factor(factor: float, unit: str) -> Diagnosis:
    units = [
        (
            1 / LN2,
            "bits",
            "Your result is 1.4427 = 1/ln 2 times the answer on every input: it is in "
            "**bits** (log₂). We measure in nats (natural log).",
        ),
        (
            LN2,
            "nats",
            "Your result is 0.6931 = ln 2 times the answer on every input. "
            "In which unit is the answer asked for, nats or bits?",
        ),
    ]
    named = [
        (
            -1,
            "sign",
            "Your result is exactly **minus** the right answer on every input. "
            "Check the sign: what is asked for, the log-probability or a loss?",
        ),
        *(units if unit == "nats" else []),
        (2, "twice", "Your result is exactly **twice** the answer. Did a factor ½ get lost?"),
        (0.5, "half", "Your result is exactly **half** the answer. Is there one ½ too many?"),
    ]
    for value, key, message in named:
        if abs(factor - value) < 1e-3:
            return Diagnosis(key, message)
    return Diagnosis(
        "factor",
        f"Your result is the right answer times {factor:.4g} on every input. "
        "Which constant is that?",
    )


def _other_axis_size(exercise: CodeExercise, outcomes: list[Outcome]) -> Diagnosis | None:
    """Right up to the size of one axis: a mean where a sum is asked for, or the reverse."""
    for position, name in enumerate(exercise.parameters):
        for axis in range(4):
            sizes = [_size(outcome.case, position, axis) for outcome in outcomes]
            if not all(sizes) or len(set(sizes)) < 2:
                continue
            for key, verb, power in (("mean", "averaged", -1), ("sum", "summed", 1)):
                if all(
                    close(
                        outcome.got[0].double(),
                        outcome.expected[0].double() * float(size) ** power,
                        _LOOSE,
                        1e-9,
                    )
                    for outcome, size in zip(outcomes, sizes, strict=True)
                ):
                    relation = "divided by" if power < 0 else "times"
                    return Diagnosis(
                        f"{key}-axis-{axis}",
                        f"Your result is the answer {relation} the size of axis {axis} of "
                        f"`{name}`. Have you {verb} where you should not?",
                    )
    return None


def _size(case: Case, position: int, axis: int) -> int | None:
    x = case.args[position] if position < len(case.args) else None
    return x.shape[axis] if isinstance(x, Tensor) and axis < x.dim() else None


def _function_of(pairs: list[tuple[Tensor, Tensor]]) -> Diagnosis | None:
    for key, message, change in (
        (
            "exp",
            "You return a probability; the question asks for its **logarithm**.",
            torch.exp,
        ),
        ("log", "You return the **logarithm** of what is asked for.", torch.log),
        (
            "complement",
            "You return one minus the answer: the probability of the opposite.",
            lambda e: 1 - e,
        ),
        (
            "inverse",
            "You return one over the answer. What belongs above the line, what below?",
            lambda e: 1 / e,
        ),
        ("root", "You return the square root of the answer.", lambda e: e.sqrt()),
        ("square", "You return the square of the answer.", lambda e: e.square()),
    ):
        if all(close(g, change(e), _LOOSE, 1e-9) for g, e in pairs):
            return Diagnosis(key, message)
    return None


def _transposed(pairs: list[tuple[Tensor, Tensor]]) -> Diagnosis | None:
    if all(e.dim() >= 2 and close(g, e.mT, _LOOSE, 1e-9) for g, e in pairs):
        return Diagnosis("transposed", "Your result is transposed: its last two axes are swapped.")
    return None


# ------------------------------------------------------------------ where and when does it fail?
def wrong_where(exercise: CodeExercise, outcomes: list[Outcome]) -> Diagnosis | None:
    """Say which entries along the last axis are wrong, where that is always the same place."""
    first, last, later = True, True, True
    for outcome in outcomes:
        for got, expected in zip(outcome.got, outcome.expected, strict=True):
            bad = differs(got, expected, exercise.rtol, exercise.atol)
            if not bad.any():
                continue
            if bad.dim() < 2:
                return None
            columns = bad.flatten(0, -2).any(0)
            if len(columns) < 2:
                return None
            first &= not columns[1:].any()
            last &= not columns[:-1].any()
            later &= not columns[0]
    for holds, key, words in (
        (first, "first-entry", "Only the first entry on the last axis is wrong. "),
        (last, "last-entry", "Only the last entry on the last axis is wrong. "),
        (later, "later-entries", "The first entry on the last axis is right, later ones are not. "),
    ):
        if holds:
            return Diagnosis(key, words + "What is different about it?")
    return None


_KINDS: list[tuple[str, Callable[[Tensor], bool]]] = [
    ("entries beyond ±50", lambda x: bool((x.abs() > 50).any())),
    ("infinite entries", lambda x: bool(x.isinf().any())),
    ("exact zeros", lambda x: bool((x == 0).any())),
    ("negative entries", lambda x: bool((x < 0).any())),
]


_UNEQUAL = "inputs whose last two axes differ in size"


def _is_square(outcome: Outcome) -> bool:
    shape = next((x.shape for x in tensors_in(outcome.case.args) if x.is_floating_point()), ())
    return len(shape) > 1 and shape[-1] == shape[-2] > 1


@dataclass(frozen=True)
class _Example:
    """One example (a row of a batch, where that makes sense): its traits, and whether right."""

    traits: dict[str, bool]
    right: bool


def wrong_when(exercise: CodeExercise, outcomes: list[Outcome]) -> Diagnosis | None:
    """Say in words which inputs fail, where one trait separates them from those that do not."""
    examples = [example for outcome in outcomes for example in _examples(exercise, outcome)]
    wrong = [example for example in examples if not example.right]
    right = [example for example in examples if example.right]
    if not right:
        return None
    # Nobody knows that it matters whether axes are equally long unless some are.
    square = any(_is_square(outcome) and outcome.right(exercise) for outcome in outcomes)
    for trait in wrong[0].traits:
        if trait == _UNEQUAL and not square:
            continue
        if all(e.traits.get(trait) for e in wrong) and not any(e.traits.get(trait) for e in right):
            # One input has many traits: that it fails does not say which of them is to blame.
            message = (
                f"Right except for {trait}: there every result is wrong. What does your code do "
                "with them?"
                if len(wrong) > 1
                else "Only one input comes out wrong. What sets it apart? Perhaps this: it is one "
                f"of the {trait}."
                if trait.startswith("inputs")
                else f"Only one input comes out wrong. What sets it apart? Perhaps this: {trait}."
            )
            return Diagnosis("only:" + trait, message)
    # Weaker: all that fail have the trait, and few of the others, at most half of them.
    shared = [
        trait
        for trait in wrong[0].traits
        if trait != _UNEQUAL and all(e.traits.get(trait) for e in wrong)
    ]
    others = {trait: sum(bool(e.traits.get(trait)) for e in right) for trait in shared}
    trait = min(shared, key=others.__getitem__, default=None)
    if trait and len(wrong) > 1 and 2 * others[trait] <= len(right):
        return Diagnosis(
            "only:" + trait,
            f"Wrong only for {trait} (though not for all of them). "
            "What does your code do with them?",
        )
    return None


def wrong_somewhere(exercise: CodeExercise, outcomes: list[Outcome]) -> Diagnosis:
    """The last resort: how many inputs come out different."""
    count = sum(not outcome.right(exercise) for outcome in outcomes)
    return Diagnosis(
        "value", f"Not yet: {count} of {len(outcomes)} test inputs come out different."
    )


def _examples(exercise: CodeExercise, outcome: Outcome) -> Iterator[_Example]:
    """The examples of a case; the rows of its batch, when every tensor has the batch first."""
    args = outcome.case.args
    traits = {f"inputs where {words}": bool(test(*args)) for words, test in exercise.kinds}
    tensors = list(tensors_in(args))
    floats = [x for x in tensors if x.is_floating_point()]
    results = list(zip(outcome.got, outcome.expected, strict=True))
    batch = floats[0].shape[0] if floats and floats[0].dim() else None
    if batch is not None and floats[0].dim() > 1:
        traits["batches of more than one example"] = batch > 1
        traits["a batch of one example"] = batch == 1
    shape = floats[0].shape if floats else ()
    traits["inputs with only one entry on the last axis"] = bool(shape) and shape[-1] == 1
    if len(shape) > 1:
        traits[_UNEQUAL] = shape[-1] != shape[-2]
    by_row = batch and all(e.dim() > 0 and e.shape[0] == batch == g.shape[0] for g, e in results)
    if not by_row:
        yield _Example(traits | _kinds_of(floats), outcome.right(exercise))
        return
    bad = torch.stack(
        [differs(g, e, exercise.rtol, exercise.atol).reshape(batch, -1).any(1) for g, e in results]
    ).any(0)
    for row in range(batch):
        inside = [x[row] if x.dim() > 1 and x.shape[0] == batch else x for x in floats[1:]]
        yield _Example(_kinds_of([floats[0][row], *inside]) | traits, not bad[row].item())


def _kinds_of(floats: list[Tensor]) -> dict[str, bool]:
    first = floats[0] if floats and floats[0].numel() else torch.ones(1)
    whole = {
        "inputs that are all zero": bool((first == 0).all()),
        "inputs that are all infinite": bool(first.isinf().all()),
    }
    return whole | {
        f"inputs with {words}": any(test(x) for x in floats if x.numel()) for words, test in _KINDS
    }


def broken_number(exercise: CodeExercise, outcomes: list[Outcome]) -> Diagnosis | None:
    """nan or inf where the answer is a number, on the first input that comes out wrong."""
    first = next(outcome for outcome in outcomes if not outcome.right(exercise))
    for got, expected in zip(first.got, first.expected, strict=True):
        broken = not_finite(got, expected)
        if broken.any():
            kind = "nan" if got[broken].isnan().any() else "inf"
            return Diagnosis(
                kind,
                f"Your result contains `{kind}` where the answer is a number. Look for log 0, "
                "0 · log 0, 0/0, or exp of a large number: `log_softmax`, `logsumexp`, `xlogy` "
                "and `softplus` are the stable forms.",
            )
    return None


def no_bits(outcomes: list[Outcome]) -> Diagnosis | None:
    """Numbers between 0 and 1 where all answers are 0 or 1."""
    if not all(((e == 0) | (e == 1)).all() for outcome in outcomes for e in outcome.expected):
        return None
    if any((g < 0).any() or (g > 1).any() for outcome in outcomes for g in outcome.got):
        return None
    for outcome in outcomes:
        for got in outcome.got:
            between = got[(got > 0) & (got < 1)]
            if len(between):
                example = number(between[0].item(), 3)
                return Diagnosis(
                    "no-bits",
                    f"Your result contains {example}; expected are only 0 and 1.",
                    outcome=outcome,
                )
    return None
