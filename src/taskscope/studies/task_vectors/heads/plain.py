"""What a model answers with nothing added, in every context (FV-1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from taskscope.studies.task_vectors.heads.choice import ABLE_GAIN
from taskscope.studies.task_vectors.heads.draws import TaskPrompts
from taskscope.studies.task_vectors.heads.rows import ANSWER, NONE, SHOWN, SWAPPED, ZERO_SHOT, queries

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel


@dataclass(frozen=True)
class Plain:
    """One task's answers with nothing added, and what development queries say of the task."""

    rows: list[pa.Table]
    able: bool
    """Demonstrations help."""
    swapping_hides: bool
    """Behind swapped labels at most half of what demonstrations add is left, as for the accuracies (E1)."""


def ask(drawn: TaskPrompts, model: LanguageModel, part: str = ANSWER) -> Plain:
    """Ask the queries of one task behind nothing, behind demonstrations and behind swapped labels.

    The rows say that they are of `part`.
    """
    asked = (*drawn.dev, *drawn.test)
    contexts = {
        ZERO_SHOT: [one.bare for one in asked],
        SHOWN: [one.shown for one in asked],
        SWAPPED: [one.swapped for one in asked],
    }
    gold = {"gold": [one.gold for one in asked] * len(contexts)}
    said = model.answer([text for texts in contexts.values() for text in texts], gold)
    right = said.correct["gold"].reshape(len(contexts), len(asked), 1)
    both = queries(drawn, ("dev", "test"))
    bare, shown, swapped = right[:, : len(drawn.dev), 0].mean(axis=1)
    return Plain(
        rows=[both.rows(context, NONE, right[i], part=part) for i, context in enumerate(contexts)],
        able=bool(shown - bare >= ABLE_GAIN - 1e-9),
        swapping_hides=bool(swapped <= (bare + shown) / 2),
    )
