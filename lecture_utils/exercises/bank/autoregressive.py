"""Exercises of the chapter on autoregressive models."""

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
from ._tools import bits, matrix, normal, simplex, tokens, uniform, vector

NUMBER = 5
LN2 = math.log(2)
INF = math.inf
_SMALL = (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20, 1e-45)


# ------------------------------------------------------------------ counting
FULL_TABLE = NumberExercise(
    id="full_table_params",
    title="Predict: free numbers in a full table",
    statement=(
        "Ten binary variables. p(x) = Π p(x_t | x_<t), with one free number for every conditional "
        "and every context. How many free numbers is that?"
    ),
    truth=1023,
    written="1023",
    because=(
        "1 + 2 + 4 + … + 512 = 2¹⁰ − 1, as many as the joint table itself: the chain rule alone "
        "saves nothing. Sharing one network across contexts does."
    ),
    rtol=1e-6,
    wrong=[
        WrongNumber(
            10,
            "independent",
            "That would be ten independent bits. p(x₃ | x₁, x₂) needs a number for **each** of the "
            "contexts (x₁, x₂). How many contexts are there?",
        ),
        WrongNumber(
            1024,
            "no-normalization",
            "You counted every cell of the joint table. Are all of them free, if they sum to 1?",
        ),
        WrongNumber(
            2046,
            "two-a-context",
            "You counted two numbers for each context. If p(x_t = 1 | …) is known, is "
            "p(x_t = 0 | …) still free?",
        ),
        WrongNumber(
            512,
            "last-only",
            "That is the last conditional alone. The other nine need numbers too.",
        ),
        WrongNumber(
            511,
            "last-missing",
            "Close to the right form. Is every one of the ten conditionals counted?",
        ),
        WrongNumber(
            55,
            "logistic",
            "That is a logistic regression for each bit, with bias: far fewer numbers, because "
            "it restricts the conditionals. Here every context has a number of its own.",
        ),
        WrongNumber(
            45,
            "edges",
            "You counted the pairs of variables. A context is a setting of **all** earlier bits.",
        ),
        WrongNumber(
            20,
            "pairs",
            "Contexts grow: x_t has t − 1 earlier bits. How many settings do those have?",
        ),
        WrongNumber(
            100,
            "square",
            "Contexts do not grow like t but double with every bit. Count them for x₃.",
        ),
    ],
    hints=[
        "Write down the contexts of x₁, of x₂ and of x₃. How does their number grow?",
        "Each context needs one number, p(x_t = 1 | context). Add up over the ten positions.",
    ],
)


# ------------------------------------------------------------------ sequences
def sequence_logprob(logits, x):
    """logits [B, T, V] score the tokens x [B, T] -> log p(x) in nats, shape [B]."""
    log_p = logits.log_softmax(-1)
    return log_p.gather(-1, x[..., None]).squeeze(-1).sum(-1)


def _picked(scores, x):
    return scores.gather(-1, x[..., None]).squeeze(-1)


SEQUENCE_LOGPROB = CodeExercise(
    id="sequence_logprob",
    title="The log-probability of a sequence",
    statement=(
        "`logits[b, t]` holds one score for each of the V tokens that may stand at position t, "
        "given x[b, <t]. Return log p(x) for each sequence, in nats."
    ),
    reference=sequence_logprob,
    returns="a tensor of shape `[B]`",
    unit="nats",
    grad_args=(0,),
    cases=lambda g: [
        Case(
            (matrix([[0.0, 0.0], [0.0, 0.0]]), torch.tensor([[0, 1]])),
            "two fair bits: 2 · log ½",
        ),
        Case((matrix([[2.0, 0.0, -1.0]]), torch.tensor([[2]])), "one token, the least likely one"),
        Case((normal(g, 2, 4, 3), tokens(g, 3, 2, 4)), "B = 2, T = 4, V = 3"),
        Case((normal(g, 3, 3, 3), tokens(g, 3, 3, 3)), "B = T = V = 3"),
        Case((normal(g, 5, 2, 7) + 30.0, tokens(g, 7, 5, 2)), "all scores raised by 30"),
        Case(
            (matrix([[1000.0, -1000.0], [0.0, 1000.0]]), torch.tensor([[1, 0]])),
            "scores of ±1000, the unlikely tokens",
        ),
        Case((normal(g, 2, 3, 4, scale=500.0), tokens(g, 4, 2, 3)), "scores as large as ±1000"),
        Case(
            (normal(g, 1, 1000, 5), tokens(g, 5, 1, 1000)),
            "1000 tokens: their product underflows",
        ),
    ],
    alternatives=[
        lambda logits, x: torch.distributions.Categorical(logits=logits).log_prob(x).sum(1),
        lambda logits, x: -F.cross_entropy(logits.mT, x, reduction="none").sum(1),
        lambda logits, x: (_picked(logits, x) - logits.logsumexp(-1)).sum(-1),
    ],
    wrong=[
        Wrong(
            "mean-over-time",
            lambda logits, x: _picked(logits.log_softmax(-1), x).mean(-1),
            "You averaged over time: that is the log-probability **per token**. What does the log "
            "turn the product of the chain rule into?",
        ),
        Wrong(
            "shifted",
            lambda logits, x: _picked(logits[:, :-1].log_softmax(-1), x[:, 1:]).sum(-1),
            "Off by one: here `logits[:, t]` already belongs to `x[:, t]`. Your sum leaves out "
            "p(x₁) and gives every token its neighbor's scores.",
        ),
        Wrong(
            "last-token",
            lambda logits, x: _picked(logits.log_softmax(-1), x)[:, -1],
            "That is the last factor alone. The chain rule multiplies all of them.",
        ),
        Wrong(
            "product",
            lambda logits, x: _picked(logits.softmax(-1), x).prod(-1),
            "This is the probability itself. The question asks for its log, and a product of many "
            "probabilities underflows: what can you do with the logs instead?",
        ),
        Wrong(
            "log-of-product",
            lambda logits, x: _picked(logits.softmax(-1), x).prod(-1).log(),
            "The right formula, but the product of many small numbers underflows to 0, and log 0 "
            "is −inf. Take the log **before** you combine the factors.",
        ),
        Wrong(
            "sum-of-probabilities",
            lambda logits, x: _picked(logits.softmax(-1), x).sum(-1).log(),
            "The log of a **sum** of probabilities. The chain rule is a product.",
        ),
        Wrong(
            "raw-logits",
            lambda logits, x: _picked(logits, x).sum(-1),
            "You added up raw scores. A score becomes a log-probability only when the "
            "probabilities of all V tokens sum to 1. What is missing?",
        ),
        Wrong(
            "probabilities",
            lambda logits, x: _picked(logits.softmax(-1), x).sum(-1),
            "You added up probabilities. Probabilities of the chain rule multiply; it is their "
            "logs that add.",
        ),
        *(
            Wrong(
                "softmax-over-time",
                solve,
                "You normalized over time. Each conditional is a distribution over the "
                "**vocabulary**: which axis is that?",
            )
            for solve in (
                lambda logits, x: _picked(logits.log_softmax(1), x).sum(-1),
                lambda logits, x: _picked(logits.softmax(1).log(), x).sum(-1),
                lambda logits, x: _picked(logits.softmax(1), x).prod(-1).log(),
            )
        ),
        Wrong(
            "log-of-scores",
            lambda logits, x: _picked(logits.log(), x).sum(-1),
            "You took the log of raw scores. Scores may be negative and do not sum to 1: what "
            "turns them into probabilities first?",
        ),
        Wrong(
            "unstable",
            lambda logits, x: _picked(logits.softmax(-1).log(), x).sum(-1),
            "The right formula, but with large scores softmax gives an exact 0, and log 0 is −inf. "
            "There is one function for both steps that never leaves the logs.",
        ),
        *(
            Wrong(
                "epsilon",
                lambda logits, x, small=small: _picked((logits.softmax(-1) + small).log(), x).sum(
                    -1
                ),
                "The small number inside the log puts a ceiling on how unlikely a token can be. "
                "There is one function for softmax and log that needs no such help.",
            )
            for small in _SMALL
        ),
        Wrong(
            "most-likely",
            lambda logits, x: logits.log_softmax(-1).max(-1).values.sum(-1),
            "This scores the most likely tokens, whatever is in `x`. Which entries belong to x?",
        ),
        Wrong(
            "all-tokens",
            lambda logits, x: logits.log_softmax(-1).sum((-1, -2)),
            "You added up the log-probabilities of **all** tokens. Only those in `x` occurred.",
        ),
        Wrong(
            "negative",
            lambda logits, x: -_picked(logits.log_softmax(-1), x).sum(-1),
            "This is the loss, −log p(x). The question asks for log p(x), which is never positive.",
        ),
    ],
    hints=[
        "log p(x) = Σ_t log p(x_t | x_<t): turn scores into log-probabilities, pick, add up.",
        "Over which axis do the probabilities of one conditional sum to 1?",
        "`gather(-1, x[..., None])` picks one entry for each token; mind the axis it leaves.",
    ],
    equivalents={
        "return log_p.gather(-1, x[..., None]).squeeze(-1).sum(1)": "of two axes, 1 is the last",
        "return log_p.gather(-1, x[..., None]).squeeze(-1).sum(--1)": "of two axes, 1 is the last",
    },
)


# ------------------------------------------------------------------ units
def bits_per_dim(nll, shape):
    """nll [...] in nats per image, shape of one image -> bits per dimension, shape [...]."""
    return nll / (math.log(2) * math.prod(shape))


