"""Check the equations of the book with numbers: ``verify``, ``refute`` and the table ``checked``.

A displayed equation says that two routes lead to the same number. ``verify`` takes both numbers,
computed by the two routes on many random instances, and compares every case in float64:

    verify("elbo-gap", log_px, elbo + gap)                # both sides, case by case
    verify("elbo-gap", log_px, elbo + gap, rec - rate)    # a chain: all equal
    verify(["line-1", "line-2"], line_1, line_2)          # the lines of a derivation
    verify("jensen", log_mean, ">=", mean_log)            # an inequality
    verify("kl-sampled", kl, samples=log_ratio)           # a mean: within 4 standard errors
    refute("slide-formula", log_px, slide_value)          # wrong on purpose: never equal

Each prints one line and remembers the result for ``checked``; a false claim raises
``EquationFailed``. The two sides must be computed independently: a check that passes for a wrong
formula checks nothing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lecture_utils._display import inline_markup, plain, show
from lecture_utils.environment import static

TOLERANCE = 1e-9  # float64 keeps 16 digits; the sums of a chapter lose a few of them
STANDARD_ERRORS = 4  # a true equation leaves this band once in 16,000 checks
FEWEST_SAMPLES = 30  # below this the estimated standard error itself cannot be trusted

_LABEL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_OPERATORS = (">=", "<=")


class EquationFailed(AssertionError):
    """The two sides of an equation differ (or, for ``refute``, agree)."""


@dataclass(frozen=True)
class Record:
    """What became of one checked equation.

    Attributes:
        label: The equation's label.
        words: What was compared, in words.
        form: "exact", "chain", "derivation", "inequality", "monte-carlo" or "refuted".
        cases: How many instances (for a mean: how many samples) were compared.
        error: The largest absolute difference; for an inequality the largest violation, 0 when
            there is none; for a refuted equation the smallest difference.
        note: The result in words: cases and largest difference.
    """

    label: str
    words: str
    form: str
    cases: int
    error: float
    note: str


_records: dict[str, Record] = {}
_numbers: dict[str, str] = {}


def verify(
    label: str | Sequence[str],
    *sides: Any,
    samples: Any = None,
    tol: float | None = None,
    words: str = "",
) -> None:
    """Check that an equation or inequality holds in every case.

    Two sides ``a`` and ``b`` agree when ``|a - b| <= tol * (1 + max(|a|, |b|))`` for every element:
    an absolute tolerance for small numbers and a relative one for large ones. Infinities of one
    sign are equal; NaN equals nothing.

    Args:
        label: The equation's label, or one label for each line of a derivation.
        *sides: Numbers, NumPy arrays, tensors or lists, broadcast against each other. Two or more
            are equal sides; ``a, ">=", b`` and ``a, "<=", b`` are inequalities; one side alone is
            compared with the mean of `samples`.
        samples: Independent samples, [n] or [n, ...], at least 30. Their mean over the first axis
            stands for the missing side, give or take 4 standard errors.
        tol: Tolerance, 1e-9 unless given. A looser one needs its reason in a comment.
        words: What is compared, for the printed line. `code`, **bold** and *italic* are understood.

    Raises:
        EquationFailed: The claim is false in at least one case. The message shows the worst one.
        TypeError: A side is not made of real numbers, or is float32 and no `tol` is given.
        ValueError: Labels, shapes, operator, samples or tolerance make no sense.
    """
    labels = _check_labels(label)
    for name in labels:
        _records.pop(name, None)  # a cell that now fails must not keep its old tick
    claim = _read_claim(sides, samples, tol)
    if len(labels) > 1 and claim.form not in ("exact", "chain"):
        raise ValueError(
            f"{len(labels)} labels name the lines of a derivation, which is a list of equal sides. "
            "Check an inequality or a mean with one label of its own."
        )
    if len(labels) > 1 and len(labels) != len(claim.sides):
        raise ValueError(
            f"There are {len(labels)} labels but {len(claim.sides)} sides: give every line of the "
            "derivation one label and one side."
        )
    comparisons = claim.comparisons()
    for comparison in comparisons:
        if comparison.fails.any():
            raise EquationFailed(_failure(labels, words, comparison))
    records = [_summary(labels[0], words, claim, comparisons)]
    if len(labels) > 1:
        # Line 1 was compared with all others, every other line with line 1.
        compared = [comparisons, *([c] for c in comparisons)]
        lines = [f"line {i + 1} of {len(labels)}" for i in range(len(labels))]
        if words:
            lines[0] += f": {words}"
        records = [
            _summary(*named, claim, own, form="derivation")
            for *named, own in zip(labels, lines, compared, strict=True)
        ]
    _keep(records, words, kind="verify")


def refute(label: str, *sides: Any, tol: float | None = None, words: str = "") -> None:
    """Show that an equation is wrong: it must fail in every case given.

    For formulas that are wrong on purpose: a slip on a slide, a bug, a plausible misconception.

    Args:
        label: The label of the wrong equation.
        *sides: Two sides ``a, b``, or a wrong inequality ``a, ">=", b``. See `verify`.
        tol: Sides closer than this count as equal. See `verify`.
        words: What is compared, for the printed line.

    Raises:
        EquationFailed: The equation holds in at least one of the cases.
        TypeError: As in `verify`.
        ValueError: As in `verify`.
    """
    labels = _check_labels(label)
    if len(labels) > 1:
        raise ValueError("`refute` takes one label: a derivation is refuted line by line.")
    _records.pop(labels[0], None)
    claim = _read_claim(sides, None, tol)
    if len(claim.sides) > 2:
        raise ValueError("`refute` compares two sides; refute the steps of a chain one by one.")
    (comparison,) = claim.comparisons()
    if np.isnan(comparison.left).any() or np.isnan(comparison.right).any():
        raise EquationFailed(
            f"{_title(labels, words)}\n  A side is NaN, and NaN differs from everything: this "
            "refutes nothing. Look for log(0), 0/0 or 0 * inf."
        )
    if not comparison.fails.all():
        where = int(np.argmin(comparison.fails))
        raise EquationFailed(
            f"{_title(labels, words)} is not refuted\n"
            f"  it holds in {int((~comparison.fails).sum())} of {comparison.fails.size} cases, "
            f"for example {comparison.show_case(where)}\n"
            "  What to look at: leave out the special cases in which even a wrong formula is right "
            "(0, 1, equal probabilities), or check whether it is wrong at all."
        )
    smallest = float(np.min(comparison.violation))
    note = f"wrong in all {_count(comparison.fails.size)}, by at least {_short(smallest)}"
    if comparison.fails.size == 1:
        note = f"wrong by {_short(smallest)}"
    record = Record(labels[0], words, "refuted", comparison.fails.size, smallest, note)
    _keep([record], words, kind="refute")


def checked() -> None:
    """Show the table of all equations checked so far in this kernel.

    Every row has the equation, what was compared, the number of cases and the largest difference.
    An equation that was checked twice is listed once, with its last result.
    """
    if not _records:
        nothing = "No equation has been checked yet."
        show(nothing, f"<p>{nothing}</p>", "checked")
        return
    rows = [
        f"<tr><td>{_reference(record.label)}</td>"
        f"<td>{inline_markup(record.words or record.label)}</td>"
        f"<td>{record.cases}</td><td>{_minus(_error_words(record))}</td></tr>"
        for record in _records.values()
    ]
    lines = [
        f"{_mark(record)} {_title([record.label], record.words)}   {record.note}"
        for record in _records.values()
    ]
    page = (
        '<table class="table eq-list"><thead><tr><th scope="col">Equation</th>'
        '<th scope="col">What was compared</th><th scope="col">Cases</th>'
        '<th scope="col">Largest difference</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
    show("\n".join(lines), page, "checked", {"labels": list(_records)})


def equation_numbers(numbers: Mapping[str, str]) -> None:
    """Tell the numbers of the book's equations, to be printed in front of their checks.

    Args:
        numbers: Label → number, for example ``{"chain-rule": "5.1"}``. Replaces what was told
            before.
    """
    _numbers.clear()
    _numbers.update({str(label): str(number) for label, number in numbers.items()})


# --- reading what was asked -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Claim:
    """The sides as float64 arrays, and how they are said to relate."""

    sides: list[np.ndarray]
    names: list[str]
    operator: str  # "==", ">=" or "<="
    tol: float
    standard_error: np.ndarray | float = 0.0
    samples: int = 0

    @property
    def form(self) -> str:
        if self.samples:
            return "monte-carlo"
        if self.operator != "==":
            return "inequality"
        return "exact" if len(self.sides) == 2 else "chain"

    def comparisons(self) -> list[_Comparison]:
        """The first side with each of the others: equality passes on from one to the next."""
        return [
            _Comparison.of(self.sides[0], side, self.names[0], name, self)
            for side, name in zip(self.sides[1:], self.names[1:], strict=True)
        ]


@dataclass(frozen=True)
class _Comparison:
    """Two sides, broadcast to one shape, and by how much each case breaks the claim."""

    left: np.ndarray
    right: np.ndarray
    left_name: str
    right_name: str
    operator: str
    violation: np.ndarray  # |a - b|, or how far an inequality is broken (negative: its margin)
    allowed: np.ndarray
    fails: np.ndarray
    standard_error: np.ndarray
    given_shapes: tuple[tuple[int, ...], tuple[int, ...]]
    tol: float

    @classmethod
    def of(
        cls, left: np.ndarray, right: np.ndarray, left_name: str, right_name: str, claim: _Claim
    ) -> _Comparison:
        given = (left.shape, right.shape)
        a, b, error = np.broadcast_arrays(left, right, claim.standard_error)
        with np.errstate(invalid="ignore"):  # inf - inf, dealt with just below
            difference = {"==": np.abs(a - b), ">=": b - a, "<=": a - b}[claim.operator]
        violation = np.where(a == b, 0.0, difference)
        size = [np.where(np.isfinite(side), np.abs(side), 0.0) for side in (a, b)]
        allowed = claim.tol * (1 + np.maximum(*size)) + STANDARD_ERRORS * error
        return cls(
            a,
            b,
            left_name,
            right_name,
            claim.operator,
            violation,
            allowed,
            ~(violation <= allowed),  # so that NaN fails
            error,
            given,
            claim.tol,
        )

    def show_case(self, where: int) -> str:
        """The case at flat index `where`: its index and both sides."""
        index = np.unravel_index(where, self.violation.shape)
        at = f"index [{', '.join(str(int(i)) for i in index)}]: " if index else ""
        return (
            f"{at}{self.left_name} = {self.left.flat[where]:.12g}, "
            f"{self.right_name} = {self.right.flat[where]:.12g}"
        )


def _check_labels(label: str | Sequence[str]) -> list[str]:
    labels = list(label) if isinstance(label, (list, tuple)) else [label]
    if not labels:
        raise ValueError("The list of labels is empty: give one label for each line.")
    for name in labels:
        if not isinstance(name, str):
            raise TypeError(
                f"The first argument is the equation's label, a string; got {type(name).__name__}. "
                'Write verify("chain-rule", left, right).'
            )
        if not _LABEL.fullmatch(name):
            raise ValueError(
                f"{name!r} is not a label. Labels are lower-case words joined by hyphens, as "
                'behind the formula: "chain-rule".'
            )
    doubled = sorted({name for name in labels if labels.count(name) > 1})
    if doubled:
        raise ValueError(f"The label {doubled[0]!r} stands twice: give every line its own label.")
    return labels


def _read_claim(sides: tuple[Any, ...], samples: Any, tol: float | None) -> _Claim:
    if tol is not None and not (isinstance(tol, (int, float)) and 0 < tol < 1):
        raise ValueError(f"tol must be a small positive number such as 1e-6; got {tol!r}.")
    operators = [side for side in sides if isinstance(side, str)]
    values = [side for side in sides if not isinstance(side, str)]
    operator = _check_operator(sides, operators)
    needed = 1 if samples is not None else 2
    if len(values) < needed or (samples is not None and len(values) > 1):
        what = "one side beside `samples=`" if samples is not None else "at least two sides"
        raise ValueError(f"An equation needs {what}; got {len(values)}.")
    if operator != "==" and len(values) + (samples is not None) != 2:
        raise ValueError("An inequality has two sides: check a longer chain pair by pair.")
    _refuse_same_object(values)

    word = "line" if len(values) > 2 else "side"
    names = [f"{word} {i + 1}" for i in range(len(values))]
    arrays = [_read_side(v, n, tol is not None) for v, n in zip(values, names, strict=True)]
    tolerance = TOLERANCE if tol is None else float(tol)
    if samples is not None:
        draws = _read_side(samples, "samples", tol is not None)
        mean, standard_error = _mean_of(draws, arrays[0].shape)
        names = ["given", f"mean of {len(draws)} samples"]
        return _Claim(
            [arrays[0], mean], names, operator, tolerance, standard_error, samples=len(draws)
        )
    try:
        shape = np.broadcast_shapes(*(a.shape for a in arrays))
    except ValueError:
        shapes = ", ".join(f"{n} {list(a.shape)}" for n, a in zip(names, arrays, strict=True))
        raise ValueError(f"The sides have shapes that do not fit together: {shapes}.") from None
    if 0 in shape:
        raise ValueError("A side is empty: there is no case to compare.")
    return _Claim(arrays, names, operator, tolerance)


def _check_operator(sides: tuple[Any, ...], operators: list[str]) -> str:
    if not operators:
        return "=="
    if operators[0] not in _OPERATORS:
        if len(sides) > 1 and sides[0] is operators[0]:
            raise ValueError(
                f"The text {operators[0]!r} stands where a side is expected. What is compared goes "
                "into words=, after the sides."
            )
        raise ValueError(
            f"{operators[0]!r} is not a comparison. Use '>=' or '<=' between two sides, and no "
            "operator at all for equality."
        )
    if len(operators) > 1 or len(sides) < 2 or sides[1] is not operators[0]:
        raise ValueError(
            'An inequality is written verify("label", a, ">=", b): one operator, between its two '
            "sides."
        )
    return operators[0]


def _refuse_same_object(values: list[Any]) -> None:
    """A thing compared with itself proves nothing. Python shares equal ints, so let them pass."""
    for i, first in enumerate(values):
        for j in range(i + 1, len(values)):
            second = values[j]
            same = first is second and not isinstance(first, int)
            if same or (_memory(first) is not None and _memory(first) == _memory(second)):
                raise ValueError(
                    f"Sides {i + 1} and {j + 1} are the same object, so they agree whatever the "
                    "formula says. Compute the two sides independently, by the two routes that the "
                    "equation equates."
                )


def _memory(value: Any) -> tuple[Any, ...] | None:
    """Address, shape and strides of an array or tensor; None for anything else."""
    if isinstance(value, np.ndarray):
        return value.ctypes.data, value.shape, value.strides
    if hasattr(value, "data_ptr"):
        step = value.element_size()
        return value.data_ptr(), tuple(value.shape), tuple(s * step for s in value.stride())
    return None


def _read_side(value: Any, name: str, any_precision: bool) -> np.ndarray:
    """The side as a float64 array, or an error that names it."""
    if value is None:
        raise TypeError(f"{name} is None: did the function that computes it forget to return?")
    if hasattr(value, "detach"):  # a tensor, without importing torch for those who have none
        dtype = str(value.dtype).removeprefix("torch.")
        _check_dtype(dtype, name, any_precision)
        return value.detach().cpu().double().numpy()
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} is a list whose rows have different lengths.") from None
    _check_dtype(array.dtype.name, name, any_precision)
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} is not made of numbers; got {type(value).__name__}. Give a number, a list, "
            "an array or a tensor."
        ) from None


def _check_dtype(dtype: str, name: str, any_precision: bool) -> None:
    if dtype.startswith("complex"):
        raise TypeError(f"{name} is complex: compare real and imaginary parts one by one.")
    if dtype in ("float16", "bfloat16", "float32") and not any_precision:
        raise TypeError(
            f"{name} is {dtype}, which keeps {7 if dtype == 'float32' else 3} digits. Compute it "
            "in float64 (`.double()`, `dtype=torch.float64`); where that is not possible, give "
            "tol= and write the reason beside it."
        )


def _mean_of(draws: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the first axis and its standard error."""
    if draws.ndim == 0 or len(draws) < FEWEST_SAMPLES:
        n = 1 if draws.ndim == 0 else len(draws)
        raise ValueError(
            f"{n} sample{'s' * (n != 1)} cannot tell the size of the error: give at least "
            f"{FEWEST_SAMPLES} (better thousands), along the first axis."
        )
    bad = np.argwhere(~np.isfinite(draws))
    if len(bad):
        at = ", ".join(str(i) for i in bad[0])
        raise ValueError(
            f"{len(bad)} of the samples are NaN or infinite, the first at index [{at}]: a mean "
            "over them says nothing. Look for log(0) or a division by zero."
        )
    mean = draws.mean(axis=0)
    if mean.size == 0:
        raise ValueError("The samples are empty: there is no case to compare.")
    try:
        fits = np.broadcast_shapes(shape, mean.shape) == mean.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"The samples have shape {list(draws.shape)}, so their mean over the first axis has "
            f"shape {list(mean.shape)}; the given side of shape {list(shape)} does not fit."
        )
    return mean, draws.std(axis=0, ddof=1) / np.sqrt(len(draws))


