"""How the renaming alone goes with the renamed task, over random maps; and natural maps against random ones.

The map is the unit of analysis (protocol 6): maps are resampled, never queries. Correlations are over the
raw maps, never over bins of them, which would turn a true 0.3 into 0.9 (protocol E4). Every array has the
estimate in front: (1 + draw,).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import rankdata

from taskscope.stats.correlation import (
    Correlation,
    disattenuated,
    partial,
    row_correlations,
    split_half,
)
from taskscope.stats.trend_tests import Trend, jonckheere
from taskscope.studies.randomness import stream
from taskscope.studies.structured_tasks.maps.draws import NATURAL, ORDERS, RANDOM
from taskscope.studies.structured_tasks.maps.grids import Kind, MapGrid
from taskscope.studies.structured_tasks.maps.rows import (
    APART,
    COVARIATES,
    RENAMED_TASK,
    RENAMING,
    SHOWN,
    TASK_SHOWN,
)

CEILING = 0.99
"""Macro-F1 from which a map counts as done without fault (protocol 6, ceiling share)."""
MOST_AT_CEILING = 0.8
"""Share of maps done without fault above which nothing is left to correlate (P6)."""
LEAST_SPREAD = 0.02
"""Standard deviation of macro-F1 over maps below which nothing is left to correlate."""


@dataclass(frozen=True)
class TaskMaps:
    """One task: what its maps say, each array (1 + draw,)."""

    grid: MapGrid
    pearson: np.ndarray
    spearman: np.ndarray
    partial: np.ndarray
    """Of what is left of both when the covariates of the images have explained what they can."""
    renamed: np.ndarray
    """Mean macro-F1 of the renamed task over random maps."""
    renaming: dict[str, np.ndarray]
    """Kind -> mean macro-F1 of the renaming alone."""
    apart: dict[str, np.ndarray]
    """Arm -> mean macro-F1 of the renamed task over random maps: shown as such, or in parts (9.4)."""
    reliability: tuple[float, ...]
    """Split-half reliability of F1 of the renaming and of the renamed task (Spearman-Brown)."""

    @property
    def random(self) -> Kind:
        """The random maps."""
        return self.grid.kinds[RANDOM]

    @property
    def ceiling_share(self) -> float:
        """Share of random maps whose renaming alone is done without fault."""
        return float((self.random.f1[RENAMING] >= CEILING).mean())

    @property
    def varies(self) -> bool:
        """Whether both scores differ enough between maps to go together or not."""
        spread = min(float(self.random.f1[arm].std(ddof=1)) for arm in (RENAMING, RENAMED_TASK))
        return spread >= LEAST_SPREAD and self.ceiling_share <= MOST_AT_CEILING

    @property
    def learned(self) -> np.ndarray:
        """Macro-F1 of the renamed task above guessing."""
        return self.renamed - self.grid.guessing

    @property
    def put_together(self) -> np.ndarray:
        """Macro-F1 of the renamed task where its parts are shown apart, above its floor (9.4).

        The floor is the higher of guessing and the same with the texts alone shown, where nothing tells the
        new words; which one it is is decided once, by the estimates.
        """
        blind = self.apart[TASK_SHOWN]
        return self.apart[APART] - (blind if blind[0] > self.grid.guessing else self.grid.guessing)

    @property
    def natural(self) -> list[str]:
        """Natural kinds that were measured."""
        return [kind for kind in NATURAL if kind in self.renaming]

    @property
    def disattenuated(self) -> float:
        """Pearson correlation if both scores were measured without error; NaN where that cannot be said."""
        return disattenuated(float(self.pearson[0]), *self.reliability)

    @property
    def chain(self) -> list[str]:
        """Kinds of maps along a chain of synonyms, from the labels themselves on."""
        return [kind for kind in ORDERS if kind in self.renaming]

    @property
    def decline(self) -> Trend | None:
        """Jonckheere's test that macro-F1 falls from one order to the next; None without a chain (E6)."""
        chains = [self.grid.kinds[kind].f1[RENAMING] for kind in self.chain[1:]]
        return jonckheere(chains, "falling") if len(chains) > 1 else None

    @property
    def depth_alone(self) -> Correlation | None:
        """Correlation of macro-F1 with the order, nearness of label and new word held constant (9.7)."""
        kinds = [self.grid.kinds[kind] for kind in self.chain[1:]]
        if len(kinds) < 2:
            return None
        nearness = np.concatenate([kind.covariates[:, COVARIATES.index("nearness")] for kind in kinds])
        order = np.repeat(np.arange(1.0, len(kinds) + 1), [len(kind.images) for kind in kinds])
        return partial(np.concatenate([kind.f1[RENAMING] for kind in kinds]), order, nearness)

    def advantage(self, kinds: Sequence[str]) -> np.ndarray:
        """Macro-F1 of the renaming alone under these kinds (mean) above random maps."""
        return np.mean([self.renaming[kind] for kind in kinds], axis=0) - self.renaming[RANDOM]


