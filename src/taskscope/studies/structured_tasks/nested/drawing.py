"""The draws of a cell: those of its composition, seed and sizes, and no others."""

from __future__ import annotations

from taskscope.errors import TaskError
from taskscope.studies.randomness import stream
from taskscope.studies.structured_tasks.params import NestedParams
from taskscope.tasks.nested import draws
from taskscope.tasks.nested.compositions import Composition


def draw(composition: Composition, seed: int, params: NestedParams) -> list[draws.Draw]:
    """Draw demonstrations and queries of a composition.

    Raises:
        TaskError: If a task or the composition has too few items; it names the settings to lower.
    """
    prints = [task.fingerprint for task in composition.tasks]
    rng = stream("structured-tasks nested", composition.name, prints, seed)
    sizes = draws.Sizes(params.nested_shots, params.nested_repetitions, params.nested_queries)
    try:
        return draws.draw(composition, sizes, rng)
    except TaskError as error:
        hint = "lower nested_shots or nested_queries, or take a composition with more items"
        raise TaskError(error.given, error.expected, hint) from error
