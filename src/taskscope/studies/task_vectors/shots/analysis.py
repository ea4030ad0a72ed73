"""Accuracy by number of demonstrations: means over tasks with intervals, the figure and the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskscope.errors import StudyError
from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.stats.intervals import average_over_tasks, bootstrap_means, percentile_interval
from taskscope.studies.randomness import stream
from taskscope.studies.remembering import once_per_table
from taskscope.studies.task_vectors.conditions import LABELS
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.part_rows import by_model
from taskscope.studies.task_vectors.resampling import FEWEST_TASKS_RESAMPLED
from taskscope.studies.task_vectors.results import ModelResult
from taskscope.studies.task_vectors.shots.rows import CONDITIONS, PART

SHOTS = Axis("shots", "demonstrations before the query", whole=True)
ACCURACY = Axis("accuracy", "right answers", domain=(0, 1), format=".0%")


@dataclass(frozen=True)
class Curves:
    """One model's accuracies by number of demonstrations."""

    model: str
    tasks: tuple[str, ...]
    by_task: np.ndarray
    """(task, condition, shots) in the order of `CONDITIONS`, from no demonstration to all."""
    mean: np.ndarray
    """(1 + draw, condition, shots): over tasks, the estimate first."""


@once_per_table
def curves(rows: pa.Table, measured: Sequence[ModelResult], params: TaskVectorParams) -> list[Curves]:
    """Resample queries within tasks, and tasks where there are enough; models without such rows have none."""
    found = []
    for result, mine in by_model(rows, PART, measured):
        tasks = [t.task for t, _ in result.admitted] or [t.task for t in result.tasks]
        found.append(_curves(mine, result.model, tasks, params.draws))
    return found


def _curves(rows: pa.Table, model: str, tasks: Sequence[str], draws: int) -> Curves:
    means, resampled = [], []
    for task in tasks:
        values, cluster = _grid(rows.filter(pc.equal(rows["task"], task)), task)  # type: ignore[attr-defined]
        flat = values.reshape(len(values), -1)
        means.append(values.mean(axis=0))
        resampled.append(bootstrap_means(flat, cluster, draws, stream("task-vectors shots", task)))
    drawn = average_over_tasks(
        resampled,
        stream("task-vectors shots over tasks", len(tasks)),
        resample_tasks=len(tasks) >= FEWEST_TASKS_RESAMPLED,
    )
    by_task = np.stack(means)
    return Curves(
        model,
        tuple(tasks),
        by_task,
        np.concatenate([by_task.mean(axis=0)[None], drawn.reshape(-1, *by_task.shape[1:])]),
    )


def _grid(rows: pa.Table, task: str) -> tuple[np.ndarray, np.ndarray]:
    """Sort one task's rows: (pair, condition, shots) of 0 and 1, and the cluster of each pair."""
    condition = np.array(rows["condition"].cast(pa.string()).to_pylist())
    cluster = np.array(rows["cluster"].cast(pa.string()).to_pylist())
    place = np.stack([rows[name].to_numpy() for name in ("seed", "pair", "shots")], axis=1)
    number = np.array([CONDITIONS.index(name) for name in condition])
    order = np.lexsort((place[:, 2], number, place[:, 1], place[:, 0]))
    n_shots = int(place[:, 2].max()) + 1 if len(place) else 1
    per_pair = len(CONDITIONS) * n_shots
    if len(order) == 0 or len(order) % per_pair or (place[order, 2] != np.arange(len(order)) % n_shots).any():
        raise StudyError(f"rows of task {task!r} by number of demonstrations are incomplete", "every number")
    correct = rows["correct"].to_numpy(zero_copy_only=False)[order].astype(float)
    return correct.reshape(-1, len(CONDITIONS), n_shots), cluster[order][::per_pair]


def figures(found: Curves) -> list[Figure]:
    """Draw the mean of the tasks counted, with 95 % intervals."""
    low, high = (np.clip(end, 0, 1) for end in percentile_interval(found.mean[1:]))
    data = [
        {
            "shots": shots,
            "accuracy": round(float(found.mean[0, c, shots]), 4),
            "labels": LABELS[condition],
            "low": round(float(low[c, shots]), 4),
            "high": round(float(high[c, shots]), 4),
        }
        for c, condition in enumerate(CONDITIONS)
        for shots in range(found.mean.shape[2])
    ]
    right = found.mean[0, 0]
    return [
        Figure(
            name=f"task-vectors-{slug(found.model)}-by-shots",
            title="Few-shot accuracy by number of demonstrations",
            see=f"From no demonstration to {len(right) - 1}, right answers go from {100 * right[0]:.0f} % "
            f"over {100 * right[1]:.0f} % (one demonstration) to {100 * right[-1]:.0f} %; with swapped "
            f"labels to {100 * found.mean[0, 1, -1]:.0f} %.",
            alt=f"Line chart for {found.model}: mean share of right answers by number of demonstrations, "
            "with right and with swapped labels, each with a 95 % band.",
            spec=charts.curves(
                data,
                SHOTS,
                ACCURACY,
                series="labels",
                low="low",
                high="high",
                order=[LABELS[CONDITIONS[0]]],
                controls=[LABELS[CONDITIONS[1]]],
            ),
            model=found.model,
        )
    ]


def tables(found: Curves) -> list[Table]:
    """Tabulate every task."""
    n_shots = found.by_task.shape[2]
    heads = [f"{n} {'right' if c == 0 else 'swapped'}" for c in (0, 1) for n in range(1 - (c == 0), n_shots)]
    rows = [
        (task, *(round(float(v), 4) for v in (*values[0], *values[1, 1:])))
        for task, values in zip(found.tasks, found.by_task, strict=True)
    ]
    return [
        Table(
            name=f"task-vectors-{slug(found.model)}-by-shots",
            title="Every task by number of demonstrations",
            columns=("task", *heads),
            rows=tuple(rows),
            note="Shares of right answers to test queries after the first demonstrations of each prompt, "
            "with right and with swapped labels. A part of a swapped prompt is wrong too, but may hold "
            "labels of demonstrations that come later.",
            model=found.model,
        )
    ]
