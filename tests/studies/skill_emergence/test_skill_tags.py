"""Claim 4: products of single skills against questions that need several, and tags that are wrong."""

from __future__ import annotations

import numpy as np
import pytest

import calibration_checks
from taskscope.report.findings import Verdict
from taskscope.studies.skill_emergence.analysis import analyse
from taskscope.studies.skill_emergence.calibration import CALIBRATION
from taskscope.studies.skill_emergence.cloze.fitting import resample
from taskscope.studies.skill_emergence.cloze.graph import Graph, graph, judge
from taskscope.studies.skill_emergence.cloze.rows import read
from taskscope.studies.skill_emergence.cloze.simulation import SCENARIOS
from taskscope.studies.skill_emergence.params import SkillEmergenceParams

PARAMS = SkillEmergenceParams(draws=200)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def found(name: str, params: SkillEmergenceParams = PARAMS) -> Graph:
    cloze = read(BY_NAME[name].simulate(params, np.random.default_rng(0)))
    assert cloze is not None
    held = graph(cloze, resample(cloze, params.draws))
    assert held is not None
    return held


def test_own_tags_foretell_and_no_other_ones_where_all_skills_are_needed() -> None:
    """With many questions the product is right, and the questions' own tags are the best of all."""
    many = found("questions test skills", PARAMS.model_copy(update={"cloze_items": 2000}))
    assert many.off.shape == (201, 120)
    assert many.own[0] < 0.08 < many.wrong[0]
    assert many.rank == 1 / 120
    assert judge(many).verdict == Verdict.SUPPORTED


def test_wrong_tags_are_seen_to_be_wrong() -> None:
    held = found("tagged wrongly", PARAMS.model_copy(update={"cloze_items": 400}))
    assert held.own[0] > held.off[0].min()
    assert judge(held).verdict != Verdict.SUPPORTED


def test_where_no_model_has_two_skills_nothing_is_judged() -> None:
    held = found("no skill")
    assert held.most_skills < 2
    assert "nothing sets tags apart" in judge(held).reason


def test_the_finding_names_its_control() -> None:
    rows = BY_NAME["questions test skills"].simulate(PARAMS, np.random.default_rng(1))
    (finding,) = [each for each in analyse(rows, PARAMS) if each.claim == "4"]
    assert finding.verdict == Verdict.SUPPORTED
    assert [control.name for control in finding.controls] == ["strongest"]
    assert "on 8 models" in finding.statement.lower()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_verdicts_on_tags_keep_their_promise(scenario) -> None:
    calibration_checks.check_fresh_tables(CALIBRATION, scenario, 6)
