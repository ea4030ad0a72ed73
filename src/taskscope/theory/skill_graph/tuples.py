"""From single skills to sets of t skills that are used together (protocol 3.6)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from taskscope.errors import TaskscopeError
from taskscope.theory.skill_graph.domain import Array, at_least_one, share
from taskscope.theory.skill_graph.guarantee import guarantee


def naive(alpha: ArrayLike, theta: ArrayLike, k: float, t: int) -> Array:
    """Competence on t-tuples, taking the k skills of a text for k/t random t-tuples.

    Fails as an argument once there are more tuples than texts, and for t near k; for comparison.

    Raises:
        TaskscopeError: If t is above k, or as in `guarantee`.
    """
    k_, t_ = float(at_least_one("k", k)), float(at_least_one("t", t))
    if t_ > k_:
        raise TaskscopeError(
            f"t = {t:g} skills at a time in texts of k = {k:g}",
            "at most k",
            "the tensor rule, which joins texts",
        )
    return guarantee(alpha, theta, k_ / t_).competence


def tensor(alpha: ArrayLike, theta: ArrayLike, k: ArrayLike, t: ArrayLike) -> Array:
    """Competence on t-tuples from joining t texts: the guarantee at t times the failures, 0 beyond.

    A joined text has t k skills, which are k random t-tuples, and is failed if one of its parts is.
    Where failures are proportional to excess loss, this is the paper's Corollary 13: a t-th of the excess
    brings t-tuples to where single skills were.

    Raises:
        TaskscopeError: As `guarantee`, or if t is below 1.
    """
    return _joined(alpha, at_least_one("t", t) * share("theta", theta), k)


def sharper(alpha: ArrayLike, theta: ArrayLike, k: ArrayLike, t: ArrayLike) -> Array:
    """Return `tensor` with the exact share of joined texts that fail, 1 - (1 - theta)^t, parts independent.

    Raises:
        TaskscopeError: As `tensor`.
    """
    return _joined(alpha, -np.expm1(at_least_one("t", t) * np.log1p(-share("theta", theta))), k)


def composite(competences: ArrayLike) -> Array:
    """Exact competence on texts joined from independent parts: the product of the parts' competences.

    Args:
        competences: (..., part).

    Returns:
        (...,).
    """
    return np.prod(np.asarray(competences, float), axis=-1)


def _joined(alpha: ArrayLike, failing: Array, k: ArrayLike) -> Array:
    certain = failing >= 1
    return np.where(certain, 0.0, guarantee(alpha, np.where(certain, 0.5, failing), k).competence)
