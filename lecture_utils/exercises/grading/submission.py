"""Read a submitted notebook without running any of it.

Answers are read from the syntax tree of ``check("name", answer=...)``. Of the code, only imports,
functions, classes and literal constants are kept: training loops and plots never run.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

MOST_BYTES = 30_000_000  # of a notebook, outputs included
_MOST_SOURCE = 200_000  # of a cell
_KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


class Unreadable(ValueError):
    """A file that is no notebook, in words for the person who handed it in."""


@dataclass
class Submission:
    """What a notebook says.

    Attributes:
        functions: The source of each exercise's function: its last definition.
        broken: Exercises whose cell does not compile, with Python's complaint.
        answers: What was given to ``check`` as `answer`, as text.
        around: Definitions that the functions may need, in order.
        tries: How often each exercise was checked before the notebook was saved, where it tells.
        constants: What the names of the notebook were set to, as syntax.
    """

    functions: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    around: list[str] = field(default_factory=list)
    tries: dict[str, int] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict, repr=False)


def read(path: Path, names: Iterable[str]) -> Submission:
    """The answers of a notebook to the exercises of these names.

    Raises:
        Unreadable: The file is no notebook.
        ModuleNotFoundError: If nbformat is not installed.
    """
    import nbformat

    names = set(names)
    if path.stat().st_size > MOST_BYTES:
        raise Unreadable("The file is larger than 30 MB. Clear the outputs and hand it in again.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            notebook = nbformat.read(path, as_version=4)
        cells = [(cell.cell_type, cell.source, cell.get("outputs", ())) for cell in notebook.cells]
    except Exception as error:  # whatever a broken file does to the reader
        first = (str(error).strip().splitlines() or [""])[0][:120]
        raise Unreadable(
            f"The file is not a notebook that can be read ({type(error).__name__}: {first}). Open "
            "it in Jupyter or Colab, save it, and hand it in again."
        ) from None
    found = Submission()
    for kind, source, outputs in cells:
        if kind == "code" and isinstance(source, str):
            _read_cell(source, names, found)
            _read_tries(outputs, names, found)
    return found


def _read_cell(source: str, names: set[str], found: Submission) -> None:
    lines = [
        # The place of a line must not change: errors are told by their line.
        "pass" if line.startswith(("%", "!", "?")) else line
        for line in source.splitlines()
    ]
    text = "\n".join(lines)
    try:
        if len(text) > _MOST_SOURCE:
            raise SyntaxError("the cell is too long to be a solution")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        _note_broken(text, names, found, error)
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in names:
            found.functions[node.name] = _source(text, node)
            found.broken.pop(node.name, None)
        if isinstance(node, _KEPT) or _is_constant(node):
            found.around.append(ast.unparse(node))
        if isinstance(node, ast.Assign):
            names_set = [target.id for target in node.targets if isinstance(target, ast.Name)]
            found.constants |= dict.fromkeys(names_set, node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check" and node.args:
            _read_check(node, names, found)


def _read_check(call: ast.Call, names: set[str], found: Submission) -> None:
    first = call.args[0]
    if not (isinstance(first, ast.Constant) and first.value in names):
        return
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    answer = call.args[1] if len(call.args) > 1 else keywords.get("answer")
    if isinstance(answer, ast.Name):  # a constant, such as the result of a sum on paper
        answer = found.constants.get(answer.id, answer)
    if isinstance(answer, ast.Constant) and isinstance(answer.value, str):
        found.answers[first.value] = answer.value
    elif answer is not None:
        found.answers[first.value] = ast.unparse(answer)


def _note_broken(text: str, names: set[str], found: Submission, error: Exception) -> None:
    said = getattr(error, "msg", None) or str(error) or type(error).__name__
    line = getattr(error, "lineno", None)
    place = f" (line {line} of the cell)" if line else ""
    for name in names:
        if f"def {name}(" in text.replace(f"def {name} (", f"def {name}("):
            found.broken[name] = f"{said}{place}"
            found.functions.pop(name, None)


def _source(text: str, node: ast.FunctionDef) -> str:
    """The definition as it was written, its comments included, without decorators."""
    return ast.get_source_segment(text, node) or ast.unparse(node)


def _is_constant(node: ast.stmt) -> bool:
    """An assignment of a literal, as in ``EPS = 1e-8``."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return False
    try:
        ast.literal_eval(node.value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return True


def _read_tries(outputs: object, names: set[str], found: Submission) -> None:
    """How many tries the saved outputs tell of. They are the student's word, not a proof."""
    for output in outputs if isinstance(outputs, (list, tuple)) else ():
        facts = output.get("metadata", {}).get("lecture_utils", {})
        if isinstance(facts, dict) and facts.get("id") in names:
            tries = facts.get("tries")
            if isinstance(tries, int):
                found.tries[facts["id"]] = max(tries, found.tries.get(facts["id"], 0))
