"""Measuring a lens cell: the thetas of all tasks, read through a lens tuned for every block (E6 iii)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.errors import TaskError
from taskscope.runs.cell import Cell, Measured
from taskscope.studies.task_vectors.geometry.measure import read_thetas, theta_prompts
from taskscope.studies.task_vectors.geometry.rows import THETA
from taskscope.studies.task_vectors.params import LensParams
from taskscope.studies.task_vectors.projection.lens import Prompts, Tuned, translators
from taskscope.studies.task_vectors.projection.lens_rows import (
    PART,
    fit_rows,
    nothing_to_read,
    theta_fit_rows,
    with_target,
)
from taskscope.studies.task_vectors.projection.measure import read_sets
from taskscope.studies.task_vectors.projection.words import lexicon
from taskscope.tasks import registry

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Read the thetas of all tasks, the very ones of their theta cells, through tuned lenses.

    Tasks with too few items, and those whose prompts the model does not take, are left out. Where no word can
    be read from the model's states, no lens is made, and one row says so.

    Raises:
        TaskError: If no task is left.
    """
    params = LensParams(**cell.params)
    asked, refused = {}, []
    for ref in cell.tasks:
        try:
            task = registry.resolve(ref)
            prompts = theta_prompts(task, cell.seed, params)
            model.encoder.encode_all([text for texts in prompts.values() for text in texts])
        except TaskError as error:
            refused.append(error)
        else:
            asked[task.name] = task.group, prompts
    if not asked:
        raise refused[0]
    known = lexicon(model.tokenizer)
    if not model.reads_out or not known.words:
        return Measured(
            rows=nothing_to_read(), notes={"reads_out": model.reads_out, "words": len(known.words)}
        )
    found, at_prompts = {}, {}
    for name, (group, texts) in asked.items():
        states = read_thetas(texts, params.n_dummies, model)
        found[name] = {kind: each.mean(axis=1) for kind, each in states.items()}
        by_prompt = {kind: each.reshape(-1, *each.shape[2:]) for kind, each in states.items()}
        at_prompts[name] = Prompts(group, texts, by_prompt)
    at_thetas = {name: prompts.states[THETA] for name, prompts in at_prompts.items()}
    tables = []
    for each in translators(model, at_prompts, params.lens_steps, cell.seed):
        tables += fitted(each, at_thetas, model)
        for name, kinds in found.items():
            for thetas in kinds.values():
                thetas[:, each.block] = each.of_task[name](thetas[:, each.block])
    for name, kinds in found.items():
        tables += [with_target(rows, name) for rows in read_sets(kinds, known, model, PART)]
    rows = pa.concat_tables(tables, promote_options="default").unify_dictionaries().combine_chunks()
    notes = {"reads_out": True, "words": len(known.words), "left_out": len(refused), "route": model.route}
    return Measured(rows=rows, notes=notes)


def fitted(tuned: Tuned, thetas: dict[str, np.ndarray], model: LanguageModel) -> list[pa.Table]:
    """Say how far both lenses of a block are off: on held-out text, and at every prompt thetas are read from.

    A map that is good on text may well be bad there. None is tuned on prompts of the tasks that it reads.

    Args:
        tuned: The lenses.
        thetas: Task -> (prompt, block, d_model), states of its prompts.
        model: The model.
    """
    tables = [fit_rows(tuned.block, tuned.text, tuned.logit, tuned.tuned)]
    for task, states in thetas.items():
        own, wanted = (states[:, block] for block in (tuned.block, -1))
        off = (model.divergences(some, wanted) for some in (own, tuned.of_task[task](own)))
        tables.append(theta_fit_rows(tuned.block, task, *off))
    return tables
