"""A task that cannot be asked is left out of the heads by name; the other tasks are measured without it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from letters_model import N_BLOCKS, model
from rowmaker import world

from taskscope.errors import TaskError
from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.task_vectors.analysis import analyse
from taskscope.studies.task_vectors.heads.grids import head_effects, left_out, task_answers
from taskscope.studies.task_vectors.heads.measure import measure
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.study import TASK_VECTORS
from taskscope.studies.task_vectors.tables import tables

ABLE = ("to-upper", "list-first")


@pytest.fixture
def foreign(tmp_path: Path) -> str:
    """A task whose prompts are longer than the model's context."""
    path = tmp_path / "foreign.json"
    items = [{"input": f"{a}{b}" * 40, "output": b} for a in "abcdef" for b in "uvwxyz"]
    path.write_text(json.dumps(items), encoding="utf-8")
    return str(path)


def head_cell(*tasks: str) -> tuple[Cell, TaskVectorParams]:
    ref = ModelRef(id="tiny", label="tiny", dtype="float32", attention="sdpa")
    planned = PlannedModel(ref=ref, n_blocks=N_BLOCKS, n_parameters=1, context=256)
    params = TASK_VECTORS.profile("smoke")
    assert isinstance(params, TaskVectorParams)
    params = params.model_copy(update={"tasks": tasks, "k": 3})
    [cell] = [c for c in TASK_VECTORS.plan(params, [planned]) if c.measure.endswith("heads.measure:measure")]
    return cell, params


def rows_of(cell: Cell) -> pa.Table:
    rows = measure(cell, model()).rows
    for name, value in {"model": "tiny", "task": cell.tasks[0].name, "seed": cell.seed}.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows


def test_the_others_are_measured_as_if_it_had_not_been_asked_for(foreign: str) -> None:
    rows, alone = rows_of(head_cell(foreign, *ABLE)[0]), rows_of(head_cell(*ABLE)[0])
    assert "tokens" in left_out(rows, "tiny")["foreign"]
    assert not left_out(alone, "tiny")
    for with_it, without in zip(head_effects(rows, "tiny"), head_effects(alone, "tiny"), strict=True):
        assert with_it.task == without.task
        assert (with_it.values == without.values).all()
    names = [found.task for found in task_answers(rows, "tiny")]
    assert names == sorted(ABLE)


def test_the_page_says_which_task_is_missing_and_why(foreign: str) -> None:
    cell, params = head_cell(foreign, *ABLE)
    plain = world(2, {"baseline": 0, "regular": 20}, model="tiny")
    table = pa.concat_tables([plain, rows_of(cell)], promote_options="permissive")
    [found] = [finding for finding in analyse(table, params) if finding.claim == "C6"]
    assert "Left out, because they could not be asked: foreign." in found.statement
    [made] = [made for made in tables(table, [], params) if "left-out" in made.name]
    [(task, reason)] = made.rows
    assert task == "foreign"
    assert "context of this model" in str(reason)


def test_where_no_task_is_left_the_cell_fails_with_the_reason(foreign: str) -> None:
    with pytest.raises(TaskError, match="context"):
        measure(head_cell(foreign)[0], model())
