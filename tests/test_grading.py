"""Grading: right and wrong notebooks, and those that attack the grader or their neighbors."""

from __future__ import annotations

import csv
import json
import socket
import threading
from pathlib import Path

import nbformat
import pytest
import torch

from lecture_utils.exercises import REGISTRY, check, get, grade, verdict
from lecture_utils.exercises.grading import remote, sandbox, submission
from lecture_utils.exercises.model import CodeExercise, Status

CODE = [exercise.id for exercise in REGISTRY.values() if isinstance(exercise, CodeExercise)]
TARGET, OTHER = "sequence_logprob", "bits_per_dim"
NAMES = [TARGET, OTHER, "ordering", "full_table_params"]
# Long enough for the busiest machine; what never ends is stopped soon.
LONG = sandbox.Limits(memory=600_000_000, seconds=40.0, cpu_seconds=60)
SHORT = sandbox.Limits(memory=600_000_000, seconds=6.0, cpu_seconds=60)
SETTINGS = grade.Settings(seed=20_26, limits=LONG)
RIGHT = {name: get(name).solution_source() for name in (TARGET, OTHER)}


def _works() -> bool:
    try:
        sandbox.require_isolation()
    except sandbox.NoIsolation:
        return False
    return True


SANDBOX = _works()
needs_sandbox = pytest.mark.skipif(not SANDBOX, reason="bubblewrap cannot build a sandbox here")


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    monkeypatch.setattr(grade, "_PATIENCE", 40.0)


def notebook(path: Path, *cells: str) -> Path:
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path
    )
    return path


def graded(
    folder: Path, *cells: str, names: list[str] = NAMES, limits: sandbox.Limits = LONG
) -> grade.Graded:
    settings = grade.Settings(seed=20_26, limits=limits)
    return grade.grade(notebook(folder / "one.ipynb", *cells), "one", names, settings)


def hostile(body: str) -> str:
    """A cell that defines the target with this body; it may use the right answer `right(…)`."""
    right = RIGHT[TARGET].replace(f"def {TARGET}", "def right")
    lines = "\n".join("    " + line for line in body.splitlines())
    return f"{right}\n\ndef {TARGET}(logits, x):\n{lines}\n"


# -- What is right and what is wrong ---------------------------------------------------------------


@needs_sandbox
@pytest.mark.parametrize("name", CODE)
def test_every_reference_is_correct_and_a_wrong_answer_has_its_name(name, tmp_path):
    """The function runs far away, and yet the verdict is the one that a student sees at home."""
    exercise = get(name)
    right = graded(tmp_path, exercise.solution_source(), names=[name]).results[name]
    assert right.status is Status.CORRECT, right
    starter = "import torch\nimport torch.nn.functional as F\n" + exercise.starter
    untouched = graded(tmp_path, starter, names=[name]).results[name]
    assert untouched.status is Status.NOT_ATTEMPTED, untouched


@needs_sandbox
def test_a_wrong_function_is_named_and_gets_the_feedback_of_the_check(tmp_path):
    wrong = """
import torch
def sequence_logprob(logits, x):
    return logits.log_softmax(-1).gather(-1, x[..., None]).squeeze(-1).mean(-1)
"""
    result = graded(tmp_path, wrong).results[TARGET]
    assert (result.status, result.misconception) == (Status.WRONG, "mean-over-time")
    assert "per token" in result.headline and result.details


@needs_sandbox
@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        ("return right(logits.detach(), x)", Status.ALMOST, "no-grad"),
        ("logits += 1\nreturn right(logits, x)", Status.WRONG, "in-place"),
        ("return right(logits, x).float()", Status.ALMOST, "dtype"),
        ("return right(logits, x).detach().numpy()", Status.ALMOST, "type"),
        ("return None", Status.NOT_ATTEMPTED, None),
        ("right(logits, x)", Status.WRONG, "no-return"),
        ("return [right(logits, x)]", Status.WRONG, None),
        ("return object()", Status.WRONG, "type"),
        ("return logits @ x", Status.ERROR, "exception"),
        ("raise NotImplementedError", Status.NOT_ATTEMPTED, None),
    ],
)
def test_the_contract_is_checked_through_the_wall(body, status, key, tmp_path):
    result = graded(tmp_path, hostile(body)).results[TARGET]
    assert result.status is status, result
    assert key is None or result.misconception == key, result


