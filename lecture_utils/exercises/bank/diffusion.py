"""Exercises of the chapter on the bridge to diffusion and flow matching."""

from __future__ import annotations

import math

import torch

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
from ._tools import matrix, normal, uniform, vector

NUMBER = 11


def _sigmoid(z):
    return 1 / (1 + math.exp(-z))


# ------------------------------------------------------------------ the noise schedule
DATA_SHARE = NumberExercise(
    id="data_share",
    title="Predict: what is left of the data",
    statement=(
        "The data have variance 1. Three steps x_t = √(1 − β_t) x_{t−1} + √β_t ε, each with fresh "
        "standard normal ε, have β = 0.1, 0.2 and 0.5. What share of the variance of x₃ still "
        "comes from the data?"
    ),
    truth=0.36,
    written="0.36",
    because=(
        "Each step keeps the share 1 − β of what was there: 0.9 · 0.8 · 0.5. This product is "
        "called ᾱ₃. The total variance stays 1, so the noise has 0.64 of it."
    ),
    rtol=0.005,
    wrong=[
        WrongNumber(
            0.2,
            "subtracted",
            "You subtracted the three shares of noise from 1. But the second step takes its share "
            "of what the first one **left**.",
        ),
        WrongNumber(
            0.64,
            "noise-share",
            "That is the share of the noise.",
        ),
        WrongNumber(
            0.6,
            "standard-deviation",
            "That is the factor in front of the data, on the scale of standard deviations. The "
            "question asks for a share of the **variance**.",
        ),
        WrongNumber(
            0.01,
            "product-of-betas",
            "You multiplied the shares of noise. Which share survives a step?",
        ),
        WrongNumber(
            0.99,
            "complement-of-product",
            "You multiplied the shares of noise and took the rest. That would be noise that is "
            "noise in all three steps. What survives one step?",
        ),
        WrongNumber(
            0.8,
            "sum-of-betas",
            "You added the shares of noise. Later steps dilute the earlier noise as well as the "
            "data. (Or you looked at step 2 alone.)",
        ),
        WrongNumber(
            0.5,
            "last-step",
            "That is what the last step leaves of x₂. How much of x₂ was data?",
        ),
        WrongNumber(
            0.9,
            "first-step",
            "That is what the first step leaves. There are two more.",
        ),
        WrongNumber(
            0.72,
            "two-steps",
            "That is the share in x₂. There is one more step.",
        ),
        WrongNumber(
            0.4,
            "first-step-missing",
            "That is what the last two steps leave of x₁. How much of x₁ was data?",
        ),
        WrongNumber(
            36,
            "percent",
            "The right number, but as a percentage: a share lies between 0 and 1.",
        ),
        WrongNumber(
            2.2 / 3,
            "average",
            "You averaged what the steps keep. They act one after the other.",
        ),
        WrongNumber(
            0.1296,
            "squared",
            "You squared once too often: √(1 − β) is the factor of x, so what is the factor of its "
            "variance?",
        ),
    ],
    hints=[
        "After the first step: how much of the variance is data, how much is noise?",
        "A factor √(1 − β) in front of x is which factor in front of its variance? And after three "
        "steps?",
    ],
)


def alpha_bars(beta):
    """shares of noise beta [T], of the steps 1 ... T -> alpha_bar [T]: the share of data left."""
    return (1 - beta).cumprod(0)


ALPHA_BARS = CodeExercise(
    id="alpha_bars",
    title="The share of data after every step",
    statement=(
        "The data have variance 1. Step t keeps the share 1 − β_t of the variance and fills up "
        "with noise. `beta` holds β₁ … β_T, each at least 0 and below 1. Return ᾱ₁ … ᾱ_T, the "
        "shares of the variance that are still data after each step."
    ),
    reference=alpha_bars,
    returns="a tensor of shape `[T]`",
    grad_args=(0,),
    cases=lambda g: [
        Case((vector(0.1, 0.2, 0.5),), "three steps: 0.9, 0.72, 0.36"),
        Case((vector(0.5, 0.5),), "two steps that each keep one half"),
        Case((vector(0.3),), "a single step"),
        Case((vector(0.0, 0.75, 0.0, 0.5),), "steps that add nothing"),
        Case((uniform(g, 10, low=0.01, high=0.9),), "ten random steps"),
        Case((torch.linspace(0.1, 20, 100, dtype=torch.float64) / 1000,), "100 small steps"),
        Case((vector(1e-9, 1e-6, 0.999, 0.999),), "tiny and huge steps"),
    ],
    alternatives=[
        lambda beta: torch.cumprod(1 - beta, dim=0),
        lambda beta: (-beta).log1p().cumsum(0).exp(),
        lambda beta: torch.stack([(1 - beta[: t + 1]).prod() for t in range(len(beta))]),
    ],
    wrong=[
        Wrong(
            "product-of-betas",
            lambda beta: beta.cumprod(0),
            "You multiplied the shares of **noise**. What does one step keep?",
        ),
        Wrong(
            "complement-of-product",
            lambda beta: 1 - beta.cumprod(0),
            "You multiplied the shares of noise and took the rest. Data survive only if **every** "
            "step lets them through.",
        ),
        *(
            Wrong(
                "subtracted",
                solve,
                "You subtract all shares of noise from 1, and with many steps you would fall below "
                "0. A step takes its share of what is **left**.",
            )
            for solve in (
                lambda beta: 1 - beta.cumsum(0),
                lambda beta: (1 - beta.cumsum(0)).clamp(min=0),
            )
        ),
        Wrong(
            "sum",
            lambda beta: (1 - beta).cumsum(0),
            "You added what the steps keep: that soon exceeds 1. They act one after the other.",
        ),
        Wrong(
            "one-step",
            lambda beta: 1 - beta,
            "That is what each step keeps of the one before. How much of **that** was data?",
        ),
        Wrong(
            "betas",
            lambda beta: beta.clone(),
            "These are the shares of noise that each step adds, as given.",
        ),
        Wrong(
            "noise-share",
            lambda beta: 1 - (1 - beta).cumprod(0),
            "That is the share of the noise: it grows. Which share falls from step to step?",
        ),
        Wrong(
            "roots",
            lambda beta: (1 - beta).sqrt().cumprod(0),
            "That is the factor in front of the data. Its share of the **variance** is asked for.",
        ),
        Wrong(
            "squares",
            lambda beta: (1 - beta).square().cumprod(0),
            "You squared what each step keeps. 1 − β already is a share of the variance.",
        ),
        Wrong(
            "small-step-limit",
            lambda beta: (-beta.cumsum(0)).exp(),
            "A good approximation for tiny steps, the limit of infinitely many. These steps are "
            "not all tiny.",
        ),
        Wrong(
            "late",
            lambda beta: torch.cat([torch.ones_like(beta[:1]), (1 - beta).cumprod(0)[:-1]]),
            "Your list is one step late: it starts with 1, before any noise. Entry t belongs "
            "**after** step t.",
        ),
        Wrong(
            "from-0",
            lambda beta: torch.cat([torch.ones_like(beta[:1]), (1 - beta).cumprod(0)]),
            "You also list the time before the first step. The question asks for T entries.",
        ),
        *(
            Wrong(
                "total",
                solve,
                "That is the share after the **last** step alone. One entry for each step is asked "
                "for. (In a loop with `*=` a list holds one tensor many times.)",
            )
            for solve in (
                lambda beta: (1 - beta).prod(),
                lambda beta: (1 - beta).prod().expand(len(beta)).clone(),
            )
        ),
        Wrong(
            "backward",
            lambda beta: (1 - beta).flip(0).cumprod(0).flip(0),
            "You started from the last step. Which steps has x_t gone through?",
        ),
        Wrong(
            "power",
            lambda beta: (1 - beta) ** torch.arange(1, len(beta) + 1),
            "You raise each step to its number, as if all steps before it were like it. They may "
            "all differ.",
        ),
        Wrong(
            "logs",
            lambda beta: (1 - beta).log().cumsum(0),
            "That is log ᾱ. Undo the log.",
        ),
        Wrong(
            "average",
            lambda beta: (1 - beta).cumsum(0) / torch.arange(1, len(beta) + 1),
            "You averaged what the steps keep. They act one after the other.",
        ),
        Wrong(
            "upside-down",
            lambda beta: (1 - beta).cumprod(0).flip(0),
            "The right numbers in the wrong order: the share of data falls from step to step.",
        ),
        Wrong(
            "growing",
            lambda beta: (1 + beta).cumprod(0),
            "Your share grows beyond 1. Does noise add to the data or take from them?",
        ),
        Wrong(
            "two-steps-only",
            lambda beta: (1 - beta) * torch.cat([torch.ones_like(beta[:1]), 1 - beta[:-1]]),
            "You multiply each step by the one before it. And the ones before that?",
        ),
        Wrong(
            "squared-noise",
            lambda beta: (1 - beta**2).cumprod(0),
            "You squared β. It already is a share of the variance.",
        ),
        Wrong(
            "first-step-skipped",
            lambda beta: torch.cat([torch.ones_like(beta[:1]), (1 - beta[1:]).cumprod(0)]),
            "Your first entry is 1, as if the first step added no noise. What is left **after** "
            "it?",
        ),
    ],
    hints=[
        "What is ᾱ₁? And if step 2 keeps the share 1 − β₂ of x₁, what is ᾱ₂?",
        "`torch` has a function for running products, next to the one for running sums.",
    ],
    equivalents={
        "return (1 - beta).cumprod(-1)": "of one axis, −1 is 0",
    },
)


# ------------------------------------------------------------------ noising in one shot
def add_noise(data, noise, alpha_bar):
    """data, noise [B, D] and alpha_bar [B] -> x_t [B, D], all steps up to t in one."""
    share = alpha_bar[:, None]
    return share.sqrt() * data + (1 - share).sqrt() * noise


def _noising_cases(g):
    return [
        Case((matrix([2.0]), matrix([1.0]), vector(0.64)), "0.8 times the data, 0.6 times noise"),
        Case(
            (matrix([1.0, 1.0], [1.0, 1.0]), matrix([0.0, 1.0], [0.0, 1.0]), vector(0.64, 0.36)),
            "two points at two different times",
        ),
        Case(
            (matrix([3.0, -4.0], [3.0, -4.0]), matrix([1.0, 2.0], [1.0, 2.0]), vector(1.0, 0.0)),
            "ᾱ = 1 (no noise yet) and ᾱ = 0 (nothing else)",
        ),
        Case((normal(g, 4, 3), normal(g, 4, 3), uniform(g, 4)), "B = 4, D = 3"),
        Case((normal(g, 3, 3), normal(g, 3, 3), uniform(g, 3)), "B = D = 3"),
        Case((normal(g, 1, 6), normal(g, 1, 6), vector(0.1)), "a single point"),
        Case((normal(g, 5, 1), normal(g, 5, 1), uniform(g, 5)), "one dimension"),
        Case((normal(g, 2, 4, scale=1000.0), normal(g, 2, 4), vector(1e-6, 0.999999)), "far out"),
    ]


ADD_NOISE = CodeExercise(
    id="add_noise",
    title="All the noise in one shot",
    statement=(
        "After t small steps, x_t given the data is normal: its mean is √ᾱ_t times the data, its "
        "variance 1 − ᾱ_t. Make x_t from `data` by **adding** standard normal `noise`, scaled. "
        "Each example has an ᾱ of its own. (In diffusion x₀ is the **data**.)"
    ),
    reference=add_noise,
    returns="a tensor of shape `[B, D]`",
    grad_args=(0, 1),
    cases=_noising_cases,
    alternatives=[
        lambda data, noise, alpha_bar: (
            torch.einsum("b,bd->bd", alpha_bar.sqrt(), data)
            + torch.einsum("b,bd->bd", (1 - alpha_bar).sqrt(), noise)
        ),
        lambda data, noise, alpha_bar: (
            alpha_bar.sqrt().diag() @ data + (1 - alpha_bar).sqrt().diag() @ noise
        ),
    ],
    wrong=[
        Wrong(
            "no-roots",
            lambda data, noise, alpha_bar: (
                alpha_bar[:, None] * data + (1 - alpha_bar[:, None]) * noise
            ),
            "ᾱ and 1 − ᾱ are shares of the **variance**. What happens to a variance when you "
            "multiply a variable by c?",
        ),
        Wrong(
            "noise-variance",
            lambda data, noise, alpha_bar: (
                alpha_bar[:, None].sqrt() * data + (1 - alpha_bar[:, None]) * noise
            ),
            "The mean is right. You scaled the noise by its variance. Which power of the scale is "
            "the variance?",
        ),
        Wrong(
            "data-without-root",
            lambda data, noise, alpha_bar: (
                alpha_bar[:, None] * data + (1 - alpha_bar[:, None]).sqrt() * noise
            ),
            "The noise is right, but your data shrink too fast. Read the mean once more.",
        ),
        Wrong(
            "complement-of-root",
            lambda data, noise, alpha_bar: (
                alpha_bar[:, None].sqrt() * data + (1 - alpha_bar[:, None].sqrt()) * noise
            ),
            "Your two factors add up to 1. What must add up to 1 for the **variance** to stay 1?",
        ),
        Wrong(
            "squares",
            lambda data, noise, alpha_bar: (
                alpha_bar[:, None] * data + (1 - alpha_bar[:, None] ** 2).sqrt() * noise
            ),
            "Consistent, if ᾱ were the factor of the data. It is the data's share of the variance.",
        ),
        Wrong(
            "swapped",
            lambda data, noise, alpha_bar: (
                (1 - alpha_bar[:, None]).sqrt() * data + alpha_bar[:, None].sqrt() * noise
            ),
            "Data and noise have changed places: with ᾱ = 1 you get pure noise.",
        ),
        Wrong(
            "swapped-without-roots",
            lambda data, noise, alpha_bar: (
                (1 - alpha_bar[:, None]) * data + alpha_bar[:, None] * noise
            ),
            "With ᾱ = 1 this is pure noise, and the shares are those of variances, not factors. "
            "Two things to think about.",
        ),
        Wrong(
            "data-not-shrunk",
            lambda data, noise, alpha_bar: data + (1 - alpha_bar[:, None]).sqrt() * noise,
            "You add noise to the full data, so x_t grows wider and wider. In this process the "
            "data shrink as the noise comes in.",
        ),
        Wrong(
            "full-noise",
            lambda data, noise, alpha_bar: alpha_bar[:, None].sqrt() * data + noise,
            "The noise always comes in full strength here, even with ᾱ = 1.",
        ),
        Wrong(
            "noise-subtracted",
            lambda data, noise, alpha_bar: (
                alpha_bar[:, None].sqrt() * data - (1 - alpha_bar[:, None]).sqrt() * noise
            ),
            "You subtract the noise. As a distribution that is the same, but a network that learns "
            "to predict `noise` would learn the wrong sign.",
        ),
        *(
            Wrong(
                "wrong-axis",
                solve,
                "Your ᾱ runs along the dimensions: `[B]` beside `[B, D]` lines up with the "
                "**last** axis. ᾱ belongs to the examples.",
            )
            for solve in (
                lambda data, noise, alpha_bar: (
                    alpha_bar.sqrt() * data + (1 - alpha_bar).sqrt() * noise
                ),
                lambda data, noise, alpha_bar: (
                    alpha_bar[None].sqrt() * data + (1 - alpha_bar[None]).sqrt() * noise
                ),
            )
        ),
        Wrong(
            "one-for-all",
            lambda data, noise, alpha_bar: (
                alpha_bar[0].sqrt() * data + (1 - alpha_bar[0]).sqrt() * noise
            ),
            "All examples get the ᾱ of the first one. Each has a time of its own.",
        ),
        Wrong(
            "average-time",
            lambda data, noise, alpha_bar: (
                alpha_bar.mean().sqrt() * data + (1 - alpha_bar.mean()).sqrt() * noise
            ),
            "All examples share an average ᾱ. Each has a time of its own.",
        ),
        Wrong(
            "mean-only",
            lambda data, noise, alpha_bar: alpha_bar[:, None].sqrt() * data,
            "That is the mean of x_t. And the noise?",
        ),
        Wrong(
            "roots-of-everything",
            lambda data, noise, alpha_bar: (
                (alpha_bar[:, None] * data.square() + (1 - alpha_bar[:, None]) * noise.square())
                .clamp(min=0)
                .sqrt()
            ),
            "Variances add under the root, values do not: x_t has a sign.",
        ),
        Wrong(
            OWN_DICE,
            lambda data, noise, alpha_bar: (
                alpha_bar[:, None].sqrt() * data
                + (1 - alpha_bar[:, None]).sqrt() * torch.randn_like(data)
            ),
            "You roll your own dice. Use `noise`: the network will be asked for exactly that.",
        ),
        Wrong(
            "root-twice",
            lambda data, noise, alpha_bar: (
                alpha_bar[:, None] ** 0.25 * data + (1 - alpha_bar[:, None].sqrt()).sqrt() * noise
            ),
            "One root too many: `alpha_bar` is the share of the variance, and the factor is its "
            "root.",
        ),
        Wrong(
            "noise-only",
            lambda data, noise, alpha_bar: (1 - alpha_bar[:, None]).sqrt() * noise,
            "That is the noise in x_t. And what is left of the data?",
        ),
        Wrong(
            "sum-shrunk",
            lambda data, noise, alpha_bar: alpha_bar[:, None].sqrt() * (data + noise),
            "You shrink data and noise alike. While the data fade, what should the noise do?",
        ),
        Wrong(
            "half-half",
            lambda data, noise, alpha_bar: (data + noise) / 2,
            "You mix half and half at every time. What is `alpha_bar` for?",
        ),
        Wrong(
            "clamped",
            lambda data, noise, alpha_bar: (
                alpha_bar[:, None].sqrt() * data + (1 - alpha_bar[:, None]).sqrt() * noise
            ).clamp(-1, 1),
            "You clamp x_t. Then it is no longer normal; nothing bounds noise.",
        ),
        Wrong(
            "unscaled-sum",
            lambda data, noise, alpha_bar: data + noise,
            "You add data and noise as they are. Where does ᾱ come in?",
        ),
        Wrong(
            "noise-missing",
            lambda data, noise, alpha_bar: (
                alpha_bar[:, None].sqrt() * data + (1 - alpha_bar[:, None]).sqrt()
            ),
            "You add the standard deviation, the same number for all coordinates. Where is "
            "`noise`?",
        ),
        Wrong(
            "multiplied-again",
            lambda data, noise, alpha_bar: (
                (share := alpha_bar.cumprod(0)[:, None]).sqrt() * data + (1 - share).sqrt() * noise
            ),
            "You multiply the ᾱ of the examples. They belong to different examples, and each is "
            "the product of its steps already.",
        ),
    ],
    hints=[
        "A normal variable with mean m and variance v, from a standard normal one: how?",
        "`alpha_bar` has shape [B]. Which shape lets it multiply the rows of `[B, D]`?",
    ],
)


