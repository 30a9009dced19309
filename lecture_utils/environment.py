"""The environment variables the package reads, all in one place.

========================  ==========================================================================
``LECTURE_STATIC=1``      The book is being built: sliders are drawn for the page, no progress bars.
``LECTURE_STRICT=1``      ``check`` raises unless the answer is correct (solved notebooks, CI).
``LECTURE_DEVICE=cuda``   Compute there instead of on the device PyTorch finds.
``LECTURE_PROGRESS=0``    Do not remember solved exercises in ``.lecture_progress.json``.
========================  ==========================================================================
"""

from __future__ import annotations

import os
from pathlib import Path

_OFF = {"", "0", "false", "no", "off"}


def _flag(name: str, default: str = "0") -> bool:
    return os.environ.get(name, default).strip().lower() not in _OFF


def static() -> bool:
    """Whether the book is being built, so that no kernel will be there when it is read."""
    return _flag("LECTURE_STATIC")


def strict() -> bool:
    """Whether an exercise that is not correct must raise."""
    return _flag("LECTURE_STRICT")


def device_name() -> str | None:
    """The device asked for by ``LECTURE_DEVICE``, or None when it is left to PyTorch."""
    return os.environ.get("LECTURE_DEVICE", "").strip() or None


def progress_path() -> Path | None:
    """Where progress is remembered, or None when it is not (builds, strict runs, opt-out)."""
    if static() or strict() or not _flag("LECTURE_PROGRESS", "1"):
        return None
    return Path(".lecture_progress.json")
