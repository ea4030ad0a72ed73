"""The study's own controls: a learner whose way of learning is known gets the verdicts it must get."""

from __future__ import annotations

from functools import cache

import pyarrow as pa
import pytest

from taskscope.engines.measuring import resolve
from taskscope.models.identity import identify, reference
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.report.findings import Finding, Verdict
from taskscope.studies.base import PlannedModel
from taskscope.studies.structured_tasks.analysis import analyse
from taskscope.studies.structured_tasks.params import StructuredTaskParams
from taskscope.studies.structured_tasks.study import STRUCTURED_TASKS

PARAMS = StructuredTaskParams(
    shots=(4, 32), n_repetitions=10, n_queries=16, cipher_ladder=(), cipher_kinds=(), n_maps=40, n_natural=12,
    n_word_sets=4, n_text_sets=2, n_text_queries=8, nested=(), spoken=(),
    n_stage_maps=0, draws=500,
)  # fmt: skip
"""Fewer draws than the standard profile and the same demonstrations."""

pytestmark = pytest.mark.slow


@cache
def findings(name: str) -> dict[str, Finding]:
    """Measure and judge one built-in model on both tasks."""
    spec = ModelSpec(name=name)
    known, model = identify(spec), load(spec)
    planned = PlannedModel(
        ref=reference(spec), n_blocks=known.n_blocks, n_parameters=known.n_parameters, context=known.context
    )
    tables = []
    for cell in STRUCTURED_TASKS.plan(PARAMS, [planned]):
        rows = resolve(cell.measure)(cell, model).rows
        front = {"model": name, "task": cell.tasks[0].name, "seed": cell.seed}
        for at, (column, value) in enumerate(front.items()):
            rows = rows.add_column(at, column, pa.repeat(pa.scalar(value), rows.num_rows))
        tables.append(rows)
    rows = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
    return {finding.claim: finding for finding in analyse(rows, PARAMS)}


def test_h1_holds_of_the_selector() -> None:
    """It was trained on a few fixed tasks alone, and under new names it guesses."""
    found = findings("selector")
    assert found["H1"].verdict is Verdict.SUPPORTED, found["H1"].reason
    assert found["H2"].verdict is not Verdict.SUPPORTED, found["H2"].reason
    assert found["H3"].verdict is not Verdict.SUPPORTED, found["H3"].reason


def test_nothing_holds_of_a_model_that_does_none_of_the_tasks() -> None:
    """The smallest model of the family learns nothing from demonstrations."""
    for finding in findings("pico-xs").values():
        assert finding.verdict is Verdict.INCONCLUSIVE, finding.reason
