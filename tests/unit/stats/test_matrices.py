"""Statistics of matrices against textbook formulas and against what was planted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from taskscope.stats.matrices import (
    jackknife,
    leave_one_out,
    off_diagonal,
    pairwise_rest,
    partial_correlation,
    permuted_groups,
    same_group,
)


def test_the_jackknife_of_a_mean_is_its_t_interval() -> None:
    values = np.array([1.0, 4.0, 2.0, 8.0, 5.0])
    found = jackknife(leave_one_out(lambda keep: float(values[keep].mean()), 5))
    low, high = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    np.testing.assert_allclose(found, (values.mean(), low, high))


def test_rows_and_columns_are_taken_out_whole_and_pairs_are_kept() -> None:
    rng = np.random.default_rng(0)
    added = rng.normal(size=(7, 1)) + rng.normal(size=(1, 7))
    off = off_diagonal(7)
    np.testing.assert_allclose(pairwise_rest(added)[off], 0, atol=1e-12)
    pairs = rng.normal(size=(7, 7))
    rest = pairwise_rest(pairs)
    np.testing.assert_allclose(pairwise_rest(pairs + added)[off], rest[off], atol=1e-12)
    np.testing.assert_allclose(np.nansum(rest, axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.nansum(rest, axis=1), 0, atol=1e-12)
    assert np.isnan(rest[~off]).all()


def test_without_covariates_it_is_pearsons_and_the_diagonal_does_not_count() -> None:
    x, y = np.random.default_rng(1).normal(size=(2, 6, 6))
    off = off_diagonal(6)
    wanted = stats.pearsonr(x[off], y[off])[0]
    np.testing.assert_allclose(partial_correlation(x, y, ()), wanted)
    np.fill_diagonal(x, 99)
    np.testing.assert_allclose(partial_correlation(x, y, ()), wanted)


@pytest.mark.parametrize("bend", [lambda v: v, lambda v: v**2, np.exp])
def test_what_follows_a_covariate_is_taken_out(bend) -> None:
    """The effect may follow the covariate straight or bent."""
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(5), 4)
    same = same_group(groups)
    words = np.where(same == 1, rng.normal(0.4, 0.2, same.shape), rng.normal(0, 0.1, same.shape))
    moved = bend(words) + rng.normal(0, 0.02, same.shape)
    assert partial_correlation(moved, same, ()) > 0.3
    assert abs(partial_correlation(moved, same, [words])) < 0.15
    beyond = moved + 0.3 * same
    assert partial_correlation(beyond, same, [words]) > 0.3


def test_nothing_left_is_no_number() -> None:
    same = same_group(np.repeat(np.arange(3), 2))
    moved = np.random.default_rng(3).normal(size=same.shape)
    assert np.isnan(partial_correlation(moved, same, [same]))


def test_permuted_groups_are_calibrated() -> None:
    """Where groups mean nothing the observed value lies above 95 % of permutations 5 % of the time."""
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(4), 3)
    above = 0
    for _ in range(200):
        moved = rng.normal(size=(12, 12)) + rng.normal(size=(12, 1))
        seen = partial_correlation(moved, same_group(groups), ())
        above += seen > np.quantile(permuted_groups(moved, groups, (), rng, 99), 0.95)
    assert stats.binom.cdf(above, 200, 0.05) > 1e-3 and stats.binom.sf(above - 1, 200, 0.05) > 1e-3


def test_the_number_of_permutations_is_what_was_asked_for() -> None:
    moved = np.random.default_rng(5).normal(size=(6, 6))
    dealt = permuted_groups(moved, np.repeat([0, 1], 3), (), np.random.default_rng(0), 1201)
    assert dealt.shape == (1201,)
