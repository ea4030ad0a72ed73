"""What holds of one finite graph with a stated confidence (protocol 3.2).

The union over all sets of failed texts and of left-out skills costs ln C(N1, theta N1) + ln C(N2, alpha N2);
the theorem keeps the first of the two alone and lets N1 go to infinity.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from taskscope.errors import TaskscopeError
from taskscope.theory.skill_graph.domain import Array, share, whole
from taskscope.theory.skill_graph.guarantee import entropy, upper_root


def log_tails(n: int, chance: float) -> Array:
    """Ln P(X >= m) for X binomial and m from 0 to n, (n + 1,).

    Added up in logarithms: the chance itself underflows long before the union over sets is paid for, and a
    tail of minus infinity would certify anything (protocol 3.3).
    """
    m = np.arange(n + 1)
    pmf = log_choose(n, m) + m * np.log(chance) + (n - m) * np.log1p(-chance)
    return np.minimum(np.logaddexp.accumulate(pmf[::-1])[::-1], 0.0)


def log_choose(n: float, m: Array | float) -> Array:
    """Logarithm of the number of ways to choose m of n."""
    return gammaln(n + 1.0) - gammaln(np.asarray(m, float) + 1) - gammaln(n - np.asarray(m, float) + 1)


def certificate(
    alpha: float, theta: float, k: int, n_texts: int, n_skills: int, *, confidence: float = 0.999
) -> float:
    """Return the beta that no set of failed texts exceeds on this many texts and skills.

    From the exact tail of the binomial, for skills drawn with replacement. Skills that are distinct within a
    text have the same Chernoff bound (Hoeffding 1963), so that `closed_form` holds for them too.

    Args:
        alpha: Share of skills left out; rounded to whole skills.
        theta: Share of failed texts; rounded to whole texts.
        k: Skills of a text.
        n_texts: Texts of the graph.
        n_skills: Skills of the graph.
        confidence: Chance, over graphs, that it holds for all sets at once.

    Raises:
        TaskscopeError: If a share is not between 0 and 1 or is less than one text or skill.
    """
    failed, left_out, spare = _sets(alpha, theta, k, n_texts, n_skills, confidence)
    edges = k * failed
    cost = log_choose(n_texts, failed) + log_choose(n_skills, left_out) + spare
    enough = np.flatnonzero(log_tails(edges, left_out / n_skills) <= -cost)
    most = enough[0] if len(enough) else edges
    return float(most / edges * n_skills / left_out)


def closed_form(
    alpha: float, theta: float, k: int, n_texts: int, n_skills: int, *, confidence: float = 0.999
) -> float:
    """Return a beta like `certificate`'s from entropies in place of exact counts: never smaller.

    Raises:
        TaskscopeError: As `certificate`.
    """
    failed, left_out, spare = _sets(alpha, theta, k, n_texts, n_skills, confidence)
    failed_share, left_share = failed / n_texts, left_out / n_skills
    cost = n_texts * entropy(failed_share) + n_skills * entropy(left_share) + spare
    return float(upper_root(np.asarray(cost / (k * failed)), np.asarray(left_share)) / left_share)


def _sets(
    alpha: float, theta: float, k: int, n_texts: int, n_skills: int, confidence: float
) -> tuple[int, int, float]:
    """Count failed texts and left-out skills, and return ln 1/(1 - confidence)."""
    if k < 1 or k != int(k):
        raise TaskscopeError(f"k = {k:g}", "a whole number of skills in each text, 1 or more", "k = 8")
    if not 0 < confidence < 1:
        raise TaskscopeError(f"confidence = {confidence:g}", "between 0 and 1, both excluded", "0.999")
    failed = whole("theta", n_texts, float(share("theta", theta)))
    left_out = whole("alpha", n_skills, float(share("alpha", alpha)))
    return failed, left_out, -float(np.log1p(-confidence))
