"""Conflicts between tasks: which are drawn, what is measured, how the override is counted and judged."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from letters_model import N_BLOCKS, model
from scipy.stats import spearmanr

from taskscope.errors import TaskError
from taskscope.report.findings import Verdict
from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.conflict.draws import (
    admissible,
    conflicts,
    shared_queries,
    unrelated_task,
)
from taskscope.studies.task_vectors.conflict.figures import CHANGED, GAINED, figures
from taskscope.studies.task_vectors.conflict.findings import Conflicts, finding
from taskscope.studies.task_vectors.conflict.measure import measure
from taskscope.studies.task_vectors.conflict.relation import relate
from taskscope.studies.task_vectors.conflict.resampling import Direction, Override, directions, override
from taskscope.studies.task_vectors.conflict.rows import (
    CONDITIONS,
    CONTROLS,
    INJECTED,
    NONE,
    OWN,
    RANDOM,
    UNRELATED,
)
from taskscope.studies.task_vectors.conflict.simulation import ConflictScenario
from taskscope.studies.task_vectors.conflict.tables import tables
from taskscope.studies.task_vectors.conflict.verdict import judge_conflict
from taskscope.studies.task_vectors.draws import other_task, pairs
from taskscope.studies.task_vectors.params import CellParams, ConflictParams, TaskVectorParams
from taskscope.studies.task_vectors.study import TASK_VECTORS
from taskscope.tasks import registry
from taskscope.tasks.prompts import get_format

ARROW = get_format("arrow")
NEXT, UPPER = registry.get("next-letter"), registry.get("to-upper")
UNLIKE = registry.get("antonyms")
PARAMS = TaskVectorParams(tasks=("next-letter", "to-upper"), n_conflicts=6, k=3, draws=100)


def cell(n_blocks: int = N_BLOCKS) -> Cell:
    ref = ModelRef(id="tiny", label="tiny", dtype="float32", attention="sdpa")
    planned = PlannedModel(ref=ref, n_blocks=n_blocks, n_parameters=1, context=256)
    [found] = [c for c in TASK_VECTORS.plan(PARAMS, [planned]) if ".conflict." in c.measure]
    return found


def with_front(rows: pa.Table) -> pa.Table:
    return rows.add_column(0, "seed", pa.repeat(pa.scalar(0), rows.num_rows))


def test_tasks_conflict_where_both_take_an_input_and_answer_differently() -> None:
    tasks = [registry.get(name) for name in registry.PAPER_TASKS]
    found = {frozenset((a.name, b.name)) for a, b in combinations(tasks, 2) if admissible(a, b, 0.3)}
    assert {frozenset(("list-first", "list-last")), frozenset(("en-fr", "en-es"))} <= found
    assert frozenset(("next-letter", "country-capital")) not in found
    for ours, theirs in shared_queries(NEXT, UPPER, 0.3):
        assert ours.input == theirs.input
        assert not set(ours.answers) & set(theirs.answers)


def test_no_conflict_asks_a_query_on_which_a_block_was_chosen() -> None:
    drawn = conflicts(NEXT, UPPER, UNLIKE, 0, ConflictParams(k=3), ARROW)
    asked = {conflict.query for conflict in drawn}
    for task in (NEXT, UPPER):
        drawn = pairs(task, other_task(task, 3, 2), 0, CellParams(k=3, n_dev=60, n_test=1), ARROW)
        assert not asked & {pair.query.input for pair in drawn if pair.split == "dev"}


def test_each_side_shows_its_own_task_and_never_the_query() -> None:
    for conflict in conflicts(NEXT, UPPER, UNLIKE, 0, ConflictParams(k=3, n_conflicts=20), ARROW):
        for side, rule in zip(conflict.sides, (lambda x: chr(ord(x) + 1), str.upper), strict=True):
            *shown, last = side.prompt.split("\n")
            assert last == f"{conflict.query}->"
            assert side.gold == (rule(conflict.query),)
            assert all(y == rule(x) for x, y in (line.split("->") for line in shown))
            assert conflict.query not in [line[0] for line in shown]
            assert all(text.split("\n")[:-1] == shown for text in side.theta)


def test_measured_answers_agree_with_edits_made_one_by_one() -> None:
    measured = measure(cell(), model())
    assert measure(cell(), model()).rows.equals(measured.rows)
    rows = {(r["shown"], r["pair"], r["condition"], r["block"]): r for r in measured.rows.to_pylist()}
    assert len(rows) == measured.rows.num_rows == 2 * 6 * (1 + 4 * N_BLOCKS)
    unrelated = registry.resolve(cell().tasks[2])
    drawn = conflicts(NEXT, UPPER, unrelated, 0, ConflictParams(**cell().params), ARROW)
    for number, conflict in enumerate(drawn[:3]):
        a, b = conflict.sides
        read = {INJECTED: b.theta, OWN: a.theta, UNRELATED: conflict.unrelated}
        answers = {"a": [a.gold], "b": [b.gold]}
        plain = model().answer([a.prompt], answers)
        assert rows["next-letter", number, NONE, -1]["right_shown"] == plain.correct["a"][0]
        for condition, texts in read.items():
            theta = np.mean([model().capture([text])[0] for text in texts], axis=0)
            swept = model().sweep([a.prompt], {"it": theta[None]}, answers)
            for block in range(N_BLOCKS):
                row = rows["next-letter", number, condition, block]
                assert row["right_shown"] == swept.correct["a"][0, 0, block]
                assert row["right_injected"] == swept.correct["b"][0, 0, block]


def test_the_plan_counts_a_column_for_every_block_and_vector_put_in() -> None:
    ten, twenty = cell(n_blocks=10), cell(n_blocks=20)
    assert twenty.cost.tokens - ten.cost.tokens == 6 * 2 * 4 * 10


def test_the_unrelated_task_is_of_another_group_than_either_and_drawn_by_seed() -> None:
    tasks = [registry.get(name) for name in registry.PAPER_TASKS]
    at_odds = [(a, b) for a, b in combinations(tasks, 2) if admissible(a, b, 0.3)]
    assert len(at_odds) > 10
    for pair in at_odds:
        found = {unrelated_task(pair, seed, 5, 2).name for seed in range(8)}
        assert found == {unrelated_task(pair, seed, 5, 2).name for seed in range(8)}
        assert len(found) > 1
        for name in found:
            assert registry.get(name).group not in {task.group for task in pair}
    with pytest.raises(TaskError, match="can lend a vector as control to 'next-letter' and 'to-upper'"):
        unrelated_task((NEXT, UPPER), 0, 10_000, 2)
    [conflict] = conflicts(NEXT, UPPER, UNLIKE, 0, ConflictParams(k=3, n_conflicts=1), ARROW)
    opposites = {(item.input, answer) for item in UNLIKE.items for answer in item.answers}
    for text in conflict.unrelated:
        *shown, _ = text.split("\n")
        assert len(shown) == 3
        assert all(tuple(line.split("->")) in opposites for line in shown)


def test_the_override_index_counts_what_one_gains_and_the_other_loses() -> None:
    world = ConflictScenario(
        "one", "", other=1.0, own=0.0, control=0.0, unrelated=0.0, reference=1.0, n_tasks=3
    )
    table = world.simulate(PARAMS, stream("x"))
    mine = table.filter(pa.array([part is not None for part in table["part"].to_pylist()]))
    found = directions(mine, {f"task-{t:02d}": 2 for t in range(3)})
    assert len(found) == 6
    assert all(way.override == 2.0 for way in found)
    assert directions(mine, {"task-00": 2}) == []
    mean = override(found, 100)
    assert mean is not None
    assert (mean.other[0], mean.own[0], mean.reference[0], mean.strongest[0]) == (1, 0, 1, 0)
    assert judge_conflict(mean).verdict is Verdict.SUPPORTED
    assert set(CONTROLS) == {NONE, OWN, UNRELATED, RANDOM}


def override_of(**truth: float) -> Override:
    """What a world in which the truth is `truth` shows of its conflicts."""
    world = ConflictScenario("one", "", **truth)  # type: ignore[arg-type]
    table = world.simulate(PARAMS, stream("override of", 1))
    mine = table.filter(pa.array([part is not None for part in table["part"].to_pylist()]))
    found = override(directions(mine, {f"task-{t:02d}": 2 for t in range(world.n_tasks)}), 300)
    assert found is not None
    return found


def test_a_vector_of_neither_task_that_brings_the_answer_takes_the_verdict_away() -> None:
    fair = override_of(other=0.8, own=0.05, reference=0.9)
    anyway = override_of(other=0.8, own=0.05, reference=0.9, unrelated=0.8)
    assert judge_conflict(fair).verdict is Verdict.SUPPORTED
    assert judge_conflict(anyway).verdict is not Verdict.SUPPORTED
    assert anyway.strongest[0] == pytest.approx(anyway.controls[UNRELATED][0], abs=0.03)


def test_what_every_vector_turns_is_counted_and_shown_with_intervals() -> None:
    """Of 20 queries: A right 15 before, under its own theta 14, under B's 2; B right 1, 1 and 12."""
    b = {NONE: 1, INJECTED: 12, OWN: 1, UNRELATED: 3, RANDOM: 0}
    a = {NONE: 15, INJECTED: 2, OWN: 14, UNRELATED: 6, RANDOM: 0}
    query = np.arange(20)
    theirs = np.stack([query < b[name] for name in CONDITIONS], axis=1).astype(float)
    mine = np.stack([query >= 20 - a[name] for name in CONDITIONS], axis=1).astype(float)
    way = Direction("a", "b", query, np.ones(20), theirs, mine)
    assert way.override == pytest.approx((12 - 1 + 15 - 2) / 20)
    assert way.overrides[CONDITIONS.index(UNRELATED)] == pytest.approx((3 - 1 + 15 - 6) / 20)
    found = override([way], 300)
    assert found is not None
    assert found.change(OWN)[0] == pytest.approx(-0.05)
    shown = Conflicts("toy", [way], found, [], None)
    said = finding(shown)
    assert "changes that task's answers by -5 points" in said.statement
    assert "about nothing" in said.statement
    assert {c.label: c.estimate for c in said.controls}[UNRELATED] == pytest.approx(0.15)
    figure = figures(shown)[-1]
    [data] = [rows for rows in figure.spec["datasets"].values() if any("row" in r for r in rows)]
    drawn = {(r["row"], r["series"]): r for r in data if r["kind"] == "data"}
    assert drawn[UNRELATED, GAINED]["x"] == pytest.approx(0.1)
    assert drawn[UNRELATED, CHANGED]["x"] == pytest.approx(-0.45)
    own = drawn["theta of the task shown", CHANGED]
    assert own["low"] < own["x"] == -0.05 < own["high"] + 1e-9
    assert "1.20 for theta of the other task" in figure.see
    table, _ = tables(shown)
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["override index"] == 1.2
    assert row["override index, theta of an unrelated task"] == 0.55
    assert row["change by its own theta"] == -0.05
    assert row["shown task's answer, nothing put in"] == 0.75
    assert row["other's answer, random vector"] == 0.0


