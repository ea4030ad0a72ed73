"""Weights, votes and masses equal what is added up by hand; the controls change only what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskscope.studies.kernel_regression.asking import Layout
from taskscope.studies.kernel_regression.draws import Question
from taskscope.studies.kernel_regression.voting import agreement
from taskscope.studies.kernel_regression.weights import conditions, voting
from taskscope.studies.kernel_regression.weights.aggregating import (
    AGGREGATIONS,
    demonstration_weights,
    vote_shares,
)
from taskscope.studies.kernel_regression.weights.grids import Answers, Heads, Setting
from taskscope.studies.kernel_regression.weights.masses import POINTS, columns, masses, strip
from taskscope.tasks.classification import Text

LAYOUT = Layout(
    demonstrations=np.array([[1, 7], [7, 14]]),
    texts=np.array([[2, 4], [8, 11]]),
    labels=np.array([[5, 6], [12, 14]]),
    query=(15, 17),
    n_tokens=18,
)


@pytest.fixture
def row() -> np.ndarray:
    weights = np.random.default_rng(0).random((2, 3, 18)).astype(np.float32)
    return weights / weights.sum(axis=-1, keepdims=True)


def test_five_ways_to_weigh_a_demonstration(row) -> None:
    weights = demonstration_weights(row, LAYOUT)
    found = {str(name): each for name, each in zip(AGGREGATIONS, weights, strict=True)}
    first, second = row[..., 2:6], row[..., 8:14]
    by_hand = {
        "max": (first.max(-1), second.max(-1)),
        "label": (row[..., 5], row[..., 13]),
        "span sum": (first.sum(-1), second.sum(-1)),
        "label sum": (row[..., 5], row[..., 12] + row[..., 13]),
        "mean": (first.mean(-1), second.mean(-1)),
    }
    for name, wanted in by_hand.items():
        np.testing.assert_allclose(found[name], np.stack(wanted, axis=-1), rtol=1e-6)


@given(
    weights=st.lists(st.floats(0, 10, allow_subnormal=False), min_size=3, max_size=8),
    seed=st.integers(0, 2**16),
    factor=st.floats(0.1, 10),
)
def test_shares_of_a_vote_add_up_and_know_no_scale(weights, seed, factor) -> None:
    shown = np.random.default_rng(seed).integers(3, size=len(weights))
    shares = vote_shares(np.array(weights), shown, 3)
    assert shares.sum() == pytest.approx(1)
    np.testing.assert_allclose(vote_shares(factor * np.array(weights), shown, 3), shares, atol=1e-9)
    if sum(weights) > 0:
        by_hand = [sum(w for w, c in zip(weights, shown, strict=True) if c == k) for k in range(3)]
        np.testing.assert_allclose(shares, np.array(by_hand) / sum(weights), atol=1e-9)


def test_masses_are_sums_and_lifts_are_ratios_of_means(row) -> None:
    found = masses(row, LAYOUT)
    labels = row[..., [5, 12, 13]]
    mean = row[..., 1:14].mean(axis=-1)
    np.testing.assert_allclose(found.label_mass, labels.sum(-1), rtol=1e-5)
    np.testing.assert_allclose(found.label_lift, labels.mean(-1) / mean, rtol=1e-5)
    np.testing.assert_allclose(found.template_lift, row[..., [4, 11]].mean(-1) / mean, rtol=1e-5)
    np.testing.assert_allclose(found.start_mass, row[..., 0])
    np.testing.assert_allclose(found.recent_mass, row[..., 8:].sum(-1), rtol=1e-6)


def test_uniform_attention_lifts_nothing() -> None:
    found = masses(np.full((1, 1, 18), 1 / 18), LAYOUT)
    assert found.label_lift.item() == pytest.approx(1)
    assert found.template_lift.item() == pytest.approx(1)


def test_a_head_that_sees_no_demonstration_has_no_lift() -> None:
    row = np.zeros((1, 1, 18))
    row[..., 17] = 1
    assert np.isnan(masses(row, LAYOUT).label_lift.item())
    np.testing.assert_allclose(vote_shares(np.zeros(4), np.array([0, 1, 1, 1]), 2), 0.5)


def test_a_strip_has_a_column_for_each_name_and_keeps_the_ends_of_texts(row) -> None:
    found, names = strip(row, LAYOUT), columns(2)
    assert found.shape == (2, len(names)) == (2, 2 * (POINTS + 3) + POINTS + 1)
    mean = row.mean(axis=1)
    at = names.index
    np.testing.assert_allclose(found[:, at(("text", 0, 0))], mean[:, 2], rtol=1e-6)
    np.testing.assert_allclose(found[:, at(("text", 1, POINTS - 1))], mean[:, 10], rtol=1e-6)
    np.testing.assert_allclose(found[:, at(("label", 1, 0))], mean[:, 12:14].mean(-1), rtol=1e-6)
    np.testing.assert_allclose(found[:, at(("after label", 0, 0))], mean[:, 6:8].mean(-1), rtol=1e-6)
    np.testing.assert_allclose(found[:, at(("end", -1, 0))], mean[:, 17], rtol=1e-6)


QUESTION = Question(tuple(Text(text=f"t{i}", label=i % 2) for i in range(8)), Text(text="q", label=0))


def test_moved_texts_leave_every_label_in_place() -> None:
    moved = conditions.texts_permuted(QUESTION, np.random.default_rng(1))
    assert list(moved.classes) == list(QUESTION.classes)
    texts = [text.text for text in moved.demonstrations]
    assert sorted(texts) == [f"t{i}" for i in range(8)]
    assert all(text != f"t{i}" for i, text in enumerate(texts))


def test_another_order_shows_the_same_demonstrations() -> None:
    other = conditions.reordered(QUESTION, np.random.default_rng(1))
    assert other.demonstrations != QUESTION.demonstrations
    assert set(other.demonstrations) == set(QUESTION.demonstrations)


def test_one_label_goes_through_the_classes_in_turn() -> None:
    made = conditions.one_label([QUESTION] * 4, 2)
    assert [set(one.classes) for one in made] == [{0}, {1}, {0}, {1}]
    assert made[1].query == QUESTION.query


def answers(predicted, shown, gold=None, votes=None) -> Answers:
    n = len(predicted)
    votes = np.zeros((n, len(AGGREGATIONS), 1), np.int8) if votes is None else votes
    return Answers(
        query=np.arange(n),
        order=np.zeros(n, int),
        gold=np.zeros(n, int) if gold is None else np.array(gold),
        predicted=np.array(predicted),
        laws=np.eye(2)[predicted],
        shown=np.array(shown),
        votes=votes,
        shares=np.zeros((n, 1, 2)),
        masses={},
    )


def test_a_tie_of_labels_is_half_an_answer() -> None:
    shown = np.array([[0, 1], [1, 1], [1, 1]])
    found = agreement(voting.class_counts(shown, 2), np.array([0, 1, 0]))
    np.testing.assert_array_equal(found, [0.5, 1, 0])


def test_balanced_agreement_sees_through_a_constant_vote() -> None:
    given = np.array([0] * 90 + [1] * 10)
    assert voting.balanced_agreement(np.zeros(100, int), given) == 0.5


def setting(heads: int, task: str = "t", template: str = "one") -> Setting:
    return Setting(task, template, 0, 2, Heads(tuple(range(heads)), 1, heads), {})


@pytest.mark.parametrize("m", [301, 310, 333])
def test_a_head_that_always_votes_alike_only_draws_level_with_chance(m: int) -> None:
    given = [0] * m + [1] * (450 - m)
    votes = np.zeros((450, len(AGGREGATIONS), 2), np.int8)
    some = answers(given, [[0, 1]] * 450, votes=votes)
    best, _ = voting.best_by_chance([setting(2)], [some], 20, np.random.default_rng(0))
    np.testing.assert_array_equal(best, voting.agreement_map(some).max())


def test_templates_of_one_task_are_exchanged_together() -> None:
    rng = np.random.default_rng(0)
    votes = rng.integers(0, 2, (200, len(AGGREGATIONS), 8)).astype(np.int8)
    some = answers(rng.integers(0, 2, 200), [[0, 1]] * 200, votes=votes)
    alone, _ = voting.best_by_chance([setting(8)], [some], 50, np.random.default_rng(1))
    thrice = [setting(8, template=name) for name in ("one", "two", "three")]
    together, _ = voting.best_by_chance(thrice, [some] * 3, 50, np.random.default_rng(1))
    np.testing.assert_allclose(together, alone)


def test_answers_are_exchanged_between_questions_alike_in_right_answer_and_last_label() -> None:
    some = answers([0, 1, 0, 1], [[0, 1], [1, 0], [0, 1], [0, 1]], gold=[0, 0, 0, 1])
    np.testing.assert_array_equal(voting.strata(some, 2, same_gold=False), [0, 0, 0, 0])
    groups = voting.strata(some, 2, same_gold=True)
    assert groups[0] == groups[2] and len(set(groups)) == 3
    assert voting.alone(groups) == 0.5
    unbalanced = answers([0, 1], [[0, 0, 0], [0, 1, 1]])
    assert len(set(voting.strata(unbalanced, 2, same_gold=False))) == 2


def test_attention_that_rests_on_the_first_token_lifts_no_label() -> None:
    """Without a start token it is a demonstration's own (protocol 7.3)."""
    bare = Layout(
        demonstrations=LAYOUT.demonstrations - 1,
        texts=LAYOUT.texts - 1,
        labels=LAYOUT.labels - 1,
        query=(14, 16),
        n_tokens=17,
    )
    row = np.full((1, 1, 17), 0.1 / 16)
    row[..., 0] = 0.9
    assert masses(row, bare).label_lift.item() == pytest.approx(1)
