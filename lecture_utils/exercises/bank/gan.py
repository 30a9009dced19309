"""Exercises of the chapter on generative adversarial networks."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..model import (
    OWN_DICE,
    Case,
    ChoiceExercise,
    CodeExercise,
    NumberExercise,
    Option,
    Wrong,
    WrongNumber,
)
from ._tools import matrix, normal, on_simplex, simplex, uniform, vector

NUMBER = 10
LN2 = math.log(2)
_SMALL = (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20)


# ------------------------------------------------------------------ the game at rest
EQUILIBRIUM = NumberExercise(
    id="gan_equilibrium",
    title="Predict: the discriminator's loss against a perfect generator",
    statement=(
        "The discriminator's loss is −E log D(x) over real data plus −E log(1 − D(G(z))) over "
        "fakes, in nats. The generator has become perfect: its fakes are distributed exactly like "
        "the data. What is the lowest loss that any discriminator can reach?"
    ),
    truth=2 * LN2,
    written="log(4)",
    because=(
        "Nothing tells the two apart, so the best D says ½ everywhere and pays log 2 twice: "
        "2 log 2 = log 4 ≈ 1.386 nats. A good game ends at this number, not at 0."
    ),
    rtol=0.01,
    wrong=[
        WrongNumber(
            0,
            "zero",
            "Loss 0 means that every answer is sure **and** right. Can that be, where real and "
            "fake look exactly alike?",
        ),
        WrongNumber(
            LN2,
            "one-term",
            "That is what one of the two terms costs (or their average). How many terms does "
            "this loss add?",
        ),
        WrongNumber(
            0.5,
            "probability",
            "That is what D **says**. What does saying so cost, on real data and on fakes?",
        ),
        WrongNumber(
            -2 * LN2,
            "value",
            "That is the value V of the game, which D makes as large as it can. The loss is what "
            "an optimizer makes small.",
        ),
        WrongNumber(
            2,
            "bits",
            "The right cost, but in bits. How many nats is a bit?",
        ),
        WrongNumber(
            1,
            "no-log",
            "Did you add two probabilities (or one bit)? Each term is a **logarithm**, in nats.",
        ),
        WrongNumber(
            0.25,
            "product",
            "That is ½ · ½. The two terms are logarithms, and they add.",
        ),
        WrongNumber(
            math.inf,
            "infinite",
            "An infinite loss takes a D that is sure and wrong. This D is merely unsure.",
        ),
        WrongNumber(
            2 * math.log10(2),
            "base-10",
            "That logarithm has base 10. Nats go with base e.",
        ),
    ],
    hints=[
        "Every x is as likely to be real as to be fake. What is the best thing D can say?",
        "Put that answer into both terms, and add.",
    ],
)


# ------------------------------------------------------------------ losses
def d_loss(real_logits, fake_logits):
    """Logits of real and of fake examples -> -E log D(real) - E log(1 - D(fake)), in nats."""
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def _of_any_size(function, args):
    """The loss; with a word on two batches that do not fit into one sum, and need not."""
    try:
        return function(*args)
    except RuntimeError as error:
        if "must match the size of tensor" in str(error):
            sizes = " and ".join(str(list(logits.shape)) for logits in args)
            error.args = (
                f"here the logits are {sizes}, and cannot be combined one by one. Real and fake do "
                "not come in pairs: take each expectation on its own.",
            )
        raise


D_LOSS = CodeExercise(
    id="d_loss",
    title="The discriminator's loss",
    statement=(
        "The discriminator gives logits a, and D = σ(a) is its probability of **real**. Return "
        "−E log D over the real logits plus −E log(1 − D) over the fake ones: one number, finite "
        "for every logit. Each batch has shape `[n]` or `[n, 1]`; their sizes may differ."
    ),
    reference=d_loss,
    returns="a tensor without axes",
    unit="nats",
    grad_args=(0, 1),
    observe=_of_any_size,
    cases=lambda g: [
        Case((vector(0.0, 0.0), vector(0.0, 0.0)), "an undecided discriminator: 2 log 2"),
        Case((vector(3.0), vector(-3.0)), "one of each, both judged rightly"),
        Case((normal(g, 5), normal(g, 5)), "5 real, 5 fake"),
        Case((normal(g, 4, 1, scale=3), normal(g, 6, 1, scale=3)), "4 real, 6 fake, as [B, 1]"),
        Case((normal(g, 3, 1), normal(g, 7)), "3 real as [B, 1], 7 fake as [B]"),
        Case(
            (vector(1.0, -8.0, -200.0), vector(200.0, 9.0)),
            "surely fake, says D of real data, and the other way around",
        ),
        Case(
            (vector(1000.0, -1000.0, 0.5), vector(-1000.0, 1000.0, -30.0, 2.0)),
            "logits of ±1000 in one batch",
        ),
    ],
    alternatives=[
        lambda r, f: (
            F.binary_cross_entropy_with_logits(r, torch.ones_like(r))
            + F.binary_cross_entropy_with_logits(f, torch.zeros_like(f))
        ),
        lambda r, f: -F.logsigmoid(r).mean() - F.logsigmoid(-f).mean(),
    ],
    wrong=[
        Wrong(
            "labels-swapped",
            lambda r, f: F.softplus(r).mean() + F.softplus(-f).mean(),
            "This discriminator is paid for calling **fakes** real. Which of the two should get "
            "a D near 1?",
        ),
        Wrong(
            "sign",
            lambda r, f: -(F.softplus(-r).mean() + F.softplus(f).mean()),
            "This is the value V that D makes large. An optimizer makes its loss small: which "
            "sign does a loss have that is never below 0?",
        ),
        Wrong(
            "real-only",
            lambda r, f: F.softplus(-r).mean(),
            "Only real data count here. What stops D from answering “real” to everything?",
        ),
        Wrong(
            "fake-only",
            lambda r, f: F.softplus(f).mean(),
            "Only fakes count here. What stops D from answering “fake” to everything?",
        ),
        Wrong(
            "difference",
            lambda r, f: F.softplus(-r).mean() - F.softplus(f).mean(),
            "The two terms pull against each other: D is paid for being wrong about fakes. Both "
            "kinds of mistake should cost.",
        ),
        Wrong(
            "all-real",
            lambda r, f: F.softplus(-r).mean() + F.softplus(-f).mean(),
            "You want D near 1 on fakes too. What should D say of a fake?",
        ),
        Wrong(
            "all-fake",
            lambda r, f: F.softplus(r).mean() + F.softplus(f).mean(),
            "You want D near 0 on real data too. What should D say of real data?",
        ),
        *(
            Wrong(
                "sigmoid-twice",
                solve,
                "Two sigmoids in a row: functions that take logits contain one already. How "
                "sure can D still become?",
            )
            for solve in (
                lambda r, f: F.softplus(-r.sigmoid()).mean() + F.softplus(f.sigmoid()).mean(),
                lambda r, f: (
                    -(r.sigmoid().sigmoid().log().mean() + (1 - f.sigmoid().sigmoid()).log().mean())
                ),
            )
        ),
        *(
            Wrong(
                "unstable",
                solve,
                "The right formula, but for large logits σ is exactly 0 or 1, and log 0 is −inf. "
                "Which functions do sigmoid and log in one step?",
            )
            for solve in (
                lambda r, f: -(r.sigmoid().log().mean() + (1 - f.sigmoid()).log().mean()),
                lambda r, f: -(r.sigmoid().log().mean() + (-f).sigmoid().log().mean()),
                lambda r, f: (1 + (-r).exp()).log().mean() + (1 + f.exp()).log().mean(),
                lambda r, f: torch.log1p((-r).exp()).mean() + torch.log1p(f.exp()).mean(),
            )
        ),
        Wrong(
            "clamped",
            lambda r, f: (
                F.binary_cross_entropy(r.sigmoid(), torch.ones_like(r))
                + F.binary_cross_entropy(f.sigmoid(), torch.zeros_like(f))
            ),
            "`binary_cross_entropy` after a sigmoid cuts every cost off at 100, and there its "
            "slope is gone. There is a variant that starts from the logits.",
        ),
        *(
            Wrong(
                "epsilon",
                lambda r, f, small=small: (
                    -((r.sigmoid() + small).log().mean() + (1 - f.sigmoid() + small).log().mean())
                ),
                "The small number inside the log puts a ceiling on the cost of a sure mistake. "
                "There are functions for sigmoid and log in one step that need no such help.",
            )
            for small in _SMALL
        ),
        *(
            Wrong(
                "epsilon",
                lambda r, f, small=small, high=high: (
                    -(
                        r.sigmoid().clamp(small, high(small)).log().mean()
                        + (1 - f.sigmoid()).clamp(small, high(small)).log().mean()
                    )
                ),
                "The small number inside the log puts a ceiling on the cost of a sure mistake. "
                "There are functions for sigmoid and log in one step that need no such help.",
            )
            for small in _SMALL
            for high in (lambda small: None, lambda small: 1 - small)
        ),
        Wrong(
            "half",
            lambda r, f: 0.5 * (F.softplus(-r).mean() + F.softplus(f).mean()),
            "Half the value: you averaged the two terms, as much code does. Here they are added, "
            "so that V = −loss.",
        ),
        Wrong(
            "pooled",
            lambda r, f: torch.cat([F.softplus(-r).flatten(), F.softplus(f).flatten()]).mean(),
            "You averaged over all examples together, so the larger batch weighs more. Each of "
            "the two expectations is a mean of its own.",
        ),
        Wrong(
            "sum",
            lambda r, f: F.softplus(-r).sum() + F.softplus(f).sum(),
            "You summed over the examples. What does E stand for, and does your loss grow with "
            "the batch?",
        ),
        Wrong(
            "no-mean",
            lambda r, f: F.softplus(-r) + F.softplus(f),
            "One value for each pair of examples. Real and fake do not come in pairs: take each "
            "expectation first.",
        ),
        Wrong(
            "wasserstein",
            lambda r, f: f.mean() - r.mean(),
            "That is the loss of a Wasserstein critic: no sigmoid, no log. This D speaks in "
            "probabilities.",
        ),
        Wrong(
            "wasserstein-reversed",
            lambda r, f: r.mean() - f.mean(),
            "Raw logits without sigmoid and log, and the sign pays for calling fakes real.",
        ),
        Wrong(
            "no-log",
            lambda r, f: -(r.sigmoid().mean() + (1 - f.sigmoid()).mean()),
            "You added probabilities. Where is the log, which makes a sure mistake expensive?",
        ),
        Wrong(
            "error-rate",
            lambda r, f: (1 - r.sigmoid()).mean() + f.sigmoid().mean(),
            "This adds the probabilities of a mistake. Where is the log, which makes a sure "
            "mistake expensive?",
        ),
        Wrong(
            "one-minus-log",
            lambda r, f: F.softplus(-r).mean() - (1 - F.logsigmoid(f)).mean(),
            "You took one minus the **log**. The term is the log of one minus D.",
        ),
        Wrong(
            "log-of-mean",
            lambda r, f: -r.sigmoid().mean().log() - (-f).sigmoid().mean().log(),
            "You took the log of an average. The expectation is over **logs**: the order matters, "
            "and one sure mistake should not hide behind good answers.",
        ),
        Wrong(
            "mean-logit",
            lambda r, f: F.softplus(-r.mean()) + F.softplus(f.mean()),
            "You averaged the logits, and took the log loss of the average. E stands in front of "
            "the log: one sure mistake should not hide behind good answers.",
        ),
        Wrong(
            "one-minus-logit",
            lambda r, f: -F.logsigmoid(r).mean() - F.logsigmoid(1 - f).mean(),
            "You subtracted the **logit** from 1. It is the probability that is subtracted: what "
            "does 1 − σ(a) do to the logit?",
        ),
        Wrong(
            "real-sign",
            lambda r, f: F.softplus(-r).mean() - F.softplus(-f).mean(),
            "For fakes you took + log D. It is small when D is near 0, as it should be, but it "
            "has no floor. Which log does a D that has to catch fakes pay?",
        ),
        *(
            Wrong(
                "logits-cut-off",
                lambda r, f, top=top: (
                    F.softplus(-r.clamp(-top, top)).mean() + F.softplus(f.clamp(-top, top)).mean()
                ),
                "You cut the logits off. A sure mistake then has a highest price, and beyond it no "
                "slope. Functions that start from logits need no such help.",
            )
            for top in (10, 20, 30, 50, 80)
        ),
        Wrong(
            "log-of-logits",
            lambda r, f: -r.log().mean() - (1 - f).log().mean(),
            "You took logs of raw logits, which may be negative. What makes a logit a probability?",
        ),
        Wrong(
            "least-squares",
            lambda r, f: (r.sigmoid() - 1).square().mean() + f.sigmoid().square().mean(),
            "Squared errors: a sure mistake then costs 1 at most. The question asks for the log "
            "loss.",
        ),
        Wrong(
            "hinge",
            lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).mean(),
            "That is the hinge loss, with margins instead of probabilities. Where is the log?",
        ),
        Wrong(
            "relativistic",
            lambda r, f: F.softplus(f - r).mean(),
            "You compare each fake with one real example. That is another game; here D judges each "
            "example alone, and real and fake need not come in pairs.",
        ),
    ],
    hints=[
        "Two yes-or-no questions: what is the right answer for real data, and what for fakes?",
        "1 − σ(a) = σ(−a). And is there one function for log σ(a)?",
        "`F.logsigmoid`, `F.softplus` and `F.binary_cross_entropy_with_logits` take raw logits.",
    ],
)


def g_loss(fake_logits):
    """Logits of fakes -> the non-saturating generator loss -E log D(fake), in nats."""
    return F.softplus(-fake_logits).sum() / fake_logits.numel()


G_LOSS = CodeExercise(
    id="g_loss",
    title="The generator's loss",
    statement=(
        "From the discriminator's logits on fakes, with D = σ(a) the probability of **real**, "
        "return the non-saturating loss of the generator, −E log D: one number, finite for every "
        "logit."
    ),
    reference=g_loss,
    returns="a tensor without axes",
    unit="nats",
    grad_args=(0,),
    cases=lambda g: [
        Case((vector(0.0, 0.0),), "an undecided discriminator: log 2"),
        Case((vector(-8.0),), "one fake that D sees through"),
        Case((vector(-8.0, 9.0),), "one fake seen through, one taken for real"),
        Case((normal(g, 7, scale=2),), "7 fakes"),
        Case((normal(g, 4, 1),), "4 fakes as [B, 1]"),
        Case((vector(-800.0, 3.0, 800.0),), "logits of ±800 in one batch"),
    ],
    alternatives=[
        lambda f: F.binary_cross_entropy_with_logits(f, torch.ones_like(f)),
        lambda f: -F.logsigmoid(f).mean(),
    ],
    wrong=[
        *(
            Wrong(
                "saturating",
                solve,
                "This is E log(1 − D), the loss of the min-max game. Where D is sure of a fake it "
                "is flat: how much could the generator learn there?",
            )
            for solve in (
                lambda f: -F.softplus(f).mean(),
                lambda f: (1 - f.sigmoid()).log().mean(),
            )
        ),
        *(
            Wrong(
                "label-0",
                solve,
                "This is the discriminator's half: it gets small when the fakes are **caught**. "
                "What does the generator want D to say?",
            )
            for solve in (
                lambda f: F.softplus(f).mean(),
                lambda f: -(1 - f.sigmoid()).log().mean(),
            )
        ),
        Wrong(
            "sign",
            lambda f: -F.softplus(-f).mean(),
            "This gets small when D **rejects** the fakes. What does the generator want, and "
            "which sign does −log of a probability have?",
        ),
        *(
            Wrong(
                "unstable",
                solve,
                "The right formula, but σ(−800) is exactly 0, or exp(800) is inf. Which function "
                "does sigmoid and log in one step?",
            )
            for solve in (
                lambda f: -f.sigmoid().log().mean(),
                lambda f: (1 + (-f).exp()).log().mean(),
                lambda f: torch.log1p((-f).exp()).mean(),
            )
        ),
        Wrong(
            "clamped",
            lambda f: F.binary_cross_entropy(f.sigmoid(), torch.ones_like(f)),
            "`binary_cross_entropy` after a sigmoid cuts every cost off at 100, and there its "
            "slope is gone: just where the generator has most to learn. Start from the logits.",
        ),
        *(
            Wrong(
                "epsilon",
                lambda f, small=small: -(f.sigmoid() + small).log().mean(),
                "The small number inside the log puts a ceiling on the cost, and ends the slope: "
                "just where the generator has most to learn. Which function needs no such help?",
            )
            for small in _SMALL
        ),
        *(
            Wrong(
                "epsilon",
                lambda f, small=small: -f.sigmoid().clamp(min=small).log().mean(),
                "The small number inside the log puts a ceiling on the cost, and ends the slope: "
                "just where the generator has most to learn. Which function needs no such help?",
            )
            for small in _SMALL
        ),
        *(
            Wrong(
                "logits-cut-off",
                lambda f, top=top: F.softplus(-f.clamp(-top, top)).mean(),
                "You cut the logits off: beyond the cut a fake has no slope, just where the "
                "generator has most to learn. Functions that start from logits need no such help.",
            )
            for top in (10, 20, 30, 50, 80)
        ),
        Wrong(
            "mean-logit",
            lambda f: F.softplus(-f.mean()),
            "You averaged the logits first. Then one fake taken for real excuses all others. "
            "Which comes first, log or E?",
        ),
        Wrong(
            "one-minus-logit",
            lambda f: -F.logsigmoid(1 - f).mean(),
            "You subtracted the **logit** from 1. Which probability does the generator want near "
            "1, D or 1 − D?",
        ),
        *(
            Wrong(
                "no-log",
                solve,
                "Without the log this is flat where D is near 0, so hopeless fakes would hardly "
                "move. What does the log change there?",
            )
            for solve in (lambda f: -f.sigmoid().mean(), lambda f: 1 - f.sigmoid().mean())
        ),
        Wrong(
            "sum",
            lambda f: F.softplus(-f).sum(),
            "You summed over the fakes. What does E stand for?",
        ),
        Wrong(
            "no-mean",
            lambda f: F.softplus(-f),
            "One value for each fake. The loss is one number: what does E stand for?",
        ),
        Wrong(
            "log-of-mean",
            lambda f: -f.sigmoid().mean().log(),
            "You took the log of the average D. Then one fake taken for real excuses all others. "
            "Which comes first, log or E?",
        ),
        Wrong(
            "sigmoid-twice",
            lambda f: F.softplus(-f.sigmoid()).mean(),
            "Two sigmoids in a row: functions that take logits contain one already.",
        ),
        Wrong(
            "wasserstein",
            lambda f: -f.mean(),
            "Raw logits, without sigmoid and log: that is the Wasserstein generator's loss.",
        ),
        Wrong(
            "least-squares",
            lambda f: (f.sigmoid() - 1).square().mean(),
            "Squared errors of D: flat where D is near 0. The question asks for the log loss.",
        ),
        Wrong(
            "hinge",
            lambda f: F.relu(1 - f).mean(),
            "That is a margin instead of a probability. Where are sigmoid and log?",
        ),
        Wrong(
            "log-of-logits",
            lambda f: -f.log().mean(),
            "You took logs of raw logits, which may be negative. What makes a logit a probability?",
        ),
        Wrong(
            "both-halves",
            lambda f: F.softplus(-f).mean() + F.softplus(f).mean(),
            "You added the discriminator's half, so no logit but 0 is good. The generator wants "
            "only one thing.",
        ),
    ],
    hints=[
        "Which answer of D would please the generator?",
        "It is half of the discriminator's loss, with the other label.",
    ],
)

SATURATING = ChoiceExercise(
    id="saturating",
    title="Predict: the generator's slope early in training",
    statement=(
        "D sees through a fake: D(G(z)) = 0.001. How steep are the two losses of the generator "
        "in the logit a of that fake, where D = σ(a): first log(1 − D), then −log D?"
    ),
    level=2,
    options=[
        Option(
            "About 1 for log(1 − D), and about 0.001 for −log D",
            "Sketch both for D from 0 to 1. Which of the two curves is flat at the left end?",
        ),
        Option(
            "About 1 for both: they have the same goal",
            "The same goal, so the same direction. But is log(1 − D) steep where D is near 0?",
        ),
        Option(
            "About 0.001 for log(1 − D), and about 1 for −log D",
            "The slopes in a are −D and −(1 − D): the same direction, a thousand times the push, "
            "and that just where the fakes are worst.",
            right=True,
        ),
        Option(
            "About 0.001 for log(1 − D), and about 1000 for −log D",
            "1000 is the slope of −log D in **D**. In the logit another factor comes in: how "
            "steep is σ itself at this point?",
        ),
    ],
    hints=[
        "The slope of σ(a) is D(1 − D). Use the chain rule on both losses.",
        "For D = 0.001: how does log(1 − D) change when D doubles? And how does −log D?",
    ],
)


# ------------------------------------------------------------------ the best discriminator
def optimal_discriminator(p_data, p_gen):
    """Densities of the data and of the generator, at the same points -> the best D there."""
    return p_data / (p_data + p_gen)


OPTIMAL = CodeExercise(
    id="optimal_discriminator",
    title="The best discriminator against a fixed generator",
    statement=(
        "`p_data` and `p_gen` hold the two densities at the same points x; at each point at least "
        "one is positive. The best D maximizes E_data log D(x) + E_gen log(1 − D(x)). Return its "
        "D(x) at each point."
    ),
    level=2,
    reference=optimal_discriminator,
    returns="probabilities of the shape of `p_data`",
    grad_args=(0, 1),
    cases=lambda g: [
        Case((vector(0.5, 0.5), vector(0.5, 0.5)), "a perfect generator"),
        Case((vector(0.9, 0.1), vector(0.3, 0.7)), "two outcomes"),
        Case((uniform(g, 6, high=5.0), uniform(g, 6, high=5.0)), "densities up to 5"),
        Case((uniform(g, 3, 4), uniform(g, 3, 4)), "points on a grid, 3 × 4"),
        Case((vector(2.0), vector(0.5)), "a single point"),
        Case((uniform(g, 5, high=1000.0), uniform(g, 5)), "data a thousand times denser"),
        Case((vector(1e-30, 3e-30, 2.0), vector(1e-30, 1e-30, 1e-3)), "far out in the tails"),
        Case(
            (vector(0.0, 0.3, 0.7, 1e-25), vector(1.0, 0.0, 1e-20, 1e3)),
            "exact zeros, and shares near 0 and 1",
            smooth=False,
        ),
    ],
    alternatives=[
        lambda p, q: torch.sigmoid(p.log() - q.log()),
        lambda p, q: torch.softmax(torch.stack([p, q]).log(), 0)[0],
    ],
    wrong=[
        Wrong(
            "fake-probability",
            lambda p, q: q / (p + q),
            "Where the data are dense, your D is small. Of what is D the probability: real or "
            "fake?",
        ),
        Wrong(
            "ratio",
            lambda p, q: p / q,
            "That is the ratio of the densities. It can exceed 1: what is the share of the data "
            "in **all** that lands at x?",
        ),
        Wrong(
            "inverse-ratio",
            lambda p, q: q / p,
            "That ratio is large where D should be small, and it can exceed 1.",
        ),
        Wrong(
            "threshold",
            lambda p, q: (p > q).to(p.dtype),
            "A hard yes or no. It makes the fewest mistakes, but what would log(1 − D) cost for "
            "the fakes that do land here?",
        ),
        Wrong(
            "threshold",
            lambda p, q: (p >= q).to(p.dtype),
            "A hard yes or no. It makes the fewest mistakes, but what would log(1 − D) cost for "
            "the fakes that do land here?",
        ),
        Wrong(
            "logit",
            lambda p, q: p.log() - q.log(),
            "That is the best **logit**, the log of the odds. The question asks for D itself.",
        ),
        Wrong(
            "normalized-over-x",
            lambda p, q: (lambda d: d / d.sum())(p / (p + q)),
            "You made the values sum to 1 over all points. D(x) answers a question of its own at "
            "each x: real or fake?",
        ),
        Wrong(
            "twice",
            lambda p, q: 2 * p / (p + q),
            "You divided by the **average** of the densities. Then a perfect generator would meet "
            "D = 1; what should D say there?",
        ),
        Wrong(
            "difference",
            lambda p, q: (p - q) / (p + q),
            "This runs from −1 to 1. A probability runs from 0 to 1.",
        ),
        Wrong(
            "plain-difference",
            lambda p, q: p - q,
            "A difference of densities may be negative or large. Which share of what lands at x "
            "is real?",
        ),
        *(
            Wrong(
                "densities-as-logits",
                solve,
                "You used densities as scores, so exp came in: doubling both densities changes "
                "your answer. Should it?",
            )
            for solve in (
                lambda p, q: torch.sigmoid(p - q),
                lambda p, q: torch.softmax(torch.stack([p, q]), 0)[0],
                lambda p, q: p.exp() / (p.exp() + q.exp()),
            )
        ),
        Wrong(
            "sigmoid-of-ratio",
            lambda p, q: torch.sigmoid(p / q),
            "Sigmoid expects a logit. How does the ratio of two densities become a logit?",
        ),
        Wrong(
            "ratio-clamped",
            lambda p, q: (p / q).clamp(0, 1),
            "The ratio of the densities, cut off at 1. Then D is quite sure wherever the data are "
            "just a bit denser. Should it be?",
        ),
        Wrong(
            "normalized-first",
            lambda p, q: (p / p.sum()) / (p / p.sum() + q / q.sum()),
            "You normalized over the points first. The densities are right as they are, and the "
            "points need not cover everything.",
        ),
        Wrong(
            "data-alone",
            lambda p, q: p / p.sum(),
            "The generator plays no role here. If fakes are just as dense at x, how sure can D be?",
        ),
        Wrong(
            "parentheses",
            lambda p, q: p / p + q,
            "`p / p + q` is 1 + q: division comes before addition. What did you want to divide by?",
        ),
        Wrong(
            "one-minus-ratio",
            lambda p, q: 1 - q / p,
            "This falls below 0 where fakes are denser. Which share of **all** that lands at x is "
            "real?",
        ),
        *(
            Wrong(
                "earned",
                solve,
                "That is what the best D earns at x on real samples. Which D earns it?",
            )
            for solve in (
                lambda p, q: torch.xlogy(p, p / (p + q)),
                lambda p, q: p * (p / (p + q)).log(),
            )
        ),
        Wrong(
            "nan-to-zero",
            lambda p, q: (p / q / (1 + p / q)).nan_to_num(),
            "Right wherever there are fakes. Where q is 0 you divide by it, and set what comes out "
            "to 0: what does the best D say there?",
        ),
        Wrong(
            "data-alone",
            lambda p, q: p,
            "The generator plays no role here. If fakes are just as dense at x, how sure can D be?",
        ),
        Wrong(
            "squares",
            lambda p, q: p.square() / (p.square() + q.square()),
            "Squares exaggerate: the log loss rewards a D that is as sure as the evidence, not "
            "surer. What comes out when you set the derivative to 0?",
        ),
        Wrong(
            "constant-half",
            lambda p, q: torch.full_like(p, 0.5),
            "That is right only where the two densities are equal.",
        ),
        *(
            Wrong(
                "epsilon",
                lambda p, q, small=small: p / (p + q + small),
                "The small number below the line wins in the tails, where both densities are far "
                "smaller. Can the sum be 0 at all?",
            )
            for small in _SMALL
        ),
        Wrong(
            "log-loss",
            lambda p, q: torch.xlogy(p, p / (p + q)) + torch.xlogy(q, q / (p + q)),
            "That is what the best D earns at x. Which D earns it?",
        ),
        Wrong(
            "total-mass",
            lambda p, q: p / (p.sum() + q.sum()),
            "You divided by the sum over all points. What else lands at **this** x?",
        ),
    ],
    hints=[
        "At one point x the value is p log D + q log(1 − D). Which D makes that largest?",
        "Set the derivative in D to 0. Or think: among all that lands at x, how much is real?",
    ],
)

DISJOINT = NumberExercise(
    id="disjoint_divergence",
    title="Predict: two islands, far apart",
    statement=(
        "The data lie between 0 and 1, the fakes between 5 and 6. How large is the Jensen–Shannon "
        "divergence ½ KL(p ‖ m) + ½ KL(q ‖ m) in nats, where m = ½ (p + q)?"
    ),
    level=2,
    truth=LN2,
    written="log(2)",
    because=(
        "Where p lives, m is ½ p, so KL(p ‖ m) = log 2; the same holds for q. At distance 0.1 or "
        "100 it is the same number: no slope tells the generator where to go."
    ),
    rtol=0.01,
    wrong=[
        WrongNumber(
            math.inf,
            "infinite",
            "KL(p ‖ q) is infinite here. But m is not 0 where p lives: how many times larger than "
            "m is p?",
        ),
        WrongNumber(
            0,
            "zero",
            "0 would mean that the two are equal. They are as different as can be.",
        ),
        WrongNumber(1, "bits", "That is the answer in bits. How many nats is one bit?"),
        WrongNumber(
            2 * LN2,
            "sum",
            "You added the two KLs. Each of them comes with a factor ½.",
        ),
        WrongNumber(
            LN2 / 2,
            "one-half",
            "That is one of the two halves. What does the other one add?",
        ),
        WrongNumber(
            5,
            "distance",
            "That is how far the islands are apart. Does p/m depend on where q lies, once they "
            "no longer overlap?",
        ),
        WrongNumber(
            4,
            "gap",
            "That is the gap between the islands. Does p/m depend on it?",
        ),
        WrongNumber(
            -LN2,
            "sign",
            "That is E log(m/p). A divergence is never negative.",
        ),
        WrongNumber(
            0.5,
            "ratio",
            "That is m/p on the island of the data. KL takes the log of p/m.",
        ),
        WrongNumber(2, "no-log", "That is p/m on the island of the data. Where is the log?"),
    ],
    hints=[
        "How large is m on the island of the data, compared with p?",
        "KL(p ‖ m) is the average of log(p/m) over the data. Here p/m is a constant.",
    ],
)


def gan_value_at_optimum(p, q):
    """Probabilities p (data), q (fakes) [..., K] -> V at the best D, in nats, shape [...]."""
    # E_p log p/(p+q) + E_q log q/(p+q), with the logs of the quotients taken apart
    return (torch.xlogy(p, p) + torch.xlogy(q, q) - torch.xlogy(p + q, p + q)).sum(-1)


def _quotient(p, q):
    """p / (p + q), and anything where both are 0."""
    return p / torch.where(p + q > 0, p + q, torch.ones_like(p))


def _kl(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)


def _weighed(p, q, D, not_D):
    """V with given answers of D to both questions, and no care for log 0."""
    return (p * D.log() + q * not_D.log()).sum(-1)


OPTIMUM = CodeExercise(
    id="gan_value_at_optimum",
    title="What an ideal GAN minimizes",
    statement=(
        "`p` and `q` [..., K] are the probabilities of K outcomes under the data and under the "
        "generator; both may be 0. Put the best discriminator into V = E_p log D + E_q log(1 − D) "
        "and return V for each row, in nats."
    ),
    level=3,
    reference=gan_value_at_optimum,
    returns="a tensor of shape `[...]`: one value for each row",
    unit="nats",
    grad_args=(0, 1),
    observe=on_simplex,
    cases=lambda g: [
        Case((vector(0.5, 0.5), vector(0.5, 0.5)), "p = q: V = −log 4"),
        Case(
            (vector(1.0, 0.0), vector(0.0, 1.0)),
            "no common outcome: D is never wrong, V = 0",
            smooth=False,
        ),
        Case((vector(0.9, 0.1), vector(0.3, 0.7)), "two outcomes"),
        Case((simplex(g, 3, 5), simplex(g, 3, 5)), "3 rows of 5 outcomes"),
        Case((simplex(g, 4, 4), simplex(g, 4, 4)), "4 rows of 4 outcomes"),
        Case((simplex(g, 2, 3, 6), simplex(g, 2, 3, 6)), "[2, 3] rows of 6 outcomes"),
        Case((vector(1.0), vector(1.0)), "a single outcome", smooth=False),
        Case(
            (
                matrix([0.5, 0.5, 0.0, 0.0], [0.0, 0.2, 0.0, 0.8]),
                matrix([0.0, 0.25, 0.75, 0.0], [0.0, 0.2, 0.8, 0.0]),
            ),
            "exact zeros, also of both",
            smooth=False,
        ),
        Case(
            (vector(0.5, 0.5, 1e-25, 1e-30), vector(1e-25, 0.3, 0.7, 0.0)),
            "tiny probabilities",
            smooth=False,
        ),
    ],
    alternatives=[
        lambda p, q: (torch.xlogy(p, _quotient(p, q)) + torch.xlogy(q, _quotient(q, p))).sum(-1),
        lambda p, q: (
            (
                torch.xlogy(p, p)
                + torch.xlogy(q, q)
                - torch.xlogy(p, (p + q) / 2)
                - torch.xlogy(q, (p + q) / 2)
            ).sum(-1)
            - math.log(4)
        ),
    ],
    wrong=[
        Wrong(
            "divergence",
            lambda p, q: 0.5 * gan_value_at_optimum(p, q) + LN2,
            "You return the Jensen–Shannon divergence. V follows from it, but is not the same: "
            "what is V for p = q?",
        ),
        Wrong(
            "divergence-once",
            lambda p, q: gan_value_at_optimum(p, q) / 2 - LN2,
            "The constant is right, but the divergence counts too little: Jensen–Shannon "
            "**averages** two KL divergences, and V adds two expectations.",
        ),
        *(
            Wrong(
                "constant-sign",
                solve,
                "Your V is positive. It adds up logs of probabilities: which sign must it have? "
                "And what is it for p = q?",
            )
            for solve in (
                lambda p, q: gan_value_at_optimum(p, q) / 2 + 3 * LN2,
                lambda p, q: gan_value_at_optimum(p, q) + 4 * LN2,
            )
        ),
        Wrong(
            "without-constant",
            lambda p, q: gan_value_at_optimum(p, q) + 2 * LN2,
            "You return twice the Jensen–Shannon divergence, 0 for p = q. But what is V when "
            "D = ½ everywhere?",
        ),
        Wrong(
            "constant-once",
            lambda p, q: gan_value_at_optimum(p, q) + LN2,
            "Off by one log 2. The two expectations each bring one.",
        ),
        *(
            Wrong(
                "one-expectation",
                solve,
                "Both of your expectations are taken over the same distribution. Over whose "
                "samples does each term of V run?",
            )
            for solve in (
                lambda p, q: (
                    torch.xlogy(p, _quotient(p, q)) + torch.xlogy(p, _quotient(q, p))
                ).sum(-1),
                lambda p, q: (
                    torch.xlogy(q, _quotient(p, q)) + torch.xlogy(q, _quotient(q, p))
                ).sum(-1),
            )
        ),
        Wrong(
            "unweighted",
            lambda p, q: (_quotient(p, q).log() + _quotient(q, p).log()).sum(-1),
            "Your logs are added without weights. An expectation weighs each outcome by its "
            "probability.",
        ),
        *(
            Wrong(
                "unweighted",
                solve,
                "Your logs are added without weights. An expectation weighs each outcome by its "
                "probability.",
            )
            for solve in (
                lambda p, q: (_quotient(p, q).log() + _quotient(q, p).log()).mean(-1),
                lambda p, q: ((p / (p + q)).log() + (q / (p + q)).log()).mean(-1),
                lambda p, q: ((p / (p + q)).log() + (1 - p / (p + q)).log()).mean(-1),
                lambda p, q: ((p / (p + q)).log() + (q / (p + q)).log()).sum(-1),
                lambda p, q: ((p / (p + q)).log() + (1 - p / (p + q)).log()).sum(-1),
            )
        ),
        Wrong(
            "mean",
            lambda p, q: (torch.xlogy(p, _quotient(p, q)) + torch.xlogy(q, _quotient(q, p))).mean(
                -1
            ),
            "You divided by the number of outcomes. The probabilities are the weights of the "
            "average already.",
        ),
        Wrong(
            "mean",
            lambda p, q: (
                torch.xlogy(p, _quotient(p, q)) + torch.xlogy(q, 1 - _quotient(p, q))
            ).mean(-1),
            "You divided by the number of outcomes. The probabilities are the weights of the "
            "average already.",
        ),
        *(
            Wrong(
                "zero-times-log-zero",
                solve,
                "The right formula, but an outcome that never occurs gives 0 · log 0 or 0/0 here, "
                "which is nan. What should it contribute?",
            )
            for solve in (
                lambda p, q: (p * (p / (p + q)).log() + q * (q / (p + q)).log()).sum(-1),
                lambda p, q: (
                    (p * (2 * p / (p + q)).log() + q * (2 * q / (p + q)).log()).sum(-1)
                    - math.log(4)
                ),
                lambda p, q: (p * (p / (p + q)).log() + q * (1 - p / (p + q)).log()).sum(-1),
            )
        ),
        *(
            Wrong(
                "zero-over-zero",
                solve,
                "Nearly: an outcome with p = 0 **and** q = 0 still gives 0/0 inside the log. What "
                "should it contribute?",
            )
            for solve in (
                lambda p, q: (torch.xlogy(p, p / (p + q)) + torch.xlogy(q, 1 - p / (p + q))).sum(
                    -1
                ),
                lambda p, q: (torch.xlogy(p, p / (p + q)) + torch.xlogy(q, q / (p + q))).sum(-1),
                lambda p, q: (
                    (torch.xlogy(p, 2 * p / (p + q)) + torch.xlogy(q, 2 * q / (p + q))).sum(-1)
                    - math.log(4)
                ),
            )
        ),
        *(
            Wrong(
                "one-minus-d",
                solve,
                "The right formula, but 1 − D rounds to exactly 0 where q is tiny beside p, and "
                "then log 0 comes up. Can you write 1 − D without subtracting?",
            )
            for solve in (
                lambda p, q: (
                    torch.xlogy(p, _quotient(p, q)) + torch.xlogy(q, 1 - _quotient(p, q))
                ).sum(-1),
                lambda p, q: (
                    torch.xlogy(p, 1 - _quotient(q, p)) + torch.xlogy(q, _quotient(q, p))
                ).sum(-1),
                lambda p, q: (
                    (p * (p / (p + q)).log()).nansum(-1) + (q * (1 - p / (p + q)).log()).nansum(-1)
                ),
                lambda p, q: (
                    (p * (p / (p + q)).log() + q * (1 - p / (p + q)).log()).nan_to_num().sum(-1)
                ),
                lambda p, q: (
                    p * (p / (p + q)).log().nan_to_num() + q * (1 - p / (p + q)).log().nan_to_num()
                ).sum(-1),
            )
        ),
        *(
            Wrong(
                "nan-to-zero",
                solve,
                "`nan_to_num` comes after the sum, so that one nan makes a whole row 0. Which "
                "outcome gave the nan, and what should that one alone contribute?",
            )
            for solve in (
                lambda p, q: (
                    (p * (p / (p + q)).log() + q * (q / (p + q)).log()).sum(-1).nan_to_num()
                ),
                lambda p, q: (
                    (p * (p / (p + q)).log() + q * (1 - p / (p + q)).log()).sum(-1).nan_to_num()
                ),
            )
        ),
        Wrong(
            "negated",
            lambda p, q: -gan_value_at_optimum(p, q),
            "That is the loss of D, −V. V adds up logs of probabilities: which sign does it have?",
        ),
        Wrong(
            "swapped",
            lambda p, q: (torch.xlogy(p, _quotient(q, p)) + torch.xlogy(q, _quotient(p, q))).sum(
                -1
            ),
            "Your D is the probability of **fake**: it is the worst discriminator, not the best.",
        ),
        Wrong(
            "log-of-expectation",
            lambda p, q: (p * _quotient(p, q)).sum(-1).log() + (q * _quotient(q, p)).sum(-1).log(),
            "You averaged D first and took the log afterwards. In which order does V ask for it?",
        ),
        Wrong(
            "no-log",
            lambda p, q: (p * _quotient(p, q) + q * _quotient(q, p)).sum(-1),
            "You averaged probabilities. V averages their **logs**.",
        ),
        Wrong(
            "half",
            lambda p, q: gan_value_at_optimum(p, q) / 2,
            "Half of V: you averaged the two expectations. V adds them.",
        ),
        Wrong(
            "undecided",
            lambda p, q: (p + q).sum(-1) * -LN2,
            "That is V for D = ½ everywhere. The best D knows p and q, and uses them.",
        ),
        *(
            Wrong(
                "kl",
                solve,
                "That is a KL divergence between p and q, infinite where one is 0. The best D "
                "compares each of them with their **sum**.",
            )
            for solve in (
                lambda p, q: (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1),
                lambda p, q: (torch.xlogy(q, q) - torch.xlogy(q, p)).sum(-1),
            )
        ),
        *(
            Wrong(
                "kl",
                solve,
                "Here p and q are compared with each other, which is infinite where one of them "
                "is 0. The best D compares each of them with their **sum**.",
            )
            for solve in (
                lambda p, q: (p * (p / q).log()).sum(-1),
                lambda p, q: (p * (p / q).log()).sum(-1) - 2 * LN2,
                lambda p, q: (p * (p / q).log() + q * (q / p).log()).sum(-1),
                lambda p, q: (p * (p / q).log() + q * (q / p).log()).sum(-1) - 2 * LN2,
                lambda p, q: _kl(p, q) - 2 * LN2,
                lambda p, q: _kl(q, p) - 2 * LN2,
                lambda p, q: _kl(p, q) + _kl(q, p),
                lambda p, q: _kl(p, q) + _kl(q, p) - 2 * LN2,
            )
        ),
        *(
            Wrong(
                "kl-turned",
                solve,
                "You take both averages over the mixture, so both are infinite where p or q is 0. "
                "Over whose samples does each term of V run?",
            )
            for solve in (
                lambda p, q: _kl((p + q) / 2, p) + _kl((p + q) / 2, q) - 2 * LN2,
                lambda p, q: (
                    torch.xlogy((p + q) / 2, _quotient(p, q))
                    + torch.xlogy((p + q) / 2, _quotient(q, p))
                ).sum(-1),
            )
        ),
        *(
            Wrong(
                "one-divergence",
                solve,
                "Only one of the two divergences is here. V has one expectation over the data and "
                "one over the fakes.",
            )
            for solve in (
                lambda p, q: _kl(p, (p + q) / 2) - 2 * LN2,
                lambda p, q: _kl(q, (p + q) / 2) - 2 * LN2,
            )
        ),
        *(
            Wrong(
                "first-term",
                solve,
                "That is one of the two expectations. V has one over the data and one over the "
                "fakes.",
            )
            for solve in (
                lambda p, q: torch.xlogy(p, _quotient(p, q)).sum(-1),
                lambda p, q: torch.xlogy(q, _quotient(q, p)).sum(-1),
            )
        ),
        Wrong(
            "over-everything",
            lambda p, q: gan_value_at_optimum(p, q).sum(),
            "You summed over the rows too. Each row is a game of its own.",
        ),
        Wrong(
            "first-axis",
            lambda p, q: (torch.xlogy(p, _quotient(p, q)) + torch.xlogy(q, _quotient(q, p))).sum(0),
            "You summed over the first axis. The outcomes are on the **last** one.",
        ),
        Wrong(
            "no-sum",
            lambda p, q: torch.xlogy(p, _quotient(p, q)) + torch.xlogy(q, _quotient(q, p)),
            "One value for each outcome. An expectation adds them up.",
        ),
        *(
            Wrong(
                "epsilon",
                lambda p, q, small=small: (
                    torch.xlogy(p, p / (p + q + small)) + torch.xlogy(q, q / (p + q + small))
                ).sum(-1),
                "The small number shifts the result a little. Can you say what an impossible "
                "outcome contributes without it?",
            )
            for small in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
        ),
        *(
            Wrong(
                "epsilon",
                lambda p, q, small=small, helped=helped: helped(p, q, small),
                "The small number shifts the result a little. Can you say what an impossible "
                "outcome contributes without it?",
            )
            for helped, least in (
                (lambda p, q, e: _weighed(p, q, p / (p + q + e) + e, q / (p + q + e) + e), 6),
                (lambda p, q, e: _weighed(p, q, p / (p + q + e) + e, 1 - p / (p + q + e) + e), 8),
                (lambda p, q, e: _weighed(p, q, p / (p + q) + e, q / (p + q) + e), 9),
                (
                    lambda p, q, e: _weighed(
                        p, q, (p + e) / (p + q + 2 * e), (q + e) / (p + q + 2 * e)
                    ),
                    9,
                ),
                (lambda p, q, e: _weighed(p, q, (p + e) / (p + q + e), (q + e) / (p + q + e)), 6),
                (
                    lambda p, q, e: _weighed(
                        p + e, q + e, (p + e) / (p + q + 2 * e), (q + e) / (p + q + 2 * e)
                    ),
                    9,
                ),
                (
                    lambda p, q, e: _weighed(
                        p, q, p / (p + q).clamp(min=e) + e, q / (p + q).clamp(min=e) + e
                    ),
                    9,
                ),
                (
                    lambda p, q, e: _weighed(
                        p,
                        q,
                        (p / (p + q + e)).clamp(e, 1 - e),
                        1 - (p / (p + q + e)).clamp(e, 1 - e),
                    ),
                    9,
                ),
            )
            for small in (10.0**-i for i in range(3, least + 1))
        ),
    ],
    hints=[
        "The best D is a quotient of p and q. Put it, and one minus it, into the two terms.",
        "What should an outcome with probability 0 contribute to an expectation?",
        "`torch.xlogy(0, 0)` is 0. The log of a quotient is a difference of logs.",
    ],
)


# ------------------------------------------------------------------ whose gradient?
def d_step(D, G, x, z):
    """Networks D and G, data x and noise z -> the discriminator's loss, for its backward pass."""
    fake = G(z).detach()
    return F.softplus(-D(x)).mean() + F.softplus(D(fake)).mean()


