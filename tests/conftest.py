"""Settings that all tests share. They are made before anything imports torch or Matplotlib."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# One thread: small tensors gain nothing from more, and the tests run in several processes.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["MPLBACKEND"] = "agg"
os.environ["LECTURE_PROGRESS"] = "0"
for name in ("LECTURE_STATIC", "LECTURE_STRICT"):
    os.environ.pop(name, None)

# A run in the background ignores Ctrl-C, and so would the trainer's stop button, which is tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# As the tools and the extensions find each other.
for folder in ("book/extensions", "tools", "."):
    path = str(ROOT / folder)
    if path not in sys.path:
        sys.path.insert(0, path)


@pytest.fixture(scope="session")
def labels(tmp_path_factory) -> Path:
    """The numbers of the book, made anew."""
    folder = tmp_path_factory.mktemp("numbers")
    build = subprocess.run(
        [sys.executable, "tools/build.py", "--labels", "--output", str(folder)],
        cwd=ROOT, env={**os.environ, "NO_COLOR": "1"}, capture_output=True, text=True,
    )
    assert build.returncode == 0, build.stdout + build.stderr
    return folder / "labels.json"


@pytest.fixture(autouse=True)
def close_figures():
    """A test may leave a figure open; the next one, perhaps of another file, starts with none."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
