"""Several processes: as torchrun starts them, and under the engines that users outgrow us for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest
import torch
from torch import nn

from lecture_utils.training import Trainer, checkpoint

COMMON = """
import json, os, signal, sys
import torch
from torch import nn
from lecture_utils.training import Trainer

torch.set_num_threads(1)
folder = sys.argv[1]
data = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))

def network():
    torch.manual_seed(5)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 4))

def plain(model, x):
    return (model(x) - x).square().mean()

def noisy(model, x):
    return (model(x + torch.randn_like(x)) - x).square().mean()

def two_players(trainer, x):
    G, D = trainer.models["G"], trainer.models["D"]
    fake = G(0.1 * x)
    d_loss = nn.functional.softplus(D(fake.detach()) - D(x)).mean()
    trainer.minimize(d_loss, "D")
    g_loss = nn.functional.softplus(-D(fake)).mean()
    trainer.minimize(g_loss, "G")
    return {"D": d_loss, "G": g_loss}

def flat(models):  # buffers, too
    states = [m.state_dict() for m in models.values()]
    return torch.cat([x.flatten().float() for state in states for x in state.values()])

def normalized():
    torch.manual_seed(5)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 4))

def pair():
    torch.manual_seed(5)
    return {"G": nn.Linear(4, 4), "D": nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))}
"""

OURS = """
MAKE = {
    "plain": lambda: Trainer(network(), plain, ema=0.9, clip=1.0, device="cpu"),
    "players": lambda: Trainer(pair(), step=two_players, ema=0.9, device="cpu"),
    "noisy": lambda: Trainer(network(), noisy, ema=0.9, device="cpu"),
    "buffers": lambda: Trainer(normalized(), plain, ema=0.9, device="cpu"),
}

def run(name, steps=60, **fit):
    trainer = MAKE[name]()
    trainer.fit(data, steps=steps, batch_size=50, **fit)
    return trainer

report = {}
for name in MAKE:
    straight = run(name)
    rank, world = straight.rank, straight.world
    first = run(name, 30, save=f"{folder}/{name}.{world}.pt")
    second = run(name, save=f"{folder}/{name}.{world}.pt", resume=True)
    report[name] = {
        "weights": flat(straight.models).tolist(),
        "averages": flat(straight.averages).tolist(),
        "resumed": bool(torch.equal(flat(straight.averages), flat(second.averages)))
        and straight.history.losses == second.history.losses,
        "history": straight.history.losses,
    }

calls = []
def pressed(model, x):  # the stop button of one process alone
    calls.append(1)
    if rank == world - 1 and len(calls) == 20:
        signal.raise_signal(signal.SIGINT)
    return noisy(model, x)

stopped = Trainer(network(), pressed, ema=0.9, device="cpu")
stopped.fit(data, steps=60, batch_size=50)
report["stopped at"] = stopped.step
stopped.fit(data, steps=60, batch_size=50)
report["goes on"] = flat(stopped.averages).tolist() == report["noisy"]["averages"]
try:
    stopped.fit(data, steps=99, batch_size=49)
except ValueError as error:
    report["odd batch"] = str(error)
