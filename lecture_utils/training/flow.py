"""Flow matching: a network learns the velocity that carries noise to data.

In the notation of the course x_0 is noise, x_1 is data, and x_t = (1 - t) x_0 + t x_1 moves from
one to the other along a straight line with velocity x_1 - x_0. A network v(x, t) that predicts this
velocity from x_t alone learns its mean, and following that mean from t = 0 to 1 turns noise into
data (Lipman, Chen, Ben-Hamu, Nickel and Le, "Flow Matching for Generative Modeling", 2023; Liu,
Gong and Liu, "Flow Straight and Fast: Learning to Generate and Transfer Data with Rectified Flow",
2023).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from ..device import normal
from .checks import points, positive, whole
from .likelihood import LikelihoodTrainer
from .networks import FourierFeatures, evaluating, mlp

Velocity = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # (x [B, D], t [B]) -> [B, D]


class TimeNetwork(nn.Module):
    """A small network of points and times: [B, D] and [B] to [B, D].

    Args:
        size: D.
        hidden: The sizes of the hidden layers.
        octaves: Frequencies at which it sees sines and cosines of x; 0 for x alone.
        time_octaves: The same for the time.
    """

    def __init__(
        self,
        size: int,
        hidden: Sequence[int] = (128, 128, 128),
        *,
        octaves: int = 3,
        time_octaves: int = 3,
    ) -> None:
        super().__init__()
        whole("size", size)
        self.points = FourierFeatures(size, octaves)
        self.times = FourierFeatures(1, time_octaves)
        features = self.points.features + self.times.features
        self.network = mlp(features, *hidden, size, activation=nn.SiLU)

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """Points [B, D] and times [B] to [B, D]."""
        return self.network(torch.cat([self.points(x), self.times(t[:, None])], -1))


class Flow(nn.Module):
    """A velocity in the space of the data, and what follows from it: samples and likelihoods.

    Args:
        network: v(x, t), [B, D] and [B] to [B, D], for data divided by `scale`.
        size: D.
        scale: About the standard deviation of the data. All is computed for x / scale, so that
            noise and data have about the same size; samples and likelihoods are those of x.

    Raises:
        ValueError: If the size or the scale is impossible.
    """

    def __init__(self, network: nn.Module, size: int, *, scale: float = 1.0) -> None:
        super().__init__()
        whole("size", size)
        positive("scale", scale)
        self.network, self.size, self.scale = network, size, scale

    def velocity(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """v(x, t) for x [B, D] in units of `scale` and t [B]: [B, D]."""
        return self.network(x, t)

    @torch.no_grad()
    def trajectory(
        self,
        n: int,
        *,
        steps: int = 50,
        method: str = "midpoint",
        generator: torch.Generator | None = None,
    ) -> torch.Tensor:
        """The ways of `n` points from noise to data.

        Args:
            n: How many.
            steps: Equal steps from t = 0 to 1.
            method: ``"euler"`` looks at the velocity once a step, ``"midpoint"`` twice, ``"rk4"``
                four times.
            generator: A seeded ``torch.Generator``; the global stream when None.

        Returns:
            [steps + 1, n, D], in the units of the data; the last ones are the samples.

        Raises:
            ValueError: If a number or the method is impossible.
        """
        whole("n", n)
        like = next(self.parameters())
        noise = normal((n, self.size), like, generator)
        with evaluating(self):
            path = integrate(self.velocity, noise, steps=steps, method=method)
        return self.scale * torch.stack(path)

    def sample(self, n: int, **options: Any) -> torch.Tensor:
        """`n` new points [n, D]: the ends of `trajectory`, which lists the options."""
        return self.trajectory(n, **options)[-1]

    def log_prob(self, x: torch.Tensor, *, steps: int = 50) -> torch.Tensor:
        """log p(x) in nats of the distribution that the flow makes of noise.

        Along the way of a point, log p falls by the divergence of the velocity. So x is carried
        back to its noise, the divergence is added up, and the rest is the log-density of the noise
        (Chen, Rubanova, Bettencourt and Duvenaud, "Neural Ordinary Differential Equations", 2018).
        The divergence is exact (D derivatives); the steps are those of Runge and Kutta, and their
        error falls with the fourth power of their number: see `log_prob_error`.

        Args:
            x: [B, D].
            steps: From t = 1 to 0.

        Returns:
            [B].

        Raises:
            ValueError: If the shape does not fit.
        """
        points("x", x, self.size)

        def joint(state: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
            v, divergence = velocity_and_divergence(self.velocity, state[:, :-1], t)
            return torch.cat([v, divergence[:, None]], 1)

        state = torch.cat([x / self.scale, torch.zeros_like(x[:, :1])], 1)  # [B, D + 1]
        with evaluating(self):
            state = integrate(joint, state, steps=steps, method="rk4", backward=True)[-1]
        noise, gained = state[:, :-1], state[:, -1]  # gained: minus the integral of the divergence
        log_noise = -0.5 * (noise.square() + math.log(2 * math.pi)).sum(-1)
        return log_noise + gained - self.size * math.log(self.scale)

    def log_prob_error(self, x: torch.Tensor, *, steps: int = 50) -> float:
        """An estimate of the largest error of `log_prob` for `x`, from the change with half the
        steps. It holds once the steps are small enough for the error to fall with their fourth
        power; before that the error can be larger.

        Raises:
            ValueError: If there is only one step, which cannot be halved.
        """
        if not (isinstance(steps, int) and steps >= 2):
            raise ValueError(f"steps must be a whole number of at least 2, not {steps!r}.")
        half = steps // 2
        change = self.log_prob(x, steps=steps) - self.log_prob(x, steps=half)
        return (change.abs().max() / ((steps / half) ** 4 - 1)).item()


def flow_matching_loss(model: Flow, data: torch.Tensor) -> torch.Tensor:
    """E ||v(x_t, t) - (x_1 - x_0)||^2 / D for data x_1, noise x_0 and t uniform from 0 to 1.

    It does not fall to 0: x_t does not tell x_1 - x_0, and the mean given x_t is the best answer.

    Args:
        model: A `Flow`.
        data: [B, D].
    """
    x_1 = data / model.scale
    x_0 = torch.randn_like(x_1)
    t = torch.rand(len(x_1), device=x_1.device, dtype=x_1.dtype)
    x_t = (1 - t[:, None]) * x_0 + t[:, None] * x_1
    return (model.velocity(x_t, t) - (x_1 - x_0)).square().mean()


class FlowMatchingTrainer(LikelihoodTrainer):
    """Trains a flow by `flow_matching_loss`; `evaluate` scores it by its exact likelihood.

    Args:
        model: A `Flow`.
        **options: Those of `Trainer`: lr, ema, clip, seed, ...
    """

    def __init__(self, model: Flow, **options: Any) -> None:
        super().__init__(model, loss=flow_matching_loss, **options)


def velocity_and_divergence(
    velocity: Velocity, x: torch.Tensor, t: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """v(x, t) [B, D] and its divergence, the sum of dv_d / dx_d, [B]."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        v = velocity(x, t)
        divergence = torch.zeros_like(x[:, 0])
        for d in range(x.shape[1] if v.requires_grad else 0):
            # No point's velocity depends on another point: the sum has each one's own gradient.
            (slope,) = torch.autograd.grad(v[:, d].sum(), x, retain_graph=True, allow_unused=True)
            if slope is not None:
                divergence = divergence + slope[:, d]
    return v.detach(), divergence.detach()


