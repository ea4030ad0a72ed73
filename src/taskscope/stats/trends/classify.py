"""From the scores of a series of models to a named trend and how sure it is (protocol inverse_scaling 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from taskscope.stats.intervals import Bounds, few_units_widening, percentile_interval
from taskscope.stats.trends.noise import Noise, choose
from taskscope.stats.trends.resampling import (
    accelerated_interval,
    covariance,
    difference_variance,
    influence,
    resampled_means,
)
from taskscope.stats.trends.rule import LABELS, ROUNDING, Label, Rule, Uncertainty, decide
from taskscope.stats.trends.wording import Change, qualifiers, say

Array = np.ndarray

UNDETERMINED = LABELS.index(Label.UNDETERMINED)
HEADLINE = 0.8
"""Share of resamples that must give the same label before a claim may stand in a headline."""


@dataclass(frozen=True)
class Trend:
    """What performance does along a series, and how sure that is. Arrays are (model,), smallest first."""

    label: Label
    reason: str
    """One sentence that says why, for a reader of the page."""
    probabilities: dict[Label, float]
    """Share of resamples, items and noise between models, that get each label."""
    means: Array
    low: Array
    """Lower end of the 95 % percentile interval over items, for these very models."""
    high: Array
    bca: Bounds
    """The same interval with the correction for bias and skewness."""
    change: Change
    p: float
    """Of no trend of any kind: all models alike. For a correction over many tasks."""
    turns: tuple[int, ...]
    """Places of the trough and the peak that the label rests on, in order of size; empty for other labels."""
    qualifiers: tuple[str, ...]
    """Of the largest model: "below chance", "ceiling", "floor"."""
    noise: Noise
    n_items: int
    n_clusters: int
    sizes: int

    @property
    def turn(self) -> int | None:
        """Place of the trough or peak; None where there is none, or two."""
        return self.turns[0] if len(self.turns) == 1 else None

    @property
    def headline(self) -> bool:
        """Whether the label is steady enough, under resampling, to be claimed in a headline."""
        return self.label is not Label.UNDETERMINED and self.probabilities[self.label] >= HEADLINE


def classify(
    scores: ArrayLike,
    log_scale: ArrayLike,
    clusters: ArrayLike,
    rule: Rule,
    rng: np.random.Generator,
    n_resamples: int = 10_000,
) -> Trend:
    """Name the trend of one task along one series.

    Args:
        scores: (model, item), performance, higher is better: right or wrong, or minus the loss.
        log_scale: (model,), log10 of the scale, such as training FLOP, rising.
        clusters: (item,), labels of what items made alike share; all different if nothing is known.
        rule: Margins and levels, in the unit of the scores.
        rng: Source of randomness.
        n_resamples: Bootstrap draws.

    Raises:
        ValueError: If shapes do not fit, a score is not finite, or the scale does not rise.
    """
    table, scale, names = np.asarray(scores, float), np.asarray(log_scale, float), np.asarray(clusters)
    _check(table, scale, names)
    means, moved = table.mean(axis=1), influence(table, names)
    draws = _draws(table, names, means, len(moved), n_resamples, rng)
    missing = _missing(scale, len(moved), rule)
    uncertainty, noise = _uncertainty(means, moved, rule)
    noisy = draws + rng.normal(0.0, noise.value, size=draws.shape)
    change = Change(float(means[-1] - means[0]), *map(float, percentile_interval(noisy[:, -1] - noisy[:, 0])))
    low, high = percentile_interval(draws)
    if missing or uncertainty is None:
        label, turns, shares, p = Label.UNDETERMINED, (), _shares(np.array([UNDETERMINED])), 1.0
        reason = missing
    else:
        label, turns = _named(means, uncertainty, rule)
        shares = _shares(decide(noisy, uncertainty, rule).code)
        p = any_trend(means, uncertainty)
        reason = say(label, means, uncertainty, turns, change, rule)
    return Trend(
        label=label,
        reason=reason,
        probabilities=shares,
        means=means,
        low=low,
        high=high,
        bca=accelerated_interval(means, draws, moved),
        change=change,
        p=p,
        turns=turns,
        qualifiers=qualifiers(float(means[-1]), float(high[-1]), rule),
        noise=noise,
        n_items=table.shape[1],
        n_clusters=len(moved),
        sizes=len(table),
    )


def any_trend(means: Array, uncertainty: Uncertainty) -> float:
    """P value of all models being alike, against a fall, a rise, a trough or a peak.

    The smallest p of the four, times four; a trough or peak counts its worse side and all inner models.

    Args:
        means: (model,), 3 or more.
        uncertainty: Of (model, model) differences.
    """
    above = uncertainty.p(means[:, None] - means[None, :])  # [a, b]: of a lying above b
    inner = len(means) - 2
    trough = inner * np.maximum(above[0, 1:-1], above[-1, 1:-1]).min()
    peak = inner * np.maximum(above[1:-1, 0], above[1:-1, -1]).min()
    return float(min(1.0, 4 * min(above[0, -1], above[-1, 0], trough, peak)))


def _check(table: Array, scale: Array, names: Array) -> None:
    if table.ndim != 2 or scale.shape != table.shape[:1] or names.shape != table.shape[1:] or table.size == 0:
        raise ValueError(f"scores {table.shape} of {scale.shape} models do not fit {names.shape} clusters")
    if not (np.isfinite(table).all() and np.isfinite(scale).all()):
        raise ValueError("every model needs a finite score on every item, and a finite scale")
    if (np.diff(scale) <= 0).any():
        raise ValueError("models must come in rising order of scale, no two alike")


def _missing(scale: Array, clusters: int, rule: Rule) -> str:
    """Say what keeps the rule from being used; empty if nothing does."""
    if len(scale) < rule.sizes:
        return f"{len(scale)} models are too few for a trend: the rule needs {rule.sizes} or more."
    if np.ptp(scale) < rule.decades - ROUNDING:
        span = f"{np.ptp(scale):.2f} powers of ten of scale"
        return f"The models span {span}; the rule needs {rule.decades:g} or more."
    return (
        "" if clusters > 1 else "All items belong to one cluster, so nothing says how far off their mean is."
    )


def _draws(
    table: Array, names: Array, means: Array, clusters: int, n: int, rng: np.random.Generator
) -> Array:
    """Bootstrap means (draw, model), widened where clusters are few, as a bootstrap of few is too narrow."""
    drawn = resampled_means(table, names, n, rng)
    return means + few_units_widening(clusters) * (drawn - means) if clusters > 1 else drawn


def _uncertainty(means: Array, moved: Array, rule: Rule) -> tuple[Uncertainty | None, Noise]:
    """Return the uncertainty, None where there is but one cluster, and the noise that went into it."""
    if len(moved) < 2:
        return None, Noise(rule.noise, "given" if rule.noise_known else "default")
    between = difference_variance(covariance(moved))
    noise = choose(means, between, rule)
    return Uncertainty(between, len(moved), noise.value), noise


def _named(means: Array, uncertainty: Uncertainty, rule: Rule) -> tuple[Label, tuple[int, ...]]:
    found = decide(means[None], uncertainty, rule)
    turns = sorted(int(place[0]) for place in (found.trough, found.peak) if place[0] >= 0)
    return LABELS[int(found.code[0])], tuple(turns)


def _shares(codes: Array) -> dict[Label, float]:
    counts = np.bincount(codes, minlength=len(LABELS))
    return {label: float(n / len(codes)) for label, n in zip(LABELS, counts, strict=True)}
