"""Buttons that lead to a page's notebook, and the few values a page cannot know itself.

The Colab button and the download point at the generated `notebooks/NN-name.ipynb`. The address of
the repository stands in `_config.yml` only. In a source, ``{{ colab }}`` becomes the link to
Colab, ``{{ minutes_reading }}``, ``{{ minutes_cpu }}`` and ``{{ minutes_gpu }}`` become the minutes
of `book/measured.json`, which is keyed by the page's name.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from sphinx.util import logging

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent.parent
MEASURED = ROOT / "book" / "measured.json"
_LINK = re.compile(r"\]\(\{\{\s*colab\s*\}\}\)")
_VALUE = re.compile(r"\{\{\s*(colab|minutes_(?:reading|cpu|gpu))\s*\}\}")


def colab_url(repository: str, branch: str, page: str) -> str:
    """Address at which Colab opens a page's notebook.

    Args:
        repository: ``https://github.com/owner/name``.
        branch: Branch (or other revision) of the committed notebooks.
        page: Name of the page, ``05-autoregressive``.
    """
    owner_and_name = repository.rstrip("/").split("github.com/")[-1]
    return (
        f"https://colab.research.google.com/github/{owner_and_name}"
        f"/blob/{branch}/notebooks/{page}.ipynb"
    )


def minutes_text(minutes: float) -> str:
    """Minutes for people: "2 min", "under 1 min"."""
    return "under 1 min" if minutes < 0.75 else f"{max(1, round(minutes))} min"


def substitute(text: str, colab: str, minutes: dict[str, float]) -> tuple[str, list[str]]:
    """Fill a source's values in.

    Args:
        text: MyST source.
        colab: Address of the page's notebook in Colab.
        minutes: The page's entry of `book/measured.json`.

    Returns:
        The text, and the names of values that are not there and should be. Not everybody who
        builds the book has a GPU: minutes on one may stay unmeasured.
    """
    missing = []

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name == "colab":
            return f"[Open in Colab]({colab}){{.btn-run}}"
        number = minutes.get(name.removeprefix("minutes_"))
        if number is None:
            if name != "minutes_gpu":
                missing.append(name)
            return "not measured"
        return minutes_text(number)

    text = _LINK.sub(f"]({colab})", text)
    return _VALUE.sub(value, text), missing


def _repository(app) -> tuple[str, str]:
    options = app.config.html_theme_options
    return options.get("repository_url", ""), options.get("repository_branch", "main")


def _on_source(app, docname, source) -> None:
    page = Path(docname).name
    measured = json.loads(MEASURED.read_text(encoding="utf8")) if MEASURED.exists() else {}
    app.env.note_dependency(str(MEASURED))
    text, missing = substitute(
        source[0], colab_url(*_repository(app), page), measured.get(page, {})
    )
    source[0] = text
    if app.builder.format != "html":
        return  # a build that only numbers things
    for name in dict.fromkeys(missing):
        logger.warning(
            "%s of %s is not in book/measured.json; run: tools/build.py --measure",
            name, page, location=docname,
        )


def _buttons(groups: list[dict], page: str, colab: str, download: str | None) -> list[dict]:
    """The theme's header buttons with the addresses of the generated notebook."""
    kept = []
    for button in groups:
        url = button.get("url", "")
        if "colab.research" in url:
            button["url"] = colab
        elif "_sources/" in url:
            if download is None:
                continue
            button |= {"url": download, "text": ".ipynb", "tooltip": "Download the notebook"}
        if "buttons" in button:
            button["buttons"] = _buttons(button["buttons"], page, colab, download)
        kept.append(button)
    return kept


def _on_page(app, pagename, templatename, context, doctree) -> None:
    if "header_buttons" not in context:
        return
    page = Path(pagename).name
    notebook = ROOT / "notebooks" / f"{page}.ipynb"
    download = None
    if notebook.exists():
        up = "../" * pagename.count("/")
        download = f"{up}notebooks/{page}.ipynb"
    context["header_buttons"] = _buttons(
        context["header_buttons"], page, colab_url(*_repository(app), page), download
    )


def setup(app) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", _on_source)
    # After the theme has made its buttons.
    app.connect("html-page-context", _on_page, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
