"""How fast gaps shrink with demonstrations: log-log slopes, resampled over simulated worlds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from taskscope.stats.intervals import few_units_widening, resampling_weights
from taskscope.studies.kernel_regression.simulated.rows import Curve
from taskscope.studies.randomness import stream

FIRST = 64
"""Fewest demonstrations that enter a slope: for most kernels there is nothing to see below twice the rank."""


def log_log_slope(sizes: ArrayLike, values: ArrayLike) -> float:
    """Return the least-squares slope of log value (size,) on log size (size,)."""
    return float(_slopes(np.asarray(sizes, float), np.asarray(values, float)[None])[0])


def resampled_slopes(curves: Mapping[str, Curve], draws: int) -> dict[str, np.ndarray]:
    """Fit the slope of every method's mean gap over worlds, resampling the same worlds for all of them.

    Args:
        curves: Method -> its gaps (world, size); the worlds and sizes of all are the same.
        draws: Number of resamples.

    Returns:
        Method -> slope in front of its resamples, (1 + draw,). Few worlds are too few to know their spread,
        so that resamples are widened as means over few tasks are.
    """
    first = next(iter(curves.values()))
    n_worlds, used = len(first.values), first.sizes >= FIRST
    weights = resampling_weights(n_worlds, draws, stream("kernel-regression bootstrap of worlds", n_worlds))
    weights = np.vstack([np.ones(n_worlds), weights]) / n_worlds
    wider = few_units_widening(n_worlds) if n_worlds > 1 else 1.0
    found = {}
    for method, curve in curves.items():
        slopes = _slopes(first.sizes[used], weights @ curve.values[:, used])
        found[method] = slopes[0] + wider * (slopes - slopes[0])
    return found


def _slopes(sizes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return slopes (row,) of log values (row, size) on log sizes (size,)."""
    x = np.log(sizes) - np.log(sizes).mean()
    return np.log(values) @ x / (x @ x)
