"""Function vectors in other surroundings: means over tasks, figure and table; no verdict (FV-6, FV-7)."""

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
from taskscope.stats.intervals import average_over_tasks, bootstrap_means
from taskscope.studies.judgement import Measure
from taskscope.studies.randomness import stream
from taskscope.studies.remembering import once_per_table
from taskscope.studies.task_vectors.heads.rows import NONE, OTHER, RANDOM, RANDOM_HEADS, VECTOR, ZERO_SHOT
from taskscope.studies.task_vectors.heads.surrounding_rows import PART, REBUILT, TEMPLATES, TEXT, TOP, WHOLE
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.part_rows import of_part
from taskscope.studies.task_vectors.resampling import FEWEST_TASKS_RESAMPLED
from taskscope.studies.task_vectors.results import ModelResult

ACCURACY = Axis("accuracy", "right answers", domain=(0, 1), format=".0%")
CONDITIONS = (NONE, VECTOR, RANDOM_HEADS, RANDOM, OTHER, WHOLE, TOP)
LABELS = {
    TEMPLATES: "a query alone, in other templates",
    TEXT: "plain text: the answer turns up",
    ZERO_SHOT: "a query alone, vectors rebuilt from their words",
}


@dataclass(frozen=True)
class Surroundings:
    """What function vectors do in other surroundings, with one model."""

    model: str
    means: dict[tuple[str, str], Measure]
    """(surrounding, condition) -> share of right answers, mean over tasks."""
    tasks: dict[str, dict[tuple[str, str], float]]
    """By task, the same."""
    rebuilt: dict[tuple[str, str], tuple[float, float]]
    """(task, condition) -> how many nats a rebuilt vector's read-out is off, and its cosine with the function
    vector."""


@once_per_table
def surroundings(
    rows: pa.Table, measured: Sequence[ModelResult], params: TaskVectorParams
) -> list[Surroundings]:
    """Average over the tasks on which demonstrations help; models without such rows or tasks have none."""
    table, rebuilt = of_part(rows, PART), of_part(rows, REBUILT)
    found = []
    for result in measured:
        able = [task.task for task, _ in result.admitted]
        mine = _of(table, result.model, able)
        if mine.num_rows:
            by_task = {task: _grids(mine, task) for task in able}
            made = {
                (row["target"], row["condition"]): (row["nats"], row["cosine"])
                for row in _of(rebuilt, result.model, able).to_pylist()
            }
            found.append(_averaged(result.model, by_task, made, params.draws))
    return found


def _of(rows: pa.Table, model: str, tasks: Sequence[str]) -> pa.Table:
    if rows.num_rows == 0:
        return rows
    known = pc.is_in(rows["target"].cast(pa.string()), pa.array(tasks, pa.string()))  # type: ignore[attr-defined]
    return rows.filter(pc.and_(pc.equal(rows["model"].cast(pa.string()), model), known))  # type: ignore[attr-defined]


Grid = tuple[np.ndarray, np.ndarray]
"""(query, condition) 0 or 1, conditions in the order of `CONDITIONS`; (query,) clusters."""


def _grids(rows: pa.Table, task: str) -> dict[str, tuple[tuple[str, ...], Grid]]:
    """Sort the answers of one task: surrounding -> its conditions, and the grid."""
    mine = rows.filter(pc.equal(rows["target"].cast(pa.string()), task)).to_pylist()  # type: ignore[attr-defined]
    found = {}
    for context in LABELS:
        answers: dict[str, dict[tuple[int, int], dict]] = {}
        for row in mine:
            if row["context"] == context:
                answers.setdefault(row["condition"], {})[row["seed"], row["pair"]] = row
        if not answers:
            continue
        names = tuple(name for name in CONDITIONS if name in answers)
        queries = sorted(answers[names[0]])
        if any(sorted(some) != queries for some in answers.values()):
            raise StudyError(f"answers of task {task!r} with {context} are incomplete", "every condition")
        values = np.array([[float(answers[name][q]["correct"]) for name in names] for q in queries])
        clusters = np.array([answers[names[0]][q]["cluster"] for q in queries])
        found[context] = names, (values, clusters)
    return found