def _filled(g, network, scale=1.0):
    """A float64 network with weights from the generator g."""
    network = network.double()
    with torch.no_grad():
        for p in network.parameters():
            p.copy_(normal(g, *p.shape, scale=scale))
    return network


def _linear(*weights):
    """A float64 linear layer of the given rows, without bias."""
    layer = nn.Linear(len(weights[0]), len(weights), bias=False).double()
    with torch.no_grad():
        layer.weight.copy_(matrix(*weights))
    return layer


def _two_layers(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, 4), nn.Tanh(), nn.Linear(4, outputs))


def _slopes(loss, network):
    """What `backward()` leaves in all weights of a network; 0 where the loss does not reach."""
    slopes = {w: torch.zeros_like(w) for w in network.parameters()}
    learning = [w for w in slopes if w.requires_grad]
    if loss.requires_grad and learning:
        try:
            found = torch.autograd.grad(loss.sum(), learning, retain_graph=True, allow_unused=True)
        except RuntimeError as error:
            if "second time" not in str(error):
                raise
            raise RuntimeError(
                "the backward pass of your loss finds its graph already used up. Which call of "
                "yours used it, and what must that call keep?"
            ) from None
        slopes |= {w: s for w, s in zip(learning, found, strict=True) if s is not None}
    left = [s if w.grad is None else s + w.grad.detach() for w, s in slopes.items()]
    return torch.cat([slope.flatten() for slope in left])


