"""The rows of a cell of averaged thetas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

PART = "averaged"
NONE, DEMONSTRATIONS = "no demonstrations", "with demonstrations"
SINGLE, MEAN = "theta of one set", "averaged theta"
SWAPPED, OTHER = "averaged, labels swapped", "averaged, another task"
PLAIN = (NONE, DEMONSTRATIONS)
PUT_IN = (SINGLE, MEAN, SWAPPED, OTHER)
"""Put in at the arrow of the query alone, after every block: the last two are the mean's controls (E8)."""
CONDITIONS = (NONE, *PUT_IN, DEMONSTRATIONS)

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("condition", _TEXT),
        ("pair", pa.int32()),  # number of the query
        ("cluster", _TEXT),
        ("prompts", pa.int32()),  # how many prompts its mean is over; too few, and nothing is put in
        ("block", pa.int32()),  # -1 without an edit
        ("correct", pa.bool_()),
    ]
)


def to_rows(
    condition: str,
    pairs: Sequence[int],
    clusters: Sequence[str],
    prompts: Sequence[int],
    blocks: Sequence[int],
    correct: np.ndarray,
) -> pa.Table:
    """Lay out one condition, `correct` (pair, block); the other sequences by pair."""
    n, n_blocks = correct.shape
    first = pa.array(np.zeros(n * n_blocks), pa.int32())
    columns = [
        *(pa.DictionaryArray.from_arrays(first, [text]) for text in (PART, condition)),
        pa.array(np.repeat(pairs, n_blocks), pa.int32()),
        pa.array(np.repeat(clusters, n_blocks), pa.string()).dictionary_encode(),
        pa.array(np.repeat(prompts, n_blocks), pa.int32()),
        pa.array(np.tile(np.array(blocks), n), pa.int32()),
        pa.array(correct.ravel(), pa.bool_()),
    ]
    return pa.table(columns, schema=SCHEMA)
