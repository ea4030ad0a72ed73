"""How measures are put into words and controls, in every finding of the study."""

from __future__ import annotations

import numpy as np

from taskscope.report.findings import Control, Interval
from taskscope.studies.task_vectors.verdicts import Measure


def control(name: str, label: str, measure: Measure, meaning: str) -> Control | None:
    """Make a control; None where its share has no value because the demonstrations gain nothing."""
    value = number(measure.value)
    if value is None:
        return None
    return Control(name=name, label=label, estimate=value, interval=interval(measure), meaning=meaning)


def percent(share: float) -> str:
    """Print a share: ``40 %``."""
    return f"{100 * share:.0f} %"


def number(value: float) -> float | None:
    """Round to 6 significant digits; None where there is no number, which JSON could not say."""
    return float(f"{value:.6g}") + 0.0 if np.isfinite(value) else None


def interval(measure: Measure) -> Interval | None:
    """Return the 95 % interval; None where an end has no number."""
    low, high = number(measure.low), number(measure.high)
    return None if low is None or high is None else Interval(low=low, high=high)
