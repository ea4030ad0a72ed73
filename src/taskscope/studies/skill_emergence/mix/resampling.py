"""Texts that meet all that was asked, beside the product of single skills and texts asked for other skills.

Sets of skills are resampled, those of one size k together. Every set of two and more is asked for once, so a
resampled text is a resampled set; a single skill is one set however many topics it is asked on, since a model
may well write the same on all of them. For the product, single skills' shares are resampled by topic, with
the same topics for all skills: a topic may bring a number or a comma whatever is asked. Arrays have the
estimate in front: (1 + draw,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.stats.intervals import position_interval, resampling_weights, wilson
from taskscope.studies.judgement import Measure
from taskscope.studies.randomness import stream
from taskscope.studies.shares import share
from taskscope.studies.skill_emergence.mix.rows import Mix
from taskscope.tasks.text_skills.skills import SKILLS

Array = np.ndarray

SATURATED = 0.1
"""Share of full marks below which sets are too large (protocol 8)."""
SURE = 1 - 0.05 / len(SKILLS)
"""Confidence in each skill's share, so that all skills that are looked at share 5 %."""


@dataclass(frozen=True)
class Level:
    """All texts with k skills."""

    k: int
    n: int
    """Texts."""
    n_sets: int
    """Different sets of skills among their requests: the independent units."""
    full: Array
    """F(k), share of texts that meet all that was asked of them."""
    fraction: Array
    """Mean share of the asked skills that are met."""
    product: Array
    """Mean over sets of the product of the shares of each skill asked alone."""
    product_ends: tuple[float, float]
    """The same of Wilson's ends of each skill's share, for where all resamples agree."""
    by_chance: Array | None
    """Share met of the sets, by texts asked for as many skills and none of the set; None where there are no
    such texts."""
    best: Array
    """Share of requests of which one text at least meets all that was asked."""
    best_by_chance: Array | None
    """As `by_chance`: share of sets that one text at least of another request meets."""

    @property
    def marks(self) -> Measure:
        """F(k) with its interval."""
        return share(self.full, self.n_sets)

    @property
    def chance(self) -> Measure | None:
        """The control with its interval."""
        return None if self.by_chance is None else share(self.by_chance, self.n_sets)

    @property
    def best_of_all(self) -> tuple[Measure, Measure | None]:
        """The best of a request's texts with its interval, and its control."""
        by_chance = None if self.best_by_chance is None else share(self.best_by_chance, self.n_sets)
        return share(self.best, self.n_sets), by_chance

    @property
    def foretold(self) -> Measure:
        """What the product says, with its interval."""
        found = Measure.of(self.product)
        return found if found.low < found.high else Measure(found.value, *self.product_ends)

    @property
    def beyond_chance(self) -> bool:
        """Whether asking makes a difference: the interval of F(k) lies above that of the control."""
        return self.chance is not None and self.marks.low > self.chance.high

    @property
    def gap(self) -> Measure | None:
        """Nats by which log F(k) is above the log of the product; None where either may be zero."""
        if min(self.marks.low, self.foretold.low) <= 0:
            return None
        with np.errstate(divide="ignore", invalid="ignore"):
            draws = np.log(self.full) - np.log(self.product)
        return Measure.of(draws[~np.isnan(draws)])  # resamples in which both are zero say nothing of a ratio


@dataclass(frozen=True)
class OneSkill:
    """One skill of one model."""

    name: str
    alone: tuple[int, int]
    """Texts that meet it and texts asked for it alone."""
    together: tuple[int, int]
    """The same of texts asked for others too."""
    others: tuple[int, int]
    """The same of texts that were not asked for it, alone or together."""
    here: Array
    """Share of texts that meet it, by set of skills that it is in, (set,): the independent units."""
    elsewhere: Array
    """The same of all other sets, (set,)."""

    @property
    def shown(self) -> bool:
        """Whether it is met more often where it is asked for: `SURE` intervals over sets do not overlap."""
        if not len(self.here) or not len(self.elsewhere):
            return False
        here, elsewhere = (wilson(each.mean(), len(each), SURE) for each in (self.here, self.elsewhere))
        return bool(here.low > elsewhere.high)


@dataclass(frozen=True)
class ModelMix:
    """All that one model's texts say."""

    texts: Mix
    levels: tuple[Level, ...]
    skills: tuple[OneSkill, ...]

    @property
    def saturation(self) -> tuple[int, int, int]:
        """First k with F(k) below `SATURATED` with its 95 % interval; past the largest k where none is."""
        ks = np.array([*(level.k for level in self.levels), self.levels[-1].k + 1])
        below = np.array([level.full < SATURATED for level in self.levels])
        first = ks[np.vstack([below, np.ones_like(below[:1])]).argmax(axis=0)]
        return int(first[0]), *position_interval(first[1:])


