"""Tables beside the labels: other tests, forecasts of the last model, and what the data could show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taskscope.report.findings import Table
from taskscope.report.wording import slug
from taskscope.stats.trends import forecast, items, planner, pooling, secondary, steadiness
from taskscope.stats.trends.classify import Trend
from taskscope.stats.trends.curves import Shape
from taskscope.stats.trends.rule import Label, Rule
from taskscope.studies.inverse_scaling.arms import TASK
from taskscope.studies.inverse_scaling.discovery import long_enough, search
from taskscope.studies.inverse_scaling.grids import ArmGrid, Series
from taskscope.studies.inverse_scaling.trends import (
    SeriesTrends,
    TaskTrend,
    accuracy_rule,
    loss_rule,
    performance,
)
from taskscope.studies.randomness import stream

FALL = 0.10
"""Fall whose detection is planned for, in the unit of performance."""
METHODS = ("last value", "line", "line or turn", str(Shape.BROKEN))
"""Of forecasting, as `forecast.leave_largest_out` names them."""


def evidence(found: SeriesTrends, draws: int) -> list[Table]:
    """Tabulate what is reported beside the labels of one series and never decides."""
    long = long_enough(found.tasks)
    if not long:
        return []
    return [
        _secondary(found.series, long, draws),
        _forecasts(found.series, long),
        _power(found.series, long),
        _groups(found),
    ]


def _secondary(series: Series, tasks: list[TaskTrend], draws: int) -> Table:
    return Table(
        name=f"inverse-scaling-{slug(series.name)}-secondary",
        title="What other tests say",
        columns=(
            "task",
            "Kendall's tau [95 %]",
            "Page: falling, p",
            "Page: rising, p",
            "a turn, p",
            "best curve",
            "items that fall",
            "stands without any one group",
        ),
        rows=tuple(_other_tests(series, task, draws) for task in tasks),
        note="None of these decides. Page's test takes the items as blocks and rejects for any trend, "
        "however small, and knows no noise between models. The turn is a likelihood ratio of one turn "
        "against none. The curve is chosen by Akaike's criterion among those that so few sizes can tell "
        "apart. The last column is the share of groups of items without any one of which the label stays.",
        model=series.name,
    )


def _other_tests(series: Series, task: TaskTrend, draws: int) -> tuple[Any, ...]:
    arm, rule, scale = _judged(series, task)
    trend, scores = task.deciding, performance(arm)
    rng = stream("inverse-scaling secondary", series.name, task.grid.task)
    told = secondary.secondary(scores, scale, arm.clusters, trend.noise.value, rng, draws)
    best = max(told.curves, key=lambda curve: curve.weight)
    spread = items.spread(items.item_slopes(scores, scale))
    return (
        task.grid.task,
        f"{told.kendall.value:+.2f} [{told.kendall.low:+.2f}, {told.kendall.high:+.2f}]",
        f"{told.page.falling:.2g}",
        f"{told.page.rising:.2g}",
        f"{told.turn_p:.2g}",
        f"{best.shape} ({100 * best.weight:.0f} %)",
        f"{100 * spread.falling:.0f} %",
        _stands(trend, scores, arm, rule),
    )


def _stands(trend: Trend, scores: np.ndarray, arm: ArmGrid, rule: Rule) -> str:
    if trend.label is Label.UNDETERMINED:
        return "–"
    return f"{100 * steadiness.drop_one_cluster(trend, scores, arm.clusters, rule).share:.0f} %"


def _forecasts(series: Series, tasks: list[TaskTrend]) -> Table:
    rows = []
    for task in tasks:
        arm, rule, scale = _judged(series, task)
        trend, own = task.deciding, planner.cluster_covariance(performance(arm), arm.clusters)
        variances = np.diag(own) / trend.n_clusters + trend.noise.value**2
        told = forecast.leave_largest_out(scale, trend.means, variances)
        missed = {one.method: f"{one.miss:+.2f}" for one in told.methods}
        steps = steadiness.flips(
            steadiness.as_sizes_grow(
                performance(arm),
                scale,
                arm.clusters,
                rule,
                stream("inverse-scaling growth", series.name, task.grid.task),
                n_resamples=10,
            )
        )
        changes = "; ".join(f"{before} to {after} with {n} models" for n, before, after in steps)
        rows.append(
            (task.grid.task, f"{told.observed:.2f}", *(missed.get(m, "–") for m in METHODS), changes or "–")
        )
    return Table(
        name=f"inverse-scaling-{slug(series.name)}-forecasts",
        title="How far off a forecast of the last model would have been",
        columns=("task", "last model", *METHODS, "the label changed"),
        rows=tuple(rows),
        note="Each method sees all models but the last: what it says less what came, in accuracy or minus "
        "the loss. A dash: too few sizes for that curve. The last column says where the label of a longer "
        "series is another than that of a shorter one.",
        model=series.name,
    )


def _power(series: Series, tasks: list[TaskTrend]) -> Table:
    rows = []
    for task in tasks:
        arm, rule, scale = _judged(series, task)
        rng = stream("inverse-scaling power", series.name, task.grid.task)
        own = planner.cluster_covariance(performance(arm), arm.clusters)
        dip = planner.smallest_dip(own, task.deciding.n_clusters, rule, rng)
        line = task.deciding.means[0] - FALL * (scale - scale[0]) / (scale[-1] - scale[0])
        needed = planner.required_clusters(line, own, Label.INVERSE, rule, rng)
        rows.append(
            (
                task.grid.task,
                task.deciding.n_clusters,
                "–" if dip is None else f"{dip:.2f}",
                "more than 100,000" if needed is None else f"{needed:,}",
            )
        )
    return Table(
        name=f"inverse-scaling-{slug(series.name)}-power",
        title="What these data could have shown",
        columns=("task", "groups of items", "smallest dip found", f"groups needed for a fall of {FALL:.2f}"),
        rows=tuple(rows),
        note="The dip of one middle model that the rule would call a U, and the groups of items with which "
        "it would call a straight fall inverse, each in 80 % of simulated series of these models. Groups "
        "hold as many items as here; more items do not help where the noise between models stands in the "
        "way.",
        model=series.name,
    )


def _groups(found: SeriesTrends) -> Table:
    """Tabulate the search among all groups of items for those that get worse (discovery, section 9)."""
    searches = search(found)
    searched = sum(one.told.searched for one in searches)
    small = sum(one.told.too_small for one in searches)
    return Table(
        name=f"inverse-scaling-{slug(found.series.name)}-groups",
        title="Groups of items that get worse",
        columns=("task", "group", "items", "change per tenfold scale", "p", "confirmed"),
        rows=tuple(
            (
                one.task,
                group.group,
                group.items,
                f"{group.held_slope:+.3f}",
                f"{group.held_p:.2g}",
                "yes" if group in one.confirmed else "no",
            )
            for one in searches
            for group in one.told.found
        ),
        note="Half of each group's items was searched, with a false-discovery rate of 5 % within a task; "
        "change and p are of the other half, which the search did not see. Confirmed: p stays below 5 % when "
        "corrected for the tasks in which anything was found. "
        f"{searched} groups were searched, {small} have too few items for two halves. "
        "`taskscope tasks discover RUN FILE.csv` writes the confirmed ones as a task.",
        model=found.series.name,
    )


def _judged(series: Series, task: TaskTrend) -> tuple[ArmGrid, Rule, np.ndarray]:
    """Return what the deciding trend was named on: items, rule and scale."""
    arm = task.grid.arms[TASK]
    rule = loss_rule(task.grid, arm) if arm.correct is None else accuracy_rule(arm)
    return arm, rule, series.log_scale[task.grid.models]


def families(series: Sequence[SeriesTrends]) -> list[Table]:
    """Pool the slopes of tasks that several families were asked, as a random-effects meta-analysis does."""
    slopes: dict[tuple[str, bool], list[pooling.Slope]] = {}
    for found in series:
        for task in found.tasks:
            if found.series.over_training or len(task.grid.models) < 2 or task.loss.n_clusters < 2:
                continue
            arm, _, scale = _judged(found.series, task)
            noise = task.deciding.noise.value
            slope = pooling.family_slope(performance(arm), scale, arm.clusters, noise)
            slopes.setdefault((task.grid.task, arm.correct is None), []).append(slope)
    rows = []
    for (task, _), own in slopes.items():
        if len(own) > 1:
            told = pooling.pool([one.value for one in own], [one.error for one in own])
            mean = f"{told.value:+.3f} [{told.low:+.3f}, {told.high:+.3f}]"
            rows.append((task, len(own), mean, f"{told.p:.2g}", f"{told.between:.3f}"))
    if not rows:
        return []
    return [
        Table(
            name="inverse-scaling-families",
            title="Families together",
            columns=("task", "families", "change per tenfold scale [95 %]", "p", "spread of families"),
            rows=tuple(rows),
            note="A straight line through each family's means, pooled over families that may differ "
            "(DerSimonian and Laird, with Hartung and Knapp's interval). A line is a poor summary of a U.",
        )
    ]
