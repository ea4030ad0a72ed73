"""Classification tasks by name or path, and the references by which cells name them."""

from __future__ import annotations

from taskscope.errors import TaskError, nearest
from taskscope.runs.cell import TaskRef
from taskscope.tasks import texts
from taskscope.tasks.classification import ClassificationTask


def names() -> list[str]:
    """Names of the classification tasks that need nothing but this package."""
    return list(texts.NAMES)


def get(name_or_path: str) -> ClassificationTask:
    """Return a classification task by its name.

    Raises:
        TaskError: If the name is not known.
    """
    if name_or_path in texts.NAMES:
        return texts.build(name_or_path)
    raise TaskError(
        f"No classification task {name_or_path!r}.",
        "a name that `taskscope list tasks` shows in the group classification",
        nearest(name_or_path, names()),
    )


def ref(task: ClassificationTask) -> TaskRef:
    """Return the reference that a cell keeps of a task."""
    return TaskRef(name=task.name, fingerprint=task.fingerprint)


def resolve(reference: TaskRef) -> ClassificationTask:
    """Return the task that a cell refers to.

    Raises:
        TaskError: If the task cannot be found, or is not the one that the cell was planned with.
    """
    task = get(reference.source or reference.name)
    if task.fingerprint != reference.fingerprint:
        raise TaskError(
            f"Task {reference.name!r} has other texts now than when its cell was planned.",
            f"the task with fingerprint {reference.fingerprint[:12]}",
            "planning the run again",
        )
    return task
