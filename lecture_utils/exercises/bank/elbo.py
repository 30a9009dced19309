"""Exercises of the chapter on the evidence lower bound."""

from __future__ import annotations

import math

import torch
from torch.distributions import Categorical, Normal, kl_divergence

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
from ._tools import entropy, kl, matrix, normal, simplex, uniform, vector

NUMBER = 8
INF = math.inf
LN2 = math.log(2)
LOG_2PI = math.log(2 * math.pi)
_SMALL = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8)


def _logs(*rows):
    return matrix(*rows).log()


# ------------------------------------------------------------------ predictions
_POSITIVE = (
    "The ELBO lies at or below log p(x), and p(x) is less than 1 here: which sign does the log "
    "have, and so the bound?"
)
_POSITIVES = (0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.5, 0.6, 0.75, 0.8, 0.9, 1.5, 2, 3)

ELBO_TIGHT = NumberExercise(
    id="elbo_tight",
    title="Predict: the ELBO of a perfect encoder",
    statement=(
        "For one image, p(x) = 0.2, and the encoder is perfect: q(z | x) = p(z | x) for all z. "
        "What is the ELBO, in nats? (Three digits, please.)"
    ),
    truth=math.log(0.2),
    written="-1.609",
    because=(
        "It is log 0.2: the gap KL(q(z | x) ‖ p(z | x)) is 0, so the bound touches log p(x). "
        "The best ELBO is not 0; it is as good as the model is."
    ),
    rtol=0.005,
    wrong=[
        WrongNumber(
            0,
            "gap",
            "Zero is the **gap** between the bound and what it bounds. What is it that the "
            "bound then equals?",
        ),
        WrongNumber(
            0.2,
            "no-log",
            "That is p(x) itself. Of which function of p(x) is the ELBO a lower bound?",
        ),
        WrongNumber(
            -math.log(0.2),
            "sign",
            "That is a surprise, −log p(x). A lower bound of log p(x) cannot lie above it: what "
            "sign does the log of a number below 1 have?",
        ),
        WrongNumber(
            math.log10(0.2),
            "base-10",
            "That logarithm has base 10. Nats belong to the natural one.",
        ),
        WrongNumber(
            math.log2(0.2),
            "bits",
            "That is in bits. Which base belongs to nats?",
        ),
        WrongNumber(
            math.log(0.8),
            "complement",
            "That is the log of the probability of **not** seeing x. The ELBO is about x.",
        ),
        WrongNumber(
            0.2 * math.log(0.2),
            "entropy-term",
            "You multiplied the log by p(x): that is a term of an entropy. Here x is given, and "
            "the expectation is over z.",
        ),
        WrongNumber(
            1,
            "certain",
            "A perfect encoder does not make the image certain. What does it make equal to zero?",
        ),
        WrongNumber(
            -INF,
            "no-bound",
            "That would be a bound that says nothing. How far below log p(x) is the ELBO, and "
            "what is that distance when q is perfect?",
        ),
        WrongNumber(
            1.6,
            "sign",
            "That is a surprise, −log p(x). A lower bound of log p(x) cannot lie above it: what "
            "sign does the log of a number below 1 have?",
        ),
        *(WrongNumber(value, "positive", _POSITIVE) for value in _POSITIVES if value != 0.2),
    ],
    hints=[
        "log p(x) and the ELBO differ by a KL divergence. Between which two distributions?",
        "What is a KL divergence of two equal distributions?",
    ],
)

_HAND = 0.5 * math.log(0.1 * 0.3) + LN2

ELBO_BY_HAND = NumberExercise(
    id="elbo_by_hand",
    title="Predict: an ELBO on the back of an envelope",
    statement=(
        "z has two states, p(x, z = 0) = 0.1 and p(x, z = 1) = 0.3, and q(z | x) is ½ for both. "
        "What is the ELBO, in nats? (Three digits, please.)"
    ),
    truth=_HAND,
    written="-1.060",
    because=(
        "½ log(0.1/½) + ½ log(0.3/½) = −1.060. And log p(x) = log 0.4 = −0.916, so this guess "
        "leaves the bound 0.144 nats too low."
    ),
    rtol=0.004,
    wrong=[
        WrongNumber(
            _HAND - LN2,
            "no-entropy",
            "That is E_q[log p(x, z)]. What stands under the fraction bar of the ELBO?",
        ),
        WrongNumber(
            _HAND - 2 * LN2,
            "entropy-sign",
            "The uncertainty of q counts the wrong way. Does dividing p(x, z) by ½ make it "
            "larger or smaller?",
        ),
        WrongNumber(
            math.log(0.4),
            "evidence",
            "That is log p(x), which does not depend on q. Is this q the posterior?",
        ),
        WrongNumber(
            math.log(0.4) - _HAND,
            "gap",
            "That is how far the ELBO lies below log p(x). Which number lies that far below?",
        ),
        WrongNumber(
            -_HAND,
            "negated",
            "That is the loss, minus the ELBO. Can a lower bound of log 0.4 be positive?",
        ),
        WrongNumber(
            2 * _HAND,
            "unweighted",
            "You added up both states with full weight. How likely is each one under q?",
        ),
        WrongNumber(
            _HAND / LN2,
            "bits",
            "That is in bits; the question asks for nats.",
        ),
        WrongNumber(
            _HAND / math.log(10),
            "base-10",
            "That logarithm has base 10. Nats belong to the natural one.",
        ),
        WrongNumber(
            _HAND - math.log(0.4),
            "minus-gap",
            "That is a difference of two bounds, not a bound: it says how far the ELBO lies below "
            "log p(x). Where does log p(x) lie itself?",
        ),
        *(
            WrongNumber(
                math.log(value),
                "one-state",
                "That is the log of one joint probability. How many states does q visit?",
            )
            for value in (0.1, 0.3)
        ),
        WrongNumber(
            -LN2,
            "entropy",
            "That is E_q[log q], which knows q alone. Where does the model enter?",
        ),
        WrongNumber(
            math.exp(_HAND),
            "no-log",
            "You undid the log at the end. The ELBO itself is on the scale of log p(x).",
        ),
        WrongNumber(
            math.log(0.2),
            "log-of-mean",
            "That is the log of the average of p(x, z) under q. In the ELBO the log stands "
            "inside the average, and q is under the fraction bar.",
        ),
        WrongNumber(
            0.4,
            "probability",
            "That is p(x). The ELBO is a bound of its logarithm.",
        ),
        WrongNumber(
            LN2,
            "entropy",
            "That is the entropy of q alone. Where does the model enter?",
        ),
        WrongNumber(
            0.25 * math.log(0.2) + 0.75 * math.log(0.6),
            "under-posterior",
            "You weighted the states with the posterior. Under which distribution is the "
            "expectation of the ELBO?",
        ),
        WrongNumber(-1.1, "close", "Close, but rounded too early: three digits, please."),
        WrongNumber(
            1.1,
            "negated",
            "That is the loss, minus the ELBO. Can a lower bound of log 0.4 be positive?",
        ),
        WrongNumber(
            0.7,
            "entropy",
            "That is the entropy of q alone. Where does the model enter?",
        ),
        WrongNumber(
            0.14,
            "gap",
            "That is how far the ELBO lies below log p(x). Which number lies that far below?",
        ),
        *(WrongNumber(value, "positive", _POSITIVE) for value in (0, *_POSITIVES, 1)),
    ],
    hints=[
        "The ELBO is E_q of the log of a ratio. Write down the ratio for both states.",
        "Each of the two logs counts as much as q says. Compare the result with log p(x).",
    ],
)

ELBO_BEST_Q = NumberExercise(
    id="elbo_best_q",
    title="Predict: the q with the highest ELBO",
    statement=(
        "z has two states, p(x, z = 0) = 0.06 and p(x, z = 1) = 0.24. You may choose any "
        "q(z = 1 | x) between 0 and 1. Which one makes the ELBO as large as possible?"
    ),
    truth=0.8,
    written="0.8",
    because=(
        "It is the posterior, 0.24/0.30. Maximizing the bound over q did the work of Bayes' rule, "
        "and nowhere did the ELBO ask for p(x)."
    ),
    rtol=0.005,
    probability=True,
    forecast=False,
    wrong=[
        WrongNumber(
            1,
            "best-state",
            "All weight on the better state would be best for E_q[log p(x, z)] alone. What else "
            "does the ELBO reward?",
        ),
        WrongNumber(
            0,
            "worst-state",
            "That puts all weight on the less likely state. Which state explains x better?",
        ),
        WrongNumber(
            0.2,
            "other-state",
            "Which of the two states did you compute this for?",
        ),
        WrongNumber(
            0.24,
            "joint",
            "That is the joint probability. Do the two joint probabilities sum to 1, as q must?",
        ),
        WrongNumber(
            0.3,
            "evidence",
            "That is p(x). q is a distribution over z.",
        ),
        WrongNumber(
            0.5,
            "uniform",
            "That maximizes the entropy of q alone. What does the other part of the ELBO want?",
        ),
        WrongNumber(
            4,
            "odds",
            "Those are odds, z = 1 against z = 0. Which probability belongs to them?",
        ),
        WrongNumber(
            0.25,
            "inverse-odds",
            "Those are the odds of z = 0. Which probability of z = 1 belongs to them?",
        ),
        WrongNumber(
            0.75,
            "of-the-hint",
            "¾ does better than ½ and than 1. Is it the top? Try a little less and a little more.",
        ),
        WrongNumber(
            0.875,
            "the-coat",
            "That is the best guess about the coat in the text. Here the table is another one.",
        ),
        WrongNumber(
            0.06,
            "joint-other",
            "That is the joint probability of the other state. Do the two joint probabilities sum "
            "to 1, as q must?",
        ),
        WrongNumber(
            0.94,
            "complement",
            "That is one minus a joint probability. What do the two joint probabilities sum to, "
            "and what must q sum to?",
        ),
        WrongNumber(
            0.76,
            "complement-joint",
            "That is one minus a joint probability. What do the two joint probabilities sum to, "
            "and what must q sum to?",
        ),
        WrongNumber(
            math.exp(0.24) / (math.exp(0.24) + math.exp(0.06)),
            "softmax",
            "You put probabilities into a softmax, which expects their logs.",
        ),
        WrongNumber(
            2 / 3,
            "square-root",
            "That gives the states the ratio of the square roots. Where would a root come from?",
        ),
    ],
    hints=[
        "Compute the ELBO for q(z = 1 | x) = ½, ¾ and 1. Between which of them does the top lie?",
        "Which distribution over z does Bayes' rule make of the two joint probabilities? Compare "
        "its ELBO with log p(x).",
    ],
)


