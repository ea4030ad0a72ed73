"""Small pictures in rows, each with a few words below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from taskscope.report import theme
from taskscope.report.chart_layers import layer
from taskscope.report.chart_layout import finish

_GAP, _HEAD, _LINE = 2.0, 3.0, 2.2
"""Room between pictures, above a row for its name, and for each line of words, in pixels of a picture."""
_SCALE = 7.0
"""Height of a pixel of a picture, in pixels of the chart: as high as wide in the exported figure."""


@dataclass(frozen=True)
class Picture:
    """One picture."""

    pixels: Sequence[Sequence[float]]
    """Brightness from 0 to 1, row by row; as many to a row as rows."""
    lines: tuple[str, ...]
    """Words below it."""
    hover: str = ""
    """Told when it is pointed at."""
    good: bool = True
    """Whether the last line is good news."""


def gallery(rows: Sequence[tuple[str, Sequence[Picture]]]) -> dict[str, Any]:
    """Draw rows of pictures under their names.

    Args:
        rows: The name of a row and its pictures from left to right; all pictures have one side.
    """
    side = max((len(one.pixels) for _, row in rows for one in row), default=1)
    lines = max((len(one.lines) for _, row in rows for one in row), default=0)
    width = max((len(row) for _, row in rows), default=1) * (side + _GAP) - _GAP
    tall = _HEAD + side + _LINE * (lines + 0.5)
    values: list[dict[str, Any]] = []
    for number, (name, row) in enumerate(rows):
        top = number * tall
        values.append({"kind": "name", "x": 0.0, "y": top + _HEAD / 2, "text": name})
        for place, one in enumerate(row):
            values += _of_picture(one, place * (side + _GAP), top + _HEAD, side)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, tall * len(rows)], nice=False, reverse=True))
    shades = alt.Scale(domain=[0, 0.25, 0.5, 0.75, 1], range=list(theme.SEQUENTIAL), clamp=True)
    ink = alt.Scale(domain=["plain", "good", "bad"], range=[theme.TEXT, *theme.CATEGORIES[2:0:-1]])
    at = {"x": x, "x2": "x2:Q", "y": y, "y2": "y2:Q"}
    colour = alt.Color("value:Q", scale=shades, legend=None)
    square = layer("square").mark_rect().encode(color=colour, tooltip=alt.Tooltip("hover:N", title=""), **at)
    pixel = layer("pixel").mark_rect(tooltip=None).encode(color=colour, **at)
    names = layer("name").mark_text(align="left", fontWeight=600, color=theme.INK)
    words = layer("word").mark_text(align="center", fontSize=11)
    tone = alt.Color("tone:N", scale=ink, legend=None)
    layers = [
        square,
        pixel,
        names.encode(x=x, y=y, text="text:N"),
        words.encode(x=x, y=y, text="text:N", color=tone),
    ]
    spec = finish(layers, values, height=round(_SCALE * tall * len(rows)))
    spec["resolve"] = {"scale": {"color": "independent"}}
    return spec


def _of_picture(one: Picture, left: float, top: float, side: int) -> list[dict[str, Any]]:
    """Lay a picture out: a dark square, its brighter pixels, its words."""
    ends = {"x2": left + side, "y2": top + side}
    found: list[dict[str, Any]] = [
        {"kind": "square", "x": left, "y": top, **ends, "value": 0, "hover": one.hover}
    ]
    for down, row in enumerate(one.pixels):
        for across, value in enumerate(row):
            if value > 0:
                x, y = left + across, top + down
                found.append({"kind": "pixel", "x": x, "y": y, "x2": x + 1, "y2": y + 1, "value": value})
    for number, text in enumerate(one.lines):
        tone = "plain" if number + 1 < len(one.lines) else "good" if one.good else "bad"
        y = top + side + _LINE * (number + 0.8)
        found.append({"kind": "word", "x": left + side / 2, "y": y, "text": text, "tone": tone})
    return found
