"""Pictures of bedrooms: what they depend on, and what a shadow hides."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
import torch

from lecture_utils.pictures import bedrooms
from lecture_utils.pictures.bedrooms import ATTRIBUTES, draw, looks

ALL = torch.tensor(list(itertools.product((0, 1), repeat=6)))
VARIETY = [f.name for f in dataclasses.fields(bedrooms.Looks) if f.name not in ATTRIBUTES]


def dice(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def without_and_with(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """All rooms that lack an attribute, and the same rooms with it, [32, 6] each."""
    j = ATTRIBUTES.index(name)
    without = ALL[ALL[:, j] == 0]
    having = without.clone()
    having[:, j] = 1
    return without, having


@pytest.mark.parametrize("size", [16, 32, 33, 64])
@pytest.mark.parametrize("gray", [False, True])
def test_shape_and_range(size, gray):
    x = draw(looks(ALL, generator=dice()), size, gray=gray)
    assert x.shape == (64, 1 if gray else 3, size, size) and x.dtype == torch.float32
    assert 0 <= x.min() < 0.2 and 0.8 < x.max() <= 1


def test_dtype_and_empty():
    few = looks(ALL[:3], generator=dice())
    exact = draw(few, dtype=torch.float64)
    assert exact.dtype == torch.float64
    assert torch.allclose(exact.float(), draw(few), atol=1e-4)
    assert draw(looks(ALL[:0])).shape == (0, 3, 32, 32)


def test_grey_is_the_luminance():
    rooms = looks(ALL, generator=dice(1))
    color, gray = draw(rooms), draw(rooms, gray=True)
    weights = torch.tensor([0.299, 0.587, 0.114])
    assert torch.allclose(torch.einsum("nchw,c->nhw", color, weights), gray[:, 0], atol=1e-5)


def test_same_seed_same_rooms():
    first, again, other = (draw(looks(ALL, generator=dice(seed))) for seed in (2, 2, 3))
    assert torch.equal(first, again)
    assert (first != other).flatten(1).any(1).all()


def test_a_room_does_not_depend_on_its_neighbors():
    rooms = looks(ALL.repeat(3, 1), generator=dice(4))
    x = draw(rooms)
    for i in (0, 63, 64, 150, 191):
        fields = dataclasses.fields(rooms)
        alone = bedrooms.Looks(**{f.name: getattr(rooms, f.name)[i : i + 1] for f in fields})
        assert torch.allclose(draw(alone)[0], x[i], atol=1e-6)


def test_variety_is_independent_of_the_attributes():
    plain, rich = (looks(torch.full((500, 6), v), generator=dice(5)) for v in (0, 1))
    for name in VARIETY:
        assert torch.equal(getattr(plain, name), getattr(rich, name)), name
        assert len(getattr(plain, name).unique()) >= 2, name
    for name in ATTRIBUTES:
        assert not getattr(plain, name).any() and getattr(rich, name).all()


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.uint8, torch.float32])
def test_attributes_of_any_dtype(dtype):
    rooms = looks(ALL.to(dtype), generator=dice(6))
    assert torch.equal(draw(rooms), draw(looks(ALL, generator=dice(6))))


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_every_attribute_shows_in_color_and_in_gray(name):
    for seed in range(4):
        pair = [looks(rows, generator=dice(seed)) for rows in without_and_with(name)]
        for gray in (False, True):
            one, other = (draw(rooms, gray=gray) for rooms in pair)
            change = (one - other).abs().amax(1).flatten(1)
            assert (change > 0.08).sum(1).min() >= 8  # pixels of 32 x 32 that clearly differ


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: looks([[0] * 6]), TypeError, "attributes must be a tensor, not list"),
        (lambda: looks(torch.zeros(2, 5)), ValueError, "rows of 6 zeros and ones"),
        (lambda: looks(torch.zeros(6)), ValueError, r"attributes\[None\]"),
        (lambda: looks(torch.full((1, 6), 2)), ValueError, "must be 0 or 1"),
        (lambda: looks(torch.full((1, 6), torch.nan)), ValueError, "must be 0 or 1"),
    ],
)
def test_errors_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()
