"""Show a result in a notebook, in the built book and in a plain terminal alike."""

from __future__ import annotations

import html
import re
from typing import Any

_CODE = re.compile(r"`([^`]+)`")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
# x_t, x_{t−1}, x_<t (already escaped) and p_data; the sum sign stays upright.
_SUBSCRIPT = re.compile(
    r"(?<!\w)([A-Za-zα-ωᾱ])_(?:((?:&lt;)?\w|[a-z]{2,5})(?!\w)|\{([^{}]+)\})"
)
_SUM_OVER = re.compile(r"(?<!\w)([ΣΠ])_(?:(\w)(?!\w)|\{([^{}]+)\})")
_SMALL_DIGITS = re.compile(r"(?<![A-Za-z])([A-Za-z])([₀-₉]+)")  # x₁
_SUPERSCRIPT = re.compile(r"\^\(([^()]*)\)")  # p^(1/τ)
_ITALIC = re.compile(r"(?<![\w*])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])")


def show(text: str, page: str, kind: str, data: dict[str, Any] | None = None) -> None:
    """Display `page` (HTML) where HTML can be shown and `text` elsewhere.

    Args:
        text: What a terminal, a screen reader or a plain notebook shows.
        page: The same as HTML.
        kind: What this is, for tools that read saved notebooks ("verify", "check", ...).
        data: Facts about the result, stored with `kind` in the output's metadata under
            ``lecture_utils``.
    """
    try:
        from IPython import get_ipython
    except ImportError:
        shell = None
    else:
        shell = get_ipython()
    if shell is None:
        print(text)
        return
    from IPython.display import display

    bundle = {"text/plain": text, "text/html": page}
    display(bundle, raw=True, metadata={"lecture_utils": {"kind": kind, **(data or {})}})


def inline_markup(text: str) -> str:
    """HTML for a line with `code`, **bold**, *italic*, x_t, x_{t−1}, p_data, Σ_t or p^(1/τ).

    The rest is escaped.
    """
    parts = _CODE.split(text)
    for i, part in enumerate(parts):
        part = html.escape(part, quote=False)
        if i % 2:
            parts[i] = f"<code>{part}</code>"
        else:
            part = _SUBSCRIPT.sub(r"<i>\1</i><sub>\2\3</sub>", part)
            part = _SUM_OVER.sub(r"\1<sub>\2\3</sub>", part)
            part = _SMALL_DIGITS.sub(r"<i>\1</i>\2", part)
            part = _SUPERSCRIPT.sub(r"<sup>\1</sup>", part)
            parts[i] = _ITALIC.sub(r"<em>\1</em>", _BOLD.sub(r"<b>\1</b>", part))
    return "".join(parts)


def plain(text: str) -> str:
    """The same line for a terminal: emphasis marks removed, code kept in its backquotes."""
    parts = re.split(r"(`[^`]+`)", text)
    for i in range(0, len(parts), 2):
        parts[i] = _ITALIC.sub(r"\1", _BOLD.sub(r"\1", parts[i]))
    return "".join(parts)
