"""First names given in the United States in 2017: short words for a model of characters.

29,910 distinct names of the letters a to z, with the number of children who got each. The split is
by name: no test name is a training name. Source: US Social Security Administration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase

import torch

from ._files import read_shipped

ALPHABET = ascii_lowercase
END = len(ALPHABET)  # the token that ends a name
VOCABULARY = END + 1
LONGEST = 15


@dataclass(frozen=True)
class Names:
    """Names as rows of tokens, in a fixed split.

    A row is the letters of a name (a = 0 ... z = 25), then END = 26 up to the end of the row. A
    model scores a name up to and including its *first* END; what follows is padding.

    Attributes:
        train: [n, 16] int64.
        validation: [n, 16], for choosing settings and when to stop.
        test: [n, 16], for the number that is reported.
        train_counts: [n] int64, children with that name; so are the other two.
        alphabet: The letters, in the order of their tokens.
        end: The END token.
        vocabulary: The number of different tokens, END included.
    """

    train: torch.Tensor
    validation: torch.Tensor
    test: torch.Tensor
    train_counts: torch.Tensor
    validation_counts: torch.Tensor
    test_counts: torch.Tensor
    alphabet: str = ALPHABET
    end: int = END
    vocabulary: int = VOCABULARY

    def __repr__(self) -> str:
        sizes = f"{len(self.train)} train, {len(self.validation)} validation, {len(self.test)} test"
        return f"Names({sizes})"

    def encode(self, words: Sequence[str]) -> torch.Tensor:
        """Words as rows of tokens [n, 16]: see `encode`."""
        return encode(words)

    def decode(self, x: torch.Tensor) -> list[str]:
        """Rows of tokens as words: see `decode`."""
        return decode(x)


def load() -> Names:
    """The names: 23,910 for training, 3,000 for validation, 3,000 for the test.

    The split is ``torch.randperm(29910)`` with seed 0 over the names in alphabetical order.

    Raises:
        DataFileError: If the shipped file is missing or damaged.
    """
    lines = read_shipped("names-us-2017.csv").decode("ascii").splitlines()[1:]
    table = sorted((name, int(count)) for name, count in (line.split(",") for line in lines))
    order = torch.randperm(len(table), generator=torch.Generator().manual_seed(0))
    sizes = (len(table) - 6000, 3000, 3000)
    tokens = encode([name for name, _ in table])[order]
    counts = torch.tensor([count for _, count in table])[order]
    return Names(*tokens.split(sizes), *counts.split(sizes))


def encode(words: Sequence[str], length: int = LONGEST + 1) -> torch.Tensor:
    """Words of the letters a to z as rows of tokens, filled up with END.

    Args:
        words: Lower-case words, each shorter than `length`.
        length: Tokens in a row, END included.

    Returns:
        [n, length] int64.

    Raises:
        TypeError: If `words` is one string instead of a list of strings.
        ValueError: If a word is too long or holds anything but the letters a to z.
    """
    if isinstance(words, str):
        raise TypeError(f"encode takes a list of words: encode([{words!r}]).")
    x = torch.full((len(words), length), END)
    for row, word in zip(x, words, strict=True):
        if not (word.isascii() and word.islower() and word.isalpha()):
            raise ValueError(f"{word!r} holds something else than the lower-case letters a to z.")
        if len(word) >= length:
            raise ValueError(
                f"{word!r} has {len(word)} letters; with its END it does not fit into {length} "
                f"tokens. Use encode(words, length={len(word) + 1}) or more."
            )
        row[: len(word)] = torch.tensor([ord(letter) - ord("a") for letter in word])
    return x


def decode(x: torch.Tensor) -> list[str]:
    """Rows of tokens [n, t] as words; each ends before its first END.

    Raises:
        TypeError: If `x` is not a tensor of whole numbers with two axes.
        ValueError: If a number is no token.
    """
    if not isinstance(x, torch.Tensor) or x.ndim != 2 or x.is_floating_point():
        raise TypeError("decode takes a tensor [n, t] of whole numbers, one row a word.")
    if x.numel() and (x.min() < 0 or x.max() > END):
        raise ValueError(f"Tokens are 0 to {END}, but x holds {int(x.min())} to {int(x.max())}.")
    rows = x.tolist()
    return [
        "".join(ALPHABET[t] for t in (row[: row.index(END)] if END in row else row)) for row in rows
    ]
