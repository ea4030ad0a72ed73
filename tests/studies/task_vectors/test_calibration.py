"""Verdicts on simulated rows with a known truth: a small count here, and the committed table."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from scipy.stats import binom

from taskscope.studies.calibrating import FOLDER, LEAST_POWER, MOST_FALSE_SUPPORT
from taskscope.studies.task_vectors.calibration import CALIBRATION

N_TABLES = 25
COMMITTED = Path(__file__).parents[3] / FOLDER / "task_vectors.json"
FEWEST_TABLES = {"C5": 200, "C6": 200}
"""Where other than 1000 tables were counted."""
SMALL = [
    s for s in CALIBRATION.scenarios if s.name in ("midpoint, tasks differ", "half kept late", "task vector")
]


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SMALL, ids=lambda s: s.name)
def test_verdicts_keep_their_promise_on_fresh_tables(scenario) -> None:
    """A count that comes up less than once in a thousand times at the promised rate is a failure."""
    params = CALIBRATION.params.model_copy(update={"draws": 200})
    for rate in replace(CALIBRATION, params=params).count(scenario, N_TABLES):
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
    assert table == {(s.name, claim, claim in s.true) for s in CALIBRATION.scenarios for claim in s.tested}
    assert all(row["tables"] >= FEWEST_TABLES.get(row["claim"], 1000) for row in committed["rates"])


def test_the_committed_table_keeps_the_promise(committed: dict) -> None:
    for row in committed["rates"]:
        share = row["supported"] / row["tables"]
        if row["holds"]:
            assert share >= LEAST_POWER, row
        else:
            assert share <= MOST_FALSE_SUPPORT, row


def test_the_committed_table_can_be_made_again(committed: dict) -> None:
    """The first tables of a scenario come out as they did when the table was written."""
    scenario = next(s for s in CALIBRATION.scenarios if s.name == "no vector")
    for rate in CALIBRATION.count(scenario, 2):
        row = next(
            r for r in committed["rates"] if (r["scenario"], r["claim"]) == (rate.scenario, rate.claim)
        )
        assert all(row[verdict] >= n for verdict, n in rate.verdicts.items())
