"""The training loop: safe, exact, and quiet about everything that is not its business."""

from __future__ import annotations

import inspect
import random
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from lecture_utils import training
from lecture_utils.training import History, Trainer, TrainingDiverged, checkpoint, loop
from lecture_utils.training.batches import Rows, shuffled

DATA = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def one_thread_no_bar(monkeypatch):
    monkeypatch.setenv("LECTURE_STATIC", "1")
    torch.set_num_threads(1)


def network() -> nn.Module:
    torch.manual_seed(5)
    return nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.1), nn.Tanh(), nn.Linear(8, 4))


def rows(*tensors) -> Rows:
    return Rows(tensors, torch.device("cpu"), {"model": nn.Linear(1, 1)}, "data")


def noisy_loss(model, x):
    """Draws from every stream there is."""
    noise = torch.randn_like(x) + float(np.random.randn()) + random.gauss(0, 1)
    return (model(x + 0.1 * noise) - x).square().mean(), {"noise": noise.mean()}


def plain_loss(model, x):
    return (model(x) - x).square().mean()


def trainer(loss=noisy_loss, **options) -> Trainer:
    return Trainer(network(), loss, **{"device": "cpu", "seed": 3, **options})


def pair_step(t, x):
    """Two players, each with its own noise."""
    fake = t.models["G"](torch.randn(len(x), 2))
    real_score, fake_score = t.models["D"](x), t.models["D"](fake.detach())
    d_loss = nn.functional.softplus(-real_score).mean() + nn.functional.softplus(fake_score).mean()
    t.minimize(d_loss, "D")
    g_loss = nn.functional.softplus(-t.models["D"](fake)).mean()
    t.minimize(g_loss, "G")
    return {"D": d_loss, "G": g_loss}


def pair_trainer(_=None, **options) -> Trainer:
    torch.manual_seed(5)
    models = {"G": nn.Linear(2, 4), "D": nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))}
    rates = {"G": 1e-3, "D": 2e-3}
    return Trainer(models, step=pair_step, **{"device": "cpu", "seed": 3, "lr": rates, **options})


def same(a: Trainer, b: Trainer) -> bool:
    """Whether two trainers hold the same numbers everywhere, bit for bit."""

    def equal(p, q):
        if isinstance(p, torch.Tensor):
            return torch.equal(p, q)
        if isinstance(p, dict):
            return p.keys() == q.keys() and all(equal(p[k], q[k]) for k in p)
        if isinstance(p, (list, tuple)):
            return len(p) == len(q) and all(map(equal, p, q))
        return p == q

    states = equal(checkpoint.state_of(a), checkpoint.state_of(b))
    return states and a.history.losses == b.history.losses


OPTIONS = {
    "plain": {},
    "ema, clip, decay, cosine": {
        "ema": 0.99,
        "clip": 0.5,
        "weight_decay": 0.1,
        "schedule": "cosine",
    },
    "bf16": {"amp": "bf16"},
    "fp16": {"amp": "fp16"},
    "SGD": {"optimizer": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)},
}


# -- Results ---------------------------------------------------------------------------------------


def test_it_learns_and_returns_the_history():
    t = trainer(plain_loss, lr=1e-2)
    history = t.fit(DATA, steps=300, batch_size=50, validation=DATA[:50])
    assert isinstance(history, History) and history is t.history
    assert len(history["loss"]) == history.steps == t.step == 300
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert [step for step, _ in history.validation["loss"]] == [100, 200, 300]
    assert not t.trained.training
    with torch.no_grad():
        expected = plain_loss(t.trained, DATA[:50]).item()
    assert history.validation["loss"][-1][1] == pytest.approx(expected, rel=1e-5)


def test_it_equals_the_loop_written_by_hand():
    def loss(model, x):
        return model(x).square().mean()

    torch.manual_seed(0)
    ours, theirs = nn.Linear(4, 2), nn.Linear(4, 2)
    theirs.load_state_dict(ours.state_dict())
    Trainer(ours, loss, device="cpu", seed=7).fit(DATA, steps=25, batch_size=32)
    optimizer = torch.optim.Adam(theirs.parameters(), lr=1e-3, fused=True)
    for (x,) in shuffled(rows(DATA), 32, 7, range(25)):
        optimizer.zero_grad()
        loss(theirs, x).backward()
        optimizer.step()
    assert all(map(torch.equal, ours.parameters(), theirs.parameters()))


