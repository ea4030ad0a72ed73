"""Means of models over the same items, with clusters of items resampled for all models at once (6.1)."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from taskscope.stats.intervals import Bounds, cluster_sums, resampling_weights

Array = np.ndarray

BLOCK = 4_000_000
"""Picks of clusters held at a time; keeps the memory of the widest task below a hundred megabytes."""


def influence(scores: Array, clusters: Array) -> Array:
    """How much each cluster moves each model's mean: (cluster, model), columns adding up to 0.

    The mean is a ratio, the sum of all scores by the number of items, so a large cluster counts as much as
    its items.

    Args:
        scores: (model, item).
        clusters: (item,) labels.
    """
    sums, sizes = cluster_sums(scores.T, clusters)
    means = sums.sum(axis=0) / sizes.sum()
    return (sums - sizes[:, None] * means) / sizes.sum()


def covariance(moved: Array) -> Array:
    """Cluster-robust covariance of the means, (model, model), from `influence` of 2 clusters or more."""
    n = len(moved)
    return n / (n - 1) * moved.T @ moved


def difference_variance(table: Array) -> Array:
    """Variance of the difference of any two means, (..., model, model), from their covariance."""
    own = np.diagonal(table, axis1=-2, axis2=-1)
    return np.maximum(own[..., :, None] + own[..., None, :] - 2 * table, 0.0)


def resampled_means(scores: Array, clusters: Array, draws: int, rng: np.random.Generator) -> Array:
    """Bootstrap means, (draw, model): clusters are drawn, each with all its items and all models.

    Args:
        scores: (model, item).
        clusters: (item,) labels.
        draws: Resamples.
        rng: Source of randomness.
    """
    sums, sizes = cluster_sums(scores.T, clusters)
    both = np.column_stack([sums, sizes])
    step = max(1, BLOCK // len(sizes))
    parts = [
        resampling_weights(len(sizes), min(step, draws - start), rng) @ both
        for start in range(0, draws, step)
    ]
    totals = np.concatenate(parts)
    return totals[:, :-1] / totals[:, -1:]


def accelerated_interval(estimate: Array, resampled: Array, moved: Array, level: float = 0.95) -> Bounds:
    """BCa interval of each model's mean: percentiles shifted for bias and skewness (Efron 1987).

    Args:
        estimate: (model,).
        resampled: (draw, model), from `resampled_means`.
        moved: (cluster, model), from `influence`; its skewness is the acceleration.
        level: Confidence level.

    Returns:
        Bounds (model,).
    """
    draws = len(resampled)
    below = (resampled < estimate).mean(axis=0) + (resampled == estimate).mean(axis=0) / 2
    # With no or every resample below, the shift is unknown: it is held at what the number of draws can tell.
    shift = ndtri(np.clip(below, 0.5 / draws, 1 - 0.5 / draws))
    squares = (moved**2).sum(axis=0)
    skew = np.divide((moved**3).sum(axis=0), 6 * squares**1.5, out=np.zeros(len(estimate)), where=squares > 0)
    ends = []
    for z in (ndtri((1 - level) / 2), ndtri((1 + level) / 2)):
        share = ndtr(shift + (shift + z) / (1 - skew * (shift + z)))
        ends.append(np.array([np.quantile(resampled[:, m], share[m]) for m in range(len(estimate))]))
    return Bounds(*ends)
