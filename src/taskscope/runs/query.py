"""SQL over any number of runs: an in-memory DuckDB that can read nothing else and write nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from taskscope.errors import RunError, nearest
from taskscope.runs.cell import canonical_json
from taskscope.runs.record import CellRecord, label_of, task_of
from taskscope.runs.store import RunFolder

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LOCKS = (
    "SET python_enable_replacements = false",  # no reading of this process's own variables
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET temp_directory = ''",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)

_CELLS = pa.schema(
    [
        pa.field(name, pa.string())
        for name in ("run", "key", "study", "status", "model", "model_id", "dtype", "attention", "task")
    ]
    + [
        pa.field("tasks", pa.list_(pa.string())),
        pa.field("seed", pa.int64()),
        pa.field("study_version", pa.int64()),
        pa.field("n_rows", pa.int64()),
        pa.field("seconds", pa.float64()),
    ]
    + [pa.field(name, pa.string()) for name in ("params", "notes", "provenance", "code", "error")]
)
"""Columns of the table `cells`; ``params``, ``notes`` and ``provenance`` are JSON text, read with ``->``."""


def query(sql: str, paths: Sequence[str | Path]) -> pa.Table:
    """Run SQL over the tables ``rows`` and ``cells`` of one or more runs.

    ``rows`` holds the rows of all measured cells with ``run`` and ``study`` in front; of several studies, the
    union of their columns; one that is text in one study and a list in another has the study in its name.
    ``cells`` holds one row per cell, failed ones included. Both are copies: no statement can change a run,
    read another file or reach the network.

    Raises:
        RunError: If a path is no run folder, or the SQL fails; for an unknown name the columns are listed.
    """
    import duckdb

    with duckdb.connect(":memory:") as connection:
        columns = _load(connection, [RunFolder.open(path) for path in paths])
        for lock in _LOCKS:
            connection.execute(lock)
        try:
            result = connection.sql(sql)
            return pa.table({}) if result is None else result.to_arrow_table()
        except duckdb.Error as error:
            raise _explain(error, columns) from error


def _load(connection: DuckDBPyConnection, folders: Sequence[RunFolder]) -> dict[str, list[str]]:
    """Copy the runs into the two tables and return their columns."""
    cells, rows, studies = [], [], []
    for folder, name in zip(folders, _names(folders), strict=True):
        records = folder.cells()
        cells += [_describe(record, name) for record in records]
        for study in sorted({record.cell.study for record in records}):
            table = folder.rows(study=study)
            for column, value in (("study", study), ("run", name)):
                table = table.add_column(0, column, pa.repeat(value, table.num_rows))
            rows.append(table)
            studies.append(study)
    rows = _kept_apart(rows, studies) or [
        pa.table({name: pa.array([], pa.string()) for name in ("run", "study", "key", "model")})
    ]
    for i, table in enumerate(rows):
        connection.register(f"part_{i}", table)
    parts = " UNION ALL BY NAME ".join(f"SELECT * FROM part_{i}" for i in range(len(rows)))
    connection.execute(f"CREATE TABLE rows AS {parts}")
    connection.register("part_cells", pa.Table.from_pylist(cells, schema=_CELLS))
    connection.execute("CREATE TABLE cells AS SELECT * FROM part_cells")
    for name in (*(f"part_{i}" for i in range(len(rows))), "part_cells"):
        connection.unregister(name)
    columns = {}
    for name in ("rows", "cells"):
        described = connection.execute(f"SELECT * FROM {name} LIMIT 0").description
        columns[name] = [column[0] for column in described or ()]
    return columns


def _kept_apart(tables: Sequence[pa.Table], studies: Sequence[str]) -> list[pa.Table]:
    """Rename columns that are text in one study and a list in another: ``shown_task_vectors``."""
    kinds: dict[str, set[str]] = {}
    for table in tables:
        for field in table.schema:
            kinds.setdefault(field.name, set())
            if not pa.types.is_null(field.type):  # nothing but nulls goes with anything
                kinds[field.name].add(_kind(field.type))
    renamed = []
    for table, study in zip(tables, studies, strict=True):
        own = study.replace("-", "_")
        names = [name if len(kinds[name]) < 2 else f"{name}_{own}" for name in table.column_names]
        renamed.append(table.rename_columns(names))
    return renamed


def _kind(told: pa.DataType) -> str:
    """Name what can stand in one column: texts, lists, bytes, or numbers and truth values."""
    told = told.value_type if pa.types.is_dictionary(told) else told
    if pa.types.is_nested(told):
        return "list"
    if pa.types.is_string(told) or pa.types.is_large_string(told):
        return "text"
    return "bytes" if pa.types.is_binary(told) else "number"


def _names(folders: Sequence[RunFolder]) -> list[str]:
    """Name each run by its folder, or by its path where two folders share a name."""
    short = [folder.path.resolve().name for folder in folders]
    return [n if short.count(n) == 1 else str(f.path) for n, f in zip(short, folders, strict=True)]


def _describe(record: CellRecord, run: str) -> dict[str, Any]:
    cell, model = record.cell, record.cell.model
    return {
        "run": run,
        "key": record.key,
        "study": cell.study,
        "study_version": cell.study_version,
        "status": record.status,
        "model": label_of(cell),
        "model_id": model.id if model else None,
        "dtype": model.dtype if model else None,
        "attention": model.attention if model else None,
        "task": task_of(cell),
        "tasks": [task.name for task in cell.tasks],
        "seed": cell.seed,
        "n_rows": record.n_rows,
        "seconds": record.provenance.get("seconds"),
        "params": canonical_json(cell.params),
        "notes": canonical_json(record.notes),
        "provenance": canonical_json(record.provenance),
        "code": record.code,
        "error": f"{record.error.type}: {record.error.message}" if record.error else None,
    }


def _explain(error: Exception, columns: Mapping[str, Sequence[str]]) -> RunError:
    """Say what DuckDB says, in the words of the two tables."""
    import duckdb

    told = str(error).strip().splitlines()[0]
    if not isinstance(error, duckdb.BinderException | duckdb.CatalogException):
        reads = "a query over the tables rows and cells; other files cannot be read or written"
        return RunError(told, expected="" if isinstance(error, duckdb.ParserException) else reads)
    known = [*columns, *(name for names in columns.values() for name in names)]
    wrong = re.search(r'"([^"]+)"|name (\S+) does', told)
    listed = "; ".join(f"{table} with the columns {', '.join(names)}" for table, names in columns.items())
    return RunError(told, expected=listed, hint=nearest(wrong[1] or wrong[2], known) if wrong else "")