def test_batches_depend_on_seed_and_epoch_only():
    data = rows(torch.arange(10), torch.arange(10) * 2)
    straight = list(shuffled(data, 3, 1, range(8)))
    resumed = [*shuffled(data, 3, 1, range(5)), *shuffled(data, 3, 1, range(5, 8))]
    assert all(torch.equal(a[0], b[0]) for a, b in zip(straight, resumed, strict=True))
    assert all(torch.equal(2 * a, b) for a, b in straight)
    first_epoch = torch.cat([a for a, _ in straight[:3]])
    assert len(first_epoch.unique()) == 9
    assert not torch.equal(first_epoch, torch.cat([a for a, _ in straight[3:6]]))
    parts = [list(shuffled(data, 4, 1, range(2), rank, 2)) for rank in (0, 1)]
    whole = list(shuffled(data, 4, 1, range(2)))
    for (left, _), (right, _), (both, _) in zip(*parts, whole, strict=True):
        assert torch.equal(torch.cat([left, right]), both)


def test_the_streams_of_the_notebook_are_left_alone():
    def draw():
        return torch.rand(2).tolist(), np.random.rand(), random.random()

    def seed():
        torch.manual_seed(1)
        np.random.seed(1)
        random.seed(1)

    seed()
    expected = draw()
    seed()
    t = Trainer(nn.Linear(4, 4), noisy_loss, device="cpu")  # the layer draws its weights
    seed()
    t.fit(DATA, steps=60, batch_size=50, validation=DATA)
    assert draw() == expected


def test_results_do_not_depend_on_what_ran_before():
    a, b = trainer(), trainer()
    a.fit(DATA, steps=30, batch_size=50)
    torch.manual_seed(99)
    np.random.rand(5)
    b.fit(DATA, steps=30, batch_size=50)
    assert same(a, b)
    other = trainer(seed=4)
    other.fit(DATA, steps=30, batch_size=50)
    assert other.history["loss"] != a.history["loss"]


def test_validation_and_the_bar_change_nothing(monkeypatch, capsys):
    a, b = trainer(ema=0.9), trainer(ema=0.9)
    a.fit(DATA, steps=120, batch_size=50, bar=False)
    assert capsys.readouterr().err == ""
    b.fit(DATA, steps=120, batch_size=50, bar=True, validation=DATA[:70], validate_every=7)
    assert "120/120" in capsys.readouterr().err
    assert same(a, b)


def test_no_bar_in_a_build(capsys):
    trainer().fit(DATA, steps=5, batch_size=50)
    assert capsys.readouterr() == ("", "")


def test_gradients_of_one_player_do_not_reach_the_other():
    t = pair_trainer()
    t.fit(DATA, steps=3, batch_size=50)
    before = [p.grad.clone() for p in t.models["D"].parameters()]
    fake = t.models["G"](torch.randn(8, 2))
    t.minimize(t.models["D"](fake).mean(), "G")
    assert all(map(torch.equal, before, (p.grad for p in t.models["D"].parameters())))
    rates = {name: o.param_groups[0]["lr"] for name, o in t.optimizers.items()}
    assert rates == {"G": 1e-3, "D": 2e-3}


def test_mixed_precision_sees_the_new_weights_after_an_update():
    """Autocast caches the converted weights; a second forward must not use the old ones."""
    outputs = []

    def step(t, x):
        for _ in range(2):
            out = t.models["model"](x)
            outputs.append(out.detach())
            t.minimize(out.float().square().mean())
        return out.float().mean()

    torch.manual_seed(0)
    t = Trainer(nn.Linear(4, 4), step=step, lr=0.5, amp="bf16", device="cpu")
    t.fit(DATA, steps=1, batch_size=50)
    assert outputs[0].dtype == torch.bfloat16
    assert not torch.equal(*outputs)


