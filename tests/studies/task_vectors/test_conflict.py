"""Conflicts between tasks: which are drawn, what is measured, how the override is counted and judged."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from letters_model import N_BLOCKS, model
from scipy.stats import spearmanr

from taskscope.report.findings import Verdict
from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.conflict.draws import admissible, conflicts, shared_queries
from taskscope.studies.task_vectors.conflict.measure import measure
from taskscope.studies.task_vectors.conflict.relation import relate
from taskscope.studies.task_vectors.conflict.resampling import COLUMNS, Direction, directions, override
from taskscope.studies.task_vectors.conflict.rows import INJECTED, NONE, OWN, RANDOM
from taskscope.studies.task_vectors.conflict.simulation import ConflictScenario
from taskscope.studies.task_vectors.conflict.verdict import judge_conflict
from taskscope.studies.task_vectors.draws import other_task, pairs
from taskscope.studies.task_vectors.params import CellParams, ConflictParams, TaskVectorParams
from taskscope.studies.task_vectors.study import TASK_VECTORS
from taskscope.tasks import registry
from taskscope.tasks.prompts import get_format

ARROW = get_format("arrow")
NEXT, UPPER = registry.get("next-letter"), registry.get("to-upper")
PARAMS = TaskVectorParams(tasks=("next-letter", "to-upper"), n_conflicts=6, k=3, draws=100)


def cell() -> Cell:
    ref = ModelRef(id="tiny", label="tiny", dtype="float32", attention="sdpa")
    planned = PlannedModel(ref=ref, n_blocks=N_BLOCKS, n_parameters=1, context=256)
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
    asked = {conflict.query for conflict in conflicts(NEXT, UPPER, 0, ConflictParams(k=3), ARROW)}
    for task in (NEXT, UPPER):
        drawn = pairs(task, other_task(task, 3, 2), 0, CellParams(k=3, n_dev=60, n_test=1), ARROW)
        assert not asked & {pair.query.input for pair in drawn if pair.split == "dev"}


def test_each_side_shows_its_own_task_and_never_the_query() -> None:
    for conflict in conflicts(NEXT, UPPER, 0, ConflictParams(k=3, n_conflicts=20), ARROW):
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
    assert len(rows) == measured.rows.num_rows == 2 * 6 * (1 + 3 * N_BLOCKS)
    drawn = conflicts(NEXT, UPPER, 0, ConflictParams(**cell().params), ARROW)
    for number, conflict in enumerate(drawn[:3]):
        a, b = conflict.sides
        theta = np.mean([model().capture([text])[0] for text in b.theta], axis=0)
        answers = {"a": [a.gold], "b": [b.gold]}
        swept = model().sweep([a.prompt], {"it": theta[None]}, answers)
        plain = model().answer([a.prompt], answers)
        assert rows["next-letter", number, NONE, -1]["right_shown"] == plain.correct["a"][0]
        for block in range(N_BLOCKS):
            row = rows["next-letter", number, INJECTED, block]
            assert row["right_shown"] == swept.correct["a"][0, 0, block]
            assert row["right_injected"] == swept.correct["b"][0, 0, block]


def test_the_override_index_counts_what_one_gains_and_the_other_loses() -> None:
    world = ConflictScenario("one", "", other=1.0, own=0.0, control=0.0, reference=1.0, n_tasks=3)
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
    assert set(COLUMNS) >= {NONE, OWN, RANDOM}


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
            values = (rng.random((20, len(COLUMNS))) < rng.random(len(COLUMNS))).astype(float)
            ways.append(Direction(f"t{shown}", f"t{injected}", np.arange(20), values))
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
