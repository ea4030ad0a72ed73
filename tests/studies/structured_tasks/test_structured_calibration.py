"""Verdicts on simulated rows with a known truth: a small count here, and the committed table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scipy.stats import binom

from taskscope.studies.calibrating import FOLDER, LEAST_POWER, MOST_FALSE_SUPPORT
from taskscope.studies.structured_tasks.calibration import CALIBRATION

N_TABLES = 12
COMMITTED = Path(__file__).parents[3] / FOLDER / "structured_tasks.json"


@pytest.mark.slow
@pytest.mark.parametrize("scenario", CALIBRATION.scenarios, ids=lambda s: s.name)
def test_verdicts_keep_their_promise_on_fresh_tables(scenario) -> None:
    """A count that comes up less than once in a thousand times at the promised rate is a failure."""
    for rate in CALIBRATION.count(scenario, N_TABLES):
        supported = rate.verdicts["supported"]
        if rate.holds:
            assert binom.cdf(supported, N_TABLES, LEAST_POWER) > 1e-3
        else:
            assert binom.sf(supported - 1, N_TABLES, MOST_FALSE_SUPPORT) > 1e-3


@pytest.fixture(scope="module")
def committed() -> dict:
    return json.loads(COMMITTED.read_text(encoding="utf-8"))


def test_the_committed_table_is_of_these_scenarios_and_sizes(committed: dict) -> None:
    assert committed["sizes"] == dict(CALIBRATION.sizes)
    table = {(row["scenario"], row["claim"], row["holds"]) for row in committed["rates"]}
    wanted = {(s.name, claim, claim in s.true) for s in CALIBRATION.scenarios for claim in s.tested}
    assert table == wanted
    assert all(row["tables"] >= 1000 for row in committed["rates"])


def test_the_committed_table_keeps_the_promise(committed: dict) -> None:
    for row in committed["rates"]:
        share = row["supported"] / row["tables"]
        if row["holds"]:
            assert share >= LEAST_POWER, row
        else:
            assert share <= MOST_FALSE_SUPPORT, row


def test_a_claim_is_contradicted_where_its_opposite_holds(committed: dict) -> None:
    """The other side of the promise: the verdicts also say no."""
    rates = {(row["scenario"], row["claim"]): row for row in committed["rates"]}
    for scenario, claim in (("learns", "H1"), ("selects", "H2"), ("whole before part", "H3")):
        row = rates[scenario, claim]
        assert row["contradicted"] / row["tables"] >= LEAST_POWER


def test_the_committed_table_can_be_made_again(committed: dict) -> None:
    """The first tables of a scenario come out as they did when the table was written."""
    scenario = next(s for s in CALIBRATION.scenarios if s.name == "composes")
    for rate in CALIBRATION.count(scenario, 2):
        row = next(
            r for r in committed["rates"] if (r["scenario"], r["claim"]) == (rate.scenario, rate.claim)
        )
        assert all(row[verdict] >= n for verdict, n in rate.verdicts.items())