def test_average_warms_up_and_follows_buffers():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    t = Trainer(model, plain_loss, lr=1e-2, ema=0.999, device="cpu")
    start = model[0].weight.detach().clone()
    t.fit(DATA, steps=40, batch_size=50)
    moved = (t.trained[0].weight - start).norm() / (model[0].weight - start).norm()
    assert 0.5 < moved < 1  # without warm-up: about 0.02
    assert torch.equal(t.trained[1].running_mean, model[1].running_mean)
    assert t.models["model"] is model and t.trained is not model
    assert trainer().trained[0].weight.requires_grad  # without ema: the model itself


def test_cosine_schedule_and_own_schedule():
    seen = []

    def loss(model, x):
        seen.append(t.optimizers["model"].param_groups[0]["lr"])
        return plain_loss(model, x)

    t = trainer(loss, lr=0.1, schedule="cosine")
    t.fit(DATA, steps=4, batch_size=50)
    assert seen == pytest.approx([0.1, 0.08535533906, 0.05, 0.01464466094])
    seen.clear()
    t = trainer(loss, lr=0.1, schedule=lambda progress: 1 - progress)
    t.fit(DATA, steps=2, batch_size=50)
    assert seen == pytest.approx([0.1, 0.05])


def test_clipping_limits_the_step():
    a = trainer(plain_loss, clip=1e-3, optimizer=lambda p: torch.optim.SGD(p, lr=1.0))
    before = [p.detach().clone() for p in a.models["model"].parameters()]
    a.fit(100 * DATA, steps=1, batch_size=50)
    after = a.models["model"].parameters()
    change = sum((p - q).square().sum() for p, q in zip(before, after, strict=True)).sqrt()
    assert change.item() == pytest.approx(1e-3, rel=1e-3)


def test_a_compiled_loss_is_the_same_loss():
    compiled, plain = trainer(plain_loss, compile="eager"), trainer(plain_loss)
    history = compiled.fit(DATA, steps=20, batch_size=50, validation=DATA)
    plain.fit(DATA, steps=20, batch_size=50, validation=DATA)
    assert compiled.loss is not plain_loss and same(compiled, plain)
    assert history.validation == plain.history.validation


# -- Stopping, going on, diverging -----------------------------------------------------------------


@pytest.mark.parametrize("make", [trainer, pair_trainer])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_resume_from_a_file_is_bit_equal(tmp_path, make, options):
    path = tmp_path / "run.pt"
    straight = make(**options)
    straight.fit(DATA, steps=80, batch_size=50)

    class Crash(Exception):
        pass

    def crash(*_):
        if first.step == 40:
            raise Crash

    first = make(**options)
    first.save = lambda p, save=first.save: (save(p), crash())
    with pytest.raises(Crash):
        first.fit(DATA, steps=80, batch_size=50, save=path, save_every=20)
    torch.rand(7)
    resumed = make(**options)
    resumed.fit(DATA, steps=80, batch_size=50, save=path, resume=True)
    assert same(straight, resumed)


@pytest.mark.parametrize("at", [1, 18, 50, 51, 79])
def test_stop_button_and_going_on_equals_one_run(at, capsys):
    calls = []

    def loss(model, x):
        calls.append(1)
        if len(calls) == at:
            signal.raise_signal(signal.SIGINT)  # in the middle of a step
        return noisy_loss(model, x)

    before = signal.getsignal(signal.SIGINT)
    stopped, straight = trainer(loss, ema=0.9), trainer(ema=0.9)
    stopped.fit(DATA, steps=80, batch_size=50)
    assert stopped.step == at == len(stopped.history["loss"])
    assert f"after step {at} of 80" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is before
    stopped.fit(DATA, steps=80, batch_size=50)
    straight.fit(DATA, steps=80, batch_size=50)
    assert same(stopped, straight)