def log_snr(alpha_bar):
    """alpha_bar [...], above 0 and below 1 -> log of the signal-to-noise ratio, shape [...]."""
    return alpha_bar.log() - (-alpha_bar).log1p()


LOG_SNR = CodeExercise(
    id="log_snr",
    title="How much signal is left?",
    statement=(
        "x_t = √ᾱ data + √(1 − ᾱ) noise, both of variance 1. Its signal-to-noise ratio is the "
        "**variance** of the data part over that of the noise part. Return its natural logarithm, "
        "for 0 < ᾱ < 1."
    ),
    reference=log_snr,
    returns="a tensor of the shape of `alpha_bar`",
    grad_args=(0,),
    cases=lambda g: [
        Case((vector(0.5),), "as much data as noise: 0"),
        Case((vector(0.8, 0.2),), "4 to 1 and 1 to 4"),
        Case((uniform(g, 4, low=0.01, high=0.99),), "four times"),
        Case((uniform(g, 2, 3, low=0.01, high=0.99),), "shape [2, 3]"),
        Case((vector(1e-4, 1e-8, 0.9999),), "hardly any data, or hardly any noise"),
        Case((torch.tensor(0.3, dtype=torch.float64),), "a number without axes"),
    ],
    alternatives=[
        lambda alpha_bar: torch.logit(alpha_bar),
        lambda alpha_bar: (alpha_bar / (1 - alpha_bar)).log(),
        lambda alpha_bar: -(1 / alpha_bar - 1).log(),
    ],
    wrong=[
        Wrong(
            "not-log",
            lambda alpha_bar: alpha_bar / (1 - alpha_bar),
            "That is the ratio itself. The question asks for its log.",
        ),
        Wrong(
            "amplitudes",
            lambda alpha_bar: 0.5 * (alpha_bar.log() - (-alpha_bar).log1p()),
            "You compared the factors √ᾱ and √(1 − ᾱ). The ratio is one of **variances**.",
        ),
        Wrong(
            "squared",
            lambda alpha_bar: 2 * (alpha_bar.log() - (-alpha_bar).log1p()),
            "You squared ᾱ and 1 − ᾱ. They already are variances.",
        ),
        Wrong(
            "noise-to-signal",
            lambda alpha_bar: (-alpha_bar).log1p() - alpha_bar.log(),
            "That is noise over signal. Should it rise or fall while the data vanish?",
        ),
        Wrong(
            "signal-only",
            lambda alpha_bar: alpha_bar.log(),
            "That is the log of the signal's variance. And the noise?",
        ),
        Wrong(
            "total-to-noise",
            lambda alpha_bar: -(-alpha_bar).log1p(),
            "That compares the whole variance, 1, with the noise. What belongs above the line?",
        ),
        Wrong(
            "noise-only",
            lambda alpha_bar: (-alpha_bar).log1p(),
            "That is the log of the noise's variance. And the signal?",
        ),
        Wrong(
            "product",
            lambda alpha_bar: alpha_bar.log() + (-alpha_bar).log1p(),
            "You multiplied signal and noise. What does the log of a **ratio** become?",
        ),
        Wrong(
            "ratio-of-logs",
            lambda alpha_bar: alpha_bar.log() / (1 - alpha_bar).log(),
            "You divided the logs. The question asks for the log of the ratio.",
        ),
        Wrong(
            "base-10",
            lambda alpha_bar: torch.log10(alpha_bar / (1 - alpha_bar)),
            "That is the logarithm with base 10. The natural one is asked for.",
        ),
        Wrong(
            "decibel",
            lambda alpha_bar: 10 * torch.log10(alpha_bar / (1 - alpha_bar)),
            "That is in decibels. The natural logarithm is asked for.",
        ),
        Wrong(
            "base-2",
            lambda alpha_bar: torch.log2(alpha_bar / (1 - alpha_bar)),
            "That is the logarithm with base 2. The natural one is asked for.",
        ),
        Wrong(
            "difference",
            lambda alpha_bar: 2 * alpha_bar - 1,
            "You subtracted the variances. A ratio divides them.",
        ),
        Wrong(
            "epsilon",
            lambda alpha_bar: (alpha_bar / (1 - alpha_bar) + 1e-5).log(),
            "The small number swamps a weak signal: with ᾱ = 10⁻⁸ it is all that you see. Nothing "
            "is 0 here, so what does it protect?",
        ),
        Wrong(
            "squashed",
            lambda alpha_bar: torch.sigmoid(alpha_bar / (1 - alpha_bar)),
            "Sigmoid takes a log-odds to a probability. You need the way back.",
        ),
        Wrong(
            "half-log",
            lambda alpha_bar: alpha_bar.log() - (1 - alpha_bar),
            "One of the two variances has not got its log.",
        ),
        Wrong(
            "one-root",
            lambda alpha_bar: (alpha_bar.sqrt() / (1 - alpha_bar)).log(),
            "You compare a factor with a variance. Take the variances of both parts.",
        ),
        Wrong(
            "without-sign",
            lambda alpha_bar: (alpha_bar / (1 - alpha_bar)).log().abs(),
            "You dropped the sign. What does it mean if there is less signal than noise?",
        ),
        Wrong(
            "clamped",
            lambda alpha_bar: (alpha_bar / (1 - alpha_bar)).clamp(1e-3, 1e3).log(),
            "You limit the ratio. Very weak and very strong signals are exactly what the log is "
            "for.",
        ),
        Wrong(
            "one-root",
            lambda alpha_bar: (alpha_bar / (1 - alpha_bar).sqrt()).log(),
            "Above the line is a variance, below a standard deviation. Both should be variances.",
        ),
        Wrong(
            "not-log-of-amplitudes",
            lambda alpha_bar: (alpha_bar / (1 - alpha_bar)).sqrt(),
            "That is the ratio of the factors √ᾱ and √(1 − ᾱ). The log of the ratio of "
            "**variances** is asked for.",
        ),
        Wrong(
            "log-of-half",
            lambda alpha_bar: alpha_bar.log() / (1 - alpha_bar),
            "Your log holds ᾱ alone, and is then divided. Mind the parentheses: the log is that of "
            "the whole ratio.",
        ),
        *(
            Wrong(
                "epsilon",
                lambda alpha_bar, e=e: (alpha_bar / (1 - alpha_bar) + e).log(),
                "You add a small number in the log. Here ᾱ is above 0: nothing needs protecting, "
                "and where there is little signal your result is off.",
            )
            for e in (1e-6, 1e-8)
        ),
    ],
    hints=[
        "What are the variances of √ᾱ data and of √(1 − ᾱ) noise?",
        "The log of a ratio is a difference of logs.",
    ],
)


# ------------------------------------------------------------------ back to the data
BEST_GUESS = NumberExercise(
    id="best_guess",
    title="Predict: the best guess for the data",
    statement=(
        "The data are N(0, 1), and x_t = 0.8 · data + 0.6 · noise, with independent noise ~ N(0, "
        "1). You see x_t = 2. What is E[data | x_t], the guess with the least squared error?"
    ),
    truth=1.6,
    written="1.6",
    because=(
        "x_t has variance 1 and covariance 0.8 with the data, so the guess is 0.8 · 2. A large x_t "
        "is partly luck of the noise: E[noise | x_t] = 1.2, and 0.8 · 1.6 + 0.6 · 1.2 = 2."
    ),
    level=2,
    rtol=0.01,
    wrong=[
        WrongNumber(
            2.5,
            "no-noise",
            "You divided by 0.8, as if there had been no noise. Is it likely that all of a large "
            "x_t comes from the data?",
        ),
        WrongNumber(
            2,
            "itself",
            "You take x_t for the data. It is shrunk data plus noise: which of the two makes it "
            "large?",
        ),
        WrongNumber(
            1.28,
            "variance-share",
            "You multiplied by the data's share of the variance, 0.64. That tells how much of x_t "
            "is 0.8 · data; what is then the data?",
        ),
        WrongNumber(
            1.2,
            "noise",
            "That is E[noise | x_t]. The question asks for the data.",
        ),
        WrongNumber(
            0,
            "prior",
            "That is the guess before you see x_t. What does a large x_t tell?",
        ),
        WrongNumber(
            0.72,
            "noise-share",
            "You multiplied by 0.36, the noise's share of the variance.",
        ),
        WrongNumber(
            1,
            "half",
            "You took half of x_t. How strong are data and noise in it?",
        ),
        WrongNumber(
            3.125,
            "divided-by-share",
            "You divided by the data's share of the variance. Does that pull the guess toward what "
            "is likely beforehand?",
        ),
        WrongNumber(
            1.75,
            "noise-of-1",
            "You solved for the data with a noise of 1. Given x_t = 2, the noise is not 1 on "
            "average.",
        ),
        WrongNumber(
            1.4,
            "deviation-subtracted",
            "You took 0.6 away from x_t (or added the two factors). How much of x_t is noise on "
            "average, given that it is 2? And the data were shrunk.",
        ),
        WrongNumber(
            2 / 1.36,
            "data-not-shrunk",
            "That is right for x_t = data + 0.6 · noise. Here the data are shrunk first.",
        ),
        WrongNumber(
            1.6 / 1.4,
            "shares-of-deviations",
            "You shared x_t out by the standard deviations 0.8 and 0.6. Which shares add up to "
            "the whole?",
        ),
    ],
    hints=[
        "Data and x_t are jointly normal. What are the variance of x_t and its covariance with the "
        "data?",
        "The guess is c · x_t. Its error, data − c · x_t, must not be correlated with x_t any "
        "more: which c does that?",
    ],
)

WHICH_POINT = NumberExercise(
    id="which_point",
    title="Predict: where did this come from?",
    statement=(
        "The data are 1 or −1, with probability ½ each. x_t = 0.8 · data + 0.6 · noise, with "
        "independent noise ~ N(0, 1). You see x_t = 0.45. What is the probability that the data "
        "point was 1?"
    ),
    truth=_sigmoid(2),
    written="1/(1+exp(-2))",
    because=(
        "Two bumps at ±0.8 with variance 0.36: the log of the odds is 2 · 0.8 · 0.45 / 0.36 = 2, "
        "so 0.881. The best guess for the data is then 0.762, a point at which no data are."
    ),
    level=2,
    probability=True,
    rtol=0.005,
    wrong=[
        WrongNumber(
            0.5,
            "prior",
            "That is the prior. 0.45 is nearer to which of the two bumps?",
        ),
        WrongNumber(
            1,
            "nearest",
            "The nearer bump is more likely, but the other one reaches here, too.",
        ),
        WrongNumber(
            _sigmoid(-2),
            "other-one",
            "That is the probability of −1.",
        ),
        WrongNumber(
            0.12,
            "other-one",
            "That is the probability of −1.",
        ),
        WrongNumber(
            math.tanh(1),
            "mean",
            "That is E[data | x_t], the best guess for the data. The question asks for a "
            "probability.",
        ),
        WrongNumber(
            _sigmoid(1),
            "half-log-odds",
            "Your log of the odds is too small. Write the squared distances to both bumps, and "
            "subtract: what becomes of the mixed terms?",
        ),
        WrongNumber(
            _sigmoid(4),
            "no-half",
            "Your log of the odds is too large. Look at the exponent of a Gaussian once more.",
        ),
        WrongNumber(
            _sigmoid(1.2),
            "std-as-variance",
            "You divided by 0.6. Is the variance of the noise part 0.6?",
        ),
        WrongNumber(
            _sigmoid(2.5),
            "bumps-not-shrunk",
            "You put the bumps at ±1. Where is x_t when there is no noise?",
        ),
        WrongNumber(
            _sigmoid(0.72),
            "variance-1",
            "You gave the noise part variance 1. It has been scaled.",
        ),
        WrongNumber(
            math.exp(2),
            "odds",
            "Those are the odds. Which probability has these odds?",
        ),
        WrongNumber(
            2,
            "log-odds",
            "That is the log of the odds. Which probability belongs to it?",
        ),
        WrongNumber(
            math.exp(-0.5 * (0.35 / 0.6) ** 2),
            "likelihood",
            "That is how likely 0.45 is for the bump of 1, up to a factor. How likely is it for "
            "the other one?",
        ),
        WrongNumber(
            0.725,
            "linear",
            "You took the position between −1 and 1. How fast does a Gaussian fall off?",
        ),
        WrongNumber(
            1.25 / 1.6,
            "linear",
            "You took the position between the two bumps. How fast does a Gaussian fall off?",
        ),
    ],
    hints=[
        "Given the data point, x_t is normal. What are its mean and variance?",
        "Bayes with equal priors: the ratio of the two densities at 0.45 is the odds.",
    ],
)


def data_from_noise(x_t, noise, alpha_bar):
    """x_t and predicted noise [B, D], alpha_bar [B] -> the guess for the data, shape [B, D]."""
    share = alpha_bar[:, None]
    return (x_t - (1 - share).sqrt() * noise) / share.sqrt()