def _fresh(*networks):
    """No gradient is left from before."""
    for network in networks:
        network.zero_grad(set_to_none=True)


def _loss_and_slopes(function, args):
    """The loss, and what its backward pass does to D and to G."""
    D, G, x, z = args
    _fresh(D, G)
    loss = function(D, G, x, z)
    _not_plain(loss)
    if not isinstance(loss, Tensor):
        return loss
    return loss.detach(), _slopes(loss, D), _slopes(loss, G)


def _not_plain(loss):
    if isinstance(loss, (int, float)):
        raise TypeError(
            f"a loss is a plain number ({loss:.4g}), through which no gradient can flow. Keep it "
            "a tensor."
        )


def _backward(loss):
    """The loss, after a backward pass of its own."""
    loss.backward(retain_graph=True)
    return loss


def _step(D, G, x, z, fake=None):
    return d_loss(D(x), D(G(z).detach() if fake is None else fake))


D_STEP = CodeExercise(
    id="d_step",
    title="Find the bug: the discriminator step that trains the generator",
    kind="bug",
    statement=(
        "D gives logits [B, 1]. `backward()` will be called on this loss, then both optimizers "
        "step. The loss itself "
        "is right, yet the fakes get worse with every step of the discriminator. Repair it: only D "
        "may get a gradient, and it must be the right one."
    ),
    level=2,
    reference=d_step,
    returns="a tensor without axes",
    given='''
        def d_step(D, G, x, z):
            """Networks D and G, data x, noise z -> the discriminator's loss, for backward()."""
            softplus = torch.nn.functional.softplus
            fake = G(z)
            return softplus(-D(x)).mean() + softplus(D(fake)).mean()
    ''',
    observe=_loss_and_slopes,
    observed=("the loss", "the gradient of the loss in D", "the gradient of the loss in G"),
    check_float32=False,
    check_device=False,
    cases=lambda g: [
        Case(
            (_linear([1.0]), _linear([2.0]), matrix([1.0], [3.0]), matrix([1.0], [-1.0])),
            "D(x) = x and G(z) = 2z, two examples; "
            "compared: the loss, its gradient in D, its gradient in G",
        ),
        Case(
            (
                _filled(g, nn.Linear(2, 1)),
                _filled(g, nn.Linear(3, 2)),
                normal(g, 4, 2),
                normal(g, 4, 3),
            ),
            "linear networks, 4 examples",
        ),
        Case(
            (
                _filled(g, _two_layers(2, 1)),
                _filled(g, _two_layers(3, 2)),
                normal(g, 7, 2),
                normal(g, 5, 3),
            ),
            "two layers each, 7 real and 5 fake",
        ),
        Case(
            (
                _linear([300.0, 0.0]),
                _filled(g, nn.Linear(1, 2)),
                matrix([-1.0, 0.5], [2.0, 1.0]),
                normal(g, 3, 1),
            ),
            "logits of several hundred, one of them surely wrong",
        ),
        Case(
            (
                _filled(g, nn.Linear(1, 1)),
                _filled(g, nn.Linear(1, 1)),
                normal(g, 1, 1),
                normal(g, 1, 1),
            ),
            "a batch of one",
        ),
    ],
    alternatives=[
        lambda D, G, x, z: (
            F.binary_cross_entropy_with_logits(D(x), torch.ones(len(x), 1, dtype=x.dtype))
            + F.softplus(D(G(z).data)).mean()
        ),
        lambda D, G, x, z: -F.logsigmoid(D(x)).mean() - F.logsigmoid(-D(_no_grad(G, z))).mean(),
    ],
    wrong=[
        Wrong(
            "no-detach",
            lambda D, G, x, z: d_loss(D(x), D(G(z))),
            "The bug is still there: the backward pass runs through the fakes into the weights of "
            "G, and teaches G to be **caught**. (Cutting z or x off changes nothing: no weights "
            "stand behind them.)",
        ),
        Wrong(
            "backward-twice",
            lambda D, G, x, z: _backward(_step(D, G, x, z)),
            "The loss is right, but you called `backward()` yourself, and it will be called again: "
            "every gradient then counts twice.",
        ),
        Wrong(
            "detach-logits",
            lambda D, G, x, z: d_loss(D(x), D(G(z)).detach()),
            "G is left alone, but D learns nothing from fakes any more: you cut behind D. On "
            "which side of D should the cut lie?",
        ),
        Wrong(
            "detach-all-logits",
            lambda D, G, x, z: d_loss(D(x).detach(), D(G(z)).detach()),
            "Now nobody learns: both answers of D are cut off. D should learn from both, G from "
            "neither.",
        ),
        *(
            Wrong(
                "detach-real",
                solve,
                "You cut off D's answers to **real** data, so D learns from fakes only. Which "
                "tensor carries the trace of G's weights?",
            )
            for solve in (
                lambda D, G, x, z: d_loss(D(x).detach(), D(G(z).detach())),
                lambda D, G, x, z: d_loss(D(x).detach(), D(G(z))),
            )
        ),
        Wrong(
            "generator-loss",
            lambda D, G, x, z: g_loss(D(G(z))),
            "That is the generator's loss. This step is the discriminator's.",
        ),
        *(
            Wrong(
                "labels-swapped",
                solve,
                "The loss itself was right. Now D is paid for taking fakes for real and real data "
                "for fakes.",
            )
            for solve in (
                lambda D, G, x, z: d_loss(D(G(z).detach()), D(x)),
                lambda D, G, x, z: d_loss(-D(x), -D(G(z).detach())),
            )
        ),
        Wrong(
            "real-only",
            lambda D, G, x, z: F.softplus(-D(x)).mean(),
            "The fakes are gone, and the gradient of G with them. But then D can answer “real” "
            "to everything.",
        ),
        Wrong(
            "fake-only",
            lambda D, G, x, z: F.softplus(D(G(z).detach())).mean(),
            "The real data are gone. Then D can answer “fake” to everything.",
        ),
        Wrong(
            "fooled",
            lambda D, G, x, z: F.softplus(-D(x)).mean() + F.softplus(-D(G(z).detach())).mean(),
            "The cut is right, but now D is paid for calling fakes real. The sign was right as "
            "it was.",
        ),
        Wrong(
            "fooled-no-detach",
            lambda D, G, x, z: F.softplus(-D(x)).mean() + F.softplus(-D(G(z))).mean(),
            "With this sign D is paid for calling fakes real, and G still learns. The loss was "
            "right as it was: the gradient has to be cut off from G.",
        ),
        Wrong(
            "difference",
            lambda D, G, x, z: F.softplus(-D(x)).mean() - F.softplus(D(G(z).detach())).mean(),
            "The cut is right, but the minus pays D for being wrong about fakes. The loss was "
            "right as it was: both mistakes cost.",
        ),
        Wrong(
            "difference-no-detach",
            lambda D, G, x, z: F.softplus(-D(x)).mean() - F.softplus(D(G(z))).mean(),
            "You turned the sign of the fakes' term: now D is paid for being wrong about them, and "
            "G still learns. The loss was right as it was; who must not get a gradient?",
        ),
        Wrong(
            "half",
            lambda D, G, x, z: _step(D, G, x, z) / 2,
            "The cut is right, but the loss was right before, too: it adds the two terms.",
        ),
        Wrong(
            "sum",
            lambda D, G, x, z: F.softplus(-D(x)).sum() + F.softplus(D(G(z).detach())).sum(),
            "The cut is right, but the loss was right before, too: it averages over the examples.",
        ),
        Wrong(
            "negated",
            lambda D, G, x, z: -_step(D, G, x, z),
            "The cut is right, but an optimizer makes this small: with the minus D gets worse.",
        ),
        Wrong(
            "noise-as-fake",
            lambda D, G, x, z: d_loss(D(x), D(torch.zeros_like(x))),
            "D never sees what G makes. Its gradient must come from what G makes.",
        ),
        Wrong(
            OWN_DICE,
            lambda D, G, x, z: d_loss(D(x), D(G(torch.randn_like(z)).detach())),
            "You draw noise of your own; use `z`. The same arguments must give the same loss.",
        ),
        Wrong(
            "sigmoid-twice",
            lambda D, G, x, z: d_loss(D(x).sigmoid(), D(G(z).detach()).sigmoid()),
            "The cut is right. But D gives logits, and softplus contains the sigmoid already.",
        ),
        Wrong(
            "clamped",
            lambda D, G, x, z: (
                F.binary_cross_entropy(D(x).sigmoid(), torch.ones(len(x), 1).to(x))
                + F.binary_cross_entropy(D(G(z).detach()).sigmoid(), torch.zeros(len(z), 1).to(x))
            ),
            "The cut is right. But a sigmoid with `binary_cross_entropy` cuts costs off at 100: "
            "keep the form that starts from logits.",
        ),
    ],
    hints=[
        "Look at `G.weight.grad` after `backward()`. Who should have written there?",
        "Draw the path from the loss back to G's weights. Which tensor do all such paths pass?",
        "A tensor can be cut off from its past. Before D sees it, or after?",
    ],
)


