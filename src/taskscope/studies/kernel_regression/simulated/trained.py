"""S6, trained counterpart: which learner of linear regression do trained attention networks follow?

The shipped networks answer new prompts of the setting they were trained in, beside the learners that have a
formula; two predictors are as far apart as the mean squared difference of their answers. Without noise the
posterior mean of the task is least squares of the smallest norm, so that this learner is Bayes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.studies.kernel_regression.simulated import attention_learner
from taskscope.studies.kernel_regression.simulated.attention_learner import AttentionLearner
from taskscope.studies.kernel_regression.simulated.rows import RowWriter
from taskscope.theory import linear_regression as learners

SETTING = "trained"
QUERIES = 8
"""Queries asked of each prompt, each alone."""
ERROR, COSINE = "error", "cosine of sensitivities to one gradient step"
ZERO, AVERAGING, LEAST_SQUARES = "answering 0", "averaging", "least squares"
RIDGE = "the nearest ridge regression"
"""Its penalty is the one of `PENALTIES` that comes nearest to the network on other prompts."""
PENALTY = "penalty of the nearest ridge regression"
PENALTIES = tuple(2.0**power for power in range(-6, 5))
STEPS = (1, 2, 5)
ONE_STEP = "one gradient step"
PARTS = 20
"""Parts of the prompts, of which every mean is taken apart, for intervals; fewer where prompts are fewer."""


def descent(steps: int) -> str:
    """Name of gradient descent of so many steps of tuned length."""
    return ONE_STEP if steps == 1 else f"{steps} gradient steps"


REFERENCES = (ZERO, AVERAGING, *(descent(steps) for steps in STEPS), RIDGE, LEAST_SQUARES)
BETWEEN = f"squared distance of {ONE_STEP} to {LEAST_SQUARES}"
"""The side of the triangle that has no network in it."""


def distance_to(reference: str) -> str:
    """Name of the metric: mean squared difference of the answers from a reference's."""
    return f"squared distance to {reference}"


def simulate(found: RowWriter, n_prompts: int, rng: np.random.Generator) -> None:
    """Let every shipped network answer prompts drawn once for all of them; a repeat is a part of them."""
    for name, recipe in attention_learner.card().items():
        k, network = recipe["shots"], attention_learner.load(name)
        prompts, others = (_prompts(n_prompts, k, recipe["d"], rng) for _ in range(2))
        answers = network.answer(prompts.inputs, prompts.targets, prompts.queries)
        known = _weights(prompts, others.inputs)
        penalty = _nearest_penalty(network, others)
        known[RIDGE] = learners.ridge(prompts.inputs, prompts.targets, penalty)
        theirs = {reference: prompts.answers(weights) for reference, weights in known.items()}

        def add(metric: str, squared: np.ndarray, name: str = name, k: int = k) -> None:
            parts = [part.mean() for part in np.array_split(squared, min(PARTS, n_prompts))]
            found.add(SETTING, name, metric, [parts], [k])

        add(ERROR, 0.5 * (answers - prompts.truth) ** 2)
        for reference in REFERENCES:
            add(distance_to(reference), (answers - theirs[reference]) ** 2)
        add(BETWEEN, (theirs[ONE_STEP] - theirs[LEAST_SQUARES]) ** 2)
        slope = network.sensitivity(prompts.inputs, prompts.targets, prompts.queries[:, 0])
        add(COSINE, _cosine(slope, known[ONE_STEP]))
        found.fact(SETTING, name, PENALTY, penalty)


@dataclass(frozen=True)
class _Prompts:
    """Uniform prompts without noise."""

    inputs: np.ndarray
    """(prompt, k, d)."""
    targets: np.ndarray
    """(prompt, k)."""
    queries: np.ndarray
    """(prompt, query, d)."""
    truth: np.ndarray
    """(prompt, query)."""

    def answers(self, weights: np.ndarray) -> np.ndarray:
        """Answer the queries with weights (prompt, d)."""
        return (self.queries @ weights[:, :, None])[:, :, 0]


def _prompts(n: int, k: int, d: int, rng: np.random.Generator) -> _Prompts:
    inputs, queries = rng.uniform(-0.5, 0.5, (n, k, d)), rng.uniform(-0.5, 0.5, (n, QUERIES, d))
    tasks = rng.standard_normal((n, d, 1))
    return _Prompts(inputs, (inputs @ tasks)[:, :, 0], queries, (queries @ tasks)[:, :, 0])


def _nearest_penalty(network: AttentionLearner, prompts: _Prompts) -> float:
    """Return the penalty with which ridge regression answers most like the network."""
    answers = network.answer(prompts.inputs, prompts.targets, prompts.queries)
    apart = [
        ((answers - prompts.answers(learners.ridge(prompts.inputs, prompts.targets, penalty))) ** 2).mean()
        for penalty in PENALTIES
    ]
    return PENALTIES[int(np.argmin(apart))]


def _weights(prompts: _Prompts, tuning: np.ndarray) -> dict[str, np.ndarray]:
    """Return the weights (prompt, d) of every reference but ridge; steps are tuned on other inputs."""
    inputs, targets = prompts.inputs, prompts.targets
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


def _cosine(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Return the cosine (prompt,) of vectors (prompt, d)."""
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    return (ours * theirs).sum(axis=1) / np.maximum(lengths, np.finfo(float).tiny)
