"""Worlds small enough to enumerate every input: what the mixture says of each, and exact Bayes on prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from taskscope.theory import kernel_regression as kernels
from taskscope.theory.hidden_markov import Strings, TaskMixture, all_strings, log_posteriors, read
from taskscope.theory.kernel_regression import Kernel
from taskscope.theory.kernel_regression.kernels import OF_TASK

TASK = 0
"""The task that prompts are of."""


@dataclass(frozen=True)
class EnumeratedWorld:
    """Every input of one length with what the mixture says of it."""

    strings: Strings
    joint: np.ndarray
    """(task, string, label), adding up to 1 for each task."""

    @property
    def law(self) -> np.ndarray:
        """(string, label) P(label | x, task 0)."""
        return self.strings.law[:, TASK]

    def weights(self, kernel: str) -> np.ndarray:
        """(string,) law under which a kernel's Sigma is taken: that of its task, or of the mixture."""
        if kernel in OF_TASK:
            return self.joint[TASK].sum(axis=1)
        return np.exp(self.strings.log_mixed)

    def draw(
        self, task: int, shape: tuple[int, int], rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw demonstrations of a task: numbers of strings and labels, each of a shape (prompt, example)."""
        law = self.joint[task].ravel().cumsum()
        pick = np.searchsorted(law, rng.random(shape) * law[-1], side="right")
        return np.divmod(pick, self.joint.shape[2])


def enumerated(mixture: TaskMixture, length: int) -> EnumeratedWorld:
    """Read every string of a length.

    Raises:
        TheoryError: If there are more than can be enumerated.
    """
    strings = read(mixture, all_strings(mixture.n_tokens, length))
    return EnumeratedWorld(strings, np.exp(strings.log_joint).transpose(1, 0, 2))


def fit(world: EnumeratedWorld, name: str) -> Kernel:
    """Fit a kernel to everything there is."""
    return kernels.fit(name, world.strings, world.weights(name), TASK)


def exact_bayes(
    world: EnumeratedWorld,
    inputs: np.ndarray,
    labels: np.ndarray,
    queries: np.ndarray,
    sizes: Sequence[int],
    prior: np.ndarray,
    leak: float,
) -> np.ndarray:
    """Return what Bayes predicts who knows the mixture (F6): (prompt, size, query, label).

    Args:
        world: What the mixture says.
        inputs: (prompt, demonstration) numbers of strings.
        labels: (prompt, demonstration).
        queries: (prompt, query) numbers of strings.
        sizes: Numbers of demonstrations, the first of each prompt.
        prior: (task,).
        leak: What Bayes believes of the delimiter: the probability that it changes the task.
    """
    evidence = world.strings.log_joint.transpose(0, 2, 1)[inputs, labels]
    posterior = log_posteriors(evidence, prior, leak)[:, sizes]
    weight = softmax(posterior[:, :, None] + world.strings.log_prob[queries][:, None], axis=-1)
    return np.einsum("psqk,pqky->psqy", weight, world.strings.law[queries], optimize=True)
