"""Texts that meet all that was asked, beside the product of single skills and texts asked for other skills.

The texts of one number of skills k are resampled, those of single skills within each skill. Every set of
skills is asked for once, so a resampled text is a resampled set. Arrays have the estimate in front:
(1 + draw,).
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

    @property
    def marks(self) -> Measure:
        """F(k) with its interval."""
        return share(self.full, self.n)

    @property
    def chance(self) -> Measure | None:
        """The control with its interval."""
        return None if self.by_chance is None else share(self.by_chance, self.n)

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

    @property
    def shown(self) -> bool:
        """Whether it is met more often where it is asked for: `SURE` intervals do not overlap."""
        hits, n = (a + b for a, b in zip(self.alone, self.together, strict=True))
        if not n or not self.others[1]:
            return False
        here, elsewhere = (wilson(h / all_, all_, SURE) for h, all_ in ((hits, n), self.others))
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
    return ModelMix(texts, levels, tuple(_skill(texts, at, name) for at, name in enumerate(SKILLS)))


def _singles(texts: Mix, draws: int) -> tuple[Array, Array]:
    """Share of each skill asked alone, (1 + draw, skill), and Wilson's ends of it, (2, skill)."""
    found, ends = [], []
    for at, name in enumerate(SKILLS):
        own = texts.met[(texts.k == 1) & texts.asked[:, at], at].astype(float)
        rng = stream("skill-emergence mix bootstrap", 1, name)
        found.append(np.append(own.mean(), resampling_weights(len(own), draws, rng) @ own / len(own)))
        ends.append(wilson(own.mean(), len(own)))
    return np.stack(found, axis=1), np.array(ends).T


def _level(texts: Mix, k: int, singles: Array, single_ends: Array, draws: int) -> Level:
    own = texts.k == k
    asked, met = texts.asked[own], texts.met[own]
    n = len(asked)
    weights = resampling_weights(n, draws, stream("skill-emergence mix bootstrap", k))
    weights = np.vstack([np.ones(n), weights])  # whole numbers, so that equal shares are exactly equal
    # (set, skill in it): every row asks for k skills.
    members = np.nonzero(asked)[1].reshape(n, k)
    products = singles[:, members].prod(axis=2)  # (1 + draw, set)
    low, high = single_ends[:, members].prod(axis=2).mean(axis=1)
    hits = asked.astype(int) @ met.T.astype(int) == k  # (set, text): the text meets the whole set
    apart = asked.astype(int) @ asked.T.astype(int) == 0
    return Level(
        k,
        n,
        full=weights @ np.diag(hits) / n,
        fraction=weights @ (asked & met).sum(axis=1) / (n * k),
        product=(weights * products).sum(axis=1) / n,
        product_ends=(float(low), float(high)),
        by_chance=_by_chance(weights, hits, apart),
    )


def _by_chance(weights: Array, hits: Array, apart: Array) -> Array | None:
    """Weigh sets, and the texts that were asked for none of their skills, by the same resampled counts."""
    if not apart.any():
        return None
    met = ((weights @ (hits & apart).astype(float)) * weights).sum(axis=1)
    all_ = ((weights @ apart.astype(float)) * weights).sum(axis=1)
    drawn = all_ > 0  # false where a resample has no two sets apart
    return met[drawn] / all_[drawn]


def _skill(texts: Mix, at: int, name: str) -> OneSkill:
    asked, met, single = texts.asked[:, at], texts.met[:, at], texts.k == 1
    kinds = (asked & single, asked & ~single, ~asked)
    alone, together, others = ((int(met[kind].sum()), int(kind.sum())) for kind in kinds)
    return OneSkill(name, alone, together, others)
