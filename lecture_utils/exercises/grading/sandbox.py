"""A student's function in a process of its own, shut off by bubblewrap.

It sees a read-only system without the course's package and without anybody's files, and has no
network, no environment, and limits on memory, time and processes. One process serves one exercise
of one student: what it breaks is its own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..running import TimeUp
from ..values import tensors_in
from .remote import Disturbed, Ended, Peer, Unsendable

_PACKAGE = Path(__file__).resolve().parents[2]
_HERE = Path(__file__).parent
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache")
_START_SECONDS = 90.0  # loading torch on a busy machine


class NoIsolation(RuntimeError):
    """This machine cannot shut a process off."""


@dataclass(frozen=True)
class Limits:
    """What a function may use.

    Attributes:
        memory: Bytes, beyond what torch itself takes.
        seconds: For one call of the function.
        cpu_seconds: CPU time of the whole process.
    """

    memory: int = 2_000_000_000
    seconds: float = 4.0
    cpu_seconds: int = 60


class Guest:
    """The student's function, callable from here.

    Attributes:
        fault: What ended the conversation, if something did.
    """

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._function = peer.function(0)
        self.fault: BaseException | None = None

    def __call__(self, *args: Any) -> Any:
        if self.fault is not None:
            raise self.fault
        if any(x.device.type == "meta" for x in tensors_in(args)):
            raise Unsendable("tensors without numbers stay here")  # the check copes with that
        try:
            return self._function(*args)
        except (Disturbed, Ended, TimeUp, Unsendable) as error:
            self.fault = error
            raise


@contextlib.contextmanager
def guest(
    name: str, source: str, around: list[str], *, seed: int, limits: Limits, isolated: bool = True
) -> Iterator[Guest]:
    """Start a process, define the function in it, and end it afterwards.

    Args:
        name: Of the function.
        source: Its definition.
        around: Definitions that it may need, in order.
        seed: Of torch's random numbers over there.
        limits: What it may use.
        isolated: Whether to shut it off; without, it has all the rights of the caller.

    Raises:
        Exception: The definition raised; or it did not end.
        Ended: The process ended while defining.
        NoIsolation: The process could not be started.
    """
    with tempfile.TemporaryDirectory(prefix="grade-") as folder:
        for file in ("worker.py", "remote.py"):
            shutil.copy(_HERE / file, folder)
        to_child, from_parent = os.pipe()
        to_parent, from_child = os.pipe()
        ends = (to_child, from_child)
        process = subprocess.Popen(
            [*(_walls(folder) if isolated else ()), *_python(folder, isolated, *ends)],
            pass_fds=ends,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=_environment(),
            cwd=folder,
            start_new_session=True,
        )
        watcher = threading.Thread(target=_watch_memory, args=(process, limits.memory), daemon=True)
        try:
            for end in ends:
                os.close(end)
            peer = Peer(to_parent, from_parent, sends_networks=True, late=TimeUp)
            job = {"name": name, "source": source, "around": around, "seed": seed % 2**31}
            job |= {"memory": limits.memory, "seconds": limits.cpu_seconds}
            with contextlib.suppress(Ended):
                peer.send(job)
            watcher.start()
            try:
                answer = peer.receive(time.monotonic() + _START_SECONDS)
            except TimeUp:
                raise TimeoutError("the definitions around it did not come to an end") from None
            if "error" in answer:
                raise DefinitionFailed(answer["error"])
            peer.seconds = limits.seconds
            yield Guest(peer)
        finally:
            process.kill()
            process.communicate()
            for end in (from_parent, to_parent):
                os.close(end)


class DefinitionFailed(Exception):
    """The student's definition raised.

    Attributes:
        kind, text, line: The error's class, its text, and the line of the definition.
    """

    def __init__(self, content: Any) -> None:
        content = content if isinstance(content, dict) else {}
        kinds = content.get("kinds")
        self.kind = str(kinds[0])[:80] if isinstance(kinds, list) and kinds else "Exception"
        self.text = str(content.get("text", ""))[:300]
        self.line = content.get("line") if isinstance(content.get("line"), int) else 0
        super().__init__(f"{self.kind}: {self.text}")


def require_isolation() -> None:
    """Try the walls once.

    Raises:
        NoIsolation: With what is missing and what to do.
    """
    advice = (
        "Submissions are code of other people: they run in a sandbox or not at all. Grade on Linux "
        "with bubblewrap (`sudo apt install bubblewrap`; on Windows in WSL). Where a container "
        "or a virtual machine of its own is the sandbox, say --no-isolation."
    )
    if shutil.which("bwrap") is None:
        raise NoIsolation(f"There is no bubblewrap (the program bwrap) here. {advice}")
    with tempfile.TemporaryDirectory(prefix="grade-") as folder:
        command = [*_walls(folder), _executable(), "-I", "-c", "pass"]
        tried = subprocess.run(command, capture_output=True, env=_environment(), cwd=folder)
    if tried.returncode:
        said = tried.stderr.decode(errors="replace").strip()[-300:]
        raise NoIsolation(f"bubblewrap cannot build a sandbox here: {said} {advice}")


# ------------------------------------------------------------------ the process
def _walls(folder: str) -> list[str]:
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    for name, value in _environment().items():
        command += ["--setenv", name, value]
    for path in _SYSTEM:
        if os.path.exists(path):
            command += ["--ro-bind", path, path]
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    command += ["--size", "20000000", "--tmpfs", "/tmp"]
    for root in _roots():
        command += ["--ro-bind", root, root]
    if any(_PACKAGE.is_relative_to(root) for root in (*_roots(), *_SYSTEM)):
        command += ["--tmpfs", str(_PACKAGE)]  # the references are in there
    return [*command, "--ro-bind", folder, "/sandbox", "--chdir", "/tmp", "--"]


def _roots() -> list[str]:
    """Where Python and torch are, beside the system's own folders."""
    found = {sys.prefix, sys.base_prefix, str(Path(torch.__file__).parents[1])}
    found |= {os.path.realpath(path) for path in found}
    found.add(os.path.dirname(os.path.realpath(sys.executable)))
    inside = [path for path in found if not path.startswith(("/usr/", "/bin", "/lib"))]
    return sorted(path for path in inside if path not in ("/", "/usr"))


def _executable() -> str:
    return os.path.abspath(sys.executable)


def _python(folder: str, isolated: bool, read: int, write: int) -> list[str]:
    start = "/sandbox" if isolated else folder
    libraries = str(Path(torch.__file__).parents[1])
    code = (
        f"import sys, runpy; sys.path[:0] = [{start!r}]; sys.path.append({libraries!r}); "
        f"sys.argv = ['worker.py', '{read}', '{write}']; "
        f"runpy.run_path({start + '/worker.py'!r}, run_name='__main__')"
    )
    return [_executable(), "-I", "-B", "-c", code]


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "OMP_NUM_THREADS": "1", "LANG": "C.UTF-8"}


# ------------------------------------------------------------------ memory of all its processes
def _watch_memory(process: subprocess.Popen, most: int) -> None:
    """End the process when it and its children hold more than they may (on Linux).

    The limit of `worker.limit` is one for each process, and a system may let it make new ones.
    """
    allowed = most + 1_500_000_000  # torch itself
    while process.poll() is None:
        if _resident(process.pid) > allowed:
            process.kill()
        time.sleep(0.1)


def _resident(pid: int) -> int:
    """Bytes in memory of a process and all that it started."""
    total = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        total += pages * os.sysconf("SC_PAGE_SIZE")
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            total += _resident(int(child))
    return total
