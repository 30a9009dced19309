"""Autoregressive models: normalized, causal, scored in one pass, sampled token after token."""

from __future__ import annotations

import math

import pytest
import torch

from lecture_utils.datasets import digits, names
from lecture_utils.training import AutoregressiveTrainer
from lecture_utils.training.autoregressive import (
    MADE,
    CausalGRU,
    CausalTransformer,
    NGram,
    TokenModel,
)
from lecture_utils.training.score import Score
from lecture_utils.worlds.weather import WeatherDiary


@pytest.fixture(autouse=True)
def one_thread_no_bar(monkeypatch):
    monkeypatch.setenv("LECTURE_STATIC", "1")
    torch.set_num_threads(1)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def counted(order: int, end: int | None = None) -> NGram:
    return NGram(3, order, end).fit(torch.randint(3, (50, 5), generator=seeded()))


TOKEN_MODELS = {
    "GRU": lambda end=None: CausalGRU(3, 8, end),
    "transformer": lambda end=None: CausalTransformer(3, 8, 8, heads=2, end=end),
    "0-gram": lambda end=None: counted(0, end),
    "2-gram": lambda end=None: counted(2, end),
}


@pytest.fixture(params=TOKEN_MODELS)
def make(request):
    torch.manual_seed(0)
    return TOKEN_MODELS[request.param]


def every_sequence(length: int) -> torch.Tensor:
    return torch.cartesian_prod(*[torch.arange(3)] * length)


# -- Models of tokens ------------------------------------------------------------------------------


def test_probabilities_of_all_sequences_sum_to_one(make):
    model = make().double()
    assert model.log_prob(every_sequence(4)).exp().sum().item() == pytest.approx(1, abs=1e-6)


def test_probabilities_of_all_strings_sum_to_one(make):
    """With an END token: all strings that ended, and those cut off, each once."""
    model = make(end=2).double()
    x = every_sequence(4)
    ended = (x == 2).cumsum(1) - (x == 2).long() > 0
    strings = x.masked_fill(ended, 2).unique(dim=0)
    assert len(strings) == 2**4 + 2**3 + 2**2 + 2 + 1
    assert model.log_prob(strings).exp().sum().item() == pytest.approx(1, abs=1e-6)


def test_no_token_is_predicted_from_itself_or_a_later_one(make):
    model = make().eval()
    x = torch.randint(3, (6, 7), generator=seeded(1))
    scores = model.logits(x)
    assert scores.shape == (6, 7, 3)
    for t in range(7):
        changed = x.clone()
        changed[:, t] = (changed[:, t] + 1) % 3
        difference = (model.logits(changed) - scores).abs().amax((0, 2))
        assert difference[: t + 1].max() < 1e-5
        if t < 6 and getattr(model, "order", 1) > 0:
            assert difference[t + 1] > 1e-5  # and the past is used


def test_log_prob_adds_up_the_conditionals(make):
    model = make()
    x = torch.randint(3, (5, 6), generator=seeded(2))
    by_hand = torch.zeros(5)
    for t in range(6):
        scores = model.logits(x[:, : t + 1])[:, -1]  # a shorter x gives the same conditionals
        by_hand += scores.log_softmax(-1)[torch.arange(5), x[:, t]]
    assert torch.allclose(model.log_prob(x), by_hand, atol=1e-5)


def test_padding_is_neither_predicted_nor_counted(make):
    model = make(end=2)
    long = torch.tensor([[0, 1, 2, 2, 2, 2], [1, 0, 0, 1, 0, 2]])
    short = torch.tensor([[0, 1, 2]])
    assert model.log_prob(long)[0].item() == pytest.approx(
        model.log_prob(short)[0].item(), abs=1e-6
    )
    assert model.num_tokens(long).tolist() == [3, 6]
    garbage = torch.tensor([[0, 1, 2, 0, 1, 0]])
    assert model.log_prob(garbage).item() == pytest.approx(model.log_prob(short).item(), abs=1e-6)


