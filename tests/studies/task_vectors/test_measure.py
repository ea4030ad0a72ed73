"""Measuring cells with a tiny random model."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from letters_model import N_BLOCKS, model

from taskscope.errors import StudyError
from taskscope.report.findings import Verdict
from taskscope.runs.cell import Cell, Measured, ModelRef
from taskscope.studies.base import PlannedModel
from taskscope.studies.task_vectors.analysis import analyse
from taskscope.studies.task_vectors.conditions import PLAIN, SCHEMA, SWEPT
from taskscope.studies.task_vectors.draws import pairs
from taskscope.studies.task_vectors.measure import measure
from taskscope.studies.task_vectors.params import CellParams, TaskVectorParams
from taskscope.studies.task_vectors.study import TASK_VECTORS
from taskscope.tasks import registry
from taskscope.tasks.prompts import get_format

PARAMS = TaskVectorParams(tasks=("next-letter", "list-last"), n_dev=6, n_test=20, k=3, draws=200)


def cells(context: int = 256, params: TaskVectorParams = PARAMS) -> list[Cell]:
    ref = ModelRef(id="tiny", label="tiny", dtype="float32", attention="sdpa")
    planned = PlannedModel(ref=ref, n_blocks=N_BLOCKS, n_parameters=1, context=context)
    plan = TASK_VECTORS.plan(params, [planned])
    return [cell for cell in plan if cell.measure.endswith("task_vectors.measure:measure")]


@cache
def measured() -> tuple[Measured, ...]:
    return tuple(measure(cell, model()) for cell in cells())


def accuracies(found: Measured) -> pa.Table:
    """The rows of E1; those by number of demonstrations are another part."""
    return found.rows.filter(found.rows["part"].is_null()).select(SCHEMA.names)


def in_front(cell: Cell, rows: pa.Table) -> pa.Table:
    for at, (name, value) in enumerate(
        {"model": "tiny", "task": cell.tasks[0].name, "seed": cell.seed}.items()
    ):
        rows = rows.add_column(at, name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows


def test_every_pair_has_every_condition_at_every_block() -> None:
    rows = accuracies(measured()[0])
    assert rows.schema.equals(SCHEMA)
    n_pairs = PARAMS.n_dev + PARAMS.n_test
    assert rows.num_rows == n_pairs * (len(PLAIN) + len(SWEPT) * N_BLOCKS)
    seen = {(r["split"], r["pair"], r["condition"], r["block"]) for r in rows.to_pylist()}
    assert len(seen) == rows.num_rows
    assert {block for _, _, condition, block in seen if condition in PLAIN} == {-1}
    assert {block for _, _, condition, block in seen if condition in SWEPT} == set(range(N_BLOCKS))


def test_a_random_model_supports_nothing() -> None:
    rows = pa.concat_tables([in_front(c, m.rows) for c, m in zip(cells(), measured(), strict=True)])
    findings = analyse(rows, PARAMS)
    assert [f.claim for f in findings] == ["C1", "C2"]
    assert all(f.verdict is not Verdict.SUPPORTED for f in findings)


def test_measuring_again_gives_the_same_rows() -> None:
    assert measure(cells()[0], model()).rows.equals(measured()[0].rows)


def test_the_audit_and_the_other_task_are_noted() -> None:
    notes = measured()[0].notes
    assert notes["audited_places"] > 0
    assert notes["argmax_flips"] == 0
    assert notes["largest_difference_nats"] < 1e-4
    assert notes["other_task"] == cells()[0].tasks[1].name
    assert notes["longest_prompt_tokens"] <= 256


def test_conditions_agree_with_edits_made_one_by_one() -> None:
    """Theta and its controls at one block, read, averaged and swept by hand for a few pairs."""
    task, other = (registry.resolve(ref) for ref in cells()[0].tasks)
    drawn = pairs(task, other, 0, CellParams(**cells()[0].params), get_format("arrow"))
    rows = {
        (r["split"], r["pair"], r["condition"], r["block"]): r["logprob"]
        for r in accuracies(measured()[0]).to_pylist()
    }
    for pair in (drawn[0], drawn[7]):
        texts = {
            "hypothesis": pair.theta,
            "shuffled": pair.shuffled,
            "other-task": pair.other_task,
            "separator": pair.separator,
        }
        for condition, prompts in texts.items():
            theta = np.mean([model().capture([text])[0] for text in prompts], axis=0)
            swept = model().sweep([pair.bare], {"it": theta[None]}, {"gold": [pair.gold]})
            for block in range(N_BLOCKS):
                expected = swept.logprob["gold"][0, 0, block]
                assert rows[pair.split, pair.number, condition, block] == pytest.approx(expected, abs=1e-4)
        baseline = model().score([(pair.bare, pair.gold[0])])[0]
        regular = model().score([(pair.regular, pair.gold[0])])[0]
        assert rows[pair.split, pair.number, "baseline", -1] == pytest.approx(baseline, abs=1e-4)
        assert rows[pair.split, pair.number, "regular", -1] == pytest.approx(regular, abs=1e-4)


def test_the_last_block_under_theta_says_what_the_dummies_would_hear() -> None:
    """After the last block only the output head follows: with one dummy, theta repeats the dummy's answer."""
    params = PARAMS.model_copy(update={"tasks": ("next-letter",), "n_dummies": 1, "n_dev": 2, "n_test": 4})
    [cell] = cells(params=params)
    task, other = (registry.resolve(ref) for ref in cell.tasks)
    drawn = pairs(task, other, 0, params.cell, get_format("arrow"))
    rows = measure(cell, model()).rows.to_pylist()
    last = {
        (r["split"], r["pair"]): r
        for r in rows
        if r["condition"] == "hypothesis" and r["block"] == N_BLOCKS - 1
    }
    for pair in drawn:
        said = model().score([(pair.theta[0], pair.gold[0])])[0]
        assert last[pair.split, pair.number]["logprob"] == pytest.approx(said, abs=1e-4)


def test_labels_are_counted_over_the_whole_task() -> None:
    by_label = {r["label"]: (r["label_share"], r["majority"]) for r in accuracies(measured()[1]).to_pylist()}
    counts = registry.get("list-last").label_counts
    assert len(by_label) > 5
    for label, (share, majority) in by_label.items():
        assert share == counts[label] / counts.total()
        assert not majority or counts[label] == max(counts.values())


def test_prompts_too_long_are_refused_with_the_numbers() -> None:
    [cell] = cells(context=512, params=PARAMS.model_copy(update={"tasks": ("antonyms",), "k": 20}))
    with pytest.raises(StudyError, match=r"20 demonstrations make a prompt of \d{3} tokens\n.*256"):
        measure(cell, model(256))
