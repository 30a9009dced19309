"""Runs inside the sandbox: offers the student's function to the grader, which judges.

Started as ``worker.py READ WRITE``: two file descriptors. The first message tells what to define.
Nothing that this process says is believed without a look; see `remote`.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import linecache
import sys
import types

import torch
from remote import Disturbed, Ended, Peer, describe_error


class _Absent(types.ModuleType):
    """Stands in for the course's package, which is not in the sandbox: every name does nothing."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **options: args[0] if args else None


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name: str, path: object = None, target: object = None):
        if name.split(".")[0] == "lecture_utils":
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _Absent(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def limit(memory: int, seconds: int) -> None:
    """From here on: so many more bytes of memory, seconds of CPU time, and no new process."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with open("/proc/self/statm") if sys.platform == "linux" else open("/dev/null") as file:
        pages = int((file.read().split() or ["0"])[0])
    used = pages * resource.getpagesize()
    for name, most in [
        ("RLIMIT_AS", used + memory),
        ("RLIMIT_CPU", seconds),
        ("RLIMIT_FSIZE", 10_000_000),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NOFILE", 64),
        ("RLIMIT_NPROC", 0),
    ]:
        kind = getattr(resource, name, None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            try:
                resource.setrlimit(kind, (most, most))
            except (OSError, ValueError):
                pass


def define(job: dict) -> object:
    """The student's function, after the definitions around it.

    Raises:
        Exception: Whatever the definition raises.
    """
    space = {"__name__": "submission"}
    for definition in job["around"]:  # if one of them fails, another may still do
        try:
            exec(compile(definition, "<notebook>", "exec"), space)
        except Exception:
            continue
    lines = job["source"].splitlines(keepends=True)
    linecache.cache["<submission>"] = (len(job["source"]), None, lines, "<submission>")
    exec(compile(job["source"], "<submission>", "exec"), space)
    return space[job["name"]]


def main(read: int, write: int) -> None:
    """Define, offer, serve until the grader hangs up."""
    peer = Peer(read, write, sends_networks=False)
    job = peer.receive()
    torch.set_num_threads(1)
    # The first gradient of a process is slow: that must not count against the student.
    torch.ones(1, requires_grad=True).sum().backward()
    torch.manual_seed(job["seed"])
    sys.path[:] = [entry for entry in sys.path if entry != sys.path[0]]  # not this file's folder
    sys.meta_path.insert(0, _Finder())
    limit(job["memory"], job["seconds"])
    try:
        peer.offer(define(job))
    except BaseException as error:  # whatever a student's code can raise
        peer.send({"error": describe_error(error)})
        return
    peer.send({"ready": True})
    while True:
        peer.serve(peer.receive())


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), int(sys.argv[2]))
    except (Ended, Disturbed):
        pass