BITS_PER_DIM = CodeExercise(
    id="bits_per_dim",
    title="From nats per image to bits per dimension",
    statement=(
        "`nll` holds −log p(x) of images in nats; `shape` is the shape of **one** image, such as "
        "`(3, 32, 32)`. Return bits per dimension."
    ),
    reference=bits_per_dim,
    returns="a tensor of the shape of `nll`",
    unit="bits",
    grad_args=(0,),
    cases=lambda g: [
        Case((vector(784 * LN2), (1, 28, 28)), "784 log 2 nats for 784 pixels: 1 bit each"),
        Case((uniform(g, 4, low=1000.0, high=9000.0), (3, 32, 32)), "four color images"),
        Case((uniform(g, 2, 3, low=10.0, high=20.0), (2, 3)), "tiny images"),
        Case((vector(-40.0, 0.0, 2.5, 1e6), (3, 5, 7)), "a density may have a negative nll"),
        Case(
            (torch.tensor(17.03, dtype=torch.float64), (64,)), "one flat image; `nll` has no axes"
        ),
    ],
    alternatives=[
        lambda nll, shape: nll / math.log(2) / torch.Size(shape).numel(),
        lambda nll, shape: nll * math.log2(math.e) / torch.tensor(shape).prod(),
    ],
    wrong=[
        Wrong(
            "nats",
            lambda nll, shape: nll / math.prod(shape),
            "Still in nats: nats per dimension. How many nats is one bit?",
        ),
        Wrong(
            "times-ln2",
            lambda nll, shape: nll * LN2 / math.prod(shape),
            "You went the other way, from bits to nats. A bit is smaller than a nat (0.693 of it), "
            "so the number of bits must be **larger**.",
        ),
        Wrong(
            "per-image",
            lambda nll, shape: nll / LN2,
            "These are bits per **image**. How many dimensions share them?",
        ),
        Wrong(
            "pixels-not-dims",
            lambda nll, shape: nll / LN2 / (shape[-1] * (shape[-2] if len(shape) > 1 else 1)),
            "You divided by the pixels. Each color channel is a dimension of its own.",
        ),
        Wrong(
            "one-side",
            lambda nll, shape: nll / LN2 / shape[-1],
            "You divided by one side of the image. The dimensions are all entries of an image.",
        ),
        *(
            Wrong(
                "shape-of-nll",
                solve,
                "You divided by the shape of `nll`, which counts images. The argument `shape` is "
                "that of **one** image.",
            )
            for solve in (
                lambda nll, shape: nll / LN2 / nll.numel(),
                lambda nll, shape: nll / LN2 / nll.shape[-1],
            )
        ),
        Wrong(
            "unit-twice",
            lambda nll, shape: nll / LN2**2 / math.prod(shape),
            "You divided by log 2 twice. How many conversions are there?",
        ),
        Wrong(
            "number-of-axes",
            lambda nll, shape: nll / LN2 / len(shape),
            "`len(shape)` is the number of axes. The dimensions are all entries of an image.",
        ),
        Wrong(
            "sum-of-shape",
            lambda nll, shape: nll / LN2 / sum(shape),
            "You added the sides. How many entries does a 3 × 4 image have?",
        ),
        Wrong(
            "log2-of-nll",
            lambda nll, shape: torch.log2(nll) / math.prod(shape),
            "`nll` already is a logarithm. To change its base you rescale it; you do not take "
            "another log.",
        ),
        Wrong(
            "base-10",
            lambda nll, shape: nll / math.log(10) / math.prod(shape),
            "That unit has base 10. A bit has base 2.",
        ),
        Wrong(
            "negated",
            lambda nll, shape: -nll / LN2 / math.prod(shape),
            "`nll` already is the **negative** log-likelihood; another minus undoes it.",
        ),
    ],
    hints=[
        "Two steps: another unit, then a share for each dimension.",
        "log₂ a = log a / log 2. And how many numbers is an image of this shape made of?",
    ],
)

PERPLEXITY_UNIFORM = NumberExercise(
    id="perplexity_uniform",
    title="Predict: the perplexity of knowing nothing",
    statement=(
        "A weather model gives sunny, cloudy and snowy probability ⅓ each, on every one of 7 days. "
        "What is its perplexity per token on any diary?"
    ),
    truth=3,
    written="3",
    because=(
        "The cross-entropy is log 3 a day, and exp(log 3) = 3: as unsure as a fair choice among "
        "3, however long the diary."
    ),
    wrong=[
        WrongNumber(
            2187,
            "whole-sequence",
            "That is 3⁷, the number of diaries: the perplexity of the whole week. Per token means "
            "that the log-probability is averaged over the days first.",
        ),
        WrongNumber(
            math.log(3),
            "cross-entropy",
            "That is the cross-entropy in nats. Perplexity undoes the log.",
        ),
        WrongNumber(
            math.log2(3),
            "bits",
            "That is the cross-entropy in bits. Perplexity undoes the log.",
        ),
        WrongNumber(
            1 / 3,
            "probability",
            "That is the probability of a token. Perplexity is a number of choices, at least 1.",
        ),
        WrongNumber(
            7 * math.log(3),
            "nll",
            "That is −log p of the whole diary in nats. Average over the days, then undo the log.",
        ),
        WrongNumber(
            7,
            "length",
            "Seven is the length. Perplexity counts choices per day.",
        ),
        WrongNumber(
            1,
            "certain",
            "Perplexity 1 means no doubt at all: each token predicted with certainty.",
        ),
        WrongNumber(
            21,
            "times-length",
            "Days do not multiply the choices of one day.",
        ),
    ],
    hints=[
        "Perplexity is exp of the average of −log p(x_t | x_<t).",
        "What is −log p of a single day, and what is its average over seven equal days?",
    ],
)

PERPLEXITY_MIXED = NumberExercise(
    id="perplexity_mixed",
    title="Predict: half certain, half unsure",
    statement=(
        "The tokens of a text get the probabilities 1, ¼, 1, ¼, … from a model. What is its "
        "perplexity per token?"
    ),
    truth=2,
    written="2",
    because=(
        "The cross-entropy is ½ · 0 + ½ · log 4 = log 2, and exp(log 2) = 2: the **geometric** "
        "mean of 1 and 4, because the average is taken of the logs."
    ),
    level=2,
    wrong=[
        WrongNumber(
            2.5,
            "arithmetic-mean",
            "You averaged the perplexities 1 and 4. The average is taken of the **logs**.",
        ),
        WrongNumber(
            1.6,
            "mean-probability",
            "You averaged the probabilities first. The average is taken of their **logs**.",
        ),
        WrongNumber(
            LN2,
            "cross-entropy",
            "That is the cross-entropy in nats. Perplexity undoes the log.",
        ),
        WrongNumber(
            1,
            "bits",
            "That is the cross-entropy in bits (or the perplexity of the certain half). Perplexity "
            "undoes the log of the average.",
        ),
        WrongNumber(4, "unsure-half", "That is the perplexity of the unsure half alone."),
        WrongNumber(
            0.5,
            "inverse",
            "That is the geometric mean of the probabilities. Perplexity is one over it.",
        ),
        WrongNumber(
            math.log(4),
            "unsure-nats",
            "That is −log p of an unsure token, in nats. Average over all tokens, then undo "
            "the log.",
        ),
    ],
    hints=[
        "Write down −log p for both kinds of token.",
        "Average those two, then take exp.",
    ],
)


def perplexity(log_probs, mask):
    """log_probs, mask [B, T] -> the perplexity per real token, a number without axes."""
    total = torch.where(mask, log_probs, 0.0).sum()
    return torch.exp(-total / mask.sum())


def _chosen(log_probs, mask):
    return torch.where(mask, log_probs, 0.0)


def _multiplied(log_probs, mask):
    return log_probs * mask


def _sentence_means(log_probs, mask, keep=_chosen):
    return keep(log_probs, mask).sum(-1) / mask.sum(-1)


def _perplexity_cases(g):
    ragged = torch.arange(6) < torch.tensor([[6], [1], [3], [2]])
    padded = torch.where(ragged, -uniform(g, 4, 6, high=4.0), -INF)
    unpadded = -uniform(g, 3, 5, high=3.0)
    return [
        Case(
            (
                matrix([-LN2, -3 * LN2], [-LN2, 0.0]),
                torch.tensor([[True, True], [True, False]]),
            ),
            "probabilities ½, ⅛ and ½, and one padded place",
        ),
        Case((matrix([-LN2, -LN2, -LN2]), torch.ones(1, 3, dtype=torch.bool)), "three fair bits"),
        Case((matrix([-40.0]), torch.tensor([[True]])), "a single, very surprising token"),
        Case((unpadded, torch.ones(3, 5, dtype=torch.bool)), "no padding"),
        Case((padded, ragged), "lengths 6, 1, 3, 2; padded places hold −inf"),
        Case((padded.nan_to_num(neginf=7.0), ragged), "the same; padded places hold 7"),
    ]


