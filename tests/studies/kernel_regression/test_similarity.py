"""Prediction similarity: laws of texts alone, a planted head among random ones, and its absence."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from taskscope.studies.kernel_regression.alone import KINDS, compare
from taskscope.studies.kernel_regression.similarity.figures import figures
from taskscope.studies.kernel_regression.similarity.findings import similarities
from taskscope.studies.kernel_regression.similarity.rows import observed, to_rows
from taskscope.studies.kernel_regression.similarity.tables import tables
from taskscope.studies.kernel_regression.voting import vote

BLOCKS, HEADS, K, N = (2, 4, 5), 4, 8, 60
PLANTED = (1, 3)
"""Block 4, head 3."""


def world(seed: int, planted: bool) -> pa.Table:
    """Random heads; where one is planted it weighs demonstrations by similarity, and answers the prompt."""
    rng = np.random.default_rng(seed)
    near = rng.gamma(2.0, size=(N, len(KINDS), K))
    weights = rng.dirichlet(np.ones(K), size=(N, len(BLOCKS), HEADS))
    classes = np.stack([rng.permutation(np.arange(K) % 2) for _ in range(N)])
    if planted:
        noisy = near[:, 0] * np.exp(0.3 * rng.normal(size=(N, K)))
        weights[:, PLANTED[0], PLANTED[1]] = noisy / noisy.sum(axis=1, keepdims=True)
    answer = vote(weights[:, PLANTED[0], PLANTED[1]], classes, 2).argmax(axis=1)
    if not planted:
        answer = rng.integers(2, size=N)
    columns = {
        "question": np.arange(N),
        "answer": answer,
        "gold": rng.integers(2, size=N),
        "classes": classes,
        "lengths": rng.integers(5, 30, size=(N, K)),
        "label_weights": weights,
        "span_weights": weights,
        "bare": rng.gamma(2.0, size=near.shape),
        "cued": near,
    }
    rows = to_rows(2, BLOCKS, columns)
    for name, value in (("seed", 0), ("task", "t"), ("model", "planted")):
        rows = rows.add_column(0, name, pa.array([value] * N))
    return rows


def test_laws_are_compared_as_the_formulas_say() -> None:
    a, b = np.array([[0.5, 0.5, 0.0]]), np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.2, 0.3, 0.5]])
    dot, cosine, hellinger = compare(a, b)
    assert dot == pytest.approx([0.5, 0, 0.25])
    assert cosine == pytest.approx([1, 0, 0.25 / np.sqrt(0.5 * 0.38)])
    assert hellinger == pytest.approx([1, 0, np.sqrt(0.1) + np.sqrt(0.15)])


def test_rows_give_back_what_was_laid_out() -> None:
    (seen,) = observed(world(0, planted=True))
    assert (seen.model, seen.task, seen.blocks, seen.n_classes) == ("planted", "t", BLOCKS, 2)
    assert seen.weights["label"].shape == (N, len(BLOCKS), HEADS, K)
    assert seen.weights["label"].sum(axis=-1) == pytest.approx(1)
    assert seen.similarity["text and label cue"].shape == (N, len(KINDS), K)


def test_the_planted_head_is_found_and_no_other() -> None:
    (found,) = similarities(world(1, planted=True))
    at = found.sites.index((BLOCKS[PLANTED[0]], PLANTED[1]))
    others = np.delete(np.arange(len(found.sites)), at)
    assert found.centred.low[at] > 0.8 and found.q[at] < 1e-6
    assert np.abs(found.centred.value[others]).max() < found.chance < 0.25
    assert found.partial.value[at] > 0.8 and found.spearman.value[at] > 0.8
    assert found.agreement[at] == 1 and found.agreement[others].mean() < 0.65
    assert (
        found.primary.map_r > 0.7 and found.primary.map_p < 0.15
    )  # one head of twelve: 4 exchanges reach it


def test_without_a_planted_head_nothing_is_beyond_chance() -> None:
    beyond = 0
    for seed in range(6):
        (found,) = similarities(world(100 + seed, planted=False))
        beyond += np.abs(found.centred.value).max() > found.chance
        assert (found.q < 0.05).sum() <= 2
    assert beyond <= 2  # one in twenty is expected


def test_queries_that_come_again_with_another_seed_count_once() -> None:
    rows = world(1, planted=True)
    again = rows.set_column(rows.column_names.index("seed"), "seed", pa.array([1] * N))
    (once,), (twice,) = similarities(rows), similarities(pa.concat_tables([rows, again]))
    assert twice.n_questions == once.n_questions == N
    for ours, theirs in ((twice.centred, once.centred), (twice.spearman, once.spearman)):
        np.testing.assert_allclose(ours.low, theirs.low)
        np.testing.assert_allclose(ours.high, theirs.high)
    np.testing.assert_allclose(twice.agreement, once.agreement)


def test_page_shows_the_strongest_head() -> None:
    (found,) = similarities(world(1, planted=True))
    heat, scatter = figures(found)
    assert f"block {BLOCKS[PLANTED[0]]}, head {PLANTED[1]}" in heat.see and "scatter" in scatter.alt.lower()
    heads, variants = tables(found)
    assert heads.rows[0][:2] == (BLOCKS[PLANTED[0]], PLANTED[1])
    assert len(variants.rows) == 2 * len(KINDS) * 3


def test_texts_that_all_predict_the_same_have_no_similarity() -> None:
    rows = world(1, planted=True)
    same = pa.array([[0.5] * (len(KINDS) * K)] * N, pa.list_(pa.float32()))
    for column in ("bare", "cued"):
        rows = rows.set_column(rows.column_names.index(column), column, same)
    (found,) = similarities(rows)
    assert np.isnan(found.centred.value).all() and figures(found) == []
    assert tables(found)[0].rows[0][2] is None


def test_other_rows_are_left_alone() -> None:
    assert similarities(pa.table({"model": ["m"], "task": ["t"]})) == []
