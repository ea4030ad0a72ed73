"""Macro-F1 from counts equals scikit-learn's, and the chance levels are the protocol's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from taskscope.stats.confusion import confusions, macro_f1, of_guessing, of_one_class


@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_macro_f1_is_that_of_scikit_learn(n_classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    gold, predicted = rng.integers(n_classes, size=(2, 40))
    units = rng.integers(3, size=40)
    found = macro_f1(confusions(gold, predicted, units, 3, n_classes))
    for unit in range(3):
        mine = units == unit
        if mine.any():
            wanted = f1_score(
                gold[mine], predicted[mine], labels=range(n_classes), average="macro", zero_division=0
            )
            assert found[unit] == pytest.approx(wanted)


def test_counts_of_units_add_up_to_those_of_all() -> None:
    rng = np.random.default_rng(0)
    gold, predicted = rng.integers(3, size=(2, 60))
    apart = confusions(gold, predicted, np.arange(60) % 5, 5, 3)
    together = confusions(gold, predicted, np.zeros(60, dtype=int), 1, 3)
    np.testing.assert_array_equal(apart.sum(axis=0), together[0])


@pytest.mark.parametrize(("n_classes", "one_class"), [(2, 1 / 3), (4, 0.1), (14, 0.0095)])
def test_chance_levels_are_the_printed_ones(n_classes: int, one_class: float) -> None:
    """Protocol section 2: 33.3, 10.0 and 0.95 % for always one class; guessing by simulation."""
    assert of_one_class(n_classes) == pytest.approx(one_class, abs=5e-4)
    rng = np.random.default_rng(0)
    gold = np.arange(14 * 2000) % n_classes
    guessed = rng.integers(n_classes, size=len(gold))
    zeros = np.zeros(len(gold), dtype=int)
    assert of_guessing(n_classes) == pytest.approx(
        macro_f1(confusions(gold, guessed, zeros, 1, n_classes))[0], abs=0.01
    )
    constant = macro_f1(confusions(gold, zeros, zeros, 1, n_classes))[0]
    assert of_one_class(n_classes) == pytest.approx(constant, abs=1e-3)
