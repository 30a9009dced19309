"""Adversarial games: losses against their theory, the penalty, the players, and the trainer."""

from __future__ import annotations

import json
import math

import pytest
import torch
from torch import nn

from benchmarks import gans
from lecture_utils.training import checkpoint, gan
from lecture_utils.training.gan import Critic, GANTrainer, Generator, gradient_penalty
from lecture_utils.worlds.mixtures import ring
from lecture_utils.worlds.modes import mode_report


@pytest.fixture(autouse=True)
def one_thread_no_bar(monkeypatch):
    monkeypatch.setenv("LECTURE_STATIC", "1")
    torch.set_num_threads(1)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


DATA = ring().sample(400, generator=seeded())


def trainer(**options) -> GANTrainer:
    torch.manual_seed(5)
    players = Generator(3, 2, (8,), scale=2.0), Critic(2, (8,), scale=2.0, octaves=1)
    return GANTrainer(*players, **{"device": "cpu", "seed": 3, **options})


def weights(module: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten().clone() for p in module.parameters()])


def same(a: GANTrainer, b: GANTrainer) -> bool:
    """Whether two trainers hold the same numbers everywhere, bit for bit."""

    def equal(p, q):
        if isinstance(p, torch.Tensor):
            return torch.equal(p, q)
        if isinstance(p, dict):
            return p.keys() == q.keys() and all(equal(p[k], q[k]) for k in p)
        if isinstance(p, (list, tuple)):
            return len(p) == len(q) and all(map(equal, p, q))
        return p == q

    return equal(checkpoint.state_of(a), checkpoint.state_of(b)) and equal(
        a.history.losses, b.history.losses
    )


# -- The losses ------------------------------------------------------------------------------------


def two_gaussians() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A fine lattice's masses under N(0, 1) and N(1, 1.5), and their log-ratio."""
    x = torch.linspace(-15, 16, 3001, dtype=torch.float64)
    p, q = torch.distributions.Normal(0.0, 1.0), torch.distributions.Normal(1.0, 1.5)
    log_p, log_q = p.log_prob(x), q.log_prob(x)
    return log_p.softmax(0), log_q.softmax(0), log_p - log_q


def weighted(loss_of_one, masses: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """E of a loss of single logits, over a distribution instead of a batch."""
    each = torch.stack([loss_of_one(logit[None]) for logit in logits])
    return masses @ each


def test_a_perfect_critic_measures_the_jensen_shannon_divergence():
    p, q, log_ratio = (t[::10] for t in two_gaussians())
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2
    jsd = 0.5 * (p * (p / middle).log()).sum() + 0.5 * (q * (q / middle).log()).sum()
    nothing = torch.tensor(
        [-math.inf], dtype=torch.float64
    )  # a logit that costs the other player 0
    loss = weighted(lambda t: gan.critic_loss(t, nothing), p, log_ratio)
    loss = loss + weighted(lambda t: gan.critic_loss(-nothing, t), q, log_ratio)
    assert loss.item() == pytest.approx(2 * math.log(2) - 2 * jsd.item(), abs=1e-12)


def test_an_undecided_critic():
    zero = torch.zeros(7)
    assert gan.critic_loss(zero, zero).item() == pytest.approx(2 * math.log(2))
    assert gan.relativistic_critic_loss(zero, zero).item() == pytest.approx(math.log(2))
    assert gan.relativistic_generator_loss(zero, zero).item() == pytest.approx(math.log(2))


def test_the_log_ratio_is_the_best_critic_in_both_games():
    # Three places with probabilities that a batch of 20 can have exactly.
    data, samples = torch.tensor([10, 6, 4]), torch.tensor([5, 5, 10])
    places = torch.arange(3)
    rows = places.repeat_interleave(data)
    columns = places.repeat_interleave(samples)
    best = (data / samples).double().log()
    for shift, loss, pairs in [
        (0.0, gan.critic_loss, False),
        (0.0, gan.relativistic_critic_loss, True),
        (1.7, gan.relativistic_critic_loss, True),  # free up to a constant
    ]:
        logits = (best + shift).requires_grad_()
        real, fake = logits[rows], logits[columns]
        if pairs:  # every datum beside every sample
            real, fake = real.repeat_interleave(20), fake.repeat(20)
        (slope,) = torch.autograd.grad(loss(real, fake), logits)
        assert slope.abs().max() < 1e-7
    (slope,) = torch.autograd.grad(
        gan.critic_loss((wrong := (best + 1.7).requires_grad_())[rows], wrong[columns]), wrong
    )
    assert slope.abs().max() > 0.01


def test_slopes_of_the_generator_losses():
    logits = torch.tensor([-30.0, -2.0, 0.0, 3.0], dtype=torch.float64, requires_grad=True)
    d = logits.detach().sigmoid()
    (saturating,) = torch.autograd.grad(gan.saturating_loss(logits), logits)
    (non_saturating,) = torch.autograd.grad(gan.non_saturating_loss(logits), logits)
    assert torch.allclose(saturating, -d / 4, atol=1e-15)
    assert torch.allclose(non_saturating, -(1 - d) / 4, atol=1e-15)
    real = torch.tensor([1.0, 2.0, -1.0, 0.0], dtype=torch.float64)
    loss = gan.relativistic_generator_loss(real, logits)
    expected = -((logits - real).sigmoid().log()).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-12)


