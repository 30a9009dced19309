"""Exercises of the chapter on latent variables."""

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
from ._tools import bits, matrix, normal, simplex, uniform, vector

NUMBER = 6
LN2 = math.log(2)
INF = math.inf
_SMALL = (1e-6, 1e-8, 1e-10, 1e-12, 1e-20, 1e-45)


# ------------------------------------------------------------------ how many genotypes?
GENOTYPES = NumberExercise(
    id="how_many_genotypes",
    title="Predict: how long is the sum?",
    statement=(
        "A model of faces has 20 genes, each in one of 3 variants. To get p(x) of one face it sums "
        "p(z) p(x | z) over all genotypes z. How many terms are in that sum?"
    ),
    truth=3**20,
    written="3**20",
    because=(
        "Every gene multiplies the number by 3: 3,486,784,401 decoder calls for one face. Genes "
        "are “just combinatorial”, and that is both the charm and the trouble."
    ),
    rtol=1e-11,
    wrong=[
        WrongNumber(
            60,
            "added",
            "You added the variants up. A genotype fixes **all** genes at once: how many pairs do "
            "two genes make?",
        ),
        WrongNumber(
            8000,
            "base-and-exponent",
            "With one more gene your number would grow from 8000 to 9261. By which factor should "
            "it grow?",
        ),
        WrongNumber(
            2**20,
            "two-variants",
            "That would be right for switches that are on or off. How many variants are there?",
        ),
        WrongNumber(
            3**20 - 1,
            "minus-one",
            "One less is the number of free probabilities of the prior. Is a term of the sum left "
            "out because the prior adds up to 1?",
        ),
        WrongNumber(
            3**19,
            "one-gene-missing",
            "The right form, but one gene short. Try it for one gene alone.",
        ),
        WrongNumber(
            3**21,
            "one-gene-too-many",
            "The right form, but one gene too many. Try it for one gene alone.",
        ),
        WrongNumber(
            20,
            "one-a-gene",
            "That is one term for each gene. The sum runs over settings of all genes together.",
        ),
        WrongNumber(
            3,
            "variants",
            "That is the sum over a single gene. And the other nineteen?",
        ),
        WrongNumber(
            23,
            "sizes-added",
            "You added the number of genes and the number of variants. How many genotypes do two "
            "genes make?",
        ),
        WrongNumber(
            40,
            "switches-added",
            "You added two settings for each gene. There are three variants here, and a genotype "
            "fixes **all** genes at once.",
        ),
        WrongNumber(
            400,
            "pairs",
            "You counted pairs of genes. The sum runs over settings of all genes together.",
        ),
        WrongNumber(
            3**8,
            "eight-genes",
            "The right form, for the eight genes of the text. How many are there here?",
        ),
        WrongNumber(
            2**8,
            "eight-switches",
            "That is the world of the text, eight switches. Here are more genes, with more "
            "variants.",
        ),
        WrongNumber(
            20 * 19 * 18,
            "choose-in-order",
            "You chose 3 of the 20 genes, in order. Here each of the 20 takes one of 3 values.",
        ),
        WrongNumber(
            math.comb(20, 3),
            "choose",
            "You chose 3 of the 20 genes. Here each of the 20 takes one of 3 values.",
        ),
        WrongNumber(
            math.comb(22, 2),
            "unordered",
            "You counted how many genes have each variant, but not which ones. Brown hair and "
            "blue eyes is another face than blue hair and brown eyes.",
        ),
        WrongNumber(
            math.factorial(20),
            "orders",
            "That counts the orders of the genes. A gene keeps its place; its variant changes.",
        ),
        *(
            WrongNumber(
                size,
                "about",
                "The size is right: billions. Please write the exact number; a power will do.",
            )
            for size in (3.5e9, 3.49e9, 3.487e9, 3.4868e9, 3.48678e9, 3.486784e9)
        ),
    ],
    hints=[
        "Start with one gene, then two. How many genotypes are there?",
        "Each further gene turns one genotype into how many?",
    ],
)


# ------------------------------------------------------------------ dependent afterwards
TWO_GENES = NumberExercise(
    id="two_genes",
    title="Predict: two genes, one trait",
    statement=(
        "Two genes are on or off, independently, each with probability ½. Dots on the cheeks show "
        "if **at least one** is on. You see dots. What is the probability that both genes are on?"
    ),
    truth=1 / 3,
    written="1/3",
    because=(
        "Three of four equally likely genotypes make dots, one of them with both genes on. Each "
        "gene is on with probability ⅔, but ⅔ · ⅔ is not ⅓: given x, the genes **depend** on each "
        "other."
    ),
    probability=True,
    rtol=0.01,
    wrong=[
        WrongNumber(
            1 / 4,
            "prior",
            "That is the prior. Has seeing dots ruled out any genotype?",
        ),
        WrongNumber(
            4 / 9,
            "multiplied",
            "You multiplied the posteriors of the two genes. They were independent **before** you "
            "saw x. Are they still?",
        ),
        WrongNumber(
            2 / 3,
            "one-gene",
            "That is the posterior probability that the first gene is on. Or that exactly one is. "
            "The question asks for both.",
        ),
        WrongNumber(
            1 / 2,
            "other-gene-known",
            "That holds if you are told that the first gene is on. Dots alone tell less.",
        ),
        WrongNumber(
            3 / 4,
            "evidence",
            "That is p(x), the probability of dots. What is it needed for?",
        ),
        WrongNumber(
            3 / 8,
            "half-of-evidence",
            "You halved p(x). Take the genotypes that make dots: do half of them have both genes "
            "on?",
        ),
        WrongNumber(
            1,
            "certain",
            "Both genes on is enough for dots, but not needed. What else could explain them?",
        ),
        WrongNumber(
            0,
            "exclusive",
            "One gene is enough, but a second one does no harm: “at least one” includes both.",
        ),
    ],
    hints=[
        "List the four genotypes with their prior probabilities.",
        "Cross out what cannot make dots. What is left must sum to 1 again.",
    ],
)


# ------------------------------------------------------------------ the sum over z
def log_marginal(log_prior, log_lik):
    """log p(z) [K] and log p(x | z) [B, K] -> log p(x) in nats, shape [B]."""
    return torch.logsumexp(log_prior + log_lik, -1)


def _shifted_by_hand(log_prior, log_lik):
    joint = log_prior + log_lik
    top = joint.max(-1, keepdim=True).values
    return top.squeeze(-1) + (joint - top).exp().sum(-1).log()


def _one_shift(log_prior, log_lik):
    joint = log_prior + log_lik
    return joint.max() + (joint - joint.max()).exp().sum(-1).log()


def _log_marginal_cases(g):
    return [
        Case(
            (matrix([0.5, 0.5])[0].log(), matrix([0.2, 0.6]).log()),
            "two states, ½ each, with likelihoods 0.2 and 0.6: log 0.4",
        ),
        Case(
            (vector(0.9, 0.1).log(), matrix([0.5, 0.1], [0.1, 0.5]).log()),
            "a common and a rare state, two images",
        ),
        Case((vector(0.0), matrix([-2.0], [-3.0])), "a single state: nothing to sum"),
        Case((simplex(g, 5).log(), normal(g, 3, 5) - 2.0), "B = 3, K = 5"),
        Case((simplex(g, 4).log(), normal(g, 4, 4) - 2.0), "B = K = 4"),
        Case((simplex(g, 3).log(), normal(g, 1, 3) + 4.0), "one image; densities may exceed 1"),
        Case(
            (simplex(g, 256).log(), normal(g, 2, 256, scale=3.0) - 1000.0),
            "256 states, log-likelihoods near −1000",
        ),
        Case(
            (simplex(g, 4).log(), normal(g, 3, 4, scale=2.0) + 1000.0),
            "log-densities near +1000",
        ),
        Case(
            (vector(0.5, 0.5, 0.0).log(), matrix([-1.0, -2.0, -3.0], [-4.0, -INF, -1.0])),
            "a state that never occurs, and one that cannot make this image",
            smooth=False,
        ),
        Case(
            (vector(0.5, 0.5).log(), matrix([-INF, -INF], [-1.0, -1.0])),
            "the first image cannot be made at all: log 0",
            smooth=False,
        ),
        Case(
            (simplex(g, 3).log(), normal(g, 3, 3) + matrix([0.0], [-1500.0], [900.0])),
            "three images, one hundreds of nats likelier than the next",
        ),
    ]


