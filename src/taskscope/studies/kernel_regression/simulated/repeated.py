"""Intervals of simulated means, from resampled repeats: prompts, or parts of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskscope.stats.intervals import resampling_weights
from taskscope.studies.judgement import Measure
from taskscope.studies.kernel_regression.simulated.rows import Curve, Curves
from taskscope.studies.randomness import stream

DRAWS = 1000
"""Bootstrap resamples behind an interval."""


def repeats(rows: pa.Table, experiment: str) -> Curves:
    """Read every curve of an experiment with each repeat of each seed as a row; empty where none measured it.

    Args:
        rows: As `rows.curves` takes them; a curve has the same repeats at all its sizes.
        experiment: Number: ``S1``.
    """
    if "experiment" not in rows.column_names:
        return {}
    mine = rows.filter(pc.equal(rows["experiment"], experiment))  # type: ignore[attr-defined]
    names = ["setting", "method", "metric"]
    mine = mine.sort_by([(name, "ascending") for name in (*names, "seed", "repeat", "n")])
    found, start = {}, 0
    for key, group in groupby(zip(*(mine[name].to_pylist() for name in names), strict=True)):
        own = mine.slice(start, sum(1 for _ in group))
        sizes = np.unique(own["n"].to_numpy())
        found[key] = Curve(sizes, own["value"].to_numpy().reshape(-1, len(sizes)))
        start += len(own)
    return found


def means(worlds: Sequence[np.ndarray], *source: object) -> list[Measure]:
    """Measure the mean over worlds of means over repeats, resampling the repeats of each world.

    Args:
        worlds: (repeat, column) of each world.
        source: What the resamples depend on.

    Returns:
        A measure of each column.
    """
    drawn = []
    for number, values in enumerate(worlds):
        rng = stream("kernel-regression repeats", number, len(values), *source)
        counts = np.vstack([np.ones(len(values)), resampling_weights(len(values), DRAWS, rng)])
        drawn.append(counts @ values / len(values))
    return [Measure.of(column) for column in np.mean(drawn, axis=0).T]


def told(measure: Measure, digits: int = 3) -> str:
    """Write a measure with its interval."""
    return f"{measure.value:.{digits}f} ({measure.low:.{digits}f} to {measure.high:.{digits}f})"
