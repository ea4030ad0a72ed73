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
from taskscope.report.chart_data import Axis, Mark, Records, Rule, binned, in_order, pick, records, wrapped
from taskscope.report.chart_layers import (
    Series,
    diamond,
    finish,
    layer,
    mark_rows,
    rule_layers,
    rule_rows,
    scale,
    ticks,
    tooltip,
)

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
    rows = records(data)
    named = {"x": x.field, "y": y.field, "series": series, "low": low, "high": high, "facet": facet}
    points = pick(rows, "data", named)
    names = in_order((p.get("series") for p in points), order)
    panels = in_order(p.get("facet") for p in points)
    style = Series.of(names, controls)
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
    height = 300 if not panels else 150
    return finish(
        layers, values, height=height, panels=panels, columns=columns, entries=style.names, x_title=x.label
    )


def _published_on_curves(published: Sequence[Mark]) -> list[alt.Chart]:
    layers = []
    if any(m.at is not None for m in published):
        base = layer("published").encode(x=alt.X("x:Q"), y=alt.Y("y:Q"))
        text = base.mark_text(align="left", dx=9, fontStyle="italic", color=theme.TEXT)
        layers += [diamond(base), text.encode(text="label:N")]
    if any(m.at is None for m in published):
        base = layer("published-edge").encode(x=alt.XValue("width"), y=alt.Y("y:Q"))
        text = base.mark_text(align="right", dx=-9, fontStyle="italic", color=theme.TEXT)
        layers += [diamond(base), text.encode(text="label:N")]
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
    tidy = records(data)
    named = {"x": x.field, "row": row, "low": low, "high": high, "series": series, "facet": facet}
    points = pick(tidy, "data", named)
    names = in_order((p.get("series") for p in points), order)
    panels = in_order(p.get("facet") for p in points)
    style = Series.of(names, controls)
    labels = [wrapped(r) for r in in_order((p["row"] for p in points), rows)]
    values = points + rule_rows(rules, panels) + mark_rows(published, panels, "x", "row")
    for value in values:
        if "row" in value:
            value["row"] = wrapped(value["row"])
        if value["kind"] == "published":
            value["series"] = ""

    lanes = [*style.names, ""] if published else style.names
    y_axis = alt.Axis(labelExpr="split(datum.label, '\\n')", title=None, grid=True, tickBand="extent")
    at: dict[str, Any] = {
        "y": alt.Y(
            "row:N",
            sort=labels,
            axis=y_axis,
            scale=alt.Scale(domain=labels, paddingInner=0.28, paddingOuter=0.14),
        ),
    }
    if len(lanes) > 1:
        at["yOffset"] = alt.YOffset("series:N", scale=alt.Scale(domain=lanes, paddingOuter=0.4))
    at_x = alt.X(
        "x:Q", title=None if panels else x.label, scale=scale(x), axis=ticks(x, grid=True, tickCount=6)
    )
    texts = ({"facet": "panel"} if facet else {}) | {"row": "row"} | ({"series": "series"} if series else {})
    ends = {
        "low": Axis("low", "interval from", format=x.format),
        "high": Axis("high", "interval to", format=x.format),
    }
    hover = tooltip(texts, ("x", x), *ends.items())
    bar = (
        layer("data")
        .mark_rule(strokeWidth=2, strokeCap="round", color=theme.CATEGORIES[0])
        .encode(x=alt.X("low:Q"), x2="high:Q", **at)
    )
    dot = layer("data").mark_point(filled=True, size=70, opacity=1).encode(x=at_x, tooltip=hover, **at)
    if series:
        bar = bar.encode(color=style.colour)
        dot = dot.encode(color=style.colour, shape=style.shape)
    layers = [*rule_layers(rules), bar, dot]
    if published:
        base = layer("published").encode(x=alt.X("x:Q"), **at)
        text = base.mark_text(align="left", dx=9, fontStyle="italic", color=theme.TEXT)
        layers += [diamond(base), text.encode(text="label:N")]
    height = len(labels) * max(30, 15 * len(lanes) + 8)
    return finish(
        layers,
        values,
        height=height,
        panels=panels,
        columns=columns,
        margin=170,
        entries=style.names,
        x_title=x.label,
    )


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
    points = pick(records(data), "data", named)
    panels = in_order(p.get("facet") for p in points)
    style = Series.of(in_order((p.get("series") for p in points), order), controls)
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
    points = pick(records(data), "data", {"x": x.field, "series": series, "facet": facet})
    points = [p for p in points if p["x"] is not None]
    panels = in_order(p.get("facet") for p in points)
    style = Series.of(in_order((p.get("series") for p in points), order), controls)
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


def heatmap(
    data: Records,
    value: Axis,
    *,
    x: str,
    y: str,
    x_title: str = "",
    y_title: str = "",
    x_order: Sequence[Any] = (),
    y_order: Sequence[Any] = (),
    diverging: bool = False,
    text: bool | None = None,
) -> dict[str, Any]:
    """Draw a matrix as coloured cells: tasks by tasks, blocks by heads, models by blocks.

    Args:
        data: One record per cell; a value of None leaves the cell empty.
        value: What the colour says; ``domain`` fixes both ends of the colours.
        x: Field that names the column.
        y: Field that names the row.
        x_title: Title of the columns.
        y_title: Title of the rows.
        x_order: Names of columns from left to right; others follow as they appear.
        y_order: Names of rows from top to bottom.
        diverging: True for values around zero: the domain is made symmetric and zero is white.
        text: True prints the value in each cell; None prints it while the cells are large enough.
    """
    cells = pick(records(data), "data", {"x": x, "y": y, "value": value.field})
    across, down = in_order((c["x"] for c in cells), x_order), in_order((c["y"] for c in cells), y_order)
    low, high = _colour_domain(cells, value, diverging)
    for cell in cells:
        place = 0.5 if cell["value"] is None or high <= low else (cell["value"] - low) / (high - low)
        cell["dark"] = abs(place - 0.5) > 0.34 if diverging else place > 0.55

    size = max(7, min(34, 560 // max(len(across), len(down), 1)))
    sparse = alt.LabelOverlap("greedy") if size < 14 else False
    tilt = -45 if max((len(str(a)) for a in across), default=0) > 3 else 0
    x_axis = alt.Axis(labelAngle=tilt, labelOverlap=sparse, domain=False, ticks=False, orient="bottom")
    at: dict[str, Any] = {
        "x": alt.X(
            "x:N", sort=across, title=x_title or None, axis=x_axis, scale=alt.Scale(domain=across, padding=0)
        ),
        "y": alt.Y(
            "y:N",
            sort=down,
            title=y_title or None,
            axis=alt.Axis(labelOverlap=sparse),
            scale=alt.Scale(domain=down),
        ),
    }
    ramp = theme.DIVERGING if diverging else theme.SEQUENTIAL
    legend = alt.Legend(title=value.label, gradientLength=180, format=value.format or ".2~g")
    stops = [low + (high - low) * place / (len(ramp) - 1) for place in range(len(ramp))]
    shades = alt.Scale(domain=stops, range=list(ramp), clamp=True, interpolate="lab")
    colour = alt.Color("value:Q", scale=shades, legend=legend)
    hover = tooltip({"y": y_title or "row", "x": x_title or "column"}, ("value", value))
    full = layer("data").transform_filter("isValid(datum.value)")
    layers = [full.mark_rect().encode(color=colour, tooltip=hover, **at)]
    if text or (text is None and size >= 26):
        written = alt.Text("value:Q", format=value.format or ".2f")
        for dark, ink in ((False, theme.ON_LIGHT), (True, theme.ON_DARK)):
            cell_text = full.transform_filter(alt.FieldEqualPredicate(field="dark", equal=dark))
            layers.append(cell_text.mark_text(color=ink).encode(text=written, **at))
    return finish(layers, cells, height=size * len(down))


def _colour_domain(cells: Sequence[dict[str, Any]], value: Axis, diverging: bool) -> tuple[float, float]:
    seen = [c["value"] for c in cells if c["value"] is not None] or [0.0, 1.0]
    low, high = value.domain or (min(seen), max(seen))
    if diverging:
        reach = max(abs(low), abs(high))
        return -reach, reach
    return low, high
