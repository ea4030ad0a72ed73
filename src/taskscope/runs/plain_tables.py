"""Rows as files that any tool reads: CSV, and Parquet without this package's own habits."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa


def write_csv(table: pa.Table, path: Path) -> None:
    """Write a table as CSV; a list becomes JSON and bytes become base64, which CSV cannot say otherwise."""
    from pyarrow import csv

    columns = {name: _flat(table[name]) for name in table.column_names}
    csv.write_csv(pa.table(columns), path)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table as one Parquet file."""
    from pyarrow import parquet

    parquet.write_table(table, path, compression="zstd")


FORMATS: dict[str, Callable[[pa.Table, Path], None]] = {"csv": write_csv, "parquet": write_parquet}
"""Writers by the name of the format, which is the suffix too."""


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return column.cast(kind.value_type)
    if pa.types.is_nested(kind):
        return pa.array([None if v is None else json.dumps(v) for v in column.to_pylist()], pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        texts = [None if v is None else base64.b64encode(v).decode() for v in column.to_pylist()]
        return pa.array(texts, pa.string())
    return column
