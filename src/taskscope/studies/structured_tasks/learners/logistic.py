"""Logistic regression on few texts with many features, solved in the space that the texts span.

The objective is scikit-learn's: C times the summed log loss plus half the squared weights, an intercept that
is free, two classes by one weight vector. Its ``LogisticRegression`` needs several milliseconds for 32 texts,
nearly all of them spent before the first step, and a study fits tens of thousands; here the weights are
expressed by the texts (as many numbers as texts, not as tokens) and L-BFGS starts at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from taskscope.studies.structured_tasks.learners.counts import Counts

GRID = tuple(float(c) for c in np.logspace(-2, 1, 10))
"""Values of C from which cross-validation and the oracle choose (protocol structured_tasks E2)."""
_OPTIONS = {"maxiter": 1_000, "gtol": 1e-5, "ftol": 1e-10}


@dataclass(frozen=True)
class Model:
    """A fitted classifier."""

    weights: np.ndarray
    """(feature, class), or (feature, 1) for two classes."""
    intercepts: np.ndarray
    """(class,) or (1,)."""

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Return the class of each row of features (text, feature), int64 (text,)."""
        scores = features @ self.weights + self.intercepts
        return (scores[:, 0] > 0).astype(np.int64) if scores.shape[1] == 1 else scores.argmax(axis=1)


def spanned(counts: Counts) -> Counts:
    """Rotate demonstrations and queries into the space of the demonstrations, which loses no prediction.

    Returns:
        Features (demo, direction) and (query, direction) with the same inner products.
    """
    values, vectors = np.linalg.eigh(counts.demos @ counts.demos.T)
    kept = values > 1e-9 * max(values[-1], 1e-300)
    scale = np.sqrt(values[kept])
    queries = (counts.queries @ counts.demos.T) @ (vectors[:, kept] / scale)
    return Counts(vectors[:, kept] * scale, queries)


def fit(features: np.ndarray, labels: np.ndarray, n_classes: int, c: float) -> Model:
    """Fit a logistic regression.

    Args:
        features: (text, feature).
        labels: int (text,), each class from 0 to `n_classes` - 1 at least once.
        n_classes: Number of classes, at least 2.
        c: Inverse strength of the penalty.
    """
    columns = 1 if n_classes == 2 else n_classes
    target = labels[:, None] == np.arange(n_classes)[-columns:]  # (text, column)
    n_weights = features.shape[1] * columns

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat[:n_weights].reshape(-1, columns)
        scores = features @ weights + flat[n_weights:]
        surprise, share = _binary(scores, target) if columns == 1 else _softmax(scores, target)
        error = c * (share - target)
        slope = np.concatenate([(features.T @ error + weights).ravel(), error.sum(axis=0)])
        return c * surprise + 0.5 * float(flat[:n_weights] @ flat[:n_weights]), slope

    found = minimize(loss, np.zeros(n_weights + columns), jac=True, method="L-BFGS-B", options=_OPTIONS).x
    return Model(found[:n_weights].reshape(-1, columns), found[n_weights:])


def cross_validated_c(
    features: np.ndarray, labels: np.ndarray, n_classes: int, rng: np.random.Generator
) -> float:
    """Choose C by stratified cross-validation on the demonstrations alone.

    Args:
        features: (text, feature).
        labels: int (text,), each class at least once.
        n_classes: Number of classes.
        rng: Decides the folds.

    Returns:
        The C of `GRID` that predicts most left-out texts, the one nearest 1 among equals; 1 where a class has
        a single text, which cannot be left out.
    """
    n_folds = min(5, int(np.bincount(labels, minlength=n_classes).min()))
    if n_folds < 2:
        return 1.0
    fold = _folds(labels, n_folds, rng)
    right = np.zeros(len(GRID))
    for held in range(n_folds):
        inside, outside = fold != held, fold == held
        for at, c in enumerate(GRID):
            model = fit(features[inside], labels[inside], n_classes, c)
            right[at] += (model.predict(features[outside]) == labels[outside]).sum()
    best = [c for c, n in zip(GRID, right, strict=True) if n == right.max()]
    return min(best, key=lambda c: abs(np.log(c)))


def _folds(labels: np.ndarray, n_folds: int, rng: np.random.Generator) -> np.ndarray:
    """Deal the texts of each class to the folds in turn: int (text,)."""
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(len(labels), dtype=np.int64)
    fold[order] = np.arange(len(labels)) % n_folds
    return fold


def _binary(scores: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    surprise = np.logaddexp(0, np.where(target, -scores, scores)).sum()
    return float(surprise), 0.5 * (1 + np.tanh(scores / 2))


def _softmax(scores: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    scores = scores - scores.max(axis=1, keepdims=True)
    powers = np.exp(scores)
    totals = powers.sum(axis=1, keepdims=True)
    return float(np.log(totals).sum() - scores[target].sum()), powers / totals
