"""The full MNIST and Fashion-MNIST from files you have: 70,000 images of 28x28 pixels each.

They do not ship with this package, and nothing is downloaded unless you ask for it. The files are
in the IDX format, four for each data set: ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``,
``t10k-images-idx3-ubyte`` and ``t10k-labels-idx1-ubyte``, with or without ``.gz`` at the end.
``digits.large()`` has 10,000 images of MNIST's training set and needs none of this.

Sources: MNIST, LeCun, Cortes and Burges; Fashion-MNIST, Xiao, Rasul and Vollgraf, 2017.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
import torch

from .digits import Digits

_FILES = tuple((f"{p}-images-idx3-ubyte", f"{p}-labels-idx1-ubyte") for p in ("train", "t10k"))
_VALIDATION = 5000


def mnist(folder: str | Path, *, binary: bool = True, download: bool = False) -> Digits:
    """MNIST: 55,000 images for training, 5,000 for validation, 10,000 for the test.

    The validation images are the last 5,000 of the training files; no order is changed.

    Args:
        folder: Where the four files are: there, or where torchvision puts them below it
            (``folder/MNIST/raw``).
        binary: Pixels above 127 (of 0 to 255) become 1, the others 0. When False, pixel / 255.
        download: If the files are not there, let torchvision download them into `folder`.

    Raises:
        FileNotFoundError: If the files are not there; the message says how to get them.
        ImportError: If they are to be downloaded and torchvision is not installed.
        ValueError: If a file is damaged or not what its name says.
    """
    return _load("MNIST", folder, binary, download)


def fashion_mnist(folder: str | Path, *, binary: bool = True, download: bool = False) -> Digits:
    """Fashion-MNIST, pictures of clothes: as `mnist`, in ``folder/FashionMNIST/raw``."""
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


def _load(name: str, folder: str | Path, binary: bool, download: bool) -> Digits:
    folder = Path(folder).expanduser()
    if download and not all(_find(name, folder, file) for part in _FILES for file in part):
        _download(name, folder)
    images, labels = _pair(name, folder, _FILES[0])
    test, test_labels = _pair(name, folder, _FILES[1])
    if len(images) <= _VALIDATION:
        raise ValueError(
            f"The training file of {name} holds only {len(images)} images; the last {_VALIDATION} "
            "are for validation, so it must hold more."
        )
    sizes = (len(images) - _VALIDATION, _VALIDATION)
    pixels = [*images.split(sizes), test]
    x = [(p > 127).float() if binary else p.float() / 255 for p in (p.flatten(1) for p in pixels)]
    return Digits(*x, *labels.split(sizes), test_labels, images.shape[-1])


def _pair(name: str, folder: Path, files: tuple[str, str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Images [n, side, side] uint8 and labels [n] int64 of one part."""
    paths = []
    for file in files:
        path = _find(name, folder, file)
        if path is None:
            raise FileNotFoundError(
                f"{file} (or {file}.gz) is neither in {folder} nor in {folder / name / 'raw'}. "
                f"{name} does not ship with this package. Put its four files there, or ask for "
                "them with download=True, which needs torchvision and the network. "
                "digits.large() has 10,000 digits that need no files."
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


def _find(name: str, folder: Path, file: str) -> Path | None:
    places = (folder, folder / name / "raw")
    paths = [place / (file + ending) for place in places for ending in ("", ".gz")]
    return next((path for path in paths if path.is_file()), None)


def _download(name: str, folder: Path) -> None:
    try:
        from torchvision import datasets
    except ImportError:
        raise ImportError(
            f"download=True needs torchvision, which is not installed: pip install torchvision. "
            f"Or put the four files of {name} into {folder} yourself."
        ) from None
    getattr(datasets, name)(folder, download=True)
