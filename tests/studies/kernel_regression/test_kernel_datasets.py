"""The published sets go through a weight cell as they are read from the data folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from taskscope.models.identity import identify, reference
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.studies.base import PlannedModel
from taskscope.studies.kernel_regression.params import WEIGHTS, KernelRegressionParams
from taskscope.studies.kernel_regression.study import KERNEL_REGRESSION
from taskscope.studies.kernel_regression.weights.grids import HELD_OUT, SELECTION
from taskscope.studies.kernel_regression.weights.measure import Session
from taskscope.studies.kernel_regression.weights.rows import PLAIN

SPEC = ModelSpec(name="pico-xs")


@pytest.fixture(scope="module", autouse=True)
def data() -> None:
    folder = os.environ.get("TASKSCOPE_DATA")
    if not folder or not (Path(folder) / "classification" / "tweeteval").is_dir():
        pytest.skip("TASKSCOPE_DATA does not name the public data folder")


@pytest.mark.data
@pytest.mark.parametrize("name", ["sst2", "irony"])
def test_a_published_set_is_asked_and_its_labels_are_found(name) -> None:
    known = identify(SPEC)
    planned = PlannedModel(
        ref=reference(SPEC), n_blocks=known.n_blocks, n_parameters=known.n_parameters, context=known.context
    )
    params = KernelRegressionParams(parts=(WEIGHTS,), tasks=(name,), k=4, n_selection=40, n_held_out=20)
    (cell,) = KERNEL_REGRESSION.plan(params, [planned])
    session = Session(cell, load(SPEC))
    rows = session.attended(session.selection, SELECTION, PLAIN)
    rows += session.attended(session.held_out, HELD_OUT, PLAIN)
    assert len(rows) == 60
    assert all(sorted(row.shown) == [0, 0, 1, 1] for row in rows)
    assert all(0 < mass < 1 for row in rows for mass in row.masses["label_mass"].max(axis=-1))
    for asked, question in zip(session.asker.encode(session.held_out), session.held_out, strict=True):
        for (start, end), label in zip(asked.layout.labels, question.classes, strict=True):
            text = session.model.decode(asked.tokens[start:end])
            assert text.strip() == session.task.labels[label]
