"""Both editions of every chapter run from top to bottom, as a reader and as a grader run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import notebooks
from lecture_utils.exercises import REGISTRY

ROOT = Path(__file__).resolve().parent.parent

CHAPTERS = [file.stem for file in notebooks.chapters(ROOT)]


def run_notebook(notebook: Path, **environment: str) -> None:
    """Execute a notebook with nbmake, in its own folder and in a kernel with one thread."""
    kept = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "--nbmake", "--nbmake-timeout=150", "-q", "--no-header",
            "-p", "no:cacheprovider", "-p", "no:xdist", f"--rootdir={notebook.parent}",
            str(notebook),
        ],
        cwd=notebook.parent, env={**kept, **environment}, capture_output=True, text=True,
    )
    told = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)[-6000:]
    assert done.returncode == 0 and "1 passed" in told, (
        f"{notebook.name} does not run:\n{told}\n{done.stderr[-2000:]}"
    )


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_student_notebook_runs_with_its_stubs_in_a_clone(chapter: str, tmp_path: Path) -> None:
    """The committed notebook, in the folder `notebooks` beside the package."""
    source = (ROOT / "notebooks" / f"{chapter}.ipynb").read_text(encoding="utf-8")
    (tmp_path / "lecture_utils").symlink_to(ROOT / "lecture_utils")
    (tmp_path / "notebooks").mkdir()
    notebook = tmp_path / "notebooks" / f"{chapter}.ipynb"
    notebook.write_text(source, encoding="utf-8")
    run_notebook(notebook)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_solved_notebook_passes_its_checks_strictly(
    chapter: str, labels: Path, tmp_path: Path
) -> None:
    """The bank's solutions and answers, with the package found as an installed one is."""
    notebooks.write_notebooks("solved", tmp_path, labels)
    run_notebook(tmp_path / f"{chapter}.ipynb", LECTURE_STRICT="1", PYTHONPATH=str(ROOT))


def test_a_stub_left_in_a_solved_notebook_would_be_seen(tmp_path: Path) -> None:
    """Strict mode really is strict: the student edition of a check fails in it."""
    name = next(id for id, exercise in REGISTRY.items() if not exercise.answer)
    cells = ["from lecture_utils import check", REGISTRY[name].starter, f"check({name})"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    path = tmp_path / "stub.ipynb"
    nbformat.write(notebook, path)
    run_notebook(path, PYTHONPATH=str(ROOT))
    with pytest.raises(AssertionError, match="does not run"):
        run_notebook(path, LECTURE_STRICT="1", PYTHONPATH=str(ROOT))