PERPLEXITY = CodeExercise(
    id="perplexity",
    title="The perplexity of padded sentences",
    statement=(
        "`log_probs[b, t]` is log p(x_t | x_<t) in nats; `mask[b, t]` is True where a real token "
        "stands. Padded places hold anything, even −inf. Return the perplexity per real token of "
        "the whole batch: one number."
    ),
    reference=perplexity,
    returns="a tensor without axes",
    level=3,
    grad_args=(0,),
    cases=_perplexity_cases,
    kinds=[("there is padding", lambda log_probs, mask: not mask.all())],
    alternatives=[
        lambda log_probs, mask: log_probs[mask].mean().neg().exp(),
        lambda log_probs, mask: (-log_probs.masked_fill(~mask, 0).sum() / mask.sum()).exp(),
    ],
    wrong=[
        *(
            wrong
            for keep in (_chosen, _multiplied)
            for wrong in (
                Wrong(
                    "counts-padding",
                    lambda log_probs, mask, keep=keep: keep(log_probs, mask).mean().neg().exp(),
                    "You divide by all places. Padding then makes the model look better than it "
                    "is. How many tokens are real?",
                ),
                Wrong(
                    "mean-of-perplexities",
                    lambda log_probs, mask, keep=keep: (
                        (-_sentence_means(log_probs, mask, keep)).exp().mean()
                    ),
                    "You averaged the perplexities of the sentences. Average the logs over all "
                    "**tokens** and take exp once, at the end.",
                ),
                Wrong(
                    "mean-of-sentences",
                    lambda log_probs, mask, keep=keep: (
                        -_sentence_means(log_probs, mask, keep).mean()
                    ).exp(),
                    "You averaged inside each sentence first: a token of a short sentence then "
                    "counts more than one of a long sentence. Each real token should count the "
                    "same.",
                ),
                Wrong(
                    "per-sentence",
                    lambda log_probs, mask, keep=keep: (
                        -_sentence_means(log_probs, mask, keep)
                    ).exp(),
                    "One perplexity for each sentence. The question asks for one number for the "
                    "batch.",
                ),
            )
        ),
        Wrong(
            "ignores-mask",
            lambda log_probs, mask: log_probs.mean().neg().exp(),
            "You average over the padded places too. Nobody wrote those tokens.",
        ),
        Wrong(
            "times-mask",
            lambda log_probs, mask: (-(log_probs * mask).sum() / mask.sum()).exp(),
            "Multiplying by the mask does not remove −inf: 0 · inf is nan. Choose between two "
            "values instead of multiplying.",
        ),
        Wrong(
            "cross-entropy",
            lambda log_probs, mask: -log_probs[mask].mean(),
            "That is the cross-entropy in nats. Perplexity turns it into a number of choices.",
        ),
        Wrong(
            "cross-entropy-bits",
            lambda log_probs, mask: -log_probs[mask].mean() / LN2,
            "That is the cross-entropy in bits. Perplexity turns it into a number of choices.",
        ),
        Wrong(
            "no-minus",
            lambda log_probs, mask: log_probs[mask].mean().exp(),
            "Below 1: this is the geometric mean of the **probabilities**. Mind the sign in the "
            "exponent.",
        ),
        Wrong(
            "base-2",
            lambda log_probs, mask: 2 ** -log_probs[mask].mean(),
            "2 to a number of **nats**. Base and unit must fit: nats go with e, bits with 2.",
        ),
        Wrong(
            "total",
            lambda log_probs, mask: (-log_probs[mask].sum()).exp(),
            "You took exp of the whole sum. Perplexity **per token** averages first.",
        ),
        Wrong(
            "mean-probability",
            lambda log_probs, mask: 1 / log_probs[mask].exp().mean(),
            "You averaged the probabilities. The average is taken of their **logs**.",
        ),
        Wrong(
            "mean-inverse",
            lambda log_probs, mask: (-log_probs[mask]).exp().mean(),
            "You averaged 1/p over the tokens. Average the logs first, then take exp once.",
        ),
        Wrong(
            "inverted-mask",
            lambda log_probs, mask: log_probs[~mask].mean().neg().exp(),
            "You kept the padded places and threw the real tokens away.",
        ),
    ],
    hints=[
        "Perplexity = exp of the average of −log p over all real tokens.",
        "Two numbers are all you need: the sum over real tokens, and how many there are.",
        "`0 * -inf` is nan. `torch.where` chooses without multiplying.",
    ],
    equivalents={
        "total = torch.where(mask, log_probs, -0.0).sum()": "−0 adds nothing either",
        "total = torch.where(mask, log_probs, 0).sum()": "0 takes the dtype of log_probs",
    },
)


# ------------------------------------------------------------------ the order of the chain rule
ORDERING = ChoiceExercise(
    id="ordering",
    title="Does the order of the chain rule matter?",
    statement=(
        "You fit p(x₁) p(x₂ | x₁) and p(x₂) p(x₁ | x₂) to the same data. When can the two fitted "
        "models differ?"
    ),
    level=2,
    options=[
        Option(
            "Never: the chain rule holds in any order",
            "That is true of one **given** joint. But you fit models: can a simple p(x₁ | x₂) "
            "always say what a simple p(x₂ | x₁) can say? Think of x₂ = x₁².",
        ),
        Option(
            "Always: the chain rule is only valid from left to right",
            "Apply the product rule with the names swapped: is anything wrong with it?",
        ),
        Option(
            "When each conditional may only be of a simple kind, say Gaussian or with a short "
            "memory",
            "The identity is exact in every order; a family of restricted conditionals is not "
            "the same in every order.",
            right=True,
        ),
        Option(
            "Only when x₁ and x₂ are independent",
            "Then both orders are the product of the same two marginals. Look for the opposite.",
        ),
    ],
    hints=[
        "Keep two things apart: an identity about one joint, and a family of models.",
        "Let x₂ = x₁² plus a little noise. What does p(x₂ | x₁) look like, what p(x₁ | x₂)?",
    ],
)


# ------------------------------------------------------------------ masks
def fvsbn_probs(x, W, b):
    """bits x [B, D], weights W [D, D], bias b [D] -> p(x_i = 1 | x_<i), shape [B, D]."""
    return torch.sigmoid(x @ torch.tril(W, -1).T + b)


FVSBN = CodeExercise(
    id="fvsbn_probs",
    title="Find the bug: the model that is too good",
    kind="bug",
    statement=(
        "A logistic regression for each bit: p_i = σ(b_i + Σ_{j<i} W_ij x_j). The code below "
        "reaches a superb likelihood, but nothing can be sampled from it. Repair it."
    ),
    level=2,
    reference=fvsbn_probs,
    returns="probabilities of shape `[B, D]`",
    given='''
        def fvsbn_probs(x, W, b):
            """bits x [B, D], weights W [D, D], bias b [D] -> p(x_i = 1 | x_<i), shape [B, D]."""
            return torch.sigmoid(x @ torch.tril(W).T + b)
    ''',
    grad_args=(1, 2),
    cases=lambda g: [
        Case(
            (
                matrix([1.0, 0.0, 1.0]),
                matrix([1.0, 2.0, 3.0], [3.0, 1.0, 2.0], [2.0, 3.0, 1.0]),
                vector(0.0, 0.0, 0.0),
            ),
            "three bits; p₁ = σ(0), p₂ = σ(3), p₃ = σ(2)",
        ),
        Case((matrix([1.0]), matrix([5.0]), vector(0.5)), "a single bit: only its bias counts"),
        Case((bits(g, 4, 5), normal(g, 5, 5), normal(g, 5)), "B = 4, D = 5"),
        Case((bits(g, 5, 5), normal(g, 5, 5), normal(g, 5)), "B = D = 5"),
        Case((bits(g, 6, 3), normal(g, 3, 3, scale=30.0), normal(g, 3)), "large weights"),
    ],
    alternatives=[
        lambda x, W, b: torch.stack(
            [torch.sigmoid(b[i] + (W[i, :i] * x[:, :i]).sum(1)) for i in range(x.shape[1])], 1
        ),
        lambda x, W, b: torch.sigmoid(torch.einsum("bj,ij->bi", x, W.tril(-1)) + b),
    ],
    wrong=[
        Wrong(
            "sees-itself",
            lambda x, W, b: torch.sigmoid(x @ torch.tril(W).T + b),
            "The bug is still there: p_i is computed **from x_i itself**. No wonder that it fits. "
            "Which entries of W let a bit see itself?",
        ),
        Wrong(
            "no-mask",
            lambda x, W, b: torch.sigmoid(x @ W.T + b),
            "Now every bit sees all bits, so these are no conditionals p(x_i | x_<i) at all.",
        ),
        Wrong(
            "only-self-hidden",
            lambda x, W, b: torch.sigmoid(x @ (W - torch.diag(W.diagonal())).T + b),
            "A bit no longer sees itself, but it sees the **future**: j > i must be hidden too.",
        ),
        Wrong(
            "sees-future",
            lambda x, W, b: torch.sigmoid(x @ torch.triu(W, 1).T + b),
            "Your bit i looks at j > i: the **future**. Which triangle of W is the past?",
        ),
        Wrong(
            "sees-itself-and-future",
            lambda x, W, b: torch.sigmoid(x @ torch.triu(W).T + b),
            "That is the other triangle: your bit i looks at itself and at j > i, the **future**. "
            "Which triangle is the past?",
        ),
        Wrong(
            "sees-next",
            lambda x, W, b: torch.sigmoid(x @ torch.tril(W, 1).T + b),
            "You moved the boundary the wrong way: now bit i sees itself **and** bit i + 1. "
            "Print `torch.tril(torch.ones(3, 3), 1)`.",
        ),
        Wrong(
            "skips-previous",
            lambda x, W, b: torch.sigmoid(x @ torch.tril(W, -2).T + b),
            "One diagonal too many is gone: bit i no longer sees its neighbor i − 1.",
        ),
        Wrong(
            "transposed",
            lambda x, W, b: torch.sigmoid(x @ torch.tril(W, -1) + b),
            "W is used transposed, so bits see the future: row i of W holds the weights "
            "*into* bit i.",
        ),
        Wrong(
            "transposed-with-itself",
            lambda x, W, b: torch.sigmoid(x @ torch.tril(W) + b),
            "The `.T` was right: row i of W holds the weights *into* bit i. The bug is still "
            "there, and without `.T` bits see the future as well.",
        ),
        Wrong(
            "triu-transposed",
            lambda x, W, b: torch.sigmoid(x @ torch.triu(W, 1) + b),
            "No bit sees the future now, but W is used transposed: bit i multiplies x_j by W[j, i] "
            "instead of W[i, j].",
        ),
        Wrong(
            "logits",
            lambda x, W, b: x @ torch.tril(W, -1).T + b,
            "The mask is right. These are logits, though; what makes them probabilities?",
        ),
        Wrong(
            "no-bias",
            lambda x, W, b: torch.sigmoid(x @ torch.tril(W, -1).T),
            "The mask is right, but the bias is gone.",
        ),
        Wrong(
            "softmax",
            lambda x, W, b: torch.softmax(x @ torch.tril(W, -1).T + b, -1),
            "Softmax makes the D bits compete. Each bit has a probability of its own.",
        ),
        *(
            Wrong(
                "masked-results",
                solve,
                "The mask lies on the results, [B, D], examples by bits. Hide weights instead: "
                "what a bit has seen is already inside its number.",
            )
            for solve in (
                lambda x, W, b: torch.tril(torch.sigmoid(x @ W.T + b), -1),
                lambda x, W, b: torch.sigmoid(torch.tril(x @ W.T, -1) + b),
            )
        ),
        Wrong(
            "rounded",
            lambda x, W, b: (torch.sigmoid(x @ torch.tril(W, -1).T + b) > 0.5).to(x.dtype),
            "You return the more likely bits. The question asks for their probabilities.",
        ),
        Wrong(
            OWN_DICE,
            lambda x, W, b: torch.bernoulli(torch.sigmoid(x @ torch.tril(W, -1).T + b)),
            "You drew bits: each run gives other ones. The question asks for their probabilities.",
        ),
    ],
    hints=[
        "Flip x₃ and watch p₃. Should it move?",
        "Print `torch.tril(torch.ones(3, 3))`. Which entries are kept?",
    ],
)


