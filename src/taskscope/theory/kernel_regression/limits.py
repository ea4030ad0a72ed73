"""What kernel regression tends to with demonstrations without end, and its error with n (2.5, F1 to F5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.theory.hidden_markov.strings import Strings
from taskscope.theory.kernel_regression.kernels import CUT, features


@dataclass(frozen=True)
class Limit:
    """Expectations over one demonstration (x_i, y_i) of the task, for every query x."""

    label_weight: np.ndarray
    """(query, label) E[e(y_i) K(x, x_i)]."""
    weight: np.ndarray
    """(query,) E[K(x, x_i)]: 1 for A and E (F1), P(x | task) / P(x) for B and F (F2)."""

    @property
    def prediction(self) -> np.ndarray:
        """(query, label): what the vote converges to."""
        return self.label_weight / self.weight[:, None]


def limit(query: np.ndarray, psi: np.ndarray, joint: np.ndarray) -> Limit:
    """Return the limit of a kernel regression.

    Args:
        query: (query, rank) whitened features.
        psi: (string, rank) those of all strings.
        joint: (string, label) P(x, y | task), adding up to 1.
    """
    return Limit(query @ (joint.T @ psi).T, query @ (joint.sum(axis=1) @ psi))


def self_kernel(psi: np.ndarray, weights: np.ndarray) -> float:
    """Return E[K(x, x)] under a law (string,); under Sigma's own law it is the rank (F4)."""
    return float(weights @ (psi**2).sum(axis=1))


def normalised_error(rank: int, law: np.ndarray, weights: np.ndarray) -> float:
    """Return n E|y_n - P(.|x)|^2 of the n-normalised vote with A or E: rank - E|P(.|x)|^2, exactly (F4).

    Args:
        rank: Of Sigma.
        law: (string, label) P(y | x, task).
        weights: (string,) P(x | task).
    """
    return rank - float(weights @ (law**2).sum(axis=1))


def mismatch_bound(strings: Strings, mixed: np.ndarray, of_task: np.ndarray) -> float:
    """Return eta^2 epsilon, the theorem's bound on what the literal kernel C is off by in the end (2.1, 2.3).

    eta is the largest Frobenius norm of an operator, epsilon the spectral radius of the difference of the two
    inverses of Sigma, for strings of one length. It is vacuous: millions and more, for biases of hundredths.

    Args:
        strings: All there are of one length.
        mixed: (string,) law under the mixture.
        of_task: (string,) law under the task.
    """
    phi = features("C", strings, 0)
    difference = _inverse_moment(phi, mixed) - _inverse_moment(phi, of_task)
    epsilon = np.abs(np.linalg.eigvalsh(difference)).max()
    return float((phi**2).sum(axis=1).max() * epsilon)


def _inverse_moment(phi: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Invert the second moment of features (string, feature) on its range, through their singular values."""
    _, s, vt = np.linalg.svd(np.sqrt(weights)[:, None] * phi, full_matrices=False)
    kept = s > CUT * s[0]
    return (vt[kept].T / s[kept] ** 2) @ vt[kept]


def delta_error(query: np.ndarray, target: np.ndarray, psi: np.ndarray, joint: np.ndarray) -> np.ndarray:
    """Return n E|y - P|^2 of the vote to first order in 1/n (F5).

    Reliable for E; the others' leverages K(x, x) are so heavy-tailed that rare strings rule their moments.

    Args:
        query: (query, rank) whitened features.
        target: (query, label) what the vote converges to.
        psi: (string, rank) those of all strings.
        joint: (string, label) P(x, y | task).

    Returns:
        (query,) sum over (x', y') of P(x', y') K(x, x')^2 |e(y') - P(.|x)|^2, over E[K(x, .)]^2.
    """
    mass = joint.sum(axis=1)
    kernel = query @ psi.T
    squared = kernel**2
    # |e(y') - P|^2 = 1 - 2 P(y') + |P|^2
    own = (squared @ joint * target).sum(axis=1)
    length = 1 + (target**2).sum(axis=1)
    return (squared @ mass * length - 2 * own) / (kernel @ mass) ** 2
