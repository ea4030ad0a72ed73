"""The prompts behind the mean theta of other tasks, which is subtracted to see what is a task's own."""

from __future__ import annotations

from contextlib import suppress

from taskscope.errors import TaskError
from taskscope.studies.task_vectors.geometry.draws import sets
from taskscope.studies.task_vectors.params import ThetaParams
from taskscope.tasks import registry
from taskscope.tasks.prompts import PromptFormat

PANEL = ("next-letter", "list-last", "fr-en", "plural-singular", "country-capital", "antonyms", "copy")
"""Tasks of every group. They are always the same, so that adding a task to a run changes no cell."""
SETS_OF_PANEL = 1


def panel_prompts(task: str, seed: int, params: ThetaParams, asked: PromptFormat) -> list[list[str]]:
    """Draw p(S, x') of every panel task but the one itself: by task, some prompts.

    Tasks with too few items for k demonstrations are left out.
    """
    few = params.model_copy(update={"n_sets": SETS_OF_PANEL})
    found = []
    for name in PANEL:
        if name != task:
            with suppress(TaskError):
                found.append([drawn.theta[0] for drawn in sets(registry.get(name), seed, few, asked)])
    return found