LOG_MARGINAL = CodeExercise(
    id="log_marginal",
    title="Sum out what you cannot see",
    statement=(
        "`log_prior[k]` is log p(z = k), `log_lik[b, k]` is log p(x_b | z = k). Return log p(x_b) "
        "for each image, in nats. States and images may have probability 0 (−inf), and for whole "
        "images log p(x | z) is a number like −1000, or +1000 if it is the log of a density."
    ),
    reference=log_marginal,
    returns="a tensor of shape `[B]`",
    unit="nats",
    grad_args=(1,),
    cases=_log_marginal_cases,
    alternatives=[
        lambda log_prior, log_lik: (log_lik.mT + log_prior[:, None]).logsumexp(0),
        lambda log_prior, log_lik: torch.stack(
            [torch.logsumexp(row + log_prior, 0) for row in log_lik]
        ),
        lambda log_prior, log_lik: torch.logsumexp(log_lik + log_prior.expand_as(log_lik), dim=1),
    ],
    wrong=[
        Wrong(
            "no-prior",
            lambda log_prior, log_lik: torch.logsumexp(log_lik, -1),
            "Every state counts fully, however rare it is. Where does p(z) come in?",
        ),
        *(
            Wrong(
                "equal-states",
                solve,
                "A plain average treats all states as equally likely. Here the prior says how "
                "likely each one is.",
            )
            for solve in (
                lambda log_prior, log_lik: (
                    torch.logsumexp(log_lik, -1) - math.log(log_lik.shape[-1])
                ),
                lambda log_prior, log_lik: log_lik.exp().mean(-1).log(),
            )
        ),
        *(
            Wrong(
                "average-of-logs",
                solve,
                "You averaged the **logs** of p(x | z). The marginal is an average of the "
                "probabilities themselves, and log and average do not commute. Which one comes "
                "first?",
            )
            for solve in (
                lambda log_prior, log_lik: (log_prior.exp() * log_lik).sum(-1),
                lambda log_prior, log_lik: torch.where(
                    log_prior > -INF, log_prior.exp() * log_lik, 0.0
                ).sum(-1),
                lambda log_prior, log_lik: log_lik @ log_prior.exp(),
            )
        ),
        Wrong(
            "average-of-log-joint",
            lambda log_prior, log_lik: (log_prior.exp() * (log_prior + log_lik)).sum(-1),
            "You averaged the logs of the joint. The marginal adds the joint probabilities "
            "themselves: in which order do sum and log come?",
        ),
        Wrong(
            "product",
            lambda log_prior, log_lik: (log_prior + log_lik).sum(-1),
            "Adding the logs of all states multiplies their probabilities, as if z took all values "
            "at once. z is one of them: what does “or” do to probabilities?",
        ),
        *(
            Wrong(
                "unstable",
                solve,
                "The right formula, but exp(−1000) is an exact 0 and exp(1000) is inf. Which "
                "function adds probabilities without ever leaving the logs?",
            )
            for solve in (
                lambda log_prior, log_lik: (log_prior + log_lik).exp().sum(-1).log(),
                lambda log_prior, log_lik: (log_prior.exp() * log_lik.exp()).sum(-1).log(),
                lambda log_prior, log_lik: (log_lik.exp() @ log_prior.exp()).log(),
            )
        ),
        *(
            Wrong(
                "epsilon",
                lambda log_prior, log_lik, small=small: (
                    (log_prior + log_lik).exp().sum(-1) + small
                ).log(),
                "The small number decides how unlikely an image can be, and real images are far "
                "less likely. Can you add probabilities without leaving the logs?",
            )
            for small in _SMALL
        ),
        Wrong(
            "best-state",
            lambda log_prior, log_lik: (log_prior + log_lik).max(-1).values,
            "That is the joint probability of the most likely state alone. It comes close when one "
            "state explains nearly everything, but the others count too.",
        ),
        Wrong(
            "likeliest-image",
            lambda log_prior, log_lik: log_lik.max(-1).values,
            "You let the best state explain the image and ignore how rare that state is.",
        ),
        Wrong(
            "probability",
            lambda log_prior, log_lik: (log_prior + log_lik).exp().sum(-1),
            "This is p(x) itself. The question asks for its log, and p(x) of a whole image "
            "underflows to 0.",
        ),
        Wrong(
            "wrong-axis",
            lambda log_prior, log_lik: torch.logsumexp(log_prior + log_lik, 0),
            "You summed over the images. Which axis holds the states?",
        ),
        Wrong(
            "over-everything",
            lambda log_prior, log_lik: torch.logsumexp((log_prior + log_lik).flatten(), 0),
            "You added up images as well as states. Each image has a probability of its own.",
        ),
        Wrong(
            "multiplied-logs",
            lambda log_prior, log_lik: torch.logsumexp(log_prior * log_lik, -1),
            "Probabilities multiply. What do their logs do?",
        ),
        *(
            Wrong(
                "mixed-scales",
                solve,
                "One of the two is a log, the other a probability. Bring both to the same scale "
                "before you combine them.",
            )
            for solve in (
                lambda log_prior, log_lik: torch.logsumexp(log_prior.exp() + log_lik, -1),
                lambda log_prior, log_lik: torch.logsumexp(log_prior.exp() * log_lik, -1),
                lambda log_prior, log_lik: (log_prior * log_lik.exp()).sum(-1),
            )
        ),
        Wrong(
            "divided-again",
            lambda log_prior, log_lik: (
                torch.logsumexp(log_prior + log_lik, -1) - math.log(log_lik.shape[-1])
            ),
            "You divide by the number of states on top. The prior already is the set of weights, "
            "and it sums to 1.",
        ),
        Wrong(
            "posterior",
            lambda log_prior, log_lik: torch.softmax(log_prior + log_lik, -1),
            "That is the posterior p(z | x), one number for each state. The evidence p(x) is what "
            "it was divided by.",
        ),
        Wrong(
            "log-posterior",
            lambda log_prior, log_lik: torch.log_softmax(log_prior + log_lik, -1),
            "That is log p(z | x), one number for each state. What was subtracted to normalize it?",
        ),
        Wrong(
            "joint",
            lambda log_prior, log_lik: log_prior + log_lik,
            "That is the log of the joint, one number for each pair of image and state. z is not "
            "summed out yet.",
        ),
        Wrong(
            "normalized-likelihood",
            lambda log_prior, log_lik: torch.logsumexp(
                log_prior + torch.log_softmax(log_lik, -1), -1
            ),
            "You made the likelihoods sum to 1 over the states. p(x | z) is a distribution over "
            "**x**; over z it may sum to anything.",
        ),
        Wrong(
            "mean-of-log-joint",
            lambda log_prior, log_lik: (log_prior + log_lik).mean(-1),
            "You averaged the logs of the joint. p(x) adds joint **probabilities**: in which order "
            "do sum and log come?",
        ),
        Wrong(
            "minus-prior",
            lambda log_prior, log_lik: torch.logsumexp(log_lik - log_prior, -1),
            "You divided by the prior. A rare state should count less, not more.",
        ),
        Wrong(
            "commonest-state",
            lambda log_prior, log_lik: log_lik[:, log_prior.argmax()],
            "You only ask the most common state how likely x is. The others can make x too.",
        ),
        Wrong(
            "no-impossible",
            lambda log_prior, log_lik: torch.logsumexp(log_prior + log_lik, -1).nan_to_num(),
            "An image that no state can make has log-probability −inf, and that is the right "
            "answer.",
        ),
        Wrong(
            "prior-axis",
            lambda log_prior, log_lik: torch.logsumexp(log_prior[:, None] + log_lik, -1),
            "Your prior runs along the images. Which axis of `log_lik` holds the states?",
        ),
        Wrong(
            "sum-of-products",
            lambda log_prior, log_lik: (log_prior * log_lik).sum(-1),
            "You multiplied logs and added the products. p(x) does that with **probabilities**.",
        ),
        Wrong(
            "one-shift",
            _one_shift,
            "You subtract one number from the whole batch. That saves the likeliest image; the "
            "others still underflow. How large a shift does each image need?",
        ),
        Wrong(
            "shift-of-nothing",
            _shifted_by_hand,
            "Nearly: if no state can make x, the largest log is −inf, and −inf minus −inf is nan. "
            "`torch.logsumexp` knows that.",
        ),
    ],
    hints=[
        "p(x) = Σ_z p(z) p(x | z): one product for each state, then a sum. What is each of these "
        "two steps on the side of the logs?",
        "Over which axis of `[B, K]` do the states run?",
        "`torch` has one function for exp, sum and log together, and it never overflows.",
    ],
    equivalents={
        "return torch.logsumexp(log_prior + log_lik, 1)": "of two axes, 1 is the last",
        "return torch.logsumexp(log_prior + log_lik, --1)": "of two axes, 1 is the last",
    },
)


# ------------------------------------------------------------------ mixtures
MIXTURE_VARIANCE = NumberExercise(
    id="mixture_variance",
    title="Predict: how wide is a mixture?",
    statement=(
        "Flip a fair coin z. Heads: x ~ N(2, 1). Tails: x ~ N(−2, 1). What is the variance of x?"
    ),
    truth=5,
    written="5",
    because=(
        "1 within each bump and 4 between their means: the law of total variance. No Gaussian "
        "piece is that wide; not knowing z makes x wider."
    ),
    level=2,
    rtol=0.01,
    wrong=[
        WrongNumber(
            1,
            "within",
            "That is the variance **given z**. You do not know z: where can x be now?",
        ),
        WrongNumber(
            4,
            "between",
            "That is how far the two means are spread. Each bump has a width of its own, too.",
        ),
        WrongNumber(
            0.5,
            "average-of-variables",
            "That is the variance of the **average** of two draws. A mixture picks one of the two; "
            "it does not blend them. Draw the density.",
        ),
        WrongNumber(
            2,
            "sum-of-variables",
            "You added the variances, as for a **sum** of two independent numbers. A mixture picks "
            "one of the two.",
        ),
        WrongNumber(
            math.sqrt(5),
            "standard-deviation",
            "That is the standard deviation. The question asks for the variance.",
        ),
        WrongNumber(
            3,
            "not-squared",
            "One of the two parts has entered without its square. In which units is a variance?",
        ),
        WrongNumber(
            17,
            "whole-distance",
            "You measured how far one mean lies from the other. A variance measures from the mean "
            "of x: where is that?",
        ),
        WrongNumber(
            16,
            "distance-of-means",
            "That is the squared distance from one mean to the other. A variance measures from the "
            "mean of x: where is that? And each bump has a width of its own.",
        ),
        WrongNumber(
            6,
            "variances-added",
            "The bumps lie where you think, but you count the width of both. You are in one of "
            "them at a time.",
        ),
        WrongNumber(
            8,
            "between-summed",
            "You added the squared distances of both means from the middle. You are in one bump at "
            "a time, so average them; and what about the width of the bump itself?",
        ),
        WrongNumber(
            2.5,
            "parts-averaged",
            "You averaged the width of the bumps and the spread of their means. Both already are "
            "averages over z. How does the law of total variance combine them?",
        ),
        WrongNumber(
            0,
            "mean",
            "That is the mean of x. The variance is the mean squared distance from it.",
        ),
        WrongNumber(
            9,
            "one-sided",
            "You took E[x²] for one bump with the width added before squaring. Expand E[x²] of "
            "N(2, 1) with care.",
        ),
    ],
    hints=[
        "Draw the density. Where is its mean, and how far from it is x typically?",
        "Two sources of spread: inside a bump, and from bump to bump. Measure both as variances.",
    ],
)


def responsibilities(x, weights, means, std):
    """x [B, D]; weights [K], means [K, D], std [K] of a mixture -> p(z = k | x), shape [B, K]."""
    squared = (x[:, None] - means).square().sum(-1)
    log_lik = -0.5 * squared / std**2 - x.shape[-1] * std.log()
    return torch.softmax(weights.log() + log_lik, -1)


def _squared(x, means):
    return (x[:, None] - means).square().sum(-1)


def _log_normal(x, means, std):
    return -0.5 * _squared(x, means) / std**2 - x.shape[-1] * (std.log() + LN2 / 2)


def _log_density(x, means, std):
    return torch.distributions.Normal(means, std[:, None]).log_prob(x[:, None]).sum(-1)


def _densities(x, means, std):
    return torch.distributions.Normal(means, std[:, None]).log_prob(x[:, None]).exp()


def _over_sum(p):
    return p / p.sum(-1, keepdim=True)


def _mixture(g, batch, size, count, scale=2.0):
    return (
        normal(g, batch, size, scale=scale),
        simplex(g, count),
        normal(g, count, size, scale=scale),
        uniform(g, count, low=0.5, high=2.0),
    )


def _responsibility_cases(g):
    x, weights, means, std = _mixture(g, 4, 3, 3)
    wide = matrix([1000.0, -1000.0], [-1000.0, 3.0], [0.1, 0.2])
    return [
        Case(
            (matrix([0.0]), vector(0.5, 0.5), matrix([-1.0], [1.0]), vector(1.0, 1.0)),
            "half way between two equal bumps: ½ each",
        ),
        Case(
            (matrix([0.0]), vector(0.8, 0.2), matrix([-1.0], [1.0]), vector(1.0, 1.0)),
            "half way between a common and a rare one",
        ),
        Case(
            (matrix([0.0]), vector(0.5, 0.5), matrix([0.0], [0.0]), vector(1.0, 4.0)),
            "the center of a narrow and a wide bump",
        ),
        Case(
            (matrix([0.0, 0.0, 0.0]), vector(0.5, 0.5), matrix([0.0] * 3, [0.0] * 3), vector(1, 2)),
            "the same in three dimensions",
        ),
        Case(_mixture(g, 5, 2, 4), "B = 5, D = 2, K = 4"),
        Case((x[:3], weights, means, std), "B = D = K = 3"),
        Case(_mixture(g, 1, 4, 2, scale=0.5), "a single point"),
        Case(_mixture(g, 3, 2, 1), "a single component explains everything"),
        Case(
            (wide, vector(0.3, 0.3, 0.4), matrix([0.0, 0.0], [2.0, -5.0], [-900.0, 5.0]), std),
            "points as far out as ±1000",
        ),
        Case(
            (torch.cat([x[:3], means[1:2]]), vector(0.4, 0.0, 0.6), means, std),
            "a component of weight 0, and a point at its center",
            smooth=False,
        ),
    ]


