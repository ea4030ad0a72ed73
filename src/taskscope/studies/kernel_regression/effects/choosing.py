"""Which texts of a pool are shown: the nearest, the most typical, the oddest (M7, M10)."""

from __future__ import annotations

import numpy as np

Array = np.ndarray

CANDIDATES = 4
"""Texts per demonstration among which typical ones and outliers are chosen, anew for every question."""


def shares(k: int, n_classes: int, rng: np.random.Generator) -> Array:
    """Deal k places out to classes, (class,): equally often, a remainder to classes drawn at random."""
    counts = np.full(n_classes, k // n_classes)
    counts[rng.permutation(n_classes)[: k % n_classes]] += 1
    return counts


def highest(scores: Array, labels: Array, counts: Array, rng: np.random.Generator) -> Array:
    """Choose the texts of each class that score highest, in random order: (place,) numbers of texts.

    Args:
        scores: (text,).
        labels: int (text,).
        counts: int (class,), how many of each.
        rng: Decides the order, and between texts that score alike.
    """
    mixed = rng.permutation(len(scores))
    order = mixed[np.argsort(-scores[mixed], kind="stable")]
    chosen = [order[labels[order] == c][:count] for c, count in enumerate(counts)]
    return rng.permutation(np.concatenate(chosen))


def candidates(labels: Array, counts: Array, rng: np.random.Generator) -> Array:
    """Draw `CANDIDATES` times as many texts of each class, or all there are: (candidate,) numbers."""
    drawn = [rng.permutation(np.flatnonzero(labels == c))[: CANDIDATES * n] for c, n in enumerate(counts)]
    return np.concatenate(drawn)


def typical(likeness: Array, labels: Array, counts: Array) -> Array:
    """Choose texts so that every text of a class is like one of them (facility location, greedily).

    Args:
        likeness: (text, text).
        labels: int (text,).
        counts: int (class,), how many of each.

    Returns:
        (place,) numbers of texts, class by class.
    """
    found: list[int] = []
    for c, count in enumerate(counts):
        own = np.flatnonzero(labels == c)
        among = likeness[np.ix_(own, own)]
        covered, chosen = np.full(len(own), -np.inf), []
        for _ in range(min(count, len(own))):
            gain = np.maximum(among, covered[:, None]).sum(axis=0)
            gain[chosen] = -np.inf
            chosen.append(int(gain.argmax()))
            covered = np.maximum(covered, among[:, chosen[-1]])
        found += own[chosen].tolist()
    return np.array(found, dtype=np.int64)


def oddness(likeness: Array, labels: Array) -> Array:
    """Score texts by how little they are like the others of their class, (text,)."""
    same = labels[:, None] == labels
    np.fill_diagonal(same, False)
    return -(likeness * same).sum(axis=1) / np.maximum(same.sum(axis=1), 1)
