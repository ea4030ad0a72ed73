"""Scores of choices from the log-probabilities of their classes (protocol inverse_scaling, section 2).

Everywhere `logprobs` is float64 (..., item, class): log p of each class text after its prompt, summed over
tokens, in nats, never divided by length. Items with fewer classes than the widest are filled up with -inf at
the end, which no formula below mistakes for a class. Leading dimensions, such as the model, are free.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

Array = np.ndarray

SHARPEST = 50.0
"""Largest inverse temperature that is looked at; beyond it a loss is that of the choices alone."""


def total_logprob(logprobs: ArrayLike) -> Array:
    """Log of the probability that all listed classes have together: (..., item), nats, at most 0."""
    return np.asarray(logsumexp(np.asarray(logprobs, float), axis=-1))


def coverage(logprobs: ArrayLike) -> Array:
    """Mean over items of the probability on the listed classes, (...); where it is low, losses say little."""
    return np.exp(total_logprob(logprobs)).mean(axis=-1)


def classification_loss(logprobs: ArrayLike, answers: ArrayLike) -> Array:
    """Negative log of the answer's share among the listed classes.

    Args:
        logprobs: (..., item, class), nats.
        answers: int (item,), index of the right class.

    Returns:
        (..., item), nats, 0 or more.

    Raises:
        ValueError: If an answer is out of range or points at a filled-up place.
    """
    table = np.asarray(logprobs, float)
    return np.maximum(total_logprob(table) - _chosen(table, answers), 0.0)


def correct(logprobs: ArrayLike, answers: ArrayLike) -> Array:
    """Whether the likeliest class is the answer, bool (..., item); of equals the lowest index counts.

    Raises:
        ValueError: As for `classification_loss`.
    """
    table = np.asarray(logprobs, float)
    _chosen(table, answers)
    return table.argmax(axis=-1) == np.asarray(answers)


def margin(logprobs: ArrayLike, answers: ArrayLike) -> Array:
    """Log-probability of the answer less that of the likeliest other class: (..., item), nats (6.4).

    It moves smoothly where accuracy jumps: an item is right where it is above 0.

    Raises:
        ValueError: As for `classification_loss`.
    """
    table = np.asarray(logprobs, float)
    right = np.arange(table.shape[-1]) == np.asarray(answers)[:, None]
    return _chosen(table, answers) - np.where(right, -np.inf, table).max(axis=-1)


def inverted_loss(loss: ArrayLike) -> Array:
    """Loss of everything but the answer, -log(1 - exp(-loss)), same shape; infinite where the loss is 0."""
    known = np.asarray(loss, float)
    with np.errstate(divide="ignore"):
        return -np.log(-np.expm1(-known))


def log_odds_difference(logprobs: ArrayLike, other: ArrayLike, answers: ArrayLike) -> Array:
    """Odds of the answer after the prompt less those after the other prompt, both in logs.

    A bias toward one class that does not depend on the prompt cancels. The absolute log-odds metric is the
    absolute value of this.

    Args:
        logprobs: (..., item, 2), nats, after the prompt.
        other: (..., item, 2), nats, after the prompt compared with.
        answers: int (item,), 0 or 1; the sign is turned where it is 1.

    Returns:
        (..., item), nats.

    Raises:
        ValueError: If there are not exactly two classes, or an answer is neither 0 nor 1.
    """
    here, there = np.asarray(logprobs, float), np.asarray(other, float)
    right = np.asarray(answers)
    if here.shape[-1] != 2 or there.shape[-1] != 2 or not np.isin(right, (0, 1)).all():
        raise ValueError("log-odds need two classes, with answers 0 or 1")
    first = (here[..., 0] - here[..., 1]) - (there[..., 0] - there[..., 1])
    return np.where(right == 1, -first, first)


def rescaled_loss(logprobs: ArrayLike, answers: ArrayLike, clusters: ArrayLike, folds: int = 5) -> Array:
    """Classification loss once each model's confidence is put right by one temperature (pitfall 8.4).

    A model that grows surer of the same choices loses more where it is wrong, though it chooses no worse. The
    temperature of an item's fold is fitted on the other folds, whole clusters at a time.

    Args:
        logprobs: (..., item, class), nats.
        answers: int (item,).
        clusters: (item,), what items made alike share; at least `folds` different ones.
        folds: Parts the clusters are dealt to in turn.

    Returns:
        (..., item), nats; about the baseline for a model that knows nothing.

    Raises:
        ValueError: As for `classification_loss`, or if there are fewer clusters than folds.
    """
    table, right = np.asarray(logprobs, float), np.asarray(answers)
    names, codes = np.unique(np.asarray(clusters), return_inverse=True)
    if len(names) < folds:
        raise ValueError(f"{len(names)} clusters cannot be dealt to {folds} folds")
    fold = codes % folds
    flat = table.reshape(-1, *table.shape[-2:])
    losses = np.empty(flat.shape[:2])
    for model, rows in enumerate(flat):
        for part in range(folds):
            held = fold == part
            sharpness = _best_sharpness(rows[~held], right[~held])
            losses[model, held] = classification_loss(sharpness * rows[held], right[held])
    return losses.reshape(table.shape[:-1])


class Baseline(NamedTuple):
    """What choosing each class of an item alike would score."""

    loss: float
    """Mean of log K, nats."""
    accuracy: float
    """Mean of 1 / K."""


def baseline(n_classes: ArrayLike) -> Baseline:
    """Score of choosing at random among the classes of each item, whose numbers may differ.

    Args:
        n_classes: int (item,), classes of each item, 1 or more.
    """
    k = np.asarray(n_classes, float)
    return Baseline(float(np.log(k).mean()), float((1 / k).mean()))


def _chosen(table: Array, answers: ArrayLike) -> Array:
    right = np.asarray(answers)
    if right.shape != (table.shape[-2],) or right.min() < 0 or right.max() >= table.shape[-1]:
        raise ValueError(f"{right.shape} answers within {table.shape[-1]} classes, for {table.shape} scores")
    found = np.take_along_axis(table, right.reshape((1,) * (table.ndim - 2) + (-1, 1)), axis=-1)[..., 0]
    if np.isneginf(found).any():
        raise ValueError("an answer has no log-probability")
    return found


def _best_sharpness(table: Array, answers: Array) -> float:
    """Inverse temperature of the least mean loss; the loss is convex in it, so a bounded search finds it."""
    found = minimize_scalar(
        lambda sharpness: float(classification_loss(_sharpened(table, sharpness), answers).mean()),
        bounds=(0.0, SHARPEST),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(found.x)  # pyright: ignore[reportAttributeAccessIssue]


def _sharpened(table: Array, sharpness: float) -> Array:
    """Multiply, keeping filled-up places at -inf where the factor is 0."""
    return np.where(np.isneginf(table), -np.inf, sharpness * np.where(np.isneginf(table), 0.0, table))
