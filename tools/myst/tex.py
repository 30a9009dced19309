"""Formulas: the book's macros written out, and the formulas of a Markdown text."""

from __future__ import annotations

import re
from typing import Any

_CODE = re.compile(r"^(`{3,}|~{3,}).*?^\1\s*$|(?<!`)(`+)(?!`).+?(?<!`)\2(?!`)", re.S | re.M)
_FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$(?![\s$])((?:\\.|[^$\\])+?)(?<!\s)\$(?!\d)", re.S)
_OUTER = re.compile(r"\\(begin|end)\{(align|gather)\*?\}")


def braced(tex: str, at: int) -> tuple[str, int]:
    """The group `{…}` that starts at or after `at` (spaces are skipped).

    Returns:
        What stands between the braces, and the index behind the closing one.

    Raises:
        ValueError: There is no group there, or it never ends.
    """
    while at < len(tex) and tex[at].isspace():
        at += 1
    if at >= len(tex) or tex[at] != "{":
        raise ValueError("its arguments must be written in braces")
    depth, i = 0, at
    while i < len(tex):
        if tex[i] == "\\":
            i += 2
            continue
        depth += {"{": 1, "}": -1}.get(tex[i], 0)
        i += 1
        if depth == 0:
            return tex[at + 1 : i - 1], i
    raise ValueError("a brace is never closed")


class Macros:
    """The book's TeX macros, and how to write them out.

    A notebook's cells are typeset one by one, so that no cell can define macros for the others.

    Args:
        definitions: As in MathJax's configuration: name → body, or name → [body, arguments].
    """

    def __init__(self, definitions: dict[str, Any]) -> None:
        self.definitions = {
            name: (str(body[0]), int(body[1])) if isinstance(body, list) else (str(body), 0)
            for name, body in definitions.items()
        }

    @classmethod
    def of(cls, config: dict[str, Any]) -> Macros:
        """The macros of the book's configuration."""
        settings = config.get("sphinx", {}).get("config", {})
        return cls(settings.get("mathjax3_config", {}).get("tex", {}).get("macros", {}))

    def expand(self, tex: str) -> str:
        """Write every macro out, and drop the page's colors (`\\class`, `\\cssId`).

        Raises:
            ValueError: An argument of a macro is not in braces, or the macros never end.
        """
        names = "|".join(sorted(map(re.escape, self.definitions), key=len, reverse=True))
        pattern = re.compile(rf"\\({names})(?![A-Za-z])") if names else None
        for _ in range(1000):
            found = pattern.search(tex) if pattern else None
            if not found:
                return _without_classes(tex)
            body, count = self.definitions[found[1]]
            end = found.end()
            for number in range(1, count + 1):
                try:
                    argument, end = braced(tex, end)
                except ValueError as error:
                    raise ValueError(f"\\{found[1]}: {error}") from None
                body = body.replace(f"#{number}", argument)
            # An operator in braces would lose its limits and its spacing.
            if not body.startswith(r"\operatorname"):
                body = "{" + body + "}"
            elif re.match(r"\s*[A-Za-z]", tex[end:]):
                body += " "
            tex = tex[: found.start()] + body + tex[end:]
        raise ValueError("the book's macros call each other without end")


def _without_classes(tex: str) -> str:
    while found := re.search(r"\\(?:class|cssId)(?![A-Za-z])", tex):
        _, at = braced(tex, found.end())
        body, end = braced(tex, at)
        tex = tex[: found.start()] + "{" + body + "}" + tex[end:]
    return tex


def tagged(tex: str, number: str | None) -> str:
    """A displayed formula with its number as `\\tag`.

    `align` and `gather` number every line on their own, so they become `aligned` and `gathered`.
    """
    tex = _OUTER.sub(r"\\\1{\2ed}", tex.strip())
    return f"{tex} \\tag{{{number}}}" if number else tex


def without_code(markdown: str) -> str:
    """The text with code blocks and code spans blanked out; lines and backquotes stay."""
    return _CODE.sub(lambda found: re.sub(r"[^\n`]", " ", found[0]), markdown)


def formulas(markdown: str) -> list[tuple[str, bool]]:
    """Every formula of a Markdown text outside code, and whether it is displayed."""
    found = _FORMULA.finditer(without_code(markdown))
    return [(m[1] or m[2], m[1] is not None) for m in found]
