"""Thetas read through the vocabulary: ranks, words, gains, and a model whose thetas spell by construction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from letters_model import model as letters
from reading_model import PARAMS, TASKS, clouds, noise, planted, read, reader
from scipy.stats import rankdata

from taskscope.errors import StudyError
from taskscope.models.probing import Column
from taskscope.report.findings import Verdict
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.projection.draws import panel_prompts
from taskscope.studies.task_vectors.projection.figures import figures, tables
from taskscope.studies.task_vectors.projection.findings import finding, reads
from taskscope.studies.task_vectors.projection.measure import project, reciprocal_ranks
from taskscope.studies.task_vectors.projection.reading import Projection
from taskscope.studies.task_vectors.projection.reading import project as judge_input
from taskscope.studies.task_vectors.projection.rows import CENTRED, Readings, readings
from taskscope.studies.task_vectors.projection.simulation import SCENARIOS
from taskscope.studies.task_vectors.projection.statistics import Design, permuted_means, task_means
from taskscope.studies.task_vectors.projection.verdict import judge_projection, reading_block
from taskscope.studies.task_vectors.projection.words import lexicon
from taskscope.studies.task_vectors.results import results
from taskscope.tasks.descriptions import descriptions
from taskscope.tasks.prompts import get_format


def judged(found: list[Readings], block: int = 1) -> Projection:
    result = judge_input(found, [True] * len(found), block, 300)
    assert result is not None
    return result


def test_a_planted_description_is_found_at_its_block_and_nowhere_else() -> None:
    states = clouds()
    found = judged(read(planted(states, 1), states, noise(3)))
    verdict = judge_projection(found, 1)
    assert verdict.verdict is Verdict.SUPPORTED, verdict.reason
    assert found.n_shown == len(TASKS)
    assert found.theta[0] > 0.1
    assert all(word in descriptions()[t.task] for t in found.tasks for word in t.words)
    shown = set(found.tasks[0].top.split("\n")[:5])
    assert shown & set(descriptions()["next-letter"])
    elsewhere = judged(read(planted(states, 1), states, noise(3)), 0)
    assert judge_projection(elsewhere, 0).verdict is not Verdict.SUPPORTED
    assert elsewhere.p_dealt > 0.05, "words that stray thetas promote are as many, dealt at random"


def test_words_that_controls_spell_too_are_not_the_task() -> None:
    states = clouds()
    found = judged(read(planted(states, 1), states, states))
    assert found.theta[0] > 0.1
    assert found.n_shown == 0
    assert judge_projection(found, 1).verdict is not Verdict.SUPPORTED


def test_descriptions_of_another_task_are_not_supported() -> None:
    """Each theta spells its neighbour's words: as many words as ever, and none of its own."""
    states = clouds()
    moved = {task: states[TASKS[i - 1]] for i, task in enumerate(TASKS)}
    found = judged(read(planted(moved, 1), states, noise(3)))
    assert found.theta[0] < 0
    assert judge_projection(found, 1).verdict is not Verdict.SUPPORTED


def test_reading_out_is_the_models_own_read_out_of_its_last_block() -> None:
    model = reader()
    assert model.reads_out
    vector = np.random.default_rng(0).standard_normal(64).astype(np.float32)
    exact = model.distributions(["a->"], [Column(0, model.n_blocks - 1, vector)])[0]
    read_out = torch.from_numpy(model.read_out(vector[None])).log_softmax(-1)[0].numpy()
    np.testing.assert_allclose(read_out, exact, atol=1e-4)


@given(st.lists(st.integers(-9, 9), min_size=3, max_size=40), st.data())
def test_reciprocal_ranks_are_those_of_scipy(values: list[int], data: st.DataObject) -> None:
    tokens = data.draw(st.lists(st.integers(0, len(values) - 1), min_size=1, max_size=5))
    logits = np.array([values], dtype=np.float32)
    expected = 1 / rankdata(-logits[0], method="min")[tokens]
    np.testing.assert_allclose(reciprocal_ranks(logits, np.array(tokens))[0], expected)


def test_ranks_below_the_deepest_count_as_none() -> None:
    logits = -np.arange(3000, dtype=np.float32)[None]
    found = reciprocal_ranks(logits, np.array([0, 999, 1000, 2999]))[0]
    np.testing.assert_allclose(found, [1, 0.001, 0, 0])


def test_only_tokens_that_stand_for_one_word_are_eligible() -> None:
    known = lexicon(reader().tokenizer)
    assert set(known.words) == {word for task in TASKS for word in descriptions()[task]}
    tokens = [token for some in known.tokens for token in some]
    assert len(set(tokens)) == len(tokens)
    assert not set(tokens) & {token for some in known.outputs for token in some}


