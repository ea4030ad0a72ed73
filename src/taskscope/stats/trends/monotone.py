"""Weighted least-squares curves that only rise or fall, or turn where they may; many curves at once.

Exact by the min-max formula of isotonic regression, which needs no loop over curves. Meant for series of a
few to some twenty models; memory grows with (curve x model x model).
"""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np

Array = np.ndarray


def rising(means: Array, weights: Array) -> Array:
    """Fit the non-decreasing curve of least weighted squares.

    Args:
        means: (curve, model).
        weights: (model,), above 0.

    Returns:
        (curve, model).
    """
    n = means.shape[1]
    total = np.concatenate([[0.0], np.cumsum(weights)])
    sums = np.concatenate([np.zeros((len(means), 1)), np.cumsum(weights * means, axis=1)], axis=1)
    # average[:, a, b]: of the models a to b; where b < a the pair is no stretch and never chosen.
    span = total[None, 1:] - total[:-1, None]
    valid = np.arange(n)[None, :] >= np.arange(n)[:, None]
    average = (sums[:, None, 1:] - sums[:, :-1, None]) / np.where(valid, span, 1.0)
    least = np.where(valid, average, np.inf)
    from_here = np.minimum.accumulate(least[:, :, ::-1], axis=2)[:, :, ::-1]  # over ends at or after b
    reached = np.where(valid, from_here, -np.inf)
    return np.maximum.accumulate(reached, axis=1)[:, np.arange(n), np.arange(n)]


def piecewise(means: Array, weights: Array, turns: int, first_rises: bool) -> tuple[Array, Array]:
    """Fit the best curve of `turns` + 1 stretches that rise and fall in turn.

    Args:
        means: (curve, model).
        weights: (model,), above 0.
        turns: Changes of direction allowed; fewer models than stretches leave some empty.
        first_rises: Direction of the first stretch.

    Returns:
        Fitted values (curve, model) and weighted squares (curve,).
    """
    n_models = means.shape[1]
    best, least = np.zeros_like(means), np.full(len(means), np.inf)
    for cuts in combinations(range(1, n_models), min(turns, n_models - 1)):
        edges = (0, *cuts, n_models)
        parts = []
        for place, (start, stop) in enumerate(pairwise(edges)):
            sign = 1.0 if (place % 2 == 0) == first_rises else -1.0
            parts.append(sign * rising(sign * means[:, start:stop], weights[start:stop]))
        fitted = np.concatenate(parts, axis=1)
        squares = (weights * (means - fitted) ** 2).sum(axis=1)
        better = squares < least
        best[better], least[better] = fitted[better], squares[better]
    return best, least


def best_fit(means: Array, weights: Array, turns: int) -> tuple[Array, Array]:
    """Fit the better of the two curves that begin rising or falling, as `piecewise`."""
    up, up_squares = piecewise(means, weights, turns, True)
    down, down_squares = piecewise(means, weights, turns, False)
    better = up_squares <= down_squares
    return np.where(better[:, None], up, down), np.minimum(up_squares, down_squares)