def test_losses_agree_with_cross_entropy():
    real, fake = torch.randn(2, 9, generator=seeded(), dtype=torch.float64)
    bce = nn.functional.binary_cross_entropy_with_logits
    ones, zeros = torch.ones_like(real), torch.zeros_like(real)
    assert torch.allclose(gan.critic_loss(real, fake), bce(real, ones) + bce(fake, zeros))
    assert torch.allclose(gan.saturating_loss(fake), -bce(fake, zeros))
    assert torch.allclose(gan.non_saturating_loss(fake), bce(fake, ones))
    assert torch.allclose(gan.relativistic_critic_loss(real, fake), bce(real - fake, ones))


@pytest.mark.parametrize("critic, generator", gan.LOSSES.values(), ids=list(gan.LOSSES))
def test_losses_and_slopes_are_finite_where_log_sigmoid_is_not(critic, generator):
    logits = torch.tensor([-1e4, 1e4], requires_grad=True)
    other = torch.tensor([1e4, -1e4], requires_grad=True)
    paired = generator is gan.relativistic_generator_loss
    for loss in (critic(logits, other), generator(*([other] if paired else []), logits)):
        assert loss.isfinite()
        assert torch.autograd.grad(loss, logits)[0].isfinite().all()


# -- The penalty -----------------------------------------------------------------------------------


def test_the_penalty_of_a_quadratic_critic_and_its_slope():
    # D(x) = a |x|^2 / 2 has the gradient a x: the penalty is a^2 E |x|^2, its slope 2 a E |x|^2.
    x = torch.randn(50, 3, generator=seeded(), dtype=torch.float64).requires_grad_()
    a = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    penalty = gradient_penalty(0.5 * a * x.square().sum(1), x)
    size = x.detach().square().sum(1).mean()
    assert penalty.item() == pytest.approx((0.49 * size).item(), rel=1e-12)
    (slope,) = torch.autograd.grad(penalty, a)
    assert slope.item() == pytest.approx((1.4 * size).item(), rel=1e-12)


def test_the_penalty_of_images_adds_over_all_pixels():
    x = torch.zeros(4, 1, 2, 3).requires_grad_()
    assert gradient_penalty(2 * x.flatten(1).sum(1), x).item() == 24  # 6 pixels of slope 2


