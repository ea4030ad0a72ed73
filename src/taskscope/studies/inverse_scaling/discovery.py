"""Groups of items that get worse along a series: searched in one half, confirmed on the other (section 9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.stats.trends import items
from taskscope.stats.trends.items import Discoveries, Discovery
from taskscope.studies.inverse_scaling.arms import TASK
from taskscope.studies.inverse_scaling.grids import Series
from taskscope.studies.inverse_scaling.trends import SeriesTrends, TaskTrend, performance
from taskscope.studies.randomness import stream

FEWEST_MODELS = 4
"""Models of a series below which nothing is searched, as no trend is named (6.2)."""
LEVEL = 0.05
"""False-discovery rate of the search in a task, and error rate of the confirmation over all tasks."""


@dataclass(frozen=True)
class Search:
    """What the search in one task gave."""

    task: str
    told: Discoveries
    confirmed: tuple[Discovery, ...]
    """Those found that hold on the items that the search did not see, over all tasks of the series."""


def long_enough(tasks: Sequence[TaskTrend]) -> list[TaskTrend]:
    """Keep the tasks with models enough to be searched, and groups of items to be told apart."""
    return [task for task in tasks if len(task.grid.models) >= FEWEST_MODELS and task.loss.n_clusters > 1]


def search(found: SeriesTrends) -> list[Search]:
    """Search the groups of every task along one series.

    What a task's own search found is tested on held-out items with Holm's correction within the task, and
    Bonferroni's over the tasks in which anything was found.
    """
    told = [(task.grid.task, _discover(found.series, task)) for task in long_enough(found.tasks)]
    tasks = sum(bool(one.found) for _, one in told)
    return [
        Search(name, one, tuple(group for group in one.found if group.held_p * tasks <= LEVEL))
        for name, one in told
    ]


def _discover(series: Series, task: TaskTrend) -> Discoveries:
    arm = task.grid.arms[TASK]
    names = np.array(arm.cluster_names)[arm.clusters]
    return items.discover(
        performance(arm),
        series.log_scale[task.grid.models],
        names,
        task.deciding.noise.value,
        stream("inverse-scaling groups", series.name, task.grid.task),
        LEVEL,
    )
