"""Random graphs of texts and skills, and adversaries who choose the texts that fail (protocol 4.1).

An adversary picks a set Y of theta N1 failed texts and a set Z of alpha N2 skills so that as many edges as
possible run between them. For a given Z the best Y are the texts with most skills in Z, and for a given Y the
best Z are the skills with most edges into Y.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice

import numpy as np

Array = np.ndarray

_SETS_AT_ONCE = 1024
_EXCHANGES = 2_000_000
"""Texts times exchanges of two skills up to which all of them are tried."""


def draw(n_texts: int, n_skills: int, k: int, rng: np.random.Generator, *, distinct: bool) -> Array:
    """Draw the skills of every text, (text, k), with replacement or distinct."""
    if not distinct:
        return rng.integers(n_skills, size=(n_texts, k))
    return np.argpartition(rng.random((n_texts, n_skills)), k - 1, axis=1)[:, :k]


def draw_clustered(n_texts: int, n_skills: int, k: int, clusters: int, rng: np.random.Generator) -> Array:
    """Draw texts whose k skills all come from one of some equal clusters, (text, k): no random graph.

    A skill is as frequent as before; what is broken is that the skills of a text are independent.
    """
    size = n_skills // clusters
    return rng.integers(clusters, size=(n_texts, 1)) * size + rng.integers(size, size=(n_texts, k))


def most_edges(skills: Array, n_skills: int, n_failed: int, n_left_out: int) -> tuple[int, Array]:
    """Find the most edges from `n_failed` texts to `n_left_out` skills, over all sets of both.

    Every set of skills is tried. The sum over the texts with the highest counts is that of the failed texts
    with at least 1, 2, ... k skills in the set, so nothing is sorted.

    Args:
        skills: (text, k), distinct in each row.
        n_skills: How many there are.
        n_failed: Texts of Y.
        n_left_out: Skills of Z.

    Returns:
        The number of edges, and the skills they go to, (n_left_out,).
    """
    uses = np.zeros((len(skills), n_skills), dtype=np.float32)
    np.put_along_axis(uses, skills, 1.0, axis=1)
    best, chosen = -1, np.empty(0, dtype=np.int64)
    for sets in _batches(n_skills, n_left_out):
        counts = uses @ sets
        edges = np.zeros(sets.shape[1], dtype=np.int64)
        for least in range(1, min(skills.shape[1], n_left_out) + 1):
            edges += np.minimum(n_failed, np.count_nonzero(counts >= least, axis=0))
        place = int(edges.argmax())
        if edges[place] > best:
            best, chosen = int(edges[place]), np.flatnonzero(sets[:, place])
    return best, chosen


def found_edges(
    skills: Array, n_skills: int, n_failed: int, n_left_out: int, restarts: int, rng: np.random.Generator
) -> tuple[int, Array]:
    """Search for many edges by choosing texts and skills in turn, from random sets of skills.

    Where neither choice improves, single skills are exchanged on small graphs; there alternation alone stops
    some per cent below the best. On large ones trying all exchanges would take hours.

    Returns:
        The most edges found, and the texts that fail there, (n_failed,).
    """
    best, failed = -1, np.empty(0, dtype=np.int64)
    for _ in range(restarts):
        chosen = rng.permutation(n_skills)[:n_left_out]
        edges = -1
        while True:
            texts = worst_texts(skills, n_skills, chosen, n_failed, rng)
            into = np.bincount(skills[texts].ravel(), minlength=n_skills)
            chosen = np.argpartition(-into, n_left_out - 1)[:n_left_out]
            now = int(into[chosen].sum())
            if now > edges:
                edges = now
                if edges > best:
                    best, failed = edges, texts
            elif (chosen := _exchanged(skills, n_skills, n_failed, chosen, edges)) is None:
                break
    return best, failed


def _exchanged(skills: Array, n_skills: int, n_failed: int, chosen: Array, edges: int) -> Array | None:
    """Exchange a chosen skill for the other one that brings most edges; None where none brings more."""
    others = np.setdiff1d(np.arange(n_skills), chosen)
    if len(skills) * len(chosen) * len(others) > _EXCHANGES:
        return None
    uses = np.zeros((len(skills), n_skills), dtype=np.int16)
    np.add.at(uses, (np.arange(len(skills))[:, None], skills), 1)
    counts = uses[:, chosen].sum(axis=1)
    best, found = edges, None
    for place in range(len(chosen)):
        tried = (counts - uses[:, chosen[place]])[:, None] + uses[:, others]
        most = np.partition(tried, -n_failed, axis=0)[-n_failed:].sum(axis=0)
        if most.max() > best:
            best = int(most.max())
            found = chosen.copy()
            found[place] = others[most.argmax()]
    return found


def worst_texts(
    skills: Array, n_skills: int, chosen: Array, n_failed: int, rng: np.random.Generator
) -> Array:
    """Return the texts with most of the chosen skills, ties broken at random, (n_failed,), worst first."""
    is_chosen = np.zeros(n_skills, dtype=np.int8)
    is_chosen[chosen] = 1
    keys = is_chosen[skills].sum(axis=1) + rng.random(len(skills))
    texts = np.argpartition(-keys, n_failed - 1)[:n_failed]
    return texts[np.argsort(-keys[texts])]


def failure_shares(skills: Array, n_skills: int, failed: Array) -> Array:
    """Share of each skill's edges that go to failed texts, (skill,); 0 for one that no text uses."""
    used = np.bincount(skills.ravel(), minlength=n_skills)
    return np.bincount(skills[failed].ravel(), minlength=n_skills) / np.maximum(used, 1)


def _batches(n_skills: int, n_left_out: int) -> Iterator[Array]:
    """Yield all sets of skills as columns of ones and zeros, (skill, set)."""
    sets = combinations(range(n_skills), n_left_out)
    while batch := list(islice(sets, _SETS_AT_ONCE)):
        columns = np.zeros((n_skills, len(batch)), dtype=np.float32)
        np.put_along_axis(columns, np.array(batch).T, 1.0, axis=0)
        yield columns
