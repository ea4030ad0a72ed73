"""The trend of every task along a series, on accuracy and on loss, and what the arms beside it did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from taskscope.stats import choice_metrics
from taskscope.stats.tests import benjamini_hochberg
from taskscope.stats.trends.classify import Trend, classify
from taskscope.stats.trends.rule import ACCURACY, LOSS, Label, Rule
from taskscope.studies.inverse_scaling.arms import ARTEFACTS, COVERED, TASK
from taskscope.studies.inverse_scaling.coverage import matched
from taskscope.studies.inverse_scaling.grids import ArmGrid, Series, SeriesGrid, TaskGrid
from taskscope.studies.randomness import stream

FALSE_DISCOVERIES = 0.05
"""Level of Benjamini and Hochberg's correction over the tasks of a series (6.2)."""
FEW_DRAWS = 10
"""Resamples of a control, of which the bare label is asked and no share."""

OPPOSITE = {Label.INVERSE: Label.POSITIVE, Label.POSITIVE: Label.INVERSE}


@dataclass(frozen=True)
class TaskTrend:
    """One task along one series."""

    grid: TaskGrid
    accuracy: Trend | None
    """None for a kind without right and wrong."""
    loss: Trend
    significant: bool
    """Whether the trend that decides survives the correction over tasks."""
    artefacts: tuple[str, ...] = ()
    """Controls in which a fall or a turn was not found again (E7 a, b, c)."""

    @property
    def deciding(self) -> Trend:
        """The trend of what people call performance: accuracy where there is one, else minus the loss."""
        return self.loss if self.accuracy is None else self.accuracy

    @property
    def label(self) -> Label:
        """The label a headline may carry: steady, significant, contradicted neither by loss nor control."""
        trend = self.deciding
        if not (trend.headline and (self.significant or trend.label is Label.FLAT)):
            return Label.UNDETERMINED
        if self.disagree or self.artefacts:
            return Label.UNDETERMINED
        return trend.label

    @property
    def disagree(self) -> bool:
        """Whether accuracy and loss run in opposite directions, as OPT's do on Hindsight Neglect (E1)."""
        if self.accuracy is None or not self.loss.headline:
            return False
        return OPPOSITE.get(self.accuracy.label) is self.loss.label

    @property
    def falls(self) -> tuple[int, int] | None:
        """Models between which the task gets worse; None where its label says no such thing."""
        trend = self.deciding
        if self.label is Label.INVERSE:
            return 0, trend.sizes - 1
        if self.label is Label.U and trend.turn is not None:
            return 0, trend.turn
        if self.label is Label.INVERTED_U and trend.turn is not None:
            return trend.turn, trend.sizes - 1
        return None


@dataclass(frozen=True)
class SeriesTrends:
    """All tasks along one series."""

    series: Series
    tasks: tuple[TaskTrend, ...]

    def with_label(self, *labels: Label) -> list[TaskTrend]:
        """List the tasks with one of these labels."""
        return [task for task in self.tasks if task.label in labels]


def trends(found: SeriesGrid, draws: int) -> SeriesTrends:
    """Name the trend of every task of a series, corrected for how many they are."""
    series = found.series
    named = []
    for task in found.tasks:
        arm, scale = task.arms[TASK], series.log_scale[task.models]
        rng = stream("inverse-scaling trends", series.name, task.task)
        loss = classify(-arm.loss, scale, arm.clusters, loss_rule(task, arm), rng, draws)
        accuracy = None
        if arm.correct is not None:
            rule = accuracy_rule(arm)
            accuracy = classify(arm.correct, scale, arm.clusters, rule, rng, draws)
        named.append(TaskTrend(task, accuracy, loss, True, _artefacts(task, accuracy or loss, scale, rng)))
    adjusted = benjamini_hochberg([task.deciding.p for task in named])
    tasks = tuple(
        replace(task, significant=bool(p <= FALSE_DISCOVERIES))
        for task, p in zip(named, adjusted, strict=True)
    )
    return SeriesTrends(series, tasks)


def _artefacts(task: TaskGrid, trend: Trend, scale: np.ndarray, rng: np.random.Generator) -> tuple[str, ...]:
    """Name the controls that lose an inverse or U-shaped label (E7): those whose own label is another."""
    if trend.label not in (Label.INVERSE, Label.U):
        return ()
    lost = []
    for name, arm, scores in _again(task):
        rule = loss_rule(task, arm) if arm.correct is None else accuracy_rule(arm)
        again = classify(scores, scale, arm.clusters, rule, rng, FEW_DRAWS)
        if again.label is not trend.label:
            lost.append(name)
    return tuple(lost)


def _again(task: TaskGrid) -> Iterator[tuple[str, ArmGrid, np.ndarray]]:
    """Yield the controls in which a fall must be found again, with their scores (model, item)."""
    for name in ARTEFACTS:
        if name in task.arms:
            yield name, task.arms[name], performance(task.arms[name])
    whole = task.arms[TASK]
    alike = matched(performance(whole), whole.total)
    if alike is not None:
        yield COVERED, whole, alike


def performance(arm: ArmGrid) -> np.ndarray:
    """Return what is called performance, (model, item): accuracy where there is one, else minus the loss."""
    return -arm.loss if arm.correct is None else arm.correct


def accuracy_rule(arm: ArmGrid) -> Rule:
    """Return the rule for accuracy, with the level of guessing."""
    return replace(ACCURACY, baseline=arm.guessing)


def loss_rule(task: TaskGrid, arm: ArmGrid) -> Rule:
    """Return the rule for the loss, with the level of guessing where there are classes to guess among."""
    if task.metric != "classification" or arm.guessing is None:
        return LOSS
    return replace(LOSS, baseline=-choice_metrics.baseline(arm.n_classes).loss)
