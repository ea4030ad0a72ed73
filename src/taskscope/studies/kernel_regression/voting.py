"""Votes: labels of demonstrations weighted by a kernel, and how often votes agree with answers."""

from __future__ import annotations

import numpy as np

Array = np.ndarray

TIE = 1e-6
"""Shares of a vote closer than this are a tie."""


def vote(weights: Array, classes: Array, n_classes: int) -> Array:
    """Add up the weights of each class: the Nadaraya-Watson estimate where they add up to 1 (protocol 2.8).

    Args:
        weights: (query, ..., demonstration).
        classes: int (query, demonstration).
        n_classes: Number of classes.

    Returns:
        (query, ..., class), adding up to what the weights do.
    """
    one_hot = (classes[..., None] == np.arange(n_classes)).astype(weights.dtype)
    return np.einsum("q...d,qdc->q...c", weights, one_hot)


def agreement(votes: Array, answers: Array) -> Array:
    """How often the highest vote is the answer: credit (query, ...), shared where votes are tied.

    A tie is no answer: counting the first class would favour whichever comes first.

    Args:
        votes: (query, ..., class).
        answers: int (query,).
    """
    top = votes >= votes.max(axis=-1, keepdims=True) - TIE
    wanted = answers.reshape(-1, *(1,) * (votes.ndim - 1))
    right = np.take_along_axis(top, wanted, axis=-1)[..., 0]
    return right / top.sum(axis=-1)


def kappa(votes: Array, answers: Array, n_classes: int) -> Array:
    """Cohen's kappa of votes and answers, (...): 0 where they agree as often as two independent ones would.

    Args:
        votes: (query, ..., class).
        answers: int (query,).
        n_classes: Number of classes.
    """
    top = votes >= votes.max(axis=-1, keepdims=True) - TIE
    voted = (top / top.sum(axis=-1, keepdims=True)).mean(axis=0)  # (..., class)
    given = np.bincount(answers, minlength=n_classes) / len(answers)
    expected = voted @ given
    observed = agreement(votes, answers).mean(axis=0)
    return np.where(expected < 1, (observed - expected) / np.where(expected < 1, 1 - expected, 1), 0.0)
