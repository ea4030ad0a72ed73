"""Two independent groups whose spreads may differ by orders of magnitude."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats


class Comparison(NamedTuple):
    """First group compared with the second; positive where the first is higher."""

    t: float
    """Welch's t; infinite where neither group varies and the means differ."""
    p: float
    """Two-sided, of equal means."""
    hedges_g: float
    """Difference of means in pooled standard deviations, corrected for small groups."""
    superiority: float
    """Chance that a value of the first group exceeds one of the second, ties counted half."""
    superiority_p: float
    """Two-sided Brunner-Munzel test that this chance is one half; needs no equal spreads, no bell shape."""


def compare(first: ArrayLike, second: ArrayLike) -> Comparison:
    """Compare two groups by their means and by their ranks.

    Values that differ by rounding alone (a part in 10^12 of the largest) count as equal: scores of groups at
    the same ceiling would otherwise have a spread, and an order.

    Args:
        first: float (unit,), at least 2.
        second: float (unit,), at least 2.

    Raises:
        ValueError: If a group has fewer than 2 values.
    """
    a, b = np.asarray(first, float), np.asarray(second, float)
    if min(len(a), len(b)) < 2:
        raise ValueError("each group needs at least 2 values")
    unit = 1e-12 * max(np.abs(a).max(), np.abs(b).max()) or 1.0
    # Whole numbers have exact means, and no result has a unit.
    a, b = np.round(a / unit), np.round(b / unit)
    t, p = welch_from_summary(a.mean(), a.std(ddof=1), len(a), b.mean(), b.std(ddof=1), len(b))
    superiority = float((np.sign(a[:, None] - b[None, :]).mean() + 1) / 2)
    return Comparison(t, p, hedges_g(a, b), superiority, _brunner_munzel(a, b, superiority))


def welch_from_summary(
    mean_a: float, sd_a: float, n_a: int, mean_b: float, sd_b: float, n_b: int
) -> tuple[float, float]:
    """Welch's t and its two-sided p value from means, standard deviations and group sizes.

    Where neither group varies, t is 0 for equal means (p = 1) and infinite otherwise (p = 0).
    """
    if sd_a == 0 and sd_b == 0:
        return (0.0, 1.0) if mean_a == mean_b else (float(np.copysign(np.inf, mean_a - mean_b)), 0.0)
    found = stats.ttest_ind_from_stats(mean_a, sd_a, n_a, mean_b, sd_b, n_b, equal_var=False)
    return float(found[0]), float(found[1])


def hedges_g(first: ArrayLike, second: ArrayLike) -> float:
    """Difference of means in pooled standard deviations, with the exact correction for small groups.

    Infinite where neither group varies and the means differ, 0 where they agree too.
    """
    a, b = np.asarray(first, float), np.asarray(second, float)
    freedom = len(a) + len(b) - 2
    pooled = np.sqrt(((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / freedom)
    gap = float(a.mean() - b.mean())
    if pooled == 0:
        return float(np.copysign(np.inf, gap)) if gap else 0.0
    correction = np.exp(special.gammaln(freedom / 2) - special.gammaln((freedom - 1) / 2)) / np.sqrt(
        freedom / 2
    )
    return float(gap / pooled * correction)


def _brunner_munzel(a: np.ndarray, b: np.ndarray, superiority: float) -> float:
    """P value; where all ranks within each group agree the test divides by zero, and the answer is plain."""
    ranks = stats.rankdata(np.concatenate([a, b]))
    within = np.concatenate([stats.rankdata(a), stats.rankdata(b)])
    placement = ranks - within
    if np.ptp(placement[: len(a)]) == 0 and np.ptp(placement[len(a) :]) == 0:
        return 1.0 if superiority == 0.5 else 0.0
    return float(stats.brunnermunzel(a, b).pvalue)
