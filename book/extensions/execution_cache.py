"""Where the executions of the chapters are kept, and when they are out of date.

jupyter-cache looks at a notebook's code only. A change of `lecture_utils` changes results as well,
so the folder of the cache carries a hash of the whole package and of the pinned requirements.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = "lecture_utils"
ALSO = ("requirements.txt",)
NOT_CODE = {"__pycache__", ".ipynb_checkpoints"}


def package_key(root: Path = ROOT) -> str:
    """Hash of everything but the chapters that decides what a cell prints.

    Every file of the package counts, in subfolders and data files too, with its name.
    """
    files = [root / name for name in ALSO]
    files += sorted((root / PACKAGE).rglob("*")) + sorted((root / "benchmarks").rglob("*.json"))
    return hash_files(files, root)


def hash_files(files: list[Path], root: Path) -> str:
    """Hash of files and their names; folders and Python's own caches do not count."""
    digest = hashlib.sha256()
    for path in files:
        if not path.is_file() or NOT_CODE.intersection(path.parts) or path.suffix == ".pyc":
            continue
        content = path.read_bytes()
        name = path.relative_to(root).as_posix()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def cache_folder(build: Path, root: Path = ROOT) -> Path:
    """The folder of the current executions below the build folder."""
    return build / "executed" / package_key(root)