@pytest.mark.parametrize("which", ["x", "scores"])
def test_a_penalty_needs_scores_of_these_points(which):
    x = torch.zeros(3, 2, requires_grad=which == "scores")
    with pytest.raises(ValueError, match="requires_grad_"):
        gradient_penalty(x.detach().sum(1) if which == "scores" else x.sum(1), x)


# -- The players -----------------------------------------------------------------------------------


def test_generator_and_critic_work_in_the_unit_of_the_data():
    torch.manual_seed(0)
    one, ten = Generator(3, 2, (8,)), Generator(3, 2, (8,), scale=10.0)
    ten.load_state_dict(one.state_dict())
    z = torch.randn(5, 3)
    assert torch.allclose(ten(z), 10 * one(z)) and one(z).shape == (5, 2)
    one, ten = Critic(2, (8,), octaves=2), Critic(2, (8,), octaves=2, scale=10.0)
    ten.load_state_dict(one.state_dict())
    x = torch.randn(5, 2)
    assert torch.allclose(ten(10 * x), one(x), atol=1e-6) and one(x).shape == (5,)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_samples_are_those_of_the_seed(dtype):
    model = Generator(3, 2, (8,)).to(dtype)
    x = model.sample(6, generator=seeded(1))
    assert x.shape == (6, 2) and x.dtype == dtype and not x.requires_grad
    z = torch.randn(6, 3, generator=seeded(1), dtype=dtype)
    assert torch.equal(x, model(z))
    assert not torch.equal(x, model.sample(6, generator=seeded(2)))
    torch.manual_seed(1)
    assert torch.equal(model.sample(6), x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Generator(0, 2), "latent_size must be a whole number"),
        (lambda: Generator(2, 2.5), "size of a layer must be a whole number"),
        (lambda: Generator(2, 2, scale=0), "scale must be a positive number"),
        (lambda: Critic(2, scale=math.nan), "scale must be a positive number"),
        (lambda: Critic(0), "size must be a whole number"),
        (lambda: Critic(2, octaves=-1), "octaves must be a whole number, 0 or more"),
        (lambda: Generator(2, 2).sample(0), "n must be a whole number"),
    ],
)
def test_errors_of_the_players(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# -- The trainer -----------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", gan.LOSSES)
@pytest.mark.parametrize("penalty", [0.0, (0.1, 0.0)])
def test_every_game_moves_both_players_and_notes_its_terms(loss, penalty):
    t = trainer(loss=loss, penalty=penalty)
    before = weights(t.models["G"]), weights(t.models["D"])
    history = t.fit(DATA, steps=5, batch_size=40)
    assert not torch.equal(weights(t.models["G"]), before[0])
    assert not torch.equal(weights(t.models["D"]), before[1])
    names = ["D", "G"] + (["penalty"] if penalty else [])
    assert list(history.losses) == names
    assert all(math.isfinite(v) for name in names for v in history[name])


@pytest.mark.parametrize("penalty", [0.0, 0.5])
def test_a_step_equals_the_one_written_by_hand(penalty):
    t = trainer(
        loss="non-saturating",
        penalty=penalty,
        ema=None,
        optimizer=lambda p: torch.optim.SGD(p, lr=0.1),
        schedule=None,
    )
    x = DATA[:10]
    torch.manual_seed(5)
    g, d = Generator(3, 2, (8,), scale=2.0), Critic(2, (8,), scale=2.0, octaves=1)
    torch.manual_seed(1)
    terms = t.train_step(x)
    torch.manual_seed(1)
    real, fake = x.clone().requires_grad_(), g(torch.randn(10, 3)).detach().requires_grad_()
    real_scores, fake_scores = d(real), d(fake)
    loss = -real_scores.sigmoid().log().mean() - (1 - fake_scores.sigmoid()).log().mean()
    extra = torch.zeros(())
    for scores, points in ((real_scores, real), (fake_scores, fake)):
        (slope,) = torch.autograd.grad(scores.sum(), points, create_graph=True)
        extra = extra + penalty / 2 * (2.0 * slope).square().sum(1).mean()  # in x / scale
    slopes = torch.autograd.grad(loss + extra, list(d.parameters()))
    with torch.no_grad():
        for p, slope in zip(d.parameters(), slopes, strict=True):
            p -= 0.1 * slope
    g_loss = -d(g(torch.randn(10, 3))).sigmoid().log().mean()
    slopes = torch.autograd.grad(g_loss, list(g.parameters()))
    with torch.no_grad():
        for p, slope in zip(g.parameters(), slopes, strict=True):
            p -= 0.1 * slope
    assert torch.allclose(weights(t.models["D"]), weights(d), atol=1e-6)
    assert torch.allclose(weights(t.models["G"]), weights(g), atol=1e-6)
    assert terms["D"].item() == pytest.approx(loss.item(), rel=1e-5)
    assert terms["G"].item() == pytest.approx(g_loss.item(), rel=1e-5)
    if penalty:
        assert terms["penalty"].item() == pytest.approx(extra.item(), rel=1e-5)


class Watched(Critic):
    """Notes what the critic was shown, and whether to learn from it."""

    def __init__(self) -> None:
        super().__init__(2, (4,))
        self.seen: list[tuple[torch.Tensor, bool]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append((x.detach().clone(), torch.is_grad_enabled()))
        return super().forward(x)


def test_each_update_gets_data_and_noise_of_its_own():
    critic = Watched()
    t = GANTrainer(
        Generator(2, 2, (4,)), critic, critic_steps=2, generator_steps=3, device="cpu", ema=None
    )
    t.train_step(DATA[:20])
    # Two updates of the critic: data, samples; three of the generator: samples, data.
    shown = [x for x, _ in critic.seen]
    data = [shown[0], shown[2], shown[5], shown[7], shown[9]]
    assert torch.equal(torch.cat(data), DATA[:20])
    samples = torch.cat([shown[1], shown[3], shown[4], shown[6], shown[8]])
    assert len(samples.unique(dim=0)) == len(samples) == 20
    assert [graph for _, graph in critic.seen] == [True] * 5 + [False, True, False, True, False]


def test_the_classic_games_use_all_data_for_the_critic():
    critic = Watched()
    t = GANTrainer(Generator(2, 2, (4,)), critic, loss="saturating", device="cpu", ema=None)
    t.train_step(DATA[:20])
    assert [len(x) for x, _ in critic.seen] == [20, 20, 20]


def test_gradients_of_one_player_do_not_reach_the_other():
    t = trainer(penalty=0.1)
    minimize, seen = t.minimize, []

    def watched(loss, name):
        other = t.models["D" if name == "G" else "G"]
        before = (
            weights(other),
            [None if p.grad is None else p.grad.clone() for p in other.parameters()],
        )
        minimize(loss, name)
        assert torch.equal(weights(other), before[0])
        for p, old in zip(other.parameters(), before[1], strict=True):
            assert (p.grad is None) if old is None else torch.equal(p.grad, old)
        seen.append(name)

    t.minimize = watched
    t.fit(DATA, steps=2, batch_size=40)
    assert seen == ["D", "G"] * 2


def test_penalize_real_leaves_the_samples_out():
    def penalty(penalize):
        t = trainer(penalty=1.0, penalize=penalize, ema=None)
        torch.manual_seed(1)
        real, critic = DATA[:10], t.models["D"]
        points = [real.clone().requires_grad_()]
        if penalize == "both":
            z = torch.randn(10, 3)
            points.append(t.models["G"](z).detach().requires_grad_())
        expected = sum(0.5 * 4.0 * gradient_penalty(critic(p), p) for p in points).item()
        torch.manual_seed(1)
        return t.train_step(DATA[:20])["penalty"].item(), expected

    for penalize in ("real", "both"):
        found, expected = penalty(penalize)
        assert found == pytest.approx(expected, rel=1e-5)
    assert penalty("both")[0] > penalty("real")[0]


def test_the_penalty_falls_from_start_to_end_and_may_read_a_tensor():
    t = trainer(penalty=(0.1, 0.001))
    gammas = []
    for progress in (0.0, 0.3, 0.6, 0.8, 1.0):
        t.progress = progress
        gammas.append(t.gamma)
        t.progress = torch.tensor(progress)
        assert t.gamma.item() == pytest.approx(gammas[-1], rel=1e-5)
    assert gammas == sorted(gammas, reverse=True)
    assert gammas[0] == pytest.approx(0.1) and gammas[-1] == pytest.approx(0.001)
    assert gammas[3] < 0.003
    assert trainer(penalty=0.3).gamma == pytest.approx(0.3)


def test_the_unit_of_the_data_does_not_matter():
    def run(unit):
        torch.manual_seed(5)
        players = Generator(3, 2, (8,), scale=unit), Critic(2, (8,), scale=unit, octaves=1)
        t = GANTrainer(*players, penalty=0.5, device="cpu")
        t.fit(unit * DATA, steps=10, batch_size=40)
        return t

    one, four = run(1.0), run(4.0)  # a power of 2: no rounding
    for name in ("D", "G", "penalty"):
        assert four.history[name] == pytest.approx(one.history[name], rel=1e-4)
    x, y = (t.sample(5, generator=seeded()) for t in (one, four))
    assert torch.allclose(4 * x, y, rtol=1e-3, atol=1e-4)


def test_defaults_and_how_to_change_them():
    t = trainer()
    for name, rate in {"G": 1e-3, "D": 2e-3}.items():
        (group,) = t.optimizers[name].param_groups
        assert (group["betas"], group["lr"], group["weight_decay"]) == ((0.0, 0.9), rate, 0)
        assert group["fused"]
    assert t.ema == 0.995 and t.schedule(0.0) == 1 and t.schedule(1.0) == pytest.approx(0.05)
    own = trainer(optimizer=lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.5, 0.99)), lr=1e-4)
    assert own.optimizers["G"].param_groups[0]["betas"] == (0.5, 0.99)
    assert trainer(schedule=None, ema=None, lr=3e-4).trained["G"] is not None
    assert trainer(lr=3e-4).optimizers["D"].param_groups[0]["lr"] == 3e-4


