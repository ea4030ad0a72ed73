"""Memory: a run does not grow with the cells that are done."""

import subprocess
import sys
from pathlib import Path

import pytest
import score_folders

import toy_cells
from taskscope.runs.store import RunFolder

CELLS = 60
SIZE = 2**20
"""Bytes of the array that each cell keeps."""

RUN = f"""
import resource, sys
from taskscope.engines import inline
from taskscope.engines.events import CellDone
from taskscope.runs.store import RunFolder
from toy_cells import load, toy_cell

peaks = []

def on_event(event):
    if isinstance(event, CellDone):
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)

cells = [toy_cell(seed=s, measure="test_memory:measure_much") for s in range({CELLS})]
inline.run(cells, RunFolder.create_or_open(sys.argv[1], {{}}), load, on_event=on_event)
print(peaks[9], peaks[-1])
"""


def measure_much(cell, model):
    """Keep a large array."""
    import numpy as np

    measured = toy_cells.measure(cell, model)
    return type(measured)(measured.rows, {"large": np.zeros(SIZE, np.int8)}, measured.notes)


@pytest.mark.slow
def test_the_peak_after_many_cells_is_that_after_few(tmp_path: Path) -> None:
    paths = [str(Path(__file__).parent), str(Path(toy_cells.__file__).parent), *filter(None, sys.path)]
    told = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}\n{RUN}", str(tmp_path / "run")],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    few, many = map(int, told.stdout.split())
    assert many - few < CELLS * SIZE / 3, f"{(many - few) / 2**20:.0f} MiB more for {CELLS - 10} cells"


@pytest.mark.slow
def test_a_study_over_10000_items_does_not_grow_with_the_cells_that_are_done(tmp_path: Path) -> None:
    """A real one, from score files: what each cell holds is megabytes, what stays of it is its record."""
    words = score_folders.command(tmp_path / "scores", tmp_path / "run", n_folders=12, n_items=10_000)
    run = [sys.executable, "-m", "taskscope.cli.main", *words]
    done = subprocess.run(run, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    folder = RunFolder.open(tmp_path / "run")
    stored = [folder.path / "cells" / record.key / "cell.json" for record in folder.cells()]
    order = {path.parent.name: path.stat().st_mtime_ns for path in stored}
    records = sorted(folder.cells(), key=lambda record: order[record.key])
    peaks = [record.provenance["peak_bytes"]["process"] / 2**20 for record in records]
    a_cell = folder.rows([records[0].key]).nbytes / 2**20
    assert len(peaks) == 12 and folder.rows([records[0].key]).num_rows >= 40_000
    assert peaks[-1] - peaks[5] < 6 * a_cell / 3, f"{peaks}, where the rows of a cell are {a_cell:.1f} MiB"
