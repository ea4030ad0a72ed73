"""Reading losses; no model is asked."""

from __future__ import annotations

from typing import Any

from taskscope.runs.cell import Cell, Measured
from taskscope.studies.skill_emergence.rows import SCALING, to_rows
from taskscope.studies.skill_emergence.scaling.sources import read


def measure(cell: Cell, model: Any) -> Measured:
    """Read the losses that the cell names (protocol 5).

    Raises:
        StudyError: If they are not those that were planned.
        TaskscopeError: If they cannot be read or fitted.
    """
    del model  # there is none
    (wanted,) = cell.tasks
    return Measured(to_rows(SCALING, [{"source": wanted.name, **record} for record in read(wanted)]))
