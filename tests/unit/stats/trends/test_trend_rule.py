"""The rule on curves whose label is plain, its symmetries, and its parts against references."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.optimize import isotonic_regression

from taskscope.stats.trends.monotone import best_fit, piecewise, rising
from taskscope.stats.trends.noise import choose, of_residuals
from taskscope.stats.trends.resampling import covariance, difference_variance, influence
from taskscope.stats.trends.rule import ACCURACY, LABELS, Label, Rule, Uncertainty, decide

SURE = Rule("accuracy", least=0.05, flat=0.10, noise=0.0)
MIRROR = {
    Label.POSITIVE: Label.INVERSE,
    Label.INVERSE: Label.POSITIVE,
    Label.U: Label.INVERTED_U,
    Label.INVERTED_U: Label.U,
}


def certain(models: int, variance: float = 1e-6) -> Uncertainty:
    return Uncertainty(np.full((models, models), variance) * (1 - np.eye(models)), 1000, 0.0)


@pytest.mark.parametrize(
    ("curve", "label", "trough", "peak"),
    [
        ([0.7, 0.6, 0.5, 0.4], Label.INVERSE, -1, -1),
        ([0.4, 0.5, 0.6, 0.7], Label.POSITIVE, -1, -1),
        ([0.6, 0.4, 0.35, 0.5], Label.U, 2, -1),
        ([0.4, 0.6, 0.55, 0.3], Label.INVERTED_U, -1, 1),
        ([0.5, 0.7, 0.3, 0.5], Label.WAVE, 2, 1),
        ([0.5, 0.52, 0.48, 0.5], Label.FLAT, -1, -1),
        ([0.5, 0.55, 0.61, 0.549], Label.INVERTED_U, -1, 2),  # each side just above the margin
        ([0.5, 0.58, 0.61, 0.57], Label.POSITIVE, -1, -1),  # the way down is too small for a turn
        ([0.50, 0.61, 0.54, 0.54], Label.INVERTED_U, -1, 1),
        ([0.50, 0.62, 0.59, 0.54], Label.INVERTED_U, -1, 1),
        ([0.50, 0.53, 0.62, 0.58], Label.POSITIVE, -1, -1),
        ([0.50, 0.61, 0.60, 0.5601], Label.POSITIVE, -1, -1),
        ([0.60, 0.5, 0.49, 0.5601], Label.U, 2, -1),
        ([0.50, 0.62, 0.50, 0.54], Label.INVERTED_U, -1, 1),
        ([0.50, 0.612, 0.58, 0.546], Label.INVERTED_U, -1, 1),
        ([0.50, 0.545, 0.605, 0.56], Label.POSITIVE, -1, -1),
        ([0.50, 0.39, 0.43, 0.54], Label.U, 1, -1),
    ],
)
def test_plain_curves(curve: list[float], label: Label, trough: int, peak: int) -> None:
    found = decide(np.array([curve]), certain(len(curve)), SURE)
    assert (LABELS[found.code[0]], found.trough[0], found.peak[0]) == (label, trough, peak)


def test_a_rule_for_two_sizes_is_refused() -> None:
    with pytest.raises(ValueError, match="3 sizes"):
        Rule("accuracy", least=0.05, flat=0.10, noise=0.0, sizes=2)


def test_a_small_sure_trend_is_neither_a_direction_nor_flat_where_the_margin_allows_neither() -> None:
    rule = Rule("accuracy", least=0.05, flat=0.03, noise=0.0)
    assert LABELS[decide(np.array([[0.5, 0.51, 0.52, 0.54]]), certain(4), rule).code[0]] is Label.UNDETERMINED


def test_a_difference_of_the_margin_in_decimals_counts() -> None:
    assert 0.60 - 0.55 < 0.05  # in binary
    assert LABELS[decide(np.array([[0.60, 0.58, 0.56, 0.55]]), certain(4), SURE).code[0]] is Label.INVERSE


CURVES = arrays(float, st.tuples(st.just(5), st.integers(4, 8)), elements=st.floats(0, 1))


@given(CURVES, st.floats(1e-5, 0.01), st.floats(0, 0.05))
def test_upside_down_the_label_is_mirrored(curves: np.ndarray, variance: float, noise: float) -> None:
    models = curves.shape[1]
    uncertainty = Uncertainty(certain(models, variance).item_variance, 30, noise)
    upright, turned = decide(curves, uncertainty, SURE), decide(-curves, uncertainty, SURE)
    for one, other in zip(upright.code, turned.code, strict=True):
        assert LABELS[other] is MIRROR.get(LABELS[one], LABELS[one])
    np.testing.assert_array_equal(upright.trough, turned.peak)


@given(CURVES)
def test_back_to_front_only_directions_change(curves: np.ndarray) -> None:
    there, back = (decide(c, certain(curves.shape[1], 1e-3), SURE).code for c in (curves, curves[:, ::-1]))
    for one, other in zip(there, back, strict=True):
        straight = LABELS[one] in (Label.POSITIVE, Label.INVERSE)
        assert LABELS[other] is (MIRROR[LABELS[one]] if straight else LABELS[one])


@given(CURVES)
def test_curves_are_judged_one_by_one(curves: np.ndarray) -> None:
    models = curves.shape[1]
    varied = np.stack([certain(models, v).item_variance for v in (1e-6, 1e-4, 1e-3, 3e-3, 1e-2)])
    together = decide(curves, Uncertainty(varied, 50, 0.02), ACCURACY).code
    alone = [
        decide(curve[None], Uncertainty(table, 50, 0.02), ACCURACY).code[0]
        for curve, table in zip(curves, varied, strict=True)
    ]
    assert together.tolist() == alone


def test_a_turn_never_counts_within_a_curve_that_only_falls() -> None:
    falling = -np.sort(np.random.default_rng(0).random((200, 7)), axis=1)
    labels = {LABELS[code] for code in decide(falling, certain(7), SURE).code}
    assert labels <= {Label.INVERSE, Label.FLAT}


def test_reach_is_student_for_items_alone_and_normal_for_noise_alone() -> None:
    table = np.array([[0.0, 0.04], [0.04, 0.0]])
    items = Uncertainty(table, 12, 0.0)
    assert items.reach(0.05)[0, 1] == pytest.approx(0.2 * stats.t.ppf(0.95, 11))
    noise = Uncertainty(np.zeros((2, 2)), 12, 0.02)
    assert noise.reach(0.05)[0, 1] == pytest.approx(0.02 * 2**0.5 * stats.norm.ppf(0.95), rel=1e-6)
    assert items.p(items.reach(0.05))[0, 1] == pytest.approx(0.05)


def test_cluster_robust_variance_agrees_with_a_paired_t_and_sees_through_repeats() -> None:
    rng = np.random.default_rng(1)
    scores = rng.random((3, 40))
    between = difference_variance(covariance(influence(scores, np.arange(40))))
    difference = scores[0] - scores[1]
    assert between[0, 1] == pytest.approx(difference.var(ddof=1) / 40)
    assert np.diagonal(between) == pytest.approx(0)
    repeated = influence(np.repeat(scores, 9, axis=1), np.repeat(np.arange(40), 9))
    np.testing.assert_allclose(difference_variance(covariance(repeated)), between)


@given(arrays(float, (3, 7), elements=st.floats(-5, 5)), arrays(float, 7, elements=st.floats(0.1, 3)))
def test_rising_fit_is_isotonic_regression(means: np.ndarray, weights: np.ndarray) -> None:
    expected = [isotonic_regression(row, weights=weights).x for row in means]
    np.testing.assert_allclose(rising(means, weights), expected, atol=1e-9)


@settings(max_examples=30)
@given(arrays(float, (4, 6), elements=st.floats(-5, 5)))
def test_more_turns_never_fit_worse_and_enough_of_them_fit_all(means: np.ndarray) -> None:
    squares = [best_fit(means, np.ones(6), turns)[1] for turns in range(5)]
    for few, more in pairwise(squares):
        assert (more <= few + 1e-9).all()
    assert squares[4] == pytest.approx(0, abs=1e-9)


def test_a_single_turn_is_found_where_it_is() -> None:
    peak = np.array([[0.0, 1, 2, 1.5, 0.2]])
    fitted, squares = piecewise(peak, np.ones(5), 1, True)
    assert squares[0] == pytest.approx(0)
    np.testing.assert_allclose(fitted, peak)
    assert piecewise(peak, np.ones(5), 1, False)[1][0] > 0.4


def test_zigzag_raises_the_noise_and_a_smooth_wave_does_not() -> None:
    zigzag = 0.5 + 0.06 * np.array([1, -1, 1, -1, 1, -1, 1, -1, 1, -1.0])
    wave = np.array([0.5, 0.6, 0.7, 0.6, 0.4, 0.35, 0.3, 0.4, 0.5, 0.55])
    still = np.zeros((10, 10))
    assert choose(zigzag, still, ACCURACY).whence == "residuals"
    assert choose(zigzag, still, ACCURACY).value > 0.05
    assert choose(wave, still, ACCURACY) == (0.02, "default")
    assert of_residuals(np.array([0.5, 0.6, 0.4, 0.7]), np.zeros((4, 4))) is None


def test_noise_of_residuals_takes_out_what_items_explain_and_a_known_value_stands() -> None:
    rng = np.random.default_rng(2)
    means = 0.5 + rng.normal(0, 0.05, size=12)
    assert (seen := of_residuals(means, np.zeros((12, 12)))) is not None
    assert of_residuals(means, np.full((12, 12), 2 * seen**2) * (1 - np.eye(12))) == pytest.approx(
        0, abs=1e-7
    )
    known = Rule("accuracy", 0.05, 0.10, noise=0.01, noise_known=True)
    assert choose(means, np.zeros((12, 12)), known) == (0.01, "given")