# ------------------------------------------------------------------ the derivations
ELBO_JENSEN = ChoiceExercise(
    id="elbo_jensen",
    title="Which step loses something?",
    statement=(
        "A derivation of the ELBO starts at log p(x) and ends at a bound; q(z | x) > 0 for every "
        "z. Which of its steps turns an equality into “≥”?"
    ),
    options=[
        Option(
            "Writing p(x) as a sum of p(x, z) over all z",
            "That is the sum rule, which holds exactly. Try it on a table with two states.",
        ),
        Option(
            "Multiplying by q(z | x)/q(z | x) and reading the sum as E_q",
            "A factor of 1 changes nothing, and Σ q · (…) is what E_q[…] means. It prepares the "
            "lossy step; where do the log and E meet?",
        ),
        Option(
            "Moving the log from outside E_q to inside",
            "log is concave: the log of an average is at least the average of the logs. They "
            "are equal only if p(x, z)/q(z | x) is the same number wherever q puts weight.",
            right=True,
        ),
        Option(
            "Splitting p(x, z) into p(x | z) p(z) under the log",
            "That is the product rule, and the log of a product is a sum: both exact. It gives "
            "the bound another face.",
        ),
    ],
    hints=[
        "Three of the steps are rules that hold for all numbers. Try each on a small table.",
        "Take two numbers, 1 and 9. Compare the log of their average with the average of their "
        "logs.",
    ],
)

ELBO_GAP_TERM = ChoiceExercise(
    id="elbo_gap_term",
    title="From the ELBO to log p(x): what is missing?",
    statement=(
        "log p(x) = E_q[log p(x, z) − log q(z | x)] + …, where E_q is over z ~ q(z | x). "
        "Which term makes this an equality?"
    ),
    options=[
        Option(
            "KL(q(z | x) ‖ p(z))",
            "That is the divergence from the **prior**, which already sits inside the ELBO. When "
            "should the missing term vanish?",
        ),
        Option(
            "KL(q(z | x) ‖ p(z | x))",
            "No inequality was needed, so this says exactly how loose the bound is. It also says "
            "why we cannot print it: it needs the posterior.",
            right=True,
        ),
        Option(
            "KL(p(z | x) ‖ q(z | x))",
            "The right pair. But under which distribution are all the expectations here?",
        ),
        Option(
            "H(q(z | x)), the entropy of q",
            "Look at −E_q[log q(z | x)]: is the entropy not in the ELBO already?",
        ),
    ],
    level=2,
    hints=[
        "Replace p(x, z) by p(z | x) p(x) inside the expectation. What is E_q[log p(x)]?",
        "What remains beside log p(x) is an expectation under q of a difference of two logs.",
    ],
)

LOG_WEIGHTS = ChoiceExercise(
    id="log_weights_at_posterior",
    title="A thousand samples from a perfect encoder",
    statement=(
        "q(z | x) is exactly the posterior. You draw a thousand z from it and plot a histogram "
        "of log p(x, z) − log q(z | x). What does it look like?"
    ),
    level=2,
    options=[
        Option(
            "A single spike at log p(x)",
            "By the product rule every single z gives p(x, z)/p(z | x) = p(x): one sample is "
            "enough. A spread would show that q is **not** the posterior.",
            right=True,
        ),
        Option(
            "A single spike at 0",
            "The log would be 0 if the two densities were equal. Is p(x, z) equal to p(z | x)? "
            "Which factor lies between them?",
        ),
        Option(
            "A hill whose mean is log p(x)",
            "The mean is right. What is the ratio p(x, z)/p(z | x), and which part of it still "
            "depends on z?",
        ),
        Option(
            "A hill below log p(x), as for every lower bound",
            "It is below on average when q is **not** the posterior. How large is the gap here?",
        ),
    ],
    hints=[
        "Put the posterior in the place of q, and use the product rule.",
        "Does anything in p(x, z)/p(z | x) still depend on which z was drawn?",
    ],
)

ELBO_SUPPORT = ChoiceExercise(
    id="elbo_support",
    title="A q that misses a state",
    statement=(
        "Three states, p(x, z) = 0.1, 0.2, 0.3, and q(z | x) = ½, ½, 0: q never visits the "
        "third one. Is E_q[log p(x, z) − log q(z | x)] still a lower bound of log p(x)?"
    ),
    level=3,
    options=[
        Option(
            "No: 0 · log 0 makes it minus infinity",
            "With q = 0 a state has no weight in the expectation: its term is 0, by the usual "
            "convention. Add up the other two.",
        ),
        Option(
            "No: the divergence to the posterior is infinite",
            "KL(q ‖ p) is infinite where q > 0 and p = 0. Here it is the other way round.",
        ),
        Option(
            "Yes, and its gap is the Jensen gap of the weights p/q",
            "The weights are seen under q only. Their average is 0.3 and not p(x) = 0.6: "
            "Jensen's inequality accounts for a part of the gap. Which part is left?",
        ),
        Option(
            "Yes, but even equal weights p/q would not make it tight",
            "E_q[p/q] counts the visited states only, 0.3 of 0.6. So equal weights prove a tight "
            "bound only if q visits all that the posterior holds possible.",
            right=True,
        ),
    ],
    hints=[
        "Compute log p(x), the expectation, and log E_q[p(x, z)/q(z | x)]. Which lies where?",
        "Now change q to (⅓, ⅔, 0) and look at the weights of the first two states.",
    ],
)

ELBO_RISES = ChoiceExercise(
    id="elbo_rises",
    title="The ELBO rose. Did the likelihood?",
    statement=(
        "A training step changes the decoder's θ and the encoder's φ together, and the exact "
        "ELBO of an image rises by 3 nats. What has happened to its log p(x)?"
    ),
    level=2,
    options=[
        Option(
            "It rose by at least 3 nats, since the ELBO lies below it",
            "A floor that rises need not push the ceiling while there is room between them. How "
            "much room is there?",
        ),
        Option(
            "It may have risen, stayed or fallen: the gap changes too",
            "Only ELBO + gap is log p(x), and both change. What is safe: log p(x) is still at "
            "least the new ELBO. With a gap of 0 before the step, it did rise by 3 at least.",
            right=True,
        ),
        Option(
            "It stayed the same: the ELBO depends on q, and p(x) does not",
            "True if only φ changes. Which of the two does θ belong to?",
        ),
        Option(
            "It rose by exactly 3 nats, because the gap is a constant",
            "The gap is KL(q(z | x) ‖ p(z | x)). Do θ and φ leave both of these alone?",
        ),
    ],
    hints=[
        "Write log p(x) as a sum of two terms. Which of them can change in this step?",
        "Suppose the gap was 10 nats before the step and is 2 nats after it.",
    ],
)


# ------------------------------------------------------------------ discrete latents
def discrete_elbo(log_joint, q):
    """log_joint[b, z] = log p(x_b, z) and q[b, z], both [B, K] -> the ELBO in nats, shape [B]."""
    return (q * log_joint - torch.xlogy(q, q)).sum(-1)


