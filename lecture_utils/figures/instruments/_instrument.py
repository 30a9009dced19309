"""What all instruments share in a notebook: a slider, and how a probability is written."""

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


def percent(p: float, digits: int = 1) -> str:
    """A probability as a percentage."""
    return f"{100 * p:.{digits}f}\N{NO-BREAK SPACE}%"
