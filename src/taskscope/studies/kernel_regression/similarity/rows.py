"""The rows of a similarity cell, one per question, and the arrays read back from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.studies.columns import models_and_tasks, repeated, where
from taskscope.studies.kernel_regression.alone import KINDS

PART = "similarity"
BARE, CUED = "text alone", "text and label cue"
CUES = (BARE, CUED)
"""What is run alone: the text, or the text as a query without demonstrations. Which is not published (M3)."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
_NUMBERS = pa.list_(pa.float32())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("question", pa.int32()),  # number of its text among the test texts
        ("n_classes", pa.int16()),
        ("blocks", pa.list_(pa.int16())),  # whose heads the weights are of
        ("answer", pa.int16()),  # the model's class
        ("gold", pa.int16()),
        ("classes", pa.list_(pa.int16())),  # of the demonstrations
        ("lengths", pa.list_(pa.int32())),  # tokens of each demonstration's text
        ("label_weights", _NUMBERS),  # (block, head, demonstration): shares of attention on labels
        ("span_weights", _NUMBERS),  # the same of the largest weight in text and label
        ("bare", _NUMBERS),  # (kind, demonstration) similarities of the texts alone
        ("cued", _NUMBERS),  # the same of texts with the label cue
    ]
)


@dataclass(frozen=True)
class Observed:
    """One model and task, all seeds together; arrays start with the question."""

    model: str
    task: str
    n_classes: int
    blocks: tuple[int, ...]
    unit: np.ndarray
    """(question,) number of the text that is asked about: the same in two seeds is one unit."""
    answer: np.ndarray
    gold: np.ndarray
    classes: np.ndarray
    """(question, demonstration)."""
    lengths: np.ndarray
    weights: dict[str, np.ndarray]
    """By aggregation, (question, block, head, demonstration)."""
    similarity: dict[str, np.ndarray]
    """By cue, (question, kind, demonstration)."""


def to_rows(
    n_classes: int,
    blocks: Sequence[int],
    columns: dict[str, np.ndarray],
) -> pa.Table:
    """Lay questions out as rows; `columns` holds those of `SCHEMA` that start with the question."""
    n = len(columns["answer"])
    whole = {
        "part": repeated(PART, n),
        "n_classes": np.full(n, n_classes),
        "blocks": [list(blocks)] * n,
        **{name: list(values.reshape(n, -1)) for name, values in columns.items() if values.ndim > 1},
        **{name: values for name, values in columns.items() if values.ndim == 1},
    }
    return pa.table([pa.array(whole[f.name], f.type) for f in SCHEMA], schema=SCHEMA)


def observed(rows: pa.Table) -> list[Observed]:
    """Read every model and task that was measured, in sorted order."""
    if "part" not in rows.column_names:
        return []
    mine = where(rows, part=PART)
    return [
        _observed(where(mine, model=model, task=task), model, task) for model, task in models_and_tasks(mine)
    ]


def _observed(table: pa.Table, model: str, task: str) -> Observed:
    blocks = tuple(table["blocks"][0].as_py())
    classes = _stacked(table, "classes")
    shape = (table.num_rows, len(blocks), -1, classes.shape[1])
    kinds = (table.num_rows, len(KINDS), classes.shape[1])
    return Observed(
        model=model,
        task=task,
        n_classes=table["n_classes"][0].as_py(),
        blocks=blocks,
        unit=table["question"].to_numpy(),
        answer=table["answer"].to_numpy(),
        gold=table["gold"].to_numpy(),
        classes=classes,
        lengths=_stacked(table, "lengths"),
        weights={
            name: _stacked(table, f"{name}_weights").reshape(shape).astype(float)
            for name in ("label", "span")
        },
        similarity={
            cue: _stacked(table, column).reshape(kinds).astype(float)
            for cue, column in zip(CUES, ("bare", "cued"), strict=True)
        },
    )


def _stacked(table: pa.Table, column: str) -> np.ndarray:
    """Return a column of lists of one length, (row, item)."""
    return table[column].combine_chunks().flatten().to_numpy().reshape(table.num_rows, -1)
