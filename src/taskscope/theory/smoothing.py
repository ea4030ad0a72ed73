"""Kernel smoothing: weighted votes of demonstrations, and how wide they look (kernel_regression 2.8, S7).

A Nadaraya-Watson smoother answers a query with the mean of the demonstrations' values, weighted by a kernel.
Softmax attention is one: the kernel is exp(q . k / sqrt(d_head)). Kernels are kept as logarithms here, so
that a narrow one, or a large key, neither overflows nor leaves a query without any weight.
"""

from __future__ import annotations

import numpy as np
from scipy.special import entr, softmax

Array = np.ndarray


def shares(logits: Array) -> Array:
    """Weights (..., query, point) of a smoother, adding up to 1 over points."""
    return softmax(logits, axis=-1)


def smooth(logits: Array, values: Array) -> Array:
    """Average values by weights proportional to exp(logits): the Nadaraya-Watson estimate.

    Args:
        logits: (..., query, point) logarithms of kernel values.
        values: (..., point, channel); one-hot labels give the shares of a vote.

    Returns:
        float64 (..., query, channel).
    """
    return shares(logits) @ values


def gaussian_logits(queries: Array, points: Array, bandwidth: float) -> Array:
    """Logarithm of the Gaussian kernel, -|q - x|^2 / (2 h^2).

    Args:
        queries: (..., query, d).
        points: (..., point, d).
        bandwidth: h, above 0.

    Returns:
        float64 (..., query, point).

    Raises:
        ValueError: If the bandwidth is not positive.
    """
    if not bandwidth > 0:
        raise ValueError(f"a kernel needs a bandwidth above 0, not {bandwidth}")
    return -squared_distances(queries, points) / (2 * bandwidth**2)


def attention_logits(queries: Array, keys: Array) -> Array:
    """Logarithm of the kernel of softmax attention, q . k / sqrt(d_head). Shapes as `gaussian_logits`."""
    return queries @ np.swapaxes(keys, -1, -2) / queries.shape[-1] ** 0.5


def attention_bandwidth(d_head: int) -> float:
    """Bandwidth h of the Gaussian kernel inside softmax attention: h^2 = sqrt(d_head)."""
    return d_head**0.25


def key_prior(keys: Array) -> Array:
    """Log prior weight of each key, |k|^2 / (2 sqrt(d_head)): what attention adds to the Gaussian kernel.

    `attention_logits` and `gaussian_logits` at `attention_bandwidth`, plus this, differ by a constant of the
    query; where all keys are equally long, the prior is a constant too, and attention is Gaussian smoothing.

    Args:
        keys: (..., point, d_head).

    Returns:
        float64 (..., point).
    """
    return (keys**2).sum(axis=-1) / (2 * keys.shape[-1] ** 0.5)


def squared_distances(queries: Array, points: Array) -> Array:
    """Squared Euclidean distances (..., query, point); shapes as `gaussian_logits`."""
    inner = queries @ np.swapaxes(points, -1, -2)
    lengths = (queries**2).sum(axis=-1)[..., :, None] + (points**2).sum(axis=-1)[..., None, :]
    return np.maximum(lengths - 2 * inner, 0.0)


def effective_number(weights: Array) -> Array:
    """Number of points that a query effectively averages, (sum a)^2 / sum a^2.

    Args:
        weights: (..., point), not negative, some above 0.

    Returns:
        float64 (...), from 1 to the number of points.
    """
    return weights.sum(axis=-1) ** 2 / (weights**2).sum(axis=-1)


def perplexity(weights: Array) -> Array:
    """Effective bandwidth of a vote in points: exp of the entropy of the weights; shapes as above."""
    shares = weights / weights.sum(axis=-1, keepdims=True)
    return np.exp(entr(shares).sum(axis=-1))


def oracle_errors(points: Array, values: Array, queries: Array, truth: Array, grid: Array) -> Array:
    """Mean squared error of Gaussian smoothing against the truth, for each bandwidth.

    Args:
        points: (point, d).
        values: (point,).
        queries: (query, d).
        truth: (query,).
        grid: (bandwidth,).

    Returns:
        float64 (bandwidth,).
    """
    distances = squared_distances(queries, points)
    return np.array([((_estimate(distances, values, h) - truth) ** 2).mean() for h in grid])


def left_out_errors(points: Array, values: Array, grid: Array, asked: int) -> Array:
    """Mean squared error of predicting a point's value from all other points, for each bandwidth.

    It needs no truth, so its minimum is a bandwidth that can be chosen from demonstrations alone.

    Args:
        points: (point, d), at least two.
        values: (point,).
        grid: (bandwidth,).
        asked: How many points, from the first, are left out in turn; each costs a pass over all others.

    Returns:
        float64 (bandwidth,).
    """
    distances = squared_distances(points[:asked], points)
    np.fill_diagonal(distances, np.inf)
    return np.array([((_estimate(distances, values, h) - values[:asked]) ** 2).mean() for h in grid])


def _estimate(distances: Array, values: Array, bandwidth: float) -> Array:
    """Gaussian smoothing (query,) at known squared distances; the nearest point keeps weight 1."""
    nearest = distances.min(axis=1, keepdims=True)
    kernel = np.exp((nearest - distances) / (2 * bandwidth**2))
    return kernel @ values / kernel.sum(axis=1)