def test_sampling_and_discriminating_use_the_average_in_evaluation_mode():
    torch.manual_seed(0)
    g = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
    d = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 1))
    t = GANTrainer(g, d, latent_size=4, loss="non-saturating", ema=0.9, device="cpu")
    t.fit(DATA, steps=20, batch_size=50)
    x = t.sample(7, generator=seeded())
    assert x.shape == (7, 2) and torch.equal(x, t.sample(7, generator=seeded()))
    average = t.trained["G"]
    assert torch.equal(x, average(torch.randn(7, 4, generator=seeded())))
    assert not torch.equal(x, g(torch.randn(7, 4, generator=seeded())))
    average.train()
    assert torch.equal(
        t.sample(1, generator=seeded()), average.eval()(torch.randn(1, 4, generator=seeded()))
    )
    scores = t.discriminate(DATA)
    assert scores.shape == (400,) and not scores.requires_grad
    assert torch.equal(scores, t.discriminate(DATA))


def test_labels_are_left_aside_and_images_work():
    torch.manual_seed(0)
    images = torch.rand(40, 1, 4, 4)
    g = nn.Sequential(nn.Linear(5, 16), nn.Sigmoid(), nn.Unflatten(1, (1, 4, 4)))
    d = nn.Sequential(nn.Conv2d(1, 4, 3), nn.LeakyReLU(), nn.Flatten(), nn.Linear(16, 1))
    t = GANTrainer(g, d, latent_size=5, device="cpu")
    t.fit((images, torch.arange(40)), steps=3, batch_size=20)
    assert t.sample(2).shape == (2, 1, 4, 4) and t.discriminate(images).shape == (40,)