def made_masks(place, degrees):
    """place [D] of the inputs (1 is first), degrees [H] -> masks: hidden [H, D], output [D, H]."""
    hidden = degrees[:, None] >= place[None, :]
    output = place[:, None] > degrees[None, :]
    return hidden.float(), output.float()


MADE_MASKS = CodeExercise(
    id="made_masks",
    title="The masks of MADE",
    statement=(
        "Input i comes at place `place[i]`. With `place = [3, 1, 2]` the first input comes "
        "third. Hidden unit h has degree `degrees[h]`: it may look at inputs up to that place. "
        "Output i may depend only on inputs **before** place `place[i]`. Return `hidden, output`: "
        "both masks, True or 1 where a connection is allowed: `[H, D]` into the hidden layer, "
        "`[D, H]` into the outputs."
    ),
    level=2,
    reference=made_masks,
    returns="two masks, of shapes `[H, D]` and `[D, H]`",
    any_dtype=True,
    check_float32=False,
    cases=lambda g: [
        Case((torch.tensor([1, 2]), torch.tensor([1])), "two inputs, one hidden unit"),
        Case(
            (torch.tensor([1, 2, 3]), torch.tensor([1, 2, 1, 2])),
            "three inputs, four hidden units",
        ),
        Case((torch.tensor([3, 1, 2]), torch.tensor([2, 1, 2])), "inputs in another order"),
        Case((torch.tensor([1]), torch.tensor([1, 1])), "a single input: nothing before it"),
        Case((torch.randperm(7, generator=g) + 1, tokens(g, 6, 9) + 1), "D = 7, H = 9"),
        Case((torch.randperm(6, generator=g) + 1, tokens(g, 5, 6) + 1), "D = H = 6"),
    ],
    alternatives=[
        lambda place, degrees: (degrees[:, None] >= place, degrees < place[:, None]),
        lambda place, degrees: (
            torch.stack([(place <= m).double() for m in degrees]),
            torch.stack([(degrees < d).double() for d in place]),
        ),
    ],
    wrong=[
        Wrong(
            "leak",
            lambda place, degrees: (degrees[:, None] >= place, place[:, None] >= degrees),
            "Both masks allow equality. Then input i reaches output i through a hidden unit of the "
            "same degree: it sees itself. Where must the inequality be strict?",
        ),
        Wrong(
            "strict-twice",
            lambda place, degrees: (degrees[:, None] > place, place[:, None] > degrees),
            "Both masks are strict. Nothing leaks, but a hidden unit of degree m does not see the "
            "input at place m, so connections are lost.",
        ),
        Wrong(
            "strict-first",
            lambda place, degrees: (degrees[:, None] > place, place[:, None] >= degrees),
            "The strict inequality is in the first layer. Nothing leaks, but a hidden unit of "
            "degree m should see inputs **up to** place m.",
        ),
        Wrong(
            "backward",
            lambda place, degrees: (degrees[:, None] <= place, place[:, None] < degrees),
            "The inequalities point the other way: your hidden units see the future.",
        ),
        Wrong(
            "transposed",
            lambda place, degrees: (
                degrees[None, :] >= place[:, None],
                place[None, :] > degrees[:, None],
            ),
            "Both masks are transposed. A weight matrix has its **outputs** in the rows.",
        ),
        Wrong(
            "positions-not-order",
            lambda place, degrees: (
                degrees[:, None] >= torch.arange(1, len(place) + 1),
                torch.arange(1, len(place) + 1)[:, None] > degrees,
            ),
            "Right when inputs come in their natural order. `place` may be any permutation.",
        ),
        Wrong(
            "inverse-order",
            lambda place, degrees: made_masks(place.argsort() + 1, degrees),
            "You read `place` as a list of inputs, first to last. Here `place[i]` says when input "
            "i comes: `place[0] = 3` means that the first input comes third.",
        ),
        *(
            Wrong(
                "counts-from-0",
                solve,
                "You count places from 0: your first input has place 0. In `place` and in "
                "`degrees` the first one has number 1.",
            )
            for solve in (
                lambda place, degrees: made_masks(torch.arange(len(place)), degrees),
                lambda place, degrees: made_masks(place - 1, degrees),
                lambda place, degrees: (
                    degrees[:, None] > torch.arange(len(place)),
                    torch.arange(len(place))[:, None] > degrees,
                ),
            )
        ),
        Wrong(
            "place-ignored-in-output",
            lambda place, degrees: (
                degrees[:, None] >= place,
                torch.arange(1, len(place) + 1)[:, None] > degrees,
            ),
            "The first mask is right; the second one numbers the outputs 1, 2, 3 … instead of "
            "asking `place`.",
        ),
        Wrong(
            "swapped",
            lambda place, degrees: (place[:, None] > degrees, degrees[:, None] >= place),
            "You return the two masks in the other order.",
        ),
        Wrong(
            "equal-only",
            lambda place, degrees: (degrees[:, None] == place, place[:, None] > degrees),
            "A hidden unit of degree m sees **all** inputs up to place m, not that one alone.",
        ),
    ],
    hints=[
        "Ask of each layer: who is looking at whom, and may the two places be equal?",
        "An input may reach its own output by no path at all. One of the two inequalities must be "
        "strict for that; one is enough.",
    ],
    equivalents={
        f"return ({hidden}, {output})": "masks may be of any type"
        for hidden in ("hidden", "hidden.float()", "hidden.double()")
        for output in ("output", "output.float()", "output.double()")
        if (hidden == "hidden.float()") != (output == "output.float()")
    },
)


def causal_attention(scores):
    """scores [B, T, T] of query t for key s -> attention weights [B, T, T] over keys s <= t."""
    T = scores.shape[-1]
    future = torch.ones(T, T, dtype=torch.bool, device=scores.device).triu(1)
    return scores.masked_fill(future, float("-inf")).softmax(-1)


def _future(scores, diagonal=1):
    return torch.ones_like(scores, dtype=torch.bool).triu(diagonal)


def _attention_cases(g):
    tempting = normal(g, 2, 4, 4).tril() - 900 + 1800 * torch.ones(4, 4).triu(1).double()
    return [
        Case((torch.zeros(1, 3, 3, dtype=torch.float64),), "all scores 0: equal shares"),
        Case((matrix([[2.5]]),), "a single token attends to itself"),
        Case(
            (matrix([[0.0, 3.0], [1.0, 2.0]]),),
            "two tokens; the first would love to look ahead",
        ),
        Case((normal(g, 3, 3, 3),), "B = T = 3"),
        Case((normal(g, 2, 5, 5, scale=2.0),), "B = 2, T = 5"),
        Case((-50.0 - normal(g, 2, 4, 4).abs(),), "all scores far below 0"),
        Case((tempting,), "scores of −900 for the past, +900 for the future"),
    ]


CAUSAL_ATTENTION = CodeExercise(
    id="causal_attention",
    title="Attention that cannot look ahead",
    statement=(
        "`scores[b, t, s]` says how much position t wants to look at position s. Return attention "
        "weights: for each t a distribution over s ≤ t, and exactly 0 for the future."
    ),
    level=3,
    reference=causal_attention,
    returns="weights of shape `[B, T, T]`",
    grad_args=(0,),
    cases=_attention_cases,
    alternatives=[
        lambda scores: (
            scores + torch.zeros_like(scores).masked_fill(_future(scores), -INF)
        ).softmax(-1),
        lambda scores: torch.where(_future(scores), torch.full_like(scores, -1e9), scores).softmax(
            -1
        ),
        lambda scores: torch.stack(
            [
                F.pad(scores[:, t, : t + 1].softmax(-1), (0, scores.shape[-1] - t - 1))
                for t in range(scores.shape[-1])
            ],
            1,
        ),
    ],
    wrong=[
        Wrong(
            "mask-after-softmax",
            lambda scores: scores.softmax(-1).masked_fill(_future(scores), 0),
            "The future is gone, but it had already taken its share: your rows no longer sum to 1. "
            "When must the mask come?",
        ),
        Wrong(
            "renormalized",
            lambda scores: (lambda w: w / w.sum(-1, keepdim=True))(
                scores.softmax(-1).masked_fill(_future(scores), 0)
            ),
            "The right formula, but when the future scores highest, softmax leaves the past "
            "an exact 0, and 0/0 is nan. Mask before the softmax.",
        ),
        Wrong(
            "zero-before-softmax",
            lambda scores: scores.masked_fill(_future(scores), 0).softmax(-1),
            "A score of 0 does not mean weight 0: exp(0) = 1. Which score gives weight 0?",
        ),
        Wrong(
            "weak-mask",
            lambda scores: scores.masked_fill(_future(scores), -10.0).softmax(-1),
            "Your future is merely unlikely, and if all scores are lower it even wins. Which "
            "score gives weight 0 for sure?",
        ),
        Wrong(
            "subtracts",
            lambda scores: (scores - 100.0 * _future(scores)).softmax(-1),
            "You lower the future by a fixed amount; a score that is high enough still wins. "
            "Which score gives weight 0 for sure?",
        ),
        Wrong(
            "strict",
            lambda scores: scores.masked_fill(_future(scores, 0), -INF).softmax(-1),
            "Position t may look at itself (s ≤ t). Your first position has nothing left to look "
            "at: softmax over nothing is nan.",
        ),
        Wrong(
            "sees-next",
            lambda scores: scores.masked_fill(_future(scores, 2), -INF).softmax(-1),
            "Off by one: each position still sees its successor, the very token to predict.",
        ),
        *(
            Wrong(
                "hides-past",
                solve,
                "You hid the past and kept the future. Row t is the one who looks.",
            )
            for solve in (
                lambda scores: scores.masked_fill(_future(scores).mT, -INF).softmax(-1),
                lambda scores: scores.masked_fill(~_future(scores), -INF).softmax(-1),
            )
        ),
        *(
            Wrong(
                "no-softmax",
                solve,
                "These are scores, and the weights of a row must sum to 1. The softmax is missing.",
            )
            for solve in (
                lambda scores: scores.masked_fill(_future(scores), -INF),
                lambda scores: scores.tril(),
            )
        ),
        Wrong(
            "divides-scores",
            lambda scores: scores.tril() / scores.tril().sum(-1, keepdim=True),
            "You divided raw scores by their sum, which may be 0 or negative. What turns any "
            "scores into positive numbers that sum to 1?",
        ),
        Wrong(
            "over-queries",
            lambda scores: scores.masked_fill(_future(scores), -INF).softmax(-2),
            "You normalized over the queries. For each t the weights over **s** sum to 1: which "
            "axis is that?",
        ),
        Wrong(
            "no-mask",
            lambda scores: scores.softmax(-1),
            "Every position still sees the future.",
        ),
        Wrong(
            "log",
            lambda scores: scores.masked_fill(_future(scores), -INF).log_softmax(-1),
            "These are log-weights; the question asks for weights.",
        ),
        Wrong(
            "unstable",
            lambda scores: (lambda e: e / e.sum(-1, keepdim=True))(
                scores.exp().masked_fill(_future(scores), 0)
            ),
            "The right formula, but exp of very large or very small scores is inf or 0. "
            "`softmax` shifts the scores first.",
        ),
    ],
    hints=[
        "What is softmax of a score of −inf?",
        "Draw the 3 × 3 table of the pairs (t, s). Which triangle is the future, and does the "
        "diagonal belong to it?",
        "When may the softmax come: before or after the future is gone? It gives out a whole 1.",
    ],
    equivalents={
        "T = scores.shape[1]": "scores are square",
        "T = scores.shape[-2]": "scores are square",
        "T = scores.shape[--1]": "scores are square",
    },
)


