"""The figures of E3 and E4: thetas as points, the task's share of their variation, distances of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis
from taskscope.report.findings import Figure
from taskscope.report.wording import slug
from taskscope.studies.task_vectors.geometry.findings import LABELS, Geometry
from taskscope.studies.task_vectors.geometry.pictures import pca, tsne
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA, Cloud
from taskscope.studies.task_vectors.geometry.statistics import by_task, centroid_distances
from taskscope.studies.task_vectors.geometry.variance import FIRST, Shares

SHARE = Axis("share", "share of the variation that the task accounts for", format=".0%")
DISTANCE = Axis("distance", "cosine distance of tasks", format=".2f")
APART = Axis("distance", "cosine distance of two thetas", format=".2f")
WITHIN, BETWEEN = "of the same task", "of different tasks"
MEAN = "mean of the tasks"


def figures(found: Geometry) -> list[Figure]:
    """Draw the figures of one model; none where fewer than two tasks can be compared."""
    if found.shares is None:
        return []
    return [_points(found), _shares(found, found.shares), _spread(found), _tasks(found)]


def _points(found: Geometry) -> Figure:
    """Thetas beside the states without demonstrations, as t-SNE and as PCA."""
    data = []
    for kind, title in ((THETA, "theta"), (BARE, "no demonstrations, same dummies")):
        vectors = np.concatenate([cloud.means(kind) for cloud in found.clouds])
        # Placed already where the picture of theta was compared with others.
        known = found.pictures if kind == THETA else None
        near = tsne(vectors) if known is None else known.places
        for method, places in (("t-SNE", near), ("PCA", pca(vectors))):
            data += _records(found.clouds, places, f"{title}: {method}")
    order = {title: place for place, title in enumerate(sorted({record["panel"] for record in data}))}
    data.sort(key=lambda record: (not record["panel"].endswith("t-SNE"), -order[record["panel"]]))
    tasks = by_task(found.clouds)
    same = np.mean([task.purity for task in tasks])
    return Figure(
        name=f"task-vectors-{slug(found.model)}-thetas",
        title="Thetas as points",
        see=f"Each point is the theta of one set of demonstrations after block {found.block}; on average "
        f"{100 * same:.0f} % of a theta's nearest neighbours (in all dimensions, not in the picture) "
        f"are of its own task. {_stability(found)}On the right the same dummies without demonstrations.",
        alt=f"Scatter plots for {found.model}: thetas of {len(tasks)} tasks in two dimensions, by t-SNE and "
        "by principal components, beside the states that the dummies give without demonstrations.",
        spec=charts.scatter(
            data,
            Axis("x", "first dimension, rescaled", domain=(-1.05, 1.05)),
            Axis("y", "second dimension", domain=(-1.05, 1.05)),
            series="task",
            label="set",
            facet="panel",
            order=[cloud.task for cloud in found.clouds],
        ),
        model=found.model,
    )


def _stability(found: Geometry) -> str:
    """Say how far the picture depends on where t-SNE starts; nothing where other starts were not tried."""
    if found.pictures is None:
        return ""
    near = found.pictures.measured[0]
    return (
        f"In the t-SNE picture itself {100 * near.drawn:.0f} % are, and {100 * near.mean:.0f} % "
        f"({100 * near.lowest:.0f} to {100 * near.highest:.0f}) in {found.n_starts} that start at random. "
    )


def _records(clouds: Sequence[Cloud], places: np.ndarray, panel: str) -> list[dict[str, Any]]:
    names = [(cloud.task, number) for cloud in clouds for number in range(cloud.n_sets)]
    scaled = (places / np.maximum(np.abs(places).max(), 1e-30)).round(4)
    return [
        {"task": task, "set": f"set {number}", "x": float(x), "y": float(y), "panel": panel}
        for (task, number), (x, y) in zip(names, scaled, strict=True)
    ]


def _shares(found: Geometry, split: Shares) -> Figure:
    """A row per task, the mean first: the task's share of theta's variation, and of the controls'."""
    names = {THETA: "theta", **{kind: LABELS[kind] for kind in (FIRST, SWAPPED, BARE)}}
    macro = {THETA: split.theta, **split.controls}
    data = [_row(MEAN, names[kind], *_ends(draws)) for kind, draws in macro.items()]
    for task, values in split.by_task.items():
        data += [_row(task, names[kind], *values[kind]) for kind in macro]
    return Figure(
        name=f"task-vectors-{slug(found.model)}-shares",
        title="What theta depends on: the task, or the demonstrations and the dummy",
        see=f"Of theta's variation the task accounts for {100 * split.theta[0]:.0f} %, of the strongest "
        f"control's {100 * split.strongest[0]:.0f} %.",
        alt=f"Forest plot for {found.model}: per task the share of the variation of theta, and of control "
        "states, that the task accounts for, each with a 95 % interval.",
        spec=charts.intervals(
            data,
            SHARE,
            row="task",
            low="low",
            high="high",
            series="states",
            order=(names[THETA],),
            controls=[names[kind] for kind in macro if kind != THETA],
        ),
        model=found.model,
    )


