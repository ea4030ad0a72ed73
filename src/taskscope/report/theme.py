"""The one look of every chart: colours that survive colour blindness, and a quiet Vega configuration.

Charts are drawn in the light colours below. On the page a style sheet maps each of them to its dark
counterpart by attribute (`SHADES`), so a drawing serves light, dark and paper without being drawn again.
"""

from __future__ import annotations

from typing import Any

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

INK = "#1c2531"
TEXT = "#4b5666"
FAINT = "#7b8696"
AXIS = "#b8c0cb"
GRID = "#e7eaef"
PAPER = "#fefefe"

CATEGORIES = ("#1d6bc6", "#a64421", "#1f9e6e", "#9a528b", "#aa8b1d", "#40418a", "#773435")
"""Series that carry the claim, in order of use: far apart for every kind of colour vision."""
CONTROLS = ("#6c7686", "#98a1ae", "#4f5868", "#aeb5c0", "#828b99")
"""Series that say what the number would be if the claim were false: greys, told apart by dash and shape."""

SHADES = {
    INK: "#eceff4",
    TEXT: "#b7c0cc",
    FAINT: "#8791a1",
    AXIS: "#4b5463",
    GRID: "#262d37",
    PAPER: "#12161c",
    "#1d6bc6": "#4794ee",
    "#a64421": "#dc7f42",
    "#1f9e6e": "#96e3c7",
    "#9a528b": "#c06cae",
    "#aa8b1d": "#ecd38e",
    "#40418a": "#c1c8f1",
    "#773435": "#cf4852",
    "#6c7686": "#9ca6b4",
    "#98a1ae": "#717b8a",
    "#4f5868": "#b9c1cc",
    "#aeb5c0": "#5f6876",
    "#828b99": "#858f9d",
}
"""Light colour of a drawing -> the same role on a dark page."""

SEQUENTIAL = ("#f1f5f9", "#a9cbe6", "#4a90c4", "#1f5f9e", "#0c2f57")
DIVERGING = ("#a8431a", "#e2936b", "#f5f3ef", "#7fb0d8", "#1f5f9e")
ON_LIGHT, ON_DARK = "#10161f", "#ffffff"
"""Text on a heat-map cell; not in `SHADES`, because the cells keep their colours on a dark page."""

DASHES = ([1, 0], [6, 3], [2, 3], [8, 3, 2, 3], [1, 0], [6, 3], [2, 3])
CONTROL_DASHES = ([5, 3], [2, 3], [8, 3, 2, 3], [1, 4], [10, 4])
SHAPES = ("circle", "square", "triangle-up", "triangle-right", "diamond", "triangle-down", "cross")
CONTROL_SHAPES = ("square", "triangle-up", "triangle-down", "cross", "triangle-left")

WIDTH = 680
"""Width in pixels of a figure as exported; the page fits it to the reader's screen."""


def config() -> dict[str, Any]:
    """Return the Vega-Lite configuration that every chart carries."""
    axis = {
        "labelColor": TEXT,
        "titleColor": TEXT,
        "domainColor": AXIS,
        "tickColor": AXIS,
        "gridColor": GRID,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": 500,
        "titlePadding": 10,
        "labelPadding": 6,
        "tickSize": 4,
        "labelLimit": 260,
        "titleLimit": 620,
    }
    legend = {
        "orient": "top",
        "direction": "horizontal",
        "title": None,
        "labelColor": TEXT,
        "labelFontSize": 12,
        "labelLimit": 320,
        "symbolSize": 90,
        "columnPadding": 22,
        "rowPadding": 5,
        "offset": 12,
        "titleColor": TEXT,
        "titleFontSize": 12,
        "titleFontWeight": 500,
        "gradientThickness": 10,
        "gradientStrokeWidth": 0,
    }
    return {
        "font": FONT,
        "background": "transparent",
        "aria": False,
        "padding": 4,
        "view": {"stroke": None, "continuousWidth": WIDTH, "continuousHeight": 300},
        "axis": axis,
        "axisX": {"grid": False, "labelFlush": False},
        "axisY": {"domain": False, "ticks": False},
        "legend": legend,
        "facet": {"spacing": 22},
        "range": {"category": list(CATEGORIES), "heatmap": list(SEQUENTIAL), "diverging": list(DIVERGING)},
        "text": {"fontSize": 11, "color": TEXT},
        "rule": {"color": FAINT},
        "bar": {"color": CATEGORIES[0]},
        "line": {"color": CATEGORIES[0], "strokeWidth": 2.25, "strokeJoin": "round", "strokeCap": "round"},
        "point": {"color": CATEGORIES[0]},
    }
