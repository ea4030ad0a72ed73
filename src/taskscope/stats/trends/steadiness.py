"""Whether a label stands when sizes are added or one cluster of items is taken away (E7 f, section 9)."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from taskscope.stats.intervals import cluster_sums
from taskscope.stats.trends.classify import Trend, classify
from taskscope.stats.trends.resampling import covariance, difference_variance, influence
from taskscope.stats.trends.rule import LABELS, Label, Rule, Uncertainty, decide

Array = np.ndarray


def as_sizes_grow(
    scores: ArrayLike,
    log_scale: ArrayLike,
    clusters: ArrayLike,
    rule: Rule,
    rng: np.random.Generator,
    n_resamples: int = 1_000,
) -> tuple[Trend, ...]:
    """Classify the smallest models alone, then with one more, up to the whole series.

    What somebody would have said at each time; the span of scale that the rule asks for is waived, as the
    first models of a series seldom have it.

    Args:
        scores: (model, item), performance.
        log_scale: (model,), log10 of scale, rising.
        clusters: (item,) labels.
        rule: Margins and levels; the fewest sizes it takes come first.
        rng: Source of randomness.
        n_resamples: Bootstrap draws each time.
    """
    table, scale = np.asarray(scores, float), np.asarray(log_scale, float)
    free = replace(rule, decades=0.0)
    return tuple(
        classify(table[:sizes], scale[:sizes], clusters, free, rng, n_resamples)
        for sizes in range(rule.sizes, len(table) + 1)
    )


def flips(trends: tuple[Trend, ...]) -> tuple[tuple[int, Label, Label], ...]:
    """Where one named trend becomes another as sizes are added: (sizes, label before, label then)."""
    named = [trend for trend in trends if trend.label is not Label.UNDETERMINED]
    return tuple(
        (later.sizes, earlier.label, later.label)
        for earlier, later in pairwise(named)
        if earlier.label is not later.label
    )


class WithoutOne(NamedTuple):
    """Labels once each cluster in turn is left out."""

    share: float
    """Of clusters without which the label is what it was."""
    needed: tuple[str, ...]
    """Clusters without which it is another."""


def drop_one_cluster(trend: Trend, scores: ArrayLike, clusters: ArrayLike, rule: Rule) -> WithoutOne:
    """Leave out each cluster in turn and name the trend again, by the errors of all.

    Args:
        trend: Of the whole set.
        scores: (model, item), that the trend was named on.
        clusters: (item,) labels.
        rule: That named it.

    Raises:
        ValueError: If the trend has no name, so that nothing could be lost.
    """
    table, names = np.asarray(scores, float), np.asarray(clusters)
    sums, sizes = cluster_sums(table.T, names)
    if trend.label is Label.UNDETERMINED:
        raise ValueError("only a named trend can be tried without a cluster")
    means = (sums.sum(axis=0) - sums) / (sizes.sum() - sizes)[:, None]
    between = difference_variance(covariance(influence(table, names)))
    codes = decide(means, Uncertainty(between, len(sizes), trend.noise.value), rule).code
    same = codes == LABELS.index(trend.label)
    return WithoutOne(float(same.mean()), tuple(str(name) for name in np.unique(names)[~same]))
