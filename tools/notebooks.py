"""Make the notebooks from the chapters: the student edition, and the solved one for the tests.

    .venv/bin/python tools/notebooks.py                        notebooks/, the committed edition
    .venv/bin/python tools/notebooks.py student --out FOLDER
    .venv/bin/python tools/notebooks.py solved --out FOLDER    solutions in place; run it strictly
    ... --labels labels.json                                   take the book's numbers from there

A chapter is `book/NN-name.md`. What its source may use, and what becomes of it in a notebook:

=====================  =============================================================================
`$$ … $$ (label)`      the formula with its number, macros written out; also `{math}`
`{div} chapter-head`   aims and prerequisites, and a link to the page; no minutes, no buttons
`{div} question`       a quote in italics
`{div} deriv`, `step`  numbered lines, each with its folded reason
`{div} book-only`      nothing; any other `{div}`: its inside
`{dropdown}`           `<details>`
`{admonition}`         a quote with a title (predict, slide, summary); folded with class `dropdown`
`{note}`, `{tip}`, …   a quote with a title: note, tip, hint, important, warning, caution, seealso
`{margin}`             a quote in small print
`{exercise}`           number, title and statement
`{answer}`             students: how to get a hint; solved: nothing
`{figure}`, `{image}`  the picture, inside the notebook; number and caption
`{table}`              the table with number and caption
roles                  `eq ref numref doc cite cite:t cite:p math sub sup kbd abbr`
`{{ name }}`           the page's value: minutes_reading, minutes_cpu, minutes_gpu, colab
=====================  =============================================================================

Tags of code cells: `setup`, `exercise` (the stub; solved: the bank's reference), `check`, `quiz` (a
cell that answers it follows), `book-only` (left out), `notebook-only`, `remove-input`,
`remove-cell` and `hide-input` (folded). Anything else is an error with its file and line.

The first code cell installs `lecture_utils` in Colab at the revision in `_config.yml`
(`repository.branch`), the same from which the page's Colab button opens the notebook. To freeze an
edition, put a tag's name there, run `make notebooks`, and commit under that tag.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools"), str(ROOT / "book" / "extensions")]

import nbformat  # noqa: E402
from launch import MEASURED, colab_url, substitute  # noqa: E402
from myst.code import called_with, defined_names, equation_checks  # noqa: E402
from myst.markdown import Converter  # noqa: E402
from myst.references import (  # noqa: E402
    References,
    Unknown,
    repository_address,
    repository_revision,
    site_address,
)
from myst.source import (  # noqa: E402
    CodeCell,
    Directive,
    Page,
    Reader,
    SourceError,
    load_config,
)
from myst.tex import Macros  # noqa: E402
from myst_nb.core.read import is_myst_markdown_notebook  # noqa: E402

TAGS = {
    "setup", "exercise", "check", "quiz", "book-only", "notebook-only", "remove-input",
    "remove-cell", "hide-input",
}
FOLDED = {"remove-input", "remove-cell", "hide-input"}
NUMBERS_WIDTH = 68


@dataclass(frozen=True)
class Book:
    """What all chapters share while notebooks are made."""

    root: Path
    config: dict[str, Any]
    reader: Reader
    references: References
    macros: Macros

    @classmethod
    def open(cls, root: Path, labels: Path) -> Book:
        """Read the configuration, the labels and the bibliography."""
        config = load_config(root)
        references = References.load(labels, root, site_address(config))
        return cls(root, config, Reader(config), references, Macros.of(config))

    def value(self, page: Page, name: str) -> str:
        """The value of `{{ name }}` on a page.

        Raises:
            Unknown: There is no such value.
        """
        stem = Path(page.path).stem
        measured = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
        colab = colab_url(repository_address(self.config), repository_revision(self.config), stem)
        text, missing = substitute(f"{{{{ {name} }}}}", colab, measured.get(stem, {}))
        if missing:
            raise Unknown(f"{{{{ {name} }}}} is not measured: run tools/build.py --measure")
        if text.startswith("{{"):
            raise Unknown(f"nothing fills in {{{{ {name} }}}}")
        return re.sub(r"\{[.#][^}]*\}$", "", text)


def chapters(root: Path) -> list[Path]:
    """The sources that become notebooks: the numbered chapters, and other pages with code."""
    return [
        file
        for file in sorted((root / "book").glob("*.md"))
        if file.name[:2].isdigit() or is_myst_markdown_notebook(file.read_text(encoding="utf-8"))
    ]


def make_notebook(file: Path, edition: str, book: Book) -> nbformat.NotebookNode:
    """Turn a chapter into a notebook.

    Args:
        file: The chapter's source.
        edition: `"student"` or `"solved"`.
        book: What all chapters share.

    Raises:
        SourceError: The source holds something that has no form in a notebook.
    """
    page = book.reader.page(file, book.root)
    try:
        cells = [*_front(page, book), *_cells(page, edition, book)]
    except SourceError as error:
        error.path = page.path
        raise
    _name_cells(cells)
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = nbformat.from_dict({
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
        "colab": {"provenance": [], "toc_visible": True},
    })
    nbformat.validate(notebook)
    return notebook


def write_notebooks(edition: str, folder: Path, labels: Path, root: Path = ROOT) -> list[Path]:
    """Write one edition of all chapters, and remove notebooks whose chapter is gone.

    Returns:
        The files written.

    Raises:
        SourceError: As `make_notebook`; nothing has been written then.
    """
    book = Book.open(root, labels)
    made = {file.stem: make_notebook(file, edition, book) for file in chapters(root)}
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.ipynb"):
        if old.stem not in made:
            old.unlink()
    written = []
    for stem, notebook in made.items():
        path = folder / f"{stem}.ipynb"
        path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
        written.append(path)
    return written


# --- the first cells ------------------------------------------------------------------------------


def _front(page: Page, book: Book) -> Iterator[nbformat.NotebookNode]:
    yield _markdown(
        f"*From the book [{book.config['title']}]({book.references.site}). Made from "
        f"`{page.path}` by `make notebooks`: change that file, not this notebook.*"
    )
    yield _code(setup_source(book.config), ["setup"])
    numbers = {
        check.label: book.references.number(check.label)
        for cell in page.code_cells()
        for check in _equation_checks(cell, book)
    }
    if numbers:
        in_order = dict(sorted(numbers.items(), key=lambda item: _as_key(item[1])))
        yield _code(numbers_source(in_order), ["setup"], folded=True)


def _as_key(number: str) -> list[int]:
    """5.10 comes after 5.9."""
    return [int(part) for part in re.findall(r"\d+", number)]


def _equation_checks(cell: CodeCell, book: Book) -> list[Any]:
    checks = equation_checks(cell)
    for check in checks:
        if check.label not in book.references.labels:
            raise SourceError(
                f"{check.function} names the equation {check.label!r}, and the book has none of "
                "that label",
                check.line,
            )
    return checks


def setup_source(config: dict[str, Any]) -> str:
    """The cell that makes `lecture_utils` importable, or says in plain words what to do."""
    source = f"git+{repository_address(config)}@{repository_revision(config)}"
    return f'''\
# Finds lecture_utils in a clone or installed; Colab installs it.
import sys
from importlib.util import find_spec
from pathlib import Path
BOOK = "{source}"
sys.path[:0] = [str(p) for p in (Path.cwd(), *Path.cwd().parents)
                if (p / "lecture_utils/__init__.py").is_file()][:1]
if not find_spec("lecture_utils") and "google.colab" in sys.modules:
    %pip install -q {{BOOK}}
if not find_spec("lecture_utils"):
    raise ImportError("This notebook needs lecture_utils. Open it "
        f"in a clone of the book, or run: pip install {{BOOK}}")'''


def numbers_source(numbers: dict[str, str]) -> str:
    """The cell that tells the kernel the numbers of the book's equations."""
    lines = [""]
    for label, number in numbers.items():
        item = f"{label}={number}"
        if lines[-1] and len(lines[-1]) + len(item) > NUMBERS_WIDTH - 1:
            lines.append("")
        lines[-1] = f"{lines[-1]} {item}".strip()
    table = "\n".join(lines)
    return (
        "# The numbers that the book gives to its equations.\n"
        "from lecture_utils import equation_numbers\n\n"
        f'equation_numbers(dict(pair.split("=") for pair in """\n{table}\n""".split()))'
    )


