"""Correlations over clustered observations: against plain formulas, under simulation, and the two nulls."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from taskscope.stats.clustered_correlation import (
    clustered,
    largest_by_chance,
    maps_alike,
    overall,
    ranked,
    within,
    without,
)


def test_values_are_those_of_the_plain_formulas() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, 20, 6)), rng.normal(size=(20, 6))
    pooled = clustered(overall(x), overall(y), np.arange(20)).value
    assert pooled == pytest.approx([stats.pearsonr(v.ravel(), y.ravel())[0] for v in x])
    inside = clustered(within(x), within(y), np.arange(20)).value
    centred = y - y.mean(axis=1, keepdims=True)
    assert inside == pytest.approx(
        [stats.pearsonr((v - v.mean(axis=1, keepdims=True)).ravel(), centred.ravel())[0] for v in x]
    )
    one = clustered(ranked(x[:, :1].repeat(4, axis=1)), ranked(y[:1].repeat(4, axis=0)), np.arange(4)).value
    assert one == pytest.approx([stats.spearmanr(v[0], y[0])[0] for v in x])


def test_a_level_of_its_own_for_each_prompt_is_taken_out_by_centring_alone() -> None:
    rng = np.random.default_rng(1)
    level = 5 * rng.normal(size=(40, 1))
    x, y = (level + rng.normal(size=(40, 8)))[None], level + rng.normal(size=(40, 8))
    assert clustered(overall(x), overall(y), np.arange(40)).value[0] > 0.9
    found = clustered(within(x), within(y), np.arange(40))
    assert found.low[0] < 0 < found.high[0]


def test_what_a_covariate_explains_is_taken_out() -> None:
    rng = np.random.default_rng(2)
    shared = within(rng.normal(size=(60, 8)))
    x = within(shared + 0.5 * rng.normal(size=(1, 60, 8)))
    y = within(shared + 0.5 * rng.normal(size=(60, 8)))
    assert clustered(x, y, np.arange(60)).low[0] > 0.6
    covariates = np.stack([shared, np.zeros_like(shared)], axis=-1)
    taken_out = clustered(without(x, covariates), without(y, covariates), np.arange(60))
    assert abs(taken_out.value[0]) < 0.15


def test_intervals_cover_where_clusters_differ() -> None:
    """Each cluster has a slope of its own: observations inside one are not independent evidence."""
    rng = np.random.default_rng(3)
    covered = naive = 0
    for _ in range(300):
        x = rng.normal(size=(25, 10))
        y = rng.normal(size=(25, 1)) * x + 0.3 * rng.normal(size=(25, 10))
        found = clustered(within(x)[None], within(y), np.arange(25))
        covered += found.low[0] <= 0 <= found.high[0]
        r = found.value[0]
        naive += abs(np.arctanh(r)) <= 1.96 / np.sqrt(250 - 3)
    assert covered / 300 > 0.90
    assert naive / 300 < 0.80


def test_prompts_that_are_the_same_query_again_are_one_observation() -> None:
    rng = np.random.default_rng(6)
    x, y, unit = within(rng.normal(size=(2, 20, 6))), within(rng.normal(size=(20, 6))), np.arange(20)
    once = clustered(x, y, unit)
    twice = clustered(x.repeat(2, axis=1), y.repeat(2, axis=0), unit.repeat(2))
    for ours, theirs in zip(vars(twice).values(), vars(once).values(), strict=True):
        np.testing.assert_allclose(ours, theirs)
    as_new = clustered(x.repeat(2, axis=1), y.repeat(2, axis=0), np.arange(40))
    assert ((as_new.high - as_new.low) < 0.8 * (once.high - once.low)).all()


def test_a_constant_has_no_correlation() -> None:
    x = np.stack([np.zeros((5, 4)), np.tile([1.0, -1, 1, -1], (5, 1))])
    found = clustered(within(x), within(np.random.default_rng(0).normal(size=(5, 4))), np.arange(5))
    assert np.isnan(found.value[0]) and np.isnan(found.p[0]) and np.isfinite(found.value[1])
    with pytest.raises(ValueError, match="at least 3 units"):
        clustered(x, x[0], np.array([0, 0, 1, 1, 1]))
    with pytest.raises(ValueError, match="cluster"):
        clustered(x, x[0, :4], np.arange(5))


def test_the_largest_of_many_is_held_against_the_largest_by_chance() -> None:
    rng = np.random.default_rng(4)
    x, y = within(rng.normal(size=(50, 30, 8))), within(rng.normal(size=(30, 8)))
    null = largest_by_chance(x, y, 200, rng)
    best = float(np.abs(clustered(x, y, np.arange(30)).value).max())
    assert np.quantile(null, 0.01) < best < np.quantile(null, 0.99)
    assert np.median(null) > 0.1  # one variable alone would have a median of 0.045
    x[7] += y
    assert np.abs(clustered(x, y, np.arange(30)).value).max() > null.max()


def test_maps_are_compared_within_blocks() -> None:
    rng = np.random.default_rng(5)
    profile = np.linspace(0, 1, 10)[:, None]
    a, b = profile + 0.1 * rng.normal(size=(10, 6)), profile + 0.1 * rng.normal(size=(10, 6))
    r, p = maps_alike(a, b, 400, rng)
    assert r > 0.8 and p > 0.01  # alike by their blocks alone
    r, p = maps_alike(a, a + 0.02 * rng.normal(size=a.shape), 400, rng)
    assert r > 0.9 and p < 0.01
    assert maps_alike(a[:, :1], a[:, :1], 50, rng) == (pytest.approx(1.0), 1.0)
    assert np.isnan(maps_alike(np.ones((3, 2)), np.ones((3, 2)), 10, rng)[0])
