"""The rows of a weight cell: one per question and condition, heads in lists; one per block of the strip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

PART = "weights"
"""What the column `part` says in rows of questions."""
STRIP = "attention strip"
"""What it says in rows of the strip."""

PLAIN = "plain"
PERMUTED = "texts permuted"
"""The texts of the demonstrations change places, the labels stay (M12a)."""
REORDERED = "other order"
"""The demonstrations change places as they are (M12b)."""
ONE_LABEL = "one label"
"""All demonstrations carry the same label (M12e)."""
ZERO_SHOT = "no demonstrations"
RANDOM_WEIGHTS = "random weights"
"""The attention of a model of the same make with random weights (M12c); it gives no answer, so -1."""

_FLOATS = pa.list_(pa.float32())
_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("template", _TEXT),
        ("split", _TEXT),  # selection or held-out
        ("condition", _TEXT),
        ("query", pa.int32()),  # number of the text among the task's test texts
        ("order", pa.int16()),  # number of the order, from 0; 0 in other conditions
        ("n_classes", pa.int16()),
        ("gold", pa.int16()),
        ("predicted", pa.int16()),
        ("logprobs", _FLOATS),  # (class,) log p of each label, nats
        ("shown", pa.list_(pa.int8())),  # (demonstration,) class of each, in order
        ("blocks", pa.list_(pa.int16())),  # blocks whose attention is known; empty where none was read
        ("voted", pa.list_(pa.int8())),  # (aggregation, block, head) class with the largest share
        ("shares", _FLOATS),  # (block, head, class) of the published aggregation
        ("label_mass", _FLOATS),  # (block, head), as all below; see `masses.Masses`
        ("label_lift", _FLOATS),
        ("template_lift", _FLOATS),
        ("start_mass", _FLOATS),
        ("recent_mass", _FLOATS),
    ]
)
STRIP_SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("template", _TEXT),
        ("block", pa.int16()),
        ("n_shown", pa.int16()),
        ("attention", _FLOATS),  # (column,) mean over heads and held-out questions
    ]
)
MASSES = ("label_mass", "label_lift", "template_lift", "start_mass", "recent_mass")


@dataclass(frozen=True)
class Row:
    """One question under one condition; fields as in `SCHEMA`."""

    split: str
    condition: str
    query: int
    gold: int
    predicted: int
    logprobs: np.ndarray
    shown: np.ndarray
    order: int = 0
    blocks: tuple[int, ...] = ()
    votes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int8))
    shares: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    masses: dict[str, np.ndarray] = field(default_factory=dict)
    """By name of `MASSES`."""


def to_rows(rows: Sequence[Row], template: str, n_classes: int) -> pa.Table:
    """Lay rows out as a table."""
    columns: dict[str, list[Any]] = {
        "part": [PART] * len(rows),
        "template": [template] * len(rows),
        "n_classes": [n_classes] * len(rows),
        "logprobs": [row.logprobs.ravel() for row in rows],
        "shown": [row.shown.ravel() for row in rows],
        "voted": [row.votes.ravel() for row in rows],
        "shares": [row.shares.ravel() for row in rows],
    }
    for name in ("split", "condition", "query", "order", "gold", "predicted", "blocks"):
        columns[name] = [getattr(row, name) for row in rows]
    for name in MASSES:
        columns[name] = [row.masses.get(name, np.zeros(0, np.float32)).ravel() for row in rows]
    return pa.table([_column(columns[f.name], f.type) for f in SCHEMA], schema=SCHEMA)


def strip_rows(strip: np.ndarray, blocks: Sequence[int], n_shown: int, template: str) -> pa.Table:
    """Lay out a strip (block, column)."""
    n = len(blocks)
    columns = ([STRIP] * n, [template] * n, list(blocks), [n_shown] * n, list(strip))
    return pa.table(
        [_column(values, f.type) for values, f in zip(columns, STRIP_SCHEMA, strict=True)],
        schema=STRIP_SCHEMA,
    )


def _column(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    """Lay values out; lists as one array and where each ends, several times faster than one by one."""
    if not isinstance(type_, pa.ListType):
        return pa.array(values, type_)
    ends = np.cumsum([0, *map(len, values)], dtype=np.int32)
    flat = np.concatenate([np.zeros(0), *values]).astype(type_.value_type.to_pandas_dtype())
    return pa.ListArray.from_arrays(ends, pa.array(flat, type_.value_type))