RESPONSIBILITIES = CodeExercise(
    id="responsibilities",
    title="Which component made this point?",
    statement=(
        "A mixture of K Gaussians in D dimensions: z = k with probability `weights[k]`, and then x "
        "is normal around `means[k]`, with standard deviation `std[k]` in every direction, "
        "independently. Return the posterior p(z = k | x) for each point. Points may lie far out, "
        "and a weight may be 0."
    ),
    level=2,
    reference=responsibilities,
    returns="probabilities of shape `[B, K]`",
    grad_args=(0, 2, 3),
    cases=_responsibility_cases,
    kinds=[
        ("components differ in width", lambda x, w, m, s: bool((s != s[0]).any())),
        ("weights differ", lambda x, w, m, s: bool((w != w[0]).any())),
        ("there is more than one dimension", lambda x, w, m, s: x.shape[1] > 1),
    ],
    alternatives=[
        lambda x, weights, means, std: torch.softmax(
            weights.log()
            + torch.distributions.Normal(means, std[:, None]).log_prob(x[:, None]).sum(-1),
            -1,
        ),
        lambda x, weights, means, std: (
            lambda joint: (joint - joint.logsumexp(-1, keepdim=True)).exp()
        )(weights.log() + _log_normal(x, means, std)),
    ],
    wrong=[
        Wrong(
            "no-weights",
            lambda x, weights, means, std: torch.softmax(_log_normal(x, means, std), -1),
            "Only the likelihoods count here. Before you see x, are all components equally likely?",
        ),
        *(
            Wrong(
                "no-normalizer",
                solve,
                "A wide Gaussian pays for its width: its density is lower at the center. Which "
                "factor in front of exp depends on the component?",
            )
            for solve in (
                lambda x, weights, means, std: torch.softmax(
                    weights.log() - 0.5 * _squared(x, means) / std**2, -1
                ),
                lambda x, weights, means, std: _over_sum(
                    weights * (-0.5 * _squared(x, means) / std**2).exp()
                ),
            )
        ),
        *(
            Wrong(
                "one-dimension",
                solve,
                "Nearly: your normalizer is that of one dimension. Every dimension brings its own.",
            )
            for solve in (
                lambda x, weights, means, std: torch.softmax(
                    weights.log() - 0.5 * _squared(x, means) / std**2 - std.log(), -1
                ),
                lambda x, weights, means, std: _over_sum(
                    weights * (-0.5 * _squared(x, means) / std**2).exp() / std
                ),
            )
        ),
        *(
            Wrong(
                "each-coordinate",
                solve,
                "You normalize in each coordinate, and multiply then. One z made all coordinates "
                "of a point: which of the two steps comes first?",
            )
            for solve in (
                lambda x, weights, means, std: _over_sum(
                    (weights[:, None] * _densities(x, means, std)).mT
                ).prod(-2),
                lambda x, weights, means, std: torch.softmax(
                    (weights.log()[:, None] + _densities(x, means, std).log()).mT, -1
                ).prod(-2),
            )
        ),
        *(
            Wrong(
                "log-joint",
                solve,
                "That is the log of the joint, perhaps up to a constant. What makes a posterior of "
                "the joint, and how do you leave the logs?",
            )
            for solve in (
                lambda x, weights, means, std: weights.log() + _log_density(x, means, std),
                lambda x, weights, means, std: (
                    weights.log() - 0.5 * _squared(x, means) / std**2 - x.shape[-1] * std.log()
                ),
            )
        ),
        *(
            Wrong(
                "weights-times-logs",
                solve,
                "Weights multiply densities. What do they do to **log**-densities?",
            )
            for solve in (
                lambda x, weights, means, std: torch.softmax(
                    weights * _log_density(x, means, std), -1
                ),
                lambda x, weights, means, std: torch.softmax(
                    weights * (-0.5 * _squared(x, means) / std**2 - x.shape[-1] * std.log()), -1
                ),
            )
        ),
        *(
            Wrong(
                "epsilon-weight",
                lambda x, weights, means, std, small=small: torch.softmax(
                    (weights + small).log() + _log_normal(x, means, std), -1
                ),
                "You keep log 0 away with a small number. So a component of weight 0 gets a share "
                "of every point. Its log is −inf; can softmax live with that?",
            )
            for small in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
        ),
        Wrong(
            "normalizer-sign",
            lambda x, weights, means, std: torch.softmax(
                weights.log() - 0.5 * _squared(x, means) / std**2 + x.shape[-1] * std.log(),
                -1,
            ),
            "You reward wide components. Is a wide density higher or lower at its center?",
        ),
        Wrong(
            "no-half",
            lambda x, weights, means, std: torch.softmax(
                weights.log() - _squared(x, means) / std**2 - x.shape[-1] * std.log(), -1
            ),
            "Your distances count twice as much as in a Gaussian. Look at its exponent once more.",
        ),
        Wrong(
            "std-not-squared",
            lambda x, weights, means, std: torch.softmax(
                weights.log() - 0.5 * _squared(x, means) / std - x.shape[-1] * std.log(), -1
            ),
            "You use `std` as if it were the variance. In which units is a squared distance?",
        ),
        Wrong(
            "variance-in-normalizer",
            lambda x, weights, means, std: torch.softmax(
                weights.log() - 0.5 * _squared(x, means) / std**2 - 2 * x.shape[-1] * std.log(),
                -1,
            ),
            "The exponent is right. In the normalizer the width enters twice as strongly as it "
            "should: is it σ or σ² that stands under the square root?",
        ),
        Wrong(
            "distance-not-squared",
            lambda x, weights, means, std: torch.softmax(
                weights.log() - 0.5 * _squared(x, means).sqrt() / std**2 - x.shape[-1] * std.log(),
                -1,
            ),
            "You use distances, a Gaussian uses their squares.",
        ),
        Wrong(
            "far-is-good",
            lambda x, weights, means, std: torch.softmax(
                weights.log() + 0.5 * _squared(x, means) / std**2 - x.shape[-1] * std.log(), -1
            ),
            "With this sign a component is the more responsible the farther away it is.",
        ),
        Wrong(
            "mean-over-dimensions",
            lambda x, weights, means, std: torch.softmax(
                weights.log() - 0.5 * _squared(x, means) / std**2 / x.shape[-1] - std.log(),
                -1,
            ),
            "You averaged over the dimensions. Independent coordinates multiply their densities: "
            "what do the logs do?",
        ),
        *(
            Wrong(
                "unstable",
                solve,
                "The right formula, but far from all components every density underflows to 0, and "
                "0/0 is nan. Can you normalize without leaving the logs?",
            )
            for solve in (
                lambda x, weights, means, std: _over_sum(
                    weights * _log_normal(x, means, std).exp()
                ),
                lambda x, weights, means, std: _over_sum(
                    (weights.log() + _log_normal(x, means, std)).exp()
                ),
                lambda x, weights, means, std: _over_sum(
                    weights
                    * torch.distributions.Normal(means, std[:, None])
                    .log_prob(x[:, None])
                    .sum(-1)
                    .exp()
                ),
            )
        ),
        *(
            Wrong(
                "epsilon",
                lambda x, weights, means, std, small=small: (
                    lambda p: p / (p.sum(-1, True) + small)
                )(
                    weights
                    * torch.distributions.Normal(means, std[:, None])
                    .log_prob(x[:, None])
                    .sum(-1)
                    .exp()
                ),
                "The small number removes nan, but far out no component is responsible any more: "
                "your rows do not sum to 1. Can you normalize without leaving the logs?",
            )
            for small in _SMALL
        ),
        Wrong(
            "joint",
            lambda x, weights, means, std: (
                weights
                * torch.distributions.Normal(means, std[:, None]).log_prob(x[:, None]).sum(-1).exp()
            ),
            "That is the joint p(z, x). What makes a posterior of it?",
        ),
        Wrong(
            "likelihood",
            lambda x, weights, means, std: (
                torch.distributions.Normal(means, std[:, None]).log_prob(x[:, None]).sum(-1).exp()
            ),
            "That is p(x | z). The question asks for p(z | x): which rule turns it around?",
        ),
        Wrong(
            "wrong-axis",
            lambda x, weights, means, std: torch.softmax(
                weights.log() + _log_normal(x, means, std), 0
            ),
            "You let the points compete for a component. For one point, who competes?",
        ),
        Wrong(
            "adds-probability",
            lambda x, weights, means, std: torch.softmax(weights + _log_normal(x, means, std), -1),
            "You add a probability to a log. On which scale does softmax expect its scores?",
        ),
        Wrong(
            "weights-outside",
            lambda x, weights, means, std: weights * torch.softmax(_log_normal(x, means, std), -1),
            "The prior comes in after you have normalized, so the rows no longer sum to 1.",
        ),
        Wrong(
            "softmax-of-probabilities",
            lambda x, weights, means, std: torch.softmax(
                weights
                * torch.distributions.Normal(means, std[:, None])
                .log_prob(x[:, None])
                .sum(-1)
                .exp(),
                -1,
            ),
            "Softmax takes exp of its scores. Yours are probabilities already, so all come out "
            "nearly equal.",
        ),
        *(
            Wrong(
                "hard",
                solve,
                "You name the most likely component. The posterior also says how sure we are.",
            )
            for solve in (
                lambda x, weights, means, std: F.one_hot(
                    (weights.log() + _log_normal(x, means, std)).argmax(-1), len(weights)
                ).to(x.dtype),
                lambda x, weights, means, std: torch.softmax(
                    weights.log() + _log_normal(x, means, std), -1
                ).round(),
            )
        ),
        Wrong(
            "log",
            lambda x, weights, means, std: torch.log_softmax(
                weights.log() + _log_normal(x, means, std), -1
            ),
            "These are log-probabilities. The question asks for probabilities.",
        ),
        Wrong(
            "prior",
            lambda x, weights, means, std: weights.expand(len(x), -1),
            "That is the prior, whatever the point. What does x tell about z?",
        ),
        Wrong(
            "evidence",
            lambda x, weights, means, std: torch.logsumexp(
                weights.log()
                + torch.distributions.Normal(means, std[:, None]).log_prob(x[:, None]).sum(-1),
                -1,
            ),
            "That is log p(x). The posterior needs it, but it has one number for each component.",
        ),
        Wrong(
            "sigmoid",
            lambda x, weights, means, std: torch.sigmoid(
                weights.log() + _log_normal(x, means, std)
            ),
            "Sigmoid judges each component on its own. They compete: for one point the shares sum "
            "to 1.",
        ),
        Wrong(
            "same-width",
            lambda x, weights, means, std: torch.softmax(
                weights.log() + _log_normal(x, means, std.mean().expand_as(std)), -1
            ),
            "All components get the same width here. Each has its own.",
        ),
        Wrong(
            "least-likely",
            lambda x, weights, means, std: torch.softmax(
                -(weights.log() + _log_normal(x, means, std)), -1
            ),
            "Turned around: the component that explains x worst gets most of it.",
        ),
        Wrong(
            "std-is-variance",
            lambda x, weights, means, std: torch.softmax(
                weights.log() + _log_normal(x, means, std**2), -1
            ),
            "Your widths are squared. `torch.distributions.Normal` takes the standard deviation, "
            "not the variance.",
        ),
        Wrong(
            "distances",
            lambda x, weights, means, std: torch.softmax(weights * _squared(x, means).sqrt(), -1),
            "You turn distances into shares directly. Which density belongs to each component, and "
            "is far away good?",
        ),
        *(
            Wrong(
                "distance-shares",
                solve,
                "You turn distances into shares directly. Which density belongs to each component, "
                "and where do its width and its weight come in?",
            )
            for solve in (
                lambda x, weights, means, std: torch.softmax(-_squared(x, means).sqrt(), -1),
                lambda x, weights, means, std: torch.softmax(-_squared(x, means), -1),
                lambda x, weights, means, std: torch.softmax(-0.5 * _squared(x, means), -1),
                lambda x, weights, means, std: torch.softmax(_squared(x, means).sqrt(), -1),
                lambda x, weights, means, std: torch.softmax(_squared(x, means), -1),
                lambda x, weights, means, std: torch.softmax(1 / _squared(x, means).sqrt(), -1),
                lambda x, weights, means, std: torch.softmax(1 / _squared(x, means), -1),
                lambda x, weights, means, std: _over_sum(1 / _squared(x, means).sqrt()),
                lambda x, weights, means, std: _over_sum(1 / _squared(x, means)),
                lambda x, weights, means, std: _over_sum(weights / _squared(x, means).sqrt()),
                lambda x, weights, means, std: _over_sum(weights / _squared(x, means)),
            )
        ),
        Wrong(
            "nearest",
            lambda x, weights, means, std: F.one_hot(
                _squared(x, means).argmin(-1), len(weights)
            ).to(x.dtype),
            "You give each point wholly to the nearest center, as k-means does. Widths and weights "
            "count as well, and the posterior says how sure we are.",
        ),
    ],
    hints=[
        "Bayes' rule: the joint of x and each component, divided by their sum.",
        "Write the log-density of N(mean, std² I) in D dimensions. Which terms depend on k?",
        "Which function normalizes scores that are logs, safely?",
    ],
    equivalents={
        "return torch.softmax(weights.log() + log_lik, 1)": "of two axes, 1 is the last",
        "return torch.softmax(weights.log() + log_lik, --1)": "of two axes, 1 is the last",
        "squared = (means - x[:, None]).square().sum(-1)": "the square forgets the sign",
        "log_lik = -0.5 * squared / std ** 2 - x.shape[1] * std.log()": (
            "of two axes, 1 is the last"
        ),
        "log_lik = -0.5 * squared / std ** 2 - x.shape[--1] * std.log()": (
            "of two axes, 1 is the last"
        ),
    },
)


