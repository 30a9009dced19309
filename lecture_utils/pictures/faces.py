"""Faces drawn from eight genes, in color, with all the variety of a crowd.

"Genes are just combinatorial": eight binary genes make 256 genotypes. Garments are not genes; they
are what somebody wears today, and they hide genes: a hat hides the hairline, a scarf the dimples,
sunglasses the eyes and brows.

`looks` adds to the genes everything that varies from one picture to the next, and `draw` paints the
looks; `ink` has the drawings of the exact world. In this world a trait is one gene; in ours, hardly
any is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import torch

from ..device import categorical, uniform
from .canvas import (
    Canvas,
    Window,
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

GENES = ("round", "curly", "dark", "peak", "eyes", "brows", "freckles", "dimples")
GARMENTS = ("hat", "scarf", "sunglasses")

# Skin and hair are drawn independently, so every pair of colors must stay apart: the darkest skin
# is lighter than all dark hair, hair has a darker rim, and brows are always darker than the skin.
_SKIN = rgb("#ffe3cf", "#f8cfab", "#e5b184", "#c98d5c", "#a56b42", "#84522f")
_HAIR = (
    rgb("#f4d06f", "#e3a64c", "#e8793a", "#d3d5df"),  # blond, honey, ginger, silver
    rgb("#1c1820", "#2f2019", "#4a2819", "#262b45"),  # black, brown, chestnut, blue-black
)
_EYES = (
    rgb("#55aee8", "#5cb879", "#9db4c4", "#57c0bd"),  # blue, green, gray, sea
    rgb("#3a2013", "#27160f", "#4a2a15", "#2c2320"),  # browns
)
_BACKGROUND = rgb("#b9dcf2", "#c4e6c9", "#f8cdbf", "#f7e3a8", "#d6c8ef", "#f5c5d8")
_CLOTH = rgb("#d9484f", "#3f7fc4", "#3f9f74", "#8a5fb0", "#eda73b", "#2f3f63", "#f08f86", "#45aab8")
_FRAMES = rgb("#2b2b38", "#8a2f3a", "#2f5d8f", "#a9792b")
_SHORT, _LONG, _BUN, _FULL = range(4)
_SMILE, _LAUGH, _SMALL, _WONDER = range(4)


@dataclasses.dataclass(frozen=True)
class Looks:
    """What n people look like today, each field a tensor [n].

    Attributes:
        round, curly, dark, peak, eyes, brows, freckles, dimples: The genes, bool: a round face,
            curly hair, dark hair, a pointed hairline, dark eyes, thick brows, freckles, dimples.
        hat, scarf, sunglasses: The garments, bool.
        skin, hair, eye, background, shirt, cloth, frame: Which color of a table, int64: of hair and
            eyes, the table of light or of dark ones; `cloth` is that of the hat and the scarf.
        style: How the hair is worn, int64: 0 short, 1 long, 2 in a bun, 3 full.
        mouth: 0 a smile, 1 an open laugh, 2 a small smile, 3 a little "o" of wonder, int64.
        beard: 0 none, 1 a mustache, 2 a mustache and a beard, int64.
        glasses, blush, earrings, lashes, stripes, pompom: Who has them, bool; stripes on the shirt.
        turn: How the head is tilted, in radians.
        right, down: How far the head is moved, on a canvas from -1 to 1.
        gaze, gaze_down: Where the eyes look, from -1 to 1.
        slant: How much lower the outer ends of the brows are, from 0 to 1: nobody frowns.
        lift: How much higher the right brow is than the left one, from -1 to 1.
        smile: How wide the mouth is, from 0 to 1.
        big: How big the eyes are, from 0 to 1.
    """

    round: torch.Tensor
    curly: torch.Tensor
    dark: torch.Tensor
    peak: torch.Tensor
    eyes: torch.Tensor
    brows: torch.Tensor
    freckles: torch.Tensor
    dimples: torch.Tensor
    hat: torch.Tensor
    scarf: torch.Tensor
    sunglasses: torch.Tensor
    skin: torch.Tensor
    hair: torch.Tensor
    eye: torch.Tensor
    background: torch.Tensor
    shirt: torch.Tensor
    cloth: torch.Tensor
    frame: torch.Tensor
    style: torch.Tensor
    mouth: torch.Tensor
    beard: torch.Tensor
    glasses: torch.Tensor
    blush: torch.Tensor
    earrings: torch.Tensor
    lashes: torch.Tensor
    stripes: torch.Tensor
    pompom: torch.Tensor
    turn: torch.Tensor
    right: torch.Tensor
    down: torch.Tensor
    gaze: torch.Tensor
    gaze_down: torch.Tensor
    slant: torch.Tensor
    lift: torch.Tensor
    smile: torch.Tensor
    big: torch.Tensor

    def __len__(self) -> int:
        return len(self.round)


def looks(
    genes: torch.Tensor,
    *,
    hat: float = 0.15,
    scarf: float = 0.12,
    sunglasses: float = 0.08,
    generator: torch.Generator | None = None,
) -> Looks:
    """People with the given genes, who differ in everything else.

    Args:
        genes: [n, 8] zeros and ones of any dtype, in the order of `GENES`.
        hat, scarf, sunglasses: The probability that somebody wears it.
        generator: A seeded ``torch.Generator``; the global stream when None. The same seed gives
            the same looks.

    Returns:
        Looks of n people, on the device of `genes`.

    Raises:
        TypeError: If `genes` is not a tensor.
        ValueError: If it is not [n, 8] zeros and ones, or a probability is not from 0 to 1.

    Example:
        >>> genes = torch.tensor([[1, 0, 1, 0, 0, 1, 0, 1]])
        >>> draw(looks(genes), size=64).shape
        torch.Size([1, 3, 64, 64])
    """
    genes = binary_rows(genes, len(GENES), "genes")
    chances = {"hat": hat, "scarf": scarf, "sunglasses": sunglasses}
    for name, chance in chances.items():
        if not 0 <= chance <= 1:
            raise ValueError(
                f"{name} is the probability that somebody wears it: from 0 to 1, not {chance!r}."
            )
    n, device = len(genes), genes.device

    def pick(*weights: float) -> torch.Tensor:
        probs = torch.tensor(weights, device=device)
        return categorical(probs / probs.sum(), n, generator=generator)

    def any_of(table: torch.Tensor) -> torch.Tensor:
        return pick(*[1.0] * len(table))

    def yes(chance: float) -> torch.Tensor:
        return uniform((n,), generator=generator, device=device) < chance

    def between(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * uniform((n,), generator=generator, device=device)

    worn = {name: yes(chance) for name, chance in chances.items()}
    return Looks(
        **dict(zip(GENES, genes.unbind(1), strict=True)),
        **worn,
        skin=any_of(_SKIN),
        hair=any_of(_HAIR[0]),
        eye=any_of(_EYES[0]),
        background=any_of(_BACKGROUND),
        shirt=any_of(_CLOTH),
        cloth=any_of(_CLOTH),
        frame=any_of(_FRAMES),
        style=pick(0.3, 0.26, 0.2, 0.24),
        mouth=pick(0.38, 0.3, 0.2, 0.12),
        beard=pick(0.84, 0.08, 0.08),
        glasses=yes(0.2) & ~worn["sunglasses"],
        blush=yes(0.4),
        earrings=yes(0.2),
        lashes=yes(0.5),
        stripes=yes(0.3),
        pompom=yes(0.7),
        turn=between(-0.13, 0.13),
        right=between(-0.05, 0.05),
        down=between(0, 0.05),
        gaze=between(-1, 1),
        gaze_down=between(-0.6, 1),
        slant=between(0, 1),
        lift=between(-1, 1),
        smile=between(0, 1),
        big=between(0, 1),
    )


def draw(
    looks: Looks,
    size: int = 32,
    *,
    gray: bool = False,
    dtype: torch.dtype = torch.float32,
) -> torch.Tensor:
    """Faces in color, or in gray.

    Args:
        looks: Of n people.
        size: Pixels a side, S; at least 16.
        gray: One channel, the luminance of the colors, instead of three.
        dtype: Of the pixels.

    Returns:
        [n, 3 or 1, S, S] between 0 and 1, on the device of `looks`.

    Raises:
        ValueError: If `size` is not a whole number of at least 16.
    """
    if isinstance(size, bool) or not isinstance(size, int) or size < 16:
        raise ValueError(
            f"size must be a whole number of pixels, at least 16 (a face needs them), not {size!r}."
        )
    pieces = [_paint(part, size, gray, dtype) for part in parts(looks)]
    return torch.cat(pieces).clamp_(0, 1)


# The head's frame, from -1 to 1 like the canvas, before the head is tilted.
_EYE = 0.04  # how far down the eyes are
_BROW = -0.2
_NOSE = 0.2
_MOUTH = 0.37


def _paint(looks: Looks, size: int, gray: bool, dtype: torch.dtype) -> torch.Tensor:
    """The pictures of few people, [n, 3 or 1, S, S], painted from back to front."""
    device = looks.round.device
    canvas = Canvas(len(looks), size, _numbers(looks), gray=gray, device=device, dtype=dtype)
    skin = color_of(_SKIN, looks.skin)
    hair = _either_of(_HAIR, looks.dark, looks.hair)
    iris = _either_of(_EYES, looks.eyes, looks.eye)
    shirt, cloth = color_of(_CLOTH, looks.shirt), color_of(_CLOTH, looks.cloth)
    _paint_behind(canvas, looks, skin, hair, shirt)
    _paint_face(canvas, looks, skin, hair)
    _paint_eyes(canvas, looks, skin, hair, iris)
    _paint_front_hair(canvas, looks, hair)
    _paint_garments(canvas, looks, cloth)
    return canvas.pixels


def _numbers(looks: Looks) -> dict[str, torch.Tensor]:
    """What the shapes ask for: the fields, and lengths that follow from them."""
    numbers = {field.name: getattr(looks, field.name) for field in dataclasses.fields(looks)}
    round = looks.round.float()
    small = looks.mouth == _SMALL
    return numbers | {
        # A hat reaches below the tip of the hairline.
        "peak": looks.peak & ~looks.hat,
        "w": 0.46 + 0.1 * round,  # half the width of the head
        "h": 0.64 - 0.09 * round,  # half its height
        "apart": 0.2 + 0.035 * round,  # from the middle of the face to an eye
        "r": 0.13 + 0.02 * looks.big,  # of an eye
        "look_x": 0.04 * looks.gaze,
        "look_y": 0.025 * looks.gaze_down,
        "thick": 0.02 + 0.026 * looks.brows,
        "bump": 0.075 * looks.curly,  # how far the curls stand out
        "mouth_y": _MOUTH + 0.045 * (looks.beard > 0),
        # A beard leaves room for a narrower mouth, so that it never covers a dimple.
        "mouth_w": torch.where(small, 0.11, 0.17 + 0.06 * looks.smile * (looks.beard < 2)),
        "bend": torch.where(small, 0.05, 0.12 + 0.04 * looks.smile),
        # Hair at the back: where it ends, and how far it stands out.
        "ends": torch.where(looks.style == _LONG, 0.86, 0.42),
        # A hat presses the hair down: what is left of it begins below the band.
        "hat_top": torch.where(looks.hat, -0.3, -2.0),
        "cloud_y": torch.where(looks.hat, 0.14, -0.12),
        "cloud_h": torch.where(looks.hat, 0.46, 0.74 - 0.09 * round),
    }


def _paint_behind(
    canvas: Canvas, looks: Looks, skin: torch.Tensor, hair: torch.Tensor, shirt: torch.Tensor
) -> None:
    """The background, the hair behind the head, the shirt, and the neck."""
    canvas.pose()
    canvas.paint(
        lambda p, x, y: x.new_full((1, 1, 1), -1.0), color_of(_BACKGROUND, looks.background)
    )
    canvas.paint(lambda p, x, y: circle(x, y, 0, -0.1, 0.75), "#ffffff", opacity=0.4, soft=0.9)
    canvas.pose("turn", "right", "down")
    behind = hair * 0.78
    long = looks.style == _LONG
    full = looks.style == _FULL
    bun = looks.style == _BUN
    straight = ~looks.curly

    def fall(p: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        half = p.w + 0.13 - 0.05 * p.hat
        top = ellipse(x, y, 0, -0.06, half, p.h + 0.08)
        below = box(x, y, 0, p.ends / 2, half, p.ends / 2 + 0.08, 0.08)
        return both(either(top, below), p.hat_top - y)

    def cloud(p: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return ellipse(x, y, 0, p.cloud_y, p.w + 0.24, p.cloud_h) - _curls(p, x, y - p.cloud_y, 8)

    def waves(p: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        shape = ellipse(x, y, 0, 0.14, p.w + 0.17, 0.78) - _curls(p, x, y - 0.14, 9)
        return both(shape, p.hat_top - y)

    canvas.paint(fall, behind, only=(long | full) & straight, window=_window(0.7, -0.65, 0.9))
    canvas.paint(cloud, behind, only=full & looks.curly, window=_window(0.86, -0.95, 0.65))
    canvas.paint(waves, behind, only=long & looks.curly, window=_window(0.8, -0.75, 1))
    tied = bun & ~looks.hat
    canvas.paint(
        lambda p, x, y: circle(x, y, 0, -0.14 - p.h, 0.15),
        behind,
        only=tied & straight,
        window=_window(0.18, -1, -0.55),
    )
    canvas.paint(
        lambda p, x, y: (
            circle(x.abs(), y, p.w * 0.85, -0.52, 0.2)
            - _curls(p, x.abs() - p.w * 0.85, y + 0.52, 4) * 0.7
        ),
        behind,
        only=tied & looks.curly,
        window=_window(0.75, -0.85, -0.2),
    )
    canvas.pose()
    canvas.paint(
        lambda p, x, y: ellipse(x, y, 0, 1.12, 0.76, 0.42), shirt, window=(-0.8, 0.68, 0.8, 1)
    )
    canvas.paint(
        lambda p, x, y: both(ellipse(x, y, 0, 1.12, 0.76, 0.42), outline(y - 0.9, 0.035)),
        "#ffffff",
        only=looks.stripes,
        window=(-0.8, 0.82, 0.8, 1),
        opacity=0.75,
    )
    canvas.paint(
        lambda p, x, y: box(x, y, p.right * 0.5, 0.6, 0.16, 0.22, 0.14),
        skin * 0.8,
        window=(-0.24, 0.36, 0.24, 0.88),
    )
    canvas.pose("turn", "right", "down")


def _paint_face(canvas: Canvas, looks: Looks, skin: torch.Tensor, hair: torch.Tensor) -> None:
    """The head, and all that is in the face but the eyes."""
    open = ~looks.scarf
    whiskers = torch.minimum(hair * 0.85, skin * 0.75)
    canvas.paint(
        lambda p, x, y: ellipse(x.abs(), y, p.w, 0.06, 0.09, 0.13),
        skin * 0.93,
        window=_window(0.65, -0.1, 0.22),
    )
    canvas.paint(
        lambda p, x, y: circle(x.abs(), y, p.w + 0.03, 0.21, 0.04),
        "#f2b632",
        only=looks.earrings,
        window=_window(0.65, 0.15, 0.28),
    )
    canvas.paint(
        lambda p, x, y: ellipse(x, y, 0, 0, p.w, p.h), skin, window=_window(0.58, -0.66, 0.66)
    )
    canvas.paint(
        lambda p, x, y: circle(x.abs(), y, p.w * 0.62, 0.25, 0.07),
        "#f0575f",
        only=looks.blush,
        window=_window(0.5, 0.08, 0.42),
        opacity=0.5,
        soft=0.16,
    )
    canvas.paint(
        lambda p, x, y: either(
            circle(x.abs(), y, p.w * 0.5, 0.25, 0.03),
            circle(x.abs(), y, p.w * 0.68, 0.22, 0.03),
            circle(x.abs(), y, p.w * 0.63, 0.31, 0.03),
            circle(x.abs(), y, p.w * 0.2, 0.19, 0.02),
        ),
        skin * skin.new_tensor([0.66, 0.5, 0.42]),
        only=looks.freckles,
        window=_window(0.45, 0.15, 0.35),
    )
    canvas.paint(
        lambda p, x, y: without(
            both(ellipse(x, y, 0, 0, p.w, p.h), 0.2 - y),
            ellipse(x, y, 0, 0.14, p.w * 0.86, 0.41),
        ),
        whiskers,
        only=(looks.beard == 2) & open,
        window=_window(0.58, 0.1, 0.66),
    )
    dark = skin * skin.new_tensor([0.5, 0.34, 0.32])
    canvas.paint(
        lambda p, x, y: both(
            outline(circle(x.abs(), y, p.mouth_w - 0.02, p.mouth_y - 0.03, 0.1), 0.024),
            outline(y - p.mouth_y + 0.03, 0.06),
            p.mouth_w + 0.02 - x.abs(),
        ),
        skin * skin.new_tensor([0.48, 0.36, 0.34]),
        only=looks.dimples & open,
        window=_window(0.4, 0.2, 0.55),
    )
    mouth: Window = _window(0.26, 0.25, 0.56)

    def line(p: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        middle = p.mouth_y + p.bend * (0.5 - (x / p.mouth_w) ** 2)
        return both(outline(y - middle, 0.03), x.abs() - p.mouth_w)

    def laugh(p: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        top = p.mouth_y - 0.06
        low = top + 0.2 * (1 - (x / p.mouth_w) ** 2)
        return both(top - y, y - low, x.abs() - p.mouth_w)

    smiling = (looks.mouth == _SMILE) | (looks.mouth == _SMALL)
    laughing = (looks.mouth == _LAUGH) & open
    canvas.paint(line, dark, only=smiling & open, window=mouth)
    canvas.paint(laugh, "#7c1f2e", only=laughing, window=mouth)
    canvas.paint(
        lambda p, x, y: both(laugh(p, x, y), y - p.mouth_y + 0.005),
        "#ffffff",
        only=laughing,
        window=mouth,
    )
    canvas.paint(
        lambda p, x, y: both(laugh(p, x, y), ellipse(x, y, 0, p.mouth_y + 0.13, 0.1, 0.07)),
        "#ec7f86",
        only=laughing,
        window=mouth,
    )
    canvas.paint(
        lambda p, x, y: ellipse(x, y, 0, p.mouth_y + 0.02, 0.065, 0.08),
        "#8a2a38",
        only=(looks.mouth == _WONDER) & open,
        window=mouth,
    )
    canvas.paint(
        lambda p, x, y: ellipse(x.abs(), y, 0.095, 0.29, 0.12, 0.045),
        whiskers,
        only=(looks.beard > 0) & open,
        window=_window(0.25, 0.2, 0.38),
    )
    canvas.paint(
        lambda p, x, y: ellipse(x, y, 0, _NOSE, 0.07, 0.05),
        skin * 0.8,
        window=_window(0.1, 0.1, 0.3),
    )


def _paint_eyes(
    canvas: Canvas, looks: Looks, skin: torch.Tensor, hair: torch.Tensor, iris: torch.Tensor
) -> None:
    """Eyes and brows, where no sunglasses hide them."""
    seen = ~looks.sunglasses
    eyes = _window(0.42, _EYE - 0.2, _EYE + 0.2)
    canvas.paint(
        lambda p, x, y: ellipse(x.abs(), y, p.apart, _EYE, p.r + 0.018, p.r * 1.12 + 0.018),
        skin * 0.8,
        only=seen,
        window=eyes,
    )
    canvas.paint(
        lambda p, x, y: ellipse(x.abs(), y, p.apart, _EYE, p.r, p.r * 1.12),
        "#ffffff",
        only=seen,
        window=eyes,
    )
    canvas.paint(
        lambda p, x, y: circle(_to_side(x, p.apart), y, p.look_x, _EYE + p.look_y, p.r * 0.7),
        iris,
        only=seen,
        window=eyes,
    )
    canvas.paint(
        lambda p, x, y: circle(_to_side(x, p.apart), y, p.look_x, _EYE + p.look_y, p.r * 0.44),
        "#15101a",
        only=seen,
        window=eyes,
    )
    canvas.paint(
        lambda p, x, y: circle(
            _to_side(x, p.apart), y, p.look_x - 0.04, _EYE + p.look_y - 0.045, 0.034
        ),
        "#ffffff",
        only=seen,
        window=eyes,
    )
    canvas.paint(
        lambda p, x, y: both(
            outline(ellipse(x.abs(), y, p.apart, _EYE, p.r + 0.01, p.r * 1.12 + 0.01), 0.018),
            y - _EYE + 0.06 + 0.05 * (1 - p.lashes),
        ),
        "#2a1c22",
        only=seen,
        window=eyes,
    )

    def brow(p: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = x.abs() - p.apart  # from the middle of the brow outwards
        middle = _BROW + 2.2 * out * out + 0.22 * p.slant * out - 0.018 * p.lift * x.sign()
        return both(outline(y - middle, p.thick), out.abs() - 0.125)

    canvas.paint(
        brow, torch.minimum(hair * 0.72, skin * 0.55), only=seen, window=_window(0.38, -0.3, -0.1)
    )


def _paint_front_hair(canvas: Canvas, looks: Looks, hair: torch.Tensor) -> None:
    """The hair above the forehead, with its line."""

    def crown(p: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        shape = ellipse(x, y, 0, -0.03, p.w + 0.06, p.h + 0.07) - _curls(p, x, y + 0.03, 7)
        return both(shape, y - _hairline(p, x))

    area = _window(0.66, -0.82, 0.1)
    # A darker rim: skin and hair of the same brightness stay apart, in gray too.
    canvas.paint(lambda p, x, y: crown(p, x, y) - 0.03, hair * 0.75, window=area)
    canvas.paint(crown, hair, window=area)
    bare = ~looks.hat
    shine = hair + (1 - hair) * 0.3
    canvas.paint(
        lambda p, x, y: both(
            outline(ellipse(x, y, 0, 0.06, p.w + 0.02, p.h + 0.02), 0.024),
            outline(x + 0.22, 0.14),
            y + 0.3,
        ),
        shine,
        only=bare & ~looks.curly,
        window=_window(0.4, -0.7, -0.3),
    )
    canvas.paint(
        lambda p, x, y: either(
            both(outline(circle(x, y, -0.27, -0.47, 0.085), 0.018), y + x + 0.76),
            both(outline(circle(x, y, -0.02, -0.54, 0.085), 0.018), y + x + 0.58),
            both(outline(circle(x, y, 0.24, -0.47, 0.085), 0.018), y + x + 0.25),
        ),
        shine,
        only=bare & looks.curly,
        window=_window(0.4, -0.7, -0.4),
    )


def _paint_garments(canvas: Canvas, looks: Looks, cloth: torch.Tensor) -> None:
    """Hat, glasses, sunglasses, scarf."""
    pale = cloth + (1 - cloth) * 0.55
    hat = _window(0.66, -0.95, -0.2)
    canvas.paint(
        lambda p, x, y: both(ellipse(x, y, 0, -0.3, p.w + 0.08, p.h - 0.12), y + 0.34),
        cloth,
        only=looks.hat,
        window=hat,
    )
    canvas.paint(
        lambda p, x, y: box(x, y + 0.12 * (x * x), 0, -0.34, p.w + 0.09, 0.095, 0.07),
        pale,
        only=looks.hat,
        window=hat,
    )
    canvas.paint(
        lambda p, x, y: circle(x, y, 0, -0.17 - p.h, 0.1),
        pale,
        only=looks.hat & looks.pompom,
        window=_window(0.12, -1, -0.6),
    )
    frames = color_of(_FRAMES, looks.frame)
    lenses = _window(0.62, _EYE - 0.25, _EYE + 0.25)

    def glasses(p: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        side = x.abs()
        lens = outline(circle(side, y, p.apart, _EYE + 0.01, 0.19), 0.02)
        bridge = both(outline(y - _EYE + 0.03, 0.02), side - p.apart + 0.18)
        arm = both(outline(y - _EYE + 0.02, 0.02), p.apart + 0.18 - side, side - p.w)
        return either(lens, bridge, arm)

    def dark_lenses(p: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        side = x.abs()
        lens = box(side, y, p.apart + 0.01, _EYE, 0.19, 0.175, 0.12)
        bar = both(outline(y - _EYE + 0.09, 0.025), side - p.w)
        return either(lens, bar)

    canvas.paint(glasses, frames, only=looks.glasses, window=lenses)
    canvas.paint(dark_lenses, "#23222e", only=looks.sunglasses, window=lenses)
    canvas.paint(
        lambda p, x, y: capsule(_to_side(x, p.apart), y, -0.1, _EYE + 0.02, 0.0, _EYE - 0.1, 0.022),
        "#ffffff",
        only=looks.sunglasses,
        window=lenses,
        opacity=0.6,
    )

    def wrap(p: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return box(x, y + 0.3 * (x * x), 0, 0.6, p.w + 0.07, 0.3, 0.26)

    def tail(p: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return box(x, y, 0.26, 0.95, 0.13, 0.3, 0.05)

    area = _window(0.64, 0.2, 1)
    canvas.paint(tail, cloth * 0.82, only=looks.scarf, window=area)
    canvas.paint(wrap, cloth, only=looks.scarf, window=area)
    canvas.paint(
        lambda p, x, y: both(wrap(p, x, y), outline((x + y * 0.4 + 1) % 0.3 - 0.15, 0.05)),
        pale,
        only=looks.scarf,
        window=area,
    )


def _curls(p: Any, x: torch.Tensor, y: torch.Tensor, waves: int) -> torch.Tensor:
    """How far a contour bulges, all around (0, 0): twice `waves` round curls."""
    return p.bump * ((torch.atan2(x, y) * waves).cos().abs() - 0.3)


def _hairline(p: Any, x: torch.Tensor) -> torch.Tensor:
    """Where the forehead begins: an even arch, or two that meet in a point."""
    out = (x / p.w).abs()
    return -0.39 + 0.34 * out * out + p.peak * (0.21 * (1 - out / 0.42).clamp(min=0) - 0.05)


def _to_side(x: torch.Tensor, apart: torch.Tensor) -> torch.Tensor:
    """x from the middle of the eye on its side: both eyes are painted at once."""
    return x - torch.copysign(apart, x)


def _window(half: float, top: float, bottom: float) -> Window:
    """A window of the head's frame, grown by as far as the head moves and turns."""
    room = 0.12
    return (-half - room, top - room, half + room, bottom + room)


def _either_of(
    tables: Sequence[torch.Tensor], switch: torch.Tensor, index: torch.Tensor
) -> torch.Tensor:
    """[n, 3] colors from the first table, or from the second where the switch is on."""
    both_tables = torch.stack(list(tables)).to(index.device)
    return both_tables[switch.long(), index]