def test_a_loader_gives_its_own_batches():
    set_of_pairs = torch.utils.data.TensorDataset(DATA)
    loader = torch.utils.data.DataLoader(set_of_pairs, batch_size=40, shuffle=True)
    assert trainer().fit(loader, steps=3).steps == 3
    odd = torch.utils.data.DataLoader(set_of_pairs, batch_size=25, shuffle=True)
    with pytest.raises(ValueError, match="batch_size=25 cannot be split into 2 equal parts"):
        trainer().fit(odd, steps=3)


OPTIONS = {
    "two critic steps, ema, clip": {"ema": 0.99, "clip": 0.5, "critic_steps": 2},
    "bf16": {"amp": "bf16"},
    "fp16": {"amp": "fp16"},
    "real only, saturating": {"loss": "saturating", "penalize": "real", "generator_steps": 2},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=list(OPTIONS))
def test_resuming_equals_one_run(options, tmp_path):
    file = tmp_path / "gan.pt"
    straight = trainer(**options)
    straight.fit(DATA, steps=40, batch_size=60)
    first = trainer(**options)

    def stop_half_way(t, *batch):
        if t.step == 23:
            raise KeyboardInterrupt
        return gan.gan_step(t, *batch)

    first.own_step = stop_half_way
    with pytest.raises(KeyboardInterrupt):
        first.fit(DATA, steps=40, batch_size=60, save=file, save_every=20)
    second = trainer(**options)
    second.fit(DATA, steps=40, batch_size=60, save=file, resume=True)
    assert second.step == 40 and same(straight, second)


