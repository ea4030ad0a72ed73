"""What else speaks for or against a label: reported beside it, and never decides (protocol 6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr
from scipy.stats import rankdata

from taskscope.stats.correlation import kendall, row_correlations
from taskscope.stats.intervals import cluster_sums, percentile_interval
from taskscope.stats.trend_tests import page
from taskscope.stats.trends.curves import Shape, fit, identifiable
from taskscope.stats.trends.forecast import Forecasts, leave_largest_out
from taskscope.stats.trends.monotone import best_fit
from taskscope.stats.trends.resampling import covariance, difference_variance, influence, resampled_means

Array = np.ndarray

TINY = 1e-9
"""Smallest variance of a mean that weights are made from; keeps a model that is always right usable."""


class Association(NamedTuple):
    """A rank correlation of performance with scale, with its 95 % bootstrap interval over items."""

    value: float
    low: float
    high: float


class OneSided(NamedTuple):
    """P values of a fall and of a rise, each one-sided."""

    falling: float
    rising: float


class TwoLines(NamedTuple):
    """Slopes on either side of a break, per tenfold of scale, and the chance of such under no turn."""

    at: int
    """Model at which the lines part."""
    left: float
    right: float
    p: float
    """The larger of both one-sided p values, in the direction found; 1 where the slopes agree in sign."""


class EndSlopes(NamedTuple):
    """Slopes of a parabola at both ends, per tenfold of scale (Lind and Mehlum 2010)."""

    first: float
    last: float
    p: float
    """As for `TwoLines`. Small for curves that merely level off, too: that is why it decides nothing."""


class Choice(NamedTuple):
    """A curve in the choice among curves."""

    shape: Shape
    aicc: float | None
    """Akaike's criterion; None where the sizes are too few: not identifiable."""
    weight: float
    """Share of the evidence among the curves that are identifiable."""


@dataclass(frozen=True)
class Secondary:
    """Everything that is reported beside a label."""

    kendall: Association
    spearman: Association
    page: OneSided
    """Page's test over clusters as blocks. It rejects for any trend, however small, and knows no noise."""
    turn_p: float
    """That performance only rises or only falls, against one turn, by a simulated likelihood ratio."""
    two_lines: TwoLines
    end_slopes: EndSlopes
    curves: tuple[Choice, ...]
    """In order of their parameters."""
    forecasts: Forecasts
    """Of the largest model from the others."""


def secondary(
    scores: ArrayLike,
    log_scale: ArrayLike,
    clusters: ArrayLike,
    noise: float,
    rng: np.random.Generator,
    n_resamples: int = 2_000,
) -> Secondary:
    """Gather the secondary evidence on one series.

    Args:
        scores: (model, item), performance, 4 models or more.
        log_scale: (model,), log10 of scale, rising.
        clusters: (item,) labels, 2 different ones or more.
        noise: Standard deviation between models, as `Trend.noise` has it.
        rng: Source of randomness.
        n_resamples: Bootstrap draws, and draws of the likelihood ratio.

    Raises:
        ValueError: If there are fewer than 4 models or 2 clusters.
    """
    table, x, names = np.asarray(scores, float), np.asarray(log_scale, float), np.asarray(clusters)
    moved = influence(table, names)
    if len(table) < 4 or len(moved) < 2:
        raise ValueError(f"{len(table)} models and {len(moved)} clusters: needed are 4 and 2")
    means = table.mean(axis=1)
    draws = resampled_means(table, names, n_resamples, rng)
    together = covariance(moved) + (noise**2 + TINY) * np.eye(len(table))
    sums, sizes = cluster_sums(table.T, names)
    blocks = sums / sizes[:, None]
    return Secondary(
        kendall=_association(kendall(x, means)[0], _taus(draws)),
        spearman=_association(_rho(means[None])[0], _rho(draws)),
        page=OneSided(page(blocks, "falling").p, page(blocks, "rising").p),
        turn_p=turn_p(means, together, rng, n_resamples),
        two_lines=two_lines(x, means, together),
        end_slopes=end_slopes(x, means, together),
        curves=choose_curve(x, means, own_variance(together)),
        forecasts=leave_largest_out(x, means, own_variance(together)),
    )


def own_variance(together: Array) -> Array:
    """Variance of each mean apart from what all models share, (model,), from their covariance.

    Items that are hard for all models move every mean alike, which is no evidence on the shape of a curve: so
    a curve's weights use half the mean variance of the differences to the other models.
    """
    n = len(together)
    return np.maximum(difference_variance(together).sum(axis=1) / (n - 1) / 2, TINY)


