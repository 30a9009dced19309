"""Exercises of the chapter on maximum likelihood."""

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
from ._tools import bits, matrix, normal, tokens, vector

NUMBER = 4
LN2 = math.log(2)
INF = math.inf
_SMALL = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)


def _one(value):
    return torch.tensor(value, dtype=torch.float64)


# ------------------------------------------------------------------ what is maximized
UNIFORM_MLE = NumberExercise(
    id="uniform_mle",
    title="Predict: where does the uniform end?",
    statement=(
        "x is uniform on (0, θ], with θ unknown. You see 2, 6 and 3. Which θ is the maximum "
        "likelihood estimate?"
    ),
    truth=6,
    written="6",
    because=(
        "The likelihood is θ⁻³ for θ ≥ 6 and 0 below, so the smallest θ that still allows all data "
        "wins. It sits at a jump: no derivative is 0 there."
    ),
    rtol=1e-3,
    wrong=[
        WrongNumber(
            22 / 3,
            "moment-matching",
            "Twice the mean: you matched the mean of the model to that of the data. Is the "
            "likelihood of the three numbers really largest there? Compare it with a smaller θ.",
        ),
        WrongNumber(
            11 / 3,
            "mean",
            "That is the mean of the data. How likely would the observation 6 be with this θ?",
        ),
        *(
            WrongNumber(
                theta,
                "a-little-more",
                "This θ does allow the three numbers. Is there a smaller one that allows them as "
                "well? And what does θ⁻³ do on the way down?",
            )
            for theta in (6.01, 6.05, 6.1, 6.2, 6.25, 6.5, 7, 7.5, 9, 10, 12, 20, 100)
        ),
        WrongNumber(
            8,
            "unbiased",
            "You stretched the largest value to be right on average. Maximum likelihood does not "
            "ask for that: it asks which θ makes these three numbers the most likely.",
        ),
        WrongNumber(
            INF,
            "unbounded",
            "A wide uniform allows everything, but thinly. What is the density of a single "
            "number on (0, θ] when θ grows?",
        ),
        WrongNumber(
            2,
            "smallest",
            "With this θ the numbers 3 and 6 could not occur at all: what is the likelihood then?",
        ),
        WrongNumber(
            3,
            "median",
            "With this θ the number 6 could not occur at all: what is the likelihood then?",
        ),
        WrongNumber(
            11,
            "sum",
            "That is the sum of the data. Write down the density of one number on (0, θ], then "
            "multiply three of them.",
        ),
        WrongNumber(
            4,
            "range",
            "That is the range of the data. How likely is 6 when θ = 4?",
        ),
        *(
            WrongNumber(
                theta,
                "cannot-occur",
                "With this θ the number 6 could not occur at all: what is the likelihood then?",
            )
            for theta in (1, 1.5, 2.5, 3.5, 4.5, 5, 5.5, 5.75, 5.9, 5.99)
        ),
        WrongNumber(
            1 / 216,
            "likelihood",
            "That is the value of the likelihood at its maximum. **Where** is the maximum?",
        ),
        WrongNumber(
            0,
            "slope-zero",
            "The slope of θ⁻³ is 0 nowhere, and θ = 0 allows no data at all. A maximum may sit at "
            "a jump.",
        ),
    ],
    hints=[
        "The density of one number is 1/θ if it lies at or below θ. And if it does not?",
        "Draw the likelihood of all three numbers for θ from 1 to 10. Where does it jump?",
    ],
)

SUM_OF_LIKELIHOODS = NumberExercise(
    id="sum_of_likelihoods",
    title="Predict: a sum where a product belongs",
    statement=(
        "It snowed on 7 of the last 10 days. Each day has p_θ(snow) = θ. Which θ between 0 and 1 "
        "maximizes the **sum** Σ_i p_θ(x_i) over the ten days?"
    ),
    truth=1,
    written="1",
    because=(
        "The sum is 7θ + 3(1 − θ) = 3 + 4θ, a straight line: it always climbs to the end, and the "
        "three clear days are written off. The product of probabilities, and so the sum of "
        "**logs**, never forgives a probability of 0."
    ),
    level=2,
    rtol=1e-3,
    probability=True,
    forecast=False,
    wrong=[
        WrongNumber(
            0.7,
            "likelihood",
            "That maximizes the sum of the **logs**. Here the probabilities themselves are added: "
            "write the sum as a function of θ. What kind of curve is it?",
        ),
        WrongNumber(
            0.5,
            "fair",
            "Write the sum as a function of θ: is there anything special in the middle?",
        ),
        WrongNumber(
            0,
            "lower-end",
            "At θ = 0 only the three clear days contribute. Can another θ do better?",
        ),
        WrongNumber(
            0.3,
            "clear-days",
            "That is the share of clear days. Write down the sum first: 7 equal terms of one "
            "kind, 3 of the other.",
        ),
        WrongNumber(
            7,
            "value",
            "That is how large the sum gets. **Where** is it largest? θ is a probability.",
        ),
        WrongNumber(4, "slope", "That is the slope of the sum. Where is the sum largest?"),
        WrongNumber(
            INF,
            "unbounded",
            "A straight line has no top, but θ is a probability: how far may it go?",
        ),
        WrongNumber(
            8 / 12,
            "smoothed",
            "You added one day of each kind. Here, nothing is known but the ten days.",
        ),
    ],
    hints=[
        "A snowy day contributes θ to the sum. What does a clear day contribute?",
        "Collect the ten terms. Where between 0 and 1 is a straight line largest?",
    ],
)


def bernoulli_nll(theta, x):
    """theta, a number between 0 and 1, flips x [N] of 0 and 1 -> average of -log p(x_i) in nats."""
    return -(x * theta.log() + (1 - x) * (1 - theta).log()).mean()


def _chosen(theta, x):
    return torch.where(x == 1, theta, 1 - theta)


BERNOULLI_NLL = CodeExercise(
    id="bernoulli_nll",
    title="The negative log-likelihood of coin flips",
    statement=(
        "The coin shows 1 with probability `theta`, a tensor without axes (so no `math.log`), "
        "strictly between 0 and 1. Return the **average** of −log p over the independent flips "
        "`x` (zeros and ones), in nats."
    ),
    reference=bernoulli_nll,
    returns="a tensor without axes",
    unit="nats",
    grad_args=(0,),
    rtol=1e-9,
    atol=1e-12,
    cases=lambda g: [
        Case((_one(0.5), vector(1.0)), "a fair coin, a single 1: log 2"),
        Case((_one(0.8), vector(1.0, 0.0, 1.0)), "θ = 0.8, two ones, one zero"),
        Case((_one(0.25), vector(0.0)), "θ = ¼, a single 0"),
        Case((_one(0.7), vector(*[1.0] * 7, *[0.0] * 3)), "θ = 0.7, seven ones, three zeros"),
        Case((_one(0.3), bits(g, 20)), "θ = 0.3, 20 flips"),
        Case((_one(1e-6), vector(1.0, 0.0, 0.0)), "θ = one in a million, and yet a 1"),
        Case((_one(0.4), bits(g, 3000)), "3000 flips: their product underflows"),
    ],
    kinds=[("there are only zeros", lambda theta, x: bool((x == 0).all()))],
    alternatives=[
        lambda theta, x: F.binary_cross_entropy(theta.expand_as(x), x),
        lambda theta, x: -_chosen(theta, x).log().mean(),
        lambda theta, x: -torch.distributions.Bernoulli(theta).log_prob(x).sum() / len(x),
    ],
    wrong=[
        Wrong(
            "sign",
            lambda theta, x: _chosen(theta, x).log().mean(),
            "This is the average log-likelihood, which is never positive. An optimizer goes "
            "downhill: what must change?",
        ),
        Wrong(
            "ones-only",
            lambda theta, x: -(x * theta.log()).mean(),
            "Only the ones count: then θ = 1 would win for every coin. What does a 0 cost?",
        ),
        Wrong(
            "zeros-only",
            lambda theta, x: -((1 - x) * (1 - theta).log()).mean(),
            "Only the zeros count: then θ = 0 would win for every coin. What does a 1 cost?",
        ),
        Wrong(
            "sum",
            lambda theta, x: -_chosen(theta, x).log().sum(),
            "You added up. The question asks for the **average**, so that data sets of different "
            "sizes can be compared.",
        ),
        Wrong(
            "per-flip",
            lambda theta, x: -_chosen(theta, x).log(),
            "One number for each flip. The question asks for one number for the data set.",
        ),
        Wrong(
            "log-of-mean",
            lambda theta, x: -_chosen(theta, x).mean().log(),
            "The log of an average of probabilities. Independent flips **multiply**: what does "
            "the log make of a product?",
        ),
        Wrong(
            "mean-probability",
            lambda theta, x: -_chosen(theta, x).mean(),
            "You averaged the probabilities themselves. Whoever maximizes that writes the rarer "
            "outcome off altogether. Where is the log?",
        ),
        Wrong(
            "swapped",
            lambda theta, x: -_chosen(1 - theta, x).log().mean(),
            "Ones and zeros are swapped: `theta` is the probability of a 1.",
        ),
        Wrong(
            "log-outside",
            lambda theta, x: -(x * theta.log() + (1 - x) * (1 - theta.log())).mean(),
            "One minus the **log** of θ is not the log of the other outcome. What is the "
            "probability of a 0?",
        ),
        Wrong(
            "subtracts",
            lambda theta, x: -(x * theta.log() - (1 - x) * (1 - theta).log()).mean(),
            "Check the sign between the two terms: both kinds of flips cost something.",
        ),
        Wrong(
            "bits",
            lambda theta, x: -_chosen(theta, x).log2().mean(),
            "This is in bits (log₂). The question asks for nats.",
        ),
        *(
            Wrong(
                "product",
                solve,
                "A product of probabilities. Many flips underflow to 0, and sizes cannot be "
                "compared: take the log, and the average.",
            )
            for solve in (
                lambda theta, x: -_chosen(theta, x).prod(),
                lambda theta, x: _chosen(theta, x).prod(),
            )
        ),
        Wrong(
            "summed-product",
            lambda theta, x: -_chosen(theta, x).prod().log(),
            "Two things: the log of the product is a sum, and the question asks for the "
            "average. And a product of many numbers underflows: log first.",
        ),
        Wrong(
            "log-of-product",
            lambda theta, x: -_chosen(theta, x).prod().log() / len(x),
            "The right formula, but the product of many small numbers underflows to 0, and log 0 "
            "is −inf. When should the log come?",
        ),
        *(
            Wrong(
                "entropy",
                solve,
                "This is the entropy of one coin: either θ or the data do not enter. Keep apart "
                "the coin that is asked and the flips that it is asked about.",
            )
            for solve in (
                lambda theta, x: -(theta * theta.log() + (1 - theta) * (1 - theta).log()),
                lambda theta, x: (
                    -(torch.xlogy(x.mean(), x.mean()) + torch.xlogy(1 - x.mean(), 1 - x.mean()))
                ),
            )
        ),
        Wrong(
            "roles-swapped",
            lambda theta, x: -(torch.xlogy(theta, x) + torch.xlogy(1 - theta, 1 - x)).mean(),
            "θ and x have changed places: you took the log of the flips. Whose probability is it?",
        ),
        Wrong(
            "squared-error",
            lambda theta, x: ((x - theta) ** 2).mean(),
            "That is a squared error. It does score forecasts, but it is no likelihood: which "
            "probability did the coin give to each flip?",
        ),
        Wrong(
            "absolute-error",
            lambda theta, x: (x - theta).abs().mean(),
            "That is an absolute error, the probability of being wrong. Which probability did the "
            "coin give to what **did** happen, and where is the log?",
        ),
        Wrong(
            "logit",
            lambda theta, x: F.binary_cross_entropy_with_logits(theta.expand_as(x), x),
            "You treated `theta` as a logit. It already is a probability.",
        ),
        *(
            Wrong(
                "epsilon",
                solve,
                "The small number in the log, or a bound below θ, puts a ceiling on how surprising "
                "a flip can be. Here θ is never exactly 0 or 1: what do you guard against?",
            )
            for small in _SMALL
            for solve in (
                lambda theta, x, small=small: (
                    -(x * (theta + small).log() + (1 - x) * (1 - theta + small).log()).mean()
                ),
                lambda theta, x, small=small: -(_chosen(theta, x) + small).log().mean(),
                lambda theta, x, small=small: (
                    -_chosen(theta.clamp(max(small, 1e-5), 1 - small), x).log().mean()
                ),
            )
        ),
    ],
    hints=[
        "Which probability does the coin give to a 1, which to a 0? Take the log of each.",
        "x is 1 or 0: as a factor it switches a term on or off.",
        "One average over all flips, and a sign so that less is better.",
    ],
)

