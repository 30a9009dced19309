"""Find a Chrome or Chromium for the tests of the built pages; install one where that is possible.

    .venv/bin/python tools/browser.py        prints its path

The environment variable CHROME_PATH wins. Otherwise the usual names and places are looked at. On
Debian and Ubuntu, as root, a missing browser is installed with apt, together with bubblewrap, with
which graded answers are kept apart. Elsewhere the line to type is printed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome")
PLACES = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "~/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ),
    "win32": (
        r"%ProgramFiles%\Google\Chrome\Application\chrome.exe",
        r"%ProgramFiles(x86)%\Google\Chrome\Application\chrome.exe",
        r"%LocalAppData%\Google\Chrome\Application\chrome.exe",
        r"%LocalAppData%\Chromium\Application\chrome.exe",
    ),
}
ADVICE = {
    "linux": "    sudo apt install chromium      (Fedora: sudo dnf install chromium)",
    "darwin": "    brew install --cask google-chrome",
    "win32": "    winget install Google.Chrome",
}

# Nothing but the pages of the book is asked for, and the first start asks nobody anything.
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


class BrowserMissing(Exception):
    """There is no browser; the text is meant for people."""


def arguments() -> list[str]:
    """Command line options for a headless browser; as root it cannot have its sandbox."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*ARGUMENTS, *(["--no-sandbox"] if as_root else [])]


def find_browser() -> Path | None:
    """Path of an installed Chrome or Chromium, or None.

    Raises:
        BrowserMissing: when CHROME_PATH is set and there is no such file.
    """
    if chosen := os.environ.get("CHROME_PATH"):
        path = Path(chosen).expanduser()
        if not path.is_file():
            raise BrowserMissing(
                f"CHROME_PATH is {chosen}, but there is no such file. Set it to the program of "
                "Chrome or Chromium, or remove the variable."
            )
        return path
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    for place in PLACES.get(sys.platform, ()):
        path = Path(os.path.expandvars(place)).expanduser()
        if path.is_file():
            return path
    return None


def install_browser() -> None:
    """Install Debian's Chromium and bubblewrap.

    Raises:
        BrowserMissing: when this is not Debian or Ubuntu, not root, or apt fails.
    """
    apt = shutil.which("apt-get")
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    advice = ADVICE.get(sys.platform, ADVICE["linux"])
    if not (apt and as_root):
        raise BrowserMissing(
            "The pages are tested in a real browser, and no Chrome or Chromium was found.\n"
            f"Install one:\n{advice}\nor set CHROME_PATH to the program of one you have."
        )
    print("No Chrome or Chromium was found: installing Debian's.", file=sys.stderr, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = ["chromium", "bubblewrap"]
    for command in (
        [apt, "update", "-qq"],
        [apt, "install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        run = subprocess.run(command, env=environment, capture_output=True, text=True)
        if run.returncode:
            raise BrowserMissing(
                f"'{' '.join(command)}' failed:\n{run.stderr.strip()[-1500:]}\n"
                f"Install a browser yourself:\n{advice}\nor set CHROME_PATH to one you have."
            )


def require_browser() -> Path:
    """A browser, installed now if need be.

    Raises:
        BrowserMissing: when there is none and none can be installed.
    """
    path = find_browser()
    if path is None:
        install_browser()
        path = find_browser()
    if path is None:
        raise BrowserMissing("Chromium was installed, but it is in none of the usual places.")
    return path


def main() -> int:
    """Command line entry; returns the exit status."""
    try:
        print(require_browser())
    except BrowserMissing as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
