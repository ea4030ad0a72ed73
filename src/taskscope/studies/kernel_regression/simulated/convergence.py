"""S1: kernel regression against exact Bayes, in worlds small enough to enumerate every input.

One draw of the world: a mixture of tasks in each of two settings. From the prompts of task 0, nested in n,
the exact prediction of the query's label and every kernel regression are worked out; a gap is the median over
queries of their L1 distance. Two controls say what gaps look like where nothing can converge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pydantic import Field

from taskscope.studies.base import Params
from taskscope.studies.kernel_regression.simulated.enumerated import (
    TASK,
    EnumeratedWorld,
    enumerated,
    exact_bayes,
    fit,
)
from taskscope.studies.kernel_regression.simulated.rows import RowWriter
from taskscope.theory import kernel_regression as kernels
from taskscope.theory.hidden_markov import TaskMixture, dirichlet_mixture
from taskscope.theory.kernel_regression import KERNELS, Kernel
from taskscope.theory.kernel_regression.kernels import OF_TASK

NUMBER = "S1"
SETTINGS = {"dirichlet": (1.0, 1.0), "peaked": (0.5, 0.3)}
"""Concentrations of transitions and emissions; small ones make worlds of few, sharp inputs."""
OTHER = 1
"""A task that the prompts are not of."""
RECOMMENDED = "F"
"""Without a bias, as B, and of a third of its rank, so that fewer demonstrations tell (2.4, F2)."""
LITERAL = "C"
RIDGE, GAUSSIAN = "KRR", "RBF"
METHODS = (*KERNELS, RIDGE, GAUSSIAN)
SHUFFLED, FOREIGN, LEAKY = "labels shuffled", "demonstrations of another task", "leaky delimiter"
CONTROLS = (SHUFFLED, FOREIGN)
"""Made with the recommended kernel; what they converge to is not what Bayes says."""
GAP, AGREEMENT, NEGATIVE, CLIPPED = "gap", "agreement", "negative", "clipped"
NORMALISED_ERROR, RATIO_ERROR = "n x error, n-normalised", "n x error, ratio"
RANK, BIAS, LOOKUP = "rank", "limit bias", "lookup"
BOUND = "limit bias, bound"
"""The theorem's eta^2 epsilon, of the literal kernel."""
WEIGHT_FACT, LABEL_FACT, RANK_FACT = (
    "weight is off by",
    "label weight is off by",
    "mean self-kernel is off by",
)
PREDICTED_NORMALISED, PREDICTED_RATIO = "n x error, n-normalised, predicted", "n x error, ratio, predicted"


class ConvergenceParams(Params):
    """Sizes of S1."""

    n_tasks: int = Field(default=4, ge=2)
    n_states: int = Field(default=3, ge=2)
    """States of each task."""
    n_tokens: int = Field(default=8, ge=2)
    """Tokens; the label is the token that follows the input."""
    length: int = Field(default=4, ge=1)
    """Tokens of an input."""
    most: int = Field(default=4096, ge=1)
    """Demonstrations at most; the sizes are the powers of two up to it."""
    n_queries: int = Field(default=64, ge=1)
    repeats: int = Field(default=12, ge=1)
    """Prompts from each world."""
    bandwidth: float = Field(default=0.3, gt=0)
    """Of the Gaussian kernel, on whitened belief states."""
    ridge: float = Field(default=1e-3, gt=0)
    leak: float = Field(default=0.1, gt=0, le=1)
    """Of the control in which Bayes believes that a delimiter may change the task."""

    @property
    def sizes(self) -> list[int]:
        """Numbers of demonstrations."""
        return [2**i for i in range(self.most.bit_length())]


SIZES = {
    "smoke": ConvergenceParams(most=1024, n_queries=32, repeats=4),
    "standard": ConvergenceParams(),
    "full": ConvergenceParams(repeats=24),
    "paper": ConvergenceParams(),
}
"""By profile; the paper gives no size for this check, so that ``paper`` is ``standard``."""
SEEDS = {"smoke": 6, "standard": 16, "full": 40, "paper": 16}


