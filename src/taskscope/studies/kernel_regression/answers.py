"""Answers to single held-out questions, for comparing two runs."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from taskscope.studies.answers import SHARE, answered, together
from taskscope.studies.columns import where
from taskscope.studies.kernel_regression.weights.grids import HELD_OUT
from taskscope.studies.kernel_regression.weights.rows import PART, PLAIN


def answers(rows: pa.Table) -> pa.Table:
    """Return whether each held-out question got its label, template by template.

    Args:
        rows: Of one model.
    """
    if "template" not in rows.column_names:
        return together([])
    found = []
    plain = where(rows, part=PART, split=HELD_OUT, condition=PLAIN)
    plain = plain.filter(pc.greater_equal(plain["predicted"], 0))  # type: ignore[attr-defined]
    for template in sorted(set(plain["template"].to_pylist())):
        mine = where(plain, template=template)
        right = pc.equal(mine["gold"], mine["predicted"])  # type: ignore[attr-defined]
        name = f"right label (template {template})"
        found.append(answered(mine, name, SHARE, right, ("seed", "query"), "query"))
    return together(found)
