"""Pairs of skills: what is shown and asked, how rows are read back, and what is judged (protocol 8)."""

from __future__ import annotations

import numpy as np
import pytest

import taskscope
from taskscope.engines.measuring import measure
from taskscope.errors import StudyError, TaskError
from taskscope.models.series import place
from taskscope.report.findings import Verdict
from taskscope.runs.cell import ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.skill_emergence.calibration import CALIBRATION
from taskscope.studies.skill_emergence.pairs import names
from taskscope.studies.skill_emergence.pairs.asking import asked_for, draw
from taskscope.studies.skill_emergence.pairs.findings import judge, stimulus
from taskscope.studies.skill_emergence.pairs.resampling import resample
from taskscope.studies.skill_emergence.pairs.rows import APART, BOTH, OUTER, SECOND, TOGETHER, grids
from taskscope.studies.skill_emergence.pairs.showing import IN_TRAINING, figure, tables
from taskscope.studies.skill_emergence.pairs.simulation import SCENARIOS, PairScenario
from taskscope.studies.skill_emergence.params import PAIRS, SkillEmergenceParams
from taskscope.studies.skill_emergence.study import SKILL_EMERGENCE
from taskscope.tasks import registry
from taskscope.tasks.nested import draws
from taskscope.tasks.nested.compositions import build

SMALL = SkillEmergenceParams(
    parts=(PAIRS,), pairs=("present-past(fr-en)",), pair_repetitions=2, pair_queries=2, draws=100
)
PLACE = place("x@1", "x", 1000)


def test_every_built_in_task_has_a_title_and_every_default_pair_enough_items() -> None:
    assert set(names.TITLES) == set(registry.names())
    assert set(names.TAUGHT) < set(names.DEFAULT)
    params = SkillEmergenceParams()
    for pair in names.DEFAULT:
        assert len(draw(build(pair), 0, params.of_pair(pair, PLACE))) == params.pair_repetitions


@pytest.mark.parametrize("pair", ["fr-en", "to-upper(next-letter(list-first))", "en-fr(en-fr)", "x(y)"])
def test_what_is_no_pair_is_refused(pair: str) -> None:
    with pytest.raises((StudyError, TaskError)):
        SKILL_EMERGENCE.plan(SMALL.model_copy(update={"pairs": (pair,)}), [])
    with pytest.raises(StudyError, match="named twice"):
        SKILL_EMERGENCE.plan(SMALL.model_copy(update={"pairs": names.DEFAULT * 2}), [])


def test_prompts_are_written_as_said() -> None:
    line = names.write(("fr-en", "present-past"), "voir")
    assert line == "voir (english, past)"
    assert names.prompt((("aller (english)", "go"),), line) == "aller (english) = go\nvoir (english, past) ="


def test_no_pair_is_shown_apart_and_no_answer_given_away() -> None:
    composition = build(SMALL.pairs[0])
    for number, each in enumerate(draw(composition, 0, SMALL.of_pair(SMALL.pairs[0], PLACE))):
        apart = each.demonstrations[draws.APART]
        assert len(apart) == 2 * SMALL.pair_shots
        assert not any("english, past" in line for line, _ in apart)
        together = each.demonstrations[draws.SHOWN]
        assert sum("english, past" in line for line, _ in together) == SMALL.pair_shots
        asked = list(asked_for(composition, number, each))
        assert len(asked) == 5 * SMALL.pair_queries
        shown = {line for line, _ in together}
        for one in asked:
            assert one.text not in shown
            if one.asked == BOTH:
                assert one.right == one.whole and one.text.endswith("(english, past)")
            else:
                assert not set(one.right) & set(one.whole) or one.asked in (SECOND, OUTER)
        # The second skill alone, of the first's right answer, is the way to the whole.
        assert all(set(one.right) <= set(one.whole) for one in asked if one.asked == SECOND)


@pytest.fixture(scope="module")
def measured():
    (cell,) = SKILL_EMERGENCE.plan(
        SMALL,
        [
            PlannedModel(
                ref=ModelRef(id="pico-xs@sha256:0", label="pico-xs", dtype="float32", attention="sdpa"),
                n_blocks=6,
                n_parameters=206752,
                context=1024,
            )
        ],
    )
    attempt = measure(cell, taskscope.load("pico-xs"), "test")
    assert attempt.failure is None, attempt.failure
    rows = attempt.measured.rows
    n = rows.num_rows
    return rows.append_column("seed", [np.zeros(n, int)]).append_column("model", [["pico-xs"] * n])


def test_a_small_model_is_measured_and_read_back(measured) -> None:
    (found,) = grids(measured)
    assert (found.model, found.parameters) == ("pico-xs", 206752)
    (grid,) = found.pairs
    assert grid.both.shape == (2, 2) and not grid.in_training
    said = [row for row in measured.to_pylist() if row["asked"] == BOTH]
    assert {row["shown"] for row in said} == {APART, TOGETHER}
    assert all(row["right"] == row["whole"] for row in said)
    assert all(row["logprob"] < 0 for row in measured.to_pylist())
    assert stimulus(resample(found, 100)).verdict == Verdict.INCONCLUSIVE


def resampled(scenario: PairScenario, draws: int = 500):
    params = CALIBRATION.params
    (found,) = grids(scenario.simulate(params, np.random.default_rng(0)))
    return resample(found, draws)


def test_estimates_are_the_plain_shares_and_taught_pairs_are_left_out() -> None:
    found = resampled(SCENARIOS[0])
    assert {pair.grid.pair for pair in found.pairs} - {pair.grid.pair for pair in found.judged} == set(
        names.TAUGHT
    )
    for pair in found.pairs:
        assert pair.both[0] == pytest.approx(pair.grid.both.mean())
        assert pair.product[0] == pytest.approx(pair.grid.first.mean() * pair.grid.second.mean())
        assert len(pair.both) == 501


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("skills combine", Verdict.SUPPORTED),
        ("never combined", Verdict.CONTRADICTED),
        ("a quarter", Verdict.INCONCLUSIVE),
        ("no skills", Verdict.INCONCLUSIVE),
    ],
)
def test_the_verdict_follows_the_truth(name: str, verdict: Verdict) -> None:
    found = resampled(next(s for s in SCENARIOS if s.name == name))
    assert judge(found).verdict == verdict
    assert stimulus(found).claim == "7"


def test_figure_and_tables_hold_every_pair() -> None:
    found = [resampled(SCENARIOS[0], 100)]
    drawn = figure(found, "models given")
    points = [row for data in drawn.spec["datasets"].values() for row in data]
    n = len(found[0].pairs)
    assert sum(row.get("series") == "simulated" for row in points) == 2 * n
    by_model, by_pair = tables(found, "models given")
    assert len(by_model.rows) == 1 and len(by_pair.rows) == n
    assert {row[-1] for row in by_pair.rows} == {"yes", IN_TRAINING}
