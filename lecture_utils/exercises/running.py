"""Run a student's code safely: limited in time, and with everything global put back afterwards."""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import pickle
import random
import select
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np
import torch

CALL_SECONDS = 1.0
TOTAL_SECONDS = 2.5
COPY_SECONDS = 2.8  # the student's time, and our own work around it
_TICK = 0.01


class TimeUp(BaseException):
    """The time is over. Not an ``Exception``, so that ``except Exception`` does not catch it."""


class Stopwatch:
    """Limits every call, and all calls of one check together.

    A second thread looks at the clock. When the time is over it raises `TimeUp` in the thread
    of the student's code, again and again until the code has ended. Where the system has signals
    they carry the news, which also ends a call that waits, such as ``time.sleep``. If that was
    not enough, because a bare ``except:`` catches even `TimeUp`, the next time the line that runs
    next raises it once more: the line after the ``except:`` is no longer inside its ``try:``.

    One thing cannot be stopped from within a process: a single built-in operation that never
    returns to Python, such as ``sum(range(10**12))``. That takes `in_a_copy`.
    """

    def __init__(self, patience: float = 1.0) -> None:
        self.call_seconds = patience * CALL_SECONDS
        self.total_seconds = patience * TOTAL_SECONDS
        self._deadline: float | None = None
        self._fired = 0
        self._old_trace = sys.gettrace()
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._student = threading.get_ident()
        self._signals = hasattr(signal, "pthread_kill") and (
            threading.current_thread() is threading.main_thread()
        )

    def __enter__(self) -> Stopwatch:
        self._end = time.monotonic() + self.total_seconds
        if self._signals:
            # SIGURG does nothing where nobody listens, so a late one is harmless.
            self._old_handler = signal.signal(signal.SIGURG, self._on_signal)
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._closed.set()
        self._disarm()
        if self._signals:
            signal.signal(signal.SIGURG, self._old_handler or signal.SIG_DFL)

    def run(self, function: Callable, *args: Any) -> Any:
        """Return ``function(*args)``.

        Raises:
            TimeUp: The call took too long, or nothing is left of the time for all calls.
        """
        now = time.monotonic()
        if now >= self._end:
            raise TimeUp
        try:
            try:
                self._deadline = min(now + self.call_seconds, self._end)
                return function(*args)
            finally:
                self._disarm()
        except TimeUp:
            self._disarm()
            raise

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Our own work, which costs the student no time."""
        start = time.monotonic()
        yield
        self._end += time.monotonic() - start

    @property
    def seconds_left(self) -> float:
        """What is left of the time for all calls together."""
        return self._end - time.monotonic()

    def _disarm(self) -> None:
        while True:
            try:
                with self._lock:
                    self._deadline = None
                if not self._fired:
                    return
                if self._signals:
                    self._fired = 0
                    sys.settrace(self._old_trace)
                    continue
                # An exception may still be waiting. Taking it back would leave Python's flag for
                # waiting work set for good (3.11), so provoke it here, where it does no harm.
                self._fired = 0
                _raise_in(self._student)
                while True:
                    pass
            except TimeUp:
                continue

    def _watch(self) -> None:
        while not self._closed.wait(_TICK):
            with self._lock:
                if self._deadline is not None and time.monotonic() > self._deadline:
                    self._fired += 1
                    if self._signals:
                        signal.pthread_kill(self._student, signal.SIGURG)
                    else:
                        _raise_in(self._student)

    def _on_signal(self, _: int, frame: FrameType | None) -> None:
        in_time = self._deadline is None or time.monotonic() < self._deadline
        if in_time or frame is None or _is_ours(frame):
            return
        student: FrameType | None = frame
        while self._fired > 1 and student is not None and not _is_ours(student):
            student.f_trace = _raise_at_next_line
            student = student.f_back
        if self._fired > 1:
            sys.settrace(_raise_at_next_line)
        raise TimeUp


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename == __file__


def _raise_at_next_line(frame: FrameType, event: str, value: object) -> Any:
    # Not at an "exception" event: that one still belongs to the line inside the try.
    if event in ("line", "call") and not _is_ours(frame):
        raise TimeUp
    return _raise_at_next_line


def _raise_in(thread: int) -> None:
    """Raise `TimeUp` in a thread at its next step in Python."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeUp))


class NoCopy(Exception):
    """The system cannot copy a running process."""


class CopyDied(Exception):
    """The copy of the process ended before it had a result."""


