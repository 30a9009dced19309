"""Bayes' rule for a hypothesis that is true or not, and a clue that is there or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lecture_utils.figures.instruments._instrument import NAMED, percent, slider
from lecture_utils.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WORDS = ("yes", "no", "clue", "absent")
_NUMBERS = ("prior", "if_yes", "if_no")
_PRIORS = (0.001, 0.01, 0.1, 0.5, 0.9)
_RANGES = {"prior": (0.001, 0.999), "if_yes": (0.01, 0.99), "if_no": (0.01, 0.99)}


def twin(prior: float, if_yes: float, if_no: float, seen: bool = True) -> dict[str, Any]:
    """What one clue does to the belief in one hypothesis.

    Args:
        prior: p(yes), strictly between 0 and 1.
        if_yes: p(clue | yes), strictly between 0 and 1.
        if_no: p(clue | no), strictly between 0 and 1.
        seen: Whether the clue was found. Its absence is a clue, too.

    Returns:
        "joint" [p(yes, found), p(no, found)], the "evidence" p(found), the "posterior"
        p(yes | found), the likelihood "ratio", and the odds before and after, "prior_odds" and
        "posterior_odds".

    Raises:
        ValueError: A number is not strictly between 0 and 1.
    """
    for name, value in zip(_NUMBERS, (prior, if_yes, if_no), strict=True):
        _check_probability(name, value)
    likelihood = (if_yes, if_no) if seen else (1 - if_yes, 1 - if_no)
    joint = [float(prior * likelihood[0]), float((1 - prior) * likelihood[1])]
    evidence = joint[0] + joint[1]
    return {
        "joint": joint,
        "evidence": evidence,
        "posterior": joint[0] / evidence,
        "ratio": float(likelihood[0] / likelihood[1]),
        "prior_odds": float(prior / (1 - prior)),
        "posterior_odds": joint[0] / joint[1],
    }


def prepare(
    *, examples: Mapping[str, Mapping[str, Any]], start: str | None = None
) -> dict[str, Any]:
    """Check what the chapter gave.

    Args:
        examples: The example's name → its words "yes", "no", "clue" and "absent" (how the two
            hypotheses and the two findings are called) and its numbers "prior", "if_yes", "if_no".
        start: The example shown first; the first one otherwise.

    Raises:
        ValueError: There is no example, or one lacks a word or a number, or has a number that lies
            outside the sliders.
    """
    if not isinstance(examples, Mapping) or not examples:
        raise ValueError(
            'examples= is needed, as in {"bedroom": dict(yes="luxurious", no="plain", '
            'clue="chandelier", absent="no chandelier", prior=0.1, if_yes=0.7, if_no=0.05)}.'
        )
    checked = {}
    for name, given in examples.items():
        missing = [key for key in (*_WORDS, *_NUMBERS) if key not in given]
        if missing:
            raise ValueError(f"examples[{name!r}] lacks {', '.join(missing)}.")
        for key in _NUMBERS:
            lowest, highest = _RANGES[key]
            _check_probability(f"examples[{name!r}][{key!r}]", given[key])
            if not lowest <= given[key] <= highest:
                raise ValueError(
                    f"examples[{name!r}][{key!r}]={given[key]!r} lies outside the slider, "
                    f"{lowest} to {highest}."
                )
        checked[str(name)] = {key: str(given[key]) for key in _WORDS} | {
            key: float(given[key]) for key in _NUMBERS
        }
    first = next(iter(checked)) if start is None else start
    if first not in checked:
        raise ValueError(f"start={start!r} is not among {', '.join(checked)}.")
    return {"examples": checked, "start": first}


def table(prepared: dict[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    """The first example with five priors."""
    example = prepared["examples"][prepared["start"]]
    rows = []
    for prior in _PRIORS:
        found, missed = (twin(prior, example["if_yes"], example["if_no"], s) for s in (True, False))
        rows.append(
            [percent(prior)] + [percent(result["posterior"]) for result in (found, missed)]
        )
    caption = (
        f"p({example['yes']}) before and after. p({example['clue']} | {example['yes']}) is "
        f"{percent(example['if_yes'])}, p({example['clue']} | {example['no']}) is "
        f"{percent(example['if_no'])}"
    )
    return caption, ["Before", f"After {example['clue']}", f"After {example['absent']}"], rows


def controls(prepared: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Start values, and a function that makes the ipywidgets."""
    first = prepared["examples"][prepared["start"]]
    start = {"example": prepared["start"], "seen": True} | {key: first[key] for key in _NUMBERS}

    def widgets() -> dict[str, Any]:
        import ipywidgets

        made: dict[str, Any] = {
            "example": ipywidgets.Dropdown(
                options=list(prepared["examples"]),
                value=start["example"],
                description="example",
                **NAMED,
            ),
            "seen": ipywidgets.Dropdown(
                options=[("the clue", True), ("no clue", False)],
                value=True,
                description="you find",
                **NAMED,
            ),
        }
        for name, label in zip(_NUMBERS, ("prior", "p(clue | yes)", "p(clue | no)"), strict=True):
            step, digits = (0.001, ".3f") if name == "prior" else (0.01, ".2f")
            made[name] = slider(label, start[name], _RANGES[name], step, readout_format=digits)

        def load(change: Any) -> None:
            for name in _NUMBERS:
                made[name].value = prepared["examples"][change["new"]][name]

        made["example"].observe(load, names="value")
        return made

    return start, widgets


def draw(
    prepared: dict[str, Any], example: str, seen: bool, prior: float, if_yes: float, if_no: float
) -> Figure:
    """All cases as a square, those that fit the finding filled; below, only these."""
    import matplotlib.pyplot as plt

    words = prepared["examples"][example]
    found = words["clue" if seen else "absent"]
    now = twin(prior, if_yes, if_no, seen)
    q = now["posterior"]
    fig, (square, bar) = plt.subplots(2, 1, figsize=(6, 4), height_ratios=[4, 1])
    for left, width, likelihood, color in (
        (0, prior, if_yes if seen else 1 - if_yes, COLORS["latent"]),
        (prior, 1 - prior, if_no if seen else 1 - if_no, COLORS["edge"]),
    ):
        bottom = 0 if seen else 1 - likelihood
        square.bar(left, likelihood, width, bottom, align="edge", color=color)
        square.bar(
            left, 1, width, align="edge", facecolor="none", edgecolor=COLORS["soft"], linewidth=1.2
        )
    square.text(0, 1.04, f"{words['yes']} {percent(prior)}", color=COLORS["latent"])
    square.text(1, 1.04, f"{words['no']} {percent(1 - prior)}", ha="right", color=COLORS["soft"])
    bar.barh(0, q, color=COLORS["latent"])
    bar.barh(0, 1 - q, left=q, color=COLORS["edge"])
    bar.text(
        0,
        0.5,
        f"only {found}: p({words['yes']} | {found}) = {percent(q)}",
        va="bottom",
        color=COLORS["soft"],
    )
    for ax in (square, bar):
        ax.set_xlim(0, 1)
        ax.axis("off")
    square.set_ylim(0, 1.15)
    bar.set_ylim(-0.45, 0.8)
    return fig


def _check_probability(name: str, value: Any) -> None:
    if not isinstance(value, (int, float)) or not 0 < value < 1:
        raise ValueError(f"{name} must be strictly between 0 and 1; got {value!r}.")
