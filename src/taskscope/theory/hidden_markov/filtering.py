"""Exact Bayesian reading of a prompt: which task it is of, and what comes next (2.1, 2.2 A1, 2.5 F6).

A delimiter resets: the next state is a start state, of the same task with probability 1 - leak, else of a
task drawn from the prior. With leak 0 the examples of a prompt are independent given its task.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.errors import TheoryError
from taskscope.theory.hidden_markov.mixture import TaskMixture
from taskscope.theory.hidden_markov.strings import check_tokens, possible

DELIMITER = -1
"""Stands for the delimiter among the tokens of a prompt."""


@dataclass(frozen=True)
class Filtered:
    """What is known at the end of each prompt."""

    log_likelihood: np.ndarray
    """(prompt,)."""
    posterior: np.ndarray
    """(prompt, task) of the task in force at the end."""
    predictive: np.ndarray
    """(prompt, token) law of the next token."""


def forward(mixture: TaskMixture, prompts: np.ndarray, leak: float = 0.0) -> Filtered:
    """Run the forward algorithm over whole prompts, token by token, rescaled at each.

    Args:
        mixture: The mixture.
        prompts: (prompt, position) tokens of prompts of one length; `DELIMITER` between examples, in the
            same places in every prompt.
        leak: Probability that a delimiter changes the task for one drawn from the prior.

    Raises:
        TheoryError: If a token is out of range, a prompt is impossible, or the leak is no probability.
    """
    _check_leak(leak)
    check_tokens(mixture, np.where(prompts == DELIMITER, 0, prompts))
    apart = prompts == DELIMITER
    if (apart != apart[:1]).any():
        raise TheoryError("prompts whose delimiters stand in different places", "the same places in all")
    emissions, moves = mixture.emissions[mixture.block_of], mixture.transitions[mixture.block_of]
    alpha = np.tile(mixture.prior[:, None] * mixture.starts, (len(prompts), 1, 1))
    log_likelihood = np.zeros(len(prompts))
    for position in range(prompts.shape[1]):
        if apart[0, position]:
            task = alpha.sum(axis=-1)
            alpha = _leaked(task, mixture.prior, leak)[:, :, None] * mixture.starts
            continue
        emitted = alpha * emissions[:, :, prompts[:, position]].transpose(2, 0, 1)
        alpha = np.einsum("nks,kst->nkt", emitted, moves)
        mass = alpha.sum(axis=(1, 2))
        possible(mass > 0, "prompt")
        alpha /= mass[:, None, None]
        log_likelihood += np.log(mass)
    return Filtered(log_likelihood, alpha.sum(axis=-1), np.einsum("nks,kso->no", alpha, emissions))


def log_posteriors(evidence: np.ndarray, prior: np.ndarray, leak: float = 0.0) -> np.ndarray:
    """Follow the posterior over tasks through a prompt, example by example (F6).

    Args:
        evidence: (prompt, example, task) log P(example | task).
        prior: (task,).
        leak: Probability that a delimiter changes the task for one drawn from the prior.

    Returns:
        (prompt, 1 + example, task): log posterior of the task at the start of example i, given the i examples
        before it; the first is the prior, the last that of the query.

    Raises:
        TheoryError: If the leak is no probability, or examples are impossible under every task.
    """
    _check_leak(leak)
    with np.errstate(divide="ignore"):
        start = np.broadcast_to(np.log(prior), (len(evidence), 1, len(prior)))
    if leak == 0:
        found = np.concatenate([start, start + np.cumsum(evidence, axis=1)], axis=1)
        largest = found.max(axis=2, keepdims=True)
        possible(np.isfinite(largest[:, -1, 0]), "prompt")
        return found - largest - np.log(np.exp(found - largest).sum(axis=2, keepdims=True))
    largest = evidence.max(axis=2, keepdims=True)
    possible(np.isfinite(largest).all(axis=(1, 2)), "prompt")
    likelihood = np.exp(evidence - largest)
    posteriors = np.empty((evidence.shape[1], len(evidence), len(prior)))
    posterior = np.broadcast_to(prior, posteriors.shape[1:])
    for i in range(len(posteriors)):
        weight = posterior * likelihood[:, i]
        total = weight.sum(axis=1, keepdims=True)
        possible(total[:, 0] > 0, "prompt")
        posterior = posteriors[i] = _leaked(weight / total, prior, leak)
    with np.errstate(divide="ignore"):
        return np.concatenate([start, np.log(posteriors).transpose(1, 0, 2)], axis=1)


def _leaked(task: np.ndarray, prior: np.ndarray, leak: float) -> np.ndarray:
    return (1 - leak) * task + leak * prior


def _check_leak(leak: float) -> None:
    if not 0 <= leak <= 1:
        raise TheoryError(f"a leak of {leak}", "a probability")
