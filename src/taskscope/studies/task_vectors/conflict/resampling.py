"""From the rows of conflict cells to accuracies by pair, and their resampled means over tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.stats.intervals import average_over_tasks, bootstrap_means
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.conflict.rows import CONDITIONS, CONTROLS, INJECTED, NONE
from taskscope.studies.task_vectors.resampling import FEWEST_TASKS_RESAMPLED

_CONTROLS = [CONDITIONS.index(name) for name in CONTROLS]


@dataclass(frozen=True)
class Direction:
    """Demonstrations of one task A, theta of another task B; NaN where an older run lacks a condition."""

    shown: str
    injected: str
    cluster: np.ndarray
    """(query,)."""
    reference: np.ndarray
    """(query,): 1 where B's own demonstrations bring B's answer."""
    theirs: np.ndarray
    """(query, condition) of `CONDITIONS`: 1 where the answer is B's."""
    mine: np.ndarray
    """(query, condition): 1 where the answer is A's."""

    @property
    def override(self) -> float:
        """Override index O of theta of B (protocol E5)."""
        return float(self.overrides[CONDITIONS.index(INJECTED)])

    @property
    def overrides(self) -> np.ndarray:
        """(condition,): the index of everything that was put in."""
        return override_index(self.theirs.mean(axis=0), self.mine.mean(axis=0))


@dataclass(frozen=True)
class Override:
    """Means over tasks B, the estimate in front of its draws: (1 + draw,) or (1 + draw, condition)."""

    reference: np.ndarray
    theirs: np.ndarray
    mine: np.ndarray
    strongest: np.ndarray
    """The largest control of each task B, averaged: B's answer."""
    n_clusters: int
    n_tasks: int

    @property
    def other(self) -> np.ndarray:
        """B's answer under theta of B."""
        return self.theirs[:, CONDITIONS.index(INJECTED)]

    @property
    def own(self) -> np.ndarray:
        """A's answer under theta of B."""
        return self.mine[:, CONDITIONS.index(INJECTED)]

    @property
    def controls(self) -> dict[str, np.ndarray]:
        """B's answer under each control."""
        return {name: self.theirs[:, CONDITIONS.index(name)] for name in CONTROLS}

    def change(self, condition: str) -> np.ndarray:
        """What A's answers gain when `condition` is put in, from -1 to 1."""
        return self.mine[:, CONDITIONS.index(condition)] - self.mine[:, CONDITIONS.index(NONE)]

    def gain(self, condition: str) -> np.ndarray:
        """What B's answers gain."""
        return self.theirs[:, CONDITIONS.index(condition)] - self.theirs[:, CONDITIONS.index(NONE)]


def override_index(theirs: np.ndarray, mine: np.ndarray) -> np.ndarray:
    """What B's answers gain plus what A's lose, from -2 to 2; shares (..., condition) of `CONDITIONS`."""
    none = CONDITIONS.index(NONE)
    return (theirs - theirs[..., [none]]) - (mine - mine[..., [none]])


def directions(rows: pa.Table, blocks: Mapping[str, int]) -> list[Direction]:
    """Read every direction between the tasks that `blocks` gives a block, in sorted order.

    Args:
        rows: Conflict rows of one model.
        blocks: Task -> block at which its theta is put in.
    """
    table = {
        name: np.array(rows[name].cast(pa.string()).to_pylist())
        for name in ("shown", "injected", "condition", "cluster")
    }
    numbers = {name: rows[name].to_numpy() for name in ("seed", "pair", "block")}
    right = {name: rows[name].to_numpy(zero_copy_only=False) for name in ("right_shown", "right_injected")}
    query = np.stack([numbers["seed"], numbers["pair"]], axis=1)

    def places(shown: str, injected: str, condition: str) -> np.ndarray:
        block = -1 if condition == NONE else blocks[injected]
        mine = (table["shown"] == shown) & (table["injected"] == injected) & (numbers["block"] == block)
        index = np.flatnonzero(mine & (table["condition"] == condition))
        return index[np.lexsort(query[index].T[::-1])]

    found = []
    for shown, injected in sorted(set(zip(table["shown"].tolist(), table["injected"].tolist(), strict=True))):
        if shown not in blocks or injected not in blocks:
            continue
        index = [places(shown, injected, condition) for condition in CONDITIONS]
        there = index[0]

        def columns(which: str, index: list[np.ndarray] = index, n: int = len(there)) -> np.ndarray:
            known = [right[which][at].astype(float) if len(at) else np.full(n, np.nan) for at in index]
            return np.stack(known, axis=1)

        found.append(
            Direction(
                shown,
                injected,
                table["cluster"][there],
                right["right_shown"][places(injected, shown, NONE)].astype(float),
                columns("right_injected"),
                columns("right_shown"),
            )
        )
    return found


def override(found: list[Direction], draws: int) -> Override | None:
    """Resample queries within each injected task, and tasks where there are enough; None without a pair."""
    tasks = sorted({direction.injected for direction in found})
    if not tasks:
        return None
    estimates, drawn = [], []
    n_clusters = 0
    for task in tasks:
        mine = [direction for direction in found if direction.injected == task]
        values = np.concatenate(
            [np.concatenate([way.reference[:, None], way.theirs, way.mine], axis=1) for way in mine]
        )
        cluster = np.concatenate([direction.cluster for direction in mine])
        n_clusters += len(np.unique(cluster))
        rng = stream("task-vectors bootstrap of conflicts", task)
        resampled = np.vstack([values.mean(axis=0), bootstrap_means(values, cluster, draws, rng)])
        under = resampled[:, 1 : 1 + len(CONDITIONS)]
        # fmax: a control that an older run lacks is passed over.
        strongest = np.fmax.reduce(under[:, _CONTROLS], axis=1, keepdims=True)
        columns = np.concatenate([resampled, strongest], axis=1)
        estimates.append(columns[0])
        drawn.append(columns[1:])
    rng = stream("task-vectors bootstrap of conflicting tasks", len(tasks))
    averaged = average_over_tasks(drawn, rng, resample_tasks=len(tasks) >= FEWEST_TASKS_RESAMPLED)
    mean = np.vstack([np.mean(estimates, axis=0), averaged])
    reference, theirs, mine_, strongest = np.split(mean, np.cumsum([1, len(CONDITIONS), len(CONDITIONS)]), 1)
    return Override(
        reference=reference[:, 0],
        theirs=theirs,
        mine=mine_,
        strongest=strongest[:, 0],
        n_clusters=n_clusters,
        n_tasks=len(tasks),
    )
