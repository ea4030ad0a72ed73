"""File systems that cannot move a folder in one step: found out, and served without losing a cell."""

import errno
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from taskscope.engines import inline
from taskscope.runs import atomic, file_system
from taskscope.runs.cell import Measured
from taskscope.runs.file_system import copies_when_moving, moves_in_one_step
from taskscope.runs.store import RunFolder
from toy_cells import N_ROWS, load, toy_plan

PLAN = toy_plan("a", 4)


@pytest.fixture
def no_moves(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every move between two folders fail as it does across a mount."""
    rename, replace = os.rename, os.replace

    def within(move):
        def moved(source, target) -> None:
            if Path(source).parent != Path(target).parent:
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            move(source, target)

        return moved

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", within(rename))
        patch.setattr(os, "replace", within(replace))
        yield


def _run(folder: RunFolder) -> inline.Outcome:
    return inline.run(PLAN, folder, load, on_event=lambda event: None)


def _files(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.suffix == ".parquet"}


def test_a_usual_file_system_moves_in_one_step(tmp_path: Path) -> None:
    assert moves_in_one_step(tmp_path)
    assert RunFolder.create_or_open(tmp_path / "run", {}).moves_in_one_step


def test_without_moves_a_run_ends_in_the_same_bytes(tmp_path: Path, no_moves: None) -> None:
    folder = RunFolder.create_or_open(tmp_path / "run", {})
    assert not folder.moves_in_one_step
    assert _run(folder).measured == 4
    folder.write_findings([{"estimate": 1.0}])
    folder.write_findings([{"estimate": 2.0}])
    assert folder.findings() == [{"estimate": 2.0}]
    again = RunFolder.create_or_open(folder.path, {"more": True})
    assert (again.damaged, _run(again).skipped, again.spec) == ({}, 4, {"more": True})
    again.forget([PLAN[0].key])
    assert _run(again).measured == 1
    assert RunFolder.open(folder.path).rows().num_rows == 4 * N_ROWS
    assert not list((folder.path / ".tmp").iterdir())
    assert {p.name for p in folder.path.iterdir() if p.is_file()} == {"run.json", "findings.json"}


def test_without_moves_the_rows_are_those_of_moved_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    moved = RunFolder.create_or_open(tmp_path / "moved", {})
    _run(moved)
    request.getfixturevalue("no_moves")
    copied = RunFolder.create_or_open(tmp_path / "copied", {})
    _run(copied)
    assert _files(moved.path) == _files(copied.path) and len(_files(moved.path)) == 4


@pytest.mark.parametrize("kept", [[], ["rows.parquet"], ["rows.parquet", "arrays.safetensors"]])
def test_a_copy_that_was_cut_short_is_measured_again(tmp_path: Path, no_moves: None, kept: list[str]) -> None:
    """What a kill leaves: some files of a cell, and not its record, which comes last."""
    folder = RunFolder.create_or_open(tmp_path / "run", {})
    _run(folder)
    cell = folder.path / "cells" / PLAN[2].key
    for path in cell.iterdir():
        if path.name not in kept:
            path.unlink()
    again = RunFolder.create_or_open(folder.path, {})
    assert again.damaged.keys() == {f"cells/{PLAN[2].key}"}
    assert (_run(again).measured, again.damaged) == (1, {})
    assert RunFolder.open(folder.path).rows().num_rows == 4 * N_ROWS


def test_the_record_of_a_copied_cell_is_flushed_last(
    tmp_path: Path, no_moves: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder.create_or_open(tmp_path / "run", {})
    seen: list[set[str]] = []
    fsync = os.fsync

    def watch(handle: int) -> None:
        fsync(handle)
        target = folder.path / "cells" / PLAN[0].key
        seen.append({p.name for p in target.iterdir()} if target.is_dir() else set())

    monkeypatch.setattr(os, "fsync", watch)
    inline.run(PLAN[:1], folder, load, on_event=lambda event: None)
    with_record = [names for names in seen if "cell.json" in names]
    assert with_record and all(len(names) == 3 for names in with_record)
    assert {"arrays.safetensors"} in seen


def _die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_setting_aside(patch: pytest.MonkeyPatch) -> None:
    def begun(source: Path, target: Path) -> None:
        target.mkdir()
        shutil.copy2(source / "cell.json", target)
        _die()

    patch.setattr(shutil, "copytree", begun)


def _die_removing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(shutil, "rmtree", _die)


def _die_copying_in(patch: pytest.MonkeyPatch) -> None:
    write = atomic.flush_write

    def written(path: Path, data: bytes) -> None:
        write(path, data)
        if path.parent.parent.name == "cells":
            _die()

    patch.setattr(atomic, "flush_write", written)


@pytest.mark.parametrize("moment", [_die_setting_aside, _die_removing, _die_copying_in])
@pytest.mark.parametrize("is_claimed", [False, True])
def test_without_moves_a_writer_killed_while_replacing_a_cell_leaves_the_old_one(
    tmp_path: Path,
    no_moves: None,
    monkeypatch: pytest.MonkeyPatch,
    moment: Callable[[pytest.MonkeyPatch], None],
    is_claimed: bool,
) -> None:
    """It is put back, but not while another process, which has the claim, may be copying in its own."""
    folder = RunFolder.create_or_open(tmp_path / "run", {})
    _run(folder)
    key = PLAN[0].key
    child = os.fork()
    if not child:
        moment(monkeypatch)
        folder.forget([key])
        folder.write(PLAN[0], Measured(pa.table({"item": ["new"], "score": [2.0]})), {})
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    if is_claimed:
        (folder.path / "claims").mkdir()
        (folder.path / "claims" / f"{key}.0").write_text("another-machine.1.abc")
        kept = RunFolder.create_or_open(folder.path, {})
        assert kept.has(key) is (moment is _die_setting_aside)
        shutil.rmtree(folder.path / "claims")
    again = RunFolder.create_or_open(folder.path, {})
    assert again.has(key) and again.damaged == {}
    assert again.rows([key]).num_rows == N_ROWS
    assert not list((folder.path / ".tmp").iterdir())


MOUNTS = """\
25 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 25 0:44 / /data rw,nosuid - fuse.s3fs s3fs rw,user_id=0
31 25 0:45 / /data/local\\040disk rw - ext4 /dev/vdb rw
32 25 0:46 / /mnt/bucket rw - fuse gcsfuse rw
33 25 0:47 / /mnt/für\\040alle rw - fuse.rclone für\\040alle: rw
"""


@pytest.mark.parametrize(
    ("folder", "copies"),
    [
        ("/home", False),
        ("/data/run", True),
        ("/data/local disk/run", False),
        ("/mnt/bucket/x", True),
        ("/mnt/für alle", True),
    ],
)
def test_gateways_to_object_stores_are_known_by_their_mounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, copies: bool
) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    monkeypatch.setattr(file_system, "_MOUNTS", tmp_path / "mountinfo")
    copies_when_moving.cache_clear()
    try:
        assert copies_when_moving(Path(folder)) is copies
    finally:
        copies_when_moving.cache_clear()


def test_below_another_root_no_mount_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS.splitlines()[1])
    monkeypatch.setattr(file_system, "_MOUNTS", tmp_path / "mountinfo")
    copies_when_moving.cache_clear()
    try:
        assert copies_when_moving(tmp_path) is False
    finally:
        copies_when_moving.cache_clear()
