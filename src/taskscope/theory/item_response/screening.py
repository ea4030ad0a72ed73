"""What of a table of responses tells anything: rows and columns that never vary are named and left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from taskscope.errors import TaskscopeError
from taskscope.theory.item_response.responses import checked

Array = np.ndarray


@dataclass(frozen=True)
class Screened:
    """Responses that vary along every row and column."""

    table: Array
    """(kept examinee, kept item)."""
    examinees: Array
    """(kept examinee,) their places in the whole table."""
    items: Array
    """(kept item,) likewise."""
    dropped_examinees: tuple[str, ...]
    """Those who solved all items left, or none."""
    dropped_items: tuple[str, ...]
    """Those that all examinees left solved, or none."""


def screen(responses: ArrayLike, examinees: Sequence[str], items: Sequence[str]) -> Screened:
    """Leave out constant rows and columns, again until none is left.

    A model of responses can say nothing of them but that an ability or a difficulty is without end.

    Args:
        responses: (examinee, item), 1 right, 0 wrong, NaN not asked.
        examinees: Their names.
        items: Their names.

    Raises:
        TaskscopeError: If the responses are unusable, or fewer than two examinees and two items vary.
    """
    table = checked(responses)
    rows, columns = np.arange(len(table)), np.arange(table.shape[1])
    while rows.size and columns.size:
        left = table[np.ix_(rows, columns)]
        varied_rows, varied_columns = _varies(left, 1), _varies(left, 0)
        if varied_rows.all() and varied_columns.all():
            break
        rows, columns = rows[varied_rows], columns[varied_columns]
    gone = [
        tuple(names[place] for place in range(len(names)) if place not in set(kept.tolist()))
        for names, kept in ((examinees, rows), (items, columns))
    ]
    if len(rows) < 2 or len(columns) < 2:
        raise TaskscopeError(
            f"responses of which {len(gone[0])} of {len(examinees)} examinees and {len(gone[1])} of "
            f"{len(items)} items never vary",
            "two examinees and two items at least that are right here and wrong there",
            "more models, or items of other difficulty",
        )
    return Screened(table[np.ix_(rows, columns)], rows, columns, *gone)


def _varies(table: Array, axis: int) -> Array:
    """Whether both right and wrong responses stand along an axis."""
    return (table == 1).any(axis=axis) & (table == 0).any(axis=axis)
