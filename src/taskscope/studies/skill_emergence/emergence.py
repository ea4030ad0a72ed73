"""Competence as the failures shrink along a scaling law (protocol 4.2).

A model of D tokens has D / 20 parameters; its excess loss gives the share theta of failed texts by a link,
with a slope such that theta is 0.1 at 10^10 tokens. Which texts fail is decided in three ways: at random, by
an adversary with a fixed set of skills in mind, or by how hard their hardest skill is. Failures are nested:
whoever is solved stays solved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from taskscope.studies.skill_emergence.graphs import draw, failure_shares, worst_texts
from taskscope.studies.skill_emergence.params import EmergenceParams
from taskscope.theory.scaling_laws.law import ScalingLaw
from taskscope.theory.skill_graph import links, tuples

Array = np.ndarray

RANDOM, ADVERSARIAL, MEDIATED = "random", "adversarial", "skill-mediated"
MODES = (RANDOM, ADVERSARIAL, MEDIATED)
TOKENS = tuple(10.0**decade for decade in range(9, 15))
START = 1e10
"""Tokens at which a tenth of the texts fails."""
THETA_AT_START = 0.1
SIZES = (1, 2, 4, 8, 16, 32)
"""Numbers of skills used together."""
LINEAR, ROOT = "linear", "pinsker_TV"
"""Links: mistakes in proportion to the excess loss, and to its root."""
_NOISE = 0.5
"""Standard deviation of a text's own difficulty, beside that of its hardest skill; skills have 1."""


@dataclass(frozen=True)
class World:
    """One random graph with the order in which its texts fail in each mode."""

    skills: Array
    """(text, k)."""
    n_skills: int
    order: dict[str, Array]
    """(text,) texts by mode, those that are solved last in front."""


def thetas(law: ScalingLaw, link: str) -> Array:
    """Return the share of failed texts at each of `TOKENS`, at most 0.999."""
    slope = links.slope_through(float(law.joint_excess(START)), THETA_AT_START, link)
    return np.minimum(links.error(law.joint_excess(TOKENS), link, slope), 0.999)


def world(params: EmergenceParams, rng: np.random.Generator) -> World:
    """Draw a graph, and order its texts by each mode."""
    skills = draw(params.n_texts, params.n_skills, params.k, rng, distinct=False)
    n_left_out = round(params.alpha * params.n_skills)
    chosen = rng.permutation(params.n_skills)[:n_left_out]
    hardness = rng.standard_normal(params.n_skills)[skills].max(axis=1)
    hardness += _NOISE * rng.standard_normal(params.n_texts)
    order = {
        RANDOM: rng.permutation(params.n_texts),
        ADVERSARIAL: worst_texts(skills, params.n_skills, chosen, params.n_texts, rng),
        MEDIATED: np.argsort(-hardness),
    }
    return World(skills, params.n_skills, order)


def competences(one: World, mode: str, theta: float) -> Array:
    """Competence on each skill when the share theta of texts fails, (skill,)."""
    n_failed = round(theta * len(one.skills))
    return 1 - failure_shares(one.skills, one.n_skills, one.order[mode][:n_failed])


def worst_tuples(competence: Array, sets: Array, alpha: float) -> float:
    """Mean competence over the worst share alpha of sets of skills, by the product rule.

    A quantile would stand on the edge of the adversary's set and jump; the mean below it does not (4.2).

    Args:
        competence: (skill,).
        sets: (set, t) skills.
        alpha: Share of the sets.
    """
    values = competence if sets.shape[1] == 1 else tuples.composite(competence[sets])
    n_worst = max(1, round(alpha * len(values)))
    return float(np.partition(values, n_worst - 1)[:n_worst].mean())