# --- telling the result ---------------------------------------------------------------------------


def _summary(
    label: str, words: str, claim: _Claim, comparisons: list[_Comparison], form: str = ""
) -> Record:
    worst = max(comparisons, key=lambda c: float(np.max(c.violation)))
    error = float(np.max(worst.violation))
    cases = claim.samples or max(c.violation.size for c in comparisons)
    if claim.samples:
        note = f"{cases} samples, " + _distance_in_errors(worst)
    elif claim.operator != "==":
        note = f"{_count(cases)}, smallest margin {_short(max(0.0, -error))}"
    else:
        largest = "largest difference" if cases > 1 else "difference"
        note = f"{_count(cases)}, {largest} {_short(error)}"
    return Record(label, words, form or claim.form, cases, max(error, 0.0), note)


def _distance_in_errors(c: _Comparison) -> str:
    if c.operator != "==":
        return f"inequality holds within {STANDARD_ERRORS} standard errors"
    several = c.violation.size > 1
    if not np.any(c.standard_error > 0):
        return f"all alike, difference {_short(float(np.max(c.violation)))}"
    steps = np.divide(
        c.violation, c.standard_error, out=np.zeros(c.violation.shape), where=c.standard_error > 0
    )
    where = int(np.argmax(steps))
    return (
        f"{'largest ' if several else ''}difference {_short(c.violation.flat[where])} = "
        f"{steps.flat[where]:.1f} standard errors"
    )


