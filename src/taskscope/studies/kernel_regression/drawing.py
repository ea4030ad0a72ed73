"""What the study's figures of estimates with intervals share."""

from __future__ import annotations

from taskscope.studies.judgement import Measure


def ends(measure: Measure, field: str, digits: int = 4) -> dict[str, float]:
    """Return an estimate under its field, with its interval as ``low`` and ``high``, rounded."""
    return {
        field: round(measure.value, digits),
        "low": round(measure.low, digits),
        "high": round(measure.high, digits),
    }
