"""A change of level in a short curve is found where it is, and seldom where there is none."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from taskscope.stats.change_point import change_point


def test_the_place_is_that_of_the_planted_change() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0.1, 0.05, 5), rng.normal(0.8, 0.05, 6)])
    found = change_point(values, rng)
    assert found.place == 5 and found.p < 0.01
    assert found.before == pytest.approx(0.1, abs=0.1) and found.after == pytest.approx(0.8, abs=0.1)
    assert found.least == pytest.approx(2 / 462)


def test_all_orders_are_counted_in_a_short_curve() -> None:
    values = np.array([0.0, 0.1, 1.0, 0.9, 1.1])

    def largest(order: tuple[float, ...]) -> float:
        n = len(order)
        return max(
            abs(np.mean(order[:k]) - np.mean(order[k:])) * np.sqrt(k * (n - k) / n) for k in range(1, n)
        )

    own = largest(tuple(values))
    every = [largest(order) for order in permutations(values)]
    found = change_point(values, np.random.default_rng(0))
    assert found.p == pytest.approx(np.mean([each >= own - 1e-12 for each in every]))
    assert found.place == 2 and found.p >= found.least


def test_where_nothing_changes_five_in_a_hundred_are_found_at_most() -> None:
    rng = np.random.default_rng(1)
    below = [change_point(rng.normal(size=10), rng, 400).p <= 0.05 for _ in range(300)]
    assert np.mean(below) < 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)


def test_a_flat_curve_changes_nowhere_and_three_values_are_refused() -> None:
    assert change_point(np.ones(6), np.random.default_rng(0)).p == 1
    with pytest.raises(ValueError, match="at least 4"):
        change_point(np.ones(3), np.random.default_rng(0))
