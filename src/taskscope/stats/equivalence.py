"""Whether a mean is as good as zero: a claim of no effect needs a test of its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


class Equivalence(NamedTuple):
    """Two one-sided t tests (TOST)."""

    mean: float
    low: float
    """Lower end of the interval of level 1 - 2 alpha, which lies within the margin when the test rejects."""
    high: float
    p: float
    """Of a mean that lies outside the margin; small means equivalent."""


def tost(differences: ArrayLike, margin: float, alpha: float = 0.05) -> Equivalence:
    """Test whether the mean difference lies within plus or minus a margin.

    Args:
        differences: float (unit,), independent, at least 2.
        margin: Largest difference that would not matter, above 0, in the same unit.
        alpha: Level of each one-sided test; fixes the interval alone.

    Raises:
        ValueError: If there are fewer than 2 differences, or the margin is not above 0.
    """
    d = np.asarray(differences, float)
    if d.ndim != 1 or len(d) < 2 or not margin > 0:
        raise ValueError("an equivalence test needs at least 2 differences and a margin above 0")
    mean, error = float(d.mean()), float(d.std(ddof=1) / np.sqrt(len(d)))
    if error <= 1e-12 * max(abs(mean), margin):  # no spread at all: the mean is what it is
        return Equivalence(mean, mean, mean, 0.0 if abs(mean) < margin else 1.0)
    reach = float(stats.t.ppf(1 - alpha, len(d) - 1)) * error
    p = float(stats.t.sf((margin - abs(mean)) / error, len(d) - 1))
    return Equivalence(mean, mean - reach, mean + reach, p)
