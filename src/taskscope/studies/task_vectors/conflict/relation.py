"""Does theta override more easily where the two thetas lie farther apart (E5, protocol 9.7)?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.stats import rankdata

from taskscope.stats.intervals import resampling_weights
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.conflict.resampling import Direction
from taskscope.studies.task_vectors.geometry.rows import clouds
from taskscope.studies.task_vectors.geometry.statistics import centroid_distances

FEWEST_PAIRS = 5
"""Pairs of tasks below which a rank correlation gets no interval."""


@dataclass(frozen=True)
class Relation:
    """Rank correlation of override index and distance over ordered pairs of tasks."""

    rho: float
    low: float | None
    high: float | None


def theta_distances(
    thetas: pa.Table, model: str, found: Sequence[Direction], blocks: Mapping[str, int]
) -> list[float]:
    """Cosine distance of the two tasks' mean thetas, at the block where the injected one is put in."""
    distances = []
    for way in found:
        here = clouds(thetas, model, [way.shown, way.injected], blocks[way.injected])
        distances.append(float(centroid_distances(here)[0, 1]))
    return distances


def relate(found: Sequence[Direction], distances: Sequence[float], draws: int) -> Relation | None:
    """Correlate; both directions of a pair are resampled together. None where there is nothing to rank."""
    overrides, apart = np.array([way.override for way in found]), np.array(distances)
    rho = _spearman(overrides, apart)
    if rho is None:
        return None
    pairs = [tuple(sorted((way.shown, way.injected))) for way in found]
    names = sorted(set(pairs))
    if len(names) < FEWEST_PAIRS:
        return Relation(rho, None, None)
    member = np.array([names.index(pair) for pair in pairs])
    times = resampling_weights(len(names), draws, stream("task-vectors bootstrap of relation", len(names)))
    drawn = []
    for row in times[:, member].astype(int):
        value = _spearman(np.repeat(overrides, row), np.repeat(apart, row))
        if value is not None:
            drawn.append(value)
    if len(drawn) < draws / 2:
        return Relation(rho, None, None)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Relation(rho, float(low), float(high))


def _spearman(x: np.ndarray, y: np.ndarray) -> float | None:
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
