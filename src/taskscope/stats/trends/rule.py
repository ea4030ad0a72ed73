"""The rule that names a trend, on many curves at once (protocol inverse_scaling 6.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

Array = np.ndarray

ROUNDING = 1e-9
"""Differences of means this much under a margin still count, because .60 - .55 is not .05 in binary."""


class Label(StrEnum):
    """What performance does as models of a series grow."""

    POSITIVE = "positive"
    INVERSE = "inverse"
    U = "U-shaped"
    INVERTED_U = "inverted-U"
    WAVE = "wave"
    FLAT = "flat"
    UNDETERMINED = "undetermined"


LABELS: tuple[Label, ...] = tuple(Label)


@dataclass(frozen=True)
class Rule:
    """Margins and levels of the decision, in the unit of the performance that is judged."""

    measure: str
    """The performance in words; higher is better."""
    least: float
    """Smallest change that counts (delta)."""
    flat: float
    """Largest change that a flat trend may hide: the equivalence margin."""
    noise: float
    """Standard deviation of what a model scores beyond its size, such as by its training seed (tau)."""
    noise_known: bool = False
    """True if `noise` was estimated from replicates; otherwise the curve's own residuals may raise it."""
    alpha: float = 0.05
    """Level of each one-sided test."""
    sizes: int = 4
    """Models below which no trend is named."""
    decades: float = 1.5
    """Powers of ten that the scale has to span."""
    baseline: float | None = None
    """Performance of guessing; None where nobody can say."""
    ceiling: float | None = None
    """Performance from which there is no room above."""
    floor: float | None = None
    """Performance down to which there is no room below."""

    def __post_init__(self) -> None:
        if self.sizes < 3:
            raise ValueError("a trend needs 3 sizes or more: with two there is nothing between them")


ACCURACY = Rule("accuracy", least=0.05, flat=0.10, noise=0.02, ceiling=0.95, floor=0.05)
"""Performance is the share of right answers."""
LOSS = Rule("minus the loss in nats", least=0.07, flat=0.14, noise=0.03)
"""Performance is minus the loss in nats."""


@dataclass(frozen=True)
class Uncertainty:
    """How far a difference of two models' means may be off."""

    item_variance: Array
    """(model, model) or (curve, model, model): variance of each difference of means over resampled items."""
    clusters: int
    """Independent groups of items that the variance was estimated from, 2 or more."""
    noise: float
    """Standard deviation of each model about its curve (tau)."""

    @cached_property
    def error(self) -> Array:
        """Standard error of each difference: items, and the noise of both models."""
        return np.sqrt(self.item_variance + 2 * self.noise**2)

    @cached_property
    def degrees(self) -> Array:
        """Degrees of freedom of that error (Satterthwaite): only its item part is estimated."""
        estimated = self.item_variance**2 / (self.clusters - 1)
        return np.minimum(self.error**4 / np.maximum(estimated, 1e-300), 1e9)

    def reach(self, alpha: float) -> Array:
        """Return what a difference must exceed to be above 0 at one-sided level alpha, for each pair."""
        return stdtrit(np.maximum(self.degrees, 1.0), 1 - alpha) * self.error

    def p(self, differences: Array) -> Array:
        """Return the one-sided p value of each difference being above 0; shape of the variances."""
        size = differences / np.maximum(self.error, 1e-300)
        return stdtr(np.maximum(self.degrees, 1.0), -size)


class Decisions(NamedTuple):
    """What the rule says about each curve."""

    code: Array
    """int (curve,), place in LABELS."""
    trough: Array
    """int (curve,), the lowest model among those that make a U; -1 where none does."""
    peak: Array
    """int (curve,), the highest model among those that make an inverted U; -1 where none does."""


def decide(means: Array, uncertainty: Uncertainty, rule: Rule) -> Decisions:
    """Name the trend of each curve; whether there are enough models is the caller's to check.

    Args:
        means: (curve, model), performance, models from the smallest to the largest, 3 or more.
        uncertainty: Of the differences between models.
        rule: Margins and levels.
    """
    single = np.broadcast_to(uncertainty.reach(rule.alpha), (len(means), *[means.shape[1]] * 2))
    trough = _turn(means, uncertainty, rule)
    peak = _turn(-means, uncertainty, rule)
    fall = means[:, 0] - means[:, -1]
    sure = (np.abs(fall) > single[:, 0, -1]) & (np.abs(fall) >= rule.least - ROUNDING)
    apart = np.abs(means[:, :, None] - means[:, None, :]) + single
    flat = (apart <= rule.flat + ROUNDING).all(axis=(1, 2))
    found = [
        (Label.WAVE, (trough >= 0) & (peak >= 0)),
        (Label.U, trough >= 0),
        (Label.INVERTED_U, peak >= 0),
        (Label.INVERSE, sure & (fall > 0)),
        (Label.POSITIVE, sure & (fall < 0)),
        (Label.FLAT, flat),
    ]
    code = np.select(
        [holds for _, holds in found],
        [LABELS.index(label) for label, _ in found],
        LABELS.index(Label.UNDETERMINED),
    )
    return Decisions(code, trough, peak)


def _turn(means: Array, uncertainty: Uncertainty, rule: Rule) -> Array:
    """Find the lowest inner model that lies clearly below both ends, (curve,), -1 if none.

    Both differences must pass their test (intersection-union), at a level shared among the inner models.
    """
    inner = means.shape[1] - 2
    reach = uncertainty.reach(rule.alpha / inner)
    passes = np.ones((len(means), inner), bool)
    for end in (0, -1):
        rise = means[:, [end]] - means[:, 1:-1]
        passes &= (rise > reach[..., end, 1:-1]) & (rise >= rule.least - ROUNDING)
    lowest = np.where(passes, means[:, 1:-1], np.inf).argmin(axis=1) + 1
    return np.where(passes.any(axis=1), lowest, -1)
