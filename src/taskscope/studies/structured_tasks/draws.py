"""Which texts are shown and asked, and in which order; no model is needed here.

Draws depend on task, seed and sizes but not on the model, so that all models are compared on the same texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from taskscope.errors import TaskError
from taskscope.studies.randomness import stream
from taskscope.tasks.classification import ClassificationTask, Text


@dataclass(frozen=True)
class Shown:
    """One draw of demonstrations and the queries that follow them."""

    number: int
    demonstrations: tuple[Text, ...]
    """A smaller number of demonstrations is the first of these, so that a curve is paired along itself."""
    queries: tuple[Text, ...]

    def classes(self, shots: int) -> np.ndarray:
        """Class of each of the first `shots` demonstrations, (shot,) int64."""
        return np.array([text.label for text in self.demonstrations[:shots]], dtype=np.int64)

    @property
    def gold(self) -> np.ndarray:
        """Class of each query, (query,) int64."""
        return np.array([text.label for text in self.queries], dtype=np.int64)


def texts(
    task: ClassificationTask, purpose: str, seed: int, n: int, n_shots: int, n_queries: int
) -> list[Shown]:
    """Draw n times demonstrations and queries (protocol 3, common defaults).

    Demonstrations are a plain random sample of the pool without replacement, so that classes come as often as
    chance has it; queries go through the classes in turn, so that a macro-F1 of few queries misses none.

    Raises:
        TaskError: If the pool holds fewer texts than demonstrations are asked for.
    """
    if n_shots > len(task.pool):
        raise TaskError(
            f"{n_shots} demonstrations of task {task.name!r}, whose pool holds {len(task.pool)} texts",
            f"at most {len(task.pool)}",
        )
    rng = stream("structured-tasks texts", purpose, task.fingerprint, seed)
    queries = _in_turn(task, rng)
    found = []
    for number in range(n):
        chosen = rng.permutation(len(task.pool))[:n_shots]
        asked = tuple(next(queries) for _ in range(n_queries))
        found.append(Shown(number, tuple(task.pool[i] for i in chosen), asked))
    return found


def _in_turn(task: ClassificationTask, rng: np.random.Generator) -> Iterator[Text]:
    """Go through the test texts class by class in turn, each class in a random order, again and again."""
    by_class = [[text for text in task.test if text.label == c] for c in range(len(task.classes))]
    orders = [list(rng.permutation(len(members))) for members in by_class]
    turn = 0
    while True:
        for members, order in zip(by_class, orders, strict=True):
            yield members[order[turn % len(order)]]
        turn += 1
