"""The exact worst case on large graphs, below the theorem's bound (protocol 3.5).

With many more texts than skills the choice of the left-out skills becomes free: any set of them is as good
for the adversary as any other. What remains is to fail on the theta texts that use most of them. Their number
in a text is binomial (hypergeometric when skills of a text are distinct), and its mean over the top theta of
texts is what finance calls the conditional value at risk.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import binom, hypergeom

from taskscope.errors import TaskscopeError
from taskscope.theory.skill_graph.domain import Array, at_least_one, share, whole


def worst_case(alpha: float, theta: float, k: int, n_skills: int | None = None) -> float:
    """Return the beta that the worst set of failed texts reaches as texts become many.

    Args:
        alpha: Share of skills left out.
        theta: Share of failed texts.
        k: Skills of a text, a whole number.
        n_skills: Number of skills, of which a text has k different ones; None where they are drawn with
            replacement, or so many that it makes no difference.

    Raises:
        TaskscopeError: If a share is not between 0 and 1, k is not whole, or there are fewer than k skills.
    """
    a, theta = float(share("alpha", alpha)), float(share("theta", theta))
    k_ = float(at_least_one("k", k))
    if k_ != int(k_) or (n_skills is not None and n_skills < k_):
        raise TaskscopeError(
            f"k = {k:g}" + (f" of {n_skills} skills" if n_skills else ""),
            "a whole number of skills in each text, no more than there are",
            "k = 8",
        )
    counts = np.arange(int(k_) + 1)
    if n_skills is None:
        chances = binom.pmf(counts, int(k_), a)
    else:
        left_out = whole("alpha", n_skills, a)
        a = left_out / n_skills
        chances = hypergeom.pmf(counts, n_skills, left_out, int(k_))
    return top_mean(counts, chances, theta) / (k_ * a)


def top_mean(values: Array, chances: Array, top: float) -> float:
    """Mean of the highest share of a distribution; the value at its border counts with the part it needs.

    Args:
        values: (value,) rising.
        chances: (value,) adding up to 1.
        top: Share, above 0.
    """
    above = np.minimum(np.cumsum(chances[::-1])[::-1], top)
    taken = above - np.append(above[1:], 0.0)
    return float(taken @ values / top)
