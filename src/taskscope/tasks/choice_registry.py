"""Choice tasks by name or path, and the references by which cells name them."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from taskscope import plugins
from taskscope.errors import TaskError, nearest
from taskscope.runs.cell import TaskRef
from taskscope.tasks import choice_files, choice_hub, released_choices
from taskscope.tasks.choice_records import SUFFIXES
from taskscope.tasks.choices import ChoiceTask
from taskscope.tasks.classification_registry import DATA_VARIABLE
from taskscope.tasks.released_choices import PREFIX, released


def names() -> list[str]:
    """Names of the choice tasks that need nothing but this package."""
    from taskscope.tasks import contest

    return list(contest.NAMES)


def get(name_or_path: str) -> ChoiceTask:
    """Return a choice task.

    Args:
        name_or_path: A generated task such as ``memo-trap``, or one of another package; one that the contest
            released, such as ``released/memo-trap``, from the data folder; the path of a .csv, .jsonl or .zip
            file; or the id of a data set on the hub.

    Raises:
        TaskError: If it is none of these, or cannot be read.
    """
    if Path(name_or_path).suffix.lower() in SUFFIXES or Path(name_or_path).is_file():
        return choice_files.load(name_or_path)
    if name_or_path.startswith(PREFIX):
        return _released(name_or_path)
    if name_or_path.partition(":")[0].count("/") == 1:
        return choice_hub.load(name_or_path)
    if name_or_path in names():
        return _generated(name_or_path)
    if (offered := plugins.task(name_or_path, ChoiceTask)) is not None:
        return offered
    every = [*names(), *(PREFIX + name for name in released())]
    raise TaskError(
        f"No choice task {name_or_path!r}.",
        f"a generated one ({', '.join(names())}), {PREFIX}NAME, the path of a .csv, .jsonl or .zip file, "
        "or the id of a data set on the hub",
        nearest(name_or_path, every),
    )


def ref(task: ChoiceTask) -> TaskRef:
    """Return the reference that a cell keeps of a task."""
    source = task.source if Path(task.source).suffix.lower() in SUFFIXES else ""
    return TaskRef(name=task.name, fingerprint=task.fingerprint, source=source)


def _released(name: str) -> ChoiceTask:
    short = name.removeprefix(PREFIX)
    if short not in released():
        raise TaskError(
            f"No released task {name!r}.",
            f"one of {', '.join(PREFIX + known for known in released())}",
            nearest(name, [PREFIX + known for known in released()]),
        )
    data = os.environ.get(DATA_VARIABLE)
    if not data:
        raise TaskError(
            f"The task {name!r} is not part of this package, and {DATA_VARIABLE} names no folder of data.",
            f"{DATA_VARIABLE}=FOLDER, where FOLDER/inverse_scaling/official holds {released()[short].file}",
            f"{short}, which is generated, or a copy on the hub, such as inverse-scaling/NeQA",
        )
    return _from_folder(short, Path(data) / "inverse_scaling" / "official")


@cache
def _from_folder(name: str, folder: Path) -> ChoiceTask:
    return released_choices.load(name, folder)


@cache
def _generated(name: str) -> ChoiceTask:
    from taskscope.tasks import contest

    return contest.build(name)
