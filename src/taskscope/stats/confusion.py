"""Confusion counts of classifiers, and the macro-F1 read from them.

Counts add up over draws, so resampling draws costs one matrix product whatever the number of queries.
"""

from __future__ import annotations

import numpy as np


def confusions(
    gold: np.ndarray, predicted: np.ndarray, units: np.ndarray, n_units: int, n_classes: int
) -> np.ndarray:
    """Count (unit, gold class, predicted class).

    Args:
        gold: (row,) class.
        predicted: (row,) class.
        units: (row,) number of the unit that a row belongs to, from 0 to n_units - 1.
        n_units: Units; one without a row has no counts.
        n_classes: Classes.
    """
    flat = (units * n_classes + gold) * n_classes + predicted
    counts = np.bincount(flat, minlength=n_units * n_classes**2)
    return counts.reshape(n_units, n_classes, n_classes).astype(float)


def macro_f1(counts: np.ndarray) -> np.ndarray:
    """Return the mean over classes of F1, (...,), from counts (..., gold class, predicted class).

    F1 of a class is 2 TP / (2 TP + FP + FN), and 0 where the class is neither there nor predicted.
    """
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    total = counts.sum(axis=-1) + counts.sum(axis=-2)
    return np.divide(2 * hits, total, out=np.zeros_like(hits), where=total > 0).mean(axis=-1)


def of_guessing(n_classes: int) -> float:
    """Macro-F1 of uniform guessing on balanced queries."""
    return 1 / n_classes


def of_one_class(n_classes: int) -> float:
    """Macro-F1 of always giving one class on balanced queries; below guessing (protocol P5)."""
    return 2 / (n_classes * (n_classes + 1))