def _no_grad(G, z):
    with torch.no_grad():
        return G(z)


# ------------------------------------------------------------------ choices
FROZEN = ChoiceExercise(
    id="frozen_discriminator",
    title="A detective who never learns",
    statement=(
        "You freeze D and train only G, for very long, on −E log D(G(z)). G can be any function "
        "of z. Where do its samples go?"
    ),
    level=2,
    options=[
        Option(
            "To the data: D still knows what is real",
            "D knows one number for each x. Does this loss lose anything if all samples sit at "
            "one single x?",
        ),
        Option(
            "To where D is largest, be it a single point",
            "The loss is an average of a fixed function of x, so nothing asks for variety. This is "
            "mode collapse in one line; only a D that **moves on** can undo it.",
            right=True,
        ),
        Option(
            "Nowhere: without an opponent the gradient is zero",
            "A frozen D still has slopes in x, and they flow into G. Where do they lead?",
        ),
        Option(
            "All over the space, in proportion to D(x)",
            "Suppose half the samples sit where D = 0.9 and half where D = 0.5. Can the loss be "
            "made smaller by moving some?",
        ),
    ],
    hints=[
        "Is there any x at which one sample more would be unwelcome?",
        "With D fixed, the loss is E f(G(z)) for a fixed f. How do you make an average smallest?",
    ],
)

