"""How well classes are predicted, and what would be reached without knowing anything."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

Array = np.ndarray


def macro_f1(truth: ArrayLike, predicted: ArrayLike, n_classes: int) -> Array:
    """Mean F1 over classes, for many groups at once.

    As in scikit-learn, the mean is over the classes that occur in a group, in truth or prediction, so a class
    that is neither asked nor answered does not count as a failure.

    Args:
        truth: int (group, query) or (query,), from 0 to `n_classes` - 1.
        predicted: int of the same shape.
        n_classes: Number of classes.

    Returns:
        float64 (group,), from 0 to 1; without a dimension for one group.

    Raises:
        ValueError: If shapes differ, there is no query, or a class is out of range.
    """
    true, guess = np.asarray(truth, dtype=np.int64), np.asarray(predicted, dtype=np.int64)
    if true.shape != guess.shape or true.size == 0:
        raise ValueError(f"truth {true.shape} and predictions {guess.shape} need one shape, with queries")
    if min(true.min(), guess.min()) < 0 or max(true.max(), guess.max()) >= n_classes:
        raise ValueError(f"classes from 0 to {n_classes - 1}")
    scores = macro_f1_of_counts(confusion(np.atleast_2d(true), np.atleast_2d(guess), n_classes))
    return scores if true.ndim == 2 else scores[0]


def macro_f1_of_counts(counts: Array) -> Array:
    """Mean F1 over classes from counts (..., true class, predicted class); as `macro_f1`, and nan of nothing.

    Counts add up, so resampling whole groups of queries is one matrix product whatever their number.
    """
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    occurrences = counts.sum(axis=-1) + counts.sum(axis=-2)  # asked plus answered: the denominator of F1
    f1 = 2 * hits / np.where(occurrences > 0, occurrences, 1)
    n_occurring = (occurrences > 0).sum(axis=-1)
    return np.where(n_occurring > 0, f1.sum(axis=-1) / np.maximum(n_occurring, 1), np.nan)


def confusion(truth: Array, predicted: Array, n_classes: int) -> Array:
    """Count predictions by true class: int64 (group, true class, predicted class) from (group, query)."""
    n_groups = len(truth)
    codes = (np.arange(n_groups)[:, None] * n_classes + truth) * n_classes + predicted
    return np.bincount(codes.ravel(), minlength=n_groups * n_classes**2).reshape(
        n_groups, n_classes, n_classes
    )


def confusion_by_unit(truth: Array, predicted: Array, unit: Array, n_units: int, n_classes: int) -> Array:
    """Count predictions by true class and unit: float64 (unit, true class, predicted class).

    Args:
        truth: int (row,).
        predicted: int (row,).
        unit: int (row,), the unit a row belongs to, from 0 to `n_units` - 1.
        n_units: Number of units; one without a row has no counts.
        n_classes: Number of classes.
    """
    codes = (unit * n_classes + truth) * n_classes + predicted
    counts = np.bincount(codes, minlength=n_units * n_classes**2)
    return counts.reshape(n_units, n_classes, n_classes).astype(float)


def label_entropy(answers: ArrayLike) -> Array:
    """Entropy of the answers in bits: 0 when one class is always given (protocol P5).

    Args:
        answers: (..., class), how often each class was given.

    Returns:
        float64 (...), from 0 to log2 of the number of classes; 0 where nothing was given.
    """
    given = np.asarray(answers, float)
    share = given / np.maximum(given.sum(axis=-1, keepdims=True), 1)
    logs = np.log2(np.where(share > 0, share, 1.0))
    return np.maximum(-(share * logs).sum(axis=-1), 0.0)


def constant_f1(shares: ArrayLike) -> float:
    """Macro-F1 of always giving the most frequent class: 2 p / (1 + p) / K.

    Args:
        shares: (class,), share of each class among the queries, adding up to 1.
    """
    p = np.asarray(shares, float)
    return float(2 * p.max() / (1 + p.max()) / len(p))


class Chance(NamedTuple):
    """Mean and standard deviation of a score over repetitions."""

    mean: float
    sd: float


def uniform_f1(counts: ArrayLike, rng: np.random.Generator, draws: int = 4_000) -> Chance:
    """Macro-F1 of guessing every class alike, by simulation.

    Args:
        counts: int (class,), queries of each class.
        rng: Source of randomness.
        draws: Repetitions.
    """
    n = np.asarray(counts, dtype=np.int64)
    truth = np.tile(np.repeat(np.arange(len(n)), n), (draws, 1))
    scores = macro_f1(truth, rng.integers(len(n), size=truth.shape), len(n))
    return Chance(float(scores.mean()), float(scores.std(ddof=1)))
