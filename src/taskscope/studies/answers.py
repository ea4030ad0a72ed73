"""Answers to single questions, as two runs are compared by: one table for all studies.

Columns: ``task``; ``quantity``, what is compared, in words; ``unit``, of the value; ``question``, which is
equal in two runs where the same was asked; ``cluster``, what dependent questions share; ``value``, float64.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

SHARE, NATS = "share of questions", "nats"
"""Units."""
_TEXTS = ("task", "quantity", "unit", "question", "cluster")
SCHEMA = pa.schema([*((name, pa.string()) for name in _TEXTS), ("value", pa.float64())])


def answered(
    rows: pa.Table, quantity: str, unit: str, value: pa.ChunkedArray, question: Sequence[str], cluster: str
) -> pa.Table:
    """Lay rows of a study out as answers; rows without a value are left out.

    Args:
        rows: With the column ``task``.
        quantity: What `value` is.
        unit: `SHARE` or `NATS`.
        value: (row,) numbers or booleans.
        question: Columns that together name the question within its task.
        cluster: Column that names what dependent questions share.
    """
    texts = [rows[name].cast(pa.string()) for name in question]
    named = pc.binary_join_element_wise(*texts, " | ")  # type: ignore[attr-defined]
    n = rows.num_rows
    columns = (
        rows["task"],
        pa.repeat(pa.scalar(quantity), n),
        pa.repeat(pa.scalar(unit), n),
        named,
        rows[cluster].cast(pa.string()),
        value.cast(pa.float64()),
    )
    table = pa.table(dict(zip(SCHEMA.names, columns, strict=True)), schema=SCHEMA)
    return table.filter(pc.is_finite(table["value"]))  # type: ignore[attr-defined]


def together(tables: Sequence[pa.Table]) -> pa.Table:
    """Join answers; the empty table where there are none."""
    return pa.concat_tables([SCHEMA.empty_table(), *tables])
