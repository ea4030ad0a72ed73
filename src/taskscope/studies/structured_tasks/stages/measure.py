"""Measuring stages: what stands at the last token after each block, and what changes when it is exchanged.

Of a task under new label words (protocol 9.5). Every residual is read through the model's own output head;
then the residual of a query of another class takes its place, after each block in turn, in one pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.runs.cell import Cell, Measured
from taskscope.studies.structured_tasks.asking import Asker
from taskscope.studies.structured_tasks.draws import Shown, texts
from taskscope.studies.structured_tasks.maps.draws import random_maps
from taskscope.studies.structured_tasks.params import StageParams
from taskscope.studies.structured_tasks.stages.rows import NOBODY, SCHEMA, to_rows
from taskscope.tasks import classification_registry
from taskscope.tasks.label_maps import ResponseMap

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure the stages of one task with one model and seed; no rows where its residuals cannot be read.

    Raises:
        TaskError: If a prompt is longer than the model's context, or labels cannot be told apart.
    """
    params = StageParams(**cell.params)
    task = classification_registry.resolve(cell.tasks[0])
    notes = {"reads_out": model.reads_out}
    if not model.reads_out:
        return Measured(rows=SCHEMA.empty_table(), notes=notes)
    asker = Asker(task, model)
    maps = random_maps(task, asker.words, cell.seed, params.n_stage_maps)
    n_queries = params.n_stage_queries * len(task.classes)
    shown = texts(task, "stages", cell.seed, len(maps), params.stage_shots, n_queries)
    tables = [
        _of_map(number, each, own, asker, model)
        for number, (each, own) in enumerate(zip(shown, maps, strict=True))
    ]
    return Measured(rows=pa.concat_tables(tables).unify_dictionaries().combine_chunks(), notes=notes)


def partners(gold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each query the next one of another class, and the next one of its own class.

    Args:
        gold: (query,) classes, each of at least two queries.
    """
    n = len(gold)
    other, same = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    for query in range(n):
        turn = (query + 1 + np.arange(n - 1)) % n
        alike = gold[turn] == gold[query]
        other[query], same[query] = turn[~alike][0], turn[alike][0]
    return other, same


def read_stages(labels: np.ndarray, images: np.ndarray, gold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Say whose own label leads, and whether the new word does.

    Args:
        labels: (query, block, class) logits of the labels.
        images: (query, block, class) logits of their new words.
        gold: (query,) classes.

    Returns:
        (query, block) class whose label outranks all others and the new word of `gold`, or -1; and (query,
        block) bool, whether that new word outranks all labels and all new words.
    """
    new = np.take_along_axis(images, gold[:, None, None], axis=2)[..., 0]
    leader = np.where(labels.max(axis=2) > new, labels.argmax(axis=2), NOBODY)
    renamed = (images.argmax(axis=2) == gold[:, None]) & (new > labels.max(axis=2))
    return leader, renamed


def _of_map(number: int, each: Shown, own: ResponseMap, asker: Asker, model: LanguageModel) -> pa.Table:
    task, gold = asker.task, each.gold
    pairs = [(text.text, own.images[text.label]) for text in each.demonstrations]
    prompts = [task.render(pairs, query.text).text for query in each.queries]
    states = model.capture(prompts)  # (query, block, d_model)
    logits = model.read_out(states.reshape(-1, states.shape[-1]))
    labels, images = (
        logits[:, [ids[0] for ids in asker.label_tokens(words)]].reshape(*states.shape[:2], -1)
        for words in (task.labels, own.images)
    )
    leader, renamed = read_stages(labels, images, gold)
    other, same = partners(gold)
    answers = {str(c): [[task.format.answer(image)]] * len(prompts) for c, image in enumerate(own.images)}
    swept = model.sweep(prompts, {"other": states[other], "same": states[same]}, answers)
    found = np.stack([swept.logprob[str(c)] for c in range(len(own.images))]).argmax(axis=0)
    moved, kept = (found[swept.conditions.index(name)] for name in ("other", "same"))
    by_query = {"gold": gold, "predicted": images[:, -1].argmax(axis=1), "partner": gold[other]}
    by_block = {"leader": leader, "renamed": renamed, "moved": moved, "kept": kept}
    return to_rows(number, len(own.images), by_query, by_block)