@dataclass(frozen=True)
class ModelMaps:
    """What the verdict on H3 rests on."""

    model: str
    tasks: list[TaskMaps]

    @cached_property
    def able(self) -> list[TaskMaps]:
        """Tasks that the model learns at all under random names."""
        return [task for task in self.tasks if np.quantile(task.learned[1:], 0.025) > 0]

    @cached_property
    def varying(self) -> list[TaskMaps]:
        """Of these, tasks whose maps differ enough to be compared."""
        return [task for task in self.able if task.varies]

    @property
    def n_maps(self) -> int:
        """Random maps behind the correlation."""
        return sum(len(task.random.images) for task in self.varying)


def resample(model: str, tasks: Sequence[MapGrid], draws: int) -> ModelMaps:
    """Resample the maps of every task."""
    return ModelMaps(model, [_task(grid, draws) for grid in tasks if RANDOM in grid.kinds])


def _task(grid: MapGrid, draws: int) -> TaskMaps:
    rng = stream("structured-tasks maps bootstrap", grid.task)
    random = grid.kinds[RANDOM]
    x, y = random.f1[RENAMING], random.f1[RENAMED_TASK]
    picks = _picks(len(x), draws, rng)
    return TaskMaps(
        grid=grid,
        pearson=_correlations(x[picks], y[picks]),
        spearman=_correlations(rankdata(x[picks], axis=1), rankdata(y[picks], axis=1)),
        partial=_partial(x, y, random.covariates, picks),
        renamed=y[picks].mean(axis=1),
        renaming={
            name: kind.f1[RENAMING][_picks(len(kind.images), draws, rng)].mean(axis=1)
            for name, kind in grid.kinds.items()
        },
        apart={arm: random.f1[arm][picks].mean(axis=1) for arm in (RENAMED_TASK, *SHOWN) if arm in random.f1},
        reliability=tuple(split_half(*random.halves[arm].T) for arm in (RENAMING, RENAMED_TASK)),
    )


def _picks(n: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return which units each draw holds, (1 + draw, n); the first holds each once."""
    return np.vstack([np.arange(n), rng.integers(n, size=(draws, n))])


def _correlations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return Pearson's r of each row, 0 where one side does not vary."""
    return np.nan_to_num(row_correlations(x, y))


def _partial(x: np.ndarray, y: np.ndarray, covariates: np.ndarray, picks: np.ndarray) -> np.ndarray:
    """Return the correlation of what the covariates leave of x and y, draw by draw."""
    spread = covariates.std(axis=0)
    z = (covariates - covariates.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    z = np.column_stack([np.ones(len(x)), z])
    left = np.empty((2, *picks.shape))
    for row, pick in enumerate(picks):
        both = np.column_stack([x[pick], y[pick]])
        fitted, *_ = np.linalg.lstsq(z[pick], both, rcond=None)
        left[:, row] = (both - z[pick] @ fitted).T
    return _correlations(left[0], left[1])
