"""Generative adversarial networks: two players, their losses, and their trainer.

The generator turns noise z into samples; the critic tells data from samples. The critic answers
with a *logit*: the probability that x is data is ``sigmoid(logit)``. Since log(sigmoid(t)) is
-softplus(-t), every loss here is a softplus of logits; it stays exact where log(sigmoid(t)) would
be minus infinity.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..device import normal
from .batches import DEFAULT_SIZE
from .checks import positive, whole
from .history import History
from .loop import Trainer
from .networks import FourierFeatures, evaluating, mlp

# -- The players -----------------------------------------------------------------------------------


class Generator(nn.Module):
    """A small network from noise [B, K] to points [B, D]: ``scale * network(z)``.

    Args:
        latent_size: K, how many standard normal numbers a point is made of.
        size: D.
        hidden: The sizes of the hidden layers.
        scale: The outputs are multiplied by this number, for instance the standard deviation of
            the data: the network then works with numbers around 1, whatever the unit of the data.

    Raises:
        ValueError: If a size is not a whole number of at least 1, or the scale is not positive.
    """

    def __init__(
        self,
        latent_size: int,
        size: int,
        hidden: Sequence[int] = (128, 128),
        *,
        scale: float = 1.0,
    ) -> None:
        super().__init__()
        whole("latent_size", latent_size)
        positive("scale", scale)
        self.latent_size, self.scale = latent_size, scale
        self.network = mlp(latent_size, *hidden, size)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Noise [B, K] to points [B, D]."""
        return self.scale * self.network(z)

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> torch.Tensor:
        """`n` points, [n, D].

        Args:
            n: How many.
            generator: A seeded ``torch.Generator``; the global stream when None.
        """
        whole("n", n)
        with evaluating(self):
            return self(normal((n, self.latent_size), next(self.parameters()), generator))


