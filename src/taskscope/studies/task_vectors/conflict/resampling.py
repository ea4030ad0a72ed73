"""From the rows of conflict cells to accuracies by pair, and their resampled means over tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskscope.stats.intervals import average_over_tasks, bootstrap_means
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.conflict.rows import CONTROLS, INJECTED, NONE
from taskscope.studies.task_vectors.resampling import FEWEST_TASKS_RESAMPLED

COLUMNS = ("reference", "other", "own", "own-before", *CONTROLS)
"""B|demonstrations of B; B|theta of B; A|theta of B; A|nothing put in; B under each control."""


@dataclass(frozen=True)
class Direction:
    """Demonstrations of one task, theta of another."""

    shown: str
    injected: str
    cluster: np.ndarray
    """(query,)."""
    values: np.ndarray
    """(query, column) of `COLUMNS`, 1 where the answer is the one asked for."""

    @property
    def override(self) -> float:
        """Override index O, from -2 to 2: what B's answers gain plus what A's lose (protocol E5)."""
        mean = dict(zip(COLUMNS, self.values.mean(axis=0), strict=True))
        return float((mean["other"] - mean[NONE]) - (mean["own"] - mean["own-before"]))


@dataclass(frozen=True)
class Override:
    """Means over tasks B, the estimate in front of its draws: (1 + draw,) each."""

    reference: np.ndarray
    other: np.ndarray
    own: np.ndarray
    controls: dict[str, np.ndarray]
    strongest: np.ndarray
    n_clusters: int
    n_tasks: int


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

    def column(shown: str, injected: str, condition: str, which: str) -> tuple[np.ndarray, np.ndarray]:
        block = -1 if condition == NONE else blocks[injected]
        mine = (table["shown"] == shown) & (table["injected"] == injected) & (numbers["block"] == block)
        index = np.flatnonzero(mine & (table["condition"] == condition))
        index = index[np.lexsort(query[index].T[::-1])]
        return index, right[which][index].astype(float)

    found = []
    for shown, injected in sorted(set(zip(table["shown"].tolist(), table["injected"].tolist(), strict=True))):
        if shown not in blocks or injected not in blocks:
            continue
        columns = [column(injected, shown, NONE, "right_shown")[1]]
        index, other = column(shown, injected, INJECTED, "right_injected")
        columns += [other, column(shown, injected, INJECTED, "right_shown")[1]]
        columns.append(column(shown, injected, NONE, "right_shown")[1])
        columns += [column(shown, injected, control, "right_injected")[1] for control in CONTROLS]
        found.append(Direction(shown, injected, table["cluster"][index], np.stack(columns, axis=1)))
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
        values = np.concatenate([direction.values for direction in mine])
        cluster = np.concatenate([direction.cluster for direction in mine])
        n_clusters += len(np.unique(cluster))
        rng = stream("task-vectors bootstrap of conflicts", task)
        resampled = np.vstack([values.mean(axis=0), bootstrap_means(values, cluster, draws, rng)])
        strongest = resampled[:, -len(CONTROLS) :].max(axis=1, keepdims=True)
        columns = np.concatenate([resampled, strongest], axis=1)
        estimates.append(columns[0])
        drawn.append(columns[1:])
    rng = stream("task-vectors bootstrap of conflicting tasks", len(tasks))
    averaged = average_over_tasks(drawn, rng, resample_tasks=len(tasks) >= FEWEST_TASKS_RESAMPLED)
    mean = dict(
        zip((*COLUMNS, "strongest"), np.vstack([np.mean(estimates, axis=0), averaged]).T, strict=True)
    )
    return Override(
        reference=mean["reference"],
        other=mean["other"],
        own=mean["own"],
        controls={name: mean[name] for name in CONTROLS},
        strongest=mean["strongest"],
        n_clusters=n_clusters,
        n_tasks=len(tasks),
    )