DISCRETE_ELBO = CodeExercise(
    id="discrete_elbo",
    title="The ELBO of a discrete latent variable",
    statement=(
        "`log_joint[b, z]` is log p(x_b, z), a finite number for each of the K states of z; "
        "`q[b, z]` is q(z | x_b), which may be exactly 0. Return the ELBO of each example, in nats."
    ),
    reference=discrete_elbo,
    returns="a tensor of shape `[B]`",
    unit="nats",
    grad_args=(0,),
    cases=lambda g: [
        Case((_logs([0.1, 0.3]), matrix([0.5, 0.5])), "p(x, z) = 0.1, 0.3 and q = ½, ½"),
        Case((_logs([0.1, 0.3]), matrix([0.25, 0.75])), "the same x; q is the exact posterior"),
        Case((_logs([0.1, 0.3]), matrix([1.0, 0.0])), "the same x; q is certain: log 0.1"),
        Case((_logs([0.5, 0.5]), matrix([0.5, 0.5])), "p(x, z) = ½ twice: x is certain"),
        Case((normal(g, 3, 4) - 2, simplex(g, 3, 4)), "B = 3, K = 4"),
        Case((normal(g, 4, 4) - 2, simplex(g, 4, 4)), "B = K = 4"),
        Case((normal(g, 5, 2) - 5, simplex(g, 5, 2)), "B = 5, K = 2"),
        Case((matrix([-3.0], [2.0]), matrix([1.0], [1.0])), "a latent variable of one state"),
        Case(
            (
                matrix([-900.0, -1000.0, -950.0], [40.0, 1000.0, -1000.0]),
                matrix([0.5, 0.25, 0.25], [0.0, 0.3, 0.7]),
            ),
            "an image of many pixels, and a density: log p(x, z) of ±1000",
        ),
        Case(
            (
                normal(g, 3, 3, scale=3.0),
                matrix([1e-12, 0.5, 0.5 - 1e-12], [0.0, 0.0, 1.0], [0.003, 0.0005, 0.9965]),
            ),
            "q is tiny or exactly 0 for some states",
        ),
    ],
    kinds=[("q has an exact 0", lambda log_joint, q: bool((q == 0).any()))],
    alternatives=[
        lambda log_joint, q: (
            log_joint.logsumexp(-1) - (torch.xlogy(q, q) - q * log_joint.log_softmax(-1)).sum(-1)
        ),
        lambda log_joint, q: torch.where(q > 0, q * (log_joint - q.log()), 0.0).sum(-1),
        lambda log_joint, q: (q * log_joint).sum(1) + torch.special.entr(q).sum(1),
    ],
    wrong=[
        Wrong(
            "no-entropy",
            lambda log_joint, q: (q * log_joint).sum(-1),
            "That is E_q[log p(x, z)] alone, which would be best with all of q on one state. "
            "Which part of the ELBO rewards a q that stays open?",
        ),
        Wrong(
            "entropy-sign",
            lambda log_joint, q: (q * log_joint + torch.xlogy(q, q)).sum(-1),
            "The term in log q has the wrong sign: is q above or below the fraction bar of "
            "p(x, z)/q(z | x)?",
        ),
        *(
            Wrong(
                "evidence",
                solve,
                "That is log p(x) itself: change q, and nothing happens. In the bound the log "
                "stands inside an expectation under q.",
            )
            for solve in (
                lambda log_joint, q: log_joint.logsumexp(-1),
                lambda log_joint, q: log_joint.exp().sum(-1).log(),
            )
        ),
        *(
            Wrong(
                "log-outside",
                solve,
                "That is log E_q[p(x, z)/q(z | x)]: wherever q > 0 the q cancels. The ELBO is on "
                "the other side of Jensen's inequality. Where does the log stand there?",
            )
            for solve in (
                lambda log_joint, q: torch.where(q > 0, log_joint.exp(), 0.0).sum(-1).log(),
                lambda log_joint, q: log_joint.masked_fill(q == 0, -INF).logsumexp(-1),
                lambda log_joint, q: (q * log_joint.exp() / q).sum(-1).log(),
            )
        ),
        *(
            Wrong(
                "log-of-mean",
                solve,
                "That is log E_q[p(x, z)]. In the ELBO the log is taken of each state first, and "
                "q itself is under the fraction bar.",
            )
            for solve in (
                lambda log_joint, q: (q.log() + log_joint).logsumexp(-1),
                lambda log_joint, q: (q * log_joint.exp()).sum(-1).log(),
            )
        ),
        *(
            Wrong(
                "unweighted",
                solve,
                "All states count alike here. An expectation under q weights each state by how "
                "often q visits it.",
            )
            for solve in (
                lambda log_joint, q: (log_joint - q.log()).sum(-1),
                lambda log_joint, q: (log_joint - q.log()).mean(-1),
                lambda log_joint, q: torch.where(q > 0, log_joint - q.log(), 0.0).sum(-1),
                lambda log_joint, q: torch.where(q > 0, log_joint - q.log(), 0.0).mean(-1),
            )
        ),
        Wrong(
            "half-weighted",
            lambda log_joint, q: (q * log_joint - q.log()).sum(-1),
            "Only one of the two logs is weighted by q. Which terms stand inside the expectation?",
        ),
        Wrong(
            "half-weighted",
            lambda log_joint, q: (log_joint - torch.xlogy(q, q)).sum(-1),
            "Only one of the two logs is weighted by q. Which terms stand inside the expectation?",
        ),
        *(
            Wrong(
                "under-posterior",
                solve,
                "Your expectation is under the model. Under which distribution is the expectation "
                "of the ELBO?",
            )
            for solve in (
                lambda log_joint, q: (log_joint.softmax(-1) * (log_joint - q.log())).sum(-1),
                lambda log_joint, q: (log_joint.exp() * (log_joint - q.log())).sum(-1),
            )
        ),
        Wrong(
            "q-twice",
            lambda log_joint, q: (q * (log_joint - torch.xlogy(q, q))).sum(-1),
            "Your log q is multiplied by q twice, inside and outside the bracket. How often does "
            "an expectation weight its terms?",
        ),
        *(
            Wrong(
                "minus-gap",
                solve,
                "You normalized the joint into a posterior first. That takes log p(x) out of the "
                "ELBO and leaves minus the gap.",
            )
            for solve in (
                lambda log_joint, q: (q * log_joint.log_softmax(-1) - torch.xlogy(q, q)).sum(-1),
                lambda log_joint, q: (q * (log_joint.softmax(-1).log() - q.log())).nansum(-1),
                lambda log_joint, q: (q * (log_joint.softmax(-1).log() - q.log())).sum(-1),
            )
        ),
        Wrong(
            "gap",
            lambda log_joint, q: (torch.xlogy(q, q) - q * log_joint.log_softmax(-1)).sum(-1),
            "That is the gap, the divergence from q to the posterior. Which number lies below "
            "log p(x) by that much?",
        ),
        Wrong(
            "negated",
            lambda log_joint, q: (torch.xlogy(q, q) - q * log_joint).sum(-1),
            "That is a loss, to be made small. The question asks for the bound itself.",
        ),
        Wrong(
            "nan",
            lambda log_joint, q: (q * (log_joint - q.log())).sum(-1),
            "The right formula, but where q is exactly 0, 0 · log 0 is nan. Which function of "
            "torch keeps the convention that it is 0?",
        ),
        *(
            Wrong(
                "leaves-the-logs",
                solve,
                "The right formula, but exp of −1000 is 0 and exp of +1000 is inf: on the way back "
                "to the log nothing is left. What is the log of a ratio?",
            )
            for solve in (
                lambda log_joint, q: (q * torch.log(log_joint.exp() / q)).sum(-1),
                lambda log_joint, q: (q * torch.where(q > 0, log_joint.exp() / q, 1.0).log()).sum(
                    -1
                ),
                lambda log_joint, q: (torch.xlogy(q, log_joint.exp()) - torch.xlogy(q, q)).sum(-1),
            )
        ),
        Wrong(
            "nan-swallowed",
            lambda log_joint, q: (q * (log_joint - q.log())).sum(-1).nan_to_num(),
            "Too late: one nan has already swallowed the whole sum. Handle each term.",
        ),
        *(
            Wrong(
                "epsilon",
                solve,
                "The small number inside the log shifts the answer a little, everywhere. Only "
                "the terms with q = 0 need help, and there is a function for q log q.",
            )
            for small in _SMALL
            for solve in (
                lambda log_joint, q, small=small: (q * (log_joint - (q + small).log())).sum(-1),
                lambda log_joint, q, small=small: (
                    q * log_joint - (q + small) * (q + small).log()
                ).sum(-1),
            )
        ),
        *(
            Wrong(
                "mean",
                solve,
                "The weights q already make it an average. Dividing by the number of states "
                "averages twice.",
            )
            for solve in (
                lambda log_joint, q: (q * log_joint - torch.xlogy(q, q)).mean(-1),
                lambda log_joint, q: (q * (log_joint - q.log())).nanmean(-1),
            )
        ),
        Wrong(
            "over-batch",
            lambda log_joint, q: (q * log_joint - torch.xlogy(q, q)).sum(0),
            "You summed over the examples. The expectation is over the states z: which axis is "
            "that?",
        ),
        Wrong(
            "all",
            lambda log_joint, q: (q * log_joint - torch.xlogy(q, q)).sum(),
            "You summed over the examples as well. Each x has a bound of its own.",
        ),
        Wrong(
            "most-likely-state",
            lambda log_joint, q: log_joint.gather(-1, q.argmax(-1, keepdim=True)).squeeze(-1),
            "You look at the state that q likes best. The expectation covers all states that q "
            "visits.",
        ),
        Wrong(
            "no-log",
            lambda log_joint, q: (q * log_joint.exp()).sum(-1),
            "That is an average of probabilities. The bound is one of log p(x): where is the log?",
        ),
        Wrong(
            "entropy",
            lambda log_joint, q: entropy(q),
            "That is the entropy of q alone; the model does not enter.",
        ),
        Wrong(
            "divides-by-log",
            lambda log_joint, q: (q * log_joint / q.log()).sum(-1),
            "You divided one log by the other. The log of a ratio is something else.",
        ),
        Wrong(
            OWN_DICE,
            lambda log_joint, q: (
                (log_joint - q.log()).gather(-1, torch.multinomial(q, 1)).squeeze(-1)
            ),
            "You drew z: a noisy estimate. With K states the expectation can be summed exactly.",
        ),
    ],
    hints=[
        "ELBO = E_q[log p(x, z) − log q(z | x)]. How is an expectation under a table q computed?",
        "Compare with log p(x), which is `log_joint.logsumexp(-1)`: which one must be larger?",
        "What should q log q be where q is 0? `torch` has a function for x log y that knows.",
    ],
    equivalents={
        "return (q * log_joint - torch.xlogy(q, q)).sum(1)": "of two axes, 1 is the last",
        "return (q * log_joint - torch.xlogy(q, q)).sum(--1)": "of two axes, 1 is the last",
    },
)


def elbo_terms(log_lik, prior, q):
    """log p(x|z) [B, K], p(z) [K], q(z|x) [B, K] -> reconstruction [B] and KL to the prior [B]."""
    reconstruction = (q * log_lik).sum(-1)
    kl = (torch.xlogy(q, q) - torch.xlogy(q, prior)).sum(-1)
    return reconstruction, kl


def _recon(log_lik, prior, q):
    return (q * log_lik).sum(-1)


def _rate(log_lik, prior, q):
    return (torch.xlogy(q, q) - torch.xlogy(q, prior)).sum(-1)


