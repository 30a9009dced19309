"""Build the book: execute its chapters, make the pages, typeset the formulas.

    .venv/bin/python tools/build.py              the whole book, into _build/html
    .venv/bin/python tools/build.py --labels     only _build/labels.json, in seconds
    .venv/bin/python tools/build.py --measure    the book, then write book/measured.json
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "book" / "extensions")]
PLACEHOLDER = "https://github.com/OWNER/REPO"
WORDS_A_MINUTE = 180
SECONDS_A_FORMULA = 12


class BuildError(Exception):
    """The book could not be built; the text is meant for people."""


def placeholder_notice(config: dict[str, Any]) -> str | None:
    """What to say while the repository's address is not set, else None."""
    if config.get("repository", {}).get("url", "").rstrip("/") != PLACEHOLDER:
        return None
    return (
        f"  set me: _config.yml, repository.url is still {PLACEHOLDER}.\n"
        "          The Colab buttons lead nowhere until it is your repository's address."
    )


@contextlib.contextmanager
def only_build_in(folder: Path) -> Iterator[None]:
    """Let one build at a time use a folder; a second one waits for the first."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+") as file:
        if not _lock(file, wait=False):
            print(f"  Another build is running in {folder}; waiting for it.", flush=True)
            _lock(file, wait=True)
        yield


def _lock(file: IO[str], wait: bool) -> bool:
    """Lock a file until it is closed; False when somebody else holds it and `wait` is not set."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        if wait:
            raise
        return False
    return True


def page_makers_key(root: Path = ROOT) -> str:
    """Hash of what decides how every page looks: styles, scripts, extensions, configuration."""
    from execution_cache import hash_files

    files = [root / "_config.yml", root / "package-lock.json", root / "tools/prerender_math.mjs"]
    for folder in ("static", "extensions"):
        files += sorted((root / "book" / folder).rglob("*"))
    return hash_files(files, root)


def forget_broken_state(sphinx: Path) -> bool:
    """Remove Sphinx's memory when it and its pages do not belong together.

    Sphinx reads its memory (`doctrees`) to decide which pages to write. When pages are missing, it
    would believe that they are there, or stop with an error.

    Returns:
        Whether there was something to forget.
    """
    pages, memory = sphinx / "html", sphinx / "doctrees"
    belong = (pages / ".buildinfo").exists() == (memory / "environment.pickle").exists()
    if belong and _all_pages_written(pages, memory):
        return False
    shutil.rmtree(pages, ignore_errors=True)
    shutil.rmtree(memory, ignore_errors=True)
    return True


def _all_pages_written(pages: Path, memory: Path) -> bool:
    sources = (path.relative_to(memory) for path in memory.rglob("*.doctree"))
    return all((pages / path.with_suffix(".html")).exists() for path in sources)


def run_sphinx(output: Path, builder: str, settings: dict[str, Any], verbose: bool) -> None:
    """Run Jupyter Book's build with warnings as errors and every reference checked.

    Raises:
        BuildError: when there was a warning or an error.
    """
    from jupyter_book.sphinx import build_sphinx

    result = build_sphinx(
        str(ROOT),
        str(output),
        path_config=str(ROOT / "_config.yml"),
        confoverrides={
            "external_toc_path": str(ROOT / "_toc.yml"),
            "latex_individualpages": False,
            "nitpicky": True,
            **settings,
        },
        noconfig=True,
        doctreedir=str(output.parent / "doctrees"),
        builder=builder,
        warningiserror=True,
        keep_going=True,
        quiet=not verbose,
    )
    if result:
        # Sphinx would not read these pages again, and the next build would not warn.
        shutil.rmtree(output.parent / "doctrees", ignore_errors=True)
    if isinstance(result, Exception):
        raise BuildError(f"Sphinx stopped: {result}") from result
    if result:
        raise BuildError("The book has warnings (above), and warnings count as errors here.")


def _fresh_environment() -> None:
    from execution import kernel_environment

    chosen = os.environ.get("LECTURE_DEVICE")
    os.environ.update(kernel_environment(ROOT))
    if chosen:
        os.environ["LECTURE_DEVICE"] = chosen


