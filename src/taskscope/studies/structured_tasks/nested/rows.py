"""The rows of a nested cell: one per draw, condition, query and call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

PART = "nested"
"""What the column `part` says in these rows."""
NEST = 0
"""The step that stands for the whole nested call; 1 is the innermost task, called alone."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("composition", _TEXT),
        ("depth", pa.int16()),  # tasks in the composition
        ("condition", _TEXT),
        ("repetition", pa.int32()),  # number of the draw of demonstrations
        ("query", pa.int32()),
        ("step", pa.int16()),  # 0: the nested call; 1, 2 ...: this task alone, innermost first
        ("input", pa.string()),
        ("answer", pa.string()),  # the first accepted answer
        ("right", pa.bool_()),  # the whole answer and its line end are what the model says
        ("stops", pa.bool_()),  # the model says what an inner call gives instead; nested calls alone
        ("skips", pa.bool_()),  # the model says what leaving out an inner call gives; nested calls alone
        ("logprob", pa.float64()),  # log p of the first accepted answer with its line end, nats
    ]
)


def to_rows(composition: str, depth: int, asked: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Lay what was asked of a composition out as rows.

    Args:
        composition: Its name.
        depth: Tasks in it.
        asked: One mapping per row, from every other column of the schema to its value.
    """
    same = {"part": PART, "composition": composition, "depth": depth}
    return pa.Table.from_pylist([{**same, **one} for one in asked], schema=SCHEMA)
