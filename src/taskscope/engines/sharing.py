"""Cells that another process on the same run folder is measuring: left to it, waited for, taken over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from taskscope.engines.events import CellAwaited, Event
from taskscope.engines.outcome import Tally
from taskscope.runs.cell import Cell
from taskscope.runs.record import CellRecord
from taskscope.runs.store import RunFolder


@dataclass(frozen=True)
class Awaited:
    """A cell that is missing, and what was known of it when this run first looked."""

    cell: Cell
    failure: CellRecord | None
    """An earlier run's failure, which this run tries again; another one is news of another process."""
    was_told: bool = False

    def told(self, on_event: Callable[[Event], None]) -> Awaited:
        """Tell once that another process has it."""
        if not self.was_told:
            on_event(CellAwaited(self.cell))
        return replace(self, was_told=True)


def settled_elsewhere(awaited: Awaited, folder: RunFolder, tally: Tally) -> bool:
    """Count a cell that another process measured, or tried and failed, since this run first looked."""
    cell = awaited.cell
    if folder.has(cell.key):
        tally.held(cell)
        return True
    failure = folder.failure(cell.key)
    if failure is None or failure == awaited.failure or failure.error is None:
        return False
    error = failure.error
    tally.failed(cell, ": ".join([error.type, *error.message.splitlines()[:1]]), error.tainted)
    return True
