"""The mark beside each checked equation, and the equation's number in the line of its check.

`verify` and `refute` leave one element for each equation they checked, in the page's own HTML:
``<div class="vf" id="check-LABEL" data-eq="LABEL" data-n="4096" data-err="3e-15" ...>``. Sphinx
numbers the equations. Here the two find each other, page by page, while the page is written.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from sphinx.util import logging

logger = logging.getLogger(__name__)

_CHECK = re.compile(
    r'<div class="vf(?P<refuted> vf-refuted)?"[^>]*\bdata-eq="(?P<label>[^"]+)"[^>]*>'
)
# Sphinx puts an equation's anchor on the block of mathematics, on a wrapper, or on the number.
_NUMBER = re.compile(
    r'id="equation-(?P<label>[^"]+)"[^>]*>\s*(?:<div[^>]*>\s*)?(?:<span class="eqno"[^>]*>)?'
    r"\((?P<number>[\d.]+)\)"
)
_ATTRIBUTE = re.compile(r'data-([a-z]+)="([^"]*)"')


@dataclass(frozen=True)
class Check:
    """What a check left in the page."""

    label: str
    refuted: bool
    note: str


def find_checks(body: str) -> list[Check]:
    """The checks of a page, in its order."""
    checks = []
    for match in _CHECK.finditer(body):
        data = dict(_ATTRIBUTE.findall(match[0]))
        note = data.get("note") or f"{data.get('n')} cases, largest difference {data.get('err')}"
        checks.append(Check(match["label"], bool(match["refuted"]), html.unescape(note)))
    return checks


def find_numbers(body: str) -> dict[str, str]:
    """Numbers of the page's labelled equations, by label."""
    return {match["label"]: match["number"] for match in _NUMBER.finditer(body)}


def tick(check: Check, number: str) -> str:
    """The mark: a link to the cell, with what was checked in its name and in its note."""
    what = "Shown to be wrong by code" if check.refuted else "Checked by code"
    note = html.escape(check.note)
    kind = "eqv eqv-refuted" if check.refuted else "eqv"
    return (
        f'<a class="{kind}" href="#check-{check.label}" '
        f'aria-label="{what}, {note}: equation {number}, go to the check">'
        f'<i></i><span class="tip" aria-hidden="true"><b>{what}</b> {note}</span></a>'
    )


def mark_equations(body: str) -> tuple[str, list[str]]:
    """Put the marks into a page.

    Args:
        body: HTML of the page's content.

    Returns:
        The new content, and the labels of checks for which the page has no equation.
    """
    numbers = find_numbers(body)
    unknown = []
    for check in find_checks(body):
        number = numbers.get(check.label)
        if number is None:
            unknown.append(check.label)
            continue
        place = next(m for m in _NUMBER.finditer(body) if m["label"] == check.label)
        body = body[: place.end()] + tick(check, number) + body[place.end() :]
    body = re.sub(
        r'(data-eqno="([^"]+)">)[^<]*(<)',
        lambda m: f"{m[1]}({numbers[m[2]]}){m[3]}" if m[2] in numbers else m[0],
        body,
    )
    return body, unknown


def _on_page(app, pagename, templatename, context, doctree) -> None:
    if "body" not in context:
        return
    context["body"], unknown = mark_equations(context["body"])
    for label in unknown:
        logger.warning(
            "a check is named %r, but this page has no equation with that label", label,
            location=pagename,
        )


def setup(app) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", _on_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
