"""How skills come to be learned: four laws beside the skill graph, which says nothing of that (protocol 4.3).

The quantization model (Michaud et al. 2023) learns skills in the order of their use, multiplicative
emergence (Okawa et al. 2023) needs all parts of a tuple at once, percolation (Lubana et al. 2024) joins
scattered pieces at a threshold, and the peeling learner (after Liao, Chang & Hong 2024) learns a skill from a
text in which it is the only unknown one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from taskscope.errors import TaskscopeError

Array = np.ndarray

_MOST_ROUNDS = 100_000


def unlearned(per_text: float, texts_per_skill: float) -> float:
    """Share of skills that the peeling learner never learns, with Poisson(c) skills in a text.

    The largest solution of q = exp(-c R exp(-c q)), reached from q = 1: a text teaches a skill if its other
    skills, Poisson(c q) unknown ones, are all known.

    Args:
        per_text: c, mean number of skills of a text.
        texts_per_skill: R, texts divided by skills.

    Raises:
        TaskscopeError: If either is not above 0.
    """
    _positive("skills of a text", per_text)
    _positive("texts for each skill", texts_per_skill)
    q = 1.0
    for _ in range(_MOST_ROUNDS):
        left = float(np.exp(-per_text * texts_per_skill * np.exp(-per_text * q)))
        if abs(left - q) < 1e-13:
            break
        q = left
    return q


def peeling_threshold(per_text: float) -> float | None:
    """Texts for each skill at which the share that is never learned jumps; None where it falls steadily.

    R(q) = -ln q exp(c q) / c has a peak, where c q ln(1/q) = 1, if c is above e.

    Raises:
        TaskscopeError: If `per_text` is not above 0.
    """
    _positive("skills of a text", per_text)
    if per_text <= np.e:
        return None
    root: Any = brentq(lambda q: -per_text * q * np.log(q) - 1, 1 / np.e, 1.0, xtol=1e-14)
    q = float(root)
    return float(-np.log(q) * np.exp(per_text * q) / per_text)


def all_acquired(chance: float, steps: ArrayLike, n: ArrayLike) -> Array:
    """Probability that n abilities are all there, each acquired with a chance per step: emergence by product.

    Raises:
        TaskscopeError: If the chance is not between 0 and 1.
    """
    _chance(chance)
    return (-np.expm1(np.asarray(steps, float) * np.log1p(-chance))) ** np.asarray(n, float)


def half_time(chance: float, n: int) -> int:
    """First step at which n abilities are all there with even odds.

    Raises:
        TaskscopeError: If the chance is not between 0 and 1.
    """
    _chance(chance)
    return int(np.ceil(np.log1p(-(0.5 ** (1 / n))) / np.log1p(-chance)))


def quantization_exponents(a: float) -> tuple[float, float]:
    """Powers of loss by skills learned and by data, where the j-th skill is used in proportion to j^-(1 + a).

    Returns:
        a for the number of skills, a / (1 + a) for the amount of data.

    Raises:
        TaskscopeError: If a is not above 0.
    """
    _positive("the power of the skills' use beyond 1", a)
    return a, a / (1 + a)


def percolation_threshold(n: int, m: int) -> float:
    """Density of links between n entities and m properties at which a giant component appears."""
    return float(1 / np.sqrt(n * m))


def giant_component(n: int, m: int, density: float) -> float:
    """Share of the n entities in the giant component, as both sides become many; 0 below the threshold.

    An entity is outside if none of its links, Poisson(m p), leads to a property inside, and the other way
    round: s = 1 - exp(-m p r), r = 1 - exp(-n p s).
    """
    share = 1.0
    for _ in range(_MOST_ROUNDS):
        inside = -np.expm1(-m * density * -np.expm1(-n * density * share))
        if abs(inside - share) < 1e-13:
            break
        share = float(inside)
    return share if share > 1e-6 else 0.0


def _positive(what: str, value: float) -> None:
    if not (value > 0 and np.isfinite(value)):
        raise TaskscopeError(f"{what}: {value:g}", "a number above 0", "3")


def _chance(value: float) -> None:
    if not 0 < value < 1:
        raise TaskscopeError(f"a chance of {value:g} per step", "between 0 and 1, both excluded", "0.01")