def test_samples_follow_log_prob_and_are_seeded(make):
    model = make()
    x = model.sample(20_000, 3, generator=seeded(3))
    assert torch.equal(x, model.sample(20_000, 3, generator=seeded(3)))
    assert x.dtype == torch.int64 and x.shape == (20_000, 3)
    p = model.log_prob(every_sequence(3)).exp()
    share = torch.bincount(x @ torch.tensor([9, 3, 1]), minlength=27) / len(x)
    assert ((share - p).abs() <= 4 * (p * (1 - p) / len(x)).sqrt()).all()


def test_sampling_options(make):
    model = make(end=2)
    x = model.sample(200, 6, generator=seeded())
    after = (x == 2).cumsum(1) > 0
    assert (x[after] == 2).all()  # nothing comes after the end
    greedy = model.sample(5, 6, temperature=0)
    assert (greedy == greedy[0]).all()
    assert torch.equal(greedy[:1, :1], model.logits(greedy[:1, :1]).argmax(-1))
    prefix = torch.tensor([0, 1, 0])
    continued = model.sample(50, 6, prefix=prefix, generator=seeded())
    assert (continued[:, :3] == prefix).all()
    assert torch.equal(model.sample(2, 3, prefix=prefix), prefix.expand(2, 3))
    torch.manual_seed(1)
    first = model.sample(10, 6)
    torch.manual_seed(1)
    assert torch.equal(first, model.sample(10, 6))


def test_temperature_sharpens_and_flattens():
    model = NGram(2, 0).fit(torch.tensor([[0, 0, 0, 1]]), smoothing=1e-9)  # p = 3/4, 1/4
    for temperature, expected in [
        (1.0, 0.75),
        (0.5, 0.9),
        (2.0, math.sqrt(3) / (1 + math.sqrt(3))),
    ]:
        x = model.sample(20_000, 1, temperature=temperature, generator=seeded())
        error = math.sqrt(expected * (1 - expected) / 20_000)
        assert abs((x == 0).float().mean().item() - expected) <= 4 * error


def test_sampling_restores_the_mode():
    model = CausalGRU(3, 4).train()
    model.sample(2, 3)
    assert model.training


def test_ngram_counts():
    x = torch.tensor([[0, 1, 0, 1], [0, 1, 1, 2]])
    bigram = NGram(3, 1).fit(x, smoothing=1e-9)
    first, after_0, after_1 = bigram.table[3], bigram.table[0], bigram.table[1]
    assert first.tolist() == pytest.approx([1, 0, 0], abs=1e-6)
    assert after_0.tolist() == pytest.approx([0, 1, 0], abs=1e-6)
    assert after_1.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3], abs=1e-6)
    assert bigram.table[2].tolist() == pytest.approx([3 / 8, 1 / 2, 1 / 8], abs=1e-6)  # never seen
    smooth = NGram(3, 0).fit(x, smoothing=4.0)
    expected = [(3 + 4 / 3) / 12, (4 + 4 / 3) / 12, (1 + 4 / 3) / 12]
    assert smooth.table[0].tolist() == pytest.approx(expected)
    assert all(NGram(3, k).fit(x).table.sum(1).sub(1).abs().max() < 1e-6 for k in range(4))


def test_ngrams_reach_the_floors_of_the_diary():
    diary = WeatherDiary(12)
    train, test = diary.sample(20_000, generator=seeded(0)), diary.sample(4000, generator=seeded(1))
    for order in range(3):
        model = NGram(3, order).fit(train)
        excess = (diary.best_model(order).log_prob(test) - model.log_prob(test)).mean() / 12
        assert abs(excess) < 1e-3


# -- MADE ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [None, torch.tensor([3, 0, 5, 1, 4, 2])])
def test_made_is_causal_in_its_order_and_normalized(order):
    torch.manual_seed(0)
    model = MADE(6, 32, order=order).double()
    place = torch.arange(6) if order is None else order.argsort()
    x = torch.rand(6, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda x: model.logits(x[None])[0], x)
    allowed = place[:, None] > place
    assert jacobian[~allowed].abs().max() == 0
    assert (jacobian[allowed] != 0).all()
    everything = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 6).double()
    assert model.log_prob(everything).exp().sum().item() == pytest.approx(1, abs=1e-12)


