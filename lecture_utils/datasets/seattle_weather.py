"""The weather of Seattle, day by day from 2012 to 2015: a real diary beside the invented one.

641 rainy days, 640 sunny, 101 foggy, 53 of drizzle and 26 of snow. Source: National Oceanic and
Atmospheric Administration, as the package vega-datasets gives it; its makers chose the word for the
kind of weather from the station's records.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass

import numpy as np
import torch

from ._files import read_shipped

STATES = ("sun", "fog", "drizzle", "rain", "snow")
TRAINING_DAYS = 1096  # 2012, 2013 and 2014


@dataclass(frozen=True)
class SeattleWeather:
    """1461 days in their order, none left out.

    Attributes:
        days: [1461] int64, the kind of weather: 0 sun, 1 fog, 2 drizzle, 3 rain, 4 snow.
        dates: [1461] numpy ``datetime64[D]``.
        precipitation: [1461] float32, mm.
        highest: [1461] float32, the day's highest temperature in degrees Celsius.
        lowest: [1461] float32, the lowest.
        wind: [1461] float32, m/s.
        states: The words for the kinds of weather, in the order of their numbers.
    """

    days: torch.Tensor
    dates: np.ndarray
    precipitation: torch.Tensor
    highest: torch.Tensor
    lowest: torch.Tensor
    wind: torch.Tensor
    states: tuple[str, ...] = STATES

    @property
    def train(self) -> torch.Tensor:
        """[1096] int64, the kinds of weather of 2012 to 2014.

        The split is by time, as a forecast is judged on days that come later.
        """
        return self.days[:TRAINING_DAYS]

    @property
    def test(self) -> torch.Tensor:
        """[365] int64, the kinds of weather of 2015."""
        return self.days[TRAINING_DAYS:]

    def decode(self, days: torch.Tensor) -> list[str]:
        """Numbers of `days` [t] as words.

        Raises:
            ValueError: If `days` is not one row of the numbers 0 to 4.
        """
        numbers = days.tolist() if isinstance(days, torch.Tensor) and days.ndim == 1 else [None]
        if not all(isinstance(day, int) and 0 <= day < len(self.states) for day in numbers):
            raise ValueError("decode takes a tensor [t] of the numbers 0 to 4.")
        return [self.states[day] for day in numbers]

    def __repr__(self) -> str:
        return f"SeattleWeather({len(self.days)} days, {self.dates[0]} to {self.dates[-1]})"


def load() -> SeattleWeather:
    """The 1461 days.

    Raises:
        DataFileError: If the shipped file is missing or damaged.
    """
    content = read_shipped("seattle-weather.csv").decode("ascii")
    rows = list(csv.DictReader(content.splitlines()))

    def numbers(column: str) -> torch.Tensor:
        return torch.tensor([float(row[column]) for row in rows])

    return SeattleWeather(
        days=torch.tensor([STATES.index(row["weather"]) for row in rows]),
        dates=np.array([row["date"] for row in rows], dtype="datetime64[D]"),
        precipitation=numbers("precipitation"),
        highest=numbers("temp_max"),
        lowest=numbers("temp_min"),
        wind=numbers("wind"),
    )
