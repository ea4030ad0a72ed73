"""Memory: a run does not grow with the cells that are done."""

import subprocess
import sys
from pathlib import Path

import pytest

import toy_cells

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