def resample(texts: Mix, draws: int) -> ModelMix:
    """Resample the texts of one model."""
    singles, single_ends = _singles(texts, draws)
    levels = tuple(_level(texts, int(k), singles, single_ends, draws) for k in np.unique(texts.k))
    of = _sets(texts.asked)
    return ModelMix(texts, levels, tuple(_skill(texts, of, at, name) for at, name in enumerate(SKILLS)))


def _singles(texts: Mix, draws: int) -> tuple[Array, Array]:
    """Share of each skill asked alone, (1 + draw, skill), and Wilson's ends of it, (2, skill)."""
    single = texts.k == 1
    asked, topics = texts.asked[single], texts.topics[single]
    met = asked & texts.met[single]
    names, at = np.unique(topics, return_inverse=True)
    weights = resampling_weights(len(names), draws, stream("skill-emergence mix bootstrap", "topics"))
    weights = np.vstack([np.ones(len(names)), weights])[:, at]  # (1 + draw, text)
    hits, all_ = weights @ met, weights @ asked
    # A skill none of whose topics was drawn, as may be where it was asked on few, keeps its estimate.
    found = np.where(all_ > 0, hits / np.maximum(all_, 1), hits[0] / all_[0])
    n_topics = [len(np.unique(topics[own])) for own in asked.T]
    return found, np.array(wilson(found[0], n_topics))


def _level(texts: Mix, k: int, singles: Array, single_ends: Array, draws: int) -> Level:
    own = texts.k == k
    asked, met = texts.asked[own], texts.met[own]
    n, of = len(asked), _sets(asked)
    n_sets = int(of.max()) + 1
    weights = resampling_weights(n_sets, draws, stream("skill-emergence mix bootstrap", k))
    # Whole numbers, so that equal shares are exactly equal; all texts of a set are drawn together.
    weights = np.vstack([np.ones(n_sets), weights])[:, of]
    total = weights.sum(axis=1)
    # (set, skill in it): every row asks for k skills.
    members = np.nonzero(asked)[1].reshape(n, k)
    products = singles[:, members].prod(axis=2)  # (1 + draw, set)
    low, high = single_ends[:, members].prod(axis=2).mean(axis=1)
    hits = asked.astype(int) @ met.T.astype(int) == k  # (set, text): the text meets the whole set
    apart = asked.astype(int) @ asked.T.astype(int) == 0
    _, first, request = np.unique(texts.requests[own], return_index=True, return_inverse=True)
    any_hit = hits[first].astype(int) @ np.eye(len(first), dtype=int)[request] > 0  # (request, request)
    per_request = weights[:, first]
    return Level(
        k,
        n,
        n_sets,
        full=weights @ np.diag(hits) / total,
        fraction=weights @ (asked & met).sum(axis=1) / (total * k),
        product=(weights * products).sum(axis=1) / total,
        product_ends=(float(low), float(high)),
        by_chance=_by_chance(weights, hits, apart),
        best=per_request @ np.diag(any_hit) / per_request.sum(axis=1),
        best_by_chance=_by_chance(per_request, any_hit, apart[first][:, first]),
    )


def _sets(asked: Array) -> Array:
    """Number the sets of skills of (text, skill), from 0 in the order in which they come, (text,)."""
    _, first, of = np.unique(asked, axis=0, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[of]


def _by_chance(weights: Array, hits: Array, apart: Array) -> Array | None:
    """Weigh sets, and the texts that were asked for none of their skills, by the same resampled counts."""
    if not apart.any():
        return None
    met = ((weights @ (hits & apart).astype(float)) * weights).sum(axis=1)
    all_ = ((weights @ apart.astype(float)) * weights).sum(axis=1)
    drawn = all_ > 0  # false where a resample has no two sets apart
    return met[drawn] / all_[drawn]


def _skill(texts: Mix, of: Array, at: int, name: str) -> OneSkill:
    asked, met, single = texts.asked[:, at], texts.met[:, at], texts.k == 1
    kinds = (asked & single, asked & ~single, ~asked)
    alone, together, others = ((int(met[kind].sum()), int(kind.sum())) for kind in kinds)
    shares = np.bincount(of, met) / np.bincount(of)
    own = np.bincount(of, asked) > 0
    return OneSkill(name, alone, together, others, shares[own], shares[~own])
