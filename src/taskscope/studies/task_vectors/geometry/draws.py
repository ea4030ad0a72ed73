"""Demonstration sets for the geometry: each S with dummies of its own, from the test half of the queries."""

from __future__ import annotations

from dataclasses import dataclass

from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.params import ThetaParams
from taskscope.tasks.prompts import PromptFormat
from taskscope.tasks.sampling import draw, shuffle_labels
from taskscope.tasks.task import MappingTask


@dataclass(frozen=True)
class Texts:
    """The prompts of one S, a tuple entry per dummy."""

    theta: tuple[str, ...]
    swapped: tuple[str, ...]
    bare: tuple[str, ...]


def sets(task: MappingTask, seed: int, params: ThetaParams, asked: PromptFormat) -> list[Texts]:
    """Draw demonstration sets with their dummies.

    Dummies are not shared between sets: sets of one task with the same dummies would lie together because of
    the dummies' words, and be taken for sets of one task.

    Raises:
        TaskError: If the task has too few items.
    """
    rng = stream("task-vectors sets", task.fingerprint, seed, params.n_sets, params.k, params.n_dummies)
    found = []
    for drawn in draw(task, task.items, params.n_sets, params.k, params.n_dummies, rng):
        swapped = shuffle_labels(drawn, rng)

        def texts(
            demonstrations: tuple[tuple[str, str], ...], dummies: tuple = drawn.dummies
        ) -> tuple[str, ...]:
            return tuple(asked.render(demonstrations, dummy.input).text for dummy in dummies)

        found.append(Texts(texts(drawn.pairs), texts(swapped), texts(())))
    return found