def test_bf16_learns_with_a_penalty():
    precise, mixed = trainer(penalty=1.0, ema=None), trainer(penalty=1.0, ema=None, amp="bf16")
    for t in (precise, mixed):
        t.fit(DATA, steps=30, batch_size=80)
    for name in ("D", "penalty"):
        a, b = (sum(t.history[name][-10:]) / 10 for t in (precise, mixed))
        assert b == pytest.approx(a, rel=0.1) and a != b


def test_the_critic_sees_samples_as_precise_as_the_data():
    critic = Watched()
    t = GANTrainer(Generator(2, 2, (4,)), critic, device="cpu", amp="bf16", ema=None)
    t.fit(DATA, steps=1, batch_size=20)
    assert [x.dtype for x, _ in critic.seen] == [torch.float32] * 4


def test_float64_is_kept():
    torch.manual_seed(5)
    players = Generator(3, 2, (8,)).double(), Critic(2, (8,), octaves=1).double()
    t = GANTrainer(*players, device="cpu")
    t.fit(DATA.double(), steps=3, batch_size=40)
    assert (
        t.sample(4).dtype == torch.float64 and t.discriminate(DATA.double()).dtype == torch.float64
    )
    assert weights(t.models["G"]).dtype == torch.float64


def test_the_same_seed_gives_the_same_run():
    a, b, other = trainer(), trainer(), trainer(seed=4)
    for t in (a, b, other):
        t.fit(DATA, steps=10, batch_size=40)
    assert same(a, b) and a.history["D"] != other.history["D"]


