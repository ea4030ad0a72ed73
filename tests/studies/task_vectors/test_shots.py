"""Accuracy by number of demonstrations: one pass equals a loop of prompts, and means are counted by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import torch
from letters_model import N_BLOCKS, model
from rowmaker import only_at, world

from taskscope.errors import StudyError
from taskscope.models.prefixes import grow
from taskscope.runs.cell import ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.task_vectors.conditions import BASELINE, HYPOTHESIS, REGULAR, REGULAR_SHUFFLED
from taskscope.studies.task_vectors.draws import other_task, pairs
from taskscope.studies.task_vectors.measure import measure
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.part_rows import of_part
from taskscope.studies.task_vectors.results import results
from taskscope.studies.task_vectors.shots.analysis import curves, figures, tables
from taskscope.studies.task_vectors.shots.rows import PART, to_rows
from taskscope.studies.task_vectors.study import TASK_VECTORS
from taskscope.tasks import registry
from taskscope.tasks.prompts import get_format

ARROW = get_format("arrow")
TASK = registry.get("to-upper")
PARAMS = TaskVectorParams(tasks=("to-upper",), k=3, n_dev=2, n_test=5, draws=100)


def greedy(text: str) -> str:
    """The next character, by a plain pass of one prompt."""
    network = model()
    with torch.no_grad():
        logits = network.hf(input_ids=torch.tensor([network.encode(text)])).logits[0, -1]
    return network.tokenizer.decode([int(logits.argmax())])


def test_one_pass_equals_a_loop_of_separate_prompts() -> None:
    ref = ModelRef(id="tiny", label="tiny", dtype="float32", attention="sdpa")
    planned = PlannedModel(ref=ref, n_blocks=N_BLOCKS, n_parameters=1, context=256)
    [cell] = [
        c for c in TASK_VECTORS.plan(PARAMS, [planned]) if c.measure.endswith("task_vectors.measure:measure")
    ]
    found = of_part(measure(cell, model()).rows, PART).to_pylist()
    drawn = pairs(TASK, other_task(TASK, 3, 2), 0, PARAMS.cell, ARROW)
    test = [pair for pair in drawn if pair.split == "test"]
    assert len(found) == len(test) * 2 * (PARAMS.k + 1)
    said = {}
    for pair in test:
        for condition, fewer, every in (
            (REGULAR, pair.fewer, pair.regular),
            (REGULAR_SHUFFLED, pair.fewer_shuffled, pair.regular_shuffled),
        ):
            for shots, text in enumerate((pair.bare, *fewer, every)):
                assert text.count("->") == shots + 1
                said[pair.number, condition, shots] = greedy(text) in pair.gold
    assert {(r["pair"], r["condition"], r["shots"]): r["correct"] for r in found} == said


def test_a_query_after_each_demonstration_costs_the_query_alone() -> None:
    pair = pairs(TASK, other_task(TASK, 3, 2), 0, PARAMS.cell, ARROW)[0]
    texts = [*pair.fewer, pair.regular]
    forest = grow([tuple(model().encode(text)) for text in texts])
    assert len(forest.trees) == 1
    query = len(model().encode(pair.bare))
    assert forest.trees[0].size <= len(model().encode(pair.regular)) + (PARAMS.k - 1) * query


def shot_rows(task: str, right: dict[str, tuple[int, ...]], n: int = 20) -> pa.Table:
    """Of n pairs, the first so many are right after each number of demonstrations."""
    made = [
        to_rows(range(n), [f"q{i}" for i in range(n)], condition, shots, np.arange(n) < count)
        for condition, counts in right.items()
        for shots, count in enumerate(counts)
    ]
    table = pa.concat_tables(made)
    for at, (name, value) in enumerate({"model": "toy", "task": task, "seed": 0}.items()):
        table = table.add_column(at, name, pa.repeat(pa.scalar(value), n * 8))
    return table


RIGHT = {REGULAR: (2, 10, 16, 20), REGULAR_SHUFFLED: (2, 4, 4, 6)}


def rows() -> pa.Table:
    known = world(2, {BASELINE: 2, REGULAR: 20, HYPOTHESIS: only_at(3, 18)})
    shots = [shot_rows("task-0", RIGHT), shot_rows("task-1", {**RIGHT, REGULAR: (4, 10, 16, 20)})]
    return pa.concat_tables([known, *shots], promote_options="default")


def test_means_and_intervals_are_those_of_the_rows() -> None:
    [found] = curves(rows(), results(rows(), PARAMS), PARAMS)
    np.testing.assert_allclose(found.mean[0], [[0.15, 0.5, 0.8, 1.0], [0.1, 0.2, 0.2, 0.3]])
    assert found.mean.shape == (101, 2, 4)
    assert (found.mean[1:, 0, 3] == 1).all()
    assert found.mean[1:, 0, 1].std() == pytest.approx((0.5 * 0.5 / 20 / 2) ** 0.5, rel=0.3)
    [figure], [table] = figures(found), tables(found)
    assert "15 % over 50 % (one demonstration) to 100 %" in figure.see
    assert table.rows[1] == ("task-1", 0.2, 0.5, 0.8, 1.0, 0.2, 0.2, 0.3)
    assert len(table.columns) == len(table.rows[0])


def test_a_missing_number_of_demonstrations_is_refused() -> None:
    whole = rows()
    table = whole.slice(0, whole.num_rows - 1)
    with pytest.raises(StudyError, match="incomplete"):
        curves(table, results(table, PARAMS), PARAMS)