# ------------------------------------------------------------------ cross-entropy
def soft_cross_entropy(y, q):
    """distributions y, q [..., V] -> cross-entropy of q under y in nats, shape [...]."""
    return -torch.xlogy(y, q).sum(-1)


SOFT_CROSS_ENTROPY = CodeExercise(
    id="soft_cross_entropy",
    title="Find the bug: nothing times minus infinity",
    kind="bug",
    statement=(
        "H(y, q) = −Σ y log q. With a one-hot y only one term should count, but where q is exactly "
        "0 the code below gives nan. Repair it. What y holds possible and q impossible must still "
        "cost inf."
    ),
    level=2,
    reference=soft_cross_entropy,
    returns="a tensor of shape `[...]`, without the last axis",
    unit="nats",
    given='''
        def soft_cross_entropy(y, q):
            """distributions y, q [..., V] -> cross-entropy of q under y in nats, shape [...]."""
            return -(y * q.log()).sum(-1)
    ''',
    grad_args=(1,),
    cases=lambda g: [
        Case((vector(0.0, 1.0), vector(0.5, 0.5)), "one-hot y, fair q: log 2"),
        Case(
            (vector(0.0, 1.0, 0.0), vector(0.0, 0.25, 0.75)),
            "one-hot y; q is 0 where y is 0: log 4",
            smooth=False,
        ),
        Case((vector(0.5, 0.5), vector(1.0, 0.0)), "y > 0 where q = 0: infinite", smooth=False),
        Case((simplex(g, 3, 4), simplex(g, 3, 4)), "soft labels, B = 3, V = 4"),
        Case((simplex(g, 2, 3, 3), simplex(g, 2, 3, 3)), "soft labels, [2, 3, 3]"),
        Case((vector(0.2, 0.3, 0.5), vector(1e-30, 3e-9, 1.0)), "q tiny but not 0"),
        Case((matrix([1.0]), matrix([1.0])), "a vocabulary of one word", smooth=False),
    ],
    kinds=[
        ("q is 0 where y is 0", lambda y, q: bool(((y == 0) & (q == 0)).any())),
        ("q is 0 where y is not", lambda y, q: bool(((y > 0) & (q == 0)).any())),
    ],
    alternatives=[
        lambda y, q: -torch.where(y > 0, y * q.log(), 0.0).sum(-1),
        lambda y, q: -(y * q.log()).nansum(-1),
        lambda y, q: -torch.special.xlogy(y, q).sum(dim=-1),
    ],
    wrong=[
        Wrong(
            "zero-times-log-zero",
            lambda y, q: -(y * q.log()).sum(-1),
            "The bug is still there: 0 · log 0 is 0 · (−inf), and to the machine that is nan. "
            "By convention it is 0. Which function of torch keeps the convention?",
        ),
        *(
            Wrong(
                "epsilon",
                solve,
                "No nan, but a small number added to q, or a bound below it, changes the answer: "
                "an impossible outcome now has a finite cost. Which **term** is the trouble?",
            )
            for small in _SMALL
            for solve in (
                lambda y, q, small=small: -(y * (q + small).log()).sum(-1),
                lambda y, q, small=small: -(y * q.clamp(min=small).log()).sum(-1),
            )
        ),
        Wrong(
            "nan-to-num",
            lambda y, q: -(y * q.log()).nan_to_num().sum(-1),
            "`nan_to_num` removes nan, and inf as well: where y holds possible what q holds "
            "impossible, the answer must stay inf.",
        ),
        Wrong(
            "nan-after-sum",
            lambda y, q: (-(y * q.log()).sum(-1)).nan_to_num(),
            "Too late: one nan has already swallowed the whole sum. Handle each term.",
        ),
        Wrong(
            "drops-impossible",
            lambda y, q: -torch.where(q > 0, y * q.log(), 0.0).sum(-1),
            "You drop all terms with q = 0, even where y > 0: predicting the impossible then "
            "costs nothing. Which of the two must be 0 for a term to vanish?",
        ),
        Wrong(
            "no-log",
            lambda y, q: -(y * q).sum(-1),
            "The log is missing (as in the zero terms of the slide): Σ y q is a probability, no "
            "cross-entropy.",
        ),
        Wrong(
            "swapped",
            lambda y, q: -torch.xlogy(q, y).sum(-1),
            "y and q are swapped: that is H(q, y). Whose surprise is it, averaged under whom?",
        ),
        Wrong(
            "divergence",
            lambda y, q: (torch.xlogy(y, y) - torch.xlogy(y, q)).sum(-1),
            "That is KL(y‖q), the **extra** surprise. The cross-entropy contains the entropy of y "
            "as well (which is 0 for one-hot y: that is why it often looks right).",
        ),
        Wrong(
            "entropy",
            lambda y, q: -torch.xlogy(q, q).sum(-1),
            "That is the entropy of q; y does not enter.",
        ),
        Wrong(
            "hard-label",
            lambda y, q: -q.gather(-1, y.argmax(-1, keepdim=True)).squeeze(-1).log(),
            "Right for one-hot y only. A soft y spreads its weight over several outcomes.",
        ),
        Wrong(
            "mean",
            lambda y, q: -torch.xlogy(y, q).mean(-1),
            "An expectation under y is a weighted **sum**; y has the weights already.",
        ),
        Wrong(
            "binary",
            lambda y, q: -(torch.xlogy(y, q) + torch.xlogy(1 - y, 1 - q)).sum(-1),
            "That treats the V outcomes as V separate yes-or-no questions. Here exactly one "
            "outcome happens.",
        ),
        Wrong(
            "not-negated",
            lambda y, q: torch.xlogy(y, q).sum(-1),
            "Sign: logs of probabilities are negative, surprise is positive.",
        ),
    ],
    hints=[
        "Look at a single term with y = 0 and q = 0. What should it be, and what is it?",
        "With y = 0 the term is 0 for every q > 0, however small: so it is 0 at q = 0 too. The "
        "convention concerns terms with **y** = 0.",
        "`torch` has a function for x log y that knows this convention.",
    ],
)


# ------------------------------------------------------------------ sampling
def ancestral_sample(cond_prob, u):
    """cond_prob(prefix [B, t]) -> p(next = 1) [B]; uniforms u [B, T] -> bits [B, T], u's dtype."""
    x = torch.zeros_like(u)
    for t in range(u.shape[1]):
        x[:, t] = (u[:, t] < cond_prob(x[:, :t])).to(u.dtype)
    return x


def _numbers(prefix):
    """The prefix in a precision, also where the bits are of another type."""
    return prefix if prefix.is_floating_point() else prefix.double()


def _sticky(prefix):
    """The first bit is 1 with probability 0.3, a later one like the last with probability 0.8."""
    prefix = _numbers(prefix)
    if prefix.shape[1] == 0:
        return prefix.new_full((prefix.shape[0],), 0.3)
    return 0.2 + 0.6 * prefix[:, -1]


def _mindful(prefix):
    """The same, and a little the more likely 1, the more ones there were."""
    return 0.9 * _sticky(prefix) + 0.1 * (_numbers(prefix).mean(1) if prefix.shape[1] else 0)


def _alternating(prefix):
    """Certain bits: 0, 1, 0, 1, ... (probabilities exactly 0 and 1)."""
    prefix = _numbers(prefix)
    if prefix.shape[1] == 0:
        return prefix.new_zeros(prefix.shape[0])
    return 1 - prefix[:, -1]


def _sample(cond_prob, u, pick=torch.lt, see=lambda x, u, t: x[:, :t], start=None):
    """Ancestral sampling with one piece replaced; `start` makes a first bit that is not drawn."""
    x = (start or torch.zeros_like)(u)
    for t in range(start is not None, u.shape[1]):
        x[:, t] = pick(u[:, t], cond_prob(see(x, u, t))).to(u.dtype)
    return x


def _probabilities(cond_prob, u):
    x, p = torch.zeros_like(u), torch.zeros_like(u)
    for t in range(u.shape[1]):
        p[:, t] = cond_prob(x[:, :t])
        x[:, t] = (u[:, t] < p[:, t]).to(u.dtype)
    return p


