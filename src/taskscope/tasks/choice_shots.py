"""Demonstrations before the items of a choice task (protocol inverse_scaling E3).

Demonstrations are other items of the same task with their right class, joined to each other and to the query
by three newlines. Those for a smaller k are the first ones for a larger k, so that a scorer may keep what
they have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from taskscope.errors import TaskError
from taskscope.tasks.choices import ChoiceItem, ChoiceTask
from taskscope.tasks.draws import Stream

GRID = (0, 1, 2, 4, 8, 16, 32)
"""Numbers of demonstrations to try."""
SEEDS = (0, 1, 2, 3, 4)
"""Draws of demonstrations, the same for all models."""
SEPARATOR = "\n\n\n"


def with_shots(task: ChoiceTask, k: int, seed: int) -> ChoiceTask:
    """Put `k` demonstrations before every item, drawn for each item of its own from all others.

    Raises:
        TaskError: If k is negative, or the task has not k items beside the query.
    """
    _check(task, k, len(task.items) - 1)

    def drawn(place: int) -> list[ChoiceItem]:
        stream = Stream.named("shots", task.fingerprint, seed, place)
        chosen: list[int] = []
        while len(chosen) < k:
            other = stream.below(len(task.items))
            if other != place and other not in chosen:
                chosen.append(other)
        return [task.items[i] for i in chosen]

    return _task(task, f"{k}-shot, seed {seed}", enumerate(task.items), drawn)


def with_shared_shots(task: ChoiceTask, k: int, seed: int, reserved: int = GRID[-1]) -> ChoiceTask:
    """Put the same `k` demonstrations before every item; they are the first of some that are set aside.

    Args:
        task: What is asked.
        k: Demonstrations.
        seed: Of the draw.
        reserved: Items set aside for demonstrations, whatever k is: all k ask the same queries.

    Raises:
        TaskError: If k is negative or more than are set aside, or no query is left.
    """
    _check(task, k, min(reserved, len(task.items) - 1))
    order = Stream.named("shared shots", task.fingerprint, seed).shuffled(range(len(task.items)))
    aside = order[: min(reserved, len(task.items) - 1)]
    shown = [task.items[i] for i in aside[:k]]
    left = [(place, item) for place, item in enumerate(task.items) if place not in set(aside)]
    return _task(task, f"{k}-shot, shared, seed {seed}", left, lambda _: shown)


def _check(task: ChoiceTask, k: int, most: int) -> None:
    if not 0 <= k <= most:
        raise TaskError(
            f"{k} demonstrations from the {len(task.items)} items of {task.name}.", f"0 to {most} of them"
        )


def _task(
    task: ChoiceTask,
    how: str,
    queries: Iterable[tuple[int, ChoiceItem]],
    drawn: Callable[[int], Sequence[ChoiceItem]],
) -> ChoiceTask:
    items = []
    for place, item in queries:
        before = "".join(shown.prompt + shown.classes[shown.answer] + SEPARATOR for shown in drawn(place))
        other = before + item.other_prompt if item.other_prompt else ""
        items.append(item.model_copy(update={"prompt": before + item.prompt, "other_prompt": other}))
    changed = {"name": f"{task.name} ({how})", "title": f"{task.title} ({how})", "items": tuple(items)}
    return ChoiceTask(**(task.model_dump(exclude={"items"}) | changed))
