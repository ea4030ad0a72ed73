"""Means over tasks of what function vectors and their controls give, resampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.stats.intervals import average_over_tasks, bootstrap_means
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.heads.grids import Answers, TaskAnswers
from taskscope.studies.task_vectors.heads.rows import (
    LAYER,
    NONE,
    OTHER,
    OWN,
    RANDOM,
    RANDOM_HEADS,
    SHOWN,
    SWAPPED,
    VECTOR,
    ZERO_SHOT,
)
from taskscope.studies.task_vectors.resampling import FEWEST_TASKS_RESAMPLED
from taskscope.studies.task_vectors.selection import first_highest

MAJORITY, COLLISION = "most frequent label", "a random item's label"
CONTROLS = (NONE, RANDOM_HEADS, RANDOM, OTHER, MAJORITY, COLLISION)
"""What a function vector must beat, in the order in which ties are broken."""
BESIDE = (LAYER, OWN)
"""Shown beside it and judged against nothing: the mean residual holds what the heads wrote, so that it too
may work where the claim is true."""
ELSEWHERE = (NONE, VECTOR, RANDOM_HEADS, LAYER)
"""What is measured behind swapped labels too."""

MOST_OF_RANDOM = 1 / 3
"""Share of the chosen heads' gain that random heads may give (protocol section 5, pass)."""


@dataclass(frozen=True)
class TaskChoice:
    """What is chosen on one task's development queries."""

    answers: TaskAnswers
    block: int
    """Where the function vector works best; the earliest of equals."""
    control: str
    """The strongest control there."""


@dataclass(frozen=True)
class Carried:
    """Means over tasks, the estimate in front of its draws: (1 + draw,) each."""

    reference: np.ndarray
    """With demonstrations."""
    vector: np.ndarray
    strongest: np.ndarray
    controls: dict[str, np.ndarray]
    """Those that were measured on every task."""
    beside: dict[str, np.ndarray]
    swapped: dict[str, np.ndarray]
    """Behind swapped labels, at the same block."""
    n_tasks: int
    n_clusters: int

    @property
    def gain(self) -> np.ndarray:
        """What the function vector adds to right answers, over nothing added."""
        return self.vector - self.controls[NONE]

    @property
    def beyond_random(self) -> np.ndarray:
        """What random heads add less than they may: a third of what the chosen ones do."""
        return MOST_OF_RANDOM * self.gain - (self.controls[RANDOM_HEADS] - self.controls[NONE])

    @property
    def tasks_resampled(self) -> bool:
        """Whether the intervals speak of tasks of this kind, not of these tasks alone."""
        return self.n_tasks >= FEWEST_TASKS_RESAMPLED


def choose(answers: TaskAnswers) -> TaskChoice:
    """Choose block and strongest control on development queries."""
    block = first_highest(answers.dev.added[ZERO_SHOT, VECTOR].mean(axis=0))
    strength = {
        name: values.mean() for name in CONTROLS if (values := scored(answers.dev, name, block)) is not None
    }
    best = max(strength.values())
    control = next(name for name, value in strength.items() if value >= best - 1e-9)
    return TaskChoice(answers, block, control)


def scored(answers: Answers, name: str, block: int, context: str = ZERO_SHOT) -> np.ndarray | None:
    """Return what a condition scores after a block, (query,); None where it was not measured."""
    flat = {NONE: answers.plain.get(context), MAJORITY: answers.majority, COLLISION: answers.label_share}
    if name in flat:
        return flat[name]
    table = answers.added.get((context, name))
    return None if table is None else table[:, block]


def carried(tasks: Sequence[TaskChoice], draws: int) -> Carried | None:
    """Resample test queries within tasks, and tasks where there are enough; None without a task."""
    if not tasks:
        return None
    columns = [_columns(task) for task in tasks]
    names = [name for name in columns[0] if all(name in other for other in columns)]
    estimates, drawn = [], []
    for task, values in zip(tasks, columns, strict=True):
        table = np.stack([values[name] for name in names], axis=1)
        rng = stream("task-vectors bootstrap of function vectors", task.answers.task)
        estimates.append(table.mean(axis=0))
        drawn.append(bootstrap_means(table, task.answers.test.cluster, draws, rng))
    rng = stream("task-vectors bootstrap of tasks with function vectors", len(tasks))
    averaged = average_over_tasks(drawn, rng, resample_tasks=len(tasks) >= FEWEST_TASKS_RESAMPLED)
    mean = dict(zip(names, np.vstack([np.mean(estimates, axis=0), averaged]).T, strict=True))
    return Carried(
        reference=mean["reference", ""],
        vector=mean[ZERO_SHOT, VECTOR],
        strongest=mean["strongest", ""],
        controls={name: mean[ZERO_SHOT, name] for name in CONTROLS if (ZERO_SHOT, name) in mean},
        beside={name: mean[ZERO_SHOT, name] for name in BESIDE},
        swapped={name: mean[SWAPPED, name] for name in ELSEWHERE},
        n_tasks=len(tasks),
        n_clusters=sum(len(np.unique(task.answers.test.cluster)) for task in tasks),
    )


def _columns(task: TaskChoice) -> dict[tuple[str, str], np.ndarray]:
    """Everything that is averaged, (query,) each."""
    test, block = task.answers.test, task.block
    wanted = [(ZERO_SHOT, name) for name in (VECTOR, *CONTROLS, *BESIDE)]
    wanted += [(SWAPPED, name) for name in ELSEWHERE]
    found = {key: scored(test, key[1], block, key[0]) for key in wanted}
    found["reference", ""] = test.plain[SHOWN]
    found["strongest", ""] = found[ZERO_SHOT, task.control]
    return {key: values for key, values in found.items() if values is not None}