def simulate(params: ConvergenceParams, rng: np.random.Generator) -> pa.Table:
    """Simulate one world of each setting; rows of `rows.SCHEMA`.

    Raises:
        TheoryError: If there are more inputs than can be enumerated.
    """
    found = RowWriter(NUMBER)
    for setting, (transition, emission) in SETTINGS.items():
        mixture = dirichlet_mixture(
            params.n_tasks, params.n_states, params.n_tokens, rng, transition=transition, emission=emission
        )
        world = enumerated(mixture, params.length)
        fitted = {name: fit(world, name) for name in KERNELS}
        for kernel in fitted.values():
            _facts(found, setting, world, kernel)
        _gaps(found, setting, params, mixture, world, fitted, _prompts(params, world, rng), rng)
    return found.table()


def _facts(found: RowWriter, setting: str, world: EnumeratedWorld, kernel: Kernel) -> None:
    """Note rank and limit of a kernel, and how far F1 to F4 are from exact, weighed by P(x | task)."""
    name = kernel.name
    psi = kernel.whiten(world.strings)
    joint, of_task = world.joint[TASK], world.joint[TASK].sum(axis=1)
    limit = kernels.limit(psi, psi, joint)

    def off(value: np.ndarray) -> float:
        return float(of_task @ np.abs(value).reshape(len(value), -1).sum(axis=1))

    found.fact(setting, name, RANK, kernel.rank)
    found.fact(setting, name, LOOKUP, kernel.rank / kernel.support)
    found.fact(setting, name, BIAS, off(limit.prediction - world.law))
    self_kernel = kernels.self_kernel(psi, world.weights(name))
    found.fact(setting, name, RANK_FACT, abs(self_kernel - kernel.rank))
    if name == LITERAL:
        bound = kernels.mismatch_bound(world.strings, world.weights(name), of_task)
        found.fact(setting, name, BOUND, bound)
        return
    expected = of_task / world.weights(name)  # 1 for the kernels that know the task
    found.fact(setting, name, WEIGHT_FACT, off(limit.weight - expected))
    found.fact(setting, name, LABEL_FACT, off(limit.label_weight - expected[:, None] * world.law))
    if name in OF_TASK:
        predicted = kernels.normalised_error(kernel.rank, world.law, of_task)
        found.fact(setting, name, PREDICTED_NORMALISED, predicted)


@dataclass(frozen=True)
class Prompts:
    """Demonstrations and queries as numbers of strings and labels, prompts in rows."""

    inputs: np.ndarray
    """(prompt, demonstration)."""
    labels: np.ndarray
    """(prompt, demonstration)."""
    queries: np.ndarray
    """(prompt, query)."""
    foreign_inputs: np.ndarray
    """As `inputs`, of another task."""
    foreign_labels: np.ndarray


def _prompts(params: ConvergenceParams, world: EnumeratedWorld, rng: np.random.Generator) -> Prompts:
    def drawn(task: int, n: int) -> tuple[np.ndarray, np.ndarray]:
        return world.draw(task, (params.repeats, n), rng)

    demonstrations, foreign = drawn(TASK, params.most), drawn(OTHER, params.most)
    return Prompts(*demonstrations, drawn(TASK, params.n_queries)[0], *foreign)