LIKELIHOOD_AREA = ChoiceExercise(
    id="likelihood_area",
    title="The area under a likelihood",
    statement=(
        "Ten days, seven with snow, in a given order: their likelihood is L(θ) = θ⁷ (1 − θ)³. What "
        "is the area under L between θ = 0 and θ = 1?"
    ),
    level=2,
    options=[
        Option(
            "Much less than 1: L is no distribution over θ",
            "It is 1/1320. A likelihood tells how well each θ explains **fixed** data. To become a "
            "distribution over θ it needs a prior and a normalizer.",
            right=True,
        ),
        Option(
            "1, since L is the distribution of θ given the data",
            "That would be p(θ | data). L is p(data | θ): what else does Bayes' rule need to turn "
            "one into the other?",
        ),
        Option(
            "1, since the probabilities of all outcomes sum to 1",
            "They do: over all **data sets**, with θ held fixed. Over what do you integrate here?",
        ),
        Option(
            "None: θ is a fixed number, so L has no area",
            "The coin may have one fixed θ, but L is a plain function of θ, as good as any other. "
            "Bound it from above: how large can θ⁷ (1 − θ)³ get?",
        ),
    ],
    hints=[
        "L(θ) is p(data | θ). Which of the two may vary when its values must sum to 1?",
        "The largest value is L(0.7). Is that closer to 1 or to 1/500?",
    ],
)


# ------------------------------------------------------------------ Gaussians
VARIANCE_BIAS = NumberExercise(
    id="variance_bias",
    title="Predict: how wide does the fit come out?",
    statement=(
        "You draw 5 numbers from N(0, 1) and fit mean and variance by maximum likelihood, again "
        "and again. What is the **average** of the fitted variances?"
    ),
    truth=0.8,
    written="0.8",
    because=(
        "Deviations are taken from the fitted mean, which lies closer to the data than the true "
        "one: that takes away σ²/n, and (n − 1)/n = ⅘ is left. Maximum likelihood is not unbiased."
    ),
    level=2,
    rtol=0.005,
    wrong=[
        WrongNumber(
            1,
            "unbiased",
            "That would be true if the deviations were taken from the **true** mean. From which "
            "mean are they taken, and is it closer to the data or farther away?",
        ),
        WrongNumber(
            1.25,
            "inverse",
            "Right idea, wrong way round: is the fitted mean closer to the data than the true one, "
            "or farther away?",
        ),
        WrongNumber(
            1.2,
            "adds",
            "You added the variance of the fitted mean. Is the fitted mean closer to the data than "
            "the true one, or farther away?",
        ),
        WrongNumber(
            0.2,
            "variance-of-mean",
            "That is how much the fitted **mean** varies. What does that do to the deviations?",
        ),
        WrongNumber(
            math.sqrt(0.8),
            "root",
            "That is a square root. The question is about variances.",
        ),
        WrongNumber(
            0.64,
            "squared",
            "You took one factor too many: variances already are squares.",
        ),
        WrongNumber(
            4,
            "sum-of-squares",
            "That is the expected **sum** of the squared deviations. And their average?",
        ),
        WrongNumber(
            0.6,
            "two-lost",
            "You took two degrees of freedom away. How many fitted numbers are subtracted from "
            "the data before squaring?",
        ),
        WrongNumber(
            0.75,
            "n-minus-1",
            "Right direction, but count again: how many numbers are there, and how many of them "
            "does the fitted mean use up?",
        ),
        WrongNumber(
            5,
            "sum",
            "Five numbers of variance 1 add up to that. The fitted variance is an **average**, and "
            "around a fitted mean.",
        ),
        *(
            WrongNumber(
                guess,
                "guess",
                "A guess between the extremes: with one number the fitted variance is 0, with very "
                "many it is 1. What is it, on average, with two?",
            )
            for guess in (0.5, 0.65, 0.7, 0.85, 0.9, 0.95, 0.99)
        ),
        WrongNumber(
            5 / 6,
            "n-plus-1",
            "Right direction, but not the right amount. What is the variance of a mean of five?",
        ),
        WrongNumber(
            0,
            "mean",
            "That is the average of the fitted means. How wide are the fits?",
        ),
    ],
    hints=[
        "With one number only, what is the fitted variance? Does it come out too small or too "
        "large?",
        "Around the true mean the mean squared deviation is 1 on average. How much of it is the "
        "fitted mean's own deviation, whose variance is σ²/n?",
    ],
)


def _variance(x, axis, lost=0):
    """The variance along an axis; `lost` degrees of freedom; no warning where none are left."""
    return (x - x.mean(axis, keepdim=True)).square().sum(axis) / (x.shape[axis] - lost)


def _covariance(x, lost=0):
    """The covariance matrix of the columns."""
    return (x - x.mean(0)).T @ (x - x.mean(0)) / (len(x) - lost)


def gaussian_mle(x):
    "data x [N, D] -> the mean [D] and the variance [D] that make the data most likely."
    mu = x.mean(0)
    return mu, ((x - mu) ** 2).mean(0)


