"""Measuring one template cell: theta read in every prompt format, put into every other (protocol 9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.runs.cell import Cell, Measured
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.params import TemplateParams
from taskscope.studies.task_vectors.templates.rows import DEMONSTRATIONS, NONE, PART, SCHEMA
from taskscope.studies.task_vectors.templates.rows import THETA as THETA_PUT_IN
from taskscope.tasks import registry
from taskscope.tasks.prompts import FORMATS, PromptFormat
from taskscope.tasks.sampling import Draw, draw, split_queries

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure one task with one model and seed; the same demonstrations and queries in every format.

    Raises:
        TaskError: If the task has too few items, or a prompt is longer than the model's context.
    """
    params = TemplateParams(**cell.params)
    task = registry.resolve(cell.tasks[0])
    rng = stream("task-vectors split", task.fingerprint, params.dev_share)
    pool = split_queries(task, rng, params.dev_share)[1]
    sizes = (params.n_templates, params.k, params.n_dummies)
    drawn = draw(task, pool, *sizes, stream("task-vectors templates", task.fingerprint, cell.seed, *sizes))
    thetas = {name: _theta(drawn, asked, model) for name, asked in FORMATS.items()}
    tables = [table for asked in FORMATS.values() for table in _asked(drawn, asked, thetas, model)]
    return Measured(rows=pa.concat_tables(tables).unify_dictionaries().combine_chunks(), notes={})


def _theta(drawn: Sequence[Draw], asked: PromptFormat, model: LanguageModel) -> np.ndarray:
    """Read theta in one format: (pair, block, d_model)."""
    texts = [asked.render(each.pairs, dummy.input).text for each in drawn for dummy in each.dummies]
    states = model.capture(texts)
    return states.reshape(len(drawn), -1, *states.shape[1:]).mean(axis=1)


def _asked(
    drawn: Sequence[Draw], asked: PromptFormat, thetas: dict[str, np.ndarray], model: LanguageModel
) -> list[pa.Table]:
    """Ask in one format: without demonstrations, with them, and with theta of every format."""
    bare = [asked.render((), each.query.input).text for each in drawn]
    full = [asked.render(each.pairs, each.query.input).text for each in drawn]
    gold = [[asked.answer(y) for y in each.query.answers] for each in drawn]
    plain = model.answer([*bare, *full], {"gold": gold * 2}).correct["gold"].reshape(2, -1, 1)
    swept = model.sweep(bare, thetas, {"gold": gold})
    clusters = [each.query.cluster for each in drawn]
    tables = [
        _rows(asked.name, asked.name, NONE, clusters, [-1], plain[0]),
        _rows(asked.name, asked.name, DEMONSTRATIONS, clusters, [-1], plain[1]),
    ]
    for i, name in enumerate(swept.conditions):
        right = swept.correct["gold"][i]
        tables.append(_rows(name, asked.name, THETA_PUT_IN, clusters, swept.blocks, right))
    return tables


def _rows(
    read_in: str,
    asked_in: str,
    condition: str,
    clusters: Sequence[str],
    blocks: Sequence[int],
    correct: np.ndarray,
) -> pa.Table:
    """Lay out one condition, `correct` (pair, block)."""
    n, n_blocks = correct.shape
    first = pa.array(np.zeros(n * n_blocks), pa.int32())
    texts = (PART, read_in, asked_in, condition)
    columns = [
        *(pa.DictionaryArray.from_arrays(first, [text]) for text in texts),
        pa.array(np.repeat(np.arange(n), n_blocks), pa.int32()),
        pa.array(np.repeat(clusters, n_blocks)).dictionary_encode(),
        pa.array(np.tile(np.array(blocks), n), pa.int32()),
        pa.array(correct.ravel()),
    ]
    return pa.table(columns, schema=SCHEMA)
