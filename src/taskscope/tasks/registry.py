"""Tasks by name or path, and the references by which cells name them."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from taskscope import plugins
from taskscope.errors import TaskError, nearest
from taskscope.runs.cell import TaskRef
from taskscope.tasks import compositions, files, generated, mappings, references
from taskscope.tasks.task import Group, MappingTask

PAPER_TASKS: tuple[str, ...] = (
    *("next-letter", "prev-letter", "list-first", "list-last", "to-upper", "to-lower"),
    *("en-fr", "en-es", "fr-en", "es-en"),
    *("present-gerund", "present-past", "plural-singular", "antonyms"),
    *("country-capital", "person-language", "location-continent", "person-religion"),
)
"""The 18 tasks of the published comparison (protocol task_vectors 4), with lists of our own."""


def names(group: str | None = None) -> list[str]:
    """Names of the built-in tasks, of one group or of all: first the published 18, then the others.

    Generated tasks (groups ``bijection``, ``two-step`` and ``composition``) are listed by their group alone.

    Raises:
        TaskError: If there is no such group.
    """
    known = [*mappings.RULES, *mappings.list_names()]
    ordered = [name for name in PAPER_TASKS if name in known] + [n for n in known if n not in PAPER_TASKS]
    if group is None:
        return ordered
    groups = get_args(Group)
    if group not in groups:
        raise TaskError(
            f"No group of tasks {group!r}.", f"one of {', '.join(groups)}", nearest(group, groups)
        )
    if group in generated.SUITES:
        return list(generated.SUITES[group])
    if group == "composition":
        return list(compositions.NAMES)
    return [name for name in ordered if get(name).group == group]


def get(name_or_path: str) -> MappingTask:
    """Return a task by its name, a built-in one or another package's, or read one from a .json or .csv file.

    Raises:
        TaskError: If the name is not known or the file cannot be used.
    """
    if name_or_path in mappings.RULES:
        return mappings.build_rule(name_or_path)
    if name_or_path in mappings.list_names():
        return mappings.load_list(name_or_path)
    if name_or_path in generated.NAMES:
        return generated.build(name_or_path)
    if name_or_path in compositions.NAMES:
        return compositions.build(name_or_path)
    if Path(name_or_path).suffix.lower() in files.SUFFIXES or Path(name_or_path).is_file():
        return files.load(name_or_path)
    if (offered := plugins.task(name_or_path, MappingTask)) is not None:
        return offered
    raise TaskError(
        f"No task {name_or_path!r}.",
        "a built-in name (`taskscope list tasks` shows them) or the path of a .json or .csv file",
        nearest(name_or_path, [*names(), *plugins.names(plugins.TASKS)]),
    )


def ref(task: MappingTask) -> TaskRef:
    """Return the reference that a cell keeps of a task."""
    source = task.source if task.group == "user" else ""
    return TaskRef(name=task.name, fingerprint=task.fingerprint, source=source)


def resolve(reference: TaskRef) -> MappingTask:
    """Return the task that a cell refers to.

    Raises:
        TaskError: If the task cannot be found, or is not the one that the cell was planned with.
    """
    task = get(reference.source or reference.name)
    references.check(task.fingerprint, reference, "items")
    return task
