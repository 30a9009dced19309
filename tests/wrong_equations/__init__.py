"""For each checked equation, one plausible wrong version that its check must reject.

A chapter has one file here, named as its bank of exercises (`autoregressive.py`), with one function
for each label that does not start with `def-`::

    @wrong("count-table", "one context too many: V**t instead of V**(t-1)")
    def _(mistake):
        sizes = [(2, 3), (3, 4)]
        left = [sum((V - 1) * V ** (t - 1 + mistake) for t in range(1, T + 1)) for V, T in sizes]
        return left, [V**T - 1 for V, T in sizes]

`mistake` is False or True. Without the mistake the function returns the sides as the chapter
computes them, and the chapter's check (`verify` or `refute`) must accept them; with the mistake in
one side, it must reject them. For an equation that the chapter refutes, the mistake of the claim is
what is put right. What is returned are the arguments behind the label; a dictionary at the end
holds keywords: `return exact, {"samples": draws}`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

_ENTRIES: dict[str, dict[str, WrongEquation]] = {}


@dataclass(frozen=True)
class WrongEquation:
    """A wrong version of one equation.

    Attributes:
        label: The equation.
        mistake: What is wrong, in words.
        sides: Returns the arguments of the check, right or with the mistake.
    """

    label: str
    mistake: str
    sides: Callable[[bool], tuple]

    def check(self, function: Callable, mistake: bool) -> None:
        """Call `function`, which is `verify` or `refute`, with these sides."""
        arguments = list(self.sides(mistake))
        keywords: dict[str, Any] = {}
        if arguments and isinstance(arguments[-1], dict):
            keywords = arguments.pop()
        function(self.label, *arguments, **keywords)


def wrong(label: str, mistake: str) -> Callable[[Callable], Callable]:
    """Enter the decorated function as the wrong version of the equation `label`."""

    def enter(sides: Callable[[bool], tuple]) -> Callable:
        entries = _ENTRIES.setdefault(sides.__module__, {})
        if label in entries:
            raise ValueError(f"{sides.__module__} has two entries for {label!r}")
        entries[label] = WrongEquation(label, mistake, sides)
        return sides

    return enter


def entries_of(slug: str) -> dict[str, WrongEquation]:
    """The wrong versions of a chapter's equations, by label; empty if it has no file here."""
    name = f"{__name__}.{slug.replace('-', '_')}"
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
    return _ENTRIES.get(name, {})
