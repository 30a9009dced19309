"""The chapter on autoregressive models: answers of students, and that its claims are true."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lecture_utils.exercises import get


# ------------------------------------------------------------------ right, written differently
def _loops(logits, x):
    results = []
    for b in range(x.shape[0]):
        total = 0.0
        for t in range(min(x.shape[1], 1000)):
            total = total + logits[b, t, x[b, t]] - torch.logsumexp(logits[b, t], 0)
        results.append(total)
    return torch.stack(results)


def _one_hot(logits, x):
    hot = F.one_hot(x, logits.shape[-1]).to(logits.dtype)
    return torch.einsum("btv,btv->b", hot, logits.log_softmax(-1))


def _indexed(logits, x):
    b = torch.arange(x.shape[0], device=x.device)[:, None]
    t = torch.arange(x.shape[1], device=x.device)[None, :]
    return torch.log_softmax(logits, dim=2)[b, t, x].sum(dim=1)


def _flat_cross_entropy(logits, x):
    flat = F.cross_entropy(logits.flatten(0, 1), x.flatten(), reduction="none")
    return -flat.view(x.shape).sum(1)


def _take_along(logits, x):
    return F.log_softmax(logits, -1).take_along_dim(x.unsqueeze(2), 2).sum((1, 2))


def _sample_by_list(cond_prob, u):
    columns = []
    for t in range(u.size(1)):
        prefix = torch.stack(columns, 1) if columns else u[:, :0]
        columns.append((cond_prob(prefix) > u[:, t]).to(u.dtype))
    return torch.stack(columns, 1)


def _sample_where(cond_prob, u):
    x = torch.zeros_like(u)
    for t in range(u.shape[1]):
        p = cond_prob(x[:, :t])
        x[:, t] = torch.where(u[:, t] < p, torch.ones_like(p), torch.zeros_like(p))
    return x


def _perplexity_loop(log_probs, mask):
    total, count = log_probs.new_zeros(()), 0
    for b in range(log_probs.shape[0]):
        for t in range(log_probs.shape[1]):
            if mask[b, t]:
                total, count = total - log_probs[b, t], count + 1
    return (total / count).exp()


def _mask_loop(place, degrees):
    hidden = torch.zeros(len(degrees), len(place))
    output = torch.zeros(len(place), len(degrees))
    for k, m in enumerate(degrees.tolist()):
        for i, d in enumerate(place.tolist()):
            hidden[k, i] = m >= d
            output[i, k] = d > m
    return hidden, output


def _attention_loop(scores):
    rows = []
    for t in range(scores.shape[1]):
        row = torch.zeros_like(scores[:, t])
        row[:, : t + 1] = scores[:, t, : t + 1].softmax(-1)
        rows.append(row)
    return torch.stack(rows, 1)


def _attention_by_index(scores):
    t = torch.arange(scores.shape[-1], device=scores.device)
    hidden = t[None, :] > t[:, None]
    return torch.softmax(torch.where(hidden, -torch.inf, scores), dim=-1)


def _fvsbn_loop(x, W, b):
    columns = []
    for i in range(x.shape[1]):
        z = b[i].expand(len(x))
        for j in range(i):
            z = z + W[i, j] * x[:, j]
        columns.append(1 / (1 + torch.exp(-z)))
    return torch.stack(columns, 1)


RIGHT = [
    ("sequence_logprob", _one_hot),
    ("sequence_logprob", _indexed),
    ("sequence_logprob", _flat_cross_entropy),
    ("sequence_logprob", _take_along),
    (
        "sequence_logprob",
        lambda logits, x: torch.stack(
            [_loops(z[None], y[None])[0] for z, y in zip(logits, x, strict=True)]
        ),
    ),
    ("bits_per_dim", lambda nll, shape: nll / np.log(2) / np.prod(shape).item()),
    ("bits_per_dim", lambda nll, shape: nll.div(math.log(2)).div(torch.zeros(shape).numel())),
    ("bits_per_dim", lambda nll, shape: nll * 1.4426950408889634 / math.prod(shape)),
    ("fvsbn_probs", _fvsbn_loop),
    ("fvsbn_probs", lambda x, W, b: (F.linear(x, W.tril(-1), b)).sigmoid()),
    (
        "fvsbn_probs",
        lambda x, W, b: torch.distributions.Bernoulli(logits=F.linear(x, W.tril(-1), b)).probs,
    ),
    ("made_masks", _mask_loop),
    ("made_masks", lambda o, d: ((d.unsqueeze(1) >= o).int(), (o.unsqueeze(1) > d).int())),
    ("made_masks", lambda o, d: (~(d[:, None] < o), ~(o[:, None] <= d))),
    ("causal_attention", _attention_loop),
    ("causal_attention", _attention_by_index),
    (
        "causal_attention",
        lambda s: s.masked_fill(torch.ones_like(s).tril() == 0, -torch.inf).softmax(-1),
    ),
    ("causal_attention", lambda s: (s + torch.full_like(s, -torch.inf).triu(1)).softmax(2)),
    (
        "soft_cross_entropy",
        lambda y, p: -torch.where(y == 0, torch.zeros_like(p), y * p.log()).sum(-1),
    ),
    ("soft_cross_entropy", lambda y, p: -(y * p.log()).masked_fill(y == 0, 0).sum(-1)),
    (
        "soft_cross_entropy",
        lambda y, p: (
            torch.special.entr(y).sum(-1) + (torch.xlogy(y, y) - torch.xlogy(y, p)).sum(-1)
        ),
    ),
    (
        "soft_cross_entropy",
        lambda y, p: -(y * torch.where(y > 0, p, torch.ones_like(p)).log()).sum(-1),
    ),
    ("perplexity", _perplexity_loop),
    ("perplexity", lambda lp, m: torch.masked_select(lp, m).neg().mean().exp()),
    ("perplexity", lambda lp, m: torch.exp(-lp[m].sum() / m.sum())),
    ("perplexity", lambda lp, m: 2 ** (-lp[m].mean() / math.log(2))),
    ("ancestral_sample", _sample_by_list),
    ("ancestral_sample", _sample_where),
    ("temperature_probs", lambda z, tau: torch.exp((z / tau).log_softmax(-1))),
    ("temperature_probs", lambda z, tau: F.softmax(z.div(tau), dim=z.dim() - 1)),
    (
        "temperature_probs",
        lambda z, tau: (lambda e: e / e.sum(-1, keepdim=True))(
            ((z - z.max(-1, keepdim=True).values) / tau).exp()
        ),
    ),
    (
        "temperature_probs",
        lambda z, tau: torch.stack(
            [row.softmax(0) for row in (z / tau).reshape(-1, z.shape[-1])]
        ).reshape(z.shape),
    ),
]


# ------------------------------------------------------------------ wrong, and not in the bank
def _pick(scores, x):
    return scores.gather(-1, x[..., None]).squeeze(-1)


def _first_bit_missing(cond_prob, u):
    x = torch.zeros_like(u)
    for t in range(1, u.shape[1]):
        x[:, t] = (u[:, t] < cond_prob(x[:, :t])).to(u.dtype)
    return x


def _first_column_only(cond_prob, u):
    x = torch.zeros_like(u)
    x[:, 0] = (u[:, 0] < cond_prob(x[:, :0])).to(u.dtype)
    return x


def _reversed_prefix_bits(cond_prob, u):
    x = torch.zeros_like(u)
    for t in range(u.shape[1]):
        x[:, t] = (u[:, t] < cond_prob(x[:, :t].flip(1))).to(u.dtype)
    return x


def _own_noise(cond_prob, u):
    x = torch.zeros_like(u)
    for t in range(u.shape[1]):
        x[:, t] = torch.bernoulli(cond_prob(x[:, :t]))
    return x


def _first_row_decides(cond_prob, u):
    x = torch.zeros_like(u)
    for t in range(u.shape[1]):
        x[:, t] = (u[:, t] < cond_prob(x[:1, :t])).to(u.dtype)
    return x


def _rounded(cond_prob, u):
    x = torch.zeros_like(u)
    for t in range(u.shape[1]):
        x[:, t] = (cond_prob(x[:, :t]) - u[:, t]).round().clamp(0, 1)
    return x


UNSEEN = [
    ("sequence_logprob", lambda z, x: _pick(z.log_softmax(-1), x).sum(0)),
    ("sequence_logprob", lambda z, x: _pick(z.log_softmax(-1), x).mean()),
    ("sequence_logprob", lambda z, x: _pick(z.log_softmax(-1), x).sum(-1) / x.numel()),
    ("sequence_logprob", lambda z, x: _pick(z.log_softmax(-1), x.flip(1)).sum(-1)),
    ("sequence_logprob", lambda z, x: _pick(z.log_softmax(-1), x).sum(-1).clamp(min=-100)),
    ("sequence_logprob", lambda z, x: _pick(z.log_softmax(-1), x)[:, 1:].sum(-1)),
    ("sequence_logprob", lambda z, x: _pick(z.log_softmax(-1), x)[:, :-1].sum(-1)),
    ("sequence_logprob", lambda z, x: _pick(z.log_softmax(0), x).sum(-1)),
    ("sequence_logprob", lambda z, x: _pick(F.logsigmoid(z), x).sum(-1)),
    ("sequence_logprob", lambda z, x: _pick(z - z.max(-1, keepdim=True).values, x).sum(-1)),
    ("sequence_logprob", lambda z, x: _pick(z - z.exp().sum(-1, keepdim=True).log(), x).sum(-1)),
    ("sequence_logprob", lambda z, x: _pick(z.log_softmax(-1), x).sum(-1).exp()),
    ("sequence_logprob", lambda z, x: _pick(z.log_softmax(-1), x).sum(-1) / math.log(2)),
    ("sequence_logprob", lambda z, x: _pick(z.log_softmax(-1), x).sum(-1, keepdim=True)),
    ("sequence_logprob", lambda z, x: _pick(z.log_softmax(-1).nan_to_num(), x).cumsum(-1)),
    ("bits_per_dim", lambda nll, shape: nll / math.log(2) / (shape[0] * shape[-1])),
    ("bits_per_dim", lambda nll, shape: nll.mean() / math.log(2) / math.prod(shape)),
    ("bits_per_dim", lambda nll, shape: nll.abs() / math.log(2) / math.prod(shape)),
    ("bits_per_dim", lambda nll, shape: nll / math.log(2) / math.prod(shape[1:])),
    ("bits_per_dim", lambda nll, shape: nll // (math.log(2) * math.prod(shape))),
    ("bits_per_dim", lambda nll, shape: nll / 0.69 / math.prod(shape)),
    ("bits_per_dim", lambda nll, shape: nll / math.log(2) / math.prod(shape) / nll.numel()),
    ("bits_per_dim", lambda nll, shape: 2 ** (nll / math.prod(shape))),
    ("fvsbn_probs", lambda x, W, b: torch.sigmoid(x @ torch.tril(W, -1).T) + b),
    ("fvsbn_probs", lambda x, W, b: torch.sigmoid(x @ torch.tril(W, -1).T - b)),
    ("fvsbn_probs", lambda x, W, b: torch.sigmoid(x @ torch.tril(W.T, -1) + b)),
    ("fvsbn_probs", lambda x, W, b: torch.sigmoid((2 * x - 1) @ torch.tril(W, -1).T + b)),
    ("fvsbn_probs", lambda x, W, b: torch.sigmoid(x.cumsum(1) @ torch.tril(W, -1).T + b)),
    ("fvsbn_probs", lambda x, W, b: torch.sigmoid((x @ torch.tril(W, -1).T + b).clamp(-5, 5))),
    ("fvsbn_probs", lambda x, W, b: torch.tanh(x @ torch.tril(W, -1).T + b)),
    ("fvsbn_probs", lambda x, W, b: 1 - torch.sigmoid(x @ torch.tril(W, -1).T + b)),
    ("fvsbn_probs", lambda x, W, b: torch.sigmoid(x @ torch.tril(W, -1).T + b).round()),
    ("made_masks", lambda o, d: (d[:, None] >= o, (d[:, None] >= o).T)),
    ("made_masks", lambda o, d: (d[:, None] >= o, torch.ones(len(o), len(d)))),
    ("made_masks", lambda o, d: (d[:, None] >= o - 1, o[:, None] > d)),
    ("made_masks", lambda o, d: (d[:, None] >= o, o[:, None] - 1 > d)),
    ("made_masks", lambda o, d: (d[:, None] >= o.sort().values, o.sort().values[:, None] > d)),
    ("made_masks", lambda o, d: (d[:, None] >= o, o[:, None] != d)),
    ("causal_attention", lambda s: s.tril().softmax(-1)),
    ("causal_attention", lambda s: s.softmax(-1).tril()),
    ("causal_attention", lambda s: (s + torch.ones_like(s).triu(1) * -20).softmax(-1)),
    (
        "causal_attention",
        lambda s: s.masked_fill(torch.ones_like(s).triu(1) > 0, -math.inf).softmax(1),
    ),
    (
        "causal_attention",
        lambda s: s.masked_fill(torch.ones_like(s).triu(1) > 0, -math.inf).softmax(0),
    ),
    (
        "causal_attention",
        lambda s: s.masked_fill(torch.ones_like(s).triu(1) > 0, -math.inf).sigmoid(),
    ),
    (
        "causal_attention",
        lambda s: s.masked_fill(torch.ones_like(s).triu(1) > 0, -math.inf).detach().softmax(-1),
    ),
    ("causal_attention", lambda s: s.masked_fill(torch.ones_like(s).triu(1) > 0, 1e-9).softmax(-1)),
    (
        "causal_attention",
        lambda s: torch.ones_like(s).tril() / torch.ones_like(s).tril().sum(-1, keepdim=True),
    ),
    (
        "causal_attention",
        lambda s: (
            (s / s.shape[-1] ** 0.5)
            .masked_fill(torch.ones_like(s).triu(1) > 0, -math.inf)
            .softmax(-1)
        ),
    ),
    ("soft_cross_entropy", lambda y, p: -(y * p.log()).nan_to_num(0.0, 0.0, 0.0).sum(-1)),
    ("soft_cross_entropy", lambda y, p: -(y * p.log2()).nansum(-1)),
    ("soft_cross_entropy", lambda y, p: -(y * p.log_softmax(-1)).sum(-1)),
    (
        "soft_cross_entropy",
        lambda y, p: (
            F.cross_entropy(p, y, reduction="none") if p.dim() == 2 else -(y * p.log()).nansum(-1)
        ),
    ),
    ("soft_cross_entropy", lambda y, p: -torch.xlogy(y, p).sum()),
    ("soft_cross_entropy", lambda y, p: -torch.xlogy(y, p).sum(0)),
    ("soft_cross_entropy", lambda y, p: -torch.xlogy(y, p)),
    ("soft_cross_entropy", lambda y, p: -torch.xlogy(y, p).max(-1).values),
    ("soft_cross_entropy", lambda y, p: -torch.special.xlog1py(y, p).sum(-1)),
    ("soft_cross_entropy", lambda y, p: -torch.xlogy(y, p).sum(-1).clamp(min=-100)),
    ("perplexity", lambda lp, m: lp[m].mean().neg()),
    ("perplexity", lambda lp, m: (-lp[m].sum() / m.shape[0]).exp()),
    ("perplexity", lambda lp, m: (-lp[m].sum() / m.any(1).sum()).exp()),
    ("perplexity", lambda lp, m: (-lp[m].median()).exp()),
    ("perplexity", lambda lp, m: (-lp[:, 0].mean()).exp()),
    ("perplexity", lambda lp, m: (-lp.nan_to_num(neginf=0.0).sum() / m.sum()).exp()),
    ("perplexity", lambda lp, m: (-lp[m].mean()).exp() - 1),
    ("perplexity", lambda lp, m: torch.exp(-lp[m].sum() / (m.sum() - 1).clamp(min=1))),
    ("perplexity", lambda lp, m: (-lp[m].mean() / math.log(2)).exp()),
    ("perplexity", lambda lp, m: torch.tensor((-lp[m].mean()).exp().item(), dtype=lp.dtype)),
    ("ancestral_sample", _first_bit_missing),
    ("ancestral_sample", _first_column_only),
    ("ancestral_sample", _reversed_prefix_bits),
    ("ancestral_sample", _own_noise),
    ("ancestral_sample", _first_row_decides),
    ("ancestral_sample", _rounded),
    ("ancestral_sample", lambda c, u: (u < 0.5).to(u.dtype)),
    ("temperature_probs", lambda z, tau: torch.softmax(z / tau**2, -1)),
    ("temperature_probs", lambda z, tau: torch.softmax(z / math.sqrt(tau), -1)),
    ("temperature_probs", lambda z, tau: torch.softmax(z / max(tau, 1.0), -1)),
    ("temperature_probs", lambda z, tau: torch.softmax(z / min(tau, 1.0), -1)),
    ("temperature_probs", lambda z, tau: torch.softmax(z, -1) ** tau),
    ("temperature_probs", lambda z, tau: torch.softmax(-z / tau, -1)),
    ("temperature_probs", lambda z, tau: torch.softmax((z / tau).round(), -1)),
    ("temperature_probs", lambda z, tau: torch.softmax((z / tau).clamp(-20, 20), -1)),
    ("temperature_probs", lambda z, tau: F.gumbel_softmax(z, tau)),
    ("temperature_probs", lambda z, tau: torch.softmax(z / (tau + 1e-3), -1)),
    ("temperature_probs", lambda z, tau: F.normalize(torch.softmax(z, -1) ** (1 / tau), dim=-1)),
    ("temperature_probs", lambda z, tau: torch.softmax(z / tau, -2 if z.dim() > 1 else -1)),
]


# ------------------------------------------------------------------ first tries of students
def _drawn(start=0, see=lambda x, t: x[:, :t], draw=None):
    def sample(cond_prob, u):
        x = torch.zeros_like(u)
        for t in range(start, u.shape[1]):
            p = cond_prob(see(x, t))
            x[:, t] = (u[:, t] < p).to(u.dtype) if draw is None else draw(p)
        return x

    return sample


def _masks_counting_from_0(place, degrees):
    hidden = torch.zeros(len(degrees), len(place))
    output = torch.zeros(len(place), len(degrees))
    for k in range(len(degrees)):
        for i in range(len(place)):
            hidden[k, i] = i <= degrees[k]
            output[i, k] = i > degrees[k]
    return hidden, output


def _masks_of_inverse(place, degrees):
    natural = torch.empty_like(place)
    for step, i in enumerate(place.tolist()):
        natural[i - 1] = step + 1
    return degrees[:, None] >= natural, natural[:, None] > degrees


def _sentences(lp, m):
    return (lp * m).sum(1) / m.sum(1)


def _hidden(s, side):
    return s.masked_fill(side(torch.ones_like(s)).bool(), -math.inf)


FIRST_TRIES = [
    ("sequence_logprob", lambda z, x: _pick(z.softmax(1), x).log().sum(1), "softmax-over-time"),
    ("sequence_logprob", lambda z, x: _pick(z.log(), x).sum(1), "log-of-scores"),
    ("bits_per_dim", lambda n, s: n / math.log(2) / math.prod(n.shape), "shape-of-nll"),
    ("bits_per_dim", lambda n, s: n / math.log(2) ** 2 / math.prod(s), "unit-twice"),
    ("bits_per_dim", lambda n, s: n / 0.693 / math.prod(s), "rounded"),
    ("bits_per_dim", lambda n, s: n * 1.4427 / math.prod(s), "rounded"),
    ("perplexity", lambda lp, m: -lp[m].mean() / math.log(2), "cross-entropy-bits"),
    ("perplexity", lambda lp, m: _sentences(lp, m).neg().exp().mean(), "mean-of-perplexities"),
    ("perplexity", lambda lp, m: _sentences(lp, m).mean().neg().exp(), "mean-of-sentences"),
    ("perplexity", lambda lp, m: _sentences(lp, m).neg().exp(), "per-sentence"),
    ("perplexity", lambda lp, m: (lp * m).mean().neg().exp(), "counts-padding"),
    ("fvsbn_probs", lambda x, W, b: (x @ W.triu().T + b).sigmoid(), "sees-itself-and-future"),
    ("fvsbn_probs", lambda x, W, b: (x @ W.tril() + b).sigmoid(), "transposed-with-itself"),
    ("fvsbn_probs", lambda x, W, b: (x @ W.tril(1).T + b).sigmoid(), "sees-next"),
    ("fvsbn_probs", lambda x, W, b: (x @ W.triu(1) + b).sigmoid(), "triu-transposed"),
    ("fvsbn_probs", lambda x, W, b: (x @ W.T + b).sigmoid().tril(-1), "masked-results"),
    ("fvsbn_probs", lambda x, W, b: (x @ W.tril(-1).T + b).sigmoid().bernoulli(), "own-dice"),
    ("fvsbn_probs", lambda x, W, b: (x @ W.tril().T + b).sigmoid().bernoulli(), "own-dice"),
    ("fvsbn_probs", lambda x, W, b: (x @ W.tril(-1).T + b).sigmoid().round(), "rounded"),
    ("made_masks", _masks_counting_from_0, "counts-from-0"),
    ("made_masks", _masks_of_inverse, "inverse-order"),
    ("causal_attention", lambda s: _hidden(s, torch.tril).softmax(-1), "hides-past"),
    ("causal_attention", lambda s: _hidden(s, lambda x: x.triu(1)), "no-softmax"),
    ("causal_attention", lambda s: s.tril(), "no-softmax"),
    ("causal_attention", lambda s: s.tril() / s.tril().sum(-1, True), "divides-scores"),
    ("ancestral_sample", _drawn(start=1), "first-bit-missing"),
    ("ancestral_sample", _drawn(see=lambda x, t: x[:, : t - 1]), "prefix-too-short"),
    ("ancestral_sample", _drawn(draw=torch.bernoulli), "own-dice"),
    ("ancestral_sample", _drawn(draw=lambda p: torch.rand(len(p)) < p), "own-dice"),
    ("ancestral_sample", lambda c, u: (u < c(u)).to(u.dtype), "all-at-once"),
    ("temperature_probs", lambda z, tau: (z / tau).exp(), "not-normalized"),
    ("temperature_probs", lambda z, tau: z ** (1 / tau), "power-of-scores"),
    ("temperature_probs", lambda z, tau: z.softmax(-1) ** 1 / tau, "after-softmax"),
    (
        "temperature_probs",
        lambda z, tau: F.normalize(z.softmax(-1) ** 1 / tau, 1, -1),
        "no-temperature",
    ),
]


def test_precedence_of_the_power_is_mentioned():
    for key in ("after-softmax", "no-temperature"):
        wrong = next(w for w in get("temperature_probs").wrong if w.key == key)
        assert "`(p ** 1) / tau`" in wrong.feedback


def test_a_place_is_no_list_of_inputs():
    """`place` is the inverse of the order in which inputs are visited."""
    hidden, output = get("made_masks").reference(torch.tensor([3, 1, 2]), torch.tensor([1, 2]))
    assert hidden.tolist() == [[0, 1, 0], [0, 1, 1]]  # input 1 comes first, then input 2
    assert output.tolist() == [[1, 1], [0, 0], [1, 0]]


# ------------------------------------------------------------------ the capstone
def _factor(one, bit):
    return torch.where(bit == 1, one, 1 - one)


def _score(cond_prob, x):
    return sum(_factor(cond_prob(x[:, :t]), x[:, t]).log() for t in range(x.shape[1]))


def _every(x):
    strings = itertools.product([0.0, 1.0], repeat=x.shape[1])
    return x.new_tensor(list(strings))


# ------------------------------------------------------------------ right, written differently
def _by_product(cond_prob, x):
    return _score(cond_prob, x), _score(cond_prob, _every(x)).exp()


def _row_by_row(cond_prob, x):
    def probability(row):
        p = row.new_ones(())
        for t in range(len(row)):
            one = cond_prob(row[None, :t])[0]
            p = p * (one if row[t] == 1 else 1 - one)
        return p

    scores = []
    for row in x:
        total = row.new_zeros(())
        for t in range(len(row)):
            one = cond_prob(row[None, :t])[0]
            total = total + (one.log() if row[t] == 1 else (1 - one).log())
        scores.append(total)
    return torch.stack(scores), torch.stack([probability(row) for row in _every(x)])


def _recursive(cond_prob, x):
    def below(prefix, p):
        if prefix.shape[1] == x.shape[1]:
            return [p]
        one = cond_prob(prefix)
        zero, bit = prefix.new_zeros(1, 1), prefix.new_ones(1, 1)
        return [
            *below(torch.cat([prefix, zero], 1), p * (1 - one)),
            *below(torch.cat([prefix, bit], 1), p * one),
        ]

    return _score(cond_prob, x), torch.cat(below(x[:1, :0], x.new_ones(1)))


def _by_grid(cond_prob, x):
    axes = torch.meshgrid([x.new_tensor([0.0, 1.0])] * x.shape[1], indexing="ij")
    strings = torch.stack([axis.flatten() for axis in axes], 1)
    both = _score(cond_prob, torch.cat([x, strings]))
    return both[: len(x)], both[len(x) :].softmax(0)


def _by_format(cond_prob, x):
    T = x.shape[1]
    rows = [[float(digit) for digit in f"{n:0{T}b}"] for n in range(2**T)]
    return [_score(cond_prob, x), _score(cond_prob, x.new_tensor(rows)).exp()]


# ------------------------------------------------------------------ wrong, and not in the bank
def _first_row_prefix(c, x):
    return sum(_factor(c(x[:1, :t]), x[:, t]).log() for t in range(x.shape[1]))


def _reversed_prefix(c, x):
    return sum(_factor(c(x[:, :t].flip(1)), x[:, t]).log() for t in range(x.shape[1]))


def _without_last(c, x):
    return sum(_factor(c(x[:, :t]), x[:, t]).log() for t in range(max(x.shape[1] - 1, 1)))


_UNSEEN_CAPSTONE = [
    lambda c, x: (_first_row_prefix(c, x), _score(c, _every(x)).exp()),
    lambda c, x: (_reversed_prefix(c, x), _reversed_prefix(c, _every(x)).exp()),
    lambda c, x: (_without_last(c, x), _without_last(c, _every(x)).exp()),
    lambda c, x: (_score(c, x).clamp(min=-100), _score(c, _every(x)).exp()),
    lambda c, x: (_score(c, x), _score(c, _every(x)).exp().flip(0)),
    lambda c, x: (_score(c, x), _score(c, _every(x)).exp().sort(descending=True).values),
    lambda c, x: (_score(c, x), _score(c, _every(x)[1:]).exp()),
    lambda c, x: (_score(c, x), _score(c, _every(x)).exp().cumsum(0)),
    lambda c, x: (_score(c, x), _score(c, _every(x)).exp().sum()),
    lambda c, x: (_score(c, x), _score(c, _every(x)).exp().round(decimals=3)),
    lambda c, x: (_score(c, x).nan_to_num(), _score(c, _every(x)).exp()),
    lambda c, x: (_score(c, x)[:, None], _score(c, _every(x)).exp()),
    lambda c, x: (_score(c, x), _score(c, _every(x)), _every(x)),
    lambda c, x: _score(c, x),
]


# ------------------------------------------------------------------ first tries of students
def _chosen(c, x, start=0, see=lambda x, t: x[:, :t]):
    return sum(_factor(c(see(x, t)), x[:, t]).log() for t in range(start, x.shape[1]))


def _both(score):
    return lambda c, x: (score(c, x), score(c, _every(x)).exp())


_FIRST_CAPSTONE = [
    (lambda c, x: (_score(c, x), _score(c, _every(x).flip(1)).exp()), "last-bit-first"),
    (lambda c, x: (_score(c, x), _score(c, _every(x))), "table-of-logs"),
    (lambda c, x: (_score(c, x), _score(c, x).exp()), "table-of-data"),
    (lambda c, x: (_score(c, x).exp(), _score(c, _every(x)).exp()), "probability"),
    (lambda c, x: (_score(c, x).sum(), _score(c, _every(x)).exp()), "batch-sum"),
    (lambda c, x: (_score(c, x) / x.shape[1], _score(c, _every(x)).exp()), "mean-over-bits"),
    (lambda c, x: (_score(c, x) / math.log(2), _score(c, _every(x)).exp()), "in-bits"),
    (_both(lambda c, x: _chosen(c, x, see=lambda x, t: x[:, : t + 1])), "sees-itself"),
    (_both(lambda c, x: _chosen(c, x, see=lambda x, t: x)), "whole-string"),
    (_both(lambda c, x: _chosen(c, x, see=lambda x, t: x[:, : t - 1])), "prefix-too-short"),
    (_both(lambda c, x: sum(c(x[:, :t]).log() for t in range(x.shape[1]))), "zeros-ignored"),
    (
        _both(
            lambda c, x: sum(
                x[:, t] * c(x[:, :t]).log() + (1 - x[:, t]) * (1 - c(x[:, :t])).log()
                for t in range(x.shape[1])
            )
        ),
        "zero-times-log-zero",
    ),
    (
        _both(
            lambda c, x: math.prod(
                (_factor(c(x[:, :t]), x[:, t]) for t in range(x.shape[1])), start=1
            ).log()
        ),
        "log-of-product",
    ),
]


def test_the_table_is_a_distribution_over_strings():
    x = torch.tensor([[0.0, 1.0], [1.0, 1.0]])

    def sticky(prefix):
        if prefix.shape[1] == 0:
            return torch.full((len(prefix),), 0.3)
        return 0.2 + 0.6 * prefix[:, -1]

    scores, table = get(_CAPSTONE).reference(sticky, x)
    assert table.tolist() == pytest.approx([0.7 * 0.8, 0.7 * 0.2, 0.3 * 0.2, 0.3 * 0.8])
    assert scores.exp().tolist() == pytest.approx([table[1].item(), table[3].item()])


_CAPSTONE = "score_and_enumerate"
RIGHT += [
    (_CAPSTONE, solve) for solve in (_by_product, _row_by_row, _recursive, _by_grid, _by_format)
]
UNSEEN += [(_CAPSTONE, solve) for solve in _UNSEEN_CAPSTONE]
FIRST_TRIES += [(_CAPSTONE, solve, key) for solve, key in _FIRST_CAPSTONE]