def _keep(records: list[Record], words: str, kind: str) -> None:
    """Remember the results and display them: a line for each label as HTML, one line as text."""
    _records.update({record.label: record for record in records})
    first = records[0]
    text = f"{_mark(first)} {_title([r.label for r in records], words)}   {first.note}"
    page = "".join(_line(record) for record in records)
    data = {
        "label": first.label,
        "labels": [r.label for r in records],
        "cases": first.cases,
        "error": first.error,
        "form": first.form,
    }
    show(text, page, kind, data)


def _line(record: Record) -> str:
    """One checked equation as HTML. Without a style sheet it reads as a line of text."""
    refuted = record.form == "refuted"
    words = f' <span class="vf-words">{inline_markup(record.words)}</span>' if record.words else ""
    return (
        f'<div class="vf{" vf-refuted" if refuted else ""}" id="check-{record.label}" '
        f'data-eq="{record.label}" data-n="{record.cases}" '
        f'data-err="{_minus(_short(record.error))}" '
        f'data-note="{html.escape(_minus(record.note))}">'
        f'<div><span class="sr">{_mark(record)} </span>{_reference(record.label)}{words} '
        f'<span class="num">{_minus(record.note)}</span></div></div>'
    )


def _reference(label: str) -> str:
    """The equation's number or label; a link where the formula is on the page.

    A builder of the page replaces the text of ``data-eqno`` by the number.
    """
    if static():
        return f'<a href="#equation-{label}" class="vf-eq" data-eqno="{label}">{_name(label)}</a>'
    return f'<b class="vf-eq">{_name(label)}</b>'


