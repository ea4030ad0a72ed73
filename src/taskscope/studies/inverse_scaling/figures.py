"""Performance, loss and coverage along a series, one panel per task, and what the probes did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Mark, Rule
from taskscope.report.findings import Figure
from taskscope.report.wording import slug
from taskscope.stats.trends.classify import Trend
from taskscope.stats.trends.rule import Label
from taskscope.studies.inverse_scaling.arms import CONTROL, DISTRACTOR, TASK, TRUE, draw, in_words, shots
from taskscope.studies.inverse_scaling.grids import Point, Series
from taskscope.studies.inverse_scaling.trends import SeriesTrends, TaskTrend

ACCURACY_AXIS = Axis("value", "accuracy", domain=(0, 1), format=".0%")
LOSS_AXIS = Axis("value", "loss", unit="nats")
SHARE_AXIS = Axis("share", "share of resamples", domain=(0, 1), format=".0%")
DRAWN = (TASK, DISTRACTOR, TRUE, CONTROL)
"""Arms drawn beside each other, with those after demonstrations."""
COVERAGE_AXIS = Axis("value", "probability on the classes", domain=(0, 1), format=".0%")


def figures(found: SeriesTrends, points: Sequence[Point]) -> list[Figure]:
    """Draw one series: accuracy (or loss where a kind has no accuracy), loss, the probes, coverage.

    Args:
        found: The trends.
        points: Published means to mark in the panels of their tasks.
    """
    judged = [task for task in found.tasks if task.accuracy is not None]
    drawn = []
    if judged:
        drawn.append(_accuracy(found, judged, points))
    drawn.append(_loss(found, points, main=not judged))
    drawn.append(_probabilities(found))
    probed = [task for task in judged if len(task.grid.arms) > 1]
    if probed:
        drawn.append(_probes(found, probed))
    covered = [task for task in found.tasks if task.grid.arms[TASK].coverage is not None]
    if covered:
        drawn.append(_coverage(found, covered))
    return drawn


def scale_axis(series: Series) -> Axis:
    """Return the axis that a series is drawn along."""
    return Axis("scale", series.axis, log=True)


def _accuracy(found: SeriesTrends, tasks: list[TaskTrend], points: Sequence[Point]) -> Figure:
    data = [
        record
        for task in tasks
        if task.accuracy is not None
        for record in _records(_scale(found.series, task), heading(task), task.accuracy, 1.0)
    ]
    rules = [
        Rule(guessing, "guessing", facet=heading(task))
        for task in tasks
        if (guessing := task.grid.arms[TASK].guessing) is not None
    ]
    return Figure(
        name=f"inverse-scaling-{slug(found.series.name)}-accuracy",
        title=f"Accuracy along {found.series.name}",
        see=_see(found),
        alt=f"Line charts, one per task: accuracy against {found.series.axis} along {found.series.name}, "
        "with bands over resampled items and the level of guessing.",
        spec=charts.curves(
            data,
            scale_axis(found.series),
            ACCURACY_AXIS,
            low="low",
            high="high",
            facet="task",
            rules=rules,
            published=[
                mark
                for task in tasks
                for point in points
                if point.task == task.grid.task
                and (mark := _mark(found.series, point, point.accuracy, heading(task)))
            ],
            columns=3,
        ),
        model=found.series.name,
        main=True,
    )


def _loss(found: SeriesTrends, points: Sequence[Point], *, main: bool) -> Figure:
    data = [
        record
        for task in found.tasks
        for record in _records(_scale(found.series, task), _loss_heading(task), task.loss, -1.0)
    ]
    return Figure(
        name=f"inverse-scaling-{slug(found.series.name)}-loss",
        title=f"Loss along {found.series.name}",
        see="Lower is better. Where the heading differs from that of the accuracy, the two disagree: a model "
        "can choose better and be surer of its mistakes.",
        alt=f"Line charts, one per task: loss against {found.series.axis} along {found.series.name}.",
        spec=charts.curves(
            data,
            scale_axis(found.series),
            LOSS_AXIS,
            low="low",
            high="high",
            facet="task",
            published=[
                mark
                for task in found.tasks
                for point in points
                if point.task == task.grid.task
                and (mark := _mark(found.series, point, point.loss, _loss_heading(task)))
            ],
            columns=3,
        ),
        model=found.series.name,
        main=main,
    )


def _mark(series: Series, point: Point, value: float | None, panel: str) -> Mark | None:
    at = point.along(series.axis)
    return None if value is None or at is None else Mark(point.family, value, at=at, facet=panel)


def _probabilities(found: SeriesTrends) -> Figure:
    """Draw how often resamples of items, with noise between models, get each label (9: not only the word)."""
    data = [
        {"task": _name(task), "label": str(label), "share": task.deciding.probabilities[label]}
        for task in found.tasks
        for label in Label
    ]
    return Figure(
        name=f"inverse-scaling-{slug(found.series.name)}-labels",
        title="How sure each name is",
        see="Each row is a task: the share of resamples that get each name. A dark cell is a name one may "
        "rely on; dark under undetermined means that these data cannot say what the task does.",
        alt="Heat map of tasks by trend names: share of resamples.",
        spec=charts.heatmap(
            data, SHARE_AXIS, x="label", y="task", x_order=[str(label) for label in Label], text=True
        ),
        model=found.series.name,
    )


def _probes(found: SeriesTrends, tasks: list[TaskTrend]) -> Figure:
    """Draw the arms beside each task (E7 d, e)."""
    data = [
        {"task": heading(task), "arm": in_words(arm), "scale": float(scale), "value": float(value)}
        for task in tasks
        for arm in (*DRAWN, *(arm for arm in task.grid.arms if shots(arm) and draw(arm) == 1))
        if arm in task.grid.arms and task.grid.arms[arm].correct is not None
        for scale, value in zip(_scale(found.series, task), _means(task.grid.arms[arm].correct), strict=True)
    ]
    return Figure(
        name=f"inverse-scaling-{slug(found.series.name)}-probes",
        title="Why a task may fall: the parts of it, alone",
        see="If a distractor explains a fall, the distractor task alone rises while the task itself falls; "
        "without the trap (grey) the same form should not fall.",
        alt="Line charts, one per task: accuracy of the task, of the distractor task alone, of the true task "
        "alone and of the same form without the trap.",
        spec=charts.curves(
            data,
            scale_axis(found.series),
            ACCURACY_AXIS,
            series="arm",
            facet="task",
            order=[in_words(arm) for arm in DRAWN if arm != CONTROL],
            controls=[in_words(CONTROL)],
            columns=3,
        ),
        model=found.series.name,
    )


def _coverage(found: SeriesTrends, tasks: list[TaskTrend]) -> Figure:
    data = [
        {"task": _name(task), "scale": float(scale), "value": float(value)}
        for task in tasks
        if (coverage := task.grid.arms[TASK].coverage) is not None
        for scale, value in zip(_scale(found.series, task), coverage, strict=True)
    ]
    return Figure(
        name=f"inverse-scaling-{slug(found.series.name)}-coverage",
        title="How much of the model's belief the listed answers hold",
        see="Where this is low, the loss compares texts that the model thinks unlikely anyway, and says "
        "little.",
        alt="Line charts, one per task: probability of all listed classes together against scale.",
        spec=charts.curves(data, scale_axis(found.series), COVERAGE_AXIS, facet="task", columns=3),
        model=found.series.name,
    )


def heading(task: TaskTrend) -> str:
    """Name a task and its trend, for the heading of a panel."""
    return f"{_name(task)}: {task.label}"


def _name(task: TaskTrend) -> str:
    return task.grid.task.replace("-", " ")


def _loss_heading(task: TaskTrend) -> str:
    label = task.loss.label if task.loss.headline else Label.UNDETERMINED
    return f"{_name(task)}: {label}"


def _means(correct: np.ndarray | None) -> np.ndarray:
    assert correct is not None
    return correct.mean(axis=1)


def _scale(series: Series, task: TaskTrend) -> np.ndarray:
    return series.axes[series.axis][task.grid.models]


def _records(scales: np.ndarray, panel: str, trend: Trend, sign: float) -> list[dict[str, Any]]:
    """Rows of one line; `sign` turns performance back into what the axis shows."""
    ends = (trend.low, trend.high) if sign > 0 else (trend.high, trend.low)
    return [
        {
            "task": panel,
            "scale": float(scale),
            "value": sign * float(mean),
            "low": sign * float(low),
            "high": sign * float(high),
        }
        for scale, mean, low, high in zip(scales, trend.means, *ends, strict=True)
    ]


def _see(found: SeriesTrends) -> str:
    named = {label: len(found.with_label(label)) for label in Label}
    told = [f"{count} {label}" for label, count in named.items() if count and label is not Label.UNDETERMINED]
    left = named[Label.UNDETERMINED]
    if not told:
        return (
            f"None of the {len(found.tasks)} trends can be named: {found.tasks[0].deciding.reason} "
            "A line that only looks like a fall is not called one."
        )
    return f"Of {len(found.tasks)} tasks: {', '.join(told)}" + (f", {left} undetermined." if left else ".")
