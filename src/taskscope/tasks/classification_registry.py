"""Classification tasks by name or path, and the references by which cells name them."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from taskscope import plugins
from taskscope.errors import TaskError, nearest
from taskscope.runs.cell import TaskRef
from taskscope.tasks import datasets, hub_datasets, labelled_files, references, texts
from taskscope.tasks.classification import ClassificationTask

DATA_VARIABLE = "TASKSCOPE_DATA"
"""Names the folder of public data; the published sets stand in its folder ``classification``."""


def names() -> list[str]:
    """Names of the classification tasks that need nothing but this package.

    The sets of few words are not among them: their texts are made of the same words.
    """
    return list(texts.NAMES)


def get(name_or_path: str) -> ClassificationTask:
    """Return a classification task.

    Args:
        name_or_path: A built-in set, or one of another package; ``cr``, ``sst2``, ``ag-news`` or ``dbpedia``
            from the data folder; the path of a .jsonl or .csv file; or the id of a data set on the hub, such
            as ``SetFit/CR``.

    Raises:
        TaskError: If it is none of these, or cannot be read.
    """
    if name_or_path in (*texts.NAMES, *texts.FEW):
        return texts.build(name_or_path)
    if name_or_path in datasets.NAMES:
        return _published(name_or_path, _folder(name_or_path))
    if Path(name_or_path).suffix.lower() in labelled_files.SUFFIXES or Path(name_or_path).is_file():
        return labelled_files.load(name_or_path)
    if (offered := plugins.task(name_or_path, ClassificationTask)) is not None:
        return offered
    if name_or_path in hub_datasets.KNOWN or name_or_path.count("/") == 1:
        return hub_datasets.load(name_or_path)
    raise TaskError(
        f"No classification task {name_or_path!r}.",
        f"a built-in set ({', '.join([*names(), *texts.FEW])}), a published one "
        f"({', '.join(datasets.NAMES)}), the path of a .jsonl or .csv file, or the id of a data set on the "
        "hub",
        nearest(name_or_path, [*names(), *texts.FEW, *datasets.NAMES]),
    )


def ref(task: ClassificationTask) -> TaskRef:
    """Return the reference that a cell keeps of a task."""
    source = task.source if Path(task.source).suffix.lower() in labelled_files.SUFFIXES else ""
    return TaskRef(name=task.name, fingerprint=task.fingerprint, source=source)


def resolve(reference: TaskRef) -> ClassificationTask:
    """Return the task that a cell refers to.

    Raises:
        TaskError: If the task cannot be found, or is not the one that the cell was planned with.
    """
    task = get(reference.source or reference.name)
    references.check(task.fingerprint, reference, "texts")
    return task


def _folder(name: str) -> Path:
    data = os.environ.get(DATA_VARIABLE)
    if not data:
        raise TaskError(
            f"The set {name!r} is not part of this package, and {DATA_VARIABLE} names no folder of data.",
            f"{DATA_VARIABLE}=FOLDER, where FOLDER/classification/{datasets.FOLDERS[name]} holds its files",
            f"a built-in set: {', '.join(names())}",
        )
    return Path(data) / "classification" / datasets.FOLDERS[name]


@cache
def _published(name: str, folder: Path) -> ClassificationTask:
    return datasets.load(name, folder)
