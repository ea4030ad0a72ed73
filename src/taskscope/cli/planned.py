"""What ``--dry-run`` prints: the cells and their cost, and on a cluster which worker would measure what."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from taskscope.cli.console import out
from taskscope.engines.queues import Queues, simulate
from taskscope.engines.ray.cluster import LOCAL, cluster, places
from taskscope.errors import RunError
from taskscope.runs.cell import Cell
from taskscope.runs.record import CellRecord
from taskscope.runs.store import RunFolder
from taskscope.studies.placement import work_of
from taskscope.studies.rates import measured_rates
from taskscope.studies.runner import Plan


def print_plan(plan: Plan, path: Path) -> None:
    """Print every cell and the sums."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("study", "model", "task", "seed", "tokens", "token-layers"):
        table.add_column(column, justify="right" if column in ("seed", "tokens", "token-layers") else "left")
    for cell in plan.cells:
        table.add_row(
            cell.study,
            escape(cell.model.label) if cell.model else "–",
            escape(", ".join(task.name for task in cell.tasks[:1])),
            str(cell.seed),
            f"{cell.cost.tokens:,}",
            f"{cell.cost.token_layers:,}",
        )
    out.print(table)
    tokens = sum(cell.cost.tokens for cell in plan.cells)
    work = sum(cell.cost.token_layers for cell in plan.cells)
    flops = sum(2 * plan.n_parameters[c.model.id] * c.cost.tokens for c in plan.cells if c.model)
    out.print(
        f"{len(plan.cells)} cells, {tokens:,} tokens through {work:,} token-layers, about {flops:.2g} FLOPs; "
        f"run folder {path}"
    )


def print_schedule(plan: Plan, path: Path, engine: str) -> None:
    """Print what each worker of a cluster would do with the cells that the run lacks.

    Times come from cells of the same study, model and kind of device in this run folder and those beside it.

    Raises:
        RunError: If the engine names a cluster that cannot be reached.
    """
    held = RunFolder.open(path) if (path / "run.json").is_file() else None
    missing = {cell.key: cell for cell in plan.cells if held is None or not held.has(cell.key)}
    if not missing:
        out.print("Nothing to measure: the run holds every cell.")
        return
    work = work_of(plan.n_parameters)
    rates = measured_rates(_records(path), plan.n_parameters)
    unknown = sorted({_named(cell) for cell in missing.values() if rates.seconds(cell) is None})
    workers = min(_workers(plan, engine), len(missing))
    queues = Queues(list(missing.values()), work)
    turns = simulate(
        queues, (lambda cell: rates.seconds(cell) or 0.0) if not unknown else work.weigh, workers
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("worker", "cells", "seconds" if not unknown else "FLOPs", "models in order of loading"):
        table.add_column(column, justify="left" if "models" in column else "right")
    for number, turn in enumerate(turns, start=1):
        cost = f"{turn.seconds:.1f}" if not unknown else f"{turn.seconds:.2g}"
        table.add_row(str(number), str(turn.cells), cost, ", ".join(turn.models) or "–")
    out.print(table)
    loads = sum(len(turn.models) for turn in turns)
    counted = f"{len(missing)} cells missing, {workers} workers, {loads} times a model is loaded"
    if unknown:
        out.print(f"{counted}; time unknown, for nothing was measured yet of {', '.join(unknown)}.")
        return
    longest = max(turn.seconds for turn in turns)
    out.print(
        f"{counted}; about {longest:.0f} s beside loading, by the times of {rates.n_cells} measured cells."
    )


def _workers(plan: Plan, engine: str) -> int:
    """Count the workers of the cluster that would be used; a local one is not started for it."""
    needs_of = work_of(plan.n_parameters).needs_of
    needs = [needs_of(model.ref) for model in plan.models] or [needs_of(None)]
    if engine == LOCAL and not os.environ.get("RAY_ADDRESS"):
        return max(1, int((os.cpu_count() or 1) / max(need.cpus for need in needs)))
    with cluster(engine) as ray:
        return min(places(ray, need) for need in needs)


def _records(path: Path) -> Iterator[CellRecord]:
    """Yield the cells of the run folder and of those beside it."""
    for manifest in sorted(path.absolute().parent.glob("*/run.json")):
        with suppress(RunError):  # of a newer version, or damaged: no source of rates
            yield from RunFolder.open(manifest.parent).cells()


def _named(cell: Cell) -> str:
    return f"{cell.study} on {cell.model.label}" if cell.model else cell.study
