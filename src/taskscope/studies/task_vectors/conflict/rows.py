"""The rows of a conflict cell."""

from __future__ import annotations

import pyarrow as pa

PART = "conflict"
NONE, INJECTED, OWN = "none", "theta of the other task", "theta of the same task"
UNRELATED, RANDOM = "theta of an unrelated task", "random vector"
EDITS = (INJECTED, OWN, UNRELATED, RANDOM)
"""Put in at the last arrow of p(S_A, x): theta of B, of A itself, of neither, noise of theta's length."""
CONDITIONS = (NONE, *EDITS)
CONTROLS = (NONE, OWN, UNRELATED, RANDOM)
NAMES = {NONE: "nothing put in", **{edit: edit for edit in EDITS}, OWN: "theta of the task shown"}
"""What the conditions are called where they stand beside the names of both tasks."""

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
