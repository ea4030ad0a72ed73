"""The engine on a real cluster of two nodes: the same rows as inline, whatever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from two_nodes import WITH_GPUS

import toy_cells
from taskscope.engines import inline
from taskscope.engines.events import CellDone, CellFailed, CellStarted, Event, ModelLoading
from taskscope.engines.outcome import Outcome
from taskscope.engines.queues import Needs, Work
from taskscope.engines.ray import driver
from taskscope.errors import RunError
from taskscope.runs.cell import Cell, Measured
from taskscope.runs.store import RunFolder
from toy_cells import toy_cell, toy_plan

pytest.importorskip("ray", reason="the extra `ray` is not installed")
pytestmark = [
    pytest.mark.slow,
    # Ray leaves sockets and files of its own to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning:ray.*"),
]


def measure_or_die(cell: Cell, model: Any) -> Measured:
    """Note the attempt; kill the worker as often as the cell asks for."""
    notes = Path(cell.params["notes"])
    notes.mkdir(exist_ok=True)
    (notes / f"{cell.key}.{time.time_ns()}").touch()
    if len(attempts(notes, cell)) <= cell.params["deaths"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return toy_cells.measure(cell, model)


def measure_on_gpus(cell: Cell, model: Any) -> Measured:
    """Stay until as many models as the cell asks for are here at once; return the GPUs shown here."""
    here = Path(cell.params["here"])
    (here / str(model)).touch()
    deadline = time.monotonic() + 120
    while len(list(here.iterdir())) < cell.params["at_once"]:
        assert time.monotonic() < deadline, "the others never came"
        time.sleep(0.05)
    return Measured(pa.table({"gpus": [os.environ["CUDA_VISIBLE_DEVICES"]]}))


def attempts(notes: Path, cell: Cell) -> list[Path]:
    return list(notes.glob(f"{cell.key}.*"))


def deadly(notes: Path, seed: int, deaths: int) -> Cell:
    params = {"notes": str(notes), "deaths": deaths}
    return toy_cell(seed=seed, params=params, measure="test_ray_engine:measure_or_die")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create_or_open(tmp_path / "run", {"models": "ba"})


def on_cluster(
    folder: RunFolder, plan: list[Cell], react: Callable[[Event], None] = lambda event: None
) -> tuple[Outcome, list[Event]]:
    events: list[Event] = []

    def on_event(event: Event) -> None:
        events.append(event)
        react(event)

    outcome = driver.run(plan, folder, toy_cells.load, on_event=on_event, engine="ray", work=toy_cells.WORK)
    return outcome, events


def same_as_inline(folder: RunFolder, plan: list[Cell], tmp_path: Path) -> bool:
    """Whether the run holds the rows and arrays that one process measures."""
    alone = RunFolder.create_or_open(tmp_path / "alone", {})
    inline.run(plan, alone, toy_cells.load, on_event=lambda event: None)
    fresh = RunFolder.open(folder.path)
    return fresh.rows().equals(alone.rows()) and all(
        (fresh.path / "cells" / cell.key / name).read_bytes()
        == (alone.path / "cells" / cell.key / name).read_bytes()
        for cell in plan
        for name in ("rows.parquet", "arrays.safetensors")
    )


def progress(events: list[Event]) -> Counter[tuple[str, str]]:
    """What a bar of progress is drawn from."""
    return Counter((type(e).__name__, e.cell.key) for e in events if isinstance(e, CellStarted | CellDone))


def test_a_grid_has_the_rows_of_one_process(nodes: Any, folder: RunFolder, tmp_path: Path) -> None:
    terminate = signal.getsignal(signal.SIGTERM)
    plan = toy_plan("ba", 6, nap=0.3)  # long enough that the worker that starts later finds some left
    outcome, events = on_cluster(folder, plan)
    assert (outcome.measured, outcome.skipped, outcome.failures) == (12, 0, ())
    assert same_as_inline(folder, plan, tmp_path)
    told: list[Event] = []
    inline.run(plan, RunFolder.create_or_open(tmp_path / "told", {}), toy_cells.load, on_event=told.append)
    assert progress(events) == progress(told) and len(progress(told)) == 24  # begun and done
    loads = [e.model.label for e in events if isinstance(e, ModelLoading)]
    assert {"a", "b"} == set(loads) and len(loads) <= 3  # one more when a free worker helps the other
    records = folder.cells()
    assert {r.provenance["engine"] for r in records} == {"ray"}
    assert len({r.provenance["worker"] for r in records}) == 2
    assert not (folder.path / "claims").exists() and not list((folder.path / ".tmp").iterdir())
    assert signal.getsignal(signal.SIGTERM) is terminate
    again, events = on_cluster(folder, plan)
    assert (again.measured, again.skipped) == (0, 12)
    assert not any(isinstance(e, CellStarted) for e in events)


def test_workers_that_die_in_a_cell(
    nodes: Any, folder: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One cell kills its first worker; another kills every one, and is set aside after the third."""
    monkeypatch.setattr(driver, "PAUSE", 2.0)  # longer than starting a worker takes by chance more or less
    notes = tmp_path / "notes"
    once, always = deadly(notes, 0, deaths=1), deadly(notes, 1, deaths=100)
    harmless = [deadly(notes, seed, deaths=0) for seed in range(2, 6)]
    outcome, _ = on_cluster(folder, [once, always, *harmless])
    assert outcome.measured == 5
    assert [failure.cell.key for failure in outcome.failures] == [always.key]
    assert [len(attempts(notes, cell)) for cell in (once, always, *harmless)] == [2, driver.TRIES, 1, 1, 1, 1]
    first, second, third = sorted(int(path.suffix[1:]) / 1e9 for path in attempts(notes, always))
    assert second - first >= driver.PAUSE and third - second >= 2 * driver.PAUSE
    survivors = [once, *harmless]
    alone = RunFolder.create_or_open(tmp_path / "alone", {})
    inline.run(survivors, alone, toy_cells.load, on_event=lambda event: None)
    keys = [cell.key for cell in survivors]
    assert RunFolder.open(folder.path).rows(keys).equals(alone.rows(keys))
    record = folder.failure(always.key)
    assert record is not None and record.error is not None
    assert record.error.type == "WorkerLostError" and "3 workers died" in record.error.message
    assert not (folder.path / "claims").exists()


