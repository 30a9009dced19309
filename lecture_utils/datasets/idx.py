"""MNIST whole and Fashion-MNIST from files you have: 70,000 images of 28x28 pixels each.

They do not ship with this package, and nothing is downloaded unless you ask for it. The files are
in the IDX format, four for each data set: ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``,
``t10k-images-idx3-ubyte`` and ``t10k-labels-idx1-ubyte``, with or without ``.gz`` at the end. What
torchvision or Keras has downloaded before is found where they put it.

Sources: MNIST, LeCun, Cortes and Burges; Fashion-MNIST, Xiao, Rasul and Vollgraf, 2017.
"""

from __future__ import annotations

import gzip
import math
import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch

from .digits import Digits, large

_FILES = tuple((f"{p}-images-idx3-ubyte", f"{p}-labels-idx1-ubyte") for p in ("train", "t10k"))
_VALIDATION = 5000
# Where Keras keeps what it has downloaded: one file, or a folder with the four.
_KERAS = {
    "MNIST": "~/.keras/datasets/mnist.npz",
    "FashionMNIST": "~/.keras/datasets/fashion-mnist",
}


def mnist(
    *,
    full: bool = False,
    folder: str | Path | None = None,
    binary: bool = True,
    download: bool = False,
) -> Digits:
    """MNIST: the 10,000 digits that ship with this package, or all 70,000 from files you have.

    Args:
        full: False for the shipped digits, ``digits.large()``: 8000 for training, 1000 for
            validation, 1000 for the test. True for all: 55,000 for training, the last 5,000 of the
            training files for validation, 10,000 for the test; no order is changed.
        folder: Where the four files are: there, or where torchvision puts them below it
            (``folder/MNIST/raw``). None: in ``data``, which is what torchvision's examples use, or
            where Keras keeps its own (``~/.keras/datasets``).
        binary: Pixels above 127 (of 0 to 255) become 1, the others 0. When False, pixel / 255.
        download: If the files are not there, let torchvision download them into `folder`.

    Raises:
        FileNotFoundError: If the files are not there; the message says how to get them.
        ImportError: If they are to be downloaded and torchvision is not installed.
        ValueError: If a file is damaged or not what its name says, or a folder is given although
            only the shipped digits are asked for.
    """
    if full:
        return _load("MNIST", folder, binary, download)
    if folder is not None or download:
        raise ValueError("A folder or a download is for the whole of MNIST: add full=True.")
    return large(binary=binary)


def fashion_mnist(
    *, folder: str | Path | None = None, binary: bool = True, download: bool = False
) -> Digits:
    """Fashion-MNIST, 70,000 pictures of clothes: as `mnist` with ``full=True``.

    The files are in ``folder/FashionMNIST/raw``, or in `folder` itself.
    """
    return _load("FashionMNIST", folder, binary, download)


def read(path: str | Path) -> torch.Tensor:
    """The array in an IDX file of bytes, as uint8.

    Args:
        path: The file; if its name ends in ``.gz`` it is unpacked while reading.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged or no IDX file of bytes.
    """
    path = Path(path)
    content = path.read_bytes()
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            raise ValueError(f"{path} is damaged: it cannot be unpacked. Get it again.") from None
    # Two zeros, 8 for bytes, the number of axes; then each axis's length in four bytes.
    if len(content) < 4 or content[:3] != b"\x00\x00\x08" or len(content) < 4 + 4 * content[3]:
        raise ValueError(f"{path} is not an IDX file of bytes: its first bytes are wrong.")
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, 4).tolist()
    values = content[4 + 4 * axes :]
    if len(values) != math.prod(shape):
        raise ValueError(
            f"{path} is damaged: it should hold {math.prod(shape)} bytes for the shape {shape}, "
            f"but holds {len(values)}. Get it again."
        )
    return torch.from_numpy(np.frombuffer(values, np.uint8).copy()).reshape(shape)


def _load(name: str, folder: str | Path | None, binary: bool, download: bool) -> Digits:
    keras = Path(_KERAS[name]).expanduser() if folder is None else None
    root = Path("data" if folder is None else folder).expanduser()
    folders = [root, root / name / "raw"]
    if keras is not None and keras.suffix != ".npz":
        folders.append(keras)
    complete = all(_find(folders, file) for part in _FILES for file in part)
    if keras is not None and keras.is_file() and not complete:  # all in one file
        (images, labels), (test, test_labels) = _read_keras(keras)
    else:
        if download and not complete:
            _download(name, folders[0])
        images, labels = _pair(name, folders, _FILES[0])
        test, test_labels = _pair(name, folders, _FILES[1])
    if len(images) <= _VALIDATION:
        raise ValueError(
            f"The training file of {name} holds only {len(images)} images; the last {_VALIDATION} "
            "are for validation, so it must hold more."
        )
    sizes = (len(images) - _VALIDATION, _VALIDATION)
    pixels = [*images.split(sizes), test]
    x = [(p > 127).float() if binary else p.float() / 255 for p in (p.flatten(1) for p in pixels)]
    return Digits(*x, *labels.split(sizes), test_labels, images.shape[-1])


def _pair(
    name: str, folders: list[Path], files: tuple[str, str]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Images [n, side, side] uint8 and labels [n] int64 of one part."""
    paths = []
    for file in files:
        path = _find(folders, file)
        if path is None:
            raise FileNotFoundError(
                f"{file} (or {file}.gz) is in none of these folders: "
                f"{', '.join(map(str, folders))}. {name} does not ship with this package. Say "
                "where its four files are with folder=..., or ask for them with download=True, "
                "which needs torchvision and the network. datasets.mnist() without full=True has "
                "10,000 digits that need no files."
            )
        paths.append(path)
    images, labels = (read(path) for path in paths)
    if images.ndim != 3 or images.shape[1] != images.shape[2]:
        raise ValueError(f"{paths[0]} holds no square images: its shape is {list(images.shape)}.")
    if labels.shape != images.shape[:1]:
        raise ValueError(
            f"{paths[0]} holds {len(images)} images, but {paths[1]} has the shape "
            f"{list(labels.shape)}: they do not belong together."
        )
    return images, labels.long()


def _find(folders: list[Path], file: str) -> Path | None:
    paths = [folder / (file + ending) for folder in folders for ending in ("", ".gz")]
    return next((path for path in paths if path.is_file()), None)


def _read_keras(path: Path) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Images and labels, of training and test, from the one file in which Keras keeps MNIST."""
    try:
        with np.load(path) as file:
            parts = [(file[f"x_{part}"], file[f"y_{part}"]) for part in ("train", "test")]
    except (OSError, EOFError, ValueError, KeyError, zlib.error, zipfile.BadZipFile):
        raise ValueError(
            f"{path} is damaged, or not the MNIST that Keras keeps there. Delete it, or say where "
            "other files are with folder=..."
        ) from None
    return [(torch.from_numpy(x), torch.from_numpy(y).long()) for x, y in parts]


def _download(name: str, folder: Path) -> None:
    try:
        from torchvision import datasets
    except ImportError:
        raise ImportError(
            f"download=True needs torchvision, which is not installed: pip install torchvision. "
            f"Or put the four files of {name} into {folder} yourself."
        ) from None
    getattr(datasets, name)(folder, download=True)
