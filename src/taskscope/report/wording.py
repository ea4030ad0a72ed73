"""Numbers and counts as a reader sees them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from taskscope.report.findings import Interval, Table

_WORDS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


ROUNDING = 1e-15
"""A difference of rates below this is what rounding leaves of zero."""


def number(value: Any) -> str:
    """Write a number with three significant digits and a real minus sign; anything else as it is.

    >>> number(0.83), number(-12345.6), number(None), number(3)
    ('0.830', '−12,346', '–', '3')
    """
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if value != value or value in (float("inf"), float("-inf")):
        return "–"
    if abs(value) < ROUNDING:
        return "0"
    if isinstance(value, int) or abs(value) >= 1000:
        text = f"{value:,.0f}"
    elif abs(value) < 1e-3:
        text = f"{value:.2g}"
    else:
        digits = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1
        text = f"{value:.{digits}f}"
    return text.replace("-", "−")


def interval(ends: Interval | None) -> str:
    """Write an interval as ``[low, high]``; empty without one."""
    return f"[{number(ends.low)}, {number(ends.high)}]" if ends else ""


def count(n: int, thing: str, things: str = "") -> str:
    """Write a count in words up to twelve: ``count(2, "model")`` is ``"two models"``."""
    word = _WORDS[n] if 0 <= n < len(_WORDS) else f"{n:,}"
    return f"{word} {thing if n == 1 else things or thing + 's'}"


def listed(words: Sequence[str]) -> str:
    """Join words as in a sentence: ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def slug(text: str) -> str:
    """Return an anchor that is safe in an id and an address."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "part"


def csv_uri(table: Table) -> str:
    """Return the table as CSV inside a ``data:`` address.

    A cell that a spreadsheet would run as a formula is preceded by an apostrophe.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([_inert(c) for c in table.columns])
    writer.writerows([_inert(cell) for cell in row] for row in table.rows)
    return "data:text/csv;charset=utf-8," + quote(buffer.getvalue())


def _inert(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell
