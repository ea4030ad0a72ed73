"""Columns of text in a study's rows: written, and read back as whole numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def repeated(value: str, n: int) -> pa.DictionaryArray:
    """Return a column that says the same n times."""
    zeros = pa.repeat(pa.scalar(0, pa.int32()), n)
    return pa.DictionaryArray.from_arrays(zeros, pa.array([value]))


def coded(column: pa.ChunkedArray) -> tuple[list[str], np.ndarray]:
    """Return the different texts of a column, and the number of the text in each row, (row,)."""
    whole = column.combine_chunks()
    if not isinstance(whole, pa.DictionaryArray):
        whole = pc.dictionary_encode(whole)  # type: ignore[attr-defined]
    return whole.dictionary.to_pylist(), whole.indices.to_numpy()


def where(table: pa.Table, **wanted: str) -> pa.Table:
    """Keep the rows in which columns say what is wanted."""
    for name, value in wanted.items():
        table = table.filter(pc.equal(table[name], value))  # type: ignore[attr-defined]
    return table


def models_and_tasks(table: pa.Table) -> list[tuple[str, str]]:
    """List the different (model, task) of a table in sorted order."""
    pairs = table.select(["model", "task"]).group_by(["model", "task"]).aggregate([]).to_pylist()
    return sorted((pair["model"], pair["task"]) for pair in pairs)
