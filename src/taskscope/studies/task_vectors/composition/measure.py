"""Measuring a square of tasks: function vectors of three of them, added up and given to the fourth (FV-8).

The heads are chosen on the three tasks that are added up, never on the fourth; prompts are those of function
vectors. Where demonstrations do not help on one of the three, there is nothing to add up, and the answers
without any vector are all that is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.errors import ModelError
from taskscope.runs.cell import Cell, Measured
from taskscope.studies.task_vectors.composition.rows import (
    COMPOSED,
    ONE,
    OTHER,
    OWN,
    PART,
    SUMMED,
    WRONG_SIGN,
    no_heads,
)
from taskscope.studies.task_vectors.heads import mediation
from taskscope.studies.task_vectors.heads.choice import (
    random_sets,
    ranked_effects,
    set_size,
    strongest_first,
)
from taskscope.studies.task_vectors.heads.draws import TaskPrompts, prompts
from taskscope.studies.task_vectors.heads.plain import Plain, ask
from taskscope.studies.task_vectors.heads.rows import RANDOM_HEADS, VECTOR, ZERO_SHOT, queries
from taskscope.studies.task_vectors.params import CompositionParams
from taskscope.tasks import registry
from taskscope.tasks.prompts import get_format

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

Vectors = dict[tuple[str, int], np.ndarray]
"""By condition and repeat, (d_model,)."""


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure one square with one model and seed.

    Raises:
        TaskError: If a task has too few items, or a prompt is longer than the model's context.
    """
    params = CompositionParams(**cell.params)
    try:
        blocks = model.attending_blocks
    except ModelError as error:
        return Measured(rows=no_heads(), notes={"heads": str(error)})
    asked = get_format(params.format)
    by_name = {ref.name: prompts(registry.resolve(ref), cell.seed, params, asked) for ref in cell.tasks}
    both, neither, one, other = by_name.values()
    summands = (neither, one, other)
    sites = np.array([(block, head) for block in blocks for head in range(model.n_heads)])
    size = set_size(params.head_share, len(sites))
    with model.audited(cell.rng("audit")) as audit:
        said = [ask(each, model, PART) for each in (*summands, both)]
        tables = [table for each in said for table in each.rows]
        if all(each.able for each in said[:3]):
            mean = [mediation.head_means(each, blocks, model) for each in (*summands, both)]
            heads = _strongest(summands, said[:3], mean, sites, size, params, model)
            made = _vectors(mean, sites, heads, size, params.n_random_sets, model, cell.rng("random heads"))
            tables += _answers(both, made, size, model)
            for each, condition in ((one, ONE), (other, OTHER)):
                tables += _answers(each, {(VECTOR, 0): made[condition, 0]}, size, model)
    notes = {**audit.notes(), "route": model.route, "heads": len(sites), "in_a_set": size}
    notes |= {"able": [each.task.name for each, its in zip((*summands, both), said, strict=True) if its.able]}
    rows = pa.concat_tables(tables, promote_options="default").unify_dictionaries().combine_chunks()
    return Measured(rows=rows, notes=notes)


def _strongest(
    summands: Sequence[TaskPrompts],
    said: Sequence[Plain],
    mean: Sequence[np.ndarray],
    sites: np.ndarray,
    size: int,
    params: CompositionParams,
    model: LanguageModel,
) -> np.ndarray:
    """Return the heads of the largest mean effect on the three tasks, (size,) numbers."""
    places = [mediation.disturbed(each, its) for each, its in zip(summands, said, strict=True)]
    own = mean[: len(summands)]
    tried = mediation.worth_it(places, own, [True] * len(places), sites, size, params, model)
    found = [
        ranked_effects(mediation.effects(each, its, sites, tried, model))
        for each, its in zip(places, own, strict=True)
    ]
    return strongest_first(np.mean(found, axis=0))[:size]


def _vectors(
    mean: Sequence[np.ndarray],
    sites: np.ndarray,
    heads: np.ndarray,
    size: int,
    n_random_sets: int,
    model: LanguageModel,
    rng: np.random.Generator,
) -> Vectors:
    """Add up what the heads write on average over the prompts of each task, in every way.

    Args:
        mean: (head, head_dim) of each task: neither, one, other, both.
        sites: (head, 2) block and head.
        heads: (size,) numbers of the chosen heads.
        size: Heads in a function vector.
        n_random_sets: Sets of as many other heads.
        model: The model.
        rng: Draws the sets.
    """

    def written(some: np.ndarray) -> list[np.ndarray]:
        where = [(int(block), int(head)) for block, head in sites[some]]
        return [model.head_writes(each[some], where).sum(axis=0) for each in mean]

    neither, one, other, both = written(heads)
    found = {
        (COMPOSED, 0): one + other - neither,
        (ONE, 0): one,
        (OTHER, 0): other,
        (WRONG_SIGN, 0): one - other + neither,
        (SUMMED, 0): one + other,
        (OWN, 0): both,
    }
    for i, some in enumerate(random_sets(len(sites), heads, size, n_random_sets, rng)):
        neither, one, other, _ = written(some)
        found[RANDOM_HEADS, i] = one + other - neither
    return found


def _answers(drawn: TaskPrompts, vectors: Vectors, size: int, model: LanguageModel) -> list[pa.Table]:
    """Add every vector to the queries of one task after every block in turn."""
    asked, both = (*drawn.dev, *drawn.test), queries(drawn, ("dev", "test"))
    shape = (len(asked), model.n_blocks, model.d_model)
    named = {str(i): np.broadcast_to(vector, shape) for i, vector in enumerate(vectors.values())}
    gold = {"gold": [one.gold for one in asked]}
    swept = model.sweep([one.bare for one in asked], named, gold, mode="add").correct["gold"]
    return [
        both.rows(ZERO_SHOT, condition, right, range(model.n_blocks), repeat=repeat, n_heads=size, part=PART)
        for (condition, repeat), right in zip(vectors, swept, strict=True)
    ]
