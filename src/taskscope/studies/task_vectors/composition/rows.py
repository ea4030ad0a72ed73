"""The conditions of a composition, and what marks its rows, which have the columns of function vectors.

The column ``task`` in front of every row names the square by the task that is added up to; ``target`` is the
task that was asked.
"""

from __future__ import annotations

import pyarrow as pa

from taskscope.studies.task_vectors.heads.rows import ANSWERS

PART = "composition"

COMPOSED = "composed vector"
"""That of one thing, plus that of the other, minus that of neither."""
ONE, OTHER = "first summand alone", "second summand alone"
WRONG_SIGN = "wrong sign"
"""That of one thing, minus that of the other, plus that of neither."""
SUMMED = "nothing subtracted"
OWN = "the task's own vector"
ADDED = (COMPOSED, ONE, OTHER, WRONG_SIGN, SUMMED, OWN)
"""What is added beside the same sums of random heads."""


def no_heads() -> pa.Table:
    """Return the one row of a model whose heads cannot be told apart."""
    return pa.Table.from_pylist([{"part": PART}], schema=ANSWERS)
