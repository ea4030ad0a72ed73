"""A live bar with the time left, counted in token-layers so that long cells weigh what they cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from taskscope.cli.console import err
from taskscope.engines.events import (
    CellAwaited,
    CellDone,
    CellFailed,
    CellSkipped,
    CellStarted,
    Event,
    ModelLoading,
)
from taskscope.runs.cell import Cell

WITHOUT_MODEL = 100_000
"""Token-layers that a cell counts for which asks no model: a second or so. Counted as nothing, as they cost
none, such cells would leave the bar where it is."""


def _weight(cell: Cell) -> int:
    return cell.cost.token_layers or WITHOUT_MODEL


@contextmanager
def bar(cells: Sequence[Cell]) -> Iterator[Callable[[Event], None]]:
    """Show one bar over all cells; yields the function that engine events are passed to.

    Skipped cells leave the total, so a resumed run shows the time left for what is really missing.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        total = sum(_weight(cell) for cell in cells)
        task = progress.add_task("planning", total=total)

        def on_event(event: Event) -> None:
            match event:
                case ModelLoading(model=model):
                    progress.update(task, description=f"loading {model.label}")
                case CellStarted(cell=cell):
                    label = cell.model.label if cell.model else cell.study
                    progress.update(task, description=" ".join((label, *(t.name for t in cell.tasks[:1]))))
                case CellAwaited():
                    progress.update(task, description="waiting for another run on this folder")
                case CellDone(cell=cell) | CellFailed(cell=cell):
                    progress.advance(task, _weight(cell))
                case CellSkipped(cell=cell):
                    nonlocal total
                    total -= _weight(cell)
                    progress.update(task, total=total)

        yield on_event
