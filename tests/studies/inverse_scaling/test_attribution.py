"""The share of a task in which a distractor is followed comes back from planted accuracies."""

from __future__ import annotations

import json

import numpy as np
import pytest

from taskscope.studies.inverse_scaling.analysis import figures, results, tables
from taskscope.studies.inverse_scaling.arms import DISTRACTOR, TRUE, in_words, strength, with_strength
from taskscope.studies.inverse_scaling.attribution import share_followed
from taskscope.studies.inverse_scaling.params import InverseScalingParams
from taskscope.studies.inverse_scaling.simulation import N_MODELS, Curve, Scenario
from taskscope.studies.randomness import stream

PARAMS = InverseScalingParams(tasks=(), draws=300)
FOLLOWED = np.array([0.0, 0.2, 0.5, 0.8, 0.6, 0.3])
TRUE_ALONE, DISTRACTOR_ALONE = 0.9, 0.85
MIXED: Curve = tuple((1 - FOLLOWED) * TRUE_ALONE + FOLLOWED * (1 - DISTRACTOR_ALONE))


def test_the_share_is_what_mixes_the_parts() -> None:
    found = share_followed(np.full(6, TRUE_ALONE), np.full(6, DISTRACTOR_ALONE), np.array(MIXED))
    np.testing.assert_allclose(found, FOLLOWED, atol=1e-12)
    assert not np.isfinite(share_followed(np.array(0.5), np.array(0.5), np.array(0.4)))


def test_shares_come_back_from_rows() -> None:
    arms = {
        "task": MIXED,
        TRUE: (TRUE_ALONE, TRUE_ALONE),
        DISTRACTOR: (DISTRACTOR_ALONE, DISTRACTOR_ALONE),
    }
    rows = Scenario("mixed", "", (arms,), ()).simulate(PARAMS, stream("attribution"))
    (told,) = [one for one in tables(rows, PARAMS) if one.name.endswith("-attribution")]
    assert len(told.rows) == N_MODELS
    for row, wanted in zip(told.rows, FOLLOWED, strict=True):
        value, _, interval = str(row[-1]).partition(" ")
        low, high = json.loads(interval)
        assert abs(float(value) - wanted) < 0.15
        assert low <= float(value) <= high and high - low < 0.4


def test_parts_that_are_not_learned_give_no_share() -> None:
    arms: dict[str, Curve] = {"task": (0.5, 0.5), TRUE: (0.5, 0.5), DISTRACTOR: (0.5, 0.5)}
    rows = Scenario("unlearned", "", (arms,), ()).simulate(PARAMS, stream("unlearned"))
    (told,) = [one for one in tables(rows, PARAMS) if one.name.endswith("-attribution")]
    assert {row[-1] for row in told.rows} == {"–"}


@pytest.mark.parametrize("value", [0.0, 0.5, 3.0])
def test_the_name_of_an_arm_says_how_strong(value: float) -> None:
    assert strength(with_strength(value)) == value
    assert strength("task") is None
    assert f"{value:g}" in in_words(with_strength(value))


def test_strengths_are_drawn_with_the_usual_one_in_its_place() -> None:
    arms: dict[str, Curve] = {"task": (0.7, 0.5), with_strength(0): (0.8, 0.8), with_strength(2): (0.6, 0.2)}
    rows = Scenario("strengths", "", (arms,), ()).simulate(PARAMS, stream("strengths"))
    (figure,) = [one for one in figures(rows, PARAMS) if one.name.endswith("-strengths")]
    cells = [row for data in figure.spec["datasets"].values() for row in data if "value" in row]
    assert list(dict.fromkeys(row["y"] for row in cells)) == ["task 0, 0", "task 0, 1", "task 0, 2"]
    assert len(cells) == 3 * N_MODELS
    (series,) = results(rows, PARAMS)
    assert min(row["value"] for row in cells if row["y"].endswith(", 2")) < 0.35
    assert series.tasks[0].grid.arms[with_strength(2)].correct is not None
