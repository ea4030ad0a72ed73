"""Correlations with intervals, with other causes taken out, and corrected for unreliable measurement."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import ndtri

from taskscope.stats.intervals import percentile_interval

Array = np.ndarray


class Correlation(NamedTuple):
    """A correlation coefficient; nan throughout where a variable is constant, because then there is none."""

    value: float
    low: float
    high: float
    p: float
    """Two-sided, of no correlation."""


UNDEFINED = Correlation(np.nan, np.nan, np.nan, np.nan)


def pearson(x: ArrayLike, y: ArrayLike, level: float = 0.95) -> Correlation:
    """Pearson's r with Fisher's z interval.

    Args:
        x: float (unit,), at least 4 units.
        y: float (unit,).
        level: Confidence level.

    Raises:
        ValueError: If shapes differ, there are fewer than 4 units, or a value is not finite.
    """
    a, b = _pair(x, y)
    if _constant(a) or _constant(b):
        return UNDEFINED
    r, p = map(float, stats.pearsonr(a, b))
    return Correlation(r, *_fisher(r, len(a), level), p)


def spearman(
    x: ArrayLike, y: ArrayLike, rng: np.random.Generator, draws: int = 10_000, level: float = 0.95
) -> Correlation:
    """Spearman's rank correlation with a percentile bootstrap over units.

    Args:
        x: float (unit,), at least 4 units.
        y: float (unit,).
        rng: Source of randomness.
        draws: Resamples.
        level: Confidence level.

    Raises:
        ValueError: As for `pearson`.
    """
    a, b = _pair(x, y)
    if _constant(a) or _constant(b):
        return UNDEFINED
    rho, p = map(float, stats.spearmanr(a, b))
    resampled: list[Array] = []
    per_block = max(1, 2_000_000 // len(a))  # keeps the memory of the ranks small
    for start in range(0, draws, per_block):
        picks = rng.integers(len(a), size=(min(per_block, draws - start), len(a)))
        resampled.append(row_correlations(stats.rankdata(a[picks], axis=1), stats.rankdata(b[picks], axis=1)))
    values = np.concatenate(resampled)
    low, high = percentile_interval(values[np.isfinite(values)], level)
    return Correlation(rho, float(low), float(high), p)


def kendall(x: ArrayLike, y: ArrayLike) -> tuple[float, float]:
    """Kendall's tau-b, which allows for ties such as a ceiling, and its two-sided p value.

    Raises:
        ValueError: As for `pearson`.
    """
    a, b = _pair(x, y)
    if _constant(a) or _constant(b):
        return np.nan, np.nan
    tau, p = map(float, stats.kendalltau(a, b))
    return tau, p


def partial(
    x: ArrayLike, y: ArrayLike, covariates: ArrayLike, *, ranks: bool = False, level: float = 0.95
) -> Correlation:
    """Correlate what is left of two variables when covariates have explained what they can, linearly.

    Args:
        x: float (unit,).
        y: float (unit,).
        covariates: float (unit, covariate); a constant one is harmless.
        ranks: Replace all variables by their ranks first (partial Spearman).
        level: Confidence level.

    Returns:
        The partial correlation; interval by Fisher's z and p by Student's t, both with one degree of freedom
        less for each independent covariate.

    Raises:
        ValueError: As for `pearson`, or if fewer than 4 degrees of freedom are left.
    """
    a, b = _pair(x, y)
    others = np.asarray(covariates, float).reshape(len(a), -1)
    if not np.isfinite(others).all():
        raise ValueError("covariates must be finite")
    if ranks:
        a, b, others = stats.rankdata(a), stats.rankdata(b), stats.rankdata(others, axis=0)
    spread = others.std(axis=0)
    scaled = (others - others.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(len(a)), scaled])
    rank = int(np.linalg.matrix_rank(design))
    n = len(a) - (rank - 1)  # units that count once the covariates have taken theirs
    if n < 4:
        raise ValueError(f"{len(a)} units are too few for {rank - 1} covariates")
    left = [v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (a, b)]
    if any(
        np.linalg.norm(rest) <= 1e-9 * np.linalg.norm(v - v.mean())
        for rest, v in zip(left, (a, b), strict=True)
    ):
        return UNDEFINED
    r = float(np.clip(row_correlations(left[0][None], left[1][None])[0], -1, 1))
    t = r * np.sqrt((n - 2) / max(1 - r**2, 1e-300))
    return Correlation(r, *_fisher(r, n, level), float(2 * stats.t.sf(abs(t), n - 2)))


def split_half(first: ArrayLike, second: ArrayLike) -> float:
    """Reliability of a score from its two halves, stepped up to the whole (Spearman-Brown).

    Args:
        first: float (unit,), the score of each unit on one half of its queries.
        second: float (unit,), on the other half.

    Returns:
        At most 1; nan where a half is constant.

    Raises:
        ValueError: As for `pearson`.
    """
    r = pearson(first, second).value
    return float(2 * r / (1 + r)) if r > -1 else np.nan


def disattenuated(r: float, reliability_x: float, reliability_y: float) -> float:
    """Correlation of two variables if both were measured without error; nan where one is all error.

    It may exceed 1, because reliabilities are estimates; read it beside the raw coefficient.
    """
    if not (reliability_x > 0 and reliability_y > 0):
        return np.nan
    return float(r / np.sqrt(reliability_x * reliability_y))


def _pair(x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    a, b = np.asarray(x, float), np.asarray(y, float)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 4 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError(
            f"a correlation needs two lists of at least 4 finite values, not {a.shape} and {b.shape}"
        )
    return a, b


def _constant(values: Array) -> bool:
    """Whether values differ by no more than rounding."""
    return bool(np.ptp(values) <= 1e-12 * np.abs(values).max())


def _fisher(r: float, n: int, level: float) -> tuple[float, float]:
    centre = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
    reach = ndtri(0.5 + level / 2) / np.sqrt(n - 3)
    return float(np.tanh(centre - reach)), float(np.tanh(centre + reach))


def row_correlations(x: Array, y: Array) -> Array:
    """Pearson's r of each row of x (row, unit) with the same row of y; nan where a row is constant."""
    a, b = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    spread = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.divide((a * b).sum(axis=1), spread, out=np.full(len(a), np.nan), where=spread > 0)