def test_published_pairs_stand_beside_ours() -> None:
    query = np.arange(20)
    theirs = np.stack([query < (12 if name == INJECTED else 1) for name in CONDITIONS], axis=1).astype(float)
    mine = np.stack([query >= (5 if name == NONE else 18) for name in CONDITIONS], axis=1).astype(float)
    ways = [Direction("next-letter", "to-upper", query, np.ones(20), theirs, mine)]
    _, beside = tables(Conflicts("toy", ways, override(ways, 100), [], None))
    first, *others = beside.rows
    assert first == ("next-letter", "to-upper", "0.75 / 0.05", "0.10 / 0.60", "0.91 / 0.00", "0.10 / 0.77")
    assert [row[2:4] for row in others] == [(None, None)] * 4
    assert all(len(row) == len(beside.columns) for row in beside.rows)
    known = {task.name for task in map(registry.get, registry.PAPER_TASKS)}
    assert all({row[0], row[1]} <= known for row in beside.rows)
    marks = {mark.label: mark.value for mark in finding(Conflicts("toy", ways, None, [], None)).published}
    assert marks["LLaMA 13B: theta of en-fr against en-es"] == 0.07, "the pair that fails is not left out"


def test_theta_that_breaks_its_own_task_is_named() -> None:
    query = np.arange(20)
    theirs = np.stack([query < (12 if name == INJECTED else 0) for name in CONDITIONS], axis=1).astype(float)
    mine = np.stack([query >= (5 if name == NONE else 15) for name in CONDITIONS], axis=1).astype(float)
    ways = [Direction("a", "b", query, np.ones(20), theirs, mine)]
    said = finding(Conflicts("toy", ways, override(ways, 300), [], None))
    assert "by -50 points" in said.statement
    assert "where nothing should change: so much" in said.statement
    # Four lose and two win of twenty: -10 points, an interval on both sides of 0.
    mine[:, CONDITIONS.index(OWN)] = mine[:, CONDITIONS.index(NONE)]
    mine[5:9, CONDITIONS.index(OWN)], mine[:2, CONDITIONS.index(OWN)] = 0, 1
    ways = [Direction("a", "b", query, np.ones(20), theirs, mine)]
    said = finding(Conflicts("toy", ways, override(ways, 300), [], None))
    assert "by -10 points" in said.statement
    assert "it cannot be told from nothing" in said.statement