def turn_p(means: Array, together: Array, rng: np.random.Generator, draws: int) -> float:
    """P value of a curve without a turn against one with one turn.

    The likelihood ratio of the best monotone and the best unimodal curve is compared with its own simulation
    from the fitted monotone curve, with the covariance that the means have.

    Args:
        means: (model,).
        together: (model, model), covariance of the means.
        rng: Source of randomness.
        draws: Simulated series.
    """
    weights = 1 / own_variance(together)
    straight, squares = best_fit(means[None], weights, 0)
    gain = squares - best_fit(means[None], weights, 1)[1]
    simulated = rng.multivariate_normal(straight[0], together, size=draws, method="eigh")
    gains = best_fit(simulated, weights, 0)[1] - best_fit(simulated, weights, 1)[1]
    return float((1 + (gains >= gain - 1e-12).sum()) / (1 + draws))


def two_lines(log_scale: Array, means: Array, together: Array) -> TwoLines:
    """Fit two separate lines that part at the inner model where the data want it most (after Simonsohn 2018).

    The break is chosen by the least squares of two lines of their own, which uses the data twice: p is a
    little too small. A side of one model has no slope, so breaks leave two models on either side, the model
    at the break belonging to both.

    Args:
        log_scale: (model,), log10 of scale, 4 models or more.
        means: (model,).
        together: (model, model), covariance of the means.
    """
    root = 1 / np.sqrt(own_variance(together))
    best: tuple[float, int, Array] | None = None
    for at in range(1, len(means) - 1):
        side = log_scale - log_scale[at]
        design = np.stack([np.ones_like(side), np.minimum(side, 0), np.maximum(side, 0)], axis=1)
        solver = np.linalg.pinv(design * root[:, None]) * root
        squares = float((((design @ solver @ means) - means) ** 2 * root**2).sum())
        if best is None or squares < best[0]:
            best = squares, at, solver[1:]
    assert best is not None
    _, at, solver = best
    left, right = (float(slope) for slope in solver @ means)
    return TwoLines(at, left, right, _opposite(solver, means, together))


def end_slopes(log_scale: Array, means: Array, together: Array) -> EndSlopes:
    """Test whether a parabola through the means has slopes of opposite sign at the ends of the range.

    Args:
        log_scale: (model,), log10 of scale, 3 models or more.
        means: (model,).
        together: (model, model), covariance of the means.
    """
    root = 1 / np.sqrt(own_variance(together))
    x = log_scale - log_scale[0]
    design = np.stack([np.ones_like(x), x, x**2], axis=1)
    solver = np.linalg.pinv(design * root[:, None]) * root
    at_ends = np.stack([solver[1] + 2 * end * solver[2] for end in (x[0], x[-1])])
    first, last = (float(slope) for slope in at_ends @ means)
    return EndSlopes(first, last, _opposite(at_ends, means, together))


def choose_curve(log_scale: Array, means: Array, variances: Array) -> tuple[Choice, ...]:
    """Weigh curves against each other by Akaike's criterion.

    Args:
        log_scale: (model,), log10 of scale.
        means: (model,).
        variances: (model,), above 0, known.
    """
    found = {
        shape: fit(shape, log_scale, means, variances).aicc
        for shape in Shape
        if identifiable(shape, len(means))
    }
    least = min(found.values(), default=0.0)
    shares = {shape: np.exp((least - value) / 2) for shape, value in found.items()}
    total = sum(shares.values())
    return tuple(
        Choice(shape, found.get(shape), float(shares[shape] / total) if shape in shares else 0.0)
        for shape in Shape
    )


def _opposite(solver: Array, means: Array, together: Array) -> float:
    """P value of two slopes having opposite signs, intersection-union; 1 where they have not."""
    slopes = solver @ means
    errors = np.sqrt(np.diagonal(solver @ together @ solver.T))
    if slopes[0] * slopes[1] >= 0:
        return 1.0
    return float(ndtr(-np.abs(slopes) / errors).max())


def _association(value: float, resampled: Array) -> Association:
    known = resampled[np.isfinite(resampled)]
    if not np.isfinite(value) or len(known) == 0:
        return Association(np.nan, np.nan, np.nan)
    low, high = percentile_interval(known)
    return Association(float(value), float(low), float(high))


def _taus(means: Array) -> Array:
    """Kendall's tau-b of each row with its own order, (draw,); nan for a constant row."""
    n = means.shape[1]
    first, second = np.triu_indices(n, 1)
    signs = np.sign(means[:, second] - means[:, first])
    untied = np.abs(signs).sum(axis=1)
    size = np.sqrt(untied * len(first))
    return np.divide(signs.sum(axis=1), size, out=np.full(len(means), np.nan), where=size > 0)


def _rho(means: Array) -> Array:
    """Spearman's rho of each row with its own order, (draw,); nan for a constant row."""
    order = np.broadcast_to(np.arange(means.shape[1], dtype=float), means.shape)
    return row_correlations(order, rankdata(means, axis=1))