@pytest.mark.parametrize("kind", ["second press", "error"])
def test_an_error_in_a_step_undoes_to_the_last_check(kind):
    calls = []

    def loss(model, x):
        calls.append(1)
        if len(calls) == 77:
            if kind == "error":
                raise RuntimeError("a bug")
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        return noisy_loss(model, x)

    torch.manual_seed(1)
    expected = torch.rand(1)
    broken, straight = trainer(loss), trainer()
    torch.manual_seed(1)
    with pytest.raises(RuntimeError if kind == "error" else KeyboardInterrupt):
        broken.fit(DATA, steps=120, batch_size=50)
    assert torch.equal(torch.rand(1), expected)
    assert broken.step == 50 == len(broken.history["loss"])
    broken.fit(DATA, steps=120, batch_size=50)
    straight.fit(DATA, steps=120, batch_size=50)
    assert same(broken, straight)


def test_half_precision_goes_on_after_an_error_in_the_middle_of_an_update(monkeypatch):
    t = trainer(plain_loss, amp="fp16", clip=1.0)
    optimizer, calls = t.optimizers["model"], []
    update = optimizer.step

    def stumbling(*args, **options):
        calls.append(1)
        if len(calls) == 7:
            raise RuntimeError("stumbled")
        return update(*args, **options)

    monkeypatch.setattr(optimizer, "step", stumbling)
    with pytest.raises(RuntimeError, match="stumbled"):
        t.fit(DATA, steps=20, batch_size=50)
    t.fit(DATA, steps=20, batch_size=50)
    straight = trainer(plain_loss, amp="fp16", clip=1.0)
    straight.fit(DATA, steps=20, batch_size=50)
    assert same(t, straight)


@pytest.mark.parametrize("at", [29, 50])
def test_stopped_and_continued_it_validates_where_one_run_does(at):
    def fit(t):
        t.fit(DATA, steps=100, batch_size=50, validation=DATA[:50], validate_every=25)

    straight, stopped = trainer(), trainer()
    fit(straight)
    step = stopped.train_step

    def pressed(*batch):
        if stopped.step == at - 1:
            signal.raise_signal(signal.SIGINT)
        return step(*batch)

    stopped.train_step = pressed
    fit(stopped)
    assert stopped.step == at
    stopped.train_step = step
    fit(stopped)
    assert stopped.history.validation == straight.history.validation


@pytest.mark.parametrize(
    ("before", "stops"), [(signal.SIG_DFL, True), (signal.SIG_IGN, False)], ids=["default", "nohup"]
)
def test_the_stop_button_where_python_has_no_handler(before, stops):
    def pressing(model, x):
        signal.raise_signal(signal.SIGINT)
        return plain_loss(model, x)

    kept = signal.signal(signal.SIGINT, before)
    try:
        t = trainer(pressing)
        t.fit(DATA, steps=3, batch_size=50)
        assert t.step == (1 if stops else 3) and signal.getsignal(signal.SIGINT) == before
    finally:
        signal.signal(signal.SIGINT, kept)


def test_a_loss_that_changes_its_batch_leaves_the_data_alone():
    def spoiling(model, x):
        x.add_(1.0)
        return plain_loss(model, x)

    x = DATA.clone()
    history = trainer(spoiling, lr=1e-12).fit(
        x, steps=4, batch_size=50, validation=x, validate_every=1
    )
    assert torch.equal(x, DATA)
    scores = [score for _, score in history.validation["loss"]]
    assert max(scores) - min(scores) < 1e-6


def test_names_of_terms_may_not_change_however_late():
    seen = []

    def loss(model, x):
        seen.append(1)
        return plain_loss(model, x), {"a" if len(seen) <= 50 else "b": x.mean()}

    t = trainer(loss)
    with pytest.raises(ValueError, match=r"\['loss', 'a'\] at first and \['loss', 'b'\] later"):
        t.fit(DATA, steps=200, batch_size=50)
    assert t.step == 50 and list(t.history) == ["loss", "a"]


def test_divergence_names_the_first_bad_step_and_restores_the_model():
    calls = []

    def loss(model, x):
        calls.append(1)
        value, terms = noisy_loss(model, x)
        return value * (float("nan") if len(calls) == 84 else 1), terms

    t, clean = trainer(loss, ema=0.9), trainer(ema=0.9)
    with pytest.raises(TrainingDiverged, match="(?s)^loss became nan at step 84.*back at step 50"):
        t.fit(DATA, steps=100, batch_size=50)
    clean.fit(DATA, steps=50, batch_size=50)
    assert same(t, clean)


