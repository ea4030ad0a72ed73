"""Which calls are shown and asked, and in which order; no model is needed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from taskscope.errors import TaskError
from taskscope.tasks.nested.compositions import Composition, NestedItem
from taskscope.tasks.nested.names import Line, call
from taskscope.tasks.task import MappingTask

T = TypeVar("T")

Writer = Callable[[Sequence[str], str], str]
"""Writes a call of tasks, the innermost first, on a word."""

APART = "functions shown apart"
SHOWN = "nested calls shown"
"""The two conditions: demonstrations of each function singly; and of nested calls among them."""


@dataclass(frozen=True)
class Draw:
    """One draw of demonstrations and the items that are asked for after it."""

    demonstrations: dict[str, tuple[Line, ...]]
    """Condition -> lines, in random order. Those of `SHOWN` hold those of `APART`."""
    queries: tuple[NestedItem, ...]

    def prompts(self, composition: Composition) -> list[tuple[str, int, int, str]]:
        """List what is asked: condition, number of the query, of the step (0 the nest), call."""
        asked = []
        for number, item in enumerate(self.queries):
            for at, task in enumerate(composition.names):
                asked.append((APART, number, at + 1, call([task], item.words[at])))
            for condition in (APART, SHOWN):
                asked.append((condition, number, 0, call(composition.names, item.words[0])))
        return asked


@dataclass(frozen=True)
class Sizes:
    """How much is drawn."""

    shots: int
    """Demonstrations of each function, and of the nested call where that is shown too."""
    repetitions: int
    """Draws of demonstrations."""
    queries: int
    """Items that are asked for after each draw."""


def draw(
    composition: Composition, sizes: Sizes, rng: np.random.Generator, write: Writer = call
) -> list[Draw]:
    """Draw demonstrations and queries of a composition, calls written by `write`.

    No query shares its cluster with another. No demonstration shows a call that is asked, alone or as a step
    of a nested one, nor a near-twin of it (hot after cold).

    Raises:
        TaskError: If a task or the composition has too few items for that.
    """
    return [_draw(composition, sizes, write, rng) for _ in range(sizes.repetitions)]


def _draw(composition: Composition, sizes: Sizes, write: Writer, rng: np.random.Generator) -> Draw:
    queries = _queries(composition, sizes.queries, rng)
    asked = [{item.words[at] for item in queries} for at in range(composition.depth)]
    lines: list[Line] = []
    for task in {task.name: task for task in composition.tasks}.values():
        words = set[str]().union(*(asked[at] for at, own in enumerate(composition.names) if own == task.name))
        lines += _singles(composition, task, words, sizes.shots, write, rng)
    twins = {item.cluster for item in queries}
    others = [
        item
        for item in composition.items
        if item.cluster not in twins
        and not any(word in words for word, words in zip(item.words, asked, strict=True))
    ]
    whole = [
        (write(composition.names, item.words[0]), item.answers[0])
        for item in _some(composition, others, sizes.shots, rng)
    ]
    return Draw(
        {APART: _shuffled(lines, rng), SHOWN: _shuffled([*lines, *whole], rng)},
        tuple(queries),
    )


def _queries(composition: Composition, n: int, rng: np.random.Generator) -> list[NestedItem]:
    found: dict[str, NestedItem] = {}
    for i in rng.permutation(len(composition.items)):
        found.setdefault(composition.items[i].cluster, composition.items[i])
    if len(found) < n:
        raise _too_few(composition, f"{len(found)} different queries")
    return list(found.values())[:n]


def _singles(
    composition: Composition,
    task: MappingTask,
    asked: set[str],
    n: int,
    write: Writer,
    rng: np.random.Generator,
) -> list[Line]:
    """Draw calls of one task that give none of the asked ones away."""
    twins = {item.cluster for item in task.items if item.input in asked}
    free = [item for item in task.items if item.cluster not in twins]
    return [(write([task.name], item.input), item.label) for item in _some(composition, free, n, rng)]


def _some(composition: Composition, items: Sequence[T], n: int, rng: np.random.Generator) -> list[T]:
    if len(items) < n:
        raise _too_few(composition, f"{len(items)} items beside those asked")
    return [items[i] for i in rng.permutation(len(items))[:n]]


def _too_few(composition: Composition, left: str) -> TaskError:
    return TaskError(
        f"nested {composition.name!r} has {left}",
        "enough for all demonstrations and queries of a draw",
        "fewer demonstrations or queries, or a composition with more items",
    )


def _shuffled(lines: Sequence[Line], rng: np.random.Generator) -> tuple[Line, ...]:
    return tuple(lines[i] for i in rng.permutation(len(lines)))
