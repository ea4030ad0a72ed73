"""Files of charts: the same bytes every time, every colour known to the dark page, small ones wordless."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import report_sample as sample
from taskscope.report import charts, export, theme
from taskscope.report.charts import Axis
from taskscope.report.thumbnails import thumbnail


def heat() -> dict[str, Any]:
    cells = [{"a": i, "b": j, "v": i - j} for i in range(5) for j in range(5)]
    return charts.heatmap(cells, Axis("v", "value"), x="a", y="b", diverging=True)


def test_a_drawing_does_not_depend_on_what_was_drawn_before() -> None:
    first = export.svg(sample.curves(), "one")
    export.svg(heat())
    export.svg(sample.panels())
    assert export.svg(sample.curves(), "one") == first


def test_two_drawings_share_no_id() -> None:
    spec = heat()  # its gradient is a definition with an id
    ids = [set(re.findall(r'id="([^"]+)"', export.svg(spec, name))) for name in ("one", "two")]
    assert ids[0]
    assert not ids[0] & ids[1]
    for name, own in zip(("one", "two"), ids, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", export.svg(spec, name))) <= own


@pytest.mark.parametrize("spec", [sample.curves, sample.panels, sample.forest])
def test_the_dark_page_knows_every_colour_of_a_drawing(spec: Any) -> None:
    colours = set(re.findall(r'(?:fill|stroke)="(#[^"]+|rgb[^"]+|[a-z]+)"', export.svg(spec())))
    assert colours - {"none", "transparent"} <= set(theme.SHADES)


def test_the_texts_of_a_chart_are_in_its_drawing() -> None:
    text = export.svg(sample.forest())
    for words in (*sample.CONDITIONS[:3], "LLaMA 7B", "chance", "accuracy (share of queries)", "rather long"):
        assert words in text


@pytest.mark.parametrize("spec", [sample.curves, sample.panels, sample.forest, heat])
def test_a_thumbnail_is_small_and_says_nothing(spec: Any) -> None:
    drawn = export.svg(thumbnail(spec(), 220, 96))
    size = re.search(r'width="(\d+)" height="(\d+)"', drawn)
    assert size
    assert int(size[1]) <= 220 + 12
    assert int(size[2]) <= 96 + 12
    assert not re.search(r"<text[^>]*>[^<]", drawn)
    assert "<path" in drawn


def test_a_thumbnail_leaves_the_chart_as_it_was() -> None:
    spec = sample.panels()
    before = repr(spec)
    thumbnail(spec)
    assert repr(spec) == before


def test_a_figure_is_written_in_the_forms_asked_for(tmp_path: Path) -> None:
    figure = sample.figure("by-block", sample.curves(), "m")
    paths = export.write_figure(figure, tmp_path, ("svg", "png", "pdf"))
    assert [p.name for p in paths] == ["by-block.svg", "by-block.png", "by-block.pdf"]
    starts = [p.read_bytes()[:8] for p in paths]
    assert starts[0].startswith(b"<svg")
    assert starts[1] == b"\x89PNG\r\n\x1a\n"
    assert starts[2].startswith(b"%PDF-")
    with pytest.raises(KeyError):
        export.write_figure(figure, tmp_path, ("gif",))


def test_a_drawing_is_as_wide_as_the_theme_says() -> None:
    for spec in (sample.curves(), sample.forest(), sample.panels()):
        width = int(re.search(r'width="(\d+)"', export.svg(spec))[1])  # type: ignore[index]
        assert abs(width - theme.WIDTH) <= 60
