"""The rows of a cell of stages: one per map, query and block."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.studies.columns import repeated

PART = "stages"
"""What the column `part` says in these rows."""
NOBODY = -1

SCHEMA = pa.schema(
    [
        ("part", pa.dictionary(pa.int32(), pa.string())),
        ("map", pa.int32()),  # number of the random map
        ("query", pa.int32()),
        ("block", pa.int32()),
        ("n_classes", pa.int16()),
        ("gold", pa.int16()),
        ("predicted", pa.int16()),  # class whose new word is likeliest
        ("partner", pa.int16()),  # class of the query whose residual is put in, another one
        ("leader", pa.int16()),  # class whose own label outranks all others and the new word of `gold`, or -1
        ("renamed", pa.bool_()),  # the new word of `gold` outranks all labels and all new words
        ("moved", pa.int16()),  # class that is answered with the residual of a query of class `partner`
        ("kept", pa.int16()),  # class that is answered with the residual of another query of class `gold`
    ]
)


def to_rows(
    number: int, n_classes: int, by_query: dict[str, np.ndarray], by_block: dict[str, np.ndarray]
) -> pa.Table:
    """Lay out what was found with one map.

    Args:
        number: Of the map.
        n_classes: Classes of the task.
        by_query: (query,) columns.
        by_block: (query, block) columns.
    """
    shape = next(iter(by_block.values())).shape
    query, block = (index.ravel() for index in np.indices(shape))
    columns: dict[str, Any] = {
        "part": repeated(PART, query.size),
        "map": np.full(query.size, number),
        "query": query,
        "block": block,
        "n_classes": np.full(query.size, n_classes),
        **{name: values[query] for name, values in by_query.items()},
        **{name: values.ravel() for name, values in by_block.items()},
    }
    return pa.table([pa.array(columns[f.name], f.type) for f in SCHEMA], schema=SCHEMA)