@needs_sandbox
def test_an_error_comes_with_its_line(tmp_path):
    result = graded(tmp_path, hostile("y = logits + 1\nreturn y.nothing")).results[TARGET]
    assert result.headline.startswith("Your code stopped with `AttributeError`")
    assert f"In line 3 of `{TARGET}`: `return y.nothing`" in result.details


def test_questions_are_read_from_the_call(tmp_path):
    cells = ['check("ordering", answer="c")', "N = 2**10 - 1\ncheck('full_table_params', N)"]
    found = graded(tmp_path, *cells, names=NAMES[2:])
    assert found.results["ordering"].status == check_of("ordering", "c")
    assert found.results["full_table_params"].status is Status.CORRECT
    assert found.points == sum(r.status is Status.CORRECT for r in found.results.values())


def check_of(name: str, answer: str) -> Status:
    return verdict(name, answer).status


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("1023", Status.CORRECT),
        ('"1,023"', Status.CORRECT),
        ("np.exp(0) + 1022", Status.CORRECT),
        ('float("inf")', Status.WRONG),
        ("-1", Status.WRONG),
        ('"?"', Status.NOT_ATTEMPTED),
        ("...", Status.NOT_ATTEMPTED),
        ("None", Status.NOT_ATTEMPTED),
        ("__import__('os').system('false')", Status.NOT_ATTEMPTED),
        ("unknown_name", Status.NOT_ATTEMPTED),
    ],
)
def test_numbers_are_read_and_nothing_is_run(answer, status, tmp_path):
    name = "full_table_params"
    found = graded(tmp_path, f'check("{name}", answer={answer})', names=[name])
    assert found.results[name].status is status


@needs_sandbox
def test_what_a_function_needs_comes_along_and_loops_do_not(tmp_path):
    around = """
%matplotlib inline
import torch
EPS = 0.0
class Scores:
    shift = 0.0
def helper(z):
    return z.log_softmax(-1) + EPS + Scores.shift
while True:
    pass
print("never")
"""
    target = f"""
def {TARGET}(logits, x, axis=-1):
    return helper(logits).gather(axis, x[..., None]).squeeze(-1).sum(axis)
check({TARGET})
"""
    assert graded(tmp_path, around, target).results[TARGET].status is Status.CORRECT


@needs_sandbox
def test_the_last_definition_counts(tmp_path):
    first = f"def {TARGET}(logits, x):\n    return 0"
    assert graded(tmp_path, first, RIGHT[TARGET]).results[TARGET].status is Status.CORRECT


def test_a_cell_that_python_cannot_read_costs_that_exercise(tmp_path):
    broken = f"x = 1\ndef {TARGET}(logits, x):\n    return (logits"
    found = graded(tmp_path, broken, 'check("ordering", "a")')
    assert found.results[TARGET].headline.startswith("Python cannot read this cell")
    assert "line 3" in found.results[TARGET].headline
    assert found.results["ordering"].status is not Status.NOT_ATTEMPTED


@pytest.mark.parametrize("content", ["{ this is not json", "[]", "", '{"cells": 3}', "\x00\xff"])
def test_a_file_that_is_no_notebook_gets_a_sentence(content, tmp_path):
    file = tmp_path / "broken.ipynb"
    file.write_text(content, encoding="utf-8")
    found = grade.grade(file, "broken", NAMES, SETTINGS)
    assert set(found.results) == set(NAMES) and found.points == 0
    assert all("hand it in again" in result.headline for result in found.results.values())


# -- Attacks ---------------------------------------------------------------------------------------

