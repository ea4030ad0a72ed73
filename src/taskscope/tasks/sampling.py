"""Draws of demonstrations, queries and dummies from a task; every choice comes from the generator given.

The published release sampled from Python sets, whose order changes from process to process, and let a dummy
query stand among the demonstrations (protocol task_vectors P4, P12). Here pools are sequences in the task's
own order, and the parts of one draw never share an input.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.errors import TaskError
from taskscope.tasks.task import Item, MappingTask


@dataclass(frozen=True)
class Draw:
    """One (S, x): demonstrations, the query, and dummy queries from which theta is read."""

    demonstrations: tuple[Item, ...]
    query: Item
    dummies: tuple[Item, ...]

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The demonstrations as (input, canonical answer)."""
        return tuple((item.input, item.label) for item in self.demonstrations)


def split_queries(
    task: MappingTask, rng: np.random.Generator, dev_share: float = 0.3
) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """Split a task's items into query pools for development and test; no cluster stands on both sides.

    Args:
        task: The task; both pools keep the order of its items.
        rng: Decides which clusters go where.
        dev_share: Share of the clusters for development, between 0 and 1. The default leaves a task of 25
            letters 8 queries on which a block is chosen.

    Raises:
        TaskError: If all items are in one cluster, or the share is not between 0 and 1.
    """
    if not 0 < dev_share < 1:
        raise TaskError(f"Development share {dev_share}.", "a number between 0 and 1, both excluded")
    clusters = sorted({item.cluster for item in task.items})
    if len(clusters) < 2:
        raise TaskError(
            f"All items of task {task.name!r} are in the cluster {clusters[0]!r}.",
            "at least two clusters, so that queries for development and test are independent",
            "leaving the field 'cluster' out: each input is then a cluster of its own",
        )
    n_dev = min(max(round(dev_share * len(clusters)), 1), len(clusters) - 1)
    dev = {clusters[i] for i in rng.permutation(len(clusters))[:n_dev]}
    return (
        tuple(item for item in task.items if item.cluster in dev),
        tuple(item for item in task.items if item.cluster not in dev),
    )


def draw(
    task: MappingTask, queries: Sequence[Item], n: int, k: int, n_dummies: int, rng: np.random.Generator
) -> list[Draw]:
    """Draw n times k demonstrations, a query and dummies (protocol task_vectors E0, with P12 mended).

    Within one draw all inputs differ, and nothing shares the query's cluster: a demonstration "cold->hot"
    would give away the answer to "hot". Demonstrations and dummies come from the whole task, queries from the
    pool.

    Args:
        task: Where demonstrations and dummies come from.
        queries: The pool of queries, gone through in a new random order each time round, so that the numbers
            of uses differ by at most one.
        n: Number of draws.
        k: Demonstrations in each.
        n_dummies: Dummy queries in each.
        rng: The only source of randomness.

    Raises:
        TaskError: If the pool is empty or the task has too few items.
    """
    if not queries:
        raise TaskError(f"No queries to draw from for task {task.name!r}.", "at least one item")
    inputs = np.array([item.input for item in task.items])
    clusters = np.array([item.cluster for item in task.items])
    draws: list[Draw] = []
    for query in _cycle(queries, n, rng):
        others = np.flatnonzero((inputs != query.input) & (clusters != query.cluster))
        if len(others) < k + n_dummies:
            raise TaskError(
                f"Task {task.name!r} has {len(others)} items beside the cluster of query {query.input!r}.",
                f"at least {k + n_dummies}: {k} demonstrations and {n_dummies} dummy queries, all different",
                "fewer demonstrations, or more items",
            )
        chosen = [task.items[i] for i in rng.choice(others, size=k + n_dummies, replace=False)]
        draws.append(Draw(tuple(chosen[:k]), query, tuple(chosen[k:])))
    return draws


def _cycle(pool: Sequence[Item], n: int, rng: np.random.Generator) -> Iterator[Item]:
    for start in range(0, n, len(pool)):
        for i in rng.permutation(len(pool))[: n - start]:
            yield pool[i]


def shuffle_labels(draw: Draw, rng: np.random.Generator) -> tuple[tuple[str, str], ...]:
    """Give the labels of the demonstrations to each other, wrongly (protocol task_vectors E8).

    Returns:
        Pairs (input, label of another demonstration), inputs in place. No pair is right, as far as the labels
        allow: the number of pairs whose label is accepted for their input is the smallest possible.
    """
    from scipy.optimize import linear_sum_assignment  # here, because commands that draw nothing start faster

    items = draw.demonstrations
    labels = [item.label for item in items]
    right = np.array([[label in item.answers for label in labels] for item in items], dtype=float)
    # Random costs, together below 1, choose among the assignments with the fewest right pairs.
    cost = right.reshape(len(items), len(items)) + rng.random((len(items), len(items))) / (len(items) + 1)
    _, taken = linear_sum_assignment(cost)
    return tuple((item.input, labels[j]) for item, j in zip(items, taken, strict=True))
