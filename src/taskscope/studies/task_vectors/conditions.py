"""The conditions measured, their words, and the columns of the rows."""

from __future__ import annotations

import pyarrow as pa

BASELINE, REGULAR, REGULAR_SHUFFLED = "baseline", "regular", "regular-shuffled"
HYPOTHESIS, RANDOM, ZERO = "hypothesis", "random", "zero"
SHUFFLED, OTHER_TASK, SEPARATOR = "shuffled", "other-task", "separator"
MAJORITY, COLLISION = "majority", "collision"

PLAIN = (BASELINE, REGULAR, REGULAR_SHUFFLED)
"""Measured without an edit; their rows have block -1."""
SWEPT = (HYPOTHESIS, SHUFFLED, OTHER_TASK, SEPARATOR, RANDOM, ZERO)
"""Measured by overwriting the last token's residual after every block in turn."""
SWEPT_CONTROLS = SWEPT[1:]
CONTROLS = (BASELINE, MAJORITY, COLLISION, *SWEPT_CONTROLS)
"""Everything theta must beat (protocol E8, P1), in the order in which ties are broken."""

LABELS = {
    BASELINE: "no demonstrations",
    REGULAR: "with demonstrations",
    REGULAR_SHUFFLED: "with swapped labels",
    HYPOTHESIS: "one vector (theta)",
    SHUFFLED: "theta of swapped labels",
    OTHER_TASK: "theta of another task",
    SEPARATOR: "theta of no demonstrations",
    RANDOM: "random vector",
    ZERO: "zero vector",
    MAJORITY: "most frequent label",
    COLLISION: "a random item's label",
}
"""What each condition is called in charts and tables."""

MEANINGS = {
    BASELINE: "What the model answers to the query alone.",
    SHUFFLED: "Shows what inputs, labels and format give when the pairs are wrong.",
    OTHER_TASK: "Shows whether any task's vector would do.",
    SEPARATOR: "Shows what the state at an arrow gives without any demonstration.",
    RANDOM: "Shows whether any disturbance of this length would do.",
    ZERO: "Shows whether deleting the state would do.",
    MAJORITY: "What always giving the most frequent label would score.",
    COLLISION: "What leaking the answer of a dummy query would score.",
}
"""What a reader learns from each control, one sentence."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("split", _TEXT),  # "dev" chooses block and control, "test" judges them
        ("pair", pa.int32()),  # number of the (S, x) within its split
        ("cluster", _TEXT),  # what makes queries dependent: the unit of resampling
        ("label", _TEXT),  # canonical answer of the query
        ("label_share", pa.float64()),  # share of the task's items with this label; its mean is kappa (P1)
        ("majority", pa.bool_()),  # whether the label is the task's most frequent one
        ("condition", _TEXT),
        ("block", pa.int32()),  # -1 for conditions without an edit
        ("correct", pa.bool_()),  # greedy output is an accepted answer, all its tokens (6.10)
        ("first_correct", pa.bool_()),  # its first token is that of an accepted answer (P2)
        ("leak", pa.bool_()),  # greedy output is the answer of a dummy query (P1)
        (
            "logprob",
            pa.float32(),
        ),  # log p of the first answer, nats; where edited, of that answer's first token
    ]
)
"""Columns of a cell's rows; the run folder adds key, model, task and seed in front."""