UNDECIDED = ChoiceExercise(
    id="undecided",
    title="Is it over when D says ½?",
    statement=(
        "After training, D says ½ for every sample, real or fake, and its loss is log 4. What do "
        "you know?"
    ),
    level=2,
    options=[
        Option(
            "The fakes are distributed like the data: this is the equilibrium",
            "It would look like this there. But a D that has learned nothing at all looks the "
            "same. How could you tell?",
        ),
        Option(
            "D is broken, because a good discriminator has loss 0",
            "Loss 0 is possible only while real and fake can be told apart. When can they not?",
        ),
        Option(
            "The generator has collapsed to a single mode",
            "A good D would find that mode too crowded, and say less than ½ there. Do you know "
            "that this D is good?",
        ),
        Option(
            "Only that this D cannot tell them apart; a stronger one might",
            "D = ½ certifies the fakes only if D is the best possible. Train a fresh, larger one "
            "against the frozen generator and see.",
            right=True,
        ),
    ],
    hints=[
        "Which other discriminators say ½ everywhere?",
        "What does an untrained network with all weights 0 say?",
    ],
)

LACKS = ChoiceExercise(
    id="gan_lacks",
    title="What a GAN cannot tell you",
    statement=(
        "You have a well-trained G and its D. Which of these questions can you **not** answer by "
        "running the networks once?"
    ),
    level=1,
    options=[
        Option(
            "How likely is this given image under the model?",
            "No density is computed anywhere. With fewer noise variables than pixels there is not "
            "even one: all samples lie on a thin sheet.",
            right=True,
        ),
        Option(
            "What does a new sample look like?",
            "Draw z and run G once: that is what a GAN is best at.",
        ),
        Option(
            "Does this image look more like the data or like a fake?",
            "That is the one question D is trained for. Run it once.",
        ),
        Option(
            "How does a sample change when its noise changes a little?",
            "Run G on both noises as one batch and compare. Which question needs more than G "
            "and D?",
        ),
    ],
    hints=[
        "What goes into G and what comes out? And what of D?",
        "Think of the three goals: sample, assign a probability, learn without labels.",
    ],
)


