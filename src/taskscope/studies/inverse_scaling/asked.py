"""Which items a cell asks: a task by name and seed, and what is asked beside it."""

from __future__ import annotations

from itertools import product

from taskscope.errors import TaskError
from taskscope.runs.cell import Cell
from taskscope.studies.inverse_scaling.arms import PROBES, RENAMED, SWAPPED, TASK, with_shots, with_strength
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
    swapped = _swapped(task)
    if swapped is not None:
        found[SWAPPED] = swapped
    if params.renamed and (renamed := _renamed(task)) is not None:
        found[RENAMED] = renamed
    for value in params.strengths:
        found[with_strength(value)] = contest.build(
            params.asked, n=params.n_items, seed=cell.seed, strength=value
        )
    for k, draw in product(params.shots, range(params.shot_draws)):
        found[with_shots(k, draw + 1)] = choice_shots.with_shots(task, k, cell.seed + draw)
    return found


def content_free(task: ChoiceTask) -> ChoiceTask | None:
    """Return the prompts that show which class a model prefers whatever is asked (E7 b)."""
    return choice_controls.content_free(task) if task.metric == "classification" else None


def _renamed(task: ChoiceTask) -> ChoiceTask | None:
    """Ask every item twice, with neutral words for its labels one way round and the other.

    None where items have no two labels in common, or demonstrations show the old ones.
    """
    labels = {frozenset(item.classes) for item in task.items}
    if task.metric != "classification" or len(labels) > 1 or any(len(one) != 2 for one in labels):
        return None
    if any(choice_controls.BLOCKS in item.prompt for item in task.items):
        return None
    ways = (choice_controls.NEUTRAL, choice_controls.NEUTRAL[::-1])
    both = [choice_controls.rename_labels(task, names) for names in ways]
    items = tuple(
        item.model_copy(update={"id": f"{item.id}, {way}"})
        for way, one in enumerate(both)
        for item in one.items
    )
    return both[0].model_copy(update={"items": items})


def _swapped(task: ChoiceTask) -> ChoiceTask | None:
    """Exchange options, or the labels of demonstrations inside the prompts, as their form allows."""
    for change in (choice_controls.swap_options, choice_controls.swap_labels):
        try:
            return change(task)
        except TaskError:
            continue
    return None