FLOOD_CHANNEL = """
import os
for number in range(3, 60):
    try:
        os.write(number, b"\\xff" * 1000)
    except OSError:
        pass
return right(logits, x)
"""
FAKE_ANSWER = """
import json, os
text = json.dumps({"number": 1, "id": "bits_per_dim", "status": "correct", "value": {"plain": 1.0},
                   "tensors": [], "differentiable": [], "changed": {}}).encode()
for number in range(3, 60):
    try:
        os.write(number, len(text).to_bytes(8, "big") + text)
    except OSError:
        pass
return logits.sum((1, 2))
"""
CLOSE_CHANNEL = """
import os
os.closerange(3, 100)
return right(logits, x)
"""
OWN_LOOP = """
import sys
frame = sys._getframe()
while frame is not None:
    peer = frame.f_locals.get("self")
    if peer is not None and hasattr(peer, "send"):
        peer.send({"ready": True})
        peer.send({"number": 10**9, "value": {"plain": 1}})
    frame = frame.f_back
return right(logits, x)
"""
ATTACKS = {
    "endless loop": ("while True:\n    pass", "timeout"),
    "endless loop that ignores alarms": (
        "import signal\nsignal.alarm(0)\n"
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "timeout",
    ),
    "sleeps": ("import time\ntime.sleep(1000)", "timeout"),
    "memory bomb": (
        "kept = []\nwhile True:\n    kept.append(torch.ones(5_000_000))",
        None,
    ),
    "a bomb that catches its errors": (
        "kept = []\nwhile True:\n    try:\n        kept.append(torch.ones(5_000_000))\n"
        "    except BaseException: pass",
        "timeout",
    ),
    "exit": ("import os\nos._exit(0)", "ended"),
    "sys.exit": ("import sys\nsys.exit(0)", "exception"),
    "kills itself": ("import os\nos.kill(os.getpid(), 9)", "ended"),
    "kills its parent": ("import os\nos.kill(os.getppid(), 9)\nos.kill(-1, 9)", None),
    "crashes Python": ("import ctypes\nctypes.string_at(0)", "ended"),
    "floods the channel": (FLOOD_CHANNEL, "disturbed"),
    "closes the channel": (CLOSE_CHANNEL, "ended"),
    "writes another exercise's result": (FAKE_ANSWER, None),
    "speaks for the worker": (OWN_LOOP, "disturbed"),
    "reaches for the reference": (
        "from lecture_utils.exercises import REGISTRY\n"
        "return REGISTRY['sequence_logprob'].reference(logits, x)",
        None,
    ),
    "looks for the package": (
        "import sys\nsys.meta_path[:] = [f for f in sys.meta_path if 'Finder' in type(f).__name__"
        " or 'Path' in str(f)][1:]\n"
        "for name in [m for m in sys.modules if m.startswith('lecture_utils')]: "
        "del sys.modules[name]\n"
        "import lecture_utils.exercises as e\n"
        "return e.get('sequence_logprob').reference(logits, x)",
        "exception",
    ),
    "patches torch": (
        "torch.allclose = torch.equal = lambda *a, **k: True\n"
        "torch.Tensor.__eq__ = lambda *a: True\nreturn logits[:, 0, 0]",
        None,
    ),
    "hard-codes an output": ("return torch.tensor([-1.3862943611198906]).double()", None),
    "returns too much": ("return torch.ones(50_000_000)", "exception"),
    "returns a huge nest": (
        "y = right(logits, x)\nfor _ in range(2000):\n    y = (y,)\nreturn y",
        None,
    ),
    "floods its output": (
        "import sys\nwhile True:\n    print('x' * 1_000_000)\n    sys.stderr.write('x' * 1000)",
        "timeout",
    ),
    "forks sleepers": (
        "import os, time\nfor _ in range(20):\n    if os.fork() == 0:\n        time.sleep(300)\n"
        "        os._exit(0)\nreturn right(logits, x)",
        None,
    ),
    "fills the disk": (
        "k = 0\nwhile True:\n    k += 1\n    open(f'/tmp/{k}', 'wb').write(b'x' * 9_000_000)",
        None,
    ),
}


ENDLESS = {"memory bomb", "fills the disk"}  # stopped by a limit, whichever comes first


@needs_sandbox
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_costs_the_attacker_that_exercise_and_nobody_else(attack, tmp_path):
    body, key = ATTACKS[attack]
    cells = "import torch", hostile(body), RIGHT[OTHER], 'check("ordering", "a")'
    endless = key == "timeout" or attack in ENDLESS
    found = graded(tmp_path, *cells, limits=SHORT if endless else LONG)
    result = found.results[TARGET]
    if attack == "forks sleepers":  # harmless: they end with their sandbox
        assert result.status in (Status.CORRECT, Status.ERROR)
    else:
        assert result.status in (Status.ERROR, Status.WRONG, Status.ALMOST), result
    assert key is None or result.misconception == key, result
    assert found.results[OTHER].status is Status.CORRECT, found.results[OTHER]
    assert found.results["ordering"].status is not Status.NOT_ATTEMPTED


