"""The linear-Gaussian latent variable model, x = W z + mean + noise, in closed form throughout.

z has K independent standard normal numbers. With one noise scale for all coordinates this is
probabilistic PCA (Tipping and Bishop, *Probabilistic principal component analysis*, Journal of the
Royal Statistical Society B 61(3), 1999); with a scale for each coordinate it is factor analysis.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from ._shared import count, home, mask, normal, parameter, vectors

_LOG_2PI = math.log(2 * math.pi)


class Gaussian(NamedTuple):
    """The two parameters of a normal distribution: ``mean, covariance = ...``."""

    mean: torch.Tensor
    covariance: torch.Tensor


@dataclass(frozen=True, eq=False, repr=False)
class LinearGaussian:
    """z ~ N(0, I) and x = W z + mean + noise * e with e ~ N(0, I), hence p(x) = N(mean, C).

    C is W W^T plus the diagonal of noise^2. Densities are computed in float64 and handed back in
    the dtype and on the device of `x`; leading axes are a batch.

    Args:
        weight: W, [D, K].
        mean: [D].
        noise: The noise's standard deviation: a number, or [D] (one for each coordinate).
        dtype: Of the samples; by default that of `weight` if it is a floating-point tensor, else
            torch's default.
        device: Of the samples; by default that of `weight`.

    Raises:
        TypeError: If a parameter does not hold real numbers.
        ValueError: If the shapes do not fit or a noise scale is not positive.

    Example:
        >>> world = LinearGaussian([[1.0], [2.0]], [0.0, 0.0], 0.5)
        >>> x = world.sample(4, generator=torch.Generator().manual_seed(0))
        >>> bool(((world.elbo(x, *world.posterior(x)) - world.log_prob(x)).abs() < 1e-5).all())
        True
    """

    weight: torch.Tensor
    mean: torch.Tensor
    noise: torch.Tensor
    dtype: torch.dtype | None = field(default=None, kw_only=True)
    device: torch.device | str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        device, dtype = home(
            self.weight, self.mean, self.noise, device=self.device, dtype=self.dtype
        )
        weight = parameter(self.weight, "weight", device)
        mean = parameter(self.mean, "mean", device)
        noise = parameter(self.noise, "noise", device)
        if weight.ndim != 2 or 0 in weight.shape:
            raise ValueError(
                "weight must be a matrix [D, K] with a row for each coordinate of x and a column "
                f"for each of z, not {list(weight.shape)}."
            )
        size = len(weight)
        if mean.shape != (size,):
            raise ValueError(
                f"weight has {size} rows, so mean must be [{size}], not {list(mean.shape)}."
            )
        if noise.shape not in ((), (1,), (size,)):
            raise ValueError(
                f"noise must be a number or [{size}], one for each coordinate, not "
                f"{list(noise.shape)}."
            )
        if not (noise > 0).all():
            raise ValueError(
                f"noise is a standard deviation and must be positive; this is {noise.tolist()}."
            )
        values = (weight, mean, noise.expand(size).clone(), dtype, device)
        for name, value in zip(self.__dataclass_fields__, values, strict=True):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"LinearGaussian({len(self.mean)} coordinates, {self.latent_size} latent)"

    @property
    def event_shape(self) -> torch.Size:
        """The shape of one point: [D]."""
        return self.mean.shape

    @property
    def latent_size(self) -> int:
        """K, the number of coordinates of z."""
        return self.weight.shape[1]

    @property
    def covariance(self) -> torch.Tensor:
        """C = W W^T + noise^2 on the diagonal, [D, D] float64."""
        return self.weight @ self.weight.T + (self.noise**2).diag()

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> torch.Tensor:
        """`n` points.

        Args:
            n: How many.
            generator: A seeded ``torch.Generator``; the global stream when None.

        Returns:
            [n, D] in the dtype and on the device of the world.
        """
        return self.sample_joint(n, generator=generator)[0]

    def sample_joint(
        self, n: int, *, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """`n` points and their latent variables; the points are those that `sample` gives.

        Returns:
            x [n, D] and z [n, K].
        """
        z = normal((count(n), self.latent_size), generator, self.device)
        e = normal((n, *self.event_shape), generator, self.device)
        x = z @ self.weight.T + self.mean + self.noise * e
        return x.to(self.dtype), z.to(self.dtype)

    def log_joint(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """log p(x, z) = log p(z) + log p(x | z) in nats.

        Args:
            x: [..., D] floating-point numbers.
            z: [..., K]; its leading axes broadcast with those of `x`.

        Returns:
            [...].
        """
        points = vectors(x, self.event_shape)
        latent = vectors(z, torch.Size([self.latent_size]), "z")
        return self._log_joint(points, latent.to(points.device)).to(x.dtype)

    def log_prob(self, x: torch.Tensor) -> torch.Tensor:
        """log p(x) in nats.

        It is computed as log p(x, z) - log p(z | x) at the posterior mean of z: two sums of
        squares, and no matrix larger than K by K.

        Args:
            x: [..., D] floating-point numbers, on any device.

        Returns:
            [...].

        Raises:
            TypeError: If `x` is not a tensor of floating-point numbers.
            ValueError: If its last axis is not D.
        """
        points = vectors(x, self.event_shape)
        z, factor = self._posterior(points)
        at_mean = factor.diagonal().log().sum() - 0.5 * self.latent_size * _LOG_2PI
        return (self._log_joint(points, z) - at_mean).to(x.dtype)

    def posterior(self, x: torch.Tensor) -> Gaussian:
        """p(z | x), a normal distribution whose covariance is the same for every `x`.

        Returns:
            ``mean`` [..., K] and ``covariance`` [K, K].
        """
        mean, factor = self._posterior(vectors(x, self.event_shape))
        return Gaussian(mean.to(x.dtype), torch.cholesky_inverse(factor).to(x.dtype))

    def entropy(self) -> float:
        """H(x) in nats, in closed form: (D + D log 2 pi + log det C) / 2."""
        _, factor = self._posterior(self.mean)
        log_det = 2 * (factor.diagonal().log().sum() + self.noise.log().sum()).item()
        return 0.5 * (len(self.mean) * (1 + _LOG_2PI) + log_det)

    def elbo(self, x: torch.Tensor, mean: torch.Tensor, covariance: torch.Tensor) -> torch.Tensor:
        """E_q[log p(x, z) - log q(z)] in nats for q = N(mean, covariance), in closed form.

        It is log p(x) - KL(q || p(z | x)), and so equals `log_prob` where q is the posterior.

        Args:
            x: [..., D].
            mean: [..., K], the mean of q.
            covariance: [..., K, K], its covariance (``variance.diag_embed()`` for independent
                coordinates). Leading axes broadcast.

        Returns:
            [...].

        Raises:
            ValueError: If the shapes do not fit or the covariance is not positive definite.
        """
        size = self.latent_size
        points = vectors(x, self.event_shape)
        mean = vectors(mean, torch.Size([size]), "mean").to(points.device)
        if not isinstance(covariance, torch.Tensor) or covariance.shape[-2:] != (size, size):
            shape = list(covariance.shape) if isinstance(covariance, torch.Tensor) else "no tensor"
            raise ValueError(
                f"covariance must be [..., {size}, {size}], but it is {shape}. For independent "
                "coordinates use variance.diag_embed()."
            )
        covariance = covariance.to(points)
        factor, failed = torch.linalg.cholesky_ex(covariance)
        slack = 1e-5 * covariance.abs().amax((-2, -1), keepdim=True)
        if failed.any() or ((covariance - covariance.mT).abs() > slack).any():
            raise ValueError("covariance must be symmetric and positive definite.")
        precision = self._precision().to(points)
        spread = (precision * covariance).sum((-2, -1))  # the trace of their product
        log_det = factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        entropy = log_det + 0.5 * size * (1 + _LOG_2PI)
        return (self._log_joint(points, mean) - 0.5 * spread + entropy).to(x.dtype)

    def marginal(self, keep: Any) -> LinearGaussian:
        """The distribution of some of the coordinates: again linear-Gaussian, with the same z.

        Args:
            keep: [D] of bool, True for the coordinates that stay.
        """
        keep = mask(keep, self.event_shape, "keep", self.device)
        return LinearGaussian(
            self.weight[keep],
            self.mean[keep],
            self.noise[keep],
            dtype=self.dtype,
            device=self.device,
        )

    def conditional(self, x: torch.Tensor, missing: Any) -> Gaussian:
        """p(missing coordinates | the others): what the seen ones say about z, pushed through W.

        Args:
            x: [..., D]; what stands at the missing coordinates is ignored, and may be NaN.
            missing: [D] of bool, True for the coordinates to be told from the others.

        Returns:
            ``mean`` [..., M] and ``covariance`` [M, M] of the M missing coordinates.

        Raises:
            ValueError: If all coordinates are missing or none is.
        """
        points = vectors(x, self.event_shape)
        missing = mask(missing, self.event_shape, "missing", self.device)
        if missing.all():
            raise ValueError("All coordinates are missing; their distribution is that of x itself.")
        z, latent = self.marginal(~missing).posterior(points[..., ~missing.to(points.device)])
        weight, center, noise = (
            t[missing].to(points) for t in (self.weight, self.mean, self.noise)
        )
        covariance = weight @ latent @ weight.T + (noise**2).diag()
        return Gaussian((z @ weight.T + center).to(x.dtype), covariance.to(x.dtype))

    @classmethod
    def fit(cls, x: torch.Tensor, latent_size: int) -> LinearGaussian:
        """Probabilistic PCA of maximum likelihood, in closed form (Tipping and Bishop, eqs. 7, 8).

        The noise variance is the mean of the D - K smallest eigenvalues of the sample covariance
        (divided by n); the columns of W are the other eigenvectors, the leading one first, times
        the square root of what their eigenvalues exceed it by. W is unique only up to a rotation of
        z; here its columns are orthogonal, and the largest entry of each is positive.

        Args:
            x: [n, D] floating-point numbers.
            latent_size: K, from 1 to D - 1.

        Raises:
            ValueError: If K is out of range, `x` is not a finite matrix, or its points lie in a
                plane of K dimensions, where the likelihood has no maximum.
        """
        if not isinstance(x, torch.Tensor) or x.ndim != 2 or 0 in x.shape:
            shape = list(x.shape) if isinstance(x, torch.Tensor) else type(x).__name__
            raise ValueError(f"x must be a tensor [n, D] of data, not {shape}.")
        points = vectors(x, x.shape[1:])
        size = x.shape[1]
        whole = isinstance(latent_size, int) and not isinstance(latent_size, bool)
        if not whole or not 1 <= latent_size < size:
            raise ValueError(
                f"latent_size must be a whole number from 1 to {size - 1} for points with {size} "
                f"coordinates, not {latent_size!r}."
            )
        if not points.isfinite().all():
            raise ValueError("x holds numbers that are not finite; leave these rows out.")
        mean = points.mean(0)
        centered = points - mean
        values, directions = torch.linalg.eigh(centered.T @ centered / len(points))  # ascending
        variance = values[: size - latent_size].mean()
        if variance <= 1e-12 * values[-1] or len(points) <= latent_size:
            raise ValueError(
                f"These {len(points)} points lie in a plane of {latent_size} dimensions: with no "
                "noise left the likelihood has no maximum. Use a smaller latent_size or more data."
            )
        values = values[size - latent_size :].flip(0)
        directions = directions[:, size - latent_size :].flip(1)
        largest = directions.gather(0, directions.abs().argmax(0, keepdim=True))
        weight = directions * largest.sign() * (values - variance).clamp(min=0).sqrt()
        return cls(weight, mean, variance.sqrt(), dtype=x.dtype, device=x.device)

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> LinearGaussian:
        """The same world with samples on another device or in another dtype."""
        device, dtype = device or self.device, dtype or self.dtype
        return LinearGaussian(self.weight, self.mean, self.noise, dtype=dtype, device=device)

    def _precision(self) -> torch.Tensor:
        """I + W^T noise^-2 W, the inverse of the posterior covariance of z, [K, K]."""
        scaled = self.weight / self.noise[:, None]
        return torch.eye(self.latent_size).to(scaled) + scaled.T @ scaled

    def _posterior(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The posterior mean [..., K] and the Cholesky factor [K, K] of its inverse covariance."""
        factor = torch.linalg.cholesky(self._precision()).to(x)
        pull = ((x - self.mean.to(x)) / self.noise.to(x) ** 2) @ self.weight.to(x)
        return torch.cholesky_solve(pull[..., None], factor).squeeze(-1), factor

    def _log_joint(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        weight, mean, noise = (t.to(x) for t in (self.weight, self.mean, self.noise))
        surprise = ((x - z @ weight.T - mean) / noise).square().sum(-1) + z.square().sum(-1)
        constant = noise.log().sum() + 0.5 * (len(mean) + self.latent_size) * _LOG_2PI
        return -0.5 * surprise - constant
