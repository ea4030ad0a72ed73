"""The figures of E5: the override index of every pair of tasks, its controls, how it goes with distance."""

from __future__ import annotations

from typing import Any

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure
from taskscope.studies.task_vectors.conflict.findings import Conflicts, own_theta
from taskscope.studies.task_vectors.conflict.resampling import Override
from taskscope.studies.task_vectors.conflict.rows import EDITS, NAMES

OVERRIDE = Axis("override", "override index", domain=(-2, 2), format=".1f")
CHANGE = Axis("change", "change of the share of answers", domain=(-1, 1), format="+.0%")
GAINED, CHANGED = "other task's answers", "answers of the task shown"


def figures(found: Conflicts) -> list[Figure]:
    """Draw the matrix of one model; nothing where no two tasks conflict."""
    if not found.directions:
        return []
    tasks = sorted({way.shown for way in found.directions} | {way.injected for way in found.directions})
    known = {(way.shown, way.injected): round(way.override, 3) for way in found.directions}
    data = [
        {"shown": a, "injected": b, "override": known.get((a, b))} for a in tasks for b in tasks if a != b
    ]
    low, high = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    return [
        *_relation(found),
        Figure(
            name=f"task-vectors-{slug(found.model)}-conflicts",
            title="Which wins: the demonstrations or theta",
            see="2: theta of the other task turns every answer; 0: it changes nothing. Highest where "
            f"{high[0]} is shown and theta of {high[1]} put in ({known[high]:.1f}), lowest "
            f"for {low[0]} and {low[1]} "
            f"({known[low]:.1f}). Pairs that share too few inputs are empty.",
            alt=f"Heat-map for {found.model}: override index by the task shown and the task whose theta is "
            "put in.",
            spec=charts.heatmap(
                data,
                OVERRIDE,
                x="injected",
                y="shown",
                x_title="task whose theta is put in",
                y_title="task shown",
                x_order=tasks,
                y_order=tasks,
                diverging=True,
            ),
            model=found.model,
        ),
        *_controls(found),
    ]


def _controls(found: Conflicts) -> list[Figure]:
    """What every vector that was put in does to the answers of either task."""
    mean = found.override
    if mean is None:
        return []
    measured = [edit for edit in EDITS if np.isfinite(mean.gain(edit)[0])]
    data = [
        _record(edit, series, Measure.of(values))
        for edit in measured
        for series, values in ((GAINED, mean.gain(edit)), (CHANGED, mean.change(edit)))
    ]
    return [
        Figure(
            name=f"task-vectors-{slug(found.model)}-conflict-controls",
            title="What theta turns, and what other vectors turn",
            see=_see_controls(mean, measured),
            alt=f"Forest plot for {found.model}: change of both tasks' shares of answers under theta of the "
            "other task and under each control, each with a 95 % interval.",
            spec=charts.intervals(
                data,
                CHANGE,
                row="put in",
                low="low",
                high="high",
                series="answers",
                order=(GAINED, CHANGED),
                rules=[Rule(0, "no change", across="x")],
            ),
            model=found.model,
        )
    ]


def _record(edit: str, series: str, change: Measure) -> dict[str, Any]:
    ends = {"change": change.value, "low": max(change.low, -1), "high": min(change.high, 1)}
    return {"put in": NAMES[edit], "answers": series, **{name: round(end, 4) for name, end in ends.items()}}


def _see_controls(mean: Override, measured: list[str]) -> str:
    """Say the override index of every vector, then what the shown task's own theta should leave alone."""
    indices = {NAMES[edit]: mean.gain(edit)[0] - mean.change(edit)[0] for edit in measured}
    index = ", ".join(f"{value:.2f} for {put_in}" for put_in, value in indices.items())
    return (
        f"Override index, what the other task's answers gain plus what the shown task's lose: {index}. "
        f"A vector that only disturbs takes answers from the task shown and gives the other none. "
        f"{own_theta(mean)}"
    )


def _relation(found: Conflicts) -> list[Figure]:
    """Override index against the distance of the two thetas."""
    if found.relation is None:
        return []
    data = [
        {
            "distance": round(apart, 4),
            "override": round(way.override, 4),
            "pair": f"{way.shown}, {way.injected}",
        }
        for way, apart in zip(found.directions, found.distances, strict=True)
    ]
    fit = found.relation
    span = "too few pairs for an interval" if fit.low is None else f"{fit.low:.2f} to {fit.high:.2f}"
    return [
        Figure(
            name=f"task-vectors-{slug(found.model)}-override-by-distance",
            title="Does theta win more easily where the tasks lie farther apart",
            see=f"Each point is an ordered pair of tasks; rank correlation {fit.rho:.2f} ({span}).",
            alt=f"Scatter plot for {found.model}: override index against the cosine distance of two tasks' "
            "thetas.",
            spec=charts.scatter(
                data,
                Axis("distance", "cosine distance of the two thetas", format=".2f"),
                Axis("override", "override index", format=".1f"),
                label="pair",
            ),
            model=found.model,
        )
    ]
