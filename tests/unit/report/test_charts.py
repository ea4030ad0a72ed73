"""Charts: the data is inside, controls stay grey, published values are marks, all shapes of data agree."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa
import pytest
import vl_convert
from colour_math import contrast
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import ValidationError

import report_sample as sample
from taskscope.report import charts, theme
from taskscope.report.chart_data import binned, in_order, records, wrapped
from taskscope.report.charts import Axis, Mark, Rule
from taskscope.report.explorer import Slider, explorer

SCORE = Axis("v", "score")


def matrix(n: int = 4) -> list[dict[str, Any]]:
    return [{"a": f"a{i}", "b": f"b{j}", "v": (i - j) / n} for i in range(n) for j in range(n)]


def cloud() -> list[dict[str, Any]]:
    return [{"x": i, "v": 2 * i, "g": "even" if i % 2 == 0 else "odd"} for i in range(10)]


DRAWN = {
    "curves": sample.curves,
    "panels": sample.panels,
    "intervals": sample.forest,
    "heatmap": lambda: charts.heatmap(matrix(), SCORE, x="a", y="b"),
    "scatter": lambda: charts.scatter(
        cloud(), Axis("x", "size"), SCORE, series="g", controls=["odd"], diagonal=True
    ),
    "histogram": lambda: charts.histogram(cloud(), SCORE, series="g", controls=["odd"]),
    "explorer": lambda: explored(),
}


def explored() -> dict[str, Any]:
    """Two lines over x for every value of one slider."""
    data = [{"x": x, "n": n, "a": x * n, "b": x + n} for x in (0, 1, 2) for n in (1, 2, 3)]
    return explorer(
        data,
        Axis("x", "place"),
        Axis("y", "height"),
        lines={"a": "product", "b": "sum"},
        sliders=[Slider("n", "number", 1, 3, 1, 2)],
        along=Slider("x", "read off at", 0, 2, 1, 1),
        controls=["sum"],
    )


@pytest.fixture(scope="module", params=DRAWN)
def spec(request: pytest.FixtureRequest) -> dict[str, Any]:
    return DRAWN[request.param]()


def walk(node: Any, key: str) -> Iterator[Any]:
    """Every value under `key`, anywhere outside the data."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            if name != "datasets":
                yield from walk(value, key)
    elif isinstance(node, list):
        for part in node:
            yield from walk(part, key)


