"""What a run came to, counted while its events are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from taskscope.engines.events import CellDone, CellFailed, CellSkipped, Event
from taskscope.runs.cell import Cell


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    measured: int
    skipped: int
    """Cells that the folder held already, or that another process measured meanwhile."""
    failures: tuple[CellFailed, ...]


@dataclass
class Tally:
    """Counts what becomes of cells, and passes every event on."""

    on_event: Callable[[Event], None]
    measured: int = 0
    skipped: int = 0
    failures: list[CellFailed] = field(default_factory=list)

    def done(self, cell: Cell, seconds: float) -> None:
        """Count a cell that was measured and stored."""
        self.measured += 1
        self.on_event(CellDone(cell, seconds))

    def held(self, cell: Cell) -> None:
        """Count a cell that need not be measured."""
        self.skipped += 1
        self.on_event(CellSkipped(cell))

    def failed(self, cell: Cell, error: str, tainted: bool = False) -> None:
        """Count a cell whose failure is stored."""
        told = CellFailed(cell, error, tainted)
        self.failures.append(told)
        self.on_event(told)

    def outcome(self) -> Outcome:
        """Sum up."""
        return Outcome(self.measured, self.skipped, tuple(self.failures))
