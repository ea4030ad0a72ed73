"""From the rows of conflict cells to the finding on C4."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from taskscope.report.findings import Control, Finding
from taskscope.studies.judgement import Measure
from taskscope.studies.remembering import once_per_table
from taskscope.studies.task_vectors import wording
from taskscope.studies.task_vectors.conflict.relation import Relation, relate, theta_distances
from taskscope.studies.task_vectors.conflict.resampling import Direction, Override, directions, override
from taskscope.studies.task_vectors.conflict.rows import NONE, OWN, PART, RANDOM, UNRELATED
from taskscope.studies.task_vectors.conflict.verdict import judge_conflict
from taskscope.studies.task_vectors.geometry.rows import PART as THETAS
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.part_rows import of_part
from taskscope.studies.task_vectors.results import ModelResult
from taskscope.studies.wording import control, percent

MOST_CHANGE_BY_OWN = 0.05
"""What theta of the task shown may change in that task's answers and still count as nothing (E5)."""
QUANTITY = "answers of the task whose theta was put in, against the demonstrations"
MEANINGS = {
    NONE: "How often the demonstrations alone happen to give the other task's answer.",
    OWN: "Whether putting any theta in would do: this one is of the task shown.",
    UNRELATED: "Whether taking the task shown away would do: this theta is of neither of the two.",
    RANDOM: "Whether any disturbance of this length would do.",
}


@dataclass(frozen=True)
class Conflicts:
    """Everything measured on one model's pairs of tasks."""

    model: str
    directions: list[Direction]
    override: Override | None
    distances: list[float]
    """Of the two thetas, by direction; empty where no thetas were measured."""
    relation: Relation | None


@once_per_table
def conflicts(rows: pa.Table, measured: Sequence[ModelResult], params: TaskVectorParams) -> list[Conflicts]:
    """Read the conflicts of every model; a model without any gets an empty one, if thetas were measured."""
    table = of_part(rows, PART)
    found = []
    for result in measured:
        blocks = {task.task: chosen.block for task, chosen in result.admitted}
        mine = table.filter(pc.equal(table["model"], result.model))  # type: ignore[attr-defined]
        ways = directions(mine, blocks) if mine.num_rows else []
        distances = _distances(rows, result.model, ways, blocks)
        relation = relate(ways, distances, params.draws) if distances else None
        found.append(Conflicts(result.model, ways, override(ways, params.draws), distances, relation))
    return found


def _distances(rows: pa.Table, model: str, ways: list[Direction], blocks: dict[str, int]) -> list[float]:
    thetas = of_part(rows, THETAS)
    if thetas.num_rows == 0:
        return []
    mine = thetas.filter(pc.equal(thetas["model"], model))  # type: ignore[attr-defined]
    present = set(mine["task"].unique().to_pylist())
    complete = all({way.shown, way.injected} <= present for way in ways)
    return theta_distances(mine, model, ways, blocks) if complete else []


def finding(found: Conflicts) -> Finding:
    """Judge C4."""
    mean = found.override
    return wording.finding(
        "C4",
        found.model,
        judge_conflict(mean),
        statement=_statement(found, mean),
        quantity=QUANTITY,
        measure=None if mean is None else Measure.of(mean.other),
        n=0 if mean is None else mean.n_clusters,
        unit="queries",
        controls=[] if mean is None else _controls(mean),
    )


def _controls(mean: Override) -> list[Control | None]:
    best = control(
        "strongest",
        "largest control of each task",
        Measure.of(mean.strongest),
        "The verdict is against this one.",
    )
    full = control(
        "reference",
        "its own demonstrations",
        Measure.of(mean.reference),
        "What the other task's demonstrations give: the most that its theta could.",
    )
    others = [
        control(name.replace(" ", "-"), name, Measure.of(draws), MEANINGS[name])
        for name, draws in mean.controls.items()
    ]
    return [best, *others, full]


def _statement(found: Conflicts, mean: Override | None) -> str:
    if mean is None:
        return "No two tasks can be set against each other."
    return (
        f"Shown one task and given the theta of another, the model gives the other's answer "
        f"{percent(mean.other[0])} of the time and that of the task shown {percent(mean.own[0])}. With "
        f"nothing put in the other's answer comes {percent(mean.controls[NONE][0])} of the time, with its "
        f"own demonstrations {percent(mean.reference[0])} ({len(found.directions)} ordered pairs of tasks). "
        f"{own_theta(mean)}"
    )


def own_theta(mean: Override) -> str:
    """Say what theta of the task shown does to that task's answers, which should be nothing (E5)."""
    change = Measure.of(mean.change(OWN))
    if not math.isfinite(change.value):
        return ""
    ends = f"{100 * change.low:.0f} to {100 * change.high:.0f}"
    said = (
        f"Theta of the task shown itself, put in, changes that task's answers by {100 * change.value:.0f} "
        f"points ({ends})"
    )
    if abs(change.value) <= MOST_CHANGE_BY_OWN + 1e-9:
        return f"{said}, about nothing, as it should."
    if change.low <= 0 <= change.high:
        return f"{said}, where nothing should change; it cannot be told from nothing."
    return f"{said}, where nothing should change: so much of what theta does here is done by putting it in."
