"""From log-probabilities to rows, whoever computed them: a model loaded here, or one behind a server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.errors import StudyError
from taskscope.models.series import Place
from taskscope.runs.cell import Cell
from taskscope.studies.inverse_scaling.arms import CORRECTED, TASK
from taskscope.studies.inverse_scaling.asked import arms, content_free
from taskscope.studies.inverse_scaling.outcomes import outcomes
from taskscope.studies.inverse_scaling.params import CellParams
from taskscope.studies.inverse_scaling.rows import Items, to_rows
from taskscope.tasks.choices import ChoiceTask


@dataclass(frozen=True)
class Scored:
    """Log p of every class, (item, class) nats, and why items were left out.

    NaN throughout an item that was left out; minus infinity where an item has fewer classes than others.
    """

    first: np.ndarray
    second: np.ndarray
    """After the prompt compared with; the same where there is none."""
    left_out: list[str]
    normalised: bool = True
    """False where these are no log-probabilities any more."""


def ask(
    cell: Cell, score: Callable[[ChoiceTask], Scored], reader: str
) -> tuple[list[pa.Table], dict[str, Any]]:
    """Score every arm of a cell's task; return their rows, and how many items of each were left out.

    Of an arm beside the task that may be all: many demonstrations outgrow a short context.

    Args:
        cell: What to ask.
        score: Asks the items of one task.
        reader: Who reads them, for messages.

    Raises:
        StudyError: If no item of the task itself can be scored.
    """
    params = CellParams(**cell.params)
    tables, notes = [], {}
    for arm, task in arms(cell).items():
        scored = score(task)
        if arm == TASK and all(scored.left_out):
            raise StudyError(
                f"none of the {len(task.items)} items of {task.name}: {scored.left_out[0]}",
                f"items that {reader} can read",
                "" if params.url else f"taskscope tasks validate FILE --model {reader}",
            )
        tables.append(rows_of(params.place, task, arm, scored))
        notes[f"left out: {arm}"] = sum(map(bool, scored.left_out))
        if arm == TASK and params.beside and (free := content_free(task)) is not None:
            tables.append(rows_of(params.place, task, CORRECTED, _corrected(scored, score(free))))
    return tables, notes


def rows_of(
    place: Place, task: ChoiceTask, arm: str, scored: Scored, named: np.ndarray | None = None
) -> pa.Table:
    """Lay out what one model made of one arm.

    Args:
        place: Where the model stands.
        task: The items.
        arm: Name of the arm.
        scored: What came out.
        named: (item,) index of the class that written reasoning names itself, -1 for none; None elsewhere.
    """
    answers = np.array([item.answer for item in task.items])
    found = outcomes(task.metric, scored.first, scored.second, answers)
    if not scored.normalised:
        found = found._replace(total=np.full(len(answers), np.nan))
    lists = [
        None if reason else row[: len(item.classes)].tolist()
        for row, item, reason in zip(scored.first, task.items, scored.left_out, strict=True)
    ]
    return to_rows(place, arm, Items.of(task), found, lists, scored.left_out, named)


def without(scored: Scored, reasons: Sequence[str]) -> Scored:
    """Leave out items for further reasons, (item,) each empty where there is none."""
    first, second = scored.first.copy(), scored.second.copy()
    gone = np.array([bool(reason) for reason in reasons])
    first[gone], second[gone] = np.nan, np.nan
    both = [reason or own for reason, own in zip(reasons, scored.left_out, strict=True)]
    return Scored(first, second, both, scored.normalised)


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
