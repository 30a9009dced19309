"""A weather diary: sunny, cloudy and snowy days whose probabilities are all known exactly.

Tomorrow depends on today and yesterday, and on nothing older: a Markov chain of order 2. Diaries
start in the chain's stationary distribution, so every day of a diary has the same distribution:
sunny 1/5, cloudy 3/10, snowy 1/2.

The tables were made by hand so that this is exact. `_PAIRS` says how often, in 40 stationary days,
one day follows another; `_NEXT` says, in twentieths, what the third day is after two given days.
Three facts about these integers, each a sum anybody can redo, make the chain stationary:

1. Row ``a`` and column ``a`` of `_PAIRS` have the same sum (8, 12, 20): a day has the same
   distribution as the first and as the second day of a pair.
2. Every row of `_NEXT` sums to 20.
3. For every ``b`` and ``c``, the sum over ``a`` of ``_PAIRS[a][b] * _NEXT[a][b][c]`` equals
   ``20 * _PAIRS[b][c]``: if a pair of days has the distribution `_PAIRS`, so has the next pair.

Half of the 40 days are snowy, hence p(snowy) = 20/40 = 1/2 on every day of every diary.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..device import categorical

STATES = ("sunny", "cloudy", "snowy")

# How often a day of kind `row` is followed by one of kind `column`, in 40 days.
_PAIRS = (
    (3, 4, 1),
    (1, 4, 7),
    (4, 4, 12),
)
# _NEXT[a][b]: the chances of (sunny, cloudy, snowy), in twentieths, after a day `a` and then a day
# `b`. Fair weather that has lasted stays; clouds after sun bring snow, clouds after snow do not;
# snow that has just begun goes on, and two snowy days often bring the end of it.
_NEXT = (
    ((15, 4, 1), (1, 2, 17), (1, 6, 13)),
    ((7, 12, 1), (1, 5, 14), (1, 2, 17)),
    ((2, 14, 4), (3, 13, 4), (6, 5, 9)),
)
_MOST_DIARIES = 3**12


class WeatherDiary:
    """The distribution of a diary of `length` days; each day is 0 sunny, 1 cloudy or 2 snowy.

    Args:
        length: The number of days T.

    Raises:
        ValueError: If `length` is not a whole number of at least 1.

    Example:
        >>> diary = WeatherDiary(length=7)
        >>> x = diary.sample(2, generator=torch.Generator().manual_seed(0))
        >>> diary.log_prob(x).shape
        torch.Size([2])
    """

    states = STATES

    def __init__(self, length: int) -> None:
        if isinstance(length, bool) or not isinstance(length, int) or length < 1:
            raise ValueError(f"length must be a whole number of days, at least 1, not {length!r}.")
        pairs = torch.tensor(_PAIRS, dtype=torch.float64) / 40
        first = pairs.sum(1)
        self._set(length, 2, first, pairs / first[:, None], torch.tensor(_NEXT).double() / 20)

    def _set(
        self,
        length: int,
        order: int,
        first: torch.Tensor,
        second: torch.Tensor,
        third: torch.Tensor,
    ) -> None:
        self.length = length
        self.order = order  # how many days back the next day depends on
        self.first = first  # [3]        p(x_1)
        self.second = second  # [3, 3]     p(x_2 | x_1)
        self.third = third  # [3, 3, 3]  p(x_t | x_{t-2}, x_{t-1})

    def __repr__(self) -> str:
        return f"WeatherDiary(length={self.length}, order={self.order})"

    @property
    def event_shape(self) -> torch.Size:
        """The shape of one diary: [T]."""
        return torch.Size([self.length])

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> torch.Tensor:
        """`n` diaries, day after day.

        Args:
            n: How many.
            generator: A seeded ``torch.Generator``; the global stream when None.

        Returns:
            [n, T] int64.
        """
        if isinstance(n, bool) or not isinstance(n, int) or n < 0:
            raise ValueError(f"n must be a whole number of diaries, not {n!r}.")
        days: list[torch.Tensor] = []
        for t in range(self.length):
            if t == 0:
                probs = self.first.expand(n, 3)
            elif t == 1:
                probs = self.second[days[0]]
            else:
                probs = self.third[days[-2], days[-1]]
            days.append(categorical(probs, generator=generator))
        return torch.stack(days, dim=-1)

    def log_prob(self, x: torch.Tensor) -> torch.Tensor:
        """log p(x) of whole diaries in nats, by the chain rule.

        Args:
            x: [..., T] whole numbers 0, 1, 2, on any device.

        Returns:
            [...] float64, on the device of `x` (on the CPU for devices without float64).

        Raises:
            TypeError: If `x` is not a tensor of whole numbers.
            ValueError: If its last axis is not T days, or a number is no state.
        """
        x = self._checked(x)
        if x.ndim == 0 or x.shape[-1] != self.length:
            raise ValueError(
                f"x has shape {list(x.shape)}, but a diary has {self.length} days: "
                f"the last axis must be {self.length}. "
                f"For another length make WeatherDiary(length=...)."
            )
        tables = (self.first, self.second, self.third)
        first, second, third = (table.log().to(x.device) for table in tables)
        total = first[x[..., 0]]
        if self.length > 1:
            total = total + second[x[..., 0], x[..., 1]]
        if self.length > 2:
            total = total + third[x[..., :-2], x[..., 1:-1], x[..., 2:]].sum(-1)
        return total

    def next_probs(self, context: Sequence[int | str] | torch.Tensor) -> torch.Tensor:
        """The probabilities of the day after `context`.

        Args:
            context: The days so far, oldest first: names, numbers, or a tensor [..., t]. Only the
                last two matter; an empty context gives the distribution of a first day.

        Returns:
            [..., 3] float64 probabilities of sunny, cloudy, snowy.
        """
        if not isinstance(context, torch.Tensor):
            if isinstance(context, str):
                context = [context]
            context = self.encode(context)
        x = self._checked(context)
        tables = (self.first, self.second, self.third)
        first, second, third = (table.to(x.device) for table in tables)
        if x.shape[-1] == 0:
            return first.expand(*x.shape[:-1], 3)
        if x.shape[-1] == 1:
            return second[x[..., 0]]
        return third[x[..., -2], x[..., -1]]

    def entropy(self) -> float:
        """H(x) of a whole diary in nats, by the chain rule of entropy."""
        pairs = self.first[:, None] * self.second
        steps = [
            _entropy(self.first),
            _conditional_entropy(self.first, self.second),
            _conditional_entropy(pairs, self.third),
        ]
        return steps[0] + steps[1] * (self.length > 1) + steps[2] * max(self.length - 2, 0)

    def entropy_rate(self) -> float:
        """Nats a day that remain however many days one has seen: the floor of every model."""
        return self.best_cross_entropy(2)

    def best_cross_entropy(self, order: int) -> float:
        """Nats a day, in a long diary, of the best model that sees the last `order` days.

        Order 0 sees nothing, order 1 yesterday, and order 2 already all that matters.
        """
        pairs = self.first[:, None] * self.second
        if (order := self._order(order)) == 0:
            return _entropy(self.first)
        if order == 1:
            return _conditional_entropy(self.first, self.second)
        return _conditional_entropy(pairs, self.third)

    def best_model(self, order: int) -> WeatherDiary:
        """The best model that sees only the last `order` days: the exact (order + 1)-gram.

        It has the true probabilities of a day given the last `order` days, and this diary's length.
        """
        order = self._order(order)
        if order >= self.order:
            return self
        second = self.second if order == 1 else self.first.expand(3, 3)
        model = object.__new__(WeatherDiary)
        model._set(self.length, order, self.first, second, second.expand(3, 3, 3))
        return model

    def enumerate(self) -> torch.Tensor:
        """All 3**T diaries, [3**T, T] int64, in the order of counting.

        Raises:
            ValueError: If there are more than 3**12 of them.
        """
        if 3**self.length > _MOST_DIARIES:
            raise ValueError(
                f"There are 3**{self.length} diaries of {self.length} days: too many to list. "
                "Use 12 days or fewer, or sample()."
            )
        return torch.cartesian_prod(*[torch.arange(3)] * self.length).reshape(-1, self.length)

    @staticmethod
    def encode(days: Sequence[int | str]) -> torch.Tensor:
        """Names (or numbers) of days as a tensor [t] int64.

        Raises:
            ValueError: If a name is none of sunny, cloudy, snowy.
        """
        for day in days:
            if day not in STATES and day not in (0, 1, 2):
                raise ValueError(
                    f"{day!r} is not a state of the weather; use 'sunny', 'cloudy' or 'snowy' "
                    "(or 0, 1, 2)."
                )
        numbers = [STATES.index(day) if isinstance(day, str) else int(day) for day in days]
        return torch.tensor(numbers, dtype=torch.int64)

    @staticmethod
    def decode(x: torch.Tensor) -> list:
        """The names of the days of one diary [t], or a list of such lists for [n, t]."""
        x = WeatherDiary._checked(x)
        if x.ndim > 1:
            return [WeatherDiary.decode(row) for row in x]
        return [STATES[day] for day in x.tolist()]

    @staticmethod
    def _order(order: int) -> int:
        if isinstance(order, bool) or not isinstance(order, int) or order < 0:
            raise ValueError(f"order must be a whole number of days, 0 or more, not {order!r}.")
        return order

    @staticmethod
    def _checked(x: torch.Tensor) -> torch.Tensor:
        if not isinstance(x, torch.Tensor):
            raise TypeError(
                f"Expected a tensor of days, got {type(x).__name__}. "
                "WeatherDiary.encode(['snowy', 'cloudy']) makes one."
            )
        if x.is_floating_point() or x.is_complex() or x.dtype == torch.bool:
            raise TypeError(
                f"Days are whole numbers 0, 1, 2, but the tensor holds {x.dtype}; use x.long()."
            )
        if x.numel() and (x.min() < 0 or x.max() > 2):
            raise ValueError(
                f"Days are 0 (sunny), 1 (cloudy) or 2 (snowy), but x holds numbers from "
                f"{int(x.min())} to {int(x.max())}."
            )
        if x.device.type == "mps":  # has no float64
            x = x.cpu()
        return x.long()


def _entropy(probs: torch.Tensor) -> float:
    return torch.special.entr(probs).sum().item()


def _conditional_entropy(context: torch.Tensor, probs: torch.Tensor) -> float:
    """Nats of the last axis of `probs` given a context of the given probabilities."""
    return (context * torch.special.entr(probs).sum(-1)).sum().item()
