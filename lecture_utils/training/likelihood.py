"""Maximum likelihood: the trainer of every model that can say log p(x), and of densities with a few
parameters, where the best ones are often known in closed form.
"""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributions, nn
from torch.distributions import constraints, transform_to

from ..estimates import Estimate
from .checks import some
from .history import History
from .loop import Trainer
from .networks import evaluating
from .score import Score


class LikelihoodTrainer(Trainer):
    """Trains a model with ``log_prob(x)`` [B] by maximum likelihood, and scores it.

    Args:
        model: A module with ``log_prob``; with ``sample``, if it is to draw; with ``num_tokens``,
            if the sizes of its examples differ.
        loss: ``loss(model, x)`` in nats, by default `negative_log_likelihood`.
        **options: Those of `Trainer`: lr, ema, clip, seed, ...
    """

    def __init__(self, model: nn.Module, *, loss: Callable | None = None, **options: Any) -> None:
        super().__init__(model, loss or negative_log_likelihood, **options)

    def evaluate(self, x: torch.Tensor, *, batch_size: int = 1000) -> Score:
        """Score the trained model on examples [n, ...], for instance a test set.

        Raises:
            ValueError: If there is no example.
        """
        model = self.trained
        some(x)
        parts = x.to(self.device).split(batch_size)
        with evaluating(model):
            log_px = torch.cat([model.log_prob(part).cpu() for part in parts]).double()
            tokens = torch.cat([_sizes(model, part).cpu() for part in parts]).double()
        return Score(log_px, tokens)

    def sample(self, *args: Any, **options: Any) -> torch.Tensor:
        """Draw from the trained model: see its `sample`."""
        return self.trained.sample(*args, **options)