def test_divergence_of_the_weights_alone_is_seen():
    """The last update before a check can break the weights while all losses were finite."""
    t = trainer(plain_loss)
    t.fit(DATA, steps=49, batch_size=50)
    weight = t.models["model"][0].weight
    weight.register_hook(lambda grad: grad * float("nan"))
    with pytest.raises(TrainingDiverged, match="Weights became NaN .* step 50"):
        t.fit(DATA, steps=50, batch_size=50)
    assert t.step == 49 and weight.isfinite().all()


def test_second_fit_has_nothing_to_do_and_says_so(capsys):
    t = trainer()
    t.fit(DATA, steps=10, batch_size=50)
    t.fit(DATA, steps=10, batch_size=50)
    assert "Nothing to do: 10 steps are made" in capsys.readouterr().out
    assert t.step == 10
    t.fit(DATA, steps=20, batch_size=50)
    assert t.step == len(t.history["loss"]) == 20


def test_an_existing_file_is_used_only_with_resume(tmp_path):
    path = tmp_path / "run.pt"
    trainer().fit(DATA, steps=10, batch_size=50, save=path)
    fresh = trainer()
    fresh.fit(DATA, steps=5, batch_size=50, save=path)
    assert fresh.step == 5
    again = trainer()
    again.fit(DATA, steps=20, batch_size=50, save=path, resume=True)
    assert again.step == 20 and len(list(tmp_path.iterdir())) == 1


