"""What can be said of clouds of thetas: distances, neighbours, silhouettes, and what chance would give.

All distances are cosine distances, 1 - cos. Every function of labels takes them as an argument, so that the
same function gives the label-shuffle null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from taskscope.studies.task_vectors.geometry.rows import Cloud

N_NEIGHBOURS = 10


def distances(vectors: np.ndarray) -> np.ndarray:
    """Cosine distances (vector, vector) of vectors (vector, d_model) of length 1; 0 on the diagonal."""
    found = 1 - vectors @ vectors.T
    np.fill_diagonal(found, 0)
    return np.maximum(found, 0)


def purity(apart: np.ndarray, labels: np.ndarray, n_neighbours: int = N_NEIGHBOURS) -> np.ndarray:
    """Share of a vector's nearest neighbours, itself left out, that carry its label: (vector,).

    With fewer than `n_neighbours` others of its label, as many neighbours as there are such others count.
    """
    masked = apart + np.diag(np.full(len(apart), np.inf))
    order = np.argsort(masked, axis=1, kind="stable")
    same = labels[order] == labels[:, None]
    counted = np.minimum(n_neighbours, (labels[:, None] == labels).sum(axis=1) - 1)
    place = np.arange(len(apart))
    return (same & (place < counted[:, None])).sum(axis=1) / np.maximum(counted, 1)


def silhouettes(apart: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Silhouette of every vector, (vector,)."""
    from sklearn.metrics import silhouette_samples

    return np.asarray(silhouette_samples(apart, labels, metric="precomputed"))


def auc_within(apart: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """By label in sorted order, how often a within-distance is below a between-distance; ties count half.

    Pairs of different vectors only: the zero distance of a vector from itself is not counted.
    """
    found = []
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        within = apart[np.ix_(own, own)][np.triu_indices(len(own), 1)]
        between = apart[own][:, labels != label].ravel()
        ranks = rankdata(np.concatenate([within, between]))[: len(within)]
        below = ranks.sum() - len(within) * (len(within) + 1) / 2
        found.append(1 - below / (len(within) * len(between)))
    return np.array(found)


@dataclass(frozen=True)
class Statistic:
    """One number on all tasks together, beside what shuffled labels give."""

    name: str
    value: float
    chance: float
    """Mean under shuffled labels."""
    p: float
    """Share of shuffles that reach the value, the observed labels counted as one of them."""


def overall(clouds: Sequence[Cloud], shuffles: int, rng: np.random.Generator) -> list[Statistic]:
    """Compute every statistic with its null: whole sets S change tasks, never single thetas (section 7)."""
    labels = np.repeat(np.arange(len(clouds)), [cloud.n_sets for cloud in clouds])
    groups = sorted({cloud.group for cloud in clouds})
    category = of_task = np.array([groups.index(cloud.group) for cloud in clouds])
    vectors = np.concatenate([cloud.means() for cloud in clouds])
    apart = distances(vectors)
    named: dict[str, Callable[[np.ndarray], float]] = {
        "nearest neighbours of the same task": lambda y: float(purity(apart, y).mean()),
        "silhouette by task": lambda y: float(silhouettes(apart, y).mean()),
        "a distance within a task is below one between tasks": lambda y: float(auc_within(apart, y).mean()),
    }
    if len(groups) > 1:
        named["nearest neighbours of the same category"] = lambda y: float(purity(apart, category[y]).mean())
        named["nearest task of the same category"] = lambda y: float(
            (of_task[_nearest(_centres_apart(vectors, y))] == of_task).mean()
        )
        named["silhouette by category"] = lambda y: float(silhouettes(apart, category[y]).mean())
    shuffled = [rng.permutation(labels) for _ in range(shuffles)]
    return [_against_chance(name, function, labels, shuffled) for name, function in named.items()]


def _against_chance(
    name: str, function: Callable[[np.ndarray], float], labels: np.ndarray, shuffled: Sequence[np.ndarray]
) -> Statistic:
    value, null = function(labels), np.array([function(y) for y in shuffled])
    p = (1 + (null >= value - 1e-12).sum()) / (1 + len(null))
    return Statistic(name, value, float(null.mean()), float(p))


@dataclass(frozen=True)
class TaskGeometry:
    """One task among the others, by its thetas."""

    task: str
    within: tuple[float, float]
    """Mean and s.d. of the distances between its sets."""
    between: tuple[float, float]
    """The same between its sets and those of other tasks."""
    auc: float
    purity: float
    silhouette: float
    nearest: str
    """The task whose centroid is nearest."""
    distance: float
    """Distance of that centroid."""
    mutual: bool
    """Whether this task is the nearest of that one too."""
    middle: tuple[float, float, float, float]
    """Ends of the middle 95 % of the distances within, then of those to other tasks."""


def by_task(clouds: Sequence[Cloud]) -> list[TaskGeometry]:
    """Describe every task (E4), from theta as it is used: the mean over dummies."""
    labels = np.repeat(np.arange(len(clouds)), [cloud.n_sets for cloud in clouds])
    apart = distances(np.concatenate([cloud.means() for cloud in clouds]))
    neighbours, outline, auc = purity(apart, labels), silhouettes(apart, labels), auc_within(apart, labels)
    centres = centroid_distances(clouds)
    to = _nearest(centres)
    found = []
    for t, cloud in enumerate(clouds):
        own = np.flatnonzero(labels == t)
        within = apart[np.ix_(own, own)][np.triu_indices(len(own), 1)]
        between = apart[own][:, labels != t]
        nearest = int(to[t])
        found.append(
            TaskGeometry(
                task=cloud.task,
                within=(float(within.mean()), float(within.std())),
                between=(float(between.mean()), float(between.std())),
                auc=float(auc[t]),
                purity=float(neighbours[own].mean()),
                silhouette=float(outline[own].mean()),
                nearest=clouds[nearest].task,
                distance=float(centres[t, nearest]),
                mutual=bool(to[nearest] == t),
                middle=(*_middle(within), *_middle(between)),
            )
        )
    return found


def centroid_distances(clouds: Sequence[Cloud]) -> np.ndarray:
    """Cosine distances (task, task) between the mean directions of the tasks."""
    labels = np.repeat(np.arange(len(clouds)), [cloud.n_sets for cloud in clouds])
    return _centres_apart(np.concatenate([cloud.means() for cloud in clouds]), labels)


def _centres_apart(vectors: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Distances (task, task) between mean directions, of vectors (set, d_model) with a task each."""
    centres = np.stack([vectors[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
    return distances(centres / np.linalg.norm(centres, axis=1, keepdims=True))


def _nearest(centres: np.ndarray) -> np.ndarray:
    """Return every task's nearest other task: the graph of nearest centroids (E3)."""
    return (centres + np.diag(np.full(len(centres), np.inf))).argmin(axis=1)


def _middle(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
