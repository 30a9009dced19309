"""The world of genes and faces: exact by enumeration, and a real test of inference."""

from __future__ import annotations

import math

import pytest
import torch

from lecture_utils.estimates import Estimate
from lecture_utils.pictures import ink
from lecture_utils.worlds.genes import GARMENT_PROBS, GENE_PROBS, GENES, GeneFaces

world = GeneFaces()
N = 4000


def dice(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def faces():
    return world.sample_joint(N, generator=dice(1))


@pytest.fixture(scope="module")
def posterior(faces):
    return world.posterior(faces.x.double())


def binary_entropy(p: torch.Tensor) -> torch.Tensor:
    return torch.special.entr(p) + torch.special.entr(1 - p)


def test_genotypes_are_all_combinations():
    assert world.genotypes.shape == (256, 8) and len(world.genotypes.unique(dim=0)) == 256
    assert torch.equal(world.index(world.genotypes), torch.arange(256))
    assert world.index(torch.tensor([0, 0, 0, 0, 0, 1, 0, 1.0])) == 5
    assert world.event_shape == (784,) and repr(world) == "GeneFaces(28x28 pixels, 8 genes)"


def test_genes_are_independent_coins_before_one_sees_the_face():
    prior = world.code_probs
    assert prior.sum().item() == pytest.approx(1, abs=1e-12)
    coins = torch.tensor(GENE_PROBS, dtype=torch.float64)
    by_hand = torch.where(world.genotypes == 1, coins, 1 - coins).prod(-1)
    assert torch.allclose(prior, by_hand, atol=1e-15)


def test_joint_is_prior_times_ink_with_garments_summed_out(faces):
    x = faces.x[:3].double()
    for i, z in enumerate(world.genotypes[[0, 77, 255]]):
        terms = []
        for outfit in world.outfits:
            chance = 1.0
            for worn, p in zip(outfit.tolist(), GARMENT_PROBS, strict=True):
                chance *= p if worn else 1 - p
            coins = torch.distributions.Bernoulli(world.drawing(z, outfit))
            terms.append(coins.log_prob(x[i]).sum() + math.log(chance))
        expected = torch.stack(terms).logsumexp(0) + world.code_probs[world.index(z)].log()
        assert world.log_joint(x[i])[world.index(z)].item() == pytest.approx(expected.item())
    likelihood = world.log_joint(x) - world.code_probs.log()
    assert torch.allclose(world.log_likelihood(x), likelihood, atol=1e-12)


def test_posterior_is_joint_over_marginal(faces, posterior):
    x = faces.x[:100].double()
    ratio = (world.log_joint(x) - world.log_prob(x)[:, None]).exp()
    assert torch.allclose(posterior[:100], ratio, atol=1e-12)
    assert torch.allclose(posterior.sum(-1), torch.ones(N).double(), atol=1e-12)
    marginals = torch.stack(
        [posterior[:100, world.genotypes[:, j] == 1].sum(-1) for j in range(8)], dim=-1
    )
    assert torch.allclose(world.gene_posterior(x), marginals, atol=1e-12)


def test_probabilities_of_what_a_window_shows_sum_to_one():
    window = torch.zeros(28, 28, dtype=torch.bool)
    window[18:21, 6:10] = True  # twelve pixels of a cheek and of the mouth: 4096 images
    x = torch.zeros(4096, 784, dtype=torch.float64)
    x[:, window.flatten()] = world.pictures.marginal(window.flatten()).enumerate()
    log_px = world.log_prob(x, window.flatten())
    assert log_px.exp().sum().item() == pytest.approx(1, abs=1e-12)
    entropy = -(log_px.exp() @ log_px).item()
    assert world.pictures.marginal(window.flatten()).entropy() == pytest.approx(entropy, abs=1e-12)
    shown = world.sample(N, generator=dice(4)).double()
    sampled = Estimate.mean(-world.log_prob(shown, window.flatten()))
    assert abs(sampled - entropy) < 4 * sampled.error


def test_sampled_frequencies(faces):
    for sample, probs in ((faces.z, GENE_PROBS), (faces.garments, GARMENT_PROBS)):
        p = torch.tensor(probs, dtype=torch.float64)
        assert ((sample.double().mean(0) - p).abs() < 4 * (p * (1 - p) / N).sqrt()).all()
    p = world.pictures.mean
    # 784 pixels at once, most of them rare: six standard errors.
    assert ((faces.x.double().mean(0) - p).abs() < 6 * (p * (1 - p) / N).sqrt()).all()


def test_every_pixel_is_drawn_with_the_ink_of_its_drawing(faces):
    drawn = world.drawing(faces.z, faces.garments)
    assert drawn.shape == (N, 784) and 0.005 <= drawn.min() and drawn.max() <= 0.995
    error = (drawn * (1 - drawn)).sum(0).sqrt()
    assert ((faces.x.double() - drawn).sum(0).abs() < 6 * error).all()


def test_every_combination_has_the_drawing_of_its_genes_and_garments():
    codes = torch.cartesian_prod(torch.arange(256), torch.arange(8))
    z, worn = world.genotypes[codes[:, 0]], world.outfits[codes[:, 1]]
    drawn = ink.faces(z, worn).double().clamp(0.005, 0.995).flatten(1)
    assert torch.equal(world.drawing(z, worn), drawn)
    assert len(world.pictures.means) == 720  # garments make the others equal


def test_same_seed_same_faces(faces):
    again = world.sample_joint(N, generator=dice(1))
    assert all(torch.equal(a, b) for a, b in zip(faces, again, strict=True))
    assert torch.equal(world.sample(N, generator=dice(1)), faces.x)
    assert torch.equal(
        GeneFaces().sample(50, generator=dice(1)), world.sample(50, generator=dice(1))
    )


def test_posterior_is_calibrated(faces):
    """Of the genes said to be on with probability about p, a share p is on."""
    said = world.gene_posterior(faces.x.double())
    for low in (0.0, 0.1, 0.3, 0.5, 0.7, 0.9):
        inside = (said >= low) & (said < low + 0.2)
        p, on = said[inside], faces.z[inside].double()
        error = (p * (1 - p)).sum().sqrt()
        assert len(p) > 300 and abs((on - p).sum()) < 4 * error


def test_entropy_two_ways(faces):
    exact_but_one_term = world.entropy()
    plain = Estimate.mean(-world.log_prob(faces.x.double()))
    error = (exact_but_one_term.error**2 + plain.error**2) ** 0.5
    assert abs(exact_but_one_term - plain) < 4 * error
    assert exact_but_one_term.error < 0.01 < plain.error


def test_inference_is_neither_trivial_nor_hopeless(posterior):
    unclear = torch.special.entr(posterior).sum(-1)
    marginals = (posterior @ world.genotypes.double()).clamp(max=1)
    genes = binary_entropy(marginals).mean(0)
    assert 0.8 < unclear.mean() < 1.3
    assert ((genes > 0.05) & (genes < 0.5)).sum() >= 3, dict(
        zip(GENES, genes.tolist(), strict=True)
    )
    assert abs(world.posterior_entropy() - unclear.mean()) < 4 * Estimate.mean(unclear).error
    # Genes explain each other away: the product of the marginals is not the posterior.
    assert genes.sum() - unclear.mean() > 0.02


@pytest.mark.parametrize(
    ("garment", "gene"), [("hat", "peak"), ("scarf", "dimples"), ("sunglasses", "eyes")]
)
def test_what_garments_hide_stays_as_unclear_as_before(garment, gene, faces):
    j = GENES.index(gene)
    worn = faces.garments[:, world.garments.index(garment)] == 1
    unclear = binary_entropy(world.gene_posterior(faces.x.double())[:, j])
    before = binary_entropy(torch.tensor(GENE_PROBS[j], dtype=torch.float64))
    assert unclear[worn].mean() > 0.95 * before > 2 * unclear[~worn].mean()


def test_hidden_pixels(faces):
    x = faces.x[:20].double()
    nothing, everything = torch.zeros(784).bool(), torch.ones(784).bool()
    assert torch.allclose(world.log_prob(x, nothing), torch.zeros(20).double(), atol=1e-9)
    assert torch.allclose(world.posterior(x, nothing), world.code_probs.expand(20, -1), atol=1e-12)
    assert torch.allclose(world.log_prob(x, everything), world.log_prob(x), atol=1e-9)
    assert torch.allclose(world.pixel_probs(x, nothing), world.pictures.mean.expand(20, -1))
    left = torch.zeros(28, 28).bool()
    left[:, :14] = True
    both = world.conditional(x[0], ~left.flatten())
    given = world.log_prob(x[0]) - world.log_prob(x[0], left.flatten())
    assert both.log_prob(x[0][~left.flatten()]).item() == pytest.approx(given.item(), abs=1e-9)


def test_other_dtypes():
    other = GeneFaces(dtype=torch.float64)
    x = other.sample(3, generator=dice())
    assert x.dtype == torch.float64 and other.images(x).shape == (3, 28, 28)
    single = other.to(dtype=torch.float32)
    assert single.sample(2).dtype == torch.float32 and single.genotypes.shape == (256, 8)
    assert torch.allclose(single.log_prob(x.float()), other.log_prob(x).float())
    assert torch.allclose(other.log_prob(x.bool()), other.log_prob(x))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: world.log_prob(torch.rand(2, 784)), "0 or 1"),
        (lambda: world.log_prob(torch.zeros(28, 28)), "784 pixels"),
        (lambda: world.index(torch.tensor([0, 1])), "z must be"),
        (lambda: world.drawing(torch.zeros(8), torch.zeros(2)), "garments must be"),
    ],
)
def test_errors_say_what_to_do(call, message):
    with pytest.raises(ValueError, match=message):
        call()