def _denoising_cases(g):
    return [
        Case((matrix([2.0]), matrix([1.0]), vector(0.64)), "x_t = 2, noise 1: 0.8 · data is 1.4"),
        Case(
            (matrix([1.0, 1.0], [1.0, 1.0]), matrix([0.0, 1.0], [0.0, 1.0]), vector(0.64, 0.36)),
            "two points at two different times",
        ),
        Case((matrix([3.0, -4.0]), matrix([1.0, 2.0]), vector(1.0)), "ᾱ = 1: x_t is the data"),
        Case((normal(g, 4, 3), normal(g, 4, 3), uniform(g, 4, low=0.05)), "B = 4, D = 3"),
        Case((normal(g, 3, 3), normal(g, 3, 3), uniform(g, 3, low=0.05)), "B = D = 3"),
        Case((normal(g, 1, 6), normal(g, 1, 6), vector(0.1)), "a single point"),
        Case((normal(g, 5, 1), normal(g, 5, 1), uniform(g, 5, low=0.05)), "one dimension"),
        Case(
            (normal(g, 2, 4, scale=1000.0), normal(g, 2, 4), vector(1e-4, 0.9999)),
            "far out, with hardly any data or hardly any noise",
        ),
    ]


DATA_FROM_NOISE = CodeExercise(
    id="data_from_noise",
    title="From the noise to the data",
    statement=(
        "A network has looked at x_t = √ᾱ data + √(1 − ᾱ) noise and predicted the noise, that is, "
        "E[noise | x_t]. Return E[data | x_t]. The guess may lie anywhere; ᾱ is above 0 and at "
        "most 1."
    ),
    level=2,
    reference=data_from_noise,
    returns="a tensor of shape `[B, D]`",
    grad_args=(0, 1),
    cases=_denoising_cases,
    alternatives=[
        lambda x_t, noise, alpha_bar: (
            x_t / alpha_bar.sqrt()[:, None] - noise * (1 / alpha_bar - 1).sqrt()[:, None]
        ),
        lambda x_t, noise, alpha_bar: (
            (x_t - (1 - alpha_bar).sqrt().diag() @ noise) * alpha_bar.rsqrt().unsqueeze(-1)
        ),
    ],
    wrong=[
        Wrong(
            "not-divided",
            lambda x_t, noise, alpha_bar: x_t - (1 - alpha_bar[:, None]).sqrt() * noise,
            "The noise is gone; what is left is √ᾱ data. One step more.",
        ),
        Wrong(
            "no-noise",
            lambda x_t, noise, alpha_bar: x_t / alpha_bar[:, None].sqrt(),
            "You undo the shrinking, and blow up the noise as well. What has the network told you?",
        ),
        Wrong(
            "noise-not-scaled",
            lambda x_t, noise, alpha_bar: (x_t - noise) / alpha_bar[:, None].sqrt(),
            "The network predicts **standard** noise. In which strength is it in x_t?",
        ),
        Wrong(
            "difference",
            lambda x_t, noise, alpha_bar: x_t - noise,
            "x_t is not data plus noise: both are scaled. Solve the equation for the data.",
        ),
        Wrong(
            "noise-variance",
            lambda x_t, noise, alpha_bar: (
                (x_t - (1 - alpha_bar[:, None]) * noise) / alpha_bar[:, None].sqrt()
            ),
            "You removed the noise times its variance. Look at the factor in front of it in x_t.",
        ),
        Wrong(
            "divided-by-share",
            lambda x_t, noise, alpha_bar: (
                (x_t - (1 - alpha_bar[:, None]).sqrt() * noise) / alpha_bar[:, None]
            ),
            "Removing the noise was right. By which factor were the data shrunk?",
        ),
        Wrong(
            "no-roots",
            lambda x_t, noise, alpha_bar: (
                (x_t - (1 - alpha_bar[:, None]) * noise) / alpha_bar[:, None]
            ),
            "You solved x = ᾱ data + (1 − ᾱ) noise. Look at the factors of x_t once more.",
        ),
        Wrong(
            "noise-added",
            lambda x_t, noise, alpha_bar: (
                (x_t + (1 - alpha_bar[:, None]).sqrt() * noise) / alpha_bar[:, None].sqrt()
            ),
            "You added the noise a second time.",
        ),
        Wrong(
            "multiplied",
            lambda x_t, noise, alpha_bar: (
                (x_t - (1 - alpha_bar[:, None]).sqrt() * noise) * alpha_bar[:, None].sqrt()
            ),
            "You shrink the data once more instead of undoing it.",
        ),
        Wrong(
            "precedence",
            lambda x_t, noise, alpha_bar: (
                x_t - (1 - alpha_bar[:, None]).sqrt() * noise / alpha_bar[:, None].sqrt()
            ),
            "Only the noise is divided. Mind the parentheses: which part has to be rescaled?",
        ),
        Wrong(
            "x-only-divided",
            lambda x_t, noise, alpha_bar: (
                x_t / alpha_bar[:, None].sqrt() - (1 - alpha_bar[:, None]).sqrt() * noise
            ),
            "Only x_t is divided. Mind the parentheses: which part has to be rescaled?",
        ),
        Wrong(
            "swapped",
            lambda x_t, noise, alpha_bar: (
                (x_t - alpha_bar[:, None].sqrt() * noise) / (1 - alpha_bar[:, None]).sqrt()
            ),
            "The two factors have changed places. With ᾱ = 1 there is no noise to remove.",
        ),
        Wrong(
            "noise-as-score",
            lambda x_t, noise, alpha_bar: (
                (x_t + (1 - alpha_bar[:, None]) * noise) / alpha_bar[:, None].sqrt()
            ),
            "That is Tweedie's formula with the noise in the place of the score. They are related, "
            "but not the same: sign and scale differ.",
        ),
        *(
            Wrong(
                "clamped",
                lambda x_t, noise, alpha_bar, bound=bound: (
                    (x_t - (1 - alpha_bar[:, None]).sqrt() * noise) / alpha_bar[:, None].sqrt()
                ).clamp(-bound, bound),
                "You clamp the guess. Samplers of images do that, but here data may lie anywhere.",
            )
            for bound in (1, 3, 10)
        ),
        *(
            Wrong(
                "wrong-axis",
                solve,
                "Your ᾱ runs along the dimensions: `[B]` beside `[B, D]` lines up with the "
                "**last** axis. ᾱ belongs to the examples.",
            )
            for solve in (
                lambda x_t, noise, alpha_bar: (
                    (x_t - (1 - alpha_bar).sqrt() * noise) / alpha_bar.sqrt()
                ),
                lambda x_t, noise, alpha_bar: (
                    (x_t - (1 - alpha_bar[None]).sqrt() * noise) / alpha_bar[None].sqrt()
                ),
            )
        ),
        Wrong(
            "forward",
            lambda x_t, noise, alpha_bar: (
                alpha_bar[:, None].sqrt() * x_t + (1 - alpha_bar[:, None]).sqrt() * noise
            ),
            "That makes x_t noisier still. Solve for the data.",
        ),
        Wrong(
            "noise-after",
            lambda x_t, noise, alpha_bar: x_t / alpha_bar[:, None].sqrt() - noise,
            "You undo the shrinking and then take away standard noise. How strong is the noise by "
            "then?",
        ),
        Wrong(
            "shrunk",
            lambda x_t, noise, alpha_bar: alpha_bar[:, None].sqrt() * x_t,
            "That is the best guess if the data were N(0, 1). The network has said more than that: "
            "what is `noise` for?",
        ),
        Wrong(
            "root-twice",
            lambda x_t, noise, alpha_bar: (
                (x_t - (1 - alpha_bar[:, None].sqrt()).sqrt() * noise) / alpha_bar[:, None] ** 0.25
            ),
            "One root too many: `alpha_bar` is the share of the variance, and the factor is its "
            "root.",
        ),
        Wrong(
            "one-for-all",
            lambda x_t, noise, alpha_bar: (
                (x_t - (1 - alpha_bar[0]).sqrt() * noise) / alpha_bar[0].sqrt()
            ),
            "All examples get the ᾱ of the first one. Each has a time of its own.",
        ),
        Wrong(
            "unchanged",
            lambda x_t, noise, alpha_bar: x_t.clone(),
            "That is x_t itself. What has the network told you about the noise in it?",
        ),
        Wrong(
            "noise-itself",
            lambda x_t, noise, alpha_bar: noise.clone(),
            "That is the noise, as predicted. Solve the equation of x_t for the data.",
        ),
        Wrong(
            "complement-of-root",
            lambda x_t, noise, alpha_bar: (
                (x_t - (1 - (root := alpha_bar[:, None].sqrt())) * noise) / root
            ),
            "You removed the noise times 1 − √ᾱ. Which root stands in front of it in x_t?",
        ),
        Wrong(
            "divided-by-noise-factor",
            lambda x_t, noise, alpha_bar: (
                (x_t - (rest := (1 - alpha_bar[:, None]).sqrt()) * noise) / rest
            ),
            "Removing the noise was right. Then you divide by the factor of the noise. By which "
            "factor were the **data** shrunk?",
        ),
        Wrong(
            "blended",
            lambda x_t, noise, alpha_bar: (
                alpha_bar[:, None].sqrt() * x_t - (1 - alpha_bar[:, None]).sqrt() * noise
            ),
            "You apply the formula of x_t once more, with a minus. It has to be **solved** for the "
            "data.",
        ),
    ],
    hints=[
        "Solve x_t = √ᾱ data + √(1 − ᾱ) noise for the data.",
        "Take E[· | x_t] on both sides: x_t is known, so what does E do to each term?",
    ],
)


# ------------------------------------------------------------------ the score
def noisy_score(x, alpha_bar, mean, std):
    """x [B, D], alpha_bar [B]; data ~ N(mean [D], std [D]) -> gradient of log q(x_t), [B, D]."""
    share = alpha_bar[:, None]
    variance = share * std**2 + 1 - share
    return -(x - share.sqrt() * mean) / variance


def _log_density(x, alpha_bar, mean, std):
    """log q(x_t), coordinate by coordinate."""
    share = alpha_bar[:, None]
    variance = share * std**2 + 1 - share
    return -0.5 * ((x - share.sqrt() * mean) ** 2 / variance + (2 * math.pi * variance).log())


def _score_cases(g):
    return [
        Case(
            (matrix([2.0]), vector(0.5), vector(0.0), vector(1.0)),
            "standard normal data stay standard normal: −2",
        ),
        Case(
            (matrix([2.0]), vector(0.64), vector(1.0), vector(1.0)),
            "data around 1: x_t is around 0.8",
        ),
        Case(
            (matrix([2.0]), vector(0.64), vector(0.0), vector(2.0)),
            "data of standard deviation 2",
        ),
        Case(
            (matrix([1.0, 1.0], [1.0, 1.0]), vector(0.64, 0.36), vector(0.0, 1.0), vector(1.0, 2)),
            "two points at two different times",
        ),
        Case(
            (matrix([3.0, 1.0]), vector(0.0), vector(5.0, -5.0), vector(2.0, 0.5)),
            "ᾱ = 0: nothing but noise",
        ),
        Case(
            (matrix([3.0, 1.0]), vector(1.0), vector(5.0, -5.0), vector(2.0, 0.5)),
            "ᾱ = 1: the data themselves",
        ),
        Case(
            (matrix([1.0, 1.0], [0.0, 2.0]), vector(0.64, 0.5), vector(2.0, 0.0), vector(0.0, 0.0)),
            "data that are a single point (std 0)",
        ),
        Case(
            (normal(g, 4, 3), uniform(g, 4), normal(g, 3), uniform(g, 3, low=0.2, high=2.0)),
            "B = 4, D = 3",
        ),
        Case(
            (normal(g, 3, 3), uniform(g, 3), normal(g, 3), uniform(g, 3, low=0.2, high=2.0)),
            "B = D = 3",
        ),
        Case(
            (normal(g, 5, 1), uniform(g, 5), normal(g, 1), vector(3.0)),
            "one dimension",
        ),
        Case(
            (
                normal(g, 2, 2, scale=1000.0),
                uniform(g, 2, low=0.1, high=0.9),
                vector(-900.0, 800.0),
                vector(1000.0, 0.01),
            ),
            "far out; a wide and a narrow direction",
        ),
    ]


