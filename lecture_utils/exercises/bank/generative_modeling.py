"""Exercises of the chapter on generative and discriminative modeling."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

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
from ._tools import bits, matrix, normal, scalar, simplex, table, tokens, uniform, vector

NUMBER = 3
LN2 = math.log(2)
INF = math.inf


# ------------------------------------------------------------------ before running anything
CLASSIFY_OR_IMAGINE = ChoiceExercise(
    id="classify_or_imagine",
    title="Predict: good judge, good painter?",
    statement=(
        "Naive Bayes learns p(y) and p(x | y) for pictures of bedrooms, and treats all pixels as "
        "independent, given the label y (luxurious or not). How will it do?"
    ),
    level=1,
    options=[
        Option(
            "It classifies badly and draws badly: its assumption is false",
            "The assumption is false, but a label can be read from many pixels, each a weak hint. "
            "Must the sum of the hints be exact to point the right way?",
        ),
        Option(
            "It names most labels right, but its drawings are ghosts of bedrooms",
            "Many weak hints point the right way even if each is heard too loudly. But how pixels "
            "hang together is all that a drawing is about.",
            right=True,
        ),
        Option(
            "It classifies well and draws well: one comes with the other",
            "To draw, it tosses a coin for each pixel, alone. Will the pixels of a bed agree on "
            "where the bed stands?",
        ),
        Option(
            "It draws well but classifies badly: it was never trained on p(y | x)",
            "p(y | x) follows from p(y) and p(x | y). And for drawing: what does a pixel know of "
            "its neighbors?",
        ),
    ],
    hints=[
        "How does naive Bayes draw a picture, once it has chosen the label?",
        "Which of the two tasks asks how pixels hang together?",
    ],
)

LUXURIOUS = NumberExercise(
    id="chandelier",
    title="Predict: a chandelier",
    statement=(
        "A generative model of bedrooms: ¼ are luxurious; a luxurious one has a chandelier with "
        "probability 0.6, a plain one with 0.1. You see a chandelier. How probable is it that the "
        "bedroom is luxurious?"
    ),
    truth=2 / 3,
    written="2/3",
    because=(
        "0.25 · 0.6 = 0.15 against 0.75 · 0.1 = 0.075: two to one. A model of pictures with labels "
        "contains a classifier; you only have to divide."
    ),
    rtol=0.01,
    probability=True,
    wrong=[
        WrongNumber(
            0.6,
            "likelihood",
            "That is p(chandelier | luxurious). The question turns the bar around: how common are "
            "luxurious rooms to begin with?",
        ),
        WrongNumber(
            0.15,
            "joint",
            "That is the joint probability of luxurious **and** chandelier. You have seen the "
            "chandelier: among how many rooms is that a share?",
        ),
        WrongNumber(
            0.25,
            "prior",
            "That is what you knew before you saw the chandelier. Does it tell you nothing?",
        ),
        WrongNumber(
            0.225,
            "evidence",
            "That is p(chandelier), over both kinds of rooms. Which part of it is luxurious?",
        ),
        WrongNumber(
            6 / 7,
            "no-prior",
            "You compared 0.6 with 0.1 as if both kinds of room were equally common. Are they?",
        ),
        WrongNumber(
            0.1,
            "plain-likelihood",
            "That is p(chandelier | plain). You have seen a chandelier, and ask for the label.",
        ),
        WrongNumber(
            1 / 3,
            "other-label",
            "That is the probability of a **plain** bedroom.",
        ),
        WrongNumber(
            2,
            "odds",
            "Those are the odds, two to one. What is that as a probability?",
        ),
        WrongNumber(
            0.5,
            "cancel",
            "Prior and chandelier do not quite cancel. Imagine 1000 bedrooms and count those with "
            "a chandelier.",
        ),
        WrongNumber(
            0.35,
            "average",
            "That is the average of 0.6 and 0.1. Count rooms instead: of 1000, how many have a "
            "chandelier, and how many of those are luxurious?",
        ),
        WrongNumber(
            0.45 / 0.475,
            "prior-swapped",
            "The prior stands at the wrong kind of room. How many of 1000 rooms are luxurious?",
        ),
        WrongNumber(
            0.1 / 0.775,
            "without",
            "That holds if you see **no** chandelier. You have seen one.",
        ),
        WrongNumber(
            1 / 9,
            "likelihood-swapped",
            "Above the line you took the chandeliers of plain rooms. How many luxurious rooms have "
            "one?",
        ),
    ],
    hints=[
        "Imagine 1000 bedrooms. How many are luxurious with a chandelier, how many plain with one?",
        "Of all rooms with a chandelier, which share is luxurious?",
    ],
)

CAN_DO = ChoiceExercise(
    id="only_p_y_given_x",
    title="What p(y | x) does not know",
    statement=(
        "A perfect classifier gives you the true p(y | x) for every picture x. What can you get "
        "from it, with no other information?"
    ),
    level=1,
    options=[
        Option(
            "All of p(x, y), by the product rule, for every pair of x and y",
            "The product rule needs a second factor besides p(y | x). Do you have it?",
        ),
        Option(
            "p(x) alone, by the sum rule: add p(y | x) up over the labels",
            "Summing p(y | x) over y gives 1 for every x. What would have to stand there instead?",
        ),
        Option(
            "New pictures of a label: try x until its p(y | x) is near 1",
            "Noise that no camera has ever seen may get p(y | x) near 1, too. Does the classifier "
            "know which x occur?",
        ),
        Option(
            "How probable each label of a given picture is, and nothing else",
            "Two worlds with quite different pictures can share one p(y | x). From p(x, y) you get "
            "p(y | x); there is no way back.",
            right=True,
        ),
    ],
    hints=[
        "Write p(x, y) as a product. Which factor is missing?",
        "A discriminative model always gets x from you. Has it ever had to say which x occur?",
    ],
)


BEST_JUDGE = NumberExercise(
    id="best_judge",
    title="How often is the best judge right?",
    statement=(
        "A world of two pictures. p(x, y) of picture 1 is 0.4 for plain and 0.1 for luxurious; of "
        "picture 2 it is 0.15 for plain and 0.35 for luxurious. How often is the best possible "
        "judge right?"
    ),
    truth=0.75,
    written="0.4 + 0.35",
    because=(
        "It says plain to picture 1 and luxurious to picture 2: right with probability "
        "0.4 + 0.35. The other quarter is the Bayes error."
    ),
    rtol=0.005,
    probability=True,
    wrong=[
        WrongNumber(
            0.55,
            "never-looks",
            "That is a judge who never looks and always says plain. What changes when it sees "
            "which picture it is?",
        ),
        WrongNumber(
            0.45,
            "always-luxurious",
            "That is a judge who always says luxurious. What would you say to picture 1?",
        ),
        WrongNumber(
            0.8,
            "first-picture",
            "So often is it right about picture 1. And about picture 2?",
        ),
        WrongNumber(
            0.7,
            "second-picture",
            "So often is it right about picture 2. And about picture 1?",
        ),
        WrongNumber(
            0.63,
            "by-lot",
            "That is a judge who draws the label from p(y | x) by lot. Does it pay to name the "
            "rarer label now and then?",
        ),
        WrongNumber(
            0.25,
            "bayes-error",
            "So often is the best judge **wrong**.",
        ),
        WrongNumber(
            0.4,
            "largest-entry",
            "That is the best label of picture 1 alone. The judge may get picture 2 right as well.",
        ),
        WrongNumber(
            0.35,
            "second-entry",
            "That is the best label of picture 2 alone. The judge may get picture 1 right as well.",
        ),
        WrongNumber(
            0.5,
            "half",
            "So would a coin. For each picture, which label would you name?",
        ),
        WrongNumber(
            1,
            "always",
            "Picture 1 is luxurious now and then, and looks the same. Can anybody know when?",
        ),
    ],
    hints=[
        "For each picture: which label has the larger p(x, y)?",
        "Add up the probabilities of all pairs on which this judge is right.",
    ],
)


# ------------------------------------------------------------------ the joint contains everything
def split_joint(log_joint):
    """log p(x, y) [B, C] -> log p(x) [B] and log p(y | x) [B, C], in nats."""
    log_image = log_joint.logsumexp(-1)
    return log_image, log_joint - log_image[:, None]


def _split(log_image, log_label):
    return lambda z: (log_image(z), log_label(z))


def _p_image(z):
    return z.logsumexp(-1)


def _p_label(z):
    return z.log_softmax(-1)


SPLIT_JOINT = CodeExercise(
    id="split_joint",
    title="Two models in one",
    statement=(
        "A generative model scores B pictures with each of C labels: `log_joint[b, y]` is "
        "log p(x_b, y) in nats; −inf marks an impossible pair, but every picture has a possible "
        "label. Return log p(x) and log p(y | x)."
    ),
    reference=split_joint,
    returns="log p(x) of shape `[B]` and log p(y | x) of shape `[B, C]`",
    unit="nats",
    grad_args=(0,),
    cases=lambda g: [
        Case((matrix([0.125, 0.375]).log(),), "p(x, y) = ⅛ and ⅜: p(x) = ½, p(y | x) = ¼ and ¾"),
        Case((normal(g, 2, 3),), "2 pictures, 3 labels; these are densities, so p(x) may exceed 1"),
        Case((normal(g, 4, 4),), "4 pictures, 4 labels"),
        Case((normal(g, 5, 2) - 700.0,), "5 pictures, some 700 nats each"),
        Case((matrix([-1000.0, -1002.0], [1000.0, 999.0], [0.0, -1000.0]),), "±1000 in one batch"),
        Case((normal(g, 3, 1),), "a single label"),
        Case(
            (matrix([-2.0, -INF, -3.0], [-INF, -INF, -900.0]),),
            "impossible pairs",
            smooth=False,
        ),
    ],
    alternatives=[
        _split(_p_image, _p_label),
        lambda z: (
            lambda m: (
                (z - m).exp().sum(-1).log() + m.squeeze(-1),
                z - m - (z - m).exp().sum(-1, keepdim=True).log(),
            )
        )(z.max(-1, keepdim=True).values),
    ],
    wrong=[
        *(
            Wrong(
                "unstable",
                solve,
                "The right formula, but exp of −1000 is exactly 0, and that of 1000 is inf. Which "
                "function does exp, sum and log in one step?",
            )
            for solve in (
                lambda z: (
                    z.exp().sum(-1).log(),
                    (z.exp() / z.exp().sum(-1, keepdim=True)).log(),
                ),
                lambda z: (z.exp().sum(-1).log(), z - z.exp().sum(-1, keepdim=True).log()),
                _split(lambda z: z.exp().sum(-1).log(), _p_label),
            )
        ),
        Wrong(
            "log-of-softmax",
            _split(_p_image, lambda z: z.softmax(-1).log()),
            "log p(x) is right. But in log p(y | x) a probability rounds to 0 before the log is "
            "taken. Can you stay in the logs?",
        ),
        Wrong(
            "sum-of-logs",
            lambda z: (z.sum(-1), z - z.sum(-1, keepdim=True)),
            "You added up **logs**: that is the log of a product. What is summed over y to get "
            "p(x)?",
        ),
        Wrong(
            "sum-of-logs",
            _split(lambda z: z.sum(-1), _p_label),
            "For log p(x) you added up **logs**: that is the log of a product. What is summed "
            "over y?",
        ),
        *(
            Wrong(
                "mean",
                solve,
                "You averaged over the labels. The sum rule adds p(x, y) up over y.",
            )
            for solve in (
                lambda z: (
                    z.logsumexp(-1) - math.log(z.shape[-1]),
                    z - z.logsumexp(-1, keepdim=True) + math.log(z.shape[-1]),
                ),
                _split(lambda z: z.logsumexp(-1) - math.log(z.shape[-1]), _p_label),
            )
        ),
        *(
            Wrong(
                "best-label",
                solve,
                "You kept the best label only. p(x) collects the picture's probability from "
                "**all** labels.",
            )
            for solve in (
                lambda z: (z.amax(-1), z - z.amax(-1, keepdim=True)),
                _split(lambda z: z.amax(-1), _p_label),
            )
        ),
        Wrong(
            "joint-as-conditional",
            _split(_p_image, lambda z: z.clone()),
            "log p(x) is right. Your second result is still the joint: do its probabilities sum "
            "to 1 over y?",
        ),
        *(
            Wrong(
                "not-in-logs",
                solve,
                "These are probabilities. The question asks for their logs (and small ones vanish "
                "outside of the logs).",
            )
            for solve in (
                lambda z: (z.exp().sum(-1), z.softmax(-1)),
                _split(lambda z: z.exp().sum(-1), _p_label),
            )
        ),
        Wrong(
            "conditional-not-in-logs",
            _split(_p_image, lambda z: z.softmax(-1)),
            "log p(x) is right. Your second result is p(y | x) itself; its log is asked for.",
        ),
        Wrong(
            "over-pictures",
            _split(_p_image, lambda z: z.log_softmax(0)),
            "log p(x) is right. But you normalized over the pictures: which p is that? The labels "
            "are on the **last** axis.",
        ),
        Wrong(
            "over-pictures-both",
            lambda z: (z.logsumexp(0), z.log_softmax(0)),
            "You summed over the pictures. That gives something for each label; p(x) sums over y.",
        ),
        Wrong(
            "whole-table",
            _split(_p_image, lambda z: z - z.flatten().logsumexp(0)),
            "You normalized over the whole table. Each picture has a p(y | x) of its own.",
        ),
        Wrong(
            "turned-around",
            _split(_p_image, lambda z: z.logsumexp(-1, keepdim=True) - z),
            "Your second result is −log p(y | x): what is divided by what?",
        ),
        Wrong(
            "multiplied",
            _split(_p_image, lambda z: z + z.logsumexp(-1, keepdim=True)),
            "You multiplied the joint by p(x). Which way does the product rule go?",
        ),
        Wrong(
            "divided-logs",
            _split(_p_image, lambda z: z / z.logsumexp(-1, keepdim=True)),
            "You divided one log by another. What does a quotient become in the logs?",
        ),
        Wrong(
            "bits",
            lambda z: (z.logsumexp(-1) / LN2, z.log_softmax(-1) / LN2),
            "These are bits. The question asks for nats.",
        ),
        Wrong(
            "bits-before-the-sum",
            lambda z: ((z / LN2).logsumexp(-1), (z / LN2).log_softmax(-1)),
            "You turned nats into bits before the sum. The question asks for nats. (And exp of a "
            "number of bits is no probability.)",
        ),
        Wrong(
            "losses",
            lambda z: (-z.logsumexp(-1), -z.log_softmax(-1)),
            "These are −log p. The question asks for log p.",
        ),
        Wrong(
            "order",
            lambda z: (z.log_softmax(-1), z.logsumexp(-1)),
            "The two results have changed places.",
        ),
        Wrong(
            "softmax-of-logs-twice",
            _split(_p_image, lambda z: z.softmax(-1).log_softmax(-1)),
            "Softmax twice: the second one treats probabilities as scores and makes all labels "
            "nearly equal.",
        ),
    ],
    hints=[
        "Sum rule for p(x), product rule for p(y | x). What do sum and quotient become in logs?",
        "Check yourself: exp of a row of log p(y | x) must sum to 1.",
    ],
    equivalents={
        "log_image = log_joint.logsumexp(1)": "of two axes, 1 is the last",
        "log_image = log_joint.logsumexp(--1)": "of two axes, 1 is the last",
    },
)


# ------------------------------------------------------------------ imagine
def sample_given_label(joint, y, u):
    """table joint[x, y] [X, Y], labels y [B], uniform u [B] -> outcomes x [B] from p(x | y)."""
    columns = joint[:, y]
    p = columns / columns.sum(0)
    return (p.cumsum(0) <= u).sum(0)


def _draw(
    joint,
    y,
    u,
    *,
    columns=lambda joint, y: joint[:, y],
    normal=lambda c: c / c.sum(0),
    pick=lambda p, u: (p.cumsum(0) <= u).sum(0),
):
    """`sample_given_label` with one step replaced."""
    return pick(normal(columns(joint, y)), u)


def _how_many(p, u):
    return (p.cumsum(0) <= u).sum(0)


def _first_above(p, u):
    """The same, but 0 where no cumulative probability is above u."""
    return (p.cumsum(0) > u).int().argmax(0)


def _drawn(**steps):
    return lambda joint, y, u: _draw(joint, y, u, **steps)


def _sample_cases(g):
    small = matrix([0.125, 0.0], [0.125, 0.5], [0.0, 0.25])
    return [
        Case(
            (small, torch.tensor([0, 0, 1, 1]), vector(0.2, 0.7, 0.4, 0.9)),
            "three outcomes x (rows), two labels y (columns)",
        ),
        Case(
            (small, torch.tensor([0, 0, 1]), vector(0.0, 0.5, 0.0)),
            "u on the border: x must be possible",
        ),
        Case((table(g, 4, 3), tokens(g, 3, 50), uniform(g, 50)), "4 outcomes, 3 labels, 50 draws"),
        Case((table(g, 3, 3), tokens(g, 3, 40), uniform(g, 40)), "3 outcomes, 3 labels"),
        Case((table(g, 2, 5), tokens(g, 5, 30), uniform(g, 30)), "2 outcomes, 5 labels"),
        Case((table(g, 50, 2), tokens(g, 2, 60), uniform(g, 60)), "50 outcomes"),
        Case((table(g, 5, 1), torch.tensor([0]), vector(0.55)), "one label, one draw"),
        Case(
            (matrix([1e-12, 0.5], [3e-12, 0.5]), torch.tensor([0, 0, 1]), vector(0.1, 0.6, 0.6)),
            "a very rare label",
        ),
    ]


SAMPLE_GIVEN_LABEL = CodeExercise(
    id="sample_given_label",
    title="Imagine a luxurious bedroom",
    statement=(
        "`joint[x, y]` is the table p(x, y) of X outcomes and Y labels. For each label in `y` [B] "
        "draw one x from p(x | y) with the uniform number in `u` [B]: the first x whose cumulative "
        "probability p(0 | y) + … + p(x | y) is **above** u."
    ),
    level=2,
    reference=sample_given_label,
    returns="whole numbers of shape `[B]`",
    any_dtype=True,
    cases=_sample_cases,
    alternatives=[
        lambda joint, y, u: torch.stack(
            [
                torch.searchsorted(joint[:, k].cumsum(0) / joint[:, k].sum(), v, right=True)
                for k, v in zip(y, u, strict=True)
            ]
        ),
        lambda joint, y, u: ((joint / joint.sum(0))[:, y].cumsum(0) > u).to(torch.int64).argmax(0),
    ],
    wrong=[
        Wrong(
            "marginal",
            _drawn(columns=lambda joint, y: joint.sum(1, keepdim=True).expand(-1, len(y))),
            "You draw from p(x), whatever the label. What changes when y is known?",
        ),
        *(
            Wrong(
                "not-normalized",
                _drawn(normal=lambda c: c, pick=pick),
                "Your column holds p(x, y), which sums to p(y), not to 1: the largest u fall off "
                "its end. (Dividing by the sum of the whole table changes nothing.)",
            )
            for pick in (_how_many, _first_above)
        ),
        *(
            Wrong(
                "other-conditional",
                solve,
                "Your table holds p(y | x): each **row** sums to 1. To draw x, what has to sum to "
                "1?",
            )
            for solve in (
                _drawn(columns=lambda j, y: (j / j.sum(1, True))[:, y], normal=lambda c: c),
                _drawn(columns=lambda joint, y: (joint / joint.sum(1, True))[:, y]),
                _drawn(
                    columns=lambda j, y: (j / j.sum(1, True))[:, y],
                    normal=lambda c: c,
                    pick=_first_above,
                ),
            )
        ),
        *(
            Wrong(
                "rows",
                _drawn(columns=lambda joint, y: joint[y].T, normal=normal, pick=pick),
                "`joint[y]` is a **row**: there x is known, and y is spread out. On which axis of "
                "`joint[x, y]` does the label stand?",
            )
            for normal in (lambda c: c / c.sum(0), lambda c: c)
            for pick in (_how_many, _first_above)
        ),
        *(
            Wrong(
                "cumulative-over-draws",
                _drawn(normal=normal, pick=pick),
                "Your running sum goes from one **draw** to the next. It has to go over the "
                "outcomes x of one draw: which axis is that?",
            )
            for normal in (lambda c: c / c.sum(0), lambda c: c)
            for pick in (
                lambda p, u: (p.cumsum(1) <= u).sum(0),
                lambda p, u: (p.cumsum(1) > u).int().argmax(0),
            )
        ),
        Wrong(
            "one-sum-for-all",
            _drawn(normal=lambda c: c / c.sum()),
            "You divided by one sum over all draws. Each column has to sum to 1 by itself.",
        ),
        Wrong(
            "softmax",
            _drawn(normal=lambda c: c.softmax(0)),
            "Softmax of probabilities makes all outcomes nearly equal, and impossible ones "
            "possible. Conditioning only rescales.",
        ),
        Wrong(
            "most-likely",
            lambda joint, y, u: joint[:, y].argmax(0),
            "You always take the most likely x, whatever u is. That is no sample: where would "
            "variety come from?",
        ),
        Wrong(
            "border",
            _drawn(pick=lambda p, u: (p.cumsum(0) < u).sum(0)),
            "Right but for u exactly on a border: there an outcome of probability 0 can come out. "
            "The cumulative probability must be **above** u.",
        ),
        Wrong(
            "counts-above",
            _drawn(pick=lambda p, u: (p.cumsum(0) > u).sum(0)),
            "You count the cumulative probabilities **above** u. How many lie before the first of "
            "them?",
        ),
        Wrong(
            "one-too-far",
            _drawn(pick=lambda p, u: (p.cumsum(0) <= u).sum(0) + 1),
            "One too far: outcomes count from 0.",
        ),
        Wrong(
            "one-short",
            _drawn(pick=lambda p, u: (p.cumsum(0) <= u).sum(0) - 1),
            "One short: your result can be −1. Outcomes count from 0.",
        ),
        Wrong(
            "no-cumulative",
            _drawn(pick=lambda p, u: (p <= u).sum(0)),
            "You compare u with the single probabilities. What has to be compared is their running "
            "sum.",
        ),
        Wrong(
            "no-cumulative",
            _drawn(pick=lambda p, u: (p > u).int().argmax(0)),
            "You compared u with single probabilities. Add them up along x first.",
        ),
        *(
            Wrong(
                "cumulative-probability",
                _drawn(pick=pick),
                "That is a probability. Which x does it belong to?",
            )
            for pick in (
                lambda p, u: p.cumsum(0).gather(0, _how_many(p, u)[None])[0],
                lambda p, u: p.gather(0, _how_many(p, u)[None])[0],
            )
        ),
        Wrong(
            "nearest-border",
            _drawn(pick=lambda p, u: (p.cumsum(0) - u).abs().argmin(0)),
            "You take the cumulative probability that is nearest to u. It has to be the first one "
            "**above** u.",
        ),
        Wrong(
            "nearest-probability",
            _drawn(pick=lambda p, u: (p - u).abs().argmin(0)),
            "You look for a probability near u. How often would an outcome of probability 0.1 then "
            "come out?",
        ),
        Wrong(
            "sorted",
            _drawn(pick=lambda p, u: (p.sort(0).values.cumsum(0) <= u).sum(0)),
            "You sorted the probabilities, so your result is a rank, no outcome.",
        ),
        Wrong(
            "from-above",
            _drawn(pick=lambda p, u: (p.cumsum(0) <= 1 - u).sum(0)),
            "You turned u around. That is a fair draw, but the rule here uses u itself.",
        ),
        Wrong(
            "one-for-all",
            _drawn(pick=lambda p, u: (p.cumsum(0) <= u[0]).sum(0)),
            "All draws use the first uniform number. Each has its own.",
        ),
        Wrong(
            "equal-parts",
            lambda joint, y, u: (u * len(joint)).long(),
            "All outcomes come equally often, as if p(x | y) were uniform.",
        ),
        Wrong(
            "first-label",
            _drawn(columns=lambda joint, y: joint[:, y[:1]].expand(-1, len(y))),
            "Every draw uses the first label. Each has its own.",
        ),
        Wrong(
            OWN_DICE,
            lambda joint, y, u: torch.multinomial(joint[:, y].T, 1).squeeze(-1),
            "You roll your own dice; use `u`. The same u must always give the same x.",
        ),
        Wrong(
            "from-above",
            _drawn(pick=lambda p, u: len(p) - 1 - (p.flip(0).cumsum(0) <= u).sum(0)),
            "You add up from the last outcome. That is a fair draw, but the rule here starts at "
            "x = 0.",
        ),
        Wrong(
            "one-hot",
            _drawn(
                pick=lambda p, u: F.one_hot(
                    (p.cumsum(0) <= u).sum(0).clamp(max=len(p) - 1)
                ).double()
            ),
            "You return rows of 0 and 1. The question asks for the number of each outcome.",
        ),
    ],
    hints=[
        "Knowing y leaves one column of the table. What must it sum to?",
        "Lay the probabilities side by side from 0 to 1. Into which piece does u fall?",
        "How many cumulative probabilities does u leave behind?",
    ],
)


# ------------------------------------------------------------------ hidden pixels
def label_from_visible(x, visible, prior, theta):
    """bits x [B, D], mask visible [B, D], p(y) [C], p(x_d = 1 | y) [C, D] -> p(y | seen) [B, C]."""
    on = torch.where(visible, x, 0.0)
    off = torch.where(visible, 1 - x, 0.0)
    scores = prior.log() + on @ theta.log().T + off @ (1 - theta).log().T
    return torch.softmax(scores, -1)


def _judged(
    x,
    visible,
    prior,
    theta,
    *,
    on=lambda x, v: torch.where(v, x, 0.0),
    off=lambda x, v: torch.where(v, 1 - x, 0.0),
    before=lambda prior: prior.log(),
    after=lambda scores: scores.softmax(-1),
):
    """`label_from_visible` with one step replaced."""
    scores = on(x, visible) @ theta.log().T + off(x, visible) @ (1 - theta).log().T
    return after(before(prior) + scores)


def _seen(**steps):
    return lambda x, visible, prior, theta: _judged(x, visible, prior, theta, **steps)


def _filled_in(value):
    """Hidden pixels replaced by a value, then treated as seen."""
    return _seen(
        on=lambda x, v: torch.where(v, x, value), off=lambda x, v: 1 - torch.where(v, x, value)
    )


def _factors(x, visible, theta):
    """p(x_d | y) of each picture, label and pixel, 1 where hidden: [B, C, D]."""
    p = torch.where(x[:, None] == 1, theta, 1 - theta)
    return torch.where(visible[:, None], p, torch.ones_like(p))


def _product(x, visible, prior, theta):
    p = prior * _factors(x, visible, theta).prod(-1)
    return p / p.sum(-1, keepdim=True)


def _expected_factors(x, visible, prior, theta):
    """Hidden pixels weigh in with the average log-probability that the label gives them."""
    lost = ~visible
    guess = theta * theta.log() + (1 - theta) * (1 - theta).log()  # [C, D]
    return (
        prior.log() + _factors(x, visible, theta).log().sum(-1) + lost.to(x.dtype) @ guess.T
    ).softmax(-1)


def _average_picture(x, visible, prior, theta):
    x = torch.where(visible, x, prior @ theta)
    return (prior.log() + x @ theta.log().T + (1 - x) @ (1 - theta).log().T).softmax(-1)


def _likelier_value(x, visible, prior, theta):
    """Hidden pixels take the value that is likelier in the average picture."""
    x = torch.where(visible, x, (prior @ theta > 0.5).to(x.dtype))
    return (prior.log() + x @ theta.log().T + (1 - x) @ (1 - theta).log().T).softmax(-1)


def _likelier_for_each_label(x, visible, prior, theta):
    """Hidden pixels take, for each label, the value that is likelier there."""
    likelier = torch.maximum(theta, 1 - theta).log()
    log_p = torch.where(visible[:, None], _factors(x, visible, theta).log(), likelier)
    return (prior.log() + log_p.sum(-1)).softmax(-1)


def _all_hidden_alone(x, visible, prior, theta):
    """The given code, but for a batch in which everything is hidden."""
    if not visible.any():
        return prior.expand(len(x), -1)
    return _filled_in(0.0)(x, visible, prior, theta)


def _all_hidden_alone_in_one_row(x, visible, prior, theta):
    """The same, as one row for the whole batch."""
    return _all_hidden_alone(x, visible, prior, theta) if visible.any() else prior


def _pictures_hidden_alone(x, visible, prior, theta):
    """The given code, but for the pictures of which everything is hidden."""
    some = visible.any(-1, keepdim=True)
    return torch.where(some, _filled_in(0.0)(x, visible, prior, theta), prior)


def _seen_in_all(x, visible, prior, theta):
    keep = visible.all(0)
    return _judged(x[:, keep], visible[:, keep], prior, theta[:, keep])


def _visible_cases(g):
    theta = matrix([0.5, 0.75], [0.5, 0.25])
    prior = vector(0.5, 0.5)
    big = uniform(g, 3, 3000, low=0.3, high=0.7)
    alike = 0.5 + 0.01 * normal(g, 2, 3000)
    anything = torch.where(torch.rand(4, 6, generator=g) < 0.5, bits(g, 4, 6), normal(g, 4, 6))
    real = (anything == 0) | (anything == 1)
    return [
        Case(
            (matrix([1.0, 1.0]), torch.tensor([[True, False]]), prior, theta),
            "pixel 2 is hidden, and pixel 1 says nothing: ½ and ½",
        ),
        Case(
            (matrix([1.0, 1.0]), torch.tensor([[True, True]]), prior, theta),
            "both pixels are seen: ¾ and ¼",
        ),
        Case(
            (bits(g, 3, 4), torch.zeros(3, 4, dtype=torch.bool), simplex(g, 2), uniform(g, 2, 4)),
            "everything is hidden",
        ),
        Case(
            (
                bits(g, 4, 5),
                torch.rand(4, 5, generator=g) < 0.6,
                simplex(g, 3),
                uniform(g, 3, 5, low=0.05, high=0.95),
            ),
            "4 pictures, 3 labels, 5 pixels",
        ),
        Case(
            (
                bits(g, 3, 3),
                torch.rand(3, 3, generator=g) < 0.5,
                simplex(g, 3),
                uniform(g, 3, 3, low=0.05, high=0.95),
            ),
            "3 pictures, 3 labels, 3 pixels",
        ),
        Case(
            (anything, real, simplex(g, 2), uniform(g, 2, 6, low=0.1, high=0.9)),
            "hidden places hold anything",
        ),
        Case(
            (
                matrix([1.0, math.nan, 0.0], [-INF, 1.0, 7.0]),
                torch.tensor([[True, False, True], [False, True, False]]),
                vector(0.4, 0.6),
                uniform(g, 2, 3, low=0.1, high=0.9),
            ),
            "hidden places hold nan and −inf",
            smooth=False,
        ),
        Case(
            (bits(g, 2, 3000), torch.rand(2, 3000, generator=g) < 0.5, vector(0.3, 0.7), alike),
            "3000 pixels, labels hard to tell apart",
        ),
        Case(
            (bits(g, 2, 3000), torch.ones(2, 3000, dtype=torch.bool), simplex(g, 3), big),
            "3000 pixels, all seen",
        ),
        Case(
            (
                matrix([1.0], [0.0]),
                torch.tensor([[True], [False]]),
                vector(1e-9, 1 - 1e-9),
                matrix([0.999], [1e-6]),
            ),
            "one pixel, a rare label",
        ),
    ]


VISIBLE = CodeExercise(
    id="label_from_visible",
    title="Find the bug: half a bedroom",
    kind="bug",
    statement=(
        "A generative model can judge a picture of which only some pixels are seen: p(y | seen "
        "pixels), with pixels independent given y. `visible` is True where a pixel is seen; hidden "
        "places of `x` hold anything, even nan. The code below departs from p(y) even when "
        "**everything** is hidden. Repair it."
    ),
    level=2,
    reference=label_from_visible,
    returns="probabilities of shape `[B, C]`",
    given='''
        def label_from_visible(x, visible, prior, theta):
            """bits x [B, D], visible [B, D], p(y) [C], p(x_d = 1 | y) [C, D] -> p(y | seen)."""
            x = torch.where(visible, x, 0.0)
            scores = prior.log() + x @ theta.log().T + (1 - x) @ (1 - theta).log().T
            return torch.softmax(scores, -1)
    ''',
    grad_args=(3,),
    kinds=[
        ("every pixel is seen", lambda x, visible, prior, theta: visible.all()),
        ("a pixel is hidden", lambda x, visible, prior, theta: not visible.all()),
        ("the prior is not even", lambda x, visible, prior, theta: prior.std() > 0),
        ("there are 3000 pixels", lambda x, visible, prior, theta: x.shape[1] > 1000),
    ],
    check_float32=False,  # a sum of thousands of logs has only a few digits there
    cases=_visible_cases,
    alternatives=[
        lambda x, visible, prior, theta: (
            prior.log() + _factors(x, visible, theta).log().sum(-1)
        ).softmax(-1),
        lambda x, visible, prior, theta: torch.softmax(
            prior.log()
            - torch.where(
                visible[:, None],
                F.binary_cross_entropy(
                    theta.expand(len(x), -1, -1),
                    torch.where(visible, x, 0.0)[:, None].expand(-1, len(prior), -1),
                    reduction="none",
                ),
                0.0,
            ).sum(-1),
            -1,
        ),
    ],
    wrong=[
        Wrong(
            "hidden-is-black",
            _filled_in(0.0),
            "The bug is still there: a hidden pixel counts as a **0**, which is evidence. What "
            "should a pixel say that nobody sees?",
        ),
        Wrong(
            "hidden-is-white",
            _filled_in(1.0),
            "Now hidden pixels count as **1**. That is evidence, too. What should a pixel say "
            "that nobody sees?",
        ),
        Wrong(
            "hidden-is-gray",
            _filled_in(0.5),
            "A hidden pixel now counts as half 0, half 1. If θ differs between the labels, even "
            "that is evidence.",
        ),
        Wrong(
            "average-picture",
            _average_picture,
            "Hidden pixels now look like the average bedroom. A filled-in pixel still speaks, and "
            "nobody has seen it.",
        ),
        *(
            Wrong(
                "likeliest-pixel",
                solve,
                "You filled in the likeliest value. A filled-in pixel still speaks, and nobody "
                "has seen it.",
            )
            for solve in (_likelier_value, _likelier_for_each_label)
        ),
        *(
            Wrong(
                "all-hidden-alone",
                solve,
                "All hidden is only the extreme case. **One** hidden pixel must be silent, too.",
            )
            for solve in (
                _all_hidden_alone,
                _all_hidden_alone_in_one_row,
                _pictures_hidden_alone,
            )
        ),
        *(
            Wrong(
                "mask-of-the-first",
                lambda x, visible, prior, theta, before=before: _judged(
                    before(x, visible), visible[:1].expand_as(visible), prior, theta
                ),
                "You hide in all pictures what is hidden in the first. Each picture has a mask of "
                "its own.",
            )
            for before in (lambda x, v: x, lambda x, v: torch.where(v, x, 0.0))
        ),
        Wrong(
            "seen-in-all",
            _seen_in_all,
            "You keep only pixels that are seen in **every** picture. Each picture has a mask of "
            "its own.",
        ),
        Wrong(
            "no-mask",
            _seen(on=lambda x, v: x, off=lambda x, v: 1 - x),
            "You use what stands in the hidden places. Nobody has seen it.",
        ),
        Wrong(
            "mask-inverted",
            _seen(
                on=lambda x, v: torch.where(v, 0.0, x), off=lambda x, v: torch.where(v, 0.0, 1 - x)
            ),
            "You judge by the hidden pixels and ignore the seen ones.",
        ),
        Wrong(
            "only-white-counts",
            _seen(off=lambda x, v: torch.zeros_like(x)),
            "Pixels seen to be **0** are evidence as well. Which pixels have to be silent?",
        ),
        Wrong(
            "only-black-counts",
            _seen(on=lambda x, v: torch.zeros_like(x)),
            "Pixels seen to be **1** are evidence as well. Which pixels have to be silent?",
        ),
        *(
            Wrong(
                "no-prior",
                solve,
                "The pixels are treated well, but the prior is gone: with everything hidden, what "
                "is p(y)?",
            )
            for solve in (
                _seen(before=torch.zeros_like),
                _seen(before=lambda prior: torch.full_like(prior, -LN2)),
            )
        ),
        Wrong(
            "prior-not-log",
            _seen(before=lambda prior: prior),
            "The prior enters the scores without a log. What becomes of a product in the logs?",
        ),
        Wrong(
            "scores",
            _seen(after=lambda scores: scores),
            "The evidence is right. These are log p(y, seen pixels); what makes them p(y | seen)?",
        ),
        Wrong(
            "log-probabilities",
            _seen(after=lambda scores: scores.log_softmax(-1)),
            "The evidence is right. These are logs; the question asks for the probabilities.",
        ),
        Wrong(
            "joint",
            _seen(after=torch.exp),
            "The evidence is right. But these are p(y, seen pixels) and do not sum to 1.",
        ),
        Wrong(
            "divided-scores",
            _seen(after=lambda scores: scores / scores.sum(-1, keepdim=True)),
            "You divided **logs** by their sum. What turns logs into probabilities that sum to 1?",
        ),
        Wrong(
            "sigmoid",
            _seen(after=torch.sigmoid),
            "Sigmoid judges each label on its own. Labels compete: their probabilities sum to 1.",
        ),
        Wrong(
            "whole-table",
            _seen(after=lambda s: s.flatten().softmax(0).view_as(s)),
            "You normalized over all pictures together. Each has a p(y | seen) of its own.",
        ),
        Wrong(
            "over-batch",
            _seen(after=lambda scores: scores.softmax(0)),
            "You normalized over the pictures. Each picture has a p(y | seen) of its own.",
        ),
        Wrong(
            "likelihood-alone",
            _seen(before=lambda prior: torch.zeros_like(prior), after=torch.exp),
            "That is p(seen pixels | y). The question turns the bar around.",
        ),
        Wrong(
            "underflow",
            _product,
            "The right formula, but a product of 3000 factors is exactly 0, and 0/0 is nan. Keep "
            "to the logs, as the given code does.",
        ),
        *(
            Wrong(
                "mean-over-pixels",
                lambda x, visible, prior, theta, count=count: (
                    prior.log() + _factors(x, visible, theta).log().sum(-1) / count(visible)
                ).softmax(-1),
                "You averaged over the seen pixels, so that 100 pixels say no more than one. "
                "Evidence adds up.",
            )
            for count in (
                lambda visible: visible.sum(-1, keepdim=True).clamp(min=1),
                lambda visible: visible.sum(-1, keepdim=True),
                lambda visible: visible.shape[-1],
            )
        ),
        Wrong(
            "expected-evidence",
            _expected_factors,
            "You let hidden pixels weigh in with what each label expects of them. Sum a hidden "
            "pixel out instead: what is p(x_d = 0 | y) + p(x_d = 1 | y)?",
        ),
        Wrong(
            "most-likely",
            _seen(after=lambda s: F.one_hot(s.argmax(-1), s.shape[-1]).to(s.dtype)),
            "You return the most likely label. The question asks for all probabilities.",
        ),
        Wrong(
            "black-white-swapped",
            _seen(
                on=lambda x, v: torch.where(v, 1 - x, 0.0), off=lambda x, v: torch.where(v, x, 0.0)
            ),
            "0 and 1 are swapped: θ is the probability of x_d = **1**.",
        ),
        Wrong(
            "times-mask",
            _seen(on=lambda x, v: x * v, off=lambda x, v: 1 - x * v),
            "Multiplying x by the mask makes hidden pixels **0**, as before (and 0 · nan is nan). "
            "What should a pixel say that nobody sees?",
        ),
        Wrong(
            "nan-stays",
            _seen(on=lambda x, v: x * v, off=lambda x, v: (1 - x) * v),
            "Now hidden pixels are silent, unless they hold nan: 0 · nan is nan. Choose between "
            "two values instead of multiplying.",
        ),
    ],
    hints=[
        "Hide everything. Which p(y | nothing) must come out? And what comes out?",
        "Each pixel brings one factor into p(x, y). Sum a hidden pixel over 0 and 1: what is left?",
        "The code adds evidence in two places. Does a hidden pixel stay silent in both?",
    ],
    equivalents={
        "on = torch.where(visible, x, -0.0)": "−0 adds nothing either",
        "on = torch.where(visible, x, 0)": "0 takes the dtype of x",
        "off = torch.where(visible, 1 - x, -0.0)": "−0 adds nothing either",
        "off = torch.where(visible, 1 - x, 0)": "0 takes the dtype of x",
        "return torch.softmax(scores, 1)": "of two axes, 1 is the last",
        "return torch.softmax(scores, --1)": "of two axes, 1 is the last",
    },
)


# ------------------------------------------------------------------ the discriminative twin
def logistic_twin(mu0, mu1, cov, pi):
    """N(mu0, cov) and N(mu1, cov), pi = p(y = 1) -> w [D], b with p(y = 1 | x) = σ(w·x + b)."""
    w = torch.linalg.solve(cov, mu1 - mu0)
    b = torch.log(pi / (1 - pi)) - (mu0 + mu1) @ w / 2
    return w, b


def _weights(mu0, mu1, cov):
    return torch.linalg.solve(cov, mu1 - mu0)


def _offset(mu0, mu1, cov, pi, *, prior=torch.logit, sign=-1.0, half=0.5):
    inverse = torch.linalg.inv(cov)
    return prior(pi) + sign * half * (mu1 @ inverse @ mu1 - mu0 @ inverse @ mu0)


def _twin(w=_weights, b=_offset):
    return lambda mu0, mu1, cov, pi: (w(mu0, mu1, cov), b(mu0, mu1, cov, pi))


def _other_twin(w):
    """A twin whose w is wrong, and b computed from that w."""

    def solve(mu0, mu1, cov, pi):
        weights = w(mu0, mu1, cov)
        return weights, torch.logit(pi) - (mu0 + mu1) @ weights / 2

    return solve


def _covariance(g, D):
    root = normal(g, D, D)
    return root @ root.T + 0.5 * torch.eye(D, dtype=torch.float64)


LOGISTIC_TWIN = CodeExercise(
    id="logistic_twin",
    title="The classifier inside two Gaussians",
    statement=(
        "The pictures of label 0 are N(μ₀, Σ), those of label 1 are N(μ₁, Σ), with the **same** "
        "Σ, and p(y = 1) = π. Then p(y = 1 | x) = σ(w · x + b): logistic regression. Return w "
        "and b. Arguments: `mu0` [D], `mu1` [D], `cov` [D, D], `pi` (without axes)."
    ),
    level=3,
    reference=logistic_twin,
    returns="`w` of shape `[D]` and `b` without axes",
    grad_args=(0, 1),
    kinds=[
        ("π is not ½", lambda m0, m1, cov, pi: pi != 0.5),
        (
            ("Σ is not the identity"),
            lambda m0, m1, cov, pi: not (cov == torch.eye(len(cov)).to(cov)).all(),
        ),
        ("there are several dimensions", lambda m0, m1, cov, pi: len(m0) > 1),
    ],
    cases=lambda g: [
        Case(
            (vector(0.0), vector(2.0), matrix([1.0]), scalar(0.5)),
            "N(0, 1) and N(2, 1), π = ½: undecided at x = 1",
        ),
        Case(
            (vector(0.0), vector(2.0), matrix([4.0]), scalar(0.8)),
            "N(0, 4) and N(2, 4), π = 0.8",
        ),
        Case(
            (
                vector(1.0, 2.0),
                vector(3.0, -1.0),
                matrix([2.0, 1.0], [1.0, 3.0]),
                scalar(0.25),
            ),
            "two dimensions, π = ¼",
        ),
        Case((normal(g, 4), normal(g, 4), _covariance(g, 4), scalar(0.6)), "four dimensions"),
        Case((normal(g, 3), -normal(g, 3), _covariance(g, 3), scalar(1e-12)), "π = 10⁻¹²"),
        Case(
            (normal(g, 3) + 100, normal(g, 3) - 50, _covariance(g, 3) * 100, scalar(0.999)),
            "means far from 0",
        ),
        Case(
            (vector(1.0, 1.0), vector(1.0, 1.0), matrix([1.0, 0.3], [0.3, 2.0]), scalar(0.3)),
            "equal means: only the prior counts",
        ),
    ],
    alternatives=[
        _twin(),
        lambda mu0, mu1, cov, pi: (
            torch.linalg.inv(cov) @ (mu1 - mu0),
            pi.log()
            - torch.log1p(-pi)
            + 0.5 * (mu0 @ torch.linalg.solve(cov, mu0) - mu1 @ torch.linalg.solve(cov, mu1)),
        ),
    ],
    wrong=[
        Wrong(
            "labels-swapped",
            lambda mu0, mu1, cov, pi: tuple(-v for v in logistic_twin(mu0, mu1, cov, pi)),
            "These give p(y = **0** | x). Which label's odds does σ want?",
        ),
        *(
            Wrong(
                "direction",
                solve,
                "w points from label 1 to label 0: moving along it should make label 1 **more** "
                "probable.",
            )
            for solve in (
                _twin(w=lambda m0, m1, cov: _weights(m1, m0, cov)),
                _other_twin(lambda m0, m1, cov: _weights(m1, m0, cov)),
            )
        ),
        *(
            Wrong(
                "no-covariance",
                solve,
                "Your w does not know Σ: a step along a wide direction is weaker evidence than one "
                "along a narrow direction.",
            )
            for solve in (
                _twin(w=lambda m0, m1, cov: m1 - m0),
                _other_twin(lambda m0, m1, cov: m1 - m0),
            )
        ),
        *(
            Wrong(
                "covariance-not-inverted",
                solve,
                "You multiply by Σ: a **wide** direction then counts for more. How does Σ stand in "
                "the exponent of a Gaussian?",
            )
            for solve in (
                _twin(w=lambda m0, m1, cov: cov @ (m1 - m0)),
                _other_twin(lambda m0, m1, cov: cov @ (m1 - m0)),
            )
        ),
        *(
            Wrong(
                "diagonal",
                solve,
                "You use the variances alone. Σ also says how the coordinates move together.",
            )
            for solve in (
                _twin(w=lambda m0, m1, cov: (m1 - m0) / cov.diagonal()),
                _other_twin(lambda m0, m1, cov: (m1 - m0) / cov.diagonal()),
            )
        ),
        *(
            Wrong(
                "elementwise-inverse",
                solve,
                "1/Σ takes the inverse of each entry. The inverse of a matrix is another thing.",
            )
            for solve in (
                _twin(w=lambda m0, m1, cov: (1 / cov) @ (m1 - m0)),
                _other_twin(lambda m0, m1, cov: (1 / cov) @ (m1 - m0)),
            )
        ),
        Wrong(
            "root-of-covariance",
            _other_twin(
                lambda m0, m1, cov: torch.linalg.solve(torch.linalg.cholesky(cov), m1 - m0)
            ),
            "You divided by a root of Σ only, as if Σ held standard deviations.",
        ),
        Wrong(
            "covariance-twice",
            _other_twin(lambda m0, m1, cov: torch.linalg.solve(cov @ cov, m1 - m0)),
            "Σ comes in twice. It holds variances already.",
        ),
        Wrong(
            "half-w",
            _twin(w=lambda m0, m1, cov: _weights(m0, m1, cov) / 2),
            "w is half of what it should be. x appears twice in each square: what does the ½ in "
            "the exponent leave of it?",
        ),
        Wrong(
            "twice-w",
            _twin(w=lambda m0, m1, cov: _weights(m0, m1, cov) * 2),
            "w is twice as large. There is a ½ in the exponent of a Gaussian.",
        ),
        Wrong(
            "no-prior",
            _twin(b=lambda m0, m1, cov, pi: _offset(m0, m1, cov, pi, prior=torch.zeros_like)),
            "π does not come in. If label 1 is rare, what should that do to b?",
        ),
        Wrong(
            "prior-not-odds",
            _twin(b=lambda m0, m1, cov, pi: _offset(m0, m1, cov, pi, prior=torch.log)),
            "You added log π. What does label 0 start with?",
        ),
        Wrong(
            "prior-inverted",
            _twin(b=lambda m0, m1, cov, pi: _offset(m0, m1, cov, pi, prior=lambda pi: -pi.logit())),
            "The prior pulls the wrong way: a large π should favor label 1.",
        ),
        Wrong(
            "prior-without-log",
            _twin(
                b=lambda m0, m1, cov, pi: _offset(m0, m1, cov, pi, prior=lambda pi: pi / (1 - pi))
            ),
            "You added the odds of the prior. In which unit are w · x + b?",
        ),
        Wrong(
            "b-sign",
            _twin(b=lambda m0, m1, cov, pi: _offset(m0, m1, cov, pi, sign=1.0)),
            "The means pull b the wrong way. With π = ½, where should σ be ½?",
        ),
        Wrong(
            "no-half",
            _twin(b=lambda m0, m1, cov, pi: _offset(m0, m1, cov, pi, half=1.0)),
            "The ½ of the Gaussian's exponent is missing in b. With π = ½, where should σ be ½?",
        ),
        Wrong(
            "prior-alone",
            _twin(b=lambda m0, m1, cov, pi: torch.logit(pi)),
            "b knows the prior alone. With π = ½, is x = 0 really undecided?",
        ),
        Wrong(
            "squared-distance",
            _twin(
                b=lambda m0, m1, cov, pi: torch.logit(pi) - 0.5 * (m1 - m0) @ _weights(m0, m1, cov)
            ),
            "b uses the distance between the means, but it must know where they **lie**. Shift "
            "both by 1: does the boundary move along?",
        ),
        *(
            Wrong(
                "one-mean",
                _twin(b=b),
                "b looks at one of the means only. With π = ½, the boundary lies between both: "
                "where exactly?",
            )
            for b in (
                lambda m0, m1, cov, pi: torch.logit(pi) - m0 @ _weights(m0, m1, cov),
                lambda m0, m1, cov, pi: torch.logit(pi) - m1 @ _weights(m0, m1, cov),
            )
        ),
        Wrong(
            "prior-raw",
            _twin(b=lambda m0, m1, cov, pi: _offset(m0, m1, cov, pi, prior=lambda pi: pi)),
            "You added π itself. w · x + b is the log of something: of what?",
        ),
        Wrong(
            "standard-deviations",
            _other_twin(lambda m0, m1, cov: (m1 - m0) / cov.diagonal().sqrt()),
            "You divided by standard deviations. Σ holds variances, and how coordinates move "
            "together.",
        ),
        Wrong(
            "b-ignores-covariance",
            _twin(b=lambda m0, m1, cov, pi: torch.logit(pi) - 0.5 * (m1 @ m1 - m0 @ m0)),
            "w knows Σ, but b does not. Both come from the same squares.",
        ),
        Wrong(
            "midpoint",
            _twin(b=lambda m0, m1, cov, pi: torch.logit(pi) - ((m0 + m1) / 2).sum()),
            "You put the midpoint itself into b. What must w · x + b be at the midpoint, if π = ½?",
        ),
        Wrong(
            "order",
            lambda mu0, mu1, cov, pi: logistic_twin(mu0, mu1, cov, pi)[::-1],
            "The two results have changed places.",
        ),
    ],
    hints=[
        "w · x + b is the log of the odds: log p(x, y = 1) − log p(x, y = 0).",
        "Multiply out both squares in x. What cancels because Σ is the same?",
        "Test b: with π = ½ the boundary passes through the midpoint of the two means.",
    ],
    equivalents={
        "b = torch.log(pi / (1 - pi)) - w @ (mu0 + mu1) / 2": "a product in the other order",
    },
)


# ------------------------------------------------------------------ how good is a model?
def nats_lost(log_true, log_model):
    """log p(x), log q(x) [n] of samples of the truth -> estimate of KL(p || q), its std. error."""
    lost = log_true - log_model
    return lost.mean(), lost.std() / math.sqrt(len(lost))


def _standard_error(values):
    return values.std() / math.sqrt(len(values))


def _lost(mean=torch.mean, error=_standard_error):
    return lambda log_true, log_model: (mean(log_true - log_model), error(log_true - log_model))


NATS_LOST = CodeExercise(
    id="nats_lost",
    title="How many nats does the model lose?",
    statement=(
        "In a world with a known truth, `log_true` and `log_model` [n] hold log p(x) of the truth "
        "and log q(x) of a model, in nats, of the same n ≥ 2 samples **from the truth**. Return "
        "two numbers: the average over the samples that estimates KL(p ‖ q), and the standard "
        "error of that average (with the sample standard deviation, n − 1)."
    ),
    level=2,
    reference=nats_lost,
    returns="two tensors without axes: estimate and standard error",
    unit="nats",
    cases=lambda g: [
        Case((vector(-1.0, -2.0), vector(-2.0, -5.0)), "1 and 3 nats lost: 2 on average"),
        Case((vector(-1.0, -2.0, -3.0), vector(-1.0, -2.0, -3.0)), "a perfect model"),
        Case((normal(g, 6), normal(g, 6)), "six samples; single ones may gain"),
        Case(
            (vector(-2.0, -1.5, -3.0), vector(-1.5, -1.75, -2.5)),
            "by luck, these three are more probable under the model",
        ),
        Case(
            (lambda hard: (hard, hard - 0.01 * uniform(g, 50)))(-uniform(g, 50, high=1000.0)),
            "easy and hard samples, a good model",
        ),
        Case((normal(g, 20) - 1000, normal(g, 20) - 1009), "9 nats of a thousand"),
        Case((normal(g, 10) + 1000, normal(g, 10) + 990), "densities may be far above 1"),
        Case((vector(0.0, 0.0, 0.0, 0.0), vector(-1000.0, 0.0, 0.0, 1.0)), "one sample missed"),
    ],
    alternatives=[
        lambda t, m: (t.mean() - m.mean(), (t - m).var().div(len(t)).sqrt()),
        lambda t, m: (
            (t - m).sum() / len(t),
            ((t - m - (t - m).mean()).square().sum() / (len(t) - 1) / len(t)).sqrt(),
        ),
    ],
    wrong=[
        Wrong(
            "sign",
            lambda t, m: ((m - t).mean(), _standard_error(m - t)),
            "Your estimate is negative for a bad model. Who assigns more to samples of the truth, "
            "on average: the truth or the model?",
        ),
        *(
            Wrong(
                "unpaired",
                solve,
                "Your error treats the two lists as independent. Both speak of the **same** "
                "samples: what varies is the gap of each.",
            )
            for solve in (
                lambda t, m: (
                    (t - m).mean(),
                    (t.var() / len(t) + m.var() / len(m)).sqrt(),
                ),
                lambda t, m: ((t - m).mean(), _standard_error(t) + _standard_error(m)),
            )
        ),
        Wrong(
            "error-of-model",
            lambda t, m: ((t - m).mean(), _standard_error(m)),
            "That is the error of the model's average alone. Of which numbers is your estimate "
            "the mean?",
        ),
        Wrong(
            "spread",
            _lost(error=torch.std),
            "Your second number says how much single samples differ. How does the error of a "
            "**mean** of n behave?",
        ),
        Wrong(
            "over-n",
            _lost(error=lambda d: d.std() / len(d)),
            "You divided the spread by n. Variances add up, not standard deviations: by what does "
            "the error of a mean shrink?",
        ),
        Wrong(
            "variance",
            _lost(error=lambda d: d.var() / len(d)),
            "That is the variance of the mean, in squared nats.",
        ),
        Wrong(
            "biased",
            _lost(error=lambda d: d.std(correction=0) / math.sqrt(len(d))),
            "Nearly: your spread divides by n. The mean was estimated from the same samples.",
        ),
        Wrong(
            "root-n-minus-1",
            _lost(error=lambda d: d.std() / math.sqrt(len(d) - 1)),
            "The n − 1 belongs in the spread, where it already is. How many samples does the mean "
            "have?",
        ),
        Wrong(
            "sum",
            _lost(mean=torch.sum),
            "You summed over the samples. The KL is an expectation: nats per sample.",
        ),
        Wrong(
            "absolute",
            lambda t, m: ((t - m).abs().mean(), _standard_error((t - m).abs())),
            "You took absolute values. Some samples may be **more** probable under the model. "
            "What should those contribute?",
        ),
        Wrong(
            "clamped",
            lambda t, m: ((t - m).clamp(min=0).mean(), _standard_error((t - m).clamp(min=0))),
            "You dropped the samples on which the model is better. They are part of the average.",
        ),
        Wrong(
            "clamped-mean",
            _lost(mean=lambda d: d.mean().clamp(min=0)),
            "A KL is never negative, but its **estimate** may be, by chance. Cutting it off hides "
            "that.",
        ),
        Wrong(
            "interval",
            _lost(error=lambda d: 1.96 * d.std() / math.sqrt(len(d))),
            "That is half a 95 % interval. The question asks for one standard error.",
        ),
        Wrong(
            "densities",
            lambda t, m: ((t.exp() - m.exp()).mean(), _standard_error(t.exp() - m.exp())),
            "You compare densities. The KL compares their **logs**.",
        ),
        Wrong(
            "negative-log-likelihood",
            lambda t, m: (-m.mean(), _standard_error(m)),
            "That is the model's loss. What would the truth itself have scored?",
        ),
        Wrong(
            "ratio",
            lambda t, m: ((t - m).exp().mean(), _standard_error((t - m).exp())),
            "You averaged the ratio p/q. The KL averages its **log**.",
        ),
        Wrong(
            "logs-left",
            lambda t, m: (
                (t.exp() / m.exp()).log().mean(),
                _standard_error((t.exp() / m.exp()).log()),
            ),
            "You left the logs and came back: exp(−900) is 0. A quotient is a difference in logs.",
        ),
        Wrong(
            "weighted",
            lambda t, m: (
                (t.softmax(0) * (t - m)).sum(),
                _standard_error(t - m),
            ),
            "You weighed the samples by their probability. They were **drawn** from p: likely "
            "ones are already there more often.",
        ),
        *(
            Wrong(
                "weighted-sum",
                lambda t, m, total=total, error=error: (
                    total(t.exp() * (t - m)),
                    error(t, m),
                ),
                "You weighed the samples by p(x) once more. They were drawn from p: a plain "
                "average does that already.",
            )
            for total in (torch.sum, torch.mean)
            for error in (
                lambda t, m: _standard_error(t - m),
                lambda t, m: _standard_error(t.exp() * (t - m)),
            )
        ),
        *(
            Wrong(
                "kl-div",
                lambda t, m, total=total, error=error, terms=terms: (
                    total(terms(t, m)),
                    error(t - m, terms(t, m)),
                ),
                "You weigh each x by its probability, as `F.kl_div` does: that fits a list of "
                "**all** outcomes. You have samples: how often is a likely x among them already?",
            )
            for terms in (
                lambda t, m: torch.xlogy(t.exp(), t.exp()) - t.exp() * m,
                lambda t, m: torch.xlogy(t, t) - t * m,
                lambda t, m: m.exp() * (m - t),
                lambda t, m: torch.xlogy(m.exp(), m.exp()) - m.exp() * t,
                lambda t, m: torch.xlogy(m, m) - m * t,
            )
            for total in (torch.sum, torch.mean)
            for error in (
                lambda gaps, terms: _standard_error(gaps),
                lambda gaps, terms: _standard_error(terms),
            )
        ),
        *(
            Wrong(
                "ratio-of-logs",
                solve,
                "You divided one log by another. What does log (p/q), the log of a quotient, "
                "become in logs?",
            )
            for solve in (
                lambda t, m: ((t / m).mean(), _standard_error(t / m)),
                lambda t, m: ((t / m).mean(), _standard_error(t - m)),
                lambda t, m: (t.mean() / m.mean(), _standard_error(t - m)),
                lambda t, m: (t.mean() / m.mean(), _standard_error(t / m)),
                lambda t, m: (t.sum() / m.sum(), _standard_error(t - m)),
                lambda t, m: ((t / m).sum(), _standard_error(t - m)),
            )
        ),
        Wrong(
            "sorted",
            lambda t, m: (
                (t.sort().values - m.sort().values).mean(),
                _standard_error(t.sort().values - m.sort().values),
            ),
            "You sorted the two lists, so the pairs fell apart. Each gap belongs to one sample.",
        ),
        Wrong(
            "bits",
            lambda t, m: ((t - m).mean() / LN2, _standard_error((t - m) / LN2)),
            "These are bits. The question asks for nats.",
        ),
        Wrong(
            "squared",
            lambda t, m: ((t - m).square().mean(), _standard_error((t - m).square())),
            "You averaged squared gaps. The KL averages the gap itself.",
        ),
        Wrong(
            "median",
            _lost(mean=lambda d: d.median()),
            "The median hides the few samples that the model misses badly. A KL is a mean.",
        ),
        Wrong(
            "order",
            lambda t, m: nats_lost(t, m)[::-1],
            "The two results have changed places.",
        ),
    ],
    hints=[
        "KL(p ‖ q) is an expectation over samples of p. Of which quantity?",
        "Each sample gives one number. The mean and its error come from these n numbers alone.",
    ],
)

NOISE = NumberExercise(
    id="mostly_noise",
    title="Predict: a superb likelihood, and noise",
    statement=(
        "Take the true p(x) of bedrooms and mix it: q(x) = 0.01 · p(x) + 0.99 · noise(x). Of its "
        "samples, 99 % are white noise. By how many nats, at most, can log q(x) lie below "
        "log p(x), for any picture x?"
    ),
    level=2,
    truth=math.log(100),
    written="log(100)",
    because=(
        "q(x) ≥ 0.01 p(x), so at most log 100 ≈ 4.6 nats are lost: little beside the 215 nats that "
        "naive Bayes loses, and nothing beside the thousands of nats of a color photo. A good "
        "likelihood does not promise good samples."
    ),
    rtol=0.0015,
    wrong=[
        WrongNumber(
            math.inf,
            "infinite",
            "For that, q(x) would have to be 0 where p(x) is not. How small can q(x) become beside "
            "p(x)?",
        ),
        WrongNumber(
            -math.log(0.99),
            "wrong-share",
            "That would be the loss if 99 % came from p. Which share does?",
        ),
        WrongNumber(
            math.log2(100),
            "bits",
            "The right bound, but in bits. How many nats is a bit?",
        ),
        WrongNumber(
            2,
            "base-10",
            "That logarithm has base 10. Nats go with base e.",
        ),
        WrongNumber(
            math.log(99),
            "odds",
            "You compared the two shares with each other. Compare q(x) with p(x): what is left of "
            "it, if noise(x) adds nothing?",
        ),
        *(
            WrongNumber(
                value,
                "a-whole-sheet",
                "That is a whole sheet of coins. What is left of q(x) if noise(x) adds nothing?",
            )
            for value in (784, 784 * LN2)
        ),
        WrongNumber(
            99,
            "percent",
            "That is the percentage of noise among the samples. How does a **factor** on q(x) "
            "show in log q(x)?",
        ),
        WrongNumber(
            0.99,
            "share",
            "That is the share of noise. How does a **factor** on q(x) show in log q(x)?",
        ),
        WrongNumber(
            100,
            "no-log",
            "That is how many times smaller q(x) can be. The question is about the log.",
        ),
        WrongNumber(
            0.01,
            "factor",
            "That is what is left of p(x) as a factor. The question is about the log.",
        ),
        WrongNumber(
            -math.log(100),
            "sign",
            "That is log q(x) − log p(x). How far **below** does it lie?",
        ),
        WrongNumber(
            0,
            "none",
            "Then q(x) would be as large as p(x). What has become of p's share?",
        ),
    ],
    hints=[
        "noise(x) is never negative. How small can q(x) be beside p(x)?",
        "A factor in front of p(x) is a term in the log.",
    ],
)

DENSEST = ChoiceExercise(
    id="densest_image",
    title="The most probable picture",
    statement=(
        "A model of noise: all 784 pixels are N(0, 1), independent of each other. Where is its "
        "density highest, and does a sample look like that?"
    ),
    level=2,
    options=[
        Option(
            "At a typical sample: the model draws what is most probable",
            "Each pixel has its highest density at 0. What picture do 784 zeros make, and have you "
            "ever drawn it?",
        ),
        Option(
            "At the blank picture, and most samples are nearly blank",
            "Every pixel is off by about 1. Off from what? And how far is the sample then from the "
            "blank picture, in 784 dimensions?",
        ),
        Option(
            "At the blank picture, but the samples lie about 28 away from it",
            "The density there is some 392 nats higher, but there is hardly any room near the "
            "center. High density and “looks real” are two different things.",
            right=True,
        ),
        Option(
            "Nowhere: in 784 dimensions a Gaussian is flat",
            "It falls by half a nat for each pixel at ±1. What do 784 of them add up to?",
        ),
    ],
    hints=[
        "Which value of a single pixel has the highest density?",
        "What is the average of x₁² + … + x₇₈₄² for a sample?",
    ],
)

MEMORIZER = ChoiceExercise(
    id="memorizer",
    title="Samples that nobody can fault",
    statement=(
        "A model memorizes 10,000 training pictures and draws one of them at random each time. Its "
        "samples look perfect. What is its **log-likelihood** on **new** pictures?"
    ),
    level=2,
    options=[
        Option(
            "−∞: every new picture is impossible for it",
            "Good samples do not promise a good likelihood either. Held-out data reveal at once "
            "what the eye cannot see.",
            right=True,
        ),
        Option(
            "High, because the samples look real",
            "Looking at samples tells you what the model draws, not what it leaves out. What "
            "probability does it give to a picture that it never draws?",
        ),
        Option(
            "log 10,000 nats below the truth: it knows that many pictures",
            "−log 10,000 is the log-probability that it gives to each **training** picture. What "
            "does it give to all others?",
        ),
        Option(
            "It has none: a likelihood can only be measured on training data",
            "The likelihood of held-out data is the usual test of a model. Why does it have to be "
            "held out?",
        ),
    ],
    hints=[
        "Which pictures have a positive probability under this model?",
        "What is log 0?",
    ],
)


# ------------------------------------------------------------------ memorized?
def closer_to_train(samples, train, held_out):
    """points samples [n, D], train [N, D], held_out [M, D] -> share of samples nearer to train."""

    def nearest(points):
        return (samples[:, None] - points).norm(dim=-1).min(1).values

    return (nearest(train) < nearest(held_out)).to(samples.dtype).mean()


def _distances(samples, points):
    return (samples[:, None] - points).norm(dim=-1)


def _closer(
    samples,
    train,
    held_out,
    *,
    distances=_distances,
    nearest=lambda d: d.min(1).values,
    compare=torch.lt,
    finish=lambda closer: closer.double().mean(),
):
    """`closer_to_train` with one step replaced."""
    a, b = nearest(distances(samples, train)), nearest(distances(samples, held_out))
    return finish(compare(a, b))


def _without_ties(samples, train, held_out, distances=_distances):
    a, b = distances(samples, train).amin(1), distances(samples, held_out).amin(1)
    return (a < b)[a != b].double().mean()


def _differing_pixels(samples, points):
    """How many pixels differ, if all are 0 or 1."""
    return samples.sum(1)[:, None] + points.sum(1) - 2 * samples @ points.T


def _memory(**steps):
    return lambda samples, train, held_out: _closer(samples, train, held_out, **steps)


def _memory_cases(g):
    def mixed(n, N, D, scale=0.1):
        train, held_out = normal(g, N, D), normal(g, N, D)
        copies = train[torch.randint(0, N, (n // 2,), generator=g)]
        fresh = normal(g, n - n // 2, D)
        return torch.cat([copies + scale * normal(g, n // 2, D), fresh]), train, held_out

    return [
        Case(
            (matrix([0.0], [4.0], [9.0]), matrix([1.0], [10.0]), matrix([3.0], [6.0])),
            "on a line: samples 0, 4, 9; seen 1, 10; held out 3, 6",
        ),
        Case(
            (matrix([0.0, 0.0], [2.0, 2.0]), matrix([2.0, 2.0]), matrix([5.0, 5.0])),
            "one exact copy, and one sample nearer to the training picture",
        ),
        Case(
            (
                matrix([0.0, 0.0], [2.0, 3.0], [1.0, 0.0], [6.0, 1.0]),
                matrix([3.0, 4.0]),
                matrix([5.0, 0.0]),
            ),
            "the first of four samples is as far from both: not closer",
        ),
        Case(
            (matrix([0.0], [300.0], [310.0]), matrix([0.0]), matrix([10.0])),
            "one copy, and two samples far out on the side of the held-out picture",
        ),
        Case(
            (
                matrix([0.0, 0.0], [20.0, 20.0]),
                matrix([3.0, 3.0], [24.0, 24.0]),
                matrix([5.0, 0.0], [25.0, 20.0]),
            ),
            "diagonal steps to the training pictures, straight ones to the others",
        ),
        Case(mixed(9, 4, 3), "half of 9 samples are near copies"),
        Case(mixed(20, 12, 2), "20 samples in the plane"),
        Case(mixed(5, 5, 5), "n = N = D = 5"),
        Case(tuple(x + 1000.0 for x in mixed(12, 6, 3)), "far from 0"),
        Case((normal(g, 7, 4), normal(g, 5, 4), normal(g, 9, 4)), "different numbers of each"),
        Case((normal(g, 1, 6), normal(g, 1, 6), normal(g, 1, 6)), "one of each"),
        Case(
            (
                normal(g, 15, 3) * vector(1.0, 1.0, 200.0),
                normal(g, 8, 3) * vector(1.0, 1.0, 200.0),
                normal(g, 8, 3) * vector(1.0, 1.0, 200.0),
            ),
            "one coordinate is much larger",
        ),
    ]


CLOSER = CodeExercise(
    id="closer_to_train",
    title="Has the model memorized?",
    statement=(
        "A model that generalizes is as near to pictures it has not seen as to those it has. For "
        "each of `samples` [n, D] find the distance to the nearest of the pictures in `train` "
        "[N, D], and to the nearest in `held_out` [M, D]. Return the share of samples that are "
        "strictly closer to `train`: about ½ if N = M, nothing was memorized and ties are "
        "rare, 1 for a copier. A tie counts as not closer: it stays in the share."
    ),
    level=3,
    reference=closer_to_train,
    returns="a number between 0 and 1, without axes",
    any_dtype=True,
    cases=_memory_cases,
    alternatives=[
        _memory(distances=torch.cdist),
        _memory(distances=lambda s, p: (s[:, None] - p).square().sum(-1)),
        lambda samples, train, held_out: (
            torch.stack(
                [
                    ((x - train).square().sum(-1).amin() < (x - held_out).square().sum(-1).amin())
                    for x in samples
                ]
            )
            .double()
            .mean()
        ),
    ],
    wrong=[
        Wrong(
            "ties-count",
            _memory(compare=torch.le),
            "Strictly closer: what about a sample that is just as far from both?",
        ),
        Wrong(
            "ties-left-out",
            _without_ties,
            "You left the ties out. Here they stay in the share: as not closer.",
        ),
        Wrong(
            "ties-half",
            _memory(
                compare=lambda a, b: (a < b).double() + (a == b).double() / 2,
            ),
            "You give a tie half a point. A sample that is just as far from both is not strictly "
            "closer.",
        ),
        Wrong(
            "no-minimum",
            lambda s, train, held: (_distances(s, train) < _distances(s, held)).double().mean(),
            "You compare picture number k of one list with picture number k of the other. First "
            "find the nearest of each list.",
        ),
        *(
            Wrong(
                "differing-pixels",
                solve,
                "x + t − 2 x t counts differing pixels: right for 0 and 1 only. Here the "
                "coordinates are any numbers.",
            )
            for solve in (
                _memory(distances=_differing_pixels),
                lambda s, train, held: _without_ties(s, train, held, _differing_pixels),
            )
        ),
        Wrong(
            "one-minimum",
            lambda s, train, held: (
                _distances(s, train).min() < _distances(s, held).min()
            ).double(),
            "You took one minimum over all samples. Each sample has its own nearest picture.",
        ),
        Wrong(
            "percent",
            _memory(finish=lambda closer: 100 * closer.double().mean()),
            "That is a percentage. A share lies between 0 and 1.",
        ),
        Wrong(
            "held-out-closer",
            _memory(compare=torch.gt),
            "That is the share of samples closer to the pictures **held out**.",
        ),
        Wrong(
            "mean-distance",
            _memory(nearest=lambda d: d.mean(1)),
            "You compare average distances to all pictures. A copy is near to **one** of them.",
        ),
        Wrong(
            "farthest",
            _memory(nearest=lambda d: d.max(1).values),
            "You compare the distances to the **farthest** pictures.",
        ),
        Wrong(
            "pairs",
            _memory(nearest=lambda d: d[:, 0]),
            "You look at the first picture of each set only. Which of them is nearest?",
        ),
        Wrong(
            "count",
            _memory(finish=lambda closer: closer.sum()),
            "That is how many samples are closer. The question asks for their share.",
        ),
        Wrong(
            "bits-per-sample",
            _memory(finish=lambda closer: closer.double()),
            "One answer for each sample. The question asks for the share of them.",
        ),
        Wrong(
            "city-blocks",
            _memory(distances=lambda s, p: (s[:, None] - p).abs().sum(-1)),
            "You added the coordinate differences. The usual distance is meant.",
        ),
        Wrong(
            "largest-coordinate",
            _memory(distances=lambda s, p: (s[:, None] - p).abs().amax(-1)),
            "You look at the largest coordinate difference only. The usual distance is meant.",
        ),
        Wrong(
            "cosine",
            _memory(distances=lambda s, p: 1 - F.cosine_similarity(s[:, None], p, dim=-1)),
            "You compare directions. Two pictures can point the same way and be far apart.",
        ),
        Wrong(
            "inner-product",
            _memory(distances=lambda s, p: -(s @ p.T)),
            "You compare inner products: a bright picture is then near to everything. The usual "
            "distance is meant.",
        ),
        Wrong(
            "first-coordinate",
            _memory(distances=lambda s, p: (s[:, None] - p)[..., 0].abs()),
            "You compare the first coordinate alone.",
        ),
        Wrong(
            "exact-copies",
            lambda s, train, held: (_distances(s, train).amin(1) == 0).double().mean(),
            "You count exact copies. A copy with a little noise would slip through: what are the "
            "held-out pictures for?",
        ),
        Wrong(
            "seen-from-train",
            lambda s, train, held: (
                _distances(s, train).amin(0).mean() < _distances(s, held).amin(0).mean()
            ).double(),
            "You ask for each picture which sample is nearest. The question starts from the "
            "**samples**: over which axis do you take the minimum?",
        ),
        Wrong(
            "seen-from-train",
            _memory(nearest=lambda d: d.min(0).values),
            "For each **training** picture you found its nearest sample, likewise for each "
            "held-out one, and compared these in pairs. The question starts from the samples: "
            "what is the minimum of each row?",
        ),
        *(
            Wrong(
                "averages-compared",
                solve,
                "You compare two averages over the samples. Compare for **each** sample, then "
                "average: one far sample must not decide alone.",
            )
            for solve in (
                lambda s, train, held: (
                    _distances(s, train).amin(1).mean() < _distances(s, held).amin(1).mean()
                ).double(),
                lambda s, train, held: (
                    _distances(s, train).amin(1).mean() / _distances(s, held).amin(1).mean()
                ),
                lambda s, train, held: (
                    _distances(s, train).amin(1).mean() - _distances(s, held).amin(1).mean()
                ),
            )
        ),
        Wrong(
            "per-coordinate",
            lambda s, train, held: (
                ((s[:, None] - train).abs().amin(1) < (s[:, None] - held).abs().amin(1))
                .double()
                .mean()
            ),
            "You look for the nearest picture in each coordinate alone. A picture is near only if "
            "all its coordinates are.",
        ),
        Wrong(
            "to-the-mean",
            lambda s, train, held: (
                ((s - train.mean(0)).norm(dim=1) < (s - held.mean(0)).norm(dim=1)).double().mean()
            ),
            "You compare with the **average** picture of each set. Nobody memorizes an average.",
        ),
        Wrong(
            "distance-squared-once",
            lambda s, train, held: (
                (_distances(s, train).amin(1).square() < _distances(s, held).amin(1))
                .double()
                .mean()
            ),
            "One of your distances is squared, the other is not.",
        ),
    ],
    hints=[
        "First all distances between n samples and N pictures, a table [n, N]. Then the smallest "
        "of each row.",
        "Two numbers for each sample: which of them is smaller, and for how many samples?",
    ],
    equivalents={
        "return (samples[:, None] - points).norm(dim=-1).min(-1).values": (
            "of two axes, 1 is the last"
        ),
        "return (points - samples[:, None]).norm(dim=-1).min(1).values": (
            "a distance has no direction"
        ),
    },
)


EXERCISES = [
    CLASSIFY_OR_IMAGINE,
    CAN_DO,
    BEST_JUDGE,
    LUXURIOUS,
    SPLIT_JOINT,
    SAMPLE_GIVEN_LABEL,
    VISIBLE,
    LOGISTIC_TWIN,
    NOISE,
    DENSEST,
    MEMORIZER,
    NATS_LOST,
    CLOSER,
]
