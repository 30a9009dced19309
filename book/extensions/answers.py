"""Exercises on the page: folded hints, the folded solution, and cells that only a notebook needs.

``{answer} exercise_id`` shows, from the bank in `lecture_utils.exercises`, the hints one after the
other and the reference solution with the result of its check, which is run while the book is
built. Cells are adapted to a page on which nobody types:

- `check`: its output, the result of an empty stub, is left out;
- `quiz`: the widget stays, its code is left out;
- `notebook-only`: the cell is left out;
- `book-only`: stays here and is left out of the notebooks.
"""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from execution_cache import package_key
from sphinx.util.docutils import SphinxDirective

_SOURCE = "cell_code_source"
_OUTPUT = "cell_code_output"
LEFT_OUT = {"tag_check": {_OUTPUT}, "tag_quiz": {_SOURCE}, "tag_notebook-only": {_SOURCE, _OUTPUT}}


def checked_solution(exercise_id: str, cache: Path) -> dict[str, str]:
    """Source of an exercise's reference and the HTML of its check, run once for each package.

    Args:
        exercise_id: The exercise's name in the bank.
        cache: JSON file that remembers results for one state of the package.

    Raises:
        LookupError: when the bank has no such exercise.
        ValueError: when the check does not accept the reference.
    """
    key = package_key()
    known = json.loads(cache.read_text(encoding="utf8")) if cache.exists() else {}
    if known.get("package") != key:
        known = {"package": key}
    if exercise_id not in known:
        from lecture_utils.exercises import get
        from lecture_utils.exercises.checking import check_answer
        from lecture_utils.exercises.model import Status
        from lecture_utils.exercises.render import result_html, result_text

        exercise = get(exercise_id)
        reference = getattr(exercise, "reference", exercise.answer)
        result = check_answer(exercise, reference, patience=60)  # a build may have to wait
        if result.status is not Status.CORRECT:
            raise ValueError(f"its check does not accept the reference.\n{result_text(result)}")
        known[exercise_id] = {
            "source": exercise.solution_source(), "result": result_html(result),
        }
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps(known), encoding="utf8")
    return known[exercise_id]


def _html(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")


class Answer(SphinxDirective):
    """``{answer} exercise_id``."""

    required_arguments = 1

    def _markdown(self, text: str) -> list[nodes.Node]:
        holder = nodes.container()
        self.state.nested_parse(StringList(text.splitlines(), ""), self.content_offset, holder)
        return holder.children

    def run(self) -> list[nodes.Node]:
        from lecture_utils.exercises import get

        exercise_id = self.arguments[0]
        cache = Path(self.env.app.outdir).parent / "answers.json"
        try:
            exercise = get(exercise_id)
            solution = checked_solution(exercise_id, cache)
        except (LookupError, ValueError) as problem:
            raise self.error(f"answer {exercise_id}: {problem}") from problem
        box = nodes.container(classes=["answers"])
        for number, hint in enumerate(exercise.hints, 1):
            name = f"Hint {number}" if len(exercise.hints) > 1 else "Hint"
            box += _html(f'<details class="hint"><summary>{name}</summary><div>')
            box += self._markdown(hint)
            box += _html("</div></details>")
        code = nodes.literal_block(solution["source"], solution["source"])
        code["language"] = "python"
        box += [
            _html('<details class="solution"><summary>Solution</summary><div>'),
            code,
            _html(solution["result"] + "</div></details>"),
        ]
        return [box]


def _adapt_cells(app, doctree) -> None:
    for cell in list(doctree.findall(nodes.container)):
        if cell.get("nb_element") != "cell_code":
            continue
        left_out = set().union(*(LEFT_OUT.get(name, ()) for name in cell["classes"]))
        for part in list(cell.children):
            if isinstance(part, nodes.container) and part.get("nb_element") in left_out:
                cell.remove(part)
        if left_out and not cell.children:
            cell.parent.remove(cell)


def setup(app) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("answer", Answer)
    app.connect("doctree-read", _adapt_cells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
