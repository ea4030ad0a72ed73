"""Outcomes of single items, for comparing two runs."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from taskscope.studies.answers import NATS, SHARE, answered, together
from taskscope.studies.columns import where
from taskscope.studies.inverse_scaling.arms import PUBLISHED


def answers(rows: pa.Table) -> pa.Table:
    """Return whether each item was answered right, and its loss, arm by arm.

    Args:
        rows: Of one model.
    """
    found = []
    texts = {name: rows[name].cast(pa.string()) for name in ("cluster", "item")}
    alone = pc.equal(texts["cluster"], "")  # type: ignore[attr-defined]
    own = pc.if_else(alone, texts["item"], texts["cluster"])  # type: ignore[attr-defined]
    rows = rows.append_column("group", own)
    for arm in sorted(set(rows["arm"].to_pylist()) - {PUBLISHED}):
        mine = where(rows, arm=arm)
        found.append(
            answered(mine, f"right answer ({arm})", SHARE, mine["correct"], ("seed", "item"), "group")
        )
        found.append(answered(mine, f"loss ({arm})", NATS, mine["loss"], ("seed", "item"), "group"))
    return together(found)


def collected(rows: pa.Table) -> dict[str, pa.Table]:
    """Return `answers` by model, of results that were read from files or asked of servers.

    Args:
        rows: Of cells that loaded no model.
    """
    own = rows.filter(pc.not_equal(rows["arm"].cast(pa.string()), PUBLISHED))  # type: ignore[attr-defined]
    names = dict.fromkeys(own["member"].to_pylist())
    return {name: answers(where(own, member=name)) for name in names}
