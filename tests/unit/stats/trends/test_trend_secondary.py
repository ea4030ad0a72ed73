"""Evidence beside the label: references, recovered curves, and the error rates that make it secondary."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from taskscope.stats.trends.curves import PARAMETERS, Shape, fit, identifiable
from taskscope.stats.trends.pooling import family_slope, pool
from taskscope.stats.trends.secondary import (
    choose_curve,
    end_slopes,
    own_variance,
    secondary,
    turn_p,
    two_lines,
)

X8 = np.linspace(18.0, 23.0, 8)


def scores(curve: np.ndarray, items: int = 400, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.random((len(curve), items)) < curve[:, None]).astype(float)


def test_rank_correlations_are_scipys_with_an_interval_around_them() -> None:
    table = scores(np.array([0.3, 0.5, 0.45, 0.7, 0.65, 0.8]))
    found = secondary(table, X8[:6], np.arange(400), 0.02, np.random.default_rng(1), 500)
    means = table.mean(axis=1)
    assert found.kendall.value == pytest.approx(stats.kendalltau(X8[:6], means).statistic)
    assert found.spearman.value == pytest.approx(stats.spearmanr(X8[:6], means).statistic)
    for one in (found.kendall, found.spearman):
        assert 0 < one.low <= one.value <= one.high <= 1
    assert found.page.rising < 1e-6
    assert found.page.falling > 0.99
    assert found.forecasts.observed == means[-1]
    assert [one.method for one in found.forecasts.methods] == ["last value", "line"]


def test_constant_performance_has_no_rank_correlation_and_no_turn() -> None:
    found = secondary(np.ones((5, 30)), X8[:5], np.arange(30), 0.02, np.random.default_rng(2), 200)
    assert np.isnan(found.kendall.value)
    assert np.isnan(found.spearman.low)
    assert found.turn_p > 0.5


def test_series_too_short_for_it_are_refused() -> None:
    with pytest.raises(ValueError, match="4 and 2"):
        secondary(np.ones((3, 30)), X8[:3], np.arange(30), 0.02, np.random.default_rng(3))
    with pytest.raises(ValueError, match="4 and 2"):
        secondary(np.ones((5, 30)), X8[:5], np.zeros(30), 0.02, np.random.default_rng(3))


def test_turn_test_keeps_its_level_where_nothing_turns_and_finds_a_turn() -> None:
    rng = np.random.default_rng(4)
    together = 0.0002 * np.eye(6) + 0.0002
    for truth in (np.full(6, 0.5), np.array([0.3, 0.55, 0.65, 0.68, 0.69, 0.7])):
        values = [turn_p(rng.multivariate_normal(truth, together), together, rng, 60) for _ in range(60)]
        assert np.mean(np.array(values) <= 0.05) <= 0.15  # 60 at 5 %: above once in 500
    assert turn_p(np.array([0.6, 0.5, 0.42, 0.43, 0.5, 0.6]), together, rng, 500) < 0.01


def test_two_lines_part_at_the_turn_and_agree_with_least_squares_there() -> None:
    means = np.array([0.7, 0.6, 0.5, 0.4, 0.5, 0.6, 0.7, 0.8])
    found = two_lines(X8, means, 0.0001 * np.eye(8))
    step = X8[1] - X8[0]
    assert found.at == 3
    assert (found.left, found.right) == (pytest.approx(-0.1 / step), pytest.approx(0.1 / step))
    assert found.p < 1e-6
    assert two_lines(X8, np.linspace(0.2, 0.9, 8), 0.0001 * np.eye(8)).p == 1.0


def test_end_slopes_of_a_parabola_are_exact_and_are_fooled_by_a_curve_that_levels_off() -> None:
    x = X8 - X8[0]
    parabola = end_slopes(X8, 0.5 - 0.2 * x + 0.05 * x**2, 0.0001 * np.eye(8))
    assert (parabola.first, parabola.last) == (pytest.approx(-0.2), pytest.approx(-0.2 + 0.1 * 5))
    levelling = 0.3 + 0.4 * (1 - np.exp(-5 * x / 5))
    assert end_slopes(X8, levelling, 0.0001 * np.eye(8)).p < 0.01  # no reversal, and still "significant"
    assert turn_p(levelling, 0.0001 * np.eye(8), np.random.default_rng(5), 500) > 0.5


def test_own_variance_leaves_out_what_all_models_share() -> None:
    np.testing.assert_allclose(own_variance(np.diag([0.01] * 5) + 3.0), 0.01)


@pytest.mark.parametrize(
    ("sizes", "known"),
    [
        (4, {Shape.CONSTANT, Shape.LINEAR}),
        (5, {Shape.CONSTANT, Shape.LINEAR, Shape.QUADRATIC}),
        (6, {Shape.CONSTANT, Shape.LINEAR, Shape.QUADRATIC, Shape.HINGE}),
        (7, {Shape.CONSTANT, Shape.LINEAR, Shape.QUADRATIC, Shape.HINGE}),
        (8, set(Shape)),
    ],
)
def test_curves_with_too_many_parameters_are_not_identifiable(sizes: int, known: set[Shape]) -> None:
    assert {shape for shape in Shape if identifiable(shape, sizes)} == known
    found = choose_curve(X8[:sizes], np.linspace(0.2, 0.7, sizes), np.full(sizes, 0.001))
    assert {one.shape for one in found if one.aicc is not None} == known
    assert sum(one.weight for one in found) == pytest.approx(1)
    assert max(found, key=lambda one: one.weight).shape is Shape.LINEAR


def test_akaikes_criterion_by_hand() -> None:
    means = np.array([0.5, 0.5, 0.5, 0.5, 0.7])
    constant = fit(Shape.CONSTANT, X8[:5], means, np.full(5, 0.01))
    assert constant.squares == pytest.approx((4 * 0.04**2 + 0.16**2) / 0.01)
    assert constant.aicc == pytest.approx(constant.squares + 2 + 2 * 1 * 2 / (5 - 1 - 1))
    assert fit(Shape.QUADRATIC, X8[:4], means[:4], np.full(4, 0.01)).aicc == np.inf


def test_line_is_weighted_least_squares() -> None:
    rng = np.random.default_rng(6)
    means, variances = rng.random(8), rng.random(8) + 0.1
    slope, level = np.polyfit(X8, means, 1, w=variances**-0.5)
    found = fit(Shape.LINEAR, X8, means, variances)
    np.testing.assert_allclose(found.predict(np.array([17.0, 25.0])), level + slope * np.array([17.0, 25.0]))


def test_hinge_finds_its_break() -> None:
    x = np.linspace(0, 10, 9)
    truth = lambda at: 0.6 - 0.05 * np.minimum(at - 6.5, 0) + 0.03 * np.maximum(at - 6.5, 0)  # noqa: E731
    found = fit(Shape.HINGE, x, truth(x), np.full(9, 1e-4))
    np.testing.assert_allclose(found.predict(np.array([6.5, 12.0])), truth(np.array([6.5, 12.0])), atol=2e-3)


def test_broken_law_is_recovered_where_it_is_measured_and_beats_a_line_beyond() -> None:
    scale = np.linspace(18, 23, 12)

    def truth(at: np.ndarray) -> np.ndarray:
        c = 10 ** (at - 18)
        return -(1.2 + 1.5 * c**-0.02 * (1 + (c / 10**2.5) ** (1 / 0.3)) ** (-0.25 * 0.3))

    found = fit(Shape.BROKEN, scale, truth(scale), np.full(12, 1e-6))
    np.testing.assert_allclose(found.predict(scale), truth(scale), atol=2e-3)
    beyond = np.array([23.5])
    line = fit(Shape.LINEAR, scale, truth(scale), np.full(12, 1e-6))
    assert abs(found.predict(beyond) - truth(beyond)) < abs(line.predict(beyond) - truth(beyond)) / 5


def test_fewer_sizes_than_parameters_are_refused() -> None:
    for shape in Shape:
        with pytest.raises(ValueError, match="parameters"):
            fit(shape, X8[: PARAMETERS[shape] - 1], np.ones(PARAMETERS[shape] - 1), np.ones(8))


def test_family_slope_is_the_line_and_its_error_holds_items_and_noise() -> None:
    table = scores(np.linspace(0.2, 0.8, 8), items=3000)
    still, shaken = (family_slope(table, X8, np.arange(3000), noise) for noise in (0.0, 0.05))
    assert still.value == pytest.approx(np.polyfit(X8, table.mean(axis=1), 1)[0])
    slopes = ((X8 - X8.mean()) @ table) / ((X8 - X8.mean()) ** 2).sum()  # of each item
    assert still.error == pytest.approx(slopes.std(ddof=1) / 3000**0.5)
    extra = 0.05**2 / ((X8 - X8.mean()) ** 2).sum()
    assert shaken.error == pytest.approx((still.error**2 + extra) ** 0.5)


def test_pooling_published_example() -> None:
    """BCG vaccine, log risk ratios of 13 trials (Colditz 1994): DerSimonian-Laird .3088 and -.7141."""
    tp = np.array([4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27])
    tn = np.array([119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886])
    cp = np.array([11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29])
    cn = np.array([128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825])
    ratio = np.log(tp / (tp + tn)) - np.log(cp / (cp + cn))
    error = np.sqrt(1 / tp - 1 / (tp + tn) + 1 / cp - 1 / (cp + cn))
    found = pool(ratio, error)
    assert found.value == pytest.approx(-0.7141, abs=1e-3)
    assert found.between**2 == pytest.approx(0.3088, abs=1e-3)


def test_pooling_covers_few_families_and_refuses_one() -> None:
    rng = np.random.default_rng(7)
    hits = 0
    for _ in range(400):
        slopes = 0.1 + rng.normal(0, 0.05, 5) + rng.normal(0, 0.03, 5)
        found = pool(slopes, np.full(5, 0.03))
        hits += found.low <= 0.1 <= found.high
    assert hits / 400 >= 0.92
    with pytest.raises(ValueError, match="2 families"):
        pool([0.1], [0.01])
