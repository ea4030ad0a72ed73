"""Intervals against published values, enumeration and simulated coverage."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from taskscope.stats.intervals import (
    average_over_tasks,
    bootstrap_means,
    cluster_sums,
    percentile_interval,
    position_interval,
    resampling_weights,
    simultaneous_band,
    wilson,
)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (1, 20), (15, 148), (81, 263), (7, 7)])
def test_wilson_agrees_with_scipy(k: int, n: int) -> None:
    reference = binomtest(k, n).proportion_ci(0.95, method="wilson")
    low, high = wilson(k / n, n)
    assert low == pytest.approx(reference.low, abs=1e-12)
    assert high == pytest.approx(reference.high, abs=1e-12)


def test_wilson_published_value() -> None:
    # Newcombe (1998), Statistics in Medicine 17, Table I: 81/263 -> .2553 to .3662.
    low, high = wilson(81 / 263, 263)
    assert (round(float(low), 4), round(float(high), 4)) == (0.2553, 0.3662)


def test_wilson_of_nothing_is_everything_and_nonsense_is_refused() -> None:
    assert [float(end) for end in wilson(0.0, 0)] == [0.0, 1.0]
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        wilson(1.2, 10)


@given(st.floats(0, 1), st.integers(1, 10_000), st.floats(0.5, 0.999))
def test_wilson_holds_the_estimate_and_stays_a_share(p: float, n: int, level: float) -> None:
    low, high = wilson(p, n, level)
    assert 0 <= low <= p + 1e-12
    assert p - 1e-12 <= high <= 1


def test_cluster_sums_add_rows_of_one_cluster() -> None:
    sums, sizes = cluster_sums(np.array([[1.0, 0], [2, 1], [4, 1]]), np.array(["b", "a", "b"]))
    assert sums.tolist() == [[2, 1], [5, 1]]
    assert sizes.tolist() == [1, 2]


def test_bootstrap_of_three_units_matches_its_enumeration() -> None:
    values = np.array([[0.0], [0.0], [3.0]])
    expected = sorted(sum(pick) / 3 for pick in itertools.product([0, 0, 3], repeat=3))
    share_of_zero = expected.count(0.0) / 27
    means = bootstrap_means(values, np.arange(3), 40_000, np.random.default_rng(0))[:, 0]
    assert np.mean(means == 0) == pytest.approx(share_of_zero, abs=0.01)
    assert means.mean() == pytest.approx(1.0, abs=0.02)
    assert means.var() == pytest.approx(np.var(expected), rel=0.03)


def test_weights_of_a_draw_add_up_to_the_units() -> None:
    weights = resampling_weights(7, 50, np.random.default_rng(1))
    assert weights.shape == (50, 7)
    assert (weights.sum(axis=1) == 7).all()


def test_repeating_a_cluster_adds_no_information() -> None:
    once = np.random.default_rng(2).random((12, 1))
    clusters = np.arange(12)
    single = bootstrap_means(once, clusters, 4000, np.random.default_rng(3))
    tenfold = bootstrap_means(
        np.repeat(once, 10, axis=0), np.repeat(clusters, 10), 4000, np.random.default_rng(3)
    )
    np.testing.assert_allclose(single, tenfold)


def test_bootstrap_of_no_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        bootstrap_means(np.zeros((0, 1)), np.zeros(0), 10, np.random.default_rng(0))


def _coverage(simulate, truth: float, repeats: int) -> float:
    hits = 0
    for seed in range(repeats):
        low, high = percentile_interval(simulate(np.random.default_rng(seed)))
        hits += bool(low[0] <= truth <= high[0])
    return hits / repeats


def test_cluster_interval_covers_where_a_row_interval_would_not() -> None:
    """40 clusters of 8 correlated rows: the clustered interval keeps 95 %, a naive one does not."""

    def data(rng: np.random.Generator) -> np.ndarray:
        level = rng.beta(2, 2, size=40)
        return (rng.random((40, 8)) < level[:, None]).astype(float).reshape(-1, 1)

    clusters = np.repeat(np.arange(40), 8)
    clustered = _coverage(lambda rng: bootstrap_means(data(rng), clusters, 400, rng), 0.5, 250)
    naive = _coverage(lambda rng: bootstrap_means(data(rng), np.arange(320), 400, rng), 0.5, 250)
    # 250 repeats at 95 %: below .90 has a chance of one in a thousand.
    assert clustered >= 0.90
    assert naive < 0.85


@pytest.mark.parametrize("n_tasks", [3, 8])
def test_task_interval_covers_the_population_of_tasks(n_tasks: int) -> None:
    """Tasks that differ: resampling them covers the mean of their kind, queries alone miss it."""

    def resampled(rng: np.random.Generator, resample_tasks: bool) -> np.ndarray:
        measured = rng.normal(0.5, 0.15, size=n_tasks) + rng.normal(0, 0.05, size=n_tasks)
        tasks = [centre + rng.normal(0, 0.05, size=(300, 1)) for centre in measured]
        return average_over_tasks(tasks, rng, resample_tasks=resample_tasks)

    hierarchical = _coverage(lambda rng: resampled(rng, True), 0.5, 400)
    fixed = _coverage(lambda rng: resampled(rng, False), 0.5, 400)
    # 400 repeats at 95 %: below .915 has a chance of one in five hundred.
    assert hierarchical >= 0.915
    assert fixed < 0.70


def test_task_average_of_one_task_is_that_task() -> None:
    draws = np.random.default_rng(5).random((50, 3))
    np.testing.assert_array_equal(average_over_tasks([draws], np.random.default_rng(0)), draws)


def test_task_average_keeps_two_picks_of_a_task_independent() -> None:
    """Tasks that differ in noise only: the macro mean has one task's variance divided by their number."""
    rng = np.random.default_rng(6)
    tasks = [rng.normal(0, 1, size=(40_000, 1)) for _ in range(4)]
    assert average_over_tasks(tasks, rng).var() == pytest.approx(1 / 4, rel=0.05)


def test_position_interval_ends_at_blocks_that_were_drawn() -> None:
    assert position_interval(np.array([3] * 95 + [5] * 4 + [9])) == (3, 5)
    assert position_interval(np.array([4] * 10)) == (4, 4)


def test_band_covers_the_whole_curve_at_its_level() -> None:
    truth = np.linspace(0.2, 0.8, 12)
    hits = 0
    pointwise = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        values = (rng.random((400, 12)) < truth).astype(float)
        resampled = bootstrap_means(values, np.arange(400), 300, rng)
        low, high = simultaneous_band(values.mean(axis=0), resampled)
        hits += bool(((low <= truth) & (truth <= high)).all())
        single = percentile_interval(resampled)
        pointwise += bool(((single.low <= truth) & (truth <= single.high)).all())
    assert 0.88 <= hits / 200 <= 0.99
    assert pointwise / 200 < 0.75


def test_band_is_wider_than_point_intervals_and_floored() -> None:
    rng = np.random.default_rng(8)
    values = (rng.random((60, 6)) < 0.5).astype(float)
    values[:, 0] = 0
    resampled = bootstrap_means(values, np.arange(60), 2000, rng)
    band = simultaneous_band(values.mean(axis=0), resampled, sd_floor=0.01)
    point = percentile_interval(resampled)
    assert (band.high[1:] - band.low[1:] > point.high[1:] - point.low[1:]).all()
    assert band.high[0] > 0
    flat = simultaneous_band(np.ones(3), np.ones((10, 3)))
    assert flat.low.tolist() == flat.high.tolist() == [1, 1, 1]