# --- the chapter's own cells ----------------------------------------------------------------------


def _cells(page: Page, edition: str, book: Book) -> Iterator[nbformat.NotebookNode]:
    converter = Converter(
        page, book.reader, book.references, book.macros,
        lambda name: book.value(page, name), (book.root / page.path).parent,
    )
    text: list[str] = []
    for block in page.blocks:
        directive = block.directive()
        is_cell = directive is not None and directive.name == "code-cell"
        if text and (is_cell or block.token.type == "heading_open"):
            yield _markdown("\n\n".join(text))
            text = []
        if is_cell:
            yield from _code_cells(CodeCell.of(directive), edition, converter)
        elif directive and directive.name == "answer":
            if edition == "student":
                text.append(_where_hints_are(directive))
        elif converted := converter.block(block).strip():
            text.append(_with_chapter_number(converted, page, book))
    if notes := converter.endnotes():
        text.append(f"---\n\n{notes}")
    if text:
        yield _markdown("\n\n".join(text))


def _where_hints_are(answer: Directive) -> str:
    name = answer.argument
    _exercise(name, answer.line)
    return f'Stuck? Run `hint("{name}")` in a cell of its own, again for the next hint.'


def _with_chapter_number(text: str, page: Page, book: Book) -> str:
    number = book.references.page_entry(page.doc).get("num")
    return re.sub(r"\A# ", f"# {number}. ", text) if number else text


