"""Asking one model all cloze questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from taskscope.models.choosing import Encoded, encode, logprobs
from taskscope.runs.cell import Cell, Measured
from taskscope.studies.skill_emergence.cloze.rows import to_rows
from taskscope.studies.skill_emergence.params import ClozeParams
from taskscope.tasks.cloze import questions

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


def _lengths(encoded: Sequence[Encoded]) -> np.ndarray:
    """Tokens of every answer, (question, answer); 1 where there is none."""
    found = np.ones((len(encoded), max(1, *(len(one.classes) for one in encoded))))
    for row, one in zip(found, encoded, strict=True):
        row[: len(one.classes)] = [len(tokens) for tokens in one.classes]
    return found


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Score every answer of every question; the likeliest is the model's (protocol 8).

    Answers are compared by their mean log-probability per token, as the loss that the links start from is one
    per token: by the sum, whatever the text says, an answer of one token would be preferred to one of four.
    """
    params = ClozeParams.model_validate(cell.params)
    items = questions(cell.seed, params.cloze_items).items
    encoded = [encode(model, item.prompt, item.classes) for item in items]
    with model.audited(cell.rng("audit")) as audit:
        found = logprobs(model, encoded) / _lengths(encoded)
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
