"""Verdicts on simulated rows with a known truth: a small count here, and the committed table."""

from __future__ import annotations

import pytest

import calibration_checks
from taskscope.studies.calibrating import LEAST_POWER
from taskscope.studies.kernel_regression.calibration import CALIBRATION

N_TABLES = 12
FEWEST = dict.fromkeys(("RQ1", "RQ2", "RQ3", "RQ4"), 150)
"""Tables behind each line of the committed table: enough to tell 2 % from 10 %."""


@pytest.mark.slow
@pytest.mark.parametrize("scenario", CALIBRATION.scenarios, ids=lambda s: s.name)
def test_verdicts_keep_their_promise_on_fresh_tables(scenario) -> None:
    calibration_checks.check_fresh_tables(CALIBRATION, scenario, N_TABLES)


@pytest.fixture(scope="module")
def committed() -> dict:
    return calibration_checks.read_committed(CALIBRATION)


def test_the_committed_table_is_of_these_scenarios_and_sizes(committed: dict) -> None:
    calibration_checks.check_scenarios_and_sizes(CALIBRATION, committed, FEWEST)


def test_the_committed_table_keeps_the_promise(committed: dict) -> None:
    calibration_checks.check_promise(committed)


def test_a_claim_is_contradicted_where_its_opposite_holds(committed: dict) -> None:
    rates = {(row["scenario"], row["claim"]): row for row in committed["rates"]}
    for scenario, claim in (("nothing", "RQ2"), ("every head votes", "RQ3")):
        row = rates[scenario, claim]
        assert row["contradicted"] / row["tables"] >= LEAST_POWER


def test_the_committed_table_can_be_made_again(committed: dict) -> None:
    calibration_checks.check_made_again(CALIBRATION, committed, "a few upper heads vote")
