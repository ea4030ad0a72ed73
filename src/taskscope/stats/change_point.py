"""Where a short curve changes its level, and whether any order of its values would show as much."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from math import factorial

import numpy as np

Array = np.ndarray
FEWEST = 4
"""Values below which no order is rare enough to say anything."""
_ALL_ORDERS = 7
"""Values up to which every order is tried."""


@dataclass(frozen=True)
class ChangePoint:
    """The split of a curve whose two sides differ most."""

    place: int
    """Values on the first side."""
    before: float
    """Mean of the first side."""
    after: float
    p: float
    """Share of orders of the same values with a split as large."""
    least: float
    """The smallest p that so many values can give: above .05 nothing can be shown."""


def change_point(values: Array, rng: np.random.Generator, draws: int = 5000) -> ChangePoint:
    """Test for one change of level: the largest weighted difference of means of two sides, over all splits.

    Under no change all orders of the values are as likely; up to seven values all of them are tried, else as
    many as asked for. A steady slope counts as a change too.

    Args:
        values: (step,), `FEWEST` or more, finite.
        rng: Source of randomness.
        draws: Orders tried where there are too many for all.

    Raises:
        ValueError: If there are fewer values.
    """
    n = len(values)
    if n < FEWEST:
        raise ValueError(f"{n} values; at least {FEWEST} are needed for a change")
    if n <= _ALL_ORDERS:
        orders = np.array(list(permutations(range(n))))
    else:
        # The order found is one of those that could have come about.
        orders = np.stack([np.arange(n), *(rng.permutation(n) for _ in range(draws))])
    own = _contrasts(values[None])[0]
    place = int(own.argmax()) + 1
    reached = _contrasts(values[orders]).max(axis=1) >= own.max() - 1e-12
    return ChangePoint(
        place=place,
        before=float(values[:place].mean()),
        after=float(values[place:].mean()),
        p=float(reached.mean()),
        least=2 * factorial(n // 2) * factorial(n - n // 2) / factorial(n),
    )


def _contrasts(values: Array) -> Array:
    """Weighted difference of means for each split, (order, split)."""
    n = values.shape[1]
    first = np.arange(1, n)
    sums = values.cumsum(axis=1)
    left, right = sums[:, :-1] / first, (sums[:, -1:] - sums[:, :-1]) / (n - first)
    return np.abs(left - right) * np.sqrt(first * (n - first) / n)
