"""Bootstrap resamples of everything a verdict or a table needs, from one seed per task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.stats.intervals import average_over_tasks, bootstrap_means
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.conditions import BASELINE, CONTROLS, HYPOTHESIS, REGULAR
from taskscope.studies.task_vectors.grids import Half, TaskGrid
from taskscope.studies.task_vectors.selection import Selection, first_highest

FEWEST_TASKS_RESAMPLED = 6
"""With fewer tasks nothing can be said about tasks in general: only queries are resampled, and the finding
speaks of the tasks measured."""


@dataclass(frozen=True)
class Macro:
    """Means over tasks: the estimate in front, then its bootstrap draws; every field (1 + draw, ...).

    Shapes: baseline, regular, hypothesis and strongest (1 + draw,), controls (1 + draw, control) as in
    `CONTROLS`, all at each task's own block; curve and excess (1 + draw, block).
    """

    baseline: np.ndarray
    regular: np.ndarray
    hypothesis: np.ndarray
    strongest: np.ndarray
    controls: np.ndarray
    curve: np.ndarray
    excess: np.ndarray
    n_tasks: int
    n_clusters: int

    @property
    def tasks_resampled(self) -> bool:
        """Whether the draws speak of tasks of this kind rather than of these tasks."""
        return self.n_tasks >= FEWEST_TASKS_RESAMPLED


def macro(tasks: Sequence[TaskGrid], chosen: Sequence[Selection], draws: int) -> Macro:
    """Resample the test pairs of all tasks: clusters within tasks, and tasks where there are enough."""
    columns = [_columns(t.test, s) for t, s in zip(tasks, chosen, strict=True)]
    values = _averaged([t.task for t in tasks], [t.test for t in tasks], columns, draws)
    n_blocks, n_controls = tasks[0].test.n_blocks, len(CONTROLS)
    scalars, controls, curve, strongest = np.split(values, np.cumsum([4, n_controls, n_blocks]), axis=1)
    return Macro(
        *scalars.T,
        controls=controls,
        curve=curve,
        excess=curve - strongest,
        n_tasks=len(tasks),
        n_clusters=sum(t.test.n_clusters for t in tasks),
    )


def _columns(half: Half, chosen: Selection) -> np.ndarray:
    """Lay side by side what is averaged: (pair, column) in the order that `macro` splits."""
    block = chosen.block
    theta = half.swept[HYPOTHESIS]
    strongest = np.stack([half.control(name)[:, b] for b, name in enumerate(chosen.controls)], axis=1)
    scalars = [half.plain[BASELINE], half.plain[REGULAR], theta[:, block], strongest[:, block]]
    controls = [half.control(name)[:, block] for name in CONTROLS]
    return np.concatenate([np.stack([*scalars, *controls], axis=1), theta, strongest], axis=1)


def _averaged(
    names: Sequence[str], halves: Sequence[Half], columns: Sequence[np.ndarray], draws: int
) -> np.ndarray:
    """Average over tasks: (1 + draw, column), the estimate first."""
    resampled = [
        bootstrap_means(values, half.cluster, draws, stream("task-vectors bootstrap", name))
        for name, half, values in zip(names, halves, columns, strict=True)
    ]
    rng = stream("task-vectors bootstrap of tasks", len(names))
    drawn = average_over_tasks(resampled, rng, resample_tasks=len(names) >= FEWEST_TASKS_RESAMPLED)
    estimate = np.mean([values.mean(axis=0) for values in columns], axis=0)
    return np.vstack([estimate, drawn])


def resampled_blocks(tasks: Sequence[TaskGrid], draws: int) -> np.ndarray:
    """Choose the shared block again on resampled development pairs: (draw,) int."""
    halves = [t.dev for t in tasks]
    curves = _averaged([t.task for t in tasks], halves, [h.swept[HYPOTHESIS] for h in halves], draws)
    return np.array([first_highest(curve) for curve in curves[1:]])


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide draws; where the denominator vanishes the ratio is infinite, so that an interval says so."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / np.where(denominator > 0, denominator, 1), np.inf)
