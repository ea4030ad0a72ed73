"""From attention over tokens to one weight for each demonstration, in five ways (M2)."""

from __future__ import annotations

import numpy as np

from taskscope.studies.kernel_regression.asking import Layout

AGGREGATIONS = ("max", "label", "span sum", "label sum", "mean")
"""Largest weight from the first token of x to the last of y, as published; weight of the label's last token;
sum over all of these tokens; sum over the label's tokens; mean over all of these tokens."""
PUBLISHED = AGGREGATIONS[0]


def demonstration_weights(row: np.ndarray, layout: Layout) -> np.ndarray:
    """Give every demonstration one weight in each of `AGGREGATIONS`.

    Args:
        row: Attention of the last token, (block, head, token).
        layout: Where the demonstrations stand.

    Returns:
        float32 (aggregation, block, head, demonstration), not normalised.
    """
    found = np.empty((len(AGGREGATIONS), *row.shape[:2], len(layout.labels)), np.float32)
    for i, ((start, _), (label, end)) in enumerate(zip(layout.texts, layout.labels, strict=True)):
        span, own = row[..., start:end], row[..., label:end]
        found[..., i] = np.stack(
            [span.max(axis=-1), row[..., end - 1], span.sum(axis=-1), own.sum(axis=-1), span.mean(axis=-1)]
        )
    return found


def vote_shares(weights: np.ndarray, shown: np.ndarray, n_classes: int) -> np.ndarray:
    """Let demonstrations vote for their classes: sum_i w_i 1[y_i = c] / sum_i w_i (M2.2).

    Args:
        weights: (..., demonstration), none below 0.
        shown: (demonstration,) class of each.
        n_classes: Number of classes.

    Returns:
        (..., class) shares that add up to 1; all alike where no demonstration has any weight.
    """
    votes = weights @ np.eye(n_classes, dtype=weights.dtype)[shown]
    total = votes.sum(axis=-1, keepdims=True)
    alike = np.full_like(votes, 1 / n_classes)
    return np.divide(votes, total, out=alike, where=total > 0)
