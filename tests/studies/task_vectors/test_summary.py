"""Numbers per task, tables and figures, from rows known by counting."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from rowmaker import N_BLOCKS, only_at, task_rows, world
from scipy.stats import binomtest

from taskscope.studies.task_vectors import published
from taskscope.studies.task_vectors.analysis import analyse
from taskscope.studies.task_vectors.figures import figures
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.results import results
from taskscope.studies.task_vectors.study import TASK_VECTORS
from taskscope.studies.task_vectors.summary import At, TaskSummary, summarise
from taskscope.studies.task_vectors.tables import tables

PARAMS = TaskVectorParams(draws=200)
GOOD = {"baseline": 2, "regular": 18, "hypothesis": only_at(3, 16)}


def summaries(rows: pa.Table) -> list[TaskSummary]:
    [result] = results(rows, PARAMS)
    return summarise(result, PARAMS.draws)


def test_three_ways_of_choosing_the_block() -> None:
    curve = (0, 0, 4, 16, 10, 0, 0, 0)
    odd = task_rows(
        "b", {**GOOD, "hypothesis": (0, 0, 1, 5, 6, 18, 0, 0)}, dev={**GOOD, "hypothesis": only_at(4, 20)}
    )
    rows = pa.concat_tables(
        [task_rows("a", {**GOOD, "hypothesis": curve}), odd, task_rows("c", {**GOOD, "hypothesis": curve})]
    )
    _, summary, _ = summaries(rows)
    assert summary.dev == At(4, 6 / 20)
    assert summary.shared == At(3, 5 / 20)
    assert summary.oracle == At(5, 18 / 20)
    assert summary.dev_block == (4, 4)


def test_a_task_alone_has_no_shared_block() -> None:
    assert summaries(task_rows("a", GOOD))[0].shared is None


def test_the_block_interval_is_wide_where_blocks_are_alike() -> None:
    # Successes are nested: block 2 ties with block 3, and comes first, only where query 9 is not drawn.
    near = summaries(task_rows("a", {**GOOD, "hypothesis": (0, 0, 9, 10, 9, 0, 0, 0)}))[0]
    clear = summaries(task_rows("a", {**GOOD, "hypothesis": (0, 0, 2, 16, 2, 0, 0, 0)}))[0]
    assert near.dev_block == (2, 3)
    assert clear.dev_block == (3, 3)
    crossed = task_rows("a", GOOD).to_pylist()
    for row in crossed:
        if row["condition"] == "hypothesis":
            row["correct"] = row["block"] == 2 + row["pair"] % 3
    [alike] = summaries(pa.Table.from_pylist(crossed, schema=task_rows("a", GOOD).schema))
    assert alike.dev_block == (2, 4)


def test_leak_counts_wrong_answers_of_a_dummy_only() -> None:
    # 16 of 20 are right; the last 6 answer like a dummy, 2 of which are right by coincidence.
    assert summaries(task_rows("a", GOOD, leak=6))[0].leak == pytest.approx(4 / 20)


def test_answers_that_begin_right_are_counted_beside_those_that_are_right() -> None:
    [summary] = summaries(task_rows("a", GOOD, begun=1))
    assert (summary.dev.accuracy, summary.regular) == (0.8, 0.9)
    assert summary.first_token == (0.85, 0.95)
    rows = task_rows("a", GOOD, begun=1)
    by_task = tables(rows, [], PARAMS)[1]
    first = dict(zip(by_task.columns, by_task.rows[0], strict=True))
    assert (first["one vector, first token"], first["with demonstrations, first token"]) == (0.85, 0.95)


def test_p_values_are_mcnemar_with_holm() -> None:
    rows = pa.concat_tables([task_rows("a", GOOD), task_rows("b", {**GOOD, "hypothesis": only_at(3, 12)})])
    first, second = summaries(rows)
    # Theta against regular: 0 against 2 discordant queries, and 0 against 6; Holm doubles the smaller one.
    raw = [binomtest(0, 2).pvalue, binomtest(0, 6).pvalue]
    assert second.p_regular == pytest.approx(2 * raw[1])
    assert first.p_regular == pytest.approx(max(raw[0], 2 * raw[1]))
    # Theta against the baseline: 14 and 10 discordant queries, all for theta.
    assert first.p_control == pytest.approx(2 * binomtest(0, 14).pvalue)
    assert second.p_control == pytest.approx(binomtest(0, 10).pvalue)


def test_repeats_of_a_query_vote_once() -> None:
    once = summaries(task_rows("a", GOOD))[0]
    again = summaries(task_rows("a", GOOD, queries=5))[0]
    assert (once.n_pairs, once.n_clusters) == (20, 20)
    assert (again.n_pairs, again.n_clusters) == (20, 5)
    assert again.p_control > once.p_control


def test_tables_hold_every_number_and_the_published_table() -> None:
    rows = world(6, {**GOOD, "random": only_at(3, 5)})
    overall, by_task, beside = tables(rows, analyse(rows, PARAMS), PARAMS)
    for table in (overall, by_task, beside):
        assert all(len(row) == len(table.columns) for row in table.rows)
    total = {row[0]: row[1] for row in overall.rows}
    assert total["right answers, one vector (theta), each task's own block"] == 0.8
    assert total["vector / demonstrations"] == round(16 / 18, 4)
    assert total["share of the demonstrations' gain recovered"] == round(14 / 16, 4)
    assert total["share recovered beyond the strongest control"] == round((16 - 5) / (18 - 5), 4)
    first = dict(zip(by_task.columns, by_task.rows[0], strict=True))
    assert first["one vector"] == 0.8
    assert first["random vector"] == 0.25
    assert first["block"] == 3
    assert first["strongest control"] == "random vector"
    assert len(beside.rows) == 6 + 18 + 1
    assert beside.columns[:3] == ("task", "toy", "LLaMA 7B")
    assert beside.rows[0][1] == "0.10 / 0.80 / 0.90"
    assert beside.rows[-1][1:3] == ("0.10 / 0.80 / 0.90", "0.13 / 0.78 / 0.86")


def test_the_shape_of_the_curve() -> None:
    curve = {**GOOD, "hypothesis": (1, 2, 4, 16, 15, 8, 3, 5)}
    skewed = task_rows("skewed", {**curve, "hypothesis": (20,) * N_BLOCKS}, label_share=0.6)
    total = {row[0]: row[1:] for row in tables(world(2, curve), [], PARAMS)[0].rows}
    assert total["best block over all tasks"] == (3, 3, 3)
    assert total["its relative depth"][0] == 0.5
    assert total["blocks within 90 % of the highest accuracy"][0] == 2
    assert total["rank correlation with the block, up to the best block"][0] == 1.0
    # Ranks 5 4 3 1 2 against 1 2 3 4 5: Spearman -0.9.
    assert total["rank correlation with the block, from the best block on"][0] == -0.9
    last = "right answers in the last quarter of blocks, balanced tasks"
    assert total[last][0] == (3 + 5) / 2 / 20
    with_skewed = pa.concat_tables([world(2, curve), skewed])
    assert {row[0]: row[1] for row in tables(with_skewed, [], PARAMS)[0].rows}[last] == (3 + 5) / 2 / 20


def test_tasks_are_counted_on_which_theta_beats_labels_and_noise() -> None:
    shares = {5: 1.0, 15: 1.0, 16: 0.5, 17: 0.5}  # theta has 16 of 20: one that is equalled is not beaten
    for right, share in shares.items():
        rows = pa.concat_tables(
            [task_rows("a", {**GOOD, "random": only_at(3, right)}), task_rows("b", {**GOOD, "zero": 20})]
        )
        total = {row[0]: row[1] for row in tables(rows, [], PARAMS)[0].rows}
        [found] = [value for name, value in total.items() if "theta beats each of" in name]
        assert found == share
    skewed = task_rows("a", GOOD, label_share=0.9)
    total = {row[0]: row[1] for row in tables(skewed, [], PARAMS)[0].rows}
    [found] = [value for name, value in total.items() if "theta beats each of" in name]
    assert found == 0, "a random item's label is right nine times in ten"


def test_no_counted_task_leaves_the_overall_table_empty() -> None:
    overall, *_ = tables(world(2, {**GOOD, "baseline": 18}), [], PARAMS)
    assert overall.rows == ()


@pytest.mark.parametrize("hypothesis", [only_at(3, 16), (0,) * N_BLOCKS])
@pytest.mark.parametrize("baseline", [2, 17])
def test_figures_are_plain_json_with_controls_on_the_same_axis(
    hypothesis: tuple[int, ...], baseline: int
) -> None:
    rows = world(3, {**GOOD, "hypothesis": hypothesis, "baseline": baseline})
    drawn = figures(rows, analyse(rows, PARAMS), PARAMS)
    assert [figure.main for figure in drawn] == [True, False, False]
    assert len({figure.name for figure in drawn}) == 3
    for figure in drawn:
        json.dumps(figure.spec, allow_nan=False)
        assert figure.see.endswith(".")
    conditions = {row.get("series") for row in drawn[1].spec["datasets"]["data"]}
    assert {"one vector (theta)", "random vector", "zero vector", "theta of another task"} <= conditions


def test_the_curve_figure_marks_the_best_block_and_published_peaks() -> None:
    rows = world(6, GOOD)
    figure = figures(rows, [], PARAMS)[1]
    data = figure.spec["datasets"]["data"]
    assert [row["x"] for row in data if row["kind"] == "rule-x"] == [3]
    peaks = {row["label"]: (row["x"], row["y"]) for row in data if row["kind"] == "published"}
    assert peaks["LLaMA 7B"] == (pytest.approx(15 / 32 * N_BLOCKS - 1, abs=0.01), 0.86)
    theta = [row for row in data if row.get("series") == "one vector (theta)"]
    assert [row["y"] for row in theta] == [0, 0, 0, 0.8, 0, 0, 0, 0]
    assert all(row["low"] <= row["y"] <= row["high"] for row in theta)


def test_figures_and_tables_are_pure() -> None:
    rows = world(6, GOOD)
    for make in (TASK_VECTORS.figures, TASK_VECTORS.tables):
        first, second = (make(rows, [], PARAMS) for _ in range(2))
        assert [x.model_dump_json() for x in first] == [x.model_dump_json() for x in second]


def test_published_means_are_those_of_the_paper() -> None:
    """Protocol E1: mean of 18 tasks, per model."""
    expected = {
        "LLaMA 7B": (0.13, 0.78, 0.86),
        "LLaMA 13B": (0.15, 0.79, 0.87),
        "LLaMA 30B": (0.16, 0.78, 0.90),
        "GPT-J 6B": (0.12, 0.68, 0.81),
        "Pythia 2.8B": (0.13, 0.72, 0.83),
        "Pythia 6.9B": (0.11, 0.71, 0.82),
        "Pythia 12B": (0.11, 0.73, 0.82),
    }
    for model in published.models():
        macro = model.macro
        assert (
            round(macro.baseline, 2),
            round(macro.hypothesis, 2),
            round(macro.regular, 2),
        ) == expected[model.name]
    left_out = {
        (model.name, task)
        for model in published.models()
        for task, row in model.tasks.items()
        if not row.admissible
    }
    assert left_out == {("LLaMA 7B", "list-first"), ("LLaMA 30B", "list-first")}
    cells = [row for model in published.models() for row in model.tasks.values()]
    assert sum(row.hypothesis > row.regular for row in cells) == 10