GAUSSIAN_MLE = CodeExercise(
    id="gaussian_mle",
    title="Fit a Gaussian to every column",
    statement=(
        "The rows of `x` are N examples of D numbers. Model each column by a Gaussian of its own. "
        "Return the maximum likelihood estimates `mean, variance`. For a single example give the "
        "limit, variance 0."
    ),
    level=2,
    reference=gaussian_mle,
    returns="two tensors of shape `[D]`: mean and variance",
    grad_args=(0,),
    cases=lambda g: [
        Case((matrix([0.0], [2.0]),), "the two numbers 0 and 2: mean 1, variance 1"),
        Case((matrix([1.0, 10.0], [3.0, 10.0], [5.0, 40.0]),), "three examples of two numbers"),
        Case((matrix([7.0, -2.0, 0.5]),), "a single example: variance 0"),
        Case((2 + normal(g, 10, 3),), "N = 10, D = 3"),
        Case((normal(g, 4, 4, scale=3.0) - 1,), "N = D = 4"),
        Case((normal(g, 2, 6) * vector(1e-3, 1.0, 1e3, 1.0, 1e-2, 10.0),), "columns of all sizes"),
        Case((1e6 + normal(g, 7, 2),), "a million, plus or minus one"),
    ],
    kinds=[("the means are far from 0", lambda x: bool((x.mean(0).abs() > 1e4).any()))],
    alternatives=[
        lambda x: (x.mean(0), x.var(0, unbiased=False)),
        lambda x: (x.sum(0) / len(x), (x - x.mean(0)).square().sum(0) / len(x)),
        lambda x: torch.var_mean(x, 0, correction=0)[::-1],
    ],
    wrong=[
        Wrong(
            "unbiased",
            lambda x: (x.mean(0), _variance(x, 0, 1)),
            "Your variance divides by N − 1, which makes it right on average. Maximum likelihood "
            "asks for something else: which divisor comes out where the slope changes its sign?",
        ),
        Wrong(
            "unbiased",
            lambda x: (x.mean(0), _variance(x, 0, 1) if len(x) > 1 else 0 * x[0]),
            "Your variance divides by N − 1, which makes it right on average. Maximum likelihood "
            "asks for something else: which divisor comes out where the slope changes its sign?",
        ),
        Wrong(
            "zero-over-zero",
            lambda x: (x.mean(0), _variance(x, 0, 1) * (len(x) - 1) / len(x)),
            "The right idea, but for a single example N − 1 is 0, and 0/0 is nan: no factor mends "
            "that afterwards. `var` has an argument for its divisor.",
        ),
        Wrong(
            "std",
            lambda x: (x.mean(0), _variance(x, 0).sqrt()),
            "The second value is the standard deviation; the question asks for the variance.",
        ),
        Wrong(
            "unbiased-std",
            lambda x: (x.mean(0), _variance(x, 0, 1).sqrt()),
            "Two things. The second value is a standard deviation, not a variance; and it divides "
            "by N − 1. Is that what the slope of the likelihood says?",
        ),
        *(
            Wrong(
                "second-moment",
                solve,
                "You averaged squares, not squared **deviations**. That is the variance only of "
                "data around 0.",
            )
            for solve in (
                lambda x: (x.mean(0), (x**2).mean(0)),
                lambda x: (x.mean(0), (x**2).sum(0) / (len(x) - 1)),
            )
        ),
        Wrong(
            "cancels",
            lambda x: (x.mean(0), (x**2).mean(0) - x.mean(0) ** 2),
            "The right formula on paper. Far from 0 it is a small difference of two huge numbers, "
            "and few digits survive. When could you subtract the mean instead?",
        ),
        *(
            Wrong(
                "wrong-axis",
                solve,
                "You averaged over the numbers of an example. Each column is a variable: which "
                "axis counts the examples?",
            )
            for solve in (
                lambda x: (x.mean(1), _variance(x, 1)),
                lambda x: (x.mean(1), _variance(x, 1, 1)),
            )
        ),
        *(
            Wrong(
                "pooled",
                solve,
                "You put several columns into one pot. Each column has a mean and a variance of "
                "its own.",
            )
            for solve in (
                lambda x: (x.mean(0), ((x - x.mean(0)) ** 2).mean().expand(x.shape[1])),
                lambda x: (x.mean(0), ((x - x.mean(0)) ** 2).mean()),
                lambda x: (x.mean(0), ((x - x.mean()) ** 2).mean(0)),
                lambda x: (x.mean(0), _variance(x.flatten(), 0)),
                lambda x: (x.mean(), _variance(x.flatten(), 0)),
                lambda x: (x.mean(), _variance(x.flatten(), 0, 1)),
            )
        ),
        *(
            Wrong(
                "covariance",
                solve,
                "That is a covariance matrix. Each column has a Gaussian of its own: which entries "
                "of the matrix belong to single columns?",
            )
            for solve in (
                lambda x: (x.mean(0), _covariance(x)),
                lambda x: (x.mean(0), _covariance(x, 1)),
                lambda x: (x.mean(0), _covariance(x).squeeze()),
                lambda x: (x.mean(0), _covariance(x, 1).squeeze()),
            )
        ),
        Wrong(
            "swapped",
            lambda x: (_variance(x, 0), x.mean(0)),
            "You return the two in the other order.",
        ),
        Wrong(
            "log-variance",
            lambda x: (x.mean(0), _variance(x, 0).log()),
            "The second value is the log of the variance; the question asks for the variance.",
        ),
        Wrong(
            "precision",
            lambda x: (x.mean(0), 1 / _variance(x, 0)),
            "The second value is one over the variance.",
        ),
        Wrong(
            "not-averaged",
            lambda x: (x.mean(0), ((x - x.mean(0)) ** 2).sum(0)),
            "The squared deviations are added up, not averaged: twice the data would give twice "
            "the variance.",
        ),
        Wrong(
            "sums",
            lambda x: (x.sum(0), ((x - x.mean(0)) ** 2).sum(0)),
            "Both are sums. What divides them, if twice the data is to give the same fit?",
        ),
        Wrong(
            "not-squared",
            lambda x: (x.mean(0), (x - x.mean(0)).mean(0)),
            "Deviations from the mean average to 0. What happens to them before the average?",
        ),
        Wrong(
            "absolute-deviation",
            lambda x: (x.mean(0), (x - x.mean(0)).abs().mean(0)),
            "Absolute deviations belong to another model (the Laplace distribution). What stands "
            "in the exponent of a Gaussian?",
        ),
        *(
            Wrong(
                "by-columns",
                solve,
                "You divided by the number of **columns**. How many squared deviations are there "
                "in one column?",
            )
            for solve in (
                lambda x: (x.mean(0), ((x - x.mean(0)) ** 2).sum(0) / x.shape[1]),
                lambda x: (x.sum(0) / x.shape[1], ((x - x.mean(0)) ** 2).sum(0) / x.shape[1]),
            )
        ),
        Wrong(
            "standard-error",
            lambda x: (x.mean(0), _variance(x, 0) / len(x)),
            "You divided by N twice: this is how much the fitted **mean** varies, not the data.",
        ),
        Wrong(
            "median",
            lambda x: (x.median(0).values, _variance(x, 0)),
            "The median belongs to another model (the Laplace distribution). Which μ makes the sum "
            "of **squared** deviations smallest?",
        ),
        *(
            Wrong(
                "mean-missing",
                solve,
                "One of the two values is not averaged over the examples yet.",
            )
            for solve in (
                lambda x: (x.mean(0), (x - x.mean(0)) ** 2),
                lambda x: (x, _variance(x, 0)),
            )
        ),
    ],
    hints=[
        "Write the log-likelihood of one column. Where does its slope in μ change its sign, and "
        "where does that in σ²?",
        "The rows are the examples: over which axis does the sum of log p run?",
        "The average of what, exactly, is σ²? And is it N or N − 1 that comes out?",
    ],
    equivalents={"return (mu, ((mu - x) ** 2).mean(0))": "a square has no sign"},
)


def regression_nll(mu, log_sigma, y):
    """outputs mu, log_sigma [B, 1], targets y [B] -> average of -log N(y; mu, sigma^2)."""
    mu, log_sigma = mu.squeeze(-1), log_sigma.squeeze(-1)
    z = (y - mu) / log_sigma.exp()
    return (z**2 / 2 + log_sigma + math.log(2 * math.pi) / 2).mean()


_HALF_LOG_2PI = math.log(2 * math.pi) / 2


def _gaussian_loss(mu, s, y):
    return ((y - mu) / s.exp()) ** 2 / 2 + s + _HALF_LOG_2PI


