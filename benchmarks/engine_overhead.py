"""What an engine adds to each cell: 1,000 cells of one millisecond, inline and on a local Ray cluster.

    python benchmarks/engine_overhead.py [--cells 1000] [--write docs/benchmarks.md]

The cells sleep for a millisecond and return seven rows, so nearly all that is measured is looking up,
claiming, writing and flushing. Wall time; of Ray from the first cell that begins, and the time until then.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from sections import replace_section
from taskscope.engines import inline
from taskscope.engines.events import CellStarted, Event
from taskscope.engines.outcome import Outcome
from taskscope.engines.queues import Needs, Work
from taskscope.engines.ray import driver
from taskscope.runs.cell import Cell, Cost, Measured, ModelRef, TaskRef
from taskscope.runs.store import RunFolder

NAP = 0.001
N_MODELS = 4
WORK = Work(weigh=lambda cell: 1.0, needs_of=lambda model: Needs())


def measure(cell: Cell, model: object) -> Measured:
    """Take a millisecond."""
    time.sleep(NAP)
    return Measured(pa.table({"score": cell.rng().random(7)}), {"scores": np.zeros(7, np.float32)})


def plan(n: int) -> list[Cell]:
    """List cells of a few models."""
    models = [
        ModelRef(id=f"{i}@1", label=str(i), dtype="float32", attention="eager") for i in range(N_MODELS)
    ]
    return [
        Cell(
            study="overhead",
            study_version=1,
            params={},
            model=models[seed % N_MODELS],
            tasks=(TaskRef(name="nap", fingerprint="1"),),
            seed=seed,
            measure="engine_overhead:measure",
            cost=Cost(tokens=1, token_layers=1),
        )
        for seed in range(n)
    ]


def _label(ref: ModelRef) -> str:
    return ref.label


ENGINES: dict[str, Callable[..., Outcome]] = {
    "inline": inline.run,
    "ray, a local cluster": partial(driver.run, engine="ray", work=WORK),
}


def timed(run: Callable[..., Outcome], cells: list[Cell]) -> tuple[float, float]:
    """Run cells into a fresh folder; return seconds until the first begins and from then to the end."""
    begun: list[float] = []

    def on_event(event: Event) -> None:
        if isinstance(event, CellStarted) and not begun:
            begun.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as place:
        folder = RunFolder.create_or_open(Path(place) / "run", {})
        start = time.perf_counter()
        outcome = run(cells, folder, _label, on_event=on_event)
        end = time.perf_counter()
    assert (outcome.measured, outcome.failures) == (len(cells), ())
    return begun[0] - start, end - begun[0]


def table(n: int) -> str:
    """Make the Markdown section."""
    from timing import processor  # imports torch, which workers need not

    cells = plan(n)
    rows = []
    for name, run in ENGINES.items():
        before, during = timed(run, cells)
        rows.append(f"| {name} | {before:.1f} | {during:.1f} | {during / n * 1000:.1f} |")
    return "\n".join(
        [
            "## Engine overhead",
            "",
            f"{n:,} cells that sleep for a millisecond, of {N_MODELS} models that take no loading. Each is",
            "stored as files flushed to the disk. `benchmarks/engine_overhead.py`, wall time, one run.",
            "",
            f"{processor()}.",
            "",
            "| engine | seconds to the first cell | seconds from there | milliseconds a cell |",
            "|---|---:|---:|---:|",
            *rows,
            "",
        ]
    )


def main() -> None:
    """Print the section, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--write", type=Path, help="Markdown file whose section on this is replaced")
    asked = parser.parse_args()
    section = table(asked.cells)
    print(section)
    if asked.write:
        replace_section(asked.write, section)


if __name__ == "__main__":
    import engine_overhead  # by its name, so that workers find the function that cells name

    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    engine_overhead.main()
