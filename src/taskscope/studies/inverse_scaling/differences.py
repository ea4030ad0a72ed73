"""How much more one arm gains along a stretch of a series than another: differences in differences (E7)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.stats.intervals import bootstrap_means
from taskscope.stats.trends.rule import ACCURACY, LOSS
from taskscope.studies.inverse_scaling.grids import ArmGrid
from taskscope.studies.inverse_scaling.trends import TaskTrend, performance


def gain(arm: ArmGrid, stretch: tuple[int, int], draws: int, rng: np.random.Generator) -> np.ndarray:
    """Performance at the end of a stretch less that at its start, (1 + draw,): as found, then resampled.

    Resamples carry the noise between models as well, since two models never differ in size alone (6.1 ii).
    """
    first, last = stretch
    change = performance(arm)[last] - performance(arm)[first]
    resampled = bootstrap_means(change[:, None], arm.clusters, draws, rng)[:, 0]
    noise = (LOSS if arm.correct is None else ACCURACY).noise
    resampled = resampled + rng.normal(0.0, noise * np.sqrt(2), size=draws)
    return np.concatenate([[change.mean()], resampled])


def mean_gain(
    tasks: Sequence[TaskTrend], arm: str, draws: int, rng: np.random.Generator
) -> np.ndarray | None:
    """Mean gain of one arm over tasks, each along the stretch in which the task itself falls, (1 + draw,).

    None where no task has the arm and falls.
    """
    found = [
        gain(task.grid.arms[arm], task.falls, draws, rng)
        for task in tasks
        if arm in task.grid.arms and task.falls is not None
    ]
    return np.mean(found, axis=0) if found else None
