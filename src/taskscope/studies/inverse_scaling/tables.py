"""Every trend with its probability, in the order of the four causes, and the scales of the models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.stats import choice_metrics
from taskscope.stats.trends.classify import Trend, classify
from taskscope.stats.trends.rule import Label
from taskscope.studies.inverse_scaling.arms import TASK, in_words
from taskscope.studies.inverse_scaling.grids import BY_SIZE, ArmGrid, Point, Series
from taskscope.studies.inverse_scaling.trends import (
    SeriesTrends,
    TaskTrend,
    accuracy_rule,
    loss_rule,
    performance,
)
from taskscope.studies.randomness import stream

CAUSES = ("strong-prior", "unwanted-imitation", "distractor", "spurious-few-shot", "")
LOW_COVERAGE = 0.1
"""Probability on the classes below which the loss is called uninformative (V15)."""
FEW_ITEMS, FEW_CLUSTERS = 300, 20
"""The contest's least number of items (V3), and clusters below which resampling is rough (V16)."""

COLUMNS = ("cause", "task", "trend", "accuracy", "loss", "models", "items", "groups", "flags")
METRICS = ("accuracy", "loss", "loss after temperature", "inverted loss", "margin", "coverage")
FOLDS = 5
"""Parts of the items that a temperature is fitted and tried on in turn."""
SAME_LOSS, SAME_SIZE, ROUNDED = 0.002, 0.1, 5e-5
"""What counts as the published loss (nats, E1) and as the same size; published values have four digits."""
SMALLEST_LOSS = 1e-12
"""Loss that stands for zero where the inverted loss would be infinite."""


def tables(found: SeriesTrends, draws: int) -> list[Table]:
    """Tabulate one series."""
    return [_trends(found, draws), _numbers(found), _models(found.series)]


def _trends(found: SeriesTrends, draws: int) -> Table:
    ordered = sorted(found.tasks, key=lambda task: CAUSES.index(task.grid.cause))
    return Table(
        name=f"inverse-scaling-{slug(found.series.name)}-trends",
        title=f"Every trend along {found.series.name}",
        columns=COLUMNS,
        rows=tuple(_row(found.series, task, draws) for task in ordered),
        note="Trend: the label that a headline may carry. It needs the same label in four resamples out of "
        "five (the shares stand beside each label), a correction over all tasks of the series "
        "(Benjamini-Hochberg, 5 %), and a loss that does not run the other way. Changes are of the last "
        "model against the first, in accuracy and in minus the loss (nats), so that a fall is below zero in "
        "both; their intervals hold the noise between models.",
        model=found.series.name,
        headline=("task", "trend", "accuracy", "loss", "flags"),
    )


def _row(series: Series, task: TaskTrend, draws: int) -> tuple[Any, ...]:
    arm = task.grid.arms[TASK]
    return (
        task.grid.cause.replace("-", " ") or "not stated",
        task.grid.task,
        str(task.label),
        "–" if task.accuracy is None else _told(task.accuracy),
        _told(task.loss),
        len(task.grid.models),
        arm.loss.shape[1],
        task.loss.n_clusters,
        "; ".join(flags(series, task, draws)),
    )


def _told(trend: Trend) -> str:
    change = f"{trend.change.value:+.2f} [{trend.change.low:+.2f}, {trend.change.high:+.2f}]"
    return f"{change} {trend.label} {100 * trend.probabilities[trend.label]:.0f} %"


def flags(series: Series, task: TaskTrend, draws: int) -> list[str]:
    """Name what a reader must know before trusting a trend."""
    arm = task.grid.arms[TASK]
    found = list(task.deciding.qualifiers)
    if task.disagree:
        found.append("accuracy and loss run in opposite directions")
    if not task.significant and task.deciding.label not in (Label.UNDETERMINED, Label.FLAT):
        found.append("lost in the correction over tasks")
    if task.artefacts:
        found.append("not found again " + ", ".join(in_words(name) for name in task.artefacts))
    if arm.loss.shape[1] < FEW_ITEMS:
        found.append(f"{arm.loss.shape[1]} items")
    if task.loss.n_clusters < FEW_CLUSTERS:
        found.append(f"{task.loss.n_clusters} groups of items")
    if arm.coverage is not None and arm.coverage.min() < LOW_COVERAGE:
        found.append(f"coverage down to {100 * arm.coverage.min():.0f} %")
    if arm.n_left_out:
        found.append(f"{arm.n_left_out} items left out")
    if len(np.unique(arm.answers)) == 1 and arm.answers[0] >= 0:
        found.append("one label alone")
    for axis in list(series.axes)[1:]:
        other = _along(series, task, arm, axis, draws)
        if other is not task.deciding.label:
            found.append(f"{other} along {axis}")
    return found


def _along(series: Series, task: TaskTrend, arm: ArmGrid, axis: str, draws: int) -> Label:
    """Return the label along another axis, on which models may stand in another order."""
    scale = series.axes[axis][task.grid.models]
    order = np.argsort(scale, kind="stable")
    if len(np.unique(scale)) < len(scale):
        return Label.UNDETERMINED
    rule = loss_rule(task.grid, arm) if arm.correct is None else accuracy_rule(arm)
    rng = stream("inverse-scaling other axis", series.name, task.grid.task, axis)
    return classify(performance(arm)[order], np.log10(scale[order]), arm.clusters, rule, rng, draws).label


