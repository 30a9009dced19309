"""The ink drawings of the exact worlds: what shows, what is hidden, and what is shared."""

from __future__ import annotations

import pytest
import torch

from lecture_utils.pictures import ink
from lecture_utils.pictures.bedrooms import ATTRIBUTES
from lecture_utils.pictures.faces import GARMENTS, GENES

N = 64


def rows(size: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(2, (N, size), generator=torch.Generator().manual_seed(seed))


def switched(codes: torch.Tensor, column: int) -> torch.Tensor:
    """The same codes with one of them turned the other way."""
    other = codes.clone()
    other[:, column] = 1 - other[:, column]
    return other


def changed(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """[n] whether two drawings differ anywhere."""
    return (one != other).flatten(1).any(1)


@pytest.mark.parametrize("gene", GENES)
def test_every_gene_shows_in_a_bare_face(gene):
    z, bare = rows(8), torch.zeros(N, 3)
    other = switched(z, GENES.index(gene))
    assert changed(ink.faces(z, bare), ink.faces(other, bare)).all()


@pytest.mark.parametrize(
    ("garment", "genes"),
    [("hat", ["peak"]), ("scarf", ["dimples"]), ("sunglasses", ["eyes", "brows"])],
)
def test_garments_hide_genes_to_the_last_pixel(garment, genes):
    z, worn = rows(8), rows(3, seed=1)
    worn[:, GARMENTS.index(garment)] = 1
    for gene in genes:
        assert not changed(
            ink.faces(z, worn), ink.faces(switched(z, GENES.index(gene)), worn)
        ).any()


def test_freckles_and_dimples_leave_faint_marks_on_shared_spots():
    def marks(freckles: int, dimples: int) -> torch.Tensor:
        z = torch.zeros(1, 8)
        z[:, GENES.index("freckles")], z[:, GENES.index("dimples")] = freckles, dimples
        return (
            ink.faces(z, torch.zeros(1, 3))[0] - ink.faces(torch.zeros(1, 8), torch.zeros(1, 3))[0]
        )

    freckles, dimples, both = marks(1, 0), marks(0, 1), marks(1, 1)
    assert 2 <= (freckles > 0).sum() <= 8 and 2 <= (dimples > 0).sum() <= 8
    assert ((freckles > 0) & (dimples > 0)).sum() >= 2
    assert freckles.max() < 0.8 and dimples.max() < 0.8
    # Either gene alone can blacken a pixel: it stays white only if both leave it white.
    assert torch.allclose(1 - both, (1 - freckles) * (1 - dimples), atol=1e-6)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_every_attribute_shows_in_the_light(attribute):
    a, light = rows(6), torch.zeros(N)
    other = switched(a, ATTRIBUTES.index(attribute))
    assert changed(ink.bedrooms(a, light), ink.bedrooms(other, light)).all()


@pytest.mark.parametrize(("shadow", "attribute"), [(1, "painting"), (2, "curtains")])
def test_a_shadow_hides_to_the_last_pixel(shadow, attribute):
    a, dark = rows(6), torch.full((N,), shadow)
    other = switched(a, ATTRIBUTES.index(attribute))
    assert not changed(ink.bedrooms(a, dark), ink.bedrooms(other, dark)).any()
    for name in {"king", "chandelier", "rug", "lamps"}:
        other = switched(a, ATTRIBUTES.index(name))
        assert changed(ink.bedrooms(a, dark), ink.bedrooms(other, dark)).all()


@pytest.mark.parametrize("side", ["faces", "bedrooms"])
def test_most_pixels_are_surely_black_or_surely_white(side):
    drawn = ink.faces(rows(8), rows(3)) if side == "faces" else ink.bedrooms(rows(6), rows(1)[:, 0])
    assert drawn.shape == (N, 28, 28) and 0 <= drawn.min() and drawn.max() <= 1
    assert ((drawn > 0.01) & (drawn < 0.99)).float().mean() < 0.1  # nine in ten
    alone = ink.faces(rows(8)[5:6], rows(3)[5:6])
    if side == "faces":
        assert torch.equal(alone[0], drawn[5])  # whoever is drawn beside it


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ink.faces([[0] * 8], torch.zeros(1, 3)), TypeError, "genes must be a tensor"),
        (lambda: ink.faces(torch.zeros(1, 7), torch.zeros(1, 3)), ValueError, "rows of 8"),
        (lambda: ink.faces(torch.zeros(1, 8), torch.full((1, 3), 2)), ValueError, "0 or 1"),
        (lambda: ink.bedrooms(torch.zeros(1, 6), torch.tensor([3])), ValueError, "shadow must"),
        (lambda: ink.bedrooms(torch.zeros(2, 6), torch.zeros(3)), ValueError, "for every room"),
        (lambda: ink.bedrooms(torch.zeros(1, 6), [0]), TypeError, "shadow must be a tensor"),
        (lambda: ink.faces(torch.zeros(2, 8), torch.zeros(1, 3)), ValueError, "for every face"),
    ],
)
def test_errors_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()