# Formulas of first tries: key, loss for mu, s = log_sigma and y of one shape, feedback.
_LOSSES = [
    (
        "no-log-sigma",
        lambda mu, s, y: ((y - mu) / s.exp()) ** 2 / 2 + _HALF_LOG_2PI,
        "Being unsure costs nothing here: an infinite σ would be best. What does the normalizer of "
        "a Gaussian say about σ?",
    ),
    (
        "no-constant",
        lambda mu, s, y: ((y - mu) / s.exp()) ** 2 / 2 + s,
        "Good enough for training, but a constant of the Gaussian's normalizer is missing, so the "
        "number cannot be compared with that of another model.",
    ),
    (
        "scaled-squares",
        lambda mu, s, y: ((y - mu) / s.exp()) ** 2 / 2,
        "The normalizer of the Gaussian is missing altogether: being unsure costs nothing, so an "
        "infinite σ would be best.",
    ),
    (
        "squared-error",
        lambda mu, s, y: (y - mu) ** 2,
        "That is the squared error; σ plays no part. It is a likelihood only in disguise, for one "
        "fixed σ. What does a Gaussian of width σ say?",
    ),
    (
        "log-variance",
        lambda mu, s, y: (y - mu) ** 2 / s.exp() / 2 + s / 2 + _HALF_LOG_2PI,
        "You read the second output as log σ². It is log σ: how do the two differ?",
    ),
    (
        "half-log-sigma",
        lambda mu, s, y: ((y - mu) / s.exp()) ** 2 / 2 + s / 2 + _HALF_LOG_2PI,
        "Your log term belongs to an output log σ². The normalizer is one over σ√(2π): what is "
        "its log?",
    ),
    (
        "double-log-sigma",
        lambda mu, s, y: ((y - mu) / s.exp()) ** 2 / 2 + 2 * s + _HALF_LOG_2PI,
        "The log term is too large: the normalizer contains σ once, not squared.",
    ),
    (
        "not-squared-sigma",
        lambda mu, s, y: (y - mu) ** 2 / s.exp() / 2 + s + _HALF_LOG_2PI,
        "The square belongs to the whole of (y − μ)/σ. In your code σ is not squared.",
    ),
    (
        "no-half",
        lambda mu, s, y: ((y - mu) / s.exp()) ** 2 + s + _HALF_LOG_2PI,
        "Look at the exponent of a Gaussian again: which factor stands before the square?",
    ),
    (
        "minus-log-sigma",
        lambda mu, s, y: ((y - mu) / s.exp()) ** 2 / 2 - s + _HALF_LOG_2PI,
        "Sign of the log term: a wide Gaussian is low everywhere. Should being unsure raise the "
        "loss of a good guess, or lower it?",
    ),
    (
        "minus-constant",
        lambda mu, s, y: ((y - mu) / s.exp()) ** 2 / 2 + s - _HALF_LOG_2PI,
        "Sign of the constant: does √(2π) stand above or below the line in the density?",
    ),
    (
        "full-constant",
        lambda mu, s, y: ((y - mu) / s.exp()) ** 2 / 2 + s + 2 * _HALF_LOG_2PI,
        "Nearly: 2π stands under a root in the density. What does its log make of the root?",
    ),
    (
        "log-as-sigma",
        lambda mu, s, y: ((y - mu) / s) ** 2 / 2 + s.log() + _HALF_LOG_2PI,
        "You used the network's output as σ itself. It is a logarithm, and so may be negative.",
    ),
    (
        "log-in-square",
        lambda mu, s, y: ((y - mu) / s) ** 2 / 2 + s + _HALF_LOG_2PI,
        "In the square you divide by log σ. By what should the deviation be measured?",
    ),
    (
        "sigma-for-log",
        lambda mu, s, y: ((y - mu) / s.exp()) ** 2 / 2 + s.exp() + _HALF_LOG_2PI,
        "You added σ where its log belongs. What does −log make of a factor 1/σ?",
    ),
    (
        "multiplies",
        lambda mu, s, y: ((y - mu) * s.exp()) ** 2 / 2 + s + _HALF_LOG_2PI,
        "You multiply the deviation by σ. Should a large σ make a deviation look large or small?",
    ),
    (
        "absolute",
        lambda mu, s, y: (y - mu).abs() / s.exp() / 2 + s + _HALF_LOG_2PI,
        "An absolute deviation belongs to another density (Laplace). What stands in the exponent "
        "of a Gaussian?",
    ),
    (
        "variance-as-scale",
        lambda mu, s, y: -torch.distributions.Normal(mu, s.exp() ** 2).log_prob(y),
        "`Normal` takes the standard deviation as its second argument, not the variance.",
    ),
    *(
        (
            "log-squared",
            formula,
            "You squared the **log** of σ, but (log σ)² is not log σ². Undo the log first, and "
            "square then.",
        )
        for formula in (
            lambda mu, s, y: (y - mu) ** 2 / (s**2).exp() / 2 + s**2 / 2 + _HALF_LOG_2PI,
            lambda mu, s, y: (y - mu) ** 2 / (s**2).exp() / 2 + s + _HALF_LOG_2PI,
        )
    ),
    *(
        (
            "not-squared",
            formula,
            "The deviation is not squared: a target below μ would lower the loss without end.",
        )
        for formula in (
            lambda mu, s, y: (y - mu) / s.exp() ** 2 / 2 + s + _HALF_LOG_2PI,
            lambda mu, s, y: (y - mu) / s.exp() / 2 + s + _HALF_LOG_2PI,
        )
    ),
    *(
        (
            "ten-to-the",
            formula,
            "A power of 10 undoes a logarithm with base 10. `log_sigma` is a natural one.",
        )
        for formula in (
            lambda mu, s, y: ((y - mu) / 10**s) ** 2 / 2 + math.log(10) * s + _HALF_LOG_2PI,
            lambda mu, s, y: ((y - mu) / 10**s) ** 2 / 2 + s + _HALF_LOG_2PI,
        )
    ),
    (
        "log-twice",
        lambda mu, s, y: ((y - mu) / s.exp()) ** 2 / 2 + s.log() + _HALF_LOG_2PI,
        "The output already is log σ, and you took its log again.",
    ),
    (
        "log-density",
        lambda mu, s, y: -_gaussian_loss(mu, s, y),
        "This is the log-density itself. For a loss, less must be better.",
    ),
    (
        "log-of-density",
        lambda mu, s, y: (
            -(-((y - mu) ** 2) / s.exp() ** 2 / 2).exp().div(s.exp() * math.sqrt(2 * math.pi)).log()
        ),
        "The right formula, but far from μ the density underflows to 0, and log 0 is −inf. Take "
        "the log on paper first.",
    ),
    (
        "density",
        lambda mu, s, y: -(-_gaussian_loss(mu, s, y)).exp(),
        "That is the density, not its log. Far from μ it underflows.",
    ),
]


def _loss(formula, reduce=torch.mean):
    return lambda mu, log_sigma, y: reduce(formula(mu.squeeze(-1), log_sigma.squeeze(-1), y))


REGRESSION_NLL = CodeExercise(
    id="regression_nll",
    title="A network that says how sure it is",
    statement=(
        "A network gives `mu` and `log_sigma`, each of shape `[B, 1]`; the targets `y` have shape "
        "`[B]`. Return the average over the batch of −log N(y; μ, σ²), in nats, with all its "
        "constants."
    ),
    level=2,
    reference=regression_nll,
    returns="a tensor without axes",
    unit="nats",
    grad_args=(0, 1),
    cases=lambda g: [
        Case((matrix([0.0]), matrix([0.0]), vector(0.0)), "the peak of N(0, 1): ½ log 2π"),
        Case((matrix([0.0]), matrix([LN2]), vector(2.0)), "σ = 2, one σ away"),
        Case(
            (matrix([0.0], [10.0]), matrix([0.0], [0.0]), vector(0.0, 10.0)),
            "two perfect guesses, σ = 1",
        ),
        Case(
            (matrix([1.0], [2.0]), matrix([-3.0], [-5.0]), vector(1.0, 2.0)),
            "sure and right: the loss is negative",
        ),
        Case(
            (matrix([1.0], [-1.0], [0.0]), matrix([0.5], [1.5], [1.0]), vector(2.0, 0.0, 3.0)),
            "three examples, all σ above 1",
        ),
        Case((normal(g, 5, 1), normal(g, 5, 1), normal(g, 5)), "B = 5"),
        Case((normal(g, 1, 1, scale=3.0), normal(g, 1, 1), normal(g, 1)), "B = 1"),
        Case(
            (
                matrix([-1e3], [0.0], [1e3], [0.1]),
                matrix([0.0], [8.0], [-4.0], [-9.0]),
                vector(1e3, -1e3, 1e3, 0.1),
            ),
            "errors as large as 2000, σ between e⁻⁹ and e⁸",
        ),
    ],
    alternatives=[
        lambda mu, log_sigma, y: (
            -torch.distributions.Normal(mu[:, 0], log_sigma[:, 0].exp()).log_prob(y).mean()
        ),
        lambda mu, log_sigma, y: _gaussian_loss(mu, log_sigma, y[:, None]).mean(),
        lambda mu, log_sigma, y: F.gaussian_nll_loss(
            mu, y[:, None], (2 * log_sigma).exp(), full=True, eps=1e-12
        ),
    ],
    wrong=[
        *(Wrong(key, _loss(formula), feedback) for key, formula, feedback in _LOSSES),
        *(
            Wrong(
                "broadcast",
                lambda mu, log_sigma, y, formula=formula: formula(mu, log_sigma, y).mean(),
                "Print the shape of `y - mu`. `[B]` beside `[B, 1]` makes `[B, B]`: every guess is "
                "compared with every target, and the average hides it.",
            )
            for formula in (_gaussian_loss, *(formula for _, formula, _ in _LOSSES))
        ),
        *(
            Wrong(
                "broadcast",
                lambda mu, log_sigma, y, formula=formula: formula(
                    mu.squeeze(-1), log_sigma, y
                ).mean(),
                "Print the shape of (y − μ)/σ. One of the two outputs still has `[B, 1]`, and "
                "beside `[B]` it becomes `[B, B]`: the average hides it.",
            )
            for formula in (
                _gaussian_loss,
                *(formula for key, formula, _ in _LOSSES if key != "squared-error"),
            )
        ),
        *(
            Wrong(
                "sum",
                solve,
                "You added up over the batch. The question asks for the average.",
            )
            for solve in (
                _loss(_gaussian_loss, torch.sum),
                lambda mu, log_sigma, y: _gaussian_loss(mu, log_sigma, y).sum(),
            )
        ),
        Wrong(
            "per-example",
            _loss(_gaussian_loss, lambda x: x),
            "One loss for each example. The question asks for the average over the batch.",
        ),
        Wrong(
            "log-of-mean",
            _loss(
                lambda mu, s, y: -_gaussian_loss(mu, s, y),
                lambda x: math.log(len(x)) - x.logsumexp(0),
            ),
            "The log of an average density. Independent examples multiply: average the **logs**.",
        ),
        *(
            Wrong(
                "clamped-variance",
                lambda mu, log_sigma, y, shape=shape: F.gaussian_nll_loss(
                    mu.view(shape), y.view(shape), (2 * log_sigma).exp().view(shape), full=True
                ),
                "`gaussian_nll_loss` raises every variance below 1e-6 to 1e-6 (its `eps`), so a "
                "network that is very sure is scored as if it were less sure. What does the "
                "formula say for a tiny σ?",
            )
            for shape in ((-1,), (-1, 1))
        ),
        Wrong(
            "clamped-no-constant",
            lambda mu, log_sigma, y: F.gaussian_nll_loss(mu[:, 0], y, (2 * log_sigma[:, 0]).exp()),
            "Two things about `gaussian_nll_loss`: it leaves a constant out unless you ask for it, "
            "and it raises every variance below 1e-6 to 1e-6 (its `eps`).",
        ),
        Wrong(
            "common-sigma",
            lambda mu, log_sigma, y: _gaussian_loss(
                mu.squeeze(-1), log_sigma.exp().mean().log(), y
            ).mean(),
            "You used one σ for the whole batch. The network gives one for each example.",
        ),
        Wrong(
            OWN_DICE,
            lambda mu, log_sigma, y: _gaussian_loss(
                mu.squeeze(-1) + log_sigma.exp().squeeze(-1) * torch.randn_like(y),
                log_sigma.squeeze(-1),
                y,
            ).mean(),
            "You drew from the Gaussian. Its log-density can be written down: nothing is random.",
        ),
    ],
    hints=[
        "Write down log N(y; μ, σ²) on paper: a square, a term with σ, a constant.",
        "With log σ given, one term needs no log and one needs an exp.",
        "Print the shape of each piece for B = 3. Is there a `[3, 3]` anywhere?",
    ],
    equivalents={
        "z = (mu - y) / log_sigma.exp()": "a square has no sign",
    }
    | {
        f"mu, log_sigma = (mu.squeeze({one}), log_sigma.squeeze({other}))": "axis 1 is the last"
        for one, other in (("1", "-1"), ("--1", "-1"), ("-1", "1"), ("-1", "--1"))
    },
)


