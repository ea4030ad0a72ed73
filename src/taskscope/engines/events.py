"""What an engine tells while it works; a progress display listens."""

from __future__ import annotations

from dataclasses import dataclass

from taskscope.runs.cell import Cell, ModelRef
from taskscope.runs.record import label_of, task_of


@dataclass(frozen=True)
class ModelLoading:
    """A model is about to be loaded."""

    model: ModelRef


@dataclass(frozen=True)
class CellSkipped:
    """The run holds this cell already."""

    cell: Cell


@dataclass(frozen=True)
class CellAwaited:
    """Another process on the same folder is measuring the cell."""

    cell: Cell


@dataclass(frozen=True)
class CellStarted:
    """Measuring begins."""

    cell: Cell


@dataclass(frozen=True)
class CellDone:
    """The cell is measured and stored."""

    cell: Cell
    seconds: float


@dataclass(frozen=True)
class CellFailed:
    """The cell could not be measured; why is stored in its place, and the next run tries again."""

    cell: Cell
    error: str
    """Type and message in one line."""
    tainted: bool = False
    """True if measuring left the model changed."""

    def __str__(self) -> str:
        """Name the cell as a person would, and why it failed."""
        named = (self.cell.study, label_of(self.cell), task_of(self.cell), f"seed {self.cell.seed}")
        return f"{' '.join(filter(None, named))}: {self.error}"


Event = ModelLoading | CellSkipped | CellAwaited | CellStarted | CellDone | CellFailed
