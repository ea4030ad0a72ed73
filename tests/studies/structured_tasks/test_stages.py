"""Stages: what leads after each block, whose residual is put in, and what that does after the last block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from taskscope.models.identity import identify, reference
from taskscope.models.language_model import LanguageModel
from taskscope.models.loading import load
from taskscope.models.spec import ModelSpec
from taskscope.runs.cell import Cell
from taskscope.stats.intervals import wilson
from taskscope.studies.base import PlannedModel
from taskscope.studies.structured_tasks.params import StructuredTaskParams
from taskscope.studies.structured_tasks.stages import figures
from taskscope.studies.structured_tasks.stages.grids import grids
from taskscope.studies.structured_tasks.stages.measure import measure, partners, read_stages
from taskscope.studies.structured_tasks.stages.rows import NOBODY, to_rows
from taskscope.studies.structured_tasks.study import STRUCTURED_TASKS

N_MAPS, N_QUERIES, N_CLASSES = 2, 8, 4
PARAMS = StructuredTaskParams(
    tasks=("topics",), stage_shots=4, n_stage_maps=N_MAPS, n_stage_queries=2, nested=()
)


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load(ModelSpec(name="pico-xs"))


@pytest.fixture(scope="module")
def cell() -> Cell:
    spec = ModelSpec(name="pico-xs")
    known = identify(spec)
    planned = PlannedModel(
        ref=reference(spec), n_blocks=known.n_blocks, n_parameters=known.n_parameters, context=known.context
    )
    return next(c for c in STRUCTURED_TASKS.plan(PARAMS, [planned]) if "stages" in c.measure)


@pytest.fixture(scope="module")
def measured(cell: Cell, model: LanguageModel) -> pa.Table:
    return measure(cell, model).rows


def by_block(rows: pa.Table, column: str, block: int) -> np.ndarray:
    """One value a query, (map, query)."""
    values = rows[column].to_numpy()[rows["block"].to_numpy() == block]
    return values.reshape(N_MAPS, N_QUERIES)


def test_after_the_last_block_the_residual_is_the_answer(measured: pa.Table, model: LanguageModel) -> None:
    """Whoever's residual stands there is answered for, whatever the prompt was."""
    last = model.n_blocks - 1
    gold, predicted = (by_block(measured, name, last) for name in ("gold", "predicted"))
    for number in range(N_MAPS):
        other, same = partners(gold[number])
        assert by_block(measured, "moved", last)[number].tolist() == predicted[number][other].tolist()
        assert by_block(measured, "kept", last)[number].tolist() == predicted[number][same].tolist()
    assert by_block(measured, "partner", 0).tolist() == by_block(measured, "partner", last).tolist()


def test_what_is_read_after_the_last_block_is_what_the_model_answers(
    measured: pa.Table, cell: Cell, model: LanguageModel
) -> None:
    from taskscope.studies.structured_tasks.asking import Asker
    from taskscope.studies.structured_tasks.draws import texts
    from taskscope.studies.structured_tasks.maps.draws import random_maps
    from taskscope.tasks import classification_registry

    task = classification_registry.resolve(cell.tasks[0])
    maps = random_maps(task, Asker(task, model).words, cell.seed, N_MAPS)
    shown = texts(task, "stages", cell.seed, N_MAPS, PARAMS.stage_shots, N_QUERIES)
    for number, (each, own) in enumerate(zip(shown, maps, strict=True)):
        pairs = [(text.text, own.images[text.label]) for text in each.demonstrations]
        for query, text in enumerate(each.queries):
            prompt = task.render(pairs, text.text).text
            scores = model.score([(prompt, f" {word}") for word in (*own.images, *task.labels)])
            new, old = scores[:N_CLASSES], scores[N_CLASSES:]
            row = measured.slice(((number * N_QUERIES) + query + 1) * model.n_blocks - 1, 1).to_pylist()[0]
            assert row["predicted"] == int(np.argmax(new))
            leads = old.max() > new[text.label]
            assert row["leader"] == (int(np.argmax(old)) if leads else NOBODY)


def test_partners_are_of_another_class_and_of_the_own() -> None:
    gold = np.array([0, 1, 2, 0, 1, 2])
    other, same = partners(gold)
    assert (gold[other] != gold).all()
    assert (gold[same] == gold).all()
    assert (same != np.arange(6)).all()


def test_who_leads_by_hand() -> None:
    gold = np.array([0, 0, 1])
    labels = np.array([[[3.0, 1]], [[1, 3]], [[0, 1]]])
    images = np.array([[[2.0, 9]], [[4, 0]], [[0, 5]]])
    leader, renamed = read_stages(labels, images, gold)
    assert leader.tolist() == [[0], [NOBODY], [NOBODY]]
    assert renamed.tolist() == [[False], [True], [True]]


def composed(n_maps: int = 6) -> pa.Table:
    """Rows of a model of three blocks that has the label after block 1 and the new word after block 2."""
    gold = np.tile(np.arange(N_CLASSES), 2)
    other, _ = partners(gold)
    blank, own = np.full(N_QUERIES, NOBODY), gold
    by_query = {
        "gold": gold,
        "predicted": np.where(np.arange(N_QUERIES) == 0, 3, gold),
        "partner": gold[other],
    }
    found = {
        "leader": np.column_stack([blank, own, blank]),
        "renamed": np.column_stack([blank > 0, blank > 0, own >= 0]),
        "moved": np.column_stack([gold, gold[other], gold[other]]),
        "kept": np.column_stack([gold, gold, gold]),
    }
    rows = pa.concat_tables([to_rows(n, N_CLASSES, by_query, found) for n in range(n_maps)])
    for at, (name, value) in enumerate({"model": "toy", "task": "topics", "seed": 0}.items()):
        rows = rows.add_column(at, name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows


def test_a_model_that_composes_shows_it() -> None:
    found = grids(composed(), 50)["toy"][0]
    assert (found.n_right, found.n_queries) == (6 * (N_QUERIES - 1), 6 * N_QUERIES)
    np.testing.assert_allclose(found.own[0], [0, 1, 0])
    np.testing.assert_allclose(found.moved[0], [0, 1, 1])
    np.testing.assert_allclose(found.passed[0], [1, 0])
    assert not found.kept.any()
    assert not found.wrong.any()
    assert found.above_guessing
    assert "luck" not in figures.see([found])
    assert "On topics no more" in figures.see([replace(found, accuracy=np.full(51, 13 / 48))])
    [table] = figures.tables("toy", [found])
    assert table.rows[0][1:5] == ("42 of 48 (guessing: 12)", "100 % (100 to 100)", "0 % (0 to 0)", 1)


def test_two_lucky_maps_are_not_above_guessing() -> None:
    """All right with two of six maps, next to nothing with the others: taken as units, queries would do."""
    rows = composed()
    number, query, gold = (rows[name].to_numpy() for name in ("map", "query", "gold"))
    right = (number < 2) | ((number == 2) & (query < 2))
    predicted = np.where(right, gold, (gold + 1) % N_CLASSES).astype(np.int16)
    rows = rows.set_column(rows.column_names.index("predicted"), "predicted", pa.array(predicted))
    found = grids(rows, 500)["toy"][0]
    assert (found.n_right, found.n_queries, found.n_maps) == (18, 48, 6)
    assert found.accuracy[0] == pytest.approx(18 / 48)
    assert wilson(18 / 48, 48).low > 1 / N_CLASSES
    assert not found.above_guessing
