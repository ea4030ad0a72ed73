"""Tasks and studies from other installed packages, found through entry points.

A package names them in its ``pyproject.toml``::

    [project.entry-points."taskscope.tasks"]
    my-task = "my_package.tasks:my_task"

    [project.entry-points."taskscope.studies"]
    my-study = "my_package.study:MY_STUDY"

A task is a `MappingTask`, a `ClassificationTask` or a `ChoiceTask`, or a function of no arguments that
returns one; a study keeps the contract of `taskscope.studies.base.Study`. Built-in names cannot be taken.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from taskscope.errors import TaskscopeError

TASKS, STUDIES = "taskscope.tasks", "taskscope.studies"
"""Groups of entry points."""
_T = TypeVar("_T")


class PluginError(TaskscopeError):
    """Something another package offers that cannot be used."""


def names(group: str) -> list[str]:
    """Names that installed packages offer in a group, sorted; nothing of them is imported."""
    return sorted({point.name for point in entry_points(group=group)})


def load(group: str, name: str) -> Any:
    """Import what a package offers; a task that is a function is called.

    Raises:
        PluginError: If two packages offer it, or its code fails; the packages are named.
        KeyError: If no package offers it.
    """
    found = [point for point in entry_points(group=group) if point.name == name]
    if not found:
        raise KeyError(name)
    if len(found) > 1:
        raise PluginError(
            f"{name!r} is offered by {' and '.join(_package(point) for point in found)}",
            "one package for a name",
        )
    try:
        offered = found[0].load()
        return offered() if group == TASKS and callable(offered) else offered
    except Exception as error:  # whatever another package's code raises is to be said, with its name
        told = f"{type(error).__name__}: {error}"
        raise PluginError(
            f"{name!r} of the package {_package(found[0])} cannot be loaded: {told}",
            f"{found[0].value} in the group {group}",
            f"mending or removing {_package(found[0])}",
        ) from error


def task(name: str, kind: type[_T]) -> _T | None:
    """Return a task that a package offers, if it is of this kind; None if there is none.

    The package's name for it is its name here, and it is found again by that name alone.

    Raises:
        PluginError: If it cannot be loaded.
    """
    if name not in names(TASKS):
        return None
    made = load(TASKS, name)
    if not isinstance(made, kind):
        return None
    return made.model_copy(update={"name": name, "source": ""})  # type: ignore[attr-defined]


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value
