"""A study without a model for the tests of runs and engines; without torch, so that children start fast.

Run as ``python toy_cells.py FOLDER [--models a,b] [--seeds N] [--nap SECONDS] [--die-at N] [--engine NAME]``
it measures a run folder as the command line would, writes findings, and prints how often it flushed a file;
``--die-at N`` kills it (SIGKILL) just before the N-th flush.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.engines import inline
from taskscope.engines.events import CellDone, Event
from taskscope.engines.queues import Needs, Work
from taskscope.engines.ray import driver
from taskscope.runs.cell import Cell, Cost, Measured, ModelRef, TaskRef
from taskscope.runs.store import RunFolder

N_ROWS = 7
WORK = Work(weigh=lambda cell: cell.cost.tokens, needs_of=lambda model: Needs())


def measure(cell: Cell, model: Any) -> Measured:
    """Return numbers that depend on the cell's key alone."""
    time.sleep(cell.params.get("nap", 0.0))
    scores = cell.rng("scores").random(N_ROWS)
    rows = pa.table({"item": [f"item-{i}" for i in range(N_ROWS)], "score": scores})
    return Measured(rows, {"scores": scores.astype(np.float32)}, {"largest": scores.max()})


def toy_cell(model: str | ModelRef | None = "a", seed: int = 0, task: str = "copy", **changes: Any) -> Cell:
    """Build one cell; `changes` replaces fields of it."""
    if isinstance(model, str):
        model = ModelRef(id=f"{model}@1", label=model, dtype="float32", attention="eager")
    values: dict[str, Any] = {
        "study": "toy",
        "study_version": 1,
        "params": {"n": N_ROWS},
        "model": model,
        "tasks": (TaskRef(name=task, fingerprint=f"{task}-1"),),
        "seed": seed,
        "measure": "toy_cells:measure",
        "cost": Cost(tokens=1, token_layers=1),
    }
    return Cell(**{**values, **changes})


def toy_plan(models: Sequence[str], seeds: int, nap: float = 0.0) -> list[Cell]:
    """Cells of every model and seed, in an order that is not the order of the rows."""
    params = {"n": N_ROWS, "nap": nap}
    return [toy_cell(m, seed, params=params) for m in models for seed in reversed(range(seeds))]


def load(ref: ModelRef) -> str:
    """Stand for a loaded model."""
    return ref.label


def conclude(folder: RunFolder) -> None:
    """Write one finding per model from the stored rows."""
    rows = folder.rows(study="toy")
    means = rows.group_by("model", use_threads=False).aggregate([("score", "mean")])
    folder.write_findings(means.to_pylist())


def _die_at(flush: int) -> list[int]:
    """Count flushes, and kill this process just before one of them."""
    count, fsync = [0], os.fsync

    def counted(handle: int) -> None:
        count[0] += 1
        if count[0] == flush:
            os.kill(os.getpid(), signal.SIGKILL)
        fsync(handle)

    os.fsync = counted
    return count


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", default="b,a")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--nap", type=float, default=0.0)
    parser.add_argument("--die-at", type=int, default=0)
    parser.add_argument("--engine", default=inline.ENGINE)
    asked = parser.parse_args(arguments)
    flushes = _die_at(asked.die_at)

    def on_event(event: Event) -> None:
        if isinstance(event, CellDone):
            print("measured", event.cell.key, flush=True)

    folder = RunFolder.create_or_open(asked.folder, {"models": asked.models})
    print("opened", flush=True)
    plan = toy_plan(asked.models.split(","), asked.seeds, asked.nap)
    if asked.engine == inline.ENGINE:
        inline.run(plan, folder, load, on_event=on_event)
    else:
        driver.run(plan, folder, load, on_event=on_event, engine=asked.engine, work=WORK)
    conclude(folder)
    print("flushes", flushes[0], flush=True)


if __name__ == "__main__":
    import toy_cells  # by its name, so that cells find the function they name in a module with a source

    toy_cells.main(sys.argv[1:])
