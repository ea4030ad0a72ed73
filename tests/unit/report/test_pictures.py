"""A gallery: every picture where it belongs, its words below, dark pixels left to the square behind."""

from __future__ import annotations

import altair as alt

from taskscope.report import export, theme
from taskscope.report.pictures import Picture, gallery

BAND = [[1.0, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 0.25]]


def spec() -> dict:
    good = Picture(BAND, ("shows 1", "right"), hover="1: 90%")
    bad = Picture(BAND, ("shows 2", "wrong"), good=False)
    return gallery([("first", [good, bad]), ("second", [good])])


def rows(kind: str) -> list[dict]:
    return [row for row in spec()["datasets"]["data"] if row["kind"] == kind]


def test_a_gallery_is_valid_and_drawn_alike_every_time() -> None:
    alt.Chart.from_dict(spec(), validate=True)
    assert export.svg(spec()) == export.svg(spec())
    for text in ("first", "second", "shows 1", "right", "shows 2", "wrong"):
        assert f">{text}<" in export.svg(spec())


def test_pixels_lie_in_their_squares_and_none_is_drawn_for_dark_ones() -> None:
    squares, pixels = rows("square"), rows("pixel")
    assert len(squares) == 3 and len(pixels) == 9
    assert [row["value"] for row in pixels] == [1.0, 0.5, 0.25] * 3
    for square, own in zip(squares, (pixels[:3], pixels[3:6], pixels[6:]), strict=True):
        for step, pixel in enumerate(own):
            assert (pixel["x"], pixel["y"]) == (square["x"] + step, square["y"] + step)
            assert pixel["x2"] <= square["x2"] and pixel["y2"] <= square["y2"]
    assert squares[0]["x2"] < squares[1]["x"] and squares[0]["y2"] < squares[2]["y"]
    assert squares[0]["hover"] == "1: 90%"


def test_words_stand_below_their_picture_and_say_whether_they_are_good() -> None:
    words, squares = rows("word"), rows("square")
    assert [word["text"] for word in words[:4]] == ["shows 1", "right", "shows 2", "wrong"]
    assert [word["tone"] for word in words[:4]] == ["plain", "good", "plain", "bad"]
    assert squares[0]["y2"] < words[0]["y"] < words[1]["y"] < rows("name")[1]["y"]
    assert words[0]["x"] == (squares[0]["x"] + squares[0]["x2"]) / 2
    drawn = export.svg(spec())
    assert theme.CATEGORIES[2] in drawn and theme.CATEGORIES[1] in drawn
