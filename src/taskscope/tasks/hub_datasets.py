"""Classification tasks from data sets on the Hugging Face hub: parquet, CSV and JSON-lines files.

Nothing of a repository is run; only its data files are read. The sets that the paper's code names are known
with their label words; any other set is taken with the names of its own classes.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from taskscope.errors import TaskError
from taskscope.tasks.classification import ClassificationTask
from taskscope.tasks.datasets import ABOUT
from taskscope.tasks.entries import decode
from taskscope.tasks.labelled_rows import Description, Row, assemble

KNOWN: dict[str, str] = {
    "SetFit/CR": "cr",
    "SetFit/sst2": "sst2",
    "ag_news": "ag-news",
    "fancyzhx/ag_news": "ag-news",
    "dbpedia_14": "dbpedia",
    "fancyzhx/dbpedia_14": "dbpedia",
}
"""Hub ids of the published sets."""
_SUFFIXES = (".parquet", ".csv", ".jsonl", ".json")
_TEXT_FIELDS = ("text", "sentence", "content")
_DUMMY = "-1"
"""What a test split without labels carries."""


def load(repo: str) -> ClassificationTask:
    """Read a set from the cache of the hub's client, or from the hub.

    Raises:
        TaskError: If the set cannot be had, or has no text and label that can be read.
    """
    return read(repo, snapshot(repo))


def read(repo: str, folder: Path) -> ClassificationTask:
    """Read a set from its files; the pool is the train split, the test set the test or validation split.

    A split whose labels are all alike is passed over: copies of GLUE hide the labels of the test split.

    Raises:
        TaskError: As for `load`.
    """
    splits = {split: _rows(files) for split, files in _files(folder).items()}
    asked = [
        split for split in ("test", "validation") if len({name for _, name in splits.get(split, ())}) > 1
    ]
    if "train" not in splits or not asked:
        told = ", ".join(f"{split} ({len(rows)} texts)" for split, rows in sorted(splits.items())) or "none"
        raise TaskError(
            f"The splits of {repo!r}: {told}.", "a train split, and a test or validation split with labels"
        )
    pool, test = splits["train"], splits[asked[0]]
    return assemble(_about(repo, pool), pool, test)


def _about(repo: str, rows: Sequence[Row]) -> Description:
    source = f"Hugging Face data set {repo}"
    if repo in KNOWN:
        return replace(ABOUT[KNOWN[repo]], name=repo, source=source, notes="", licence="See its page.")
    classes = sorted({name for _, name in rows})
    if all(name.isdecimal() for name in classes):
        raise TaskError(
            f"{repo!r} numbers its classes and does not name them.",
            "a set with names of classes, in the parquet files or in a field label_text",
            "a file of your own with the names, as .jsonl or .csv",
        )
    labels = {name: name.lower() for name in classes}
    title = repo.rpartition("/")[2]
    return Description(repo, title, "Texts from the hub.", labels, "Text", "Label", source, "See its page.")


def snapshot(repo: str) -> Path:
    """Return the folder with a set's data files, from the cache of the hub's client or from the hub.

    Raises:
        TaskError: If the set cannot be had.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    wanted = [f"*{suffix}" for suffix in _SUFFIXES]
    try:
        try:
            folder = snapshot_download(
                repo, repo_type="dataset", allow_patterns=wanted, local_files_only=True
            )
        except LocalEntryNotFoundError:
            folder = snapshot_download(repo, repo_type="dataset", allow_patterns=wanted)
    except HFValidationError:
        raise TaskError(f"No data set can be called {repo!r}.", "an id such as SetFit/CR") from None
    except Exception as error:  # each line of the hub's client has errors of its own
        raise TaskError(
            f"The data set {repo!r} is not in the cache and cannot be downloaded ({type(error).__name__}).",
            "a network connection, or a data set that has been downloaded before",
            f"`hf download {repo} --repo-type dataset` on a machine with a network",
        ) from error
    return Path(folder)


def _files(folder: Path) -> dict[str, list[Path]]:
    """Find the files of each split by name: ``data/train-00000-of-00001.parquet``, ``test.jsonl``."""
    found: dict[str, list[Path]] = {}
    for path in sorted(p for p in folder.rglob("*") if p.suffix in _SUFFIXES and p.is_file()):
        match = re.match(r"(train|test|validation|valid|dev)(?=[-_.]|$)", path.stem)
        split = match.group(1) if match else path.parent.name
        split = "validation" if split in ("valid", "dev") else split
        if split in ("train", "test", "validation"):
            found.setdefault(split, []).append(path)
    return found


def _rows(paths: Iterable[Path]) -> list[Row]:
    rows: list[Row] = []
    for path in paths:
        records, names = _parquet(path) if path.suffix == ".parquet" else (_plain(path), [])
        for record in records:
            label = _label(record, names, path)
            if label != _DUMMY:
                rows.append((_text(record, path), label))
    return rows


def _text(record: Mapping[str, Any], path: Path) -> str:
    field = next((name for name in _TEXT_FIELDS if isinstance(record.get(name), str)), None)
    if field is None:
        raise TaskError(f"{path.name}: the fields {', '.join(record)}.", f"one of {', '.join(_TEXT_FIELDS)}")
    return str(record[field])


def _label(record: Mapping[str, Any], names: Sequence[str], path: Path) -> str:
    label = record.get("label_text") or record.get("label")
    if label is None:
        raise TaskError(f"{path.name}: the fields {', '.join(record)}.", "label or label_text")
    return names[label] if names and isinstance(label, int) and label >= 0 else str(label)


def _parquet(path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the rows, and the names of classes that the library `datasets` keeps in the file's metadata."""
    import pyarrow.parquet as pq  # here, because commands that read no parquet start faster

    table = pq.read_table(path)
    kept = (table.schema.metadata or {}).get(b"huggingface")
    features = json.loads(kept)["info"]["features"] if kept else {}
    return table.to_pylist(), features.get("label", {}).get("names", [])


def _plain(path: Path) -> list[dict[str, Any]]:
    text = decode(path.read_bytes(), path)
    try:
        if path.suffix == ".csv":
            return [dict(row) for row in csv.DictReader(text.splitlines(keepends=True))]
        whole = json.loads(text) if path.suffix == ".json" and text.lstrip()[:1] == "[" else None
        rows = whole or [json.loads(line) for line in text.splitlines() if line.strip()]
    except csv.Error as error:
        raise TaskError(f"{path.name}: this is not CSV ({error}).", "a header and rows") from None
    except ValueError as error:
        raise TaskError(f"{path.name}: this is not JSON ({error}).", "an object a line, or a list") from None
    return [row for row in rows if isinstance(row, dict)]