def _numbers(found: SeriesTrends) -> Table:
    """Tabulate every metric of protocol 2 for every model."""
    rows = []
    for task in found.tasks:
        arm = task.grid.arms[TASK]
        by_model = _metrics(task, arm)
        for place, model in enumerate(task.grid.models):
            told = (values[place] for values in by_model)
            cells = ("–" if value is None else f"{value:.3f}" for value in told)
            rows.append((task.grid.task, found.series.labels[model], *cells))
        guessing = arm.guessing
        if guessing is not None and task.grid.metric == "classification":
            loss = choice_metrics.baseline(arm.n_classes).loss
            told = (f"{guessing:.3f}", f"{loss:.3f}")
            rows.append((task.grid.task, "guessing", *told, *["–"] * (len(METRICS) - len(told))))
    return Table(
        name=f"inverse-scaling-{slug(found.series.name)}-numbers",
        title=f"Every number along {found.series.name}",
        columns=("task", "model", *METRICS),
        rows=tuple(rows),
        note="Nats. Loss after temperature: the model's confidence is put right by one number, fitted on "
        "other groups of items, so that a model that only grows surer of the same choices does not get "
        "worse. Inverted loss: of everything but the right answer. Margin: log p of the answer less that of "
        "the likeliest other class; right is a margin above zero, and it moves smoothly where accuracy "
        "jumps.",
        model=found.series.name,
    )


def _metrics(task: TaskTrend, arm: ArmGrid) -> list[list[float | None]]:
    """Return `METRICS`, each by model; None where a kind or a source has no such number."""
    nothing: list[float | None] = [None] * len(task.grid.models)

    def means(values: np.ndarray | None) -> list[float | None]:
        return nothing if values is None else values.mean(axis=1).tolist()

    rescaled = inverted = margin = None
    if task.grid.metric == "classification":
        inverted = choice_metrics.inverted_loss(np.maximum(arm.loss, SMALLEST_LOSS))
        if arm.logprobs is not None:
            margin = choice_metrics.margin(arm.logprobs, arm.answers)
            if len(np.unique(arm.clusters)) >= FOLDS:
                rescaled = choice_metrics.rescaled_loss(arm.logprobs, arm.answers, arm.clusters, FOLDS)
    coverage = nothing if arm.coverage is None else arm.coverage.tolist()
    return [means(arm.correct), means(arm.loss), means(rescaled), means(inverted), means(margin), coverage]


def _models(series: Series) -> Table:
    return Table(
        name=f"inverse-scaling-{slug(series.name)}-models",
        title=f"The models of {series.name}",
        columns=("model", *series.axes),
        rows=tuple(
            (label, *(f"{scale[place]:.4g}" for scale in series.axes.values()))
            for place, label in enumerate(series.labels)
        ),
        note=f"Trends are judged along {series.axis}. Training FLOPs are 6ND, N without embeddings where "
        "that is known.",
        model=series.name,
    )


def against_published(found: SeriesTrends, points: Sequence[Point]) -> list[Table]:
    """Compare with published means of the same models on the same tasks (E1); none where there are none."""
    rows = tuple(_compared(found, points))
    if not rows:
        return []
    return [
        Table(
            name=f"inverse-scaling-{slug(found.series.name)}-published",
            title=f"Published and measured along {found.series.name}",
            columns=("task", "model", "metric", "published", "measured", "difference", "the same"),
            rows=rows,
            note="The same: accuracy to one item, loss to 0.002 nats, in float32 (protocol E1). Another data "
            "version, a missing BOS or half precision show here first.",
            model=found.series.name,
        )
    ]


def _compared(found: SeriesTrends, points: Sequence[Point]) -> Iterator[tuple[str, ...]]:
    for task, point in product(found.tasks, points):
        arm = task.grid.arms[TASK]
        own = [n for n, m in enumerate(task.grid.models) if _same_model(found.series, int(m), point)]
        if point.task != task.grid.task or not own:
            continue
        model = found.series.labels[task.grid.models[own[0]]]
        for metric, value, scores, most in (
            ("accuracy", point.accuracy, arm.correct, 1 / arm.loss.shape[1]),
            ("loss", point.loss, arm.loss, SAME_LOSS),
        ):
            if value is not None and scores is not None:
                mean = float(scores[own[0]].mean())
                same = "yes" if abs(mean - value) <= most + ROUNDED else "no"
                told = (f"{value:.4f}", f"{mean:.4f}", f"{mean - value:+.4f}")
                yield task.grid.task, model, metric, *told, same


def _same_model(series: Series, model: int, point: Point) -> bool:
    family = series.name.removesuffix(BY_SIZE)
    return (
        not series.over_training
        and family == point.family
        and abs(float(series.parameters[model]) / point.parameters - 1) < SAME_SIZE
    )
