"""Generated tasks in the study: kept apart from the verdicts, and split by direction."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from letters_model import N_BLOCKS, model
from rowmaker import only_at, task_rows, world

from taskscope.errors import StudyError
from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.task_vectors.analysis import analyse
from taskscope.studies.task_vectors.conditions import BASELINE, HYPOTHESIS, LABELS, REGULAR
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.results import results
from taskscope.studies.task_vectors.study import TASK_VECTORS
from taskscope.studies.task_vectors.suites.analysis import figures, suites, tables
from taskscope.studies.task_vectors.suites.measure import measure
from taskscope.studies.task_vectors.suites.rows import PART
from taskscope.tasks.generated import NAMES, directions

PARAMS = TaskVectorParams(tasks=("to-upper",), k=3, n_dev=6, n_test=9, draws=100, suites=("bijection",))


REF = ModelRef(id="tiny", label="tiny", dtype="float32", attention="sdpa")
PLANNED = PlannedModel(ref=REF, n_blocks=N_BLOCKS, n_parameters=1, context=256)


def cells() -> list[Cell]:
    return [c for c in TASK_VECTORS.plan(PARAMS, [PLANNED]) if ".suites." in c.measure]


def test_every_generated_task_of_the_groups_asked_for_has_a_cell() -> None:
    assert [cell.tasks[0].name for cell in cells()] == [name for name in NAMES if "both-ways" in name]
    assert TaskVectorParams().suites == ("bijection", "two-step")
    with pytest.raises(StudyError, match="did you mean 'bijection'"):
        PARAMS.model_copy(update={"suites": ("bijections",)}).check()


def test_a_generated_task_that_is_asked_for_by_name_has_cells_of_its_own() -> None:
    name = cells()[0].tasks[0].name
    named = PARAMS.model_copy(update={"tasks": (name,), **PARAMS.suite.accuracies.model_dump()})
    alone = [
        c for c in TASK_VECTORS.plan(named, [PLANNED]) if c.measure.endswith("task_vectors.measure:measure")
    ]
    assert [c.params for c in alone] == [PARAMS.suite.accuracies.model_dump(mode="json")]
    assert alone[0].key != cells()[0].key


def test_a_cell_measures_what_e1_measures_with_its_own_mark() -> None:
    rows = measure(cells()[0], model()).rows
    assert set(rows["part"].cast(pa.string()).to_pylist()) == {PART}
    assert set(rows["label"].to_pylist()) <= set(directions("to-upper-both-ways"))
    assert len(set(zip(rows["split"].to_pylist(), rows["pair"].to_pylist(), strict=True))) == 2 + 3


def rows(theta: int = 10) -> pa.Table:
    """Five alone tasks where theta works; both ways it is right on `theta` of 20."""
    single = {BASELINE: 0, REGULAR: 20, HYPOTHESIS: only_at(3, 20)}
    mixed = task_rows("to-upper-both-ways", {BASELINE: 0, REGULAR: 20, HYPOTHESIS: only_at(3, theta)})
    labels = [list(directions("to-upper-both-ways"))[i] for i in mixed["pair"].to_pylist()]
    mixed = mixed.set_column(mixed.column_names.index("label"), "label", pa.array(labels))
    mixed = mixed.append_column("part", pa.repeat(pa.scalar(PART), mixed.num_rows))
    alone = pa.concat_tables([world(2, single), task_rows("to-upper", single)])
    plain = alone.set_column(alone.column_names.index("label"), "label", alone["label"].cast(pa.string()))
    return pa.concat_tables([plain, mixed], promote_options="permissive")


def test_both_directions_stand_beside_the_task_alone() -> None:
    table = rows()
    [found] = suites(table, results(table, PARAMS), PARAMS)
    lines = {(line.task, line.what): line for line in found.lines}
    assert lines["to-upper", "alone"].recovered == 1
    assert lines["to-upper-both-ways", "both directions"].recovered == 0.5
    ways = [
        lines["to-upper-both-ways", way]
        for way in ("forward", "backward")
        if ("to-upper-both-ways", way) in lines
    ]
    assert sum(way.n_queries for way in ways) == 20
    [figure], [made] = figures(found), tables(found)
    assert "both directions 50 % (1 tasks), alone 100 % (1 tasks)" in figure.see
    assert LABELS[HYPOTHESIS] in made.columns


def test_no_verdict_changes_with_what_vectors_do_to_generated_tasks() -> None:
    good, bad = (analyse(rows(theta), PARAMS) for theta in (20, 0))
    assert good == bad
    assert np.isclose(good[0].estimate or 0, 1.0)


def test_a_model_that_does_one_direction_alone_does_not_do_both() -> None:
    """The first ten pairs ask forward and are right, the others backward and wrong."""
    table = rows(10)
    mixed = np.array([part == PART for part in table["part"].to_pylist()])
    labels = np.array(table["label"].to_pylist(), dtype=object)
    told = directions("to-upper-both-ways")
    ways = {way: [y for y, w in told.items() if w == way] for way in ("forward", "backward")}
    pairs = np.array(table["pair"].to_pylist())
    for way, asked in (("forward", pairs < 10), ("backward", pairs >= 10)):
        index = np.flatnonzero(mixed & asked)
        labels[index] = [ways[way][i % 10] for i in pairs[index]]
    right = np.array(table["correct"].to_pylist()) & ~(mixed & (pairs >= 10))
    table = table.set_column(table.column_names.index("label"), "label", pa.array(labels.tolist()))
    table = table.set_column(table.column_names.index("correct"), "correct", pa.array(right))
    [found] = suites(table, results(table, PARAMS), PARAMS)
    lines = {(line.task, line.what): line for line in found.lines}
    assert lines["to-upper-both-ways", "forward"].recovered == 1
    assert lines["to-upper-both-ways", "backward"].gain == 0
    assert not lines["to-upper-both-ways", "both directions"].counted
    assert "both directions" not in figures(found)[0].see