# ------------------------------------------------------------------ classification
def nll_from_logits(logits, y):
    """scores logits [B, V], labels y [B] -> average of -log p(y) under softmax(logits), in nats."""
    return -logits.log_softmax(-1).gather(1, y[:, None]).mean()


def _label(scores, y):
    return scores.gather(1, y[:, None]).squeeze(1)


NLL_FROM_LOGITS = CodeExercise(
    id="nll_from_logits",
    title="Find the bug: the loss that stays above 0.55",
    kind="bug",
    statement=(
        "A classifier with three classes is always right and very sure, yet its loss never falls "
        "below 0.55. Repair it: return the average −log p(y) under softmax(logits), in nats. "
        "Scores may be as large as ±1000."
    ),
    level=2,
    reference=nll_from_logits,
    returns="a tensor without axes",
    unit="nats",
    given='''
        def nll_from_logits(logits, y):
            """scores logits [B, V], labels y [B] -> average of -log p(y), in nats."""
            return torch.nn.functional.cross_entropy(logits.softmax(-1), y)
    ''',
    grad_args=(0,),
    cases=lambda g: [
        Case((matrix([0.0, 0.0]), torch.tensor([1])), "two equal scores: log 2"),
        Case((matrix([9.0, 0.0, 0.0]), torch.tensor([0])), "sure and right: close to 0"),
        Case((normal(g, 5, 3, scale=2.0), tokens(g, 3, 5)), "B = 5, V = 3"),
        Case((normal(g, 4, 4), tokens(g, 4, 4)), "B = V = 4"),
        Case((normal(g, 3, 7) - 20, tokens(g, 7, 3)), "all scores lowered by 20, V = 7"),
        Case(
            (matrix([1000.0, 0.0], [0.0, 1000.0], [-1000.0, 0.0]), torch.tensor([0, 0, 0])),
            "scores of ±1000, two of three labels wrong",
        ),
        Case(
            (matrix([1000.0, 0.0], [0.0, 1000.0]), torch.tensor([0, 1])),
            "scores of 1000, both labels right",
        ),
        Case((matrix([-1000.0, 0.0]), torch.tensor([1])), "a score of −1000, label right"),
        Case((normal(g, 2, 1), torch.tensor([0, 0])), "a single class: no doubt at all"),
    ],
    alternatives=[
        lambda logits, y: F.cross_entropy(logits, y),
        lambda logits, y: F.nll_loss(F.log_softmax(logits, -1), y),
        lambda logits, y: (logits.logsumexp(1) - logits[torch.arange(len(y)), y]).mean(),
    ],
    wrong=[
        Wrong(
            "double-softmax",
            lambda logits, y: F.cross_entropy(logits.softmax(-1), y),
            "The bug is still there: softmax happens **twice**, so the scores lie between 0 and 1 "
            "and no class can get far ahead. What does `cross_entropy` expect?",
        ),
        Wrong(
            "no-log",
            lambda logits, y: F.nll_loss(logits.softmax(-1), y),
            "`nll_loss` takes no log: it expects **log**-probabilities. This is minus the "
            "average probability, a negative loss.",
        ),
        Wrong(
            "raw-scores",
            lambda logits, y: F.nll_loss(logits, y),
            "These scores were never normalized: raise them all, and this loss falls without end. "
            "(`nll_loss` only picks and averages.)",
        ),
        *(
            Wrong(
                "minus-a-constant",
                lambda logits, y, floor=floor: F.cross_entropy(logits.softmax(-1), y) - floor,
                "A constant does not undo a second softmax: it lowers every loss by as much, and "
                "not only the smallest. What does `cross_entropy` expect?",
            )
            for floor in (0.55, 0.551, 0.5514, 0.55144, math.log(math.e + 2) - 1)
        ),
        Wrong(
            "log-of-scores",
            lambda logits, y: F.cross_entropy(logits.log(), y),
            "You took the log of the scores. They may be negative, so they are no probabilities. "
            "What does `cross_entropy` expect?",
        ),
        Wrong(
            "one-minus",
            lambda logits, y: (1 - _label(logits.softmax(-1), y)).mean(),
            "1 − p is close to −log p only for a p near 1. What does each of the two say about a "
            "right class that got p = 0?",
        ),
        Wrong(
            "all-labels",
            lambda logits, y: -logits.log_softmax(-1)[:, y].mean(),
            "`[:, y]` picks, in **every** row, the columns of all labels: `[B, B]`. Row and label "
            "belong together in pairs.",
        ),
        *(
            Wrong(
                "one-shift",
                lambda logits, y, shift=shift: (
                    shift(logits).exp().sum(-1).log() - _label(shift(logits), y)
                ).mean(),
                "A shift is the right idea. But you shift all rows by the same number, and a row "
                "far below it is left with exp = 0. Whose largest score should a row lose?",
            )
            for shift in (lambda z: z - z.max(), lambda z: z - z.amax(0))
        ),
        *(
            Wrong(
                "log-of-softmax",
                solve,
                "The right formula, but with large scores softmax gives an exact 0, and log 0 is "
                "−inf. One function does both steps without leaving the logs.",
            )
            for solve in (
                lambda logits, y: -_label(logits.softmax(-1).log(), y).mean(),
                lambda logits, y: F.nll_loss(logits.softmax(-1).log(), y),
            )
        ),
        Wrong(
            "zero-times-log-zero",
            lambda logits, y: -(_hot(logits, y) * logits.softmax(-1).log()).sum(-1).mean(),
            "Where softmax gives an exact 0, its log is −inf, and 0 · (−inf) is nan. Ask only for "
            "the log of the right class, and take it without leaving the logs.",
        ),
        Wrong(
            "naive-exp",
            lambda logits, y: (
                -_label((logits.exp() / logits.exp().sum(-1, keepdim=True)).log(), y).mean()
            ),
            "The right formula, but exp of 1000 is inf, and inf/inf is nan. Which function shifts "
            "the scores first?",
        ),
        Wrong(
            "naive-logsumexp",
            lambda logits, y: (logits.exp().sum(-1).log() - _label(logits, y)).mean(),
            "The right formula, but exp of 1000 is inf. There is a stable function for log Σ exp.",
        ),
        *(
            Wrong(
                "epsilon",
                lambda logits, y, small=small: (
                    -_label((logits.softmax(-1) + small).log(), y).mean()
                ),
                "The small number in the log puts a ceiling on how wrong a prediction can be. One "
                "function does softmax and log together and needs no such help.",
            )
            for small in _SMALL
        ),
        Wrong(
            "sum",
            lambda logits, y: F.cross_entropy(logits, y, reduction="sum"),
            "You added up over the batch. The question asks for the average.",
        ),
        Wrong(
            "per-example",
            lambda logits, y: F.cross_entropy(logits, y, reduction="none"),
            "One loss for each example. The question asks for the average over the batch.",
        ),
        Wrong(
            "sign",
            lambda logits, y: -F.cross_entropy(logits, y),
            "`cross_entropy` already has the minus; another one undoes it.",
        ),
        *(
            Wrong(
                "over-batch",
                solve,
                "You normalized over the batch. The classes of **one** example compete: which axis "
                "is that?",
            )
            for solve in (
                lambda logits, y: -_label(logits.log_softmax(0), y).mean(),
                lambda logits, y: F.cross_entropy(logits.softmax(0), y),
                lambda logits, y: F.cross_entropy(logits.log_softmax(0), y),
            )
        ),
        Wrong(
            "log-of-mean",
            lambda logits, y: -_label(logits.softmax(-1), y).mean().log(),
            "The log of the average probability. Independent examples multiply: average the logs.",
        ),
        Wrong(
            "all-classes",
            lambda logits, y: -logits.log_softmax(-1).mean(),
            "You averaged over all classes. Only the class in `y` did occur.",
        ),
        Wrong(
            "most-likely",
            lambda logits, y: -logits.log_softmax(-1).max(-1).values.mean(),
            "This scores the predicted class. What matters is the class that did occur.",
        ),
        Wrong(
            "binary",
            lambda logits, y: F.binary_cross_entropy_with_logits(
                logits, F.one_hot(y, logits.shape[-1]).to(logits.dtype)
            ),
            "That treats the classes as separate yes-or-no questions. Here exactly one class is "
            "right, and they compete.",
        ),
        Wrong(
            "sigmoid",
            lambda logits, y: -F.logsigmoid(_label(logits, y)).mean(),
            "Sigmoid judges a class on its own. The classes compete for a single 1.",
        ),
        Wrong(
            "error-rate",
            lambda logits, y: (logits.argmax(-1) != y).to(logits.dtype).mean(),
            "That is the error rate. It does not see how sure the classifier is, and it has no "
            "gradient.",
        ),
        Wrong(
            "bits",
            lambda logits, y: F.cross_entropy(logits, y) / LN2,
            "This is in bits. The question asks for nats.",
        ),
    ],
    hints=[
        "Does `cross_entropy` expect scores, probabilities or log-probabilities?",
        "Try scores [[100, 0, 0]] with label 0. What should the loss be, and what is it?",
        "log(e + 2) − 1 = 0.55: where do an e and two ones come from?",
    ],
    equivalents={
        "return -logits.log_softmax(1).gather(1, y[:, None]).mean()": "of two axes, 1 is the last",
        "return -logits.log_softmax(--1).gather(1, y[:, None]).mean()": "1 is the last axis",
        "return -logits.log_softmax(-1).gather(-1, y[:, None]).mean()": "1 is the last axis",
    },
)


