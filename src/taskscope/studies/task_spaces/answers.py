"""Judgements of single pairs by the unchanged model, for comparing two runs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from taskscope.studies.answers import NATS, SHARE, answered, together
from taskscope.studies.columns import where
from taskscope.studies.task_spaces.rows import SCORE


def answers(rows: pa.Table) -> pa.Table:
    """Return each pair's margin, log p(good) - log p(bad), and whether it is above 0.

    Args:
        rows: Of one model.
    """
    scores = where(rows, part=SCORE, condition="")
    records = [
        {"task": row["judged"], "pair": f"{row['seed']} | {row['half']} | {place}", "margin": margin}
        for row in scores.to_pylist()
        for place, margin in enumerate(row["margins"])
    ]
    schema = pa.schema([("task", pa.string()), ("pair", pa.string()), ("margin", pa.float64())])
    table = pa.Table.from_pylist(records, schema=schema)
    right = pa.chunked_array([pa.array(np.asarray(table["margin"]) > 0)])
    return together(
        [
            answered(table, "good sentence preferred", SHARE, right, ("pair",), "pair"),
            answered(table, "margin of the good sentence", NATS, table["margin"], ("pair",), "pair"),
        ]
    )
