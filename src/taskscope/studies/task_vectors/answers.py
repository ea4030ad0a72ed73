"""Answers to single test queries, for comparing two runs."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from taskscope.studies.answers import SHARE, answered, together
from taskscope.studies.columns import where
from taskscope.studies.task_vectors.conditions import BASELINE, HYPOTHESIS, REGULAR
from taskscope.studies.task_vectors.grids import grids
from taskscope.studies.task_vectors.selection import select

_NAMES = {BASELINE: "right without demonstrations", REGULAR: "right with demonstrations"}
_THETA = "right with one vector"
_QUESTION = ("seed", "pair", "cluster")


def answers(rows: pa.Table) -> pa.Table:
    """Return whether each test query was answered right; theta at the block chosen on development queries.

    Args:
        rows: Of one model.
    """
    found = []
    plain = where(rows.filter(rows["part"].is_null()) if "part" in rows.column_names else rows, split="test")
    for condition, name in _NAMES.items():
        mine = where(plain, condition=condition)
        found.append(answered(mine, name, SHARE, mine["correct"], _QUESTION, "cluster"))
    theta = where(plain, condition=HYPOTHESIS)
    for tasks in grids(rows).values():
        for task in tasks:
            mine = where(theta, task=task.task)
            mine = mine.filter(pc.equal(mine["block"], select(task.dev).block))  # type: ignore[attr-defined]
            found.append(answered(mine, _THETA, SHARE, mine["correct"], _QUESTION, "cluster"))
    return together(found)
