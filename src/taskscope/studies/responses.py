"""Responses of models to items, as every study hands its own out: who got which item right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from taskscope.studies.columns import where


class Response(NamedTuple):
    """One examinee's answer to one item."""

    examinee: str
    item: str
    right: float
    skills: tuple[str, ...]


def records(rows: pa.Table, columns: tuple[str, ...], **only: str) -> Iterator[Mapping[str, Any]]:
    """Read one kind of rows; nothing where the table has none of that kind.

    Args:
        rows: Of one study.
        columns: By which the kind is known; none is empty in its rows.
        only: What columns say in the rows that are responses.
    """
    names = {*columns, *only}
    if names <= set(rows.column_names):
        own = where(rows.select(list({"model", "task", "seed"} | names)), **only)
        yield from (row for row in own.to_pylist() if all(row[name] is not None for name in columns))
