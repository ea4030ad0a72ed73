"""What is asked beside each task, with its own trend: parts, controls, demonstrations (E3, E4, E7).

Each is judged by the rule that judges the task itself; none of these trends decides a claim by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.stats.trends.classify import Trend, classify
from taskscope.stats.trends.wording import Change
from taskscope.studies.inverse_scaling.arms import COVERED, LABELS, TASK, draw, in_words, shots, strength
from taskscope.studies.inverse_scaling.grids import Series
from taskscope.studies.inverse_scaling.trends import (
    SeriesTrends,
    TaskTrend,
    accuracy_rule,
    at_like_coverage,
    loss_rule,
    performance,
)
from taskscope.studies.randomness import stream

FEWEST_COUNTS = 3
"""Numbers of demonstrations, none among them, from which on a figure shows the trend by number."""
NINETY_FIVE = 2 * 1.96
"""Width of a central 95 % interval in standard deviations."""
SHOTS_AXIS = Axis("shots", "demonstrations in front", whole=True)
CHANGE_AXIS = Axis("value", "change from the first model to the last")


@dataclass(frozen=True)
class ArmTrend:
    """One arm of one task along a series."""

    task: str
    arm: str
    trend: Trend | None
    """None where no item could be asked of every model."""
    left_out: int
    """Items that some model could not be asked."""


def arm_trends(found: SeriesTrends, draws: int) -> list[ArmTrend]:
    """Judge every arm of every task that has arms beside it, by task and then in the order of `_order`."""
    return [
        one for task in found.tasks if len(task.grid.arms) > 1 for one in _of_task(found.series, task, draws)
    ]


def _of_task(series: Series, task: TaskTrend, draws: int) -> Iterator[ArmTrend]:
    grid, scale = task.grid, series.log_scale[task.grid.models]
    for name in sorted([*grid.arms, *grid.lost], key=_order):
        arm = grid.arms.get(name)
        if arm is None:
            whole = grid.arms[TASK]
            yield ArmTrend(grid.task, name, None, whole.loss.shape[1] + whole.n_left_out)
            continue
        if name == TASK:
            trend = task.deciding
        else:
            rule = loss_rule(grid, arm) if arm.correct is None else accuracy_rule(arm)
            rng = stream("inverse-scaling arms", series.name, grid.task, name)
            trend = classify(performance(arm), scale, arm.clusters, rule, rng, draws)
        yield ArmTrend(grid.task, name, trend, arm.n_left_out)
    whole, alike = grid.arms[TASK], at_like_coverage(grid)
    if alike is not None:
        rule = loss_rule(grid, whole) if whole.correct is None else accuracy_rule(whole)
        rng = stream("inverse-scaling arms", series.name, grid.task, COVERED)
        trend = classify(alike, scale, whole.clusters, rule, rng, draws)
        yield ArmTrend(grid.task, COVERED, trend, whole.n_left_out)


def _order(arm: str) -> tuple[int, float, int]:
    """The task and demonstrations by number first, then the others as `LABELS` has them, then strengths."""
    count, value = shots(arm), strength(arm)
    if count is not None:
        return 0, count, draw(arm)
    return (1, list(LABELS).index(arm), 1) if value is None else (2, value, 1)


def tables(found: SeriesTrends, trends: Sequence[ArmTrend]) -> list[Table]:
    """Tabulate the arms; none where the tasks were asked alone."""
    if not trends:
        return []
    return [
        Table(
            name=f"inverse-scaling-{slug(found.series.name)}-beside",
            title="What was asked beside each task",
            columns=("task", "asked", "items", "left out", "first model", "last model", "change", "trend"),
            rows=tuple(_row(one) for one in trends),
            note="Performance is accuracy, or minus the loss (nats) where a kind has none. The trend is the "
            "rule's own word with the share of resamples that get it, not corrected for how many rows there "
            "are. Demonstrations for a smaller number are the first ones for a larger. Left out: items that "
            "some model of the series cannot take, such as prompts beyond its context, which are never cut.",
            model=found.series.name,
        )
    ]


def figures(found: SeriesTrends, trends: Sequence[ArmTrend]) -> list[Figure]:
    """Draw the trend by the number of demonstrations, where several numbers were asked (E3)."""
    data = [
        {
            "task": task.replace("-", " "),
            "shots": count,
            "value": _mean(change.value for change in changes),
            "low": _mean(change.low for change in changes),
            "high": _mean(change.high for change in changes),
        }
        for (task, count), changes in _by_count(trends).items()
    ]
    if len({row["shots"] for row in data}) < FEWEST_COUNTS:
        return []
    return [
        Figure(
            name=f"inverse-scaling-{slug(found.series.name)}-shots",
            title="The trend by the number of demonstrations",
            see="A task that falls is softened where its line comes up to zero with more demonstrations. The "
            "band holds the noise between models; of several draws of demonstrations the mean is shown.",
            alt="Line charts, one per task: change of performance from the first to the last model against "
            "the number of demonstrations.",
            spec=charts.curves(
                data,
                SHOTS_AXIS,
                CHANGE_AXIS,
                low="low",
                high="high",
                facet="task",
                rules=[Rule(0.0, "no change", facet=name) for name in dict.fromkeys(r["task"] for r in data)],
            ),
            model=found.series.name,
        )
    ]


def draws(found: SeriesTrends, trends: Sequence[ArmTrend]) -> list[Table]:
    """Tell what another draw of demonstrations changes from the error over items (E3); none for one draw."""
    several = {key: changes for key, changes in _by_count(trends).items() if len(changes) > 1}
    if not several:
        return []
    return [
        Table(
            name=f"inverse-scaling-{slug(found.series.name)}-draws",
            title="Other demonstrations, other items",
            columns=("task", "demonstrations", "draws", "change", "spread over draws", "error over items"),
            rows=tuple(
                (
                    task,
                    count,
                    len(changes),
                    f"{_mean(change.value for change in changes):+.3f}",
                    f"{float(np.std([change.value for change in changes], ddof=1)):.3f}",
                    f"{_mean(change.high - change.low for change in changes) / NINETY_FIVE:.3f}",
                )
                for (task, count), changes in several.items()
            ),
            note="Change from the first model to the last, the mean of all draws. Spread: standard deviation "
            "between draws, each of which shows every query other demonstrations. Error: standard deviation "
            "over resampled items and the noise between models, which all draws share.",
            model=found.series.name,
        )
    ]


def _by_count(trends: Sequence[ArmTrend]) -> dict[tuple[str, int], list[Change]]:
    """Return the changes of every draw, by task and number of demonstrations; none in front is one draw."""
    found: dict[tuple[str, int], list[Change]] = {}
    for one in trends:
        count = shots(one.arm)
        if one.trend is not None and count is not None:
            found.setdefault((one.task, count), []).append(one.trend.change)
    return found


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def _row(one: ArmTrend) -> tuple[Any, ...]:
    if one.trend is None:
        return (one.task, in_words(one.arm), 0, one.left_out, *["–"] * 4)
    trend, change = one.trend, one.trend.change
    return (
        one.task,
        in_words(one.arm),
        trend.n_items,
        one.left_out,
        f"{trend.means[0]:.2f}",
        f"{trend.means[-1]:.2f}",
        f"{change.value:+.2f} [{change.low:+.2f}, {change.high:+.2f}]",
        f"{trend.label} {100 * trend.probabilities[trend.label]:.0f} %",
    )