def test_it_learns_two_numbers():
    # One Gaussian: the mean and the spread of the samples come close to those of the data.
    x = torch.randn(5000, 2, generator=seeded()) * torch.tensor([2.0, 0.5]) + torch.tensor([3.0, 1])
    torch.manual_seed(0)
    players = Generator(2, 2, (32,), scale=2.0), Critic(2, (32,), scale=2.0)
    t = GANTrainer(*players, device="cpu", lr={"G": 3e-3, "D": 6e-3})
    t.fit(x, steps=600, batch_size=256)
    y = t.sample(5000, generator=seeded())
    assert torch.allclose(y.mean(0), x.mean(0), atol=0.25)
    assert torch.allclose(y.std(0), x.std(0), rtol=0.25)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "hinge"}, "loss must be one of 'non-saturating', 'saturating', 'relativistic'"),
        ({"penalty": -1.0}, "penalty must be a number, 0 or more"),
        ({"penalty": (0.1, 0.01, 0.001)}, r"\(start, end\)"),
        ({"penalty": "R1"}, "penalty must be a number"),
        ({"penalty": (0.1, math.inf)}, "penalty must be a number"),
        ({"penalize": "fake"}, "penalize must be 'both' or 'real', not 'fake'"),
        ({"critic_steps": 0}, "critic_steps must be a whole number"),
        ({"generator_steps": 1.5}, "generator_steps must be a whole number"),
        ({"latent_size": 0}, "latent_size must be a whole number"),
        ({"lr": {"G": 1e-3}}, "lr has no entry for the model 'D'"),
    ],
)
def test_errors_of_options(options, message):
    with pytest.raises(ValueError, match=message):
        trainer(**options)


def test_errors_come_before_training():
    with pytest.raises(ValueError, match="does not say how much noise it takes"):
        GANTrainer(nn.Linear(3, 2), Critic(2), device="cpu")
    t = trainer(critic_steps=2)
    with pytest.raises(ValueError, match="such as batch_size=129") as caught:
        t.fit(DATA, steps=3)  # 128, if not given
    assert "3 equal parts" in str(caught.value) and "2 of the critic" in str(caught.value)
    with pytest.raises(ValueError, match="batch_size=100 cannot be split"):
        t.fit(DATA, steps=3, batch_size=100)
    with pytest.raises(ValueError, match="batch_size must be a whole number"):
        t.fit(DATA, steps=3, batch_size=0)
    assert t.step == 0
    t.world = 2
    with pytest.raises(ValueError, match="6 equal parts.* in each of 2 processes"):
        t.fit(DATA, steps=3, batch_size=99)
    classic = trainer(loss="saturating", critic_steps=2)
    classic.fit(DATA, steps=1, batch_size=100)  # the generator needs no data here


def test_a_critic_answers_with_one_logit_each():
    t = GANTrainer(Generator(2, 2, (4,)), nn.Linear(2, 2), device="cpu")
    with pytest.raises(ValueError, match="expected one logit for each"):
        t.fit(DATA, steps=1, batch_size=20)


# -- The benchmark ---------------------------------------------------------------------------------


def test_the_benchmark_runs(tmp_path, capsys):
    file = tmp_path / "results.json"
    gans.main(["--smoke", "--json", str(file)])
    results = json.loads(file.read_text(), parse_constant=pytest.fail)["gans"]
    assert list(results) == list(gans.RECIPES)
    names = ["name", "seed", "seconds", "steps", "held", "captured", "quality", "reverse_kl"]
    for rows in results.values():
        assert all(list(row)[:8] == names and row["steps"] == 2 for row in rows)
    assert "reverse KL" in capsys.readouterr().out


def test_the_goals_of_the_benchmark():
    world = gans.RECIPES["grid"].world
    truth = mode_report(world, world.sample(2500, generator=seeded()))
    one = mode_report(world, world.means[:1].repeat(2500, 1))
    cloud = mode_report(world, 10 * torch.rand(2500, 2, generator=seeded()) - 5)
    judged = {g: [g(r) for r in (truth, one, cloud)] for g in (gans.balanced, gans.collapsed)}
    assert judged[gans.balanced] == [True, False, False]
    assert judged[gans.collapsed] == [False, True, False]
    narrow = gans.RECIPES["ring, std 0.02"].world
    assert gans.narrow(mode_report(narrow, narrow.sample(2500, generator=seeded())))
    assert not gans.narrow(mode_report(narrow, ring().sample(2500, generator=seeded())))
