"""A chart with sliders: lines over x for whatever numbers the reader chooses, all of them in the page.

The values of every slider are columns of the data, and a line is drawn of the rows that agree with all of
them; nothing is calculated or fetched when a slider moves. On paper the start of every slider is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from taskscope.report import theme
from taskscope.report.chart_data import Axis, Records, records
from taskscope.report.chart_layers import Series, scale, ticks, tooltip
from taskscope.report.chart_layout import finish

_CLOSE = 1e-6
"""Within which a slider's value and a number of the data are the same."""


@dataclass(frozen=True)
class Slider:
    """One number that the reader chooses."""

    field: str
    """Column of the data that holds its values; letters alone."""
    title: str
    low: float
    high: float
    step: float
    start: float

    @property
    def param(self) -> dict[str, Any]:
        """The number as a parameter of Vega-Lite."""
        bind = {"input": "range", "min": self.low, "max": self.high, "step": self.step, "name": self.title}
        return {"name": f"chosen_{self.field}", "value": self.start, "bind": bind}

    @property
    def agrees(self) -> str:
        """Expression that keeps the rows of the chosen value."""
        return f"abs(datum.{self.field} - chosen_{self.field}) < {_CLOSE}"


def explorer(
    data: Records,
    x: Axis,
    y: Axis,
    *,
    lines: Mapping[str, str],
    sliders: Sequence[Slider],
    along: Slider,
    controls: Sequence[str] = (),
) -> dict[str, Any]:
    """Draw lines over x for the chosen numbers, and read them off at a chosen x.

    Args:
        data: One record for each x and each combination of the sliders' values.
        x: The ordered axis; its values are those of `along`.
        y: The measured axis.
        lines: Fields of the lines, and what each is called, in legend order.
        sliders: What the reader chooses beside x.
        along: Where on x the lines are read off; its field is that of `x`.
        controls: Names of lines that are controls.
    """
    values = [{"kind": "data", **record} for record in records(data)]
    style = Series.of(list(lines.values()), controls)
    shown = alt.Chart().transform_filter(" && ".join(slider.agrees for slider in sliders))
    shown = shown.transform_fold(list(lines), as_=["line", "y"])
    names = ", ".join(f"'{field}': '{name}'" for field, name in lines.items())
    shown = shown.transform_calculate(series=f"{{{names}}}[datum.line]")
    at_x = alt.X(f"{x.field}:Q", title=x.label, scale=scale(x), axis=ticks(x))
    at_y = alt.Y("y:Q", title=y.label, scale=scale(y), axis=ticks(y, tickCount=5))
    drawn = shown.mark_line().encode(x=at_x, y=at_y, color=style.colour, strokeDash=style.dash)
    read = shown.transform_filter(along.agrees)
    rule = read.mark_rule(strokeDash=[3, 3], color=theme.FAINT).encode(x=at_x)
    hover = tooltip({"series": "line"}, (x.field, x), ("y", y))
    dot = read.mark_point(filled=True, size=60, opacity=1).encode(
        x=at_x, y=at_y, color=style.colour, shape=style.shape, tooltip=hover
    )
    text = read.mark_text(align="left", dx=8, dy=-6, color=theme.TEXT).encode(
        x=at_x, y=at_y, text=alt.Text("y:Q", format=y.format or ".3~g")
    )
    spec = finish([drawn, rule, dot, text], values, height=300, entries=style.names)
    return {**spec, "params": [slider.param for slider in (*sliders, along)]}
