"""Full disks, truncated and altered files, newer layouts: named, never believed, always resumable."""

import errno
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import toy_cells
from taskscope.engines import inline
from taskscope.errors import RunError
from taskscope.runs import atomic
from taskscope.runs.cell import Measured
from taskscope.runs.store import RunFolder
from toy_cells import N_ROWS, toy_cell, toy_plan

PLAN = toy_plan("a", 4)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A finished run."""
    folder = RunFolder.create_or_open(tmp_path / "run", {})
    _run(folder)
    return folder


def _run(folder: RunFolder) -> inline.Outcome:
    return inline.run(PLAN, folder, lambda ref: ref.label, on_event=lambda event: None)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _edit(path: Path) -> None:
    record = json.loads(path.read_text())
    record["cell"]["seed"] += 100
    path.write_text(json.dumps(record))


DAMAGES = [
    ("rows.parquet", _truncate, "bytes, not"),
    ("rows.parquet", _flip, "altered"),
    ("rows.parquet", Path.unlink, "cannot be read"),
    ("arrays.safetensors", _truncate, "bytes, not"),
    ("cell.json", _truncate, "not JSON"),
    ("cell.json", _empty, "not JSON"),
    ("cell.json", Path.unlink, "cannot be read"),
    ("cell.json", _edit, "another cell"),
    ("cell.json", lambda path: path.write_text("{}"), "not the record"),
    ("cell.json", lambda path: path.write_text("[]"), "not the record"),
]


@pytest.mark.parametrize(("name", "damage", "reason"), DAMAGES)
def test_a_damaged_cell_is_named_and_measured_again(
    folder: RunFolder, name: str, damage: Callable[[Path], None], reason: str
) -> None:
    before = folder.rows()
    key = PLAN[1].key
    damage(folder.path / "cells" / key / name)
    again = RunFolder.create_or_open(folder.path, {})
    assert again.damaged.keys() == {f"cells/{key}"}
    assert reason in again.damaged[f"cells/{key}"]
    assert not again.has(key)
    assert again.rows().num_rows == 3 * N_ROWS
    assert _run(again).measured == 1
    assert again.damaged == {}
    assert RunFolder.open(folder.path).rows().equals(before)
    assert [p.name.split(".")[0] for p in (folder.path / "damaged").iterdir()] == [key]


def test_a_damaged_record_of_a_failure_is_no_obstacle(folder: RunFolder) -> None:
    cell = toy_cell(seed=99)
    folder.write_failure(cell, ValueError("x"), "", {})
    _truncate(folder.path / "cells" / f"{cell.key}.failed.json")
    again = RunFolder.create_or_open(folder.path, {})
    assert again.damaged.keys() == {f"cells/{cell.key}.failed.json"}
    assert again.write(cell, toy_cells.measure(cell, None), {})
    assert again.damaged == {} and again.has(cell.key)


def test_rows_damaged_while_in_use_are_not_left_out_in_silence(folder: RunFolder) -> None:
    _flip(folder.path / "cells" / PLAN[0].key / "rows.parquet")
    with pytest.raises(RunError, match=f"{PLAN[0].key}.*altered"):
        folder.rows()
    shutil.rmtree(folder.path / "cells" / PLAN[1].key)
    with pytest.raises(RunError, match=f"{PLAN[1].key}.*removed"):
        folder.rows([PLAN[1].key])
    assert not folder.has(PLAN[1].key)


def test_arrays_altered_without_a_change_of_size_are_refused_when_read(folder: RunFolder) -> None:
    _flip(folder.path / "cells" / PLAN[0].key / "arrays.safetensors")
    with pytest.raises(RunError, match="altered"):
        RunFolder.open(folder.path).arrays(PLAN[0].key)


def test_a_damaged_manifest(folder: RunFolder) -> None:
    for damage in (_truncate, lambda p: p.write_text("[]"), lambda p: p.write_text('{"schema_version": 1}')):
        damage(folder.path / "run.json")
        with pytest.raises(RunError, match=r"run\.json"):
            RunFolder.open(folder.path)
        again = RunFolder.create_or_open(folder.path, {"again": True})
        assert again.damaged.keys() == {"run.json"}
        assert _run(again).skipped == len(PLAN)
        assert RunFolder.open(folder.path).spec == {"again": True}


def test_a_newer_layout_is_refused(folder: RunFolder) -> None:
    manifest = json.loads((folder.path / "run.json").read_text())
    (folder.path / "run.json").write_text(json.dumps({"schema_version": 2, "renamed": manifest}))
    before = sorted(folder.path.rglob("*"))
    for attempt in (RunFolder.open, lambda path: RunFolder.create_or_open(path, {})):
        with pytest.raises(RunError, match="newer taskscope"):
            attempt(folder.path)
    assert sorted(folder.path.rglob("*")) == before


def test_a_cell_of_a_newer_layout_is_refused(folder: RunFolder) -> None:
    path = folder.path / "cells" / PLAN[0].key / "cell.json"
    path.write_text(json.dumps({"schema_version": 2, "state": "complete"}))
    with pytest.raises(RunError, match="newer taskscope"):
        RunFolder.open(folder.path)


def _fail_at(patch: pytest.MonkeyPatch, flush: int, code: int) -> None:
    """Let the disk fail when the `flush`-th file or folder from now is flushed to it."""
    count, fsync = [0], os.fsync

    def failing(handle: int) -> None:
        count[0] += 1
        if count[0] == flush:
            raise OSError(code, os.strerror(code))
        fsync(handle)

    patch.setattr(os, "fsync", failing)


@pytest.mark.parametrize("flush", [1, 2, 3, 4], ids=["rows", "arrays", "record", "folder"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_that_fails_stops_the_run_and_spoils_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flush: int, code: int
) -> None:
    folder = RunFolder.create_or_open(tmp_path / "run", {})
    with monkeypatch.context() as patch:
        _fail_at(
            patch, 2 * 5 + flush, code
        )  # the third cell: one flush for each file, the folder, its parent
        with pytest.raises(RunError) as caught:
            _run(folder)
    assert PLAN[2].key in caught.value.given
    if code != errno.EIO:
        assert "disk is full" in caught.value.given and "bytes free" in caught.value.given
    assert not list((folder.path / ".tmp").iterdir())
    again = RunFolder.create_or_open(folder.path, {})
    assert [r.key for r in again.cells()] == [c.key for c in reversed(PLAN[:2])]
    assert again.damaged == {}
    assert (_run(again).measured, again.rows().num_rows) == (2, 4 * N_ROWS)


def test_findings_survive_a_full_disk(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write_findings([{"estimate": 1.0}])
    with monkeypatch.context() as patch:
        _fail_at(patch, 1, errno.ENOSPC)
        with pytest.raises(RunError, match="disk is full"):
            folder.write_findings([{"estimate": 2.0}])
    assert folder.findings() == [{"estimate": 1.0}]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if mount is None or os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    folder = RunFolder.create_or_open(small_disk / "run", {})
    noise = np.random.default_rng(0).integers(0, 2**60, 6000)
    written = []
    with pytest.raises(RunError, match=r"disk is full.*\d+ bytes free"):
        for seed in range(100):
            folder.write(toy_cell(seed=seed), Measured(pa.table({"noise": noise})), {})
            written.append(toy_cell(seed=seed).key)
    assert 1 <= len(written) < 100
    again = RunFolder.create_or_open(small_disk / "run", {})
    assert {r.key for r in again.cells()} == set(written)
    assert again.damaged == {}
    assert not list((again.path / ".tmp").iterdir())


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="could not be written"):
        RunFolder.create_or_open(tmp_path / "file" / "run", {})


def _dead_process() -> int:
    child = subprocess.Popen(["true"])
    child.wait()
    return child.pid


def test_leftovers_are_swept_when_their_writer_is_gone(folder: RunFolder) -> None:
    temporary = folder.path / ".tmp"
    with atomic.scratch(folder.path) as own:
        where = own.name.split(".")[0]
        dead = temporary / f"{where}.{_dead_process()}.abc"
        elsewhere = temporary / "another-machine.1.abc"
        for leftover in (dead, elsewhere):
            (leftover / "cell").mkdir(parents=True)
            (leftover / "cell" / "rows.parquet").write_bytes(b"half")
        RunFolder.create_or_open(folder.path, {})
        assert {p.name for p in temporary.iterdir()} == {own.name, elsewhere.name}
        long_ago = time.time() - atomic.STALE_AFTER - 60
        os.utime(elsewhere, (long_ago, long_ago))
        RunFolder.create_or_open(folder.path, {})
        assert {p.name for p in temporary.iterdir()} == {own.name}


@pytest.mark.parametrize("newer_in_place", [False, True])
def test_a_writer_killed_while_replacing_a_cell(folder: RunFolder, newer_in_place: bool) -> None:
    """The old measurement was moved aside; it comes back unless the new one arrived."""
    cell = PLAN[0]
    with atomic.scratch(folder.path) as own:
        where = own.name.split(".")[0]
    aside = folder.path / ".tmp" / f"{where}.{_dead_process()}.abc" / "replaced" / cell.key
    aside.parent.mkdir(parents=True)
    (folder.path / "cells" / cell.key).rename(aside)
    other = RunFolder.open(folder.path)
    assert not other.has(cell.key)
    if newer_in_place:
        other.write(cell, Measured(pa.table({"item": ["new"], "score": [2.0]})), {})
    again = RunFolder.create_or_open(folder.path, {})
    assert again.has(cell.key)
    assert again.rows([cell.key]).num_rows == (1 if newer_in_place else N_ROWS)
    assert not list((folder.path / ".tmp").iterdir())


def test_a_replacement_that_fails_leaves_the_old_cell(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = PLAN[0]
    folder.forget([cell.key])
    rename = os.rename

    def failing(source: Path, target: Path) -> None:
        if Path(source).name == "cell":
            raise OSError(errno.EIO, "Input/output error")
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", failing)
        with pytest.raises(RunError, match="could not be written"):
            folder.write(cell, Measured(pa.table({"item": ["new"], "score": [2.0]})), {})
    again = RunFolder.open(folder.path)
    assert again.rows([cell.key]).num_rows == N_ROWS
