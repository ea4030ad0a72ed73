"""Every number per task, for tables and figures: on test pairs, at blocks chosen elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.stats.intervals import bootstrap_means, position_interval
from taskscope.stats.tests import discordant, exact_mcnemar, holm
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.conditions import (
    BASELINE,
    CONTROLS,
    HYPOTHESIS,
    REGULAR,
    REGULAR_SHUFFLED,
)
from taskscope.studies.task_vectors.grids import Half, TaskGrid
from taskscope.studies.task_vectors.results import ModelResult
from taskscope.studies.task_vectors.selection import Selection, first_highest, shared_block


@dataclass(frozen=True)
class At:
    """Theta's accuracy on test pairs at one block."""

    block: int
    accuracy: float


@dataclass(frozen=True)
class TaskSummary:
    """One task with one model (protocol section 7: three ways of choosing the block, and every control)."""

    task: str
    admissible: bool
    n_pairs: int
    n_clusters: int
    baseline: float
    regular: float
    regular_shuffled: float
    dev: At
    """At the block chosen on this task's development pairs: the number that is reported."""
    dev_block: tuple[int, int]
    """95 % interval of that block."""
    shared: At | None
    """At the block chosen on all other tasks; None where there is no other."""
    oracle: At
    """At the block that is best on the test pairs themselves: too good by construction."""
    first_token: tuple[float, float]
    """Answers whose first token alone is right (P2): theta at the reported block, regular."""
    control: str
    """The strongest control, chosen on development pairs."""
    controls: dict[str, float]
    """Every control at the reported block."""
    leak: float
    """Share of wrong answers under theta that are a dummy's own, of all answers, at the reported block."""
    p_regular: float
    """Theta against regular, exact McNemar with one vote per query, Holm over the tasks."""
    p_control: float
    """Theta against the strongest control, likewise."""


def summarise(result: ModelResult, draws: int) -> list[TaskSummary]:
    """Summarise every task of a model, admissible or not, in order."""
    p_regular, p_control = _p_values(result)
    return [
        _summary(task, chosen, _others(result.tasks, task), draws, (p_regular[i], p_control[i]))
        for i, (task, chosen) in enumerate(zip(result.tasks, result.chosen, strict=True))
    ]


def _summary(
    task: TaskGrid, chosen: Selection, others: Sequence[TaskGrid], draws: int, p: tuple[float, float]
) -> TaskSummary:
    test, block = task.test, chosen.block
    theta = test.swept[HYPOTHESIS].mean(axis=0)

    def at(place: int) -> At:
        return At(place, float(theta[place]))

    return TaskSummary(
        task=task.task,
        admissible=chosen.admissible,
        n_pairs=len(test.cluster),
        n_clusters=test.n_clusters,
        baseline=float(test.plain[BASELINE].mean()),
        regular=float(test.plain[REGULAR].mean()),
        regular_shuffled=float(test.plain[REGULAR_SHUFFLED].mean()),
        dev=at(block),
        dev_block=_block_interval(task, draws),
        shared=at(shared_block(others)) if others else None,
        oracle=at(first_highest(theta)),
        first_token=(
            float(test.first_token[HYPOTHESIS][:, block].mean()),
            float(test.first_token[REGULAR].mean()),
        ),
        control=chosen.control,
        controls={name: float(test.control(name)[:, block].mean()) for name in CONTROLS},
        leak=float(test.leak[:, block].mean()),
        p_regular=p[0],
        p_control=p[1],
    )


def _others(tasks: Sequence[TaskGrid], task: TaskGrid) -> list[TaskGrid]:
    return [other for other in tasks if other.task != task.task]


def _block_interval(task: TaskGrid, draws: int) -> tuple[int, int]:
    dev = task.dev
    rng = stream("task-vectors bootstrap of a block", task.task)
    curves = bootstrap_means(dev.swept[HYPOTHESIS], dev.cluster, draws, rng)
    return position_interval(np.array([first_highest(curve) for curve in curves]))


def _p_values(result: ModelResult) -> tuple[list[float], list[float]]:
    """Holm-adjusted p values of theta against regular and against the strongest control, by task."""
    against_regular, against_control = [], []
    for task, chosen in zip(result.tasks, result.chosen, strict=True):
        test, block = task.test, chosen.block
        theta = test.swept[HYPOTHESIS][:, block]
        against_regular.append(_votes(test, theta, test.plain[REGULAR]))
        against_control.append(_votes(test, theta, test.control(chosen.control)[:, block]))
    return (
        holm(exact_mcnemar(*np.transpose(against_regular))).tolist(),
        holm(exact_mcnemar(*np.transpose(against_control))).tolist(),
    )


def _votes(test: Half, first: np.ndarray, second: np.ndarray) -> tuple[int, int]:
    return discordant(first, second, test.cluster)
