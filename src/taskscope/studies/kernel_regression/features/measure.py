"""Measuring a feature cell: probes on the keys and values around the labels of demonstrations (M4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.runs.cell import TOLD, Cell, Measured
from taskscope.studies.kernel_regression.alone import next_tokens
from taskscope.studies.kernel_regression.asking import Asked, Asker
from taskscope.studies.kernel_regression.draws import Question, questions
from taskscope.studies.kernel_regression.features.params import FeatureParams
from taskscope.studies.kernel_regression.features.probes import folds, probe, restricted, shuffled
from taskscope.studies.kernel_regression.features.rows import (
    LABEL,
    OFFSETS,
    PROBED,
    SHUFFLED,
    TOKEN,
    WORD,
    probe_rows,
)
from taskscope.studies.kernel_regression.templates import template_for
from taskscope.studies.randomness import stream
from taskscope.tasks import classification_registry
from taskscope.tasks.classification import Text

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure one task with one model and seed.

    Raises:
        TaskError: If a prompt is longer than the model's context, or the pool is too small.
        ModelError: If the model keeps no keys and values of its own for every token.
    """
    params = FeatureParams(**cell.params)
    task = classification_registry.resolve(cell.tasks[0])
    asker = Asker(task, model, template_for(params.template, task))
    rng = stream("kernel-regression features", task.fingerprint, cell.seed, params.k)
    shown = questions(task, "selection", params.n_probed, params.k, rng)
    asked = asker.encode(shown)
    texts = list(dict.fromkeys(text for question in shown for text in question.demonstrations))
    number = {text: i for i, text in enumerate(texts)}
    text = np.array([number[each] for question in shown for each in question.demonstrations])
    place = {each: i for i, each in enumerate(task.pool)}
    pool = np.array([place[each] for each in texts])
    with model.audited(cell.rng("audit")) as audit:
        targets = {name: values[text] for name, values in _targets(asker, texts).items()}
    keys, values = model.keys_values(
        [one.tokens for one in asked], [positions(one).tolist() for one in asked]
    )
    blocks = list(range(keys.shape[2]))
    fold = folds(text, rng)
    tables = []
    for vector, states in (("key", keys), ("value", values)):
        own = {name: targets[name] for name in PROBED[vector]}
        own |= {f"{SHUFFLED} {name}": shuffled(targets[name], text, rng) for name in PROBED[vector]}
        for names, right in _probed(vector, states, own, fold):
            target = targets[str(names["target"])]
            tables.append(probe_rows(names, right, target, text, pool, blocks))
    rows = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    notes = {**audit.notes(), "route": model.route, "texts": len(texts), TOLD: asker.told()}
    return Measured(rows=rows, notes=notes)


def positions(asked: Asked) -> np.ndarray:
    """Tokens at `OFFSETS` from the label of every demonstration, (demonstration * offset,).

    The one before counts from a label's first token, the others from its last.
    """
    first, end = asked.layout.labels.T
    at = np.stack([(first if offset < 0 else end - 1) + offset for offset in OFFSETS], axis=1)
    return np.minimum(at, asked.layout.n_tokens - 1).ravel()


def _targets(asker: Asker, texts: Sequence[Text]) -> dict[str, np.ndarray]:
    """What is predicted of each text, by name: int (text,)."""
    alone = asker.encode([Question((), text) for text in texts])
    return {
        LABEL: np.array([text.label for text in texts]),
        WORD: asker.logprobs(alone).argmax(axis=1),
        TOKEN: restricted(next_tokens(asker.model, [text.text for text in texts])),
    }


def _probed(
    vector: str, states: np.ndarray, targets: dict[str, np.ndarray], fold: np.ndarray
) -> Iterator[tuple[dict[str, object], np.ndarray]]:
    """Probe keys or values, (prompt, demonstration * offset, block, head, width), at every offset."""
    n_blocks, n_heads, width = states.shape[2:]
    items = states.reshape(-1, len(OFFSETS), n_blocks * n_heads, width)
    for number, offset in enumerate(OFFSETS):
        for (name, penalty), right in probe(items[:, number], targets, fold).items():
            target = name.removeprefix(f"{SHUFFLED} ")
            names = {"vector": vector, "target": target, "offset": offset, "penalty": penalty}
            yield {**names, "shuffled": name != target}, right
