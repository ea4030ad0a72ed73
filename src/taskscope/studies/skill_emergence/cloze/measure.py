"""Asking one model all cloze questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taskscope.runs.cell import Cell, Measured
from taskscope.studies.inverse_scaling.measure import encode, logprobs
from taskscope.studies.skill_emergence.cloze.rows import to_rows
from taskscope.studies.skill_emergence.params import ClozeParams
from taskscope.tasks.cloze import questions

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Score every answer of every question; the likeliest is the model's (protocol 8).

    Answers are compared by the log-probability of their whole text, not divided by its length: each is right
    as often as it is wrong, so that a long one loses nothing.
    """
    params = ClozeParams.model_validate(cell.params)
    items = questions(cell.seed, params.cloze_items).items
    encoded = [encode(model, item, item.prompt) for item in items]
    with model.audited(cell.rng("audit")) as audit:
        found = logprobs(model, encoded)
    right = found[np.arange(len(items)), [item.answer for item in items]]
    left_out = [one.left_out for one in encoded]
    asked = ~np.array(left_out, bool)
    surprise = np.logaddexp.reduce(found, axis=1) - right
    solved = np.where(asked, right >= found.max(axis=1), np.nan)
    rows = to_rows(
        params.place,
        [item.id for item in items],
        [item.cluster for item in items],
        [len(item.classes) for item in items],
        solved,
        surprise,
        left_out,
    )
    return Measured(rows, notes={**audit.notes(), "left out": int((~asked).sum())})