def test_made_drops_in_training_only():
    torch.manual_seed(0)
    model = MADE(6, 32, dropout=0.5).double()
    x = (torch.rand(50, 6, generator=seeded()) < 0.5).double()
    first, second = model.log_prob(x), model.log_prob(x)
    assert not torch.equal(first, second)
    drawn = model.sample(20, generator=seeded())  # a sample does not
    assert model.training and drawn.dtype == torch.float64
    model.eval()
    assert torch.equal(model.log_prob(x), model.log_prob(x))
    assert torch.equal(drawn, model.sample(20, generator=seeded()))
    everything = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 6).double()
    assert model.log_prob(everything).exp().sum().item() == pytest.approx(1, abs=1e-12)


def test_made_samples_follow_log_prob():
    torch.manual_seed(0)
    model = MADE(4, 16, order=torch.tensor([2, 0, 3, 1]))
    for parameter in model.parameters():
        parameter.data *= 3  # far from uniform
    x = model.sample(20_000, generator=seeded())
    assert torch.equal(x, model.sample(20_000, generator=seeded()))
    everything = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 4)
    p = model.log_prob(everything).exp()
    share = torch.bincount((x @ torch.tensor([8.0, 4, 2, 1])).long(), minlength=16) / len(x)
    assert ((share - p).abs() <= 4 * (p * (1 - p) / len(x)).sqrt()).all()


# -- The trainer -----------------------------------------------------------------------------------


def test_a_gru_comes_down_to_the_entropy_of_the_diary():
    diary = WeatherDiary(10)
    train, test = diary.sample(6000, generator=seeded(0)), diary.sample(4000, generator=seeded(1))
    torch.manual_seed(0)
    trainer = AutoregressiveTrainer(CausalGRU(3, 16), lr=2e-2, schedule="cosine", device="cpu")
    history = trainer.fit(train, steps=250, batch_size=64)
    assert list(history) == ["loss", "nats_per_token"]
    assert history["loss"][0] == pytest.approx(10 * history["nats_per_token"][0], rel=1e-5)
    excess = trainer.evaluate(test).excess(diary.log_prob(test))
    assert -4 * excess.error < excess < 0.01
    order_1 = trainer.evaluate(test).excess(diary.best_model(1).log_prob(test))
    assert order_1 < -0.05  # it remembers more than one day


def test_made_beats_independent_pixels_on_digits():
    data = digits.small()
    torch.manual_seed(0)
    trainer = AutoregressiveTrainer(
        MADE(64, 128), lr=1e-2, weight_decay=0.3, ema=0.99, clip=10.0, device="cpu"
    )
    trainer.fit(data.train, steps=150, batch_size=100, validation=data.validation)
    score = trainer.evaluate(data.test)
    assert score.nats < 19.5  # independent pixels: 24.72
    assert score.bits_per_dimension == pytest.approx(score.nats / 64 / math.log(2))
    assert trainer.sample(3, generator=seeded()).shape == (3, 64)


def test_names_train_with_padding_ignored():
    data = names.load()
    torch.manual_seed(0)
    model = CausalTransformer(data.vocabulary, 16, 16, layers=1, end=data.end)
    trainer = AutoregressiveTrainer(model, lr=1e-2, device="cpu")
    history = trainer.fit(data.train, steps=25, batch_size=64)
    assert history["nats_per_token"][0] == pytest.approx(math.log(27), abs=0.3)
    assert history["nats_per_token"][-1] < 2.95
    words = data.decode(trainer.sample(5, 16, generator=seeded()))
    assert len(words) == 5


