"""Helpers of the course book: verified equations, worlds with a known truth, trainers, exercises.

The names a chapter needs can be imported from here. They are loaded when first used, so that
``import lecture_utils`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "verify": "equations",
    "refute": "equations",
    "checked": "equations",
    "EquationFailed": "equations",
    "equation_numbers": "equations",
    "explore": "figures",
    "instrument": "figures",
    "use_style": "figures",
    "check": "exercises",
    "hint": "exercises",
    "solution": "exercises",
    "quiz": "exercises",
    "use": "exercises",
    "progress": "exercises",
    "best_device": "device",
}
__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
