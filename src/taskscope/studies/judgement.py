"""What a verdict is made of: an estimate with its interval, and a verdict with its reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.report.findings import Verdict
from taskscope.stats.intervals import percentile_interval


@dataclass(frozen=True)
class Measure:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, draws: np.ndarray) -> Measure:
        """Read an estimate and its resamples (1 + draw,); an end among infinite ratios is infinite."""
        if not np.isfinite(draws).all():
            ordered = np.sort(draws[1:])
            tail = int(0.025 * len(ordered))
            return cls(float(draws[0]), float(ordered[tail]), float(ordered[-1 - tail]))
        bounds = percentile_interval(draws[1:])
        return cls(float(draws[0]), float(bounds.low), float(bounds.high))


@dataclass(frozen=True)
class Judgement:
    """A verdict and its reason in one sentence."""

    verdict: Verdict
    reason: str
