"""Bedrooms as small pictures in color; `ink` has the drawings of the exact world.

A room has six attributes that say something about it: how big the bed is, what hangs from the
ceiling, whether there are curtains, a rug, lamps, a painting. Everything else in the color pictures
is variety, drawn by lot without a look at the attributes: colors, day or night, the side of the
window, a plant, a crack in the wall. Whoever wants to know whether a room is luxurious therefore
learns nothing from it.

Seen from the front, in coordinates from -1 to 1, y down: the window hangs on one side and the
painting on the other, the bed stands between them and the light above it. In every combination each
thing has a place of its own; only a lamp beside a big bed can stand before the hem of a curtain.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from ..device import uniform
from .canvas import (
    Canvas,
    binary_rows,
    both,
    box,
    capsule,
    circle,
    color_of,
    either,
    ellipse,
    outline,
    parts,
    rgb,
    without,
)

ATTRIBUTES = ("king", "chandelier", "curtains", "rug", "lamps", "painting")

# A wall and three fabrics that stand out from it, in color and in gray. Blanket, curtains and rug
# take turns with the fabrics.
_PALETTES = torch.stack(
    [
        rgb("#f3e7cf", "#b8483f", "#41719a", "#d79b3c"),  # cream
        rgb("#c6d4b6", "#3f7357", "#b9524a", "#dfa136"),  # sage
        rgb("#bfd9e6", "#39609c", "#d9694f", "#e0a035"),  # sky
        rgb("#f3d2c6", "#93405c", "#4b8a88", "#c8683f"),  # blush
        rgb("#d6cbe8", "#6c4796", "#3f8d7c", "#c8578a"),  # lavender
        rgb("#f6dc92", "#3f70a8", "#ba5140", "#508a5c"),  # butter
        rgb("#47827f", "#eaa640", "#e0705a", "#f1dfc4"),  # teal
        rgb("#465d8b", "#e0aa47", "#d3616a", "#ece3d3"),  # midnight
        rgb("#cf8b6a", "#7c3038", "#2f6c68", "#f4dfb8"),  # terracotta
        rgb("#755073", "#e3b44f", "#55a597", "#ecdadf"),  # plum
    ]
)
_FLOORS = rgb("#cd9d62", "#835538", "#b8ab9c", "#ab6a45")
_WOODS = rgb("#8a5733", "#54331f", "#b97f45", "#5b7d89")
_FRAMES = rgb("#e2b23f", "#5b3d2b", "#2f3440")
_NIGHT = (0.72, 0.71, 0.88)  # what is left of the colors by night
_NUMBERS = 16  # random numbers that a room takes


@dataclasses.dataclass(frozen=True)
class Looks:
    """What bedrooms look like: tensors [n].

    The six attributes are bool: `king` (else a narrow bed), `chandelier` (else a bare bulb),
    `curtains`, `rug`, `lamps`, `painting`.

    The variety is independent of them. Whole numbers: `palette` of the wall and the fabrics,
    `fabric` that the blanket takes, `floor`, `wood` of the furniture, `frame` of the painting,
    `motif` in it, `wallpaper`, `pattern` of the blanket. Bool: `night`, `plant`, `crack`,
    `cushion`. Numbers: `side` of the window, -1 left and 1 right, and `headboard`, `shift`
    and `drift`, which move things a little, between 0 and 1.
    """

    king: torch.Tensor
    chandelier: torch.Tensor
    curtains: torch.Tensor
    rug: torch.Tensor
    lamps: torch.Tensor
    painting: torch.Tensor
    palette: torch.Tensor
    fabric: torch.Tensor
    floor: torch.Tensor
    wood: torch.Tensor
    frame: torch.Tensor
    motif: torch.Tensor
    wallpaper: torch.Tensor
    pattern: torch.Tensor
    night: torch.Tensor
    plant: torch.Tensor
    crack: torch.Tensor
    cushion: torch.Tensor
    side: torch.Tensor
    headboard: torch.Tensor
    shift: torch.Tensor
    drift: torch.Tensor


def looks(attributes: torch.Tensor, *, generator: torch.Generator | None = None) -> Looks:
    """Rooms with the given attributes; all else is drawn by lot.

    Args:
        attributes: [n, 6] zeros and ones of any dtype, in the order of `ATTRIBUTES`.
        generator: A seeded ``torch.Generator``; the global stream when None. The same seed gives
            the same variety, whatever the attributes and the device.

    Returns:
        The looks of the n rooms, on the device of `attributes`.

    Raises:
        TypeError: If `attributes` is not a tensor.
        ValueError: If its shape is another one, or it holds something else than zeros and ones.
    """
    given = binary_rows(attributes, len(ATTRIBUTES), "attributes")
    size, device = (len(given), _NUMBERS), given.device
    lots = uniform(size, generator=generator, device=device, dtype=torch.float32)
    lot = iter(lots.unbind(-1))

    def one_of(count: int) -> torch.Tensor:
        return (next(lot) * count).long().clamp(max=count - 1)

    return Looks(
        *given.unbind(-1),
        palette=one_of(len(_PALETTES)),
        fabric=one_of(3),
        floor=one_of(len(_FLOORS)),
        wood=one_of(len(_WOODS)),
        frame=one_of(len(_FRAMES)),
        motif=one_of(3),
        wallpaper=one_of(3),
        pattern=one_of(3),
        night=next(lot) < 0.35,
        plant=next(lot) < 0.4,
        crack=next(lot) < 0.2,
        cushion=next(lot) < 0.5,
        side=torch.where(next(lot) < 0.5, -1.0, 1.0),
        headboard=next(lot),
        shift=next(lot),
        drift=next(lot),
    )


def draw(
    looks: Looks, size: int = 32, *, gray: bool = False, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """Paint bedrooms.

    Args:
        looks: Of n rooms, from `looks`.
        size: Pixels a side, S.
        gray: The luminance only.
        dtype: Of the pixels.

    Returns:
        [n, 3, S, S], or [n, 1, S, S] when `gray`; between 0 and 1, on the device of `looks`.
    """
    return torch.cat([_Room(part, size, gray, dtype).painted() for part in parts(looks)])


class _Room:
    """A few rooms that are painted together."""

    def __init__(self, looks: Looks, size: int, gray: bool, dtype: torch.dtype) -> None:
        self.looks = looks
        shift, drift = 2 * looks.shift - 1, 2 * looks.drift - 1
        side = looks.side
        half = torch.where(looks.king, 0.38, 0.21)  # of the bed, at its head
        bed = 0.02 * shift
        numbers = {
            "side": side,
            "half": half,
            "bed": bed,
            "top": -0.08 - 0.12 * looks.headboard,
            "floor": 0.27 + 0.03 * drift,
            "window": 0.69 * side + 0.01 * drift,
            "picture": -0.69 * side + 0.02 * shift,
            "high": -0.45 + 0.03 * drift,  # the middle of the picture
            "left": bed - half - 0.215,  # the middle of the nightstands
            "right": bed + half + 0.215,
            "plant": torch.where(looks.shift < 0.5, -0.885, 0.885),
        }
        self.canvas = Canvas(
            len(side), size, numbers, gray=gray, device=side.device, dtype=dtype
        )
        self.paint = self.canvas.paint
        dim = torch.where(looks.night[:, None], side.new_tensor(_NIGHT), 1.0)
        self._dim = dim.to(dtype)
        self.wall = self.lit(color_of(_PALETTES[:, 0], looks.palette))
        fabrics, first = _PALETTES[:, 1:].flatten(0, 1), looks.palette * 3
        self.blanket, self.velvet, self.wool = (
            self.lit(color_of(fabrics, first + (looks.fabric + i) % 3)) for i in range(3)
        )
        self.floor = self.lit(color_of(_FLOORS, looks.floor))
        self.wood = self.lit(color_of(_WOODS, looks.wood))
        white = rgb("#fbf7ee").to(self._dim)
        self.linen = (white + self.lit(white)) / 2  # white shines even by night

    def lit(self, color: Any) -> torch.Tensor:
        """A color by day or by night, [n, 3]."""
        color = rgb(color) if isinstance(color, str) else color
        return color.to(self._dim) * self._dim

    def painted(self) -> torch.Tensor:
        """Everything, back to front."""
        self.room()
        self.window()
        self.picture()
        self.ceiling()
        self.rug()
        self.headboard()
        self.nightstands()
        self.bed()
        self.plant()
        return self.canvas.pixels.clamp_(0, 1)

    def room(self) -> None:
        """Wall and floor."""
        looks, wall = self.looks, self.wall
        self.paint(lambda p, x, y: 0 * x - 1, wall)
        self.paint(  # striped wallpaper
            lambda p, x, y: _nearest(x, 0.25) - 0.0625,
            _toward(wall, 1.0, 0.30),
            only=looks.wallpaper == 1,
            window=(-1, -1, 1, 0.35),
        )
        self.paint(  # a lighter panel, and the molding above it
            lambda p, x, y: -0.02 - y,
            _toward(wall, 1.0, 0.35),
            only=looks.wallpaper == 2,
            window=(-1, -0.1, 1, 0.35),
        )
        self.paint(
            lambda p, x, y: (y + 0.02).abs() - 0.03,
            _toward(wall, 0.0, 0.15),
            only=looks.wallpaper == 2,
            window=(-1, -0.1, 1, 0.05),
        )
        self.paint(  # a crack
            lambda p, x, y: either(
                capsule(p.side * x, y, -0.38, -1.0, -0.33, -0.86, 0.014),
                capsule(p.side * x, y, -0.33, -0.86, -0.41, -0.76, 0.014),
                capsule(p.side * x, y, -0.41, -0.76, -0.36, -0.62, 0.012),
                capsule(p.side * x, y, -0.33, -0.86, -0.29, -0.79, 0.010),
            ),
            _toward(wall, 0.0, 0.5),
            only=looks.crack,
            window=(-0.5, -1, 0.5, -0.55),
        )
        self.glow(0.0, -0.66, 0.30, 0.45, looks.chandelier)
        self.glow(0.0, -0.66, 0.16, 0.35, ~looks.chandelier)
        floor = (-1.0, 0.2, 1.0, 1.0)
        self.paint(lambda p, x, y: p.floor - y, self.floor, window=floor)
        self.paint(  # boards run away from us
            lambda p, x, y: both(
                p.floor - y,
                _nearest(x / (y + 0.55), 0.34) * (y + 0.55) - 0.012,
            ),
            _toward(self.floor, 0.0, 0.35),
            opacity=0.6,
            window=floor,
        )
        self.paint(  # the skirting board
            lambda p, x, y: (y - p.floor).abs() - 0.032,
            _toward(wall, 1.0, 0.55),
            window=(-1, 0.15, 1, 0.4),
        )

    def window(self) -> None:
        """The window with what is behind it, and the curtains."""
        looks, y0 = self.looks, -0.44
        area = (-1.0, -0.85, 1.0, -0.05)

        def pane(p: Any, x: Any, y: Any) -> torch.Tensor:
            return box(x, y, p.window, y0, 0.17, 0.27)

        trim = self.lit("#fdf9f0")
        self.paint(  # a shadow, else a white frame is lost on a light wall
            lambda p, x, y: box(x, y, p.window + 0.01, y0 + 0.01, 0.235, 0.315, 0.02),
            _toward(self.wall, 0.0, 0.28),
            window=area,
        )
        self.paint(
            lambda p, x, y: box(x, y, p.window, y0, 0.215, 0.315, 0.02), trim, window=area
        )
        sky = _where(looks.night, "#1e2a5a", "#74c0ea")
        self.paint(pane, sky, window=area)
        day, night = ~looks.night, looks.night
        self.paint(
            lambda p, x, y: both(pane(p, x, y), circle(x, y, p.window + 0.07, y0 - 0.13, 0.065)),
            "#ffe27a",
            only=day,
            window=area,
        )
        self.paint(
            lambda p, x, y: both(
                pane(p, x, y), ellipse(x, y, p.window - 0.1, y0 + 0.30, 0.26, 0.20)
            ),
            _where(night, "#22405a", "#7fc069"),
            window=area,
        )
        self.paint(
            lambda p, x, y: both(
                pane(p, x, y), ellipse(x, y, p.window + 0.14, y0 + 0.30, 0.22, 0.14)
            ),
            _where(night, "#1a3550", "#5fa858"),
            window=area,
        )
        self.paint(
            lambda p, x, y: without(
                circle(x, y, p.window + 0.08, y0 - 0.13, 0.07),
                circle(x, y, p.window + 0.045, y0 - 0.155, 0.055),
            ),
            "#fff3c4",
            only=night,
            window=area,
        )
        self.paint(
            lambda p, x, y: either(
                circle(x, y, p.window - 0.10, y0 - 0.17, 0.018),
                circle(x, y, p.window - 0.06, y0 - 0.04, 0.014),
                circle(x, y, p.window + 0.10, y0 + 0.03, 0.014),
            ),
            "#f4f0ff",
            only=night,
            window=area,
        )
        self.paint(
            lambda p, x, y: either(
                box(x, y, p.window, y0, 0.016, 0.27), box(x, y, p.window, y0, 0.17, 0.016)
            ),
            trim,
            window=area,
        )
        self.paint(
            lambda p, x, y: box(x, y, p.window, y0 + 0.33, 0.25, 0.03), trim, window=area
        )
        self.curtains()

    def curtains(self) -> None:
        """Velvet, gathered by a ribbon, on a golden rod."""
        looks = self.looks
        area = (-1.0, -0.9, 1.0, 0.08)

        def panel(p: Any, x: Any, y: Any) -> torch.Tensor:
            u = (x - p.window).abs()  # from the middle of the window
            waist = 0.115 + 0.055 * (1 - ((y + 0.24).abs() / 0.16).clamp(max=1))
            return both(waist - u, u - 0.285, -0.82 - y, y + 0.03)

        velvet = self.velvet
        self.paint(panel, velvet, only=looks.curtains, window=area)
        self.paint(
            lambda p, x, y: both(
                panel(p, x, y), _nearest((x - p.window).abs() - 0.155, 0.085) - 0.012
            ),
            _toward(velvet, 0.0, 0.35),
            only=looks.curtains,
            window=area,
        )
        self.paint(
            lambda p, x, y: both(
                panel(p, x, y) - 0.01, (y + 0.24).abs() - 0.028
            ),
            self.lit("#f0c552"),
            only=looks.curtains,
            window=area,
        )
        self.paint(
            lambda p, x, y: either(
                capsule(x, y, p.window - 0.27, -0.84, p.window + 0.27, -0.84, 0.024),
                circle((x - p.window).abs(), y, 0.275, -0.84, 0.035),
            ),
            self.lit("#d9a335"),
            only=looks.curtains,
            window=area,
        )

    def picture(self) -> None:
        """A framed picture: hills, a boat, or a flower."""
        looks = self.looks
        has = looks.painting
        area = (-1.0, -0.75, 1.0, -0.15)

        def inside(p: Any, x: Any, y: Any) -> torch.Tensor:
            return box(x, y, p.picture, p.high, 0.155, 0.12)

        frame = self.lit(color_of(_FRAMES, looks.frame))
        self.paint(
            lambda p, x, y: box(x, y, p.picture + 0.01, p.high + 0.02, 0.215, 0.18),
            _toward(self.wall, 0.0, 0.25),
            only=has,
            window=area,
        )
        self.paint(
            lambda p, x, y: box(x, y, p.picture, p.high, 0.215, 0.18), frame, only=has, window=area
        )
        skies = self.lit(color_of(rgb("#cfe8ee", "#f9c27f", "#f6ecd8"), looks.motif))
        self.paint(inside, skies, only=has, window=area)
        for motif, shape, color in (
            (0, lambda p, x, y: circle(x, y, p.picture + 0.08, p.high - 0.05, 0.04), "#f3b33d"),
            (
                0,
                lambda p, x, y: either(
                    ((x - p.picture + 0.06).abs() - y + p.high - 0.05) * 0.7,
                    ((x - p.picture - 0.09).abs() - y + p.high + 0.02) * 0.7,
                ),
                "#3f8a63",
            ),
            (1, lambda p, x, y: p.high + 0.04 - y, "#3b7ca3"),
            (
                1,
                lambda p, x, y: both(
                    (x - p.picture).abs() * 0.8 - (y - p.high + 0.10) * 0.6, y - p.high - 0.02
                ),
                "#fffaf0",
            ),
            (1, lambda p, x, y: box(x, y, p.picture, p.high + 0.05, 0.07, 0.022), "#7a3b2e"),
            (2, lambda p, x, y: box(x, y, p.picture, p.high + 0.05, 0.014, 0.08), "#4c8a4f"),
            (2, lambda p, x, y: circle(x, y, p.picture, p.high - 0.03, 0.07), "#d8526a"),
            (2, lambda p, x, y: circle(x, y, p.picture, p.high - 0.03, 0.028), "#f7cf5a"),
        ):
            self.paint(
                lambda p, x, y, shape=shape: both(inside(p, x, y), shape(p, x, y)),
                self.lit(color),
                only=has & (looks.motif == motif),
                window=area,
            )

    def ceiling(self) -> None:
        """A chandelier with four candles, or a bulb on a cord."""
        has = self.looks.chandelier
        area = (-0.35, -1.0, 0.35, -0.45)
        gold = "#b57d1d"
        self.paint(
            lambda p, x, y: either(
                box(x, y, 0, -0.85, 0.022, 0.2),
                # arms: the lower half of two rings, one in the other
                both(outline(ellipse(x, y, 0, -0.70, 0.22, 0.15), 0.024), -0.70 - y),
                both(outline(ellipse(x, y, 0, -0.70, 0.095, 0.15), 0.02), -0.70 - y),
                circle(x, y, 0, -0.53, 0.04),
            ),
            gold,
            only=has,
            window=area,
        )
        self.paint(
            lambda p, x, y: box(x.abs(), y, 0, -0.70, 0.275, 0.0), gold, only=has, window=area
        )
        for place in (0.094, 0.22):
            self.paint(
                lambda p, x, y, place=place: box(x.abs(), y, place, -0.735, 0.03, 0.055),
                "#fffdf2",
                only=has,
                window=area,
            )
            self.paint(
                lambda p, x, y, place=place: ellipse(x.abs(), y, place, -0.83, 0.035, 0.06),
                "#ffbf3f",
                only=has,
                window=area,
            )
        area = (-0.15, -1.0, 0.15, -0.5)
        self.paint(
            lambda p, x, y: box(x, y, 0, -0.88, 0.018, 0.14),
            "#4b4650",
            only=~has,
            window=area,
        )
        self.paint(
            lambda p, x, y: box(x, y, 0, -0.75, 0.04, 0.035), "#4b4650", only=~has, window=area
        )
        self.paint(
            lambda p, x, y: ellipse(x, y, 0, -0.66, 0.065, 0.075), "#fff0a8", only=~has, window=area
        )

    def rug(self) -> None:
        """An oval on the floor, with a ring."""
        has = self.looks.rug
        area = (-1.0, 0.55, 1.0, 1.0)
        for rx, ry, color in (
            (0.92, 0.205, self.wool),
            (0.82, 0.16, self.lit("#f6ead0")),
            (0.74, 0.13, self.wool),
        ):
            self.paint(
                lambda p, x, y, rx=rx, ry=ry: ellipse(x, y, p.bed, 0.785, rx, ry),
                color,
                only=has,
                window=area,
            )

    def headboard(self) -> None:
        """The head of the bed, rounded, with a lighter panel."""
        wood = self.wood
        area = (-0.5, -0.25, 0.5, 0.4)
        for inset, color in ((0.0, _toward(wood, 0.0, 0.18)), (0.055, _toward(wood, 1.0, 0.12))):
            self.paint(
                lambda p, x, y, inset=inset: box(
                    x, y, p.bed, (p.top + 0.5) / 2, p.half + 0.035 - inset,
                    (0.5 - p.top) / 2 - inset, 0.08 - inset / 2,
                ),
                color,
                window=area,
            )

    def nightstands(self) -> None:
        """Small tables left and right, and lamps on them."""
        looks, wood = self.looks, self.wood
        has = looks.lamps
        area = (-0.78, -0.2, 0.78, 0.55)

        def mirror(p: Any, x: Any) -> torch.Tensor:
            """How far from the middle of the nearer nightstand."""
            return (x - p.bed).abs() - p.half - 0.215

        for side in ("left", "right"):
            self.paint(
                lambda p, x, y, side=side: circle(x, y, getattr(p, side), -0.03, 0.17),
                "#ffe39a",
                only=has,
                window=(-0.98, -0.42, 0.98, 0.4),
                opacity=0.55,
                soft=0.34,
            )
        self.paint(
            lambda p, x, y: box(mirror(p, x), y, 0, 0.32, 0.115, 0.15),
            _toward(wood, 0.0, 0.12),
            window=area,
        )
        self.paint(
            lambda p, x, y: box(mirror(p, x), y, 0, 0.17, 0.135, 0.028),
            _toward(wood, 1.0, 0.18),
            window=area,
        )
        self.paint(
            lambda p, x, y: circle(mirror(p, x), y, 0, 0.30, 0.026),
            self.lit("#f0cf73"),
            window=area,
        )
        self.paint(
            lambda p, x, y: either(
                box(mirror(p, x), y, 0, 0.08, 0.024, 0.08),
                ellipse(mirror(p, x), y, 0, 0.105, 0.065, 0.045),
            ),
            "#7d4c28",
            only=has,
            window=area,
        )

        def shade(p: Any, x: Any, y: Any, top: float, bottom: float, more: float) -> torch.Tensor:
            sides = (mirror(p, x).abs() - 0.105 - 0.30 * (y + 0.05)) * 0.95 - more
            return both(sides, top - y, y - bottom)

        for top, bottom, more, color in (
            (-0.14, 0.04, 0.012, "#c9802b"),  # the rim, for walls as bright as the light
            (-0.12, -0.01, -0.012, "#ffdf96"),
        ):
            self.paint(
                lambda p, x, y, top=top, bottom=bottom, more=more: shade(
                    p, x, y, top, bottom, more
                ),
                color,
                only=has,
                window=area,
            )

    def bed(self) -> None:
        """A trapezoid that comes toward us, with sheet, blanket and pillows."""
        looks, blanket = self.looks, self.blanket
        area = (-0.72, 0.02, 0.72, 0.95)

        def across(p: Any, x: Any, y: Any, more: float = 0.0) -> torch.Tensor:
            """Distance to the long sides."""
            return ((x - p.bed).abs() - p.half - 0.01 - more - 0.26 * (y - 0.15)) * 0.97

        def band(p: Any, x: Any, y: Any, top: float, bottom: float, more: float) -> torch.Tensor:
            return both(across(p, x, y, more), top - y, y - bottom)

        self.paint(
            lambda p, x, y: ellipse(x, y, p.bed, 0.83, p.half + 0.27, 0.07),
            "#20161a",
            window=area,
            opacity=0.30,
            soft=0.10,
        )
        self.paint(
            lambda p, x, y: box((x - p.bed).abs(), y, p.half + 0.12, 0.80, 0.03, 0.08),
            _toward(self.wood, 0.0, 0.25),
            window=area,
        )
        self.paint(lambda p, x, y: band(p, x, y, 0.13, 0.72, 0.0), self.linen, window=area)
        self.paint(lambda p, x, y: band(p, x, y, 0.30, 0.79, 0.015), blanket, window=area)
        self.paint(  # stripes across
            lambda p, x, y: both(
                band(p, x, y, 0.40, 0.62, 0.015), either((y - 0.47).abs(), (y - 0.57).abs()) - 0.024
            ),
            _toward(blanket, 1.0, 0.45),
            only=looks.pattern == 1,
            window=area,
        )
        self.paint(  # a quilt
            lambda p, x, y: both(
                band(p, x, y, 0.40, 0.64, 0.015),
                either(
                    (_nearest((x - p.bed) / (y + 0.5), 0.25) - 0.018) * (y + 0.5),
                    (y - 0.52).abs() - 0.018,
                ),
            ),
            _toward(blanket, 1.0, 0.35),
            only=looks.pattern == 2,
            window=area,
        )
        self.paint(  # what hangs down in front
            lambda p, x, y: band(p, x, y, 0.64, 0.79, 0.015),
            _toward(blanket, 0.0, 0.28),
            window=area,
        )
        self.paint(  # the fold
            lambda p, x, y: band(p, x, y, 0.29, 0.37, 0.02),
            _toward(blanket, 1.0, 0.62),
            window=area,
        )
        self.paint(
            lambda p, x, y: band(p, x, y, 0.37, 0.395, 0.015),
            _toward(blanket, 0.0, 0.25),
            window=area,
            opacity=0.7,
        )
        self.pillows(area)

    def pillows(self, area: tuple[float, float, float, float]) -> None:
        """One, or two in a big bed; on some beds a cushion."""
        king = self.looks.king
        for edge, color in ((0.022, _toward(self.linen, 0.0, 0.28)), (0.0, self.linen)):
            self.paint(
                lambda p, x, y, edge=edge: box(
                    (x - p.bed).abs(), y, 0.19, 0.17, 0.145 + edge, 0.085 + edge, 0.06
                ),
                color,
                only=king,
                window=area,
            )
            self.paint(
                lambda p, x, y, edge=edge: box(
                    x, y, p.bed, 0.17, 0.145 + edge, 0.085 + edge, 0.06
                ),
                color,
                only=~king,
                window=area,
            )
        self.paint(
            lambda p, x, y: box(x, y, p.bed, 0.235, 0.085, 0.058, 0.03),
            self.velvet,
            only=self.looks.cushion,
            window=area,
        )

    def plant(self) -> None:
        """In a pot at the side, in front of all else."""
        has = self.looks.plant
        area = (-1.0, 0.05, 1.0, 0.85)
        leaves = (
            (0.0, 0.24, 0.05, 0.15, "#3c8a4d"),
            (-0.055, 0.33, 0.05, 0.12, "#4f9f58"),
            (0.055, 0.33, 0.05, 0.12, "#4f9f58"),
            (0.0, 0.40, 0.06, 0.10, "#67b567"),
        )
        for dx, cy, rx, ry, color in leaves:
            self.paint(
                lambda p, x, y, dx=dx, cy=cy, rx=rx, ry=ry: ellipse(
                    x, y, p.plant + dx, cy, rx, ry
                ),
                self.lit(color),
                only=has,
                window=area,
            )
        self.paint(
            lambda p, x, y: both(
                (x - p.plant).abs() - 0.095 + 0.25 * (y - 0.5), 0.48 - y, y - 0.68
            ),
            self.lit("#c4673f"),
            only=has,
            window=area,
        )
        self.paint(
            lambda p, x, y: box(x, y, p.plant, 0.49, 0.11, 0.03),
            self.lit("#dc8054"),
            only=has,
            window=area,
        )

    def glow(self, cx: float, cy: float, r: float, opacity: float, only: torch.Tensor) -> None:
        """Light on the wall, fading to nothing at the distance 2 r; twice as much by night."""
        for who in (only, only & self.looks.night):
            self.paint(
                lambda p, x, y: circle(x, y, cx, cy, r),
                "#ffe9a6",
                only=who,
                window=(cx - 2 * r, cy - 2 * r, cx + 2 * r, cy + 2 * r),
                opacity=opacity,
                soft=2 * r,
            )


def _toward(color: torch.Tensor, white: float, share: float) -> torch.Tensor:
    """A color moved toward white (1) or black (0)."""
    return color + share * (white - color)


def _where(which: torch.Tensor, one: str, other: str) -> torch.Tensor:
    """A color [n, 3] for those that are `which`, and another one for the rest."""
    colors = rgb(one, other).to(which.device)
    return torch.where(which[:, None], colors[0], colors[1])


def _nearest(x: torch.Tensor, period: float) -> torch.Tensor:
    """How far x is from the nearest multiple of the period."""
    return (x - period * (x / period).round()).abs()
