"""Running one simulated experiment as a cell; there is no model in it."""

from __future__ import annotations

from taskscope.runs.cell import Cell, Measured
from taskscope.studies.kernel_regression.simulated.experiments import find


def measure(cell: Cell, model: None) -> Measured:
    """Simulate one draw of the world that the cell's experiment is about.

    Raises:
        StudyError: If there is no such experiment.
        TaskscopeError: If a simulated system cannot be solved.
    """
    sizes = dict(cell.params)
    experiment = find(sizes.pop("experiment"))
    params = type(experiment.sizes["standard"])(**sizes)
    return Measured(rows=experiment.simulate(params, cell.rng(experiment.number)))
