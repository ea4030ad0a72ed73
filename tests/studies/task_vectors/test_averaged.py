"""Theta averaged over prompts: whom a mean may hold, what is put in, and what is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pytest
from letters_model import N_BLOCKS, model
from rowmaker import only_at, world

from taskscope.errors import StudyError
from taskscope.models.language_model import LanguageModel
from taskscope.runs.cell import Cell, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.task_vectors.averaged.analysis import Averages, averages_of, difference
from taskscope.studies.task_vectors.averaged.draws import Prompt, averages, prompts, without_query
from taskscope.studies.task_vectors.averaged.figures import figures, tables
from taskscope.studies.task_vectors.averaged.measure import measure
from taskscope.studies.task_vectors.averaged.rows import (
    CONDITIONS,
    DEMONSTRATIONS,
    MEAN,
    NONE,
    OTHER,
    PLAIN,
    SINGLE,
    SWAPPED,
    to_rows,
)
from taskscope.studies.task_vectors.conditions import BASELINE, HYPOTHESIS, REGULAR
from taskscope.studies.task_vectors.draws import other_task, pairs
from taskscope.studies.task_vectors.params import AveragedParams, CellParams, TaskVectorParams
from taskscope.studies.task_vectors.results import results
from taskscope.studies.task_vectors.study import TASK_VECTORS
from taskscope.tasks import registry
from taskscope.tasks.prompts import get_format

ARROW = get_format("arrow")
PARAMS = TaskVectorParams(tasks=("to-upper",), k=2, n_averaged=36, draws=200, suites=(), n_templates=0)


def cells(params: TaskVectorParams = PARAMS, n_blocks: int = N_BLOCKS) -> list[Cell]:
    ref = ModelRef(id="tiny", label="tiny", dtype="float32", attention="sdpa")
    planned = PlannedModel(ref=ref, n_blocks=n_blocks, n_parameters=1, context=256)
    return [c for c in TASK_VECTORS.plan(params, [planned]) if ".averaged." in c.measure]


def drawn(name: str, **sizes: int) -> list[Prompt]:
    task = registry.get(name)
    return prompts(task, other_task(task, 5, 2), 0, AveragedParams(**sizes), ARROW)


def inputs(text: str) -> list[str]:
    """Every input in a prompt, its own query at the end."""
    return [line.split("->")[0] for line in text.split("\n")]


def test_a_mean_is_what_a_slow_loop_adds_up() -> None:
    rng = np.random.default_rng(5)
    states = rng.standard_normal((30, 3, 4)).astype(np.float32)
    allowed = rng.random((30, 30)) < 0.7
    found = averages(states, allowed)
    assert found.shape == (30, 3, 4) and found.dtype == np.float32
    for query in range(30):
        total, n = np.zeros((3, 4)), 0
        for prompt in range(30):
            if allowed[query, prompt]:
                total, n = total + states[prompt], n + 1
        np.testing.assert_allclose(found[query], total / n, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["next-letter", "antonyms", "en-fr"])
def test_no_prompt_that_contains_the_query_enters_its_mean(name: str) -> None:
    task = registry.get(name)
    clusters = {item.input: item.cluster for item in task.items}
    found = drawn(name, n_averaged=40)
    allowed = without_query([each.draw for each in found])
    for i, each in enumerate(found):
        query = inputs(each.bare)[0]
        assert not allowed[i, i]
        for j, prompt in enumerate(found):
            told = inputs(prompt.regular)
            assert told == inputs(prompt.swapped) and len(told) == 6
            near = {clusters[text] for text in told}
            assert allowed[i, j] == (query not in told and clusters[query] not in near)
    assert allowed.sum() > 40 * 20
    assert not np.array_equal(allowed, ~np.eye(40, dtype=bool)), "some prompt must contain another's query"


def test_an_opposite_of_the_query_keeps_a_prompt_out_too() -> None:
    found = drawn("antonyms", n_averaged=100)
    allowed = without_query([each.draw for each in found])
    twins = [
        (i, j)
        for i, each in enumerate(found)
        for j, prompt in enumerate(found)
        if each.draw.query.input not in inputs(prompt.regular)
        and each.draw.query.cluster in {item.cluster for item in prompt.draw.demonstrations}
    ]
    assert twins, "the pool must hold such a case, or this tests nothing"
    assert not any(allowed[i, j] for i, j in twins)


def test_no_query_is_one_on_which_a_block_was_chosen() -> None:
    task = registry.get("next-letter")
    chosen = pairs(task, other_task(task, 5, 2), 0, CellParams(n_dev=60, n_test=1), ARROW)
    dev = {pair.query.input for pair in chosen if pair.split == "dev"}
    assert not dev & {each.draw.query.input for each in drawn("next-letter", n_averaged=60)}


def test_what_is_put_in_is_what_reading_prompts_one_by_one_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[list[str], dict[str, np.ndarray]]] = []
    sweep = LanguageModel.sweep

    def recorded(
        self: LanguageModel, texts: Sequence[str], vectors: Mapping[str, np.ndarray], *rest: object
    ) -> object:
        seen.append((list(texts), dict(vectors)))
        return sweep(self, texts, vectors, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(LanguageModel, "sweep", recorded)
    [cell] = cells()
    rows = measure(cell, model()).rows
    [(texts, vectors)] = seen
    task, other = (registry.resolve(ref) for ref in cell.tasks)
    found = prompts(task, other, cell.seed, AveragedParams(**cell.params), ARROW)
    assert texts == [each.bare for each in found]
    for i in (0, 7, 35):
        query = inputs(found[i].bare)[0]
        without = [each for each in found if query not in inputs(each.regular)]
        assert 20 <= len(without) < 36
        kinds = {
            MEAN: [each.regular for each in without],
            SWAPPED: [each.swapped for each in without],
            OTHER: [each.other for each in without],
            SINGLE: list(found[i].theta),
        }
        for kind, read in kinds.items():
            one_by_one = [model().capture([text])[0] for text in read]
            np.testing.assert_allclose(vectors[kind][i], np.mean(one_by_one, axis=0), atol=1e-5)
        mine = [r for r in rows.to_pylist() if r["pair"] == i]
        assert {r["prompts"] for r in mine} == {len(without)}
        assert len(mine) == 2 + 4 * N_BLOCKS
    assert measure(cell, model()).rows.equals(rows)


def test_the_plan_counts_a_column_for_every_block_and_vector_put_in() -> None:
    [ten], [twenty] = cells(n_blocks=10), cells(n_blocks=20)
    assert twenty.cost.tokens - ten.cost.tokens == 36 * 4 * 10
    assert twenty.cost.token_layers == 20 * twenty.cost.tokens
    assert len(cells(PARAMS.model_copy(update={"seeds": (3, 4)}))) == 1, "at the first seed alone"


def test_the_swapped_prompts_show_wrong_pairs_and_the_others_another_task() -> None:
    task = registry.get("en-fr")
    right = {(item.input, answer) for item in task.items for answer in item.answers}
    other = other_task(task, 5, 2)
    foreign = {(item.input, answer) for item in other.items for answer in item.answers}
    for each in drawn("en-fr", n_averaged=30):
        shown = [tuple(line.split("->")) for line in each.regular.split("\n")[:-1]]
        swapped = [tuple(line.split("->")) for line in each.swapped.split("\n")[:-1]]
        assert set(shown) <= right
        assert not set(swapped) & right
        assert {tuple(line.split("->")) for line in each.other.split("\n")[:-1]} <= foreign


def test_a_query_with_too_few_prompts_is_asked_and_gets_no_mean() -> None:
    for k, share in ((5, "none"), (3, "some")):
        [cell] = cells(PARAMS.model_copy(update={"n_averaged": 21, "k": k}))
        measured = measure(cell, model())
        rows = measured.rows.to_pylist()
        counts = {r["pair"]: r["prompts"] for r in rows}
        assert len(counts) == 21
        able = {pair for pair, n in counts.items() if n >= 20}
        assert len(able) < 21 and bool(able) == (share == "some")
        for condition in CONDITIONS:
            asked = {r["pair"] for r in rows if r["condition"] == condition}
            assert asked == (set(counts) if condition in PLAIN else able)
        assert measured.notes["queries_with_too_few_prompts"] == 21 - len(able)
    assert not cells(PARAMS.model_copy(update={"n_averaged": 0}))


def made(right: dict[str, int], n: int = 20, able: int = 20, seed: int = 0) -> pa.Table:
    """Of n queries, so many right by condition, edits at block 3 alone; the first `able` have a mean."""
    clusters, tables_ = [f"q{i}" for i in range(n)], []
    for condition in CONDITIONS:
        blocks = [-1] if condition in PLAIN else list(range(8))
        some = n if condition in PLAIN else able
        if some == 0:
            continue
        correct = (np.arange(some)[:, None] < right.get(condition, 0)) & np.isin(blocks, (-1, 3))
        counts = [30 if i < able else 7 for i in range(some)]
        tables_.append(to_rows(condition, range(some), clusters[:some], counts, blocks, correct))
    return pa.concat_tables(tables_)


def read(*parts: pa.Table) -> Averages:
    known = world(len(parts), {BASELINE: 0, REGULAR: 20, HYPOTHESIS: only_at(3, 18)})
    fronted = []
    for i, part in enumerate(parts):
        for at, (name, value) in enumerate({"model": "toy", "task": f"task-{i}", "seed": 0}.items()):
            part = part.add_column(at, name, pa.repeat(pa.scalar(value), part.num_rows))
        fronted.append(part)
    rows = pa.concat_tables([known, *fronted], promote_options="default")
    [found] = averages_of(rows, results(rows, PARAMS), PARAMS)
    return found


def test_accuracies_and_the_paired_difference_are_counted_at_the_chosen_block() -> None:
    first = {NONE: 1, SINGLE: 8, MEAN: 16, SWAPPED: 2, OTHER: 0, DEMONSTRATIONS: 18}
    second = {NONE: 0, SINGLE: 10, MEAN: 10, SWAPPED: 1, OTHER: 1, DEMONSTRATIONS: 20}
    found = read(made(first), made(second))
    assert [found.accuracy(name).value for name in (SINGLE, MEAN)] == pytest.approx([0.45, 0.65])
    assert found.accuracy(DEMONSTRATIONS).value == pytest.approx(0.95)
    assert found.difference.value == pytest.approx(0.2)
    assert found.difference.low > 0
    one, other = map(difference, found.resampled)
    assert (one.value, other.value) == pytest.approx((0.4, 0.0))
    assert (other.low, other.high) == (0, 0), "paired: the same queries right under both"
    assert found.p == pytest.approx((2 * 2 * 0.5**8, 1.0)), "eight queries to none, Holm over two tasks"
    [accuracy, by_task], [table] = figures(found), tables(found)
    assert "45 % right" in accuracy.see and "65 %: 20 points more" in accuracy.see
    assert "on 1 of 2 tasks and harms on 0" in by_task.see
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert (row["task"], row["block"], row["queries"], row["prompts averaged"]) == ("task-0", 3, 20, 30)
    assert (row[SWAPPED], row["averaged minus single"]) == (0.1, 0.4)


def test_queries_and_tasks_with_too_few_prompts_are_left_out_by_name() -> None:
    right = {NONE: 0, SINGLE: 5, MEAN: 5, DEMONSTRATIONS: 20}
    found = read(made(right, able=10), made(right, able=0))
    assert found.too_few == ("task-1",)
    [task] = found.tasks
    assert (task.n_left_out, task.n_clusters) == (10, 10)
    assert found.accuracy(SINGLE).value == 0.5, "of the ten that have a mean"
    assert found.accuracy(DEMONSTRATIONS).value == 1
    assert "fewer than 20 prompts do without the query: task-1." in figures(found)[0].see
    [table] = tables(found)
    assert [row[0] for row in table.rows] == ["task-0", "task-1"]
    assert set(table.rows[1][1:]) == {None} and len(table.rows[1]) == len(table.columns)
    alone = read(made(right, able=0))
    assert figures(alone) == []
    assert [row[0] for row in tables(alone)[0].rows] == ["task-0"]


def test_rows_that_lack_a_control_are_refused() -> None:
    table = made({MEAN: 5})
    kept = [condition != OTHER for condition in table["condition"].to_pylist()]
    with pytest.raises(StudyError, match="'task-0' are incomplete"):
        read(table.filter(pa.array(kept)))
