"""Nested calls as responses: a call needs the tasks that are in it."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from taskscope.studies.responses import Response, records
from taskscope.studies.structured_tasks.nested.rows import NEST
from taskscope.tasks.nested.draws import APART
from taskscope.tasks.nested.names import steps

_COLUMNS = ("composition", "repetition", "query", "step", "right")


def responses(rows: pa.Table) -> Iterator[Response]:
    """Return whether each call was answered right, single and nested, functions shown apart."""
    for row in records(rows, _COLUMNS, condition=APART):
        tasks, step = steps(row["composition"]), row["step"]
        item = f"{row['composition']}/{row['seed']}/{row['repetition']}/{row['query']}/{step}"
        needs = tuple(sorted(set(tasks if step == NEST else tasks[step - 1 : step])))
        yield Response(row["model"], item, float(row["right"]), needs)