NOISY_SCORE = CodeExercise(
    id="noisy_score",
    title="The score of noisy Gaussian data",
    statement=(
        "The coordinates of the data are independent and normal, with means `mean` and standard "
        "deviations `std` (which may be 0 where there is noise). x_t = √ᾱ data + √(1 − ᾱ) noise, "
        "with standard normal noise. Which distribution does x_t have? Return its score, the "
        "gradient of log q(x_t) at x."
    ),
    level=2,
    reference=noisy_score,
    returns="a tensor of shape `[B, D]`",
    grad_args=(0, 2),
    cases=_score_cases,
    kinds=[
        ("the data have std other than 1", lambda x, a, m, s: bool((s != 1).any())),
        ("the data have a mean other than 0", lambda x, a, m, s: bool((m != 0).any())),
        ("some std is 0", lambda x, a, m, s: bool((s == 0).any())),
    ],
    alternatives=[
        lambda x, alpha_bar, mean, std: (
            (alpha_bar[:, None].sqrt() * mean - x) / (1 + alpha_bar[:, None] * (std**2 - 1))
        ),
        lambda x, alpha_bar, mean, std: torch.func.grad(
            lambda y: (
                torch.distributions.Normal(
                    alpha_bar[:, None].sqrt() * mean,
                    (alpha_bar[:, None] * std**2 + 1 - alpha_bar[:, None]).sqrt(),
                    validate_args=False,
                )
                .log_prob(y)
                .sum()
            )
        )(x),
    ],
    wrong=[
        Wrong(
            "uphill",
            lambda x, alpha_bar, mean, std: -noisy_score(x, alpha_bar, mean, std),
            "Sign: your arrows point away from the data. In which direction does log q grow?",
        ),
        Wrong(
            "point-score",
            lambda x, alpha_bar, mean, std: (
                -(x - alpha_bar[:, None].sqrt() * mean) / (1 - alpha_bar[:, None])
            ),
            "That is right if the data are a single point. The spread of the data adds to the "
            "spread of x_t.",
        ),
        Wrong(
            "no-noise-variance",
            lambda x, alpha_bar, mean, std: (
                -(x - alpha_bar[:, None].sqrt() * mean) / (alpha_bar[:, None] * std**2)
            ),
            "Your variance is that of √ᾱ data alone. What does the noise add to it?",
        ),
        Wrong(
            "clean-score",
            lambda x, alpha_bar, mean, std: (-(x - mean) / std**2).expand_as(x),
            "That is the score of the clean data. x_t has another mean and another variance.",
        ),
        Wrong(
            "mean-not-shrunk",
            lambda x, alpha_bar, mean, std: (
                -(x - mean) / (alpha_bar[:, None] * std**2 + 1 - alpha_bar[:, None])
            ),
            "The variance is right. What is the mean of √ᾱ data?",
        ),
        Wrong(
            "mean-without-root",
            lambda x, alpha_bar, mean, std: (
                -(x - alpha_bar[:, None] * mean)
                / (alpha_bar[:, None] * std**2 + 1 - alpha_bar[:, None])
            ),
            "The variance is right. By which factor do the data shrink: ᾱ or its root?",
        ),
        Wrong(
            "no-mean",
            lambda x, alpha_bar, mean, std: (
                -x / (alpha_bar[:, None] * std**2 + 1 - alpha_bar[:, None])
            ),
            "You forgot that the data have a mean. Toward where do the arrows point?",
        ),
        Wrong(
            "std-not-squared",
            lambda x, alpha_bar, mean, std: (
                -(x - alpha_bar[:, None].sqrt() * mean)
                / (alpha_bar[:, None] * std + 1 - alpha_bar[:, None])
            ),
            "You use `std` as if it were the variance. Which of the two adds up?",
        ),
        Wrong(
            "divided-by-std",
            lambda x, alpha_bar, mean, std: (
                -(x - alpha_bar[:, None].sqrt() * mean)
                / (alpha_bar[:, None] * std**2 + 1 - alpha_bar[:, None]).sqrt()
            ),
            "You divided by the standard deviation of x_t. Differentiate the log-density of a "
            "Gaussian once more: what stands below the line?",
        ),
        Wrong(
            "stds-added",
            lambda x, alpha_bar, mean, std: (
                -(x - alpha_bar[:, None].sqrt() * mean)
                / (alpha_bar[:, None].sqrt() * std + (1 - alpha_bar[:, None]).sqrt()) ** 2
            ),
            "You added standard deviations. For independent parts, what adds up?",
        ),
        Wrong(
            "factor-squared",
            lambda x, alpha_bar, mean, std: (
                -(x - alpha_bar[:, None].sqrt() * mean)
                / (alpha_bar[:, None] ** 2 * std**2 + 1 - alpha_bar[:, None])
            ),
            "The factor of the data is √ᾱ. Which factor does their variance get?",
        ),
        Wrong(
            "root-of-variance-factor",
            lambda x, alpha_bar, mean, std: (
                -(x - alpha_bar[:, None].sqrt() * mean)
                / (alpha_bar[:, None].sqrt() * std**2 + (1 - alpha_bar[:, None]).sqrt())
            ),
            "The factors are those of the values. What are the factors of the variances?",
        ),
        Wrong(
            "data-not-shrunk",
            lambda x, alpha_bar, mean, std: (
                -(x - alpha_bar[:, None].sqrt() * mean) / (std**2 + 1 - alpha_bar[:, None])
            ),
            "The data's variance enters in full. They were shrunk before the noise came.",
        ),
        Wrong(
            "multiplied",
            lambda x, alpha_bar, mean, std: (
                -(x - alpha_bar[:, None].sqrt() * mean)
                * (alpha_bar[:, None] * std**2 + 1 - alpha_bar[:, None])
            ),
            "You multiplied by the variance. Is a narrow Gaussian steep or flat?",
        ),
        Wrong(
            "log-density",
            lambda x, alpha_bar, mean, std: torch.distributions.Normal(
                alpha_bar[:, None].sqrt() * mean,
                (alpha_bar[:, None] * std**2 + 1 - alpha_bar[:, None]).sqrt(),
                validate_args=False,
            ).log_prob(x),
            "That is log q(x_t) itself, coordinate by coordinate. The score is its **gradient**.",
        ),
        Wrong(
            "exponent",
            lambda x, alpha_bar, mean, std: (
                -0.5
                * (x - alpha_bar[:, None].sqrt() * mean).square()
                / (alpha_bar[:, None] * std**2 + 1 - alpha_bar[:, None])
            ),
            "That is the exponent of the Gaussian. Now differentiate it.",
        ),
        *(
            Wrong(
                "gradient-of-density",
                lambda x, alpha_bar, mean, std, together=together: (
                    noisy_score(x, alpha_bar, mean, std)
                    * together(_log_density(x, alpha_bar, mean, std)).exp()
                ),
                "That is the gradient of q itself, which dies out wherever q is small. The score "
                "is the gradient of **log** q: how do the two differ?",
            )
            for together in (lambda log: log.sum(-1, keepdim=True), lambda log: log)
        ),
        Wrong(
            "half",
            lambda x, alpha_bar, mean, std: 0.5 * noisy_score(x, alpha_bar, mean, std),
            "Half of it: what does the square in the exponent bring along when you differentiate?",
        ),
        Wrong(
            "shares-swapped",
            lambda x, alpha_bar, mean, std: (
                -(x - (1 - alpha_bar[:, None]).sqrt() * mean)
                / ((1 - alpha_bar[:, None]) * std**2 + alpha_bar[:, None])
            ),
            "ᾱ and 1 − ᾱ have changed places. With ᾱ = 1 there is no noise at all.",
        ),
        Wrong(
            "wrong-axis",
            lambda x, alpha_bar, mean, std: (
                -(x - alpha_bar.sqrt() * mean) / (alpha_bar * std**2 + 1 - alpha_bar)
            ),
            "Your ᾱ runs along the dimensions: `[B]` beside `[B, D]` lines up with the **last** "
            "axis. ᾱ belongs to the examples.",
        ),
        Wrong(
            "one-for-all",
            lambda x, alpha_bar, mean, std: noisy_score(
                x, alpha_bar[:1].expand_as(alpha_bar), mean, std
            ),
            "All examples get the ᾱ of the first one. Each has a time of its own.",
        ),
        Wrong(
            "no-variance",
            lambda x, alpha_bar, mean, std: -(x - alpha_bar[:, None].sqrt() * mean),
            "The score points back to the mean. How strongly? That depends on how wide x_t is "
            "spread.",
        ),
        Wrong(
            "mean-sign",
            lambda x, alpha_bar, mean, std: (
                -(x + alpha_bar[:, None].sqrt() * mean)
                / (alpha_bar[:, None] * std**2 + 1 - alpha_bar[:, None])
            ),
            "Your arrows point to **minus** the mean. Mind the sign inside the parentheses.",
        ),
        Wrong(
            "share-is-a-factor",
            lambda x, alpha_bar, mean, std: noisy_score(x, alpha_bar.square(), mean, std),
            "You take ᾱ for the factor of the data. The factor is √ᾱ.",
        ),
        Wrong(
            "root-twice",
            lambda x, alpha_bar, mean, std: noisy_score(x, alpha_bar.sqrt(), mean, std),
            "One root too many: `alpha_bar` itself is the data's share of the variance.",
        ),
        Wrong(
            "summed",
            lambda x, alpha_bar, mean, std: noisy_score(x, alpha_bar, mean, std).sum(-1),
            "You added up the coordinates. A gradient has one entry for each of them.",
        ),
        Wrong(
            "point-score-std",
            lambda x, alpha_bar, mean, std: (
                -(x - alpha_bar[:, None].sqrt() * mean) / (1 - alpha_bar[:, None]).sqrt()
            ),
            "That is minus the noise in x_t, if the data are a single point. The score divides by "
            "something else, and the data are spread.",
        ),
        Wrong(
            "noise-std-as-variance",
            lambda x, alpha_bar, mean, std: (
                (alpha_bar[:, None].sqrt() * mean - x)
                / (alpha_bar[:, None] * std**2 + (1 - alpha_bar[:, None]).sqrt())
            ),
            "The mean and the data's share of the variance are right. √(1 − ᾱ) is the noise's "
            "standard deviation.",
        ),
        Wrong(
            "noise-variance-squared",
            lambda x, alpha_bar, mean, std: (
                (alpha_bar[:, None].sqrt() * mean - x)
                / (alpha_bar[:, None] * std**2 + (1 - alpha_bar[:, None]) ** 2)
            ),
            "The mean and the data's share of the variance are right. 1 − ᾱ is the noise's "
            "variance as it stands.",
        ),
        Wrong(
            "root-in-variance",
            lambda x, alpha_bar, mean, std: (
                (alpha_bar[:, None].sqrt() * mean - x)
                / (alpha_bar[:, None].sqrt() * std**2 + 1 - alpha_bar[:, None])
            ),
            "The mean is right. √ᾱ is the factor of the data. Which factor does their variance "
            "get?",
        ),
        Wrong(
            "plain-sum",
            lambda x, alpha_bar, mean, std: (mean - x) / (std**2 + 1),
            "That is the score of data plus noise, both in full. In x_t both are scaled: where "
            "does ᾱ come in?",
        ),
        Wrong(
            "score-of-noise",
            lambda x, alpha_bar, mean, std: -x,
            "That is the score of a standard bell, where x_t ends. Before that, its mean and its "
            "variance depend on the data.",
        ),
        Wrong(
            "rescaled",
            lambda x, alpha_bar, mean, std: (
                (mean - x / (root := alpha_bar[:, None].clamp(min=1e-12).sqrt()))
                / (std**2 + (1 - root**2) / root**2)
            ),
            "That is the score of x_t / √ᾱ, at x / √ᾱ. A slope changes when x is rescaled; and "
            "ᾱ may be 0.",
        ),
        Wrong(
            "rescaled",
            lambda x, alpha_bar, mean, std: (
                (mean - x / alpha_bar[:, None].sqrt())
                / (std**2 + (1 - alpha_bar[:, None]) / alpha_bar[:, None])
            ),
            "That is the score of x_t / √ᾱ, at x / √ᾱ. A slope changes when x is rescaled; and "
            "ᾱ may be 0.",
        ),
        Wrong(
            "variance-squared",
            lambda x, alpha_bar, mean, std: (
                (alpha_bar[:, None].sqrt() * mean - x)
                / (alpha_bar[:, None] * std**2 + 1 - alpha_bar[:, None]) ** 2
            ),
            "The variance is right, and you divided by its square. Differentiate the log-density "
            "of a Gaussian once more: what stands below the line?",
        ),
        *(
            Wrong(
                "epsilon",
                lambda x, alpha_bar, mean, std, e=e: (
                    (alpha_bar[:, None].sqrt() * mean - x)
                    / (alpha_bar[:, None] * std**2 + 1 - alpha_bar[:, None] + e)
                ),
                "You add a small number to the variance. It is above 0 already, and where it is "
                "small your score is off.",
            )
            for e in (1e-5, 1e-6)
        ),
    ],
    hints=[
        "A sum of independent normal variables is normal. What are its mean and its variance?",
        "Which multiple of (x − m)² stands in the exponent of N(m, v)? Differentiate.",
    ],
)


# ------------------------------------------------------------------ bug hunt
def noisy_at_step(data, noise, t, beta):
    """data, noise [B, D], steps t [B] in 1 ... T, shares of noise [T] -> x_t [B, D]."""
    alpha_bar = (1 - beta).cumprod(0)[t - 1, None]
    return alpha_bar.sqrt() * data + (1 - alpha_bar).sqrt() * noise


def _left(beta, t):
    return (1 - beta).cumprod(0)[t - 1, None]


def _blend(data, noise, share):
    return share.sqrt() * data + (1 - share).sqrt() * noise


def _walk(data, noise, t, beta, fresh=False):
    """Step by step, with the same noise every time, or with other noise after the first step."""
    x = data
    for step in range(1, len(beta) + 1):
        e = torch.randn_like(noise) if fresh else noise
        moved = (1 - beta[step - 1]).sqrt() * x + beta[step - 1].sqrt() * e
        x = torch.where((t >= step)[:, None], moved, x)
    return x


def _step_cases(g):
    small = torch.linspace(0.1, 20, 50, dtype=torch.float64) / 500
    return [
        Case(
            (matrix([1.0]), matrix([0.0]), torch.tensor([1]), vector(0.19, 0.36, 0.75)),
            "the first of three steps: times 0.9",
        ),
        Case(
            (matrix([1.0]), matrix([0.0]), torch.tensor([2]), vector(0.19, 0.19)),
            "two steps, each times 0.9",
        ),
        Case(
            (
                matrix([1.0, 0.0], [1.0, 0.0]),
                matrix([0.0, 1.0], [0.0, 1.0]),
                torch.tensor([1, 3]),
                vector(0.36, 0.0, 0.75),
            ),
            "after the first step, and after the third (the second adds nothing)",
        ),
        Case((normal(g, 1, 3), normal(g, 1, 3), torch.tensor([1]), vector(0.5)), "one step only"),
        Case(
            (
                normal(g, 4, 3),
                normal(g, 4, 3),
                torch.tensor([5, 1, 3, 2]),
                uniform(g, 5, low=0.05, high=0.6),
            ),
            "B = 4, D = 3, T = 5",
        ),
        Case(
            (
                normal(g, 3, 3),
                normal(g, 3, 3),
                torch.tensor([2, 3, 1]),
                uniform(g, 3, low=0.05, high=0.6),
            ),
            "B = D = T = 3",
        ),
        Case(
            (
                normal(g, 6, 1, scale=1000.0),
                normal(g, 6, 1),
                torch.tensor([50, 1, 25, 7, 49, 50]),
                small,
            ),
            "50 small steps, data far out, one dimension",
        ),
    ]


