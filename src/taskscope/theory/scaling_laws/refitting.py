"""The law fitted many times at once: to resampled trainings, and to losses that have no floor.

Least squares on ln L by damped Gauss-Newton steps, all fits side by side; `fitting.fit` is the published
recipe, robust and slow. Parameters of a fit are (ln E, ln A, ln B, alpha, beta), with sizes and tokens in
units of their geometric means, so that A and B are the two excesses in the middle of the trainings.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from taskscope.theory.scaling_laws.points import Points

Array = np.ndarray

_STARTS = tuple(product((0.15, 0.4, 0.9), (0.15, 0.4, 0.9), (0.2, 0.8)))
"""Exponents of size and of data, and the floor over the lowest loss."""
_STEPS, _MORE_STEPS = 60, 15
"""Steps from a start, and from where another fit ended."""
_NONE, _STEEPEST = -30.0, 4.0
"""ln E where there is no floor; largest exponent."""


@dataclass(frozen=True)
class Fits:
    """Fitted laws side by side; arrays (fit,)."""

    floor: Array
    """E, in the unit of the losses."""
    size: Array
    """Excess by size, in the middle of the trainings."""
    data: Array
    """Excess by tokens, likewise."""
    size_exponent: Array
    data_exponent: Array
    error: Array
    """Mean squared error of ln L."""
    predicted: Array
    """ln L, (fit, point)."""

    def excess(self, size_factor: float, data_factor: float) -> Array:
        """Excess at a size and number of tokens in units of the middle ones, (fit,)."""
        by_size = self.size * size_factor**-self.size_exponent
        return by_size + self.data * data_factor**-self.data_exponent


def fit_once(points: Points, *, floor: bool = True) -> Fits:
    """Fit the law from several starts and keep the best, (1,).

    Args:
        points: Trainings.
        floor: False for the law with E = 0.
    """
    logs = np.log(points.losses)
    lowest, spread = logs.min(), np.log(np.ptp(points.losses) + 1e-9)
    begin = np.array([[lowest + np.log(e), spread, spread, a, b] for a, b, e in _STARTS])
    tried = _descend(
        points, np.tile(logs, (len(begin), 1)), np.ones((len(begin), len(logs))), begin, _STEPS, floor=floor
    )
    best = int(np.argmin(tried[1]))
    return _fits(points, tried[0][best : best + 1], tried[1][best : best + 1])


def refit(points: Points, at: Fits, logs: Array, weights: Array, *, floor: bool = True) -> Fits:
    """Fit again, every time from where one fit ended.

    Args:
        points: Trainings.
        at: What `fit_once` returned.
        logs: ln L, (fit, point).
        weights: How often each point counts, (fit, point).
        floor: False for the law with E = 0.
    """
    start = np.log([at.floor[0], at.size[0], at.data[0]])
    begin = np.tile([*start, at.size_exponent[0], at.data_exponent[0]], (len(logs), 1))
    begin[:, 0] = np.maximum(begin[:, 0], np.log(points.losses.min()) - 3) if floor else _NONE
    return _fits(points, *_descend(points, logs, weights, begin, _MORE_STEPS, floor=floor))


def _axes(points: Points) -> Array:
    """Sizes and tokens as logarithms around their means, (2, point)."""
    both = np.log(np.stack([points.parameters, points.tokens]))
    return both - both.mean(axis=1, keepdims=True)


def _terms(axes: Array, at: Array) -> tuple[Array, Array]:
    """Predicted ln L, (fit, point), and the share of each of the three terms, (fit, point, 3)."""
    shares = np.empty((len(at), axes.shape[1], 3))
    shares[:, :, 0] = np.exp(at[:, :1])
    for term in (1, 2):
        shares[:, :, term] = np.exp(at[:, term, None] - at[:, term + 2, None] * axes[term - 1])
    total = shares[:, :, 0] + shares[:, :, 1] + shares[:, :, 2]
    shares /= total[:, :, None]
    return np.log(total), shares


def _descend(
    points: Points, logs: Array, weights: Array, begin: Array, steps: int, *, floor: bool
) -> tuple[Array, Array]:
    """Take damped Gauss-Newton steps; returns the parameters and the mean squared errors, (fit,)."""
    axes, now = _axes(points), begin.copy()
    if not floor:
        now[:, 0] = _NONE
    free = np.arange(0 if floor else 1, 5)
    whole = weights.sum(axis=1)
    predicted, shares = _terms(axes, now)
    error = (weights * (predicted - logs) ** 2).sum(axis=1) / whole
    damping = np.full(len(now), 1e-2)
    for _ in range(steps):
        slopes = np.concatenate([shares, -shares[:, :, 1:] * axes.T], axis=2)[:, :, free]
        weighted = slopes * weights[:, :, None]
        curvature = np.swapaxes(weighted, 1, 2) @ slopes
        gradient = (weighted * (predicted - logs)[:, :, None]).sum(axis=1)
        ridge = damping[:, None] * (np.diagonal(curvature, axis1=1, axis2=2) + 1e-6)
        step = np.linalg.solve(curvature + ridge[:, :, None] * np.eye(len(free)), gradient[:, :, None])
        tried = now.copy()
        tried[:, free] -= np.clip(step[:, :, 0], -1, 1)
        tried[:, 0] = np.maximum(tried[:, 0], _NONE)
        tried[:, 3:] = np.clip(tried[:, 3:], 0.01, _STEEPEST)
        its, its_shares = _terms(axes, tried)
        its_error = (weights * (its - logs) ** 2).sum(axis=1) / whole
        better = its_error < error
        now[better], predicted[better], shares[better] = tried[better], its[better], its_shares[better]
        error = np.where(better, its_error, error)
        damping = np.clip(np.where(better, damping / 3, damping * 4), 1e-9, 1e6)
    return now, error


def _fits(points: Points, at: Array, error: Array) -> Fits:
    e, a, b = np.exp(at[:, :3]).T
    return Fits(e, a, b, at[:, 3], at[:, 4], error, _terms(_axes(points), at)[0])
