"""The compensatory model: P(right) = sigmoid(a_item . theta_examinee + d_item), several dimensions.

Fitted by maximum a posteriori: abilities have a standard normal prior, slopes and intercepts a weak one.
Dimensions are found up to rotation only, so factors may be compared after a Procrustes rotation alone, and
how many there are is a question for held-out responses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import expit

from taskscope.errors import TaskscopeError
from taskscope.theory.item_response.responses import checked

Array = np.ndarray

RIDGE = 0.1
"""Weight of half the squared slopes and intercepts."""
_OPTIONS = {"maxiter": 500, "maxfun": 1_000, "ftol": 1e-9}


@dataclass(frozen=True)
class Logistic:
    """A fitted model."""

    ability: Array
    """(examinee, dimension)."""
    slope: Array
    """(item, dimension), of either sign: a positive one alone would hide skills that trade off."""
    intercept: Array
    """(item,)."""

    def chances(self) -> Array:
        """Probability that an examinee solves an item, (examinee, item)."""
        return expit(self.ability @ self.slope.T + self.intercept)


def fit(responses: ArrayLike, dimensions: int, rng: np.random.Generator) -> Logistic:
    """Fit the model by L-BFGS with the analytic gradient.

    Args:
        responses: (examinee, item), 1 right, 0 wrong, NaN not asked.
        dimensions: Number of abilities, fewer than examinees and items.
        rng: Source of the start.

    Raises:
        TaskscopeError: If the responses are unusable, or dimensions are none or too many.
    """
    table = checked(responses)
    n_examinees, n_items = table.shape
    if not 1 <= dimensions < min(n_examinees, n_items):
        raise TaskscopeError(
            f"{dimensions} dimensions for {n_examinees} examinees and {n_items} items",
            "at least one, and fewer than either",
            "1, 2, 3 ... compared on held-out responses",
        )
    shapes = ((n_examinees, dimensions), (n_items, dimensions), (n_items,))
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    asked, right = ~np.isnan(table), np.nan_to_num(table)

    def unpack(at: Array) -> tuple[Array, ...]:
        return tuple(part.reshape(shape) for part, shape in zip(np.split(at, ends[:-1]), shapes, strict=True))

    def objective(at: Array) -> tuple[float, Array]:
        ability, slope, intercept = unpack(at)
        logits = ability @ slope.T + intercept
        surprise = np.logaddexp(0, logits) - right * logits
        off = np.where(asked, expit(logits) - right, 0.0)
        prior = (ability**2).sum() + RIDGE * ((slope**2).sum() + (intercept**2).sum())
        gradient = (
            off @ slope + ability,
            off.T @ ability + RIDGE * slope,
            off.sum(axis=0) + RIDGE * intercept,
        )
        return float(surprise[asked].sum() + prior / 2), np.concatenate([part.ravel() for part in gradient])

    start = 0.3 * rng.standard_normal(ends[-1])
    found = minimize(objective, start, method="L-BFGS-B", jac=True, options=_OPTIONS)
    return Logistic(*unpack(found.x))
