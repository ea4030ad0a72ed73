"""Scores of choices: identities that hold for every model, and values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from taskscope.stats.choice_metrics import (
    baseline,
    classification_loss,
    correct,
    coverage,
    inverted_loss,
    log_odds_difference,
    margin,
    rescaled_loss,
    total_logprob,
)

TABLES = arrays(float, (3, 5, 4), elements=st.floats(-30, -0.5))


def test_by_hand() -> None:
    table = np.log([[[0.2, 0.6], [0.1, 0.1]]])  # one model, two items
    np.testing.assert_allclose(classification_loss(table, [0, 1]), [[np.log(4), np.log(2)]])
    np.testing.assert_allclose(total_logprob(table), np.log([[0.8, 0.2]]))
    assert coverage(table) == pytest.approx([0.5])
    np.testing.assert_allclose(margin(table, [0, 1]), [[-np.log(3), 0.0]], atol=1e-12)


def test_of_equal_classes_the_lowest_index_is_chosen() -> None:
    tied = np.full((2, 3), -4.0)
    assert correct(tied, [0, 2]).tolist() == [True, False]


def test_uniform_model_scores_the_baseline_with_any_number_of_classes() -> None:
    table = np.array([[-5.0, -5.0, -np.inf, -np.inf], [-7.0, -7.0, -7.0, -7.0]])
    expected = baseline([2, 4])
    assert classification_loss(table, [1, 3]).mean() == pytest.approx(expected.loss)
    assert expected.accuracy == pytest.approx(3 / 8)


@given(TABLES, arrays(int, 5, elements=st.integers(0, 3)), st.floats(-5, 5))
def test_a_shift_of_an_item_changes_coverage_alone(table: np.ndarray, answers: np.ndarray, by: float) -> None:
    np.testing.assert_allclose(
        classification_loss(table + by, answers), classification_loss(table, answers), atol=1e-9
    )
    np.testing.assert_allclose(total_logprob(table + by), total_logprob(table) + by, atol=1e-9)


@given(TABLES, arrays(int, 5, elements=st.integers(0, 3)))
def test_right_answers_lose_no_more_than_log_k_and_have_a_margin(
    table: np.ndarray, answers: np.ndarray
) -> None:
    right = correct(table, answers)
    assert (classification_loss(table, answers)[right] <= np.log(4) + 1e-9).all()
    assert (margin(table, answers)[right] >= 0).all()
    assert (margin(table, answers)[~right] <= 0).all()


@given(arrays(float, (6, 2), elements=st.floats(-20, -0.1)))
def test_of_two_classes_the_inverted_loss_is_the_loss_of_the_other_answer(table: np.ndarray) -> None:
    first, second = classification_loss(table, [0] * 6), classification_loss(table, [1] * 6)
    known = np.minimum(first, second) > 1e-6  # beyond, 1 - exp(-loss) has lost its digits
    np.testing.assert_allclose(inverted_loss(first)[known], second[known], rtol=1e-6)


@given(arrays(float, (4, 2), elements=st.floats(-9, -0.1)), st.floats(-3, 3), st.floats(0, 3))
def test_log_odds_find_the_planted_effect_whatever_the_bias(
    other: np.ndarray, bias: float, effect: float
) -> None:
    answers = np.array([0, 1, 0, 1])
    here = other.copy()
    here[np.arange(4), answers] += effect
    both = [table + np.array([bias, 0.0]) for table in (here, other)]
    np.testing.assert_allclose(log_odds_difference(*both, answers), effect, atol=1e-9)


def test_growing_sensitivity_alone_moves_absolute_log_odds() -> None:
    """E8: the same noise read by ever more sensitive models looks like a trend in |D|, and in no D."""
    noise = np.random.default_rng(0).normal(size=4000)
    other = np.zeros((4000, 2))
    found = [
        log_odds_difference(np.column_stack([s * noise, 0 * noise]), other, np.zeros(4000, int))
        for s in (0.1, 0.4, 1.6)
    ]
    assert np.abs([d.mean() for d in found]).max() < 0.06
    assert (np.diff([np.abs(d).mean() for d in found]) > 0.2).all()


def test_rescaling_takes_overconfidence_away_and_leaves_choices() -> None:
    rng = np.random.default_rng(1)
    answers = rng.integers(2, size=1500)
    evidence = rng.normal(np.where(answers == 1, 0.5, -0.5), 1.0)  # its log-odds are the evidence itself
    table = np.stack([np.column_stack([0 * evidence, s * evidence]) for s in (0.2, 1.0, 8.0)])
    plain = classification_loss(table, answers).mean(axis=1)
    rescaled = rescaled_loss(table, answers, np.arange(1500)).mean(axis=1)
    assert plain[2] > plain[1] + 0.5
    np.testing.assert_allclose(rescaled, plain[1], atol=0.01)
    blind = rescaled_loss(rng.normal(size=(1500, 2)) * 5, answers, np.arange(1500)).mean()
    assert blind == pytest.approx(np.log(2), abs=0.01)


def test_rescaling_never_learns_from_the_cluster_it_scores() -> None:
    rng = np.random.default_rng(2)
    clusters, answers = np.repeat(np.arange(10), 5), rng.integers(2, size=50)
    table = rng.normal(size=(50, 2))
    before = rescaled_loss(table, answers, clusters, folds=5)
    held = clusters % 5 == 3
    turned = np.where(held, 1 - answers, answers)
    after = rescaled_loss(table, turned, clusters, folds=5)
    sharpness = [(loss - np.log(2)) for loss in (before[held], after[held])]
    assert not np.allclose(*sharpness)
    # With the answers turned, the loss is that of the other class at the same temperature.
    np.testing.assert_allclose(inverted_loss(before[held]), after[held], rtol=1e-6)


def test_filled_up_places_survive_rescaling() -> None:
    rng = np.random.default_rng(3)
    table = rng.normal(size=(60, 3))
    padded = np.concatenate([table, np.full((60, 1), -np.inf)], axis=1)
    answers = rng.integers(3, size=60)
    np.testing.assert_allclose(
        rescaled_loss(table, answers, np.arange(60)), rescaled_loss(padded, answers, np.arange(60))
    )


@pytest.mark.parametrize(
    ("answers", "message"), [([0, 2], "no log-probability"), ([0, 3], "answers"), ([0], "answers")]
)
def test_impossible_answers_are_refused(answers: list[int], message: str) -> None:
    table = np.array([[-1.0, -2.0, -3.0], [-1.0, -2.0, -np.inf]])
    with pytest.raises(ValueError, match=message):
        classification_loss(table, answers)


def test_log_odds_of_three_classes_and_too_few_clusters_are_refused() -> None:
    with pytest.raises(ValueError, match="two classes"):
        log_odds_difference(np.zeros((2, 3)), np.zeros((2, 3)), [0, 1])
    with pytest.raises(ValueError, match="folds"):
        rescaled_loss(np.zeros((4, 2)), [0, 1, 0, 1], ["a", "a", "b", "b"])
