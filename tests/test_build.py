"""The build's own functions: what is executed when, what extensions make of a page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import build
import equation_marks
import execution
import instruments as page_instruments
import launch
import lean_pages
import nbformat
import pytest
from docutils import nodes
from execution_cache import package_key

ROOT = Path(__file__).resolve().parent.parent


# --- executions --------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path: Path) -> Path:
    files = {
        "requirements.txt": "torch==1",
        "lecture_utils/__init__.py": "",
        "lecture_utils/worlds/weather.py": "a = 1",
        "lecture_utils/datasets/files/names.csv": "x",
        "benchmarks/results/scores.json": "{}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "requirements.txt",
        "lecture_utils/__init__.py",
        "lecture_utils/worlds/weather.py",
        "lecture_utils/datasets/files/names.csv",
        "lecture_utils/new/module.py",
        "benchmarks/results/scores.json",
    ],
)
def test_the_cache_key_sees_the_whole_package(package, name):
    before = package_key(package)
    (package / name).parent.mkdir(parents=True, exist_ok=True)
    (package / name).write_text("changed")
    assert package_key(package) != before


def test_the_cache_key_ignores_what_python_makes(package):
    before = package_key(package)
    (package / "lecture_utils" / "__pycache__").mkdir()
    (package / "lecture_utils" / "__pycache__" / "x.cpython-311.pyc").write_bytes(b"x")
    assert package_key(package) == before


def test_the_cache_key_sees_a_moved_file(package):
    before = package_key(package)
    old = package / "lecture_utils/worlds/weather.py"
    old.rename(old.with_name("climate.py"))
    assert package_key(package) != before


FRONT = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# A chapter

"""


def make_book(folder: Path, *cells: str, prose: str = "Some words.") -> Path:
    """A repository with one chapter."""
    (folder / "book").mkdir(exist_ok=True)
    (folder / "_config.yml").write_text("parse: {myst_enable_extensions: [colon_fence]}\n")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: book/chapter\n")
    code = "\n\n".join(f"```{{code-cell}} ipython3\n{cell}\n```" for cell in cells)
    (folder / "book" / "chapter.md").write_text(f"{FRONT}{prose}\n\n{code}\n")
    return folder


def test_changed_prose_is_not_executed_again_and_changed_code_is(tmp_path, capsys):
    cache = tmp_path / "cache"
    counter = f"open({str(tmp_path / 'runs')!r}, 'a').write('x')"
    for prose, cell in [("One.", counter), ("Two.", counter), ("Two.", counter + ";")]:
        root = make_book(tmp_path, cell, prose=prose)
        assert execution.fill_cache(root, cache).keys() == {"chapter"}
    assert (tmp_path / "runs").read_text() == "xx"


def test_chapters_run_in_a_folder_of_their_own_and_for_a_page(tmp_path, monkeypatch):
    for name, value in execution.kernel_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    root = make_book(
        tmp_path,
        "import os, pathlib\n"
        "assert os.environ['LECTURE_STATIC'] == '1' and os.environ['OMP_NUM_THREADS'] == '1'\n"
        "pathlib.Path('left.txt').write_text('x')",
    )
    execution.fill_cache(root, tmp_path / "cache")
    assert not list(tmp_path.rglob("left.txt"))


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("x = {}\nx['nothing here']", "(?s)raised KeyError.*nothing here"),
        ("import sys\nprint('psst', file=sys.stderr)", "(?s)wrote to stderr:.*psst"),
        ("import warnings\nwarnings.warn('old')", "(?s)wrote to stderr:.*old"),
    ],
)
def test_what_must_not_be_seen_fails_with_chapter_line_and_cell(tmp_path, cell, reason):
    root = make_book(tmp_path, "a = 1", cell)
    with pytest.raises(execution.ChapterFailed, match=reason) as failure:
        execution.fill_cache(root, tmp_path / "cache")
    first = re.escape(cell.splitlines()[0])
    assert re.search(rf"book/chapter\.md, line 16, code cell 2: {first}", str(failure.value))
    assert "\x1b" not in str(failure.value)


def test_a_page_that_the_contents_name_must_exist(tmp_path):
    root = make_book(tmp_path, "a = 1")
    (root / "_toc.yml").write_text("format: jb-book\nroot: book/other\n")
    with pytest.raises(FileNotFoundError, match="_toc.yml names book/other"):
        execution.pages(root)


# --- the build ---------------------------------------------------------------------------------


def test_the_placeholder_of_the_repository_is_told():
    assert "set me" in build.placeholder_notice({"repository": {"url": build.PLACEHOLDER}})
    assert build.placeholder_notice({"repository": {"url": "https://github.com/a/b"}}) is None


