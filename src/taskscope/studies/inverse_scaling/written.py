"""What written reasoning did, model by model: how often it names an answer, and what it changes (E4)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.studies.inverse_scaling.arms import FILLED, ONE_SHOT, REASONED, TASK
from taskscope.studies.inverse_scaling.grids import ArmGrid, Series
from taskscope.studies.inverse_scaling.trends import SeriesTrends, TaskTrend


def tables(found: SeriesTrends) -> list[Table]:
    """Tabulate reasoning by model; none where none was asked for."""
    rows = tuple(row for task in found.tasks for row in _by_model(found.series, task))
    if not rows:
        return []
    return [
        Table(
            name=f"inverse-scaling-{slug(found.series.name)}-reasoning",
            title="What reasoning of its own did for each model",
            columns=(
                "task",
                "model",
                "names no answer",
                "accuracy as written",
                "chosen after it",
                "chosen after filler",
                "after one demonstration",
                "chosen at once",
            ),
            rows=rows,
            note="A model writes greedily after a cue, then chooses among the classes after a second, fixed "
            "cue. As written: the class that its own closing sentence names; naming none counts as wrong. "
            "Filler: as many tokens that say nothing, so that what it gains is no reasoning. Items that have "
            "no room in the context of some model are left out of an arm.",
            model=found.series.name,
        )
    ]


def _by_model(series: Series, task: TaskTrend) -> Iterator[tuple[str, ...]]:
    arms = task.grid.arms
    reasoned = arms.get(REASONED)
    if reasoned is None or reasoned.named is None:
        return
    unparsed = (reasoned.named < 0).mean(axis=1)
    right = (reasoned.named == reasoned.answers).mean(axis=1)
    for place, model in enumerate(task.grid.models):
        yield (
            task.grid.task,
            series.labels[model],
            f"{100 * unparsed[place]:.0f} %",
            f"{right[place]:.2f}",
            *(_accuracy(arms.get(name), place) for name in (REASONED, FILLED, ONE_SHOT, TASK)),
        )


def _accuracy(arm: ArmGrid | None, model: int) -> str:
    return "–" if arm is None or arm.correct is None else f"{float(np.mean(arm.correct[model])):.2f}"
