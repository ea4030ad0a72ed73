"""The trend of every task along a series, on accuracy and on loss, and what the arms beside it did."""

from __future__ import annotations

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
LEFT = 0.5
"""Share of a fall that must be left among items of like coverage."""
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
    """Name the controls that lose an inverse or U-shaped label (E7): those whose own label is another.

    Among items of like coverage there are fewer, so there it is asked how much of the fall is left, and no
    label.
    """
    if trend.label not in (Label.INVERSE, Label.U):
        return ()
    lost = []
    for name in ARTEFACTS:
        arm = task.arms.get(name)
        if arm is None:
            continue
        rule = loss_rule(task, arm) if arm.correct is None else accuracy_rule(arm)
        again = classify(performance(arm), scale, arm.clusters, rule, rng, FEW_DRAWS)
        if again.label is not trend.label:
            lost.append(name)
    alike = at_like_coverage(task)
    if alike is not None and not _still_falls(trend, alike.mean(axis=1), task.arms[TASK]):
        lost.append(COVERED)
    return tuple(lost)


def _still_falls(trend: Trend, means: np.ndarray, arm: ArmGrid) -> bool:
    """Whether means (model,) keep enough of a trend's fall, and of the rise after it, to count."""
    least = (LOSS if arm.correct is None else ACCURACY).least

    def depth(some: np.ndarray) -> float:
        if trend.label is Label.INVERSE or trend.turn is None:
            return some[0] - some[-1]
        return min(some[0], some[-1]) - some[trend.turn]

    return bool(depth(means) >= max(least, LEFT * depth(trend.means)))


def at_like_coverage(task: TaskGrid) -> np.ndarray | None:
    """Return scores whose means compare models at like coverage (E7 c), (model, item); see `coverage`.

    None where there is nothing to match. Of a completion the probability is the very score, and not coverage.
    """
    whole = task.arms[TASK]
    return matched(performance(whole), whole.total) if task.metric == "classification" else None


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
