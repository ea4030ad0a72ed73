"""In-context linear regression: the learners a transformer is compared with (kernel_regression 2.10, S6).

A prompt is k pairs (x_i, y_i) with y_i = w . x_i + noise, a task w of its own, and a query; a learner turns
the pairs into weights and answers the query linearly. Everything is vectorised over prompts.

Two settings have closed forms. **Gaussian**: x ~ N(0, I_d), w ~ N(0, I_d), error = E|w' - w|^2 / d, so 1 is
the error of answering 0. **Uniform** (von Oswald et al.): x ~ U(-1/2, 1/2)^d, w ~ N(0, I_d), noise-free,
loss = half the mean squared error of the answer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import softmax

UNIFORM_VARIANCE = 1 / 12
"""Second moment of U(-1/2, 1/2)."""
UNIFORM_FOURTH = 1 / 80
"""Fourth moment of U(-1/2, 1/2)."""
LARGEST_TABLE = 4_000_000
"""Prompts times tasks of a pool that are compared at a time: 32 MB of residuals."""

Array = np.ndarray


def least_squares(inputs: Array, targets: Array) -> Array:
    """Weights of least squares, those of the smallest norm where several fit.

    Args:
        inputs: (..., k, d).
        targets: (..., k).

    Returns:
        float64 (..., d).
    """
    return (np.linalg.pinv(inputs) @ targets[..., None])[..., 0]


def averaging(inputs: Array, targets: Array) -> Array:
    """Weights as the mean of y_i x_i: right on average where inputs are white. Shapes as `least_squares`."""
    return (np.swapaxes(inputs, -1, -2) @ targets[..., None])[..., 0] / inputs.shape[-2]


def gradient_descent(inputs: Array, targets: Array, step: float, steps: int = 1) -> Array:
    """Weights after `steps` steps of gradient descent on half the mean squared error, from 0.

    One step of length `step` is `step` times `averaging`. Shapes as `least_squares`.
    """
    toward = averaging(inputs, targets)
    weights = np.zeros_like(toward)
    for _ in range(steps):
        answers = (inputs @ weights[..., None])[..., 0]
        weights = weights + step * (toward - averaging(inputs, answers))
    return weights


def ridge(inputs: Array, targets: Array, penalty: float) -> Array:
    """Weights of ridge regression; with penalty = noise variance / variance of w, the Bayesian answer.

    Shapes as `least_squares`.

    Raises:
        ValueError: If the penalty is not positive: without one, `least_squares` says what to do with ties.
    """
    if not penalty > 0:
        raise ValueError(f"ridge regression needs a penalty above 0, not {penalty}")
    turned = np.swapaxes(inputs, -1, -2)
    moment = turned @ inputs + penalty * np.eye(inputs.shape[-1])
    return np.linalg.solve(moment, turned @ targets[..., None])[..., 0]


def finite_pool(inputs: Array, targets: Array, pool: Array, noise: float) -> Array:
    """Posterior mean of the weights where the task is one of a known pool, all alike likely (dMMSE).

    The squared residuals of all tasks of the pool are one matrix product: |y - X w|^2 is linear in w and in
    the products w_a w_b, so nothing of size prompts x k x pool is formed; prompts go through in batches.

    Args:
        inputs: (prompt, k, d).
        targets: (prompt, k).
        pool: (task, d).
        noise: S.d. of the noise of a target, above 0.

    Returns:
        float64 (prompt, d).

    Raises:
        ValueError: If the noise is not positive.
    """
    if not noise > 0:
        raise ValueError(f"the posterior over a pool of tasks needs a noise above 0, not {noise}")
    turned = np.swapaxes(inputs, -1, -2)
    moment = (turned @ inputs).reshape(len(inputs), -1)
    cross = (turned @ targets[..., None])[..., 0]
    squares = (pool[:, :, None] * pool[:, None, :]).reshape(len(pool), -1)
    weights = np.empty((len(inputs), pool.shape[1]))
    batch = max(1, LARGEST_TABLE // len(pool))
    for i in range(0, len(inputs), batch):
        residual = moment[i : i + batch] @ squares.T - 2 * cross[i : i + batch] @ pool.T
        weights[i : i + batch] = softmax(-residual / (2 * noise**2), axis=1) @ pool
    return weights


def least_squares_error(d: int, k: int) -> float:
    """Error of noise-free `least_squares`, Gaussian setting: the share of directions not seen."""
    return max(0.0, 1 - k / d)


def averaging_error(d: int, k: int, noise: float = 0.0) -> float:
    """Error of `averaging`, Gaussian setting with noise of the given s.d."""
    return (d + 1 + noise**2) / k


def one_step(d: int, k: int, noise: float = 0.0) -> float:
    """Best length of a single step of `gradient_descent`, Gaussian setting."""
    return k / (k + d + 1 + noise**2)


def one_step_error(d: int, k: int, noise: float = 0.0) -> float:
    """Error of the best single step: the optimum of one layer of linear attention, Gaussian setting."""
    return 1 - one_step(d, k, noise)


def uniform_step(d: int, k: int) -> float:
    """Best length of a single step of `gradient_descent`, uniform setting."""
    return d * UNIFORM_VARIANCE / _uniform_square(d, k)


def uniform_loss(d: int, k: int) -> float:
    """Loss of the best single step, uniform setting: the optimum of one layer of linear attention."""
    mean = d * UNIFORM_VARIANCE
    return 0.5 * UNIFORM_VARIANCE * (d - mean**2 / _uniform_square(d, k))


def uniform_zero_loss(d: int) -> float:
    """Loss of answering 0, uniform setting."""
    return 0.5 * UNIFORM_VARIANCE * d


def _uniform_square(d: int, k: int) -> float:
    """E tr S^2 for the second moment S of k inputs."""
    within = d * UNIFORM_FOURTH + d * (d - 1) * UNIFORM_VARIANCE**2
    return within / k + (1 - 1 / k) * d * UNIFORM_VARIANCE**2


def tuned_descent(inputs: Array, steps: int) -> tuple[float, float]:
    """Tune the constant step of `steps` steps of gradient descent in the noise-free uniform setting.

    After K steps of length eta the weights miss w by (I - eta S)^K w, so the loss averaged over w and the
    query needs the eigenvalues of S only. The second moment S is averaged over the prompts given.

    Args:
        inputs: (prompt, k, d).
        steps: K, at least 1.

    Returns:
        The best step and its loss.
    """
    values = np.linalg.svd(inputs, compute_uv=False) ** 2 / inputs.shape[1]
    blind = inputs.shape[2] - values.shape[1]

    def loss(step: float) -> float:
        left = ((1 - step * values) ** (2 * steps)).sum(axis=1).mean() + blind
        return float(0.5 * UNIFORM_VARIANCE * left)

    # Beyond 2 / the largest eigenvalue some prompt diverges; a few such may still pay, many never do.
    best: Any = minimize_scalar(loss, bounds=(0.0, 2 / float(np.median(values[:, 0]))), method="bounded")
    return float(best.x), float(best.fun)
