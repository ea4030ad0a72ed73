"""Which items get worse as models grow: slopes of items, and a search among groups of them (6.4, 9)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from taskscope.stats.tests import benjamini_hochberg, holm

Array = np.ndarray

FEWEST = 8
"""Items of a group in each half, below which it is not searched."""


def item_slopes(scores: ArrayLike, log_scale: ArrayLike) -> Array:
    """Fit a line to each item: change of its score per tenfold of scale, (item,).

    Margins (`choice_metrics.margin`) show smooth change that right and wrong hide.

    Args:
        scores: (model, item), 2 models or more.
        log_scale: (model,), log10 of scale.
    """
    return _line(np.asarray(log_scale, float)) @ np.asarray(scores, float)


class Spread(NamedTuple):
    """How slopes of items are spread."""

    falling: float
    """Share of items that get worse with size."""
    rising: float
    quantiles: tuple[float, float, float, float, float]
    """At 5, 25, 50, 75 and 95 %."""


def spread(slopes: Array) -> Spread:
    """Describe slopes of items (item,)."""
    ends = np.quantile(slopes, (0.05, 0.25, 0.5, 0.75, 0.95))
    return Spread(float((slopes < 0).mean()), float((slopes > 0).mean()), tuple(ends.tolist()))


class Discovery(NamedTuple):
    """A group of items that got worse with size in the half that was searched."""

    group: str
    items: int
    slope: float
    """Mean over the searched half, per tenfold of scale."""
    q: float
    """Benjamini-Hochberg over all groups that were searched."""
    held_slope: float
    """Over the held-out half, which the search has not seen: the one to report."""
    held_p: float
    """One-sided, Holm over the groups found."""


class Discoveries(NamedTuple):
    """What a search over groups of items gave."""

    found: tuple[Discovery, ...]
    """Steepest fall in the held-out half first."""
    searched: int
    too_small: int
    """Groups with too few items to be split."""


def discover(
    scores: ArrayLike,
    log_scale: ArrayLike,
    groups: ArrayLike,
    noise: float,
    rng: np.random.Generator,
    level: float = 0.05,
) -> Discoveries:
    """Search any benchmark for groups of items with a falling trend, and test them on items held out.

    Half of each group's items, drawn at random, is searched; those with a false-discovery rate of at most
    `level` are tested on the other half. Both halves are answered by the same models, so the noise between
    models, which a held-out half cannot take away, is part of every error.

    Args:
        scores: (model, item), performance or margin.
        log_scale: (model,), log10 of scale, rising.
        groups: (item,) labels, such as topic or template.
        noise: Standard deviation between models, in the unit of the scores.
        rng: Draws the halves.
        level: False-discovery rate of the search.
    """
    weights = _line(np.asarray(log_scale, float))
    slopes = weights @ np.asarray(scores, float)
    shared = noise**2 * float((weights**2).sum())
    names, codes = np.unique(np.asarray(groups), return_inverse=True)
    kept, halves = [], []
    for code in range(len(names)):
        mine = rng.permutation(np.flatnonzero(codes == code))
        if len(mine) >= 2 * FEWEST:
            kept.append(code)
            halves.append((slopes[mine[: len(mine) // 2]], slopes[mine[len(mine) // 2 :]]))
    q = benjamini_hochberg([_falling(first, shared) for first, _ in halves])
    passed = np.flatnonzero(q <= level)
    held_p = holm([_falling(halves[place][1], shared) for place in passed])
    found = [
        Discovery(
            group=str(names[kept[place]]),
            items=sum(map(len, halves[place])),
            slope=float(halves[place][0].mean()),
            q=float(q[place]),
            held_slope=float(halves[place][1].mean()),
            held_p=float(p),
        )
        for place, p in zip(passed, held_p, strict=True)
    ]
    return Discoveries(
        tuple(sorted(found, key=lambda one: one.held_slope)), len(kept), len(names) - len(kept)
    )


def _line(log_scale: Array) -> Array:
    """Weights (model,) that make a slope out of performances."""
    centred = log_scale - log_scale.mean()
    return centred / (centred**2).sum()


def _falling(slopes: Array, shared: float) -> float:
    """One-sided p value of a mean slope below 0; `shared` is the models' part of its variance."""
    n = len(slopes)
    items = float(slopes.var(ddof=1)) / n
    total = items + shared
    if total <= 0:
        return 0.0 if slopes.mean() < 0 else 1.0
    degrees = min(total**2 * (n - 1) / max(items**2, 1e-300), 1e9)  # Satterthwaite, as for the rule
    return float(stdtr(degrees, slopes.mean() / total**0.5))
