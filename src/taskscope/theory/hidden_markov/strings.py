"""Strings of tokens under a mixture: operators, probabilities, next-token laws, drawing (2.1, 2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from taskscope.errors import TheoryError
from taskscope.theory.hidden_markov.mixture import TaskMixture

MOST_ENUMERATED = 100_000
"""Strings beyond which enumerating is refused (protocol section 5)."""


@dataclass(frozen=True)
class Strings:
    """What a mixture says of some strings of one length, each seen from the start of a document.

    Every product of matrices is divided by a scale of its own, kept as a logarithm, so that no length
    underflows; the scale is the same for all blocks of a string, whose entries stay comparable.
    """

    tokens: np.ndarray
    """(string, position)."""
    operators: np.ndarray
    """(string, block, state, state): the product of diag(emission of token) T over the string, scaled."""
    log_scale: np.ndarray
    """(string,) logarithm of what the operators are to be multiplied with."""
    starts: np.ndarray
    """(string, task, state): each task's start times its block's operator, scaled alike."""
    log_prob: np.ndarray
    """(string, task) log P(x | task); -inf where a task rules the string out."""
    law: np.ndarray
    """(string, task, token) P(next token | x, task); all zero where a task rules the string out."""
    log_prior: np.ndarray
    """(task,)."""

    @cached_property
    def log_mixed(self) -> np.ndarray:
        """(string,) log P(x) under the whole mixture: what pre-training text is."""
        return np.asarray(logsumexp(self.log_prob + self.log_prior, axis=1))

    @cached_property
    def log_joint(self) -> np.ndarray:
        """(string, task, token) log P(x, next token | task)."""
        with np.errstate(divide="ignore"):
            return self.log_prob[:, :, None] + np.log(self.law)

    def __len__(self) -> int:
        return len(self.tokens)


def all_strings(n_tokens: int, length: int) -> np.ndarray:
    """Enumerate every string, the last token fastest: int64 (string, position).

    Raises:
        TheoryError: If there are more of them than can be enumerated.
    """
    if n_tokens**length > MOST_ENUMERATED:
        raise TheoryError(
            f"{n_tokens} tokens and length {length}: {n_tokens**length:,} strings",
            f"{MOST_ENUMERATED:,} at most",
            "draw strings from the mixture instead of enumerating them",
        )
    return np.stack(np.unravel_index(np.arange(n_tokens**length), (n_tokens,) * length), axis=1)


def read(mixture: TaskMixture, tokens: np.ndarray) -> Strings:
    """Read strings under a mixture.

    Args:
        mixture: The mixture.
        tokens: (string, position) of one length, at least 1.

    Raises:
        TheoryError: If a token is out of range, or no task can produce a string.
    """
    check_tokens(mixture, tokens)
    # (block, token, state, next state): emit, then move
    steps = np.einsum("bso,bst->bost", mixture.emissions, mixture.transitions)
    blocks = np.arange(len(steps))
    product = steps[blocks, tokens[:, :1]]
    log_scale = np.zeros(len(tokens))
    for position in range(tokens.shape[1]):
        if position:
            product = product @ steps[blocks, tokens[:, position : position + 1]]
        largest = product.max(axis=(1, 2, 3))
        possible(largest > 0, "string")
        product = product / largest[:, None, None, None]
        log_scale = log_scale + np.log(largest)
    starts = np.einsum("ks,nkst->nkt", mixture.starts, product[:, mixture.block_of])
    mass = starts.sum(axis=-1)
    possible(mass.max(axis=1) > 0, "string")
    with np.errstate(divide="ignore"):
        log_prob = np.log(mass) + log_scale[:, None]
        log_prior = np.log(mixture.prior)
    following = np.einsum("nkt,kto->nko", starts, mixture.emissions[mixture.block_of])
    law = following / np.where(mass > 0, mass, 1.0)[:, :, None]
    return Strings(tokens, product, log_scale, starts, log_prob, law, log_prior)


def draw(mixture: TaskMixture, task: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """Draw strings, one for each entry of `task`.

    Args:
        mixture: The mixture.
        task: (string,) which task each string is of.
        length: Tokens of each.
        rng: Source of randomness.

    Returns:
        int64 (string, position).
    """
    block = mixture.block_of[task]
    state = _pick(mixture.starts[task], rng)
    found = np.empty((len(task), length), int)
    for position in range(length):
        found[:, position] = _pick(mixture.emissions[block, state], rng)
        state = _pick(mixture.transitions[block, state], rng)
    return found


def check_tokens(mixture: TaskMixture, tokens: np.ndarray) -> None:
    """Refuse what is no table of tokens.

    Raises:
        TheoryError: If there is no position, or a token is out of range.
    """
    if tokens.ndim != 2 or tokens.shape[1] == 0:
        raise TheoryError(f"tokens of shape {tokens.shape}", "(string, position) with a position at least")
    if tokens.size and (tokens.min() < 0 or tokens.max() >= mixture.n_tokens):
        raise TheoryError(
            f"tokens from {tokens.min()} to {tokens.max()}", f"tokens from 0 to {mixture.n_tokens - 1}"
        )


def possible(can_be: np.ndarray, what: str) -> None:
    """Refuse text that no task can produce, of which nothing can be predicted.

    Raises:
        TheoryError: If an entry of `can_be` (text,) is false.
    """
    if not can_be.all():
        raise TheoryError(
            f"{what} {int(np.flatnonzero(~can_be)[0])} has probability zero under every task",
            "text that the mixture can produce",
            "smooth the mixture first: smoothed(mixture, 0.01)",
        )


def _pick(law: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw one number from each row (draw, outcome)."""
    below = law.cumsum(axis=1) <= rng.random((len(law), 1)) * law.sum(axis=1, keepdims=True)
    # A sum that rounding leaves short of the last outcome must not point beyond it.
    return np.minimum(below.sum(axis=1), law.shape[1] - 1)