json.dump(report, open(f"{folder}/{world}.{rank}.json", "w"))
"""


@pytest.fixture(scope="module")
def environment():
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "LECTURE_STATIC": "1",
        "ACCELERATE_USE_CPU": "1",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }


def launched(folder, code, environment, *launcher: str) -> None:
    script = folder / "train.py"
    script.write_text(COMMON + textwrap.dedent(code))
    done = subprocess.run(
        [sys.executable, *launcher, str(script), str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]


TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]


@pytest.fixture(scope="module")
def reports(tmp_path_factory, environment):
    """{(world, rank): what it said} of one process, and of two."""
    folder = tmp_path_factory.mktemp("processes")
    launched(folder, OURS, environment)
    launched(folder, OURS, environment, *TORCHRUN)
    said = {
        (world, rank): json.loads((folder / f"{world}.{rank}.json").read_text())
        for world, rank in ((1, 0), (2, 0), (2, 1))
    }
    said["folder"] = folder
    return said


@pytest.mark.parametrize("name", ["plain", "players"])
def test_two_processes_equal_one(reports, name):
    one, two = reports[1, 0][name], reports[2, 0][name]
    for what in ("weights", "averages"):
        difference = torch.tensor(one[what]).double() - torch.tensor(two[what]).double()
        assert difference.abs().max() < 1e-6
    for losses, others in zip(one["history"].values(), two["history"].values(), strict=True):
        assert losses == pytest.approx(others, abs=1e-6)


@pytest.mark.parametrize("name", ["plain", "players", "noisy", "buffers"])
def test_ranks_are_equal_bit_for_bit(reports, name):
    a, b = reports[2, 0][name], reports[2, 1][name]
    assert a == b


def test_each_process_draws_noise_of_its_own(reports):
    """With the same noise in both, half of the draws would be missing."""
    a, b = reports[1, 0]["noisy"]["weights"], reports[2, 0]["noisy"]["weights"]
    assert a != b
    states = torch.load(reports["folder"] / "noisy.2.pt", weights_only=True)["streams"]
    assert len(states) == 2 and not torch.equal(states[0]["torch"], states[1]["torch"])


@pytest.mark.parametrize("world", [1, 2])
@pytest.mark.parametrize("name", ["plain", "players", "noisy", "buffers"])
def test_resume_is_bit_equal(reports, name, world):
    assert all(reports[world, rank][name]["resumed"] for rank in range(world))


def test_all_stop_when_one_is_stopped_and_go_on_as_if_nothing_had_happened(reports):
    for key in ((1, 0), (2, 0), (2, 1)):
        assert reports[key]["stopped at"] == 20
        assert reports[key]["goes on"]


def test_a_batch_that_cannot_be_shared_is_refused(reports):
    assert "cannot be shared equally by 2 processes" in reports[2, 1]["odd batch"]


def test_a_checkpoint_of_two_processes_is_refused_by_one(reports):
    torch.manual_seed(5)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 4))
    trainer = Trainer(model, lambda m, x: m(x).mean(), ema=0.9, clip=1.0, device="cpu")
    with pytest.raises(ValueError, match=r"by 2 process\(es\)"):
        trainer.load(reports["folder"] / "plain.2.pt")


def test_a_file_that_only_some_processes_see_is_refused(monkeypatch):
    monkeypatch.setattr(checkpoint.processes, "gather", lambda seen, world: [seen, not seen])
    with pytest.raises(ValueError, match="Only 1 of 2 processes see the file 'm.pt'"):
        checkpoint.exists("m.pt", 2)


# -- Outgrowing it: the loss function as it is, under a bigger engine ------------------------------

WRAPPER = """
class WithLoss(nn.Module):
    def __init__(self, model, loss):
        super().__init__()
        self.model, self.loss = model, loss

    def forward(self, *batch):
        return self.loss(self.model, *batch)

from torch.utils.data import DataLoader, TensorDataset
module = WithLoss(network(), plain)
optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)
loader = DataLoader(TensorDataset(data), batch_size=25, shuffle=True)
"""
ENGINES = {
    "accelerate": """
from accelerate import Accelerator
engine = Accelerator(cpu=True)
module, optimizer, loader = engine.prepare(module, optimizer, loader)
rank, world = engine.process_index, engine.num_processes
""",
    "fabric": """
from lightning.fabric import Fabric
engine = Fabric(accelerator="cpu", devices=2, strategy="ddp")
engine.launch()
module, optimizer = engine.setup(module, optimizer)
loader = engine.setup_dataloaders(loader)
rank, world = engine.global_rank, engine.world_size
""",
}
TRAIN = """
losses = []
for epoch in range(10):
    for batch in loader:
        loss = module(*batch)
        optimizer.zero_grad()
        engine.backward(loss)
        optimizer.step()
        losses.append(loss.item())
weights = torch.cat([p.detach().flatten() for p in module.parameters()])
json.dump({"world": world, "losses": losses, "weights": weights.tolist()},
          open(f"{folder}/{rank}.json", "w"))
torch.distributed.destroy_process_group()
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_loss_under_a_bigger_engine(engine, tmp_path, environment):
    launcher = TORCHRUN
    if engine == "accelerate":  # with --cpu it would ask MPI for the second process
        launcher = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes=2"]
        launcher += ["--num_machines=1", "--mixed_precision=no", "--dynamo_backend=no"]
    launched(tmp_path, WRAPPER + ENGINES[engine] + TRAIN, environment, *launcher)
    a, b = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    assert a["world"] == 2 and a["weights"] == b["weights"]
    assert a["losses"] != b["losses"] and len(a["losses"]) == 10 * 200 // 50
    assert sum(a["losses"][-4:]) < 0.97 * sum(a["losses"][:4])
