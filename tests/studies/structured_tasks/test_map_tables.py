"""The table of natural maps against random ones, on simulated rows (protocol structured_tasks E5)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy import stats

from taskscope.report.findings import Table
from taskscope.studies.randomness import stream
from taskscope.studies.structured_tasks import analysis
from taskscope.studies.structured_tasks.maps import grids
from taskscope.studies.structured_tasks.maps.draws import NATURAL, RANDOM
from taskscope.studies.structured_tasks.maps.rows import RENAMING
from taskscope.studies.structured_tasks.maps.simulation import SCENARIOS, Scenario
from taskscope.studies.structured_tasks.params import StructuredTaskParams

PARAMS = StructuredTaskParams(draws=100)


def simulated(name: str) -> pa.Table:
    scenario: Scenario = next(s for s in SCENARIOS if s.name == name)
    return scenario.simulate(PARAMS, stream("test of map tables", name))


def compared(rows: pa.Table, params: StructuredTaskParams = PARAMS) -> list[Table]:
    return [t for t in analysis.tables(rows, params) if t.name == "structured-tasks-simulated-natural"]


def test_every_natural_kind_is_tested_against_random_maps_with_holms_correction() -> None:
    rows = simulated("composes")
    [table] = compared(rows)
    wanted, means, ranks = [], [], []
    for grid in grids.grids(rows)["simulated"]:
        random = grid.kinds[RANDOM].f1[RENAMING]
        for kind in NATURAL:
            natural = grid.kinds[kind].f1[RENAMING]
            found = stats.ttest_ind(natural, random, equal_var=False)
            means.append(float(found.pvalue))
            ranks.append(float(stats.brunnermunzel(natural, random).pvalue))
            above = stats.mannwhitneyu(natural, random).statistic / (len(natural) * len(random))
            wanted.append(
                (
                    grid.task,
                    f"{kind}s",
                    f"{len(natural)}, {len(random)}",
                    f"{100 * (natural.mean() - random.mean()):.1f}",
                    f"{found.statistic:.2f}",
                    f"{100 * above:.0f} %",
                )
            )
    assert len(table.rows) == 6
    assert [(*row[:5], row[7]) for row in table.rows] == wanted
    for column, p in ((5, means), (8, ranks)):
        adjusted = [float(row[column]) for row in table.rows]
        largest = int(np.argmax(p))
        assert min(adjusted) == pytest.approx(min(1, 6 * min(p)), rel=0.06)
        assert adjusted[largest] == max(adjusted)
        assert all(a >= b * 0.94 for a, b in zip(adjusted, p, strict=True))
    assert all(float(row[6]) > 0 for row in table.rows)


def test_kinds_of_one_map_or_none_are_not_tested() -> None:
    rows = simulated("composes")
    one = pc.and_(pc.equal(rows["kind"], "synonym"), pc.greater(rows["map"], 0))  # type: ignore[attr-defined]
    none = pc.equal(rows["kind"], "keyword")  # type: ignore[attr-defined]
    left = rows.filter(pc.invert(pc.or_(one, none)))  # type: ignore[attr-defined]
    [table] = compared(left)
    assert [row[1] for row in table.rows] == ["antonyms", "antonyms"]
    assert compared(left.filter(pc.equal(left["kind"], RANDOM))) == []  # type: ignore[attr-defined]


def test_names_that_help_as_little_as_random_ones_are_seldom_found_to_help() -> None:
    [table] = compared(simulated("names alike"))
    assert min(float(row[5]) for row in table.rows) > 0.01
