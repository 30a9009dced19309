"""What labels, pages and citations are called in the book, and where they stand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pybtex.database import Person, parse_file


class Unknown(Exception):
    """A name that nothing in the book has."""


def site_address(config: dict[str, Any]) -> str:
    """Where the book is published, with a slash at the end.

    `html.baseurl` where it is set, else GitHub's pages of `repository.url`.
    """
    given = config.get("html", {}).get("baseurl")
    if given:
        return given.rstrip("/") + "/"
    owner, repository = repository_address(config).rstrip("/").split("/")[-2:]
    return f"https://{owner.lower()}.github.io/{repository}/"


def repository_address(config: dict[str, Any]) -> str:
    """The repository's address, which `_config.yml` holds once."""
    return config["repository"]["url"].rstrip("/")


def repository_revision(config: dict[str, Any]) -> str:
    """The branch or tag that Colab opens notebooks from and installs the package at."""
    return str(config["repository"].get("branch") or "main")


def anchor(label: str) -> str:
    """A label as the id of an HTML element."""
    return re.sub(r"[^\w-]", "-", label)


class References:
    """Numbers and addresses of everything that a text can point to.

    Args:
        labels: Written by Sphinx: label → {kind, text, num, title, doc, anchor}; pages are under
            `doc:PAGE`.
        bibliography: The BibTeX file, or None.
        site: Where the book is published.
    """

    def __init__(self, labels: dict[str, Any], bibliography: Path | None, site: str) -> None:
        self.labels, self.site = labels, site
        entries = parse_file(str(bibliography)).entries if bibliography else {}
        self.works = {key: _author_and_year(entry) for key, entry in entries.items()}
        self.works_page = next(
            (e["doc"] for k, e in labels.items() if k.startswith("cite:") and e.get("doc")),
            "book/references",
        )

    @classmethod
    def load(cls, labels: Path, root: Path, site: str) -> References:
        """Read the labels that Sphinx wrote and the book's bibliography."""
        bibliography = root / "book" / "references.bib"
        return cls(
            json.loads(labels.read_text(encoding="utf-8")),
            bibliography if bibliography.is_file() else None,
            site,
        )

    def entry(self, label: str) -> dict[str, Any]:
        """What Sphinx knows of a label.

        Raises:
            Unknown: The book has no such label.
        """
        if label not in self.labels:
            raise Unknown(f"nothing in the book is called {label!r}")
        return self.labels[label]

    def page_entry(self, doc: str) -> dict[str, Any]:
        """What Sphinx knows of a page.

        Raises:
            Unknown: The book has no such page.
        """
        if "doc:" + doc not in self.labels:
            raise Unknown(f"the book has no page {doc!r}")
        return self.labels["doc:" + doc]

    def number(self, label: str) -> str:
        """The number that the book gives to a label."""
        return self.entry(label).get("num") or ""

    def address(self, label: str, from_doc: str) -> str:
        """Where a link to the label goes: inside the notebook, or to the published page."""
        entry = self.entry(label)
        if entry["doc"] == from_doc:
            return "#" + anchor(label)
        return self.page_address(entry["doc"], entry.get("anchor") or "")

    def page_address(self, doc: str, fragment: str = "") -> str:
        """The published page, at a place of it if a fragment is given."""
        return f"{self.site}{doc}.html" + (f"#{fragment}" if fragment else "")

    def citation(self, key: str) -> tuple[str, str, str]:
        """Authors, year and address of a cited work.

        Raises:
            Unknown: The bibliography has no such key.
        """
        if key not in self.works:
            raise Unknown(f"the bibliography has no work {key!r}")
        place = self.labels.get("cite:" + key, {}).get("anchor") or ""
        return *self.works[key], self.page_address(self.works_page, place)


def _author_and_year(entry: Any) -> tuple[str, str]:
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [_surname(person) for person in people]
    if len(names) > 2:
        authors = f"{names[0]} et al."
    else:
        authors = " and ".join(names) or re.sub(r"[{}]", "", entry.fields.get("title", ""))
    return authors, entry.fields.get("year", "n.d.")


def _surname(person: Person) -> str:
    return " ".join(str(part) for part in person.rich_prelast_names + person.rich_last_names)