def sample_mixture(u, noise, weights, means, std):
    """u [B], noise [B, D]; weights [K], means [K, D], std [K] -> points [B, D] of the mixture."""
    k = (u[:, None] >= weights.cumsum(0)).sum(-1)
    return means[k] + std[k, None] * noise


def _component(u, weights):
    return (u[:, None] >= weights.cumsum(0)).sum(-1)


def _placed(k, noise, means, std):
    k = k.clamp(0, len(means) - 1)
    return means[k] + std[k, None] * noise


def _sample_cases(g):
    return [
        Case(
            (
                vector(0.1, 0.4),
                matrix([0.0], [0.0]),
                vector(0.2, 0.3, 0.5),
                matrix([1.0], [2.0], [3.0]),
                vector(1.0, 1.0, 1.0),
            ),
            "u = 0.1 picks the first bump, u = 0.4 the second; no noise",
        ),
        Case(
            (
                vector(0.1, 0.6),
                matrix([1.0], [1.0]),
                vector(0.5, 0.5),
                matrix([-10.0], [10.0]),
                vector(1.0, 3.0),
            ),
            "u = 0.1 picks the first bump, u = 0.6 the second",
        ),
        Case(
            (
                vector(0.0, 0.25, 0.5, 0.75),
                matrix([0.0], [-1.0], [2.0], [0.5]),
                vector(0.25, 0.25, 0.5),
                matrix([1.0], [2.0], [3.0]),
                vector(0.1, 0.1, 0.1),
            ),
            "u exactly on the borders ¼ and ½",
        ),
        Case(
            (
                vector(0.0, 0.9),
                matrix([1.0, -1.0], [0.5, 2.0]),
                vector(0.0, 0.5, 0.5),
                matrix([1.0, 1.0], [5.0, 6.0], [7.0, 8.0]),
                vector(1.0, 0.0, 2.0),
            ),
            "a component of weight 0, and u = 0; one bump has no width",
        ),
        Case(
            (
                uniform(g, 6),
                normal(g, 6, 2),
                simplex(g, 4),
                normal(g, 4, 2, scale=3.0),
                uniform(g, 4, low=0.2, high=2.0),
            ),
            "B = 6, D = 2, K = 4",
        ),
        Case(
            (
                uniform(g, 3),
                normal(g, 3, 3),
                simplex(g, 3),
                normal(g, 3, 3, scale=1000.0),
                uniform(g, 3, low=0.2, high=900.0),
            ),
            "B = D = K = 3, means as large as ±1000",
        ),
        Case(
            (
                uniform(g, 1),
                normal(g, 1, 3),
                torch.ones(1, dtype=torch.float64),
                normal(g, 1, 3),
                vector(0.5),
            ),
            "one point of a single Gaussian",
        ),
        Case(
            (
                uniform(g, 200),
                normal(g, 200, 1),
                vector(0.05, 0.7, 0.25),
                matrix([-3.0], [0.0], [4.0]),
                vector(1.0, 0.5, 0.25),
            ),
            "200 points; the middle bump is the most likely one",
        ),
    ]


SAMPLE_MIXTURE = CodeExercise(
    id="sample_mixture",
    title="First z, then x",
    statement=(
        "Sample from a mixture of K Gaussians, with the dice given. Pick z with `u`, uniform on "
        "[0, 1): z is the first k for which `u` < weights[0] + … + weights[k]. Then x is "
        "`means[z]` **plus** `std[z]` times `noise`, which is standard normal."
    ),
    level=2,
    reference=sample_mixture,
    returns="a tensor of shape `[B, D]`",
    grad_args=(1, 3, 4),
    cases=_sample_cases,
    alternatives=[
        lambda u, noise, weights, means, std: _placed(
            torch.searchsorted(weights.cumsum(0), u, right=True), noise, means, std
        ),
        lambda u, noise, weights, means, std: (
            lambda hot: hot @ means + (hot @ std)[:, None] * noise
        )(F.one_hot(_component(u, weights), len(weights)).to(means.dtype)),
    ],
    wrong=[
        *(
            Wrong(
                "blend",
                solve,
                "You blend all components into one Gaussian between them. A mixture **picks** one "
                "for each point: two separate bumps stay two bumps.",
            )
            for solve in (
                lambda u, noise, weights, means, std: weights @ means + (weights @ std) * noise,
                lambda u, noise, weights, means, std: (
                    weights[:, None] * (means + std[:, None] * noise[:, None])
                ).sum(1),
                lambda u, noise, weights, means, std: (
                    weights @ means + (weights @ std**2).sqrt() * noise
                ),
            )
        ),
        Wrong(
            "most-likely",
            lambda u, noise, weights, means, std: _placed(
                weights.argmax().expand(len(u)), noise, means, std
            ),
            "Every point comes from the most likely component. Where does `u` come in?",
        ),
        *(
            Wrong(
                "not-cumulative",
                solve,
                "You compare `u` with the weights one by one. Think of them as pieces laid end to "
                "end on a line from 0 to 1: where does each one end?",
            )
            for solve in (
                lambda u, noise, weights, means, std: _placed(
                    (u[:, None] >= weights).sum(-1), noise, means, std
                ),
                lambda u, noise, weights, means, std: _placed(
                    (u[:, None] > weights).sum(-1), noise, means, std
                ),
                lambda u, noise, weights, means, std: _placed(
                    (weights > u[:, None]).int().argmax(-1), noise, means, std
                ),
                lambda u, noise, weights, means, std: _placed(
                    (weights >= u[:, None]).int().argmax(-1), noise, means, std
                ),
                lambda u, noise, weights, means, std: _placed(
                    torch.searchsorted(weights, u), noise, means, std
                ),
                lambda u, noise, weights, means, std: _placed(
                    torch.searchsorted(weights, u, right=True), noise, means, std
                ),
            )
        ),
        Wrong(
            "equal-shares",
            lambda u, noise, weights, means, std: _placed(
                (u * len(weights)).long(), noise, means, std
            ),
            "All components get equal shares here. The weights say how likely each one is.",
        ),
        *(
            Wrong(
                "at-most",
                solve,
                "A detail at the borders: with ≤, a component of weight 0 can be picked, because a "
                "uniform number can be an exact 0.",
            )
            for solve in (
                lambda u, noise, weights, means, std: _placed(
                    (u[:, None] > weights.cumsum(0)).sum(-1), noise, means, std
                ),
                lambda u, noise, weights, means, std: _placed(
                    torch.searchsorted(weights.cumsum(0), u), noise, means, std
                ),
            )
        ),
        Wrong(
            "reversed",
            lambda u, noise, weights, means, std: _placed(
                (u[:, None] < weights.cumsum(0)).sum(-1) - 1, noise, means, std
            ),
            "You count how many borders lie above `u`: a small `u` then picks the **last** "
            "component.",
        ),
        Wrong(
            "from-the-other-end",
            lambda u, noise, weights, means, std: _placed(
                _component(1 - u, weights), noise, means, std
            ),
            "You turn `u` around. The rule of the statement starts from 0.",
        ),
        Wrong(
            "off-by-one",
            lambda u, noise, weights, means, std: _placed(
                _component(u, weights) - 1, noise, means, std
            ),
            "Off by one: which index does the first component have?",
        ),
        Wrong(
            "off-by-one-up",
            lambda u, noise, weights, means, std: _placed(
                _component(u, weights) + 1, noise, means, std
            ),
            "Off by one, upward: which component should `u` = 0 give?",
        ),
        Wrong(
            "one-for-all",
            lambda u, noise, weights, means, std: _placed(
                _component(u[:1], weights).expand(len(u)), noise, means, std
            ),
            "All points share the component of the first one. Each point has a z of its own.",
        ),
        Wrong(
            "variance",
            lambda u, noise, weights, means, std: _placed(
                _component(u, weights), noise, means, std**2
            ),
            "You scale the noise by the variance. In which units is x?",
        ),
        Wrong(
            "square-root",
            lambda u, noise, weights, means, std: _placed(
                _component(u, weights), noise, means, std.sqrt()
            ),
            "`std` already is the standard deviation. Does it need a root?",
        ),
        Wrong(
            "no-noise",
            lambda u, noise, weights, means, std: means[_component(u, weights)],
            "Each point sits exactly on its mean. z says where x is likely; x is still random.",
        ),
        Wrong(
            "unit-width",
            lambda u, noise, weights, means, std: means[_component(u, weights)] + noise,
            "All components have width 1 here. What is `std` for?",
        ),
        Wrong(
            "scaled-mean",
            lambda u, noise, weights, means, std: (
                std[_component(u, weights), None] * (means[_component(u, weights)] + noise)
            ),
            "You stretch the mean as well. The width concerns the noise alone.",
        ),
        Wrong(
            "mean-width",
            lambda u, noise, weights, means, std: (
                means[_component(u, weights)] + (weights @ std) * noise
            ),
            "The place comes from z, but the width from all components. Once z is picked, the "
            "others no longer matter.",
        ),
        Wrong(
            "one-noise",
            lambda u, noise, weights, means, std: (
                means[_component(u, weights)] + std[_component(u, weights), None] * noise[:, :1]
            ),
            "All coordinates of a point share one noise, so they move together. Each has its own.",
        ),
        Wrong(
            "weighted",
            lambda u, noise, weights, means, std: (
                weights[_component(u, weights), None]
                * _placed(_component(u, weights), noise, means, std)
            ),
            "You multiply a picked point by its weight. The weight has done its work once z is "
            "picked.",
        ),
        *(
            Wrong(
                OWN_DICE,
                solve,
                "You roll your own dice. Use `u` and `noise`: the same numbers must always give "
                "the same points.",
            )
            for solve in (
                lambda u, noise, weights, means, std: _placed(
                    torch.multinomial(weights, len(u), replacement=True), noise, means, std
                ),
                lambda u, noise, weights, means, std: torch.normal(
                    means[_component(u, weights)],
                    std[_component(u, weights), None].expand_as(noise),
                ),
            )
        ),
        Wrong(
            "component-only",
            lambda u, noise, weights, means, std: _component(u, weights),
            "These are the components z. Now draw x from the one that was picked.",
        ),
        Wrong(
            "noise-subtracted",
            lambda u, noise, weights, means, std: _placed(
                _component(u, weights), -noise, means, std
            ),
            "You subtract the noise. Noise is symmetric, so the distribution is right, but the "
            "statement adds it.",
        ),
        Wrong(
            "weights-as-scores",
            lambda u, noise, weights, means, std: _placed(
                _component(u, weights.softmax(0)), noise, means, std
            ),
            "You put the weights through softmax. They already are probabilities.",
        ),
        Wrong(
            "sorted",
            lambda u, noise, weights, means, std: _placed(
                _component(u, weights.sort().values), noise, means, std
            ),
            "You sorted the weights, so that they no longer belong to their components.",
        ),
        Wrong(
            "dice-shared",
            lambda u, noise, weights, means, std: _placed(
                _component(u, weights), u[:, None].expand_as(noise), means, std
            ),
            "`u` has picked z already. For x there is fresh randomness: `noise`.",
        ),
        Wrong(
            "std-axis",
            lambda u, noise, weights, means, std: (
                means[_component(u, weights)] + std[_component(u, weights)] * noise
            ),
            "`std[z]` has shape `[B]`, and beside `[B, D]` it lines up with the **last** axis. The "
            "width belongs to the point.",
        ),
    ],
    hints=[
        "Lay the weights end to end from 0 to 1. On which piece does `u` fall?",
        "How many of the borders does `u` reach or pass? `cumsum` gives the borders.",
        "Index `means` and `std` with z; mind that `std[z]` has one number for each point.",
    ],
    equivalents={
        "k = (u[:, None] >= weights.cumsum(-1)).sum(-1)": "of one axis, −1 is 0",
        "k = (u[:, None] >= weights.cumsum(0)).sum(1)": "of two axes, 1 is the last",
        "k = (u[:, None] >= weights.cumsum(0)).sum(--1)": "of two axes, 1 is the last",
    },
)


