"""Macro-F1 of every condition at every number of demonstrations, with bootstrap draws of repetitions.

Queries are nested in a draw of demonstrations, so draws of demonstrations are resampled and never queries
(protocol 6, unit of analysis). With few draws of demonstrations a bootstrap is too narrow, so it is widened
as over few tasks (`few_units_widening`). Every array has the estimate in front: (1 + draw, ...).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.stats.classification import macro_f1_of_counts
from taskscope.stats.intervals import few_units_widening, resampling_weights
from taskscope.studies.randomness import stream
from taskscope.studies.structured_tasks.curves.conditions import (
    CIPHERED,
    REFERENCE,
    RENAMED,
    SCRAMBLED,
    UNLEARNABLE,
    VANILLA,
)
from taskscope.studies.structured_tasks.curves.grids import CurveGrid

LEAST_GAIN = 0.1
"""Macro-F1 above its strongest control that a task must reach, unaltered, to say anything on altered ones."""


@dataclass(frozen=True)
class TaskCurves:
    """One task: macro-F1 of every condition, (1 + draw, shots)."""

    grid: CurveGrid
    f1: dict[str, np.ndarray]

    def last(self, condition: str) -> np.ndarray:
        """Macro-F1 at the largest number of demonstrations, (1 + draw,)."""
        return self.f1[condition][:, -1]

    def floor(self, *controls: str) -> np.ndarray:
        """The strongest of guessing and the named controls at the largest number, (1 + draw,).

        Which one it is is decided once, by the estimates.
        """
        candidates = [np.full(len(self.f1[VANILLA]), self.grid.guessing)]
        candidates += [self.last(name) for name in controls]
        return max(candidates, key=lambda draws: float(draws[0]))

    def slope(self, condition: str) -> np.ndarray:
        """Least-squares slope of macro-F1 on log2 of the number of demonstrations, (1 + draw,)."""
        x = np.log2(np.array(self.grid.shots, float))
        x = x - x.mean()
        return self.f1[condition] @ x / max(float(x @ x), 1e-12)

    @property
    def able(self) -> bool:
        """Whether the model does the unaltered task: else nothing can be said about altered ones."""
        gain = self.last(VANILLA) - self.floor(UNLEARNABLE)
        return bool(gain[0] >= LEAST_GAIN and np.quantile(gain[1:], 0.025) > 0)


@dataclass(frozen=True)
class ModelCurves:
    """What the verdicts on H1 and H2 rest on: means over the tasks that the model does, (1 + draw,)."""

    model: str
    tasks: list[TaskCurves]

    @property
    def able(self) -> list[TaskCurves]:
        """Tasks that the model does as they are."""
        return [task for task in self.tasks if task.able]

    @property
    def n_units(self) -> int:
        """Draws of demonstrations behind the means."""
        return sum(task.grid.n_repetitions for task in self.able)

    def mean(self, values: Sequence[np.ndarray]) -> np.ndarray:
        """Average over exactly these tasks; their draws are independent."""
        return np.mean(values, axis=0)

    @property
    def renamed_gain(self) -> np.ndarray:
        """Macro-F1 of renamed tasks above their floor: guessing, or labels at random."""
        return self.mean([t.last(RENAMED) - t.floor(UNLEARNABLE) for t in self.able])

    @property
    def renamed_over_guessing(self) -> np.ndarray:
        """Macro-F1 of renamed tasks above guessing, whatever the controls score."""
        return self.mean([t.last(RENAMED) - t.grid.guessing for t in self.able])

    @property
    def ciphered_over_guessing(self) -> np.ndarray:
        """Macro-F1 of ciphered tasks above guessing, whatever the controls score."""
        return self.mean([t.last(CIPHERED) - t.grid.guessing for t in self.able])

    @property
    def renamed_slope(self) -> np.ndarray:
        """Macro-F1 that renamed tasks gain per doubling of the demonstrations."""
        return self.mean([t.slope(RENAMED) for t in self.able])

    @property
    def ciphered_gain(self) -> np.ndarray:
        """Macro-F1 of ciphered tasks above their floor: guessing, or a new cipher at each token."""
        return self.mean([t.last(CIPHERED) - t.floor(SCRAMBLED) for t in self.able])

    @property
    def ciphered_slope(self) -> np.ndarray:
        """Macro-F1 that ciphered tasks gain per doubling of the demonstrations."""
        return self.mean([t.slope(CIPHERED) for t in self.able])

    @property
    def reference_gain(self) -> np.ndarray:
        """Macro-F1 of the reference learner above guessing, on the same demonstrations."""
        return self.mean([t.last(REFERENCE) - t.grid.guessing for t in self.able])

    @property
    def ciphers_measured(self) -> bool:
        """Whether texts could be put in cipher."""
        return all(CIPHERED in task.f1 for task in self.able)


def resample(model: str, tasks: Sequence[CurveGrid], draws: int) -> ModelCurves:
    """Resample the repetitions of every task."""
    return ModelCurves(model, [_task(grid, draws) for grid in tasks])


def _task(grid: CurveGrid, draws: int) -> TaskCurves:
    rng = stream("structured-tasks bootstrap", grid.task)
    weights = np.vstack([np.ones(grid.n_repetitions), resampling_weights(grid.n_repetitions, draws, rng)])
    wider = few_units_widening(grid.n_repetitions)
    f1 = {}
    for name, counts in grid.counts.items():
        drawn = macro_f1_of_counts(np.tensordot(weights, counts, axes=1))
        f1[name] = drawn[:1] + wider * (drawn - drawn[:1])
    return TaskCurves(grid, f1)
