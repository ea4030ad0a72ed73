"""A linear map from label embeddings to label embeddings, learned by gradient descent (structured_tasks E3).

The map W minimises the mean squared distance of W e(p) to e(r) over the demonstrations, by full-batch
gradient descent from W = 0 with step 1 / lambda, lambda the largest eigenvalue of the inputs' second moment;
the answer to p is the candidate r with the largest inner product of e(r) and W e(p).

W never has to be written down. It stays of the form sum_ij A_ij e(r_i) e(p_j)^T with one row and one column
for each class, and both training and answering need inner products only. With G and H the Gram matrices of
inputs and outputs and P the diagonal of class frequencies, the scores (candidate, query) are H A G, where
after T steps A is a function of P^1/2 G P^1/2 in closed form: a run costs one eigen-decomposition of a K x K
matrix instead of T passes over a D x D one.
"""

from __future__ import annotations

import numpy as np


def scores(inputs: np.ndarray, outputs: np.ndarray, counts: np.ndarray, steps: float) -> np.ndarray:
    """Score every candidate for every class as a query.

    Args:
        inputs: (class, d) embeddings of the original labels.
        outputs: (class, d') embeddings of their images.
        counts: (class,) demonstrations of each class; 0 for a class that is not shown.
        steps: Steps of gradient descent, at least 1; infinity for the limit.

    Returns:
        float64 (candidate, query class).

    Raises:
        ValueError: If shapes do not fit, no class is shown, or there are fewer steps than one.
    """
    x, y, n = np.asarray(inputs, float), np.asarray(outputs, float), np.asarray(counts, float)
    if not len(x) == len(y) == len(n) or n.sum() <= 0 or (n < 0).any() or not steps >= 1:
        raise ValueError("a linear map needs as many inputs as outputs and counts, a class shown, and a step")
    gram = x @ x.T
    root = np.sqrt(n / n.sum())
    values, vectors = np.linalg.eigh(root[:, None] * gram * root)
    step = 1 / values[-1]
    learned = _learned(values, step, steps)
    inner = (root[:, None] * vectors * learned) @ (vectors.T * root)
    return (y @ y.T) @ inner @ gram


def predict(inputs: np.ndarray, outputs: np.ndarray, counts: np.ndarray, steps: float) -> np.ndarray:
    """Return the predicted class of every class as a query, int64 (class,); arguments as for `scores`."""
    return scores(inputs, outputs, counts, steps).argmax(axis=0)


def _learned(values: np.ndarray, step: float, steps: float) -> np.ndarray:
    """Return (1 - (1 - step v)^steps) / v for each eigenvalue v; 0 for v = 0, where nothing is to be learned.

    The root of the frequencies, by which this is multiplied, is 0 in the directions of classes not shown.
    """
    positive = values > 1e-12 * values[-1]
    safe = np.where(positive, values, 1.0)
    # The largest eigenvalue gives 1 - 1 = 0, which rounding may turn into a tiny negative number.
    left = np.clip(1 - step * safe, 0.0, 1.0)
    return np.where(positive, (1 - left**steps) / safe, 0.0)
