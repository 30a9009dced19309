"""Faces: every gene shows, every garment hides what it should, and the same seed draws the same."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from lecture_utils.pictures import faces
from lecture_utils.pictures.faces import GARMENTS, GENES, Looks, draw, looks

ALL = torch.cartesian_prod(*[torch.arange(2)] * 8)  # [256, 8]
OUTFITS = torch.cartesian_prod(*[torch.arange(2)] * 3)  # [8, 3]


def dice(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def changed(who: Looks, **fields) -> Looks:
    """The same people with some fields set for all of them."""
    values = {name: torch.full_like(getattr(who, name), value) for name, value in fields.items()}
    return dataclasses.replace(who, **values)


def outfit(**worn: int) -> int:
    """The row of OUTFITS in which exactly these garments are worn."""
    return sum(worn.get(name, 0) << (2 - i) for i, name in enumerate(GARMENTS))


def pairs(gene: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Which rows of ALL lack the gene, and which have it and are otherwise the same."""
    j = GENES.index(gene)
    without = (ALL[:, j] == 0).nonzero().flatten()
    return without, without + 2 ** (7 - j)


@pytest.fixture(scope="module")
def crowd() -> Looks:
    return looks(ALL, generator=dice())


@pytest.mark.parametrize("size", [16, 32, 33])
@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_pictures_have_the_shape_and_range_asked_for(crowd, size, gray, dtype):
    few = next(faces.parts(crowd))
    x = draw(few, size, gray=gray, dtype=dtype)
    assert x.shape == (64, 1 if gray else 3, size, size) and x.dtype == dtype
    assert x.device == few.round.device
    assert 0 <= x.min() < 0.2 and 0.8 < x.max() <= 1 and not x.isnan().any()


def test_nobody_is_a_picture_too():
    nobody = looks(torch.zeros(0, 8))
    assert len(nobody) == 0 and draw(nobody).shape == (0, 3, 32, 32)


def test_same_seed_same_looks(crowd):
    again, other = looks(ALL, generator=dice()), looks(ALL, generator=dice(1))
    for field in dataclasses.fields(Looks):
        assert torch.equal(getattr(again, field.name), getattr(crowd, field.name)), field.name
    assert torch.equal(draw(again), draw(crowd))
    differ = {
        field.name
        for field in dataclasses.fields(Looks)
        if not torch.equal(getattr(other, field.name), getattr(crowd, field.name))
    }
    assert differ == {field.name for field in dataclasses.fields(Looks)} - set(GENES)


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float32])
def test_genes_of_any_dtype(crowd, dtype):
    who = looks(ALL.to(dtype), generator=dice())
    assert torch.equal(torch.stack([getattr(who, gene) for gene in GENES], 1), ALL.bool())
    assert torch.equal(who.skin, crowd.skin)


def test_a_picture_does_not_depend_on_its_neighbors(crowd):
    together = draw(crowd)
    for i in (0, 63, 64, 200):
        one = {f.name: getattr(crowd, f.name)[i : i + 1] for f in dataclasses.fields(Looks)}
        assert torch.allclose(draw(Looks(**one))[0], together[i], atol=1e-5)


@pytest.mark.parametrize("size", [32, 64])
def test_grey_is_the_luminance_of_color(crowd, size):
    color, gray = draw(crowd, size), draw(crowd, size, gray=True)
    luminance = torch.einsum("nchw,c->nhw", color, torch.tensor([0.299, 0.587, 0.114]))
    assert torch.allclose(luminance, gray[:, 0], atol=1e-5)


@pytest.mark.parametrize("gene", GENES)
@pytest.mark.parametrize("gray", [False, True])
def test_every_gene_shows_in_every_face(crowd, gene, gray):
    plain = changed(crowd, hat=False, scarf=False, sunglasses=False, glasses=False)
    has_not, has = (changed(plain, **{gene: value}) for value in (False, True))
    change = (draw(has, 64, gray=gray) - draw(has_not, 64, gray=gray)).abs()
    visible = (change.amax(1) > 0.08).flatten(1).sum(1)
    assert visible.min() >= 8, f"{gene}: {visible.min()} pixels"


@pytest.mark.parametrize(
    ("garment", "gene"),
    [("hat", "peak"), ("scarf", "dimples"), ("sunglasses", "eyes"), ("sunglasses", "brows")],
)
def test_garments_hide_genes_in_color(crowd, garment, gene):
    worn = changed(crowd, **{garment: True})
    assert torch.equal(draw(changed(worn, **{gene: True})), draw(changed(worn, **{gene: False})))


def test_garments_come_as_often_as_asked():
    genes = ALL.repeat(8, 1)
    who = looks(genes, hat=1, scarf=0, sunglasses=0.5, generator=dice())
    assert who.hat.all() and not who.scarf.any()
    assert abs(who.sunglasses.float().mean() - 0.5) < 4 * (0.25 / len(genes)) ** 0.5
    assert not (who.glasses & who.sunglasses).any()


def test_skin_is_independent_of_hair_and_nobody_frowns():
    who = looks(ALL.repeat(40, 1), generator=dice())
    for gene in ("dark", "curly"):
        shares = [torch.bincount(who.skin[getattr(who, gene) == v]) / 5120 for v in (0, 1)]
        assert (shares[0] - shares[1]).abs().max() < 5 * (2 * 0.14 / 5120) ** 0.5
    assert len(who.skin.unique()) == 6 and len(who.mouth.unique()) == 4
    assert who.slant.min() >= 0  # the outer ends of the brows are never the higher ones


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: looks([[0] * 8]), TypeError, "genes must be a tensor, not list"),
        (lambda: looks(torch.zeros(2, 7)), ValueError, "genes must be rows of 8"),
        (lambda: looks(torch.zeros(8)), ValueError, r"genes\[None\]"),
        (lambda: looks(torch.full((1, 8), 0.5)), ValueError, "genes must be 0 or 1"),
        (lambda: looks(torch.zeros(1, 8), hat=1.5), ValueError, "hat is the probability"),
        (lambda: draw(looks(torch.zeros(1, 8)), 8), ValueError, "size must be .* at least 16"),
    ],
)
def test_errors_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()
