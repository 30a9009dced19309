"""The page on the slides: every box "What the slide says" is in it; every row leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parent.parent / "book"
ERRATA = (BOOK / "errata.md").read_text(encoding="utf-8")
ROWS = [row for row in re.findall(r"^\| (.+) \|$", ERRATA, re.M) if "`" in row]
BOXES = {
    (path.name, match[1])
    for path in BOOK.glob("[0-9][0-9]-*.md")
    for match in re.finditer(
        r"^:+\{admonition\} What the slide says.*\n((?::\w+:.*\n)+)",
        path.read_text(encoding="utf-8"), re.M,
    )
}


@pytest.mark.parametrize(("page", "options"), sorted(BOXES))
def test_a_box_is_on_the_page(page, options):
    name = re.search(r"^:name: (box-[a-z-]+)$", options, re.M)
    assert name, f"{page}: a box on a slide has no `:name: box-…`, so that nothing can lead to it"
    assert f"<{name[1]}>`" in ERRATA, f"errata.md does not lead to {name[1]} of {page}"


@pytest.mark.parametrize("row", ROWS)
def test_a_row_has_a_verdict_and_a_place(row):
    """Where the links lead is checked by the build."""
    cells = row.split(" | ")
    assert re.search(r"\{(?:eq|ref|doc)\}`", cells[-1])
    if len(cells) == 3:
        assert re.match(r"\*(?:Wrong|Loose|Note|Typo)\.\* ", cells[1])
    else:
        assert len(cells) == 2
