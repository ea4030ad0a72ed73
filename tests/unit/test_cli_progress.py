"""The bar of `taskscope run` moves with every cell, also where no model is asked."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from taskscope.cli import progress
from taskscope.engines.events import CellDone, CellSkipped, CellStarted
from taskscope.runs.cell import Cell, Cost
from taskscope.studies.kernel_regression.simulated.experiments import cells as simulated
from toy_cells import toy_plan

THEORY = simulated("smoke", "kernel-regression", 1)


def shares(cells: list[Cell], skipped: int, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Percentages that the bar shows: before anything, and after every cell that is measured."""
    made: list[Progress] = []

    class Seen(Progress):
        def __enter__(self) -> Progress:
            made.append(self)
            return super().__enter__()

    monkeypatch.setattr(progress, "Progress", Seen)
    monkeypatch.setattr(progress, "err", Console(file=io.StringIO(), force_terminal=True))
    with progress.bar(cells) as told:
        (task,) = made[0].tasks
        for cell in cells[:skipped]:
            told(CellSkipped(cell))
        found = [task.percentage]
        for cell in cells[skipped:]:
            told(CellStarted(cell))
            assert not task.finished, "a bar that is over shows no time"
            told(CellDone(cell, 0.0))
            found.append(task.percentage)
        assert task.finished
    return found


@pytest.mark.parametrize("skipped", [0, 3])
def test_simulations_move_the_bar_alike(skipped, monkeypatch) -> None:
    found = shares(THEORY, skipped, monkeypatch)
    steps = len(THEORY) - skipped
    assert found == pytest.approx([100 * i / steps for i in range(steps + 1)])


def test_cells_that_ask_a_model_weigh_what_they_cost(monkeypatch) -> None:
    one, other = (
        cell.model_copy(update={"cost": Cost(tokens=cost, token_layers=cost)})
        for cell, cost in zip(toy_plan("a", 2), (10**7, 3 * 10**7), strict=True)
    )
    assert shares([one, other], 0, monkeypatch) == pytest.approx([0, 25, 100])
    before, *_, after = shares([one, *THEORY[:4]], 0, monkeypatch)[1:]
    assert 90 < before < after == pytest.approx(100)
