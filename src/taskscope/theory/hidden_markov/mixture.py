"""A mixture of tasks, each of them a start in a hidden Markov model (kernel_regression 2.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from taskscope.errors import TheoryError

TOLERANCE = 1e-9
"""How far from 1 probabilities may add up."""


@dataclass(frozen=True)
class TaskMixture:
    """Text is made of documents; each has a task, and a task is a start state of a hidden Markov model.

    A state emits a token, then moves. Tasks may have a model (block) each, between which nothing moves, or
    share one and differ in where they start.

    Raises:
        TheoryError: If shapes do not fit, or something is no probability.
    """

    transitions: np.ndarray
    """(block, state, next state)."""
    emissions: np.ndarray
    """(block, state, token)."""
    starts: np.ndarray
    """(task, state)."""
    block_of: np.ndarray
    """(task,) number of the task's block."""
    prior: np.ndarray
    """(task,)."""

    def __post_init__(self) -> None:
        blocks, states = self.transitions.shape[:2]
        tasks = len(self.block_of)
        given = (self.transitions.shape, self.emissions.shape[:2], self.starts.shape, self.prior.shape)
        if given != ((blocks, states, states), (blocks, states), (tasks, states), (tasks,)):
            raise TheoryError(
                f"transitions, emissions, starts and prior of shapes {given}",
                "(block, state, state), (block, state, token), (task, state) and (task,)",
            )
        if not ((self.block_of >= 0) & (self.block_of < blocks)).all():
            raise TheoryError(f"tasks in blocks {self.block_of.tolist()}", f"blocks 0 to {blocks - 1}")
        for name in ("transitions", "emissions", "starts", "prior"):
            _check(name, getattr(self, name))

    @property
    def n_tokens(self) -> int:
        """Number of tokens; the delimiter is none of them."""
        return self.emissions.shape[2]

    @property
    def zeros(self) -> int:
        """Transitions and emissions that are exactly zero: text that has one of them rules a task out."""
        return int((self.transitions == 0).sum() + (self.emissions == 0).sum())


def smoothed(mixture: TaskMixture, share: float) -> TaskMixture:
    """Mix a uniform law into every transition and emission, so that nothing is impossible (pitfall 10).

    Args:
        mixture: Its `zeros` say whether this is needed.
        share: Weight of the uniform law, above 0 and below 1.

    Raises:
        TheoryError: If the share is out of range.
    """
    if not 0 < share < 1:
        raise TheoryError(f"a share of {share}", "a weight of the uniform law above 0 and below 1")

    def mixed(law: np.ndarray) -> np.ndarray:
        return (1 - share) * law + share / law.shape[-1]

    return replace(mixture, transitions=mixed(mixture.transitions), emissions=mixed(mixture.emissions))


def _check(name: str, law: np.ndarray) -> None:
    if not np.isfinite(law).all() or (law < 0).any() or (np.abs(law.sum(axis=-1) - 1) > TOLERANCE).any():
        worst = float(np.abs(law.sum(axis=-1) - 1).max())
        raise TheoryError(
            f"{name} that are no probabilities: smallest {law.min():.3g}, sums up to {worst:.3g} off 1",
            "finite numbers, none negative, that add up to 1 along the last axis",
            "divide each row by its sum",
        )
