"""What the study's figures share: their names, charts of estimates with intervals, and maps of heads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from taskscope.report import charts
from taskscope.report.chart_data import Axis, Rule
from taskscope.report.findings import Figure
from taskscope.report.wording import slug
from taskscope.studies.judgement import Measure


class OfTask(Protocol):
    """What was found on one model and task."""

    @property
    def model(self) -> str:
        """The model's label."""
        ...

    @property
    def task(self) -> str:
        """The task's name."""
        ...


def of_model(
    model: str,
    what: str,
    title: str,
    see: str,
    shown: tuple[str, str],
    spec: dict[str, Any],
    *,
    main: bool = False,
) -> Figure:
    """Make a figure of one model, named after it.

    Args:
        model: The model's label.
        what: Ends the figure's name.
        title: As it is.
        see: What to see.
        shown: For a screen reader: the kind of chart, and what it shows; the model is named between them.
        spec: The chart.
        main: Whether it stands on the overview.
    """
    kind, told = shown
    return Figure(
        name=f"kernel-regression-{slug(model)}-{what}",
        title=title,
        see=see,
        alt=f"{kind} for {model}: {told}",
        spec=spec,
        model=model,
        main=main,
    )


def of_task(
    found: OfTask, what: str, title: str, see: str, shown: tuple[str, str], spec: dict[str, Any]
) -> Figure:
    """Make a figure of one model and task, named after both and titled after the task; as `of_model`."""
    return of_model(found.model, f"{slug(found.task)}-{what}", f"{title}: {found.task}", see, shown, spec)


def ends(measure: Measure, field: str, digits: int = 4) -> dict[str, float]:
    """Return an estimate under its field, with its interval as ``low`` and ``high``, rounded."""
    return {
        field: round(measure.value, digits),
        "low": round(measure.low, digits),
        "high": round(measure.high, digits),
    }


def intervals(
    points: Iterable[tuple[str, str, Measure]],
    axis: Axis,
    row: str,
    series: str,
    *,
    rows: Sequence[str] = (),
    order: Sequence[str] = (),
    controls: Sequence[str] = (),
    rules: Sequence[Rule] = (),
    digits: int = 4,
) -> dict[str, Any]:
    """Draw estimates with their intervals, series by series in every row.

    Args:
        points: Row, series and measure of each.
        axis: The estimate.
        row: What rows are.
        series: What series are.
        rows: Rows from top to bottom; others follow as they appear.
        order: Series in legend order.
        controls: The series that are controls.
        rules: Vertical reference lines.
        digits: Of what is drawn.
    """
    return charts.intervals(
        [{row: name, series: part, **ends(measure, axis.field, digits)} for name, part, measure in points],
        axis,
        row=row,
        low="low",
        high="high",
        series=series,
        rows=rows,
        order=order,
        controls=controls,
        rules=rules,
    )


def head_map(
    axis: Axis,
    sites: Iterable[tuple[int, int]],
    maps: Mapping[str, np.ndarray],
    blocks: Sequence[int],
    *,
    diverging: bool = False,
) -> dict[str, Any]:
    """Draw one number of every head, blocks downwards; several maps stand beside each other.

    Args:
        axis: What the colour says.
        sites: Block and head of each number.
        maps: What follows the head's number in the names of a map's columns -> (site,) numbers.
        blocks: From top to bottom.
        diverging: True for numbers around zero.
    """
    places = [(int(block), int(head)) for block, head in sites]
    heads = sorted({head for _, head in places})

    def column(head: int, name: str) -> int | str:
        return f"{head} {name}".rstrip() if len(maps) > 1 else head

    return charts.heatmap(
        [
            {"block": block, "head": column(head, name), axis.field: round(float(value), 4)}
            for name, values in maps.items()
            for (block, head), value in zip(places, values, strict=True)
        ],
        axis,
        x="head",
        y="block",
        x_title="head",
        y_title="block",
        x_order=[column(head, name) for name in maps for head in heads],
        y_order=blocks,
        diverging=diverging,
    )