class Critic(nn.Module):
    """A small network from points [B, D] to logits [B], which are high where it sees data.

    Args:
        size: D.
        hidden: The sizes of the hidden layers.
        scale: The inputs are divided by this number, for instance the standard deviation of the
            data.
        octaves: With 1 or more, the network also sees sines and cosines of the inputs
            (`FourierFeatures`): without them it is slow to see fine detail.

    Raises:
        ValueError: If a size is not a whole number of at least 1, or the scale is not positive.
    """

    def __init__(
        self,
        size: int,
        hidden: Sequence[int] = (128, 128),
        *,
        scale: float = 1.0,
        octaves: int = 0,
    ) -> None:
        super().__init__()
        whole("size", size)
        positive("scale", scale)
        self.scale = scale
        self.features = FourierFeatures(size, octaves, scale=self.scale)
        self.network = mlp(self.features.features, *hidden, 1, activation=lambda: nn.LeakyReLU(0.2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Points [B, D] to logits [B]."""
        return self.network(self.features(x)).squeeze(-1)  # [B, 1] to [B]


# -- The losses ------------------------------------------------------------------------------------


def critic_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """-E log D(x) - E log(1 - D(G(z))), in nats: the critic's loss in the classic game.

    It is 2 log 2 when the critic is undecided. At its optimum, where the logit is
    log p_data(x) - log p_model(x), it is 2 log 2 - 2 JSD (Goodfellow et al., "Generative
    Adversarial Nets", 2014).

    Args:
        real: [B] logits of data.
        fake: [B] logits of samples.

    Returns:
        A scalar.
    """
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def saturating_loss(fake: torch.Tensor) -> torch.Tensor:
    """E log(1 - D(G(z))): the generator's loss in the minimax game.

    Its slope in a logit is -D: next to nothing for a sample that the critic is sure about, which
    is where the generator has most to learn (Goodfellow et al., 2014).

    Args:
        fake: [B] logits of samples.
    """
    return -F.softplus(fake).mean()


def non_saturating_loss(fake: torch.Tensor) -> torch.Tensor:
    """-E log D(G(z)): the generator's loss with a slope where it is needed.

    Its slope in a logit is -(1 - D): close to -1 for a sample that the critic is sure about
    (Goodfellow et al., 2014).

    Args:
        fake: [B] logits of samples.
    """
    return F.softplus(-fake).mean()


def relativistic_critic_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """-E log sigmoid(D(x) - D(G(z))): the critic ranks data above samples, pair by pair.

    It only knows differences of logits, so they are free up to a constant; at the optimum they are
    log p_data(x) - log p_model(x) plus a constant (Jolicoeur-Martineau, "The relativistic
    discriminator: a key element missing from standard GAN", 2018).

    Args:
        real: [B] logits of data.
        fake: [B] logits of samples, each paired with the data in the same place.
    """
    return F.softplus(fake - real).mean()


def relativistic_generator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """-E log sigmoid(D(G(z)) - D(x)): the generator ranks samples above data, pair by pair.

    A sample gains nothing by a logit that is high for data too. Alone this need not converge; with
    penalties on the critic, at data and at samples, it does well (Huang, Gokaslan, Kuleshov and
    Tompkin, "The GAN is dead; long live the GAN! A Modern GAN Baseline", 2024).

    Args:
        real: [B] logits of data.
        fake: [B] logits of samples.
    """
    return F.softplus(real - fake).mean()


def gradient_penalty(scores: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """E ||grad_x D(x)||^2: how steep the critic is at the points `x`.

    A critic that is flat on data and samples lets the game come to rest where both agree; on data
    it is called R1, on samples R2 (Mescheder, Geiger and Nowozin, "Which Training Methods for GANs
    do actually Converge?", 2018).

    Args:
        scores: [B] logits of the points; each must depend on its own point only, so a critic with
            batch normalization does not fit.
        x: [B, ...] the points, with ``requires_grad``.

    Returns:
        A scalar that can be differentiated again, for the critic to learn from it.

    Raises:
        ValueError: If the scores were not computed from these points.
    """
    if not x.requires_grad or not scores.requires_grad:
        raise ValueError(
            "The penalty is a gradient in x: call x.requires_grad_() first, and then compute "
            "scores = critic(x), not under no_grad."
        )
    # The sum over the batch has each point's own gradient: no score depends on another point.
    (slope,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
    return slope.flatten(1).square().sum(1).mean()  # [B, D] to [B] to a scalar


LOSSES: dict[str, tuple[Callable, Callable]] = {  # of the critic, of the generator
    "non-saturating": (critic_loss, non_saturating_loss),
    "saturating": (critic_loss, saturating_loss),
    "relativistic": (relativistic_critic_loss, relativistic_generator_loss),
}


# -- The game --------------------------------------------------------------------------------------


class GANTrainer(Trainer):
    """Trains a generator and a critic against each other.

    A step makes `critic_steps` updates of the critic, then `generator_steps` of the generator. The
    batch is split into equal parts: one for each update of the critic and, with the relativistic
    loss, one for each of the generator. Each update draws noise of its own, one z for each example
    of its part.

    The history notes "D" and "G", the losses of the critic and the generator, and "penalty", what
    is added to "D". All are averages over the updates of a step.

    Args:
        generator: Any module from noise [B, K] to samples.
        critic: Any module from samples to one logit each, [B] or [B, 1].
        loss: ``"relativistic"``, ``"non-saturating"`` or ``"saturating"``.
        penalty: gamma: the critic's loss gets gamma / 2 times `gradient_penalty`. Two numbers,
            ``(start, end)``, fall from one to the other in the course of the run: a flat critic
            at first, for all modes to be found; a steep one later, for them to be narrow. The
            gradient is taken in x / scale if the critic has a `scale`, so that gamma means the
            same whatever the unit of the data. 0 is a GAN without a penalty.
        penalize: ``"both"`` for a penalty on data and samples, or ``"real"`` on data only.
        critic_steps: Updates of the critic in a step.
        generator_steps: Updates of the generator in a step.
        latent_size: K; that of the generator when None.
        lr: Learning rate, or one for each: ``{"G": 1e-3, "D": 2e-3}``.
        optimizer: As for `Trainer`; when None, Adam with betas (0, 0.9): momentum would carry each
            player past what the other one does next.
        schedule: As for `Trainer`; by default a cosine that falls to a twentieth.
        ema: As for `Trainer`. The players circle around each other, and the average is calmer.
        **options: The others of `Trainer`: clip, amp, device, seed, ...

    Raises:
        TypeError, ValueError: If an option is impossible; the message says what to do.

    Example:
        >>> trainer = GANTrainer(Generator(2, 2), Critic(2), device="cpu")
        >>> trainer.sample(5).shape
        torch.Size([5, 2])
    """

    def __init__(
        self,
        generator: nn.Module,
        critic: nn.Module,
        *,
        loss: str = "relativistic",
        penalty: float | tuple[float, float] = (0.1, 0.001),
        penalize: str = "both",
        critic_steps: int = 1,
        generator_steps: int = 1,
        latent_size: int | None = None,
        lr: float | dict[str, float] | None = None,
        optimizer: Callable | dict[str, Callable] | None = None,
        schedule: str | Callable[[float], float] | None = "falling",
        ema: float | None = 0.995,
        **options: Any,
    ) -> None:
        if loss not in LOSSES:
            raise ValueError(f"loss must be one of {', '.join(map(repr, LOSSES))}, not {loss!r}.")
        if penalize not in ("both", "real"):
            raise ValueError(f"penalize must be 'both' or 'real', not {penalize!r}.")
        whole("critic_steps", critic_steps)
        whole("generator_steps", generator_steps)
        if latent_size is None:
            latent_size = getattr(generator, "latent_size", None)
            if latent_size is None:
                raise ValueError(
                    "The generator does not say how much noise it takes: give latent_size=..., or "
                    "an attribute latent_size to the generator."
                )
        whole("latent_size", latent_size)
        self.critic_loss, self.generator_loss = LOSSES[loss]
        self.paired = loss == "relativistic"  # the generator's loss needs data too
        self.penalty, self.penalize = _penalty(penalty), penalize
        self.critic_steps, self.generator_steps = critic_steps, generator_steps
        self.latent_size = latent_size
        super().__init__(
            {"G": generator, "D": critic},
            step=gan_step,
            lr={"G": 1e-3, "D": 2e-3} if lr is None else lr,
            optimizer=optimizer,
            schedule=_falling if schedule == "falling" else schedule,
            ema=ema,
            **options,
        )
        if optimizer is None:
            for adam in self.optimizers.values():
                for group in adam.param_groups:
                    group["betas"] = (0.0, 0.9)

    @property
    def gamma(self) -> Any:
        """The factor of the penalty now: start * f + end * (1 - f), where f falls from 1 to 0.

        f = (1 - progress^2)^4 stays near 1 at first and is below 0.01 for the last sixth of a run.
        """
        start, end = self.penalty
        return end + (start - end) * (1 - self.progress**2) ** 4

    def fit(self, data: Any, **options: Any) -> History:
        """Train: see `Trainer.fit`. The size of a batch must be a multiple of the parts of a step.

        Raises:
            ValueError: As `Trainer.fit`, and if a batch cannot be split equally.
        """
        size = options.get("batch_size")
        if size is None:  # a loader has its own
            size = getattr(data, "batch_size", DEFAULT_SIZE)
        parts = self._parts * self.world
        if type(size) is int and size > 0 and size % parts:  # the rest is for `Trainer.fit` to say
            raise ValueError(
                f"batch_size={size} cannot be split into {parts} equal parts. Each update needs "
                f"data of its own: {self._describe_parts()}. Use a multiple of {parts}, such as "
                f"batch_size={math.ceil(size / parts) * parts}."
            )
        return super().fit(data, **options)

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> torch.Tensor:
        """`n` samples of the trained generator, [n, ...].

        Args:
            n: How many.
            generator: A seeded ``torch.Generator``; the global stream when None.
        """
        whole("n", n)
        model = self.trained["G"]
        with evaluating(model):
            return model(normal((n, self.latent_size), next(model.parameters()), generator))

    def discriminate(self, x: torch.Tensor) -> torch.Tensor:
        """The logits of the trained critic: how much more `x` looks like data than like samples.

        A perfect critic in the classic games, without a penalty, answers with the log-ratio
        log p_data(x) - log p_model(x) in nats; in the relativistic one with that plus a constant.

        Args:
            x: [n, ...].

        Returns:
            [n].
        """
        model = self.trained["D"]
        with evaluating(model):
            return model(x.to(self.device)).flatten()

    @property
    def _parts(self) -> int:
        """Into how many parts a batch is split."""
        return self.critic_steps + (self.generator_steps if self.paired else 0)

    def _describe_parts(self) -> str:
        text = f"{self.critic_steps} of the critic"
        if self.paired:
            text += f" and, with the relativistic loss, {self.generator_steps} of the generator"
        return f"{text}, in each of {self.world} processes" if self.world > 1 else text


def gan_step(
    trainer: GANTrainer, x: torch.Tensor, *labels: torch.Tensor
) -> dict[str, torch.Tensor]:
    """One step of the game: updates of the critic, then updates of the generator.

    Args:
        trainer: Its options say which losses and how many updates.
        x: [B, ...] data. Labels, if the data have them, are not used.
    """
    generator = trainer.models["G"]
    if not x.is_floating_point():
        raise TypeError(f"The data are {x.dtype}; samples are real numbers. Use x.float().")
    if not len(x) or len(x) % trainer._parts:
        raise ValueError(
            f"A batch of {len(x)} cannot be split into {trainer._parts} equal parts: "
            f"{trainer._describe_parts()}."
        )
    parts = iter(x.split(len(x) // trainer._parts))
    critic_losses, penalties, generator_losses = [], [], []
    for _ in range(trainer.critic_steps):
        real = next(parts)
        with torch.no_grad():  # the samples are fixed: only the critic moves
            # Mixed precision makes them coarser than the data.
            fake = generator(normal((len(real), trainer.latent_size), real)).to(real.dtype)
        loss, penalty = _of_critic(trainer, real, fake)
        trainer.minimize(loss if penalty is None else loss + penalty, "D")
        critic_losses.append(loss.detach())
        penalties += [] if penalty is None else [penalty.detach()]
    for _ in range(trainer.generator_steps):
        real = next(parts) if trainer.paired else real
        fake = generator(normal((len(real), trainer.latent_size), real)).to(real.dtype)
        scores = [_logits(trainer, fake)]
        if trainer.paired:
            with torch.no_grad():  # no sample is in them
                scores.insert(0, _logits(trainer, real))
        loss = trainer.generator_loss(*scores)
        trainer.minimize(loss, "G")
        generator_losses.append(loss.detach())
    terms = {"D": critic_losses, "G": generator_losses, "penalty": penalties}
    return {name: sum(values) / len(values) for name, values in terms.items() if values}


def _of_critic(
    trainer: GANTrainer, real: torch.Tensor, fake: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The critic's loss, and what the penalty adds to it; None without a penalty."""
    if not any(trainer.penalty):
        return trainer.critic_loss(_logits(trainer, real), _logits(trainer, fake)), None
    real = real.detach().requires_grad_()
    fake = fake.requires_grad_(trainer.penalize == "both")
    real_scores, fake_scores = _logits(trainer, real), _logits(trainer, fake)
    steepness = gradient_penalty(real_scores, real)
    if trainer.penalize == "both":
        steepness = steepness + gradient_penalty(fake_scores, fake)
    unit = getattr(trainer.models["D"], "scale", 1.0) ** 2  # the gradient in x / scale is longer
    return trainer.critic_loss(real_scores, fake_scores), trainer.gamma / 2 * unit * steepness


def _logits(trainer: GANTrainer, x: torch.Tensor) -> torch.Tensor:
    """What the critic says of `x`, [B]."""
    scores = trainer.models["D"](x)
    if scores.numel() != len(x):
        raise ValueError(
            f"The critic answered {len(x)} examples with a tensor of shape {list(scores.shape)}; "
            "expected one logit for each, [B] or [B, 1]."
        )
    return scores.flatten()


def _falling(progress: float) -> float:
    """A cosine from 1 to 0.05: the last updates are small, but not so small that nothing moves."""
    return 0.05 + 0.95 * (0.5 + 0.5 * math.cos(math.pi * progress))


def _penalty(value: Any) -> tuple[float, float]:
    """The penalty as (start, end)."""
    pair = value if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2 or not all(
        isinstance(v, (int, float)) and not isinstance(v, bool) and 0 <= v < math.inf for v in pair
    ):
        raise ValueError(
            "penalty must be a number, 0 or more, or two of them, (start, end), not "
            f"{value!r}; try (0.1, 0.001)."
        )
    return tuple(map(float, pair))
