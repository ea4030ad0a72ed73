"""`taskscope show RUN --live`: follow a run from another terminal, by what it leaves in its folder."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from taskscope.cli.console import out
from taskscope.runs.claims import claimed
from taskscope.runs.manifest import MANIFEST
from taskscope.runs.record import CellRecord, label_of, task_of
from taskscope.runs.store import RunFolder
from taskscope.studies.stored_request import studies_asked

_EVERY = 1.0
"""Seconds between looks."""
_LAST = 5
"""Cells shown, the newest first."""


@dataclass(frozen=True)
class Counts:
    """What became of the cells of one study that the run was asked for."""

    study: str
    done: int
    failed: int
    in_work: int
    missing: int


@dataclass(frozen=True)
class Look:
    """A run folder at one moment."""

    counts: tuple[Counts, ...]
    owners: frozenset[str]
    """Names of the processes that measure."""
    newest: tuple[CellRecord, ...]

    @property
    def is_over(self) -> bool:
        """Whether every cell is done or failed and nobody measures."""
        return not self.owners and not any(count.missing or count.in_work for count in self.counts)


def look(folder: RunFolder) -> Look:
    """Count what a run folder holds of what it was asked for."""
    records = {record.key: record for record in folder.cells()}
    at_work = claimed(folder.path)
    done = {key for key, record in records.items() if record.status == "done"}
    counts = []
    for asked in studies_asked(folder):
        keys = set(asked.keys)
        in_work = (keys & at_work.keys()) - done
        failed = (keys & records.keys()) - done - in_work
        missing = keys - done - failed - in_work
        counts.append(Counts(asked.study, len(keys & done), len(failed), len(in_work), len(missing)))
    measured = [records[key] for key in done]
    newest = sorted(measured, key=lambda r: str(r.provenance.get("started", "")), reverse=True)[:_LAST]
    return Look(tuple(counts), frozenset(at_work.values()), tuple(newest))


def follow(path: Path) -> None:
    """Show a run until every cell is done or failed, and nobody measures."""
    folder = RunFolder.open(path)
    asked = (path / MANIFEST).stat().st_mtime_ns
    begun, first = time.monotonic(), None
    with Live(console=out, auto_refresh=False) as live:
        while True:
            asked_again = (path / MANIFEST).stat().st_mtime_ns
            if asked_again != asked:  # another command may ask for more or other cells
                folder, asked = RunFolder.open(path), asked_again
            seen = look(folder)
            done = sum(count.done for count in seen.counts)
            first = done if first is None else first
            live.update(_view(path, seen, _pace(seen, done - first, time.monotonic() - begun)), refresh=True)
            if seen.is_over:
                return
            time.sleep(_EVERY)


def _pace(seen: Look, stored: int, seconds: float) -> str:
    left = sum(count.missing + count.in_work for count in seen.counts)
    if not left:
        return "Every cell is done or failed."
    who = ", ".join(_named(owner) for owner in sorted(seen.owners)) or "no process that is known to measure"
    if not stored:
        return f"{left} cells left; {who}."
    return f"{left} cells left, about {seconds / stored * left:.0f} s at the pace seen here; {who}."


def _named(owner: str) -> str:
    where, _, rest = owner.partition(".")
    return f"process {rest.partition('.')[0]} on {where.rpartition('-')[0] or where}"


def _view(path: Path, seen: Look, pace: str) -> Group:
    counts = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("study", "done", "failed", "in work", "missing"):
        counts.add_column(column, justify="left" if column == "study" else "right")
    for count in seen.counts:
        numbers = (count.done, count.failed, count.in_work, count.missing)
        counts.add_row(escape(count.study), *map(str, numbers))
    newest = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("last measured", "task", "seed", "seconds"):
        newest.add_column(column)
    for record in seen.newest:
        took = f"{record.provenance.get('seconds', 0.0):.1f}"
        newest.add_row(
            escape(label_of(record.cell)), escape(task_of(record.cell)), str(record.cell.seed), took
        )
    return Group(Text(str(path), style="bold"), counts, Text(pace), newest)
