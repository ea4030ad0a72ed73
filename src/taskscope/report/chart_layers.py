"""The parts charts are built from: series styles, reference rules, published marks, panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from taskscope.report import theme
from taskscope.report.chart_data import Axis, Mark, Records, Rule, in_order, pick, records, wrapped


@alt.theme.register("taskscope", enable=False)
def _theme() -> alt.theme.ThemeConfig:
    return alt.theme.ThemeConfig(config=theme.config())  # type: ignore[typeddict-item]


@dataclass(frozen=True)
class Series:
    """The names on a chart, and the colour, dash and shape each is drawn with; controls last, in grey."""

    names: list[str]
    colours: list[str]
    dashes: list[list[int]]
    shapes: list[str]

    @classmethod
    def of(cls, names: Sequence[str], controls: Sequence[str]) -> Series:
        """Style `names`, those in `controls` as controls."""
        main = [name for name in names if name not in controls]
        grey = [name for name in names if name in controls]

        def take(for_main: Sequence[Any], for_grey: Sequence[Any], shift: int = 0) -> list[Any]:
            return [*_dealt(for_main, len(main), shift), *_dealt(for_grey, len(grey), shift)]

        return cls(
            main + grey,
            take(theme.CATEGORIES, theme.CONTROLS),
            take(theme.DASHES, theme.CONTROL_DASHES),
            take(theme.SHAPES, theme.CONTROL_SHAPES, shift=1),
        )

    @property
    def legend(self) -> alt.Legend | None:
        """A legend where there is something to tell apart."""
        return alt.Legend(title=None, symbolOpacity=1) if len(self.names) > 1 else None

    @property
    def colour(self) -> alt.Color:
        """Colour by series."""
        scale = alt.Scale(domain=self.names, range=self.colours)
        return alt.Color("series:N", scale=scale, legend=self.legend, sort=None)

    @property
    def dash(self) -> alt.StrokeDashValue:
        """Dash by series, as conditions: a scale would dash the outlines of the legend's symbols too."""
        conditions = [
            {"test": {"field": "series", "equal": name}, "value": dash}
            for name, dash in zip(self.names, self.dashes, strict=True)
        ]
        return alt.StrokeDashValue([1, 0], condition=conditions)  # type: ignore[arg-type]

    @property
    def shape(self) -> alt.Shape:
        """Point shape by series."""
        scale = alt.Scale(domain=self.names, range=self.shapes)
        return alt.Shape("series:N", scale=scale, legend=self.legend, sort=None)


