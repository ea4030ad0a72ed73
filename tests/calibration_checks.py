"""What the calibration of every study must keep: fresh counts, and the committed table.

A study's test is a subclass of `Promise` that says which calibration, and how much of it is counted anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
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


class Promise:
    """Verdicts on simulated rows with a known truth: a small count here, and the committed table."""

    calibration: ClassVar[Calibration]
    n_tables: ClassVar[int]
    """Fresh tables of each scenario."""
    remade: ClassVar[str]
    """The scenario whose first tables are simulated again."""
    fewest: ClassVar[Mapping[str, int]] = {}
    """Tables of a claim where they are other than 1000."""

    @staticmethod
    def counted(calibration: Calibration) -> tuple[Calibration, Sequence[World]]:
        """What is counted anew; all of it unless a study says otherwise."""
        return calibration, calibration.scenarios

    @classmethod
    def pytest_generate_tests(cls, metafunc: pytest.Metafunc) -> None:
        """Count each scenario in a test of its own."""
        if "scenario" in metafunc.fixturenames:
            kind: Any = metafunc.cls
            some = kind.counted(kind.calibration)[1]
            metafunc.parametrize("scenario", some, ids=[one.name for one in some])

    @pytest.fixture
    def committed(self) -> dict[str, Any]:
        return read_committed(self.calibration)

    @pytest.mark.slow
    def test_verdicts_keep_their_promise_on_fresh_tables(self, scenario: World) -> None:
        check_fresh_tables(self.counted(self.calibration)[0], scenario, self.n_tables)

    def test_the_committed_table_is_of_these_scenarios_and_sizes(self, committed: dict[str, Any]) -> None:
        check_scenarios_and_sizes(self.calibration, committed, self.fewest)

    def test_the_committed_table_keeps_the_promise(self, committed: dict[str, Any]) -> None:
        check_promise(committed)

    def test_the_committed_table_can_be_made_again(self, committed: dict[str, Any]) -> None:
        check_made_again(self.calibration, committed, self.remade)


class PromiseBothWays(Promise):
    """The same, and the other side of the promise: the verdicts also say no."""

    opposites: ClassVar[Sequence[tuple[str, str]]]
    """Scenario and claim whose opposite holds there."""

    def test_a_claim_is_contradicted_where_its_opposite_holds(self, committed: dict[str, Any]) -> None:
        rates = {(row["scenario"], row["claim"]): row for row in committed["rates"]}
        for at in self.opposites:
            assert rates[at]["contradicted"] / rates[at]["tables"] >= LEAST_POWER
