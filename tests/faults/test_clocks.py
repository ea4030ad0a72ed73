"""Clocks that jump or differ while cells are written: nothing is lost, swept too early, or measured twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

import toy_cells
from taskscope.engines import inline, measuring
from taskscope.engines.events import CellDone
from taskscope.runs import atomic, manifest
from taskscope.runs.store import RunFolder
from toy_cells import toy_plan

YEARS = timedelta(days=30 * 365)
PLAN = toy_plan("ba", 3)

HOLD = """
import sys
from pathlib import Path
from taskscope.runs import atomic
with atomic.scratch(Path(sys.argv[1])) as own:
    print(own.name, flush=True)
    sys.stdin.read()
"""


@contextmanager
def jumping(by: timedelta) -> Iterator[None]:
    """Let every second look at the clock be off by so much."""
    looks = [0]

    def off() -> timedelta:
        looks[0] += 1
        return by if looks[0] % 2 else timedelta()

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(UTC) + off()

    right = time.time
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: right() + off().total_seconds())
        patch.setattr(measuring, "datetime", Jumping)
        patch.setattr(manifest, "datetime", Jumping)
        yield
    assert looks[0] > 2


def run(path: Path, stop_after: int | None = None) -> list[str]:
    """Measure what is missing; returns the keys of what was stored."""
    stored: list[str] = []

    def on_event(event: object) -> None:
        if isinstance(event, CellDone):
            stored.append(event.cell.key)
            if len(stored) == stop_after:
                raise KeyboardInterrupt

    folder = RunFolder.create_or_open(path, {})
    try:
        inline.run(PLAN, folder, toy_cells.load, on_event=on_event)
    except KeyboardInterrupt:
        return stored
    toy_cells.conclude(folder)
    return stored


def kept(path: Path) -> dict[str, bytes]:
    """Everything that must not depend on clocks."""
    return {
        str(p.relative_to(path)): p.read_bytes()
        for p in path.rglob("*")
        if p.suffix in (".parquet", ".safetensors") or p.name == "findings.json"
    }


@pytest.mark.parametrize("first", [YEARS, -YEARS], ids=["ahead, then behind", "behind, then ahead"])
def test_a_run_whose_clock_jumps_ends_in_the_same_bytes(tmp_path: Path, first: timedelta) -> None:
    run(tmp_path / "steady")
    with jumping(first):
        before = run(tmp_path / "run", stop_after=2)
    with jumping(-first):
        after = run(tmp_path / "run")
    assert len(before) == 2 and sorted(before + after) == sorted(cell.key for cell in PLAN)
    assert kept(tmp_path / "run") == kept(tmp_path / "steady")
    assert RunFolder.open(tmp_path / "run").damaged == {}


@pytest.mark.parametrize("jump", [-1e9, 1e9])
def test_what_a_living_process_is_writing_is_no_leftover_whatever_the_clock(
    tmp_path: Path, jump: float
) -> None:
    """It is known to live, whatever the times of its files say."""
    RunFolder.create_or_open(tmp_path, {})
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        own = tmp_path / ".tmp" / writer.stdout.readline().strip()
        os.utime(own, (time.time() + jump, time.time() + jump))
        RunFolder.create_or_open(tmp_path, {})
        assert own.is_dir()
        writer.kill()
    RunFolder.create_or_open(tmp_path, {})
    assert not own.exists()


def test_the_clock_of_this_machine_does_not_age_what_another_one_is_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file system stamps both sides; what it calls old is swept, whatever this machine's clock says."""
    RunFolder.create_or_open(tmp_path, {})
    elsewhere = tmp_path / ".tmp" / "another-machine.1.abc"
    elsewhere.mkdir()
    now = time.time()
    for jump in (-1e9, 1e9):
        monkeypatch.setattr(time, "time", lambda jump=jump: now + jump)
        RunFolder.create_or_open(tmp_path, {})
        assert elsewhere.is_dir()
    monkeypatch.setattr(time, "time", lambda: now - 1e9)
    os.utime(elsewhere, (now - atomic.STALE_AFTER - 60,) * 2)
    RunFolder.create_or_open(tmp_path, {})
    assert not elsewhere.exists()
