"""Too many sets of skills to have been seen: the calculator of the paucity of stimulus (protocol 3.7)."""

from __future__ import annotations

import numpy as np

from taskscope.errors import TaskscopeError
from taskscope.theory.skill_graph.certificate import log_choose


def log10_tuples(n_skills: int, t: int, *, ordered: bool = False) -> float:
    """Decimal logarithm of the number of sets of t skills; ordered and repeatable gives the paper's 10^32.

    Raises:
        TaskscopeError: If t is below 1, or above the number of skills.
    """
    _check(n_skills, n_skills, t)
    return float(t * np.log10(n_skills) if ordered else log_choose(n_skills, t) / np.log(10))


def log10_seen(n_texts: float, k: int, t: int, n_skills: int) -> float:
    """Decimal logarithm of how often a set of t skills stands in texts of k, on average.

    Raises:
        TaskscopeError: If t is below 1 or above k, or k above the number of skills.
    """
    _check(n_skills, k, t)
    if not n_texts > 0:
        raise TaskscopeError(f"{n_texts:g} texts", "a number above 0", "1e11")
    return float(np.log10(n_texts) + log_choose(k, t) / np.log(10) - log10_tuples(n_skills, t))


def coverage(n_texts: float, k: int, t: int, n_skills: int) -> float:
    """Share of all sets of t skills that stand together in at least one of so many texts.

    Raises:
        TaskscopeError: As `log10_seen`.
    """
    return float(-np.expm1(-(10.0 ** log10_seen(n_texts, k, t, n_skills))))


def _check(n_skills: int, k: int, t: int) -> None:
    if not 1 <= t <= k <= n_skills:
        raise TaskscopeError(
            f"sets of {t:g} skills in texts of {k:g}, of {n_skills:g} skills in all",
            "1 <= t <= k <= number of skills",
            "t = 8, k = 16, 10,000 skills",
        )
