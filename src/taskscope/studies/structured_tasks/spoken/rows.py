"""The rows of a cell of functions named in words: one per condition, query and request.

A condition whose prompts do not fit the model's context has a single row, with nothing asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

PART = "spoken"
"""What the column `part` says in these rows."""
NAMED = "named in words"
SHOWN = "named in words, each function shown"
CONDITIONS = (NAMED, SHOWN)
JOIN = "+"
"""What stands between the functions of a request."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("language", _TEXT),
        ("condition", _TEXT),
        ("query", pa.int32()),
        ("asked", _TEXT),  # functions in order, such as past+negate
        ("chat", pa.bool_()),  # asked through the model's chat template
        ("sentence", pa.string()),
        ("said", pa.string()),  # first line of the answer
        ("right", pa.bool_()),  # by rule, see `tasks.sentences`
    ]
)


def to_rows(language: str, chat: bool, asked: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Lay what was asked out as rows.

    Args:
        language: Of all sentences.
        chat: Whether the chat template was used.
        asked: One mapping per row, from other columns of the schema to their values.
    """
    same = {"part": PART, "language": language, "chat": chat}
    return pa.Table.from_pylist([{**same, **one} for one in asked], schema=SCHEMA)