# ------------------------------------------------------------------ Monte Carlo from the prior
NAIVE_MISS = NumberExercise(
    id="naive_miss",
    title="Predict: guessing genes blindly",
    statement=(
        "Eight genes, each on or off with probability ½. Only **one** genotype can make the face "
        "x. You estimate p(x) by the average of p(x | z) over 100 genotypes drawn from the prior. "
        "What is the probability that your estimate is exactly 0?"
    ),
    truth=(255 / 256) ** 100,
    written="(255/256)**100",
    because=(
        "All 100 draws must miss, each with probability 255/256: 0.676. And that is with 8 genes "
        "only; with 30 you would need about a billion draws to hit once."
    ),
    level=2,
    probability=True,
    rtol=0.01,
    wrong=[
        WrongNumber(
            1 - (255 / 256) ** 100,
            "hit",
            "That is the probability of at least one hit. When is the estimate 0?",
        ),
        WrongNumber(
            0.32,
            "hit",
            "That is the probability of at least one hit. When is the estimate 0?",
        ),
        WrongNumber(
            1 - 100 / 256,
            "added",
            "You added up the chances of the draws. That is nearly right for a few; but draws "
            "repeat genotypes, so the chances of missing do something else than add.",
        ),
        WrongNumber(
            100 / 256,
            "share",
            "That is the share of genotypes you could have looked at, had all draws differed. When "
            "is the estimate 0?",
        ),
        WrongNumber(
            255 / 256,
            "never",
            "Each draw hits with a small probability, but you have 100 of them. Can none of them "
            "hit?",
        ),
        WrongNumber(
            1,
            "never",
            "Each draw hits with a small probability, but you have 100 of them. Can none of them "
            "hit?",
        ),
        WrongNumber(
            1 / 256,
            "one-hit",
            "That is the probability that one draw hits.",
        ),
        WrongNumber(
            0,
            "unbiased",
            "You say that the estimate is never 0. It is right **on average**; does every single "
            "estimate have to be positive?",
        ),
        WrongNumber(
            (7 / 8) ** 100,
            "eight-genotypes",
            "You took 8 genotypes instead of 8 genes. How many genotypes are there?",
        ),
        WrongNumber(
            100 / 256 * (255 / 256) ** 99,
            "exactly-once",
            "That is the probability of exactly one hit. When is the estimate 0?",
        ),
    ],
    hints=[
        "How many genotypes are there, and how likely is one draw to miss the right one?",
        "The draws are independent, and all of them must miss.",
    ],
)


def log_mean_lik(log_lik):
    """log p(x | z_s) [S, B] for S draws of the prior -> an estimate of log p(x), [B]."""
    return log_lik.logsumexp(0) - math.log(log_lik.shape[0])


LOG_MEAN_LIK = CodeExercise(
    id="log_mean_lik",
    title="Find the bug: the estimate that never gets better",
    kind="bug",
    statement=(
        "p(x) is about the average of p(x | z_s) over draws z_s of the prior. `log_lik[s, b]` is "
        "log p(x_b | z_s). The code below returns a number far too low, however many draws it "
        "gets. Repair it. For whole images log p(x | z) is a number like −1000, or +1000 if it is "
        "the log of a density; draws that cannot make x have −inf."
    ),
    level=2,
    reference=log_mean_lik,
    returns="a tensor of shape `[B]`",
    unit="nats",
    given='''
        def log_mean_lik(log_lik):
            """log p(x | z_s) [S, B] for S draws of the prior -> an estimate of log p(x), [B]."""
            return log_lik.mean(0)
    ''',
    grad_args=(0,),
    cases=lambda g: [
        Case((matrix([0.1], [0.3]).log(),), "two draws with likelihoods 0.1 and 0.3: log 0.2"),
        Case((matrix([-2.0, -3.0]),), "a single draw for each of two images"),
        Case((matrix([-5.0, 1.0], [-5.0, 1.0], [-5.0, 1.0]),), "all draws alike"),
        Case((normal(g, 5, 2, scale=3.0),), "S = 5, B = 2"),
        Case((normal(g, 3, 3, scale=3.0),), "S = B = 3"),
        Case((normal(g, 2, 6),), "S = 2, B = 6"),
        Case((normal(g, 200, 2, scale=20.0) - 1000.0,), "200 draws near −1000"),
        Case((normal(g, 4, 3, scale=5.0) + 1000.0,), "log-densities near +1000"),
        Case(
            (matrix([-INF, -1.0], [-2.0, -INF], [-INF, -INF]),),
            "draws that cannot make the image",
            smooth=False,
        ),
        Case((matrix([-INF], [-INF]),), "no draw can make it: log 0", smooth=False),
        Case(
            (normal(g, 4, 3) + vector(0.0, -1500.0, 900.0),),
            "three images, one hundreds of nats likelier than the next",
        ),
    ],
    alternatives=[
        lambda log_lik: torch.logsumexp(
            log_lik - torch.tensor(len(log_lik), dtype=log_lik.dtype).log(), 0
        ),
        lambda log_lik: torch.stack(
            [torch.logsumexp(column, 0) - math.log(len(column)) for column in log_lik.mT]
        ),
    ],
    wrong=[
        *(
            Wrong(
                "mean-of-logs",
                solve,
                "The bug is still there: this is the average of the **logs**. It lies below the "
                "log of the average, and one bad draw pulls it far down. What should be averaged?",
            )
            for solve in (
                lambda log_lik: log_lik.mean(0),
                lambda log_lik: log_lik.sum(0) / log_lik.shape[0],
                lambda log_lik: log_lik.nan_to_num().mean(0),
                lambda log_lik: torch.where(log_lik > -INF, log_lik, 0.0).mean(0),
                lambda log_lik: (
                    torch.where(log_lik > -INF, log_lik, 0.0).sum(0)
                    / (log_lik > -INF).to(log_lik.dtype).sum(0)
                ),
                lambda log_lik: (
                    torch.where(log_lik > -INF, log_lik, 0.0).sum(0)
                    / (log_lik > -INF).to(log_lik.dtype).sum(0).clamp(min=1)
                ),
                *(
                    lambda log_lik, low=low: log_lik.clamp(min=low).mean(0)
                    for low in (-50, -1e2, -1e3, -1e4, -1e5, -1e6, -1e8, -1e9, -1e10, -1e30)
                ),
            )
        ),
        Wrong(
            "geometric-mean",
            lambda log_lik: log_lik.mean(0).exp(),
            "exp of an average of logs is the **geometric** mean of the likelihoods, and the log "
            "of the estimate is asked for. What should be averaged?",
        ),
        Wrong(
            "not-divided",
            lambda log_lik: log_lik.logsumexp(0),
            "Your sum grows with the number of draws. What makes an average of a sum, and what is "
            "that step in logs?",
        ),
        Wrong(
            "divided-log",
            lambda log_lik: log_lik.logsumexp(0) / log_lik.shape[0],
            "You divided the **log**. The sum of probabilities is to be divided: what does a "
            "division become in logs?",
        ),
        Wrong(
            "multiplied",
            lambda log_lik: log_lik.logsumexp(0) + math.log(log_lik.shape[0]),
            "You multiplied by the number of draws. Mind the sign of the log.",
        ),
        Wrong(
            "minus-count",
            lambda log_lik: log_lik.logsumexp(0) - log_lik.shape[0],
            "You subtracted the number of draws itself from a log. What does a division become in "
            "logs?",
        ),
        Wrong(
            "divided-by-batch",
            lambda log_lik: log_lik.logsumexp(0) - math.log(log_lik.shape[1]),
            "You divided by the number of images. The average is over the draws.",
        ),
        Wrong(
            "divided-by-both",
            lambda log_lik: log_lik.logsumexp(0) - math.log(log_lik.numel()),
            "You divided by the number of all entries. Each image has an average of its own.",
        ),
        *(
            Wrong("wrong-axis", solve, "You averaged over the images. Which axis holds the draws?")
            for solve in (
                lambda log_lik: log_lik.logsumexp(1) - math.log(log_lik.shape[1]),
                lambda log_lik: log_lik.logsumexp(1) - math.log(log_lik.shape[0]),
            )
        ),
        Wrong(
            "bits",
            lambda log_lik: log_lik.logsumexp(0) - math.log2(log_lik.shape[0]),
            "One of your logs has base 2, the other base e.",
        ),
        Wrong(
            "unstable",
            lambda log_lik: log_lik.exp().mean(0).log(),
            "The right formula, but exp(−1000) is an exact 0 and exp(1000) is inf. Can you add "
            "probabilities without leaving the logs?",
        ),
        *(
            Wrong(
                "epsilon",
                lambda log_lik, small=small: (log_lik.exp().mean(0) + small).log(),
                "The small number decides how unlikely an image can be. Can you add probabilities "
                "without leaving the logs?",
            )
            for small in _SMALL
        ),
        Wrong(
            "probability",
            lambda log_lik: log_lik.exp().mean(0),
            "This is the estimate of p(x). The question asks for its log, and p(x) of a whole "
            "image underflows.",
        ),
        Wrong(
            "best-draw",
            lambda log_lik: log_lik.max(0).values,
            "Only the best draw counts here, as if all others had explained the image equally "
            "well.",
        ),
        Wrong(
            "best-draw-shared",
            lambda log_lik: log_lik.max(0).values - math.log(log_lik.shape[0]),
            "Often close, because the best draw dominates. But the other draws are not worth 0.",
        ),
        Wrong(
            "product",
            lambda log_lik: log_lik.sum(0),
            "That multiplies the likelihoods of all draws. An average adds them.",
        ),
        Wrong(
            "self-weighted",
            lambda log_lik: (log_lik.softmax(0) * log_lik).sum(0),
            "You weigh the logs by how well each draw does. That is an average of logs still, and "
            "now a flattering one.",
        ),
        Wrong(
            "median",
            lambda log_lik: log_lik.median(0).values,
            "The median shuts out the one good draw on which everything depends.",
        ),
        Wrong(
            "drops-impossible",
            lambda log_lik: log_lik.logsumexp(0) - (log_lik > -INF).sum(0).to(log_lik.dtype).log(),
            "You average over the successful draws only. A draw that cannot make x counts as well, "
            "with p(x | z) = 0.",
        ),
        Wrong(
            "half-corrected",
            lambda log_lik: log_lik.mean(0) + log_lik.var(0, correction=0) / 2,
            "That corrects the average of logs for small spreads. Here the spread is huge; average "
            "the right thing instead.",
        ),
        Wrong(
            "one-draw-too-few",
            lambda log_lik: log_lik.logsumexp(0) - math.log(log_lik.shape[0] + 1),
            "How many draws are there? You divide by one more.",
        ),
        *(
            Wrong(
                "one-shift",
                solve,
                "You subtract one number from the whole batch. That saves the likeliest image; the "
                "others still underflow. How large a shift does each image need?",
            )
            for solve in (
                lambda log_lik: log_lik.max() + (log_lik - log_lik.max()).exp().mean(0).log(),
                lambda log_lik: (lambda top: top + (log_lik - top).exp().mean(0).log())(
                    log_lik.max().nan_to_num(neginf=0.0)
                ),
            )
        ),
        Wrong(
            "shift-of-nothing",
            lambda log_lik: (
                log_lik.max(0).values + (log_lik - log_lik.max(0).values).exp().mean(0).log()
            ),
            "Nearly: if no draw can make x, the largest log is −inf, and −inf minus −inf is nan. "
            "`torch.logsumexp` knows that.",
        ),
    ],
    hints=[
        "Take two draws with likelihoods 0.1 and 0.3. What is their average, and what does the "
        "code make of it?",
        "Sum of exps, safely: `logsumexp`. Then the division, which in logs is …?",
    ],
)

