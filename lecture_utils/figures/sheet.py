"""Contact sheets: many small images in rows, as one picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def contact_sheet(images: Any, columns: int, *, ink: bool = False, gap: int = 1) -> np.ndarray:
    """Images side by side, row after row, with transparent gaps.

    Args:
        images: [n, H, W] or [n, 1, H, W] for gray images, [n, 3, H, W] for color; between 0 and 1.
        columns: Images in a row; the last row may be shorter.
        ink: 1 is black and 0 is white, as in a drawing; else 1 is white, as in a photograph.
        gap: Pixels between two images.

    Returns:
        [height, width, 4] float32: red, green, blue and opacity.

    Raises:
        ValueError: If the images have another shape, or `columns` is not positive.
    """
    pixels = np.asarray(images, dtype=np.float32)
    if pixels.ndim == 3:
        pixels = pixels[:, None]
    if pixels.ndim != 4 or pixels.shape[1] not in (1, 3) or len(pixels) == 0:
        raise ValueError(
            "images must be [n, H, W] or [n, 1, H, W] (gray) or [n, 3, H, W] (color), with n at "
            f"least 1; these are {list(np.shape(images))}."
        )
    if columns < 1:
        raise ValueError(f"columns must be at least 1, not {columns!r}.")
    n, _, height, width = pixels.shape
    columns = min(columns, n)
    rows = math.ceil(n / columns)
    shape = (rows * (height + gap) - gap, columns * (width + gap) - gap, 4)
    sheet = np.zeros(shape, dtype=np.float32)
    for i, image in enumerate(np.moveaxis(pixels, 1, -1)):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        place = sheet[top : top + height, left : left + width]
        place[..., :3] = 1 - image if ink else image
        place[..., 3] = 1
    return sheet


def show_sheet(
    images: Any, columns: int, *, ink: bool = False, gap: int = 1, width: float = 7.0
) -> Figure:
    """A figure that is nothing but a `contact_sheet`, `width` inches wide."""
    import matplotlib.pyplot as plt

    sheet = contact_sheet(images, columns, ink=ink, gap=gap)
    size = (width, width * sheet.shape[0] / sheet.shape[1])
    fig = plt.figure(figsize=size, layout="none")  # the sheet fills the figure: nothing to lay out
    ax = fig.add_axes((0, 0, 1, 1))
    ax.imshow(sheet.clip(0, 1), interpolation="nearest")
    ax.axis("off")
    return fig