def nll_gradient(logits, y):
    """logits [B, V], labels y [B] -> gradient of the average -log p(y) by the logits, [B, V]."""
    p = logits.softmax(-1)
    return (p - F.one_hot(y, logits.shape[-1])) / logits.shape[0]


def _hot(logits, y):
    return F.one_hot(y, logits.shape[-1]).to(logits.dtype)


def _seen(logits, y):
    """In every row a 1 at each class that is a label of any row."""
    return _hot(logits, y).amax(0).expand_as(logits)


def _by_autograd(loss):
    def solve(logits, y):
        leaf = logits.detach().clone().requires_grad_(True)
        return torch.autograd.grad(loss(leaf, y), leaf)[0]

    return solve


NLL_GRADIENT = CodeExercise(
    id="nll_gradient",
    title="What pulls at a logit",
    statement=(
        "The loss is the average of −log softmax(logits)[y] over the B examples. Return its "
        "gradient with respect to the logits. (Autograd would do, but try to find the formula: "
        "autograd can check it.)"
    ),
    level=2,
    reference=nll_gradient,
    returns="a tensor of shape `[B, V]`",
    cases=lambda g: [
        Case((matrix([0.0, 0.0, 0.0]), torch.tensor([2])), "three equal scores, one example"),
        Case((matrix([0.0, 0.0]), torch.tensor([0])), "two equal scores, one example"),
        Case(
            (matrix([0.0, LN2, 0.0], [0.0, 0.0, 0.0]), torch.tensor([1, 2])),
            "two examples, three classes",
        ),
        Case((normal(g, 5, 3), tokens(g, 3, 5)), "B = 5, V = 3"),
        Case((normal(g, 4, 4), tokens(g, 4, 4)), "B = V = 4"),
        Case((normal(g, 1, 6, scale=3.0), tokens(g, 6, 1)), "B = 1, V = 6"),
        Case(
            (matrix([1000.0, 0.0], [-1000.0, 0.0], [3.0, 1000.0]), torch.tensor([0, 0, 1])),
            "scores of ±1000",
        ),
    ],
    alternatives=[
        _by_autograd(F.cross_entropy),
        lambda logits, y: (logits.softmax(1) - _hot(logits, y)) / len(y),
        lambda logits, y: (
            logits.softmax(1).scatter_add(1, y[:, None], -torch.ones_like(logits[:, :1])) / len(y)
        ),
    ],
    wrong=[
        Wrong(
            "sign",
            lambda logits, y: (_hot(logits, y) - logits.softmax(-1)) / len(y),
            "This points uphill for the **likelihood**. The question asks for the gradient of the "
            "loss: raising the right logit should lower it.",
        ),
        Wrong(
            "sum",
            lambda logits, y: logits.softmax(-1) - _hot(logits, y),
            "That is the gradient of the **summed** loss. What does the average add?",
        ),
        Wrong(
            "sum-and-sign",
            lambda logits, y: _hot(logits, y) - logits.softmax(-1),
            "Two things: which way does the loss grow when the right logit is raised? And the loss "
            "is an average over the batch.",
        ),
        *(
            Wrong(
                "all-labels",
                solve,
                "`[:, y]` picks, in **every** row, the columns of all labels. Row and label belong "
                "together in pairs.",
            )
            for solve in (
                lambda logits, y: (logits.softmax(-1) - _seen(logits, y)) / len(y),
                lambda logits, y: logits.softmax(-1) - _seen(logits, y),
            )
        ),
        Wrong(
            "all-entries",
            lambda logits, y: (logits.softmax(-1) - _hot(logits, y)) / logits.numel(),
            "You divided by the number of all entries. The loss averages over examples alone.",
        ),
        Wrong(
            "by-classes",
            lambda logits, y: (logits.softmax(-1) - _hot(logits, y)) / logits.shape[-1],
            "You divided by the number of classes. The loss averages over the **examples**.",
        ),
        Wrong(
            "right-class-only",
            lambda logits, y: (logits.softmax(-1) - 1) * _hot(logits, y) / len(y),
            "Only the logit of the right class gets a gradient. But raising another one takes "
            "probability away from the right class: what is its share?",
        ),
        *(
            Wrong(
                "no-normalizer",
                solve,
                "You differentiated the score of the right class alone. The log of the normalizer "
                "depends on **all** scores: what is its derivative?",
            )
            for solve in (
                lambda logits, y: -_hot(logits, y) / len(y),
                lambda logits, y: -_hot(logits, y),
            )
        ),
        *(
            Wrong(
                "labels-ignored",
                solve,
                "The labels do not enter. What does the score of the right class contribute?",
            )
            for solve in (
                lambda logits, y: logits.softmax(-1) / len(y),
                lambda logits, y: logits.softmax(-1),
            )
        ),
        *(
            Wrong(
                "labels-as-numbers",
                solve,
                "You subtract the **number** of the class, as if class 2 counted twice as much as "
                "class 1. The labels only say which entry of a row is meant: how is that written "
                "as a row of V numbers?",
            )
            for solve in (
                lambda logits, y: (logits.softmax(-1) - y) / len(y),
                lambda logits, y: logits.softmax(-1) - y,
                lambda logits, y: (logits.softmax(-1) - y[:, None]) / len(y),
                lambda logits, y: logits.softmax(-1) - y[:, None],
            )
        ),
        *(
            Wrong(
                "classes-guessed",
                solve,
                "`one_hot` guesses the number of classes from the labels that it sees, and the "
                "last class need not be among them. Where do you know the number of classes from?",
            )
            for solve in (
                lambda logits, y: (logits.softmax(-1) - F.one_hot(y)) / len(y),
                lambda logits, y: logits.softmax(-1) - F.one_hot(y),
            )
        ),
        *(
            Wrong(
                "one-everywhere",
                solve,
                "You took 1 off every entry. The gradient of one example sums to 0: from how many "
                "of its entries is the 1 taken off?",
            )
            for solve in (
                lambda logits, y: (logits.softmax(-1) - 1) / len(y),
                lambda logits, y: logits.softmax(-1) - 1,
            )
        ),
        *(
            Wrong(
                "perceptron",
                solve,
                "This only asks whether the predicted class is right (the rule of the perceptron). "
                "The loss also sees **how** sure the classifier is: where do its probabilities "
                "enter?",
            )
            for solve in (
                lambda logits, y: (_hot(logits, logits.argmax(-1)) - _hot(logits, y)) / len(logits),
                lambda logits, y: _hot(logits, logits.argmax(-1)) - _hot(logits, y),
            )
        ),
        *(
            Wrong(
                "by-probabilities",
                solve,
                "That is the gradient with respect to the **probabilities**. The logits come one "
                "step earlier: the chain rule has another factor.",
            )
            for solve in (
                lambda logits, y: -_hot(logits, y) / logits.softmax(-1) / len(y),
                lambda logits, y: -_hot(logits, y) / logits.softmax(-1),
            )
        ),
        *(
            Wrong(
                "sigmoid-slope",
                solve,
                "You used p(1 − p): so does one probability react to its **own** score. The loss "
                "is −**log** p of the class in `y`, and every logit moves it.",
            )
            for solve in (
                lambda logits, y: (lambda p: p * (1 - p) / len(y))(logits.softmax(-1)),
                lambda logits, y: (lambda p: p * (1 - p))(logits.softmax(-1)),
                lambda logits, y: (lambda p: -p * (1 - p) * _hot(logits, y) / len(y))(
                    logits.softmax(-1)
                ),
            )
        ),
        Wrong(
            "sigmoid",
            lambda logits, y: (logits.sigmoid() - _hot(logits, y)) / len(y),
            "Sigmoid judges each class on its own. The classes compete: their probabilities sum "
            "to 1.",
        ),
        *(
            Wrong(
                "over-batch",
                solve,
                "You normalized over the batch. The classes of one example compete: which axis is "
                "that?",
            )
            for solve in (
                lambda logits, y: (logits.softmax(0) - _hot(logits, y)) / len(y),
                lambda logits, y: logits.softmax(0) - _hot(logits, y),
            )
        ),
        Wrong(
            "raw-scores",
            lambda logits, y: (logits - _hot(logits, y)) / len(y),
            "You subtracted from raw scores, as if the loss were a squared error. What turns "
            "scores into the probabilities of this loss?",
        ),
        Wrong(
            "log-probabilities",
            lambda logits, y: (logits.log_softmax(-1) - _hot(logits, y)) / len(y),
            "You subtracted from **log**-probabilities. What is the derivative of log Σ exp?",
        ),
        Wrong(
            "squared-error",
            lambda logits, y: 2 * (logits.softmax(-1) - _hot(logits, y)) / len(y),
            "There is a factor of a squared error. Which square would that come from here?",
        ),
        Wrong(
            "double-softmax",
            _by_autograd(lambda z, y: F.cross_entropy(z.softmax(-1), y)),
            "That is the gradient of a loss with softmax **twice**. `F.cross_entropy` contains one "
            "already.",
        ),
        Wrong(
            "summed-loss",
            _by_autograd(lambda z, y: F.nll_loss(z.softmax(-1), y)),
            "That is the gradient of minus the average **probability**: where is the log?",
        ),
        Wrong(
            "unstable",
            lambda logits, y: (
                (logits.exp() / logits.exp().sum(-1, keepdim=True) - _hot(logits, y)) / len(y)
            ),
            "The right formula, but exp of 1000 is inf, and inf/inf is nan. Which function shifts "
            "the scores first?",
        ),
        Wrong(
            "loss",
            lambda logits, y: F.cross_entropy(logits, y),
            "This is the loss itself. How does it change with each logit?",
        ),
        Wrong(
            "averaged",
            lambda logits, y: (logits.softmax(-1) - _hot(logits, y)).mean(0),
            "You averaged the gradients of different examples. Each example has logits of its "
            "own, so its row stays.",
        ),
        Wrong(
            "predicted-label",
            lambda logits, y: (logits.softmax(-1) - _hot(logits, logits.argmax(-1))) / len(logits),
            "You compare with the class that is predicted. Which class did occur?",
        ),
    ],
    hints=[
        "Split the loss of one example: the log of the normalizer minus the score of the right "
        "class.",
        "What is the derivative of log Σ exp(z) with respect to one z?",
        "Each row of the gradient sums to 0. Why, and does yours?",
    ],
    equivalents={
        "p = logits.softmax(1)": "of two axes, 1 is the last",
        "p = logits.softmax(--1)": "of two axes, 1 is the last",
        "return (p - F.one_hot(y, logits.shape[1])) / logits.shape[0]": "1 is the last axis",
        "return (p - F.one_hot(y, logits.shape[--1])) / logits.shape[0]": "1 is the last axis",
    },
)


