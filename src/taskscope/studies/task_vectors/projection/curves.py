"""The chart of E6: gains in reciprocal rank, block by block, with what permuted task labels give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule

GAIN = Axis("gain", "gain of description words in reciprocal rank", format=".4~f")
BLOCK = Axis("block", "block after which theta is read", whole=True)
BAND = "theta, task labels permuted (95 %)"


def gain_curves(curves: Mapping[str, np.ndarray], band: np.ndarray, read: int, n_shown: int) -> Any:
    """Draw mean gains by block.

    Args:
        curves: Name -> (block,).
        band: (2, block), ends of what chance gives.
        read: The block that is read.
        n_shown: The first so many curves are what is shown, the others controls.
    """
    data: list[dict[str, Any]] = []
    for name, gains in curves.items():
        data += [_point(block, value, name) for block, value in enumerate(gains)]
    for block, (low, high) in enumerate(band.T):
        data.append(
            _point(block, (low + high) / 2, BAND)
            | {"low": round(float(low), 5), "high": round(float(high), 5)}
        )
    names = tuple(curves)
    return charts.curves(
        data,
        BLOCK,
        GAIN,
        series="states",
        low="low",
        high="high",
        order=names[:n_shown],
        controls=(BAND, *names[n_shown:]),
        rules=[Rule(read, f"block {read}", across="x")],
    )


def _point(block: int, value: float, states: str) -> dict[str, Any]:
    return {"block": block, "gain": round(float(value), 5), "states": states, "low": None, "high": None}
