"""From the rows of theta cells to the finding on C3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from taskscope.report.findings import Control, Finding
from taskscope.studies.judgement import Measure
from taskscope.studies.remembering import once_per_table
from taskscope.studies.task_vectors import wording
from taskscope.studies.task_vectors.geometry.pictures import Pictures, pictures
from taskscope.studies.task_vectors.geometry.rows import BARE, PART, SWAPPED, Cloud, clouds
from taskscope.studies.task_vectors.geometry.variance import CHANCE, FIRST, Shares, shares
from taskscope.studies.task_vectors.geometry.verdict import judge_geometry
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.part_rows import of_part
from taskscope.studies.task_vectors.results import ModelResult
from taskscope.studies.wording import control, percent

QUANTITY = "share of theta's variation that the task accounts for"
LABELS = {
    BARE: "no demonstrations, the same dummies",
    SWAPPED: "theta of swapped labels",
    FIRST: "theta after the first block",
    CHANCE: "chance",
}
MEANINGS = {
    BARE: "How far the words of the dummies alone set the tasks apart.",
    SWAPPED: "How far the words of the demonstrations do, when the pairs are wrong.",
    FIRST: "How far a first look at the words does.",
}


@dataclass(frozen=True)
class Geometry:
    """The thetas of one model's tasks at the shared block; shares are None for fewer than two tasks."""

    model: str
    block: int | None
    clouds: list[Cloud]
    shares: Shares | None
    hides: list[bool]
    n_starts: int = 0
    """Random starts of t-SNE by which its picture is checked."""

    @cached_property
    def pictures(self) -> Pictures | None:
        """How stable the picture is; made when asked for, because no verdict needs it."""
        return pictures(self.clouds, self.n_starts) if self.shares is not None and self.n_starts else None


@once_per_table
def geometries(rows: pa.Table, measured: Sequence[ModelResult], params: TaskVectorParams) -> list[Geometry]:
    """Read the thetas of every model that has theta cells."""
    thetas = of_part(rows, PART)
    if thetas.num_rows == 0:
        return []
    pairs = thetas.group_by(["model", "task"]).aggregate([]).to_pydict()
    present = set(zip(pairs["model"], pairs["task"], strict=True))
    models = {model for model, _ in present}
    return [_geometry(thetas, result, present, params) for result in measured if result.model in models]


def _geometry(
    thetas: pa.Table, result: ModelResult, present: set[tuple[str, str]], params: TaskVectorParams
) -> Geometry:
    kept = [(t.task, s.swapping_hides) for t, s in result.admitted if (result.model, t.task) in present]
    if result.peak is None or len(kept) < 2:
        return Geometry(result.model, None if result.peak is None else result.peak.block, [], None, [])
    names, hides, block = [name for name, _ in kept], [hidden for _, hidden in kept], result.peak.block
    here = clouds(thetas, result.model, names, block)
    first = clouds(thetas, result.model, names, 0) if block else None
    split = shares(here, first, hides, params.draws)
    return Geometry(result.model, block, here, split, hides, params.n_picture_starts)


def finding(found: Geometry) -> Finding:
    """Judge C3."""
    split = found.shares
    return wording.finding(
        "C3",
        found.model,
        judge_geometry(split, found.block),
        statement=_statement(found),
        quantity=QUANTITY,
        measure=None if split is None else Measure.of(split.theta),
        n=0 if split is None else split.n_sets,
        unit="sets of demonstrations",
        controls=() if split is None else _controls(found, split),
    )


def _statement(found: Geometry) -> str:
    split = found.shares
    if split is None:
        return "Fewer than two tasks can be compared: demonstrations hardly help."
    task, sets, dummy = (sum(part[i] for part in split.parts.values()) / split.n_tasks for i in range(3))
    return (
        f"After block {found.block}, of the distance between thetas of different tasks {percent(task)} is "
        f"due to the task, {percent(max(sets, 0))} to other demonstrations and {percent(dummy)} to another "
        f"dummy; under the strongest control the task's part is {percent(float(split.strongest[0]))} "
        f"({split.n_tasks} tasks on which demonstrations help)."
    )


def _controls(found: Geometry, split: Shares) -> list[Control | None]:
    most = Counter(split.named.values()).most_common(1)[0][0]
    made = [
        control(
            "strongest",
            f"strongest control of each task (most often: {LABELS[most]})",
            Measure.of(split.strongest),
            "The largest of the controls for each task; the verdict is against this one.",
        )
    ]
    for kind, draws in split.controls.items():
        meaning = MEANINGS[kind]
        shown = sum(not hidden for hidden in found.hides)
        if kind == SWAPPED and shown:
            meaning += (
                f" Left out of the comparison on {shown} of {len(found.hides)} tasks, which the model does "
                "from swapped labels too."
            )
        made.append(control(kind.replace(" ", "-"), LABELS[kind], Measure.of(draws), meaning))
    return made