def test_writing_is_atomic(tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    t = trainer()
    t.fit(DATA, steps=5, batch_size=50, save=path)
    before = path.read_bytes()

    def half(state, file):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(OSError, match="disk full"):
        t.save(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_options_of_numpy_can_be_saved_and_read(tmp_path):
    options = {"lr": np.float64(1e-3), "weight_decay": np.float64(0.1), "schedule": np.cos}
    first = trainer(**options)
    first.fit(DATA, steps=20, batch_size=50, save=tmp_path / "m.pt")
    second = trainer(**options)
    second.fit(DATA, steps=40, batch_size=50, save=tmp_path / "m.pt", resume=True)
    first.fit(DATA, steps=40, batch_size=50)
    # The share of the run, and so the rate, is another one when a run is made longer.
    assert second.step == first.step == 40


def test_a_file_of_another_optimizer_is_refused(tmp_path):
    trainer(lr=1e-2).save(tmp_path / "m.pt")
    sgd = {"optimizer": lambda p: torch.optim.SGD(p, lr=0.1)}
    for options, words in [
        ({"lr": 1e-4}, r"initial_lr=0.01, but this trainer has initial_lr=0.0001"),
        ({"lr": 1e-2, "weight_decay": 0.5}, r"weight_decay=0.0, but .* weight_decay=0.5"),
        (sgd, "betas"),
    ]:
        other = trainer(**options)
        before = checkpoint.copied(checkpoint.state_of(other))
        with pytest.raises(ValueError, match=words):
            other.load(tmp_path / "m.pt")
        assert other.optimizers["model"].param_groups[0].keys() == (
            before["optimizers"]["model"]["param_groups"][0].keys()
        )
        other.fit(DATA, steps=2, batch_size=50)  # and it still works
    same_options = trainer(lr=1e-2).load(tmp_path / "m.pt")
    assert type(same_options.optimizers["model"].param_groups[0]["lr"]) is float


def test_a_file_for_a_recorded_optimizer_fits_one_that_is_not_and_the_reverse(tmp_path):
    """What says how to compute is the trainer's own, not the file's."""
    plain, recorded = trainer(plain_loss), trainer(plain_loss)
    for group in recorded.optimizers["model"].param_groups:
        group.update(capturable=True, fused=False, lr=torch.tensor(1e-3))
    for writer, reader in [(plain, recorded), (recorded, plain)]:
        writer.save(tmp_path / "m.pt")
        own = dict(reader.optimizers["model"].param_groups[0])
        group = reader.load(tmp_path / "m.pt").optimizers["model"].param_groups[0]
        assert group["capturable"] == own["capturable"] and group["fused"] == own["fused"]
        assert type(group["lr"]) is type(own["lr"]) and float(group["lr"]) == pytest.approx(1e-3)


def test_a_link_to_a_checkpoint_stays_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    real, link = tmp_path / "disk" / "m.pt", tmp_path / "m.pt"
    trainer().save(real)
    link.symlink_to(real)
    t = trainer()
    t.fit(DATA, steps=5, batch_size=50, save=link)
    assert link.is_symlink() and trainer().load(real).step == 5


def test_an_object_in_a_checkpoint_is_named_and_not_called_damage(tmp_path):
    state = {"format": checkpoint.FORMAT, "value": np.float64(1.0)}
    torch.save(state, tmp_path / "m.pt")
    with pytest.raises(ValueError, match="not read from files, for safety: numpy"):
        checkpoint.read(tmp_path / "m.pt")


def test_impossible_checkpoints(tmp_path):
    path = tmp_path / "run.pt"
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        trainer().load(path)
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(ValueError, match="damaged or not a checkpoint"):
        trainer().load(path)
    torch.save({"weights": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match="damaged or not a checkpoint"):
        trainer().load(path)
    trainer().save(path)
    with pytest.raises(ValueError, match="seed=3 by 1 process"):
        trainer(seed=4).load(path)
    with pytest.raises(ValueError, match="without ema, but"):
        trainer(ema=0.9).load(path)
    with pytest.raises(ValueError, match=r"holds the models \['model'\]"):
        pair_trainer().load(path)
    other = Trainer(nn.Linear(4, 4), plain_loss, device="cpu", seed=3)
    weight = other.models["model"].weight.clone()
    with pytest.raises(ValueError, match="checkpoint of another model"):
        other.load(path)
    assert torch.equal(other.models["model"].weight, weight)


# -- Input -----------------------------------------------------------------------------------------

LINEAR = nn.Linear(4, 4)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"model": nn.Linear}, TypeError, "Did you pass the class"),
        ({"model": {}}, ValueError, "dict of models is empty"),
        ({"model": nn.ReLU()}, ValueError, "no parameters"),
        ({"loss": None}, ValueError, "either loss=... or step="),
        ({"step": pair_step}, ValueError, "exactly one"),
        ({"loss": 3}, TypeError, "are functions"),
        ({"lr": 0}, ValueError, "lr must be a positive"),
        ({"lr": {"G": 1e-3}}, ValueError, "lr has no entry for the model 'model'"),
        ({"weight_decay": -1}, ValueError, "weight_decay"),
        ({"optimizer": lambda p: None}, TypeError, "makes an optimizer"),
        ({"schedule": "linear"}, ValueError, "'cosine' or a function"),
        ({"ema": 1.5}, ValueError, "between 0 and 1"),
        ({"clip": 0}, ValueError, "clip must be"),
        ({"amp": "int8"}, ValueError, "'bf16' or 'fp16'"),
        ({"compile": "quickly"}, ValueError, "True, False or a backend .*inductor"),
        ({"loss": None, "step": pair_step, "compile": True}, ValueError, r"module\.compile\(\)"),
        ({"graph": True, "amp": "fp16"}, ValueError, "scaler of fp16"),
        ({"seed": -1}, ValueError, "seed must be"),
        ({"device": "tpu9"}, ValueError, "not the name of a device"),
    ],
)
def test_impossible_options(options, error, message):
    with pytest.raises(error, match=message):
        Trainer(**{"model": LINEAR, "loss": plain_loss, "device": "cpu", **options})


