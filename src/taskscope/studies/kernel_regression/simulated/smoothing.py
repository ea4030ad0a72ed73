"""S7: Nadaraya-Watson smoothing of a known function: bandwidth, and retrieving the nearest demonstrations.

The function is the mean of sin(2 pi x_j) on [0, 1]^D, seen through noise. (a) With the best bandwidth for
each n the error falls as n^(-4/(4+D)); one chosen from the demonstrations alone comes close. (b) At a fixed
bandwidth, the n nearest of a pool beat n random ones. (c) The same inside the theorem's world: `retrieval`.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pydantic import Field

from taskscope.studies.base import Params
from taskscope.studies.kernel_regression.simulated import retrieval
from taskscope.studies.kernel_regression.simulated.rows import RowWriter
from taskscope.theory import smoothing

NUMBER = "S7"
ORACLE, LEFT_OUT = "best bandwidth", "bandwidth left-out"
RANDOM, NEAREST = "random", "nearest"
ERROR, BANDWIDTH = "error", "bandwidth"
EFFECTIVE, PERPLEXITY = "effective number", "perplexity"
LOW, HIGH = 0.2, 0.8
"""Queries stay away from the edges, where smoothing is biased in another way."""
GRID = 2.0 ** np.arange(-2.5, 1.51, 0.25)
"""Bandwidths tried, in units of WIDTH n^(-1/(4+D))."""
WIDTH = 0.3


class SmoothingParams(Params):
    """Sizes of S7."""

    dimensions: tuple[int, ...] = Field(default=(1, 2, 4), min_length=1)
    shots: tuple[int, ...] = Field(default=(64, 128, 256, 512, 1024, 2048, 4096), min_length=1)
    """Demonstrations n of (a)."""
    repeats: int = Field(default=2, ge=1)
    """Draws of demonstrations of (a), with queries of their own."""
    n_queries: int = Field(default=100, ge=2)
    noise: float = Field(default=0.3, gt=0)
    """S.d. of what is added to the function."""
    bandwidths: tuple[float, ...] = Field(default=(0.3, 0.15), min_length=1)
    """Fixed bandwidths of (b)."""
    retrieved: tuple[int, ...] = Field(default=(8, 32), min_length=1)
    """Demonstrations n of (b), from a pool of two dimensions."""
    pool_factor: int = Field(default=32, ge=2)
    """Size of a pool over n, in (b) and (c)."""
    retrievals: int = Field(default=8, ge=1)
    """Pools of (b)."""
    hidden_shots: tuple[int, ...] = Field(default=(16, 64, 256), min_length=1)
    """Demonstrations n of (c)."""
    hidden_bandwidth: float = Field(default=0.3, gt=0)
    """Of the Gaussian kernel of (c), on whitened belief states."""
    hidden_repeats: int = Field(default=4, ge=1)
    """Pools of (c)."""
    hidden_queries: int = Field(default=64, ge=2)


SIZES = {
    "smoke": SmoothingParams(
        shots=(64, 256, 1024), repeats=1, n_queries=50, retrievals=2, hidden_repeats=1, hidden_queries=32
    ),
    "standard": SmoothingParams(),
    "full": SmoothingParams(repeats=6, retrievals=20, hidden_repeats=12),
    "paper": SmoothingParams(),
}
"""By profile; no paper ran this, so that ``paper`` is ``standard``."""
SEEDS = {"smoke": 2, "standard": 6, "full": 12, "paper": 6}


def simulate(params: SmoothingParams, rng: np.random.Generator) -> pa.Table:
    """Run (a), (b) and (c) once; rows of `rows.SCHEMA`.

    Raises:
        TheoryError: If the theorem's world cannot be solved.
    """
    found = RowWriter(NUMBER)
    for d in params.dimensions:
        _bandwidths(found, params, d, rng)
    for bandwidth in params.bandwidths:
        _retrieved(found, params, bandwidth, rng)
    sizes = retrieval.Sizes(
        params.hidden_shots,
        params.pool_factor,
        params.hidden_repeats,
        params.hidden_queries,
        params.hidden_bandwidth,
    )
    retrieval.simulate(found, sizes, rng)
    return found.table()


def dimension(d: int) -> str:
    """Name of the setting of (a)."""
    return f"D={d}"


def fixed(bandwidth: float) -> str:
    """Name of the setting of (b)."""
    return f"h={bandwidth:g}"


def expected_slope(d: int) -> float:
    """Exponent of n in the error with the best bandwidth, -4 / (4 + D)."""
    return -4 / (4 + d)


def _wave(x: np.ndarray) -> np.ndarray:
    return np.sin(2 * np.pi * x).mean(axis=-1)


def _bandwidths(found: RowWriter, params: SmoothingParams, d: int, rng: np.random.Generator) -> None:
    """Pick the best bandwidth over all repeats, and in each repeat the one that leaving out points picks."""
    best, chosen, width = [], [], []
    for n in params.shots:
        grid = WIDTH * n ** (-1 / (4 + d)) * GRID
        errors, left_out = np.empty((params.repeats, len(grid))), np.empty((params.repeats, len(grid)))
        for repeat in range(params.repeats):
            points = rng.random((n, d))
            values = _wave(points) + params.noise * rng.standard_normal(n)
            queries = rng.uniform(LOW, HIGH, (params.n_queries, d))
            errors[repeat] = smoothing.oracle_errors(points, values, queries, _wave(queries), grid)
            left_out[repeat] = smoothing.left_out_errors(points, values, grid, params.n_queries)
        oracle = int(errors.mean(axis=0).argmin())
        best.append(errors[:, oracle])
        width.append([grid[oracle]])
        chosen.append(np.take_along_axis(errors, left_out.argmin(axis=1)[:, None], axis=1)[:, 0])
    found.add(dimension(d), ORACLE, ERROR, best, params.shots)
    found.add(dimension(d), ORACLE, BANDWIDTH, width, params.shots)
    found.add(dimension(d), LEFT_OUT, ERROR, chosen, params.shots)


def _retrieved(found: RowWriter, params: SmoothingParams, h: float, rng: np.random.Generator) -> None:
    """Smooth n random and the n nearest points of pools at bandwidth h, in two dimensions."""
    measured: dict[tuple[str, str], list[list[float]]] = {}
    for n in params.retrieved:
        pools = [_pool(params, n, h, rng) for _ in range(params.retrievals)]
        for key in pools[0]:
            measured.setdefault(key, []).append([pool[key] for pool in pools])
    for (method, metric), values in measured.items():
        found.add(fixed(h), method, metric, values, params.retrieved)


def _pool(
    params: SmoothingParams, n: int, h: float, rng: np.random.Generator
) -> dict[tuple[str, str], float]:
    """Measure one pool: by (method, metric)."""
    points = rng.random((params.pool_factor * n, 2))
    values = _wave(points) + params.noise * rng.standard_normal(len(points))
    queries = rng.uniform(LOW, HIGH, (params.n_queries, 2))
    distances = smoothing.squared_distances(queries, points)
    picks = {
        RANDOM: np.tile(np.arange(n), (len(queries), 1)),
        NEAREST: np.argpartition(distances, n, axis=1)[:, :n],
    }
    found = {}
    for method, pick in picks.items():
        logits = smoothing.gaussian_logits(queries[:, None], points[pick], h)
        estimate = smoothing.smooth(logits, values[pick][:, :, None])[:, 0, 0]
        weights = smoothing.shares(logits)[:, 0]
        found[method, ERROR] = float(((estimate - _wave(queries)) ** 2).mean())
        found[method, EFFECTIVE] = float(smoothing.effective_number(weights).mean())
        found[method, PERPLEXITY] = float(smoothing.perplexity(weights).mean())
    return found
