"""Where batches come from: tensors on the device or beside it, and data loaders."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from lecture_utils.training import Trainer, batches
from lecture_utils.training.batches import Loaded, Rows, shuffled

X = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
Y = torch.arange(60)
CPU = torch.device("cpu")
MODELS = {"model": nn.Linear(4, 1)}


@pytest.fixture(autouse=True)
def one_thread_no_bar(monkeypatch):
    monkeypatch.setenv("LECTURE_STATIC", "1")
    torch.set_num_threads(1)


def loaded(**options) -> Loaded:
    loader = DataLoader(TensorDataset(X, Y), **{"batch_size": 8, "shuffle": True, **options})
    return Loaded(loader, CPU, MODELS, "data")


def drawn(source, steps=range(20), size=8, **shared) -> list[torch.Tensor]:
    return [y for _, y in shuffled(source, size, 1, steps, **shared)]


def trained(data, **fit) -> Trainer:
    torch.manual_seed(5)
    trainer = Trainer(nn.Linear(4, 4), _loss, device="cpu", seed=3)
    trainer.fit(data, steps=20, **fit)
    return trainer


def _loss(model, x, *_):
    return (model(x) - torch.randn_like(x)).square().mean()


def same(a: Trainer, b: Trainer) -> bool:
    pairs = zip(a.trained.parameters(), b.trained.parameters(), strict=True)
    return all(torch.equal(p, q) for p, q in pairs) and a.history.losses == b.history.losses


# -- Loaders ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [0, 2])
def test_a_shuffling_loader_gives_the_batches_of_the_tensors(workers):
    rows = Rows((X, Y), CPU, MODELS, "data")
    assert [a.tolist() for a in drawn(rows)] == [
        b.tolist() for b in drawn(loaded(num_workers=workers))
    ]
    loader = DataLoader(TensorDataset(X), batch_size=8, shuffle=True, num_workers=workers)
    assert same(trained(X, batch_size=8), trained(loader))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"shuffle": False},
        {"shuffle": False, "sampler": WeightedRandomSampler(torch.arange(60) + 1.0, 40)},
        {"shuffle": False, "sampler": RandomSampler(Y, generator=torch.Generator())},
        {"shuffle": False, "sampler": RandomSampler(Y, replacement=True, num_samples=40)},
    ],
    ids=["shuffled", "in order", "weighted", "own generator", "with replacement"],
)
def test_going_on_in_mid_epoch_repeats_the_order_of_any_sampler(options):
    source = loaded(**options)
    straight = drawn(source)
    torch.rand(3)  # what happened in between does not matter
    resumed = drawn(source, range(8)) + drawn(source, range(8, 20))
    assert [a.tolist() for a in straight] == [b.tolist() for b in resumed]
    epochs = [torch.cat(straight[:5]).tolist(), torch.cat(straight[7:12]).tolist()]
    in_order = options == {"shuffle": False}
    assert (epochs[0] == list(range(40))) is in_order
    assert in_order or epochs[0] != epochs[1]


def test_a_weighted_sampler_is_obeyed():
    weights = torch.zeros(60)
    weights[[3, 5]] = 1.0
    source = loaded(shuffle=False, sampler=WeightedRandomSampler(weights, 40))
    assert torch.cat(drawn(source)).unique().tolist() == [3, 5]


def test_a_sampler_leaves_the_streams_alone():
    source = loaded(shuffle=False, sampler=WeightedRandomSampler(torch.ones(60), 40))
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    drawn(source)
    assert torch.equal(torch.rand(1), expected)


def test_processes_share_the_batches_of_a_loader():
    parts = [drawn(loaded(), rank=rank, world=2) for rank in (0, 1)]
    whole = drawn(loaded())
    assert all(
        torch.equal(torch.cat([left, right]), both)
        for left, right, both in zip(*parts, whole, strict=True)
    )


def test_validation_from_a_loader_equals_validation_from_tensors():
    held_out = DataLoader(TensorDataset(X[:50]), batch_size=8)
    a = trained(X, batch_size=8, validation=X[:50])
    b = trained(X, batch_size=8, validation=held_out)
    assert same(a, b) and a.history.validation == b.history.validation


def test_the_size_of_a_batch_is_the_loaders():
    trainer = trained(DataLoader(TensorDataset(X), batch_size=20, shuffle=True))
    assert trainer.step == 20
    with pytest.raises(ValueError, match="makes batches of 20. Leave batch_size out"):
        trained(DataLoader(TensorDataset(X), batch_size=20), batch_size=10)
    assert Rows(X, CPU, MODELS, "data").batch_size(None) == 128


class Stream(IterableDataset):
    def __iter__(self):
        yield from X


class Broken(Dataset):
    def __init__(self, item):
        self.item = item

    def __len__(self):
        return 60

    def __getitem__(self, index):
        return self.item


@pytest.mark.parametrize(
    ("loader", "error", "message"),
    [
        (DataLoader(Stream(), batch_size=8), TypeError, "no rows to shuffle"),
        (DataLoader(TensorDataset(X), batch_size=None), ValueError, "a batch_size, and no"),
        (
            DataLoader(
                TensorDataset(X), batch_sampler=BatchSampler(SequentialSampler(X), 8, False)
            ),
            ValueError,
            "no batch_sampler",
        ),
        (
            DataLoader(TensorDataset(X), batch_size=8, sampler=DistributedSampler(X, 2, 0)),
            ValueError,
            "no batch_sampler or DistributedSampler",
        ),
        (DataLoader(TensorDataset(X[:0]), batch_size=8), ValueError, "holds no examples"),
        (DataLoader(TensorDataset(X), batch_size=61), ValueError, "only 60 examples"),
        (DataLoader(Broken({"x": X[0]}), batch_size=8), TypeError, "not dict"),
        (DataLoader(Broken(X[0].double()), batch_size=8), TypeError, "float64, but the model"),
        (DataLoader(Broken(X[0] / 0), batch_size=8), ValueError, "NaN or infinite"),
    ],
)
def test_impossible_loaders(loader, error, message):
    with pytest.raises(error, match=message):
        trained(loader)


# -- Data that do not fit --------------------------------------------------------------------------


@pytest.mark.parametrize(("free", "fits"), [(2 * X.nbytes, True), (2 * X.nbytes - 1, False)])
def test_tensors_too_large_for_the_device_stay_where_they_are(monkeypatch, free, fits):
    moved = []
    monkeypatch.setattr(batches, "free_memory", lambda device: free)
    monkeypatch.setattr(batches, "_moved", lambda tensor, device: (moved.append(1), tensor)[1])
    to = torch.device("meta")
    source = Rows(X, to, MODELS, "data")
    assert (source.tensors[0].device == to) is fits
    batch = list(shuffled(source, 8, 1, range(3)))
    assert batch[0][0].shape == (8, 4) and len(moved) == (0 if fits else 3)


def test_batches_of_tensors_that_stay_behind_are_the_same(monkeypatch):
    here = trained(X, batch_size=8)
    monkeypatch.setattr(batches, "free_memory", lambda device: 0)
    assert same(here, trained(X, batch_size=8))


def test_validation_takes_the_rows_of_the_sampler_and_no_others():
    from torch.utils.data import SubsetRandomSampler

    seen = []

    def loss(model, x):
        if not model.training:
            seen.append(x.clone())
        return model(x).square().mean()

    held_out = DataLoader(
        TensorDataset(X), batch_size=7, sampler=SubsetRandomSampler(range(40, 60))
    )
    model = nn.Linear(4, 1)
    Trainer(model, loss, device="cpu").fit(X[:40], steps=1, batch_size=20, validation=held_out)
    rows = torch.cat(seen)
    assert len(rows) == 20
    assert torch.equal(rows[rows[:, 0].argsort()], X[40:][X[40:, 0].argsort()])
