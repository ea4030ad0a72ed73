"""Paired differences: the same questions answered twice, by two models or by one model at two times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.stats.intervals import (
    Array,
    Bounds,
    average_over_tasks,
    bootstrap_means,
    few_units_widening,
    percentile_interval,
)

FEWEST_CLUSTERS = 5
"""Independent questions of a task below which no interval is given: a bootstrap of four is no interval."""
DRAWS = 2000


@dataclass(frozen=True)
class PairedTask:
    """Answers to the shared questions of one task, all (question,)."""

    first: Array
    second: Array
    clusters: Array
    """Questions of one cluster are no independent observations."""


@dataclass(frozen=True)
class Paired:
    """Second less first."""

    first: float
    second: float
    difference: float
    interval: Bounds | None
    """95 %; None where a task has too few independent questions."""
    n: int
    """Independent questions."""
    n_changed: int
    """Questions whose two answers differ at all."""


def paired(tasks: list[PairedTask], rng: np.random.Generator, draws: int = DRAWS) -> Paired:
    """Compare means over questions, then over tasks; questions stay paired in every resample.

    The statement is about exactly these tasks: their questions are resampled, tasks are not, since two
    models are mostly compared on few. A bootstrap of few clusters is too narrow and is widened as in
    `few_units_widening`.

    Args:
        tasks: One or more.
        rng: Source of randomness.
        draws: Bootstrap resamples.
    """
    first, second = (float(np.mean([getattr(t, side).mean() for t in tasks])) for side in ("first", "second"))
    changes = [task.second - task.first for task in tasks]
    sizes = [len(np.unique(task.clusters)) for task in tasks]
    interval = None
    if min(sizes) >= FEWEST_CLUSTERS:
        resampled = []
        for task, change, size in zip(tasks, changes, sizes, strict=True):
            drawn = bootstrap_means(change[:, None], task.clusters, draws, rng)
            resampled.append(change.mean() + few_units_widening(size) * (drawn - change.mean()))
        ends = percentile_interval(average_over_tasks(resampled, rng, resample_tasks=False))
        interval = Bounds(ends.low[0], ends.high[0])
    return Paired(
        first=first,
        second=second,
        difference=float(np.mean([change.mean() for change in changes])),
        interval=interval,
        n=sum(sizes),
        n_changed=int(sum((change != 0).sum() for change in changes)),
    )
