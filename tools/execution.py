"""Execute the chapters before the book is built, several at a time, into jupyter-cache.

Sphinx then finds every chapter in the cache and runs nothing itself. A chapter is executed again
only when its code, the package or the pinned requirements changed; prose does not matter.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig
from nbclient import NotebookClient
from sphinx_external_toc.parsing import parse_toc_yaml

_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

# Stands for a figure where only its number is wanted.
_PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)


class ChapterFailed(Exception):
    """At least one chapter could not be executed; the text names chapter, cell and reason."""


@dataclass(frozen=True)
class Chapter:
    """One notebook source: its path, the notebook read from it, and the line of each cell."""

    path: Path
    notebook: nbformat.NotebookNode

    @property
    def name(self) -> str:
        return self.path.stem


def pages(root: Path) -> list[Path]:
    """Source files of the table of contents, in its order."""
    site = parse_toc_yaml(root / "_toc.yml")
    found = []
    for name in site:
        path = root / f"{name}.md"
        if not path.exists():
            raise FileNotFoundError(f"_toc.yml names {name}, but there is no file {path}.")
        found.append(path)
    return found


def read_chapters(root: Path) -> list[Chapter]:
    """All pages with code, read as the book's parser reads them."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))
    extensions = set(config["parse"]["myst_enable_extensions"])
    parser = MdParserConfig(enable_extensions=extensions)
    chapters = []
    for path in pages(root):
        text = path.read_text(encoding="utf8")
        if is_myst_markdown_notebook(text):
            notebook = read_myst_markdown_notebook(
                text, config=parser, add_source_map=True, path=path
            )
            chapters.append(Chapter(path, notebook))
    return chapters


def _place(chapter: Chapter, index: int) -> str:
    """'book/05-x.md, line 120, cell 7: first line of code'."""
    line = chapter.notebook.metadata.get("source_map", [0] * (index + 1))[index] + 1
    code_cells = [c for c in chapter.notebook.cells[: index + 1] if c.cell_type == "code"]
    first = chapter.notebook.cells[index].source.strip().split("\n")[0]
    folder = chapter.path.parent.name
    return f"{folder}/{chapter.path.name}, line {line}, code cell {len(code_cells)}: {first}"


def complaints(chapter: Chapter) -> list[str]:
    """What an executed chapter did that a reader must not see: errors, and lines on stderr."""
    found = []
    for index, cell in enumerate(chapter.notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                trace = _ESCAPE.sub("", "\n".join(output.traceback))
                found.append(f"{_place(chapter, index)}\nraised {output.ename}\n{trace}")
            elif output.output_type == "stream" and output.name == "stderr":
                found.append(f"{_place(chapter, index)}\nwrote to stderr:\n{output.text.rstrip()}")
    return found


def execute(chapter: Chapter, timeout: int) -> tuple[float, list[str]]:
    """Run all cells in a fresh kernel and a temporary folder.

    Args:
        chapter: What to run; its notebook receives the outputs.
        timeout: Longest time for one cell in seconds.

    Returns:
        Seconds it took, and what went wrong (empty when nothing did).
    """
    start = time.monotonic()
    trouble: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            chapter.notebook,
            timeout=timeout,
            allow_errors=False,
            force_raise_errors=True,
            record_timing=False,  # it would be part of the cache key
            resources={"metadata": {"path": folder}},
            extra_arguments=["--log-level=ERROR"],
        )
        try:
            client.execute()
        except Exception as error:  # a cell raised, ran too long, or the kernel died
            trouble = complaints(chapter) or [
                f"{chapter.path.name}: {type(error).__name__}: {_ESCAPE.sub('', str(error))}"
            ]
        else:
            trouble = complaints(chapter)
    return time.monotonic() - start, trouble


def fill_cache(root: Path, folder: Path, workers: int = 2, timeout: int = 120) -> dict[str, float]:
    """Execute the chapters that the cache does not hold.

    Args:
        root: The repository.
        folder: The cache (see `execution_cache.cache_folder`).
        workers: Kernels at a time; each computes with one thread.
        timeout: Longest time for one cell in seconds.

    Returns:
        Seconds of each chapter in the cache, also of those executed earlier.

    Raises:
        ChapterFailed: naming every chapter and cell that raised or wrote to stderr.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cache = get_cache(str(folder))
    seconds: dict[str, float] = {}
    missing = []
    for chapter in read_chapters(root):
        try:
            record = cache.match_cache_notebook(chapter.notebook)
        except KeyError:
            missing.append(chapter)
        else:
            seconds[chapter.name] = record.data.get("execution_seconds", 0.0)
    trouble: list[str] = []
    # The longest sources first, so that the workers finish at about the same time.
    missing.sort(key=lambda chapter: -chapter.path.stat().st_size)
    with ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(execute, chapter, timeout): chapter for chapter in missing}
        for done in as_completed(running):
            chapter = running[done]
            took, wrong = done.result()
            print(f"  {chapter.name}: {took:.0f} s{', failed' if wrong else ''}", flush=True)
            if wrong:
                trouble += wrong
                continue
            seconds[chapter.name] = took
            cache.cache_notebook_bundle(
                CacheBundleIn(
                    chapter.notebook, str(chapter.path), data={"execution_seconds": took}
                ),
                check_validity=False,
                overwrite=True,
            )
    if trouble:
        raise ChapterFailed("\n\n".join(trouble))
    return seconds


def fill_with_placeholders(root: Path, folder: Path) -> None:
    """Put unexecuted chapters into a cache: figures become one pixel, all else stays empty.

    For a build that wants the numbers of figures and equations and nothing else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cache = get_cache(str(folder))
    for chapter in read_chapters(root):
        for cell in chapter.notebook.cells:
            if cell.cell_type == "code" and "figure" in cell.metadata.get("mystnb", {}):
                data = {"image/png": _PIXEL, "text/plain": "figure"}
                cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
        cache.cache_notebook_bundle(
            CacheBundleIn(chapter.notebook, str(chapter.path), data={"execution_seconds": 0.0}),
            check_validity=False,
            overwrite=True,
        )


def kernel_environment(root: Path) -> dict[str, str]:
    """Variables for every kernel of a build: kernel-free figures, one thread, this checkout."""
    path = str(root) + os.pathsep + os.environ.get("PYTHONPATH", "")
    return {
        "LECTURE_STATIC": "1",
        "LECTURE_DEVICE": "cpu",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": path.rstrip(os.pathsep),
        "PYTHONHASHSEED": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
