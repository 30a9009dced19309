"""Exercises of the chapter on variational autoencoders."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

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
from ._tools import bits, matrix, normal, scalar, vector

NUMBER = 9
INF = math.inf
LN2 = math.log(2)
LOG_2PI = math.log(2 * math.pi)


def _wrong(key, feedback, *solves):
    """Several ways to write one mistake."""
    return [Wrong(key, solve, feedback) for solve in solves]


# ------------------------------------------------------------------ predictions
KL_AT_PRIOR_PLUS_ONE = NumberExercise(
    id="kl_at_prior_plus_one",
    title="Predict: sixteen means, all off by one",
    statement=(
        "The encoder gives 16 latents, each with mean 1 and standard deviation 1. The prior is "
        "N(0, I). What is KL(q(z | x) ‖ p(z)), in nats?"
    ),
    truth=8,
    written="8",
    because=(
        "½ μ² for each latent, and independent latents add up: 16 · ½. A shift by one standard "
        "deviation costs half a nat, each time."
    ),
    wrong=[
        WrongNumber(
            0.5,
            "one-dim",
            "That is one latent alone. What does a log-density of 16 independent numbers do?",
        ),
        WrongNumber(
            16,
            "no-half",
            "Twice too much. Is μ² counted in full, or a variance of 1 as a cost? Write down one "
            "latent with both logs.",
        ),
        WrongNumber(
            32,
            "no-half-no-minus",
            "That is μ² + σ² for each latent. What does a spread as wide as the prior's cost, and "
            "what stands in front of the squares in the log of a Gaussian?",
        ),
        WrongNumber(
            0,
            "variance-only",
            "A divergence is 0 only where both distributions are the same. Here the means differ.",
        ),
        WrongNumber(
            -8,
            "negated",
            "That is how it enters the ELBO. A divergence itself is never negative.",
        ),
        WrongNumber(
            8 / LN2,
            "bits",
            "That is in bits; the question asks for nats.",
        ),
        WrongNumber(
            8 * LN2,
            "bits-wrong-way",
            "You converted between nats and bits. No conversion is needed.",
        ),
        WrongNumber(
            4,
            "length-of-mean",
            "That is the length of the vector of means. Does it enter as it is, or squared?",
        ),
        WrongNumber(
            2,
            "half-length",
            "That is half the length of the vector of means. Does the length enter as it is?",
        ),
        WrongNumber(
            128,
            "square-of-sum",
            "You added the means and then squared. Each latent has a divergence of its own; "
            "add those.",
        ),
        WrongNumber(
            1,
            "one-nat",
            "Each latent is one standard deviation off. How many nats is one of them, and how "
            "many latents are there?",
        ),
        WrongNumber(
            16 * (0.5 + 0.5 * LOG_2PI),
            "cross-entropy",
            "That still contains the normalizer of the Gaussians. It is the same for both: what "
            "happens to it in a difference of logs?",
        ),
        WrongNumber(
            24,
            "entropy-left",
            "You counted a variance of 1 as a cost. With σ = 1 the spread is just what the prior "
            "wants: what does it cost?",
        ),
    ],
    hints=[
        "Start with one latent. Both densities have the same width, only the means differ.",
        "E_q[log q(z) − log p(z)]: the squares in both exponents are all that matters.",
    ],
)

LATENT_BY_HAND = NumberExercise(
    id="latent_by_hand",
    title="Predict: one latent from one noise",
    statement=(
        "For one latent the encoder returns mu = 3 and logvar = log 4. The noise is ε = −1.5. "
        "Which z does the reparameterization trick give?"
    ),
    truth=0,
    written="0",
    because="logvar = log 4 means σ² = 4, so σ = 2, and z = 3 + 2 · (−1.5).",
    rtol=0.01,
    wrong=[
        WrongNumber(
            -3,
            "variance",
            "Two ways lead to −3. If you stretched the noise by the **variance**: which measure of "
            "spread has the unit of z? If you stretched it by less: where is the mean?",
        ),
        WrongNumber(
            3 - 1.5 * math.log(4),
            "logvar",
            "You stretched the noise by the logarithm itself. What is logvar the logarithm of?",
        ),
        WrongNumber(
            3 - 1.5 * math.log(2),
            "half-logvar",
            "You halved the logarithm, and that is log σ. Is it σ already?",
        ),
        WrongNumber(
            6,
            "sign",
            "The noise is negative: on which side of the mean must z lie?",
        ),
        WrongNumber(
            9,
            "sign-variance",
            "The noise is negative: on which side of the mean must z lie? And you stretched it by "
            "the variance.",
        ),
        WrongNumber(
            -6,
            "variance-no-mean",
            "You stretched the noise by the **variance**, and the mean is missing.",
        ),
        WrongNumber(
            -21,
            "fourth-power",
            "Doubling logvar squares the variance. Which way leads to σ?",
        ),
        WrongNumber(
            2.25,
            "precision",
            "You divided the noise by σ. Does a wider q move z more or less?",
        ),
        WrongNumber(
            -2.5,
            "scaled-mean",
            "You multiplied the **mean** by the noise. What is z if the noise is 0?",
        ),
        WrongNumber(
            1.5,
            "no-sigma",
            "You added the noise as it is. How wide is q?",
        ),
        WrongNumber(
            3,
            "mean",
            "That is the mean of q. Where does the noise go?",
        ),
        WrongNumber(
            5,
            "no-noise",
            "That is one σ above the mean; the noise is not used.",
        ),
        WrongNumber(
            -1.5,
            "noise",
            "That is the noise. Where do mean and spread of q come in?",
        ),
        WrongNumber(
            4.5,
            "minus-noise",
            "You took unstretched noise off the mean. How wide is q, and which way does ε point?",
        ),
        WrongNumber(
            -4.5,
            "product",
            "You multiplied mean and noise. What is z if the noise is 0?",
        ),
    ],
    hints=[
        "Which σ belongs to logvar = log σ² = log 4?",
        "ε counts standard deviations from the mean.",
    ],
)

MSE_VARIANCE = NumberExercise(
    id="mse_variance",
    title="Predict: the σ² that hides in a mean squared error",
    statement=(
        "Images of 784 pixels. The loss is the **mean** squared error over the pixels plus the KL "
        "in nats. Up to a constant that is a negative ELBO with p(x | z) = N(x̂(z), σ²I). "
        "Which σ²?"
    ),
    truth=392,
    written="392",
    because=(
        "The Gaussian term is Σ (x − x̂)²/(2σ²); the loss has Σ (x − x̂)²/784. So 2σ² = 784: "
        "pixels in [0, 1] with a noise of σ ≈ 20. No wonder that such a VAE ignores z."
    ),
    level=3,
    rtol=0.01,
    wrong=[
        WrongNumber(
            1,
            "standard",
            "With σ² = 1 the error would be a **sum** over pixels, halved. What did the mean do "
            "to it?",
        ),
        WrongNumber(
            0.5,
            "sum-of-squares",
            "That belongs to the **sum** of squared errors. The loss has a mean.",
        ),
        WrongNumber(
            784,
            "no-half",
            "Almost. Which number besides 1/σ² stands in front of the squares of a Gaussian?",
        ),
        WrongNumber(
            196,
            "two-halves",
            "Half of it. There is one ½ in the Gaussian, and none in the loss.",
        ),
        WrongNumber(
            1568,
            "half-wrong-way",
            "The ½ of the Gaussian went to the wrong side. Set both factors of Σ (x − x̂)² equal.",
        ),
        WrongNumber(
            1 / 784,
            "inverse",
            "That is the factor of the squared errors in the loss. A small factor: does it mean "
            "little noise or much?",
        ),
        WrongNumber(
            1 / 392,
            "precision",
            "That is 1/σ². Does a small weight on the errors mean little noise or much?",
        ),
        WrongNumber(
            1 / 1568,
            "inverse-half",
            "A small weight on the errors: does it mean little noise or much?",
        ),
        WrongNumber(
            math.sqrt(392),
            "std",
            "That is σ. The question asks for the variance.",
        ),
        WrongNumber(
            28,
            "side",
            "That is the side of the image. How many errors does the mean share?",
        ),
        WrongNumber(
            14,
            "half-side",
            "That is half the side of the image. How many errors does the mean share?",
        ),
        WrongNumber(
            2,
            "two",
            "The number of pixels must play a part: the mean divides by it.",
        ),
        WrongNumber(
            784**2 / 2,
            "twice",
            "The number of pixels counts once.",
        ),
    ],
    hints=[
        "Write −log N(x; x̂, σ²I) for 784 pixels. Which factor stands before Σ (x − x̂)²?",
        "Which factor stands before Σ (x − x̂)² in the loss? Set both equal.",
    ],
)

COLLAPSED_PIXEL = NumberExercise(
    id="collapsed_pixel",
    title="Predict: what a deaf decoder says",
    statement=(
        "A VAE of binary images has collapsed: q(z | x) = p(z) for every x, and the decoder is as "
        "good as it can be then. A pixel is on in 30 % of all images. Which probability of “on” "
        "does the decoder give this pixel, for any z?"
    ),
    truth=0.3,
    written="0.3",
    because=(
        "z tells nothing about x, so the best answer is the same for all z: the share of images "
        "in which the pixel is on. A collapsed VAE is the model of independent pixels."
    ),
    rtol=0.01,
    probability=True,
    wrong=[
        WrongNumber(
            0.5,
            "know-nothing",
            "The decoder cannot hear which image it is, but it knows the data. Which fixed "
            "probability has the highest average log-likelihood?",
        ),
        WrongNumber(
            0,
            "majority",
            "Off is more likely. But a probability of 0 is punished without limit in 30 % of the "
            "images.",
        ),
        WrongNumber(
            1,
            "on",
            "A probability of 1 is punished without limit wherever the pixel is off.",
        ),
        WrongNumber(
            0.7,
            "complement",
            "That is the probability of off.",
        ),
        WrongNumber(
            0.09,
            "squared",
            "You multiplied 0.3 by itself. How many times does the pixel have to be on?",
        ),
        WrongNumber(
            3 / 7,
            "odds",
            "Those are the odds. Which probability belongs to them?",
        ),
        WrongNumber(
            math.log(3 / 7),
            "logit",
            "That is the logit. Which probability belongs to it?",
        ),
    ],
    hints=[
        "If z says nothing about x, does it help to answer differently for different z?",
        "Which single probability θ maximizes the average of x log θ + (1 − x) log(1 − θ)?",
    ],
)


# ------------------------------------------------------------------ encoder
def reparameterize(mu, logvar, eps):
    """mu, logvar [..., K] and noise eps ~ N(0, I) -> z ~ N(mu, exp(logvar)), shape of eps."""
    return mu + (0.5 * logvar).exp() * eps


REPARAMETERIZE = CodeExercise(
    id="reparameterize",
    title="The reparameterization trick",
    statement=(
        "Return a sample z ~ N(mu, σ²) with σ² = exp(`logvar`), made from the standard normal "
        "noise `eps`, such that gradients reach `mu` and `logvar`. `eps` has the shape of `mu`, or "
        "one more axis in front for several samples; a larger `eps` must give a larger z."
    ),
    reference=reparameterize,
    returns="a tensor of the shape of `eps`",
    grad_args=(0, 1),
    cases=lambda g: [
        Case(
            (matrix([1.0]), matrix([math.log(9)]), matrix([1.0])),
            "mu = 1, σ² = 9, ε = 1: z = 4",
        ),
        Case(
            (matrix([1.0, 1.0]), matrix([0.0, math.log(0.25)]), matrix([0.0, -2.0])),
            "ε = 0 gives the mean; ε = −2, σ² = ¼ gives 0",
        ),
        Case((normal(g, 3, 2), normal(g, 3, 2), normal(g, 3, 2)), "B = 3, K = 2"),
        Case((normal(g, 3, 3), normal(g, 3, 3), normal(g, 3, 3)), "B = K = 3"),
        Case((normal(g, 1, 5), normal(g, 1, 5), normal(g, 1, 5)), "B = 1, K = 5"),
        Case((normal(g, 4, 2), normal(g, 4, 2), normal(g, 3, 4, 2)), "three samples for each x"),
        Case(
            (
                vector(1000.0, -1000.0, 0.0, 0.0),
                vector(-30.0, 12.0, -35.0, 14.0),
                vector(2.0, -1.0, 3.0, 0.5),
            ),
            "means of ±1000, log-variances from −35 to 14",
        ),
    ],
    kinds=[("`logvar` is not 0", lambda mu, logvar, eps: bool((logvar != 0).all()))],
    alternatives=[
        lambda mu, logvar, eps: torch.addcmul(mu, logvar.exp().sqrt(), eps),
        lambda mu, logvar, eps: eps * torch.exp(logvar / 2) + mu,
    ],
    wrong=[
        *_wrong(
            "variance",
            "You stretch the noise by the **variance**. With σ² = 9 and ε = 1, how many standard "
            "deviations from the mean should z be?",
            lambda mu, logvar, eps: mu + logvar.exp() * eps,
        ),
        *_wrong(
            "logvar",
            "You use the logarithm as if it were the spread; it may even be negative. What is it "
            "the logarithm of?",
            lambda mu, logvar, eps: mu + logvar * eps,
        ),
        *_wrong(
            "half-logvar",
            "Half of logvar is log σ, and a logarithm may be negative. How do you get from there "
            "to σ?",
            lambda mu, logvar, eps: mu + 0.5 * logvar * eps,
        ),
        *_wrong(
            "root-of-log",
            "You took a root of the logarithm, which may be negative. Root and logarithm come in "
            "another order.",
            lambda mu, logvar, eps: mu + logvar.sqrt() * eps,
            lambda mu, logvar, eps: mu + logvar.abs().sqrt() * eps,
            lambda mu, logvar, eps: mu + logvar.sqrt().exp() * eps,
        ),
        *_wrong(
            "doubled",
            "Doubling a logarithm squares what it is of: you stretch by σ⁴. Which way leads from "
            "log σ² to log σ?",
            lambda mu, logvar, eps: mu + (2 * logvar).exp() * eps,
        ),
        *_wrong(
            "half-outside",
            "Your ½ halves the variance. What is needed is its **root**: what does a root become "
            "on the log scale?",
            lambda mu, logvar, eps: mu + 0.5 * logvar.exp() * eps,
        ),
        *_wrong(
            "standardized",
            "You went the other way: that takes a mean off and divides by a spread. Here `eps` has "
            "mean 0 and spread 1, and z should have those of q.",
            lambda mu, logvar, eps: (eps - mu) / (0.5 * logvar).exp(),
        ),
        *_wrong(
            "precision",
            "Your noise shrinks as the variance grows. Check the sign in the exponent.",
            lambda mu, logvar, eps: mu + (-0.5 * logvar).exp() * eps,
            lambda mu, logvar, eps: mu + eps / (0.5 * logvar).exp(),
        ),
        *_wrong(
            "no-noise",
            "ε is not used: the same z comes out each time, one σ above the mean.",
            lambda mu, logvar, eps: (mu + (0.5 * logvar).exp()).expand_as(eps).clone(),
            lambda mu, logvar, eps: mu + (0.5 * logvar).exp(),
        ),
        *_wrong(
            "mean-only",
            "That is the mean of q, without any noise: an autoencoder, but not a variational one.",
            lambda mu, logvar, eps: mu.expand_as(eps).clone(),
            lambda mu, logvar, eps: mu.clone(),
            lambda mu, logvar, eps: mu,
        ),
        *_wrong(
            "scaled-mean",
            "The noise multiplies the mean. What should z be when ε is 0?",
            lambda mu, logvar, eps: mu * eps + (0.5 * logvar).exp(),
            lambda mu, logvar, eps: (mu + (0.5 * logvar).exp()) * eps,
        ),
        *_wrong(
            "stretched-mean",
            "The spread stretches the mean as well as the noise. What should z be when ε is 0?",
            lambda mu, logvar, eps: (mu + eps) * (0.5 * logvar).exp(),
        ),
        *_wrong(
            "minus-noise",
            "Your z lies on the other side of the mean. The distribution is the same, but this ε "
            "counts standard deviations **up**.",
            lambda mu, logvar, eps: mu - (0.5 * logvar).exp() * eps,
        ),
        *_wrong(
            "no-sigma",
            "You add the noise as it is: the encoder's spread has no effect, and no gradient "
            "reaches it.",
            lambda mu, logvar, eps: mu + eps,
        ),
        *_wrong(
            "no-mean",
            "The mean is missing: all images would share a z around 0.",
            lambda mu, logvar, eps: (0.5 * logvar).exp() * eps,
        ),
        *_wrong(
            "noise-in-exponent",
            "The noise went into the exponent. A Gaussian is shifted and stretched; exp of a "
            "Gaussian is none.",
            lambda mu, logvar, eps: mu + (0.5 * logvar * eps).exp(),
            lambda mu, logvar, eps: mu + (0.5 * (logvar + eps)).exp(),
        ),
        *_wrong(
            "softplus",
            "Softplus turns any number into a positive one, but `logvar` is a logarithm. What "
            "undoes a logarithm?",
            lambda mu, logvar, eps: mu + F.softplus(logvar) * eps,
            lambda mu, logvar, eps: mu + F.softplus(logvar).sqrt() * eps,
        ),
        *_wrong(
            "clamped",
            "You bound `logvar`: beyond the bound the spread is wrong, and no gradient gets "
            "through.",
            lambda mu, logvar, eps: mu + (0.5 * logvar.clamp(-10, 10)).exp() * eps,
            lambda mu, logvar, eps: mu + (0.5 * logvar.clamp(-20, 2)).exp() * eps,
            lambda mu, logvar, eps: mu + (0.5 * logvar.clamp(-5, 5)).exp() * eps,
            lambda mu, logvar, eps: mu + (0.5 * logvar.clamp(-30, 20)).exp() * eps,
        ),
        *_wrong(
            "epsilon",
            "The small number you add to the spread shifts every sample. exp is positive anyway: "
            "what would need help?",
            lambda mu, logvar, eps: mu + ((0.5 * logvar).exp() + 1e-6) * eps,
            lambda mu, logvar, eps: mu + ((0.5 * logvar).exp() + 1e-8) * eps,
            lambda mu, logvar, eps: mu + (logvar.exp() + 1e-6).sqrt() * eps,
            lambda mu, logvar, eps: mu + (logvar.exp() + 1e-8).sqrt() * eps,
        ),
        *_wrong(
            OWN_DICE,
            "You roll your own dice; use `eps`. The same `eps` must always give the same z.",
            lambda mu, logvar, eps: mu + (0.5 * logvar).exp() * torch.randn_like(eps),
            lambda mu, logvar, eps: mu + (0.5 * logvar).exp() * torch.randn_like(mu),
            lambda mu, logvar, eps: torch.normal(mu, (0.5 * logvar).exp()),
            lambda mu, logvar, eps: mu + (0.5 * logvar).exp() * torch.rand_like(eps),
        ),
    ],
    hints=[
        "If ε ~ N(0, 1), what are the mean and the standard deviation of a + bε?",
        "logvar = log σ². What is log σ, then?",
    ],
)

WHY_REPARAMETERIZE = ChoiceExercise(
    id="why_reparameterize",
    title="What is the trick for?",
    statement=(
        "z = μ + σε and “draw z from N(μ, σ²)” give equally distributed numbers. Why does a VAE "
        "need the first form?"
    ),
    options=[
        Option(
            "Its samples have a smaller variance",
            "Both forms have the very same distribution, so the same variance. What differs is "
            "the way from φ to z.",
        ),
        Option(
            "Its z is a differentiable function of μ and σ",
            "The randomness now comes in from the side, as an input: for fixed ε the loss has an "
            "ordinary derivative with respect to μ and σ, and backpropagation just works.",
            right=True,
        ),
        Option(
            "Without it, the ELBO would be a biased estimate",
            "The estimate of the **value** is unbiased either way. What else do we need of it in "
            "order to train?",
        ),
        Option(
            "It makes the posterior a Gaussian",
            "q is a Gaussian by choice, in both forms. Does a way of drawing from q change p(z | "
            "x)?",
        ),
    ],
    hints=[
        "Imagine μ a little larger. What happens to z in each form?",
        "What must flow back from the decoder to the encoder?",
    ],
)


def kl_gaussian(mu, logvar):
    """KL from N(mu, exp(logvar)), independent latents [B, K], to N(0, I) -> shape [B], nats."""
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)


def _per_latent(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)


def _kl_loop(mu, logvar):
    total = 0.0
    for k in range(mu.shape[-1]):
        variance = logvar[..., k].exp()
        total = total + 0.5 * (mu[..., k] ** 2 + variance - 1) - 0.5 * logvar[..., k]
    return total


def _kl_torch(mu, logvar):
    q = Normal(mu, (0.5 * logvar).exp())
    p = Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return kl_divergence(q, p).sum(-1)


KL_GAUSSIAN = CodeExercise(
    id="kl_gaussian",
    title="The KL term of a VAE",
    statement=(
        "The encoder gives means `mu` [B, K] and log-variances `logvar` [B, K] of K independent "
        "latents; the prior is N(0, I). Return KL(q(z | x) ‖ p(z)) for each example, in nats."
    ),
    level=2,
    reference=kl_gaussian,
    returns="a tensor of shape `[B]`",
    unit="nats",
    grad_args=(0, 1),
    cases=lambda g: [
        Case((matrix([0.0, 0.0]), matrix([0.0, 0.0])), "two latents, q is the prior: 0"),
        Case((matrix([1.0]), matrix([0.0])), "a mean of 1: ½"),
        Case((matrix([-1.0, 2.0]), matrix([0.0, 0.0])), "means of −1 and 2"),
        Case((matrix([0.0]), matrix([math.log(4)])), "σ² = 4"),
        Case((matrix([0.0]), matrix([-math.log(4)])), "σ² = ¼"),
        Case((normal(g, 4, 3), normal(g, 4, 3)), "B = 4, K = 3"),
        Case((normal(g, 3, 3), normal(g, 3, 3)), "B = K = 3"),
        Case((normal(g, 1, 5, scale=3.0), normal(g, 1, 5, scale=3.0)), "B = 1, K = 5"),
        Case((normal(g, 5, 1), normal(g, 5, 1)), "a single latent"),
        Case(
            (
                matrix([1000.0, -1000.0], [0.0, 1e-3], [-5.0, 0.0]),
                matrix([0.0, 0.0], [-40.0, -60.0], [10.0, 15.0]),
            ),
            "means of ±1000; log-variances from −60 to 15",
        ),
    ],
    kinds=[
        ("`logvar` is not 0", lambda mu, logvar: bool((logvar != 0).all())),
        ("`mu` is not 0", lambda mu, logvar: bool((mu != 0).all())),
    ],
    alternatives=[
        _kl_torch,
        _kl_loop,
        lambda mu, logvar: -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1),
    ],
    wrong=[
        *_wrong(
            "negated",
            "Your result is never positive, and a divergence is never negative. Is that the term, "
            "or the way in which it enters the ELBO?",
            lambda mu, logvar: 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(-1),
        ),
        *_wrong(
            "reversed",
            "That is the divergence from the prior **to** q. In the ELBO every expectation is "
            "under q: which of the two comes first?",
            lambda mu, logvar: 0.5 * ((1 + mu**2) / logvar.exp() - 1 + logvar).sum(-1),
        ),
        *_wrong(
            "logvar-as-var",
            "You put `logvar` where a variance belongs. It may be negative; a variance cannot. "
            "What is it the logarithm of?",
            lambda mu, logvar: 0.5 * (mu**2 + logvar - 1 - torch.log(logvar)).sum(-1),
            lambda mu, logvar: 0.5 * (mu**2 + logvar - 1 - logvar.abs().log()).sum(-1),
            lambda mu, logvar: 0.5 * (mu**2 + logvar**2 - 1 - (logvar**2).log()).sum(-1),
            lambda mu, logvar: 0.5 * (mu**2 + logvar - 1 - logvar).sum(-1),
        ),
        *_wrong(
            "logvar-as-logstd",
            "You treat `logvar` as the log of the standard deviation. It is the log of the "
            "**variance** already.",
            lambda mu, logvar: 0.5 * (mu**2 + (2 * logvar).exp() - 1 - 2 * logvar).sum(-1),
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() ** 2 - 1 - 2 * logvar).sum(-1),
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() ** 2 - 1 - logvar).sum(-1),
        ),
        *_wrong(
            "std-not-var",
            "The standard deviation stands where the variance belongs: what is E_q[(z − μ)²]?",
            lambda mu, logvar: 0.5 * (mu**2 + (0.5 * logvar).exp() - 1 - logvar).sum(-1),
        ),
        *_wrong(
            "half-missing-on-log",
            "Your log term counts double. logvar is log σ². How many times log σ is that, and "
            "does the ½ in front still apply?",
            lambda mu, logvar: (0.5 * (mu**2 + logvar.exp() - 1) - logvar).sum(-1),
        ),
        *_wrong(
            "half-twice-on-log",
            "Your log term counts half. There is one ½ in front of everything, and you used "
            "another one.",
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - 0.5 * logvar).sum(-1),
        ),
        *_wrong(
            "half-on-mean-only",
            "The ½ reaches only a part of the terms. It comes from the exponent of the Gaussians "
            "and from log σ = ½ log σ²: which terms have it?",
            lambda mu, logvar: (0.5 * mu**2 + logvar.exp() - 1 - logvar).sum(-1),
            lambda mu, logvar: (mu**2 + 0.5 * (logvar.exp() - 1 - logvar)).sum(-1),
            lambda mu, logvar: (0.5 * (mu**2 + logvar.exp()) - 1 - logvar).sum(-1),
            lambda mu, logvar: (0.5 * (mu**2 + logvar.exp() - logvar) - 1).sum(-1),
        ),
        *_wrong(
            "no-half",
            "Exactly twice the answer. What stands in front of the squares in the log of a "
            "Gaussian density?",
            lambda mu, logvar: (mu**2 + logvar.exp() - 1 - logvar).sum(-1),
        ),
        *_wrong(
            "mean-over-latents",
            "You averaged over the latents. The log-density of independent numbers is a sum: so "
            "is its expectation. (An average quietly weakens the KL, the more latents the more.)",
            lambda mu, logvar: _per_latent(mu, logvar).mean(-1),
        ),
        *_wrong(
            "batch-mean",
            "Right inside, but you averaged over the **batch** too. Return one value for each "
            "example.",
            lambda mu, logvar: _per_latent(mu, logvar).sum(-1).mean(),
        ),
        *_wrong(
            "batch-sum",
            "Right inside, but you summed over the **batch** too. Return one value for each "
            "example.",
            lambda mu, logvar: _per_latent(mu, logvar).sum(),
        ),
        *_wrong(
            "mean-of-all",
            "You averaged over examples and latents alike. Which of the two axes should stay, and "
            "what should happen along the other one?",
            lambda mu, logvar: _per_latent(mu, logvar).mean(),
        ),
        *_wrong(
            "over-batch",
            "You summed over the examples, and the latents are left. Which axis is which?",
            lambda mu, logvar: _per_latent(mu, logvar).sum(0),
            lambda mu, logvar: _per_latent(mu, logvar).mean(0),
        ),
        *_wrong(
            "per-latent",
            "You return one number for each latent. What is the divergence of all of them "
            "together?",
            _per_latent,
        ),
        *_wrong(
            "no-minus-one",
            "When q equals the prior, your result is not 0. Which constant is missing?",
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - logvar).sum(-1),
        ),
        *_wrong(
            "minus-one-once",
            "Your constant counts once for all latents. What does **each** latent contribute when "
            "it equals its prior?",
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - logvar).sum(-1) - 0.5,
            lambda mu, logvar: 0.5 * ((mu**2 + logvar.exp() - logvar).sum(-1) - 1),
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - logvar).sum(-1) - 1,
        ),
        *_wrong(
            "bits",
            "Your logarithm has the base 2. The question asks for nats; and what is `logvar` the "
            "logarithm of, and to which base?",
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - logvar / LN2).sum(-1),
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1) / LN2,
        ),
        *_wrong(
            "log-of-log",
            "You took the logarithm of a logarithm. What is `logvar` already?",
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - logvar.log()).sum(-1),
        ),
        *_wrong(
            "plus-one",
            "When q equals the prior, your result is not 0. Check the sign of the constant.",
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() + 1 - logvar).sum(-1),
        ),
        *_wrong(
            "log-sign",
            "Try a very small variance: your result falls below 0. Check the sign of the log term.",
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 + logvar).sum(-1),
        ),
        *_wrong(
            "mu-not-squared",
            "A mean of −1 is as far from the prior as a mean of +1. Is it for yours?",
            lambda mu, logvar: 0.5 * (mu + logvar.exp() - 1 - logvar).sum(-1),
            lambda mu, logvar: 0.5 * (mu.abs() + logvar.exp() - 1 - logvar).sum(-1),
        ),
        *_wrong(
            "no-mean",
            "The means do not enter. Does it cost nothing to be far from the prior?",
            lambda mu, logvar: 0.5 * (logvar.exp() - 1 - logvar).sum(-1),
        ),
        *_wrong(
            "mean-sign",
            "With growing means your result gets smaller. Should a q far from the prior cost less?",
            lambda mu, logvar: 0.5 * (logvar.exp() - mu**2 - 1 - logvar).sum(-1),
        ),
        *_wrong(
            "no-variance",
            "Only the means enter. Does it matter how wide q is?",
            lambda mu, logvar: 0.5 * (mu**2).sum(-1),
        ),
        *_wrong(
            "squared-sum",
            "You added the means before squaring, so that −1 and 1 cancel. Each latent has a "
            "divergence of its own.",
            lambda mu, logvar: 0.5 * (mu.sum(-1) ** 2 + (logvar.exp() - 1 - logvar).sum(-1)),
        ),
        *_wrong(
            "cross-entropy",
            "That is the cross-entropy, −E_q[log p(z)]: it is not 0 when q equals the prior. What "
            "must be taken off?",
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() + LOG_2PI).sum(-1),
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp()).sum(-1),
        ),
        *_wrong(
            "epsilon",
            "The right formula, but the small number in the log is larger than a tiny variance. "
            "Why undo the log and take it again?",
            lambda mu, logvar: (
                0.5 * (mu**2 + logvar.exp() - 1 - (logvar.exp() + 1e-8).log()).sum(-1)
            ),
            lambda mu, logvar: (
                0.5 * (mu**2 + logvar.exp() - 1 - (logvar.exp() + 1e-12).log()).sum(-1)
            ),
        ),
        *_wrong(
            OWN_DICE,
            "You drew z: a noisy estimate. For two Gaussians the expectation has a closed form.",
            lambda mu, logvar: (
                0.5
                * (
                    (mu + (0.5 * logvar).exp() * (e := torch.randn_like(mu))) ** 2 - e**2 - logvar
                ).sum(-1)
            ),
        ),
    ],
    hints=[
        "Begin with a single latent: E_q[log q(z) − log p(z)]. Both logs are quadratic in z.",
        "Under q: what is E_q[(z − μ)²], and what is E_q[z²]?",
        "Tests: 0 for the prior itself, ½ for a mean of 1, never negative.",
    ],
    equivalents={
        "return 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar).sum(1)": "of two axes, 1 is the last",
        "return 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar).sum(--1)": "of two axes, 1 is the last",
    },
)


# ------------------------------------------------------------------ decoder
def gaussian_recon_nll(x, x_hat, sigma2):
    """x, x_hat [B, D] and a variance sigma2 (no axes) -> -log N(x; x_hat, sigma2 I), shape [B]."""
    squared_error = ((x - x_hat) ** 2).sum(-1)
    return 0.5 * (squared_error / sigma2 + x.shape[-1] * torch.log(2 * math.pi * sigma2))


def _sse(x, x_hat):
    return ((x - x_hat) ** 2).sum(-1)


def _norm(x, sigma2):
    return 0.5 * x.shape[-1] * (LOG_2PI + sigma2.log())


GAUSSIAN_RECON = CodeExercise(
    id="gaussian_recon_nll",
    title="Where the squared error comes from",
    statement=(
        "The decoder says p(x | z) = N(`x_hat`, `sigma2` · I), where `sigma2`, a tensor without "
        "axes (so no `math.log`), is one variance for all D pixels. Return −log p(x | z) for each "
        "example, in nats, with every constant."
    ),
    level=2,
    reference=gaussian_recon_nll,
    returns="a tensor of shape `[B]`",
    unit="nats",
    grad_args=(1, 2),
    cases=lambda g: [
        Case(
            (matrix([0.0, 0.0]), matrix([1.0, 1.0]), scalar(1.0)),
            "two pixels, both off by 1, σ² = 1: 1 + log 2π",
        ),
        Case(
            (matrix([0.3]), matrix([0.3]), scalar(0.01)),
            "one pixel, hit exactly, σ² = 0.01: a density above 1",
        ),
        Case((normal(g, 3, 4), normal(g, 3, 4), scalar(0.1)), "B = 3, D = 4, σ² = 0.1"),
        Case((normal(g, 4, 4), normal(g, 4, 4), scalar(2.5)), "B = D = 4, σ² = 2.5"),
        Case((normal(g, 2, 6), normal(g, 2, 6), scalar(0.5)), "B = 2, D = 6, σ² = ½"),
        Case((normal(g, 5, 1), normal(g, 5, 1), scalar(7.0)), "D = 1, σ² = 7"),
        Case(
            (normal(g, 1, 3, scale=1000.0), normal(g, 1, 3, scale=1000.0), scalar(400.0)),
            "B = 1, values near ±1000, σ² = 400",
        ),
    ],
    kinds=[
        ("σ² is not 1", lambda x, x_hat, sigma2: bool(sigma2 != 1)),
        ("there is more than one pixel", lambda x, x_hat, sigma2: x.shape[-1] > 1),
    ],
    alternatives=[
        lambda x, x_hat, sigma2: -Normal(x_hat, sigma2.sqrt()).log_prob(x).sum(-1),
        lambda x, x_hat, sigma2: F.gaussian_nll_loss(
            x_hat, x, sigma2.expand_as(x), full=True, eps=0, reduction="none"
        ).sum(-1),
        lambda x, x_hat, sigma2: (
            -Independent(Normal(x_hat, sigma2.sqrt().expand_as(x_hat)), 1).log_prob(x)
        ),
    ],
    wrong=[
        *_wrong(
            "mse",
            "A squared error, averaged over pixels or examples. Compare it with minus the log of "
            "a Gaussian density: what stands before the squares, what beside them, and over which "
            "axis do you add?",
            lambda x, x_hat, sigma2: ((x - x_hat) ** 2).mean(-1),
            lambda x, x_hat, sigma2: F.mse_loss(x_hat, x),
            lambda x, x_hat, sigma2: F.mse_loss(x_hat, x, reduction="sum") / len(x),
        ),
        *_wrong(
            "mse-scaled",
            "You averaged over the pixels. The log-density of D independent pixels is a sum.",
            lambda x, x_hat, sigma2: 0.5 * ((x - x_hat) ** 2).mean(-1) / sigma2,
            lambda x, x_hat, sigma2: (
                0.5 * (((x - x_hat) ** 2) / sigma2 + (LOG_2PI + sigma2.log())).mean(-1)
            ),
            lambda x, x_hat, sigma2: 0.5 * ((x - x_hat) ** 2).mean(-1) / sigma2 + _norm(x, sigma2),
        ),
        *_wrong(
            "sse",
            "The sum of squares alone is a Gaussian with one fixed variance, up to a constant. "
            "Where does the given `sigma2` come in?",
            lambda x, x_hat, sigma2: _sse(x, x_hat),
            lambda x, x_hat, sigma2: 0.5 * _sse(x, x_hat),
        ),
        *_wrong(
            "no-normalizer",
            "The squares are right, but the normalizer is missing. Without it, what would a "
            "**learned** variance do?",
            lambda x, x_hat, sigma2: 0.5 * _sse(x, x_hat) / sigma2,
        ),
        *_wrong(
            "no-normalizer-no-half",
            "The normalizer is missing, and so is the ½ of the exponent.",
            lambda x, x_hat, sigma2: _sse(x, x_hat) / sigma2,
        ),
        *_wrong(
            "normalizer-once",
            "Your normalizer counts once. How many Gaussians are multiplied here?",
            lambda x, x_hat, sigma2: 0.5 * _sse(x, x_hat) / sigma2 + 0.5 * (LOG_2PI + sigma2.log()),
        ),
        *_wrong(
            "normalizer-too-often",
            "Your normalizer is that of the whole image, and you added it once for each pixel. How "
            "often should it count?",
            lambda x, x_hat, sigma2: (
                (x - x_hat) ** 2 / (2 * sigma2) + 0.5 * x.shape[-1] * (LOG_2PI + sigma2.log())
            ).sum(-1),
        ),
        *_wrong(
            "whole-half",
            "`//` rounds down. How much of a normalizer is left for a single pixel?",
            lambda x, x_hat, sigma2: (
                0.5 * _sse(x, x_hat) / sigma2 + x.shape[-1] // 2 * (LOG_2PI + sigma2.log())
            ),
        ),
        *_wrong(
            "no-2pi",
            "A part of the normalizer is missing: the density must integrate to 1 also for σ² = 1.",
            lambda x, x_hat, sigma2: (
                0.5 * _sse(x, x_hat) / sigma2 + 0.5 * x.shape[-1] * sigma2.log()
            ),
        ),
        *_wrong(
            "no-variance-in-normalizer",
            "Your normalizer does not know σ². A wider Gaussian has a lower peak.",
            lambda x, x_hat, sigma2: 0.5 * _sse(x, x_hat) / sigma2 + 0.5 * x.shape[-1] * LOG_2PI,
        ),
        *_wrong(
            "normalizer-no-half",
            "Your normalizer, or a part of it, counts double. It is one over the **root** of 2πσ².",
            lambda x, x_hat, sigma2: 0.5 * _sse(x, x_hat) / sigma2 + 2 * _norm(x, sigma2),
            lambda x, x_hat, sigma2: (
                0.5 * _sse(x, x_hat) / sigma2 + x.shape[-1] * (0.5 * LOG_2PI + sigma2.log())
            ),
        ),
        *_wrong(
            "normalizer-sign",
            "The normalizer has the wrong sign: a wide Gaussian has a **low** density, so its "
            "−log is high.",
            lambda x, x_hat, sigma2: 0.5 * _sse(x, x_hat) / sigma2 - _norm(x, sigma2),
        ),
        *_wrong(
            "no-half",
            "The normalizer is right, but the squares count double. What stands in the exponent "
            "of a Gaussian?",
            lambda x, x_hat, sigma2: _sse(x, x_hat) / sigma2 + _norm(x, sigma2),
        ),
        *_wrong(
            "count-in-log",
            "The number of pixels went into the logarithm. The log of D equal factors is D times "
            "the log of one: where does D/2 belong?",
            lambda x, x_hat, sigma2: (
                0.5 * _sse(x, x_hat) / sigma2
                + torch.log(0.5 * x.shape[-1] * 2 * math.pi * sigma2)
            ),
            lambda x, x_hat, sigma2: (
                0.5 * _sse(x, x_hat) / sigma2
                + 0.5 * torch.log(x.shape[-1] * 2 * math.pi * sigma2)
            ),
        ),
        *_wrong(
            "density-first",
            "The right formula, but the density of a far-off image is exactly 0 on a computer, "
            "and its log is −inf. Take the log of each pixel first: what does the product become?",
            lambda x, x_hat, sigma2: (
                -(
                    torch.exp(-0.5 * (x - x_hat) ** 2 / sigma2)
                    / torch.sqrt(2 * math.pi * sigma2)
                )
                .prod(-1)
                .log()
            ),
            lambda x, x_hat, sigma2: -Normal(x_hat, sigma2.sqrt()).log_prob(x).exp().prod(-1).log(),
        ),
        *_wrong(
            "std-as-var",
            "`sigma2` is squared once more, by you or by `Normal`, which expects a standard "
            "deviation. It is a variance already.",
            lambda x, x_hat, sigma2: 0.5 * _sse(x, x_hat) / sigma2**2 + _norm(x, sigma2**2),
            lambda x, x_hat, sigma2: 0.5 * _sse(x, x_hat) / sigma2**2 + _norm(x, sigma2),
            lambda x, x_hat, sigma2: -Normal(x_hat, sigma2).log_prob(x).sum(-1),
        ),
        *_wrong(
            "std-in-exponent",
            "You divided the squares by σ. Squares of pixels have the unit of a variance.",
            lambda x, x_hat, sigma2: 0.5 * _sse(x, x_hat) / sigma2.sqrt() + _norm(x, sigma2),
            lambda x, x_hat, sigma2: 0.5 * _sse(x, x_hat) / sigma2.sqrt() + _norm(x, sigma2.sqrt()),
        ),
        *_wrong(
            "times-variance",
            "You multiplied the squares by the variance. With more noise, should a miss cost more?",
            lambda x, x_hat, sigma2: 0.5 * _sse(x, x_hat) * sigma2 + _norm(x, sigma2),
        ),
        *_wrong(
            "log-likelihood",
            "That is the log-likelihood. The question asks for its negative, a loss.",
            lambda x, x_hat, sigma2: -0.5 * _sse(x, x_hat) / sigma2 - _norm(x, sigma2),
        ),
        *_wrong(
            "likelihood",
            "That is a density. The question asks for minus its log.",
            lambda x, x_hat, sigma2: (-0.5 * _sse(x, x_hat) / sigma2 - _norm(x, sigma2)).exp(),
        ),
        *_wrong(
            "per-pixel",
            "You return one number for each pixel. The pixels of one image belong together.",
            lambda x, x_hat, sigma2: 0.5 * ((x - x_hat) ** 2 / sigma2 + (LOG_2PI + sigma2.log())),
        ),
        *_wrong(
            "over-batch",
            "You summed over the examples, and the pixels are left. Which axis is which?",
            lambda x, x_hat, sigma2: (
                0.5 * ((x - x_hat) ** 2 / sigma2 + (LOG_2PI + sigma2.log())).sum(0)
            ),
        ),
        *_wrong(
            "batch-mean",
            "You averaged over the batch as well. Return one value for each example.",
            lambda x, x_hat, sigma2: (0.5 * _sse(x, x_hat) / sigma2 + _norm(x, sigma2)).mean(),
        ),
        *_wrong(
            "counts-batch",
            "The normalizer counts the examples. It belongs to each **pixel** of one image.",
            lambda x, x_hat, sigma2: (
                0.5 * _sse(x, x_hat) / sigma2 + 0.5 * len(x) * (LOG_2PI + sigma2.log())
            ),
            lambda x, x_hat, sigma2: (
                0.5 * _sse(x, x_hat) / sigma2 + 0.5 * x.numel() * (LOG_2PI + sigma2.log())
            ),
        ),
        *_wrong(
            "absolute",
            "Absolute errors belong to another noise, Laplace's. What does a Gaussian do with an "
            "error?",
            lambda x, x_hat, sigma2: 0.5 * (x - x_hat).abs().sum(-1) / sigma2 + _norm(x, sigma2),
        ),
        *_wrong(
            "squared-sum",
            "You added up the errors before squaring, so that +1 and −1 cancel.",
            lambda x, x_hat, sigma2: 0.5 * (x - x_hat).sum(-1) ** 2 / sigma2 + _norm(x, sigma2),
        ),
        *_wrong(
            "norm-not-squared",
            "You used the length of the error vector. The exponent of a Gaussian has its square.",
            lambda x, x_hat, sigma2: 0.5 * (x - x_hat).norm(dim=-1) / sigma2 + _norm(x, sigma2),
        ),
    ],
    hints=[
        "Write log N for a single pixel, with its normalizer. What do D independent pixels do?",
        "Where the image is hit exactly, only the normalizer is left. What is it for D pixels?",
    ],
    equivalents={
        **dict.fromkeys(
            (
                "squared_error = ((x - x_hat) ** 2).sum(1)",
                "squared_error = ((x - x_hat) ** 2).sum(--1)",
                "return 0.5 * (squared_error / sigma2 + x.shape[1] * torch.log(2 * math.pi * "
                "sigma2))",
                "return 0.5 * (squared_error / sigma2 + x.shape[--1] * torch.log(2 * math.pi * "
                "sigma2))",
            ),
            "of two axes, 1 is the last",
        ),
        "squared_error = ((x_hat - x) ** 2).sum(-1)": "a square of minus the same",
    },
)

BLURRY = ChoiceExercise(
    id="blurry_pictures",
    title="Why the pictures are blurry",
    statement=(
        "Decoder p(x | z) = N(x̂(z), σ²I). Two different images, far apart, are encoded to "
        "overlapping q(z | x). What does the best x̂(z) look like for a z that belongs to both?"
    ),
    level=2,
    options=[
        Option(
            "Like the image that occurs more often",
            "That would be a choice for the mode. Is a **squared** error smallest at the mode?",
        ),
        Option(
            "Like one of the two, at random",
            "x̂(z) is a fixed function of z. Where in p(x | z) is the randomness?",
        ),
        Option(
            "Like neither: the error has no minimum there",
            "A sum of squares always has a minimum. Set its derivative with respect to x̂ to zero.",
        ),
        Option(
            "Like a weighted average of both images",
            "The best guess under squared error is a mean, E[x | z] under the encoder. "
            "Averages of sharp pictures are blurry pictures.",
            right=True,
        ),
    ],
    hints=[
        "For this z, which single x̂ makes the sum of both squared errors smallest?",
        "Think of two numbers instead of images: 0 and 10, both seen equally often.",
    ],
)

NEW_PICTURE = ChoiceExercise(
    id="new_picture",
    title="A picture that nobody has seen",
    statement=(
        "Training is done. You want a **new** picture from the model p(x, z) = p(z) p(x | z). "
        "Where does z come from?"
    ),
    options=[
        Option(
            "From the prior p(z): the encoder is not needed",
            "Ancestral sampling: first the cause, then the picture. The pictures are good where "
            "the decoder was trained: so q(z | x), averaged over the data, should match the prior.",
            right=True,
        ),
        Option(
            "From q(z | x) of a training picture x",
            "That gives variations of a picture you have. Does the model need an x to begin with?",
        ),
        Option(
            "From the mean of q(z | x) over all training pictures",
            "That would be one point, and so one picture. What distribution of z does the model "
            "itself assume?",
        ),
        Option(
            "From the posterior p(z | x), which the encoder replaces",
            "A posterior needs an x, and you have none yet. Read the product in the question from "
            "left to right.",
        ),
    ],
    hints=[
        "Read p(z) p(x | z) as a recipe with two steps.",
        "What was the encoder needed for: for the model, or for training it?",
    ],
)

POSTERIOR_COLLAPSE = ChoiceExercise(
    id="posterior_collapse",
    title="Which number gives the collapse away?",
    statement=(
        "You suspect that a trained VAE of binary images no longer uses z (posterior collapse). "
        "Which of these observations on test images shows it?"
    ),
    level=2,
    options=[
        Option(
            "The reconstruction log p(x | z) is close to 0 for every x",
            "Then p(x | z) is close to 1: the decoder gets every image right. Could it do so "
            "without listening to z?",
        ),
        Option(
            "Pictures decoded from prior samples look blurry",
            "Blur has several causes, such as a decoder that averages. Which number measures how "
            "much z knows of x?",
        ),
        Option(
            "The KL to the prior is close to 0 for every x",
            "Then q(z | x) is the same for all x, the prior: z carries no information about x. "
            "Averaged over x, this KL bounds the mutual information of x and z.",
            right=True,
        ),
        Option(
            "The KL to the prior is large for every x",
            "A large KL means that q(z | x) differs much from the prior. Is that a z that is "
            "ignored?",
        ),
    ],
    hints=[
        "If z knows nothing about x, what does q(z | x) look like for different x?",
        "Which of the two terms of the ELBO compares q(z | x) with something without x?",
    ],
)

BETA = ChoiceExercise(
    id="beta_four",
    title="Turning up β",
    statement=(
        "The decoder is frozen, and the encoder is the best one for the ELBO. Now you retrain the "
        "encoder with loss = −reconstruction + β · KL and β = 4 instead of 1. What happens to "
        "log p(x), and to the ELBO (the one with β = 1)?"
    ),
    level=2,
    options=[
        Option(
            "log p(x) falls, because the KL term weighs more",
            "log p(x) = log ∫ p(z) p(x | z) dz. Do you see an encoder, or β, in it?",
        ),
        Option(
            "log p(x) stays; the ELBO falls, or at best stays",
            "log p(x) knows only prior and decoder. The encoder was best for β = 1; whatever else "
            "it learns can only widen the gap.",
            right=True,
        ),
        Option(
            "log p(x) rises; the ELBO rises with it",
            "Which part of log p(x) could an encoder change?",
        ),
        Option(
            "Neither changes: β only rescales the loss",
            "β rescales one of two terms. Is the best q for another balance still the same q?",
        ),
    ],
    hints=[
        "Write log p(x) as an integral. Which networks appear in it?",
        "The old encoder was trained to make the ELBO as large as possible. And the new one?",
    ],
)


# ------------------------------------------------------------------ the loss
def neg_elbo(logits, x, mu, logvar):
    """logits, bits x [B, D]; mu, logvar [B, K] -> negative ELBO, mean over the batch."""
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    recon = bce(logits, x, reduction="none").sum(-1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)
    return (recon + kl).mean()


_BCE = F.binary_cross_entropy_with_logits


def _recon(logits, x):
    return _BCE(logits, x, reduction="none")


def _neg_elbo_cases(g):
    def draw(B, D, K, scale=2.0):
        return normal(g, B, D, scale=scale), bits(g, B, D), normal(g, B, K), normal(g, B, K)

    zero = torch.zeros
    f64 = torch.float64
    return [
        Case(
            (zero(1, 4, dtype=f64), zero(1, 4, dtype=f64), *[zero(1, 2, dtype=f64)] * 2),
            "4 pixels, logits 0, q is the prior: 4 log 2",
        ),
        Case(
            (
                matrix([0.0, 0.0], [0.0, 0.0]),
                matrix([0.0, 1.0], [1.0, 1.0]),
                matrix([1.0, 1.0, 1.0], [1.0, 1.0, 1.0]),
                zero(2, 3, dtype=f64),
            ),
            "B = 2, D = 2, K = 3; all means 1: 2 log 2 + 3/2",
        ),
        Case(
            (
                zero(2, 2, dtype=f64),
                matrix([0.0, 1.0], [1.0, 1.0]),
                matrix([0.0], [1.0]),
                matrix([math.log(4)], [0.0]),
            ),
            "B = 2, D = 2, K = 1; one q is twice as wide as the prior",
        ),
        Case(draw(3, 6, 2), "B = 3, D = 6, K = 2"),
        Case(draw(5, 11, 3), "B = 5, D = 11, K = 3"),
        Case(draw(4, 4, 4), "B = D = K = 4"),
        Case(draw(1, 3, 5), "B = 1, D = 3, K = 5"),
        Case(draw(6, 1, 1), "B = 6, one pixel, one latent"),
        Case(
            (
                matrix([1000.0, -1000.0, 60.0], [-1000.0, 200.0, -60.0]),
                matrix([1.0, 1.0, 0.0], [0.0, 0.0, 1.0]),
                matrix([1000.0], [0.0]),
                matrix([0.0], [-40.0]),
            ),
            "a very sure decoder that is sometimes wrong: logits of ±1000",
        ),
    ]


NEG_ELBO = CodeExercise(
    id="neg_elbo",
    title="Find the bug: why does this VAE ignore z?",
    kind="bug",
    statement=(
        "This loss trains without complaint, but q(z | x) collapses to the prior. Repair it: the "
        "negative ELBO in nats per image, averaged over the batch. `logits`, `x`: [B, D] pixels; "
        "`mu`, `logvar`: [B, K] latents; the prior is N(0, I)."
    ),
    level=3,
    reference=neg_elbo,
    returns="a tensor without axes",
    unit="nats",
    given='''
        def neg_elbo(logits, x, mu, logvar):
            """logits, bits x [B, D]; mu, logvar [B, K] -> negative ELBO, mean over the batch."""
            bce = torch.nn.functional.binary_cross_entropy_with_logits
            recon = bce(logits, x)
            kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)
            return (recon + kl).mean()
    ''',
    grad_args=(0, 2, 3),
    cases=_neg_elbo_cases,
    kinds=[
        ("there is more than one pixel", lambda logits, x, mu, logvar: x.shape[1] > 1),
        ("there is more than one example", lambda logits, x, mu, logvar: len(x) > 1),
        ("`logvar` is not 0", lambda logits, x, mu, logvar: bool((logvar != 0).any())),
    ],
    alternatives=[
        lambda logits, x, mu, logvar: (
            kl_gaussian(mu, logvar).mean() - Bernoulli(logits=logits).log_prob(x).sum(1).mean()
        ),
        lambda logits, x, mu, logvar: (
            (_BCE(logits, x, reduction="sum") + _per_latent(mu, logvar).sum()) / x.shape[0]
        ),
        lambda logits, x, mu, logvar: x.shape[1] * _BCE(logits, x) + kl_gaussian(mu, logvar).mean(),
    ],
    wrong=[
        *_wrong(
            "recon-mean",
            "The bug is still there. Print the reconstruction for images of 10 and of 1000 "
            "pixels: is it one number for each image, and does it grow? What is log p(x | z) of "
            "independent pixels?",
            lambda logits, x, mu, logvar: (_BCE(logits, x) + kl_gaussian(mu, logvar)).mean(),
            lambda logits, x, mu, logvar: (
                _recon(logits, x).mean(-1) + kl_gaussian(mu, logvar)
            ).mean(),
            # [B, D] + [B] stops where B and D differ; elsewhere it is the same mean
            lambda logits, x, mu, logvar: (_recon(logits, x) + kl_gaussian(mu, logvar)).mean(),
        ),
        *_wrong(
            "both-means",
            "Now both terms are averages, but over different numbers of things, pixels and "
            "latents. Their balance still is not that of the ELBO.",
            lambda logits, x, mu, logvar: _BCE(logits, x) + _per_latent(mu, logvar).mean(),
        ),
        *_wrong(
            "divided-by-pixels",
            "The balance of the terms is right, and so is the optimum. But the value is that of "
            "one pixel; the question asks for nats per **image**.",
            lambda logits, x, mu, logvar: (
                _BCE(logits, x) + kl_gaussian(mu, logvar) / x.shape[-1]
            ).mean(),
        ),
        *_wrong(
            "kl-per-latent",
            "The reconstruction is a sum now, but the KL became an average over the latents. "
            "Independent latents add up, too.",
            lambda logits, x, mu, logvar: (
                _recon(logits, x).sum(-1) + _per_latent(mu, logvar).mean(-1)
            ).mean(),
        ),
        *_wrong(
            "batch-sum",
            "You summed over the batch: the loss grows with the batch size. What should happen "
            "along that axis?",
            lambda logits, x, mu, logvar: (
                _BCE(logits, x, reduction="sum") + kl_gaussian(mu, logvar).sum()
            ),
        ),
        *_wrong(
            "recon-over-everything",
            "Your reconstruction is summed over pixels **and** examples, while the KL is averaged "
            "over the examples: now the KL is too weak, the more so the larger the batch.",
            lambda logits, x, mu, logvar: (
                _BCE(logits, x, reduction="sum") + kl_gaussian(mu, logvar)
            ).mean(),
        ),
        *_wrong(
            "kl-over-everything",
            "Your KL is summed over the examples, the reconstruction is averaged over them: the "
            "KL grows with the batch.",
            lambda logits, x, mu, logvar: (
                _recon(logits, x).sum(-1).mean() + kl_gaussian(mu, logvar).sum()
            ),
            lambda logits, x, mu, logvar: _BCE(logits, x) + kl_gaussian(mu, logvar).sum(),
        ),
        *_wrong(
            "recon-over-batch",
            "You summed the reconstruction over the examples and averaged over the pixels. Which "
            "axis is which?",
            lambda logits, x, mu, logvar: (
                _recon(logits, x).sum(0).mean() + kl_gaussian(mu, logvar).mean()
            ),
            lambda logits, x, mu, logvar: len(x) * _BCE(logits, x) + kl_gaussian(mu, logvar).mean(),
        ),
        *_wrong(
            "kl-divided",
            "You made the KL smaller instead. That treats the symptom with a number of your own; "
            "which of the two terms is not what its name says?",
            lambda logits, x, mu, logvar: (
                _BCE(logits, x) + kl_gaussian(mu, logvar).mean() / mu.shape[0]
            ),
            lambda logits, x, mu, logvar: _BCE(logits, x) + 0.1 * kl_gaussian(mu, logvar).mean(),
            lambda logits, x, mu, logvar: _BCE(logits, x) + 0.01 * kl_gaussian(mu, logvar).mean(),
            lambda logits, x, mu, logvar: _BCE(logits, x) + 1e-3 * kl_gaussian(mu, logvar).mean(),
        ),
        *_wrong(
            "minus-kl",
            "You took the KL off the loss: q would be rewarded for running away from the prior.",
            lambda logits, x, mu, logvar: (
                _recon(logits, x).sum(-1) - kl_gaussian(mu, logvar)
            ).mean(),
            lambda logits, x, mu, logvar: (_BCE(logits, x) - kl_gaussian(mu, logvar)).mean(),
        ),
        *_wrong(
            "elbo",
            "That is the ELBO, to be made large. An optimizer makes its loss small.",
            lambda logits, x, mu, logvar: (
                -(_recon(logits, x).sum(-1) + kl_gaussian(mu, logvar)).mean()
            ),
        ),
        *_wrong(
            "recon-negated",
            "The cross-entropy of the pixels already is **minus** log p(x | z). Another minus "
            "rewards bad pictures.",
            lambda logits, x, mu, logvar: (
                kl_gaussian(mu, logvar) - _recon(logits, x).sum(-1)
            ).mean(),
        ),
        *_wrong(
            "no-kl",
            "The KL is gone. Nothing keeps q(z | x) near the prior: a plain autoencoder.",
            lambda logits, x, mu, logvar: _recon(logits, x).sum(-1).mean(),
        ),
        *_wrong(
            "no-recon",
            "The reconstruction is gone: the best q is now the prior, whatever x is.",
            lambda logits, x, mu, logvar: kl_gaussian(mu, logvar).mean() + 0 * logits.sum(),
        ),
        *_wrong(
            "per-example",
            "One loss for each example. The question asks for their average.",
            lambda logits, x, mu, logvar: _recon(logits, x).sum(-1) + kl_gaussian(mu, logvar),
        ),
        *_wrong(
            "kl-no-half",
            "The sum over the pixels is right. But the KL was right before, and now it has "
            "changed.",
            lambda logits, x, mu, logvar: (
                _recon(logits, x).sum(-1) + 2 * kl_gaussian(mu, logvar)
            ).mean(),
        ),
        *_wrong(
            "logvar-as-logstd",
            "You changed the KL: there `logvar` is now the log of a standard deviation. It is the "
            "log of the **variance**, and the KL was right before.",
            *(
                lambda logits, x, mu, logvar, recon=recon, std=std: (
                    recon(logits, x) + std(mu, logvar)
                ).mean()
                for recon in (lambda logits, x: _recon(logits, x).sum(-1), _BCE)
                for std in (
                    lambda mu, logvar: kl_gaussian(mu, 2 * logvar),
                    lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() ** 2 - 1 - logvar).sum(-1),
                )
            ),
        ),
        *_wrong(
            "swapped",
            "`logits` and `x` have changed places: the function takes the logits first, then the "
            "bits that it compares them with.",
            lambda logits, x, mu, logvar: (
                _recon(x, logits).sum(-1) + kl_gaussian(mu, logvar)
            ).mean(),
            lambda logits, x, mu, logvar: (_BCE(x, logits) + kl_gaussian(mu, logvar)).mean(),
        ),
        *_wrong(
            "unstable",
            "The right formula, but with logits of ±1000 a sigmoid is exactly 0 or 1, and its log "
            "is −inf. Keep the function that takes logits.",
            lambda logits, x, mu, logvar: (
                -(x * logits.sigmoid().log() + (1 - x) * (1 - logits.sigmoid()).log()).sum(-1)
                + kl_gaussian(mu, logvar)
            ).mean(),
        ),
        *_wrong(
            "overflow",
            "The right formula, but exp of 1000 is inf. Keep the function that takes logits.",
            lambda logits, x, mu, logvar: (
                (logits.exp() + 1).log().sum(-1) - (x * logits).sum(-1) + kl_gaussian(mu, logvar)
            ).mean(),
        ),
        *_wrong(
            "clamped",
            "`binary_cross_entropy` after a sigmoid charges at most 100 nats for a pixel, and "
            "exactly 100 for a wrong one where the sigmoid rounds to 1, even if the logit is only "
            "60. Keep the function that takes logits.",
            lambda logits, x, mu, logvar: (
                F.binary_cross_entropy(logits.sigmoid(), x, reduction="none").sum(-1)
                + kl_gaussian(mu, logvar)
            ).mean(),
            lambda logits, x, mu, logvar: (
                F.binary_cross_entropy(logits.sigmoid(), x, reduction="sum") / len(x)
                + kl_gaussian(mu, logvar).mean()
            ),
        ),
        *_wrong(
            "sigmoid-twice",
            "You put probabilities into a function that expects logits.",
            lambda logits, x, mu, logvar: (
                _recon(logits.sigmoid(), x).sum(-1) + kl_gaussian(mu, logvar)
            ).mean(),
            lambda logits, x, mu, logvar: (
                _BCE(logits.sigmoid(), x) + kl_gaussian(mu, logvar)
            ).mean(),
        ),
        *_wrong(
            "squared-error",
            "A squared error belongs to a Gaussian decoder. These pixels are bits.",
            lambda logits, x, mu, logvar: (
                ((logits.sigmoid() - x) ** 2).sum(-1) + kl_gaussian(mu, logvar)
            ).mean(),
            lambda logits, x, mu, logvar: (
                ((logits - x) ** 2).sum(-1) + kl_gaussian(mu, logvar)
            ).mean(),
        ),
    ],
    hints=[
        "Compute both terms by hand for one image. How does each change if the image has twice as "
        "many pixels?",
        "Read the documentation of `reduction=` in `binary_cross_entropy_with_logits`. What is its "
        "default?",
        "Which axes are to be summed over, and which one is to be averaged over?",
    ],
    equivalents={
        "recon = bce(logits, x, reduction='none').sum(1)": "of two axes, 1 is the last",
        "recon = bce(logits, x, reduction='none').sum(--1)": "of two axes, 1 is the last",
        "kl = 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar).sum(1)": "of two axes, 1 is the last",
        "kl = 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar).sum(--1)": "of two axes, 1 is the last",
    },
)


def free_bits(mu, logvar, least):
    """mu, logvar [B, K]; every latent is charged at least `least` nats -> a KL without axes."""
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).mean(0)
    return kl.clamp(min=least).sum()


FREE_BITS = CodeExercise(
    id="free_bits",
    title="A few nats for free",
    statement=(
        "Against collapse: average the KL of **each latent** over the batch, charge each latent at "
        "least `least` nats, and add up over the latents. Below that amount, using less gains a "
        "latent nothing. (The method is called free bits, whatever the unit.) The prior is N(0, "
        "I). Return one number."
    ),
    level=2,
    reference=free_bits,
    returns="a tensor without axes",
    unit="nats",
    grad_args=(0, 1),
    cases=lambda g: [
        Case((matrix([2.0]), matrix([0.0]), 0.5), "one latent with a KL of 2, ½ is free: 2"),
        Case((matrix([0.0, 2.0]), matrix([0.0, 0.0]), 0.5), "KLs of 0 and 2, ½ is free: 2½"),
        Case(
            (matrix([0.0, 2.0], [2.0, 2.0]), matrix([0.0, 0.0], [0.0, 0.0]), 0.5),
            "the first latent is used by one of two examples: 1 on average",
        ),
        Case((normal(g, 4, 3), normal(g, 4, 3), 0.9), "B = 4, K = 3"),
        Case((normal(g, 3, 3), normal(g, 3, 3), 0.6), "B = K = 3"),
        Case((normal(g, 2, 6, scale=2.0), normal(g, 2, 6), 1.5), "B = 2, K = 6"),
        Case((normal(g, 5, 2, scale=0.1), normal(g, 5, 2, scale=0.1), 2.0), "all latents idle"),
        Case((normal(g, 3, 4, scale=3.0), normal(g, 3, 4), 1e-9), "almost nothing is free"),
        Case(
            (matrix([1000.0, 0.0], [-1000.0, 1e-3]), matrix([0.0, -40.0], [10.0, -80.0]), 100.0),
            "means of ±1000, log-variances of −80 and 10, 100 nats are free",
        ),
    ],
    alternatives=[
        lambda mu, logvar, least: sum(
            torch.where(k > least, k, least) for k in _per_latent(mu, logvar).mean(0)
        ),
        lambda mu, logvar, least: (
            F.relu(_per_latent(mu, logvar).sum(0) / len(mu) - least) + least
        ).sum(),
    ],
    wrong=[
        *_wrong(
            "before-average",
            "You charged the least amount for each **example**. First the average over the batch: "
            "a latent may rest for one image and work for another.",
            lambda mu, logvar, least: _per_latent(mu, logvar).clamp(min=least).mean(0).sum(),
        ),
        *_wrong(
            "after-sum",
            "You charged the least amount once, for all latents together. Then one busy latent "
            "pays for all, and the others may collapse.",
            lambda mu, logvar, least: _per_latent(mu, logvar).sum(-1).mean().clamp(min=least),
        ),
        *_wrong(
            "after-sum-times",
            "You charged all latents together. Then one busy latent pays for the others, which "
            "may collapse.",
            lambda mu, logvar, least: (
                _per_latent(mu, logvar).sum(-1).mean().clamp(min=least * mu.shape[-1])
            ),
        ),
        *_wrong(
            "per-example",
            "You charged each **example** for all its latents together. Who is to be charged?",
            lambda mu, logvar, least: _per_latent(mu, logvar).sum(-1).clamp(min=least).mean(),
        ),
        *_wrong(
            "no-floor",
            "That is the plain KL: `least` has no effect.",
            lambda mu, logvar, least: _per_latent(mu, logvar).sum(-1).mean(),
        ),
        *_wrong(
            "ceiling",
            "You charge **at most** `least`. A busy latent would then be free.",
            lambda mu, logvar, least: _per_latent(mu, logvar).mean(0).clamp(max=least).sum(),
        ),
        *_wrong(
            "subtracted",
            "You forgive the first nats: an idle latent then costs 0. The gradient is the same, "
            "but the question charges at least `least`.",
            lambda mu, logvar, least: F.relu(_per_latent(mu, logvar).mean(0) - least).sum(),
        ),
        *_wrong(
            "added",
            "You charge `least` on top of the KL. A latent above it pays its KL and no more.",
            lambda mu, logvar, least: (_per_latent(mu, logvar).mean(0) + least).sum(),
        ),
        *_wrong(
            "dropped",
            "Your idle latents cost nothing. They should cost the least amount.",
            lambda mu, logvar, least: (lambda kl: torch.where(kl > least, kl, 0.0).sum())(
                _per_latent(mu, logvar).mean(0)
            ),
        ),
        *_wrong(
            "mean-over-latents",
            "You averaged over the latents. Their KLs add up.",
            lambda mu, logvar, least: _per_latent(mu, logvar).mean(0).clamp(min=least).mean(),
        ),
        *_wrong(
            "sum-over-batch",
            "You summed over the batch before the comparison: with a large batch no latent is "
            "ever below `least`.",
            lambda mu, logvar, least: _per_latent(mu, logvar).sum(0).clamp(min=least).sum(),
        ),
        *_wrong(
            "sum-over-batch-mean",
            "You summed over the batch before the comparison, and averaged afterwards. Which "
            "number is to be compared with `least`?",
            lambda mu, logvar, least: (
                _per_latent(mu, logvar).sum(0).clamp(min=least).sum() / len(mu)
            ),
        ),
        *_wrong(
            "axes-swapped",
            "You averaged over the latents and added up the examples. Which axis is which?",
            lambda mu, logvar, least: _per_latent(mu, logvar).mean(1).clamp(min=least).sum(),
        ),
        *_wrong(
            "vector",
            "One number for each latent. What does the whole KL do with them?",
            lambda mu, logvar, least: _per_latent(mu, logvar).mean(0).clamp(min=least),
        ),
        *_wrong(
            "no-half",
            "Your KL is twice too large.",
            lambda mu, logvar, least: (2 * _per_latent(mu, logvar)).mean(0).clamp(min=least).sum(),
        ),
        *_wrong(
            "average-encoder",
            "You averaged means and log-variances first. The average KL is not the KL of an "
            "average encoder: means of −3 and 3 cancel.",
            lambda mu, logvar, least: (
                _per_latent(mu.mean(0), logvar.mean(0)).clamp(min=least).sum()
            ),
        ),
        *_wrong(
            "negated",
            "The sign is that of the ELBO. The question asks for the charge itself, which is "
            "positive.",
            lambda mu, logvar, least: -_per_latent(mu, logvar).mean(0).clamp(min=least).sum(),
        ),
        *_wrong(
            "least-shared",
            "You divided `least` among the latents. Is it an amount for all of them, or for each?",
            lambda mu, logvar, least: (
                _per_latent(mu, logvar).mean(0).clamp(min=least / mu.shape[-1]).sum()
            ),
        ),
        *_wrong(
            "least-in-bits",
            "You converted `least`. Despite the name of the method it is in nats already, as the "
            "KL is.",
            lambda mu, logvar, least: (
                _per_latent(mu, logvar).mean(0).clamp(min=least * math.log(2)).sum()
            ),
            lambda mu, logvar, least: (
                _per_latent(mu, logvar).mean(0).clamp(min=least / math.log(2)).sum()
            ),
        ),
        *_wrong(
            "largest-only",
            "The most expensive latent alone. All of them add up.",
            lambda mu, logvar, least: _per_latent(mu, logvar).mean(0).clamp(min=least).max(),
        ),
    ],
    hints=[
        "Three steps: over the batch, the comparison, over the latents. In which order?",
        "Which shape must the KL have when it is compared with `least`?",
    ],
)


# ------------------------------------------------------------------ all of it
def vae_bound(x, mu, logvar, eps, decode):
    """bits x [B, D], mu, logvar [B, K], eps [S, B, K], decode(z [..., K]) -> logits; bound [B]."""
    z = mu + (0.5 * logvar).exp() * eps
    logits = decode(z)
    log_px_z = (x * logits - F.softplus(logits)).sum(-1)
    log_pz = -0.5 * (z**2).sum(-1)
    log_qz = -0.5 * (eps**2 + logvar).sum(-1)
    log_w = log_px_z + log_pz - log_qz
    return torch.logsumexp(log_w, 0) - math.log(eps.shape[0])


def _decoder(weights, bias, copies=1):
    """A linear decoder; works for any precision, device and number of axes before the last."""

    def decode(z):
        rows = [
            sum(w * z[..., k] for k, w in enumerate(row)) + b
            for row, b in zip(weights, bias, strict=True)
        ]
        return torch.cat([torch.stack(rows, -1)] * copies, -1)

    return decode


def _some_decoder(g, K, D, copies=1, scale=1.0):
    return _decoder(
        normal(g, D, K, scale=scale).tolist(), normal(g, D, scale=scale).tolist(), copies
    )


def _draw(mu, logvar, eps):
    return mu + (0.5 * logvar).exp() * eps


def _lik(x, logits):
    return (x * logits - F.softplus(logits)).sum(-1)


def _prior(z):
    return -0.5 * (z**2 + LOG_2PI).sum(-1)


def _encoder(z, mu, logvar, eps):
    return -0.5 * (eps**2 + logvar + LOG_2PI).sum(-1)


def _log_mean(log_w):
    return log_w.logsumexp(0) - math.log(log_w.shape[0])


def _bound(draw=_draw, lik=_lik, prior=_prior, q=_encoder, combine=_log_mean, sign=-1):
    """The bound with one piece replaced."""

    def solve(x, mu, logvar, eps, decode):
        z = draw(mu, logvar, eps)
        log_w = lik(x, decode(z)) + prior(z) + sign * q(z, mu, logvar, eps)
        return combine(log_w)

    return solve


def _log_prob(scale):
    """log q(z | x) with a standard deviation computed from logvar in some way."""
    return lambda z, mu, logvar, eps: (
        -0.5 * (((z - mu) / scale(logvar)) ** 2 + LOG_2PI).sum(-1) - scale(logvar).log().sum(-1)
    )


def _closed_kl(x, mu, logvar, eps, decode):
    return _log_mean(_lik(x, decode(_draw(mu, logvar, eps)))) - kl_gaussian(mu, logvar)


def _plain_elbo(x, mu, logvar, eps, decode):
    return _lik(x, decode(_draw(mu, logvar, eps))).mean(0) - kl_gaussian(mu, logvar)


def _mean_picture(x, mu, logvar, eps, decode):
    p = decode(_draw(mu, logvar, eps)).sigmoid().mean(0)
    return (torch.xlogy(x, p) + torch.xlogy(1 - x, 1 - p)).sum(-1)


def _mean_picture_elbo(x, mu, logvar, eps, decode):
    return _mean_picture(x, mu, logvar, eps, decode) - kl_gaussian(mu, logvar)


def _one_picture(x, mu, logvar, eps, decode):
    return _lik(x, decode(_draw(mu, logvar, eps).mean(0))) - kl_gaussian(mu, logvar)


def _per_pixel_bound(x, mu, logvar, eps, decode):
    logits = decode(_draw(mu, logvar, eps))
    return _log_mean(x * logits - F.softplus(logits)).sum(-1) - kl_gaussian(mu, logvar)


def _vae_loop(x, mu, logvar, eps, decode):
    q = Normal(mu, (0.5 * logvar).exp())
    p = Normal(torch.zeros_like(mu), torch.ones_like(mu))
    weights = []
    for noise in eps:
        z = q.loc + q.scale * noise
        terms = (
            Bernoulli(logits=decode(z), validate_args=False).log_prob(x).sum(1),
            p.log_prob(z).sum(1),
            -q.log_prob(z).sum(1),
        )
        weights.append(sum(terms))
    return torch.stack(weights, 1).logsumexp(1) - math.log(len(eps))


def _vae_flat(x, mu, logvar, eps, decode):
    S, B, K = eps.shape
    z = (mu + logvar.div(2).exp() * eps).reshape(S * B, K)
    logits = decode(z).reshape(S, B, -1)
    recon = -_BCE(logits, x.expand_as(logits), reduction="none").sum(2)
    log_w = recon + 0.5 * (eps**2 - z.reshape(S, B, K) ** 2 + logvar).sum(2)
    return (log_w - math.log(S)).logsumexp(0)


def _vae_cases(g):
    def draw(S, B, K, D, scale=1.0):
        return (
            bits(g, B, D),
            normal(g, B, K),
            normal(g, B, K),
            normal(g, S, B, K),
            _some_decoder(g, K, D, scale=scale),
        )

    one, half = _decoder([[0.0]], [0.0]), _decoder([[1.0]], [0.0])
    two = _decoder([[1.0], [0.0]], [0.0, 0.0])
    return [
        Case(
            (matrix([1.0]), matrix([0.0]), matrix([0.0]), matrix([[0.5]]), one),
            "one pixel, a decoder that always says ½, q is the prior: log ½",
        ),
        Case(
            (matrix([1.0]), matrix([0.0]), matrix([0.0]), matrix([[1.0]], [[-1.0]]), half),
            "q is the prior, logit = z, ε = ±1: the weights σ(1) and σ(−1) have the mean ½",
        ),
        Case(
            (matrix([1.0]), matrix([0.0]), matrix([math.log(4)]), matrix([[1.0]]), one),
            "the decoder says ½, σ² = 4, ε = 1: ½ · p(z)/q(z) with z = 2",
        ),
        Case(
            (
                matrix([1.0, 1.0], [1.0, 0.0]),
                matrix([0.0], [0.0]),
                matrix([0.0], [0.0]),
                matrix([[1.0], [0.0]], [[-1.0], [0.0]]),
                two,
            ),
            "two samples for two images of two pixels; logits z and 0, q is the prior: log ¼ twice",
        ),
        Case(draw(1, 4, 2, 3), "S = 1, B = 4, K = 2, D = 3"),
        Case(draw(5, 3, 2, 4), "S = 5, B = 3, K = 2, D = 4"),
        Case(draw(3, 3, 3, 3), "S = B = K = D = 3"),
        Case(draw(4, 1, 3, 2), "S = 4, a single example"),
        Case(
            (
                bits(g, 2, 2000),
                normal(g, 2, 2),
                normal(g, 2, 2),
                normal(g, 3, 2, 2),
                _some_decoder(g, 2, 4, copies=500),
            ),
            "2000 pixels: all weights underflow",
        ),
        Case(
            (
                matrix([1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0, 1.0]),
                normal(g, 3, 2, scale=3.0),
                matrix([-12.0, -8.0], [3.0, 0.0], [2.0, -6.0]),
                normal(g, 4, 3, 2),
                _decoder(
                    [[3.0, -2.0], [1.0, 4.0], [-30.0, 0.0], [0.5, 0.5]],
                    [1000.0, -1000.0, 0.0, 900.0],
                ),
            ),
            "logits near ±1000; narrow and wide q",
        ),
        Case(draw(6, 2, 4, 3), "S = 6, B = 2, K = 4, D = 3"),
    ]


VAE_BOUND = CodeExercise(
    id="vae_bound",
    title="Capstone: the whole VAE in one function",
    statement=(
        "Encoder outputs `mu`, `logvar` [B, K], noise `eps` [S, B, K], bits `x` [B, D], prior "
        "N(0, I), and `decode`, which turns z of shape [..., K] into logits [..., D]. Draw S "
        "latents for each x and return, for each x, the log of the average importance weight "
        "p(x, z)/q(z | x), in nats. Thousands of pixels and logits of ±1000 must work."
    ),
    level=3,
    reference=vae_bound,
    returns="a tensor of shape `[B]`",
    unit="nats",
    grad_args=(1, 2),
    cases=_vae_cases,
    kinds=[
        ("there are several samples", lambda x, mu, logvar, eps, decode: len(eps) > 1),
        ("there is a single sample", lambda x, mu, logvar, eps, decode: len(eps) == 1),
        ("there are thousands of pixels", lambda x, mu, logvar, eps, decode: x.shape[1] > 1000),
        ("q is not the prior", lambda x, mu, logvar, eps, decode: bool((logvar != 0).all())),
    ],
    alternatives=[_vae_loop, _vae_flat],
    wrong=[
        *_wrong(
            "elbo",
            "You averaged the logs of the weights: an estimate of the plain ELBO. Here the "
            "average comes first. What of?",
            _bound(combine=lambda w: w.mean(0)),
        ),
        *_wrong(
            "closed-elbo",
            "That is the plain ELBO with the KL in closed form. Each sample has a weight of its "
            "own here, with its own p(z)/q(z | x).",
            _plain_elbo,
        ),
        *_wrong(
            "closed-kl",
            "You average p(x | z) over the samples and take off the KL in closed form. That is no "
            "bound any more: the ratio p(z)/q(z | x) belongs **inside** the average.",
            _closed_kl,
        ),
        *_wrong(
            "no-log-s",
            "That is the log of the sum of the weights: it grows with S.",
            _bound(combine=lambda w: w.logsumexp(0)),
        ),
        *_wrong(
            "plus-log-s",
            "Two equal weights should have the same average as one. Check what you do with S.",
            _bound(combine=lambda w: w.logsumexp(0) + math.log(len(w))),
        ),
        *_wrong(
            "divides-by-s",
            "You divided by S after the log. What does dividing the weights do to their log?",
            _bound(combine=lambda w: w.logsumexp(0) / len(w)),
        ),
        *_wrong(
            "sum-of-logs",
            "You added up the logs of the weights, which multiplies the weights.",
            _bound(combine=lambda w: w.sum(0)),
        ),
        *_wrong(
            "best-sample",
            "The best sample alone. The others count as well.",
            _bound(combine=lambda w: w.max(0).values),
            _bound(combine=lambda w: w.max(0).values - math.log(len(w))),
        ),
        *_wrong(
            "weighted-logs",
            "You averaged the log-weights with the normalized weights. What is asked for is the "
            "log of the plain average.",
            _bound(combine=lambda w: (w.softmax(0) * w).sum(0)),
        ),
        *_wrong(
            "unstable",
            "The right formula, but with thousands of pixels exp of the log-weights is exactly 0. "
            "How can they be averaged without leaving the logs?",
            _bound(combine=lambda w: w.exp().mean(0).log()),
        ),
        *_wrong(
            "epsilon",
            "The small number keeps the log finite, but then it **is** the answer wherever all "
            "weights are small. How can they be averaged without leaving the logs?",
            *(
                _bound(combine=lambda w, small=small: (w.exp().mean(0) + small).log())
                for small in (1e-6, 1e-8, 1e-10, 1e-12)
            ),
        ),
        *_wrong(
            "over-batch",
            "You averaged over the examples; the samples stand along another axis of `eps`.",
            _bound(combine=lambda w: w.logsumexp(1) - math.log(w.shape[1])),
            _bound(combine=lambda w: w.logsumexp(1) - math.log(w.shape[0])),
            _bound(combine=lambda w: w.logsumexp(-1) - math.log(w.shape[-1])),
        ),
        *_wrong(
            "counts-batch",
            "You divided by the number of examples. How many weights does one example have?",
            _bound(combine=lambda w: w.logsumexp(0) - math.log(w.shape[1])),
        ),
        *_wrong(
            "batch-mean",
            "You averaged over the batch as well. Return one bound for each example.",
            _bound(combine=lambda w: _log_mean(w).mean()),
        ),
        *_wrong(
            "all",
            "You averaged the weights of all examples together. Each x has a bound of its own.",
            _bound(combine=lambda w: w.flatten().logsumexp(0) - math.log(w.numel())),
        ),
        *_wrong(
            "negated",
            "That is a loss, to be made small. The question asks for the bound.",
            _bound(combine=lambda w: -_log_mean(w)),
        ),
        *_wrong(
            "inverse-weights",
            "Your weights are upside down: q(z | x) belongs under the fraction bar.",
            _bound(combine=lambda w: _log_mean(-w)),
        ),
        *_wrong(
            "wide-samples",
            "Your z is too wide or too narrow: the noise is stretched by σ, not by σ². What does "
            "`logvar` hold?",
            _bound(draw=lambda mu, logvar, eps: mu + logvar.exp() * eps),
            _bound(draw=lambda mu, logvar, eps: mu + logvar * eps),
            _bound(
                draw=lambda mu, logvar, eps: mu + logvar.exp() * eps,
                q=_log_prob(lambda logvar: logvar.exp()),
            ),
            _bound(
                draw=lambda mu, logvar, eps: mu + logvar.exp() * eps,
                q=_log_prob(lambda logvar: (0.5 * logvar).exp()),
            ),
        ),
        *_wrong(
            "no-noise",
            "All your samples are the mean of q. The weights are a matter of z ~ q.",
            _bound(draw=lambda mu, logvar, eps: mu.expand_as(eps)),
            _bound(
                draw=lambda mu, logvar, eps: mu.expand_as(eps),
                q=_log_prob(lambda logvar: (0.5 * logvar).exp()),
            ),
        ),
        *_wrong(
            OWN_DICE,
            "You roll your own dice; use `eps`. The same `eps` must always give the same bound.",
            _bound(
                draw=lambda mu, logvar, eps: _draw(mu, logvar, torch.randn_like(eps)),
                q=_log_prob(lambda logvar: (0.5 * logvar).exp()),
            ),
        ),
        *_wrong(
            "no-prior",
            "The prior is missing. What is the **joint** density of x and z made of?",
            _bound(prior=lambda z: 0.0),
            _bound(prior=lambda z: -0.5 * LOG_2PI * z.shape[-1]),
        ),
        *_wrong(
            "no-q",
            "q(z | x) is missing. Samples from q must be weighted back to the prior.",
            _bound(q=lambda *a: 0.0),
        ),
        *_wrong(
            "recon-only",
            "You average p(x | z) alone. That would be right for z from the **prior**; yours come "
            "from q.",
            _bound(prior=lambda z: 0.0, q=lambda *a: 0.0),
            _bound(q=lambda z, *a: _prior(z)),
        ),
        *_wrong(
            "q-sign",
            "Log q(z | x) has the wrong sign: it is under the fraction bar.",
            _bound(sign=1),
        ),
        *_wrong(
            "both-signs",
            "You multiply by q(z | x) and divide by the prior. Which of the two is the model?",
            _bound(prior=lambda z: -_prior(z), sign=1),
        ),
        *_wrong(
            "q-no-width",
            "The density of q does not know how wide q is. A narrow Gaussian has a high peak: "
            "which term of its log says so?",
            _bound(q=lambda z, mu, logvar, eps: -0.5 * (eps**2 + LOG_2PI).sum(-1)),
        ),
        *_wrong(
            "q-width-double",
            "The normalizer of q counts double. Is it one over σ² or one over σ?",
            _bound(q=lambda z, mu, logvar, eps: -(0.5 * (eps**2 + LOG_2PI) + logvar).sum(-1)),
        ),
        *_wrong(
            "q-width-sign",
            "The normalizer of q has the wrong sign: a **narrow** Gaussian has the high peak.",
            _bound(q=lambda z, mu, logvar, eps: -0.5 * (eps**2 - logvar + LOG_2PI).sum(-1)),
        ),
        *_wrong(
            "q-variance-as-std",
            "Your samples are right, but their density uses the variance as if it were the "
            "standard deviation (as `Normal` expects it).",
            _bound(q=_log_prob(lambda logvar: logvar.exp())),
        ),
        *_wrong(
            "q-unscaled",
            "In the exponent of q the distance of z from its mean counts in units of σ. In yours "
            "it does not.",
            _bound(q=lambda z, mu, logvar, eps: -0.5 * ((z - mu) ** 2 + logvar + LOG_2PI).sum(-1)),
            _bound(
                q=lambda z, mu, logvar, eps: (
                    -0.5 * ((z - mu) ** 2 / (0.5 * logvar).exp() + logvar + LOG_2PI).sum(-1)
                )
            ),
        ),
        *_wrong(
            "q-at-mean",
            "You took the density of q at its mean. The weight needs it at the z that was drawn.",
            _bound(q=lambda z, mu, logvar, eps: -0.5 * (logvar + LOG_2PI).sum(-1)),
        ),
        *_wrong(
            "prior-at-mean",
            "You took the prior at the mean of q. The weight needs it at the z that was drawn.",
            lambda x, mu, logvar, eps, decode: _bound(prior=lambda z: _prior(mu))(
                x, mu, logvar, eps, decode
            ),
        ),
        *_wrong(
            "prior-at-noise",
            "You took the prior at the noise. z is what the decoder sees, and it is z whose prior "
            "counts.",
            lambda x, mu, logvar, eps, decode: _bound(prior=lambda z: _prior(eps))(
                x, mu, logvar, eps, decode
            ),
        ),
        *_wrong(
            "constant-once",
            "Only one of the two Gaussians has its 2π. Both have one, or (since they cancel) "
            "neither.",
            _bound(prior=lambda z: -0.5 * (z**2).sum(-1)),
            _bound(q=lambda z, mu, logvar, eps: -0.5 * (eps**2 + logvar).sum(-1)),
        ),
        *_wrong(
            "latents-mean",
            "You averaged over the latents. The log-density of independent latents is a sum.",
            _bound(
                prior=lambda z: -0.5 * (z**2 + LOG_2PI).mean(-1),
                q=lambda z, mu, logvar, eps: -0.5 * (eps**2 + logvar + LOG_2PI).mean(-1),
            ),
        ),
        *_wrong(
            "pixels-mean",
            "You averaged over the pixels. The log-probability of independent pixels is a sum.",
            _bound(lik=lambda x, logits: (x * logits - F.softplus(logits)).mean(-1)),
            _bound(lik=lambda x, logits: -_BCE(logits, x.expand_as(logits))),
        ),
        *_wrong(
            "recon-negated",
            "The cross-entropy of the pixels is **minus** log p(x | z). A good picture must have "
            "a large weight.",
            _bound(lik=lambda x, logits: -_lik(x, logits)),
        ),
        *_wrong(
            "off-pixels-ignored",
            "Only the pixels that are on count. An image is also a matter of which pixels are off.",
            _bound(lik=lambda x, logits: (x * F.logsigmoid(logits)).sum(-1)),
        ),
        *_wrong(
            "raw-logits",
            "You added up raw logits. What turns a logit into the log-probability of a bit?",
            _bound(lik=lambda x, logits: (x * logits).sum(-1)),
            _bound(lik=lambda x, logits: (x * logits + (1 - x) * (1 - logits)).sum(-1)),
            _bound(lik=lambda x, logits: (x * logits.log() + (1 - x) * (1 - logits).log()).sum(-1)),
        ),
        *_wrong(
            "probabilities",
            "You added up probabilities of pixels. Under the log their product becomes a sum of "
            "logs.",
            _bound(
                lik=lambda x, logits: (x * logits.sigmoid() + (1 - x) * (1 - logits.sigmoid())).sum(
                    -1
                )
            ),
        ),
        *_wrong(
            "squared-error",
            "A squared error belongs to a Gaussian decoder. These pixels are bits.",
            _bound(lik=lambda x, logits: -0.5 * ((x - logits.sigmoid()) ** 2).sum(-1)),
            _bound(lik=lambda x, logits: -((x - logits.sigmoid()) ** 2).sum(-1)),
            _bound(lik=lambda x, logits: -0.5 * ((x - logits) ** 2).sum(-1)),
        ),
        *_wrong(
            "unstable-pixels",
            "The right formula, but with logits of ±1000 a sigmoid is exactly 0 or 1, and its log "
            "is −inf. What computes the log-probability of a bit from its logit directly?",
            _bound(
                lik=lambda x, logits: (
                    x * logits.sigmoid().log() + (1 - x) * (1 - logits.sigmoid()).log()
                ).sum(-1)
            ),
            _bound(
                lik=lambda x, logits: (
                    torch.xlogy(x, logits.sigmoid()) + torch.xlogy(1 - x, 1 - logits.sigmoid())
                ).sum(-1)
            ),
            _bound(lik=lambda x, logits: (x * logits - (1 + logits.exp()).log()).sum(-1)),
        ),
        *_wrong(
            "clamped-pixels",
            "Where the sigmoid rounds to 0 or 1 the logit is lost: `binary_cross_entropy` puts "
            "100 nats in its place, a small number inside the log some other cost. What works on "
            "the logit directly?",
            _bound(
                lik=lambda x, logits: (
                    -F.binary_cross_entropy(
                        logits.sigmoid(), x.expand_as(logits), reduction="none"
                    ).sum(-1)
                )
            ),
            *(
                _bound(
                    lik=lambda x, logits, small=small: (
                        x * (logits.sigmoid() + small).log()
                        + (1 - x) * (1 - logits.sigmoid() + small).log()
                    ).sum(-1)
                )
                for small in (1e-6, 1e-8, 1e-10, 1e-12)
            ),
        ),
        *_wrong(
            "mean-picture",
            "You averaged the S pictures and scored one blurry picture. Each z gives a picture "
            "with a probability of its own.",
            _mean_picture,
            _mean_picture_elbo,
        ),
        *_wrong(
            "mean-latent",
            "You averaged the S latents and decoded once. Each z has a weight of its own.",
            _one_picture,
        ),
        *_wrong(
            "per-pixel",
            "You averaged over the samples pixel by pixel. A z explains **all** pixels of its "
            "picture at once: pixels first, samples after.",
            _per_pixel_bound,
        ),
        *_wrong(
            "per-sample",
            "You return one number for each sample. What is asked for combines the S weights of "
            "an x.",
            _bound(combine=lambda w: w),
        ),
        *_wrong(
            "transposed",
            "You return one number for each sample and example, with the axes swapped. Combine "
            "the S weights of each x.",
            _bound(combine=lambda w: w.mT),
        ),
    ],
    hints=[
        "Four steps: draw z, three log-densities of shape [S, B], their combination, the average "
        "over the samples.",
        "log q(z | x) at z = μ + σε: the distance from the mean in units of σ is ε itself.",
        "Write the average with plain weights first. Then find a way that never leaves the logs.",
        "Test: with S = 1 and q equal to the prior, only log p(x | z) is left.",
    ],
)


# ------------------------------------------------------------------ more samples
def iwae_bound(log_w):
    """log_w[b, s] = log p(x_b, z_s) - log q(z_s | x_b), z_s ~ q; [B, S] -> bound [B]."""
    return torch.logsumexp(log_w, -1) - math.log(log_w.shape[-1])


IWAE_BOUND = CodeExercise(
    id="iwae_bound",
    title="A tighter bound from S samples",
    statement=(
        "`log_w[b, s]` is the log of the importance weight w = p(x_b, z_s)/q(z_s | x_b), z_s ~ q. "
        "Return the log of the **average weight** of each example, in nats. Log-weights of ±1000 "
        "are common, and single weights may be 0 (log −inf)."
    ),
    level=2,
    reference=iwae_bound,
    returns="a tensor of shape `[B]`",
    unit="nats",
    grad_args=(0,),
    atol=1e-7,  # the log of S may be of single precision
    cases=lambda g: [
        Case((matrix([0.0, 0.0]),), "two weights of 1: the bound is 0"),
        Case((matrix([0.1, 0.3]).log(),), "weights 0.1 and 0.3: log 0.2"),
        Case((matrix([-2.5], [4.0]),), "S = 1"),
        Case((normal(g, 3, 5, scale=2.0),), "B = 3, S = 5"),
        Case((normal(g, 4, 4),), "B = S = 4"),
        Case((normal(g, 1, 7) - 3,), "B = 1, S = 7"),
        Case((matrix([-INF, math.log(0.5), 0.0]),), "weights 0, ½, 1: log ½", smooth=False),
        Case((matrix([-1000.0, -1001.0], [1000.0, 999.0], [0.0, 1.0]),), "log-weights of ±1000"),
        Case((normal(g, 2, 3, scale=400.0),), "log-weights far apart: one sample decides"),
    ],
    alternatives=[
        lambda log_w: (log_w - math.log(log_w.shape[1])).logsumexp(1),
        lambda log_w: (
            (log_w - log_w.max(1, keepdim=True).values).exp().mean(1).log() + log_w.max(1).values
        ),
        lambda log_w: log_w.logcumsumexp(1)[:, -1] - math.log(log_w.shape[1]),
    ],
    wrong=[
        Wrong(
            "elbo",
            lambda log_w: log_w.mean(-1),
            "You averaged the **logs**: that is the plain ELBO, estimated with S samples. More "
            "samples make it less noisy, not tighter. What should be averaged here?",
        ),
        Wrong(
            "sum-of-logs",
            lambda log_w: log_w.sum(-1),
            "You added up the logs, which multiplies the weights. The bound is about their "
            "**average**.",
        ),
        Wrong(
            "no-log-s",
            lambda log_w: torch.logsumexp(log_w, -1),
            "That is the log of the **sum** of the weights: it grows with S even if all weights "
            "are equal. What makes a sum an average?",
        ),
        Wrong(
            "zeros-not-counted",
            lambda log_w: torch.logsumexp(log_w, -1) - (log_w > -INF).sum(-1).to(log_w.dtype).log(),
            "You count only the weights that are not 0. A weight of 0 adds nothing to the sum, but "
            "it is one of the S samples that the average is taken over.",
        ),
        Wrong(
            "plus-log-s",
            lambda log_w: torch.logsumexp(log_w, -1) + math.log(log_w.shape[-1]),
            "Two weights of 1 have the average 1, whose log is 0. What does yours give?",
        ),
        Wrong(
            "divides-by-s",
            lambda log_w: torch.logsumexp(log_w, -1) / log_w.shape[-1],
            "You divided **after** the log. Dividing the weights by S does what to their log?",
        ),
        Wrong(
            "minus-s",
            lambda log_w: torch.logsumexp(log_w, -1) - log_w.shape[-1],
            "You took off S itself. On the log scale, what does dividing by S become?",
        ),
        Wrong(
            "batch-size",
            lambda log_w: torch.logsumexp(log_w, -1) - math.log(log_w.shape[0]),
            "You divided by the number of examples. How many weights does one example have?",
        ),
        Wrong(
            "batch-size",
            lambda log_w: torch.logsumexp(log_w, -1) - math.log(len(log_w)),
            "You divided by the number of examples. How many weights does one example have?",
        ),
        Wrong(
            "over-batch",
            lambda log_w: torch.logsumexp(log_w, 0) - math.log(log_w.shape[0]),
            "You averaged over the examples. The samples of one x stand along the other axis.",
        ),
        Wrong(
            "over-batch",
            lambda log_w: torch.logsumexp(log_w, 0) - math.log(log_w.shape[1]),
            "You averaged over the examples. The samples of one x stand along the other axis.",
        ),
        *(
            Wrong(
                "all",
                solve,
                "You averaged over examples and samples together. Each x has a bound of its own.",
            )
            for solve in (
                lambda log_w: log_w.flatten().logsumexp(0) - math.log(log_w.numel()),
                lambda log_w: log_w.exp().mean().log(),
            )
        ),
        Wrong(
            "unstable",
            lambda log_w: log_w.exp().mean(-1).log(),
            "The right formula, but exp of −1000 is 0 and exp of +1000 is inf. Which function adds "
            "up weights without leaving the logs?",
        ),
        *(
            Wrong(
                "epsilon",
                lambda log_w, small=small: (log_w.exp().mean(-1) + small).log(),
                "The small number keeps the log finite, but then it **is** the answer wherever the "
                "weights are small. Which function adds up weights without leaving the logs?",
            )
            for small in (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-20)
        ),
        Wrong(
            "global-shift",
            lambda log_w: (log_w - log_w.max()).exp().mean(-1).log() + log_w.max(),
            "You shift all examples by one number. An example far below the largest still "
            "underflows: whose maximum should be taken off?",
        ),
        Wrong(
            "shift-lost",
            lambda log_w: (log_w - log_w.max(-1, keepdim=True).values).exp().mean(-1).log(),
            "You took the largest log-weight off and never put it back.",
        ),
        Wrong(
            "max",
            lambda log_w: log_w.max(-1).values,
            "The largest weight alone. The others count as well, if only a little.",
        ),
        Wrong(
            "max-over-s",
            lambda log_w: log_w.max(-1).values - math.log(log_w.shape[-1]),
            "The largest weight stands for the whole sum here. The others count as well.",
        ),
        Wrong(
            "no-log",
            lambda log_w: log_w.exp().mean(-1),
            "That is the average weight, an estimate of p(x). The bound is one of log p(x).",
        ),
        *(
            Wrong(
                "weighted-logs",
                solve,
                "You averaged the log-weights with the normalized weights. The bound is the log of "
                "the plain average of the weights.",
            )
            for solve in (
                lambda log_w: (log_w.softmax(-1) * log_w).sum(-1),
                lambda log_w: (log_w.softmax(-1) * log_w.nan_to_num(neginf=0.0)).sum(-1),
            )
        ),
        *(
            Wrong(
                "normalized",
                solve,
                "You normalized the weights first, so that their sum is 1 whatever they are: all "
                "information about p(x) is gone.",
            )
            for solve in (
                lambda log_w: log_w.log_softmax(-1).logsumexp(-1) - math.log(log_w.shape[-1]),
                lambda log_w: log_w.softmax(-1).mean(-1).log(),
                lambda log_w: log_w.log_softmax(-1).mean(-1),
            )
        ),
        Wrong(
            "negated",
            lambda log_w: math.log(log_w.shape[-1]) - torch.logsumexp(log_w, -1),
            "That is a loss, to be made small. The question asks for the bound.",
        ),
        Wrong(
            "running",
            lambda log_w: log_w.logcumsumexp(-1) - math.log(log_w.shape[-1]),
            "You return a running sum, one number for each sample. The question asks for one "
            "number for each example.",
        ),
        Wrong(
            "log-log",
            lambda log_w: log_w.mean(-1).log(),
            "`log_w` holds logs already: you averaged them and took the log again. What has to "
            "happen **before** the average?",
        ),
    ],
    hints=[
        "Write it down with plain weights first. What does dividing by S become under the log?",
        "`torch.logsumexp` adds up weights that are given by their logs.",
        "Check: with all weights equal, the bound must not depend on S.",
    ],
    equivalents={
        "return torch.logsumexp(log_w, 1) - math.log(log_w.shape[-1])": "1 is the last of two axes",
        "return torch.logsumexp(log_w, --1) - math.log(log_w.shape[-1])": (
            "1 is the last of two axes"
        ),
        "return torch.logsumexp(log_w, -1) - math.log(log_w.shape[1])": "1 is the last of two axes",
        "return torch.logsumexp(log_w, -1) - math.log(log_w.shape[--1])": (
            "1 is the last of two axes"
        ),
    },
)

TIGHTER_BOUND = ChoiceExercise(
    id="tighter_bound",
    title="What do more samples buy?",
    statement=(
        "q stays as it is: not the posterior, but positive wherever the posterior is. You replace "
        "S = 1 by S = 100 samples z ~ q, with weights w = p(x, z)/q(z | x), in (1) the average of "
        "log w and (2) the log of the average of w. "
        "What happens to their **expected values**?"
    ),
    level=2,
    options=[
        Option(
            "Both rise toward log p(x)",
            "Take (1): an average of 100 equally distributed numbers. What is its expected value, "
            "compared with that of one of them?",
        ),
        Option(
            "Both stay: samples only take away noise",
            "True of a plain average. Is the log of an average one? Take two weights, 1 and 9.",
        ),
        Option(
            "(1) rises toward log p(x), and (2) stays",
            "Which of the two is a plain average, whose expected value no number of samples "
            "can move?",
        ),
        Option(
            "(1) stays at the ELBO, and (2) rises toward log p(x)",
            "Averaging **before** the log leaves Jensen's inequality less to lose: the average "
            "weight varies less and less. Better estimates of one bound are not a better bound.",
            right=True,
        ),
    ],
    hints=[
        "The expected value of an average of S equal terms: how does it depend on S?",
        "For large S the average weight is nearly constant. What does Jensen's inequality say "
        "about a constant?",
    ],
)


EXERCISES = [
    KL_AT_PRIOR_PLUS_ONE,
    LATENT_BY_HAND,
    REPARAMETERIZE,
    WHY_REPARAMETERIZE,
    KL_GAUSSIAN,
    GAUSSIAN_RECON,
    MSE_VARIANCE,
    BLURRY,
    NEW_PICTURE,
    NEG_ELBO,
    POSTERIOR_COLLAPSE,
    COLLAPSED_PIXEL,
    BETA,
    FREE_BITS,
    TIGHTER_BOUND,
    IWAE_BOUND,
    VAE_BOUND,
]
