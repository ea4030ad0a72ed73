"""A matrix as coloured cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from taskscope.report import theme
from taskscope.report.chart_data import Axis, Records, in_order, pick, records
from taskscope.report.chart_layers import layer, tooltip
from taskscope.report.chart_layout import finish


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
    borders: Sequence[Any] = (),
    dots: str = "",
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
        borders: Names before which a line runs across and down, where rows and columns have the same names.
        dots: Field that says whether a dot stands in the cell; empty for none.
    """
    cells = pick(records(data), "data", {"x": x, "y": y, "value": value.field, "dot": dots})
    across, down = in_order((c["x"] for c in cells), x_order), in_order((c["y"] for c in cells), y_order)
    low, high = _colour_domain(cells, value, diverging)
    size = max(7, min(34, 560 // max(len(across), len(down), 1)))
    at = _places(across, down, x_title, y_title, sparse=size < 14)
    ramp = theme.DIVERGING if diverging else theme.SEQUENTIAL
    legend = alt.Legend(title=value.label, gradientLength=180, format=value.format or ".2~g")
    stops = [low + (high - low) * place / (len(ramp) - 1) for place in range(len(ramp))]
    shades = alt.Scale(domain=stops, range=list(ramp), clamp=True, interpolate="lab")
    colour = alt.Color("value:Q", scale=shades, legend=legend)
    hover = tooltip({"y": y_title or "row", "x": x_title or "column"}, ("value", value))
    full = layer("data").transform_filter("isValid(datum.value)")
    layers = [full.mark_rect().encode(color=colour, tooltip=hover, **at)]
    if text or (text is None and size >= 26):
        layers += _written(full, at, cells, value, (low, high), diverging)
    if dots:
        # A ring of the other ink keeps a dot visible on light and on dark cells.
        dot = full.transform_filter("datum.dot")
        ring = dot.mark_circle(
            size=(size / 3) ** 2, color=theme.ON_LIGHT, stroke=theme.ON_DARK, strokeWidth=0.5
        )
        layers.append(ring.encode(tooltip=hover, **at))
    lines = [{"kind": f"border-{axis}", axis: name} for name in borders for axis in ("x", "y")]
    for axis in ("x", "y") if borders else ():
        edge = layer(f"border-{axis}").mark_rule(color=theme.INK, strokeWidth=1)
        layers.append(edge.encode(**{axis: at[axis].bandPosition(0)}))
    return finish(layers, [*cells, *lines], height=size * len(down))


def _written(
    full: alt.Chart,
    at: dict[str, Any],
    cells: Sequence[dict[str, Any]],
    value: Axis,
    ends: tuple[float, float],
    diverging: bool,
) -> list[alt.Chart]:
    """Print the value in each cell, in dark ink on light cells and in light ink on dark ones."""
    low, high = ends
    for cell in cells:
        place = 0.5 if cell["value"] is None else (cell["value"] - low) / (high - low)
        cell["dark"] = abs(place - 0.5) > 0.34 if diverging else place > 0.55
    written = alt.Text("value:Q", format=value.format or ".2f")
    layers = []
    for dark, ink in ((False, theme.ON_LIGHT), (True, theme.ON_DARK)):
        ours = full.transform_filter(alt.FieldEqualPredicate(field="dark", equal=dark))
        layers.append(ours.mark_text(color=ink).encode(text=written, **at))
    return layers


def _colour_domain(cells: Sequence[dict[str, Any]], value: Axis, diverging: bool) -> tuple[float, float]:
    seen = [c["value"] for c in cells if c["value"] is not None] or [0.0]
    low, high = value.domain or (min(seen), max(seen))
    if diverging:
        high = max(abs(low), abs(high))
        low = -high
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _places(
    across: Sequence[Any], down: Sequence[Any], x_title: str, y_title: str, sparse: bool
) -> dict[str, Any]:
    """Place columns and rows in order; `sparse` leaves out labels that would touch."""
    overlap = alt.LabelOverlap("greedy") if sparse else False
    tilt = -45 if max((len(str(name)) for name in across), default=0) > 3 else 0
    x_axis = alt.Axis(labelAngle=tilt, labelOverlap=overlap, domain=False, ticks=False, orient="bottom")
    y_axis = alt.Axis(labelOverlap=overlap)
    columns = alt.Scale(domain=list(across), padding=0)
    rows = alt.Scale(domain=list(down), padding=0)
    return {
        "x": alt.X("x:N", sort=list(across), title=x_title or None, axis=x_axis, scale=columns),
        "y": alt.Y("y:N", sort=list(down), title=y_title or None, axis=y_axis, scale=rows),
    }
