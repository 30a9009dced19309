"""MyST → the plain Markdown of a notebook: what Jupyter, Colab and VS Code all render well."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path

from lecture_utils._display import inline_markup
from myst.references import References, Unknown, anchor
from myst.source import Block, Directive, Page, Reader, SourceError
from myst.tex import Macros, tagged

NOTES = {
    "note": "Note", "tip": "Tip", "hint": "Hint", "important": "Important", "warning": "Warning",
    "caution": "Caution", "seealso": "See also",
}
IMAGES = {
    ".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg",
}
VERBATIM = {"heading_open", "paragraph_open", "html_block", "hr", "code_block", "table_open"}

_INLINE = re.compile(
    r"\{(?P<role>[\w:.+-]+)\}(?P<ticks>`+)(?P<argument>.+?)(?P=ticks)(?!`)"
    r"|(?P<code_ticks>`+)(?!`).+?(?<!`)(?P=code_ticks)(?!`)"
    r"|\\\$|(?P<math>\$\$(?:\\.|[^$\\])+\$\$|\$(?!\s)(?:\\.|[^$\\])+?(?<!\s)\$(?!\d))"
    r"|\[\^(?P<note>[^\]]+)\]"
    r"|\{\{\s*(?P<value>\w+)\s*\}\}"
    r"|(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]"
    r"(?:\((?P<href>[^)\s]+)\)(?P<link_attributes>\{[^}]*\})?|(?P<attributes>\{[.#][^}]*\}))",
    re.S,
)
_TARGET_OF_ROLE = re.compile(r"\{(?:eq|ref|numref)\}`(?:[^`<]*<)?([^`<>]+)>?`")
_TARGET_OF_LINK = re.compile(r"\]\(#([^)\s]+)\)")


class Converter:
    """Turns the text of one page into a notebook's Markdown.

    A construct it does not know is an error, so that nothing raw ever reaches a reader.

    Args:
        page: The page.
        reader: Reads pieces of MyST.
        references: Numbers and addresses.
        macros: The book's TeX macros.
        value: Fills in `{{ name }}`; raises `Unknown` for a name without a value.
        folder: Where the page lies on disk; figures are read from there.
    """

    def __init__(
        self,
        page: Page,
        reader: Reader,
        references: References,
        macros: Macros,
        value: Callable[[str], str],
        folder: Path,
    ) -> None:
        self.page, self.reader, self.references = page, reader, references
        self.macros, self.value, self.folder = macros, value, folder
        self.footnotes: dict[str, tuple[int, str]] = {}
        self.targets = {*_TARGET_OF_ROLE.findall(page.text), *_TARGET_OF_LINK.findall(page.text)}

    # --- blocks -----------------------------------------------------------------------------------

    def text(self, source: str, line: int) -> str:
        """Convert a piece of MyST that starts on `line` of the file."""
        return "\n\n".join(self.parts(source, line))

    def parts(self, source: str, line: int) -> list[str]:
        """The same, block by block, without empty ones."""
        return [p for b in self.reader.blocks(source, line) if (p := self.block(b)).strip()]

    def block(self, block: Block) -> str:
        """Convert one block.

        Raises:
            SourceError: The block, or something in it, cannot be shown in a notebook.
        """
        try:
            directive = block.directive()
            if directive:
                return self.directive(directive)
            kind = block.token.type
            if kind == "fence":
                return block.source
            if kind in ("math_block", "math_block_label"):
                label = block.token.info if kind == "math_block_label" else None
                return self.equation(block.token.content, label)
            if kind == "amsmath":
                tex = re.sub(r"\\label\{[^}]*\}", "", block.token.content)
                return self.equation(tex, None)
            if kind == "myst_target":
                return self.anchor(block.token.content)
            if kind in ("myst_line_comment", "myst_block_break"):
                return ""
            if kind == "blockquote_open":
                inner = "\n".join(re.sub(r"^ {0,3}> ?", "", x) for x in block.source.split("\n"))
                return quoted(self.parts(inner, block.line))
            if kind == "footnote_reference_open":
                return self.footnote(block)
            if kind == "dl_open":
                return self.definitions(block)
            if kind in ("bullet_list_open", "ordered_list_open"):
                return self.list(block)
            if kind == "substitution_block":
                return self.value(block.token.content.strip())
            if kind in VERBATIM:
                return self.inline(block.source, block.line)
            raise SourceError(f"a notebook cannot show this block ({kind})", block.line)
        except (Unknown, ValueError) as error:
            raise SourceError(str(error), block.line) from None

    def anchor(self, label: str | None) -> str:
        """A place to jump to, if anything on this page points there."""
        return f'<a id="{anchor(label)}"></a>' if label in self.targets else ""

    def equation(self, tex: str, label: str | None) -> str:
        """A displayed formula with the book's number."""
        number = self.references.number(label) if label else None
        tex = tagged(self.macros.expand(tex), number)
        return join(self.anchor(label), f"$$\n{tex}\n$$")

    def list(self, block: Block) -> str:
        """A list; its structure is kept, so nothing but text and formulas may stand in it."""
        if found := re.search(r"^\s*(?:[-*+]|\d+[.)])?\s*(```+|:::+)\{", block.source, re.M):
            line = block.line + block.source.count("\n", 0, found.end())
            raise SourceError("a directive inside a list: put it behind the list", line)
        if found := re.search(r"\$\$\s*\([\w-]+\)", block.source):
            line = block.line + block.source.count("\n", 0, found.end())
            raise SourceError("a numbered equation inside a list: put it behind the list", line)
        return self.inline(block.source, block.line)

    def definitions(self, block: Block) -> str:
        """A definition list, which plain Markdown does not have, as lines with a bold term."""
        text = self.inline(block.source, block.line)
        text = re.sub(r"^(\S[^\n]*)\n+:[ ]+", r"- **\1**: ", text, flags=re.M)
        return re.sub(r"\n\n(?=- \*\*)", "\n", text)

    def footnote(self, block: Block) -> str:
        found = re.match(r"\[\^([^\]]+)\]:\s*(.*)", block.source, re.S)
        self.footnotes[found[1]] = (self.note_number(found[1]), self.inline(found[2], block.line))
        return ""

    def note_number(self, name: str) -> int:
        number, _ = self.footnotes.setdefault(name, (len(self.footnotes) + 1, ""))
        return number

    def endnotes(self) -> str:
        """The page's footnotes, for the end of the notebook."""
        notes = sorted(self.footnotes.values())
        return "\n".join(f"{number}. {text}" for number, text in notes)

    # --- directives -------------------------------------------------------------------------------

    def directive(self, d: Directive) -> str:
        """Convert one directive."""
        if d.name == "div":
            return self.div(d)
        if d.name == "math":
            return self.equation(f"{d.argument}\n{d.body}", d.label)
        if d.name == "dropdown":
            return join(self.anchor(d.label), self.folded(d.argument, d))
        if d.name in NOTES or d.name == "admonition":
            return join(self.anchor(d.label), self.box(d))
        if d.name == "margin":
            return quoted([small(p) for p in self.body(d)])
        if d.name == "exercise":
            return self.exercise(d)
        if d.name in ("figure", "image"):
            return self.figure(d)
        if d.name == "table":
            caption = self.caption(d.label, d.argument, d.line)
            return join(self.anchor(d.label), caption, *self.body(d))
        if d.name == "code-cell":
            raise SourceError("a code cell inside a directive is never run: move it out", d.line)
        raise SourceError(
            f"the directive {{{d.name}}} has no form in a notebook; those that have one are listed "
            "at the top of tools/notebooks.py",
            d.line,
        )

    def body(self, d: Directive) -> list[str]:
        return self.parts(d.body, d.body_line)

    def div(self, d: Directive) -> str:
        classes = set(d.classes)
        if "book-only" in classes:
            return ""
        if "chapter-head" in classes:
            return self.header(d)
        if "question" in classes:
            return quoted([italic(part) for part in self.body(d)])
        if "deriv" in classes:
            return self.derivation(d)
        if "step" in classes:
            raise SourceError("a {div} step stands outside a {div} deriv", d.line)
        return join(*self.body(d))

    def header(self, d: Directive) -> str:
        """Aims and prerequisites. Minutes and buttons belong to the page, so they are left out."""
        parts: list[str] = []
        for block in self.reader.blocks(d.body, d.body_line):
            inner = block.directive()
            if not inner or "ch-facts" not in inner.classes:
                parts.append(self.block(block))
                continue
            for fact in self.reader.blocks(inner.body, inner.body_line):
                button = ".btn-run" in fact.source or re.search(r"\{\{\s*colab", fact.source)
                if fact.token.type != "dl_open" and not button:
                    parts.append(self.block(fact))
        title = self.references.page_entry(self.page.doc)["text"]
        address = self.references.page_address(self.page.doc)
        parts.append(f"The same as a page, with sliders that need no kernel: [{title}]({address}).")
        return join(*parts)

    def derivation(self, d: Directive) -> str:
        """The lines of a derivation, numbered, each followed by its folded reason."""
        parts, number = [], 0
        for block in self.reader.blocks(d.body, d.body_line):
            step = block.directive()
            if not step or "step" not in step.classes:
                parts.append(self.block(block))
                continue
            number += 1
            parts += [f"**Line {number}**", *self.body(step)]
        return join(*parts)

    def box(self, d: Directive) -> str:
        """An admonition: a quote with a title, or folded if it has the class `dropdown`."""
        if d.name == "admonition":
            title = d.argument
        else:
            title = NOTES[d.name]
            if d.argument:  # the first line of the text, in docutils' reading
                d = Directive(
                    d.name, "", d.options, f"{d.argument}\n{d.body}".rstrip(), d.line, d.line
                )
        if "dropdown" in d.classes:
            return self.folded(title, d)
        return quoted([f"**{self.inline(title, d.line)}**", *self.body(d)])

    def folded(self, title: str, d: Directive) -> str:
        # Blank lines around the inside make Jupyter, Colab and VS Code read it as Markdown.
        summary = inline_markup(self.inline(title, d.line))
        return join(f"<details>\n<summary>{summary}</summary>", *self.body(d), "</details>")

    def exercise(self, d: Directive) -> str:
        name = self.references.entry(d.label)["text"] if d.label else "Exercise"
        title = f"{name}. {self.inline(d.argument, d.line)}" if d.argument else name
        return join(self.anchor(d.label), f"**{title}**", *self.body(d))

    def figure(self, d: Directive) -> str:
        """A picture as a data address: Colab shows no attachments and no files of the book."""
        file = self.folder / d.argument
        if not file.is_file():
            raise SourceError(f"there is no picture {d.argument!r}", d.line)
        if file.suffix not in IMAGES:
            raise SourceError(f"a notebook cannot show pictures of kind {file.suffix!r}", d.line)
        if not d.options.get("alt"):
            raise SourceError(f"the picture {d.argument!r} needs :alt: (what to see)", d.line)
        data = base64.b64encode(file.read_bytes()).decode()
        alt = str(d.options["alt"]).replace('"', "&quot;")
        width = re.sub(r"px$", "", str(d.options.get("width", "")))
        size = f' width="{width}"' if width else ""
        image = f'<img src="data:{IMAGES[file.suffix]};base64,{data}" alt="{alt}"{size}>'
        caption = self.caption(d.label, d.body, d.body_line) if d.body.strip() else ""
        return join(self.anchor(d.label), image, caption)

    def caption(self, label: str | None, text: str, line: int) -> str:
        """The caption of a figure or a table, with the book's number."""
        number = f"**{self.references.entry(label)['text']}.** " if label else ""
        return number + self.inline(" ".join(text.split()), line)

    def cell_caption(self, figure: dict, line: int) -> str:
        """The caption of a figure that a code cell draws."""
        try:
            label = figure.get("name")
            caption = self.caption(label, figure.get("caption", ""), line)
            return join(self.anchor(label), caption)
        except (Unknown, ValueError) as error:
            raise SourceError(str(error), line) from None

    # --- inside a line ----------------------------------------------------------------------------

    def inline(self, text: str, line: int) -> str:
        """Convert roles, formulas, spans, links, footnotes and values inside a block's text."""

        def convert(found: re.Match[str]) -> str:
            at = line + text.count("\n", 0, found.start())
            try:
                return self.piece(found, at)
            except (Unknown, ValueError) as error:
                raise SourceError(str(error), at) from None

        return _INLINE.sub(convert, text)

    def piece(self, found: re.Match[str], line: int) -> str:
        if found["role"]:
            return self.role(found["role"], found["argument"].strip(), line)
        if found["math"]:
            return " ".join(self.macros.expand(found["math"]).split())
        if found["note"]:
            return f"<sup>[{self.note_number(found['note'])}]</sup>"
        if found["value"]:
            return self.value(found["value"])
        if found["attributes"]:
            text = self.inline(found["text"], line)
            return f"({text})" if ".tag" in found["attributes"] else text
        if found["href"]:
            if found["image"]:
                raise SourceError("write a picture as a {figure} or {image}", line)
            return self.link(self.inline(found["text"], line), found["href"])
        return found[0]

    def role(self, name: str, argument: str, line: int) -> str:
        """Convert one role."""
        found = re.fullmatch(r"(.*?)\s*<([^<>]+)>", argument, re.S)
        text, target = (found[1], found[2]) if found else ("", argument)
        if name in ("eq", "ref", "numref"):
            return f"[{self.shown(name, text, target)}]({self.address(target)})"
        if name == "doc":
            return self.link(text, f"{target}.md")
        if name in ("cite", "cite:t", "cite:p"):
            return self.cited(target, parenthesized=name != "cite:t")
        if name == "math":
            return f"${self.macros.expand(argument)}$"
        if name in ("sub", "sup", "kbd"):
            return f"<{name}>{argument}</{name}>"
        if name == "abbr":
            return re.sub(r"\s*\([^)]*\)$", "", argument)
        raise SourceError(
            f"the role {{{name}}} has no form in a notebook; those that have one are listed at the "
            "top of tools/notebooks.py",
            line,
        )

    def shown(self, role: str, text: str, target: str) -> str:
        entry = self.references.entry(target)
        number = entry.get("num") or ""
        if not text:
            by_number = role == "numref" and entry["kind"] == "section"
            return f"Section {number}" if by_number else entry["text"]
        return text.replace("%s", number).replace("{number}", number)

    def cited(self, keys: str, parenthesized: bool) -> str:
        works = [self.references.citation(key.strip()) for key in keys.split(",")]
        if parenthesized:
            return "(" + "; ".join(f"[{who}, {year}]({url})" for who, year, url in works) + ")"
        return ", ".join(f"[{who} ({year})]({url})" for who, year, url in works)

    def link(self, text: str, href: str) -> str:
        if re.match(r"[a-z]+:", href):
            return f"[{text}]({href})"
        if href.startswith("#"):
            return f"[{text or self.references.entry(href[1:])['text']}]({self.address(href[1:])})"
        path, _, fragment = href.partition("#")
        if path.endswith(".md"):
            folder = self.page.doc.rpartition("/")[0]
            doc = f"{folder}/{path[:-3]}" if folder else path[:-3]
            entry = self.references.page_entry(doc)
            return f"[{text or entry['text']}]({self.references.page_address(doc, fragment)})"
        raise Unknown(f"a link to the file {href!r}: a reader of the notebook does not have it")

    def address(self, label: str) -> str:
        return self.references.address(label, self.page.doc)


def join(*parts: str) -> str:
    """Paragraphs under each other, empty ones left out."""
    return "\n\n".join(part for part in parts if part.strip())


def quoted(parts: list[str]) -> str:
    """Paragraphs as a quote. What is folded stands behind it: few viewers fold inside one."""
    out: list[str] = []
    run: list[str] = []
    for part in [*parts, "<details>"]:
        if not part.startswith("<details>"):
            run.append(part)
            continue
        if run:
            out.append(_quote("\n\n".join(run)))
            run = []
        out.append(part)
    return join(*out[:-1])


def _quote(text: str) -> str:
    # JupyterLab takes the formulas out before it reads the quote marks: one line for each.
    text = re.sub(r"\$\$.+?\$\$", lambda found: " ".join(found[0].split()), text, flags=re.S)
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def italic(text: str) -> str:
    """A paragraph in italics, also if a star stands in it."""
    return f"<em>{text}</em>" if "*" in text else f"*{text}*"


def small(text: str) -> str:
    """A paragraph in small print; lists, formulas and tables stay as they are."""
    return f"<small>{text}</small>" if re.match(r"[^\W\d_]|[*`\[$(](?!\$)", text) else text
