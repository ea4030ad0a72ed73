"""What `cell.json` says about one measured cell, and how it is checked when read back."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, ValidationError

from taskscope.errors import RunError
from taskscope.runs.cell import KEY_VERSION, Cell, Measured

SCHEMA_VERSION = 1
"""Version of the run folder's layout; a folder of a newer one is refused."""

RECORD, ROWS, ARRAYS = "cell.json", "rows.parquet", "arrays.safetensors"
FRONT = ("key", "model", "task", "seed")
"""Columns that the run folder puts in front of every cell's rows."""


class DamagedError(Exception):
    """A stored cell that cannot be trusted; the message says why."""


class StoredFile(BaseModel):
    """Size and digest of a file beside `cell.json`."""

    model_config = ConfigDict(frozen=True)

    bytes: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> StoredFile:
        """Describe `data`."""
        return cls(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


class CellError(BaseModel):
    """Why a cell failed."""

    model_config = ConfigDict(frozen=True)

    type: str
    message: str
    traceback: str
    tainted: bool = False
    """True if measuring left the model changed, so that its numbers could not be trusted."""


class CellRecord(BaseModel):
    """The content of `cell.json`, or of the record of a failed cell."""

    model_config = ConfigDict(frozen=True)

    schema_version: int = SCHEMA_VERSION
    key_version: int = KEY_VERSION
    key: str
    status: Literal["done", "failed"]
    cell: Cell
    code: str
    """Hash of the code that measured it (`taskscope.runs.sources.code_hash`)."""
    n_rows: int = 0
    files: dict[str, StoredFile] = {}
    notes: dict[str, Any] = {}
    provenance: dict[str, Any] = {}
    """Engine, device, batch size, seconds, peak memory, versions, host: how it was measured."""
    error: CellError | None = None

    @property
    def order(self) -> tuple[str, str, int, str]:
        """Return the place of this cell among others: by model, task, seed, then key."""
        return label_of(self.cell), task_of(self.cell), self.cell.seed, self.key


def label_of(cell: Cell) -> str:
    """Return the model's label, empty for a cell of pure theory."""
    return cell.model.label if cell.model else ""


def task_of(cell: Cell) -> str:
    """Return the name of the cell's first task, empty if it has none."""
    return cell.tasks[0].name if cell.tasks else ""


def validate(cell: Cell, measured: Measured) -> None:
    """Check that a measuring function returned something that can be stored.

    Raises:
        RunError: If it is no `Measured`, its rows use a reserved column, or an array is not numeric.
    """
    if not isinstance(measured, Measured) or not isinstance(measured.rows, pa.Table):
        raise RunError(
            f"{cell.measure} returned {type(measured).__name__}.", expected="Measured with a pa.Table"
        )
    columns = measured.rows.column_names
    reserved = [name for name in columns if name in FRONT]
    if reserved or len(set(columns)) < len(columns):
        raise RunError(
            f"{cell.measure} returned rows with the columns {', '.join(columns)}.",
            expected=f"distinct names; {', '.join(FRONT)} are added by the run folder",
        )
    for name, array in measured.arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
            given = f"{cell.measure} returned {type(array).__name__} as the array {name!r}."
            raise RunError(given, expected="numpy arrays of numbers or truth values")


def plain(value: Any) -> Any:
    """Turn numpy values, tuples and so on into JSON values; what JSON lacks (NaN, infinities) into None."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def read_record(path: Path, key: str) -> CellRecord:
    """Read and check one stored cell.

    The rows are checked against their digest, arrays (which may be large) by their size alone.

    Args:
        path: The record, with the cell's other files beside it.
        key: The key that the cell must have.

    Raises:
        DamagedError: If a file is missing, truncated or altered, or the record is of another cell.
        RunError: If a newer taskscope wrote the cell.
    """
    try:
        content = json.loads(path.read_bytes())
        if isinstance(content, dict):  # a newer layout may hold fields that this one cannot read
            check_schema(content.get("schema_version"), path)
        record = CellRecord.model_validate(content)
    except OSError as error:
        raise DamagedError(f"{path.name} cannot be read ({error.strerror})") from error
    except ValidationError as error:
        raise DamagedError(f"{path.name} is not the record of a cell ({_first_line(error)})") from error
    except ValueError as error:
        raise DamagedError(f"{path.name} is not JSON ({error})") from error
    if record.key != key or (record.key_version == KEY_VERSION and record.cell.key != key):
        raise DamagedError(f"{path.name} describes another cell")
    if record.status == "done" and ROWS not in record.files:
        raise DamagedError(f"{path.name} names no rows")
    for name, stored in record.files.items():
        if Path(name).name != name or name in (".", ".."):
            raise DamagedError(f"{path.name} names {name!r}, which lies outside its folder")
        _check_file(path.parent / name, stored, digest=name == ROWS)
    return record


def check_schema(version: Any, path: Path) -> None:
    """Refuse a layout newer than this version of taskscope knows.

    Raises:
        RunError: If `version` is newer than `SCHEMA_VERSION`.
    """
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise RunError(
            f"{path} was written by a newer taskscope (layout {version}).",
            expected=f"layout {SCHEMA_VERSION} or older",
            hint="update taskscope, or choose another run folder",
        )


def _check_file(path: Path, stored: StoredFile, digest: bool) -> None:
    try:
        size = path.stat().st_size
        if size != stored.bytes:
            raise DamagedError(f"{path.name} has {size} bytes, not {stored.bytes}")
        if digest and StoredFile.of(path.read_bytes()) != stored:
            raise DamagedError(f"{path.name} was altered since it was written")
    except OSError as error:
        raise DamagedError(f"{path.name} cannot be read ({error.strerror})") from error


def _first_line(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'whole file'}: {first['msg']}"
