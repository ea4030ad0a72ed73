"""What a table of responses says: skills, tags, dimensions, and the measured curve under the bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.studies.randomness import stream
from taskscope.studies.skill_emergence.responses.stored import Responses
from taskscope.theory.item_response import dina
from taskscope.theory.item_response.dina import MOST_SKILLS
from taskscope.theory.item_response.held_out import by_dimension, by_tags
from taskscope.theory.item_response.performance import Performance, performance
from taskscope.theory.item_response.screening import Screened, screen
from taskscope.theory.skill_graph.guarantee import guarantee

Array = np.ndarray

MOST_DIMENSIONS = 4
SHUFFLES = 10


@dataclass(frozen=True)
class Summary:
    """Everything that is calculated from one table."""

    responses: Responses
    screened: Screened
    """What the models of responses are fitted to; competence is of the whole table."""
    measured: Performance
    allowed: Array
    """(skill,) beta that the theorem allows at each of the measured alphas, with the mean number of tags."""
    by_dimension: dict[int, float]
    """Mean log probability of held-out responses, nats."""
    mastery: Array | None
    """(kept examinee, skill) by the conjunctive model; None for too many skills."""
    own_tags: float | None
    """Mean log probability of held-out responses with the items' own tags, nats."""
    shuffled_tags: Array | None
    """(shuffle,) the same with shuffled tags."""


def summarise(responses: Responses, seed: int = 0) -> Summary:
    """Screen the table, fit both models of responses, and compare competence with the theorem.

    Raises:
        TaskscopeError: If nothing in the table varies, or an item has no skill.
    """
    screened = screen(responses.table, responses.examinees, responses.items)
    measured = performance(responses.table, responses.needs)
    rng = stream("skill-emergence responses", list(responses.items), seed)
    most = min(MOST_DIMENSIONS, min(screened.table.shape) - 1)
    needs = responses.needs[screened.items]
    listed = needs.shape[1] <= MOST_SKILLS
    own, shuffled = by_tags(screened.table, needs, SHUFFLES, rng) if listed else (None, None)
    return Summary(
        responses,
        screened,
        measured,
        allowed=allowed(measured),
        by_dimension=by_dimension(screened.table, range(1, most + 1), rng),
        mastery=dina.fit(screened.table, needs).mastery(screened.table) if listed else None,
        own_tags=own,
        shuffled_tags=shuffled,
    )


def allowed(measured: Performance) -> Array:
    """Bound at the measured shares of skills; 1 for all of them, and where nothing or everything failed."""
    found = np.ones(len(measured.alpha))
    inner = measured.alpha < 1
    if 0 < measured.theta < 1 and inner.any():
        found[inner] = guarantee(measured.alpha[inner], measured.theta, measured.tags_per_item).beta
    return found