def _gaps(
    found: RowWriter,
    setting: str,
    params: ConvergenceParams,
    mixture: TaskMixture,
    world: EnumeratedWorld,
    fitted: dict[str, Kernel],
    prompts: Prompts,
    rng: np.random.Generator,
) -> None:
    """Compare every regression with Bayes at every size."""
    sizes, n_labels = params.sizes, world.joint.shape[2]
    asked = prompts.inputs, prompts.labels, prompts.queries
    bayes = {leak: exact_bayes(world, *asked, sizes, mixture.prior, leak) for leak in (0.0, params.leak)}

    def compared(method: str, prediction: np.ndarray, target: np.ndarray) -> None:
        off = np.abs(prediction - target).sum(axis=-1)  # (prompt, size, query)
        found.add(setting, method, GAP, np.median(off, axis=2).T, sizes)
        agree = (prediction.argmax(axis=-1) == target.argmax(axis=-1)).mean(axis=2)
        found.add(setting, method, AGREEMENT, agree.T, sizes)

    def voted(psi: np.ndarray, inputs: np.ndarray, labels: np.ndarray) -> kernels.Vote:
        sums = kernels.label_sums(psi[inputs], labels, sizes, n_labels)
        return kernels.vote(sums, psi[prompts.queries], sizes)

    whitened = {name: kernel.whiten(world.strings) for name, kernel in fitted.items()}
    for name, psi in whitened.items():
        vote = voted(psi, prompts.inputs, prompts.labels)
        compared(name, vote.ratio, bayes[0.0])
        found.add(setting, name, NEGATIVE, vote.negative.mean(axis=2).T, sizes)
        found.add(setting, name, CLIPPED, vote.clipped.mean(axis=2).T, sizes)
        if name == "E":
            _errors(found, setting, vote, world.law[prompts.queries], sizes)
            errors = [
                kernels.delta_error(psi[asked], world.law[asked], psi, world.joint[TASK]).mean()
                for asked in prompts.queries
            ]
            found.fact(setting, name, PREDICTED_RATIO, float(np.mean(errors)))
        if name == RECOMMENDED:
            shuffled = rng.permuted(prompts.labels, axis=1)
            foreign = voted(psi, prompts.foreign_inputs, prompts.foreign_labels)
            compared(SHUFFLED, voted(psi, prompts.inputs, shuffled).ratio, bayes[0.0])
            compared(FOREIGN, foreign.ratio, bayes[0.0])
            compared(LEAKY, vote.ratio, bayes[params.leak])
    compared(RIDGE, _ridge(params, whitened["E"], prompts, n_labels), bayes[0.0])
    compared(GAUSSIAN, _gaussian(params, whitened["E"], prompts, n_labels), bayes[0.0])


def _errors(found: RowWriter, setting: str, vote: kernels.Vote, law: np.ndarray, sizes: list[int]) -> None:
    """Note n times the squared error against P(.|x, task), which F4 and F5 predict."""
    n = np.array(sizes)[:, None]
    for metric, predicted in ((NORMALISED_ERROR, vote.normalised), (RATIO_ERROR, vote.ratio)):
        squared = ((predicted - law[:, None]) ** 2).sum(axis=-1).mean(axis=2)
        found.add(setting, "E", metric, n * squared.T, sizes)


def _ridge(params: ConvergenceParams, psi: np.ndarray, prompts: Prompts, n_labels: int) -> np.ndarray:
    """Predict by ridge regression on belief states, (prompt, size, query, label)."""
    found = []
    for inputs, labels, queries in zip(prompts.inputs, prompts.labels, prompts.queries, strict=True):
        phi, marked = psi[inputs], np.eye(n_labels)[labels]
        found.append(
            [
                kernels.ridge_prediction(
                    phi[:n].T @ phi[:n], marked[:n].T @ phi[:n], psi[queries], n, params.ridge
                )
                for n in params.sizes
            ]
        )
    return np.array(found)


def _gaussian(params: ConvergenceParams, psi: np.ndarray, prompts: Prompts, n_labels: int) -> np.ndarray:
    """Predict by the Gaussian kernel on belief states, (prompt, size, query, label)."""
    demonstrations, queries = psi[prompts.inputs], psi[prompts.queries]
    found = [
        kernels.gaussian_vote(
            demonstrations[:, :n], prompts.labels[:, :n], queries, params.bandwidth, n_labels
        )
        for n in params.sizes
    ]
    return np.stack(found, axis=1)
