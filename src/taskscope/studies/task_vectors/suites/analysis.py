"""How far one vector gets on tasks both ways and in two steps, beside the tasks that they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.stats.intervals import bootstrap_means, percentile_interval
from taskscope.studies.randomness import stream
from taskscope.studies.remembering import once_per_table
from taskscope.studies.task_vectors.conditions import BASELINE, HYPOTHESIS, LABELS, REGULAR
from taskscope.studies.task_vectors.grids import TaskGrid, grids
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.part_rows import of_part
from taskscope.studies.task_vectors.published import ADMISSIBLE_GAIN
from taskscope.studies.task_vectors.results import ModelResult
from taskscope.studies.task_vectors.selection import select
from taskscope.studies.task_vectors.suites.rows import PART
from taskscope.tasks.generated import BOTH_WAYS, NAMES, directions, steps

ACCURACY = Axis("accuracy", "right answers", domain=(0, 1), format=".0%")
STRONGEST = "strongest control"
CONDITIONS = (LABELS[BASELINE], LABELS[HYPOTHESIS], LABELS[REGULAR], STRONGEST)


@dataclass(frozen=True)
class Line:
    """Accuracies of one task, or of one direction of it."""

    task: str
    what: str
    """``both directions``, ``forward``, ``backward``, ``two steps``, or ``alone`` for what it is made of."""
    block: int
    counted: bool
    """Demonstrations add 20 points or more on development queries; both ways, in either direction too."""
    n_queries: int
    values: np.ndarray
    """(condition, 3): `CONDITIONS`, each with its 95 % interval over queries."""

    @property
    def gain(self) -> float:
        """What demonstrations add."""
        return float(self.values[2, 0] - self.values[0, 0])

    @property
    def recovered(self) -> float | None:
        """Share of the demonstrations' gain that theta recovers; None where they gain nothing."""
        baseline, theta, regular, _ = self.values[:, 0]
        return (
            float((theta - baseline) / (regular - baseline)) if self.counted and regular > baseline else None
        )


@dataclass(frozen=True)
class Suites:
    """Every generated task of one model."""

    model: str
    lines: list[Line]


@once_per_table
def suites(rows: pa.Table, measured: Sequence[ModelResult], params: TaskVectorParams) -> list[Suites]:
    """Read the generated tasks of every model that has some; the single tasks come from E1."""
    table = of_part(rows, PART)
    if table.num_rows == 0:
        return []
    by_model = grids(table.drop_columns(["part"]))
    single = {result.model: {task.task: task for task in result.tasks} for result in measured}
    return [
        Suites(model, list(_lines(tasks, single.get(model, {}), params.draws)))
        for model, tasks in by_model.items()
    ]


def _lines(tasks: Sequence[TaskGrid], single: dict[str, TaskGrid], draws: int) -> Iterator[Line]:
    for task in sorted(tasks, key=lambda task: NAMES.index(task.task)):
        if task.task.endswith(BOTH_WAYS):
            ways = list(_by_direction(task, draws))
            whole = _line(task, "both directions", draws)
            yield replace(whole, counted=whole.counted and all(way.gain >= ADMISSIBLE_GAIN for way in ways))
            yield from ways
        else:
            yield _line(task, "two steps", draws)
        for name in steps(task.task):
            if name in single:
                yield _line(single[name], "alone", draws)


def _by_direction(task: TaskGrid, draws: int) -> Iterator[Line]:
    told = directions(task.task)
    way = np.array([told[label] for label in task.test.label])
    for direction in sorted(set(way), reverse=True):
        yield _line(task, direction, draws, way == direction)


def _line(task: TaskGrid, what: str, draws: int, kept: np.ndarray | None = None) -> Line:
    """Compute one line on test queries; block and control are those of the whole task."""
    chosen, half = select(task.dev), task.test
    columns = [
        half.plain[BASELINE],
        half.swept[HYPOTHESIS][:, chosen.block],
        half.plain[REGULAR],
        half.control(chosen.control)[:, chosen.block],
    ]
    values = np.stack(columns, axis=1)
    index = np.arange(len(values)) if kept is None else np.flatnonzero(kept)
    cluster = half.cluster[index]
    rng = stream("task-vectors suites", task.task, what)
    low, high = percentile_interval(bootstrap_means(values[index], cluster, draws, rng))
    ends = np.stack([values[index].mean(axis=0), low, high], axis=1)
    return Line(task.task, what, chosen.block, chosen.admissible, len(np.unique(cluster)), ends)


def figures(found: Suites) -> list[Figure]:
    """Draw every line as a row: one vector beside the demonstrations."""
    data = [
        {
            "task": f"{line.task}: {line.what}",
            "condition": condition,
            "accuracy": round(float(value), 4),
            "low": round(float(low), 4),
            "high": round(float(high), 4),
        }
        for line in _distinct(found.lines)
        for condition, (value, low, high) in zip(CONDITIONS, line.values, strict=True)
    ]
    return [
        Figure(
            name=f"task-vectors-{slug(found.model)}-known-to-fail",
            title="Where task vectors are known to fail: both directions, and two steps",
            see=_see(found),
            alt=f"Forest plot for {found.model}: right answers without demonstrations, with one vector, with "
            "demonstrations and under the strongest control, for tasks asked in both directions, for tasks "
            "of two steps, and for the single tasks that they are made of.",
            spec=charts.intervals(
                data,
                ACCURACY,
                row="task",
                low="low",
                high="high",
                series="condition",
                order=(LABELS[HYPOTHESIS], LABELS[REGULAR]),
                controls=(LABELS[BASELINE], STRONGEST),
            ),
            model=found.model,
        )
    ]


def _distinct(lines: Sequence[Line]) -> list[Line]:
    return list({(line.task, line.what): line for line in lines}.values())


def _see(found: Suites) -> str:
    parts = []
    for what in ("both directions", "two steps", "alone"):
        some = [line.recovered for line in _distinct(found.lines) if line.what == what]
        known = [share for share in some if share is not None]
        if known:
            parts.append(f"{what} {100 * float(np.mean(known)):.0f} % ({len(known)} tasks)")
    if not parts:
        return "On none of these tasks do demonstrations help, so there is nothing for a vector to recover."
    return "Share of the demonstrations' gain that one vector recovers: " + ", ".join(parts) + "."


def tables(found: Suites) -> list[Table]:
    """Tabulate every line."""
    rows = tuple(
        (
            line.task,
            line.what,
            "yes" if line.counted else "no",
            line.n_queries,
            line.block,
            *(round(float(value), 4) for value in line.values[:, 0]),
            None if line.recovered is None else round(line.recovered, 4),
        )
        for line in _distinct(found.lines)
    )
    return [
        Table(
            name=f"task-vectors-{slug(found.model)}-known-to-fail",
            title="Tasks both ways and in two steps",
            columns=("task", "what", "counted", "queries", "block", *CONDITIONS, "recovered share"),
            rows=rows,
            note="Right answers to test queries. A task both ways mixes x -> y and y -> x in one prompt; its "
            "directions are read from the same prompts, at the same block, and it is counted only if "
            "demonstrations help in both. 'alone': the task it is made of. "
            "None of these enters the verdicts.",
            model=found.model,
        )
    ]
