"""The rows of a template cell."""

from __future__ import annotations

import pyarrow as pa

PART = "templates"
NONE, DEMONSTRATIONS, THETA = "no demonstrations", "demonstrations", "theta"

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("read_in", _TEXT),  # format of the demonstrations that theta is read from; of the prompt itself
        ("asked_in", _TEXT),  # format of the query
        ("condition", _TEXT),
        ("pair", pa.int32()),
        ("cluster", _TEXT),
        ("block", pa.int32()),  # -1 without an edit
        ("correct", pa.bool_()),
    ]
)
