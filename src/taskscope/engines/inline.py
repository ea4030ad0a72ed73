"""The default engine: one process, one model at a time, cells in the order of the plan."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from taskscope.engines.events import CellDone, CellFailed, CellSkipped, CellStarted, Event, ModelLoading
from taskscope.engines.measuring import Failure, cuda, measure
from taskscope.runs.cell import Cell, ModelRef, canonical_json
from taskscope.runs.provenance import surroundings
from taskscope.runs.store import RunFolder

ENGINE = "inline"


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    measured: int
    skipped: int
    """Cells that the folder held already."""
    failures: tuple[CellFailed, ...]


def run(
    cells: Sequence[Cell],
    folder: RunFolder,
    load_model: Callable[[ModelRef], Any],
    *,
    on_event: Callable[[Event], None],
) -> Outcome:
    """Measure every cell that `folder` does not hold.

    Cells are grouped by model, so that each is loaded once and let go before the next; a model of which every
    cell is held is never loaded. A cell that fails, or whose model cannot be loaded, is stored as failed and
    does not stop the others. An interruption passes through and leaves the folder whole.

    Args:
        cells: The plan; a cell named twice is measured once.
        folder: What is kept.
        load_model: Returns a model for its reference; where it has ``guard()``, that surrounds each cell.
        on_event: Called with every event, in this process.

    Raises:
        RunError: If the folder cannot be written, for instance because the disk is full.
    """
    work = _Work(folder, load_model, on_event)
    for group in _by_model(cells):
        try:
            for cell in group:
                work.do(cell)
        finally:
            work.evict()
    return Outcome(work.measured, work.skipped, tuple(work.failures))


def _by_model(cells: Iterable[Cell]) -> list[list[Cell]]:
    """Group cells by model, both in the order of the plan."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        identity = canonical_json(
            cell.model.model_dump(mode="json", exclude={"label"}) if cell.model else None
        )
        groups.setdefault(identity, []).append(cell)
    return list(groups.values())


class _Work:
    """One run in progress, with at most one model in memory."""

    def __init__(
        self, folder: RunFolder, load_model: Callable[[ModelRef], Any], on_event: Callable[[Event], None]
    ) -> None:
        self.measured, self.skipped = 0, 0
        self.failures: list[CellFailed] = []
        self._folder, self._load_model, self._on_event = folder, load_model, on_event
        self._seen: set[str] = set()
        self._model: Any = None
        self._unloadable: Failure | None = None

    def do(self, cell: Cell) -> None:
        """Measure one cell unless it is held."""
        if cell.key in self._seen or self._folder.has(cell.key):
            self.skipped += 1
            self._on_event(CellSkipped(cell))
            return
        self._seen.add(cell.key)
        if cell.model is not None and self._model is None and self._unloadable is None:
            self._load(cell.model)
        if self._unloadable is not None:
            self._fail(cell, self._unloadable, {"engine": ENGINE, **surroundings()})
            return
        self._on_event(CellStarted(cell))
        attempt = measure(cell, self._model, ENGINE)
        if attempt.measured is not None:
            self._folder.write(cell, attempt.measured, attempt.provenance)
            self.measured += 1
            self._on_event(CellDone(cell, attempt.provenance["seconds"]))
        if attempt.failure is not None:
            self._fail(cell, attempt.failure, attempt.provenance)
            if attempt.failure.tainted:
                self.evict()

    def evict(self) -> None:
        """Let the model go, and the memory it held."""
        loaded, self._model, self._unloadable = self._model is not None, None, None
        if loaded:
            gc.collect()
            if cuda() is not None:
                cuda().empty_cache()

    def _load(self, model: ModelRef) -> None:
        self._on_event(ModelLoading(model))
        try:
            self._model = self._load_model(model)
        except Exception as error:
            self._unloadable = Failure.of(error)

    def _fail(self, cell: Cell, failure: Failure, provenance: dict[str, Any]) -> None:
        self._folder.write_failure(
            cell, failure.error, failure.traceback, provenance, tainted=failure.tainted
        )
        told = CellFailed(cell, str(failure), failure.tainted)
        self.failures.append(told)
        self._on_event(told)
