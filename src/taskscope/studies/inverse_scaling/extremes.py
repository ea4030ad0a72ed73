"""The largest fall and the deepest turn among the tasks of a series, beside what shuffled sizes give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.stats.intervals import bootstrap_means, cluster_sums
from taskscope.stats.trends.rule import Label
from taskscope.studies.inverse_scaling.arms import TASK
from taskscope.studies.inverse_scaling.grids import Series
from taskscope.studies.inverse_scaling.trends import SeriesTrends, TaskTrend, performance
from taskscope.studies.judgement import Measure
from taskscope.studies.randomness import stream

ROUNDS = 100
"""Times that sizes are shuffled for the control."""

TURNED = (Label.U, Label.INVERTED_U, Label.WAVE)
"""Labels of trends that turn."""


@dataclass(frozen=True)
class Extreme:
    """The task that shows something most, and the control."""

    task: TaskTrend
    found: Measure
    shuffled: Measure
    """The most that any task shows when each group of items gives its models an order of its own."""


def largest_fall(found: SeriesTrends) -> Extreme | None:
    """Find the task that loses most from first to last, one labelled inverse if there is any."""
    tasks = comparable(found.tasks, Label.INVERSE)
    if not tasks:
        return None
    task = max(_labelled(tasks, Label.INVERSE), key=lambda one: -one.deciding.change.value)
    change = task.deciding.change
    shuffled = [fall(_shuffled(found.series, one)) for one in tasks]
    return Extreme(task, Measure(-change.value, -change.high, -change.low), _control(shuffled))


def deepest_turn(found: SeriesTrends, draws: int) -> Extreme | None:
    """Find the task with the deepest trough or peak between the ends, one labelled so if there is any."""
    long = [task for task in found.tasks if len(task.grid.models) >= 3]
    tasks = comparable(long, *TURNED)
    if not tasks:
        return None
    task = max(_labelled(tasks, *TURNED), key=lambda one: depth(one.deciding.means))
    shuffled = [depth(_shuffled(found.series, one)) for one in tasks]
    return Extreme(task, Measure.of(_depths(found.series, task, draws)), _control(shuffled))


def comparable(tasks: Sequence[TaskTrend], *labels: Label) -> list[TaskTrend]:
    """Keep tasks of one unit, since falls of two units have no largest.

    Those with an accuracy, unless there are none or only others have one of the labels.
    """
    judged = [task for task in tasks if task.accuracy is not None]
    others = [task for task in tasks if task.accuracy is None]
    only_others = not _with(judged, *labels) and _with(others, *labels)
    return others if only_others or not judged else judged


def fall(means: np.ndarray) -> np.ndarray:
    """Performance of the first model less that of the last, (...), from means (..., model)."""
    return means[..., 0] - means[..., -1]


def depth(means: np.ndarray) -> np.ndarray:
    """How far the deepest inner model lies below both ends, or the highest above both, (...).

    Args:
        means: (..., model), three or more.
    """
    inner, first, last = means[..., 1:-1], means[..., :1], means[..., -1:]
    below = np.minimum(first, last) - inner
    above = inner - np.maximum(first, last)
    return np.maximum(below, above).max(axis=-1)


def _labelled(tasks: Sequence[TaskTrend], *labels: Label) -> Sequence[TaskTrend]:
    return _with(tasks, *labels) or tasks


def _with(tasks: Sequence[TaskTrend], *labels: Label) -> list[TaskTrend]:
    return [task for task in tasks if task.label in labels]


def _depths(series: Series, task: TaskTrend, draws: int) -> np.ndarray:
    """Depth of the turn that was found, its place and direction held, (1 + draw,)."""
    rng = stream("inverse-scaling depths", series.name, task.grid.task)
    means, arm = task.deciding.means, task.grid.arms[TASK]
    inner = np.arange(1, len(means) - 1)
    ends = means[[0, -1]]
    below, above = ends.min() - means[inner], means[inner] - ends.max()
    sign = 1.0 if below.max() >= above.max() else -1.0
    turn = int(inner[np.argmax(below if sign > 0 else above)])
    resampled = bootstrap_means(performance(arm).T, arm.clusters, draws, rng)
    resampled = resampled + rng.normal(0.0, task.deciding.noise.value, resampled.shape)
    whole = sign * np.concatenate([means[None], resampled])
    return np.minimum(whole[:, 0], whole[:, -1]) - whole[:, turn]


def _shuffled(series: Series, task: TaskTrend) -> np.ndarray:
    """Means after giving each group of items its models in an order of its own, (round, model).

    What is left is a task on which size means nothing, with the spread and the noise between models that it
    has.
    """
    arm = task.grid.arms[TASK]
    rng = stream("inverse-scaling shuffles", series.name, task.grid.task)
    sums, _ = cluster_sums(performance(arm).T, arm.clusters)  # (group, model)
    orders = rng.permuted(np.broadcast_to(np.arange(sums.shape[1]), (ROUNDS, *sums.shape)), axis=2)
    mixed = np.take_along_axis(sums[None], orders, axis=2).sum(axis=1) / len(arm.clusters)
    return mixed + rng.normal(0.0, task.deciding.noise.value, mixed.shape)


def _control(by_task: Sequence[np.ndarray]) -> Measure:
    """The largest over tasks in each round: mean and central 95 %."""
    largest = np.max(by_task, axis=0)
    return Measure.of(np.concatenate([[largest.mean()], largest]))