def test_a_memory_without_its_pages_is_forgotten(tmp_path):
    pages, memory = tmp_path / "html", tmp_path / "doctrees"
    assert not build.forget_broken_state(tmp_path)

    def remember():
        for path in (pages / ".buildinfo", pages / "book/a.html"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
        for path in (memory / "environment.pickle", memory / "book/a.doctree"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")

    remember()
    assert not build.forget_broken_state(tmp_path)
    for lost in (pages / ".buildinfo", pages / "book/a.html", memory / "environment.pickle"):
        remember()
        lost.unlink()
        assert build.forget_broken_state(tmp_path)
        assert not pages.exists() and not memory.exists()


@pytest.mark.parametrize("name", ["book/static/deep/x.js", "book/extensions/y.py", "_config.yml"])
def test_pages_are_made_anew_when_styles_or_extensions_change(tmp_path, name):
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("one")
    before = build.page_makers_key(tmp_path)
    assert build.page_makers_key(tmp_path) == before
    file.write_text("two")
    assert build.page_makers_key(tmp_path) != before



def test_two_builds_do_not_share_a_folder(tmp_path):
    with build.only_build_in(tmp_path), (tmp_path / ".lock").open("a+") as second:
        assert not build._lock(second, wait=False)
    with build.only_build_in(tmp_path):
        pass


def test_reading_time_counts_words_and_formulas_and_no_code():
    words = "word " * build.WORDS_A_MINUTE
    assert build.reading_minutes(FRONT + words) == pytest.approx(1, rel=0.02)
    code = "```{code-cell} ipython3\n" + words + "\n```\n"
    assert build.reading_minutes(words + "\n\n" + code) == pytest.approx(1, rel=0.02)
    assert build.reading_minutes("\n$$\na b c\n$$ (x)\n" * 5) == pytest.approx(1, rel=0.1)


def test_labels_have_numbers_without_execution(labels):
    """Equations, figures, exercises and pages, from a build that runs no cell."""
    entries = json.loads(labels.read_text(encoding="utf8"))
    kinds = {entry["kind"] for entry in entries.values()}
    assert {"eq", "doc", "figure", "exercise", "cite"} <= kinds
    for label, entry in entries.items():
        if entry["kind"] in ("eq", "figure", "exercise"):
            assert re.fullmatch(r"\d+(\.\d+)*", entry["num"]), label
            assert entry["num"] in entry["text"], label


# --- extensions --------------------------------------------------------------------------------

EQUATION = (
    '<div class="math notranslate nohighlight" id="equation-a-b">\n'
    '<span class="eqno">(1.4)<a class="headerlink" href="#equation-a-b">#</a></span>\\[x\\]</div>'
)
CHECK = (
    '<div class="vf" id="check-a-b" data-eq="a-b" data-n="12" data-err="3e-15" '
    'data-note="12 cases, &lt; 1">'
    '<a href="#equation-a-b" class="vf-eq" data-eqno="a-b">a-b</a></div>'
)


def test_an_equation_gets_its_mark_and_the_check_its_number():
    body, unknown = equation_marks.mark_equations(EQUATION + CHECK)
    assert unknown == []
    assert '(1.4)<a class="eqv" href="#check-a-b"' in body
    assert "Checked by code, 12 cases, &lt; 1: equation 1.4" in body
    assert 'data-eqno="a-b">(1.4)<' in body


def test_a_refuted_equation_gets_another_mark():
    body, _ = equation_marks.mark_equations(EQUATION + CHECK.replace('"vf"', '"vf vf-refuted"'))
    assert 'class="eqv eqv-refuted"' in body and "Shown to be wrong by code" in body


def test_a_check_without_equation_is_told():
    assert equation_marks.mark_equations(CHECK)[1] == ["a-b"]


def test_a_page_without_checks_stays_as_it_is():
    assert equation_marks.mark_equations(EQUATION) == (EQUATION, [])


COLAB = launch.colab_url("https://github.com/a/b/", "main", "05-x")


def test_colab_opens_the_generated_notebook():
    assert COLAB == (
        "https://colab.research.google.com/github/a/b/blob/main/notebooks/05-x.ipynb"
    )


def test_values_are_filled_in():
    text = "{{ colab }} [here]({{ colab }}) {{minutes_cpu}}, {{ minutes_reading }}, {{ other }}"
    filled, missing = launch.substitute(text, COLAB, {"cpu": 0.4, "reading": 39.6})
    assert filled == (
        f"[Open in Colab]({COLAB}){{.btn-run}} [here]({COLAB}) under 1 min, 40 min, {{{{ other }}}}"
    )
    assert missing == []


def test_a_value_that_was_not_measured_is_told():
    text = "{{ minutes_cpu }}, {{ minutes_gpu }}"
    assert launch.substitute(text, COLAB, {}) == ("not measured, not measured", ["minutes_cpu"])


def test_header_buttons_point_at_the_notebook():
    groups = [
        {"buttons": [{"url": "https://colab.research.google.com/github/a/b/blob/main/x.md"}]},
        {"buttons": [{"url": "../_sources/book/05-x.md", "text": ".md"}, {"url": "", "x": 1}]},
    ]
    colab, downloads = launch._buttons(groups, "05-x", COLAB, "../notebooks/05-x.ipynb")
    assert colab["buttons"][0]["url"] == COLAB
    assert downloads["buttons"][0]["url"] == "../notebooks/05-x.ipynb"
    assert len(downloads["buttons"]) == 2
    without = launch._buttons([{"url": "_sources/index.md"}], "index", COLAB, None)
    assert without == []


def test_instruments_of_a_page_are_found():
    body = '<div class="instrument" id="a" data-instrument="one"></div>' * 2
    assert page_instruments.instruments_in(body) == ["one"]
    assert page_instruments.instruments_in("<p>instrument</p>") == []


def test_a_script_that_cannot_be_bundled_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(page_instruments, "ROOT", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    source = tmp_path / "broken.js"
    source.write_text("import { x } from 'no-such-package';")
    with pytest.raises(Exception, match="(?s)broken.js cannot be bundled.*no-such-package"):
        page_instruments.bundle(source, tmp_path / "out.js")


def test_only_icons_in_use_are_kept():
    text = '<i class="fa-solid fa-bars fa-lg"></i><p class="far-away fat">fa-no</p>'
    assert lean_pages.icons_in([text]) == {"bars", "xmark"}
    script = '{bars:[448,512,["navicon"],"f0c9","M0"],"circle-user":[512,512,[62],"f2bd","M"]}'
    assert lean_pages.icon_code("bars", script) == "f0c9"
    assert lean_pages.icon_code("navicon", script) == "f0c9"
    assert lean_pages.icon_code("circle-user", script) == "f2bd"
    assert lean_pages.icon_code("nothing", script) is None


def test_repairs_say_when_the_theme_has_changed(tmp_path):
    page = '<div id="pst-primary-sidebar" class="x"><section id="exercise-content">'
    pages = {tmp_path / "a.html": page}
    missing = lean_pages.repair(pages)
    assert len(missing) == 1 and "search-button" in missing[0]
    assert list(pages.values()) == [
        '<div role="navigation" aria-label="Book" id="pst-primary-sidebar" class="x"><section>'
    ]


def make_cell(*tags: str) -> nodes.container:
    cell = nodes.container(nb_element="cell_code", classes=["cell", *(f"tag_{t}" for t in tags)])
    cell += nodes.container(nb_element="cell_code_source")
    cell += nodes.container(nb_element="cell_code_output")
    return cell


@pytest.mark.parametrize(
    ("tag", "left"),
    [
        ("check", ["cell_code_source"]),
        ("quiz", ["cell_code_output"]),
        ("notebook-only", None),
        ("book-only", ["cell_code_source", "cell_code_output"]),
        ("exercise", ["cell_code_source", "cell_code_output"]),
    ],
)
def test_cells_are_adapted_to_a_page(tag, left):
    from answers import _adapt_cells
    from docutils.utils import new_document

    document = new_document("page")
    document += make_cell(tag)
    _adapt_cells(None, document)
    cells = [node for node in document.children if isinstance(node, nodes.container)]
    if left is None:
        assert cells == []
    else:
        assert [part["nb_element"] for part in cells[0].children] == left


def test_a_solution_is_shown_with_the_verdict_on_it(tmp_path):
    from answers import checked_solution

    from lecture_utils.exercises import REGISTRY, get

    name = next(name for name, e in REGISTRY.items() if e.kind in ("code", "bug"))
    solution = checked_solution(name, tmp_path / "answers.json")
    assert solution["source"] == get(name).solution_source()
    assert "ck-ok" in solution["result"]
    remembered = json.loads((tmp_path / "answers.json").read_text())
    assert remembered[name] == solution and remembered["package"] == package_key()


def test_an_unknown_exercise_is_told(tmp_path):
    from answers import checked_solution

    with pytest.raises(LookupError, match="no exercise called 'nothing'"):
        checked_solution("nothing", tmp_path / "answers.json")


def test_placeholders_stand_for_figures_only(tmp_path):
    cell = "---\nmystnb:\n  figure: {name: fig-a, caption: A}\n---\nraise SystemError"
    root = make_book(tmp_path, "raise SystemError", cell)
    execution.fill_with_placeholders(root, tmp_path / "cache")
    (file,) = (tmp_path / "cache").rglob("base.ipynb")
    outputs = [cell.outputs for cell in nbformat.read(file, 4).cells]
    assert outputs[0] == [] and "image/png" in outputs[1][0].data
