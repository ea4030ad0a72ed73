"""Kernel smoothing: attention as a smoother, effective sizes, bandwidths (protocol 2.8, S7)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskscope.theory import smoothing

D_HEAD = 16


def keys_and_queries(seed, spread=1.0):
    rng = np.random.default_rng(seed)
    keys = rng.normal(size=(9, D_HEAD)) * np.exp(spread * rng.normal(size=(9, 1)))
    labels = np.eye(3)[rng.integers(3, size=9)]
    return rng.normal(size=(4, D_HEAD)), keys, labels


def attention(queries, keys, values):
    """Softmax attention written out."""
    found = []
    for query in queries:
        weights = np.array([np.exp(query @ key / np.sqrt(len(query))) for key in keys])
        found.append((weights / weights.sum()) @ values)
    return np.array(found)


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_attention_is_a_nadaraya_watson_smoother_in_both_forms(seed):
    queries, keys, values = keys_and_queries(seed, spread=0.3)
    expected = attention(queries, keys, values)
    dot = smoothing.smooth(smoothing.attention_logits(queries, keys), values)
    gaussian = smoothing.gaussian_logits(queries, keys, smoothing.attention_bandwidth(D_HEAD))
    prior = smoothing.smooth(gaussian + smoothing.key_prior(keys), values)
    np.testing.assert_allclose(dot, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(prior, expected, rtol=0, atol=1e-12)


def test_keys_of_one_length_make_attention_plain_gaussian_smoothing():
    queries, keys, values = keys_and_queries(0)
    keys *= 5 / np.linalg.norm(keys, axis=1, keepdims=True)
    gaussian = smoothing.gaussian_logits(queries, keys, smoothing.attention_bandwidth(D_HEAD))
    plain = smoothing.smooth(gaussian, values)
    np.testing.assert_allclose(plain, attention(queries, keys, values), rtol=0, atol=1e-12)


def test_keys_of_different_lengths_do_not():
    queries, keys, values = keys_and_queries(0, spread=0.5)
    gaussian = smoothing.gaussian_logits(queries, keys, smoothing.attention_bandwidth(D_HEAD))
    assert np.abs(smoothing.smooth(gaussian, values) - attention(queries, keys, values)).max() > 0.05


def test_squared_distances_are_those_between_the_points():
    queries, keys, _ = keys_and_queries(1)
    expected = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    np.testing.assert_allclose(smoothing.squared_distances(queries, keys), expected, atol=1e-9)


def test_a_narrow_kernel_answers_with_the_nearest_point_and_a_wide_one_with_the_mean():
    queries, keys, values = keys_and_queries(2)
    nearest = values[smoothing.squared_distances(queries, keys).argmin(axis=1)]
    narrow = smoothing.smooth(smoothing.gaussian_logits(queries, keys, 1e-3), values)
    wide = smoothing.smooth(smoothing.gaussian_logits(queries, keys, 1e6), values)
    np.testing.assert_array_equal(narrow, nearest)
    np.testing.assert_allclose(wide, np.tile(values.mean(axis=0), (len(queries), 1)), atol=1e-9)


@pytest.mark.parametrize("size", [smoothing.effective_number, smoothing.perplexity])
def test_effective_sizes_count_the_points_that_share_the_weight(size):
    weights = np.array([[3.0, 3, 3, 3, 0], [1, 0, 0, 0, 0], [0.2, 0.2, 0.2, 0.2, 0.2]])
    np.testing.assert_allclose(size(weights), [4, 1, 5])
    unequal = size(np.array([0.7, 0.2, 0.1]))
    assert 1 < unequal < 3
    assert size(10 * np.array([0.7, 0.2, 0.1])) == pytest.approx(unequal)


def test_left_out_errors_leave_each_asked_point_out():
    rng = np.random.default_rng(3)
    points, values = rng.uniform(size=(30, 2)), rng.normal(size=30)
    grid = np.array([0.05, 0.2])
    found = smoothing.left_out_errors(points, values, grid, 7)
    for h, error in zip(grid, found, strict=True):
        missed = []
        for i in range(7):
            others = np.arange(30) != i
            logits = smoothing.gaussian_logits(points[i : i + 1], points[others], h)
            missed.append(smoothing.smooth(logits, values[others, None])[0, 0] - values[i])
        assert error == pytest.approx(np.mean(np.square(missed)))


def test_oracle_errors_are_those_of_smoothing():
    rng = np.random.default_rng(4)
    points, values = rng.uniform(size=(30, 2)), rng.normal(size=30)
    queries, truth = rng.uniform(size=(5, 2)), rng.normal(size=5)
    estimate = smoothing.smooth(smoothing.gaussian_logits(queries, points, 0.1), values[:, None])[:, 0]
    found = smoothing.oracle_errors(points, values, queries, truth, np.array([0.1]))
    assert found[0] == pytest.approx(((estimate - truth) ** 2).mean())


def test_a_bandwidth_without_width_is_refused():
    with pytest.raises(ValueError, match="above 0"):
        smoothing.gaussian_logits(np.ones((1, 1)), np.ones((1, 1)), 0.0)