def _growing(cond_prob, u):
    x = u[:, :0]
    for t in range(u.shape[1]):
        x = torch.cat([x, (u[:, t] < cond_prob(x)).to(u.dtype)[:, None]], 1)
    return x


_STICKY = (
    "the first is 1 with probability 0.3, the next bit equals the last bit with probability 0.8"
)
_MINDFUL = "each of which depends on all before it"

ANCESTRAL_SAMPLE = CodeExercise(
    id="ancestral_sample",
    title="Ancestral sampling",
    statement=(
        "`cond_prob(prefix)` takes bits of shape [B, t] (t may be 0) and returns the probability "
        "[B] that the next bit is 1. Sample T bits one after the other: bit t is 1 if and only if "
        "`u[:, t]` < its probability. The uniforms `u` [B, T] are given; the bits are 0 and 1 in "
        "the dtype of `u`."
    ),
    level=2,
    reference=ancestral_sample,
    returns="bits of shape `[B, T]`",
    check_float32=False,
    cases=lambda g: [
        Case((_sticky, matrix([0.1, 0.5, 0.9, 0.1])), f"four bits: {_STICKY}"),
        Case((_sticky, matrix([0.25])), "one bit: 1 with probability 0.3"),
        Case((_alternating, matrix([0.0, 0.7, 0.0, 0.99])), "certain bits: 0, 1, 0, 1"),
        Case((_mindful, uniform(g, 64, 6)), f"64 sequences of 6 bits, {_MINDFUL}"),
        Case((_mindful, uniform(g, 6, 64)), f"6 sequences of 64 bits, {_MINDFUL}"),
    ],
    alternatives=[_growing],
    wrong=[
        Wrong(
            "greedy",
            lambda c, u: _sample(c, u, pick=lambda u, p: p > 0.5),
            "You take the more likely bit each time. That is greedy decoding: one sequence, no "
            "variety. Where does `u` come in?",
        ),
        Wrong(
            "inverted",
            lambda c, u: _sample(c, u, pick=torch.gt),
            "Turned around: u falls below p with probability p. Which bit is that?",
        ),
        Wrong(
            "at-most",
            lambda c, u: _sample(c, u, pick=torch.le),
            "With ≤, a bit of probability 0 can occur: `torch.rand` does return exact zeros.",
        ),
        Wrong(
            "zero-prefix",
            lambda c, u: _sample(c, u, see=lambda x, u, t: torch.zeros_like(x[:, :t])),
            "Every conditional sees a prefix of zeros. What has already been sampled?",
        ),
        Wrong(
            "empty-prefix",
            lambda c, u: _sample(c, u, see=lambda x, u, t: x[:, :0]),
            "Every bit is sampled as if it were the first. What has already been sampled?",
        ),
        Wrong(
            "prefix-too-long",
            lambda c, u: _sample(c, u, see=lambda x, u, t: x[:, : t + 1]),
            "The prefix contains position t itself, which is not sampled yet (still 0).",
        ),
        *(
            Wrong(
                "prefix-too-short",
                lambda c, u, see=see: _sample(c, u, see=see),
                "Your prefix is one bit short: bit t may see all bits before t. Which ones does "
                "a slice `[:t]` hold?",
            )
            for see in (
                lambda x, u, t: x[:, : max(t - 1, 0)],
                lambda x, u, t: x[:, : t - 1],
            )
        ),
        *(
            Wrong(
                "first-bit-missing",
                lambda c, u, start=start: _sample(c, u, start=start),
                "The first bit is never drawn: where does your loop start?",
            )
            for start in (torch.zeros_like, torch.ones_like)
        ),
        *(
            Wrong(
                "all-at-once",
                solve,
                "You draw all bits in one go. Bit t depends on the bits before it, which must be "
                "drawn first: what do you need for that?",
            )
            for solve in (
                lambda c, u: u < c(u),
                lambda c, u: u < c(u)[:, None],
                lambda c, u: u < c(torch.zeros_like(u))[:, None],
                lambda c, u: u < c((u < 0.5).to(u.dtype))[:, None],
            )
        ),
        Wrong(
            OWN_DICE,
            lambda c, u: _sample(c, u, pick=lambda u, p: torch.rand_like(p) < p),
            "You roll your own dice; use `u`. The same `u` must always give the same bits.",
        ),
        Wrong(
            "last-bit-only",
            lambda c, u: _sample(c, u, see=lambda x, u, t: x[:, max(t - 1, 0) : t]),
            "Only the last bit is passed on. The model conditions on **all** earlier ones.",
        ),
        Wrong(
            "whole-sequence",
            lambda c, u: _sample(c, u, see=lambda x, u, t: x),
            "You pass all T places, also those not sampled yet (still 0). How long is the prefix?",
        ),
        Wrong(
            "noise-as-prefix",
            lambda c, u: _sample(c, u, see=lambda x, u, t: u[:, :t]),
            "The prefix holds the noise. The model conditions on **bits**: those just sampled.",
        ),
        Wrong(
            "thresholded-prefix",
            lambda c, u: _sample(c, u, see=lambda x, u, t: (u[:, :t] < 0.5).to(u.dtype)),
            "The prefix holds thresholded noise, not the bits that were sampled.",
        ),
        Wrong(
            "probabilities",
            _probabilities,
            "These are probabilities; bits are 0 or 1. What turns a probability and a uniform "
            "number into a bit?",
        ),
        Wrong(
            "probability-prefix",
            lambda c, u: _probability_prefix(c, u),
            "You feed probabilities back as the prefix. The model conditions on **bits**.",
        ),
        Wrong(
            "same-noise",
            lambda c, u: _sample(c, u[:, :1].expand_as(u).clone()),
            "All bits use the first uniform, so they hang together by more than the model says. "
            "Each position has its own.",
        ),
    ],
    hints=[
        "How likely is it that a uniform number falls below p?",
        "What does the model see at step t? The slice `x[:, :t]`, of bits sampled so far.",
    ],
    equivalents={
        "x = torch.ones_like(u)": "every entry is overwritten before it is read",
        "for t in range(u.shape[-1]):": "of two axes, 1 is the last",
    },
)


def _probability_prefix(cond_prob, u):
    p = torch.zeros_like(u)
    for t in range(u.shape[1]):
        p[:, t] = cond_prob(p[:, :t])
    return (u < p).to(u.dtype)


def temperature_probs(logits, tau):
    """logits [..., V], temperature tau > 0 -> probabilities [..., V] proportional to p^(1/tau)."""
    return torch.softmax(logits / tau, -1)


TEMPERATURE_PROBS = CodeExercise(
    id="temperature_probs",
    title="Sampling hotter and colder",
    statement=(
        "The scores `logits` [..., V] define p = softmax(logits). Return the distribution "
        "proportional to p^(1/τ) for a temperature `tau` > 0: τ < 1 sharpens, τ > 1 flattens."
    ),
    level=2,
    reference=temperature_probs,
    returns="probabilities of the shape of `logits`",
    grad_args=(0,),
    cases=lambda g: [
        Case((vector(0.0, math.log(3)), 1.0), "τ = 1 changes nothing: ¼, ¾"),
        Case((vector(0.0, math.log(3)), 0.5), "τ = ½ squares: 1 to 9"),
        Case((normal(g, 2, 3), 2.0), "τ = 2, B = 2, V = 3"),
        Case((normal(g, 3, 3), 0.7), "τ = 0.7, B = V = 3"),
        Case((normal(g, 2, 4, 5) + 20, 1.5), "τ = 1.5, [2, 4, 5], all scores raised by 20"),
        Case((normal(g, 1, 1), 3.0), "a vocabulary of one word"),
        Case((normal(g, 3, 4, scale=300.0), 0.1), "scores as large as ±500, τ = 0.1"),
        Case((normal(g, 3, 4, scale=1000.0), 1000.0), "scores as large as ±2000, τ = 1000"),
    ],
    kinds=[
        ("τ is not 1", lambda logits, tau: tau != 1),
        ("τ is above 1", lambda logits, tau: tau > 1),
        ("τ is below 1", lambda logits, tau: tau < 1),
    ],
    alternatives=[
        lambda logits, tau: (logits.log_softmax(-1) / tau).softmax(-1),
        lambda logits, tau: torch.distributions.Categorical(logits=logits / tau).probs,
        lambda logits, tau: (logits / tau - (logits / tau).logsumexp(-1, keepdim=True)).exp(),
    ],
    wrong=[
        Wrong(
            "multiplies",
            lambda logits, tau: torch.softmax(logits * tau, -1),
            "Hot and cold are swapped: your τ > 1 **sharpens**. The exponent is 1/τ.",
        ),
        Wrong(
            "no-temperature",
            lambda logits, tau: torch.softmax(logits, -1),
            "τ has no effect: this is p itself. Dividing p by τ and normalizing again cancels τ, "
            "and so does shifting all scores. What does a **power** of p do to log p? (In Python "
            "`p ** 1/tau` is `(p ** 1) / tau`.)",
        ),
        Wrong(
            "after-softmax",
            lambda logits, tau: torch.softmax(logits, -1) / tau,
            "You divided the probabilities by τ: they no longer sum to 1, and their ratios are "
            "the same as before. The temperature must change the ratios. (In Python `p ** 1/tau` "
            "is `(p ** 1) / tau`.)",
        ),
        Wrong(
            "softmax-twice",
            lambda logits, tau: torch.softmax(torch.softmax(logits, -1) / tau, -1),
            "You applied softmax to probabilities. Softmax expects scores: values between 0 and 1 "
            "differ by so little that everything comes out nearly equal.",
        ),
        Wrong(
            "not-normalized",
            lambda logits, tau: torch.softmax(logits, -1) ** (1 / tau),
            "The ratios are right, but p^(1/τ) does not sum to 1.",
        ),
        Wrong(
            "not-normalized",
            lambda logits, tau: (logits / tau).exp(),
            "The ratios are right, but these numbers do not sum to 1.",
        ),
        Wrong(
            "scores",
            lambda logits, tau: logits / tau,
            "These are scores still. What turns them into probabilities?",
        ),
        *(
            Wrong(
                "power-of-scores",
                solve,
                "You took a power of the **scores**. The power belongs to p; and log p, the score, "
                "then gets a factor.",
            )
            for solve in (
                lambda logits, tau: logits ** (1 / tau),
                lambda logits, tau: torch.softmax(logits ** (1 / tau), -1),
            )
        ),
        Wrong(
            "power-underflow",
            lambda logits, tau: (lambda q: q / q.sum(-1, keepdim=True))(
                torch.softmax(logits, -1) ** (1 / tau)
            ),
            "The right formula, but softmax turns low scores into an exact 0, and no power brings "
            "that back. What does the power do to the logits, before the softmax?",
        ),
        Wrong(
            "unstable",
            lambda logits, tau: (lambda e: e / e.sum(-1, keepdim=True))((logits / tau).exp()),
            "The right formula, but exp of large scores is inf, and inf/inf is nan. "
            "`torch.softmax` shifts the scores first.",
        ),
        Wrong(
            "wrong-axis",
            lambda logits, tau: torch.softmax(logits / tau, 0),
            "You normalized over the first axis. The vocabulary is the **last** one.",
        ),
        Wrong(
            "over-everything",
            lambda logits, tau: torch.softmax(logits.flatten() / tau, -1).view_as(logits),
            "You normalized over the whole tensor. Each row is a distribution of its own.",
        ),
        Wrong(
            "log-probs",
            lambda logits, tau: torch.log_softmax(logits / tau, -1),
            "These are log-probabilities; the question asks for probabilities.",
        ),
        Wrong(
            "greedy",
            lambda logits, tau: F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype),
            "All weight on the most likely token: that is the limit τ → 0 only.",
        ),
        Wrong(
            "sigmoid",
            lambda logits, tau: torch.sigmoid(logits / tau),
            "Sigmoid judges each token on its own. Tokens compete: their probabilities sum to 1.",
        ),
        Wrong(
            "mixed-with-uniform",
            lambda logits, tau: torch.softmax(logits, -1) / tau + (1 - 1 / tau) / logits.shape[-1],
            "You mix p with the uniform distribution. That flattens as well, but it is not a "
            "power of p.",
        ),
    ],
    hints=[
        "log p^(1/τ) = (1/τ) log p. And logits are log p up to a constant.",
        "Does softmax mind a constant that is added to all scores?",
    ],
)