def _code_cells(
    cell: CodeCell, edition: str, converter: Converter
) -> Iterator[nbformat.NotebookNode]:
    unknown = [tag for tag in cell.tags if tag not in TAGS]
    if unknown:
        raise SourceError(
            f"the tag {unknown[0]!r} means nothing here; known: {', '.join(sorted(TAGS))}",
            cell.line,
        )
    if "book-only" in cell.tags:
        return
    source = cell.source
    if "exercise" in cell.tags and edition == "solved":
        source = _exercise(_written_by(cell), cell.line).solution_source().rstrip()
    kept = [tag for tag in cell.tags if tag in ("setup", "exercise", "check", "quiz")]
    yield _code(source, kept, folded=bool(FOLDED & set(cell.tags)))
    figure = (cell.options.get("mystnb") or {}).get("figure")
    if figure:
        yield _markdown(converter.cell_caption(figure, cell.line))
    if "quiz" in cell.tags:
        yield _code(_quiz_answer(cell, edition), ["check"])


def _written_by(cell: CodeCell) -> str:
    """The exercise that a stub belongs to: the name of the one thing it defines."""
    names = {n for n in defined_names(cell) if n in _registry()}
    if len(names) != 1:
        raise SourceError(
            "a cell tagged `exercise` defines exactly one name that the bank of exercises knows; "
            f"this one defines {', '.join(sorted(names)) or 'none'}",
            cell.line,
        )
    return names.pop()


def _quiz_answer(cell: CodeCell, edition: str) -> str:
    name = called_with(cell, "quiz")
    if name is None:
        raise SourceError('a cell tagged `quiz` holds one call, quiz("id")', cell.line)
    answer = _exercise(name, cell.line).answer if edition == "solved" else "?"
    if not answer:
        raise SourceError(f"{name!r} asks for code, so it is no quiz", cell.line)
    return f'check("{name}", answer="{answer}")'


def _registry() -> Any:
    from lecture_utils.exercises import REGISTRY

    return REGISTRY


def _exercise(name: str, line: int) -> Any:
    if name not in _registry():
        raise SourceError(f"the bank of exercises has none called {name!r}", line)
    return _registry()[name]


# --- cells ----------------------------------------------------------------------------------------


def _markdown(text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(text)


def _code(source: str, tags: list[str], folded: bool = False) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell(source)
    if tags:
        cell.metadata["tags"] = tags
    if folded:
        cell.metadata["jupyter"] = {"source_hidden": True}
        cell.metadata["cellView"] = "form"  # the same for Colab
    return cell


def _name_cells(cells: list[nbformat.NotebookNode]) -> None:
    """Give each cell an id made from its content, so that a change shows only where it is."""
    seen: dict[str, int] = {}
    for cell in cells:
        digest = hashlib.sha256(f"{cell.cell_type}:{cell.source}".encode()).hexdigest()[:12]
        seen[digest] = seen.get(digest, 0) + 1
        cell["id"] = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def main(arguments: list[str] | None = None) -> int:
    """Command line entry; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("edition", nargs="?", default="student", choices=["student", "solved"])
    parser.add_argument("--out", type=Path, help="default, for students only: notebooks")
    parser.add_argument("--labels", type=Path, help="default: number the book anew")
    options = parser.parse_args(arguments)
    folder = options.out
    if folder is None:
        if options.edition == "solved":
            parser.error("say with --out where the solved notebooks go; they are never committed")
        folder = ROOT / "notebooks"
    labels = options.labels
    try:
        if labels is None:
            from build import BuildError, build_labels

            try:
                labels = build_labels(ROOT / "_build")
            except BuildError as error:
                print(error, file=sys.stderr)
                return 1
        elif not labels.is_file():
            parser.error(f"there is no file {labels}; tools/build.py --labels makes one")
        for path in write_notebooks(options.edition, folder, labels):
            print(f"Wrote {os.path.relpath(path)}")
    except SourceError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
