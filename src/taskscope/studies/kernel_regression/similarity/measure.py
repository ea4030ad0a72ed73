"""Measuring a similarity cell: attention weights beside the similarity of texts run alone (M3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taskscope.runs.cell import TOLD, Cell, Measured
from taskscope.studies.kernel_regression.alone import similarities
from taskscope.studies.kernel_regression.asking import Asker
from taskscope.studies.kernel_regression.attended import attended
from taskscope.studies.kernel_regression.draws import questions
from taskscope.studies.kernel_regression.similarity.params import SimilarityParams
from taskscope.studies.kernel_regression.similarity.rows import to_rows
from taskscope.studies.kernel_regression.templates import template_for
from taskscope.studies.randomness import stream
from taskscope.tasks import classification_registry

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Measure one task with one model and seed.

    Raises:
        TaskError: If a prompt is longer than the model's context, or the pool is too small.
        ModelError: If the model shows no attention weights.
    """
    params = SimilarityParams(**cell.params)
    task = classification_registry.resolve(cell.tasks[0])
    template = template_for(params.template, task)
    rng = stream("kernel-regression similarity", task.fingerprint, cell.seed, params.k)
    shown = questions(task, "held-out", params.n_similarity, params.k, rng)
    asker = Asker(task, model, template)
    asked = asker.encode(shown)
    with model.audited(cell.rng("audit")) as audit:
        answers = asker.logprobs(asked).argmax(axis=1)
    looked = attended(model, asked)
    number = {text.text: i for i, text in enumerate(task.test)}
    columns = {
        "question": np.array([number[question.query.text] for question in shown]),
        "answer": answers,
        "gold": np.array([question.query.label for question in shown]),
        "classes": np.stack([question.classes for question in shown]),
        "lengths": np.stack([np.diff(one.layout.texts, axis=1)[:, 0] for one in asked]),
        "label_weights": looked.label,
        "span_weights": looked.span,
        "bare": similarities(model, shown, lambda text: text),
        "cued": similarities(model, shown, lambda text: template.render((), text).text),
    }
    rows = to_rows(len(task.classes), looked.blocks, columns)
    return Measured(rows=rows, notes={**audit.notes(), "route": model.route, TOLD: asker.told()})
