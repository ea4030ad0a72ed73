"""The figure of E5: the override index of every pair of tasks."""

from __future__ import annotations

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.studies.task_vectors.conflict.findings import Conflicts
from taskscope.studies.task_vectors.conflict.resampling import COLUMNS

OVERRIDE = Axis("override", "override index", domain=(-2, 2), format=".1f")


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
    ]


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


def tables(found: Conflicts) -> list[Table]:
    """Tabulate every ordered pair."""
    if not found.directions:
        return []
    names = dict(
        zip(
            COLUMNS,
            (
                "other's answer, its own demonstrations",
                "other's answer, its theta",
                "shown task's answer, the other's theta",
                "shown task's answer, nothing put in",
                "other's answer, nothing put in",
                "other's answer, theta of the task shown",
                "other's answer, random vector",
            ),
            strict=True,
        )
    )
    return [
        Table(
            name=f"task-vectors-{slug(found.model)}-conflicts",
            title="Every pair of tasks in conflict",
            columns=("task shown", "theta of", "queries", "override index", *names.values()),
            rows=tuple(
                (
                    way.shown,
                    way.injected,
                    len(way.values),
                    round(way.override, 4),
                    *(round(float(value), 4) for value in way.values.mean(axis=0)),
                )
                for way in found.directions
            ),
            note="Shares of answers, each scored by its own task's rule, with demonstrations of the task "
            "shown unless stated. Override index: what the other task's answers gain plus what the shown "
            "task's lose.",
            model=found.model,
        )
    ]
