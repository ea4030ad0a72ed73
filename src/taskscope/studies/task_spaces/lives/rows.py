"""The rows of where tasks live, and what their columns mean."""

from __future__ import annotations

import pyarrow as pa

LIVES, UNITS = "lives", "units"
"""What the column `part` says of these rows: of blocks and modules, or of heads and neurons."""
HEAD, NEURON = "head", "neuron"
"""What the column `unit` says."""
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
        ("unit", _TEXT),  # in rows of units
        ("units", pa.int64()),  # heads or neurons of the model
        ("owned", pa.float64()),  # share of the squared gradient that stands in them
        ("half_held", pa.float64()),  # share of the units, largest first, that hold half of what all hold
        ("gini", pa.float64()),  # of what they hold; 0 for all alike, towards 1 for a single one
        ("shuffled_held", pa.float64()),  # `half_held` of the gradient with labels exchanged at random
        ("shuffled_gini", pa.float64()),
        ("repeats", pa.float64()),  # rank correlation over units with the other half; in each half's row
        ("shares", pa.list_(pa.float64())),  # of each head, block after block, what it holds of what all do
        ("blocks", pa.list_(pa.int32())),  # the block of each of `shares`
    ]
)