def _name(label: str) -> str:
    return f"({_numbers[label]})" if label in _numbers else label


def _title(labels: list[str], words: str) -> str:
    """How a check is called in a line of text: "(5.1) words", or "label: words" without number."""
    name = _name(labels[0]) + (f" to {_name(labels[-1])}" if len(labels) > 1 else "")
    if labels[0] in _numbers:
        return f"{name} {plain(words) or labels[0]}"
    return f"{name}: {plain(words)}" if words else name


def _failure(labels: list[str], words: str, c: _Comparison) -> str:
    """What a reader needs to find the mistake: the worst case, the tolerance, a guess."""
    excess = np.where(np.isnan(c.violation), np.inf, c.violation - c.allowed)
    where = int(np.argmax(excess))
    failing, cases = int(c.fails.sum()), c.fails.size
    what = "difference" if c.operator == "==" else f"short of {c.operator} by"
    lines = [
        f"{_title(labels, words)} does not hold in {failing} of {_count(cases)}"
        if cases > 1
        else f"{_title(labels, words)} does not hold",
        f"  {'worst case, ' if cases > 1 else ''}{c.show_case(where)}",
        f"  {what} {c.violation.flat[where]:.4g}, allowed {c.allowed.flat[where]:.2g} "
        f"({_rule(c, where)})",
    ]
    if len(labels) > 1:
        line = int(c.right_name.split()[-1])
        lines.append(f"  the first line that differs from line 1 is {_name(labels[line - 1])}")
    lines.append(f"  What to look at: {_guess(c, where)}")
    return "\n".join(lines)