def _both(recon=_recon, rate=_rate):
    return lambda log_lik, prior, q: (recon(log_lik, prior, q), rate(log_lik, prior, q))


def _posterior(log_lik, prior):
    return (log_lik + prior.log()).softmax(-1)


ELBO_TERMS = CodeExercise(
    id="elbo_terms",
    title="Two terms that pull against each other",
    statement=(
        "`log_lik[b, z]` is log p(x_b | z), `prior[z]` is p(z) > 0, and `q[b, z]` is q(z | x_b), "
        "which may be exactly 0. Return `reconstruction, kl`: the two terms of ELBO = "
        "reconstruction − KL, for each example, in nats."
    ),
    level=2,
    reference=elbo_terms,
    returns="two tensors of shape `[B]`: reconstruction and KL",
    unit="nats",
    grad_args=(0,),
    cases=lambda g: [
        Case(
            (_logs([0.2, 0.6]), vector(0.5, 0.5), matrix([0.5, 0.5])),
            "p(x | z) = 0.2, 0.6; q = prior = ½, ½: the KL is 0",
        ),
        Case(
            (_logs([0.2, 0.6]), vector(0.5, 0.5), matrix([0.0, 1.0])),
            "the same x; q is certain: log 0.6 and log 2",
        ),
        Case(
            (_logs([0.2, 0.6]), vector(0.9, 0.1), matrix([0.25, 0.75])),
            "the same x; the prior prefers the other state",
        ),
        Case((normal(g, 4, 3) - 2, simplex(g, 3), simplex(g, 4, 3)), "B = 4, K = 3"),
        Case((normal(g, 3, 3) - 2, simplex(g, 3), simplex(g, 3, 3)), "B = K = 3"),
        Case((normal(g, 1, 5) + 1, simplex(g, 5), simplex(g, 1, 5)), "B = 1, K = 5"),
        Case((matrix([-7.0], [1.0]), vector(1.0), matrix([1.0], [1.0])), "K = 1: one state only"),
        Case(
            (
                matrix([-1000.0, -900.0, 30.0], [1000.0, -1000.0, 0.0]),
                vector(1e-6, 0.5, 0.5 - 1e-6),
                matrix([0.2, 0.3, 0.5], [0.0, 1e-9, 1.0 - 1e-9]),
            ),
            "log-likelihoods of ±1000, a tiny prior probability, a tiny q",
        ),
    ],
    kinds=[("q has an exact 0", lambda log_lik, prior, q: bool((q == 0).any()))],
    alternatives=[
        lambda log_lik, prior, q: (
            torch.einsum("bk,bk->b", q, log_lik),
            kl_divergence(Categorical(probs=q), Categorical(probs=prior.expand_as(q))),
        ),
        lambda log_lik, prior, q: (
            (log_lik * q).sum(1),
            torch.where(q > 0, q * (q.log() - prior.log()), 0.0).sum(1),
        ),
    ],
    wrong=[
        Wrong(
            "swapped",
            lambda log_lik, prior, q: (_rate(log_lik, prior, q), _recon(log_lik, prior, q)),
            "You return the two terms in the other order.",
        ),
        Wrong(
            "minus-kl",
            _both(rate=lambda *a: -_rate(*a)),
            "Your second result is never positive. A KL divergence is never negative: its minus "
            "belongs to the ELBO, not to the term.",
        ),
        Wrong(
            "reconstruction-loss",
            _both(recon=lambda *a: -_recon(*a)),
            "Your first result is a loss, to be made small. In ELBO = reconstruction − KL it is "
            "to be made large.",
        ),
        *(
            Wrong(
                "reversed",
                _both(rate=rate),
                "Your divergence goes from the prior to q: an expectation under the prior. Under "
                "which distribution is every expectation of the ELBO?",
            )
            for rate in (
                lambda log_lik, prior, q: (torch.xlogy(prior, prior) - torch.xlogy(prior, q)).sum(
                    -1
                ),
                lambda log_lik, prior, q: (prior * (prior.log() - q.log())).sum(-1),
            )
        ),
        Wrong(
            "cross-entropy",
            _both(rate=lambda log_lik, prior, q: -torch.xlogy(q, prior).sum(-1)),
            "That is a cross-entropy: it is not 0 when q equals the prior. What must be taken off?",
        ),
        Wrong(
            "entropy",
            _both(rate=lambda log_lik, prior, q: torch.xlogy(q, q).sum(-1)),
            "Your second term is minus the entropy of q. The prior does not enter at all.",
        ),
        *(
            Wrong(
                "cross-entropy-sign",
                _both(rate=rate),
                "Both logs have the same sign. A KL divergence compares: when q is the prior, "
                "what should come out?",
            )
            for rate in (
                lambda log_lik, prior, q: (torch.xlogy(q, q) + torch.xlogy(q, prior)).sum(-1),
                lambda log_lik, prior, q: -(torch.xlogy(q, q) + torch.xlogy(q, prior)).sum(-1),
            )
        ),
        *(
            Wrong(
                "to-posterior",
                _both(rate=rate),
                "That is the divergence to the posterior, which is the gap. The one inside the "
                "ELBO compares q with what we believed **before** seeing x.",
            )
            for rate in (
                lambda log_lik, prior, q: (
                    torch.xlogy(q, q) - q * (log_lik + prior.log()).log_softmax(-1)
                ).sum(-1),
                lambda log_lik, prior, q: torch.xlogy(q, q / _posterior(log_lik, prior)).sum(-1),
                lambda log_lik, prior, q: (q * (q / _posterior(log_lik, prior)).log()).sum(-1),
            )
        ),
        *(
            Wrong(
                "one-state",
                _both(recon=recon),
                "Your reconstruction keeps a single state. The expectation covers all states that "
                "q visits.",
            )
            for recon in (
                lambda log_lik, prior, q: log_lik.gather(-1, q.argmax(-1, True)).squeeze(-1),
                lambda log_lik, prior, q: log_lik.max(-1).values,
                lambda log_lik, prior, q: (q * log_lik).max(-1).values,
            )
        ),
        Wrong(
            "uniform-prior",
            _both(rate=lambda log_lik, prior, q: torch.xlogy(q, q).sum(-1) + math.log(q.shape[-1])),
            "Right if all states were equally likely beforehand. The prior need not be uniform.",
        ),
        Wrong(
            "under-prior",
            _both(recon=lambda log_lik, prior, q: (prior * log_lik).sum(-1)),
            "Your reconstruction averages over the prior: it does not know the encoder. From where "
            "does z come in the ELBO?",
        ),
        Wrong(
            "under-posterior",
            _both(recon=lambda log_lik, prior, q: (_posterior(log_lik, prior) * log_lik).sum(-1)),
            "Your reconstruction averages over the exact posterior. In the ELBO z comes from q.",
        ),
        *(
            Wrong(
                "log-outside",
                _both(recon=recon),
                "You took the log of an average of likelihoods. In the ELBO the log is taken of "
                "each state first.",
            )
            for recon in (
                lambda log_lik, prior, q: (q * log_lik.exp()).sum(-1).log(),
                lambda log_lik, prior, q: (q.log() + log_lik).logsumexp(-1),
            )
        ),
        Wrong(
            "no-log",
            _both(recon=lambda log_lik, prior, q: (q * log_lik.exp()).sum(-1)),
            "Your reconstruction is an average of probabilities. On which scale is the ELBO?",
        ),
        *(
            Wrong(
                "joint",
                _both(recon=recon),
                "Your first term contains the prior. It is the **likelihood** of x alone; the "
                "prior already is in the other term.",
            )
            for recon in (
                lambda log_lik, prior, q: (q * (log_lik + prior.log())).sum(-1),
                lambda log_lik, prior, q: (log_lik + prior.log()).logsumexp(-1),
            )
        ),
        Wrong(
            "unweighted",
            _both(recon=lambda log_lik, prior, q: log_lik.sum(-1)),
            "All states count alike in your reconstruction. How often does q visit each one?",
        ),
        Wrong(
            "unweighted",
            _both(recon=lambda log_lik, prior, q: log_lik.mean(-1)),
            "All states count alike in your reconstruction. How often does q visit each one?",
        ),
        *(
            Wrong(
                "prior-as-log",
                _both(rate=rate),
                "Your second term takes `prior` for a log. It holds probabilities; only "
                "`log_lik` holds logs. What does a KL divergence compare?",
            )
            for rate in (
                lambda log_lik, prior, q: (torch.xlogy(q, q) - q * prior).sum(-1),
                lambda log_lik, prior, q: (q * (q.log() - prior)).sum(-1),
            )
        ),
        Wrong(
            "unweighted-kl",
            _both(rate=lambda log_lik, prior, q: (q.log() - prior.log()).sum(-1)),
            "All states count alike in your KL. Whose expectation is it?",
        ),
        Wrong(
            "nan",
            _both(rate=lambda log_lik, prior, q: (q * (q.log() - prior.log())).sum(-1)),
            "The right formula, but where q is exactly 0, 0 · log 0 is nan. Which function of "
            "torch keeps the convention that it is 0?",
        ),
        Wrong(
            "nan",
            _both(rate=lambda log_lik, prior, q: (q * (q / prior).log()).sum(-1)),
            "The right formula, but where q is exactly 0, 0 · log 0 is nan. Which function of "
            "torch keeps the convention that it is 0?",
        ),
        *(
            Wrong(
                "epsilon",
                _both(
                    rate=lambda log_lik, prior, q, small=small: (
                        q * ((q + small).log() - (prior + small).log())
                    ).sum(-1)
                ),
                "Small numbers inside the logs change the answer, most of all where the prior is "
                "tiny. Only the terms with q = 0 need help.",
            )
            for small in (*_SMALL, 1e-9, 1e-10)
        ),
        *(
            Wrong(
                "epsilon",
                _both(
                    rate=lambda log_lik, prior, q, small=small: (
                        q * ((q + small).log() - prior.log())
                    ).sum(-1)
                ),
                "A small number inside the log shifts the answer: when q is the prior, your KL is "
                "not exactly 0. Only the terms with q = 0 need help.",
            )
            for small in _SMALL
        ),
        *(
            Wrong(
                "mean",
                solve,
                "You averaged over the states although q already holds their weights.",
            )
            for solve in (
                _both(
                    lambda log_lik, prior, q: (q * log_lik).mean(-1),
                    lambda log_lik, prior, q: (torch.xlogy(q, q) - torch.xlogy(q, prior)).mean(-1),
                ),
                _both(recon=lambda log_lik, prior, q: (q * log_lik).mean(-1)),
                _both(
                    rate=lambda log_lik, prior, q: (torch.xlogy(q, q) - torch.xlogy(q, prior)).mean(
                        -1
                    )
                ),
            )
        ),
        Wrong(
            "over-batch",
            _both(
                lambda log_lik, prior, q: (q * log_lik).sum(0),
                lambda log_lik, prior, q: (torch.xlogy(q, q) - torch.xlogy(q, prior)).sum(0),
            ),
            "You summed over the examples. Both expectations are over the states z.",
        ),
        Wrong(
            "batch-mean",
            _both(lambda *a: _recon(*a).mean(), lambda *a: _rate(*a).mean()),
            "You averaged over the batch as well. Return two numbers for each example.",
        ),
    ],
    hints=[
        "Both terms are expectations under the same distribution. Which one?",
        "Check: when q equals the prior, one of the two terms is 0 whatever x is.",
        "The two terms must fit: reconstruction − KL is E_q[log p(x, z) − log q(z | x)].",
    ],
    equivalents={
        f"{name} = {body}.sum({axis})": "of two axes, 1 is the last"
        for name, body in (
            ("reconstruction", "(q * log_lik)"),
            ("kl", "(torch.xlogy(q, q) - torch.xlogy(q, prior))"),
        )
        for axis in ("1", "--1")
    },
)


