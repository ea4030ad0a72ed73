"""Verdicts on rows whose truth is known, and the nulls behind them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from taskscope.report.findings import Verdict
from taskscope.studies.kernel_regression import parts
from taskscope.studies.kernel_regression.calibration import PARAMS
from taskscope.studies.kernel_regression.weights import grids, voting
from taskscope.studies.kernel_regression.weights.findings import weights
from taskscope.studies.kernel_regression.weights.resampling import SHARED_GOLD, TEMPLATE, ModelWeights
from taskscope.studies.kernel_regression.weights.rows import RANDOM_WEIGHTS
from taskscope.studies.kernel_regression.weights.simulation import BLOCKS, PER_BLOCK, SCENARIOS

WORLDS = {scenario.name: scenario for scenario in SCENARIOS}


def world(name: str, seed: int = 0, **changes) -> pa.Table:
    return replace(WORLDS[name], **changes).simulate(PARAMS, np.random.default_rng(seed))


def found(rows: pa.Table) -> ModelWeights:
    (one,) = weights(rows, PARAMS)
    return one


def test_the_planted_head_is_chosen_and_its_agreement_measured() -> None:
    """One head votes for the model's answer 90 % of the time (protocol 3, pipeline test ii)."""
    scenario = WORLDS["a few upper heads vote"]
    one = found(world(scenario.name, voters=1))
    planted = np.random.default_rng(0).choice(np.arange(BLOCKS * PER_BLOCK)[24:], size=1, replace=False)
    assert one.votes[0].head == planted.item()
    assert one.agreement[0] == pytest.approx(0.9, abs=0.06)
    assert one.p_selection < 0.01
    assert one.voting_heads[0] == planted.item()


def test_the_best_of_many_random_heads_falls_back_on_other_questions() -> None:
    one = found(world("nothing"))
    setting = one.votes[0].setting
    assert voting.agreement_map(setting.selection).max() > 0.54
    assert one.agreement[0] == pytest.approx(0.5, abs=0.11)
    assert one.p_selection > 0.05
    assert not len(one.voting_heads)


def test_what_is_shared_through_the_right_answer_is_the_mean_over_exchanges() -> None:
    one = found(world("votes follow the right answer"))
    votes = one.votes[0]
    judged = votes.setting.held_out
    own = judged.published_votes[:, votes.head]
    rng = np.random.default_rng(1)
    shuffled = []
    for _ in range(2000):
        answer = judged.predicted.copy()
        for gold in (0, 1):
            same = np.flatnonzero(judged.gold == gold)
            answer[same] = answer[rng.permutation(same)]
        shuffled.append((own == answer).mean())
    assert votes.controls[SHARED_GOLD][0] == pytest.approx(np.mean(shuffled), abs=0.005)


def test_without_random_weights_the_template_alone_is_the_control() -> None:
    rows = world("a few upper heads vote")
    rows = rows.filter(pc.not_equal(rows["condition"], RANDOM_WEIGHTS))  # type: ignore[attr-defined]
    assert set(found(rows).lifted_controls) == {TEMPLATE}
    assert parts.analyse(rows, PARAMS)[0].verdict == Verdict.SUPPORTED


def test_a_query_in_two_templates_is_one_unit() -> None:
    rows = world("a few upper heads vote")
    at = rows.column_names.index("template")
    other = rows.set_column(at, "template", pa.array(["colon"] * rows.num_rows).dictionary_encode())
    once, twice = found(rows), found(pa.concat_tables([rows, other]).unify_dictionaries())
    assert len(twice.votes) == 2
    assert twice.n_queries == once.n_queries
    assert np.std(twice.agreement[1:]) == pytest.approx(np.std(once.agreement[1:]), rel=0.15)


def test_a_model_with_one_answer_leaves_nothing_to_rebuild() -> None:
    labels, place, votes = parts.analyse(world("one answer", lean=1.0), PARAMS)
    assert labels.verdict == Verdict.CONTRADICTED
    assert place.verdict == votes.verdict == Verdict.INCONCLUSIVE
    assert "nothing left to rebuild" in votes.reason


def test_findings_figures_and_tables_hold_together() -> None:
    rows = world("they vote less surely")
    findings = parts.analyse(rows, PARAMS)
    assert [finding.claim for finding in findings] == ["RQ2", "RQ3", "RQ4"]
    for finding in findings:
        assert finding.interval is not None
        assert finding.strongest in {control.name for control in finding.controls}
    figures = parts.figures(rows, PARAMS)
    assert sum(figure.main for figure in figures) == 1
    for table in parts.tables(rows, PARAMS):
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert set(table.headline) <= set(table.columns)


def test_rows_of_other_parts_are_left_alone() -> None:
    assert grids.settings(pa.table({"model": ["m"], "task": ["t"]})) == {}
