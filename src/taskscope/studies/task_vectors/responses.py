"""Answers after demonstrations as responses: the skill of an item is its task."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from taskscope.studies.responses import Response, records
from taskscope.studies.task_vectors.conditions import REGULAR


def responses(rows: pa.Table) -> Iterator[Response]:
    """Return whether each query was answered right after demonstrations."""
    for row in records(rows, ("pair", "block", "correct"), condition=REGULAR, split="test"):
        item = f"{row['task']}/{row['seed']}/{row['pair']}"
        yield Response(row["model"], item, float(row["correct"]), (row["task"],))
