"""Measuring an influence cell: labels swapped one by one, and heads replaced (section 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy.special import log_softmax, softmax

from taskscope.models.head_sets import HeadSet
from taskscope.runs.cell import TOLD, Cell, Measured
from taskscope.studies.kernel_regression.asking import Asked, Asker
from taskscope.studies.kernel_regression.attended import Attended, attended
from taskscope.studies.kernel_regression.draws import Question, questions, rendered
from taskscope.studies.kernel_regression.influence.params import InfluenceParams
from taskscope.studies.kernel_regression.influence.rows import (
    MEAN,
    NOTHING,
    SAME_BLOCKS,
    SAME_MASS,
    TOP,
    ZERO,
    ablation_rows,
    influence_rows,
)
from taskscope.studies.kernel_regression.influence.sets import matched_by_mass, matched_in_blocks
from taskscope.studies.kernel_regression.templates import template_for
from taskscope.studies.kernel_regression.voting import agreement, vote
from taskscope.studies.randomness import stream
from taskscope.tasks import classification_registry

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure one task with one model and seed.

    Raises:
        TaskError: If a prompt is longer than the model's context, or the pool is too small.
        ModelError: If the model's attention cannot be read, or its heads cannot be told apart.
    """
    params = InfluenceParams(**cell.params)
    task = classification_registry.resolve(cell.tasks[0])
    asker = Asker(task, model, template_for(params.template, task))
    rng = stream("kernel-regression influence", task.fingerprint, cell.seed, params.k)
    choosing = questions(task, "selection", params.n_choosing, params.k, rng)
    judged = questions(task, "held-out", params.n_influence, params.k, rng)
    with model.audited(cell.rng("audit")) as audit:
        before, asked = asker.encode(choosing), asker.encode(judged)
        looked = attended(model, before)
        order = _by_votes(looked, choosing, asker.logprobs(before), len(task.classes))
        plain = asker.logprobs(asked)
        odds, moved = _swaps(asker, judged, plain)
        weights = attended(model, asked).label
        number = {text.text: i for i, text in enumerate(task.test)}
        asks = np.array([number[question.query.text] for question in judged])
        tables = [influence_rows(asks, looked.blocks, int(order[0]), weights, odds, moved)]
        gold = np.array([question.query.label for question in judged])
        tables += _ablations(asker, choosing, asked, asks, gold, looked, order, params, rng)
    rows = pa.concat_tables(tables, promote_options="default").unify_dictionaries().combine_chunks()
    return Measured(rows=rows, notes={**audit.notes(), "route": model.route, TOLD: asker.told()})


def _by_votes(
    looked: Attended, shown: Sequence[Question], logprobs: np.ndarray, n_classes: int
) -> np.ndarray:
    """Order heads by how often their vote is the model's answer, the best first: (site,)."""
    votes = vote(looked.label, np.stack([question.classes for question in shown]), n_classes)
    return np.argsort(-agreement(votes, logprobs.argmax(axis=1)).mean(axis=0), kind="stable")


def _swaps(asker: Asker, shown: Sequence[Question], plain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Swap each demonstration's label for the next class, and see what moves: two (question, demonstration).

    Changes of log p(new) - log p(old), nats, and of p(new) - p(old) among the labels.
    """
    n_classes = len(asker.task.classes)
    others = []
    for question in shown:
        for i, text in enumerate(question.demonstrations):
            other = text.model_copy(update={"label": (text.label + 1) % n_classes})
            demonstrations = (*question.demonstrations[:i], other, *question.demonstrations[i + 1 :])
            others.append(replace(question, demonstrations=demonstrations))
    old = np.stack([question.classes for question in shown])
    changed = asker.logprobs(asker.encode(others)).reshape(*old.shape, n_classes)
    found = []
    for law in (lambda logs: logs, lambda logs: softmax(logs, axis=-1)):
        gap = law(changed) - law(plain)[:, None]
        new = np.take_along_axis(gap, (old[..., None] + 1) % n_classes, axis=-1)
        found.append((new - np.take_along_axis(gap, old[..., None], axis=-1))[..., 0])
    return found[0], found[1]


def _ablations(
    asker: Asker,
    before: Sequence[Question],
    asked: Sequence[Asked],
    asks: np.ndarray,
    gold: np.ndarray,
    looked: Attended,
    order: np.ndarray,
    params: InfluenceParams,
    rng: np.random.Generator,
) -> list[pa.Table]:
    """Replace the heads that vote best, and others like them, at the last token."""
    model = asker.model
    texts = [rendered(asker.task, question, asker.template).text for question in before]
    usual = model.capture(texts, blocks=looked.blocks, what="heads").mean(axis=0)  # (block, head, width)
    heads = usual.shape[1]
    size = max(1, round(params.vote_share * len(order)))
    top = order[:size]
    chosen = [(TOP, 0, top), (SAME_MASS, 0, matched_by_mass(top, looked.mass.mean(axis=0)))]
    chosen += [
        (SAME_BLOCKS, number, matched_in_blocks(top, heads, len(order), rng))
        for number in range(params.n_matched_sets)
    ]
    kinds, sets = [(NOTHING, ZERO, 0, 0)], [HeadSet((), usual[0][:0])]
    for name, number, sites in chosen:
        where = tuple((looked.blocks[site // heads], int(site % heads)) for site in sites)
        own = usual.reshape(len(order), -1)[sites]
        for by, outputs in ((ZERO, np.zeros_like(own)), (MEAN, own)):
            kinds.append((name, by, number, len(sites)))
            sets.append(HeadSet(where, outputs))
    first = [tokens[0] for tokens in asker.labels]
    found = log_softmax(model.after_replacing([one.tokens for one in asked], sets, first), axis=-1)
    return [ablation_rows(kind, asks, gold, found[:, i]) for i, kind in enumerate(kinds)]
