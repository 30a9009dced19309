"""The variational autoencoder: a latent-variable model, an encoder that guesses, and their bound.

The model is p(x) = integral of p(z) p(x | z) dz with a standard normal prior p(z); the decoder
gives p(x | z), the encoder a guess q(z | x) at the posterior. For any q,

    log p(x) >= E_q[log p(x | z)] - KL(q(z | x) || p(z)),

the evidence lower bound (Kingma and Welling, "Auto-Encoding Variational Bayes", 2014).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..device import normal, uniform
from ..estimates import Estimate
from .checks import positive, some, whole
from .likelihood import LikelihoodTrainer
from .networks import evaluating, mlp
from .score import Score

_LOG_2PI = math.log(2 * math.pi)
_CHUNK = 2_000_000  # numbers in a decoded block: bounds the memory of an evaluation


class VAE(nn.Module):
    """A decoder from latent z [K] to x [D], and an encoder back to a normal distribution of z.

    Args:
        num_pixels: D.
        latent_size: K.
        hidden: The sizes of the hidden layers of the encoder; the decoder's are the reverse.
        likelihood: ``"bernoulli"`` for binary x, or ``"gaussian"`` for real x with one standard
            deviation for all of its coordinates.
        noise: That standard deviation, for the Gaussian likelihood; it is learned, starting here,
            unless `learn_noise` is False.
        learn_noise: Whether `noise` is a parameter.
        encoder: Instead of the usual network, any module from [B, D] to [B, 2 K]: the means, then
            the log-variances.
        decoder: Instead of the usual network, any module from [..., K] to [..., D]: logits of the
            pixels, or means.

    Raises:
        ValueError: If a size or an option is impossible.
    """

    def __init__(
        self,
        num_pixels: int,
        latent_size: int,
        hidden: Sequence[int] = (128,),
        *,
        likelihood: str = "bernoulli",
        noise: float = 1.0,
        learn_noise: bool = True,
        encoder: nn.Module | None = None,
        decoder: nn.Module | None = None,
    ) -> None:
        super().__init__()
        whole("num_pixels", num_pixels)
        whole("latent_size", latent_size)
        if likelihood not in ("bernoulli", "gaussian"):
            raise ValueError(f"likelihood must be 'bernoulli' or 'gaussian', not {likelihood!r}.")
        positive("noise", noise)
        self.num_pixels, self.latent_size, self.likelihood = num_pixels, latent_size, likelihood
        # Smooth activations: the lattice of `exact_log_prob` converges fast on a smooth function.
        usual = functools.partial(mlp, activation=nn.SiLU)
        self.encoder = encoder or usual(num_pixels, *hidden, 2 * latent_size)
        self.decoder = decoder or usual(latent_size, *reversed(hidden), num_pixels)
        if likelihood == "gaussian":
            log_noise = torch.tensor(math.log(noise))
            if learn_noise:
                self.log_noise = nn.Parameter(log_noise)
            else:
                self.register_buffer("log_noise", log_noise)

    @property
    def noise(self) -> torch.Tensor:
        """The standard deviation of the Gaussian likelihood, a scalar."""
        return self.log_noise.exp()

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log-variance of q(z | x), each [B, K], of x [B, D]."""
        self._check(x)
        code = self.encoder(x)
        if code.shape[-1] != 2 * self.latent_size:
            raise ValueError(
                f"The encoder gives {code.shape[-1]} numbers a row; with latent_size="
                f"{self.latent_size} it must give {2 * self.latent_size}: means, then "
                "log-variances."
            )
        mean, log_variance = code.chunk(2, -1)
        return mean, log_variance

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """What z [..., K] says about x: logits of the pixels, or means, [..., D]."""
        return self.decoder(z)

    def log_px_z(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """log p(x | z) in nats.

        Args:
            x: [B, D].
            z: [..., B, K]; further axes in front are more samples of z for each x.

        Returns:
            [..., B].
        """
        y = self.decode(z)
        if not x.shape[-1] == y.shape[-1] == self.num_pixels:
            raise ValueError(
                f"x has {x.shape[-1]} numbers a row and the decoder gives {y.shape[-1]}, but this "
                f"model was made for num_pixels={self.num_pixels}."
            )
        x, y = torch.broadcast_tensors(x, y)  # [..., B, D]
        if self.likelihood == "bernoulli":
            return -F.binary_cross_entropy_with_logits(y, x, reduction="none").sum(-1)
        surprise = ((x - y) / self.noise).square() + _LOG_2PI
        return -0.5 * surprise.sum(-1) - self.num_pixels * self.log_noise

    def log_pz(self, z: torch.Tensor) -> torch.Tensor:
        """log p(z) in nats of z [..., K] under the standard normal prior: [...]."""
        return -0.5 * (z.square() + _LOG_2PI).sum(-1)

    def log_qz_x(
        self, z: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor
    ) -> torch.Tensor:
        """log q(z | x) in nats of z [..., B, K], for what `encode` returned: [..., B]."""
        squares = ((z - mean) * (-0.5 * log_variance).exp()).square()
        return -0.5 * (squares + log_variance + _LOG_2PI).sum(-1)

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> torch.Tensor:
        """`n` new x: z from the prior, then x from p(x | z).

        Args:
            n: How many.
            generator: A seeded ``torch.Generator``; the global stream when None.

        Returns:
            [n, D]; binary ones are 0.0 or 1.0.
        """
        whole("n", n)
        like = next(self.parameters())
        with evaluating(self):
            y = self.decode(normal((n, self.latent_size), like, generator))
        if self.likelihood == "gaussian":
            return y + self.noise * normal(y.shape, like, generator)
        draws = uniform(y.shape, generator=generator, device=y.device, dtype=y.dtype)
        return (draws < y.sigmoid()).to(y.dtype)

    def reconstruct(self, x: torch.Tensor) -> torch.Tensor:
        """The mean of p(x | z) at the mean of q(z | x): gray pixels or means, [B, D]."""
        with evaluating(self):
            y = self.decode(self.encode(x)[0])
        return y.sigmoid() if self.likelihood == "bernoulli" else y

    def _check(self, x: torch.Tensor) -> None:
        if not isinstance(x, torch.Tensor) or not x.is_floating_point():
            found = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
            raise TypeError(f"x is a tensor of floating-point numbers, not {found}; try x.float().")
        if x.ndim != 2 or x.shape[1] != self.num_pixels:
            raise ValueError(
                f"x has shape {list(x.shape)}; expected [B, {self.num_pixels}], one example a row."
            )
        # On an accelerator a look at the values has to wait for it: not in every training step.
        if self.likelihood == "bernoulli" and (x.device.type == "cpu" or not self.training):
            if ((x != 0) & (x != 1)).any():
                raise ValueError(
                    "Pixels must be exactly 0 or 1; binarize them, e.g. (x > 0.5).float(), or use "
                    "likelihood='gaussian'."
                )


# -- The bounds ------------------------------------------------------------------------------------


def kl_to_prior(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """KL(N(mean, variance) || N(0, 1)) in nats, summed over the K coordinates: [..., K] to [...].

    1/2 sum(mean^2 + variance - 1 - log variance): no samples are needed.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1)


def draw(
    mean: torch.Tensor, log_variance: torch.Tensor, num_samples: int | None = None
) -> torch.Tensor:
    """z from q(z | x) by reparameterization, mean + deviation * noise: gradients flow through it.

    Args:
        mean: [B, K].
        log_variance: [B, K].
        num_samples: S; one without an axis of its own when None.

    Returns:
        [B, K], or [S, B, K].
    """
    shape = mean.shape if num_samples is None else (num_samples, *mean.shape)
    return mean + (0.5 * log_variance).exp() * normal(shape, mean)


def negative_elbo(
    model: VAE, x: torch.Tensor, beta: float | torch.Tensor = 1.0
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """reconstruction + beta KL, nats an example: with beta = 1 the negative ELBO.

    The KL is in closed form; the reconstruction is estimated with one z for each example. A larger
    beta lets z say less, and the bound gets looser; with a smaller one it is no bound any more
    (Higgins et al., "beta-VAE: Learning Basic Visual Concepts with a Constrained Variational
    Framework", 2017).

    Args:
        model: A `VAE`.
        x: [B, D].
        beta: The weight of the KL.

    Returns:
        The loss, and its terms "reconstruction" = E_q[-log p(x | z)] and "kl".
    """
    mean, log_variance = model.encode(x)
    reconstruction = -model.log_px_z(x, draw(mean, log_variance)).mean()
    kl = kl_to_prior(mean, log_variance).mean()
    return reconstruction + beta * kl, {"reconstruction": reconstruction, "kl": kl}


def log_weights(model: VAE, x: torch.Tensor, num_samples: int) -> torch.Tensor:
    """log p(x, z) - log q(z | x) for S samples z of q: [S, B], nats.

    Their mean is an estimate of the ELBO; ``logsumexp`` minus log S that of the importance-weighted
    bound.
    """
    mean, log_variance = model.encode(x)
    noise = normal((num_samples, *mean.shape), mean)
    z = mean + (0.5 * log_variance).exp() * noise  # [S, B, K]
    # log q(z | x) from the noise itself: z - mean would lose its digits where q is narrow.
    log_qz_x = -0.5 * (noise.square() + log_variance + _LOG_2PI).sum(-1)
    return model.log_px_z(x, z) + model.log_pz(z) - log_qz_x


def log_mean_exp(log_weights: torch.Tensor) -> torch.Tensor:
    """The log of the mean over the first axis, of numbers given by their logs: [S, ...] to [...].

    The largest one is taken out first, so that nothing overflows.
    """
    return log_weights.logsumexp(0) - math.log(len(log_weights))


def log_px_bound(model: VAE, x: torch.Tensor, num_samples: int) -> torch.Tensor:
    """The importance-weighted bound on log p(x) with S samples, nats: [B].

    Its expectation grows with S from the ELBO (S = 1) towards log p(x) (Burda, Grosse and
    Salakhutdinov, "Importance Weighted Autoencoders", 2016). Gradients flow through it.
    """
    return log_mean_exp(log_weights(model, x, num_samples))


# -- Evaluation ------------------------------------------------------------------------------------


def active_units(model: VAE, x: torch.Tensor, threshold: float = 0.01) -> int:
    """How many coordinates of z are in use: those whose posterior mean varies with x.

    Args:
        model: A `VAE`.
        x: [n, D], of examples as different as the data are.
        threshold: The least variance of the mean of q(z_k | x) over x (Burda et al., 2016).
    """
    with evaluating(model):
        return int((model.encode(x)[0].var(0, correction=0) > threshold).sum())


def exact_log_prob(
    model: VAE, x: torch.Tensor, *, points: int = 401, reach: float = 7.0
) -> torch.Tensor:
    """log p(x) itself, in nats, where it can be had.

    With a Gaussian likelihood and one linear layer as decoder, x is Gaussian: a closed form. With
    K = 1 or 2 it is an integral over z, by the trapezoidal rule on a lattice over the prior.

    Args:
        model: A `VAE`.
        x: [n, D].
        points: Of the lattice in each coordinate of z, odd. A posterior narrower than their
            spacing is missed; the answer is compared with that of every other point.
        reach: The lattice ends at plus and minus this number, in standard deviations of the prior.

    Returns:
        [n] float64.

    Raises:
        ValueError: If there is no way; or the lattice is too coarse (off by 0.001 nats or more) or
            too small.
    """
    with evaluating(model):
        model._check(x)
        if model.likelihood == "gaussian" and isinstance(_only(model.decoder), nn.Linear):
            return _exact_linear(model, x)
        if model.latent_size > 2:
            raise ValueError(
                f"The exact log p(x) is an integral over {model.latent_size} coordinates of z, too "
                "many for a lattice. It can be had for latent_size 1 or 2, or for a Gaussian "
                "likelihood with one linear layer as decoder. Else use log_px_bound with many "
                "samples."
            )
        if isinstance(points, bool) or not isinstance(points, int) or points < 5 or points % 4 != 1:
            raise ValueError(f"points must be 5, 9, 13, ... (4 k + 1), not {points!r}.")
        positive("reach", reach)
        return _exact_on_lattice(model, x.cpu().double(), points, reach)


def _exact_linear(model: VAE, x: torch.Tensor) -> torch.Tensor:
    linear = _only(model.decoder)
    W = linear.weight.cpu().double()  # [D, K]
    center = torch.zeros(len(W)).double() if linear.bias is None else linear.bias.cpu().double()
    covariance = W @ W.T + model.noise.cpu().double() ** 2 * torch.eye(len(W)).double()
    gaussian = torch.distributions.MultivariateNormal(center, covariance, validate_args=False)
    return gaussian.log_prob(x.cpu().double())


def _exact_on_lattice(model: VAE, x: torch.Tensor, points: int, reach: float) -> torch.Tensor:
    like = next(model.parameters())
    axis = torch.linspace(-reach, reach, points, dtype=torch.float64)
    z = torch.cartesian_prod(*[axis] * model.latent_size).reshape(-1, model.latent_size)
    numbers = torch.cartesian_prod(*[torch.arange(points)] * model.latent_size)
    numbers = numbers.reshape(-1, model.latent_size)
    every_other = (numbers % 2 == 0).all(-1)
    on_edge = ((numbers == 0) | (numbers == points - 1)).any(-1)
    width = math.log(2 * reach / (points - 1))
    nothing = torch.full((len(x),), -math.inf, dtype=torch.float64)
    fine = coarse = edge = nothing  # logs of the sums so far
    size = max(1, _CHUNK // max(len(x), model.num_pixels))
    for rows in torch.arange(len(z)).split(size):
        y = model.decode(z[rows].to(like)).cpu().double()
        log_pxz = _log_px_z_of_all(model, x, y) + model.log_pz(z[rows])[:, None]  # [rows, n]
        fine = torch.logaddexp(fine, log_pxz.logsumexp(0))
        coarse = torch.logaddexp(coarse, log_pxz[every_other[rows]].logsumexp(0))
        edge = torch.logaddexp(edge, log_pxz[on_edge[rows]].logsumexp(0))
    exact = fine + model.latent_size * width
    error = (exact - coarse - model.latent_size * (width + math.log(2))).abs()
    if not (error <= 1e-3).all():
        raise ValueError(
            f"A lattice of {points} points is too coarse: with every other point the answer "
            f"changes by {error.max():.2g} nats. Use more points."
        )
    # The posterior's density at the edge: about what is missing beyond it.
    if not ((edge - fine - width).exp() <= 1e-4).all():
        raise ValueError(
            f"The lattice ends at {reach:g}, but for some x the posterior of z reaches beyond it. "
            "Use a larger reach (and more points)."
        )
    return exact


@dataclass(frozen=True, repr=False)
class VAEScore(Score):
    """How well a VAE predicts some examples; `log_px` is the importance-weighted bound.

    Attributes:
        elbo: The evidence lower bound, nats an example.
        reconstruction: E_q[-log p(x | z)], nats an example.
        kl: KL(q(z | x) || p(z)), nats an example.
        active_units: The coordinates of z in use.
        num_samples: S, of the bound.
    """

    elbo: Estimate
    reconstruction: Estimate
    kl: Estimate
    active_units: int
    num_samples: int

    def __repr__(self) -> str:
        return (
            f"at most {super().__repr__()}, from {self.num_samples} samples of z; ELBO {self.elbo} "
            f"= -({self.reconstruction} reconstruction + {self.kl} KL); "
            f"{self.active_units} active units"
        )


class VAETrainer(LikelihoodTrainer):
    """Trains a VAE by its evidence lower bound, or by the importance-weighted one, and scores it.

    The history notes "reconstruction" and "kl" beside the loss; with S > 1 only the loss.

    Args:
        model: A `VAE`.
        beta: The weight of the KL, or a function of the progress of the run (0 to 1), for instance
            ``lambda progress: progress`` to let the KL in slowly.
        importance_samples: S: with more than one, the importance-weighted bound is trained.
        **options: Those of `Trainer`: lr, ema, clip, seed, ...

    Raises:
        ValueError: If an option is impossible.
    """

    def __init__(
        self,
        model: VAE,
        *,
        beta: float | Callable[[Any], Any] = 1.0,
        importance_samples: int = 1,
        **options: Any,
    ) -> None:
        whole("importance_samples", importance_samples)
        if not callable(beta) and not (isinstance(beta, (int, float)) and 0 <= beta < math.inf):
            raise ValueError(f"beta must be 0 or more, or a function of progress, not {beta!r}.")
        if importance_samples > 1 and beta != 1.0:
            raise ValueError("The importance-weighted bound has no beta: leave one of them out.")
        self.beta, self.importance_samples = beta, importance_samples
        super().__init__(model, loss=self._negative_bound, **options)

    def _negative_bound(self, model: VAE, x: torch.Tensor) -> Any:
        if self.importance_samples > 1:
            return -log_px_bound(model, x, self.importance_samples).mean()
        return negative_elbo(
            model, x, self.beta(self.progress) if callable(self.beta) else self.beta
        )

    def evaluate(self, x: torch.Tensor, *, num_samples: int = 1000) -> VAEScore:
        """Score the trained model on examples [n, D], for instance a test set.

        Args:
            x: [n, D].
            num_samples: S, of z for each example; more make the bound tighter.
        """
        whole("num_samples", num_samples)
        model, x = self.trained, x.to(self.device)
        some(x)
        bounds, elbos, kls = [], [], []
        with evaluating(model):
            for part in x.split(max(1, _CHUNK // (num_samples * model.num_pixels))):
                weights = log_weights(model, part, num_samples).cpu().double()  # [S, b]
                bounds.append(log_mean_exp(weights))
                elbos.append(weights.mean(0))
                kls.append(kl_to_prior(*model.encode(part)).cpu().double())
            units = active_units(model, x)
        log_px, elbo, kl = (torch.cat(parts) for parts in (bounds, elbos, kls))
        return VAEScore(
            log_px,
            torch.full_like(log_px, model.num_pixels),
            elbo=Estimate.mean(elbo),
            reconstruction=Estimate.mean(-elbo - kl),
            kl=Estimate.mean(kl),
            active_units=units,
            num_samples=num_samples,
        )


def _log_px_z_of_all(model: VAE, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """log p(x | z) of every x [n, D] for every decoded z [S, D]: one matrix product, [S, n]."""
    if model.likelihood == "bernoulli":
        return y @ x.T - F.softplus(y).sum(-1, keepdim=True)
    squares = y.square().sum(-1, keepdim=True) - 2 * y @ x.T + x.square().sum(-1)
    log_noise = model.log_noise.cpu().double()
    constant = model.num_pixels * (log_noise + 0.5 * _LOG_2PI)
    return -0.5 * squares / (2 * log_noise).exp() - constant


def _only(module: nn.Module) -> nn.Module:
    """The single layer of a network that has only one."""
    return module[0] if isinstance(module, nn.Sequential) and len(module) == 1 else module
