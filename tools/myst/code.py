"""What the code of a page says: which equations it checks, which names it defines."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from IPython.core.inputtransformer2 import TransformerManager

from myst.source import CodeCell, SourceError


@dataclass(frozen=True)
class EquationCheck:
    """One label in one call of `verify` or `refute`."""

    label: str
    function: str
    line: int


def syntax(cell: CodeCell) -> ast.Module:
    """The cell's syntax tree, with IPython's magics understood.

    Raises:
        SourceError: The cell is no Python.
    """
    try:
        return ast.parse(TransformerManager().transform_cell(cell.source))
    except SyntaxError as error:
        line = cell.line + (error.lineno or 1) - 1
        raise SourceError(f"this code cell is no Python: {error.msg}", line) from None


def _calls(cell: CodeCell, *functions: str) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(syntax(cell)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            if name in functions:
                yield name, node


def equation_checks(cell: CodeCell) -> list[EquationCheck]:
    """The equations that the cell verifies or refutes.

    Raises:
        SourceError: A label is not written out as a text, or there is none.
    """
    found = []
    for name, call in _calls(cell, "verify", "refute"):
        first = call.args[0] if call.args else None
        labels = first.elts if isinstance(first, (ast.List, ast.Tuple)) else [first]
        line = cell.line + call.lineno - 1
        for label in labels:
            if not (isinstance(label, ast.Constant) and isinstance(label.value, str)):
                raise SourceError(
                    f'{name} wants its labels written out, {name}("label", ...): tools cannot run '
                    "the code to find out which equation is meant",
                    line,
                )
            found.append(EquationCheck(label.value, name, line))
    return found


def called_with(cell: CodeCell, function: str) -> str | None:
    """The first argument of the cell's first call of `function`: a text, or the name of a name."""
    for _, call in _calls(cell, function):
        first = call.args[0] if call.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return first.value
        if isinstance(first, ast.Name):
            return first.id
    return None


def defined_names(cell: CodeCell, allow_use: bool = False) -> set[str]:
    """Names that the cell binds at its top level.

    Args:
        cell: The cell.
        allow_use: Leave out `name = use(name)`, the one way in which the narrative may touch the
            name of an exercise.
    """
    names: set[str] = set()
    pending: list[ast.stmt] = list(syntax(cell).body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            continue
        if allow_use and isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            if getattr(node.value.func, "id", "") == "use":
                continue
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                pending.append(child)
            elif isinstance(child, ast.alias):
                names.add((child.asname or child.name).split(".")[0])
            else:
                names |= _stored(child)
    return names


def _stored(node: ast.AST) -> set[str]:
    """Names an expression binds in the scope around it; a comprehension keeps its own."""
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)):
        return set()
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    return set().union(*map(_stored, ast.iter_child_nodes(node)))
