"""How fast cells were measured so far, to say how long those that are missing will take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from taskscope.runs.cell import Cell
from taskscope.runs.record import CellRecord
from taskscope.studies.placement import flops


@dataclass(frozen=True)
class Rates:
    """Seconds for a unit of work, by study, model and kind of device."""

    per_work: Mapping[tuple[str, str, str], float]
    n_parameters: Mapping[str, int]
    n_cells: int
    """Measured cells behind the rates."""

    def seconds(self, cell: Cell) -> float | None:
        """Return how long a cell would take; None where its study was not measured on its model yet."""
        device = str(cell.model.load.get("device", "cpu")) if cell.model else "cpu"
        rate = self.per_work.get(_place(cell, device))
        return None if rate is None else rate * flops(cell, self.n_parameters)


def measured_rates(records: Iterable[CellRecord], n_parameters: Mapping[str, int]) -> Rates:
    """Work out rates from stored cells of the models at hand; others are left out.

    Args:
        records: Of any number of run folders.
        n_parameters: Of each model, by the id of its reference.
    """
    seconds: dict[tuple[str, str, str], float] = defaultdict(float)
    work: dict[tuple[str, str, str], float] = defaultdict(float)
    n_cells = 0
    for record in records:
        cell, took = record.cell, record.provenance.get("seconds")
        if record.status != "done" or took is None or (cell.model and cell.model.id not in n_parameters):
            continue
        place = _place(cell, str(record.provenance.get("model", {}).get("device", "cpu")))
        seconds[place] += took
        work[place] += flops(cell, n_parameters)
        n_cells += 1
    return Rates(
        {place: seconds[place] / work[place] for place in work if work[place]}, n_parameters, n_cells
    )


def _place(cell: Cell, device: str) -> tuple[str, str, str]:
    return cell.study, cell.model.id if cell.model else "", device.partition(":")[0]
