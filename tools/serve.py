"""Serve the built book on this machine; build it first where that has not been done.

    .venv/bin/python tools/serve.py [--port 8000]
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"


class _Quiet(SimpleHTTPRequestHandler):
    """Files without a line in the terminal for each, and never from the browser's memory."""

    def log_message(self, *_: object) -> None:
        pass

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def make_server(site: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server of one folder, reachable from this machine only.

    Args:
        site: The folder.
        port: Where to listen; 0 takes any free port, and a taken one is followed by the next.
    """
    handler = partial(_Quiet, directory=str(site))
    for attempt in range(20):
        try:
            return ThreadingHTTPServer(("127.0.0.1", port + attempt if port else 0), handler)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(f"All ports from {port} to {port + 19} are in use; choose another: --port")


@contextlib.contextmanager
def serving(site: Path) -> Iterator[str]:
    """Serve a folder while the block runs; gives the address."""
    server = make_server(site)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def main(arguments: list[str] | None = None) -> int:
    """Command line entry; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args(arguments)
    if not (SITE / "index.html").exists():
        sys.path.insert(0, str(ROOT / "tools"))
        import build

        if status := build.main([]):
            return status
    server = make_server(SITE, options.port)
    print(f"The book: http://127.0.0.1:{server.server_port}/      (Ctrl-C stops)", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
