"""Read a MyST page into blocks that know their line, without running Sphinx."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

_DIRECTIVE = re.compile(r"\{([\w:.-]+)\}\s*(.*)", re.S)
_OPTION = re.compile(r":([\w-]+):(?:\s+(.*))?$")
_ATTRIBUTE_LINE = re.compile(r"\{[^}]*\}\s*$")


class SourceError(Exception):
    """Something in a source that has to be changed there.

    Attributes:
        message: What is wrong and what to do.
        line: The line of the file, counted from 1.
        path: The file, filled in by whoever knows it.
    """

    def __init__(self, message: str, line: int, path: str = "") -> None:
        super().__init__(message)
        self.message, self.line, self.path = message, line, path

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Block:
    """One top-level block of a piece of MyST.

    Attributes:
        token: The block's first markdown-it token; `token.type` says what it is.
        source: The block's own lines, verbatim.
        line: The line of the file on which it starts, counted from 1.
    """

    token: Token
    source: str
    line: int

    def directive(self) -> Directive | None:
        """The block as a directive, or None if it is none."""
        if self.token.type not in ("fence", "colon_fence"):
            return None
        found = _DIRECTIVE.match(self.token.info.strip())
        if not found:
            return None
        options, body, line = _split_options(self.token.content, self.line + 1)
        return Directive(found[1], found[2].strip(), options, body, self.line, line)


@dataclass(frozen=True)
class Directive:
    """A directive: ```` ```{name} argument ````, its options and its body.

    Attributes:
        line: The line of the file with the directive's name.
        body_line: The line of the file on which the body starts.
    """

    name: str
    argument: str
    options: dict[str, Any]
    body: str
    line: int
    body_line: int

    @property
    def label(self) -> str | None:
        """What other places call it."""
        return self.options.get("label") or self.options.get("name")

    @property
    def classes(self) -> list[str]:
        """Its classes: of a `div` the argument, of anything else the option `class`."""
        given = self.argument if self.name == "div" else self.options.get("class", "")
        return str(given or "").split()


@dataclass(frozen=True)
class CodeCell:
    """A code cell of a page; `line` is the line of the file on which its code starts."""

    source: str
    line: int
    tags: list[str]
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, directive: Directive) -> CodeCell:
        """The cell that a `{code-cell}` directive holds."""
        tags = directive.options.get("tags") or []
        tags = [tags] if isinstance(tags, str) else list(tags)
        return cls(directive.body.rstrip(), directive.body_line, tags, directive.options)


@dataclass(frozen=True)
class Page:
    """A page of the book.

    Attributes:
        path: The file, relative to the repository, with forward slashes.
        front: The page's front matter.
        text: The whole file.
        blocks: The top-level blocks after the front matter.
    """

    path: str
    front: dict[str, Any]
    text: str
    blocks: list[Block]

    @property
    def doc(self) -> str:
        """Sphinx's name of the page: the path without its ending."""
        return self.path.rsplit(".", 1)[0]

    @property
    def slug(self) -> str:
        """The chapter's short name: `book/05-autoregressive.md` is `autoregressive`."""
        return re.sub(r"^\d+-", "", Path(self.path).stem)

    def code_cells(self) -> list[CodeCell]:
        """The page's code cells, in order."""
        found = (block.directive() for block in self.blocks)
        return [CodeCell.of(d) for d in found if d and d.name == "code-cell"]


@lru_cache
def _parser(extensions: frozenset[str]) -> MarkdownIt:
    return create_md_parser(MdParserConfig(enable_extensions=set(extensions)), RendererHTML)


class Reader:
    """Reads MyST with the extensions that the book's configuration turns on."""

    def __init__(self, config: dict[str, Any]) -> None:
        extensions = config.get("parse", {}).get("myst_enable_extensions", [])
        self.parser = _parser(frozenset(extensions))

    def page(self, file: Path, root: Path) -> Page:
        """Read one file of the book.

        Args:
            file: The file.
            root: The repository, which the page's path is relative to.

        Raises:
            SourceError: The front matter is no YAML, or a line belongs to no block.
        """
        path, text = file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")
        front: dict[str, Any] = {}
        try:
            blocks = list(self.blocks(text))
            if blocks and blocks[0].token.type == "front_matter":
                try:
                    front = yaml.safe_load(blocks.pop(0).token.content) or {}
                except yaml.YAMLError as error:
                    raise SourceError(f"the front matter is no YAML: {error}", 1) from None
        except SourceError as error:
            error.path = path
            raise
        return Page(path, front, text, blocks)

    def blocks(self, text: str, line: int = 1) -> Iterator[Block]:
        """Cut a piece of MyST into its top-level blocks.

        Args:
            text: The piece.
            line: The line of the file on which it starts.

        Raises:
            SourceError: A line belongs to no block: a link definition (`[name]: address`), say.
        """
        lines, done = text.split("\n"), 0
        for token in self.parser.parse(text, {}):
            if token.level or token.map is None or token.nesting < 0:
                continue
            start, stop = token.map
            if token.type == "amsmath":  # markdown-it forgets the last line
                stop = start + token.content.rstrip("\n").count("\n") + 1
            if start < done:
                continue
            _refuse_stray(lines, done, start, line)
            done = stop
            yield Block(token, "\n".join(lines[start:stop]).rstrip(), line + start)
        _refuse_stray(lines, done, len(lines), line)


def _refuse_stray(lines: list[str], start: int, stop: int, line: int) -> None:
    for i in range(start, stop):
        if lines[i].strip() and not _ATTRIBUTE_LINE.match(lines[i].strip()):
            raise SourceError(
                f"this line belongs to no block: {lines[i].strip()[:60]!r}. Write a link with its "
                "address in place, [text](address)",
                line + i,
            )


def _split_options(content: str, line: int) -> tuple[dict[str, Any], str, int]:
    """Options (`:key: value` lines or a YAML block), body, and the line where the body starts."""
    lines = content.split("\n")
    if lines[0].strip() == "---":
        stop = next((i for i, x in enumerate(lines[1:], 1) if x.strip() == "---"), None)
        if stop is None:
            raise SourceError("the options start with --- and never end", line)
        options, used = _yaml("\n".join(lines[1:stop]), line), stop + 1
    else:
        options, used = {}, 0
        while used < len(lines) and (found := _OPTION.match(lines[used])):
            value = (found[2] or "").strip()
            options[found[1]] = _yaml(value, line) if value.startswith("[") else value
            used += 1
    while used < len(lines) and not lines[used].strip():
        used += 1
    return options, "\n".join(lines[used:]).rstrip("\n"), line + used


def _yaml(text: str, line: int) -> Any:
    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise SourceError(f"these options are no YAML: {error}", line) from None


def load_config(root: Path) -> dict[str, Any]:
    """The book's configuration, `_config.yml`."""
    return yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