def test_score_is_what_it_says():
    score = Score(torch.tensor([-2.0, -4.0, -9.0]).double(), torch.tensor([1.0, 2.0, 2.0]).double())
    assert score.nats == pytest.approx(5)
    assert score.nats.error == pytest.approx(math.sqrt(13 / 3))
    assert score.nats_per_token == pytest.approx(3)
    residuals = torch.tensor([2 - 3.0, 4 - 6.0, 9 - 6.0])
    expected = residuals.std().item() / math.sqrt(3) / (5 / 3)
    assert score.nats_per_token.error == pytest.approx(expected)
    assert score.perplexity == pytest.approx(math.exp(3))
    assert score.bits_per_dimension == pytest.approx(3 / math.log(2))
    nothing = score.excess(score.log_px - 0.0)
    assert (nothing, nothing.error) == (0, 0)
    assert score.excess(score.log_px + 5 / 3 * score.tokens) == pytest.approx(5 / 3)
    assert "5.0 ± 2.1 nats an example" in repr(score)
    assert str(score.nats) == "5.0 ± 2.1"


def test_score_of_a_uniform_model():
    x = WeatherDiary(6).sample(100, generator=seeded())
    trainer = AutoregressiveTrainer(CausalGRU(3, 4), device="cpu")
    for parameter in trainer.models["model"].parameters():
        parameter.data.zero_()
    score = trainer.evaluate(x)
    assert score.perplexity == pytest.approx(3, rel=1e-6)
    assert score.nats.error < 1e-6


# -- Input -----------------------------------------------------------------------------------------

GRU = CausalGRU(3, 4, end=2)
PIXELS = MADE(4, 8)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: CausalGRU(0, 4), ValueError, "vocabulary must be"),
        (lambda: CausalGRU(3, 4, end=3), ValueError, "0 to 2, or None"),
        (lambda: CausalTransformer(3, 6, 8), ValueError, "multiple of heads=4"),
        (lambda: CausalTransformer(3, 8, 4).log_prob(torch.zeros(1, 5).long()), ValueError, "=4"),
        (lambda: NGram(27, 9), ValueError, "too many"),
        (lambda: NGram(3, -1), ValueError, "order must be"),
        (lambda: NGram(3, 1).fit(torch.zeros(2, 2).long(), smoothing=0), ValueError, "positive"),
        (lambda: GRU.log_prob(torch.zeros(2, 3)), TypeError, r"x\.long\(\)"),
        (lambda: GRU.log_prob([[0, 1]]), TypeError, "not list"),
        (lambda: GRU.log_prob(torch.zeros(3).long()), ValueError, "one sequence a row"),
        (lambda: GRU.log_prob(torch.tensor([[0, 3]])), ValueError, "0 to 2, but x holds 0 to 3"),
        (lambda: GRU.sample(0, 3), ValueError, "n must be"),
        (lambda: GRU.sample(2, 3, temperature=-1), ValueError, "0 or more"),
        (lambda: GRU.sample(2, 1, prefix=torch.tensor([0, 1])), ValueError, "prefix has 2"),
        (lambda: TokenModel(3).log_prob(torch.zeros(1, 2).long()), NotImplementedError, "defines"),
        (lambda: MADE(4, 0), ValueError, "hidden must be"),
        (lambda: MADE(4, 8, dropout=1.0), ValueError, "dropout is a share"),
        (lambda: MADE(3, 4, order=torch.tensor([0, 1, 1])), ValueError, "each of 0 to 2 once"),
        (lambda: PIXELS.log_prob(torch.zeros(2, 4).long()), TypeError, r"x\.float\(\)"),
        (lambda: PIXELS.log_prob(torch.zeros(2, 5)), ValueError, r"expected \[B, 4\]"),
        (lambda: PIXELS.log_prob(torch.full((2, 4), 0.5)), ValueError, "exactly 0 or 1"),
        (
            lambda: Score(torch.zeros(2), torch.ones(2)).excess(torch.zeros(3)),
            ValueError,
            "the same 2 examples",
        ),
    ],
)
def test_bad_input(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong()
