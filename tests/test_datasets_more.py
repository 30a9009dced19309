"""Seattle's weather, horse kicks, Pittsburgh, and the full MNIST from files that somebody has."""

from __future__ import annotations

import gzip
import math
import sys
import types
from functools import partial

import numpy as np
import pytest
import torch

from lecture_utils import datasets
from lecture_utils.datasets import _files, digits, horse_kicks, idx, pittsburgh, seattle_weather

mnist = partial(datasets.mnist, full=True)


def test_seattle_weather():
    data = seattle_weather.load()
    assert len(data.days) == 1461 and data.days.dtype == torch.int64
    counts = dict(zip(data.states, torch.bincount(data.days).tolist(), strict=True))
    assert counts == {"sun": 640, "fog": 101, "drizzle": 53, "rain": 641, "snow": 26}
    assert (np.diff(data.dates) == np.timedelta64(1, "D")).all()  # no day left out
    assert str(data.dates[0]) == "2012-01-01" and str(data.dates[-1]) == "2015-12-31"
    assert str(data.dates[len(data.train)]) == "2015-01-01"
    assert torch.equal(torch.cat([data.train, data.test]), data.days) and len(data.test) == 365
    for column in (data.precipitation, data.highest, data.lowest, data.wind):
        assert column.shape == (1461,) and column.dtype == torch.float32
        assert column.isfinite().all()
    assert (data.highest >= data.lowest).all() and (data.precipitation >= 0).all()
    assert data.precipitation[1].item() == pytest.approx(10.9)
    assert (data.highest[0].item(), data.lowest[0].item()) == pytest.approx((12.8, 5.0))
    assert data.decode(data.days[:3]) == ["drizzle", "rain", "rain"]
    assert repr(data) == "SeattleWeather(1461 days, 2012-01-01 to 2015-12-31)"


def test_tomorrow_in_seattle_depends_on_today():
    """The best model that sees yesterday needs fewer nats than the one that sees nothing."""
    days = seattle_weather.load().days
    pairs = torch.zeros(5, 5).index_put_((days[:-1], days[1:]), torch.tensor(1.0), accumulate=True)
    p = pairs.double() / pairs.sum()
    first, both = p.sum(0), torch.special.entr(p).sum()
    alone = torch.special.entr(first).sum().item()
    given = (both - torch.special.entr(p.sum(1)).sum()).item()
    assert alone == pytest.approx(1.0982, abs=1e-4)
    assert given == pytest.approx(0.9421, abs=1e-4)


@pytest.mark.parametrize("days", [[0, 1], torch.tensor([5]), torch.tensor([0.0]), torch.tensor(1)])
def test_seattle_weather_bad_days(days):
    with pytest.raises(ValueError, match="numbers 0 to 4"):
        seattle_weather.load().decode(days)


def test_seattle_file_missing_or_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr(_files, "FOLDER", tmp_path)
    with pytest.raises(_files.DataFileError, match="(?s)Cannot read.*install the package again"):
        seattle_weather.load()
    (tmp_path / "seattle-weather.csv").write_bytes(b"date,precip")
    with pytest.raises(_files.DataFileError, match="(?s)damaged.*git checkout"):
        seattle_weather.load()


def test_horse_kicks():
    deaths = horse_kicks.load()
    assert deaths.shape == (280,) and deaths.dtype == torch.int64 and 14 * 20 == 280
    assert torch.bincount(deaths).tolist() == [144, 91, 32, 11, 2]
    assert deaths.sum() == 196 and deaths.double().mean().item() == pytest.approx(0.7)
    # A Poisson distribution with the mean of the data expects nearly these counts.
    expected = [280 * math.exp(-0.7) * 0.7**k / math.factorial(k) for k in range(5)]
    assert expected == pytest.approx([139.0, 97.3, 34.1, 7.9, 1.4], abs=0.1)


def test_pittsburgh():
    assert pytest.approx(0.421, abs=5e-4) == pittsburgh.NORMAL_PROBABILITY
    for wet, days in pittsburgh.WET_DAYS.values():
        error = math.sqrt(0.421 * 0.579 / days)
        assert abs(wet / days - pittsburgh.NORMAL_PROBABILITY) < 2 * error
    assert pittsburgh.WET_DAYS[2020][1] == 366  # a leap year


