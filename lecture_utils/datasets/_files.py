"""Reading the shipped files, with a clear answer when one is missing or damaged."""

from __future__ import annotations

import hashlib
from pathlib import Path

FOLDER = Path(__file__).parent / "files"

CHECKSUMS = {
    "attempts.npz": "cb17d94e8a5f4fec15c3117d046ea4a4cab2198504f43acb8456aaa223d32fbf",
    "digits-8x8.npz": "b2dab7b501728c22e9119ad76740b2e17c77a231e42d1e592380d90886f1a05e",
    "digits-28x28.npz": "f1a23f2fb1a1c97bb00a811807ddd50a888dbcdcdead94147993273c22ee3f37",
    "gan-runs.npz": "0e890149d746c2e2de928bb0ddf28458dbefd4955dfbc0ea1d4c7bee9b2b9845",
    "names-us-2017.csv": "b7b825e1d2681869cf2786b8e97878a862619fdd976f357a825cb043b518e71e",
    "seattle-weather.csv": "0845078a290b48e3149ab8639966824110a251db4e06fc144c06ebb534af23be",
}


class DataFileError(OSError):
    """A file that ships with the package is missing or not the one that was shipped."""


def read_shipped(name: str) -> bytes:
    """The bytes of ``datasets/files/name`` after comparing their SHA-256 with the known one.

    Raises:
        DataFileError: If the file is missing or damaged; the message says how to get it back.
    """
    path = FOLDER / name
    advice = (
        "It ships with lecture_utils: install the package again, or in a clone of the "
        f"repository restore it with `git checkout -- lecture_utils/datasets/files/{name}`."
    )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataFileError(
            f"Cannot read the data file {path}: {error.strerror}. {advice}"
        ) from None
    if name.endswith(".csv"):  # Git may have written Windows line ends
        content = content.replace(b"\r\n", b"\n")
    if hashlib.sha256(content).hexdigest() != CHECKSUMS[name]:
        raise DataFileError(f"The data file {path} is damaged: its checksum is wrong. {advice}")
    return content
