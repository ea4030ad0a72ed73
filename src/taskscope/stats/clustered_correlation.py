"""Correlations of many variables with one, over observations that come in clusters.

A prompt's demonstrations share the prompt, so they are no independent observations, and neither are two
prompts about one query: standard errors come from the influence on r of units, clusters that belong together
(the sandwich), on Fisher's scale, with Student's t for the number of units (protocol kernel_regression
section 6).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import stdtr, stdtrit

Array = np.ndarray


@dataclass(frozen=True)
class Correlations:
    """Correlations of many variables with one, arrays (variable,); nan where one of the two is constant."""

    value: Array
    low: Array
    high: Array
    p: Array
    """Two-sided, of no correlation."""


def within(values: Array) -> Array:
    """Centre observations (..., cluster, item) within their cluster."""
    return values - values.mean(axis=-1, keepdims=True)


def overall(values: Array) -> Array:
    """Centre observations (..., cluster, item) on their common mean."""
    return values - values.mean(axis=(-2, -1), keepdims=True)


def ranked(values: Array) -> Array:
    """Replace observations (..., cluster, item) by their ranks within their cluster, and centre them."""
    return within(stats.rankdata(values, axis=-1))


def without(values: Array, covariates: Array) -> Array:
    """Take out what covariates explain, linearly and with one slope for all clusters.

    Args:
        values: (..., cluster, item), centred.
        covariates: (cluster, item, covariate), centred likewise; a constant one is harmless.
    """
    design = covariates.reshape(-1, covariates.shape[-1])
    basis, size, _ = np.linalg.svd(design, full_matrices=False)
    basis = basis[:, size > 1e-9 * max(float(size.max(initial=0.0)), 1e-300)]
    flat = values.reshape(*values.shape[:-2], -1)
    return (flat - (flat @ basis) @ basis.T).reshape(values.shape)


def clustered(x: Array, y: Array, unit: Array, level: float = 0.95) -> Correlations:
    """Correlate each variable of x with y.

    Args:
        x: (variable, cluster, item), centred by `within`, `overall` or `ranked`.
        y: (cluster, item), centred likewise.
        unit: (cluster,) what each cluster belongs to; at least 3 different ones.
        level: Confidence level.

    Raises:
        ValueError: If shapes differ or there are fewer than 3 units.
    """
    units, of = np.unique(unit, return_inverse=True)
    n = len(units)
    if x.ndim != 3 or x.shape[1:] != y.shape or of.shape != y.shape[:1] or n < 3:
        raise ValueError(
            f"x {x.shape}, y {y.shape} and {n} units of {of.shape}: (variable, cluster, item), (cluster, "
            "item) and (cluster,), at least 3 units"
        )
    member = (of[:, None] == np.arange(n)).astype(float)  # (cluster, unit)
    xy, xx, yy = ((a * b).sum(axis=-1) @ member for a, b in ((x, y), (x, x), (y, y)))
    sxx, syy = xx.sum(axis=1), float(yy.sum())
    varies = (sxx > _rounding(x)) & (syy > _rounding(y[None])[0])
    sxx, syy = np.where(varies, sxx, 1.0), syy if syy > 0 else 1.0
    r = np.clip(xy.sum(axis=1) / np.sqrt(sxx * syy), -1, 1)
    # The change of r when one unit's sums come in: the gradient of sxy / sqrt(sxx syy) times those sums.
    influence = xy / np.sqrt(sxx * syy)[:, None] - r[:, None] / 2 * (xx / sxx[:, None] + yy / syy)
    error = np.sqrt((influence**2).sum(axis=1) * n / (n - 1)) / np.maximum(1 - r**2, 1e-12)
    z = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    reach = stdtrit(n - 1, 0.5 + level / 2) * error
    p = 2 * stdtr(n - 1, -np.abs(z) / np.maximum(error, 1e-300))
    found = (np.where(varies, each, np.nan) for each in (r, np.tanh(z - reach), np.tanh(z + reach), p))
    return Correlations(*found)


def largest_by_chance(x: Array, y: Array, draws: int, rng: np.random.Generator) -> Array:
    """Largest absolute correlation over all variables when y is shuffled within its clusters, (draw,).

    The bar for the best of many heads: all of them see the same shuffles, so their dependence is kept.

    Args:
        x: (variable, cluster, item), centred within clusters.
        y: (cluster, item), centred within clusters.
        draws: Number of shuffles.
        rng: Source of randomness.
    """
    size = np.sqrt((x * x).sum(axis=(1, 2)) * (y * y).sum())
    flat = np.where(size[:, None] > 0, x.reshape(len(x), -1) / np.maximum(size, 1e-300)[:, None], 0.0)
    shuffled = np.stack([rng.permuted(y, axis=1).ravel() for _ in range(draws)])
    return np.abs(flat @ shuffled.T).max(axis=0)


def maps_alike(first: Array, second: Array, draws: int, rng: np.random.Generator) -> tuple[float, float]:
    """Correlate two maps over (block, head), and test it by exchanging heads within blocks.

    Args:
        first: (block, head).
        second: (block, head).
        draws: Number of exchanges.
        rng: Source of randomness.

    Returns:
        Pearson's r and the share of exchanges, the map as it is among them, that reach it (one-sided). Blocks
        of one head leave nothing to exchange, and p is 1. Both nan where a map is constant.
    """
    a, b = first - first.mean(), second - second.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    if not size > 0:
        return np.nan, np.nan
    r = float((a * b).sum() / size)
    reached = sum(float((rng.permuted(a, axis=1) * b).sum()) / size >= r - 1e-12 for _ in range(draws))
    return r, (1 + reached) / (1 + draws)


def _rounding(centred: Array) -> Array:
    """What rounding alone may leave of the squares of a constant, (variable,)."""
    return 1e-20 * centred.shape[1] * centred.shape[2] * np.ones(len(centred))
