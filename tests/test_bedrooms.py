"""The world of bedrooms: exact labels, a judge who errs one time in ten, and calibration."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from lecture_utils.estimates import Estimate
from lecture_utils.pictures import ink
from lecture_utils.worlds.bedrooms import (
    ATTRIBUTE_PROBS,
    ATTRIBUTES,
    LUXURIOUS,
    SHADOW_PROBS,
    Bedrooms,
)

world = Bedrooms()
N = 8000


def dice(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def rooms():
    return world.sample_joint(N, generator=dice(1))


@pytest.fixture(scope="module")
def posterior(rooms):
    return world.posterior(rooms.x.double())


def layout_prob(layout, y: int) -> float:
    """p(y) p(attributes | y), by hand."""
    probability = LUXURIOUS if y else 1 - LUXURIOUS
    for on, p in zip(layout, ATTRIBUTE_PROBS[y], strict=True):
        probability *= p if on else 1 - p
    return probability


def test_layouts_and_labels_are_enumerated():
    table = torch.tensor(
        [[layout_prob(row, y) for y in (0, 1)] for row in itertools.product((0, 1), repeat=6)],
        dtype=torch.float64,
    )
    assert table.sum().item() == pytest.approx(1, abs=1e-12)
    assert torch.allclose(world.code_probs, table.sum(-1), atol=1e-15)
    assert torch.allclose(world.label_given_layout, table / table.sum(-1, keepdim=True))
    expected = torch.tensor([1 - LUXURIOUS, LUXURIOUS], dtype=torch.float64)
    assert torch.allclose(world.label_probs, expected, atol=1e-12)


def test_joint_is_a_sum_over_all_rooms(rooms):
    for i in range(3):
        x = rooms.x[i].double()
        for y in (0, 1):
            total = 0.0
            for layout in itertools.product((0, 1), repeat=6):
                for s, chance in enumerate(SHADOW_PROBS):
                    coins = torch.distributions.Bernoulli(world.drawing(torch.tensor(layout), s))
                    total += layout_prob(layout, y) * chance * coins.log_prob(x).sum().exp()
            assert world.log_joint(x)[y].item() == pytest.approx(total.log().item(), abs=1e-9)


def test_posterior_is_joint_over_marginal(rooms, posterior):
    x = rooms.x.double()
    ratio = (world.log_joint(x) - world.log_prob(x)[:, None]).exp()
    assert torch.allclose(posterior, ratio, atol=1e-12)
    assert torch.allclose(world.log_joint(x).logsumexp(-1), world.log_prob(x), atol=1e-9)


def test_probabilities_of_what_a_window_shows_sum_to_one():
    window = torch.zeros(28, 28, dtype=torch.bool)
    window[2:5, 12:16] = True  # under the ceiling, where a lamp hangs
    keep = window.flatten()
    x = torch.zeros(4096, 784, dtype=torch.float64)
    x[:, keep] = world.pictures.marginal(keep).enumerate()
    joint = world.log_joint(x, keep)
    assert joint.exp().sum().item() == pytest.approx(1, abs=1e-12)
    assert torch.allclose(joint.exp().sum(0), world.label_probs, atol=1e-12)
    log_px = joint.logsumexp(-1)
    exact = world.pictures.marginal(keep).entropy()
    assert exact == pytest.approx(-(log_px.exp() @ log_px).item(), abs=1e-12)
    sampled = Estimate.mean(-world.log_prob(world.sample(N, generator=dice(2)).double(), keep))
    assert abs(sampled - exact) < 4 * sampled.error


def test_sampled_frequencies(rooms):
    assert abs(rooms.y.double().mean() - LUXURIOUS) < 4 * (LUXURIOUS * (1 - LUXURIOUS) / N) ** 0.5
    for y in (0, 1):
        chosen = rooms.attributes[rooms.y == y].double()
        p = torch.tensor(ATTRIBUTE_PROBS[y], dtype=torch.float64)
        assert ((chosen.mean(0) - p).abs() < 4 * (p * (1 - p) / len(chosen)).sqrt()).all()
    p = torch.tensor(SHADOW_PROBS, dtype=torch.float64)
    shares = torch.bincount(rooms.shadow, minlength=3) / N
    assert ((shares - p).abs() < 4 * (p * (1 - p) / N).sqrt()).all()
    p = world.pictures.mean
    assert ((rooms.x.double().mean(0) - p).abs() < 6 * (p * (1 - p) / N).sqrt()).all()


def test_every_combination_has_the_drawing_of_its_attributes_and_shadow():
    codes = torch.cartesian_prod(torch.arange(64), torch.arange(3))
    a, shadow = world.layouts[codes[:, 0]], codes[:, 1]
    drawn = ink.bedrooms(a, shadow).double().clamp(0.005, 0.995).flatten(1)
    assert torch.equal(world.drawing(a, shadow), drawn)
    assert len(world.pictures.means) == 128  # shadows make the others equal


def test_same_seed_same_rooms(rooms):
    again = world.sample_joint(N, generator=dice(1))
    assert all(torch.equal(a, b) for a, b in zip(rooms, again, strict=True))
    assert torch.equal(world.sample(N, generator=dice(1)), rooms.x)


def test_the_best_judge_errs_about_one_time_in_ten(rooms, posterior):
    accuracy = world.bayes_accuracy()
    assert 0.88 < accuracy < 0.92 and accuracy.error < 0.002
    right = Estimate.mean((posterior.argmax(-1) == rooms.y).double())  # other rooms, real labels
    assert abs(right - accuracy) < 4 * (right.error**2 + accuracy.error**2) ** 0.5
    # With all attributes in plain sight the judge is a little better: a sum over 64 layouts.
    in_sight = (world.code_probs @ world.label_given_layout.amax(-1)).item()
    assert accuracy < in_sight < accuracy + 0.05


def test_log_loss_of_the_best_judge(rooms, posterior):
    said = posterior.gather(-1, rooms.y[:, None]).squeeze(-1)
    loss, exact = Estimate.mean(-said.log()), world.posterior_entropy()
    assert abs(loss - exact) < 4 * (loss.error**2 + exact.error**2) ** 0.5
    prior = torch.special.entr(world.label_probs).sum()
    assert 0.15 < exact < 0.5 * prior


def test_posterior_is_calibrated(rooms, posterior):
    p = posterior[:, 1]
    for low in (0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9):
        inside = (p >= low) & (p < low + (0.2 if 0.1 < low < 0.9 else 0.1))
        error = (p * (1 - p))[inside].sum().sqrt()
        assert inside.sum() > 100
        assert abs((rooms.y.double() - p)[inside].sum()) < 4 * error


def test_entropy_two_ways(rooms):
    exact_but_one_term = world.entropy()
    plain = Estimate.mean(-world.log_prob(rooms.x.double()))
    error = math.hypot(exact_but_one_term.error, plain.error)
    assert abs(exact_but_one_term - plain) < 4 * error


def test_a_shadow_hides_what_is_on_its_side(rooms):
    believed = world.attribute_posterior(rooms.x.double())
    for shadow, name in ((1, "painting"), (2, "curtains")):
        j = ATTRIBUTES.index(name)
        unsure = (believed[:, j] > 0.02) & (believed[:, j] < 0.98)
        assert unsure[rooms.shadow == shadow].double().mean() > 0.95
        assert unsure[rooms.shadow == 0].double().mean() < 0.05


def test_half_of_a_room_is_enough_for_most(rooms):
    left = torch.zeros(28, 28).bool()
    left[:, :14] = True
    half = world.posterior(rooms.x.double(), left.flatten())
    right = (half.argmax(-1) == rooms.y).double().mean()
    assert max(LUXURIOUS, 1 - LUXURIOUS) + 0.05 < right < world.bayes_accuracy()
    imagined = world.pixel_probs(rooms.x[:5].double(), left.flatten())
    assert imagined.shape == (5, 784) and 0 <= imagined.min() and imagined.max() <= 1


def test_other_dtypes():
    other = Bedrooms(dtype=torch.float64)
    x = other.sample(3, generator=dice())
    assert other.images(x).shape == (3, 28, 28) and x.dtype == torch.float64
    assert other.to(dtype=torch.float32).sample(1).dtype == torch.float32
    assert repr(other) == "Bedrooms(28x28 pixels, 6 attributes)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: world.log_joint(torch.rand(2, 784)), "0 or 1"),
        (lambda: world.posterior(torch.zeros(28, 28)), "784 pixels"),
        (lambda: world.drawing(torch.zeros(6), 3), "shadow must be 0"),
        (lambda: world.drawing(torch.zeros(5)), "rows of 6"),
    ],
)
def test_errors_say_what_to_do(call, message):
    with pytest.raises(ValueError, match=message):
        call()
