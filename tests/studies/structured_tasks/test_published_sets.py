"""The study on the published sets, read from a folder: every part, smaller than the smoke profile."""

from __future__ import annotations

import os

import pyarrow as pa
import pytest

from taskscope.engines.measuring import resolve
from taskscope.models.identity import identify, reference
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.report.findings import Verdict
from taskscope.studies.base import PlannedModel
from taskscope.studies.structured_tasks import analysis
from taskscope.studies.structured_tasks.curves.conditions import LABELS, REFERENCE, VANILLA
from taskscope.studies.structured_tasks.curves.rows import SKIPPED
from taskscope.studies.structured_tasks.params import profile
from taskscope.studies.structured_tasks.study import STRUCTURED_TASKS

pytestmark = pytest.mark.skipif("TASKSCOPE_DATA" not in os.environ, reason="needs the published sets")

CLASSES = {"cr": 2, "sst2": 2, "ag-news": 4, "dbpedia": 14}
SMALL = {
    "shots": (1, 2, 64), "n_repetitions": 2, "n_queries": 3, "map_shots": 3, "n_maps": 4, "n_natural": 2,
    "n_word_sets": 2, "n_text_sets": 2, "n_text_queries": 2, "stage_shots": 2, "n_stage_maps": 1,
    "draws": 100,
}  # fmt: skip


@pytest.mark.parametrize(
    "name", ["cr", "sst2", *(pytest.param(n, marks=pytest.mark.slow) for n in ("ag-news", "dbpedia"))]
)
def test_a_published_set_goes_through_every_part(name: str) -> None:
    """What is too long for the model is named and left out; what a model cannot do gets no verdict."""
    spec = ModelSpec(name="pico-xs")
    known, model = identify(spec), load(spec)
    planned = PlannedModel(
        ref=reference(spec), n_blocks=known.n_blocks, n_parameters=known.n_parameters, context=known.context
    )
    params = profile("smoke").model_copy(update={**SMALL, "tasks": (name,)})
    tables = []
    for cell in STRUCTURED_TASKS.plan(params, [planned]):
        rows = resolve(cell.measure)(cell, model).rows
        for at, (column, value) in enumerate({"model": "pico-xs", "task": name, "seed": cell.seed}.items()):
            rows = rows.add_column(at, column, pa.repeat(pa.scalar(value), rows.num_rows))
        tables.append(rows)
    rows = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
    result = analysis.results(rows, params)[0]
    assert result.curves is not None
    assert result.maps is not None
    [task] = result.curves.tasks
    assert task.grid.n_classes == CLASSES[name]
    assert task.grid.shots == (1, 2)
    assert {*LABELS, REFERENCE} <= set(task.f1)
    asked = [row for row in rows.to_pylist() if row["condition"] is not None]
    assert {row["shots"] for row in asked if row["condition"] == SKIPPED} == {64}
    own = [row for row in asked if row["condition"] == VANILLA]
    assert len(own) == 2 * params.n_repetitions * params.n_queries
    assert {finding.verdict for finding in analysis.analyse(rows, params)} == {Verdict.INCONCLUSIVE}
