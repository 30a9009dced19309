"""Instruments: figures whose closed form is computed while the reader moves a slider.

In the built book a small script, ``book/static/instruments/NAME.js``, draws the instrument in the
page. In a notebook its Python twin, a module of this package, draws the same with ipywidgets. Both
compute the same numbers from the same settings: tests compare them.

A module NAME of this package has five functions:

- ``twin(**settings) -> dict`` the closed form: settings → numbers
- ``prepare(**given) -> dict`` what the chapter gave, checked, ready to be written as JSON
- ``table(prepared) -> (caption, header, rows)`` some of its values, for readers without scripts
- ``controls(prepared) -> (start, widgets)`` the values at the start, and a function that makes the
  ipywidgets; both by the names of ``draw``'s arguments
- ``draw(prepared, **values) -> Figure`` the picture in a notebook
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

from lecture_utils._display import show
from lecture_utils.environment import static
from lecture_utils.figures.instruments import (
    bayes,
    elbo,
    gan,
    genes,
    joint,
    kl,
    latent,
    likelihood,
    reverse,
    temperature,
)

_INSTRUMENTS: dict[str, ModuleType] = {
    "bayes": bayes,
    "elbo": elbo,
    "gan": gan,
    "genes": genes,
    "joint": joint,
    "kl": kl,
    "latent": latent,
    "likelihood": likelihood,
    "reverse": reverse,
    "temperature": temperature,
}
_used: dict[str, int] = {}  # how many of each this page has


def instrument(name: str, **settings: Any) -> None:
    """Show an instrument.

    Args:
        name: Which one: the name of a module of this package.
        **settings: What it shows; see ``prepare`` in the instrument's module.

    Raises:
        ValueError: No instrument has that name, or the settings make no sense.
    """
    module = _find(name)
    prepared = module.prepare(**settings)
    if static():
        _show_page(name, module, prepared)
    else:
        _show_live(module, prepared)


def twin(name: str) -> Callable[..., dict[str, Any]]:
    """The Python function that computes the same numbers as the instrument's script.

    Args:
        name: Which instrument.

    Raises:
        ValueError: No instrument has that name.
    """
    return _find(name).twin


def _find(name: str) -> ModuleType:
    if name not in _INSTRUMENTS:
        raise ValueError(f"There is no instrument {name!r}; there is: {', '.join(_INSTRUMENTS)}.")
    return _INSTRUMENTS[name]


def _show_page(name: str, module: ModuleType, prepared: dict[str, Any]) -> None:
    """A table of some values, which the page's script replaces by the instrument."""
    _used[name] = _used.get(name, 0) + 1
    id = name if _used[name] == 1 else f"{name}-{_used[name]}"
    caption, header, rows = module.table(prepared)
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{html.escape(row[0])}</th>'
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    data = html.escape(json.dumps(prepared, ensure_ascii=False, separators=(",", ":")))
    page = (
        f'<div class="instrument" id="instrument-{id}" data-instrument="{name}" '
        f'data-settings="{data}">'
        '<div class="pst-scrollable-table-container" style="overflow-x:auto">'
        f'<table class="table"><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></div>"
    )
    text = "\n".join([caption, *("\t".join(row) for row in [header, *rows])])
    show(text, page, "instrument", {"instrument": name, "id": id})


def _show_live(module: ModuleType, prepared: dict[str, Any]) -> None:
    import matplotlib.pyplot as plt
    from IPython.display import display

    def frame(**values: Any) -> None:
        fig = module.draw(prepared, **values)
        display(fig)
        plt.close(fig)  # or the notebook shows it a second time

    start, widgets = module.controls(prepared)
    try:
        import ipywidgets
    except ImportError:
        print("Sliders need ipywidgets (pip install ipywidgets); this is how it starts.")
        frame(**start)
        return
    controls = widgets()
    picture = ipywidgets.interactive_output(frame, controls)
    display(ipywidgets.VBox([*controls.values(), picture]))