@needs_sandbox
def test_definitions_that_never_end_are_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "_START_SECONDS", 12.0)
    endless = "class Endless:\n    while True: pass"
    found = graded(tmp_path, endless, RIGHT[TARGET], names=[TARGET])
    assert found.results[TARGET].misconception == "timeout"


@needs_sandbox
def test_a_definition_that_stops_is_told_by_its_line(tmp_path):
    cell = f"def {TARGET}(logits, x=1 / 0):\n    return x"
    result = graded(tmp_path, cell, names=[TARGET]).results[TARGET]
    assert "`ZeroDivisionError`" in result.headline and result.status is Status.ERROR


@needs_sandbox
def test_no_network_no_neighbors_no_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "42")
    (tmp_path / "neighbor.ipynb").write_text("their work")
    server = socket.create_server(("127.0.0.1", 0))
    reached = threading.Event()
    thread = threading.Thread(target=lambda: (server.accept(), reached.set()), daemon=True)
    thread.start()
    spy = f"""
import glob, os, socket
seen = []
for pattern in ({str(tmp_path)!r} + "/*", "/home/*/*", {str(Path.cwd())!r} + "/*.toml"):
    seen += glob.glob(pattern)
seen += [name for name in os.environ if "SECRET" in name]
for at in ("127.0.0.1", "8.8.8.8"):
    try:
        socket.create_connection((at, {server.getsockname()[1]}), timeout=0.3)
        seen.append(at)
    except OSError:
        pass
raise ValueError(f"seen: {{seen}}")
"""
    result = graded(tmp_path, hostile(spy), names=[TARGET]).results[TARGET]
    assert "seen: []" in result.headline, result
    assert not reached.is_set()


@needs_sandbox
def test_the_sandbox_cannot_see_the_package_wherever_it_is(tmp_path):
    look = """
import os
found = []
for top, folders, files in os.walk("/"):
    skipped = ("proc", "sys", "dev", "torch", "node_modules")
    folders[:] = [f for f in folders if f not in skipped]
    found += [os.path.join(top, f) for f in files if f in ("autoregressive.py", "checking.py")]
raise ValueError(f"found: {[f for f in found if 'lecture_utils' in f]}")
"""
    settings = grade.Settings(seed=1, limits=sandbox.Limits(seconds=60, cpu_seconds=60))
    with sandbox.guest("f", "def f():\n" + "\n".join("    " + x for x in look.splitlines()), [],
                       seed=1, limits=settings.limits) as guest:  # fmt: skip
        with pytest.raises(ValueError, match=r"found: \[\]"):
            guest()


def test_without_a_sandbox_it_refuses_and_says_what_to_do(tmp_path, monkeypatch, capsys):
    notebook(tmp_path / "a.ipynb", "x = 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert grade.main([str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "bubblewrap" in said and "--no-isolation" in said
    assert not (tmp_path / "out").exists()


# -- The channel -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"tensor": {"dtype": "float64", "shape": [2], "data": "AAAA"}},
        {"tensor": {"dtype": "complex64", "shape": [], "data": ""}},
        {"tensor": {"dtype": "float64", "shape": [-1], "data": ""}},
        {"tensor": {"dtype": "float64", "shape": [10**12], "data": ""}},
        {"network": "gASVJgAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAtlY2hvIGhhY2tlZJSFlFKULg=="},
        {"plain": {"a": 1}},
        {"tuple": 3},
        {"plain": 1, "tuple": []},
        [],
        None,
    ],
)
def test_what_was_not_agreed_on_is_refused(content):
    read, write = remote.os.pipe()
    peer = remote.Peer(read, write, sends_networks=True)
    with pytest.raises(remote.Disturbed):
        peer._decode(content)
    remote.os.close(read)
    remote.os.close(write)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.int64,
                                   torch.bool])  # fmt: skip
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3)])
def test_tensors_arrive_as_they_left(dtype, shape):
    x = (torch.randn(shape) * 3).to(dtype)
    y = remote._to_tensor(json.loads(json.dumps(remote._from_tensor(x))))
    assert y.dtype == x.dtype and torch.equal(x, y)


