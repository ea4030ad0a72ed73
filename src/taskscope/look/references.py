"""Prompts of the built-in tasks, and of nonsense, from which reference states are read.

Both are asked in the format of the prompt that is looked at and with as many demonstrations. Nonsense keeps
the inputs of a task and takes every label from another task, so that nothing maps the one to the other
(protocol task_vectors E3: labels shuffled across tasks). Labels shuffled inside a task would not do: which
words are inputs and which are labels still shows the task.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from taskscope.look.parse import Reading
from taskscope.tasks import registry
from taskscope.tasks.prompts import PromptFormat
from taskscope.tasks.sampling import draw
from taskscope.tasks.task import MappingTask

N_EPISODES = 4
"""Prompts of each task, and as many of nonsense."""
MOST_DEMONSTRATIONS = 6
"""Reference prompts are no longer than this, to keep the pass short."""


def dummies(k: int) -> tuple[int, ...]:
    """Return the demonstrations whose arrows theta is read at: the last two that have others before them.

    Their inputs are the dummy queries (protocol task_vectors 2, M = 2): what stands at such an arrow has seen
    demonstrations and its own input, and neither its label nor the query.
    """
    return tuple(range(max(1, k - 2), k)) if k else ()


@dataclass(frozen=True)
class Episode:
    """One prompt of a built-in task, seen at the arrows of its dummies and of its query."""

    task: str
    nonsense: bool
    texts: tuple[str, ...]
    """The prompt up to the arrow of each dummy, then the whole of it."""
    answers: tuple[str, ...]
    """The label that would follow each text."""


def episodes(asked: PromptFormat, k: int, n: int = N_EPISODES, seed: int = 0) -> list[Episode]:
    """Draw n prompts of every built-in task and n of nonsense; the same for every model.

    Args:
        asked: The prompt format.
        k: Demonstrations, at least 1.
        n: Prompts per task and kind.
        seed: Decides the draws.
    """
    tasks = tuple(_built_in(name) for name in registry.names())
    found = []
    for task in tasks:
        digest = hashlib.sha256(f"look {task.fingerprint} {k} {seed}".encode()).digest()
        rng = np.random.default_rng(np.frombuffer(digest, dtype=np.uint32))
        for one in draw(task, task.items, n, k, 0, rng):
            for nonsense, shown in ((False, one.pairs), (True, _dealt(one.pairs, task, tasks, rng))):
                reading = Reading(asked, shown, one.query.input)
                found.append(_episode(task.name, nonsense, reading, one.query.label))
    return found


def _episode(task: str, nonsense: bool, reading: Reading, label: str) -> Episode:
    places = dummies(len(reading.demonstrations))
    labels = [*(reading.demonstrations[n][1] for n in places), label]
    return Episode(
        task,
        nonsense,
        (*(reading.after(n) for n in places), reading.prompt.text),
        tuple(reading.format.answer(y) for y in labels),
    )


def _dealt(
    pairs: Sequence[tuple[str, str]], own: MappingTask, tasks: Sequence[MappingTask], rng: np.random.Generator
) -> tuple[tuple[str, str], ...]:
    """Give every input a label of another task, each of a different one."""
    others = [task for task in tasks if task.name != own.name]
    chosen = rng.choice(len(others), size=len(pairs), replace=False)
    labels = [others[i].items[rng.integers(len(others[i].items))].label for i in chosen]
    return tuple((x, label) for (x, _), label in zip(pairs, labels, strict=True))


_built_in = cache(registry.get)
