"""The rows of projected thetas: reciprocal ranks of words, one row per state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskscope.errors import StudyError
from taskscope.studies.task_vectors.geometry.rows import BARE, SWAPPED, THETA

PART = "projection"
CENTRED = "theta minus the mean theta of other tasks"
KINDS = (THETA, SWAPPED, BARE)
"""Read for every set of demonstrations, each a mean over the set's dummies."""
DEEPEST = 1000
"""Ranks below this one count as no rank at all: their reciprocals are smaller than 0.001."""
OF_ALL_SETS = -1
"""What the column `set` says in rows of means over all sets; these show the most likely tokens too."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("kind", _TEXT),
        ("set", pa.int32()),
        ("block", pa.int32()),
        ("words", _TEXT),  # the description words that this tokenizer lets one read, one per line
        ("of", _TEXT),  # the tasks whose output words are read, one per line
        ("read", pa.binary()),  # reciprocal rank of each word's best token: (word,) float32, little-endian
        ("read_outputs", pa.binary()),  # mean over each task's output words: (task,) float32
        ("top", pa.string()),  # most likely tokens, one per line; null in rows of single sets
    ]
)


def to_rows(
    kind: str,
    sets: Sequence[int] | np.ndarray,
    words: Sequence[str],
    of: Sequence[str],
    read: np.ndarray,
    outputs: np.ndarray,
    top: Sequence[str | None],
    part: str = PART,
) -> pa.Table:
    """Lay reciprocal ranks out as rows.

    Args:
        kind: What was read.
        sets: Number of each set.
        words: Description words.
        of: Tasks whose outputs were read.
        read: (set, block, word).
        outputs: (set, block, task).
        top: By set and block counted through, the most likely tokens.
        part: What the rows are a part of.
    """
    n_sets, n_blocks = read.shape[:2]
    n = n_sets * n_blocks

    first = pa.array(np.zeros(n), pa.int32())

    def same(value: str) -> pa.Array:
        return pa.DictionaryArray.from_arrays(first, [value])

    def packed(values: np.ndarray) -> pa.Array:
        flat = values.reshape(n, values.shape[2]).astype("<f4")
        return pa.array([row.tobytes() for row in flat], pa.binary())

    columns = [
        same(part),
        same(kind),
        pa.array(np.repeat(sets, n_blocks), pa.int32()),
        pa.array(np.tile(np.arange(n_blocks), n_sets), pa.int32()),
        same("\n".join(words)),
        same("\n".join(of)),
        packed(read),
        packed(outputs),
        pa.array(list(top), pa.string()),
    ]
    return pa.table(columns, schema=SCHEMA)


@dataclass(frozen=True)
class Readings:
    """What was read of one task's states, at every block, all seeds together."""

    task: str
    words: tuple[str, ...]
    of: tuple[str, ...]
    read: dict[str, np.ndarray]
    """Kind -> reciprocal ranks (set, block, word); one set where the kind is `CENTRED`, which a tuned lens
    does not read."""
    outputs: dict[str, np.ndarray]
    """Kind -> (set, block, task)."""
    top: dict[str, tuple[str, ...]]
    """Kind -> the most likely tokens by block, of the mean over sets."""

    @property
    def n_blocks(self) -> int:
        """Blocks."""
        return self.read[THETA].shape[1]


def readings(
    rows: pa.Table,
    model: str,
    tasks: Sequence[str],
    kinds: Sequence[str] = (*KINDS, CENTRED),
    column: str = "task",
) -> list[Readings]:
    """Read back the rows of some tasks of a model, in the order of `tasks`.

    Args:
        rows: Rows of one part.
        model: Label.
        tasks: Names.
        kinds: What was read.
        column: Where the rows say their task.

    Raises:
        StudyError: If a set lacks a block, or cells of one model were read with different words.
    """
    mine = rows.filter(pc.equal(rows["model"], model))  # type: ignore[attr-defined]
    own = [mine.filter(pc.equal(mine[column].cast(pa.string()), task)) for task in tasks]  # type: ignore[attr-defined]
    found = [_readings(some, task, kinds) for some, task in zip(own, tasks, strict=True)]
    if len({(each.words, each.of) for each in found}) > 1:
        raise StudyError(
            f"thetas of {model} were read with different lists of words",
            "cells measured by one version",
            "--stale, to measure them again",
        )
    return found


def _readings(rows: pa.Table, task: str, asked: Sequence[str]) -> Readings:
    if rows.num_rows == 0:
        raise StudyError(f"no projected thetas of task {task!r}", "every block of every set")
    kinds = np.array(rows["kind"].cast(pa.string()).to_pylist())
    sets = np.stack([rows[name].to_numpy() for name in ("seed", "set", "block")], axis=1)
    n_blocks = int(sets[:, 2].max()) + 1
    read, outputs, top = {}, {}, {}
    for kind in asked:
        index = np.flatnonzero((kinds == kind) & ((sets[:, 1] != OF_ALL_SETS) | (kind == CENTRED)))
        order = index[np.lexsort(sets[index].T[::-1])]
        if len(order) == 0 or (sets[order, 2] != np.arange(len(order)) % n_blocks).any():
            raise StudyError(f"projected thetas of task {task!r} are incomplete", "every block of every set")
        read[kind], outputs[kind] = (_unpack(rows, name, order, n_blocks) for name in _PACKED)
        means = np.flatnonzero((kinds == kind) & (sets[:, 1] == OF_ALL_SETS))
        shown = rows["top"].take(means[np.lexsort(sets[means].T[::-1])]).to_pylist()
        top[kind] = tuple(shown[:n_blocks])  # of the first seed
    words, of = (tuple(rows[name].cast(pa.string())[0].as_py().split("\n")) for name in ("words", "of"))
    return Readings(task, tuple(filter(None, words)), of, read, outputs, top)


_PACKED = ("read", "read_outputs")


def _unpack(rows: pa.Table, name: str, order: np.ndarray, n_blocks: int) -> np.ndarray:
    raw = np.frombuffer(b"".join(rows[name].take(order).to_pylist()), dtype="<f4").astype(np.float64)
    return raw.reshape(len(order) // n_blocks, n_blocks, -1)
