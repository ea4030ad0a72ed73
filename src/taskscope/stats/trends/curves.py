"""Curves of performance against scale, fitted to weighted means, and the choice among them (6.3).

The variances of the means are known, so a parameter count is that of the curve alone, and a curve that has
too many parameters for the number of sizes is not fitted at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.optimize import least_squares

Array = np.ndarray

SCREENED, STARTS = 20_000, 5
"""Random points of the broken law's search, whose squares have many hollows; and how many to go on from."""
BOUNDS = ([-12.0, -12.0, -0.2, -4.6], [12.0, 12.0, 1.2, 1.0])
"""Of the broken law: both exponents, the break, and the log of its width, scale measured by its range."""


class Shape(StrEnum):
    """A family of curves."""

    CONSTANT = "constant"
    LINEAR = "linear"
    QUADRATIC = "quadratic"
    HINGE = "hinge"
    BROKEN = "broken power law"


PARAMETERS = {Shape.CONSTANT: 1, Shape.LINEAR: 2, Shape.QUADRATIC: 3, Shape.HINGE: 4, Shape.BROKEN: 6}
"""Free numbers of each: a hinge has a level, two slopes and a break, a law broken once has six."""


@dataclass(frozen=True)
class Fit:
    """A fitted curve."""

    shape: Shape
    squares: float
    """Weighted squares left: chi-squared, since weights are inverse variances."""
    sizes: int
    """Models it was fitted to."""
    predict: Callable[[Array], Array]
    """Performance at any log10 of scale, shape kept."""

    @property
    def aicc(self) -> float:
        """Akaike's criterion, corrected for few sizes; lower is better, inf where it does not exist."""
        k = PARAMETERS[self.shape]
        free = self.sizes - k - 1
        return self.squares + 2 * k + 2 * k * (k + 1) / free if free > 0 else np.inf


def identifiable(shape: Shape, sizes: int) -> bool:
    """Whether so many sizes can tell this curve from others: more than one above its parameters."""
    return sizes > PARAMETERS[shape] + 1


def fit(shape: Shape, log_scale: Array, means: Array, variances: Array) -> Fit:
    """Fit a curve by weighted least squares; at least as many sizes as parameters.

    Args:
        shape: Family of curves.
        log_scale: (model,), log10 of scale, rising.
        means: (model,), performance.
        variances: (model,), above 0.

    Raises:
        ValueError: If there are fewer sizes than parameters.
    """
    if len(means) < PARAMETERS[shape]:
        raise ValueError(f"{len(means)} sizes for the {PARAMETERS[shape]} parameters of a {shape} curve")
    low, span = log_scale[0], np.ptp(log_scale)
    x = (log_scale - low) / span
    root = 1 / np.sqrt(variances)
    match shape:
        case Shape.HINGE:
            design = _best_hinge(x, means, root)
        case Shape.BROKEN:
            design = _best_broken(x, means, root)
        case _:
            design = _powers(PARAMETERS[shape])
    weights, squares = _solve(design(x), means, root)
    return Fit(shape, squares, len(means), lambda at: design((at - low) / span) @ weights)


Design = Callable[[Array], Array]
"""Makes columns (..., column) of scale in units of its range; the curve is a weighted sum of them."""


def _powers(n: int) -> Design:
    return lambda x: np.stack([x**power for power in range(n)], axis=-1)


def _hinge(at: float) -> Design:
    return lambda x: np.stack([np.ones_like(x), np.minimum(x - at, 0), np.maximum(x - at, 0)], axis=-1)


def _broken(shape: Array) -> Design:
    """Columns 1 and C^-c0 (1 + (C/d)^(1/f))^(-c1 f), logs of C and d counted in ranges of log C."""
    return lambda x: np.stack([np.ones_like(x), _law(shape, x)], axis=-1)


def _law(shape: Array, x: Array) -> Array:
    """The broken power law without its level and factor; shape (4, ...) against x, broadcast."""
    first, second, at, log_width = shape
    width = np.exp(log_width)
    return np.exp(np.clip(-(first * x + second * width * np.logaddexp(0, (x - at) / width)), -60, 60))


def _solve(columns: Array, means: Array, root: Array) -> tuple[Array, float]:
    scaled = columns * root[:, None]
    norms = np.maximum(np.linalg.norm(scaled, axis=0), 1e-300)
    weights = np.linalg.lstsq(scaled / norms, means * root, rcond=None)[0] / norms
    return weights, float((((columns @ weights) - means) ** 2 * root**2).sum())


def _best_hinge(x: Array, means: Array, root: Array) -> Design:
    """Try breaks on a fine grid that leaves two models on either side of it, its own place included."""
    breaks = np.linspace(x[1], x[-2], 201)
    squares = [_solve(_hinge(at)(x), means, root)[1] for at in breaks]
    return _hinge(float(breaks[int(np.argmin(squares))]))


def _best_broken(x: Array, means: Array, root: Array) -> Design:
    """Search the four numbers the law is not linear in; level and factor are solved for at each point."""
    share = root**2 / (root**2).sum()
    y = (means - share @ means) * root

    def left(shape: Array) -> Array:
        """What the best level and factor leave, (model, ...)."""
        law = _law(shape, x if shape.ndim == 1 else x[:, None])
        # As a share of its largest value, because powers span many orders of magnitude.
        law = law / np.abs(law).max(axis=0)
        law = ((law - share @ law).T * root).T
        size = np.maximum((law**2).sum(axis=0), 1e-12)
        return law * ((y @ law) / size) - (y if law.ndim == 1 else y[:, None])

    low, high = (np.array(end) for end in BOUNDS)
    points = np.random.default_rng(0).uniform(low, high, size=(SCREENED, len(low)))
    best = points[np.argsort((left(points.T) ** 2).sum(axis=0))[:STARTS]]
    found = [least_squares(left, start, bounds=BOUNDS, max_nfev=60) for start in best]
    return _broken(min(found, key=lambda one: one.cost).x)
