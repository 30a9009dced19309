"""Which displayed equation of the book is checked where, and what is wrong with the rest.

    .venv/bin/python tools/equations.py

Prints a table of all displayed equations with the `verify` or `refute` call that covers each, and
ends with status 1 if one has no label, no check or a label used twice, if a check names an equation
that is not there, or if a formula is written in a way that MyST reads as something else. Labels
that start with `def-` are definitions and need no check.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools")]

from markdown_it.token import Token  # noqa: E402
from myst.code import EquationCheck, equation_checks  # noqa: E402
from myst.source import Block, Page, Reader, SourceError, load_config  # noqa: E402
from myst.tex import without_code  # noqa: E402

DEFINITION = "def-"
_KEBAB = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_TEX_LABEL = re.compile(r"\\label\{([^}]*)\}")


@dataclass(frozen=True)
class Equation:
    """A displayed equation that has a label."""

    label: str
    path: str
    line: int
    tex: str

    @property
    def is_definition(self) -> bool:
        """Whether it only says what a name means."""
        return self.label.startswith(DEFINITION)


@dataclass
class Coverage:
    """All displayed equations of the book, their checks, and the faults found.

    Attributes:
        equations: In the order of the pages.
        checks: By page and label.
        faults: Each says its file and line.
    """

    equations: list[Equation] = field(default_factory=list)
    checks: dict[tuple[str, str], list[EquationCheck]] = field(
        default_factory=lambda: defaultdict(list)
    )
    faults: list[SourceError] = field(default_factory=list)

    def of(self, equation: Equation) -> list[EquationCheck]:
        """The checks of an equation, all of them on its own page."""
        return self.checks.get((equation.path, equation.label), [])

    def table(self) -> str:
        """One line for each equation."""
        rows = [("equation", "where", "checked by")]
        for equation in self.equations:
            by = [f"{check.function}, line {check.line}" for check in self.of(equation)]
            if not by:
                by = ["a definition" if equation.is_definition else "NOTHING"]
            rows.append((equation.label, f"{equation.path}:{equation.line}", "; ".join(by)))
        widths = [max(len(row[i]) for row in rows) for i in range(2)]
        return "\n".join(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}" for a, b, c in rows)


def cover(root: Path) -> Coverage:
    """Read all pages below `root/book` and match equations with checks."""
    coverage, reader = Coverage(), Reader(load_config(root))
    for file in sorted((root / "book").rglob("*.md")):
        try:
            _read(reader.page(file, root), reader, coverage)
        except SourceError as error:
            error.path = file.relative_to(root).as_posix()
            coverage.faults.append(error)
    _match(coverage)
    coverage.faults.sort(key=lambda fault: (fault.path, fault.line))
    return coverage


def _read(page: Page, reader: Reader, coverage: Coverage) -> None:
    scan = _Scan(page.path, reader)
    front = len(page.text.split("\n")) - len(_without_front_matter(page.text).split("\n"))
    scan.text(_without_front_matter(page.text), front + 1)
    coverage.equations += scan.equations
    coverage.faults += scan.faults
    for cell in page.code_cells():
        if "notebook-only" in cell.tags:  # the page does not have it
            continue
        try:
            for check in equation_checks(cell):
                coverage.checks[page.path, check.label].append(check)
        except SourceError as error:
            error.path = page.path
            coverage.faults.append(error)


def _without_front_matter(text: str) -> str:
    return re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.S)


def _match(coverage: Coverage) -> None:
    """Find what does not fit together across the pages."""

    def fault(path: str, line: int, message: str) -> None:
        coverage.faults.append(SourceError(message, line, path))

    home: dict[str, Equation] = {}
    for equation in coverage.equations:
        first = home.setdefault(equation.label, equation)
        if first is not equation:
            fault(
                equation.path, equation.line,
                f"the label {equation.label!r} is taken: {first.path}:{first.line} has it too",
            )
        if not equation.is_definition and not coverage.of(equation):
            fault(
                equation.path, equation.line,
                f"no cell of this page checks {equation.label!r}. Add verify({equation.label!r}, "
                "left, right), or refute if it is wrong on purpose; if it only defines a name, let "
                f"its label start with {DEFINITION}",
            )
    for (path, label), checks in coverage.checks.items():
        if label not in home:
            where = "the book has no equation of that label"
        elif home[label].path != path:
            where = f"that equation stands in {home[label].path}; put the check there"
        else:
            continue
        for check in checks:
            fault(path, check.line, f"{check.function}({label!r}): {where}")


class _Scan:
    """Collects the equations of one page, also those inside directives, quotes and lists."""

    def __init__(self, path: str, reader: Reader) -> None:
        self.path, self.reader = path, reader
        self.equations: list[Equation] = []
        self.faults: list[SourceError] = []

    def fault(self, message: str, line: int) -> None:
        self.faults.append(SourceError(message, line, self.path))

    def text(self, text: str, first: int, inside: str | None = None) -> None:
        """Scan a piece of MyST that starts on line `first`, `inside` a directive or in none."""
        for token in self.reader.parser.parse(text, {}):
            line = first + (token.map[0] if token.map else 0)
            if token.type in ("math_block", "math_block_label"):
                label = token.info if token.type == "math_block_label" else None
                self.equation(token.content, label, line)
            elif token.type == "amsmath":
                self.equation(token.content, None, line)
            elif token.type == "inline":
                self.paragraph(token, line)
            elif directive := Block(token, "", line).directive():
                if directive.name == "math":
                    tex = f"{directive.argument}\n{directive.body}"
                    self.equation(tex, directive.label, line)
                elif directive.name == "code-cell":
                    if inside or token.level:
                        where = f"a {{{inside}}}" if inside else "a list or a quote"
                        self.fault(f"a cell inside {where} never runs: put it outside", line)
                elif directive.name != "raw":
                    self.text(directive.body, directive.body_line, directive.name)

    def equation(self, tex: str, label: str | None, line: int) -> None:
        if found := _TEX_LABEL.search(tex):
            self.fault(
                f"\\label{{{found[1]}}} inside a formula is ignored by the book; write the label "
                "behind it: $$ … $$ (label)",
                line,
            )
        elif label is None:
            self.fault(
                "this displayed equation has no label; write $$ … $$ (label), with the label on "
                "the line of the closing $$",
                line,
            )
        if re.search(r"\n\s*\n", tex.strip()):
            self.fault("a blank line inside this equation: is a $$ not closed?", line)
        if label is None:
            return
        if not _KEBAB.fullmatch(label):
            self.fault(f"the label {label!r} should be in kebab-case, like chain-rule", line)
        self.equations.append(Equation(label, self.path, line, tex.strip()))

    def paragraph(self, token: Token, line: int) -> None:
        for number, problem in _dollars(token.content):
            self.fault(problem, line + number)


def _dollars(paragraph: str) -> Iterator[tuple[int, str]]:
    """What is wrong with the first `$$` inside a paragraph, which should have none."""
    text = without_code(paragraph).replace(r"\$", "  ")
    if "$$" not in text:
        return
    number = text.count("\n", 0, text.index("$$"))
    if text.count("$$") % 2:
        yield number, "this $$ is never closed, or a blank line stands before its closing $$"
    else:
        yield number, (
            "this displayed equation belongs to the paragraph and gets no number: put a blank line "
            "before its opening $$"
        )


def main() -> int:
    """Print the table and the faults; returns the exit status."""
    coverage = cover(ROOT)
    print(coverage.table())
    if coverage.faults:
        print("\n" + "\n".join(map(str, coverage.faults)), file=sys.stderr)
        print(f"\n{len(coverage.faults)} to put right.", file=sys.stderr)
        return 1
    definitions = sum(equation.is_definition for equation in coverage.equations)
    print(
        f"\n{len(coverage.equations)} displayed equations: {len(coverage.equations) - definitions} "
        f"checked, {definitions} definitions."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
