"""How sure the choice of heads is: mean effects with their error, and how often it is chosen again (7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taskscope.stats.intervals import resampling_weights
from taskscope.studies.randomness import stream
from taskscope.studies.task_vectors.heads.choice import strongest_first
from taskscope.studies.task_vectors.heads.grids import Effects

DRAWS = 500


@dataclass(frozen=True)
class Ranking:
    """The heads of one model by their average indirect effect over tasks (AIE, FV-4)."""

    sites: np.ndarray
    """(head, 2) block and head."""
    effect: np.ndarray
    """(head,) mean over tasks of the mean over prompts."""
    error: np.ndarray
    """(head,) standard error over prompts, tasks as they are."""
    inclusion: np.ndarray
    """(head,) share of resamples of prompts in which it is among the strongest."""
    tasks: tuple[str, ...]
    """The tasks averaged: those on which demonstrations help, or all where they help on none."""

    @property
    def order(self) -> np.ndarray:
        """Heads, strongest first."""
        return strongest_first(self.effect)


def rank(effects: Sequence[Effects], size: int) -> Ranking:
    """Average over tasks, and choose `size` heads again on resampled prompts of every task.

    Heads are those that were replaced on every task.
    """
    counted = [each for each in effects if each.able] or list(effects)
    sites = counted[0].sites
    resampled = []
    for each in counted:
        rng = stream("task-vectors bootstrap of heads", each.task)
        weights = resampling_weights(len(each.values), DRAWS, rng) / len(each.values)
        resampled.append(weights @ each.values)
    means = np.mean(resampled, axis=0)
    top = np.argsort(-means, axis=1, kind="stable")[:, :size]
    inclusion = np.bincount(top.ravel(), minlength=len(sites)) / DRAWS
    return Ranking(
        sites=sites,
        effect=np.mean([each.values.mean(axis=0) for each in counted], axis=0),
        error=means.std(axis=0, ddof=1),
        inclusion=inclusion,
        tasks=tuple(each.task for each in counted),
    )
