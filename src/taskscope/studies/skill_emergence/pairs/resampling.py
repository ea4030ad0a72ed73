"""Pairs beside the product of their skills, with intervals over draws of demonstrations.

If each skill went wrong as often as it does alone, and each on its own, a pair would be right as often as the
product of the single shares: the exact rule for composites of independent parts (protocol 3.6). Draws are
resampled, never queries. Arrays have the estimate in front: (1 + draw,).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from taskscope.stats.intervals import resampling_weights
from taskscope.studies.judgement import Measure
from taskscope.studies.randomness import stream
from taskscope.studies.shares import product, share
from taskscope.studies.skill_emergence.pairs.rows import ModelGrids, PairGrid

Array = np.ndarray

FLOOR = 0.05
"""Product of the single shares that its interval must lie above before there is something to combine."""


@dataclass(frozen=True)
class Pair:
    """Shares of right answers of one pair, (1 + draw,) each."""

    grid: PairGrid
    first: Array
    second: Array
    both: Array
    together: Array
    first_alone: Array
    second_alone: Array

    @property
    def product(self) -> Array:
        """What independent skills would give."""
        return self.first * self.second

    @property
    def able(self) -> bool:
        """Whether both skills are there, so that their pair says something."""
        return bool(np.quantile(self.product[1:], 0.025) > FLOOR)


@dataclass(frozen=True)
class ModelPairs:
    """All pairs of one model."""

    model: str
    parameters: float
    tokens: float | None
    pairs: tuple[Pair, ...]

    @cached_property
    def judged(self) -> tuple[Pair, ...]:
        """Pairs of skills that are there, and that are not in the built-in models' training texts."""
        return tuple(pair for pair in self.pairs if pair.able and not pair.grid.in_training)

    @property
    def control(self) -> str:
        """Which single question brings the answer of both more often, over the pairs that are judged."""
        names = ("first_alone", "second_alone")
        return max(names, key=lambda name: sum(getattr(pair, name)[0] for pair in self.judged))


def resample(found: ModelGrids, draws: int) -> ModelPairs:
    """Resample the draws of demonstrations of every pair."""
    pairs = tuple(_pair(grid, draws) for grid in found.pairs)
    return ModelPairs(found.model, found.parameters, found.tokens, pairs)


def mean(pairs: Sequence[Pair], what: str) -> Measure:
    """Average a share over pairs whose draws are independent.

    Where no draw differs from another a bootstrap would claim to be certain: Wilson's interval for as many
    units as draws takes its place; for products, the mean of what it gives for every pair.
    """
    draws = np.mean([getattr(pair, what) for pair in pairs], axis=0)
    found = Measure.of(draws)
    if what == "product" and found.low == found.high:
        each = [product((pair.first, pair.second), pair.grid.n_draws) for pair in pairs]
        return Measure(
            found.value, float(np.mean([m.low for m in each])), float(np.mean([m.high for m in each]))
        )
    return share(draws, sum(pair.grid.n_draws for pair in pairs))


def over_half(pairs: Sequence[Pair]) -> Measure:
    """Competence on pairs less half of the product, averaged over pairs."""
    return Measure.of(np.mean([pair.both - pair.product / 2 for pair in pairs], axis=0))


def _pair(grid: PairGrid, draws: int) -> Pair:
    rng = stream("skill-emergence pairs bootstrap", grid.pair)
    columns = (grid.first, grid.second, grid.both, grid.together, grid.first_alone, grid.second_alone)
    per_draw = np.stack([column.mean(axis=1) for column in columns], axis=1)
    picks = resampling_weights(grid.n_draws, draws, rng) / grid.n_draws
    return Pair(grid, *np.vstack([per_draw.mean(axis=0), picks @ per_draw]).T)