def posterior_gap(log_joint, q):
    """log_joint [B, K] = log p(x, z), q [B, K] -> log p(x) - ELBO in nats, shape [B]."""
    log_posterior = log_joint.log_softmax(-1)
    return (torch.xlogy(q, q) - q * log_posterior).sum(-1)


def _weighted_log(q, log_joint, outside=False):
    weight = torch.where(q > 0, log_joint.exp() / q, 1.0)
    return (q * weight).sum(-1).log() if outside else (q * weight.log()).sum(-1)


def _naive_posterior(log_joint):
    joint = log_joint.exp()
    return joint / joint.sum(-1, keepdim=True)


POSTERIOR_GAP = CodeExercise(
    id="posterior_gap",
    title="How loose is the bound?",
    statement=(
        "`log_joint[b, z]` is log p(x_b, z), finite, and `q[b, z]` is q(z | x_b), which may be "
        "exactly 0. Return the gap log p(x) − ELBO of each example, in nats."
    ),
    level=2,
    reference=posterior_gap,
    returns="a tensor of shape `[B]`",
    unit="nats",
    grad_args=(0,),
    cases=lambda g: [
        Case((_logs([0.1, 0.3]), matrix([0.5, 0.5])), "p(x, z) = 0.1, 0.3 and q = ½, ½"),
        Case((_logs([0.1, 0.3]), matrix([0.25, 0.75])), "the same x; q is exact: no gap"),
        Case((_logs([0.1, 0.3]), matrix([0.0, 1.0])), "the same x; q misses a state: log 4/3"),
        Case((normal(g, 3, 4) - 2, simplex(g, 3, 4)), "B = 3, K = 4"),
        Case((normal(g, 4, 4) + 1, simplex(g, 4, 4)), "B = K = 4"),
        Case((normal(g, 1, 5) - 30, simplex(g, 1, 5)), "B = 1, K = 5, small probabilities"),
        Case((matrix([-3.0], [5.0]), matrix([1.0], [1.0])), "a latent variable of one state"),
        Case(
            (
                matrix([-1000.0, -1001.0, -1003.0], [900.0, 901.0, -900.0], [0.0, -30.0, -60.0]),
                matrix([0.5, 0.25, 0.25], [0.5, 0.5, 0.0], [0.2, 0.3, 0.5]),
            ),
            "log p(x, z) near ±1000, and a q on states that the posterior holds unlikely",
        ),
        Case(
            (normal(g, 2, 3), matrix([1e-12, 0.4, 0.6 - 1e-12], [0.0, 0.0, 1.0])),
            "q is tiny or exactly 0 for some states",
        ),
    ],
    kinds=[("q has an exact 0", lambda log_joint, q: bool((q == 0).any()))],
    alternatives=[
        lambda log_joint, q: log_joint.logsumexp(-1) - discrete_elbo(log_joint, q),
        lambda log_joint, q: kl_divergence(Categorical(probs=q), Categorical(logits=log_joint)),
        lambda log_joint, q: torch.nn.functional.kl_div(
            log_joint.log_softmax(-1), q, reduction="none"
        ).sum(-1),
    ],
    wrong=[
        *(
            Wrong(
                "reversed",
                solve,
                "Your divergence is an expectation under the posterior. In the ELBO z comes from "
                "q; which of the two orders fits log p(x) − ELBO?",
            )
            for solve in (
                lambda log_joint, q: kl(log_joint.softmax(-1), q),
                lambda log_joint, q: (
                    log_joint.softmax(-1) * (log_joint.log_softmax(-1) - q.log())
                ).sum(-1),
                lambda log_joint, q: kl(_naive_posterior(log_joint), q),
            )
        ),
        *(
            Wrong(
                "not-normalized",
                solve,
                "You compare q with the joint, which does not sum to 1 over z: that is minus the "
                "ELBO. What is still missing for the gap?",
            )
            for solve in (
                lambda log_joint, q: (torch.xlogy(q, q) - q * log_joint).sum(-1),
                lambda log_joint, q: torch.xlogy(q, q / log_joint.exp()).sum(-1),
            )
        ),
        Wrong(
            "normalizes-logs",
            lambda log_joint, q: torch.xlogy(q, q * log_joint.sum(-1, True) / log_joint).sum(-1),
            "You divided the logs by their sum. What has to sum to 1, the logs or the "
            "probabilities?",
        ),
        Wrong(
            "best-state",
            lambda log_joint, q: log_joint.max(-1).values - discrete_elbo(log_joint, q),
            "Your log p(x) takes one state, the most probable. Which states does p(x) count?",
        ),
        *(
            Wrong(
                "negated",
                solve,
                "Your gap is never positive. Which of the two is larger, the bound or log p(x)?",
            )
            for solve in (
                lambda log_joint, q: -posterior_gap(log_joint, q),
                lambda log_joint, q: discrete_elbo(log_joint, q) - log_joint.logsumexp(-1),
            )
        ),
        *(
            Wrong(
                "jensen-gap",
                solve,
                "That is the Jensen gap, log E_q[w] − E_q[log w] with w = p(x, z)/q(z | x). Where "
                "q misses a state, is E_q[w] still p(x)?",
            )
            for solve in (
                lambda log_joint, q: (
                    log_joint.masked_fill(q == 0, -INF).logsumexp(-1) - discrete_elbo(log_joint, q)
                ),
                lambda log_joint, q: (
                    torch.where(q > 0, log_joint.exp(), 0.0).sum(-1).log()
                    - discrete_elbo(log_joint, q)
                ),
                lambda log_joint, q: (
                    _weighted_log(q, log_joint, outside=True) - _weighted_log(q, log_joint)
                ),
            )
        ),
        Wrong(
            "entropy-sign",
            lambda log_joint, q: (
                log_joint.logsumexp(-1) - (q * log_joint + torch.xlogy(q, q)).sum(-1)
            ),
            "In your ELBO the term in log q has the wrong sign: is q above or below the fraction "
            "bar of p(x, z)/q(z | x)?",
        ),
        *(
            Wrong(
                "no-log",
                solve,
                "You took the ELBO off p(x) itself. It is a lower bound of which function of p(x)?",
            )
            for solve in (
                lambda log_joint, q: log_joint.exp().sum(-1) - discrete_elbo(log_joint, q),
                lambda log_joint, q: log_joint.logsumexp(-1).exp() - discrete_elbo(log_joint, q),
            )
        ),
        *(
            Wrong(
                "adds-logs",
                solve,
                "Your log p(x) adds or averages **logs** of p(x, z). What has to be added up over "
                "z to get p(x), the logs or the probabilities themselves?",
            )
            for solve in (
                lambda log_joint, q: log_joint.sum(-1) - discrete_elbo(log_joint, q),
                lambda log_joint, q: log_joint.mean(-1) - discrete_elbo(log_joint, q),
            )
        ),
        *(
            Wrong(
                "weighted-evidence",
                solve,
                "Your log p(x) depends on q: there p(x, z) is weighted by q before it is added up. "
                "Does p(x) know the encoder?",
            )
            for solve in (
                lambda log_joint, q: (
                    (log_joint + q.log()).logsumexp(-1) - discrete_elbo(log_joint, q)
                ),
                lambda log_joint, q: (
                    (q * log_joint.exp()).sum(-1).log() - discrete_elbo(log_joint, q)
                ),
            )
        ),
        *(
            Wrong(
                "entropy",
                solve,
                "That is the entropy of q, or minus it: the model does not enter. With what is q "
                "to be compared?",
            )
            for solve in (
                lambda log_joint, q: entropy(q),
                lambda log_joint, q: -entropy(q),
                lambda log_joint, q: -(q * q.log()).sum(-1),
                lambda log_joint, q: (q * q.log()).sum(-1),
            )
        ),
        Wrong(
            "plus-elbo",
            lambda log_joint, q: log_joint.logsumexp(-1) + discrete_elbo(log_joint, q),
            "You added the ELBO. A gap is a difference.",
        ),
        Wrong(
            "elbo",
            lambda log_joint, q: discrete_elbo(log_joint, q),
            "That is the ELBO itself. How far is it from what it bounds?",
        ),
        Wrong(
            "evidence",
            lambda log_joint, q: log_joint.logsumexp(-1),
            "That is log p(x); q does not enter.",
        ),
        Wrong(
            "no-entropy",
            lambda log_joint, q: -(q * log_joint.log_softmax(-1)).sum(-1),
            "That is a cross-entropy: it is not 0 when q is the posterior. What must be taken off?",
        ),
        *(
            Wrong(
                "unstable",
                solve,
                "The right formula, but exp of −1000 is 0 and exp of +1000 is inf. How can the "
                "joint be normalized without leaving the logs?",
            )
            for solve in (
                lambda log_joint, q: kl(q, _naive_posterior(log_joint)),
                lambda log_joint, q: log_joint.exp().sum(-1).log() - discrete_elbo(log_joint, q),
            )
        ),
        Wrong(
            "underflow",
            lambda log_joint, q: (torch.xlogy(q, q) - q * log_joint.softmax(-1).log()).sum(-1),
            "The right formula, but a softmax may round to 0, and 0 · log 0 is nan. One function "
            "goes from scores to log-probabilities without leaving the logs.",
        ),
        *(
            Wrong(
                "nan",
                solve,
                "The right formula, but where q is exactly 0, 0 · log 0 is nan. Which function of "
                "torch keeps the convention that it is 0?",
            )
            for solve in (
                lambda log_joint, q: (q * (q.log() - log_joint.log_softmax(-1))).sum(-1),
                lambda log_joint, q: log_joint.logsumexp(-1) - (q * (log_joint - q.log())).sum(-1),
                lambda log_joint, q: (q * (q.log() - log_joint.softmax(-1).log())).sum(-1),
                lambda log_joint, q: (q * (q / log_joint.softmax(-1)).log()).sum(-1),
            )
        ),
        *(
            Wrong(
                "epsilon",
                lambda log_joint, q, small=small: (
                    q * ((q + small).log() - log_joint.log_softmax(-1))
                ).sum(-1),
                "The small number inside the log shifts the answer: for the exact q your gap is "
                "not 0. Only the terms with q = 0 need help.",
            )
            for small in _SMALL
        ),
        Wrong(
            "to-uniform",
            lambda log_joint, q: torch.xlogy(q, q).sum(-1) + math.log(q.shape[-1]),
            "You compare q with the uniform distribution; the model does not enter.",
        ),
        *(
            Wrong(
                "mean",
                solve,
                "You averaged over the states although q already holds their weights.",
            )
            for solve in (
                lambda log_joint, q: (torch.xlogy(q, q) - q * log_joint.log_softmax(-1)).mean(-1),
                lambda log_joint, q: (q.log() - log_joint.log_softmax(-1)).mean(-1),
            )
        ),
        *(
            Wrong(
                "unweighted",
                solve,
                "All states count alike here. How often does q visit each one?",
            )
            for solve in (
                lambda log_joint, q: (q.log() - log_joint.log_softmax(-1)).sum(-1),
                lambda log_joint, q: (
                    log_joint.logsumexp(-1) - torch.where(q > 0, log_joint - q.log(), 0.0).sum(-1)
                ),
            )
        ),
        *(
            Wrong(
                "over-batch",
                solve,
                "You normalized or summed over the examples. Both belong to the states z.",
            )
            for solve in (
                lambda log_joint, q: (torch.xlogy(q, q) - q * log_joint.log_softmax(0)).sum(-1),
                lambda log_joint, q: torch.xlogy(q, q / log_joint.softmax(0)).sum(-1),
                lambda log_joint, q: (torch.xlogy(q, q) - q * log_joint.log_softmax(-1)).sum(0),
            )
        ),
        *(
            Wrong(
                "total-variation",
                lambda log_joint, q, factor=factor: (
                    factor * (q - log_joint.softmax(-1)).abs().sum(-1)
                ),
                "It compares q with the posterior and is 0 at the right place. But log p(x) − ELBO "
                "is measured in nats: which comparison is made of logs?",
            )
            for factor in (0.5, 1.0)
        ),
        Wrong(
            "squared",
            lambda log_joint, q: (q - log_joint.softmax(-1)).square().sum(-1),
            "It compares q with the posterior and is 0 at the right place. But log p(x) − ELBO is "
            "measured in nats: which comparison is made of logs?",
        ),
        Wrong(
            "entropies",
            lambda log_joint, q: entropy(log_joint.softmax(-1)) - entropy(q),
            "A difference of two entropies. Two different distributions may have the same one: "
            "try q = (¾, ¼) with the posterior (¼, ¾).",
        ),
    ],
    hints=[
        "You may compute log p(x) and the ELBO and subtract, or ask what their difference is.",
        "The posterior is the joint, normalized over z. `log_joint` holds its logs up to a "
        "constant.",
        "Test: where q is the posterior the gap is 0, and it is never negative.",
    ],
    equivalents={
        "log_posterior = log_joint.log_softmax(1)": "of two axes, 1 is the last",
        "log_posterior = log_joint.log_softmax(--1)": "of two axes, 1 is the last",
        "return (torch.xlogy(q, q) - q * log_posterior).sum(1)": "of two axes, 1 is the last",
        "return (torch.xlogy(q, q) - q * log_posterior).sum(--1)": "of two axes, 1 is the last",
    },
)


