"""Choices as responses: the skill of an item is its task."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from taskscope.studies.inverse_scaling.arms import TASK
from taskscope.studies.responses import Response, records


def responses(rows: pa.Table) -> Iterator[Response]:
    """Return whether each item of a task was answered right, the task itself alone."""
    for row in records(rows, ("item", "correct"), arm=TASK):
        yield Response(row["model"], f"{row['task']}/{row['item']}", row["correct"], (row["task"],))