# ------------------------------------------------------------------ judging the samples
def judge_modes(samples, centers, sd):
    """samples [n, D], centers [K, D], their sd -> modes held, quality, reverse KL in nats."""
    n, K = len(samples), len(centers)
    distance, mode = (samples[:, None] - centers).norm(dim=-1).min(1)
    good = distance <= 3 * sd
    counts = torch.bincount(mode[good], minlength=K).to(samples.dtype)
    held = (counts >= 0.2 * n / K).sum()
    quality = good.to(samples.dtype).mean()
    shares = counts / counts.sum()
    return held, quality, torch.xlogy(shares, K * shares).sum()


def _judge(
    samples,
    centers,
    sd,
    *,
    distances=lambda s, c: (s[:, None] - c).norm(dim=-1),
    near=lambda d, sd: d <= 3 * sd,
    count=None,
    held=lambda counts, n, K: (counts >= n / K / 5).sum(),
    quality=lambda good: good.double().mean(),
    shares=lambda counts, n: counts / counts.sum(),
    kl=lambda s, K: torch.xlogy(s, K * s).sum(),
):
    """`judge_modes` with one step replaced."""
    n, K = len(samples), len(centers)
    d = distances(samples, centers)
    good = near(d.min(1).values, sd)
    if count is None:
        counts = torch.bincount(d.argmin(1)[good], minlength=K).double()
    else:
        counts = count(d, sd).double()
    return held(counts, n, K), quality(good), kl(shares(counts, n), K)


def _changed(**steps):
    return lambda samples, centers, sd: _judge(samples, centers, sd, **steps)


def _nearest_counts(d, sd):
    return torch.bincount(d.argmin(1), minlength=d.shape[1])


def _held_of_all(samples, centers, sd):
    """Everything but the quality counts all samples, near or far."""
    return _judge(samples, centers, sd, count=_nearest_counts)


def _hit(samples, centers, sd):
    """Which modes have a good sample."""
    d = torch.cdist(samples, centers)
    return torch.bincount(d.argmin(1)[d.amin(1) <= 3 * sd], minlength=len(centers)) > 0


def _in_a_box(samples, centers, sd, *, any_box=False):
    """Good is who lies in the box around the nearest center, or around any."""
    n, K = len(samples), len(centers)
    inside = ((samples[:, None] - centers).abs() <= 3 * sd).all(-1)
    mode = torch.cdist(samples, centers).argmin(1)
    good = inside.any(1) if any_box else inside[torch.arange(n), mode]
    counts = torch.bincount(mode[good], minlength=K).double()
    shares = counts / counts.sum()
    return (counts >= n / K / 5).sum(), good.double().mean(), torch.xlogy(shares, K * shares).sum()


def _ring(K, radius=2.0):
    angle = 2 * math.pi * torch.arange(K, dtype=torch.float64) / K
    return radius * torch.stack([angle.cos(), angle.sin()], 1)


def _around(g, centers, which, sd):
    """One sample around each of the centers listed in `which`."""
    return centers[which] + normal(g, len(which), centers.shape[1], scale=sd)


def _judge_cases(g):
    line = matrix([0.0], [10.0])
    square = matrix([0.0, 0.0], [0.0, 8.0], [8.0, 0.0], [8.0, 8.0])
    uneven = torch.tensor([0] * 25 + [1] * 12 + [2] * 2 + [3])
    ring, three = _ring(8), _ring(3, 1.0)
    crowd = torch.tensor([0, 0, 0, 0, 1, 1, 1, 2, 2, 4, 4, 6]).repeat(12)
    space = normal(g, 5, 3, scale=3.0)
    return [
        Case(
            (matrix([0.5], [9.0], [5.0]), line, 1.0),
            "modes at 0 and 10 (sd 1); samples 0.5, 9 and 5: the last is near no mode",
        ),
        Case((matrix([0.0], [3.0], [13.5]), line, 1.0), "samples 0, 3 (just near enough) and 13.5"),
        Case((square[[2, 2, 2, 2, 2]], square, 1.0), "one perfect point, again and again"),
        Case(
            (square[uneven], square, 0.5),
            "25, 12, 2 and 1 of 40 samples: exactly a fifth of its due, and less",
        ),
        Case(
            (three[[0] * 30 + [1] * 8 + [2] * 2], three, 0.1),
            "30, 8 and 2 of 40 samples, where the due is not a whole number",
        ),
        Case((_around(g, ring, crowd, 0.05), ring, 0.04), "144 samples, 5 of 8 modes, a bit wide"),
        Case((uniform(g, 400, 2, low=-3.0, high=3.0), ring, 0.1), "a cloud all over the plane"),
        Case((uniform(g, 60, 2, low=-2.0, high=2.0), three, 0.5), "three modes that overlap"),
        Case((_around(g, space, torch.arange(90) % 5, 2.0), space, 1.0), "5 modes in 3 dimensions"),
        Case((matrix([0.1, 0.2]), ring[:1] * 0, 1.0), "one sample, one mode"),
        Case(
            (
                torch.cat([_around(g, ring, torch.arange(24) % 8, 0.05), normal(g, 6, 2) * 1000]),
                ring,
                0.1,
            ),
            "a fair share for each mode, and 6 samples far away",
        ),
        Case((_around(g, 100 * ring, crowd, 30.0), 100 * ring, 20.0), "wide modes, far apart"),
    ]


