"""How many items a trend needs before the rule can see it (protocol inverse_scaling 6 and 9).

Means of items are nearly normal, so whole series are drawn by their means alone: a thousand of them cost what
one simulated item by item does. `benchmarks/trend_rule.py` draws the items and finds the same shares.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri
from scipy.stats import multivariate_normal

from taskscope.stats.trends.resampling import covariance, difference_variance, influence
from taskscope.stats.trends.rule import ACCURACY, LABELS, Label, Rule, Uncertainty, decide

Array = np.ndarray

POWER = 0.8
RUNS = 4_000
"""Simulated series: a share of .8 is then known to about one point."""
MOST = 100_000
"""Clusters beyond which nobody will go."""


def cluster_covariance(scores: ArrayLike, clusters: ArrayLike) -> Array:
    """Covariance that one cluster of items contributes, (model, model), as a plan's input from a pilot.

    Divided by a number of clusters it is the covariance of the models' means over that many. Where no items
    belong together a cluster is an item.

    Args:
        scores: (model, item), performance.
        clusters: (item,) labels, 2 different ones or more.
    """
    moved = influence(np.asarray(scores, float), np.asarray(clusters))
    return covariance(moved) * len(moved)


def binary_covariance(curve: ArrayLike, latent: float = 0.5) -> Array:
    """Covariance of right and wrong answers where no pilot is at hand, (model, model), for one item.

    Args:
        curve: (model,), share of right answers, within 0 and 1.
        latent: Correlation between models of the latent normals that decide; .5 is usual within a family.

    Raises:
        ValueError: If a share lies outside 0 to 1.
    """
    p = np.asarray(curve, float)
    if not ((p > 0) & (p < 1)).all():
        raise ValueError("shares of right answers must lie within 0 and 1")
    cut = ndtri(p)
    table = np.diag(p * (1 - p))
    together = np.array([[1, latent], [latent, 1]])
    pair = multivariate_normal(np.zeros(2), together)  # pyright: ignore[reportArgumentType]
    for a in range(len(p)):
        for b in range(a):
            table[a, b] = table[b, a] = float(pair.cdf(cut[[a, b]])) - p[a] * p[b]
    return table


def power(
    curve: ArrayLike, per_cluster: Array, clusters: int, rule: Rule, rng: np.random.Generator
) -> dict[Label, float]:
    """Share of series that would get each label.

    Args:
        curve: (model,), the performance that is supposed to be true, 3 models or more.
        per_cluster: (model, model), from `cluster_covariance` or `binary_covariance`.
        clusters: Clusters that would be measured, 2 or more.
        rule: Its noise is drawn too, for every series anew.
        rng: Source of randomness.
    """
    truth = np.asarray(curve, float)
    table = per_cluster / clusters
    drawn = rng.multivariate_normal(truth, table, size=RUNS, method="eigh")
    drawn += rng.normal(0, rule.noise, size=drawn.shape)
    codes = decide(drawn, Uncertainty(difference_variance(table), clusters, rule.noise), rule).code
    counts = np.bincount(codes, minlength=len(LABELS)) / RUNS
    return {label: float(share) for label, share in zip(LABELS, counts, strict=True)}


def required_clusters(
    curve: ArrayLike, per_cluster: Array, label: Label, rule: Rule, rng: np.random.Generator
) -> int | None:
    """Return the fewest clusters with which a curve gets its label in 80 % of series, to about 3 %.

    Args:
        curve: (model,), as for `power`.
        per_cluster: (model, model), as for `power`.
        label: The right one for the curve.
        rule: Margins, levels and noise.
        rng: Source of randomness.

    Returns:
        None if not even 100,000 are enough: then noise between models or a margin stands in the way.
    """

    def enough(clusters: int) -> bool:
        return power(curve, per_cluster, clusters, rule, rng)[label] >= POWER

    if not enough(MOST):
        return None
    low, high = 2, MOST
    while high > low * 1.03 and high - low > 1:
        middle = round((low * high) ** 0.5)
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def smallest_dip(per_cluster: Array, clusters: int, rule: Rule, rng: np.random.Generator) -> float | None:
    """Return the depth of the shallowest U, in one middle model, that is found in 80 % of series.

    The depth is that below all other models, which perform alike.

    Args:
        per_cluster: (model, model), as for `power`; taken to be the same at every depth.
        clusters: Clusters that are measured.
        rule: Margins, levels and noise.
        rng: Source of randomness.

    Returns:
        To a hundredth of the margin for flat; None if not even 20 times that margin is found.
    """
    dip = np.zeros(len(per_cluster))
    dip[len(dip) // 2] = 1.0

    def found(depth: float) -> bool:
        return power(-depth * dip, per_cluster, clusters, rule, rng)[Label.U] >= POWER

    low, high = 0.0, 20 * rule.flat
    if not found(high):
        return None
    while high - low > rule.flat / 100:
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) else (middle, high)
    return high


class Foretold(NamedTuple):
    """What a plan without a pilot may expect."""

    shares: dict[str, float]
    """Of series, by the label they would get."""
    label: str
    """The one that the curve itself has, without any noise."""
    needed: int | None
    """Items with which 80 % of series get it; None if not even 100,000 do."""


def foretell(curve: ArrayLike, n_items: int) -> Foretold:
    """Plan a measurement of accuracy from a supposed curve alone, items taken as independent.

    Args:
        curve: (model,), share of right answers, smallest model first; 3 or more.
        n_items: Items that would be measured.

    Raises:
        ValueError: If there are fewer than 3 models or a share lies outside 0 to 1.
    """
    truth = np.asarray(curve, float)
    if len(truth) < 3:
        raise ValueError(f"{len(truth)} models have no trend")
    rng = np.random.default_rng(0)
    per_item = binary_covariance(truth)
    bare = Uncertainty(np.zeros((len(truth), len(truth))), MOST, 0.0)
    own = LABELS[int(decide(truth[None], bare, ACCURACY).code[0])]
    shares = power(truth, per_item, n_items, ACCURACY, rng)
    needed = required_clusters(truth, per_item, own, ACCURACY, rng)
    return Foretold({str(label): share for label, share in shares.items()}, str(own), needed)
