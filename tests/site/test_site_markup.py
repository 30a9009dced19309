"""The files of the site, without a browser: links, pictures, left-over markup, marks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import equation_marks
import pytest

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
# Not the book's text: code, formulas (checked in the browser), and data.
SILENT = {"script", "style", "pre", "code", "mjx-container", "noscript"}
LEFT_OVER = re.compile(
    r"\{[a-z:]+\}`[^`]*`"  # a role
    r"|```|:::"  # a directive
    r"|(?<![\w$])\$[^\s$](?:[^$\n]{0,60}[^\s$])?\$"  # a formula
    r"|\[\^\w+\]"  # a footnote
    r"|\{\{.*?\}\}|\{\.[\w-]+\}"  # a substitution, an attribute
    r"|\]\((?=[^)]*[./#])[\w./#-]+\)"  # a link
)


@dataclass
class Parsed:
    """What the tests want to know of a page."""

    ids: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    no_alt: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found = Parsed()
        self.open: list[str] = []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if given.get("id"):
            self.found.ids.append(given["id"])
        for name in ("href", "src"):
            if given.get(name):
                self.found.links.append((tag, given[name]))
        if tag == "img" and "alt" not in given or given.get("role") == "img" and not (
            given.get("aria-label") or given.get("aria-labelledby")
        ):
            self.found.no_alt.append(self.get_starttag_text()[:120])
        if tag == "img" and given.get("alt") in ("", "_images"):
            self.found.no_alt.append(self.get_starttag_text()[:120])

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if not SILENT.intersection(self.open):
            self.found.text.append(data)


def parse(html: str) -> Parsed:
    reader = _Reader()
    reader.feed(html)
    return reader.found


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Parsed]:
    """All pages of the site; the theme's own templates are no pages."""
    return {
        path: parse(path.read_text(encoding="utf8"))
        for path in site.rglob("*.html")
        if "_static" not in path.parts
    }


def test_the_parser_sees_what_it_should():
    found = parse('<p id="a">{ref}`x` and $x^2$</p><code>$y$</code><img src="a.png">')
    assert found.ids == ["a"] and len(found.no_alt) == 1
    assert LEFT_OVER.findall("".join(found.text)) == ["{ref}`x`", "$x^2$"]
    assert not LEFT_OVER.search("costs $5 and $6, a {set} and f(x)[i](y)?")


def test_internal_links_and_anchors_lead_somewhere(site, pages):
    broken = []
    for path, page in pages.items():
        for tag, link in page.links:
            if re.match(r"(https?:)?//|mailto:|data:", link):
                continue
            target, anchor = urldefrag(link)
            target = unquote(target.split("?")[0])
            file = (path.parent / target).resolve() if target else path
            if file.is_dir():
                file = file / "index.html"
            where = f"{path.relative_to(site)}: <{tag}> {link}"
            if not file.exists():
                broken.append(where)
            elif anchor and tag == "a" and file in pages and unquote(anchor) not in pages[file].ids:
                broken.append(where + " (no such anchor)")
    assert not broken, "\n".join(broken)


def test_nothing_is_loaded_from_other_sites(site, pages):
    outside = [
        f"{path.relative_to(site)}: <{tag}> {link}"
        for path, page in pages.items()
        for tag, link in page.links
        if tag not in ("a", "link") and re.match(r"(https?:)?//", link)
    ]
    style = "\n".join(path.read_text(encoding="utf8") for path in site.rglob("*.css"))
    assert not outside, "\n".join(outside)
    assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]*", style)


def test_ids_are_unique(site, pages):
    twice = [
        f"{path.relative_to(site)}: {name}"
        for path, page in pages.items()
        for name in sorted(set(page.ids))
        if page.ids.count(name) > 1
    ]
    assert not twice, "\n".join(twice)


def test_pictures_have_alternative_texts(site, pages):
    silent = [f"{path.relative_to(site)}: {tag}" for path, p in pages.items() for tag in p.no_alt]
    assert not silent, "\n".join(silent)


def test_no_markup_is_left_over(site, pages):
    left = [
        f"{path.relative_to(site)}: {match!r}"
        for path, page in pages.items()
        for match in LEFT_OVER.findall("".join(page.text))
    ]
    assert not left, "\n".join(left)


def test_every_checked_equation_bears_its_mark(site, pages):
    """Mark and check point at each other, and the check shows the equation's number."""
    checked = 0
    for path in pages:
        text = path.read_text(encoding="utf8")
        for check in equation_marks.find_checks(text):
            checked += 1
            where = f"{path.relative_to(site)}: {check.label}"
            assert f'id="equation-{check.label}"' in text, where
            label = re.escape(check.label)
            assert re.search(rf'class="eqv[^"]*" href="#check-{label}"', text), where
            shown = re.search(rf'data-eqno="{label}">\(([\d.]+)\)<', text)
            assert shown, where
            assert f"equation {shown[1]}, go to the check" in text, where
    assert checked > 0


def test_pages_carry_no_script_for_formulas(site):
    names = {path.name for path in (site / "_static").rglob("*.js")}
    assert not {name for name in names if "mathjax" in name.lower() or name.startswith("tex-")}
    assert "fontawesome.js" not in names


def test_punctuation_does_not_part_from_a_formula(site, pages):
    """At the end of a line, that is: a formula and the full stop behind it are kept together."""
    kept = 0
    for page in pages:
        before, *formulas = (site / page).read_text(encoding="utf-8").split('<span class="math ')
        for formula in formulas:
            behind = formula.partition("</mjx-container></span>")[2]
            if behind[:1] in set(".,;:!?)"):
                together = before.rstrip("([“‘").endswith('<span class="together">')
                assert together, f"{page}: a formula parts from {behind[:20]!r}"
                kept += 1
            before = formula
    assert kept > 100
