"""From rows of averaged thetas to accuracies and their paired difference, task by task and over tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskscope.errors import StudyError
from taskscope.stats.intervals import average_over_tasks, bootstrap_means
from taskscope.stats.tests import discordant, exact_mcnemar, holm
from taskscope.studies.judgement import Measure
from taskscope.studies.randomness import stream
from taskscope.studies.remembering import once_per_table
from taskscope.studies.task_vectors.averaged.rows import CONDITIONS, MEAN, PART, PLAIN, SINGLE
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.part_rows import by_model
from taskscope.studies.task_vectors.resampling import FEWEST_TASKS_RESAMPLED
from taskscope.studies.task_vectors.results import ModelResult

_SINGLE, _MEAN = CONDITIONS.index(SINGLE), CONDITIONS.index(MEAN)


@dataclass(frozen=True)
class TaskAverages:
    """One task at the block that was chosen for theta of one set of demonstrations (C1)."""

    task: str
    block: int
    swapping_hides: bool
    """Whether swapped labels hide the task from the model; where not, their mean is no control."""
    n_prompts: float
    """Prompts in the mean, averaged over the queries that have one."""
    n_left_out: int
    """Queries with too few prompts that do not contain them."""
    cluster: np.ndarray
    """(query,) of the queries that have a mean."""
    values: np.ndarray
    """(query, condition) of `CONDITIONS`, 1 where right."""

    @property
    def n_clusters(self) -> int:
        """Independent queries."""
        return len(np.unique(self.cluster))


@dataclass(frozen=True)
class Averages:
    """One model: every task that demonstrations help on, and the mean over those that have averages."""

    model: str
    tasks: tuple[TaskAverages, ...]
    """Those with averages."""
    p: tuple[float, ...]
    """By task: mean against single theta, exact McNemar with one vote per query, Holm over the tasks."""
    resampled: tuple[np.ndarray, ...]
    """By task (1 + draw, condition), the estimate first."""
    mean: np.ndarray
    """(1 + draw, condition): over tasks; no rows without a task."""
    too_few: tuple[str, ...]
    """Tasks in which no query has enough prompts that do not contain it."""

    def accuracy(self, condition: str) -> Measure:
        """Right answers under a condition, mean over tasks."""
        return Measure.of(self.mean[:, CONDITIONS.index(condition)])

    @property
    def difference(self) -> Measure:
        """What the averaged theta gets right beyond theta of one set of demonstrations."""
        return difference(self.mean)


def difference(resampled: np.ndarray) -> Measure:
    """Averaged minus single theta, paired: resamples (1 + draw, condition)."""
    return Measure.of(resampled[:, _MEAN] - resampled[:, _SINGLE])


@once_per_table
def averages_of(rows: pa.Table, measured: Sequence[ModelResult], params: TaskVectorParams) -> list[Averages]:
    """Read every model that has such rows and a task on which demonstrations help."""
    found = []
    for result, mine in by_model(rows, PART, measured):
        present = set(mine["task"].unique().to_pylist())
        tasks = [
            _task(mine, grid.task, chosen.block, chosen.swapping_hides)
            for grid, chosen in result.admitted
            if grid.task in present
        ]
        if tasks:
            found.append(_averages(result.model, tasks, params.draws))
    return found


def _averages(model: str, tasks: Sequence[TaskAverages], draws: int) -> Averages:
    able = tuple(task for task in tasks if len(task.values))
    too_few = tuple(task.task for task in tasks if not len(task.values))
    if not able:
        return Averages(model, (), (), (), np.zeros((0, len(CONDITIONS))), too_few)
    votes = [discordant(t.values[:, _MEAN], t.values[:, _SINGLE], t.cluster) for t in able]
    resampled = []
    for task in able:
        rng = stream("task-vectors averaged", task.task)
        drawn = bootstrap_means(task.values, task.cluster, draws, rng)
        resampled.append(np.vstack([task.values.mean(axis=0), drawn]))
    over_tasks = average_over_tasks(
        [drawn[1:] for drawn in resampled],
        stream("task-vectors averaged over tasks", len(able)),
        resample_tasks=len(able) >= FEWEST_TASKS_RESAMPLED,
    )
    mean = np.vstack([np.mean([drawn[0] for drawn in resampled], axis=0), over_tasks])
    p = holm(exact_mcnemar(*np.transpose(votes)))
    return Averages(model, able, tuple(p.tolist()), tuple(resampled), mean, too_few)


def _task(rows: pa.Table, task: str, block: int, swapping_hides: bool) -> TaskAverages:
    """Sort one task's rows at one block.

    Raises:
        StudyError: If a query with a mean lacks a condition.
    """
    own = rows.filter(pc.equal(rows["task"], task))  # type: ignore[attr-defined]
    text = {n: np.array(own[n].cast(pa.string()).to_pylist()) for n in ("condition", "cluster")}
    number = {name: own[name].to_numpy() for name in ("seed", "pair", "block", "prompts")}
    correct = own["correct"].to_numpy(zero_copy_only=False).astype(float)

    def column(condition: str) -> dict[tuple[int, int], int]:
        """Query -> its row."""
        at = -1 if condition in PLAIN else block
        index = np.flatnonzero((text["condition"] == condition) & (number["block"] == at))
        return {(int(number["seed"][i]), int(number["pair"][i])): int(i) for i in index}

    places = {condition: column(condition) for condition in CONDITIONS}
    queries = sorted(places[MEAN])
    if any(not set(queries) <= set(place) for place in places.values()):
        raise StudyError(f"rows of averaged thetas of task {task!r} are incomplete", "every condition")
    index = np.array([[places[name][query] for name in CONDITIONS] for query in queries], dtype=int)
    index = index.reshape(len(queries), len(CONDITIONS))
    return TaskAverages(
        task=task,
        block=block,
        swapping_hides=swapping_hides,
        n_prompts=float(number["prompts"][index[:, _MEAN]].mean()) if queries else 0.0,
        n_left_out=len(places[CONDITIONS[0]]) - len(queries),
        cluster=text["cluster"][index[:, _MEAN]],
        values=correct[index],
    )
