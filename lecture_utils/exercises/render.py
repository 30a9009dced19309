"""Results and questions as HTML and as plain text.

The book's style sheet dresses `.ck` (result) and `.qz` (question). Without it the HTML still reads
well: states are words, and `STYLE` gives notebooks a modest look in light and dark themes.
"""

from __future__ import annotations

import html
import json
import math
import re
from functools import cache
from pathlib import Path

from .._display import inline_markup, plain
from .model import (
    CLOSE,
    FORECAST,
    NEARLY,
    PERCENTAGE,
    SURE,
    WORTH_SAYING,
    ChoiceExercise,
    Exercise,
    NumberExercise,
    Result,
    Status,
)

WORDS = {
    Status.NOT_ATTEMPTED: "Not attempted",
    Status.ERROR: "Error",
    Status.WRONG: "Wrong",
    Status.ALMOST: "Almost",
    Status.CORRECT: "Correct",
}
SYMBOLS = {
    Status.NOT_ATTEMPTED: "○",
    Status.ERROR: "✗",
    Status.WRONG: "✗",
    Status.ALMOST: "◐",
    Status.CORRECT: "✓",
}
_CLASSES = {
    Status.NOT_ATTEMPTED: "ck-none",
    Status.ERROR: "ck-wrong ck-error",
    Status.WRONG: "ck-wrong",
    Status.ALMOST: "ck-almost",
    Status.CORRECT: "ck-ok",
}
RIGHT, NOT_RIGHT = "Correct.", "Not this one."

# For notebooks only. Every selector is inside :where, so that the book's own rules always win;
# the colors are those of the surrounding page, so that dark themes need nothing. What is marked as
# important has to win against JupyterLab's rules for lists and tables.
STYLE = (
    "<style>"
    ":where(.ck){display:grid;grid-template-columns:1.1em minmax(0,1fr);column-gap:.6em;"
    "padding:.5em .2em;line-height:1.5;font-family:system-ui,sans-serif;max-width:44em}"
    ":where(.ck)::before{font-weight:700}"
    ":where(.ck-none)::before{content:'○'}:where(.ck-wrong)::before{content:'✗'}"
    ":where(.ck-almost)::before{content:'◐'}:where(.ck-ok)::before{content:'✓'}"
    ":where(.ck .st){font-weight:700}:where(.ck .id){font-family:monospace;margin-left:.5em;"
    "opacity:.75}:where(.ck p){margin:0 0 .3em}:where(.ck ul){list-style:none;margin:.2em 0;"
    "padding:0}"
    ":where(.qz){border:1px solid rgba(128,128,128,.5);border-radius:8px;padding:.6em 1.1em .8em;"
    "margin:.6em 0;max-width:44em;line-height:1.5;font-family:system-ui,sans-serif}"
    ":where(.qz legend){font-weight:600;font-size:100%;width:auto;padding:0 .4em;margin:0;"
    "border:0;color:inherit}:where(.qz-stem){margin:0 0 .5em}"
    ":where(.qz-opt){display:grid;grid-template-columns:1.2em 1fr;column-gap:.6em;padding:.3em 0;"
    "align-items:start}:where(.qz-opt input){margin:.3em 0 0}:where(.qz-opt label){margin:0;"
    "cursor:pointer}:where(.qz-fb){grid-column:2}"
    ":where(.ck-progress){border-collapse:collapse;line-height:1.5;font-size:100%}"
    ":where(.ck-progress :is(th,td)){text-align:left!important;font-weight:400;"
    "padding:.15em 1em .15em 0}"
    ":where(.ck-progress td){white-space:nowrap}:where(.ck-progress thead th){font-weight:600}"
    ":where(.ck-progress code){opacity:.75;margin-left:.4em}"
    ":where(.qz .sr){position:absolute;width:1px;height:1px;overflow:hidden;"
    "clip-path:inset(50%);white-space:nowrap}"
    "</style>"
)