NOISY_AT_STEP = CodeExercise(
    id="noisy_at_step",
    title="Find the bug: the samples are pure noise",
    kind="bug",
    statement=(
        "To train a diffusion, draw a step t for each example and make x_t, the data after **all** "
        "steps up to t. `beta[0]` is β₁. With the code below the training loss falls nicely, but "
        "samples started from pure noise come out as noise. Repair it."
    ),
    level=2,
    reference=noisy_at_step,
    returns="a tensor of shape `[B, D]`",
    given='''
        def noisy_at_step(data, noise, t, beta):
            """data, noise [B, D], steps t [B] in 1 ... T, shares of noise [T] -> x_t [B, D]."""
            share = beta[t - 1, None]
            return (1 - share).sqrt() * data + share.sqrt() * noise
    ''',
    grad_args=(0, 1),
    cases=_step_cases,
    kinds=[
        ("some t is above 1", lambda data, noise, t, beta: bool((t > 1).any())),
        ("some t is 1", lambda data, noise, t, beta: bool((t == 1).any())),
        ("some t is T", lambda data, noise, t, beta: bool((t == len(beta)).any())),
    ],
    alternatives=[
        lambda data, noise, t, beta: torch.stack(
            [
                (1 - beta[:n]).prod().sqrt() * d + (1 - (1 - beta[:n]).prod()).sqrt() * e
                for d, e, n in zip(data, noise, t.tolist(), strict=True)
            ]
        ),
        lambda data, noise, t, beta: (
            lambda log: (log / 2).exp() * data + (-torch.expm1(log)).sqrt() * noise
        )((-beta).log1p().cumsum(0)[t - 1].unsqueeze(1)),
    ],
    wrong=[
        Wrong(
            "one-step",
            lambda data, noise, t, beta: _blend(data, noise, 1 - beta[t - 1, None]),
            "The bug is still there: this adds the noise of step t alone. Even at the last step "
            "hardly any noise comes in, so the network never sees what sampling starts from.",
        ),
        Wrong(
            "one-step-late",
            lambda data, noise, t, beta: _blend(
                data,
                noise,
                torch.cat([torch.ones_like(beta[:1]), (1 - beta).cumprod(0)])[t - 1, None],
            ),
            "You miss the last step: after step 1 some noise should be there already.",
        ),
        Wrong(
            "one-step-early",
            lambda data, noise, t, beta: _blend(
                data, noise, (1 - beta).cumprod(0)[t.clamp(max=len(beta) - 1), None]
            ),
            "Off by one: t counts from 1, indices from 0. You take one step too many.",
        ),
        *(
            Wrong(
                "one-step-and-off-by-one",
                solve,
                "Two things: t counts from 1, but indices from 0; and this is still the noise of "
                "one step alone. What has come in before?",
            )
            for solve in (
                lambda data, noise, t, beta: _blend(data, noise, 1 - beta[t % len(beta), None]),
                lambda data, noise, t, beta: _blend(
                    data, noise, 1 - beta[t.clamp(max=len(beta) - 1), None]
                ),
            )
        ),
        Wrong(
            "one-step-early",
            lambda data, noise, t, beta: _blend(
                data, noise, (1 - beta).cumprod(0)[t % len(beta), None]
            ),
            "Off by one: t counts from 1, indices from 0. You take one step too many.",
        ),
        *(
            Wrong(
                "all-steps",
                solve,
                "All examples are at the last step here. Where does t come in?",
            )
            for solve in (
                lambda data, noise, t, beta: _blend(data, noise, (1 - beta).prod()),
                lambda data, noise, t, beta: _blend(data, noise, (1 - beta.sum()).clamp(min=0)),
            )
        ),
        *(
            Wrong(
                "subtracted",
                solve,
                "You add up the shares of noise. A step takes its share of what is **left**, and "
                "with many steps your sum exceeds 1.",
            )
            for solve in (
                lambda data, noise, t, beta: _blend(data, noise, 1 - beta.cumsum(0)[t - 1, None]),
                lambda data, noise, t, beta: _blend(
                    data, noise, (1 - beta.cumsum(0)).clamp(min=0)[t - 1, None]
                ),
            )
        ),
        Wrong(
            "product-of-betas",
            lambda data, noise, t, beta: _blend(data, noise, 1 - beta.cumprod(0)[t - 1, None]),
            "You multiplied the shares of **noise**, so there is less and less of it. What "
            "survives every step?",
        ),
        Wrong(
            "swapped",
            lambda data, noise, t, beta: _blend(data, noise, 1 - _left(beta, t)),
            "Data and noise have changed places: early steps are now the noisy ones.",
        ),
        Wrong(
            "half-repaired-data",
            lambda data, noise, t, beta: (
                _left(beta, t).sqrt() * data + beta[t - 1, None].sqrt() * noise
            ),
            "The data shrink as they should, but the noise is still that of one step. What must "
            "the two shares add up to?",
        ),
        Wrong(
            "half-repaired-noise",
            lambda data, noise, t, beta: (
                (1 - beta[t - 1, None]).sqrt() * data + (1 - _left(beta, t)).sqrt() * noise
            ),
            "The noise is right now, but the data shrink by one step only. What must the two "
            "shares add up to?",
        ),
        Wrong(
            "no-roots",
            lambda data, noise, t, beta: _left(beta, t) * data + (1 - _left(beta, t)) * noise,
            "ᾱ was the idea. But ᾱ and 1 − ᾱ are shares of the **variance**; the roots of the code "
            "had a reason.",
        ),
        Wrong(
            "noise-variance",
            lambda data, noise, t, beta: (
                _left(beta, t).sqrt() * data + (1 - _left(beta, t)) * noise
            ),
            "ᾱ was the idea. But the noise is scaled by its variance now. Where has its root gone?",
        ),
        Wrong(
            "root-twice",
            lambda data, noise, t, beta: _blend(data, noise, _left(beta, t).sqrt()),
            "One root too many: you took ᾱ to be a product of roots and then took another root.",
        ),
        Wrong(
            "same-noise-every-step",
            lambda data, noise, t, beta: _walk(data, noise, t, beta),
            "You walk step by step, but with the **same** noise each time: it piles up in one "
            "direction. Independent noise adds up in another way.",
        ),
        Wrong(
            OWN_DICE,
            lambda data, noise, t, beta: _walk(data, noise, t, beta, fresh=True),
            "A walk with fresh noise has the right distribution, but the network is asked for "
            "`noise`. All steps together are one: which factor does `noise` get?",
        ),
        Wrong(
            "power",
            lambda data, noise, t, beta: _blend(data, noise, (1 - beta[t - 1, None]) ** t[:, None]),
            "You repeat step t for t times. The steps before it have a β of their own.",
        ),
        Wrong(
            "small-step-limit",
            lambda data, noise, t, beta: _blend(data, noise, (-beta.cumsum(0)).exp()[t - 1, None]),
            "A good approximation if all steps are tiny. Here they need not be.",
        ),
        Wrong(
            "from-the-end",
            lambda data, noise, t, beta: _blend(
                data, noise, (1 - beta).flip(0).cumprod(0).flip(0)[t - 1, None]
            ),
            "You multiply the steps from t to the **end**. Which ones has x_t gone through?",
        ),
        Wrong(
            "first-example",
            lambda data, noise, t, beta: _blend(data, noise, _left(beta, t)[:1]),
            "All examples are at the step of the first one. Each has a t of its own.",
        ),
        Wrong(
            "noise-subtracted",
            lambda data, noise, t, beta: _blend(data, -noise, _left(beta, t)),
            "You subtract the noise: the network would learn the wrong sign.",
        ),
        Wrong(
            "one-step-without-roots",
            lambda data, noise, t, beta: (1 - beta[t - 1, None]) * data + beta[t - 1, None] * noise,
            "The roots were right: β is a share of the variance. And this still is the noise of "
            "step t alone.",
        ),
        Wrong(
            "data-not-shrunk",
            lambda data, noise, t, beta: data + (1 - _left(beta, t)).sqrt() * noise,
            "The noise is right, but the data do not shrink. What must the two shares add up to?",
        ),
        Wrong(
            "times-t",
            lambda data, noise, t, beta: _blend(
                data, noise, (1 - beta[t - 1] * t).clamp(min=0)[:, None]
            ),
            "You take t times the noise of step t. The earlier steps have a β of their own, and "
            "each takes its share of what is left.",
        ),
        Wrong(
            "index-before",
            lambda data, noise, t, beta: _blend(data, noise, (1 - beta).cumprod(0)[t - 2, None]),
            "One step too few, and for t = 1 the index −1 takes you to the **last** step.",
        ),
        Wrong(
            "average-step",
            lambda data, noise, t, beta: _blend(data, noise, (1 - beta).mean() ** t[:, None]),
            "You take t average steps. The first t steps may be smaller or larger than the "
            "average.",
        ),
        Wrong(
            "wrong-axis",
            lambda data, noise, t, beta: _blend(data, noise, (1 - beta).cumprod(0)[t - 1]),
            "Your ᾱ runs along the dimensions: `[B]` beside `[B, D]` lines up with the **last** "
            "axis. ᾱ belongs to the examples.",
        ),
        Wrong(
            "data-without-root",
            lambda data, noise, t, beta: (
                _left(beta, t) * data + (1 - _left(beta, t)).sqrt() * noise
            ),
            "The noise is right now, but the data have lost their root and shrink too fast.",
        ),
        Wrong(
            "latest-step-for-all",
            lambda data, noise, t, beta: _blend(data, noise, (1 - beta[: int(t.max())]).prod()),
            "All examples are at the largest t among them. Each has a t of its own.",
        ),
        Wrong(
            "all-steps-same-noise",
            lambda data, noise, t, beta: _walk(data, noise, torch.full_like(t, len(beta)), beta),
            "Two things: you walk **all** T steps, whatever t is; and you add the **same** noise "
            "at each, so that it piles up in one direction.",
        ),
        Wrong(
            "root-in-the-rest",
            lambda data, noise, t, beta: (
                (root := (1 - beta).sqrt().cumprod(0)[t - 1, None]) * data
                + (1 - root).sqrt() * noise
            ),
            "The data are right: their factor is a product of roots. But the noise has the rest of "
            "the **variance**, and you took 1 minus that factor. What must be squared first?",
        ),
        Wrong(
            "noise-variances-added",
            lambda data, noise, t, beta: (
                _left(beta, t).sqrt() * data + beta.cumsum(0)[t - 1, None].sqrt() * noise
            ),
            "The data are right. The noises of all steps do add up by their variances, but each "
            "later step shrinks the earlier noise, too.",
        ),
        Wrong(
            "noise-deviations-added",
            lambda data, noise, t, beta: (
                _left(beta, t).sqrt() * data + beta.sqrt().cumsum(0)[t - 1, None] * noise
            ),
            "The data are right. For the noise you add standard deviations. What adds up when "
            "noises are independent? And later steps shrink the earlier noise.",
        ),
        Wrong(
            "noise-betas-multiplied",
            lambda data, noise, t, beta: (
                _left(beta, t).sqrt() * data + beta.cumprod(0)[t - 1, None].sqrt() * noise
            ),
            "The data are right. The shares of noise do not multiply: what the data lose the noise "
            "gets.",
        ),
    ],
    hints=[
        "With t = T, how much of the data does the code leave? How much should be left?",
        "Which share of the variance has come through **all** of the steps 1 … t?",
    ],
    equivalents={
        "alpha_bar = (1 - beta).cumprod(-1)[t - 1, None]": "of one axis, −1 is 0",
    },
)


# ------------------------------------------------------------------ one step back
def reverse_step(x_t, data, alpha_bar_before, alpha_bar):
    """x_t, data [B, D], alpha_bar of t - 1 and of t [B] -> mean [B, D], variance [B] of x_(t-1)."""
    before, now = alpha_bar_before[:, None], alpha_bar[:, None]
    beta = 1 - now / before
    of_data = before.sqrt() * beta / (1 - now)
    of_x = (1 - beta).sqrt() * (1 - before) / (1 - now)
    variance = beta * (1 - before) / (1 - now)
    return of_data * data + of_x * x_t, variance.squeeze(1)


def _back(x_t, data, alpha_bar_before, alpha_bar, mean=None, variance=None):
    """The step with its mean or variance replaced by a formula of x, data, before, now, beta."""
    before, now = alpha_bar_before[:, None], alpha_bar[:, None]
    right = reverse_step(x_t, data, alpha_bar_before, alpha_bar)
    pieces = x_t, data, before, now, 1 - now / before
    return (
        mean(*pieces) if mean else right[0],
        variance(*pieces)[:, 0] if variance else right[1],
    )


def _by_precisions(x_t, data, alpha_bar_before, alpha_bar):
    before, now = alpha_bar_before[:, None], alpha_bar[:, None]
    alpha = now / before
    precision = alpha / (1 - alpha) + 1 / (1 - before)
    mean = (alpha.sqrt() * x_t / (1 - alpha) + before.sqrt() * data / (1 - before)) / precision
    return mean, (1 / precision)[:, 0]


def _by_gain(x_t, data, alpha_bar_before, alpha_bar):
    before, now = alpha_bar_before[:, None], alpha_bar[:, None]
    factor = (now / before).sqrt()
    gain = factor * (1 - before) / (1 - now)
    mean = before.sqrt() * data + gain * (x_t - now.sqrt() * data)
    return mean, ((1 - before) * (1 - gain * factor))[:, 0]


def _by_noise(x_t, data, alpha_bar_before, alpha_bar):
    """The form for networks that predict the noise."""
    before, now = alpha_bar_before[:, None], alpha_bar[:, None]
    beta = 1 - now / before
    noise = (x_t - now.sqrt() * data) / (1 - now).sqrt()
    mean = (x_t - beta / (1 - now).sqrt() * noise) / (1 - beta).sqrt()
    return mean, (beta * (1 - before) / (1 - now)).squeeze(1)


def _with_beta(x_t, data, alpha_bar_before, alpha_bar, *, beta):
    """The right formulas with another β_t, a formula of the two ᾱ."""
    before, now = alpha_bar_before[:, None], alpha_bar[:, None]
    b = beta(before, now)
    mean = (before.sqrt() * b * data + (1 - b).sqrt() * (1 - before) * x_t) / (1 - now)
    return mean, (b * (1 - before) / (1 - now))[:, 0]


def _over(x_t, data, alpha_bar_before, alpha_bar, *, below):
    """The right numerators over something else."""
    before, now = alpha_bar_before[:, None], alpha_bar[:, None]
    mean, variance = reverse_step(x_t, data, alpha_bar_before, alpha_bar)
    factor = (1 - now) / below(before, now)
    return mean * factor, variance * factor[:, 0]


def _over_before(x_t, data, alpha_bar_before, alpha_bar):
    """The right numerators over the noise of the step before, without any guard."""
    before, now = alpha_bar_before[:, None], alpha_bar[:, None]
    beta = 1 - now / before
    of_data = before.sqrt() * beta / (1 - before)
    of_x = (1 - beta).sqrt() * (1 - before) / (1 - before)
    return of_data * data + of_x * x_t, (beta * (1 - before) / (1 - before))[:, 0]


def _by_weighted_centers(x_t, data, alpha_bar_before, alpha_bar):
    before, now = alpha_bar_before[:, None], alpha_bar[:, None]
    alpha = now / before
    of_x, of_data = alpha / (1 - alpha), 1 / (1 - before)
    variance = 1 / (of_x + of_data)
    mean = variance * (of_x / alpha.sqrt() * x_t + of_data * before.sqrt() * data)
    return mean, variance[:, 0]


def _along_dimensions(x_t, data, before, now):
    beta = 1 - now / before
    of_data = before.sqrt() * beta / (1 - now)
    of_x = (1 - beta).sqrt() * (1 - before) / (1 - now)
    return of_data * data + of_x * x_t, beta * (1 - before) / (1 - now)


def _balanced(x_t, data, alpha_bar_before, alpha_bar, *, guesses, precisions):
    """Two guesses for x_(t-1), weighed by precisions; each a formula of the same pieces."""
    before, now = alpha_bar_before[:, None], alpha_bar[:, None]
    pieces = x_t, data, before, now, 1 - now / before
    of_x, of_data = precisions(*pieces)
    from_x, from_data = guesses(*pieces)
    variance = 1 / (of_x + of_data)
    return (of_x * from_x + of_data * from_data) * variance, variance[:, 0]


def _two_guesses(x, data, before, now, beta):
    return x / (1 - beta).sqrt(), before.sqrt() * data


def _not_scaled_back(x, data, before, now, beta):
    return x, before.sqrt() * data


def _scaled_twice(x, data, before, now, beta):
    return (1 - beta).sqrt() * x, before.sqrt() * data


def _without_alpha(x, data, before, now, beta):
    return 1 / beta, 1 / (1 - before)


def _without_alpha_guarded(guesses):
    """The same, multiplied through by what may become 0."""

    def solve(x_t, data, alpha_bar_before, alpha_bar):
        before, now = alpha_bar_before[:, None], alpha_bar[:, None]
        beta = 1 - now / before
        from_x, from_data = guesses(x_t, data, before, now, beta)
        mean = ((1 - before) * from_x + beta * from_data) / (beta + 1 - before)
        return mean, (beta * (1 - before) / (beta + 1 - before))[:, 0]

    return solve


def _swapped_weights(x_t, data, alpha_bar_before, alpha_bar):
    before, now = alpha_bar_before[:, None], alpha_bar[:, None]
    alpha = now / before
    of_x, of_data = alpha / (1 - alpha), 1 / (1 - before)
    mean = (of_data * x_t / alpha.sqrt() + of_x * before.sqrt() * data) / (of_x + of_data)
    return mean, (1 / (of_x + of_data))[:, 0]


def _before_without_root(x_t, data, alpha_bar_before, alpha_bar):
    before, now = alpha_bar_before[:, None], alpha_bar[:, None]
    alpha = now / before
    precision = alpha / (1 - alpha) + 1 / (1 - before)
    mean = (alpha.sqrt() * x_t / (1 - alpha) + before * data / (1 - before)) / precision
    return mean, (1 / precision)[:, 0]


def _back_cases(g):
    def pair(n):
        before = uniform(g, n, low=0.3, high=0.99)
        return before, before * uniform(g, n, low=0.2, high=0.95)

    return [
        Case(
            (matrix([0.0]), matrix([1.0]), vector(0.5), vector(0.25)),
            "x_t = 0, data 1; the step halves ᾱ",
        ),
        Case(
            (matrix([1.0]), matrix([0.0]), vector(0.5), vector(0.25)),
            "the other way around: x_t = 1, data 0",
        ),
        Case(
            (
                matrix([1.0, 2.0], [1.0, 2.0]),
                matrix([0.0, 1.0], [0.0, 1.0]),
                vector(0.5, 0.9),
                vector(0.25, 0.1),
            ),
            "two points at two different steps",
        ),
        Case(
            (matrix([7.0, 8.0]), matrix([3.0, -4.0]), vector(1.0), vector(0.9)),
            "ᾱ was 1 before: x₀ is the data, for sure",
        ),
        Case(
            (matrix([7.0, 8.0]), matrix([3.0, -4.0]), vector(0.4), vector(0.0)),
            "ᾱ = 0: x_t is nothing but noise and tells nothing",
        ),
        Case((normal(g, 4, 3), normal(g, 4, 3), *pair(4)), "B = 4, D = 3"),
        Case((normal(g, 3, 3), normal(g, 3, 3), *pair(3)), "B = D = 3"),
        Case((normal(g, 5, 1), normal(g, 5, 1), *pair(5)), "one dimension"),
        Case(
            (normal(g, 2, 2, scale=1000.0), normal(g, 2, 2, scale=1000.0), *pair(2)),
            "points as far out as ±1000",
        ),
    ]


