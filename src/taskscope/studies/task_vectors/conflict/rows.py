"""The rows of a conflict cell."""

from __future__ import annotations

import pyarrow as pa

PART = "conflict"
NONE, INJECTED, OWN, RANDOM = "none", "theta of the other task", "theta of the same task", "random vector"
EDITS = (INJECTED, OWN, RANDOM)
"""What is put in at the last arrow of p(S_A, x): theta of B, theta of A itself, noise of theta's length."""
CONTROLS = (NONE, OWN, RANDOM)

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("shown", _TEXT),  # the task A of the demonstrations
        ("injected", _TEXT),  # the task B whose theta is put in
        ("pair", pa.int32()),  # number of the query
        ("cluster", _TEXT),
        ("condition", _TEXT),
        ("block", pa.int32()),  # -1 without an edit
        ("right_shown", pa.bool_()),  # the answer is A's
        ("right_injected", pa.bool_()),  # the answer is B's
    ]
)
