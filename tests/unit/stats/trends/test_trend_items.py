"""Slopes of items and the search among groups: planted groups, false discoveries, and the held-out half."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from taskscope.stats.trends.items import discover, item_slopes, spread

X = np.linspace(18.0, 22.0, 5)


@given(arrays(float, (5, 4), elements=st.floats(-3, 3)))
def test_slopes_of_items_are_those_of_lines_and_their_mean_is_that_of_the_mean(table: np.ndarray) -> None:
    found = item_slopes(table, X)
    np.testing.assert_allclose(found, np.polyfit(X, table, 1)[0], atol=1e-9)
    assert found.mean() == pytest.approx(np.polyfit(X, table.mean(axis=1), 1)[0], abs=1e-9)


def test_spread_counts_what_falls_and_rises() -> None:
    found = spread(np.array([-0.2, -0.1, 0.0, 0.3]))
    assert (found.falling, found.rising) == (0.5, 0.25)
    assert found.quantiles[2] == pytest.approx(-0.05)


def benchmark(falling: dict[str, float], rng: np.random.Generator, groups: int = 20) -> tuple:
    names = np.repeat([f"topic {n:02d}" for n in range(groups)], 80)
    slopes = np.array([falling.get(name, 0.0) for name in names])
    margins = (
        slopes * (X - X.mean())[:, None] + rng.normal(size=(5, len(names))) + rng.normal(size=len(names))
    )
    return margins, names


def test_planted_groups_are_found_and_confirmed() -> None:
    rng = np.random.default_rng(0)
    margins, names = benchmark({"topic 03": -0.3, "topic 11": -0.5, "topic 15": +0.5}, rng)
    found = discover(margins, X, names, 0.03, rng)
    assert [one.group for one in found.found] == ["topic 11", "topic 03"]
    assert (found.searched, found.too_small) == (20, 0)
    for one, slope in zip(found.found, (-0.5, -0.3), strict=True):
        assert one.held_slope == pytest.approx(slope, abs=0.15)
        assert one.held_p < 0.05
        assert one.items == 80


def test_where_nothing_falls_little_is_found_and_next_to_nothing_confirmed() -> None:
    rng = np.random.default_rng(1)
    runs, found, confirmed = 100, 0, 0
    for _ in range(runs):
        result = discover(*_with_scale(benchmark({}, rng)), 0.0, rng).found
        found += bool(result)
        confirmed += any(one.held_p <= 0.05 for one in result)
    assert found <= 0.12 * runs  # at most 5 % in the long run; more than 12 of 100 once in a thousand
    assert confirmed <= 0.03 * runs


def _with_scale(made: tuple) -> tuple:
    margins, names = made
    return margins, X, names


def test_noise_that_all_items_share_is_no_discovery_once_it_is_declared() -> None:
    rng = np.random.default_rng(2)
    margins, names = benchmark({}, rng)
    margins += np.array([0.6, 0.3, 0.0, -0.3, -0.6])[:, None]  # five models that happened to come out so
    assert len(discover(margins, X, names, 0.0, rng).found) > 15
    assert len(discover(margins, X, names, 0.5, rng).found) == 0


def test_small_groups_are_counted_and_left_alone_and_nothing_at_all_is_fine() -> None:
    rng = np.random.default_rng(3)
    margins = rng.normal(size=(5, 30))
    found = discover(margins, X, ["a"] * 15 + ["b"] * 15, 0.0, rng)
    assert found == ((), 0, 2)


def test_groups_without_any_spread_are_judged_by_their_sign() -> None:
    table = np.repeat(np.array([[4.0, 0], [3, 1], [2, 2], [1, 3], [0, 4]]), 16, axis=1)
    found = discover(table, X, np.repeat(["down", "up"], 16), 0.0, np.random.default_rng(4))
    assert [(one.group, one.held_p) for one in found.found] == [("down", 0.0)]