def _averaged(
    model: str,
    by_task: dict[str, dict[str, tuple[tuple[str, ...], Grid]]],
    rebuilt: dict[tuple[str, str], tuple[float, float]],
    draws: int,
) -> Surroundings:
    """Resample queries within tasks, and tasks where there are enough."""
    tasks = {
        task: {
            (context, name): float(share)
            for context, (names, (values, _)) in some.items()
            for name, share in zip(names, values.mean(axis=0), strict=True)
        }
        for task, some in by_task.items()
    }
    means = {}
    for context in LABELS:
        there = {task: some[context] for task, some in by_task.items() if context in some}
        for name in CONDITIONS:
            drawn, estimates = [], []
            for task, (names, (values, clusters)) in there.items():
                if name in names:
                    rng = stream("task-vectors surroundings", task, context)
                    column = values[:, [names.index(name)]]
                    estimates.append(column.mean())
                    drawn.append(bootstrap_means(column, clusters, draws, rng))
            if drawn:
                rng = stream("task-vectors surroundings over tasks", context, len(drawn))
                enough = len(drawn) >= FEWEST_TASKS_RESAMPLED
                resampled = average_over_tasks(drawn, rng, resample_tasks=enough)
                means[context, name] = Measure.of(np.concatenate([[np.mean(estimates)], resampled[:, 0]]))
    return Surroundings(model, means, tasks, rebuilt)


def figures(found: Surroundings) -> list[Figure]:
    """Draw a row for every surrounding."""
    data = [
        {
            "surrounding": LABELS[context],
            "condition": name,
            "accuracy": round(measure.value, 4),
            "low": round(max(measure.low, 0.0), 4),
            "high": round(min(measure.high, 1.0), 4),
        }
        for (context, name), measure in found.means.items()
    ]
    return [
        Figure(
            name=f"task-vectors-{slug(found.model)}-surroundings",
            title="Function vectors in other surroundings",
            see=_see(found),
            alt=f"Forest plot for {found.model}: right answers with nothing added, with the function vector "
            "and with its controls, in other templates, in plain text, and with vectors rebuilt from what "
            "the function vector says in the vocabulary, each with a 95 % interval.",
            spec=charts.intervals(
                data,
                ACCURACY,
                row="surrounding",
                low="low",
                high="high",
                series="condition",
                order=(VECTOR, WHOLE, TOP),
                controls=(NONE, RANDOM_HEADS, RANDOM, OTHER),
            ),
            model=found.model,
        )
    ]


def _see(found: Surroundings) -> str:
    parts = []
    for context, label in LABELS.items():
        if (context, VECTOR) in found.means:
            before, after = (found.means[context, name].value for name in (NONE, VECTOR))
            part = f"{label}: from {before:.0%} to {after:.0%}"
            if (context, WHOLE) in found.means:
                part += f", rebuilt to {found.means[context, WHOLE].value:.0%}"
            parts.append(part)
    return "What a function vector adds. " + "; ".join(parts) + "."


def tables(found: Surroundings) -> list[Table]:
    """Tabulate every task."""
    columns = list(found.means)
    return [
        Table(
            name=f"task-vectors-{slug(found.model)}-surroundings",
            title="Function vectors in other surroundings, task by task",
            columns=(
                "task",
                *(f"{context}: {name}" for context, name in columns),
                *(f"{name}: {what}" for name in (WHOLE, TOP) for what in ("nats off", "cosine")),
            ),
            rows=tuple(
                (
                    task,
                    *(None if key not in some else round(some[key], 4) for key in columns),
                    *(value for name in (WHOLE, TOP) for value in _rounded(found.rebuilt.get((task, name)))),
                )
                for task, some in found.tasks.items()
            ),
            note="Shares of right answers to test queries after the block that development queries chose; "
            "none of this enters a verdict. 'other templates': each query in one of up to 16 drawn from 12 "
            "pairs of prefixes and 10 separators. 'plain text': the query stands in a sentence, the vector "
            "is added at its last token and at every new one, and an answer of three letters or more has to "
            "turn up in the next 5 tokens (10 for places). Rebuilt vectors say in the vocabulary what the "
            "function vector says, as far off as the last columns tell, and are as long; where the cosine "
            "is near 1 the function vector itself has come back, and that it works says nothing of words.",
            model=found.model,
        )
    ]


def _rounded(values: tuple[float, float] | None) -> tuple[float | None, float | None]:
    return (None, None) if values is None else (round(values[0], 4), round(values[1], 4))
