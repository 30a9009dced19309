"""Exercises of the chapter on Bayes' rule."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from ..model import (
    Case,
    ChoiceExercise,
    CodeExercise,
    NumberExercise,
    Option,
    Wrong,
    WrongNumber,
)
from ._tools import matrix, normal, simplex, tokens, uniform, vector

NUMBER = 2
INF = math.inf
_SMALL = (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20)


def _normalized(weights, axis=-1):
    return weights / weights.sum(axis, keepdim=True)


# ------------------------------------------------------------------ one piece of evidence
POSITIVE_TEST = NumberExercise(
    id="positive_test",
    title="Predict: a positive test for a rare condition",
    statement=(
        "1 % of all people have a condition. A test is positive for 80 % of those who have it, and "
        "for 10 % of those who do not. Your test is positive. How probable is it that you have the "
        "condition? (Three digits, please.)"
    ),
    truth=0.008 / 0.107,
    written="0.075",
    because=(
        "Of 1000 people 8 are ill and positive, 99 are healthy and positive: 8 of 107. The test "
        "moved the belief from 1 % to 7.5 %, which is a lot, from a very low start."
    ),
    rtol=0.005,
    probability=True,
    wrong=[
        WrongNumber(
            0.8,
            "inverse",
            "That is the probability of a positive test for those who are ill. You know the test, "
            "and ask about the illness. Among whom do you have to count?",
        ),
        WrongNumber(
            0.9,
            "negative-healthy",
            "That is how often healthy people test negative. Your test is positive.",
        ),
        WrongNumber(
            0.8 / 0.9,
            "base-rate-neglect",
            "You treated ill and healthy as equally likely from the start. How many of 1000 people "
            "are ill, and how many are not?",
        ),
        WrongNumber(
            0.008,
            "joint",
            "That is being ill **and** positive, out of all people. You know already that you are "
            "one of the positive ones: how many are those?",
        ),
        WrongNumber(
            0.107,
            "evidence",
            "That is the share of all people who test positive, ill or not. Which part of them is "
            "ill?",
        ),
        WrongNumber(
            0.01,
            "prior",
            "That is the belief before the test. A positive result is eight times as likely for "
            "the ill: does it tell you nothing?",
        ),
        WrongNumber(
            0.008 / 0.099,
            "odds",
            "You compared the ill with the healthy ones among the positive. Compare with **all** "
            "who are positive.",
        ),
        WrongNumber(
            0.008 / 0.108,
            "everybody-healthy",
            "Close. 8/108 lets 10 % of **all** people be false alarms: of whom is it 10 %? (If you "
            "counted that right, a digit is missing.)",
        ),
        WrongNumber(
            0.08,
            "no-true-positives",
            "Close. If you rounded, give three digits: 0.08 is also what one gets by dividing 8 by "
            "100. If you did that: who else tests positive, and how many people are there of each "
            "kind?",
        ),
        WrongNumber(
            0.07,
            "rounded",
            "Close. If you rounded, give three digits. If not: how many of 1000 people are ill and "
            "positive, and how many are positive?",
        ),
        WrongNumber(
            0.099 / 0.107,
            "complement",
            "That is the probability of being **healthy** after a positive test.",
        ),
        WrongNumber(
            0.099,
            "false-alarms",
            "That is the share of all people who are healthy and positive.",
        ),
        WrongNumber(
            0.7,
            "difference",
            "You subtracted one rate from the other. Rates of different groups cannot be compared "
            "like that: how large are the two groups?",
        ),
        WrongNumber(
            0.1,
            "false-positive-rate",
            "That is how often a healthy person tests positive. The question goes the other way.",
        ),
        WrongNumber(
            0.5,
            "coin",
            "Not a coin flip: among those who test positive there are far more of one kind.",
        ),
    ],
    hints=[
        "Imagine 1000 people. How many are ill and positive? How many are healthy and positive?",
        "You are one of the positive people. Which share of them is ill?",
    ],
)

LIKELIHOOD_NOT_DENSITY = ChoiceExercise(
    id="likelihood_not_density",
    title="Is the likelihood a distribution over θ?",
    statement=(
        "A coin with p(head | θ) = θ shows head once. As a function of θ between 0 and 1, what is "
        "∫ p(head | θ) dθ?"
    ),
    options=[
        Option(
            "1, because p is a probability",
            "Probabilities of **outcomes** sum to 1, head and tail, for one fixed θ. Here the "
            "outcome is fixed and θ varies: work out the area.",
        ),
        Option(
            "½, although p is a probability",
            "The area under a straight line from 0 to 1. A likelihood is a function of θ, but no "
            "density in θ: only a prior and the evidence make a distribution out of it.",
            right=True,
        ),
        Option(
            "θ, because that is the likelihood",
            "θ is integrated out, so no θ can be left. What is the area under the likelihood?",
        ),
        Option(
            "p(θ | head), the posterior",
            "The posterior is a function of θ, and it needs a prior. The integral is one number: "
            "which?",
        ),
    ],
    hints=[
        "Draw the likelihood of one head as a function of θ.",
        "Which variable is fixed here, and which one varies?",
    ],
)


def posterior(prior, likelihood):
    """p(h) and p(x | h) for the x that was seen, both [..., H] -> p(h | x), shape [..., H]."""
    joint = prior * likelihood
    return joint / joint.sum(-1, keepdim=True)


POSTERIOR = CodeExercise(
    id="posterior",
    title="Bayes' rule for a list of hypotheses",
    statement=(
        "`prior[..., h]` is p(h), `likelihood[..., h]` is p(x | h) for the x that you saw; the "
        "axes before the last one are a batch, and there may be none. Return p(h | x). If x is "
        "continuous, p(x | h) is a density: it may be small or far above 1. At least one h has "
        "p(h) p(x | h) > 0. (The inputs are torch tensors, as in chapter 1.)"
    ),
    reference=posterior,
    returns="probabilities of shape `[..., H]`",
    grad_args=(0, 1),
    cases=lambda g: [
        Case((vector(0.9, 0.1), vector(0.05, 0.7)), "a bedroom: plain or luxurious; no batch"),
        Case((vector(0.5, 0.3, 0.2), vector(0.1, 0.1, 0.9)), "three hypotheses"),
        Case((vector(0.25, 0.75), vector(0.5, 0.5)), "x says nothing"),
        Case(
            (vector(0.0, 0.4, 0.6), vector(0.9, 0.5, 0.0)),
            "one h was ruled out before, one is ruled out by x",
            smooth=False,
        ),
        Case((simplex(g, 3, 3), uniform(g, 3, 3)), "B = H = 3"),
        Case((simplex(g, 4, 3), uniform(g, 4, 3)), "B = 4, H = 3"),
        Case((simplex(g, 2, 6), uniform(g, 2, 6)), "B = 2, H = 6"),
        Case((simplex(g, 2, 3, 4), uniform(g, 2, 3, 4)), "shape [2, 3, 4]"),
        Case((vector(1.0), vector(0.3)), "a single hypothesis"),
        Case((simplex(g, 1, 3), uniform(g, 1, 3)), "a batch of 1"),
        Case((simplex(g, 2, 3), uniform(g, 2, 3, high=1000.0)), "densities as large as 1000"),
        Case(
            (vector(0.5, 0.5), vector(3e-30, 1e-30)),
            "an x that is unlikely under both",
            smooth=False,
        ),
    ],
    alternatives=[
        lambda prior, likelihood: torch.softmax(prior.log() + likelihood.log(), -1),
        lambda prior, likelihood: (
            prior * likelihood / torch.einsum("...h,...h->...", prior, likelihood).unsqueeze(-1)
        ),
    ],
    wrong=[
        Wrong(
            "unnormalized",
            lambda prior, likelihood: prior * likelihood,
            "That is the joint p(h, x). What does it sum to over h, and what should a distribution "
            "over h sum to?",
        ),
        Wrong(
            "ignores-prior",
            lambda prior, likelihood: _normalized(likelihood),
            "You normalized the likelihood alone, as if all h had been equally probable before. "
            "Where does the prior enter?",
        ),
        Wrong(
            "likelihood",
            lambda prior, likelihood: likelihood.clone(),
            "That is p(x | h), a number for each h, but no distribution over h.",
        ),
        Wrong(
            "prior",
            lambda prior, likelihood: prior.clone(),
            "That is the prior: x had no effect.",
        ),
        Wrong(
            "evidence",
            lambda prior, likelihood: (prior * likelihood).sum(-1, keepdim=True),
            "That is p(x), one number for all h. It belongs in the answer, but where?",
        ),
        Wrong(
            "evidence",
            lambda prior, likelihood: (prior * likelihood).sum(-1),
            "That is p(x), one number for all h. It belongs in the answer, but where?",
        ),
        *(
            Wrong(
                "softmax",
                solve,
                "Softmax takes exp of everything first. Products of probabilities are weights "
                "already: positive, with the right ratios. What is left to do?",
            )
            for solve in (
                lambda prior, likelihood: torch.softmax(prior * likelihood, -1),
                lambda prior, likelihood: torch.softmax(likelihood, -1),
                lambda prior, likelihood: prior * torch.softmax(likelihood, -1),
                lambda prior, likelihood: _normalized(prior * torch.softmax(likelihood, -1)),
                lambda prior, likelihood: torch.softmax(prior + likelihood, -1),
                lambda prior, likelihood: torch.softmax(prior.log() + likelihood, -1),
            )
        ),
        Wrong(
            "adds",
            lambda prior, likelihood: _normalized(prior + likelihood),
            "You added prior and likelihood. “h, **and** x given h”: how do these two combine?",
        ),
        Wrong(
            "adds",
            lambda prior, likelihood: prior + likelihood,
            "You added prior and likelihood. “h, **and** x given h”: how do these two combine?",
        ),
        Wrong(
            "whole-batch",
            lambda prior, likelihood: prior * likelihood / (prior * likelihood).sum(),
            "You divided by the sum over the whole batch. Each row is a case of its own, and "
            "should sum to 1.",
        ),
        Wrong(
            "base-rate-neglect",
            lambda prior, likelihood: likelihood / likelihood.sum(),
            "You normalized the likelihood alone, as if all h had been equally probable before: "
            "where does the prior enter? (And sum over the last axis only, not over a batch.)",
        ),
        *(
            Wrong(
                "loop-over-rows",
                solve,
                "Your loop takes the first axis for a batch. With shape `[H]` there is none: it "
                "runs over the hypotheses, and each becomes certain. What is the same in `[H]` "
                "and `[B, H]`: the first axis, or the last?",
            )
            for solve in (
                lambda prior, likelihood: torch.stack(
                    [p * f / (p * f).sum() for p, f in zip(prior, likelihood, strict=True)]
                ),
                lambda prior, likelihood: torch.stack(
                    [_normalized(p * f) for p, f in zip(prior, likelihood, strict=True)]
                ),
            )
        ),
        Wrong(
            "wrong-axis",
            lambda prior, likelihood: _normalized(prior * likelihood, 0),
            "You normalized over the first axis, which is the batch. Over what is p(h | x) a "
            "distribution?",
        ),
        Wrong(
            "broadcast",
            lambda prior, likelihood: prior * likelihood / (prior * likelihood).sum(-1),
            "The sums lost their axis, so the sum of row i divides **column** i. Which shape lines "
            "up with the rows?",
        ),
        *(
            Wrong(
                "divides-by-prior",
                solve,
                "You divided by the prior: then an improbable h gains from being improbable.",
            )
            for solve in (
                lambda prior, likelihood: _normalized(likelihood / prior),
                lambda prior, likelihood: likelihood / prior,
            )
        ),
        *(
            Wrong(
                "likelihood-normalized-first",
                solve,
                "You made the likelihood sum to 1 over h before the prior came in. The result "
                "still does not sum to 1: when is the time to normalize?",
            )
            for solve in (
                lambda prior, likelihood: prior * _normalized(likelihood),
                lambda prior, likelihood: prior * likelihood / likelihood.sum(-1, keepdim=True),
                lambda prior, likelihood: prior * likelihood / likelihood.sum(),
            )
        ),
        Wrong(
            "mean-not-sum",
            lambda prior, likelihood: (
                prior * likelihood / (prior * likelihood).mean(-1, keepdim=True)
            ),
            "The ratios are right. You divided by the mean of the joint: what does your result sum "
            "to?",
        ),
        Wrong(
            "largest-is-1",
            lambda prior, likelihood: (
                prior * likelihood / (prior * likelihood).max(-1, keepdim=True).values
            ),
            "The ratios are right, but your best hypothesis has probability 1. All of them "
            "together should.",
        ),
        Wrong(
            "unit-length",
            lambda prior, likelihood: F.normalize(prior * likelihood, dim=-1),
            "Your result has length 1 as a vector. Probabilities sum to 1 without being squared.",
        ),
        Wrong(
            "winner-takes-all",
            lambda prior, likelihood: F.one_hot(
                (prior * likelihood).argmax(-1), prior.shape[-1]
            ).to(prior.dtype),
            "You picked the most probable hypothesis. How sure of it may one be?",
        ),
        Wrong(
            "averages",
            lambda prior, likelihood: 0.5 * prior + 0.5 * _normalized(likelihood),
            "You met in the middle of prior and likelihood. But “h, **and** x given h” is a "
            "product: an h that one of the two excludes should be out.",
        ),
        Wrong(
            "opposite-evidence",
            lambda prior, likelihood: _normalized(prior * (1 - likelihood)),
            "1 − p(x | h) is the probability that x does **not** happen. You have seen x.",
        ),
        Wrong(
            "prior-twice",
            lambda prior, likelihood: _normalized(prior**2 * likelihood),
            "The prior counts twice. How often does p(h) appear in p(h, x)?",
        ),
        Wrong(
            "logs",
            lambda prior, likelihood: _normalized(prior * likelihood).log(),
            "That is log p(h | x). The question asks for probabilities.",
        ),
        *(
            Wrong(
                "epsilon",
                solve,
                "The small number below the line (`F.normalize` has one, too) takes over when x is "
                "unlikely under every h: then your result no longer sums to 1. Does p(x) need "
                "protection here?",
            )
            for solve in (
                lambda prior, likelihood: F.normalize(prior * likelihood, p=1, dim=-1),
                *(
                    lambda prior, likelihood, small=small: (
                        prior * likelihood / ((prior * likelihood).sum(-1, keepdim=True) + small)
                    )
                    for small in _SMALL
                ),
                *(
                    lambda prior, likelihood, small=small: (
                        prior
                        * likelihood
                        / (prior * likelihood).sum(-1, keepdim=True).clamp(min=small)
                    )
                    for small in _SMALL
                ),
            )
        ),
    ],
    hints=[
        "How probable is h **and** x together?",
        "p(x) is whatever makes the probabilities of all h sum to 1.",
        "`keepdim=True` keeps the axis over which you sum, so that shapes still fit.",
    ],
)

TWO_CLUES = NumberExercise(
    id="two_clues",
    title="Predict: a chandelier and velvet curtains",
    statement=(
        "10 % of all bedrooms are luxurious. 70 % of the luxurious ones have a chandelier, 5 % of "
        "the others. 50 % of the luxurious ones have velvet curtains, 20 % of the others. Within "
        "each kind the two are independent. You see both. How probable is luxury?"
    ),
    truth=35 / 44,
    written="0.795",
    because=(
        "The odds start at 1 : 9. The chandelier multiplies them by 14, the curtains by 2.5: 35 to "
        "9, which is 35 of 44. In logs, evidence simply adds up."
    ),
    level=2,
    rtol=0.01,
    probability=True,
    wrong=[
        WrongNumber(
            14 / 23,
            "chandelier-only",
            "That is what the chandelier alone does. It is your new prior: what do the curtains "
            "make of it?",
        ),
        WrongNumber(
            2.5 / 11.5,
            "curtains-only",
            "That is what the curtains alone do. There is a second clue.",
        ),
        WrongNumber(
            35 / 36,
            "base-rate-neglect",
            "You started at 1 : 1, as if half of all bedrooms were luxurious.",
        ),
        WrongNumber(
            14 / 15,
            "chandelier-no-prior",
            "One clue is missing, and so is the prior: only one bedroom in ten is luxurious.",
        ),
        WrongNumber(
            0.35,
            "likelihood",
            "That is the probability of both clues in a luxurious bedroom. You see the clues, and "
            "ask about the bedroom.",
        ),
        WrongNumber(
            0.035,
            "joint",
            "That is luxury **and** both clues, out of all bedrooms. In how many do you see both "
            "clues at all?",
        ),
        WrongNumber(
            0.044,
            "evidence",
            "That is the share of all bedrooms with both clues. Which part of them is luxurious?",
        ),
        WrongNumber(
            35 / 9,
            "odds",
            "These are the odds, luxury to no luxury. What probability do they stand for?",
        ),
        WrongNumber(
            9 / 44,
            "complement",
            "That is the probability of **no** luxury.",
        ),
        WrongNumber(
            0.1,
            "prior",
            "That is the belief before you looked. Both clues are more frequent in luxurious "
            "bedrooms.",
        ),
        WrongNumber(
            16.5 / 25.5,
            "adds-ratios",
            "You added the two ratios of likelihoods. Both clues **together**: what happens to "
            "their probabilities?",
        ),
        WrongNumber(
            (14 / 23 + 2.5 / 11.5) / 2,
            "averages",
            "You averaged two posteriors. Two clues in favor are worth more than either alone.",
        ),
        WrongNumber(
            0.085 / 0.301,
            "either",
            "That is about what **at least one** of the clues makes of luxury. You see both.",
        ),
        WrongNumber(
            0.175,
            "even-joint",
            "That is half of 0.35, as if every second bedroom were luxurious. How many of 1000 "
            "are, and in how many of the 1000 do you see both clues?",
        ),
        WrongNumber(
            0.385,
            "likelihood-plus-joint",
            "That is 0.35 + 0.035: shares of two different groups, which do not add up. Among "
            "which bedrooms are you, now that you have seen both clues?",
        ),
        WrongNumber(
            0.306,  # 7/23, a little raised, so that 0.302 is left to "prior-twice"
            "posterior-times-likelihood",
            "You multiplied what you believe after the chandelier by 0.5. That is luxury **and** "
            "curtains: how probable are curtains at all by then?",
        ),
        WrongNumber(
            9 / 23,
            "complement-of-first",
            "That is the probability of **no** luxury after the chandelier alone.",
        ),
        *(
            WrongNumber(
                value,
                "guess",
                "Is that a guess? The chandelier alone makes 0.61, and the curtains point the same "
                "way. Count, or multiply odds.",
            )
            for value in (0.5, 0.6, 0.7, 0.9)
        ),
        WrongNumber(
            0.78,
            "arithmetic",
            "Close: check your arithmetic.",
        ),
        WrongNumber(
            35 / 116,
            "prior-twice",
            "The prior counts twice. It is what you believe before the **first** clue; what plays "
            "its part at the second one?",
        ),
    ],
    hints=[
        "Take 1000 bedrooms. How many luxurious ones show both clues, how many others?",
        "Or update in two steps: what you believe after the first clue is the prior of the second.",
    ],
)


def log_bayes(log_prior, log_lik):
    """log p(h) and log p(x | h), both [..., H] -> log p(h | x) [..., H], and log p(x) [...]."""
    log_joint = log_prior + log_lik
    log_evidence = torch.logsumexp(log_joint, -1)
    return log_joint - log_evidence[..., None], log_evidence


def _lse(x):
    return torch.logsumexp(x, -1)


def _log_bayes(log_prior, log_lik, joint=torch.add, evidence=_lse):
    log_joint = joint(log_prior, log_lik)
    log_evidence = evidence(log_joint)
    return log_joint - log_evidence[..., None], log_evidence


def _shifted_evidence(z):
    """The log of a sum, less the largest log."""
    return (z - z.max(-1, keepdim=True).values).exp().sum(-1).log()


def _log_simplex(g, *shape):
    return normal(g, *shape).log_softmax(-1)


LOG_BAYES = CodeExercise(
    id="log_bayes",
    title="Bayes' rule in logs, with the evidence",
    statement=(
        "An image may have a probability such as exp(−3000), so Bayes' rule is done in logs. From "
        "log p(h) and log p(x | h), return log p(h | x) and the log evidence log p(x). "
        "An h with log p(h) = −inf is impossible; at least one h has p(h) p(x | h) > 0."
    ),
    level=2,
    reference=log_bayes,
    returns="log p(h | x) of shape `[..., H]`, and log p(x) of shape `[...]`",
    unit="nats",
    grad_args=(0, 1),
    cases=lambda g: [
        Case(
            (vector(0.9, 0.1).log(), vector(0.05, 0.7).log()),
            "a bedroom: plain or luxurious; p(x) = 0.115",
        ),
        Case((vector(0.5, 0.3, 0.2).log(), vector(0.1, 0.1, 0.9).log()), "three hypotheses"),
        Case((vector(0.0), vector(-2.0)), "a single hypothesis"),
        Case(
            (vector(0.5, 0.25, 0.25).log(), vector(0.0, -1000.0, -1010.0)),
            "two hypotheses that x all but excludes",
        ),
        Case((_log_simplex(g, 3, 3), -uniform(g, 3, 3, high=4.0)), "B = H = 3"),
        Case((_log_simplex(g, 2, 4), -uniform(g, 2, 4, high=4.0)), "B = 2, H = 4"),
        Case((_log_simplex(g, 5, 2), -uniform(g, 5, 2, high=4.0)), "B = 5, H = 2"),
        Case((_log_simplex(g, 2, 2, 3), normal(g, 2, 2, 3)), "shape [2, 2, 3]; densities"),
        Case((_log_simplex(g, 1, 3), normal(g, 1, 3)), "a batch of 1"),
        Case(
            (_log_simplex(g, 2, 3), -3000 + normal(g, 2, 3, scale=2.0)),
            "images: log-likelihoods near −3000",
        ),
        Case(
            (_log_simplex(g, 2, 2), matrix([-10.0, -11.0], [-3000.0, -3001.0])),
            "two images, one far more probable than the other",
        ),
        Case(
            (_log_simplex(g, 2, 3), 1000 + normal(g, 2, 3, scale=2.0)),
            "narrow densities: log-likelihoods near +1000",
        ),
        Case(
            (_log_simplex(g, 3, 4), normal(g, 3, 4, scale=500.0)),
            "log-likelihoods as large as ±1000",
        ),
        Case(
            (vector(-INF, math.log(0.4), math.log(0.6)), vector(-1.0, -2.0, -3.0)),
            "one h is impossible",
            smooth=False,
        ),
    ],
    alternatives=[
        lambda log_prior, log_lik: (
            torch.log_softmax(log_prior + log_lik, -1),
            torch.logsumexp(log_prior + log_lik, -1),
        ),
        lambda log_prior, log_lik: _log_bayes(
            log_prior,
            log_lik,
            evidence=lambda z: (
                z.max(-1).values + (z - z.max(-1, keepdim=True).values).exp().sum(-1).log()
            ),
        ),
    ],
    wrong=[
        *(
            Wrong(
                "underflow",
                solve,
                "The right formula, but exp(−3000) is 0 and log 0 is −inf (exp(1000) is inf). "
                "There is one function for exp, sum and log that does not leave the logs.",
            )
            for solve in (
                lambda log_prior, log_lik: _log_bayes(
                    log_prior, log_lik, evidence=lambda z: z.exp().sum(-1).log()
                ),
                lambda log_prior, log_lik: (
                    _normalized((log_prior + log_lik).exp()).log(),
                    (log_prior + log_lik).exp().sum(-1).log(),
                ),
                lambda log_prior, log_lik: (
                    torch.log_softmax(log_prior + log_lik, -1),
                    (log_prior + log_lik).exp().sum(-1).log(),
                ),
                lambda log_prior, log_lik: (
                    torch.softmax(log_prior + log_lik, -1).log(),
                    torch.logsumexp(log_prior + log_lik, -1),
                ),
            )
        ),
        *(
            Wrong(
                "epsilon",
                lambda log_prior, log_lik, small=small: _log_bayes(
                    log_prior, log_lik, evidence=lambda z: (z.exp().sum(-1) + small).log()
                ),
                "The small number inside the log sets a floor under the evidence: every image then "
                "gets the same one. Stay in logs instead.",
            )
            for small in _SMALL
        ),
        Wrong(
            "sum-of-logs",
            lambda log_prior, log_lik: _log_bayes(log_prior, log_lik, evidence=lambda z: z.sum(-1)),
            "You added up logs, which **multiplies** the probabilities of all h. p(x) is a sum of "
            "probabilities: what is the log of a sum?",
        ),
        Wrong(
            "sum-of-logs",
            lambda log_prior, log_lik: (
                torch.log_softmax(log_prior + log_lik, -1),
                (log_prior + log_lik).sum(-1),
            ),
            "The posterior is right. For the evidence you added up logs, which **multiplies** the "
            "probabilities of all h. p(x) is a sum of probabilities: what is the log of a sum?",
        ),
        Wrong(
            "largest-only",
            lambda log_prior, log_lik: _log_bayes(
                log_prior, log_lik, evidence=lambda z: z.max(-1).values
            ),
            "You kept the best h alone. That is close when one h wins clearly; p(x) counts all of "
            "them.",
        ),
        Wrong(
            "largest-only",
            lambda log_prior, log_lik: (
                torch.log_softmax(log_prior + log_lik, -1),
                (log_prior + log_lik).max(-1).values,
            ),
            "The posterior is right. Your evidence is the log joint of the best h alone. That is "
            "close when one h wins clearly; p(x) counts all of them.",
        ),
        Wrong(
            "shift-not-undone",
            lambda log_prior, log_lik: (
                torch.log_softmax(log_prior + log_lik, -1),
                _shifted_evidence(log_prior + log_lik),
            ),
            "The posterior is right. In the evidence you subtracted the largest log so that exp "
            "stays in range. You have scaled p(x) by that: what must be undone at the end?",
        ),
        Wrong(
            "shift-not-undone",
            lambda log_prior, log_lik: _log_bayes(log_prior, log_lik, evidence=_shifted_evidence),
            "You subtracted the largest log so that exp stays in range: a good idea. But you have "
            "scaled p(x) by that: what must be undone at the end?",
        ),
        Wrong(
            "largest-of-the-batch",
            lambda log_prior, log_lik: _log_bayes(
                log_prior,
                log_lik,
                evidence=lambda z: z.max() + (z - z.max()).exp().sum(-1).log(),
            ),
            "A good idea, but you took out the largest log of the whole batch. Each row needs its "
            "own.",
        ),
        *(
            Wrong(
                "finite-for-impossible",
                lambda log_prior, log_lik, low=low: (
                    torch.log_softmax((log_prior + log_lik).nan_to_num(neginf=low), -1),
                    _lse(log_prior + log_lik),
                ),
                "You put a large negative number in the place of −inf. Then an impossible h is "
                "only very unlikely. What does exp make of −inf itself, and is that a problem in "
                "a sum?",
            )
            for low in (-1e4, -1e5, -1e6, -1e8, -1e9, -1e10, -1e12, -1e20, -1e30, None)
        ),
        Wrong(
            "mean",
            lambda log_prior, log_lik: _log_bayes(
                log_prior, log_lik, evidence=lambda z: _lse(z) - math.log(z.shape[-1])
            ),
            "You averaged over the hypotheses. The prior has weighted them already.",
        ),
        *(
            Wrong(
                "ignores-prior",
                solve,
                "The prior does not enter your evidence: each h counts the same there. How likely "
                "is x, before anything is known about h?",
            )
            for solve in (
                lambda log_prior, log_lik: _log_bayes(0 * log_lik, log_lik),
                lambda log_prior, log_lik: (
                    log_prior + log_lik - _lse(log_lik)[..., None],
                    _lse(log_lik),
                ),
                lambda log_prior, log_lik: (
                    torch.log_softmax(log_prior + log_lik, -1),
                    _lse(log_lik),
                ),
            )
        ),
        Wrong(
            "likelihood-normalized-first",
            lambda log_prior, log_lik: (
                log_prior + log_lik.log_softmax(-1),
                _lse(log_prior + log_lik),
            ),
            "The evidence is right. But you normalized the likelihood over h before the prior came "
            "in; the result does not sum to 1.",
        ),
        Wrong(
            "adds-probabilities",
            lambda log_prior, log_lik: _log_bayes(log_prior, log_lik, joint=torch.logaddexp),
            "You **added** prior and likelihood. “h, and x given h”: how do these two combine, as "
            "probabilities and as logs?",
        ),
        Wrong(
            "multiplies-logs",
            lambda log_prior, log_lik: _log_bayes(log_prior, log_lik, joint=torch.mul),
            "You multiplied logs. Prior and likelihood multiply as probabilities; what do their "
            "logs do?",
        ),
        Wrong(
            "subtracts-prior",
            lambda log_prior, log_lik: _log_bayes(
                log_prior, log_lik, joint=lambda prior, lik: lik - prior
            ),
            "You subtracted the log prior: an improbable h would gain from being improbable.",
        ),
        *(
            Wrong(
                "probabilities",
                solve,
                "These are probabilities, at least one of them. Both are asked for as logs, in "
                "which images have room.",
            )
            for solve in (
                lambda log_prior, log_lik: (
                    torch.softmax(log_prior + log_lik, -1),
                    _lse(log_prior + log_lik).exp(),
                ),
                lambda log_prior, log_lik: (
                    torch.softmax(log_prior + log_lik, -1),
                    _lse(log_prior + log_lik),
                ),
                lambda log_prior, log_lik: (
                    torch.log_softmax(log_prior + log_lik, -1),
                    _lse(log_prior + log_lik).exp(),
                ),
            )
        ),
        Wrong(
            "unnormalized",
            lambda log_prior, log_lik: (log_prior + log_lik, _lse(log_prior + log_lik)),
            "The evidence is right. Your first result is the log joint still: what do its "
            "probabilities sum to?",
        ),
        Wrong(
            "divides-logs",
            lambda log_prior, log_lik: (
                (log_prior + log_lik) / _lse(log_prior + log_lik)[..., None],
                _lse(log_prior + log_lik),
            ),
            "The evidence is right. But you divided logs: what does a division of probabilities do "
            "to their logs?",
        ),
        Wrong(
            "adds-evidence",
            lambda log_prior, log_lik: (
                log_prior + log_lik + _lse(log_prior + log_lik)[..., None],
                _lse(log_prior + log_lik),
            ),
            "The evidence is right, but it enters with the wrong sign: the probabilities of your "
            "posterior do not sum to 1.",
        ),
        Wrong(
            "subtracts-probability",
            lambda log_prior, log_lik: (
                log_prior + log_lik - _lse(log_prior + log_lik).exp()[..., None],
                _lse(log_prior + log_lik),
            ),
            "You subtracted p(x) itself from a log. Keep to one kind of number.",
        ),
        Wrong(
            "negative-evidence",
            lambda log_prior, log_lik: (
                torch.log_softmax(log_prior + log_lik, -1),
                -_lse(log_prior + log_lik),
            ),
            "The posterior is right. You changed the sign of the evidence: for a p(x) below 1, "
            "such as 0.115 in the first case, the log is negative.",
        ),
        Wrong(
            "evidence-of-posterior",
            lambda log_prior, log_lik: (
                torch.log_softmax(log_prior + log_lik, -1),
                _lse(torch.log_softmax(log_prior + log_lik, -1)),
            ),
            "Your evidence is always log 1 = 0: you summed after normalizing. The evidence is what "
            "you had to divide by.",
        ),
        Wrong(
            "wrong-axis",
            lambda log_prior, log_lik: (
                torch.log_softmax(log_prior + log_lik, 0),
                torch.logsumexp(log_prior + log_lik, 0),
            ),
            "You summed over the first axis, which is the batch. Over what is p(h | x) a "
            "distribution?",
        ),
        *(
            Wrong(
                "over-everything",
                solve,
                "One evidence for the whole batch. Each row is an x of its own.",
            )
            for solve in (
                lambda log_prior, log_lik: (
                    log_prior + log_lik - (log_prior + log_lik).flatten().logsumexp(0),
                    (log_prior + log_lik).flatten().logsumexp(0),
                ),
                lambda log_prior, log_lik: (
                    (log_prior + log_lik).log_softmax(-1),
                    (log_prior + log_lik).flatten().logsumexp(0),
                ),
            )
        ),
        Wrong(
            "broadcast",
            lambda log_prior, log_lik: (
                log_prior + log_lik - _lse(log_prior + log_lik),
                _lse(log_prior + log_lik),
            ),
            "The evidence is right. But it lost an axis, so the evidence of row i is subtracted "
            "from **column** i.",
        ),
        Wrong(
            "swapped",
            lambda log_prior, log_lik: _log_bayes(log_prior, log_lik)[::-1],
            "Both are right, but in the other order: first the posterior, then the evidence.",
        ),
        Wrong(
            "expected-log",
            lambda log_prior, log_lik: (
                torch.log_softmax(log_prior + log_lik, -1),
                torch.where(log_prior.isinf(), 0.0, log_prior.exp() * log_lik).sum(-1),
            ),
            "The posterior is right. Your second result is the mean of the log-likelihoods. The "
            "log of a mean is something else, and never smaller.",
        ),
        Wrong(
            "prior-of-logs",
            lambda log_prior, log_lik: (
                torch.log_softmax(log_prior.exp() + log_lik, -1),
                _lse(log_prior.exp() + log_lik),
            ),
            "You added a probability to a log-probability. Keep to one kind of number.",
        ),
    ],
    hints=[
        "Products become sums in logs. Which step of Bayes' rule is not a product?",
        "The evidence is a sum of probabilities. `torch` has a function for the log of such a sum "
        "that never leaves the logs.",
    ],
)


# ------------------------------------------------------------------ many pieces of evidence
def sequential_posterior(prior, lik, obs):
    """prior [H], lik[h, o] = p(o | h), observed symbols obs [N] -> p(h | all obs), shape [H]."""
    log_p = torch.log(prior) + torch.log(lik)[:, obs].sum(1)
    return torch.softmax(log_p, 0)


def _detective(prior, lik, obs, start=None, again=None, end=None, rescale=True):
    p = prior if start is None else start
    for o in obs:
        p = p * lik[:, o]
        if again is not None:
            p = p * again
        if rescale:
            p = p / p.sum()
    if end is not None:
        p = p * end
    return p / p.sum()


def _squaring_detective(prior, lik, obs):
    p = prior
    for o in obs:
        p = _normalized(p * lik[:, o] * prior)
        prior = p
    return p


SEQUENTIAL_POSTERIOR = CodeExercise(
    id="sequential_posterior",
    title="Find the bug: the detective who cannot forget his prejudice",
    kind="bug",
    statement=(
        "Given h, the observations are independent with p(o | h) = `lik[h, o]`. The code below "
        "should update p(h) with one after the other. Repair it, and see that it survives 4000 "
        "observations, too."
    ),
    level=2,
    reference=sequential_posterior,
    returns="probabilities of shape `[H]`",
    given='''
        def sequential_posterior(prior, lik, obs):
            """prior [H], lik[h, o] = p(o | h), observed symbols obs [N] -> p(h | all obs)."""
            p = prior
            for o in obs:
                p = p * lik[:, o] * prior
            return p / p.sum()
    ''',
    grad_args=(0, 1),
    cases=lambda g: [
        Case(
            (vector(0.9, 0.1), matrix([0.5, 0.5], [0.2, 0.8]), torch.tensor([1, 1])),
            "two hypotheses, the same symbol twice",
        ),
        Case(
            (vector(0.9, 0.1), matrix([0.5, 0.5], [0.2, 0.8]), torch.tensor([1])),
            "a single observation",
        ),
        Case(
            (vector(0.2, 0.3, 0.5), simplex(g, 3, 4), tokens(g, 4, 6)),
            ("3 hypotheses, six observations"),
        ),
        Case(
            (simplex(g, 3), simplex(g, 3, 3), torch.tensor([0, 2, 2, 1, 0])),
            ("3 hypotheses, 3 symbols"),
        ),
        Case((simplex(g, 2), simplex(g, 2, 5), torch.tensor([4, 0, 3])), "2 hypotheses, 5 symbols"),
        Case((vector(1.0), simplex(g, 1, 3), torch.tensor([2, 0])), "a single hypothesis"),
        Case(
            (
                vector(0.3, 0.7),
                matrix([0.5, 0.5], [0.49, 0.51]),
                # decisive, so that a running sum of logs is near enough in float32, too
                torch.cat([torch.ones(2350), torch.zeros(1650)]).long(),
            ),
            "4000 observations: their product underflows",
            smooth=False,
        ),
        Case(
            (
                vector(0.6, 0.4),
                matrix([0.9, 0.1, 0.0], [0.1, 0.8, 0.1]),
                torch.tensor([0] * 40 + [2]),
            ),
            "forty symbols for the first h, then one that it excludes",
            smooth=False,
        ),
        Case(
            (vector(0.6, 0.4), matrix([0.5, 0.5], [0.2, 0.8]), torch.zeros(0, dtype=torch.long)),
            "nothing observed yet",
            smooth=False,  # the gradient leaves the simplex, where right solutions may differ
        ),
    ],
    kinds=[
        ("there are thousands of observations", lambda prior, lik, obs: len(obs) > 999),
        ("there is more than one observation", lambda prior, lik, obs: len(obs) > 1),
        ("there are no observations", lambda prior, lik, obs: len(obs) == 0),
    ],
    alternatives=[
        _detective,
        lambda prior, lik, obs: torch.softmax(
            prior.log()
            + (
                lik.log().nan_to_num(neginf=-1e9)
                @ torch.bincount(obs, minlength=lik.shape[1]).to(lik.dtype)
            ),
            0,
        ),
    ],
    wrong=[
        *(
            Wrong(
                "prior-every-step",
                solve,
                "The bug is still there: the prior is multiplied in at **every** step. What does "
                "the detective already know when the second observation comes?",
            )
            for solve in (
                lambda prior, lik, obs: _detective(prior, lik, obs, again=prior, rescale=False),
                lambda prior, lik, obs: _detective(prior, lik, obs, again=prior),
                lambda prior, lik, obs: torch.softmax(
                    prior.log() * (len(obs) + 1) + lik.log()[:, obs].sum(1), 0
                ),
            )
        ),
        Wrong(
            "prior-every-step",
            lambda prior, lik, obs: torch.softmax(
                (prior.log()[:, None] + lik.log()[:, obs]).sum(1), 0
            ),
            "The prior is added for **every** observation. What does the detective already know "
            "when the second one comes?",
        ),
        Wrong(
            "prior-twice",
            lambda prior, lik, obs: _detective(prior, lik, obs, end=prior),
            "The prior counts at the start and at the end. Once is enough.",
        ),
        *(
            Wrong(
                "underflow",
                solve,
                "The bug is gone, but a product of thousands of probabilities underflows to 0, and "
                "0/0 is nan. What could be done in every step, or in place of products?",
            )
            for solve in (
                lambda prior, lik, obs: _normalized(prior * lik[:, obs].prod(1)),
                lambda prior, lik, obs: _detective(prior, lik, obs, rescale=False),
                lambda prior, lik, obs: torch.softmax(prior.log() + lik[:, obs].prod(1).log(), 0),
            )
        ),
        Wrong(
            "posterior-squared",
            _squaring_detective,
            "`p` **is** already today's prior: with `prior` beside it, everything learned so far "
            "counts twice.",
        ),
        Wrong(
            "place-not-symbol",
            lambda prior, lik, obs: _detective(prior, lik, torch.arange(len(obs))),
            "You used the **place** of an observation, 0, 1, 2, …, where the symbol that was seen "
            "there belongs: what does `obs` hold at that place?",
        ),
        Wrong(
            "largest-is-1",
            lambda prior, lik, obs: (lambda p: p / p.max())(_detective(prior, lik, obs)),
            "The ratios are right. What do the probabilities of all h sum to?",
        ),
        Wrong(
            "last-only",
            lambda prior, lik, obs: (
                _normalized(prior * lik[:, obs[-1]]) if len(obs) else prior.clone()
            ),
            "Only the last observation counts: every step starts again from the prior. What should "
            "be carried over?",
        ),
        Wrong(
            "first-missing",
            lambda prior, lik, obs: _detective(prior, lik, obs[1:]),
            "The first observation never counts: where does your loop start?",
        ),
        Wrong(
            "last-missing",
            lambda prior, lik, obs: _detective(prior, lik, obs[:-1]),
            "The last observation never counts: where does your loop end?",
        ),
        Wrong(
            "no-evidence",
            lambda prior, lik, obs: prior.clone(),
            "That is the prior: no observation had an effect. Is the result of each step kept?",
        ),
        Wrong(
            "ignores-obs",
            lambda prior, lik, obs: _detective(prior, lik, torch.arange(lik.shape[1])),
            "You used every symbol once, whatever `obs` says. Which symbols were seen, and how "
            "often?",
        ),
        Wrong(
            "transposed",
            lambda prior, lik, obs: _detective(prior, lik.T, obs),
            "You picked rows of `lik`; a row belongs to a hypothesis. On which axis are the "
            "symbols?",
        ),
        Wrong(
            "likelihood-not-in-logs",
            lambda prior, lik, obs: torch.softmax(prior.log() + lik[:, obs].sum(1), 0),
            "You added probabilities to log-probabilities. Keep to one kind of number.",
        ),
        Wrong(
            "first-only",
            lambda prior, lik, obs: (
                _normalized(prior * lik[:, obs[0]]) if len(obs) else prior.clone()
            ),
            "Only the first observation counts. Does your loop end too early?",
        ),
        *(
            Wrong(
                "no-prior",
                solve,
                "The prior never enters. It matters most while data are few: try it with no "
                "observation at all.",
            )
            for solve in (
                lambda prior, lik, obs: torch.softmax(lik.log()[:, obs].sum(1), 0),
                lambda prior, lik, obs: _normalized(lik[:, obs].prod(1)),
                lambda prior, lik, obs: lik[:, obs].prod(1),
                lambda prior, lik, obs: _normalized(lik[:, obs].sum(1)),
                lambda prior, lik, obs: _normalized(lik[:, obs].mean(1)),
            )
        ),
        *(
            Wrong(
                "mean-of-logs",
                solve,
                "You **averaged** the log-likelihoods: then ten observations are worth no more "
                "than one.",
            )
            for solve in (
                lambda prior, lik, obs: torch.softmax(
                    prior.log() + (lik.log()[:, obs].mean(1) if len(obs) else 0.0), 0
                ),
                lambda prior, lik, obs: torch.softmax(prior.log() + lik.log()[:, obs].mean(1), 0),
            )
        ),
        *(
            Wrong(
                "adds-likelihoods",
                solve,
                "You added the likelihoods up. All the observations happened, one **and** the "
                "next: how do their probabilities combine?",
            )
            for solve in (
                lambda prior, lik, obs: _normalized(prior * lik[:, obs].sum(1)),
                lambda prior, lik, obs: _normalized(prior + lik[:, obs].sum(1)),
                lambda prior, lik, obs: _normalized(prior * lik[:, obs].mean(1)),
            )
        ),
        *(
            Wrong(
                "averages-posteriors",
                solve,
                "You updated the prior with each observation alone, and averaged. Evidence adds "
                "up: the second update should start where the first one ended.",
            )
            for solve in (
                lambda prior, lik, obs: (
                    _normalized(prior[:, None] * lik[:, obs], 0).mean(1)
                    if len(obs)
                    else prior.clone()
                ),
                lambda prior, lik, obs: _normalized(prior[:, None] * lik[:, obs], 0).mean(1),
            )
        ),
        Wrong(
            "each-symbol-once",
            lambda prior, lik, obs: _detective(prior, lik, obs.unique()),
            "A symbol that was seen five times counts once. Each sighting is evidence of its own.",
        ),
        *(
            Wrong(
                "unnormalized",
                solve,
                "This is the joint p(h, obs), or its log. It does not sum to 1 over h.",
            )
            for solve in (
                lambda prior, lik, obs: prior * lik[:, obs].prod(1),
                lambda prior, lik, obs: prior.log() + lik.log()[:, obs].sum(1),
            )
        ),
        Wrong(
            "logs",
            lambda prior, lik, obs: torch.log_softmax(prior.log() + lik.log()[:, obs].sum(1), 0),
            "These are log-probabilities. The question asks for probabilities.",
        ),
        Wrong(
            "prior-not-in-logs",
            lambda prior, lik, obs: torch.softmax(prior + lik.log()[:, obs].sum(1), 0),
            "You added a probability to log-probabilities. Keep to one kind of number.",
        ),
        *(
            Wrong(
                "epsilon",
                lambda prior, lik, obs, small=small: torch.softmax(
                    prior.log() + (lik + small).log()[:, obs].sum(1), 0
                ),
                "With a small number inside the log nothing is impossible any more. Yet one "
                "observation that h excludes should rule h out, whatever came before.",
            )
            for small in _SMALL
        ),
        Wrong(
            "epsilon-below",
            lambda prior, lik, obs: (lambda p: p / (p.sum() + 1e-12))(prior * lik[:, obs].prod(1)),
            "The small number below the line hides the 0/0, but what comes out is 0 for every h. "
            "Keep the product from getting so small.",
        ),
        Wrong(
            "odds",
            lambda prior, lik, obs: (lambda p: p / (1 - p))(_detective(prior, lik, obs)),
            "These are odds. The question asks for probabilities.",
        ),
    ],
    hints=[
        "How often does p(h) appear in the joint p(h) Π_i p(o_i | h)?",
        "Yesterday's posterior is today's prior.",
        "Either rescale in every step, or add up logs: then 4000 observations are no problem.",
    ],
    equivalents={
        "return torch.softmax(log_p, -1)": "there is only one axis",
        "log_p = torch.log(prior) + torch.log(lik)[:, obs].sum(-1)": "of two axes, 1 is the last",
    },
)

EVIDENCE_ORDER = ChoiceExercise(
    id="evidence_order",
    title="Does the order of the evidence matter?",
    statement=(
        "You update p(h) first with x₁, then with x₂. Your friend sees x₂ first. Both follow the "
        "rules of probability. When do you end with the same p(h | x₁, x₂)?"
    ),
    level=2,
    options=[
        Option(
            "Never exactly: what comes last counts most",
            "That is how people remember, but is it in the formula? Write down the joint of all "
            "three. Does it know who came last?",
        ),
        Option(
            "Only if x₁ and x₂ are independent",
            "Two clues about the same h hardly ever are. Does either of you leave anything out, if "
            "both use the joint p(h, x₁, x₂)?",
        ),
        Option(
            "Only if x₁ and x₂ are independent given h",
            "A common answer. Independence given h allows a **shortcut**, p(x₂ | h) for "
            "p(x₂ | h, x₁). Without it, what does the second update use, and is anything lost?",
        ),
        Option(
            "Always: both divide the same joint by the same evidence",
            "The second factor is p(x₂ | h, x₁) in general. If x₁ and x₂ are independent given h, "
            "p(x₂ | h) will do. Whoever takes that shortcut wrongly counts evidence twice.",
            right=True,
        ),
    ],
    hints=[
        "Write p(h, x₁, x₂) with the chain rule, in the order of each of you.",
        "Keep two things apart: the rules of probability, and a shortcut that needs a reason.",
    ],
)


# ------------------------------------------------------------------ independence
COMMON_CAUSE = ChoiceExercise(
    id="common_cause",
    title="Independent, or independent given luxury?",
    statement=(
        "Among luxurious bedrooms, chandeliers and velvet curtains occur independently, and among "
        "plain ones too; both are more frequent in luxurious ones. Now take **all** bedrooms. You "
        "see a chandelier. What about velvet curtains?"
    ),
    level=2,
    options=[
        Option(
            "They become more probable: the chandelier hints at luxury",
            "A common cause like this one makes its effects dependent, as long as it is not known. "
            "Once you know the kind of bedroom, the chandelier says nothing more about curtains.",
            right=True,
        ),
        Option(
            "Nothing changes: the two are independent",
            "They are, **given** the kind of bedroom. But you do not know it. What does a "
            "chandelier make you think about luxury?",
        ),
        Option(
            "They become less probable: one luxury object is explained",
            "That happens to two causes of one effect. Here it is the other way around: one cause, "
            "two effects. What do you believe about luxury now?",
        ),
        Option(
            "They become certain: the bedroom must be luxurious",
            "Plain bedrooms have chandeliers at times, and not every luxurious one has velvet "
            "curtains. In which direction do beliefs move?",
        ),
    ],
    hints=[
        "What does the chandelier do to p(luxurious)?",
        "Then average p(curtains | kind) with the new belief in place of the old one.",
    ],
)

PAIRWISE = ChoiceExercise(
    id="pairwise",
    title="Two coins and their difference",
    statement=(
        "X and Y are fair coins, thrown independently. Z is 1 if they differ and 0 if they agree. "
        "What is true of the three?"
    ),
    level=2,
    options=[
        Option(
            "All three are independent: each pair is",
            "Each pair is; well spotted. But independence of three asks for p(x, y, z) = p(x) "
            "p(y) p(z). Try x = y = z = 1.",
        ),
        Option(
            "X alone already tells something about Z, which is computed from it",
            "It is computed from X **and** Y. Fix X = 1: what is p(Z = 1) then, with Y still "
            "unknown?",
        ),
        Option(
            "Each pair is independent, the three together are not",
            "One of them tells you nothing about another; two of them tell you the third for "
            "certain. Models that look at pairs only cannot see such a thing.",
            right=True,
        ),
        Option(
            "X and Y stay independent once Z is known",
            "They are independent as long as nothing is known. Now you learn that Z = 0, and look "
            "at X. Is Y still open?",
        ),
    ],
    hints=[
        "Write down the four outcomes (x, y, z), all with probability ¼.",
        "Check one pair after the other, then all three together.",
    ],
)

WET_STREET = NumberExercise(
    id="wet_street",
    title="Predict: the street has been cleaned",
    statement=(
        "A street is wet exactly if it has rained or has been cleaned (or both). Rain has "
        "probability 0.3, cleaning 0.2, independently. The street is wet, and then you see "
        "the cleaning truck that has just passed. What is the probability of rain?"
    ),
    truth=0.3,
    written="0.3",
    because=(
        "The wet street raised it to 0.3/0.44 ≈ 0.68. The truck explains the water completely, and "
        "rain falls back to where it was: two independent causes can depend on each other once "
        "their effect is seen. This is called explaining away."
    ),
    level=2,
    rtol=0.01,
    probability=True,
    wrong=[
        WrongNumber(
            0.3 / 0.44,
            "truck-ignored",
            "That is the probability of rain for a wet street, before you saw the truck. Is the "
            "water still unexplained?",
        ),
        WrongNumber(
            0.0,
            "excluded",
            "An explanation makes the other one unnecessary, not impossible: it may have rained "
            "as well.",
        ),
        WrongNumber(
            0.06,
            "joint",
            "That is rain **and** cleaning, out of all days. You know already that the street was "
            "cleaned.",
        ),
        WrongNumber(
            0.06 / 0.44,
            "both-given-wet",
            "That is rain and cleaning **both**, for a wet street. The cleaning is certain by now.",
        ),
        WrongNumber(
            0.24 / 0.44,
            "rain-only",
            "That is rain **without** cleaning, for a wet street. But you have seen the truck.",
        ),
        WrongNumber(
            0.24,
            "rain-only",
            "That is rain **without** cleaning, out of all days. But you have seen the truck.",
        ),
        WrongNumber(
            0.6,
            "ratio-of-priors",
            "You compared rain with cleaning as if only one of them could be. They do not exclude "
            "each other.",
        ),
        WrongNumber(
            0.5,
            "half",
            "Nothing here is half and half. On days with cleaning, does the wet street still tell "
            "you anything?",
        ),
        WrongNumber(
            1.0,
            "certain",
            "Rain would make the street wet. But the truck does that as well.",
        ),
        WrongNumber(
            0.44,
            "wet",
            "That is the probability of a wet street.",
        ),
        WrongNumber(
            0.7,
            "no-rain",
            "That is the probability of **no** rain on any day.",
        ),
        *(
            WrongNumber(
                value,
                "below-prior",
                "Lower than before you saw anything? The truck takes back what the wet street "
                "said, and not more.",
            )
            for value in (0.1, 0.15)
        ),
        WrongNumber(
            0.4,
            "still-raised",
            "The truck leaves no water unexplained. On days with cleaning, does the wet street "
            "still say anything about rain?",
        ),
        WrongNumber(
            0.2,
            "cleaning",
            "That is the probability of cleaning on any day.",
        ),
    ],
    hints=[
        "Keep only the days on which the street was cleaned. Is any of them dry?",
        "Among those days, how often has it rained?",
    ],
)


def explain_away(px, py, pz):
    """p(x), p(y), pz[x, y] = p(z = 1 | x, y) -> p(x | z = 1) [X], p(x | z = 1, y) [X, Y]."""
    joint = px[:, None] * py[None, :] * pz
    return joint.sum(1) / joint.sum(), joint / joint.sum(0)


def _explained(px, py, pz, first=None, second=None, joint=None):
    if joint is None:
        joint = px[:, None] * py * pz
    if first is None:
        first = joint.sum(1) / joint.sum()
    if second is None:
        second = joint / joint.sum(0)
    return first, second


EXPLAIN_AWAY = CodeExercise(
    id="explain_away",
    title="Two causes, one effect",
    statement=(
        "Two independent causes x and y with p(x) and p(y); `pz[x, y]` is p(z = 1 | x, y). You see "
        "the effect z = 1. Return p(x | z = 1), of shape `[X]`, and the table of "
        "p(x | z = 1, y), of shape `[X, Y]`, in which y is known as well. All p(y) > 0, and "
        "p(z = 1 | y) > 0 for every y."
    ),
    level=3,
    reference=explain_away,
    returns="p(x | z = 1) of shape `[X]` and p(x | z = 1, y) of shape `[X, Y]`",
    grad_args=(0, 1, 2),
    cases=lambda g: [
        Case(
            (vector(0.7, 0.3), vector(0.8, 0.2), matrix([0.1, 1.0], [1.0, 1.0])),
            "no rain or rain, no cleaning or cleaning; z = wet",
        ),
        Case((simplex(g, 3), simplex(g, 3), uniform(g, 3, 3, low=0.05)), "X = Y = 3"),
        Case((simplex(g, 2), simplex(g, 4), uniform(g, 2, 4, low=0.05)), "X = 2, Y = 4"),
        Case((simplex(g, 4), simplex(g, 2), uniform(g, 4, 2, low=0.05)), "X = 4, Y = 2"),
        Case((vector(1.0), simplex(g, 3), uniform(g, 1, 3, low=0.05)), "x can take one value only"),
        Case((simplex(g, 3), vector(1.0), uniform(g, 3, 1, low=0.05)), "y can take one value only"),
        Case(
            (vector(0.7, 0.3), vector(0.8, 0.2), matrix([0.0, 1.0], [1.0, 1.0])),
            "wet exactly if rain or cleaning",
            smooth=False,
        ),
        Case(
            (vector(0.0, 0.5, 0.5), vector(0.5, 0.5), matrix([0.5, 0.5], [1.0, 0.0], [0.0, 1.0])),
            "exact zeros: z = 1 only if x and y agree",
            smooth=False,
        ),
        Case(
            (simplex(g, 3), simplex(g, 3), 1e-30 * uniform(g, 3, 3, low=0.05)),
            "an effect that is very rare",
            smooth=False,
        ),
    ],
    alternatives=[
        lambda px, py, pz: (
            _normalized(px * (pz @ py), 0),
            _normalized(px[:, None] * pz, 0),
        ),
        lambda px, py, pz: (
            torch.einsum("x,y,xy->x", px, py, pz) / torch.einsum("x,y,xy->", px, py, pz),
            torch.stack([px * column / (px @ column) for column in pz.T], 1),
        ),
    ],
    wrong=[
        Wrong(
            "still-independent",
            lambda px, py, pz: _explained(
                px, py, pz, second=_explained(px, py, pz)[0][:, None].expand_as(pz).clone()
            ),
            "In your table y makes no difference. The causes are independent while nothing is "
            "seen; but you have seen their effect.",
        ),
        Wrong(
            "still-independent",
            lambda px, py, pz: _explained(px, py, pz, second=px[:, None].expand_as(pz).clone()),
            "The first result is right. Your table holds p(x) for every y, as if the causes still "
            "were independent. They are while nothing is seen; but you have seen their effect.",
        ),
        Wrong(
            "first-is-prior",
            lambda px, py, pz: _explained(px, py, pz, first=px.clone()),
            "The table is right. Your first result is p(x), the belief before anything was seen. "
            "For which x was z = 1 to be expected?",
        ),
        Wrong(
            "no-effect",
            lambda px, py, pz: (px.clone(), px[:, None].expand_as(pz).clone()),
            "That is the prior, twice: `pz` has no part in it. You have seen z = 1; for which x "
            "was that to be expected?",
        ),
        *(
            Wrong(
                "joint-not-conditional",
                solve,
                "The first result is right. Your table is p(x, y | z = 1), or not normalized at "
                "all. If y is known, which numbers should sum to 1?",
            )
            for solve in (
                lambda px, py, pz: _explained(
                    px,
                    py,
                    pz,
                    second=px[:, None] * py * pz / (px[:, None] * py * pz).sum(),
                ),
                lambda px, py, pz: _explained(px, py, pz, second=px[:, None] * py * pz),
                lambda px, py, pz: _explained(px, py, pz, second=px[:, None] * pz),
            )
        ),
        *(
            Wrong(
                "other-cause",
                solve,
                "The first result is right. In your table the rows sum to 1: that is a belief "
                "about y, with x known.",
            )
            for solve in (
                lambda px, py, pz: _explained(
                    px, py, pz, second=_normalized(px[:, None] * py * pz, 1)
                ),
                lambda px, py, pz: _explained(px, py, pz, second=_normalized(px[:, None] * pz, 1)),
            )
        ),
        Wrong(
            "belief-about-y",
            lambda px, py, pz: _explained(
                px, py, pz, first=(px[:, None] * py * pz).sum(0) / (px[:, None] * py * pz).sum()
            ),
            "The table is right. Your first result is p(y | z = 1): which of the causes has to be "
            "summed out?",
        ),
        Wrong(
            "both-about-y",
            lambda px, py, pz: (
                (px[:, None] * py * pz).sum(0) / (px[:, None] * py * pz).sum(),
                _normalized(px[:, None] * py * pz, 1),
            ),
            "Both results are about y. The question is about x: which axis is that?",
        ),
        *(
            Wrong(
                "unnormalized",
                solve,
                "The table is right. Your first result is p(x, z = 1), or p(z = 1 | x): what does "
                "it sum to over x?",
            )
            for solve in (
                lambda px, py, pz: _explained(px, py, pz, first=(px[:, None] * py * pz).sum(1)),
                lambda px, py, pz: _explained(px, py, pz, first=pz @ py),
            )
        ),
        Wrong(
            "nothing-normalized",
            lambda px, py, pz: (
                (px[:, None] * py * pz).sum(1),
                px[:, None] * py * pz,
            ),
            "These are joint probabilities. z = 1 is known: what must beliefs about x sum to?",
        ),
        Wrong(
            "evidence",
            lambda px, py, pz: (pz @ py, pz.clone()),
            "These are probabilities of z = 1, given x. You have seen z, and ask about x.",
        ),
        *(
            Wrong(
                "y-unweighted",
                solve,
                "In your first result all y count alike, or only one of them. How likely is each "
                "y?",
            )
            for solve in (
                lambda px, py, pz: _explained(px, py, pz, first=_normalized(px * pz.mean(1), 0)),
                lambda px, py, pz: _explained(
                    px, py, pz, first=_normalized(px * pz.max(1).values, 0)
                ),
                lambda px, py, pz: _explained(px, py, pz, joint=px[:, None] * pz),
            )
        ),
        Wrong(
            "mean-of-table",
            lambda px, py, pz: _explained(
                px, py, pz, first=(_normalized(px[:, None] * pz, 0)).mean(1)
            ),
            "The table is right. You averaged its columns as if all y were equally likely.",
        ),
        Wrong(
            "weighted-by-prior",
            lambda px, py, pz: _explained(px, py, pz, first=_normalized(px[:, None] * pz, 0) @ py),
            "The table is right, and averaging it over y is a good idea. But z = 1 also changed "
            "the belief about y: with which weights must you average?",
        ),
        *(
            Wrong(
                "no-prior",
                solve,
                "p(x) has no part in (one of) your results. Before z was seen, were all x equally "
                "likely?",
            )
            for solve in (
                lambda px, py, pz: _explained(px, py, pz, joint=py * pz),
                lambda px, py, pz: _explained(px, py, pz, joint=pz),
                lambda px, py, pz: _explained(px, py, pz, second=_normalized(pz, 0)),
                lambda px, py, pz: _explained(px, py, pz, first=_normalized(pz @ py, 0)),
            )
        ),
        *(
            Wrong(
                "broadcast",
                solve,
                "A vector beside a table is spread over its rows: p(x) met the columns, which "
                "belong to y. (That runs for square tables only.)",
            )
            for solve in (
                lambda px, py, pz: _explained(px, py, pz, joint=px * py * pz),
                lambda px, py, pz: _explained(px, py, pz, joint=px * py[:, None] * pz),
                lambda px, py, pz: _explained(px, py, pz, joint=px * pz),
            )
        ),
        Wrong(
            "effect-absent",
            lambda px, py, pz: _explained(px, py, pz, joint=px[:, None] * py * (1 - pz)),
            "These are the beliefs for z = 0. You have seen z = 1.",
        ),
        Wrong(
            "swapped",
            lambda px, py, pz: _explained(px, py, pz)[::-1],
            "Both are right, but in the other order: first the vector, then the table.",
        ),
        Wrong(
            "transposed",
            lambda px, py, pz: (_explained(px, py, pz)[0], _explained(px, py, pz)[1].T),
            "Both are right, but the table is transposed: x belongs to its rows, as in `pz`.",
        ),
        *(
            Wrong(
                "softmax",
                solve,
                "Softmax takes exp first and bends all ratios. Joint probabilities are weights "
                "already: they need scaling only.",
            )
            for solve in (
                lambda px, py, pz: (
                    torch.softmax((px[:, None] * py * pz).sum(1), 0),
                    torch.softmax(px[:, None] * py * pz, 0),
                ),
                lambda px, py, pz: _explained(
                    px, py, pz, second=torch.softmax(px[:, None] * py * pz, 0)
                ),
            )
        ),
        *(
            Wrong(
                "epsilon",
                solve,
                "The small number below the line (`F.normalize` has one, too) takes over when the "
                "effect is rare. With every y the effect is possible: does the sum need "
                "protection?",
            )
            for solve in (
                lambda px, py, pz: (
                    F.normalize(px * (pz @ py), p=1, dim=0),
                    F.normalize(px[:, None] * pz, p=1, dim=0),
                ),
                *(
                    lambda px, py, pz, small=small: (
                        (px[:, None] * py * pz).sum(1) / ((px[:, None] * py * pz).sum() + small),
                        px[:, None] * py * pz / ((px[:, None] * py * pz).sum(0) + small),
                    )
                    for small in _SMALL
                ),
            )
        ),
        Wrong(
            "other-y",
            lambda px, py, pz: _explained(
                px, py, pz, second=_normalized(px[:, None] * py * pz, 0).flip(1)
            ),
            "The columns of your table belong to the wrong y.",
        ),
    ],
    hints=[
        "First the joint p(x, y, z = 1): which shapes must p(x) and p(y) have to fill a table?",
        "For the first result y is summed out. For the second one y is known: which numbers of the "
        "joint are still in the game?",
        "Check: what does your first result sum to, and what does each column of the table?",
    ],
    equivalents={
        "return (joint.sum(-1) / joint.sum(), joint / joint.sum(0))": "of two axes, 1 is the last",
    },
)


# ------------------------------------------------------------------ a continuous unknown
BETA_TOMORROW = NumberExercise(
    id="beta_tomorrow",
    title="Predict: three snowy days",
    statement=(
        "You have just moved to a town and start with a flat prior on the chance of snow, a Beta "
        "density with a = b = 1. It snows on the first three days. How probable is snow tomorrow?"
    ),
    truth=0.8,
    written="0.8",
    because=(
        "Three snowy days make a = 4 and b = 1, and the mean is 4/5. The flat prior counts like "
        "one snowy and one dry day. (Laplace asked this of the sun.)"
    ),
    rtol=0.01,
    probability=True,
    wrong=[
        WrongNumber(
            1.0,
            "share",
            "That is the share of snowy days, and where your belief is highest. But are you sure "
            "after three days? The belief is wide: what is its **mean**?",
        ),
        WrongNumber(
            0.5,
            "prior",
            "That was the answer before the first day. What have three days added to a and b?",
        ),
        WrongNumber(
            2 / 3,
            "one-day",
            "That is the answer after **one** snowy day.",
        ),
        WrongNumber(
            0.75,
            "one-imaginary-day",
            "Two snowy days would make 3/4, and so would one imaginary day beside the three. How "
            "many imaginary days do a = 1 and b = 1 stand for?",
        ),
        WrongNumber(
            0.6,
            "snowy-day-missing",
            "You divided 3 by 5: the imaginary days are counted below the line. And above it?",
        ),
        WrongNumber(
            1 / 8,
            "coin",
            "That is three heads of a fair coin: as if you knew the chance to be ½, and nothing "
            "could be learned. What do three days teach you about it?",
        ),
        WrongNumber(
            7 / 8,
            "coin",
            "1 − 1/8 is about a coin known to be fair. Here the chance itself is unknown: what do "
            "three days teach you about it?",
        ),
        WrongNumber(
            0.25,
            "evidence",
            "That is the evidence: how probable three snowy days were under a flat prior. They "
            "have happened; what about the fourth?",
        ),
        WrongNumber(
            1 / 16,
            "coin",
            "That is four heads of a fair coin. But the chance is unknown, and three days have "
            "happened already.",
        ),
        WrongNumber(
            0.2,
            "complement",
            "That is the probability of **no** snow tomorrow.",
        ),
        WrongNumber(
            4.0,
            "odds",
            "These are the odds, 4 : 1. Which probability do they stand for?",
        ),
    ],
    hints=[
        "What are a and b after three snowy days and no dry one?",
        "The probability of snow tomorrow is the mean of a Beta density, a over a + b.",
    ],
)


def gaussian_posterior(x, sigma2, mu0, tau2):
    """Data x [N] ~ N(mu, sigma2), prior mu ~ N(mu0, tau2) -> posterior mean and variance of mu."""
    precision = 1 / tau2 + len(x) / sigma2
    return (mu0 / tau2 + x.sum() / sigma2) / precision, 1 / precision


def _right_variance(x, sigma2, mu0, tau2):
    return 1 / (1 / tau2 + len(x) / sigma2)


def _right_mean(x, sigma2, mu0, tau2):
    return (mu0 / tau2 + x.sum() / sigma2) * _right_variance(x, sigma2, mu0, tau2)


def _mean_of_nothing(x, sigma2, mu0, tau2):
    """The right mean as long as there are data; without any it is nan."""
    return (mu0 / tau2 + len(x) * x.mean() / sigma2) * _right_variance(x, sigma2, mu0, tau2)


GAUSSIAN_POSTERIOR = CodeExercise(
    id="gaussian_posterior",
    title="The posterior of a Gaussian mean",
    statement=(
        "Given μ, x₁, …, x_N ~ N(μ, σ²) are independent; `sigma2` = σ² > 0 is known, μ is not. "
        "N ≥ 0, and without data you still know something: the prior is μ ~ N(μ₀, τ²), with "
        "`tau2` = τ² > 0. Return mean and variance of the posterior p(μ | x)."
    ),
    level=2,
    reference=gaussian_posterior,
    returns="two tensors without axes: the posterior mean and variance",
    grad_args=(0, 1, 2, 3),
    cases=lambda g: [
        Case((vector(2.0), *vector(1.0, 0.0, 1.0)), "one observation, as trusted as the prior"),
        Case((vector(2.0), *vector(4.0, 0.0, 1.0)), "one observation, trusted less than the prior"),
        Case((vector(1.0, 3.0), *vector(4.0, 0.0, 1.0)), "two noisy observations"),
        Case((vector(1.0, 3.0), *vector(1.0, 5.0, 4.0)), "two observations, a wide prior"),
        Case((normal(g, 5), *vector(0.5, 2.0, 3.0)), "five observations"),
        Case((4 + normal(g, 40), *vector(2.0, -1.0, 0.25)), "40 observations"),
        Case((normal(g, 3, scale=1000.0), *vector(900.0, 500.0, 2e4)), "data as large as ±1000"),
        Case((normal(g, 4), *vector(1.0, 3.0, 1e6)), "a prior that hardly knows anything"),
        Case((5 + normal(g, 4), *vector(1.0, -3.0, 1e-6)), "a prior that is almost certain"),
        Case((normal(g, 4), *vector(0.01, 3.0, 1.0)), "data with little noise"),
        Case(
            (torch.zeros(0, dtype=torch.float64), *vector(2.0, 3.0, 5.0)),
            "no data yet: the prior",
            smooth=False,
        ),
    ],
    kinds=[
        ("there is more than one observation", lambda x, s, m, t: len(x) > 1),
        ("there are no data", lambda x, s, m, t: len(x) == 0),
    ],
    alternatives=[
        lambda x, s, m, t: (
            m + t / (s + len(x) * t) * (x - m).sum(),
            t * s / (s + len(x) * t),
        ),
        lambda x, s, m, t: (
            (s * m + t * x.sum()) / (s + len(x) * t),
            1 / (1 / t + x.numel() / s),
        ),
    ],
    wrong=[
        *(
            Wrong(
                "one-observation",
                solve,
                "You used the mean of x as if it were **one** observation. How much more precise "
                "than a single observation is a mean of N?",
            )
            for solve in (
                lambda x, s, m, t: (
                    (m / t + (x.mean() if len(x) else 0.0) / s) / (1 / t + 1 / s),
                    1 / (1 / t + 1 / s),
                ),
                lambda x, s, m, t: (
                    (m / t + x.mean() / s) / (1 / t + 1 / s),
                    1 / (1 / t + 1 / s),
                ),
                lambda x, s, m, t: (
                    (m / t + x.mean() / s) / (1 / t + 1 / s),
                    _right_variance(x, s, m, t),
                ),
            )
        ),
        *(
            Wrong(
                "mean-not-sum",
                solve,
                "The variance is right. In your mean, the data have the weight of one observation "
                "above the line, and of N below it.",
            )
            for solve in (
                lambda x, s, m, t: (
                    (m / t + (x.mean() if len(x) else 0.0) / s) / (1 / t + len(x) / s),
                    _right_variance(x, s, m, t),
                ),
                lambda x, s, m, t: (
                    (m / t + x.mean() / s) / (1 / t + len(x) / s),
                    _right_variance(x, s, m, t),
                ),
            )
        ),
        *(
            Wrong(
                "mean-of-nothing",
                solve,
                "Right as soon as there are data. Without any, `x.mean()` is 0/0, and so is a "
                "division by their number. Which sum is simply 0 when there is nothing to add?",
            )
            for solve in (
                lambda x, s, m, t: (
                    (m / t + len(x) * x.mean() / s) / (1 / t + len(x) / s),
                    1 / (1 / t + len(x) / s),
                ),
                lambda x, s, m, t: (
                    (m / t + x.mean() / (s / len(x))) / (1 / t + 1 / (s / len(x))),
                    1 / (1 / t + 1 / (s / len(x))),
                ),
                lambda x, s, m, t: (
                    m + t / (t + s / len(x)) * (x.mean() - m),
                    (1 - t / (t + s / len(x))) * t,
                ),
                lambda x, s, m, t: (
                    (t * x.mean() + s / len(x) * m) / (t + s / len(x)),
                    t * (s / len(x)) / (t + s / len(x)),
                ),
                lambda x, s, m, t: (
                    _right_mean(x, s, m, t),
                    t * (s / len(x)) / (t + s / len(x)),
                ),
            )
        ),
        Wrong(
            "sum-as-one-observation",
            lambda x, s, m, t: (
                (m / t + x.sum() / s) / (1 / t + 1 / s),
                1 / (1 / t + 1 / s),
            ),
            "Above the line all N observations count, below it only one. Each observation brings a "
            "precision of its own.",
        ),
        *(
            Wrong(
                "variance-of-one",
                solve,
                "The mean is right. Your variance is that after a single observation.",
            )
            for solve in (
                lambda x, s, m, t: (_right_mean(x, s, m, t), 1 / (1 / t + 1 / s)),
                lambda x, s, m, t: (_mean_of_nothing(x, s, m, t), 1 / (1 / t + 1 / s)),
            )
        ),
        *(
            Wrong(
                "weights-swapped",
                solve,
                "The weights are the wrong way around: the noisier of the two counts **more**. "
                "What is a good weight for something with a large variance?",
            )
            for solve in (
                lambda x, s, m, t: (
                    (m * t + x.sum() * s) / (t + len(x) * s),
                    _right_variance(x, s, m, t),
                ),
                lambda x, s, m, t: (
                    (m * t + x.sum() * s) / (t + len(x) * s),
                    1 / (t + len(x) * s),
                ),
                lambda x, s, m, t: (
                    (m / s + x.sum() / t) / (1 / s + len(x) / t),
                    1 / (1 / s + len(x) / t),
                ),
                lambda x, s, m, t: (
                    (m * t + x.mean() * s / len(x)) / (t + s / len(x)),
                    _right_variance(x, s, m, t),
                ),
                lambda x, s, m, t: (
                    (m * t + x.mean() * s) / (t + s),
                    _right_variance(x, s, m, t),
                ),
                lambda x, s, m, t: (
                    (m * t + x.sum() * s) * _right_variance(x, s, m, t),
                    _right_variance(x, s, m, t),
                ),
                lambda x, s, m, t: (
                    (m * t + x.sum() * s) / (t + len(x) * s),
                    s / (len(x) + 1),
                ),
                lambda x, s, m, t: (
                    (m * t + x.mean() * s / len(x)) / (t + s / len(x)),
                    t * (s / len(x)) / (t + s / len(x)),
                ),
            )
        ),
        *(
            Wrong(
                "plain-average",
                solve,
                "Your mean does not ask how noisy prior and data are. Whom do you trust more, and "
                "by how much?",
            )
            for solve in (
                lambda x, s, m, t: (
                    (m + x.sum()) / (1 + len(x)),
                    _right_variance(x, s, m, t),
                ),
                lambda x, s, m, t: (
                    (m + x.mean()) / 2 if len(x) else m,
                    _right_variance(x, s, m, t),
                ),
                lambda x, s, m, t: ((m + x.mean()) / 2, _right_variance(x, s, m, t)),
                lambda x, s, m, t: ((m + x.mean()) / 2, (t + s) / 2),
                lambda x, s, m, t: ((m + x.mean()) / 2, (t + s) / 4),
                lambda x, s, m, t: ((m + x.mean()) / 2, (t + s / len(x)) / 2),
                lambda x, s, m, t: ((m + x.mean()) / 2, (t + s / len(x)) / 4),
            )
        ),
        *(
            Wrong(
                "variances-add",
                solve,
                "Your variance is larger than the prior's, although here data can only make you "
                "surer. Which quantity of two sources of knowledge adds up?",
            )
            for solve in (
                lambda x, s, m, t: (
                    _right_mean(x, s, m, t),
                    t + (s / len(x) if len(x) else 0.0),
                ),
                lambda x, s, m, t: (_right_mean(x, s, m, t), t + s / len(x)),
                lambda x, s, m, t: (_mean_of_nothing(x, s, m, t), t + s / len(x)),
                lambda x, s, m, t: (_right_mean(x, s, m, t), t + s / max(len(x), 1)),
                lambda x, s, m, t: (_right_mean(x, s, m, t), t + s),
                lambda x, s, m, t: (_right_mean(x, s, m, t), t + len(x) * s),
            )
        ),
        *(
            Wrong(
                "forecast-as-observation",
                solve,
                "You counted the forecast as one more thermometer. It has a variance of its own, "
                "τ².",
            )
            for solve in (
                lambda x, s, m, t: ((m + x.sum()) / (len(x) + 1), s / (len(x) + 1)),
                lambda x, s, m, t: (_right_mean(x, s, m, t), s / (len(x) + 1)),
            )
        ),
        *(
            Wrong(
                "precision-as-variance",
                solve,
                "You added precisions and called the sum a variance. What is one over it?",
            )
            for solve in (
                lambda x, s, m, t: (
                    (m / t + x.sum() / s) * (1 / t + len(x) / s),
                    1 / t + len(x) / s,
                ),
            )
        ),
        Wrong(
            "precision",
            lambda x, s, m, t: (_right_mean(x, s, m, t), 1 / _right_variance(x, s, m, t)),
            "The second value is the **precision**. How are precision and variance related?",
        ),
        Wrong(
            "deviation",
            lambda x, s, m, t: (_right_mean(x, s, m, t), _right_variance(x, s, m, t).sqrt()),
            "The second value is the standard deviation. The variance is asked for.",
        ),
        Wrong(
            "predictive",
            lambda x, s, m, t: (_right_mean(x, s, m, t), _right_variance(x, s, m, t) + s),
            "That is the variance of the **next observation**. The posterior of μ is narrower: it "
            "does not contain the noise.",
        ),
        *(
            Wrong(
                "no-prior",
                solve,
                "The prior has no effect on your mean, or on your variance. With few data it "
                "should pull, and with none it is all you have.",
            )
            for solve in (
                lambda x, s, m, t: (
                    x.mean() if len(x) else m,
                    s / len(x) if len(x) else t,
                ),
                lambda x, s, m, t: (
                    x.mean() if len(x) else m,
                    _right_variance(x, s, m, t),
                ),
                lambda x, s, m, t: (
                    _right_mean(x, s, m, t),
                    s / len(x) if len(x) else t,
                ),
                lambda x, s, m, t: (x.mean(), s / len(x)),
                lambda x, s, m, t: (x.mean(), _right_variance(x, s, m, t)),
                lambda x, s, m, t: (_right_mean(x, s, m, t), s / len(x)),
                lambda x, s, m, t: (_mean_of_nothing(x, s, m, t), s / len(x)),
            )
        ),
        Wrong(
            "prior-only",
            lambda x, s, m, t: (m.clone(), t.clone()),
            "That is the prior. The data had no effect.",
        ),
        Wrong(
            "prior-variance",
            lambda x, s, m, t: (_right_mean(x, s, m, t), t.clone()),
            "The mean is right. But your variance is that of the prior: have the data taught you "
            "nothing?",
        ),
        *(
            Wrong(
                "variance-as-deviation",
                solve,
                "`sigma2` and `tau2` are variances already; you squared them, or took a root.",
            )
            for solve in (
                lambda x, s, m, t: gaussian_posterior(x, s**2, m, t**2),
                lambda x, s, m, t: gaussian_posterior(x, s.sqrt(), m, t.sqrt()),
                lambda x, s, m, t: gaussian_posterior(x, s**2, m, t),
                lambda x, s, m, t: gaussian_posterior(x, s, m, t**2),
            )
        ),
        Wrong(
            "prior-every-time",
            lambda x, s, m, t: gaussian_posterior(x, s, m, t / max(len(x), 1)),
            "The prior counts once for **every** observation. After the first one, what plays its "
            "part?",
        ),
        Wrong(
            "n-squared",
            lambda x, s, m, t: gaussian_posterior(x, s / max(len(x), 1), m, t),
            "N counts twice: each observation brings a precision of its own, and there are N of "
            "them. Where does N stand already?",
        ),
        Wrong(
            "not-divided",
            lambda x, s, m, t: (m / t + x.sum() / s, _right_variance(x, s, m, t)),
            "The variance is right. Your mean is a weighted **sum**: what do the weights add up "
            "to?",
        ),
        Wrong(
            "prior-mean-unweighted",
            lambda x, s, m, t: (
                (m + x.sum() / s) * _right_variance(x, s, m, t),
                _right_variance(x, s, m, t),
            ),
            "The variance is right. In your mean the data are weighted, and the prior mean is not.",
        ),
        Wrong(
            "prior-mean-forgotten",
            lambda x, s, m, t: (
                x.sum() / s * _right_variance(x, s, m, t),
                _right_variance(x, s, m, t),
            ),
            "The variance is right. But your prior has its mean at 0, wherever μ₀ is.",
        ),
        Wrong(
            "prior-mean",
            lambda x, s, m, t: (m.clone(), _right_variance(x, s, m, t)),
            "The variance is right. But your mean is that of the prior: did the data only make you "
            "surer of what you believed?",
        ),
        Wrong(
            "one-less",
            lambda x, s, m, t: (
                _right_mean(x, s, m, t),
                1 / (1 / t + (len(x) - 1) / s),
            ),
            "The mean is right. N − 1 belongs to a variance that is estimated from the data; here "
            "σ² is known, and every observation counts.",
        ),
        Wrong(
            "shift-only",
            lambda x, s, m, t: (
                t / (s + len(x) * t) * (x - m).sum(),
                _right_variance(x, s, m, t),
            ),
            "That is how far the data **move** the mean. From where?",
        ),
        Wrong(
            "swapped",
            lambda x, s, m, t: gaussian_posterior(x, s, m, t)[::-1],
            "Both are right, but in the other order: first the mean, then the variance.",
        ),
    ],
    hints=[
        "Multiply the prior and all likelihoods as functions of μ. What do the exponents do?",
        "The exponents add up to a quadratic in μ. A bell with mean m and variance v has the "
        "exponent −μ²/(2v) + μ m/v + a constant. What are your factors of μ² and of μ?",
        "One over a variance is called precision. What happens to precisions when two independent "
        "sources meet?",
        "Check two limits: a prior that knows nothing, and a prior that is almost certain.",
    ],
)


EXERCISES = [
    POSITIVE_TEST,
    LIKELIHOOD_NOT_DENSITY,
    POSTERIOR,
    TWO_CLUES,
    LOG_BAYES,
    SEQUENTIAL_POSTERIOR,
    EVIDENCE_ORDER,
    COMMON_CAUSE,
    PAIRWISE,
    WET_STREET,
    EXPLAIN_AWAY,
    BETA_TOMORROW,
    GAUSSIAN_POSTERIOR,
]
