"""The texts of a head cell: prompts of right and of swapped demonstrations, and queries alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.params import HeadParams
from taskscope.tasks.prompts import PromptFormat
from taskscope.tasks.sampling import draw, shuffle_labels, split_queries
from taskscope.tasks.task import Item, MappingTask


@dataclass(frozen=True)
class Asked:
    """One query with its contexts."""

    query: Item
    gold: tuple[str, ...]
    """Accepted answers as they follow the query."""
    bare: str
    shown: str
    """Behind demonstrations."""
    swapped: str
    """Behind the same demonstrations, their labels given to each other."""


@dataclass(frozen=True)
class TaskPrompts:
    """Everything asked about one task; no query of development is a test query (FV-1)."""

    task: MappingTask
    means: tuple[Asked, ...]
    """Development queries, from whose prompts the heads' mean outputs are read (FV-2)."""
    effects: tuple[Asked, ...]
    """Development queries on which heads are replaced one by one (FV-3)."""
    dev: tuple[Asked, ...]
    """Development queries that choose the block and the strongest control."""
    test: tuple[Asked, ...]


def prompts(task: MappingTask, seed: int, params: HeadParams, asked: PromptFormat) -> TaskPrompts:
    """Draw the prompts of one task; queries are split as for the accuracies (E1).

    Raises:
        TaskError: If the task has too few items for k demonstrations.
    """
    split_rng = stream("task-vectors split", task.fingerprint, params.dev_share)
    dev, test = split_queries(task, split_rng, params.dev_share)

    def some(purpose: str, pool: Sequence[Item], n: int) -> tuple[Asked, ...]:
        rng = stream("task-vectors heads", task.fingerprint, seed, purpose, params.k)
        found = []
        for drawn in draw(task, pool, n, params.k, 0, rng):
            query = drawn.query
            found.append(
                Asked(
                    query=query,
                    gold=tuple(asked.answer(y) for y in query.answers),
                    bare=asked.render((), query.input).text,
                    shown=asked.render(drawn.pairs, query.input).text,
                    swapped=asked.render(shuffle_labels(drawn, rng), query.input).text,
                )
            )
        return tuple(found)

    return TaskPrompts(
        task,
        means=some("means", dev, params.n_means),
        effects=some("effects", dev, params.n_effects),
        dev=some("dev", dev, params.n_vector_dev),
        test=some("test", test, params.n_vector_test),
    )