TEMPERATURE_SEQUENCE = ChoiceExercise(
    id="temperature_sequence",
    title="Is cooling every token cooling the sequence?",
    statement=(
        "You sample each token from p(x_t | x_<t)^(1/τ), normalized, with τ = ½. Is that the same "
        "as sampling whole sequences from p(x)^(1/τ), normalized?"
    ),
    level=3,
    options=[
        Option(
            "Yes: a product of powers is the power of the product",
            "True of the powers. But each token's distribution is divided by its own normalizer Z. "
            "What does that Z depend on?",
        ),
        Option(
            "No: the normalizer Z of each token depends on its context",
            "Sampling token by token, a context is not chosen for how well it can go on. The two "
            "agree for τ = 1, or when tokens are independent.",
            right=True,
        ),
        Option(
            "Yes, because the chain rule holds for every distribution",
            "It does, also for tempered texts. But then their conditionals look ahead: a context "
            "from which many texts go on counts for more. Those of the question do not look ahead. "
            "Compare both for two tokens.",
        ),
        Option(
            "No: tempered probabilities of the tokens do not multiply to a distribution",
            "They do: each factor is normalized, so the product is a proper distribution over "
            "sequences. Is it the one you wanted?",
        ),
    ],
    hints=[
        "Write both for two tokens, each with its Z.",
        "Let A be followed by one sure token, B by a coin toss. Square, normalize, compare p(A).",
    ],
)

EOS_LENGTHS = ChoiceExercise(
    id="eos_lengths",
    title="Probabilities without an end",
    statement=(
        "A model of text has conditionals p(x_t | x_<t) but **no end token**. What do its "
        "probabilities sum to over all texts of length 1, 2 or 3 together?"
    ),
    level=2,
    options=[
        Option(
            "1: it is a distribution over texts",
            "Add up the texts of length 1 alone: what is their sum? Nothing is left for longer "
            "ones.",
        ),
        Option(
            "3: the texts of each length sum to 1",
            "Without an end token there is one distribution for each length. With one, ending is "
            "an event with a probability, and all texts of all lengths share a single 1.",
            right=True,
        ),
        Option(
            "Less than 1: longer texts take the rest",
            "With an end token it is at most 1. Without one, who would have set something aside "
            "for longer texts?",
        ),
        Option(
            "It depends on the model",
            "Conditionals sum to 1 in every model, whatever they are. For texts of two tokens sum "
            "over the second one first: what is left, and what do you get for three?",
        ),
    ],
    hints=[
        "Start with length 1: Σ p(x₁) = ?",
        "For length 2: Σ p(x₁) p(x₂ | x₁). Sum over x₂ first.",
    ],
)

GREEDY = ChoiceExercise(
    id="greedy_sequence",
    title="Is the greedy text the most likely one?",
    statement=(
        "First token: A with probability 0.6, B with 0.4. After A come C, D and E with "
        "probability ⅓ each; after B always C. What does greedy decoding find?"
    ),
    level=1,
    options=[
        Option(
            "The most likely text: each step took the most likely token",
            "Multiply out all four texts. Does a good first step promise a good second one?",
        ),
        Option(
            "A text of probability 0.2, though BC has 0.4",
            "Greedy takes A and can then reach 0.6 · ⅓ only. The likely start does not lead to "
            "the likely text; nor is either a fair sample.",
            right=True,
        ),
        Option(
            "A text of probability 0.6",
            "0.6 is the probability of the first token alone. The text has a second factor.",
        ),
        Option(
            "BC, because its second token is certain",
            "Greedy does not look ahead: what does it take first?",
        ),
    ],
    hints=[
        "Multiply out the probabilities of all four texts.",
        "Which token does greedy take first, before it knows what follows?",
    ],
)


# ------------------------------------------------------------------ all of it
def score_and_enumerate(cond_prob, x):
    """cond_prob(prefix [B, t]) -> p(next = 1) [B]; bits x [B, T] -> log p(x) [B], table [2**T]."""

    def log_p(strings):
        total = x.new_zeros(strings.shape[0])
        for t in range(strings.shape[1]):
            one = cond_prob(strings[:, :t])
            total = total + torch.where(strings[:, t] == 1, one, 1 - one).log()
        return total

    T = x.shape[1]
    numbers = torch.arange(2**T, device=x.device)[:, None]
    places = torch.arange(T - 1, -1, -1, device=x.device)
    every = (numbers >> places & 1).to(x.dtype)
    return log_p(x), log_p(every).exp()


def _all_strings(x, reverse=False):
    T = x.shape[1]
    places = torch.arange(T, device=x.device)
    places = places if reverse else places.flip(0)
    numbers = torch.arange(2**T, device=x.device)[:, None]
    return (numbers >> places & 1).to(x.dtype)


def _before(x, t):
    return x[:, :t]


def _log_choice(one, bit):
    return torch.where(bit == 1, one, 1 - one).log()


def _sum_of_logs(one, bit):
    """The same with 0 · log 0, which is nan."""
    return bit * one.log() + (1 - bit) * (1 - one).log()


def _score(cond_prob, x, see=_before, term=_log_choice, start=0):
    """The log-probability by the chain rule, with one piece replaced."""
    total = torch.zeros_like(x[:, 0])
    for t in range(start, x.shape[1]):
        total = total + term(cond_prob(see(x, t)), x[:, t])
    return total


def _weighed(**pieces):
    """Both results, with one piece of the chain rule replaced."""
    return lambda c, x: (_score(c, x, **pieces), _score(c, _all_strings(x), **pieces).exp())


def _with_scores(change):
    """Right but for what happens to the scores of x."""
    return lambda c, x: (change(_score(c, x), x), _score(c, _all_strings(x)).exp())


def _with_table(make):
    """Right but for the table."""
    return lambda c, x: (_score(c, x), make(c, x))


def _factors(cond_prob, x):
    """p(x_t | x_<t) for each t, [B, T]."""
    columns = [cond_prob(x[:, :t]) for t in range(x.shape[1])]
    return torch.stack([torch.where(x[:, t] == 1, p, 1 - p) for t, p in enumerate(columns)], 1)


def _grown_table(cond_prob, x):
    """The table, prefix by prefix: each string splits its probability between two longer ones."""
    strings, p = x.new_zeros(1, 0), x.new_ones(1)
    for _ in range(x.shape[1]):
        one = cond_prob(strings)
        p = torch.stack([p * (1 - one), p * one], 1).flatten()
        bit = x.new_tensor([0.0, 1.0]).repeat(len(strings))[:, None]
        strings = torch.cat([strings.repeat_interleave(2, 0), bit], 1)
    return p


def _share_of_data(cond_prob, x):
    numbers = (x.long() * 2 ** torch.arange(x.shape[1] - 1, -1, -1)).sum(1)
    return torch.bincount(numbers, minlength=2 ** x.shape[1]).to(x.dtype) / len(x)


def _rare(prefix):
    """Ones of probability 10⁻²⁰⁰, whatever came before."""
    prefix = _numbers(prefix)
    return prefix.new_full((prefix.shape[0],), 1e-200)


