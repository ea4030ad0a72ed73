"""The rows of a curve cell: one per draw of demonstrations, number of them, condition and query."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from taskscope.studies.columns import repeated

PART = "curves"
"""What the column `part` says in these rows."""
SKIPPED = "skipped"
"""The condition of the one row that names a number of demonstrations whose prompts do not fit."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("condition", _TEXT),
        ("n_classes", pa.int16()),
        ("repetition", pa.int32()),
        ("shots", pa.int32()),
        ("query", pa.int32()),
        ("gold", pa.int16()),
        ("predicted", pa.int16()),
        ("missing", pa.bool_()),  # the query's class is not among the demonstrations
        ("logprobs", pa.list_(pa.float32())),  # of every label, nats; null for a reference learner
    ]
)


def to_rows(
    condition: str,
    shots: int,
    gold: np.ndarray,
    predicted: np.ndarray,
    missing: np.ndarray,
    n_classes: int,
    logprobs: np.ndarray | None = None,
) -> pa.Table:
    """Lay one condition at one number of demonstrations out as rows.

    Args:
        condition: Which.
        shots: Demonstrations in a prompt.
        gold: (repetition, query) class.
        predicted: (repetition, query) class.
        missing: (repetition, query) bool.
        n_classes: Classes of the task.
        logprobs: (repetition, query, class) nats.
    """
    n = gold.size
    repetition, query = (index.ravel() for index in np.indices(gold.shape))
    lists = [None] * n if logprobs is None else list(logprobs.reshape(n, -1).astype(np.float32))
    columns = {
        "part": repeated(PART, n),
        "condition": repeated(condition, n),
        "n_classes": np.full(n, n_classes),
        "repetition": repetition,
        "shots": np.full(n, shots),
        "query": query,
        "gold": gold.ravel(),
        "predicted": predicted.ravel(),
        "missing": missing.ravel(),
        "logprobs": lists,
    }
    return pa.table([pa.array(columns[f.name], f.type) for f in SCHEMA], schema=SCHEMA)


def skipped_row(shots: int, n_classes: int) -> pa.Table:
    """Name a number of demonstrations that was left out."""
    nothing = np.full((1, 1), -1)
    return to_rows(SKIPPED, shots, nothing, nothing, nothing == 0, n_classes)


def join(tables: Sequence[pa.Table]) -> pa.Table:
    """Put the tables of a cell together."""
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()
