"""The run folder: everything one command measured, safe against kills, full disks and second writers.

Layout::

    run.json                  what was asked last, with versions, checkout, host and accelerators
    history/<digest>.json     the same for every different command and machine that worked on this folder
    cells/<key>/              cell.json, rows.parquet and, if there are arrays, arrays.safetensors
    cells/<key>.failed.json   a cell that could not be measured; a measured one takes precedence
    claims/<key>.<n>          while a process measures that cell
    damaged/                  cells that were found unreadable and measured again
    findings.json  figures/  report.html
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.errors import RunError
from taskscope.runs import atomic, tables
from taskscope.runs.cell import KEY_VERSION, Cell, Measured
from taskscope.runs.cell_store import CellStore
from taskscope.runs.claims import claimed
from taskscope.runs.file_system import moves_in_one_step
from taskscope.runs.manifest import CONTENTS, HISTORY, MANIFEST, read_manifest, to_json, write_manifest
from taskscope.runs.record import (
    ARRAYS,
    ROWS,
    CellError,
    CellRecord,
    DamagedError,
    StoredFile,
    plain,
    validate,
)
from taskscope.runs.sources import code_hash


class RunFolder:
    """One run folder, opened with `create_or_open` to measure or with `open` to read.

    Attributes:
        path: The folder.
        manifest: Content of `run.json`: ``spec``, ``opened``, ``versions``, ``git``, ``host``,
            ``accelerators``.
        moves_in_one_step: Whether its file system puts a cell in place in one step; where it does not, one
            that is being written may be named as damaged. Known once opened for measuring.
    """

    moves_in_one_step = True

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self.manifest = manifest
        self._store = CellStore(path)
        self._store.look_around()

    @classmethod
    def create_or_open(cls, path: str | Path, spec: Mapping[str, Any]) -> RunFolder:
        """Open a run folder for measuring, creating it if need be; leftovers of killed writers are removed.

        Opening an existing run with another `spec` extends it.

        Raises:
            RunError: If the folder holds something else, is of a newer layout, or cannot be written.
        """
        path = Path(path)
        problem = ""
        if path.exists() and not path.is_dir():
            raise RunError(f"{path} is a file.", expected="a run folder, or a path where nothing stands yet")
        if (path / MANIFEST).exists():
            try:
                read_manifest(path / MANIFEST)
            except DamagedError as error:
                problem = str(error)
        elif path.is_dir() and any(map(_is_foreign, path.iterdir())):
            raise RunError(f"{path} holds files but no run.", expected="a run folder, or an empty or new one")
        with atomic.storage_errors(path):
            (path / "cells").mkdir(parents=True, exist_ok=True)
            atomic.sweep(path, path / "cells", claimed(path))
            with atomic.scratch(path) as scratch:
                moves = moves_in_one_step(scratch)
        folder = cls(path, write_manifest(path, spec))
        folder.moves_in_one_step = moves
        if problem:
            folder.damaged[MANIFEST] = problem
        return folder

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """Open an existing run folder for reading; nothing in it is changed.

        Raises:
            RunError: If there is no run there, or it is of a newer layout or unreadable.
        """
        path = Path(path)
        if not (path / MANIFEST).is_file():
            raise RunError(f"{path} is not a run folder.", expected=f"a folder that holds {MANIFEST}")
        try:
            return cls(path, read_manifest(path / MANIFEST))
        except DamagedError as error:
            hint = "repeat the command that made the run, its cells are kept"
            raise RunError(f"{path / MANIFEST}: {error}.", hint=hint) from error

    @property
    def spec(self) -> dict[str, Any]:
        """What was asked of this run last."""
        return self.manifest["spec"]

    @property
    def page(self) -> Path:
        """Where the run's page belongs."""
        return self.path / "report.html"

    @property
    def damaged(self) -> dict[str, str]:
        """What could not be read and why, by path inside the folder; such cells count as missing."""
        return self._store.damaged

    def history(self) -> list[dict[str, Any]]:
        """Return the manifests of all different commands and machines that worked on it, oldest first."""
        found = []
        for path in sorted((self.path / HISTORY).glob("*.json")):
            with suppress(DamagedError):
                found.append(read_manifest(path))
        return sorted(found, key=lambda manifest: manifest["opened"])

    def has(self, key: str) -> bool:
        """Whether this cell is measured and readable; one written by another process meanwhile counts."""
        return self._store.done(key) is not None

    def failure(self, key: str) -> CellRecord | None:
        """Return the record of the last failure of a cell that is not measured, whoever wrote it."""
        record = self._store.find(key)
        return record if record is not None and record.status == "failed" else None

    def cells(self) -> list[CellRecord]:
        """Return the records of all cells, measured and failed, by model, task, seed and key."""
        self._store.look_around()
        return sorted(self._store.records.values(), key=lambda record: record.order)

    def stale(self, cells: Iterable[Cell]) -> list[Cell]:
        """Return those of `cells` that are held but were measured by other code than today's."""
        held = ((cell, self._store.done(cell.key)) for cell in cells)
        return [cell for cell, record in held if record and record.code != code_hash(cell.measure)]

    def forget(self, keys: Iterable[str]) -> None:
        """Count these cells as missing, so that they are measured again.

        On the disk each stays until its new measurement takes its place, so an interruption loses nothing.
        """
        self._store.forget(keys)

    @property
    def forgotten(self) -> frozenset[str]:
        """The keys of the cells that `forget` was called for and that were not measured since."""
        return self._store.forgotten

    def remember(self, key: str) -> None:
        """Take in the new measurement of a forgotten cell that another process has written."""
        self._store.remember(key)

    def write(self, cell: Cell, measured: Measured, provenance: Mapping[str, Any]) -> bool:
        """Store a measured cell.

        Args:
            cell: What was measured.
            measured: Rows, arrays and notes.
            provenance: How it was measured; JSON values.

        Returns:
            False if the cell was held already (another process was quicker) and that one was kept.

        Raises:
            RunError: If `measured` cannot be stored or the disk is full; the folder is as it was before.
        """
        validate(cell, measured)
        files = {ROWS: tables.rows_to_parquet(cell, measured.rows)}
        if measured.arrays:
            files[ARRAYS] = tables.arrays_to_bytes(measured.arrays)
        record = CellRecord(
            key=cell.key,
            status="done",
            cell=cell,
            code=code_hash(cell.measure),
            n_rows=measured.rows.num_rows,
            files={name: StoredFile.of(data) for name, data in files.items()},
            notes=plain(measured.notes),
            provenance=plain(provenance),
        )
        return self._store.put(record, files)

    def write_failure(
        self,
        cell: Cell,
        error: BaseException,
        traceback: str,
        provenance: Mapping[str, Any],
        *,
        tainted: bool = False,
    ) -> None:
        """Record that a cell could not be measured; it is tried again by the next run.

        Raises:
            RunError: If the record cannot be written.
        """
        told = CellError(type=type(error).__name__, message=str(error), traceback=traceback, tainted=tainted)
        record = CellRecord(
            key=cell.key,
            status="failed",
            cell=cell,
            code=code_hash(cell.measure),
            provenance=plain(provenance),
            error=told,
        )
        self._store.put_failure(record)

    def rows(self, keys: Collection[str] | None = None, *, study: str | None = None) -> pa.Table:
        """Return the rows of the measured cells, with ``key, model, task, seed`` in front.

        Ordered by model label, task, seed and key, whatever the order of measuring.

        Args:
            keys: Take only these cells; those not measured are left out.
            study: Take only this study's cells.

        Raises:
            RunError: If the cells are of several studies, have rows that do not go together, or were damaged
                since the folder was opened.
        """
        wanted = None if keys is None else set(keys)
        chosen = [
            record
            for record in self.cells()
            if self.has(record.key)
            and record.key_version == KEY_VERSION
            and (wanted is None or record.key in wanted)
            and study in (None, record.cell.study)
        ]
        studies = sorted({record.cell.study for record in chosen})
        if len(studies) > 1:
            raise RunError(f"{self.path} holds rows of {', '.join(studies)}.", expected="one study at a time")
        return tables.concatenate([self._store.read(record, tables.read_rows) for record in chosen])

    def arrays(self, key: str) -> dict[str, np.ndarray]:
        """Return the arrays kept with a measured cell, empty if it has none.

        Raises:
            RunError: If the cell is not held or its arrays were altered.
        """
        record = self._store.done(key)
        if record is None:
            raise RunError(f"No measured cell {key} in {self.path}.")
        return self._store.read(record, tables.read_arrays)

    def write_findings(self, findings: Iterable[Mapping[str, Any]]) -> None:
        """Write `findings.json`: equal findings give equal bytes.

        Raises:
            RunError: If a finding holds what JSON cannot say (NaN, an infinity), or the disk is full.
        """
        try:
            data = to_json(list(findings))
        except (TypeError, ValueError) as error:
            raise RunError(f"A finding is not JSON: {error}.", expected="finite numbers and text") from error
        atomic.write_file(self.path, self.path / "findings.json", data)

    def findings(self) -> list[dict[str, Any]]:
        """Return the findings written last.

        Raises:
            RunError: If there are none, or they cannot be read.
        """
        path = self.path / "findings.json"
        try:
            return json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise RunError(f"{path} cannot be read: {error}.", hint="make the report again") from error

    def write_figure(self, name: str, spec: Mapping[str, Any], svg: str) -> None:
        """Write one figure as ``figures/<name>.json`` (Vega-Lite) and ``figures/<name>.svg``.

        Raises:
            RunError: If they cannot be written.
        """
        figures = self.path / "figures"
        atomic.write_file(self.path, figures / f"{name}.json", to_json(spec))
        atomic.write_file(self.path, figures / f"{name}.svg", svg.encode())


def _is_foreign(entry: Path) -> bool:
    return entry.name not in CONTENTS and not entry.name.startswith(".")
