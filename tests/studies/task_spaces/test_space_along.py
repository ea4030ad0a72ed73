"""Maps along a series: by size and in training."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch

from taskscope.models import gradients
from taskscope.report.findings import Finding, Verdict
from taskscope.studies.task_spaces.along.findings import series_finding
from taskscope.studies.task_spaces.along.series import SIZES, TRAINING, Series, all_series, likeness
from taskscope.studies.task_spaces.calibration import CALIBRATION
from taskscope.studies.task_spaces.spaces import spaces
from taskscope.studies.task_spaces.study import TASK_SPACES

WORLDS = {world.name: world for world in CALIBRATION.scenarios}


def rows(name: str) -> pa.Table:
    return WORLDS[name].simulate(CALIBRATION.params, np.random.default_rng(0))


def only(table: pa.Table) -> tuple[Series, Finding]:
    [series] = all_series(table, spaces(table))
    return series, series_finding(series, 200)


@pytest.mark.parametrize(
    ("world", "verdict"),
    [
        ("similarity grows with size", Verdict.SUPPORTED),
        ("strength grows with size", Verdict.INCONCLUSIVE),
        ("words grow with size", Verdict.INCONCLUSIVE),
        ("similarity shrinks with size", Verdict.CONTRADICTED),
        ("settles early", Verdict.SUPPORTED),
        ("settles half", Verdict.INCONCLUSIVE),
        ("settles late", Verdict.CONTRADICTED),
        ("settles early, grows not", Verdict.INCONCLUSIVE),
        ("settled at the start", Verdict.INCONCLUSIVE),
    ],
)
def test_worlds_are_judged_as_they_are(world: str, verdict: Verdict) -> None:
    series, found = only(rows(world))
    assert (found.verdict, found.claim) == (verdict, WORLDS[world].tested[0])
    assert series.kind == (SIZES if found.claim == "8" else TRAINING)
    assert series.models == tuple(f"model {i}" for i in (1, 2, 3, 4))


def test_a_series_is_judged_beside_its_models_and_drawn() -> None:
    table, params = rows("settles early"), CALIBRATION.params.model_copy(update={"draws": 100})
    found = TASK_SPACES.analyse(table, params)
    assert [each.model for each in found if each.claim == "9"] == ["simulated in training"]
    drawn = [f.name for f in TASK_SPACES.figures(table, found, params) if "in-training" in f.name]
    assert [name.rpartition("-")[2] for name in drawn] == ["likeness", "places", "neighbours"]
    told, steps = [t for t in TASK_SPACES.tables(table, found, params) if "in-training" in t.name]
    assert [row[1] for row in steps.rows] == ["model 2", "model 3", "model 4"]
    assert [row[0] for row in told.rows] == ["model 1", "model 2", "model 3", "model 4"]


def test_two_models_are_no_series_and_neither_are_few_tasks() -> None:
    table = rows("settles early")
    two = table.filter(pc.is_in(table["model"], pa.array(["model 1", "model 4"])))
    assert all_series(two, spaces(two)) == []
    some = pa.array(["", *(f"task-{i:02d}" for i in range(5))])
    few = table.filter(pc.and_(*(pc.is_in(table[n].cast(pa.string()), some) for n in ("judged", "tuned"))))
    assert all_series(few, spaces(few)) == []


def test_without_an_early_checkpoint_nothing_is_said() -> None:
    table = rows("settles early")
    late = table.filter(pc.not_equal(table["model"], "model 2"))
    _, found = only(late)
    assert found.verdict == Verdict.INCONCLUSIVE and "first eighth" in found.reason


def test_likeness_of_maps_crosses_halves_and_leaves_rows_and_columns_out() -> None:
    rng = np.random.default_rng(0)
    truth, keep = rng.normal(size=(12, 12)), np.arange(12)
    drift = 5 * (rng.normal(size=(12, 1)) + rng.normal(size=(1, 12)))
    same = np.stack([truth, truth])
    assert likeness(same, same + drift, keep) == pytest.approx(1)
    assert likeness(same, -same, keep) == pytest.approx(-1)
    noise = rng.normal(size=(2, 12, 12))
    assert abs(likeness(noise, noise, keep)) < 0.3, "what is chance in one half is no likeness"


def test_the_share_that_holds_a_gradient_does_not_depend_on_its_scale() -> None:
    gradient = {"a": torch.tensor([3.0, 0.0, 0.0]), "b": torch.tensor([[1.0, 0.0], [0.0, 0.0]])}
    assert gradients.holding(gradient, 0.9) == pytest.approx(1 / 7)  # 9 of 10
    assert gradients.holding(gradient, 0.95) == pytest.approx(2 / 7)
    assert gradients.holding({k: 1e-3 * v for k, v in gradient.items()}, 0.95) == pytest.approx(2 / 7)
    even = {"a": torch.ones(100)}
    assert gradients.holding(even, 0.9) == pytest.approx(0.9)