def test_a_tensor_that_shares_its_memory_arrives_too():
    for x in [
        torch.ones(1).expand(3, 4),
        torch.arange(12.0).view(3, 4).T,
        torch.ones(1, 1).T[:, :1],
        torch.ones(()).expand(1),
        torch.arange(4.0)[::2][:1],
    ]:
        assert torch.equal(x, remote._to_tensor(remote._from_tensor(x)))


# -- The command -----------------------------------------------------------------------------------


@needs_sandbox
def test_the_command_writes_a_table_pages_and_gradescope(tmp_path, capsys):
    folder, out = tmp_path / "in", tmp_path / "out"
    (folder / "b").mkdir(parents=True)
    answers = 'check("ordering", answer="a")', 'check("full_table_params", answer=1023)'
    notebook(folder / "=cmd.ipynb", *answers)
    notebook(folder / "b" / "<b>Bo & Co.ipynb", *answers)
    (folder / "broken.ipynb").write_text("{")
    options = ["--only", *NAMES[2:], "--out", str(out), "--gradescope", "--jobs", "1"]
    assert grade.main([str(folder), *options]) == 0
    rows = list(csv.DictReader(open(out / "results.csv", encoding="utf-8")))
    assert [row["student"] for row in rows] == ["'=cmd", "b/<b>Bo & Co", "broken"]
    assert [row["full_table_params"] for row in rows][:2] == ["correct", "correct"]
    assert "unreadable-file" in rows[2]["ordering"]
    pages = sorted(path.name for path in (out / "feedback").iterdir())
    assert len(pages) == 3
    text = "".join((out / "feedback" / page).read_text(encoding="utf-8") for page in pages)
    assert "&lt;b&gt;Bo &amp; Co" in text and "<b>Bo" not in text
    results = json.loads((out / "gradescope" / "cmd.json").read_text())
    assert [test["max_score"] for test in results["tests"]] == [1.0, 1.0]
    assert "seed" in capsys.readouterr().out


def test_two_students_never_share_a_page(tmp_path):
    several = [grade.Graded(name) for name in ("a/b", "a b", "A_b", "!!!", "???")]
    names = grade._file_names(several)
    assert len({name.lower() for name in names}) == len(several)


def test_the_command_explains_itself(tmp_path, capsys):
    with pytest.raises(SystemExit):
        grade.main([str(tmp_path), "--only", "orderin"])
    assert "'ordering'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        grade.main([])
    assert grade.main([str(tmp_path / "missing")]) == 1
    assert "no notebook" in capsys.readouterr().err


def test_otter_files_ask_our_check(tmp_path, monkeypatch):
    """Each holds one test that fails unless our check says correct."""
    grade.write_otter(NAMES, tmp_path)
    stand_in = type(json)("otter.test_files")
    stand_in.test_case = lambda points: lambda function: function
    monkeypatch.setitem(__import__("sys").modules, "otter", type(json)("otter"))
    monkeypatch.setitem(__import__("sys").modules, "otter.test_files", stand_in)
    space: dict = {}
    exec((tmp_path / f"{TARGET}.py").read_text(), space)
    space[f"test_{TARGET}"]({TARGET: get(TARGET).reference})
    with pytest.raises(AssertionError, match="per token"):
        mean = next(w.solve for w in get(TARGET).wrong if w.key == "mean-over-time")
        space[f"test_{TARGET}"]({TARGET: mean})
    with pytest.raises(AssertionError):
        space[f"test_{TARGET}"]({})
    exec((tmp_path / "ordering.py").read_text(), space)
    check("ordering", answer=get("ordering").answer)
    space["test_ordering"]({})


def test_tries_are_read_from_saved_outputs(tmp_path):
    cell = nbformat.v4.new_code_cell('check("ordering", "a")')
    for tries in (1, 3):
        facts = {"kind": "check", "id": "ordering", "tries": tries}
        cell.outputs.append(
            nbformat.v4.new_output("display_data", {}, metadata={"lecture_utils": facts})
        )
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "a.ipynb")
    assert submission.read(tmp_path / "a.ipynb", NAMES).tries == {"ordering": 3}
