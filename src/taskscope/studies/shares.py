"""Intervals of shares, and of products of shares, that hold where all resamples agree.

A bootstrap of units that are all wrong, or all right, would claim to be certain. Arrays have the estimate in
front: (1 + draw,).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.stats.intervals import wilson
from taskscope.studies.judgement import Measure


def share(draws: np.ndarray, n: int) -> Measure:
    """Read a share with its interval; where all draws agree, Wilson's for as many units as there are.

    Args:
        draws: (1 + draw,) shares.
        n: Independent units behind them.
    """
    found = Measure.of(draws)
    if found.low < found.high:
        return found
    ends = wilson(min(max(found.value, 0.0), 1.0), n)
    return Measure(found.value, float(ends.low), float(ends.high))


def product(factors: Sequence[np.ndarray], n: int) -> Measure:
    """Read a product of shares; where all draws agree, its ends are products of the factors' ends.

    A product is no share that was observed, so Wilson's interval is of its factors and not of itself.

    Args:
        factors: (1 + draw,) shares each.
        n: Independent units behind every one of them.
    """
    found = Measure.of(np.prod(factors, axis=0))
    if found.low < found.high:
        return found
    each = [share(draws, n) for draws in factors]
    return Measure(found.value, float(np.prod([m.low for m in each])), float(np.prod([m.high for m in each])))
