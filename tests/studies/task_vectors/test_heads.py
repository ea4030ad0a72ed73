"""Choosing heads, reading their rows, and the rule on C6, without a model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskscope.errors import StudyError
from taskscope.report.findings import Verdict
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.analysis import analyse
from taskscope.studies.task_vectors.figures import figures
from taskscope.studies.task_vectors.heads import choice, grids, simulation
from taskscope.studies.task_vectors.heads.draws import prompts
from taskscope.studies.task_vectors.heads.findings import function_vectors
from taskscope.studies.task_vectors.heads.rows import (
    NONE,
    RANDOM_HEADS,
    SHOWN,
    VECTOR,
    ZERO_SHOT,
    effect_rows,
    no_heads,
)
from taskscope.studies.task_vectors.heads.stability import rank
from taskscope.studies.task_vectors.params import HeadParams, TaskVectorParams
from taskscope.studies.task_vectors.results import results
from taskscope.studies.task_vectors.tables import tables
from taskscope.tasks import registry
from taskscope.tasks.prompts import get_format

PARAMS = TaskVectorParams(draws=200)


def world(name: str) -> simulation.HeadScenario:
    return next(s for s in simulation.SCENARIOS if s.name == name)


def simulated(scenario: simulation.HeadScenario, number: int = 0) -> pa.Table:
    return scenario.simulate(PARAMS, stream("test of heads", scenario.name, number))


def verdict(rows: pa.Table) -> Verdict:
    [found] = [f for f in analyse(rows, PARAMS) if f.claim == "C6"]
    return found.verdict


def test_heads_of_a_task_are_chosen_on_the_others() -> None:
    """Head 0 does task a alone, head 1 tasks b and c; task d is not done at all and has no say."""
    effects = [
        np.array([[5.0, 0, 0, 0]]),
        np.array([[0, 1.0, 0.1, 0]]),
        np.array([[0, 1.0, 0.3, 0]]),
        np.array([[0, 0, 0, 9.0]]),
    ]
    a, b, _, d = choice.choose(effects, [True, True, True, False])
    assert a.shared.tolist() == [1, 2, 0, 3], "its own head 0 has no say"
    assert a.own[0] == 0
    assert b.shared[0] == 0
    assert d.shared[0] == 0
    assert d.own[0] == 3


def test_a_lone_task_chooses_its_own_heads_and_untried_heads_come_last() -> None:
    [lone] = choice.choose([np.array([[0.1, np.nan, -0.5], [0.3, np.nan, -0.5]])], [True])
    assert lone.shared.tolist() == lone.own.tolist() == [0, 2, 1]


@given(st.integers(1, 300), st.floats(0.001, 1))
def test_sets_have_at_least_one_head_and_random_ones_keep_off_the_chosen(n_heads: int, share: float) -> None:
    size = choice.set_size(share, n_heads)
    assert 1 <= size <= n_heads
    kept = np.arange(size)
    for drawn in choice.random_sets(n_heads, kept, size, 3, np.random.default_rng(0)):
        assert not set(drawn) & set(kept)
        assert len(set(drawn)) == len(drawn) == min(size, n_heads - size)
    counts = choice.counts_tried(size, n_heads)
    assert size in counts
    assert counts == tuple(sorted(set(counts)))
    assert counts[-1] == min(4 * size, n_heads)


def test_prompts_keep_test_queries_out_of_everything_that_is_chosen() -> None:
    sizes = HeadParams(n_means=40, n_effects=40, n_vector_dev=40, n_vector_test=40)
    drawn = prompts(registry.get("next-letter"), 0, sizes, get_format("arrow"))
    test = {one.query.cluster for one in drawn.test}
    for part in (drawn.means, drawn.effects, drawn.dev):
        assert not test & {one.query.cluster for one in part}
    for one in drawn.effects:
        assert one.shown.endswith("\n" + one.bare)
        assert one.swapped.endswith("\n" + one.bare)
        right = dict(line.split("->") for line in one.shown.split("\n")[:-1])
        swapped = dict(line.split("->") for line in one.swapped.split("\n")[:-1])
        assert all(right[x] != swapped[x] for x in right), "a derangement: no pair stays right"
        assert sorted(right.values()) == sorted(swapped.values())


def test_effects_come_back_as_they_were_written() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(3, 6)).astype(np.float32).astype(float)
    values[:, 4] = np.nan
    sites = np.array([(b, h) for b in (0, 2) for h in range(3)])
    chosen = np.arange(6) == 5
    table = effect_rows("copy", True, "swapped labels", values, sites, chosen)
    front = pa.table({"model": ["m"] * len(table), "seed": [0] * len(table)})
    for name in front.column_names:
        table = table.append_column(name, front[name])
    [found] = grids.head_effects(table, "m")
    assert (found.task, found.able) == ("copy", True)
    np.testing.assert_array_equal(found.sites, np.delete(sites, 4, axis=0))
    np.testing.assert_array_equal(found.values, np.delete(values, 4, axis=1))
    assert found.chosen.tolist() == [False] * 4 + [True]


def test_answers_are_means_over_random_sets_and_missing_ones_are_an_error() -> None:
    rows = simulated(replace(world("few heads"), n_tasks=1))
    [first, *_] = grids.task_answers(rows, "simulated")
    part = rows.to_pylist()
    mine = [r for r in part if r["target"] == first.task and r["split"] == "test"]
    random = [r["correct"] for r in mine if r["condition"] == RANDOM_HEADS and r["context"] == ZERO_SHOT]
    assert first.test.added[ZERO_SHOT, RANDOM_HEADS].mean() == pytest.approx(np.mean(random))
    vector = [r["correct"] for r in mine if r["condition"] == VECTOR and r["context"] == ZERO_SHOT]
    by_block = np.array(vector).reshape(simulation.N_TEST, simulation.N_BLOCKS)
    np.testing.assert_array_equal(first.test.added[ZERO_SHOT, VECTOR], by_block)
    assert first.test.plain[SHOWN].shape == (simulation.N_TEST,)
    shuffled = rows.take(pa.array(np.random.default_rng(0).permutation(rows.num_rows)))
    [again, *_] = grids.task_answers(shuffled, "simulated")
    np.testing.assert_array_equal(again.test.added[ZERO_SHOT, VECTOR], by_block)
    holes = pa.Table.from_pylist([r for i, r in enumerate(part) if i != part.index(mine[-1])], rows.schema)
    with pytest.raises(StudyError, match="incomplete"):
        grids.task_answers(holes, "simulated")


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        (world("few heads"), Verdict.SUPPORTED),
        (world("no heads"), Verdict.CONTRADICTED),
        (replace(world("few heads"), random_heads=0.74), Verdict.CONTRADICTED),
        (replace(world("few heads"), reference=0.12), Verdict.INCONCLUSIVE),
        (world("heads at the midpoint"), Verdict.INCONCLUSIVE),
    ],
    ids=["few", "none", "any", "nothing to recover", "midpoint"],
)
def test_worlds_far_from_every_border_get_their_verdict(
    scenario: simulation.HeadScenario, expected: Verdict
) -> None:
    assert verdict(simulated(scenario)) is expected


def test_a_model_whose_heads_cannot_be_told_apart_is_inconclusive_and_draws_nothing() -> None:
    rows = simulated(world("few heads"))
    plain = rows.filter(pc.is_null(rows["part"]))  # type: ignore[attr-defined]
    lone = no_heads()
    for at, (name, value) in enumerate({"model": "simulated", "task": "task-00", "seed": 0}.items()):
        lone = lone.add_column(at, name, pa.array([value]))
    table = pa.concat_tables([plain, lone], promote_options="default")
    [found] = [f for f in analyse(table, PARAMS) if f.claim == "C6"]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "told apart" in found.reason
    assert not [f for f in figures(table, [], PARAMS) if "heads" in f.name or "function" in f.name]


def test_rows_without_heads_say_nothing_of_them() -> None:
    rows = simulated(world("few heads"))
    plain = rows.filter(pc.is_null(rows["part"]))  # type: ignore[attr-defined]
    assert {f.claim for f in analyse(plain, PARAMS)} == {"C1", "C2"}


def test_the_ranking_counts_how_often_a_head_is_chosen_again() -> None:
    rng = np.random.default_rng(0)
    sites = np.array([(0, 0), (0, 1), (1, 0)])
    clear = np.array([0.5, 0.0, 0.0]) + 0.01 * rng.normal(size=(20, 3))
    twins = np.array([0.3, 0.3, 0.0]) + 0.2 * rng.normal(size=(20, 3))
    no = np.zeros(3, dtype=bool)
    found = rank([grids.Effects("a", True, sites, clear, no)], 1)
    assert found.order[0] == 0
    assert found.inclusion.tolist() == [1, 0, 0]
    assert found.error[0] == pytest.approx(clear[:, 0].std() / 20**0.5, rel=0.15)
    unsure = rank([grids.Effects("a", True, sites, twins, no)], 1)
    assert 0.02 < unsure.inclusion[:2].min() < 0.98
    assert unsure.inclusion.sum() == pytest.approx(1)
    both = rank(
        [grids.Effects("a", True, sites, clear, no), grids.Effects("b", False, sites, 9 * twins, no)], 1
    )
    assert both.tasks == ("a",), "a task that demonstrations do not help has no say"


def test_figures_and_tables_name_the_strongest_head_and_every_task() -> None:
    rows = simulated(world("few heads"))
    [found] = function_vectors(rows, results(rows, PARAMS), PARAMS)
    drawn = {figure.name: figure for figure in figures(rows, [], PARAMS)}
    assert "block 0 head 0" in drawn["task-vectors-simulated-heads"].see
    assert "after block 1" in drawn["task-vectors-simulated-function-vectors-by-block"].see
    made = {table.name: table for table in tables(rows, [], PARAMS)}
    by_task = made["task-vectors-simulated-function-vectors"]
    assert [row[0] for row in by_task.rows] == [task.answers.task for task in found.tasks]
    assert all(len(row) == len(by_task.columns) for row in by_task.rows)
    assert made["task-vectors-simulated-heads"].rows[0][:2] == (0, 0)
    alone = made["task-vectors-simulated-heads-by-task"]
    for each in found.effects:
        ranking = rank([each], found.size)
        mine = [row[1:] for row in alone.rows if row[0] == each.task]
        assert [row[:2] for row in mine[:2]] == [tuple(ranking.sites[i]) for i in ranking.order[:2]]
        means = each.values.mean(axis=0)
        assert mine[0][2] == pytest.approx(means.max(), abs=1e-5)
        assert [row[4] for row in mine] == [
            pytest.approx(ranking.inclusion[i], abs=1e-5) for i in ranking.order[: len(mine)]
        ]


@pytest.mark.parametrize(
    ("which", "random_heads", "reached"),
    [
        ("few heads", None, ("yes", "yes")),
        ("no heads", None, ("no", "open")),
        ("few heads", 0.7, ("yes", "no")),
    ],
)
def test_published_gains_stand_beside_ours(
    which: str, random_heads: float | None, reached: tuple[str, str]
) -> None:
    """FV-6: the function vector's gains with intervals, and whether they reach the published effect."""
    rows = simulated(replace(world(which), random_heads=random_heads))
    [found] = function_vectors(rows, results(rows, PARAMS), PARAMS)
    made = {table.name: table for table in tables(rows, [], PARAMS)}
    table = made["task-vectors-simulated-function-vectors-published"]
    alone, swapped, layer, spared = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
    # Todd et al. 2024: 5.5 % alone, 57.5 % with the vector; 39.1 % and 90.8 % behind shuffled labels.
    assert (alone["GPT-J 6B"], swapped["GPT-J 6B"], layer["GPT-J 6B"]) == (0.52, 0.517, 0.48)
    assert (alone["Llama-2 70B"], layer["Llama-2 70B"]) == (0.756, None)
    mean = found.mean
    base = mean.controls[NONE][0]
    assert alone["simulated"] == round(float(mean.vector[0] - base), 3)
    assert swapped["simulated"] == round(float(mean.swapped[VECTOR][0] - mean.swapped[NONE][0]), 3)
    third = (mean.vector[0] - base) / 3 - (mean.controls[RANDOM_HEADS][0] - base)
    assert spared["simulated"] == pytest.approx(third, abs=1e-3)
    assert all(row["from"] <= row["simulated"] <= row["to"] for row in (alone, swapped, layer, spared))
    assert (alone["reached"], spared["reached"]) == reached