def build_book(build: Path, workers: int, measured: bool = False, verbose: bool = False) -> None:
    """Build the whole book.

    Args:
        build: Folder for everything that is made; the site is its `html`.
        workers: Chapters executed at a time.
        measured: Write the measured minutes to `book/measured.json` before the pages are made.
        verbose: Show Sphinx's progress.

    Raises:
        BuildError, execution.ChapterFailed: with a text for people.
    """
    import execution
    import yaml
    from execution_cache import cache_folder

    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))
    if notice := placeholder_notice(config):
        print(notice)
    _fresh_environment()
    with only_build_in(build):
        executions = cache_folder(build, ROOT)
        print("Executing what changed", flush=True)
        seconds = execution.fill_cache(ROOT, executions, workers, config["execute"]["timeout"])
        for stale in executions.parent.iterdir():
            if stale != executions:
                shutil.rmtree(stale)
        if measured:
            measure(seconds, gpu=os.environ["LECTURE_DEVICE"] != "cpu")
        print("Making the pages", flush=True)
        sphinx = build / "sphinx"
        # Sphinx copies styles and scripts only when it has a page to write.
        made_with, makers = sphinx / "made-with", page_makers_key()
        if not made_with.exists() or made_with.read_text(encoding="utf8") != makers:
            shutil.rmtree(sphinx, ignore_errors=True)
        forget_broken_state(sphinx)
        run_sphinx(
            sphinx / "html",
            "html",
            {
                "nb_execution_cache_path": str(executions),
                "labels_file": str(build / "labels.json"),
                "site_folder": str(build / "html"),
            },
            verbose,
        )
        made_with.write_text(makers, encoding="utf8")


def build_labels(build: Path, verbose: bool = False) -> Path:
    """Number the book without executing it.

    Returns:
        The path of `labels.json`.

    Raises:
        BuildError: when a source has a warning.
    """
    import execution

    _fresh_environment()
    with only_build_in(build / "labels"):
        executions = build / "labels" / "unexecuted"
        shutil.rmtree(executions, ignore_errors=True)
        execution.fill_with_placeholders(ROOT, executions)
        run_sphinx(
            build / "labels" / "dummy",
            "dummy",
            {
                "nb_execution_cache_path": str(executions),
                "labels_file": str(build / "labels.json"),
            },
            verbose,
        )
    return build / "labels.json"


def reading_minutes(source: str) -> float:
    """Minutes to read a page: its words, and a pause at every displayed formula."""
    text = re.sub(r"\A---\n.*?\n---\n", "", source, flags=re.S)
    text = re.sub(r"^(`{3,})\{code-cell\}.*?^\1\s*$", "", text, flags=re.S | re.M)
    formulas = len(re.findall(r"\$\$.+?\$\$", text, flags=re.S))
    text = re.sub(r"\$\$.+?\$\$", "", text, flags=re.S)
    return len(re.findall(r"[A-Za-z][\w’'-]*", text)) / WORDS_A_MINUTE + (
        formulas * SECONDS_A_FORMULA / 60
    )


def measure(seconds: dict[str, float], gpu: bool) -> None:
    """Write the measured minutes of every chapter to `book/measured.json`.

    Args:
        seconds: Seconds each chapter took.
        gpu: Whether they were measured on a GPU; then only those numbers change.
    """
    path = ROOT / "book" / "measured.json"
    known = json.loads(path.read_text(encoding="utf8")) if path.exists() else {}
    for name, took in sorted(seconds.items()):
        entry = known.setdefault(name, {})
        entry["gpu" if gpu else "cpu"] = round(took / 60, 2)
        source = (ROOT / "book" / f"{name}.md").read_text(encoding="utf8")
        entry["reading"] = round(reading_minutes(source))
    path.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf8")
    print(f"Wrote {path.relative_to(ROOT)}")


def main(arguments: list[str] | None = None) -> int:
    """Command line entry; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=ROOT / "_build", help="default: _build")
    parser.add_argument("--labels", action="store_true", help="write labels.json and stop")
    parser.add_argument("--measure", action="store_true", help="write book/measured.json too")
    parser.add_argument("--workers", type=int, default=2, help="chapters executed at a time")
    parser.add_argument("--verbose", action="store_true", help="show Sphinx's progress")
    options = parser.parse_args(arguments)
    build = options.output.resolve()
    try:
        import jupyter_book  # noqa: F401
    except ImportError:
        print(
            "The book's requirements are not installed for this Python. Run\n"
            "    python3 tools/bootstrap.py\n"
            "and then build with the environment's own Python: .venv/bin/python tools/build.py",
            file=sys.stderr,
        )
        return 1
    from execution import ChapterFailed

    start = time.monotonic()
    try:
        if options.labels:
            print(build_labels(build, options.verbose))
            return 0
        build_book(build, options.workers, options.measure, options.verbose)
    except (BuildError, ChapterFailed, FileNotFoundError) as problem:
        print(f"\n{problem}\n\nThe book was not built.", file=sys.stderr)
        return 1
    page = build / "html" / "index.html"
    print(f"Built in {time.monotonic() - start:.0f} s. Open {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
