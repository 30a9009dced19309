"""Exercises of the chapter on divergences."""

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
from ._tools import entropy, kl, matrix, normal, on_simplex, simplex, uniform, vector

NUMBER = 7
LN2 = math.log(2)
INF = math.inf
_SMALL = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20, 1e-30)


def _naive(p, q):
    """KL as it stands in books; 0 · log 0 is nan."""
    return (p * (p.log() - q.log())).sum(-1)


# ------------------------------------------------------------------ surprise
_SHARP = -0.7 * math.log(0.9) - 0.3 * math.log(0.1)  # what the 90 % app pays
_LEAST = -0.7 * math.log(0.7) - 0.3 * math.log(0.3)

EXTRA_SURPRISE = NumberExercise(
    id="extra_surprise",
    title="Predict: the price of a wrong forecast",
    statement=(
        "It snows on 70 % of the days, but a fourth app says 90 % every day. How many **extra** "
        "nats of surprise does that cost per day, compared with an app that says 70 %? (Three "
        "digits, please.)"
    ),
    truth=_SHARP - _LEAST,
    written="0.1537",
    because=(
        "Its surprise is −log 0.9 = 0.105 on a snowy day, −log 0.1 = 2.303 on a clear one, and "
        "0.765 on average. The best app's is 0.611, the entropy of the weather, which nobody can "
        "avoid. KL is the difference."
    ),
    rtol=0.01,
    wrong=[
        WrongNumber(
            _SHARP,
            "cross-entropy",
            "That is its whole surprise. Even the best app is surprised at times: by how much?",
        ),
        WrongNumber(
            _LEAST,
            "entropy",
            "That is the surprise of the best app. How much larger is the other's?",
        ),
        WrongNumber(
            0.9 * math.log(0.9 / 0.7) + 0.1 * math.log(0.1 / 0.3),
            "reverse",
            "You averaged with the app's probabilities. How often does each kind of day **really** "
            "occur?",
        ),
        WrongNumber(
            (_SHARP - _LEAST) / LN2,
            "bits",
            "That is the right price in bits. The question asks for nats.",
        ),
        WrongNumber(
            _LEAST - _SHARP,
            "negative",
            "A wrong forecast cannot save surprise on average. Which surprise is the larger one?",
        ),
        WrongNumber(
            0.0823,
            "fair-app",
            "That is the price of the app that says 50 %. This one is sharper: what does a clear "
            "morning cost it?",
        ),
        WrongNumber(
            0.7 * math.log(0.7 / 0.9),
            "snow-only",
            "Only the snowy days count in your sum. What happens on the other ones?",
        ),
        WrongNumber(
            0.3 * math.log(0.3 / 0.1),
            "clear-only",
            "Only the clear days count in your sum. On snowy ones this app saves something.",
        ),
        WrongNumber(
            math.log(0.7 / 0.9),
            "unweighted",
            "That is the log-ratio on a snowy day. Clear days have another one: average them.",
        ),
        WrongNumber(
            math.log(0.3 / 0.1),
            "unweighted",
            "That is the log-ratio on a clear day. Snowy days have another one: average them.",
        ),
        WrongNumber(
            math.log(0.7 / 0.9) + math.log(0.3 / 0.1),
            "unweighted-sum",
            "You added the log-ratios as if both kinds of days were equally common and certain. "
            "How often does each occur?",
        ),
        WrongNumber(
            0.2,
            "difference",
            "That is the difference of the probabilities. Surprise is a logarithm.",
        ),
        WrongNumber(
            0.08,
            "squared-error",
            "That is the sum of squared differences. Surprise is a logarithm.",
        ),
        WrongNumber(
            0.04,
            "squared-difference",
            "That is a squared difference. Surprise is a logarithm.",
        ),
        WrongNumber(
            0,
            "no-cost",
            "It saves something on snowy days and pays for it on clear ones. Do the two cancel?",
        ),
    ],
    hints=[
        "Surprise is −log of the probability that was given to what happened.",
        "Average the surprise of both apps over the real weather. Then compare.",
    ],
)

KL_SUPPORT = NumberExercise(
    id="kl_support",
    title="Predict: what q calls impossible",
    statement=(
        "p = (½, ½, 0) and q = (1, 0, 0). What is KL(p‖q) in nats? (Any number, `inf` or `-inf`.)"
    ),
    truth=INF,
    written="inf",
    because=(
        "Half of the time something happens that q called impossible: surprise −log 0. A single "
        "outcome of this kind is enough, however rare."
    ),
    rtol=1e-3,
    wrong=[
        WrongNumber(
            LN2,
            "reverse",
            "That is the other direction, where q is real and never leaves what p allows. Under "
            "which of the two is the expectation of KL(p‖q)?",
        ),
        *(
            WrongNumber(
                value,
                "unweighted",
                "That is the log-ratio of the first outcome, which happens half of the time. What "
                "does q say about the second one? (And KL is never negative.)",
            )
            for value in (-LN2, -0.69, -0.7)
        ),
        WrongNumber(
            -LN2 / 2,
            "dropped-terms",
            "You counted the first outcome only. What does q say about the second one, which "
            "happens half of the time? (And KL is never negative.)",
        ),
        *(
            WrongNumber(
                value,
                "dropped-terms",
                "You counted the first outcome only. What does q say about the second one, which "
                "happens half of the time? (And KL is never negative.)",
            )
            for value in (-0.347, -0.35)
        ),
        *(
            WrongNumber(
                value,
                "reverse",
                "That is the other direction, where q is real and never leaves what p allows. "
                "Under which of the two is the expectation of KL(p‖q)?",
            )
            for value in (0.69, 0.7)
        ),
        *(
            WrongNumber(
                value,
                "half",
                "Look at the second outcome: how often does it happen, and what did q say about "
                "it?",
            )
            for value in (LN2 / 2, 0.347, 0.35)
        ),
        *(
            WrongNumber(
                value,
                "negative",
                "KL is never negative. Go through the outcomes of p: what does q say about the "
                "second one?",
            )
            for value in (-0.1, -0.2, -0.25, -0.3, -0.5, -1, -1.4, -2)
        ),
        WrongNumber(
            0,
            "zero",
            "KL is 0 only if both are equal. What does q say about the second outcome?",
        ),
        WrongNumber(
            1,
            "one-bit",
            "One **bit** is the other direction, KL(q‖p). Here the average is under p.",
        ),
        WrongNumber(
            0.5,
            "difference",
            "That is a difference of probabilities. What is the surprise of an outcome that q "
            "held impossible?",
        ),
        WrongNumber(
            -INF,
            "minus-infinity",
            "The size is right. Which sign does the surprise −log q of an outcome with q = 0 have?",
        ),
    ],
    hints=[
        "KL(p‖q) averages log p − log q under p. Go through the three outcomes.",
        "Which outcome happens under p although q held it impossible?",
    ],
)


def kl_categorical(p, q):
    """distributions p, q [..., V] -> KL(p || q) in nats, shape [...]."""
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)