def negative_log_likelihood(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """-log p(x), averaged over the batch: nats an example."""
    return -model.log_prob(x).mean()


class Parametric(nn.Module):
    """A distribution of ``torch.distributions`` as a model whose parameters are trained.

    What is trained are free numbers; the distribution's own constraints turn them into parameters,
    so that a standard deviation stays positive and probabilities sum to one.

    Args:
        family: A class of ``torch.distributions``, such as ``Normal``.
        **start: Where each parameter starts: a number or a tensor.

    Raises:
        TypeError: If `family` is not such a class.
        ValueError: If it has no such parameter, or a start does not fit its constraint.

    Example:
        >>> model = Parametric(torch.distributions.Poisson, rate=1.0)
        >>> model.log_prob(torch.tensor([0.0, 2.0])).shape
        torch.Size([2])
    """

    def __init__(self, family: type[distributions.Distribution], **start: Any) -> None:
        super().__init__()
        if not (isinstance(family, type) and issubclass(family, distributions.Distribution)):
            raise TypeError(
                f"family must be a class such as torch.distributions.Normal, not {family!r}."
            )
        self.family, self.free = family, nn.ParameterDict()
        for name, value in start.items():
            limits = family.arg_constraints
            if isinstance(limits, dict) and name not in limits:
                known = ", ".join(limits)
                raise ValueError(f"{family.__name__} has no parameter {name!r}; it has {known}.")
            # Some classes know their limits only once they have their parameters.
            constraint = limits[name] if isinstance(limits, dict) else constraints.dependent
            if constraints.is_dependent(constraint):
                raise ValueError(
                    f"What {name!r} of {family.__name__} may be depends on its other parameters, "
                    "so it cannot be trained freely."
                )
            value = torch.as_tensor(value, dtype=torch.get_default_dtype())
            if not constraint.check(value).all():
                raise ValueError(f"{name}={value.tolist()} does not satisfy {constraint}.")
            try:
                free = transform_to(constraint).inv(value).clone()
            except NotImplementedError:
                raise ValueError(
                    f"{name!r} of {family.__name__} cannot be trained: it is {constraint}."
                ) from None
            if not free.isfinite().all():
                raise ValueError(
                    f"{name}={value.tolist()} lies on the edge of {constraint}, where training "
                    "cannot start. Start inside."
                )
            self.free[name] = nn.Parameter(free)

    @property
    def distribution(self) -> distributions.Distribution:
        """The distribution with the parameters as they are now."""
        limits = self.family.arg_constraints
        return self.family(**{n: transform_to(limits[n])(v) for n, v in self.free.items()})

    def log_prob(self, x: torch.Tensor) -> torch.Tensor:
        """log p(x) in nats, one number an example: [B, ...] to [B]."""
        log_prob = self.distribution.log_prob(x)
        return log_prob.flatten(1).sum(1) if log_prob.ndim > 1 else log_prob

    def sample(self, n: int) -> torch.Tensor:
        """`n` draws, from torch's global stream (``torch.distributions`` knows no other)."""
        with torch.no_grad():
            return self.distribution.sample((n,))


CLOSED_FORMS: dict[type, Callable[[torch.Tensor], dict[str, torch.Tensor]]] = {
    distributions.Bernoulli: lambda x: {"probs": x.mean(0)},
    distributions.Geometric: lambda x: {"probs": 1 / (1 + x.mean(0))},
    distributions.Poisson: lambda x: {"rate": x.mean(0)},
    distributions.Exponential: lambda x: {"rate": 1 / x.mean(0)},
    distributions.Normal: lambda x: {"loc": x.mean(0), "scale": x.std(0, correction=0)},
    distributions.LogNormal: lambda x: {
        "loc": x.log().mean(0),
        "scale": x.log().std(0, correction=0),
    },
    distributions.Laplace: lambda x: {
        "loc": x.quantile(0.5, 0),
        "scale": (x - x.quantile(0.5, 0)).abs().mean(0),
    },
    distributions.MultivariateNormal: lambda x: {
        "loc": x.mean(0),
        "covariance_matrix": torch.cov(x.T, correction=0),
    },
}


def closed_form(
    family: type[distributions.Distribution], x: torch.Tensor
) -> distributions.Distribution:
    """The distribution of a family under which the data are most likely, by its formula.

    Args:
        family: One of `CLOSED_FORMS`: Bernoulli, Geometric, Poisson, Exponential, Normal,
            LogNormal, Laplace, MultivariateNormal.
        x: [n, ...] the data; each column gets parameters of its own.

    Raises:
        ValueError: If no formula is known for the family, a value is impossible under it, or no
            parameters are the best: with one number, the narrower a Normal the better.
    """
    if family not in CLOSED_FORMS:
        known = ", ".join(one.__name__ for one in CLOSED_FORMS)
        raise ValueError(
            f"No closed form is known here for {getattr(family, '__name__', family)}, only for the "
            f"classes {known}. fit_mle climbs the likelihood instead."
        )
    x = x if x.is_floating_point() else x.to(torch.get_default_dtype())  # counts
    check_support(family.support, family.__name__, x)
    if len(x):
        found = CLOSED_FORMS[family](x)
        if all(_possible(family.arg_constraints[name], value) for name, value in found.items()):
            return family(**found, validate_args=False)
    raise ValueError(
        f"The likelihood of a {family.__name__} has no maximum on these {len(x)} data: there are "
        "too few, or they are all alike."
    )


def _possible(constraint: constraints.Constraint, value: torch.Tensor) -> bool:
    return bool(value.isfinite().all() and constraint.check(value).all())


WIDTH = 68  # columns of a notebook cell
FAR = 0.01  # nats an example below the closed form that are not passed over in silence


def _digits(nats: float) -> str:
    return f"{nats:.0f}" if nats >= 100 else f"{nats:.2g}"


def _short(value: torch.Tensor) -> str:
    """A number or a few of them; of more, only how many."""
    if value.numel() > 4:
        return f"<{' x '.join(map(str, value.shape))} numbers>"
    rounded = [round(v, 4) for v in value.flatten().tolist()]
    return str(rounded[0] if len(rounded) == 1 else rounded)


@dataclass(frozen=True, repr=False)
class Fit:
    """What `fit_mle` found.

    Attributes:
        model: The trained model.
        history: Of the training.
        log_likelihood: The mean of log p(x) over the data, nats an example.
        best: The closed form, where one is known, else None.
        gap: How far `log_likelihood` is below that of the closed form, nats; else None.
    """

    model: nn.Module
    history: History
    log_likelihood: Estimate
    best: distributions.Distribution | None
    gap: float | None

    def __repr__(self) -> str:
        lines = [f"{self.log_likelihood} nats an example after {self.history.steps} steps"]
        if isinstance(self.model, Parametric):
            shown = ", ".join(f"{n}={_short(v)}" for n, v in self.parameters.items())
            lines.insert(0, f"{self.model.family.__name__}({shown})")
        if self.gap is not None:
            lines.append(f"{_digits(self.gap)} nats below the closed form")
        return "\n".join(textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in lines)

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """The parameters that were trained, by name."""
        now = self.model.distribution
        return {name: getattr(now, name).detach() for name in self.model.free}


def fit_mle(
    model: nn.Module, x: torch.Tensor, *, steps: int = 1000, lr: float = 0.05, **options: Any
) -> Fit:
    """Climb the likelihood of the data with all of them in every step.

    Args:
        model: A `Parametric`, or any module with ``log_prob(x)`` [B].
        x: [n, ...] the data.
        steps: Of gradient descent on -log p(x).
        lr: The learning rate; it falls to 0 along a cosine.
        **options: The others of `Trainer`: seed, device, ...

    Raises:
        ValueError: If a value of `x` is impossible under the model.

    Warns:
        RuntimeWarning: If the climb ended far below the top, where the top is known.
    """
    parametric = isinstance(model, Parametric)
    if parametric:
        x = x if x.is_floating_point() else x.to(torch.get_default_dtype())  # counts
        check_support(model.distribution.support, model.family.__name__, x)
    trainer = LikelihoodTrainer(model, lr=lr, **{"schedule": "cosine", **options})
    history = trainer.fit(x, steps=steps, batch_size=len(x), bar=False)
    log_likelihood = Estimate.mean(trainer.evaluate(x).log_px)
    best, gap = None, None
    if parametric and model.family in CLOSED_FORMS and _has_columns(model, x):
        best = closed_form(model.family, x)
        gap = best.log_prob(x).double().sum().item() / len(x) - log_likelihood
        if gap > FAR:
            warnings.warn(
                f"The climb ended {_digits(gap)} nats an example below the best "
                f"{model.family.__name__}: these are not the maximum likelihood estimates. Take "
                f"more steps (now {steps}), another lr (now {lr:g}), or a start near the data.",
                RuntimeWarning,
                stacklevel=2,
            )
    return Fit(trainer.trained, history, log_likelihood, best, gap)


def _has_columns(model: Parametric, x: torch.Tensor) -> bool:
    """Whether each column has parameters of its own, as those of the closed form have."""
    shape = model.distribution.batch_shape + model.distribution.event_shape
    return shape == x.shape[1:]


def check_support(support: constraints.Constraint, name: str, x: torch.Tensor) -> None:
    """Raise for the first value that a distribution cannot have.

    Raises:
        ValueError: With the value, its place, and what is possible.
    """
    fine = support.check(x)
    if not fine.all():
        row = (~fine).nonzero()[0].tolist()
        raise ValueError(
            f"x{row} is {x[tuple(row)].tolist()}, which a {name} cannot give: its support is "
            f"{support}."
        )


def _sizes(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The numbers that each example consists of: [B]."""
    if hasattr(model, "num_tokens"):
        return model.num_tokens(x)
    return torch.full((len(x),), x[0].numel(), device=x.device)
