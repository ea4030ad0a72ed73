"""Which cells of a matrix differ from 0, where the matrix was measured twice, on halves that share nothing.

What one half says of a cell and the other does not is chance, whatever it comes from: cases, tuning, order.
Two values alone tell little of its spread, so the spread of a cell is told from those of its row and column,
and moderated by its own (Smyth 2004, "Linear models and empirical Bayes methods").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from taskscope.stats.matrices import off_diagonal

Array = np.ndarray
FEWEST_UNITS = 5
"""Units below which a row has too few other cells to tell a spread from."""
_ROUNDS = 20
"""Of fitting the spreads of rows and of columns in turn."""
_LEAST = 1e-12
_GRID = 24
"""Degrees of freedom that are tried, evenly in their logarithm."""
_CONTRADICTED = 1.92
"""Of the logarithm of the likelihood: half of the 95 % point of chi squared with one degree of freedom."""
_MOST_FREEDOM = 100.0
"""Degrees of freedom from which spreads count as told by row and column alone."""


@dataclass(frozen=True)
class Spread:
    """How far halves of a matrix differ by chance."""

    square: Array
    """(unit, unit) squared standard error of the mean of both halves, as rows and columns tell it without the
    cell itself; nan on the diagonal."""
    freedom: float
    """Degrees of freedom that this is worth: how alike cells are, their rows and columns given."""


def spread(differences: Array) -> Spread:
    """Tell the spread of every cell from half the differences between halves.

    A cell's expected square is that of its row times that of its column, each without the cell.

    Args:
        differences: (draw, unit, unit), half of first less second; nan where nothing was measured.
    """
    squares = differences**2
    seen = np.isfinite(squares).all(axis=0) & off_diagonal(differences.shape[-1])
    mean = np.where(seen, squares.mean(axis=0), 0.0)
    rows, columns = np.ones(len(mean)), np.ones(len(mean))
    by_row, by_column = (np.maximum(seen.sum(axis=axis), 1) for axis in (1, 0))
    for _ in range(_ROUNDS):
        rows = np.maximum((mean / columns).sum(axis=1) / by_row, _LEAST)
        columns = np.maximum((mean / rows[:, None]).sum(axis=0) / by_column, _LEAST)
    others_of_row = (rows * by_row)[:, None] - mean / columns
    others_of_column = columns * by_column - mean / rows[:, None]
    left = np.maximum(others_of_row, _LEAST) / np.maximum(by_row - 1, 1)[:, None]
    up = np.maximum(others_of_column, _LEAST) / np.maximum(by_column - 1, 1)
    expected = left * up
    freedom, factor = _tail((np.abs(differences) / np.sqrt(expected))[:, seen].ravel())
    return Spread(np.where(seen, factor**2 * expected, np.nan), freedom)


def _tail(units: Array) -> tuple[float, float]:
    """Fit Student's t to differences in units of their spread: the fewest degrees of freedom, and its scale.

    Few differences tell little of how far the far ones reach, so the fewest degrees of freedom count that
    they do not contradict (95 %, likelihood ratio).
    """
    freedom = np.geomspace(1, _MOST_FREEDOM, _GRID)[:, None]
    square = np.full(freedom.shape, max(float((units**2).mean()), _LEAST))
    for _ in range(_ROUNDS):
        square = np.maximum(
            ((freedom + 1) * units**2 / (freedom + units**2 / square)).mean(axis=1, keepdims=True), _LEAST
        )
    likely = student.logpdf(units, freedom, scale=np.sqrt(square)).sum(axis=1)
    first = int((likely >= likely.max() - _CONTRADICTED).argmax())
    return float(freedom[first, 0]), float(np.sqrt(square[first, 0]))


def in_common(halves: Array) -> tuple[float, float]:
    """Return the shares of chance between halves that are common to whole rows, and to whole columns.

    Tests of cells take chance for a cell's own. A row that is moved as a whole in one half is one accident
    and looks like many findings: without any effect at most 4 % of matrices of 19 or 67 units have a claim at
    a false-discovery rate of 5 % while rows share 5 % of chance, 2 % and 16 % at a fifth, 27 % and 72 % at
    half.

    Args:
        halves: As in `moderated`.

    Returns:
        Rows, columns; 0 where means of rows differ as much as chance alone makes them.
    """
    differences = (halves[:, 0] - halves[:, 1]) / 2
    off = np.where(off_diagonal(differences.shape[-1]), differences, np.nan)
    found = []
    for axis in (2, 1):
        cells = np.isfinite(off).sum(axis=axis)
        means = np.where(cells > 0, np.nansum(off, axis=axis) / np.maximum(cells, 1), np.nan)
        chance = 1 / max(float(cells.mean()), 2.0)
        share = float(np.nanmean(means**2) / max(float(np.nanmean(off**2)), _LEAST))
        found.append(max(0.0, (share - chance) / (1 - chance)))
    return found[0], found[1]


def moderated(halves: Array) -> Array:
    """Test every off-diagonal cell against 0 in both directions.

    Where several draws of halves share cases, their mean is tested with the error of one draw: more draws of
    the same cases are not taken for more cases.

    Args:
        halves: (draw, half, unit, unit) of two halves that share no case within a draw; `FEWEST_UNITS` units
            or more. nan where nothing was measured.

    Returns:
        P values (unit, unit), nan where nothing was measured and on the diagonal; 1 where the two halves,
        each a mean over draws, differ in sign.
    """
    differences = (halves[:, 0] - halves[:, 1]) / 2
    known = spread(differences)
    own = (differences**2).mean(axis=0)
    square = (known.freedom * known.square + own) / (known.freedom + 1)
    first, second = halves.mean(axis=0)
    found = 2 * student.sf(np.abs(first + second) / 2 / np.sqrt(square), known.freedom + 1)
    # What the halves do not agree on is no finding, however quiet its row and column are.
    return np.where(np.isfinite(square), np.where(first * second > 0, found, 1.0), np.nan)
