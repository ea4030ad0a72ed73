"""Forecasts of the largest model, and labels as sizes are added or clusters taken away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from taskscope.stats.trends import ACCURACY, Label, classify
from taskscope.stats.trends.forecast import leave_largest_out
from taskscope.stats.trends.steadiness import as_sizes_grow, drop_one_cluster, flips

X = np.linspace(18.0, 22.5, 9)


def scores(curve: np.ndarray, items: int = 1500, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random((len(curve), items)) < np.asarray(curve)[:, None]).astype(
        float
    )


def test_straight_performance_is_foretold_by_every_method_that_extrapolates() -> None:
    means = np.linspace(0.2, 0.6, 9)
    found = leave_largest_out(X, means, np.full(9, 1e-4))
    misses = {one.method: one.miss for one in found.methods}
    assert found.observed == pytest.approx(0.6)
    assert found.not_identifiable == ()
    assert misses["last value"] == pytest.approx(-0.05)
    assert misses["line"] == pytest.approx(0, abs=1e-9)
    assert misses["line or turn"] == pytest.approx(0, abs=1e-9)
    assert abs(misses["broken power law"]) < 0.01


def test_after_a_turn_the_line_goes_on_falling_and_the_turn_is_carried_on() -> None:
    means = np.array([0.7, 0.62, 0.54, 0.46, 0.38, 0.44, 0.50, 0.56, 0.62])
    misses = {one.method: one.miss for one in leave_largest_out(X, means, np.full(9, 1e-4)).methods}
    assert misses["line"] < -0.15
    assert misses["line or turn"] == pytest.approx(0, abs=0.01)


def test_few_sizes_leave_the_simple_methods() -> None:
    found = leave_largest_out(X[:4], [0.2, 0.3, 0.4, 0.5], np.full(4, 1e-4))
    assert [one.method for one in found.methods] == ["last value", "line"]
    assert found.not_identifiable == ("line or turn", "broken power law")
    with pytest.raises(ValueError, match="one to foretell"):
        leave_largest_out(X[:3], [0.2, 0.3, 0.4], np.full(3, 1e-4))


def test_the_largest_model_never_enters_its_own_forecast() -> None:
    means = np.array([0.7, 0.65, 0.55, 0.5, 0.42, 0.45, 0.5, 0.54, 0.6])
    before = leave_largest_out(X, means, np.full(9, 1e-4))
    after = leave_largest_out(X, np.append(means[:-1], 0.1), np.full(9, 1e-4))
    assert [one.predicted for one in before.methods] == [one.predicted for one in after.methods]


def test_a_u_is_called_inverse_until_it_turns() -> None:
    curve = np.array([0.7, 0.6, 0.5, 0.4, 0.4, 0.55, 0.7])
    grown = as_sizes_grow(scores(curve), X[:7], np.arange(1500), ACCURACY, np.random.default_rng(1), 200)
    assert [trend.sizes for trend in grown] == [4, 5, 6, 7]
    assert [trend.label for trend in grown] == [Label.INVERSE, Label.INVERSE, Label.U, Label.U]
    assert flips(grown) == ((6, Label.INVERSE, Label.U),)
    assert flips(grown[:2]) == ()


def test_a_label_that_hangs_on_one_template_is_found_out() -> None:
    clusters = np.repeat([f"template {letter}" for letter in "abcdefgh"], 100)
    table = scores(np.full(4, 0.5), items=800, seed=2)
    rng = np.random.default_rng(3)
    table[:, :100] = rng.random((4, 100)) < np.array([1.0, 0.66, 0.33, 0.0])[:, None]
    # One cluster of eight leaves the rule rightly unsure at its own level, so a lax one is tried.
    rule = replace(ACCURACY, noise=0.0, noise_known=True, alpha=0.3)
    trend = classify(table, X[:4] * 2, clusters, rule, rng, 200)
    assert trend.label is Label.INVERSE
    found = drop_one_cluster(trend, table, clusters, rule)
    assert found.needed == ("template a",)
    assert found.share == pytest.approx(7 / 8)


def test_a_broad_trend_needs_no_single_cluster_and_an_unnamed_one_has_nothing_to_lose() -> None:
    table = scores(np.array([0.8, 0.6, 0.5, 0.3]))
    clusters = np.arange(1500) % 30
    trend = classify(table, X[:4] * 2, clusters, ACCURACY, np.random.default_rng(4), 200)
    assert drop_one_cluster(trend, table, clusters, ACCURACY) == (1.0, ())
    few = classify(table[:3], X[:3] * 2, clusters, ACCURACY, np.random.default_rng(4), 200)
    with pytest.raises(ValueError, match="named"):
        drop_one_cluster(few, table[:3], clusters, ACCURACY)
