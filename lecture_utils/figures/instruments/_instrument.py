"""What all instruments share: a slider in a notebook, a check of ranges, a percentage."""

from __future__ import annotations

from typing import Any

# For every control: the whole of its name is shown. For sliders: a picture takes a while to draw.
NAMED = {"style": {"description_width": "initial"}}
LIVE = {**NAMED, "continuous_update": False}


def slider(words: str, value: float, ends: tuple[float, float], step: float, **more: Any) -> Any:
    """An ipywidgets slider that moves the picture when it is let go.

    Args:
        words: What stands before it.
        value: At first.
        ends: The smallest and the largest value.
        step: From one value to the next.
        **more: Other settings of ``ipywidgets.FloatSlider``.
    """
    import ipywidgets

    low, high = ends
    return ipywidgets.FloatSlider(
        value=value, min=low, max=high, step=step, description=words, **LIVE, **more
    )


def require_within(given: dict[str, float], ranges: dict[str, tuple[float, float]]) -> None:
    """Check that every number lies in its range.

    Raises:
        ValueError: One of them lies outside.
    """
    for name, (low, high) in ranges.items():
        if not low <= given[name] <= high:
            raise ValueError(f"{name}={given[name]!r} lies outside {low} to {high}.")


def percent(p: float, digits: int = 1) -> str:
    """A probability as a percentage."""
    return f"{100 * p:.{digits}f}\N{NO-BREAK SPACE}%"
