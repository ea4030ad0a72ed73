"""Matrices of units against the same units: their cells depend on each other, so units are the sample.

A cell (i, j) shares unit i with its whole row and unit j with its whole column. Intervals therefore leave out
one unit at a time, with its row and column, and tests permute units, never cells (protocol task_spaces 6).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from scipy.special import stdtrit
from scipy.stats import rankdata

Array = np.ndarray


def off_diagonal(n: int) -> Array:
    """Return which cells of an (n, n) matrix are not on its diagonal, bool."""
    return ~np.eye(n, dtype=bool)


def leave_one_out(statistic: Callable[[Array], float], n: int) -> Array:
    """Return a statistic of all units, and of all but one for each unit, (1 + unit,).

    Args:
        statistic: Of the units that are kept, int64 (unit,).
        n: Units, at least 3.
    """
    everyone = np.arange(n)
    return np.array([statistic(everyone), *(statistic(np.delete(everyone, i)) for i in everyone)])


def jackknife(values: Array, level: float = 0.95) -> tuple[float, float, float]:
    """Estimate with an interval from `leave_one_out`: Student's t with one degree of freedom less than units.

    Returns:
        Estimate, low, high; nan where the statistic is not defined on all units or on one subset.
    """
    estimate, left = values[0], values[1:]
    error = np.sqrt((len(left) - 1) / len(left) * ((left - left.mean()) ** 2).sum())
    reach = stdtrit(len(left) - 1, 0.5 + level / 2) * error
    return float(estimate), float(estimate - reach), float(estimate + reach)


def pairwise_rest(matrix: Array) -> Array:
    """Take out of the off-diagonal cells what row and column add, by least squares; the diagonal is nan.

    Args:
        matrix: (unit, unit), 3 units or more.
    """
    off = off_diagonal(len(matrix))
    basis = _rows_and_columns(len(matrix))
    rest = np.full(matrix.shape, np.nan)
    rest[off] = matrix[off] - basis @ (basis.T @ matrix[off])
    return rest


@cache
def _rows_and_columns(n: int) -> Array:
    """Orthonormal basis of what rows and columns add to off-diagonal cells, (cell, 2 n - 1)."""
    rows, columns = np.nonzero(off_diagonal(n))
    design = np.concatenate([np.eye(n)[rows], np.eye(n)[columns]], axis=1)
    basis, singular, _ = np.linalg.svd(design, full_matrices=False)
    return basis[:, singular > 1e-9 * singular[0]]


def partial_correlation(x: Array, y: Array, covariates: Sequence[Array]) -> float:
    """Correlate off-diagonal cells (Pearson), with what covariates explain taken out.

    Args:
        x: (unit, unit).
        y: (unit, unit).
        covariates: Matrices of the same shape; none gives Pearson's correlation.

    Returns:
        nan where nothing is left of one of them.
    """
    off = off_diagonal(len(x))
    away = _explaining(len(x), covariates)
    return float(_correlations(away(x[off])[None], away(y[off])[None])[0])


def residual(x: Array, covariates: Sequence[Array]) -> Array:
    """Take what covariates explain out of off-diagonal cells (`partial_correlation`); the diagonal is nan.

    Args:
        x: (unit, unit).
        covariates: Matrices of the same shape.
    """
    off = off_diagonal(len(x))
    rest = np.full(x.shape, np.nan)
    rest[off] = _explaining(len(x), covariates)(x[off])
    return rest


def ranked(x: Array) -> Array:
    """Replace off-diagonal cells by their ranks from 1, ties in the middle; the diagonal is nan."""
    off = off_diagonal(len(x))
    ranks = np.full(x.shape, np.nan)
    ranks[off] = rankdata(x[off])
    return ranks


def permuted_groups(
    x: Array, groups: Array, covariates: Sequence[Array], rng: np.random.Generator, draws: int
) -> Array:
    """Partial correlation of a matrix with "same group", the groups dealt anew to the units each time.

    Args:
        x: (unit, unit).
        groups: (unit,) labels.
        covariates: As in `partial_correlation`; they stay where they are.
        rng: Source of randomness.
        draws: Permutations.

    Returns:
        (draw,) what the correlation would be if groups had nothing to do with the matrix (Mantel's test).
    """
    off = off_diagonal(len(x))
    away = _explaining(len(x), covariates)
    rest = away(x[off])
    found = []
    for start in range(0, draws, 500):
        dealt = np.stack([rng.permutation(groups) for _ in range(min(500, draws - start))])
        same = (dealt[:, :, None] == dealt[:, None, :])[:, off].astype(float)
        found.append(_correlations(np.broadcast_to(rest, same.shape), away(same)))
    return np.concatenate(found)


def permuted_units(
    x: Array, y: Array, covariates: Sequence[Array], rng: np.random.Generator, draws: int
) -> Array:
    """Partial correlation of two matrices, the units of the second exchanged anew each time (Mantel's test).

    Args:
        x: (unit, unit).
        y: (unit, unit), of which rows and columns are exchanged together.
        covariates: As in `partial_correlation`; they stay where they are.
        rng: Source of randomness.
        draws: Permutations.

    Returns:
        (draw,) nan where nothing is left of one of them.
    """
    n = len(x)
    off = off_diagonal(n)
    away = _explaining(n, covariates)
    rest = away(x[off])
    found = []
    for start in range(0, draws, 500):
        orders = np.stack([rng.permutation(n) for _ in range(min(500, draws - start))])
        moved = y[orders[:, :, None], orders[:, None, :]][:, off]
        found.append(_correlations(np.broadcast_to(rest, moved.shape), away(moved)))
    return np.concatenate(found)


def same_group(groups: Array) -> Array:
    """Return (unit, unit) float64, 1 where two units are of one group."""
    return (groups[:, None] == groups[None, :]).astype(float)


def _explaining(n: int, covariates: Sequence[Array]) -> Callable[[Array], Array]:
    """Return a function that takes out of (..., cell) a constant and the covariates, bent or straight.

    Each goes in with its values, their squares and cubes: an effect need not follow a covariate in a line.
    """
    off = off_diagonal(n)
    columns = [each[off] ** power for each in covariates for power in (1, 2, 3)]
    scaled = [(c - c.mean()) / max(c.std(), 1e-12) for c in columns]
    basis, singular, _ = np.linalg.svd(np.stack([np.ones(n * (n - 1)), *scaled], axis=1), full_matrices=False)
    basis = basis[:, singular > 1e-9 * singular[0]]
    return lambda values: values - (values @ basis) @ basis.T


def _correlations(a: Array, b: Array) -> Array:
    """Correlate rows (row, cell); nan where nothing is left of one."""
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    spread = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.divide((a * b).sum(axis=1), spread, out=np.full(len(a), np.nan), where=spread > 1e-9)
