"""The law fitted robustly to losses of finished trainings.

The fit is the third approach of Hoffmann et al. 2022 (protocol skill_emergence 5.2): a Huber loss between the
logarithms of predicted and observed loss, minimised by L-BFGS from a grid of starts.  The objective is scaled
and the tolerances are tight: with the defaults the minimiser stops early and reports other exponents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import logsumexp

from taskscope.theory.scaling_laws.law import ScalingLaw
from taskscope.theory.scaling_laws.points import Points

Array = np.ndarray

DELTA = 1e-3
"""Residual of ln L beyond which the Huber loss grows linearly."""
GRID = tuple(
    product(
        (0.0, 5.0, 10.0, 15.0, 20.0, 25.0),
        (0.0, 5.0, 10.0, 15.0, 20.0, 25.0),
        (-1.0, -0.5, 0.0, 0.5, 1.0),
        (0.0, 0.5, 1.0, 1.5, 2.0),
        (0.0, 0.5, 1.0, 1.5, 2.0),
    )
)
"""Starts (ln A, ln B, ln E, alpha, beta)."""
_SCALE = 1e3
_OPTIONS = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 5_000, "maxfun": 20_000}


@dataclass(frozen=True)
class Fit:
    """A fitted law."""

    law: ScalingLaw
    objective: float
    """Sum of Huber losses of the residuals of ln L."""
    residuals: Array
    """(point,) predicted minus observed ln L."""
    agreeing: int
    """Starts that ended within one part in a million of the lowest objective."""
    starts: int


def fit(
    parameters: ArrayLike,
    tokens: ArrayLike,
    losses: ArrayLike,
    *,
    starts: Sequence[Sequence[float]] = GRID[::74],
    delta: float = DELTA,
) -> Fit:
    """Fit the law to observed losses.

    Args:
        parameters: N of each point, (point,).
        tokens: D of each point, (point,).
        losses: Observed loss of each point, (point,), above zero.
        starts: Points (ln A, ln B, ln E, alpha, beta) from which the search begins; by default every 74th of
            `GRID`, 61 in all, among which every value of every constant occurs.
        delta: Width of the quadratic part of the Huber loss.

    Raises:
        TaskscopeError: As `Points.of`: too few points, one size or number of tokens alone, a value that is no
            number above zero.
    """
    points = _points(parameters, tokens, losses)
    found = [_minimise(points, np.asarray(start, float), delta) for start in starts]
    lowest = min(found, key=lambda pair: pair[0])
    agreeing = sum(value <= lowest[0] * (1 + 1e-6) + 1e-15 for value, _ in found)
    return Fit(_law(lowest[1]), lowest[0], _residuals(points, lowest[1])[0], agreeing, len(found))


def bootstrap(
    parameters: ArrayLike,
    tokens: ArrayLike,
    losses: ArrayLike,
    fitted: Fit,
    draws: int,
    rng: np.random.Generator,
    *,
    clusters: ArrayLike | None = None,
    delta: float = DELTA,
) -> list[ScalingLaw]:
    """Refit on resampled points, each time starting at the fitted law.

    Args:
        parameters: As in `fit`.
        tokens: As in `fit`.
        losses: As in `fit`.
        fitted: What `fit` returned for these points.
        draws: Number of resamples.
        rng: Source of randomness.
        clusters: (point,) labels of points that are resampled together, e.g. the checkpoints of one training,
            which share their noise; None resamples points.
        delta: As in `fit`.
    """
    points = _points(parameters, tokens, losses)
    labels = np.arange(len(points)) if clusters is None else np.asarray(clusters)
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    start = _vector(fitted.law)
    laws = []
    for _ in range(draws):
        rows = np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])
        laws.append(_law(_minimise(points[rows], start, delta)[1]))
    return laws


def _points(parameters: ArrayLike, tokens: ArrayLike, losses: ArrayLike) -> Array:
    """Stack ln N, ln D and ln L as (point, 3)."""
    checked = Points.of(parameters, tokens, losses)
    return np.log(np.stack([checked.parameters, checked.tokens, checked.losses], axis=1))


def _residuals(points: Array, at: Array) -> tuple[Array, Array]:
    """Predicted minus observed ln L, (point,), and the share of each term in the prediction, (point, 3)."""
    a, b, e, alpha, beta = at
    terms = np.stack([a - alpha * points[:, 0], b - beta * points[:, 1], np.full(len(points), e)], axis=1)
    predicted = np.asarray(logsumexp(terms, axis=1))
    return predicted - points[:, 2], np.exp(terms - predicted[:, None])


def _objective(at: Array, points: Array, delta: float) -> tuple[float, Array]:
    """Huber loss and its gradient, both scaled."""
    residuals, shares = _residuals(points, at)
    small = np.abs(residuals) <= delta
    value = np.where(small, 0.5 * residuals**2, delta * (np.abs(residuals) - 0.5 * delta)).sum()
    slope = np.where(small, residuals, delta * np.sign(residuals))
    by_term = slope @ shares
    for_alpha = -(slope * shares[:, 0]) @ points[:, 0]
    for_beta = -(slope * shares[:, 1]) @ points[:, 1]
    return _SCALE * value, _SCALE * np.array([*by_term, for_alpha, for_beta])


def _minimise(points: Array, start: Array, delta: float) -> tuple[float, Array]:
    found = minimize(_objective, start, (points, delta), "L-BFGS-B", jac=True, options=_OPTIONS)
    return float(found.fun) / _SCALE, found.x


def _law(at: Array) -> ScalingLaw:
    a, b, e, alpha, beta = (float(value) for value in at)
    return ScalingLaw(np.exp(e).item(), np.exp(a).item(), np.exp(b).item(), alpha, beta)


def _vector(law: ScalingLaw) -> Array:
    logs = np.log([law.size_factor, law.data_factor, law.irreducible])
    return np.array([*logs, law.size_exponent, law.data_exponent])
