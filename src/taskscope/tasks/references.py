"""Whether the task that a cell refers to is still the one it was planned with; for every kind of task."""

from __future__ import annotations

from taskscope.errors import TaskError
from taskscope.runs.cell import TaskRef


def check(fingerprint: str, reference: TaskRef, what: str) -> None:
    """Check the fingerprint of the task that was found under a reference.

    Args:
        fingerprint: Of the task found now.
        reference: What the cell keeps of its task.
        what: The things a task of this kind is made of, in the plural, for the message.

    Raises:
        TaskError: If the task is not the one that the cell was planned with.
    """
    if fingerprint != reference.fingerprint:
        raise TaskError(
            f"Task {reference.name!r} has other {what} now than when its cell was planned.",
            f"the task with fingerprint {reference.fingerprint[:12]}",
            "planning the run again",
        )
