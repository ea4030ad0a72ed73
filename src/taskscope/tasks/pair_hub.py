"""Minimal pairs from data sets on the Hugging Face hub, such as ``nyu-mll/blimp``: parquet or JSON lines.

Nothing of a repository is run. After a colon one paradigm may be named: ``nyu-mll/blimp:adjunct_island``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from taskscope.errors import TaskError, nearest
from taskscope.tasks import hub_datasets
from taskscope.tasks.minimal_pairs import Paradigm, in_order
from taskscope.tasks.pair_files import Row, paradigms, rows_of

_SUFFIXES = (".parquet", ".jsonl")


def load(name: str) -> tuple[Paradigm, ...]:
    """Read a set from the cache of the hub's client, or from the hub.

    Raises:
        TaskError: If it cannot be had, holds no pairs, or has no paradigm of that name.
    """
    return read(name, hub_datasets.snapshot(name.partition(":")[0]))


def read(name: str, folder: Path) -> tuple[Paradigm, ...]:
    """Read a set from its files; those of one folder belong together.

    Raises:
        TaskError: As for `load`.
    """
    repo, _, wanted = name.partition(":")
    files: dict[Path, list[Path]] = {}
    for path in sorted(p for p in folder.rglob("*") if p.suffix in _SUFFIXES and p.is_file()):
        # A folder holds one paradigm in parts, the top folder each paradigm in a file of its own.
        files.setdefault(path if path.parent == folder else path.parent, []).append(path)
    if not files:
        raise TaskError(f"{repo!r} holds no {' or '.join(_SUFFIXES)} file.", "a set of minimal pairs")
    found = [
        paradigm
        for place, parts in files.items()
        for paradigm in paradigms(
            (row for part in parts for row in _rows(part, folder)), place.stem, name, str(place)
        )
        if not wanted or paradigm.name == wanted
    ]
    if not found:
        raise TaskError(
            f"{repo!r} has no paradigm {wanted!r}.",
            "one of its paradigms",
            nearest(wanted, [place.stem for place in files]),
        )
    return in_order(found)


def _rows(path: Path, folder: Path) -> Iterator[Row]:
    if path.suffix == ".jsonl":
        yield from rows_of(path)
        return
    import pyarrow.parquet as pq  # here, because commands that read no parquet start faster

    for number, record in enumerate(pq.read_table(path).to_pylist(), 1):
        yield f"{path.relative_to(folder)}, row {number}", record
