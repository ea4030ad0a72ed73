"""Predictions from demonstrations: the kernel vote, n-normalised, by ridge, with a Gaussian (2.3 to 2.6).

The vote is y(x) = sum_i e(y_i) K(x, x_i) / sum_i K(x, x_i). With K = Psi Psi^T the demonstrations enter
through sums of psi(x_i) over each label alone, so n of them cost n times the rank, once for all queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import softmax

from taskscope.errors import TheoryError

SMALLEST = 1e-12
"""A denominator nearer to zero than this is moved there, away from zero (2.6)."""


@dataclass(frozen=True)
class Vote:
    """What the kernel regression predicts, and how often its signed denominator was in the way."""

    ratio: np.ndarray
    """(..., query, label): numerator over denominator."""
    normalised: np.ndarray
    """(..., query, label): numerator over n, exactly unbiased for A and E (F1)."""
    clipped: np.ndarray
    """(..., query) whether the denominator was nearer to zero than `SMALLEST`."""
    negative: np.ndarray
    """(..., query) whether it was below zero, so that the ratio turns every weight round."""


def label_sums(psi: np.ndarray, labels: np.ndarray, sizes: Sequence[int], n_labels: int) -> np.ndarray:
    """Add up the whitened features of the first n demonstrations by label, for several n at once.

    Args:
        psi: (prompt, demonstration, rank).
        labels: (prompt, demonstration) whole numbers.
        sizes: Ascending numbers of demonstrations, from 1 to all of them.
        n_labels: Number of labels.

    Returns:
        (prompt, size, label, rank).
    """
    marked = (labels[:, None, :] == np.arange(n_labels)[None, :, None]).astype(float)
    found = np.empty((len(psi), len(sizes), n_labels, psi.shape[2]))
    running, done = np.zeros((len(psi), n_labels, psi.shape[2])), 0
    for i, size in enumerate(sizes):
        running = running + marked[:, :, done:size] @ psi[:, done:size]
        found[:, i], done = running, size
    return found


def vote(sums: np.ndarray, query: np.ndarray, sizes: Sequence[int]) -> Vote:
    """Let demonstrations vote on queries.

    Args:
        sums: (prompt, size, label, rank) as from `label_sums`.
        query: (prompt, query, rank) whitened features of the queries.
        sizes: (size,) numbers of demonstrations behind the sums.

    Returns:
        A vote with leading axes (prompt, size).
    """
    numerator = np.einsum("pslr,pqr->psql", sums, query, optimize=True)
    return _vote(numerator, np.asarray(sizes)[:, None, None])


def onto_simplex(predictions: np.ndarray) -> np.ndarray:
    """Return the law nearest to each signed prediction (..., label) that adds up to 1, in L2 (2.6)."""
    falling = -np.sort(-predictions, axis=-1)
    over = (falling.cumsum(axis=-1) - 1) / np.arange(1, predictions.shape[-1] + 1)
    kept = (falling > over).sum(axis=-1, keepdims=True)
    return np.maximum(predictions - np.take_along_axis(over, kept - 1, axis=-1), 0)


def gaussian_vote(
    demonstrations: np.ndarray, labels: np.ndarray, query: np.ndarray, bandwidth: float, n_labels: int
) -> np.ndarray:
    """Vote with the kernel exp(-|psi - psi'|^2 / 2 h^2): what attention with keys of one length does (2.8).

    Args:
        demonstrations: (prompt, demonstration, rank) whitened features.
        labels: (prompt, demonstration).
        query: (prompt, query, rank).
        bandwidth: h, above zero, in units of a whitened feature's root mean square.
        n_labels: Number of labels.

    Returns:
        (prompt, query, label), each adding up to 1. The nearest demonstration never underflows.

    Raises:
        TheoryError: If the bandwidth is not above zero.
    """
    if bandwidth <= 0:
        raise TheoryError(f"a bandwidth of {bandwidth}", "a number above zero")
    # |q - k|^2 = |q|^2 - 2 q k + |k|^2, of which |q|^2 cancels in the softmax
    crossed = query @ demonstrations.transpose(0, 2, 1)
    squared = 2 * crossed - (demonstrations**2).sum(-1)[:, None, :]
    weight = softmax(squared / (2 * bandwidth**2), axis=-1)
    marked = labels[:, :, None] == np.arange(n_labels)
    return weight @ marked.astype(float)


def ridge_prediction(
    second_moment: np.ndarray, sums: np.ndarray, query: np.ndarray, size: int, ridge: float
) -> np.ndarray:
    """Predict by ridge regression of the labels' indicators: Sigma estimated from the demonstrations (KRR).

    Args:
        second_moment: (feature, feature) sum of phi phi^T over the demonstrations.
        sums: (label, feature) sum of phi over the demonstrations of each label.
        query: (query, feature).
        size: Number of demonstrations n.
        ridge: Added to the diagonal of second_moment / n.

    Returns:
        (query, label).

    Raises:
        TheoryError: If the system has no unique solution.
    """
    system = second_moment / size + ridge * np.eye(len(second_moment))
    values = np.linalg.eigvalsh(system)
    rank = int((values > len(values) * np.finfo(float).eps * values[-1]).sum())
    # Not left to the factorisation, which rounding lets through now and then, with weights of 1e15.
    if rank < len(system):
        raise TheoryError(
            f"a kernel system of rank {rank} in {len(system)} features, ridge {ridge:g}",
            "a positive definite system",
            "a ridge above zero",
        )
    factor = cho_factor(system)
    return query @ cho_solve(factor, sums.T / size)


def _vote(numerator: np.ndarray, sizes: np.ndarray) -> Vote:
    """Divide (..., query, label) by its sum over labels, which is sum_i K."""
    denominator = numerator.sum(axis=-1)
    near = np.abs(denominator) < SMALLEST
    safe = np.where(near, np.where(denominator < 0, -SMALLEST, SMALLEST), denominator)
    return Vote(
        ratio=numerator / safe[..., None],
        normalised=numerator / sizes,
        clipped=near,
        negative=denominator < 0,
    )
