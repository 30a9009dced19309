"""The installer: what it asks for, what it remembers, what it says when something is missing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import bootstrap
import browser
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder in which everything looks installed."""
    for name in bootstrap.INPUTS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    python = bootstrap.venv_python(tmp_path)
    python.parent.mkdir(parents=True)
    python.write_text("")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / ".package-lock.json").write_text("{}")
    stamp = {"fingerprint": bootstrap.fingerprint(tmp_path)}
    bootstrap.stamp_path(tmp_path).write_text(json.dumps(stamp))
    return tmp_path


def test_a_finished_installation_is_recognized(installed):
    assert bootstrap.is_installed(installed)


@pytest.mark.parametrize("name", bootstrap.INPUTS)
def test_a_changed_input_asks_for_a_new_installation(installed, name):
    (installed / name).write_text("changed")
    assert not bootstrap.is_installed(installed)


@pytest.mark.parametrize("lost", [".venv/installed.json", "node_modules/.package-lock.json"])
def test_a_lost_part_asks_for_a_new_installation(installed, lost):
    (installed / lost).unlink()
    assert not bootstrap.is_installed(installed)


@pytest.mark.parametrize("stamp", ["", "{", "[]", '"x"', '{"fingerprint": 1}'])
def test_a_damaged_stamp_asks_for_a_new_installation(installed, stamp):
    bootstrap.stamp_path(installed).write_text(stamp)
    assert not bootstrap.is_installed(installed)


def test_an_interrupted_installation_leaves_no_stamp(installed, monkeypatch):
    """The stamp goes first and comes back last."""
    monkeypatch.setattr(bootstrap, "ROOT", installed)
    monkeypatch.setattr(bootstrap, "stamp_path", lambda: installed / ".venv" / "installed.json")
    monkeypatch.setattr(bootstrap, "fingerprint", lambda: "new")
    monkeypatch.setattr(bootstrap, "venv_python", lambda: Path(sys.executable))
    (installed / "requirements.txt").write_text("torch==1.0\n")

    def interrupt(self, what, command, advice):
        if "npm" in what:
            raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap.Steps, "run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        bootstrap.install(sys.executable)
    assert not (installed / ".venv" / "installed.json").exists()


def test_a_failing_step_shows_the_end_of_its_output_and_advice(tmp_path):
    steps = bootstrap.Steps(tmp_path / "log")
    command = [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"]
    with pytest.raises(bootstrap.BootstrapError, match=r"(?s)Step failed.*the reason.*Try again"):
        steps.run("Step", command, "Try again.")


def test_an_old_python_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    with pytest.raises(bootstrap.BootstrapError, match="(?s)needs Python 3.11.*PYTHON=python3"):
        monkeypatch.setattr(bootstrap.sys, "version", "3.9.1 (main)")
        bootstrap.suitable_python()


def test_an_old_python_uses_a_newer_one_beside_it(monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(
        bootstrap, "python_version", lambda command: (3, 12) if "3.12" in command else None
    )
    assert bootstrap.suitable_python() == "/bin/python3.12"


def test_missing_git_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    with pytest.raises(bootstrap.BootstrapError, match="apt install git"):
        bootstrap.require_git()


def test_the_installer_needs_the_standard_library_only():
    code = (
        "import sys; sys.path.insert(0, 'tools'); import bootstrap;"
        "print(*{m.split('.')[0] for m in sys.modules} - set(sys.stdlib_module_names))"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert set(run.stdout.split()) <= {"bootstrap", "__main__", "sitecustomize", "usercustomize"}


def test_every_requirement_is_pinned_once():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][\w.]*", pin) for pin in pins)
    names = [pin.split("==")[0].lower().replace("_", "-") for pin in pins]
    assert len(names) == len(set(names))
    assert bootstrap.torch_requirement("\n".join(lines)).startswith("torch==")


def test_the_lock_file_pins_the_same_packages_and_no_registry():
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert lock[f"node_modules/{name}"]["version"] == version
    for path, entry in lock.items():
        assert "resolved" not in entry
        assert not path or entry.get("integrity", "").startswith("sha512-")


def test_a_wrong_chrome_path_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("CHROME_PATH", str(tmp_path / "nothing"))
    with pytest.raises(browser.BrowserMissing, match="CHROME_PATH"):
        browser.find_browser()


def test_chrome_path_wins(monkeypatch, tmp_path):
    program = tmp_path / "chrome"
    program.write_text("")
    monkeypatch.setenv("CHROME_PATH", str(program))
    assert browser.find_browser() == program


def test_without_root_the_line_to_install_a_browser_is_shown(monkeypatch):
    monkeypatch.setattr(browser.shutil, "which", lambda name: None)
    with pytest.raises(browser.BrowserMissing, match="(?s)Install one:.*CHROME_PATH"):
        browser.install_browser()