SCORE_AND_ENUMERATE = CodeExercise(
    id="score_and_enumerate",
    title="Capstone: weigh every string",
    statement=(
        "`cond_prob(prefix)` takes bits of shape [B, t] (t may be 0) and returns p(next bit = 1), "
        "[B]. Return two things: log p(x) of each row of the bits `x` [B, T], in nats; and the "
        "exact table of p over **all** 2^T strings of T bits, in the order of binary numbers: "
        "00…00, 00…01, 00…10, …, 11…11. Bits of probability 0 are allowed."
    ),
    level=3,
    reference=score_and_enumerate,
    returns="log p(x) of shape `[B]` and a table of shape `[2**T]`",
    check_float32=False,
    cases=lambda g: [
        Case((_sticky, matrix([0.0, 1.0], [1.0, 1.0])), f"01 and 11: {_STICKY}"),
        Case((_sticky, matrix([1.0])), "one bit: 1 with probability 0.3"),
        Case(
            (_alternating, matrix([0.0, 1.0, 0.0], [1.0, 0.0, 1.0])),
            "certain bits: of all strings only 010 is possible",
        ),
        Case((_mindful, bits(g, 7, 5)), f"7 strings of 5 bits, {_MINDFUL}"),
        Case((_mindful, bits(g, 4, 4)), f"4 strings of 4 bits, {_MINDFUL}"),
        Case((_mindful, bits(g, 1, 8)), f"one string of 8 bits, {_MINDFUL}"),
        Case(
            (_rare, matrix([1.0, 1.0, 1.0], [0.0, 1.0, 0.0])),
            "ones of probability 10⁻²⁰⁰, three of them in a row",
        ),
    ],
    alternatives=[
        lambda c, x: (_factors(c, x).log().sum(1), _grown_table(c, x)),
        lambda c, x: (_factors(c, x).log().sum(1), _factors(c, _all_strings(x)).prod(1)),
    ],
    wrong=[
        *(
            Wrong(
                "last-bit-first",
                solve,
                "Your table counts up in the **first** bit of the string. As in all binary "
                "numbers, which bit should change fastest?",
            )
            for solve in (
                _with_table(lambda c, x: _score(c, _all_strings(x, reverse=True)).exp()),
                lambda c, x: (
                    _score(c, x, term=_sum_of_logs),
                    _score(c, _all_strings(x, True), term=_sum_of_logs).exp(),
                ),
            )
        ),
        *(
            Wrong(
                "table-of-logs",
                solve,
                "Your table holds logs; the question asks for probabilities. What should it sum "
                "to?",
            )
            for solve in (
                _with_table(lambda c, x: _score(c, _all_strings(x))),
                lambda c, x: (
                    _score(c, x, term=_sum_of_logs),
                    _score(c, _all_strings(x), term=_sum_of_logs),
                ),
            )
        ),
        *(
            Wrong(
                "table-of-data",
                solve,
                "Your table holds the rows of x only. How many strings of T bits are there?",
            )
            for solve in (
                _with_table(lambda c, x: _score(c, x).exp()),
                lambda c, x: (
                    _score(c, x, term=_sum_of_logs),
                    _score(c, x, term=_sum_of_logs).exp(),
                ),
            )
        ),
        Wrong(
            "counts",
            _with_table(_share_of_data),
            "You counted how often each string occurs in x. The table is the **model's**: what "
            "does it give to a string that never occurred?",
        ),
        Wrong(
            "uniform-table",
            _with_table(lambda c, x: x.new_full((2 ** x.shape[1],), 0.5 ** x.shape[1])),
            "Your table gives the same to every string. Have you asked the model?",
        ),
        Wrong(
            "cube",
            _with_table(lambda c, x: _score(c, _all_strings(x)).exp().view([2] * x.shape[1])),
            "All the numbers are there, one axis for each bit. The question asks for one long "
            "list.",
        ),
        Wrong(
            "swapped",
            lambda c, x: (_score(c, _all_strings(x)).exp(), _score(c, x)),
            "You return the two in the other order.",
        ),
        Wrong(
            "probability",
            _with_scores(lambda score, x: score.exp()),
            "The first value is the probability of x. The question asks for its log.",
        ),
        Wrong(
            "log-of-product",
            lambda c, x: (_factors(c, x).prod(1).log(), _factors(c, _all_strings(x)).prod(1)),
            "The right formula, but the product of x's probabilities underflows to 0, and log 0 "
            "is −inf. When should the log come?",
        ),
        Wrong(
            "mean-over-bits",
            _with_scores(lambda score, x: score / x.shape[1]),
            "The first value is per bit. What does the log make of the product of the chain rule?",
        ),
        Wrong(
            "in-bits",
            _with_scores(lambda score, x: score / LN2),
            "The first value is in bits. The question asks for nats.",
        ),
        Wrong(
            "negative",
            _with_scores(lambda score, x: -score),
            "The first value is −log p(x). The question asks for log p(x), which is never "
            "positive.",
        ),
        Wrong(
            "batch-sum",
            _with_scores(lambda score, x: score.sum()),
            "You added up over the batch. The question asks for one value for each row of x.",
        ),
        Wrong(
            "batch-mean",
            _with_scores(lambda score, x: score.mean()),
            "You averaged over the batch. The question asks for one value for each row of x.",
        ),
        *(
            Wrong(
                "zeros-ignored",
                _weighed(term=term),
                "`cond_prob` gives the probability of a **1**. What does a 0 contribute?",
            )
            for term in (
                lambda one, bit: one.log(),
                lambda one, bit: torch.where(bit == 1, one.log(), 0.0),
            )
        ),
        Wrong(
            "inverted",
            _weighed(term=lambda one, bit: _log_choice(1 - one, bit)),
            "Ones and zeros are swapped: `cond_prob` gives the probability of a 1.",
        ),
        Wrong(
            "zero-times-log-zero",
            _weighed(term=_sum_of_logs),
            "The right formula, but where a bit is certain, 0 · log 0 is nan to the machine. Ask "
            "for the log of what did happen only.",
        ),
        *(
            Wrong(
                "epsilon",
                _weighed(
                    term=lambda one, bit, small=small: (
                        torch.where(bit == 1, one, 1 - one) + small
                    ).log()
                ),
                "The small number in the log makes the impossible possible. Here log 0 = −inf is "
                "what it should be.",
            )
            for small in (*_SMALL, 1e-30, 1e-300)
        ),
        *(
            Wrong(
                "sees-itself",
                solve,
                "Bit t is predicted from a prefix that contains bit t. Which bits does the slice "
                "`[:t]` hold?",
            )
            for solve in (
                _weighed(see=lambda x, t: x[:, : t + 1]),
                _weighed(see=lambda x, t: x[:, : t + 1], term=_sum_of_logs),
            )
        ),
        *(
            Wrong(
                "prefix-too-short",
                _weighed(see=see),
                "Your prefix is one bit short: bit t may see all bits before t.",
            )
            for see in (lambda x, t: x[:, : max(t - 1, 0)], lambda x, t: x[:, : t - 1])
        ),
        *(
            Wrong(
                "whole-string",
                solve,
                "The model sees the whole string, the future included. What is x_<t?",
            )
            for solve in (
                _weighed(see=lambda x, t: x),
                _weighed(see=lambda x, t: x, term=_sum_of_logs),
            )
        ),
        *(
            Wrong(
                "empty-prefix",
                solve,
                "Every bit is scored as if it were the first. What does the chain rule condition "
                "on?",
            )
            for solve in (
                _weighed(see=lambda x, t: x[:, :0]),
                _weighed(see=lambda x, t: x[:, :0], term=_sum_of_logs),
            )
        ),
        Wrong(
            "zero-prefix",
            _weighed(see=lambda x, t: torch.zeros_like(x[:, :t])),
            "Every bit is scored after a prefix of zeros. Which bits really came before?",
        ),
        *(
            Wrong(
                "last-bit-only",
                solve,
                "Only the last bit is passed on. The model conditions on **all** earlier ones.",
            )
            for solve in (
                _weighed(see=lambda x, t: x[:, max(t - 1, 0) : t]),
                _weighed(see=lambda x, t: x[:, max(t - 1, 0) : t], term=_sum_of_logs),
            )
        ),
        Wrong(
            "backward",
            _weighed(see=lambda x, t: x[:, t + 1 :]),
            "Your bits are scored from those **after** them. This model reads forward.",
        ),
        *(
            Wrong(
                "first-bit-missing",
                solve,
                "The factor of the first bit is missing: what does the model say for an empty "
                "prefix?",
            )
            for solve in (
                _weighed(start=1),
                _weighed(start=1, term=_sum_of_logs),
            )
        ),
        Wrong(
            "last-factor",
            lambda c, x: (
                _factors(c, x)[:, -1].log(),
                _factors(c, _all_strings(x))[:, -1],
            ),
            "That is the last factor alone. The chain rule multiplies all of them.",
        ),
        Wrong(
            "sum-of-probabilities",
            lambda c, x: (_factors(c, x).sum(1), _factors(c, _all_strings(x)).sum(1)),
            "You added probabilities. The chain rule is a product; it is the logs that add.",
        ),
        Wrong(
            "log-of-sum",
            lambda c, x: (_factors(c, x).sum(1).log(), _factors(c, _all_strings(x)).prod(1)),
            "The first value is the log of a **sum**. The chain rule is a product.",
        ),
        Wrong(
            "per-bit",
            lambda c, x: (_factors(c, x).log(), _factors(c, _all_strings(x)).prod(1)),
            "The first value has one log for each bit. What do the factors of one string do?",
        ),
    ],
    hints=[
        "One function that scores any batch of strings does both jobs.",
        "Factor t: ask `cond_prob` for the prefix before t. It speaks of a 1; what if bit t is 0?",
        "How do you write the number n in binary, with T digits? Check that your table sums to 1.",
    ],
    equivalents={
        "T = x.shape[-1]": "of two axes, 1 is the last",
        "for t in range(strings.shape[-1]):": "of two axes, 1 is the last",
        "every = (1 & numbers >> places).to(x.dtype)": "`and` in the other order",
    },
)


EXERCISES = [
    FULL_TABLE,
    ORDERING,
    SEQUENCE_LOGPROB,
    SOFT_CROSS_ENTROPY,
    PERPLEXITY_UNIFORM,
    PERPLEXITY_MIXED,
    PERPLEXITY,
    BITS_PER_DIM,
    FVSBN,
    MADE_MASKS,
    CAUSAL_ATTENTION,
    ANCESTRAL_SAMPLE,
    TEMPERATURE_PROBS,
    TEMPERATURE_SEQUENCE,
    GREEDY,
    EOS_LENGTHS,
    SCORE_AND_ENUMERATE,
]
