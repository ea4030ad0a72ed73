"""The rows of where tasks live, and what their columns mean."""

from __future__ import annotations

import pyarrow as pa

LIVES = "lives"
"""What the column `part` says of these rows."""
_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("judged", _TEXT),  # the task
        ("phenomenon", _TEXT),
        ("half", pa.int8()),
        ("block", pa.int32()),  # from 0; -1 for what stands in no block
        ("module", _TEXT),  # empty in rows about a whole block
        ("size", pa.float64()),  # share of the model's weights that stand here
        ("squares", pa.float64()),  # share of the squared gradient
        ("chosen", pa.float64()),  # share of the weights that the mask chose
        ("whole", pa.float64()),  # nats that the whole change adds to the mean margin; rows about a block
        ("alone", pa.float64()),  # the same of the block's part alone
        ("without", pa.float64()),  # the same of the change without the block's part
    ]
)
