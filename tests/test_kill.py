"""Checkpoints survive a kill at any moment: here runs are killed, many times, and go on."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

# Forked children start in a moment, with torch loaded; a fresh interpreter takes seconds.
SCRIPT = """
import json, os, random, signal, sys, time
import torch
from torch import nn
from lecture_utils.training import Trainer, checkpoint

torch.set_num_threads(1)
path, steps = sys.argv[1], 400
data = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))

def loss(model, x):
    return (model(x + torch.randn_like(x)) - x).square().mean()

def train(resume):
    torch.manual_seed(5)
    model = nn.Sequential(nn.Linear(4, 300), nn.Tanh(), nn.Linear(300, 4))
    trainer = Trainer(model, loss, ema=0.9, device="cpu")
    save = {"save": path, "save_every": 1, "resume": True} if resume else {}
    trainer.fit(data, steps=steps, batch_size=50, **save)
    return trainer

straight = train(resume=False)  # first: what it loads, the children need not load again
dice, kills, found = random.Random(int(sys.argv[2])), 0, []
while True:
    child = os.fork()
    if child == 0:
        train(resume=True)
        os._exit(0)
    time.sleep(dice.uniform(0.02, 0.25))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.path.exists(path):
        found.append(checkpoint.read(path)["step"])  # raises if the file is damaged
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
        break
    kills += 1
    assert os.WIFSIGNALED(status) and kills < 400, status
resumed = train(resume=True)
print(json.dumps({
    "kills": kills,
    "steps": found,
    "equal": straight.history.losses == resumed.history.losses and all(
        map(torch.equal, straight.trained.parameters(), resumed.trained.parameters())
    ),
    "files": sorted(os.listdir(os.path.dirname(path))),
}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_killed_again_and_again_it_ends_where_an_undisturbed_run_ends(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "model.pt"), "0"],
        env={**os.environ, "OMP_NUM_THREADS": "1", "LECTURE_STATIC": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["kills"] >= 5 and result["equal"]
    assert result["steps"] == sorted(result["steps"]) and result["steps"][-1] == 400
    assert result["files"] == ["model.pt"]  # the last run has replaced what killed ones left