def _dealt(values: Sequence[Any], n: int, shift: int) -> list[Any]:
    """Deal values out to n series; every further round starts `shift` places on.

    Colours and shapes shifted against each other give every series a look of its own, also past one round.
    """
    return [values[(i + shift * (i // len(values))) % len(values)] for i in range(n)]


def grouped(
    data: Records, fields: Mapping[str, str | None], order: Sequence[str], controls: Sequence[str]
) -> tuple[list[dict[str, Any]], list[str], Series]:
    """Return the rows of a chart under its own field names, its panels, and the style of its series."""
    points = pick(records(data), "data", fields)
    panels = in_order(point.get("facet") for point in points)
    return points, panels, Series.of(in_order((point.get("series") for point in points), order), controls)


def layer(kind: str) -> alt.Chart:
    """Start a layer that draws the rows of one kind.

    All layers share one data set, so that any chart can be cut into panels.
    """
    return alt.Chart().transform_filter(alt.FieldEqualPredicate(field="kind", equal=kind))


def scale(axis: Axis, **more: Any) -> alt.Scale:
    """Return the numeric scale of an axis."""
    if axis.domain is not None:
        more["domain"] = list(axis.domain)
    if axis.log:  # a log scale has no zero; whole numbers on it are counted in doublings
        more |= {"type": "log", "base": 2} if axis.whole else {"type": "log"}
    else:
        more["zero"] = False
    return alt.Scale(nice=axis.domain is None and not axis.whole, **more)


def _digit(place: str) -> str:
    return f"slice('⁰¹²³⁴⁵⁶⁷⁸⁹', {place}, {place} + 1)"


_EXPONENT = "round(log(datum.value) / LN10)"
_SIZE = f"abs({_EXPONENT})"
POWERS_OF_TEN = (
    f"abs(log(datum.value) / LN10 - {_EXPONENT}) > 1e-9 ? '' : '10' + ({_EXPONENT} < 0 ? '⁻' : '')"
    f" + ({_SIZE} > 9 ? {_digit(f'floor({_SIZE} / 10)')} : '') + {_digit(f'{_SIZE} % 10')}"
)
"""Vega expression for the ticks of a log axis: 10¹², 10¹³, and nothing on the ticks between."""


def ticks(axis: Axis, **more: Any) -> alt.Axis:
    """Return the ticks of an axis."""
    if axis.format:
        more["format"] = axis.format
    if axis.log and not (axis.whole or axis.format):
        more["labelExpr"] = POWERS_OF_TEN
    if axis.whole:
        more["tickMinStep"] = 1
        more.setdefault("format", "d")
    return alt.Axis(**more)


def tooltip(texts: Mapping[str, str], *numbers: tuple[str, Axis]) -> list[alt.Tooltip]:
    """Return tooltip lines: texts by chart field -> title, then numbers by (chart field, axis)."""
    lines = [alt.Tooltip(f"{field}:N", title=title) for field, title in texts.items()]
    for field, axis in numbers:
        form = axis.format or ("d" if axis.whole else ".3~g")
        lines.append(alt.Tooltip(f"{field}:Q", title=axis.label, format=form))
    return lines


def rule_rows(rules: Sequence[Rule], panels: Sequence[Any]) -> list[dict[str, Any]]:
    """Rows of the reference lines, once per panel; a label is printed in the first panel that has it."""
    rows = [
        {"kind": f"rule-{r.across}", r.across: r.value, "label": r.label, "facet": r.facet} for r in rules
    ]
    rows = _in_panels(rows, panels)
    told: set[str] = set()
    for row in rows:
        row["label"] = "" if row["label"] in told else row["label"]
        told.add(row["label"])
    return rows


def mark_rows(marks: Sequence[Mark], panels: Sequence[Any], value: str, at: str) -> list[dict[str, Any]]:
    """Rows of the published values, once per panel.

    Args:
        marks: Published values.
        panels: The panels of the chart.
        value: Chart field of the estimate, ``"x"`` or ``"y"``.
        at: Chart field of the place along the other axis.
    """
    rows = [
        {
            "kind": "published" if m.at is not None else "published-edge",
            value: m.value,
            at: m.at,
            "label": m.label,
            "facet": m.facet,
        }
        for m in marks
    ]
    return _in_panels(rows, panels)


def _in_panels(rows: list[dict[str, Any]], panels: Sequence[Any]) -> list[dict[str, Any]]:
    if not panels:
        return [{k: v for k, v in row.items() if k != "facet"} for row in rows]
    return [
        {**row, "facet": panel}
        for row in rows
        for panel in ([row["facet"]] if row["facet"] is not None else panels)
    ]


def rule_layers(rules: Sequence[Rule]) -> list[alt.Chart]:
    """Draw the reference lines with their labels."""
    layers = []
    if any(r.across == "y" for r in rules):
        base = layer("rule-y").encode(y=alt.Y("y:Q"))
        at = {"x": alt.XValue("width"), "text": alt.Text("label:N")}
        layers.append(base.mark_rule(strokeDash=[3, 3], color=theme.FAINT))
        layers += _haloed(base, at, align="right", baseline="bottom", dy=-3)
    if any(r.across == "x" for r in rules):
        base = layer("rule-x").encode(x=alt.X("x:Q"))
        at = {"y": alt.YValue(0), "text": alt.Text("label:N")}
        layers.append(base.mark_rule(strokeDash=[3, 3], color=theme.FAINT))
        layers += _haloed(base, at, align="center", baseline="bottom", dy=-4)
    return layers


def _haloed(
    base: alt.Chart, encoding: Mapping[str, Any], color: str = theme.FAINT, **text: Any
) -> list[alt.Chart]:
    """Draw text twice, first in the colour of the page, so that lines behind it do not strike it through."""
    under = base.mark_text(stroke=theme.PAPER, strokeWidth=3, strokeJoin="round", **text)
    return [under.encode(**encoding), base.mark_text(color=color, **text).encode(**encoding)]


def published_layers(base: alt.Chart, before: bool = False) -> list[alt.Chart]:
    """Draw published values as hollow diamonds, their labels behind them or `before` them."""
    diamond = base.mark_point(
        shape="diamond", size=90, filled=True, fill=theme.PAPER, stroke=theme.INK, strokeWidth=1.4, opacity=1
    )
    side = {"align": "right", "dx": -9} if before else {"align": "left", "dx": 9}
    label = {"text": alt.Text("label:N")}
    return [*_haloed(base, label, color=theme.TEXT, fontStyle="italic", **side), diamond]


def panel_rows(panels: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of the panels' headings, a long one in two lines."""
    rows = []
    for panel in panels:
        *first, last = wrapped(panel, 22).split("\n")
        rows.append({"kind": "panel", "facet": panel, "label": last})
        if first:
            rows.append({"kind": "panel-above", "facet": panel, "label": " ".join(first)})
    return rows


def panel_layers(rows: Sequence[Mapping[str, Any]]) -> list[alt.Chart]:
    """Write the headings of panels at one height.

    Vega-Lite places its own headers above whatever a panel draws, at another height in each panel.
    """
    place = {"x": alt.XValue(0), "y": alt.YValue(0), "text": alt.Text("label:N")}
    style: dict[str, Any] = {"align": "left", "baseline": "bottom", "fontWeight": 600, "color": theme.INK}
    layers = [layer("panel").mark_text(dy=-9, fontSize=12, **style).encode(**place)]
    if any(row["kind"] == "panel-above" for row in rows):
        layers.append(layer("panel-above").mark_text(dy=-23, fontSize=12, **style).encode(**place))
    return layers