# ------------------------------------------------------------------ what it converges to
MLE_IS_KL = ChoiceExercise(
    id="mle_is_kl",
    title="What maximum likelihood makes small",
    statement=(
        "With unlimited data from p_data, maximum likelihood maximizes E[log p_θ(x)] over x from "
        "p_data. Which quantity does it make as small as the model allows?"
    ),
    level=2,
    options=[
        Option(
            "The largest difference between p_data(x) and p_θ(x)",
            "An average over x does not look for the worst x. And where would the difference of "
            "the two stand in E[log p_θ(x)]?",
        ),
        Option(
            "KL(p_θ ‖ p_data)",
            "That expectation is under the **model**, and needs the density of the data. Under "
            "which of the two is the expectation in the question?",
        ),
        Option(
            "The entropy of p_θ",
            "The log is the model's, but the average is over the **data**. What is in it, apart "
            "from a part that no θ can change?",
        ),
        Option(
            "KL(p_data ‖ p_θ)",
            "KL = −H(p_data) − E[log p_θ(x)], and no θ changes the entropy of the data. So maximum "
            "likelihood has a target even when the model is wrong.",
            right=True,
        ),
    ],
    hints=[
        "Write each candidate as an expectation. Under whose distribution is it taken?",
        "Add a term that does not depend on θ: does the best θ change?",
    ],
)

INFINITE_LIKELIHOOD = ChoiceExercise(
    id="infinite_likelihood",
    title="A likelihood without end",
    statement=(
        "You fit a mixture of two Gaussians to ten different numbers, with all means and widths "
        "free. The training log-likelihood climbs and climbs: 10, 20, 30 … What is going on?"
    ),
    level=3,
    options=[
        Option(
            "The step size is too large for the optimizer",
            "Then it would jump up and down, or end in nan. Here each step really is uphill. Look "
            "for parameters for which the likelihood is as large as you like.",
        ),
        Option(
            "A log-likelihood above 0 proves a bug in the density",
            "A **probability** is at most 1, but a density may be larger. How large, if a Gaussian "
            "gets narrow?",
        ),
        Option(
            "One Gaussian sits on a single number and shrinks",
            "The other one covers the rest, so no number costs much. Density at one number grows "
            "like 1/σ without end: a higher training likelihood need not be a better model.",
            right=True,
        ),
        Option(
            "The mixture gets better and better at the data",
            "At these ten numbers, yes. What would it say about an eleventh number from the same "
            "source?",
        ),
    ],
    hints=[
        "How high is the peak of a Gaussian when σ goes to 0?",
        "With a single Gaussian this cannot happen for ten different numbers. What does the "
        "second one make possible?",
    ],
)


def pixel_test_nll(train, test):
    """bits train [N, D], test [M, D] -> -log p of each test image in nats, [M], fitted on train."""
    theta = train.mean(0)
    return -(torch.xlogy(test, theta) + torch.xlogy(1 - test, 1 - theta)).sum(-1)


def _both(n):
    """An image with all pixels dark and one with all lit, so that every pixel changes."""
    return torch.zeros(1, n).double(), torch.ones(1, n).double()


def _score(theta, test):
    return -(torch.xlogy(test, theta) + torch.xlogy(1 - test, 1 - theta)).sum(-1)


def _naive_score(theta, test):
    """The same with 0 · log 0, which is nan."""
    return -(test * theta.log() + (1 - test) * (1 - theta).log()).sum(-1)


