"""The rows of one part of the study, and those of each model among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from taskscope.studies.task_vectors.results import ModelResult


def of_part(rows: pa.Table, part: str) -> pa.Table:
    """Return the rows of one part of the study, none where no cell measured it."""
    if "part" not in rows.column_names:
        return rows.slice(0, 0)
    return rows.filter(pc.equal(rows["part"].cast(pa.string()), part))  # type: ignore[attr-defined]


def by_model(
    rows: pa.Table, part: str, measured: Sequence[ModelResult]
) -> Iterator[tuple[ModelResult, pa.Table]]:
    """Yield every model that has rows of a part, with these."""
    table = of_part(rows, part)
    if table.num_rows == 0:
        return
    for result in measured:
        mine = table.filter(pc.equal(table["model"], result.model))  # type: ignore[attr-defined]
        if mine.num_rows:
            yield result, mine
