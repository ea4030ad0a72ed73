"""Findings on rows whose every number is known by counting."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from rowmaker import N_BLOCKS, only_at, task_rows, world

from taskscope.errors import StudyError
from taskscope.report.findings import Finding, Verdict
from taskscope.studies.judgement import Measure
from taskscope.studies.task_vectors.analysis import analyse
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.results import results

PARAMS = TaskVectorParams(draws=300)
GOOD = {"baseline": 2, "regular": 18, "hypothesis": only_at(3, 16)}


def judged(rows: pa.Table) -> tuple[Finding, Finding]:
    vector, depth = analyse(rows, PARAMS)
    assert (vector.claim, depth.claim) == ("C1", "C2")
    return vector, depth


def test_a_planted_vector_is_found_where_it_is_and_supported() -> None:
    vector, depth = judged(world(6, GOOD))
    assert vector.verdict is Verdict.SUPPORTED
    assert vector.estimate == pytest.approx((16 - 2) / (18 - 2))
    assert vector.n == 6 * 20
    assert depth.verdict is Verdict.SUPPORTED
    assert "block 3 of 8" in depth.statement
    # The strongest control is the baseline, 2 of 20, in every block.
    assert depth.estimate == pytest.approx((16 - 2) / 20)
    assert {c.name: c.estimate for c in depth.controls} == {
        "first-quarter": pytest.approx(-0.1),
        "last-quarter": pytest.approx(-0.1),
    }


def test_controls_stand_on_the_axis_of_the_estimate() -> None:
    right = {**GOOD, "random": only_at(3, 4), "other-task": only_at(3, 6)}
    vector, _ = judged(world(6, right))
    control = {c.name: c.estimate for c in vector.controls}
    assert control["other-task"] == control["strongest"] == pytest.approx((6 - 2) / (18 - 2))
    assert control["random"] == pytest.approx((4 - 2) / (18 - 2))
    assert control["zero"] == pytest.approx((0 - 2) / (18 - 2))
    assert vector.strongest == "strongest"
    assert "theta of another task" in vector.controls[0].label


def test_the_vector_must_come_nearer_to_the_demonstrations_than_to_its_control() -> None:
    """The same vector is supported against a weak control and contradicted against a strong one."""
    weak, _ = judged(world(6, {**GOOD, "random": only_at(3, 4)}))
    strong, _ = judged(
        world(6, {**GOOD, "regular": 20, "hypothesis": only_at(3, 16), "random": only_at(3, 15)})
    )
    assert weak.verdict is Verdict.SUPPORTED
    assert strong.verdict is Verdict.CONTRADICTED
    assert strong.estimate is not None
    assert strong.estimate > 0.7  # a published-style share alone would have looked like support


def test_a_vector_that_recovers_little_is_contradicted_and_has_no_place() -> None:
    vector, depth = judged(world(6, {"baseline": 2, "regular": 18, "hypothesis": (2,) * N_BLOCKS}))
    assert vector.verdict is Verdict.CONTRADICTED
    assert depth.verdict is Verdict.INCONCLUSIVE
    assert "no block" in depth.reason


@pytest.mark.parametrize("hypothesis", [(16,) * N_BLOCKS, (0, 0, 0, 16, 16, 16, 16, 16)])
def test_a_vector_that_works_at_an_end_contradicts_the_middle(hypothesis: tuple[int, ...]) -> None:
    vector, depth = judged(world(6, {**GOOD, "hypothesis": hypothesis}))
    assert vector.verdict is Verdict.SUPPORTED
    assert depth.verdict is Verdict.CONTRADICTED


@pytest.mark.parametrize("block", [0, 1, 6, 7])
def test_a_best_block_in_the_first_or_last_quarter_contradicts_the_middle(block: int) -> None:
    _, depth = judged(world(6, {**GOOD, "hypothesis": only_at(block, 16)}))
    assert depth.verdict is Verdict.CONTRADICTED
    assert f"block {block} of 8" in depth.reason


def test_without_a_task_that_demonstrations_help_nothing_is_claimed() -> None:
    for finding in judged(world(6, {"baseline": 15, "regular": 18, "hypothesis": only_at(3, 18)})):
        assert finding.verdict is Verdict.INCONCLUSIVE
        assert finding.estimate is None
        assert finding.interval is None


def test_few_queries_give_no_verdict() -> None:
    few, _ = judged(task_rows("one", GOOD, queries=19))
    enough, _ = judged(task_rows("one", GOOD, queries=20))
    assert few.n == 19
    assert few.verdict is Verdict.INCONCLUSIVE
    assert "19 independent queries" in few.reason
    assert enough.verdict is Verdict.SUPPORTED
    assert "of which alone it speaks" in enough.statement


def test_where_a_control_reaches_the_demonstrations_nothing_is_left_to_recover() -> None:
    vector, _ = judged(world(6, {**GOOD, "hypothesis": only_at(3, 18), "zero": only_at(3, 18)}))
    assert vector.verdict is Verdict.INCONCLUSIVE
    assert "nothing is left" in vector.reason


def test_always_saying_the_majority_label_is_a_control() -> None:
    vector, _ = judged(world(6, {**GOOD, "regular": 20}, label_share=1.0))
    assert {c.name: c.estimate for c in vector.controls}["majority"] == pytest.approx(1.0)
    assert vector.verdict is Verdict.INCONCLUSIVE


def test_swapped_labels_are_no_control_where_they_still_show_the_task() -> None:
    same = {**GOOD, "shuffled": only_at(3, 16)}
    hidden, _ = judged(world(6, {**same, "regular-shuffled": 4}))
    shown, _ = judged(world(6, {**same, "regular-shuffled": 17}))
    assert hidden.verdict is not Verdict.SUPPORTED
    assert shown.verdict is Verdict.SUPPORTED
    meaning = {c.name: c.meaning for c in shown.controls}["shuffled"]
    assert "Left out of the comparison on 6 of 6 tasks" in meaning


def test_two_blocks_are_no_middle() -> None:
    _, depth = judged(world(6, {**GOOD, "hypothesis": (0, 16, 0)}))
    assert depth.verdict is Verdict.INCONCLUSIVE
    assert "no middle" in depth.reason


def test_block_and_control_are_chosen_on_development_pairs_alone() -> None:
    dev = {**GOOD, "hypothesis": only_at(4, 12), "random": (5,) * N_BLOCKS}
    test = {**GOOD, "hypothesis": only_at(5, 20), "zero": (9,) * N_BLOCKS}
    [result] = results(world(6, test, dev=dev), PARAMS)
    assert {(s.block, s.control) for s in result.chosen} == {(4, "random")}
    assert result.macro is not None
    assert result.macro.hypothesis[0] == 0
    assert result.macro.strongest[0] == 0


def test_findings_do_not_depend_on_the_order_of_rows() -> None:
    rows = world(6, {**GOOD, "random": only_at(3, 5)})
    mixed = rows.take(np.random.default_rng(0).permutation(rows.num_rows))
    assert [f.model_dump_json() for f in analyse(rows, PARAMS)] == [
        f.model_dump_json() for f in analyse(mixed, PARAMS)
    ]


def test_models_are_judged_apart_and_in_order() -> None:
    weak = {"baseline": 2, "regular": 18, "hypothesis": (2,) * N_BLOCKS}
    rows = pa.concat_tables([world(6, GOOD, model="b"), world(6, weak, model="a")])
    assert [(f.model, f.claim, f.verdict.value) for f in analyse(rows, PARAMS)] == [
        ("a", "C1", "contradicted"),
        ("a", "C2", "inconclusive"),
        ("b", "C1", "supported"),
        ("b", "C2", "supported"),
    ]
    alone = analyse(world(6, GOOD, model="b"), PARAMS)
    assert [f.model_dump_json() for f in alone] == [f.model_dump_json() for f in analyse(rows, PARAMS)[2:]]


def test_incomplete_rows_are_refused() -> None:
    rows = task_rows("one", GOOD)
    with pytest.raises(StudyError, match="incomplete"):
        analyse(rows.slice(1), PARAMS)


def test_no_rows_give_no_findings() -> None:
    assert analyse(task_rows("one", GOOD).slice(0, 0), PARAMS) == []


def test_demonstrations_that_help_on_development_queries_only_leave_the_share_without_a_value() -> None:
    rows = world(6, {**GOOD, "regular": 2}, dev=GOOD)
    vector, _ = judged(rows)
    assert vector.estimate is None
    assert vector.controls == ()
    assert vector.verdict is Verdict.INCONCLUSIVE


def test_an_interval_keeps_its_ends_unless_infinite_ratios_reach_them() -> None:
    draws = np.concatenate([[0.5], np.arange(1000) / 1000])
    assert Measure.of(draws).low == pytest.approx(0.025, abs=0.001)
    few, many = draws.copy(), draws.copy()
    few[-10:] = np.inf
    many[-50:] = np.inf
    assert Measure.of(few).high == pytest.approx(0.974, abs=0.001)
    assert Measure.of(many).high == np.inf
