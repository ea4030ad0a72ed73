"""Measuring one cell of averaged thetas: each query alone, with a mean of which it is no part put in (E7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.runs.cell import Cell, Measured
from taskscope.studies.task_vectors.averaged.draws import Prompt, averages, prompts, without_query
from taskscope.studies.task_vectors.averaged.rows import MEAN, OTHER, PLAIN, SINGLE, SWAPPED, to_rows
from taskscope.studies.task_vectors.params import FEWEST_AVERAGED, AveragedParams
from taskscope.tasks import registry
from taskscope.tasks.prompts import get_format

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure one task with one model and seed.

    A query with fewer than `FEWEST_AVERAGED` prompts without it is asked, and nothing is put in: its rows say
    how many prompts there were.

    Raises:
        TaskError: If a task has too few items, or a prompt is longer than the model's context.
    """
    params = AveragedParams(**cell.params)
    task, other = (registry.resolve(ref) for ref in cell.tasks)
    drawn = prompts(task, other, cell.seed, params, get_format(params.format))
    allowed = without_query([each.draw for each in drawn])
    with model.audited(cell.rng("audit")) as audit:
        tables = [*_plain(drawn, allowed, model), *_put_in(drawn, allowed, model)]
    rows = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    left_out = int((allowed.sum(axis=1) < FEWEST_AVERAGED).sum())
    notes = {
        **audit.notes(),
        "other_task": other.name,
        "queries_with_too_few_prompts": left_out,
        "route": model.route,
    }
    return Measured(rows=rows, notes=notes)


def _plain(drawn: Sequence[Prompt], allowed: np.ndarray, model: LanguageModel) -> list[pa.Table]:
    """Ask every query without and with its own demonstrations."""
    texts = [*(each.bare for each in drawn), *(each.regular for each in drawn)]
    gold = [each.gold for each in drawn] * len(PLAIN)
    right = model.answer(texts, {"gold": gold}).correct["gold"].reshape(len(PLAIN), -1, 1)
    every = range(len(drawn))
    return [_rows(name, drawn, allowed, every, [-1], right[i]) for i, name in enumerate(PLAIN)]


def _put_in(drawn: Sequence[Prompt], allowed: np.ndarray, model: LanguageModel) -> list[pa.Table]:
    """Put theta of its own demonstrations, the mean and its controls into every query's bare prompt."""
    able = np.flatnonzero(allowed.sum(axis=1) >= FEWEST_AVERAGED).tolist()
    if not able:
        return []
    of = {
        MEAN: [each.regular for each in drawn],
        SWAPPED: [each.swapped for each in drawn],
        OTHER: [each.other for each in drawn],
    }
    single = model.capture([text for i in able for text in drawn[i].theta])
    vectors = {SINGLE: single.reshape(len(able), -1, *single.shape[1:]).mean(axis=1)}
    for name, texts in of.items():
        vectors[name] = averages(model.capture(texts), allowed[able])
    swept = model.sweep([drawn[i].bare for i in able], vectors, {"gold": [drawn[i].gold for i in able]})
    right = swept.correct["gold"]
    return [
        _rows(name, drawn, allowed, able, swept.blocks, right[i]) for i, name in enumerate(swept.conditions)
    ]


def _rows(
    condition: str,
    drawn: Sequence[Prompt],
    allowed: np.ndarray,
    pairs: Sequence[int],
    blocks: Sequence[int],
    right: np.ndarray,
) -> pa.Table:
    clusters = [drawn[i].draw.query.cluster for i in pairs]
    return to_rows(condition, pairs, clusters, allowed.sum(axis=1)[list(pairs)].tolist(), blocks, right)
