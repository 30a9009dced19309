"""A face of genes: what the pixels that are seen say about each gene, by listing all genotypes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lecture_utils.figures.instruments._instrument import NAMED, percent, slider
from lecture_utils.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_NOISE = 0.4
PHOTOS = 6


def twin(
    prior: Sequence[float],
    pixels: Sequence[Sequence[Any]],
    x: Sequence[int],
    seen: Sequence[bool],
    noise: float,
) -> dict[str, Any]:
    """The posterior over all genotypes, given the pixels that are seen, and what follows from it.

    Args:
        prior: p(gene = 1) for each of the G genes, strictly between 0 and 1.
        pixels: For each pixel (the genes it depends on, its chance of ink for each setting of
            them, in the order of counting).
        x: The pixels, 0 or 1.
        seen: Whether a pixel is seen; the others are summed out.
        noise: The probability that a pixel is turned over.

    Returns:
        "genes" [G] with p(gene = 1 | seen pixels), the "entropy" of the posterior over genotypes
        in nats, the probability of the "best" genotype, and the "evidence" p(seen pixels).
    """
    size = len(prior)
    codes = np.arange(2**size)[:, None] >> np.arange(size - 1, -1, -1) & 1  # [2**G, G]
    scores = np.log(np.where(codes == 1, prior, 1 - np.asarray(prior))).sum(1)
    for (genes, ink), on, visible in zip(pixels, x, seen, strict=True):
        if visible:
            p = np.asarray(ink) + noise - 2 * np.asarray(ink) * noise
            at = codes[:, genes] @ (2 ** np.arange(len(genes) - 1, -1, -1, dtype=np.int64))
            scores += np.log(p if on else 1 - p)[at]
    top = scores.max()
    share = np.exp(scores - top)
    total = share.sum()
    share /= total
    some = share[share > 0]
    return {
        "genes": (share @ codes).tolist(),
        "entropy": float(-(some * np.log(some)).sum()),
        "best": float(share.max()),
        "evidence": float(total * math.exp(top)),
    }


def prepare(
    *,
    genes: Sequence[str],
    prior: Sequence[float],
    ink: Any,
    covers: Mapping[str, Sequence[int]],
    person: Sequence[int],
    noise: float = 0.0,
) -> dict[str, Any]:
    """Check what the chapter gave.

    Args:
        genes: The names of the G genes.
        prior: p(gene = 1) for each of them.
        ink: [2**G, S * S], the chance of ink of each pixel for each genotype, in the order of
            counting.
        covers: What can be covered → [top, bottom, left, right], in pixels.
        person: The genes shown first, 0 or 1.
        noise: Shown first, 0 to 0.4.

    Raises:
        ValueError: The sizes do not fit, or a number lies outside.
    """
    table = np.asarray(ink.tolist() if hasattr(ink, "tolist") else ink, dtype=np.float64)
    size, side = len(genes), math.isqrt(table.shape[-1])
    if len(prior) != size or len(person) != size or table.shape != (2**size, side**2):
        raise ValueError(
            f"There are {size} genes, so prior and person need {size} numbers and ink "
            f"{2**size} rows of S * S pixels; got {len(prior)}, {len(person)} and "
            f"{list(table.shape)}."
        )
    if not (table.min() > 0 and table.max() < 1 and all(0 < p < 1 for p in prior)):
        raise ValueError("prior and ink must lie strictly between 0 and 1.")
    if not 0 <= noise <= MOST_NOISE:
        raise ValueError(f"noise={noise!r} lies outside 0 to {MOST_NOISE}.")
    if any(bit not in (0, 1) for bit in person):
        raise ValueError(f"person holds zeros and ones, not {list(person)}.")
    for name, (top, bottom, left, right) in covers.items():
        if not (0 <= top < bottom <= side and 0 <= left < right <= side):
            raise ValueError(f"covers[{name!r}] does not lie inside {side} by {side} pixels.")
    paper = round(float(table.min()), 4)
    return {
        "genes": [str(name) for name in genes],
        "prior": [float(p) for p in prior],
        "side": side,
        "paper": paper,
        "pixels": [entry for entry in map(_pixel, range(side**2), table.T) if entry[2] != [paper]],
        "covers": {str(name): [int(edge) for edge in box] for name, box in covers.items()},
        "person": [int(bit) for bit in person],
        "noise": float(noise),
        "photos": PHOTOS,
    }


def _pixel(number: int, ink: np.ndarray) -> list[Any]:
    """[number, the genes that matter, the ink for each of their settings]."""
    size = ink.size.bit_length() - 1
    cube = ink.round(4).reshape([2] * size)
    matter = [g for g in range(size) if (cube.take(0, g) != cube.take(1, g)).any()]
    some = cube[tuple(slice(None) if g in matter else 0 for g in range(size))]
    return [number, matter, np.ravel(some).tolist()]


def dice(seed: int, count: int) -> list[float]:
    """Numbers in [0, 1) from a seed: those of the page's script ("mulberry32")."""
    word = 0xFFFFFFFF
    numbers, a = [], seed
    for _ in range(count):
        a = (a + 0x6D2B79F5) & word
        t = ((a ^ a >> 15) * (1 | a)) & word
        t = ((t + (((t ^ t >> 7) * (61 | t)) & word)) & word) ^ t
        numbers.append((t ^ t >> 14) / 2**32)
    return numbers


