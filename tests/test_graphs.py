"""Steps recorded and replayed: here with a recorder that runs the step, as no GPU is needed."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lecture_utils.training import Trainer, graphs

DATA = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))


class FakeGraph:
    """Like a CUDA graph: reads and writes the same tensors at each replay, and runs no Python but
    the step."""

    def __init__(self, step, inputs, losses):
        self.step, self.inputs, self.losses = step, inputs, losses

    def replay(self):
        terms = self.step(*self.inputs)
        self.losses.copy_(torch.stack([term.detach() for term in terms.values()]))


@pytest.fixture
def recordings(monkeypatch):
    """The shapes that were recorded."""
    made = []

    def record(step, inputs, stream):
        made.append([list(tensor.shape) for tensor in inputs])
        names = ["loss", "noise"]
        losses = torch.full((2,), torch.nan)  # recording computes nothing
        return FakeGraph(step, inputs, losses), names, losses

    monkeypatch.setenv("LECTURE_STATIC", "1")
    torch.set_num_threads(1)
    monkeypatch.setattr(graphs, "can_record", lambda device: True)
    monkeypatch.setattr(graphs, "record", record)
    monkeypatch.setattr(graphs, "_new_stream", lambda device: None)
    monkeypatch.setattr(graphs, "_run", lambda step, batch, stream: step(*batch))
    return made


def loss(model, x):
    noise = torch.randn_like(x)
    return (model(x) - noise).square().mean(), {"noise": noise.mean()}


def trained(graph: bool, steps: int = 120, **options) -> Trainer:
    torch.manual_seed(5)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 4))
    trainer = Trainer(model, loss, device="cpu", seed=3, graph=graph, **options)
    trainer.fit(DATA, steps=steps, batch_size=50)
    return trainer


@pytest.mark.parametrize(
    "options",
    [{}, {"ema": 0.9, "clip": 1.0, "weight_decay": 0.1}, {"schedule": "cosine"}, {"amp": "bf16"}],
    ids=str,
)
def test_replaying_equals_running(recordings, options):
    a, b = trained(True, **options), trained(False, **options)
    assert recordings == [[[50, 4]]]
    assert a.history.steps == 120
    assert a.history["loss"] == pytest.approx(b.history["loss"], rel=1e-6)
    assert a.history["noise"] == b.history["noise"]
    for p, q in zip(a.trained.parameters(), b.trained.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-5, atol=1e-7)


def test_what_changes_in_a_run_lies_in_the_memory_that_a_recording_reads(recordings):
    t = trained(True, steps=60, schedule="cosine")
    rate, progress = t.optimizers["model"].param_groups[0]["lr"], t.progress
    assert isinstance(rate, torch.Tensor) and isinstance(progress, torch.Tensor)
    t.fit(DATA, steps=65, batch_size=50)
    assert t.optimizers["model"].param_groups[0]["lr"] is rate and t.progress is progress
    assert progress.item() == pytest.approx(64 / 65)
    assert len(recordings) == 2  # each fit records anew


def test_a_checkpoint_keeps_the_rate_on_the_device(recordings, tmp_path):
    straight, first = trained(True, steps=80, ema=0.9), trained(True, steps=40, ema=0.9)
    first.save(tmp_path / "model.pt")
    torch.manual_seed(6)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 4))
    second = Trainer(model, loss, device="cpu", seed=3, graph=True, ema=0.9)
    second.load(tmp_path / "model.pt")
    assert isinstance(second.optimizers["model"].param_groups[0]["lr"], torch.Tensor)
    second.fit(DATA, steps=80, batch_size=50)
    pairs = zip(straight.trained.parameters(), second.trained.parameters(), strict=True)
    assert all(torch.equal(p, q) for p, q in pairs)


def test_short_runs_are_never_recorded(recordings):
    trained(True, steps=graphs.WARM_UP)
    assert recordings == []


def test_a_batch_of_another_shape_is_refused(recordings):
    step = graphs.Replayed(lambda x: {"loss": x.mean(), "noise": x.sum()}, torch.device("cpu"))
    for _ in range(graphs.WARM_UP + 1):
        step(DATA[:8])
    with pytest.raises(ValueError, match=r"\[8, 4\], and this one is \[7, 4\]"):
        step(DATA[:7])


def test_elsewhere_graph_changes_nothing():
    a, b = trained(True), trained(False)
    assert not a.graph and a.history.losses == b.history.losses
    assert isinstance(a.progress, float)


def test_impossible_combinations(recordings):
    with pytest.raises(ValueError, match="capturable=True"):
        trained(True, optimizer=lambda p: torch.optim.SGD(p, lr=0.1))
    with pytest.raises(ValueError, match="scaler of fp16"):
        trained(True, amp="fp16")


def test_a_step_that_cannot_be_recorded_says_why(monkeypatch):
    class Refuses:
        def __init__(self, *_, **__):
            pass

        def __enter__(self):
            raise RuntimeError("operation not permitted when stream is capturing")

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: None)
    monkeypatch.setattr(torch.cuda, "graph", Refuses)
    with pytest.raises(RuntimeError, match="cannot be recorded(.|\n)*leave graph=True out"):
        graphs.record(lambda x: {"loss": x.mean()}, (DATA,), None)