NAIVE_BIAS = ChoiceExercise(
    id="naive_bias",
    title="Unbiased, and after the log?",
    statement=(
        "Let p̂ be the average of p(x | z_s) over S draws of the prior. It is unbiased: on average "
        "it is p(x). What about log p̂ as an estimate of log p(x)?"
    ),
    level=2,
    options=[
        Option(
            "It is unbiased too: log is a monotone function",
            "Monotone keeps the order, but does it keep an average? Try p̂ = 0.1 or 0.3, each half "
            "of the time: average the logs.",
        ),
        Option(
            "On average it is too low, and −inf when all draws miss",
            "The log punishes low values more than it rewards high ones (Jensen's inequality). A "
            "lower bound on average, then; keep that in mind for the next chapters.",
            right=True,
        ),
        Option(
            "On average it is too high, since good draws dominate the sum",
            "Good draws do dominate p̂, but p̂ is right on average. Is the log of the average "
            "above "
            "or below the average of the logs?",
        ),
        Option(
            "Too low or too high, depending on the decoder",
            "How much it is off does depend on it. Does the direction? It follows from the shape "
            "of the log alone.",
        ),
    ],
    hints=[
        "Let p̂ be 0.1 or 0.3, each half of the time. Compare log 0.2 with the mean of the logs.",
        "Draw the log, and the chord between two of its points. Which is higher in the middle?",
    ],
)

INTRACTABLE = ChoiceExercise(
    id="why_intractable",
    title="Which part is out of reach?",
    statement=(
        "The prior p(z) is a standard normal, p(x | z) a neural network. You want p(z | x) for one "
        "face x and one given z. Which number can you not compute?"
    ),
    options=[
        Option(
            "p(z), because z is never observed",
            "Not observed, but we chose its distribution. Put z into the formula of the normal.",
        ),
        Option(
            "p(x | z), because a neural network is not invertible",
            "Nobody asks to invert it: z is given, the network runs forward and gives the "
            "parameters of p(x | z).",
        ),
        Option(
            "p(x), because it adds up the decoder's answers for all z",
            "An integral over every z, each of which needs its own run of the network. Posterior "
            "and evidence are equally hard: either one gives you the other.",
            right=True,
        ),
        Option(
            "p(z) p(x | z), because prior and decoder do not fit together",
            "A product of two numbers that you can compute. It is the joint; what is missing to "
            "make it a posterior?",
        ),
    ],
    hints=[
        "Write Bayes' rule for p(z | x) and look at its three factors one by one.",
        "Which factor does not have one z, but all of them?",
    ],
)


# ------------------------------------------------------------------ learning needs the posterior
def log_marginal_grad(log_joint, grads):
    """log p(x, z) [B, K] and its gradients [B, K, P] -> gradients of log p(x), shape [B, P]."""
    posterior = torch.softmax(log_joint, -1)
    return torch.einsum("bk,bkp->bp", posterior, grads)


def _mix_grads(weights, grads):
    return (weights[..., None] * grads).sum(1)


LOG_MARGINAL_GRAD = CodeExercise(
    id="log_marginal_grad",
    title="Learning needs the posterior",
    statement=(
        "`log_joint[b, k]` is log p(x_b, z = k) under the model, and `grads[b, k]` its gradient "
        "with respect to the P parameters. Return the gradient of log p(x_b), where z is summed "
        "out, from these two alone. States may have probability 0 (−inf); log-joints of whole "
        "images are numbers like ±1000."
    ),
    level=3,
    reference=log_marginal_grad,
    returns="a tensor of shape `[B, P]`",
    cases=lambda g: [
        Case(
            (matrix([0.2, 0.2]).log(), matrix([[1.0], [3.0]])),
            "two states that explain x equally well",
        ),
        Case(
            (matrix([0.3, 0.1]).log(), matrix([[1.0, 0.0], [0.0, 1.0]])),
            "joint probabilities 0.3 and 0.1: the first state counts three times as much",
        ),
        Case((matrix([-7.0]), matrix([[2.0, -5.0]])), "a single state"),
        Case((normal(g, 3, 4) - 3.0, normal(g, 3, 4, 2)), "B = 3, K = 4, P = 2"),
        Case((normal(g, 3, 3), normal(g, 3, 3, 3)), "B = K = P = 3"),
        Case((normal(g, 1, 5), normal(g, 1, 5, 1, scale=1000.0)), "large gradients, B = P = 1"),
        Case((normal(g, 2, 3, scale=3.0) - 1000.0, normal(g, 2, 3, 4)), "log-joints near −1000"),
        Case((normal(g, 2, 3, scale=3.0) + 1000.0, normal(g, 2, 3, 4)), "log-joints near +1000"),
        Case(
            (matrix([-1.0, -INF, -2.0], [-INF, -INF, -3.0]), normal(g, 2, 3, 2)),
            "states that cannot make the image",
        ),
        Case(
            (normal(g, 3, 3) + matrix([0.0], [-1500.0], [900.0]), normal(g, 3, 3, 2)),
            "three images, one hundreds of nats likelier than the next",
        ),
    ],
    alternatives=[
        lambda log_joint, grads: _mix_grads(log_joint.softmax(1), grads),
        lambda log_joint, grads: (log_joint.softmax(-1)[:, None] @ grads)[:, 0],
        lambda log_joint, grads: torch.stack(
            [p @ rows for p, rows in zip(log_joint.softmax(-1), grads, strict=True)]
        ),
    ],
    wrong=[
        Wrong(
            "equal-states",
            lambda log_joint, grads: grads.mean(1),
            "All states count the same here. Should a state that hardly explains x have a say in "
            "how to change the model?",
        ),
        Wrong(
            "summed",
            lambda log_joint, grads: grads.sum(1),
            "You added the gradients of the logs. But log p(x) is the log of a **sum**; its "
            "derivative divides by something. Write it out for two states.",
        ),
        Wrong(
            "joint-weights",
            lambda log_joint, grads: _mix_grads(log_joint.exp(), grads),
            "That is the gradient of p(x), not of its log. What does the derivative of log bring "
            "along?",
        ),
        Wrong(
            "log-weights",
            lambda log_joint, grads: _mix_grads(log_joint, grads),
            "Your weights are logs: negative ones turn gradients around. Which numbers between 0 "
            "and 1 belong to the states?",
        ),
        Wrong(
            "best-state",
            lambda log_joint, grads: grads[torch.arange(len(grads)), log_joint.argmax(-1)],
            "You only listen to the most likely state. The others explain x as well, each a "
            "little.",
        ),
        Wrong(
            "unstable",
            lambda log_joint, grads: _mix_grads(_over_sum(log_joint.exp()), grads),
            "The right formula, but joint probabilities of whole images underflow, and 0/0 is nan. "
            "Which function normalizes logs safely?",
        ),
        *(
            Wrong(
                "epsilon",
                lambda log_joint, grads, small=small: _mix_grads(
                    log_joint.exp() / (log_joint.exp().sum(-1, True) + small), grads
                ),
                "The small number wins over the probability of a whole image: the gradient "
                "vanishes. Can you normalize without leaving the logs?",
            )
            for small in _SMALL
        ),
        Wrong(
            "over-batch",
            lambda log_joint, grads: _mix_grads(log_joint.softmax(0), grads),
            "You let the images compete. For one image, who competes?",
        ),
        Wrong(
            "divided-logs",
            lambda log_joint, grads: _mix_grads(_over_sum(log_joint), grads),
            "You divided logs by the sum of logs. Weights that sum to 1, yes, but of what? A small "
            "probability has a large |log|.",
        ),
        Wrong(
            "likely-is-little",
            lambda log_joint, grads: _mix_grads(torch.softmax(-log_joint, -1), grads),
            "Your weights are the wrong way around: the state that explains x worst counts most.",
        ),
        Wrong(
            "weighted-mean",
            lambda log_joint, grads: (log_joint.softmax(-1)[..., None] * grads).mean(1),
            "The weights are right and already sum to 1. Why divide by the number of states again?",
        ),
        Wrong(
            "log-posterior",
            lambda log_joint, grads: _mix_grads(log_joint.log_softmax(-1), grads),
            "Your weights are logs of the right ones.",
        ),
        Wrong(
            "loss",
            lambda log_joint, grads: -_mix_grads(log_joint.softmax(-1), grads),
            "That is the gradient of the loss −log p(x). The question asks for that of log p(x).",
        ),
        Wrong(
            "added",
            lambda log_joint, grads: (log_joint.exp()[..., None] + grads).sum(1),
            "You add probabilities to gradients. How does a weight act on what it weighs?",
        ),
        Wrong(
            "softmax-of-probabilities",
            lambda log_joint, grads: _mix_grads(log_joint.exp().softmax(-1), grads),
            "Softmax takes exp of its scores. Yours are probabilities already, so the weights come "
            "out nearly equal.",
        ),
        Wrong(
            "divided-by-evidence-log",
            lambda log_joint, grads: _mix_grads(
                log_joint.exp() / log_joint.logsumexp(-1, keepdim=True), grads
            ),
            "You divided by **log** p(x). What does the derivative of log u divide by?",
        ),
        Wrong(
            "whole-batch",
            lambda log_joint, grads: torch.einsum("bk,bkp->p", log_joint.softmax(-1), grads),
            "You added up the images. Return a gradient for each one.",
        ),
        Wrong(
            "not-summed",
            lambda log_joint, grads: log_joint.softmax(-1)[..., None] * grads,
            "The weights are right. Now add up over the states.",
        ),
        Wrong(
            "sigmoid",
            lambda log_joint, grads: _mix_grads(log_joint.sigmoid(), grads),
            "Sigmoid judges each state on its own. The states share a whole 1 for each image.",
        ),
        Wrong(
            "squared-weights",
            lambda log_joint, grads: _mix_grads(log_joint.softmax(-1).square(), grads),
            "Your weights are squared: they no longer sum to 1.",
        ),
        Wrong(
            "one-shift",
            lambda log_joint, grads: _mix_grads(
                _over_sum((log_joint - log_joint.max()).exp()), grads
            ),
            "You subtract one number from the whole batch. That saves the likeliest image; the "
            "others still underflow. How large a shift does each image need?",
        ),
        *(
            Wrong(
                "gradients-as-logs",
                solve,
                "You treat the gradients as logs. A slope is averaged as it is.",
            )
            for solve in (
                lambda log_joint, grads: _mix_grads(log_joint.softmax(-1), grads.exp()).log(),
                lambda log_joint, grads: torch.logsumexp(
                    log_joint.log_softmax(-1)[..., None] + grads, 1
                ),
            )
        ),
        Wrong(
            "first-state",
            lambda log_joint, grads: grads[:, 0].clone(),
            "You return the gradient of the first state alone. z is summed out: who else has a "
            "say?",
        ),
    ],
    hints=[
        "Differentiate log Σ_z p(x, z): first the outer log, then the sum.",
        "The derivative of p is p times the derivative of log p. Which ratio appears in front of "
        "each gradient, and which distribution over z is that?",
        "Ratios of this kind, from logs: softmax.",
    ],
    equivalents={
        "posterior = torch.softmax(log_joint, 1)": "of two axes, 1 is the last",
        "posterior = torch.softmax(log_joint, --1)": "of two axes, 1 is the last",
    },
)


