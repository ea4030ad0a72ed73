"""What changes over a training: the learning rate, the length of sequences, and when checkpoints are kept."""

from __future__ import annotations

import math
from typing import Literal

Schedule = Literal["cosine", "linear"]
LOWEST = 0.05
"""Share of the highest learning rate that is left at the end."""


def learning_rate(highest: float, step: int, steps: int, warmup: int, schedule: Schedule) -> float:
    """Return the learning rate of a step, counted from 0.

    Both schedules rise linearly over `warmup` steps and fall to `LOWEST`: ``cosine`` along a half cosine,
    ``linear`` straight.
    """
    if step < warmup:
        return highest * (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    if schedule == "cosine":
        return highest * (LOWEST + (1 - LOWEST) * (1 + math.cos(math.pi * done)) / 2)
    return highest * (LOWEST + (1 - LOWEST) * (1 - done))


def sequence_length(lengths: tuple[tuple[float, int], ...], step: int, steps: int) -> int:
    """Return the length of the sequences of a step: that of the last phase that has begun.

    Args:
        lengths: Phases in order, each (share of all steps after which it begins, tokens per sequence).
        step: Counted from 0.
        steps: Steps in all.
    """
    begun = [length for share, length in lengths if step >= share * steps]
    return begun[-1]


def milestones(steps: int, n: int, first: float) -> tuple[int, ...]:
    """Return up to `n` steps, evenly spaced on a log scale from a share of the steps to the last one.

    Args:
        steps: Steps in all.
        n: How many; fewer where two would be the same step.
        first: Share of the steps after which the first one lies.
    """
    if n < 2:
        return (steps,)
    shares = (first ** (1 - i / (n - 1)) for i in range(n))
    return tuple(sorted({max(1, round(steps * share)) for share in shares}))
