"""The temperature of a next-token distribution: p becomes p^(1/τ), normalized again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lecture_utils.figures.instruments._instrument import LIVE, NAMED, percent
from lecture_utils.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOWEST, HIGHEST = 0.1, 5.0
_TABLE = (0.2, 0.5, 1.0, 2.0, 5.0)


def twin(probabilities: Sequence[float], temperature: float) -> dict[str, Any]:
    """The distribution at a temperature: p_τ(x) ∝ p(x)^(1/τ).

    Args:
        probabilities: [V], nonnegative, with sum 1.
        temperature: τ > 0. Below 1 the likely becomes likelier; above 1 all become more alike. A
            probability of zero stays zero.

    Returns:
        "probabilities" [V], their "entropy" in nats, their "perplexity" exp(entropy), and the index
        of the "most_likely" outcome (the first, where several are).

    Raises:
        ValueError: The probabilities are none, or the temperature is not positive.
    """
    p = _distribution("probabilities", probabilities)
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature must be positive; got {temperature!r}.")
    with np.errstate(divide="ignore"):
        log_p = np.log(p)
    # The largest exponent is zero, so that nothing overflows at low temperatures.
    weights = np.exp((log_p - log_p.max()) / temperature)
    q = weights / weights.sum()
    entropy = float(-(q[q > 0] * np.log(q[q > 0])).sum()) + 0.0  # never -0.0
    return {
        "probabilities": q.tolist(),
        "entropy": entropy,
        "perplexity": float(np.exp(entropy)),
        "most_likely": int(np.argmax(q)),
    }


def prepare(
    *,
    contexts: Mapping[str, Sequence[float]],
    outcomes: Sequence[str],
    start: float = 1.0,
    context: str | None = None,
) -> dict[str, Any]:
    """Check what the chapter gave.

    Args:
        contexts: What came before, in words → the probabilities [V] of what comes next.
        outcomes: The V names of what can come next.
        start: The temperature shown first, 0.1 to 5.
        context: The context shown first; the first one otherwise.

    Raises:
        ValueError: There is no context, a row of probabilities does not sum to one or does not fit
            `outcomes`, or the start lies outside the instrument.
    """
    if not isinstance(contexts, Mapping) or not contexts:
        raise ValueError('contexts= is needed, as in {"snowy, snowy": [0.3, 0.25, 0.45]}.')
    names = [str(name) for name in outcomes]
    rows = {}
    for name, given in contexts.items():
        p = _distribution(f"contexts[{name!r}]", given)
        if len(p) != len(names):
            raise ValueError(
                f"contexts[{name!r}] has {len(p)} probabilities for {len(names)} outcomes."
            )
        rows[str(name)] = p.tolist()
    if not LOWEST <= start <= HIGHEST:
        raise ValueError(f"start={start!r} lies outside {LOWEST} to {HIGHEST}.")
    first = next(iter(rows)) if context is None else context
    if first not in rows:
        raise ValueError(f"context={first!r} is not among {', '.join(rows)}.")
    return {
        "contexts": rows,
        "outcomes": names,
        "start": float(start),
        "context": first,
        "range": [LOWEST, HIGHEST],
    }


def table(prepared: dict[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    """The first context at five temperatures."""
    rows = []
    for temperature in _TABLE:
        now = twin(prepared["contexts"][prepared["context"]], temperature)
        rows.append(
            [f"{temperature:g}"]
            + [percent(q, 0) for q in now["probabilities"]]
            + [f"{now['entropy']:.2f}", f"{now['perplexity']:.2f}"]
        )
    caption = f"After {prepared['context']}: what comes next, at five temperatures; entropy in nats"
    header = ["Temperature", *prepared["outcomes"], "Entropy", "Perplexity"]
    return caption, header, rows


def controls(prepared: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Start values, and a function that makes the ipywidgets."""
    start = {"context": prepared["context"], "temperature": prepared["start"]}

    def widgets() -> dict[str, Any]:
        import ipywidgets

        return {
            "context": ipywidgets.Dropdown(
                options=list(prepared["contexts"]),
                value=start["context"],
                description="the days before",
                **NAMED,
            ),
            "temperature": ipywidgets.FloatLogSlider(
                value=start["temperature"],
                min=np.log10(LOWEST),
                max=np.log10(HIGHEST),
                step=0.01,
                description="temperature",
                readout_format=".2f",
                **LIVE,
            ),
        }

    return start, widgets


def draw(prepared: dict[str, Any], context: str, temperature: float) -> Figure:
    """Bars at this temperature (filled) beside those at temperature 1 (outlined)."""
    import matplotlib.pyplot as plt

    p = prepared["contexts"][context]
    now = twin(p, temperature)
    fig, ax = plt.subplots()
    places = np.arange(len(p))
    ax.bar(
        places - 0.2,
        p,
        width=0.36,
        facecolor="none",
        edgecolor=COLORS["edge"],
        linewidth=1.4,
        label="temperature 1",
    )
    bars = ax.bar(
        places + 0.2,
        now["probabilities"],
        width=0.36,
        color=COLORS["likelihood"],
        label=f"temperature {temperature:.2f}",
    )
    ax.bar_label(bars, [f"{100 * q:.1f} %" for q in now["probabilities"]], padding=2)
    ax.set(
        xticks=places,
        xticklabels=prepared["outcomes"],
        ylim=(0, 1.12),
        yticks=[0, 0.5, 1],
        ylabel="probability of the next day",
        title=f"entropy {now['entropy']:.2f} nats, perplexity {now['perplexity']:.2f}, "
        f"most likely: {prepared['outcomes'][now['most_likely']]}",
    )
    ax.legend()
    return fig


def _distribution(name: str, given: Sequence[float]) -> np.ndarray:
    try:
        p = np.asarray(given.tolist() if hasattr(given, "tolist") else given, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is not a list of probabilities; got {given!r}.") from None
    if p.ndim != 1 or p.size == 0 or not np.all(p >= 0) or abs(p.sum() - 1) > 1e-6:
        raise ValueError(f"{name} must be nonnegative numbers with sum 1; got {p.tolist()}.")
    return p
