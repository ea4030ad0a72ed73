"""A cell's rows and arrays as bytes, and back: Parquet and safetensors."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from taskscope.errors import RunError
from taskscope.runs.cell import Cell
from taskscope.runs.record import (
    ARRAYS,
    FRONT,
    ROWS,
    CellRecord,
    DamagedError,
    StoredFile,
    label_of,
    task_of,
)

_TYPES = (pa.string(), pa.string(), pa.string(), pa.int64())
_FRONT_FIELDS = [pa.field(name, kind, nullable=False) for name, kind in zip(FRONT, _TYPES, strict=True)]


def rows_to_parquet(cell: Cell, rows: pa.Table) -> bytes:
    """Encode a cell's rows, with the columns of `FRONT` before its own."""
    from pyarrow import parquet

    values = (cell.key, label_of(cell), task_of(cell), cell.seed)
    front = [
        pa.repeat(pa.scalar(value, field.type), rows.num_rows)
        for value, field in zip(values, _FRONT_FIELDS, strict=True)
    ]
    schema = pa.schema([*_FRONT_FIELDS, *rows.schema])
    buffer = io.BytesIO()
    parquet.write_table(pa.table([*front, *rows.columns], schema=schema), buffer, compression="zstd")
    return buffer.getvalue()


def concatenate(tables: Sequence[pa.Table]) -> pa.Table:
    """Join the rows of cells, in the order given; a column that some cells lack holds nulls there.

    Raises:
        RunError: If a column has two types.
    """
    if not tables:
        return pa.schema(_FRONT_FIELDS).empty_table()
    try:
        return pa.concat_tables(tables, promote_options="default").combine_chunks()
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise RunError(
            f"The rows of these cells do not go together: {error}.",
            expected="one type per column in all cells of a study",
            hint="if other code measured some of them, measure the stale ones again",
        ) from error


def arrays_to_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Encode named arrays of any shape."""
    from safetensors.numpy import save

    # The encoder copies memory as it lies; `ascontiguousarray` would turn a scalar into a vector.
    return save({k: a if a.flags.c_contiguous else a.copy(order="C") for k, a in arrays.items()})


def read_arrays(record: CellRecord, folder: Path) -> dict[str, np.ndarray]:
    """Read a cell's arrays, none if it has none.

    Raises:
        DamagedError: If they are not as they were written.
    """
    from safetensors.numpy import load

    return load(_read(record, folder, ARRAYS)) if ARRAYS in record.files else {}


def read_rows(record: CellRecord, folder: Path) -> pa.Table:
    """Read a cell's rows.

    Raises:
        DamagedError: If they are not as they were written.
    """
    from pyarrow import parquet

    # A cell is small: pools of threads cost more than they save, and one still alive at exit has been seen to
    # abort a process whose work was done.
    data = io.BytesIO(_read(record, folder, ROWS))
    return parquet.read_table(data, use_threads=False, pre_buffer=False)


def _read(record: CellRecord, folder: Path, name: str) -> bytes:
    try:
        data = (folder / name).read_bytes()
    except OSError as error:
        raise DamagedError(f"{name} cannot be read ({error.strerror})") from error
    if StoredFile.of(data) != record.files[name]:
        raise DamagedError(f"{name} was altered since it was written")
    return data
