"""Votes by kernels between texts, from inner products of their embeddings (protocol M6)."""

from __future__ import annotations

import numpy as np

from taskscope.studies.kernel_regression.voting import vote

Array = np.ndarray

WORDS, STATE, PREDICTION, OPERATIONAL, SENTENCE = (
    "words (TF-IDF)",
    "the model's mean state",
    "prediction similarity",
    "operational kernel",
    "sentence encoder",
)
"""P(o|x)^T P(o|x'), and the same with the second moment of such laws divided out (section 8)."""

TAUS = (0.01, 0.02, 0.05, 0.1, 0.2, 1.0)
DOT, COSINE, NEAREST, NEAREST_3 = "dot", "cosine", "nearest", "nearest 3"
FORMS = (DOT, COSINE, NEAREST, NEAREST_3, *(f"exp(cosine / {tau:g})" for tau in TAUS))
"""Ways to turn inner products into weights of demonstrations."""
TEMPERED = FORMS[4:]


def cosines(products: Array) -> Array:
    """Divide inner products (..., text, text) by both lengths; 0 for an embedding of no length."""
    length = np.sqrt(np.maximum(np.einsum("...ii->...i", products), 0))
    size = length[..., :, None] * length[..., None, :]
    return np.divide(products, size, out=np.zeros_like(products), where=size > 0)


def weights(products: Array, form: str) -> Array:
    """Weigh demonstrations by their likeness to the query.

    Args:
        products: (question, text, text), the query first.
        form: One of `FORMS`.

    Returns:
        (question, demonstration); adds up to 1, but for `DOT` and `COSINE`, which may be negative.
    """
    if form == DOT:
        return products[:, 0, 1:]
    cosine = cosines(products)[:, 0, 1:]
    if form == COSINE:
        return cosine
    if form in (NEAREST, NEAREST_3):
        n = min(1 if form == NEAREST else 3, cosine.shape[1])
        # The highest n with all that tie with the last of them.
        bar = np.sort(cosine, axis=1)[:, -n, None]
        near = (cosine >= bar - 1e-9).astype(float)
        return near / near.sum(axis=1, keepdims=True)
    tau = TAUS[TEMPERED.index(form)]
    raised = np.exp((cosine - cosine.max(axis=1, keepdims=True)) / tau)
    return raised / raised.sum(axis=1, keepdims=True)


def kernel_votes(products: Array, classes: Array, n_classes: int, form: str) -> Array:
    """Let the demonstrations vote: (question, class).

    Args:
        products: (question, text, text) of as many demonstrations as `classes` names.
        classes: int (question, demonstration).
        n_classes: Number of classes.
        form: One of `FORMS`.
    """
    return vote(weights(products, form), classes, n_classes)
