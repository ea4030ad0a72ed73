"""Whether values rise or fall along ordered conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

Direction = Literal["rising", "falling"]


class Trend(NamedTuple):
    """A one-sided test of a trend in a direction that was fixed beforehand."""

    statistic: float
    """Page's L, or Kendall's tau-b of order and value."""
    p: float


def page(values: ArrayLike, direction: Direction) -> Trend:
    """Page's test: every unit is measured under every condition.

    Args:
        values: float (unit, condition), conditions in their order; at least 2 units and 3 conditions.
        direction: Where the values should go along the conditions.

    Raises:
        ValueError: If there are too few units or conditions.
    """
    table = np.asarray(values, float)
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] < 3:
        raise ValueError(f"Page's test needs 2 units and 3 conditions or more, not {table.shape}")
    found = stats.page_trend_test(table if direction == "rising" else -table, method="auto")
    return Trend(float(found.statistic), float(found.pvalue))


def jonckheere(groups: Sequence[ArrayLike], direction: Direction) -> Trend:
    """Jonckheere-Terpstra test: each condition has units of its own.

    The test is Kendall's test of the number of the condition against the value, ties allowed for; the
    coefficient it gives back, tau-b, says how strong the trend is.

    Args:
        groups: Values of each condition, (unit,) each, conditions in their order.
        direction: Where the values should go along the conditions.

    Raises:
        ValueError: If there are fewer than 2 conditions, or one is empty.
    """
    lists = [np.asarray(group, float) for group in groups]
    if len(lists) < 2 or any(len(group) == 0 for group in lists):
        raise ValueError("a trend needs at least 2 conditions, each with a value")
    order = np.repeat(np.arange(len(lists)), [len(group) for group in lists])
    values = np.concatenate(lists)
    if np.ptp(values) == 0:
        return Trend(0.0, 1.0)
    side = "greater" if direction == "rising" else "less"
    tau, p = map(float, stats.kendalltau(order, values, method="asymptotic", alternative=side))
    return Trend(tau, p)
