"""Thetas in a plane, by principal components and by t-SNE, and how far t-SNE depends on its start (E3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from taskscope.studies.task_vectors.geometry.rows import Cloud
from taskscope.studies.task_vectors.geometry.statistics import distances, purity, silhouettes

TSNE_SEED = 41
"""The published random state (E3): of the picture drawn, and the first of the random starts."""
PCA_FIRST = 50
"""Dimensions kept by PCA before t-SNE, for stability (E3)."""


def pca(vectors: np.ndarray, n: int = 2) -> np.ndarray:
    """Project centred vectors (vector, d_model) on their first principal components: (vector, n)."""
    from sklearn.decomposition import PCA

    return PCA(min(n, *vectors.shape), svd_solver="full").fit_transform(vectors)


def tsne(
    vectors: np.ndarray, start: Literal["pca", "random"] = "pca", random_state: int = TSNE_SEED
) -> np.ndarray:
    """Place vectors in a plane so that neighbours stay neighbours: (vector, 2).

    Vectors have length 1, so Euclidean neighbours are cosine neighbours. Perplexity is the published 30, or
    less where there are too few vectors for it.

    Args:
        vectors: (vector, d_model).
        start: From the principal components, where nothing is left to chance, or from random places.
        random_state: Draws the places.
    """
    from sklearn.manifold import TSNE

    reduced = pca(vectors, PCA_FIRST)
    perplexity = min(30.0, (len(vectors) - 1) / 3)
    model = TSNE(perplexity=perplexity, init=start, learning_rate="auto", random_state=random_state)
    return model.fit_transform(reduced)


@dataclass(frozen=True)
class Stability:
    """One statistic of the labels, in all dimensions and in pictures."""

    name: str
    whole: float
    """In all dimensions, by cosine distance."""
    drawn: float
    """In the picture that is drawn."""
    mean: float
    """Over pictures from random starts; so are the ends of the range."""
    lowest: float
    highest: float


@dataclass(frozen=True)
class Pictures:
    """What pictures of the same thetas have in common; the first statistic is that of neighbours by task."""

    measured: list[Stability]
    places: np.ndarray = field(compare=False, repr=False)
    """(vector, 2) of the picture that is drawn, cloud by cloud."""


def pictures(clouds: Sequence[Cloud], n_starts: int) -> Pictures:
    """Draw the picture from several random starts, and take the statistics of every one.

    Args:
        clouds: The tasks.
        n_starts: Random starts, their random states counted up from the published one.
    """
    vectors = np.concatenate([cloud.means() for cloud in clouds])
    places = tsne(vectors)
    drawn = _measured(_apart(places), clouds)
    starts = [
        _measured(_apart(tsne(vectors, "random", TSNE_SEED + number)), clouds) for number in range(n_starts)
    ]
    made = []
    for name, whole in _measured(distances(vectors), clouds).items():
        values = [each[name] for each in starts]
        made.append(
            Stability(
                name, whole, drawn[name], float(np.mean(values)), float(min(values)), float(max(values))
            )
        )
    return Pictures(made, places)


def _apart(places: np.ndarray) -> np.ndarray:
    """Euclidean distances (vector, vector) of places (vector, 2)."""
    from scipy.spatial.distance import cdist

    return cdist(places, places)


def _measured(apart: np.ndarray, clouds: Sequence[Cloud]) -> dict[str, float]:
    labels = np.repeat(np.arange(len(clouds)), [cloud.n_sets for cloud in clouds])
    groups = sorted({cloud.group for cloud in clouds})
    found = {
        "nearest neighbours of the same task": purity(apart, labels).mean(),
        "silhouette by task": silhouettes(apart, labels).mean(),
    }
    if len(groups) > 1:
        category = np.array([groups.index(cloud.group) for cloud in clouds])[labels]
        found["nearest neighbours of the same category"] = purity(apart, category).mean()
    return {name: float(value) for name, value in found.items()}