def _look(
    prepared: dict[str, Any], z: Sequence[int], covered: Sequence[str], noise: float, photo: int
) -> tuple[np.ndarray, dict[str, Any]]:
    """The photo [S, S], 0.5 where it is covered, and what its pixels say."""
    side, paper = prepared["side"], prepared["paper"]
    chance = np.full(side**2, paper)
    for number, genes, ink in prepared["pixels"]:
        at = 0
        for g in genes:
            at = 2 * at + z[g]
        chance[number] = ink[at]
    face = np.array(dice(photo, side**2)) < chance + noise - 2 * chance * noise
    hidden = np.zeros((side, side), bool)
    for name in covered:
        top, bottom, left, right = prepared["covers"][name]
        hidden[top:bottom, left:right] = True
    hidden = hidden.ravel()
    now = twin(
        prepared["prior"],
        [entry[1:] for entry in prepared["pixels"]],
        [int(face[entry[0]]) for entry in prepared["pixels"]],
        [not hidden[entry[0]] for entry in prepared["pixels"]],
        noise,
    )
    return np.where(hidden, 0.5, face).reshape(side, side), now


def table(prepared: dict[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    """The first photo: nothing covered, then each of the covers, and noise."""
    cases: list[tuple[str, list[str], float]] = [("nothing", [], prepared["noise"])]
    cases += [(name, [name], prepared["noise"]) for name in prepared["covers"]]
    cases += [(f"nothing, noise {_percent(n)}", [], n) for n in (0.1, 0.3)]
    rows = []
    for words, covered, noise in cases:
        _, now = _look(prepared, prepared["person"], covered, noise, 1)
        rows.append([words, *map(_percent, now["genes"]), f"{now['entropy']:.2f}"])
    has = [name for name, bit in zip(prepared["genes"], prepared["person"], strict=True) if bit]
    caption = (
        f"A face with the genes {', '.join(has)}: the posterior probability of each gene, and the "
        "entropy in nats"
    )
    return caption, ["Covered", *prepared["genes"], "Entropy"], rows


def controls(prepared: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Start values, and a function that makes the ipywidgets."""
    pairs = zip(prepared["genes"], prepared["person"], strict=True)
    has = tuple(name for name, bit in pairs if bit)
    start = {"genes": has, "covered": (), "noise": prepared["noise"], "photo": 1}

    def widgets() -> dict[str, Any]:
        import ipywidgets

        return {
            "genes": ipywidgets.SelectMultiple(
                options=prepared["genes"],
                value=has,
                rows=len(prepared["genes"]),
                description="genes",
                **NAMED,
            ),
            "covered": ipywidgets.SelectMultiple(
                options=list(prepared["covers"]),
                rows=len(prepared["covers"]),
                description="covered",
                **NAMED,
            ),
            "noise": slider("noise", start["noise"], (0.0, MOST_NOISE), 0.01),
            "photo": ipywidgets.Dropdown(
                options=list(range(1, PHOTOS + 1)), value=1, description="photo", **NAMED
            ),
        }

    return start, widgets


def draw(
    prepared: dict[str, Any],
    genes: Sequence[str],
    covered: Sequence[str],
    noise: float,
    photo: int,
) -> Figure:
    """The photo beside a bar for each gene, its prior as a tick and the truth as a dot."""
    import matplotlib.pyplot as plt

    names = prepared["genes"]
    z = [int(name in genes) for name in names]
    face, now = _look(prepared, z, covered, noise, photo)
    fig, (left, right) = plt.subplots(1, 2, figsize=(6, 2.8), width_ratios=[1, 1.4])
    left.imshow(face, cmap="gray_r", vmin=0, vmax=1)
    left.axis("off")
    bars = right.barh(names, now["genes"], color=COLORS["latent"])
    right.bar_label(bars, [_percent(p) for p in now["genes"]], padding=8)
    right.plot(prepared["prior"], range(len(names)), "|", ms=12, mew=2.5, color=COLORS["edge"])
    right.plot(z, range(len(names)), "o", ms=5, color=COLORS["adversarial"])
    right.set(xlim=(-0.02, 1.3), xticks=[0, 0.5, 1], title=f"entropy {now['entropy']:.2f} nats")
    right.invert_yaxis()
    return fig


def _percent(p: float) -> str:
    return percent(p, 1 if p < 0.1 or p > 0.9 else 0)
