"""In-context linear regression: closed forms against the learners they are about (protocol S6, 2.10)."""

import numpy as np
import pytest
from scipy.special import softmax

from taskscope.theory import linear_regression as lr

PROMPTS = 1500


def gaussian(d, k, noise=0.0, seed=0, prompts=PROMPTS):
    rng = np.random.default_rng(seed)
    tasks = rng.standard_normal((prompts, d))
    inputs = rng.standard_normal((prompts, k, d))
    targets = np.einsum("pkd,pd->pk", inputs, tasks) + noise * rng.standard_normal((prompts, k))
    return tasks, inputs, targets


def error(weights, tasks):
    return ((weights - tasks) ** 2).sum(axis=1).mean() / tasks.shape[1]


def test_closed_forms_are_the_reference_rows_of_the_protocol():
    ks = (5, 10, 19, 20, 30, 40)
    expected = {
        lr.least_squares_error: (0.75, 0.50, 0.05, 0, 0, 0),
        lr.averaging_error: (4.2, 2.1, 1.11, 1.05, 0.70, 0.53),
        lr.one_step_error: (0.81, 0.68, 0.53, 0.51, 0.41, 0.34),
    }
    for form, row in expected.items():
        assert [form(20, k) for k in ks] == pytest.approx(row, abs=0.0051)


@pytest.mark.parametrize(("d", "k", "noise"), [(20, 5, 0.0), (20, 10, 0.0), (8, 16, 0.5), (5, 3, 1.0)])
def test_closed_forms_are_the_errors_of_the_learners(d, k, noise):
    tasks, inputs, targets = gaussian(d, k, noise)
    assert error(lr.averaging(inputs, targets), tasks) == pytest.approx(
        lr.averaging_error(d, k, noise), rel=0.1
    )
    step = lr.one_step(d, k, noise)
    assert error(lr.gradient_descent(inputs, targets, step), tasks) == pytest.approx(
        lr.one_step_error(d, k, noise), rel=0.1
    )
    if not noise:
        assert error(lr.least_squares(inputs, targets), tasks) == pytest.approx(
            lr.least_squares_error(d, k), rel=0.1
        )


@pytest.mark.parametrize("factor", [0.7, 1.4])
def test_no_other_step_is_better(factor):
    tasks, inputs, targets = gaussian(8, 16, 0.5)
    best = lr.one_step(8, 16, 0.5)
    errors = [error(lr.gradient_descent(inputs, targets, s), tasks) for s in (best, factor * best)]
    assert errors[0] < errors[1]


def test_least_squares_finds_the_task_where_nothing_is_hidden():
    tasks, inputs, targets = gaussian(8, 12, prompts=20)
    np.testing.assert_allclose(lr.least_squares(inputs, targets), tasks, atol=1e-9)


def test_limits_of_ridge_and_of_descent_are_least_squares():
    _, inputs, targets = gaussian(6, 4, 0.3, prompts=20)
    exact = lr.least_squares(inputs, targets)
    np.testing.assert_allclose(lr.ridge(inputs, targets, 1e-6), exact, atol=1e-4)
    np.testing.assert_allclose(lr.gradient_descent(inputs, targets, 0.3, 4000), exact, atol=1e-4)
    assert np.array_equal(lr.gradient_descent(inputs, targets, 0.3), 0.3 * lr.averaging(inputs, targets))


def test_ridge_with_the_true_noise_beats_every_other_penalty():
    tasks, inputs, targets = gaussian(8, 16, 0.5)
    errors = [error(lr.ridge(inputs, targets, penalty), tasks) for penalty in (0.25, 0.02, 2.5)]
    assert errors[0] == min(errors)


def test_posterior_over_a_pool_is_bayes_rule_written_out():
    rng = np.random.default_rng(3)
    pool = rng.standard_normal((7, 4))
    _, inputs, targets = gaussian(4, 3, 0.5, prompts=5)
    residual = targets[:, None, :] - np.einsum("pkd,jd->pjk", inputs, pool)
    posterior = softmax(-(residual**2).sum(axis=-1) / (2 * 0.5**2), axis=1)
    np.testing.assert_allclose(lr.finite_pool(inputs, targets, pool, 0.5), posterior @ pool, atol=1e-12)


def test_posterior_over_a_large_pool_of_gaussian_tasks_is_ridge():
    pool = np.random.default_rng(4).standard_normal((20_000, 2))
    _, inputs, targets = gaussian(2, 3, 0.5, prompts=40)
    gap = lr.finite_pool(inputs, targets, pool, 0.5) - lr.ridge(inputs, targets, 0.25)
    assert np.median(np.abs(gap)) < 0.03


def test_uniform_setting_has_the_published_step_and_loss():
    assert lr.uniform_step(10, 10) == pytest.approx(6.06, abs=0.005)
    assert lr.uniform_loss(10, 10) == pytest.approx(0.2062, abs=5e-5)
    assert lr.uniform_zero_loss(10) == pytest.approx(0.4167, abs=5e-5)


def test_uniform_loss_is_that_of_the_learner():
    rng = np.random.default_rng(5)
    tasks, inputs = rng.standard_normal((4000, 10)), rng.uniform(-0.5, 0.5, (4000, 10, 10))
    queries = rng.uniform(-0.5, 0.5, (4000, 10))
    weights = lr.gradient_descent(inputs, np.einsum("pkd,pd->pk", inputs, tasks), lr.uniform_step(10, 10))
    loss = 0.5 * (((weights - tasks) * queries).sum(axis=1) ** 2).mean()
    assert loss == pytest.approx(lr.uniform_loss(10, 10), rel=0.1)


def test_tuned_descent_has_the_reference_losses():
    inputs = np.random.default_rng(6).uniform(-0.5, 0.5, (4000, 10, 10))
    losses = {steps: lr.tuned_descent(inputs, steps) for steps in (1, 2, 5)}
    assert losses[1] == pytest.approx((6.06, 0.2062), rel=0.01)
    assert losses[2][1] == pytest.approx(0.154, rel=0.025)
    assert losses[5][1] == pytest.approx(0.109, rel=0.025)


def test_tuned_descent_counts_directions_that_no_input_shows():
    inputs = np.random.default_rng(7).uniform(-0.5, 0.5, (2000, 4, 10))
    step, loss = lr.tuned_descent(inputs, 1)
    assert (step, loss) == pytest.approx((lr.uniform_step(10, 4), lr.uniform_loss(10, 4)), rel=0.02)


def test_impossible_penalty_and_noise_are_refused():
    _, inputs, targets = gaussian(2, 3, prompts=1)
    with pytest.raises(ValueError, match="penalty above 0"):
        lr.ridge(inputs, targets, 0.0)
    with pytest.raises(ValueError, match="noise above 0"):
        lr.finite_pool(inputs, targets, np.ones((1, 2)), 0.0)
