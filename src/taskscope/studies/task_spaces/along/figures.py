"""Similarity by size, likeness of maps in training, and the tasks' places in the plane along a series."""

from __future__ import annotations

import numpy as np
from scipy.linalg import orthogonal_procrustes

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.task_spaces.along.findings import Course, Growth, course, growth, label
from taskscope.studies.task_spaces.along.series import SIZES, Series
from taskscope.studies.task_spaces.figures import places

Array = np.ndarray
_SIMILARITY = "similarity inside phenomena beyond words"
_LIKENESS = "likeness with the last map"


def figures(series: Series, draws: int) -> list[Figure]:
    """Draw the numbers of a series over its axis, and how tasks move in the plane."""
    found = growth(series, draws) if series.kind == SIZES else course(series)
    return ([_line(series, found)] if found else []) + [_trajectory(series)]


def _values(found: Growth | Course) -> tuple[Measure, ...]:
    return found.similarity if isinstance(found, Growth) else found.with_last


def _line(series: Series, found: Growth | Course) -> Figure:
    by_size = isinstance(found, Growth)
    quantity = _SIMILARITY if by_size else _LIKENESS
    data = [
        {"at": float(at), "value": each.value, "low": each.low, "high": each.high}
        for at, each in zip(series.at, _values(found), strict=True)
    ]
    what = "weights without embeddings" if by_size else "tokens read in training"
    see = (
        "Above 0, tasks of one phenomenon help each other more than others do, in units of the own gain."
        if by_size
        else "1 is the same map. The last point is the last map against itself, from other pairs: all that "
        "likeness could be."
    )
    return Figure(
        name=f"task-spaces-{slug(label(series))}-{'similarity' if by_size else 'likeness'}",
        title="Does size bring similarity?" if by_size else "When does the map take its shape?",
        see=see,
        alt=f"Line for {label(series)}: {quantity} by {what}, with 95 % intervals over tasks.",
        spec=charts.curves(
            data,
            Axis("at", what, log=True),
            Axis("value", quantity, format=".1f"),
            low="low",
            high="high",
            rules=[Rule(0.0, "none")],
        ),
        model=label(series),
    )


def _trajectory(series: Series) -> Figure:
    """Place the tasks of every model in the plane, turned so that each plane fits the last best."""
    planes = [places(each.mean(axis=0)) for each in series.effects]
    turned = []
    for plane in planes:
        turn, _ = orthogonal_procrustes(plane, planes[-1])
        turned.append(plane @ turn)
    shown = np.unique(np.linspace(0, len(planes) - 1, 4).round().astype(int))
    data = [
        {
            "x": round(float(x), 4),
            "y": round(float(y), 4),
            "task": task,
            "phenomenon": f"phenomenon {group + 1}",
            "model": series.models[m],
        }
        for m in shown
        for (x, y), task, group in zip(turned[m], series.tasks, series.groups, strict=True)
    ]
    return Figure(
        name=f"task-spaces-{slug(label(series))}-places",
        title="How do tasks move in the map?",
        see="Two tasks are near each other where the map says like effects of them; planes are turned to fit "
        "the last one. What stays in place does not change along the series.",
        alt=f"Scatter plots for {label(series)}: tasks in the plane for {len(shown)} of the models, by "
        "classical scaling of the correlation of their rows, aligned by Procrustes.",
        spec=charts.scatter(
            data,
            Axis("x", "first direction"),
            Axis("y", "second direction"),
            series="phenomenon",
            label="task",
            facet="model",
        ),
        model=label(series),
    )


def table(series: Series, draws: int) -> Table:
    """Tabulate every model of a series."""
    found = growth(series, draws) if series.kind == SIZES else course(series)
    values = _values(found) if found else (None,) * len(series.models)
    rows = tuple(
        (
            model,
            f"{at:,.0f}",
            "–" if value is None else f"{value.value:+.2f} ({value.low:+.2f} to {value.high:+.2f})",
            f"{np.sinh(own.mean()):+.2f}",
            f"{100 * above.mean():.2f} %",
            f"{100 * holding.mean():.2f} %",
        )
        for model, at, value, own, above, holding in zip(
            series.models, series.at, values, series.own, series.above, series.holding, strict=True
        )
    )
    by_size = series.kind == SIZES
    return Table(
        name=f"task-spaces-{slug(label(series))}-models",
        title="The models of the series",
        columns=(
            "model",
            "weights" if by_size else "tokens",
            _SIMILARITY if by_size else _LIKENESS,
            "own gain",
            "above the threshold",
            "hold the gradient",
        ),
        rows=rows,
        note=f"On the {series.n} tasks that all of them were measured on; the map is drawn from "
        f"{'tuning' if series.drawn == 'difference' else 'gradients alone'}. Own gain: what tuning does to "
        "its own task, standard deviations of the margins. Above the threshold: share of the weights whose "
        "gradient is above 1e-3, which also grows with the mere scale of gradients. Hold the gradient: share "
        "of the weights, largest first, that hold 90 % of the squared gradient.",
        model=label(series),
        headline=("model", _SIMILARITY if by_size else _LIKENESS),
    )
