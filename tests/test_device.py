"""Where to compute."""

from __future__ import annotations

import pytest
import torch

from lecture_utils import device as devices


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Nothing said yet, and a machine without an accelerator."""
    monkeypatch.setattr(devices, "_said", set())
    monkeypatch.setattr(devices, "_accelerator", lambda: None)
    monkeypatch.delenv("LECTURE_DEVICE", raising=False)
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)


def test_cpu_is_the_fallback_and_is_said_once(capsys):
    assert devices.best_device() == torch.device("cpu")
    assert devices.best_device() == torch.device("cpu")
    said = capsys.readouterr().out
    assert said == "Computing on cpu (PyTorch found no accelerator).\n"


def test_environment_variable_wins(monkeypatch, capsys):
    monkeypatch.setattr(devices, "_accelerator", lambda: torch.device("cuda"))
    monkeypatch.setenv("LECTURE_DEVICE", "cpu")
    assert devices.best_device() == torch.device("cpu")
    assert "LECTURE_DEVICE asks for cpu" in capsys.readouterr().out


def test_each_process_gets_its_own_accelerator(monkeypatch):
    monkeypatch.setattr(devices, "_accelerator", lambda: torch.device("cuda"))
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: 2)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert devices.best_device(quiet=True) == torch.device("cuda", 1)
    assert devices.as_device("cuda") == torch.device("cuda", 1)
    monkeypatch.setenv("LECTURE_DEVICE", "cuda")
    assert devices.best_device(quiet=True) == torch.device("cuda", 1)
    monkeypatch.delenv("LOCAL_RANK")
    assert devices.as_device("cuda") == torch.device("cuda", 0)
    with pytest.raises(ValueError, match="only 2 devices"):
        devices.as_device("cuda:2")


def test_colab_without_gpu_says_how_to_switch_one_on(monkeypatch, capsys):
    monkeypatch.setattr(devices, "_in_colab", lambda: True)
    devices.best_device()
    assert "Change runtime type" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "message"),
    [("gpu0", "not the name of a device"), ("cuda", "finds only a CPU"), ("mps", "only a CPU")],
)
def test_impossible_devices(monkeypatch, name, message):
    monkeypatch.setenv("LECTURE_DEVICE", name)
    with pytest.raises(ValueError, match=message) as error:
        devices.best_device()
    assert str(error.value).startswith("LECTURE_DEVICE")
    with pytest.raises(ValueError, match="^device"):
        devices.as_device(name)


def test_guards_do_nothing_on_the_cpu():
    assert devices.synchronize(torch.device("cpu")) is None
    assert devices.peak_memory(torch.device("cpu")) is None
    assert devices.free_memory(torch.device("cpu")) is None


def test_free_memory_asks_the_device(monkeypatch):
    class Module:
        @staticmethod
        def mem_get_info(device):
            if device.index == 1:
                raise RuntimeError("no statistics")
            return 7, 10

    monkeypatch.setattr(torch, "get_device_module", lambda device: Module)
    assert devices.free_memory(torch.device("cuda", 0)) == 7
    assert devices.free_memory(torch.device("cuda", 1)) is None


def test_categorical_has_the_right_frequencies_and_never_draws_the_impossible():
    probs = torch.tensor([0.0, 0.5, 0.0, 0.3, 0.2, 0.0]).expand(50_000, 6)
    drawn = devices.categorical(probs, generator=torch.Generator().manual_seed(0))
    share = torch.bincount(drawn, minlength=6) / len(drawn)
    error = (probs[0] * (1 - probs[0]) / len(drawn)).sqrt()
    assert ((share - probs[0]).abs() <= 4 * error).all()


def test_categorical_survives_the_largest_random_number(monkeypatch):
    largest = 1 - 2**-24
    monkeypatch.setattr(devices.torch, "rand", lambda shape, **_: torch.full(shape, largest))
    probs = torch.tensor([[0.1] * 10, [0.5, 0.5] + [0.0] * 8])
    assert devices.categorical(probs).tolist() == [9, 1]
