"""Slopes of single families of models, and the slope of the population they come from (6.3)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from taskscope.stats.trends.resampling import covariance, influence

Array = np.ndarray


class Slope(NamedTuple):
    """Change of performance per tenfold of scale."""

    value: float
    error: float
    """Standard error: items in clusters, and noise between models."""


class Pooled(NamedTuple):
    """The mean slope of the families' population; families differ by more than their errors."""

    value: float
    low: float
    """Lower end of the 95 % interval."""
    high: float
    p: float
    """Two-sided, of a mean slope of 0."""
    between: float
    """Standard deviation of the families' true slopes."""


def family_slope(scores: ArrayLike, log_scale: ArrayLike, clusters: ArrayLike, noise: float) -> Slope:
    """Fit a straight line to one family's means, all sizes counting alike.

    Args:
        scores: (model, item), performance, 2 models or more.
        log_scale: (model,), log10 of scale, rising.
        clusters: (item,) labels, 2 different ones or more.
        noise: Standard deviation between models.
    """
    table, x = np.asarray(scores, float), np.asarray(log_scale, float)
    weights = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    together = covariance(influence(table, np.asarray(clusters))) + noise**2 * np.eye(len(x))
    return Slope(float(weights @ table.mean(axis=1)), float(np.sqrt(weights @ together @ weights)))


def pool(slopes: ArrayLike, errors: ArrayLike) -> Pooled:
    """Pool the slopes of families as a random-effects meta-analysis does.

    The spread between families is estimated by DerSimonian and Laird (1986), the interval by Hartung and
    Knapp (2001), which allows for few families, and is never narrower than the errors alone would make it.
    Families measured on the same items share a little of their error, which this does not know.

    Args:
        slopes: (family,), 2 or more.
        errors: (family,), standard errors, above 0.

    Raises:
        ValueError: If there are fewer than 2 families or an error is not above 0.
    """
    b, se = np.asarray(slopes, float), np.asarray(errors, float)
    if b.shape != se.shape or len(b) < 2 or not (se > 0).all():
        raise ValueError(
            f"pooling needs 2 families or more with errors above 0, not {b.shape} and {se.shape}"
        )
    n, w = len(b), se**-2.0
    q = (w * (b - (w * b).sum() / w.sum()) ** 2).sum()
    between = max(0.0, (q - (n - 1)) / (w.sum() - (w**2).sum() / w.sum()))
    w = 1 / (se**2 + between)
    mean = (w * b).sum() / w.sum()
    spread = max(1.0, (w * (b - mean) ** 2).sum() / (n - 1))
    error = float(np.sqrt(spread / w.sum()))
    reach = float(stdtrit(n - 1, 0.975)) * error
    p = float(2 * stdtr(n - 1, -abs(mean) / error))
    return Pooled(float(mean), float(mean - reach), float(mean + reach), p, float(between**0.5))
