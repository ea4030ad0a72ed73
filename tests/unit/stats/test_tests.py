"""Tests of significance against scipy and published values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from taskscope.stats.tests import benjamini_hochberg, discordant, exact_mcnemar, holm


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial_test(b: int, c: int) -> None:
    expected = 1.0 if b + c == 0 else binomtest(b, b + c, 0.5).pvalue
    assert exact_mcnemar(b, c) == pytest.approx(expected, abs=1e-12)


def test_mcnemar_by_hand_and_over_arrays() -> None:
    # 2 * (C(6,0) + C(6,1)) / 2^6 = 14 / 64.
    np.testing.assert_allclose(exact_mcnemar([1, 0, 0], [5, 0, 5]), [14 / 64, 1.0, 2 / 32])


def test_holm_worked_example() -> None:
    # Four tests: .005*4, .01*3, then .03*2 and .04*1 raised to it.
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        holm([0.2, 1.5])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_lies_between_the_raw_and_the_bonferroni_values(p_values: list[float]) -> None:
    raw, adjusted = np.array(p_values), holm(p_values)
    assert (adjusted >= raw).all()
    assert (adjusted <= np.minimum(1, raw * len(raw)) + 1e-12).all()
    order = np.argsort(raw, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()


def test_benjamini_hochberg_published_example() -> None:
    # Benjamini & Hochberg (1995), section 4.1: fifteen tests, of which the first four are claimed at .05.
    p = [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
        *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0),
    ]
    shuffled = np.random.default_rng(0).permutation(15)
    adjusted = benjamini_hochberg(np.array(p)[shuffled])
    assert sorted(np.flatnonzero(adjusted[np.argsort(shuffled)] <= 0.05)) == [0, 1, 2, 3]
    assert adjusted.min() == pytest.approx(0.0015)


def test_benjamini_hochberg_of_nothing_and_of_nonsense() -> None:
    assert benjamini_hochberg([]).shape == (0,)
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        benjamini_hochberg([0.2, np.nan])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_benjamini_hochberg_claims_no_less_than_holm(p_values: list[float]) -> None:
    assert (benjamini_hochberg(p_values) <= holm(p_values) + 1e-12).all()


def test_clusters_vote_once() -> None:
    first = np.array([1, 1, 1, 0, 0, 1, 1])
    second = np.array([0, 0, 0, 1, 0, 1, 0])
    clusters = np.array(["a", "a", "a", "b", "c", "d", "d"])
    assert discordant(first, second, clusters) == (2, 1)
    assert discordant(first, second, np.arange(7)) == (4, 1)
