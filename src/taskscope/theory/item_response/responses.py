"""A table of responses, checked once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from taskscope.errors import TaskscopeError

Array = np.ndarray


def checked(responses: ArrayLike) -> Array:
    """Return responses as float64 (examinee, item): 1 right, 0 wrong, NaN not asked.

    Raises:
        TaskscopeError: If it is no table of such values, or an examinee or item has no response.
    """
    table = np.asarray(responses, float)
    if table.ndim != 2 or not table.size:
        raise TaskscopeError(f"responses of shape {table.shape}", "a table of examinees by items")
    asked = ~np.isnan(table)
    if not np.isin(table[asked], (0.0, 1.0)).all():
        raise TaskscopeError("responses that are neither 0 nor 1", "1 right, 0 wrong, NaN where not asked")
    for name, counts in (("examinee", asked.sum(axis=1)), ("item", asked.sum(axis=0))):
        if not counts.all():
            place = int(np.flatnonzero(counts == 0)[0])
            raise TaskscopeError(
                f"{name} {place} without a response",
                f"at least one for each {name}",
                f"leave that {name} out",
            )
    return table


def tags(q: ArrayLike, n_items: int) -> Array:
    """Return which skills each item needs as bool (item, skill).

    Raises:
        TaskscopeError: If the rows are not one for each item, or an item needs no skill.
    """
    table = np.asarray(q, bool)
    if table.ndim != 2 or len(table) != n_items:
        raise TaskscopeError(
            f"a Q matrix of shape {table.shape} for {n_items} items", "one row of skills for each item"
        )
    if not table.any(axis=1).all():
        place = int(np.flatnonzero(~table.any(axis=1))[0])
        raise TaskscopeError(
            f"item {place} needs no skill",
            "at least one skill for each item",
            "leave that item out, or tag it with a skill of its own",
        )
    return table


def mean_log_probability(responses: ArrayLike, chances: Array) -> float:
    """Mean log probability of the responses that were given, nats: how well chances of being right foretell.

    Args:
        responses: As in `checked`, NaN where not asked or not to be counted.
        chances: (examinee, item) probability of a right answer.
    """
    table = np.asarray(responses, float)
    counted = ~np.isnan(table)
    chance = np.clip(chances[counted], 1e-12, 1 - 1e-12)
    return float(np.where(table[counted] == 1, np.log(chance), np.log1p(-chance)).mean())