def test_gains_are_counted_by_hand() -> None:
    """'letter' is no evidence between next-letter and to-upper, which both list it."""
    design = Design(TASKS[:3], ("letter", "next", "French"))
    means = np.array([[0.5, 0.4, 0.0], [0.3, 0.1, 0.1], [0.1, 0.0, 0.3]])
    gains = design.gains(means)
    assert design.judged.tolist() == [True, False, False]
    assert gains[0] == pytest.approx(((0.5 - 0.1) + (0.4 - 0.05)) / 2)
    assert design.gains_by_list(means)[0, 0] == pytest.approx(gains[0])
    assert design.gains_by_list(means)[0, 2] == pytest.approx(0.0 - 0.1)


def test_resampling_and_permuting_keep_the_mean() -> None:
    rng = np.random.default_rng(0)
    sets = [rng.random((6, 4)), rng.random((5, 4))]
    plain = task_means(sets, [np.ones((1, 6)), np.ones((1, 5))])
    np.testing.assert_allclose(plain[0], [s.mean(axis=0) for s in sets])
    permuted = permuted_means(sets, 300, rng)
    pooled = np.concatenate(sets).mean(axis=0)
    np.testing.assert_allclose((permuted * np.array([[6], [5]]) / 11).sum(axis=1), np.tile(pooled, (300, 1)))


def test_a_tokenizer_that_reads_letters_shows_no_word() -> None:
    model = letters()
    assert lexicon(model.tokenizer).words == ()
    rng = np.random.default_rng(0)
    shape = (4, 2, model.n_blocks, model.d_model)
    states = {task: rng.standard_normal(shape).astype(np.float32) for task in TASKS}
    found = read(model, states, states)
    assert judge_input(found, [True] * len(TASKS), 1, 100) is None
    assert "Only 0 tasks" in judge_projection(None, 1).reason


def test_the_published_depth_is_kept_in_proportion() -> None:
    assert [reading_block(b, n) for b, n in ((15, 32), (17, 40), (3, 8), (7, 8))] == [17, 19, 3, 7]


def test_other_tasks_that_do_not_fit_are_left_out_of_the_mean() -> None:
    asked = get_format("arrow")
    some, fewer = (panel_prompts("en-fr", 0, PARAMS.model_copy(update={"k": k}), asked) for k in (2, 40))
    assert len(fewer) < len(some) == 7
    states = clouds()["en-fr"]
    model = reader()
    context, model.encoder.context = model.encoder.context, 4
    try:
        table = project(dict.fromkeys((THETA, SWAPPED, BARE), states), "en-fr", 0, PARAMS, model)
    finally:
        model.encoder.context = context
    centred = [r["read"] for r in table.to_pylist() if r["kind"] == CENTRED]
    mean = [r["read"] for r in table.to_pylist() if r["kind"] == THETA and r["set"] == -1]
    assert centred == mean


def test_too_little_to_read_is_inconclusive() -> None:
    assert judge_projection(None, 2).verdict is Verdict.INCONCLUSIVE
    assert "no theta" in judge_projection(None, None).reason
    states = clouds()
    found = judged(read(planted(states, 1), states, noise(3)))
    three = replace(found, tasks=found.tasks[:3])
    assert "Only 3 tasks" in judge_projection(three, 1).reason
    assert "Only 12 sets" in judge_projection(replace(found, n_sets=12), 1).reason


def test_rows_of_a_run_that_lack_a_block_are_refused() -> None:
    table = SCENARIOS[0]._read_outs(stream("rows"))
    [whole] = readings(table, "simulated", ["en-fr"])
    assert whole.read[CENTRED].shape[0] == 1
    kept = pa.array(np.arange(table.num_rows) != 40)
    tasks = sorted({"next-letter", "en-fr", "to-upper"})
    with pytest.raises(StudyError, match="incomplete"):
        readings(table.filter(kept), "simulated", tasks)


def test_the_page_shows_the_statistic_beside_the_tokens() -> None:
    world = next(s for s in SCENARIOS if s.name == "every task spells")
    params = TaskVectorParams(draws=100)
    rows = world.simulate(params, stream("page"))
    [found] = reads(rows, results(rows, params), params)
    judged_ = finding(found)
    assert judged_.verdict is Verdict.SUPPORTED
    assert {c.name for c in judged_.controls} == {"strongest", "no-demonstrations", "theta-of-swapped-labels"}
    [figure], [table] = figures(found), tables(found)
    assert "block 1" in figure.see
    assert [row[0] for row in table.rows] == sorted(row[0] for row in table.rows)
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert {row[1] for row in table.rows} == {"yes"}
