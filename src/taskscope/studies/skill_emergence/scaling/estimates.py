"""The fitted law with its uncertainty: its floor, and by how much ten times the scale shrinks the excess.

Trainings are resampled, never milestones of one. The factor is read in the middle of the trainings, from a
size and number of tokens that are together a tenth of the end: half a decade to either side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.stats.intervals import resampling_weights
from taskscope.studies.judgement import Measure
from taskscope.studies.randomness import stream
from taskscope.studies.skill_emergence.scaling.rows import Losses
from taskscope.theory.scaling_laws.refitting import Fits, fit_once, refit

Array = np.ndarray

_DRAWS, _NULLS = 100, 40
_HALF = 10**0.5


@dataclass(frozen=True)
class Estimates:
    """What the losses on one text say; arrays have the estimate in front, (1 + draw,)."""

    losses: Losses
    floor: Array
    """E, in the unit of the losses."""
    floor_of_none: Array
    """(null,) the floor that is fitted to losses without one, with noise as large as here."""
    together: Array
    """Excess before over after ten times the size and the tokens."""
    tokens_alone: Array
    """The same for ten times the tokens alone."""
    size_alone: Array
    """The same for ten times the size alone."""
    size_exponent: Array
    data_exponent: Array
    predicted: Array
    """ln L of the law, (point,)."""
    residual: float
    """Root of the mean squared error of ln L."""
    without_floor: float
    """The same for the law with E = 0."""

    @property
    def lowest(self) -> float:
        """Lowest loss seen."""
        return float(self.losses.points.losses.min())

    @property
    def null(self) -> Measure:
        """Floor that is fitted where there is none: mean, and the middle 95 %."""
        low, high = np.quantile(self.floor_of_none, [0.025, 0.975])
        return Measure(float(self.floor_of_none.mean()), float(low), float(high))

    @property
    def decades(self) -> tuple[float, float]:
        """Decades that the sizes and the tokens span."""
        points = self.losses.points
        sizes, tokens = (float(np.log10(v.max() / v.min())) for v in (points.parameters, points.tokens))
        return sizes, tokens


def estimate(found: Losses) -> Estimates:
    """Fit the law, resample the trainings, and fit it to losses without a floor."""
    points, logs = found.points, np.log(found.points.losses)
    rng = stream("skill-emergence scaling", found.source, found.text)
    law, straight = fit_once(points), fit_once(points, floor=False)
    unit = np.unique(found.trainings, return_inverse=True)[1]
    weights = resampling_weights(found.n_trainings, _DRAWS, rng)[:, unit]
    drawn = refit(points, law, np.tile(logs, (len(weights), 1)), weights)
    residuals = logs - law.predicted[0]
    none = straight.predicted[0] + rng.choice(residuals, (_NULLS, len(logs)))
    nulls = refit(points, law, none, np.ones_like(none))

    def joined(name: str) -> Array:
        return np.concatenate([getattr(law, name), getattr(drawn, name)])

    def factor(size: float, tokens: float) -> Array:
        return np.concatenate([_shrinks(fits, size, tokens) for fits in (law, drawn)])

    return Estimates(
        found,
        joined("floor"),
        nulls.floor,
        factor(_HALF, _HALF),
        factor(1 / _HALF, _HALF),
        factor(_HALF, 1 / _HALF),
        joined("size_exponent"),
        joined("data_exponent"),
        law.predicted[0],
        float(law.error[0] ** 0.5),
        float(straight.error[0] ** 0.5),
    )


def _shrinks(fits: Fits, size: float, tokens: float) -> Array:
    """Excess at the start over that at the end, (fit,)."""
    return fits.excess(1 / _HALF, 1 / _HALF) / fits.excess(size, tokens)
