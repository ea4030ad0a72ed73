"""Choice tasks from data sets on the Hugging Face hub: JSON lines, CSV or parquet with the known columns.

Nothing of a repository is run. A repository of many tasks holds each in files of its own; part of a path
after a colon says which: ``org/name:neqa``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from taskscope.errors import TaskError, nearest
from taskscope.tasks import hub_datasets
from taskscope.tasks.choice_columns import Row, metric_of, parse
from taskscope.tasks.choice_files import collect, read
from taskscope.tasks.choice_records import Record
from taskscope.tasks.choices import ChoiceTask

_SUFFIXES = (".parquet", ".jsonl", ".csv")


def load(name: str) -> ChoiceTask:
    """Read a set from the cache of the hub's client, or from the hub.

    Args:
        name: Its id, such as ``inverse-scaling/NeQA``; after a colon a part of the path of its files.

    Raises:
        TaskError: If it cannot be had, or holds no items that can be read.
    """
    repo = name.partition(":")[0]
    return read_folder(name, hub_datasets.snapshot(repo))


def read_folder(name: str, folder: Path) -> ChoiceTask:
    """Read a set from its files, in the order of their names.

    Raises:
        TaskError: As for `load`.
    """
    repo, _, subset = name.partition(":")
    found = sorted(p for p in folder.rglob("*") if p.suffix in _SUFFIXES and p.is_file())
    chosen = [p for p in found if subset in str(p.relative_to(folder))]
    if not chosen:
        told = [str(p.relative_to(folder)) for p in found]
        raise TaskError(
            f"{repo!r} has no files of items for {subset!r}."
            if subset
            else f"{repo!r} has no files of items.",
            f"one of {', '.join(told)}" if told else f"files that end in {', '.join(_SUFFIXES)}",
            nearest(subset, {part for p in told for part in Path(p).with_suffix("").parts}),
        )
    metric, items = collect((row for path in chosen for row in _rows(path, folder)), name)
    return ChoiceTask(
        name=name,
        title=subset or repo.rpartition("/")[2],
        description="Items from the hub.",
        metric=metric,
        items=items,
        source=f"Hugging Face data set {repo}",
        licence="See its page.",
        notes="A version of its own; the hub's copies of the contest's tasks differ from the final release.",
    )


def _rows(path: Path, folder: Path) -> Iterator[Row]:
    if path.suffix != ".parquet":
        yield from read(path)
        return
    import pyarrow.parquet as pq  # here, because commands that read no parquet start faster

    line = 0
    member = str(path.relative_to(folder))
    for batch in pq.ParquetFile(path).iter_batches():
        for fields in batch.to_pylist():
            line += 1
            yield parse(Record(fields, line, member, 1), metric_of(fields, member))