JUDGE = CodeExercise(
    id="judge_modes",
    title="Modes, quality and balance",
    statement=(
        "Judge `samples` [n, D] against K equally likely round modes around `centers` [K, D], all "
        "of standard deviation `sd`. A sample belongs to the nearest center, and is **good** if it "
        "is at most 3 `sd` from it. Return three numbers: how many modes are **held** (by good "
        "samples: at least a fifth of n/K); the **quality** (share of samples that are good); and "
        "the reverse KL, in nats, from the good samples' shares of the modes to 1/K each. At "
        "least one sample is good."
    ),
    level=3,
    reference=judge_modes,
    returns="three numbers: `held, quality, reverse_kl`",
    any_dtype=True,
    rtol=1e-4,
    atol=1e-6,
    kinds=[
        ("every mode is hit", lambda s, c, sd: _hit(s, c, sd).all()),
        ("a mode has no good sample", lambda s, c, sd: not _hit(s, c, sd).all()),
        (
            "some samples are near no mode",
            lambda s, c, sd: (torch.cdist(s, c).amin(1) > 3 * sd).any(),
        ),
        (
            "modes overlap",
            lambda s, c, sd: ((torch.cdist(s, c) <= 3 * sd).sum(1) > 1).any(),
        ),
        ("points have more than one coordinate", lambda s, c, sd: s.shape[1] > 1),
    ],
    cases=_judge_cases,
    alternatives=[
        lambda samples, centers, sd: _judge(
            samples, centers, sd, distances=lambda s, c: torch.cdist(s, c)
        ),
        lambda samples, centers, sd: _judge(
            samples,
            centers,
            sd,
            kl=lambda s, K: math.log(K) - torch.special.entr(s).sum(),
            near=lambda d, sd: d.square() / sd**2 <= 9,
        ),
    ],
    wrong=[
        Wrong(
            "lucky-hits",
            _changed(held=lambda counts, n, K: (counts > 0).sum()),
            "You count every mode that a good sample has hit, be it by luck. How many samples "
            "does it take to **hold** one?",
        ),
        Wrong(
            "held-strict",
            _changed(held=lambda counts, n, K: (counts > n / K / 5).sum()),
            "At least a fifth: what if a mode has exactly that many?",
        ),
        Wrong(
            "held-of-good",
            _changed(held=lambda counts, n, K: (counts >= counts.sum() / K / 5).sum()),
            "You compare with a fifth of the **good** samples' due. The due is n/K, of all "
            "samples: otherwise a few lucky ones could hold every mode.",
        ),
        Wrong(
            "held-whole-due",
            _changed(held=lambda counts, n, K: (counts >= n / K).sum()),
            "You ask for the whole due n/K. A fifth of it is enough.",
        ),
        Wrong(
            "fifth-of-all",
            _changed(held=lambda counts, n, K: (counts >= n / 5).sum()),
            "A fifth of **all** samples: at most five modes could ever be held. What is the due "
            "of one mode?",
        ),
        Wrong(
            "fifth-of-all",
            _changed(held=lambda counts, n, K: (counts >= counts.sum() / 5).sum()),
            "A fifth of all good samples: at most five modes could ever be held. What is the due "
            "of one mode?",
        ),
        Wrong(
            "held-share",
            _changed(held=lambda counts, n, K: (counts >= n / K / 5).double().mean()),
            "You return the share of the modes that are held. The question asks how many.",
        ),
        Wrong(
            "no-limit",
            _held_of_all,
            "Your counts include samples that are near no mode. A center is always nearest, "
            "however far away it is.",
        ),
        Wrong(
            "held-by-junk",
            lambda samples, centers, sd: (
                _held_of_all(samples, centers, sd)[0],
                *judge_modes(samples, centers, sd)[1:],
            ),
            "Your modes are held by samples near no mode, too. Only **good** samples hold one.",
        ),
        Wrong(
            "held-all",
            _changed(held=lambda counts, n, K: (counts >= n / K / 5).all()),
            "You say whether **all** modes are held. The question asks how many.",
        ),
        Wrong(
            "everything-good",
            _changed(count=_nearest_counts, quality=torch.ones_like),
            "Every sample has a nearest center, however far away. Which of them are good?",
        ),
        Wrong(
            "counted-twice",
            _changed(count=lambda d, sd: (d <= 3 * sd).sum(0)),
            "A sample between two overlapping modes counts for both. It belongs to one: the "
            "nearest.",
        ),
        Wrong(
            "sd-as-variance",
            _changed(near=lambda d, sd: d <= 3 * math.sqrt(sd)),
            "You took the root of `sd`. It is a standard deviation already.",
        ),
        Wrong(
            "sd-squared",
            _changed(near=lambda d, sd: d <= 3 * sd**2),
            "You squared `sd`, but not the distance. `sd` is a standard deviation already.",
        ),
        Wrong(
            "squared-distance",
            _changed(near=lambda d, sd: d.square() <= 3 * sd),
            "You compare a **squared** distance with 3 standard deviations. Square both, or none.",
        ),
        Wrong(
            "squared-sd",
            _changed(near=lambda d, sd: d.square() <= 3 * sd**2),
            "You squared the distance and `sd`, but not the 3.",
        ),
        Wrong(
            "one-sd",
            _changed(near=lambda d, sd: d <= sd),
            "Good means within **three** standard deviations.",
        ),
        Wrong(
            "sd-ignored",
            _changed(near=lambda d, sd: d <= 3),
            "A distance of 3, whatever `sd` is. How wide are the modes?",
        ),
        Wrong(
            "near-strict",
            _changed(near=lambda d, sd: d < 3 * sd),
            "At most 3 `sd`: what about a sample at exactly that distance?",
        ),
        Wrong(
            "box",
            _changed(distances=lambda s, c: (s[:, None] - c).abs().amax(-1)),
            "You look at the largest coordinate difference: a box. Round modes need the usual "
            "distance.",
        ),
        *(
            Wrong(
                "box",
                lambda samples, centers, sd, any_box=any_box: _in_a_box(
                    samples, centers, sd, any_box=any_box
                ),
                "You look at the largest coordinate difference: a box. Round modes need the usual "
                "distance.",
            )
            for any_box in (False, True)
        ),
        Wrong(
            "city-blocks",
            _changed(distances=lambda s, c: (s[:, None] - c).abs().sum(-1)),
            "You added the coordinate differences. Round modes need the usual distance.",
        ),
        Wrong(
            "quality-count",
            _changed(quality=lambda good: good.sum()),
            "Your second number is a count. Quality is a share of the samples.",
        ),
        Wrong(
            "quality-of-modes",
            lambda samples, centers, sd: (lambda held, _, kl: (held, held / len(centers), kl))(
                *judge_modes(samples, centers, sd)
            ),
            "Your second number is the share of **modes** that are held. Quality is a share of "
            "samples.",
        ),
        Wrong(
            "quality-bad",
            _changed(quality=lambda good: 1 - good.double().mean()),
            "Your second number is the share of **bad** samples.",
        ),
        Wrong(
            "shares-of-all",
            _changed(shares=lambda counts, n: counts / n),
            "Your shares are of **all** samples and do not sum to 1, so this is no KL. Of which "
            "samples are they shares?",
        ),
        Wrong(
            "forward-kl",
            _changed(kl=lambda s, K: -(K * s).log().mean()),
            "That is the forward KL: infinite as soon as one mode is missed. Whose shares are the "
            "weights in the reverse one?",
        ),
        Wrong(
            "entropy",
            _changed(kl=lambda s, K: torch.special.entr(s).sum()),
            "Your third number is the entropy of the shares: largest for perfect balance. A KL is "
            "0 there. What do you compare with?",
        ),
        Wrong(
            "negative-entropy",
            _changed(kl=lambda s, K: torch.xlogy(s, s).sum()),
            "Σ s log s compares the shares with nothing. Where does 1/K come in?",
        ),
        Wrong(
            "kl-negated",
            _changed(kl=lambda s, K: -torch.xlogy(s, K * s).sum()),
            "Your KL is negative. A KL never is.",
        ),
        Wrong(
            "kl-upside-down",
            _changed(kl=lambda s, K: torch.xlogy(s, s / K).sum()),
            "Inside the log you divide by K. The share is compared with 1/K: what is s divided "
            "by 1/K?",
        ),
        Wrong(
            "only-hit-modes",
            _changed(kl=lambda s, K: torch.xlogy(s, (s > 0).sum() * s).sum()),
            "You compare with an even spread over the modes that were **hit**. A missed mode must "
            "cost something.",
        ),
        *(
            Wrong(
                "due-rounded",
                _changed(held=held),
                "You rounded the due down to a whole number. A fifth of n/K need not be whole.",
            )
            for held in (
                lambda counts, n, K: (counts >= n // K // 5).sum(),
                lambda counts, n, K: (counts >= max(1, n // K // 5)).sum(),
                lambda counts, n, K: (counts >= max(1, int(0.2 * n / K))).sum(),
            )
        ),
        Wrong(
            "root-mean-square",
            _changed(distances=lambda s, c: (s[:, None] - c).square().mean(-1).sqrt()),
            "You averaged over the coordinates. A squared distance adds them up.",
        ),
        Wrong(
            "kl-mean",
            _changed(kl=lambda s, K: torch.xlogy(s, K * s).mean()),
            "You averaged over the modes. The shares are the weights of the average already.",
        ),
        Wrong(
            "kl-bits",
            _changed(kl=lambda s, K: torch.xlogy(s, K * s).sum() / LN2),
            "Your KL is in bits. The question asks for nats.",
        ),
        Wrong(
            "kl-half-bits",
            _changed(kl=lambda s, K: torch.xlogy(s, s).sum() + math.log2(K)),
            "Two kinds of logarithm in one KL: log s in nats, log K in bits.",
        ),
        Wrong(
            "zero-times-log-zero",
            _changed(kl=lambda s, K: (s * (K * s).log()).sum()),
            "A mode without good samples gives 0 · log 0, which is nan. What should it contribute?",
        ),
        *(
            Wrong(
                "epsilon",
                _changed(kl=lambda s, K, small=small: (s * (K * s + small).log()).sum()),
                "The small number inside the log shifts the KL. What should a mode without "
                "samples contribute?",
            )
            for small in (1e-2, 1e-3, 1e-4)
        ),
        Wrong(
            "softmax",
            _changed(shares=lambda counts, n: counts.softmax(0)),
            "Softmax of counts: exp makes one mode win. Shares are plain proportions.",
        ),
        Wrong(
            "swapped",
            lambda samples, centers, sd: (lambda h, q, kl: (q, h, kl))(
                *judge_modes(samples, centers, sd)
            ),
            "The first two numbers have changed places.",
        ),
    ],
    hints=[
        "First a table of distances [n, K]. Over which axis do you look for the nearest center?",
        "Count the good samples of each mode; all three numbers follow from the counts and n.",
        "Which distribution provides the weights in a reverse KL? And what does a mode with no "
        "good samples contribute?",
    ],
    equivalents={
        "distance, mode = (samples[:, None] - centers).norm(dim=-1).min(-1)": (
            "of two axes, 1 is the last"
        ),
        "distance, mode = (centers - samples[:, None]).norm(dim=-1).min(1)": (
            "a distance has no direction"
        ),
        "counts = torch.bincount(mode[good]).to(samples.dtype)": (
            "modes after the last one that is hit are not held and add nothing to the KL"
        ),
    },
)


# ------------------------------------------------------------------ the third attempt
def gan_losses(D, G, x, z, gamma):
    """Networks D, G; data x [B, P], noise z [B, Z], gamma -> loss of D with R1, loss of G."""
    x = x.detach().requires_grad_()
    real, fake = D(x), G(z)
    (slope,) = torch.autograd.grad(real.sum(), x, create_graph=True)
    steepness = slope.square().sum(1).mean()
    guilt = F.softplus(-real).mean() + F.softplus(D(fake.detach())).mean()
    return guilt + gamma / 2 * steepness, F.softplus(-D(fake)).mean()


def _losses_and_slopes(function, args):
    """Both losses; what the first does to D and to G, and what the second does to G."""
    D, G, x, z, gamma = args
    _fresh(D, G)
    losses = function(D, G, x.clone(), z.clone(), gamma)
    if not isinstance(losses, (tuple, list)) or len(losses) != 2:
        return losses
    for loss in losses:
        _not_plain(loss)
    if not all(isinstance(loss, Tensor) for loss in losses):
        return losses
    of_d, of_g = losses
    return of_d.detach(), of_g.detach(), _slopes(of_d, D), _slopes(of_d, G), _slopes(of_g, G)


def _steepness(D, x, *, of=lambda a: a.sum(), norm=lambda s: s.square().sum(1), create=True):
    x = x.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(of(D(x)), x, create_graph=create)
    return norm(slope).mean()


def _losses(
    D,
    G,
    x,
    z,
    gamma,
    *,
    guilt=lambda D, x, fake: d_loss(D(x), D(fake.detach())),
    penalty=lambda D, G, x, z, gamma: gamma / 2 * _steepness(D, x),
    of_g=lambda D, fake: g_loss(D(fake)),
):
    """`gan_losses` with one part replaced."""
    fake = G(z)
    return guilt(D, x, fake) + penalty(D, G, x, z, gamma), of_g(D, fake)


def _other(**parts):
    return lambda D, G, x, z, gamma: _losses(D, G, x, z, gamma, **parts)


def _penalty(**how):
    return _other(penalty=lambda D, G, x, z, gamma: gamma / 2 * _steepness(D, x, **how))


def _slope_by_backward(D, G, x, z, gamma):
    """The slope in x by `backward()`, which reaches the weights of D as well."""
    x, weights = x.detach().clone().requires_grad_(), list(D.parameters())
    slopes = torch.autograd.grad(D(x).sum(), [x, *weights], create_graph=True)
    for weight, slope in zip(weights, slopes[1:], strict=True):
        weight.grad = slope.detach()
    fake = G(z)
    guilt = d_loss(D(x), D(fake.detach())) + gamma / 2 * slopes[0].square().sum(1).mean()
    return guilt, g_loss(D(fake))


def _both_penalties(D, G, x, z, gamma):
    return gamma / 2 * (_steepness(D, x) + _steepness(D, G(z)))


LOSSES = CodeExercise(
    id="gan_losses",
    title="The third attempt in one function",
    statement=(
        "Return both losses of one alternating step, from which each optimizer gets its gradient. "
        "For D: −E log D(x) − E log(1 − D(G(z))) plus the penalty `gamma`/2 · E ‖∇ a(x)‖², where "
        "a is D's logit, x the **data** and ∇ the slope in x. For G: the non-saturating "
        "−E log D(G(z)). The networks give logits [B, 1] and samples [B, P]; no example depends "
        "on another. The loss of D must send D the whole gradient, penalty included, and G none."
    ),
    level=3,
    reference=gan_losses,
    returns="two tensors without axes: the loss of D, the loss of G",
    observe=_losses_and_slopes,
    observed=(
        "the loss of D",
        "the loss of G",
        "the gradient of the loss of D in D",
        "the gradient of the loss of D in G",
        "the gradient of the loss of G in G",
    ),
    check_float32=False,
    check_device=False,
    kinds=[
        ("γ is not 0", lambda D, G, x, z, gamma: gamma != 0),
        ("D is not linear", lambda D, G, x, z, gamma: not isinstance(D, nn.Linear)),
    ],
    cases=lambda g: [
        Case(
            (
                _linear([3.0, 4.0]),
                _linear([1.0], [1.0]),
                matrix([0.0, 0.0], [0.0, 0.0]),
                matrix([0.0], [0.0]),
                2.0,
            ),
            "D(x) = 3x₁ + 4x₂, G(z) = (z, z), all inputs 0, γ = 2; compared: both losses, the "
            "gradients of the first in D and in G, of the second in G",
        ),
        Case(
            (
                _filled(g, nn.Linear(2, 1)),
                _filled(g, nn.Linear(3, 2)),
                normal(g, 4, 2),
                normal(g, 4, 3),
                0.0,
            ),
            "linear networks, γ = 0: no penalty",
        ),
        Case(
            (
                _filled(g, _two_layers(2, 1)),
                _filled(g, _two_layers(3, 2)),
                normal(g, 5, 2),
                normal(g, 5, 3),
                1.0,
            ),
            "two layers each, γ = 1",
        ),
        Case(
            (
                _filled(g, _two_layers(3, 1)),
                _filled(g, nn.Linear(2, 3)),
                normal(g, 6, 3),
                normal(g, 4, 2),
                0.3,
            ),
            "6 real and 4 fake, γ = 0.3",
        ),
        Case(
            (
                _filled(g, _two_layers(1, 1)),
                _filled(g, nn.Linear(1, 1)),
                normal(g, 1, 1),
                normal(g, 1, 1),
                5.0,
            ),
            "a batch of one, γ = 5",
        ),
        Case(
            (
                _filled(g, _two_layers(2, 1), scale=10.0),
                _filled(g, nn.Linear(1, 2), scale=100.0),
                10 * normal(g, 3, 2),
                normal(g, 3, 1),
                10.0,
            ),
            "large weights, γ = 10",
        ),
    ],
    alternatives=[
        lambda D, G, x, z, gamma: (
            _losses(D, G, x, z, gamma)[0],
            F.binary_cross_entropy_with_logits(D(G(z)), torch.ones(len(z), 1, dtype=z.dtype)),
        ),
        _other(
            penalty=lambda D, G, x, z, gamma: (
                gamma
                / 2
                * torch.func.vmap(torch.func.grad(lambda point: D(point).squeeze(-1)))(x)
                .square()
                .sum(1)
                .mean()
            )
        ),
    ],
    wrong=[
        Wrong(
            "no-detach",
            _other(guilt=lambda D, x, fake: d_loss(D(x), D(fake))),
            "The loss of D reaches the weights of G, and teaches G to be caught. Where do you cut?",
        ),
        Wrong(
            "d-learns-half",
            _other(guilt=lambda D, x, fake: d_loss(D(x), D(fake).detach())),
            "D learns nothing from fakes: you cut behind D. On which side should the cut lie?",
        ),
        Wrong(
            "g-detached",
            _other(of_g=lambda D, fake: g_loss(D(fake.detach()))),
            "The generator gets no gradient from its own loss. Which of the two losses needs the "
            "fakes without their past, and which with it?",
        ),
        Wrong(
            "no-gradient",
            lambda D, G, x, z, gamma: tuple(v.detach() for v in gan_losses(D, G, x, z, gamma)),
            "The values are right, but no gradient reaches any network. What did you cut off?",
        ),
        Wrong(
            "both-swapped",
            lambda D, G, x, z, gamma: (
                _losses(D, G, x, z, gamma, guilt=lambda D, x, fake: d_loss(D(x), D(fake)))[0],
                g_loss(D(G(z).detach())),
            ),
            "The fakes are cut off in the wrong loss: now G learns from D's loss and not from its "
            "own.",
        ),
        Wrong(
            "penalty-not-trained",
            _penalty(create=False),
            "The penalty has the right value but no gradient in D: it was computed without a "
            "graph of its own. A gradient that is to be differentiated again must keep a graph: "
            "ask for one.",
        ),
        Wrong(
            "no-penalty",
            _other(penalty=lambda D, G, x, z, gamma: 0.0),
            "The penalty is missing: how steep is D at the data?",
        ),
        Wrong(
            "gamma-not-halved",
            _other(penalty=lambda D, G, x, z, gamma: gamma * _steepness(D, x)),
            "The penalty is twice as large as asked.",
        ),
        Wrong(
            "gamma-ignored",
            _other(penalty=lambda D, G, x, z, gamma: _steepness(D, x)),
            "Your penalty does not depend on γ.",
        ),
        Wrong(
            "gamma-ignored",
            _other(penalty=lambda D, G, x, z, gamma: _steepness(D, x) / 2),
            "Your penalty does not depend on γ.",
        ),
        Wrong(
            "penalty-subtracted",
            _other(penalty=lambda D, G, x, z, gamma: -gamma / 2 * _steepness(D, x)),
            "The sign of the penalty pays D for being **steep**.",
        ),
        Wrong(
            "penalty-at-fakes",
            _other(penalty=lambda D, G, x, z, gamma: gamma / 2 * _steepness(D, G(z))),
            "You measure the slope at the fakes. This penalty asks for it at the data.",
        ),
        Wrong(
            "penalty-at-both",
            _other(penalty=_both_penalties),
            "You measure the slope at data **and** fakes. This penalty asks for the data alone.",
        ),
        Wrong(
            "norm-not-squared",
            _penalty(norm=lambda slope: slope.norm(dim=1)),
            "You averaged the lengths of the slopes. The penalty asks for their squares.",
        ),
        Wrong(
            "norm-not-squared",
            _other(penalty=lambda D, G, x, z, gamma: gamma / 2 * _steepness(D, x).sqrt()),
            "You took a root at the end. The penalty asks for the squares themselves.",
        ),
        Wrong(
            "slopes-added",
            _penalty(norm=lambda slope: slope.abs().sum(1)),
            "You added the absolute slopes along the coordinates. What is the squared length of a "
            "vector?",
        ),
        Wrong(
            "slope-one",
            _penalty(norm=lambda slope: (slope.norm(dim=1) - 1).square()),
            "You want slopes of length **1**, as for a Wasserstein critic. This penalty wants "
            "D flat at the data.",
        ),
        Wrong(
            "mean-over-coordinates",
            _penalty(norm=lambda slope: slope.square().mean(1)),
            "You averaged over the coordinates of x. The squared length of a vector adds them.",
        ),
        Wrong(
            "sum-over-batch",
            _penalty(norm=lambda slope: slope.square().sum()[None]),
            "The squared slopes are summed over the batch. What does E stand for?",
        ),
        Wrong(
            "slope-of-mean",
            _penalty(of=lambda a: a.mean()),
            "You differentiated the **mean** logit, so every slope is divided by the batch size. "
            "How do you get each example's own slope?",
        ),
        Wrong(
            "slope-of-probability",
            _penalty(of=lambda a: a.sigmoid().sum()),
            "That is the slope of σ(a), which dies out where D is sure. The penalty asks for that "
            "of the logit.",
        ),
        *(
            Wrong(
                "slope-of-loss",
                _penalty(of=of),
                "That is the slope of the loss in x. The penalty asks for that of the logit.",
            )
            for of in (
                lambda a: F.softplus(-a).mean(),
                lambda a: F.softplus(-a).sum(),
            )
        ),
        Wrong(
            "slope-in-weights",
            _other(
                penalty=lambda D, G, x, z, gamma: (
                    gamma / 2 * sum(w.square().sum() for w in D.parameters())
                )
            ),
            "You penalize large weights. The penalty is about the slope of D in **x**.",
        ),
        Wrong(
            "logit-itself",
            _other(penalty=lambda D, G, x, z, gamma: gamma / 2 * D(x).square().mean()),
            "You penalize large **logits**. The penalty is about how steep the logit is in x.",
        ),
        Wrong(
            "slopes-summed-first",
            _penalty(norm=lambda slope: slope.sum(1).square()),
            "You added the slopes along the coordinates, and squared the sum: opposite slopes "
            "cancel. What is the squared length of a vector?",
        ),
        Wrong(
            "slope-by-backward",
            _slope_by_backward,
            "The values are right. But your `backward()` for the slope in x left a gradient in "
            "the weights of D as well, and the training step adds to it. Ask for the slope in "
            "**x** alone.",
        ),
        Wrong(
            "mean-slope",
            _penalty(norm=lambda slope: slope.mean(0).square().sum()[None]),
            "You averaged the slopes first, so that opposite ones cancel. Square first, then "
            "average.",
        ),
        Wrong(
            "penalty-for-both",
            lambda D, G, x, z, gamma: (
                lambda of_d, of_g: (of_d, of_g + gamma / 2 * _steepness(D, x))
            )(*gan_losses(D, G, x, z, gamma)),
            "The penalty is in both losses. Whose steepness is it?",
        ),
        Wrong(
            "penalty-for-g",
            lambda D, G, x, z, gamma: (
                d_loss(D(x), D(G(z).detach())),
                g_loss(D(G(z))) + gamma / 2 * _steepness(D, x),
            ),
            "The penalty is in the wrong loss. Whose steepness is it?",
        ),
        Wrong(
            "saturating",
            _other(of_g=lambda D, fake: -F.softplus(D(fake)).mean()),
            "The loss of G is that of the min-max game, flat where the fakes are worst. Which one "
            "was asked for?",
        ),
        Wrong(
            "g-wants-caught",
            _other(of_g=lambda D, fake: F.softplus(D(fake)).mean()),
            "Your G is paid for being caught. What does it want D to say?",
        ),
        Wrong(
            "g-sign",
            _other(of_g=lambda D, fake: -g_loss(D(fake))),
            "The loss of G has the wrong sign: it gets small when fakes are rejected.",
        ),
        *(
            Wrong(
                "g-no-log",
                _other(of_g=of_g),
                "The loss of G has no log, so it is flat where D is near 0.",
            )
            for of_g in (
                lambda D, fake: -D(fake).sigmoid().mean(),
                lambda D, fake: 1 - D(fake).sigmoid().mean(),
            )
        ),
        Wrong(
            "g-sum",
            _other(of_g=lambda D, fake: F.softplus(-D(fake)).sum()),
            "The loss of G sums over the fakes. What does E stand for?",
        ),
        Wrong(
            "real-detached",
            _other(guilt=lambda D, x, fake: d_loss(D(x).detach(), D(fake.detach()))),
            "D learns nothing from real data: its answers to them are cut off.",
        ),
        Wrong(
            "labels-swapped",
            _other(guilt=lambda D, x, fake: d_loss(-D(x), -D(fake.detach()))),
            "Your D is paid for calling fakes real and real data fake.",
        ),
        Wrong(
            "d-sign",
            _other(guilt=lambda D, x, fake: -d_loss(D(x), D(fake.detach()))),
            "The loss of D has the wrong sign: V is to be made large, a loss small.",
        ),
        Wrong(
            "half",
            _other(guilt=lambda D, x, fake: d_loss(D(x), D(fake.detach())) / 2),
            "You averaged the two terms of D's loss. They are added.",
        ),
        Wrong(
            "real-only",
            _other(guilt=lambda D, x, fake: F.softplus(-D(x)).mean()),
            "The fakes are missing in the loss of D: it can say “real” to everything.",
        ),
        Wrong(
            "fake-only",
            _other(guilt=lambda D, x, fake: F.softplus(D(fake.detach())).mean()),
            "The real data are missing in the loss of D: it can say “fake” to everything.",
        ),
        Wrong(
            "order",
            lambda D, G, x, z, gamma: gan_losses(D, G, x, z, gamma)[::-1],
            "The two losses have changed places: the loss of D comes first.",
        ),
        Wrong(
            OWN_DICE,
            lambda D, G, x, z, gamma: gan_losses(D, G, x, torch.randn_like(z), gamma),
            "You draw noise of your own; use `z`.",
        ),
        Wrong(
            "wasserstein",
            _other(
                guilt=lambda D, x, fake: D(fake.detach()).mean() - D(x).mean(),
                of_g=lambda D, fake: -D(fake).mean(),
            ),
            "These are the losses of a Wasserstein GAN. Here D speaks in probabilities: where are "
            "sigmoid and log?",
        ),
        Wrong(
            "wasserstein",
            _other(
                guilt=lambda D, x, fake: D(fake).mean() - D(x).mean(),
                penalty=lambda D, G, x, z, gamma: 0.0,
                of_g=lambda D, fake: -D(fake).mean(),
            ),
            "These are the losses of a Wasserstein GAN. Here D speaks in probabilities: where are "
            "sigmoid and log?",
        ),
    ],
    hints=[
        "You have all parts: the loss of D, the loss of G, and where to cut. The penalty is new.",
        "No logit depends on another example, so the slope of their **sum** holds all slopes.",
        "`torch.autograd.grad` gives the slope of **one number** in x, if x asks for a gradient. "
        "What must it keep, if D is to learn from it?",
    ],
    equivalents={
        "x = x.requires_grad_()": "data have no past to be cut off from",
        "steepness = slope.square().sum(-1).mean()": "of two axes, 1 is the last",
    },
)


EXERCISES = [
    EQUILIBRIUM,
    D_LOSS,
    G_LOSS,
    SATURATING,
    OPTIMAL,
    D_STEP,
    DISJOINT,
    OPTIMUM,
    FROZEN,
    UNDECIDED,
    LACKS,
    JUDGE,
    LOSSES,
]
