"""Measuring one task with one model: log p of every class after every prompt, arm by arm.

Class branches share their prompt, and prompts that begin alike share that beginning (protocol 7.2), because
`LanguageModel.classify` encodes what is shared once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from taskscope.errors import StudyError, TaskError
from taskscope.models.series import Place
from taskscope.runs.cell import Cell, Measured
from taskscope.studies.inverse_scaling.arms import CORRECTED, TASK
from taskscope.studies.inverse_scaling.asked import arms, content_free
from taskscope.studies.inverse_scaling.outcomes import outcomes
from taskscope.studies.inverse_scaling.params import CellParams
from taskscope.studies.inverse_scaling.rows import Items, to_rows
from taskscope.tasks.choices import ChoiceItem, ChoiceTask

if TYPE_CHECKING:
    from taskscope.models.language_model import LanguageModel

Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Encoded:
    """One item as tokens, or why it cannot be asked."""

    prompt: Tokens = ()
    classes: tuple[Tokens, ...] = ()
    left_out: str = ""


@dataclass(frozen=True)
class Scored:
    """Log p of every class, (item, class) nats as in `logprobs`, and why items were left out."""

    first: np.ndarray
    second: np.ndarray
    """After the prompt compared with; the same where there is none."""
    left_out: list[str]
    normalised: bool = True
    """False where these are no log-probabilities any more."""


def measure(cell: Cell, model: LanguageModel) -> Measured:
    """Score every arm of one task.

    Items that this model's tokenizer or context cannot take are left out by name, never cut (V6, V11, V20).

    Raises:
        StudyError: If no item of the task can be scored.
    """
    params = CellParams(**cell.params)
    tables, notes = [], {}
    with model.audited(cell.rng("audit")) as audit:
        for arm, task in arms(cell).items():
            scored = score(model, task)
            if all(scored.left_out):
                raise StudyError(
                    f"none of the {len(task.items)} items of {task.name}: {scored.left_out[0]}",
                    f"items that {model.label} can read",
                    f"taskscope tasks validate FILE --model {model.label}",
                )
            tables.append(_rows(params.place, task, arm, scored))
            notes[f"left out: {arm}"] = sum(map(bool, scored.left_out))
            if arm == TASK and params.beside and (free := content_free(task)) is not None:
                tables.append(_rows(params.place, task, CORRECTED, _corrected(scored, score(model, free))))
    return Measured(rows=pa.concat_tables(tables).unify_dictionaries(), notes={**audit.notes(), **notes})


def encode(model: LanguageModel, item: ChoiceItem, prompt: str) -> Encoded:
    """Encode an item's classes as they follow a prompt, or say why that cannot be done."""
    try:
        pairs = model.encoder.encode_pairs([(prompt, text) for text in item.classes])
    except TaskError as error:
        return Encoded(left_out=error.given)
    classes = tuple(continuation for _, continuation in pairs)
    if len(set(classes)) < len(classes):
        return Encoded(left_out="two classes are the same tokens")
    return Encoded(pairs[0][0], classes)


def score(model: LanguageModel, task: ChoiceTask) -> Scored:
    """Score every item of a task; for the log-odds kinds after both of its prompts."""
    encoded = [encode(model, item, item.prompt) for item in task.items]
    if task.metric not in ("log-odds", "absolute-log-odds"):
        first = logprobs(model, encoded)
        return Scored(first, first, [one.left_out for one in encoded])
    others = [encode(model, item, item.other_prompt) for item in task.items]
    encoded = [b if b.left_out else a for a, b in zip(encoded, others, strict=True)]
    others = [a if a.left_out else b for a, b in zip(encoded, others, strict=True)]
    first, second = logprobs(model, encoded), logprobs(model, others)
    return Scored(first, second, [one.left_out for one in encoded])


def _corrected(scored: Scored, free: Scored) -> Scored:
    """Take away what a model prefers after a prompt without content (E7 b).

    What is left are no log-probabilities any more: their sum over classes says nothing.
    """
    with np.errstate(invalid="ignore"):
        left = scored.first - free.first
    absent = np.isneginf(scored.first)  # a class that an item has not
    first = np.where(absent, -np.inf, left)
    reasons = [a or b for a, b in zip(scored.left_out, free.left_out, strict=True)]
    return Scored(first, first, reasons, normalised=False)


def _rows(place: Place, task: ChoiceTask, arm: str, scored: Scored) -> pa.Table:
    answers = np.array([item.answer for item in task.items])
    found = outcomes(task.metric, scored.first, scored.second, answers)
    if not scored.normalised:
        found = found._replace(total=np.full(len(answers), np.nan))
    lists = [
        None if reason else row[: len(item.classes)].tolist()
        for row, item, reason in zip(scored.first, task.items, scored.left_out, strict=True)
    ]
    return to_rows(place, arm, Items.of(task), found, lists, scored.left_out)


def logprobs(model: LanguageModel, encoded: Sequence[Encoded]) -> np.ndarray:
    """Return log p of every class, (item, class) float64 nats.

    NaN throughout an item that was left out; minus infinity where an item has fewer classes than others.
    Items of as many classes are asked together.
    """
    widest = max(len(one.classes) for one in encoded)
    found = np.full((len(encoded), widest), -np.inf)
    found[[bool(one.left_out) for one in encoded]] = np.nan
    for n in sorted({len(one.classes) for one in encoded if not one.left_out}):
        own = [place for place, one in enumerate(encoded) if len(one.classes) == n]
        found[own, :n] = model.classify(
            [encoded[place].prompt for place in own], [encoded[place].classes for place in own]
        )
    return found