def _ends(draws: np.ndarray) -> tuple[float, float, float]:
    low, high = np.quantile(draws[1:], [0.025, 0.975])
    return float(draws[0]), float(low), float(high)


def _row(task: str, states: str, share: float, low: float, high: float) -> dict[str, Any]:
    ends = {"share": round(share, 4), "low": round(low, 4), "high": round(high, 4)}
    return {"task": task, "states": states, **ends}


def _spread(found: Geometry) -> Figure:
    """A row per task: how far its thetas lie from each other, and from those of other tasks (E4)."""
    tasks = by_task(found.clouds)
    data = []
    for task in tasks:
        for name, mean, low, high in (
            (WITHIN, task.within[0], *task.middle[:2]),
            (BETWEEN, task.between[0], *task.middle[2:]),
        ):
            ends = {"distance": round(mean, 4), "low": round(low, 4), "high": round(high, 4)}
            data.append({"task": task.task, "pairs": name, **ends})
    nearer = sum(task.within[0] < task.between[0] for task in tasks)
    return Figure(
        name=f"task-vectors-{slug(found.model)}-within-and-between",
        title="Do thetas of one task lie nearer to each other",
        see=f"On {nearer} of {len(tasks)} tasks they do on average. Bars hold 95 % of the pairs. Of a pair "
        "of one task and a pair of two, the pair of one task is the nearer one "
        f"{100 * np.mean([task.auc for task in tasks]):.0f} % of the time, mean over tasks.",
        alt=f"Interval plot for {found.model}: per task the mean cosine distance between two thetas of the "
        "task, and between one of the task and one of another, each with the range of 95 % of the pairs.",
        spec=charts.intervals(
            data,
            APART,
            row="task",
            low="low",
            high="high",
            series="pairs",
            order=(WITHIN,),
            controls=(BETWEEN,),
        ),
        model=found.model,
    )


def _tasks(found: Geometry) -> Figure:
    """Distances between tasks, each task's own spread on the diagonal."""
    apart = centroid_distances(found.clouds)
    tasks = by_task(found.clouds)
    names = [task.task for task in tasks]
    data = []
    for t, row in enumerate(names):
        for u, column in enumerate(names):
            value = tasks[t].within[0] if t == u else float(apart[t, u])
            data.append({"task": row, "other": column, "distance": round(value, 4)})
    nearest = ", ".join(f"{task.task} to {task.nearest}" for task in tasks[:6])
    return Figure(
        name=f"task-vectors-{slug(found.model)}-distances",
        title="Which tasks lie near each other",
        see=f"Nearest tasks: {nearest}{' ...' if len(tasks) > 6 else ''}. On the diagonal: how far thetas of "
        "one task lie from each other.",
        alt=f"Heat-map for {found.model}: cosine distances between the mean thetas of every two tasks.",
        spec=charts.heatmap(
            data, DISTANCE, x="other", y="task", x_order=names, y_order=names, x_title="task", y_title="task"
        ),
        model=found.model,
    )
