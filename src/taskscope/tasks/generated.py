"""Tasks made from built-in ones on which a single vector is known to fail: both directions, and two steps.

A task *both ways* shows x -> y and y -> x in one prompt: which is asked can be seen from the query alone. A
*two-step* task does one task and then another. Both were reported to defeat task vectors where the single
directions and steps do not (protocol task_vectors section 8). They are no part of `registry.names()`; ask for
them by group.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from taskscope.tasks import mappings
from taskscope.tasks.task import Group, Item, MappingTask

BOTH_WAYS, THEN = "-both-ways", "-then-"
FORWARD, BACKWARD = "forward", "backward"
_TWO_WAY = ("to-upper", "en-fr", "en-es", "plural-singular", "country-capital")
SECOND: dict[str, Callable[[str], str]] = {
    "to-upper": str.upper,
    "capitalise": lambda word: word[0].upper() + word[1:],
}
_STEPS = (
    ("next-letter", "to-upper"),
    ("list-first", "to-upper"),
    ("en-fr", "capitalise"),
    ("present-past", "capitalise"),
    ("antonyms", "capitalise"),
)
SUITES: dict[str, tuple[str, ...]] = {
    "bijection": tuple(name + BOTH_WAYS for name in _TWO_WAY),
    "two-step": tuple(first + THEN + second for first, second in _STEPS),
}
"""The generated tasks by group."""
NAMES = tuple(name for names in SUITES.values() for name in names)


@cache
def build(name: str) -> MappingTask:
    """Make one of `NAMES`."""
    if name.endswith(BOTH_WAYS):
        return _both_ways(name, _source(name.removesuffix(BOTH_WAYS)))
    first, second = name.split(THEN)
    return _then(name, _source(first), second)


def steps(name: str) -> tuple[str, ...]:
    """Return the built-in tasks that a generated one is made of."""
    if name.endswith(BOTH_WAYS):
        return (name.removesuffix(BOTH_WAYS),)
    return tuple(name.split(THEN))


@cache
def directions(name: str) -> dict[str, str]:
    """Return the direction of every label of a task both ways; labels of the two directions differ."""
    source = {item.input for item in _source(name.removesuffix(BOTH_WAYS)).items}
    return {item.label: BACKWARD if item.label in source else FORWARD for item in build(name).items}


def _source(name: str) -> MappingTask:
    return mappings.build_rule(name) if name in mappings.RULES else mappings.load_list(name)


def _both_ways(name: str, task: MappingTask) -> MappingTask:
    """Add every item's inverse; items whose label is another's input or label are left out."""
    counts, inputs = task.label_counts, {item.input for item in task.items}
    kept = [item for item in task.items if counts[item.label] == 1 and item.label not in inputs]
    # A pair and its inverse share a cluster: either gives the other away.
    there = [Item(input=item.input, answers=(item.label,), cluster=item.cluster) for item in kept]
    back = [Item(input=item.label, answers=(item.input,), cluster=item.cluster) for item in kept]
    return _task(
        name,
        "bijection",
        f"Both directions of {task.name} in one prompt.",
        (*there, *back),
        task.cluster_unit,
    )


def _then(name: str, task: MappingTask, second: str) -> MappingTask:
    change = SECOND[second]
    items = [
        Item(
            input=item.input,
            answers=tuple(dict.fromkeys(change(answer) for answer in item.answers)),
            cluster=item.cluster,
        )
        for item in task.items
        if change(item.label) != item.label
    ]
    return _task(name, "two-step", f"{task.name}, then {second}.", tuple(items), task.cluster_unit)


def _task(name: str, group: Group, description: str, items: tuple[Item, ...], unit: str) -> MappingTask:
    return MappingTask(
        name=name,
        title=name.replace("-", " ").capitalize(),
        group=group,
        description=description,
        items=items,
        cluster_unit=unit,
        source="Generated from built-in tasks.",
    )
