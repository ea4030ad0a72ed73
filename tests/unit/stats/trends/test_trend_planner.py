"""Plans against what the simulation of whole items finds, and against a sample size worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from taskscope.stats.trends import ACCURACY, Label
from taskscope.stats.trends.planner import (
    binary_covariance,
    cluster_covariance,
    power,
    required_clusters,
    smallest_dip,
)

X = np.linspace(0, 1, 8)
BOWL = X * (1 - X) / (X * (1 - X)).max()


@pytest.mark.parametrize(
    ("curve", "items", "label", "low", "high"),
    [
        # Ranges over 4, 6 and 8 models of the protocol's table; three points for sampling.
        (0.5 - 0.20 * BOWL, 300, Label.U, 0.99, 1.0),
        (0.5 - 0.15 * BOWL, 300, Label.U, 0.95, 1.0),
        (0.5 - 0.10 * BOWL, 300, Label.U, 0.48, 0.71),
        (0.5 - 0.10 * BOWL, 1000, Label.U, 0.81, 0.99),
        (0.6 - 0.20 * X, 300, Label.INVERSE, 0.99, 1.0),
        (0.25 + 0.50 * X, 300, Label.POSITIVE, 0.99, 1.0),
    ],
)
def test_power_is_that_of_the_protocols_table(
    curve: np.ndarray, items: int, label: Label, low: float, high: float
) -> None:
    found = power(curve, binary_covariance(curve), items, ACCURACY, np.random.default_rng(0))
    assert low - 0.03 <= found[label] <= high + 0.03


def test_false_claims_on_a_flat_truth_and_on_one_that_levels_off_are_few() -> None:
    rng = np.random.default_rng(1)
    flat = np.full(8, 0.5)
    found = power(flat, binary_covariance(flat), 1000, ACCURACY, rng)
    assert found[Label.INVERSE] + found[Label.POSITIVE] <= 0.12 + 0.03
    levelling = 0.3 + 0.4 * (1 - np.exp(-5 * X)) / (1 - np.exp(-5))
    found = power(levelling, binary_covariance(levelling), 1000, ACCURACY, rng)
    assert found[Label.U] + found[Label.INVERTED_U] + found[Label.WAVE] <= 0.02 + 0.01


def test_covariance_of_answers_agrees_with_draws_and_with_the_known_case() -> None:
    curve = np.array([0.2, 0.5, 0.9])
    rng = np.random.default_rng(2)
    latent = 0.5**0.5 * (rng.standard_normal(300_000) + rng.standard_normal((3, 300_000)))
    answers = (latent < stats.norm.ppf(curve)[:, None]).astype(float)
    np.testing.assert_allclose(binary_covariance(curve), np.cov(answers), atol=0.002)
    halves = binary_covariance([0.5, 0.5])  # 1/4 times 2/pi times the arcsine of the correlation
    assert halves[0, 1] == pytest.approx(np.arcsin(0.5) / (2 * np.pi), abs=1e-6)
    with pytest.raises(ValueError, match="within 0 and 1"):
        binary_covariance([0.5, 1.0])


def test_a_pilots_covariance_is_per_cluster_so_repeated_items_add_nothing() -> None:
    scores = np.random.default_rng(3).random((4, 50))
    alone = cluster_covariance(scores, np.arange(50))
    np.testing.assert_allclose(alone, np.cov(scores))
    repeated = cluster_covariance(np.repeat(scores, 6, axis=1), np.repeat(np.arange(50), 6))
    np.testing.assert_allclose(repeated, alone)


def test_required_items_of_a_straight_fall_match_the_textbook() -> None:
    """Ends .08 apart, nothing else: n = var (z.95 + z.80)^2 / .08^2, where the margin plays no part."""
    curve = np.array([0.54, 0.513, 0.487, 0.46])
    table = np.eye(4) * 0.25
    rule = replace(ACCURACY, noise=0.0, least=0.0)
    found = required_clusters(curve, table, Label.INVERSE, rule, np.random.default_rng(4))
    expected = 0.5 * (stats.norm.ppf(0.95) + stats.norm.ppf(0.8)) ** 2 / 0.08**2
    assert found == pytest.approx(expected, rel=0.08)


def test_no_number_of_items_finds_what_noise_or_the_margin_hides() -> None:
    rng = np.random.default_rng(5)
    slight = np.array([0.52, 0.51, 0.50, 0.48])  # falls by less than the margin
    assert required_clusters(slight, np.eye(4) * 0.25, Label.INVERSE, ACCURACY, rng) is None
    dip = 0.5 - 0.1 * np.array([0, 1, 1, 0])
    noisy = replace(ACCURACY, noise=0.08)
    assert required_clusters(dip, np.eye(4) * 0.25, Label.U, noisy, rng) is None


def test_smallest_dip_shrinks_with_items_and_is_found_at_its_power() -> None:
    table = binary_covariance(np.full(5, 0.5))
    dips = [smallest_dip(table, n, ACCURACY, np.random.default_rng(6)) for n in (300, 1000, 20_000)]
    few, more, many = dips
    assert few is not None and more is not None and many is not None
    assert few > 0.08  # protocol section 9: 300 items cannot detect a dip of .08
    assert few > more > many > ACCURACY.least
    curve = np.array([0, 0, -more, 0, 0])
    found = power(curve, table, 1000, ACCURACY, np.random.default_rng(7))
    assert found[Label.U] == pytest.approx(0.8, abs=0.03)
    assert smallest_dip(table, 300, replace(ACCURACY, noise=2.0), np.random.default_rng(8)) is None
