"""Measuring one theta cell: the states at the last arrow for several S and dummies (protocol E3, E4, 6.3).

The same states are read through the vocabulary (E6), while the head's weights are at hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.runs.cell import Cell, Measured
from taskscope.studies.task_vectors.geometry.draws import sets
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA, to_rows
from taskscope.studies.task_vectors.params import ThetaParams
from taskscope.studies.task_vectors.projection.measure import project
from taskscope.tasks import registry
from taskscope.tasks.prompts import get_format
from taskscope.tasks.task import MappingTask

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Read the thetas of one task with one model and seed.

    Raises:
        TaskError: If the task has too few items, or a prompt is longer than the model's context.
    """
    params = ThetaParams(**cell.params)
    task = registry.resolve(cell.tasks[0])
    states = read_thetas(theta_prompts(task, cell.seed, params), params.n_dummies, model)
    tables = [to_rows(states, task.group), project(states, task.name, cell.seed, params, model)]
    rows = pa.concat_tables(tables, promote_options="default").unify_dictionaries().combine_chunks()
    return Measured(rows=rows, notes={"route": model.route, "reads_out": model.reads_out})


def theta_prompts(task: MappingTask, seed: int, params: ThetaParams) -> dict[str, list[str]]:
    """Draw the prompts of theta and its controls: kind -> texts, set by set and dummy by dummy.

    Raises:
        TaskError: If the task has too few items.
    """
    drawn = sets(task, seed, params, get_format(params.format))
    return {
        THETA: [text for texts in drawn for text in texts.theta],
        SWAPPED: [text for texts in drawn for text in texts.swapped],
        BARE: [text for texts in drawn for text in texts.bare],
    }


def read_thetas(prompts: dict[str, list[str]], n_dummies: int, model: LanguageModel) -> dict[str, np.ndarray]:
    """Read the state at the last token of every prompt: kind -> (set, dummy, block, d_model).

    Raises:
        TaskError: If a prompt is longer than the model's context.
    """
    states = {}
    for kind, texts in prompts.items():
        found = model.capture(texts)  # (set * dummy, block, d_model)
        states[kind] = found.reshape(-1, n_dummies, *found.shape[1:])
    return states
