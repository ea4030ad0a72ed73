"""The rows of an effect cell: one per question and condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.studies.columns import repeated

PART = "effects"

_TEXT = pa.dictionary(pa.int32(), pa.string())
_NUMBERS = pa.list_(pa.float32())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("condition", _TEXT),
        ("query", pa.int32()),  # number of the text among the task's test texts
        ("gold", pa.int16()),
        ("logprobs", _NUMBERS),  # (class,) log p of the word that stands for each class here, nats
        ("shown", pa.list_(pa.int8())),  # (demonstration,) class that each one's label stands for
        ("surprise", pa.float32()),  # of the text that is asked about, alone: nats per token
        ("chosen", pa.int32()),  # number of the head of the weights, block by block; -1 where none was read
        ("weights", _NUMBERS),  # (demonstration,) shares of that head's attention on labels
        ("lift", pa.float32()),  # its weight per token of a label over that per token of a demonstration
    ]
)


@dataclass(frozen=True)
class Attention:
    """What one head looks at."""

    head: int
    weights: np.ndarray
    """(question, demonstration)."""
    lift: np.ndarray
    """(question,)."""


def to_rows(
    condition: str,
    query: np.ndarray,
    gold: np.ndarray,
    logprobs: np.ndarray,
    shown: Sequence[np.ndarray],
    surprise: np.ndarray,
    attention: Attention | None = None,
) -> pa.Table:
    """Lay the questions of one condition out; arrays as in `SCHEMA`, one row each."""
    n = len(query)
    nothing = [np.zeros(0, np.float32)] * n
    columns = (
        repeated(PART, n),
        repeated(condition, n),
        query,
        gold,
        list(logprobs),
        list(shown),
        surprise,
        np.full(n, -1 if attention is None else attention.head),
        nothing if attention is None else list(attention.weights),
        np.full(n, np.nan) if attention is None else attention.lift,
    )
    arrays = [pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)]
    return pa.table(arrays, schema=SCHEMA)
