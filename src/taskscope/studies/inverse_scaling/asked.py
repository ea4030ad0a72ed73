"""Which items a cell asks: a task by name and seed, and what is asked beside it."""

from __future__ import annotations

from collections.abc import Callable

from taskscope.errors import TaskError
from taskscope.runs.cell import Cell
from taskscope.studies.inverse_scaling.arms import ONE_SHOT, PROBES, SWAPPED, TASK
from taskscope.studies.inverse_scaling.params import CellParams
from taskscope.tasks import choice_controls, choice_registry, choice_shots, contest, references
from taskscope.tasks.choices import ChoiceTask


def find(name: str, n_items: int, seed: int) -> ChoiceTask:
    """Return a task: a generated one with so many items, or a given one as it is.

    Raises:
        TaskError: If there is no such task.
    """
    if name in contest.NAMES:
        return contest.build(name, n=n_items, seed=seed)
    return choice_registry.get(name)


def asked(cell: Cell) -> ChoiceTask:
    """Return the task of a cell.

    Raises:
        TaskError: If it cannot be found, or has other items now than when the cell was planned.
    """
    params, (wanted,) = CellParams(**cell.params), cell.tasks
    task = find(params.asked, params.n_items, cell.seed)
    references.check(task.fingerprint, wanted, "items")
    return task


def arms(cell: Cell) -> dict[str, ChoiceTask]:
    """Return the arms of a cell's task; a control that does not fit the form of the prompts is left out.

    Raises:
        TaskError: As `asked`.
    """
    params, task = CellParams(**cell.params), asked(cell)
    found = {TASK: task}
    if not params.beside:
        return found
    if params.asked in contest.NAMES:
        for probe in PROBES:
            found[probe] = contest.build(params.asked, n=params.n_items, seed=cell.seed, probe=probe)
    for arm, change in _CHANGES.items():
        changed = change(task)
        if changed is not None:
            found[arm] = changed
    return found


def content_free(task: ChoiceTask) -> ChoiceTask | None:
    """Return the prompts that show which class a model prefers whatever is asked (E7 b)."""
    return choice_controls.content_free(task) if task.metric == "classification" else None


def _swapped(task: ChoiceTask) -> ChoiceTask | None:
    """Exchange options, or the labels of demonstrations inside the prompts."""
    return _first(task, choice_controls.swap_options, choice_controls.swap_labels)


def _one_shot(task: ChoiceTask) -> ChoiceTask | None:
    return _first(task, lambda one: choice_shots.with_shots(one, 1, 0))


_CHANGES: dict[str, Callable[[ChoiceTask], ChoiceTask | None]] = {SWAPPED: _swapped, ONE_SHOT: _one_shot}


def _first(task: ChoiceTask, *changes: Callable[[ChoiceTask], ChoiceTask]) -> ChoiceTask | None:
    """Apply the first change that the form of the prompts allows."""
    for change in changes:
        try:
            return change(task)
        except TaskError:
            continue
    return None
