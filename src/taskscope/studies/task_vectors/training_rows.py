"""The row that says how far in its training a model is, so that pages can be made of rows alone."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from taskscope.studies.task_vectors.part_rows import of_part

PART = "training"
SCHEMA = pa.schema([("part", pa.dictionary(pa.int32(), pa.string())), ("tokens", pa.int64())])


def age_rows(tokens: int | None) -> list[pa.Table]:
    """Lay out how many training tokens a model has read; nothing where that is not known."""
    return [] if tokens is None else [pa.Table.from_pylist([{"part": PART, "tokens": tokens}], schema=SCHEMA)]


def ages(rows: pa.Table) -> dict[str, int]:
    """Read the training tokens of every model that says them, by label."""
    table = of_part(rows, PART)
    if table.num_rows == 0:
        return {}
    found = table.group_by("model").aggregate([("tokens", "max")])
    return dict(
        zip(pc.cast(found["model"], pa.string()).to_pylist(), found["tokens_max"].to_pylist(), strict=True)
    )
