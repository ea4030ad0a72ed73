"""S6: in-context linear regression, the learners that trained transformers are compared with.

Three settings of the literature: noise-free Gaussian prompts, where every learner has a closed form; uniform
prompts, where one layer of linear attention equals one step of gradient descent; and tasks from a finite
pool, where a learner may know the pool (dMMSE) or only the law the pool was drawn from (ridge). Trained
attention networks are set beside the learners of the uniform setting: `trained`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pydantic import Field

from taskscope.studies.base import Params
from taskscope.studies.kernel_regression.simulated import trained
from taskscope.studies.kernel_regression.simulated.rows import RowWriter
from taskscope.studies.kernel_regression.simulated.trained import (
    AVERAGING,
    LEAST_SQUARES,
    ONE_STEP,
    ZERO,
    descent,
)
from taskscope.theory import linear_regression as learners

NUMBER = "S6"
GAUSSIAN, UNIFORM = "Gaussian", "uniform"
POOL, RIDGE = "posterior over the pool", "ridge"
ERROR, CLOSED_FORM, STEP = "error", "closed form", "step"
OWN, FRESH, APART = "error on the pool's tasks", "error on fresh tasks", "squared distance, fresh tasks"


class LinearParams(Params):
    """Sizes of S6."""

    n_prompts: int = Field(default=1000, ge=2)
    """Prompts of each setting and size."""
    d: int = Field(default=20, ge=1)
    shots: tuple[int, ...] = Field(default=(5, 10, 19, 20, 30, 40), min_length=1)
    """Demonstrations in the Gaussian setting."""
    uniform_d: int = Field(default=10, ge=1)
    uniform_shots: int = Field(default=10, ge=1)
    steps: tuple[int, ...] = (1, 2, 5)
    """Steps of gradient descent whose constant length is tuned, in the uniform setting."""
    pool_d: int = Field(default=8, ge=1)
    pool_shots: int = Field(default=16, ge=1)
    noise: float = Field(default=0.5, gt=0)
    """S.d. of the noise where tasks come from a pool."""
    most_doublings: int = Field(default=12, ge=1)
    """Pools have 2, 4, ... 2 to this power tasks."""


SIZES = {
    "smoke": LinearParams(n_prompts=200, most_doublings=8),
    "standard": LinearParams(),
    "full": LinearParams(n_prompts=4000, most_doublings=16),
    "paper": LinearParams(n_prompts=1280, most_doublings=20),
}
"""By profile; the published evaluations have 1280 prompts and pools of up to 2^20 tasks."""
SEEDS = {"smoke": 2, "standard": 5, "full": 10, "paper": 5}


def simulate(params: LinearParams, rng: np.random.Generator) -> pa.Table:
    """Draw prompts of the three settings once and answer them; rows of `rows.SCHEMA`."""
    found = RowWriter(NUMBER)
    _gaussian(found, params, rng)
    _uniform(found, params, rng)
    _pools(found, params, rng)
    trained.simulate(found, params.n_prompts, rng)
    return found.table()


def pool_of(doublings: int) -> str:
    """Name of the setting with 2 to this power tasks."""
    return f"pool of {2**doublings}"


@dataclass(frozen=True)
class Drawn:
    """Prompts with the tasks that made them."""

    tasks: np.ndarray
    """(prompt, d)."""
    inputs: np.ndarray
    """(prompt, k, d)."""
    targets: np.ndarray
    """(prompt, k)."""

    def error(self, weights: np.ndarray) -> float:
        """Squared distance of weights (prompt, d) to the tasks, averaged over directions and prompts."""
        return float(((weights - self.tasks) ** 2).mean())


def prompts(tasks: np.ndarray, shots: int, noise: float, rng: np.random.Generator) -> Drawn:
    """Draw Gaussian prompts, one for each task (prompt, d)."""
    inputs = rng.standard_normal((len(tasks), shots, tasks.shape[1]))
    exact = (inputs @ tasks[:, :, None])[:, :, 0]
    return Drawn(tasks, inputs, exact + noise * rng.standard_normal(exact.shape))


def _gaussian(found: RowWriter, params: LinearParams, rng: np.random.Generator) -> None:
    d = params.d
    errors: dict[str, list[list[float]]] = {LEAST_SQUARES: [], AVERAGING: [], ONE_STEP: []}
    for k in params.shots:
        drawn = prompts(rng.standard_normal((params.n_prompts, d)), k, 0.0, rng)
        mean = learners.averaging(drawn.inputs, drawn.targets)
        exact = learners.least_squares(drawn.inputs, drawn.targets)
        errors[LEAST_SQUARES].append([drawn.error(exact)])
        errors[AVERAGING].append([drawn.error(mean)])
        errors[ONE_STEP].append([drawn.error(learners.one_step(d, k) * mean)])
    forms = {
        LEAST_SQUARES: learners.least_squares_error,
        AVERAGING: learners.averaging_error,
        ONE_STEP: learners.one_step_error,
    }
    for method, form in forms.items():
        found.add(GAUSSIAN, method, ERROR, errors[method], params.shots)
        found.add(GAUSSIAN, method, CLOSED_FORM, [[form(d, k)] for k in params.shots], params.shots)


def _uniform(found: RowWriter, params: LinearParams, rng: np.random.Generator) -> None:
    """Errors here are losses: half the mean squared error of the answer. Steps are tuned on other prompts."""
    d, k = params.uniform_d, params.uniform_shots

    def inputs(count: int) -> np.ndarray:
        return rng.uniform(-0.5, 0.5, (params.n_prompts, count, d))

    tuning, shown = inputs(k), inputs(k)
    tasks = rng.standard_normal((params.n_prompts, d))
    targets = (shown @ tasks[:, :, None])[:, :, 0]

    def loss(weights: np.ndarray) -> float:
        # The query is averaged over in closed form: its covariance is the identity times its variance.
        return float(0.5 * learners.UNIFORM_VARIANCE * ((weights - tasks) ** 2).sum(axis=1).mean())

    found.add(UNIFORM, ZERO, ERROR, [[loss(np.zeros_like(tasks))]], [k])
    found.add(UNIFORM, ZERO, CLOSED_FORM, [[learners.uniform_zero_loss(d)]], [k])
    for steps in params.steps:
        step, _ = learners.tuned_descent(tuning, steps)
        weights = learners.gradient_descent(shown, targets, step, steps)
        found.add(UNIFORM, descent(steps), ERROR, [[loss(weights)]], [k])
        found.add(UNIFORM, descent(steps), STEP, [[step]], [k])
    found.add(UNIFORM, ONE_STEP, CLOSED_FORM, [[learners.uniform_loss(d, k)]], [k])


def _pools(found: RowWriter, params: LinearParams, rng: np.random.Generator) -> None:
    """Let both learners answer tasks of the pool and fresh ones: the pool's posterior forgets what is new."""
    d, k, n = params.pool_d, params.pool_shots, params.n_prompts
    for doublings in range(1, params.most_doublings + 1):
        pool = rng.standard_normal((2**doublings, d))
        own = prompts(pool[rng.integers(len(pool), size=n)], k, params.noise, rng)
        fresh = prompts(rng.standard_normal((n, d)), k, params.noise, rng)
        setting = pool_of(doublings)
        for metric, drawn in ((OWN, own), (FRESH, fresh)):
            pooled = learners.finite_pool(drawn.inputs, drawn.targets, pool, params.noise)
            ridge = learners.ridge(drawn.inputs, drawn.targets, params.noise**2)
            found.add(setting, POOL, metric, [[drawn.error(pooled)]], [k])
            found.add(setting, RIDGE, metric, [[drawn.error(ridge)]], [k])
            if metric == FRESH:
                found.add(setting, "", APART, [[float(((pooled - ridge) ** 2).mean())]], [k])