PIXEL_TEST_NLL = CodeExercise(
    id="pixel_test_nll",
    title="Fit on one set, score on another",
    statement=(
        "The images are rows of bits. Model every pixel as a coin of its own, all independent. Fit "
        "the coins by maximum likelihood on `train` [N, D]; return −log p of each image of `test` "
        "[M, D], in nats. What the fit holds impossible costs inf; what it holds certain costs 0. "
        "(The bits come as floats.)"
    ),
    level=3,
    reference=pixel_test_nll,
    returns="a tensor of shape `[M]`",
    unit="nats",
    cases=lambda g: [
        Case((matrix([1.0], [0.0]), matrix([1.0])), "one pixel, lit in one of two images: log 2"),
        Case(
            (matrix([1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0]), matrix([1.0, 0.0, 1.0])),
            "three images of three pixels",
        ),
        Case(
            (
                matrix([1.0, 0.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0]),
                matrix([1.0, 1.0], [1.0, 0.0]),
            ),
            "the first pixel is always lit, the second one in three of four",
        ),
        Case(
            (matrix([0.0, 1.0], [0.0, 0.0]), matrix([1.0, 1.0], [0.0, 1.0])),
            "a pixel lit in the test set that was never lit before",
        ),
        Case((matrix([1.0, 0.0, 1.0]), matrix([1.0, 0.0, 1.0])), "one image, and the same again"),
        Case((torch.cat([bits(g, 20, 5), *_both(5)]), bits(g, 7, 5)), "N = 22, M = 7, D = 5"),
        Case((torch.cat([bits(g, 2, 4), *_both(4)]), bits(g, 4, 4)), "N = M = D = 4"),
        Case((bits(g, 3, 6), bits(g, 5, 6)), "few images, D = 6: some pixels never change"),
        Case(
            (torch.cat([bits(g, 9, 2000), *_both(2000)]), bits(g, 2, 2000)),
            "2000 pixels: the probability of an image underflows",
        ),
    ],
    kinds=[
        (
            "some pixel never changes in the training set",
            lambda train, test: bool(((train.mean(0) == 0) | (train.mean(0) == 1)).any()),
        ),
    ],
    alternatives=[
        lambda train, test: -torch.where(test == 1, train.mean(0), 1 - train.mean(0)).log().sum(-1),
        lambda train, test: -(test * train.mean(0) + (1 - test) * (1 - train.mean(0))).log().sum(1),
        lambda train, test: torch.stack(
            [-(train.mean(0) - (1 - image)).abs().log().sum() for image in test]
        ),
    ],
    wrong=[
        *(
            Wrong(
                "fits-on-test",
                solve,
                "You fitted the coins on the images that you score. A model must not see the test "
                "set before the test.",
            )
            for solve in (
                lambda train, test: _score(test.mean(0), test),
                lambda train, test: _naive_score(test.mean(0), test),
            )
        ),
        *(
            Wrong(
                "fits-on-both",
                solve,
                "The fit has seen the test set as well. Then nothing is left to test.",
            )
            for solve in (
                lambda train, test: _score(torch.cat([train, test]).mean(0), test),
                lambda train, test: _naive_score(torch.cat([train, test]).mean(0), test),
            )
        ),
        *(
            Wrong(
                "scores-train",
                solve,
                "You score the images that the coins were fitted on. Which ones are asked for?",
            )
            for solve in (
                lambda train, test: _score(train.mean(0), train),
                lambda train, test: _naive_score(train.mean(0), train),
            )
        ),
        Wrong(
            "zero-times-log-zero",
            lambda train, test: (
                -(test * train.mean(0).log() + (1 - test) * (1 - train.mean(0)).log()).sum(-1)
            ),
            "The right formula, but where a pixel never changes, 0 · log 0 is nan to the machine. "
            "Only the outcome that **did** occur should be asked for its log.",
        ),
        *(
            Wrong(
                "epsilon",
                solve,
                "A small number in the log, or a bound on θ, gives a finite cost to what the fit "
                "holds impossible. That is another model; here the cost must be inf.",
            )
            for small in (*_SMALL, 1e-15, 1e-16, 1e-20)
            for solve in (
                lambda train, test, small=small: (
                    -(
                        test * (train.mean(0) + small).log()
                        + (1 - test) * (1 - train.mean(0) + small).log()
                    ).sum(-1)
                ),
                lambda train, test, small=small: _score(
                    train.mean(0).clamp(small, 1 - small), test
                ),
            )
        ),
        Wrong(
            "bounded-probability",
            lambda train, test: -torch.distributions.Bernoulli(train.mean(0)).log_prob(test).sum(1),
            "`torch.distributions.Bernoulli` moves a probability of 0 or 1 a tiny step inward. "
            "What the fit holds impossible must cost inf here.",
        ),
        Wrong(
            "bounded-log",
            lambda train, test: F.binary_cross_entropy(
                train.mean(0).expand_as(test), test, reduction="none"
            ).sum(-1),
            "`F.binary_cross_entropy` bounds its logs at −100. What the fit holds impossible must "
            "cost inf here.",
        ),
        *(
            Wrong(
                "nan-to-num",
                solve,
                "`nan_to_num` replaces nan, and inf as well. What the fit holds impossible must "
                "still cost inf.",
            )
            for solve in (
                lambda train, test: (
                    -(test * train.mean(0).log() + (1 - test) * (1 - train.mean(0)).log())
                    .nan_to_num()
                    .sum(-1)
                ),
                lambda train, test: (
                    -(test * train.mean(0).log() + (1 - test) * (1 - train.mean(0)).log())
                    .nan_to_num(0.0, 0.0, 0.0)
                    .sum(-1)
                ),
            )
        ),
        *(
            Wrong(
                "smoothed",
                solve,
                "You smoothed the counts. Wise in practice, but no maximum likelihood: which "
                "θ makes the training images the most likely?",
            )
            for solve in (
                lambda train, test: _score((train.sum(0) + 1) / (len(train) + 2), test),
                lambda train, test: _score((train.sum(0) + 0.5) / (len(train) + 1), test),
            )
        ),
        *(
            Wrong(
                "mean-over-pixels",
                solve,
                "You averaged over the pixels. Independent pixels multiply: what does the log make "
                "of a product?",
            )
            for solve in (
                lambda train, test: _naive_score(train.mean(0), test) / test.shape[1],
                lambda train, test: _score(train.mean(0), test) / test.shape[1],
                lambda train, test: F.binary_cross_entropy(
                    train.mean(0).expand_as(test), test, reduction="none"
                ).mean(-1),
            )
        ),
        *(
            Wrong(
                "mean-over-images",
                solve,
                "You averaged over the images. The question asks for one value per test image.",
            )
            for solve in (
                lambda train, test: _score(train.mean(0), test).mean(),
                lambda train, test: _naive_score(train.mean(0), test).mean(),
            )
        ),
        *(
            Wrong(
                "one-coin",
                solve,
                "One coin for all pixels. Each pixel has a coin of its own: over which axis do you "
                "average?",
            )
            for solve in (
                lambda train, test: _score(train.mean().expand(test.shape[1]), test),
                lambda train, test: _naive_score(train.mean(), test),
            )
        ),
        *(
            Wrong(
                "coin-per-image",
                solve,
                "You averaged over the pixels of an image. A coin belongs to a **pixel**: which "
                "axis counts the training images?",
            )
            for solve in (
                lambda train, test: _score(train.mean(1)[: test.shape[1]], test),
                lambda train, test: _score(train.mean(1), test),
                lambda train, test: _score(train.mean(1, keepdim=True), test),
            )
        ),
        Wrong(
            "by-test-size",
            lambda train, test: _score(train.sum(0) / len(test), test),
            "You counted in `train` and divided by the number of images in `test`. A share of "
            "which images do you want?",
        ),
        Wrong(
            "bounded-mean",
            lambda train, test: (
                -torch.distributions.Bernoulli(train.mean(0)).log_prob(test).mean(1)
            ),
            "Two things. Independent pixels multiply, so their logs are added up, not averaged. "
            "And `Bernoulli` moves a probability of 0 or 1 a tiny step inward: here it must cost "
            "inf.",
        ),
        *(
            Wrong("lit-only", solve, "Only lit pixels count. What does a dark one cost?")
            for solve in (
                lambda train, test: -torch.xlogy(test, train.mean(0)).sum(-1),
                lambda train, test: -(test * train.mean(0).log()).sum(-1),
            )
        ),
        Wrong(
            "dark-only",
            lambda train, test: -torch.xlogy(1 - test, 1 - train.mean(0)).sum(-1),
            "Only dark pixels count. What does a lit one cost?",
        ),
        *(
            Wrong(
                "swapped",
                solve,
                "Lit and dark are swapped: θ is the probability that a pixel is lit.",
            )
            for solve in (
                lambda train, test: _score(1 - train.mean(0), test),
                lambda train, test: _naive_score(1 - train.mean(0), test),
            )
        ),
        *(
            Wrong(
                "sign",
                solve,
                "This is the log-likelihood, which is never positive. What is asked for?",
            )
            for solve in (
                lambda train, test: -_score(train.mean(0), test),
                lambda train, test: -_naive_score(train.mean(0), test),
            )
        ),
        *(
            Wrong("bits", solve, "This is in bits. The question asks for nats.")
            for solve in (
                lambda train, test: _score(train.mean(0), test) / LN2,
                lambda train, test: _naive_score(train.mean(0), test) / LN2,
            )
        ),
        Wrong(
            "probability",
            lambda train, test: torch.where(test == 1, train.mean(0), 1 - train.mean(0)).prod(-1),
            "That is the probability of the image, which underflows for many pixels. What is asked "
            "for is its negative log.",
        ),
        Wrong(
            "log-of-product",
            lambda train, test: (
                -torch.where(test == 1, train.mean(0), 1 - train.mean(0)).prod(-1).log()
            ),
            "The right formula, but a product of thousands of probabilities underflows to 0. When "
            "should the log come?",
        ),
        Wrong(
            "sum-of-probabilities",
            lambda train, test: (
                -torch.where(test == 1, train.mean(0), 1 - train.mean(0)).sum(-1).log()
            ),
            "The log of a **sum** of probabilities. Independent pixels multiply.",
        ),
        Wrong(
            "rounded",
            lambda train, test: _score(train.mean(0).round(), test),
            "You rounded the coins to 0 or 1: then most images are impossible. θ may be any number "
            "between.",
        ),
        Wrong(
            "squared-error",
            lambda train, test: ((test - train.mean(0)) ** 2).sum(-1),
            "That is a squared distance from the average image. Which probability do the coins "
            "give to the image?",
        ),
        Wrong(
            "entropy",
            lambda train, test: _score(train.mean(0), train.mean(0).expand_as(test)),
            "The test images do not enter: this is the entropy of the coins.",
        ),
        *(
            Wrong(
                "per-pixel",
                solve,
                "One number for each pixel. What do independent pixels make of an image?",
            )
            for solve in (
                lambda train, test: (
                    -(torch.xlogy(test, train.mean(0)) + torch.xlogy(1 - test, 1 - train.mean(0)))
                ),
                lambda train, test: (
                    -(test * train.mean(0).log() + (1 - test) * (1 - train.mean(0)).log())
                ),
            )
        ),
        *(
            Wrong(
                "over-images",
                solve,
                "You added up over the images. An image is a **row**: over which axis do its "
                "pixels run?",
            )
            for solve in (
                lambda train, test: (
                    -torch.where(test == 1, train.mean(0), 1 - train.mean(0)).log().sum(0)
                ),
                lambda train, test: (
                    -(test * train.mean(0).log() + (1 - test) * (1 - train.mean(0)).log()).sum(0)
                ),
            )
        ),
        Wrong(
            OWN_DICE,
            lambda train, test: _score(
                train.mean(0), torch.bernoulli(train.mean(0) * (0 * test + 1))
            ),
            "You drew images from the coins. The images to score are given.",
        ),
    ],
    hints=[
        "Two steps: which θ of each pixel makes `train` the most likely? Then score `test`.",
        "Try a pixel that was never lit. What should a dark one cost, what does the machine say?",
        "`torch.xlogy` knows that 0 · log 0 is 0; or ask for the probability of what did occur.",
    ],
    equivalents={
        "return -(torch.xlogy(test, theta) + torch.xlogy(1 - test, 1 - theta)).sum(1)": (
            "of two axes, 1 is the last"
        ),
        "return -(torch.xlogy(test, theta) + torch.xlogy(1 - test, 1 - theta)).sum(--1)": (
            "of two axes, 1 is the last"
        ),
    },
)


EXERCISES = [
    UNIFORM_MLE,
    SUM_OF_LIKELIHOODS,
    BERNOULLI_NLL,
    LIKELIHOOD_AREA,
    VARIANCE_BIAS,
    GAUSSIAN_MLE,
    REGRESSION_NLL,
    NLL_FROM_LOGITS,
    NLL_GRADIENT,
    MLE_IS_KL,
    INFINITE_LIKELIHOOD,
    PIXEL_TEST_NLL,
]
