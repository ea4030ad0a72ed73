"""What runs on a worker: one model kept warm, cells measured and written where they belong."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taskscope.engines.warm import WarmModel
from taskscope.errors import RunError
from taskscope.runs.cell import Cell, ModelRef
from taskscope.runs.provenance import surroundings
from taskscope.runs.store import RunFolder

ENGINE = "ray"


@dataclass(frozen=True)
class Told:
    """What comes back from a worker; the rows stay in the run folder."""

    key: str
    seconds: float
    error: str = ""
    """Type and message in one line, empty if the cell was measured."""
    tainted: bool = False


class Worker:
    """An actor: made by the driver, one for each place where a model can stand."""

    def __init__(
        self,
        path: str,
        opened: str,
        cwd: str,
        load_model: Callable[[ModelRef], Any],
        forgotten: frozenset[str] = frozenset(),
    ) -> None:
        self._path, self._opened, self._cwd = Path(path), opened, Path(cwd)
        self._forgotten = forgotten
        self._model = WarmModel(load_model, ENGINE, lambda ref: None)

    def open(self) -> str:
        """Open the run folder and return the name of this machine.

        Raises:
            RunError: If this machine does not see the driver's run folder.
        """
        node = str(surroundings()["host"]["name"])
        try:
            self._folder = RunFolder.open(self._path)
        except RunError as error:
            raise _unshared(self._path, node) from error
        if self._folder.manifest["opened"] != self._opened:
            raise _unshared(self._path, node)
        self._folder.forget(self._forgotten)  # else it would keep what the driver wants measured again
        if self._cwd.is_dir():  # local models and task files may be named relative to it
            os.chdir(self._cwd)
        return node

    def measure(self, cell: Cell) -> Told:
        """Measure one cell and store it, or why it could not be measured.

        Raises:
            RunError: If the run folder cannot be written.
        """
        attempt = self._model.measure(cell, lambda: None)
        provenance = {**attempt.provenance, "worker": os.getpid()}
        if attempt.measured is not None:
            self._folder.write(cell, attempt.measured, provenance)
        if attempt.failure is None:
            return Told(cell.key, provenance["seconds"])
        failure = attempt.failure
        self._folder.write_failure(
            cell, failure.error, failure.traceback, provenance, tainted=failure.tainted
        )
        return Told(cell.key, provenance.get("seconds", 0.0), str(failure), failure.tainted)


def _unshared(path: Path, node: str) -> RunError:
    return RunError(
        f"The worker on {node} does not see the run folder {path} of this command.",
        "a folder on a file system that all machines of the cluster share",
        "--out FOLDER on the shared file system",
    )