REVERSE_STEP = CodeExercise(
    id="reverse_step",
    title="Capstone: one step back, when the data are known",
    statement=(
        "q(x_{t−1} | x_t, data) ∝ q(x_t | x_{t−1}) q(x_{t−1} | data), by Bayes. As functions of "
        "x_{t−1} both factors are Gaussian, so the result is: precisions (one over variance) add "
        "up. Given ᾱ_{t−1} ≤ 1 and a smaller ᾱ_t, return its mean and its variance. The β_t of "
        "this step is not given: find it from the two ᾱ first. The answer must be finite also "
        "for ᾱ_{t−1} = 1 and for ᾱ_t = 0."
    ),
    level=3,
    reference=reverse_step,
    returns="the mean, of shape `[B, D]`, and the variance, of shape `[B]`",
    grad_args=(0, 1),
    cases=_back_cases,
    kinds=[
        ("ᾱ was 1 before the step", lambda x, d, before, now: bool((before == 1).any())),
        ("ᾱ is 0 after the step", lambda x, d, before, now: bool((now == 0).any())),
    ],
    alternatives=[
        _by_gain,
        lambda x_t, data, alpha_bar_before, alpha_bar: (
            (
                (alpha_bar_before - alpha_bar)[:, None] * data / alpha_bar_before[:, None].sqrt()
                + (alpha_bar / alpha_bar_before).sqrt()[:, None]
                * (1 - alpha_bar_before)[:, None]
                * x_t
            )
            / (1 - alpha_bar)[:, None],
            (1 - alpha_bar / alpha_bar_before) * (1 - alpha_bar_before) / (1 - alpha_bar),
        ),
    ],
    wrong=[
        Wrong(
            "infinite-precision",
            _by_precisions,
            "The right formula, but with ᾱ_{t−1} = 1 one precision is infinite, and inf/inf is "
            "nan. Which common factor can you multiply away?",
        ),
        Wrong(
            "infinite-precision",
            _by_weighted_centers,
            "The right formula, but with ᾱ_{t−1} = 1 one precision is infinite, and 0 · inf is "
            "nan. Which common factor can you multiply away?",
        ),
        Wrong(
            "forward-variance",
            lambda *args: _back(*args, variance=lambda x, data, before, now, beta: beta),
            "The mean is right. Your variance is that of the step forward. Knowing the data as "
            "well, are you more or less sure?",
        ),
        Wrong(
            "variance-before",
            lambda *args: _back(*args, variance=lambda x, data, before, now, beta: 1 - before),
            "The mean is right. Your variance is that of q(x_{t−1} | data). Does x_t tell nothing "
            "more?",
        ),
        Wrong(
            "standard-deviation",
            lambda *args: _back(
                *args,
                variance=lambda x, data, before, now, beta: (
                    beta * (1 - before) / (1 - now)
                ).sqrt(),
            ),
            "The mean is right. You return the standard deviation; the variance is asked for.",
        ),
        Wrong(
            "precision",
            lambda *args: _back(
                *args,
                variance=lambda x, data, before, now, beta: (1 - beta) / beta + 1 / (1 - before),
            ),
            "The mean is right. You return the precision. How do you get the variance from it?",
        ),
        Wrong(
            "variances-added",
            lambda *args: _back(
                *args, variance=lambda x, data, before, now, beta: beta + 1 - before
            ),
            "The mean is right. You added variances. When two Gaussians are **multiplied**, what "
            "adds up?",
        ),
        Wrong(
            "alpha-forgotten-in-precision",
            lambda *args: _back(
                *args,
                variance=lambda x, data, before, now, beta: (
                    beta * (1 - before) / (beta + 1 - before)
                ),
            ),
            "The mean is right. For the precision: q(x_t | x_{t−1}) is centered at √(1 − β) times "
            "x_{t−1}. How sharp is it as a function of x_{t−1}?",
        ),
        *(
            Wrong(
                "step-without-shrinking",
                solve,
                "You gave q(x_t | x_{t−1}) the precision 1/β_t. That is its sharpness in x_t. The "
                "step also **shrinks** x_{t−1}: as a function of x_{t−1}, where is its center, and "
                "how sharp is it?",
            )
            for solve in (
                *(
                    lambda *args, guesses=guesses: _balanced(
                        *args, guesses=guesses, precisions=_without_alpha
                    )
                    for guesses in (_not_scaled_back, _two_guesses, _scaled_twice)
                ),
                _without_alpha_guarded(_not_scaled_back),
                _without_alpha_guarded(_two_guesses),
                _without_alpha_guarded(_scaled_twice),
            )
        ),
        Wrong(
            "inverted-step",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: x / (1 - beta).clamp(min=1e-9).sqrt(),
            ),
            "The variance is right. For the mean you undo the step as if it had been noiseless. "
            "Where do the data come in?",
        ),
        Wrong(
            "inverted-step",
            lambda *args: _back(
                *args, mean=lambda x, data, before, now, beta: x / (1 - beta).sqrt()
            ),
            "The variance is right. For the mean you undo the step as if it had been noiseless. "
            "Where do the data come in?",
        ),
        Wrong(
            "data-only",
            lambda *args: _back(
                *args, mean=lambda x, data, before, now, beta: before.sqrt() * data
            ),
            "The variance is right. Your mean is that of q(x_{t−1} | data). Does x_t tell nothing?",
        ),
        Wrong(
            "x-ignored",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: before.sqrt() * data,
                variance=lambda x, data, before, now, beta: 1 - before,
            ),
            "That is q(x_{t−1} | data), as if nobody had seen x_t. What does the other factor of "
            "Bayes' rule add?",
        ),
        Wrong(
            "keeps-noise",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    before.sqrt() * data
                    + (1 - before).sqrt() * (x - now.sqrt() * data) / (1 - now).sqrt()
                ),
            ),
            "The variance is right. Your mean keeps all of the noise in x_t, as the deterministic "
            "sampler does. Part of that noise came in at this step.",
        ),
        Wrong(
            "weights-swapped",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    (before.sqrt() * beta * x + (1 - beta).sqrt() * (1 - before) * data) / (1 - now)
                ),
            ),
            "The variance is right. In your mean the weights of x_t and of the data have changed "
            "places: for ᾱ_{t−1} = 1 it must be the data.",
        ),
        Wrong(
            "weights-swapped",
            _swapped_weights,
            "The variance is right. In your mean the weights of x_t and of the data have changed "
            "places: for ᾱ_{t−1} = 1 it must be the data.",
        ),
        Wrong(
            "no-root-of-before",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    (before * beta * data + (1 - beta).sqrt() * (1 - before) * x) / (1 - now)
                ),
            ),
            "The variance is right. q(x_{t−1} | data) is centered at which multiple of the data?",
        ),
        Wrong(
            "no-root-of-before",
            _before_without_root,
            "The variance is right. q(x_{t−1} | data) is centered at which multiple of the data?",
        ),
        Wrong(
            "data-not-shrunk",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    (beta * data + (1 - beta).sqrt() * (1 - before) * x) / (1 - now)
                ),
            ),
            "The variance is right. In your mean the data are not shrunk: where is q(x_{t−1} | "
            "data) centered?",
        ),
        Wrong(
            "x-without-root",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    (before.sqrt() * beta * data + (1 - beta) * (1 - before) * x) / (1 - now)
                ),
            ),
            "The variance is right. The factor of x_t in your mean has lost a root: how does "
            "x_{t−1} enter x_t?",
        ),
        Wrong(
            "no-roots",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    (before * beta * data + (1 - beta) * (1 - before) * x) / (1 - now)
                ),
            ),
            "The variance is right. In your mean both factors have lost their roots: ᾱ and 1 − β "
            "are shares of the variance. What shrinks the values?",
        ),
        Wrong(
            "x-not-shrunk",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    (before.sqrt() * beta * data + (1 - before) * x) / (1 - now)
                ),
            ),
            "The variance is right. In your mean x_t enters as if the step had not shrunk x_{t−1}.",
        ),
        Wrong(
            "not-normalized",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    before.sqrt() * beta * data + (1 - beta).sqrt() * (1 - before) * x
                ),
            ),
            "The variance is right. Your mean is a sum with weights: by what must it be divided?",
        ),
        Wrong(
            "plain-average",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    0.5 * (before.sqrt() * data + x / (1 - beta).clamp(min=1e-9).sqrt())
                ),
            ),
            "The variance is right. Your mean is the plain average of two guesses. The sharper one "
            "should count more.",
        ),
        Wrong(
            "plain-average",
            lambda *args: _back(*args, mean=lambda *pieces: sum(_two_guesses(*pieces)) / 2),
            "The variance is right. Your mean is the plain average of two guesses. The sharper one "
            "should count more.",
        ),
        Wrong(
            "beta-is-1-minus-alpha-bar",
            lambda x_t, data, alpha_bar_before, alpha_bar: (
                lambda before, now, beta: (
                    (before.sqrt() * beta * data + (1 - beta).sqrt() * (1 - before) * x_t)
                    / (1 - now),
                    (beta * (1 - before) / (1 - now))[:, 0],
                )
            )(alpha_bar_before[:, None], alpha_bar[:, None], 1 - alpha_bar[:, None]),
            "You take 1 − ᾱ_t for β_t. ᾱ_t is the product over **all** steps up to t: which part "
            "of it belongs to this one?",
        ),
        Wrong(
            "beta-is-a-difference",
            lambda x_t, data, alpha_bar_before, alpha_bar: (
                lambda before, now, beta: (
                    (before.sqrt() * beta * data + (1 - beta).sqrt() * (1 - before) * x_t)
                    / (1 - now),
                    (beta * (1 - before) / (1 - now))[:, 0],
                )
            )(
                alpha_bar_before[:, None],
                alpha_bar[:, None],
                (alpha_bar_before - alpha_bar)[:, None],
            ),
            "You take ᾱ_{t−1} − ᾱ_t for β_t. ᾱ is a **product** of what the steps keep: how do you "
            "get one factor out of it?",
        ),
        Wrong(
            "swapped",
            lambda *args: reverse_step(*args)[::-1],
            "Both are right, but returned in the other order: first the mean.",
        ),
        Wrong(
            "marginal-variance",
            lambda *args: _back(*args, variance=lambda x, data, before, now, beta: 1 - now),
            "The mean is right. Your variance is that of q(x_t | data): of the wrong variable, and "
            "before you have looked at x_t.",
        ),
        Wrong(
            "no-variance",
            lambda *args: _back(*args, variance=lambda x, data, before, now, beta: 0 * now),
            "The mean is right. But does x_t, with the data, tell x_{t−1} for sure?",
        ),
        Wrong(
            "clean-data",
            lambda *args: _back(*args, mean=lambda x, data, before, now, beta: data),
            "The variance is right. Your mean goes all the way to the data, in a single step.",
        ),
        Wrong(
            "stays",
            lambda *args: _back(*args, mean=lambda x, data, before, now, beta: x),
            "The variance is right. Your mean stays at x_t. Where do the data pull it?",
        ),
        Wrong(
            "shares-exchanged",
            lambda x_t, data, alpha_bar_before, alpha_bar: reverse_step(
                x_t, data, alpha_bar, alpha_bar_before
            ),
            "The two ᾱ have changed places. Which of the two is larger?",
        ),
        Wrong(
            "divided-by-0",
            _by_noise,
            "The right formula, but for ᾱ_t = 0 it divides by 0: you cannot undo a step that left "
            "nothing. Use x_t and the data directly.",
        ),
        Wrong(
            "wrong-axis",
            _along_dimensions,
            "Your ᾱ runs along the dimensions: `[B]` beside `[B, D]` lines up with the **last** "
            "axis. ᾱ belongs to the examples.",
        ),
        Wrong(
            "beta-is-what-is-kept",
            lambda *args: _with_beta(*args, beta=lambda before, now: now / before),
            "ᾱ_t / ᾱ_{t−1} is what the step **keeps**. β_t is the share of noise that it adds.",
        ),
        Wrong(
            "ratio-upside-down",
            lambda *args: _with_beta(
                *args, beta=lambda before, now: 1 - before / now.clamp(min=1e-12)
            ),
            "Your β_t is negative: the ratio of the two ᾱ is upside down. Which of them is "
            "smaller?",
        ),
        Wrong(
            "ratio-upside-down",
            lambda *args: _with_beta(*args, beta=lambda before, now: 1 - before / now),
            "Your β_t is negative: the ratio of the two ᾱ is upside down. Which of them is "
            "smaller?",
        ),
        Wrong(
            "beta-of-the-step-before",
            lambda *args: _with_beta(*args, beta=lambda before, now: 1 - before),
            "You take 1 − ᾱ_{t−1} for β_t. That is all the noise **before** this step. How much "
            "does this step add?",
        ),
        Wrong(
            "variance-not-shared",
            lambda *args: _back(
                *args,
                variance=lambda x, data, before, now, beta: beta / (1 - now),
            ),
            "The mean is right. Your variance has lost a factor: what is it if ᾱ_{t−1} = 1, when "
            "x_{t−1} is known?",
        ),
        Wrong(
            "variance-upside-down",
            lambda *args: _back(
                *args,
                variance=lambda x, data, before, now, beta: (
                    beta * (1 - now) / (1 - before).clamp(min=1e-12)
                ),
            ),
            "The mean is right. In your variance two shares of noise have changed places: seeing "
            "x_t must make it **smaller** than β_t.",
        ),
        Wrong(
            "variance-upside-down",
            lambda *args: _back(
                *args,
                variance=lambda x, data, before, now, beta: beta * (1 - now) / (1 - before),
            ),
            "The mean is right. In your variance two shares of noise have changed places: seeing "
            "x_t must make it **smaller** than β_t.",
        ),
        Wrong(
            "variance-averaged",
            lambda *args: _back(
                *args,
                variance=lambda x, data, before, now, beta: (beta + 1 - before) / 2,
            ),
            "The mean is right. You averaged two variances. When two Gaussians are "
            "**multiplied**, what adds up?",
        ),
        Wrong(
            "root-of-now",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    (now.sqrt() * beta * data + (1 - beta).sqrt() * (1 - before) * x) / (1 - now)
                ),
            ),
            "The variance is right. In your mean the data have the factor of x_t, √ᾱ_t. Where is "
            "q(x_{t−1} | data) centered?",
        ),
        Wrong(
            "root-of-now-at-x",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    (before.sqrt() * beta * data + now.sqrt() * (1 - before) * x) / (1 - now)
                ),
            ),
            "The variance is right. In your mean x_t has a factor of **all** steps, √ᾱ_t. How "
            "much does this one step shrink?",
        ),
        Wrong(
            "root-of-beta",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    (before.sqrt() * beta.sqrt() * data + (1 - beta).sqrt() * (1 - before) * x)
                    / (1 - now)
                ),
            ),
            "The variance is right. In your mean the weight of the data has a root too many. A "
            "weight is a precision over the sum of both: which variances stand in it?",
        ),
        Wrong(
            "noise-factor-at-x",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    (before.sqrt() * beta * data + beta.sqrt() * (1 - before) * x) / (1 - now)
                ),
            ),
            "The variance is right. In your mean x_t has √β_t, the factor of the noise. Which "
            "factor does x_{t−1} have in x_t?",
        ),
        Wrong(
            "x-weight-missing",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    before.sqrt() * beta / (1 - now) * data + (1 - beta).sqrt() * x
                ),
            ),
            "The variance is right. In your mean the weight of the data is right, that of x_t is "
            "not: with ᾱ_{t−1} = 1 it must be 0.",
        ),
        Wrong(
            "variances-as-weights",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    (before.sqrt() * (1 - before) * data + (1 - beta).sqrt() * beta * x) / (1 - now)
                ),
            ),
            "The variance is right. In your mean the weights β_t and 1 − ᾱ_{t−1} have changed "
            "places. The **sharper** guess should count more.",
        ),
        Wrong(
            "centers-forgotten",
            lambda *args: _balanced(
                *args,
                guesses=lambda x, data, before, now, beta: (x, data),
                precisions=lambda x, data, before, now, beta: (
                    (1 - beta) / beta,
                    1 / (1 - before).clamp(min=1e-12),
                ),
            ),
            "The variance is right, and so are the precisions. But around which centers? As a "
            "function of x_{t−1}, where does each factor have its peak?",
        ),
        Wrong(
            "noise-kept-no-variance",
            lambda *args: _back(
                *args,
                mean=lambda x, data, before, now, beta: (
                    before.sqrt() * data
                    + (1 - before).sqrt() * (x - now.sqrt() * data) / (1 - now).sqrt()
                ),
                variance=lambda x, data, before, now, beta: 0 * now,
            ),
            "That is the step of the deterministic sampler: all the noise of x_t is kept, and none "
            "is added. By Bayes the mean is another, and the variance is above 0.",
        ),
        Wrong(
            "denominator-missing",
            lambda *args: _over(*args, below=lambda before, now: 1),
            "Mean and variance are both too small: you have the numerators. Which sum of "
            "precisions belongs below the line?",
        ),
        Wrong(
            "denominator-root",
            lambda *args: _over(*args, below=lambda before, now: (1 - now).sqrt()),
            "Mean and variance have one root too many below the line: precisions add up as they "
            "are.",
        ),
        Wrong(
            "denominator-before",
            lambda *args: _over(*args, below=lambda before, now: (1 - before).clamp(min=1e-12)),
            "Below the line you have the noise of x_{t−1}. Add up the two precisions once more: "
            "which noise comes out?",
        ),
        Wrong(
            "denominator-before",
            _over_before,
            "Below the line you have the noise of x_{t−1}. Add up the two precisions once more: "
            "which noise comes out?",
        ),
    ],
    hints=[
        "β_t follows from ᾱ_{t−1} and ᾱ_t: what does this one step keep of the variance?",
        "As a function of x_{t−1}, q(x_{t−1} | data) has precision 1/(1 − ᾱ_{t−1}). Which one has "
        "q(x_t | x_{t−1}), and around which x_{t−1} is it centered?",
        "The mean weighs two guesses for x_{t−1} by their precisions. Multiply through by "
        "everything that may become 0 below a line.",
    ],
    equivalents={
        "return (of_data * data + of_x * x_t, variance.squeeze(-1))": "of two axes, 1 is the last",
    },
)


