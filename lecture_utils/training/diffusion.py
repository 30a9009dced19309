"""Diffusion: data is turned to noise in many small steps, and a network learns to undo each one.

Step t mixes in a little noise, x_t = sqrt(1 - beta_t) x_{t-1} + sqrt(beta_t) e. All steps up to t
together are one: x_t = sqrt(alpha_bar_t) data + sqrt(1 - alpha_bar_t) noise, where alpha_bar_t is
the product of (1 - beta_s) over s = 1 ... t. A network that predicts that noise from x_t gives the
mean of every step back (Ho, Jain and Abbeel, "Denoising Diffusion Probabilistic Models", 2020).

Mind the direction: in diffusion x_0 is *data* and the last x_t is noise; in flow matching x_0 is
noise. The names here are therefore `data` and `noise`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ..device import normal
from .checks import points, positive, some, whole
from .likelihood import LikelihoodTrainer
from .networks import evaluating
from .score import Score

_LOG_2PI = math.log(2 * math.pi)
SCHEDULES = ("linear", "cosine", "geometric")
SAMPLERS = ("ancestral", "ode")
VARIANCES = ("forward", "posterior")


def betas(num_steps: int, schedule: str = "linear") -> torch.Tensor:
    """The share of noise that each step mixes in: beta_1 ... beta_num_steps.

    - ``"linear"`` rises evenly from 0.1 / num_steps to 20 / num_steps: with 1000 steps it is the
      schedule of Ho et al. (2020), and with fewer it destroys about as much.
    - ``"cosine"`` lets alpha_bar fall like the square of a cosine, so that less of the middle is
      lost (Nichol and Dhariwal, "Improved Denoising Diffusion Probabilistic Models", 2021).
    - ``"geometric"`` multiplies the ratio of noise to data by the same factor at every step, from
      0.0001 to 10,000: its logarithm rises evenly, one of the schedules compared by Kingma,
      Salimans, Poole and Ho ("Variational Diffusion Models", 2021). It is the one for data with
      fine detail, such as narrow modes.

    Args:
        num_steps: At least 21 for ``"linear"``, so that the last share is below 1.
        schedule: One of them.

    Returns:
        [num_steps] float64, each above 0 and below 1.

    Raises:
        ValueError: If there is no such schedule, or the number of steps is impossible.
    """
    whole("num_steps", num_steps)
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule must be one of {', '.join(SCHEDULES)}, not {schedule!r}.")
    if schedule == "linear":
        if num_steps < 21:
            raise ValueError(
                f"The linear schedule ends with a share of noise of 20 / num_steps = "
                f"{20 / num_steps:.3g}, which must be below 1. Use at least 21 steps, or another "
                "schedule."
            )
        return torch.linspace(0.1, 20, num_steps, dtype=torch.float64) / num_steps
    if schedule == "geometric":
        odds = torch.logspace(-4, 4, num_steps, dtype=torch.float64)
        alpha_bar = torch.cat([torch.ones(1, dtype=torch.float64), 1 / (1 + odds)])
    else:
        offset = 0.008  # keeps the first steps from being too small
        share = torch.linspace(0, 1, num_steps + 1, dtype=torch.float64)
        alpha_bar = ((share + offset) / (1 + offset) * math.pi / 2).cos().square()
    return (1 - alpha_bar[1:] / alpha_bar[:-1]).clamp(max=0.999)


class Diffusion(nn.Module):
    """A model that predicts the noise in x_t, and what follows from it: samples and a bound.

    Steps t are whole numbers, 1 ... `num_steps`; the network is told t / num_steps. Everything is
    computed in units of `scale`; data, samples, and likelihoods are those of the data.

    Args:
        network: noise(x, t), [B, D] and [B] to [B, D], such as a `TimeNetwork`.
        size: D.
        num_steps: How many steps turn data to noise.
        schedule: See `betas`; or a tensor [num_steps] of your own.
        variance: Of the model's steps back. ``"forward"``: beta_t, as if the data were spread like
            the noise; ``"posterior"``: that of `step_back`, as if they were a single point. The
            truth lies between (Ho et al., 2020); with many steps the two are the same. The last
            step has beta_1, always.
        scale: About the standard deviation of the data.

    Attributes:
        beta: [num_steps + 1]; number 0 is 0.
        alpha_bar: [num_steps + 1], the share of the variance of x_t that is still data, from 1 at
            number 0 down to nearly 0.
        noise_share: [num_steps + 1], 1 - alpha_bar.
        posterior_variance: [num_steps + 1], of q(x_{t-1} | x_t, data).
        model_variance: [num_steps + 1], of the model's steps back.

    Raises:
        ValueError: If a number, or the schedule, is impossible.
    """

    def __init__(
        self,
        network: nn.Module,
        size: int,
        *,
        num_steps: int = 100,
        schedule: str | torch.Tensor = "linear",
        variance: str = "forward",
        scale: float = 1.0,
    ) -> None:
        super().__init__()
        whole("size", size)
        positive("scale", scale)
        whole("num_steps", num_steps)
        if variance not in VARIANCES:
            raise ValueError(f"variance must be one of {', '.join(VARIANCES)}, not {variance!r}.")
        beta = schedule if isinstance(schedule, torch.Tensor) else betas(num_steps, schedule)
        if beta.shape != (num_steps,) or not ((beta > 0) & (beta < 1)).all():
            raise ValueError(
                f"A schedule is num_steps={num_steps} numbers above 0 and below 1, not a tensor of "
                f"shape {list(beta.shape)} from {beta.min():.3g} to {beta.max():.3g}."
            )
        self.network, self.size, self.num_steps, self.scale = network, size, num_steps, scale
        self.variance = variance
        beta = torch.cat([torch.zeros(1, dtype=torch.float64), beta.double().cpu()])
        like = next(network.parameters())
        self.register_buffer("beta", beta.to(like))
        self.register_buffer("alpha_bar", (1 - beta).cumprod(0).to(like))
        # 1 - alpha_bar, without losing the digits of its small values to rounding.
        share = -torch.expm1((-beta).log1p().cumsum(0))
        self.register_buffer("noise_share", share.to(like))
        posterior = beta[1:] * share[:-1] / share[1:]  # the variance of `step_back`; first 0
        back = beta[1:].clone() if variance == "forward" else posterior.clone()
        back[0] = beta[1]
        self.register_buffer("posterior_variance", torch.cat([beta[:1], posterior]).to(like))
        self.register_buffer("model_variance", torch.cat([beta[:1], back]).to(like))

    def diffuse(self, data: torch.Tensor, noise: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """x_t = sqrt(alpha_bar_t) data + sqrt(1 - alpha_bar_t) noise, for t [B]: [B, D]."""
        return self.alpha_bar[t, None].sqrt() * data + self.noise_share[t, None].sqrt() * noise

    def predict_noise(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """E[noise | x_t], as the network has it: x [B, D] and t [B] int64 to [B, D]."""
        return self.network(x, t.to(x.dtype) / self.num_steps)

    def predict_data(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """E[data | x_t], from solving x_t = ... for data (Tweedie's formula): [B, D]."""
        noise = self.predict_noise(x, t)
        return (x - self.noise_share[t, None].sqrt() * noise) / self.alpha_bar[t, None].sqrt()

    def score(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The gradient of log q(x_t), which is -E[noise | x_t] / sqrt(1 - alpha_bar_t): [B, D]."""
        return -self.predict_noise(x, t) / self.noise_share[t, None].sqrt()

    def step_back(self, x: torch.Tensor, data: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The mean of q(x_{t-1} | x_t, data), which is normal.

        By Bayes' rule it is proportional to q(x_t | x_{t-1}) q(x_{t-1} | data), two Gaussians in
        x_{t-1}: their precisions add up. Its variance is ``posterior_variance[t]``.

        Args:
            x: x_t, [B, D].
            data: [B, D]; put `predict_data` here for the step of the model.
            t: [B] int64.

        Returns:
            [B, D]; at t = 1 it is `data` itself.
        """
        beta, share = self.beta[t, None], self.noise_share[t, None]
        before = self.noise_share[t - 1, None]
        of_data = self.alpha_bar[t - 1, None].sqrt() * beta / share
        of_x = (1 - beta).sqrt() * before / share
        return of_data * data + of_x * x

    @torch.no_grad()
    def trajectory(
        self,
        n: int,
        *,
        sampler: str = "ancestral",
        steps: int | None = None,
        generator: torch.Generator | None = None,
    ) -> torch.Tensor:
        """The ways of `n` points from noise to data.

        ``"ancestral"`` draws every x_{t-1} from the model's normal distribution, noise and all (the
        last step too: its samples are those of the distribution that `bound_terms` bounds).
        ``"ode"`` adds no noise: it takes x_t apart into predicted data and noise and puts them
        together with the shares of an earlier step (Song, Meng and Ermon, "Denoising Diffusion
        Implicit Models", 2021). That follows a differential equation by Euler's method, so it may
        leave out steps.

        Args:
            n: How many.
            sampler: ``"ancestral"`` or ``"ode"``.
            steps: Passes through the network of ``"ode"``, spread evenly over the steps of the
                model; all of them when None, and always for ``"ancestral"``.
            generator: A seeded ``torch.Generator``; the global stream when None.

        Returns:
            [steps + 1, n, D], in the units of the data; the last ones are the samples.

        Raises:
            ValueError: If a number or the sampler is impossible.
        """
        whole("n", n)
        if sampler not in SAMPLERS:
            raise ValueError(f"sampler must be one of {', '.join(SAMPLERS)}, not {sampler!r}.")
        if steps is not None:
            whole("steps", steps)
            if steps > self.num_steps or (sampler == "ancestral" and steps != self.num_steps):
                raise ValueError(
                    f"steps={steps} does not fit: this model has {self.num_steps} steps, "
                    "'ancestral' takes all of them, and 'ode' that many or fewer."
                )
        like = next(self.parameters())

        def draw() -> torch.Tensor:
            return normal((n, self.size), like, generator)

        times = torch.linspace(self.num_steps, 0, (steps or self.num_steps) + 1).round().long()
        path = [draw()]
        with evaluating(self):
            for now, then in zip(times[:-1].tolist(), times[1:].tolist(), strict=True):
                t = torch.full((n,), now, device=like.device)
                x, data = path[-1], self.predict_data(path[-1], t)
                if sampler == "ancestral":
                    spread = self.model_variance[now].sqrt()
                    path.append(self.step_back(x, data, t) + spread * draw())
                else:
                    noise = x - self.alpha_bar[now].sqrt() * data
                    noise = noise / self.noise_share[now].sqrt()
                    path.append(self.diffuse(data, noise, torch.full_like(t, then)))
        return self.scale * torch.stack(path)

    def sample(self, n: int, **options: Any) -> torch.Tensor:
        """`n` new points [n, D]: the ends of `trajectory`, which lists the options."""
        return self.trajectory(n, **options)[-1]


def noise_prediction_loss(model: Diffusion, data: torch.Tensor) -> torch.Tensor:
    """E ||noise(x_t, t) - noise||^2 / D for t uniform over the steps.

    It is the bound of `bound_terms`, except that every step has the same weight (the "simple" loss
    of Ho et al., 2020). It does not fall to 0: x_t does not tell the noise in it.

    Args:
        model: A `Diffusion`.
        data: [B, D].
    """
    noise = torch.randn_like(data)
    t = torch.randint(1, model.num_steps + 1, (len(data),), device=data.device)
    x_t = model.diffuse(data / model.scale, noise, t)
    return (model.predict_noise(x_t, t) - noise).square().mean()


@torch.no_grad()
def bound_terms(
    model: Diffusion, data: torch.Tensor, *, generator: torch.Generator | None = None
) -> torch.Tensor:
    """The terms of the bound -log p(x) <= sum of terms, in nats.

    The model draws x_num_steps from N(0, 1) and steps back; a diffusion is a latent-variable model
    whose "encoder", the forward steps, is fixed. Its negative ELBO falls apart into steps:

    - number 0: E[-log p(data | x_1)];
    - number t - 1, for t = 2 ... num_steps: E[KL(q(x_{t-1} | x_t, data) || p(x_{t-1} | x_t))];
    - the last: KL(q(x_num_steps | data) || N(0, 1)).

    The expectations are over x_t, estimated with one draw each.

    Args:
        model: A `Diffusion`.
        data: [B, D].
        generator: A seeded ``torch.Generator``; the global stream when None.

    Returns:
        [num_steps + 1, B].

    Raises:
        ValueError: If the shape does not fit.
    """
    points("data", data, model.size)
    data = data / model.scale
    terms = []
    for number in range(1, model.num_steps + 1):
        t = torch.full((len(data),), number, device=data.device)
        noise = normal(data.shape, data, generator)
        x = model.diffuse(data, noise, t)
        off = model.step_back(x, data, t) - model.step_back(x, model.predict_data(x, t), t)
        variance = model.model_variance[number]
        surprise = 0.5 * off.square().sum(-1) / variance
        if number == 1:  # q is a point, `data`: a density, in the units of the data
            log_spread = variance.log() + _LOG_2PI + 2 * math.log(model.scale)
            terms.append(surprise + 0.5 * model.size * log_spread)
        else:  # between two normal distributions
            ratio = model.posterior_variance[number] / variance
            terms.append(surprise + 0.5 * model.size * (ratio - 1 - ratio.log()))
    left, share = model.alpha_bar[-1], model.noise_share[-1]
    prior = 0.5 * (left * data.square() + share - 1 - share.log()).sum(-1)
    return torch.stack([*terms, prior])


@dataclass(frozen=True, repr=False)
class DiffusionScore(Score):
    """How well a diffusion predicts some examples; `log_px` is the bound.

    Attributes:
        terms: [num_steps + 1] float64, the terms of `bound_terms`, averaged over the examples.
    """

    terms: torch.Tensor

    @property
    def reconstruction(self) -> float:
        """E[-log p(data | x_1)], nats an example."""
        return self.terms[0].item()

    @property
    def denoising(self) -> float:
        """The KL terms of the steps back, nats an example."""
        return self.terms[1:-1].sum().item()

    @property
    def prior(self) -> float:
        """KL(q(x_num_steps | data) || N(0, 1)), nats an example."""
        return self.terms[-1].item()

    def __repr__(self) -> str:
        return (
            f"at most {super().__repr__()}: {self.reconstruction:.3f} reconstruction + "
            f"{self.denoising:.3f} denoising + {self.prior:.2g} prior"
        )


class DiffusionTrainer(LikelihoodTrainer):
    """Trains a diffusion by `noise_prediction_loss`; `evaluate` scores it by its bound.

    Args:
        model: A `Diffusion`.
        **options: Those of `Trainer`: lr, ema, clip, seed, ...
    """

    def __init__(self, model: Diffusion, **options: Any) -> None:
        super().__init__(model, loss=noise_prediction_loss, **options)

    def evaluate(
        self, x: torch.Tensor, *, num_samples: int = 1, generator: torch.Generator | None = None
    ) -> DiffusionScore:
        """Score the trained model on examples [n, D], for instance a test set.

        Args:
            x: [n, D].
            num_samples: Draws of every term for each example.
            generator: A seeded ``torch.Generator``; the global stream when None.
        """
        whole("num_samples", num_samples)
        model, x = self.trained, x.to(self.device)
        some(x)
        total = 0.0
        with evaluating(model):
            for _ in range(num_samples):
                total = total + bound_terms(model, x, generator=generator).cpu().double()
        terms = total / num_samples  # [num_steps + 1, n]
        sizes = torch.full((len(x),), model.size, dtype=torch.float64)
        return DiffusionScore(-terms.sum(0), sizes, terms=terms.mean(1))
