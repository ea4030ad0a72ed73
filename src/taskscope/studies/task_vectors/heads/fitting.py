"""Which tasks a model can be asked: one that it cannot is left out by name, and the others are measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from taskscope.errors import TaskError
from taskscope.studies.task_vectors.heads.draws import TaskPrompts, prompts
from taskscope.studies.task_vectors.heads.rows import left_out_rows
from taskscope.studies.task_vectors.params import HeadParams
from taskscope.tasks.prompts import PromptFormat
from taskscope.tasks.task import MappingTask

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def fitting(
    tasks: Sequence[MappingTask], seed: int, params: HeadParams, asked: PromptFormat, model: LanguageModel
) -> tuple[list[TaskPrompts], list[pa.Table]]:
    """Draw the prompts of every task that has enough items and whose prompts the model can read.

    Returns:
        The prompts, and rows that name every other task with the reason.

    Raises:
        TaskError: If no task is left; the reason is that of the first.
    """
    drawn, refused = [], []
    for task in tasks:
        try:
            each = prompts(task, seed, params, asked)
            _read(each, model)
        except TaskError as error:
            refused.append((task.name, error))
        else:
            drawn.append(each)
    if not drawn:
        raise refused[0][1]
    return drawn, [left_out_rows(name, str(error)) for name, error in refused]


def _read(drawn: TaskPrompts, model: LanguageModel) -> None:
    """Encode everything that will be asked; the prompt with demonstrations is the longest of each query."""
    everything = (*drawn.means, *drawn.effects, *drawn.dev, *drawn.test)
    model.encoder.encode_pairs(
        [
            (text, answer)
            for one in everything
            for text in (one.bare, one.shown, one.swapped)
            for answer in one.gold
        ]
    )
