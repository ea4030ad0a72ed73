"""The rows of a theta cell, and the vectors read back from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskscope.errors import StudyError

PART = "theta"
"""What the column `part` says in these rows; rows of E1 have no such column."""
THETA, SWAPPED, BARE = "theta", "theta of swapped labels", "no demonstrations"
KINDS = (THETA, SWAPPED, BARE)
"""States at the last arrow of p(S, x'), of p(S with swapped labels, x') and of p(no demonstrations, x')."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("part", _TEXT),
        ("kind", _TEXT),
        ("group", _TEXT),  # of the task: its category
        ("set", pa.int32()),  # number of S
        ("dummy", pa.int32()),  # number of x' within S
        ("block", pa.int32()),
        ("norm", pa.float32()),  # length of the residual
        ("direction", pa.binary()),  # the residual at length 1: d_model float16, little-endian
    ]
)
"""Directions alone are kept, in half precision: distances are between directions (cosine), and rounding moves
them by less than 1e-6. A state of 4096 numbers takes 8 kB."""


def to_rows(states: dict[str, np.ndarray], group: str) -> pa.Table:
    """Lay states out as rows.

    Args:
        states: Kind -> (set, dummy, block, d_model) float32.
        group: The task's group.

    Raises:
        StudyError: If a residual is not finite.
    """
    tables = []
    for kind, values in states.items():
        norm = np.linalg.norm(values.astype(np.float64), axis=-1)
        if not np.isfinite(norm).all():
            raise StudyError(
                "a residual that is not a number",
                "finite residuals",
                "--dtype float32, if it was a shorter one",
            )
        direction = (values / np.maximum(norm, 1e-30)[..., None]).astype("<f2")
        flat = np.ascontiguousarray(direction.reshape(-1, direction.shape[-1]))
        where = [index.ravel() for index in np.indices(norm.shape)]
        n = len(flat)

        def text(value: str, n: int = n) -> pa.Array:
            return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n), pa.int32()), [value])

        columns = [text(PART), text(kind), text(group), *(pa.array(index, pa.int32()) for index in where)]
        columns += [pa.array(norm.ravel(), pa.float32()), pa.array([row.tobytes() for row in flat])]
        tables.append(pa.table(columns, schema=SCHEMA))
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


@dataclass(frozen=True)
class Cloud:
    """Directions of one task at one block, all seeds together."""

    task: str
    group: str
    states: dict[str, np.ndarray]
    """Kind -> (set, dummy, d_model) float64, each of length 1."""

    @property
    def n_sets(self) -> int:
        """Demonstration sets."""
        return len(self.states[THETA])

    def means(self, kind: str = THETA) -> np.ndarray:
        """Return theta as it is used, the mean over dummies, at length 1: (set, d_model)."""
        mean = self.states[kind].mean(axis=1)
        return mean / np.maximum(np.linalg.norm(mean, axis=-1, keepdims=True), 1e-30)


def clouds(rows: pa.Table, model: str, tasks: Sequence[str], block: int) -> list[Cloud]:
    """Read the states of some tasks of a model at one block, in the order of `tasks`.

    Args:
        rows: Rows of `PART`.
        model: Label.
        tasks: Names.
        block: Block.

    Raises:
        StudyError: If a task has no rows, or not every dummy of every set at this block.
    """
    mine = pc.and_(pc.equal(rows["model"], model), pc.equal(rows["block"], block))  # type: ignore[attr-defined]
    here = rows.filter(mine)
    return [_cloud(here.filter(pc.equal(here["task"], task)), task) for task in tasks]  # type: ignore[attr-defined]


def _cloud(rows: pa.Table, task: str) -> Cloud:
    if rows.num_rows == 0:
        raise StudyError(f"no thetas of task {task!r} at this block", "a theta cell of every task")
    kinds = np.array(rows["kind"].cast(pa.string()).to_pylist())
    place = np.stack([rows[name].to_numpy() for name in ("seed", "set", "dummy")], axis=1)
    raw = np.frombuffer(b"".join(rows["direction"].to_pylist()), dtype="<f2").astype(np.float64)
    vectors = raw.reshape(rows.num_rows, -1)
    n_dummies = int(place[:, 2].max()) + 1
    states = {}
    for kind in KINDS:
        index = np.flatnonzero(kinds == kind)
        order = index[np.lexsort(place[index].T[::-1])]
        if (
            len(order) == 0
            or len(order) % n_dummies
            or (place[order, 2] != np.arange(len(order)) % n_dummies).any()
        ):
            raise StudyError(
                f"thetas of task {task!r} are incomplete", "every dummy of every set, of every kind"
            )
        found = vectors[order].reshape(-1, n_dummies, vectors.shape[1])
        states[kind] = found / np.maximum(np.linalg.norm(found, axis=-1, keepdims=True), 1e-30)
    return Cloud(task, rows["group"].cast(pa.string())[0].as_py(), states)
