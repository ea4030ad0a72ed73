"""One door to all reference learners (protocol structured_tasks 5)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from taskscope.errors import StudyError, nearest
from taskscope.stats.classification import macro_f1
from taskscope.studies.structured_tasks.learners import logistic, simple
from taskscope.studies.structured_tasks.learners.counts import Counts, count

Learner = Callable[[Counts, np.ndarray, np.random.Generator], np.ndarray]
Texts = Sequence[Sequence[Hashable]]

ORACLE = "token_logistic_oracle"
"""Logistic regression whose C is the best one on the queries themselves: no learner, an upper bound."""


def _logistic(counts: Counts, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    del rng  # the optimum is one
    space, n = logistic.spanned(counts), int(labels.max()) + 1
    return logistic.fit(space.demos, labels, n, 1.0).predict(space.queries)


def _logistic_cv(counts: Counts, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    space, n = logistic.spanned(counts), int(labels.max()) + 1
    c = logistic.cross_validated_c(space.demos, labels, n, rng)
    return logistic.fit(space.demos, labels, n, c).predict(space.queries)


_LEARNERS: dict[str, Learner] = {
    "token_logistic": _logistic,
    "token_logistic_cv": _logistic_cv,
    "naive_bayes": simple.naive_bayes,
    "nearest": simple.nearest,
    "centroid": simple.centroid,
    "majority": simple.majority,
    "recency": simple.recency,
}
NAMES: tuple[str, ...] = tuple(_LEARNERS)
"""Learners by name; none sees more than a model does, and none changes under a one-to-one cipher."""


def predict(
    name: str, demos: Texts, labels: np.ndarray, queries: Texts, n_classes: int, rng: np.random.Generator
) -> np.ndarray:
    """Train a learner on demonstrations and classify queries.

    A class that no demonstration shows is never predicted; with one class, that class always is.

    Args:
        name: One of `NAMES`.
        demos: Token ids of each demonstration's text, (demo, token of any number).
        labels: int (demo,), from 0 to `n_classes` - 1.
        queries: Token ids of each query.
        n_classes: Number of classes.
        rng: Breaks ties, and makes the folds of the cross-validation.

    Returns:
        int64 (query,).

    Raises:
        StudyError: If there is no such learner, no demonstration, or a label outside the classes.
    """
    if name not in _LEARNERS:
        raise StudyError(f"No learner {name!r}.", f"one of {', '.join(NAMES)}", nearest(name, NAMES))
    present, compact = _present(demos, labels, n_classes)
    if len(present) == 1:
        return np.full(len(queries), present[0])
    return present[_LEARNERS[name](count(demos, queries), compact, rng)]


def predict_oracle(
    demos: Texts, labels: np.ndarray, queries: Texts, truth: np.ndarray, n_classes: int
) -> np.ndarray:
    """Classify queries with the C that gives the highest macro-F1 on these very queries (`ORACLE`).

    The published reference chose so (protocol structured_tasks E2, P7); it says how far logistic regression
    could come, not how far it comes.

    Args:
        demos: As for `predict`.
        labels: As for `predict`.
        queries: As for `predict`.
        truth: int (query,), the classes of the queries.
        n_classes: Number of classes.

    Returns:
        int64 (query,).

    Raises:
        StudyError: If there is no demonstration, or a label outside the classes.
    """
    present, compact = _present(demos, labels, n_classes)
    if len(present) == 1:
        return np.full(len(queries), present[0])
    space = logistic.spanned(count(demos, queries))
    tried = [
        present[logistic.fit(space.demos, compact, len(present), c).predict(space.queries)]
        for c in logistic.GRID
    ]
    scores = macro_f1(np.tile(truth, (len(tried), 1)), np.stack(tried), n_classes)
    return tried[int(scores.argmax())]


def _present(demos: Texts, labels: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes that occur, and the labels as their numbers among these."""
    if len(demos) == 0 or len(demos) != len(labels):
        raise StudyError(
            f"{len(demos)} demonstrations with {len(labels)} labels.", "at least one, each with a label"
        )
    present, compact = np.unique(np.asarray(labels, dtype=np.int64), return_inverse=True)
    if present[0] < 0 or present[-1] >= n_classes:
        raise StudyError(f"Labels from {present[0]} to {present[-1]}.", f"labels from 0 to {n_classes - 1}")
    return present, compact
