"""The rows of the two kinds of cells, and what their columns mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

SCORE, PAIR, STEP, TRANSFER = "score", "pair", "step", "transfer"
TEXT, SIZE = "text", "size"
"""What the column `part` says: scores of the unchanged model on one task; two tasks compared without tuning;
what a small step on one task does to another; scores on one task after tuning on another; what tuning on a
task does to other text, at the same gain of that task for every way; how many weights a task concerns."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("judged", _TEXT),  # the task whose pairs are scored, or the first of two
        ("phenomenon", _TEXT),  # of `judged`
        ("field", _TEXT),  # of linguistics, of `judged`; in rows of scores without tuning, empty for none
        ("condition", _TEXT),  # how it was tuned, or `APART`; else empty without tuning
        ("tuned", _TEXT),  # the task tuned on, or the second of two
        ("half", pa.int8()),  # of the pairs; -1 where both were used
        ("margins", pa.list_(pa.float32())),  # log p(good) - log p(bad) of each judged pair, nats
        ("longer", pa.list_(pa.int16())),  # tokens of the good sentence less those of the bad one, of each
        # judged pair; in rows of scores without tuning, as the next
        ("commoner", pa.list_(pa.float32())),  # by how much the good sentence has commoner tokens, log ranks
        ("steps", pa.int32()),  # of tuning
        ("changed", pa.int64()),  # weights that were changed
        ("norm", pa.float64()),  # length of the change
        ("gradient", pa.float64()),  # cosine of the two tasks' gradients on the weights chosen for either
        ("overlap", pa.float64()),  # Jaccard overlap of the weights chosen, less what chance gives
        ("untrained", pa.float64()),  # `gradient` in a model of this shape that was never trained
        ("slope", pa.float64()),  # nats that `judged` gains for each nat that `tuned` does, by gradients
        ("stepped", pa.float64()),  # the same measured after one small step; only some were taken
        ("words", pa.float64()),  # cosine of the two tasks' contrasts as bags of words
        ("word_pairs", pa.float64()),  # the same of pairs of neighbouring words
        ("gain", pa.float64()),  # of the mean margin over pairs learned from, nats, when `rise` was taken
        ("rise", pa.float64()),  # of the loss on other text, nats per token
        ("above", pa.float64()),  # share of weights whose gradient is above the published threshold
        ("holding", pa.float64()),  # share of weights, largest first, that hold 90 % of the squared gradient
        ("family", _TEXT),  # of the model, with `member`, `parameters` and `tokens`: its place in a series
        ("member", _TEXT),
        ("weights", _TEXT),  # of the model: repository and commit on the hub, or name and hash of a folder
        ("parameters", pa.float64()),  # without embeddings where that is known
        ("tokens", pa.float64()),  # read in training; empty where nothing says so
        ("finished", pa.bool_()),
    ]
)
_NUMBERS = ("gradient", "overlap", "untrained", "slope", "stepped", "words", "word_pairs", "norm")
_MORE = (
    "field",
    "longer",
    "commoner",
    "gain",
    "rise",
    "above",
    "holding",
    "family",
    "member",
    "weights",
    "parameters",
    "tokens",
    "finished",
)
_EMPTY = dict.fromkeys((*_NUMBERS, *_MORE), None)


def to_rows(records: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Lay records out; what a record does not name is empty."""
    blank = {"condition": "", "tuned": "", "half": -1, "margins": None, "steps": 0, "changed": 0, **_EMPTY}
    return pa.Table.from_pylist([{**blank, **record} for record in records], schema=SCHEMA)
