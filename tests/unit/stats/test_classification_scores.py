"""Macro-F1 against scikit-learn, and the chance levels of protocol structured_tasks 2."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from taskscope.stats.classification import (
    confusion_by_unit,
    constant_f1,
    label_entropy,
    macro_f1,
    macro_f1_of_counts,
    uniform_f1,
)


@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 30), st.integers(1, 4))
def test_macro_f1_is_scikit_learns(seed, n_classes, n_queries, n_groups):
    rng = np.random.default_rng(seed)
    truth, guess = rng.integers(n_classes, size=(2, n_groups, n_queries))
    wanted = [f1_score(t, g, average="macro") for t, g in zip(truth, guess, strict=True)]
    np.testing.assert_allclose(macro_f1(truth, guess, n_classes), wanted)
    assert macro_f1(truth[0], guess[0], n_classes) == pytest.approx(wanted[0])


@given(st.integers(0, 10_000), st.integers(2, 5))
def test_counts_by_unit_give_each_units_score(seed, n_classes):
    rng = np.random.default_rng(seed)
    truth, guess = rng.integers(n_classes, size=(2, 40))
    unit = rng.integers(3, size=40)
    counts = confusion_by_unit(truth, guess, unit, 4, n_classes)
    found = macro_f1_of_counts(counts)
    for number in range(3):
        mine = unit == number
        if mine.any():
            assert found[number] == pytest.approx(macro_f1(truth[mine], guess[mine], n_classes))
    assert np.isnan(found[3])  # nothing was asked
    together = confusion_by_unit(truth, guess, np.zeros(40, dtype=int), 1, n_classes)
    np.testing.assert_array_equal(counts.sum(axis=0), together[0])


@pytest.mark.parametrize(
    ("counts", "uniform", "sd", "constant"),
    [
        ([128, 128], 49.9, 3.2, 33.3),
        ([93, 163], 48.8, 3.2, 38.9),
        ([64] * 4, 24.7, 2.6, 10.0),
        ([19] * 4 + [18] * 10, 7.0, 1.7, 0.95),
    ],
    ids=["SST-2", "CR", "AG News", "DBPedia"],
)
def test_chance_levels_are_the_protocols(counts, uniform, sd, constant):
    found = uniform_f1(counts, np.random.default_rng(0))
    # The protocol's are simulated too, in a number of draws it does not give. The tolerances are the standard
    # errors of 100 draws: a tenth of the sd for a mean, 7 % for an sd.
    assert 100 * found.mean == pytest.approx(uniform, abs=sd / 10)
    assert 100 * found.sd == pytest.approx(sd, rel=0.07)
    assert 100 * constant_f1(np.array(counts) / sum(counts)) == pytest.approx(constant, abs=0.06)


def test_constant_f1_is_what_always_one_answer_scores():
    truth = np.repeat([0, 1, 2], [5, 3, 2])
    assert constant_f1([0.5, 0.3, 0.2]) == pytest.approx(macro_f1(truth, np.zeros(10, dtype=int), 3))


def test_entropy_of_answers_is_in_bits():
    assert label_entropy([[4, 0, 0, 0], [2, 2, 0, 0], [1, 1, 1, 1]]).tolist() == [0.0, 1.0, 2.0]
    assert label_entropy([[[0, 0], [0, 6]], [[5, 5], [0, 0]]]).tolist() == [[0.0, 0.0], [1.0, 0.0]]


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(ValueError, match="one shape"):
        macro_f1([0, 1], [0], 2)
    with pytest.raises(ValueError, match="from 0 to 1"):
        macro_f1([0, 2], [0, 1], 2)
