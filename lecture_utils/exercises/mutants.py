"""Small changes to a reference solution, made in its syntax tree: would a check notice them?"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_OPERATORS: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
}
_COMPARISONS: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
_FUNCTIONS = {
    "sum": "mean",
    "mean": "sum",
    "log_softmax": "softmax",
    "softmax": "log_softmax",
    "logsumexp": "sum",
    "softplus": "relu",
    "sigmoid": "tanh",
    "std": "var",
    "tril": "triu",
    "triu": "tril",
    "max": "min",
    "min": "max",
    "ones": "zeros",
    "zeros": "ones",
    "zeros_like": "ones_like",
    "exp": "expm1",
    "log": "log1p",
    "prod": "sum",
    "float": "double",
}
_DROPPED = {"exp", "log", "abs", "sqrt", "detach", "squeeze", "sigmoid", "float", "clone"}
_WITH_AXIS = {"sum", "mean", "softmax", "log_softmax", "logsumexp", "cumsum"}
_MODULES = {"torch", "F", "math", "np"}


@dataclass(frozen=True)
class Mutant:
    """A changed reference.

    Attributes:
        name: What was changed.
        source: The whole changed function.
        change: The changed lines alone, by which a reviewed list can name the mutant.
    """

    name: str
    source: str
    change: str


def mutants(source: str) -> Iterator[Mutant]:
    """All different mutants of a function's source, docstring aside."""
    tree = ast.parse(source)
    function = tree.body[0]
    if ast.get_docstring(function) is not None:
        del function.body[0]
    original = ast.unparse(tree)
    seen = {original}
    for position, node in enumerate(ast.walk(tree)):
        for name, change in _changes(node):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[position]
            changed = _Replace(target, change).visit(changed)
            text = ast.unparse(ast.fix_missing_locations(changed))
            if text not in seen:
                seen.add(text)
                old = original.splitlines()
                lines = [line.strip() for line in text.splitlines() if line not in old]
                yield Mutant(name, text + "\n", " ; ".join(lines) or "line removed")


class _Replace(ast.NodeTransformer):
    def __init__(self, target: ast.AST, change: Callable[[ast.AST], ast.AST]):
        self._target = target
        self._change = change

    def visit(self, node: ast.AST) -> ast.AST:
        return self._change(node) if node is self._target else self.generic_visit(node)


def _set(**fields: object) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        for name, value in fields.items():
            setattr(node, name, value)
        return node

    return change


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], ast.AST]]]:
    if isinstance(node, ast.BinOp):
        if type(node.op) in _OPERATORS:
            yield "another operator", _set(op=_OPERATORS[type(node.op)]())
        yield "right operand dropped", lambda n: n.left
        yield "left operand dropped", lambda n: n.right
        if not isinstance(node.op, (ast.Add, ast.Mult)):  # these do not mind
            yield "operands swapped", lambda n: ast.BinOp(n.right, n.op, n.left)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "minus dropped", lambda n: n.operand
    elif isinstance(node, ast.Compare):
        for other in _COMPARISONS.get(type(node.ops[0]), ()):
            yield "another comparison", _set(ops=[other()])
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        for value in (2 * node.value, node.value + 1, node.value - 1, -node.value, 0):
            yield f"{node.value} becomes {value}", _set(value=value)
    elif isinstance(node, ast.Return) and node.value is not None:
        if isinstance(node.value, ast.Tuple):
            yield "results swapped", lambda n: ast.Return(ast.Tuple(n.value.elts[::-1], ast.Load()))
        else:
            yield "result negated", lambda n: ast.Return(ast.UnaryOp(ast.USub(), n.value))
    elif isinstance(node, ast.Call):
        yield from _call_changes(node)


def _call_changes(node: ast.Call) -> Iterator[tuple[str, Callable[[ast.AST], ast.AST]]]:
    for i, keyword in enumerate(node.keywords):
        yield (
            f"keyword {keyword.arg} dropped",
            _set(keywords=node.keywords[:i] + node.keywords[i + 1 :]),
        )
    if len(node.args) >= 2:
        yield "arguments swapped", _set(args=[node.args[1], node.args[0], *node.args[2:]])
    if not isinstance(node.func, ast.Attribute):
        return
    name, owner = node.func.attr, node.func.value
    of_module = isinstance(owner, ast.Name) and owner.id in _MODULES
    if name in _FUNCTIONS:
        yield (
            f"{name} becomes {_FUNCTIONS[name]}",
            lambda n: ast.Call(
                ast.Attribute(n.func.value, _FUNCTIONS[name], ast.Load()), n.args, n.keywords
            ),
        )
    if name in _DROPPED:
        yield f"{name} dropped", lambda n: n.args[0] if of_module else n.func.value
    if name in _WITH_AXIS and len(node.args) > of_module:
        yield "another axis", _set(args=[*node.args[:-1], ast.Constant(0)])
        if name in {"sum", "mean"}:
            yield "axis dropped", _set(args=node.args[:-1])
