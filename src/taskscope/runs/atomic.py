"""Files and folders that appear whole or not at all, whatever kills their writer.

Everything is first written under ``<run>/.tmp/<writer>/``, flushed to the disk, and then renamed into place:
the same file system, so the rename is atomic, and out of sight of every reader. Where a file system cannot
move a folder in one step (`file_system`), the files are copied into place with the record of the cell last: a
cell without its record counts as missing, so readers still see it whole or not at all.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from taskscope.errors import RunError
from taskscope.runs.file_system import CANNOT_MOVE, copies_when_moving
from taskscope.runs.record import RECORD
from taskscope.runs.writers import is_gone, is_here, new_writer

TEMPORARY = ".tmp"
STALE_AFTER = 24 * 3600.0
"""Seconds after which a leftover is swept when it cannot be told whether its writer lives."""

_REPLACED = "replaced"
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
_OCCUPIED = {errno.ENOTEMPTY, errno.EEXIST}


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system says about `path` into an error that says what to do.

    Raises:
        RunError: For every `OSError` inside; a full disk is named with the bytes that are free.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise RunError(
                f"The disk is full: {path} could not be written ({_free_bytes(path)} bytes free).",
                expected="room for the cell being written; everything written before it is kept",
                hint="free some space and run the same command again, it continues where it stopped",
            ) from error
        reason = error.strerror or str(error) or type(error).__name__
        raise RunError(f"{path} could not be written: {reason}.", expected="a writable folder") from error


@contextmanager
def scratch(root: Path) -> Iterator[Path]:
    """Yield an empty folder under ``root/.tmp`` named after this process, and remove it at the end."""
    folder = root / TEMPORARY / new_writer()
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def flush_write(path: Path, data: bytes) -> None:
    """Write `data` and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_file(root: Path, path: Path, data: bytes) -> None:
    """Write one file of the run at `root`, replacing what stood there in one step.

    Raises:
        RunError: If it cannot be written; what stood there is untouched.
    """
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch(root) as folder:
            staged = folder / path.name
            flush_write(staged, data)
            _replace(staged, path)
        _flush_folder(path.parent)


def publish(staged: Path, target: Path) -> bool:
    """Move a finished folder into place; False, and nothing moved, if another one stands there already."""
    _flush_folder(staged)
    try:
        _rename(staged, target)
    except OSError as error:
        if error.errno in _OCCUPIED:
            return False
        if error.errno not in CANNOT_MOVE:
            raise
        if not _copy_in(staged, target):
            return False
    _flush_folder(target.parent)
    return True


def republish(staged: Path, target: Path, workspace: Path) -> bool:
    """Like `publish`, but first move aside the folder that stands at `target`.

    If the writer is killed between the two moves, `sweep` puts the old folder back.
    """
    aside = workspace / _REPLACED / target.name
    aside.parent.mkdir()
    with suppress(FileNotFoundError):
        move(target, aside)
    try:
        return publish(staged, target)
    finally:
        if aside.exists() and not target.exists():
            publish(aside, target)


def move(source: Path, target: Path) -> None:
    """Move a folder to where nothing stands; one that is copied loses its record before anything else."""
    try:
        _rename(source, target)
    except OSError as error:
        if error.errno not in CANNOT_MOVE:
            raise
        shutil.copytree(source, target)
        (source / RECORD).unlink(missing_ok=True)  # from here on, the copy is the whole one
        shutil.rmtree(source)


def sweep(root: Path, home: Path, claimed: Collection[str]) -> None:
    """Remove what killed writers left under ``root/.tmp``; folders they had moved aside go back to `home`.

    A leftover is swept when its writer is known to be dead (same machine, no such process), or, where that
    cannot be told, after `STALE_AFTER` seconds by the clock of the file system: that of this machine may have
    jumped, or differ from the writer's. Where a folder at `home` has lost its record, or did not get it yet,
    the one that was moved aside takes its place.

    Args:
        root: The run folder.
        home: Where its cells stand.
        claimed: Names of cells that a process may be copying into place now: theirs is left alone.
    """
    temporary = root / TEMPORARY
    for leftover in sorted(temporary.iterdir()) if temporary.is_dir() else []:
        if not _is_stale(leftover, root):
            continue
        aside = leftover / _REPLACED
        with suppress(OSError):  # another process may be sweeping too
            folders = sorted(aside.iterdir()) if aside.is_dir() else []
            if all(_put_back(folder, home / folder.name, folder.name in claimed) for folder in folders):
                shutil.rmtree(leftover)


def _put_back(aside: Path, target: Path, is_claimed: bool) -> bool:
    """Put a folder back that a killed writer had moved aside; False if it may be needed later."""
    if publish(aside, target) or (target / RECORD).exists() or not (aside / RECORD).exists():
        return True
    if is_claimed:
        return False
    shutil.rmtree(target)
    return publish(aside, target)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _rename(source: Path, target: Path) -> None:
    if copies_when_moving(target.parent):  # it would succeed, but not in one step
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
    os.rename(source, target)


def _replace(staged: Path, path: Path) -> None:
    """Put a file in place of another in one step, within the folder where it cannot be moved between two."""
    try:
        os.replace(staged, path)
    except OSError as error:
        if error.errno not in CANNOT_MOVE:
            raise
        beside = path.with_name(f".{staged.parent.name}")
        try:
            flush_write(beside, staged.read_bytes())
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)


def _copy_in(staged: Path, target: Path) -> bool:
    """Copy a folder's files into a new one, the record of the cell last; False if one stands there."""
    try:
        target.mkdir()
    except FileExistsError:
        return False
    try:
        for path in sorted(staged.iterdir(), key=lambda path: (path.name == RECORD, path.name)):
            flush_write(target / path.name, path.read_bytes())
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    _flush_folder(target)
    return True


def _is_stale(leftover: Path, root: Path) -> bool:
    if is_here(leftover.name):
        return is_gone(leftover.name)
    try:
        with scratch(root) as new:
            return new.stat().st_mtime - leftover.stat().st_mtime > STALE_AFTER
    except FileNotFoundError:
        return False


def _free_bytes(path: Path) -> int:
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    return shutil.disk_usage(existing).free
