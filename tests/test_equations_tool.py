"""Every displayed equation of the book is labeled and checked, and the tool sees each fault."""

from __future__ import annotations

from pathlib import Path

import equations
import pytest

ROOT = Path(__file__).resolve().parent.parent

CONFIG = """\
parse:
  myst_enable_extensions: [amsmath, attrs_block, colon_fence, dollarmath]
"""


@pytest.fixture
def cover(tmp_path):
    """Runs the tool on small pages, given as texts; `book/a.md` is the first."""

    def run(*texts: str) -> equations.Coverage:
        (tmp_path / "_config.yml").write_text(CONFIG)
        (tmp_path / "book").mkdir(exist_ok=True)
        for name, text in zip("abc", texts, strict=False):
            (tmp_path / "book" / f"{name}.md").write_text(text, encoding="utf-8")
        return equations.cover(tmp_path)

    return run


def cell(*lines: str, tags: str = "") -> str:
    """A code cell at the end of a page."""
    head = f":tags: [{tags}]\n" if tags else ""
    return "\n\n```{code-cell} ipython3\n" + head + "\n".join(lines) + "\n```\n"


def messages(coverage: equations.Coverage) -> list[str]:
    return [str(fault) for fault in coverage.faults]


def test_the_books_equations_are_all_labeled_and_checked() -> None:
    coverage = equations.cover(ROOT)
    assert coverage.equations
    assert not coverage.faults, "\n".join(messages(coverage))


def test_equations_are_found_wherever_they_stand(cover) -> None:
    coverage = cover(
        "---\ntitle: A\n---\n\n$$ a $$ (def-a)\n\n> $$ b $$ (def-b)\n\n- c\n\n  $$ c $$ (def-c)\n\n"
        "::::{div} deriv\n:::{div} step\n$$\nd\n$$ (def-d)\n:::\n::::\n\n"
        "```{math}\n:label: def-e\ne\n```\n\n"
        "`````{exercise} F\n:label: ex-f\n\n```{dropdown} More\n$$ f $$ (def-f)\n```\n`````\n"
    )
    found = [(equation.label, equation.line) for equation in coverage.equations]
    assert found == [
        ("def-a", 5), ("def-b", 7), ("def-c", 11), ("def-d", 15), ("def-e", 21), ("def-f", 30)
    ]
    assert not coverage.faults
    assert all(equation.is_definition for equation in coverage.equations)


def test_code_and_dollars_in_prose_are_no_equations(cover) -> None:
    coverage = cover(
        "Write `$$ a $$`, pay \\$\\$ and see $x$.\n\n```python\n$$ b $$\n```\n"
        + cell("print('$$ c $$')")
    )
    assert not coverage.equations and not coverage.faults


def test_checks_are_matched_with_equations(cover) -> None:
    coverage = cover(
        "$$ a $$ (one)\n\n$$ b $$ (two)\n\n$$ c $$ (three)\n\n$$ d $$ (four)"
        + cell("%matplotlib inline", "verify('one', 1, 1)", "for x in y:",
               "    equations.verify(['two', 'three'], x, x)", "refute('four', 1, 2)")
    )
    assert not coverage.faults
    by = {e.label: [(c.function, c.line) for c in coverage.of(e)] for e in coverage.equations}
    assert by == {
        "one": [("verify", 11)], "two": [("verify", 13)], "three": [("verify", 13)],
        "four": [("refute", 14)],
    }
    assert "four      book/a.md:7  refute, line 14" in coverage.table()


FAULTS = {
    "no label": ("A.\n\n$$ a $$\n", 3, "has no label"),
    "a cell in a box": ("A.\n\n````{dropdown} Why\n```{code-cell} ipython3\n1\n```\n````\n", 4,
                        "a cell inside a {dropdown} never runs"),
    "a cell in a list": ("- A.\n\n  ```{code-cell} ipython3\n  1\n  ```\n", 3,
                         "a cell inside a list or a quote never runs"),
    "no label in a box": (":::{div} note\n$$ a $$\n:::\n", 2, "has no label"),
    "no label on a math directive": ("```{math}\na\n```\n", 1, "has no label"),
    "amsmath": ("A.\n\n\\begin{align}\na &= b\n\\end{align}\n", 3, "has no label"),
    "label inside align": (
        "$$\n\\begin{align}\na &= b \\label{x}\n\\end{align}\n$$ (def-a)\n", 1, "\\label{x} inside"
    ),
    "label inside amsmath": (
        "\\begin{align}\na \\label{x}\n\\end{align}\n", 1, "\\label{x} inside"
    ),
    "label that is no kebab": ("$$ a $$ (def-eq:one)\n", 1, "kebab-case"),
    "directly under text": ("A.\n\nText\n$$\na\n$$ (def-a)\n", 4, "belongs to the paragraph"),
    "directly under text, one line": ("Text\n$$ a $$ (def-a)\n", 2, "belongs to the paragraph"),
    "text behind the label": ("$$ a $$ (def-a) so\n", 1, "belongs to the paragraph"),
    "never closed": ("Text.\n\n$$\na = b\n\nMore.\n", 3, "never closed"),
    "closed by the next equation": ("$$\na\n\nText.\n\n$$\nb\n$$ (def-b)\n", 1, "not closed"),
    "no check": ("$$ a $$ (one)\n", 1, "no cell of this page checks 'one'"),
    "check in the notebook alone": (
        "$$ a $$ (one)" + cell("verify('one', 1, 1)", tags="notebook-only"), 1, "no cell"
    ),
    "check of nothing": ("A." + cell("", "verify('one', 1, 1)"), 5, "no equation of that label"),
    "label that is computed": ("A." + cell("verify(name, 1, 1)"), 4, "labels written out"),
    "no label at all": ("A." + cell("verify()"), 4, "labels written out"),
    "code that is none": ("A." + cell("a = ="), 4, "no Python"),
    "front matter": ("---\n{\n---\n\nA.\n", 1, "no YAML"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_seen_in_its_place(cover, name: str) -> None:
    text, line, words = FAULTS[name]
    found = messages(cover(text))
    assert any(m.startswith(f"book/a.md:{line}: ") and words in m for m in found), found


def test_label_used_twice_is_seen_across_pages(cover) -> None:
    found = messages(cover("$$ a $$ (def-a)\n", "B.\n\n$$ b $$ (def-a)\n"))
    assert found == ["book/b.md:3: the label 'def-a' is taken: book/a.md:1 has it too"]


def test_check_on_another_page_does_not_count(cover) -> None:
    found = messages(cover("$$ a $$ (one)\n", "B." + cell("verify('one', 1, 1)")))
    assert [m.split(":")[0] for m in found] == ["book/a.md", "book/b.md"]
    assert "put the check there" in found[1]


@pytest.mark.parametrize(
    ("text", "status"), [("$$ a $$ (def-a)\n", 0), ("$$ a $$\n", 1)], ids=["sound", "faulty"]
)
def test_status_tells_whether_all_is_well(cover, tmp_path, monkeypatch, capsys, text, status):
    cover(text)
    monkeypatch.setattr(equations, "ROOT", tmp_path)
    assert equations.main() == status
    printed = capsys.readouterr()
    assert ("1 to put right" in printed.err) == bool(status)
    assert ("1 displayed equations: 0 checked, 1 definitions." in printed.out) == (not status)
