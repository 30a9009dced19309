"""The bank is tested for what it says, not for how busy the machine is."""

from __future__ import annotations

import pytest

from lecture_utils.exercises import running


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    monkeypatch.setattr(running, "CALL_SECONDS", 10.0)
    monkeypatch.setattr(running, "TOTAL_SECONDS", 30.0)
