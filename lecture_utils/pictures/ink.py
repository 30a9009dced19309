"""The exact worlds as small ink drawings: how black each pixel is, between 0 and 1.

Drawn on the pixel grid, so that most pixels are surely black or surely white; where a line crosses
a pixel it is gray. What may be hidden is drawn first and covered.
"""

from __future__ import annotations

import functools

import torch

from .bedrooms import ATTRIBUTES
from .canvas import (
    Canvas,
    Shape,
    binary_rows,
    both,
    box,
    circle,
    either,
    ellipse,
    outline,
)
from .faces import GARMENTS, GENES

SIDE = 28  # pixels a side

_INK, _PAPER = "#ffffff", "#000000"  # a picture of how much ink there is: white is where it is


def faces(genes: torch.Tensor, garments: torch.Tensor) -> torch.Tensor:
    """The faces as small ink drawings on the pixel grid, without pose or variety.

    Args:
        genes: [n, 8] zeros and ones.
        garments: [n, 3] zeros and ones. The hat hides the hairline, the scarf the dimples, the
            sunglasses eyes and brows.

    Returns:
        [n, 28, 28] ink between 0 and 1. Edges are gray where they cross a pixel; freckles and
        dimples are faint marks of a few pixels, and share some of them.

    Raises:
        TypeError, ValueError: If they are no such tensors.
    """
    genes = binary_rows(genes, len(GENES), "genes")
    garments = binary_rows(garments, len(GARMENTS), "garments")
    if len(garments) != len(genes):
        raise ValueError(
            "There must be a row of genes and one of garments for every face, not "
            f"{len(genes)} and {len(garments)}."
        )
    n, device = len(genes), genes.device
    on = dict(zip(GENES, genes.unbind(-1), strict=True))
    hat, scarf, sunglasses = garments.unbind(-1)
    dark, light = on["dark"], ~on["dark"]
    numbers = {  # in pixels
        "wide": 7.5 + 1.7 * on["round"],
        "tall": 10.6 - 1.0 * on["round"],
        "wave": 0.75 * on["curly"],
        "drop": 3.4 * on["peak"],
        "brow": 0.5 + 0.5 * on["brows"],
    }
    canvas = Canvas(n, SIDE, numbers, gray=True, span=SIDE / 2, edge=0.4, device=device)
    paint, draw_line = canvas.paint, functools.partial(_draw_line, canvas)

    def dot(column: int, row: int) -> Shape:
        """A pixel on either side; column 0 is the first right of the middle, row 0 below it."""
        return lambda p, x, y: box(x.abs(), y, column + 0.5, row + 0.5, 0.5, 0.5)

    draw_line(lambda p, x, y: ellipse(x.abs(), y, p.wide + 0.7, 2.3, 1.4, 2.1))
    draw_line(lambda p, x, y: ellipse(x, y, 0, 2.0, p.wide, p.tall))

    def hair(p, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        curls = p.wave * (1 - torch.cos(10 * torch.atan2(x, 2 - y)))
        outer = ellipse(x, y, 0, 0.8, p.wide + 1.5, 11.8) - curls
        front = y + 7 - p.drop * (1 - x.abs() / 3.6).clamp(min=0)
        beside = both(p.wide - 1.1 - x.abs(), y - 0.5)
        return both(outer, either(front, beside))

    paint(hair, _INK, only=dark)
    draw_line(lambda p, x, y: hair(p, x, y) + 0.4, light)
    strand = lambda p, x, y: both(hair(p, x, y) + 1, (x.abs() - 3.5).abs() - 0.5, y + 7.5)  # noqa: E731
    paint(strand, _INK, only=light)
    # Eyes, brows, nose, mouth.
    paint(lambda p, x, y: circle(x.abs(), y, 3.5, 1.5, 2.5), _INK, only=on["eyes"])
    for s in (-1, 1):  # the light falls on both eyes from one side
        paint(lambda p, x, y, s=s: box(x, y, 3.5 * s - 1, 0.5, 0.5, 0.5), _PAPER, only=on["eyes"])
    paint(lambda p, x, y: outline(circle(x.abs(), y, 3.5, 1.5, 2), 0.5), _INK, only=~on["eyes"])
    paint(dot(3, 1), _INK, only=~on["eyes"])
    paint(lambda p, x, y: box(x.abs(), y, 3.5, p.brow - 4, 2.5, p.brow), _INK)
    paint(lambda p, x, y: box(x, y, 0, 4.5, 1, 0.5), _INK)
    paint(lambda p, x, y: both((y - 8.3 + x * x / 12.5).abs() - 0.65, x.abs() - 3.8), _INK)
    # Faint marks. A face with both genes has them from both: one gene does not undo the other.
    for shape, freckle, dimple in (
        (dot(3, 5), 0.4, 0.0),
        (dot(5, 6), 0.65, 0.65),
        (dot(5, 7), 0.35, 0.7),
    ):
        paint(shape, _INK, only=on["freckles"], opacity=freckle)
        paint(shape, _INK, only=on["dimples"], opacity=dimple)
    # What is worn.
    paint(lambda p, x, y: box(x.abs(), y, 4, 0, 3, 4, 1.6), _INK, only=sunglasses)
    for column, row in ((-2, -2), (-1, -3), (-1, -2)):
        for s in (-1, 1):
            paint(
                lambda p, x, y, s=s, c=column, r=row: box(x, y, 4 * s + c + 0.5, r + 0.5, 0.5, 0.5),
                _PAPER,
                only=sunglasses,
            )
    paint(lambda p, x, y: both((y + 0.5).abs() - 0.5, x.abs() - p.wide), _INK, only=sunglasses)

    def wrap(p, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return box(x, y, 0, 10.5, 9.5, 4, 2.2)

    draw_line(wrap, scarf)
    paint(
        lambda p, x, y: both(wrap(p, x, y), ((x + 0.7 * y) % 5 - 2.5).abs() - 1.05),
        _INK,
        only=scarf,
    )

    def dome(p, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return both(ellipse(x, y, 0, -6.5, p.wide + 1.3, 6), y + 6.5)

    paint(lambda p, x, y: y + 4, _PAPER, only=hat)
    draw_line(dome, hat)
    paint(
        lambda p, x, y: both(dome(p, x, y), (x.abs() - 3.5).abs() - 0.5),
        _INK,
        only=hat,
    )
    band = lambda p, x, y: box(x, y, 0, -6, p.wide + 1.9, 2, 1)  # noqa: E731
    draw_line(lambda p, x, y: band(p, x, y) + 0.5, hat)
    paint(
        lambda p, x, y: both(band(p, x, y) + 0.5, ((x.abs() + 1) % 4 - 1).abs() - 1),
        _INK,
        only=hat,
    )
    paint(lambda p, x, y: circle(x, y, 0, -12, 2), _INK, only=hat)
    return canvas.pixels[:, 0]


def bedrooms(attributes: torch.Tensor, shadow: torch.Tensor) -> torch.Tensor:
    """The bedrooms as small ink drawings on the pixel grid.

    Args:
        attributes: [n, 6] zeros and ones, in the order of `bedrooms.ATTRIBUTES`.
        shadow: [n] 0 none, 1 over the left side of the room, 2 over the right side. On the left it
            hides the painting, on the right the curtains.

    Returns:
        [n, 28, 28] ink between 0 and 1. Edges are gray where they cross a pixel.

    Raises:
        TypeError, ValueError: If they are no such tensors.
    """
    attributes = binary_rows(attributes, len(ATTRIBUTES), "attributes")
    if not isinstance(shadow, torch.Tensor):
        raise TypeError(f"shadow must be a tensor, not {type(shadow).__name__}.")
    if shadow.shape != attributes.shape[:1]:
        raise ValueError(
            f"shadow must be [{len(attributes)}], a number for every room, not "
            f"{list(shadow.shape)}."
        )
    if not ((shadow == 0) | (shadow == 1) | (shadow == 2)).all():
        raise ValueError("shadow must be 0 (none), 1 (left) or 2 (right) for each room.")
    n, device = len(attributes), attributes.device
    king, chandelier, curtains, rug, lamps, painting = attributes.unbind(-1)
    # Half of the bed. A line around a shape is one pixel if its edge is at the middle of a pixel.
    numbers = {"wide": 4.5 + 3.0 * king, "apart": 3.5 * king}
    canvas = Canvas(n, SIDE, numbers, gray=True, span=SIDE / 2, edge=0.4, device=device)
    paint, draw_line = canvas.paint, functools.partial(_draw_line, canvas)

    def fill(left: float, top: float, right: float, bottom: float) -> Shape:
        """A rectangle on both sides of the room."""
        cx, cy = (left + right) / 2, (top + bottom) / 2
        return lambda p, x, y: box(x.abs(), y, cx, cy, (right - left) / 2, (bottom - top) / 2)

    paint(lambda p, x, y: (y - 4.5).abs() - 0.5, _INK)  # where wall and floor meet
    # The painting is of a hill.
    draw_line(lambda p, x, y: box(x, y, -9.5, -8, 3, 2.5), painting)
    hill = lambda p, x, y: both(box(x, y, -9.5, -8, 2.5, 2), (x + 9.5).abs() - 9 - y)  # noqa: E731
    paint(hill, _INK, only=painting)
    # The window, and what may hang beside it.
    window = lambda p, x, y: box(x, y, 9.5, -7.5, 3, 4)  # noqa: E731
    draw_line(window)
    paint(lambda p, x, y: both(window(p, x, y), (x - 9.5).abs() - 0.5), _INK)
    paint(lambda p, x, y: both(window(p, x, y), (y + 7.5).abs() - 0.5), _INK)
    for inner, low in ((1.5, -9), (2.5, -2)):  # gathered below, so that the window shows
        paint(
            lambda p, x, y, i=inner, b=low: both(i - (x - 9.5).abs(), -12 - y, y - b, 5 - x),
            _INK,
            only=curtains,
        )
    paint(lambda p, x, y: box(x, y, 9.5, -12.5, 4.5, 0.5), _INK, only=curtains)
    # From the ceiling.
    paint(fill(0, -14, 1, -11), _INK)
    draw_line(lambda p, x, y: circle(x, y, 0, -9, 2.5), ~chandelier)
    for bar in ((0, -9, 5, -8), (4, -11, 5, -9), (2, -11, 3, -9), (0, -11, 1, -6), (0, -8, 3, -7)):
        paint(fill(*bar), _INK, only=chandelier)
    # On the floor.
    carpet = lambda p, x, y: box(x, y, 0, 10.5, 12.5, 3, 1)  # noqa: E731
    draw_line(carpet, rug)
    stripes = lambda p, x, y: both(carpet(p, x, y), (x.abs() % 2 - 0.5).abs() - 0.5)  # noqa: E731
    paint(stripes, _INK, only=rug)
    draw_line(lambda p, x, y: box(x.abs(), y, 11.5, 6.5, 2, 2))
    for part in ((10, -1, 13, 1), (9, 1, 14, 2), (11, 2, 12, 5)):
        paint(fill(*part), _INK, only=lamps)
    # The bed: headboard, pillows, blanket with a fold and a stripe.
    draw_line(lambda p, x, y: box(x, y, 0, 0.5, p.wide, 5, 2))
    draw_line(lambda p, x, y: box((x.abs() - p.apart).abs(), y, 0, 2, 2.5 - p.apart / 7, 1.5, 0.7))
    blanket = lambda p, x, y: both((y - 7.5).abs() - 4, x.abs() - p.wide - (y - 3.5) / 8)  # noqa: E731
    draw_line(blanket)
    for middle, high in ((5, 1), (8.5, 0.5)):
        paint(
            lambda p, x, y, m=middle, h=high: both(blanket(p, x, y), (y - m).abs() - h),
            _INK,
        )
    # The evening.
    for side, dark in ((-1, shadow == 1), (1, shadow == 2)):
        paint(lambda p, x, y, s=side: 5 - s * x + 0 * y, _PAPER, only=dark)
        paint(
            lambda p, x, y, s=side: both(5 - s * x, ((x + y) % 3 - 1.5).abs() - 1),
            _INK,
            only=dark,
        )
    return canvas.pixels[:, 0]


def _draw_line(canvas: Canvas, shape: Shape, only: torch.Tensor | None = None) -> None:
    """A shape with a line around it, and paper inside."""
    canvas.paint(shape, _PAPER, only=only)
    canvas.paint(lambda p, x, y: outline(shape(p, x, y), 0.5), _INK, only=only)
