"""From a task to the texts of one cell: every (S, x) with its dummies and its control prompts.

No model is needed here. The draws depend on task, seed and sizes but not on the model, so that all models are
compared on the same prompts and a series of models differs in the models alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from taskscope.errors import TaskError
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.params import CellParams
from taskscope.tasks import registry
from taskscope.tasks.prompts import PromptFormat
from taskscope.tasks.sampling import Draw, draw, shuffle_labels, split_queries
from taskscope.tasks.task import Item, MappingTask

_KIN = {"word": "algorithmic"}
"""Groups whose rules may agree on an input: the first letter of a word is a list's first element."""


@dataclass(frozen=True)
class Pair:
    """All texts of one (S, x), ready for the model."""

    split: str
    number: int
    query: Item
    gold: tuple[str, ...]
    """Accepted answers as they would follow the query."""
    leak: tuple[str, ...]
    """The dummies' own answers as they would follow the query."""
    bare: str
    """p(no demonstrations, x): what is edited."""
    regular: str
    """p(S, x)."""
    regular_shuffled: str
    """p(S with swapped labels, x)."""
    theta: tuple[str, ...]
    """p(S, x') for each dummy x'."""
    shuffled: tuple[str, ...]
    """The same with swapped labels."""
    other_task: tuple[str, ...]
    """The same of another task, with that task's dummies."""
    separator: tuple[str, ...]
    """p(no demonstrations, x') for each dummy x'."""
    fewer: tuple[str, ...]
    """p(the first j of S, x) for every j from 1 to one less than all (6.9)."""
    fewer_shuffled: tuple[str, ...]
    """The same with swapped labels."""


def pairs(
    task: MappingTask, other: MappingTask, seed: int, params: CellParams, asked: PromptFormat
) -> list[Pair]:
    """Draw all pairs of a cell, development first.

    The split of queries depends on the task alone: the same query is never development under one seed and
    test under another.

    Args:
        task: The task asked for.
        other: The task whose theta is the control.
        seed: Decides demonstrations, dummies and the order of queries.
        params: Sizes.
        asked: The prompt format.

    Raises:
        TaskError: If a task has too few items for k demonstrations and the dummies.
    """
    split_rng = stream("task-vectors split", task.fingerprint, params.dev_share)
    dev, test = split_queries(task, split_rng, params.dev_share)
    found = []
    for split, pool, n in (("dev", dev, params.n_dev), ("test", test, params.n_test)):
        rng = stream("task-vectors draws", task.fingerprint, seed, split, params.k, params.n_dummies)
        own = draw(task, pool, n, params.k, params.n_dummies, rng)
        foreign = draw(other, other.items, n, params.k, params.n_dummies, rng)
        for number, (mine, theirs) in enumerate(zip(own, foreign, strict=True)):
            found.append(_texts(split, number, mine, theirs, shuffle_labels(mine, rng), asked))
    return found


def _texts(
    split: str,
    number: int,
    own: Draw,
    foreign: Draw,
    swapped: Sequence[tuple[str, str]],
    asked: PromptFormat,
) -> Pair:
    def text(demonstrations: Sequence[tuple[str, str]], query: Item) -> str:
        return asked.render(demonstrations, query.input).text

    return Pair(
        split=split,
        number=number,
        query=own.query,
        gold=tuple(asked.answer(y) for y in own.query.answers),
        leak=tuple(dict.fromkeys(asked.answer(dummy.label) for dummy in own.dummies)),
        bare=text((), own.query),
        regular=text(own.pairs, own.query),
        regular_shuffled=text(swapped, own.query),
        theta=tuple(text(own.pairs, dummy) for dummy in own.dummies),
        shuffled=tuple(text(swapped, dummy) for dummy in own.dummies),
        other_task=tuple(text(foreign.pairs, dummy) for dummy in foreign.dummies),
        separator=tuple(text((), dummy) for dummy in own.dummies),
        fewer=tuple(text(own.pairs[:j], own.query) for j in range(1, len(swapped))),
        fewer_shuffled=tuple(text(swapped[:j], own.query) for j in range(1, len(swapped))),
    )


def other_task(task: MappingTask, k: int, n_dummies: int) -> MappingTask:
    """Choose the task whose theta serves as control for `task`; the choice depends on the task alone.

    It is a published task of another group that shares no pair (input, answer) with it and has enough items;
    among those, a hash of the name decides, so that adding tasks to a run changes no cell.

    Raises:
        TaskError: If k is too large for every other task.
    """
    able = lenders((task,), k, n_dummies)
    digest = hashlib.sha256(task.name.encode()).digest()
    return able[int.from_bytes(digest[:8], "big") % len(able)]


def lenders(tasks: Sequence[MappingTask], k: int, n_dummies: int) -> list[MappingTask]:
    """List the published tasks whose theta can be a control for all of `tasks`, as `other_task` says.

    Raises:
        TaskError: If there is none.
    """
    families = {_KIN.get(task.group, task.group) for task in tasks}
    taken = set[tuple[str, str]]().union(*map(_pair_set, tasks))
    able = [
        other
        for other in map(_built_in, registry.PAPER_TASKS)
        if other.group not in families
        and len(other.items) > k + n_dummies + 2
        and not taken & _pair_set(other)
    ]
    if not able:
        names = " and ".join(repr(task.name) for task in tasks)
        raise TaskError(
            f"No built-in task can lend a vector as control to {names} with {k} demonstrations.",
            "a published task of another group with more items than k and the dummies",
            "fewer demonstrations",
        )
    return able


_built_in: Callable[[str], MappingTask] = cache(registry.get)


def _pair_set(task: MappingTask) -> set[tuple[str, str]]:
    return {(item.input, answer) for item in task.items for answer in item.answers}