def test_conflicts_stored_before_there_was_an_unrelated_theta_are_judged_without_it() -> None:
    table = ConflictScenario("one", "", other=0.8, own=0.05).simulate(PARAMS, stream("older", 1))
    known = [part is not None for part in table["part"].to_pylist()]
    older = [c != UNRELATED and keep for c, keep in zip(table["condition"].to_pylist(), known, strict=True)]
    blocks = {f"task-{t:02d}": 2 for t in range(6)}
    now = directions(table.filter(pa.array(known)), blocks)
    before = directions(table.filter(pa.array(older)), blocks)
    found, full = override(before, 300), override(now, 300)
    assert found is not None and full is not None
    np.testing.assert_array_equal(found.other, full.other)
    assert np.isfinite(found.strongest).all()
    assert judge_conflict(found).verdict is Verdict.SUPPORTED
    shown = Conflicts("toy", before, found, [], None)
    assert UNRELATED not in {control.label for control in finding(shown).controls}
    assert UNRELATED not in figures(shown)[-1].see
    listed, _ = tables(shown)
    assert listed.rows[0][listed.columns.index("other's answer, theta of an unrelated task")] is None


@pytest.mark.parametrize(
    ("other", "own", "verdict"),
    [
        (0.1, 0.9, "contradicted"),
        (0.05, 0.05, "contradicted"),
        (0.85, 0.05, "supported"),
        (0.5, 0.1, "inconclusive"),
    ],
)
def test_verdicts_follow_the_truth(other: float, own: float, verdict: str) -> None:
    world = ConflictScenario("one", "", other=other, own=own, n_tasks=6)
    table = world.simulate(PARAMS, stream("verdict", 1))
    mine = table.filter(pa.array([part is not None for part in table["part"].to_pylist()]))
    found = override(directions(mine, {f"task-{t:02d}": 2 for t in range(6)}), 300)
    assert judge_conflict(found).verdict == verdict


def test_the_relation_is_scipys_rank_correlation_with_an_interval_over_pairs() -> None:
    rng = np.random.default_rng(3)
    ways = []
    for t in range(6):
        for shown, injected in ((t, (t + 1) % 6), ((t + 1) % 6, t)):
            theirs, mine = (
                (rng.random((20, len(CONDITIONS))) < rng.random(len(CONDITIONS))).astype(float)
                for _ in range(2)
            )
            ways.append(Direction(f"t{shown}", f"t{injected}", np.arange(20), theirs[:, 0], theirs, mine))
    apart = rng.random(len(ways)).tolist()
    found = relate(ways, apart, 200)
    assert found is not None
    assert found.rho == pytest.approx(spearmanr([w.override for w in ways], apart).statistic)
    assert found.low is not None and found.high is not None
    assert found.low < found.rho < found.high
    few = relate(ways[:4], apart[:4], 200)
    assert few is not None and few.low is None


def test_without_tasks_that_conflict_nothing_is_said() -> None:
    assert override([], 100) is None
    assert judge_conflict(None).verdict is Verdict.INCONCLUSIVE
