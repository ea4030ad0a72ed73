"""From stored rows to where each task lives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.stats.matrices import leave_one_out
from taskscope.studies.columns import where
from taskscope.studies.judgement import Measure
from taskscope.studies.task_spaces.lives.rows import LIVES
from taskscope.studies.task_spaces.spaces import Space
from taskscope.studies.task_spaces.statistics import bounded

Array = np.ndarray
SHARES = ("size", "squares", "chosen")
_FEWEST = 3
"""Tasks from which an interval over tasks can be told."""


@dataclass(frozen=True)
class Lives:
    """Where the tasks of one model live; means over halves and seeds."""

    model: str
    tasks: tuple[str, ...]
    phenomena: tuple[str, ...]
    """Of each task."""
    modules: tuple[str, ...]
    shares: dict[str, Array]
    """Name of `SHARES` to (task, 1 + block, module); the first "block" is what stands in none."""
    whole: Array
    """(task,) nats that the whole change adds to the mean margin of judged pairs."""
    alone: Array
    """(task, 1 + block) the same of the block's part of the change alone."""
    without: Array
    """(task, 1 + block) the same of the change without that part."""

    @property
    def n_blocks(self) -> int:
        """Blocks of the model."""
        return self.alone.shape[1] - 1

    @property
    def depth(self) -> Array:
        """(task,) where in the blocks the chosen weights stand in the mean, 0 the first block, 1 the last."""
        inside = self.shares["chosen"][:, 1:].sum(axis=2)
        at = np.linspace(0, 1, self.n_blocks)
        return (inside @ at) / np.maximum(inside.sum(axis=1), 1e-12)

    @property
    def caused(self) -> Array:
        """(task, 1 + block) gain of each part alone as a share of the whole; nan where nothing was gained."""
        return _shared(self.alone, self.whole)

    @property
    def needed(self) -> Array:
        """(task, 1 + block) gain that is lost without each part, as a share of the whole."""
        return _shared(self.whole[:, None] - self.without, self.whole)


def _shared(gains: Array, whole: Array) -> Array:
    room = np.where(whole > 1e-9, whole, np.nan)
    return gains / room[:, None]


def lives(rows: pa.Table, spaces: list[Space]) -> list[Lives]:
    """Read every model that was asked; tasks in the order of its map."""
    if "module" not in rows.column_names:
        return []
    mine = where(rows, part=LIVES)
    return [found for space in spaces if (found := _of(where(mine, model=space.model), space))]


def _of(rows: pa.Table, space: Space) -> Lives | None:
    records = rows.to_pylist()
    known = {row["judged"] for row in records}
    tasks = tuple(task for task in space.tasks if task in known)
    if not tasks:
        return None
    modules = tuple(dict.fromkeys(row["module"] for row in records if row["module"]))
    depth = 2 + max(row["block"] for row in records)
    total = {name: np.zeros((len(tasks), depth, len(modules))) for name in SHARES}
    gains, count = np.zeros((3, len(tasks), depth)), np.zeros((len(tasks), depth))
    for row in records:
        if row["judged"] not in tasks:
            continue
        task, block = tasks.index(row["judged"]), row["block"] + 1
        if row["module"]:
            for name, matrix in total.items():
                matrix[task, block, modules.index(row["module"])] += row[name]
        else:
            gains[:, task, block] += row["whole"], row["alone"], row["without"]
            count[task, block] += 1
    # Each half of each seed tells of every block once.
    n = np.maximum(count.max(axis=1), 1)
    whole, alone, without = gains / n[None, :, None]
    return Lives(
        model=space.model,
        tasks=tasks,
        phenomena=tuple(space.phenomena[space.tasks.index(task)] for task in tasks),
        modules=modules,
        shares={name: matrix / n[:, None, None] for name, matrix in total.items()},
        whole=whole[:, 0],
        alone=alone,
        without=without,
    )


def told(found: Lives, name: str) -> Measure | None:
    """Correlate over places a share with what the part of the change there does alone, mean over tasks.

    Args:
        found: Where tasks live.
        name: One of `SHARES`; ``size`` is what chance gives, weights being as many there.

    Returns:
        With an interval that leaves out one task at a time; None for fewer than three tasks that gained.
    """
    shares = found.shares[name].sum(axis=2)
    values = []
    for share, caused in zip(shares, found.caused, strict=True):
        if np.isfinite(caused).all() and share.std() > 1e-12 and caused.std() > 1e-12:
            values.append(float(np.corrcoef(share, caused)[0, 1]))
    if len(values) < _FEWEST:
        return None
    each = np.array(values)
    return bounded(leave_one_out(lambda keep: float(each[keep].mean()), len(each)))
