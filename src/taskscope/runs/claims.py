"""Who measures which cell now, so that several processes share one run folder and measure nothing twice.

A claim is a file ``claims/<key>.<n>`` that its owner creates exclusively, which every file system can do, and
touches every `BEAT` seconds. It has expired when its owner is known to be dead (same machine), or when an
onlooker saw no touch for `LEASE` seconds of its own steady clock: nobody's wall clock is read, so clocks that
jump or differ do no harm. A claim that expired is not removed but overruled by creating number n + 1, which
only one process can do; the highest number rules.

A process that sleeps through its lease and wakes up may still finish its cell; of two writers the first wins.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from taskscope.runs.atomic import storage_errors
from taskscope.runs.writers import is_gone, new_writer

CLAIMS = "claims"
LEASE = 120.0
"""Seconds without a touch after which a claim from another machine has expired."""
BEAT = 20.0
"""Seconds between touches; several fit into a lease, and into what a network file system remembers."""
_OPENS = 10
"""Times that the folder may vanish between being made and being written into."""


class Claims:
    """The claims of one process on the cells of one run folder; release all by leaving its context."""

    def __init__(self, root: Path) -> None:
        self._folder = root / CLAIMS
        self._held: dict[str, Path] = {}
        self._watched: dict[Path, tuple[int, float]] = {}
        """When a foreign claim was last touched, and when this process first saw that."""
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="claims", daemon=True)

    def __enter__(self) -> Claims:
        """Begin to keep claims alive."""
        self._heart.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Release every claim, and remove the folder with the last one."""
        self._closed.set()
        self._heart.join()
        for key in list(self._held):
            self.release(key)
        with suppress(OSError):
            self._sweep()
            self._folder.rmdir()

    def take(self, key: str) -> bool:
        """Claim a cell; False if another process, as far as can be told, is measuring it.

        Raises:
            RunError: If the folder cannot be written.
        """
        with storage_errors(self._folder):
            highest = self._highest(key)
            if highest >= 0 and not self._expired(self._path(key, highest)):
                return False
            return self._create(key, highest + 1)

    def release(self, key: str) -> None:
        """Let a cell go that was taken; those that it overruled go too."""
        with self._lock:
            own = self._held.pop(key)
        for number in range(int(own.suffix[1:]) + 1):
            self._path(key, number).unlink(missing_ok=True)

    def _create(self, key: str, number: int) -> bool:
        path = self._path(key, number)
        file = self._open(path)
        if file is None:
            return False
        try:
            with file:
                file.write(new_writer())
        except BaseException:  # a full disk: a claim without an owner would hold the cell for a whole lease
            path.unlink(missing_ok=True)
            raise
        if self._highest(key) > number:  # its lower numbers were being released meanwhile
            path.unlink(missing_ok=True)
            return False
        with self._lock:
            self._held[key] = path
        return True

    def _open(self, path: Path) -> TextIO | None:
        """Create the file of a claim, or return None if it exists."""
        for tries_left in reversed(range(_OPENS)):
            self._folder.mkdir(exist_ok=True)
            try:
                return path.open("x")
            except FileExistsError:
                return None
            except FileNotFoundError:  # another process ended just now and removed the empty folder
                if not tries_left:
                    raise
        return None

    def _path(self, key: str, number: int) -> Path:
        return self._folder / f"{key}.{number}"

    def _highest(self, key: str) -> int:
        """Return the number of the claim that rules, -1 if there is none."""
        with suppress(FileNotFoundError):
            numbers = (e.name.rpartition(".") for e in os.scandir(self._folder))
            return max((int(n) for name, _, n in numbers if name == key and n.isdigit()), default=-1)
        return -1

    def _expired(self, path: Path) -> bool:
        try:
            touched, owner = path.stat().st_mtime_ns, path.read_text(errors="replace")
        except FileNotFoundError:  # released this moment: look again
            return False
        if is_gone(owner):
            return True
        now = time.monotonic()
        seen = self._watched.get(path)
        if seen is None or seen[0] != touched:
            self._watched[path] = touched, now
            return False
        return now - seen[1] > LEASE

    def _sweep(self) -> None:
        """Remove what processes left that were killed after their cell was stored: nobody claims it again."""
        for entry in list(os.scandir(self._folder)):
            path, key = Path(entry), entry.name.rpartition(".")[0]
            if (self._folder.parent / "cells" / key).exists() and is_gone(path.read_text(errors="replace")):
                path.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._closed.wait(BEAT):
            with self._lock:
                held = list(self._held.values())
            for path in held:
                with suppress(OSError):  # released this moment, or a disk that will be told of by a write
                    os.utime(path)


def claimed(root: Path) -> dict[str, str]:
    """Return the owners of all claims that are not known to be dead, by key; for onlookers."""
    found: dict[str, str] = {}
    with suppress(FileNotFoundError):
        for entry in sorted(os.scandir(root / CLAIMS), key=lambda entry: entry.name):
            with suppress(OSError):
                owner = Path(entry).read_text(errors="replace")
                if not is_gone(owner):
                    found[entry.name.rpartition(".")[0]] = owner
    return found
