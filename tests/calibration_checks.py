"""What the calibration of every study must keep: fresh counts, and the committed table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scipy.stats import binom

from taskscope.studies.calibrating import FOLDER, LEAST_POWER, MOST_FALSE_SUPPORT, Calibration, World


def read_committed(calibration: Calibration) -> dict[str, Any]:
    """Read the table that is committed with a study."""
    path = Path(__file__).parents[1] / FOLDER / f"{calibration.stem}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def check_fresh_tables(calibration: Calibration, scenario: World, n_tables: int) -> None:
    """A count that comes up less than once in a thousand times at the promised rate is a failure."""
    for rate in calibration.count(scenario, n_tables):
        supported = rate.verdicts["supported"]
        if rate.holds:
            assert binom.cdf(supported, n_tables, LEAST_POWER) > 1e-3
        else:
            assert binom.sf(supported - 1, n_tables, MOST_FALSE_SUPPORT) > 1e-3


def check_scenarios_and_sizes(
    calibration: Calibration, committed: dict[str, Any], fewest_tables: Mapping[str, int] | None = None
) -> None:
    """The table is of these scenarios and sizes, with 1000 tables each, or as many as said for a claim."""
    assert committed["sizes"] == dict(calibration.sizes)
    table = {(row["scenario"], row["claim"], row["holds"]) for row in committed["rates"]}
    assert table == {(s.name, claim, claim in s.true) for s in calibration.scenarios for claim in s.tested}
    fewest = fewest_tables or {}
    assert all(row["tables"] >= fewest.get(row["claim"], 1000) for row in committed["rates"])


def check_promise(committed: dict[str, Any]) -> None:
    """False support and power are as promised."""
    for row in committed["rates"]:
        share = row["supported"] / row["tables"]
        if row["holds"]:
            assert share >= LEAST_POWER, row
        else:
            assert share <= MOST_FALSE_SUPPORT, row


def check_made_again(calibration: Calibration, committed: dict[str, Any], name: str) -> None:
    """The first tables of a scenario come out as they did when the table was written."""
    scenario = next(s for s in calibration.scenarios if s.name == name)
    for rate in calibration.count(scenario, 2):
        row = next(
            r for r in committed["rates"] if (r["scenario"], r["claim"]) == (rate.scenario, rate.claim)
        )
        assert all(row[verdict] >= n for verdict, n in rate.verdicts.items())
