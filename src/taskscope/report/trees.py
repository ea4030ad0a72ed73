"""Named things in rows, with what lies between them drawn beside: a tree that merges them, or arcs.

Rows stay readable on a narrow screen, where a graph in the plane would not: names never overlap.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from taskscope.report import theme
from taskscope.report.chart_data import Axis
from taskscope.report.chart_layers import Series, layer, scale, ticks, tooltip
from taskscope.report.chart_layout import finish

ROW = 18
"""Pixels of a row."""
_STEPS = 24
"""Straight pieces of an arc."""


@dataclass(frozen=True)
class Merge:
    """Two branches of a tree that join."""

    rows: tuple[float, float]
    """Where the two come from, counted in rows from the top."""
    lengths: tuple[float, float]
    """How far along the axis each of them begins."""
    at: float
    """How far along the axis they join."""


@dataclass(frozen=True)
class Arc:
    """A connection from one row to another."""

    source: str
    target: str
    series: str
    value: float
    """Shown when the arc is pointed at."""


def dendrogram(names: Sequence[str], merges: Sequence[Merge], length: Axis) -> dict[str, Any]:
    """Draw a tree whose leaves are rows.

    Args:
        names: Of the leaves from top to bottom.
        merges: Every place where branches join.
        length: The axis along which they join; its field is not used.
    """
    lines = []
    for number, merge in enumerate(merges):
        (upper, lower), (first, second) = merge.rows, merge.lengths
        corners = [(first, upper), (merge.at, upper), (merge.at, lower), (second, lower)]
        lines += [
            {"kind": "data", "line": number, "place": place, "x": x, "y": y, "value": merge.at}
            for place, (x, y) in enumerate(corners)
        ]
    x = alt.X("x:Q", title=length.label, scale=scale(length), axis=ticks(length, grid=True, tickCount=5))
    line = layer("data").mark_line(color=theme.CATEGORIES[0], strokeWidth=1.5)
    line = line.encode(x=x, y=_row_axis(names), detail="line:N", order="place:Q")
    return finish([line.encode(tooltip=tooltip({}, ("value", length)))], lines, height=ROW * len(names))


def arcs(
    names: Sequence[str], connections: Sequence[Arc], value: Axis, order: Sequence[str]
) -> dict[str, Any]:
    """Draw arcs between rows, each with an arrowhead at the row it leads to.

    Args:
        names: Rows from top to bottom; an arc between other rows cannot be drawn.
        connections: The arcs.
        value: What an arc's value is.
        order: Names of series in legend order.

    Raises:
        ValueError: If an arc names a row that is not there.
    """
    place = {name: row for row, name in enumerate(names)}
    lines, heads = [], []
    for number, arc in enumerate(connections):
        start, end = place.get(arc.source), place.get(arc.target)
        if start is None or end is None:
            raise ValueError(f"no row {arc.source!r} or {arc.target!r}")
        angle = np.linspace(0, np.pi, _STEPS + 1)
        x, y = abs(end - start) / 2 * np.sin(angle), (start + end) / 2 - (end - start) / 2 * np.cos(angle)
        told = {"series": arc.series, "source": arc.source, "target": arc.target, "value": arc.value}
        lines += [
            {"kind": "data", "line": number, "place": i, "x": round(float(a), 3), "y": round(float(b), 3)}
            | told
            for i, (a, b) in enumerate(zip(x, y, strict=True))
        ]
        heads.append({"kind": "head", "x": 0.12, "y": end, **told})
    style = Series.of(list(order), ())
    far = max((row["x"] for row in lines), default=1.0)
    x_scale = alt.Scale(domain=[0, far * 1.04], nice=False)
    at = {"x": alt.X("x:Q", axis=None, scale=x_scale), "y": _row_axis(names)}
    hover = tooltip({"source": "from", "target": "to", "series": "what it does"}, ("value", value))
    line = layer("data").mark_line(strokeWidth=1.5, opacity=0.75)
    line = line.encode(detail="line:N", order="place:Q", color=style.colour, strokeDash=style.dash, **at)
    head = layer("head").mark_point(filled=True, size=60, opacity=1, shape="triangle-left")
    head = head.encode(color=style.colour, tooltip=hover, **at)
    layers = [line.encode(tooltip=hover), head]
    return finish(layers, lines + heads, height=ROW * len(names), entries=style.names)


def _row_axis(names: Sequence[str]) -> alt.Y:
    """Write names beside their rows, from top to bottom."""
    n = len(names)
    # Vega has no labels for numbers but by expression; quotes in names are written as JSON does.
    table = json.dumps([str(name) for name in names], ensure_ascii=False)
    axis = alt.Axis(
        values=list(range(n)), labelExpr=f"{table}[datum.value]", grid=False, title=None, domain=False
    )
    return alt.Y("y:Q", scale=alt.Scale(domain=[n - 0.5, -0.5], nice=False, zero=False), axis=axis)
