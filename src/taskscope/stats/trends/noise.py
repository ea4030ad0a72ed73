"""How much models of one size differ for reasons other than size (tau; protocol inverse_scaling 6.1 ii)."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from taskscope.stats.trends.monotone import best_fit
from taskscope.stats.trends.rule import Rule

Array = np.ndarray

TURNS = 2
"""Turns that a curve may have before its zigzag counts as noise: as many as the rule has a name for."""
FREE = 2
"""Degrees of freedom that a fit must leave, or its residuals say nothing."""

Whence = Literal["given", "residuals", "default"]


class Noise(NamedTuple):
    """Standard deviation of a model about its curve, in the unit of performance."""

    value: float
    whence: Whence


def of_residuals(means: Array, item_variance: Array) -> float | None:
    """Estimate the noise from what the best curve of at most two turns leaves.

    Args:
        means: (model,), performance.
        item_variance: (model, model), variance of differences over resampled items; half of it is what one
            model's residual owes to the items, since what all models share moves no residual.

    Returns:
        0 or more; None if the fit leaves fewer than two degrees of freedom.
    """
    n = len(means)
    fitted, squares = best_fit(means[None], np.ones(n), TURNS)
    free = n - len(np.unique(fitted.round(12)))
    if free < FREE:
        return None
    pairs = item_variance[np.triu_indices(n, 1)]
    return float(np.sqrt(max(0.0, squares[0] / free - pairs.mean() / 2)))


def choose(means: Array, item_variance: Array, rule: Rule) -> Noise:
    """Take the rule's noise, raised where the residuals of the curve itself show more.

    Residuals of few models are too uncertain to lower it; a value from replicates stands as it is.
    """
    if rule.noise_known:
        return Noise(rule.noise, "given")
    seen = of_residuals(means, item_variance)
    if seen is None or seen <= rule.noise:
        return Noise(rule.noise, "default")
    return Noise(seen, "residuals")