@pytest.mark.parametrize(
    ("data", "options", "error", "message"),
    [
        (DATA[:10], {}, ValueError, "only 10 examples; use 10 or less"),
        (DATA[:0], {}, ValueError, "no example"),
        ((), {}, ValueError, "data is empty"),
        ([1.0, 2.0], {}, TypeError, "not float"),
        (DATA.numpy(), {}, TypeError, r"torch\.as_tensor"),
        (DATA.double(), {}, TypeError, r"x\.float\(\)"),
        ((DATA, DATA[:9]), {}, ValueError, "200, 9 rows"),
        (DATA / 0, {}, ValueError, "NaN or infinite"),
        (DATA, {"steps": 0}, ValueError, "steps must be a whole number"),
        (DATA, {"steps": 1.5}, ValueError, "steps must be"),
        (DATA, {"batch_size": 0}, ValueError, "batch_size must be"),
        (DATA, {"validation": DATA.double()}, TypeError, "^validation"),
        (DATA, {"resume": True}, ValueError, "save='model.pt'"),
        (DATA, {"save": "no/such/folder/m.pt"}, ValueError, "folder that exists"),
    ],
)
def test_impossible_data(data, options, error, message):
    with pytest.raises(error, match=message):
        trainer(plain_loss).fit(data, **{"steps": 10, "batch_size": 50, **options})


@pytest.mark.parametrize(
    ("loss", "error", "message"),
    [
        (lambda m, x: m(x), ValueError, r"shape \[50, 4\], not one number"),
        (lambda m, x: None, TypeError, "Is a return missing"),
        (lambda m, x: x.mean(), ValueError, "does not depend on any parameter"),
        (lambda m, x: m(x).mean().item(), ValueError, "does not depend on any parameter"),
        (lambda m, x: m[0](x).mean(), ValueError, r"no gradient to 2 parameter.*3\.weight"),
        (lambda m, x: (m(x).mean(), {"loss": 1}), ValueError, "may not be called"),
        (lambda m, x: (m(x).mean(), {"extra": x}), ValueError, "'extra' has shape"),
        (lambda m, x: (m(x).mean(), {f"a{float(x[0, 0])}": 1}), ValueError, "same names"),
    ],
)
def test_impossible_losses(loss, error, message):
    with pytest.raises(error, match=message):
        trainer(loss).fit(DATA, steps=3, batch_size=50)


def test_impossible_steps():
    def unknown(t, x):
        t.minimize(t.models["G"](x[:, :2]).mean(), "generator")

    models = {"G": nn.Linear(2, 4), "D": nn.Linear(4, 1)}
    with pytest.raises(ValueError, match="no model 'generator' to minimize for; there is 'G', 'D'"):
        Trainer(models, step=unknown, device="cpu").fit(DATA, steps=1, batch_size=50)
    with pytest.raises(ValueError, match="validation needs a loss function"):
        pair_trainer().fit(DATA, steps=1, batch_size=50, validation=DATA)


# -- History ---------------------------------------------------------------------------------------


def test_history_reads_like_a_dict_and_draws():
    import matplotlib

    matplotlib.use("Agg")
    t = trainer()
    assert "no steps" in repr(t.history)
    t.fit(DATA, steps=60, batch_size=50, validation=DATA[:50], validate_every=20)
    assert list(t.history) == ["loss", "noise"] and len(t.history) == 2
    assert repr(t.history).startswith("History(60 steps, loss ")
    with pytest.raises(KeyError, match="there is 'loss', 'noise'"):
        t.history["accuracy"]
    ax = t.history.plot(floor=0.1, floor_label="entropy")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["training", "held-out data", "entropy"]
    assert ax.get_xlabel() == "step" and len(ax.lines) == 4


# -- The module itself -----------------------------------------------------------------------------


def test_the_loop_fits_on_a_screen():
    assert len(inspect.getsource(loop).splitlines()) <= 250
    parts = (Trainer.train_step, Trainer.minimize, Trainer._loop)
    assert sum(len(inspect.getsource(part).splitlines()) for part in parts) <= 40


def test_importing_is_cheap():
    code = (
        "import torch, sys; before = set(sys.modules); import lecture_utils.training; "
        "heavy = {'matplotlib', 'tqdm', 'IPython', 'sklearn', 'scipy'}; "
        "print(*heavy & {m.split('.')[0] for m in set(sys.modules) - before})"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "\n"
    assert set(training.__all__) <= set(dir(training))
