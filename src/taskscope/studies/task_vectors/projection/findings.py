"""From the rows of projected thetas to the finding on C5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from taskscope.report.findings import Finding
from taskscope.studies.judgement import Measure
from taskscope.studies.remembering import once_per_table
from taskscope.studies.task_vectors import wording
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.part_rows import of_part
from taskscope.studies.task_vectors.projection.reading import Projection, project
from taskscope.studies.task_vectors.projection.rows import PART, Readings, readings
from taskscope.studies.task_vectors.projection.through_lens import ThroughLens, through_lens
from taskscope.studies.task_vectors.projection.verdict import judge_projection, reading_block
from taskscope.studies.task_vectors.results import ModelResult
from taskscope.studies.wording import control, percent

QUANTITY = "gain of description words in reciprocal rank under their own task's theta"
LABELS = {
    BARE: "no demonstrations, the same dummies",
    SWAPPED: "theta of swapped labels",
    "strongest": "strongest control of each task",
}
MEANINGS = {
    BARE: "Whether the dummies' words alone call up the description.",
    SWAPPED: "Whether the words of the demonstrations do, when the pairs are wrong.",
    "strongest": "The largest of the controls of each task, chance (0) among them.",
}


@dataclass(frozen=True)
class Read:
    """What was read of one model's thetas."""

    model: str
    block: int | None
    readings: list[Readings]
    projection: Projection | None
    tuned: ThroughLens | None = None
    """The same through a tuned lens, on which no verdict rests; None where there is no such lens."""


@once_per_table
def reads(rows: pa.Table, measured: Sequence[ModelResult], params: TaskVectorParams) -> list[Read]:
    """Read the projected thetas of every model that has some."""
    table = of_part(rows, PART)
    if table.num_rows == 0:
        return []
    pairs = table.group_by(["model", "task"]).aggregate([]).to_pydict()
    present = set(zip(pairs["model"], pairs["task"], strict=True))
    models = {model for model, _ in present}
    return [_read(rows, table, result, present, params) for result in measured if result.model in models]


def _read(
    rows: pa.Table,
    table: pa.Table,
    result: ModelResult,
    present: set[tuple[str, str]],
    params: TaskVectorParams,
) -> Read:
    kept = [(t.task, s.swapping_hides) for t, s in result.admitted if (result.model, t.task) in present]
    if result.peak is None or not kept:
        return Read(result.model, None, [], None)
    block = reading_block(result.peak.block, result.peak.n_blocks)
    found = readings(table, result.model, [name for name, _ in kept])
    seen = project(found, [hidden for _, hidden in kept], block, params.draws)
    return Read(result.model, block, found, seen, through_lens(rows, result.model, kept, block, params.draws))


def finding(found: Read) -> Finding:
    """Judge C5."""
    seen = found.projection
    controls = [] if seen is None else seen.controls.items()
    return wording.finding(
        "C5",
        found.model,
        judge_projection(seen, found.block),
        statement=_statement(seen),
        quantity=QUANTITY,
        measure=None if seen is None else Measure.of(seen.theta),
        n=0 if seen is None else seen.n_sets,
        unit="sets of demonstrations",
        controls=[
            control(name.replace(" ", "-"), LABELS[name], Measure.of(draws), MEANINGS[name])
            for name, draws in controls
        ],
    )


def _statement(seen: Projection | None) -> str:
    if seen is None:
        return "No description word can be read from the thetas of this model."
    shown = percent(seen.n_shown / len(seen.tasks))
    outputs = (
        "" if seen.outputs != seen.outputs else f" Words that the tasks put out gain {seen.outputs:.3f}."
    )
    return (
        f"Read through the vocabulary after block {seen.block}, theta shows words that describe its task on "
        f"{seen.n_shown} of {len(seen.tasks)} tasks ({shown}); on average such a word's reciprocal rank is "
        f"{seen.theta[0]:.3f} higher than under thetas of other tasks.{outputs}"
    )
