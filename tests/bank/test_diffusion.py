"""The bridge to diffusion: right answers written differently, wrong answers that the bank does not
list, and the mathematics behind the references."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Normal

from lecture_utils.exercises import get


def _blend(data, noise, share):
    return share.sqrt() * data + (1 - share).sqrt() * noise


def _left(beta, t):
    return (1 - beta).cumprod(0)[t - 1, None]


def _clean(x, e, a):
    return (x - (1 - a[:, None]).sqrt() * e) / a[:, None].sqrt()


def _place(d, e, t):
    return e + t[:, None] * (d - e)


# ------------------------------------------------------------------ right, written differently
def _shares_loop(beta):
    shares, left = [], torch.ones_like(beta[0])
    for b in beta:
        left = left * (1 - b)
        shares.append(left)
    return torch.stack(shares)


def _shares_by_remainder(beta):
    """The noise grows by the share that each step takes of the data that are left."""
    noise, shares = torch.zeros_like(beta[0]), []
    for b in beta:
        noise = noise + b * (1 - noise)
        shares.append(1 - noise)
    return torch.stack(shares)


def _noise_loop(data, noise, alpha_bar):
    rows = [
        math.sqrt(a) * d + math.sqrt(1 - a) * e
        for d, e, a in zip(data, noise, alpha_bar.tolist(), strict=True)
    ]
    return torch.stack(rows)


def _noise_by_angle(data, noise, alpha_bar):
    angle = torch.acos(alpha_bar.sqrt()).unsqueeze(-1)
    return angle.cos() * data + angle.sin() * noise


def _transposed_noise(data, noise, alpha_bar):
    return (alpha_bar**0.5 * data.T + (1 - alpha_bar) ** 0.5 * noise.T).T


def _step_loop(data, noise, t, beta):
    rows = []
    for d, e, n in zip(data, noise, t, strict=True):
        share = torch.ones_like(beta[0])
        for b in beta[: int(n)]:
            share = share * (1 - b)
        rows.append(share.sqrt() * d + (1 - share).sqrt() * e)
    return torch.stack(rows)


def _step_by_mask(data, noise, t, beta):
    steps = torch.arange(1, len(beta) + 1, device=beta.device)
    share = torch.where(steps <= t[:, None], 1 - beta, 1.0).prod(1, keepdim=True)
    return _blend(data, noise, share)


def _tweedie(x_t, noise, alpha_bar):
    a = alpha_bar[:, None]
    left = 1 - a
    score = torch.where(left > 0, -noise / left.clamp(min=1e-12).sqrt(), torch.zeros_like(noise))
    return (x_t + left * score) / a.sqrt()


def _score_by_autograd(x, alpha_bar, mean, std):
    a = alpha_bar.unsqueeze(1)

    def log_q(y):
        return (-0.5 * (y - a.sqrt() * mean) ** 2 / (1 - a + a * std**2)).sum()

    return torch.func.grad(log_q)(x)


def _score_loop(x, alpha_bar, mean, std):
    rows = []
    for b in range(x.shape[0]):
        center = alpha_bar[b] ** 0.5 * mean
        rows.append((center - x[b]) / (1 - alpha_bar[b] * (1 - std.square())))
    return torch.stack(rows)


def _back_by_elimination(x_t, data, before, now):
    """Joint Gaussian of x_(t-1) and x_t given the data, conditioned on x_t."""
    a = now / before
    covariance = a.sqrt() * (1 - before)
    slope = covariance / (1 - now)
    mean = (before.sqrt() - slope * now.sqrt())[:, None] * data + slope[:, None] * x_t
    return mean, 1 - before - slope * covariance


def _back_by_noise(x_t, data, before, now):
    """The form of Ho et al. with the noise in x_t, in which ᾱ of t may not be 0 below a line."""
    noise = (x_t - now.sqrt()[:, None] * data) / (1 - now).sqrt()[:, None]
    beta = (before - now) / before
    spread = (beta * (1 - before) / (1 - now)).clamp(min=0)
    rest = ((1 - before) - spread).clamp(min=0).sqrt()
    return before.sqrt()[:, None] * data + rest[:, None] * noise, spread


def _back_loop(x_t, data, before, now):
    means, variances = [], []
    for x, d, p, n in zip(x_t, data, before, now, strict=True):
        beta = 1 - n / p
        means.append((p.sqrt() * beta * d + (n / p).sqrt() * (1 - p) * x) / (1 - n))
        variances.append(beta * (1 - p) / (1 - n))
    return torch.stack(means), torch.stack(variances)


def _euler_recursive(velocity, noise, steps):
    def go(x, i):
        if i == steps:
            return x
        return go(x + velocity(x, torch.ones_like(x[:, 0]) * (i / steps)) / steps, i + 1)

    return go(noise, 0)


def _euler_while(velocity, noise, steps):
    h, x, i = 1 / steps, noise.clone(), 0
    while i < steps:
        x = torch.add(x, velocity(x, x.new_full((len(x),), i * h)), alpha=h)
        i += 1
    return x


def _euler_linspace(velocity, noise, steps):
    x = noise
    for t in torch.linspace(0, 1, steps + 1, dtype=torch.float64)[:-1].tolist():
        x = x + velocity(x, torch.zeros_like(x[:, 0]) + t) * (1 / steps)
    return x


RIGHT = [
    ("alpha_bars", _shares_loop),
    ("alpha_bars", _shares_by_remainder),
    ("alpha_bars", lambda beta: torch.exp(torch.cumsum(torch.log(1 - beta), 0))),
    ("add_noise", _noise_loop),
    ("add_noise", _noise_by_angle),
    ("add_noise", _transposed_noise),
    ("add_noise", lambda d, e, a: _blend(d, e, a.view(-1, 1))),
    ("log_snr", lambda a: torch.log(a) - torch.log(1 - a)),
    ("log_snr", lambda a: 2 * (a.sqrt() / (1 - a).sqrt()).log()),
    ("log_snr", lambda a: torch.special.logit(a)),
    ("noisy_at_step", _step_loop),
    ("noisy_at_step", _step_by_mask),
    (
        "noisy_at_step",
        lambda d, e, t, b: _blend(
            d, e, torch.cat([b.new_ones(1), (1 - b).cumprod(0)]).gather(0, t).unsqueeze(-1)
        ),
    ),
    ("data_from_noise", _tweedie),
    ("data_from_noise", lambda x, e, a: ((x.T - (1 - a).sqrt() * e.T) / a.sqrt()).T),
    (
        "data_from_noise",
        lambda x, e, a: torch.stack(
            [(u - (1 - s).sqrt() * v) / s.sqrt() for u, v, s in zip(x, e, a, strict=True)]
        ),
    ),
    ("noisy_score", _score_by_autograd),
    ("noisy_score", _score_loop),
    (
        "noisy_score",
        lambda x, a, m, s: (a.sqrt().outer(m) - x) / (a.outer(s**2) + (1 - a).unsqueeze(1)),
    ),
    ("flow_pair", lambda d, e, t: (_place(d, e, t), d - e)),
    ("flow_pair", lambda d, e, t: (torch.einsum("b,bd->bd", t, d - e) + e, d.sub(e))),
    ("flow_pair", lambda d, e, t: [((1 - t) * e.T + t * d.T).T, -1 * (e - d)]),
    (
        "flow_pair",
        lambda d, e, t: (
            _place(d, e, t),
            torch.func.jvp(lambda s: _place(d, e, s), (t,), (torch.ones_like(t),))[1],
        ),
    ),
    ("euler_flow", _euler_recursive),
    ("euler_flow", _euler_while),
    ("euler_flow", _euler_linspace),
    ("reverse_step", _back_by_elimination),
    ("reverse_step", _back_by_noise),
    ("reverse_step", _back_loop),
]


# ------------------------------------------------------------------ wrong, and not in the bank
def _right_back(x, d, p, n):
    return get("reverse_step").reference(x, d, p, n)


def _in_place_flow(velocity, noise, steps):
    for i in range(steps):
        noise += velocity(noise, torch.full_like(noise[:, 0], i / steps)) / steps
    return noise


def _flow_of(step):
    def solve(velocity, noise, steps):
        x = noise
        for i in range(steps):
            x = step(velocity, x, i, steps)
        return x

    return solve


def _at(x, t):
    return torch.full_like(x[:, 0], t)


UNSEEN = [
    ("alpha_bars", lambda b: (1 - b).cumprod(0).flip(0), "upside-down"),
    ("alpha_bars", lambda b: (1 - b) * (1 - b).roll(1), None),
    ("alpha_bars", lambda b: (1 - b).cumprod(0)[1:], "shape"),
    ("alpha_bars", lambda b: (1 + b).cumprod(0), "growing"),
    ("alpha_bars", lambda b: 1 / (1 - b).cumprod(0), "inverse"),
    ("alpha_bars", lambda b: (1 - b).cumprod(0)[:, None], "shape"),
    ("alpha_bars", lambda b: (1 - b).cumprod(0).clamp(min=1e-3), None),
    ("alpha_bars", lambda b: (1 - b**2).cumprod(0), "squared-noise"),
    ("alpha_bars", lambda b: (1 - b).cummin(0).values, None),
    ("alpha_bars", lambda b: (1 - b.sqrt()).cumprod(0), None),
    ("add_noise", lambda d, e, a: _blend(d, e, a[:, None]).clamp(-1, 1), "clamped"),
    ("add_noise", lambda d, e, a: _blend(d, e, a[:, None].sqrt()), "root-twice"),
    ("add_noise", lambda d, e, a: _blend(d, e, a[:, None]) + d, None),
    ("add_noise", lambda d, e, a: _blend(d, e, a[:, None] ** 2), "squares"),
    ("add_noise", lambda d, e, a: _blend(d, e, a.mean()), "average-time"),
    ("add_noise", lambda d, e, a: (1 - a[:, None]).sqrt() * e, "noise-only"),
    ("add_noise", lambda d, e, a: (d + e) / 2, "half-half"),
    ("add_noise", lambda d, e, a: a[:, None].sqrt() * (d + e), "sum-shrunk"),
    ("add_noise", lambda d, e, a: _blend(d, e.flip(0), a[:, None]), None),
    ("add_noise", lambda d, e, a: _blend(d, torch.randn_like(e), a[:, None]), "own-dice"),
    ("add_noise", lambda d, e, a: _blend(d, e, a), "wrong-axis"),
    ("log_snr", lambda a: a.log() - (1 - a), "half-log"),
    ("log_snr", lambda a: (a.sqrt() / (1 - a)).log(), "one-root"),
    ("log_snr", lambda a: (a / (1 - a) ** 2).log(), None),
    ("log_snr", lambda a: torch.sigmoid(a), None),
    ("log_snr", lambda a: (a / (1 - a)).log1p(), "total-to-noise"),
    ("log_snr", lambda a: (a / (1 - a)).log().abs(), "without-sign"),
    ("log_snr", lambda a: (1 / (1 - a)).log(), "total-to-noise"),
    ("log_snr", lambda a: -a.log(), "signal-only+sign"),
    ("log_snr", lambda a: torch.atanh(2 * a - 1), "amplitudes"),
    ("log_snr", lambda a: (a / (1 - a)).clamp(1e-3, 1e3).log(), "clamped"),
    ("noisy_at_step", lambda d, e, t, b: _blend(d, e, 1 - b[t - 1, None].sqrt()), None),
    (
        "noisy_at_step",
        lambda d, e, t, b: (1 - b[t - 1, None]) * d + b[t - 1, None] * e,
        "one-step-without-roots",
    ),
    ("noisy_at_step", lambda d, e, t, b: _blend(d, e, 1 - b.sum().clamp(max=1)), "all-steps"),
    ("noisy_at_step", lambda d, e, t, b: _blend(d, e, (1 - b).cumsum(0)[t - 1, None] / 100), None),
    (
        "noisy_at_step",
        lambda d, e, t, b: _blend(d, e, 1 - (b[t - 1] * t)[:, None].clamp(max=1)),
        "times-t",
    ),
    (
        "noisy_at_step",
        lambda d, e, t, b: _blend(d, e, (1 - b).cumprod(0)[t - 2, None]),
        "index-before",
    ),
    (
        "noisy_at_step",
        lambda d, e, t, b: _blend(d, e, (1 - b).mean() ** t[:, None]),
        "average-step",
    ),
    ("noisy_at_step", lambda d, e, t, b: d + (1 - _left(b, t)).sqrt() * e, "data-not-shrunk"),
    ("noisy_at_step", lambda d, e, t, b: _blend(d, e, _left(b, t)).mean(0), "shape"),
    ("noisy_at_step", lambda d, e, t, b: _blend(d, torch.randn_like(d), _left(b, t)), "own-dice"),
    ("data_from_noise", lambda x, e, a: x / a[:, None].sqrt() - e, "noise-after"),
    ("data_from_noise", lambda x, e, a: a[:, None].sqrt() * x, "shrunk"),
    ("data_from_noise", lambda x, e, a: -_clean(x, e, a), "sign"),
    ("data_from_noise", lambda x, e, a: _clean(x, e, a.sqrt()), "root-twice"),
    ("data_from_noise", lambda x, e, a: _clean(x, -e, a), "noise-added"),
    ("data_from_noise", lambda x, e, a: _clean(x, e, a).tanh(), None),
    ("data_from_noise", lambda x, e, a: _clean(x, e, a[:1]), "one-for-all"),
    ("data_from_noise", lambda x, e, a: _clean(x, e, a + 1e-3), None),
    ("data_from_noise", lambda x, e, a: _clean(x, e.detach(), a), "no-grad"),
    ("data_from_noise", lambda x, e, a: (x - e) / (1 - (1 - a[:, None]).sqrt()), None),
    ("noisy_score", lambda x, a, m, s: -(x - a[:, None].sqrt() * m), "no-variance"),
    ("noisy_score", lambda x, a, m, s: -(x - m * a[:, None].sqrt()) / s.clamp(min=0.1) ** 2, None),
    ("noisy_score", lambda x, a, m, s: _score_loop(x, a, m, s).sum(-1), "summed"),
    ("noisy_score", lambda x, a, m, s: _score_loop(x, a, -m, s), "mean-sign"),
    ("noisy_score", lambda x, a, m, s: _score_loop(x, a, m, s.mean().expand_as(s)), None),
    ("noisy_score", lambda x, a, m, s: _score_loop(x, a, m, s + 1e-3), None),
    ("noisy_score", lambda x, a, m, s: _score_loop(x, a.sqrt(), m, s), "root-twice"),
    ("noisy_score", lambda x, a, m, s: 2 * _score_loop(x, a, m, s), "twice"),
    ("noisy_score", lambda x, a, m, s: _score_loop(x, a, m, s).clamp(-100, 100), None),
    ("noisy_score", lambda x, a, m, s: -_score_loop(x, a, m, s), "uphill"),
    ("flow_pair", lambda d, e, t: (_place(d, e, t), (d - e) / t[:, None].clamp(min=0.1)), None),
    ("flow_pair", lambda d, e, t: (_place(d, e, t), (d - e) * (1 - t[:, None])), "rest-of-the-way"),
    ("flow_pair", lambda d, e, t: (_place(d, e, t), (d - e).abs()), "unsigned"),
    ("flow_pair", lambda d, e, t: (_place(d, e, t), (d - e) / 2), "half-speed"),
    ("flow_pair", lambda d, e, t: (_place(d, e, t**2), d - e), "squared-time"),
    ("flow_pair", lambda d, e, t: _place(d, e, t), "arity"),
    ("flow_pair", lambda d, e, t: ((d + e) / 2, d - e), "half-way"),
    ("flow_pair", lambda d, e, t: (_place(d, e, t), d - _place(d, e, t) + e), None),
    ("euler_flow", _in_place_flow, "in-place"),
    ("euler_flow", _flow_of(lambda v, x, i, n: x + v(x, _at(x, i / n)) / n**2), "step-squared"),
    ("euler_flow", _flow_of(lambda v, x, i, n: x + v(x, _at(x, i / n)) * (i / n)), "time-as-step"),
    ("euler_flow", _flow_of(lambda v, x, i, n: x + v(x.detach(), _at(x, i / n)) / n), "grad"),
    ("euler_flow", _flow_of(lambda v, x, i, n: v(x, _at(x, i / n)) / n), "forgets-place"),
    ("euler_flow", _flow_of(lambda v, x, i, n: x + v(x, _at(x, i + 1)) / n), None),
    ("euler_flow", _flow_of(lambda v, x, i, n: x * (1 - 1 / n) + v(x, _at(x, i / n)) / n), None),
    ("euler_flow", _flow_of(lambda v, x, i, n: x + v(x, i / n) / n), None),
    ("euler_flow", lambda v, x, n: v(x, _at(x, 0.0)), "velocity-only"),
    ("euler_flow", lambda v, x, n: x + v(x, _at(x, 0.5)), None),
    (
        "reverse_step",
        lambda x, d, p, n: (_right_back(x, d, p, n)[0], 1 - n / p),
        "forward-variance",
    ),
    ("reverse_step", lambda x, d, p, n: (_right_back(x, d, p, n)[0], 1 - n), "marginal-variance"),
    ("reverse_step", lambda x, d, p, n: (_right_back(x, d, p, n)[0], 0 * n), "no-variance"),
    ("reverse_step", lambda x, d, p, n: (d, _right_back(x, d, p, n)[1]), "clean-data"),
    ("reverse_step", lambda x, d, p, n: (x, _right_back(x, d, p, n)[1]), "stays"),
    (
        "reverse_step",
        lambda x, d, p, n: (_right_back(x, d, p, n)[0], _right_back(x, d, p, n)[1][:, None]),
        "shape",
    ),
    ("reverse_step", lambda x, d, p, n: _right_back(d, x, p, n), "weights-swapped"),
    ("reverse_step", lambda x, d, p, n: _right_back(x, d, p * 0.999, n), None),
    ("reverse_step", lambda x, d, p, n: _right_back(x, d, p, n)[0], "arity"),
    ("reverse_step", lambda x, d, p, n: _right_back(x, d, n, p), "shares-exchanged"),
    ("add_noise", lambda d, e, a: _blend(d, e, a[:, None]) / 2, "half"),
    ("add_noise", lambda d, e, a: _blend(d, e.abs(), a[:, None]), None),
    ("add_noise", lambda d, e, a: _blend(d, e.mean(1, keepdim=True), a[:, None]), None),
    ("add_noise", lambda d, e, a: _blend(d.detach(), e, a[:, None]), "no-grad"),
    ("add_noise", lambda d, e, a: _blend(d, e, a[:, None].round()), None),
    ("add_noise", lambda d, e, a: _blend(d, e, a[:, None]).sum(1), "shape"),
    ("log_snr", lambda a: (a / (1 - a + 1e-3)).log(), None),
    ("log_snr", lambda a: (a / (1 - a)).log().mean(), None),
    ("log_snr", lambda a: (a / (1 - a)).log().detach(), "no-grad"),
    ("log_snr", lambda a: a.log() / (1 - a), None),
    ("log_snr", lambda a: (a - (1 - a)).abs().log(), None),
    ("noisy_at_step", lambda d, e, t, b: _blend(d, e, _left(b, t)) - d, None),
    ("noisy_at_step", lambda d, e, t, b: _blend(d, e, _left(b, t).mean()), None),
    ("noisy_at_step", lambda d, e, t, b: _blend(d, e, (1 - t / len(b))[:, None]), None),
    ("noisy_at_step", lambda d, e, t, b: _blend(d, e, _left(b.sort().values, t)), None),
    ("noisy_at_step", lambda d, e, t, b: _blend(d.detach(), e, _left(b, t)), "no-grad"),
    ("data_from_noise", lambda x, e, a: _clean(x, e, a).sum(1), "shape"),
    ("data_from_noise", lambda x, e, a: _clean(x, e, 1 - a + 1e-9), None),
    ("data_from_noise", lambda x, e, a: _clean(x, e.sign(), a), None),
    ("noisy_score", lambda x, a, m, s: _score_loop(x, 1 - a, m, s), "shares-swapped"),
    ("noisy_score", lambda x, a, m, s: _score_loop(x, a, m, s).square(), None),
    ("noisy_score", lambda x, a, m, s: _score_loop(x, a, m, s.sqrt()), "std-not-squared"),
    ("noisy_score", lambda x, a, m, s: _score_loop(x, a, m, 1 / (s + 0.01)), None),
    ("flow_pair", lambda d, e, t: (_place(d, e, t).detach(), d - e), "grad"),
    ("flow_pair", lambda d, e, t: (_place(d, e, t.round()), d - e), None),
    ("flow_pair", lambda d, e, t: (_place(d, e, t), (d - e).mean(0, keepdim=True)), None),
    ("flow_pair", lambda d, e, t: (_place(d, e, t), (d - e).norm(dim=1)), None),
    ("flow_pair", lambda d, e, t: (d - t[:, None] * e, d - e), None),
    (
        "reverse_step",
        lambda x, d, p, n: (_right_back(x, d, p, n)[0] * 2, _right_back(x, d, p, n)[1]),
        None,
    ),
    (
        "reverse_step",
        lambda x, d, p, n: (_right_back(x, d, p, n)[0], _right_back(x, d, p, n)[1] * 2),
        None,
    ),
    ("reverse_step", lambda x, d, p, n: _right_back(x.detach(), d, p, n), "no-grad"),
    ("reverse_step", lambda x, d, p, n: _right_back(x, d, p.sqrt(), n.sqrt()), None),
    ("reverse_step", lambda x, d, p, n: _right_back(x.mean(1, True).expand_as(x), d, p, n), None),
]


# ------------------------------------------------------------------ first tries of students
def _clock(velocity, noise, steps):
    x, t, h = noise, 0.0, 1 / steps
    while t < 1:
        x = x + h * velocity(x, _at(x, t))
        t += h
    return x


def _by_precision(mean_of, precision_of):
    """The step back from two guesses and their precisions, without any guard."""

    def solve(x, d, p, n):
        p, n = p[:, None], n[:, None]
        a = n / p
        (m1, m2), (w1, w2) = mean_of(x, d, p, a), precision_of(p, a)
        return (w1 * m1 + w2 * m2) / (w1 + w2), (1 / (w1 + w2)).squeeze(1)

    return solve


def _from_x_and_data(x, d, p, a):
    return x / a.sqrt(), p.sqrt() * d


def _without_alpha(p, a):
    return 1 / (1 - a), 1 / (1 - p)


def _loop_from_one(beta):
    shares = torch.ones_like(beta)
    for t in range(1, len(beta)):
        shares[t] = shares[t - 1] * (1 - beta[t])
    return shares


def _same_list(beta):
    left, shares = torch.ones_like(beta[0]), []
    for b in beta:
        left *= 1 - b
        shares.append(left)
    return torch.stack(shares)


def _walk_all(d, e, t, b):
    x = d
    for share in b:
        x = (1 - share).sqrt() * x + share.sqrt() * e
    return x


def _returns_early(velocity, noise, steps):
    x = noise
    for i in range(steps):
        x = x + velocity(x, _at(x, i / steps)) / steps
        return x


def _range_from_one(velocity, noise, steps):
    x = noise
    for i in range(1, steps):
        x = x + velocity(x, _at(x, i / steps)) / steps
    return x


def _step_with(beta=lambda p, n: 1 - n / p, below=lambda p, n: 1 - n, of_x=None, variance=None):
    """The formulas as a student types them, with one piece replaced."""

    def solve(x, d, p, n):
        b = beta(p, n)
        of_data = p.sqrt() * b / below(p, n)
        weight = of_x(p, n, b) if of_x else (1 - b).sqrt() * (1 - p) / below(p, n)
        spread = variance(p, n, b) if variance else (1 - p) / below(p, n) * b
        return of_data[:, None] * d + weight[:, None] * x, spread

    return solve


def _reverse_by_product(x, d, p, n):
    b = 1 - n / p
    q1, q2 = (1 - b) / b, 1 / (1 - p)
    v = 1 / (q1 + q2)
    return v[:, None] * ((q1 / (1 - b).sqrt())[:, None] * x + (q2 * p.sqrt())[:, None] * d), v


def _density_slope(x, a, m, s):
    """The gradient of q, by autograd."""

    def q(y):
        v = a[:, None] * s**2 + 1 - a[:, None]
        log = -0.5 * (y - a[:, None].sqrt() * m) ** 2 / v - 0.5 * (2 * math.pi * v).log()
        return log.sum(1).exp().sum()

    return torch.func.grad(q)(x)


FIRST_TRIES = [
    (
        "noisy_at_step",
        lambda d, e, t, b: _blend(d, e, (1 - b).cumprod(0)[t, None]),
        "one-step-early",
    ),
    (
        "noisy_at_step",
        lambda d, e, t, b: _blend(d, e, (1 - b).cumprod(0)[t % len(b), None]),
        "one-step-early",
    ),
    ("noisy_at_step", lambda d, e, t, b: _blend(d, e, 1 - b[t, None]), "one-step-and-off-by-one"),
    (
        "noisy_at_step",
        lambda d, e, t, b: _blend(d, e, 1 - b[t % len(b), None]),
        "one-step-and-off-by-one",
    ),
    (
        "reverse_step",
        lambda x, d, p, n: (x / (n / p).sqrt()[:, None], _right_back(x, d, p, n)[1]),
        "inverted-step",
    ),
    (
        "reverse_step",
        lambda x, d, p, n: (
            (x / (n / p).sqrt()[:, None] + p.sqrt()[:, None] * d) / 2,
            _right_back(x, d, p, n)[1],
        ),
        "plain-average",
    ),
    (
        "reverse_step",
        _by_precision(lambda x, d, p, a: (x, p.sqrt() * d), _without_alpha),
        "step-without-shrinking",
    ),
    ("reverse_step", _by_precision(_from_x_and_data, _without_alpha), "step-without-shrinking"),
    ("reverse_step", lambda x, d, p, n: (p.sqrt()[:, None] * d, 1 - p), "x-ignored"),
    (
        "reverse_step",
        _by_precision(
            lambda *args: _from_x_and_data(*args)[::-1], lambda p, a: (a / (1 - a), 1 / (1 - p))
        ),
        "weights-swapped",
    ),
    (
        "reverse_step",
        lambda x, d, p, n: (
            ((p * (1 - n / p))[:, None] * d + (n / p * (1 - p))[:, None] * x) / (1 - n)[:, None],
            _right_back(x, d, p, n)[1],
        ),
        "no-roots",
    ),
    ("euler_flow", _clock, "clock-rounded"),
    ("noisy_score", _density_slope, "gradient-of-density"),
    ("alpha_bars", _loop_from_one, "first-step-skipped"),
    ("alpha_bars", _same_list, "total"),
    ("add_noise", lambda d, e, a: e + d, "unscaled-sum"),
    ("add_noise", lambda d, e, a: (d.T * a**0.5 + (1 - a) ** 0.5).T, "noise-missing"),
    ("log_snr", lambda a: a.log() - (1 - a).sqrt().log(), "one-root"),
    ("log_snr", lambda a: a.sqrt() / (1 - a).sqrt(), "not-log-of-amplitudes"),
    ("noisy_at_step", _walk_all, "all-steps-same-noise"),
    (
        "noisy_at_step",
        lambda d, e, t, b: _blend(d, e, (1 - b[: t.max()]).prod()),
        "latest-step-for-all",
    ),
    (
        "noisy_at_step",
        lambda d, e, t, b: (
            _left(b, t).sqrt() * d + (1 - (1 - b).sqrt().cumprod(0)[t - 1, None]).sqrt() * e
        ),
        "root-in-the-rest",
    ),
    ("data_from_noise", lambda x, e, a: 1.0 * x, "unchanged"),
    (
        "data_from_noise",
        lambda x, e, a: x / (1 - a[:, None]).sqrt() - e,
        "divided-by-noise-factor",
    ),
    ("data_from_noise", lambda x, e, a: _blend(x, -e, a[:, None]), "blended"),
    ("noisy_score", lambda x, a, m, s: _score_loop(x, torch.zeros_like(a), m, s), "score-of-noise"),
    ("noisy_score", lambda x, a, m, s: -(x - m) / (1 + s.square()), "plain-sum"),
    (
        "noisy_score",
        lambda x, a, m, s: _score_loop(x, a, m, s) / (1 - a[:, None] * (1 - s**2)),
        "variance-squared",
    ),
    ("flow_pair", lambda d, e, t: (_place(d, e, t), _place(d, e, t).T.div(t).T), "place-over-time"),
    (
        "flow_pair",
        lambda d, e, t: (_place(d, e, t), (d - e) / (d - e).norm(dim=1, keepdim=True)),
        "direction-only",
    ),
    ("flow_pair", lambda d, e, t: (_place(d, e, t), d.mean(0) - e), "toward-the-mean"),
    ("euler_flow", _returns_early, "stops-after-one"),
    ("euler_flow", _range_from_one, "first-step-missing"),
    (
        "euler_flow",
        _flow_of(lambda v, x, i, n: x + v(x, _at(x, i / n)) * (i + 1) / n),
        "growing-steps",
    ),
    ("euler_flow", _flow_of(lambda v, x, i, n: x + n * v(x, _at(x, i / n))), "times-steps"),
    ("reverse_step", _step_with(beta=lambda p, n: n / p), "beta-is-what-is-kept"),
    ("reverse_step", _step_with(beta=lambda p, n: 1 - p / n), "ratio-upside-down"),
    ("reverse_step", _step_with(beta=lambda p, n: 1 - p), "beta-of-the-step-before"),
    ("reverse_step", _step_with(below=lambda p, n: 1), "denominator-missing"),
    ("reverse_step", _step_with(below=lambda p, n: (1 - n).sqrt()), "denominator-root"),
    ("reverse_step", _step_with(below=lambda p, n: 1 - p), "denominator-before"),
    ("reverse_step", _step_with(of_x=lambda p, n, b: (1 - b).sqrt()), "x-weight-missing"),
    (
        "reverse_step",
        _step_with(variance=lambda p, n, b: (1 - n) / (1 - p) * b),
        "variance-upside-down",
    ),
    ("reverse_step", _step_with(variance=lambda p, n, b: b / (1 - n)), "variance-not-shared"),
    ("reverse_step", _reverse_by_product, "infinite-precision"),
]


NUMBERS = [
    ("data_share", "0.8 * 0.5", "first-step-missing"),
    ("data_share", 36, "percent"),
    ("best_guess", 1.4, "deviation-subtracted"),
    ("one_euler_step", 0.75, "probability"),
    ("one_euler_step", -1, "other-one"),
    ("one_euler_step", "0.7 + 1", "data-added"),
    ("which_point", 0.12, "other-one"),
    ("data_share", "0.9 * 0.8 * 0.5", None),
    ("data_share", "9/25", None),
    ("data_share", 0.37, "close"),
    ("best_guess", "0.8 * 2", None),
    ("best_guess", "2 / 0.8", "no-noise"),
    ("which_point", "0.88", None),
    ("which_point", "1/(1 + exp(-2))", None),
    ("which_point", 88.08, "percent"),
    ("which_point", 0.86, "close"),
    ("one_euler_step", "½", None),
    ("one_euler_step", "3/4 - 1/4", None),
    ("one_euler_step", -0.5, "too-small"),
    ("loss_floor", "c", None),
    ("fixed_encoder", "C", None),
    ("three_terms", "(d)", None),
    ("why_many_steps", "a)", None),
    ("simple_loss", "b", None),
]


# ------------------------------------------------------------------ the mathematics
def test_small_steps_together_are_one_big_step():
    g = torch.Generator().manual_seed(0)
    beta = torch.tensor([0.1, 0.2, 0.5]).double()
    x = torch.full((200000,), 3.0).double()
    for b in beta:
        e = torch.randn(len(x), generator=g, dtype=torch.float64)
        x = (1 - b).sqrt() * x + b.sqrt() * e
    share = get("alpha_bars").reference(beta)[-1].item()
    assert share == pytest.approx(get("data_share").truth)
    assert x.mean().item() == pytest.approx(3 * math.sqrt(share), abs=0.01)
    assert x.var().item() == pytest.approx(1 - share, rel=0.02)


def test_the_step_back_is_bayes_rule_on_a_grid():
    before, now, x_t, data = (torch.tensor([v]).double() for v in (0.6, 0.3, 0.7, -1.2))
    z = torch.linspace(-9, 9, 40001, dtype=torch.float64)
    alpha = now / before
    log = Normal(alpha.sqrt() * z, (1 - alpha).sqrt()).log_prob(x_t)
    log = log + Normal(before.sqrt() * data, (1 - before).sqrt()).log_prob(z)
    p = torch.softmax(log, 0)
    mean = (p * z).sum()
    mu, variance = get("reverse_step").reference(x_t[None], data[None], before, now)
    assert mu.item() == pytest.approx(mean.item(), abs=1e-9)
    assert variance.item() == pytest.approx((p * (z - mean) ** 2).sum().item(), abs=1e-9)


def test_tweedie_on_a_grid():
    """E[data | x_t] of normal data from the score, and from the best prediction of the noise."""
    a, mean, std, x = (torch.tensor([v]).double() for v in (0.4, 1.5, 0.7, -0.3))
    d = torch.linspace(-12, 12, 40001, dtype=torch.float64)
    log = Normal(mean, std).log_prob(d) + Normal(a.sqrt() * d, (1 - a).sqrt()).log_prob(x)
    p = torch.softmax(log, 0)
    exact = (p * d).sum().item()
    score = get("noisy_score").reference(x[None], a, mean, std)
    assert ((x + (1 - a) * score) / a.sqrt()).item() == pytest.approx(exact, abs=1e-9)
    noise = ((x - a.sqrt() * d) / (1 - a).sqrt() * p).sum()
    guess = get("data_from_noise").reference(x[None], noise[None, None], a)
    assert guess.item() == pytest.approx(exact, abs=1e-9)


def test_predictions_by_simulation():
    g = torch.Generator().manual_seed(0)
    data, noise = torch.randn(2, 1000000, generator=g, dtype=torch.float64)
    near = (0.8 * data + 0.6 * noise - 2).abs() < 0.02
    assert data[near].mean().item() == pytest.approx(get("best_guess").truth, abs=0.05)
    sign = torch.randint(0, 2, (1000000,), generator=g) * 2.0 - 1
    near = (0.8 * sign + 0.6 * noise - 0.45).abs() < 0.02
    share = (sign[near] > 0).double().mean().item()
    assert share == pytest.approx(get("which_point").truth, abs=0.015)


def test_one_euler_step_with_the_exact_velocity_lands_at_the_mean():
    def velocity(x, t):
        """E[data - noise | x_t] for data 1 and -1 with probabilities 3/4 and 1/4."""
        points, prior = x.new_tensor([1.0, -1.0]), x.new_tensor([0.75, 0.25])
        start = (x - t[:, None] * points) / (1 - t[:, None])
        r = torch.softmax(prior.log() - 0.5 * start**2, 1)
        return (r * (points - start)).sum(1, keepdim=True)

    flow = get("euler_flow").reference
    noise = torch.tensor([[0.7], [-2.0]]).double()
    landed = flow(velocity, noise, 1)
    assert landed.flatten().tolist() == pytest.approx([get("one_euler_step").truth] * 2)
    g = torch.Generator().manual_seed(0)
    end = flow(velocity, torch.randn(4000, 1, generator=g, dtype=torch.float64), 200)
    assert (end > 0).double().mean().item() == pytest.approx(0.75, abs=0.03)
    assert (end.abs() - 1).abs().mean().item() < 0.02
    assert flow(velocity, noise, 200)[0].item() == pytest.approx(1, abs=0.02)
