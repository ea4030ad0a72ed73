"""The published sets go through a weight cell as they are read from the data folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from taskscope.models.identity import identify, reference
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.runs.cell import Cell
from taskscope.studies.base import PlannedModel
from taskscope.studies.kernel_regression.effects import conditions, texts
from taskscope.studies.kernel_regression.effects.measure import measure as measure_effects
from taskscope.studies.kernel_regression.params import EFFECTS, WEIGHTS, KernelRegressionParams
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


def planned(params: KernelRegressionParams) -> Cell:
    known = identify(SPEC)
    model = PlannedModel(
        ref=reference(SPEC), n_blocks=known.n_blocks, n_parameters=known.n_parameters, context=known.context
    )
    (cell,) = KERNEL_REGRESSION.plan(params, [model])
    return cell


@pytest.mark.data
@pytest.mark.parametrize(("name", "same_labels"), [("sst2", True), ("irony", False)])
def test_a_published_set_is_asked_under_every_change(name, same_labels, monkeypatch) -> None:
    monkeypatch.setattr(texts, "LARGEST_POOL", 64)
    params = KernelRegressionParams(parts=(EFFECTS,), tasks=(name,), k=4, n_effects=8, n_choosing=8)
    rows = measure_effects(planned(params), load(SPEC)).rows.to_pylist()
    asked = {row["condition"] for row in rows}
    # The built-in reviews carry the labels of SST-2; no built-in set carries those of irony.
    assert (conditions.OTHER_DOMAIN in asked) == same_labels
    assert {conditions.OTHER_TEXTS, conditions.TYPICAL, conditions.SWAPPED, *conditions.TYPO_RATES} < asked
    assert all(sum(row["weights"]) == pytest.approx(1, abs=1e-5) for row in rows if row["chosen"] >= 0)
    balanced = [row for row in rows if row["condition"] in conditions.SAMPLES]
    assert all(sorted(row["shown"]) == [0, 0, 1, 1] for row in balanced)


@pytest.mark.data
@pytest.mark.parametrize("name", ["sst2", "irony"])
def test_a_published_set_is_asked_and_its_labels_are_found(name) -> None:
    params = KernelRegressionParams(parts=(WEIGHTS,), tasks=(name,), k=4, n_selection=40, n_held_out=20)
    session = Session(planned(params), load(SPEC))
    rows = session.attended(session.selection, SELECTION, PLAIN)
    rows += session.attended(session.held_out, HELD_OUT, PLAIN)
    assert len(rows) == 60
    assert all(sorted(row.shown) == [0, 0, 1, 1] for row in rows)
    assert all(0 < mass < 1 for row in rows for mass in row.masses["label_mass"].max(axis=-1))
    for asked, question in zip(session.asker.encode(session.held_out), session.held_out, strict=True):
        for (start, end), label in zip(asked.layout.labels, question.classes, strict=True):
            text = session.model.decode(asked.tokens[start:end])
            assert text.strip() == session.task.labels[label]