def as_idx(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return head + array.astype(np.uint8).tobytes()


def files(folder, ending="", train=5003, test=4, side=3) -> None:
    """A small data set in four files."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    for part, n in (("train", train), ("t10k", test)):
        for kind, array in (
            ("images-idx3", random.integers(0, 256, (n, side, side))),
            ("labels-idx1", np.arange(n) % 10),
        ):
            if array.ndim == 3:
                array[0, 0, :2] = 127, 128
            content = as_idx(array)
            name = f"{part}-{kind}-ubyte{ending}"
            (folder / name).write_bytes(gzip.compress(content, 1) if ending else content)


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize(
    ("load", "below"),
    [
        (mnist, "."),
        (mnist, "MNIST/raw"),
        (datasets.fashion_mnist, "FashionMNIST/raw"),
    ],
)
def test_full_data_from_files(load, below, ending, tmp_path):
    files(tmp_path / below, ending)
    data = load(folder=str(tmp_path), binary=False)
    assert isinstance(data, digits.Digits) and data.side == 3
    assert [len(x) for x in (data.train, data.validation, data.test)] == [3, 5000, 4]
    raw = idx.read(tmp_path / below / f"train-images-idx3-ubyte{ending}")
    assert raw.dtype == torch.uint8 and raw.shape == (5003, 3, 3)
    everything = torch.cat([data.train, data.validation])
    assert torch.equal((everything * 255).round().byte().view(-1, 3, 3), raw)
    assert data.train_labels.tolist() == [0, 1, 2] and data.validation_labels[0] == 3
    assert data.test_labels.dtype == torch.int64
    binary = load(folder=tmp_path)
    assert torch.equal(binary.test, (data.test > 127.5 / 255).float())
    assert binary.test[0, :2].tolist() == [0, 1]  # they are 127 and 128


def test_nothing_is_downloaded_unasked(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)  # as if it were not installed
    with pytest.raises(FileNotFoundError, match=r"(?s)MNIST.raw.*download=True.*datasets\.mnist"):
        mnist(folder=tmp_path)
    with pytest.raises(ImportError, match="pip install torchvision"):
        mnist(folder=tmp_path, download=True)
    files(tmp_path)
    assert len(mnist(folder=tmp_path, download=True).test) == 4  # they are there: no torchvision
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(ImportError, match="pip install torchvision"):  # all four are needed
        mnist(folder=tmp_path, download=True)


def test_mnist_is_the_shipped_digits_unless_all_are_asked_for():
    assert torch.equal(datasets.mnist().test, digits.large().test)
    assert torch.equal(datasets.mnist(binary=False).train, digits.large(binary=False).train)
    with pytest.raises(ValueError, match="full=True"):
        datasets.mnist(folder="data")
    with pytest.raises(ValueError, match="full=True"):
        datasets.mnist(download=True)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A working folder and a home folder, both empty."""
    for name in ("here", "home"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    return tmp_path / "home"


def test_files_are_found_where_torchvision_and_keras_put_them(home):
    with pytest.raises(FileNotFoundError, match=r"(?s)data.MNIST.raw.*folder="):
        mnist()
    with pytest.raises(FileNotFoundError, match=r"\.keras.datasets.fashion-mnist"):
        datasets.fashion_mnist()
    kept = home / ".keras" / "datasets"
    files(kept / "fashion-mnist", ".gz")
    assert len(datasets.fashion_mnist().test) == 4
    images, labels = np.full((5003, 3, 3), 200, np.uint8), np.arange(5003, dtype=np.uint8)
    np.savez(kept / "mnist.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    data = mnist()
    assert len(data.test) == 5003 and data.side == 3 and data.train_labels.tolist() == [0, 1, 2]
    assert len(mnist(download=True).test) == 5003  # it is there: nothing is downloaded
    files(home.parent / "here" / "data" / "MNIST" / "raw")
    assert len(mnist().test) == 4  # your own folder comes first
    for content in (b"<html>", b""):
        (kept / "mnist.npz").write_bytes(content)
        (home.parent / "here" / "data" / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").unlink(True)
        with pytest.raises(ValueError, match="damaged"):
            mnist()


def test_download_is_left_to_torchvision(tmp_path, monkeypatch):
    asked = []

    def fashion(folder, download):
        asked.append((folder, download))
        files(folder / "FashionMNIST" / "raw", ".gz")

    module = types.ModuleType("torchvision")
    module.datasets = types.SimpleNamespace(FashionMNIST=fashion)
    monkeypatch.setitem(sys.modules, "torchvision", module)
    assert len(datasets.fashion_mnist(folder=tmp_path, download=True).test) == 4
    assert asked == [(tmp_path, True)]


def test_damaged_and_foreign_files(tmp_path):
    files(tmp_path)
    images, labels = (tmp_path / f"t10k-{k}-ubyte" for k in ("images-idx3", "labels-idx1"))
    whole = images.read_bytes()
    for content, message in [
        (whole[:-1], "should hold 36 bytes"),
        (b"<html>", "first bytes are wrong"),
        (b"", "first bytes are wrong"),
        (as_idx(np.zeros((4, 3, 2))), "no square images"),
        (as_idx(np.zeros((5, 3, 3))), "do not belong together"),
    ]:
        images.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            mnist(folder=tmp_path)
    images.unlink()
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(whole)[:-20])
    with pytest.raises(ValueError, match="cannot be unpacked"):
        mnist(folder=tmp_path)
    labels.unlink()
    with pytest.raises(FileNotFoundError, match="t10k-labels"):
        files(tmp_path)
        labels.unlink()
        mnist(folder=tmp_path)
    files(tmp_path, train=10)
    with pytest.raises(ValueError, match="only 10 images"):
        mnist(folder=tmp_path)


def test_loading_draws_nothing_from_the_global_stream():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    seattle_weather.load()
    horse_kicks.load()
    assert torch.equal(torch.rand(3), expected)
