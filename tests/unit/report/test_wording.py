"""Numbers in words and digits, anchors, and CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import math
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskscope.report import wording
from taskscope.report.findings import Interval, Table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.83, "0.830"),
        (-0.5, "−0.500"),
        (2.345, "2.35"),
        (45.67, "45.7"),
        (12345.6, "12,346"),
        (3, "3"),
        (1_234_567, "1,234,567"),
        (0.0, "0"),
        (0.00012, "0.00012"),
        (-1.5e-17, "0"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "–"),
        (True, "True"),
        ("word", "word"),
    ],
)
def test_numbers(value: object, text: str) -> None:
    assert wording.number(value) == text


def test_intervals_and_counts() -> None:
    assert wording.interval(Interval(low=-0.1, high=0.25)) == "[−0.100, 0.250]"
    assert wording.interval(None) == ""
    assert wording.count(1, "cell") == "one cell"
    assert wording.count(6, "study", "studies") == "six studies"
    assert wording.count(1500, "row") == "1,500 rows"


def test_lists_read_like_sentences() -> None:
    assert [wording.listed(w) for w in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


@given(st.text())
def test_an_anchor_is_safe_in_ids_and_addresses(text: str) -> None:
    anchor = wording.slug(text)
    assert anchor
    assert set(anchor) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


CELL = st.one_of(st.text(st.characters(codec="utf-8", exclude_characters="\r\x00")), st.integers(), st.none())


@given(st.lists(st.tuples(CELL, CELL), max_size=8))
def test_csv_holds_the_table_and_no_formula(rows: list[tuple[object, object]]) -> None:
    address = wording.csv_uri(Table(name="t", title="T", columns=("a", "b"), rows=tuple(rows)))
    head, data = address.split(",", 1)
    assert head == "data:text/csv;charset=utf-8"
    read = list(csv.reader(io.StringIO(unquote(data), newline="")))
    assert read[0] == ["a", "b"]
    for row, line in zip(rows, read[1:], strict=True):
        for cell, text in zip(row, line, strict=True):
            plain = "" if cell is None else str(cell)
            assert text == (f"'{plain}" if isinstance(cell, str) and plain[:1] in tuple("=+-@\t") else plain)
