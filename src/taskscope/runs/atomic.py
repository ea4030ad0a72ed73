"""Files and folders that appear whole or not at all, whatever kills their writer.

Everything is first written under ``<run>/.tmp/<writer>/``, flushed to the disk, and then renamed into place:
the same file system, so the rename is atomic, and out of sight of every reader.
"""

from __future__ import annotations

import errno
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from taskscope.errors import RunError

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
    folder = root / TEMPORARY / f"{_where()}.{os.getpid()}.{secrets.token_hex(4)}"
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
            os.replace(staged, path)
        _flush_folder(path.parent)


def publish(staged: Path, target: Path) -> bool:
    """Move a finished folder into place; False, and nothing moved, if another one stands there already."""
    _flush_folder(staged)
    try:
        os.rename(staged, target)
    except OSError as error:
        if error.errno in _OCCUPIED:
            return False
        raise
    _flush_folder(target.parent)
    return True


def republish(staged: Path, target: Path, workspace: Path) -> bool:
    """Like `publish`, but first move aside the folder that stands at `target`.

    If the writer is killed between the two moves, `sweep` puts the old folder back.
    """
    aside = workspace / _REPLACED / target.name
    aside.parent.mkdir()
    with suppress(FileNotFoundError):
        os.rename(target, aside)
    try:
        return publish(staged, target)
    finally:
        if aside.exists() and not target.exists():
            os.rename(aside, target)


def sweep(root: Path, home: Path) -> None:
    """Remove what killed writers left under ``root/.tmp``; folders they had moved aside go back to `home`.

    A leftover is swept when its writer is known to be dead (same machine, no such process), or after
    `STALE_AFTER` seconds.
    """
    temporary = root / TEMPORARY
    for leftover in sorted(temporary.iterdir()) if temporary.is_dir() else []:
        if not _is_stale(leftover):
            continue
        aside = leftover / _REPLACED
        with suppress(OSError):  # another process may be sweeping too
            for folder in sorted(aside.iterdir()) if aside.is_dir() else []:
                publish(folder, home / folder.name)
            shutil.rmtree(leftover)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _where() -> str:
    """Name the place where a process number means something: the machine and its process namespace."""
    host = re.sub(r"[^A-Za-z0-9-]", "-", platform.node()) or "host"
    with suppress(OSError):
        return f"{host}-{os.stat('/proc/self/ns/pid').st_ino}"
    return host


def _is_stale(leftover: Path) -> bool:
    where, _, rest = leftover.name.partition(".")
    pid = rest.partition(".")[0]
    if os.name != "nt" and where == _where() and pid.isdigit() and not _is_alive(int(pid)):
        return True
    try:
        return time.time() - leftover.stat().st_mtime > STALE_AFTER
    except FileNotFoundError:
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _free_bytes(path: Path) -> int:
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    return shutil.disk_usage(existing).free
