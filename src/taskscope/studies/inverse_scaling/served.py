"""Measuring one task with a model behind a server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.errors import StudyError
from taskscope.models.served import Answer, ServedModel
from taskscope.models.server import Server
from taskscope.runs.cell import Cell, Measured
from taskscope.studies.inverse_scaling.params import CellParams
from taskscope.studies.inverse_scaling.scored import Scored, ask
from taskscope.tasks.choices import ChoiceTask


def measure(cell: Cell, model: Any) -> Measured:
    """Score every arm of one task; items that the server cannot tell of are left out by name.

    Raises:
        ModelError: If the server cannot be asked.
        StudyError: If it does not tell what this kind of task needs, or no item can be scored.
    """
    del model  # it is behind the server
    params = CellParams(**cell.params)
    served = ServedModel(Server(params.url, params.place.member))
    tables, notes = ask(cell, lambda task: score(served, task), f"{params.place.member} at {params.url}")
    notes["prompt log-probabilities"] = served.echoes
    return Measured(rows=pa.concat_tables(tables).unify_dictionaries(), notes=notes)


def score(served: ServedModel, task: ChoiceTask) -> Scored:
    """Score every item of a task; for the log-odds kinds after both of its prompts.

    Raises:
        StudyError: If completions are asked of a server that tells of the next token alone.
    """
    if task.metric == "sequence" and not served.echoes:
        raise StudyError(
            f"{served.server.url} tells no log-probabilities of a prompt, which the completions of "
            f"{task.name} need",
            "a server that echoes a prompt with them, such as vLLM",
            "a task of choices between single tokens, or scores read with --scores",
        )
    classes = [item.classes for item in task.items]
    first = served.classes([item.prompt for item in task.items], classes)
    if task.metric not in ("log-odds", "absolute-log-odds"):
        return Scored(_table(first), _table(first), [one.left_out for one in first])
    second = served.classes([item.other_prompt for item in task.items], classes)
    both = [a if a.left_out else b for a, b in zip(first, second, strict=True)]
    lost = [one.left_out for one in both]
    return Scored(_table(first, lost), _table(second, lost), lost)


def _table(answers: Sequence[Answer], left_out: Sequence[str] = ()) -> np.ndarray:
    """Lay out answers, (item, class): NaN where left out, minus infinity where an item has fewer classes."""
    widest = max(1, *(len(one.logprobs) for one in answers))
    found = np.full((len(answers), widest), -np.inf)
    reasons = left_out or [one.left_out for one in answers]
    for place, (one, reason) in enumerate(zip(answers, reasons, strict=True)):
        if reason:
            found[place] = np.nan
        else:
            found[place, : len(one.logprobs)] = one.logprobs
    return found
