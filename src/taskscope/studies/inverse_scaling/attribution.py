"""How far a distractor explains a task: the share of it that is followed, and stronger distractors (E7, 9).

If a model follows the distractor in a share pi of the items and does what is asked in the rest, then

    accuracy = (1 - pi) true + pi (1 - distractor),

with its accuracies on the true task alone and on the distractor alone, since what the distractor asks for is
wrong in the task itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.stats.intervals import bootstrap_means, percentile_interval
from taskscope.studies.inverse_scaling.arms import DISTRACTOR, TASK, TRUE, strength
from taskscope.studies.inverse_scaling.grids import ArmGrid, Series
from taskscope.studies.inverse_scaling.trends import SeriesTrends, TaskTrend
from taskscope.studies.randomness import stream

APART = 0.1
"""How much accuracy following the distractor must surely cost before its share can be told."""
USUAL = 1.0
"""Strength of the distractor in the task itself."""
ACCURACY = Axis("value", "accuracy", domain=(0, 1), format=".0%")


def tables(found: SeriesTrends, draws: int) -> list[Table]:
    """Tabulate the share of each task in which the distractor is followed; none without its parts."""
    rows = tuple(row for task in found.tasks for row in _shares(found.series, task, draws))
    if not rows:
        return []
    return [
        Table(
            name=f"inverse-scaling-{slug(found.series.name)}-attribution",
            title="How often the distractor is followed",
            columns=("task", "model", "true task alone", "distractor alone", "task", "share followed"),
            rows=rows,
            note="Accuracies, and the share of items in which following the distractor, in place of doing "
            "what is asked, explains the accuracy on the task, with 95 % over resampled items. A share that "
            "rises and falls again along the models is a trough in the task. A dash: the parts are not "
            f"learned well enough, since following may cost less than {APART:.2f}. A share outside 0 to 1 "
            "speaks against this account of the task.",
            model=found.series.name,
        )
    ]


def figures(found: SeriesTrends) -> list[Figure]:
    """Draw accuracy by strength of the distractor and model; none where one strength alone was asked."""
    data = [
        {"row": f"{task.grid.task.replace('-', ' ')}, {dial:g}", "model": model, "value": float(value)}
        for task in found.tasks
        for dial, arm in _by_strength(task)
        for model, value in zip(_models(found.series, task), _means(arm), strict=True)
    ]
    if not data:
        return []
    return [
        Figure(
            name=f"inverse-scaling-{slug(found.series.name)}-strengths",
            title="Stronger distractors, larger models",
            see="Each row is a task with its distractor at one strength, 1 being the usual one; models grow "
            "from left to right. If a distractor explains a fall, a stronger one makes it deeper and lets it "
            "begin with smaller models.",
            alt="Heat map of accuracy: tasks at several strengths of the distractor by models.",
            spec=charts.heatmap(data, ACCURACY, x="model", y="row", x_order=list(found.series.labels)),
            model=found.series.name,
        )
    ]


def share_followed(true: np.ndarray, distractor: np.ndarray, task: np.ndarray) -> np.ndarray:
    """Return pi from three accuracies of one shape; not finite where following the distractor is free."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return (true - task) / cost_of(true, distractor)


def cost_of(true: np.ndarray, distractor: np.ndarray) -> np.ndarray:
    """Return the accuracy that is lost in the task where the distractor is followed."""
    return true - (1.0 - distractor)


def _shares(series: Series, task: TaskTrend, draws: int) -> Iterator[tuple[str, ...]]:
    arms = [task.grid.arms.get(name) for name in (TRUE, DISTRACTOR, TASK)]
    known = [arm for arm in arms if arm is not None and arm.correct is not None]
    if len(known) < len(arms):
        return
    rng = stream("inverse-scaling attribution", series.name, task.grid.task)
    found = [_means(arm) for arm in known]
    again = [_resampled(arm, draws, rng) for arm in known]
    least, _ = percentile_interval(cost_of(again[0], again[1]))
    shares = share_followed(*found)
    for place, model in enumerate(_models(series, task)):
        told = "–"
        if least[place] >= APART:
            low, high = percentile_interval(share_followed(*(one[:, place] for one in again)))
            told = f"{shares[place]:.2f} [{float(low):.2f}, {float(high):.2f}]"
        yield (task.grid.task, model, *(f"{float(one[place]):.2f}" for one in found), told)


def _by_strength(task: TaskTrend) -> list[tuple[float, ArmGrid]]:
    """List the strengths that a task was asked at, the usual one among them; empty where that is all."""
    found = [(dial, arm) for name, arm in task.grid.arms.items() if (dial := strength(name)) is not None]
    if not found or any(arm.correct is None for _, arm in found):
        return []
    return sorted([*found, (USUAL, task.grid.arms[TASK])], key=lambda one: one[0])


def _models(series: Series, task: TaskTrend) -> list[str]:
    return [series.labels[model] for model in task.grid.models]


def _means(arm: ArmGrid) -> np.ndarray:
    assert arm.correct is not None
    return arm.correct.mean(axis=1)


def _resampled(arm: ArmGrid, draws: int, rng: np.random.Generator) -> np.ndarray:
    assert arm.correct is not None
    return bootstrap_means(arm.correct.T, arm.clusters, draws, rng)
