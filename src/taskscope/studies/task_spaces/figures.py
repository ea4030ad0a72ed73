"""The map of tasks, and which tasks lie near each other in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure, Finding
from taskscope.report.heatmaps import heatmap
from taskscope.report.wording import slug
from taskscope.studies.task_spaces import relations
from taskscope.studies.task_spaces.discoveries import discoveries
from taskscope.studies.task_spaces.findings import Result
from taskscope.studies.task_spaces.params import PREDICTED, TUNED
from taskscope.studies.task_spaces.spaces import Space

MEASURED, CONTROL = "measured", "strongest control"
CLIPPED = 2.0
"""Effects beyond this many standard deviations get the same colour."""
_TITLES = {
    TUNED: "Which tasks does learning one task move?",
    PREDICTED: "Which tasks would a step along one task's gradient move?",
}
_CHANGES = {TUNED: "change of the margin", PREDICTED: "predicted change of the margin"}
_ROWS = {TUNED: "tuned on", PREDICTED: "a step along the gradient of"}
_ALIKE = {
    TUNED: "tuning on either has a like effect",
    PREDICTED: "gradients predict a like effect of a step on either",
}
"""Wording by what the map is drawn from; gradients predict, nothing is tuned."""


def figures(found: Result, findings: Sequence[Finding]) -> list[Figure]:
    """Draw the map, neighbours in it, transfers that stand out, and the numbers behind the verdicts."""
    own = [f for f in findings if f.model == found.space.model and f.estimate is not None]
    drawn = [_map(found)]
    if found.space.n >= 4:
        drawn += [_neighbours(found.space), relations.tree(found.space)]
    arcs = relations.transfers(found.space)
    if arcs is not None:
        drawn.append(arcs)
    return drawn + ([_controls(found.space.model, own)] if own else [])


def _map(found: Result) -> Figure:
    space = found.space
    effects = space.effects(space.drawn).mean(axis=0)
    names = [f"{phenomenon}: {task}" for phenomenon, task in zip(space.phenomena, space.tasks, strict=True)]
    claimed = discoveries(space, TUNED) if space.drawn == TUNED else None
    there = np.zeros(effects.shape, dtype=bool) if claimed is None else claimed.helps | claimed.hurts
    data = [
        {
            "tuned": names[i],
            "judged": names[j],
            "effect": round(float(effects[i, j]), 3),
            "there": bool(there[i, j]),
        }
        for i in range(space.n)
        for j in range(space.n)
    ]
    axis = Axis("effect", _CHANGES[space.drawn], "sd", domain=(-CLIPPED, CLIPPED), format=".2f")
    borders = [names[i] for i in range(1, space.n) if space.phenomena[i] != space.phenomena[i - 1]]
    return Figure(
        name=f"task-spaces-{slug(space.model)}-map",
        title=_TITLES[space.drawn],
        see=_see(found) + (" Dots: transfers that are there beyond chance." if there.any() else ""),
        alt=f"Heat map for {space.model}: {space.n} tasks {_ROWS[space.drawn]} in rows, the same ones judged "
        f"in columns; colour is the {_CHANGES[space.drawn]} in standard deviations, lines separate "
        "phenomena.",
        spec=heatmap(
            data,
            axis,
            x="judged",
            y="tuned",
            x_title="judged on",
            y_title=_ROWS[space.drawn],
            x_order=names,
            y_order=names,
            diverging=True,
            text=False,
            borders=borders,
            dots="there" if there.any() else "",
        ),
        model=space.model,
        main=True,
    )


def _see(found: Result) -> str:
    space = found.space
    effects = space.effects(space.drawn).mean(axis=0)
    what = "By gradients alone a step" if space.drawn == PREDICTED else "Tuning"
    text = (
        f"{what} on a task moves that task by {np.diag(effects).mean():+.1f} standard deviations (diagonal)"
    )
    grouped = found.numbers and found.numbers.grouping
    if grouped is None:
        return f"{text}."
    return (
        f"{text}, others of its phenomenon by {grouped.within:+.2f}, tasks of other phenomena by "
        f"{grouped.between:+.2f}. Lines separate phenomena."
    )


def _neighbours(space: Space) -> Figure:
    """Place tasks in the plane by the likeness of their rows, by classical scaling."""
    plane = places(space.effects(space.drawn).mean(axis=0))
    data = [
        {"x": round(float(x), 4), "y": round(float(y), 4), "phenomenon": p, "task": t}
        for (x, y), p, t in zip(plane, space.phenomena, space.tasks, strict=True)
    ]
    return Figure(
        name=f"task-spaces-{slug(space.model)}-neighbours",
        title="Which tasks move the others alike?",
        see=f"Two tasks are near each other where {_ALIKE[space.drawn]} on all tasks.",
        alt=f"Scatter plot for {space.model}: tasks in the plane by classical scaling of the correlation of "
        "their rows in the map, named, with the phenomenon as the series.",
        spec=charts.scatter(
            data,
            Axis("x", "first direction of the map"),
            Axis("y", "second direction"),
            series="phenomenon",
            label="task",
        ),
        model=space.model,
    )


def places(effects: np.ndarray) -> np.ndarray:
    """Place tasks in the plane, (task, 2), by classical scaling of the correlation of their rows."""
    likeness = np.corrcoef(effects)
    distances = np.sqrt(np.maximum(2 * (1 - np.nan_to_num(likeness)), 0))
    centred = np.eye(len(effects)) - 1 / len(effects)
    values, vectors = np.linalg.eigh(-0.5 * centred @ distances**2 @ centred)
    top = np.argsort(values)[::-1][:2]
    found = vectors[:, top] * np.sqrt(np.maximum(values[top], 0))
    return found * np.where(found[np.abs(found).argmax(axis=0), [0, 1]] < 0, -1, 1)


def _controls(model: str, findings: Sequence[Finding]) -> Figure:
    """Draw every estimate beside its strongest control."""
    data = []
    for each in findings:
        control = next(c for c in each.controls if c.name == each.strongest)
        for series, value, ends in (
            (MEASURED, each.estimate, each.interval),
            (CONTROL, control.estimate, control.interval),
        ):
            low, high = (ends.low, ends.high) if ends else (None, None)
            claim = f"{each.claim}: {each.title}"
            data.append({"claim": claim, "series": series, "value": value, "low": low, "high": high})
    return Figure(
        name=f"task-spaces-{slug(model)}-controls",
        title="Does the map say more than its controls?",
        see="Each row is a number that a claim is judged by; its strongest control is in grey.",
        alt=f"Forest plot for {model}: estimates with 95 % intervals over tasks, each with its control.",
        spec=charts.intervals(
            data,
            Axis("value", "correlation, or share"),
            row="claim",
            low="low",
            high="high",
            series="series",
            order=(MEASURED, CONTROL),
            controls=(CONTROL,),
            rules=[Rule(0.0, "none", across="x")],
        ),
        model=model,
    )
