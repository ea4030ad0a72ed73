"""Trends from scores: planted shapes, clusters, noise, what is refused, and how sure the label is."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from taskscope.stats.intervals import percentile_interval
from taskscope.stats.trends import ACCURACY, LOSS, Label, Trend, classify
from taskscope.stats.trends.resampling import accelerated_interval, influence, resampled_means

SCALE = np.linspace(18, 21.5, 6)


def binary(curve: list[float], items: int, seed: int) -> np.ndarray:
    """Right or wrong answers (model, item) whose latent normals correlate at .7 between models."""
    rng = np.random.default_rng(seed)
    latent = 0.7**0.5 * rng.normal(size=items) + 0.3**0.5 * rng.normal(size=(len(curve), items))
    return (latent < stats.norm.ppf(curve)[:, None]).astype(float)


def judge(
    scores: np.ndarray, clusters: np.ndarray | None = None, draws: int = 1000, **changes: object
) -> Trend:
    codes = np.arange(scores.shape[1]) if clusters is None else clusters
    rule = replace(ACCURACY, **changes)  # type: ignore[arg-type]
    return classify(scores, SCALE[: len(scores)], codes, rule, np.random.default_rng(0), draws)


@pytest.mark.parametrize(
    ("curve", "label", "turns"),
    [
        ([0.7, 0.6, 0.5, 0.4, 0.35, 0.3], Label.INVERSE, ()),
        ([0.3, 0.5, 0.6, 0.7, 0.8, 0.9], Label.POSITIVE, ()),
        ([0.7, 0.5, 0.3, 0.3, 0.5, 0.7], Label.U, (2, 3)),
        ([0.3, 0.5, 0.7, 0.8, 0.6, 0.4], Label.INVERTED_U, (3,)),
        ([0.5, 0.8, 0.8, 0.2, 0.2, 0.5], Label.WAVE, (1, 2, 3, 4)),
    ],
)
def test_planted_shapes_get_their_label(curve: list[float], label: Label, turns: tuple[int, ...]) -> None:
    found = judge(binary(curve, 3000, 1))
    assert found.label is label
    assert set(found.turns) <= set(turns)
    assert bool(found.turns) == bool(turns)
    assert found.probabilities[label] > 0.9
    assert found.headline
    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert (found.low < found.means).all()
    assert (found.means < found.high).all()


def test_flat_is_named_and_is_steady_only_where_little_noise_between_models_is_known() -> None:
    level = binary([0.5] * 6, 3000, 1)
    by_default, known = judge(level), judge(level, noise=0.005, noise_known=True)
    assert (by_default.label, known.label) == (Label.FLAT, Label.FLAT)
    assert by_default.probabilities[Label.FLAT] < known.probabilities[Label.FLAT]
    assert (by_default.headline, known.headline) == (False, True)


def test_turn_is_the_one_place_and_none_of_two() -> None:
    assert judge(binary([0.7, 0.5, 0.3, 0.5, 0.6, 0.7], 2000, 2)).turn == 2
    assert judge(binary([0.5, 0.8, 0.8, 0.2, 0.2, 0.5], 2000, 2)).turn is None


def test_too_few_models_or_too_little_span_is_undetermined_and_says_so() -> None:
    scores = binary([0.8, 0.6, 0.4, 0.2], 1000, 3)
    few = judge(scores[:3])
    assert few.label is Label.UNDETERMINED
    assert "3 models" in few.reason
    assert not few.headline
    narrow = classify(
        scores, [20, 20.2, 20.4, 20.9], np.arange(1000), ACCURACY, np.random.default_rng(0), 100
    )
    assert narrow.label is Label.UNDETERMINED
    assert "0.90 powers of ten" in narrow.reason
    assert narrow.probabilities[Label.UNDETERMINED] == 1.0
    assert (narrow.high > narrow.low).all()


def test_one_cluster_leaves_nothing_to_judge_by() -> None:
    found = judge(binary([0.8, 0.6, 0.4, 0.2], 50, 4), np.zeros(50))
    assert (found.label, found.p, found.n_clusters) == (Label.UNDETERMINED, 1.0, 1)
    assert "one cluster" in found.reason


def test_clusters_take_away_a_trend_that_items_alone_would_claim() -> None:
    """18 templates with slopes of their own, and no trend: naive often sees one, clustered seldom (6.1)."""
    rng = np.random.default_rng(5)
    naive, clustered, runs = 0, 0, 60
    codes = np.arange(720) % 18
    for _ in range(runs):
        slopes = rng.normal(0, 0.12, size=18)[codes]
        chances = np.clip(0.5 + slopes * np.linspace(-1, 1, 4)[:, None], 0, 1)
        scores = (rng.random((4, 720)) < chances).astype(float)
        free = {"least": 0.0, "noise": 0.0, "noise_known": True, "flat": 0.0}
        naive += judge(scores, draws=10, **free).label in (Label.INVERSE, Label.POSITIVE)
        clustered += judge(scores, codes, 10, **free).label in (Label.INVERSE, Label.POSITIVE)
    assert naive > 0.3 * runs
    assert clustered < 0.25 * runs  # two sides of 5 %: more than 14 of 60 has a chance of one in a thousand


def test_qualifiers_of_the_largest_model() -> None:
    assert judge(binary([0.6, 0.5, 0.4, 0.3], 1000, 6), baseline=0.5).qualifiers == ("below chance",)
    assert judge(binary([0.5, 0.7, 0.9, 0.98], 1000, 6), baseline=0.5).qualifiers == ("ceiling",)
    assert judge(binary([0.5, 0.3, 0.1, 0.02], 1000, 6)).qualifiers == ("floor",)
    assert judge(binary([0.6, 0.55, 0.52, 0.5], 1000, 6), baseline=0.5).qualifiers == ()


def test_losses_are_judged_with_their_own_margins_and_without_a_ceiling() -> None:
    rng = np.random.default_rng(7)
    losses = rng.gamma(2, 0.35, size=400) * np.array([1.0, 1.1, 1.25, 1.4])[:, None]
    found = classify(-losses, SCALE[:4], np.arange(400), LOSS, rng, 500)
    assert (found.label, found.qualifiers) == (Label.INVERSE, ())
    assert "minus the loss" in found.reason
    assert found.change.low < found.change.value < found.change.high < 0


def test_noise_between_models_widens_the_change_and_weakens_the_label() -> None:
    scores = binary([0.6, 0.57, 0.54, 0.5], 2000, 8)
    still = judge(scores, noise=0.0, noise_known=True)
    shaken = judge(scores, noise=0.05, noise_known=True)
    assert shaken.change.high - shaken.change.low > 2 * (still.change.high - still.change.low)
    assert shaken.probabilities[still.label] < still.probabilities[still.label]
    assert (still.noise, shaken.noise) == ((0.0, "given"), (0.05, "given"))
    np.testing.assert_allclose(still.low, shaken.low)  # the bars of these very models know no other models


def test_p_of_no_trend_is_rarely_small_without_one_and_tiny_with_one() -> None:
    values = [
        judge(binary([0.5] * 4, 300, seed), draws=10, noise=0.0, noise_known=True).p for seed in range(200)
    ]
    assert np.mean(np.array(values) <= 0.05) <= 0.1
    assert judge(binary([0.7, 0.6, 0.5, 0.4], 300, 9)).p < 1e-4
    assert judge(binary([0.7, 0.4, 0.4, 0.7], 300, 9)).p < 1e-4


def test_bca_interval_agrees_with_scipy_and_leans_with_the_skew() -> None:
    rng = np.random.default_rng(10)
    scores = -rng.exponential(size=(2, 60))
    names = np.arange(60)
    draws = resampled_means(scores, names, 20_000, rng)
    found = accelerated_interval(scores.mean(axis=1), draws, influence(scores, names))
    reference = stats.bootstrap(
        (scores[0],), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    assert (found.low[0], found.high[0]) == pytest.approx((reference.low, reference.high), abs=0.01)
    plain = percentile_interval(draws)
    assert found.low[0] < plain.low[0]


def test_bootstrap_keeps_models_paired_and_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = binary([0.5, 0.5], 40, 11)
    scores[1] = scores[0]
    draws = resampled_means(scores, np.arange(40), 300, np.random.default_rng(0))
    np.testing.assert_array_equal(draws[:, 0], draws[:, 1])
    monkeypatch.setattr("taskscope.stats.trends.resampling.BLOCK", 7 * 40)
    again = resampled_means(scores, np.arange(40), 300, np.random.default_rng(0))
    np.testing.assert_array_equal(draws, again)


def test_same_seed_same_trend() -> None:
    scores = binary([0.6, 0.5, 0.45, 0.5], 300, 12)
    one, other = judge(scores), judge(scores)
    assert one.probabilities == other.probabilities
    np.testing.assert_array_equal(one.low, other.low)


@pytest.mark.parametrize(
    ("scores", "scale", "clusters"),
    [
        (np.zeros((4, 3)), [1, 2, 3, 3], [0, 1, 2]),
        (np.zeros((4, 3)), [1, 2, 3], [0, 1, 2]),
        (np.zeros((4, 3)), [1, 2, 3, 4], [0, 1]),
        (np.full((4, 3), np.nan), [1, 2, 3, 4], [0, 1, 2]),
        (np.zeros((4, 0)), [1, 2, 3, 4], []),
    ],
)
def test_what_does_not_fit_is_refused(scores: np.ndarray, scale: list[float], clusters: list[int]) -> None:
    with pytest.raises(ValueError, match=r"fit|finite|rising"):
        classify(scores, scale, clusters, ACCURACY, np.random.default_rng(0), 10)


def test_constant_scores_are_flat_without_a_warning() -> None:
    found = judge(np.ones((4, 30)))
    assert (found.label, found.p, found.qualifiers) == (Label.FLAT, 1.0, ("ceiling",))


def test_ten_thousand_resamples_take_well_under_a_second() -> None:
    scores = binary([0.5] * 6, 1000, 13)
    start = time.process_time()
    classify(scores, SCALE[: len(scores)], np.arange(1000), ACCURACY, np.random.default_rng(0))
    assert time.process_time() - start < 2.0  # about 0.3 s; generous to a slow machine
