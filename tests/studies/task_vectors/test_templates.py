"""Theta across prompt formats: what a cell asks, and the matrix counted from rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from letters_model import N_BLOCKS, model
from rowmaker import only_at, world

from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.task_vectors.conditions import BASELINE, HYPOTHESIS, REGULAR
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.results import results
from taskscope.studies.task_vectors.study import TASK_VECTORS
from taskscope.studies.task_vectors.templates.analysis import Matrix, figures, matrices, tables
from taskscope.studies.task_vectors.templates.measure import _rows, measure
from taskscope.studies.task_vectors.templates.rows import DEMONSTRATIONS, NONE, THETA
from taskscope.tasks.prompts import FORMATS

PARAMS = TaskVectorParams(tasks=("to-upper",), k=2, n_templates=4, draws=100, suites=())


def cells(params: TaskVectorParams = PARAMS) -> list[Cell]:
    ref = ModelRef(id="tiny", label="tiny", dtype="float32", attention="sdpa")
    planned = PlannedModel(ref=ref, n_blocks=N_BLOCKS, n_parameters=1, context=256)
    return [c for c in TASK_VECTORS.plan(params, [planned]) if ".templates." in c.measure]


def test_every_pair_of_formats_is_asked_at_every_block() -> None:
    [cell] = cells()
    rows = measure(cell, model()).rows
    asked = rows.group_by(["read_in", "asked_in", "condition"]).aggregate([([], "count_all")]).to_pylist()
    counts = {(r["read_in"], r["asked_in"], r["condition"]): r["count_all"] for r in asked}
    for i in FORMATS:
        assert counts[i, i, NONE] == counts[i, i, DEMONSTRATIONS] == 4
        assert all(counts[i, j, THETA] == 4 * N_BLOCKS for j in FORMATS)
    assert not cells(PARAMS.model_copy(update={"n_templates": 0}))


def made(right: dict[tuple[str, str], int], regular: int) -> pa.Table:
    """Of 20 queries so many are right by pair of formats at block 3, none elsewhere."""
    clusters = [f"q{i}" for i in range(20)]
    tables_ = []
    for i in FORMATS:
        plain = [(NONE, 0), (DEMONSTRATIONS, regular)]
        tables_ += [_rows(i, i, name, clusters, [-1], np.arange(20)[:, None] < n) for name, n in plain]
        for j in FORMATS:
            correct = (np.arange(20)[:, None] < right.get((i, j), 0)) & (np.arange(8) == 3)
            tables_.append(_rows(i, j, THETA, clusters, range(8), correct))
    return pa.concat_tables(tables_)


def test_the_matrix_is_theta_over_demonstrations_at_the_chosen_block() -> None:
    right = {(i, j): 16 if i == j else 4 for i in FORMATS for j in FORMATS}
    known = world(2, {BASELINE: 0, REGULAR: 20, HYPOTHESIS: only_at(3, 18)})
    parts = []
    for task in ("task-0", "task-1"):
        table = made(right, 20 if task == "task-0" else 12)
        for at, (name, value) in enumerate({"model": "toy", "task": task, "seed": 0}.items()):
            table = table.add_column(at, name, pa.repeat(pa.scalar(value), table.num_rows))
        parts.append(table)
    rows = pa.concat_tables([known, *parts], promote_options="default")
    [found] = matrices(rows, results(rows, PARAMS), PARAMS)
    expected = np.where(np.eye(len(FORMATS), dtype=bool), 0.8, 0.2)
    np.testing.assert_allclose(found.theta[0], expected)
    np.testing.assert_allclose(found.relative, expected / 0.8)
    [figure], [table] = figures(found), tables(found)
    assert "100 % as often" in figure.see
    assert "in another of them 25 %" in figure.see
    assert len(table.rows) == len(FORMATS) ** 2
    assert table.rows[0][-1] == pytest.approx(1.0)


def test_formats_in_which_demonstrations_do_not_help_stay_empty() -> None:
    plain = np.array([[[0.1] * 4, [0.9, 0.9, 0.0, 0.2]]])
    found = Matrix("m", tuple(FORMATS), 2, np.full((1, 4, 4), 0.45), plain)
    assert found.known.tolist() == [True, True, False, False]
    assert np.isnan(found.relative).sum() == 8
    np.testing.assert_allclose(found.relative[:, :2], 0.5)
    [figure] = figures(found)
    assert "help: arrow, example (mean over 2 tasks" in figure.see
    assert "in another of them 50 %" in figure.see
    nothing = Matrix("m", tuple(FORMATS), 2, found.theta, np.zeros((1, 2, 4)))
    assert "help: none" in figures(nothing)[0].see
