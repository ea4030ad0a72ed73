"""Verdicts on simulated rows with a known truth: a small count here, and the committed table."""

from __future__ import annotations

from dataclasses import replace

import pytest

import calibration_checks
from taskscope.studies.task_vectors.calibration import CALIBRATION

N_TABLES = 25
FEWEST_TABLES = {"C5": 200, "C6": 200}
"""Where other than 1000 tables were counted."""
SMALL = [
    s for s in CALIBRATION.scenarios if s.name in ("midpoint, tasks differ", "half kept late", "task vector")
]


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SMALL, ids=lambda s: s.name)
def test_verdicts_keep_their_promise_on_fresh_tables(scenario) -> None:
    params = CALIBRATION.params.model_copy(update={"draws": 200})
    calibration_checks.check_fresh_tables(replace(CALIBRATION, params=params), scenario, N_TABLES)


@pytest.fixture(scope="module")
def committed() -> dict:
    return calibration_checks.read_committed(CALIBRATION)


def test_the_committed_table_is_of_these_scenarios_and_sizes(committed: dict) -> None:
    calibration_checks.check_scenarios_and_sizes(CALIBRATION, committed, FEWEST_TABLES)


def test_the_committed_table_keeps_the_promise(committed: dict) -> None:
    calibration_checks.check_promise(committed)


def test_the_committed_table_can_be_made_again(committed: dict) -> None:
    calibration_checks.check_made_again(CALIBRATION, committed, "no vector")