def in_a_copy(work: Callable[[], Any], seconds: float = COPY_SECONDS) -> Any:
    """Return ``work()``, done in a copy of this process, which can be ended whatever it does.

    Nothing that `work` changes in memory stays. Its result has to be picklable, and what it raises
    is raised here.

    Raises:
        TimeUp: It took longer than `seconds`.
        CopyDied: It ended the process, or ran out of memory.
        NoCopy: There are no copies on this system. (macOS has them, but its own libraries may
            crash in one.)
    """
    if not sys.platform.startswith("linux"):
        raise NoCopy
    receiver, sender = os.pipe()
    try:
        with warnings.catch_warnings():
            # Python warns of the other threads, which a copy lacks. It needs none of them.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
    except OSError as error:
        os.close(receiver)
        os.close(sender)
        raise NoCopy from error
    if child == 0:
        _work_and_exit(work, sender)
    os.close(sender)
    try:
        data = _read_all(receiver, seconds)
    finally:
        os.close(receiver)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if not data:
        raise CopyDied
    result, error = pickle.loads(data)
    if error is not None:
        raise error
    return result


def _work_and_exit(work: Callable[[], Any], sender: int) -> None:
    """What the copy does. It never returns, so that nothing of the caller's runs twice."""
    try:
        # What is raised where nothing can catch it, as while an object is deleted, says nothing.
        sys.unraisablehook = lambda _: None
        torch.set_num_threads(1)  # the threads that share a tensor's work were not copied
        data = memoryview(_outcome(work))
        while data:
            data = data[os.write(sender, data) :]
    finally:
        os._exit(0)


def _outcome(work: Callable[[], Any]) -> bytes:
    """The result and no error, or the other way round."""
    try:
        return pickle.dumps((work(), None))
    except BaseException as error:
        try:
            data = pickle.dumps((None, error))
            pickle.loads(data)  # some errors can be written and not read
            return data
        except Exception:
            return pickle.dumps((None, RuntimeError(f"{type(error).__name__}: {error}")))


def _read_all(receiver: int, seconds: float) -> bytes:
    end = time.monotonic() + seconds
    data = b""
    while True:
        ready, _, _ = select.select([receiver], [], [], max(end - time.monotonic(), 0))
        if not ready:
            raise TimeUp
        part = os.read(receiver, 1 << 16)
        if not part:
            return data
        data += part


def accelerators_in_use() -> list[Any]:
    """The modules, such as ``torch.cuda``, of the accelerators that this process has started."""
    return [
        module
        for name in ("cuda", "xpu")
        if (module := getattr(torch, name, None)) is not None and module.is_initialized()
    ]


@contextlib.contextmanager
def isolated() -> Iterator[None]:
    """Put back every random state and torch default that may change inside.

    An accelerator that is not in use is neither started nor seeded.
    """
    numpy_state, python_state = np.random.get_state(), random.getstate()
    torch_state = torch.get_rng_state()
    devices = accelerators_in_use()
    device_states = [module.get_rng_state_all() for module in devices]
    metal = torch.backends.mps.is_available()
    metal_state = torch.mps.get_rng_state() if metal else None
    dtype, grad = torch.get_default_dtype(), torch.is_grad_enabled()
    # Costs a little at every call of torch, so only where it is needed.
    cpu = torch.get_default_device().type == "cpu"
    on_cpu = contextlib.nullcontext() if cpu else torch.device("cpu")
    try:
        torch.set_default_dtype(torch.float32)
        with (
            torch.inference_mode(False),
            torch.enable_grad(),
            on_cpu,
            warnings.catch_warnings(),
        ):
            yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
        np.random.set_state(numpy_state)
        random.setstate(python_state)
        torch.set_rng_state(torch_state)
        for module, states in zip(devices, device_states, strict=True):
            module.set_rng_state_all(states)
        if metal:
            torch.mps.set_rng_state(metal_state)


def seed_all(seed: int) -> None:
    """Seed the CPU generators of torch, NumPy and Python.

    ``torch.manual_seed`` would seed accelerators as well, even later ones.
    """
    torch.default_generator.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)


class Printed(io.TextIOBase):
    """Keeps the first lines that a student's code prints; a flood is dropped."""

    def __init__(self, limit: int = 2000):
        super().__init__()
        self.text = ""
        self.limit = limit

    def write(self, text: str) -> int:
        if len(self.text) < self.limit:
            self.text += str(text)[: self.limit - len(self.text)]
        return len(text)
