"""The linear reference: its closed form against descent written out, and the simulated anchor values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskscope.stats.classification import macro_f1
from taskscope.theory.linear_map import predict, scores


def descend(x: np.ndarray, y: np.ndarray, counts: np.ndarray, steps: int) -> np.ndarray:
    """Train W itself, one demonstration a row, and score: the definition."""
    rows = np.repeat(np.arange(len(x)), counts)
    inputs, outputs = x[rows], y[rows]
    rate = 1 / np.linalg.eigvalsh(inputs.T @ inputs / len(rows))[-1]
    w = np.zeros((y.shape[1], x.shape[1]))
    for _ in range(steps):
        w -= rate * (inputs @ w.T - outputs).T @ inputs / len(rows)
    return y @ w @ x.T


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 6), st.sampled_from([1, 2, 5, 40]), st.integers(2, 9))
def test_the_closed_form_is_gradient_descent(seed, n_classes, steps, d):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n_classes, d)), rng.normal(size=(n_classes, d + 1))
    counts = rng.integers(0, 5, n_classes)
    counts[rng.integers(n_classes)] += 1
    np.testing.assert_allclose(
        scores(x, y, counts, steps), descend(x, y, counts, steps), rtol=1e-7, atol=1e-7 * np.abs(y).max() ** 2
    )


def test_without_end_descent_reaches_the_least_squares_solution():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(5, 12)), rng.normal(size=(5, 12))
    counts = np.array([3, 1, 0, 2, 7])
    shown = counts > 0
    w = np.linalg.lstsq(x[shown], y[shown], rcond=None)[0].T
    np.testing.assert_allclose(scores(x, y, counts, np.inf), y @ w @ x.T, atol=1e-9)
    np.testing.assert_allclose(scores(x, y, counts, 100_000), y @ w @ x.T, atol=1e-6)


def f1(n_classes: int, shown: int, steps: float, *, every_class: bool = False, runs: int = 200, d: int = 512):
    """Macro-F1 in percent over runs: random embeddings and demonstrations, 256 queries."""
    rng = np.random.default_rng(1)
    truth, predicted = np.empty((2, runs, 256), dtype=int)
    for run in range(runs):
        x, y = rng.normal(size=(2, n_classes, d))
        labels = rng.integers(n_classes, size=shown)
        if every_class:
            labels[:n_classes] = np.arange(n_classes)
        answer = predict(x, y, np.bincount(labels, minlength=n_classes), steps)
        truth[run] = rng.integers(n_classes, size=256)
        predicted[run] = answer[truth[run]]
    return 100 * macro_f1(truth, predicted, n_classes)


@pytest.mark.parametrize(
    ("shown", "mean", "sd"), [(32, 88, 8), (48, 96, 6), (64, 98.7, 3.2), (80, 99.6, 1.9), (96, 99.9, 1.0)]
)
def test_fourteen_classes_drawn_independently_score_as_in_the_protocol(shown, mean, sd):
    found = f1(14, shown, 80)
    assert found.mean() == pytest.approx(mean, abs=3 * sd / len(found) ** 0.5 + 0.5)
    assert found.std() == pytest.approx(sd, rel=0.35)


def test_two_and_four_classes_and_full_coverage_are_perfect():
    assert f1(2, 32, 80, every_class=True).min() == f1(4, 32, 80, every_class=True).min() == 100
    assert f1(14, 32, 80, every_class=True).min() == 100
    assert f1(14, 32, 8, every_class=True).mean() == pytest.approx(100, abs=0.1)


def test_one_step_confuses_classes_when_embeddings_overlap():
    """Few dimensions, or a direction that all share, make one step a poor learner (protocol: 57.9)."""
    narrow = f1(14, 32, 1, every_class=True, d=16)
    assert narrow.mean() == pytest.approx(54, abs=4)
    assert f1(14, 32, 1, every_class=True, d=512).mean() > 99


def test_a_class_that_is_not_shown_is_not_learned():
    rng = np.random.default_rng(0)
    found = [predict(*rng.normal(size=(2, 4, 64)), np.array([3, 3, 3, 0]), 80) for _ in range(200)]
    assert all((answer[:3] == [0, 1, 2]).all() for answer in found)
    # It is answered only where all three others score below zero, by chance one time in eight.
    assert np.mean([answer[3] == 3 for answer in found]) == pytest.approx(1 / 8, abs=0.08)


def test_what_cannot_be_learned_is_refused():
    x = np.eye(2)
    for counts, steps in (([0, 0], 5), ([1, -1], 5), ([1, 1], 0), ([1], 5)):
        with pytest.raises(ValueError, match="linear map"):
            predict(x, x, np.array(counts), steps)
