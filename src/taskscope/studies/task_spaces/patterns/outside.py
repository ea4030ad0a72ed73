"""Cells of a map in units of what cells outside phenomena differ by, so that phenomena can be compared.

Tasks of a phenomenon may be moved more than others by whatever is tuned, or move others more; then everything
inside it is large, and nothing of it is due to the phenomenon. So a cell is told from what its row and column
do **outside** phenomena: their sum is taken from it, and the rest is divided by the spread of the two. A
group mixed of several phenomena is treated alike: its cells are told from the others, without its own.
"""

from __future__ import annotations

import numpy as np

from taskscope.stats.matrices import off_diagonal

Array = np.ndarray
_AT_ONCE = 250
"""Mixed groups worked out together at most, to keep memory small."""
_NUMBERS = 1 << 24
"""Of their systems, which have tasks to the fourth power each."""
_FITS = 6
"""Rounds of fitting rows and columns, each weighted by what the one before left."""
_ROUNDS = 8
"""Of fitting the spreads of rows and of columns in turn."""
_LEAST = 1e-12


class Outside:
    """A map with what rows and columns add outside phenomena taken out, and their spread there."""

    def __init__(self, effects: Array, groups: Array) -> None:
        """Fit rows and columns.

        Args:
            effects: (half, tuned, judged); the diagonal is not looked at.
            groups: (task,) int64 the phenomenon of each; three or more.
        """
        self.groups, self.n = groups, len(groups)
        self.cells = groups[:, None] != groups[None, :]
        self._counts = self.cells.sum(axis=1)
        self._spread = np.ones((self.n, self.n))
        """(tuned, judged) variance of a cell, that of its row times that of its column."""
        for _ in range(_FITS):
            self._fit(effects)

    def _fit(self, effects: Array) -> None:
        """Fit rows and columns, cells weighted by their spread so far, and the spread of what they leave."""
        self._weights = weights = self.cells / self._spread
        """(tuned, judged) of the fit; 0 inside."""
        by_row, by_column = np.diag(weights.sum(axis=1)), np.diag(weights.sum(axis=0))
        self._inverse = np.linalg.pinv(
            np.block([[by_row, weights], [weights.T, by_column]]), rcond=1e-10, hermitian=True
        )
        """(row or column, row or column), of the normal equations."""
        self.rest = self.remainder(effects)
        """(half, tuned, judged) without what row and column add."""
        # A row of great weight draws the columns to itself: what it leaves is small for that alone.
        freedom = np.maximum(1 - self._leverage() * weights, _LEAST)
        squares = np.where(self.cells, (self.rest**2).mean(axis=0) / freedom + _LEAST, 0)
        rows, columns = np.ones(self.n), np.ones(self.n)
        for _ in range(_ROUNDS):
            rows = (squares / columns).sum(axis=1) / self._counts
            columns = (squares / rows[:, None]).sum(axis=0) / self._counts
        self._spread = np.outer(rows, columns)
        self._share = squares / self._spread
        """(tuned, judged) squares in units of the spread; 0 inside."""

    def _leverage(self) -> Array:
        """(tuned, judged) how far the fit of a cell goes with the cell, for a weight of 1."""
        n, inverse = self.n, self._inverse
        mixed = inverse[:n, n:] + inverse[n:, :n].T
        return np.diag(inverse)[:n, None] + np.diag(inverse)[None, n:] + mixed

    def _added(self, matrix: Array) -> tuple[Array, Array]:
        """Fit what rows and columns add to the cells outside phenomena: (..., task) each."""
        told = np.where(self.cells, matrix, 0) * self._weights
        found = np.concatenate([told.sum(axis=-1), told.sum(axis=-2)], axis=-1) @ self._inverse
        return found[..., : self.n], found[..., self.n :]

    def remainder(self, matrix: Array) -> Array:
        """Take out of any matrix (..., task, task) what its rows and columns add outside phenomena."""
        rows, columns = self._added(matrix)
        return matrix - rows[..., :, None] - columns[..., None, :]

    @property
    def noise(self) -> float:
        """Standard error of a cell, mean of two halves, from their difference, in units."""
        difference = (self.rest[0] - self.rest[1])[self.cells] / np.sqrt(self._spread[self.cells])
        free = max(1 - (2 * self.n - 1) / self.cells.sum(), _LEAST)
        return float(np.sqrt((difference**2).mean() / free) / 2)

    def units(self, members: Array) -> Array:
        """(member, member) what a unit is in the cells of a phenomenon."""
        return np.sqrt(self._spread[np.ix_(members, members)])

    def inside(self, members: Array) -> tuple[Array, Array]:
        """Return the cells of a phenomenon (half, 1, member, member), and which of them count."""
        cells = self.rest[:, members[:, None], members] / self.units(members)
        return cells[:, None], off_diagonal(len(members))[None]

    def mixed(self, dealt: Array) -> tuple[Array, Array]:
        """Return the cells of mixed groups (half, group, member, member), and which of them count.

        What is told of a cell is told without the cells of its group: these leave the sums of rows and
        columns (deleted residuals) and their spread.

        Args:
            dealt: (group, member) tasks.
        """
        at_once = max(1, min(_AT_ONCE, _NUMBERS // dealt.shape[1] ** 4))
        parts = [self._some_mixed(dealt[i : i + at_once]) for i in range(0, len(dealt), at_once)]
        cells, counted = zip(*parts, strict=True)
        return np.concatenate(cells, axis=1), np.concatenate(counted)

    def _some_mixed(self, dealt: Array) -> tuple[Array, Array]:
        groups, size = dealt.shape
        rows, columns = np.broadcast_arrays(dealt[:, :, None], dealt[:, None, :])
        counted = self.cells[rows, columns]
        at, to, flat = (each.reshape(groups, -1) for each in (rows, columns + self.n, counted))
        own = sum(self._inverse[a[:, :, None], b[:, None, :]] for a in (at, to) for b in (at, to))
        heavy = np.where(flat, np.sqrt(self._weights[at, to - self.n]), 0)
        leverage = own * heavy[:, :, None] * heavy[:, None, :]
        rest = heavy * np.where(flat, self.rest[:, at, to - self.n], 0)
        left = np.linalg.solve((1 + 1e-9) * np.eye(size * size) - leverage, np.moveaxis(rest, 0, -1))
        left /= np.where(flat, heavy, 1)[:, :, None]
        share = np.where(counted, self._share[rows, columns], 0)
        by_row, by_column = (
            (self._counts[dealt] - share.sum(axis=axis))
            / np.maximum(self._counts[dealt] - counted.sum(axis=axis), 1)
            for axis in (2, 1)
        )
        without = np.maximum(by_row[:, :, None] * by_column[:, None, :], _LEAST)
        spread = np.sqrt(self._spread[rows, columns] * without)
        return np.moveaxis(left, -1, 0).reshape(-1, groups, size, size) / spread, counted


def mixed_groups(groups: Array, size: int, draws: int, rng: np.random.Generator) -> Array:
    """Draw groups of tasks, each of a different phenomenon, or as near as can be.

    Args:
        groups: (task,) int64 the phenomenon of each.
        size: Tasks of a group.
        draws: Groups drawn; those drawn twice count once.
        rng: Source of randomness.

    Returns:
        (group, size) int64, different groups, each in ascending order.
    """
    same = groups[:, None] == groups[None, :]
    dealt = []
    for start in range(0, draws, _AT_ONCE):
        key = rng.random((min(_AT_ONCE, draws - start), len(groups)))
        # No second task of a phenomenon comes before the first of every other.
        turn = (same & (key[:, None, :] < key[:, :, None])).sum(axis=2)
        dealt.append(np.argsort(turn + rng.random(key.shape), axis=1)[:, :size])
    return np.unique(np.sort(np.concatenate(dealt), axis=1), axis=0)