# ------------------------------------------------------------------ results
def result_html(result: Result, footer: str = "") -> str:
    """The box of a verdict.

    Args:
        result: The verdict.
        footer: One more line, such as where to find a hint.
    """
    items = [inline_markup(detail) for detail in result.details]
    items += [f"✓ {inline_markup(check)}" for check in result.checks]
    listed = "".join(f"<li>{item}</li>" for item in items)
    ident = html.escape(result.id)
    return (
        f'<div class="ck {_CLASSES[result.status]}" role="group" aria-label="Result of {ident}">'
        f'<div><p><span class="st">{WORDS[result.status]}</span> '
        f'<span class="id">{ident}</span></p>'
        f"<p>{inline_markup(result.headline)}</p>"
        + (f"<ul>{listed}</ul>" if listed else "")
        + (f'<p class="next">{inline_markup(footer)}</p>' if footer else "")
        + "</div></div>"
    )


def result_text(result: Result, footer: str = "") -> str:
    """The same for a terminal or a screen reader."""
    lines = [f"{SYMBOLS[result.status]} {WORDS[result.status]}: {result.id}"]
    lines += ["  " + plain(line) for line in [result.headline, *result.details]]
    lines += [f"  ✓ {plain(check)}" for check in result.checks]
    if footer:
        lines.append("  " + plain(footer))
    return "\n".join(lines)


def note_html(text: str) -> str:
    """One quiet line."""
    return f'<p class="ck-note">{inline_markup(text)}</p>'


# ------------------------------------------------------------------ questions
def quiz_html(exercise: Exercise) -> str:
    """A question that answers in the page itself: no kernel, no script element.

    Raises:
        TypeError: The exercise asks for code.
    """
    if isinstance(exercise, ChoiceExercise):
        return _choice_html(exercise)
    if isinstance(exercise, NumberExercise):
        return _number_html(exercise)
    raise TypeError(_not_a_question(exercise))


def quiz_text(exercise: Exercise) -> str:
    """The question for a terminal, with the line to type.

    Raises:
        TypeError: The exercise asks for code.
    """
    lines = [exercise.title, plain(exercise.statement)]
    if isinstance(exercise, ChoiceExercise):
        lines += [f"  ({k}) {plain(option.text)}" for k, option in exercise.lettered.items()]
    elif not isinstance(exercise, NumberExercise):
        raise TypeError(_not_a_question(exercise))
    return "\n".join([*lines, f'Answer with check("{exercise.id}", answer="…").'])


def _not_a_question(exercise: Exercise) -> str:
    return (
        f"{exercise.id!r} asks for code, so it has no quiz. Write the function and run "
        f"check({exercise.id})."
    )


_CHOOSE = (
    "for(const o of this.querySelectorAll('.qz-opt')){"
    "const f=o.querySelector('.qz-fb');"
    "f.hidden=!o.querySelector('input').checked;"
    "if(!f.hidden)this.querySelector('output').textContent=f.textContent}"
)


def _choice_html(exercise: ChoiceExercise) -> str:
    name = f"quiz-{exercise.id}"
    rows, fallback = "", ""
    for letter, option in exercise.lettered.items():
        verdict = f"<b>{RIGHT if option.right else NOT_RIGHT}</b> {inline_markup(option.feedback)}"
        text = f"({letter}) {inline_markup(option.text)}"
        rows += (
            f'<div class="qz-opt"{" data-ok" if option.right else ""}>'
            f'<input type="radio" name="{name}" id="{name}-{letter}" value="{letter}" '
            f'autocomplete="off"><label for="{name}-{letter}">{text}</label>'
            f'<div class="qz-fb" hidden>{verdict}</div></div>'
        )
        fallback += f"<details><summary>({letter})</summary>{verdict}</details>"
    return _fieldset(
        exercise,
        _CHOOSE,
        f'{rows}<output class="sr" aria-live="polite"></output><noscript>{fallback}</noscript>',
    )


