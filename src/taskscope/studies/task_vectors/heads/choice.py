"""Which heads write a function vector: those of the largest effect on other tasks (FV-4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ABLE_GAIN = 0.2
"""What demonstrations must add to accuracy on development queries for a task to choose heads."""


@dataclass(frozen=True)
class Chosen:
    """Heads of one task, by their number among all heads, strongest first."""

    shared: np.ndarray
    """(head,) all heads by their mean effect on the other tasks on which demonstrations help; where there is
    no other, on the same task."""
    own: np.ndarray
    """(head,) all heads by their effect on the same task."""


def set_size(share: float, n_heads: int) -> int:
    """Return how many heads write a function vector: a share of all, at least one."""
    return max(1, round(share * n_heads))


def choose(effects: Sequence[np.ndarray], able: Sequence[bool]) -> list[Chosen]:
    """Rank heads for every task, leaving the task itself out where others are there.

    The effects come from development queries, so that nothing here has seen a test query; leaving the task
    out makes the heads those of tasks in general.

    Args:
        effects: Per task (prompt, head): what replacing a head adds to p of the answer; NaN where a head was
            not replaced.
        able: Per task, whether demonstrations help.
    """
    means = [ranked_effects(values) for values in effects]
    found = []
    for task, own in enumerate(means):
        others = [m for other, m in enumerate(means) if other != task and able[other]]
        shared = np.mean(others, axis=0) if others else own
        found.append(Chosen(strongest_first(shared), strongest_first(own)))
    return found


def ranked_effects(values: np.ndarray) -> np.ndarray:
    """Mean effect over prompts, (head,); heads that were not replaced come last."""
    return np.where(np.isnan(values).any(axis=0), -np.inf, values.mean(axis=0))


def strongest_first(effect: np.ndarray) -> np.ndarray:
    """Order heads by falling effect, equal ones by number."""
    return np.argsort(-effect, kind="stable")


def random_sets(
    n_heads: int, kept: np.ndarray, size: int, n_sets: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Draw sets of `size` heads outside `kept`, fewer where not enough are left."""
    rest = np.setdiff1d(np.arange(n_heads), kept)
    return [rng.permutation(rest)[:size] for _ in range(n_sets)]


def counts_tried(size: int, n_heads: int) -> tuple[int, ...]:
    """Numbers of heads for the curve of accuracy by number: powers of two, and the size itself."""
    powers = [2**i for i in range(n_heads.bit_length()) if 2**i <= min(4 * size, n_heads)]
    return tuple(sorted({*powers, size, min(4 * size, n_heads)}))
