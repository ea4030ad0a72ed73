"""What each account makes of the demonstrations: scores for every class, by account and setting.

Scores become laws by one calibration for all (`calibrating`), so that none wins by its units.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
from scipy.special import log_softmax, logsumexp

from taskscope.studies.kernel_regression.rivals.kernels import TEMPERED, cosines, kernel_votes
from taskscope.studies.kernel_regression.rivals.rows import Questions
from taskscope.studies.kernel_regression.voting import vote

Array = np.ndarray
Scores = dict[str, Array]
"""By setting, (question, class)."""

ATTENTION, SMOOTHER, RIDGE, GRADIENT, MIXTURE = (
    "attention smoother",
    "smoother over texts",
    "kernel ridge",
    "one gradient step",
    "Bayesian mixture of tasks",
)
ACCOUNTS = (ATTENTION, SMOOTHER, RIDGE, GRADIENT, MIXTURE)
CONSTANT, MAJORITY, ZERO_SHOT = "one law for all", "majority of the demonstrations", "no demonstrations"
CONTROLS = (CONSTANT, MAJORITY, ZERO_SHOT)

SMALLEST_VOTE = 0.01
"""Added to votes before their logarithm: a class without any vote is not impossible."""
PENALTIES = (0.01, 0.1, 1.0, 10.0)
"""Of ridge regression, for features of length 1."""
SHARPNESS = (0.03, 0.1, 0.3, 1.0)
"""Powers of the likelihood: a text alone makes the model too sure, and demonstrations share its errors."""
MOST_PERMUTED = 4
"""Classes up to which all renamings of the labels are candidate tasks."""


def scores(asked: Questions, k: int) -> dict[str, Scores]:
    """Score every class of every question by each account and control, with k demonstrations."""
    n_classes, classes = asked.n_classes, asked.classes[:, :k]
    shown = np.eye(n_classes)[classes]  # (question, demonstration, class)
    products = {name: values[:, : k + 1, : k + 1] for name, values in asked.products.items()}
    found: dict[str, Scores] = {
        ATTENTION: {f"head {i}": _logs(votes) for i, votes in enumerate(np.moveaxis(asked.votes[k], 1, 0))},
        SMOOTHER: {
            f"{name}, {form}": _logs(kernel_votes(values, classes, n_classes, form))
            for name, values in products.items()
            for form in TEMPERED
        },
        RIDGE: {
            f"{name}, penalty {penalty:g}": ridge(cosines(values), shown, penalty)
            for name, values in products.items()
            for penalty in PENALTIES
        },
        GRADIENT: {name: gradient_step(cosines(values), shown) for name, values in products.items()},
        MIXTURE: {
            f"likelihood ^ {power:g}": mixture(asked.alone[:, : k + 1], classes, power) for power in SHARPNESS
        },
        CONSTANT: {"": np.zeros((len(classes), n_classes))},
        MAJORITY: {"": _logs(vote(np.full(classes.shape, 1 / k), classes, n_classes))},
        ZERO_SHOT: {"": log_softmax(asked.alone[:, 0], axis=1)},
    }
    return found


def ridge(cosine: Array, shown: Array, penalty: float) -> Array:
    """Predict the label by kernel ridge regression with a free intercept, (question, class).

    Args:
        cosine: (question, text, text), the query first.
        shown: (question, demonstration, class) one-hot labels.
        penalty: Added to the diagonal.
    """
    among, to = cosine[:, 1:, 1:], cosine[:, 0, 1:]
    base = shown.mean(axis=1)
    centred = among - among.mean(axis=1, keepdims=True)
    to = to - among.mean(axis=1)
    centred = centred - centred.mean(axis=2, keepdims=True)
    to = to - to.mean(axis=1, keepdims=True)
    weights = np.linalg.solve(centred + penalty * np.eye(among.shape[1]), shown - base[:, None])
    return np.einsum("qd,qdc->qc", to, weights) + base


def gradient_step(cosine: Array, shown: Array) -> Array:
    """Take one step of gradient descent from a linear classifier of zeros, (question, class).

    The error of a classifier that gives all classes alike is label less 1/C, so that a step of any length is
    a sum of these weighted by inner products with the query; its length is left to the calibration.
    """
    return np.einsum("qd,qdc->qc", cosine[:, 0, 1:], shown - 1 / shown.shape[2])


def mixture(alone: Array, classes: Array, power: float) -> Array:
    """Weigh candidate tasks by how well they explain the demonstrations' labels, and mix what they say.

    A candidate renames the labels that the model gives to a text alone; one more gives all labels alike. Up
    to four classes all renamings are candidates, beyond that the identity, the exchanges of two labels and
    the rotations.

    Args:
        alone: (question, text, class) log law of every text alone, the query first.
        classes: int (question, demonstration).
        power: Of the likelihood.

    Returns:
        Log of the mixed law, (question, class).
    """
    laws = log_softmax(alone, axis=2)
    n_classes = laws.shape[2]
    names = renamings(n_classes)  # (candidate, class): the class that becomes each label
    renamed = laws[:, 1:][:, :, names]  # (question, demonstration, candidate, label)
    wanted = classes[:, :, None, None]
    fit = np.take_along_axis(renamed, wanted, axis=3)[..., 0].sum(axis=1)
    evidence = np.column_stack([fit, np.full(len(fit), -classes.shape[1] * np.log(n_classes))])
    weight = log_softmax(power * evidence, axis=1)
    said = laws[:, 0][:, names]  # (question, candidate, label)
    alike = np.full((len(said), 1, n_classes), -np.log(n_classes))
    mixed = weight[:, :, None] + np.concatenate([said, alike], axis=1)
    return np.asarray(logsumexp(mixed, axis=1))


def renamings(n_classes: int) -> Array:
    """List candidate renamings, int (candidate, class), the identity among them."""
    if n_classes <= MOST_PERMUTED:
        return np.array(list(permutations(range(n_classes))))
    plain = np.arange(n_classes)
    found = {tuple(np.roll(plain, shift).tolist()) for shift in range(n_classes)}
    for a in range(n_classes):
        for b in range(a):
            other = plain.copy()
            other[[a, b]] = other[[b, a]]
            found.add(tuple(other.tolist()))
    return np.array(sorted(found))


def _logs(votes: Array) -> Array:
    return np.log(votes + SMALLEST_VOTE)