# ------------------------------------------------------------------ autoencoders
SAMPLING_NEEDS = ChoiceExercise(
    id="sampling_needs",
    title="What do you need to imagine a new face?",
    statement=(
        "A VAE, a decoder p(x | z) trained together with an encoder that guesses z from x, is "
        "ready. You want to sample a new face. Which of its parts do you need?"
    ),
    options=[
        Option(
            "The prior and the decoder",
            "z from the prior, then x from p(x | z). The encoder was the helper of the training: "
            "it guesses which z go with a **given** face.",
            right=True,
        ),
        Option(
            "The encoder and the decoder",
            "The encoder needs a face to look at. Which face, if you have none yet?",
        ),
        Option(
            "The encoder and the prior",
            "These speak about z only. What turns z into a face?",
        ),
        Option(
            "The decoder alone",
            "The decoder waits for a z. How likely should each z be?",
        ),
    ],
    hints=[
        "Follow the arrows of the model: what is drawn first, what second?",
        "Which of the parts takes a face as its input?",
    ],
)

AUTOENCODER = ChoiceExercise(
    id="autoencoder_sampling",
    title="Why not a plain autoencoder?",
    statement=(
        "An autoencoder is trained for reconstruction alone and does it perfectly. You draw "
        "z ~ N(0, I) and decode: rubbish. Why?"
    ),
    level=2,
    options=[
        Option(
            "Its decoder is too weak to draw faces",
            "It reconstructs every face perfectly: so it can draw them, given the right z. Are "
            "yours the right ones?",
        ),
        Option(
            "Reconstruction alone makes it memorize, so no new z can work",
            "Even if it learned more than the training faces, what told it **where** in the "
            "latent space to put them?",
        ),
        Option(
            "Its latent space has too few dimensions",
            "Then reconstruction would suffer. Think of 1000 faces coded as 1000 points: where do "
            "they lie, and where do you draw?",
        ),
        Option(
            "Nothing made its codes look like draws from N(0, I)",
            "Its codes may lie anywhere, with holes between them. A VAE demands both: good "
            "reconstruction, and codes that fit the prior from which you will sample.",
            right=True,
        ),
    ],
    hints=[
        "The decoder has seen the codes of faces. Has it ever seen a z like yours?",
        "Which part of its loss mentions N(0, I)?",
    ],
)

TRUE_GENES = ChoiceExercise(
    id="true_genes",
    title="Has the model found the genes?",
    statement=(
        "Faces really come from 8 independent switches. Your model with 8 switches fits them "
        "perfectly: its p(x) is exactly the true one. Is its third switch nature's third gene?"
    ),
    level=2,
    options=[
        Option(
            "Yes: the same p(x) needs the same z",
            "Rename two switches, or let one mean “off” where it meant “on”, and change prior and "
            "decoder to match. Has p(x) changed?",
        ),
        Option(
            "Yes, once there are enough faces to train on",
            "With infinitely many faces you know p(x) exactly, as here. Can two models with "
            "different switches have the same p(x)?",
        ),
        Option(
            "Not necessarily: other switches can give the same p(x)",
            "Renamed or flipped switches fit just as well, and faces are all the data there is. "
            "Latent variables explain x; their meaning is not determined by it.",
            right=True,
        ),
        Option(
            "No: a model never fits with the true genes",
            "The true genes are one of the perfect solutions. Are they the only one?",
        ),
    ],
    hints=[
        "Exchange two switches everywhere in the model. What happens to p(x) = Σ_z p(z) p(x | z)?",
        "Does a sum mind what its terms are called?",
    ],
)


# ------------------------------------------------------------------ expectation maximization
def em_step(x, weights, probs):
    """bits x [B, D]; weights [K], pixel probs [K, D] -> new weights [K], new probs [K, D]."""
    x = x[:, None]
    log_lik = (torch.xlogy(x, probs) + torch.xlogy(1 - x, 1 - probs)).sum(-1)
    r = torch.softmax(weights.log() + log_lik, -1)
    return r.mean(0), (r[..., None] * x).sum(0) / r.sum(0)[:, None]


def _bernoulli_log_lik(x, probs):
    x = x[:, None]
    return (torch.xlogy(x, probs) + torch.xlogy(1 - x, 1 - probs)).sum(-1)


def _shares(x, weights, probs):
    return torch.softmax(weights.log() + _bernoulli_log_lik(x, probs), -1)


def _averaged(r, x):
    return r.mean(0), (r.mT @ x) / r.sum(0)[:, None]


def _em_cases(g):
    faint = 0.5 + 0.02 * normal(g, 3, 2000).clamp(-2, 2)
    sure = bits(g, 1, 2000).expand(3, -1).clone()
    sure[1, :2], sure[2, 2:3] = 0.4, 0.6
    return [
        Case(
            (
                matrix([1.0], [0.0]),
                vector(0.5, 0.5),
                matrix([0.75], [0.25]),
            ),
            "one pixel, black or white, and two components that lean either way",
        ),
        Case(
            (matrix([1.0, 0.0], [1.0, 1.0], [0.0, 0.0]), vector(1.0), matrix([0.3, 0.6])),
            "one component: its new probabilities are plain averages",
        ),
        Case(
            (matrix([1.0, 1.0, 0.0]), vector(0.9, 0.1), uniform(g, 2, 3, low=0.2, high=0.8)),
            "a single image, a common and a rare component",
        ),
        Case(
            (bits(g, 7, 4), simplex(g, 3), uniform(g, 3, 4, low=0.1, high=0.9)),
            "B = 7, D = 4, K = 3",
        ),
        Case(
            (bits(g, 4, 4), simplex(g, 4), uniform(g, 4, 4, low=0.1, high=0.9)),
            "B = D = K = 4",
        ),
        Case(
            (
                matrix([1.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0]),
                vector(0.4, 0.6),
                matrix([1.0, 0.0, 0.5], [1.0, 0.5, 0.25]),
            ),
            "pixels that are surely black or white (probabilities 1 and 0)",
        ),
        Case(
            (bits(g, 5, 2000), simplex(g, 3), faint),
            "2000 pixels: the probability of an image underflows",
        ),
        Case(
            (
                torch.cat([sure.round(), 1 - sure.round()[:1]]),
                simplex(g, 3),
                sure.lerp(torch.full_like(sure, 0.5), 0.1),
            ),
            "2000 pixels, and an image thousands of nats less likely than the others",
        ),
    ]