# ------------------------------------------------------------------ samples
def elbo_one_sample(log_px_z, log_pz, log_qz):
    """log p(x|z), log p(z), log q(z|x) at z ~ q, any equal shapes -> an unbiased ELBO estimate."""
    return log_px_z + log_pz - log_qz


ONE_SAMPLE = CodeExercise(
    id="elbo_one_sample",
    title="Find the bug: a lower bound from above",
    kind="bug",
    statement=(
        "One z ~ q(z | x) for each x, and its three log-densities: that is enough for an unbiased "
        "estimate of the ELBO. But averaged over a million z the code below may land **above** log "
        "p(x). Repair it."
    ),
    level=2,
    reference=elbo_one_sample,
    returns="a tensor of the shape of the arguments",
    given='''
        def elbo_one_sample(log_px_z, log_pz, log_qz):
            """log p(x|z), log p(z), log q(z|x) at z ~ q -> an unbiased ELBO estimate."""
            return log_px_z - log_pz + log_qz
    ''',
    unit="nats",
    grad_args=(0, 1, 2),
    cases=lambda g: [
        Case(
            (vector(-3.0), vector(-2.0), vector(-1.0)), "log p(x|z) = −3, log p(z) = −2, log q = −1"
        ),
        Case(
            (vector(-1.0, -2.0), vector(-0.5, -0.5), vector(-0.5, -0.75)),
            "two samples: q equal to the prior, and q below it",
        ),
        Case((normal(g, 6) - 3, normal(g, 6) - 1, normal(g, 6)), "six samples"),
        Case((normal(g, 3, 4) + 2, normal(g, 3, 4), normal(g, 3, 4) + 1), "samples in a table"),
        Case(
            (
                vector(-1000.0, 900.0, -2.0, 0.0),
                vector(-40.0, 0.5, -1000.0, 0.0),
                vector(-30.0, -700.0, 1000.0, 0.0),
            ),
            "log-densities of ±1000, and zeros",
        ),
        Case(
            (
                torch.tensor(-4.5, dtype=torch.float64),
                torch.tensor(-1.25, dtype=torch.float64),
                torch.tensor(2.0, dtype=torch.float64),
            ),
            "numbers without axes; a density above 1",
        ),
    ],
    alternatives=[
        lambda log_px_z, log_pz, log_qz: log_px_z - (log_qz - log_pz),
        lambda log_px_z, log_pz, log_qz: torch.stack([log_px_z, log_pz, -log_qz]).sum(0),
    ],
    wrong=[
        Wrong(
            "kl-sign",
            lambda log_px_z, log_pz, log_qz: log_px_z - log_pz + log_qz,
            "The bug is still there: on average this **adds** the divergence from q to the prior. "
            "Does a q far from the prior raise the ELBO or lower it?",
        ),
        Wrong(
            "all-plus",
            lambda log_px_z, log_pz, log_qz: log_px_z + log_pz + log_qz,
            "The prior is right now. But all three logs are added: which of the three densities "
            "is under the fraction bar?",
        ),
        Wrong(
            "all-minus",
            lambda log_px_z, log_pz, log_qz: log_px_z - log_pz - log_qz,
            "Only one of the three densities is under the fraction bar. Which one?",
        ),
        Wrong(
            "no-prior",
            lambda log_px_z, log_pz, log_qz: log_px_z - log_qz,
            "The prior is gone. What is the **joint** density of x and z made of?",
        ),
        Wrong(
            "prior-over-q-only",
            lambda log_px_z, log_pz, log_qz: log_pz - log_qz,
            "The image is gone: nothing here depends on x through the decoder.",
        ),
        Wrong(
            "q-over-prior-only",
            lambda log_px_z, log_pz, log_qz: log_qz - log_pz,
            "That estimates one term of the ELBO alone, the divergence to the prior. Which other "
            "term is there, and with which sign does this one enter?",
        ),
        Wrong(
            "no-q",
            lambda log_px_z, log_pz, log_qz: log_px_z + log_pz,
            "q is gone. Then a q that always gives the best z would win. Which part of the ELBO "
            "rewards a q that stays open?",
        ),
        Wrong(
            "plus-q-only",
            lambda log_px_z, log_pz, log_qz: log_px_z + log_qz,
            "The prior is gone, and q counts the wrong way.",
        ),
        Wrong(
            "recon-only",
            lambda log_px_z, log_pz, log_qz: log_px_z.clone(),
            "Only the reconstruction is left. What keeps q from forgetting the prior?",
        ),
        Wrong(
            "negated",
            lambda log_px_z, log_pz, log_qz: log_qz - log_pz - log_px_z,
            "That is a loss, to be made small. The question asks for the ELBO.",
        ),
        Wrong(
            "recon-negated",
            lambda log_px_z, log_pz, log_qz: log_pz - log_qz - log_px_z,
            "Now the reconstruction counts the wrong way: a good decoder would lower your bound.",
        ),
        Wrong(
            "loss-with-plus",
            lambda log_px_z, log_pz, log_qz: -log_px_z - log_pz - log_qz,
            "All three logs have one sign. Which of the three densities is under the fraction bar?",
        ),
        *(
            Wrong(
                "clamped",
                solve,
                "You do not let log q − log p(z) be negative. Its **average**, the KL, cannot be; "
                "a single sample can, and must, for the average to come out right.",
            )
            for solve in (
                lambda log_px_z, log_pz, log_qz: log_px_z - (log_qz - log_pz).clamp(min=0),
                lambda log_px_z, log_pz, log_qz: log_px_z - (log_qz - log_pz).abs(),
            )
        ),
        *(
            Wrong(
                "weighted-again",
                solve,
                "You multiplied by q. Drawing z ~ q already is the weighting; a sample mean needs "
                "no further one.",
            )
            for solve in (
                lambda log_px_z, log_pz, log_qz: log_qz.exp() * (log_px_z + log_pz - log_qz),
                lambda log_px_z, log_pz, log_qz: log_px_z + log_qz.exp() * (log_pz - log_qz),
                lambda log_px_z, log_pz, log_qz: log_px_z - log_qz.exp() * (log_qz - log_pz),
            )
        ),
        Wrong(
            "divides-logs",
            lambda log_px_z, log_pz, log_qz: log_px_z + log_pz / log_qz,
            "You divided one log by another. The log of a ratio is something else.",
        ),
        Wrong(
            "multiplies-logs",
            lambda log_px_z, log_pz, log_qz: log_px_z * log_pz - log_qz,
            "You multiplied two logs. The log of a product is something else.",
        ),
        Wrong(
            "exp",
            lambda log_px_z, log_pz, log_qz: (log_px_z + log_pz - log_qz).exp(),
            "That is the importance weight: its average is p(x) itself. The ELBO averages its log.",
        ),
        Wrong(
            "mean",
            lambda log_px_z, log_pz, log_qz: (log_px_z + log_pz - log_qz).mean(),
            "The signs are right. But return one estimate for each sample, not their mean.",
        ),
    ],
    hints=[
        "Write the ELBO as the expectation of a single log of a ratio. What is above the bar?",
        "Write p(x, z) as a product. Which of the three logs are above the bar, which below?",
    ],
)


