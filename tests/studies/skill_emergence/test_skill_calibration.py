"""Verdicts on simulated rows with a known truth: a small count here, and the committed table."""

from __future__ import annotations

import pytest

import calibration_checks
from taskscope.studies.calibrating import LEAST_POWER
from taskscope.studies.skill_emergence.calibration import CALIBRATION


@pytest.mark.parametrize("scenario", CALIBRATION.scenarios, ids=lambda s: s.name)
def test_verdicts_keep_their_promise_on_fresh_tables(scenario) -> None:
    calibration_checks.check_fresh_tables(CALIBRATION, scenario, 12)


@pytest.fixture(scope="module")
def committed() -> dict:
    return calibration_checks.read_committed(CALIBRATION)


def test_the_committed_table_is_of_these_scenarios_and_sizes(committed: dict) -> None:
    calibration_checks.check_scenarios_and_sizes(CALIBRATION, committed)


def test_the_committed_table_keeps_the_promise(committed: dict) -> None:
    calibration_checks.check_promise(committed)


def test_a_claim_is_contradicted_where_its_opposite_holds(committed: dict) -> None:
    rates = {(row["scenario"], row["claim"]): row for row in committed["rates"]}
    for scenario, claim in (("the bound does not hold", "5"), ("no growth", "6")):
        row = rates[scenario, claim]
        assert row["contradicted"] / row["tables"] >= LEAST_POWER


def test_the_committed_table_can_be_made_again(committed: dict) -> None:
    calibration_checks.check_made_again(CALIBRATION, committed, "with the excess")