def rows(spec: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [row for row in spec["datasets"]["data"] if row["kind"] == kind]


def scale_of(spec: dict[str, Any], channel: str) -> dict[str, str]:
    """Series -> value of a channel."""
    scale = next(s["scale"] for s in walk(spec, channel) if "scale" in s)
    return dict(zip(scale["domain"], scale["range"], strict=True))


def test_a_chart_carries_its_data_and_looks_nothing_up(spec: dict[str, Any]) -> None:
    assert spec["datasets"]["data"]
    assert not list(walk(spec, "url"))
    json.dumps(spec, allow_nan=False)


def test_every_chart_is_valid_vega_lite(spec: dict[str, Any]) -> None:
    """Drawing leaves the check out, since it takes long."""
    alt.Chart.from_dict(spec, validate=True)
    with pytest.raises(ValidationError, match="many"):
        alt.Chart.from_dict({**spec, "config": {"legend": {"columns": "many"}}}, validate=True)


def test_every_chart_has_the_one_theme(spec: dict[str, Any]) -> None:
    for key, value in theme.config().items():
        if key != "legend":  # its columns follow the texts in it
            assert spec["config"][key] == value


def test_every_drawn_field_is_one_of_the_charts_own(spec: dict[str, Any]) -> None:
    fields = {f for f in walk(spec, "field") if isinstance(f, str)}
    made = {name for each in walk(spec, "as") for name in ([each] if isinstance(each, str) else each)}
    assert fields <= {key for row in spec["datasets"]["data"] for key in row} | made
    assert fields <= {"kind", "x", "y", "low", "high", "series", "facet", "row", "label", "value", "dark"}


def test_controls_are_grey_and_last_and_differ_by_more_than_colour() -> None:
    colours, shapes = scale_of(sample.curves(), "color"), scale_of(sample.curves(), "shape")
    assert list(colours) == list(sample.CONDITIONS)
    assert colours["theta"] == theme.CATEGORIES[0]
    assert [colours[c] for c in sample.CONDITIONS[1:]] == list(theme.CONTROLS[:3])
    assert len(set(shapes.values())) == 4
    dashes = next(d["condition"] for d in walk(sample.curves(), "strokeDash") if "condition" in d)
    assert len({tuple(d["value"]) for d in dashes}) == 4


def test_a_control_is_grey_wherever_it_stands_in_the_order() -> None:
    data = [{"x": 0, "v": 1, "g": g} for g in ("control", "main")]
    spec = charts.curves(
        data, Axis("x", "x"), SCORE, series="g", order=("control", "main"), controls=("control",)
    )
    assert scale_of(spec, "color") == {"main": theme.CATEGORIES[0], "control": theme.CONTROLS[0]}


def test_published_values_are_labelled_diamonds_on_the_axis_of_the_estimate() -> None:
    spec = charts.curves(
        cloud(), Axis("x", "x"), SCORE, published=[Mark("paper A", 0.5), Mark("paper B", 0.7, at=3)]
    )
    assert [(r["y"], r["label"]) for r in rows(spec, "published-edge")] == [(0.5, "paper A")]
    assert [(r["x"], r["y"], r["label"]) for r in rows(spec, "published")] == [(3, 0.7, "paper B")]
    diamonds = [layer for layer in spec["layer"] if layer["mark"].get("shape") == "diamond"]
    assert {layer["transform"][0]["filter"]["equal"] for layer in diamonds} == {"published", "published-edge"}
    row = rows(sample.forest(), "published")[0]
    assert (row["x"], row["row"], row["label"]) == (0.74, "antonyms", "LLaMA 7B")


def test_rules_stand_in_every_panel_and_are_named_once() -> None:
    rules = rows(sample.panels(), "rule-y")
    assert [r["facet"] for r in rules] == list(sample.TASKS)
    assert [r["label"] for r in rules] == ["with demonstrations", "", "", "", ""]
    data = [{"x": 0, "v": 1, "t": t} for t in "ab"]
    own = charts.curves(data, Axis("x", "x"), SCORE, facet="t", rules=[Rule(0.5, "chance", facet="b")])
    assert [(r["facet"], r["label"]) for r in rows(own, "rule-y")] == [("b", "chance")]


def test_every_panel_is_named_in_at_most_two_lines() -> None:
    spec = sample.panels()
    above = {r["facet"]: r["label"] + " " for r in rows(spec, "panel-above")}
    named = {r["facet"]: above.get(r["facet"], "") + r["label"] for r in rows(spec, "panel")}
    assert named == {task: task for task in sample.TASKS}
    assert list(above) == ["a task whose name is rather long"]


def test_a_field_name_with_dots_and_brackets_is_no_path() -> None:
    data = [{"a.b": 1, "c[0]": 2}]
    spec = charts.curves(data, Axis("a.b", "x"), Axis("c[0]", "y"))
    assert rows(spec, "data") == [{"kind": "data", "x": 1, "y": 2}]


def test_a_missing_field_is_an_error_not_an_empty_chart() -> None:
    with pytest.raises(KeyError, match="accuracy"):
        charts.curves(cloud(), Axis("x", "x"), Axis("accuracy", "accuracy"))


def test_rows_columns_and_tables_draw_the_same_chart() -> None:
    table = pa.table({"x": [0, 1, 2], "v": [0.1, 0.2, 0.4]})
    x = Axis("x", "x")
    by_table = charts.curves(table, x, SCORE)
    assert (
        by_table == charts.curves(table.to_pydict(), x, SCORE) == charts.curves(table.to_pylist(), x, SCORE)
    )


def test_columns_of_different_length_are_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        records({"x": [1, 2], "y": [1]})


def test_numpy_values_and_numbers_json_cannot_say_become_plain() -> None:
    data = [{"x": np.int64(1), "v": np.float32(0.5)}, {"x": 2, "v": math.nan}, {"x": 3, "v": np.inf}]
    spec = charts.curves(data, Axis("x", "x"), SCORE)
    assert [r["y"] for r in rows(spec, "data")] == [0.5, None, None]
    json.dumps(spec, allow_nan=False)


def test_intervals_keep_the_order_of_rows_and_break_long_names() -> None:
    data = [
        {"t": t, "v": 0.5, "lo": 0.4, "hi": None}
        for t in ("second", "a name that goes on for longer than a line")
    ]
    spec = charts.intervals(
        data,
        SCORE,
        row="t",
        low="lo",
        high="hi",
        rows=("missing", "a name that goes on for longer than a line"),
    )
    domain = next(y["scale"]["domain"] for y in walk(spec, "y") if "scale" in y)
    assert domain == ["a name that goes on for\nlonger than a line", "second"]


def test_units_stand_on_the_axis() -> None:
    assert Axis("nll", "loss", "nats").label == "loss (nats)"
    spec = charts.curves([{"s": 1, "nll": 2.0}], Axis("s", "step"), Axis("nll", "loss", "nats"))
    assert "loss (nats)" in set(walk(spec, "title"))


def test_a_diverging_heatmap_is_white_at_zero() -> None:
    data = [{"a": 0, "b": 0, "v": -0.2}, {"a": 1, "b": 0, "v": 0.9}]
    spec = charts.heatmap(data, SCORE, x="a", y="b", diverging=True)
    scale = next(c["scale"] for c in walk(spec, "color") if isinstance(c, dict))
    assert scale["domain"] == pytest.approx([-0.9, -0.45, 0, 0.45, 0.9])
    assert scale["range"][2] == theme.DIVERGING[2]


@pytest.mark.parametrize("diverging", [False, True])
def test_text_on_heatmap_cells_can_be_read(diverging: bool) -> None:
    ramp = theme.DIVERGING if diverging else theme.SEQUENTIAL
    places = [i / (len(ramp) - 1) for i in range(len(ramp))]
    values = [2 * p - 1 for p in places] if diverging else places
    data = [{"a": i, "b": 0, "v": v} for i, v in enumerate(values)]
    spec = charts.heatmap(data, SCORE, x="a", y="b", diverging=diverging)
    for cell, colour in zip(rows(spec, "data"), ramp, strict=True):
        assert contrast(theme.ON_DARK if cell["dark"] else theme.ON_LIGHT, colour) >= 3.4


def test_borders_run_before_the_named_rows_and_columns() -> None:
    data = [{"a": a, "b": b, "v": 0.5} for a in "xyz" for b in "xyz"]
    spec = charts.heatmap(data, SCORE, x="a", y="b", borders=["y", "z"])
    for axis in ("x", "y"):
        assert [row[axis] for row in rows(spec, f"border-{axis}")] == ["y", "z"]
    drawn = [part["encoding"] for part in spec["layer"] if part["mark"]["type"] == "rule"]
    assert [(list(at), at[axis]["bandPosition"]) for at, axis in zip(drawn, "xy", strict=True)] == [
        (["x"], 0),
        (["y"], 0),
    ]


def test_dots_stand_in_the_cells_that_are_named() -> None:
    data = [{"a": a, "b": b, "v": 0.5, "told": a == "x"} for a in "xyz" for b in "xyz"]
    spec = charts.heatmap(data, SCORE, x="a", y="b", dots="told")
    [dots] = [part for part in spec["layer"] if part["mark"]["type"] == "circle"]
    assert "datum.dot" in [each["filter"] for each in dots["transform"]]
    assert {row["x"] for row in rows(spec, "data") if row["dot"]} == {"x"}
    plain = charts.heatmap(data, SCORE, x="a", y="b")
    assert all(part["mark"]["type"] != "circle" for part in plain["layer"])


def test_cells_carry_their_number_only_while_it_fits() -> None:
    def written(n: int) -> bool:
        spec = charts.heatmap(matrix(n), SCORE, x="a", y="b")
        return any(layer["mark"]["type"] == "text" for layer in spec["layer"])

    assert written(8)
    assert not written(30)


def test_the_diagonal_spans_what_both_axes_share() -> None:
    data = [{"x": 0, "v": 2}, {"x": 5, "v": 9}]
    spec = charts.scatter(data, Axis("x", "x"), SCORE, diagonal=True)
    assert [(r["x"], r["y"]) for r in rows(spec, "diagonal")] == [(2, 2), (5, 5)]


VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50)


