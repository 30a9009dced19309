"""Flow matching: samplers and likelihoods against flows whose answer is known, and the trainer."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lecture_utils.training import checkpoint
from lecture_utils.training.flow import (
    Flow,
    FlowMatchingTrainer,
    TimeNetwork,
    flow_matching_loss,
    integrate,
    velocity_and_divergence,
)
from lecture_utils.worlds.mixtures import GaussianMixture, ring
from lecture_utils.worlds.modes import mode_report


@pytest.fixture(autouse=True)
def one_thread_no_bar(monkeypatch):
    monkeypatch.setenv("LECTURE_STATIC", "1")
    torch.set_num_threads(1)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class ExactVelocity(nn.Module):
    """E[x_1 - x_0 | x_t = x] for data from a mixture of Gaussians, in closed form.

    Given the mode, x_t is Gaussian with mean t m and variance (1 - t)^2 + t^2 s^2, and x_1 - x_0
    has the covariance t s^2 - (1 - t) with it; the modes are weighted by their posterior.
    """

    def __init__(self, world: GaussianMixture) -> None:
        super().__init__()
        self.world = world
        self.unused = nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        m, s = self.world.means, self.world.scales  # [K, D]
        t = t[:, None, None]
        variance = (1 - t) ** 2 + t**2 * s**2  # [B, K, D]
        off = x[:, None] - t * m
        log_joint = self.world.weights.log() - 0.5 * (off**2 / variance + variance.log()).sum(-1)
        velocity = m + (t * s**2 - (1 - t)) / variance * off
        return (log_joint.softmax(-1)[..., None] * velocity).sum(1)


GAUSSIAN = GaussianMixture([1.0], [[0.7, -1.0]], [[0.5, 1.5]], dtype=torch.float64)


def exact_flow(world: GaussianMixture) -> Flow:
    return Flow(ExactVelocity(world), 2)


def small(scale: float = 2.0) -> Flow:
    torch.manual_seed(5)
    return Flow(TimeNetwork(2, (16, 16), octaves=1), 2, scale=scale)


# -- Against flows that are known ------------------------------------------------------------------


@pytest.mark.parametrize("world", [GAUSSIAN, ring(5, scale=0.4)], ids=["Gaussian", "ring"])
def test_the_likelihood_of_the_exact_velocity_is_that_of_the_world(world):
    x = world.sample(50, generator=seeded()).double()
    flow = exact_flow(world)
    log_px = flow.log_prob(x, steps=100)
    torch.testing.assert_close(log_px, world.log_prob(x), atol=1e-4, rtol=0)
    for steps in (40, 41):
        error = flow.log_prob_error(x, steps=steps)
        actual = (flow.log_prob(x, steps=steps) - world.log_prob(x)).abs().max()
        assert 0.5 * actual < error < 2 * actual


def test_samples_of_the_exact_velocity_are_those_of_the_world():
    x = exact_flow(GAUSSIAN).sample(20_000, generator=seeded(), steps=50)
    torch.testing.assert_close(x.mean(0), GAUSSIAN.mean, atol=0.04, rtol=0)
    torch.testing.assert_close(x.T.cov(), GAUSSIAN.covariance, atol=0.08, rtol=0)
    report = mode_report(ring(), exact_flow(ring()).sample(2000, generator=seeded(), steps=50))
    assert report.held == 8 and report.quality > 0.95 and report.reverse_kl < 0.02


def test_one_euler_step_lands_on_the_mean():
    """At t = 0 the best guess of x_1 - x_0 is E[x_1] - x_0: every point goes to the mean."""
    x = exact_flow(GAUSSIAN).sample(100, generator=seeded(), steps=1, method="euler")
    torch.testing.assert_close(x, GAUSSIAN.mean.expand(100, 2))


def test_the_exact_velocity_is_the_best():
    """Its loss is the least: any change makes it larger."""
    x = GAUSSIAN.sample(50_000, generator=seeded())
    flow = exact_flow(GAUSSIAN)
    losses = []
    for bias in (0.0, 0.2, -0.2):
        torch.manual_seed(1)
        flow.velocity = lambda x, t, bias=bias: flow.network(x, t) + bias
        losses.append(flow_matching_loss(flow, x).item())
    assert losses[0] + 0.02 < min(losses[1:])


def test_the_loss_is_averaged_over_points_and_coordinates():
    """Of a velocity that is 0, it is the mean square of x_1 - x_0."""
    flow = exact_flow(GAUSSIAN)
    flow.velocity = lambda x, t: 0 * x
    x = GAUSSIAN.sample(50_000, generator=seeded())
    torch.manual_seed(0)
    expected = (1 + GAUSSIAN.scales[0] ** 2 + GAUSSIAN.means[0] ** 2).mean()
    assert flow_matching_loss(flow, x).item() == pytest.approx(expected.item(), rel=0.02)


def test_sampling_and_scoring_are_done_in_evaluation_mode():
    torch.manual_seed(0)
    flow = Flow(TimeNetwork(2, (16,), octaves=1), 2)
    flow.network.network.insert(1, nn.Dropout(0.5))
    x = torch.randn(4, 2, generator=seeded())
    flow.network.network[0].eval()  # a part that is frozen stays so
    assert torch.equal(flow.log_prob(x, steps=4), flow.log_prob(x, steps=4))
    assert torch.equal(*(flow.sample(4, steps=4, generator=seeded()) for _ in range(2)))
    assert flow.training and not flow.network.network[0].training


def test_the_scale_is_part_of_the_density():
    """A flow that does nothing makes N(0, scale^2) of noise."""

    class Still(nn.Module):
        def __init__(self):
            super().__init__()
            self.unused = nn.Parameter(torch.zeros(1))

        def forward(self, x, t):
            return torch.zeros_like(x)

    flow = Flow(Still(), 2, scale=3.0)
    x = torch.randn(7, 2, generator=seeded())
    expected = torch.distributions.Normal(0.0, 3.0).log_prob(x).sum(-1)
    torch.testing.assert_close(flow.log_prob(x, steps=2), expected)
    assert flow.sample(5000, generator=seeded(), steps=1).std().item() == pytest.approx(3, rel=0.03)


def test_a_density_has_mass_one():
    axis = torch.linspace(-12, 12, 101)
    x = torch.cartesian_prod(axis, axis)
    mass = small().log_prob(x, steps=10).exp().sum() * (axis[1] - axis[0]) ** 2
    assert mass.item() == pytest.approx(1, abs=2e-3)


# -- Tools -----------------------------------------------------------------------------------------


def test_the_divergence_is_the_trace_of_the_jacobian():
    network, x = small().network.double(), torch.randn(6, 2, generator=seeded()).double()
    t = torch.rand(6, generator=seeded()).double()
    v, divergence = velocity_and_divergence(network, x, t)
    assert torch.equal(v, network(x, t).detach())
    for i in range(6):
        jacobian = torch.func.jacrev(lambda y, i=i: network(y[None], t[i : i + 1])[0])(x[i])
        assert divergence[i].item() == pytest.approx(jacobian.trace().item())


def test_any_shape_can_be_followed():
    def velocity(x, t):
        assert t.shape == (len(x),)
        return torch.ones_like(x)

    for shape in ((3,), (3, 2), (2, 3, 4, 4)):
        x = torch.zeros(shape)
        for method in ("euler", "midpoint", "rk4"):
            end = integrate(velocity, x, steps=4, method=method)[-1]
            torch.testing.assert_close(end, torch.ones(shape))


@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("midpoint", 2), ("rk4", 4)])
@pytest.mark.parametrize("backward", [False, True])
def test_the_order_of_the_steps(method, order, backward):
    def velocity(x, t):
        return x * (1 + t[:, None])  # x grows by exp(3 / 2)

    x = torch.ones(1, 1, dtype=torch.float64)
    exact = torch.tensor(-1.5 if backward else 1.5, dtype=torch.float64).exp()
    errors = [
        abs(integrate(velocity, x, steps=n, method=method, backward=backward)[-1] - exact).item()
        for n in (16, 32)
    ]
    assert errors[0] / errors[1] == pytest.approx(2**order, rel=0.2)


def test_a_trajectory_starts_in_noise_and_ends_in_a_sample():
    flow = small()
    path = flow.trajectory(9, steps=6, generator=seeded())
    assert path.shape == (7, 9, 2)
    torch.testing.assert_close(path[0], 2.0 * torch.randn(9, 2, generator=seeded()))
    assert torch.equal(path[-1], flow.sample(9, steps=6, generator=seeded()))


# -- The trainer -----------------------------------------------------------------------------------


def test_it_learns():
    world = ring(4, scale=0.3)
    x = world.sample(2000, generator=seeded())
    torch.manual_seed(0)
    flow = Flow(TimeNetwork(2, (64, 64), octaves=2), 2, scale=1.4)
    trainer = FlowMatchingTrainer(flow, lr=3e-3, schedule="cosine", ema=0.99, device="cpu")
    test = world.sample(300, generator=seeded(1))
    best = world.log_prob(test).double()
    before = trainer.evaluate(test).excess(best)
    trainer.fit(x, steps=600, batch_size=256)
    after = trainer.evaluate(test).excess(best)  # nats a dimension; more steps bring it to 0.1
    assert 0 < after < 0.25 < 0.3 * before
    assert mode_report(world, trainer.sample(500, generator=seeded())).held == 4


@pytest.mark.parametrize("options", [{}, {"ema": 0.9, "clip": 1.0}, {"amp": "bf16"}], ids=str)
def test_resume_is_bit_equal(tmp_path, options):
    x = ring().sample(200, generator=seeded())

    def made():
        return FlowMatchingTrainer(small(), device="cpu", seed=3, **options)

    straight, first, second = made(), made(), made()
    straight.fit(x, steps=60, batch_size=50)
    first.fit(x, steps=30, batch_size=50, save=tmp_path / "f.pt")
    second.fit(x, steps=60, batch_size=50, save=tmp_path / "f.pt", resume=True)
    assert straight.history.losses == second.history.losses
    a, b = (checkpoint.state_of(t)["models"]["model"] for t in (straight, second))
    assert all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: Flow(TimeNetwork(2), 2, scale=0.0), "scale must be a positive"),
        (lambda: Flow(TimeNetwork(2), 0), "size must be"),
        (lambda: small().sample(5, method="heun3"), "'euler', 'midpoint' or 'rk4'"),
        (lambda: small().sample(5, steps=0), "steps must be"),
        (lambda: small().sample(0), "n must be"),
        (lambda: small().log_prob_error(torch.zeros(3, 2), steps=1), "at least 2"),
        (lambda: TimeNetwork(2, octaves=-1), "octaves must be"),
        (lambda: small().log_prob(torch.zeros(3)), r"expected \[B, 2\]"),
    ],
)
def test_errors(act, message):
    with pytest.raises(ValueError, match=message):
        act()
