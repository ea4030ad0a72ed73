"""How far off a forecast of the largest model from the smaller ones would have been (6.3, section 9)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from taskscope.stats.trends.curves import PARAMETERS, Shape, fit, identifiable

Array = np.ndarray


class Forecast(NamedTuple):
    """The largest model's performance, foretold by one method."""

    method: str
    predicted: float
    miss: float
    """Predicted less observed: above 0 where the forecast was too hopeful."""


class Forecasts(NamedTuple):
    """What each method that the sizes allow would have said of the largest model."""

    observed: float
    methods: tuple[Forecast, ...]
    not_identifiable: tuple[str, ...]
    """Methods with too many parameters for the sizes that are left."""


def leave_largest_out(log_scale: ArrayLike, means: ArrayLike, variances: ArrayLike) -> Forecasts:
    """Foretell the largest model from all others, the only honest test of an extrapolation.

    Methods: the last value carried on; a straight line; a line or, where Akaike's criterion prefers it, two
    lines with a turn, of which the last is carried on; a power law broken once.

    Args:
        log_scale: (model,), log10 of scale, rising, 4 models or more.
        means: (model,), performance.
        variances: (model,), of the means, above 0.

    Raises:
        ValueError: If there are fewer than 4 models.
    """
    x, y, var = (np.asarray(one, float) for one in (log_scale, means, variances))
    if len(x) < 4:
        raise ValueError(f"a forecast needs 3 models and one to foretell, not {len(x)} in all")
    left = len(x) - 1
    last = x[-1:]
    line = fit(Shape.LINEAR, x[:-1], y[:-1], var[:-1])
    said = {"last value": float(y[-2]), "line": float(line.predict(last)[0])}
    missing = []
    if identifiable(Shape.HINGE, left):
        hinge = fit(Shape.HINGE, x[:-1], y[:-1], var[:-1])
        said["line or turn"] = float(min(line, hinge, key=lambda one: one.aicc).predict(last)[0])
    else:
        missing.append("line or turn")
    if left > PARAMETERS[Shape.BROKEN]:
        law = fit(Shape.BROKEN, x[:-1], y[:-1], var[:-1])
        said[Shape.BROKEN.value] = float(law.predict(last)[0])
    else:
        missing.append(Shape.BROKEN.value)
    seen = float(y[-1])
    return Forecasts(seen, tuple(Forecast(k, v, v - seen) for k, v in said.items()), tuple(missing))
