"""The rows of the accuracy by number of demonstrations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from taskscope.studies.task_vectors.conditions import REGULAR, REGULAR_SHUFFLED

PART = "shots"
CONDITIONS = (REGULAR, REGULAR_SHUFFLED)
"""The first so many demonstrations of S, with right and with swapped labels."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("pair", pa.int32()),  # number of the test pair
        ("cluster", _TEXT),
        ("condition", _TEXT),
        ("shots", pa.int32()),  # demonstrations before the query
        ("correct", pa.bool_()),
    ]
)


def to_rows(
    pairs: Sequence[int], clusters: Sequence[str], condition: str, shots: int, correct: np.ndarray
) -> pa.Table:
    """Lay out what was answered after so many demonstrations, `correct` (pair,)."""
    n = len(pairs)
    first = pa.array(np.zeros(n), pa.int32())
    columns = [
        pa.DictionaryArray.from_arrays(first, [PART]),
        pa.array(pairs, pa.int32()),
        pa.array(clusters, pa.string()).dictionary_encode(),
        pa.DictionaryArray.from_arrays(first, [condition]),
        pa.array(np.full(n, shots), pa.int32()),
        pa.array(correct, pa.bool_()),
    ]
    return pa.table(columns, schema=SCHEMA)
