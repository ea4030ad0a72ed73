"""Comparing models among items of like coverage: whether a trend is more than one of coverage (E7 c).

Where a model holds the listed classes unlikely, its choice among them says little. If coverage itself changes
along a series, performance may change with it. So items are sorted by coverage into strata, each model's mean
is taken within strata, and the strata are weighed alike for all models.
"""

from __future__ import annotations

import numpy as np

STRATA = 5
"""Strata of coverage, with as many of all items of all models in each."""
FEWEST = 10
"""Items of every model in a stratum, below which it is left out for all."""
SAME = 1e-6
"""Difference of log coverage that counts as none, nats."""


def matched(scores: np.ndarray, total: np.ndarray | None) -> np.ndarray | None:
    """Return scores whose means compare models at like coverage, (model, item).

    An item's score is its model's matched mean plus what the item itself adds to that, so that resampling
    items tells how far off the matched mean may be.

    Args:
        scores: (model, item) performance.
        total: (model, item) log of the probability on all classes; None where unknown.

    Returns:
        None where coverage is unknown or the same throughout, so that there is nothing to match, or where the
        models have no stratum in common, so that nothing can be matched.
    """
    if total is None or np.ptp(total) < SAME:
        return None
    edges = np.quantile(total, np.linspace(0, 1, STRATA + 1)[1:-1])
    stratum = np.searchsorted(edges, total, side="right")  # (model, item)
    inside = stratum[..., None] == np.arange(STRATA)  # (model, item, stratum)
    counts = inside.sum(axis=1)
    common = counts.min(axis=0) >= FEWEST
    if not common.any():
        return None
    weights = np.where(common, counts.sum(axis=0), 0)
    weights = weights / weights.sum()
    means = (scores[..., None] * inside).sum(axis=1) / np.maximum(counts, 1)
    matched_mean = (means * weights).sum(axis=1, keepdims=True)
    share = np.where(common, weights * scores.shape[1] / np.maximum(counts, 1), 0.0)  # (model, stratum)
    model = np.arange(len(scores))[:, None]
    return matched_mean + share[model, stratum] * (scores - means[model, stratum])
