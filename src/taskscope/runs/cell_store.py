"""Cells on the disk: looking them up, checking them, putting them in place.

A measured cell is a folder ``cells/<key>/`` renamed into place, so the first of two writers wins and nobody
sees half a cell. A failed one is the single file ``cells/<key>.failed.json``, so that a retry replaces it in
one step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from taskscope.errors import RunError
from taskscope.runs import atomic
from taskscope.runs.manifest import to_json
from taskscope.runs.record import RECORD, CellRecord, DamagedError, read_record

_FAILED = ".failed.json"
_KEY = re.compile("[0-9a-f]{64}")
_T = TypeVar("_T")


class CellStore:
    """The cells of one run folder, remembered once they were read.

    Attributes:
        records: What is known, by key.
        damaged: Cells that cannot be read and why, by path inside the run folder; they count as missing.
    """

    def __init__(self, root: Path) -> None:
        self.records: dict[str, CellRecord] = {}
        self.damaged: dict[str, str] = {}
        self._forgotten: set[str] = set()
        self._root = root
        self._cells = root / "cells"

    def look_around(self) -> None:
        """Look up every cell on the disk that is not known as measured."""
        entries = self._cells.iterdir() if self._cells.is_dir() else ()
        keys = {entry.name.removesuffix(_FAILED) for entry in entries}
        for key in sorted(filter(_KEY.fullmatch, keys)):
            self.find(key)

    def find(self, key: str) -> CellRecord | None:
        """Return the measured cell, the record of its failure, or None; others may have written it."""
        known = self.records.get(key)
        return known if known is not None and known.status == "done" else self._look_up(key)

    def done(self, key: str) -> CellRecord | None:
        """Return the record of the measured cell, or None if there is none or it was forgotten."""
        record = None if key in self._forgotten else self.find(key)
        return record if record is not None and record.status == "done" else None

    def forget(self, keys: Iterable[str]) -> None:
        """Treat these cells as missing until they are put again; on the disk they stay until then."""
        self._forgotten.update(keys)

    @property
    def forgotten(self) -> frozenset[str]:
        """The cells that were forgotten and not put again."""
        return frozenset(self._forgotten)

    def remember(self, key: str) -> None:
        """Look a cell up again that another process put in the place of a forgotten one."""
        self._forgotten.discard(key)
        self._look_up(key)

    def put(self, record: CellRecord, files: Mapping[str, bytes]) -> bool:
        """Put a measured cell in place; False if another one stands there, not forgotten, and was kept.

        Raises:
            RunError: If it cannot be written; the folder is as it was before.
        """
        target = self._cells / record.key
        with atomic.storage_errors(target), atomic.scratch(self._root) as workspace:
            staged = workspace / "cell"
            staged.mkdir()
            for name, data in files.items():
                atomic.flush_write(staged / name, data)
            atomic.flush_write(staged / RECORD, to_json(record.model_dump(mode="json")))
            written = self._place(staged, target, workspace)
            self._failure(record.key).unlink(missing_ok=True)
        self.remember(record.key)
        return written

    def put_failure(self, record: CellRecord) -> None:
        """Put the record of a failed cell in place of an earlier one.

        Raises:
            RunError: If it cannot be written.
        """
        atomic.write_file(self._root, self._failure(record.key), to_json(record.model_dump(mode="json")))
        self._look_up(record.key)

    def read(self, record: CellRecord, reader: Callable[[CellRecord, Path], _T]) -> _T:
        """Read a cell's rows or arrays; one that another process replaced meanwhile is looked up again.

        Raises:
            RunError: If they were altered or removed since the cell was looked up.
        """
        folder = self._cells / record.key
        with suppress(DamagedError):
            return reader(record, folder)
        fresh = self._look_up(record.key)
        problem = self.damaged.get(self._name(folder), "it was removed")
        if fresh is not None and fresh.status == "done":
            try:
                return reader(fresh, folder)
            except DamagedError as error:
                problem = str(error)
        raise RunError(
            f"Cell {record.key} in {self._root} was lost while it was in use: {problem}.",
            hint="run the same command again, the cell is then measured anew",
        )

    def _look_up(self, key: str) -> CellRecord | None:
        self.records.pop(key, None)
        measured, failed = self._cells / key, self._failure(key)
        places = [(measured, measured / RECORD), (failed, failed)]
        for entry, _ in places:
            self.damaged.pop(self._name(entry), None)
        for entry, path in places:
            if not entry.exists():
                continue
            try:
                self.records[key] = read_record(path, key)
            except DamagedError as error:
                self.damaged[self._name(entry)] = str(error)
                continue
            return self.records[key]
        return None

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def _failure(self, key: str) -> Path:
        return self._cells / f"{key}{_FAILED}"

    def _place(self, staged: Path, target: Path, workspace: Path) -> bool:
        if target.name in self._forgotten:
            return atomic.republish(staged, target, workspace)
        if atomic.publish(staged, target):
            return True
        if self.done(target.name):
            return False
        damaged = self._root / "damaged"  # where its owner can look at it
        damaged.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            atomic.move(target, damaged / f"{target.name}.{workspace.name}")
        return atomic.publish(staged, target)
