"""Measuring a head cell: which heads carry the tasks, and what their summed outputs do elsewhere.

One cell holds all tasks of a run, because the heads that write a task's function vector are chosen on the
other tasks (protocol FV-1 to FV-7; algorithms 6.2, 6.4, 6.7, 6.8).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.errors import ModelError
from taskscope.runs.cell import Cell, Measured
from taskscope.studies.task_vectors.heads.answers import Ingredients, answer_rows
from taskscope.studies.task_vectors.heads.choice import choose, set_size
from taskscope.studies.task_vectors.heads.draws import TaskPrompts
from taskscope.studies.task_vectors.heads.fitting import fitting
from taskscope.studies.task_vectors.heads.mediation import disturbed, effects, head_means, worth_it
from taskscope.studies.task_vectors.heads.plain import ask
from taskscope.studies.task_vectors.heads.rows import SWAPPED, ZERO_SHOT, effect_rows, lacking_rows, no_heads
from taskscope.studies.task_vectors.params import HeadParams
from taskscope.tasks import registry
from taskscope.tasks.prompts import get_format

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure function vectors of all tasks with one model and seed.

    A model whose heads cannot be told apart gives one row that says so; a block in which they cannot, and a
    task that cannot be asked, one that says why.

    Raises:
        TaskError: If no task can be asked: it has too few items, or a prompt is longer than the model's
            context.
    """
    params = HeadParams(**cell.params)
    try:
        blocks = model.attending_blocks
    except ModelError as error:
        lacking = lacking_rows(model.blocks_without_heads)
        rows = pa.concat_tables([no_heads(), lacking], promote_options="default").combine_chunks()
        return Measured(rows=rows, notes={"heads": str(error)})
    tasks = [registry.resolve(ref) for ref in cell.tasks]
    drawn, tables = fitting(tasks, cell.seed, params, get_format(params.format), model)
    lacking = model.blocks_without_heads
    tables += [lacking_rows(lacking)] if lacking else []
    sites = np.array([(block, head) for block in blocks for head in range(model.n_heads)])
    size = set_size(params.head_share, len(sites))
    with model.audited(cell.rng("audit")) as audit:
        mean = [head_means(each, blocks, model) for each in drawn]
        layers = [model.capture([one.shown for one in each.means]).mean(axis=0) for each in drawn]
        plain = [ask(each, model) for each in drawn]
        able = [each.able for each in plain]
        places = [disturbed(each, said) for each, said in zip(drawn, plain, strict=True)]
        tried = worth_it(places, mean, able, sites, size, params, model)
        found = [effects(each, its, sites, tried, model) for each, its in zip(places, mean, strict=True)]
    # The sweeps that follow are of the kind that every accuracy cell audits.
    chosen = choose(found, able)
    for i, each in enumerate(drawn):
        kept = np.isin(np.arange(len(sites)), chosen[i].shared[:size])
        context = SWAPPED if plain[i].swapping_hides else ZERO_SHOT
        tables.append(effect_rows(each.task.name, able[i], context, found[i], sites, kept))
        other = _other(i, drawn)
        lent = None if other is None else mean[other]
        made = Ingredients(sites, size, mean[i], lent, layers[i], chosen[i])
        rng = cell.rng(f"vectors of {each.task.name}")
        tables += [*plain[i].rows, *answer_rows(each, made, params, model, rng)]
    notes = {**audit.notes(), "route": model.route, "heads": len(sites), "in_a_set": size}
    notes |= {"replaced_one_by_one": len(tried), "able": int(sum(able)), "left_out": len(tasks) - len(drawn)}
    rows = pa.concat_tables(tables, promote_options="default").unify_dictionaries().combine_chunks()
    return Measured(rows=rows, notes=notes)


def _other(number: int, drawn: Sequence[TaskPrompts]) -> int | None:
    """Return a task whose means serve as control: the next one of another group, else any, or none."""
    order = [(number + step) % len(drawn) for step in range(1, len(drawn))]
    group = drawn[number].task.group
    return next((i for i in order if drawn[i].task.group != group), order[0] if order else None)
