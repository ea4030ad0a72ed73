"""A run killed at any moment continues where it stopped, and ends in the same bytes."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
import score_folders
import soak

import toy_cells
from taskscope.engines import inline
from taskscope.engines.events import CellStarted, Event
from taskscope.runs.store import RunFolder
from toy_cells import toy_plan

MODELS, SEEDS = "ba", 4
PLAN = toy_plan(MODELS, SEEDS)
N_KILLS = 8
pytestmark = pytest.mark.slow


def _child(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", toy_cells.__file__, str(folder), "--models", ",".join(MODELS), *options]
    path = os.pathsep.join([str(Path(toy_cells.__file__).parent), *filter(None, sys.path)])
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        # A shell that starts the tests in the background makes its children ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def _finish(child: subprocess.Popen[str]) -> list[str]:
    told, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    return told.splitlines()


def _resume(folder: Path, plan: Sequence = PLAN) -> list[str]:
    """Run the rest in this process; returns the keys that had to be measured."""
    started: list[str] = []

    def on_event(event: Event) -> None:
        if isinstance(event, CellStarted):
            started.append(event.cell.key)

    run = RunFolder.create_or_open(folder, {"models": ",".join(MODELS)})
    inline.run(plan, run, lambda ref: ref.label, on_event=on_event)
    toy_cells.conclude(run)
    return started


def _bytes(folder: Path) -> dict[str, bytes]:
    """Everything that must not depend on interruptions: rows, arrays, findings, and the joined table."""
    kept = {
        str(p.relative_to(folder)): p.read_bytes()
        for p in folder.rglob("*")
        if p.suffix in (".parquet", ".safetensors") or p.name == "findings.json"
    }
    sink = pa.BufferOutputStream()
    rows = RunFolder.open(folder).rows()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return {**kept, "rows": sink.getvalue().to_pybytes()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A run that nothing interrupted, and how many files and folders it flushed to the disk."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    told = _finish(_child(folder))
    return folder, int(told[-1].split()[1])


def _moments() -> list[float]:
    """Moments of a run as fractions of its flushes, from its first to its last."""
    draw = random.Random(20240917)
    return [(i + draw.random()) / N_KILLS for i in range(N_KILLS)]


@pytest.mark.parametrize("moment", _moments(), ids="{:.2f}".format)
def test_killed_while_writing(whole: tuple[Path, int], tmp_path: Path, moment: float) -> None:
    reference, flushes = whole
    child = _child(tmp_path / "run", "--die-at", str(1 + int(moment * flushes)))
    told = child.communicate(timeout=120)[0].splitlines()
    assert child.returncode == -signal.SIGKILL
    held = {line.split()[1] for line in told if line.startswith("measured")}
    started = _resume(tmp_path / "run")
    assert held <= {c.key for c in PLAN}
    assert not held & set(started), "a stored cell was measured again"
    assert len(PLAN) - len(held) - 1 <= len(started) == len(set(started))
    assert _bytes(tmp_path / "run") == _bytes(reference)
    assert not list((tmp_path / "run" / ".tmp").iterdir()), "a leftover of the killed writer was not swept"


def test_killed_from_outside_again_and_again(whole: tuple[Path, int], tmp_path: Path) -> None:
    draw = random.Random(7)
    folder, measured = tmp_path / "run", []
    for _ in range(2):
        child = _child(folder, "--nap", "0.02")
        assert child.stdout is not None
        assert child.stdout.readline() == "opened\n"
        time.sleep(draw.uniform(0.0, 0.15))
        os.kill(child.pid, signal.SIGKILL)
        measured += [
            line.split()[1] for line in child.communicate(timeout=120)[0].splitlines() if "measured" in line
        ]
        assert child.returncode == -signal.SIGKILL
    measured += _resume(folder, toy_plan(MODELS, SEEDS, nap=0.02))
    assert len(set(measured)) == len(measured) <= len(PLAN)
    assert {r.key for r in RunFolder.open(folder).cells()} == {
        c.key for c in toy_plan(MODELS, SEEDS, nap=0.02)
    }
    assert RunFolder.open(folder).rows().num_rows == RunFolder.open(whole[0]).rows().num_rows


def test_killed_190_times_alone_and_beside_another() -> None:
    """A short soak; `make soak` does a thousand."""
    command = [sys.executable, soak.__file__, "--kills", "190", "--seed", "7"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert told.returncode == 0, told.stdout + told.stderr
    killed = [int(line.split("|")[3]) for line in told.stdout.splitlines() if line.startswith("| a")]
    assert len(killed) == 2 and min(killed) > 40  # most died before they had ended by themselves


@pytest.mark.slow
def test_a_real_study_without_a_model_killed_forty_times(tmp_path: Path) -> None:
    """Trends of score files, by the command line: killed as it starts, measures, judges or writes."""
    whole, out = tmp_path / "whole", tmp_path / "run"
    words = score_folders.command(tmp_path / "scores", whole, n_folders=16, n_items=2000)
    forked = [sys.executable, str(Path(__file__).with_name("forked_runs.py"))]
    for kills, path in (("0", whole), ("40", out)):
        words[words.index("-o") + 1] = str(path)
        told = subprocess.run([*forked, kills, "5", *words], capture_output=True, text=True, timeout=900)
        assert told.returncode == 0, told.stdout + told.stderr
    held = [int(line.split()[2]) for line in told.stdout.splitlines() if line.startswith("killed with")]
    assert 30 <= len(held) <= 40 and held == sorted(held)
    assert len({n for n in held if 0 < n < 16}) >= 3  # it died with ever more cells, and after the last
    assert {p.name for p in (out / "cells").iterdir()} == {p.name for p in (whole / "cells").iterdir()}
    assert _bytes(out) == _bytes(whole)
    assert not (out / "damaged").exists() and not (out / "claims").exists()
    assert not list((out / ".tmp").iterdir())


def test_interrupted_from_the_keyboard(tmp_path: Path) -> None:
    child = _child(tmp_path / "run", "--nap", "0.05")
    assert child.stdout is not None
    assert child.stdout.readline() == "opened\n"
    first = child.stdout.readline().split()[1]
    child.send_signal(signal.SIGINT)
    rest = child.communicate(timeout=120)[0].splitlines()
    assert child.returncode == -signal.SIGINT
    held = {first, *(line.split()[1] for line in rest)}
    assert not list((tmp_path / "run" / ".tmp").iterdir())
    assert {r.key for r in RunFolder.open(tmp_path / "run").cells()} >= held
    plan = toy_plan(MODELS, SEEDS, nap=0.05)
    assert len(held) < len(plan)
    assert not held & set(_resume(tmp_path / "run", plan))
    assert {r.key for r in RunFolder.open(tmp_path / "run").cells()} == {c.key for c in plan}


def test_two_processes_with_the_same_plan(whole: tuple[Path, int], tmp_path: Path) -> None:
    children = [_child(tmp_path / "run", "--nap", "0.0") for _ in range(2)]
    measured = [{line for line in _finish(child) if line.startswith("measured")} for child in children]
    assert len(measured[0] | measured[1]) == len(PLAN)
    assert _bytes(tmp_path / "run") == _bytes(whole[0])


def test_two_processes_with_different_plans(whole: tuple[Path, int], tmp_path: Path) -> None:
    for child in [_child(tmp_path / "run", "--models", model) for model in MODELS]:
        _finish(child)
    folder = RunFolder.open(tmp_path / "run")
    assert {r.key for r in folder.cells()} == {c.key for c in PLAN}
    assert sorted(m["spec"]["models"] for m in folder.history()) == sorted(MODELS)
    assert _resume(folder.path) == []
    assert _bytes(folder.path) == _bytes(whole[0])
