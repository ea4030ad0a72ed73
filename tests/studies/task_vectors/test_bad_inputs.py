"""Prompts longer than the context are refused in every kind of cell, and the error says what to do."""

from __future__ import annotations

import pytest
from letters_model import N_BLOCKS, model

from taskscope.engines.measuring import resolve
from taskscope.errors import TaskscopeError
from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.study import TASK_VECTORS

PARAMS = TaskVectorParams(tasks=("next-letter", "to-upper"), k=3, suites=("bijection",), draws=100)


def cells() -> dict[str, Cell]:
    """A cell of every kind."""
    ref = ModelRef(id="tiny", label="tiny", dtype="float32", attention="sdpa")
    planned = PlannedModel(ref=ref, n_blocks=N_BLOCKS, n_parameters=1, context=256)
    return {cell.measure: cell for cell in TASK_VECTORS.plan(PARAMS, [planned])}


@pytest.mark.parametrize("measure", sorted(cells()))
def test_a_prompt_longer_than_the_context_is_refused(measure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = model()
    monkeypatch.setattr(reader, "context", 12)
    monkeypatch.setattr(reader.encoder, "context", 12)
    with pytest.raises(TaskscopeError) as caught:
        resolve(measure)(cells()[measure], reader)
    assert "tokens" in caught.value.given
    assert "at most 12" in caught.value.expected
    assert caught.value.hint
