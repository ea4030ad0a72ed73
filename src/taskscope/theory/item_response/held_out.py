"""Models of responses compared on responses that they did not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from taskscope.theory.item_response import dina, logistic
from taskscope.theory.item_response.responses import checked, mean_log_probability, tags

Array = np.ndarray

SHARE = 0.1
"""Responses held out."""


@dataclass(frozen=True)
class Split:
    """A table in two; what is in one is NaN in the other."""

    seen: Array
    rest: Array


def split(responses: ArrayLike, rng: np.random.Generator) -> Split:
    """Hold a tenth of the responses out; every examinee and item keeps one at least that is seen."""
    table = checked(responses)
    asked = ~np.isnan(table)
    held = asked & (rng.random(table.shape) < SHARE)
    for axis in (0, 1):
        bare = ~(asked & ~held).any(axis=axis, keepdims=True)
        held &= ~bare
    return Split(np.where(held, np.nan, table), np.where(held, table, np.nan))


def by_dimension(
    responses: ArrayLike, dimensions: Sequence[int], rng: np.random.Generator
) -> dict[int, float]:
    """Mean log probability of held-out responses by the compensatory model, nats, for numbers of dimensions.

    Raises:
        TaskscopeError: If the responses are unusable, or a number of dimensions is too large for them.
    """
    parts = split(responses, rng)
    starts = rng.integers(2**31, size=len(dimensions))
    return {
        n: mean_log_probability(
            parts.rest, logistic.fit(parts.seen, n, np.random.default_rng(int(start))).chances()
        )
        for n, start in zip(dimensions, starts, strict=True)
    }


def by_tags(
    responses: ArrayLike, q: ArrayLike, n_shuffles: int, rng: np.random.Generator
) -> tuple[float, Array]:
    """The same by the conjunctive model with the items' own tags, and with tags shuffled over the items.

    Args:
        responses: (examinee, item), 1 right, 0 wrong, NaN not asked.
        q: (item, skill) whether the item needs the skill.
        n_shuffles: Number of shuffles.
        rng: Source of what is held out and of the shuffles.

    Returns:
        Own tags' mean log probability, and that of every shuffle, (shuffle,).

    Raises:
        TaskscopeError: If responses or q are unusable, or there are too many skills.
    """
    parts = split(responses, rng)
    own = tags(q, parts.seen.shape[1])

    def foretold(needs: Array) -> float:
        return mean_log_probability(parts.rest, dina.fit(parts.seen, needs).chances(parts.seen))

    shuffled = [foretold(own[rng.permutation(len(own))]) for _ in range(n_shuffles)]
    return foretold(own), np.array(shuffled)