EM_STEP = CodeExercise(
    id="em_step",
    title="Capstone: one step of EM",
    statement=(
        "A mixture of K components makes binary images: z = k with probability `weights[k]`, and "
        "then pixel d is 1 (black) with probability `probs[k, d]`, independently. Do one step of "
        "EM: find p(z = k | x) for each image under the old parameters; then return the new "
        "`weights` and `probs`, in which each image counts for component k as much as that "
        "posterior says. Entries of `probs` may be exactly 0 or 1."
    ),
    level=3,
    reference=em_step,
    returns="two tensors, new weights `[K]` and new probs `[K, D]`",
    cases=_em_cases,
    kinds=[
        (
            "a probability is exactly 0 or 1",
            lambda x, weights, probs: bool(((probs == 0) | (probs == 1)).any()),
        ),
        ("weights differ", lambda x, weights, probs: bool((weights != weights[0]).any())),
        ("images have many pixels", lambda x, weights, probs: x.shape[1] > 100),
    ],
    alternatives=[
        lambda x, weights, probs: _averaged(_shares(x, weights, probs), x),
        lambda x, weights, probs: (
            lambda r: (
                r.sum(0) / len(x),
                torch.einsum("bk,bd->kd", r / r.sum(0, keepdim=True), x),
            )
        )(_shares(x, weights, probs)),
    ],
    wrong=[
        Wrong(
            "hard",
            lambda x, weights, probs: (
                lambda r: (
                    r.mean(0),
                    torch.where(
                        r.sum(0)[:, None] > 0, (r.mT @ x) / r.sum(0)[:, None].clamp(min=1), probs
                    ),
                )
            )(F.one_hot(_shares(x, weights, probs).argmax(-1), len(weights)).to(x.dtype)),
            "You give each image to one component, as k-means does. EM shares it out by the "
            "posterior: doubt counts.",
        ),
        Wrong(
            "hard",
            lambda x, weights, probs: _averaged(
                F.one_hot(_shares(x, weights, probs).argmax(-1), len(weights)).to(x.dtype), x
            ),
            "You give each image to one component, as k-means does. EM shares it out by the "
            "posterior: doubt counts.",
        ),
        Wrong(
            "no-weights",
            lambda x, weights, probs: _averaged(_bernoulli_log_lik(x, probs).softmax(-1), x),
            "The old weights play no part in your posterior. Is a rare component as likely as a "
            "common one before you see the image?",
        ),
        Wrong(
            "black-only",
            lambda x, weights, probs: _averaged(
                (weights.log() + torch.xlogy(x[:, None], probs).sum(-1)).softmax(-1), x
            ),
            "You score the black pixels only. A white pixel is evidence as well: how likely was "
            "it?",
        ),
        *(
            Wrong(
                "zero-times-log-zero",
                solve,
                "0 · log 0 is nan for the machine. Where `probs` is 0 and the pixel is 0 (or both "
                "are 1), nothing surprising has happened. Which function of torch knows that?",
            )
            for solve in (
                lambda x, weights, probs: _averaged(
                    (
                        weights.log()
                        + (x[:, None] * probs.log() + (1 - x[:, None]) * (1 - probs).log()).sum(-1)
                    ).softmax(-1),
                    x,
                ),
                lambda x, weights, probs: _averaged(
                    (weights.log() + x @ probs.log().mT + (1 - x) @ (1 - probs).log().mT).softmax(
                        -1
                    ),
                    x,
                ),
            )
        ),
        Wrong(
            "unstable",
            lambda x, weights, probs: _averaged(
                _over_sum(weights * torch.where(x[:, None] == 1, probs, 1 - probs).prod(-1)),
                x,
            ),
            "The right formula, but the product over 2000 pixels underflows to 0, and 0/0 is nan. "
            "Which form of the product does not?",
        ),
        Wrong(
            "wrong-axis",
            lambda x, weights, probs: _averaged(
                (weights.log() + _bernoulli_log_lik(x, probs)).softmax(0), x
            ),
            "In your posterior the images compete for a component. For one image, who competes?",
        ),
        Wrong(
            "one-shift",
            lambda x, weights, probs: (
                lambda scores: _averaged(_over_sum((scores - scores.max()).exp()), x)
            )(weights.log() + _bernoulli_log_lik(x, probs)),
            "You subtract one number from the whole batch. That saves the likeliest image; the "
            "others still underflow. How large a shift does each image need?",
        ),
        *(
            Wrong(
                "impossible-forgotten",
                solve,
                "You put a 0 for log 0, as if nothing had happened. A component that cannot make "
                "a pixel cannot have made the image. Which term is it that may be left out?",
            )
            for solve in (
                lambda x, weights, probs: _averaged(
                    (
                        weights.log()
                        + x @ probs.log().nan_to_num(neginf=0.0).mT
                        + (1 - x) @ (1 - probs).log().nan_to_num(neginf=0.0).mT
                    ).softmax(-1),
                    x,
                ),
            )
        ),
        *(
            Wrong(
                "epsilon",
                lambda x, weights, probs, small=small: _averaged(
                    (
                        weights.log()
                        + x @ (probs + small).log().mT
                        + (1 - x) @ (1 - probs + small).log().mT
                    ).softmax(-1),
                    x,
                ),
                "The small number inside the log makes the impossible possible: a component that "
                "cannot make an image must not get a share of it.",
            )
            for small in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
        ),
        *(
            Wrong(
                "new-clamped",
                lambda x, weights, probs, small=small: (
                    lambda new: (new[0], new[1].clamp(small, 1 - small))
                )(_averaged(_shares(x, weights, probs), x)),
                "You clamp the new `probs`. A plain step of EM returns plain averages, and an "
                "average of bits may be exactly 0 or 1.",
            )
            for small in (0.01, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
        ),
        Wrong(
            "rounded",
            lambda x, weights, probs: (lambda new: (new[0], new[1].round()))(
                _averaged(_shares(x, weights, probs), x)
            ),
            "You round the new `probs` to black and white. They say how often a pixel is black.",
        ),
        Wrong(
            "believed-again",
            lambda x, weights, probs: (lambda new: (new, _averaged(_shares(x, new, probs), x)[1]))(
                _shares(x, weights, probs).mean(0)
            ),
            "You found the posterior a second time, with the new weights, before you averaged the "
            "pixels. One step believes once, and counts everything with that.",
        ),
        Wrong(
            "divided-by-ink",
            lambda x, weights, probs: (lambda r: (r.mean(0), (r.mT @ x) / x.sum(0)))(
                _shares(x, weights, probs)
            ),
            "You divide by the number of images in which the pixel is black. That shares out the "
            "ink. How many images, in parts, belong to component k?",
        ),
        Wrong(
            "counts",
            lambda x, weights, probs: (lambda r: (r.sum(0), (r.mT @ x) / r.sum(0)[:, None]))(
                _shares(x, weights, probs)
            ),
            "Your new weights count images: they sum to B. What must weights sum to?",
        ),
        Wrong(
            "divided-by-batch",
            lambda x, weights, probs: (lambda r: (r.mean(0), (r.mT @ x) / len(x)))(
                _shares(x, weights, probs)
            ),
            "Your new `probs` are divided by the number of all images. How many images, in parts, "
            "belong to component k?",
        ),
        Wrong(
            "not-divided",
            lambda x, weights, probs: (lambda r: (r.mean(0), r.mT @ x))(_shares(x, weights, probs)),
            "Your new `probs` are sums, which may exceed 1. An average divides by its weights.",
        ),
        Wrong(
            "weights-kept",
            lambda x, weights, probs: (weights, _averaged(_shares(x, weights, probs), x)[1]),
            "The new `probs` are right, but the weights are the old ones. Which share of the "
            "images does each component explain?",
        ),
        Wrong(
            "probs-kept",
            lambda x, weights, probs: (_shares(x, weights, probs).mean(0), probs),
            "The new weights are right, but `probs` are the old ones.",
        ),
        *(
            Wrong(
                "weights-twice",
                solve,
                "The old weights enter your new ones once more. They have already done their work "
                "in the posterior.",
            )
            for solve in (
                lambda x, weights, probs: (
                    lambda r: (_over_sum(r.mean(0) * weights), _averaged(r, x)[1])
                )(_shares(x, weights, probs)),
                lambda x, weights, probs: (lambda r: (r.mean(0) * weights, _averaged(r, x)[1]))(
                    _shares(x, weights, probs)
                ),
            )
        ),
        Wrong(
            "everyone-alike",
            lambda x, weights, probs: (
                _shares(x, weights, probs).mean(0),
                x.mean(0).expand_as(probs).clone(),
            ),
            "All components get the same average of all images. Each image should count for each "
            "component as much as the posterior says.",
        ),
        Wrong(
            "swapped",
            lambda x, weights, probs: _averaged(_shares(x, weights, probs), x)[::-1],
            "Both are right, but returned in the other order: first the weights.",
        ),
        Wrong(
            "transposed",
            lambda x, weights, probs: (lambda new: (new[0], new[1].mT))(
                _averaged(_shares(x, weights, probs), x)
            ),
            "The new `probs` are transposed: one row for each component.",
        ),
        Wrong(
            "adds-probability",
            lambda x, weights, probs: _averaged(
                (weights + _bernoulli_log_lik(x, probs)).softmax(-1), x
            ),
            "You add the weights to logs. On which scale does softmax expect its scores?",
        ),
        Wrong(
            "mean-over-pixels",
            lambda x, weights, probs: _averaged(
                (weights.log() + _bernoulli_log_lik(x, probs) / x.shape[1]).softmax(-1), x
            ),
            "You averaged the log-likelihood over the pixels. Independent pixels multiply: what do "
            "their logs do?",
        ),
        Wrong(
            "prior-shares",
            lambda x, weights, probs: _averaged(weights.expand(len(x), -1), x),
            "You share out every image by the prior. What does the image itself say about z?",
        ),
        Wrong(
            "squared-distance",
            lambda x, weights, probs: _averaged(
                (weights.log() - 0.5 * (x[:, None] - probs).square().sum(-1)).softmax(-1), x
            ),
            "Squared distances belong to Gaussians. How likely is a black pixel under `probs`?",
        ),
        Wrong(
            "clamped",
            lambda x, weights, probs: _averaged(
                (weights.log() + _bernoulli_log_lik(x, probs.clamp(1e-3, 1 - 1e-3))).softmax(-1),
                x,
            ),
            "By clamping you make the impossible possible: a component that cannot make an image "
            "must not get a share of it.",
        ),
        *(
            Wrong(
                "smoothed",
                solve,
                "You add pseudo-counts, as with a prior on the parameters. A plain EM step takes "
                "plain weighted averages.",
            )
            for solve in (
                lambda x, weights, probs: (
                    lambda r: (r.mean(0), (r.mT @ x + 1) / (r.sum(0)[:, None] + 2))
                )(_shares(x, weights, probs)),
                lambda x, weights, probs: (
                    lambda r: (
                        _over_sum(r.sum(0) + 1),
                        (r.mT @ x + 1) / (r.sum(0)[:, None] + 2),
                    )
                )(_shares(x, weights, probs)),
            )
        ),
        Wrong(
            "white-pixels",
            lambda x, weights, probs: _averaged(_shares(x, weights, probs), 1 - x),
            "Your new `probs` count the white pixels. They are the probabilities of a 1.",
        ),
        Wrong(
            "inverted-image",
            lambda x, weights, probs: _averaged(
                (weights.log() + _bernoulli_log_lik(1 - x, probs)).softmax(-1), x
            ),
            "Black and white have changed places in your likelihood: which factor belongs to a "
            "pixel that is 1?",
        ),
        Wrong(
            "shares-only",
            lambda x, weights, probs: (_shares(x, weights, probs), probs),
            "That is the posterior, one row for each image. What does it say about the new weights "
            "and `probs`?",
        ),
        Wrong(
            "two-steps",
            lambda x, weights, probs: em_step(x, *em_step(x, weights, probs)),
            "That is two steps of EM. One was asked for.",
        ),
        Wrong(
            "sigmoid",
            lambda x, weights, probs: _averaged(
                (weights.log() + _bernoulli_log_lik(x, probs)).sigmoid(), x
            ),
            "Sigmoid judges each component on its own. They share a whole 1 of each image.",
        ),
        Wrong(
            "divided-along-pixels",
            lambda x, weights, probs: (lambda r: (r.mean(0), (r.mT @ x) / r.sum(0)))(
                _shares(x, weights, probs)
            ),
            "`[K]` beside `[K, D]` lines up with the pixels. The sum of the weights belongs to the "
            "component.",
        ),
        Wrong(
            "normalized-over-pixels",
            lambda x, weights, probs: (lambda r: (r.mean(0), _over_sum(r.mT @ x)))(
                _shares(x, weights, probs)
            ),
            "Your new `probs` sum to 1 over the pixels, as if exactly one pixel could be black. "
            "Pixels are independent here: each one has an average of its own.",
        ),
        Wrong(
            "shares-as-weights",
            lambda x, weights, probs: (lambda r: (r, _averaged(r, x)[1]))(
                _shares(x, weights, probs)
            ),
            "Your new `probs` are right, but your first result is the posterior, one row for each "
            "image. Which share of **all** images does a component explain?",
        ),
    ],
    hints=[
        "Two halves. First the posterior over the K components, one row for each image. Then "
        "averages in which image b has the weight r[b, k].",
        "The weights: which share of all images does component k explain?",
        "A weighted average divides by the sum of its weights. `torch.xlogy` knows 0 · log 0 = 0.",
    ],
    equivalents={
        "r = torch.softmax(weights.log() + log_lik, 1)": "of two axes, 1 is the last",
        "r = torch.softmax(weights.log() + log_lik, --1)": "of two axes, 1 is the last",
    },
)


EXERCISES = [
    GENOTYPES,
    LOG_MARGINAL,
    TWO_GENES,
    MIXTURE_VARIANCE,
    SAMPLE_MIXTURE,
    RESPONSIBILITIES,
    INTRACTABLE,
    NAIVE_MISS,
    LOG_MEAN_LIK,
    NAIVE_BIAS,
    LOG_MARGINAL_GRAD,
    SAMPLING_NEEDS,
    AUTOENCODER,
    TRUE_GENES,
    EM_STEP,
]