def gaussian_elbo(x, noise_var, mu, var):
    """z ~ N(0, 1), x | z ~ N(z, noise_var), q = N(mu, var); x, mu, var [B] -> ELBO [B]."""
    squared_error = (x - mu) ** 2 + var
    log_lik = -0.5 * (torch.log(2 * math.pi * noise_var) + squared_error / noise_var)
    kl = 0.5 * (mu**2 + var - 1 - var.log())
    return log_lik - kl


def _gauss(x, mean, var):
    return -0.5 * (LOG_2PI + torch.log(var) + (x - mean) ** 2 / var)


def _lik(x, s, mu, var):
    return -0.5 * (LOG_2PI + s.log() + ((x - mu) ** 2 + var) / s)


def _gkl(mu, var):
    return 0.5 * (mu**2 + var - 1 - var.log())


def _ones_like_noise(value):
    return torch.tensor(value, dtype=torch.float64)


def _posterior_case(x, noise):
    x = vector(*x)
    return (x, _ones_like_noise(noise), x / (1 + noise), torch.full_like(x, noise / (1 + noise)))


def _gaussian_cases(g):
    return [
        Case(
            (vector(0.0, 1.0), _ones_like_noise(1.0), vector(0.0, 0.0), vector(1.0, 1.0)),
            "x = 0 and 1, noise variance 1, q is the prior: −½ log 2π − ½, and ½ less",
        ),
        Case(
            (vector(1.0), _ones_like_noise(1.0), vector(1.0), vector(1e-6)),
            "x = 1, and q sits on z = 1 with almost no spread",
        ),
        Case(_posterior_case((1.0, -2.0), 1.0), "q is the exact posterior: log N(x; 0, 2)"),
        Case(_posterior_case((3.0, 0.0, -0.5), 0.25), "q is the exact posterior, noise variance ¼"),
        Case(
            (normal(g, 5), _ones_like_noise(0.3), normal(g, 5), uniform(g, 5, low=0.1, high=3.0)),
            "five examples, noise variance 0.3",
        ),
        Case(
            (normal(g, 2), _ones_like_noise(4.0), normal(g, 2), uniform(g, 2, low=2.0, high=9.0)),
            "two examples, noise variance 4, a wide q",
        ),
        Case(
            (
                vector(1000.0, -1000.0, 0.0),
                _ones_like_noise(2.0),
                vector(-1000.0, 300.0, 0.0),
                vector(1e-8, 1e4, 1.0),
            ),
            "means near ±1000; variances from 1e-8 to 1e4",
        ),
    ]


def _gaussian_wrong(key, feedback, *solves):
    return [Wrong(key, solve, feedback) for solve in solves]


