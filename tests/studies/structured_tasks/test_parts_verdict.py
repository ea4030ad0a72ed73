"""The verdict on H3 asks for the parts: names that are hard to say anywhere are no composition (9.4)."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from taskscope.report.findings import Finding, Verdict
from taskscope.studies.judgement import Measure
from taskscope.studies.randomness import stream
from taskscope.studies.structured_tasks import analysis
from taskscope.studies.structured_tasks.maps.rows import APART, TASK_SHOWN
from taskscope.studies.structured_tasks.maps.simulation import SCENARIOS
from taskscope.studies.structured_tasks.params import StructuredTaskParams

PARAMS = StructuredTaskParams(draws=200)


def simulated(name: str) -> pa.Table:
    scenario = next(s for s in SCENARIOS if s.name == name)
    return scenario.simulate(PARAMS, stream("test of parts", "the same draws"))


def composition(rows: pa.Table) -> Finding:
    return next(f for f in analysis.analyse(rows, PARAMS) if f.claim == "H3")


def without(rows: pa.Table, arm: str) -> pa.Table:
    kept = pc.fill_null(pc.not_equal(rows["arm"], arm), True)  # type: ignore[attr-defined]
    return rows.filter(kept)


def test_names_that_are_hard_anywhere_are_not_called_composition() -> None:
    rows = simulated("names unequally easy")
    found = composition(rows)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "names that are hard to say anywhere would show the same" in found.reason
    maps = analysis.results(rows, PARAMS)[0].maps
    assert maps is not None
    for task in maps.varying:  # both other conditions hold: it is the parts that decide
        assert min(Measure.of(task.pearson).low, Measure.of(task.partial).low) > 0


def test_the_scenarios_differ_in_the_parts_alone() -> None:
    hard, able = (simulated(name) for name in ("names unequally easy", "composes"))
    assert without(without(hard, APART), TASK_SHOWN).equals(without(without(able, APART), TASK_SHOWN))
    assert composition(able).verdict is Verdict.SUPPORTED
    assert "puts them together" in composition(able).reason


@pytest.mark.parametrize("arm", [APART, TASK_SHOWN])
def test_nothing_is_called_composition_where_the_parts_were_not_asked_for(arm: str) -> None:
    found = composition(without(simulated("composes"), arm))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "never asked for where its parts are shown apart" in found.reason


def test_the_floor_of_the_parts_is_the_higher_of_guessing_and_the_texts_alone() -> None:
    maps = analysis.results(simulated("composes"), PARAMS)[0].maps
    assert maps is not None
    for task in maps.tasks:
        floor = max(task.grid.guessing, float(task.apart[TASK_SHOWN][0]))
        assert float(task.put_together[0]) == pytest.approx(float(task.apart[APART][0]) - floor)
