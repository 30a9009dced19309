"""Write the numbers of the book to a file: what equation, figure, exercise or section has which.

The notebooks are made from the same sources and show the same numbers; they read them here. The
file is written at the end of every build, to the path in the setting `labels_file`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils.nodes import make_id
from sphinx.environment import BuildEnvironment

_GENERATED = {"genindex", "modindex", "search", "py-modindex"}


def _dotted(number: tuple[int, ...] | None) -> str:
    return ".".join(map(str, number)) if number else ""


class _Numbers:
    """Numbers as Sphinx assigned them."""

    def __init__(self, env: BuildEnvironment) -> None:
        self.env = env

    def of(self, doc: str, kind: str, anchor: str) -> str:
        return _dotted(self.env.toc_fignumbers.get(doc, {}).get(kind, {}).get(anchor))

    def any(self, doc: str, anchor: str) -> tuple[str, str]:
        """Kind and number of an anchor whose kind is not known."""
        for kind, numbers in self.env.toc_fignumbers.get(doc, {}).items():
            if anchor in numbers:
                return kind, _dotted(numbers[anchor])
        return "", ""

    def section(self, doc: str, anchor: str) -> str:
        numbers = self.env.toc_secnumbers.get(doc, {})
        return _dotted(numbers.get("#" + anchor) or (None if anchor else numbers.get("")))


def _equations(env: BuildEnvironment, numbers: _Numbers, numfig: bool) -> dict[str, Any]:
    found = {}
    for label, (doc, plain) in env.get_domain("math").equations.items():
        anchor = "equation-" + make_id(label)
        number = (numbers.of(doc, "displaymath", anchor) if numfig else "") or str(plain)
        found[label] = {
            "kind": "eq", "text": f"({number})", "num": number, "doc": doc, "anchor": anchor,
        }
    return found


def _targets(env: BuildEnvironment, numbers: _Numbers, formats: dict[str, str]) -> dict[str, Any]:
    found = {}
    for label, (doc, anchor, title) in env.get_domain("std").labels.items():
        if label in _GENERATED:
            continue
        entry = {"kind": "section", "text": title, "title": title, "doc": doc, "anchor": anchor}
        entry["num"] = numbers.section(doc, anchor)
        for kind in ("figure", "table", "code-block"):
            if number := numbers.of(doc, kind, anchor):
                entry |= {"kind": kind, "num": number, "text": formats[kind] % number}
        found[label] = entry
    return found


def _registered(registry: dict[str, Any], numbers: _Numbers, kind: str) -> dict[str, Any]:
    """Exercises or proofs, from the registry of the extension that knows them."""
    found = {}
    for label, info in registry.items():
        doc = info["docname"]
        sort, number = numbers.any(doc, label)
        name = (info.get("type") or sort or kind).title()
        found[label] = {
            "kind": info.get("type") or kind, "text": f"{name} {number}".strip(), "num": number,
            "doc": doc, "anchor": label,
        }
    return found


def collect(env: BuildEnvironment, config: Any) -> dict[str, dict[str, Any]]:
    """All labels of the book.

    Returns:
        ``label -> {kind, text, num, doc, anchor}`` with the text the book shows for a reference;
        pages as ``doc:name``, entries of the bibliography as ``cite:key``.
    """
    numbers = _Numbers(env)
    labels = _equations(env, numbers, config.math_numfig)
    labels |= _targets(env, numbers, config.numfig_format)
    labels |= _registered(getattr(env, "proof_list", {}), numbers, "prf")
    labels |= _registered(getattr(env, "sphinx_exercise_registry", {}), numbers, "exercise")
    for doc in sorted(env.found_docs):
        title = env.titles.get(doc)
        labels["doc:" + doc] = {
            "kind": "doc", "text": title.astext() if title else doc,
            "num": numbers.section(doc, ""), "doc": doc, "anchor": "",
        }
    if "cite" in env.domains:
        for citation in env.get_domain("cite").citations:
            labels["cite:" + citation.key] = {
                "kind": "cite", "text": citation.key, "num": "",
                "doc": citation.bibliography_key.docname, "anchor": citation.citation_id,
            }
    return labels


def _on_finish(app, error) -> None:
    if error or not app.config.labels_file:
        return
    path = Path(app.config.labels_file)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(collect(app.env, app.config), indent=1, ensure_ascii=False, sort_keys=True)
    path.write_text(text + "\n", encoding="utf8")


def setup(app) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_config_value("labels_file", "", "")
    app.connect("build-finished", _on_finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
