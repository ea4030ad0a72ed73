"""Exact and multiplicity-aware tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom, false_discovery_control


def exact_mcnemar(only_first: ArrayLike, only_second: ArrayLike) -> np.ndarray:
    """Two-sided exact McNemar test on discordant counts.

    Args:
        only_first: Units that only the first of two paired conditions gets right, any shape.
        only_second: Units that only the second gets right.

    Returns:
        P values of the broadcast shape; 1 where no unit is discordant.
    """
    b, c = np.broadcast_arrays(np.asarray(only_first, int), np.asarray(only_second, int))
    return np.minimum(1.0, 2 * binom.cdf(np.minimum(b, c), b + c, 0.5))


def discordant(first: np.ndarray, second: np.ndarray, clusters: np.ndarray) -> tuple[int, int]:
    """Count clusters that favour the first or the second condition, one vote per cluster.

    With one row per cluster these are McNemar's discordant counts; with several, a cluster votes by the sign
    of its summed difference, so that repeats of one query do not count as independent evidence.

    Args:
        first: (row,) outcomes of the first condition.
        second: (row,) outcomes of the second.
        clusters: (row,) what each row belongs to.

    Returns:
        Clusters in favour of the first and of the second.
    """
    _, codes = np.unique(clusters, return_inverse=True)
    net = np.bincount(codes, weights=np.asarray(first, float) - np.asarray(second, float))
    return int((net > 1e-9).sum()), int((net < -1e-9).sum())


def holm(p_values: ArrayLike) -> np.ndarray:
    """Holm's step-down adjustment of a family of p values.

    Args:
        p_values: (test,), each in [0, 1].

    Returns:
        Adjusted p values (test,) in the given order; reject at level a where they are at most a.

    Raises:
        ValueError: If a value lies outside [0, 1].
    """
    p = np.asarray(p_values, float)
    if np.any((p < 0) | (p > 1)) or np.isnan(p).any():
        raise ValueError("holm needs p values in [0, 1]")
    order = np.argsort(p, kind="stable")
    stepped = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    adjusted = np.empty_like(stepped)
    adjusted[order] = stepped
    return adjusted


def benjamini_hochberg(p_values: ArrayLike) -> np.ndarray:
    """Benjamini and Hochberg's adjustment: bounds the share of false discoveries among those claimed.

    Args:
        p_values: (test,), each in [0, 1].

    Returns:
        Adjusted p values (test,) in the given order; claim those at most q for a false-discovery rate of q,
        which holds for independent tests and for those that are positively dependent.

    Raises:
        ValueError: If a value lies outside [0, 1].
    """
    p = np.asarray(p_values, float)
    if np.any((p < 0) | (p > 1)) or np.isnan(p).any():
        raise ValueError("benjamini_hochberg needs p values in [0, 1]")
    return np.asarray(false_discovery_control(p)) if len(p) else p
