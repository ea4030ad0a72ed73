"""Nested calls beside the product of the single calls, with intervals over draws of demonstrations.

If every step of a nested call went wrong as often as the task does alone, and each on its own, the nested
call would be right as often as the product of the single shares. Draws are resampled, never queries. Arrays
have the estimate in front: (1 + draw,).
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
from taskscope.studies.structured_tasks.nested.grids import NestedGrid

FLOOR = 0.05
"""Product of the single shares that the interval must lie above before there is something to compose."""


@dataclass(frozen=True)
class Nested:
    """One composition: shares of right answers, each array (1 + draw,)."""

    grid: NestedGrid
    nested: np.ndarray
    shown: np.ndarray
    alone: np.ndarray
    """(1 + draw, task), innermost first."""
    every: np.ndarray
    """Share of queries all of whose single calls are right."""
    through: np.ndarray
    """Share of right nested calls among these queries; NaN in a draw without any."""

    @property
    def product(self) -> np.ndarray:
        """What independent steps would give."""
        return self.alone.prod(axis=1)

    @property
    def expected(self) -> Measure:
        """The product with its interval; where all draws agree, its ends are products of the shares' ends."""
        return product(list(self.alone.T), self.grid.n_draws)

    @property
    def to_compose(self) -> bool:
        """Whether the single calls are done well enough for their nest to say anything."""
        return bool(np.quantile(self.product[1:], 0.025) > FLOOR)

    def share(self, draws: np.ndarray) -> Measure:
        """Read a share with its interval over draws of demonstrations."""
        return share(draws, self.grid.n_draws)

    @property
    def wrong(self) -> tuple[int, float, float]:
        """Wrong nested answers: how many, and the shares of them that stop early and that skip a call."""
        wrong = ~self.grid.nested
        n = int(wrong.sum())
        stops, skips = (float(what[wrong].sum()) / max(n, 1) for what in (self.grid.stops, self.grid.skips))
        return n, stops, skips


@dataclass(frozen=True)
class ModelNested:
    """All compositions of one model."""

    model: str
    compositions: list[Nested]

    @cached_property
    def able(self) -> list[Nested]:
        """Compositions whose single calls the model does."""
        return [each for each in self.compositions if each.to_compose]


def resample(model: str, grids: Sequence[NestedGrid], draws: int) -> ModelNested:
    """Resample the draws of every composition."""
    return ModelNested(model, [_nested(grid, draws) for grid in grids])


def _nested(grid: NestedGrid, draws: int) -> Nested:
    rng = stream("structured-tasks nested bootstrap", grid.composition)
    every = grid.alone.all(axis=-1)
    columns = [grid.nested, grid.shown, every, every & grid.nested, *np.moveaxis(grid.alone, -1, 0)]
    per_draw = np.stack([column.mean(axis=1) for column in columns], axis=1)  # (draw of prompts, column)
    picks = resampling_weights(grid.n_draws, draws, rng) / grid.n_draws
    found = np.vstack([per_draw.mean(axis=0), picks @ per_draw])
    through = np.divide(found[:, 3], found[:, 2], out=np.full(len(found), np.nan), where=found[:, 2] > 0)
    return Nested(grid, found[:, 0], found[:, 1], found[:, 4:], found[:, 2], through)


def mean(values: Sequence[np.ndarray]) -> Measure:
    """Average over exactly these compositions; their draws are independent."""
    return Measure.of(np.mean(values, axis=0))
