"""What a training run remembers: the losses of every step and the scores on held-out data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class History(Mapping):
    """The losses of a run by name: ``history["loss"][i]`` is the loss of step i + 1.

    Attributes:
        losses: {name: [one number a step]}.
        validation: {name: [(step, number), ...]} on held-out data.
    """

    def __init__(self) -> None:
        self.losses: dict[str, list[float]] = {}
        self.validation: dict[str, list[tuple[int, float]]] = {}

    def __getitem__(self, name: str) -> list[float]:
        if name not in self.losses:
            known = ", ".join(map(repr, self.losses)) or "nothing yet: call fit first"
            raise KeyError(f"No loss is called {name!r}; there is {known}.")
        return self.losses[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.losses)

    def __len__(self) -> int:
        return len(self.losses)

    def __repr__(self) -> str:
        if not self.losses:
            return "History(no steps yet)"
        parts = [f"{self.steps} steps"]
        for name, values in self.losses.items():
            recent = values[-50:]
            parts.append(f"{name} {sum(recent) / len(recent):.4g}")
        for name, points in self.validation.items():
            parts.append(f"validation {name} {points[-1][1]:.4g}")
        return f"History({', '.join(parts)})"

    @property
    def steps(self) -> int:
        """The number of steps made."""
        return max(map(len, self.losses.values()), default=0)

    def add(self, names: list[str], rows: list[list[float]]) -> None:
        """Append the losses of some steps: `rows` holds one row a step, one number a name.

        Raises:
            ValueError: If the names are not those of the steps before.
        """
        if self.losses and set(names) != set(self.losses):
            raise ValueError(
                f"The loss named its terms {list(self.losses)} at first and {names} later; every "
                "step must return the same names."
            )
        for name, column in zip(names, zip(*rows, strict=True), strict=True):
            self.losses.setdefault(name, []).extend(column)

    def add_validation(self, step: int, scores: dict[str, float]) -> None:
        """Note the scores on held-out data after `step` steps."""
        for name, score in scores.items():
            self.validation.setdefault(name, []).append((step, score))

    def cut(self, step: int) -> None:
        """Forget everything after `step` steps."""
        for values in self.losses.values():
            del values[step:]
        for points in self.validation.values():
            points[:] = [point for point in points if point[0] <= step]

    def state_dict(self) -> dict[str, dict]:
        """Plain values for a checkpoint."""
        return {"losses": self.losses, "validation": self.validation}

    def load_state_dict(self, state: dict[str, dict]) -> None:
        """Take over what `state_dict` returned."""
        self.losses = {name: list(values) for name, values in state["losses"].items()}
        self.validation = {
            name: [(int(step), score) for step, score in points]
            for name, points in state["validation"].items()
        }

    def plot(
        self,
        name: str = "loss",
        *,
        floor: float | None = None,
        floor_label: str = "the best possible",
        smooth: int | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw one loss against the steps, its running mean, the validation and a floor.

        Args:
            name: Which loss.
            floor: A value no model can beat, for instance an entropy; drawn as a dashed line.
            floor_label: What the floor is.
            smooth: Steps in the running mean; a fiftieth of the run when None.
            ax: Where to draw; a new figure when None.

        Returns:
            The Matplotlib axes.

        Raises:
            KeyError: If no loss has that name.
        """
        values = self[name]
        import matplotlib.pyplot as plt
        import numpy as np

        from ..figures.style import COLORS, use_style

        if ax is None:
            use_style()
            ax = plt.subplots()[1]
        smooth = smooth or max(1, len(values) // 50)
        steps = np.arange(1, len(values) + 1)
        mean = np.convolve(values, np.ones(smooth) / smooth, mode="valid")
        ax.plot(steps, values, lw=0.6, alpha=0.3, color=COLORS["slate"])
        ax.plot(steps[smooth - 1 :], mean, color=COLORS["slate"], label="training")
        if points := self.validation.get(name):
            line = {"ls": "none", "marker": "o", "ms": 4, "color": COLORS["ink"]}
            ax.plot(*zip(*points, strict=True), **line, label="held-out data")
        if floor is not None:
            ax.axhline(floor, ls="--", color=COLORS["ok"], label=floor_label)
        ax.set(xlabel="step", ylabel=name.replace("_", " "))
        ax.legend()
        return ax
