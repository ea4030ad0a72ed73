"""Minimal pairs as responses: a pair is right where the good sentence is preferred; its skill is its task."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from taskscope.studies.responses import Response, records
from taskscope.studies.task_spaces.rows import SCORE


def responses(rows: pa.Table) -> Iterator[Response]:
    """Return whether the unchanged model prefers the good sentence of each judged pair.

    The same pairs are judged in every model: draws depend on the task, the seed and the sizes alone.
    """
    for row in records(rows, ("judged", "half", "margins"), part=SCORE, condition=""):
        for place, margin in enumerate(row["margins"]):
            item = f"{row['judged']}/{row['seed']}/{row['half']}/{place}"
            yield Response(row["model"], item, float(margin > 0), (row["judged"],))
