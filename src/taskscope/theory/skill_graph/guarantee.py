"""The theorem's curve: how far failures can gather on skills (protocol 3.1 to 3.4).

The printed condition H(theta) + k theta [H(beta alpha) - beta alpha log(1/alpha) - (1 - beta alpha)
log(1/(1 - alpha))] < 0 is D(beta alpha || alpha) > H(theta) / (k theta), D the divergence between two coins:
the bracket is -D. Beyond the largest alpha that has a solution, beta = 1/alpha holds for every graph,
because the skills left out cannot take more than all failures (Markov). Entropies are in nats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from taskscope.errors import TaskscopeError
from taskscope.theory.skill_graph.domain import Array, at_least_one, share

_STEPS = 120
"""Bisections: from [alpha, 1] down to neighbouring floating-point numbers, even for a tiny alpha."""


@dataclass(frozen=True)
class Guarantee:
    """What holds of all but a share alpha of the skills; arrays of one shape."""

    beta: Array
    """How many times the share of failed texts the failure share of a skill can be."""
    competence: Array
    """1 - beta theta, the guaranteed success rate; 0 where nothing is guaranteed."""
    clamped: Array
    """True where the theorem has no solution and beta is 1/alpha, which holds for every graph."""


def divergence(x: ArrayLike, a: ArrayLike) -> Array:
    """Divergence D(x || a) of a coin of chance x from one of chance a, in nats; 0 log 0 is 0."""
    x, a = np.asarray(x, float), np.asarray(a, float)
    return xlogy(x, x / a) + xlogy(1 - x, (1 - x) / (1 - a))


def entropy(theta: ArrayLike) -> Array:
    """Entropy of a coin of chance theta, in nats."""
    theta = np.asarray(theta, float)
    return -xlogy(theta, theta) - (1 - theta) * np.log1p(-theta)


def needed_divergence(theta: ArrayLike, k: ArrayLike) -> Array:
    """Return H(theta) / (k theta): what D(beta alpha || alpha) must exceed, in nats.

    Raises:
        TaskscopeError: If theta is no share, or k is below 1.
    """
    theta, k = share("theta", theta), at_least_one("k", k)
    return entropy(theta) / theta / k


def condition(theta: float, k: float, alpha: float, beta: float) -> float:
    """Left side of the printed inequality, in nats; the theorem holds where it is below 0.

    At beta = 1 it is the entropy of theta, so the theorem never holds there.

    Raises:
        TaskscopeError: If beta is below 1, where the inequality can be fulfilled and says nothing, or above
            1/alpha; or as in `needed_divergence`.
    """
    alpha_ = float(share("alpha", alpha))
    if not 1 <= beta <= 1 / alpha_ * (1 + 1e-12):
        raise TaskscopeError(
            f"beta = {beta:g}",
            f"between 1 and 1/alpha = {1 / alpha_:g}; below 1 the inequality is fulfilled without meaning "
            "anything, since the mean failure share is theta itself",
            "guarantee(alpha, theta, k), which finds the smallest beta that counts",
        )
    needed = float(needed_divergence(theta, k))
    reached = float(divergence(min(beta * alpha_, 1.0), alpha_))
    return k * theta * (needed - reached)


def largest_alpha(theta: ArrayLike, k: ArrayLike) -> Array:
    """Largest share of skills left out for which the theorem has a solution: exp(-H(theta)/(k theta))."""
    return np.exp(-needed_divergence(theta, k))


def guarantee(alpha: ArrayLike, theta: ArrayLike, k: ArrayLike) -> Guarantee:
    """Find the smallest beta of the theorem, or 1/alpha where it has none.

    Args:
        alpha: Share of skills left out.
        theta: Share of texts that the model fails on.
        k: Skills of a text; the three are broadcast against each other.

    Raises:
        TaskscopeError: If a share is not between 0 and 1, or k is below 1.
    """
    alpha, theta = share("alpha", alpha), share("theta", theta)
    needed, alpha, theta = np.broadcast_arrays(needed_divergence(theta, k), alpha, theta)
    beta = upper_root(needed, alpha) / alpha
    return Guarantee(beta, np.maximum(0.0, 1 - beta * theta), needed >= -np.log(alpha))


def upper_root(needed: Array, alpha: Array) -> Array:
    """Solve D(x || alpha) = needed for x in [alpha, 1], by bisection; 1 where even D(1 || alpha) is less.

    Newton's method is unsafe here: the slope has no bound as x goes to 1 (protocol 3.3).
    """
    low, high = np.array(alpha, float), np.ones_like(alpha, float)
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        if ((middle == low) | (middle == high)).all():  # no number lies between
            break
        below = divergence(middle, alpha) < needed
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high
