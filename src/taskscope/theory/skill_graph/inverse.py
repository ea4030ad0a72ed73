"""The questions asked backwards: what a wanted competence allows (protocol 3.4)."""

from __future__ import annotations

from collections.abc import Callable

from taskscope.theory.skill_graph.domain import share
from taskscope.theory.skill_graph.guarantee import guarantee

_STEPS = 200


def largest_theta(alpha: float, k: float, competence: float) -> float:
    """Largest share of failed texts at which all but alpha of the skills keep a competence.

    Raises:
        TaskscopeError: If a share is not between 0 and 1, or k is below 1.
    """
    wanted = float(share("competence", competence))
    return _border(lambda theta: float(guarantee(alpha, theta, k).competence) >= wanted, inside=0.0)


def smallest_alpha(theta: float, k: float, competence: float) -> float:
    """Smallest share of skills that must be left out for the others to have a competence.

    Raises:
        TaskscopeError: As `largest_theta`.
    """
    wanted = float(share("competence", competence))
    return _border(lambda alpha: float(guarantee(alpha, theta, k).competence) >= wanted, inside=1.0)


def _border(good: Callable[[float], bool], *, inside: float) -> float:
    """Bisect (0, 1) for the border of where `good` holds; it holds at the end called `inside`."""
    outside = 1.0 - inside
    for _ in range(_STEPS):
        middle = 0.5 * (inside + outside)
        if middle in (inside, outside):
            break
        inside, outside = (middle, outside) if good(middle) else (inside, middle)
    return inside
