"""The rows of an influence cell: one per question with swapped labels, one per set of replaced heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.studies.columns import models_and_tasks, repeated, where

PART = "influence"
ABLATION = "head ablation"

NOTHING, TOP, SAME_BLOCKS, SAME_MASS = "nothing", "best votes", "same blocks", "same label mass"
"""Heads that are replaced: none; those whose votes agree most; others of the same blocks at random; others
that look at labels as much."""
ZERO, MEAN = "zero", "mean"
"""What is put in place of a head's output: nothing, or its mean over other prompts."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
_NUMBERS = pa.list_(pa.float32())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("question", pa.int32()),  # number of its text among the test texts
        ("blocks", pa.list_(pa.int16())),  # whose heads the weights are of
        ("chosen", pa.int32()),  # number of the head, block by block, whose votes agree most elsewhere
        ("weights", _NUMBERS),  # (block, head, demonstration): shares of attention on labels
        (
            "odds",
            _NUMBERS,
        ),  # (demonstration,) change of log p(new) - log p(old) when its label is swapped, nats
        ("moved", _NUMBERS),  # (demonstration,) change of p(new) - p(old) among the labels
    ]
)
ABLATION_SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("question", pa.int32()),
        ("gold", pa.int16()),
        ("replaced", _TEXT),
        ("by", _TEXT),
        ("set", pa.int16()),  # number of the set among those of its kind
        ("n_heads", pa.int16()),  # in the set
        ("logprobs", _NUMBERS),  # (class,) log p of each label's first token, nats
    ]
)


@dataclass(frozen=True)
class Swapped:
    """Questions of one model and task, all seeds together."""

    blocks: tuple[int, ...]
    unit: np.ndarray
    """(question,) number of the text that is asked about: the same in two seeds is one unit of resampling."""
    chosen: np.ndarray
    """(question,)."""
    weights: np.ndarray
    """(question, site, demonstration)."""
    odds: np.ndarray
    """(question, demonstration)."""
    moved: np.ndarray


def influence_rows(
    question: np.ndarray,
    blocks: Sequence[int],
    chosen: int,
    weights: np.ndarray,
    odds: np.ndarray,
    moved: np.ndarray,
) -> pa.Table:
    """Lay questions out as rows; arrays as in `Swapped`."""
    n = len(odds)
    columns = (
        repeated(PART, n),
        question,
        [list(blocks)] * n,
        np.full(n, chosen),
        *(list(values.reshape(n, -1)) for values in (weights, odds, moved)),
    )
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)


def ablation_rows(
    kind: tuple[str, str, int, int], question: np.ndarray, gold: np.ndarray, logprobs: np.ndarray
) -> pa.Table:
    """Lay the laws under one set of replaced heads out as rows.

    Args:
        kind: What is replaced, by what, the number of the set, and its heads.
        question: int (question,), number of the text that is asked about.
        gold: int (question,).
        logprobs: (question, class).
    """
    n = len(gold)
    replaced, by, number, size = kind
    columns = (
        repeated(ABLATION, n),
        question,
        gold,
        repeated(replaced, n),
        repeated(by, n),
        np.full(n, number),
        np.full(n, size),
        list(logprobs),
    )
    arrays = [pa.array(c, f.type) for c, f in zip(columns, ABLATION_SCHEMA, strict=True)]
    return pa.table(arrays, schema=ABLATION_SCHEMA)


def swapped(rows: pa.Table) -> dict[tuple[str, str], Swapped]:
    """Read questions with swapped labels, by model and task in sorted order."""
    if "part" not in rows.column_names:
        return {}
    mine = where(rows, part=PART)
    return {key: _swapped(where(mine, model=key[0], task=key[1])) for key in models_and_tasks(mine)}


def _swapped(table: pa.Table) -> Swapped:
    odds = stacked(table, "odds")
    weights = stacked(table, "weights").reshape(len(odds), -1, odds.shape[1])
    chosen = table["chosen"].to_numpy()
    unit = table["question"].to_numpy()
    return Swapped(tuple(table["blocks"][0].as_py()), unit, chosen, weights, odds, stacked(table, "moved"))


def stacked(table: pa.Table, column: str) -> np.ndarray:
    """Return a column of lists of one length, float64 (row, item)."""
    flat = table[column].combine_chunks().flatten().to_numpy()
    return flat.reshape(table.num_rows, -1).astype(float)