@given(VALUES, st.integers(1, 40))
def test_the_shares_of_a_histogram_sum_to_one(values: list[float], bins: int) -> None:
    outline = binned([{"x": v} for v in values], bins, None)
    assert len(outline) == bins + 1
    assert sum(row["y"] for row in outline[:-1]) == pytest.approx(1)


def test_series_of_a_histogram_share_their_bins() -> None:
    points = [{"x": x, "series": s} for s, xs in {"a": (0, 1), "b": (9, 10)}.items() for x in xs]
    outline = binned(points, 10, None)
    edges = {s: [r["x"] for r in outline if r["series"] == s] for s in "ab"}
    assert edges["a"] == edges["b"] == pytest.approx(list(range(11)))


@given(st.lists(st.sampled_from("abcdef")), st.lists(st.sampled_from("abcdef"), unique=True))
def test_order_puts_the_named_first_and_drops_nothing(values: list[str], first: list[str]) -> None:
    ordered = in_order(values, first)
    assert sorted(ordered) == sorted(set(values))
    assert ordered[: len(set(first) & set(values))] == [f for f in first if f in values]


@given(st.text(min_size=1, max_size=80))
def test_wrapping_loses_no_letter(label: str) -> None:
    assert "".join(wrapped(label).split()) == "".join(label.split())


@pytest.mark.parametrize(
    ("value", "told"), [(1e14, "10¹⁴"), (1e9, "10⁹"), (1.0, "10⁰"), (1e-3, "10⁻³"), (2e14, "")]
)
def test_a_log_axis_names_powers_of_ten_alone(value: float, told: str) -> None:
    """The expression is run by Vega itself, as the label of a drawn axis."""
    data = [{"x": value / 3, "v": 1.0}, {"x": value, "v": 2.0}, {"x": value * 3, "v": 3.0}]
    spec = charts.curves(data, Axis("x", "scale", log=True), SCORE)
    drawn = vl_convert.vegalite_to_svg(spec)
    assert not told or f">{told}<" in drawn
    assert "e+" not in drawn


def test_sliders_are_parameters_and_the_drawing_is_that_of_their_start() -> None:
    spec = explored()
    bound = {param["name"]: param for param in spec["params"]}
    assert bound["chosen_n"]["value"] == 2 and bound["chosen_n"]["bind"]["input"] == "range"
    moved = {**spec, "params": [bound["chosen_n"] | {"value": 3}, bound["chosen_x"]]}
    first, second = (vl_convert.vegalite_to_svg(each) for each in (spec, moved))
    assert first != second
    for drawing, told in ((first, ("2", "3")), (second, ("3", "4"))):
        assert all(f">{number}</text>" in drawing for number in told)
