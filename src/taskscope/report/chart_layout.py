"""Joining layers into one specification: a single chart, or small multiples with one title below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from taskscope.report import theme
from taskscope.report.chart_layers import panel_layers, panel_rows

GAP = 22
"""Pixels between panels; the page's script knows it too."""


def finish(
    layers: Sequence[alt.Chart],
    values: list[dict[str, Any]],
    *,
    height: int,
    panels: Sequence[str] = (),
    columns: int = 3,
    margin: int = 56,
    entries: Sequence[str] = (),
    x_title: str = "",
) -> dict[str, Any]:
    """Join the layers over one data set and return the specification.

    Args:
        layers: The layers, back to front.
        values: Rows of all layers.
        height: Height of a panel in pixels.
        panels: Values of ``facet`` in order; empty for a single chart.
        columns: Panels per row at most.
        margin: Pixels left of the panels that labels and axis need, for fitting panels to a width.
        entries: Texts in the legend, to break it into rows.
        x_title: Title below all panels; a single chart has its own along the axis.
    """
    entry = 34 + 7 * max((len(text) for text in entries), default=0)
    usermeta: dict[str, Any] = {"entry": entry, "entries": len(entries)}
    headings = panel_rows(panels)
    chart: Any = alt.layer(*layers, *(panel_layers(headings) if panels else []))
    if panels:
        columns = min(columns, len(panels))
        usermeta |= {"columns": columns, "margin": margin}
        chart = _small_multiples(chart, height, panels, columns, margin, x_title)
        values = values + headings
    else:
        fit = alt.AutoSizeParams(type="fit-x", contains="padding")
        data = alt.NamedData(name="data")
        chart = chart.properties(data=data, width=theme.WIDTH, height=height, autosize=fit)
    with alt.theme.enable("taskscope"):
        spec = chart.to_dict(validate=False)  # it takes longer than drawing; tests validate each kind
    spec["datasets"] = {"data": values}
    spec["usermeta"] = {"taskscope": usermeta}
    legend = spec["config"]["legend"]
    if any(value["kind"] == "rule-x" for value in values):
        legend["offset"] = 28  # the labels of vertical rules stand above the plot
    elif panels:
        legend["offset"] = 20
    if entries:
        legend["columns"] = max(1, min(len(entries), theme.WIDTH // entry))
    return spec


def _small_multiples(
    chart: Any, height: int, panels: Sequence[str], columns: int, margin: int, x_title: str
) -> alt.FacetChart:
    width = (theme.WIDTH - margin - GAP * (columns - 1)) // columns
    header = alt.Header(title=None, labelExpr="''", labelFontSize=0, labelPadding=0, labelColor=theme.INK)
    facet = alt.Facet("facet:N", sort=list(panels), header=header)
    style = {"color": theme.TEXT, "fontSize": 12, "fontWeight": 500}
    title = alt.TitleParams(text=x_title, orient="bottom", anchor="middle", offset=8, **style)
    small = chart.properties(width=width, height=height)
    multiples = small.facet(facet=facet, columns=columns, data=alt.NamedData(name="data"), title=title)
    # With shared axes Vega-Lite draws one below the empty places of the last row.
    return multiples.resolve_axis(x="independent")
