"""The default engine: one process, one model at a time, cells in the order of the plan."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from taskscope.engines.events import CellStarted, Event, ModelLoading
from taskscope.engines.outcome import Outcome, Tally
from taskscope.engines.sharing import Awaited, settled_elsewhere
from taskscope.engines.warm import WarmModel, identity
from taskscope.runs.cell import Cell, ModelRef
from taskscope.runs.claims import Claims
from taskscope.runs.store import RunFolder

ENGINE = "inline"
_LOOK_EVERY = 0.2
"""Seconds between looks at cells that other processes are measuring."""


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
    does not stop the others. Cells that another process is measuring are left to it and waited for at the
    end; those whose process died meanwhile are measured here. An interruption passes through and leaves the
    folder whole.

    Args:
        cells: The plan; a cell named twice is measured once.
        folder: What is kept.
        load_model: Returns a model for its reference; where it has ``guard()``, that surrounds each cell.
        on_event: Called with every event, in this process.

    Raises:
        RunError: If the folder cannot be written, for instance because the disk is full.
    """
    tally = Tally(on_event)
    with Claims(folder.path) as claims:
        work = _Work(folder, claims, load_model, tally)
        for group in _by_model(cells):
            work.do_all(group)
        while work.awaited:
            time.sleep(_LOOK_EVERY)
            work.look_again()
    return tally.outcome()


def _by_model(cells: Iterable[Cell]) -> list[list[Cell]]:
    """Group cells by model, both in the order of the plan."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(identity(cell), []).append(cell)
    return list(groups.values())


class _Work:
    """One run in progress, with at most one model in memory."""

    def __init__(
        self, folder: RunFolder, claims: Claims, load_model: Callable[[ModelRef], Any], tally: Tally
    ) -> None:
        self.awaited: list[Awaited] = []
        self._folder, self._claims, self._tally = folder, claims, tally
        self._model = WarmModel(load_model, ENGINE, lambda ref: tally.on_event(ModelLoading(ref)))
        self._seen: set[str] = set()

    def do_all(self, group: Iterable[Cell]) -> None:
        """Measure the cells of one model, and let it go."""
        try:
            for cell in group:
                if cell.key in self._seen or self._folder.has(cell.key):
                    self._tally.held(cell)
                    continue
                self._seen.add(cell.key)
                self._do(Awaited(cell, self._folder.failure(cell.key)))
        finally:
            self._model.evict()

    def look_again(self) -> None:
        """Count what other processes finished, and measure what they let go."""
        waiting, self.awaited = self.awaited, []
        try:
            for awaited in waiting:
                if not settled_elsewhere(awaited, self._folder, self._tally):
                    self._do(awaited)
        finally:
            self._model.evict()

    def _do(self, awaited: Awaited) -> None:
        cell = awaited.cell
        if not self._claims.take(cell.key):
            self.awaited.append(awaited.told(self._tally.on_event))
            return
        try:
            # Whoever held the claim before may have finished between the look and the claim.
            if not settled_elsewhere(awaited, self._folder, self._tally):
                self._measure(cell)
        finally:
            self._claims.release(cell.key)

    def _measure(self, cell: Cell) -> None:
        attempt = self._model.measure(cell, lambda: self._tally.on_event(CellStarted(cell)))
        if attempt.measured is not None:
            self._folder.write(cell, attempt.measured, attempt.provenance)
            self._tally.done(cell, attempt.provenance["seconds"])
        if attempt.failure is not None:
            failure = attempt.failure
            self._folder.write_failure(
                cell, failure.error, failure.traceback, attempt.provenance, tainted=failure.tainted
            )
            self._tally.failed(cell, str(failure), failure.tainted)
