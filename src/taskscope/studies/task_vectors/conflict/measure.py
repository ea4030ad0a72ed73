"""Measuring one conflict cell: each of two tasks is shown while theta of the other is put in (E5, 6.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.runs.cell import Cell, Measured
from taskscope.studies.task_vectors.conflict.draws import Conflict, conflicts
from taskscope.studies.task_vectors.conflict.rows import INJECTED, NONE, OWN, PART, RANDOM, SCHEMA, UNRELATED
from taskscope.studies.task_vectors.params import ConflictParams
from taskscope.tasks import registry
from taskscope.tasks.prompts import get_format

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure both directions of one pair of tasks with one model and seed.

    The third task of the cell is the one that has nothing to do with either.

    Raises:
        TaskError: If a task has too few items, or a prompt is longer than the model's context.
    """
    params = ConflictParams(**cell.params)
    a, b, unrelated = (registry.resolve(ref) for ref in cell.tasks)
    drawn = conflicts(a, b, unrelated, cell.seed, params, get_format(params.format))
    sets = [texts for conflict in drawn for texts in (*(s.theta for s in conflict.sides), conflict.unrelated)]
    states = model.capture([text for texts in sets for text in texts])
    thetas = states.reshape(len(drawn), 3, params.n_dummies, *states.shape[1:]).mean(axis=2)
    noise = cell.rng("random vectors")
    with model.audited(cell.rng("audit")) as audit:
        tables = [_direction(drawn, thetas, shown, (a.name, b.name), noise, model) for shown in (0, 1)]
    rows = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    notes = {**audit.notes(), "unrelated_task": unrelated.name, "route": model.route}
    return Measured(rows=rows, notes=notes)


def _direction(
    drawn: Sequence[Conflict],
    thetas: np.ndarray,
    shown: int,
    names: tuple[str, str],
    noise: np.random.Generator,
    model: LanguageModel,
) -> pa.Table:
    """Show one task and put the other's theta in.

    Args:
        drawn: The conflicts.
        thetas: (conflict, task, block, d_model): of either side, then of the unrelated task.
        shown: Which side is shown.
        names: Names of both tasks.
        noise: Makes the random vectors.
        model: The model.
    """
    prompts = [conflict.sides[shown].prompt for conflict in drawn]
    answers = {
        "shown": [conflict.sides[shown].gold for conflict in drawn],
        "injected": [conflict.sides[1 - shown].gold for conflict in drawn],
    }
    theta = thetas[:, 1 - shown]
    random = noise.standard_normal(theta.shape, dtype=np.float32)
    length = np.linalg.norm(theta, axis=-1, keepdims=True) / np.linalg.norm(random, axis=-1, keepdims=True)
    vectors = {INJECTED: theta, OWN: thetas[:, shown], UNRELATED: thetas[:, 2], RANDOM: random * length}
    plain = model.answer(prompts, answers)
    swept = model.sweep(prompts, vectors, answers)
    direction = (names[shown], names[1 - shown])
    found = [_rows(drawn, direction, NONE, [-1], {k: v[:, None] for k, v in plain.correct.items()})]
    for i, condition in enumerate(swept.conditions):
        right = {name: values[i] for name, values in swept.correct.items()}
        found.append(_rows(drawn, direction, condition, swept.blocks, right))
    return pa.concat_tables(found)


def _rows(
    drawn: Sequence[Conflict],
    direction: tuple[str, str],
    condition: str,
    blocks: Sequence[int],
    right: dict[str, np.ndarray],
) -> pa.Table:
    """Lay out one condition, `right` by name (conflict, block)."""
    n, n_blocks = len(drawn), len(blocks)

    def same(value: str) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n * n_blocks), pa.int32()), [value])

    clusters = pa.array(np.repeat([conflict.query for conflict in drawn], n_blocks)).dictionary_encode()
    columns = [
        same(PART),
        *(same(name) for name in direction),
        pa.array(np.repeat(np.arange(n), n_blocks), pa.int32()),
        clusters,
        same(condition),
        pa.array(np.tile(np.array(blocks), n), pa.int32()),
        pa.array(right["shown"].ravel()),
        pa.array(right["injected"].ravel()),
    ]
    return pa.table(columns, schema=SCHEMA)