def _rule(c: _Comparison, where: int) -> str:
    error = float(c.standard_error.flat[where])
    if error > 0:
        return f"{STANDARD_ERRORS} standard errors of {error:.2g}"
    return f"tol {c.tol:g}, relative to 1 + the larger side"


def _guess(c: _Comparison, where: int) -> str:
    """The most likely reason for a difference, from the pattern of all cases."""
    a, b = c.left, c.right
    if np.isnan(a.flat[where]) or np.isnan(b.flat[where]):
        side = c.left_name if np.isnan(a.flat[where]) else c.right_name
        return f"{side} is NaN there, and NaN equals nothing: look for log(0), 0/0 or 0 * inf."
    if np.isinf(a.flat[where]) or np.isinf(b.flat[where]):
        return "one side is infinite there: look for log(0) or a division by zero."
    if c.operator == "==" and a.size > 1:
        finite = np.isfinite(a) & np.isfinite(b)
        x, y = a[finite], b[finite]
        if np.allclose(x, -y, rtol=1e-6, atol=0):
            return "the sides differ in sign only."
        if np.all(np.abs(y) > 1e-12) and np.allclose(x / y, x[0] / y[0], rtol=1e-6):
            return (
                f"{c.left_name} is {x[0] / y[0]:.6g} times {c.right_name} in every case: a missing "
                "factor, a mean for a sum, or a logarithm of another base (2: 0.693, 10: 2.303)?"
            )
        if np.allclose(x - y, x[0] - y[0], rtol=1e-6):
            return (
                f"{c.left_name} − {c.right_name} is {x[0] - y[0]:.6g} in every case: a missing "
                "constant or normalizer?"
            )
    first, second = c.given_shapes
    if first != second and first and second:
        return (
            f"the sides have shapes {list(first)} and {list(second)} and were broadcast: "
            "is every case compared with its own partner?"
        )
    if np.any(c.standard_error > 0):
        return "the formula, or whether the samples come from the distribution that it names."
    if np.nanmax(c.violation / (1 + np.abs(b))) < 1e-4:
        return "the difference is small: rounding (float32 somewhere?), or too coarse a grid."
    return "the step of the formula that the two sides do not share."


def _mark(record: Record) -> str:
    return "≠" if record.form == "refuted" else "✓"


def _error_words(record: Record) -> str:
    if record.form == "refuted":
        return f"wrong by at least {_short(record.error)}"
    if record.form == "inequality":
        return record.note.split(", ", 1)[1]
    if record.form == "monte-carlo":
        return record.note.split(", ", 1)[1].removeprefix("largest ").removeprefix("difference ")
    return _short(record.error)


def _count(cases: int) -> str:
    return f"{cases} case{'s' * (cases != 1)}"


def _short(x: float) -> str:
    """A size in one or two digits: 0, 3e-15, 0.0042, 1.2."""
    if x == 0 or not np.isfinite(x):
        return f"{x:g}"
    if 1e-3 <= abs(x) < 1e4:
        return f"{x:.2g}" if abs(x) < 100 else f"{x:.0f}"
    digits, power = f"{x:.0e}".split("e")
    return f"{digits}e{int(power)}"


def _minus(text: str) -> str:
    """A true minus sign in place of the hyphen of an exponent."""
    return re.sub(r"(?<=e)-(?=\d)", "−", text)