def _number_html(exercise: NumberExercise) -> str:
    name = f"quiz-{exercise.id}"
    answers = [[exercise.truth, _verdict(True, f"It is {exercise.written}. {exercise.because}")]]
    answers += [[wrong.value, _verdict(False, wrong.feedback)] for wrong in exercise.wrong]
    if exercise.probability:
        percent = "The right number, but as a percentage: give a probability between 0 and 1."
        answers.append([100 * exercise.truth, _verdict(False, percent)])
    table = (
        "["
        + ",".join(f"[{_js_number(v)},{json.dumps(t, ensure_ascii=False)}]" for v, t in answers)
        + "]"
    )
    percentage = ""
    if exercise.probability:
        percentage = f"x>1&&x<=100?{json.dumps(_verdict(False, PERCENTAGE))}:"
    handler = (
        f"{_reader_js()};var r=readNumber(event.target.value),t={table},x=r.value,"
        "o=this.querySelector('output');"
        "if(r.problem){o.textContent=r.problem;this.removeAttribute('data-verdict');return}"
        "var h=t.find(function(a){return x===a[0]||Math.abs(x)!==Infinity&&"
        "Math.abs(a[0])!==Infinity&&Math.max(Math.abs(x),Math.abs(a[0]))*"
        f"{exercise.rtol!r}+1e-9>=Math.abs(x-a[0])}});"
        "this.setAttribute('data-verdict',h===t[0]?'right':'wrong');"
        f"o.innerHTML=h?h[1]:{percentage}"
        f"isFinite(x-t[0][0])&&Math.abs(x-t[0][0])<={NEARLY}*Math.max(Math.abs(x),"
        "Math.abs(t[0][0]))+1e-9?"
        f"{json.dumps(_verdict(False, CLOSE))}:"
        f"{json.dumps(_verdict(False, 'Your number is too '))}+(x>t[0][0]?'large.':'small.')"
    )
    if exercise.probability and exercise.forecast:
        before, after = FORECAST.split("{}")
        handler += (
            ";var p=t[0][0],n=(p>0?p*Math.log(p/x):0)+(p<1?(1-p)*Math.log((1-p)/(1-x)):0);"
            f"if(h!==t[0]&&x>=0&&x<=1&&n>={WORTH_SAYING})o.innerHTML+=' '+(n===Infinity?"
            f"{json.dumps(SURE)}:{json.dumps(before)}+Number(n.toPrecision(2))+{json.dumps(after)})"
        )
    return _fieldset(
        exercise,
        handler,
        f'<div class="qz-entry"><label for="{name}-n">Your number</label> '
        f'<input type="text" id="{name}-n" size="12" autocomplete="off" spellcheck="false" '
        'autocapitalize="off"></div>'
        '<output class="qz-said" aria-live="polite" '
        'style="display:block;min-height:1.5em;margin-top:.4em"></output>'
        f"<noscript><details><summary>Answer</summary>{html.escape(exercise.written)}. "
        f"{inline_markup(exercise.because)}</details></noscript>",
    )


def _fieldset(exercise: Exercise, handler: str, inner: str) -> str:
    return (
        f'<fieldset class="qz" id="quiz-{exercise.id}" data-quiz="{exercise.id}" '
        f'onchange="{html.escape(handler, quote=True)}">'
        f"<legend>{inline_markup(exercise.title)}</legend>"
        f'<div class="qz-stem">{inline_markup(exercise.statement)}</div>{inner}</fieldset>'
    )


def _verdict(right: bool, text: str) -> str:
    color = "--ok" if right else "--bad"
    word = RIGHT if right else NOT_RIGHT
    return f'<b style="color:var({color},inherit)">{word}</b> {inline_markup(text)}'


def _js_number(value: float) -> str:
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(float(value))


@cache
def _reader_js() -> str:
    """The reader of numbers on one line, to stand inside an attribute."""
    source = (Path(__file__).parent / "arithmetic.js").read_text(encoding="utf-8")
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    return " ".join(line.strip() for line in source.splitlines() if line.strip())
