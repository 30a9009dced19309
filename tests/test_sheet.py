"""Contact sheets: every image in its place, whole, with transparent gaps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lecture_utils.figures.sheet import contact_sheet, show_sheet


def test_images_stand_in_rows_with_gaps_between():
    images = torch.rand(5, 3, 4, 6)
    sheet = contact_sheet(images, columns=3, gap=2)
    assert sheet.shape == (4 + 2 + 4, 6 + 2 + 6 + 2 + 6, 4)
    second, fifth = sheet[:4, 8:14], sheet[6:, 8:14]
    for place, image in ((second, images[1]), (fifth, images[4])):
        assert np.array_equal(place[..., :3], image.permute(1, 2, 0)) and (place[..., 3] == 1).all()
    assert (sheet[4:6, :, 3] == 0).all() and (sheet[:, 6:8, 3] == 0).all()  # gaps
    assert (sheet[6:, 16:, 3] == 0).all()  # there is no sixth image


@pytest.mark.parametrize("shape", [(2, 3, 3), (2, 1, 3, 3)])
def test_grey_images_and_ink(shape):
    images = torch.rand(shape)
    light, ink = contact_sheet(images, 2), contact_sheet(images, 2, ink=True)
    first = images.reshape(2, 3, 3)[0][..., None].expand(3, 3, 3)
    assert np.array_equal(light[:3, :3, :3], first)
    assert np.allclose(ink[:3, :3, :3], 1 - first)


def test_figure_has_the_shape_of_the_sheet():
    fig = show_sheet(torch.rand(6, 8, 8), columns=3, gap=0, width=6)
    assert fig.get_size_inches().tolist() == pytest.approx([6, 4])
    (image,) = fig.axes[0].images
    assert image.get_array().shape == (16, 24, 4)


@pytest.mark.parametrize("images", [torch.rand(3, 3), torch.rand(2, 2, 3, 3), torch.rand(0, 3, 3)])
def test_other_shapes_are_refused(images):
    with pytest.raises(ValueError, match=r"\[n, H, W\]"):
        contact_sheet(images, 2)
    with pytest.raises(ValueError, match="columns"):
        contact_sheet(torch.rand(1, 3, 3), 0)
