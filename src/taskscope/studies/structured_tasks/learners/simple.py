"""Learners of a few lines: naive Bayes, nearest text, nearest centre, and two that ignore the texts.

Each takes counts (demo, token) and (query, token) and classes 0 to P - 1, all present, and returns the class
of each query. Ties are broken at random, not in favour of a class.
"""

from __future__ import annotations

import numpy as np
from sklearn.naive_bayes import MultinomialNB

from taskscope.studies.structured_tasks.learners.counts import Counts


def naive_bayes(counts: Counts, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Multinomial naive Bayes with one added count."""
    model = MultinomialNB().fit(counts.demos, labels)
    return _first(np.asarray(model.predict_joint_log_proba(counts.queries)), rng)


def nearest(counts: Counts, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Class of the demonstration that shares most tokens with the query: Jaccard, each token once."""
    demos, queries = counts.demos > 0, counts.queries > 0
    shared = queries.astype(float) @ demos.T.astype(float)
    either = queries.sum(axis=1)[:, None] + demos.sum(axis=1) - shared
    return labels[_first(shared / np.maximum(either, 1), rng)]


def centroid(counts: Counts, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Class whose mean TF-IDF direction is nearest to the query's."""
    n, documents = len(counts.demos), (counts.demos > 0).sum(axis=0)
    weight = np.log((1 + n) / (1 + documents)) + 1  # smoothed, as scikit-learn does it
    directions = _unit(counts.demos * weight)
    centres = np.stack([directions[labels == c].mean(axis=0) for c in range(labels.max() + 1)])
    return _first(_unit(counts.queries * weight) @ _unit(centres).T, rng)


def majority(counts: Counts, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Most frequent class of the demonstrations, one of the most frequent for each query at random."""
    found = np.bincount(labels).astype(float)
    return _first(np.tile(found, (len(counts.queries), 1)), rng)


def recency(counts: Counts, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Class of the last demonstration."""
    del rng  # nothing to decide
    return np.full(len(counts.queries), labels[-1])


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300)


def _first(scores: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Column with the highest score in each row; equal to rounding counts as equal."""
    best = scores >= scores.max(axis=1, keepdims=True) - 1e-12
    return (best * rng.random(scores.shape)).argmax(axis=1)
