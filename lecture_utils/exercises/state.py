"""Remember what a reader has solved, in a small file beside the notebook."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ..environment import progress_path
from .model import Status


@dataclass
class Record:
    """What happened with one exercise.

    Attributes:
        status: The verdict on the last attempt.
        tries: How many attempts were judged.
        hints: How many hints were shown.
        solved: Whether any attempt was correct.
        first: The verdict on the first attempt; for predictions, the one that counts.
        nats: What the first forecast of a probability lost each time; -1 where there was none.
    """

    status: str = Status.NOT_ATTEMPTED
    tries: int = 0
    hints: int = 0
    solved: bool = False
    first: str = ""
    nats: float = -1.0

    def add(self, status: Status, nats: float | None = None) -> None:
        """Count an attempt."""
        self.status = status
        if status is Status.NOT_ATTEMPTED:
            return
        if not self.tries and nats is not None:
            self.nats = nats
        self.tries += 1
        self.first = self.first or status
        self.solved = self.solved or status is Status.CORRECT


class State:
    """Records by exercise, kept in memory and, where that is allowed, in a file.

    A file that is missing, broken or cannot be written never disturbs anybody.
    """

    def __init__(self, path: Callable[[], Path | None] = progress_path):
        self._path = path
        self._records: dict[str, Record] = {}
        self._read_from: Path | None = None

    def record(self, id: str) -> Record:
        """The record of an exercise."""
        path = self._path()
        if path is not None and path.absolute() != self._read_from:
            self._read_from = path.absolute()
            for key, record in _read(path).items():
                self._records.setdefault(key, record)
        return self._records.setdefault(id, Record())

    def save(self, id: str) -> None:
        """Write one record; those of other notebooks in the same file stay."""
        path = self._path()
        if path is None:
            return
        records = _read(path) | {id: self.record(id)}
        text = json.dumps({key: asdict(value) for key, value in sorted(records.items())}, indent=1)
        with contextlib.suppress(OSError):
            # A new file in place of the old one: a crash leaves one of the two, never half of it.
            handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=path.name)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text + "\n")
            os.replace(name, path)


def _read(path: Path) -> dict[str, Record]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(data, dict):
        return {}
    return {key: _as_record(value) for key, value in data.items() if isinstance(value, dict)}


def _as_record(data: dict[str, Any]) -> Record:
    known = {
        field.name: data[field.name]
        for field in fields(Record)
        if type(data.get(field.name)) is type(field.default)
        or (field.name == "status" and data.get("status") in list(Status))
    }
    return Record(**known)
