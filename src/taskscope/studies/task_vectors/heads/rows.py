"""The rows of a head cell: effects of single heads, and answers under function vectors and their controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from taskscope.studies.task_vectors.heads.draws import TaskPrompts
from taskscope.tasks.task import Item, MappingTask

EFFECT, ANSWER, LEFT_OUT = "head effect", "function vector", "left out of heads"
WITHOUT_HEADS = "block without heads"
"""What the column `part` says: one head replaced in one prompt (FV-3), one answer (FV-6), a task that
cannot be asked, or a block whose heads cannot be told apart."""

ZERO_SHOT, SWAPPED, SHOWN = "no demonstrations", "swapped labels", "demonstrations"
"""What stands before the query."""

NONE = "nothing added"
VECTOR = "function vector"
OWN = "heads chosen on the same task"
OTHER = "means of another task"
RANDOM_HEADS = "random heads"
RANDOM = "random vector"
LAYER = "layer average"
ADDED = (VECTOR, OWN, OTHER, RANDOM_HEADS, RANDOM, LAYER)
"""What is added to the residual of the last token after every block in turn."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
EFFECTS = pa.schema(
    [
        ("part", _TEXT),
        ("target", _TEXT),  # the task
        ("able", pa.bool_()),  # demonstrations help: the task counts for other tasks' heads
        (
            "context",
            _TEXT,
        ),  # what stood before the query: swapped labels, or nothing where they show the task
        ("pair", pa.int32()),  # number of the prompt
        ("block", pa.int32()),
        ("head", pa.int32()),
        ("effect", pa.float32()),  # what replacing the head adds to p of the answer's first token
        ("chosen", pa.bool_()),  # the head is one of those that write this task's function vector
    ]
)
ANSWERS = pa.schema(
    [
        ("part", _TEXT),
        ("target", _TEXT),
        ("split", _TEXT),  # "dev" chooses block and control, "test" judges them
        ("pair", pa.int32()),
        ("cluster", _TEXT),
        ("label_share", pa.float64()),
        ("majority", pa.bool_()),
        ("context", _TEXT),
        ("condition", _TEXT),
        ("repeat", pa.int32()),  # number of the random set of heads
        ("n_heads", pa.int32()),  # heads behind what was added, 0 where it is no sum of heads
        ("block", pa.int32()),  # -1 where nothing is added
        ("correct", pa.bool_()),
    ]
)
REFUSALS = pa.schema([("part", _TEXT), ("target", _TEXT), ("reason", pa.string())])
LACKING = pa.schema([("part", _TEXT), ("block", pa.int32()), ("reason", pa.string())])


def _same(value: str, n: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n), pa.int32()), [value])


def effect_rows(
    target: str, able: bool, context: str, values: np.ndarray, sites: np.ndarray, chosen: np.ndarray
) -> pa.Table:
    """Lay out the effects of one task's heads.

    Args:
        target: The task.
        able: Whether demonstrations help on it.
        context: What stood before the queries.
        values: (prompt, head) effects, NaN where a head was not replaced.
        sites: (head, 2) block and head.
        chosen: (head,) bool: writes this task's function vector.
    """
    pair, number = np.nonzero(~np.isnan(values))
    n = len(pair)
    columns = [
        _same(EFFECT, n),
        _same(target, n),
        pa.array(np.full(n, able)),
        _same(context, n),
        pa.array(pair, pa.int32()),
        pa.array(sites[number, 0], pa.int32()),
        pa.array(sites[number, 1], pa.int32()),
        pa.array(values[pair, number], pa.float32()),
        pa.array(chosen[number]),
    ]
    return pa.table(columns, schema=EFFECTS)


@dataclass(frozen=True)
class Queries:
    """The queries that some answers are about."""

    task: MappingTask
    split: tuple[str, ...]
    number: tuple[int, ...]
    """Within the split."""
    items: tuple[Item, ...]

    def rows(
        self,
        context: str,
        condition: str,
        correct: np.ndarray,
        blocks: Sequence[int] = (-1,),
        *,
        repeat: int = 0,
        n_heads: int = 0,
        part: str = ANSWER,
    ) -> pa.Table:
        """Lay out answers, `correct` (query, block) bool; other arguments as the columns."""
        n_blocks = len(blocks)
        n = len(self.items) * n_blocks
        counts = self.task.label_counts
        majority = max(sorted(counts), key=counts.__getitem__)

        def each(values: Sequence[Any]) -> np.ndarray:
            return np.repeat(np.array(values), n_blocks)

        columns = [
            _same(part, n),
            _same(self.task.name, n),
            pa.array(each(self.split)).dictionary_encode(),
            pa.array(each(self.number), pa.int32()),
            pa.array(each([item.cluster for item in self.items])).dictionary_encode(),
            pa.array(each([counts[item.label] / len(self.task.items) for item in self.items])),
            pa.array(each([item.label == majority for item in self.items])),
            _same(context, n),
            _same(condition, n),
            pa.array(np.full(n, repeat), pa.int32()),
            pa.array(np.full(n, n_heads), pa.int32()),
            pa.array(np.tile(np.array(blocks), len(self.items)), pa.int32()),
            pa.array(correct.ravel()),
        ]
        return pa.table(columns, schema=ANSWERS)


def queries(drawn: TaskPrompts, splits: Sequence[str]) -> Queries:
    """Return the queries of some splits of a task, one split after another."""
    parts = [getattr(drawn, split) for split in splits]
    return Queries(
        drawn.task,
        tuple(split for split, part in zip(splits, parts, strict=True) for _ in part),
        tuple(number for part in parts for number in range(len(part))),
        tuple(one.query for part in parts for one in part),
    )


def left_out_rows(target: str, reason: str) -> pa.Table:
    """Return the one row of a task that cannot be asked."""
    return pa.Table.from_pylist([{"part": LEFT_OUT, "target": target, "reason": reason}], schema=REFUSALS)


def lacking_rows(blocks: dict[int, str]) -> pa.Table:
    """Return a row of every block whose heads cannot be told apart, with the reason."""
    rows = [{"part": WITHOUT_HEADS, "block": block, "reason": reason} for block, reason in blocks.items()]
    return pa.Table.from_pylist(rows, schema=LACKING)


def no_heads() -> pa.Table:
    """Return the one row of a model whose heads cannot be told apart."""
    return pa.Table.from_pylist([{"part": EFFECT}], schema=EFFECTS)
