"""The shipped data: checksums, counts, splits, licenses, and answers to damaged files."""

from __future__ import annotations

import hashlib

import pytest
import torch

from lecture_utils.datasets import _files, digits, names


@pytest.mark.parametrize("name", _files.CHECKSUMS)
def test_files_are_the_shipped_ones_with_a_license_beside_them(name):
    content = (_files.FOLDER / name).read_bytes()
    digest = hashlib.sha256(content.replace(b"\r\n", b"\n") if name.endswith("csv") else content)
    assert digest.hexdigest() == _files.CHECKSUMS[name]
    license = (_files.FOLDER / name).with_suffix(".LICENSE.txt").read_text()
    assert name in license and _files.CHECKSUMS[name] in license and "License:" in license


def test_every_data_file_is_checked():
    data = {f.name for f in _files.FOLDER.iterdir() if not f.name.endswith(".txt")}
    assert data == set(_files.CHECKSUMS)


def test_small_digits():
    data = digits.small()
    assert [len(x) for x in (data.train, data.validation, data.test)] == [1350, 150, 297]
    assert data.train.shape[1] == data.num_pixels == 64 and data.train.dtype == torch.float32
    assert set(data.train.unique().tolist()) == {0.0, 1.0}
    labels = torch.cat([data.train_labels, data.validation_labels, data.test_labels])
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert torch.bincount(labels).tolist() == counts
    gray = digits.small(binary=False)
    assert torch.equal((gray.test > 0.5).float(), data.test)  # above 8 of 16
    assert gray.test.min() == 0 and gray.test.max() == 1
    assert data.images(data.test).shape == (297, 8, 8)


def test_small_digits_split_is_the_documented_one():
    data = digits.small()
    images, _ = digits._read("digits-8x8.npz")
    order = torch.randperm(1797, generator=torch.Generator().manual_seed(0))
    expected = (images[order[1500:]].reshape(297, 64) > 8).float()
    assert torch.equal(data.test, expected)


def test_independent_pixels_score():
    """A number of the chapter: the best model that treats pixels as independent."""
    data = digits.small()
    p = data.train.mean(0).clamp(1e-3, 1 - 1e-3)
    nats = -(data.test @ p.log() + (1 - data.test) @ (1 - p).log())
    assert nats.mean().item() == pytest.approx(24.7203, abs=1e-3)


def test_large_digits():
    data = digits.large()
    assert [len(x) for x in (data.train, data.validation, data.test)] == [8000, 1000, 1000]
    assert data.train.shape[1] == 784 and set(data.test.unique().tolist()) == {0.0, 1.0}
    labels = torch.cat([data.train_labels, data.validation_labels, data.test_labels])
    counts = [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]
    assert torch.bincount(labels).tolist() == counts


def test_names():
    data = names.load()
    parts = [data.train, data.validation, data.test]
    assert [len(x) for x in parts] == [23_910, 3000, 3000]
    counts = [data.train_counts, data.validation_counts, data.test_counts]
    assert sum(int(c.sum()) for c in counts) == 3_546_301
    assert [len(c) for c in counts] == [len(x) for x in parts]
    everything = torch.cat(parts)
    assert everything.shape[1] == 16 and everything.dtype == torch.int64
    assert (everything[:, -1] == data.end).all()  # every name ends
    words = data.decode(everything)
    assert len(set(words)) == 29_910  # so no test name is a training name
    assert sum(map(len, words)) / len(words) == pytest.approx(6.18, abs=0.01)
    assert int(torch.cat(counts)[words.index("emma")]) == 19_752
    assert torch.equal(data.encode(words[:50]), everything[:50])


def test_loading_draws_nothing_from_the_global_stream():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    digits.small()
    names.load()
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("load", [digits.small, digits.large, names.load])
def test_missing_and_damaged_files(load, tmp_path, monkeypatch):
    monkeypatch.setattr(_files, "FOLDER", tmp_path)
    with pytest.raises(_files.DataFileError, match="(?s)Cannot read.*install the package again"):
        load()
    for name in _files.CHECKSUMS:
        (tmp_path / name).write_bytes(b"half a fi")
    with pytest.raises(_files.DataFileError, match="(?s)damaged.*git checkout"):
        load()


def test_windows_line_ends_are_no_damage(tmp_path, monkeypatch):
    text = (_files.FOLDER / "names-us-2017.csv").read_bytes()
    (tmp_path / "names-us-2017.csv").write_bytes(text.replace(b"\n", b"\r\n"))
    monkeypatch.setattr(_files, "FOLDER", tmp_path)
    assert b"\r" not in _files.read_shipped("names-us-2017.csv")


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: names.encode("emma"), TypeError, r"encode\(\['emma'\]\)"),
        (lambda: names.encode(["Emma"]), ValueError, "lower-case letters"),
        (lambda: names.encode(["zoë"]), ValueError, "lower-case letters"),
        (lambda: names.encode([""]), ValueError, "lower-case letters"),
        (lambda: names.encode(["a" * 16]), ValueError, "length=17"),
        (lambda: names.decode(torch.zeros(3).long()), TypeError, "one row a word"),
        (lambda: names.decode(torch.tensor([[27]])), ValueError, "Tokens are 0 to 26"),
        (lambda: digits.small().images(torch.zeros(2, 9)), ValueError, "64 pixels"),
    ],
)
def test_bad_input(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong()