GAUSSIAN_ELBO = CodeExercise(
    id="gaussian_elbo",
    title="An ELBO in closed form",
    statement=(
        "One latent number z ~ N(0, 1) and one observed x | z ~ N(z, `noise_var`), where "
        "`noise_var` is a tensor without axes (so no `math.log`). The encoder "
        "says q(z | x) = N(`mu`, `var`), with **variances**, not standard deviations. Return the "
        "exact ELBO of each example, in nats: no samples."
    ),
    level=3,
    reference=gaussian_elbo,
    returns="a tensor of shape `[B]`",
    unit="nats",
    grad_args=(0, 1, 2, 3),
    cases=_gaussian_cases,
    kinds=[
        ("the noise variance is not 1", lambda x, noise_var, mu, var: bool(noise_var != 1)),
        ("q is wide", lambda x, noise_var, mu, var: bool((var > 2).all())),
    ],
    alternatives=[
        lambda x, noise_var, mu, var: (
            Normal(mu, noise_var.sqrt()).log_prob(x)
            - 0.5 * var / noise_var
            - kl_divergence(Normal(mu, var.sqrt()), Normal(0.0, 1.0))
        ),
        lambda x, noise_var, mu, var: (
            -0.5 * (x - mu) ** 2 / noise_var
            - 0.5 * var / noise_var
            - 0.5 * noise_var.log()
            - 0.5 * (mu**2 + var)
            + 0.5 * (1 + var.log())
            - 0.5 * LOG_2PI
        ),
    ],
    wrong=[
        *_gaussian_wrong(
            "plug-in-mean",
            "You evaluate log p(x | z) at the mean of q. The ELBO averages it over **all** z that "
            "q gives. What is E_q[(x − z)²] when z spreads?",
            lambda x, s, mu, var: _gauss(x, mu, s) - _gkl(mu, var),
        ),
        *_gaussian_wrong(
            "log-outside",
            "You took the log of the average likelihood: log E_q[p(x | z)]. In the ELBO the log "
            "comes first and the average second.",
            lambda x, s, mu, var: _gauss(x, mu, s + var) - _gkl(mu, var),
        ),
        *_gaussian_wrong(
            "evidence",
            "That is log p(x), which knows no q. The ELBO equals it only if q is the posterior.",
            lambda x, s, mu, var: _gauss(x, torch.zeros_like(x), 1 + s),
        ),
        *_gaussian_wrong(
            "joint-at-mean",
            "You evaluate a log-density at the mean of q. The ELBO is an average over all z that "
            "q gives.",
            lambda x, s, mu, var: (
                _gauss(x, mu, s) + _gauss(mu, torch.zeros_like(mu), torch.ones_like(mu))
            ),
            lambda x, s, mu, var: (
                _gauss(x, mu, s)
                + _gauss(mu, torch.zeros_like(mu), torch.ones_like(mu))
                - _gauss(mu, mu, var)
            ),
        ),
        *_gaussian_wrong(
            "no-constant",
            "The normalizer of N(z, noise_var) is missing, all of it or a part. It depends on the "
            "noise variance, and without it the result need not be a bound.",
            lambda x, s, mu, var: -0.5 * ((x - mu) ** 2 + var) / s - _gkl(mu, var),
            lambda x, s, mu, var: -0.5 * (LOG_2PI + ((x - mu) ** 2 + var) / s) - _gkl(mu, var),
        ),
        *_gaussian_wrong(
            "no-constant-plug-in",
            "Two things. The normalizer of N(z, noise_var) is missing, and you evaluate at the "
            "mean of q instead of averaging over z.",
            lambda x, s, mu, var: -0.5 * (x - mu) ** 2 / s - _gkl(mu, var),
            lambda x, s, mu, var: -((x - mu) ** 2) - _gkl(mu, var),
        ),
        *_gaussian_wrong(
            "kl-sign",
            "You added the KL. Does a q far from the prior raise the ELBO or lower it?",
            lambda x, s, mu, var: _lik(x, s, mu, var) + _gkl(mu, var),
        ),
        *_gaussian_wrong(
            "no-kl",
            "Only the reconstruction is left. What keeps q near the prior?",
            lambda x, s, mu, var: _lik(x, s, mu, var),
        ),
        *_gaussian_wrong(
            "no-reconstruction",
            "Only the KL is left: x does not enter at all.",
            lambda x, s, mu, var: -_gkl(mu, var) + 0 * x,
        ),
        *_gaussian_wrong(
            "negated",
            "That is a loss, to be made small. The question asks for the ELBO.",
            lambda x, s, mu, var: _gkl(mu, var) - _lik(x, s, mu, var),
        ),
        *_gaussian_wrong(
            "kl-reversed",
            "Your KL goes from the prior to q: an expectation under the prior. Under which "
            "distribution are the expectations of the ELBO?",
            lambda x, s, mu, var: _lik(x, s, mu, var) - 0.5 * ((1 + mu**2) / var - 1 + var.log()),
        ),
        *_gaussian_wrong(
            "kl-no-half",
            "Your KL is twice as large as it should be. Where does the ½ of a Gaussian "
            "log-density go?",
            lambda x, s, mu, var: _lik(x, s, mu, var) - 2 * _gkl(mu, var),
        ),
        *_gaussian_wrong(
            "kl-no-one",
            "When q equals the prior, your KL is not 0. A constant is missing.",
            lambda x, s, mu, var: _lik(x, s, mu, var) - _gkl(mu, var) - 0.5,
        ),
        *_gaussian_wrong(
            "kl-to-posterior",
            "Your KL compares q with the posterior: that is the gap. The one inside the ELBO "
            "compares q with what we believed **before** seeing x.",
            lambda x, s, mu, var: (
                _lik(x, s, mu, var)
                - _gkl((mu - x / (1 + s)) / (s / (1 + s)).sqrt(), var * (1 + s) / s)
            ),
        ),
        *_gaussian_wrong(
            "kl-log-sign",
            "The log in your KL has the wrong sign: with it a q of almost no width would be "
            "praised. What should narrowness cost?",
            lambda x, s, mu, var: _lik(x, s, mu, var) - 0.5 * (mu**2 + var - 1 + var.log()),
        ),
        *_gaussian_wrong(
            "kl-mean-not-squared",
            "Your KL takes the mean of q as it is. Is a mean of −1 nearer to the prior than one "
            "of +1?",
            lambda x, s, mu, var: _lik(x, s, mu, var) - 0.5 * (mu + var - 1 - var.log()),
            lambda x, s, mu, var: _lik(x, s, mu, var) - 0.5 * (mu.abs() + var - 1 - var.log()),
        ),
        *_gaussian_wrong(
            "no-mean",
            "Your reconstruction does not look at the mean of q. From where does the decoder get "
            "its z?",
            lambda x, s, mu, var: _lik(x, s, 0 * mu, var) - _gkl(mu, var),
            lambda x, s, mu, var: _lik(x, s, 0 * mu, 0 * var) - _gkl(mu, var),
        ),
        *_gaussian_wrong(
            "constant-no-half",
            "The normalizer of N(z, noise_var) counts double. Where does the ½ of a Gaussian "
            "log-density go?",
            lambda x, s, mu, var: _lik(x, s, mu, var) - 0.5 * (LOG_2PI + s.log()) - _gkl(mu, var),
        ),
        *_gaussian_wrong(
            "no-q-entropy",
            "The density of q itself is missing: as q gets narrower your bound gets better and "
            "better. What should narrowness cost?",
            lambda x, s, mu, var: _lik(x, s, mu, var) - 0.5 * (mu**2 + var) - 0.5 * LOG_2PI,
            lambda x, s, mu, var: _lik(x, s, mu, var) - 0.5 * (mu**2 + var),
            lambda x, s, mu, var: _lik(x, s, mu, var) - 0.5 * (mu**2 + var - 1),
        ),
        *_gaussian_wrong(
            "no-prior-spread",
            "The spread of q does not reach the prior's term: E_q[z²] is more than the square of "
            "the mean.",
            lambda x, s, mu, var: _lik(x, s, mu, var) - 0.5 * (mu**2 - var.log()),
            lambda x, s, mu, var: _lik(x, s, mu, var) - 0.5 * (mu**2 - 1 - var.log()),
        ),
        *_gaussian_wrong(
            "var-as-std",
            "You used `var` as if it were a standard deviation. It is a variance.",
            lambda x, s, mu, var: _lik(x, s, mu, var**2) - _gkl(mu, var**2),
            lambda x, s, mu, var: _lik(x, s, mu, var) - _gkl(mu, var**2),
            lambda x, s, mu, var: _lik(x, s, mu, var) - (_gkl(mu, var) - 0.5 * var.log()),
        ),
        *_gaussian_wrong(
            "both-as-std",
            "You used both `var` and `noise_var` as if they were standard deviations, as `Normal` "
            "expects them. They are variances.",
            lambda x, s, mu, var: _lik(x, s**2, mu, var**2) - _gkl(mu, var**2),
            lambda x, s, mu, var: _lik(x, s**2, mu, var) - _gkl(mu, var**2),
            lambda x, s, mu, var: _gauss(x, mu, s**2) - _gkl(mu, var**2),
        ),
        *_gaussian_wrong(
            "kl-half-log",
            "The log term of your KL counts half. There is one ½ in front of everything, and you "
            "used another one: `var` is a variance already.",
            lambda x, s, mu, var: _lik(x, s, mu, var) - 0.5 * (mu**2 + var - 1 - 0.5 * var.log()),
        ),
        *_gaussian_wrong(
            "noise-as-std",
            "You used `noise_var` as if it were a standard deviation. It is a variance.",
            lambda x, s, mu, var: _lik(x, s**2, mu, var) - _gkl(mu, var),
            lambda x, s, mu, var: (
                -0.5 * LOG_2PI - s.log() - 0.5 * ((x - mu) ** 2 + var) / s - _gkl(mu, var)
            ),
            lambda x, s, mu, var: (
                -0.5 * (LOG_2PI + s.log()) - 0.5 * ((x - mu) ** 2 + var) / s**2 - _gkl(mu, var)
            ),
        ),
        *_gaussian_wrong(
            "noise-as-std-plug-in",
            "Two things. `noise_var` is a variance, and `Normal` expects a standard deviation. And "
            "you evaluate at the mean of q instead of averaging over z.",
            lambda x, s, mu, var: _gauss(x, mu, s**2) - _gkl(mu, var),
        ),
        *_gaussian_wrong(
            "spread-not-scaled",
            "The spread of q and the error (x − mu)² are both squared distances. Do yours count "
            "in the same unit?",
            lambda x, s, mu, var: _gauss(x, mu, s) - 0.5 * var - _gkl(mu, var),
            lambda x, s, mu, var: _gauss(x, mu, s) - var - _gkl(mu, var),
        ),
        *_gaussian_wrong(
            "spread-no-half",
            "The spread of q counts double. Which ½ did it miss?",
            lambda x, s, mu, var: _gauss(x, mu, s) - var / s - _gkl(mu, var),
        ),
        *_gaussian_wrong(
            "spread-sign",
            "You took the spread of q off the squared error. Does a z that jumps around hit x "
            "better or worse?",
            lambda x, s, mu, var: _lik(x, s, mu, -var) - _gkl(mu, var),
        ),
        *_gaussian_wrong(
            "std-for-spread",
            "You added the standard deviation of q to a squared distance. Which measure of spread "
            "fits squares?",
            lambda x, s, mu, var: _lik(x, s, mu, var.sqrt()) - _gkl(mu, var),
        ),
        *_gaussian_wrong(
            "half-missing",
            "A factor of the Gaussian exponent is missing. Which?",
            lambda x, s, mu, var: (
                -0.5 * (LOG_2PI + s.log()) - ((x - mu) ** 2 + var) / s - _gkl(mu, var)
            ),
        ),
        *_gaussian_wrong(
            "constant-sign",
            "The normalizer has the wrong sign: a wide Gaussian has a **low** density.",
            lambda x, s, mu, var: (
                0.5 * (LOG_2PI + s.log()) - 0.5 * ((x - mu) ** 2 + var) / s - _gkl(mu, var)
            ),
        ),
        *_gaussian_wrong(
            "times-noise",
            "You multiplied by the noise variance. With less noise, should a miss cost more or "
            "less?",
            lambda x, s, mu, var: (
                -0.5 * (LOG_2PI + s.log() + ((x - mu) ** 2 + var) * s) - _gkl(mu, var)
            ),
        ),
        *_gaussian_wrong(
            OWN_DICE,
            "You drew z: a noisy estimate. Both expectations have a closed form here.",
            lambda x, s, mu, var: (
                _gauss(x, mu + var.sqrt() * torch.randn_like(mu), s) - _gkl(mu, var)
            ),
        ),
    ],
    hints=[
        "Two terms: E_q[log p(x | z)], and the KL from q to the prior.",
        "log p(x | z) is quadratic in z. What is E_q[(x − z)²] if z has mean mu and variance var?",
        "Test: with mu = x/(1 + noise_var) and var = noise_var/(1 + noise_var), q is the "
        "posterior. What must come out then?",
    ],
    equivalents={
        "squared_error = (mu - x) ** 2 + var": "a square of minus the same",
    },
)


EXERCISES = [
    ELBO_TIGHT,
    ELBO_JENSEN,
    ELBO_GAP_TERM,
    ELBO_BY_HAND,
    DISCRETE_ELBO,
    ELBO_BEST_Q,
    POSTERIOR_GAP,
    ELBO_TERMS,
    LOG_WEIGHTS,
    ONE_SAMPLE,
    ELBO_RISES,
    ELBO_SUPPORT,
    GAUSSIAN_ELBO,
]
