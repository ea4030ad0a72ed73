"""What is chosen on development pairs, before any test pair is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.studies.task_vectors.conditions import (
    BASELINE,
    CONTROLS,
    HYPOTHESIS,
    REGULAR,
    REGULAR_SHUFFLED,
    SHUFFLED,
)
from taskscope.studies.task_vectors.grids import Half, TaskGrid
from taskscope.studies.task_vectors.published import ADMISSIBLE_GAIN


@dataclass(frozen=True)
class Selection:
    """One task's choices."""

    block: int
    """Where theta is most accurate; the earliest of equals."""
    controls: tuple[str, ...]
    """The strongest control at every block."""
    admissible: bool
    """Demonstrations raise accuracy by at least 0.20."""
    swapping_hides: bool
    """Theta of swapped labels is among the controls, see `swapping_hides_the_task`."""

    @property
    def control(self) -> str:
        """The strongest control at the chosen block."""
        return self.controls[self.block]


def select(dev: Half) -> Selection:
    """Choose block and controls on the development pairs of one task (protocol section 7)."""
    strength, hidden = dev.control_means(), swapping_hides_the_task(dev)
    if not hidden:
        strength[CONTROLS.index(SHUFFLED)] = -1
    gain = dev.plain[REGULAR].mean() - dev.plain[BASELINE].mean()
    return Selection(
        block=first_highest(dev.swept[HYPOTHESIS].mean(axis=0)),
        controls=tuple(CONTROLS[i] for i in _highest_along_first(strength)),
        admissible=bool(gain >= ADMISSIBLE_GAIN - 1e-9),
        swapping_hides=hidden,
    )


def swapping_hides_the_task(dev: Half) -> bool:
    """Whether demonstrations with swapped labels fail to show the model the task.

    Where they show it (the model, prompted with them, gets more than half of what right demonstrations add),
    their theta rightly holds the task and is no control.
    """
    base, regular = dev.plain[BASELINE].mean(), dev.plain[REGULAR].mean()
    return bool(dev.plain[REGULAR_SHUFFLED].mean() <= (base + regular) / 2)


def shared_block(tasks: Sequence[TaskGrid]) -> int:
    """Return the block where theta is most accurate on average over the tasks' development pairs."""
    return first_highest(np.mean([t.dev.swept[HYPOTHESIS].mean(axis=0) for t in tasks], axis=0))


def first_highest(curve: np.ndarray) -> int:
    """Index of the maximum; the smallest of those that differ by rounding only."""
    return int(np.flatnonzero(curve >= curve.max() - 1e-9)[0])


def _highest_along_first(strength: np.ndarray) -> list[int]:
    return [first_highest(column) for column in strength.T]
