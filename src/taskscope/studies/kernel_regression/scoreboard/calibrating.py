"""From scores to laws: one multiplicative factor and one prior per class, fitted to the model's own laws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

Array = np.ndarray

PULL = 1e-3
"""Weight of the squared parameters: keeps them finite where a score separates the answers."""


@dataclass(frozen=True)
class Calibration:
    """q(c) proportional to exp(factor * score_c + prior_c)."""

    factor: float
    """Never below 0: an account that is right upside down is wrong."""
    prior: Array
    """(class,)."""

    def log_law(self, scores: Array) -> Array:
        """Return log q, (question, class)."""
        return log_softmax(self.factor * scores + self.prior, axis=1)


def calibrate(scores: Array, laws: Array) -> Calibration:
    """Fit the calibration that makes the laws likeliest on average.

    Args:
        scores: (question, class).
        laws: (question, class), the model's, adding up to 1.
    """
    spread = float(scores.std()) or 1.0
    scaled = scores / spread
    n, n_classes = laws.shape

    def loss(at: Array) -> tuple[float, Array]:
        logs = log_softmax(at[0] * scaled + at[1:], axis=1)
        error = (np.exp(logs) - laws) / n
        slope = np.concatenate([[(error * scaled).sum()], error.sum(axis=0)])
        return float(-(laws * logs).sum() / n + PULL / 2 * at @ at), slope + PULL * at

    bounds = [(0, None), *[(None, None)] * n_classes]
    found = minimize(loss, np.zeros(1 + n_classes), jac=True, method="L-BFGS-B", bounds=bounds).x
    return Calibration(float(found[0] / spread), found[1:])


def cross_entropy(laws: Array, logs: Array) -> Array:
    """Return -sum p log q of each question, (question,), nats."""
    return -(laws * logs).sum(axis=1)
