"""The figures: accuracy by task, by block, and by block task by task; controls on the same axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Mark, Rule
from taskscope.report.findings import Figure, Finding
from taskscope.report.wording import slug
from taskscope.stats.intervals import simultaneous_band, wilson
from taskscope.studies.task_vectors import published, training
from taskscope.studies.task_vectors.conditions import (
    BASELINE,
    HYPOTHESIS,
    LABELS,
    REGULAR,
    SWEPT,
    SWEPT_CONTROLS,
)
from taskscope.studies.task_vectors.grids import TaskGrid
from taskscope.studies.task_vectors.params import TaskVectorParams
from taskscope.studies.task_vectors.parts import PARTS
from taskscope.studies.task_vectors.results import ModelResult, results
from taskscope.studies.task_vectors.summary import TaskSummary, summarise

ACCURACY = Axis("accuracy", "right answers", domain=(0, 1), format=".0%")
BLOCK = Axis("block", "block after which the vector is put in", whole=True)
STRONGEST = "strongest control"
MEAN = "mean of the tasks counted"
SHOWN_PEAKS = ("LLaMA 30B", "LLaMA 7B", "GPT-J 6B")
"""Published peaks that are marked: earliest, highest and lowest; all seven would hide each other."""


def figures(rows: pa.Table, findings: Sequence[Finding], params: TaskVectorParams) -> list[Figure]:
    """Draw three figures per model, then those of the other parts that were measured."""
    drawn = []
    measured = results(rows, params)
    for result in measured:
        summaries = summarise(result, params.draws)
        drawn += [_by_task(result, summaries), _by_block(result), _by_block_and_task(result)]
    for part in PARTS:
        for found in part.read(rows, measured, params):
            drawn += part.figures(found)
    drawn += training.figures(rows, measured, params)
    return drawn


def _by_task(result: ModelResult, summaries: Sequence[TaskSummary]) -> Figure:
    """A row per task, the mean first: baseline, theta, regular, strongest control."""
    data = _mean_records(result) + [record for s in summaries for record in _records(s)]
    spec = charts.intervals(
        data,
        ACCURACY,
        row="task",
        low="low",
        high="high",
        series="condition",
        order=(LABELS[HYPOTHESIS], LABELS[REGULAR]),
        controls=(LABELS[BASELINE], STRONGEST),
    )
    return Figure(
        name=f"task-vectors-{slug(result.model)}-by-task",
        title="How much one vector recovers, task by task",
        see=_see_tasks(result),
        alt=f"Forest plot for {result.model}: per task the share of right answers without demonstrations, "
        "with one vector, with demonstrations, and under the strongest control, each with a 95 % interval.",
        spec=spec,
        model=result.model,
        main=True,
    )


def _see_tasks(result: ModelResult) -> str:
    means = result.macro
    if means is None:
        return "On no task do demonstrations help enough for a vector to have something to carry."
    theta, regular, strongest = (100 * x[0] for x in (means.hypothesis, means.regular, means.strongest))
    return (
        f"Over the {means.n_tasks} tasks counted, one vector gets {theta:.0f} % right, the demonstrations "
        f"themselves {regular:.0f} %, the strongest control {strongest:.0f} %."
    )


def _mean_records(result: ModelResult) -> list[dict[str, Any]]:
    means = result.macro
    if means is None:
        return []
    values = {
        LABELS[BASELINE]: means.baseline,
        LABELS[HYPOTHESIS]: means.hypothesis,
        LABELS[REGULAR]: means.regular,
        STRONGEST: means.strongest,
    }
    ends = {name: np.quantile(draws[1:], [0.025, 0.975]) for name, draws in values.items()}
    return [
        _record(MEAN, name, float(draws[0]), float(ends[name][0]), float(ends[name][1]))
        for name, draws in values.items()
    ]


def _records(s: TaskSummary) -> list[dict[str, Any]]:
    """Records of one task, with Wilson intervals over its independent queries."""
    values = {
        LABELS[BASELINE]: s.baseline,
        LABELS[HYPOTHESIS]: s.dev.accuracy,
        LABELS[REGULAR]: s.regular,
        STRONGEST: s.controls[s.control],
    }
    task = s.task if s.admissible else f"{s.task} (not counted)"
    bounds = wilson(list(values.values()), s.n_clusters)
    return [
        _record(task, name, value, float(low), float(high))
        for (name, value), low, high in zip(values.items(), *bounds, strict=True)
    ]


def _record(task: str, condition: str, value: float, low: float, high: float) -> dict[str, Any]:
    ends = {"accuracy": round(value, 4), "low": round(low, 4), "high": round(high, 4)}
    return {"task": task, "condition": condition, **ends}


def _by_block(result: ModelResult) -> Figure:
    """Mean accuracy after each block: theta with its band, controls as curves, published peaks as marks."""
    tasks = _drawn_tasks(result)
    n_blocks = tasks[0].test.n_blocks
    data = [record for name in SWEPT for record in _curve(result, tasks, name)]
    rules = [
        Rule(_mean_of(tasks, REGULAR), LABELS[REGULAR]),
        Rule(_mean_of(tasks, BASELINE), LABELS[BASELINE]),
    ]
    if result.peak is not None:
        rules.append(Rule(result.peak.block, f"best block {result.peak.block}", across="x"))
    marks = [
        Mark(model.name, model.peak_accuracy, at=round(model.depth * n_blocks - 1, 2))
        for model in published.models()
        if model.name in SHOWN_PEAKS
    ]
    return Figure(
        name=f"task-vectors-{slug(result.model)}-by-block",
        title="Where in the model the vector works",
        see=_see_blocks(result),
        alt=f"Line chart for {result.model}: mean share of right answers after putting the vector in at each "
        f"of {n_blocks} blocks, with a 95 % band for the whole curve, and one line per control.",
        spec=charts.curves(
            data,
            BLOCK,
            ACCURACY,
            series="condition",
            low="low",
            high="high",
            order=[LABELS[name] for name in SWEPT],
            controls=[LABELS[name] for name in SWEPT_CONTROLS],
            rules=rules,
            published=marks,
        ),
        model=result.model,
    )


def _see_blocks(result: ModelResult) -> str:
    means, peak = result.macro, result.peak
    marks = "Diamonds: published peaks at the same relative depth."
    if means is None or peak is None:
        return f"No task is counted, so the curves show the mean of all. {marks}"
    return (
        f"The vector gets most answers right when it is put in after block {peak.block} of {peak.n_blocks} "
        f"({100 * means.curve[0, peak.block]:.0f} %); grey lines are vectors that should not work"
        f"{_but_swapped(result)}. {marks}"
    )


def _but_swapped(result: ModelResult) -> str:
    shown = sum(not chosen.swapping_hides for _, chosen in result.admitted)
    if not shown:
        return ""
    return f" (theta of swapped labels may, on {shown} tasks that the model does from swapped labels too)"


def _drawn_tasks(result: ModelResult) -> list[TaskGrid]:
    """The tasks counted, or all where none is."""
    return [task for task, _ in result.admitted] or result.tasks


def _mean_of(tasks: Sequence[TaskGrid], condition: str) -> float:
    return round(float(np.mean([task.test.plain[condition].mean() for task in tasks])), 4)


def _curve(result: ModelResult, tasks: Sequence[TaskGrid], condition: str) -> list[dict[str, Any]]:
    values = np.mean([task.test.swept[condition].mean(axis=0) for task in tasks], axis=0)
    low: list[Any] = [None] * len(values)
    high: list[Any] = [None] * len(values)
    if condition == HYPOTHESIS and result.macro is not None:
        curve, n = result.macro.curve, result.macro.n_clusters
        band = simultaneous_band(curve[0], curve[1:], sd_floor=0.5 / n)
        low, high = (np.clip(end, 0, 1).round(4).tolist() for end in band)
    return [
        {
            "block": b,
            "accuracy": round(float(v), 4),
            "condition": LABELS[condition],
            "low": low[b],
            "high": high[b],
        }
        for b, v in enumerate(values)
    ]


def _by_block_and_task(result: ModelResult) -> Figure:
    """A small panel per task: theta and the strongest control at each block."""
    data, rules = [], []
    for task, chosen in zip(result.tasks, result.chosen, strict=True):
        title = task.task if chosen.admissible else f"{task.task} (not counted)"
        theta = task.test.swept[HYPOTHESIS].mean(axis=0)
        control = [task.test.control(name)[:, b].mean() for b, name in enumerate(chosen.controls)]
        for label, values in ((LABELS[HYPOTHESIS], theta), (STRONGEST, control)):
            data += [
                {"task": title, "block": b, "accuracy": round(float(v), 4), "condition": label}
                for b, v in enumerate(values)
            ]
        rules.append(Rule(float(task.test.plain[REGULAR].mean()), LABELS[REGULAR], facet=title))
    blocks = sorted(chosen.block for chosen in result.chosen)
    return Figure(
        name=f"task-vectors-{slug(result.model)}-by-block-and-task",
        title="Where the vector works, task by task",
        see="Each panel is a task; the blocks chosen on development queries run from "
        f"{blocks[0]} to {blocks[-1]}.",
        alt=f"Small multiples for {result.model}: per task the share of right answers by block under the "
        "vector and under the strongest control, with a line at the accuracy with demonstrations.",
        spec=charts.curves(
            data,
            BLOCK,
            ACCURACY,
            series="condition",
            facet="task",
            order=(LABELS[HYPOTHESIS],),
            controls=(STRONGEST,),
            rules=rules,
        ),
        model=result.model,
    )