KL_CATEGORICAL = CodeExercise(
    id="kl_categorical",
    title="KL of two tables",
    statement=(
        "Return KL(p‖q) over the last axis, in nats. Outcomes with p = 0 contribute nothing; an "
        "outcome with p > 0 and q = 0 makes it infinite."
    ),
    reference=kl_categorical,
    returns="a tensor of shape `[...]`, without the last axis",
    unit="nats",
    grad_args=(0, 1),
    observe=on_simplex,
    cases=lambda g: [
        Case((vector(0.5, 0.5), vector(0.5, 0.5)), "p = q: nothing"),
        Case((vector(0.5, 0.5), vector(0.9, 0.1)), "a fair p, a biased q"),
        Case((vector(0.9, 0.1), vector(0.5, 0.5)), "a biased p, a fair q"),
        Case((vector(1.0, 0.0), vector(0.5, 0.5)), "p has a zero: log 2", smooth=False),
        Case((vector(0.5, 0.5), vector(1.0, 0.0)), "q is 0 where p is not", smooth=False),
        Case((vector(0.5, 0.5, 0.0), vector(0.2, 0.8, 0.0)), "both are 0 there", smooth=False),
        Case(
            (
                matrix([0.5, 0.25, 0.25], [0.2, 0.4, 0.4]),
                matrix([0.25, 0.5, 0.25], [0.2, 0.4, 0.4]),
            ),
            "two rows of three outcomes: ¼ log 2, and nothing",
        ),
        Case((simplex(g, 3, 4), simplex(g, 3, 4)), "B = 3, V = 4"),
        Case((simplex(g, 3, 3), simplex(g, 3, 3)), "B = V = 3"),
        Case((simplex(g, 2, 3, 5), simplex(g, 2, 3, 5)), "[2, 3, 5]"),
        Case((vector(0.3, 0.7), vector(1e-6, 1 - 1e-6)), "q one in a million, p 30 %"),
        Case((vector(1e-30, 1.0), vector(0.3, 0.7)), "p tiny but not 0", smooth=False),
        Case((matrix([1.0]), matrix([1.0])), "a single outcome"),
    ],
    kinds=[
        ("q is 0 where p is not", lambda p, q: bool(((p > 0) & (q == 0)).any())),
        ("both are 0 somewhere", lambda p, q: bool(((p == 0) & (q == 0)).any())),
        ("p is 0 somewhere", lambda p, q: bool((p == 0).any())),
    ],
    alternatives=[
        lambda p, q: torch.where(p > 0, p * (p.log() - q.log()), 0.0).sum(-1),
        lambda p, q: (p * (p / q).log()).nansum(-1),
        lambda p, q: torch.distributions.kl_divergence(
            torch.distributions.Categorical(probs=p), torch.distributions.Categorical(probs=q)
        ),
    ],
    wrong=[
        *(
            Wrong(
                "swapped",
                solve,
                "This is KL(q‖p). Whose outcomes really occur: under which of the two is the "
                "average?",
            )
            for solve in (
                lambda p, q: kl(q, p),
                lambda p, q: _naive(q, p),
                lambda p, q: F.kl_div(p.log(), q, reduction="none").sum(-1),
            )
        ),
        *(
            Wrong(
                "negative",
                solve,
                "Yours is never positive. Which is larger on average under p, log p or log q?",
            )
            for solve in (
                lambda p, q: -kl(p, q),
                lambda p, q: -_naive(p, q),
            )
        ),
        *(
            Wrong(
                "weights-swapped",
                solve,
                "The log-ratio is right, but it is averaged with the wrong weights. Which of the "
                "two says how often an outcome occurs?",
            )
            for solve in (
                lambda p, q: (torch.xlogy(q, p) - torch.xlogy(q, q)).sum(-1),
                lambda p, q: (q * (p.log() - q.log())).sum(-1),
            )
        ),
        *(
            Wrong(
                "cross-entropy",
                solve,
                "This is the cross-entropy, the whole surprise. For p = q it is not 0: which part "
                "of the surprise could nobody avoid?",
            )
            for solve in (
                lambda p, q: -torch.xlogy(p, q).sum(-1),
                lambda p, q: -(p * q.log()).sum(-1),
            )
        ),
        *(
            Wrong("entropy", solve, "That is the entropy of p; q does not enter.")
            for solve in (
                lambda p, q: entropy(p),
                lambda p, q: -(p * p.log()).sum(-1),
            )
        ),
        Wrong(
            "entropy-added",
            lambda p, q: -torch.xlogy(p, q).sum(-1) + entropy(p),
            "You added the entropy to the cross-entropy. The extra surprise is what is left when "
            "the unavoidable part is gone.",
        ),
        *(
            Wrong(
                "entropy-difference",
                solve,
                "That is a difference of two entropies, each averaged under its own distribution. "
                "Both logs must be averaged under the **same** one.",
            )
            for solve in (
                lambda p, q: entropy(q) - entropy(p),
                lambda p, q: entropy(p) - entropy(q),
            )
        ),
        Wrong(
            "nan-at-zero",
            lambda p, q: (p * (p.log() - q.log())).sum(-1),
            "The right formula, but where p = 0 the machine computes 0 · log 0 = nan. What is the "
            "limit of x log x at 0, and which function knows it?",
        ),
        *(
            Wrong(
                "nan-at-both-zero",
                solve,
                "Nearly: a zero of p is taken care of, but where q is 0 **as well**, 0 meets an "
                "infinity, which makes nan. Which outcomes must not be asked for their log at all?",
            )
            for solve in (
                lambda p, q: F.kl_div(q.log(), p, reduction="none").sum(-1),
                lambda p, q: (p * (p.clamp(min=1e-12).log() - q.log())).sum(-1),
                lambda p, q: (torch.xlogy(p, p) - p * q.log()).sum(-1),
            )
        ),
        *(
            Wrong(
                "epsilon",
                solve,
                "The small number hides an infinity that belongs there: q held impossible what "
                "does occur. Only the terms with **p** = 0 need care.",
            )
            for small in _SMALL
            for solve in (
                lambda p, q, small=small: (p * (p / (q + small)).log()).sum(-1),
                lambda p, q, small=small: (p * ((p + small).log() - (q + small).log())).sum(-1),
                lambda p, q, small=small: (p * ((p + small) / (q + small)).log()).sum(-1),
                lambda p, q, small=small: torch.xlogy(p, p / (q + small)).sum(-1),
                lambda p, q, small=small: (
                    p * (p.clamp(min=small).log() - q.clamp(min=small).log())
                ).sum(-1),
            )
        ),
        Wrong(
            "nan-to-num",
            lambda p, q: (p * (p.log() - q.log())).nan_to_num().sum(-1),
            "`nan_to_num` removes nan, but it makes inf finite as well. Where q holds impossible "
            "what does occur, KL must stay inf.",
        ),
        *(
            Wrong(
                "drops-impossible",
                solve,
                "Outcomes with q = 0 cost nothing, even if p > 0: predicting the impossible should "
                "cost more than anything else. Zero of which of the two makes a term vanish?",
            )
            for solve in (
                lambda p, q: (p * (p.log() - q.log())).nan_to_num(0.0, 0.0, 0.0).sum(-1),
                lambda p, q: torch.where(q > 0, p * (p.log() - q.log()), 0.0).sum(-1),
                lambda p, q: torch.where((p > 0) & (q > 0), p * (p.log() - q.log()), 0.0).sum(-1),
            )
        ),
        *(
            Wrong(
                "unweighted",
                solve,
                "You added plain log-ratios. KL is an expectation: how often does each outcome "
                "occur?",
            )
            for solve in (
                lambda p, q: (p.log() - q.log()).sum(-1),
                lambda p, q: (p.log() - q.log()).mean(-1),
            )
        ),
        Wrong(
            "no-log",
            lambda p, q: (p * (p / q)).sum(-1),
            "You averaged the ratio itself. KL averages its **log**.",
        ),
        Wrong(
            "log-of-mean",
            lambda p, q: (p * (p / q)).sum(-1).log(),
            "The log of the average ratio is not the average of the log-ratio. What comes first?",
        ),
        Wrong(
            "log-difference",
            lambda p, q: (p * (p - q).abs().log()).sum(-1),
            "The log of a difference is not the difference of logs.",
        ),
        *(
            Wrong("bits", solve, "This is in bits (log₂). The question asks for nats.")
            for solve in (
                lambda p, q: kl(p, q) / LN2,
                lambda p, q: _naive(p, q) / LN2,
            )
        ),
        *(
            Wrong(
                "mean",
                solve,
                "You averaged over the outcomes. The weights p already make an average of the sum.",
            )
            for solve in (
                lambda p, q: (torch.xlogy(p, p) - torch.xlogy(p, q)).mean(-1),
                lambda p, q: (p * (p.log() - q.log())).mean(-1),
            )
        ),
        *(
            Wrong(
                "symmetrized",
                solve,
                "You put both directions together. KL itself has a direction: under which of the "
                "two is its average?",
            )
            for solve in (
                lambda p, q: (_naive(p, q) + _naive(q, p)) / 2,
                lambda p, q: _naive(p, q) + _naive(q, p),
                lambda p, q: (kl(p, q) + kl(q, p)) / 2,
                lambda p, q: kl(p, q) + kl(q, p),
            )
        ),
        *(
            Wrong(
                "mixture",
                solve,
                "You compare p with the mixture of both. Where does a mixture come from here?",
            )
            for solve in (
                lambda p, q: kl(p, (p + q) / 2),
                lambda p, q: _naive(p, (p + q) / 2),
            )
        ),
        Wrong(
            "absolute",
            lambda p, q: (torch.xlogy(p, p) - torch.xlogy(p, q)).abs().sum(-1),
            "Single terms may be negative: outcomes that q finds more likely than they are. They "
            "must count with their sign.",
        ),
        *(
            Wrong(
                "distance",
                solve,
                "That compares two tables, but never becomes infinite. KL counts surprise: where "
                "are the logs?",
            )
            for solve in (
                lambda p, q: (p - q).abs().sum(-1),
                lambda p, q: (p - q).abs().sum(-1) / 2,
                lambda p, q: ((p - q) ** 2).sum(-1),
            )
        ),
        *(
            Wrong(
                "softmax",
                solve,
                "p and q already are probabilities. Softmax expects scores and makes everything "
                "nearly equal.",
            )
            for solve in (
                lambda p, q: kl(p.softmax(-1), q.softmax(-1)),
                lambda p, q: (p * (p.log_softmax(-1) - q.log_softmax(-1))).sum(-1),
            )
        ),
        *(
            Wrong(
                "wrong-axis",
                solve,
                "You added up over the first axis. The outcomes run along the **last** one.",
            )
            for solve in (
                lambda p, q: (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(0),
                lambda p, q: (p * (p.log() - q.log())).sum(0),
            )
        ),
        *(
            Wrong(
                "over-everything",
                solve,
                "You added up everything. Each row is a pair of distributions with a KL of its "
                "own.",
            )
            for solve in (
                lambda p, q: (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(),
                lambda p, q: (p * (p.log() - q.log())).sum(),
            )
        ),
        *(
            Wrong(
                "terms",
                solve,
                "These are the terms of the expectation. What is still to be done over the "
                "outcomes?",
            )
            for solve in (
                lambda p, q: torch.xlogy(p, p) - torch.xlogy(p, q),
                lambda p, q: p * (p.log() - q.log()),
            )
        ),
    ],
    hints=[
        "KL is the average under p of log p − log q.",
        "What is the limit of x log x for x → 0? `torch` has a function that knows.",
        "Go through the four cases of p and q being 0 or not. Which one may be infinite?",
    ],
)

GAUSSIAN_SYMMETRY = ChoiceExercise(
    id="gaussian_symmetry",
    title="Predict: one shift, two directions",
    statement=(
        "p = N(0, 1) and q = N(1, 1) differ by a shift. How do KL(p‖q) and KL(q‖p) compare?"
    ),
    level=1,
    options=[
        Option(
            "They differ, since KL is never symmetric",
            "Not symmetric in **general**: some pairs do agree. Mirror the picture of both curves "
            "at x = ½. What happens to p and q?",
        ),
        Option(
            "KL(p‖q) is larger, since q lies to the right",
            "Does KL know left from right? Mirror the picture of both curves at x = ½.",
        ),
        Option(
            "One is minus the other, since the log-ratio flips",
            "The log-ratio flips, but the average is then taken under the other distribution. "
            "Could either of the two be negative?",
        ),
        Option(
            "They are equal: here it makes no difference",
            "Both are ½: mirrored at x = ½ the two change places. KL has a direction in general, "
            "but two Gaussians of equal width are no example of it.",
            right=True,
        ),
    ],
    hints=[
        "Draw both curves. Which mirror image exchanges them?",
        "Does KL change when the axis is mirrored?",
    ],
)


# ------------------------------------------------------------------ Gaussians
def kl_two_gaussians(mu_p, sigma_p, mu_q, sigma_q):
    """means and standard deviations [B, D] of independent Gaussians -> KL(p || q) in nats, [B]."""
    spread = (sigma_p / sigma_q) ** 2
    shift = ((mu_p - mu_q) / sigma_q) ** 2
    return (spread + shift - 1 - spread.log()).sum(-1) / 2


def _gauss(f):
    """A wrong formula of the ratio of widths and of the shift in units of each width."""
    return lambda mp, sp, mq, sq: f(sp / sq, (mp - mq) / sq, (mp - mq) / sp).sum(-1)


KL_TWO_GAUSSIANS = CodeExercise(
    id="kl_two_gaussians",
    title="KL of two Gaussians",
    statement=(
        "p and q are Gaussians with D independent components; means and **standard deviations** "
        "have shape `[B, D]`. Return KL(p‖q) for each example, in nats, in closed form."
    ),
    level=2,
    reference=kl_two_gaussians,
    returns="a tensor of shape `[B]`",
    unit="nats",
    grad_args=(0, 1, 2, 3),
    cases=lambda g: [
        Case(
            (
                matrix([0.0], [0.0]),
                matrix([1.0], [1.0]),
                matrix([0.0], [1.0]),
                matrix([1.0], [1.0]),
            ),
            "N(0, 1) and itself: 0; N(0, 1) and N(1, 1): ½",
        ),
        Case(
            (matrix([0.0]), matrix([1.0]), matrix([0.0]), matrix([2.0])),
            "N(0, 1) inside N(0, 2²)",
        ),
        Case(
            (matrix([0.0]), matrix([2.0]), matrix([0.0]), matrix([1.0])),
            "N(0, 2²) around N(0, 1)",
        ),
        Case(
            (
                matrix([0.0, 0.0], [5.0, 5.0]),
                matrix([1.0, 1.0], [3.0, 3.0]),
                matrix([1.0, 2.0], [5.0, 5.0]),
                matrix([1.0, 1.0], [3.0, 3.0]),
            ),
            "two components: shifts of 1 and 2 at σ = 1, 2½; and p = q, 0",
        ),
        Case(
            (normal(g, 4, 3), uniform(g, 4, 3, low=0.3, high=3), normal(g, 4, 3))
            + (uniform(g, 4, 3, low=0.3, high=3),),
            "B = 4, D = 3",
        ),
        Case(
            (normal(g, 3, 3), uniform(g, 3, 3, low=0.3, high=3), normal(g, 3, 3))
            + (uniform(g, 3, 3, low=0.3, high=3),),
            "B = D = 3",
        ),
        Case(
            (normal(g, 1, 5), uniform(g, 1, 5, low=0.3, high=3), normal(g, 1, 5))
            + (uniform(g, 1, 5, low=0.3, high=3),),
            "B = 1, D = 5",
        ),
        Case(
            (
                matrix([1e3, -1e3], [5.0, 0.0]),
                matrix([1e-3, 10.0], [1e3, 1e-3]),
                matrix([-1e3, 0.0], [4.0, 1e-3]),
                matrix([1.0, 1e3], [1.0, 1e-3]),
            ),
            "means of ±1000, widths from 0.001 to 1000",
        ),
    ],
    kinds=[
        ("the widths differ", lambda mp, sp, mq, sq: bool((sp != sq).any())),
        ("the means differ", lambda mp, sp, mq, sq: bool((mp != mq).any())),
        ("there is more than one component", lambda mp, sp, mq, sq: mp.shape[1] > 1),
    ],
    alternatives=[
        lambda mp, sp, mq, sq: torch.distributions.kl_divergence(
            torch.distributions.Normal(mp, sp), torch.distributions.Normal(mq, sq)
        ).sum(-1),
        lambda mp, sp, mq, sq: (
            sq.log() - sp.log() + (sp**2 + (mp - mq) ** 2) / (2 * sq**2) - 0.5
        ).sum(1),
    ],
    wrong=[
        Wrong(
            "swapped",
            lambda mp, sp, mq, sq: kl_two_gaussians(mq, sq, mp, sp),
            "This is KL(q‖p). Under which of the two is the average, and whose width measures the "
            "deviations?",
        ),
        Wrong(
            "no-half",
            _gauss(lambda r, d, e: r**2 + d**2 - 1 - 2 * r.log()),
            "Twice too large: look at the exponent of a Gaussian again.",
        ),
        Wrong(
            "no-minus-one",
            _gauss(lambda r, d, e: (r**2 + d**2) / 2 - r.log()),
            "For p = q yours is not 0. The entropy of p contributes one more constant: what is "
            "E[(x − μ)²/σ²] under p itself?",
        ),
        Wrong(
            "full-one",
            _gauss(lambda r, d, e: (r**2 + d**2) / 2 - 1 - r.log()),
            "For p = q yours is not 0. Does the factor in front of the squares belong to the "
            "constant as well?",
        ),
        *(
            Wrong(
                "constant-once",
                solve,
                "Your constant counts once for all components. What does **each** component "
                "contribute when p = q?",
            )
            for solve in (
                lambda mp, sp, mq, sq: (
                    _gauss(lambda r, d, e: (r**2 + d**2) / 2 - r.log())(mp, sp, mq, sq) - 0.5
                ),
                lambda mp, sp, mq, sq: (
                    _gauss(lambda r, d, e: (r**2 + d**2) / 2 - r.log())(mp, sp, mq, sq) - 1
                ),
            )
        ),
        *(
            Wrong(
                "half-misplaced",
                _gauss(formula),
                "A ½ is missing from some of the terms. Write down both exponents: which squares "
                "stand there, and with which factor?",
            )
            for formula in (
                lambda r, d, e: r**2 + d**2 - 1 - r.log(),
                lambda r, d, e: r**2 + d**2 - 0.5 - r.log(),
                lambda r, d, e: r**2 + d**2 / 2 - 1 - r.log(),
                lambda r, d, e: r**2 + d**2 / 2 - 0.5 - r.log(),
                lambda r, d, e: r**2 / 2 + d**2 - 0.5 - r.log(),
            )
        ),
        Wrong(
            "log-sign",
            _gauss(lambda r, d, e: (r**2 + d**2 - 1) / 2 + r.log()),
            "Sign of the log of the widths: a very **narrow** p inside q should be far from it. "
            "Is yours?",
        ),
        Wrong(
            "half-log",
            _gauss(lambda r, d, e: (r**2 + d**2 - 1 - r.log()) / 2),
            "Your log term belongs to variances; you put in the standard deviations.",
        ),
        Wrong(
            "double-log",
            _gauss(lambda r, d, e: (r**2 + d**2 - 1) / 2 - 2 * r.log()),
            "Your log term is too large: how often does σ stand in the normalizer?",
        ),
        Wrong(
            "no-log",
            _gauss(lambda r, d, e: (r**2 + d**2 - 1) / 2),
            "The normalizers of the two Gaussians do not cancel unless both have the same width.",
        ),
        *(
            Wrong(
                "not-squared",
                solve,
                "What is E[(x − μ_p)²] under p, in terms of its standard deviation?",
            )
            for solve in (
                _gauss(lambda r, d, e: (r + d**2 - 1) / 2 - r.log()),
                lambda mp, sp, mq, sq: (
                    (sq / sp).log() + (sp + (mp - mq) ** 2) / (2 * sq**2) - 0.5
                ).sum(-1),
            )
        ),
        Wrong(
            "no-square-of-a-width",
            lambda mp, sp, mq, sq: (
                (sq / sp).log() + (sp + (mp - mq) ** 2) / (2 * sq) - 0.5
            ).sum(-1),
            "A standard deviation stands where its square should, above the line and below it. In "
            "which unit is a squared deviation measured?",
        ),
        *(
            Wrong(
                "q-not-squared",
                solve,
                "A square is averaged under p, and you divide it by σ of q. In which unit is a "
                "square measured?",
            )
            for solve in (
                lambda mp, sp, mq, sq: (
                    ((sp**2 + (mp - mq) ** 2) / sq - 1) / 2 - (sp / sq).log()
                ).sum(-1),
                lambda mp, sp, mq, sq: (
                    (sp**2 / sq + ((mp - mq) / sq) ** 2 - 1) / 2 - (sp / sq).log()
                ).sum(-1),
            )
        ),
        *(
            Wrong(
                "no-spread-of-p",
                solve,
                "The squares are averaged under p, which is not only shifted but also spreads. "
                "What is E[(x − μ_q)²] when p has the same mean as q?",
            )
            for solve in (
                _gauss(lambda r, d, e: d**2 / 2 - r.log()),
                _gauss(lambda r, d, e: (d**2 - 1) / 2 - r.log()),
                lambda mp, sp, mq, sq: (
                    ((1 + (mp - mq) ** 2) / sq**2 - 1) / 2 - (sp / sq).log()
                ).sum(-1),
            )
        ),
        Wrong(
            "precedence",
            lambda mp, sp, mq, sq: (
                (sq / sp).log() + (sp**2 + (mp - mq) ** 2) / 2 * sq**2 - 0.5
            ).sum(-1),
            "`a / 2 * b` divides by 2 and then **multiplies** by b. Which parentheses are missing?",
        ),
        Wrong(
            "sum-squared",
            lambda mp, sp, mq, sq: (
                (sq / sp).log() + (sp**2 + (mp - mq)) ** 2 / (2 * sq**2) - 0.5
            ).sum(-1),
            "You square the sum. The square belongs to the shift alone: does the sign of the "
            "shift matter for yours?",
        ),
        Wrong(
            "all-in-widths-of-p",
            lambda mp, sp, mq, sq: (
                (sq / sp).log() + (sp**2 + (mp - mq) ** 2) / (2 * sp**2) - 0.5
            ).sum(-1),
            "All your deviations are measured in widths of p. But the ones from μ_q stand in the "
            "exponent of … whom?",
        ),
        Wrong(
            "square-of-the-reverse",
            lambda mp, sp, mq, sq: (
                (sq / sp).log() + (sq**2 + (mp - mq) ** 2) / (2 * sp**2) - 0.5
            ).sum(-1),
            "Your log is that of KL(p‖q), your squares are those of KL(q‖p). Whose squared "
            "deviations are averaged, and in whose widths?",
        ),
        Wrong(
            "widths-as-variances",
            lambda mp, sp, mq, sq: kl_two_gaussians(mp, sp.sqrt(), mq, sq.sqrt()),
            "You took the widths for variances. They are standard deviations.",
        ),
        Wrong(
            "squared-variances",
            lambda mp, sp, mq, sq: kl_two_gaussians(mp, sp**2, mq, sq**2),
            "You took the widths for square roots of standard deviations: they are squared once "
            "too often.",
        ),
        Wrong(
            "widths-as-logs",
            lambda mp, sp, mq, sq: kl_two_gaussians(mp, sp.exp(), mq, sq.exp()),
            "You took exp of the widths. They are standard deviations, not their logs.",
        ),
        Wrong(
            "shift-by-own-width",
            _gauss(lambda r, d, e: (r**2 + e**2 - 1) / 2 - r.log()),
            "The shift is measured in widths of p. In whose exponent does the shift stand?",
        ),
        Wrong(
            "shift-not-scaled",
            lambda mp, sp, mq, sq: (
                ((sp / sq) ** 2 + (mp - mq) ** 2 - 1) / 2 - (sp / sq).log()
            ).sum(-1),
            "A shift by 1 is a lot for a narrow q and little for a wide one.",
        ),
        Wrong(
            "shift-half-scaled",
            lambda mp, sp, mq, sq: (
                ((sp / sq) ** 2 + (mp - mq) ** 2 / sq - 1) / 2 - (sp / sq).log()
            ).sum(-1),
            "The shift is squared, but the width that it is measured with is not.",
        ),
        Wrong(
            "shift-not-squared",
            _gauss(lambda r, d, e: (r**2 + d - 1) / 2 - r.log()),
            "The shift enters with its sign: can it matter here whether q lies left or right of p?",
        ),
        Wrong(
            "shift-absolute",
            _gauss(lambda r, d, e: (r**2 + d.abs() - 1) / 2 - r.log()),
            "The shift enters by its size. Look at the exponent of a Gaussian again.",
        ),
        Wrong(
            "means-ignored",
            _gauss(lambda r, d, e: (r**2 - 1) / 2 - r.log()),
            "The means do not enter. Does q's surprise not depend on where p lies?",
        ),
        Wrong(
            "widths-ignored",
            lambda mp, sp, mq, sq: ((mp - mq) ** 2).sum(-1) / 2,
            "The widths do not enter: that holds only if both are 1.",
        ),
        Wrong(
            "shift-only",
            _gauss(lambda r, d, e: d**2 / 2),
            "Right for equal widths only. What if q is as well placed as p, but wider?",
        ),
        Wrong(
            "ratio-inverted",
            _gauss(lambda r, d, e: (r**-2 + d**2 - 1) / 2 + r.log()),
            "The ratio of the widths is upside down. The squared deviation is averaged under p and "
            "measured with the width of … whom?",
        ),
        Wrong(
            "to-standard",
            lambda mp, sp, mq, sq: (mp**2 + sp**2 - 1 - 2 * sp.log()).sum(-1) / 2,
            "That is the KL to N(0, 1). Here q has a mean and a width of its own.",
        ),
        Wrong(
            "cross-entropy",
            _gauss(lambda r, d, e: (r**2 + d**2) / 2),
            "Two pieces are missing: the normalizers do not cancel, and the entropy of p has to "
            "be taken off. Is yours 0 for p = q?",
        ),
        Wrong(
            "mean-over-components",
            lambda mp, sp, mq, sq: kl_two_gaussians(mp, sp, mq, sq) / mp.shape[1],
            "You averaged over the components. Independent components multiply: what do their KLs "
            "do?",
        ),
        Wrong(
            "per-component",
            lambda mp, sp, mq, sq: (
                ((sp / sq) ** 2 + ((mp - mq) / sq) ** 2 - 1) / 2 - (sp / sq).log()
            ),
            "One KL for each component. What do the log-densities of independent components do?",
        ),
        Wrong(
            "over-batch",
            lambda mp, sp, mq, sq: kl_two_gaussians(mp.T, sp.T, mq.T, sq.T),
            "You added up over the batch. Each example is a pair of Gaussians: which axis holds "
            "the components?",
        ),
        Wrong(
            "symmetrized",
            lambda mp, sp, mq, sq: (
                (kl_two_gaussians(mp, sp, mq, sq) + kl_two_gaussians(mq, sq, mp, sp)) / 2
            ),
            "You averaged both directions. KL has one: p is real, q is the guess.",
        ),
        Wrong(
            "negative",
            lambda mp, sp, mq, sq: -kl_two_gaussians(mp, sp, mq, sq),
            "Yours is never positive. Which is larger on average under p, log p or log q?",
        ),
        Wrong(
            "log-of-difference",
            lambda mp, sp, mq, sq: (
                ((sp / sq) ** 2 + ((mp - mq) / sq) ** 2 - 1) / 2 + (sq - sp).abs().log()
            ).sum(-1),
            "The difference of two logs is not the log of a difference.",
        ),
        Wrong(
            OWN_DICE,
            lambda mp, sp, mq, sq: (
                (sq / sp).log()
                + (((mp + sp * torch.randn_like(sp) - mq) / sq) ** 2) / 2
                - torch.randn_like(sp) ** 2 / 2
            ).sum(-1),
            "You drew samples. For two Gaussians the average can be done on paper.",
        ),
    ],
    hints=[
        "Write log p(x) − log q(x) of one component: two logs of widths, two squares.",
        "Average the squares under p: what is E[(x − μ_q)²] in terms of the shift and of σ_p?",
        "Check it: p = q must give 0, and N(0, 1) against N(1, 1) must give ½.",
    ],
    equivalents={
        "shift = ((mu_q - mu_p) / sigma_q) ** 2": "a square has no sign",
        "return (spread + shift - 1 - spread.log()).sum(1) / 2": "of two axes, 1 is the last",
        "return (spread + shift - 1 - spread.log()).sum(--1) / 2": "of two axes, 1 is the last",
    },
)

KL_TRIANGLE = NumberExercise(
    id="kl_triangle",
    title="Predict: half a step and half a step",
    statement=(
        "KL(N(0, 1) ‖ N(1, 1)) = ½ and KL(N(1, 1) ‖ N(2, 1)) = ½, in nats. What is "
        "KL(N(0, 1) ‖ N(2, 1))?"
    ),
    truth=2,
    written="2",
    because=(
        "Between Gaussians of width 1 it is half the **squared** shift: 4/2. The detour by N(1, 1) "
        "would cost ½ + ½ = 1 only, so KL obeys no triangle inequality: it is no distance."
    ),
    level=2,
    rtol=1e-3,
    wrong=[
        WrongNumber(
            1,
            "adds",
            "You added the steps, as if KL were a distance along a line. How does it grow with the "
            "shift?",
        ),
        WrongNumber(
            0.5,
            "same",
            "Does it not matter how far the two lie apart?",
        ),
        WrongNumber(
            4,
            "no-half",
            "The shift is squared, yes. Does your rule give ½ for a shift of 1?",
        ),
        WrongNumber(
            0.25,
            "multiplies",
            "You multiplied the steps. It would get smaller and smaller with the distance.",
        ),
        WrongNumber(
            math.sqrt(0.5),
            "pythagoras",
            "You added squares as for a right angle. The three lie on one line.",
        ),
        WrongNumber(
            math.sqrt(2),
            "root",
            "Try your rule on a shift of 1: does it give ½?",
        ),
        WrongNumber(
            1 / 8,
            "inverse",
            "You divided by the squared shift. Farther apart must mean more surprise.",
        ),
        WrongNumber(
            8,
            "cubic",
            "Too steep. Which power of x − μ stands in the exponent of a Gaussian?",
        ),
        *(
            WrongNumber(
                value,
                "negative",
                "KL is never negative: on average under p nobody is less surprised than p itself. "
                "How does it grow with the shift?",
            )
            for value in (-2, -1, -0.5, -1.5, -4, -0.25, -INF)
        ),
    ],
    hints=[
        "Write log p(x) − log q(x) for two Gaussians of width 1 and average it under p.",
        "With which power of the shift does the exponent of a Gaussian grow?",
    ],
)


# ------------------------------------------------------------------ forward and reverse
MODE_SEEKING = ChoiceExercise(
    id="mode_seeking",
    title="Predict: one Gaussian, two bumps",
    statement=(
        "p has two **equal** bumps, Gaussians of standard deviation ½ at −3 and +3. Among all "
        "Gaussians q you look for the one with the smallest KL(q‖p), the expectation under **q**. "
        "Where does it end up?"
    ),
    level=2,
    options=[
        Option(
            "Wide, centered at 0, over both bumps",
            "That is the winner of the **other** direction, where p is real and q must not miss "
            "anything. Here q pays for its own samples: how many of them fall into the gap?",
        ),
        Option(
            "Narrow, centered at 0, between the bumps",
            "All its samples would fall into the gap. What does log q − log p look like there?",
        ),
        Option(
            "Narrow, on one of the two bumps",
            "A sample of q where p ≈ 0 is expensive, a bump that q ignores is cheap: log 2. (For "
            "bumps that lie close together the wide one wins here, too.)",
            right=True,
        ),
        Option(
            "Wide or narrow: both directions agree",
            "They agree for a shift between equal Gaussians. Here one of them punishes missing a "
            "bump, the other one punishes standing in the gap. Which one does which?",
        ),
    ],
    hints=[
        "Draw x from q. For which x is log q(x) − log p(x) huge?",
        "Compare two candidates: N(0, 3²) and N(3, ½²). How much of each lies in the gap?",
    ],
)

FORWARD_FIT_SD = NumberExercise(
    id="forward_fit_sd",
    title="Predict: how wide is the fit to both bumps?",
    statement=(
        "p has two equal bumps of standard deviation ½ at −3 and +3. Which standard deviation has "
        "the Gaussian q with the smallest KL(p‖q)? (Three digits, please.)"
    ),
    truth=math.sqrt(9.25),
    written="3.041",
    because=(
        "The forward direction copies mean and variance of p: 0 and 3² + ½² = 9.25. It is maximum "
        "likelihood with unlimited data from p, so it cannot afford to miss a bump."
    ),
    level=2,
    rtol=0.004,
    wrong=[
        WrongNumber(
            3,
            "no-width",
            "That would be right for two points. Each bump has a width of its own: how do "
            "variances add up?",
        ),
        WrongNumber(
            3.5,
            "adds-widths",
            "You added standard deviations. Which quantity adds up?",
        ),
        WrongNumber(
            9.25,
            "variance",
            "That is the variance. The question asks for the standard deviation.",
        ),
        WrongNumber(
            0.5,
            "reverse",
            "That is the width of a single bump, the winner of the **other** direction. What would "
            "the other bump cost q here?",
        ),
        WrongNumber(
            6,
            "distance",
            "That is the distance of the bumps. Which moments of p must q match?",
        ),
        WrongNumber(
            6.5,
            "distance-and-width",
            "Which moments of p must q match? The distance of the bumps is not one of them.",
        ),
        WrongNumber(
            math.sqrt(9.5),
            "width-not-squared",
            "Nearly: one of the two numbers under your root is not squared.",
        ),
        WrongNumber(
            math.sqrt(3.25),
            "width-not-squared",
            "Nearly: one of the two numbers under your root is not squared.",
        ),
        WrongNumber(
            3.25,
            "mixed",
            "You added a standard deviation and a variance. Which quantity adds up, and what is "
            "asked for?",
        ),
        *(
            WrongNumber(
                value,
                "narrower",
                "Narrower than the way from the middle to a bump: what would a visit to a bump "
                "cost?",
            )
            for value in (1, 1.5, 2, 2.5)
        ),
        WrongNumber(
            math.sqrt(0.5),
            "widths-only",
            "You added the variances of the bumps. But they lie in different places.",
        ),
        WrongNumber(
            math.sqrt(18.5),
            "summed",
            "You added both bumps in full. Each has only half of the probability.",
        ),
        WrongNumber(
            math.sqrt(8.75),
            "subtracts",
            "Does the width of a bump make p narrower or wider?",
        ),
        WrongNumber(
            math.sqrt(10),
            "width-one",
            "Nearly: look up the width of each bump again.",
        ),
    ],
    hints=[
        "The best q for KL(p‖q) is what maximum likelihood would find with unlimited data from p.",
        "What are mean and variance of p? Total variance = within the bumps + between them.",
    ],
)


# ------------------------------------------------------------------ estimates
def kl_monte_carlo(log_p, log_q, x):
    """log-densities log_p, log_q (functions) and samples x of p -> estimate of KL(p || q)."""
    return (log_p(x) - log_q(x)).mean()


def _log_normal(mean, sd):
    """The log-density of N(mean, sd²) at every entry of x."""

    def log_density(x):
        return -(((x - mean) / sd) ** 2) / 2 - math.log(sd) - math.log(2 * math.pi) / 2

    return log_density


def _log_normal_rows(mean, sd):
    """The log-density of independent N(mean, sd²) at every row of x."""
    entry = _log_normal(mean, sd)
    return lambda x: entry(x).sum(-1)


def _log_bernoulli(theta):
    """The log-probability of bits."""
    return lambda x: x * math.log(theta) + (1 - x) * math.log(1 - theta)


def _ratio(f):
    """A wrong estimate from log r = log p − log q, log p and log q."""
    return lambda log_p, log_q, x: f(log_p(x) - log_q(x), log_p(x), log_q(x))


KL_MONTE_CARLO = CodeExercise(
    id="kl_monte_carlo",
    title="KL from samples",
    statement=(
        "`log_p` and `log_q` are functions that give the log-densities of a batch of samples. The "
        "samples `x` come from **p**. Return the plain Monte Carlo estimate of KL(p‖q)."
    ),
    level=2,
    reference=kl_monte_carlo,
    returns="a tensor without axes",
    unit="nats",
    grad_args=(2,),
    cases=lambda g: [
        Case((_log_normal(0, 1), _log_normal(1, 1), vector(0.0)), "one sample, at the mean of p"),
        Case(
            (_log_normal(0, 1), _log_normal(1, 1), vector(2.0)),
            "one sample that q finds more likely",
        ),
        Case(
            (_log_bernoulli(0.75), _log_bernoulli(0.5), vector(1.0, 1.0, 1.0, 0.0)),
            "bits: three ones and a zero, q is fair",
        ),
        Case((_log_normal(0, 1), _log_normal(1, 2), normal(g, 50)), "50 samples of N(0, 1)"),
        Case(
            (_log_normal(2, 0.5), _log_normal(0, 1), 2 + normal(g, 500, scale=0.5)),
            "500 samples of N(2, ½²)",
        ),
        Case(
            (_log_normal_rows(0, 1), _log_normal_rows(0.5, 1.5), normal(g, 6, 3)),
            "6 samples of 3 numbers each",
        ),
        Case(
            (_log_normal(0, 1000), _log_normal(0, 1), normal(g, 40, scale=1000.0)),
            "p a thousand times wider than q",
        ),
    ],
    kinds=[
        (
            "the estimate comes out negative",
            lambda log_p, log_q, x: bool((log_p(x) - log_q(x)).mean() < 0),
        )
    ],
    alternatives=[
        lambda log_p, log_q, x: log_p(x).mean() - log_q(x).mean(),
        lambda log_p, log_q, x: sum(log_p(x) - log_q(x)) / x.shape[0],
    ],
    wrong=[
        Wrong(
            "sign",
            _ratio(lambda r, p, q: -r.mean()),
            "Sign: which of the two is larger on average under p? (A single estimate may be "
            "negative by chance.)",
        ),
        *(
            Wrong(
                "weights-twice",
                solve,
                "You weighted by p(x). But the samples already come more often where p is large: "
                "what is the weight of each sample then?",
            )
            for solve in (
                _ratio(lambda r, p, q: (p.exp() * r).mean()),
                _ratio(lambda r, p, q: (p.exp() * r).sum()),
                _ratio(lambda r, p, q: (p.softmax(0) * r).sum()),
            )
        ),
        *(
            Wrong(
                "other-weights",
                solve,
                "You weighted by q. The samples come from p, and the average is under p: is a "
                "weight needed at all?",
            )
            for solve in (
                _ratio(lambda r, p, q: (q.exp() * r).mean()),
                _ratio(lambda r, p, q: ((q - p).exp() * r).mean()),
                _ratio(lambda r, p, q: -((q - p).exp() * r).mean()),
            )
        ),
        Wrong(
            "absolute",
            _ratio(lambda r, p, q: r.abs().mean()),
            "Samples that q finds more likely count with a minus. Without it the estimate is too "
            "large on average.",
        ),
        *(
            Wrong(
                "clamped",
                solve,
                "KL is never negative, but an **estimate** from few samples may be. To cut it off "
                "at 0, or to drop its sign, makes it too large on average.",
            )
            for solve in (
                _ratio(lambda r, p, q: r.mean().clamp(min=0)),
                _ratio(lambda r, p, q: r.clamp(min=0).mean()),
                _ratio(lambda r, p, q: r.mean().abs()),
            )
        ),
        Wrong(
            "ratio",
            _ratio(lambda r, p, q: r.exp().mean()),
            "You averaged p/q. KL averages its **log**.",
        ),
        Wrong(
            "log-of-mean",
            _ratio(lambda r, p, q: r.exp().mean().log()),
            "The log of the average ratio is not the average of the log-ratio (Jensen). What comes "
            "first?",
        ),
        Wrong(
            "sum",
            _ratio(lambda r, p, q: r.sum()),
            "With twice the samples yours would be twice as large. How is an expectation "
            "estimated?",
        ),
        Wrong(
            "unstable",
            _ratio(lambda r, p, q: (p.exp() / q.exp()).log().mean()),
            "The right formula on paper, but far from q its density underflows to 0. You were "
            "given logs: how does a ratio look in logs?",
        ),
        *(
            Wrong(
                "epsilon",
                _ratio(
                    lambda r, p, q, small=small: (
                        ((p.exp() + small) / (q.exp() + small)).log().mean()
                    )
                ),
                "The small number puts a ceiling on the surprise. You were given logs: stay with "
                "them and nothing can underflow.",
            )
            for small in _SMALL
        ),
        *(
            Wrong(
                "logs-again",
                _ratio(formula),
                "`log_p` and `log_q` give logs already, and you took the log once more. What does "
                "the log of a ratio become?",
            )
            for formula in (
                lambda r, p, q: (p.log() - q.log()).mean(),
                lambda r, p, q: (p.log() - q).mean(),
                lambda r, p, q: (p - q.log()).mean(),
                lambda r, p, q: (p / q).log().mean(),
                lambda r, p, q: r.log().mean(),
            )
        ),
        Wrong(
            "densities",
            _ratio(lambda r, p, q: (p.exp() - q.exp()).mean()),
            "You subtracted the densities. KL compares their **logs**.",
        ),
        Wrong(
            "cross-entropy",
            _ratio(lambda r, p, q: -q.mean()),
            "This estimates the cross-entropy, the whole surprise. Which part of it could nobody "
            "avoid?",
        ),
        Wrong(
            "entropy",
            _ratio(lambda r, p, q: -p.mean()),
            "This estimates the entropy of p; q does not enter.",
        ),
        Wrong(
            "adds",
            _ratio(lambda r, p, q: (p + q).mean()),
            "You added the two logs. What does the log make of a ratio?",
        ),
        *(
            Wrong(
                "positive-estimator",
                _ratio(formula),
                "Not wrong on average: an estimator with no negative term. But where q is much "
                "wider than p its variance is infinite. The question asks for the plain average.",
            )
            for formula in (
                lambda r, p, q: ((-r).exp() - 1 + r).mean(),
                lambda r, p, q: ((-r).exp() - 1 - (-r).exp().log()).mean(),
            )
        ),
        Wrong(
            "squared",
            _ratio(lambda r, p, q: (r**2).mean() / 2),
            "Half the squared log-ratio is close to KL when p and q nearly agree. Here they need "
            "not.",
        ),
        Wrong(
            "per-sample",
            _ratio(lambda r, p, q: r),
            "One value for each sample. The question asks for one estimate.",
        ),
        Wrong(
            "median",
            _ratio(lambda r, p, q: r.median()),
            "A median is no expectation: the rare, very surprising samples would not count.",
        ),
        Wrong(
            "all-entries",
            lambda log_p, log_q, x: (log_p(x) - log_q(x)).sum() / x.numel(),
            "A sample may consist of several numbers. How many samples are there?",
        ),
        Wrong(
            "n-minus-1",
            _ratio(lambda r, p, q: r.sum() / (len(r) - 1)),
            "You divided by one sample too few. That belongs to variances.",
        ),
        Wrong(
            "bits",
            _ratio(lambda r, p, q: r.mean() / LN2),
            "This is in bits. The question asks for nats, like `log_p`.",
        ),
        Wrong(
            OWN_DICE,
            lambda log_p, log_q, x: (lambda z: (log_p(z) - log_q(z)).mean())(torch.randn_like(x)),
            "You drew samples of your own. Those of p are given: `x`.",
        ),
    ],
    hints=[
        "`log_p` is a function: call it on the samples, as in `log_p(x)`.",
        "KL is an expectation under p. From whom do the samples come?",
        "How is an expectation estimated from samples, without knowing any density?",
        "A ratio of densities becomes a difference of logs: no exp is needed anywhere.",
    ],
)

NEGATIVE_ESTIMATE = ChoiceExercise(
    id="negative_estimate",
    title="A KL below zero?",
    statement=(
        "From 100 samples of p you average log p(x) − log q(x) and get −0.03. Both log-densities "
        "are correct and normalized. What follows?"
    ),
    level=2,
    options=[
        Option(
            "Nothing strange: the estimate is noisy",
            "Single terms may have any sign, and so may an average of few. Only the expectation is "
            "never negative. A standard error says how much −0.03 can mean.",
            right=True,
        ),
        Option(
            "KL(p‖q) is negative for this pair",
            "Jensen's inequality leaves no exception for normalized p and q. Is what you computed "
            "KL itself?",
        ),
        Option(
            "There is a bug: no average of it can be negative",
            "Take a sample where q is larger than p: which sign does its term have? Could all of "
            "a few samples be of that kind?",
        ),
        Option(
            "The samples cannot have come from p",
            "Surely possible, but not implied. If p and q nearly agree, how large is KL beside the "
            "noise of 100 terms?",
        ),
    ],
    hints=[
        "Which sign does a term log p(x) − log q(x) have where q is larger than p?",
        "Keep apart the expectation and an average of 100 samples.",
    ],
)


K3_VARIANCE = ChoiceExercise(
    id="k3_variance",
    title="When is the error bar worth nothing?",
    statement=(
        "p = N(0, 1), and x is drawn from p. For which q have the terms of k₃ = r − 1 − log r, "
        "r = q(x)/p(x), **no finite variance**, so that an error bar made of them means nothing?"
    ),
    level=2,
    options=[
        Option(
            "q = N(3, 1), far away",
            "The variance is huge there, but finite: how does the condition depend on the shift?",
        ),
        Option(
            "q = N(0, 1.3²), a little wider",
            "Wider alone decides nothing. Which two numbers does the condition compare?",
        ),
        Option(
            "q = N(0, 1.5²), much wider",
            "1.5² = 2.25 is more than 2: in the tails q²/p grows without limit, and so does what "
            "few samples ever see.",
            right=True,
        ),
        Option(
            "q = N(0, 0.1²), much narrower",
            "KL is large there. But a large r needs a q that is large where p is small: does a "
            "narrow q have such tails?",
        ),
    ],
    hints=[
        "The variance of r is the integral of q²/p, less 1. Look at its exponent far out.",
        "Which of the two variances must be how many times the other?",
    ],
)


# ------------------------------------------------------------------ the library's order
def kl_from_torch(p, q):
    """distributions p, q [B, V] without zeros -> average over the batch of KL(p || q), in nats."""
    return torch.nn.functional.kl_div(q.log(), p, reduction="batchmean")


def _torch_kl(log_input, target):
    """What `kl_div` computes for each entry."""
    return torch.xlogy(target, target) - target * log_input


KL_FROM_TORCH = CodeExercise(
    id="kl_from_torch",
    title="Find the bug: a function of the library",
    kind="bug",
    statement=(
        "The function should return KL(p‖q), averaged over the rows of the batch, for tables "
        "without zeros. It has two faults. Read the documentation of `kl_div`, and repair both."
    ),
    level=2,
    reference=kl_from_torch,
    returns="a tensor without axes",
    unit="nats",
    given='''
        def kl_from_torch(p, q):
            """distributions p, q [B, V] -> average over the batch of KL(p || q), in nats."""
            return torch.nn.functional.kl_div(p.log(), q)
    ''',
    grad_args=(0, 1),
    observe=on_simplex,
    rtol=1e-9,
    atol=1e-12,
    cases=lambda g: [
        Case((matrix([0.5, 0.5]), matrix([0.9, 0.1])), "one pair: KL = 0.5108"),
        Case(
            (matrix([0.5, 0.5], [0.2, 0.8]), matrix([0.9, 0.1], [0.2, 0.8])),
            "two pairs, the second one equal",
        ),
        Case((simplex(g, 4, 3), simplex(g, 4, 3)), "B = 4, V = 3"),
        Case((simplex(g, 3, 3), simplex(g, 3, 3)), "B = V = 3"),
        Case((simplex(g, 2, 6), simplex(g, 2, 6)), "B = 2, V = 6"),
        Case((matrix([0.3, 0.7]), matrix([1e-6, 1 - 1e-6])), "q one in a million, p 30 %"),
        Case((matrix([1.0], [1.0]), matrix([1.0], [1.0])), "a single outcome"),
    ],
    alternatives=[
        lambda p, q: (p * (p / q).log()).sum(-1).mean(),
        lambda p, q: F.kl_div(q.log(), p.log(), reduction="batchmean", log_target=True),
        lambda p, q: F.kl_div(q.log(), p, reduction="sum") / len(p),
        lambda p, q: torch.distributions.kl_divergence(
            torch.distributions.Categorical(probs=p), torch.distributions.Categorical(probs=q)
        ).mean(),
    ],
    wrong=[
        Wrong(
            "two-bugs",
            lambda p, q: _torch_kl(p.log(), q).mean(),
            "There are two bugs, and both are still there. Which direction does "
            "`kl_div(input, target)` compute, and what does it divide by if you do not say?",
        ),
        Wrong(
            "direction",
            lambda p, q: _torch_kl(p.log(), q).sum(-1).mean(),
            "You average over the right axis now, but this is still KL(q‖p). Which argument does "
            "the documentation call the target, and which side of the KL is that?",
        ),
        Wrong(
            "also-over-outcomes",
            lambda p, q: _torch_kl(q.log(), p).mean(),
            "The direction is right now. But this is the average over **all entries**: how many "
            "numbers is one KL the sum of? The parameter `reduction` has several values.",
        ),
        Wrong(
            "sum",
            lambda p, q: _torch_kl(q.log(), p).sum(),
            "The direction is right, but the rows are added up, not averaged.",
        ),
        Wrong(
            "direction-and-sum",
            lambda p, q: _torch_kl(p.log(), q).sum(),
            "Two things: this is KL(q‖p), and the rows are added up, not averaged.",
        ),
        Wrong(
            "per-row",
            lambda p, q: _torch_kl(q.log(), p).sum(-1),
            "One KL for each row: well done so far. The question asks for their average.",
        ),
        Wrong(
            "terms",
            lambda p, q: _torch_kl(q.log(), p),
            "These are the single terms. One KL is the sum of a row; then average the rows.",
        ),
        *(
            Wrong(
                "no-log",
                solve,
                "`kl_div` expects the **log** of its first argument, and it does not complain "
                "about anything else.",
            )
            for solve in (
                lambda p, q: _torch_kl(q, p).sum(-1).mean(),
                lambda p, q: _torch_kl(q, p).mean(),
            )
        ),
        *(
            Wrong(
                "no-log-and-direction",
                solve,
                "Two things: `kl_div` expects the **log** of its first argument; and which side "
                "of the KL is the argument that it calls target?",
            )
            for solve in (
                lambda p, q: _torch_kl(p, q).sum(-1).mean(),
                lambda p, q: _torch_kl(p, q).mean(),
                lambda p, q: _torch_kl(p, q).sum(),
            )
        ),
        *(
            Wrong(
                "log-as-target",
                solve,
                "Your second argument, the target, is a log. `kl_div` expects log-probabilities "
                "first and plain probabilities second. And which of p and q is the target?",
            )
            for solve in (
                lambda p, q: _torch_kl(q.log(), p.log()).sum(-1).mean(),
                lambda p, q: _torch_kl(p.log(), q.log()).sum(-1).mean(),
                lambda p, q: _torch_kl(q.log(), p.log()).mean(),
                lambda p, q: _torch_kl(p.log(), q.log()).mean(),
            )
        ),
        *(
            Wrong(
                "target-not-log",
                solve,
                "You promised a log with `log_target=True`, but the target is a table of "
                "probabilities.",
            )
            for solve in (
                lambda p, q: (p.exp() * (p - q.log())).sum(-1).mean(),
                lambda p, q: (q.exp() * (q - p.log())).sum(-1).mean(),
                lambda p, q: (p.exp() * (p - q.log())).mean(),
            )
        ),
        *(
            Wrong(
                "softmax",
                solve,
                "p and q are probabilities already. Softmax expects scores.",
            )
            for solve in (
                lambda p, q: _torch_kl(q.log_softmax(-1), p).sum(-1).mean(),
                lambda p, q: _torch_kl(q.log_softmax(-1), p.softmax(-1)).sum(-1).mean(),
                lambda p, q: _torch_kl(p.log_softmax(-1), q).sum(-1).mean(),
                lambda p, q: _torch_kl(p.log_softmax(-1), q.softmax(-1)).sum(-1).mean(),
            )
        ),
        Wrong(
            "negative",
            lambda p, q: -_torch_kl(q.log(), p).sum(-1).mean(),
            "`kl_div` already has the right sign: it is never negative for probabilities.",
        ),
        Wrong(
            "over-columns",
            lambda p, q: _torch_kl(q.log(), p).sum() / p.shape[1],
            "You divided by the number of outcomes. Average over the rows of the batch.",
        ),
        Wrong(
            "cross-entropy",
            lambda p, q: -(p * q.log()).sum(-1).mean(),
            "That is the cross-entropy, the whole surprise. It is not 0 for p = q.",
        ),
        Wrong(
            "symmetrized",
            lambda p, q: (kl(p, q) + kl(q, p)).mean() / 2,
            "You averaged both directions. The question asks for one of them.",
        ),
        *(
            Wrong(
                "epsilon",
                lambda p, q, small=small: _torch_kl((q + small).log(), p).sum(-1).mean(),
                "The small number in the log changes the answer for a tiny q. The tables have no "
                "zeros: what do you guard against?",
            )
            for small in _SMALL[:8]
        ),
    ],
    hints=[
        "Try p = q: does it give 0? Then ½, ½ against 0.9, 0.1: by hand, KL(p‖q) = 0.5108.",
        "The documentation calls the arguments input and target. Under which one is the average?",
        "Look at the warning, and at the values that `reduction` may have.",
    ],
)


# ------------------------------------------------------------------ two ideas at once
def jensen_shannon(p, q):
    """distributions p, q [..., V] -> Jensen-Shannon divergence in nats, shape [...]."""
    m = (p + q) / 2
    kl_p = (torch.xlogy(p, p) - torch.xlogy(p, m)).sum(-1)
    kl_q = (torch.xlogy(q, q) - torch.xlogy(q, m)).sum(-1)
    return (kl_p + kl_q) / 2


JENSEN_SHANNON = CodeExercise(
    id="jensen_shannon",
    title="A divergence that never explodes",
    statement=(
        "The Jensen–Shannon divergence compares p and q with their even mixture m: it is the "
        "average of KL(p‖m) and KL(q‖m). Return it over the last axis, in nats. Zeros are allowed "
        "everywhere."
    ),
    level=2,
    reference=jensen_shannon,
    returns="a tensor of shape `[...]`, without the last axis",
    unit="nats",
    grad_args=(0, 1),
    observe=on_simplex,
    rtol=1e-9,
    atol=1e-12,
    cases=lambda g: [
        Case((vector(0.5, 0.5), vector(0.5, 0.5)), "p = q: nothing", smooth=False),
        Case((vector(1.0, 0.0), vector(0.0, 1.0)), "nothing in common: log 2", smooth=False),
        Case((vector(0.5, 0.5), vector(0.9, 0.1)), "a fair p, a biased q"),
        Case((vector(0.5, 0.5, 0.0), vector(0.0, 1.0, 0.0)), "zeros here, there, at both", False),
        Case(
            (
                matrix([1.0, 0.0, 0.0], [0.5, 0.25, 0.25]),
                matrix([0.0, 1.0, 0.0], [0.5, 0.25, 0.25]),
            ),
            "two rows of three outcomes: log 2, and nothing",
            smooth=False,
        ),
        Case((simplex(g, 3, 4), simplex(g, 3, 4)), "B = 3, V = 4"),
        Case((simplex(g, 3, 3), simplex(g, 3, 3)), "B = V = 3"),
        Case((simplex(g, 2, 3, 5), simplex(g, 2, 3, 5)), "[2, 3, 5]"),
        Case((vector(1e-30, 1.0), vector(1.0, 1e-30)), "tiny but not 0", smooth=False),
        Case((matrix([1.0]), matrix([1.0])), "a single outcome", smooth=False),
    ],
    kinds=[
        ("both are 0 somewhere", lambda p, q: bool(((p == 0) & (q == 0)).any())),
        ("there is a 0", lambda p, q: bool(((p == 0) | (q == 0)).any())),
    ],
    alternatives=[
        lambda p, q: entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2,
        lambda p, q: (
            (
                torch.where(p > 0, p * (2 * p / (p + q)).log(), 0.0)
                + torch.where(q > 0, q * (2 * q / (p + q)).log(), 0.0)
            ).sum(-1)
            / 2
        ),
    ],
    wrong=[
        *(
            Wrong(
                "not-averaged", solve, "You added the two KLs. The question asks for their average."
            )
            for solve in (
                lambda p, q: kl(p, (p + q) / 2) + kl(q, (p + q) / 2),
                lambda p, q: _naive(p, (p + q) / 2) + _naive(q, (p + q) / 2),
            )
        ),
        *(
            Wrong(
                "one-side",
                solve,
                "That is one of the two KLs, and it depends on the order of p and q. What makes "
                "the answer symmetric?",
            )
            for solve in (
                lambda p, q: _naive(p, (p + q) / 2),
                lambda p, q: kl(p, (p + q) / 2),
                lambda p, q: kl(q, (p + q) / 2),
                lambda p, q: kl(p, (p + q) / 2) / 2,
            )
        ),
        *(
            Wrong(
                "no-mixture",
                solve,
                "You compare p and q with each other: that is infinite as soon as one of them has "
                "a zero of its own. With whom should each be compared?",
            )
            for solve in (
                lambda p, q: (_naive(p, q) + _naive(q, p)) / 2,
                lambda p, q: _naive(p, q) + _naive(q, p),
                lambda p, q: (kl(p, q) + kl(q, p)) / 2,
                lambda p, q: kl(p, q) + kl(q, p),
            )
        ),
        *(
            Wrong(
                "reversed",
                solve,
                "Both KLs point the wrong way: averaged under the mixture, p and q may hold "
                "impossible what occurs.",
            )
            for solve in (
                lambda p, q: (kl((p + q) / 2, p) + kl((p + q) / 2, q)) / 2,
                lambda p, q: (_naive((p + q) / 2, p) + _naive((p + q) / 2, q)) / 2,
            )
        ),
        *(
            Wrong(
                "sum-as-mixture",
                solve,
                "p + q sums to 2: it is no distribution yet. What is missing?",
            )
            for solve in (
                lambda p, q: (_naive(p, p + q) + _naive(q, p + q)) / 2,
                lambda p, q: _naive(p, p + q) + _naive(q, p + q),
                lambda p, q: (kl(p, p + q) + kl(q, p + q)) / 2,
                lambda p, q: kl(p, p + q) + kl(q, p + q),
            )
        ),
        Wrong(
            "geometric-mixture",
            lambda p, q: (kl(p, (p * q).sqrt()) + kl(q, (p * q).sqrt())) / 2,
            "That is the geometric mean of p and q: it is 0 where either is, and does not sum to "
            "1. A mixture tosses a coin between p and q.",
        ),
        Wrong(
            "nan-at-zero",
            lambda p, q: (
                ((p * (2 * p / (p + q)).log()).sum(-1) + (q * (2 * q / (p + q)).log()).sum(-1)) / 2
            ),
            "The right formula, but a zero gives 0 · log 0, which is nan to the machine. Which "
            "function knows its limit?",
        ),
        Wrong(
            "nan-swallowed",
            lambda p, q: (
                (
                    (p * (2 * p / (p + q)).log()).sum(-1) + (q * (2 * q / (p + q)).log()).sum(-1)
                ).nan_to_num()
                / 2
            ),
            "Too late: the nan of one term has already swallowed the whole sum. Guard each term.",
        ),
        Wrong(
            "nan-at-both-zero",
            lambda p, q: (
                (
                    F.kl_div(((p + q) / 2).log(), p, reduction="none")
                    + F.kl_div(((p + q) / 2).log(), q, reduction="none")
                ).sum(-1)
                / 2
            ),
            "Nearly: where **both** are 0 the mixture is 0 as well, and `F.kl_div` multiplies 0 by "
            "infinity.",
        ),
        *(
            Wrong(
                "epsilon",
                lambda p, q, small=small: (
                    (
                        (p * ((p + small) / ((p + q) / 2 + small)).log()).sum(-1)
                        + (q * ((q + small) / ((p + q) / 2 + small)).log()).sum(-1)
                    )
                    / 2
                ),
                "The small number changes the answer a little, and it is not needed: which terms "
                "make the trouble, and what should they be?",
            )
            for small in _SMALL[:5]
        ),
        Wrong(
            "root",
            lambda p, q: jensen_shannon(p, q).clamp(min=0).sqrt(),
            "That is its square root, which is a distance indeed. The question asks for the "
            "divergence itself.",
        ),
        Wrong(
            "bits",
            lambda p, q: jensen_shannon(p, q) / LN2,
            "This is in bits. The question asks for nats.",
        ),
        Wrong(
            "mixture-entropy",
            lambda p, q: entropy((p + q) / 2),
            "That is the entropy of the mixture. For p = q it is not 0: what has to be taken off?",
        ),
        Wrong(
            "entropies-added",
            lambda p, q: entropy((p + q) / 2) - entropy(p) - entropy(q),
            "You took off both entropies in full. Each of p and q is only half of the mixture.",
        ),
        Wrong(
            "negative",
            lambda p, q: -jensen_shannon(p, q),
            "Yours is never positive. Which is larger on average under p, log p or log m?",
        ),
        Wrong(
            "mean",
            lambda p, q: jensen_shannon(p, q) / p.shape[-1],
            "You averaged over the outcomes. Their weights already make an average of the sum.",
        ),
        *(
            Wrong(
                "distance",
                solve,
                "That is a distance of two tables, without a log. What is KL the average of?",
            )
            for solve in (
                lambda p, q: (p - q).abs().sum(-1) / 2,
                lambda p, q: (p - q).abs().sum(-1),
            )
        ),
        Wrong(
            "wrong-axis",
            lambda p, q: (
                (
                    torch.xlogy(p, p)
                    + torch.xlogy(q, q)
                    - torch.xlogy(p, (p + q) / 2)
                    - torch.xlogy(q, (p + q) / 2)
                ).sum(0)
                / 2
            ),
            "You added up over the first axis. The outcomes run along the **last** one.",
        ),
        Wrong(
            "over-everything",
            lambda p, q: jensen_shannon(p, q).sum(),
            "You added up everything. Each row is a pair of distributions of its own.",
        ),
    ],
    hints=[
        "First the mixture. It must sum to 1.",
        "Then two KLs, each with the mixture as its second argument.",
        "Where p is 0, what does its term contribute? `torch` has a function that knows.",
    ],
)


def kl_chain_rule(p, q):
    """joint tables p, q [X, Y] -> KL of the marginals of x, average KL of the p(y | x), in nats."""
    p_x, q_x = p.sum(1), q.sum(1)
    marginal = (torch.xlogy(p_x, p_x) - torch.xlogy(p_x, q_x)).sum()
    joint = (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()
    return marginal, joint - marginal


def _joint(g, rows, columns):
    """Two random tables that sum to 1."""
    return tuple(simplex(g, rows * columns).view(rows, columns) for _ in range(2))


def _conditionals(p, axis=1):
    total = p.sum(axis, keepdim=True)
    return torch.where(total > 0, p / torch.where(total > 0, total, 1.0), 0.0)


def _rows(p, q):
    """KL(p(y | x) ‖ q(y | x)) for each x; 0 where x never occurs."""
    return kl(_conditionals(p), _conditionals(q))


def _divided_rows(p, q):
    """The same by plain division: nan where x never occurs."""
    return kl(p / p.sum(1, keepdim=True), q / q.sum(1, keepdim=True))


def _marginal(p, q):
    return kl(p.sum(1), q.sum(1))


KL_CHAIN_RULE = CodeExercise(
    id="kl_chain_rule",
    title="Split a KL in two",
    statement=(
        "`p` and `q` are joint tables, `p[x, y] = p(x, y)`; q has no zeros, p may have whole rows "
        "of them. KL(p‖q) is a sum of two parts: KL of the marginals of x, and the average over x "
        "of KL(p(y | x)‖q(y | x)). Return both, in nats."
    ),
    level=3,
    reference=kl_chain_rule,
    returns="two tensors without axes: the part of x, and the part of y given x",
    cases=lambda g: [
        Case(
            (
                matrix([0.25, 0.25], [0.25, 0.25]),
                matrix([0.35, 0.35], [0.15, 0.15]),
            ),
            "fair coins; q has another x, but the same y given x",
        ),
        Case(
            (
                matrix([0.5, 0.0], [0.0, 0.5]),
                matrix([0.25, 0.25], [0.25, 0.25]),
            ),
            "y copies x; q thinks they are independent: 0 and log 2",
        ),
        Case(
            (
                matrix([0.5, 0.5], [0.0, 0.0]),
                matrix([0.1, 0.4], [0.3, 0.2]),
            ),
            "the second x never occurs",
        ),
        Case(_joint(g, 3, 4), "X = 3, Y = 4"),
        Case(_joint(g, 4, 3), "X = 4, Y = 3"),
        Case(_joint(g, 3, 3), "X = Y = 3"),
        Case(_joint(g, 1, 5), "a single x: the first part is 0, up to rounding"),
        Case(_joint(g, 5, 1), "a single y: the second part is 0, up to rounding"),
        Case(
            (matrix([1e-30, 0.5], [0.0, 0.5]), matrix([0.5, 1e-20], [0.25, 0.25])),
            "tiny numbers",
        ),
    ],
    kinds=[("some x never occurs", lambda p, q: bool((p.sum(1) == 0).any()))],
    alternatives=[
        lambda p, q: (_marginal(p, q), (p.sum(1) * _rows(p, q)).sum()),
        lambda p, q: (
            kl(p.sum(1), q.sum(1)),
            torch.where(
                p > 0, p * ((p / p.sum(1, True)).log() - (q / q.sum(1, True)).log()), 0.0
            ).sum(),
        ),
    ],
    wrong=[
        *(
            Wrong(
                "weights-of-q",
                solve,
                "The rows are averaged with the weights of q. Whose x really occur?",
            )
            for solve in (
                lambda p, q: (_marginal(p, q), (q.sum(1) * _rows(p, q)).sum()),
                lambda p, q: (_marginal(p, q), (q.sum(1) * _divided_rows(p, q)).sum()),
            )
        ),
        *(
            Wrong(
                "rows-added",
                solve,
                "You added the KLs of all rows, as if every x occurred each time. How often does "
                "each occur?",
            )
            for solve in (
                lambda p, q: (_marginal(p, q), _rows(p, q).sum()),
                lambda p, q: (_marginal(p, q), _divided_rows(p, q).sum()),
            )
        ),
        *(
            Wrong(
                "rows-averaged",
                solve,
                "You averaged the rows as if all x were equally common. How often does each occur?",
            )
            for solve in (
                lambda p, q: (_marginal(p, q), _rows(p, q).mean()),
                lambda p, q: (_marginal(p, q), _divided_rows(p, q).mean()),
            )
        ),
        *(
            Wrong(
                "per-row",
                solve,
                "The second value is one KL for each x. Average them: with which weights?",
            )
            for solve in (
                lambda p, q: (_marginal(p, q), _rows(p, q)),
                lambda p, q: (_marginal(p, q), _divided_rows(p, q)),
            )
        ),
        Wrong(
            "weighted-rows",
            lambda p, q: (_marginal(p, q), p.sum(1) * _rows(p, q)),
            "The second value still has an axis. An average over x ends with a sum.",
        ),
        *(
            Wrong(
                "other-axis",
                solve,
                "You split it the other way: y first, then x given y. Which axis do you sum over "
                "to get rid of y?",
            )
            for solve in (
                lambda p, q: (kl(p.sum(0), q.sum(0)), (p.sum(0) * _divided_rows(p.T, q.T)).sum()),
                lambda p, q: kl_chain_rule(p.T, q.T),
                lambda p, q: (kl(p.sum(0), q.sum(0)), (p.sum(1) * _rows(p, q)).sum()),
                lambda p, q: (_marginal(p, q), kl_chain_rule(p.T, q.T)[1]),
            )
        ),
        Wrong(
            "marginal-of-y",
            lambda p, q: (_marginal(p, q), kl(p.sum(0), q.sum(0))),
            "The second value compares the **marginals** of y. What is asked for is y given x: "
            "does it matter how x and y hang together?",
        ),
        Wrong(
            "joint-as-conditional",
            lambda p, q: (_marginal(p, q), kl(p.flatten(), q.flatten())),
            "The second value is the KL of the whole tables. What does it contain beside the "
            "conditionals?",
        ),
        Wrong(
            "added-back",
            lambda p, q: (_marginal(p, q), kl(p.flatten(), q.flatten()) + _marginal(p, q)),
            "The parts add up to the whole. So what is the second part, given the whole and the "
            "first?",
        ),
        Wrong(
            "in-the-other-order",
            lambda p, q: kl_chain_rule(p, q)[::-1],
            "You return the two parts in the other order.",
        ),
        *(
            Wrong(
                "swapped",
                solve,
                "p and q are swapped: under whom is the average?",
            )
            for solve in (
                lambda p, q: kl_chain_rule(q, p),
                lambda p, q: (_marginal(q, p), kl_chain_rule(p, q)[1]),
                lambda p, q: (_marginal(p, q), (p.sum(1) * _rows(q, p)).sum()),
                lambda p, q: (_marginal(p, q), (q.sum(1) * _rows(q, p)).sum()),
            )
        ),
        *(
            Wrong(
                "nan-at-zero",
                solve,
                "The right formula, but where p is 0 it meets 0 · log 0 or 0/0, which is nan to "
                "the machine. What does an x that never occurs contribute?",
            )
            for solve in (
                lambda p, q: (
                    (p.sum(1) * (p.sum(1) / q.sum(1)).log()).sum(),
                    (p * ((p / p.sum(1, True)).log() - (q / q.sum(1, True)).log())).sum(),
                ),
                lambda p, q: (
                    _marginal(p, q),
                    (p * ((p / p.sum(1, True)).log() - (q / q.sum(1, True)).log())).sum(),
                ),
                lambda p, q: (
                    _marginal(p, q),
                    (p.sum(1) * kl(p / p.sum(1, True), q / q.sum(1, True))).sum(),
                ),
            )
        ),
        *(
            Wrong(
                "epsilon",
                solve,
                "A small number in the logs or below a line shifts the answer. Handle the terms "
                "with p = 0 instead.",
            )
            for small in _SMALL[:7]
            for solve in (
                lambda p, q, small=small: kl_chain_rule(p + small, q + small),
                lambda p, q, small=small: (
                    (p.sum(1) * ((p.sum(1) + small) / (q.sum(1) + small)).log()).sum(),
                    (
                        p
                        * (
                            (p / (p.sum(1, True) + small) + small).log()
                            - (q / (q.sum(1, True) + small) + small).log()
                        )
                    ).sum(),
                ),
            )
        ),
        *(
            Wrong(
                "not-conditioned",
                solve,
                "The rows of a joint table are no distributions: they do not sum to 1. What makes "
                "p(y | x) of p(x, y)?",
            )
            for solve in (
                lambda p, q: (_marginal(p, q), (p.sum(1) * kl(p, q)).sum()),
                lambda p, q: (_marginal(p, q), kl(p, q)),
            )
        ),
        Wrong(
            "softmax",
            lambda p, q: (
                _marginal(p, q),
                (p.sum(1) * kl(p.softmax(1), q.softmax(1))).sum(),
            ),
            "Softmax makes the rows sum to 1, but it distorts their ratios. Conditioning only "
            "rescales.",
        ),
        Wrong(
            "means-for-sums",
            lambda p, q: kl_chain_rule(p / p.shape[1], q / q.shape[1]),
            "You averaged over y. To get rid of y, its probabilities are added up.",
        ),
        Wrong(
            "mutual-information",
            lambda p, q: (
                _marginal(p, q),
                kl(p.flatten(), (p.sum(1, True) * p.sum(0, True)).flatten()),
            ),
            "The second value says how much x and y of p hang together. Where is q?",
        ),
        Wrong(
            "negative",
            lambda p, q: tuple(-part for part in kl_chain_rule(p, q)),
            "Both parts are KLs, or averages of them: can they be negative?",
        ),
        Wrong(
            "conditional-negative",
            lambda p, q: (_marginal(p, q), _marginal(p, q) - kl(p.flatten(), q.flatten())),
            "The second part is an average of KLs: can it be negative?",
        ),
        Wrong(
            "bits",
            lambda p, q: tuple(part / LN2 for part in kl_chain_rule(p, q)),
            "This is in bits. The question asks for nats.",
        ),
        Wrong(
            "cross-entropies",
            lambda p, q: (
                -torch.xlogy(p.sum(1), q.sum(1)).sum(),
                -torch.xlogy(p, _conditionals(q)).sum(),
            ),
            "These are cross-entropies. Which part of the surprise could nobody avoid?",
        ),
    ],
    hints=[
        "The log of p(x, y)/q(x, y) splits into two logs. Average each under p.",
        "The second average runs over pairs (x, y) of p: how often does each row count?",
        "You may compute one part and the whole: what does that leave for the other part?",
    ],
    equivalents={
        "p_x, q_x = (p.sum(-1), q.sum(1))": "of two axes, 1 is the last",
        "p_x, q_x = (p.sum(1), q.sum(-1))": "of two axes, 1 is the last",
    },
)


EXERCISES = [
    EXTRA_SURPRISE,
    KL_SUPPORT,
    KL_CATEGORICAL,
    GAUSSIAN_SYMMETRY,
    KL_TWO_GAUSSIANS,
    KL_TRIANGLE,
    MODE_SEEKING,
    FORWARD_FIT_SD,
    KL_MONTE_CARLO,
    NEGATIVE_ESTIMATE,
    K3_VARIANCE,
    KL_FROM_TORCH,
    JENSEN_SHANNON,
    KL_CHAIN_RULE,
]
