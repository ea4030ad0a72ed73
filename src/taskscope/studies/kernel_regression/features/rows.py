"""The rows of a feature cell: one per probe, and the mean over each block's heads text by text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from taskscope.studies.columns import repeated
from taskscope.studies.kernel_regression.features.probes import PENALTIES

PART = "features"
OFFSETS = (-1, 0, 1, 2, 3)
"""Tokens from a label: -1 is the one before it, 0 its last."""

LABEL, WORD, TOKEN = "its label", "label word of the text alone", "next token of the text alone"
PROBED = {"value": (LABEL,), "key": (WORD, TOKEN)}
"""What is predicted from values and from keys (M4)."""
SHUFFLED = "shuffled"
ALL_HEADS = -1
"""In the column `head`: the mean over the block's heads."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("vector", _TEXT),  # key or value
        ("target", _TEXT),
        ("offset", pa.int8()),
        ("penalty", _TEXT),
        ("shuffled", pa.bool_()),  # every text got the target of another one
        ("block", pa.int16()),
        ("head", pa.int16()),
        ("accuracy", pa.float32()),
        ("majority", pa.float32()),  # share of the most frequent target
        ("n_targets", pa.int16()),  # different ones; with a single one there is nothing to predict
        ("texts", pa.list_(pa.int32())),  # numbers in the pool; empty but in probes that are judged
        ("by_text", pa.list_(pa.float32())),  # accuracy on each of these texts
    ]
)


def probe_rows(
    names: Mapping[str, object],
    right: np.ndarray,
    target: np.ndarray,
    text: np.ndarray,
    pool: np.ndarray,
    blocks: Sequence[int],
) -> pa.Table:
    """Lay the answers of one probe on all heads out as rows.

    Args:
        names: Columns that say which probe: vector, target, offset, penalty, shuffled.
        right: bool (site, item), sites block by block.
        target: int (item,), what was predicted.
        text: int (item,), number of the item's text among those probed.
        pool: int (text,), its number in the task's pool.
        blocks: The blocks.
    """
    n_blocks, n_sites = len(blocks), len(right)
    n_heads = n_sites // n_blocks
    mean = right.reshape(n_blocks, n_heads, -1).mean(axis=1)
    n = n_sites + n_blocks
    columns = {
        "part": repeated(PART, n),
        "block": np.concatenate([np.repeat(blocks, n_heads), blocks]),
        "head": np.concatenate([np.tile(np.arange(n_heads), n_blocks), np.full(n_blocks, ALL_HEADS)]),
        "accuracy": np.concatenate([right.mean(axis=1), mean.mean(axis=1)]),
        "majority": np.full(n, np.bincount(target).max() / len(target)),
        "n_targets": np.full(n, len(np.unique(target))),
        "texts": [pool if judged(names) else []] * n,
        "by_text": [[]] * n,
    }
    if judged(names):
        counts = np.bincount(text)
        columns["by_text"] = [np.bincount(text, weights=row) / counts for row in (*right, *mean)]
    for name, value in names.items():
        columns[name] = repeated(value, n) if isinstance(value, str) else np.full(n, value)
    return pa.table([pa.array(columns[f.name], f.type) for f in SCHEMA], schema=SCHEMA)


def judged(names: Mapping[str, object]) -> bool:
    """Whether a probe is part of a gain over controls: at the label and before it, with the plain penalty."""
    at = names["offset"] == 0 or (names["offset"] == OFFSETS[0] and not names["shuffled"])
    return at and names["penalty"] == PENALTIES[0]
