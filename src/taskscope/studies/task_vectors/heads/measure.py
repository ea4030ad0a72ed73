"""Measuring a head cell: which heads carry the tasks, and what their summed outputs do elsewhere.

One cell holds all tasks of a run, because the heads that write a task's function vector are chosen on the
other tasks (protocol FV-1 to FV-6; algorithms 6.2, 6.4, 6.7, 6.8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.errors import ModelError
from taskscope.runs.cell import Cell, Measured
from taskscope.studies.task_vectors.heads.answers import Ingredients, answer_rows
from taskscope.studies.task_vectors.heads.choice import choose, set_size
from taskscope.studies.task_vectors.heads.draws import TaskPrompts, prompts
from taskscope.studies.task_vectors.heads.plain import Plain, ask
from taskscope.studies.task_vectors.heads.rows import SWAPPED, ZERO_SHOT, effect_rows, no_heads
from taskscope.studies.task_vectors.params import HeadParams
from taskscope.tasks import registry
from taskscope.tasks.prompts import get_format

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

EXACT_SHARE = 0.05
"""Share of a large model's heads that get the exact pass (6.8)."""

Prompt = tuple[str, str]
"""A text, and the answer as it follows it."""


@dataclass(frozen=True)
class Means:
    """Mean outputs at the last token of one task's prompts with demonstrations (FV-2)."""

    heads: np.ndarray
    """(head, head_dim) float32."""
    layers: np.ndarray
    """(block, d_model) float32: the mean residual."""


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure function vectors of all tasks with one model and seed.

    A model whose heads cannot be told apart gives one row that says so.

    Raises:
        TaskError: If a task has too few items, or a prompt is longer than the model's context.
    """
    params = HeadParams(**cell.params)
    try:
        blocks = model.attending_blocks
    except ModelError as error:
        return Measured(rows=no_heads(), notes={"heads": str(error)})
    asked = get_format(params.format)
    drawn = [prompts(registry.resolve(ref), cell.seed, params, asked) for ref in cell.tasks]
    sites = np.array([(block, head) for block in blocks for head in range(model.n_heads)])
    size = set_size(params.head_share, len(sites))
    with model.audited(cell.rng("audit")) as audit:
        means = [_means(each, blocks, model) for each in drawn]
        plain = [ask(each, model) for each in drawn]
        able = [each.able for each in plain]
        places = [_disturbed(each, said) for each, said in zip(drawn, plain, strict=True)]
        tried = _worth_it(places, means, able, sites, size, params, model)
        effects = [
            _effects(each, mean, sites, tried, model) for each, mean in zip(places, means, strict=True)
        ]
    # The sweeps that follow are of the kind that every accuracy cell audits.
    chosen = choose(effects, able)
    tables = []
    for i, each in enumerate(drawn):
        kept = np.isin(np.arange(len(sites)), chosen[i].shared[:size])
        context = SWAPPED if plain[i].swapping_hides else ZERO_SHOT
        tables.append(effect_rows(each.task.name, able[i], context, effects[i], sites, kept))
        other = _other(i, drawn)
        lent = None if other is None else means[other].heads
        made = Ingredients(sites, size, means[i].heads, lent, means[i].layers, chosen[i])
        rng = cell.rng(f"vectors of {each.task.name}")
        tables += [*plain[i].rows, *answer_rows(each, made, params, model, rng)]
    notes = {**audit.notes(), "route": model.route, "heads": len(sites), "in_a_set": size}
    notes |= {"replaced_one_by_one": len(tried), "able": int(sum(able))}
    rows = pa.concat_tables(tables, promote_options="default").unify_dictionaries().combine_chunks()
    return Measured(rows=rows, notes=notes)


def _means(drawn: TaskPrompts, blocks: Sequence[int], model: LanguageModel) -> Means:
    shown = [one.shown for one in drawn.means]
    heads = model.capture(shown, blocks=blocks, what="heads").mean(axis=0)
    return Means(heads.reshape(-1, model.head_dim), model.capture(shown).mean(axis=0))


def _disturbed(drawn: TaskPrompts, said: Plain) -> list[Prompt]:
    """Return the prompts in which heads are replaced, with the answer that they should bring back.

    Labels are swapped (FV-3), unless the model does the task from swapped labels too: then nothing is left to
    bring back, and the query stands alone.
    """
    return [(one.swapped if said.swapping_hides else one.bare, one.gold[0]) for one in drawn.effects]


def _worth_it(
    prompts: Sequence[Sequence[Prompt]],
    means: Sequence[Means],
    able: Sequence[bool],
    sites: np.ndarray,
    size: int,
    params: HeadParams,
    model: LanguageModel,
) -> np.ndarray:
    """Return the heads that are replaced one by one: all, or those that gradients say are strongest (6.8)."""
    if len(sites) <= params.exact_heads:
        return np.arange(len(sites))
    estimates = []
    for each, mean, helped in zip(prompts, means, able, strict=True):
        if helped or not any(able):
            outputs = mean.heads.reshape(-1, model.n_heads, model.head_dim)
            texts, answers = zip(*each, strict=True)
            estimates.append(model.estimated_head_effects(texts, outputs, answers).mean(axis=0).ravel())
    n = min(len(sites), max(round(EXACT_SHARE * len(sites)), 4 * size))
    return np.sort(np.argsort(-np.mean(estimates, axis=0), kind="stable")[:n])


def _effects(
    prompts: Sequence[Prompt], mean: Means, sites: np.ndarray, tried: np.ndarray, model: LanguageModel
) -> np.ndarray:
    """Replace heads one by one: (prompt, head), NaN where a head was not replaced."""
    found = np.full((len(prompts), len(sites)), np.nan)
    some = [(int(block), int(head)) for block, head in sites[tried]]
    texts, answers = zip(*prompts, strict=True)
    found[:, tried] = model.head_effects(texts, mean.heads[tried], answers, some).indirect
    return found


def _other(number: int, drawn: Sequence[TaskPrompts]) -> int | None:
    """Return a task whose means serve as control: the next one of another group, else any, or none."""
    order = [(number + step) % len(drawn) for step in range(1, len(drawn))]
    group = drawn[number].task.group
    return next((i for i in order if drawn[i].task.group != group), order[0] if order else None)
