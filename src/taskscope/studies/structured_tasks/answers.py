"""Answers to single queries on the learning curves, for comparing two runs."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from taskscope.studies.answers import SHARE, answered, together
from taskscope.studies.columns import where
from taskscope.studies.structured_tasks.curves.conditions import CIPHERED, RENAMED, VANILLA
from taskscope.studies.structured_tasks.curves.rows import PART


def answers(rows: pa.Table) -> pa.Table:
    """Return whether each query got its label; queries after one draw of demonstrations are one cluster.

    Args:
        rows: Of one model.
    """
    found = []
    curves = where(rows, part=PART)
    draw = pc.binary_join_element_wise(  # type: ignore[attr-defined]
        curves["seed"].cast(pa.string()), curves["repetition"].cast(pa.string()), " | "
    )
    curves = curves.append_column("draw", draw)
    for condition in (VANILLA, RENAMED, CIPHERED):
        mine = where(curves, condition=condition)
        for shots in sorted(set(mine["shots"].to_pylist())):
            some = mine.filter(pc.equal(mine["shots"], shots))  # type: ignore[attr-defined]
            right = pc.equal(some["gold"], some["predicted"])  # type: ignore[attr-defined]
            name = f"right label, {condition}, {shots} demonstrations"
            found.append(answered(some, name, SHARE, right, ("draw", "query"), "draw"))
    return together(found)
