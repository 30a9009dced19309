"""The built book, served on this machine, and a real browser to look at it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import browser as browsers
import pytest
import serve
from filelock import FileLock
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id) -> Path:
    """The folder of the site, brought up to date. BOOK_SITE names one that is ready already.

    A build puts a new folder in the place of the site. So only the first of several test processes
    builds, and none of them loses a file that it is looking at.
    """
    if ready := os.environ.get("BOOK_SITE"):
        return Path(ready)
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":  # a folder that all processes of this run share
        shared = shared.parent
    built = shared / "site-built"
    with FileLock(shared / "site.lock"):
        if not built.exists():
            environment = {k: v for k, v in os.environ.items() if k != "MPLBACKEND"}
            build = subprocess.run(
                [sys.executable, "tools/build.py"],
                cwd=ROOT, env=environment, capture_output=True, text=True,
            )
            assert build.returncode == 0, build.stdout + build.stderr
            built.touch()
    return ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served, with a slash at the end."""
    with serve.serving(site) as url:
        yield url


@pytest.fixture(scope="session")
def chrome() -> Iterator[Browser]:
    """One headless browser for all tests of a process."""
    program = browsers.require_browser()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=str(program), args=browsers.arguments()
        )
        yield running
        running.close()


class Visit:
    """A page that is open, and everything it complained about or asked for."""

    def __init__(self, context: BrowserContext, url: str, home: str) -> None:
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.outside: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("response", self._answer)
        self.page.on("request", lambda request: self._ask(request.url, home))
        self.page.goto(url, wait_until="load")
        self.page.evaluate("document.fonts.ready")

    def _hear(self, message) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _answer(self, response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")

    def _ask(self, url: str, home: str) -> None:
        if not url.startswith((home, "data:", "blob:")):
            self.outside.append(url)

    def open_everything(self) -> None:
        """Unfold all that can be unfolded, and wait until it has faded in."""
        self.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        self.page.wait_for_timeout(700)


@pytest.fixture
def visit(chrome: Browser, address: str) -> Iterator:
    """`visit("book/index.html", width=375, dark=True)` opens a page in a fresh browser profile."""
    contexts = []

    def open_page(name: str, width: int = 1280, dark: bool = False) -> Visit:
        context = chrome.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        return Visit(context, address + name, address)

    yield open_page
    for context in contexts:
        context.close()
