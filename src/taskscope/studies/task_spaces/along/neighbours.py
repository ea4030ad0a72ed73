"""How alike the maps of neighbouring checkpoints are, and whether that changes its level (E7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure, Table
from taskscope.report.wording import slug
from taskscope.stats.change_point import FEWEST, ChangePoint, change_point
from taskscope.stats.matrices import leave_one_out
from taskscope.studies.judgement import Measure
from taskscope.studies.randomness import stream
from taskscope.studies.task_spaces.along.findings import label
from taskscope.studies.task_spaces.along.series import TRAINING, Series, likeness
from taskscope.studies.task_spaces.statistics import bounded

_STEADY = 0.1
"""Likeness of a map with itself on other pairs below which it cannot be divided by."""


@dataclass(frozen=True)
class Neighbours:
    """Two checkpoints, one behind the other."""

    first: str
    second: str
    at: float
    """Tokens that the second has read."""
    linear: Measure
    """Pearson's correlation of the maps of different halves, rows and columns taken out."""
    ranked: float
    """Spearman's."""
    cleared: float
    """Pearson's, divided by what both maps correlate with themselves; nan where one hardly repeats itself."""


def neighbours(series: Series) -> list[Neighbours]:
    """Compare every checkpoint with the one before it."""
    maps, everyone = series.effects, np.arange(series.n)
    itself = [likeness(each, each, everyone) for each in maps]
    found = []
    for m in range(len(maps) - 1):
        a, b = maps[m], maps[m + 1]
        values = leave_one_out(lambda keep, a=a, b=b: likeness(a, b, keep), series.n)
        steady = min(itself[m], itself[m + 1]) > _STEADY
        found.append(
            Neighbours(
                first=series.models[m],
                second=series.models[m + 1],
                at=float(series.at[m + 1]),
                linear=bounded(values),
                ranked=likeness(a, b, everyone, ranks=True),
                cleared=values[0] / np.sqrt(itself[m] * itself[m + 1]) if steady else np.nan,
            )
        )
    return found


def change(series: Series, found: list[Neighbours]) -> ChangePoint | None:
    """Test the likeness of neighbours for a change of level; None for fewer than four steps."""
    if len(found) < FEWEST:
        return None
    values = np.array([each.linear.value for each in found])
    return change_point(values, stream("task-spaces change", series.name, series.tasks))


def table(series: Series) -> Table | None:
    """Tabulate neighbours; None for a series by size, which has no order in time."""
    if series.kind != TRAINING:
        return None
    found = neighbours(series)
    rows = tuple(
        (
            each.first,
            each.second,
            f"{each.linear.value:+.2f} ({each.linear.low:+.2f} to {each.linear.high:+.2f})",
            f"{each.ranked:+.2f}",
            "–" if np.isnan(each.cleared) else f"{each.cleared:+.2f}",
        )
        for each in found
    )
    return Table(
        name=f"task-spaces-{slug(label(series))}-neighbours",
        title="Does the map change all at once?",
        columns=("checkpoint", "next", "likeness (Pearson)", "by ranks (Spearman)", "cleared of noise"),
        rows=rows,
        note="Maps of neighbouring checkpoints, from different halves of the pairs, rows and columns out; "
        "95 % intervals leave out one task at a time. Cleared of noise: divided by the likeness of both maps "
        f"with themselves; a dash where that is below {_STEADY}, and it may be above 1. "
        f"{_told(found, change(series, found))}",
        model=label(series),
        headline=("checkpoint", "next", "likeness (Pearson)"),
    )


def _told(found: list[Neighbours], place: ChangePoint | None) -> str:
    if place is None:
        return f"A change of level is tested from {FEWEST} steps on; here are {len(found)}."
    said = (
        f"Change of level (all orders of the values as likely): the largest stands behind the step to "
        f"{found[place.place - 1].second}, from {place.before:+.2f} to {place.after:+.2f}, p = {place.p:.3f}."
    )
    if place.least > 0.05:
        said += f" So few steps cannot give a p below {place.least:.2f}."
    return said


def figure(series: Series) -> Figure | None:
    """Draw the likeness of neighbours over training; None for a series by size."""
    if series.kind != TRAINING:
        return None
    found = neighbours(series)
    data = [
        {"at": each.at, "value": each.linear.value, "low": each.linear.low, "high": each.linear.high}
        for each in found
    ]
    return Figure(
        name=f"task-spaces-{slug(label(series))}-neighbours",
        title="Does the map change all at once?",
        see="Each point is a checkpoint's map against the one before it, from other pairs. A stage would be "
        "a dip, or a change of level.",
        alt=f"Line for {label(series)}: correlation of the maps of neighbouring checkpoints, by tokens read.",
        spec=charts.curves(
            data,
            Axis("at", "tokens read in training", log=True),
            Axis("value", "likeness with the map before", format=".1f"),
            low="low",
            high="high",
            rules=[Rule(0.0, "none")],
        ),
        model=label(series),
    )
