"""The few charts every study draws with, all under one theme.

Each takes plain records, says its axes in words and units, and returns a Vega-Lite specification with the
data inside. Controls are grey and dashed on the axes of the measurement itself; published values are hollow
diamonds with a label. Colour never stands alone: series differ by dash and shape too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from taskscope.report import theme
from taskscope.report.chart_data import Axis, Mark, Records, Rule, binned, in_order, wrapped
from taskscope.report.chart_layers import (
    grouped,
    layer,
    mark_rows,
    published_layers,
    rule_layers,
    rule_rows,
    scale,
    ticks,
    tooltip,
)
from taskscope.report.chart_layout import finish
from taskscope.report.heatmaps import heatmap

__all__ = ["Axis", "Mark", "Rule", "curves", "heatmap", "histogram", "intervals", "scatter"]


def curves(
    data: Records,
    x: Axis,
    y: Axis,
    *,
    series: str | None = None,
    low: str | None = None,
    high: str | None = None,
    facet: str | None = None,
    order: Sequence[str] = (),
    controls: Sequence[str] = (),
    rules: Sequence[Rule] = (),
    published: Sequence[Mark] = (),
    columns: int = 3,
) -> dict[str, Any]:
    """Draw lines over an ordered x: accuracy by block, margin by training step, loss by size.

    Args:
        data: One record per (series, facet, x).
        x: The ordered axis.
        y: The measured axis.
        series: Field that names the line.
        low: Field with the lower end of the interval at each x; with `high` it is drawn as a band.
        high: Field with the upper end.
        facet: Field that names the panel of small multiples.
        order: Names of series in legend order; others follow as they appear.
        controls: The series that are controls.
        rules: Reference lines.
        published: Published values.
        columns: Panels per row at most.
    """
    named = {"x": x.field, "y": y.field, "series": series, "low": low, "high": high, "facet": facet}
    points, panels, style = grouped(data, named, order, controls)
    values = points + rule_rows(rules, panels) + mark_rows(published, panels, "y", "x")

    at_x = alt.X("x:Q", title=None if panels else x.label, scale=scale(x, padding=6), axis=ticks(x))
    at_y = alt.Y("y:Q", title=y.label, scale=scale(y), axis=ticks(y, tickCount=5))
    texts = ({"facet": "panel"} if facet else {}) | ({"series": "series"} if series else {})
    line = layer("data").mark_line().encode(x=at_x, y=at_y)
    dot = layer("data").mark_point(filled=True, size=30, opacity=1).encode(x=at_x, y=at_y)
    dot = dot.encode(tooltip=tooltip(texts, ("x", x), ("y", y)))
    layers = []
    if low and high:
        band = layer("data").mark_area(opacity=0.13).encode(x=at_x, y=alt.Y("low:Q"), y2="high:Q")
        layers.append(band.encode(color=style.colour) if series else band)
    if series:
        line = line.encode(color=style.colour, strokeDash=style.dash)
        dot = dot.encode(color=style.colour, shape=style.shape)
    layers += [line, dot, *rule_layers(rules), *_published_on_curves(published)]
    height = 300 if len(panels) < 2 else 200 if len(panels) == 2 else 150
    return finish(
        layers, values, height=height, panels=panels, columns=columns, entries=style.names, x_title=x.label
    )


def _published_on_curves(published: Sequence[Mark]) -> list[alt.Chart]:
    layers = []
    y = alt.Y("y:Q")
    if any(mark.at is not None for mark in published):
        layers += published_layers(layer("published").encode(x=alt.X("x:Q"), y=y))
    if any(mark.at is None for mark in published):
        layers += published_layers(layer("published-edge").encode(x=alt.XValue("width"), y=y), before=True)
    return layers


def intervals(
    data: Records,
    x: Axis,
    *,
    row: str,
    low: str,
    high: str,
    series: str | None = None,
    facet: str | None = None,
    rows: Sequence[str] = (),
    order: Sequence[str] = (),
    controls: Sequence[str] = (),
    rules: Sequence[Rule] = (),
    published: Sequence[Mark] = (),
    columns: int = 2,
) -> dict[str, Any]:
    """Draw an estimate with its interval per row, controls in the same row: the forest plot.

    Args:
        data: One record per (row, series, facet); `low` and `high` may be None where there is no interval.
        x: The estimate.
        row: Field that names the row.
        low: Field with the lower end of the interval.
        high: Field with the upper end.
        series: Field that names the condition; conditions of a row stand under one another.
        facet: Field that names the panel.
        rows: Names of rows from top to bottom; others follow as they appear.
        order: Names of series in legend order.
        controls: The series that are controls.
        rules: Vertical reference lines (``across="x"``).
        published: Published values, each `at` its row.
        columns: Panels per row at most.
    """
    named = {"x": x.field, "row": row, "low": low, "high": high, "series": series, "facet": facet}
    points, panels, style = grouped(data, named, order, controls)
    labels = [wrapped(name) for name in in_order((p["row"] for p in points), [str(r) for r in rows])]
    values = points + rule_rows(rules, panels) + mark_rows(published, panels, "x", "row")
    for value in values:
        if "row" in value:
            value["row"] = wrapped(value["row"])
        if value["kind"] == "published":
            value["series"] = PUBLISHED_LANE

    lanes = [*style.names, PUBLISHED_LANE] if published else style.names
    at = _in_rows(labels, lanes)
    x_title = None if panels else x.label
    at_x = alt.X("x:Q", title=x_title, scale=scale(x), axis=ticks(x, grid=True, tickCount=6))
    texts = ({"facet": "panel"} if facet else {}) | {"row": "row"} | ({"series": "series"} if series else {})
    ends = [
        (end, Axis(end, f"interval {way}", format=x.format)) for end, way in (("low", "from"), ("high", "to"))
    ]
    bar = layer("data").mark_rule(strokeWidth=2, strokeCap="round", color=theme.CATEGORIES[0])
    bar = bar.encode(x=alt.X("low:Q"), x2="high:Q", **at)
    dot = layer("data").mark_point(filled=True, size=70, opacity=1)
    dot = dot.encode(x=at_x, tooltip=tooltip(texts, ("x", x), *ends), **at)
    if series:
        bar = bar.encode(color=style.colour)
        dot = dot.encode(color=style.colour, shape=style.shape)
    layers = [*rule_layers(rules), bar, dot]
    if published:
        layers += published_layers(layer("published").encode(x=alt.X("x:Q"), **at))
    height = len(labels) * max(30, 15 * len(lanes) + 8)
    many = {"panels": panels, "columns": columns, "margin": 170}
    return finish(layers, values, height=height, entries=style.names, x_title=x.label, **many)


PUBLISHED_LANE = ""
"""Published values stand in a lane of their own below the conditions of their row."""


def _in_rows(labels: Sequence[str], lanes: Sequence[str]) -> dict[str, Any]:
    """Place rows from top to bottom, and within a row one lane per condition."""
    axis = alt.Axis(labelExpr="split(datum.label, '\\n')", title=None, grid=True, tickBand="extent")
    bands = alt.Scale(domain=list(labels), paddingInner=0.28, paddingOuter=0.14)
    at: dict[str, Any] = {"y": alt.Y("row:N", sort=list(labels), axis=axis, scale=bands)}
    if len(lanes) > 1:
        at["yOffset"] = alt.YOffset("series:N", scale=alt.Scale(domain=list(lanes), paddingOuter=0.4))
    return at


def scatter(
    data: Records,
    x: Axis,
    y: Axis,
    *,
    series: str | None = None,
    label: str | None = None,
    facet: str | None = None,
    order: Sequence[str] = (),
    controls: Sequence[str] = (),
    rules: Sequence[Rule] = (),
    diagonal: bool = False,
    columns: int = 2,
) -> dict[str, Any]:
    """Draw points in a plane: one measurement against another, or an embedding.

    Args:
        data: One record per point.
        x: The horizontal axis.
        y: The vertical axis.
        series: Field that names the group of a point.
        label: Field shown when a point is pointed at.
        facet: Field that names the panel.
        order: Names of series in legend order.
        controls: The series that are controls.
        rules: Reference lines.
        diagonal: True draws the line of equality over the range both axes share.
        columns: Panels per row at most.
    """
    named = {"x": x.field, "y": y.field, "series": series, "label": label, "facet": facet}
    points, panels, style = grouped(data, named, order, controls)
    values = points + rule_rows(rules, panels)

    at_x = alt.X(
        "x:Q",
        title=None if panels else x.label,
        scale=scale(x, padding=8),
        axis=ticks(x, grid=True, tickCount=6),
    )
    at_y = alt.Y("y:Q", title=y.label, scale=scale(y, padding=8), axis=ticks(y, tickCount=6))
    texts = {name: title for name, title in (("label", "point"), ("series", "series")) if named[name]}
    dot = layer("data").mark_point(filled=True, size=46, opacity=0.8).encode(x=at_x, y=at_y)
    dot = dot.encode(tooltip=tooltip(texts, ("x", x), ("y", y)))
    if series:
        dot = dot.encode(color=style.colour, shape=style.shape)
    layers = rule_layers(rules)
    if diagonal:
        values += _diagonal_rows(points, panels)
        equality = layer("diagonal").mark_line(color=theme.FAINT, strokeDash=[3, 3], strokeWidth=1)
        layers.append(equality.encode(x=at_x, y=at_y))
    height = 380 if not panels else 240
    return finish(
        [*layers, dot],
        values,
        height=height,
        panels=panels,
        columns=columns,
        entries=style.names,
        x_title=x.label,
    )


def _diagonal_rows(points: Sequence[dict[str, Any]], panels: Sequence[str]) -> list[dict[str, Any]]:
    seen = [p for p in points if p["x"] is not None and p["y"] is not None]
    if not seen:
        return []
    low = max(min(p["x"] for p in seen), min(p["y"] for p in seen))
    high = min(max(p["x"] for p in seen), max(p["y"] for p in seen))
    ends = [{"kind": "diagonal", "x": end, "y": end} for end in (low, high)]
    return [{**end, "facet": panel} for panel in panels for end in ends] if panels else ends


def histogram(
    data: Records,
    x: Axis,
    *,
    series: str | None = None,
    facet: str | None = None,
    bins: int = 30,
    order: Sequence[str] = (),
    controls: Sequence[str] = (),
    rules: Sequence[Rule] = (),
    columns: int = 3,
) -> dict[str, Any]:
    """Draw how values are spread: the share of each series per bin, over bins that all series share.

    Args:
        data: One record per value.
        x: The value.
        series: Field that names the group of a value.
        facet: Field that names the panel.
        bins: Number of bins over the range of all values (or over ``x.domain``).
        order: Names of series in legend order.
        controls: The series that are controls.
        rules: Vertical reference lines (``across="x"``).
        columns: Panels per row at most.
    """
    points, panels, style = grouped(data, {"x": x.field, "series": series, "facet": facet}, order, controls)
    points = [point for point in points if point["x"] is not None]
    values = binned(points, bins, x.domain) + rule_rows(rules, panels)

    share = Axis("y", "share of values", format=".0%")
    at_x = alt.X("x:Q", title=None if panels else x.label, scale=scale(x), axis=ticks(x))
    at_y = alt.Y("y:Q", title=share.label, axis=ticks(share, tickCount=4), stack=None)
    texts = {"series": "series"} if series else {}
    base = layer("data").encode(x=at_x, y=at_y, tooltip=tooltip(texts, ("x", x), ("y", share)))
    area = base.mark_area(interpolate="step-after", opacity=0.18)
    line = base.mark_line(interpolate="step-after", strokeWidth=1.5)
    if series:
        area = area.encode(color=style.colour)
        line = line.encode(color=style.colour, strokeDash=style.dash)
    layers = [area, line, *rule_layers(rules)]
    height = 240 if not panels else 130
    return finish(
        layers, values, height=height, panels=panels, columns=columns, entries=style.names, x_title=x.label
    )
