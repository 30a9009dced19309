"""The exercises, one file for each chapter.

A bank file is named after its chapter's slug and defines ``NUMBER``, the chapter's number, and
``EXERCISES``, in the order in which the chapter asks them. Files starting with ``_`` are helpers.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from ..model import Exercise

CHAPTERS: dict[int, str] = {}


def load() -> dict[str, Exercise]:
    """All exercises by name, chapter after chapter.

    Raises:
        ValueError: Two exercises have one name.
    """
    slugs = [module.name for module in iter_modules(__path__) if not module.name.startswith("_")]
    modules = {slug: import_module(f"{__name__}.{slug}") for slug in slugs}
    exercises: dict[str, Exercise] = {}
    for slug, module in sorted(modules.items(), key=lambda item: item[1].NUMBER):
        CHAPTERS[module.NUMBER] = slug
        for exercise in module.EXERCISES:
            if exercise.id in exercises:
                raise ValueError(f"two exercises are called {exercise.id!r}")
            exercise.chapter = slug
            exercises[exercise.id] = exercise
    return exercises