def test_a_node_that_dies(nodes: Any, folder: RunFolder, tmp_path: Path) -> None:
    plan = toy_plan("ba", 5, nap=0.2)
    lost: list[Any] = []

    def kill_the_second(event: Event) -> None:
        started = len([c for c in plan if folder.has(c.key)])
        if isinstance(event, CellStarted) and started >= 2 and not lost:
            lost.append(nodes.list_all_nodes()[-1])
            nodes.remove_node(lost[0], allow_graceful=False)

    try:
        outcome, _ = on_cluster(folder, plan, kill_the_second)
    finally:
        if lost:
            nodes.add_node(**WITH_GPUS)
    assert lost and (outcome.measured + outcome.skipped, outcome.failures) == (10, ())
    assert same_as_inline(folder, plan, tmp_path)


def test_a_driver_that_is_killed_and_started_again(nodes: Any, tmp_path: Path) -> None:
    path = tmp_path / "run"
    command = [sys.executable, "-P", toy_cells.__file__, str(path), "--nap", "0.3", "--engine", "ray"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None and child.stderr is not None
        assert child.stdout.readline() == "opened\n", child.stderr.read()
        # Ray tells there, too, of nodes that other tests killed.
        assert any(line.startswith("measured") for line in child.stdout), child.stderr.read()
        child.kill()
    plan = toy_plan("ba", 4, nap=0.3)
    folder = RunFolder.create_or_open(path, {"models": "b,a"})
    held = {cell.key for cell in plan if folder.has(cell.key)}
    assert 0 < len(held) < len(plan)
    outcome, events = on_cluster(folder, plan)
    assert outcome.failures == ()
    assert not held & {e.cell.key for e in events if isinstance(e, CellStarted)}
    assert same_as_inline(folder, plan, tmp_path)
    assert not (folder.path / "claims").exists()


def test_a_cluster_and_one_process_share_a_run(nodes: Any, tmp_path: Path) -> None:
    """Two drivers on one folder, one with each engine: nothing is lost, nothing measured twice."""
    path, plan = tmp_path / "run", toy_plan("ba", 24, nap=0.4)
    command = [sys.executable, "-P", toy_cells.__file__, str(path), "--seeds", "24", "--nap", "0.4"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None and child.stderr is not None
        assert child.stdout.readline() == "opened\n", child.stderr.read()
        folder = RunFolder.create_or_open(path, {"models": "b,a"})
        outcome, events = on_cluster(folder, plan)
        there = {line.split()[1] for line in child.stdout if line.startswith("measured")}
    assert child.returncode == 0
    here = {e.cell.key for e in events if isinstance(e, CellDone)}
    assert here and there and not here & there
    assert here | there == {cell.key for cell in plan} and outcome.failures == ()
    assert not here - {e.cell.key for e in events if isinstance(e, CellStarted)}
    assert same_as_inline(folder, plan, tmp_path)
    assert not (path / "claims").exists()


def test_small_models_share_a_gpu_and_a_large_one_has_several(
    nodes: Any, folder: RunFolder, tmp_path: Path
) -> None:
    """Four models of half a GPU each are on one machine's two GPUs at once; then one takes both."""
    here = tmp_path / "here"
    here.mkdir()
    params = {"here": str(here), "at_once": 4}
    plan = [toy_cell(m, params=params, measure="test_ray_engine:measure_on_gpus") for m in "abcde"]
    work = Work(
        weigh=lambda cell: 1.0,
        needs_of=lambda model: Needs(0.25, 2 if model is not None and model.label == "e" else 0.5),
    )
    outcome = driver.run(plan, folder, toy_cells.load, on_event=lambda event: None, engine="ray", work=work)
    assert (outcome.measured, outcome.failures) == (len(plan), ())
    shown = {row["model"]: row["gpus"] for row in folder.rows().select(["model", "gpus"]).to_pylist()}
    assert sorted(shown[model] for model in "abcd") == ["0", "0", "1", "1"]
    assert shown["e"] == "0,1"
    too_large = Work(work.weigh, lambda model: Needs(gpus=3))
    with pytest.raises(RunError, match="3 GPUs"):
        driver.run([toy_cell("f")], folder, toy_cells.load, on_event=print, engine="ray", work=too_large)


def test_an_interruption_leaves_the_folder_whole_and_the_cluster_running(
    nodes: Any, folder: RunFolder, tmp_path: Path
) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, CellStarted):
            raise KeyboardInterrupt

    plan = toy_plan("ba", 2, nap=0.2)
    with pytest.raises(KeyboardInterrupt):
        on_cluster(folder, plan, stop)
    assert not (folder.path / "claims").exists()
    outcome, _ = on_cluster(folder, plan)
    assert outcome.measured + outcome.skipped == 4
    assert same_as_inline(folder, plan, tmp_path)


def test_failures_are_those_of_one_process(nodes: Any, folder: RunFolder, tmp_path: Path) -> None:
    plan = [toy_cell(seed=0), toy_cell(seed=1, measure="toy_cells:nowhere")]
    alone = RunFolder.create_or_open(tmp_path / "alone", {})
    failures = inline.run(plan, alone, toy_cells.load, on_event=lambda event: None).failures
    outcome, events = on_cluster(folder, plan)
    assert outcome.failures == failures == tuple(e for e in events if isinstance(e, CellFailed))


def test_a_disk_that_is_full_stops_the_run(nodes: Any, folder: RunFolder) -> None:
    (folder.path / "cells").rmdir()
    (folder.path / "cells").write_text("in the way")
    with pytest.raises(RunError, match="could not be written"):
        on_cluster(folder, toy_plan("a", 2))
