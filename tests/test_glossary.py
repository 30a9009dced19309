"""The glossary: every word that a chapter introduces in bold, and where it leads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parent.parent / "book"
GLOSSARY = (BOOK / "glossary.md").read_text(encoding="utf-8")
ENTRIES = re.findall(r"^(\S.*)\n  (.+)$", GLOSSARY.split(":sorted:")[1], re.M)
TERMS = {term.lower() for term, _ in ENTRIES}
CHAPTERS = sorted(BOOK.glob("[0-9][0-9]-*.md"))
CELL = re.compile(r"^(`{3,})\{code-cell\}.*?^\1\s*$", re.S | re.M)

# Bold in a chapter, but stressed rather than introduced, or of its examples alone.
STRESSED = {
    "above", "add up, cut, rescale", "after", "attributes", "average", "average weight", "convex",
    "data", "degree", "discrete", "continuous", "do not store the factors, compute them", "drawing",
    "dry", "each latent", "end", "everything", "from the truth", "genotype", "independence",
    "independently", "large", "log", "mass", "mutual", "normalizer", "one",
    "prior knowledge and assumptions", "same", "sample", "snow", "standard deviations", "statistic",
    "strictly", "torch tensors", "two different divergences", "variances", "waterline",
}
# Other forms of a word that has an entry.
FORMS = {
    "cumulative probabilities": "cumulative probability",
    "em": "em algorithm",
    "logits": "logit",
    "precision matrix": "precision",
    "score-function": "score function gradient",
    "weight": "importance weight",
}


def introduced(chapter: Path) -> list[str]:
    """The bold words of a chapter that begin small or are short for something; no run-in heads."""
    text = CELL.sub("", chapter.read_text(encoding="utf-8"))
    found = re.findall(r"\*\*([^*\n{]{2,60})\*\*", text)
    heads = ("You will be able to",)
    return [term for term in found if not term.endswith((".", ":")) and term not in heads]


def test_every_word_that_a_chapter_introduces_is_in_the_glossary():
    missing = {
        f"{chapter.name}: {term}"
        for chapter in CHAPTERS
        for term in introduced(chapter)
        if FORMS.get(term.lower(), term.lower()) not in TERMS | STRESSED
    }
    assert not missing, "in bold, but neither in the glossary nor merely stressed: " + "; ".join(
        sorted(missing)
    )


@pytest.mark.parametrize(("term", "meaning"), ENTRIES, ids=[term for term, _ in ENTRIES])
def test_an_entry_is_short_and_leads_to_a_place(term, meaning):
    """Whether the place exists is checked by the build."""
    assert re.search(r"\. \{(?:eq|doc|ref)\}`[^`]+`$", meaning), f"{term} leads nowhere"
    assert len(meaning.split()) <= 40, f"{term}: {len(meaning.split())} words"


def test_entries_are_unique_and_in_order():
    terms = [term.lower() for term, _ in ENTRIES]
    assert terms == sorted(set(terms))


def test_no_exception_is_kept_that_no_chapter_needs():
    bold = {term.lower() for chapter in CHAPTERS for term in introduced(chapter)}
    assert STRESSED | set(FORMS) <= bold
    assert set(FORMS.values()) <= TERMS