# ------------------------------------------------------------------ flow matching
def flow_pair(data, noise, t):
    """data, noise [B, D] and times t [B] in 0 ... 1 -> x_t [B, D] and the velocity [B, D]."""
    x_t = (1 - t[:, None]) * noise + t[:, None] * data
    return x_t, data - noise


def _path(data, noise, t):
    return (1 - t[:, None]) * noise + t[:, None] * data


def _flow_cases(g):
    return [
        Case((matrix([4.0]), matrix([0.0]), vector(0.25)), "a quarter of the way from 0 to 4"),
        Case(
            (matrix([1.0, 2.0], [1.0, 2.0]), matrix([0.0, 1.0], [0.0, 1.0]), vector(0.5, 0.75)),
            "two points at two different times",
        ),
        Case(
            (matrix([3.0, -4.0], [3.0, -4.0]), matrix([1.0, 2.0], [1.0, 2.0]), vector(0.0, 1.0)),
            "at the start and at the end",
        ),
        Case((normal(g, 4, 3), normal(g, 4, 3), uniform(g, 4)), "B = 4, D = 3"),
        Case((normal(g, 3, 3), normal(g, 3, 3), uniform(g, 3)), "B = D = 3"),
        Case((normal(g, 1, 6), normal(g, 1, 6), vector(0.1)), "a single point"),
        Case((normal(g, 5, 1, scale=1000.0), normal(g, 5, 1), uniform(g, 5)), "far out"),
    ]


FLOW_PAIR = CodeExercise(
    id="flow_pair",
    title="What a flow learns",
    statement=(
        "In flow matching time runs the other way: at t = 0 there is noise, at t = 1 data, and in "
        "between a point moves along a straight line at constant speed. Return the place x_t and "
        "the velocity there, which is what the network has to predict."
    ),
    reference=flow_pair,
    returns="two tensors of shape `[B, D]`: x_t and the velocity",
    grad_args=(0, 1),
    cases=_flow_cases,
    alternatives=[
        lambda data, noise, t: (torch.lerp(noise, data, t[:, None].expand_as(data)), data - noise),
        lambda data, noise, t: (noise + t.unsqueeze(1) * (data - noise), -(noise - data)),
    ],
    wrong=[
        Wrong(
            "backward",
            lambda data, noise, t: (
                (1 - t[:, None]) * data + t[:, None] * noise,
                noise - data,
            ),
            "Your time runs from data to noise, as in diffusion. Here t = 0 is noise.",
        ),
        Wrong(
            "place-backward",
            lambda data, noise, t: ((1 - t[:, None]) * data + t[:, None] * noise, data - noise),
            "The velocity is right, but your point is at the data when t = 0.",
        ),
        Wrong(
            "velocity-backward",
            lambda data, noise, t: (_path(data, noise, t), noise - data),
            "The place is right, but your velocity points back to the noise.",
        ),
        Wrong(
            "rest-of-the-way",
            lambda data, noise, t: (_path(data, noise, t), data - _path(data, noise, t)),
            "The place is right. You return the **rest** of the way, which shrinks as t grows. Is "
            "the speed not constant?",
        ),
        Wrong(
            "way-so-far",
            lambda data, noise, t: (_path(data, noise, t), t[:, None] * (data - noise)),
            "The place is right. You return the way so far; velocity is way per time.",
        ),
        Wrong(
            "divided-by-0-end",
            lambda data, noise, t: (
                _path(data, noise, t),
                (data - _path(data, noise, t)) / (1 - t[:, None]),
            ),
            "The rest of the way over the rest of the time is right, but at t = 1 it is 0/0. Which "
            "simpler form has no division?",
        ),
        Wrong(
            "divided-by-0-start",
            lambda data, noise, t: (
                _path(data, noise, t),
                (_path(data, noise, t) - noise) / t[:, None],
            ),
            "The way so far over the time so far is right, but at t = 0 it is 0/0. Which simpler "
            "form has no division?",
        ),
        Wrong(
            "target-data",
            lambda data, noise, t: (_path(data, noise, t), data.clone()),
            "The place is right. The data are where the path ends, not how fast it goes.",
        ),
        Wrong(
            "target-noise",
            lambda data, noise, t: (_path(data, noise, t), noise.clone()),
            "The place is right. A diffusion predicts the noise; a flow predicts a velocity.",
        ),
        Wrong(
            "roots",
            lambda data, noise, t: (
                (1 - t[:, None]).sqrt() * noise + t[:, None].sqrt() * data,
                data - noise,
            ),
            "The velocity is right. Your path has the roots of a diffusion: it keeps the variance, "
            "but it is not a straight line at constant speed.",
        ),
        Wrong(
            "circle",
            lambda data, noise, t: (
                (math.pi / 2 * t[:, None]).cos() * noise + (math.pi / 2 * t[:, None]).sin() * data,
                data - noise,
            ),
            "The velocity is right. Your point moves along an arc; here it is a straight line.",
        ),
        Wrong(
            "noise-not-fading",
            lambda data, noise, t: (noise + t[:, None] * data, data - noise),
            "The velocity is right. At t = 1 your point still carries all of its noise.",
        ),
        Wrong(
            "from-data-by-velocity",
            lambda data, noise, t: (data + t[:, None] * (data - noise), data - noise),
            "The velocity is right. Your path starts at the data. Where is the point at t = 0?",
        ),
        *(
            Wrong(
                "wrong-axis",
                solve,
                "Your t runs along the dimensions: `[B]` beside `[B, D]` lines up with the "
                "**last** axis. t belongs to the examples.",
            )
            for solve in (
                lambda data, noise, t: ((1 - t) * noise + t * data, data - noise),
                lambda data, noise, t: ((1 - t[None]) * noise + t[None] * data, data - noise),
            )
        ),
        Wrong(
            "one-for-all",
            lambda data, noise, t: ((1 - t[0]) * noise + t[0] * data, data - noise),
            "All examples are at the time of the first one. Each has a t of its own.",
        ),
        Wrong(
            "swapped",
            lambda data, noise, t: flow_pair(data, noise, t)[::-1],
            "Both are right, but returned in the other order: first the place.",
        ),
        Wrong(
            "sum",
            lambda data, noise, t: (_path(data, noise, t), data + noise),
            "The place is right. Differentiate it with respect to t; mind the sign of one term.",
        ),
        Wrong(
            OWN_DICE,
            lambda data, noise, t: (lambda e: (_path(data, e, t), data - e))(
                torch.randn_like(noise)
            ),
            "You roll your own dice; use `noise`.",
        ),
        Wrong(
            "half-speed",
            lambda data, noise, t: (_path(data, noise, t), (data - noise) / 2),
            "The place is right. At your speed the point would be half way at t = 1.",
        ),
        Wrong(
            "half-way",
            lambda data, noise, t: ((data + noise) / 2, data - noise),
            "The velocity is right. Your point is half way at every time; where does t come in?",
        ),
        Wrong(
            "squared-time",
            lambda data, noise, t: (_path(data, noise, t**2), data - noise),
            "The velocity is right. Your point starts slowly and speeds up; here the speed is "
            "constant.",
        ),
        Wrong(
            "unsigned",
            lambda data, noise, t: (_path(data, noise, t), (data - noise).abs()),
            "The place is right. A velocity has a direction: its sign.",
        ),
        Wrong(
            "place-over-time",
            lambda data, noise, t: (
                _path(data, noise, t),
                _path(data, noise, t) / t[:, None].clamp(min=1e-12),
            ),
            "The place is right. Velocity is **way** per time, and the way did not start at 0 but "
            "at the noise.",
        ),
        Wrong(
            "place-over-time",
            lambda data, noise, t: (_path(data, noise, t), _path(data, noise, t) / t[:, None]),
            "The place is right. Velocity is **way** per time, and the way did not start at 0 but "
            "at the noise.",
        ),
        Wrong(
            "toward-the-mean",
            lambda data, noise, t: (_path(data, noise, t), data.mean(0) - noise),
            "The place is right. You aim at the mean of the batch. The network finds the mean by "
            "itself; its target is each point's own velocity.",
        ),
        Wrong(
            "direction-only",
            lambda data, noise, t: (
                _path(data, noise, t),
                torch.nn.functional.normalize(data - noise, dim=1),
            ),
            "The place is right. You return the direction only. How fast must a point be to get "
            "there in one unit of time?",
        ),
        Wrong(
            "variance-kept",
            lambda data, noise, t: (
                t[:, None] * data + (1 - t[:, None] ** 2).sqrt() * noise,
                data - noise,
            ),
            "The velocity is right. Your path keeps the variance, as a diffusion does, but it is "
            "not a straight line at constant speed.",
        ),
    ],
    hints=[
        "Where is the point at t = 0, where at t = 1, and where half way?",
        "Velocity is the derivative of x_t with respect to t. Does it depend on t?",
    ],
)

ONE_EULER_STEP = NumberExercise(
    id="one_euler_step",
    title="Predict: all the way in one step",
    statement=(
        "The data are 1 with probability ¾ and −1 with probability ¼. A flow has learned its "
        "velocity perfectly. You start at the noise 0.7 and take a **single** Euler step from "
        "t = 0 to t = 1. Where do you land?"
    ),
    truth=0.5,
    written="0.5",
    because=(
        "At t = 0 the noise tells nothing about the data, so the velocity is E[data] − noise = "
        "−0.2, and every start lands at the mean, ½, where no data are. The paths to single points "
        "are straight; the flow of their averages is not."
    ),
    level=3,
    rtol=0.01,
    wrong=[
        WrongNumber(
            1,
            "nearest",
            "The true flow would carry you to 1. But one step uses the velocity at the start only: "
            "which average is that?",
        ),
        WrongNumber(
            -1,
            "other-one",
            "At t = 0 the network sees noise alone. Which of the two points could it prefer?",
        ),
        WrongNumber(
            -0.2,
            "velocity",
            "That is the velocity. You walk with it for one unit of time, from where?",
        ),
        WrongNumber(
            1.2,
            "mean-added",
            "You added the mean of the data to the noise. The velocity is that of data **minus** "
            "noise.",
        ),
        WrongNumber(
            0.7,
            "stays",
            "You stay where you are. Is the average velocity 0 there?",
        ),
        WrongNumber(
            0.6,
            "half-way",
            "That is half of the way. The step goes from t = 0 to t = 1.",
        ),
        WrongNumber(
            0.9,
            "backward",
            "You walked the other way: from data to noise.",
        ),
        WrongNumber(
            0,
            "equal-weights",
            "That is the middle of 1 and −1. Are the two equally likely?",
        ),
        WrongNumber(
            0.75,
            "probability",
            "That is the probability of 1. Which velocity does the network give at the start?",
        ),
        WrongNumber(
            1.7,
            "data-added",
            "You added 1 to the noise. The velocity is data **minus** noise, and the network does "
            "not know that the data point will be 1.",
        ),
        WrongNumber(
            0.3,
            "to-1",
            "That is the velocity toward 1 alone. The network cannot know which point it will be.",
        ),
        WrongNumber(
            -1.7,
            "to-minus-1",
            "That is the velocity toward −1 alone. The network cannot know which point it will be.",
        ),
    ],
    hints=[
        "The learned velocity is E[data − noise | x_t]. What does x₀, pure noise, tell about the "
        "data?",
        "Start + velocity · time. Does the start matter in the end?",
    ],
)


def euler_flow(velocity, noise, steps):
    """velocity(x [B, D], t [B]) -> [B, D]; noise [B, D] -> where it is at time 1, shape [B, D]."""
    x = noise
    for i in range(steps):
        t = torch.full_like(x[:, 0], i / steps)
        x = x + velocity(x, t) / steps
    return x


def _need_times(x, t):
    """Say in words what `velocity` expects.

    Raises:
        TypeError, ValueError: `t` is not a tensor with one time for each point.
    """
    if not isinstance(t, torch.Tensor):
        raise TypeError(f"velocity(x, t) takes a tensor of times t, not a {type(t).__name__}")
    if t.shape != x.shape[:1]:
        raise ValueError(
            f"velocity(x, t) was given t of shape {list(t.shape)}; expected {list(x.shape[:1])}"
        )


def _drift(x, t):
    """The same velocity everywhere and always: 3."""
    _need_times(x, t)
    return torch.full_like(x, 3.0)


def _speeding(x, t):
    """A velocity that grows with time: 4 t."""
    _need_times(x, t)
    return (4 * t)[:, None].expand_as(x)


def _homing(x, t):
    """A velocity toward 2 that depends on the place: 2 - x."""
    _need_times(x, t)
    return 2 - x


def _swirl(x, t):
    """A velocity that depends on place and time, and turns coordinates into each other."""
    _need_times(x, t)
    return (1 + t)[:, None] * x.roll(1, -1) - t[:, None] * x**2 / (1 + x**2)


def _flow(velocity, noise, steps, time=lambda i, n: i / n, size=lambda n: 1 / n, count=None):
    """Euler steps with one piece replaced."""
    x = noise
    for i in range(steps if count is None else count(steps)):
        x = x + size(steps) * velocity(x, torch.full_like(x[:, 0], time(i, steps)))
    return x


def _always_from_noise(velocity, noise, steps):
    x = noise
    for i in range(steps):
        x = x + velocity(noise, torch.full_like(x[:, 0], i / steps)) / steps
    return x


def _restarting(velocity, noise, steps):
    x = noise
    for i in range(steps):
        x = noise + velocity(x, torch.full_like(x[:, 0], i / steps)) / steps
    return x


def _midpoint(velocity, noise, steps):
    x = noise
    for i in range(steps):
        t = torch.full_like(x[:, 0], i / steps)
        x = x + velocity(x + velocity(x, t) / (2 * steps), t + 0.5 / steps) / steps
    return x


def _from_the_end(velocity, noise, steps):
    x = noise
    for i in range(steps):
        x = x - velocity(x, torch.full_like(x[:, 0], 1 - i / steps)) / steps
    return x


def _reversed_time(velocity, noise, steps):
    x = noise
    for i in range(steps):
        x = x + velocity(x, torch.full_like(x[:, 0], 1 - i / steps)) / steps
    return x


def _only_increments(velocity, noise, steps):
    return euler_flow(velocity, noise, steps) - noise


def _noisy_flow(velocity, noise, steps):
    x = noise
    for i in range(steps):
        x = x + velocity(x, torch.full_like(x[:, 0], i / steps)) / steps
        x = x + torch.randn_like(x) * (1 / steps) ** 0.5
    return x


def _forgetful(velocity, noise, steps):
    x = noise
    for i in range(steps):
        x = velocity(x, torch.full_like(x[:, 0], i / steps)) / steps
    return x


def _stretching(velocity, noise, steps):
    x = noise
    for i in range(steps):
        t = torch.full_like(x[:, 0], i / steps)
        x = x + velocity(x, t) * t[:, None]
    return x


