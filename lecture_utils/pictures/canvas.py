"""Painting many small pictures at once.

A shape is a *signed distance*: how far a point is from the edge, negative inside. A pixel is
covered by ``0.5 - distance / edge``, cut to [0, 1]: an edge one pixel wide looks smooth, and needs
no finer grid. Shapes are painted back to front, each only in its window and only in the pictures
that have it.

Coordinates go from -1 to 1, or from -span to span: x to the right, y *down*. With ``span = S / 2``
the unit is a pixel, and pixel edges are whole numbers.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import torch

Shape = Callable[[Any, torch.Tensor, torch.Tensor], torch.Tensor]
Window = tuple[float, float, float, float]  # left, top, right, bottom

_LUMINANCE = (0.299, 0.587, 0.114)  # how bright the eye finds red, green and blue (ITU-R BT.601)
_PART = 64  # pictures painted together: few enough to stay in the processor's cache

Looks = TypeVar("Looks")


class Canvas:
    """`n` pictures in the making.

    Args:
        n: How many.
        size: Pixels a side, S.
        numbers: What the shapes may ask for, each a tensor [n]: in a shape it is ``p.name``, with
            shape [m, 1, 1] for the m pictures that are being painted.
        gray: One channel instead of three. Colors are then turned into their luminance.
        span: Coordinates go from -span to span.
        edge: Width of the edges in pixels: 1 is smooth, less is crisp.
        device: Where to paint.
        dtype: Of the pixels.

    Attributes:
        pixels: [n, 3 or 1, S, S] between 0 and 1.
    """

    def __init__(
        self,
        n: int,
        size: int,
        numbers: dict[str, torch.Tensor],
        *,
        gray: bool = False,
        span: float = 1.0,
        edge: float = 1.0,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.size, self.span = size, span
        self._edge = 2 * span / size * edge
        self.pixels = torch.zeros(n, 1 if gray else 3, size, size, device=device, dtype=dtype)
        self._numbers = {
            name: value.to(self.pixels).reshape(n, 1, 1) for name, value in numbers.items()
        }
        ticks = (torch.arange(size, device=device, dtype=dtype) + 0.5) * (2 * span / size) - span
        self._x, self._y = ticks[None, None, :], ticks[None, :, None]
        self._pose: tuple[str, ...] | None = None

    def pose(self, turn: str | None = None, right: str = "", down: str = "") -> None:
        """Paint what follows in a frame of its own, moved and turned about its middle.

        Args:
            turn: The number that holds the angle, in radians, clockwise. None: back to the canvas.
            right: The number that says how far the frame is moved to the right.
            down: The number that says how far it is moved down.
        """
        self._pose = None if turn is None else (turn, right, down)

    def paint(
        self,
        shape: Shape,
        color: Any,
        *,
        only: torch.Tensor | None = None,
        window: Window | None = None,
        opacity: float = 1.0,
        soft: float = 0.0,
    ) -> None:
        """Paint one shape over what is there.

        Args:
            shape: ``shape(p, x, y)`` gives the signed distance, broadcastable to [m, h, w].
            color: ``"#rrggbb"``, or red, green and blue of each picture, [n, 3].
            only: [n] bool, the pictures that have the shape; all when None.
            window: Outside it nothing is painted: left, top, right, bottom. None: everywhere.
            opacity: 1 covers what is below, 0 leaves it.
            soft: Width of the edge, where it is to be softer than one pixel: light, blush, shadow.
        """
        chosen = None if only is None else only.nonzero().flatten()
        if chosen is not None and not len(chosen):
            return
        columns, rows = slice(None), slice(None)
        if window is not None:
            left, top, right, bottom = (self._pixel(edge) for edge in window)
            columns, rows = slice(left, right + 1), slice(top, bottom + 1)
        p = _Numbers(self._numbers, chosen)
        x, y = self._x[..., columns], self._y[:, rows]
        if self._pose is not None:
            turn, dx, dy = (getattr(p, name) for name in self._pose)
            x, y, cos, sin = x - dx, y - dy, turn.cos(), turn.sin()
            x, y = cos * x + sin * y, cos * y - sin * x
        distance = shape(p, x, y)
        width = max(soft, self._edge)
        cover = (0.5 - distance / width).clamp_(0, 1)[:, None]  # [m or 1, 1, h, w]
        if opacity != 1:
            cover = cover * opacity
        color = self._color(color, chosen)
        if chosen is None:
            self.pixels[..., rows, columns].lerp_(color, cover)
        else:
            area = self.pixels[chosen, :, rows, columns]
            self.pixels[chosen, :, rows, columns] = area.lerp_(color, cover)

    def _pixel(self, edge: float) -> int:
        """The pixel that holds the coordinate `edge`."""
        return min(max(int((edge / self.span + 1) / 2 * self.size), 0), self.size - 1)

    def _color(self, color: Any, chosen: torch.Tensor | None) -> torch.Tensor:
        """[m or 1, channels, 1, 1]."""
        if isinstance(color, str):
            color = rgb(color).to(self.pixels)
        else:
            color = color.to(self.pixels)
            color = color if chosen is None else color[chosen]
        if self.pixels.shape[1] == 1:
            color = (color @ color.new_tensor(_LUMINANCE))[:, None]
        return color[:, :, None, None]


class _Numbers:
    """The numbers of the pictures that are being painted, picked when a shape asks for them."""

    def __init__(self, numbers: dict[str, torch.Tensor], chosen: torch.Tensor | None) -> None:
        self._numbers, self._chosen = numbers, chosen

    def __getattr__(self, name: str) -> torch.Tensor:
        value = self._numbers[name]
        return value if self._chosen is None else value[self._chosen]


def rgb(*colors: str) -> torch.Tensor:
    """Colors ``"#rrggbb"`` as a table [n, 3] of numbers between 0 and 1."""
    codes = [[int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)] for color in colors]
    return torch.tensor(codes)


def color_of(table: torch.Tensor, number: torch.Tensor) -> torch.Tensor:
    """The colors [n, 3] that whole numbers [n] choose from a table [K, 3]."""
    return table.to(number.device)[number]


def binary(rows: torch.Tensor, size: int, name: str) -> torch.Tensor:
    """Rows [..., size] of zeros and ones as bool.

    Raises:
        TypeError: If they are no tensor.
        ValueError: If they have another length or hold other numbers.
    """
    if not isinstance(rows, torch.Tensor):
        raise TypeError(
            f"{name} must be a tensor, not {type(rows).__name__}; use torch.tensor(...)."
        )
    if rows.shape[-1:] != (size,):
        raise ValueError(
            f"{name} must be rows of {size} zeros and ones, [..., {size}], not {list(rows.shape)}."
        )
    if not ((rows == 0) | (rows == 1)).all():
        low, high = rows.min().item(), rows.max().item()
        raise ValueError(f"{name} must be 0 or 1, but they go from {low} to {high}.")
    return rows.bool()


def binary_rows(rows: torch.Tensor, size: int, name: str) -> torch.Tensor:
    """As `binary`, for [n, size]: one row for each picture.

    Raises:
        TypeError, ValueError: As `binary`, or if there is not one row a picture.
    """
    rows = binary(rows, size, name)
    if rows.ndim != 2:
        raise ValueError(
            f"{name} must be [n, {size}], a row for each picture, not {list(rows.shape)}. For a "
            f"single picture use {name}[None]."
        )
    return rows


def parts(looks: Looks) -> Iterator[Looks]:
    """A dataclass of tensors [n], cut into dataclasses of at most 64 pictures each."""
    names = [field.name for field in dataclasses.fields(looks)]
    pieces = [getattr(looks, name).split(_PART) for name in names]
    for values in zip(*pieces, strict=True):
        yield type(looks)(**dict(zip(names, values, strict=True)))


def ellipse(x: Any, y: Any, cx: Any, cy: Any, rx: Any, ry: Any) -> torch.Tensor:
    """Around (cx, cy) with the half-axes rx and ry: the distance to first order at the edge."""
    u, v = (x - cx) / rx, (y - cy) / ry
    tiny = 1e-12  # else the center itself would be 0/0
    radius = (u * u + v * v + tiny).sqrt()
    slope = ((u / rx) ** 2 + (v / ry) ** 2 + tiny / (rx * ry)).sqrt()  # of `radius`, times it
    return radius * (radius - 1) / slope


def circle(x: Any, y: Any, cx: Any, cy: Any, r: Any) -> torch.Tensor:
    """Around (cx, cy) with the radius r."""
    return ((x - cx) ** 2 + (y - cy) ** 2).sqrt() - r


def box(x: Any, y: Any, cx: Any, cy: Any, half: Any, high: Any, round: float = 0.0) -> torch.Tensor:
    """A rectangle around (cx, cy), `half` to either side, `high` up and down, corners rounded."""
    u, v = (x - cx).abs() - half + round, (y - cy).abs() - high + round
    outside = (u.clamp(min=0) ** 2 + v.clamp(min=0) ** 2).sqrt()
    return outside + torch.maximum(u, v).clamp(max=0) - round


def capsule(x: Any, y: Any, x0: Any, y0: Any, x1: Any, y1: Any, r: Any) -> torch.Tensor:
    """A line from (x0, y0) to (x1, y1), drawn with a round pen of radius r."""
    ex, ey = x1 - x0, y1 - y0
    along = (((x - x0) * ex + (y - y0) * ey) / (ex * ex + ey * ey + 1e-9)).clamp(0, 1)
    return ((x - x0 - along * ex) ** 2 + (y - y0 - along * ey) ** 2).sqrt() - r


def outline(distance: torch.Tensor, pen: Any) -> torch.Tensor:
    """The edge of a shape, drawn with a pen of half-width `pen`."""
    return distance.abs() - pen


def both(*distances: torch.Tensor) -> torch.Tensor:
    """Where all the shapes are."""
    return functools.reduce(torch.maximum, distances)


def either(*distances: torch.Tensor) -> torch.Tensor:
    """Where any of the shapes is."""
    return functools.reduce(torch.minimum, distances)


def without(distance: torch.Tensor, hole: torch.Tensor) -> torch.Tensor:
    """The shape less the other one."""
    return torch.maximum(distance, -hole)
