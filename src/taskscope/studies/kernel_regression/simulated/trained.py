"""S6, trained counterpart: which learner of linear regression do trained attention networks follow?

The shipped networks answer new prompts of the setting they were trained in, beside the learners that have a
formula; two predictors are as far apart as the mean squared difference of their answers.
"""

from __future__ import annotations

import numpy as np

from taskscope.studies.kernel_regression.simulated import attention_learner
from taskscope.studies.kernel_regression.simulated.rows import RowWriter
from taskscope.theory import linear_regression as learners

SETTING = "trained"
QUERIES = 8
"""Queries asked of each prompt, each alone."""
ERROR, COSINE = "error", "cosine of sensitivities to one gradient step"
ZERO, AVERAGING, LEAST_SQUARES = "answering 0", "averaging", "least squares"
STEPS = (1, 2, 5)
ONE_STEP = "one gradient step"


def descent(steps: int) -> str:
    """Name of gradient descent of so many steps of tuned length."""
    return ONE_STEP if steps == 1 else f"{steps} gradient steps"


REFERENCES = (ZERO, AVERAGING, *(descent(steps) for steps in STEPS), LEAST_SQUARES)


def distance_to(reference: str) -> str:
    """Name of the metric: mean squared difference of the answers from a reference's."""
    return f"squared distance to {reference}"


def simulate(found: RowWriter, n_prompts: int, rng: np.random.Generator) -> None:
    """Let every shipped network answer prompts drawn once for all of them."""
    for name, recipe in attention_learner.card().items():
        d, k = recipe["d"], recipe["shots"]
        inputs, tuning = rng.uniform(-0.5, 0.5, (2, n_prompts, k, d))
        queries = rng.uniform(-0.5, 0.5, (n_prompts, QUERIES, d))
        tasks = rng.standard_normal((n_prompts, d))
        targets = (inputs @ tasks[:, :, None])[:, :, 0]
        network = attention_learner.load(name)
        answers = network.answer(inputs, targets, queries)
        known = _weights(inputs, targets, tuning)
        truth = (queries @ tasks[:, :, None])[:, :, 0]
        found.add(SETTING, name, ERROR, [[0.5 * ((answers - truth) ** 2).mean()]], [k])
        for reference, weights in known.items():
            theirs = (queries @ weights[:, :, None])[:, :, 0]
            found.add(SETTING, name, distance_to(reference), [[((answers - theirs) ** 2).mean()]], [k])
        slope = network.sensitivity(inputs, targets, queries[:, 0])
        found.add(SETTING, name, COSINE, [[_cosine(slope, known[ONE_STEP])]], [k])


def _weights(inputs: np.ndarray, targets: np.ndarray, tuning: np.ndarray) -> dict[str, np.ndarray]:
    """Return the weights (prompt, d) of every reference; steps are tuned on other inputs."""
    mean = learners.averaging(inputs, targets)
    found = {
        ZERO: np.zeros_like(mean),
        # Of inputs scaled to unit variance: the mean of y x is then right on average.
        AVERAGING: mean / learners.UNIFORM_VARIANCE,
        LEAST_SQUARES: learners.least_squares(inputs, targets),
    }
    for steps in STEPS:
        step, _ = learners.tuned_descent(tuning, steps)
        found[descent(steps)] = learners.gradient_descent(inputs, targets, step, steps)
    return found


def _cosine(ours: np.ndarray, theirs: np.ndarray) -> float:
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    return float(((ours * theirs).sum(axis=1) / np.maximum(lengths, np.finfo(float).tiny)).mean())