def integrate(
    velocity: Velocity, x: torch.Tensor, *, steps: int, method: str, backward: bool = False
) -> list[torch.Tensor]:
    """Follow dx/dt = v(x, t) from t = 0 to 1, or back from 1 to 0.

    Args:
        velocity: v(x [B, ...], t [B]).
        x: [B, ...] at the start.
        steps: Equal steps.
        method: ``"euler"``, ``"midpoint"`` or ``"rk4"``.
        backward: From t = 1 to 0.

    Returns:
        The steps + 1 places on the way.

    Raises:
        ValueError: If the number of steps or the method is impossible.
    """
    whole("steps", steps)
    if method not in ("euler", "midpoint", "rk4"):
        raise ValueError(f"method must be 'euler', 'midpoint' or 'rk4', not {method!r}.")
    h = -1 / steps if backward else 1 / steps
    path = [x]
    for number in range(steps):
        start = 1 + number * h if backward else number * h

        def v(x: torch.Tensor, part: float, start: float = start) -> torch.Tensor:
            return velocity(x, x.new_full((len(x),), start + part * h))

        k1 = v(x, 0.0)
        if method == "euler":
            x = x + h * k1
        elif method == "midpoint":
            x = x + h * v(x + h / 2 * k1, 0.5)
        else:
            k2 = v(x + h / 2 * k1, 0.5)
            k3 = v(x + h / 2 * k2, 0.5)
            k4 = v(x + h * k3, 1.0)
            x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        path.append(x)
    return path
