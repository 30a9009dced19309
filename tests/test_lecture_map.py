"""The lecture map: every item of the lecture once, in order, with a place in the book."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parent.parent / "book"
ROWS = re.findall(r"^\| (L\d+) \| (.+) \| (.+) \|$", (BOOK / "lecture-map.md").read_text(), re.M)
LINK = re.compile(
    r"\{(?:eq|numref|doc)\}`[^`]+`|\{ref\}`[^`]+<[^`]+>`|\]\([\w-]+\.md(?:#[\w-]+)?\)"
)
# What a row may say as long as its chapter does not exist.
CHAPTERS = {
    "latent variables": "06",
    "divergences": "07",
    "the ELBO": "08",
    "training a VAE": "09",
    "GANs": "10",
    "diffusion": "11",
}
EXISTING = {path.name[:2] for path in BOOK.glob("[0-9][0-9]-*.md")}


def test_the_map_has_every_item_once_and_in_order():
    assert [item for item, _, _ in ROWS] == [f"L{n}" for n in range(1, 106)]


@pytest.mark.parametrize(("item", "where"), [(item, where) for item, _, where in ROWS])
def test_an_item_has_a_place_or_waits_for_its_chapter(item, where):
    """Where the links lead is checked by the build and, in the pages, by the tests of the site."""
    waits = re.fullmatch(r"\*to come: (.+)\*", where)
    if waits:
        assert CHAPTERS[waits[1]] not in EXISTING, f"{item} still waits for {waits[1]}"
    else:
        places = where.split(" · ")
        assert all(LINK.search(place) for place in places), f"{item}: {where}"


def test_every_chapter_is_on_the_map():
    """A chapter that exists is the target of at least one row."""
    text = "\n".join(where for *_, where in ROWS)
    labels = {label for label in re.findall(r"\{(?:eq|numref)\}`([^`]+)`", text)}
    for path in BOOK.glob("[0-9][0-9]-*.md"):
        source = path.read_text()
        own = set(re.findall(r"^\$\$.*\(([\w-]+)\)$|^\s*\$\$ .*\(([\w-]+)\)", source, re.M))
        own = {label for pair in own for label in pair}
        assert path.name in text or labels & own, f"no row of the map leads to {path.name}"
