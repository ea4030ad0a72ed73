"""What words and an untrained model's gradients explain of a map, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.stats.matrices import off_diagonal
from taskscope.studies.task_spaces.patterns.outside import Outside

Array = np.ndarray
_APART = 4.0
"""Units by which phenomena are taken to differ. Each may have a mean of its own beside what is explained, so
that words do not get what a phenomenon has; but at a price, or where all cells of a phenomenon have the same
words, what words do there would be told from other words altogether."""
_ROUNDS = 10
_FAR = 4.685
"""Spreads beyond which a cell has no weight (Tukey's biweight, 95 % as sharp as least squares)."""
_TWICE = 2.0
"""Cells (i, j) and (j, i) have the same words, and nearly say the same."""


@dataclass(frozen=True)
class Explained:
    """The part of a map that likeness explains, linear in its columns."""

    part: Array
    """(tuned, judged), the same for both halves."""
    columns: Array
    """(tuned, judged, column) what it is made of, in units, rows and columns of the map taken out; 0 on the
    diagonal."""
    error: Array
    """(column, column): random numbers times it are errors of the weights of the columns."""


def explained(outside: Outside, likeness: Sequence[Array]) -> Explained:
    """Fit likeness to a map, robustly, each phenomenon with a mean of its own.

    Likeness goes in with its values, their squares and cubes, as in claim 6, each in units of the cell: a
    tuning that moves everything twice as far moves twice as far what has the same words. Beside these go the
    bare values, in case it does not, and the unit itself, for what any tuning does to any task. Cells far
    from what is explained lose weight: where tasks are opposed, that is not to be explained by words.

    Args:
        outside: The map.
        likeness: Matrices (task, task).
    """
    n, off = outside.n, off_diagonal(outside.n)
    unit = outside.units(np.arange(n))
    powers = [unit * each**power for each in likeness for power in (1, 2, 3)]
    whole = np.stack([*powers, *likeness, unit])
    bare = outside.remainder(whole) / unit
    spread = bare[:, off].std(axis=1)
    scale = np.where(spread > 1e-12, spread, np.inf)[:, None, None]
    x = (bare / scale)[:, off].T
    y = (outside.rest.mean(axis=0) / unit)[off]
    same = (outside.groups[:, None] == outside.groups)[off]
    of = np.broadcast_to(outside.groups[:, None], (n, n))[off]
    own = (of[:, None] == np.unique(of[same])) & same[:, None]
    design = np.concatenate([x, own], axis=1)
    price = np.diag(np.concatenate([np.zeros(x.shape[1]), np.full(own.shape[1], _APART**-2)]))
    weight = np.ones(len(y))
    inverse, found, left = _fitted(design, y, price, weight)
    for _ in range(_ROUNDS - 1):
        weight = _near(left)
        inverse, found, left = _fitted(design, y, price, weight)
    weight = _near(left)
    k = x.shape[1]
    around = (weight * left**2).sum() / max(weight.sum(), 1e-12)
    values, vectors = np.linalg.eigh(_TWICE * around * inverse[:k, :k])
    columns = np.zeros((n, n, k))
    columns[off] = x
    return Explained(
        part=np.tensordot(found[:k], whole / scale, axes=1),
        columns=columns,
        error=(vectors * np.sqrt(np.maximum(values, 0))).T,
    )


def _fitted(design: Array, y: Array, price: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Fit y by weighted least squares; return the inverse, the coefficients and what is left of y."""
    inverse = np.linalg.pinv(design.T * weight @ design + price, rcond=1e-10, hermitian=True)
    found = inverse @ (design.T * weight @ y)
    return inverse, found, y - design @ found


def _near(left: Array) -> Array:
    """Weigh cells by how near they are to what is explained (Tukey's biweight); 0 where far."""
    far = np.abs(left) / max(_FAR * 1.4826 * float(np.median(np.abs(left))), 1e-12)
    return np.where(far < 1, (1 - np.minimum(far, 1) ** 2) ** 2, 0)
