"""Means over squares of what composed vectors and their controls give, resampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.stats.intervals import average_over_tasks, bootstrap_means
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.composition.grids import SquareAnswers
from taskscope.studies.task_vectors.composition.rows import COMPOSED, ONE, OTHER, OWN, SUMMED, WRONG_SIGN
from taskscope.studies.task_vectors.heads.grids import TaskAnswers
from taskscope.studies.task_vectors.heads.resampling import COLLISION, MAJORITY, scored
from taskscope.studies.task_vectors.heads.rows import NONE, RANDOM_HEADS, SHOWN, VECTOR, ZERO_SHOT
from taskscope.studies.task_vectors.resampling import FEWEST_TASKS_RESAMPLED
from taskscope.studies.task_vectors.selection import first_highest

CONTROLS = (NONE, ONE, OTHER, WRONG_SIGN, RANDOM_HEADS, MAJORITY, COLLISION)
"""What a composed vector must beat, in the order in which ties are broken."""
BESIDE = (OWN, SUMMED)
"""Shown beside it and judged against nothing."""


@dataclass(frozen=True)
class SquareChoice:
    """What is chosen on one square's development queries."""

    answers: SquareAnswers
    block: int
    """Where the composed vector works best; the earliest of equals."""
    control: str
    """The strongest control there."""
    parts: tuple[tuple[TaskAnswers, int], ...]
    """The two tasks that are added, each with the block where its own vector works best."""


@dataclass(frozen=True)
class Composed:
    """Means over squares, the estimate in front of its draws: (1 + draw,) each."""

    reference: np.ndarray
    """With demonstrations."""
    composed: np.ndarray
    strongest: np.ndarray
    controls: dict[str, np.ndarray]
    beside: dict[str, np.ndarray]
    parts: np.ndarray
    """How far the vectors of the two tasks that are added lie above the midpoint between nothing added and
    demonstrations, each on its own task."""
    n_squares: int
    n_clusters: int


def choose(square: SquareAnswers) -> SquareChoice:
    """Choose blocks and strongest control on development queries."""
    dev = square.both.dev
    block = first_highest(dev.added[ZERO_SHOT, COMPOSED].mean(axis=0))
    strength = {name: v.mean() for name in CONTROLS if (v := scored(dev, name, block)) is not None}
    best = max(strength.values())
    control = next(name for name, value in strength.items() if value >= best - 1e-9)
    parts = tuple(
        (part, first_highest(part.dev.added[ZERO_SHOT, VECTOR].mean(axis=0)))
        for part in (square.one, square.other)
    )
    return SquareChoice(square, block, control, parts)


def composed(squares: Sequence[SquareChoice], draws: int) -> Composed | None:
    """Resample test queries within tasks, and squares where there are enough; None without a square."""
    if not squares:
        return None
    columns = [_columns(square) for square in squares]
    mean = _averaged("both", [square.answers.both for square in squares], columns, draws)
    parts = [pair for square in squares for pair in square.parts]
    halfway = [{"margin": _margin(part, block)} for part, block in parts]
    return Composed(
        reference=mean[SHOWN],
        composed=mean[COMPOSED],
        strongest=mean["strongest"],
        controls={name: mean[name] for name in CONTROLS if name in mean},
        beside={name: mean[name] for name in BESIDE},
        parts=_averaged("parts", [part for part, _ in parts], halfway, draws)["margin"],
        n_squares=len(squares),
        n_clusters=sum(len(np.unique(square.answers.both.test.cluster)) for square in squares),
    )


def _averaged(
    what: str, tasks: Sequence[TaskAnswers], columns: Sequence[dict[str, np.ndarray]], draws: int
) -> dict[str, np.ndarray]:
    """Average columns (query,) over tasks: (1 + draw,) each, the estimate first."""
    names = [name for name in columns[0] if all(name in other for other in columns)]
    estimates, drawn = [], []
    for task, values in zip(tasks, columns, strict=True):
        table = np.stack([values[name] for name in names], axis=1)
        rng = stream("task-vectors bootstrap of compositions", what, task.task)
        estimates.append(table.mean(axis=0))
        drawn.append(bootstrap_means(table, task.test.cluster, draws, rng))
    rng = stream("task-vectors bootstrap of squares", what, len(tasks))
    averaged = average_over_tasks(drawn, rng, resample_tasks=len(tasks) >= FEWEST_TASKS_RESAMPLED)
    return dict(zip(names, np.vstack([np.mean(estimates, axis=0), averaged]).T, strict=True))


def _columns(square: SquareChoice) -> dict[str, np.ndarray]:
    """Everything that is averaged of the task that is added up to, (query,) each."""
    test = square.answers.both.test
    found = {name: scored(test, name, square.block) for name in (COMPOSED, *CONTROLS, *BESIDE)}
    found[SHOWN] = test.plain[SHOWN]
    found["strongest"] = found[square.control]
    return {name: values for name, values in found.items() if values is not None}


def _margin(part: TaskAnswers, block: int) -> np.ndarray:
    test = part.test
    return test.added[ZERO_SHOT, VECTOR][:, block] - (test.plain[SHOWN] + test.plain[ZERO_SHOT]) / 2
