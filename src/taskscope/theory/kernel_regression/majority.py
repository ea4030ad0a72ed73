"""How often a majority of demonstrations of one kind has found the likeliest label (kernel_regression S2).

Where a string tells which hidden state it ends in, the theorem's kernels weigh demonstrations that end in the
query's state alike and hardly look at others: the regression is then a majority vote of one state's
demonstrations, and agrees with Bayes, who knows the state's law, once their most frequent label is the law's.
"""

from __future__ import annotations

import numpy as np
from scipy.special import pdtr

from taskscope.theory.hidden_markov.mixture import TaskMixture

RARE = 1e-6
"""Rivals of whom fewer demonstrations are expected are left out: at the sizes of S2 that changes 1e-6."""
POINTS = 12
"""Of the quadrature over ties, which is exact for up to twice as many rivals that tie."""


def state_votes(mixture: TaskMixture, task: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the states in which strings of a task end, and what they say of the label.

    Args:
        mixture: The mixture.
        task: The task.
        length: Tokens of a string, at least 1; the label is the next.

    Returns:
        (state,) P(the last token is this state's), and (state, label) P(label | that state).
    """
    block = mixture.block_of[task]
    transitions = mixture.transitions[block]
    ends = mixture.starts[task] @ np.linalg.matrix_power(transitions, length - 1)
    return ends, transitions @ mixture.emissions[block]


def majority_agreement(mass: np.ndarray, law: np.ndarray, n: int) -> float:
    """Return how often the most frequent label among a query's kind is the likeliest, ties shared equally.

    Labels of a kind are counted as independent Poisson numbers, which n demonstrations nearly are where no
    kind and label has a large share. A kind without demonstrations finds nothing.

    Args:
        mass: (kind,) share of demonstrations and of queries, adding up to 1.
        law: (kind, label) law of the label of each kind.
        n: Number of demonstrations.
    """
    return float(sum(share * _found(n * share * labels) for share, labels in zip(mass, law, strict=True)))


def _found(expected: np.ndarray) -> float:
    """Return P(the label with the largest expected count (label,) has the largest count), ties shared."""
    best = int(expected.argmax())
    if expected[best] < RARE:
        return 0.0
    rivals = np.delete(expected, best)
    rivals = rivals[rivals > RARE]
    counts = np.arange(int(expected[best] + 10 * np.sqrt(expected[best])) + 20)[:, None]
    up_to = pdtr(counts, np.append(rivals, expected[best]))
    below, level = up_to[:-1], np.diff(up_to, axis=0)
    # E[1 / (1 + ties)] is the integral of E[t^ties] over t from 0 to 1, a product over rivals.
    at, weight = np.polynomial.legendre.leggauss(POINTS)
    shared = (below[:, :-1] + level[:, :-1] * ((at + 1) / 2)[:, None, None]).prod(axis=2)
    return float(level[:, -1] @ (weight / 2 @ shared))
