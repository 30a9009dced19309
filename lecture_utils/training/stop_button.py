"""The stop button of a notebook (Ctrl-C), read between two steps."""

from __future__ import annotations

import signal
import threading
from types import FrameType


class StopButton:
    """While this context is open, the first interrupt sets `pressed`; a second one raises.

    Stopping between steps means that what was stopped can go on as if nothing had happened. Python
    allows signal handlers in the main thread only; elsewhere nothing changes.
    """

    def __init__(self) -> None:
        self.pressed = False
        self._before = None

    def __enter__(self) -> StopButton:
        # None: a handler that Python did not install and could not put back. SIG_IGN: a run in the
        # background, which is not to be stopped.
        left_alone = (None, signal.SIG_IGN)
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) not in left_alone:
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _press(self, number: int, frame: FrameType | None) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True