def _growing(velocity, noise, steps):
    x = noise
    for i in range(steps):
        t = torch.full_like(x[:, 0], i / steps)
        x = x + velocity(x, t) * (i + 1) / steps
    return x


def _by_the_clock(velocity, noise, steps):
    x, t = noise, 0.0
    while t < 1:
        x = x + velocity(x, torch.full_like(x[:, 0], t)) / steps
        t += 1 / steps
    return x


def _whole_path(velocity, noise, steps):
    path = [noise]
    for i in range(steps):
        x = path[-1]
        path.append(x + velocity(x, torch.full_like(x[:, 0], i / steps)) / steps)
    return torch.stack(path)


EULER_FLOW = CodeExercise(
    id="euler_flow",
    title="From noise to data in small steps",
    statement=(
        "`velocity(x, t)` takes points [B, D] and times [B], and says how fast each point moves. "
        "Start at `noise` at t = 0 and follow it to t = 1 in `steps` equal Euler steps: look at "
        "the velocity where you are, and walk with it for one step. Return the places at t = 1."
    ),
    level=2,
    reference=euler_flow,
    returns="a tensor of shape `[B, D]`",
    grad_args=(1,),
    cases=lambda g: [
        Case((_drift, matrix([1.0]), 1), "one step with velocity 3: from 1 to 4"),
        Case(
            (_speeding, matrix([0.0]), 2), "two steps with velocity 4t: 0, then 2 for half a time"
        ),
        Case((_homing, matrix([0.0]), 2), "two steps with velocity 2 − x: from 0 to 1 to 1.5"),
        Case((_homing, normal(g, 3, 2), 1), "a single step, B = 3, D = 2"),
        Case((_swirl, normal(g, 4, 3), 5), "five steps, B = 4, D = 3; place and time both matter"),
        Case((_swirl, normal(g, 3, 3), 3), "three steps, B = D = 3"),
        Case((_swirl, normal(g, 2, 1), 100), "100 steps, one dimension"),
        Case((_homing, normal(g, 1, 4, scale=1000.0), 7), "seven steps, from far out"),
    ],
    kinds=[
        ("there is more than one step", lambda velocity, noise, steps: steps > 1),
        ("there is one step only", lambda velocity, noise, steps: steps == 1),
    ],
    alternatives=[
        lambda velocity, noise, steps: _whole_path(velocity, noise, steps)[-1],
        lambda velocity, noise, steps: _flow(velocity, noise, steps),
    ],
    wrong=[
        Wrong(
            "time-of-the-end",
            lambda velocity, noise, steps: _flow(
                velocity, noise, steps, time=lambda i, n: (i + 1) / n
            ),
            "You ask for the velocity at the **end** of each step. An Euler step looks where it "
            "stands, and at which time?",
        ),
        Wrong(
            "time-of-the-middle",
            lambda velocity, noise, steps: _flow(
                velocity, noise, steps, time=lambda i, n: (i + 0.5) / n
            ),
            "You ask for the velocity in the middle of each step, but at the place of its start. "
            "Euler takes time and place of the start.",
        ),
        Wrong(
            "time-counts-steps",
            lambda velocity, noise, steps: _flow(velocity, noise, steps, time=lambda i, n: i),
            "Your time counts steps: 0, 1, 2, … The whole journey takes one unit of time.",
        ),
        Wrong(
            "time-stands-still",
            lambda velocity, noise, steps: _flow(velocity, noise, steps, time=lambda i, n: 0),
            "Your clock stands at 0. What time is it at step i?",
        ),
        Wrong(
            "time-stretched",
            lambda velocity, noise, steps: _flow(
                velocity, noise, steps, time=lambda i, n: i / max(n - 1, 1)
            ),
            "Your last step starts at t = 1 already. `steps` steps have `steps` + 1 end points: "
            "when does the last one start?",
        ),
        Wrong(
            "step-too-long",
            lambda velocity, noise, steps: _flow(
                velocity,
                noise,
                steps,
                time=lambda i, n: i / max(n - 1, 1),
                size=lambda n: 1 / max(n - 1, 1),
            ),
            "Your steps are too long: together they take more than one unit of time. How many "
            "intervals are there?",
        ),
        Wrong(
            "full-steps",
            lambda velocity, noise, steps: _flow(velocity, noise, steps, size=lambda n: 1),
            "You add the whole velocity at every step. How long does a step take?",
        ),
        Wrong(
            "one-step-short",
            lambda velocity, noise, steps: _flow(velocity, noise, steps, count=lambda n: n - 1),
            "One step is missing: you have not arrived at t = 1.",
        ),
        Wrong(
            "one-step-too-many",
            lambda velocity, noise, steps: _flow(velocity, noise, steps, count=lambda n: n + 1),
            "One step too many: you walk beyond t = 1.",
        ),
        Wrong(
            "clock-rounded",
            _by_the_clock,
            "Nearly: adding up 1/`steps` again and again rounds, and for some `steps`, such as 7, "
            "the clock is a hair below 1 at the end. Then you take one step too many. Which number "
            "can you count without rounding?",
        ),
        Wrong(
            "one-step-only",
            lambda velocity, noise, steps: noise + velocity(noise, torch.zeros_like(noise[:, 0])),
            "You take one long step. Look at the velocity again on the way: it changes.",
        ),
        Wrong(
            "always-from-noise",
            _always_from_noise,
            "You always ask for the velocity at the **start**. Where are you by then?",
        ),
        Wrong(
            "restarting",
            _restarting,
            "Every step starts from the noise again. Go on from where you are.",
        ),
        Wrong(
            "midpoint",
            _midpoint,
            "That is the midpoint method: better than Euler, at twice the price. The question asks "
            "for plain Euler steps.",
        ),
        Wrong(
            "from-data-to-noise",
            _from_the_end,
            "You walk backward in time, from t = 1 to 0, as a diffusion does when it samples. Here "
            "noise is at t = 0.",
        ),
        Wrong(
            "clock-backward",
            _reversed_time,
            "Your clock runs from 1 to 0. In a flow, noise is at t = 0.",
        ),
        Wrong(
            "against",
            lambda velocity, noise, steps: _flow(velocity, noise, steps, size=lambda n: -1 / n),
            "You walk against the velocity. It already points from noise to data.",
        ),
        Wrong(
            "way-only",
            _only_increments,
            "That is the way you went. Where did you start?",
        ),
        Wrong(
            OWN_DICE,
            _noisy_flow,
            "You add fresh noise at every step, as a diffusion does. A flow is deterministic: the "
            "start decides everything.",
        ),
        Wrong(
            "whole-path",
            _whole_path,
            "You return the whole path. Only its end is asked for.",
        ),
        Wrong(
            "unchanged",
            lambda velocity, noise, steps: noise.clone(),
            "That is where you started.",
        ),
        Wrong(
            "step-squared",
            lambda velocity, noise, steps: _flow(velocity, noise, steps, size=lambda n: 1 / n**2),
            "Your steps are too short: together they take less than one unit of time.",
        ),
        Wrong(
            "velocity-only",
            lambda velocity, noise, steps: velocity(noise, torch.zeros_like(noise[:, 0])),
            "That is the velocity at the start. Where does it take you?",
        ),
        Wrong(
            "forgets-place",
            _forgetful,
            "Each step forgets where you were: the new place is the old one **plus** a step.",
        ),
        Wrong(
            "time-as-step",
            _stretching,
            "Your steps grow with time. They are equally long, however late it is.",
        ),
        Wrong(
            "stops-after-one",
            lambda velocity, noise, steps: (
                noise + velocity(noise, torch.zeros_like(noise[:, 0])) / steps
            ),
            "Your walk ends after the first step. Does `return` stand inside the loop?",
        ),
        Wrong(
            "first-step-missing",
            lambda velocity, noise, steps: _flow(
                velocity, noise, steps, time=lambda i, n: (i + 1) / n, count=lambda n: n - 1
            ),
            "The first step is missing, the one that starts at t = 0. Where does `range` begin?",
        ),
        Wrong(
            "too-long-by-one",
            lambda velocity, noise, steps: _flow(
                velocity, noise, steps, size=lambda n: 1 / max(n - 1, 1)
            ),
            "Your steps are a little too long: together they take more than one unit of time. How "
            "many are there?",
        ),
        Wrong(
            "growing-steps",
            _growing,
            "Your steps grow: step i walks for i + 1 times its length. They are equally long.",
        ),
        Wrong(
            "times-steps",
            lambda velocity, noise, steps: _flow(velocity, noise, steps, size=lambda n: n),
            "You multiply by the number of steps. The more steps, the **shorter** is each.",
        ),
        Wrong(
            "last-time-first",
            lambda velocity, noise, steps: _flow(
                velocity, noise, steps, time=lambda i, n: (n - 1 - i) / n
            ),
            "You take the times in reverse, the latest first. At which time do you start?",
        ),
    ],
    hints=[
        "At which time does step i start, if there are `steps` of them between 0 and 1?",
        "New place = old place + velocity · how long? Ask for the velocity at the old place, and "
        "make a new tensor: `x += …` overwrites what gradients still need.",
        "`velocity` wants a time for each point: a tensor of shape `[B]`, all entries alike.",
    ],
    equivalents={
        "t = torch.full_like(x[:, -1], i / steps)": "only its shape matters",
    },
)


# ------------------------------------------------------------------ a VAE with a fixed encoder
FIXED_ENCODER = ChoiceExercise(
    id="fixed_encoder",
    title="What a fixed encoder rules out",
    statement=(
        "A diffusion is a VAE with many latent variables x₁ … x_T, whose encoder q(x_t | data) is "
        "fixed and known. Which trouble of VAEs can therefore **not** occur?"
    ),
    level=2,
    options=[
        Option(
            "A bound that lies below log p(x)",
            "The bound is exact only if q is the model's own posterior. Does fixing q make it so? "
            "Here the model has to adapt to q.",
        ),
        Option(
            "A decoder that has not learned enough",
            "The reverse steps are learned, as every decoder is. What is no longer learned?",
        ),
        Option(
            "An encoder that gives up and ignores the data",
            "No posterior collapse: x_t contains the data by construction, as strongly as the "
            "schedule decides. Only the way back has to be learned.",
            right=True,
        ),
        Option(
            "A mismatch between q(x_T | data) and the prior",
            "Not zero by itself: some data are left in x_T. Who decides how much?",
        ),
    ],
    hints=[
        "Which half of a VAE is trained here, and which is not?",
        "Which trouble is one of the **encoder**?",
    ],
)

THREE_TERMS = ChoiceExercise(
    id="three_terms",
    title="Which term does training not touch?",
    statement=(
        "The bound on −log p(data) of a diffusion has three parts: A = E[−log p(data | x₁)], "
        "B = Σ E[KL(q(x_{t−1} | x_t, data) ‖ p(x_{t−1} | x_t))] over t = 2 … T, and "
        "C = KL(q(x_T | data) ‖ N(0, I)). The network is in p only. Which part can training not "
        "change?"
    ),
    level=2,
    options=[
        Option(
            "A, because x₁ is nearly the data already",
            "Then A is easy, but it is not fixed: p(data | x₁) is the last step of the network.",
        ),
        Option(
            "B, because q is fixed",
            "Its first half is. And the second half, p(x_{t−1} | x_t)?",
        ),
        Option(
            "None: all three are parts of one loss",
            "All are parts of the bound. Look at each one: where does the network appear in it?",
        ),
        Option(
            "C, because no network appears in it",
            "Both of its halves are known beforehand. It is small if the schedule leaves next to "
            "nothing of the data: ᾱ_T near 0.",
            right=True,
        ),
    ],
    hints=[
        "In each part, find what the network makes: it is called p(· | x_t).",
        "N(0, I) is the model's starting point. Is it learned?",
    ],
)

MANY_STEPS = ChoiceExercise(
    id="why_many_steps",
    title="Why so many steps?",
    statement=(
        "Each reverse step of the model is a Gaussian whose mean a network computes. Why does a "
        "diffusion take many small steps back, and not a single big one?"
    ),
    level=2,
    options=[
        Option(
            "The true way back is nearly Gaussian only for small steps",
            "After a big step x_t could have come from several places, and a Gaussian cannot say "
            "“here or there”. For Gaussian data one step would do; for two separate modes it "
            "takes many.",
            right=True,
        ),
        Option(
            "The noise can only be added in small steps",
            "Forward, any number of steps can be done in one shot: x_t is known given the data. "
            "What about the way back?",
        ),
        Option(
            "One network call is too weak to remove all the noise",
            "Suppose the network were perfect: it gives the best possible mean. Is one Gaussian "
            "around it a good description of all the places x_t may have come from?",
        ),
        Option(
            "More steps make the model more random, hence more diverse",
            "One step draws noise as well. Does the shape of its distribution fit?",
        ),
    ],
    hints=[
        "Let the data be 1 or −1. What is q(data | x_T) when x_T is almost pure noise? Draw it.",
        "And for x_{t−1} given x_t, when the two hardly differ?",
    ],
)

SIMPLE_LOSS = ChoiceExercise(
    id="simple_loss",
    title="The simple loss and the bound",
    statement=(
        "Diffusions are often trained with E‖noise − prediction‖², where every step t counts the "
        "same. How is this “simple” loss related to the bound on −log p(data)?"
    ),
    level=2,
    options=[
        Option(
            "It is the bound, up to a constant",
            "In the bound every squared error has a factor in front, which follows from the "
            "schedule. Is it the same for all t?",
        ),
        Option(
            "It has the terms of the bound, with other weights",
            "Each KL between two Gaussians of equal variance is a weight times a squared error. "
            "Setting all weights to 1 favors the noisy steps: good for samples, no longer a bound.",
            right=True,
        ),
        Option(
            "It is looser than the bound, but still above −log p",
            "Nothing keeps it above: other weights give another number, and −log p stays what it "
            "is. Where would the entropy of the data come in?",
        ),
        Option(
            "It is unrelated: denoising has nothing to do with likelihood",
            "Write the KL of two Gaussians with the same variance, and the mean of a reverse step "
            "in terms of the noise. What is left?",
        ),
    ],
    hints=[
        "The KL between two Gaussians with equal variances v is ‖difference of means‖² / 2v.",
        "Express both means by the noise. Which factor appears in front, and does it depend on t?",
    ],
)

LOSS_FLOOR = ChoiceExercise(
    id="loss_floor",
    title="A loss that does not fall to zero",
    statement=(
        "A network large enough for any function, trained on all the data there could be, until "
        "nothing improves: its error ‖noise − prediction‖² is still 0.3 per pixel, averaged over "
        "t. What does that mean?"
    ),
    level=2,
    options=[
        Option(
            "The optimizer is stuck: 0 is always possible in principle",
            "For 0 the network would have to know the noise from x_t alone. Can two different "
            "noises lead to the same x_t?",
        ),
        Option(
            "The samples will be wrong in 30% of the pixels",
            "The loss compares with one random noise, not with right or wrong. What would a "
            "perfect model reach?",
        ),
        Option(
            "x_t does not tell which noise is in it; 0.3 is left open",
            "Many pairs of data and noise make the same x_t, and the best answer is their mean, "
            "E[noise | x_t]. That mean is all that sampling needs.",
            right=True,
        ),
        Option(
            "The noise should have been given to the network as well",
            "Then it could copy it. What would you give it when you sample?",
        ),
    ],
    hints=[
        "Let x_t = 0.1 come from data 1 or from data −1. Which noise belongs to each?",
        "Which prediction has the least squared error, if the target is random given x_t?",
    ],
)


EXERCISES = [
    DATA_SHARE,
    ALPHA_BARS,
    ADD_NOISE,
    LOG_SNR,
    NOISY_AT_STEP,
    BEST_GUESS,
    DATA_FROM_NOISE,
    LOSS_FLOOR,
    NOISY_SCORE,
    WHICH_POINT,
    FIXED_ENCODER,
    THREE_TERMS,
    MANY_STEPS,
    SIMPLE_LOSS,
    FLOW_PAIR,
    ONE_EULER_STEP,
    EULER_FLOW,
    REVERSE_STEP,
]
