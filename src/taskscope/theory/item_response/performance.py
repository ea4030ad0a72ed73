"""The measured curve that stands beside the guarantee: how failures gather on the worst tagged skills."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from taskscope.theory.item_response.responses import checked, tags

Array = np.ndarray


@dataclass(frozen=True)
class Performance:
    """Competence by skill, and how far failures gather on the worst of them."""

    theta: float
    """Share of responses that are wrong."""
    tags_per_item: float
    """Mean number of skills of an item, what the theorem calls k."""
    competence: Array
    """(skill,) share of right responses on items with the skill; NaN for a skill of no item."""
    alpha: Array
    """(skill,) 1/S, 2/S ... : share of skills taken, the worst first, of the S that items have."""
    beta: Array
    """(skill,) their mean failure share over theta; below the theorem's where tags are random k-sets."""


def performance(responses: ArrayLike, q: ArrayLike) -> Performance:
    """Measure competence by skill from responses to tagged items.

    Args:
        responses: (examinee, item), 1 right, 0 wrong, NaN not asked.
        q: (item, skill) whether the item is tagged with the skill.

    Raises:
        TaskscopeError: If responses or q are unusable.
    """
    table = checked(responses)
    needs = tags(q, table.shape[1]).astype(float)
    asked = (~np.isnan(table)).sum(axis=0)
    right = np.nansum(table, axis=0)
    with np.errstate(invalid="ignore"):
        competence = (right @ needs) / (asked @ needs)
    theta = 1 - right.sum() / asked.sum()
    worst = np.sort(competence[~np.isnan(competence)])
    taken = np.arange(1, len(worst) + 1)
    beta = np.cumsum(1 - worst) / taken / theta if theta > 0 else np.ones(len(worst))
    return Performance(float(theta), float(needs.sum(axis=1).mean()), competence, taken / len(worst), beta)
